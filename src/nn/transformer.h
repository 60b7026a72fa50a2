/* The stack of blocks that BERT and GPT-2 share, forward and backward.
 *
 *     post-norm (BERT)                         pre-norm (GPT-2)
 *     s = x + drop(out(attention(qkv(x))))     s = x + drop(out(attention(qkv(norm1(x)))))
 *     m = norm1(s)                             y = s + drop(down(gelu(up(norm2(s)))))
 *     t = m + drop(down(gelu(up(m))))          after the last block: norm_last(y)
 *     y = norm2(t)
 *
 * The residual stream is float; what feeds a product ("operand") is float or bf16, one choice for
 * the whole stack. Memory is planned once for the largest batch; a step allocates nothing.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762; Devlin et al. 2018, arXiv:1810.04805; Radford et
 * al.
 *         2019 (GPT-2). */
#ifndef WL_NN_TRANSFORMER_H
#define WL_NN_TRANSFORMER_H
#include "nn/dense.h"
#include "nn/kernels.h"

struct wl_transformer_shape {
    size_t n_channels; /* C, a multiple of n_heads */
    size_t n_heads;
    size_t n_inner; /* F, mostly 4 C */
    size_t n_layers;
    enum wl_gelu gelu;
    float eps; /* of the norms: BERT 1e-12, GPT-2 1e-5 */
    bool is_causal;
    bool is_pre_norm;
};

/* Offsets of a layer norm's gain and shift. */
struct wl_norm_place {
    size_t gain;
    size_t shift;
};

struct wl_block {
    struct wl_dense qkv;  /* (3 C, C): rows of q, then k, then v */
    struct wl_dense out;  /* (C, C) */
    struct wl_dense up;   /* (F, C) */
    struct wl_dense down; /* (C, F) */
    struct wl_norm_place norm1;
    struct wl_norm_place norm2;
};

/* What one block keeps for its backward pass. */
struct wl_block_memory {
    float *start;      /* (N, C) stream before a post-norm block, when recomputing; else NULL */
    void *in;          /* (N, C) operand of qkv */
    void *qkv;         /* (N, 3 C) operand */
    float *log_totals; /* (N, H) */
    void *attended;    /* (N, C) operand of out */
    void *middle;      /* (N, C) operand of up */
    void *up;          /* (N, F) before GELU */
    void *inner;       /* (N, F) operand of down */
    float *sums[2];    /* (N, C) what the norms read, in order */
    float *stats[2];   /* (N, 2) */
};

struct wl_transformer {
    struct wl_transformer_shape shape;
    const wl_alloc *alloc;
    bool is_view;                   /* blocks are another stack's: see wl_transformer_view */
    struct wl_block *blocks;        /* (L) owned, but not by a view */
    struct wl_norm_place norm_last; /* pre-norm only */
    enum wl_number number;          /* of operands */
    bool is_training;
    bool recomputes; /* set before planning: see wl_transformer_plan */
    size_t rows_max;
    struct wl_block_memory *kept; /* (L + 1), when not training all the same memory; owned. The last
                                     has only in and sums[0], stats[0] */
    float *x;             /* (N, C) residual stream: input before, output after a forward pass */
    float *dx;            /* (N, C) its gradient: output's before, input's after a backward pass */
    float *branch;        /* (N, C) */
    void *doperand[2];    /* (N, C), (N, C) gradients of operands */
    void *dqkv;           /* (N, 3 C) */
    void *dinner[2];      /* (N, F) */
    float *scratch;       /* (WL_PIECES, max(3 C, F)) */
    void *memory;         /* the block that all of this lies in; owned */
    struct wl_lora *lora; /* adapters on the layers (nn/lora.h), planned with the stack; or NULL;
                             borrowed */
};

/* The words that name a model's tensors, with one %zu for the layer; BERT's and GPT-2's own. */
struct wl_transformer_names {
    const char *qkv;
    const char *out;
    const char *up;
    const char *down;
    const char *norm1;
    const char *norm2;
    const char *norm_last;
};
extern const struct wl_transformer_names wl_names_bert;
extern const struct wl_transformer_names wl_names_gpt;

/* wl_norm_add - append "<name>.weight" and "<name>.bias" of a layer norm of C channels. */
WL_MUST_CHECK wl_status wl_norm_add(struct wl_tensors *tensors, const char *name, size_t n_channels,
                                    struct wl_norm_place *norm, wl_error *error);

