/* Every tensor of ours has Hugging Face's name; the four weights of a block lie there the other way
 * round ("Conv1D": [in, out]). */
#include "nn/gpt_folder.h"

#include "base/file.h"
#include "base/limits.h"
#include "nn/hf_config.h"
#include "nn/hf_weights.h"

#include <string.h>

#define CONFIG_BYTES_MAX    ((size_t)1 << 24)
#define TOKENIZER_BYTES_MAX ((size_t)1 << 27) // tokenizer.json of a million tokens has 60 MB

void wl_gpt_folder_free(struct wl_gpt_folder *folder)
{
    if (folder != NULL) {
        wl_gpt_free(folder->gpt);
        wl_gpt_tokenizer_free(folder->tokenizer);
        wl_alloc_free(folder->alloc, folder);
    }
}

static struct wl_gpt_folder *folder_start(const wl_alloc *alloc)
{
    struct wl_gpt_folder *folder = wl_alloc_zeroed(alloc, 1, sizeof(*folder));

    if (folder != NULL) {
        folder->alloc = alloc;
        folder->initializer_range = 0.02;
    }
    return folder;
}

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a GPT");
}

// -- config.json --

static wl_status read_sizes(const struct wl_hf_config *c, struct wl_gpt_config *gpt,
                            wl_error *error)
{
    struct wl_transformer_shape *s = &gpt->shape;
    size_t n_context = 0;

    WL_TRY(wl_hf_config_count(c, "vocab_size", 0, WL_VOCABULARY_MAX, &gpt->n_vocabulary, error));
    WL_TRY(wl_hf_config_count(c, "n_embd", 0, WL_CHANNELS_MAX, &s->n_channels, error));
    WL_TRY(wl_hf_config_count(c, "n_layer", 0, WL_NN_LAYERS_MAX, &s->n_layers, error));
    WL_TRY(wl_hf_config_count(c, "n_head", 0, WL_CHANNELS_MAX, &s->n_heads, error));
    WL_TRY(wl_hf_config_count(c, "n_inner", 4 * s->n_channels, 8 * WL_CHANNELS_MAX, &s->n_inner,
                              error));
    WL_TRY(wl_hf_config_count(c, "n_ctx", 1024, (size_t)1 << 20, &n_context, error));
    WL_TRY(
        wl_hf_config_count(c, "n_positions", n_context, (size_t)1 << 20, &gpt->n_positions, error));
    if (s->n_channels % s->n_heads != 0) {
        return wl_fail(error, WL_ECONFIG, "%s: n_embd %zu: expected a multiple of n_head, %zu",
                       c->file, s->n_channels, s->n_heads);
    }
    return WL_OK;
}

// What our GPT does in one way only.
static wl_status check_kind(const struct wl_hf_config *c, wl_error *error)
{
    static const char *const model_types[] = {"gpt2", NULL};
    static const char *const refused[] = {"add_cross_attention", "scale_attn_by_inverse_layer_idx"};
    size_t i_word = 0;

    WL_TRY(wl_hf_config_word(c, "model_type", model_types, &i_word, error));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (wl_hf_config_flag(c, refused[i], false)) {
            return wl_fail(error, WL_ECONFIG, "%s: %s: expected false, found true", c->file,
                           refused[i]);
        }
    }
    if (!wl_hf_config_flag(c, "scale_attn_weights", true)) {
        return wl_fail(error, WL_ECONFIG, "%s: scale_attn_weights: expected true, found false",
                       c->file);
    }
    return WL_OK;
}

static wl_status read_numbers(const struct wl_hf_config *c, struct wl_gpt_folder *folder,
                              struct wl_gpt_config *gpt, wl_error *error)
{
    static const char *const activations[] = {"gelu_new", "gelu_pytorch_tanh", "gelu", NULL};
    double eps = 0.0;
    double dropout = 0.0;
    double attention_dropout = 0.0;
    size_t i_word = 0;

