/* Scoring speed beside libxgboost's in-place prediction, in one run on the same forest and rows:
 * 200 trees of depth 6, 80 features, 200,000 rows; then single rows. One JSON line per
 * case; medians of five runs in turns. */
#include "bench.h"

#include "base/thread.h"
#include "model/model_inside.h"
#include "model/train_xgb.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define F         80
#define N_ROWS    200000
#define N_TRAIN   20000
#define N_REPEATS 5
#define N_SINGLE  20000

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_score: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

static uint64_t mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void make_rows(float *values, float *labels)
{
    uint64_t state = 1;

    for (size_t i = 0; i < N_ROWS; i++) {
        float *row = values + i * F;
        double z = 0.0;
        for (size_t f = 0; f < F; f++) {
            row[f] = (float)(mix(&state) >> 40) / 16777216.0F;
            z += (f % 3 == 0 ? 1.0 : -0.7) * ((double)row[f] - 0.5);
            if (mix(&state) % 20 == 0) {
                row[f] = (float)NAN;
            }
        }
        labels[i] = z + 2.0 * ((double)(mix(&state) >> 40) / 16777216.0 - 0.5) > 0.0 ? 1.0F : 0.0F;
    }
}

static wl_status walk_piece(void *context, size_t begin, size_t end, size_t i_worker,
                            wl_error *error)
{
    void **job = context;
    const float *values = job[1];
    double *margins = job[2];
    (void)i_worker;
    (void)error;
    wl_walk_margins(job[0], values + begin * F, end - begin, margins + begin);
    return WL_OK;
}

static void print_line(const char *bench, const char *unit, double ours, double theirs,
                       bool is_more_better, size_t n_threads)
{
    char version[32];
    printf("{\"bench\":\"%s\",\"unit\":\"%s\",\"ours\":%.6g,\"peer\":\"libxgboost %s\","
           "\"peer_value\":%.6g,\"ratio\":%.4g,\"threads\":%zu}\n",
           bench, unit, ours, wl_xgb_version(version), theirs,
           is_more_better ? ours / theirs : theirs / ours, n_threads);
}

static void bench_rows(struct wl_walk *walk, struct wl_xgb *xgb, float *values, size_t n_threads)
{
    double *margins = malloc(N_ROWS * sizeof(*margins));
    float *theirs = malloc(N_ROWS * sizeof(*theirs));
    struct wl_xgb_data data = {.columns = values, .n_rows = N_ROWS, .n_columns = F};
    void *job[3] = {walk, values, margins};
    double ours_s[N_REPEATS];
    double peer_s[N_REPEATS];
    double gap = 0.0;
    wl_error error = {0};

    for (size_t k = 0; k < N_REPEATS; k++) {
        double start = bench_seconds();
        must(wl_parallel_for(n_threads, N_ROWS, 1024, walk_piece, job, &error), &error);
        double middle = bench_seconds();
        must(wl_xgb_margins(xgb, &data, n_threads, theirs, &error), &error);
        ours_s[k] = middle - start;
        peer_s[k] = bench_seconds() - middle;
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        gap = fmax(gap, fabs(margins[i] - (double)theirs[i]));
    }
    if (gap > 1e-4) {
        fprintf(stderr, "bench_score: margins differ by %g\n", gap);
        exit(EXIT_FAILURE);
    }
    print_line("score", "rows/s", N_ROWS / bench_median(ours_s, N_REPEATS),
               N_ROWS / bench_median(peer_s, N_REPEATS), true, n_threads);
    free(margins);
    free(theirs);
}

static void bench_single(struct wl_walk *walk, struct wl_xgb *xgb, float *values)
{
    double ours_us[N_REPEATS];
    double peer_us[N_REPEATS];
    double sum = 0.0;
    wl_error error = {0};

    for (size_t k = 0; k < N_REPEATS; k++) {
        double start = bench_seconds();
        for (size_t i = 0; i < N_SINGLE; i++) {
            double margin = 0.0;
            wl_walk_margins(walk, values + i * F, 1, &margin);
            sum += margin;
        }
        double middle = bench_seconds();
        for (size_t i = 0; i < N_SINGLE / 10; i++) {
            struct wl_xgb_data data = {.columns = values + i * F, .n_rows = 1, .n_columns = F};
            float margin = 0.0F;
            must(wl_xgb_margins(xgb, &data, 1, &margin, &error), &error);
            sum += (double)margin;
        }
        ours_us[k] = 1e6 * (middle - start) / N_SINGLE;
        peer_us[k] = 1e6 * (bench_seconds() - middle) / (N_SINGLE / 10.0);
    }
    volatile double kept = sum; // so that no compiler leaves the loops out
    (void)kept;
    print_line("score_single", "us/row", bench_median(ours_us, N_REPEATS),
               bench_median(peer_us, N_REPEATS), false, 1);
}

int main(void)
{
    static struct wl_encoder_column columns[F];
    static uint32_t first[F + 1];
    struct wl_encoder encoder = {
        .columns = columns, .first = first, .n_columns = F, .n_features = F};
    struct wl_xgb_params params = {.trees = 200,
                                   .depth = 6,
                                   .rate = 0.1,
                                   .subsample = 0.8,
                                   .colsample = 0.8,
                                   .min_child_weight = 1,
                                   .lambda = 1,
                                   .seed = 1,
                                   .n_threads = 2};
    float *values = malloc((size_t)N_ROWS * F * sizeof(*values));
    float *labels = malloc(N_ROWS * sizeof(*labels));
    struct wl_xgb_data data = {
        .columns = values, .n_rows = N_TRAIN, .n_columns = F, .labels = labels};
    struct wl_xgb *xgb = NULL;
    struct wl_forest *forest = NULL;
    struct wl_walk walk;
    wl_error error = {0};

    for (uint32_t f = 0; f < F; f++) {
        columns[f].feature = f;
        first[f + 1] = f + 1;
    }
    make_rows(values, labels);
    must(wl_xgb_train(wl_alloc_default(), &data, &params, &xgb, &error), &error);
    must(wl_xgb_forest(xgb, wl_alloc_default(), &forest, &error), &error);
    must(wl_walk_init(&walk, wl_alloc_default(), forest, &encoder, &error), &error);
    bench_rows(&walk, xgb, values, 2);
    bench_rows(&walk, xgb, values, 1);
    bench_single(&walk, xgb, values);
    wl_walk_release(&walk);
    wl_forest_free(forest);
    wl_xgb_free(xgb);
    free(values);
    free(labels);
    return EXIT_SUCCESS;
}