/* wl_transformer_init - check the shape and append the stack's tensors.
 * Errors:  WL_ECONFIG  a size of 0 or above its ceiling, or heads that do not divide channels.
 *          WL_ENOMEM, and as wl_tensors_add. Release with wl_transformer_release (zeroed is fine).
 */
WL_MUST_CHECK wl_status wl_transformer_init(struct wl_transformer *t, const wl_alloc *alloc,
                                            const struct wl_transformer_shape *shape,
                                            const struct wl_transformer_names *names,
                                            struct wl_tensors *tensors, wl_error *error);
void wl_transformer_release(struct wl_transformer *t);

/* wl_transformer_view - a stack without a plan on the weights of another one, packed copies too.
 * The other one must outlive it and not be planned or packed again.
 * Errors:  WL_ENOMEM. Release with wl_transformer_release. */
WL_MUST_CHECK wl_status wl_transformer_view(const struct wl_transformer *t,
                                            struct wl_transformer *view, wl_error *error);

/* wl_transformer_plan - memory for batches of up to rows_max rows, rounded up as batches are;
 * replaces an earlier plan.
 *   number       (in) of operands: WL_BF16 needs the tensors' operands block.
 *   is_training  (in) keep what the backward pass needs; else blocks share their memory.
 *   t->recomputes  (in) in training keep only the stream before each block, and let the backward
 *       pass run each block's forward pass again: the same gradients, byte for byte, for about a
 *       third more time. Memory of BERT-base in bf16, per row: 0.5 MiB without, 0.06 with.
 *       Source: Chen, Xu, Zhang, Guestrin 2016, arXiv:1604.06174.
 * Errors:  WL_ENOMEM; the earlier plan is gone. */
WL_MUST_CHECK wl_status wl_transformer_plan(struct wl_transformer *t, size_t rows_max,
                                            enum wl_number number, bool is_training,
                                            wl_error *error);

/* wl_transformer_pack - copies of all weights for quicker use, in the plan's number; training drops
 * them. Call it after weights were loaded or changed. Errors: WL_ENOMEM, WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_transformer_pack(struct wl_transformer *t, struct wl_gemm *gemm,
                                            const struct wl_tensors *tensors, wl_error *error);

/* wl_transformer_pack_as - wl_transformer_pack in the plan's number or in WL_S8: weights of a byte,
 * half the memory to read of bf16's; rows are rounded to int8 before each product. */
WL_MUST_CHECK wl_status wl_transformer_pack_as(struct wl_transformer *t, struct wl_gemm *gemm,
                                               const struct wl_tensors *tensors,
                                               enum wl_number number, wl_error *error);

/* One pass: which rows, and what is dropped. */
struct wl_pass {
    size_t n_rows;
    const size_t *starts; /* (n_texts + 1) */
    size_t n_texts;
    float dropout;           /* of residual branches */
    float attention_dropout; /* of attention's shares */
    uint64_t seed;
    uint64_t step;
    /* Told each layer's queries, keys and values, (n_rows, 3 C), before attention; or NULL. */
    void (*watch)(void *context, size_t layer, const struct wl_matrix *qkv);
    void *watch_context;
    bool is_training; /* adapters drop, too */
};

/* wl_transformer_forward - t->x from the embeddings' to the last hidden states (after norm_last).
 * The last states as an operand lie in t->kept[L].in.
 *   pass  (in) given again, unchanged, to the backward pass. */
WL_MUST_CHECK wl_status wl_transformer_forward(struct wl_transformer *t, struct wl_gemm *gemm,
                                               const struct wl_tensors *tensors,
                                               const struct wl_pass *pass, wl_error *error);

/* wl_transformer_backward - t->dx from the last hidden states' gradient to the embeddings';
 * gradients of all weights are added to. */
WL_MUST_CHECK wl_status wl_transformer_backward(struct wl_transformer *t, struct wl_gemm *gemm,
                                                const struct wl_tensors *tensors,
                                                const struct wl_pass *pass, wl_error *error);

/* wl_transformer_rows - an (n, columns) view of a piece of the plan in the operands' number. */
static inline struct wl_matrix wl_transformer_rows(const struct wl_transformer *t, void *data,
                                                   size_t n_rows, size_t n_columns)
{
    return wl_matrix_of(data, t->number, n_rows, n_columns);
}

#endif
