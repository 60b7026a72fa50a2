/* BERT: embeddings of word, position and segment, post-norm blocks, a pooler on each text's first
 * row and one head, of classes (softmax) or of labels that hold or not (sigmoid each).
 *
 * Life: wl_bert_new, weights from a folder or wl_tensors_start(&bert->tensors, ...), wl_bert_plan,
 * then any number of wl_bert_forward, or of wl_bert_train and wl_optimizer_step.
 *
 * Names of tensors are Hugging Face's without the leading "bert."; the three matrices query, key,
 * value lie in one, "attention.self.qkv", in this order of rows.
 *
 * Source: Devlin, Chang, Lee, Toutanova 2018, arXiv:1810.04805. */
#ifndef WL_NN_BERT_H
#define WL_NN_BERT_H
#include "nn/packed_batch.h"
#include "nn/transformer.h"

struct wl_bert_config {
    struct wl_transformer_shape shape; /* is_causal and is_pre_norm false */
    size_t n_vocabulary;
    size_t n_positions;
    size_t n_segments;
    size_t n_labels; /* K of the head; 0: no head, hidden states only */
    bool is_multi_label;
    bool has_mask_head; /* guesses hidden words: see nn/bert_mask.h */
    float dropout;      /* of embeddings, branches and the pooled row, in training: 0.1 */
    float attention_dropout;
};

struct wl_bert {
    struct wl_bert_config config;
    const wl_alloc *alloc;
    bool is_view;              /* tensors are another BERT's: see wl_bert_view */
    struct wl_tensors tensors; /* owned, but not by a view */
    struct wl_transformer stack;
    size_t word;     /* offset of (V, C) */
    size_t position; /* (P, C) */
    size_t segment;  /* (S, C) */
    struct wl_norm_place norm;
    struct wl_dense pooler;
    struct wl_dense head;
    struct wl_dense mask_dense; /* has_mask_head: (C, C), GELU, */
    struct wl_norm_place mask_norm;
    struct wl_dense mask_words; /* (V, C) the word table itself, with a bias of its own */
    size_t texts_max;
    float *embedded;   /* (N, C) before the norm */
    float *stats;      /* (N, 2) */
    float *first;      /* (B, C) first rows */
    float *pooled;     /* (B, C) tanh(pooler(first)) */
    float *dropped;    /* (B, C) what the head reads */
    float *logits;     /* (B, K) */
    float *dlogits;    /* (B, K) */
    float *dpooled[2]; /* (B, C) each */
    float *scratch;    /* (WL_PIECES, max(C, K)) */
    double *losses;    /* (B) */
    void *memory;      /* the block these lie in; owned */
};

/* wl_bert_new - a BERT with its weights, all zero. Errors: WL_ECONFIG, WL_ENOMEM.
 * wl_bert_free - give all back; NULL is fine. */
WL_MUST_CHECK wl_status wl_bert_new(const wl_alloc *alloc, const struct wl_bert_config *config,
                                    struct wl_bert **bert_out, wl_error *error);
void wl_bert_free(struct wl_bert *bert);

/* wl_bert_plan - memory for batches of up to rows_max rows and texts_max texts; replaces an earlier
 * plan. Training adds gradients and moments; WL_BF16 adds bf16 weights. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_bert_plan(struct wl_bert *bert, size_t rows_max, size_t texts_max,
                                     enum wl_number number, bool is_training, wl_error *error);

/* wl_bert_view - another working memory on the weights of a BERT that is planned for use, so that
 * threads share them: the same numbers, a batch of its own. The BERT must outlive its views and
 * neither learn nor be planned or packed again.
 * Errors:  WL_ENOMEM. Free with wl_bert_free. */
WL_MUST_CHECK wl_status wl_bert_view(const struct wl_bert *bert, size_t rows_max, size_t texts_max,
                                     struct wl_bert **view_out, wl_error *error);

/* wl_bert_forward - without dropout: hidden states in bert->stack.x (n_rows, C), of each text the
 * pooled row in bert->pooled and logits in bert->logits (n_texts, K).
 * Errors:  WL_ERANGE  an id the model does not have.  WL_ELIMIT  larger than the plan. */
WL_MUST_CHECK wl_status wl_bert_forward(struct wl_bert *bert, struct wl_gemm *gemm,
                                        const struct wl_packed_batch *batch, wl_error *error);

/* What a training batch should say: classes, or labels when the model is multi-label. */
struct wl_targets {
    const int32_t *classes; /* (n_texts) 0..K-1, or -1: does not count */
    const float *labels;    /* (n_texts, K) 0..1 */
    const float *weights;   /* (K) of each class or label, or NULL */
};

/* wl_bert_loss - losses of the last forward pass's texts, in bert->losses; their gradient, times
 * scale, in bert->dlogits.
 *   loss  (out) scale times the sum of the texts' losses.
 * Errors:  WL_ERANGE  a class the model does not have. */
WL_MUST_CHECK wl_status wl_bert_loss(struct wl_bert *bert, const struct wl_packed_batch *batch,
                                     const struct wl_targets *targets, double scale, double *loss,
                                     wl_error *error);

/* wl_bert_train - forward with dropout, loss, and gradients added to those there are.
 *   scale      (in)  gradient of the whole loss by one text's: 1 / texts of the update. A
 *   multi-label
 *                    loss is the mean over labels, too, as PyTorch's is.
 *   seed,step  (in)  choose what is dropped; the same pair drops the same.
 *   loss       (out) scale times the sum of the texts' losses. */
WL_MUST_CHECK wl_status wl_bert_train(struct wl_bert *bert, struct wl_gemm *gemm,
                                      const struct wl_packed_batch *batch,
                                      const struct wl_targets *targets, double scale, uint64_t seed,
                                      uint64_t step, double *loss, wl_error *error);

#endif
