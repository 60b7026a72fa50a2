/* The file: eight bytes with the length of a JSON table, the table, the values end to end.
 *
 *   {"__metadata__": {...}, "a.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
 *
 * A file from outside is hostile: lengths are compared with what is there before anything is done
 * with them, and the places of the tensors must cover the values without overlap or gap, which the
 * format demands, so no byte belongs to two tensors or to none. */
#include "nn/safetensors.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "data/node.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_VALUES ((size_t)1 << 18) // values converted at a time

static const struct {
    const char *name;
    size_t n_bytes;
    enum wl_safetensor_type type;
} types[] = {
    {"F64", 8, WL_SAFETENSOR_F64},    {"F32", 4, WL_SAFETENSOR_F32},
    {"F16", 2, WL_SAFETENSOR_F16},    {"BF16", 2, WL_SAFETENSOR_BF16},
    {"I64", 8, WL_SAFETENSOR_OTHER},  {"U64", 8, WL_SAFETENSOR_OTHER},
    {"I32", 4, WL_SAFETENSOR_OTHER},  {"U32", 4, WL_SAFETENSOR_OTHER},
    {"I16", 2, WL_SAFETENSOR_OTHER},  {"U16", 2, WL_SAFETENSOR_OTHER},
    {"I8", 1, WL_SAFETENSOR_OTHER},   {"U8", 1, WL_SAFETENSOR_OTHER},
    {"BOOL", 1, WL_SAFETENSOR_OTHER},
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

// -- reading --

// A whole number that JSON can carry exactly.
static bool whole(const struct wl_node *node, uint64_t *value)
{
    if (node == NULL || node->kind != WL_NODE_NUMBER || !(node->number >= 0.0) ||
        node->number > 9007199254740992.0 || node->number != floor(node->number)) {
        return false;
    }
    *value = (uint64_t)node->number;
    return true;
}

static wl_status read_type(const struct wl_node *node, struct wl_safetensor *tensor,
                           size_t *value_bytes, wl_error *error)
{
    const struct wl_node *type = wl_node_get(node, "dtype");

    for (size_t i = 0; type != NULL && i < N_TYPES; i++) {
        if (wl_str_is(type->text, types[i].name)) {
            tensor->type = types[i].type;
            tensor->type_name = types[i].name;
            *value_bytes = types[i].n_bytes;
            return WL_OK;
        }
    }
    return wl_fail(error, WL_EPARSE, "tensor \"%.*s\": unknown dtype", WL_STR_ARG(tensor->name));
}

static wl_status read_shape(const struct wl_node *node, struct wl_safetensor *tensor,
                            wl_error *error)
{
    const struct wl_node *shape = wl_node_get(node, "shape");

    if (shape == NULL || shape->kind != WL_NODE_LIST) {
        return wl_fail(error, WL_EPARSE, "tensor \"%.*s\": no shape", WL_STR_ARG(tensor->name));
    }
    if (shape->n_children > WL_SAFETENSOR_DIMS_MAX) {
        return wl_fail(error, WL_ELIMIT, "tensor \"%.*s\": %zu dimensions, at most %d",
                       WL_STR_ARG(tensor->name), shape->n_children, WL_SAFETENSOR_DIMS_MAX);
    }
    tensor->n_values = 1;
    for (const struct wl_node *dim = shape->first; dim != NULL; dim = dim->next) {
        uint64_t size = 0;
        if (!whole(dim, &size) ||
            __builtin_mul_overflow(tensor->n_values, (size_t)size, &tensor->n_values)) {
            return wl_fail(error, WL_EPARSE, "tensor \"%.*s\": wrong shape",
                           WL_STR_ARG(tensor->name));
        }
        tensor->shape[tensor->n_dims++] = (size_t)size;
    }
    return WL_OK;
}

static wl_status read_place(const struct wl_node *node, struct wl_str values, size_t value_bytes,
                            struct wl_safetensor *tensor, wl_error *error)
{
    const struct wl_node *place = wl_node_get(node, "data_offsets");
    uint64_t begin = 0;
    uint64_t end = 0;
    size_t want = 0;

    if (place == NULL || place->kind != WL_NODE_LIST || place->n_children != 2 ||
        !whole(place->first, &begin) || !whole(place->first->next, &end) || begin > end ||
        end > values.n_bytes) {
        return wl_fail(error, WL_EPARSE,
                       "tensor \"%.*s\": its place is not within the %zu bytes "
                       "of values",
                       WL_STR_ARG(tensor->name), values.n_bytes);
    }
    if (__builtin_mul_overflow(tensor->n_values, value_bytes, &want) || want != end - begin) {
        return wl_fail(error, WL_EPARSE, "tensor \"%.*s\": %zu values in %llu bytes",
                       WL_STR_ARG(tensor->name), tensor->n_values,
                       (unsigned long long)(end - begin));
    }
    tensor->bytes = (struct wl_str){.data = values.data + begin, .n_bytes = want};
    return WL_OK;
}

static int by_name(const void *left, const void *right)
{
    const struct wl_safetensor *a = left;
    const struct wl_safetensor *b = right;
    return wl_str_compare(a->name, b->name);
}

static int by_place(const void *left, const void *right)
{
    const struct wl_safetensor *a = left;
    const struct wl_safetensor *b = right;
    if (a->bytes.data != b->bytes.data) {
        return a->bytes.data < b->bytes.data ? -1 : 1;
    }
    if (a->bytes.n_bytes != b->bytes.n_bytes) { // empty ones first
        return a->bytes.n_bytes < b->bytes.n_bytes ? -1 : 1;
    }
    return wl_str_compare(a->name, b->name);
}

// Every byte of the values belongs to exactly one tensor.
static wl_status check_cover(const struct wl_safetensors *tensors, struct wl_str values,
                             wl_error *error)
{
    const char *at = values.data;

    qsort(tensors->items, tensors->n, sizeof(*tensors->items), by_place);
    for (size_t i = 0; i < tensors->n; i++) {
        const struct wl_safetensor *tensor = &tensors->items[i];
        if (tensor->bytes.data != at) {
            return wl_fail(error, WL_EPARSE, "tensor \"%.*s\": %s", WL_STR_ARG(tensor->name),
                           tensor->bytes.data < at ? "overlaps the one in front"
                                                   : "a gap lies in front of it");
        }
        at += tensor->bytes.n_bytes;
    }
    if (at != values.data + values.n_bytes) {
        return wl_fail(error, WL_EPARSE, "%zu bytes behind the last tensor",
                       (size_t)(values.data + values.n_bytes - at));
    }
    return WL_OK;
}

static wl_status read_tensor(const struct wl_node *node, struct wl_str values,
                             struct wl_safetensor *tensor, wl_error *error)
{
    size_t value_bytes = 0;

    *tensor = (struct wl_safetensor){.name = node->key};
    WL_TRY(read_type(node, tensor, &value_bytes, error));
    WL_TRY(read_shape(node, tensor, error));
    return read_place(node, values, value_bytes, tensor, error);
}

wl_status wl_safetensors_read(struct wl_arena *arena, struct wl_str file,
                              struct wl_safetensors *tensors, wl_error *error)
{
    struct wl_safetensors found = {0};
    struct wl_reader reader;
    struct wl_node *root = NULL;

    wl_reader_init(&reader, file);
    uint64_t header_bytes = wl_read_u64(&reader);
    if (header_bytes > WL_TENSOR_HEADER_MAX) {
        return wl_fail(error, WL_ELIMIT, "safetensors header of %llu bytes, at most %zu",
                       (unsigned long long)header_bytes, (size_t)WL_TENSOR_HEADER_MAX);
    }
    struct wl_str header = wl_read_bytes(&reader, (size_t)header_bytes);
    if (reader.failed) {
        return wl_fail(error, WL_EPARSE,
                       "safetensors file is cut: header of %llu bytes in a file "
                       "of %zu",
                       (unsigned long long)header_bytes, file.n_bytes);
    }
    struct wl_str values = wl_read_bytes(&reader, wl_reader_left(&reader));
    wl_status status = wl_json_parse(arena, header, &root, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "safetensors header");
    }
    if (root->kind != WL_NODE_MAP) {
        return wl_fail(error, WL_EPARSE, "safetensors header is no map of tensors");
    }
    found.items = wl_arena_zeroed(arena, root->n_children + 1, sizeof(*found.items));
    if (found.items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu tensors", root->n_children);
    }
    for (const struct wl_node *node = root->first; node != NULL; node = node->next) {
        if (!wl_str_is(node->key, "__metadata__")) {
            WL_TRY(read_tensor(node, values, &found.items[found.n], error));
            found.n++;
        }
    }
    WL_TRY(check_cover(&found, values, error));
    qsort(found.items, found.n, sizeof(*found.items), by_name);
    *tensors = found;
    return WL_OK;
}

