/* BERT-base on this machine: tokens per second in training (16 texts of 64 tokens, AdamW included)
 * and in use (1 x 32, 32 x 64), as a share of the peak that large products reach in the same run.
 *
 * Floating-point operations of a token, forward: 2 per weight of a product and, in attention, 4 C T
 * per layer; backward twice that. The peak is the median of products of 2048 x 2048 x 2048; model
 * and peak take turns, so that a busy machine is busy for both. Arguments: threads (2), layers
 * (12), "f32" for float only. One JSON line per case. */
#include "bench.h"

#include "nn/bert.h"
#include "nn/optimizer.h"

#include <stdio.h>
#include <string.h>

#define N_RUNS     5
#define PEAK_N     ((size_t)2048)
#define VOCABULARY 30522

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_nn: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

struct bench {
    struct wl_gemm *gemm;
    struct wl_bert *bert;
    enum wl_number number;
    size_t n_threads;
    void *a; // (PEAK_N, PEAK_N) operands and result of the peak's product
    void *b;
    void *c;
};

static double peak_flops(struct bench *bench)
{
    struct wl_matrix a = wl_matrix_of(bench->a, bench->number, PEAK_N, PEAK_N);
    struct wl_matrix b = wl_matrix_of(bench->b, bench->number, PEAK_N, PEAK_N);
    struct wl_matrix c = wl_matrix_of(bench->c, WL_F32, PEAK_N, PEAK_N);
    wl_error error = {0};
    double start = bench_seconds();

    must(wl_gemm_run(bench->gemm, WL_GEMM_PLAIN, &a, &b, &c, &error), &error);
    return 2.0 * (double)(PEAK_N * PEAK_N * PEAK_N) / (bench_seconds() - start);
}

// Operations of one token's forward pass in a text of T tokens; embeddings are look-ups.
static double flops_per_token(const struct wl_bert *bert, size_t length)
{
    const struct wl_transformer_shape *s = &bert->config.shape;
    double c = (double)s->n_channels;
    double f = (double)s->n_inner;

    return (double)s->n_layers * (2.0 * (4.0 * c * c + 2.0 * c * f) + 4.0 * c * (double)length);
}

static void fill_batch(struct wl_packed_batch *batch, size_t n_texts, size_t length)
{
    int32_t tokens[512];
    wl_error error = {0};

    must(wl_packed_batch_init(batch, wl_alloc_default(), n_texts * length, n_texts, &error),
         &error);
    for (size_t b = 0; b < n_texts; b++) {
        for (size_t i = 0; i < length; i++) {
            tokens[i] = (int32_t)((b * 7919 + i * 104729) % VOCABULARY);
        }
        must(wl_packed_batch_add(batch, tokens, NULL, length, &error), &error);
    }
}

static double seconds_of_step(struct bench *bench, const struct wl_packed_batch *batch,
                              bool is_training, struct wl_optimizer *optimizer)
{
    static const int32_t classes[64] = {1};
    const struct wl_targets targets = {.classes = classes};
    wl_error error = {0};
    double loss = 0.0;
    double start = bench_seconds();

    if (is_training) {
        must(wl_bert_train(bench->bert, bench->gemm, batch, &targets, 1.0 / (double)batch->n_texts,
                           1, optimizer->n_done, &loss, &error),
             &error);
        must(wl_optimizer_step(optimizer, &bench->bert->tensors, NULL, &error), &error);
    } else {
        must(wl_bert_forward(bench->bert, bench->gemm, batch, &error), &error);
    }
    return bench_seconds() - start;
}

static void run_case(struct bench *bench, const char *name, size_t n_texts, size_t length,
                     bool is_training)
{
    struct wl_packed_batch batch;
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    double seconds[N_RUNS];
    double peaks[N_RUNS];
    size_t n_steps = is_training || n_texts > 1 ? 1 : 20; // a small one several times
    double n_tokens = (double)(n_texts * length);
    wl_error error = {0};

    optimizer.options.n_steps = 1000;
    must(wl_bert_plan(bench->bert, n_texts * length, n_texts, bench->number, is_training, &error),
         &error);
    if (!is_training) {
        must(wl_transformer_pack(&bench->bert->stack, bench->gemm, &bench->bert->tensors, &error),
             &error);
    }
    fill_batch(&batch, n_texts, length);
    (void)seconds_of_step(bench, &batch, is_training, &optimizer); // plans its products
    (void)peak_flops(bench);
    for (size_t i = 0; i < N_RUNS; i++) {
        peaks[i] = peak_flops(bench);
        seconds[i] = 0.0;
        for (size_t k = 0; k < n_steps; k++) {
            seconds[i] += seconds_of_step(bench, &batch, is_training, &optimizer);
        }
        seconds[i] /= (double)n_steps;
    }
    double median = bench_median(seconds, N_RUNS);
    double flops = flops_per_token(bench->bert, length) * n_tokens * (is_training ? 3.0 : 1.0);
    double peak = bench_median(peaks, N_RUNS);
    printf("{\"bench\":\"%s\",\"number\":\"%s\",\"unit\":\"tokens/s\",\"ours\":%.0f,\"ms\":%.2f,"
           "\"gflops\":%.0f,\"peak_gflops\":%.0f,\"share_of_peak\":%.3f,\"threads\":%zu}\n",
           name, bench->number == WL_BF16 ? "bf16" : "f32", n_tokens / median, 1e3 * median,
           1e-9 * flops / median, 1e-9 * peak, flops / median / peak, bench->n_threads);
    fflush(stdout);
    wl_packed_batch_release(&batch);
}

static void bench_number(struct bench *bench, size_t n_layers)
{
    const struct wl_bert_config config = {.shape = {.n_channels = 768,
                                                    .n_heads = 12,
                                                    .n_inner = 3072,
                                                    .n_layers = n_layers,
                                                    .eps = 1e-12F},
                                          .n_vocabulary = VOCABULARY,
                                          .n_positions = 512,
                                          .n_segments = 2,
                                          .n_labels = 2,
                                          .dropout = 0.1F,
                                          .attention_dropout = 0.1F};
    wl_error error = {0};

    must(wl_bert_new(wl_alloc_default(), &config, &bench->bert, &error), &error);
    wl_tensors_start(&bench->bert->tensors, 1, 0.02);
    run_case(bench, "bert_base_use_1x32", 1, 32, false);
    run_case(bench, "bert_base_use_32x64", 32, 64, false);
    run_case(bench, "bert_base_train_16x64", 16, 64, true);
    wl_bert_free(bench->bert);
}

static void *zeroes(void)
{
    void *block = calloc(PEAK_N * PEAK_N, sizeof(float));

    if (block == NULL) {
        fprintf(stderr, "bench_nn: no memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

int main(int argc, char **argv)
{
    struct bench bench = {.n_threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 2};
    size_t n_layers = argc > 2 ? strtoul(argv[2], NULL, 10) : 12;
    const char *only = argc > 3 ? argv[3] : "";
    wl_error error = {0};

    bench.a = zeroes();
    bench.b = zeroes();
    bench.c = zeroes();
    must(wl_gemm_open(wl_alloc_default(), bench.n_threads, &bench.gemm, &error), &error);
    if (wl_gemm_has_bf16(bench.gemm) && strcmp(only, "f32") != 0) {
        bench.number = WL_BF16;
        bench_number(&bench, n_layers);
    }
    if (strcmp(only, "bf16") != 0) {
        bench.number = WL_F32;
        bench_number(&bench, n_layers);
    }
    wl_gemm_close(bench.gemm);
    free(bench.a);
    free(bench.b);
    free(bench.c);
    return EXIT_SUCCESS;
}
