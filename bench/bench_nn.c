/* BERT-base on this machine: tokens per second in training (16 texts of 64 tokens, AdamW included)
 * and in use (1 x 32, 32 x 64), beside PyTorch and ONNX Runtime (bert_peer.py) and as a share of
 * the peak that large products of oneDNN reach.
 *
 * Floating-point operations of a token, forward: 2 per weight of a product and, in attention, 4 C T
 * per layer; backward twice that. The peak is the median of products of 2048 x 2048 x 2048. Model,
 * peak and peers take turns, so that a busy machine is busy for all; a ratio is the median over
 * turns of the peer's time by ours, of wall clock and of processor time. Memory is the peak of
 * a process, with weights. Arguments: threads (2), layers (12), "f32", "bf16" or "s8" for one
 * number only ("all"), part of a case's name. One JSON line per case. */
#include "bench.h"
#include "peer.h"

#include "nn/bert.h"
#include "nn/optimizer.h"

#include <stdio.h>
#include <string.h>

#define N_RUNS     7
#define PEERS_MAX  4
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
    enum wl_number number;  // of weights in products
    enum wl_number operand; // of all else that feeds a product: bf16 with weights of a byte
    size_t n_threads;
    const char *only; // part of the names of cases to run
    void *a;          // (PEAK_N, PEAK_N) operands and result of the peak's product
    void *b;
    void *c;
};

// One shape of work, and the engines of bert_peer.py that do it too.
struct bench_case {
    const char *name;
    size_t n_texts;
    size_t length;
    size_t n_steps; // of one turn: a small one several times
    bool is_training;
    const char *peers[PEERS_MAX];
};

static const struct bench_case cases[] = {
    {"bert_base_use_1x32", 1, 32, 20, false, {"ort_f32", "ort_int8", "torch_bf16"}},
    {"bert_base_use_32x64", 32, 64, 1, false, {"ort_f32", "ort_int8", "torch_bf16"}},
    {"bert_base_train_16x64", 16, 64, 1, true, {"torch_f32_train", "torch_bf16_train"}},
};

