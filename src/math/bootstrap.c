/* User-cluster bootstrap.
 *
 * A resample is a vector of row weights, not a copy of rows: what was sorted once stays sorted.
 * Users are listed stratum by stratum; a draw picks a place within the stratum. All figures of an
 * evaluation are taken from the same resample, so their intervals are consistent with each other
 * and the draw is paid once. Measured: 1000 resamples of 10,000 users with one AUC in 0.19 s on one
 * core. */
#include "math/bootstrap.h"

#include "base/limits.h"
#include "base/rng.h"
#include "base/thread.h"
#include "math/statistics.h"

#include <math.h>
#include <string.h>

#define PIECE         8   // resamples handed out at a time: a millisecond or so of work
#define JACKKNIFE_MAX 100 // groups left out in turn; acceleration is a third moment, this is plenty
#define LEVEL_LOW     0.025
#define LEVEL_HIGH    0.975
#define DEFINED_SHARE 0.95 // with more undefined resamples the rest is a biased sample

struct run {
    const struct wl_bootstrap *plan;
    uint32_t *users;       /* (n_clusters) cluster ids, stratum 0 first; owned */
    size_t n_first;        /* users in stratum 0 */
    uint32_t *user_weight; /* (n_threads, n_clusters) owned */
    uint32_t *row_weight;  /* (n_threads, n_rows) owned */
    double *samples;       /* (n_resamples, n_values) owned */
    double *column;        /* (n_resamples) scratch, owned */
};

static void draw(struct wl_rng *rng, const uint32_t *users, size_t n_users, uint32_t *user_weight)
{
    for (size_t i = 0; i < n_users; i++) {
        user_weight[users[wl_rng_below(rng, n_users)]]++;
    }
}

static void spread_weights(const struct wl_bootstrap *plan, const uint32_t *user_weight,
                           uint32_t *row_weight)
{
    for (size_t i = 0; i < plan->n_rows; i++) {
        row_weight[i] = user_weight[plan->cluster[i]];
    }
}

static wl_status resample(void *context, size_t begin, size_t end, size_t i_worker, wl_error *error)
{
    struct run *run = context;
    const struct wl_bootstrap *plan = run->plan;
    uint32_t *user_weight = run->user_weight + i_worker * plan->n_clusters;
    uint32_t *row_weight = run->row_weight + i_worker * plan->n_rows;

    (void)error;
    for (size_t r = begin; r < end; r++) {
        struct wl_rng rng;
        wl_rng_init(&rng, plan->seed, r);
        memset(user_weight, 0, plan->n_clusters * sizeof(*user_weight));
        draw(&rng, run->users, run->n_first, user_weight);
        draw(&rng, run->users + run->n_first, plan->n_clusters - run->n_first, user_weight);
        spread_weights(plan, user_weight, row_weight);
        plan->figures(plan->data, row_weight, run->samples + r * plan->n_values);
    }
    return WL_OK;
}

// Figures without each group of users in turn; a group takes every n-th user of the stratum order.
static size_t jackknife(struct run *run, double *left_out)
{
    const struct wl_bootstrap *plan = run->plan;
    size_t n_groups = plan->n_clusters < JACKKNIFE_MAX ? plan->n_clusters : JACKKNIFE_MAX;

    for (size_t g = 0; g < n_groups; g++) {
        for (size_t u = 0; u < plan->n_clusters; u++) {
            run->user_weight[run->users[u]] = u % n_groups == g ? 0 : 1;
        }
        spread_weights(plan, run->user_weight, run->row_weight);
        plan->figures(plan->data, run->row_weight, left_out + g * plan->n_values);
    }
    return n_groups;
}

static double acceleration(const double *left_out, size_t n_groups, size_t stride)
{
    double mean = 0.0;
    double square = 0.0;
    double cube = 0.0;

    for (size_t g = 0; g < n_groups; g++) {
        mean += left_out[g * stride] / (double)n_groups;
    }
    for (size_t g = 0; g < n_groups; g++) {
        double step = mean - left_out[g * stride];
        square += step * step;
        cube += step * step * step;
    }
    double a = cube / (6.0 * pow(square, 1.5));
    return isfinite(a) ? a : 0.0;
}

static double bca_level(double level, double bias, double a)
{
    double z = bias + wl_normal_quantile(level);
    return wl_normal_cdf(bias + z / (1.0 - a * z));
}

// A mean of |differences| is larger in nearly every resample than over all rows, so that the
// percentiles may miss the value itself. The mean resample is moved onto the value: what is left is
// the spread. The ends never pass the value, however skewed the resamples are.
static void fill_centred(double mean, struct wl_interval *interval)
{
    double bias = mean - interval->value;

    interval->centred_low = fmin(interval->low - bias, interval->value);
    interval->centred_high = fmax(interval->high - bias, interval->value);
}

