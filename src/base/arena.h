/* Arena: many small blocks, one release. Three lifetimes are named in the variable:
 * arena_process, arena_batch, arena_request. Arena memory never leaves through the public ABI. */
#ifndef WL_BASE_ARENA_H
#define WL_BASE_ARENA_H
#include "base/alloc.h"
#include "base/str.h"

struct wl_arena_block;

struct wl_arena {
    const wl_alloc *alloc;
    struct wl_arena_block *newest; /* chain of blocks, owned */
    size_t block_bytes;            /* size of an ordinary block */
};

/* wl_arena_init - an empty arena; takes no memory until the first use.
 *   block_bytes  (in) size of one block; 0 means 64 KiB.
 * Threads: one user at a time. */
void wl_arena_init(struct wl_arena *arena, const wl_alloc *alloc, size_t block_bytes);

/* wl_arena_alloc - 16-byte aligned block of bytes, not initialised; NULL when memory is out. */
void *wl_arena_alloc(struct wl_arena *arena, size_t bytes);

/* wl_arena_zeroed - count * size zero bytes (at least one byte); NULL when out or overflowing. */
void *wl_arena_zeroed(struct wl_arena *arena, size_t count, size_t size);

/* wl_arena_string - NUL-terminated copy of text; NULL when memory is out. */
char *wl_arena_string(struct wl_arena *arena, struct wl_str text);

/* wl_arena_reset - forget everything, keep the newest block for reuse. */
void wl_arena_reset(struct wl_arena *arena);

/* wl_arena_release - give all memory back; a zeroed arena is fine. */
void wl_arena_release(struct wl_arena *arena);

#endif
