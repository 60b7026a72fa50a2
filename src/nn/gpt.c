/* Embeddings and head around the stack. */
#include "nn/gpt.h"

#include "nn/carve.h"
#include "nn/lora.h"

static wl_status add_tensors(struct wl_gpt *gpt, wl_error *error)
{
    const struct wl_gpt_config *c = &gpt->config;
    size_t width = c->shape.n_channels;
    const size_t word[2] = {c->n_vocabulary, width};
    const size_t position[2] = {c->n_positions, width};
    struct wl_tensors *t = &gpt->tensors;

    WL_TRY(wl_tensors_add(t, WL_TENSOR_TABLE, word, 2, &gpt->word, error, "wte.weight"));
    WL_TRY(wl_tensors_add(t, WL_TENSOR_TABLE, position, 2, &gpt->position, error, "wpe.weight"));
    WL_TRY(wl_transformer_init(&gpt->stack, gpt->alloc, &c->shape, &wl_names_gpt, t, error));
    if (c->is_tied) {
        gpt->head = (struct wl_dense){.weight = gpt->word, .n_in = width, .n_out = word[0]};
    } else {
        WL_TRY(wl_dense_add(t, "lm_head", width, c->n_vocabulary, false, &gpt->head, error));
    }
    return wl_tensors_allocate(t, WL_BLOCK_WEIGHTS, error);
}

wl_status wl_gpt_new(const wl_alloc *alloc, const struct wl_gpt_config *config,
                     struct wl_gpt **gpt_out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_gpt *gpt = wl_alloc_zeroed(alloc, 1, sizeof(*gpt));

    *gpt_out = NULL;
    if (gpt == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a GPT");
    }
    gpt->alloc = alloc;
    gpt->config = *config;
    wl_tensors_init(&gpt->tensors, alloc);
    if (!config->shape.is_causal || !config->shape.is_pre_norm) {
        status = wl_fail(error, WL_ECONFIG, "GPT is causal and pre-norm");
        goto done;
    }
    WL_GO(add_tensors(gpt, error));
    *gpt_out = gpt;
    gpt = NULL;
done:
    wl_gpt_free(gpt);
    return status;
}

void wl_gpt_free(struct wl_gpt *gpt)
{
    if (gpt != NULL) {
        wl_dense_unpack(&gpt->head);
        wl_transformer_release(&gpt->stack);
        wl_tensors_release(&gpt->tensors);
        wl_alloc_aligned_free(gpt->alloc, gpt->memory);
        wl_alloc_free(gpt->alloc, gpt);
    }
}

static void carve_all(struct wl_gpt *gpt, bool is_training, struct wl_carve *carve)
{
    size_t n = WL_GPT_HEAD_ROWS * gpt->config.n_vocabulary;

    gpt->logits = wl_carve_bytes(carve, n, sizeof(float));
    gpt->dlogits = wl_carve_bytes(carve, is_training ? n : 0, sizeof(float));
    gpt->losses = wl_carve_bytes(carve, WL_GPT_HEAD_ROWS, sizeof(double));
}

wl_status wl_gpt_plan(struct wl_gpt *gpt, size_t rows_max, enum wl_number number, bool is_training,
                      wl_error *error)
{
    struct wl_carve carve = {0};
    unsigned blocks = (is_training ? WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS : 0U) |
                      (number == WL_BF16 ? (unsigned)WL_BLOCK_OPERANDS : 0U);

    WL_TRY(wl_tensors_allocate(&gpt->tensors, blocks, error));
    wl_dense_unpack(&gpt->head);
    WL_TRY(wl_transformer_plan(&gpt->stack, rows_max, number, is_training, error));
    wl_alloc_aligned_free(gpt->alloc, gpt->memory);
    carve_all(gpt, is_training, &carve);
    gpt->memory = wl_alloc_aligned(gpt->alloc, carve.n_bytes, 1);
    if (gpt->memory == NULL) {
        gpt->stack.rows_max = 0; // no batch fits
        return wl_fail(error, WL_ENOMEM, "no memory for scores of %zu tokens: %zu MiB",
                       gpt->config.n_vocabulary, carve.n_bytes >> 20);
    }
    carve = (struct wl_carve){.base = gpt->memory};
    carve_all(gpt, is_training, &carve);
    wl_tensors_refresh(&gpt->tensors);
    return WL_OK;
}

