/* The weights of a model: one 64-byte-aligned block of floats and a table {name, shape, offset}.
 *
 *     weights    | embeddings.word | layer.0.qkv.weight | layer.0.qkv.bias | ...      float
 *     gradients  | the same layout                                                    float
 *     moments    | the same layout, twice (AdamW's m and v)                           float
 *     operands   | the same layout                                                    bf16
 *
 * A layer keeps offsets, which serve all five blocks. Clipping, stepping, saving and comparing are
 * one loop over a block. Gaps between tensors (up to 15 floats) are zero in every block and stay
 * zero, so loops need not skip them.
 *
 * Life: wl_tensors_init, wl_tensors_add for every tensor, wl_tensors_allocate for the blocks
 * wanted; after the first allocation the table is fixed. */
#ifndef WL_NN_TENSORS_H
#define WL_NN_TENSORS_H
#include "base/alloc.h"
#include "base/rng.h"
#include "base/str.h"

#define WL_TENSOR_DIMS_MAX       4
#define WL_TENSOR_NAME_BYTES_MAX 96 /* with the NUL; "layer.11.attention.qkv.weight" has 29 */

/* What a tensor is for; decides decay and the first values. */
enum wl_tensor_kind {
    WL_TENSOR_WEIGHT = 0, /* of a product [out, in]: decays; normal(0, 0.02) at first */
    WL_TENSOR_TABLE = 1,  /* embeddings [V, C]: decays; normal(0, 0.02) */
    WL_TENSOR_BIAS = 2,   /* does not decay; 0 */
    WL_TENSOR_GAIN = 3    /* of a norm, does not decay; 1 (its shift is a WL_TENSOR_BIAS) */
};

struct wl_tensor {
    char name[WL_TENSOR_NAME_BYTES_MAX];
    enum wl_tensor_kind kind;
    uint32_t group; /* learning-rate group of the optimizer; 0 at first, may be changed any time */
    size_t n_dims;
    size_t dims[WL_TENSOR_DIMS_MAX];
    size_t offset;   /* floats from the start of the block; a multiple of 16 */
    size_t n_values; /* product of dims */
    float *gradient; /* (n_values) in another block, when this one is frozen but the tensor learns;
                        else NULL; borrowed */
};

/* Blocks of a model, for wl_tensors_allocate. */
enum wl_tensor_blocks {
    WL_BLOCK_WEIGHTS = 1,
    WL_BLOCK_GRADIENTS = 2,
    WL_BLOCK_MOMENTS = 4,
    WL_BLOCK_OPERANDS = 8
};

struct wl_tensors {
    const wl_alloc *alloc;
    struct wl_tensor *items; /* (n_tensors) in order of offset; owned */
    size_t n_tensors;
    size_t capacity;
    size_t n_floats;    /* of a block, gaps included; a multiple of 16 */
    float *weights;     /* (n_floats); NULL until allocated, like all below; owned */
    float *gradients;   /* (n_floats) */
    float *moments[2];  /* (n_floats) each */
    uint16_t *operands; /* (n_floats) weights in bf16, for products */
    bool is_frozen;     /* see wl_tensors_freeze */
};

/* wl_tensors_init - an empty table; takes no memory. wl_tensors_release - give all back; a zeroed
 * struct is fine. */
void wl_tensors_init(struct wl_tensors *tensors, const wl_alloc *alloc);
void wl_tensors_release(struct wl_tensors *tensors);

/* wl_tensors_add - append a tensor.
 *   dims    (in)  (n_dims) sizes, each > 0; n_dims 1..WL_TENSOR_DIMS_MAX.
 *   offset  (out) where it starts in every block, in floats.
 *   format  (in)  its name, as for printf; unique.
 * Errors:  WL_EEXIST  the name is taken.  WL_EINVAL  no dims, a dim of 0, or a name too long.
 *          WL_ELIMIT  more than WL_MODEL_FLOATS_MAX.  WL_ENOMEM. Nothing is changed. */
WL_MUST_CHECK wl_status wl_tensors_add(struct wl_tensors *tensors, enum wl_tensor_kind kind,
                                       const size_t *dims, size_t n_dims, size_t *offset,
                                       wl_error *error, const char *format, ...) WL_PRINTF(7, 8);

/* wl_tensors_allocate - zeroed memory for these blocks (wl_tensor_blocks, or-ed); one that is there
 * is kept. Errors: WL_ENOMEM; blocks made so far stay and are released with the rest. */
WL_MUST_CHECK wl_status wl_tensors_allocate(struct wl_tensors *tensors, unsigned blocks,
                                            wl_error *error);

/* wl_tensors_freeze - gradients and moments are given back and wl_tensors_allocate makes none from
 * now on: the weights stay as they are while something beside them learns (nn/lora.h). */
void wl_tensors_freeze(struct wl_tensors *tensors);

/* wl_tensors_gradient - where the gradient of the tensor at this offset is added up; NULL: nowhere,
 * it does not learn. Cost: O(log n_tensors) in a frozen block, else O(1). */
float *wl_tensors_gradient(const struct wl_tensors *tensors, size_t offset);

/* wl_tensors_find - the tensor of this name, or NULL. Cost: O(n_tensors). */
struct wl_tensor *wl_tensors_find(const struct wl_tensors *tensors, struct wl_str name);

/* wl_tensors_at - the tensor that starts at this offset. Cost: O(log n_tensors). */
struct wl_tensor *wl_tensors_at(const struct wl_tensors *tensors, size_t offset);

/* wl_tensors_start - first values of all weights, by kind; tensor i draws from stream i of seed,
 * so one more tensor changes no other.
 *   deviation  (in) of weights and tables; BERT and GPT-2 take 0.02. */
void wl_tensors_start(struct wl_tensors *tensors, uint64_t seed, double deviation);

/* wl_tensor_start - first values of one of them, the same as wl_tensors_start gives it. */
void wl_tensor_start(struct wl_tensors *tensors, const struct wl_tensor *tensor, uint64_t seed,
                     double deviation);

/* wl_tensors_refresh - operands = weights rounded to bf16; nothing to do without operands. */
void wl_tensors_refresh(struct wl_tensors *tensors);

/* wl_tensors_count - numbers the model learns: values of all tensors, gaps not counted. */
size_t wl_tensors_count(const struct wl_tensors *tensors);

#endif
