/* Guessing hidden words: what a BERT learns its language by, from texts without any labels.
 *
 * Of each text about 15 % of the pieces are chosen; of these 80 % become [MASK], 10 % any piece,
 * and 10 % stay as they are. The head scores every piece of the vocabulary for each chosen row:
 *
 *     scores = norm(gelu(dense(hidden row))) W^T + b        W: the word table itself
 *
 * Only chosen rows have a loss, so only they go through the head, WL_BERT_MASK_ROWS at a time:
 * scores of a whole batch would be large.
 *
 * Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1. */
#ifndef WL_NN_BERT_MASK_H
#define WL_NN_BERT_MASK_H
#include "nn/bert.h"

#define WL_BERT_MASK_ROWS ((size_t)128)

/* Working memory of the head. */
struct wl_bert_masker {
    struct wl_bert *bert; /* borrowed; has_mask_head */
    size_t rows_max;      /* chosen rows of a batch */
    size_t *rows;         /* (M) chosen rows, rounded up */
    int32_t *targets;     /* (M) -1 behind the last */
    float *first;         /* (M, C) their hidden states */
    float *dfirst;        /* (M, C) */
    float *up;            /* (H, C) H = WL_BERT_MASK_ROWS; of dense */
    float *inner;         /* (H, C) of GELU */
    float *normed;        /* (H, C) */
    float *stats;         /* (H, 2) */
    float *logits;        /* (H, V) of the last rows; after training their gradient */
    float *dnormed;       /* (H, C) */
    float *dinner;        /* (H, C) */
    float *scratch;       /* (WL_PIECES, max(V, 2 C)) */
    double *losses;       /* (H) */
    void *memory;         /* the block these lie in; owned */
};

/* wl_bert_masker_init - memory for up to rows_max chosen rows. Errors: WL_ECONFIG  the model has no
 * such head.  WL_ENOMEM.
 * wl_bert_masker_release - give it back; a zeroed struct is fine. */
WL_MUST_CHECK wl_status wl_bert_masker_init(struct wl_bert_masker *masker, struct wl_bert *bert,
                                            size_t rows_max, wl_error *error);
void wl_bert_masker_release(struct wl_bert_masker *masker);

/* Chosen rows of a batch and what stood there. */
struct wl_bert_masked {
    const size_t *rows;    /* (n) rows of the batch */
    const int32_t *tokens; /* (n) pieces to be guessed */
    size_t n;
};

/* wl_bert_masker_train - forward with dropout, loss, and gradients added to those there are.
 *   scale      (in)  gradient of the whole loss by one row's: 1 / rows of the update.
 *   seed,step  (in)  choose what is dropped.
 *   loss       (out) scale times the sum of the rows' losses.
 * Errors:  WL_ERANGE  a row or piece that is not there.  WL_ELIMIT  more than planned. */
WL_MUST_CHECK wl_status wl_bert_masker_train(struct wl_bert_masker *masker, struct wl_gemm *gemm,
                                             const struct wl_packed_batch *batch,
                                             const struct wl_bert_masked *masked, double scale,
                                             uint64_t seed, uint64_t step, double *loss,
                                             wl_error *error);

/* wl_bert_masker_measure - the same without dropout and without learning.
 *   loss     (out) sum of the rows' losses.
 *   n_right  (out) rows whose highest score is the piece that stood there. */
WL_MUST_CHECK wl_status wl_bert_masker_measure(struct wl_bert_masker *masker, struct wl_gemm *gemm,
                                               const struct wl_packed_batch *batch,
                                               const struct wl_bert_masked *masked, double *loss,
                                               size_t *n_right, wl_error *error);

/* How to hide. */
struct wl_bert_mask_rule {
    double share;        /* of pieces that are chosen: 0.15 */
    int32_t mask;        /* [MASK] */
    const int32_t *kept; /* (n_kept) pieces that are never chosen: [CLS], [SEP], ... */
    size_t n_kept;
    size_t n_vocabulary;
};

/* wl_bert_mask_tokens - choose pieces of a text and hide them.
 *   rng     (in,out) three draws at most for each piece.
 *   tokens  (in,out) (n) the text.
 *   places  (out) (n) which were chosen, rising.
 *   wanted  (out) (n) what stood there.
 * Returns how many. */
size_t wl_bert_mask_tokens(const struct wl_bert_mask_rule *rule, struct wl_rng *rng,
                           int32_t *tokens, size_t n, size_t *places, int32_t *wanted);

#endif
