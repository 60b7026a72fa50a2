/* Baseline, normal scores, CUSUM.
 *
 * Once a day a baseline is fitted to the weeks before: a level, a factor per weekday, a factor per
 * slot of the day, all shrunk towards 1 and with outlying windows weighed down, so that a surge of
 * the past is no season of the future. Each count becomes the normal score of its place in the
 * negative binomial distribution that the baseline predicts (mean and scatter, both uncertain), and
 * a one-sided CUSUM of the scores raises the alarm. Why not thresholds on single days: a rise by
 * half would take weeks to be seen. Why not a likelihood ratio of counts: its limit depends on
 * every mean and scatter, that of normal scores only on the budget of false alarms. */
#include "math/surge.h"

#include "math/statistics.h"

#include <math.h>
#include <string.h>

#define ALLOWANCE     0.75 // half of 1.5 standard deviations, the shift to be found fastest
#define SHRINK_COUNTS 10.0 // a factor is trusted like so many counts already seen at 1
#define OUTLIER       3.5  // residuals above weigh (3.5 / r)^2; at 2.58 wide scatter looks narrow
#define CAUTION       1.5  // standard errors that the scatter is taken wider than it was measured
#define BUDGET_SHARE  0.65 // of the false alarms by pure chance; the rest for what is estimated
#define N_ROUNDS      3    // of fitting and weighing; the weights have settled then
#define SCORE_MAX     6.0  // one window counts no more
#define CUSUM_SLACK   2.0  // above the limit a CUSUM stays within this, so that a surge can end

struct wl_surge_options wl_surge_defaults(void)
{
    return (struct wl_surge_options){.slots = 1,
                                     .baseline_days = 56,
                                     .baseline_days_min = 28,
                                     .guard_days = 7,
                                     .alarms_per_year = 1.0,
                                     .alarms_per_year_all = 12.0,
                                     .n_series = 1};
}

/* ---- distributions ---- */

// Continued fraction of the incomplete beta function by Lentz's method; DLMF 8.17.22.
static double beta_fraction(double a, double b, double x)
{
    double c = 1.0;
    double d = 1.0 / (1.0 - (a + b) * x / (a + 1.0));
    double h = d;

    for (int m = 1; m <= 300; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1.0 / (1.0 + even * d);
        c = 1.0 + even / c;
        h *= d * c;
        d = 1.0 / (1.0 + odd * d);
        c = 1.0 + odd / c;
        double step = d * c;
        h *= step;
        if (fabs(step - 1.0) < 1e-14) {
            break;
        }
    }
    return h;
}

// Regularised incomplete beta function I_x(a, b), 0 < x < 1.
static double incomplete_beta(double a, double b, double x)
{
    double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1.0) / (a + b + 2.0)) {
        return front * beta_fraction(a, b, x) / a;
    }
    return 1.0 - front * beta_fraction(b, a, 1.0 - x) / b;
}

double wl_negative_binomial_mid(double y, double mean, double variance)
{
    // Poisson is the limit of large size; 1e6 times the mean is as near as doubles tell.
    double size = mean * mean / fmax(variance - mean, mean * 1e-6);
    double p = size / (size + mean);
    double below = y > 0.0 ? incomplete_beta(size, y, p) : 0.0;
    double at =
        exp(lgamma(y + size) - lgamma(size) - lgamma(y + 1.0) + size * log(p) + y * log1p(-p));
    return fmin(fmax(below + at / 2.0, 0.0), 1.0);
}

/* ---- the baseline ---- */

struct baseline {
    double level;      /* mean count of a window */
    double weekday[7]; /* factors around 1 */
    double slot[24];
    double seen_all; /* counts behind the level */
    double seen[7];  /* and behind the factors */
    double dispersion;
};

/* What a fit works on: windows first .. first + n - 1. */
struct span {
    const struct wl_surge_options *options;
    const uint32_t *counts; /* of the whole series */
    double *weights;        /* (n) */
    size_t first;
    size_t n;
};

static size_t weekday_of(const struct wl_surge_options *options, size_t window)
{
    return (window / options->slots + options->weekday) % 7;
}

static double expected_at(const struct baseline *base, const struct wl_surge_options *options,
                          size_t window)
{
    return base->level * base->weekday[weekday_of(options, window)] *
           base->slot[window % options->slots];
}

