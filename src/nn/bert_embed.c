/* Sums over rows and lengths are taken in double: a mean of 512 rows then equals the float one of
 * other libraries to the last digits they have in common. */
#include "nn/bert_embed.h"

#include <math.h>
#include <string.h>

enum { ROWS_MAX = 2048, TEXTS_MAX = 256 }; // products are large enough to run at full speed

struct wl_bert_embedder {
    const wl_alloc *alloc;
    struct wl_bert_folder *folder; // borrowed
    struct wl_bert_embed_options options;
    struct wl_gemm *gemm;
    struct wl_packed_batch batch;
    struct wl_ids scratch;
    int32_t *tokens; // (n_tokens_max)
};

struct wl_bert_embed_options wl_bert_embed_options_default(void)
{
    return (struct wl_bert_embed_options){.n_tokens_max = 512, .n_threads = 1};
}

void wl_bert_embedder_free(struct wl_bert_embedder *embedder)
{
    if (embedder != NULL) {
        wl_packed_batch_release(&embedder->batch);
        wl_ids_release(&embedder->scratch);
        wl_gemm_close(embedder->gemm);
        wl_alloc_free(embedder->alloc, embedder->tokens);
        wl_alloc_free(embedder->alloc, embedder);
    }
}

static wl_status embedder_open(struct wl_bert_embedder *e, wl_error *error)
{
    struct wl_bert *bert = e->folder->bert;
    size_t n_positions = bert->config.n_positions;

    if (e->options.n_tokens_max < 2) {
        return wl_fail(error, WL_EINVAL, "texts of up to %zu pieces, wants 2 or more",
                       e->options.n_tokens_max);
    }
    if (e->options.n_tokens_max > n_positions) {
        e->options.n_tokens_max = n_positions;
    }
    size_t n_max = e->options.n_tokens_max;
    size_t rows_max = n_max > ROWS_MAX ? n_max : ROWS_MAX;
    e->tokens = wl_alloc_array(e->alloc, n_max, sizeof(*e->tokens));
    if (e->tokens == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu pieces", n_max);
    }
    WL_TRY(wl_gemm_open(e->alloc, e->options.n_threads, &e->gemm, error));
    WL_TRY(wl_packed_batch_init(&e->batch, e->alloc, rows_max, TEXTS_MAX, error));
    enum wl_number number = e->options.number;
    if (number == WL_S8) {
        number = wl_gemm_has_bf16(e->gemm) ? WL_BF16 : WL_F32;
    }
    WL_TRY(wl_bert_plan(bert, rows_max, TEXTS_MAX, number, false, error));
    return wl_transformer_pack_as(&bert->stack, e->gemm, &bert->tensors, e->options.number, error);
}

wl_status wl_bert_embedder_new(const wl_alloc *alloc, struct wl_bert_folder *folder,
                               const struct wl_bert_embed_options *options,
                               struct wl_bert_embedder **embedder_out, wl_error *error)
{
    struct wl_bert_embedder *embedder = wl_alloc_zeroed(alloc, 1, sizeof(*embedder));

    *embedder_out = NULL;
    if (embedder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for embeddings");
    }
    embedder->alloc = alloc;
    embedder->folder = folder;
    embedder->options = *options;
    wl_ids_init(&embedder->scratch, alloc);
    wl_status status = embedder_open(embedder, error);
    if (status != WL_OK) {
        wl_bert_embedder_free(embedder);
        return status;
    }
    *embedder_out = embedder;
    return WL_OK;
}

void wl_bert_pool_rows(const struct wl_bert *bert, const struct wl_packed_batch *batch,
                       enum wl_bert_pool pool, float *vectors)
{
    size_t c = bert->config.shape.n_channels;

    for (size_t b = 0; b < batch->n_texts; b++) {
        const float *rows = bert->stack.x + batch->starts[b] * c;
        size_t n_rows = pool == WL_POOL_MEAN ? batch->starts[b + 1] - batch->starts[b] : 1;
        if (pool == WL_POOL_POOLED) {
            rows = bert->pooled + b * c;
        }
        for (size_t j = 0; j < c; j++) {
            double sum = 0.0;
            for (size_t i = 0; i < n_rows; i++) {
                sum += (double)rows[i * c + j];
            }
            vectors[b * c + j] = (float)(sum / (double)n_rows);
        }
    }
}

static void normalise(float *vector, size_t n)
{
    double square = 0.0;

    for (size_t j = 0; j < n; j++) {
        square += (double)vector[j] * (double)vector[j];
    }
    double scale = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    for (size_t j = 0; j < n; j++) {
        vector[j] = (float)(scale * (double)vector[j]);
    }
}

// Vectors of the texts in the batch, which is empty afterwards.
static wl_status flush(struct wl_bert_embedder *e, float *vectors, wl_error *error)
{
    const struct wl_bert *bert = e->folder->bert;
    size_t c = bert->config.shape.n_channels;

    if (e->batch.n_texts > 0) {
        WL_TRY(wl_bert_forward(e->folder->bert, e->gemm, &e->batch, error));
        wl_bert_pool_rows(bert, &e->batch, e->options.pool, vectors);
        for (size_t b = 0; !e->options.is_raw && b < e->batch.n_texts; b++) {
            normalise(vectors + b * c, c);
        }
        wl_packed_batch_clear(&e->batch);
    }
    return WL_OK;
}

wl_status wl_bert_embed(struct wl_bert_embedder *e, const struct wl_str *texts, size_t n,
                        float *vectors, wl_error *error)
{
    size_t c = e->folder->bert->config.shape.n_channels;
    size_t n_done = 0;
    size_t n_tokens = 0;

    wl_packed_batch_clear(&e->batch);
    for (size_t i = 0; i < n; i++) {
        WL_TRY(wl_bert_folder_encode(e->folder, texts[i], e->options.n_tokens_max, &e->scratch,
                                     e->tokens, &n_tokens, error));
        wl_status status = wl_packed_batch_add(&e->batch, e->tokens, NULL, n_tokens, error);
        if (status == WL_ELIMIT && e->batch.n_texts > 0) {
            WL_TRY(flush(e, vectors + n_done * c, error));
            n_done = i;
            status = wl_packed_batch_add(&e->batch, e->tokens, NULL, n_tokens, error);
        }
        WL_TRY(status);
    }
    return flush(e, vectors + n_done * c, error);
}
