/* The outside of a segment; the only file that sees zstd.
 *
 *   "WLSG" u32 | version u32 | kind u32 | n_records u64 | first_us i64 | last_us i64 |
 *   first_received_us i64 | last_received_us i64 | payload bytes u64 | compressed bytes u64 |
 *   zstd frame | 16 hex digits: SHA-256 of everything before them
 *
 * The checksum covers the header too, and is checked before anything else is trusted. */
#include "base/bytes.h"
#include "base/sha256.h"
#include "store/segment.h"

#include <string.h>
#include <zstd.h>

#define MAGIC          UINT32_C(0x47534C57) // "WLSG"
#define HEADER_BYTES   ((size_t)68)
#define CHECKSUM_BYTES ((size_t)16)
#define ZSTD_LEVEL     3 // its default: half a GB/s; columns leave little to more

static void put_header(const struct wl_segment_info *info, size_t payload_bytes,
                       size_t compressed_bytes, struct wl_buf *blob)
{
    wl_put_u32(blob, MAGIC);
    wl_put_u32(blob, WL_SEGMENT_VERSION);
    wl_put_u32(blob, (uint32_t)info->kind);
    wl_put_u64(blob, info->n_records);
    wl_put_i64(blob, info->first_us);
    wl_put_i64(blob, info->last_us);
    wl_put_i64(blob, info->first_received_us);
    wl_put_i64(blob, info->last_received_us);
    wl_put_u64(blob, payload_bytes);
    wl_put_u64(blob, compressed_bytes);
}

wl_status wl_frame_pack(const struct wl_segment_info *info, struct wl_str payload,
                        struct wl_buf *blob, wl_error *error)
{
    size_t bound = ZSTD_compressBound(payload.n_bytes);
    char digest[WL_SHA256_TEXT_BYTES];

    if (payload.n_bytes > WL_SEGMENT_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a batch of %zu bytes is too large for one segment",
                       payload.n_bytes);
    }
    char *compressed = wl_alloc_array(blob->alloc, 1, bound);
    if (compressed == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a segment of %zu bytes", bound);
    }
    size_t n = ZSTD_compress(compressed, bound, payload.data, payload.n_bytes, ZSTD_LEVEL);
    bool is_good = ZSTD_isError(n) == 0;
    wl_buf_clear(blob);
    if (is_good) {
        put_header(info, payload.n_bytes, n, blob);
        wl_buf_add(blob, compressed, n);
    }
    wl_alloc_free(blob->alloc, compressed);
    if (!is_good) {
        return wl_fail(error, WL_ELIBRARY, "zstd: %s", ZSTD_getErrorName(n));
    }
    WL_TRY(wl_buf_check(blob, error));
    wl_buf_add(blob, wl_sha256_text(wl_buf_view(blob), digest), CHECKSUM_BYTES);
    return wl_buf_check(blob, error);
}

static bool is_intact(struct wl_str blob)
{
    struct wl_str body = {.data = blob.data, .n_bytes = blob.n_bytes - CHECKSUM_BYTES};
    char digest[WL_SHA256_TEXT_BYTES];

    return memcmp(wl_sha256_text(body, digest), blob.data + body.n_bytes, CHECKSUM_BYTES) == 0;
}

// A small block may not claim to be a large one: zstd's own header says how much comes out.
static wl_status unpack(struct wl_str compressed, size_t payload_bytes, struct wl_buf *payload,
                        wl_error *error)
{
    const wl_alloc *alloc = payload->alloc;

    if (ZSTD_getFrameContentSize(compressed.data, compressed.n_bytes) != payload_bytes) {
        return wl_fail(error, WL_ECORRUPT, "segment does not unpack to %zu bytes", payload_bytes);
    }
    char *raw = wl_alloc_array(alloc, 1, payload_bytes + 1);
    if (raw == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a segment of %zu bytes", payload_bytes);
    }
    size_t n = ZSTD_decompress(raw, payload_bytes, compressed.data, compressed.n_bytes);
    if (ZSTD_isError(n) != 0 || n != payload_bytes) {
        wl_alloc_free(alloc, raw);
        return wl_fail(error, WL_ECORRUPT, "segment does not unpack to %zu bytes", payload_bytes);
    }
    raw[n] = '\0';
    wl_buf_release(payload);
    wl_buf_init(payload, alloc, 0);
    payload->data = raw;
    payload->n_bytes = n;
    payload->capacity = payload_bytes + 1;
    return WL_OK;
}

wl_status wl_frame_unpack(struct wl_str blob, struct wl_segment_info *info, struct wl_buf *payload,
                          wl_error *error)
{
    struct wl_reader reader;

    wl_reader_init(&reader, blob);
    if (wl_read_u32(&reader) != MAGIC || blob.n_bytes < HEADER_BYTES + CHECKSUM_BYTES) {
        return wl_fail(error, WL_ECORRUPT, "%zu bytes are no segment", blob.n_bytes);
    }
    uint32_t version = wl_read_u32(&reader);
    if (!is_intact(blob)) {
        return wl_fail(error, WL_ECORRUPT, "segment of %zu bytes does not match its checksum",
                       blob.n_bytes);
    }
    if (version != WL_SEGMENT_VERSION) {
        return wl_fail(error, WL_EVERSION, "segment has version %u, this program reads %d", version,
                       WL_SEGMENT_VERSION);
    }
    uint32_t kind = wl_read_u32(&reader);
    info->n_records = wl_read_u64(&reader);
    info->first_us = wl_read_i64(&reader);
    info->last_us = wl_read_i64(&reader);
    info->first_received_us = wl_read_i64(&reader);
    info->last_received_us = wl_read_i64(&reader);
    uint64_t payload_bytes = wl_read_u64(&reader);
    uint64_t compressed_bytes = wl_read_u64(&reader);
    if (kind < WL_SEGMENT_EVENTS || kind > WL_SEGMENT_ATTRIBUTES ||
        payload_bytes > WL_SEGMENT_BYTES_MAX ||
        compressed_bytes != blob.n_bytes - HEADER_BYTES - CHECKSUM_BYTES) {
        return wl_fail(error, WL_ECORRUPT, "segment has a wrong header");
    }
    info->kind = (enum wl_segment_kind)kind;
    struct wl_str compressed = wl_read_bytes(&reader, (size_t)compressed_bytes);
    return unpack(compressed, (size_t)payload_bytes, payload, error);
}
