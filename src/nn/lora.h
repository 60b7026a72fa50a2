/* Low-rank adapters (LoRA): beside a frozen dense layer, y = x W^T + b, two small matrices learn,
 *
 *     y += s (drop(x) A^T) B^T        A (r, n_in), B (n_out, r), s = alpha / r
 *
 * or s = alpha / sqrt(r), rank-stabilised. A starts random and B zero, so training starts at the
 * model itself. The model's own weights get no gradients and no moments: that is the memory saved.
 *
 * The adapters are a wl_tensors of their own, so optimizer, clipping and checkpoints work as
 * always - on that block. Parts of the model that shall learn, too ("unfrozen") have a copy there;
 * every forward pass takes it over into the model.
 *
 *     block of the adapters | h.0.attn.c_attn.lora_A | ..lora_B | ... | copies of unfrozen parts |
 *                              group WL_LORA_ADAPTERS                    WL_LORA_BASE, or fresh
 *
 * Our query, key and value are one layer, qkv; an adapter of "query" is one of its upper third of
 * rows. Names are Hugging Face's, targets match as PEFT's do: the whole name or its last words.
 *
 * Life: the model with its weights, places of it (nn/lora_places.h), wl_lora_new, which fastens the
 * adapters to the model; then wl_bert_plan or wl_gpt_plan and the usual calls. wl_lora_free before
 * the model is freed.
 *
 * Source: Hu et al. 2021, arXiv:2106.09685; rank-stabilised: Kalajdzievski 2023, arXiv:2312.03732;
 *         names and first values: Hugging Face PEFT 0.13-0.18. */
#ifndef WL_NN_LORA_H
#define WL_NN_LORA_H
#include "base/arena.h"
#include "nn/lora_places.h"
#include "nn/optimizer.h"

/* Groups of the optimizer. */
enum wl_lora_group {
    WL_LORA_ADAPTERS = 0, /* and fresh layers */
    WL_LORA_BASE = 1      /* unfrozen ones */
};

struct wl_lora_options {
    size_t r;
    double alpha;
    double dropout;
    bool is_rank_stabilised;
    struct wl_lora_names targets;  /* none: the model's preset */
    struct wl_lora_names unfrozen; /* "head", "embeddings", or names that tensors begin with */
    struct wl_lora_names fresh;    /* likewise, but new, so they learn at the adapters' rate */
    uint64_t seed;                 /* first values of A */
};

/* One pair of matrices. */
struct wl_lora_part {
    char module[WL_TENSOR_NAME_BYTES_MAX]; /* "encoder.layer.0.attention.self.query" */
    size_t a;                              /* offset of (r, n_in) in the adapters' block */
    size_t b;                              /* of (n_rows, r) */
    size_t r;
    size_t n_in;
    size_t row_begin; /* of the layer's outputs */
    size_t n_rows;
    float scale;
    bool is_turned; /* Hugging Face keeps this weight as [in, out] */
};

/* The parts on one dense layer. */
struct wl_lora_layer {
    struct wl_lora *lora;
    struct wl_dense *dense;
    size_t first; /* part */
    size_t n;
    float *kept; /* (n_out, n_in) the layer's weights while merged, else NULL; owned */
};

/* A tensor of the model that learns. */
struct wl_lora_guest {
    size_t base; /* offset in the model's block */
    size_t here; /* in the adapters' */
    size_t n_values;
};

struct wl_lora {
    const wl_alloc *alloc;
    struct wl_transformer *stack;
    struct wl_tensors *base;
    struct wl_tensors tensors;
    struct wl_lora_part *parts; /* (n_parts) in the order of the model's layers; owned */
    size_t n_parts;
    struct wl_lora_layer *layers; /* (n_layers) owned */
    size_t n_layers;
    struct wl_lora_guest *guests; /* (n_guests) owned */
    size_t n_guests;
    const char *prefix;    /* of module names in Hugging Face's models: "bert.", "transformer." */
    struct wl_arena arena; /* the names below */
    struct wl_lora_names targets; /* as they were given, aliases resolved */
    size_t r;
    double alpha;
    double dropout;
    bool is_rank_stabilised;
    bool is_merged;
    float dropout_now; /* of the pass under way */
    uint64_t seed;
    uint64_t step;
    size_t rows_max;
    float *dropped; /* (N, widest n_in) what A reads */
    float *slope;   /* (N, widest n_in) */
    float *middle;  /* (N, r) products with A or B */
    void *operand;  /* (N, r) the same in the rows' number */
    void *memory;   /* the block these lie in; owned */
};

