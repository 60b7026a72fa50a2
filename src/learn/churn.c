/* Reading and explaining the declared prediction. */
#include "learn/churn.h"

#include "base/clock.h"

#include <string.h>

static const char *const kinds[] = {"inactivity", "cancel", "label", NULL};

#define KEY(name, field_kind, member, text)                                                        \
    {                                                                                              \
        .key = (name), .kind = (field_kind), .offset = offsetof(struct section, member),           \
        .doc = (text)                                                                              \
    }

/* The section as written; lead and the two inner maps are read a second time. */
struct section {
    struct wl_churn churn;
    const struct wl_node *lead;
    const struct wl_node *audience;
    const struct wl_node *involuntary;
};

static const struct wl_field section_fields[] = {
    {.key = "kind",
     .kind = WL_FIELD_CHOICE,
     .offset = offsetof(struct section, churn.kind),
     .is_required = true,
     .choices = kinds,
     .doc = "inactivity, cancel or label"},
    KEY("events", WL_FIELD_TEXTS, churn.events, "events that count as activity, or as leaving"),
    KEY("horizon", WL_FIELD_SPAN, churn.horizon_us, "length of the outcome window"),
    KEY("lead", WL_FIELD_NODE, lead, "time to act before the outcome window opens; 72h"),
    KEY("audience", WL_FIELD_NODE, audience, "who is asked about: events, within"),
    KEY("gone", WL_FIELD_TEXTS, churn.gone, "inactivity: events after which a customer has left"),
    KEY("restart", WL_FIELD_TEXTS, churn.restart, "events that take a cancellation back"),
    KEY("allowed_gap", WL_FIELD_SPAN, churn.allowed_gap_us, "cancel: back within this: no churn"),
    KEY("involuntary", WL_FIELD_NODE, involuntary, "events of failed payment: events, within"),
    KEY("attribute", WL_FIELD_TEXT, churn.attribute, "label: the attribute that says it"),
    KEY("positive", WL_FIELD_TEXT, churn.positive, "label: its value for those who left"),
};

/* The inner maps audience and involuntary. */
struct events_within {
    struct wl_texts events;
    int64_t within_us;
};

