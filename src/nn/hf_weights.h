/* The weights of a Hugging Face folder, taken tensor by tensor: found by name with or without the
 * model's prefix and by its old name, compared in shape, turned to float, and ticked off, so that
 * what nobody took can be told. BERT's and GPT-2's readers share it.
 *
 *     wl_hf_weights_read(&arena, "base/model.safetensors", bytes, "bert.", &weights, error)
 *     wl_hf_weights_take(&weights, "pooler.dense.weight", dims, 2, false, values, error)   each
 *     wl_hf_weights_skip(&weights, ".position_ids")        buffers that say nothing
 *     wl_hf_weights_tell_unused(&weights, sink)
 *
 * Every complaint is one line with file, tensor, what was expected and what was found. */
#ifndef WL_NN_HF_WEIGHTS_H
#define WL_NN_HF_WEIGHTS_H
#include "base/progress.h"
#include "nn/safetensors.h"
#include "nn/tensors.h"

struct wl_hf_weights {
    const char *file;   /* for messages; borrowed */
    const char *prefix; /* that names may carry: "bert.", "transformer."; borrowed */
    const wl_alloc *alloc;
    struct wl_safetensors tensors;
    bool *is_used; /* (tensors.n) in the arena */
};

/* wl_hf_weights_read - the table of a safetensors file; no values yet.
 *   arena  (in,out) owns the table.
 *   bytes  (in)     the whole file; borrowed as long as weights are taken.
 * Errors:  as wl_safetensors_read; the message begins with file. */
WL_MUST_CHECK wl_status wl_hf_weights_read(struct wl_arena *arena, const char *file,
                                           struct wl_str bytes, const char *prefix,
                                           struct wl_hf_weights *weights, wl_error *error);

/* wl_hf_weights_find - the tensor called name, prefix + name, or with the old endings ".gamma" and
 * ".beta" for ".weight" and ".bias"; NULL when there is none. */
const struct wl_safetensor *wl_hf_weights_find(const struct wl_hf_weights *weights,
                                               const char *name);

/* wl_hf_weights_take - the values of the named tensor, as float.
 *   dims           (in)  (n_dims) of values: what we expect.
 *   is_transposed  (in)  the file has them the other way round, (dims[1], dims[0]).
 *   values         (out) (product of dims); may be half written on failure.
 * Errors:  WL_ESCHEMA  missing, another shape, no floating-point numbers.
 *          WL_ERANGE   NaN or infinite.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_hf_weights_take(struct wl_hf_weights *weights, const char *name,
                                           const size_t *dims, size_t n_dims, bool is_transposed,
                                           float *values, wl_error *error);

/* wl_hf_weights_fill - wl_hf_weights_take for a tensor of a model, by the model's own name. */
WL_MUST_CHECK wl_status wl_hf_weights_fill(struct wl_hf_weights *weights,
                                           const struct wl_tensors *tensors,
                                           const struct wl_tensor *tensor, wl_error *error);

/* wl_hf_weights_skip - tensors whose names end like this carry no weights: not told as unused. */
void wl_hf_weights_skip(struct wl_hf_weights *weights, const char *end);

/* wl_hf_weights_first_unused - a tensor that nobody took whose name, without the prefix, begins
 * like this; NULL: there is none. */
const struct wl_safetensor *wl_hf_weights_first_unused(const struct wl_hf_weights *weights,
                                                       const char *begin);

/* wl_hf_weights_tell_unused - one notice with the names of tensors that nobody took. How many. */
size_t wl_hf_weights_tell_unused(const struct wl_hf_weights *weights, const struct wl_sink *sink);

#endif
