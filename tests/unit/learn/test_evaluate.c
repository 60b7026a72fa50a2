/* Goal:   an evaluation is honest: right figures and denominators, intervals that respect users,
 *         words instead of numbers where nothing can be said, refusal below the minimum, the same
 *         bytes for any number of threads.
 * Method: 1,000 scored rows from a known distribution against figures computed apart; folds whose
 *         margins are on different scales; users with many rows; planted faults; written forms
 *         parsed back. */
#include "check.h"

#include "base/clock.h"
#include "base/rng.h"
#include "data/node.h"
#include "learn/evaluate.h"

#define N 1000

static uint8_t y[N];
static double p[N], margin[N], weak[N];
static uint32_t user[N], fold[N];
static int64_t as_of_us[N];

static void fill(uint64_t seed, double signal)
{
    struct wl_rng rng;

    wl_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < N; i++) {
        double z = signal * wl_rng_normal(&rng) - 1.0;
        p[i] = 1.0 / (1.0 + exp(-z)); // calibrated by construction
        y[i] = wl_rng_unit(&rng) < p[i];
        margin[i] = z;
        weak[i] = z + 3.0 * wl_rng_normal(&rng);
        user[i] = (uint32_t)i;
        fold[i] = (uint32_t)(i % 5);
        as_of_us[i] = 100 * WL_DAY_US + (int64_t)(i % 2) * WL_DAY_US;
    }
}

static const struct wl_baseline_scores baseline = {"recency", weak};

static struct wl_evaluate_input input_of(void)
{
    return (struct wl_evaluate_input){.set = "toy",
                                      .model = "xgboost",
                                      .n_rows = N,
                                      .y = y,
                                      .p = p,
                                      .margin = margin,
                                      .user = user,
                                      .n_users = N,
                                      .as_of_us = as_of_us,
                                      .threshold = 0.4,
                                      .horizon_us = 90 * WL_DAY_US,
                                      .lead_us = 3 * WL_DAY_US,
                                      .split_en = "split by time",
                                      .split_zh = "按时间划分",
                                      .n_baselines = 1,
                                      .baselines = &baseline,
                                      .gates = {400, 100, 0.0, 0.0, 0.98},
                                      .n_resamples = 200,
                                      .seed = 42,
                                      .n_threads = 1};
}

static struct wl_evaluation evaluate(const struct wl_evaluate_input *input)
{
    struct wl_evaluation evaluation = {0};
    wl_error error = {0};
    wl_status status = wl_evaluate(wl_alloc_default(), input, &evaluation, &error);
    if (status != WL_OK) {
        fprintf(stderr, "%s\n", error.message);
    }
    CHECK_INT(status, WL_OK);
    return evaluation;
}

static void test_figures_and_denominators(void)
{
    double hits = 0.0, flagged = 0.0, leavers = 0.0, right = 0.0;

    fill(1, 1.5);
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation got = evaluate(&input);
    const struct wl_metric *m = got.metrics;
    for (size_t i = 0; i < N; i++) {
        bool says = p[i] >= 0.4;
        flagged += says ? 1.0 : 0.0;
        leavers += y[i];
        hits += says && y[i] ? 1.0 : 0.0;
        right += says == (y[i] != 0) ? 1.0 : 0.0;
    }
    CHECK_CLOSE(m[WL_METRIC_PRECISION].value, hits / flagged, 1e-12);
    CHECK_CLOSE(m[WL_METRIC_PRECISION].n, flagged, 0.0);
    CHECK_CLOSE(m[WL_METRIC_RECALL].value, hits / leavers, 1e-12);
    CHECK_CLOSE(m[WL_METRIC_RECALL].n, leavers, 0.0);
    CHECK_CLOSE(m[WL_METRIC_ACCURACY].value, right / N, 1e-12);
    CHECK_CLOSE(m[WL_METRIC_BASE_RATE].value, leavers / N, 1e-12);
    CHECK_CLOSE(m[WL_METRIC_MAJORITY].value, 1.0 - leavers / N, 1e-12);
    CHECK_CLOSE(m[WL_METRIC_F1].value, 2.0 * hits / (flagged + leavers), 1e-12);
    CHECK_STR(m[WL_METRIC_AUC].method, "DeLong");
    CHECK(m[WL_METRIC_ECE].value < 0.06); // calibrated: about sqrt(15 / 1000) / 3
    CHECK(m[WL_METRIC_BRIER_SKILL].value > 0.1);
    CHECK(got.baselines[0].auc.value < m[WL_METRIC_AUC].value);
    CHECK(got.baselines[0].auc_gain.low > 0.0);
    CHECK_INT(got.n_positive, leavers);
    CHECK_CLOSE(m[WL_METRIC_PR_AUC].n, leavers, 0.0); // of the model and of a baseline alike
    CHECK_CLOSE(got.baselines[0].pr_auc.n, leavers, 0.0);
    CHECK(!got.is_too_good && !got.is_below_minimum && !got.users_repeat);
    double sum = 0.0, buckets = 0.0;
    for (size_t d = 0; d < WL_EVALUATION_DECILES; d++) {
        sum += got.decile_lift[d];
    }
    for (size_t b = 0; b < WL_EVALUATION_BUCKETS; b++) {
        buckets += got.histogram[b];
    }
    CHECK_CLOSE(sum, 10.0, 1e-9); // the tenths together are everybody
    CHECK_CLOSE(buckets, N, 0.0);
    for (size_t id = 0; id < WL_METRIC_COUNT; id++) {
        if (id != WL_METRIC_AUC_POOLED) {
            CHECK(m[id].low <= m[id].value && m[id].value <= m[id].high);
        }
    }
}