static const struct wl_field within_fields[] = {
    {.key = "events",
     .kind = WL_FIELD_TEXTS,
     .offset = offsetof(struct events_within, events),
     .doc = "names of events"},
    {.key = "within",
     .kind = WL_FIELD_SPAN,
     .offset = offsetof(struct events_within, within_us),
     .doc = "how far back they count"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Which kinds a key belongs to: a key that would be ignored is a mistake the reader should hear of.
static const struct {
    const char *key;
    bool is_used[3];
    bool is_required[3];
} rules[] = {
    {"events", {true, true, false}, {false, true, false}},
    {"horizon", {true, true, true}, {true, true, false}},
    {"gone", {true, false, false}, {false}},
    {"restart", {true, true, false}, {false}},
    {"allowed_gap", {false, true, false}, {false}},
    {"involuntary", {true, true, false}, {false}},
    {"attribute", {false, false, true}, {false, false, true}},
    {"positive", {false, false, true}, {false, false, true}},
};

static wl_status check_keys(const struct wl_node *node, int kind, wl_error *error)
{
    for (size_t i = 0; i < COUNT(rules); i++) {
        const struct wl_node *value = wl_node_get(node, rules[i].key);
        bool is_there = value != NULL && value->kind != WL_NODE_NULL;
        if (is_there && !rules[i].is_used[kind]) {
            return wl_fail_node(error, value, "churn.%s: means nothing for kind %s", rules[i].key,
                                kinds[kind]);
        }
        if (!is_there && rules[i].is_required[kind]) {
            return wl_fail_node(error, node, "churn: kind %s needs the key \"%s\"", kinds[kind],
                                rules[i].key);
        }
    }
    return WL_OK;
}

// A lead may be none at all, which no other duration may: "0h", "0d" or plain 0.
static wl_status read_lead(const struct wl_node *node, int64_t *lead_us, wl_error *error)
{
    wl_error inner = {0};
    bool is_scalar = node->kind == WL_NODE_NUMBER || node->kind == WL_NODE_STRING;

    if (is_scalar && (wl_str_is(node->text, "0") || wl_str_is(node->text, "0h") ||
                      wl_str_is(node->text, "0d"))) {
        *lead_us = 0;
        return WL_OK;
    }
    if (!is_scalar || wl_span_parse(node->text, lead_us, &inner) != WL_OK) {
        return wl_fail_node(error, node, "churn.lead: wants a duration like 72h%s%s",
                            is_scalar ? ": " : "", is_scalar ? inner.message : "");
    }
    return WL_OK;
}

static wl_status check_section(const struct wl_node *node, const struct wl_churn *churn,
                               wl_error *error)
{
    if (churn->kind == WL_CHURN_CANCEL && churn->events.n_items == 0) {
        return wl_fail_node(error, node, "churn.events: kind cancel needs at least one event");
    }
    if (churn->kind == WL_CHURN_INACTIVITY && churn->restart.n_items > 0 &&
        churn->gone.n_items == 0) {
        return wl_fail_node(error, wl_node_get(node, "restart"),
                            "churn.restart: means nothing without gone, which it takes back");
    }
    if (churn->allowed_gap_us > 0 && churn->restart.n_items == 0) {
        return wl_fail_node(error, wl_node_get(node, "allowed_gap"),
                            "churn.allowed_gap: needs restart, the events that mean coming back");
    }
    return WL_OK;
}

static wl_status read_inner(struct wl_arena *arena, const struct section *section,
                            struct wl_churn *churn, wl_error *error)
{
    struct events_within audience = {0};
    struct events_within involuntary = {.within_us = 30 * WL_DAY_US}; // a billing cycle

    WL_TRY(wl_fields_read(arena, section->audience, "churn.audience", within_fields,
                          COUNT(within_fields), &audience, error));
    WL_TRY(wl_fields_read(arena, section->involuntary, "churn.involuntary", within_fields,
                          COUNT(within_fields), &involuntary, error));
    if (section->involuntary != NULL && involuntary.events.n_items == 0) {
        return wl_fail_node(error, section->involuntary,
                            "churn.involuntary: the key \"events\" is missing");
    }
    churn->audience_events = audience.events;
    churn->audience_within_us = audience.within_us;
    churn->involuntary = involuntary.events;
    churn->involuntary_within_us = involuntary.within_us;
    return WL_OK;
}

wl_status wl_churn_read(struct wl_arena *arena, const struct wl_node *node, struct wl_churn *churn,
                        wl_error *error)
{
    struct section section = {0};

    if (node == NULL) {
        return wl_fail(error, WL_ECONFIG, "the section \"churn\" is missing: say what leaving is");
    }
    WL_TRY(wl_fields_read(arena, node, "churn", section_fields, COUNT(section_fields), &section,
                          error));
    WL_TRY(check_keys(node, section.churn.kind, error));
    section.churn.lead_us = section.churn.kind == WL_CHURN_LABEL ? 0 : WL_LEAD_DEFAULT_US;
    if (section.lead != NULL) {
        WL_TRY(read_lead(section.lead, &section.churn.lead_us, error));
    }
    WL_TRY(read_inner(arena, &section, &section.churn, error));
    WL_TRY(check_section(node, &section.churn, error));
    *churn = section.churn;
    return WL_OK;
}

int64_t wl_churn_closes_us(const struct wl_churn *churn, int64_t as_of_us)
{
    if (churn->kind == WL_CHURN_LABEL) {
        return as_of_us;
    }
    int64_t gap_us = churn->kind == WL_CHURN_CANCEL ? churn->allowed_gap_us : 0;
    return as_of_us + churn->lead_us + churn->horizon_us + gap_us;
}

static void put_names(struct wl_buf *text, const struct wl_texts *names, bool is_zh)
{
    for (size_t i = 0; i < names->n_items; i++) {
        const char *between = i == 0 ? "" : is_zh ? "或" : " or ";
        wl_buf_format(text, is_zh ? "%s“%s”" : "%s\"%s\"", between, names->items[i]);
    }
}

// "90 days", "72 hours": days where they divide, as people say it.
static void put_span(struct wl_buf *text, int64_t span_us, bool is_zh)
{
    bool is_days = span_us % WL_DAY_US == 0 && span_us != 3 * WL_DAY_US && span_us != WL_DAY_US;
    int64_t unit_us = is_days ? WL_DAY_US : span_us % WL_HOUR_US == 0 ? WL_HOUR_US : WL_MINUTE_US;
    const char *en = is_days ? "day" : unit_us == WL_HOUR_US ? "hour" : "minute";
    const char *zh = is_days ? "天" : unit_us == WL_HOUR_US ? "小时" : "分钟";
    int64_t n = span_us / unit_us;

    if (is_zh) {
        wl_buf_format(text, " %lld %s", (long long)n, zh);
    } else {
        wl_buf_format(text, "%lld %s%s", (long long)n, en, n == 1 ? "" : "s");
    }
}

static void audience_en(const struct wl_churn *churn, struct wl_buf *text)
{
    const struct wl_texts *events = &churn->audience_events;

    if (events->n_items == 0 && churn->kind == WL_CHURN_INACTIVITY) {
        events = &churn->events;
    }
    if (churn->kind == WL_CHURN_LABEL && events->n_items == 0) {
        wl_buf_format(text, "For every customer whose \"%s\" is known", churn->attribute);
        return;
    }
    wl_buf_text(text, "For every customer with ");
    wl_buf_text(text, events->n_items == 0 ? "any event" : "");
    put_names(text, events, false);
    if (churn->audience_within_us > 0) {
        wl_buf_text(text, " in the ");
        put_span(text, churn->audience_within_us, false);
        wl_buf_text(text, " before the observation date");
    } else {
        wl_buf_text(text, " before the observation date");
    }
    wl_buf_text(text, churn->kind == WL_CHURN_CANCEL ? " who has not cancelled" : "");
    if (churn->gone.n_items > 0) {
        wl_buf_text(text, " and no ");
        put_names(text, &churn->gone, false);
    }
}

static void window_en(const struct wl_churn *churn, struct wl_buf *text)
{
    wl_buf_text(text, " in the ");
    put_span(text, churn->horizon_us, false);
    if (churn->lead_us > 0) {
        wl_buf_text(text, " that begin ");
        put_span(text, churn->lead_us, false);
        wl_buf_text(text, " after that date");
    } else {
        wl_buf_text(text, " after that date");
    }
}

static void sentence_en(const struct wl_churn *churn, struct wl_buf *text)
{
    audience_en(churn, text);
    wl_buf_text(text, ", predict the probability of ");
    if (churn->kind == WL_CHURN_LABEL) {
        wl_buf_format(text, "\"%s\" being \"%s\"", churn->attribute, churn->positive);
        if (churn->horizon_us > 0) {
            window_en(churn, text);
        } else {
            wl_buf_text(text, " at the date of the data, without a declared horizon");
        }
    } else if (churn->kind == WL_CHURN_INACTIVITY) {
        wl_buf_text(text, "no ");
        wl_buf_text(text, churn->events.n_items == 0 ? "event of any kind" : "");
        put_names(text, &churn->events, false);
        window_en(churn, text);
    } else {
        put_names(text, &churn->events, false);
        window_en(churn, text);
    }
    if (churn->allowed_gap_us > 0) {
        wl_buf_text(text, ", unless ");
        put_names(text, &churn->restart, false);
        wl_buf_text(text, " follows within ");
        put_span(text, churn->allowed_gap_us, false);
    }
    if (churn->involuntary.n_items > 0) {
        wl_buf_text(text, "; those who leave after ");
        put_names(text, &churn->involuntary, false);
        wl_buf_text(text, " are kept apart as involuntary");
    }
    wl_buf_char(text, '.');
}

static void audience_zh(const struct wl_churn *churn, struct wl_buf *text)
{
    const struct wl_texts *events = &churn->audience_events;

    if (events->n_items == 0 && churn->kind == WL_CHURN_INACTIVITY) {
        events = &churn->events;
    }
    if (churn->kind == WL_CHURN_LABEL && events->n_items == 0) {
        wl_buf_format(text, "对“%s”已知的每位客户", churn->attribute);
        return;
    }
    wl_buf_text(text, "对观察日之前");
    if (churn->audience_within_us > 0) {
        put_span(text, churn->audience_within_us, true);
        wl_buf_text(text, "内");
    }
    wl_buf_text(text, events->n_items == 0 ? "有过任何事件" : "有过");
    put_names(text, events, true);
    if (churn->gone.n_items > 0) {
        wl_buf_text(text, "、且没有");
        put_names(text, &churn->gone, true);
    }
    wl_buf_text(text, churn->kind == WL_CHURN_CANCEL ? "且尚未退订的每位客户" : "的每位客户");
}

static void window_zh(const struct wl_churn *churn, struct wl_buf *text)
{
    wl_buf_text(text, "在观察日");
    if (churn->lead_us > 0) {
        put_span(text, churn->lead_us, true);
        wl_buf_text(text, "之后的");
    } else {
        wl_buf_text(text, "之后的");
    }
    put_span(text, churn->horizon_us, true);
    wl_buf_text(text, "内");
}

static void sentence_zh(const struct wl_churn *churn, struct wl_buf *text)
{
    audience_zh(churn, text);
    wl_buf_text(text, "，预测其");
    if (churn->kind == WL_CHURN_LABEL) {
        if (churn->horizon_us > 0) {
            window_zh(churn, text);
        } else {
            wl_buf_text(text, "在数据日期（未声明预测期）");
        }
        wl_buf_format(text, "“%s”为“%s”的概率", churn->attribute, churn->positive);
    } else {
        bool is_cancel = churn->kind == WL_CHURN_CANCEL;
        window_zh(churn, text);
        wl_buf_text(text, is_cancel ? "发生" : "没有");
        wl_buf_text(text, churn->events.n_items == 0 ? "任何事件" : "");
        put_names(text, &churn->events, true);
        wl_buf_text(text, "的概率");
    }
    if (churn->allowed_gap_us > 0) {
        wl_buf_text(text, "，其后");
        put_span(text, churn->allowed_gap_us, true);
        wl_buf_text(text, "内又有");
        put_names(text, &churn->restart, true);
        wl_buf_text(text, "的不算流失");
    }
    if (churn->involuntary.n_items > 0) {
        wl_buf_text(text, "；因");
        put_names(text, &churn->involuntary, true);
        wl_buf_text(text, "而流失的单列为非自愿流失");
    }
    wl_buf_text(text, "。");
}

void wl_churn_sentence(const struct wl_churn *churn, const char *language, struct wl_buf *text)
{
    if (strcmp(language, "zh") == 0) {
        sentence_zh(churn, text);
    } else {
        sentence_en(churn, text);
    }
}

// Letters, digits and bytes of other scripts, in lower case: what is left of a name to compare.
static size_t bare_name(const char *name, char *bare, size_t n_max)
{
    size_t n = 0;

    for (const char *c = name; *c != '\0' && n < n_max; c++) {
        bool is_upper = *c >= 'A' && *c <= 'Z';
        bool is_kept = is_upper || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
                       (unsigned char)*c >= 0x80;
        if (is_kept) {
            bare[n++] = (char)(is_upper ? *c + ('a' - 'A') : *c);
        }
    }
    return n;
}

size_t wl_churn_leaks(const struct wl_churn *churn, const struct wl_schema *schema)
{
    static const char *const prefixes[] = {"", "attr", "attribute"};
    char label[256];
    char feature[256];

    if (churn->kind != WL_CHURN_LABEL) {
        return SIZE_MAX;
    }
    size_t n_label = bare_name(churn->attribute, label, sizeof(label));
    for (size_t f = 0; f < schema->n_features; f++) {
        size_t n = bare_name(schema->columns[f].name, feature, sizeof(feature));
        for (size_t k = 0; k < COUNT(prefixes); k++) {
            size_t n_prefix = strlen(prefixes[k]);
            if (n == n_prefix + n_label && memcmp(feature, prefixes[k], n_prefix) == 0 &&
                memcmp(feature + n_prefix, label, n_label) == 0) {
                return f;
            }
        }
    }
    return SIZE_MAX;
}
