/* Goal:   calibration turns biased margins into honest probabilities, never changes the order of
 *         two customers (sigmoid) and never turns it round (isotonic).
 * Method: margins with a known wrong scale and shift; the Brier score before and after on fresh
 *         rows; a brute-force grid as oracle of the sigmoid; degenerate inputs. */
#include "check.h"

#include "math/calibrate.h"

#define N 4000

static double margins[N];
static uint8_t labels[N];

static double unit(uint64_t *state)
{
    return (double)(check_rand(state) >> 11) * 0x1.0p-53;
}

/* True log-odds are 0.5 * margin - 1: the margins are too extreme and too high. */
static void make(uint64_t seed)
{
    for (size_t i = 0; i < N; i++) {
        margins[i] = 8.0 * unit(&seed) - 4.0;
        labels[i] = unit(&seed) < wl_sigmoid(0.5 * margins[i] - 1.0);
    }
}

static double brier(const struct wl_calibrator *calibrator)
{
    double sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        double d = wl_calibrator_apply(calibrator, margins[i]) - labels[i];
        sum += d * d;
    }
    return sum / N;
}

static double loss_at(double slope, double intercept, double n1, double n0)
{
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        double target = labels[i] ? (n1 + 1.0) / (n1 + 2.0) : 1.0 / (n0 + 2.0);
        double p = wl_sigmoid(slope * margins[i] + intercept);
        loss -= target * log(p) + (1.0 - target) * log(1.0 - p);
    }
    return loss;
}

static void test_improves_brier_on_fresh_rows(void)
{
    struct wl_arena arena;
    struct wl_calibrator none = {.kind = WL_CALIBRATION_NONE};
    struct wl_calibrator sigmoid;
    struct wl_calibrator isotonic;
    struct wl_calibration_data data = {.margins = margins, .labels = labels, .n = N};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    make(11);
    CHECK_INT(wl_calibrate_sigmoid(&data, &sigmoid, NULL), WL_OK);
    CHECK_INT(wl_calibrate_isotonic(&arena, &data, &isotonic, NULL), WL_OK);
    // Standard error of the slope at n = 4000 is about 0.02.
    CHECK(fabs(sigmoid.slope - 0.5) < 0.08);
    CHECK(fabs(sigmoid.intercept + 1.0) < 0.15);
    make(12);
    fprintf(stderr, "  Brier: raw %.4f, sigmoid %.4f, isotonic %.4f\n", brier(&none),
            brier(&sigmoid), brier(&isotonic));
    CHECK(brier(&sigmoid) < brier(&none) - 0.01);
    CHECK(brier(&isotonic) < brier(&none) - 0.01);
    CHECK_INT(wl_calibrator_check(&sigmoid, NULL), WL_OK);
    CHECK_INT(wl_calibrator_check(&isotonic, NULL), WL_OK);
    wl_arena_release(&arena);
}

/* No point near the fit has a smaller loss: it is the minimum of a convex function. */
static void test_sigmoid_is_the_minimum(void)
{
    struct wl_calibrator fit;
    struct wl_calibration_data data = {.margins = margins, .labels = labels, .n = N};
    double n1 = 0.0;

    make(13);
    for (size_t i = 0; i < N; i++) {
        n1 += labels[i];
    }
    CHECK_INT(wl_calibrate_sigmoid(&data, &fit, NULL), WL_OK);
    double best = loss_at(fit.slope, fit.intercept, n1, N - n1);
    for (int i = 0; i < 8; i++) {
        double angle = i * 0.7853981633974483;
        CHECK(loss_at(fit.slope + 1e-3 * cos(angle), fit.intercept + 1e-3 * sin(angle), n1,
                      N - n1) > best);
    }
}