// Resamples of a calibrated model all look worse calibrated than it is: the plain percentiles lie
// above the value, which the published interval holds.
static void test_the_interval_of_ece_holds_its_value(void)
{
    for (uint64_t seed = 10; seed < 20; seed++) {
        fill(seed, 0.2);
        struct wl_evaluate_input input = input_of();
        struct wl_evaluation got = evaluate(&input);
        const struct wl_metric *ece = &got.metrics[WL_METRIC_ECE];
        CHECK_STR(ece->method, "user bootstrap (centred)");
        CHECK(0.0 <= ece->low && ece->low < ece->value && ece->value < ece->high);
    }
}

static void test_folds_on_different_scales(void)
{
    fill(2, 1.5);
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation plain = evaluate(&input);
    for (size_t i = 0; i < N; i++) {
        margin[i] += 10.0 * (double)fold[i]; // each fold's model speaks its own scale
    }
    struct wl_evaluation mixed = evaluate(&input);
    input.fold = fold;
    input.n_folds = 5;
    struct wl_evaluation folds = evaluate(&input);
    double truth = plain.metrics[WL_METRIC_AUC].value;
    CHECK(mixed.metrics[WL_METRIC_AUC].value < truth - 0.1); // the fault the mean of folds avoids
    CHECK_CLOSE(folds.metrics[WL_METRIC_AUC].value, truth, 0.02);
    CHECK_CLOSE(folds.metrics[WL_METRIC_AUC_POOLED].value, truth, 1e-12);
    CHECK_STR(folds.metrics[WL_METRIC_AUC].method, "user bootstrap");
    CHECK(folds.metrics[WL_METRIC_AUC].low < truth && truth < folds.metrics[WL_METRIC_AUC].high);
    // The headline is the plain mean of the folds.
    double sum = 0.0;
    for (uint32_t f = 0; f < 5; f++) {
        double won = 0.0, pairs = 0.0;
        for (size_t i = f; i < N; i += 5) {
            for (size_t k = f; k < N; k += 5) {
                if (y[i] == 1 && y[k] == 0) {
                    won += margin[i] > margin[k] ? 1.0 : 0.0;
                    pairs += 1.0;
                }
            }
        }
        sum += won / pairs;
    }
    CHECK_CLOSE(folds.metrics[WL_METRIC_AUC].value, sum / 5.0, 1e-12);
}

static void test_users_with_many_rows_widen_intervals(void)
{
    fill(3, 1.5);
    struct wl_evaluate_input input = input_of();
    for (size_t i = 0; i < N; i++) { // ten equal rows per user
        size_t first = i - i % 10;
        p[i] = p[first];
        margin[i] = margin[first];
        weak[i] = weak[first];
        y[i] = y[first];
    }
    struct wl_evaluation apart = evaluate(&input);
    for (size_t i = 0; i < N; i++) {
        user[i] = (uint32_t)(i / 10);
    }
    struct wl_evaluation together = evaluate(&input);
    CHECK(together.users_repeat);
    CHECK_INT(together.n_users, N / 10);
    CHECK_STR(together.metrics[WL_METRIC_ACCURACY].method, "Wilson, by user");
    static const enum wl_metric_id ids[] = {WL_METRIC_AUC, WL_METRIC_ACCURACY, WL_METRIC_BRIER};
    for (size_t k = 0; k < 3; k++) {
        const struct wl_metric *a = &apart.metrics[ids[k]], *b = &together.metrics[ids[k]];
        double ratio = (b->high - b->low) / (a->high - a->low);
        CHECK_CLOSE(ratio / sqrt(10.0), 1.0, 0.25); // noise of 200 resamples over 100 users
    }
}

