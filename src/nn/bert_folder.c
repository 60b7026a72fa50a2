/* The three matrices query, key and value of a layer lie in one of ours, rows end to end; every
 * other tensor has Hugging Face's own name and shape. */
#include "nn/bert_folder.h"

#include "base/file.h"
#include "base/limits.h"
#include "nn/hf_config.h"
#include "nn/hf_weights.h"

#include <stdio.h>
#include <string.h>

#define CONFIG_BYTES_MAX    ((size_t)1 << 24) // tokenizer.json of a million pieces has 40 MB
#define TOKENIZER_BYTES_MAX ((size_t)1 << 27)

struct wl_bert_folder_options wl_bert_folder_options_default(void)
{
    return (struct wl_bert_folder_options){.n_labels = WL_BERT_LABELS_KEPT, .seed = 1};
}

void wl_bert_folder_free(struct wl_bert_folder *folder)
{
    if (folder != NULL) {
        wl_bert_free(folder->bert);
        wl_hf_wordpiece_release(&folder->tokenizer);
        wl_arena_release(&folder->arena);
        wl_alloc_free(folder->alloc, folder);
    }
}

static struct wl_bert_folder *folder_start(const wl_alloc *alloc)
{
    struct wl_bert_folder *folder = wl_alloc_zeroed(alloc, 1, sizeof(*folder));

    if (folder != NULL) {
        folder->alloc = alloc;
        wl_arena_init(&folder->arena, alloc, 4096);
    }
    return folder;
}

// -- config.json --

static wl_status read_sizes(const struct wl_hf_config *c, struct wl_bert_config *bert,
                            wl_error *error)
{
    struct wl_transformer_shape *shape = &bert->shape;

    WL_TRY(wl_hf_config_count(c, "vocab_size", 0, WL_VOCABULARY_MAX, &bert->n_vocabulary, error));
    WL_TRY(wl_hf_config_count(c, "hidden_size", 0, WL_CHANNELS_MAX, &shape->n_channels, error));
    WL_TRY(
        wl_hf_config_count(c, "num_hidden_layers", 0, WL_NN_LAYERS_MAX, &shape->n_layers, error));
    WL_TRY(
        wl_hf_config_count(c, "num_attention_heads", 0, WL_CHANNELS_MAX, &shape->n_heads, error));
    WL_TRY(
        wl_hf_config_count(c, "intermediate_size", 0, 8 * WL_CHANNELS_MAX, &shape->n_inner, error));
    WL_TRY(wl_hf_config_count(c, "max_position_embeddings", 512, (size_t)1 << 20,
                              &bert->n_positions, error));
    WL_TRY(wl_hf_config_count(c, "type_vocab_size", 2, 1024, &bert->n_segments, error));
    if (shape->n_channels % shape->n_heads != 0) {
        return wl_fail(error, WL_ECONFIG,
                       "%s: hidden_size %zu: expected a multiple of num_attention_heads, found %zu",
                       c->file, shape->n_channels, shape->n_heads);
    }
    return WL_OK;
}

// What our BERT does in one way only.
static wl_status check_kind(const struct wl_hf_config *c, wl_error *error)
{
    static const char *const model_types[] = {"bert", NULL};
    static const char *const positions[] = {"absolute", NULL};
    static const char *const refused[] = {"is_decoder", "add_cross_attention"};
    size_t i_word = 0;

    WL_TRY(wl_hf_config_word(c, "model_type", model_types, &i_word, error));
    WL_TRY(wl_hf_config_word(c, "position_embedding_type", positions, &i_word, error));
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (wl_hf_config_flag(c, refused[i], false)) {
            return wl_fail(error, WL_ECONFIG, "%s: %s: expected false, found true", c->file,
                           refused[i]);
        }
    }
    return WL_OK;
}

