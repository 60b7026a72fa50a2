/* Goal:   the head of masked words equals transformers' BertForMaskedLM: scores of every row, every
 *         gradient, ten losses of AdamW with warm-up, decay and clipping.
 * Method: the tiny folder bert_folder/masked (BF16) and what PyTorch made of it in float
 *         (make_bert_folder.py); three texts with hidden words in one packed batch here, one by one
 *         there. Tolerances as in test_models_torch: scores 1e-5, gradients 2e-5 of a tensor's
 *         largest, losses 1e-3. Planted fault: a gradient moved by 1 % must not pass. */
#include "torch_json.h"

#include "nn/bert_folder.h"
#include "nn/bert_mask.h"
#include "nn/optimizer.h"

#define FOLDER WL_SOURCE_DIR "/tests/golden/nn/bert_folder/"

enum { TEXTS = 6, LENGTH = 12, ROWS = TEXTS * LENGTH };

static wl_error fault;

static struct wl_bert_folder *open_masked(struct wl_gemm **gemm, struct wl_bert_masker *masker)
{
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = NULL;

    options.has_mask_head = true;
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, gemm, &fault), WL_OK);
    if (wl_bert_folder_open(wl_alloc_default(), FOLDER "masked", &options, &folder, &fault) !=
        WL_OK) {
        fprintf(stderr, "%s\n", fault.message);
        exit(EXIT_FAILURE);
    }
    CHECK_INT(folder->n_unused, 0);
    CHECK(!folder->is_mask_head_new);
    folder->bert->config.dropout = 0.0F;
    folder->bert->config.attention_dropout = 0.0F;
    CHECK_INT(wl_bert_plan(folder->bert, ROWS, TEXTS, WL_F32, true, &fault), WL_OK);
    CHECK_INT(wl_bert_masker_init(masker, folder->bert, ROWS, &fault), WL_OK);
    return folder;
}

static size_t ids_of(const struct wl_node *list, int32_t *ids)
{
    size_t n = 0;
    for (const struct wl_node *id = list->first; id != NULL; id = id->next) {
        ids[n++] = (int32_t)id->number;
    }
    return n;
}

// Every row of every text asked for; the scores of the last 128 rows are left behind.
static void test_scores(void)
{
    struct wl_arena arena;
    const struct wl_node *cases = wl_node_get(torch_json(&arena, FOLDER "expected.json"), "masked");
    struct wl_bert_masker masker;
    struct wl_gemm *gemm = NULL;
    struct wl_bert_folder *folder = open_masked(&gemm, &masker);
    size_t v = folder->bert->config.n_vocabulary;
    struct wl_packed_batch batch;
    size_t rows[ROWS];
    int32_t wanted[ROWS] = {0};
    double loss = 0.0;
    size_t n_right = 0;
    size_t b = 0;

    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), ROWS, TEXTS, &fault), WL_OK);
    for (const struct wl_node *item = cases->first; item != NULL; item = item->next) {
        int32_t ids[LENGTH];
        size_t n = ids_of(wl_node_get(item, "ids"), ids);
        CHECK_INT(wl_packed_batch_add(&batch, ids, NULL, n, &fault), WL_OK);
    }
    const struct wl_bert_masked masked = {.rows = rows, .tokens = wanted, .n = batch.starts[TEXTS]};
    for (size_t i = 0; i < masked.n; i++) {
        rows[i] = i;
    }
    CHECK_INT(wl_bert_masker_measure(&masker, gemm, &batch, &masked, &loss, &n_right, &fault),
              WL_OK);
    for (const struct wl_node *item = cases->first; item != NULL; item = item->next, b++) {
        size_t n = batch.starts[b + 1] - batch.starts[b];
        double off = torch_error(masker.logits + batch.starts[b] * v, n * v,
                                 wl_node_get(item, "scores"), 1.0);
        CHECK(off <= 1e-5);
    }
    wl_packed_batch_release(&batch);
    wl_bert_masker_release(&masker);
    wl_bert_folder_free(folder);
    wl_gemm_close(gemm);
    wl_arena_release(&arena);
}

