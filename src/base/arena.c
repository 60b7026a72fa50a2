/* Bump allocation in a chain of blocks. Blocks larger than block_bytes get a block of their own. */
#include "base/arena.h"

#include <string.h>

#define ARENA_ALIGN       ((size_t)16)        /* enough for __int128 and SSE loads */
#define ARENA_BLOCK_BYTES ((size_t)64 * 1024) /* a request fits in one; a model in few */

struct wl_arena_block {
    struct wl_arena_block *older;
    size_t n_bytes; /* usable */
    size_t n_used;
    size_t padding; /* keeps the data behind the header on a 16-byte edge */
};

static char *block_data(struct wl_arena_block *block)
{
    return (char *)(block + 1);
}

void wl_arena_init(struct wl_arena *arena, const wl_alloc *alloc, size_t block_bytes)
{
    *arena = (struct wl_arena){.alloc = alloc,
                               .newest = NULL,
                               .block_bytes = block_bytes != 0 ? block_bytes : ARENA_BLOCK_BYTES};
}

static struct wl_arena_block *add_block(struct wl_arena *arena, size_t bytes)
{
    size_t n_bytes = bytes > arena->block_bytes ? bytes : arena->block_bytes;
    size_t total;

    if (__builtin_add_overflow(n_bytes, sizeof(struct wl_arena_block), &total)) {
        return NULL;
    }
    struct wl_arena_block *block = wl_alloc_array(arena->alloc, 1, total);
    if (block == NULL) {
        return NULL;
    }
    *block = (struct wl_arena_block){.older = arena->newest, .n_bytes = n_bytes};
    arena->newest = block;
    return block;
}

void *wl_arena_alloc(struct wl_arena *arena, size_t bytes)
{
    struct wl_arena_block *block = arena->newest;
    size_t n_rounded;

    if (__builtin_add_overflow(bytes, ARENA_ALIGN - 1, &n_rounded)) {
        return NULL;
    }
    n_rounded &= ~(ARENA_ALIGN - 1);
    n_rounded = n_rounded == 0 ? ARENA_ALIGN : n_rounded;
    if (block == NULL || block->n_bytes - block->n_used < n_rounded) {
        block = add_block(arena, n_rounded);
        if (block == NULL) {
            return NULL;
        }
    }
    void *memory = block_data(block) + block->n_used;
    block->n_used += n_rounded;
    return memory;
}

void *wl_arena_zeroed(struct wl_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        return NULL;
    }
    void *memory = wl_arena_alloc(arena, bytes);
    if (memory != NULL) {
        memset(memory, 0, bytes);
    }
    return memory;
}

char *wl_arena_string(struct wl_arena *arena, struct wl_str text)
{
    char *copy = wl_arena_alloc(arena, text.n_bytes + 1);
    if (copy != NULL) {
        if (text.n_bytes > 0) {
            memcpy(copy, text.data, text.n_bytes);
        }
        copy[text.n_bytes] = '\0';
    }
    return copy;
}

static void free_chain(const wl_alloc *alloc, struct wl_arena_block *block)
{
    while (block != NULL) {
        struct wl_arena_block *older = block->older;
        wl_alloc_free(alloc, block);
        block = older;
    }
}

void wl_arena_reset(struct wl_arena *arena)
{
    if (arena->newest != NULL) {
        free_chain(arena->alloc, arena->newest->older);
        arena->newest->older = NULL;
        arena->newest->n_used = 0;
    }
}

void wl_arena_release(struct wl_arena *arena)
{
    free_chain(arena->alloc, arena->newest);
    arena->newest = NULL;
}
