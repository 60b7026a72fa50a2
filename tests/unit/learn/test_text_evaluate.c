/* Goal:   figures of a text model equal their definitions, baselines find what is planted, and the
 *         words say so when a gain holds 0 or labels were shuffled.
 * Method: a set with planted words; figures counted by hand beside; a model that is the baseline; a
 *         model that knows nothing. */
#include "check.h"

#include "base/file.h"
#include "base/rng.h"
#include "learn/text_evaluate.h"

#define N_ROWS 300

static const char path[] = "test_text_evaluate.tmp";

// Labels by what a text says: 50 % "refund me", 30 % "love it", 20 % something else ("none").
static void make_data(struct wl_text_data *data, bool is_shuffled)
{
    static const char *const phrases[] = {"please refund me", "i love it", "the sky is"};
    static const char *const labels[] = {"refund", "praise", "none"};
    struct wl_text_source source = {.table = {.delimiter = ','}, .text = "text", .label = "label"};
    struct wl_buf text;
    struct wl_rng rng;

    wl_rng_init(&rng, 7, 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_text(&text, "text,label\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t k = i % 10 < 5 ? 0 : (i % 10 < 8 ? 1 : 2);
        size_t draw = wl_rng_below(&rng, 10);
        size_t label = is_shuffled ? (draw < 5 ? 0 : (draw < 8 ? 1 : 2)) : k;
        wl_buf_format(&text, "%s case %zu,%s\n", phrases[k], i, labels[label]);
    }
    wl_text_data_init(data, wl_alloc_default());
    CHECK_INT(wl_file_write(path, wl_buf_view(&text), NULL), WL_OK);
    CHECK_INT(wl_text_data_read(data, path, &source, false, NULL, NULL), WL_OK);
    CHECK_INT(wl_text_data_settle(data, NULL), WL_OK); // none 0, praise 1, refund 2
    wl_buf_release(&text);
}

static struct wl_text_evaluation judge(struct wl_arena *arena, const struct wl_text_data *data,
                                       const uint32_t *rows, size_t n, const double *p,
                                       const uint8_t *marks)
{
    static const enum wl_text_baseline ids[] = {WL_TEXT_KEYWORDS};
    struct wl_text_evaluation evaluation = {0};
    struct wl_text_judged judged = {.data = data,
                                    .rows = rows,
                                    .n = n,
                                    .p = p,
                                    .none = 0,
                                    .threshold = 0.55,
                                    .oos_threshold = 0.5,
                                    .baselines = marks,
                                    .baseline_ids = ids,
                                    .n_baselines = marks != NULL ? 1 : 0,
                                    .n_resamples = 200,
                                    .seed = 42,
                                    .n_threads = 1};

    CHECK_INT(wl_text_evaluate(arena, &judged, &evaluation, NULL), WL_OK);
    evaluation.set = "planted";
    evaluation.model = "test";
    return evaluation;
}

static void fill_rows(uint32_t *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        rows[i] = (uint32_t)i;
    }
}

static void test_figures_by_hand(void)
{
    // truth: refund refund refund refund refund praise praise praise none none
    static const double p[10][3] = {
        {0.1, 0.1, 0.8}, {0.1, 0.2, 0.7}, {0.2, 0.2, 0.6}, {0.1, 0.6, 0.3},   {0.1, 0.1, 0.8},
        {0.1, 0.8, 0.1}, {0.1, 0.7, 0.2}, {0.4, 0.3, 0.3}, {0.9, 0.05, 0.05}, {0.1, 0.2, 0.7}};
    struct wl_text_data data;
    struct wl_arena arena;
    uint32_t rows[10];

    make_data(&data, false);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    fill_rows(rows, 10);
    struct wl_text_evaluation evaluation = judge(&arena, &data, rows, 10, p[0], NULL);
    const struct wl_text_metric *metrics = evaluation.metrics;
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_ACCURACY].value, 0.7, 1e-12);
    // none: 1 of 2 said, 1 of 2 true: 1/2; praise: 2 of 3 said, 2 of 3: 2/3; refund: 4/5, 4/5
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_MACRO_F1].value, (0.5 + 2.0 / 3.0 + 0.8) / 3.0, 1e-12);
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_MICRO_F1].value, 0.7, 1e-12);
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_WEIGHTED_F1].value, 0.2 * 0.5 + 0.3 * 2.0 / 3.0 + 0.5 * 0.8,
                1e-12);
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_MAJORITY].value, 0.5, 1e-12);
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_IN_SCOPE].value, 6.0 / 8.0, 1e-12);
    // largest p in scope, outside: .05 .7; inside: .8 .7 .6 .6 .8 .8 .7 .3: 8 + 2 + 2 * 0.5 of 16
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_OOS_AUROC].value, 12.0 / 16.0, 1e-12);
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_OOS_RECALL].value, 0.5, 1e-12);
    CHECK_CLOSE(metrics[WL_TEXT_METRIC_OOS_PRECISION].value, 0.5, 1e-12);
    CHECK_CLOSE(evaluation.rates[2].precision, 0.8, 1e-12);
    CHECK_CLOSE(evaluation.rates[4].f1, metrics[WL_TEXT_METRIC_MACRO_F1].value, 1e-12);
    CHECK_INT(evaluation.n_confusions, 3);
    CHECK_INT(evaluation.n_errors, 3);
    CHECK_INT(evaluation.errors[0].row, 9);
    CHECK_CLOSE(evaluation.errors[0].p, 0.7, 1e-12);
    CHECK(metrics[WL_TEXT_METRIC_ACCURACY].low < 0.7 &&
          metrics[WL_TEXT_METRIC_ACCURACY].high > 0.7);
    size_t n_own = 0;
    for (size_t i = 0; i < evaluation.n_abstain; i++) {
        n_own += evaluation.abstain[i].threshold == 0.55;
        if (evaluation.abstain[i].threshold == 0.8) {
            CHECK_CLOSE(evaluation.abstain[i].coverage, 0.4, 1e-12); // .8 .8 .8 .9
            CHECK_CLOSE(evaluation.abstain[i].accuracy, 1.0, 1e-12);
        }
    }
    CHECK_INT(n_own, 1);
    double accuracy = 0.0;
    double macro_f1 = 0.0;
    CHECK_INT(wl_text_figures(&data, rows, 10, p[0], &accuracy, &macro_f1, NULL), WL_OK);
    CHECK_CLOSE(accuracy, 0.7, 1e-12);
    CHECK_CLOSE(macro_f1, metrics[WL_TEXT_METRIC_MACRO_F1].value, 1e-12);
    double threshold = 0.0;
    CHECK_INT(wl_text_oos_threshold(&data, rows, 10, p[0], 0, &threshold, NULL), WL_OK);
    CHECK_CLOSE(threshold, 0.175, 1e-12); // between .05 and .3: half found, nothing lost
    wl_arena_release(&arena);
    wl_text_data_release(&data);
}

