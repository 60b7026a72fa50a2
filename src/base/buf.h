/* Growing byte buffer with a ceiling and a sticky failure: append freely, ask once at the end.
 * After a failure every append does nothing, so half a document never looks like a whole one. */
#ifndef WL_BASE_BUF_H
#define WL_BASE_BUF_H
#include "base/alloc.h"
#include "base/str.h"

struct wl_buf {
    const wl_alloc *alloc;
    char *data;     /* (n_bytes) and a NUL behind, owned; NULL while empty */
    size_t n_bytes; /* in use */
    size_t capacity;
    size_t n_bytes_max; /* ceiling */
    wl_status status;   /* WL_OK, or the first failure */
};

/* wl_buf_init - empty buffer that may grow to n_bytes_max (0: WL_BUF_BYTES_MAX). */
void wl_buf_init(struct wl_buf *buf, const wl_alloc *alloc, size_t n_bytes_max);

/* wl_buf_release - give the memory back; a zeroed buffer is fine. wl_buf_clear - empty it and
 * forget a failure, keeping the memory. */
void wl_buf_release(struct wl_buf *buf);
void wl_buf_clear(struct wl_buf *buf);

/* wl_buf_add - append bytes; wl_buf_text - a NUL-terminated string; wl_buf_char - one byte;
 * wl_buf_format - printf. All sticky. */
void wl_buf_add(struct wl_buf *buf, const void *data, size_t n_bytes);
void wl_buf_str(struct wl_buf *buf, struct wl_str text);
void wl_buf_text(struct wl_buf *buf, const char *text);
void wl_buf_char(struct wl_buf *buf, char c);
void wl_buf_format(struct wl_buf *buf, const char *format, ...) WL_PRINTF(2, 3);

/* wl_buf_view - what the buffer holds; borrowed until the next change. */
struct wl_str wl_buf_view(const struct wl_buf *buf);

/* wl_buf_check - WL_OK, or the first failure with its text.
 * Errors:  WL_ENOMEM  memory was out.   WL_ELIMIT  the ceiling was reached. */
WL_MUST_CHECK wl_status wl_buf_check(const struct wl_buf *buf, wl_error *error);

#endif
