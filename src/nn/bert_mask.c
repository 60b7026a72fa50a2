/* Chosen rows are rounded up to a multiple of WL_NN_ROWS_ROUND with rows that want nothing, so that
 * few different shapes of products occur. The head works in float: it sees one row of seven. */
#include "nn/bert_mask.h"

#include "base/limits.h"
#include "nn/bert_inside.h"
#include "nn/carve.h"

#include <string.h>

static void carve_all(struct wl_bert_masker *m, struct wl_carve *carve)
{
    size_t c = m->bert->config.shape.n_channels;
    size_t v = m->bert->config.n_vocabulary;
    size_t h = WL_BERT_MASK_ROWS;

    m->rows = wl_carve_bytes(carve, m->rows_max, sizeof(*m->rows));
    m->targets = wl_carve_bytes(carve, m->rows_max, sizeof(*m->targets));
    m->first = wl_carve_bytes(carve, m->rows_max * c, sizeof(float));
    m->dfirst = wl_carve_bytes(carve, m->rows_max * c, sizeof(float));
    m->up = wl_carve_bytes(carve, h * c, sizeof(float));
    m->inner = wl_carve_bytes(carve, h * c, sizeof(float));
    m->normed = wl_carve_bytes(carve, h * c, sizeof(float));
    m->stats = wl_carve_bytes(carve, h * 2, sizeof(float));
    m->logits = wl_carve_bytes(carve, h * v, sizeof(float));
    m->dnormed = wl_carve_bytes(carve, h * c, sizeof(float));
    m->dinner = wl_carve_bytes(carve, h * c, sizeof(float));
    m->scratch = wl_carve_bytes(carve, (size_t)WL_PIECES * (v > 2 * c ? v : 2 * c), sizeof(float));
    m->losses = wl_carve_bytes(carve, h, sizeof(double));
}

static size_t rounded(size_t n)
{
    return (n + WL_NN_ROWS_ROUND - 1) / WL_NN_ROWS_ROUND * WL_NN_ROWS_ROUND;
}

wl_status wl_bert_masker_init(struct wl_bert_masker *masker, struct wl_bert *bert, size_t rows_max,
                              wl_error *error)
{
    struct wl_bert_masker m = {.bert = bert, .rows_max = rounded(rows_max)};
    struct wl_carve carve = {0};

    if (!bert->config.has_mask_head) {
        return wl_fail(error, WL_ECONFIG, "the model has no head of masked words");
    }
    carve_all(&m, &carve);
    m.memory = wl_alloc_aligned(bert->alloc, carve.n_bytes, 1);
    if (m.memory == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu masked rows: %zu MiB", rows_max,
                       carve.n_bytes >> 20);
    }
    carve = (struct wl_carve){.base = m.memory};
    carve_all(&m, &carve);
    *masker = m;
    return WL_OK;
}

void wl_bert_masker_release(struct wl_bert_masker *masker)
{
    if (masker->bert != NULL) {
        wl_alloc_aligned_free(masker->bert->alloc, masker->memory);
    }
    *masker = (struct wl_bert_masker){0};
}

static wl_status load_rows(struct wl_bert_masker *m, const struct wl_packed_batch *batch,
                           const struct wl_bert_masked *masked, wl_error *error)
{
    size_t n_text_rows = batch->starts[batch->n_texts];

    if (masked->n > m->rows_max) {
        return wl_fail(error, WL_ELIMIT, "%zu masked rows, planned for %zu", masked->n,
                       m->rows_max);
    }
    for (size_t i = 0; i < masked->n; i++) {
        if (masked->rows[i] >= n_text_rows || masked->tokens[i] < 0 ||
            (size_t)masked->tokens[i] >= m->bert->config.n_vocabulary) {
            return wl_fail(error, WL_ERANGE, "masked row %zu wants piece %d: %zu rows, %zu pieces",
                           masked->rows[i], masked->tokens[i], n_text_rows,
                           m->bert->config.n_vocabulary);
        }
        m->rows[i] = masked->rows[i];
        m->targets[i] = masked->tokens[i];
    }
    for (size_t i = masked->n; i < rounded(masked->n); i++) {
        m->rows[i] = 0;
        m->targets[i] = -1;
    }
    return WL_OK;
}

