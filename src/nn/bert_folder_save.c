/* Out again, under the names that transformers looks for: with "bert." in front as soon as there is
 * a head, and the three thirds of each attention apart. */
#include "nn/bert_folder.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static void put_count(struct wl_json_writer *json, const char *key, size_t value)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)value);
}

static void put_text(struct wl_json_writer *json, const char *key, const char *value)
{
    wl_json_key(json, key);
    wl_json_text(json, value);
}

static void put_float(struct wl_json_writer *json, const char *key, float value)
{
    wl_json_key(json, key);
    wl_json_float(json, value); // shortest digits: 1e-12, not 9.99...e-13
}

static void put_labels(struct wl_json_writer *json, const struct wl_bert_folder *folder)
{
    size_t n = folder->bert->config.n_labels;

    wl_json_key(json, "id2label");
    wl_json_open(json, '{');
    for (size_t i = 0; i < n; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "%zu", i);
        wl_json_key(json, id);
        wl_json_str(json, folder->labels[i]);
    }
    wl_json_close(json, '}');
    wl_json_key(json, "label2id");
    wl_json_open(json, '{');
    for (size_t i = 0; i < n; i++) {
        wl_json_key_str(json, folder->labels[i]);
        wl_json_i64(json, (int64_t)i);
    }
    wl_json_close(json, '}');
    put_text(json, "problem_type",
             folder->bert->config.is_multi_label ? "multi_label_classification"
                                                 : "single_label_classification");
}

static void put_sizes(struct wl_json_writer *json, const struct wl_bert_config *config)
{
    put_count(json, "vocab_size", config->n_vocabulary);
    put_count(json, "hidden_size", config->shape.n_channels);
    put_count(json, "num_hidden_layers", config->shape.n_layers);
    put_count(json, "num_attention_heads", config->shape.n_heads);
    put_count(json, "intermediate_size", config->shape.n_inner);
    put_count(json, "max_position_embeddings", config->n_positions);
    put_count(json, "type_vocab_size", config->n_segments);
    put_text(json, "hidden_act",
             config->shape.gelu == WL_GELU_EXACT ? "gelu" : "gelu_pytorch_tanh");
    put_text(json, "position_embedding_type", "absolute");
    put_float(json, "layer_norm_eps", config->shape.eps);
    put_float(json, "hidden_dropout_prob", config->dropout);
    put_float(json, "attention_probs_dropout_prob", config->attention_dropout);
}

static const char *architecture_of(const struct wl_bert_config *config)
{
    if (config->n_labels > 0) {
        return "BertForSequenceClassification";
    }
    return config->has_mask_head ? "BertForMaskedLM" : "BertModel";
}

wl_status wl_bert_folder_put_config(const struct wl_bert_folder *folder,
                                    enum wl_safetensor_type type, struct wl_buf *buf,
                                    wl_error *error)
{
    bool has_head = folder->bert->config.n_labels > 0;
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "architectures");
    wl_json_open(&json, '[');
    wl_json_text(&json, architecture_of(&folder->bert->config));
    wl_json_close(&json, ']');
    put_text(&json, "model_type", "bert");
    put_sizes(&json, &folder->bert->config);
    wl_json_key(&json, "initializer_range");
    wl_json_double(&json, folder->initializer_range);
    put_count(&json, "pad_token_id", (size_t)folder->tokenizer.pad);
    put_text(&json, "torch_dtype",
             type == WL_SAFETENSOR_F32 ? "float32"
                                       : (type == WL_SAFETENSOR_F16 ? "float16" : "bfloat16"));
    if (has_head) {
        put_labels(&json, folder);
    }
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
    return wl_buf_check(buf, error);
}

// -- weights --

struct sources {
    struct wl_arena *arena; // names
    struct wl_safetensor_source *items;
    size_t n;
    const char *prefix; // of all but the head
};

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

static wl_status add(struct sources *sources, const char *name, const float *values,
                     const size_t *dims, size_t n_dims, wl_error *error)
{
    struct wl_safetensor_source *source = &sources->items[sources->n];
    bool is_head = begins_with(name, "classifier.") || begins_with(name, "cls.");
    char whole[WL_TENSOR_NAME_BYTES_MAX + 16];

    (void)snprintf(whole, sizeof(whole), "%s%s", is_head ? "" : sources->prefix, name);
    *source =
        (struct wl_safetensor_source){.name = wl_arena_string(sources->arena, wl_str_from(whole)),
                                      .values = values,
                                      .n_dims = n_dims};
    memcpy(source->shape, dims, n_dims * sizeof(*dims));
    if (source->name == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for tensor %s", name);
    }
    sources->n++;
    return WL_OK;
}

static wl_status add_thirds(struct sources *sources, const struct wl_tensor *tensor, const char *at,
                            const float *values, wl_error *error)
{
    static const char *const thirds[] = {"query", "key", "value"};
    const size_t dims[2] = {tensor->dims[0] / 3, tensor->n_dims == 2 ? tensor->dims[1] : 0};

    for (size_t i = 0; i < 3; i++) {
        char name[WL_TENSOR_NAME_BYTES_MAX + 8];
        (void)snprintf(name, sizeof(name), "%.*s%s%s", (int)(at - tensor->name), tensor->name,
                       thirds[i], at + strlen("qkv"));
        WL_TRY(
            add(sources, name, values + i * (tensor->n_values / 3), dims, tensor->n_dims, error));
    }
    return WL_OK;
}

