/* Goal:   BERT folders of transformers are read as transformers reads them: pieces, hidden states,
 *         pooled rows and logits; and what we save reads back the same.
 * Method: four tiny folders of different kinds, numbers and names (make_bert_folder.py); all texts
 *         in one packed batch here, one by one there, in float. Tolerance 1e-5: two orders of
 *         summation. Planted fault: one weight moved by 1 % must not pass. */
#include "torch_json.h"

#include "nn/bert_embed.h"

#define FOLDER WL_SOURCE_DIR "/tests/golden/nn/bert_folder/"
#define OUT    WL_BINARY_DIR "/test_bert_folder_torch"

enum { TEXTS = 6, LENGTH = 12 };

static wl_error fault;

struct heard {
    char text[1024];
};

static void hear(void *context, const char *line)
{
    struct heard *heard = context;
    size_t n = strlen(heard->text);
    (void)snprintf(heard->text + n, sizeof(heard->text) - n, "%s\n", line);
}

static struct wl_bert_folder *open_folder(const char *path, struct heard *heard)
{
    const struct wl_sink sink = {.notice = hear, .context = heard};
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = NULL;

    heard->text[0] = '\0';
    options.sink = &sink;
    if (wl_bert_folder_open(wl_alloc_default(), path, &options, &folder, &fault) != WL_OK) {
        fprintf(stderr, "%s: %s\n", path, fault.message);
        exit(EXIT_FAILURE);
    }
    return folder;
}

// Encodes the stored texts; pieces must be those stored.
static void encode(const struct wl_bert_folder *folder, const struct wl_node *cases,
                   struct wl_packed_batch *batch)
{
    struct wl_ids scratch;

    wl_ids_init(&scratch, wl_alloc_default());
    for (const struct wl_node *item = cases->first; item != NULL; item = item->next) {
        const struct wl_node *ids = wl_node_get(item, "ids");
        int32_t tokens[LENGTH];
        size_t n = 0;
        size_t i = 0;
        CHECK_INT(wl_bert_folder_encode(folder, wl_node_text(item, "text", "?"), LENGTH, &scratch,
                                        tokens, &n, &fault),
                  WL_OK);
        CHECK_INT(n, ids->n_children);
        for (const struct wl_node *id = ids->first; id != NULL && i < n; id = id->next) {
            CHECK_INT(tokens[i++], (int)id->number);
        }
        CHECK_INT(wl_packed_batch_add(batch, tokens, NULL, n, &fault), WL_OK);
    }
    wl_ids_release(&scratch);
}

// The worst difference over all texts of hidden states, pooled rows and logits that are stored.
static double worst_error(struct wl_bert_folder *folder, const struct wl_node *cases)
{
    struct wl_bert *bert = folder->bert;
    size_t c = bert->config.shape.n_channels;
    size_t k = bert->config.n_labels;
    struct wl_packed_batch batch;
    struct wl_gemm *gemm = NULL;
    double worst = 0.0;
    size_t b = 0;

    CHECK_INT(
        wl_packed_batch_init(&batch, wl_alloc_default(), (size_t)TEXTS * LENGTH, TEXTS, &fault),
        WL_OK);
    encode(folder, cases, &batch);
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_bert_plan(bert, (size_t)TEXTS * LENGTH, TEXTS, WL_F32, false, &fault), WL_OK);
    CHECK_INT(wl_bert_forward(bert, gemm, &batch, &fault), WL_OK);
    for (const struct wl_node *item = cases->first; item != NULL; item = item->next, b++) {
        const struct wl_node *pooled = wl_node_get(item, "pooled");
        const struct wl_node *logits = wl_node_get(item, "logits");
        size_t n_rows = batch.starts[b + 1] - batch.starts[b];
        worst = fmax(worst, torch_error(bert->stack.x + batch.starts[b] * c, n_rows * c,
                                        wl_node_get(item, "hidden"), 1.0));
        if (pooled != NULL) {
            worst = fmax(worst, torch_error(bert->pooled + b * c, c, pooled, 1.0));
        }
        CHECK((logits != NULL) == (k > 0));
        if (logits != NULL) {
            worst = fmax(worst, torch_error(bert->logits + b * k, k, logits, 1.0));
        }
    }
    wl_packed_batch_release(&batch);
    wl_gemm_close(gemm);
    return worst;
}

struct kind {
    const char *name;
    const char *told; // notices
};

static const struct kind kinds[] = {
    {"classes", ""},
    {"encoder", ""},
    {"masked", FOLDER "masked/model.safetensors: no pooler: it starts at random, seed 1\n" FOLDER
                      "masked/model.safetensors: 5 tensors not used: cls.predictions.bias, "
                      "cls.predictions.transform.LayerNorm.bias, "
                      "cls.predictions.transform.LayerNorm.weight, "
                      "cls.predictions.transform.dense.bias, ...\n"},
    {"old", ""},
};

static void test_equals_transformers(void)
{
    struct wl_arena arena;
    const struct wl_node *expected = torch_json(&arena, FOLDER "expected.json");

    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct heard heard;
        char path[512];
        (void)snprintf(path, sizeof(path), FOLDER "%s", kinds[i].name);
        struct wl_bert_folder *folder = open_folder(path, &heard);
        const struct wl_node *cases = wl_node_get(expected, kinds[i].name);
        double worst = worst_error(folder, cases);

        fprintf(stderr, "%s: %.3g\n", kinds[i].name, worst);
        CHECK(worst <= 1e-5);
        CHECK_STR(heard.text, kinds[i].told);
        folder->bert->tensors.weights[folder->bert->stack.blocks[1].qkv.weight + 3] *= 1.01F;
        CHECK(worst_error(folder, cases) > 1e-5); // planted fault
        wl_bert_folder_free(folder);
    }
    wl_arena_release(&arena);
}

