/* Small statistics: rates at a threshold, intervals of shares, quantiles, the normal curve. */
#ifndef WL_MATH_STATISTICS_H
#define WL_MATH_STATISTICS_H
#include "math/ranked.h"

#define WL_Z_95 1.959963984540054 /* normal quantile of 0.975: two-sided 95 % */

/* wl_precision .. wl_accuracy - rates of a confusion table; NaN when the denominator is 0. */
double wl_precision(const struct wl_confusion *counts);
double wl_recall(const struct wl_confusion *counts);
double wl_accuracy(const struct wl_confusion *counts);

/* wl_f1_positive - 2TP / (2TP + FP + FN) of the leavers; wl_f1_macro - mean over leavers and
 * stayers; wl_f1_weighted - mean weighted by support. NaN when a class has no support; a class that
 * has support and was never said scores 0. */
double wl_f1_positive(const struct wl_confusion *counts);
double wl_f1_macro(const struct wl_confusion *counts);
double wl_f1_weighted(const struct wl_confusion *counts);

/* wl_wilson - 95 % score interval of a share.
 *   n_hits, n  (in) counts, fractions allowed (an effective number of rows); n > 0.
 * Source:  Wilson 1927, JASA 22(158); Brown, Cai, DasGupta 2001 recommend it. */
void wl_wilson(double n_hits, double n, double *low, double *high);

/* wl_cluster_effect - how many times larger the variance of a share is because rows of one user go
 * together (design effect); at least 1, so that an interval never gets narrower.
 *   hit      (in) (N) 1 where the row counts.
 *   used     (in) (N) 1 where the row is in the denominator; NULL: all are.
 *   cluster  (in) (N) user, 0 .. n_clusters - 1.
 *   scratch  (out) (n_clusters) doubles.
 * Source:  Kish 1965; variance of a ratio with clusters, Cochran 1977, eq. 11.4. */
double wl_cluster_effect(const uint8_t *hit, const uint8_t *used, const uint32_t *cluster,
                         size_t n_rows, double *scratch, size_t n_clusters);

/* wl_quantile - quantile of sorted values, linear between neighbours (type 7 of Hyndman & Fan 1996,
 * as numpy and R). NaN when there are none. */
double wl_quantile(const double *sorted, size_t n, double q);

/* wl_doubles_sort - rising order; no NaN allowed. */
void wl_doubles_sort(double *values, size_t n);

/* wl_normal_cdf - P(Z <= z). wl_normal_quantile - its inverse, -inf at 0 and +inf at 1.
 * Source:  erfc of the C library, inverted by Newton steps; relative error below 1e-12. */
double wl_normal_cdf(double z);
double wl_normal_quantile(double p);

#endif
