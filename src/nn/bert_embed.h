/* Texts as vectors: one per text, from the hidden states of a BERT. Texts are packed into batches,
 * so none is padded. */
#ifndef WL_NN_BERT_EMBED_H
#define WL_NN_BERT_EMBED_H
#include "nn/bert_folder.h"

/* Which vector stands for a text. */
enum wl_bert_pool {
    WL_POOL_MEAN = 0,  /* mean of all its rows, [CLS] and [SEP] too, as sentence-transformers do */
    WL_POOL_CLS = 1,   /* the row of [CLS] */
    WL_POOL_POOLED = 2 /* tanh of the pooler on the row of [CLS] */
};

struct wl_bert_embed_options {
    enum wl_bert_pool pool;
    bool is_raw;           /* leave lengths as they are; else every vector has length 1 */
    size_t n_tokens_max;   /* texts are cut to so many pieces; at most the model's positions */
    enum wl_number number; /* WL_S8: weights of a byte, all else as the processor likes it */
    size_t n_threads;
};

struct wl_bert_embedder;

/* wl_bert_embed_options_default - mean, length 1, 512 pieces, float, one thread. */
struct wl_bert_embed_options wl_bert_embed_options_default(void);

/* wl_bert_embedder_new - plan and pack the folder's model for embedding.
 *   folder  (in,out) kept until wl_bert_embedder_free; its plan is replaced.
 * Errors:  WL_EINVAL  n_tokens_max below 2.  WL_ELIBRARY, WL_ENOMEM.
 * Free with wl_bert_embedder_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_bert_embedder_new(const wl_alloc *alloc, struct wl_bert_folder *folder,
                                             const struct wl_bert_embed_options *options,
                                             struct wl_bert_embedder **embedder_out,
                                             wl_error *error);
void wl_bert_embedder_free(struct wl_bert_embedder *embedder);

/* wl_bert_embed - vectors of texts.
 *   texts    (in)  (n).
 *   vectors  (out) (n, C). A vector whose length is 0 stays 0.
 * Cost:    one forward pass per batch of up to 2,048 rows; batches follow the order of texts.
 * Errors:  as wl_bert_folder_encode.
 * Threads: one call at a time; it runs on n_threads. */
WL_MUST_CHECK wl_status wl_bert_embed(struct wl_bert_embedder *embedder, const struct wl_str *texts,
                                      size_t n, float *vectors, wl_error *error);

/* wl_bert_pool_rows - the vectors of a batch after wl_bert_forward.
 *   vectors  (out) (batch->n_texts, C), their lengths left as they are. */
void wl_bert_pool_rows(const struct wl_bert *bert, const struct wl_packed_batch *batch,
                       enum wl_bert_pool pool, float *vectors);

#endif