const struct wl_safetensor *wl_safetensors_find(const struct wl_safetensors *tensors,
                                                struct wl_str name)
{
    const struct wl_safetensor key = {.name = name};

    return tensors->n == 0
               ? NULL
               : bsearch(&key, tensors->items, tensors->n, sizeof(*tensors->items), by_name);
}

static float from_half(uint16_t half)
{
    int exponent = half >> 10 & 31;
    float fraction = (float)(half & 1023);
    float value = exponent == 0    ? ldexpf(fraction, -24)
                  : exponent == 31 ? (fraction > 0.0F ? NAN : INFINITY)
                                   : ldexpf(fraction + 1024.0F, exponent - 25);
    return (half & 0x8000) != 0 ? -value : value;
}

static float from_bits(uint32_t bits)
{
    float value = 0.0F;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static float read_value(struct wl_reader *reader, enum wl_safetensor_type type)
{
    uint32_t low = 0;

    switch (type) {
    case WL_SAFETENSOR_F64: return (float)wl_read_f64(reader);
    case WL_SAFETENSOR_F32: return wl_read_f32(reader);
    case WL_SAFETENSOR_F16:
    case WL_SAFETENSOR_BF16:
        low = wl_read_u8(reader);
        low |= (uint32_t)wl_read_u8(reader) << 8;
        return type == WL_SAFETENSOR_F16 ? from_half((uint16_t)low) : from_bits(low << 16);
    case WL_SAFETENSOR_OTHER: break;
    }
    return 0.0F;
}

wl_status wl_safetensor_values(const struct wl_safetensor *tensor, float *values, wl_error *error)
{
    struct wl_reader reader;

    if (tensor->type == WL_SAFETENSOR_OTHER) {
        return wl_fail(error, WL_ESCHEMA, "tensor \"%.*s\" holds no floating-point numbers",
                       WL_STR_ARG(tensor->name));
    }
    wl_reader_init(&reader, tensor->bytes);
    for (size_t i = 0; i < tensor->n_values; i++) {
        values[i] = read_value(&reader, tensor->type);
        if (!isfinite(values[i])) {
            return wl_fail(error, WL_ERANGE, "tensor \"%.*s\": value %zu is no finite number",
                           WL_STR_ARG(tensor->name), i);
        }
    }
    return WL_OK;
}

// -- writing --

static uint32_t to_bits(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

// Rounded to nearest, ties to even; 0x7C00 (infinity) when it is too large.
static uint16_t to_half(float value)
{
    uint16_t sign = value < 0.0F || (value == 0.0F && signbit(value)) ? 0x8000 : 0;
    double size = fabs((double)value);
    int exponent = 0;

    if (!(size < 65520.0)) { // half way to 2^16 rounds up
        return sign | 0x7C00;
    }
    (void)frexp(size, &exponent);
    if (size == 0.0) {
        exponent = -24; // zero has none of its own
    }
    int step = exponent < -13 ? -24 : exponent - 11; // power of two of the last digit
    double digits = nearbyint(ldexp(size, -step));
    uint32_t bits =
        step == -24 ? (uint32_t)digits : ((uint32_t)(step + 24) << 10) + (uint32_t)digits;
    return (uint16_t)(sign | bits); // a carry out of the digits raises the exponent by itself
}

static uint16_t to_brain(float value)
{
    uint32_t bits = to_bits(value);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static size_t values_of(const struct wl_safetensor_source *tensor)
{
    size_t n = 1;
    for (size_t i = 0; i < tensor->n_dims; i++) {
        n *= tensor->shape[i];
    }
    return n;
}

static size_t bytes_of(enum wl_safetensor_type type)
{
    return type == WL_SAFETENSOR_F32 ? 4 : 2;
}

static void write_entry(struct wl_json_writer *json, const struct wl_safetensor_source *tensor,
                        enum wl_safetensor_type type, uint64_t *at)
{
    wl_json_key(json, tensor->name);
    wl_json_open(json, '{');
    wl_json_key(json, "dtype");
    wl_json_text(json, types[type].name);
    wl_json_key(json, "shape");
    wl_json_open(json, '[');
    for (size_t i = 0; i < tensor->n_dims; i++) {
        wl_json_i64(json, (int64_t)tensor->shape[i]);
    }
    wl_json_close(json, ']');
    wl_json_key(json, "data_offsets");
    wl_json_open(json, '[');
    wl_json_i64(json, (int64_t)*at);
    *at += (uint64_t)values_of(tensor) * bytes_of(type);
    wl_json_i64(json, (int64_t)*at);
    wl_json_close(json, ']');
    wl_json_close(json, '}');
}

// Where the bytes go: a file being written, or a buffer.
struct target {
    struct wl_file_writer *writer; // NULL: to buf
    struct wl_buf *buf;
};

static wl_status send(const struct target *target, struct wl_str bytes, wl_error *error)
{
    if (target->writer != NULL) {
        return wl_file_writer_add(target->writer, bytes, error);
    }
    wl_buf_str(target->buf, bytes);
    return wl_buf_check(target->buf, error);
}

// Length and table; blanks behind it put the values on an edge of eight bytes.
static wl_status write_header(const struct target *target, const wl_alloc *alloc,
                              const struct wl_safetensor_source *tensors, size_t n,
                              enum wl_safetensor_type type, wl_error *error)
{
    struct wl_buf header;
    struct wl_buf length;
    uint64_t at = 0;
    wl_status status = WL_OK;

    wl_buf_init(&header, alloc, WL_TENSOR_HEADER_MAX);
    wl_buf_init(&length, alloc, 8);
    struct wl_json_writer json = wl_json_begin(&header);
    wl_json_open(&json, '{');
    wl_json_key(&json, "__metadata__");
    wl_json_open(&json, '{');
    wl_json_key(&json, "format");
    wl_json_text(&json, "pt"); // what loaders of this format look for
    wl_json_close(&json, '}');
    for (size_t i = 0; i < n; i++) {
        write_entry(&json, &tensors[i], type, &at);
    }
    wl_json_close(&json, '}');
    for (size_t n_blanks = -wl_buf_view(&header).n_bytes % 8; n_blanks > 0; n_blanks--) {
        wl_buf_char(&header, ' '); // counted first: a buffer that failed no longer grows
    }
    wl_put_u64(&length, wl_buf_view(&header).n_bytes);
    WL_GO(wl_buf_check(&header, error));
    WL_GO(wl_buf_check(&length, error));
    WL_GO(send(target, wl_buf_view(&length), error));
    WL_GO(send(target, wl_buf_view(&header), error));
done:
    wl_buf_release(&header);
    wl_buf_release(&length);
    return status;
}

static wl_status put_values(struct wl_buf *buf, const struct wl_safetensor_source *tensor,
                            size_t begin, size_t end, enum wl_safetensor_type type, wl_error *error)
{
    for (size_t i = begin; i < end; i++) {
        float value = tensor->values[i];
        uint16_t bits = 0;
        if (type == WL_SAFETENSOR_F32) {
            wl_put_f32(buf, value);
            continue;
        }
        bits = type == WL_SAFETENSOR_F16 ? to_half(value) : to_brain(value);
        if (type == WL_SAFETENSOR_F16 && (bits & 0x7C00) == 0x7C00) {
            return wl_fail(error, WL_ERANGE, "tensor \"%s\": value %zu, %g, is beyond F16",
                           tensor->name, i, (double)value);
        }
        wl_put_u8(buf, (uint8_t)bits);
        wl_put_u8(buf, (uint8_t)(bits >> 8));
    }
    return wl_buf_check(buf, error);
}

static wl_status write_values(const struct target *target, struct wl_buf *buf,
                              const struct wl_safetensor_source *tensor,
                              enum wl_safetensor_type type, wl_error *error)
{
    size_t n = values_of(tensor);

    for (size_t begin = 0; begin < n; begin += WRITE_VALUES) {
        size_t end = n - begin < WRITE_VALUES ? n : begin + WRITE_VALUES;
        wl_buf_clear(buf);
        WL_TRY(put_values(buf, tensor, begin, end, type, error));
        WL_TRY(send(target, wl_buf_view(buf), error));
    }
    return WL_OK;
}

static wl_status write_all(const struct target *target, const wl_alloc *alloc,
                           const struct wl_safetensor_source *tensors, size_t n,
                           enum wl_safetensor_type type, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    if (type != WL_SAFETENSOR_F32 && type != WL_SAFETENSOR_F16 && type != WL_SAFETENSOR_BF16) {
        return wl_fail(error, WL_EINVAL, "safetensors are written as F32, F16 or BF16");
    }
    wl_buf_init(&buf, alloc, WRITE_VALUES * sizeof(float));
    WL_GO(write_header(target, alloc, tensors, n, type, error));
    for (size_t i = 0; i < n; i++) {
        WL_GO(write_values(target, &buf, &tensors[i], type, error));
    }
done:
    wl_buf_release(&buf);
    return status;
}

wl_status wl_safetensors_write(const char *path, const wl_alloc *alloc,
                               const struct wl_safetensor_source *tensors, size_t n,
                               enum wl_safetensor_type type, wl_error *error)
{
    struct wl_file_writer writer;
    const struct target target = {.writer = &writer};
    wl_status status = WL_OK;

    WL_TRY(wl_file_writer_open(&writer, path, error));
    WL_GO(write_all(&target, alloc, tensors, n, type, error));
    WL_GO(wl_file_writer_commit(&writer, error));
done:
    wl_file_writer_close(&writer);
    return status;
}

wl_status wl_safetensors_put(struct wl_buf *buf, const struct wl_safetensor_source *tensors,
                             size_t n, enum wl_safetensor_type type, wl_error *error)
{
    const struct target target = {.buf = buf};

    return write_all(&target, buf->alloc, tensors, n, type, error);
}
