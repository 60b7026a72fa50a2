/* The smaller tail is summed outwards from the count, where terms only fall, by the ratio of
 * neighbouring terms: the first needs lgamma, the rest a multiplication each. Summing stops when
 * a term no longer changes the sum. Accuracy is that of lgamma: 1e-15 * total * log(total). */
#include "explain/count_change.h"

#include <math.h>
#include <stddef.h>

#define TERMS_MAX 1000000 /* tails this long belong to p-values near 1 */

static double log_binomial(double n, double k, double share)
{
    return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(share) +
           (n - k) * log1p(-share);
}

// Sum of the binomial terms k, k - 1, ..., 0 for k below the mean.
static double lower_tail(double n, double k, double share)
{
    double odds = (1.0 - share) / share;
    double term = exp(log_binomial(n, k, share));
    double sum = term;

    for (size_t i = 0; i < TERMS_MAX && k > 0.0 && term > sum * 1e-17; i++) {
        term *= k / (n - k + 1.0) * odds;
        k -= 1.0;
        sum += term;
    }
    return sum;
}

double wl_count_change_p(double count, double before, double share)
{
    double k = nearbyint(count);
    double n = k + nearbyint(before);

    if (!(k >= 0.0 && n >= k && isfinite(n) && share > 0.0 && share < 1.0)) {
        return 1.0; // no data, no verdict
    }
    // The upper tail is the lower tail of what is left over.
    double tail = k <= n * share ? lower_tail(n, k, share) : lower_tail(n, n - k, 1.0 - share);
    return fmin(1.0, 2.0 * tail);
}
