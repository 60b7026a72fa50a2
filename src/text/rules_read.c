/* Reading files of rules, strictly: every key is known, every mistake has its line and column. What
 * is read here are words as they were written; rules.c makes terms of them. */
#include "text/rules_inside.h"

#include <stdio.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char *const tasks[] = {"one", "any", NULL};
static const char *const scopes[] = {"clause", "sentence", "text", NULL};
static const char *const negated_ways[] = {"drop", "keep", "flip", NULL};

#define SETTING(name) offsetof(struct wl_rules_settings, name)

static const struct wl_field setting_fields[] = {
    {"version", WL_FIELD_INT, SETTING(version), true, 1, 9, NULL, "format of the file, 1"},
    {"name", WL_FIELD_TEXT, SETTING(name), false, 0, 0, NULL, "what is told: reasons, intents"},
    {"measured_on", WL_FIELD_TEXT, SETTING(measured_on), false, 0, 0, NULL,
     "texts that the probabilities were counted on"},
    {"task", WL_FIELD_CHOICE, SETTING(task), false, 0, 0, tasks, "one label is right, or any"},
    {"none", WL_FIELD_TEXT, SETTING(none), false, 0, 0, NULL, "label for none of the others"},
    {"threshold", WL_FIELD_NUMBER, SETTING(threshold), false, 0, 1, NULL,
     "below it a person should look"},
    {"margin", WL_FIELD_NUMBER, SETTING(margin), false, 0, 100, NULL,
     "points the first label must be ahead (task one)"},
    {"reach", WL_FIELD_INT, SETTING(reach), false, 0, WL_RULES_REACH_MAX, NULL,
     "words or characters between a negation and what it negates"},
    {"more_factor", WL_FIELD_NUMBER, SETTING(more_factor), false, 0.1, 10, NULL,
     "points of a word behind one of `more`"},
    {"less_factor", WL_FIELD_NUMBER, SETTING(less_factor), false, 0.1, 10, NULL,
     "points of a word behind one of `less`"},
    {"negators", WL_FIELD_TEXTS, SETTING(negators), false, 0, 0, NULL, "not, never, 不, 没有"},
    {"breaks", WL_FIELD_TEXTS, SETTING(breaks), false, 0, 0, NULL, "but, 但是: negation ends"},
    {"more", WL_FIELD_TEXTS, SETTING(more), false, 0, 0, NULL, "very, 非常"},
    {"less", WL_FIELD_TEXTS, SETTING(less), false, 0, 0, NULL, "a bit, 有点"},
    {"ignore", WL_FIELD_TEXTS, SETTING(ignore), false, 0, 0, NULL,
     "words inside which no term counts"},
    {"confidence", WL_FIELD_NODE, SETTING(confidence), false, 0, 0, NULL,
     "list of [points, probability], as counted"},
    {"labels", WL_FIELD_NODE, SETTING(labels), true, 0, 0, NULL, "the labels and their rules"},
};

/* -- rules -- */

#define RULE(name) offsetof(struct wl_rule_draft, name)

static const struct wl_field rule_fields[] = {
    {"any", WL_FIELD_TEXTS, RULE(any), false, 0, 0, NULL, "one of these"},
    {"all", WL_FIELD_TEXTS, RULE(all), false, 0, 0, NULL, "and every one of these"},
    {"none", WL_FIELD_TEXTS, RULE(none), false, 0, 0, NULL, "and none of these"},
    {"points", WL_FIELD_NUMBER, RULE(points), false, 0.01, 100, NULL, "what it counts; 1"},
    {"once", WL_FIELD_BOOL, RULE(once), false, 0, 0, NULL, "counts once in its scope"},
    {"scope", WL_FIELD_CHOICE, RULE(scope), false, 0, 0, scopes, "where they must be together"},
    {"negated", WL_FIELD_CHOICE, RULE(negated), false, 0, 0, negated_ways,
     "what a negated word does"},
};

static wl_status read_rule(struct wl_rules_draft *draft, size_t i_file, uint32_t label,
                           const struct wl_node *node, wl_error *error)
{
    struct wl_rule_draft rule = {.label = label,
                                 .points = 1.0,
                                 .scope = WL_RULE_SENTENCE,
                                 .negated = -1,
                                 .node = node,
                                 .file = i_file};
    char where[64];

    (void)snprintf(where, sizeof(where), "label %.40s", draft->labels[label].label.id);
    WL_TRY(
        wl_fields_read(draft->arena, node, where, rule_fields, COUNT(rule_fields), &rule, error));
    if (rule.any.n_items + rule.all.n_items == 0) {
        return wl_fail_node(error, node, "%s: a rule needs any or all", where);
    }
    if (rule.all.n_items > WL_RULES_ALL_MAX) {
        return wl_fail_node(error, node, "%s: all asks for %zu words, at most %d", where,
                            rule.all.n_items, WL_RULES_ALL_MAX);
    }
    WL_TRY(WL_GROW(draft->alloc, draft->rules, draft->rules_capacity, draft->n_rules + 1, error));
    draft->rules[draft->n_rules++] = rule;
    return WL_OK;
}

