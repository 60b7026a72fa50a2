/* A model has a few hundred tensors, and each is looked for under at most four names. */
#include "nn/hf_weights.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 256

wl_status wl_hf_weights_read(struct wl_arena *arena, const char *file, struct wl_str bytes,
                             const char *prefix, struct wl_hf_weights *weights, wl_error *error)
{
    struct wl_hf_weights found = {.file = file, .prefix = prefix, .alloc = arena->alloc};
    wl_status status = wl_safetensors_read(arena, bytes, &found.tensors, error);

    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", file);
    }
    found.is_used = wl_arena_zeroed(arena, found.tensors.n, sizeof(*found.is_used));
    if (found.is_used == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu tensors", found.tensors.n);
    }
    *weights = found;
    return WL_OK;
}

static bool ends_with(struct wl_str text, struct wl_str end)
{
    return text.n_bytes >= end.n_bytes &&
           memcmp(text.data + text.n_bytes - end.n_bytes, end.data, end.n_bytes) == 0;
}

// What norms' tensors were called in TensorFlow; the empty view for a name without an old form.
static struct wl_str old_name(struct wl_str name, char *room)
{
    const struct {
        struct wl_str now;
        struct wl_str old;
    } ends[] = {{WL_STR(".weight"), WL_STR(".gamma")}, {WL_STR(".bias"), WL_STR(".beta")}};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends_with(name, ends[i].now) && name.n_bytes < NAME_BYTES_MAX) {
            size_t stem_bytes = name.n_bytes - ends[i].now.n_bytes;
            memcpy(room, name.data, stem_bytes);
            memcpy(room + stem_bytes, ends[i].old.data, ends[i].old.n_bytes);
            return (struct wl_str){.data = room, .n_bytes = stem_bytes + ends[i].old.n_bytes};
        }
    }
    return (struct wl_str){0};
}

const struct wl_safetensor *wl_hf_weights_find(const struct wl_hf_weights *weights,
                                               const char *name)
{
    char with_prefix[NAME_BYTES_MAX];
    char room[NAME_BYTES_MAX];
    int n = snprintf(with_prefix, sizeof(with_prefix), "%s%s", weights->prefix, name);
    const struct wl_str names[] = {wl_str_from(name), wl_str_from(with_prefix)};

    if (n < 0 || (size_t)n >= sizeof(with_prefix)) {
        return NULL;
    }
    for (size_t i = 0; i < 2; i++) {
        const struct wl_safetensor *found = wl_safetensors_find(&weights->tensors, names[i]);
        struct wl_str old = old_name(names[i], room);
        if (found == NULL && old.n_bytes > 0) {
            found = wl_safetensors_find(&weights->tensors, old);
        }
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

// "[2, 3]" into text.
static const char *shape_text(const size_t *dims, size_t n_dims, char *text, size_t text_bytes)
{
    size_t at = 0;

    (void)snprintf(text, text_bytes, "[]");
    for (size_t i = 0; i < n_dims; i++) {
        int n = snprintf(text + at, text_bytes - at, "%s%zu%s", i == 0 ? "[" : ", ", dims[i],
                         i + 1 == n_dims ? "]" : "");
        if (n < 0 || (size_t)n >= text_bytes - at) {
            break;
        }
        at += (size_t)n;
    }
    return text;
}

static wl_status check_shape(const struct wl_hf_weights *weights,
                             const struct wl_safetensor *tensor, const size_t *dims, size_t n_dims,
                             wl_error *error)
{
    char want[96];
    char have[96];
    bool is_same = tensor->n_dims == n_dims;

    for (size_t i = 0; is_same && i < n_dims; i++) {
        is_same = tensor->shape[i] == dims[i];
    }
    if (!is_same) {
        return wl_fail(error, WL_ESCHEMA, "%s: tensor \"%.*s\": expected shape %s, found %s",
                       weights->file, WL_STR_ARG(tensor->name),
                       shape_text(dims, n_dims, want, sizeof(want)),
                       shape_text(tensor->shape, tensor->n_dims, have, sizeof(have)));
    }
    if (tensor->type == WL_SAFETENSOR_OTHER) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: tensor \"%.*s\": expected dtype F32, F16 or BF16, found %s",
                       weights->file, WL_STR_ARG(tensor->name), tensor->type_name);
    }
    return WL_OK;
}

