/* Embeddings and head around the stack. The head works on one row per text, so it stays in float.
 */
#include "nn/bert.h"

#include "nn/bert_inside.h"
#include "nn/carve.h"
#include "nn/lora.h"

// The head of masked words scores every word by its own vector.
static wl_status add_mask_head(struct wl_bert *bert, wl_error *error)
{
    const struct wl_bert_config *c = &bert->config;
    size_t width = c->shape.n_channels;
    struct wl_tensors *t = &bert->tensors;

    WL_TRY(wl_dense_add(t, "cls.predictions.transform.dense", width, width, true, &bert->mask_dense,
                        error));
    WL_TRY(wl_norm_add(t, "cls.predictions.transform.LayerNorm", width, &bert->mask_norm, error));
    bert->mask_words = (struct wl_dense){
        .weight = bert->word, .n_in = width, .n_out = c->n_vocabulary, .has_bias = true};
    return wl_tensors_add(t, WL_TENSOR_BIAS, &c->n_vocabulary, 1, &bert->mask_words.bias, error,
                          "cls.predictions.bias");
}

static wl_status add_tensors(struct wl_bert *bert, wl_error *error)
{
    const struct wl_bert_config *c = &bert->config;
    size_t width = c->shape.n_channels;
    const size_t word[2] = {c->n_vocabulary, width};
    const size_t position[2] = {c->n_positions, width};
    const size_t segment[2] = {c->n_segments, width};
    struct wl_tensors *t = &bert->tensors;

    WL_TRY(wl_tensors_add(t, WL_TENSOR_TABLE, word, 2, &bert->word, error,
                          "embeddings.word_embeddings.weight"));
    WL_TRY(wl_tensors_add(t, WL_TENSOR_TABLE, position, 2, &bert->position, error,
                          "embeddings.position_embeddings.weight"));
    WL_TRY(wl_tensors_add(t, WL_TENSOR_TABLE, segment, 2, &bert->segment, error,
                          "embeddings.token_type_embeddings.weight"));
    WL_TRY(wl_norm_add(t, "embeddings.LayerNorm", width, &bert->norm, error));
    WL_TRY(wl_transformer_init(&bert->stack, bert->alloc, &c->shape, &wl_names_bert, t, error));
    WL_TRY(wl_dense_add(t, "pooler.dense", width, width, true, &bert->pooler, error));
    if (c->n_labels > 0) {
        WL_TRY(wl_dense_add(t, "classifier", width, c->n_labels, true, &bert->head, error));
    }
    if (c->has_mask_head) {
        WL_TRY(add_mask_head(bert, error));
    }
    return wl_tensors_allocate(t, WL_BLOCK_WEIGHTS, error);
}

wl_status wl_bert_new(const wl_alloc *alloc, const struct wl_bert_config *config,
                      struct wl_bert **bert_out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_bert *bert = wl_alloc_zeroed(alloc, 1, sizeof(*bert));

    *bert_out = NULL;
    if (bert == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a BERT");
    }
    bert->alloc = alloc;
    bert->config = *config;
    wl_tensors_init(&bert->tensors, alloc);
    if (config->shape.is_causal || config->shape.is_pre_norm) {
        status = wl_fail(error, WL_ECONFIG, "BERT is neither causal nor pre-norm");
        goto done;
    }
    WL_GO(add_tensors(bert, error));
    *bert_out = bert;
    bert = NULL;
done:
    wl_bert_free(bert);
    return status;
}

void wl_bert_free(struct wl_bert *bert)
{
    if (bert != NULL) {
        wl_transformer_release(&bert->stack);
        if (!bert->is_view) {
            wl_tensors_release(&bert->tensors);
        }
        wl_alloc_aligned_free(bert->alloc, bert->memory);
        wl_alloc_free(bert->alloc, bert);
    }
}

static void carve_all(struct wl_bert *bert, size_t n_rows, size_t n_texts, struct wl_carve *carve)
{
    size_t c = bert->config.shape.n_channels;
    size_t k = bert->config.n_labels;

    bert->embedded = wl_carve_bytes(carve, n_rows * c, sizeof(float));
    bert->stats = wl_carve_bytes(carve, n_rows * 2, sizeof(float));
    bert->first = wl_carve_bytes(carve, n_texts * c, sizeof(float));
    bert->pooled = wl_carve_bytes(carve, n_texts * c, sizeof(float));
    bert->dropped = wl_carve_bytes(carve, n_texts * c, sizeof(float));
    bert->dpooled[0] = wl_carve_bytes(carve, n_texts * c, sizeof(float));
    bert->dpooled[1] = wl_carve_bytes(carve, n_texts * c, sizeof(float));
    bert->logits = wl_carve_bytes(carve, n_texts * k, sizeof(float));
    bert->dlogits = wl_carve_bytes(carve, n_texts * k, sizeof(float));
    bert->scratch = wl_carve_bytes(carve, (size_t)WL_PIECES * (c > k ? c : k), sizeof(float));
    bert->losses = wl_carve_bytes(carve, n_texts, sizeof(double));
}

