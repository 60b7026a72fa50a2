/* Goal:   surges are seen, and on flat series alarms stay within the stated rate, for small and
 *         large counts, Poisson and overdispersed, with and without a week's rhythm, by days and by
 *         hours.
 * Method: simulated counts with known truth. 10,000 flat windows of each kind are scanned and the
 *         alarms counted beside the budget (a Poisson bound at 99.9 %); surges by x1.5, x2, x3 of
 *         two weeks are planted and recall and delay counted. The distribution is compared with
 *         sums of its terms. Planted fault: a slow swing that no week explains gives more
 *         alarms than the budget. */
#include "check.h"

#include "base/rng.h"
#include "math/surge.h"

#define N_FLAT 10000

static double rhythm(size_t day)
{
    static const double weekday[7] = {0.8, 0.8, 0.9, 1.0, 1.1, 1.3, 1.1};
    return weekday[day % 7];
}

// Gamma with mean 1 and variance 1 / shape, as a sum of squares of normals when shape is a half-
// integer: 2 * shape degrees of freedom.
static double gamma_unit(struct wl_rng *rng, int twice_shape)
{
    double sum = 0.0;
    for (int i = 0; i < twice_shape; i++) {
        double z = wl_rng_normal(rng);
        sum += z * z;
    }
    return sum / twice_shape;
}

struct kind {
    const char *name;
    double mean;
    int twice_size; /* of the negative binomial; 0: Poisson */
    bool has_rhythm;
    size_t slots;
};

static const struct kind kinds[] = {
    {"poisson 0.2", 0.2, 0, false, 1},
    {"poisson 1", 1.0, 0, true, 1},
    {"poisson 5", 5.0, 0, true, 1},
    {"poisson 50", 50.0, 0, true, 1},
    {"negative binomial 5", 5.0, 10, true, 1},
    {"negative binomial 50", 50.0, 20, true, 1},
    {"negative binomial 20, wide", 20.0, 6, false, 1},
    {"hours, poisson 2", 2.0, 0, true, 24},
};

static uint32_t draw(struct wl_rng *rng, const struct kind *kind, size_t window, double factor)
{
    double mean = kind->mean * factor;

    if (kind->has_rhythm) {
        mean *= rhythm(window / kind->slots);
    }
    if (kind->slots == 24) {
        mean *= 1.0 + 0.8 * sin(6.283185307179586 * (double)(window % 24) / 24.0);
    }
    if (kind->twice_size > 0) {
        mean *= gamma_unit(rng, kind->twice_size);
    }
    return wl_rng_poisson(rng, mean);
}

static void test_flat_series_stay_within_the_budget(void)
{
    uint64_t seed = check_seed();
    uint32_t *counts = malloc(N_FLAT * sizeof(*counts));

    for (size_t k = 0; k < COUNT(kinds); k++) {
        struct wl_surge_options options = wl_surge_defaults();
        struct wl_rng rng;
        size_t n_alarms = 0;
        options.slots = kinds[k].slots;
        wl_rng_init(&rng, seed, k);
        for (size_t i = 0; i < N_FLAT; i++) {
            counts[i] = draw(&rng, &kinds[k], i, 1.0);
        }
        CHECK_INT(wl_surge_scan(wl_alloc_default(), &options, counts, N_FLAT, NULL, NULL, 0,
                                &n_alarms, NULL),
                  WL_OK);
        double budget = N_FLAT / (365.0 * (double)kinds[k].slots);
        fprintf(stderr, "%-28s %zu alarms in %d flat windows, budget %.1f\n", kinds[k].name,
                n_alarms, N_FLAT, budget);
        CHECK((double)n_alarms <= budget + 3.1 * sqrt(budget) + 1.0);
    }
    free(counts);
}