    WL_TRY(wl_hf_config_word(c, "activation_function", activations, &i_word, error));
    WL_TRY(wl_hf_config_real(c, "layer_norm_epsilon", 1e-5, 0.0, 1.0, &eps, error));
    WL_TRY(wl_hf_config_real(c, "resid_pdrop", 0.1, 0.0, 0.999, &dropout, error));
    WL_TRY(wl_hf_config_real(c, "attn_pdrop", 0.1, 0.0, 0.999, &attention_dropout, error));
    WL_TRY(wl_hf_config_real(c, "initializer_range", 0.02, 0.0, 10.0, &folder->initializer_range,
                             error));
    gpt->shape.gelu = i_word == 2 ? WL_GELU_EXACT : WL_GELU_TANH;
    gpt->shape.eps = (float)eps;
    gpt->shape.is_causal = true;
    gpt->shape.is_pre_norm = true;
    gpt->dropout = (float)dropout;
    gpt->attention_dropout = (float)attention_dropout;
    gpt->is_tied = wl_hf_config_flag(c, "tie_word_embeddings", true);
    return WL_OK;
}

// -- weights --

// "h.0.attn.c_attn.weight": turned in Hugging Face's files.
static bool is_turned(const char *name)
{
    size_t n = strlen(name);
    return strstr(name, ".c_") != NULL && n > 7 && strcmp(name + n - 7, ".weight") == 0;
}

static wl_status fill_weights(struct wl_gpt_folder *folder, struct wl_hf_weights *weights,
                              const struct wl_sink *sink, wl_error *error)
{
    struct wl_tensors *tensors = &folder->gpt->tensors;

    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        WL_TRY(wl_hf_weights_take(weights, tensor->name, tensor->dims, tensor->n_dims,
                                  is_turned(tensor->name), tensors->weights + tensor->offset,
                                  error));
    }
    wl_hf_weights_skip(weights, ".attn.bias"); // masks of older versions
    wl_hf_weights_skip(weights, ".attn.masked_bias");
    if (folder->gpt->config.is_tied) {
        wl_hf_weights_skip(weights, "lm_head.weight"); // the token table once more
    }
    folder->n_unused = wl_hf_weights_tell_unused(weights, sink);
    return WL_OK;
}

// -- a folder --

static wl_status check_vocabulary(const struct wl_gpt_folder *folder, const char *name,
                                  size_t n_vocabulary, const struct wl_sink *sink, wl_error *error)
{
    size_t n = folder->tokenizer->n_tokens;

    if (n > n_vocabulary) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: vocab_size of config.json: expected %zu, the tokenizer's tokens, "
                       "found %zu",
                       name, n, n_vocabulary);
    }
    if (n < n_vocabulary) {
        wl_notice(sink, "%s: %zu of %zu word vectors have no token", name, n_vocabulary - n,
                  n_vocabulary);
    }
    return WL_OK;
}

static wl_status read_all(struct wl_gpt_folder *folder, struct wl_arena *scratch, const char *name,
                          const struct wl_gpt_files *files, const struct wl_sink *sink,
                          wl_error *error)
{
    struct wl_gpt_config config = {0};
    struct wl_hf_config json = {0};
    struct wl_hf_weights weights = {0};
    const char *config_name = wl_path_join(scratch, name, "config.json");
    const char *weights_name = wl_path_join(scratch, name, "model.safetensors");

    if (config_name == NULL || weights_name == NULL) {
        return no_memory(error);
    }
    WL_TRY(wl_hf_config_read(scratch, config_name, files->config, &json, error));
    WL_TRY(check_kind(&json, error));
    WL_TRY(read_sizes(&json, &config, error));
    WL_TRY(read_numbers(&json, folder, &config, error));
    WL_TRY(wl_gpt_tokenizer_read(folder->alloc, name, &files->tokenizer, sink, &folder->tokenizer,
                                 error));
    WL_TRY(check_vocabulary(folder, name, config.n_vocabulary, sink, error));
    WL_TRY(
        wl_hf_weights_read(scratch, weights_name, files->weights, "transformer.", &weights, error));
    wl_status status = wl_gpt_new(folder->alloc, &config, &folder->gpt, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", config_name);
    }
    return fill_weights(folder, &weights, sink, error);
}

