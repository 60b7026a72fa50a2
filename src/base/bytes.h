/* Bounds-checked little-endian reading and writing of files and wire bytes. A reader that has run
 * past its end stays failed and hands out zeros, so that one check at the end is enough; counts
 * read from outside must still be checked before memory is taken for them. */
#ifndef WL_BASE_BYTES_H
#define WL_BASE_BYTES_H
#include "base/buf.h"

struct wl_reader {
    const unsigned char *data; /* borrowed */
    size_t n_bytes;
    size_t n_read;
    bool failed; /* something was asked for that is not there */
};

/* wl_reader_init - read from borrowed bytes. */
void wl_reader_init(struct wl_reader *reader, struct wl_str bytes);

/* wl_read_u8 .. wl_read_f64 - next value, little-endian; 0 and failed at the end. */
uint8_t wl_read_u8(struct wl_reader *reader);
uint32_t wl_read_u32(struct wl_reader *reader);
uint64_t wl_read_u64(struct wl_reader *reader);
int64_t wl_read_i64(struct wl_reader *reader);
float wl_read_f32(struct wl_reader *reader);
double wl_read_f64(struct wl_reader *reader);

/* wl_read_varint - unsigned LEB128, at most 10 bytes. wl_read_zigzag - signed, zigzag-coded. */
uint64_t wl_read_varint(struct wl_reader *reader);
int64_t wl_read_zigzag(struct wl_reader *reader);

/* wl_read_bytes - a borrowed view of the next n_bytes; empty and failed when they are not there. */
struct wl_str wl_read_bytes(struct wl_reader *reader, size_t n_bytes);

/* wl_read_string - a varint length and that many bytes. */
struct wl_str wl_read_string(struct wl_reader *reader);

/* wl_reader_count - a varint count of items that take at least item_bytes_min each; fails the
 * reader when the rest cannot hold them, so a hostile count never becomes an allocation. */
size_t wl_reader_count(struct wl_reader *reader, size_t item_bytes_min);

/* wl_reader_left - bytes not read yet. */
size_t wl_reader_left(const struct wl_reader *reader);

/* wl_put_u8 .. wl_put_string - the writing half, onto a sticky buffer. */
void wl_put_u8(struct wl_buf *buf, uint8_t value);
void wl_put_u32(struct wl_buf *buf, uint32_t value);
void wl_put_u64(struct wl_buf *buf, uint64_t value);
void wl_put_i64(struct wl_buf *buf, int64_t value);
void wl_put_f32(struct wl_buf *buf, float value);
void wl_put_f64(struct wl_buf *buf, double value);
void wl_put_varint(struct wl_buf *buf, uint64_t value);
void wl_put_zigzag(struct wl_buf *buf, int64_t value);
void wl_put_string(struct wl_buf *buf, struct wl_str text);

#endif
