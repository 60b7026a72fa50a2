/* A and B have the same layout here and there. What was trained whole has not always: the joined
 * query, key and value are three modules of Hugging Face's BERT, and GPT-2's weights in blocks are
 * turned there. */
#include "nn/lora_peft.h"

#include "base/file.h"
#include "base/json_write.h"
#include "nn/lora_inside.h"
#include "nn/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "base_model.model."

// -- in --

// A name of Hugging Face's without what stands before the model's own names.
static struct wl_str own_name(const struct wl_lora_places *places, struct wl_str name)
{
    size_t n = strlen(places->prefix);

    if (name.n_bytes > n && memcmp(name.data, places->prefix, n) == 0) {
        return (struct wl_str){.data = name.data + n, .n_bytes = name.n_bytes - n};
    }
    return name;
}

static wl_status choose_pair(const struct wl_lora_places *places, const struct wl_lora_pair *pair,
                             struct wl_lora_choice *choices, wl_error *error)
{
    struct wl_str name = own_name(places, pair->module);

    for (size_t i = 0; i < places->n; i++) {
        const struct wl_lora_place *place = &places->items[i];
        if (!wl_str_is(name, place->module)) {
            continue;
        }
        if (pair->n_in != place->dense->n_in || pair->n_out != place->n_rows) {
            return wl_fail(error, WL_ESCHEMA,
                           "module \"%.*s\" is %zu x %zu in the adapter, %zu x %zu in the model",
                           WL_STR_ARG(pair->module), pair->n_out, pair->n_in, place->n_rows,
                           place->dense->n_in);
        }
        choices[i] = (struct wl_lora_choice){.r = pair->r, .scale = pair->scale};
        return WL_OK;
    }
    return wl_fail(error, WL_ESCHEMA, "the model has no module \"%.*s\"", WL_STR_ARG(pair->module));
}

// The tensor of the model that a whole one replaces, of the same shape.
static wl_status find_whole(const struct wl_lora_places *places, const struct wl_peft_whole *whole,
                            wl_error *error)
{
    const struct wl_tensor *tensor =
        wl_tensors_find(places->tensors, own_name(places, whole->name));

    if (tensor == NULL) {
        return wl_fail(error, WL_ESCHEMA, "the model has no tensor \"%.*s\"",
                       WL_STR_ARG(whole->name));
    }
    if (tensor->n_dims != whole->n_dims ||
        memcmp(tensor->dims, whole->dims, whole->n_dims * sizeof(*whole->dims)) != 0) {
        return wl_fail(error, WL_ESCHEMA, "tensor \"%.*s\" has another shape in the model",
                       WL_STR_ARG(whole->name));
    }
    for (size_t i = 0; i < places->n; i++) {
        if (places->items[i].is_turned && places->items[i].dense->weight == tensor->offset) {
            return wl_fail(error, WL_ESCHEMA, "tensor \"%.*s\" trained whole is not supported",
                           WL_STR_ARG(whole->name));
        }
    }
    return WL_OK;
}

// Values of the folder into the block.
static void fill(struct wl_lora *lora, const struct wl_lora_places *places,
                 const struct wl_peft *peft)
{
    for (size_t i = 0; i < peft->n_pairs; i++) {
        const struct wl_lora_pair *pair = &peft->pairs[i];
        struct wl_str name = own_name(places, pair->module);
        for (size_t k = 0; k < lora->n_parts; k++) {
            const struct wl_lora_part *part = &lora->parts[k];
            if (wl_str_is(name, part->module)) {
                memcpy(lora->tensors.weights + part->a, pair->a,
                       pair->r * pair->n_in * sizeof(float));
                memcpy(lora->tensors.weights + part->b, pair->b,
                       pair->n_out * pair->r * sizeof(float));
            }
        }
    }
    for (size_t i = 0; i < peft->n_wholes; i++) {
        const struct wl_peft_whole *whole = &peft->wholes[i];
        struct wl_tensor *tensor = wl_tensors_find(&lora->tensors, own_name(places, whole->name));
        WL_ASSERT(tensor != NULL);
        memcpy(lora->tensors.weights + tensor->offset, whole->values,
               tensor->n_values * sizeof(float));
    }
}

