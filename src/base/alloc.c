/* The only file that calls the heap. */
#define _GNU_SOURCE // madvise
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *heap_resize(void *context, void *block, size_t bytes)
{
    (void)context;
    if (bytes == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, bytes);
}

const wl_alloc *wl_alloc_default(void)
{
    static const wl_alloc heap = {.resize = heap_resize, .context = NULL};
    return &heap;
}

void *wl_alloc_array(const wl_alloc *alloc, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes == 0) {
        return NULL;
    }
    return alloc->resize(alloc->context, NULL, bytes);
}

void *wl_alloc_zeroed(const wl_alloc *alloc, size_t count, size_t size)
{
    void *block = wl_alloc_array(alloc, count, size);
    if (block != NULL) {
        memset(block, 0, count * size);
    }
    return block;
}

#define ALIGNMENT ((size_t)64) /* a cache line, and the widest vector load (AVX-512) */

// Weights of networks are read from end to end all the time: with pages of 4 KiB the processor
// would look up one for every 64 lines. Only advice: without it all works, slower.
static void ask_for_huge_pages(unsigned char *base, size_t bytes)
{
    const uintptr_t page = (uintptr_t)2 << 20;
    uintptr_t begin = ((uintptr_t)base + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)base + bytes) / page * page;

    if (end > begin) {
        (void)madvise(base + (begin - (uintptr_t)base), end - begin, MADV_HUGEPAGE);
    }
}

void *wl_alloc_aligned(const wl_alloc *alloc, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        __builtin_add_overflow(bytes, ALIGNMENT, &bytes)) {
        return NULL;
    }
    unsigned char *base = alloc->resize(alloc->context, NULL, bytes);
    if (base == NULL) {
        return NULL;
    }
    // The byte before the block says how far back the heap's own block starts (1..64).
    size_t shift = ALIGNMENT - ((uintptr_t)base & (ALIGNMENT - 1));
    unsigned char *block = base + shift;
    ask_for_huge_pages(base, bytes);
    memset(base, 0, bytes);
    block[-1] = (unsigned char)shift;
    return block;
}

void wl_alloc_aligned_free(const wl_alloc *alloc, void *block)
{
    if (block != NULL) {
        unsigned char *edge = block;
        wl_alloc_free(alloc, edge - edge[-1]);
    }
}

void wl_alloc_free(const wl_alloc *alloc, void *block)
{
    if (block != NULL) {
        (void)alloc->resize(alloc->context, block, 0);
    }
}

wl_status wl_alloc_grow(const wl_alloc *alloc, void **items, size_t *capacity, size_t n_needed,
                        size_t item_bytes, wl_error *error)
{
    size_t n = *capacity < 8 ? 8 : *capacity;
    size_t bytes;

    if (n_needed <= *capacity) {
        return WL_OK;
    }
    while (n < n_needed) {
        if (__builtin_mul_overflow(n, (size_t)2, &n)) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu items", n_needed);
        }
    }
    if (__builtin_mul_overflow(n, item_bytes, &bytes)) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu items", n_needed);
    }
    void *grown = alloc->resize(alloc->context, *items, bytes);
    if (grown == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu items of %zu bytes", n, item_bytes);
    }
    *items = grown;
    *capacity = n;
    return WL_OK;
}
