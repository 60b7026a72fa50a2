/* The file: magic, version, two counts; facts (key, kind, value); tensors (name, shape, type,
 * place); blanks up to an edge of 32 bytes; the values, each on such an edge. Texts carry their
 * length in eight bytes. Shapes go fastest first, so they are turned on the way. */
#include "nn/gguf.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/limits.h"

#include <string.h>

#define MAGIC       0x46554747U // "GGUF"
#define VERSION     3U
#define EDGE        32U
#define TYPE_F32    0U
#define NAME_MAX_64 64U // llama.cpp refuses longer tensor names

#define WRITE_VALUES ((size_t)1 << 18) // values written at a time

enum file_kind { // of facts, as the file numbers them
    FILE_U8 = 0,
    FILE_I8 = 1,
    FILE_U16 = 2,
    FILE_I16 = 3,
    FILE_U32 = 4,
    FILE_I32 = 5,
    FILE_F32 = 6,
    FILE_BOOL = 7,
    FILE_TEXT = 8,
    FILE_LIST = 9,
    FILE_U64 = 10,
    FILE_I64 = 11,
    FILE_F64 = 12
};

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + EDGE - 1) / EDGE * EDGE;
}

// -- writing --

static void put_text(struct wl_buf *buf, struct wl_str text)
{
    wl_put_u64(buf, text.n_bytes);
    wl_buf_str(buf, text);
}

static void put_fact(struct wl_buf *buf, const struct wl_gguf_fact *fact)
{
    put_text(buf, fact->key);
    switch (fact->kind) {
    case WL_GGUF_TEXT:
        wl_put_u32(buf, FILE_TEXT);
        put_text(buf, fact->text);
        break;
    case WL_GGUF_F32:
        wl_put_u32(buf, FILE_F32);
        wl_put_f32(buf, fact->f32);
        break;
    case WL_GGUF_U32:
        wl_put_u32(buf, FILE_U32);
        wl_put_u32(buf, fact->u32);
        break;
    case WL_GGUF_OTHER: break; // refused before
    }
}

static wl_status check_table(const struct wl_gguf *gguf, wl_error *error)
{
    for (size_t i = 0; i < gguf->n_facts; i++) {
        if (gguf->facts[i].kind == WL_GGUF_OTHER || gguf->facts[i].key.n_bytes == 0) {
            return wl_fail(error, WL_EINVAL, "fact %zu cannot be written", i + 1);
        }
    }
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const struct wl_gguf_tensor *tensor = &gguf->tensors[i];
        bool fits = tensor->n_dims >= 1 && tensor->n_dims <= WL_GGUF_DIMS_MAX &&
                    tensor->name.n_bytes >= 1 && tensor->name.n_bytes < NAME_MAX_64;
        for (size_t j = 0; fits && j < tensor->n_dims; j++) {
            fits = tensor->shape[j] > 0;
        }
        if (!fits) {
            return wl_fail(error, WL_EINVAL,
                           "tensor \"%.*s\": name of 1 to 63 bytes and 1 to 4 dimensions wanted",
                           WL_STR_ARG(tensor->name));
        }
    }
    return WL_OK;
}

static uint64_t values_of(const struct wl_gguf_tensor *tensor)
{
    uint64_t n = 1;
    for (size_t i = 0; i < tensor->n_dims; i++) {
        n *= tensor->shape[i];
    }
    return n;
}

static void put_head(struct wl_buf *buf, const struct wl_gguf *gguf)
{
    uint64_t at = 0;

    wl_put_u32(buf, MAGIC);
    wl_put_u32(buf, VERSION);
    wl_put_u64(buf, gguf->n_tensors);
    wl_put_u64(buf, gguf->n_facts);
    for (size_t i = 0; i < gguf->n_facts; i++) {
        put_fact(buf, &gguf->facts[i]);
    }
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const struct wl_gguf_tensor *tensor = &gguf->tensors[i];
        put_text(buf, tensor->name);
        wl_put_u32(buf, (uint32_t)tensor->n_dims);
        for (size_t j = tensor->n_dims; j > 0; j--) {
            wl_put_u64(buf, tensor->shape[j - 1]);
        }
        wl_put_u32(buf, TYPE_F32);
        wl_put_u64(buf, at);
        at = round_up(at + values_of(tensor) * sizeof(float));
    }
}

static void put_edge(struct wl_buf *buf, uint64_t written)
{
    for (; written % EDGE != 0; written++) {
        wl_buf_char(buf, '\0');
    }
}