wl_status wl_gpt_folder_read(const wl_alloc *alloc, const char *name,
                             const struct wl_gpt_files *files, const struct wl_sink *sink,
                             struct wl_gpt_folder **folder_out, wl_error *error)
{
    struct wl_gpt_folder *folder = folder_start(alloc);
    struct wl_arena scratch;
    wl_status status = WL_OK;

    *folder_out = NULL;
    wl_arena_init(&scratch, alloc, 0);
    if (folder == NULL) {
        status = no_memory(error);
        goto done;
    }
    WL_GO(read_all(folder, &scratch, name, files, sink, error));
    *folder_out = folder;
    folder = NULL;
done:
    wl_gpt_folder_free(folder);
    wl_arena_release(&scratch);
    return status;
}

// One file of the folder into buf; one that may be missing leaves buf empty.
static wl_status read_file(struct wl_arena *arena, const char *folder, const char *name,
                           bool is_needed, struct wl_buf *buf, wl_error *error)
{
    const char *path = NULL;
    wl_status status = wl_hf_file_read(arena, folder, name, buf, &path, error);

    if (status == WL_ENOTFOUND && !is_needed) {
        wl_buf_clear(buf);
        return WL_OK;
    }
    return status;
}

enum { TOKENIZER_FILES = 5 };

static wl_status read_tokenizer_files(struct wl_arena *arena, const char *path, struct wl_buf *bufs,
                                      struct wl_gpt_tokenizer_files *files, wl_error *error)
{
    static const char *const names[TOKENIZER_FILES] = {"tokenizer.json", "vocab.json", "merges.txt",
                                                       "vocab.txt", "tokenizer_config.json"};
    struct wl_str *const targets[TOKENIZER_FILES] = {&files->tokenizer, &files->vocab_json,
                                                     &files->merges, &files->vocab_txt,
                                                     &files->tokenizer_config};

    for (size_t i = 0; i < TOKENIZER_FILES; i++) {
        WL_TRY(read_file(arena, path, names[i], false, &bufs[i], error));
        *targets[i] = wl_buf_view(&bufs[i]);
    }
    return WL_OK;
}

wl_status wl_gpt_folder_tokenizer(const wl_alloc *alloc, const char *path,
                                  const struct wl_sink *sink,
                                  struct wl_gpt_tokenizer **tokenizer_out, wl_error *error)
{
    struct wl_buf bufs[TOKENIZER_FILES];
    struct wl_gpt_tokenizer_files files = {0};
    struct wl_arena arena;
    wl_status status = WL_OK;

    *tokenizer_out = NULL;
    wl_arena_init(&arena, alloc, 0);
    for (size_t i = 0; i < TOKENIZER_FILES; i++) {
        wl_buf_init(&bufs[i], alloc, TOKENIZER_BYTES_MAX);
    }
    WL_GO(read_tokenizer_files(&arena, path, bufs, &files, error));
    WL_GO(wl_gpt_tokenizer_read(alloc, path, &files, sink, tokenizer_out, error));
done:
    for (size_t i = 0; i < TOKENIZER_FILES; i++) {
        wl_buf_release(&bufs[i]);
    }
    wl_arena_release(&arena);
    return status;
}

wl_status wl_gpt_folder_open(const wl_alloc *alloc, const char *path, const struct wl_sink *sink,
                             struct wl_gpt_folder **folder_out, wl_error *error)
{
    struct wl_buf bufs[TOKENIZER_FILES];
    struct wl_buf config;
    struct wl_buf weights;
    struct wl_gpt_files files = {0};
    struct wl_arena arena;
    wl_status status = WL_OK;

