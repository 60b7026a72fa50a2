/* A training at rest: weights, both moments, where it stood and the best weights so far, in one
 * file. Going on from it gives the same bytes as never having stopped.
 *
 *     "WLCK" | u32 version 2 | u64 hash of names and shapes | u64 floats of a block |
 *     u64 updates, epochs, key | f64 best loss, best share | u64 epochs since the best |
 *     u64 1 with best weights, 0 without |
 *     weights | first moments | second moments | best weights, if any (float, little-endian) |
 *     u64 checksum of all before
 */
#ifndef WL_NN_CHECKPOINT_H
#define WL_NN_CHECKPOINT_H
#include "nn/tensors.h"

/* Where a training stands, after a whole epoch. */
struct wl_train_state {
    uint64_t n_updates;
    uint64_t n_epochs;
    uint64_t key; /* of texts and options: a training goes on only from its own checkpoint */
    double best_loss;
    double best_share;
    uint64_t n_since_best; /* epochs */
    /* (n_floats) weights of the best epoch, in the caller's memory; NULL: none are kept. */
    float *best;
};

/* wl_checkpoint_write - write weights, moments and state; a crash leaves the old file or the new
 * one. Errors:  WL_EIO; the old file is untouched. */
WL_MUST_CHECK wl_status wl_checkpoint_write(const char *path, const struct wl_tensors *tensors,
                                            const struct wl_train_state *state, wl_error *error);

/* wl_checkpoint_read - the other way round; bf16 copies are renewed.
 *   state  (in,out) key: what the file must have; best: where its best weights go, NULL when it is
 *                   to have none.
 * Errors:  WL_ENOTFOUND  no such file.  WL_ECORRUPT  cut or damaged.
 *          WL_ESCHEMA    another model's, or of a training with other texts or options.
 *          WL_EVERSION.  WL_EIO, WL_ENOMEM. Nothing is changed. */
WL_MUST_CHECK wl_status wl_checkpoint_read(const char *path, struct wl_tensors *tensors,
                                           struct wl_train_state *state, wl_error *error);

/* wl_checkpoint_parse - the same from a file's bytes; path only names it in messages. */
WL_MUST_CHECK wl_status wl_checkpoint_parse(const char *path, struct wl_str bytes,
                                            struct wl_tensors *tensors,
                                            struct wl_train_state *state, wl_error *error);

#endif