static double peak_flops(struct bench *bench)
{
    struct wl_matrix a = wl_matrix_of(bench->a, bench->operand, PEAK_N, PEAK_N);
    struct wl_matrix b = wl_matrix_of(bench->b, bench->operand, PEAK_N, PEAK_N);
    struct wl_matrix c = wl_matrix_of(bench->c, bench->operand, PEAK_N, PEAK_N);
    wl_error error = {0};
    double start = bench_seconds();

    // Adding to bf16 is what our own tiles leave to oneDNN, and it is the library's peak we want.
    must(wl_gemm_run(bench->gemm, WL_GEMM_ADD, &a, &b, &c, &error), &error);
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

static struct peer_turn turn_of_ours(struct bench *bench, const struct wl_packed_batch *batch,
                                     const struct bench_case *c, struct wl_optimizer *optimizer)
{
    static const int32_t classes[64] = {1};
    const struct wl_targets targets = {.classes = classes};
    wl_error error = {0};
    double loss = 0.0;
    double cpu_s = peer_seconds_cpu();
    double wall_s = bench_seconds();

    for (size_t k = 0; k < c->n_steps; k++) {
        if (c->is_training) {
            must(wl_bert_train(bench->bert, bench->gemm, batch, &targets,
                               1.0 / (double)batch->n_texts, 1, optimizer->n_done, &loss, &error),
                 &error);
            must(wl_optimizer_step(optimizer, &bench->bert->tensors, NULL, &error), &error);
        } else {
            must(wl_bert_forward(bench->bert, bench->gemm, batch, &error), &error);
        }
    }
    return (struct peer_turn){.wall_s = bench_seconds() - wall_s,
                              .cpu_s = peer_seconds_cpu() - cpu_s};
}

// This process's peak of memory since it was last asked; Linux forgets it on request.
static double peak_mib(void)
{
    double kib = 0.0;
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtod(line + 6, NULL);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    file = fopen("/proc/self/clear_refs", "w");
    if (file != NULL) {
        (void)fputs("5", file);
        (void)fclose(file);
    }
    return kib / 1024.0;
}

// What the turns of one case took, ours and its peers'; [N_RUNS] of each.
struct times {
    double ours[N_RUNS];
    double ours_cpu[N_RUNS];
    double peaks[N_RUNS];
    double peer[PEERS_MAX][N_RUNS];
    double ratio[PEERS_MAX][N_RUNS];
    double ratio_cpu[PEERS_MAX][N_RUNS];
};

static void take_turns(struct bench *bench, const struct wl_packed_batch *batch,
                       const struct bench_case *c, struct wl_optimizer *optimizer,
                       struct peer *peers, struct times *times)
{
    for (size_t i = 0; i < N_RUNS; i++) {
        peer_rest();
        times->peaks[i] = peak_flops(bench);
        peer_rest();
        struct peer_turn ours = turn_of_ours(bench, batch, c, optimizer);
        times->ours[i] = ours.wall_s;
        times->ours_cpu[i] = ours.cpu_s;
        for (size_t p = 0; p < PEERS_MAX; p++) {
            peer_rest();
            struct peer_turn theirs = peer_turn_run(&peers[p]);
            times->peer[p][i] = theirs.wall_s;
            times->ratio[p][i] = theirs.wall_s / ours.wall_s;
            times->ratio_cpu[p][i] = theirs.cpu_s / ours.cpu_s;
        }
    }
}

static const char *number_name(enum wl_number number)
{
    static const char *const names[] = {"f32", "bf16", "s8"};
    return names[number];
}

static void print_case(const struct bench *bench, const struct bench_case *c, struct times *times,
                       double ours_mib, struct peer *peers)
{
    double n_tokens = (double)(c->n_texts * c->length * c->n_steps);
    double median = bench_median(times->ours, N_RUNS);
    double flops =
        flops_per_token(bench->bert, c->length) * n_tokens * (c->is_training ? 3.0 : 1.0);
    double peak = bench_median(times->peaks, N_RUNS);

    printf("{\"bench\":\"%s\",\"number\":\"%s\",\"unit\":\"tokens/s\",\"threads\":%zu,"
           "\"ours\":%.0f,\"ms\":%.2f,\"gflops\":%.0f,\"peak_gflops\":%.0f,"
           "\"share_of_peak\":%.3f,\"ours_mib\":%.0f,\"peers\":[",
           c->name, number_name(bench->number), bench->n_threads, n_tokens / median,
           1e3 * median / (double)c->n_steps, 1e-9 * flops / median, 1e-9 * peak,
           flops / median / peak, ours_mib);
    for (size_t p = 0, n = 0; p < PEERS_MAX; p++) {
        if (peers[p].pid == 0) {
            continue;
        }
        printf("%s{\"peer\":\"%s\",\"peer_value\":%.0f,\"ratio\":%.2f,\"ratio_cpu\":%.2f,"
               "\"peer_mib\":%.0f}",
               n++ > 0 ? "," : "", c->peers[p], n_tokens / bench_median(times->peer[p], N_RUNS),
               bench_median(times->ratio[p], N_RUNS), bench_median(times->ratio_cpu[p], N_RUNS),
               peer_end(&peers[p]));
    }
    printf("]}\n");
    fflush(stdout);
}

static void start_peers(const struct bench *bench, const struct bench_case *c, struct peer *peers)
{
    for (size_t p = 0; p < PEERS_MAX; p++) {
        char numbers[5][24];
        const size_t values[5] = {bench->n_threads, bench->bert->config.shape.n_layers, c->n_texts,
                                  c->length, c->n_steps};
        char engine[32];
        char *arguments[7] = {engine};

        peers[p] = (struct peer){0};
        if (c->peers[p] == NULL) {
            continue;
        }
        (void)snprintf(engine, sizeof(engine), "%s", c->peers[p]);
        for (size_t i = 0; i < 5; i++) {
            (void)snprintf(numbers[i], sizeof(numbers[i]), "%zu", values[i]);
            arguments[i + 1] = numbers[i];
        }
        (void)peer_start(&peers[p], WL_SOURCE_DIR "/bench/bert_peer.py", arguments);
    }
}

static void run_case(struct bench *bench, const struct bench_case *c)
{
    struct wl_packed_batch batch;
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    struct peer peers[PEERS_MAX];
    struct times times;
    wl_error error = {0};

    optimizer.options.n_steps = 1000;
    (void)peak_mib();
    must(wl_bert_plan(bench->bert, c->n_texts * c->length, c->n_texts, bench->operand,
                      c->is_training, &error),
         &error);
    if (!c->is_training) {
        must(wl_transformer_pack_as(&bench->bert->stack, bench->gemm, &bench->bert->tensors,
                                    bench->number, &error),
             &error);
    }
    fill_batch(&batch, c->n_texts, c->length);
    (void)turn_of_ours(bench, &batch, c, &optimizer); // plans its products
    double ours_mib = peak_mib();
    (void)peak_flops(bench);
    start_peers(bench, c, peers);
    take_turns(bench, &batch, c, &optimizer, peers, &times);
    print_case(bench, c, &times, ours_mib, peers);
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
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (strstr(cases[i].name, bench->only) != NULL &&
            !(bench->number == WL_S8 && cases[i].is_training)) {
            run_case(bench, &cases[i]);
        }
    }
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
    const char *only = argc > 3 ? argv[3] : "all";
    wl_error error = {0};

    bench.only = argc > 4 ? argv[4] : "";
    if (getenv("WANLIU_PEER_PYTHON") == NULL) {
        fprintf(stderr, "bench_nn: no peers: WANLIU_PEER_PYTHON names no python\n");
    }
    bench.a = zeroes();
    bench.b = zeroes();
    bench.c = zeroes();
    must(wl_gemm_open(wl_alloc_default(), bench.n_threads, &bench.gemm, &error), &error);
    for (size_t i = 0; i < 3; i++) {
        static const enum wl_number numbers[] = {WL_S8, WL_BF16, WL_F32};
        bench.number = numbers[i];
        bench.operand = numbers[i] == WL_S8 ? WL_BF16 : numbers[i];
        if ((bench.operand == WL_F32 || wl_gemm_has_bf16(bench.gemm)) &&
            (strcmp(only, "all") == 0 || strcmp(only, number_name(numbers[i])) == 0)) {
            bench_number(&bench, n_layers);
        }
    }
    wl_gemm_close(bench.gemm);
    free(bench.a);
    free(bench.b);
    free(bench.c);
    return EXIT_SUCCESS;
}
