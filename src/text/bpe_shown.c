/* Both ways through one rule: a byte that prints is itself, the others are numbered from U+0100 on
 * in order. */
#include "text/bpe_shown.h"

#define SHOWN_MAX 0x144U // one beyond the last character

static bool prints(uint32_t byte)
{
    return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

// The character of a byte.
static uint32_t shown_of(uint32_t byte)
{
    uint32_t next = 0x100;

    if (prints(byte)) {
        return byte;
    }
    for (uint32_t b = 0; b < byte; b++) {
        next += prints(b) ? 0 : 1;
    }
    return next;
}

void wl_bpe_show(struct wl_str bytes, struct wl_buf *buf)
{
    for (size_t i = 0; i < bytes.n_bytes; i++) {
        uint32_t c = shown_of((uint8_t)bytes.data[i]);
        if (c >= 0x80) {
            wl_buf_char(buf, (char)(0xC0U | c >> 6));
            c = 0x80U | (c & 0x3FU);
        }
        wl_buf_char(buf, (char)c);
    }
}

// Bytes by their character; -1 for characters that write none.
static void fill_bytes(int16_t *byte_of)
{
    for (uint32_t c = 0; c < SHOWN_MAX; c++) {
        byte_of[c] = -1;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        byte_of[shown_of(byte)] = (int16_t)byte;
    }
}

wl_status wl_bpe_unshow(struct wl_arena *arena, struct wl_str shown, struct wl_str *bytes,
                        wl_error *error)
{
    static _Thread_local int16_t byte_of[SHOWN_MAX];
    static _Thread_local bool is_filled;
    char *data = wl_arena_alloc(arena, shown.n_bytes + 1);
    size_t n = 0;

    if (data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
    }
    if (!is_filled) {
        fill_bytes(byte_of);
        is_filled = true;
    }
    for (size_t i = 0; i < shown.n_bytes;) {
        size_t length = wl_utf8_length(shown, i);
        uint32_t c = length > 0 ? wl_utf8_decode(shown, i, length) : SHOWN_MAX;
        if (c >= SHOWN_MAX || byte_of[c] < 0) {
            return wl_fail(error, WL_EPARSE,
                           "a token has the character U+%04X, which writes no byte", c);
        }
        data[n++] = (char)byte_of[c];
        i += length;
    }
    *bytes = (struct wl_str){.data = data, .n_bytes = n};
    return WL_OK;
}