static wl_status read_numbers(const struct wl_hf_config *c, struct wl_bert_folder *folder,
                              struct wl_bert_config *bert, wl_error *error)
{
    static const char *const activations[] = {"gelu", "gelu_new", "gelu_pytorch_tanh", NULL};
    double eps = 0.0;
    double dropout = 0.0;
    double attention_dropout = 0.0;
    size_t i_word = 0;

    WL_TRY(wl_hf_config_word(c, "hidden_act", activations, &i_word, error));
    WL_TRY(wl_hf_config_real(c, "layer_norm_eps", 1e-12, 0.0, 1.0, &eps, error));
    WL_TRY(wl_hf_config_real(c, "hidden_dropout_prob", 0.1, 0.0, 0.999, &dropout, error));
    WL_TRY(wl_hf_config_real(c, "attention_probs_dropout_prob", 0.1, 0.0, 0.999, &attention_dropout,
                             error));
    WL_TRY(wl_hf_config_real(c, "initializer_range", 0.02, 0.0, 10.0, &folder->initializer_range,
                             error));
    bert->shape.gelu = i_word == 0 ? WL_GELU_EXACT : WL_GELU_TANH;
    bert->shape.eps = (float)eps;
    bert->dropout = (float)dropout;
    bert->attention_dropout = (float)attention_dropout;
    return WL_OK;
}

// -- the head --

static wl_status make_labels(struct wl_bert_folder *folder, size_t n, wl_error *error)
{
    struct wl_str *labels = wl_arena_zeroed(&folder->arena, n, sizeof(*labels));

    for (size_t i = 0; labels != NULL && i < n; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "LABEL_%zu", i); // what transformers calls them
        const char *name = wl_arena_string(&folder->arena, wl_str_from(text));
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", n);
        }
        labels[i] = wl_str_from(name);
    }
    folder->labels = labels;
    return labels != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for %zu labels", n);
}

// The head that config.json and the weights speak of; n_labels 0 without one.
static wl_status read_own_head(struct wl_bert_folder *folder, const struct wl_hf_config *c,
                               const struct wl_hf_weights *weights, struct wl_bert_config *own,
                               wl_error *error)
{
    static const char *const problems[] = {"single_label_classification",
                                           "multi_label_classification", NULL};
    const struct wl_safetensor *head = wl_hf_weights_find(weights, "classifier.weight");
    size_t i_problem = 0;
    size_t n_named = 0;

    own->n_labels = head != NULL && head->n_dims == 2 ? head->shape[0] : 0;
    if (own->n_labels == 0) {
        return WL_OK;
    }
    WL_TRY(wl_hf_config_word(c, "problem_type", problems, &i_problem, error));
    own->is_multi_label = i_problem == 1;
    WL_TRY(wl_hf_config_labels(&folder->arena, c, &folder->labels, &n_named, error));
    if (n_named == 0) {
        return make_labels(folder, own->n_labels, error);
    }
    if (n_named != own->n_labels) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: id2label: expected %zu names as classifier.weight has rows, found %zu",
                       c->file, own->n_labels, n_named);
    }
    return WL_OK;
}

static wl_status choose_head(struct wl_bert_folder *folder, const struct wl_hf_config *c,
                             const struct wl_hf_weights *weights,
                             const struct wl_bert_folder_options *options,
                             struct wl_bert_config *config, wl_error *error)
{
    struct wl_bert_config own = {0};
    bool is_kept = options->n_labels == WL_BERT_LABELS_KEPT;

    if (options->n_labels == 0) {
        return WL_OK;
    }
    wl_status status = read_own_head(folder, c, weights, &own, error);
    if (status != WL_OK && is_kept) {
        return status;
    }
    bool fits = status == WL_OK && own.n_labels == options->n_labels &&
                own.is_multi_label == options->is_multi_label && !options->is_head_new;
    if (is_kept || fits) {
        config->n_labels = own.n_labels;
        config->is_multi_label = own.is_multi_label;
        return WL_OK;
    }
    config->n_labels = options->n_labels;
    config->is_multi_label = options->is_multi_label;
    folder->is_head_new = true;
    return make_labels(folder, config->n_labels, error);
}

