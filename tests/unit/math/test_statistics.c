/* Goal:   rates, intervals and quantiles follow their definitions.
 * Method: tables of cases worked out by hand; scipy's values stand in tests/golden/metrics. */
#include "check.h"

#include "math/statistics.h"

static void test_rates_at_a_threshold(void)
{
    // The write-up's arithmetic: 10,000 users, 3,000 leave, 800 false alarms and no other mistake.
    struct wl_confusion counts = {.tp = 3000, .fp = 800, .fn = 0, .tn = 6200};

    CHECK_CLOSE(wl_precision(&counts), 3000.0 / 3800.0, 1e-15);
    CHECK_CLOSE(wl_recall(&counts), 1.0, 1e-15);
    CHECK_CLOSE(wl_accuracy(&counts), 0.92, 1e-15);
    CHECK_CLOSE(wl_f1_positive(&counts), 6000.0 / 6800.0, 1e-15); // 0.882: F1 0.91 is out of reach
    CHECK_CLOSE(wl_f1_macro(&counts), 0.5 * (6000.0 / 6800.0 + 12400.0 / 13200.0), 1e-15);
    CHECK_CLOSE(wl_f1_weighted(&counts), 0.3 * 6000.0 / 6800.0 + 0.7 * 12400.0 / 13200.0, 1e-15);
}

static void test_rates_without_denominator(void)
{
    struct wl_confusion nobody_flagged = {.fn = 3, .tn = 5};
    struct wl_confusion nobody_left = {.fp = 3, .tn = 5};

    CHECK(isnan(wl_precision(&nobody_flagged)));
    CHECK_CLOSE(wl_f1_positive(&nobody_flagged), 0.0, 0.0);
    CHECK(isnan(wl_recall(&nobody_left)));
    CHECK(isnan(wl_f1_positive(&nobody_left)));
    CHECK(isnan(wl_f1_macro(&nobody_left)));
}

static void test_cluster_effect(void)
{
    const uint8_t hit[] = {1, 1, 0, 0, 1, 1, 0, 0};
    const uint8_t used[] = {1, 1, 1, 1, 0, 0, 0, 0};
    const uint32_t pairs[] = {0, 0, 1, 1, 2, 2, 3, 3};
    const uint32_t alone[] = {0, 1, 2, 3, 4, 5, 6, 7};
    double scratch[8];

    // Two rows of a user always agree: half the information. Four users correct by 4/3.
    CHECK_CLOSE(wl_cluster_effect(hit, NULL, pairs, 8, scratch, 4), 2.0 * 4.0 / 3.0, 1e-12);
    CHECK_CLOSE(wl_cluster_effect(hit, NULL, alone, 8, scratch, 8), 8.0 / 7.0, 1e-12);
    CHECK_CLOSE(wl_cluster_effect(hit, used, pairs, 8, scratch, 4), 2.0 * 2.0, 1e-12);
    CHECK_CLOSE(wl_cluster_effect(hit, hit, pairs, 8, scratch, 4), 1.0, 1e-12); // share is 1
}

static void test_quantiles(void)
{
    double values[] = {3.0, 1.0, 2.0};

    wl_doubles_sort(values, 3);
    CHECK_CLOSE(wl_quantile(values, 3, 0.0), 1.0, 0.0);
    CHECK_CLOSE(wl_quantile(values, 3, 0.25), 1.5, 1e-15);
    CHECK_CLOSE(wl_quantile(values, 3, 1.0), 3.0, 0.0);
    CHECK(isnan(wl_quantile(values, 0, 0.5)));
}

static void test_normal_distribution(void)
{
    CHECK_CLOSE(wl_normal_quantile(0.975), WL_Z_95, 1e-14);
    CHECK_CLOSE(wl_normal_quantile(0.5), 0.0, 1e-15);
    CHECK(isinf(wl_normal_quantile(0.0)) && wl_normal_quantile(0.0) < 0.0);
    CHECK(isinf(wl_normal_quantile(1.0)) && wl_normal_quantile(1.0) > 0.0);
    for (double p = 0.0005; p < 1.0; p += 0.0005) {
        CHECK_CLOSE(wl_normal_cdf(wl_normal_quantile(p)), p, 1e-14);
    }
}

int main(void)
{
    RUN(test_rates_at_a_threshold);
    RUN(test_rates_without_denominator);
    RUN(test_cluster_effect);
    RUN(test_quantiles);
    RUN(test_normal_distribution);
    return check_report();
}