// Baselines on planted words: the first 200 rows teach, the rest are judged.
static void run_baseline(const struct wl_text_data *data, enum wl_text_baseline baseline,
                         uint8_t *marks, double *accuracy)
{
    uint32_t rows[N_ROWS];
    size_t n_right = 0;

    fill_rows(rows, N_ROWS);
    CHECK_INT(wl_text_baseline_run(data, baseline, rows, 200, rows + 200, 100, marks, NULL), WL_OK);
    for (size_t i = 0; i < 100; i++) {
        CHECK_INT(marks[3 * i] + marks[3 * i + 1] + marks[3 * i + 2], 1);
        n_right += marks[3 * i + wl_text_data_label(data, 200 + i)];
    }
    *accuracy = (double)n_right / 100.0;
}

static void test_baselines_find_planted_words(void)
{
    struct wl_text_data data;
    uint8_t marks[300];
    double accuracy = 0.0;

    make_data(&data, false);
    run_baseline(&data, WL_TEXT_MAJORITY, marks, &accuracy);
    CHECK_CLOSE(accuracy, 0.5, 1e-12);
    run_baseline(&data, WL_TEXT_KEYWORDS, marks, &accuracy);
    CHECK_CLOSE(accuracy, 1.0, 1e-12);
    run_baseline(&data, WL_TEXT_NAIVE_BAYES, marks, &accuracy);
    CHECK_CLOSE(accuracy, 1.0, 1e-12);
    wl_text_data_release(&data);
    make_data(&data, true); // planted fault: labels that have nothing to do with the texts
    run_baseline(&data, WL_TEXT_NAIVE_BAYES, marks, &accuracy);
    CHECK(accuracy < 0.62);
    wl_text_data_release(&data);
}

static void check_words(const struct wl_text_evaluation *evaluation,
                        const struct wl_text_data *data, const char *language, const char *want)
{
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    CHECK_INT(wl_text_evaluation_text(evaluation, data, language, &text, NULL), WL_OK);
    CHECK(strstr(text.data, want) != NULL);
    wl_buf_release(&text);
}

// A model that says what the baseline says has gained nothing, and the report says so.
static void test_no_gain_is_said(void)
{
    struct wl_text_data data;
    struct wl_arena arena;
    uint32_t rows[N_ROWS];
    uint8_t marks[300];
    double p[300];
    double accuracy = 0.0;
    struct wl_text_want want = {.id = WL_TEXT_METRIC_ACCURACY, .value = 0.9};
    wl_error error = {0};

    make_data(&data, true);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    fill_rows(rows, N_ROWS);
    run_baseline(&data, WL_TEXT_KEYWORDS, marks, &accuracy);
    for (size_t i = 0; i < 300; i++) {
        p[i] = marks[i] != 0 ? 0.6 : 0.2;
    }
    struct wl_text_evaluation evaluation = judge(&arena, &data, rows + 200, 100, p, marks);
    CHECK_CLOSE(evaluation.baselines[0].accuracy_gain.value, 0.0, 1e-12);
    CHECK_CLOSE(evaluation.metrics[WL_TEXT_METRIC_ACCURACY].value, accuracy, 1e-12);
    check_words(&evaluation, &data, "en",
                "accuracy over keywords: +0.0000 (0.0000, 0.0000), holds 0: no proof");
    check_words(&evaluation, &data, "zh", "区间包含 0，不能说明模型更好");
    CHECK_INT(wl_text_evaluation_gate(&evaluation, &want, 1, &error), WL_EGATE);
    CHECK(strstr(error.message, "wanted at least 0.9") != NULL);
    wl_arena_release(&arena);
    wl_text_data_release(&data);
}

static void test_wants(void)
{
    struct wl_text_want wants[WL_TEXT_WANTS_MAX];
    size_t n = 0;

    CHECK_INT(wl_text_wants_read(WL_STR("accuracy=0.92, oos_auroc=0.9"), wants, &n, NULL), WL_OK);
    CHECK_INT(n, 2);
    CHECK_INT(wants[1].id, WL_TEXT_METRIC_OOS_AUROC);
    CHECK_INT(wl_text_wants_read(WL_STR("accurracy=1"), wants, &n, NULL), WL_EINVAL);
    CHECK_INT(wl_text_wants_read(WL_STR("accuracy"), wants, &n, NULL), WL_EINVAL);
}

int main(void)
{
    RUN(test_figures_by_hand);
    RUN(test_baselines_find_planted_words);
    RUN(test_no_gain_is_said);
    RUN(test_wants);
    (void)remove(path);
    return check_report();
}
