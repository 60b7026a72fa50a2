/* The baseline that needs no training and no model file: a table of points, each a condition on one
 * feature, summed up as log-odds. And the single-feature baseline: customers ranked by one feature.
 * Both are what every trained model must beat, and what serves when there is none. */
#ifndef WL_MODEL_RULE_H
#define WL_MODEL_RULE_H
#include "model/encoder.h"

enum wl_rule_op {
    WL_RULE_BELOW = 0,    /* value < threshold */
    WL_RULE_AT_LEAST = 1, /* value >= threshold */
    WL_RULE_MISSING = 2   /* value is missing */
};

/* One line: where the condition holds, points are added. */
struct wl_rule_line {
    uint32_t feature; /* index in the schema */
    enum wl_rule_op op;
    double threshold;
    double points; /* log-odds */
};

/* margin = base + points of the lines that hold; with a rank feature, its rank's log-odds instead.
 */
struct wl_rule {
    struct wl_rule_line *lines; /* (n_lines) in an arena */
    size_t n_lines;
    double base;
    uint32_t rank_feature; /* used when n_knots > 0 */
    double rank_sign;      /* +1: larger values leave, -1: smaller values leave */
    double rank_missing;   /* share of training ranked below a missing value, 0..1 exclusive */
    const double *knots;   /* (n_knots) rising training values of the feature */
    size_t n_knots;
};

#define WL_RULE_KNOTS_MAX 1024 /* quantiles kept of a rank feature: 0.1 % steps */

/* wl_rule_default - the built-in points for the features that this schema has: recency, activity,
 *   overdue orders, tickets, failed payments, by endings of their names. A schema with none of them
 *   gives a rule without lines, the same margin for everybody; n_lines tells.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_rule_default(struct wl_arena *arena, const struct wl_schema *schema,
                                        struct wl_rule *rule, wl_error *error);

/* wl_rule_rank - customers ranked by one feature.
 *   set      (in) rows whose quantiles become the knots.
 *   labels   (in) (set->n) decide which end leaves, and where missing values rank; NULL: larger
 *                 values leave and a missing value ranks in the middle.
 * Errors:  WL_EINVAL  no row has a value.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_rule_rank(struct wl_arena *arena, const struct wl_row_set *set,
                                     const uint8_t *labels, size_t feature, struct wl_rule *rule,
                                     wl_error *error);

/* wl_rule_margin - log-odds of one row of features. No allocation. */
double wl_rule_margin(const struct wl_rule *rule, const float *values);

/* wl_rule_holds - does this line's condition hold? */
bool wl_rule_holds(const struct wl_rule_line *line, const float *values);

/* wl_rule_check - features, numbers and order are in range. Errors: WL_ECORRUPT  names the line. */
WL_MUST_CHECK wl_status wl_rule_check(const struct wl_rule *rule, size_t n_features,
                                      wl_error *error);

#endif
