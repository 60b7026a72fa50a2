/* The table is small (a BERT-base has about 200 tensors), so names are searched one by one; offsets
 * grow with the index and are found by halving. */
#include "nn/tensors.h"

#include "base/limits.h"
#include "nn/numbers.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ALIGN_FLOATS ((size_t)16) /* 64 bytes */

void wl_tensors_init(struct wl_tensors *tensors, const wl_alloc *alloc)
{
    *tensors = (struct wl_tensors){.alloc = alloc};
}

void wl_tensors_release(struct wl_tensors *tensors)
{
    if (tensors == NULL || tensors->alloc == NULL) {
        return;
    }
    wl_alloc_aligned_free(tensors->alloc, tensors->weights);
    wl_alloc_aligned_free(tensors->alloc, tensors->gradients);
    wl_alloc_aligned_free(tensors->alloc, tensors->moments[0]);
    wl_alloc_aligned_free(tensors->alloc, tensors->moments[1]);
    wl_alloc_aligned_free(tensors->alloc, tensors->operands);
    wl_alloc_free(tensors->alloc, tensors->items);
    *tensors = (struct wl_tensors){0};
}

static wl_status count_values(struct wl_tensor *tensor, const size_t *dims, size_t n_dims,
                              wl_error *error)
{
    if (n_dims == 0 || n_dims > WL_TENSOR_DIMS_MAX) {
        return wl_fail(error, WL_EINVAL, "tensor %s has %zu dimensions, not 1 to %d", tensor->name,
                       n_dims, WL_TENSOR_DIMS_MAX);
    }
    tensor->n_dims = n_dims;
    tensor->n_values = 1;
    for (size_t i = 0; i < n_dims; i++) {
        tensor->dims[i] = dims[i];
        if (dims[i] == 0) {
            return wl_fail(error, WL_EINVAL, "dimension %zu of tensor %s is 0", i, tensor->name);
        }
        if (__builtin_mul_overflow(tensor->n_values, dims[i], &tensor->n_values) ||
            tensor->n_values > WL_MODEL_FLOATS_MAX) {
            return wl_fail(error, WL_ELIMIT, "tensor %s has more than %zu values", tensor->name,
                           WL_MODEL_FLOATS_MAX);
        }
    }
    return WL_OK;
}