enum { DROP_EMBEDDINGS = 1000000 }; // behind the places of the stack's layers

static struct wl_matrix rows_of(const struct wl_gpt *gpt, float *data, size_t n_rows)
{
    return wl_matrix_of(data, WL_F32, n_rows, gpt->config.shape.n_channels);
}

static wl_status forward(struct wl_gpt *gpt, struct wl_gemm *gemm,
                         const struct wl_packed_batch *batch, const struct wl_pass *pass,
                         wl_error *error)
{
    const float *w = gpt->tensors.weights;
    struct wl_matrix sum = rows_of(gpt, gpt->stack.branch, batch->n_rows);
    struct wl_matrix x = rows_of(gpt, gpt->stack.x, batch->n_rows);

    if (batch->n_rows > gpt->stack.rows_max) {
        return wl_fail(error, WL_ELIMIT, "batch of %zu rows, planned for %zu", batch->n_rows,
                       gpt->stack.rows_max);
    }
    WL_TRY(
        wl_packed_batch_check(batch, gpt->config.n_vocabulary, gpt->config.n_positions, 0, error));
    wl_lora_begin(gpt->stack.lora, pass);
    wl_embedding_forward(w + gpt->word, batch->tokens, false, &sum);
    wl_embedding_forward(w + gpt->position, batch->positions, true, &sum);
    wl_dropout_apply(wl_dropout_at(pass->dropout, pass->seed, pass->step, DROP_EMBEDDINGS), &sum,
                     &x);
    return wl_transformer_forward(&gpt->stack, gemm, &gpt->tensors, pass, error);
}

wl_status wl_gpt_forward(struct wl_gpt *gpt, struct wl_gemm *gemm,
                         const struct wl_packed_batch *batch, wl_error *error)
{
    const struct wl_pass pass = {
        .n_rows = batch->n_rows, .starts = batch->starts, .n_texts = batch->n_texts};

    return forward(gpt, gemm, batch, &pass, error);
}

wl_status wl_gpt_forward_watched(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                 const struct wl_packed_batch *batch,
                                 void (*watch)(void *context, size_t layer,
                                               const struct wl_matrix *qkv),
                                 void *context, wl_error *error)
{
    const struct wl_pass pass = {.n_rows = batch->n_rows,
                                 .starts = batch->starts,
                                 .n_texts = batch->n_texts,
                                 .watch = watch,
                                 .watch_context = context};

    return forward(gpt, gemm, batch, &pass, error);
}

wl_status wl_gpt_pack(struct wl_gpt *gpt, struct wl_gemm *gemm, wl_error *error)
{
    WL_TRY(wl_transformer_pack(&gpt->stack, gemm, &gpt->tensors, error));
    return wl_dense_pack(gemm, &gpt->tensors, &gpt->head, gpt->stack.number, error);
}

// Rows of the last hidden states, as the head's operand.
static struct wl_matrix hidden(const struct wl_gpt *gpt, size_t begin, size_t n_rows)
{
    const struct wl_transformer *t = &gpt->stack;
    size_t c = t->shape.n_channels;
    size_t value_bytes = t->number == WL_F32 ? sizeof(float) : sizeof(uint16_t);
    char *data = t->kept[t->shape.n_layers].in;

    return wl_matrix_of(data + begin * c * value_bytes, t->number, n_rows, c);
}

wl_status wl_gpt_logits(struct wl_gpt *gpt, struct wl_gemm *gemm, size_t begin, size_t n_rows,
                        wl_error *error)
{
    struct wl_matrix x = hidden(gpt, begin, n_rows);
    struct wl_matrix logits = wl_matrix_of(gpt->logits, WL_F32, n_rows, gpt->config.n_vocabulary);

    WL_ASSERT(n_rows <= WL_GPT_HEAD_ROWS);
    return wl_dense_forward(gemm, &gpt->tensors, &gpt->head, &x, &logits, error);
}