/* -- labels -- */

struct label_node {
    const char *id;
    const char *zh;
    const char *en;
    const char *answer;
    const char *negated;
    bool replace;
    const struct wl_node *examples;
    const struct wl_node *rules;
};

#define LABEL(name) offsetof(struct label_node, name)

static const struct wl_field label_fields[] = {
    {"id", WL_FIELD_TEXT, LABEL(id), true, 0, 0, NULL, "its name in records"},
    {"zh", WL_FIELD_TEXT, LABEL(zh), false, 0, 0, NULL, "its name in Chinese"},
    {"en", WL_FIELD_TEXT, LABEL(en), false, 0, 0, NULL, "its name in English"},
    {"answer", WL_FIELD_TEXT, LABEL(answer), false, 0, 0, NULL, "what it is answered with"},
    {"negated", WL_FIELD_TEXT, LABEL(negated), false, 0, 0, NULL,
     "drop, keep, or the label that a negated word speaks for"},
    {"replace", WL_FIELD_BOOL, LABEL(replace), false, 0, 0, NULL,
     "forget the rules and examples of the files before"},
    {"examples", WL_FIELD_NODE, LABEL(examples), false, 0, 0, NULL, "texts that say it"},
    {"rules", WL_FIELD_NODE, LABEL(rules), false, 0, 0, NULL, "words that say it"},
};

struct examples_node {
    struct wl_texts zh;
    struct wl_texts en;
};

static const struct wl_field examples_fields[] = {
    {"zh", WL_FIELD_TEXTS, offsetof(struct examples_node, zh), false, 0, 0, NULL, "in Chinese"},
    {"en", WL_FIELD_TEXTS, offsetof(struct examples_node, en), false, 0, 0, NULL, "in English"},
};

static wl_status join_texts(struct wl_arena *arena, const char *const **items, size_t *n_items,
                            const struct wl_texts *more, wl_error *error)
{
    const char **joined = wl_arena_zeroed(arena, *n_items + more->n_items + 1, sizeof(*joined));

    if (joined == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for examples");
    }
    for (size_t i = 0; i < *n_items; i++) {
        joined[i] = (*items)[i];
    }
    for (size_t i = 0; i < more->n_items; i++) {
        joined[*n_items + i] = more->items[i];
    }
    *items = joined;
    *n_items += more->n_items;
    return WL_OK;
}

static wl_status read_examples(struct wl_rules_draft *draft, const struct wl_node *node,
                               struct wl_rules_label *label, wl_error *error)
{
    struct examples_node examples = {0};

    WL_TRY(wl_fields_read(draft->arena, node, "examples", examples_fields, COUNT(examples_fields),
                          &examples, error));
    WL_TRY(
        join_texts(draft->arena, &label->examples_zh, &label->n_examples_zh, &examples.zh, error));
    return join_texts(draft->arena, &label->examples_en, &label->n_examples_en, &examples.en,
                      error);
}

static void forget_rules(struct wl_rules_draft *draft, uint32_t label)
{
    size_t n = 0;

    for (size_t i = 0; i < draft->n_rules; i++) {
        if (draft->rules[i].label != label) {
            draft->rules[n++] = draft->rules[i];
        }
    }
    draft->n_rules = n;
    draft->labels[label].label.n_examples_zh = 0;
    draft->labels[label].label.n_examples_en = 0;
}

static wl_status find_or_add(struct wl_rules_draft *draft, size_t i_file, const char *id,
                             const struct wl_node *node, uint32_t *label, wl_error *error)
{
    for (size_t i = 0; i < draft->n_labels; i++) {
        if (strcmp(draft->labels[i].label.id, id) == 0) {
            if (draft->labels[i].file == i_file) {
                return wl_fail_node(error, node, "labels: \"%s\" stands here twice", id);
            }
            draft->labels[i].file = i_file;
            *label = (uint32_t)i;
            return WL_OK;
        }
    }
    if (draft->n_labels == WL_RULES_LABELS_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %d labels", WL_RULES_LABELS_MAX);
    }
    WL_TRY(
        WL_GROW(draft->alloc, draft->labels, draft->labels_capacity, draft->n_labels + 1, error));
    draft->labels[draft->n_labels] = (struct wl_label_draft){
        .label = {.id = id, .zh = id, .en = id, .answer = ""}, .node = node, .file = i_file};
    *label = (uint32_t)draft->n_labels++;
    return WL_OK;
}

