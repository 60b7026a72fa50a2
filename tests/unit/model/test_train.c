/* Goal:   training gives models that know something, are calibrated, and are the same bytes for any
 *         number of threads; what was trained is what the libraries say.
 * Method: made-up customers with a known formula; bytes of the encoded model for 1, 2 and 3
 *         threads; refusals with their words. */
#include "model_data.h"

#include "model/train.h"

#define N_TRAIN 3000
#define N_TEST  1500

static uint8_t train_labels[N_TRAIN];
static uint8_t test_labels[N_TEST];
static struct wl_rows train_rows;
static struct wl_rows test_rows;

static struct wl_train_data all_data(void)
{
    return (struct wl_train_data){.set = {.rows = &train_rows, .n = N_TRAIN},
                                  .labels = train_labels};
}

static void train_and_measure(struct wl_train_options *options, double auc_min)
{
    static double margin[N_TEST];
    static double p_churn[N_TEST];
    struct wl_train_data data = all_data();
    struct wl_model *model = NULL;
    wl_error error = {0};
    double sum_p = 0.0;
    double sum_label = 0.0;

    CHECK_INT(wl_train(wl_alloc_default(), &data, options, 2, NULL, &model, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(wl_model_score_rows(model, &test_rows, 2, margin, p_churn, &error), WL_OK);
    double auc = data_auc(p_churn, test_labels, N_TEST);
    for (size_t i = 0; i < N_TEST; i++) {
        sum_p += p_churn[i];
        sum_label += test_labels[i];
        CHECK(wl_model_margin(model, test_rows.values + i * DATA_FEATURES) == margin[i]);
    }
    fprintf(stderr, "  algorithm %d: AUC %.4f, mean p %.4f, churn %.4f\n", options->algorithm, auc,
            sum_p / N_TEST, sum_label / N_TEST);
    CHECK(auc > auc_min);
    // Mean probability against the rate of 1500 coin flips: 4 standard errors of sqrt(pq/n) ~
    // 0.012.
    CHECK(fabs(sum_p - sum_label) / N_TEST < 0.05);
    wl_model_free(model);
}

static void test_every_algorithm_learns(void)
{
    struct wl_train_options options;

    wl_train_options_init(&options);
    train_and_measure(&options, 0.73);
    options.calibration = WL_CALIBRATION_ISOTONIC;
    train_and_measure(&options, 0.73);
    options.algorithm = WL_ALGORITHM_LOGISTIC;
    train_and_measure(&options, 0.73);
    options.algorithm = WL_ALGORITHM_RULE;
    train_and_measure(&options, 0.70);
    options.calibration = WL_CALIBRATION_SIGMOID;
    options.feature = "order_days_since_last";
    train_and_measure(&options, 0.65);
    options.feature = "order_activity_30d"; // points the other way
    train_and_measure(&options, 0.60);
}

static void encode(struct wl_train_options *options, size_t n_threads, struct wl_buf *buf)
{
    struct wl_train_data data = all_data();
    struct wl_model *model = NULL;

    wl_buf_init(buf, wl_alloc_default(), 0);
    CHECK_INT(wl_train(wl_alloc_default(), &data, options, n_threads, NULL, &model, NULL), WL_OK);
    wl_model_encode(model, buf);
    CHECK_INT(wl_buf_check(buf, NULL), WL_OK);
    wl_model_free(model);
}

static void test_same_bytes_for_any_threads(void)
{
    struct wl_train_options options;
    struct wl_buf one;
    struct wl_buf other;

    wl_train_options_init(&options);
    options.trees = 40;
    for (int algorithm = WL_ALGORITHM_XGBOOST; algorithm <= WL_ALGORITHM_RULE; algorithm++) {
        options.algorithm = algorithm;
        encode(&options, 1, &one);
        for (size_t n_threads = 1; n_threads <= 3; n_threads++) {
            encode(&options, n_threads, &other);
            CHECK(wl_str_equal(wl_buf_view(&one), wl_buf_view(&other)));
            wl_buf_release(&other);
        }
        wl_buf_release(&one);
    }
    options.algorithm = WL_ALGORITHM_XGBOOST; // planted: another seed must show
    encode(&options, 1, &one);
    options.seed++;
    encode(&options, 1, &other);
    CHECK(!wl_str_equal(wl_buf_view(&one), wl_buf_view(&other)));
    wl_buf_release(&one);
    wl_buf_release(&other);
}

/* Held-out probabilities know less than fitted ones, and something all the same. */
static void test_held_out_probabilities(void)
{
    static double held_p[N_TRAIN];
    static double fitted_p[N_TRAIN];
    struct wl_train_options options;
    struct wl_train_data data = all_data();
    struct wl_model *model = NULL;

    wl_train_options_init(&options);
    data.held_p = held_p;
    CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 2, NULL, &model, NULL), WL_OK);
    CHECK_INT(wl_model_score_rows(model, &train_rows, 1, NULL, fitted_p, NULL), WL_OK);
    double held = data_auc(held_p, train_labels, N_TRAIN);
    double fitted = data_auc(fitted_p, train_labels, N_TRAIN);
    fprintf(stderr, "  AUC held out %.4f, fitted %.4f\n", held, fitted);
    CHECK(held > 0.72 && held < fitted - 0.02);
    wl_model_free(model);
}

