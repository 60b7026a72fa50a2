/* Goal:   our forest is libxgboost's: same margins within 1e-5 (it sums in float, we in double), on
 *         rows with missing values; contributions add up; saved boosters come back; training does
 *         not depend on threads; damaged JSON is refused.
 * Method: random tables with a known formula, several shapes; library margins as the oracle. */
#include "check.h"

#include "model/train_xgb.h"
#include "model/xgb_json.h"

#define N_ROWS 2500
#define C      12

static float columns[N_ROWS * C];
static float labels[N_ROWS];
static float weights[N_ROWS];

static double unit(uint64_t *state)
{
    return (double)(check_rand(state) >> 11) * 0x1.0p-53;
}

static void make(uint64_t seed)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        float *row = columns + i * C;
        for (size_t c = 0; c < C; c++) {
            row[c] = c < 4 ? (float)(unit(&seed) < 0.3) : (float)(10.0 * unit(&seed) - 5.0);
            if (unit(&seed) < 0.15) {
                row[c] = NAN;
            }
        }
        double z = (isnan(row[5]) ? 1.0 : 0.4 * (double)row[5]) - (row[1] > 0.5F ? 1.5 : 0.0);
        labels[i] = unit(&seed) < 1.0 / (1.0 + exp(-z)) ? 1.0F : 0.0F;
        weights[i] = (float)(0.5 + unit(&seed));
    }
}

static const struct wl_xgb_params base_params = {.trees = 60,
                                                 .depth = 5,
                                                 .rate = 0.1,
                                                 .subsample = 0.8,
                                                 .colsample = 0.8,
                                                 .min_child_weight = 1.0,
                                                 .lambda = 1.0,
                                                 .seed = 7,
                                                 .n_threads = 1};

static struct wl_xgb_data all_data(bool is_weighted)
{
    return (struct wl_xgb_data){.columns = columns,
                                .n_rows = N_ROWS,
                                .n_columns = C,
                                .labels = labels,
                                .weights = is_weighted ? weights : NULL};
}

/* Largest difference between our margins and the library's, relative to max(1, |margin|). */
static double margin_gap(const struct wl_forest *forest, struct wl_xgb *xgb)
{
    static float theirs[N_ROWS];
    struct wl_xgb_data data = all_data(false);
    double gap = 0.0;

    CHECK_INT(wl_xgb_margins(xgb, &data, 2, theirs, NULL), WL_OK);
    for (size_t i = 0; i < N_ROWS; i++) {
        double ours = wl_forest_margin(forest, columns + i * C);
        gap = fmax(gap, fabs(ours - (double)theirs[i]) / fmax(1.0, fabs(ours)));
    }
    return gap;
}

static void test_margins_equal_the_library(void)
{
    static const struct {
        int64_t trees;
        int64_t depth;
        bool is_weighted;
    } cases[] = {{1, 1, false}, {60, 5, false}, {60, 5, true}, {200, 3, true}, {20, 10, false}};

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        struct wl_xgb_params params = base_params;
        struct wl_xgb_data data = all_data(cases[k].is_weighted);
        struct wl_xgb *xgb = NULL;
        struct wl_forest *forest = NULL;
        wl_error error = {0};

        make(100 + k);
        params.trees = cases[k].trees;
        params.depth = cases[k].depth;
        CHECK_INT(wl_xgb_train(wl_alloc_default(), &data, &params, &xgb, &error), WL_OK);
        CHECK_INT(wl_xgb_forest(xgb, wl_alloc_default(), &forest, &error), WL_OK);
        CHECK_STR(error.message, "");
        CHECK_INT(forest->n_trees, cases[k].trees);
        make(200 + k); // fresh rows
        double gap = margin_gap(forest, xgb);
        fprintf(stderr, "  %lld trees of depth %zu: gap %.2g\n", (long long)cases[k].trees,
                forest->depth_max, gap);
        CHECK(gap < 1e-5);
        forest->nodes[0].value += 0.5F; // planted: one threshold moved
        CHECK(margin_gap(forest, xgb) > 1e-5);
        wl_forest_free(forest);
        wl_xgb_free(xgb);
    }
}

static void test_contributions_add_up(void)
{
    static float contributions[N_ROWS * (C + 1)];
    struct wl_xgb_data data = all_data(false);
    struct wl_xgb *xgb = NULL;
    struct wl_forest *forest = NULL;

    make(300);
    CHECK_INT(wl_xgb_train(wl_alloc_default(), &data, &base_params, &xgb, NULL), WL_OK);
    CHECK_INT(wl_xgb_forest(xgb, wl_alloc_default(), &forest, NULL), WL_OK);
    CHECK_INT(wl_xgb_contributions(xgb, &data, 2, contributions, NULL), WL_OK);
    for (size_t i = 0; i < N_ROWS; i++) {
        double sum = 0.0;
        for (size_t c = 0; c <= C; c++) {
            sum += (double)contributions[i * (C + 1) + c];
        }
        CHECK_CLOSE(sum, wl_forest_margin(forest, columns + i * C), 2e-5);
    }
    wl_forest_free(forest);
    wl_xgb_free(xgb);
}

static void save(const struct wl_xgb *xgb, struct wl_buf *json)
{
    wl_buf_init(json, wl_alloc_default(), 0);
    CHECK_INT(wl_xgb_save(xgb, json, NULL), WL_OK);
}

