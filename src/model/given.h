/* A model that takes over what another model has put into a column, in percent: the log-odds of it.
 * So a model of event sequences is scored, calibrated, explained and kept like every other. */
#ifndef WL_MODEL_GIVEN_H
#define WL_MODEL_GIVEN_H
#include "data/rows.h"
#include "model/encoder.h"

struct wl_given {
    uint32_t feature; /* column with a probability in percent */
    double base;      /* mean margin of the training rows; the margin where the column is empty */
};

/* wl_given_fit - the base, from the training rows alone. */
void wl_given_fit(const struct wl_row_set *set, size_t feature, struct wl_given *given);

/* wl_given_margin - log-odds of one row: 0 at 50 percent, within +-16. */
double wl_given_margin(const struct wl_given *given, const float *values);

/* wl_given_check - the feature is there and the base is a number. Errors: WL_ECORRUPT. */
WL_MUST_CHECK wl_status wl_given_check(const struct wl_given *given, size_t n_features,
                                       wl_error *error);

#endif
