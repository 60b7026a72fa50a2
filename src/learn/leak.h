/* A feature that knows the answer: the label column itself, or one that alone ranks almost
 * perfectly. */
#ifndef WL_LEARN_LEAK_H
#define WL_LEARN_LEAK_H
#include "base/progress.h"
#include "learn/label.h"

#define WL_LEAK_AUC       0.999 /* honest features stay far below; 0.999 leaves room for noise */
#define WL_LEAK_CLASS_MIN 20 /* fewer rows of a class and a good feature may be perfect by luck */

struct wl_leak {
    size_t i_feature;
    bool is_label_column; /* by name; auc says the rest */
    double auc;           /* of the feature alone, the better direction; NaN when not measurable */
};

/* wl_feature_auc - AUC of one feature alone: numbers in the better direction, with missing values
 * at the better end (a value that is only there for leavers is a leak); categories by the rate of
 * leavers of their level, levels with fewer than 5 rows taken together, so that ids do not look
 * like leaks.
 *   auc  (out) 0.5 .. 1; NaN when a class has fewer than WL_LEAK_CLASS_MIN rows.
 * Cost:    O(N log N).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_feature_auc(const struct wl_rows *rows,
                                       const struct wl_labelled *labelled, size_t i_feature,
                                       double *auc, wl_error *error);

/* wl_leaks_find - all features that leak.
 *   leaks    (out) (n_features) room for every feature of rows->schema.
 *   n_leaks  (out)
 * Cost:    O(F * N log N).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_leaks_find(const struct wl_churn *churn, const struct wl_rows *rows,
                                      const struct wl_labelled *labelled, struct wl_leak *leaks,
                                      size_t *n_leaks, wl_error *error);

/* wl_leaks_check - refuse to learn from leaking features, or go on with a notice when forced.
 *   is_forced  (in) the person said so; the label column itself is refused even then.
 * Errors:  WL_EGATE  names the first leak and how many there are.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_leaks_check(const struct wl_churn *churn, const struct wl_rows *rows,
                                       const struct wl_labelled *labelled, bool is_forced,
                                       const struct wl_sink *sink, wl_error *error);

#endif