// Names that the folder uses, as targets and fresh tensors.
static wl_status list_names(struct wl_arena *arena, const struct wl_lora_places *places,
                            const struct wl_peft *peft, struct wl_lora_options *options,
                            wl_error *error)
{
    struct wl_str *targets = wl_arena_zeroed(arena, peft->n_pairs, sizeof(*targets));
    struct wl_str *fresh = wl_arena_zeroed(arena, peft->n_wholes, sizeof(*fresh));

    if (targets == NULL || fresh == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    for (size_t i = 0; i < peft->n_pairs; i++) {
        targets[i] = own_name(places, peft->pairs[i].module);
    }
    for (size_t i = 0; i < peft->n_wholes; i++) {
        WL_TRY(find_whole(places, &peft->wholes[i], error));
        fresh[i] = own_name(places, peft->wholes[i].name);
    }
    options->targets = (struct wl_lora_names){.items = targets, .n = peft->n_pairs};
    options->fresh = (struct wl_lora_names){.items = fresh, .n = peft->n_wholes};
    return WL_OK;
}

wl_status wl_lora_attach(const wl_alloc *alloc, const struct wl_lora_places *places,
                         const struct wl_peft *peft, struct wl_lora **lora_out, wl_error *error)
{
    struct wl_lora_options options = {.r = (size_t)peft->r,
                                      .alpha = peft->alpha,
                                      .dropout = peft->dropout,
                                      .is_rank_stabilised = peft->is_rank_stabilised};
    struct wl_lora_choice *choices = NULL;
    struct wl_lora *lora = NULL;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, alloc, 0);
    choices = wl_arena_zeroed(&arena, places->n, sizeof(*choices));
    if (choices == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for an adapter");
        goto done;
    }
    for (size_t i = 0; i < peft->n_pairs; i++) {
        WL_GO(choose_pair(places, &peft->pairs[i], choices, error));
    }
    WL_GO(list_names(&arena, places, peft, &options, error));
    WL_GO(wl_lora_build(alloc, places, &options, choices, &lora, error));
    fill(lora, places, peft);
    *lora_out = lora;
done:
    wl_arena_release(&arena);
    return status;
}

// -- out --

// A folder being written.
struct saving {
    const struct wl_lora *lora;
    struct wl_arena arena;
    struct wl_safetensor_source *sources; // (n) in arena
    size_t n;
};

