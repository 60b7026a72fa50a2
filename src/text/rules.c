/* Compiling rules. Every text of the files is unfolded (alternatives), folded (as customers' texts
 * will be) and becomes a term; all terms of a file together become one automaton, so that a text is
 * read once however many rules there are. What a term means for which rule stands in `uses`, a
 * compact list per term. */
#include "base/dict.h"
#include "text/rules_inside.h"
#include "text/word_tree.h"

#include <string.h>

/* A use as it is collected, before uses are sorted by term. */
struct loose_use {
    uint32_t term;
    struct wl_rule_use use;
};

struct compiler {
    struct wl_rules *rules;
    struct wl_arena *arena; /* of the classifier */
    struct wl_dict by_key;  /* bytes, then a byte with the ends */
    struct loose_use *loose;
    size_t n_loose;
    size_t loose_capacity;
    size_t terms_capacity;
    struct wl_normal normal;
    struct wl_rule_use use; /* of the terms that are added now */
    uint8_t task;
    bool has_use;
};

/* -- terms -- */

#define OPEN_LEFT  1
#define OPEN_RIGHT 2

static wl_status add_term(struct compiler *c, struct wl_str folded, char ends, wl_error *error)
{
    struct wl_rules *rules = c->rules;
    char key[WL_WORD_BYTES_MAX + 1];
    uint32_t id = 0;

    memcpy(key, folded.data, folded.n_bytes);
    key[folded.n_bytes] = ends;
    size_t n_before = c->by_key.n_strings;
    WL_TRY(wl_dict_intern(&c->by_key, (struct wl_str){key, folded.n_bytes + 1}, &id, error));
    if (id == n_before) {
        WL_TRY(WL_GROW(rules->alloc, rules->terms, c->terms_capacity, rules->n_terms + 1, error));
        const char *copy = wl_arena_string(c->arena, folded);
        if (copy == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for rules");
        }
        rules->terms[rules->n_terms++] =
            (struct wl_rule_term){.text = {.data = copy, .n_bytes = folded.n_bytes},
                                  .next_same = WL_TEXT_NO_LABEL,
                                  .open_left = (ends & OPEN_LEFT) != 0,
                                  .open_right = (ends & OPEN_RIGHT) != 0};
    }
    if (c->task != WL_TERM_COUNTS) {
        rules->terms[id].task = c->task;
    }
    if (c->has_use) {
        WL_TRY(WL_GROW(rules->alloc, c->loose, c->loose_capacity, c->n_loose + 1, error));
        c->loose[c->n_loose++] = (struct loose_use){.term = id, .use = c->use};
    }
    return WL_OK;
}

static wl_status fold_term(struct compiler *c, struct wl_str written, wl_error *error)
{
    char folded[WL_WORD_BYTES_MAX];
    char ends = 0;
    struct wl_str text = wl_str_trim(written);

    if (text.n_bytes > 1 && text.data[0] == '*') {
        ends |= OPEN_LEFT;
        text = (struct wl_str){text.data + 1, text.n_bytes - 1};
    }
    if (text.n_bytes > 1 && text.data[text.n_bytes - 1] == '*') {
        ends |= OPEN_RIGHT;
        text.n_bytes--;
    }
    WL_TRY(wl_normal_set(&c->normal, text, error));
    struct wl_str normal = wl_buf_view(&c->normal.text);
    if (normal.n_bytes > WL_WORD_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a term of %zu bytes, at most %d", normal.n_bytes,
                       WL_WORD_BYTES_MAX);
    }
    struct wl_str made = {folded, wl_rules_fold(normal, folded)};
    if (made.n_bytes == 0) {
        return wl_fail(error, WL_EINVAL, "\"%.*s\" leaves nothing to look for",
                       WL_STR_ARG(written));
    }
    return add_term(c, made, ends, error);
}