static void test_threads_change_no_byte(void)
{
    struct wl_buf one, two;

    fill(4, 1.0);
    struct wl_evaluate_input input = input_of();
    wl_buf_init(&one, wl_alloc_default(), 0);
    wl_buf_init(&two, wl_alloc_default(), 0);
    struct wl_evaluation a = evaluate(&input);
    input.n_threads = 3;
    struct wl_evaluation b = evaluate(&input);
    wl_evaluation_json(&a, &one);
    wl_evaluation_json(&b, &two);
    CHECK_STR(one.data, two.data);
    wl_buf_release(&one);
    wl_buf_release(&two);
}

static void test_minimum_is_demanded_and_marked(void)
{
    struct wl_evaluation got = {0};
    wl_error error = {0};
    struct wl_buf text;

    fill(5, 1.0);
    struct wl_evaluate_input input = input_of();
    input.n_rows = 300;
    CHECK_INT(wl_evaluate(wl_alloc_default(), &input, &got, &error), WL_EGATE);
    CHECK(strstr(error.message, "at least 400 rows and 100 of each are needed") != NULL);
    CHECK(got.set == NULL);
    input.is_forced = true;
    CHECK_INT(wl_evaluate(wl_alloc_default(), &input, &got, NULL), WL_OK);
    CHECK(got.is_below_minimum);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_evaluation_warnings(&got, "en", &text);
    CHECK_STR(text.data, "warning: fewer rows than the minimum, published by force\n");
    wl_buf_release(&text);
}

static void test_gates(void)
{
    wl_error error = {0};

    fill(6, 1.0);
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation got = evaluate(&input);
    struct wl_gates gates = input.gates;
    CHECK_INT(wl_evaluation_gate(&got, &gates, NULL), WL_OK);
    gates.min_auc = 0.85;
    CHECK_INT(wl_evaluation_gate(&got, &gates, &error), WL_EGATE);
    CHECK(strstr(error.message, "is below the gate 0.85 (base rate ") != NULL);
    gates.min_auc = 0.5;
    gates.min_accuracy = 0.99;
    CHECK_INT(wl_evaluation_gate(&got, &gates, &error), WL_EGATE);
    CHECK(strstr(error.message, "majority ") != NULL);
}

static void test_too_good_to_be_true(void)
{
    struct wl_buf text;

    fill(7, 1.0);
    struct wl_evaluate_input input = input_of();
    for (size_t i = 0; i < N; i++) {
        margin[i] = y[i] + 0.001 * margin[i]; // planted: the score knows the answer
    }
    input.is_random = true;
    input.caution = "demonstration data";
    struct wl_evaluation got = evaluate(&input);
    CHECK(got.is_too_good);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_evaluation_warnings(&got, "zh", &text);
    CHECK_STR(text.data, "警告：随机划分，结果不能说明对未来的预测能力\n"
                         "警告：AUC 1.0000 好得可疑，请检查信息泄漏或演示数据\n"
                         "警告：demonstration data\n");
    wl_buf_clear(&text);
    wl_evaluation_lines(&got, &text);
    static const char warnings[] =
        "{\"set\":\"toy\",\"model\":\"xgboost\",\"warning\":\"a random split says nothing about "
        "predicting later months\"}\n"
        "{\"set\":\"toy\",\"model\":\"xgboost\",\"warning\":\"auc 1.0000 is too good: look for "
        "leakage "
        "or demonstration data\"}\n"
        "{\"set\":\"toy\",\"model\":\"xgboost\",\"warning\":\"demonstration data\"}\n";
    CHECK_STR(strstr(text.data, "{\"set\":\"toy\",\"model\":\"xgboost\",\"warning\""), warnings);
    wl_buf_release(&text);
}

static void test_what_cannot_be_measured_has_words(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_buf text;

    fill(8, 1.0);
    struct wl_evaluate_input input = input_of();
    input.threshold = 1.0; // nobody is that likely
    struct wl_evaluation got = evaluate(&input);
    CHECK(isnan(got.metrics[WL_METRIC_PRECISION].value));
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_evaluation_json(&got, &text);
    CHECK_INT(wl_json_parse(&arena, wl_buf_view(&text), &root, NULL), WL_OK);
    const struct wl_node *metric = wl_node_get(wl_node_get(root, "metrics"), "precision");
    CHECK_INT(wl_node_get(metric, "value")->kind, WL_NODE_NULL);
    CHECK(wl_str_is(wl_node_text(metric, "status", ""), "not_measurable_yet"));
    CHECK(wl_str_is(wl_node_text(metric, "why", ""), "nobody is flagged at the threshold"));
    CHECK(wl_node_get(wl_node_get(root, "metrics"), "auc_pooled") == NULL);
    wl_buf_clear(&text);
    wl_evaluation_text(&got, "zh", &text);
    CHECK(strstr(text.data, "尚不可测量：没有用户超过阈值") != NULL);
    wl_buf_release(&text);
    wl_arena_release(&arena);
}

