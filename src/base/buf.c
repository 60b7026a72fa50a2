/* Sticky-failure byte buffer: writers of JSON, HTML and messages append some hundred pieces and
 * check once. */
#include "base/buf.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void wl_buf_init(struct wl_buf *buf, const wl_alloc *alloc, size_t n_bytes_max)
{
    *buf = (struct wl_buf){.alloc = alloc,
                           .n_bytes_max = n_bytes_max != 0 ? n_bytes_max : WL_BUF_BYTES_MAX};
}

void wl_buf_release(struct wl_buf *buf)
{
    if (buf->alloc != NULL) {
        wl_alloc_free(buf->alloc, buf->data);
    }
    *buf = (struct wl_buf){0};
}

void wl_buf_clear(struct wl_buf *buf)
{
    buf->n_bytes = 0;
    buf->status = WL_OK;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

// Room for n_more bytes and the NUL behind them.
static bool make_room(struct wl_buf *buf, size_t n_more)
{
    if (buf->status != WL_OK) {
        return false;
    }
    if (n_more > buf->n_bytes_max - buf->n_bytes) {
        buf->status = WL_ELIMIT;
        return false;
    }
    if (buf->n_bytes + n_more < buf->capacity) {
        return true; // nearly always; appends are short and many
    }
    if (WL_GROW(buf->alloc, buf->data, buf->capacity, buf->n_bytes + n_more + 1, NULL) != WL_OK) {
        buf->status = WL_ENOMEM;
        return false;
    }
    return true;
}

void wl_buf_add(struct wl_buf *buf, const void *data, size_t n_bytes)
{
    if (make_room(buf, n_bytes)) {
        if (n_bytes > 0) {
            memcpy(buf->data + buf->n_bytes, data, n_bytes);
        }
        buf->n_bytes += n_bytes;
        buf->data[buf->n_bytes] = '\0';
    }
}

void wl_buf_str(struct wl_buf *buf, struct wl_str text)
{
    wl_buf_add(buf, text.data, text.n_bytes);
}

void wl_buf_text(struct wl_buf *buf, const char *text)
{
    wl_buf_add(buf, text, strlen(text));
}

void wl_buf_char(struct wl_buf *buf, char c)
{
    wl_buf_add(buf, &c, 1);
}

void wl_buf_format(struct wl_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) {
        buf->status = buf->status != WL_OK ? buf->status : WL_EINVAL;
    } else if (make_room(buf, (size_t)n)) {
        (void)vsnprintf(buf->data + buf->n_bytes, (size_t)n + 1, format, again);
        buf->n_bytes += (size_t)n;
    }
    va_end(again);
}

struct wl_str wl_buf_view(const struct wl_buf *buf)
{
    return (struct wl_str){.data = buf->data, .n_bytes = buf->n_bytes};
}

wl_status wl_buf_check(const struct wl_buf *buf, wl_error *error)
{
    if (buf->status == WL_ELIMIT) {
        return wl_fail(error, WL_ELIMIT, "output is larger than its limit of %zu bytes",
                       buf->n_bytes_max);
    }
    if (buf->status != WL_OK) {
        return wl_fail(error, buf->status, "no memory for %zu bytes of output", buf->n_bytes);
    }
    return WL_OK;
}