// The first "(a|b)" of text; parentheses without a bar are themselves.
static bool find_group(struct wl_str text, size_t *begin, size_t *end)
{
    for (size_t i = 0; i < text.n_bytes; i++) {
        if (text.data[i] != '(') {
            continue;
        }
        bool has_bar = false;
        for (size_t k = i + 1; k < text.n_bytes && text.data[k] != '('; k++) {
            has_bar = has_bar || text.data[k] == '|';
            if (text.data[k] == ')') {
                if (has_bar) {
                    *begin = i;
                    *end = k;
                    return true;
                }
                break;
            }
        }
    }
    return false;
}

// Alternatives are unfolded one group at a time: "(a|b)c(d|)" has two.
static wl_status unfold_term(struct compiler *c, struct wl_str text, int *n_left, wl_error *error)
{
    size_t begin = 0;
    size_t end = 0;
    char line[2 * WL_WORD_BYTES_MAX];

    if (text.n_bytes > sizeof(line)) {
        return wl_fail(error, WL_ELIMIT, "a term of %zu bytes, at most %d", text.n_bytes,
                       WL_WORD_BYTES_MAX);
    }
    if (!find_group(text, &begin, &end)) {
        if (--*n_left < 0) {
            return wl_fail(error, WL_ELIMIT, "alternatives stand for more than %d terms",
                           WL_RULES_EXPAND_MAX);
        }
        return fold_term(c, text, error);
    }
    struct wl_str rest = {text.data + begin + 1, end - begin - 1};
    struct wl_str tail = {text.data + end + 1, text.n_bytes - end - 1};
    for (bool is_more = true; is_more;) {
        is_more = memchr(rest.data, '|', rest.n_bytes) != NULL;
        struct wl_str choice = wl_str_cut(&rest, '|');
        size_t n = begin + choice.n_bytes + tail.n_bytes;
        memcpy(line, text.data, begin);
        memcpy(line + begin, choice.data, choice.n_bytes);
        memcpy(line + begin + choice.n_bytes, tail.data, tail.n_bytes);
        WL_TRY(unfold_term(c, (struct wl_str){line, n}, n_left, error));
    }
    return WL_OK;
}

static wl_status add_texts(struct compiler *c, const struct wl_texts *texts,
                           const struct wl_node *node, wl_error *error)
{
    wl_error inner = {0};

    for (size_t i = 0; i < texts->n_items; i++) {
        int n_left = WL_RULES_EXPAND_MAX;
        c->use.slot = c->use.role == WL_RULE_ALL ? (uint8_t)i : 0;
        wl_status status = unfold_term(c, wl_str_from(texts->items[i]), &n_left, &inner);
        if (status == WL_ENOMEM) {
            return wl_fail(error, status, "%s", inner.message);
        }
        if (status != WL_OK) {
            return wl_fail_node(error, node, "%s", inner.message);
        }
    }
    return WL_OK;
}

/* -- rules -- */

static uint32_t find_label(const struct wl_rules_draft *draft, const char *id)
{
    for (size_t i = 0; i < draft->n_labels; i++) {
        if (strcmp(draft->labels[i].label.id, id) == 0) {
            return (uint32_t)i;
        }
    }
    return WL_TEXT_NO_LABEL;
}

static wl_status fail_label(const struct wl_rules_draft *draft, const struct wl_node *node,
                            const char *key, const char *id, wl_error *error)
{
    const char *names[WL_RULES_LABELS_MAX + 1] = {NULL};

    for (size_t i = 0; i < draft->n_labels; i++) {
        names[i] = draft->labels[i].label.id;
    }
    const char *near = wl_closest(wl_str_from(id), names);
    return wl_fail_node(error, node, "%s: no label \"%.60s\"%s%s%s", key, id,
                        near != NULL ? " (did you mean \"" : "", near != NULL ? near : "",
                        near != NULL ? "\"?)" : "");
}

