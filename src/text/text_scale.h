/* From the margins of a text classifier's outputs to probabilities, and how the numbers for it are
 * found. Linear models and networks share it. */
#ifndef WL_TEXT_TEXT_SCALE_H
#define WL_TEXT_TEXT_SCALE_H
#include "text/text_train.h"

/* Borrowed from the classifier. Two labels of which one is right may have one output, for label 1;
 * else each label has one. */
struct wl_text_scale {
    enum wl_text_task task;
    size_t n_labels;
    size_t n_outputs;
    double *slope;     /* (n_outputs) > 0 */
    double *intercept; /* (n_outputs) */
};

/* wl_text_probabilities - calibrated probabilities from margins.
 *   margins  (in)  (n_outputs); NULL: the text has nothing that is known.
 *   p        (out) (n_labels) sums to 1 for WL_TEXT_ONE; nothing known: the same for all, and 0 for
 *                  WL_TEXT_ANY. */
void wl_text_probabilities(const struct wl_text_scale *scale, const float *margins, double *p);

/* Margins of held-out texts; borrowed. */
struct wl_text_held {
    const struct wl_text_set *set;
    const float *margins;   /* (n, n_outputs) */
    const uint8_t *is_held; /* (n) 0: the text had nothing known, and is left out */
};

/* wl_text_calibrate - fill slopes and intercepts: one temperature for all labels when one of
 *   several is right, a sigmoid for each output otherwise.
 * Cost:    O(n * n_outputs) for each of at most 100 Newton steps.
 * Errors:  WL_ENOMEM.
 * Source:  Guo, Pleiss, Sun, Weinberger 2017, ICML, "temperature scaling"; Platt 1999. */
WL_MUST_CHECK wl_status wl_text_calibrate(const wl_alloc *alloc, const struct wl_text_held *held,
                                          const struct wl_text_scale *scale, wl_error *error);

/* wl_text_threshold - the lowest probability from which on the best label is right in a share of
 *   precision_wanted of the texts; 1 when that is never so.
 *   p  (in) (n, n_labels) of texts held out.
 * Cost:    O(n log n).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_threshold(const wl_alloc *alloc, const struct wl_text_set *set,
                                          const double *p, double precision_wanted,
                                          double *threshold, wl_error *error);

#endif