// -- weights --

// Query, key and value of a layer into the three thirds of one tensor.
static wl_status take_thirds(struct wl_hf_weights *weights, const struct wl_tensors *tensors,
                             const struct wl_tensor *tensor, const char *at, wl_error *error)
{
    static const char *const thirds[] = {"query", "key", "value"};
    const size_t dims[2] = {tensor->dims[0] / 3, tensor->n_dims == 2 ? tensor->dims[1] : 0};
    float *values = tensors->weights + tensor->offset;

    for (size_t i = 0; i < 3; i++) {
        char name[WL_TENSOR_NAME_BYTES_MAX + 8];
        (void)snprintf(name, sizeof(name), "%.*s%s%s", (int)(at - tensor->name), tensor->name,
                       thirds[i], at + strlen("qkv"));
        WL_TRY(wl_hf_weights_take(weights, name, dims, tensor->n_dims, false,
                                  values + i * (tensor->n_values / 3), error));
    }
    return WL_OK;
}

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

// The head of masked words: there, or to be started. Its word scores must be the word table.
static wl_status check_mask_head(struct wl_bert_folder *folder, const struct wl_hf_config *c,
                                 struct wl_hf_weights *weights, wl_error *error)
{
    if (!folder->bert->config.has_mask_head) {
        return WL_OK;
    }
    folder->is_mask_head_new =
        wl_hf_weights_find(weights, "cls.predictions.transform.dense.weight") == NULL;
    if (!folder->is_mask_head_new && !wl_hf_config_flag(c, "tie_word_embeddings", true)) {
        return wl_fail(error, WL_ECONFIG, "%s: tie_word_embeddings: expected true, found false",
                       c->file);
    }
    wl_hf_weights_skip(weights, "cls.predictions.decoder.weight"); // copies of what is read
    wl_hf_weights_skip(weights, "cls.predictions.decoder.bias");
    return WL_OK;
}

static bool starts_new(const struct wl_bert_folder *folder, const char *name)
{
    return (folder->is_pooler_new && begins_with(name, "pooler.")) ||
           (folder->is_head_new && begins_with(name, "classifier.")) ||
           (folder->is_mask_head_new && begins_with(name, "cls."));
}

static void tell_new(const struct wl_bert_folder *folder, const char *file,
                     const struct wl_bert_folder_options *options)
{
    unsigned long long seed = options->seed;

    if (folder->is_pooler_new) {
        wl_notice(options->sink, "%s: no pooler: it starts at random, seed %llu", file, seed);
    }
    if (folder->is_head_new) {
        wl_notice(options->sink, "%s: a new head of %zu %s starts at random, seed %llu", file,
                  folder->bert->config.n_labels,
                  folder->bert->config.is_multi_label ? "labels" : "classes", seed);
    }
    if (folder->is_mask_head_new) {
        wl_notice(options->sink, "%s: no head of masked words: it starts at random, seed %llu",
                  file, seed);
    }
}

static wl_status fill_weights(struct wl_bert_folder *folder, struct wl_hf_weights *weights,
                              const struct wl_bert_folder_options *options, wl_error *error)
{
    struct wl_tensors *tensors = &folder->bert->tensors;

    folder->is_pooler_new = wl_hf_weights_find(weights, "pooler.dense.weight") == NULL &&
                            wl_hf_weights_find(weights, "pooler.dense.bias") == NULL;
    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        const char *at = strstr(tensor->name, ".self.qkv.");
        if (starts_new(folder, tensor->name)) {
            wl_tensor_start(tensors, tensor, options->seed, folder->initializer_range);
        } else if (at != NULL) {
            WL_TRY(take_thirds(weights, tensors, tensor, at + strlen(".self."), error));
        } else {
            WL_TRY(wl_hf_weights_fill(weights, tensors, tensor, error));
        }
    }
    const struct wl_safetensor *other = wl_hf_weights_first_unused(weights, "encoder.");
    if (other != NULL) { // another shape of model: what is left of it would not be the same
        return wl_fail(error, WL_ESCHEMA,
                       "%s: tensor \"%.*s\" does not fit config.json with num_hidden_layers %zu",
                       weights->file, WL_STR_ARG(other->name), folder->bert->config.shape.n_layers);
    }
    tell_new(folder, weights->file, options);
    wl_hf_weights_skip(weights, "embeddings.position_ids"); // 0, 1, 2, ... of older versions
    folder->n_unused = wl_hf_weights_tell_unused(weights, options->sink);
    return WL_OK;
}

