/* Intervals by resampling users: rows of one user stay together, users are drawn within strata, so
 * every resample has both classes. */
#ifndef WL_MATH_BOOTSTRAP_H
#define WL_MATH_BOOTSTRAP_H
#include "base/alloc.h"

#include <stdint.h>

/* Figures of one resample.
 *   data     (in)  whatever the figures are about.
 *   weight   (in)  (N) how often each row was drawn.
 *   values   (out) (n_values) one per figure; NaN where it is not defined for this resample. */
typedef void (*wl_figures_fn)(const void *data, const uint32_t *weight, double *values);

#define WL_FIGURES_MAX 64 /* figures of one bootstrap; an evaluation needs about thirty */

struct wl_bootstrap {
    size_t n_rows;
    const uint32_t *cluster; /* (n_rows) user of a row, 0 .. n_clusters - 1 */
    size_t n_clusters;
    const uint8_t *stratum; /* (n_clusters) 0 or 1: drawn apart, both keep their number of users */
    size_t n_resamples;     /* 1 .. WL_BOOTSTRAP_MAX; 1000 gives the second digit of an end */
    uint64_t seed;
    size_t n_threads;
    wl_figures_fn figures;
    const void *data;
    size_t n_values; /* 1 .. WL_FIGURES_MAX */
};

struct wl_interval {
    double value; /* over all rows, each once */
    double low;   /* 95 %, percentile; NaN when fewer than 95 % of the resamples had a value */
    double high;
    double bca_low; /* 95 %, bias-corrected and accelerated: for skewed figures such as F1 */
    double bca_high;
    double centred_low;  /* 95 %, percentile less the bias, for figures that resampling */
    double centred_high; /* overstates, such as ECE; value lies between */
};

/* wl_bootstrap_run - value and intervals of every figure.
 *   intervals  (out) (n_values).
 * Cost:    O(resamples * (N + figures)) over n_threads; n_resamples * n_values doubles and one
 *          weight array per thread. Resample i draws from random stream i: any number of threads
 *          gives the same bytes.
 * Errors:  WL_EINVAL  a cluster or stratum is out of range.  WL_ELIMIT  too many resamples.
 *          WL_ENOMEM. intervals is untouched.
 * Source:  Efron & Tibshirani 1993, ch. 13-14; centred by their estimate of bias, ch. 10;
 *          acceleration from a jackknife that leaves out one of at most 100 groups of users
 *          (Efron & Tibshirani 1993, 11.6). */
WL_MUST_CHECK wl_status wl_bootstrap_run(const struct wl_bootstrap *bootstrap,
                                         const wl_alloc *alloc, struct wl_interval *intervals,
                                         wl_error *error);

#endif
