/* Rows of few numbers among many columns (CSR). */
#ifndef WL_TEXT_SPARSE_H
#define WL_TEXT_SPARSE_H
#include "base/alloc.h"

#include <stdint.h>

struct wl_sparse {
    const wl_alloc *alloc;
    size_t n_rows;
    size_t n_columns;
    uint64_t *begin;   /* (n_rows + 1) where each row begins; owned */
    uint32_t *columns; /* (begin[n_rows]) owned */
    float *values;     /* (begin[n_rows]) owned */
    size_t begin_capacity;
    size_t columns_capacity;
    size_t values_capacity;
};

/* wl_sparse_init - no rows. wl_sparse_release - give the memory back; zeroed is fine. */
void wl_sparse_init(struct wl_sparse *sparse, const wl_alloc *alloc, size_t n_columns);
void wl_sparse_release(struct wl_sparse *sparse);

/* wl_sparse_reserve - room for n more entries in the row being built.
 * Errors:  WL_ENOMEM; nothing is lost. */
WL_MUST_CHECK wl_status wl_sparse_reserve(struct wl_sparse *sparse, size_t n, wl_error *error);

/* wl_sparse_row - end a row of n entries that were written behind the last one.
 * Errors:  WL_ENOMEM; the row is not there. */
WL_MUST_CHECK wl_status wl_sparse_row(struct wl_sparse *sparse, size_t n, wl_error *error);

/* wl_sparse_count - entries of all rows. */
size_t wl_sparse_count(const struct wl_sparse *sparse);

#endif