static wl_status settle_negated(const struct wl_rules_draft *draft,
                                const struct wl_rule_draft *written, struct wl_rule *rule,
                                wl_error *error)
{
    const struct wl_label_draft *label = &draft->labels[written->label];
    const char *way = label->negated != NULL ? label->negated : "drop";

    if (strcmp(way, "drop") == 0) {
        rule->negated = WL_NEGATED_DROP;
    } else if (strcmp(way, "keep") == 0) {
        rule->negated = WL_NEGATED_KEEP;
    } else {
        rule->negated = WL_NEGATED_FLIP;
        rule->opposite = find_label(draft, way);
        if (rule->opposite == WL_TEXT_NO_LABEL) {
            return fail_label(draft, label->node, "negated", way, error);
        }
    }
    if (written->negated == WL_NEGATED_FLIP && rule->opposite == WL_TEXT_NO_LABEL) {
        return wl_fail_node(error, written->node,
                            "negated: flip wants a label whose `negated` names the opposite");
    }
    if (written->negated >= 0) {
        rule->negated = (enum wl_rule_negated)written->negated;
    }
    return WL_OK;
}

static wl_status add_rule(struct compiler *c, const struct wl_rules_draft *draft, size_t i_rule,
                          wl_error *error)
{
    const struct wl_rule_draft *written = &draft->rules[i_rule];
    struct wl_rule *rule = &c->rules->rules[i_rule];

    *rule = (struct wl_rule){.label = written->label,
                             .opposite = WL_TEXT_NO_LABEL,
                             .points = written->points,
                             .scope = (enum wl_rule_scope)written->scope,
                             .n_all = (uint8_t)written->all.n_items,
                             .has_any = written->any.n_items > 0,
                             .has_none = written->none.n_items > 0,
                             .is_simple = !written->once &&
                                          written->all.n_items + written->none.n_items == 0};
    WL_TRY(settle_negated(draft, written, rule, error));
    c->use = (struct wl_rule_use){.rule = (uint32_t)i_rule, .role = WL_RULE_ANY};
    WL_TRY(add_texts(c, &written->any, written->node, error));
    c->use.role = WL_RULE_ALL;
    WL_TRY(add_texts(c, &written->all, written->node, error));
    c->use.role = WL_RULE_NONE;
    return add_texts(c, &written->none, written->node, error);
}

static wl_status add_tasks(struct compiler *c, const struct wl_rules_settings *settings,
                           wl_error *error)
{
    const struct {
        const struct wl_texts *texts;
        uint8_t task;
    } lists[] = {{&settings->negators, WL_TERM_NEGATES},
                 {&settings->breaks, WL_TERM_BREAKS},
                 {&settings->more, WL_TERM_MORE},
                 {&settings->less, WL_TERM_LESS},
                 {&settings->ignore, WL_TERM_COUNTS}};

    c->has_use = false;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        c->task = lists[i].task;
        WL_TRY(add_texts(c, lists[i].texts, NULL, error));
    }
    return WL_OK;
}

/* -- putting it together -- */

static wl_status sort_uses(struct compiler *c, wl_error *error)
{
    struct wl_rules *rules = c->rules;

    rules->n_uses = c->n_loose;
    rules->uses = wl_alloc_zeroed(rules->alloc, c->n_loose + 1, sizeof(*rules->uses));
    if (rules->uses == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for rules");
    }
    for (size_t i = 0; i < c->n_loose; i++) {
        rules->terms[c->loose[i].term].n_uses++;
    }
    size_t first = 0;
    for (size_t t = 0; t < rules->n_terms; t++) {
        rules->terms[t].first_use = first;
        first += rules->terms[t].n_uses;
        rules->terms[t].n_uses = 0;
    }
    for (size_t i = 0; i < c->n_loose; i++) {
        struct wl_rule_term *term = &rules->terms[c->loose[i].term];
        rules->uses[term->first_use + term->n_uses++] = c->loose[i].use;
    }
    return WL_OK;
}