// Working memory of embeddings and head, beside the stack's.
static wl_status plan_around(struct wl_bert *bert, size_t texts_max, wl_error *error)
{
    struct wl_carve carve = {0};

    bert->texts_max = 0;
    wl_alloc_aligned_free(bert->alloc, bert->memory);
    carve_all(bert, bert->stack.rows_max, texts_max, &carve);
    bert->memory = wl_alloc_aligned(bert->alloc, carve.n_bytes, 1);
    if (bert->memory == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a batch of %zu rows: %zu MiB",
                       bert->stack.rows_max, carve.n_bytes >> 20);
    }
    carve = (struct wl_carve){.base = bert->memory};
    carve_all(bert, bert->stack.rows_max, texts_max, &carve);
    bert->texts_max = texts_max;
    return WL_OK;
}

wl_status wl_bert_plan(struct wl_bert *bert, size_t rows_max, size_t texts_max,
                       enum wl_number number, bool is_training, wl_error *error)
{
    unsigned blocks = (is_training ? WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS : 0U) |
                      (number == WL_BF16 ? (unsigned)WL_BLOCK_OPERANDS : 0U);

    WL_ASSERT(!bert->is_view);
    bert->texts_max = 0;
    WL_TRY(wl_tensors_allocate(&bert->tensors, blocks, error));
    WL_TRY(wl_transformer_plan(&bert->stack, rows_max, number, is_training, error));
    WL_TRY(plan_around(bert, texts_max, error));
    wl_tensors_refresh(&bert->tensors);
    return WL_OK;
}

wl_status wl_bert_view(const struct wl_bert *bert, size_t rows_max, size_t texts_max,
                       struct wl_bert **view_out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_bert *view = wl_alloc_zeroed(bert->alloc, 1, sizeof(*view));

    if (view == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a BERT");
    }
    *view = (struct wl_bert){.config = bert->config,
                             .alloc = bert->alloc,
                             .is_view = true,
                             .tensors = bert->tensors,
                             .word = bert->word,
                             .position = bert->position,
                             .segment = bert->segment,
                             .norm = bert->norm,
                             .pooler = bert->pooler,
                             .head = bert->head,
                             .mask_dense = bert->mask_dense,
                             .mask_norm = bert->mask_norm,
                             .mask_words = bert->mask_words};
    WL_GO(wl_transformer_view(&bert->stack, &view->stack, error));
    WL_GO(wl_transformer_plan(&view->stack, rows_max, bert->stack.number, false, error));
    WL_GO(plan_around(view, texts_max, error));
    *view_out = view;
    view = NULL;
done:
    wl_bert_free(view);
    return status;
}

// Places of dropout around the stack, behind those of its layers.
enum { DROP_EMBEDDINGS = 1000000, DROP_POOLED = 1000001 };

static struct wl_matrix rows_of(const struct wl_bert *bert, float *data, size_t n_rows)
{
    return wl_matrix_of(data, WL_F32, n_rows, bert->config.shape.n_channels);
}

static wl_status check_batch(const struct wl_bert *bert, const struct wl_packed_batch *batch,
                             wl_error *error)
{
    const struct wl_bert_config *c = &bert->config;

    if (batch->n_rows > bert->stack.rows_max || batch->n_texts > bert->texts_max) {
        return wl_fail(error, WL_ELIMIT, "batch of %zu rows and %zu texts, planned for %zu and %zu",
                       batch->n_rows, batch->n_texts, bert->stack.rows_max, bert->texts_max);
    }
    return wl_packed_batch_check(batch, c->n_vocabulary, c->n_positions, c->n_segments, error);
}

