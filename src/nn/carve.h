/* One block of memory cut into pieces: plan twice with the same code, first without memory to learn
 * the size, then with it. */
#ifndef WL_NN_CARVE_H
#define WL_NN_CARVE_H
#include <stddef.h>

struct wl_carve {
    char *base;     /* 64-byte aligned; NULL: only count */
    size_t n_bytes; /* handed out so far */
};

/* wl_carve_bytes - the next piece, 64-byte aligned; NULL while counting. */
static inline void *wl_carve_bytes(struct wl_carve *carve, size_t n, size_t item_bytes)
{
    size_t at = carve->n_bytes;
    carve->n_bytes += (n * item_bytes + 63) / 64 * 64;
    return carve->base != NULL ? carve->base + at : NULL;
}

#endif
