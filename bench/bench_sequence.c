/* Training LSTM, GRU and CNN on sequences of events: rows (steps of a sequence) per second, beside
 * PyTorch in the same run (sequence_peer.py, packed sequences, the same shapes and lengths).
 *
 * 1,024 sequences of 1 to 64 events (33 on average), tokens of 32, hidden 64, batches of 32, Adam;
 * one epoch a run, the middle of five, each taking turns with the peer, so that a busy machine is
 * busy for both. Argument: threads (1). One JSON line per model; without PyTorch, ratio is null. */
#include "bench.h"

#include "nn/sequence_train.h"

#include <stdio.h>
#include <string.h>

enum { N = 1024, LONGEST = 64, TYPES = 20, RUNS = 5 };

static size_t starts[N + 1];
static int32_t types[N * LONGEST];
static int32_t buckets[N * LONGEST];
static float labels[N];
static uint32_t picked[N];

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_sequence: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

// Lengths and ids by a formula that the peer knows too.
static void make_sequences(struct wl_sequences *sequences)
{
    for (size_t i = 0; i < N; i++) {
        starts[i + 1] = starts[i] + 1 + i * 37 % LONGEST;
        labels[i] = (float)(i % 3 == 0);
        picked[i] = (uint32_t)i;
    }
    for (size_t k = 0; k < starts[N]; k++) {
        types[k] = (int32_t)(k * 7 % TYPES);
        buckets[k] = (int32_t)(k * 5 % 24);
    }
    *sequences = (struct wl_sequences){
        .n = N, .starts = starts, .ids = {types, buckets, buckets}, .labels = labels};
}

// Rows per second of the peer, or 0.
static double peer_rate(const char *body, int n_threads)
{
    char command[256];
    const char *python = getenv("WANLIU_PEER_PYTHON");
    double rate = 0.0;

    (void)snprintf(command, sizeof(command),
                   "%s " WL_SOURCE_DIR "/bench/sequence_peer.py %s %d 2>/dev/null",
                   python != NULL ? python : "/usr/bin/python3", body, n_threads);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL || fscanf(pipe, "%lf", &rate) != 1) {
        rate = 0.0;
    }
    if (pipe != NULL) {
        (void)pclose(pipe);
    }
    return rate;
}

static double our_rate(struct wl_sequence_model *model, struct wl_gemm *gemm,
                       const struct wl_sequences *sequences)
{
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct wl_sequence_train_result result;
    wl_error error = {0};
    double start = bench_seconds();

    options.n_epochs = 1;
    must(wl_sequence_train(model, gemm, sequences, picked, N, NULL, 0, &options, &result, &error),
         &error);
    return (double)starts[N] / (bench_seconds() - start);
}

static void run_body(struct wl_gemm *gemm, const struct wl_sequences *sequences,
                     enum wl_sequence_body body, const char *name, int n_threads)
{
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_sequence_model *model = NULL;
    double ours[RUNS];
    double theirs[RUNS];
    wl_error error = {0};

    config.body = body;
    config.n_embedding = body == WL_SEQUENCE_TRANSFORMER ? config.n_hidden : config.n_embedding;
    config.n_ids[0] = TYPES;
    config.n_ids[1] = config.n_ids[2] = 24;
    must(wl_sequence_model_new(wl_alloc_default(), &config, 1, &model, &error), &error);
    (void)our_rate(model, gemm, sequences); // products are planned
    for (size_t i = 0; i < RUNS; i++) {
        ours[i] = our_rate(model, gemm, sequences);
        theirs[i] = peer_rate(name, n_threads);
    }
    double rate = bench_median(ours, RUNS);
    double peer = bench_median(theirs, RUNS);
    printf("{\"bench\":\"sequence_%s_train\",\"threads\":%d,\"rows_per_s\":%.0f,", name, n_threads,
           rate);
    if (peer > 0.0) {
        printf("\"torch_rows_per_s\":%.0f,\"ratio\":%.2f}\n", peer, rate / peer);
    } else {
        printf("\"torch_rows_per_s\":null,\"ratio\":null}\n");
    }
    wl_sequence_model_free(model);
}

int main(int argc, char **argv)
{
    struct wl_sequences sequences;
    struct wl_gemm *gemm = NULL;
    wl_error error = {0};
    int n_threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;

    must(wl_gemm_open(wl_alloc_default(), n_threads > 0 ? (size_t)n_threads : 1, &gemm, &error),
         &error);
    make_sequences(&sequences);
    run_body(gemm, &sequences, WL_SEQUENCE_LSTM, "lstm", n_threads);
    run_body(gemm, &sequences, WL_SEQUENCE_GRU, "gru", n_threads);
    run_body(gemm, &sequences, WL_SEQUENCE_CNN, "cnn", n_threads);
    run_body(gemm, &sequences, WL_SEQUENCE_TRANSFORMER, "transformer", n_threads);
    wl_gemm_close(gemm);
    return EXIT_SUCCESS;
}