static wl_status write_tensor(struct wl_file_writer *writer, struct wl_buf *buf,
                              const struct wl_gguf_tensor *tensor, wl_error *error)
{
    size_t n = (size_t)values_of(tensor);

    for (size_t begin = 0; begin < n; begin += WRITE_VALUES) {
        size_t end = n - begin < WRITE_VALUES ? n : begin + WRITE_VALUES;
        wl_buf_clear(buf);
        for (size_t i = begin; i < end; i++) {
            wl_put_f32(buf, tensor->values[i]);
        }
        if (end == n) {
            put_edge(buf, (uint64_t)n * sizeof(float));
        }
        WL_TRY(wl_buf_check(buf, error));
        WL_TRY(wl_file_writer_add(writer, wl_buf_view(buf), error));
    }
    return WL_OK;
}

wl_status wl_gguf_write(const char *path, const wl_alloc *alloc, const struct wl_gguf *gguf,
                        wl_error *error)
{
    struct wl_file_writer writer;
    struct wl_buf buf;
    wl_status status = WL_OK;

    WL_TRY(check_table(gguf, error));
    WL_TRY(wl_file_writer_open(&writer, path, error));
    wl_buf_init(&buf, alloc, WL_TENSOR_HEADER_MAX);
    put_head(&buf, gguf);
    put_edge(&buf, wl_buf_view(&buf).n_bytes);
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_writer_add(&writer, wl_buf_view(&buf), error));
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        WL_GO(write_tensor(&writer, &buf, &gguf->tensors[i], error));
    }
    WL_GO(wl_file_writer_commit(&writer, error));
done:
    wl_buf_release(&buf);
    wl_file_writer_close(&writer);
    return status;
}

// -- reading --

static struct wl_str get_text(struct wl_reader *reader)
{
    uint64_t n_bytes = wl_read_u64(reader);

    if (n_bytes > wl_reader_left(reader)) {
        reader->failed = true;
        return (struct wl_str){0};
    }
    return wl_read_bytes(reader, (size_t)n_bytes);
}

// Bytes of a value of fixed size; 0 for texts, lists and kinds we do not know.
static size_t fixed_bytes(uint32_t kind)
{
    static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return kind < sizeof(bytes) ? bytes[kind] : 0;
}

// Steps over a value that is not kept.
static wl_status skip_value(struct wl_reader *reader, uint32_t kind, wl_error *error)
{
    uint32_t item = kind;
    uint64_t n = 1;

    if (kind == FILE_LIST) {
        item = wl_read_u32(reader);
        n = wl_read_u64(reader);
    }
    if (item == FILE_LIST) {
        return wl_fail(error, WL_ELIMIT, "GGUF: a list of lists");
    }
    if (item != FILE_TEXT && fixed_bytes(item) == 0) {
        return wl_fail(error, WL_EPARSE, "GGUF: a fact of kind %u", item);
    }
    if (item != FILE_TEXT) {
        uint64_t n_bytes = 0;
        if (__builtin_mul_overflow(n, fixed_bytes(item), &n_bytes) ||
            n_bytes > wl_reader_left(reader)) {
            reader->failed = true;
        } else {
            (void)wl_read_bytes(reader, (size_t)n_bytes);
        }
        return WL_OK;
    }
    for (uint64_t i = 0; i < n && !reader->failed; i++) {
        (void)get_text(reader);
    }
    return WL_OK;
}

static wl_status get_fact(struct wl_reader *reader, struct wl_gguf_fact *fact, wl_error *error)
{
    *fact = (struct wl_gguf_fact){.key = get_text(reader), .kind = WL_GGUF_OTHER};
    uint32_t kind = wl_read_u32(reader);
    if (kind == FILE_TEXT) {
        fact->kind = WL_GGUF_TEXT;
        fact->text = get_text(reader);
        return WL_OK;
    }
    if (kind == FILE_F32) {
        fact->kind = WL_GGUF_F32;
        fact->f32 = wl_read_f32(reader);
        return WL_OK;
    }
    if (kind == FILE_U32) {
        fact->kind = WL_GGUF_U32;
        fact->u32 = wl_read_u32(reader);
        return WL_OK;
    }
    return skip_value(reader, kind, error);
}