static struct wl_matrix rows_of(const struct wl_bert_masker *m, float *data, size_t n)
{
    return wl_matrix_of(data, WL_F32, n, m->bert->config.shape.n_channels);
}

// Scores of chosen rows begin .. begin + n.
static wl_status head_forward(struct wl_bert_masker *m, struct wl_gemm *gemm, size_t begin,
                              size_t n, wl_error *error)
{
    const struct wl_bert *bert = m->bert;
    const float *w = bert->tensors.weights;
    size_t c = bert->config.shape.n_channels;
    struct wl_matrix first = rows_of(m, m->first + begin * c, n);
    struct wl_matrix up = rows_of(m, m->up, n);
    struct wl_matrix inner = rows_of(m, m->inner, n);
    struct wl_matrix normed = rows_of(m, m->normed, n);
    struct wl_matrix logits = wl_matrix_of(m->logits, WL_F32, n, bert->config.n_vocabulary);

    WL_TRY(wl_dense_forward(gemm, &bert->tensors, &bert->mask_dense, &first, &up, error));
    wl_gelu_forward(bert->config.shape.gelu, &up, &inner);
    wl_norm_forward(&inner, w + bert->mask_norm.gain, w + bert->mask_norm.shift,
                    bert->config.shape.eps, &normed, NULL, m->stats);
    return wl_dense_forward(gemm, &bert->tensors, &bert->mask_words, &normed, &logits, error);
}

// From the gradient of the scores, in logits, to dfirst.
static wl_status head_backward(struct wl_bert_masker *m, struct wl_gemm *gemm, size_t begin,
                               size_t n, wl_error *error)
{
    const struct wl_bert *bert = m->bert;
    const struct wl_tensors *t = &bert->tensors;
    size_t c = bert->config.shape.n_channels;
    struct wl_matrix first = rows_of(m, m->first + begin * c, n);
    struct wl_matrix dfirst = rows_of(m, m->dfirst + begin * c, n);
    struct wl_matrix up = rows_of(m, m->up, n);
    struct wl_matrix inner = rows_of(m, m->inner, n);
    struct wl_matrix normed = rows_of(m, m->normed, n);
    struct wl_matrix dnormed = rows_of(m, m->dnormed, n);
    struct wl_matrix dinner = rows_of(m, m->dinner, n);
    struct wl_matrix dlogits = wl_matrix_of(m->logits, WL_F32, n, bert->config.n_vocabulary);

    WL_TRY(wl_dense_backward(gemm, t, &bert->mask_words, &normed, &dlogits, false, &dnormed,
                             m->scratch, error));
    wl_norm_backward(&inner, t->weights + bert->mask_norm.gain, m->stats, &dnormed, false, &dinner,
                     wl_tensors_gradient(t, bert->mask_norm.gain),
                     wl_tensors_gradient(t, bert->mask_norm.shift), m->scratch);
    wl_gelu_backward(bert->config.shape.gelu, &up, &dinner, &dnormed);
    return wl_dense_backward(gemm, t, &bert->mask_dense, &first, &dnormed, false, &dfirst,
                             m->scratch, error);
}

static size_t count_right(const struct wl_bert_masker *m, size_t begin, size_t n)
{
    size_t v = m->bert->config.n_vocabulary;
    size_t n_right = 0;

    for (size_t i = 0; i < n; i++) {
        const float *row = m->logits + i * v;
        size_t best = 0;
        for (size_t k = 1; k < v; k++) {
            best = row[k] > row[best] ? k : best;
        }
        n_right += m->targets[begin + i] >= 0 && best == (size_t)m->targets[begin + i];
    }
    return n_right;
}