static void embed(struct wl_bert *bert, const struct wl_packed_batch *batch,
                  const struct wl_pass *pass)
{
    const float *w = bert->tensors.weights;
    struct wl_matrix sum = rows_of(bert, bert->embedded, batch->n_rows);
    struct wl_matrix normed = rows_of(bert, bert->stack.branch, batch->n_rows);
    struct wl_matrix x = rows_of(bert, bert->stack.x, batch->n_rows);

    wl_embedding_forward(w + bert->word, batch->tokens, false, &sum);
    wl_embedding_forward(w + bert->position, batch->positions, true, &sum);
    wl_embedding_forward(w + bert->segment, batch->segments, true, &sum);
    wl_norm_forward(&sum, w + bert->norm.gain, w + bert->norm.shift, bert->config.shape.eps,
                    &normed, NULL, bert->stats);
    wl_dropout_apply(wl_dropout_at(pass->dropout, pass->seed, pass->step, DROP_EMBEDDINGS), &normed,
                     &x);
}

static wl_status pool(struct wl_bert *bert, struct wl_gemm *gemm,
                      const struct wl_packed_batch *batch, const struct wl_pass *pass,
                      wl_error *error)
{
    struct wl_matrix x = rows_of(bert, bert->stack.x, batch->n_rows);
    struct wl_matrix first = rows_of(bert, bert->first, batch->n_texts);
    struct wl_matrix pooled = rows_of(bert, bert->pooled, batch->n_texts);
    struct wl_matrix dropped = rows_of(bert, bert->dropped, batch->n_texts);
    struct wl_matrix logits =
        wl_matrix_of(bert->logits, WL_F32, batch->n_texts, bert->config.n_labels);

    wl_rows_gather(&x, batch->starts, &first);
    WL_TRY(wl_dense_forward(gemm, &bert->tensors, &bert->pooler, &first, &dropped, error));
    wl_tanh_forward(&dropped, &pooled);
    wl_dropout_apply(wl_dropout_at(pass->dropout, pass->seed, pass->step, DROP_POOLED), &pooled,
                     &dropped);
    return bert->config.n_labels == 0
               ? WL_OK
               : wl_dense_forward(gemm, &bert->tensors, &bert->head, &dropped, &logits, error);
}

wl_status wl_bert_stack_forward(struct wl_bert *bert, struct wl_gemm *gemm,
                                const struct wl_packed_batch *batch, const struct wl_pass *pass,
                                wl_error *error)
{
    WL_TRY(check_batch(bert, batch, error));
    wl_lora_begin(bert->stack.lora, pass);
    embed(bert, batch, pass);
    return wl_transformer_forward(&bert->stack, gemm, &bert->tensors, pass, error);
}

static wl_status forward(struct wl_bert *bert, struct wl_gemm *gemm,
                         const struct wl_packed_batch *batch, const struct wl_pass *pass,
                         wl_error *error)
{
    WL_TRY(wl_bert_stack_forward(bert, gemm, batch, pass, error));
    return pool(bert, gemm, batch, pass, error);
}

wl_status wl_bert_forward(struct wl_bert *bert, struct wl_gemm *gemm,
                          const struct wl_packed_batch *batch, wl_error *error)
{
    const struct wl_pass pass = {
        .n_rows = batch->n_rows, .starts = batch->starts, .n_texts = batch->n_texts};

    return forward(bert, gemm, batch, &pass, error);
}

wl_status wl_bert_loss(struct wl_bert *bert, const struct wl_packed_batch *batch,
                       const struct wl_targets *targets, double scale, double *loss,
                       wl_error *error)
{
    size_t k = bert->config.n_labels;
    struct wl_matrix logits = wl_matrix_of(bert->logits, WL_F32, batch->n_texts, k);
    struct wl_matrix dlogits = wl_matrix_of(bert->dlogits, WL_F32, batch->n_texts, k);
    double sum = 0.0;

    if (bert->config.is_multi_label) {
        // The kernel only reads its targets; a matrix has no const.
        union {
            const float *read;
            float *data;
        } labels = {.read = targets->labels};
        struct wl_matrix wanted = wl_matrix_of(labels.data, WL_F32, batch->n_texts, k);
        scale /= (double)k;
        wl_binary_cross_entropy(&logits, &wanted, targets->weights, (float)scale, bert->losses,
                                &dlogits);
    } else {
        for (size_t b = 0; b < batch->n_texts; b++) {
            if (targets->classes[b] >= 0 && (size_t)targets->classes[b] >= k) {
                return wl_fail(error, WL_ERANGE, "class %d of text %zu, model has %zu",
                               targets->classes[b], b, k);
            }
        }
        wl_cross_entropy(&logits, targets->classes, targets->weights, (float)scale, bert->losses,
                         &dlogits);
    }
    for (size_t b = 0; b < batch->n_texts; b++) {
        sum += bert->losses[b];
    }
    *loss = scale * sum;
    return WL_OK;
}

