/* Little-endian codec. Byte by byte: compilers turn it into one load on the machines we run on. */
#include "base/bytes.h"

#include <string.h>

void wl_reader_init(struct wl_reader *reader, struct wl_str bytes)
{
    *reader =
        (struct wl_reader){.data = (const unsigned char *)bytes.data, .n_bytes = bytes.n_bytes};
}

size_t wl_reader_left(const struct wl_reader *reader)
{
    return reader->n_bytes - reader->n_read;
}

static uint64_t read_le(struct wl_reader *reader, size_t n)
{
    uint64_t value = 0;

    if (reader->failed || wl_reader_left(reader) < n) {
        reader->failed = true;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        value |= (uint64_t)reader->data[reader->n_read + i] << (8 * i);
    }
    reader->n_read += n;
    return value;
}

uint8_t wl_read_u8(struct wl_reader *reader)
{
    return (uint8_t)read_le(reader, 1);
}

uint32_t wl_read_u32(struct wl_reader *reader)
{
    return (uint32_t)read_le(reader, 4);
}

uint64_t wl_read_u64(struct wl_reader *reader)
{
    return read_le(reader, 8);
}

int64_t wl_read_i64(struct wl_reader *reader)
{
    return (int64_t)read_le(reader, 8);
}

float wl_read_f32(struct wl_reader *reader)
{
    uint32_t bits = wl_read_u32(reader);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

double wl_read_f64(struct wl_reader *reader)
{
    uint64_t bits = wl_read_u64(reader);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

uint64_t wl_read_varint(struct wl_reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = wl_read_u8(reader);
        if (shift == 63 && byte > 1) {
            break; // more than 64 bits
        }
        value |= (uint64_t)(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) {
            return reader->failed ? 0 : value;
        }
    }
    reader->failed = true;
    return 0;
}

int64_t wl_read_zigzag(struct wl_reader *reader)
{
    uint64_t coded = wl_read_varint(reader);
    return (int64_t)((coded >> 1) ^ (0 - (coded & 1)));
}

struct wl_str wl_read_bytes(struct wl_reader *reader, size_t n_bytes)
{
    if (reader->failed || wl_reader_left(reader) < n_bytes) {
        reader->failed = true;
        return (struct wl_str){.data = NULL, .n_bytes = 0};
    }
    struct wl_str view = {.data = (const char *)reader->data + reader->n_read, .n_bytes = n_bytes};
    reader->n_read += n_bytes;
    return view;
}

struct wl_str wl_read_string(struct wl_reader *reader)
{
    uint64_t n_bytes = wl_read_varint(reader);
    if (n_bytes > wl_reader_left(reader)) {
        reader->failed = true;
        return (struct wl_str){.data = NULL, .n_bytes = 0};
    }
    return wl_read_bytes(reader, (size_t)n_bytes);
}

size_t wl_reader_count(struct wl_reader *reader, size_t item_bytes_min)
{
    uint64_t count = wl_read_varint(reader);
    size_t n_fit = wl_reader_left(reader) / (item_bytes_min > 0 ? item_bytes_min : 1);

    if (reader->failed || count > n_fit) {
        reader->failed = true;
        return 0;
    }
    return (size_t)count;
}

static void put_le(struct wl_buf *buf, uint64_t value, size_t n)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    wl_buf_add(buf, bytes, n);
}

void wl_put_u8(struct wl_buf *buf, uint8_t value)
{
    put_le(buf, value, 1);
}

void wl_put_u32(struct wl_buf *buf, uint32_t value)
{
    put_le(buf, value, 4);
}

void wl_put_u64(struct wl_buf *buf, uint64_t value)
{
    put_le(buf, value, 8);
}

void wl_put_i64(struct wl_buf *buf, int64_t value)
{
    put_le(buf, (uint64_t)value, 8);
}

void wl_put_f32(struct wl_buf *buf, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_le(buf, bits, 4);
}

void wl_put_f64(struct wl_buf *buf, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_le(buf, bits, 8);
}

void wl_put_varint(struct wl_buf *buf, uint64_t value)
{
    unsigned char bytes[10];
    size_t n = 0;

    while (value >= 0x80) {
        bytes[n++] = (unsigned char)(value | 0x80);
        value >>= 7;
    }
    bytes[n++] = (unsigned char)value;
    wl_buf_add(buf, bytes, n);
}

void wl_put_zigzag(struct wl_buf *buf, int64_t value)
{
    wl_put_varint(buf, ((uint64_t)value << 1) ^ (uint64_t)(value >> 63));
}

void wl_put_string(struct wl_buf *buf, struct wl_str text)
{
    wl_put_varint(buf, text.n_bytes);
    wl_buf_str(buf, text);
}
