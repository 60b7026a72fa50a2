/* Goal:   the same numbers for a seed on every machine, and distributions with the right shape.
 * Method: first values against a second program that follows the papers; means and variances over
 *         200,000 draws within five standard errors (one wrong alarm in 1.7 million per check). */
#include "check.h"

#include "base/rng.h"

#define N 200000

static void test_golden_values(void)
{
    static const struct {
        uint64_t seed;
        uint64_t stream;
        uint64_t first[3];
    } cases[] = {
        {UINT64_C(1),
         UINT64_C(0),
         {UINT64_C(0x7e8e735316626359), UINT64_C(0xb952addd8b50363b),
          UINT64_C(0x733b8080acbdffab)}},
        {UINT64_C(1),
         UINT64_C(1),
         {UINT64_C(0xd2a18945a4ad0e62), UINT64_C(0xe73f89dca4b7a30e),
          UINT64_C(0xcac1347f43696344)}},
        {UINT64_C(42),
         UINT64_C(7),
         {UINT64_C(0x53b42d65b61c68b0), UINT64_C(0x5937d42566711f29),
          UINT64_C(0xc40aa10afc7ff2ae)}},
        {UINT64_C(18446744073709551615),
         UINT64_C(18446744073709551615),
         {UINT64_C(0xba4377efd2d28522), UINT64_C(0x758cabdb4aece28d),
          UINT64_C(0x59a6814b04fec297)}},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_rng rng;
        wl_rng_init(&rng, cases[i].seed, cases[i].stream);
        for (size_t k = 0; k < 3; k++) {
            CHECK(wl_rng_u64(&rng) == cases[i].first[k]);
        }
    }
}

// Mean and variance of n draws against what they should be, in standard errors of each.
static void check_moments(const char *what, const double *draws, double mean, double variance,
                          double kurtosis)
{
    double sum = 0.0;
    double squares = 0.0;

    for (size_t i = 0; i < N; i++) {
        sum += draws[i];
    }
    for (size_t i = 0; i < N; i++) {
        squares += (draws[i] - sum / N) * (draws[i] - sum / N);
    }
    double mean_error = (sum / N - mean) / sqrt(variance / N);
    double variance_error = (squares / N - variance) / (variance * sqrt((kurtosis - 1.0) / N));
    if (fabs(mean_error) > 5.0 || fabs(variance_error) > 5.0) {
        fprintf(stderr, "%s: mean off by %g, variance by %g standard errors\n", what, mean_error,
                variance_error);
        check_failures++;
    }
}

static void test_moments(void)
{
    static double draws[N];
    struct wl_rng rng;

    wl_rng_init(&rng, check_seed(), 7);
    for (size_t i = 0; i < N; i++) {
        draws[i] = wl_rng_unit(&rng);
        CHECK(draws[i] >= 0.0 && draws[i] < 1.0);
    }
    check_moments("unit", draws, 0.5, 1.0 / 12.0, 1.8);
    for (size_t i = 0; i < N; i++) {
        draws[i] = wl_rng_normal(&rng);
    }
    check_moments("normal", draws, 0.0, 1.0, 3.0);
    for (size_t i = 0; i < N; i++) {
        draws[i] = wl_rng_exponential(&rng);
        CHECK(draws[i] >= 0.0 && isfinite(draws[i]));
    }
    check_moments("exponential", draws, 1.0, 1.0, 9.0);
    static const double means[] = {0.01, 1.0, 30.0};
    for (size_t k = 0; k < COUNT(means); k++) {
        for (size_t i = 0; i < N; i++) {
            draws[i] = wl_rng_poisson(&rng, means[k]);
        }
        check_moments("poisson", draws, means[k], means[k], 3.0 + 1.0 / means[k]);
    }
    CHECK_INT(wl_rng_poisson(&rng, 0.0), 0);
    double sum = 0.0;
    for (size_t i = 0; i < 1000; i++) {
        sum += wl_rng_poisson(&rng, 700.0); // the largest mean that is allowed
    }
    CHECK(fabs(sum / 1000.0 - 700.0) < 5.0 * sqrt(700.0 / 1000.0));
}

static void test_below_is_unbiased(void)
{
    static const uint64_t ranges[] = {1, 2, 3, 7, 10, 64};
    struct wl_rng rng;

    wl_rng_init(&rng, 5, 0);
    for (size_t k = 0; k < COUNT(ranges); k++) {
        size_t counts[64] = {0};
        double chi2 = 0.0;
        double want = (double)N / (double)ranges[k];
        for (size_t i = 0; i < N; i++) {
            uint64_t drawn = wl_rng_below(&rng, ranges[k]);
            CHECK(drawn < ranges[k]);
            counts[drawn < ranges[k] ? drawn : 0]++;
        }
        for (size_t i = 0; i < ranges[k]; i++) {
            chi2 += ((double)counts[i] - want) * ((double)counts[i] - want) / want;
        }
        double freedom = (double)ranges[k] - 1.0;
        CHECK(chi2 <= freedom + 5.0 * sqrt(2.0 * freedom) + 5.0); // far in the tail of chi-square
    }
    // A range of 3 * 2^62: without rejection the first third would come up twice as often.
    size_t n_low = 0;
    uint64_t range = UINT64_C(3) << 62;
    for (size_t i = 0; i < N; i++) {
        n_low += wl_rng_below(&rng, range) < range / 3;
    }
    CHECK(fabs((double)n_low / N - 1.0 / 3.0) < 5.0 * sqrt(2.0 / 9.0 / N));
}

static void test_streams_and_shuffles(void)
{
    struct wl_rng a;
    struct wl_rng b;
    uint32_t items[50];
    uint64_t seen = 0;
    size_t n_same = 0;

    wl_rng_init(&a, 1, 0);
    wl_rng_init(&b, 1, 1);
    for (size_t i = 0; i < 1000; i++) {
        n_same += wl_rng_u64(&a) == wl_rng_u64(&b);
    }
    CHECK_INT(n_same, 0);
    for (uint32_t i = 0; i < COUNT(items); i++) {
        items[i] = i;
    }
    wl_rng_shuffle(&a, items, COUNT(items));
    size_t n_moved = 0;
    for (uint32_t i = 0; i < COUNT(items); i++) {
        seen |= UINT64_C(1) << items[i];
        n_moved += items[i] != i;
    }
    CHECK(seen == (UINT64_C(1) << COUNT(items)) - 1); // nothing lost, nothing twice
    CHECK(n_moved > 40);
    wl_rng_shuffle(&a, items, 0);
    // Each order of three comes up a sixth of the time.
    size_t counts[27] = {0};
    for (size_t i = 0; i < 60000; i++) {
        uint32_t three[] = {0, 1, 2};
        wl_rng_shuffle(&a, three, 3);
        counts[three[0] * 9 + three[1] * 3 + three[2]]++;
    }
    for (size_t i = 0; i < COUNT(counts); i++) {
        CHECK(counts[i] == 0 || fabs((double)counts[i] - 10000.0) < 500.0); // 5 standard errors
    }
}

int main(void)
{
    RUN(test_golden_values);
    RUN(test_moments);
    RUN(test_below_is_unbiased);
    RUN(test_streams_and_shuffles);
    return check_report();
}