/* wl_lora_options_default - r 16, alpha 32, dropout 0.1, preset targets, nothing unfrozen, seed 1.
 */
struct wl_lora_options wl_lora_options_default(void);

/* wl_lora_new - adapters with first values on the places that match, fastened to the model, which
 * is frozen: its gradients and moments are given back. Plan the model afterwards.
 *   places  (in) of a model without adapters; not needed afterwards.
 * Errors:  WL_ECONFIG  a target or a name to unfreeze that the model does not have: lists what it
 *                      has; a size, alpha or dropout out of range.
 *          WL_EEXIST   the model has adapters.  WL_ENOMEM. The model is as before. */
WL_MUST_CHECK wl_status wl_lora_new(const wl_alloc *alloc, const struct wl_lora_places *places,
                                    const struct wl_lora_options *options,
                                    struct wl_lora **lora_out, wl_error *error);

/* wl_lora_free - take the adapters off and give all back; NULL is fine. The model stays frozen, and
 * merged when it was. */
void wl_lora_free(struct wl_lora *lora);

/* wl_lora_rates - let the optimizer move adapters by adapter_rate and unfrozen parts by base_rate
 * (1e-4 and 1e-6 are usual), both at their peak. */
void wl_lora_rates(struct wl_optimizer_options *options, double adapter_rate, double base_rate);

/* wl_lora_trained - the block that learns: the adapters', or the model's own without any. */
static inline struct wl_tensors *wl_lora_trained(struct wl_lora *lora, struct wl_tensors *base)
{
    return lora != NULL ? &lora->tensors : base;
}

/* What a person wants to know before training. */
struct wl_lora_facts {
    size_t n_trained;   /* values that learn */
    size_t n_values;    /* of model and adapters, copies not counted twice */
    double share;       /* n_trained / n_values */
    size_t state_bytes; /* gradients and both moments of the adapters' block */
    size_t saved_bytes; /* less than training the whole model by so many */
};

/* wl_lora_facts - the numbers above. Cost: O(tensors). */
struct wl_lora_facts wl_lora_facts(const struct wl_lora *lora);

/* wl_lora_plan - memory for so many rows; the stack's plan calls it. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_lora_plan(struct wl_lora *lora, size_t rows_max, enum wl_number number,
                                     bool is_training, wl_error *error);

/* wl_lora_begin - before a forward pass: what is dropped in it, and what is unfrozen goes into the
 * model. NULL is fine. wl_lora_settle - the latter alone, before weights are saved. */
void wl_lora_begin(struct wl_lora *lora, const struct wl_pass *pass);
void wl_lora_settle(struct wl_lora *lora);

/* wl_lora_forward - y += what the layer's parts say of x. wl_lora_backward - gradients += those of
 * A and B; dx += theirs, unless NULL. Called by the dense layer; shapes as there. */
WL_MUST_CHECK wl_status wl_lora_forward(const struct wl_lora_layer *layer, struct wl_gemm *gemm,
                                        const struct wl_matrix *x, const struct wl_matrix *y,
                                        wl_error *error);
WL_MUST_CHECK wl_status wl_lora_backward(const struct wl_lora_layer *layer, struct wl_gemm *gemm,
                                         const struct wl_matrix *x, const struct wl_matrix *dy,
                                         const struct wl_matrix *dx, wl_error *error);

/* wl_lora_merge - W += s B A in the model's weights; the adapters rest. wl_lora_unmerge - the same
 * bytes as before. Packed copies of changed weights are dropped.
 * Cost:    a copy of the changed weights is kept.
 * Errors:  WL_ENOMEM; nothing is changed. */
WL_MUST_CHECK wl_status wl_lora_merge(struct wl_lora *lora, wl_error *error);
void wl_lora_unmerge(struct wl_lora *lora);

#endif