static wl_status check_list(const struct wl_node *node, const char *what, wl_error *error)
{
    if (node != NULL && node->kind != WL_NODE_LIST && node->kind != WL_NODE_NULL) {
        return wl_fail_node(error, node, "%s: wants a list, found %s", what,
                            wl_node_kind_name(node->kind));
    }
    return WL_OK;
}

static wl_status read_label(struct wl_rules_draft *draft, size_t i_file, const struct wl_node *node,
                            wl_error *error)
{
    struct label_node read = {0};
    uint32_t i_label = 0;

    WL_TRY(wl_fields_read(draft->arena, node, "labels", label_fields, COUNT(label_fields), &read,
                          error));
    WL_TRY(find_or_add(draft, i_file, read.id, node, &i_label, error));
    if (read.replace) {
        forget_rules(draft, i_label);
    }
    struct wl_label_draft *at = &draft->labels[i_label];
    at->node = node;
    at->label.zh = read.zh != NULL ? read.zh : at->label.zh;
    at->label.en = read.en != NULL ? read.en : at->label.en;
    at->label.answer = read.answer != NULL ? read.answer : at->label.answer;
    at->negated = read.negated != NULL ? read.negated : at->negated;
    WL_TRY(read_examples(draft, read.examples, &at->label, error));
    WL_TRY(check_list(read.rules, "rules", error));
    const struct wl_node *rule = read.rules != NULL ? read.rules->first : NULL;
    for (; rule != NULL; rule = rule->next) {
        WL_TRY(read_rule(draft, i_file, i_label, rule, error));
    }
    return WL_OK;
}

/* -- the file -- */

// Words of a later file join those of the files before it.
static wl_status join_settings(struct wl_rules_draft *draft, struct wl_rules_settings *read,
                               wl_error *error)
{
    struct wl_rules_settings *had = &draft->settings;
    struct {
        struct wl_texts *had;
        struct wl_texts *read;
    } pairs[] = {{&had->negators, &read->negators},
                 {&had->breaks, &read->breaks},
                 {&had->more, &read->more},
                 {&had->less, &read->less},
                 {&had->ignore, &read->ignore}};

    for (size_t i = 0; i < COUNT(pairs); i++) {
        if (pairs[i].read->items == pairs[i].had->items) {
            continue; // not named in this file
        }
        const char *const *items = (const char *const *)pairs[i].had->items;
        size_t n_items = pairs[i].had->n_items;
        WL_TRY(join_texts(draft->arena, &items, &n_items, pairs[i].read, error));
        const char **joined = wl_arena_zeroed(draft->arena, n_items + 1, sizeof(*joined));
        if (joined == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for rules");
        }
        memcpy(joined, items, n_items * sizeof(*joined));
        *pairs[i].read = (struct wl_texts){.items = joined, .n_items = n_items};
    }
    *had = *read;
    return WL_OK;
}

wl_status wl_rules_draft_read(struct wl_rules_draft *draft, size_t i_file, struct wl_str text,
                              wl_error *error)
{
    struct wl_rules_settings read = draft->settings;
    struct wl_node *root = NULL;

    WL_TRY(wl_yaml_parse(draft->arena, text, &root, error));
    read.labels = NULL;
    WL_TRY(wl_fields_read(draft->arena, root, "top level", setting_fields, COUNT(setting_fields),
                          &read, error));
    if (read.version != 1) {
        return wl_fail_node(error, wl_node_get(root, "version"),
                            "version %lld, this program reads version 1", (long long)read.version);
    }
    WL_TRY(check_list(read.labels, "labels", error));
    const struct wl_node *node = read.labels != NULL ? read.labels->first : NULL;
    if (read.none != draft->settings.none || read.confidence != draft->settings.confidence) {
        draft->settings_file = i_file;
    }
    WL_TRY(join_settings(draft, &read, error));
    for (; node != NULL; node = node->next) {
        WL_TRY(read_label(draft, i_file, node, error));
    }
    return WL_OK;
}

void wl_rules_draft_release(struct wl_rules_draft *draft)
{
    if (draft->alloc != NULL) {
        wl_alloc_free(draft->alloc, draft->labels);
        wl_alloc_free(draft->alloc, draft->rules);
    }
    *draft = (struct wl_rules_draft){0};
}