    *folder_out = NULL;
    wl_arena_init(&arena, alloc, 0);
    wl_buf_init(&config, alloc, CONFIG_BYTES_MAX);
    wl_buf_init(&weights, alloc, WL_WEIGHT_BYTES_MAX);
    for (size_t i = 0; i < TOKENIZER_FILES; i++) {
        wl_buf_init(&bufs[i], alloc, TOKENIZER_BYTES_MAX);
    }
    WL_GO(read_file(&arena, path, "config.json", true, &config, error));
    WL_GO(read_file(&arena, path, "model.safetensors", true, &weights, error));
    WL_GO(read_tokenizer_files(&arena, path, bufs, &files.tokenizer, error));
    files.config = wl_buf_view(&config);
    files.weights = wl_buf_view(&weights);
    WL_GO(wl_gpt_folder_read(alloc, path, &files, sink, folder_out, error));
done:
    wl_buf_release(&config);
    wl_buf_release(&weights);
    for (size_t i = 0; i < TOKENIZER_FILES; i++) {
        wl_buf_release(&bufs[i]);
    }
    wl_arena_release(&arena);
    return status;
}

// -- a model of one's own --

struct wl_gpt_config wl_gpt_shape_default(void)
{
    return (struct wl_gpt_config){.shape = {.n_channels = 256,
                                            .n_heads = 4,
                                            .n_inner = 1024,
                                            .n_layers = 4,
                                            .gelu = WL_GELU_TANH,
                                            .eps = 1e-5F,
                                            .is_causal = true,
                                            .is_pre_norm = true},
                                  .n_positions = 256,
                                  .is_tied = true,
                                  .dropout = 0.1F,
                                  .attention_dropout = 0.1F};
}

wl_status wl_gpt_folder_new(const wl_alloc *alloc, struct wl_gpt_tokenizer *tokenizer,
                            const struct wl_gpt_config *shape, uint64_t seed,
                            struct wl_gpt_folder **folder_out, wl_error *error)
{
    struct wl_gpt_folder *folder = folder_start(alloc);
    struct wl_gpt_config config = *shape;
    wl_status status = WL_OK;

    *folder_out = NULL;
    if (folder == NULL) {
        wl_gpt_tokenizer_free(tokenizer);
        return no_memory(error);
    }
    folder->tokenizer = tokenizer;
    config.n_vocabulary = tokenizer->n_tokens;
    WL_GO(wl_gpt_new(alloc, &config, &folder->gpt, error));
    wl_tensors_start(&folder->gpt->tensors, seed, folder->initializer_range);
    *folder_out = folder;
    folder = NULL;
done:
    wl_gpt_folder_free(folder);
    return status;
}

// Rows from begin on become the mean of those before.
static void fill_rows(float *table, size_t begin, size_t n_rows, size_t n_columns)
{
    for (size_t j = 0; j < n_columns; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < begin; i++) {
            sum += (double)table[i * n_columns + j];
        }
        for (size_t i = begin; i < n_rows; i++) {
            table[i * n_columns + j] = (float)(sum / (double)begin);
        }
    }
}

wl_status wl_gpt_folder_grow(struct wl_gpt_folder *folder, wl_error *error)
{
    const struct wl_gpt *old = folder->gpt;
    struct wl_gpt_config config = old->config;
    struct wl_gpt *gpt = NULL;

    if (folder->tokenizer->n_tokens <= config.n_vocabulary) {
        return WL_OK;
    }
    config.n_vocabulary = folder->tokenizer->n_tokens;
    WL_TRY(wl_gpt_new(folder->alloc, &config, &gpt, error));
    for (size_t i = 0; i < gpt->tensors.n_tensors; i++) { // the same tensors in the same order
        const struct wl_tensor *to = &gpt->tensors.items[i];
        const struct wl_tensor *from = &old->tensors.items[i];
        float *values = gpt->tensors.weights + to->offset;
        memcpy(values, old->tensors.weights + from->offset, from->n_values * sizeof(*values));
        if (to->n_values > from->n_values) {
            fill_rows(values, from->dims[0], to->dims[0], to->dims[1]);
        }
    }
    wl_gpt_free(folder->gpt);
    folder->gpt = gpt;
    return WL_OK;
}
