/* Goal:   our figures equal scikit-learn's and scipy's.
 * Method: metrics.json holds rows and the figures that make_metrics.py got from them (versions are
 *         inside); every figure is computed again here, plain and weighted, with and without equal
 *         scores. The classification report is compared line by line. */
#include "check.h"

#include "base/file.h"
#include "data/node.h"
#include "math/class_report.h"
#include "math/statistics.h"

#define ROWS_MAX 1000

static struct wl_arena arena;
static struct wl_node *root;

static size_t read_doubles(const struct wl_node *list, double *values)
{
    size_t n = 0;
    for (const struct wl_node *item = list->first; item != NULL && n < ROWS_MAX;
         item = item->next) {
        values[n++] = item->number;
    }
    return n;
}

static void check_case(const struct wl_node *item)
{
    static double p[ROWS_MAX], y_read[ROWS_MAX], weight_read[ROWS_MAX], part[ROWS_MAX];
    static uint8_t y[ROWS_MAX];
    static uint32_t weight[ROWS_MAX];
    const struct wl_node *want = wl_node_get(item, "want");
    struct wl_ranked ranked = {0};
    size_t n = read_doubles(wl_node_get(item, "p"), p);

    (void)read_doubles(wl_node_get(item, "y"), y_read);
    (void)read_doubles(wl_node_get(item, "weight"), weight_read);
    for (size_t i = 0; i < n; i++) {
        y[i] = (uint8_t)y_read[i];
        weight[i] = (uint32_t)weight_read[i];
    }
    CHECK_INT(wl_ranked_init(&ranked, wl_alloc_default(), p, y, n, NULL), WL_OK);
    struct wl_confusion counts =
        wl_confusion_at(&ranked, NULL, wl_node_number(item, "threshold", -1.0));
    wl_delong_parts(&ranked, part);
    // Sums of at most 600 doubles: 600 * 2^-53 is below 1e-13; 1e-12 leaves room for the library.
    const double close = 1e-12;
#define WANT(key) wl_node_number(want, key, (double)NAN)
    CHECK_CLOSE(wl_auc(&ranked, NULL), WANT("auc"), close);
    CHECK_CLOSE(wl_average_precision(&ranked, NULL), WANT("average_precision"), close);
    CHECK_CLOSE(wl_brier(&ranked, NULL), WANT("brier"), close);
    CHECK_CLOSE(wl_log_loss(&ranked, NULL), WANT("log_loss"), close);
    CHECK_CLOSE(wl_auc(&ranked, weight), WANT("auc_weighted"), close);
    CHECK_CLOSE(wl_average_precision(&ranked, weight), WANT("average_precision_weighted"), close);
    CHECK_CLOSE(wl_brier(&ranked, weight), WANT("brier_weighted"), close);
    CHECK_CLOSE(wl_log_loss(&ranked, weight), WANT("log_loss_weighted"), close);
    CHECK_CLOSE(wl_precision(&counts), WANT("precision"), close);
    CHECK_CLOSE(wl_recall(&counts), WANT("recall"), close);
    CHECK_CLOSE(wl_accuracy(&counts), WANT("accuracy"), close);
    CHECK_CLOSE(wl_f1_positive(&counts), WANT("f1"), close);
    CHECK_CLOSE(wl_f1_macro(&counts), WANT("f1_macro"), close);
    CHECK_CLOSE(wl_f1_weighted(&counts), WANT("f1_weighted"), close);
    CHECK_CLOSE(wl_delong_covariance(part, part, y, n), WANT("delong_variance"), close);
    // With equal scores the wanted lift is a mean over 20,000 random orders: noise of about 0.3 %.
    CHECK_CLOSE(wl_lift(&ranked, NULL, 0.1), WANT("lift_10"),
                wl_node_get(want, "ece_15") != NULL ? close : 0.01);
    if (wl_node_get(want, "ece_15") != NULL) {
        CHECK_CLOSE(wl_ece(&ranked, NULL, WL_ECE_BINS), WANT("ece_15"), close);
    }
    // Planted fault: one outcome turned over must show.
    y[n / 2] ^= 1;
    wl_ranked_release(&ranked);
    CHECK_INT(wl_ranked_init(&ranked, wl_alloc_default(), p, y, n, NULL), WL_OK);
    CHECK(fabs(wl_auc(&ranked, NULL) - WANT("auc")) > 1e-6);
    wl_ranked_release(&ranked);
}