static void test_refusals(void)
{
    static float weights[N_TRAIN];
    struct wl_train_options options;
    struct wl_train_data data = all_data();
    struct wl_model *model = NULL;
    wl_error error = {0};

    wl_train_options_init(&options);
    options.feature = "order_days_since_lst";
    CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 1, NULL, &model, &error), WL_ECONFIG);
    CHECK_STR(error.message, "no feature \"order_days_since_lst\" (did you mean "
                             "\"order_days_since_last\"?)");
    options.feature = NULL;
    options.algorithm = WL_ALGORITHM_LOGISTIC;
    data.weights = weights;
    CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 1, NULL, &model, &error), WL_EINVAL);
    CHECK_STR(error.message, "logistic regression takes no row weights");
    options.algorithm = WL_ALGORITHM_XGBOOST;
    CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 1, NULL, &model, &error), WL_EINVAL);
    CHECK_STR(error.message, "weight of training row 0 is 0");
    data.weights = NULL;
    data.set.n = 20;
    CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 1, NULL, &model, &error), WL_EGATE);
    float kept = train_rows.values[DATA_FEATURES];
    train_rows.values[DATA_FEATURES] = INFINITY;
    data.set.n = N_TRAIN;
    CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 1, NULL, &model, &error), WL_EINVAL);
    CHECK_STR(error.message, "row 1: feature order_days_since_last is inf");
    train_rows.values[DATA_FEATURES] = kept;
    CHECK(model == NULL);
}

/* Rows outside the set are garbage: the model must be the same bytes as without them. */
static void test_other_rows_change_nothing(void)
{
    static uint32_t index[N_TRAIN];
    struct wl_train_options options;
    struct wl_train_data data = all_data();
    struct wl_buf bytes[2];

    wl_train_options_init(&options);
    options.trees = 20;
    data.set.index = index;
    data.set.n = N_TRAIN / 2;
    for (int algorithm = WL_ALGORITHM_XGBOOST; algorithm <= WL_ALGORITHM_RULE; algorithm++) {
        options.algorithm = algorithm;
        for (size_t pass = 0; pass < 2; pass++) {
            struct wl_model *model = NULL;
            for (size_t i = 0; i < data.set.n; i++) {
                index[i] = (uint32_t)(2 * i); // every other row trains
            }
            for (size_t i = 0; pass == 1 && i < N_TRAIN; i++) {
                for (size_t f = 0; i % 2 == 1 && f < DATA_FEATURES; f++) {
                    train_rows.values[i * DATA_FEATURES + f] = 12345.0F;
                }
            }
            wl_buf_init(&bytes[pass], wl_alloc_default(), 0);
            CHECK_INT(wl_train(wl_alloc_default(), &data, &options, 2, NULL, &model, NULL), WL_OK);
            wl_model_encode(model, &bytes[pass]);
            wl_model_free(model);
        }
        CHECK(wl_str_equal(wl_buf_view(&bytes[0]), wl_buf_view(&bytes[1])));
        wl_buf_release(&bytes[0]);
        wl_buf_release(&bytes[1]);
    }
}

static void test_options_are_strict(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_train_options options;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_train_options_init(&options);
    CHECK_INT(wl_yaml_parse(&arena,
                            WL_STR("algorithm: logistic\nC: 2\ncalibration: isotonic\nseed: 7\n"
                                   "features: [a, b]\n"),
                            &root, NULL),
              WL_OK);
    CHECK_INT(wl_train_options_read(&arena, root, "model", &options, &error), WL_OK);
    CHECK_INT(options.algorithm, WL_ALGORITHM_LOGISTIC);
    CHECK_INT(options.calibration, WL_CALIBRATION_ISOTONIC);
    CHECK_CLOSE(options.c, 2.0, 0);
    CHECK_INT(options.seed, 7);
    CHECK_INT(options.features.n_items, 2);
    CHECK_INT(options.trees, 150);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("tress: 5\n"), &root, NULL), WL_OK);
    CHECK_INT(wl_train_options_read(&arena, root, "model", &options, &error), WL_ECONFIG);
    CHECK_STR(error.message,
              "line 1, column 1: model: no key \"tress\" here (did you mean \"trees\"?)");
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("rate: 2\n"), &root, NULL), WL_OK);
    CHECK_INT(wl_train_options_read(&arena, root, "model", &options, &error), WL_ECONFIG);
    CHECK_INT(options.trees, 150); // unchanged after a refusal
    wl_arena_release(&arena);
}

int main(void)
{
    data_make(&train_rows, N_TRAIN, 1, train_labels);
    data_make(&test_rows, N_TEST, 2, test_labels);
    RUN(test_every_algorithm_learns);
    RUN(test_same_bytes_for_any_threads);
    RUN(test_held_out_probabilities);
    RUN(test_refusals);
    RUN(test_options_are_strict);
    RUN(test_other_rows_change_nothing);
    wl_rows_release(&train_rows);
    wl_rows_release(&test_rows);
    return check_report();
}
