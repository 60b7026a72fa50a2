/* A linear model on standardised columns: margin = bias + sum of weight * z. A term reads one
 * encoded column: its value (heavy tails through a signed log1p), or whether it is missing. A
 * missing value counts as the training mean, z = 0; the missing term says that it was missing. */
#ifndef WL_MODEL_LINEAR_H
#define WL_MODEL_LINEAR_H
#include "model/encoder.h"

struct wl_linear_term {
    uint32_t column;      /* encoded column */
    bool is_missing_flag; /* reads 1 for NaN, 0 for a value, instead of the value */
    bool is_log;          /* value goes through sign(x) * log1p(|x|) first */
    double mean;          /* of the training rows that have a value */
    double deviation;     /* > 0 */
    double weight;        /* log-odds per deviation */
};

struct wl_linear {
    struct wl_linear_term *terms; /* (n_terms) in an arena */
    size_t n_terms;
    double bias;
};

#define WL_SKEW_MAX                                                                                \
    2.0 /* an exponential distribution has 2; beyond it the tail outweighs the rest */

/* wl_linear_fit_terms - decide the terms and their scales; weights are 0 until trained.
 *   A column that does not vary over the training rows gets no term; neither does a missing flag
 *   where training missed nothing. A log is taken where no value is negative and |skew| >
 *   WL_SKEW_MAX.
 *   set  (in) the training rows, nothing else.
 * Cost:    O(N columns), two passes. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_linear_fit_terms(struct wl_arena *arena,
                                            const struct wl_encoder *encoder,
                                            const struct wl_row_set *set, struct wl_linear *linear,
                                            wl_error *error);

/* wl_linear_z - standardised value of one term for one row of features. */
double wl_linear_z(const struct wl_linear_term *term, const struct wl_encoder *encoder,
                   const float *values);

/* wl_linear_margin - log-odds of one row, summed in term order. No allocation. */
double wl_linear_margin(const struct wl_linear *linear, const struct wl_encoder *encoder,
                        const float *values);

/* wl_linear_check - columns and scales are in range. Errors: WL_ECORRUPT  names the term. */
WL_MUST_CHECK wl_status wl_linear_check(const struct wl_linear *linear,
                                        const struct wl_encoder *encoder, wl_error *error);

#endif