static void fill_interval(struct run *run, size_t v, double a, struct wl_interval *interval)
{
    size_t n_values = run->plan->n_values;
    size_t n = 0;
    double below = 0.0;
    double sum = 0.0;

    for (size_t r = 0; r < run->plan->n_resamples; r++) {
        double value = run->samples[r * n_values + v];
        if (!isnan(value)) {
            run->column[n++] = value;
            sum += value;
            below += value < interval->value ? 1.0 : value == interval->value ? 0.5 : 0.0;
        }
    }
    if (isnan(interval->value) || (double)n < DEFINED_SHARE * (double)run->plan->n_resamples) {
        return;
    }
    wl_doubles_sort(run->column, n);
    interval->low = wl_quantile(run->column, n, LEVEL_LOW);
    interval->high = wl_quantile(run->column, n, LEVEL_HIGH);
    fill_centred(sum / (double)n, interval);
    // One resample from either end at most: an infinite bias would say nothing.
    double share =
        fmin(fmax(below / (double)n, 1.0 / (double)(n + 1)), 1.0 - 1.0 / (double)(n + 1));
    double bias = wl_normal_quantile(share);
    interval->bca_low = wl_quantile(run->column, n, bca_level(LEVEL_LOW, bias, a));
    interval->bca_high = wl_quantile(run->column, n, bca_level(LEVEL_HIGH, bias, a));
}

static struct wl_interval no_interval(double value)
{
    double nan = (double)NAN;
    return (struct wl_interval){value, nan, nan, nan, nan, nan, nan};
}

static wl_status check_plan(const struct wl_bootstrap *plan, wl_error *error)
{
    WL_ASSERT(plan->n_values > 0 && plan->n_values <= WL_FIGURES_MAX && plan->n_threads > 0);
    if (plan->n_resamples == 0 || plan->n_resamples > WL_BOOTSTRAP_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu resamples are not between 1 and %d",
                       plan->n_resamples, WL_BOOTSTRAP_MAX);
    }
    if (plan->n_rows == 0) {
        return wl_fail(error, WL_EINVAL, "no rows to resample");
    }
    for (size_t i = 0; i < plan->n_rows; i++) {
        if (plan->cluster[i] >= plan->n_clusters) {
            return wl_fail(error, WL_EINVAL, "row %zu is of user %u, there are %zu", i,
                           plan->cluster[i], plan->n_clusters);
        }
    }
    for (size_t u = 0; u < plan->n_clusters; u++) {
        if (plan->stratum[u] > 1) {
            return wl_fail(error, WL_EINVAL, "user %zu is in stratum %d, not 0 or 1", u,
                           plan->stratum[u]);
        }
    }
    return WL_OK;
}

static void run_release(struct run *run, const wl_alloc *alloc)
{
    wl_alloc_free(alloc, run->users);
    wl_alloc_free(alloc, run->user_weight);
    wl_alloc_free(alloc, run->row_weight);
    wl_alloc_free(alloc, run->samples);
    wl_alloc_free(alloc, run->column);
}

static wl_status run_init(struct run *run, const struct wl_bootstrap *plan, const wl_alloc *alloc,
                          wl_error *error)
{
    size_t n_samples = plan->n_resamples > JACKKNIFE_MAX ? plan->n_resamples : JACKKNIFE_MAX;
    size_t n_seen = 0;

    *run = (struct run){.plan = plan};
    run->users = wl_alloc_array(alloc, plan->n_clusters, sizeof(*run->users));
    run->user_weight =
        wl_alloc_array(alloc, plan->n_clusters, plan->n_threads * sizeof(*run->user_weight));
    run->row_weight =
        wl_alloc_array(alloc, plan->n_rows, plan->n_threads * sizeof(*run->row_weight));
    run->samples = wl_alloc_array(alloc, n_samples, plan->n_values * sizeof(*run->samples));
    run->column = wl_alloc_array(alloc, plan->n_resamples, sizeof(*run->column));
    if (run->users == NULL || run->user_weight == NULL || run->row_weight == NULL ||
        run->samples == NULL || run->column == NULL) {
        run_release(run, alloc);
        return wl_fail(error, WL_ENOMEM, "no memory for a bootstrap of %zu rows", plan->n_rows);
    }
    for (uint8_t s = 0; s < 2; s++) {
        for (size_t u = 0; u < plan->n_clusters; u++) {
            if (plan->stratum[u] == s) {
                run->users[n_seen++] = (uint32_t)u;
            }
        }
        run->n_first = s == 0 ? n_seen : run->n_first;
    }
    return WL_OK;
}

wl_status wl_bootstrap_run(const struct wl_bootstrap *bootstrap, const wl_alloc *alloc,
                           struct wl_interval *intervals, wl_error *error)
{
    double values[WL_FIGURES_MAX];
    double a[WL_FIGURES_MAX];
    struct run run;

    WL_TRY(check_plan(bootstrap, error));
    WL_TRY(run_init(&run, bootstrap, alloc, error));
    // The jackknife borrows the samples' memory before the resamples need it.
    size_t n_groups = jackknife(&run, run.samples);
    for (size_t v = 0; v < bootstrap->n_values; v++) {
        a[v] = acceleration(run.samples + v, n_groups, bootstrap->n_values);
    }
    wl_status status =
        wl_parallel_for(bootstrap->n_threads, bootstrap->n_resamples, PIECE, resample, &run, error);
    if (status == WL_OK) {
        bootstrap->figures(bootstrap->data, NULL, values);
        for (size_t v = 0; v < bootstrap->n_values; v++) {
            intervals[v] = no_interval(values[v]);
            fill_interval(&run, v, a[v], &intervals[v]);
        }
    }
    run_release(&run, alloc);
    return status;
}
