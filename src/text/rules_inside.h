/* Compiled rules: rules_read.c makes the draft from YAML, rules.c compiles it, rules_match.c runs
 * it. */
#ifndef WL_TEXT_RULES_INSIDE_H
#define WL_TEXT_RULES_INSIDE_H
#include "data/schema.h"
#include "text/automaton.h"
#include "text/classifier_inside.h"
#include "text/rules.h"

#define WL_RULES_ALL_MAX    8   /* words that one rule may ask for together */
#define WL_RULES_STEPS_MAX  16  /* lines of a table of probabilities; people read it */
#define WL_RULES_EXPAND_MAX 512 /* terms that one line with alternatives may stand for */
#define WL_RULES_LABELS_MAX 200
#define WL_RULES_REACH_MAX  16
#define WL_RULES_TERM_WORDS 6 /* hits looked back over for a negation */

enum wl_rule_scope { WL_RULE_CLAUSE, WL_RULE_SENTENCE, WL_RULE_TEXT };
enum wl_rule_role { WL_RULE_ANY, WL_RULE_ALL, WL_RULE_NONE };
enum wl_rule_negated { WL_NEGATED_DROP, WL_NEGATED_KEEP, WL_NEGATED_FLIP };

/* What a term does beside counting for rules. */
enum wl_term_task {
    WL_TERM_COUNTS = 0,
    WL_TERM_NEGATES,
    WL_TERM_BREAKS,
    WL_TERM_MORE,
    WL_TERM_LESS
};

/* One rule. A simple one, any alone, counts for every word; others count once per scope. */
struct wl_rule {
    uint32_t label;
    uint32_t opposite; /* label that gets the points of a negated word; WL_NEGATED_FLIP */
    double points;
    enum wl_rule_scope scope;
    enum wl_rule_negated negated;
    uint8_t n_all;
    bool has_any;
    bool has_none;
    bool is_simple;
};

/* One part that a term plays in a rule. */
struct wl_rule_use {
    uint32_t rule;
    uint8_t role; /* enum wl_rule_role */
    uint8_t slot; /* of WL_RULE_ALL */
};

/* A term: folded bytes, and whether a Latin word may go on at its ends. */
struct wl_rule_term {
    struct wl_str text;
    size_t first_use;
    size_t n_uses;
    uint32_t next_same; /* term with the same bytes but other ends, WL_TEXT_NO_LABEL: none */
    uint8_t task;       /* enum wl_term_task */
    bool open_left;
    bool open_right;
};

struct wl_rules_step {
    double points; /* from here on */
    double p;
};

/* The settings of a file; see docs/formats/rules.md. */
struct wl_rules_settings {
    int64_t version;
    const char *name;
    const char *measured_on;
    int task; /* enum wl_text_task */
    const char *none;
    double threshold;
    double margin;
    int64_t reach;
    double more_factor;
    double less_factor;
    struct wl_texts negators;
    struct wl_texts breaks;
    struct wl_texts more;
    struct wl_texts less;
    struct wl_texts ignore;
    const struct wl_node *confidence;
    const struct wl_node *labels;
};

struct wl_rules {
    struct wl_text_classifier base; /* first: a classifier is a pointer to it */
    const wl_alloc *alloc;
    struct wl_arena arena; /* labels, texts, names */
    struct wl_automaton automaton;
    struct wl_rule_term *terms; /* (n_terms) owned, as below */
    size_t n_terms;
    uint32_t *first_of; /* (words of the automaton) a term of each; others along next_same */
    struct wl_rule_use *uses;
    size_t n_uses;
    struct wl_rule *rules;
    size_t n_rules;
    struct wl_rules_label *labels; /* (base.about.n_labels) in arena */
    struct wl_rules_settings settings;
    struct wl_rules_step steps[WL_RULES_STEPS_MAX]; /* (n_steps) rising */
    size_t n_steps;
};

/* One rule as it is written. */
struct wl_rule_draft {
    uint32_t label;
    struct wl_texts any;
    struct wl_texts all;
    struct wl_texts none;
    double points;
    bool once;
    int scope;
    int negated;                /* -1: the label's way */
    const struct wl_node *node; /* its place */
    size_t file;
};

struct wl_label_draft {
    struct wl_rules_label label;
    const char *negated; /* drop, keep, or the id of the opposite label; NULL: drop */
    const struct wl_node *node;
    size_t file; /* that named it last, for messages */
};

/* What the files say together. */
struct wl_rules_draft {
    const wl_alloc *alloc;
    const struct wl_rules_file *files;
    struct wl_arena *arena;
    struct wl_rules_settings settings;
    size_t settings_file;          /* that said `none` or `confidence` last */
    struct wl_label_draft *labels; /* (n_labels) owned */
    size_t n_labels;
    size_t labels_capacity;
    struct wl_rule_draft *rules; /* (n_rules) owned */
    size_t n_rules;
    size_t rules_capacity;
};

/* wl_rules_draft_read - read one file into the draft. Errors as wl_rules_open, without the file's
 * name. wl_rules_draft_release - give memory back; zeroed is fine. */
WL_MUST_CHECK wl_status wl_rules_draft_read(struct wl_rules_draft *draft, size_t i_file,
                                            struct wl_str text, wl_error *error);
void wl_rules_draft_release(struct wl_rules_draft *draft);

/* wl_rules_classify - wl_text_classify of rules. */
wl_status wl_rules_classify(const struct wl_text_classifier *classifier, struct wl_str text,
                            struct wl_text_scratch *scratch, double *p, wl_error *error);

/* wl_rules_fold - a normalised text (normalise.h) made comparable: quotes, dashes and full stops
 * plain, a hyphen within a word a blank, no blank beside a Chinese character, and a comma for one
 * between two of them.
 *   folded  (out) (normal.n_bytes) at least.
 * Returns how many bytes were written. */
size_t wl_rules_fold(struct wl_str normal, char *folded);

#endif
