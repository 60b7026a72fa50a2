/* Sixteen outputs solved side by side; called by wl_dual_train, which is what others use. */
#ifndef WL_TEXT_DUAL_LANES_H
#define WL_TEXT_DUAL_LANES_H
#include "text/dual_descent.h"

#define WL_DUAL_LANES ((size_t)16) /* floats of one cache line: a column's weights */

/* wl_dual_lanes_train - learn outputs first_output .. + WL_DUAL_LANES - 1, as many as there are.
 *   weights, bias  (out) of all outputs, as for wl_dual_train; those of others are left alone.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_dual_lanes_train(const wl_alloc *alloc,
                                            const struct wl_dual_problem *problem,
                                            size_t first_output, float *weights, double *bias,
                                            wl_error *error);

#endif
