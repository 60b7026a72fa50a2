/* Goal:   ranking figures follow their definitions, with ties, weights and empty classes.
 * Method: cases small enough to work out by hand; then random rows against definitions spelled out
 *         over all pairs, with planted faults; then every allocation failing in turn. */
#include "check.h"

#include "math/ranked.h"

#define N 200

static struct wl_ranked rank_rows(const double *score, const uint8_t *y, size_t n)
{
    struct wl_ranked ranked = {0};
    CHECK_INT(wl_ranked_init(&ranked, wl_alloc_default(), score, y, n, NULL), WL_OK);
    return ranked;
}

static const struct {
    const char *what;
    size_t n;
    double score[6];
    uint8_t y[6];
    double auc;
    double average_precision;
    double brier;
    double best_threshold;
} cases[] = {
    {"perfect", 4, {0.9, 0.8, 0.2, 0.1}, {1, 1, 0, 0}, 1.0, 1.0, 0.025, 0.8},
    {"reversed", 4, {0.9, 0.8, 0.2, 0.1}, {0, 0, 1, 1}, 0.0, 5.0 / 12.0, 0.725, 0.1},
    // pairs: leavers 0.8 and 0.4, stayers 0.6 and 0.2: three of four won
    {"one pair lost", 4, {0.8, 0.6, 0.4, 0.2}, {1, 0, 1, 0}, 0.75, 5.0 / 6.0, 0.2, 0.4},
    {"all equal", 4, {0.5, 0.5, 0.5, 0.5}, {1, 0, 0, 0}, 0.5, 0.25, 0.25, 0.5},
    // leaver ties with one of two stayers: (1 + 0.5) / 2
    {"a tie", 3, {0.5, 0.5, 0.1}, {1, 0, 0}, 0.75, 0.5, 0.17, 0.5},
};

static void test_figures_worked_out_by_hand(void)
{
    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct wl_ranked ranked = rank_rows(cases[c].score, cases[c].y, cases[c].n);
        CHECK_CLOSE(wl_auc(&ranked, NULL), cases[c].auc, 1e-15);
        CHECK_CLOSE(wl_average_precision(&ranked, NULL), cases[c].average_precision, 1e-15);
        CHECK_CLOSE(wl_brier(&ranked, NULL), cases[c].brier, 1e-15);
        CHECK_CLOSE(wl_best_f1_threshold(&ranked), cases[c].best_threshold, 0.0);
        wl_ranked_release(&ranked);
    }
}

static void test_lift_and_calibration_by_hand(void)
{
    const double score[] = {0.9, 0.5, 0.5, 0.5, 0.1};
    const uint8_t y[] = {1, 1, 0, 0, 0};
    struct wl_ranked ranked = rank_rows(score, y, 5);
    struct wl_reliability bins[2];

    // The top 40 % are the 0.9 and one of three equal rows: (1 + 1/3) / 2 over 2/5.
    CHECK_CLOSE(wl_lift(&ranked, NULL, 0.4), (4.0 / 3.0) / 2.0 / 0.4, 1e-15);
    CHECK_CLOSE(wl_lift(&ranked, NULL, 1.0), 1.0, 1e-15);
    // Halves of 2.5 rows: upper 0.9 + 1.5 * 0.5, lower 1.5 * 0.5 + 0.1.
    wl_reliability(&ranked, NULL, 2, bins);
    CHECK_CLOSE(bins[1].n, 2.5, 1e-15);
    CHECK_CLOSE(bins[1].p_mean, 1.65 / 2.5, 1e-15);
    CHECK_CLOSE(bins[1].rate, 1.5 / 2.5, 1e-15);
    CHECK_CLOSE(bins[0].p_mean, 0.85 / 2.5, 1e-15);
    CHECK_CLOSE(bins[0].rate, 0.5 / 2.5, 1e-15);
    CHECK_CLOSE(wl_ece(&ranked, NULL, 2), 0.5 * 0.06 + 0.5 * 0.14, 1e-15);
    wl_ranked_release(&ranked);
}

static void test_confusion_and_curve(void)
{
    const double score[] = {0.9, 0.7, 0.7, 0.2};
    const uint8_t y[] = {1, 0, 1, 0};
    struct wl_ranked ranked = rank_rows(score, y, 4);
    struct wl_curve_point points[8];

    struct wl_confusion counts = wl_confusion_at(&ranked, NULL, 0.7); // equal is flagged
    CHECK_INT(counts.tp, 2);
    CHECK_INT(counts.fp, 1);
    CHECK_INT(counts.fn, 0);
    CHECK_INT(counts.tn, 1);
    CHECK_INT(wl_curve(&ranked, points, 8), 3);
    CHECK_CLOSE(points[0].recall, 0.5, 1e-15);
    CHECK_CLOSE(points[1].precision, 2.0 / 3.0, 1e-15);
    CHECK_CLOSE(points[1].false_positive_rate, 0.5, 1e-15);
    CHECK_INT(wl_curve(&ranked, points, 2), 2); // thinned: both ends stay
    CHECK_CLOSE(points[0].threshold, 0.9, 0.0);
    CHECK_CLOSE(points[1].threshold, 0.2, 0.0);
    wl_ranked_release(&ranked);
}

