/* Goal:   a customer who becomes idle is found within one window; one who does not change, or who
 *         is seasonal, hardly ever is; the alarm rate of unchanged customers stays within its
 *         bound.
 * Method: simulated customers: steady ones with a weekly rhythm, streaky ones (a day like the day
 *         before), seasonal ones (two weeks on, two weeks off, eight weeks seen). Looked at every
 *         day for a year with the levels of the defaults (raise at one in 316, clear at one in 10).
 *         Planted: activity stops, or falls to a third. Planted fault: a binomial test, which has
 *         no scatter between weeks, flags seasonal customers. */
#include "check.h"

#include "base/rng.h"
#include "math/drop.h"

#define N_DAYS  (70 + 365)
#define RAISE   0.00316227766 // 10^-2.5, the default of alerts.activity.raise
#define CLEAR   1e-1
#define N_WEEKS 6

enum life { STEADY, STREAKY, SEASONAL };

static double share_on(enum life life, double p, size_t day, uint8_t before)
{
    static const double weekday[7] = {0.9, 0.9, 0.9, 0.9, 1.0, 1.2, 1.2};

    switch (life) {
    case STREAKY: return p + 0.3 * ((double)before - p);
    case SEASONAL: return day / 14 % 2 == 0 ? p : 0.02;
    case STEADY: break;
    }
    return fmin(p * weekday[day % 7], 0.98);
}

static void live(struct wl_rng *rng, enum life life, double p, uint8_t *active)
{
    for (size_t i = 0; i < N_DAYS; i++) {
        active[i] = wl_rng_unit(rng) < share_on(life, p, i, i > 0 ? active[i - 1] : 0);
    }
}

// Alarms in a year of daily looks, raised at RAISE and cleared at CLEAR.
static size_t alarms(const uint8_t *active)
{
    bool is_up = false;
    size_t n = 0;

    for (size_t day = 70; day < N_DAYS; day++) {
        struct wl_drop drop = wl_drop_test(active, day + 1, N_WEEKS);
        n += !is_up && drop.chance <= RAISE;
        is_up = drop.chance <= RAISE || (is_up && drop.chance < CLEAR);
    }
    return n;
}

static void test_unchanged_customers(void)
{
    static const char *const names[] = {"steady", "streaky", "seasonal"};
    static const double bound[] = {0.10, 0.35, 0.05}; // alarms per customer and year
    uint64_t seed = check_seed();

    for (int life = STEADY; life <= SEASONAL; life++) {
        size_t n_users = 400;
        size_t n_alarms = 0;
        for (size_t i = 0; i < n_users; i++) {
            struct wl_rng rng;
            uint8_t active[N_DAYS];
            wl_rng_init(&rng, seed + (uint64_t)life, i);
            live(&rng, (enum life)life, 0.1 + 0.85 * wl_rng_unit(&rng), active);
            n_alarms += alarms(active);
        }
        double rate = (double)n_alarms / (double)n_users;
        fprintf(stderr, "%s: %.3f alarms per unchanged customer and year\n", names[life], rate);
        CHECK(rate <= bound[life]);
    }
}

static void test_a_drop_is_found(void)
{
    static const double shares[] = {0.3, 0.5, 0.7, 0.9};
    uint64_t seed = check_seed();

    for (size_t s = 0; s < COUNT(shares); s++) {
        size_t n_users = 400;
        size_t n_week = 0;
        size_t n_fortnight = 0;
        size_t n_third = 0;
        for (size_t i = 0; i < n_users; i++) {
            struct wl_rng rng;
            uint8_t active[N_DAYS];
            wl_rng_init(&rng, seed + 10 + s, i);
            live(&rng, STEADY, shares[s], active);
            for (size_t day = 100; day < 114; day++) {
                active[day] = active[day] && wl_rng_unit(&rng) < 1.0 / 3.0;
            }
            n_third += wl_drop_test(active, 114, N_WEEKS).chance <= RAISE;
            memset(active + 100, 0, 14);
            n_week += wl_drop_test(active, 107, N_WEEKS).chance <= RAISE;
            n_fortnight += wl_drop_test(active, 114, N_WEEKS).chance <= RAISE;
        }
        fprintf(
            stderr,
            "active on %.0f %% of days, then idle: found after 7 days %.1f %%, after 14 %.1f %%; "
            "a third: %.1f %%\n",
            100.0 * shares[s], 100.0 * (double)n_week / (double)n_users,
            100.0 * (double)n_fortnight / (double)n_users,
            100.0 * (double)n_third / (double)n_users);
        CHECK(shares[s] < 0.7 || (double)n_fortnight >= 0.95 * (double)n_users);
        CHECK(shares[s] < 0.7 || (double)n_week >= 0.75 * (double)n_users);
    }
}

static void test_planted_fault_binomial(void)
{
    size_t n_flagged = 0;

    for (size_t i = 0; i < 200; i++) {
        struct wl_rng rng;
        uint8_t active[N_DAYS];
        size_t n_active = 0;
        wl_rng_init(&rng, 5, i);
        live(&rng, SEASONAL, 0.8, active);
        for (size_t day = 0; day < 98; day++) {
            n_active += active[day];
        }
        size_t n_last = 0;
        for (size_t day = 98; day < 112; day++) { // two weeks off
            n_last += active[day];
        }
        n_flagged += n_last == 0 && pow(1.0 - (double)n_active / 98.0, 14.0) <= RAISE;
    }
    CHECK(n_flagged > 100);
}

static void test_edges(void)
{
    uint8_t active[80] = {0};

    CHECK(isnan(wl_drop_test(active, 0, N_WEEKS).chance));
    CHECK(isnan(wl_drop_test(active, 80, N_WEEKS).chance)); // never seen
    memset(active, 1, sizeof(active));
    CHECK(isnan(wl_drop_test(active, 48, N_WEEKS).chance)); // six weeks and a window are 49 days
    CHECK_CLOSE(wl_drop_test(active, 49, N_WEEKS).chance, 1.0, 1e-9);
    memset(active + 73, 0, 7);
    struct wl_drop drop = wl_drop_test(active, 80, N_WEEKS);
    CHECK(drop.chance < 1e-6);
    CHECK_CLOSE(drop.observed, 0.0, 0.0);
    CHECK_INT(drop.window_days, 7);
    CHECK(drop.baseline > 6.5 && drop.baseline < 7.0);
}

int main(void)
{
    RUN(test_unchanged_customers);
    RUN(test_a_drop_is_found);
    RUN(test_planted_fault_binomial);
    RUN(test_edges);
    return check_report();
}