// A tensor's line of the table; its place goes to *at.
static wl_status get_tensor(struct wl_reader *reader, struct wl_gguf_tensor *tensor, uint32_t *type,
                            uint64_t *at, wl_error *error)
{
    *tensor = (struct wl_gguf_tensor){.name = get_text(reader)};
    uint32_t n_dims = wl_read_u32(reader);
    if (n_dims < 1 || n_dims > WL_GGUF_DIMS_MAX) {
        return wl_fail(error, WL_EPARSE, "GGUF: a tensor of %u dimensions", n_dims);
    }
    tensor->n_dims = n_dims;
    for (uint32_t i = n_dims; i > 0; i--) {
        tensor->shape[i - 1] = (size_t)wl_read_u64(reader);
    }
    *type = wl_read_u32(reader);
    *at = wl_read_u64(reader);
    return WL_OK;
}

static wl_status place_tensor(struct wl_gguf_tensor *tensor, uint64_t at, struct wl_str values,
                              wl_error *error)
{
    uint64_t n_bytes = sizeof(float);
    bool overflows = false;

    for (size_t i = 0; i < tensor->n_dims; i++) {
        overflows |= __builtin_mul_overflow(n_bytes, (uint64_t)tensor->shape[i], &n_bytes);
    }
    if (overflows || at % EDGE != 0 || at > values.n_bytes || n_bytes > values.n_bytes - at) {
        return wl_fail(error, WL_EPARSE, "GGUF: the values of a tensor lie outside the file");
    }
    tensor->bytes = (struct wl_str){.data = values.data + at, .n_bytes = (size_t)n_bytes};
    return WL_OK;
}

static wl_status read_head(struct wl_reader *reader, uint64_t *n_tensors, uint64_t *n_facts,
                           wl_error *error)
{
    uint32_t magic = wl_read_u32(reader);
    uint32_t version = wl_read_u32(reader);

    *n_tensors = wl_read_u64(reader);
    *n_facts = wl_read_u64(reader);
    if (magic != MAGIC) {
        return wl_fail(error, WL_EPARSE, "no GGUF file");
    }
    if (reader->failed) {
        return wl_fail(error, WL_EPARSE, "GGUF file is cut");
    }
    if (version != 2 && version != VERSION) {
        return wl_fail(error, WL_EVERSION, "GGUF version %u, wants 2 or 3", version);
    }
    // A fact takes 13 bytes at least and a tensor 32, so hostile counts never become memory.
    if (*n_facts > wl_reader_left(reader) / 13 || *n_tensors > wl_reader_left(reader) / 32) {
        return wl_fail(error, WL_EPARSE, "GGUF file is cut");
    }
    return WL_OK;
}

wl_status wl_gguf_read(struct wl_arena *arena, struct wl_str file, struct wl_gguf *gguf,
                       wl_error *error)
{
    struct wl_gguf found = {0};
    struct wl_reader reader;
    uint64_t n_tensors = 0;
    uint64_t n_facts = 0;

    wl_reader_init(&reader, file);
    WL_TRY(read_head(&reader, &n_tensors, &n_facts, error));
    found.n_facts = (size_t)n_facts;
    found.n_tensors = (size_t)n_tensors;
    found.facts = wl_arena_zeroed(arena, found.n_facts + 1, sizeof(*found.facts));
    found.tensors = wl_arena_zeroed(arena, found.n_tensors + 1, sizeof(*found.tensors));
    uint64_t *places = wl_arena_zeroed(arena, found.n_tensors + 1, sizeof(*places));
    uint32_t *kinds = wl_arena_zeroed(arena, found.n_tensors + 1, sizeof(*kinds));
    if (found.facts == NULL || found.tensors == NULL || places == NULL || kinds == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu tensors", found.n_tensors);
    }
    for (size_t i = 0; i < found.n_facts && !reader.failed; i++) {
        WL_TRY(get_fact(&reader, &found.facts[i], error));
    }
    for (size_t i = 0; i < found.n_tensors && !reader.failed; i++) {
        WL_TRY(get_tensor(&reader, &found.tensors[i], &kinds[i], &places[i], error));
    }
    uint64_t begin = round_up(reader.n_read);
    if (reader.failed || (begin > file.n_bytes && n_tensors > 0)) {
        return wl_fail(error, WL_EPARSE, "GGUF file is cut");
    }
    struct wl_str values = {0};
    if (n_tensors > 0) {
        values =
            (struct wl_str){.data = file.data + begin, .n_bytes = file.n_bytes - (size_t)begin};
    }
    for (size_t i = 0; i < found.n_tensors; i++) {
        if (kinds[i] == TYPE_F32) {
            WL_TRY(place_tensor(&found.tensors[i], places[i], values, error));
        }
    }
    *gguf = found;
    return WL_OK;
}