static wl_status add_source(struct saving *s, const char *end, const char *name,
                            const float *values, const size_t *dims, size_t n_dims, wl_error *error)
{
    struct wl_safetensor_source *source = &s->sources[s->n];
    char text[2 * WL_TENSOR_NAME_BYTES_MAX];

    (void)snprintf(text, sizeof(text), PREFIX "%s%s%s",
                   strncmp(name, "classifier.", 11) == 0 ? "" : s->lora->prefix, name, end);
    source->name = wl_arena_string(&s->arena, wl_str_from(text));
    if (source->name == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    source->values = values;
    source->n_dims = n_dims;
    memcpy(source->shape, dims, n_dims * sizeof(*dims));
    s->n++;
    return WL_OK;
}

static wl_status add_pairs(struct saving *s, wl_error *error)
{
    const float *weights = s->lora->tensors.weights;

    for (size_t i = 0; i < s->lora->n_parts; i++) {
        const struct wl_lora_part *part = &s->lora->parts[i];
        const size_t a_dims[2] = {part->r, part->n_in};
        const size_t b_dims[2] = {part->n_rows, part->r};
        WL_TRY(add_source(s, ".lora_A.weight", part->module, weights + part->a, a_dims, 2, error));
        WL_TRY(add_source(s, ".lora_B.weight", part->module, weights + part->b, b_dims, 2, error));
    }
    return WL_OK;
}

// The joined query, key and value as three.
static wl_status add_thirds(struct saving *s, const struct wl_tensor *tensor, const char *joined,
                            wl_error *error)
{
    static const char *const words[3] = {"query", "key", "value"};
    const float *values = s->lora->tensors.weights + tensor->offset;
    size_t dims[2] = {tensor->dims[0] / 3, tensor->n_dims > 1 ? tensor->dims[1] : 1};

    for (size_t i = 0; i < 3; i++) {
        char name[WL_TENSOR_NAME_BYTES_MAX + 8];
        (void)snprintf(name, sizeof(name), "%.*s.%s.%s", (int)(joined - tensor->name), tensor->name,
                       words[i], joined + sizeof(".qkv.") - 1);
        WL_TRY(
            add_source(s, "", name, values + i * dims[0] * dims[1], dims, tensor->n_dims, error));
    }
    return WL_OK;
}

static wl_status add_turned(struct saving *s, const struct wl_tensor *tensor, wl_error *error)
{
    const float *values = s->lora->tensors.weights + tensor->offset;
    const size_t dims[2] = {tensor->dims[1], tensor->dims[0]};
    float *turned = wl_arena_alloc(&s->arena, tensor->n_values * sizeof(*turned));

    if (turned == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    for (size_t i = 0; i < dims[0]; i++) {
        for (size_t j = 0; j < dims[1]; j++) {
            turned[i * dims[1] + j] = values[j * dims[0] + i];
        }
    }
    return add_source(s, "", tensor->name, turned, dims, 2, error);
}

// Weights of GPT-2's blocks, which Hugging Face keeps as [in, out].
static bool is_turned(const struct wl_lora *lora, const struct wl_tensor *tensor)
{
    return lora->parts[0].is_turned && strncmp(tensor->name, "h.", 2) == 0 && tensor->n_dims == 2;
}

// What was trained whole.
static wl_status add_guests(struct saving *s, wl_error *error)
{
    const struct wl_lora *lora = s->lora;

    for (size_t i = 0; i < lora->n_guests; i++) {
        const struct wl_tensor *tensor = wl_tensors_at(&lora->tensors, lora->guests[i].here);
        const char *joined = strstr(tensor->name, ".qkv.");
        if (joined != NULL) {
            WL_TRY(add_thirds(s, tensor, joined, error));
        } else if (is_turned(lora, tensor)) {
            WL_TRY(add_turned(s, tensor, error));
        } else {
            WL_TRY(add_source(s, "", tensor->name, lora->tensors.weights + tensor->offset,
                              tensor->dims, tensor->n_dims, error));
        }
    }
    return WL_OK;
}

static bool has_head_of_its_own(const struct wl_lora *lora)
{
    return wl_tensors_find(lora->base, WL_STR("lm_head.weight")) != NULL;
}

wl_status wl_lora_save_check(const struct wl_lora *lora, const char *path, wl_error *error)
{
    if (path != NULL && wl_file_exists(path)) {
        return wl_fail(error, WL_EEXIST, "%s exists already", path);
    }
    return path != NULL && wl_tensors_find(&lora->tensors, WL_STR("wte.weight")) != NULL &&
                   !has_head_of_its_own(lora)
               ? wl_fail(error, WL_ESCHEMA,
                         "wte was unfrozen and is the head, too; PEFT has no place for that, save "
                         "the merged model")
               : WL_OK;
}

static wl_status write_weights(struct saving *s, const char *folder, wl_error *error)
{
    const char *path = wl_path_join(&s->arena, folder, "adapter_model.safetensors");

    s->sources = wl_arena_zeroed(&s->arena, 2 * s->lora->n_parts + 3 * s->lora->n_guests,
                                 sizeof(*s->sources));
    if (path == NULL || s->sources == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    WL_TRY(add_pairs(s, error));
    WL_TRY(add_guests(s, error));
    return wl_safetensors_write(path, s->lora->alloc, s->sources, s->n, WL_SAFETENSOR_F32, error);
}

static void write_names(struct wl_json_writer *json, const struct wl_lora_names *names)
{
    wl_json_open(json, '[');
    for (size_t i = 0; i < names->n; i++) {
        wl_json_str(json, names->items[i]);
    }
    wl_json_close(json, ']');
}

// Modules saved whole: the sources' names without prefix and last word, each once.
static void write_saved(struct wl_json_writer *json, const struct saving *s)
{
    struct wl_str before = {0};

    if (s->n == 2 * s->lora->n_parts) {
        wl_json_null(json);
        return;
    }
    wl_json_open(json, '[');
    for (size_t i = 2 * s->lora->n_parts; i < s->n; i++) {
        struct wl_str module = wl_str_from(s->sources[i].name + sizeof(PREFIX) - 1);
        while (module.n_bytes > 0 && module.data[--module.n_bytes] != '.') {
        }
        if (!wl_str_equal(module, before)) {
            wl_json_str(json, module);
        }
        before = module;
    }
    wl_json_close(json, ']');
}

// Ranks of modules that have one of their own.
static void write_ranks(struct wl_json_writer *json, const struct wl_lora *lora)
{
    wl_json_open(json, '{');
    for (size_t i = 0; i < lora->n_parts; i++) {
        const struct wl_lora_part *part = &lora->parts[i];
        if (part->r != lora->r) {
            wl_json_key(json, part->module);
            wl_json_i64(json, (int64_t)part->r);
        }
    }
    wl_json_close(json, '}');
}

// Alphas likewise.
static void write_alphas(struct wl_json_writer *json, const struct wl_lora *lora)
{
    wl_json_open(json, '{');
    for (size_t i = 0; i < lora->n_parts; i++) {
        const struct wl_lora_part *part = &lora->parts[i];
        double r = (double)part->r;
        double own = (double)part->scale * (lora->is_rank_stabilised ? sqrt(r) : r);
        if (fabs(own - lora->alpha) > 1e-5 * lora->alpha) { // the scale is a float
            wl_json_key(json, part->module);
            wl_json_double(json, own);
        }
    }
    wl_json_close(json, '}');
}

static void write_settings(struct wl_json_writer *json, const struct wl_lora *lora)
{
    bool is_gpt = lora->parts[0].is_turned;
    bool is_classifier = wl_tensors_find(lora->base, WL_STR("classifier.weight")) != NULL;

    wl_json_key(json, "peft_type");
    wl_json_text(json, "LORA");
    wl_json_key(json, "task_type");
    wl_json_text(json, is_gpt ? "CAUSAL_LM" : (is_classifier ? "SEQ_CLS" : "FEATURE_EXTRACTION"));
    wl_json_key(json, "r");
    wl_json_i64(json, (int64_t)lora->r);
    wl_json_key(json, "lora_alpha");
    wl_json_double(json, lora->alpha);
    wl_json_key(json, "lora_dropout");
    wl_json_double(json, lora->dropout);
    wl_json_key(json, "use_rslora");
    wl_json_bool(json, lora->is_rank_stabilised);
    wl_json_key(json, "fan_in_fan_out");
    wl_json_bool(json, is_gpt);
    wl_json_key(json, "bias");
    wl_json_text(json, "none");
    wl_json_key(json, "inference_mode");
    wl_json_bool(json, true);
}

static wl_status write_config(struct saving *s, const char *base, const char *folder,
                              wl_error *error)
{
    const char *path = wl_path_join(&s->arena, folder, "adapter_config.json");
    wl_status status = WL_OK;
    struct wl_buf buf;

    wl_buf_init(&buf, s->lora->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&buf);
    wl_json_open(&json, '{');
    write_settings(&json, s->lora);
    wl_json_key(&json, "base_model_name_or_path");
    wl_json_text(&json, base);
    wl_json_key(&json, "target_modules");
    write_names(&json, &s->lora->targets);
    wl_json_key(&json, "modules_to_save");
    write_saved(&json, s);
    wl_json_key(&json, "rank_pattern");
    write_ranks(&json, s->lora);
    wl_json_key(&json, "alpha_pattern");
    write_alphas(&json, s->lora);
    wl_json_close(&json, '}');
    wl_buf_char(&buf, '\n');
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(path == NULL ? wl_fail(error, WL_ENOMEM, "no memory for a path")
                       : wl_file_write(path, wl_buf_view(&buf), error));
done:
    wl_buf_release(&buf);
    return status;
}

wl_status wl_lora_save(const struct wl_lora *lora, const char *base, const char *path,
                       wl_error *error)
{
    struct saving s = {.lora = lora};
    char *temporary = NULL;
    wl_status status = WL_OK;

    wl_arena_init(&s.arena, lora->alloc, 0);
    const char *parent = wl_path_parent(&s.arena, path);
    if (parent == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a path");
        goto done;
    }
    WL_GO(wl_lora_save_check(lora, path, error));
    WL_GO(wl_folder_temporary(parent, &s.arena, &temporary, error));
    WL_GO(write_weights(&s, temporary, error));
    WL_GO(write_config(&s, base, temporary, error));
    WL_GO(wl_folder_publish(temporary, path, error));
    temporary = NULL;
done:
    if (temporary != NULL) {
        wl_folder_remove(temporary);
    }
    wl_arena_release(&s.arena);
    return status;
}
