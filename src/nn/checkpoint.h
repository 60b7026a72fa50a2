/* A training at rest: weights, both moments and where it stood, in one file. Going on from it gives
 * the same losses as never having stopped.
 *
 *     "WLCK" | u32 version 1 | u64 hash of names and shapes | u64 floats of a block |
 *     u64 updates, epochs |
 *     weights | first moments | second moments (float, little-endian) | u64 checksum of all before
 */
#ifndef WL_NN_CHECKPOINT_H
#define WL_NN_CHECKPOINT_H
#include "nn/tensors.h"

/* Where a training stands, after a whole epoch. */
struct wl_train_state {
    uint64_t n_updates;
    uint64_t n_epochs;
};

/* wl_checkpoint_write - write weights, moments and state; a crash leaves the old file or the new
 * one. Errors:  WL_EIO; the old file is untouched. */
WL_MUST_CHECK wl_status wl_checkpoint_write(const char *path, const struct wl_tensors *tensors,
                                            const struct wl_train_state *state, wl_error *error);

/* wl_checkpoint_read - the other way round; bf16 copies are renewed.
 * Errors:  WL_ENOTFOUND  no such file.  WL_ECORRUPT  cut or damaged.  WL_ESCHEMA  another model's.
 *          WL_EVERSION.  WL_EIO, WL_ENOMEM. Nothing is changed. */
WL_MUST_CHECK wl_status wl_checkpoint_read(const char *path, struct wl_tensors *tensors,
                                           struct wl_train_state *state, wl_error *error);

/* wl_checkpoint_parse - the same from a file's bytes; path only names it in messages. */
WL_MUST_CHECK wl_status wl_checkpoint_parse(const char *path, struct wl_str bytes,
                                            struct wl_tensors *tensors,
                                            struct wl_train_state *state, wl_error *error);

#endif