// -- a folder --

static wl_status check_vocabulary(const struct wl_bert_folder *folder, const char *name,
                                  size_t n_vocabulary, const struct wl_sink *sink, wl_error *error)
{
    size_t n_pieces = wl_wordpiece_count(folder->tokenizer.wordpiece);

    if (n_pieces > n_vocabulary) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: vocab_size of config.json: expected %zu, the vocabulary's pieces, "
                       "found %zu",
                       name, n_pieces, n_vocabulary);
    }
    if (n_pieces < n_vocabulary) {
        wl_notice(sink, "%s: %zu of %zu word vectors have no piece", name, n_vocabulary - n_pieces,
                  n_vocabulary);
    }
    return WL_OK;
}

// A small file must not make us take much memory: sizes of far more weights than it has are refused
// before anything is made. What is missing by a little is named later, tensor by tensor.
static wl_status check_room(const struct wl_bert_config *c, const char *config_name,
                            struct wl_str weights, wl_error *error)
{
    size_t width = c->shape.n_channels;
    size_t n_tables = (c->n_vocabulary + c->n_positions + c->n_segments) * width;
    size_t n_block = 4 * width * width + 2 * width * c->shape.n_inner;
    size_t n_wanted = n_tables + c->shape.n_layers * n_block; // below 2^40 by their ceilings
    size_t n_most = weights.n_bytes + ((size_t)1 << 20);      // twice what two bytes each make

    return n_wanted <= n_most
               ? WL_OK
               : wl_fail(error, WL_ESCHEMA,
                         "%s: sizes of %zu weights or more, model.safetensors has %zu bytes",
                         config_name, n_wanted, weights.n_bytes);
}

