/* Boosted trees through libxgboost: training only, never scoring. What comes out is a wl_forest.
 * The booster can be kept, because its margins and contributions are the oracle of ours.
 *
 * Same rows, parameters and seed give the same forest, bit for bit: each booster is trained by one
 * thread (libxgboost adds histogram sums per thread, so its last bits may depend on the number),
 * and the folds of cross-fitting run side by side instead. */
#ifndef WL_MODEL_TRAIN_XGB_H
#define WL_MODEL_TRAIN_XGB_H
#include "base/buf.h"
#include "model/forest.h"

struct wl_xgb; /* a trained booster */

struct wl_xgb_params {
    int64_t trees; /* 1 .. WL_TREES_MAX */
    int64_t depth; /* 1 .. WL_TREE_DEPTH_MAX */
    double rate;
    double subsample; /* share of rows for each tree */
    double colsample; /* share of columns for each tree */
    double min_child_weight;
    double lambda; /* L2 on leaves */
    uint64_t seed;
    size_t n_threads; /* 1 for results that never depend on the machine */
};

/* A matrix of encoded rows, and what came true. */
struct wl_xgb_data {
    const float *columns; /* (n_rows, n_columns) row-major, NaN = missing */
    size_t n_rows;
    size_t n_columns;
    const float *labels;  /* (n_rows) 0 or 1; only for training */
    const float *weights; /* (n_rows) >= 0, or NULL: all 1; only for training */
};

/* wl_xgb_train - boost a logistic loss with exact second-order gain on histograms.
 *   xgb_out  (out) free with wl_xgb_free (NULL is fine).
 * Cost:    O(trees * n_rows * n_columns); copies the matrix once.
 * Errors:  WL_ELIBRARY  libxgboost's own words.  WL_ENOMEM.
 * Source:  Chen & Guestrin 2016, arXiv:1603.02754. */
WL_MUST_CHECK wl_status wl_xgb_train(const wl_alloc *alloc, const struct wl_xgb_data *data,
                                     const struct wl_xgb_params *params, struct wl_xgb **xgb_out,
                                     wl_error *error);
void wl_xgb_free(struct wl_xgb *xgb);

/* wl_xgb_load - a booster from its JSON model. Errors: WL_ELIBRARY, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_xgb_load(const wl_alloc *alloc, struct wl_str json,
                                    struct wl_xgb **xgb_out, wl_error *error);

/* wl_xgb_save - the booster as JSON, onto buf. Errors: WL_ELIBRARY, those of buf. */
WL_MUST_CHECK wl_status wl_xgb_save(const struct wl_xgb *xgb, struct wl_buf *buf, wl_error *error);

/* wl_xgb_forest - the booster as plain arrays, checked.
 *   forest_out  (out) free with wl_forest_free.
 * Errors:  WL_ELIBRARY, and those of wl_forest_read_xgb (xgb_json.h). */
WL_MUST_CHECK wl_status wl_xgb_forest(const struct wl_xgb *xgb, const wl_alloc *alloc,
                                      struct wl_forest **forest_out, wl_error *error);

/* wl_xgb_margins - libxgboost's own log-odds, in place.
 *   columns  (in) (n_rows, n_columns).  margins (out) (n_rows). Errors: WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_xgb_margins(struct wl_xgb *xgb, const struct wl_xgb_data *data,
                                       size_t n_threads, float *margins, wl_error *error);

/* wl_xgb_contributions - libxgboost's own TreeSHAP values.
 *   contributions  (out) (n_rows, n_columns + 1); the last column is the base.
 * Errors:  WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_xgb_contributions(struct wl_xgb *xgb, const struct wl_xgb_data *data,
                                             size_t n_threads, float *contributions,
                                             wl_error *error);

/* wl_xgb_version - "1.7.4" of the library in use. text (out) 32 bytes. Returns text. */
char *wl_xgb_version(char *text);

#endif
