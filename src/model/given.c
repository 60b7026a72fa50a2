/* Percent in a float near 100 has steps of 8e-6; so probabilities are kept 1e-7 away from 0 and 1,
 * where their log-odds would be noise. */
#include "model/given.h"

#include <math.h>

#define P_EPS 1e-7

static double margin_of(double percent)
{
    double p = fmin(fmax(percent / 100.0, P_EPS), 1.0 - P_EPS);
    return log(p) - log1p(-p);
}

void wl_given_fit(const struct wl_row_set *set, size_t feature, struct wl_given *given)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        double percent = (double)wl_row_set_at(set, i)[feature];
        if (!isnan(percent)) {
            sum += margin_of(percent);
            n++;
        }
    }
    *given = (struct wl_given){.feature = (uint32_t)feature, .base = n > 0 ? sum / (double)n : 0.0};
}

double wl_given_margin(const struct wl_given *given, const float *values)
{
    double percent = (double)values[given->feature];
    return isnan(percent) ? given->base : margin_of(percent);
}

wl_status wl_given_check(const struct wl_given *given, size_t n_features, wl_error *error)
{
    if (given->feature >= n_features || !isfinite(given->base)) {
        return wl_fail(error, WL_ECORRUPT, "given column %u of %zu features, base %g",
                       given->feature, n_features, given->base);
    }
    return WL_OK;
}