// One word of the automaton for all terms with the same bytes; the first of them stands for it.
static wl_status build_automaton(struct compiler *c, wl_error *error)
{
    struct wl_rules *rules = c->rules;
    struct wl_dict words;
    struct wl_str *list = NULL;
    wl_status status = WL_OK;

    wl_dict_init(&words, rules->alloc);
    list = wl_alloc_zeroed(rules->alloc, rules->n_terms + 1, sizeof(*list));
    rules->first_of = wl_alloc_zeroed(rules->alloc, rules->n_terms + 1, sizeof(uint32_t));
    if (list == NULL || rules->first_of == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for rules");
        goto done;
    }
    for (size_t t = 0; t < rules->n_terms; t++) {
        size_t n_before = words.n_strings;
        uint32_t id = 0;
        WL_GO(wl_dict_intern(&words, rules->terms[t].text, &id, error));
        if (id < n_before) {
            rules->terms[t].next_same = rules->first_of[id];
        }
        list[id] = rules->terms[t].text;
        rules->first_of[id] = (uint32_t)t;
    }
    WL_GO(wl_automaton_build(rules->alloc, list, words.n_strings, &rules->automaton, error));
done:
    wl_alloc_free(rules->alloc, list);
    wl_dict_release(&words);
    return status;
}

static wl_status read_steps(struct wl_rules *rules, const struct wl_node *node, wl_error *error)
{
    const struct wl_node *step = node != NULL ? node->first : NULL;

    if (node != NULL && (node->kind != WL_NODE_LIST || node->n_children == 0 ||
                         node->n_children > WL_RULES_STEPS_MAX)) {
        return wl_fail_node(error, node, "confidence: wants a list of 1 to %d pairs",
                            WL_RULES_STEPS_MAX);
    }
    for (; step != NULL; step = step->next) {
        const struct wl_node *points = step->kind == WL_NODE_LIST ? step->first : NULL;
        const struct wl_node *p = points != NULL ? points->next : NULL;
        if (p == NULL || step->n_children != 2 || points->kind != WL_NODE_NUMBER ||
            p->kind != WL_NODE_NUMBER || !(p->number >= 0.0 && p->number <= 1.0)) {
            return wl_fail_node(error, step, "confidence: wants [points, probability]");
        }
        struct wl_rules_step *last = rules->n_steps > 0 ? &rules->steps[rules->n_steps - 1] : NULL;
        if (last == NULL ? points->number != 0.0 : !(points->number > last->points)) {
            return wl_fail_node(error, step, "confidence: points begin at 0 and rise");
        }
        rules->steps[rules->n_steps++] = (struct wl_rules_step){points->number, p->number};
    }
    if (rules->n_steps == 0) { // nothing was measured: what is said counts, and no more is claimed
        rules->steps[rules->n_steps++] = (struct wl_rules_step){0.0, 0.0};
        rules->steps[rules->n_steps++] = (struct wl_rules_step){0.5, 0.5};
    }
    return WL_OK;
}

static wl_status settle_about(struct wl_rules *rules, const struct wl_rules_draft *draft,
                              wl_error *error)
{
    struct wl_text_about *about = &rules->base.about;
    const char **names = wl_arena_zeroed(&rules->arena, draft->n_labels + 1, sizeof(*names));

    rules->labels = wl_arena_zeroed(&rules->arena, draft->n_labels + 1, sizeof(*rules->labels));
    if (names == NULL || rules->labels == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for rules");
    }
    for (size_t i = 0; i < draft->n_labels; i++) {
        rules->labels[i] = draft->labels[i].label;
        names[i] = draft->labels[i].label.id;
    }
    *about = (struct wl_text_about){.algorithm = "rules",
                                    .task = (enum wl_text_task)draft->settings.task,
                                    .labels = names,
                                    .n_labels = draft->n_labels,
                                    .none = WL_TEXT_NO_LABEL,
                                    .threshold = draft->settings.threshold};
    if (draft->settings.none != NULL) {
        about->none = find_label(draft, draft->settings.none);
        if (about->none == WL_TEXT_NO_LABEL) {
            return fail_label(draft, NULL, "none", draft->settings.none, error);
        }
    }
    rules->settings = draft->settings;
    rules->settings.labels = NULL; // the tree of the file may be gone soon
    return WL_OK;
}