// Vectors of texts: the mean of the stored hidden states, divided by its length.
static void test_embeddings(void)
{
    struct wl_bert_embed_options options = wl_bert_embed_options_default();
    struct wl_arena arena;
    const struct wl_node *expected = torch_json(&arena, FOLDER "expected.json");
    const struct wl_node *cases = wl_node_get(expected, "classes");
    struct heard heard;
    struct wl_bert_folder *folder = open_folder(FOLDER "classes", &heard);
    struct wl_bert_embedder *embedder = NULL;
    struct wl_str texts[TEXTS];
    float vectors[TEXTS][8];
    size_t b = 0;

    for (const struct wl_node *item = cases->first; item != NULL; item = item->next) {
        texts[b++] = wl_node_text(item, "text", "?");
    }
    CHECK_INT(wl_bert_embedder_new(wl_alloc_default(), folder, &options, &embedder, &fault), WL_OK);
    CHECK_INT(wl_bert_embed(embedder, texts, TEXTS, vectors[0], &fault), WL_OK);
    b = 0;
    for (const struct wl_node *item = cases->first; item != NULL; item = item->next, b++) {
        double sums[8] = {0};
        double square = 0.0;
        size_t i = 0;
        for (const struct wl_node *x = wl_node_get(item, "hidden")->first; x != NULL; x = x->next) {
            sums[i++ % 8] += x->number;
        }
        for (size_t j = 0; j < 8; j++) {
            square += sums[j] * sums[j];
        }
        for (size_t j = 0; j < 8; j++) {
            CHECK_CLOSE((double)vectors[b][j], sums[j] / sqrt(square), 1e-5);
        }
    }
    wl_bert_embedder_free(embedder);
    wl_bert_folder_free(folder);
    wl_arena_release(&arena);
}

static void test_labels(void)
{
    struct heard heard;
    struct wl_bert_folder *folder = open_folder(FOLDER "classes", &heard);

    CHECK_INT(folder->bert->config.n_labels, 3);
    CHECK(!folder->bert->config.is_multi_label);
    CHECK_VIEW(folder->labels[1], "leaves");
    CHECK_VIEW(folder->labels[2], "不知道");
    CHECK_INT(folder->tokenizer.mask, 4);
    wl_bert_folder_free(folder);
}

// Saved and opened again: the same weights and results; in F16 and BF16 what rounding leaves.
static void test_saved_reads_back(void)
{
    static const struct {
        enum wl_safetensor_type type;
        double tolerance;
    } types[] = {{WL_SAFETENSOR_F32, 1e-5}, {WL_SAFETENSOR_F16, 1e-2}, {WL_SAFETENSOR_BF16, 0.1}};
    struct wl_arena arena;
    const struct wl_node *expected = torch_json(&arena, FOLDER "expected.json");
    struct heard heard;
    struct wl_bert_folder *folder = open_folder(FOLDER "classes", &heard);

    for (size_t i = 0; i < COUNT(types); i++) {
        wl_folder_remove(OUT);
        CHECK_INT(wl_bert_folder_save(folder, OUT "/", types[i].type, &fault), WL_OK);
        CHECK_INT(wl_bert_folder_save(folder, OUT, types[i].type, &fault), WL_EEXIST);
        struct wl_bert_folder *again = open_folder(OUT, &heard);
        CHECK_STR(heard.text, "");
        CHECK_VIEW(again->labels[2], "不知道");
        if (types[i].type == WL_SAFETENSOR_F32) {
            CHECK(memcmp(again->bert->tensors.weights, folder->bert->tensors.weights,
                         folder->bert->tensors.n_floats * sizeof(float)) == 0);
        }
        double worst = worst_error(again, wl_node_get(expected, "classes"));
        CHECK(worst <= types[i].tolerance);
        wl_bert_folder_free(again);
    }
    wl_folder_remove(OUT);
    wl_bert_folder_free(folder);
    wl_arena_release(&arena);
}

// With a folder's path as argument: saves folders there, for saved_peer.py.
static int save_for_peer(const char *path)
{
    static const struct {
        const char *from;
        const char *to;
        enum wl_safetensor_type type;
    } saves[] = {{"classes", "f32", WL_SAFETENSOR_F32},
                 {"classes", "bf16", WL_SAFETENSOR_BF16},
                 {"masked", "masked", WL_SAFETENSOR_F32}};

    for (size_t i = 0; i < COUNT(saves); i++) {
        struct wl_bert_folder_options options = wl_bert_folder_options_default();
        struct wl_bert_folder *folder = NULL;
        char from[512];
        char to[512];
        options.has_mask_head = strcmp(saves[i].from, "masked") == 0;
        (void)snprintf(from, sizeof(from), FOLDER "%s", saves[i].from);
        (void)snprintf(to, sizeof(to), "%s/%s", path, saves[i].to);
        if (wl_bert_folder_open(wl_alloc_default(), from, &options, &folder, &fault) != WL_OK ||
            wl_bert_folder_save(folder, to, saves[i].type, &fault) != WL_OK) {
            fprintf(stderr, "%s\n", fault.message);
            return EXIT_FAILURE;
        }
        wl_bert_folder_free(folder);
    }
    return EXIT_SUCCESS;
}

int main(int n_words, char **words)
{
    if (n_words > 1) {
        return save_for_peer(words[1]);
    }
    RUN(test_equals_transformers);
    RUN(test_embeddings);
    RUN(test_labels);
    RUN(test_saved_reads_back);
    return check_report();
}