static wl_status take_turned(const struct wl_hf_weights *weights,
                             const struct wl_safetensor *tensor, float *values, wl_error *error)
{
    size_t n_rows = tensor->shape[0];
    size_t n_columns = tensor->shape[1];
    float *turned = wl_alloc_array(weights->alloc, tensor->n_values, sizeof(*turned));

    if (turned == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for tensor \"%.*s\"", WL_STR_ARG(tensor->name));
    }
    wl_status status = wl_safetensor_values(tensor, turned, error);
    for (size_t i = 0; status == WL_OK && i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j++) {
            values[j * n_rows + i] = turned[i * n_columns + j];
        }
    }
    wl_alloc_free(weights->alloc, turned);
    return status;
}

wl_status wl_hf_weights_take(struct wl_hf_weights *weights, const char *name, const size_t *dims,
                             size_t n_dims, bool is_transposed, float *values, wl_error *error)
{
    const struct wl_safetensor *tensor = wl_hf_weights_find(weights, name);
    const size_t turned[2] = {n_dims == 2 ? dims[1] : 0, dims[0]};
    const size_t *want = is_transposed ? turned : dims;
    char text[96];

    WL_ASSERT(!is_transposed || n_dims == 2);
    if (tensor == NULL) {
        return wl_fail(error, WL_ESCHEMA, "%s: tensor \"%s\" is missing, expected shape %s",
                       weights->file, name, shape_text(want, n_dims, text, sizeof(text)));
    }
    WL_TRY(check_shape(weights, tensor, want, n_dims, error));
    wl_status status = is_transposed ? take_turned(weights, tensor, values, error)
                                     : wl_safetensor_values(tensor, values, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", weights->file);
    }
    weights->is_used[tensor - weights->tensors.items] = true;
    return WL_OK;
}

wl_status wl_hf_weights_fill(struct wl_hf_weights *weights, const struct wl_tensors *tensors,
                             const struct wl_tensor *tensor, wl_error *error)
{
    return wl_hf_weights_take(weights, tensor->name, tensor->dims, tensor->n_dims, false,
                              tensors->weights + tensor->offset, error);
}

void wl_hf_weights_skip(struct wl_hf_weights *weights, const char *end)
{
    for (size_t i = 0; i < weights->tensors.n; i++) {
        if (ends_with(weights->tensors.items[i].name, wl_str_from(end))) {
            weights->is_used[i] = true;
        }
    }
}

static bool begins_with(struct wl_str text, struct wl_str begin)
{
    return text.n_bytes >= begin.n_bytes && memcmp(text.data, begin.data, begin.n_bytes) == 0;
}

const struct wl_safetensor *wl_hf_weights_first_unused(const struct wl_hf_weights *weights,
                                                       const char *begin)
{
    struct wl_str prefix = wl_str_from(weights->prefix);

    for (size_t i = 0; i < weights->tensors.n; i++) {
        struct wl_str name = weights->tensors.items[i].name;
        if (prefix.n_bytes > 0 && begins_with(name, prefix)) {
            name.data += prefix.n_bytes;
            name.n_bytes -= prefix.n_bytes;
        }
        if (!weights->is_used[i] && begins_with(name, wl_str_from(begin))) {
            return &weights->tensors.items[i];
        }
    }
    return NULL;
}

size_t wl_hf_weights_tell_unused(const struct wl_hf_weights *weights, const struct wl_sink *sink)
{
    enum { NAMED_MAX = 4 }; // a line stays readable; the count says how many more there are
    char names[4 * NAME_BYTES_MAX] = "";
    size_t at = 0;
    size_t n_unused = 0;

    for (size_t i = 0; i < weights->tensors.n; i++) {
        if (weights->is_used[i] || n_unused++ >= NAMED_MAX) {
            continue;
        }
        int n = snprintf(names + at, sizeof(names) - at, "%s%.*s", at > 0 ? ", " : "",
                         WL_STR_ARG(weights->tensors.items[i].name));
        at += n > 0 && (size_t)n < sizeof(names) - at ? (size_t)n : 0;
    }
    if (n_unused > 0) {
        wl_notice(sink, "%s: %zu tensor%s not used: %s%s", weights->file, n_unused,
                  n_unused == 1 ? "" : "s", names, n_unused > NAMED_MAX ? ", ..." : "");
    }
    return n_unused;
}
