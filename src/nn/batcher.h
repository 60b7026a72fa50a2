/* Requests of many threads, answered in batches. A model's products are several times as quick for
 * 32 texts together as one by one, so a server's threads hand their texts in here: whoever comes
 * first waits a little for others, runs the batch for all, and everybody takes his own result.
 *
 * While one batch runs, the next one gathers. Texts of a batch are packed, so a text's result is
 * the same whomever it meets (nn/README.md). */
#ifndef WL_NN_BATCHER_H
#define WL_NN_BATCHER_H
#include "nn/bert_embed.h"
#include "nn/packed_batch.h"

struct wl_batcher;

/* wl_batch_fn - what a batch is for: writes n_outputs numbers for each text.
 *   outputs  (out) (batch->n_texts, n_outputs). */
typedef wl_status (*wl_batch_fn)(void *context, const struct wl_packed_batch *batch, float *outputs,
                                 wl_error *error);

struct wl_batcher_options {
    size_t texts_max; /* a batch goes as soon as it has so many texts, */
    size_t rows_max;  /* or no room for the next text's tokens, */
    int64_t wait_us;  /* or when its first text has waited so long and no other batch runs */
    size_t n_outputs; /* numbers for each text */
    wl_batch_fn run;  /* one call at a time, on the thread of some request */
    void *context;    /* of run; kept until wl_batcher_free */
};

/* wl_batcher_new - two empty batches. Errors: WL_EINVAL a number of 0; WL_ENOMEM.
 * wl_batcher_free - when no request is under way; NULL is fine. */
WL_MUST_CHECK wl_status wl_batcher_new(const wl_alloc *alloc,
                                       const struct wl_batcher_options *options,
                                       struct wl_batcher **batcher_out, wl_error *error);
void wl_batcher_free(struct wl_batcher *batcher);

/* wl_batcher_run - one text through the model, together with others.
 *   tokens   (in)  (n_tokens) 1..rows_max of them.
 *   outputs  (out) (n_outputs).
 * Cost:    blocks for wait_us and the model's time for one or two batches; no allocation.
 * Errors:  WL_ELIMIT, WL_EINVAL  tokens that fit no batch.  The batch's failure, to all in it.
 * Threads: any number. */
WL_MUST_CHECK wl_status wl_batcher_run(struct wl_batcher *batcher, const int32_t *tokens,
                                       size_t n_tokens, float *outputs, wl_error *error);

/* What wl_batch_bert works with. The plan must have room for the batcher's largest batch. */
struct wl_batch_bert {
    struct wl_bert *bert;
    struct wl_gemm *gemm;
    enum wl_bert_pool pool;
};

/* wl_batch_bert - a wl_batch_fn for a struct wl_batch_bert: K logits, then the text's vector (C),
 * from one forward pass; n_outputs is K + C. */
wl_status wl_batch_bert(void *context, const struct wl_packed_batch *batch, float *outputs,
                        wl_error *error);

#endif
