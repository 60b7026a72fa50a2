/* Exact path-dependent TreeSHAP: how much each column of a row moves a forest's margin.
 *
 * "Path-dependent" says what a left-out column means: the row goes down both sides of a split on
 * it, in the proportion in which the training data did (the covers). No background data is needed.
 * The idea, a worked example and measured costs stand in docs/internals/treeshap.md. */
#ifndef WL_EXPLAIN_SHAP_H
#define WL_EXPLAIN_SHAP_H
#include "model/forest.h"

struct wl_shap; /* a forest prepared for explaining; read-only once made */

/* wl_shap_new - prepare a forest for explaining; do it once, then explain any number of rows.
 *   forest    (in)  checked by wl_forest_check; read here, not kept.
 *   shap_out  (out) given: free with wl_shap_free; NULL on failure.
 * Cost:    O(leaves * 2^D * D^2) for leaves under D <= 8 columns; 20 MB for 200 trees of depth 6.
 *          Tables stop at WL_SHAP_TABLE_BYTES_MAX; leaves beyond are explained without, slower.
 * Errors:  WL_ENOMEM; nothing is left behind.
 * Threads: any number; the forest is only read.
 * Source:  Lundberg, Erion, Lee 2018, arXiv:1802.03888, algorithm 2 for the values; tables as in
 *          Yang 2021, arXiv:2109.09847 (FastTreeSHAP v2), but over groups of leaves; own form. */
WL_MUST_CHECK wl_status wl_shap_new(const wl_alloc *alloc, const struct wl_forest *forest,
                                    struct wl_shap **shap_out, wl_error *error);

/* wl_shap_free - give all back; NULL is fine. */
void wl_shap_free(struct wl_shap *shap);

/* wl_shap_base - the margin of the average customer: base_margin + the cover-weighted mean of
 * each tree's leaves. */
double wl_shap_base(const struct wl_shap *shap);

/* wl_shap_rows - contributions of every column to the margin of every row.
 *   columns    (in)  (N, C) float32 row-major, NaN = missing; C is the forest's n_columns.
 *   n_threads  (in)  1..WL_THREADS_MAX; changes no bit of the result.
 *   phi        (out) (N, C) row-major, log-odds; for each row base + sum of phi = margin. Untouched
 *                    on failure.
 *   base       (out) as wl_shap_base; may be NULL.
 * Cost:    about one table row per group of leaves: see docs/internals/treeshap.md. Allocates
 *          working memory of about 1 MB per thread, less for few rows.
 * Errors:  WL_ENOMEM.
 * Threads: any number may explain with one shap at once.
 * Source:  as wl_shap_new. */
WL_MUST_CHECK wl_status wl_shap_rows(const struct wl_shap *shap, const float *columns,
                                     size_t n_rows, size_t n_threads, double *phi, double *base,
                                     wl_error *error);

#endif