// From dlogits to stack.dx.
static wl_status pool_back(struct wl_bert *bert, struct wl_gemm *gemm,
                           const struct wl_packed_batch *batch, const struct wl_pass *pass,
                           wl_error *error)
{
    struct wl_matrix first = rows_of(bert, bert->first, batch->n_texts);
    struct wl_matrix pooled = rows_of(bert, bert->pooled, batch->n_texts);
    struct wl_matrix dropped = rows_of(bert, bert->dropped, batch->n_texts);
    struct wl_matrix d0 = rows_of(bert, bert->dpooled[0], batch->n_texts);
    struct wl_matrix d1 = rows_of(bert, bert->dpooled[1], batch->n_texts);
    struct wl_matrix dx = rows_of(bert, bert->stack.dx, batch->n_rows);
    struct wl_matrix dlogits =
        wl_matrix_of(bert->dlogits, WL_F32, batch->n_texts, bert->config.n_labels);
    float *scratch = bert->scratch;

    WL_TRY(wl_dense_backward(gemm, &bert->tensors, &bert->head, &dropped, &dlogits, false, &d0,
                             scratch, error));
    wl_dropout_apply(wl_dropout_at(pass->dropout, pass->seed, pass->step, DROP_POOLED), &d0, &d1);
    wl_tanh_backward(&pooled, &d1, &d0);
    WL_TRY(wl_dense_backward(gemm, &bert->tensors, &bert->pooler, &first, &d0, false, &d1, scratch,
                             error));
    wl_rows_scatter(&d1, batch->starts, &dx);
    return WL_OK;
}

static void table_back(const struct wl_bert *bert, const struct wl_matrix *dy, const int32_t *ids,
                       size_t table)
{
    float *gradient = wl_tensors_gradient(&bert->tensors, table);

    if (gradient != NULL) {
        wl_embedding_backward(dy, ids, gradient);
    }
}

static void embed_back(struct wl_bert *bert, const struct wl_packed_batch *batch,
                       const struct wl_pass *pass)
{
    const struct wl_tensors *t = &bert->tensors;
    struct wl_matrix dx = rows_of(bert, bert->stack.dx, batch->n_rows);
    struct wl_matrix dnormed = rows_of(bert, bert->stack.branch, batch->n_rows);
    struct wl_matrix sum = rows_of(bert, bert->embedded, batch->n_rows);

    wl_dropout_apply(wl_dropout_at(pass->dropout, pass->seed, pass->step, DROP_EMBEDDINGS), &dx,
                     &dnormed);
    wl_norm_backward(&sum, t->weights + bert->norm.gain, bert->stats, &dnormed, false, &dx,
                     wl_tensors_gradient(t, bert->norm.gain),
                     wl_tensors_gradient(t, bert->norm.shift), bert->stack.scratch);
    table_back(bert, &dx, batch->tokens, bert->word);
    table_back(bert, &dx, batch->positions, bert->position);
    table_back(bert, &dx, batch->segments, bert->segment);
}

wl_status wl_bert_stack_backward(struct wl_bert *bert, struct wl_gemm *gemm,
                                 const struct wl_packed_batch *batch, const struct wl_pass *pass,
                                 wl_error *error)
{
    WL_TRY(wl_transformer_backward(&bert->stack, gemm, &bert->tensors, pass, error));
    embed_back(bert, batch, pass);
    return WL_OK;
}

wl_status wl_bert_train(struct wl_bert *bert, struct wl_gemm *gemm,
                        const struct wl_packed_batch *batch, const struct wl_targets *targets,
                        double scale, uint64_t seed, uint64_t step, double *loss, wl_error *error)
{
    const struct wl_pass pass = {.n_rows = batch->n_rows,
                                 .starts = batch->starts,
                                 .n_texts = batch->n_texts,
                                 .dropout = bert->config.dropout,
                                 .attention_dropout = bert->config.attention_dropout,
                                 .seed = seed,
                                 .step = step,
                                 .is_training = true};

    WL_ASSERT(bert->config.n_labels > 0);
    WL_TRY(forward(bert, gemm, batch, &pass, error));
    WL_TRY(wl_bert_loss(bert, batch, targets, scale, loss, error));
    WL_TRY(pool_back(bert, gemm, batch, &pass, error));
    return wl_bert_stack_backward(bert, gemm, batch, &pass, error);
}
