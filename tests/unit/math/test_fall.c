/* Goal:   a fall is seen against the customer's own past; where nothing changed it is hardly ever
 *         seen, whatever the values look like; the chance given is a chance.
 * Method: simulated customers of three kinds of values. Those that do not change are counted text
 *         by text (A/A) beside the stated bound; those that fall by two standard deviations are
 *         counted until they are seen. p-values of unchanged customers are compared with the
 *         uniform distribution. Planted fault: a p that is made ten times smaller breaks that. */
#include "check.h"

#include "base/rng.h"
#include "math/fall.h"

#define LIMIT  4.0
#define CHANCE 0.02

// Values with mean 0 and standard deviation about 0.4.
static double draw(struct wl_rng *rng, int shape)
{
    switch (shape) {
    case 0: return 0.4 * wl_rng_normal(rng);
    case 1: return wl_rng_unit(rng) < 0.8 ? 0.2 : -0.8; // mostly content, now and then not
    default: return 1.4 * (wl_rng_unit(rng) - 0.5);
    }
}

static bool is_fall(const double *values, size_t n, uint64_t seed)
{
    return wl_fall_cusum(values, n, NULL) >= LIMIT && wl_fall_p(values, n, seed) <= CHANCE;
}

static void test_no_change_no_fall(void)
{
    uint64_t seed = check_seed();

    for (int shape = 0; shape < 3; shape++) {
        size_t n_users = 4000;
        size_t n_flagged = 0;
        for (size_t i = 0; i < n_users; i++) {
            struct wl_rng rng;
            double values[20];
            bool is_flagged = false;
            wl_rng_init(&rng, seed + (uint64_t)shape, i);
            for (size_t n = 0; n < COUNT(values); n++) {
                values[n] = draw(&rng, shape);
                is_flagged = is_flagged || (n + 1 >= 6 && is_fall(values, n + 1, i));
            }
            n_flagged += is_flagged;
        }
        double share = (double)n_flagged / (double)n_users;
        fprintf(stderr, "shape %d: %.2f %% of unchanged customers flagged within 20 texts\n", shape,
                100.0 * share);
        CHECK(share <= (shape == 1 ? 0.10 : 0.05)); // as docs/internals/alerts.md states
    }
}

static void test_a_fall_is_seen(void)
{
    uint64_t seed = check_seed();
    size_t n_users = 1000;
    size_t n_seen_within[7] = {0};

    for (size_t i = 0; i < n_users; i++) {
        struct wl_rng rng;
        double values[16];
        wl_rng_init(&rng, seed + 10, i);
        for (size_t n = 0; n < COUNT(values); n++) {
            values[n] = 0.4 + draw(&rng, 0) - (n >= 10 ? 0.8 : 0.0);
            if (n >= 10 && is_fall(values, n + 1, i)) {
                for (size_t k = n - 9; k < COUNT(n_seen_within); k++) {
                    n_seen_within[k]++;
                }
                break;
            }
        }
    }
    for (size_t k = 1; k < COUNT(n_seen_within); k++) {
        fprintf(stderr, "seen within %zu texts: %.1f %%\n", k,
                100.0 * (double)n_seen_within[k] / (double)n_users);
    }
    CHECK(n_seen_within[5] >= 600);
}

static void test_p_is_a_chance(void)
{
    uint64_t seed = check_seed();
    size_t n_users = 3000;
    size_t n_below[2] = {0}; // at 0.05 and at 0.2
    size_t n_fault = 0;

    for (size_t i = 0; i < n_users; i++) {
        struct wl_rng rng;
        double values[12];
        wl_rng_init(&rng, seed + 20, i);
        for (size_t n = 0; n < COUNT(values); n++) {
            values[n] = draw(&rng, (int)(i % 3));
        }
        double p = wl_fall_p(values, COUNT(values), i);
        n_below[0] += p <= 0.05;
        n_below[1] += p <= 0.2;
        n_fault += p / 10.0 <= 0.05;
    }
    // 3,000 draws: four standard errors above the level
    CHECK((double)n_below[0] <= 3000 * 0.05 + 4.0 * sqrt(3000 * 0.05 * 0.95));
    CHECK((double)n_below[1] <= 3000 * 0.2 + 4.0 * sqrt(3000 * 0.2 * 0.8));
    CHECK((double)n_fault > 3000 * 0.05 + 4.0 * sqrt(3000 * 0.05 * 0.95));
}

static void test_edges(void)
{
    double same[10] = {0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3};
    double level = 0.0;

    CHECK_CLOSE(wl_fall_cusum(same, 0, &level), 0.0, 0.0);
    CHECK(isnan(level));
    CHECK_CLOSE(wl_fall_cusum(same, 10, &level), 0.0, 0.0);
    CHECK_CLOSE(level, 0.3, 1e-12);
    CHECK_CLOSE(wl_fall_p(same, 10, 1), 1.0, 0.0); // every order is as good
    same[9] = -1e300;                              // one value, however low, is no fall
    CHECK(wl_fall_cusum(same, 10, NULL) < LIMIT);
}

int main(void)
{
    RUN(test_no_change_no_fall);
    RUN(test_a_fall_is_seen);
    RUN(test_p_is_a_chance);
    RUN(test_edges);
    return check_report();
}
