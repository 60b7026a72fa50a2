/* Folds of labelled texts: groups stay whole, labels are spread evenly. */
#ifndef WL_TEXT_TEXT_FOLDS_H
#define WL_TEXT_TEXT_FOLDS_H
#include "text/text_train.h"

/* wl_text_folds - fold of every text.
 *   fold  (out) (n) 0 .. n_folds - 1.
 * Cost:    O(n log n).
 * Errors:  WL_ENOMEM; WL_EGATE  fewer groups than folds. */
WL_MUST_CHECK wl_status wl_text_folds(const wl_alloc *alloc, const struct wl_text_set *set,
                                      size_t n_folds, uint64_t seed, uint32_t *fold,
                                      wl_error *error);

#endif
