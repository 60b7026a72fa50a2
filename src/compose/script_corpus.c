/* Reading is strict, so that what is written can be read again to the same line: attributes hold no
 * comma, bracket, brace or control byte, and none stands twice. */
#include "compose/script_corpus.h"

#include "base/limits.h"

#include <string.h>

// -- lists --

void wl_text_list_init(struct wl_text_list *list, const wl_alloc *alloc)
{
    *list = (struct wl_text_list){.alloc = alloc};
    wl_arena_init(&list->arena, alloc, 4096);
}

void wl_text_list_release(struct wl_text_list *list)
{
    if (list->alloc != NULL) {
        wl_alloc_free(list->alloc, list->items);
        wl_arena_release(&list->arena);
        *list = (struct wl_text_list){0};
    }
}

bool wl_text_list_has(const struct wl_text_list *list, struct wl_str text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (wl_str_equal(list->items[i], text)) {
            return true;
        }
    }
    return false;
}

wl_status wl_text_list_add(struct wl_text_list *list, struct wl_str text, wl_error *error)
{
    if (wl_text_list_has(list, text)) {
        return WL_OK;
    }
    const char *copy = wl_arena_string(&list->arena, text);
    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a list of texts");
    }
    WL_TRY(WL_GROW(list->alloc, list->items, list->capacity, list->n + 1, error));
    list->items[list->n++] = (struct wl_str){.data = copy, .n_bytes = text.n_bytes};
    return WL_OK;
}

// -- attributes --

// Reasons as attributes, in the order of enum wl_reason_code.
static const char *const reasons[WL_REASON_COUNT][WL_LANGUAGE_COUNT] = {
    {"less active", "活跃下降"},
    {"spends less", "消费下降"},
    {"away for long", "久未使用"},
    {"payment failed", "支付失败"},
    {"support issue", "客服问题"},
    {"slow or unstable", "卡顿"},
    {"ads", "广告多"},
    {"content", "内容不足"},
    {"price", "价格敏感"},
    {"contract ends", "合同到期"},
    {"new customer", "新用户"},
    {"other reason", "其他原因"},
    {"bugs", "故障"},
    {"delivery", "物流慢"},
    {"quality", "质量问题"},
    {"competitor", "竞品"},
    {"life event", "生活变动"},
    {"benefits", "权益不足"},
    {"hard to use", "不会用"},
    {"trust", "信任问题"}};
static const char *const generic_reason[WL_LANGUAGE_COUNT] = {"general", "通用"};
static const char *const channels[WL_CHANNEL_COUNT][WL_LANGUAGE_COUNT] = {
    {"email", "邮件"}, {"push", "推送"}, {"sms", "短信"}, {"in-app", "站内"}};
static const char *const offers[2][WL_LANGUAGE_COUNT] = {{"no offer", "无优惠"},
                                                         {"offer", "有优惠"}};
static const char *const usual[][WL_LANGUAGE_COUNT] = {{"male", "男性"},
                                                       {"female", "女性"},
                                                       {"high spender", "高消费"},
                                                       {"mid spender", "中消费"},
                                                       {"low spender", "低消费"},
                                                       {"gamer", "游戏爱好者"},
                                                       {"loyal", "老用户"},
                                                       {"VIP", "会员"},
                                                       {"student", "学生"},
                                                       {"parent", "家长"},
                                                       {"film lover", "影视爱好者"},
                                                       {"reader", "阅读爱好者"}};

static const char *tier_name(enum wl_tier tier, int language)
{
    return wl_tier_label(tier, wl_language_names[language]);
}

wl_status wl_attributes_builtin(struct wl_text_list *list, wl_error *error)
{
#define ADD(name) WL_TRY(wl_text_list_add(list, wl_str_from(name), error))
    for (int language = 0; language < WL_LANGUAGE_COUNT; language++) {
        for (int tier = 0; tier < WL_TIER_COUNT; tier++) {
            ADD(tier_name((enum wl_tier)tier, language));
        }
        for (int reason = 0; reason < WL_REASON_COUNT; reason++) {
            ADD(reasons[reason][language]);
        }
        ADD(generic_reason[language]);
        for (int channel = 0; channel < WL_CHANNEL_COUNT; channel++) {
            ADD(channels[channel][language]);
        }
        ADD(offers[0][language]);
        ADD(offers[1][language]);
        for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
            ADD(usual[i][language]);
        }
    }