// With names for messages: the two files that may be named in them.
static wl_status read_all(struct wl_bert_folder *folder, struct wl_arena *scratch, const char *name,
                          const struct wl_bert_files *files,
                          const struct wl_bert_folder_options *options, wl_error *error)
{
    struct wl_bert_config config = {0};
    struct wl_hf_config json = {0};
    struct wl_hf_weights weights = {0};
    const char *config_name = wl_path_join(scratch, name, "config.json");
    const char *weights_name = wl_path_join(scratch, name, "model.safetensors");

    if (config_name == NULL || weights_name == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    WL_TRY(wl_hf_config_read(scratch, config_name, files->config, &json, error));
    WL_TRY(check_kind(&json, error));
    WL_TRY(read_sizes(&json, &config, error));
    WL_TRY(read_numbers(&json, folder, &config, error));
    WL_TRY(check_room(&config, config_name, files->weights, error));
    WL_TRY(wl_hf_wordpiece_read(&folder->arena, name, &files->tokenizer, options->sink,
                                &folder->tokenizer, error));
    WL_TRY(check_vocabulary(folder, name, config.n_vocabulary, options->sink, error));
    WL_TRY(wl_hf_weights_read(scratch, weights_name, files->weights, "bert.", &weights, error));
    WL_TRY(choose_head(folder, &json, &weights, options, &config, error));
    config.has_mask_head = options->has_mask_head;
    wl_status status = wl_bert_new(folder->alloc, &config, &folder->bert, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", config_name);
    }
    WL_TRY(check_mask_head(folder, &json, &weights, error));
    return fill_weights(folder, &weights, options, error);
}

wl_status wl_bert_folder_read(const wl_alloc *alloc, const char *name,
                              const struct wl_bert_files *files,
                              const struct wl_bert_folder_options *options,
                              struct wl_bert_folder **folder_out, wl_error *error)
{
    struct wl_bert_folder *folder = folder_start(alloc);
    struct wl_arena scratch;
    wl_status status = WL_OK;

    *folder_out = NULL;
    wl_arena_init(&scratch, alloc, 0);
    if (folder == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a BERT");
        goto done;
    }
    WL_GO(read_all(folder, &scratch, name, files, options, error));
    *folder_out = folder;
    folder = NULL;
done:
    wl_bert_folder_free(folder);
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

// Weights of other kinds stand there: say what to do rather than that a file is missing.
static wl_status check_weights(struct wl_arena *arena, const char *path, wl_error *error)
{
    static const char *const others[] = {"pytorch_model.bin", "model.safetensors.index.json",
                                         "tf_model.h5", "flax_model.msgpack"};
    const char *own = wl_path_join(arena, path, "model.safetensors");

    for (size_t i = 0; own != NULL && !wl_file_exists(own) && i < 4; i++) {
        const char *other = wl_path_join(arena, path, others[i]);
        if (other != NULL && wl_file_exists(other)) {
            return wl_fail(error, WL_ENOTFOUND,
                           "%s: expected model.safetensors, found %s; save the model again with "
                           "save_pretrained, in one file",
                           path, others[i]);
        }
    }
    return WL_OK;
}

wl_status wl_bert_folder_open(const wl_alloc *alloc, const char *path,
                              const struct wl_bert_folder_options *options,
                              struct wl_bert_folder **folder_out, wl_error *error)
{
    enum { CONFIG, WEIGHTS, VOCABULARY, TOKENIZER, SETTINGS, N_FILES };
    static const struct {
        const char *name;
        bool is_needed;
        size_t n_bytes_max;
    } names[N_FILES] = {{"config.json", true, CONFIG_BYTES_MAX},
                        {"model.safetensors", true, WL_WEIGHT_BYTES_MAX},
                        {"vocab.txt", false, TOKENIZER_BYTES_MAX},
                        {"tokenizer.json", false, TOKENIZER_BYTES_MAX},
                        {"tokenizer_config.json", false, CONFIG_BYTES_MAX}};
    struct wl_buf bytes[N_FILES];
    struct wl_arena arena;
    wl_status status = WL_OK;

    *folder_out = NULL;
    wl_arena_init(&arena, alloc, 0);
    for (size_t i = 0; i < N_FILES; i++) {
        wl_buf_init(&bytes[i], alloc, names[i].n_bytes_max);
    }
    WL_GO(check_weights(&arena, path, error));
    for (size_t i = 0; i < N_FILES; i++) {
        WL_GO(read_file(&arena, path, names[i].name, names[i].is_needed, &bytes[i], error));
    }
    const struct wl_bert_files files = {
        .config = wl_buf_view(&bytes[CONFIG]),
        .weights = wl_buf_view(&bytes[WEIGHTS]),
        .tokenizer = {.vocabulary = wl_buf_view(&bytes[VOCABULARY]),
                      .tokenizer = wl_buf_view(&bytes[TOKENIZER]),
                      .tokenizer_config = wl_buf_view(&bytes[SETTINGS])}};
    WL_GO(wl_bert_folder_read(alloc, path, &files, options, folder_out, error));
done:
    for (size_t i = 0; i < N_FILES; i++) {
        wl_buf_release(&bytes[i]);
    }
    wl_arena_release(&arena);
    return status;
}

// -- an encoder of one's own --

bool wl_bert_shape_named(const char *name, struct wl_bert_config *config)
{
    static const struct {
        const char *name;
        size_t n_layers;
        size_t n_channels;
    } shapes[] = {{"tiny", 2, 128},
                  {"mini", 4, 256},
                  {"small", 4, 512},
                  {"medium", 8, 512},
                  {"base", 12, 768}};

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (strcmp(name, shapes[i].name) == 0) {
            *config = (struct wl_bert_config){.shape = {.n_channels = shapes[i].n_channels,
                                                        .n_heads = shapes[i].n_channels / 64,
                                                        .n_inner = 4 * shapes[i].n_channels,
                                                        .n_layers = shapes[i].n_layers,
                                                        .gelu = WL_GELU_EXACT,
                                                        .eps = 1e-12F},
                                              .n_positions = 512,
                                              .n_segments = 2,
                                              .dropout = 0.1F,
                                              .attention_dropout = 0.1F};
            return true;
        }
    }
    return false;
}

wl_status wl_bert_folder_new(const wl_alloc *alloc, const char *name,
                             const struct wl_hf_wordpiece_files *files,
                             const struct wl_bert_config *shape,
                             const struct wl_bert_folder_options *options,
                             struct wl_bert_folder **folder_out, wl_error *error)
{
    struct wl_bert_folder *folder = folder_start(alloc);
    struct wl_bert_config config = *shape;
    wl_status status = WL_OK;

    *folder_out = NULL;
    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a BERT");
    }
    config.n_labels = options->n_labels == WL_BERT_LABELS_KEPT ? 0 : options->n_labels;
    config.is_multi_label = options->is_multi_label;
    config.has_mask_head = options->has_mask_head;
    folder->initializer_range = 0.02;
    folder->is_pooler_new = true;
    folder->is_head_new = config.n_labels > 0;
    folder->is_mask_head_new = config.has_mask_head;
    WL_GO(wl_hf_wordpiece_read(&folder->arena, name, files, options->sink, &folder->tokenizer,
                               error));
    config.n_vocabulary = wl_wordpiece_count(folder->tokenizer.wordpiece);
    WL_GO(wl_bert_new(alloc, &config, &folder->bert, error));
    if (config.n_labels > 0) {
        WL_GO(make_labels(folder, config.n_labels, error));
    }
    wl_tensors_start(&folder->bert->tensors, options->seed, folder->initializer_range);
    *folder_out = folder;
    folder = NULL;
done:
    wl_bert_folder_free(folder);
    return status;
}

