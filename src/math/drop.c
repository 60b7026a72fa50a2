/* Active days of a week are beta-binomial: a customer's chance to be active varies from week to
 * week. How much it varies is measured on the customer's own weeks. Weeks, not days, are compared,
 * so that a weekly rhythm is no drop. Taking the scatter a standard error wider, as surge.c does,
 * halves the alarms of customers whose days hang together, and misses a third of the true drops of
 * one week. */
#include "math/drop.h"

#include <math.h>

#define WEEK    7
#define RHO_MAX 0.95 // correlation of the days of one week; at 1 a week is all or nothing

// Active days of the week that ends before day end.
static double week_before(const uint8_t *active, size_t end)
{
    double n = 0.0;
    for (size_t i = end - WEEK; i < end; i++) {
        n += active[i];
    }
    return n;
}

// P(X <= x) of beta-binomial counts of n days with parameters a and b.
static double at_most(size_t x, size_t n, double a, double b)
{
    double base = lgamma(a + b) - lgamma(a) - lgamma(b) - lgamma(a + b + (double)n);
    double sum = 0.0;

    for (size_t k = 0; k <= x; k++) {
        double choose =
            lgamma((double)n + 1.0) - lgamma((double)k + 1.0) - lgamma((double)(n - k) + 1.0);
        sum += exp(choose + base + lgamma(a + (double)k) + lgamma(b + (double)(n - k)));
    }
    return fmin(sum, 1.0);
}

/* The customer's weeks before a window. */
struct history {
    size_t n_weeks;
    double p;   /* share of active days */
    double rho; /* correlation of the days of one week */
};

static struct history look_back(const uint8_t *active, size_t first, size_t end)
{
    struct history history = {.n_weeks = (end - first) / WEEK};
    double sum = 0.0;
    double squares = 0.0;

    if (history.n_weeks > WL_DROP_WEEKS_MAX) {
        history.n_weeks = WL_DROP_WEEKS_MAX;
    }
    double n = (double)history.n_weeks;
    for (size_t i = 0; i < history.n_weeks; i++) {
        double x = week_before(active, end - i * WEEK);
        sum += x;
        squares += x * x;
    }
    // As if one active and one idle day more had been seen: no share is exactly 0 or 1.
    history.p = (sum + 1.0) / (WEEK * n + 2.0);
    double variance = n > 1.0 ? (squares - sum * sum / n) / (n - 1.0) : 0.0;
    double binomial = WEEK * history.p * (1.0 - history.p);
    history.rho = fmin(fmax((variance / binomial - 1.0) / (WEEK - 1.0), 0.0), RHO_MAX);
    return history;
}

static struct wl_drop judge(const uint8_t *active, size_t first, size_t n_days, size_t window_days,
                            size_t n_weeks_min)
{
    struct wl_drop drop = {.chance = (double)NAN, .window_days = window_days};
    size_t end = n_days - window_days;
    size_t x = 0;

    if (n_days < window_days || end < first + n_weeks_min * WEEK) {
        return drop;
    }
    struct history history = look_back(active, first, end);
    for (size_t i = end; i < n_days; i++) {
        x += active[i];
    }
    // The share is known as well as the days seen allow, and varies as much as the weeks did.
    double known = WEEK * (double)history.n_weeks;
    double weight = history.rho > 0.0 ? fmin(1.0 / history.rho - 1.0, known) : known;
    drop.observed = (double)x;
    drop.baseline = history.p * (double)window_days;
    drop.chance = at_most(x, window_days, history.p * weight, (1.0 - history.p) * weight);
    return drop;
}

struct wl_drop wl_drop_test(const uint8_t *active, size_t n_days, size_t n_weeks_min)
{
    size_t first = 0;

    while (first < n_days && active[first] == 0) {
        first++;
    }
    struct wl_drop one = judge(active, first, n_days, WEEK, n_weeks_min);
    struct wl_drop two = judge(active, first, n_days, 2 * WEEK, n_weeks_min);
    struct wl_drop best = isnan(two.chance) || one.chance <= two.chance ? one : two;
    best.chance = isnan(best.chance) ? best.chance : fmin(2.0 * best.chance, 1.0);
    return best;
}