static void test_order_is_kept(void)
{
    struct wl_arena arena;
    struct wl_calibrator sigmoid;
    struct wl_calibrator isotonic;
    struct wl_calibration_data data = {.margins = margins, .labels = labels, .n = N};
    double last[2] = {-1.0, -1.0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    make(14);
    CHECK_INT(wl_calibrate_sigmoid(&data, &sigmoid, NULL), WL_OK);
    CHECK_INT(wl_calibrate_isotonic(&arena, &data, &isotonic, NULL), WL_OK);
    for (double margin = -6.0; margin <= 6.0; margin += 1e-3) {
        double p = wl_calibrator_apply(&sigmoid, margin);
        double q = wl_calibrator_apply(&isotonic, margin);
        CHECK(p > last[0]);
        CHECK(q >= last[1] && q >= 0.0 && q <= 1.0);
        last[0] = p;
        last[1] = q;
    }
    wl_arena_release(&arena);
}

static void test_hard_inputs(void)
{
    struct wl_calibrator fit;
    struct wl_calibration_data data = {.margins = margins, .labels = labels, .n = N};
    wl_error error = {0};

    for (size_t i = 0; i < N; i++) { // perfectly separated: finite all the same
        margins[i] = i < N / 2 ? -1.0 : 1.0;
        labels[i] = i >= N / 2;
    }
    CHECK_INT(wl_calibrate_sigmoid(&data, &fit, NULL), WL_OK);
    CHECK(isfinite(fit.slope) && wl_calibrator_apply(&fit, 1.0) > 0.99);
    for (size_t i = 0; i < N; i++) { // the wrong way round: base rate, order kept
        labels[i] = i < N / 2;
    }
    CHECK_INT(wl_calibrate_sigmoid(&data, &fit, NULL), WL_OK);
    CHECK_CLOSE(fit.slope, 1e-3, 1e-12);
    CHECK_CLOSE(wl_calibrator_apply(&fit, 0.0), 0.5, 1e-3);
    for (size_t i = 0; i < N; i++) { // all the same margin
        margins[i] = 3.0;
    }
    CHECK_INT(wl_calibrate_sigmoid(&data, &fit, NULL), WL_OK);
    CHECK_CLOSE(wl_calibrator_apply(&fit, 3.0), 0.5, 1e-3);
    memset(labels, 0, sizeof(labels));
    CHECK_INT(wl_calibrate_sigmoid(&data, &fit, &error), WL_EINVAL);
    CHECK_STR(error.message,
              "calibration needs both classes, has weight 4000 that stay and 0 that leave");
    labels[0] = 1;
    margins[0] = (double)NAN;
    CHECK_INT(wl_calibrate_sigmoid(&data, &fit, &error), WL_EINVAL);
    CHECK(wl_sigmoid(1000.0) == 1.0 && wl_sigmoid(-1000.0) == 0.0);
}

static void test_isotonic_by_hand(void)
{
    static const double x[] = {1, 2, 3, 4, 5, 5};
    static const uint8_t y[] = {0, 1, 0, 1, 1, 0};
    struct wl_arena arena;
    struct wl_calibrator fit;
    struct wl_calibration_data data = {.margins = x, .labels = y, .n = 6};

    // Blocks: {1}: 0, {2,3}: 1/2, {4,5,5}: 2/3.
    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_calibrate_isotonic(&arena, &data, &fit, NULL), WL_OK);
    CHECK_INT(fit.n_knots, 5);
    CHECK_CLOSE(wl_calibrator_apply(&fit, 0.0), 0.0, 0);
    CHECK_CLOSE(wl_calibrator_apply(&fit, 1.5), 0.25, 1e-15);
    CHECK_CLOSE(wl_calibrator_apply(&fit, 2.5), 0.5, 1e-15);
    CHECK_CLOSE(wl_calibrator_apply(&fit, 9.0), 2.0 / 3.0, 1e-15);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_improves_brier_on_fresh_rows);
    RUN(test_sigmoid_is_the_minimum);
    RUN(test_order_is_kept);
    RUN(test_hard_inputs);
    RUN(test_isotonic_by_hand);
    return check_report();
}
