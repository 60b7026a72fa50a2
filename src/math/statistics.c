/* Small statistics. Own code rather than GSL: the few functions needed are shorter than glue. */
#include "math/statistics.h"

#include <math.h>
#include <stdlib.h>

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : (double)NAN;
}

double wl_precision(const struct wl_confusion *counts)
{
    return ratio(counts->tp, counts->tp + counts->fp);
}

double wl_recall(const struct wl_confusion *counts)
{
    return ratio(counts->tp, counts->tp + counts->fn);
}

double wl_accuracy(const struct wl_confusion *counts)
{
    return ratio(counts->tp + counts->tn, counts->tp + counts->fp + counts->fn + counts->tn);
}

static double f1_of(double hits, double missed, double wrong)
{
    return hits + missed > 0.0 ? 2.0 * hits / (2.0 * hits + missed + wrong) : (double)NAN;
}

double wl_f1_positive(const struct wl_confusion *counts)
{
    return f1_of(counts->tp, counts->fn, counts->fp);
}

static double f1_negative(const struct wl_confusion *counts)
{
    return f1_of(counts->tn, counts->fp, counts->fn);
}

double wl_f1_macro(const struct wl_confusion *counts)
{
    return 0.5 * (wl_f1_positive(counts) + f1_negative(counts));
}

double wl_f1_weighted(const struct wl_confusion *counts)
{
    double leavers = counts->tp + counts->fn;
    double stayers = counts->tn + counts->fp;

    return (leavers * wl_f1_positive(counts) + stayers * f1_negative(counts)) / (leavers + stayers);
}

void wl_wilson(double n_hits, double n, double *low, double *high)
{
    const double z2 = WL_Z_95 * WL_Z_95;
    double share = n_hits / n;
    double middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    double half = WL_Z_95 / (1.0 + z2 / n) * sqrt(share * (1.0 - share) / n + z2 / (4.0 * n * n));

    *low = n_hits <= 0.0 ? 0.0 : fmax(0.0, middle - half);
    *high = n_hits >= n ? 1.0 : fmin(1.0, middle + half);
}

double wl_cluster_effect(const uint8_t *hit, const uint8_t *used, const uint32_t *cluster,
                         size_t n_rows, double *scratch, size_t n_clusters)
{
    double n = 0.0;
    double hits = 0.0;
    double sum = 0.0;
    size_t n_used = 0;

    for (size_t i = 0; i < n_rows; i++) {
        if (used == NULL || used[i] != 0) {
            n += 1.0;
            hits += hit[i] != 0 ? 1.0 : 0.0;
        }
    }
    double share = ratio(hits, n);
    double plain = n * share * (1.0 - share);
    if (!(plain > 0.0)) {
        return 1.0;
    }
    for (size_t c = 0; c < n_clusters; c++) {
        scratch[c] = 0.0;
    }
    for (size_t i = 0; i < n_rows; i++) {
        if (used == NULL || used[i] != 0) {
            scratch[cluster[i]] += (hit[i] != 0 ? 1.0 : 0.0) - share;
        }
    }
    for (size_t c = 0; c < n_clusters; c++) {
        sum += scratch[c] * scratch[c];
        n_used += scratch[c] != 0.0 ? 1 : 0;
    }
    double correction = n_used > 1 ? (double)n_used / (double)(n_used - 1) : 1.0;
    return fmax(1.0, sum * correction / plain);
}

double wl_quantile(const double *sorted, size_t n, double q)
{
    if (n == 0) {
        return (double)NAN;
    }
    double at = q * (double)(n - 1);
    size_t i = (size_t)floor(at);
    if (i + 1 >= n) {
        return sorted[n - 1];
    }
    return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

static int by_rising_value(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;

    return a < b ? -1 : a > b;
}

void wl_doubles_sort(double *values, size_t n)
{
    if (n > 1) {
        qsort(values, n, sizeof(*values), by_rising_value);
    }
}

double wl_normal_cdf(double z)
{
    return 0.5 * erfc(-z * 0.70710678118654752440);
}

double wl_normal_quantile(double p)
{
    if (!(p > 0.0)) {
        return -(double)INFINITY;
    }
    if (!(p < 1.0)) {
        return (double)INFINITY;
    }
    if (p > 0.5) {
        return -wl_normal_quantile(1.0 - p);
    }
    // First guess from the tail's leading term, then Newton on log(cdf), which is concave: every
    // step after the first stays on one side, and eight steps reach the last bits from anywhere.
    double z = -sqrt(fmax(0.0, -2.0 * log(2.0 * p)));
    for (int i = 0; i < 8; i++) {
        double cdf = wl_normal_cdf(z);
        double density = 0.39894228040143267794 * exp(-0.5 * z * z);
        z -= (log(cdf) - log(p)) * cdf / density;
    }
    return z;
}
