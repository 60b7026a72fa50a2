/* Logistic regression through liblinear: training only. It fills in the weights of a wl_linear
 * whose terms are decided already. */
#ifndef WL_MODEL_TRAIN_LINEAR_H
#define WL_MODEL_TRAIN_LINEAR_H
#include "model/linear.h"

/* wl_linear_train - minimise  (bias^2 + sum of weight^2) / 2 + C * sum of log(1 + exp(-y margin)),
 *   y = -1, +1. The bias is shrunk like a weight, as liblinear does it; with C * n_rows in the
 *   thousands that moves it in the fourth digit.
 *   set     (in) the training rows.  labels (in) (set->n) 1 = left, 0 = stays, both present.
 *   linear  (in,out) terms from wl_linear_fit_terms on the same rows; weights and bias are set.
 * Cost:    O(Newton steps * n * terms); a sparse copy of the matrix from encoder rows.
 * Errors:  WL_EINVAL  one class only.  WL_ELIBRARY  liblinear refuses.  WL_ENOMEM.
 * Threads: any number: this solver of liblinear shares nothing but the print hook, which every call
 *          sets to the same silent one.
 * Source:  Lin, Weng, Keerthi 2008, JMLR 9 (trust-region Newton); Fan et al. 2008, LIBLINEAR. */
WL_MUST_CHECK wl_status wl_linear_train(const wl_alloc *alloc, const struct wl_encoder *encoder,
                                        const struct wl_row_set *set, const uint8_t *labels,
                                        double c, struct wl_linear *linear, wl_error *error);

#endif
