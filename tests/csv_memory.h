/* CSV from memory: a source of lines over a text, and a text made of cells. */
#ifndef WL_TESTS_CSV_MEMORY_H
#define WL_TESTS_CSV_MEMORY_H
#include "ingest/csv.h"

#include <string.h>

struct memory_lines {
    const char *at;
    size_t n_left;
};

/* memory_next - the next line, cut as wl_lines cuts it. */
static inline wl_status memory_next(void *context, struct wl_str *line, bool *got, wl_error *error)
{
    struct memory_lines *lines = context;

    (void)error;
    *got = lines->n_left > 0;
    if (*got) {
        const char *end = memchr(lines->at, '\n', lines->n_left);
        size_t n = end != NULL ? (size_t)(end - lines->at) : lines->n_left;
        *line = (struct wl_str){.data = lines->at, .n_bytes = n};
        if (n > 0 && lines->at[n - 1] == '\r') {
            line->n_bytes--;
        }
        lines->at += n + (end != NULL);
        lines->n_left -= n + (end != NULL);
    }
    return WL_OK;
}

#endif