// The stored gradient of one of our tensors; of query, key and value the i-th third.
static double gradient_error(const struct wl_tensors *tensors, const struct wl_tensor *tensor,
                             const struct wl_node *stored)
{
    static const char *const thirds[] = {"query", "key", "value"};
    const float *gradient = tensors->gradients + tensor->offset;
    const char *at = strstr(tensor->name, ".qkv.");
    bool is_head = strncmp(tensor->name, "cls.", 4) == 0;
    double worst = 0.0;

    for (size_t i = 0; i < (at != NULL ? 3U : 1U); i++) {
        size_t n = at != NULL ? tensor->n_values / 3 : tensor->n_values;
        int n_stem = at != NULL ? (int)(at - tensor->name) + 1 : (int)strlen(tensor->name);
        char name[160];
        (void)snprintf(name, sizeof(name), "%s%.*s%s%s", is_head ? "" : "bert.", n_stem,
                       tensor->name, at != NULL ? thirds[i] : "", at != NULL ? at + 4 : "");
        const struct wl_node *list = wl_node_get(stored, name);
        if (list == NULL) {
            fprintf(stderr, "no gradient of %s is stored\n", name);
            return 1.0;
        }
        // The gradient of a key's bias is 0 in exact arithmetic: only rounding is left of it.
        worst = fmax(worst, torch_error(gradient + i * n, n, list, 0.1));
    }
    return worst;
}

static void check_gradients(const struct wl_tensors *tensors, const struct wl_node *stored)
{
    size_t n = 0;

    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        if (strncmp(tensor->name, "pooler.", 7) != 0) { // transformers' has none
            double off = gradient_error(tensors, tensor, stored);
            if (off > 2e-5) {
                fprintf(stderr, "%s: %.3g\n", tensor->name, off);
            }
            CHECK(off <= 2e-5);
            n++;
        }
    }
    CHECK_INT(n + 4 * 2, stored->n_children); // two layers: six tensors there for two here
    float *moved = tensors->gradients + tensors->items[0].offset + 4 * 8; // piece 4 is [MASK]
    moved[0] *= 1.01F;
    CHECK(gradient_error(tensors, &tensors->items[0], stored) > 2e-5); // planted fault
    moved[0] /= 1.01F;
}

static void test_training(void)
{
    struct wl_arena arena;
    const struct wl_node *stored = torch_json(&arena, FOLDER "training.json");
    const struct wl_node *labels = wl_node_get(stored, "labels")->first;
    const struct wl_node *losses = wl_node_get(stored, "losses")->first;
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    struct wl_bert_masker masker;
    struct wl_gemm *gemm = NULL;
    struct wl_bert_folder *folder = open_masked(&gemm, &masker);
    struct wl_packed_batch batch;
    size_t rows[ROWS];
    int32_t wanted[ROWS];
    struct wl_bert_masked masked = {.rows = rows, .tokens = wanted};

    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), ROWS, TEXTS, &fault), WL_OK);
    for (const struct wl_node *text = wl_node_get(stored, "texts")->first; text != NULL;
         text = text->next, labels = labels->next) {
        int32_t ids[LENGTH];
        int32_t line[LENGTH];
        size_t n = ids_of(text, ids);
        CHECK_INT(ids_of(labels, line), n);
        for (size_t i = 0; i < n; i++) {
            if (line[i] >= 0) {
                rows[masked.n] = batch.starts[batch.n_texts] + i;
                wanted[masked.n++] = line[i];
            }
        }
        CHECK_INT(wl_packed_batch_add(&batch, ids, NULL, n, &fault), WL_OK);
    }
    optimizer.options.rate = 2e-2;
    optimizer.options.n_steps = 10;
    optimizer.options.n_warm = 3;
    for (size_t i = 0; i < 10; i++, losses = losses->next) {
        double loss = 0.0;
        CHECK_INT(wl_bert_masker_train(&masker, gemm, &batch, &masked, 1.0 / (double)masked.n, 1, i,
                                       &loss, &fault),
                  WL_OK);
        CHECK_CLOSE(loss, losses->number, 1e-3);
        if (i == 0) {
            check_gradients(&folder->bert->tensors, wl_node_get(stored, "gradients"));
        }
        CHECK_INT(wl_optimizer_step(&optimizer, &folder->bert->tensors, NULL, &fault), WL_OK);
    }
    wl_packed_batch_release(&batch);
    wl_bert_masker_release(&masker);
    wl_bert_folder_free(folder);
    wl_gemm_close(gemm);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_scores);
    RUN(test_training);
    return check_report();
}
