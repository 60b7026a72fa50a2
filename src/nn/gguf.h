/* GGUF, the weight file of llama.cpp: enough of it to write adapters and to read them back. */
#ifndef WL_NN_GGUF_H
#define WL_NN_GGUF_H
#include "base/arena.h"
#include "base/str.h"

#define WL_GGUF_DIMS_MAX 4

enum wl_gguf_kind {
    WL_GGUF_TEXT = 0,
    WL_GGUF_F32 = 1,
    WL_GGUF_U32 = 2,
    WL_GGUF_OTHER = 3 /* read, but its value is not kept */
};

/* One fact about the file: "general.architecture" = "gpt-oss". */
struct wl_gguf_fact {
    struct wl_str key;
    enum wl_gguf_kind kind;
    struct wl_str text;
    float f32;
    uint32_t u32;
};

struct wl_gguf_tensor {
    struct wl_str name;
    size_t shape[WL_GGUF_DIMS_MAX]; /* (n_dims) slowest first, as NumPy has it; the file turns it */
    size_t n_dims;                  /* 1 .. 4 */
    const float *values;            /* (product of shape) to be written; NULL when read */
    struct wl_str bytes;            /* when read: in the file; empty unless float32 */
};

struct wl_gguf {
    struct wl_gguf_fact *facts; /* (n_facts) */
    size_t n_facts;
    struct wl_gguf_tensor *tensors; /* (n_tensors) */
    size_t n_tensors;
};

/* wl_gguf_write - write version 3, little-endian, float32, values on edges of 32 bytes; whole or
 * not at all.
 * Errors:  WL_EINVAL  a name or shape the format has no room for.  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_gguf_write(const char *path, const wl_alloc *alloc,
                                      const struct wl_gguf *gguf, wl_error *error);

/* wl_gguf_read - facts and tensors of a file.
 *   arena  (in,out) owns the tables.
 *   file   (in)  the whole file; borrowed, and texts and values point into it.
 * Errors:  WL_EPARSE    no GGUF, cut, or a place outside the file; says what.
 *          WL_EVERSION  other than 2 and 3.  WL_ELIMIT  lists nested deeper than 1.  WL_ENOMEM.
 * Source:  ggml, docs/gguf.md, version 3. */
WL_MUST_CHECK wl_status wl_gguf_read(struct wl_arena *arena, struct wl_str file,
                                     struct wl_gguf *gguf, wl_error *error);

#endif
