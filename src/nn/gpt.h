/* GPT-2: embeddings of token and position, pre-norm causal blocks, and a head that gives every row
 * a score for every next token. The head's weights are the embeddings' own or apart.
 *
 * Life: as BERT's. Names of tensors are Hugging Face's without the leading "transformer."; weights
 * are [out, in], where Hugging Face's GPT-2 files hold the four of each block turned.
 *
 * Scores of a whole batch would be large (1,024 rows of 50,257 are 200 MB), so the head works on
 * WL_GPT_HEAD_ROWS rows at a time, forward and backward at once.
 *
 * Source: Radford, Wu, Child, Luan, Amodei, Sutskever 2019, "Language models are unsupervised
 *         multitask learners". */
#ifndef WL_NN_GPT_H
#define WL_NN_GPT_H
#include "nn/packed_batch.h"
#include "nn/transformer.h"

#define WL_GPT_HEAD_ROWS ((size_t)128)

struct wl_gpt_config {
    struct wl_transformer_shape shape; /* is_causal and is_pre_norm true */
    size_t n_vocabulary;
    size_t n_positions;
    bool is_tied;  /* the head is the token table */
    float dropout; /* of embeddings and branches, in training: 0.1 */
    float attention_dropout;
};

struct wl_gpt {
    struct wl_gpt_config config;
    const wl_alloc *alloc;
    struct wl_tensors tensors;
    struct wl_transformer stack;
    size_t word;     /* offset of (V, C) */
    size_t position; /* (P, C) */
    struct wl_dense head;
    float *logits;  /* (WL_GPT_HEAD_ROWS, V) */
    void *dlogits;  /* (WL_GPT_HEAD_ROWS, V) operand */
    double *losses; /* (WL_GPT_HEAD_ROWS) */
    void *memory;   /* the block these lie in; owned */
};

/* wl_gpt_new - as wl_bert_new; wl_gpt_free and wl_gpt_plan likewise. */
WL_MUST_CHECK wl_status wl_gpt_new(const wl_alloc *alloc, const struct wl_gpt_config *config,
                                   struct wl_gpt **gpt_out, wl_error *error);
void wl_gpt_free(struct wl_gpt *gpt);
WL_MUST_CHECK wl_status wl_gpt_plan(struct wl_gpt *gpt, size_t rows_max, enum wl_number number,
                                    bool is_training, wl_error *error);

/* wl_gpt_forward - without dropout: hidden states in gpt->stack.x (n_rows, C).
 * Errors:  WL_ERANGE  an id the model does not have.  WL_ELIMIT  larger than the plan. */
WL_MUST_CHECK wl_status wl_gpt_forward(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                       const struct wl_packed_batch *batch, wl_error *error);

/* wl_gpt_forward_watched - the same, telling watch each layer's queries, keys and values as
 * struct wl_pass says; what a cache of them is filled from. */
WL_MUST_CHECK wl_status wl_gpt_forward_watched(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                               const struct wl_packed_batch *batch,
                                               void (*watch)(void *context, size_t layer,
                                                             const struct wl_matrix *qkv),
                                               void *context, wl_error *error);

/* wl_gpt_pack - copies of all weights, the head's too, for quicker use; not for training. Call it
 * after weights were loaded and the model was planned. Errors: WL_ENOMEM, WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_gpt_pack(struct wl_gpt *gpt, struct wl_gemm *gemm, wl_error *error);

/* wl_gpt_logits - scores of the next token after rows begin .. begin + n_rows - 1 of the last
 * forward pass, n_rows <= WL_GPT_HEAD_ROWS; they lie in gpt->logits (n_rows, V). */
WL_MUST_CHECK wl_status wl_gpt_logits(struct wl_gpt *gpt, struct wl_gemm *gemm, size_t begin,
                                      size_t n_rows, wl_error *error);

/* wl_gpt_train - forward with dropout, loss, and gradients added to those there are.
 *   targets    (in)  (n_rows) token that should follow each row, or -1: does not count.
 *   scale      (in)  gradient of the whole loss by one row's: 1 / rows that count in the update.
 *   seed,step  (in)  choose what is dropped.
 *   loss       (out) scale times the sum of the rows' losses. */
WL_MUST_CHECK wl_status wl_gpt_train(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                     const struct wl_packed_batch *batch, const int32_t *targets,
                                     double scale, uint64_t seed, uint64_t step, double *loss,
                                     wl_error *error);

#endif
