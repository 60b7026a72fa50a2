/* Memory enters at the top as a wl_alloc and is handed down; nothing else calls malloc. */
#ifndef WL_BASE_ALLOC_H
#define WL_BASE_ALLOC_H
#include "base/error.h"

typedef struct wl_alloc {
    void *(*resize)(void *context, void *block, size_t bytes); /* bytes == 0 frees */
    void *context;
} wl_alloc;

/* wl_alloc_default - the C library's heap. Any thread. */
const wl_alloc *wl_alloc_default(void);

/* wl_alloc_array - count * size bytes, not initialised; NULL when empty, full or overflowing. */
void *wl_alloc_array(const wl_alloc *alloc, size_t count, size_t size);

/* wl_alloc_zeroed - count * size zero bytes; NULL when empty, full or overflowing. */
void *wl_alloc_zeroed(const wl_alloc *alloc, size_t count, size_t size);

/* wl_alloc_aligned - zeroed block on a 64-byte edge; free with wl_alloc_aligned_free. */
void *wl_alloc_aligned(const wl_alloc *alloc, size_t count, size_t size);
void wl_alloc_aligned_free(const wl_alloc *alloc, void *block);

/* wl_alloc_free - give a block back; NULL is fine. */
void wl_alloc_free(const wl_alloc *alloc, void *block);

/* wl_alloc_grow - make room for n_needed items in a growing array.
 *   items      (in,out) the array; moved when it grows; NULL at first.
 *   capacity   (in,out) items that fit now.
 * Cost:    amortised O(1) per item; capacity at least doubles.
 * Errors:  WL_ENOMEM  nothing is changed. */
WL_MUST_CHECK wl_status wl_alloc_grow(const wl_alloc *alloc, void **items, size_t *capacity,
                                      size_t n_needed, size_t item_bytes, wl_error *error);

/* WL_GROW - wl_alloc_grow for a typed pointer. */
#define WL_GROW(alloc, items, capacity, n_needed, error)                                           \
    wl_alloc_grow((alloc), (void **)&(items), &(capacity), (n_needed), sizeof(*(items)), (error))

#endif