static wl_status list_sources(const struct wl_bert_folder *folder, struct sources *sources,
                              wl_error *error)
{
    const struct wl_bert_config *config = &folder->bert->config;
    const struct wl_tensors *tensors = &folder->bert->tensors;
    bool is_plain = config->n_labels == 0 && !config->has_mask_head;
    // A masked model of transformers has no pooler; one that nobody taught says nothing.
    bool has_pooler = is_plain || config->n_labels > 0 || !folder->is_pooler_new;

    sources->prefix = is_plain ? "" : "bert.";
    sources->items =
        wl_arena_zeroed(sources->arena, 3 * tensors->n_tensors, sizeof(*sources->items));
    if (sources->items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu tensors", tensors->n_tensors);
    }
    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        const float *values = tensors->weights + tensor->offset;
        const char *at = strstr(tensor->name, ".self.qkv.");
        if (!has_pooler && begins_with(tensor->name, "pooler.")) {
            continue;
        }
        if (at != NULL) {
            WL_TRY(add_thirds(sources, tensor, at + strlen(".self."), values, error));
        } else {
            WL_TRY(add(sources, tensor->name, values, tensor->dims, tensor->n_dims, error));
        }
    }
    return WL_OK;
}

wl_status wl_bert_folder_put_weights(const struct wl_bert_folder *folder,
                                     enum wl_safetensor_type type, struct wl_buf *buf,
                                     wl_error *error)
{
    struct wl_arena arena;
    struct sources sources = {.arena = &arena};
    wl_status status = WL_OK;

    wl_arena_init(&arena, folder->alloc, 0);
    WL_GO(list_sources(folder, &sources, error));
    WL_GO(wl_safetensors_put(buf, sources.items, sources.n, type, error));
done:
    wl_arena_release(&arena);
    return status;
}

// -- a folder --

static wl_status save_small(const struct wl_bert_folder *folder, const char *path,
                            enum wl_safetensor_type type, struct wl_arena *arena, wl_error *error)
{
    static const char *const names[] = {"config.json", "vocab.txt", "tokenizer_config.json",
                                        "tokenizer.json"};
    const struct wl_hf_wordpiece *tokenizer = &folder->tokenizer;
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, folder->alloc, 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *file = wl_path_join(arena, path, names[i]);
        wl_buf_clear(&buf);
        switch (i) {
        case 0: status = wl_bert_folder_put_config(folder, type, &buf, error); break;
        case 1: status = wl_hf_wordpiece_put_vocabulary(tokenizer, &buf, error); break;
        case 2:
            status = wl_hf_wordpiece_put_settings(tokenizer, folder->bert->config.n_positions, &buf,
                                                  error);
            break;
        default: status = wl_hf_wordpiece_put_tokenizer(tokenizer, &buf, error); break;
        }
        WL_GO(status);
        if (file == NULL) {
            status = wl_fail(error, WL_ENOMEM, "no memory for a path");
            goto done;
        }
        WL_GO(wl_file_write(file, wl_buf_view(&buf), error));
    }
done:
    wl_buf_release(&buf);
    return status;
}

static wl_status save_weights(const struct wl_bert_folder *folder, const char *path,
                              enum wl_safetensor_type type, struct wl_arena *arena, wl_error *error)
{
    struct sources sources = {.arena = arena};
    const char *file = wl_path_join(arena, path, "model.safetensors");

    if (file == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    WL_TRY(list_sources(folder, &sources, error));
    return wl_safetensors_write(file, folder->alloc, sources.items, sources.n, type, error);
}

// The folder that path lies in, in arena.
static const char *parent_of(struct wl_arena *arena, const char *path)
{
    size_t n = strlen(path);

    while (n > 1 && path[n - 1] == '/') { // "out/" is "out"
        n--;
    }
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    return n == 0 ? "." : wl_arena_string(arena, (struct wl_str){.data = path, .n_bytes = n});
}

wl_status wl_bert_folder_save(const struct wl_bert_folder *folder, const char *path,
                              enum wl_safetensor_type type, wl_error *error)
{
    struct wl_arena arena;
    char *temporary = NULL;
    wl_status status = WL_OK;

    wl_arena_init(&arena, folder->alloc, 0);
    const char *parent = parent_of(&arena, path);
    if (parent == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a path");
        goto done;
    }
    if (wl_file_exists(path)) {
        status = wl_fail(error, WL_EEXIST, "%s exists already", path);
        goto done;
    }
    WL_GO(wl_folder_temporary(parent, &arena, &temporary, error));
    WL_GO(save_weights(folder, temporary, type, &arena, error));
    WL_GO(save_small(folder, temporary, type, &arena, error));
    WL_GO(wl_folder_publish(temporary, path, error));
    temporary = NULL;
done:
    if (temporary != NULL) {
        wl_folder_remove(temporary);
    }
    wl_arena_release(&arena);
    return status;
}