#undef ADD
    return WL_OK;
}

// Bytes of the comma at the beginning of text: "," or "，"; 0: none.
static size_t comma_bytes(struct wl_str text, size_t i)
{
    if (text.data[i] == ',') {
        return 1;
    }
    return text.n_bytes - i >= 3 && memcmp(text.data + i, "，", 3) == 0 ? 3 : 0;
}

static bool can_stand(struct wl_str name)
{
    if (name.n_bytes == 0 || name.n_bytes > WL_ATTRIBUTE_BYTES_MAX || !wl_str_is_utf8(name)) {
        return false;
    }
    for (size_t i = 0; i < name.n_bytes; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c < ' ' || c == 0x7f || strchr("[]{}", (char)c) != NULL || comma_bytes(name, i) > 0) {
            return false;
        }
    }
    return true;
}

wl_status wl_attributes_read(struct wl_str file, struct wl_text_list *list, wl_error *error)
{
    for (size_t number = 1; file.n_bytes > 0; number++) {
        struct wl_str line = wl_str_trim(wl_str_cut(&file, '\n'));
        if (line.n_bytes == 0 || line.data[0] == '#') {
            continue;
        }
        if (!can_stand(line)) {
            return wl_fail(error, WL_EPARSE,
                           "line %zu: an attribute has no comma, bracket or brace and at most %d "
                           "bytes",
                           number, WL_ATTRIBUTE_BYTES_MAX);
        }
        WL_TRY(wl_text_list_add(list, line, error));
    }
    return WL_OK;
}

static wl_status add_attribute(struct wl_script_line *line, struct wl_str name,
                               const struct wl_text_list *allowed, wl_error *error)
{
    if (!can_stand(name)) {
        return wl_fail(error, WL_EPARSE,
                       "attribute %zu is empty, longer than %d bytes, or has brackets or braces",
                       line->n_attributes + 1, WL_ATTRIBUTE_BYTES_MAX);
    }
    if (line->n_attributes == WL_ATTRIBUTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %d attributes", WL_ATTRIBUTES_MAX);
    }
    for (size_t i = 0; i < line->n_attributes; i++) {
        if (wl_str_equal(line->attributes[i], name)) {
            return wl_fail(error, WL_EPARSE, "attribute \"%.*s\" stands twice", WL_STR_ARG(name));
        }
    }
    if (allowed != NULL && !wl_text_list_has(allowed, name)) {
        return wl_fail(error, WL_ERANGE, "attribute \"%.*s\" is not on the list of allowed ones",
                       WL_STR_ARG(name));
    }
    line->attributes[line->n_attributes++] = name;
    return WL_OK;
}

wl_status wl_attributes_parse(struct wl_str text, const struct wl_text_list *allowed,
                              struct wl_script_line *line, wl_error *error)
{
    struct wl_script_line parsed = *line;
    size_t begin = 0;

    parsed.n_attributes = 0;
    for (size_t i = 0; i < text.n_bytes; i++) {
        size_t n_comma = comma_bytes(text, i);
        if (n_comma > 0) {
            const struct wl_str name = {.data = text.data + begin, .n_bytes = i - begin};
            WL_TRY(add_attribute(&parsed, wl_str_trim(name), allowed, error));
            begin = i + n_comma;
            i = begin - 1;
        }
    }
    const struct wl_str last = {.data = text.data + begin, .n_bytes = text.n_bytes - begin};
    WL_TRY(add_attribute(&parsed, wl_str_trim(last), allowed, error));
    *line = parsed;
    return WL_OK;
}

// -- lines --

wl_status wl_script_line_read(struct wl_str bytes, const struct wl_text_list *allowed,
                              struct wl_script_line *line, wl_error *error)
{
    struct wl_script_line parsed = {0};
    struct wl_str rest = wl_str_trim(bytes);
    const char *end = rest.n_bytes > 0 ? memchr(rest.data, ']', rest.n_bytes) : NULL;

    if (rest.n_bytes == 0 || rest.data[0] != '[' || end == NULL) {
        return wl_fail(error, WL_EPARSE, "wants \"[attribute,attribute] text\"");
    }
    const struct wl_str inside = {.data = rest.data + 1, .n_bytes = (size_t)(end - rest.data) - 1};
    WL_TRY(wl_attributes_parse(inside, allowed, &parsed, error));
    size_t n_head = inside.n_bytes + 2;
    parsed.text =
        wl_str_trim((struct wl_str){.data = rest.data + n_head, .n_bytes = rest.n_bytes - n_head});
    if (parsed.text.n_bytes == 0 || !wl_str_is_utf8(parsed.text)) {
        return wl_fail(error, WL_EPARSE, "no text, or none in UTF-8, behind the attributes");
    }
    *line = parsed;
    return WL_OK;
}

