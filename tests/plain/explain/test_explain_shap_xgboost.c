/* Goal:   our contributions equal those of libxgboost on forests it has trained.
 * Method: train on random rows with missing values and interactions, shallow and deep; compare
 *         every contribution and the base with wl_xgb_contributions, and base + contributions with
 *         our own margin; then a planted fault. */
#include "check.h"

#include "base/rng.h"
#include "explain/shap.h"
#include "model/train_xgb.h"

#define N_TRAIN   ((size_t)4000)
#define N_EXPLAIN ((size_t)200)
#define C         ((size_t)12)

static const struct {
    int64_t trees;
    int64_t depth;
    double subsample;
} cases[] = {{60, 6, 1.0}, {30, 1, 0.8}, {40, 3, 0.5}, {10, 12, 1.0}};

static void make_rows(float *columns, float *labels, uint64_t seed)
{
    struct wl_rng rng;

    wl_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < N_TRAIN; i++) {
        float *row = columns + i * C;
        for (size_t c = 0; c < C; c++) {
            bool is_missing = wl_rng_unit(&rng) < 0.2;
            row[c] = is_missing ? (float)NAN : (float)wl_rng_normal(&rng);
        }
        double z =
            isnan(row[0]) ? 1.0 : 2.0 * (double)row[0] * (isnan(row[1]) ? 0.3 : (double)row[1]);
        labels[i] = z + wl_rng_normal(&rng) > 0.5 ? 1.0F : 0.0F;
    }
}

static void compare(const struct wl_forest *forest, const float *columns, const float *theirs,
                    double fault, double *gap, double *margin_gap)
{
    struct wl_shap *shap = NULL;
    static double phi[N_EXPLAIN * C];
    double base = 0.0;

    *gap = 0.0;
    *margin_gap = 0.0;
    CHECK_INT(wl_shap_new(wl_alloc_default(), forest, &shap, NULL), WL_OK);
    CHECK_INT(wl_shap_rows(shap, columns, N_EXPLAIN, 2, phi, &base, NULL), WL_OK);
    for (size_t i = 0; i < N_EXPLAIN; i++) {
        const float *want = theirs + i * (C + 1);
        double sum = base;
        for (size_t c = 0; c < C; c++) {
            *gap = fmax(*gap, fabs(phi[i * C + c] + fault - (double)want[c]));
            sum += phi[i * C + c];
        }
        *gap = fmax(*gap, fabs(base - (double)want[C]));
        *margin_gap = fmax(*margin_gap, fabs(sum - wl_forest_margin(forest, columns + i * C)));
    }
    wl_shap_free(shap);
}

static void test_equals_libxgboost(void)
{
    static float columns[N_TRAIN * C];
    static float labels[N_TRAIN];
    static float theirs[N_EXPLAIN * (C + 1)];

    make_rows(columns, labels, check_seed());
    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
        struct wl_xgb_data data = {
            .columns = columns, .n_rows = N_TRAIN, .n_columns = C, .labels = labels};
        struct wl_xgb_params params = {.trees = cases[k].trees,
                                       .depth = cases[k].depth,
                                       .rate = 0.2,
                                       .subsample = cases[k].subsample,
                                       .colsample = 1.0,
                                       .min_child_weight = 1.0,
                                       .lambda = 1.0,
                                       .seed = 1,
                                       .n_threads = 1};
        struct wl_xgb *xgb = NULL;
        struct wl_forest *forest = NULL;
        double gap;
        double margin_gap;

        CHECK_INT(wl_xgb_train(wl_alloc_default(), &data, &params, &xgb, NULL), WL_OK);
        CHECK_INT(wl_xgb_forest(xgb, wl_alloc_default(), &forest, NULL), WL_OK);
        data.n_rows = N_EXPLAIN;
        CHECK_INT(wl_xgb_contributions(xgb, &data, 1, theirs, NULL), WL_OK);
        compare(forest, columns, theirs, 0.0, &gap, &margin_gap);
        fprintf(stderr, "%d trees of depth %d: gap %.2g, margin gap %.2g\n", (int)cases[k].trees,
                (int)cases[k].depth, gap, margin_gap);
        CHECK(gap < 1e-5); // they add in float32
        CHECK(margin_gap < 1e-9);
        compare(forest, columns, theirs, 2e-5, &gap, &margin_gap);
        CHECK(gap > 1e-5); // planted fault is seen
        wl_forest_free(forest);
        wl_xgb_free(xgb);
    }
}

int main(void)
{
    RUN(test_equals_libxgboost);
    return check_report();
}
