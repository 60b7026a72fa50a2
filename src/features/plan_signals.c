/* Reading signals: which events and texts count as what. */
#include "features/plan_inner.h"

#include <ctype.h>
#include <string.h>

struct signal_fields {
    const char *name;
    struct wl_texts events;
    struct wl_texts channels;
    const struct wl_node *where;
    const struct wl_node *reads;
    const char *zh;
    const char *en;
    const char *value_zh;
    const char *value_en;
    const char *unit_zh;
    const char *unit_en;
    const char *code;
};

#define SIGNAL_FIELD(member, field_kind, required, text)                                           \
    {                                                                                              \
        .key = #member, .kind = (field_kind), .offset = offsetof(struct signal_fields, member),    \
        .is_required = (required), .doc = (text)                                                   \
    }

static const struct wl_field signal_table[] = {
    SIGNAL_FIELD(name, WL_FIELD_TEXT, true, "short name, becomes the first part of feature names"),
    SIGNAL_FIELD(events, WL_FIELD_TEXTS, false, "event names, or \"*\" for every event"),
    SIGNAL_FIELD(channels, WL_FIELD_TEXTS, false, "text channels that count, or \"*\""),
    SIGNAL_FIELD(where, WL_FIELD_NODE, false, "properties the event must have: {item: X}"),
    SIGNAL_FIELD(reads, WL_FIELD_NODE, false, "what must have been read in a text: {intent: X}"),
    SIGNAL_FIELD(zh, WL_FIELD_TEXT, false, "what it is in Chinese"),
    SIGNAL_FIELD(en, WL_FIELD_TEXT, false, "what it is in English, plural"),
    SIGNAL_FIELD(value_zh, WL_FIELD_TEXT, false, "what its value measures, in Chinese"),
    SIGNAL_FIELD(value_en, WL_FIELD_TEXT, false, "what its value measures, in English"),
    SIGNAL_FIELD(unit_zh, WL_FIELD_TEXT, false, "unit of its value, in Chinese"),
    SIGNAL_FIELD(unit_en, WL_FIELD_TEXT, false, "unit of its value, in English"),
    SIGNAL_FIELD(code, WL_FIELD_TEXT, false, "reason code of its features")};

static bool is_plain_name(const char *name)
{
    if (!islower((unsigned char)name[0])) {
        return false;
    }
    for (const char *at = name; *at != '\0'; at++) {
        if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at) && *at != '_') {
            return false;
        }
    }
    return true;
}

size_t wl_plan_find_signal(const struct wl_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_signals; i++) {
        if (strcmp(plan->signals[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static wl_status read_where(struct wl_plan_builder *builder, const struct wl_node *where,
                            struct wl_signal *signal)
{
    if (where == NULL) {
        return WL_OK;
    }
    if (where->kind != WL_NODE_MAP) {
        return wl_fail_node(builder->error, where, "signals.where: wants a map like {item: X}");
    }
    for (const struct wl_node *node = where->first; node != NULL; node = node->next) {
        if (signal->n_where == WL_PROPS_MAX) {
            return wl_fail_node(builder->error, node, "signals.where: more than %d conditions",
                                WL_PROPS_MAX);
        }
        if (node->kind == WL_NODE_LIST || node->kind == WL_NODE_MAP) {
            return wl_fail_node(builder->error, node, "signals.where: wants one text per property");
        }
        const char *prop = wl_arena_string(builder->arena, node->key);
        if (prop == NULL) {
            return wl_plan_fail_memory(builder);
        }
        signal->where[signal->n_where++] =
            (struct wl_signal_condition){.prop = prop, .value = node->text.data};
    }
    return WL_OK;
}

static size_t find_read(struct wl_str key)
{
    size_t read = 0;

    while (read < WL_READ_COUNT && !wl_str_is(key, wl_text_read_key((enum wl_text_read)read))) {
        read++;
    }
    return read;
}

static wl_status read_reads(struct wl_plan_builder *builder, const struct wl_node *reads,
                            struct wl_signal *signal)
{
    if (reads == NULL) {
        return WL_OK;
    }
    if (reads->kind != WL_NODE_MAP || signal->n_events > 0) {
        return wl_fail_node(builder->error, reads,
                            "signals.reads: wants a map like {intent: cancel}, in a signal of "
                            "texts alone");
    }
    for (const struct wl_node *node = reads->first; node != NULL; node = node->next) {
        size_t read = find_read(node->key);
        if (read == WL_READ_COUNT) {
            return wl_fail_node(builder->error, node,
                                "signals.reads: \"%.*s\" is none of sentiment, intent, emotion, "
                                "reason",
                                WL_STR_ARG(node->key));
        }
        if (node->kind == WL_NODE_LIST || node->kind == WL_NODE_MAP) {
            return wl_fail_node(builder->error, node, "signals.reads: wants one label for each");
        }
        signal->reads[read] = node->text.data;
        signal->has_reads = true;
    }
    return WL_OK;
}

wl_status wl_plan_read_signal(struct wl_plan_builder *builder, const struct wl_node *node)
{
    struct wl_plan *plan = builder->plan;
    struct signal_fields fields = {.value_zh = "数值",
                                   .value_en = "value",
                                   .unit_zh = "",
                                   .unit_en = "",
                                   .code = "activity_down"};

    WL_TRY(wl_fields_read(builder->arena, node, "features.signals", signal_table,
                          sizeof(signal_table) / sizeof(signal_table[0]), &fields, builder->error));
    if (!is_plain_name(fields.name)) {
        return wl_fail_node(builder->error, node,
                            "signal name \"%s\" is not of the form a-z, 0-9 and _", fields.name);
    }
    if (wl_plan_find_signal(plan, fields.name) != SIZE_MAX) {
        return wl_fail_node(builder->error, node, "signal %s is declared twice", fields.name);
    }
    if (fields.events.n_items == 0 && fields.channels.n_items == 0) {
        return wl_fail_node(builder->error, node, "signal %s follows neither events nor channels",
                            fields.name);
    }
    if (plan->n_signals == WL_SIGNALS_MAX) {
        return wl_fail(builder->error, WL_ELIMIT, "signal %s is one too many: at most %d",
                       fields.name, WL_SIGNALS_MAX);
    }
    WL_TRY(wl_plan_check_code(node, fields.code, builder->error));
    struct wl_signal *signal = &plan->signals[plan->n_signals];
    *signal = (struct wl_signal){.name = fields.name,
                                 .zh = fields.zh != NULL ? fields.zh : fields.name,
                                 .en = fields.en != NULL ? fields.en : fields.name,
                                 .value_zh = fields.value_zh,
                                 .value_en = fields.value_en,
                                 .unit_zh = fields.unit_zh,
                                 .unit_en = fields.unit_en,
                                 .code = fields.code,
                                 .events = fields.events.items,
                                 .n_events = fields.events.n_items,
                                 .channels = fields.channels.items,
                                 .n_channels = fields.channels.n_items};
    WL_TRY(read_where(builder, fields.where, signal));
    WL_TRY(read_reads(builder, fields.reads, signal));
    plan->n_signals++;
    return WL_OK;
}