void wl_script_prompt(const struct wl_script_line *line, struct wl_buf *buf)
{
    wl_buf_char(buf, '[');
    for (size_t i = 0; i < line->n_attributes; i++) {
        wl_buf_text(buf, i > 0 ? "," : "");
        wl_buf_str(buf, line->attributes[i]);
    }
    wl_buf_text(buf, "] ");
}

void wl_script_line_write(const struct wl_script_line *line, struct wl_buf *buf)
{
    wl_script_prompt(line, buf);
    wl_buf_str(buf, line->text);
}

wl_status wl_script_slots(struct wl_str text, struct wl_text_list *slots, wl_error *error)
{
    for (size_t i = 0; i + 4 < text.n_bytes; i++) {
        if (memcmp(text.data + i, "{{", 2) != 0) {
            continue;
        }
        size_t end = i + 2;
        while (end + 1 < text.n_bytes && memcmp(text.data + end, "}}", 2) != 0) {
            end++;
        }
        if (end + 1 < text.n_bytes && end > i + 2) {
            WL_TRY(wl_text_list_add(
                slots, (struct wl_str){.data = text.data + i, .n_bytes = end + 2 - i}, error));
            i = end + 1;
        }
    }
    return WL_OK;
}

// -- the corpus to start from --

struct writer {
    const struct wl_corpus_options *options;
    const wl_alloc *alloc;
    struct wl_arena arena;   // of values
    struct wl_text_list now; // those of the present template
    struct wl_buf text;
    struct wl_buf *to;
    struct wl_corpus_facts *facts;
};

#define NAME_PART ",\"user\":{\"name\":\"{{user.name}}\"}"
#define OFFER_PART                                                                                 \
    ",\"offer\":{\"name\":\"{{offer.name}}\",\"terms\":\"{{offer.terms}}\","                       \
    "\"expires\":\"{{offer.expires}}\"}"

// Slots stand for themselves; a part that is false leaves its section out.
static wl_status values_of(struct writer *w, bool has_name, bool has_offer, struct wl_node **root,
                           wl_error *error)
{
    struct wl_buf json;
    wl_status status = WL_OK;

    wl_buf_init(&json, w->alloc, 0);
    wl_buf_text(&json, "{\"brand\":\"{{brand}}\",\"unsubscribe_url\":\"{{unsubscribe_url}}\"");
    wl_buf_text(&json, has_name ? NAME_PART : ",\"user\":{\"name\":false}");
    wl_buf_text(&json, has_offer ? OFFER_PART : ",\"offer\":false");
    wl_buf_char(&json, '}');
    WL_GO(wl_buf_check(&json, error));
    WL_GO(wl_json_parse(&w->arena, wl_buf_view(&json), root, error));
done:
    wl_buf_release(&json);
    return status;
}

// Line ends and runs of blanks become one blank.
static void flatten(struct wl_buf *text)
{
    size_t to = 0;

    for (size_t i = 0; i < text->n_bytes; i++) {
        bool is_blank = strchr(" \t\r\n", text->data[i]) != NULL;
        if (!is_blank) {
            text->data[to++] = text->data[i];
        } else if (to > 0 && text->data[to - 1] != ' ') {
            text->data[to++] = ' ';
        }
    }
    text->n_bytes = to > 0 && text->data[to - 1] == ' ' ? to - 1 : to;
}

static void put_line(struct writer *w, const char *const *names, size_t n)
{
    wl_buf_char(w->to, '[');
    for (size_t i = 0; i < n; i++) {
        wl_buf_text(w->to, i > 0 ? "," : "");
        wl_buf_text(w->to, names[i]);
    }
    wl_buf_text(w->to, "] ");
    wl_buf_str(w->to, wl_buf_view(&w->text));
    wl_buf_char(w->to, '\n');
    w->facts->n_lines++;
}

static bool answers(const struct wl_script *script, enum wl_reason_code reason)
{
    int group = wl_reason_group(reason);
    return (script->reasons >> reason & 1U) != 0 ||
           (group != WL_REASON_GROUP_NONE && (script->groups >> group & 1U) != 0);
}

