/* Goal:   model files written by released versions load with the same scores for ever, and today's
 *         writer still makes the same bytes.
 * Method: v1_<algorithm>.wlm (v3 with a model of sequences) beside this file, made by this program with the argument "make" (version
 *         0.1.0, 2026); expected margins worked out by hand below. */
#include "../../unit/model/model_samples.h"

#include "base/file.h"

static const double margins[4][SAMPLE_ROWS] = {
    // base -1.5; tree 0: days < 30.5 ? (basic? missing left) : 0.75; tree 1: member < 1, missing left
    {-1.5 + 0.25 - 1.0, -1.5 + 0.75 + 0.125, -1.5 + 0.75 + 0.125, -1.5 + 0.75 - 1.0},
    // -0.75 + 0.5 (days - 20) / 8 + 0.25 (missing - 0.25) / 0.5 - (is level - 0.5) / 0.5
    {-0.75 - 0.625 - 0.125 + 1.0, -0.75 + 1.5625 - 0.125 - 1.0, -0.75 + 0.375,
     -0.75 + 0.65625 - 0.125 + 1.0},
    {-2.0 + 0.3, -2.0 + 0.3 + 0.4 + 0.6, -2.0 + 1.5, -2.0 + 0.3 + 0.4 + 0.6},
    // ln(p / (1 - p)) of 10, 45 and 30.5 percent; the base where it is missing
    {-2.1972245773362196, -0.20067069546215124, 0.125, -0.8236000689573805},
};

static void golden_path(enum wl_algorithm algorithm, char path[512])
{
    (void)snprintf(path, 512, WL_SOURCE_DIR "/tests/golden/model/v%d_%s.wlm",
                   wl_algorithm_is_sequence(algorithm) ? 3 : 1, wl_algorithm_name(algorithm));
}

static void encode_sample(enum wl_algorithm algorithm, struct wl_buf *bytes)
{
    struct wl_model *model = NULL;

    wl_buf_init(bytes, wl_alloc_default(), 0);
    CHECK_INT(sample_make(wl_alloc_default(), algorithm, &model, NULL), WL_OK);
    wl_model_encode(model, bytes);
    CHECK_INT(wl_buf_check(bytes, NULL), WL_OK);
    wl_model_free(model);
}

static void make_files(void)
{
    for (int a = WL_ALGORITHM_XGBOOST; a <= WL_ALGORITHM_LSTM; a++) {
        char path[512];
        struct wl_buf bytes;
        golden_path((enum wl_algorithm)a, path);
        encode_sample((enum wl_algorithm)a, &bytes);
        CHECK_INT(wl_file_write(path, wl_buf_view(&bytes), NULL), WL_OK);
        wl_buf_release(&bytes);
    }
}

static void test_golden_files_load(void)
{
    for (int a = WL_ALGORITHM_XGBOOST; a <= WL_ALGORITHM_LSTM; a++) {
        char path[512];
        float values[3];
        struct wl_buf bytes;
        struct wl_buf today;
        struct wl_model *model = NULL;
        wl_error error = {0};

        golden_path((enum wl_algorithm)a, path);
        wl_buf_init(&bytes, wl_alloc_default(), 0);
        CHECK_INT(wl_file_read(path, &bytes, &error), WL_OK);
        CHECK_INT(wl_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, &error), WL_OK);
        CHECK_STR(error.message, "");
        encode_sample((enum wl_algorithm)a, &today);
        CHECK(wl_str_equal(wl_buf_view(&today), wl_buf_view(&bytes)));
        for (size_t i = 0; model != NULL && i < SAMPLE_ROWS; i++) {
            sample_row(i, values);
            CHECK_CLOSE(wl_model_margin(model, values), margins[a][i], 1e-14);
        }
        CHECK(wl_str_is(wl_model_about(model)->metrics, "{\"auc\":0.75}"));
        CHECK(wl_str_is(wl_model_about(model)->features, "{\"library\":\"standard\"}"));
        CHECK_INT(wl_model_about(model)->sequence.n_bytes, a == WL_ALGORITHM_LSTM ? 11 : 0);
        wl_model_free(model);
        wl_buf_release(&bytes);
        wl_buf_release(&today);
    }
}

int main(int n_words, char **words)
{
    if (n_words > 1 && strcmp(words[1], "make") == 0) {
        RUN(make_files);
        return check_report();
    }
    RUN(test_golden_files_load);
    return check_report();
}