wl_status wl_tensors_add(struct wl_tensors *tensors, enum wl_tensor_kind kind, const size_t *dims,
                         size_t n_dims, size_t *offset, wl_error *error, const char *format, ...)
{
    struct wl_tensor tensor = {.kind = kind, .offset = tensors->n_floats};
    va_list arguments;

    WL_ASSERT(tensors->weights == NULL); // the table is fixed once memory is laid out by it
    va_start(arguments, format);
    int n_bytes = vsnprintf(tensor.name, sizeof(tensor.name), format, arguments);
    va_end(arguments);
    if (n_bytes <= 0 || (size_t)n_bytes >= sizeof(tensor.name)) {
        return wl_fail(error, WL_EINVAL, "tensor name \"%.40s...\" has %d bytes, not 1 to %d",
                       tensor.name, n_bytes, WL_TENSOR_NAME_BYTES_MAX - 1);
    }
    WL_TRY(count_values(&tensor, dims, n_dims, error));
    if (wl_tensors_find(tensors, wl_str_from(tensor.name)) != NULL) {
        return wl_fail(error, WL_EEXIST, "tensor %s is there twice", tensor.name);
    }
    size_t padded = (tensor.n_values + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
    if (padded > WL_MODEL_FLOATS_MAX - tensors->n_floats) {
        return wl_fail(error, WL_ELIMIT, "model has more than %zu values", WL_MODEL_FLOATS_MAX);
    }
    WL_TRY(
        WL_GROW(tensors->alloc, tensors->items, tensors->capacity, tensors->n_tensors + 1, error));
    tensors->items[tensors->n_tensors++] = tensor;
    tensors->n_floats += padded;
    *offset = tensor.offset;
    return WL_OK;
}

static wl_status allocate(const struct wl_tensors *tensors, void **block, size_t value_bytes,
                          wl_error *error)
{
    if (*block == NULL) {
        *block = wl_alloc_aligned(tensors->alloc, tensors->n_floats, value_bytes);
    }
    return *block != NULL ? WL_OK
                          : wl_fail(error, WL_ENOMEM, "no memory for %zu values of %zu bytes",
                                    tensors->n_floats, value_bytes);
}

wl_status wl_tensors_allocate(struct wl_tensors *tensors, unsigned blocks, wl_error *error)
{
    if ((blocks & WL_BLOCK_WEIGHTS) != 0) {
        WL_TRY(allocate(tensors, (void **)&tensors->weights, sizeof(float), error));
    }
    if ((blocks & WL_BLOCK_GRADIENTS) != 0 && !tensors->is_frozen) {
        WL_TRY(allocate(tensors, (void **)&tensors->gradients, sizeof(float), error));
    }
    if ((blocks & WL_BLOCK_MOMENTS) != 0 && !tensors->is_frozen) {
        WL_TRY(allocate(tensors, (void **)&tensors->moments[0], sizeof(float), error));
        WL_TRY(allocate(tensors, (void **)&tensors->moments[1], sizeof(float), error));
    }
    if ((blocks & WL_BLOCK_OPERANDS) != 0) {
        WL_TRY(allocate(tensors, (void **)&tensors->operands, sizeof(uint16_t), error));
    }
    return WL_OK;
}

void wl_tensors_freeze(struct wl_tensors *tensors)
{
    wl_alloc_aligned_free(tensors->alloc, tensors->gradients);
    wl_alloc_aligned_free(tensors->alloc, tensors->moments[0]);
    wl_alloc_aligned_free(tensors->alloc, tensors->moments[1]);
    tensors->gradients = NULL;
    tensors->moments[0] = NULL;
    tensors->moments[1] = NULL;
    tensors->is_frozen = true;
}

float *wl_tensors_gradient(const struct wl_tensors *tensors, size_t offset)
{
    WL_DCHECK(tensors->gradients != NULL || tensors->is_frozen);
    return tensors->gradients != NULL ? tensors->gradients + offset
                                      : wl_tensors_at(tensors, offset)->gradient;
}

struct wl_tensor *wl_tensors_find(const struct wl_tensors *tensors, struct wl_str name)
{
    for (size_t i = 0; i < tensors->n_tensors; i++) {
        if (wl_str_is(name, tensors->items[i].name)) {
            return &tensors->items[i];
        }
    }
    return NULL;
}

struct wl_tensor *wl_tensors_at(const struct wl_tensors *tensors, size_t offset)
{
    size_t begin = 0;
    size_t end = tensors->n_tensors;

    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (tensors->items[middle].offset < offset) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    WL_ASSERT(begin < tensors->n_tensors && tensors->items[begin].offset == offset);
    return &tensors->items[begin];
}

void wl_tensor_start(struct wl_tensors *tensors, const struct wl_tensor *tensor, uint64_t seed,
                     double deviation)
{
    float *values = tensors->weights + tensor->offset;
    bool is_random = tensor->kind == WL_TENSOR_WEIGHT || tensor->kind == WL_TENSOR_TABLE;
    struct wl_rng rng;

    wl_rng_init(&rng, seed, (uint64_t)(tensor - tensors->items));
    for (size_t k = 0; k < tensor->n_values; k++) {
        values[k] = is_random ? (float)(deviation * wl_rng_normal(&rng))
                              : (tensor->kind == WL_TENSOR_GAIN ? 1.0F : 0.0F);
    }
}

void wl_tensors_start(struct wl_tensors *tensors, uint64_t seed, double deviation)
{
    for (size_t i = 0; i < tensors->n_tensors; i++) {
        wl_tensor_start(tensors, &tensors->items[i], seed, deviation);
    }
    wl_tensors_refresh(tensors);
}

void wl_tensors_refresh(struct wl_tensors *tensors)
{
    enum { PIECE = 1 << 16 }; // a quarter MiB: large beside the cost of handing it out
    size_t n_pieces = (tensors->n_floats + PIECE - 1) / PIECE;

    if (tensors->operands == NULL) {
        return;
    }
#pragma omp parallel for schedule(static) if (n_pieces > 1)
    for (size_t i = 0; i < n_pieces; i++) {
        size_t begin = i * PIECE;
        size_t n = tensors->n_floats - begin < PIECE ? tensors->n_floats - begin : PIECE;
        wl_bf16_from_floats(tensors->weights + begin, n, tensors->operands + begin);
    }
}

size_t wl_tensors_count(const struct wl_tensors *tensors)
{
    size_t n_values = 0;

    for (size_t i = 0; i < tensors->n_tensors; i++) {
        n_values += tensors->items[i].n_values;
    }
    return n_values;
}