// One line for each tier, reason and channel that the text is for.
static void put_lines(struct writer *w, const struct wl_script *script, bool has_offer)
{
    int language = script->language;
    size_t n_lines = w->facts->n_lines;

    for (size_t i = 0; i < (size_t)WL_TIER_COUNT * (WL_REASON_COUNT + 1) * WL_CHANNEL_COUNT; i++) {
        size_t channel = i % WL_CHANNEL_COUNT;
        size_t reason = i / WL_CHANNEL_COUNT % (WL_REASON_COUNT + 1);
        size_t tier = i / WL_CHANNEL_COUNT / (WL_REASON_COUNT + 1);
        bool is_general = reason == WL_REASON_COUNT;
        bool fits = is_general ? script->is_generic : answers(script, (enum wl_reason_code)reason);
        if (fits && (script->tiers >> tier & 1U) != 0 &&
            (script->channels & w->options->channels) >> channel & 1U) {
            const char *const names[] = {tier_name((enum wl_tier)tier, language),
                                         is_general ? generic_reason[language]
                                                    : reasons[reason][language],
                                         channels[channel][language], offers[has_offer][language]};
            put_line(w, names, sizeof(names) / sizeof(names[0]));
        }
    }
    w->facts->n_texts += w->facts->n_lines > n_lines;
}

static wl_status write_variant(struct writer *w, const struct wl_script *script, bool has_name,
                               bool has_offer, wl_error *error)
{
    struct wl_node *root = NULL;
    struct wl_mustache_input input = {.escape = WL_ESCAPE_TEXT};

    wl_buf_clear(&w->text);
    WL_TRY(values_of(w, has_name, has_offer, &root, error));
    input.root = root;
    wl_status status = wl_mustache_render(script->body.made, &input, &w->text, error);
    if (status == WL_ESCHEMA) {
        return WL_OK; // a text that needs what this variant lacks
    }
    WL_TRY(status);
    flatten(&w->text);
    size_t n_before = w->now.n;
    WL_TRY(wl_text_list_add(&w->now, wl_buf_view(&w->text), error));
    if (w->now.n > n_before) {
        put_lines(w, script, has_offer);
    }
    return WL_OK;
}

static wl_status write_script(struct writer *w, const struct wl_script *script, wl_error *error)
{
    wl_status status = WL_OK;

    wl_text_list_init(&w->now, w->alloc);
    for (int variant = 0; variant < 4; variant++) {
        WL_GO(write_variant(w, script, (variant & 1) != 0, (variant & 2) != 0, error));
    }
done:
    wl_text_list_release(&w->now);
    return status;
}

static bool is_held_out(const struct wl_script *script, const struct wl_corpus_options *options)
{
    uint64_t hash = wl_str_hash(wl_str_from(script->id), options->seed);
    return (double)(hash >> 11) / 9007199254740992.0 < options->holdout;
}

wl_status wl_script_corpus(const struct wl_library *library, const wl_alloc *alloc,
                           const struct wl_corpus_options *options, struct wl_buf *lines,
                           struct wl_buf *held_out, struct wl_corpus_facts *facts, wl_error *error)
{
    struct wl_corpus_facts found = {0};
    struct writer w = {.options = options, .alloc = alloc, .facts = &found};
    wl_status status = WL_OK;

    wl_arena_init(&w.arena, alloc, 0);
    wl_buf_init(&w.text, alloc, WL_MESSAGE_BYTES_MAX);
    for (size_t i = 0; i < library->n_items; i++) {
        const struct wl_script *script = &library->items[i];
        size_t n_before = found.n_lines;
        if (script->approved_by == NULL || script->body.made == NULL ||
            (script->channels & options->channels) == 0 ||
            (options->languages >> script->language & 1U) == 0) {
            continue;
        }
        bool is_out = is_held_out(script, options);
        w.to = is_out ? held_out : lines;
        WL_GO(write_script(&w, script, error));
        found.n_templates++;
        found.n_held_out += is_out ? found.n_lines - n_before : 0;
    }
    WL_GO(wl_buf_check(lines, error));
    WL_GO(wl_buf_check(held_out, error));
    *facts = found;
done:
    wl_buf_release(&w.text);
    wl_arena_release(&w.arena);
    return status;
}
