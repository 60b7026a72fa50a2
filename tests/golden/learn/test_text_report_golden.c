/* Goal:   the report of a text model has the words and figures it had when a person last looked at
 *         it, in both languages and as JSON, and shows no telephone number.
 * Method: a made set of four labels with a model whose answers are made too; the report is compared
 *         with the stored one. After a change that is meant, run with WL_GOLDEN_WRITE=1 and read it.
 *         Made by this test; no other program is involved. */
#include "check.h"

#include "base/file.h"
#include "learn/text_evaluate.h"

#define N_ROWS   200
#define N_LABELS 4

static const char source_path[] = "test_text_report.tmp";
static const char *const labels[N_LABELS] = {"cancel", "none", "praise", "退款"};

// Every third text has a telephone number; two texts make a group.
static void make_data(struct wl_text_data *data)
{
    struct wl_text_source source = {
        .table = {.delimiter = ','}, .text = "text", .label = "label", .group = "user"};
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_text(&text, "text,label,user\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        wl_buf_format(&text, "请退款 %zu %s,%s,u%zu\n", i,
                      i % 3 == 0 ? "call 13812345678" : "please", labels[i % 7 % N_LABELS], i / 2);
    }
    wl_text_data_init(data, wl_alloc_default());
    CHECK_INT(wl_file_write(source_path, wl_buf_view(&text), NULL), WL_OK);
    CHECK_INT(wl_text_data_read(data, source_path, &source, true, NULL, NULL), WL_OK);
    CHECK_INT(wl_text_data_settle(data, NULL), WL_OK);
    wl_buf_release(&text);
    (void)remove(source_path);
}

// Right three times in four, surer when right; sums to 1.
static void make_answers(const struct wl_text_data *data, double *p, uint8_t *marks)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t truth = wl_text_data_label(data, i);
        size_t said = i % 4 == 3 ? (truth + 1 + i % 3) % N_LABELS : truth;
        double sure = (i % 4 == 3 ? 0.4 : 0.5) + 0.0078125 * (double)(i % 50); // 1/128: exact
        for (size_t c = 0; c < N_LABELS; c++) {
            p[i * N_LABELS + c] = c == said ? sure : (1.0 - sure) / 3.0;
            marks[i * N_LABELS + c] = c == (i % 2 == 0 ? truth : 0);
        }
    }
}

static void judge(const struct wl_text_data *data, struct wl_arena *arena,
                  struct wl_text_evaluation *evaluation)
{
    static double p[N_ROWS * N_LABELS];
    static uint8_t marks[N_ROWS * N_LABELS];
    static uint32_t rows[N_ROWS];
    static const enum wl_text_baseline ids[] = {WL_TEXT_KEYWORDS};
    struct wl_text_judged judged = {.data = data,
                                    .rows = rows,
                                    .n = N_ROWS,
                                    .p = p,
                                    .none = 1,
                                    .threshold = 0.65,
                                    .oos_threshold = 0.45,
                                    .baselines = marks,
                                    .baseline_ids = ids,
                                    .n_baselines = 1,
                                    .n_resamples = 300,
                                    .seed = 42,
                                    .n_threads = 2};

    for (size_t i = 0; i < N_ROWS; i++) {
        rows[i] = (uint32_t)i;
    }
    make_answers(data, p, marks);
    CHECK_INT(wl_text_evaluate(arena, &judged, evaluation, NULL), WL_OK);
    evaluation->set = "made";
    evaluation->model = "intent";
    evaluation->split_en = "20 % held out";
    evaluation->split_zh = "留出 20 %";
    evaluation->parameters = "c=1";
    evaluation->n_train = 800;
    evaluation->n_copies = 3;
    evaluation->n_curve = 2;
    evaluation->curve[0] = (struct wl_text_curve_point){.n = 80, .accuracy = 0.5, .macro_f1 = 0.4};
    evaluation->curve[1] =
        (struct wl_text_curve_point){.n = 800, .accuracy = 0.75, .macro_f1 = 0.7};
}

static void compare(const char *name, struct wl_str got)
{
    struct wl_buf stored;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/tests/golden/learn/%s", WL_SOURCE_DIR, name);
    wl_buf_init(&stored, wl_alloc_default(), 0);
    if (getenv("WL_GOLDEN_WRITE") != NULL) {
        CHECK_INT(wl_file_write(path, got, NULL), WL_OK);
    }
    CHECK_INT(wl_file_read(path, &stored, NULL), WL_OK);
    CHECK(wl_str_equal(got, wl_buf_view(&stored)));
    wl_buf_release(&stored);
}

static void test_reports_equal_the_stored_ones(void)
{
    static const struct wl_text_want want = {.id = WL_TEXT_METRIC_ACCURACY, .value = 0.8};
    struct wl_text_evaluation evaluation = {0};
    struct wl_text_data data;
    struct wl_arena arena;
    struct wl_buf text;

    make_data(&data);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    judge(&data, &arena, &evaluation);
    CHECK_INT(wl_text_evaluation_text(&evaluation, &data, "en", &text, NULL), WL_OK);
    CHECK(strstr(text.data, "13812345678") == NULL);
    CHECK(strstr(text.data, "[phone]") != NULL);
    compare("text_report.en.txt", wl_buf_view(&text));
    wl_buf_clear(&text);
    CHECK_INT(wl_text_evaluation_text(&evaluation, &data, "zh", &text, NULL), WL_OK);
    compare("text_report.zh.txt", wl_buf_view(&text));
    wl_buf_clear(&text);
    wl_text_evaluation_lines(&evaluation, &want, 1, &text);
    compare("text_report.jsonl", wl_buf_view(&text));
    wl_buf_release(&text);
    wl_arena_release(&arena);
    wl_text_data_release(&data);
}

int main(void)
{
    RUN(test_reports_equal_the_stored_ones);
    return check_report();
}
