/* Goal:   bootstrap intervals cover as they say, respect users and strata, and do not depend on
 *         threads.
 * Method: means with a known standard error; rows duplicated within users must widen nothing;
 *         one, two and five threads compared bit by bit; figures that are undefined; failures. */
#include "check.h"

#include "base/rng.h"
#include "math/bootstrap.h"
#include "math/statistics.h"

#define N 2000

struct table {
    size_t n;
    const double *x;
};

static void mean_figure(const void *data, const uint32_t *weight, double *values)
{
    const struct table *table = data;
    double sum = 0.0, n = 0.0;
    for (size_t i = 0; i < table->n; i++) {
        double w = weight != NULL ? (double)weight[i] : 1.0;
        sum += w * table->x[i];
        n += w;
    }
    values[0] = sum / n;
    values[1] = n;
}

static double x[N];
static uint32_t alone[N], pairs[N];
static uint8_t stratum[N];

static void fill(uint64_t seed)
{
    struct wl_rng rng;
    wl_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < N; i++) {
        x[i] = wl_rng_normal(&rng);
        alone[i] = (uint32_t)i;
        pairs[i] = (uint32_t)(i / 2);
        stratum[i] = i % 5 == 0;
    }
}

static struct wl_bootstrap plan_of(const struct table *table)
{
    return (struct wl_bootstrap){.n_rows = N,
                                 .cluster = alone,
                                 .n_clusters = N,
                                 .stratum = stratum,
                                 .n_resamples = 1000,
                                 .seed = 42,
                                 .n_threads = 1,
                                 .figures = mean_figure,
                                 .data = table,
                                 .n_values = 2};
}

static void test_width_is_the_standard_error(void)
{
    struct table table = {N, x};
    struct wl_interval intervals[2];

    fill(7);
    struct wl_bootstrap plan = plan_of(&table);
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), intervals, NULL), WL_OK);
    double width = intervals[0].high - intervals[0].low;
    // Width 2 * 1.96 / sqrt(N); the end of a 1000-resample percentile has about 5 % noise.
    CHECK_CLOSE(width / (2.0 * WL_Z_95 / sqrt(N)), 1.0, 0.12);
    CHECK(intervals[0].low < intervals[0].value && intervals[0].value < intervals[0].high);
    CHECK_CLOSE(intervals[0].bca_low, intervals[0].low, 0.01); // a mean is not skewed
    CHECK_CLOSE(intervals[1].low, N, 0.0);                     // strata keep their sizes
    CHECK_CLOSE(intervals[1].high, N, 0.0);
}

// |mean| of values around 0 is larger in nearly every resample than over all rows.
static void distance_figure(const void *data, const uint32_t *weight, double *values)
{
    mean_figure(data, weight, values);
    values[0] = fabs(values[0]);
}

static void test_centred_intervals_hold_what_resamples_overstate(void)
{
    struct table table = {N, x};
    struct wl_interval intervals[2];
    double mean = 0.0;

    fill(7);
    for (size_t i = 0; i < N; i++) {
        mean += x[i] / N;
    }
    for (size_t i = 0; i < N; i++) {
        x[i] -= mean; // the figure over all rows is 0
    }
    struct wl_bootstrap plan = plan_of(&table);
    plan.figures = distance_figure;
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), intervals, NULL), WL_OK);
    CHECK(intervals[0].low > intervals[0].value); // the plain percentiles miss it
    CHECK(intervals[0].centred_low <= intervals[0].value);
    CHECK(intervals[0].centred_high > intervals[0].value);
    double width = intervals[0].high - intervals[0].low;
    CHECK_CLOSE(intervals[0].centred_high - intervals[0].centred_low, width, 1e-9);
}

static void test_users_stay_together(void)
{
    struct table table = {N, x};
    struct wl_interval apart[2], together[2];

    fill(7);
    for (size_t i = 0; i < N; i += 2) {
        x[i + 1] = x[i]; // the second row of a user says nothing new
    }
    struct wl_bootstrap plan = plan_of(&table);
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), apart, NULL), WL_OK);
    plan.cluster = pairs;
    plan.n_clusters = N / 2;
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), together, NULL), WL_OK);
    double ratio = (together[0].high - together[0].low) / (apart[0].high - apart[0].low);
    CHECK_CLOSE(ratio, sqrt(2.0), 0.15); // rows drawn apart would claim too much
}

static void test_threads_change_no_byte(void)
{
    struct table table = {N, x};
    struct wl_interval one[2], other[2];

    fill(9);
    struct wl_bootstrap plan = plan_of(&table);
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), one, NULL), WL_OK);
    for (size_t n_threads = 2; n_threads <= 5; n_threads += 3) {
        plan.n_threads = n_threads;
        CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), other, NULL), WL_OK);
        CHECK(memcmp(one, other, sizeof(one)) == 0);
    }
    plan.seed++; // planted difference: the comparison can fail
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), other, NULL), WL_OK);
    CHECK(memcmp(one, other, sizeof(one)) != 0);
}

static void undefined_figure(const void *data, const uint32_t *weight, double *values)
{
    (void)data;
    values[0] = weight == NULL ? 1.0 : (double)NAN;
    values[1] = weight == NULL ? (double)NAN : 1.0;
}

static void test_undefined_figures_have_no_interval(void)
{
    struct table table = {N, x};
    struct wl_interval intervals[2];
    struct wl_bootstrap plan = plan_of(&table);

    fill(1);
    plan.figures = undefined_figure;
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), intervals, NULL), WL_OK);
    CHECK(isnan(intervals[0].low) && isnan(intervals[0].bca_high));
    CHECK(isnan(intervals[1].low) && isnan(intervals[1].value));
}

static void test_bad_plans_are_refused(void)
{
    struct table table = {N, x};
    struct wl_interval intervals[2];
    struct wl_bootstrap plan = plan_of(&table);
    wl_error error = {0};

    fill(1);
    plan.n_resamples = 0;
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), intervals, &error), WL_ELIMIT);
    plan = plan_of(&table);
    plan.n_clusters = 10;
    CHECK_INT(wl_bootstrap_run(&plan, wl_alloc_default(), intervals, &error), WL_EINVAL);
    CHECK_STR(error.message, "row 10 is of user 10, there are 10");
}

static void test_every_failed_allocation(void)
{
    struct table table = {N, x};
    struct wl_interval intervals[2];
    struct wl_bootstrap plan = plan_of(&table);

    fill(1);
    plan.n_resamples = 10;
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = wl_bootstrap_run(&plan, &heap.alloc, intervals, NULL);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK_INT(n_good, 5);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_width_is_the_standard_error);
    RUN(test_centred_intervals_hold_what_resamples_overstate);
    RUN(test_users_stay_together);
    RUN(test_threads_change_no_byte);
    RUN(test_undefined_figures_have_no_interval);
    RUN(test_bad_plans_are_refused);
    RUN(test_every_failed_allocation);
    return check_report();
}
