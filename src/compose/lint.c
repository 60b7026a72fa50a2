/* The rules. Each is a short function over one template; they share the comparable texts made once
 * per template part. Findings are sorted by their place in the file. */
#include "compose/lint.h"

#include "base/json_write.h"
#include "compose/lint_text.h"
#include "compose/sms.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *id;
    const char *en;
    const char *zh;
} rules[] = {
#define X(name, id, en, zh) {id, en, zh},
    WL_LINT_RULES(X)
#undef X
};

/* What the rules look at. */
struct lint {
    const struct wl_script *script;
    const struct wl_lint_options *options;
    struct wl_findings *findings;
    const struct wl_script_part *part; /* the one under the lens */
    struct wl_lint_text words;         /* of part: without slots */
    struct wl_lint_text bare;          /* and, for e-mail, without HTML */
    wl_error *error;
};

const char *wl_rule_id(enum wl_lint_rule rule)
{
    WL_ASSERT((unsigned)rule < WL_RULE_COUNT);
    return rules[rule].id;
}

const char *wl_rule_text(enum wl_lint_rule rule, enum wl_language language)
{
    WL_ASSERT((unsigned)rule < WL_RULE_COUNT);
    return language == WL_LANGUAGE_ZH ? rules[rule].zh : rules[rule].en;
}

void wl_findings_init(struct wl_findings *findings, const wl_alloc *alloc)
{
    *findings = (struct wl_findings){.alloc = alloc};
}

void wl_findings_release(struct wl_findings *findings)
{
    if (findings->alloc != NULL) {
        wl_alloc_free(findings->alloc, findings->items);
    }
    *findings = (struct wl_findings){0};
}

/* -- places -- */

// Line i (1-based) of a text, without its line break.
static struct wl_str line_of(struct wl_str text, uint32_t i)
{
    struct wl_str line = {0};

    while (i-- > 0) {
        line = wl_str_cut(&text, '\n');
    }
    return line;
}

static uint32_t n_leading_blanks(struct wl_str line)
{
    uint32_t n = 0;

    while (n < line.n_bytes && line.data[n] == ' ') {
        n++;
    }
    return n;
}

// A place inside a part -> the place in the file. A block scalar ("body: |") begins a line later.
static struct wl_place place_in_file(const struct wl_script *script,
                                     const struct wl_script_part *part, struct wl_place inside)
{
    struct wl_str key_line = wl_str_trim(line_of(script->source, part->key.line));
    char last = key_line.n_bytes > 0 ? key_line.data[key_line.n_bytes - 1] : ' ';
    bool is_block = last == '|' || (last == '-' && key_line.n_bytes > 1 &&
                                    key_line.data[key_line.n_bytes - 2] == '|');
    struct wl_place place = {.line = part->key.line + inside.line - 1, .column = inside.column};

    if (is_block) {
        place.line++;
        place.column += n_leading_blanks(line_of(script->source, part->key.line + 1));
    } else if (inside.line == 1) {
        place.column = part->key.column; // quotes and escapes shift what follows; the key is sure
    }
    return place;
}

static struct wl_place place_of_offset(struct wl_str text, size_t offset)
{
    struct wl_place place = {.line = 1, .column = 1};