static wl_status compile(struct wl_rules *rules, const struct wl_rules_draft *draft,
                         wl_error *error)
{
    struct compiler c = {.rules = rules, .arena = &rules->arena, .has_use = true};
    wl_status status = WL_OK;

    wl_dict_init(&c.by_key, rules->alloc);
    wl_normal_init(&c.normal, rules->alloc);
    status = settle_about(rules, draft, error);
    if (status == WL_OK) {
        status = read_steps(rules, draft->settings.confidence, error);
    }
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "%s", draft->files[draft->settings_file].name);
        goto done;
    }
    rules->n_rules = draft->n_rules;
    rules->rules = wl_alloc_zeroed(rules->alloc, draft->n_rules + 1, sizeof(*rules->rules));
    if (rules->rules == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for rules");
        goto done;
    }
    for (size_t i = 0; i < draft->n_rules; i++) {
        status = add_rule(&c, draft, i, error);
        if (status != WL_OK) {
            (void)wl_fail_at(error, status, "%s", draft->files[draft->rules[i].file].name);
            goto done;
        }
    }
    WL_GO(add_tasks(&c, &draft->settings, error));
    WL_GO(sort_uses(&c, error));
    WL_GO(build_automaton(&c, error));
done:
    wl_alloc_free(rules->alloc, c.loose);
    wl_normal_release(&c.normal);
    wl_dict_release(&c.by_key);
    return status;
}

static void free_rules(struct wl_text_classifier *classifier)
{
    struct wl_rules *rules = (struct wl_rules *)classifier;
    const wl_alloc *alloc = rules->alloc;

    wl_automaton_release(alloc, &rules->automaton);
    wl_alloc_free(alloc, rules->first_of);
    wl_alloc_free(alloc, rules->terms);
    wl_alloc_free(alloc, rules->uses);
    wl_alloc_free(alloc, rules->rules);
    wl_arena_release(&rules->arena);
    wl_alloc_free(alloc, rules);
}

wl_status wl_rules_open(const wl_alloc *alloc, const struct wl_rules_file *files, size_t n_files,
                        struct wl_text_classifier **classifier_out, wl_error *error)
{
    struct wl_rules *rules = wl_alloc_zeroed(alloc, 1, sizeof(*rules));
    struct wl_rules_draft draft = {.alloc = alloc,
                                   .files = files,
                                   .settings = {.name = "rules",
                                                .measured_on = "",
                                                .threshold = 0.5,
                                                .reach = 3,
                                                .more_factor = 1.5,
                                                .less_factor = 0.6}};
    wl_status status = WL_OK;

    if (rules == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for rules");
    }
    rules->alloc = alloc;
    rules->base.free = free_rules;
    rules->base.classify = wl_rules_classify;
    wl_arena_init(&rules->arena, alloc, 0);
    draft.arena = &rules->arena;
    for (size_t i = 0; i < n_files; i++) {
        status = wl_rules_draft_read(&draft, i, files[i].text, error);
        if (status != WL_OK) {
            (void)wl_fail_at(error, status, "%s", files[i].name);
            goto done;
        }
    }
    WL_GO(compile(rules, &draft, error));
    *classifier_out = &rules->base;
    rules = NULL;
done:
    wl_rules_draft_release(&draft);
    if (rules != NULL) {
        free_rules(&rules->base);
    }
    return status;
}

/* -- asking -- */

const struct wl_rules_label *wl_rules_labels(const struct wl_text_classifier *classifier)
{
    return classifier->free == free_rules ? ((const struct wl_rules *)classifier)->labels : NULL;
}

const char *wl_rules_measured(const struct wl_text_classifier *classifier)
{
    return classifier->free == free_rules
               ? ((const struct wl_rules *)classifier)->settings.measured_on
               : "";
}
