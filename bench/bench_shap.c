/* Contributions for every column of every row, beside libxgboost's own in the same run.
 *
 * The model is that of the reference figure: 200 trees of depth 6 on 80 columns of normal values,
 * 30 % of them missing, trained on 50,000 rows. Rows and trees are the same for both sides; each
 * side explains a number of rows that takes it about a second, several times, and the median
 * counts. The second line is the time of one row alone, one thread. */
#include "bench.h"

#include "base/rng.h"
#include "explain/shap.h"
#include "model/train_xgb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define N_TRAIN   ((size_t)50000)
#define C         ((size_t)80)
#define N_OURS    ((size_t)50000)
#define N_PEER    ((size_t)1500)
#define N_ONE     ((size_t)301)
#define N_THREADS ((size_t)2)
#define N_RUNS    5

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_shap: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

static void *memory(size_t count, size_t size)
{
    void *block = calloc(count, size);
    if (block == NULL) {
        fprintf(stderr, "bench_shap: no memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

// A sparse linear effect, one interaction and logistic noise.
static void make_rows(float *columns, float *labels)
{
    double weights[C];
    struct wl_rng rng;

    wl_rng_init(&rng, 0, 0);
    for (size_t c = 0; c < C; c++) {
        weights[c] = wl_rng_normal(&rng) * (wl_rng_unit(&rng) < 0.3 ? 1.0 : 0.0);
    }
    for (size_t i = 0; i < N_TRAIN; i++) {
        float *row = columns + i * C;
        double z = 0.0;
        for (size_t c = 0; c < C; c++) {
            double x = wl_rng_normal(&rng);
            bool is_missing = wl_rng_unit(&rng) < 0.3;
            row[c] = is_missing ? (float)NAN : (float)x;
            z += is_missing ? 0.0 : weights[c] * x;
        }
        z += isnan(row[0]) || isnan(row[1]) ? 0.0 : 0.5 * (double)row[0] * (double)row[1];
        double u = wl_rng_unit(&rng);
        labels[i] = z + log((u + 1e-12) / (1.0 - u + 1e-12)) > 0.8 ? 1.0F : 0.0F;
    }
}

static void print_line(const char *name, const char *unit, double ours, double theirs, double ratio,
                       size_t n_threads)
{
    char version[32];
    printf("{\"bench\":\"%s\",\"unit\":\"%s\",\"ours\":%.1f,\"peer\":\"libxgboost %s\","
           "\"peer_value\":%.1f,\"ratio\":%.1f,\"threads\":%zu}\n",
           name, unit, ours, wl_xgb_version(version), theirs, ratio, n_threads);
}

static double seconds_of_ours(const struct wl_shap *shap, const float *columns, size_t n_rows,
                              size_t n_threads, double *phi)
{
    wl_error error = {0};
    double start = bench_seconds();
    must(wl_shap_rows(shap, columns, n_rows, n_threads, phi, NULL, &error), &error);
    return bench_seconds() - start;
}

static double seconds_of_peer(struct wl_xgb *xgb, const float *columns, size_t n_rows,
                              size_t n_threads, float *phi)
{
    const struct wl_xgb_data data = {.columns = columns, .n_rows = n_rows, .n_columns = C};
    wl_error error = {0};
    double start = bench_seconds();
    must(wl_xgb_contributions(xgb, &data, n_threads, phi, &error), &error);
    return bench_seconds() - start;
}

static void bench_many(const struct wl_shap *shap, struct wl_xgb *xgb, const float *columns)
{
    double *phi = memory(N_OURS * C, sizeof(*phi));
    float *theirs = memory(N_PEER * (C + 1), sizeof(*theirs));
    double ours_s[N_RUNS];
    double peer_s[N_RUNS];

    for (size_t i = 0; i < N_RUNS; i++) { // in turns, so that a busy machine is busy for both
        ours_s[i] = seconds_of_ours(shap, columns, N_OURS, N_THREADS, phi);
        peer_s[i] = seconds_of_peer(xgb, columns, N_PEER, N_THREADS, theirs);
    }
    double ours = (double)N_OURS / bench_median(ours_s, N_RUNS);
    double peer = (double)N_PEER / bench_median(peer_s, N_RUNS);
    print_line("shap", "rows/s", ours, peer, ours / peer, N_THREADS);
    free(phi);
    free(theirs);
}

static void bench_one(const struct wl_shap *shap, struct wl_xgb *xgb, const float *columns)
{
    double phi[C];
    float theirs[C + 1];
    double ours_us[N_ONE];
    double peer_us[N_ONE];

    for (size_t i = 0; i < N_ONE; i++) {
        ours_us[i] = 1e6 * seconds_of_ours(shap, columns + i * C, 1, 1, phi);
        peer_us[i] = 1e6 * seconds_of_peer(xgb, columns + i * C, 1, 1, theirs);
    }
    double ours = bench_median(ours_us, N_ONE);
    double peer = bench_median(peer_us, N_ONE);
    print_line("shap_one_row", "us", ours, peer, peer / ours, 1);
}

int main(void)
{
    const struct wl_xgb_params params = {.trees = 200,
                                         .depth = 6,
                                         .rate = 0.1,
                                         .subsample = 1.0,
                                         .colsample = 1.0,
                                         .min_child_weight = 1.0,
                                         .lambda = 1.0,
                                         .n_threads = N_THREADS};
    float *columns = memory(N_TRAIN * C, sizeof(*columns));
    float *labels = memory(N_TRAIN, sizeof(*labels));
    struct wl_xgb *xgb = NULL;
    struct wl_forest *forest = NULL;
    struct wl_shap *shap = NULL;
    wl_error error = {0};

    make_rows(columns, labels);
    const struct wl_xgb_data data = {
        .columns = columns, .n_rows = N_TRAIN, .n_columns = C, .labels = labels};
    must(wl_xgb_train(wl_alloc_default(), &data, &params, &xgb, &error), &error);
    must(wl_xgb_forest(xgb, wl_alloc_default(), &forest, &error), &error);
    must(wl_shap_new(wl_alloc_default(), forest, &shap, &error), &error);
    bench_many(shap, xgb, columns);
    bench_one(shap, xgb, columns);
    wl_shap_free(shap);
    wl_forest_free(forest);
    wl_xgb_free(xgb);
    free(labels);
    free(columns);
    return EXIT_SUCCESS;
}