    for (size_t i = 0; i < offset && i < text.n_bytes; i++) {
        if (text.data[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (((unsigned char)text.data[i] & 0xC0) != 0x80) {
            place.column++;
        }
    }
    return place;
}

/* -- adding -- */

static wl_status add(struct lint *l, enum wl_lint_rule rule, struct wl_place place,
                     struct wl_str found)
{
    struct wl_findings *f = l->findings;

    WL_TRY(WL_GROW(f->alloc, f->items, f->capacity, f->n_items + 1, l->error));
    f->items[f->n_items++] = (struct wl_finding){.rule = rule,
                                                 .file = l->script->file,
                                                 .script_id = l->script->id,
                                                 .place = place,
                                                 .found = found};
    return WL_OK;
}

static wl_status add_script(struct lint *l, enum wl_lint_rule rule, struct wl_str found)
{
    return add(l, rule, l->script->place, found);
}

static wl_status add_part(struct lint *l, enum wl_lint_rule rule, struct wl_str found)
{
    return add(l, rule, l->part->key, found);
}

static wl_status add_hit(struct lint *l, enum wl_lint_rule rule, const struct wl_lint_text *text,
                         const struct wl_lint_hit *hit)
{
    struct wl_place inside = place_of_offset(text->source, text->origin[hit->begin]);
    return add(l, rule, place_in_file(l->script, l->part, inside), wl_lint_found(text, hit));
}

static wl_status add_op(struct lint *l, enum wl_lint_rule rule, const struct wl_mustache_op *op)
{
    struct wl_place inside = {.line = op->line, .column = op->column};
    return add(l, rule, place_in_file(l->script, l->part, inside), op->text);
}

/* -- slots -- */

static bool is_in(const struct wl_texts *texts, struct wl_str name)
{
    for (size_t i = 0; i < texts->n_items; i++) {
        if (wl_str_is(name, texts->items[i])) {
            return true;
        }
    }
    return false;
}

static bool uses_slot(const struct wl_script *script, const char *name)
{
    const struct wl_mustache *made[] = {script->title.made, script->body.made};

    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; made[i] != NULL && j < made[i]->n_ops; j++) {
            if (made[i]->ops[j].kind != WL_MUSTACHE_TEXT && wl_str_is(made[i]->ops[j].text, name)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_channel(const struct wl_script *script, enum wl_channel channel)
{
    return (script->channels >> channel & 1) != 0;
}

static bool ends_with(struct wl_str text, const char *tail)
{
    size_t n = strlen(tail);
    return text.n_bytes >= n && memcmp(text.data + text.n_bytes - n, tail, n) == 0;
}

// Names under which counts and dates of behaviour usually travel.
static bool is_count_name(struct wl_str name)
{
    static const char *const tails[] = {"_count", "_days",   "_times", "_visits", "_logins",
                                        "_hours", "_orders", "_last",  "_score",  "days",
                                        "visits", "logins",  "orders", "p_churn", "activity"};
    static const char *const heads[] = {"user.n_", "user.last_", "user.days_", "user.num_",
                                        "user.count_"};

    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        if (ends_with(name, tails[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        size_t n = strlen(heads[i]);
        if (name.n_bytes >= n && memcmp(name.data, heads[i], n) == 0) {
            return true;
        }
    }
    return false;
}

static wl_status lint_part_slots(struct lint *l)
{
    const struct wl_mustache *made = l->part->made;
    const struct wl_script *script = l->script;

    for (size_t i = 0; made != NULL && i < made->n_ops; i++) {
        const struct wl_mustache_op *op = &made->ops[i];
        if (op->kind == WL_MUSTACHE_TEXT) {
            continue;
        }
        if (!is_in(&script->slots, op->text) && !is_in(&script->optional, op->text)) {
            WL_TRY(add_op(l, WL_RULE_SLOT_UNDECLARED, op));
        }
        if (op->kind == WL_MUSTACHE_RAW) {
            WL_TRY(add_op(l, WL_RULE_RAW_VALUE, op));
        }
        bool is_value = op->kind == WL_MUSTACHE_VALUE || op->kind == WL_MUSTACHE_RAW;
        if (is_value && !l->options->allow_counts && is_count_name(op->text)) {
            WL_TRY(add_op(l, WL_RULE_RAW_COUNT, op));
        }
    }
    return WL_OK;
}

static wl_status lint_unused(struct lint *l)
{
    const struct wl_texts *lists[] = {&l->script->slots, &l->script->optional};

    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < lists[i]->n_items; j++) {
            if (!uses_slot(l->script, lists[i]->items[j])) {
                WL_TRY(add_script(l, WL_RULE_SLOT_UNUSED, wl_str_from(lists[i]->items[j])));
            }
        }
    }
    return WL_OK;
}

// A text that may carry an offer must name it; one that may not, or not always, must not need it.
static wl_status lint_offer(struct lint *l)
{
    const struct wl_script *script = l->script;
    uint32_t none = UINT32_C(1) << WL_OFFER_NONE;
    bool may_carry = (script->offers & ~none) != 0;
    bool may_lack = (script->offers & none) != 0;
    bool names_it = uses_slot(script, "offer.name");

    if (may_carry && !names_it) {
        return add_script(l, WL_RULE_OFFER_UNBOUND, WL_STR("{{offer.name}}"));
    }
    for (size_t i = 0; may_lack && i < script->slots.n_items; i++) {
        if (strncmp(script->slots.items[i], "offer", 5) == 0) {
            WL_TRY(add_script(l, WL_RULE_OFFER_UNBOUND, wl_str_from(script->slots.items[i])));
        }
    }
    if (!may_carry && names_it) {
        return add_script(l, WL_RULE_OFFER_UNBOUND, WL_STR("{{offer.name}}"));
    }
    return WL_OK;
}

/* -- words -- */

static wl_status lint_word_list(struct lint *l, enum wl_lint_rule rule, const char *const *words)
{
    struct wl_lint_hit hit = {0};

    while (wl_lint_find_word(&l->words, words, &hit)) {
        WL_TRY(add_hit(l, rule, &l->words, &hit));
    }
    return WL_OK;
}

static wl_status lint_words(struct lint *l)
{
    struct wl_lint_hit hit = {0};

    while (wl_lint_find_digit(&l->bare, &hit)) {
        WL_TRY(add_hit(l, WL_RULE_NUMBER, &l->bare, &hit));
    }
    hit = (struct wl_lint_hit){0};
    while (wl_lint_find_amount(&l->words, &hit)) {
        WL_TRY(add_hit(l, WL_RULE_PROMISE, &l->words, &hit));
    }
    WL_TRY(lint_word_list(l, WL_RULE_PROMISE, wl_lint_promises));
    WL_TRY(lint_word_list(l, WL_RULE_DATE, wl_lint_dates));
    if (l->script->offers != UINT32_C(1) << WL_OFFER_VIP_SUPPORT) {
        WL_TRY(lint_word_list(l, WL_RULE_VIP, wl_lint_vip));
    }
    WL_TRY(lint_word_list(l, WL_RULE_SURVEILLANCE, wl_lint_watching));
    hit = (struct wl_lint_hit){0};
    while (wl_lint_find_foreign(&l->bare, (enum wl_language)l->script->language, &hit)) {
        WL_TRY(add_hit(l, WL_RULE_LANGUAGE, &l->bare, &hit));
    }
    if (l->script->language == WL_LANGUAGE_ZH && !wl_lint_has_chinese(&l->bare)) {
        WL_TRY(add_part(l, WL_RULE_LANGUAGE, (struct wl_str){0}));
    }
    return WL_OK;
}

/* -- what every reader must find -- */

// The opt-out must stand where no section can take it away.
static wl_status lint_opt_out(struct lint *l)
{
    const struct wl_mustache *made = l->script->body.made;
    const char *const *words =
        l->script->language == WL_LANGUAGE_ZH ? wl_lint_opt_out_zh : wl_lint_opt_out_en;

    if (!is_channel(l->script, WL_CHANNEL_SMS) && !is_channel(l->script, WL_CHANNEL_EMAIL)) {
        return WL_OK;
    }
    for (size_t i = 0; i < made->n_ops; i = made->ops[i].i_end) {
        if (made->ops[i].kind == WL_MUSTACHE_TEXT) {
            struct wl_lint_text text;
            struct wl_lint_hit hit = {0};
            wl_status status =
                wl_lint_text_make(l->findings->alloc, made->ops[i].text, true, &text, l->error);
            bool found = status == WL_OK && wl_lint_find_word(&text, words, &hit);
            wl_lint_text_release(l->findings->alloc, &text);
            if (status != WL_OK || found) {
                return status;
            }
        }
    }
    return add_part(l, WL_RULE_OPT_OUT, (struct wl_str){0});
}

static wl_status lint_sender(struct lint *l)
{
    const struct wl_mustache *made = l->script->body.made;
    size_t i = 0;

    if (!is_channel(l->script, WL_CHANNEL_SMS)) {
        return WL_OK;
    }
    if (made->n_ops > 0 && made->ops[0].kind == WL_MUSTACHE_TEXT) {
        bool is_mark = made->ops[0].text.n_bytes == 0 || wl_str_is(made->ops[0].text, "【");
        i = is_mark ? 1 : made->n_ops;
    }
    bool is_first = i < made->n_ops && made->ops[i].kind == WL_MUSTACHE_VALUE &&
                    wl_str_is(made->ops[i].text, "brand");
    return is_first ? WL_OK : add_part(l, WL_RULE_SENDER, (struct wl_str){0});
}

/* -- length -- */

// Characters a slot usually brings.
static size_t slot_length(struct wl_str name, bool is_zh)
{
    static const struct {
        const char *name;
        size_t zh;
        size_t en;
    } usual[] = {{"brand", 4, 10},
                 {"user.name", 3, 8},
                 {"offer.name", 8, 24},
                 {"offer.terms", 16, 50},
                 {"offer.expires", 10, 14}};

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (wl_str_is(name, usual[i].name)) {
            return is_zh ? usual[i].zh : usual[i].en;
        }
    }
    return 12;
}

static size_t n_characters(struct wl_str text)
{
    size_t n = 0;

    for (size_t at = 0; at < text.n_bytes; n++) {
        (void)wl_utf8_next(text, &at);
    }
    return n;
}

// How long a part gets with every section on, which is the longest in practice.
static size_t usual_length(const struct wl_mustache *made, bool is_zh, bool *is_gsm7)
{
    size_t n = 0;

    for (size_t i = 0; i < made->n_ops; i++) {
        const struct wl_mustache_op *op = &made->ops[i];
        if (op->kind == WL_MUSTACHE_INVERTED) {
            i = op->i_end - 1;
        } else if (op->kind == WL_MUSTACHE_TEXT) {
            n += n_characters(op->text);
            *is_gsm7 = *is_gsm7 && wl_sms_measure(op->text).is_gsm7;
        } else if (op->kind == WL_MUSTACHE_VALUE || op->kind == WL_MUSTACHE_RAW) {
            n += slot_length(op->text, is_zh);
        }
    }
    return n;
}

#define SMS_SEGMENTS_MAX 2 // each one is paid for; two hold an offer, its end and the opt-out

static wl_status lint_length(struct lint *l)
{
    const struct wl_script *script = l->script;
    bool is_zh = script->language == WL_LANGUAGE_ZH;
    bool is_gsm7 = true;
    size_t n = usual_length(script->body.made, is_zh, &is_gsm7);
    bool is_push = is_channel(script, WL_CHANNEL_PUSH) || is_channel(script, WL_CHANNEL_IN_APP);
    size_t n_push_max = is_zh ? 130 : 300; // what a phone shows when the notice is opened

    if (is_channel(script, WL_CHANNEL_SMS) && wl_sms_segments(n, is_gsm7) > SMS_SEGMENTS_MAX) {
        return add_part(l, WL_RULE_LENGTH, (struct wl_str){0});
    }
    return is_push && n > n_push_max ? add_part(l, WL_RULE_LENGTH, (struct wl_str){0}) : WL_OK;
}

static wl_status lint_title(struct lint *l)
{
    const struct wl_script *script = l->script;
    bool is_zh = script->language == WL_LANGUAGE_ZH;
    bool is_only_sms = script->channels == UINT32_C(1) << WL_CHANNEL_SMS;
    bool is_only_email = script->channels == UINT32_C(1) << WL_CHANNEL_EMAIL;
    size_t n_max = is_only_email ? (is_zh ? 30 : 60) : (is_zh ? 20 : 45); // one line on a phone
    bool is_gsm7 = true;

    if (script->title.text == NULL) {
        return is_only_sms ? WL_OK : add_script(l, WL_RULE_TITLE, (struct wl_str){0});
    }
    l->part = &script->title;
    if (is_only_sms ||
        (script->title.made != NULL && usual_length(script->title.made, is_zh, &is_gsm7) > n_max)) {
        return add_part(l, WL_RULE_TITLE, wl_str_from(script->title.text));
    }
    return WL_OK;
}

/* -- one template -- */

static wl_status lint_part(struct lint *l, const struct wl_script_part *part)
{
    const wl_alloc *alloc = l->findings->alloc;
    bool is_html = is_channel(l->script, WL_CHANNEL_EMAIL) && part == &l->script->body;
    wl_status status = WL_OK;

    if (part->text == NULL) {
        return WL_OK;
    }
    l->part = part;
    if (part->made == NULL) {
        return add(l, WL_RULE_SYNTAX, place_in_file(l->script, part, part->problem),
                   wl_str_from(part->why.message));
    }
    l->words = l->bare = (struct wl_lint_text){0};
    WL_GO(lint_part_slots(l));
    WL_GO(wl_lint_text_make(alloc, wl_str_from(part->text), false, &l->words, l->error));
    WL_GO(wl_lint_text_make(alloc, wl_str_from(part->text), is_html, &l->bare, l->error));
    WL_GO(lint_words(l));
done:
    wl_lint_text_release(alloc, &l->words);
    wl_lint_text_release(alloc, &l->bare);
    return status;
}

static wl_status lint_all(struct lint *l)
{
    const struct wl_script *script = l->script;

    WL_TRY(lint_part(l, &script->title));
    WL_TRY(lint_title(l));
    WL_TRY(lint_part(l, &script->body));
    if (script->body.made == NULL) {
        return WL_OK; // the rest looks at the steps
    }
    l->part = &script->body;
    WL_TRY(lint_opt_out(l));
    WL_TRY(lint_sender(l));
    WL_TRY(lint_length(l));
    WL_TRY(lint_unused(l));
    return lint_offer(l);
}

static int by_place(const void *a, const void *b)
{
    const struct wl_finding *x = a;
    const struct wl_finding *y = b;

    if (x->place.line != y->place.line) {
        return x->place.line < y->place.line ? -1 : 1;
    }
    if (x->place.column != y->place.column) {
        return x->place.column < y->place.column ? -1 : 1;
    }
    return (int)x->rule - (int)y->rule;
}

wl_status wl_lint_script(const struct wl_script *script, const struct wl_lint_options *options,
                         struct wl_findings *findings, wl_error *error)
{
    struct lint l = {.script = script, .options = options, .findings = findings, .error = error};
    size_t n_before = findings->n_items;

    wl_status status = lint_all(&l);
    if (findings->n_items > n_before) {
        qsort(findings->items + n_before, findings->n_items - n_before, sizeof(*findings->items),
              by_place);
    }
    return status;
}

wl_status wl_lint_library(const struct wl_library *library, const struct wl_lint_options *options,
                          struct wl_findings *findings, wl_error *error)
{
    for (size_t i = 0; i < library->n_items; i++) {
        WL_TRY(wl_lint_script(&library->items[i], options, findings, error));
    }
    return WL_OK;
}

/* -- words for people, and JSON -- */

void wl_finding_write(const struct wl_finding *finding, enum wl_language language,
                      struct wl_buf *buf)
{
    bool is_zh = language == WL_LANGUAGE_ZH;

    wl_buf_format(buf, "%s:%u:%u: %s: %s", finding->file, finding->place.line,
                  finding->place.column, finding->script_id, wl_rule_text(finding->rule, language));
    if (finding->found.n_bytes > 0) {
        wl_buf_text(buf, is_zh ? "：“" : ": \"");
        wl_buf_str(buf, finding->found);
        wl_buf_text(buf, is_zh ? "”" : "\"");
    }
    wl_buf_format(buf, " [%s]", wl_rule_id(finding->rule));
}

void wl_finding_json(const struct wl_finding *finding, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "file");
    wl_json_text(&json, finding->file);
    wl_json_key(&json, "line");
    wl_json_i64(&json, finding->place.line);
    wl_json_key(&json, "column");
    wl_json_i64(&json, finding->place.column);
    wl_json_key(&json, "template");
    wl_json_text(&json, finding->script_id);
    wl_json_key(&json, "rule");
    wl_json_text(&json, wl_rule_id(finding->rule));
    wl_json_key(&json, "found");
    wl_json_str(&json, finding->found);
    wl_json_key(&json, "en");
    wl_json_text(&json, wl_rule_text(finding->rule, WL_LANGUAGE_EN));
    wl_json_key(&json, "zh");
    wl_json_text(&json, wl_rule_text(finding->rule, WL_LANGUAGE_ZH));
    wl_json_close(&json, '}');
}
