/* Goal:   "up" and "down" rest on the exact binomial test, and numbers read as people write them.
 * Method: p-values of scipy 1.10.1, min(1, 2 * min(binom.cdf(k, n, s), binom.sf(k - 1, n, s)));
 *         the share of false alarms on unchanged rates; a table of numbers. */
#include "check.h"

#include "base/rng.h"
#include "explain/count_change.h"
#include "explain/number_text.h"

static const struct {
    double count;
    double before;
    double share;
    double p;
} p_cases[] = {
    {3, 9, 0.5, 0.14599609375},
    {0, 6, 0.5, 0.03125},
    {0, 5, 0.5, 0.0625},
    {3, 27, 0.25, 0.074898651447601716},
    {12, 9, 0.5, 0.66362380981445312},
    {2, 3, 0.5, 1},
    {0, 0, 0.5, 1},
    {1000, 1200, 0.5, 2.181702640791419e-05},
    {50, 1000, 0.018817204301075269, 1.1018163247433406e-08},
    {5, 1000, 0.018817204301075269, 0.00029713581859077158},
    {123456, 250000, 0.33000000000000002, 0.45423833645722739},
    {30, 2, 0.5, 2.4633482098579407e-07},
};

static void test_p_values_equal_scipy(void)
{
    for (size_t i = 0; i < sizeof(p_cases) / sizeof(p_cases[0]); i++) {
        double p = wl_count_change_p(p_cases[i].count, p_cases[i].before, p_cases[i].share);
        // lgamma of 4e5 is 5e6 and good to 1e-16 of that, so exp of it to some 1e-9.
        CHECK(fabs(p - p_cases[i].p) <= 3e-9 * p_cases[i].p);
        CHECK(fabs(p * 1.0001 - p_cases[i].p) > 3e-9 * p_cases[i].p); // planted fault is seen
    }
}

static void test_no_data_no_verdict(void)
{
    CHECK(wl_count_change_p((double)NAN, 3.0, 0.5) == 1.0);
    CHECK(wl_count_change_p(3.0, (double)NAN, 0.5) == 1.0);
    CHECK(wl_count_change_p(3.0, (double)INFINITY, 0.5) == 1.0);
    CHECK(wl_count_change_p(-1.0, 3.0, 0.5) == 1.0);
    CHECK(wl_count_change_p(3.0, 3.0, 0.0) == 1.0);
    CHECK(wl_count_change_p(3.0, 3.0, 1.0) == 1.0);
}

static void test_false_alarms_stay_below_the_level(void)
{
    const double rates[] = {0.5, 3.0, 10.0, 100.0};
    struct wl_rng rng;

    wl_rng_init(&rng, check_seed(), 0);
    for (size_t r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
        size_t n_alarms = 0;
        for (size_t i = 0; i < 4000; i++) {
            double count = wl_rng_poisson(&rng, rates[r]);
            double before = wl_rng_poisson(&rng, rates[r] * 4.0);
            n_alarms += wl_count_change_p(count, before, 0.2) < WL_CHANGE_P;
        }
        CHECK(n_alarms < 250); // 5 % of 4,000 is 200, standard deviation 14; the test is careful
    }
}

static const struct {
    double value;
    const char *text;
} number_cases[] = {
    {0, "0"},
    {3, "3"},
    {-40, "-40"},
    {2.0 / 3.0, "0.667"},
    {12.3456, "12.35"},
    {0.05, "0.05"},
    {99.996, "100"},
    {1999.6, "2,000"},
    {1234.5678, "1,235"},
    {1234567, "1,234,567"},
    {-1234567.25, "-1,234,567"},
    {0.00012345, "0.000123"},
    {1e-9, "1e-09"},
    {2.5e17, "2.5e+17"},
    {100.5, "100.5"},
    {-0.0, "0"},
};

static void test_numbers_for_people(void)
{
    char text[WL_NUMBER_TEXT_BYTES];

    for (size_t i = 0; i < sizeof(number_cases) / sizeof(number_cases[0]); i++) {
        CHECK_STR(wl_number_text(number_cases[i].value, text), number_cases[i].text);
    }
    CHECK_STR(wl_number_text((double)NAN, text), "?");
    CHECK_STR(wl_percent_text(2.0 / 3.0, text), "67");
    CHECK_STR(wl_percent_text(0.00412, text), "0.412");
    CHECK_STR(wl_percent_text(12.34, text), "1,234");
}

int main(void)
{
    RUN(test_p_values_equal_scipy);
    RUN(test_no_data_no_verdict);
    RUN(test_false_alarms_stay_below_the_level);
    RUN(test_numbers_for_people);
    return check_report();
}