static void test_saved_boosters_come_back(void)
{
    struct wl_xgb_data data = all_data(false);
    struct wl_xgb *xgb = NULL;
    struct wl_xgb *again = NULL;
    struct wl_forest *forest = NULL;
    struct wl_buf json;
    wl_error error = {0};

    make(400);
    CHECK_INT(wl_xgb_train(wl_alloc_default(), &data, &base_params, &xgb, NULL), WL_OK);
    save(xgb, &json);
    CHECK_INT(wl_xgb_load(wl_alloc_default(), wl_buf_view(&json), &again, &error), WL_OK);
    CHECK_INT(wl_forest_read_xgb(wl_alloc_default(), wl_buf_view(&json), &forest, &error), WL_OK);
    CHECK(margin_gap(forest, again) < 1e-5);
    wl_xgb_free(again);
    again = NULL;
    CHECK_INT(wl_xgb_load(wl_alloc_default(), WL_STR("{}"), &again, &error), WL_ELIBRARY);
    CHECK(again == NULL && strchr(error.message, '\n') == NULL);
    wl_buf_release(&json);
    wl_forest_free(forest);
    wl_xgb_free(xgb);
}

/* Our training always asks for one thread; this measures what two would do. */
static void test_threads_and_seeds(void)
{
    struct wl_xgb_params params = base_params;
    struct wl_xgb_data data = all_data(true);
    struct wl_buf json[4];

    make(500);
    for (size_t k = 0; k < 4; k++) {
        struct wl_xgb *xgb = NULL;
        params.n_threads = k == 2 ? 2 : 1;
        params.seed = k == 3 ? 8 : 7;
        CHECK_INT(wl_xgb_train(wl_alloc_default(), &data, &params, &xgb, NULL), WL_OK);
        save(xgb, &json[k]);
        wl_xgb_free(xgb);
    }
    CHECK(wl_str_equal(wl_buf_view(&json[0]), wl_buf_view(&json[1])));
    fprintf(stderr, "  one and two threads inside the library: %s\n",
            wl_str_equal(wl_buf_view(&json[0]), wl_buf_view(&json[2])) ? "equal" : "different");
    CHECK(!wl_str_equal(wl_buf_view(&json[0]), wl_buf_view(&json[3])));
    for (size_t k = 0; k < 4; k++) {
        wl_buf_release(&json[k]);
    }
}

#define HEAD                                                                                       \
    "{\"learner\":{\"learner_model_param\":{\"base_score\":\"5E-1\",\"num_feature\":\"2\"},"       \
    "\"objective\":{\"name\":\"binary:logistic\"},\"gradient_booster\":{\"name\":\"gbtree\","      \
    "\"model\":{\"trees\":[{"
#define TAIL "}]}}}}"
#define TREE(left, right, split, kind)                                                             \
    HEAD "\"left_children\":" left ",\"right_children\":" right ",\"split_indices\":" split        \
         ",\"split_conditions\":[0.5,-1,2],\"default_left\":[1,0,0],\"sum_hessian\":[4,2,2],"      \
         "\"split_type\":" kind TAIL

static void test_damaged_json_is_refused(void)
{
    static const struct {
        const char *json;
        wl_status want;
    } cases[] = {
        {TREE("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0,0,0]"), WL_OK},
        {TREE("[2,-1,-1]", "[1,-1,-1]", "[1,0,0]", "[0,0,0]"), WL_OK}, // children in any place
        {TREE("[1,-1,-1]", "[2,-1,-1]", "[2,0,0]", "[0,0,0]"), WL_ECORRUPT},
        {TREE("[1,-1,-1]", "[3,-1,-1]", "[1,0,0]", "[0,0,0]"), WL_ECORRUPT},
        {TREE("[1,0,-1]", "[2,0,-1]", "[1,0,0]", "[0,0,0]"), WL_ECORRUPT}, // a cycle
        {TREE("[0,-1,-1]", "[0,-1,-1]", "[1,0,0]", "[0,0,0]"), WL_ECORRUPT},
        {TREE("[1.5,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[0,0,0]"), WL_ECORRUPT},
        {TREE("[1,-1]", "[2,-1,-1]", "[1,0,0]", "[0,0,0]"), WL_ESCHEMA},
        {TREE("[1,-1,-1]", "[2,-1,-1]", "[1,0,0]", "[1,0,0]"), WL_ESCHEMA}, // by category
        {"{}", WL_ESCHEMA},
        {"[1,2", WL_EPARSE},
    };

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        struct wl_forest *forest = NULL;
        wl_error error = {0};
        CHECK_INT(
            wl_forest_read_xgb(wl_alloc_default(), wl_str_from(cases[k].json), &forest, &error),
            cases[k].want);
        CHECK((forest != NULL) == (cases[k].want == WL_OK));
        if (forest != NULL) {
            CHECK_INT(forest->n_nodes, 3);
            CHECK_CLOSE(forest->base_margin, 0.0, 1e-15);
        }
        wl_forest_free(forest);
    }
}

int main(void)
{
    RUN(test_margins_equal_the_library);
    RUN(test_contributions_add_up);
    RUN(test_saved_boosters_come_back);
    RUN(test_threads_and_seeds);
    RUN(test_damaged_json_is_refused);
    return check_report();
}