static void test_figures_equal_scikit_learn(void)
{
    size_t n_cases = 0;
    for (const struct wl_node *item = wl_node_get(root, "cases")->first; item != NULL;
         item = item->next) {
        check_case(item);
        n_cases++;
    }
    CHECK_INT(n_cases, 4);
}

static void test_small_statistics_equal_scipy(void)
{
    double values[ROWS_MAX];
    size_t n = read_doubles(wl_node_get(root, "values"), values);

    for (const struct wl_node *item = wl_node_get(root, "wilson")->first; item != NULL;
         item = item->next) {
        double low, high;
        wl_wilson(wl_node_number(item, "hits", -1), wl_node_number(item, "n", -1), &low, &high);
        CHECK_CLOSE(low, wl_node_number(item, "low", -1), 1e-12);
        CHECK_CLOSE(high, wl_node_number(item, "high", -1), 1e-12);
    }
    for (const struct wl_node *item = wl_node_get(root, "normal")->first; item != NULL;
         item = item->next) {
        double z = wl_node_number(item, "z", -1);
        CHECK_CLOSE(wl_normal_quantile(wl_node_number(item, "p", -1)), z, 1e-8); // 1 - 1e-9 rounds
        CHECK_CLOSE(wl_normal_cdf(z), wl_node_number(item, "p", -1), 1e-12);
    }
    for (const struct wl_node *item = wl_node_get(root, "quantiles")->first; item != NULL;
         item = item->next) {
        CHECK_CLOSE(wl_quantile(values, n, wl_node_number(item, "q", -1)),
                    wl_node_number(item, "value", -1), 1e-14);
    }
}

// The line of text that starts with this name (after spaces), up to its end.
static struct wl_str line_of(struct wl_str text, const char *name)
{
    while (text.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&text, '\n');
        struct wl_str bare = wl_str_trim(line);
        if (bare.n_bytes >= strlen(name) && memcmp(bare.data, name, strlen(name)) == 0) {
            return line;
        }
    }
    return (struct wl_str){0};
}

static void test_class_report_has_the_known_layout(void)
{
    static const char *const names[] = {"stays", "leaves", "unsure"};
    static const double counts[] = {41, 6, 3, 7, 22, 1, 0, 4, 16};
    static const char *const lines[] = {"precision", "stays",     "leaves",
                                        "unsure",    "macro avg", "weighted avg"};
    struct wl_class_counts table = {.n_classes = 3, .names = names, .counts = counts};
    struct wl_buf want, got;

    wl_buf_init(&want, wl_alloc_default(), 0);
    wl_buf_init(&got, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(WL_SOURCE_DIR "/tests/golden/metrics/class_report.txt", &want, NULL), 0);
    wl_class_report_write(&table, "en", &got);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct wl_str a = line_of(wl_buf_view(&got), lines[i]);
        struct wl_str b = line_of(wl_buf_view(&want), lines[i]);
        CHECK(a.n_bytes > 0 && wl_str_equal(a, b));
    }
    // 79 of 100 rows are right: that is what every micro mean says.
    CHECK(wl_str_is(wl_str_trim(line_of(wl_buf_view(&got), "micro avg")),
                    "micro avg     0.7900    0.7900    0.7900       100"));
    wl_buf_release(&want);
    wl_buf_release(&got);
}

int main(void)
{
    struct wl_buf text;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    if (wl_file_read(WL_SOURCE_DIR "/tests/golden/metrics/metrics.json", &text, NULL) != WL_OK ||
        wl_json_parse(&arena, wl_buf_view(&text), &root, NULL) != WL_OK) {
        fprintf(stderr, "metrics.json cannot be read\n");
        return EXIT_FAILURE;
    }
    RUN(test_figures_equal_scikit_learn);
    RUN(test_small_statistics_equal_scipy);
    RUN(test_class_report_has_the_known_layout);
    wl_buf_release(&text);
    wl_arena_release(&arena);
    return check_report();
}