static void fit_factors(const struct span *span, struct baseline *base)
{
    const struct wl_surge_options *options = span->options;
    double by_weekday[7] = {0};
    double by_slot[24] = {0};
    double expected_weekday[7] = {0};
    double expected_slot[24] = {0};
    double sum = 0.0;
    double weight = 0.0;

    for (size_t i = 0; i < span->n; i++) {
        sum += span->weights[i] * span->counts[span->first + i];
        weight += span->weights[i];
    }
    base->level = fmax(sum / weight, 1e-9);
    base->seen_all = sum;
    for (size_t i = 0; i < span->n; i++) {
        size_t window = span->first + i;
        size_t day = weekday_of(options, window);
        size_t slot = window % options->slots;
        by_weekday[day] += span->weights[i] * span->counts[window];
        by_slot[slot] += span->weights[i] * span->counts[window];
        expected_weekday[day] += span->weights[i] * base->level * base->slot[slot];
        expected_slot[slot] += span->weights[i] * base->level;
    }
    for (size_t k = 0; k < 7; k++) {
        base->weekday[k] = (by_weekday[k] + SHRINK_COUNTS) / (expected_weekday[k] + SHRINK_COUNTS);
        base->seen[k] = by_weekday[k];
    }
    for (size_t k = 0; k < options->slots && options->slots > 1; k++) {
        base->slot[k] = (by_slot[k] + SHRINK_COUNTS) / (expected_slot[k] + SHRINK_COUNTS);
    }
}

static void fit_dispersion(const struct span *span, struct baseline *base)
{
    const struct wl_surge_options *options = span->options;
    double squares = 0.0;
    double weight = 0.0;
    double n_parameters = 7.0 + (options->slots > 1 ? (double)options->slots - 1.0 : 0.0);

    for (size_t i = 0; i < span->n; i++) {
        double mean = expected_at(base, options, span->first + i);
        double gap = span->counts[span->first + i] - mean;
        squares += span->weights[i] * gap * gap / mean;
        weight += span->weights[i];
    }
    double n_free = fmax(weight - n_parameters, 1.0);
    double excess = fmax(squares / n_free - 1.0, 0.0);
    base->dispersion = 1.0 + excess * (1.0 + CAUTION * sqrt(2.0 / n_free));
}

static void weigh_down_outliers(const struct span *span, const struct baseline *base)
{
    for (size_t i = 0; i < span->n; i++) {
        double mean = expected_at(base, span->options, span->first + i);
        double r = (span->counts[span->first + i] - mean) / sqrt(base->dispersion * mean);
        span->weights[i] = r > OUTLIER ? OUTLIER * OUTLIER / (r * r) : 1.0;
    }
}

static struct baseline fit(const struct span *span)
{
    struct baseline base = {.level = 1.0};

    for (size_t k = 0; k < 24; k++) {
        base.slot[k] = 1.0;
    }
    for (size_t i = 0; i < span->n; i++) {
        span->weights[i] = 1.0;
    }
    for (int round = 0; round < N_ROUNDS; round++) {
        fit_factors(span, &base);
        fit_dispersion(span, &base);
        if (round + 1 < N_ROUNDS) {
            weigh_down_outliers(span, &base);
        }
    }
    return base;
}

// The baseline's own uncertainty widens what is predicted: level and weekday rest on few counts.
static struct wl_surge_point judge(const struct baseline *base,
                                   const struct wl_surge_options *options, size_t window,
                                   double count)
{
    double mean = expected_at(base, options, window);
    double seen = base->seen[weekday_of(options, window)];
    double relative =
        base->dispersion * (1.0 / (base->seen_all + SHRINK_COUNTS) + 1.0 / (seen + SHRINK_COUNTS));
    double variance = base->dispersion * mean + mean * mean * relative;
    double place = wl_negative_binomial_mid(count, mean, variance);
    double z = wl_normal_quantile(place);

    return (struct wl_surge_point){.expected = mean,
                                   .dispersion = base->dispersion,
                                   .z = fmin(fmax(z, -SCORE_MAX), SCORE_MAX)};
}

/* ---- the alarm ---- */

double wl_surge_limit(const struct wl_surge_options *options)
{
    double share = options->alarms_per_year_all / (double)options->n_series;
    double a_year = fmin(options->alarms_per_year, share);
    double want = 365.0 * (double)options->slots / (BUDGET_SHARE * a_year);
    double low = 0.0;
    double high = 60.0;

    for (int i = 0; i < 100; i++) { // the mean time rises with the limit
        double limit = (low + high) / 2.0;
        double b = 2.0 * ALLOWANCE * (limit + 1.166);
        double time = (exp(b) - b - 1.0) / (2.0 * ALLOWANCE * ALLOWANCE);
        low = time < want ? limit : low;
        high = time < want ? high : limit;
    }
    return high;
}

/* The CUSUM as it walks along. */
struct walk {
    double limit;
    double cusum;
    double dispersion; /* of the last window judged */
    size_t begin;      /* window after the last one at 0 */
    size_t last;       /* last window that rose */
    size_t alarm;
    bool is_on; /* a surge goes on */
};

