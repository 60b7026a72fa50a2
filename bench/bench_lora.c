/* Training adapters beside training the whole model, on BERT-base: tokens per second (16 texts of
 * 64 tokens, AdamW included) and memory of gradients and moments. The two take turns, so that a
 * busy machine is busy for both; medians. Arguments: threads (2), layers (12), runs (5),
 * dropout of adapters in percent (10). One JSON line.
 *
 * Whole: a forward pass and two times that backward. Adapters: weights get no gradient, so the way
 * back costs as much as the way there, and five small products beside each. */
#include "bench.h"

#include "nn/bert.h"
#include "nn/lora.h"

#include <stdio.h>

#define VOCABULARY 30522
#define N_TEXTS    ((size_t)16)
#define LENGTH     ((size_t)64)
#define RUNS_MAX   50

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_lora: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

static struct wl_bert *make_bert(size_t n_layers, bool has_adapters, double dropout,
                                 enum wl_number number, struct wl_lora **lora)
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
    const struct wl_str head = WL_STR("head");
    struct wl_lora_options options = wl_lora_options_default();
    struct wl_lora_places places = {0};
    struct wl_bert *bert = NULL;
    wl_error error = {0};

    must(wl_bert_new(wl_alloc_default(), &config, &bert, &error), &error);
    wl_tensors_start(&bert->tensors, 1, 0.02);
    if (has_adapters) {
        options.dropout = dropout;
        options.fresh = (struct wl_lora_names){&head, 1};
        must(wl_lora_places_bert(wl_alloc_default(), bert, &places, &error), &error);
        must(wl_lora_new(wl_alloc_default(), &places, &options, lora, &error), &error);
        wl_lora_places_release(&places);
    }
    must(wl_bert_plan(bert, N_TEXTS * LENGTH, N_TEXTS, number, true, &error), &error);
    return bert;
}

static void fill_batch(struct wl_packed_batch *batch)
{
    int32_t tokens[64];
    wl_error error = {0};

    must(wl_packed_batch_init(batch, wl_alloc_default(), N_TEXTS * LENGTH, N_TEXTS, &error),
         &error);
    for (size_t b = 0; b < N_TEXTS; b++) {
        for (size_t i = 0; i < LENGTH; i++) {
            tokens[i] = (int32_t)((b * 7919 + i * 104729) % VOCABULARY);
        }
        must(wl_packed_batch_add(batch, tokens, NULL, LENGTH, &error), &error);
    }
}

static double seconds_of_step(struct wl_bert *bert, struct wl_gemm *gemm,
                              const struct wl_packed_batch *batch, struct wl_optimizer *optimizer)
{
    static const int32_t classes[16] = {1, 0, 1, 1};
    const struct wl_targets targets = {.classes = classes};
    double start = bench_seconds();
    double loss = 0.0;
    wl_error error = {0};

    must(wl_bert_train(bert, gemm, batch, &targets, 1.0 / (double)N_TEXTS, 1, optimizer->n_done,
                       &loss, &error),
         &error);
    must(wl_optimizer_step(optimizer, wl_lora_trained(bert->stack.lora, &bert->tensors), NULL,
                           &error),
         &error);
    return bench_seconds() - start;
}

static size_t argument(int argc, char **argv, int i, size_t fallback)
{
    return argc > i ? (size_t)strtoul(argv[i], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    size_t n_threads = argument(argc, argv, 1, 2);
    size_t n_layers = argument(argc, argv, 2, 12);
    size_t n_runs = argument(argc, argv, 3, 5);
    double dropout = (double)argument(argc, argv, 4, 10) / 100.0;
    struct wl_gemm *gemm = NULL;
    struct wl_bert *models[2];
    struct wl_lora *lora = NULL;
    struct wl_optimizer optimizers[2];
    struct wl_packed_batch batch;
    double seconds[2][RUNS_MAX];
    wl_error error = {0};

    must(wl_gemm_open(wl_alloc_default(), n_threads, &gemm, &error), &error);
    enum wl_number number = wl_gemm_has_bf16(gemm) ? WL_BF16 : WL_F32;
    fill_batch(&batch);
    for (size_t m = 0; m < 2; m++) {
        models[m] = make_bert(n_layers, m == 1, dropout, number, &lora);
        optimizers[m] = (struct wl_optimizer){.options = wl_optimizer_options_default()};
        optimizers[m].options.n_steps = 1000;
        (void)seconds_of_step(models[m], gemm, &batch, &optimizers[m]); // plans of products
    }
    n_runs = n_runs < RUNS_MAX ? n_runs : RUNS_MAX;
    for (size_t i = 0; i < 2 * n_runs; i++) {
        seconds[i % 2][i / 2] = seconds_of_step(models[i % 2], gemm, &batch, &optimizers[i % 2]);
    }
    double rates[2];
    for (size_t m = 0; m < 2; m++) {
        rates[m] = (double)(N_TEXTS * LENGTH) / bench_median(seconds[m], n_runs);
    }
    struct wl_lora_facts facts = wl_lora_facts(lora);
    printf("{\"bench\":\"lora\",\"number\":\"%s\",\"threads\":%zu,\"layers\":%zu,"
           "\"whole_tokens_per_s\":%.0f,\"lora_tokens_per_s\":%.0f,\"ratio\":%.2f,"
           "\"trained\":%zu,\"share\":%.5f,\"whole_state_mib\":%.0f,\"lora_state_mib\":%.1f}\n",
           number == WL_BF16 ? "bf16" : "float", n_threads, n_layers, rates[0], rates[1],
           rates[1] / rates[0], facts.n_trained, facts.share,
           (double)(facts.saved_bytes + facts.state_bytes) / 1048576.0,
           (double)facts.state_bytes / 1048576.0);
    wl_lora_free(lora);
    wl_bert_free(models[0]);
    wl_bert_free(models[1]);
    wl_packed_batch_release(&batch);
    wl_gemm_close(gemm);
    return 0;
}