// Loss of some rows, gradient of the head's weights and of these rows of stack.dx.
static wl_status head_rows(struct wl_gpt *gpt, struct wl_gemm *gemm, const int32_t *targets,
                           size_t begin, size_t n_rows, float scale, double *sum, wl_error *error)
{
    size_t v = gpt->config.n_vocabulary;
    size_t c = gpt->config.shape.n_channels;
    struct wl_matrix x = hidden(gpt, begin, n_rows);
    struct wl_matrix logits = wl_matrix_of(gpt->logits, WL_F32, n_rows, v);
    struct wl_matrix dlogits = wl_matrix_of(gpt->dlogits, gpt->stack.number, n_rows, v);
    struct wl_matrix dx = rows_of(gpt, gpt->stack.dx + begin * c, n_rows);

    WL_TRY(wl_gpt_logits(gpt, gemm, begin, n_rows, error));
    wl_cross_entropy(&logits, targets + begin, NULL, scale, gpt->losses, &logits);
    wl_dropout_apply((struct wl_dropout){0}, &logits, &dlogits); // in the operands' number
    for (size_t i = 0; i < n_rows; i++) {
        *sum += gpt->losses[i];
    }
    return wl_dense_backward(gemm, &gpt->tensors, &gpt->head, &x, &dlogits, false, &dx, NULL,
                             error);
}

static wl_status check_targets(const struct wl_gpt *gpt, const struct wl_packed_batch *batch,
                               const int32_t *targets, wl_error *error)
{
    for (size_t i = 0; i < batch->n_rows; i++) {
        if (targets[i] >= 0 && (size_t)targets[i] >= gpt->config.n_vocabulary) {
            return wl_fail(error, WL_ERANGE, "target %d of row %zu, model has %zu tokens",
                           targets[i], i, gpt->config.n_vocabulary);
        }
    }
    return WL_OK;
}

static void embed_back(struct wl_gpt *gpt, const struct wl_packed_batch *batch,
                       const struct wl_pass *pass)
{
    float *dword = wl_tensors_gradient(&gpt->tensors, gpt->word);
    float *dposition = wl_tensors_gradient(&gpt->tensors, gpt->position);
    struct wl_matrix dx = rows_of(gpt, gpt->stack.dx, batch->n_rows);
    struct wl_matrix dsum = rows_of(gpt, gpt->stack.branch, batch->n_rows);

    wl_dropout_apply(wl_dropout_at(pass->dropout, pass->seed, pass->step, DROP_EMBEDDINGS), &dx,
                     &dsum);
    if (dword != NULL) {
        wl_embedding_backward(&dsum, batch->tokens, dword);
    }
    if (dposition != NULL) {
        wl_embedding_backward(&dsum, batch->positions, dposition);
    }
}

wl_status wl_gpt_train(struct wl_gpt *gpt, struct wl_gemm *gemm,
                       const struct wl_packed_batch *batch, const int32_t *targets, double scale,
                       uint64_t seed, uint64_t step, double *loss, wl_error *error)
{
    const struct wl_pass pass = {.n_rows = batch->n_rows,
                                 .starts = batch->starts,
                                 .n_texts = batch->n_texts,
                                 .dropout = gpt->config.dropout,
                                 .attention_dropout = gpt->config.attention_dropout,
                                 .seed = seed,
                                 .step = step,
                                 .is_training = true};
    double sum = 0.0;

    WL_TRY(check_targets(gpt, batch, targets, error));
    WL_TRY(forward(gpt, gemm, batch, &pass, error));
    for (size_t begin = 0; begin < batch->n_rows; begin += WL_GPT_HEAD_ROWS) {
        size_t left = batch->n_rows - begin;
        size_t n_rows = left < WL_GPT_HEAD_ROWS ? left : WL_GPT_HEAD_ROWS;
        WL_TRY(head_rows(gpt, gemm, targets, begin, n_rows, (float)scale, &sum, error));
    }
    WL_TRY(wl_transformer_backward(&gpt->stack, gemm, &gpt->tensors, &pass, error));
    embed_back(gpt, batch, &pass);
    *loss = scale * sum;
    return WL_OK;
}