// Sums of a surge that has ended, or goes on at the end; its interval is that of a quasi-Poisson
// count whose expectation is known.
static void close_surge(const struct walk *walk, size_t end, const uint32_t *counts,
                        const double *expected, struct wl_surge *surge)
{
    *surge = (struct wl_surge){.begin = walk->begin, .alarm = walk->alarm, .end = end};
    for (size_t i = walk->begin; i < end; i++) {
        surge->count += counts[i];
        surge->expected += expected[i];
    }
    double half = WL_Z_95 * sqrt(walk->dispersion / fmax(surge->count, 1.0));
    surge->ratio = surge->count / surge->expected;
    surge->low = surge->ratio * exp(-half);
    surge->high = surge->ratio * exp(half);
}

/* One scan. */
struct scan {
    const struct wl_surge_options *options;
    const uint32_t *counts;
    double *expected; /* (n_windows) */
    struct wl_surge *surges;
    size_t n_surges_max;
    size_t n_surges;
    struct walk walk;
};

static void add_surge(struct scan *scan, size_t end)
{
    if (scan->n_surges < scan->n_surges_max) {
        close_surge(&scan->walk, end, scan->counts, scan->expected, &scan->surges[scan->n_surges]);
    }
    scan->n_surges++;
}

static void step(struct scan *scan, size_t window, struct wl_surge_point *point)
{
    struct walk *walk = &scan->walk;
    double rise = point->z - ALLOWANCE;

    walk->cusum = fmin(walk->cusum + rise, walk->limit + CUSUM_SLACK);
    walk->dispersion = point->dispersion;
    if (walk->cusum <= 0.0) {
        if (walk->is_on) {
            add_surge(scan, walk->last + 1);
        }
        walk->cusum = 0.0;
        walk->begin = window + 1;
        walk->is_on = false;
    } else if (rise > 0.0) {
        walk->last = window;
    }
    if (!walk->is_on && walk->cusum >= walk->limit) {
        walk->is_on = true;
        walk->alarm = window;
    }
    point->cusum = walk->cusum;
}

static wl_status check(const struct wl_surge_options *options, wl_error *error)
{
    if (options->slots == 0 || 24 % options->slots != 0) {
        return wl_fail(error, WL_EINVAL, "%zu windows a day do not divide 24 hours",
                       options->slots);
    }
    if (options->baseline_days_min < 14 || options->baseline_days < options->baseline_days_min) {
        return wl_fail(error, WL_EINVAL, "a baseline of %zu days is shorter than two weeks or %zu",
                       options->baseline_days, options->baseline_days_min);
    }
    if (!(options->alarms_per_year > 0.0) || !(options->alarms_per_year_all > 0.0) ||
        options->n_series == 0) {
        return wl_fail(error, WL_EINVAL, "a budget of false alarms must be above 0");
    }
    return WL_OK;
}

// The span of the past that windows of this day are judged from; n is 0 while it is too short.
static struct span past_of(const struct scan *scan, size_t day, double *weights)
{
    const struct wl_surge_options *options = scan->options;
    size_t end = day > options->guard_days ? day - options->guard_days : 0;
    size_t n_days = end < options->baseline_days ? end : options->baseline_days;

    return (struct span){.options = options,
                         .counts = scan->counts,
                         .weights = weights,
                         .first = (end - n_days) * options->slots,
                         .n = n_days < options->baseline_days_min ? 0 : n_days * options->slots};
}

wl_status wl_surge_scan(const wl_alloc *alloc, const struct wl_surge_options *options,
                        const uint32_t *counts, size_t n_windows, struct wl_surge_point *points,
                        struct wl_surge *surges, size_t n_surges_max, size_t *n_surges,
                        wl_error *error)
{
    size_t n_span = options->baseline_days * options->slots;
    struct scan scan = {
        .options = options, .counts = counts, .surges = surges, .n_surges_max = n_surges_max};
    struct span span = {.n = 0};
    struct baseline base = {.level = 0.0};

    WL_TRY(check(options, error));
    double *memory = wl_alloc_array(alloc, n_windows + n_span, sizeof(*memory));
    if (memory == NULL && n_windows + n_span > 0) {
        return wl_fail(error, WL_ENOMEM, "no memory for the baseline of %zu windows", n_windows);
    }
    scan.expected = memory;
    scan.walk.limit = wl_surge_limit(options);
    for (size_t i = 0; i < n_windows; i++) {
        struct wl_surge_point point = {.expected = (double)NAN, .dispersion = (double)NAN};
        if (i % options->slots == 0) {
            span = past_of(&scan, i / options->slots, memory + n_windows);
            base = span.n > 0 ? fit(&span) : base;
        }
        scan.walk.begin = span.n == 0 ? i + 1 : scan.walk.begin;
        if (span.n > 0) {
            point = judge(&base, options, i, counts[i]);
            scan.expected[i] = point.expected;
            step(&scan, i, &point);
        }
        if (points != NULL) {
            points[i] = point;
        }
    }
    if (scan.walk.is_on) {
        add_surge(&scan, n_windows);
    }
    wl_alloc_free(alloc, memory);
    *n_surges = scan.n_surges;
    return WL_OK;
}