static void test_undefined_is_nan(void)
{
    const double score[] = {0.3, 0.4};
    const uint8_t y[] = {0, 0};
    const uint32_t none[] = {0, 0};
    struct wl_curve_point points[4];
    struct wl_ranked ranked = rank_rows(score, y, 2);
    struct wl_ranked empty = rank_rows(score, y, 0);

    CHECK(isnan(wl_auc(&ranked, NULL)));
    CHECK(isnan(wl_average_precision(&ranked, NULL)));
    CHECK(isnan(wl_lift(&ranked, NULL, 0.1)));
    CHECK(isnan(wl_brier_skill(&ranked, NULL)));
    CHECK(isnan(wl_best_f1_threshold(&ranked)));
    CHECK(isnan(wl_brier(&ranked, none)));
    CHECK(isnan(wl_ece(&ranked, none, 15)));
    CHECK(isnan(wl_auc(&empty, NULL)));
    CHECK(isnan(wl_log_loss(&empty, NULL)));
    CHECK_INT(wl_curve(&ranked, points, 4), 0);
    wl_ranked_release(&ranked);
    wl_ranked_release(&empty);
}

static void test_bad_rows_are_refused(void)
{
    double score[] = {0.3, (double)NAN};
    uint8_t y[] = {0, 1};
    struct wl_ranked ranked = {0};
    wl_error error = {0};

    CHECK_INT(wl_ranked_init(&ranked, wl_alloc_default(), score, y, 2, &error), WL_EINVAL);
    CHECK_STR(error.message, "the score of row 1 is not a finite number");
    score[1] = 0.1;
    y[0] = 2;
    CHECK_INT(wl_ranked_init(&ranked, wl_alloc_default(), score, y, 2, &error), WL_EINVAL);
    CHECK_STR(error.message, "the outcome of row 0 is 2, not 0 or 1");
    CHECK(ranked.row == NULL);
}

static double auc_by_definition(const double *score, const uint8_t *y, const uint32_t *weight)
{
    double won = 0.0, pairs = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < N; k++) {
            if (y[i] == 1 && y[k] == 0) {
                double w = (double)weight[i] * (double)weight[k];
                won += score[i] > score[k] ? w : score[i] == score[k] ? 0.5 * w : 0.0;
                pairs += w;
            }
        }
    }
    return won / pairs;
}

static void test_random_rows_against_all_pairs(void)
{
    uint64_t seed = check_seed();
    double score[N], part[N];
    uint8_t y[N];
    uint32_t weight[N], ones[N];

    for (int round = 0; round < 50; round++) {
        double mean[2] = {0.0, 0.0}, n[2] = {0.0, 0.0};
        for (size_t i = 0; i < N; i++) {
            score[i] = (double)(check_rand(&seed) % 40) / 40.0; // many ties
            y[i] = i < 2 ? (uint8_t)i : (uint8_t)(check_rand(&seed) % 4 == 0);
            weight[i] = i < 2 ? 1 : (uint32_t)(check_rand(&seed) % 3);
            ones[i] = 1;
        }
        struct wl_ranked ranked = rank_rows(score, y, N);
        double want = auc_by_definition(score, y, weight);
        CHECK_CLOSE(wl_auc(&ranked, weight), want, 1e-13);
        CHECK_CLOSE(wl_auc(&ranked, ones), wl_auc(&ranked, NULL), 0.0);
        weight[0] += 1000; // planted fault: one row counted too often
        CHECK(fabs(wl_auc(&ranked, weight) - want) > 1e-9);
        wl_delong_parts(&ranked, part);
        for (size_t i = 0; i < N; i++) {
            mean[y[i]] += part[i];
            n[y[i]] += 1.0;
        }
        CHECK_CLOSE(mean[0] / n[0], wl_auc(&ranked, NULL), 1e-13);
        CHECK_CLOSE(mean[1] / n[1], wl_auc(&ranked, NULL), 1e-13);
        wl_ranked_release(&ranked);
    }
}

static void test_order_of_input_changes_nothing(void)
{
    uint64_t seed = check_seed();
    double score[N], turned[N];
    uint8_t y[N], y_turned[N];

    for (size_t i = 0; i < N; i++) {
        score[i] = (double)(check_rand(&seed) % 10) / 10.0;
        y[i] = (uint8_t)(check_rand(&seed) % 2);
        turned[N - 1 - i] = score[i];
        y_turned[N - 1 - i] = y[i];
    }
    struct wl_ranked a = rank_rows(score, y, N);
    struct wl_ranked b = rank_rows(turned, y_turned, N);
    CHECK_CLOSE(wl_auc(&a, NULL), wl_auc(&b, NULL), 0.0);
    CHECK_CLOSE(wl_average_precision(&a, NULL), wl_average_precision(&b, NULL), 0.0);
    CHECK_CLOSE(wl_lift(&a, NULL, 0.13), wl_lift(&b, NULL, 0.13), 0.0);
    CHECK_CLOSE(wl_ece(&a, NULL, 15), wl_ece(&b, NULL, 15), 0.0);
    wl_ranked_release(&a);
    wl_ranked_release(&b);
}

static void test_ranking_survives_every_failed_allocation(void)
{
    const double score[] = {0.3, 0.4};
    const uint8_t y[] = {0, 1};

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_ranked ranked = {0};
        check_heap_init(&heap, n_good);
        wl_status status = wl_ranked_init(&ranked, &heap.alloc, score, y, 2, NULL);
        wl_ranked_release(&ranked);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK_INT(n_good, 4);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_figures_worked_out_by_hand);
    RUN(test_lift_and_calibration_by_hand);
    RUN(test_confusion_and_curve);
    RUN(test_undefined_is_nan);
    RUN(test_bad_rows_are_refused);
    RUN(test_random_rows_against_all_pairs);
    RUN(test_order_of_input_changes_nothing);
    RUN(test_ranking_survives_every_failed_allocation);
    return check_report();
}
