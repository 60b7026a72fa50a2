/* A growing list of token numbers, as tokenizers make them; reused from text to text. */
#ifndef WL_TEXT_IDS_H
#define WL_TEXT_IDS_H
#include "base/alloc.h"

struct wl_ids {
    const wl_alloc *alloc;
    uint32_t *items; /* (n) */
    size_t n;
    size_t capacity;
};

/* wl_ids_init - empty; takes no memory yet. */
static inline void wl_ids_init(struct wl_ids *ids, const wl_alloc *alloc)
{
    *ids = (struct wl_ids){.alloc = alloc};
}

/* wl_ids_release - give the memory back; zeroed is fine. */
static inline void wl_ids_release(struct wl_ids *ids)
{
    if (ids->alloc != NULL) {
        wl_alloc_free(ids->alloc, ids->items);
    }
    *ids = (struct wl_ids){.alloc = ids->alloc};
}

/* wl_ids_reserve - room for n in all. Errors: WL_ENOMEM; nothing is changed. */
static inline wl_status wl_ids_reserve(struct wl_ids *ids, size_t n, wl_error *error)
{
    return n <= ids->capacity ? WL_OK : WL_GROW(ids->alloc, ids->items, ids->capacity, n, error);
}

#endif