static void test_planted_surges_are_found(void)
{
    static const double factors[] = {1.5, 2.0, 3.0};
    const struct kind *kind = &kinds[4];
    uint64_t seed = check_seed();

    for (size_t f = 0; f < COUNT(factors); f++) {
        size_t n_found = 0;
        double delay = 0.0;
        double ratio = 0.0;
        for (uint64_t k = 0; k < 300; k++) {
            struct wl_surge_options options = wl_surge_defaults();
            struct wl_surge surges[8];
            uint32_t counts[112];
            struct wl_rng rng;
            size_t n = 0;
            wl_rng_init(&rng, seed + 100 + f, k);
            for (size_t i = 0; i < COUNT(counts); i++) {
                counts[i] = draw(&rng, kind, i, i >= 80 && i < 94 ? factors[f] : 1.0);
            }
            CHECK_INT(wl_surge_scan(wl_alloc_default(), &options, counts, COUNT(counts), NULL,
                                    surges, COUNT(surges), &n, NULL),
                      WL_OK);
            for (size_t s = 0; s < n && s < COUNT(surges); s++) {
                if (surges[s].alarm < 94 && surges[s].end > 80) {
                    n_found++;
                    delay += fmax((double)surges[s].alarm - 80.0, 0.0);
                    ratio += surges[s].ratio;
                    CHECK(surges[s].begin <= surges[s].alarm && surges[s].alarm < surges[s].end);
                    CHECK(surges[s].low < surges[s].ratio && surges[s].ratio < surges[s].high);
                    break;
                }
            }
        }
        fprintf(stderr, "x%.1f: found %.1f %%, after %.1f days, size x%.2f\n", factors[f],
                100.0 * (double)n_found / 300.0, delay / (double)n_found, ratio / (double)n_found);
        CHECK(n_found >= (f == 0 ? 100 : f == 1 ? 255 : 295));
    }
}

static void test_a_slow_swing_breaks_the_budget(void)
{
    struct wl_surge_options options = wl_surge_defaults();
    uint32_t *counts = malloc(N_FLAT * sizeof(*counts));
    struct wl_rng rng;
    size_t n_alarms = 0;

    wl_rng_init(&rng, 3, 0);
    for (size_t i = 0; i < N_FLAT; i++) { // planted fault
        double swing = 1.0 + 0.8 * sin((double)i / 11.0);
        counts[i] = wl_rng_poisson(&rng, 50.0 * swing);
    }
    CHECK_INT(
        wl_surge_scan(wl_alloc_default(), &options, counts, N_FLAT, NULL, NULL, 0, &n_alarms, NULL),
        WL_OK);
    CHECK((double)n_alarms > N_FLAT / 365.0 + 4.0 * sqrt(N_FLAT / 365.0));
    free(counts);
}

static void test_the_distribution(void)
{
    static const double cases[][2] = {{0.3, 0.3}, {4.0, 4.0}, {4.0, 9.0}, {60.0, 300.0}};

    for (size_t c = 0; c < COUNT(cases); c++) {
        double mean = cases[c][0];
        double size = mean * mean / fmax(cases[c][1] - mean, mean * 1e-6);
        double below = 0.0;
        for (int y = 0; y < 100; y++) {
            double at = exp(lgamma(y + size) - lgamma(size) - lgamma(y + 1.0) +
                            size * log(size / (size + mean)) + y * log(mean / (size + mean)));
            CHECK_CLOSE(wl_negative_binomial_mid(y, mean, cases[c][1]), below + at / 2.0, 1e-7);
            below += at;
        }
    }
}

static void test_the_limit_follows_the_budget(void)
{
    struct wl_surge_options options = wl_surge_defaults();
    double one = wl_surge_limit(&options);

    options.n_series = 40; // twelve a year over forty topics are 0.3 for each
    CHECK(wl_surge_limit(&options) > one);
    options.n_series = 12;
    CHECK_CLOSE(wl_surge_limit(&options), one, 1e-9);
}

static void test_wrong_options_are_refused(void)
{
    struct wl_surge_options options = wl_surge_defaults();
    uint32_t counts[1] = {0};
    size_t n = 7;
    wl_error error = {0};

    options.slots = 5;
    CHECK_INT(wl_surge_scan(wl_alloc_default(), &options, counts, 1, NULL, NULL, 0, &n, &error),
              WL_EINVAL);
    CHECK_STR(error.message, "5 windows a day do not divide 24 hours");
    CHECK_INT(n, 7);
    options = wl_surge_defaults();
    options.baseline_days = 7;
    CHECK_INT(wl_surge_scan(wl_alloc_default(), &options, counts, 1, NULL, NULL, 0, &n, &error),
              WL_EINVAL);
    options = wl_surge_defaults();
    CHECK_INT(wl_surge_scan(wl_alloc_default(), &options, counts, 0, NULL, NULL, 0, &n, &error),
              WL_OK);
    CHECK_INT(n, 0);
}

int main(void)
{
    RUN(test_flat_series_stay_within_the_budget);
    RUN(test_planted_surges_are_found);
    RUN(test_a_slow_swing_breaks_the_budget);
    RUN(test_the_distribution);
    RUN(test_the_limit_follows_the_budget);
    RUN(test_wrong_options_are_refused);
    return check_report();
}
