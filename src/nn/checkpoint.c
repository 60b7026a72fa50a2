/* The file is the blocks as they lie in memory, so writing is three calls and reading three copies,
 * after everything was checked. Its length follows from the model: another length is damage. */
#include "nn/checkpoint.h"

#include "base/bytes.h"
#include "base/file.h"

#include <string.h>

#define MAGIC        "WLCK"
#define VERSION      2U
#define HEADER_BYTES ((size_t)80)
#define END_BYTES    sizeof(uint64_t)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are written as they lie");

static uint64_t table_hash(const struct wl_tensors *tensors)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        struct wl_str dims = {.data = (const char *)tensor->dims, .n_bytes = sizeof(tensor->dims)};
        hash = wl_str_hash(wl_str_from(tensor->name), hash);
        hash = wl_str_hash(dims, hash);
    }
    return hash;
}

static struct wl_str block_bytes(const struct wl_tensors *tensors, const float *block)
{
    return (struct wl_str){.data = (const char *)block,
                           .n_bytes = tensors->n_floats * sizeof(*block)};
}

static struct wl_str part_of(struct wl_str bytes, size_t begin, size_t n_bytes)
{
    return (struct wl_str){.data = bytes.data + begin, .n_bytes = n_bytes};
}

static wl_status add(struct wl_file_writer *writer, struct wl_str bytes, uint64_t *checksum,
                     wl_error *error)
{
    *checksum = wl_str_hash(bytes, *checksum);
    return wl_file_writer_add(writer, bytes, error);
}

static void put_header(struct wl_buf *buf, const struct wl_tensors *tensors,
                       const struct wl_train_state *state)
{
    wl_buf_text(buf, MAGIC);
    wl_put_u32(buf, VERSION);
    wl_put_u64(buf, table_hash(tensors));
    wl_put_u64(buf, tensors->n_floats);
    wl_put_u64(buf, state->n_updates);
    wl_put_u64(buf, state->n_epochs);
    wl_put_u64(buf, state->key);
    wl_put_f64(buf, state->best_loss);
    wl_put_f64(buf, state->best_share);
    wl_put_u64(buf, state->n_since_best);
    wl_put_u64(buf, state->best != NULL);
}

wl_status wl_checkpoint_write(const char *path, const struct wl_tensors *tensors,
                              const struct wl_train_state *state, wl_error *error)
{
    struct wl_file_writer writer;
    struct wl_buf buf;
    uint64_t checksum = 0;
    wl_status status = wl_file_writer_open(&writer, path, error);

    if (status != WL_OK) {
        return status;
    }
    wl_buf_init(&buf, tensors->alloc, 0);
    put_header(&buf, tensors, state);
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(add(&writer, wl_buf_view(&buf), &checksum, error));
    WL_GO(add(&writer, block_bytes(tensors, tensors->weights), &checksum, error));
    WL_GO(add(&writer, block_bytes(tensors, tensors->moments[0]), &checksum, error));
    WL_GO(add(&writer, block_bytes(tensors, tensors->moments[1]), &checksum, error));
    if (state->best != NULL) {
        WL_GO(add(&writer, block_bytes(tensors, state->best), &checksum, error));
    }
    wl_buf_clear(&buf);
    wl_put_u64(&buf, checksum);
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_writer_add(&writer, wl_buf_view(&buf), error));
    WL_GO(wl_file_writer_commit(&writer, error));
done:
    wl_buf_release(&buf);
    wl_file_writer_close(&writer);
    return status;
}

