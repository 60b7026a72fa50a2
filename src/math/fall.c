/* CUSUM of a short series against its own past.
 *
 * Every value is compared with an exponentially weighted mean of the ones before it and with their
 * spread. Spread is known badly from five values, so it is pooled with a prior. The baseline goes
 * on learning, therefore a customer who stays low is the new normal after some twenty texts. */
#include "math/fall.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#define ALLOWANCE    0.5 // k: half the shift to be found
#define STEP_MAX     3.0 // one value counts no more
#define WEIGHT_MIN   0.1 // the mean remembers about 20 values
#define PRIOR_SPREAD 0.4 // standard deviation of sentiment in -1..1 within a customer
#define PRIOR_WEIGHT 4.0 // counts like so many values

double wl_fall_cusum(const double *values, size_t n, double *level)
{
    double mean = 0.0;
    double squares = 0.0;
    double cusum = 0.0;
    double usual = (double)NAN;

    WL_ASSERT(n <= WL_FALL_VALUES_MAX);
    for (size_t i = 0; i < n; i++) {
        double n_before = (double)i;
        double drop = mean - values[i];
        if (i >= WL_FALL_BASELINE_MIN) {
            double variance = (PRIOR_WEIGHT * PRIOR_SPREAD * PRIOR_SPREAD + squares) /
                              (PRIOR_WEIGHT + n_before - 1.0);
            double step = drop / sqrt(variance * (1.0 + 1.0 / n_before));
            usual = cusum > 0.0 ? usual : mean;
            cusum = fmax(0.0, cusum + fmin(step, STEP_MAX) - ALLOWANCE);
        }
        squares += drop * drop * n_before / (n_before + 1.0);
        mean -= fmax(1.0 / (n_before + 1.0), WEIGHT_MIN) * drop;
    }
    if (level != NULL) {
        *level = usual;
    }
    return cusum;
}

double wl_fall_p(const double *values, size_t n, uint64_t seed)
{
    double shuffled[WL_FALL_VALUES_MAX];
    double observed = wl_fall_cusum(values, n, NULL);
    size_t n_hits = 0;

    memcpy(shuffled, values, n * sizeof(*values));
    for (size_t k = 0; k < WL_FALL_SHUFFLES; k++) {
        struct wl_rng rng;
        wl_rng_init(&rng, seed, k);
        for (size_t i = n; i > 1; i--) {
            size_t j = (size_t)wl_rng_below(&rng, i);
            double swap = shuffled[i - 1];
            shuffled[i - 1] = shuffled[j];
            shuffled[j] = swap;
        }
        // Sums of shuffled values differ in the last digits: equal within 1e-9 counts as equal.
        n_hits += wl_fall_cusum(shuffled, n, NULL) >= observed - 1e-9;
    }
    return (1.0 + (double)n_hits) / (1.0 + WL_FALL_SHUFFLES);
}
