/* Classifiers of written rules: words and phrases that say a label, in Chinese and English, with
 * negation and emphasis; no training, readable and editable. One YAML form serves reasons, intents,
 * sentiment and emotions: docs/formats/rules.md. */
#ifndef WL_TEXT_RULES_H
#define WL_TEXT_RULES_H
#include "text/classifier.h"

/* What a label is called and where it leads; texts are borrowed from the classifier. */
struct wl_rules_label {
    const char *id;
    const char *zh;
    const char *en;
    const char *answer; /* what it is answered with: for reasons a code of templates; "" none */
    const char *const *examples_zh; /* (n_examples_zh) */
    size_t n_examples_zh;
    const char *const *examples_en; /* (n_examples_en) */
    size_t n_examples_en;
};

/* One file of rules. A later file of a list extends those before it. */
struct wl_rules_file {
    const char *name; /* for messages: its path, or "built-in" */
    struct wl_str text;
};

/* wl_rules_open - a classifier from files of rules.
 *   files           (in)  (n_files) the first one is complete; others may extend its labels,
 *                         replace them (replace: true) or add some.
 *   classifier_out  (out) given: free with wl_text_classifier_free. Algorithm "rules".
 * Cost:    20 ms for the built-in reasons, some 4,000 terms.
 * Errors:  WL_ECONFIG  "reasons.yaml: line 3, column 5: ...".  WL_ELIMIT, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_rules_open(const wl_alloc *alloc, const struct wl_rules_file *files,
                                      size_t n_files, struct wl_text_classifier **classifier_out,
                                      wl_error *error);

/* wl_rules_builtin - text of a file that is built in: "reasons", "intents", "sentiment", "emotion";
 * false when there is none of that name. wl_rules_builtin_names - their names, NULL-terminated. */
bool wl_rules_builtin(const char *name, struct wl_str *text);
const char *const *wl_rules_builtin_names(void);

/* wl_rules_labels - the labels of a classifier of rules, (n_labels); NULL for another kind. */
const struct wl_rules_label *wl_rules_labels(const struct wl_text_classifier *classifier);

/* wl_rules_measured - what the stated probabilities were measured on, in a line. */
const char *wl_rules_measured(const struct wl_text_classifier *classifier);

/* A term that counted for a label. */
struct wl_rules_hit {
    uint32_t label;
    struct wl_str term; /* as it is found: lower case, folded; borrowed from the classifier */
    double points;      /* after negation and emphasis */
    bool is_negated;
};
typedef void (*wl_rules_hit_fn)(void *context, const struct wl_rules_hit *hit);

/* wl_rules_score - points of every label: what probabilities are looked up by, and what says why.
 *   classifier  (in)     of rules.
 *   points      (out)    (n_labels) >= 0.
 *   each        (in)     called for each term that counts, in the order of the text; NULL: nobody.
 * Cost, errors, threads: as wl_text_classify. */
WL_MUST_CHECK wl_status wl_rules_score(const struct wl_text_classifier *classifier,
                                       struct wl_str text, struct wl_text_scratch *scratch,
                                       double *points, wl_rules_hit_fn each, void *context,
                                       wl_error *error);

#endif
