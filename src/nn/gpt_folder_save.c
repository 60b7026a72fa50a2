/* Out again under the names that transformers looks for, the four weights of a block turned back.
 * One block's turned copies are as large as the block, so they are made for all before writing. */
#include "nn/gpt_folder.h"

#include "base/file.h"
#include "base/json_write.h"

#include <stdio.h>
#include <string.h>

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for saving a GPT");
}

// -- config.json --

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
    wl_json_float(json, value);
}

static void put_config(const struct wl_gpt_folder *folder, enum wl_safetensor_type type,
                       struct wl_buf *buf)
{
    const struct wl_gpt_config *c = &folder->gpt->config;
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "architectures");
    wl_json_open(&json, '[');
    wl_json_text(&json, "GPT2LMHeadModel");
    wl_json_close(&json, ']');
    put_text(&json, "model_type", "gpt2");
    put_count(&json, "vocab_size", c->n_vocabulary);
    put_count(&json, "n_embd", c->shape.n_channels);
    put_count(&json, "n_layer", c->shape.n_layers);
    put_count(&json, "n_head", c->shape.n_heads);
    put_count(&json, "n_inner", c->shape.n_inner);
    put_count(&json, "n_positions", c->n_positions);
    put_count(&json, "n_ctx", c->n_positions);
    put_text(&json, "activation_function", c->shape.gelu == WL_GELU_EXACT ? "gelu" : "gelu_new");
    put_float(&json, "layer_norm_epsilon", c->shape.eps);
    put_float(&json, "resid_pdrop", c->dropout);
    put_float(&json, "embd_pdrop", c->dropout);
    put_float(&json, "attn_pdrop", c->attention_dropout);
    wl_json_key(&json, "initializer_range");
    wl_json_double(&json, folder->initializer_range);
    wl_json_key(&json, "tie_word_embeddings");
    wl_json_bool(&json, c->is_tied);
    put_count(&json, "bos_token_id", (size_t)folder->tokenizer->begin);
    put_count(&json, "eos_token_id", (size_t)folder->tokenizer->end);
    put_text(&json, "torch_dtype",
             type == WL_SAFETENSOR_F32 ? "float32"
                                       : (type == WL_SAFETENSOR_F16 ? "float16" : "bfloat16"));
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}

// -- weights --

static wl_status turn(struct wl_arena *arena, const struct wl_tensor *tensor, const float *values,
                      struct wl_safetensor_source *source, wl_error *error)
{
    size_t n_out = tensor->dims[0];
    size_t n_in = tensor->dims[1];
    float *turned = wl_arena_zeroed(arena, tensor->n_values, sizeof(*turned));

    if (turned == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < n_out; i++) {
        for (size_t j = 0; j < n_in; j++) {
            turned[j * n_out + i] = values[i * n_in + j];
        }
    }
    source->values = turned;
    source->shape[0] = n_in;
    source->shape[1] = n_out;
    return WL_OK;
}

static wl_status list_sources(const struct wl_gpt_folder *folder, struct wl_arena *arena,
                              struct wl_safetensor_source *sources, wl_error *error)
{
    const struct wl_tensors *tensors = &folder->gpt->tensors;

    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        const float *values = tensors->weights + tensor->offset;
        bool is_head = strncmp(tensor->name, "lm_head.", strlen("lm_head.")) == 0;
        char name[WL_TENSOR_NAME_BYTES_MAX + 16];
        (void)snprintf(name, sizeof(name), "%s%s", is_head ? "" : "transformer.", tensor->name);
        sources[i].name = wl_arena_string(arena, wl_str_from(name));
        sources[i].values = values;
        sources[i].n_dims = tensor->n_dims;
        memcpy(sources[i].shape, tensor->dims, tensor->n_dims * sizeof(tensor->dims[0]));
        if (sources[i].name == NULL) {
            return no_memory(error);
        }
        if (strstr(tensor->name, ".c_") != NULL && tensor->n_dims == 2) {
            WL_TRY(turn(arena, tensor, values, &sources[i], error));
        }
    }
    return WL_OK;
}

static wl_status save_weights(const struct wl_gpt_folder *folder, const char *path,
                              enum wl_safetensor_type type, wl_error *error)
{
    size_t n = folder->gpt->tensors.n_tensors;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, folder->alloc, 0);
    struct wl_safetensor_source *sources = wl_arena_zeroed(&arena, n, sizeof(*sources));
    const char *file = wl_path_join(&arena, path, "model.safetensors");
    if (sources == NULL || file == NULL) {
        status = no_memory(error);
        goto done;
    }
    WL_GO(list_sources(folder, &arena, sources, error));
    WL_GO(wl_safetensors_write(file, folder->alloc, sources, n, type, error));
done:
    wl_arena_release(&arena);
    return status;
}

// -- a folder --

static wl_status save_small(const struct wl_gpt_folder *folder, struct wl_arena *arena,
                            const char *path, enum wl_safetensor_type type, wl_error *error)
{
    size_t n_positions = folder->gpt->config.n_positions;
    const char *name = "config.json";
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, folder->alloc, 0);
    put_config(folder, type, &buf);
    for (size_t i = 0; i <= wl_gpt_tokenizer_files_count(folder->tokenizer); i++) {
        if (i > 0) {
            wl_buf_clear(&buf);
            WL_GO(wl_gpt_tokenizer_put(folder->tokenizer, i - 1, n_positions, &name, &buf, error));
        }
        const char *file = wl_path_join(arena, path, name);
        if (file == NULL) {
            status = no_memory(error);
            goto done;
        }
        WL_GO(wl_buf_check(&buf, error));
        WL_GO(wl_file_write(file, wl_buf_view(&buf), error));
    }
done:
    wl_buf_release(&buf);
    return status;
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

wl_status wl_gpt_folder_save(const struct wl_gpt_folder *folder, const char *path,
                             enum wl_safetensor_type type, wl_error *error)
{
    struct wl_arena arena;
    char *temporary = NULL;
    wl_status status = WL_OK;

    wl_arena_init(&arena, folder->alloc, 0);
    const char *parent = parent_of(&arena, path);
    if (parent == NULL) {
        status = no_memory(error);
        goto done;
    }
    if (wl_file_exists(path)) {
        status = wl_fail(error, WL_EEXIST, "%s exists already", path);
        goto done;
    }
    WL_GO(wl_folder_temporary(parent, &arena, &temporary, error));
    WL_GO(save_weights(folder, temporary, type, error));
    WL_GO(save_small(folder, &arena, temporary, type, error));
    WL_GO(wl_folder_publish(temporary, path, error));
    temporary = NULL;
done:
    if (temporary != NULL) {
        wl_folder_remove(temporary);
    }
    wl_arena_release(&arena);
    return status;
}
