/* Probabilities and the threshold to abstain, from texts that the model had not seen. */
#ifndef WL_TEXT_TEXT_CALIBRATE_H
#define WL_TEXT_TEXT_CALIBRATE_H
#include "text/text_linear_inside.h"
#include "text/text_train.h"

/* Margins of held-out texts; borrowed. */
struct wl_text_held {
    const struct wl_text_set *set;
    const float *margins;   /* (n, n_outputs) */
    const uint8_t *is_held; /* (n) 0: the text had nothing known, and is left out */
};

/* wl_text_calibrate - slopes and intercepts of a model's outputs: one temperature for all labels
 *   when one of several is right, a sigmoid for each output otherwise.
 * Cost:    O(n * n_outputs) for each of at most 100 Newton steps.
 * Errors:  WL_ENOMEM.
 * Source:  Guo, Pleiss, Sun, Weinberger 2017, ICML, "temperature scaling"; Platt 1999. */
WL_MUST_CHECK wl_status wl_text_calibrate(const wl_alloc *alloc, const struct wl_text_held *held,
                                          struct wl_text_linear *linear, wl_error *error);

/* wl_text_threshold - the lowest probability from which on the best label is right in a share of
 *   precision_wanted of the texts; 1 when that is never so.
 *   p  (in) (n, n_labels) of texts held out.
 * Cost:    O(n log n).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_threshold(const wl_alloc *alloc, const struct wl_text_set *set,
                                          const double *p, double precision_wanted,
                                          double *threshold, wl_error *error);

#endif