// All chosen rows through the head; sum of their losses. is_training: and back.
static wl_status run_head(struct wl_bert_masker *m, struct wl_gemm *gemm, size_t n_masked,
                          double scale, bool is_training, double *sum, size_t *n_right,
                          wl_error *error)
{
    size_t n_rows = rounded(n_masked);

    *sum = 0.0;
    *n_right = 0;
    for (size_t begin = 0; begin < n_rows; begin += WL_BERT_MASK_ROWS) {
        size_t n = n_rows - begin < WL_BERT_MASK_ROWS ? n_rows - begin : WL_BERT_MASK_ROWS;
        struct wl_matrix logits = wl_matrix_of(m->logits, WL_F32, n, m->bert->config.n_vocabulary);
        WL_TRY(head_forward(m, gemm, begin, n, error));
        if (!is_training) {
            *n_right += count_right(m, begin, n);
        }
        wl_cross_entropy(&logits, m->targets + begin, NULL, (float)scale, m->losses,
                         is_training ? &logits : NULL);
        for (size_t i = 0; i < n; i++) {
            *sum += m->losses[i];
        }
        if (is_training) {
            WL_TRY(head_backward(m, gemm, begin, n, error));
        }
    }
    return WL_OK;
}

static void gather(struct wl_bert_masker *m, const struct wl_packed_batch *batch, size_t n_masked)
{
    struct wl_matrix x = rows_of(m, m->bert->stack.x, batch->n_rows);
    struct wl_matrix first = rows_of(m, m->first, rounded(n_masked));

    wl_rows_gather(&x, m->rows, &first);
}

wl_status wl_bert_masker_train(struct wl_bert_masker *m, struct wl_gemm *gemm,
                               const struct wl_packed_batch *batch,
                               const struct wl_bert_masked *masked, double scale, uint64_t seed,
                               uint64_t step, double *loss, wl_error *error)
{
    struct wl_bert *bert = m->bert;
    const struct wl_pass pass = {.n_rows = batch->n_rows,
                                 .starts = batch->starts,
                                 .n_texts = batch->n_texts,
                                 .dropout = bert->config.dropout,
                                 .attention_dropout = bert->config.attention_dropout,
                                 .seed = seed,
                                 .step = step,
                                 .is_training = true};
    struct wl_matrix dfirst = rows_of(m, m->dfirst, rounded(masked->n));
    struct wl_matrix dx = rows_of(m, bert->stack.dx, batch->n_rows);
    double sum = 0.0;
    size_t n_right = 0;

    WL_TRY(load_rows(m, batch, masked, error));
    WL_TRY(wl_bert_stack_forward(bert, gemm, batch, &pass, error));
    gather(m, batch, masked->n);
    WL_TRY(run_head(m, gemm, masked->n, scale, true, &sum, &n_right, error));
    wl_rows_scatter(&dfirst, m->rows, &dx);
    WL_TRY(wl_bert_stack_backward(bert, gemm, batch, &pass, error));
    *loss = scale * sum;
    return WL_OK;
}

wl_status wl_bert_masker_measure(struct wl_bert_masker *m, struct wl_gemm *gemm,
                                 const struct wl_packed_batch *batch,
                                 const struct wl_bert_masked *masked, double *loss, size_t *n_right,
                                 wl_error *error)
{
    const struct wl_pass pass = {
        .n_rows = batch->n_rows, .starts = batch->starts, .n_texts = batch->n_texts};
    double sum = 0.0;
    size_t n = 0;

    WL_TRY(load_rows(m, batch, masked, error));
    WL_TRY(wl_bert_stack_forward(m->bert, gemm, batch, &pass, error));
    gather(m, batch, masked->n);
    WL_TRY(run_head(m, gemm, masked->n, 1.0, false, &sum, &n, error));
    *loss = sum;
    *n_right = n;
    return WL_OK;
}

static bool is_kept(const struct wl_bert_mask_rule *rule, int32_t token)
{
    for (size_t i = 0; i < rule->n_kept; i++) {
        if (rule->kept[i] == token) {
            return true;
        }
    }
    return false;
}

size_t wl_bert_mask_tokens(const struct wl_bert_mask_rule *rule, struct wl_rng *rng,
                           int32_t *tokens, size_t n, size_t *places, int32_t *wanted)
{
    size_t n_chosen = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_kept(rule, tokens[i]) || !(wl_rng_unit(rng) < rule->share)) {
            continue;
        }
        double what = wl_rng_unit(rng);
        places[n_chosen] = i;
        wanted[n_chosen++] = tokens[i];
        if (what < 0.8) {
            tokens[i] = rule->mask;
        } else if (what < 0.9) {
            tokens[i] = (int32_t)wl_rng_below(rng, rule->n_vocabulary);
        }
    }
    return n_chosen;
}