static void test_lines_have_the_agreed_form(void)
{
    struct wl_arena arena;
    struct wl_buf text;
    size_t n_lines = 0;

    fill(9, 1.0);
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation got = evaluate(&input);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_evaluation_lines(&got, &text);
    struct wl_str rest = wl_buf_view(&text);
    while (rest.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        struct wl_node *root = NULL;
        CHECK_INT(wl_json_parse(&arena, line, &root, NULL), WL_OK);
        CHECK(wl_str_is(wl_node_text(root, "set", ""), "toy"));
        CHECK(wl_node_text(root, "model", "").n_bytes > 0);
        CHECK_INT(wl_node_get(root, "value")->kind, WL_NODE_NUMBER);
        CHECK(wl_node_number(root, "low", 9) <= wl_node_number(root, "high", -9));
        CHECK(wl_node_number(root, "n", 0) > 0);
        n_lines++;
    }
    CHECK_INT(n_lines, WL_METRIC_COUNT - 1 + 4);
    static const char head[] =
        "{\"set\":\"toy\",\"model\":\"xgboost\",\"metric\":\"auc\",\"value\":0.";
    CHECK(strncmp(text.data, head, sizeof(head) - 1) == 0);
    wl_buf_clear(&text);
    wl_evaluation_curve_csv(&got, &text);
    CHECK(strncmp(text.data, "threshold,recall,false_positive_rate,precision\n", 47) == 0);
    wl_buf_release(&text);
    wl_arena_release(&arena);
}

static void test_bad_input_is_refused(void)
{
    struct wl_evaluation got = {0};
    wl_error error = {0};

    fill(10, 1.0);
    struct wl_evaluate_input input = input_of();
    p[3] = 1.5;
    CHECK_INT(wl_evaluate(wl_alloc_default(), &input, &got, &error), WL_EINVAL);
    CHECK_STR(error.message, "the probability of row 3 is 1.5, not between 0 and 1");
    fill(10, 1.0);
    margin[4] = (double)NAN;
    CHECK_INT(wl_evaluate(wl_alloc_default(), &input, &got, &error), WL_EINVAL);
    fill(10, 1.0);
    input.threshold = (double)NAN;
    CHECK_INT(wl_evaluate(wl_alloc_default(), &input, &got, &error), WL_EINVAL);
}

static void test_gates_section(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_gates gates;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_gates_read(&arena, NULL, &gates, NULL), WL_OK);
    CHECK_INT(gates.min_rows, 400);
    CHECK_CLOSE(gates.too_good_auc, 0.98, 0.0);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("{min_auc: 0.85, min_acuracy: 0.82}"), &root, NULL), 0);
    CHECK_INT(wl_gates_read(&arena, root, &gates, &error), WL_ECONFIG);
    CHECK(strstr(error.message, "did you mean \"min_accuracy\"?") != NULL);
    wl_arena_release(&arena);
}

static void test_every_failed_allocation(void)
{
    fill(11, 1.0);
    struct wl_evaluate_input input = input_of();
    input.n_resamples = 2;
    for (size_t n_good = 0; n_good < 200; n_good++) {
        struct check_heap heap;
        struct wl_evaluation got = {0};
        input.fold = n_good % 2 == 0 ? fold : NULL; // both ways of ranking
        input.n_folds = 5;
        check_heap_init(&heap, n_good);
        wl_status status = wl_evaluate(&heap.alloc, &input, &got, NULL);
        CHECK_INT(heap.live_blocks, 0);
        CHECK(status == WL_OK || status == WL_ENOMEM);
        CHECK((status == WL_OK) == (got.set != NULL));
    }
}

int main(void)
{
    RUN(test_figures_and_denominators);
    RUN(test_the_interval_of_ece_holds_its_value);
    RUN(test_folds_on_different_scales);
    RUN(test_users_with_many_rows_widen_intervals);
    RUN(test_threads_change_no_byte);
    RUN(test_minimum_is_demanded_and_marked);
    RUN(test_gates);
    RUN(test_too_good_to_be_true);
    RUN(test_what_cannot_be_measured_has_words);
    RUN(test_lines_have_the_agreed_form);
    RUN(test_bad_input_is_refused);
    RUN(test_gates_section);
    RUN(test_every_failed_allocation);
    return check_report();
}