// What a header says, and whether it is this training's; state->best tells how many blocks follow.
static wl_status check_header(const char *path, struct wl_reader *reader,
                              const struct wl_tensors *tensors, struct wl_train_state *state,
                              wl_error *error)
{
    uint64_t key = state->key;
    struct wl_str magic = wl_read_bytes(reader, 4);
    uint32_t version = wl_read_u32(reader);

    if (reader->failed || !wl_str_is(magic, MAGIC)) {
        return wl_fail(error, WL_ECORRUPT, "%s is no checkpoint", path);
    }
    if (version != VERSION) {
        return wl_fail(error, WL_EVERSION, "%s has version %u, this program reads %u", path,
                       version, VERSION);
    }
    uint64_t hash = wl_read_u64(reader);
    uint64_t n_floats = wl_read_u64(reader);
    state->n_updates = wl_read_u64(reader);
    state->n_epochs = wl_read_u64(reader);
    state->key = wl_read_u64(reader);
    state->best_loss = wl_read_f64(reader);
    state->best_share = wl_read_f64(reader);
    state->n_since_best = wl_read_u64(reader);
    uint64_t has_best = wl_read_u64(reader);
    if (reader->failed || has_best > 1) {
        return wl_fail(error, WL_ECORRUPT, "%s is cut or damaged", path);
    }
    if (hash != table_hash(tensors) || n_floats != tensors->n_floats) {
        return wl_fail(error, WL_ESCHEMA, "%s is of another model", path);
    }
    if (state->key != key || (has_best == 1) != (state->best != NULL)) {
        return wl_fail(error, WL_ESCHEMA, "%s is of a training with other texts or options", path);
    }
    return WL_OK;
}

// Header, length and checksum of a whole file; path is for messages.
static wl_status check_file(const char *path, struct wl_str bytes, const struct wl_tensors *tensors,
                            struct wl_train_state *state, wl_error *error)
{
    size_t block = tensors->n_floats * sizeof(float);
    size_t n_blocks = state->best != NULL ? 4 : 3;
    struct wl_reader reader;
    uint64_t checksum = 0;

    wl_reader_init(&reader, bytes);
    WL_TRY(check_header(path, &reader, tensors, state, error));
    if (bytes.n_bytes != HEADER_BYTES + n_blocks * block + END_BYTES) {
        return wl_fail(error, WL_ECORRUPT, "%s has %zu bytes, not %zu", path, bytes.n_bytes,
                       HEADER_BYTES + n_blocks * block + END_BYTES);
    }
    checksum = wl_str_hash(part_of(bytes, 0, HEADER_BYTES), checksum);
    for (size_t i = 0; i < n_blocks; i++) {
        checksum = wl_str_hash(part_of(bytes, HEADER_BYTES + i * block, block), checksum);
    }
    (void)wl_read_bytes(&reader, n_blocks * block);
    return checksum == wl_read_u64(&reader)
               ? WL_OK
               : wl_fail(error, WL_ECORRUPT, "%s is damaged: its checksum does not match", path);
}

wl_status wl_checkpoint_parse(const char *path, struct wl_str bytes, struct wl_tensors *tensors,
                              struct wl_train_state *state, wl_error *error)
{
    size_t block = tensors->n_floats * sizeof(float);
    struct wl_train_state found = *state;

    WL_TRY(check_file(path, bytes, tensors, &found, error));
    memcpy(tensors->weights, bytes.data + HEADER_BYTES, block);
    memcpy(tensors->moments[0], bytes.data + HEADER_BYTES + block, block);
    memcpy(tensors->moments[1], bytes.data + HEADER_BYTES + 2 * block, block);
    if (found.best != NULL) {
        memcpy(found.best, bytes.data + HEADER_BYTES + 3 * block, block);
    }
    wl_tensors_refresh(tensors);
    *state = found;
    return WL_OK;
}

wl_status wl_checkpoint_read(const char *path, struct wl_tensors *tensors,
                             struct wl_train_state *state, wl_error *error)
{
    size_t n_bytes = HEADER_BYTES + 4 * tensors->n_floats * sizeof(float) + END_BYTES;
    struct wl_buf buf;

    // One byte more than a good file, so that a longer one is seen as such.
    wl_buf_init(&buf, tensors->alloc, n_bytes + 1);
    wl_status status = wl_file_read(path, &buf, error);
    if (status == WL_ELIMIT) {
        status = wl_fail(error, WL_ESCHEMA, "%s is larger than a checkpoint of this model", path);
    }
    if (status == WL_OK) {
        status = wl_checkpoint_parse(path, wl_buf_view(&buf), tensors, state, error);
    }
    wl_buf_release(&buf);
    return status;
}