wl_status wl_bert_folder_label(struct wl_bert_folder *folder, const struct wl_str *labels,
                               wl_error *error)
{
    size_t n = folder->bert->config.n_labels;
    struct wl_str *copies = wl_arena_zeroed(&folder->arena, n, sizeof(*copies));

    for (size_t i = 0; i < n; i++) {
        const char *name = copies == NULL ? NULL : wl_arena_string(&folder->arena, labels[i]);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", n);
        }
        copies[i] = (struct wl_str){.data = name, .n_bytes = labels[i].n_bytes};
    }
    folder->labels = copies;
    return WL_OK;
}

wl_status wl_bert_folder_encode(const struct wl_bert_folder *folder, struct wl_str text,
                                size_t n_max, struct wl_ids *scratch, int32_t *tokens,
                                size_t *n_tokens, wl_error *error)
{
    size_t n_positions = folder->bert->config.n_positions;
    size_t n_all = n_max < n_positions ? n_max : n_positions;
    size_t n = 0;

    WL_ASSERT(n_max >= 2);
    if (n_all < 2) {
        return wl_fail(error, WL_ECONFIG, "texts need 2 positions, the model has %zu", n_positions);
    }
    scratch->n = 0;
    WL_TRY(wl_wordpiece_encode(folder->tokenizer.wordpiece, text, scratch, error));
    tokens[n++] = folder->tokenizer.cls;
    for (size_t i = 0; i < scratch->n && n + 1 < n_all; i++) {
        tokens[n++] = (int32_t)scratch->items[i];
    }
    tokens[n++] = folder->tokenizer.sep;
    *n_tokens = n;
    return WL_OK;
}
