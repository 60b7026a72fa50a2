/* A batch through a sequence model. It is laid out once (rows by step for recurrent bodies, by
 * sequence for convolutions and attention), then every layer is one call. "Place" is where a
 * sequence stands in the batch: longest first, or as picked. The model is only read here, but for
 * gradients: many threads score with one model, a memory each. */
#include "base/limits.h"
#include "nn/kernels.h"
#include "nn/sequence_inside.h"

#include <math.h>
#include <string.h>

#define ROWS_MAX ((size_t)1 << 24) /* of a batch: a gigabyte and more in any body */

// Memory of one batch, all within one block but the stack's.
struct wl_sequence_memory {
    const wl_alloc *alloc;
    size_t rows_max;
    size_t sequences_max;
    bool is_training;
    struct wl_steps steps;
    size_t *lengths;                  // (B) in the order of picked
    size_t *starts;                   // (B + 1) rows by sequence; not of recurrent bodies
    size_t *places;                   // (B) place of each picked sequence
    int32_t *ids[WL_SEQUENCE_TABLES]; // (N)
    int32_t *positions;               // (N) steps to the end; of a transformer
    float *x;                         // (N, C or F)
    float *pooled;                    // (B, P)
    float *logits;                    // (B) by place
    float *labels;                    // (B) by place
    double *losses;                   // (B)
    struct wl_recurrent_memory recurrent;
    struct wl_transformer stack;           // with a plan of its own
    float *taps[WL_SEQUENCE_WIDTHS_MAX];   // (N, K C) each
    float *maps;                           // (N, H) of the width at work
    size_t *peaks[WL_SEQUENCE_WIDTHS_MAX]; // (B, H)
    float *dx;                             // (N, C) training only, as all below
    float *dpooled;                        // (B, P)
    float *drows;                          // (N, H)
    float *scratch;                        // (WL_PIECES, H)
    void *block;                           // owned
};

static bool is_recurrent(const struct wl_sequence_config *config)
{
    return config->body == WL_SEQUENCE_LSTM || config->body == WL_SEQUENCE_GRU;
}

static void *piece(struct wl_carve *carve, size_t n, size_t columns, size_t item_bytes)
{
    return wl_carve_bytes(carve, n * columns, item_bytes);
}

static void carve_body(const struct wl_sequence_model *model, struct wl_carve *carve,
                       struct wl_sequence_memory *m)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n = m->rows_max + WL_NN_ROWS_ROUND;

    if (is_recurrent(c)) {
        wl_recurrent_plan(&model->recurrent, m->rows_max, m->sequences_max, m->is_training, carve,
                          &m->recurrent);
        m->drows = m->is_training ? piece(carve, n, c->n_hidden, sizeof(float)) : NULL;
    }
    if (c->body == WL_SEQUENCE_TRANSFORMER) {
        m->positions = piece(carve, n, 1, sizeof(int32_t));
    }
    if (c->body == WL_SEQUENCE_CNN) {
        m->maps = piece(carve, n, c->n_hidden, sizeof(float));
        for (size_t i = 0; i < c->n_widths; i++) {
            m->taps[i] = piece(carve, n, c->widths[i] * wl_sequence_inputs(c), sizeof(float));
            m->peaks[i] = piece(carve, m->sequences_max, c->n_hidden, sizeof(size_t));
        }
    }
}

static void carve_batch(const struct wl_sequence_model *model, struct wl_carve *carve,
                        struct wl_sequence_memory *m)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n = m->rows_max + WL_NN_ROWS_ROUND;
    size_t n_sequences = m->sequences_max;

    m->steps.order = piece(carve, n_sequences, 1, sizeof(uint32_t));
    m->steps.lengths = piece(carve, n_sequences, 1, sizeof(size_t));
    m->steps.first = piece(carve, m->rows_max + 1, 1, sizeof(size_t));
    m->lengths = piece(carve, n_sequences, 1, sizeof(size_t));
    m->starts = piece(carve, n_sequences + 1, 1, sizeof(size_t));
    m->places = piece(carve, n_sequences, 1, sizeof(size_t));
    for (size_t i = 0; wl_sequence_has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        m->ids[i] = piece(carve, n, 1, sizeof(int32_t));
    }
    m->x = piece(carve, n, wl_sequence_inputs(c), sizeof(float));
    m->pooled = piece(carve, n_sequences, wl_sequence_pooled(c), sizeof(float));
    m->logits = piece(carve, n_sequences, 1, sizeof(float));
    m->labels = piece(carve, n_sequences, 1, sizeof(float));
    m->losses = piece(carve, n_sequences, 1, sizeof(double));
    if (m->is_training) {
        m->dx = piece(carve, n, wl_sequence_inputs(c), sizeof(float));
        m->dpooled = piece(carve, n_sequences, wl_sequence_pooled(c), sizeof(float));
        m->scratch = piece(carve, WL_PIECES, c->n_hidden, sizeof(float));
    }
    carve_body(model, carve, m);
}

static wl_status plan(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                      wl_error *error)
{
    struct wl_carve carve = {0};

    carve_batch(model, &carve, m);
    m->block = wl_alloc_aligned(model->alloc, carve.n_bytes, 1);
    if (m->block == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for batches of %zu rows: %zu bytes",
                       m->rows_max, carve.n_bytes);
    }
    carve = (struct wl_carve){.base = m->block};
    carve_batch(model, &carve, m);
    if (model->config.body != WL_SEQUENCE_TRANSFORMER) {
        return WL_OK;
    }
    WL_TRY(wl_transformer_view(&model->stack, &m->stack, error));
    return wl_transformer_plan(&m->stack, m->rows_max + WL_NN_ROWS_ROUND, WL_F32, m->is_training,
                               error);
}

wl_status wl_sequence_memory_new(const struct wl_sequence_model *model, size_t rows_max,
                                 size_t sequences_max, bool is_training,
                                 struct wl_sequence_memory **memory_out, wl_error *error)
{
    struct wl_sequence_memory *memory = NULL;
    wl_status status = WL_OK;

    if (rows_max == 0 || rows_max > ROWS_MAX || sequences_max == 0 || sequences_max > rows_max) {
        return wl_fail(error, WL_EINVAL, "no batch has %zu rows and %zu sequences; at most %zu",
                       rows_max, sequences_max, ROWS_MAX);
    }
    memory = wl_alloc_zeroed(model->alloc, 1, sizeof(*memory));
    if (memory == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for batches of %zu rows", rows_max);
    }
    memory->alloc = model->alloc;
    memory->rows_max = rows_max;
    memory->sequences_max = sequences_max;
    memory->is_training = is_training;
    WL_GO(plan(model, memory, error));
    *memory_out = memory;
    memory = NULL;
done:
    wl_sequence_memory_free(memory);
    return status;
}

void wl_sequence_memory_free(struct wl_sequence_memory *memory)
{
    if (memory == NULL) {
        return;
    }
    wl_transformer_release(&memory->stack);
    wl_alloc_aligned_free(memory->alloc, memory->block);
    wl_alloc_free(memory->alloc, memory);
}

/* ---- the layout ---- */

// Lengths fit the plan, and the sequences are of the model's kind.
static wl_status check_batch(const struct wl_sequence_model *model,
                             const struct wl_sequence_memory *m,
                             const struct wl_sequences *sequences, const uint32_t *picked, size_t n,
                             wl_error *error)
{
    bool has_ids = wl_sequence_has_ids(&model->config);
    size_t n_rows = 0;

    if ((has_ids ? (const void *)sequences->ids[0] : sequences->numbers) == NULL) {
        return wl_fail(error, WL_ERANGE, "the sequence model wants %s",
                       has_ids ? "tokens" : "numbers");
    }
    for (size_t i = 0; i < n; i++) {
        size_t begin = sequences->starts[picked[i]];
        size_t end = sequences->starts[picked[i] + 1];
        if (begin >= end) {
            return wl_fail(error, WL_ERANGE, "sequence %u has no steps", picked[i]);
        }
        n_rows += end - begin;
    }
    if (n == 0 || n > m->sequences_max || n_rows > m->rows_max) {
        return wl_fail(error, WL_ELIMIT,
                       "batch of %zu sequences and %zu rows, planned are %zu and %zu", n, n_rows,
                       m->sequences_max, m->rows_max);
    }
    return WL_OK;
}

// Copy one step of a sequence into its row of the batch.
static wl_status put_row(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                         const struct wl_sequences *sequences, size_t from, size_t row,
                         wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;

    for (size_t i = 0; wl_sequence_has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        int32_t id = sequences->ids[i][from];
        if (id < 0 || (size_t)id >= c->n_ids[i]) {
            return wl_fail(error, WL_ERANGE, "id %d of step %zu is not below %zu, the number of %s",
                           id, from, c->n_ids[i], wl_sequence_table_names[i]);
        }
        m->ids[i][row] = id;
    }
    for (size_t k = 0; !wl_sequence_has_ids(c) && k < c->n_numbers; k++) {
        float value = sequences->numbers[from * c->n_numbers + k];
        if (!isfinite(value)) {
            return wl_fail(error, WL_ERANGE, "number %zu of step %zu is not finite", k, from);
        }
        m->x[row * c->n_numbers + k] = value;
    }
    return WL_OK;
}

static size_t rounded(size_t n)
{
    return (n + WL_NN_ROWS_ROUND - 1) / WL_NN_ROWS_ROUND * WL_NN_ROWS_ROUND;
}

static void lay_out_rows(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                         const struct wl_sequences *sequences, const uint32_t *picked, size_t n)
{
    m->starts[0] = 0;
    for (size_t i = 0; i < n; i++) {
        m->lengths[i] = sequences->starts[picked[i] + 1] - sequences->starts[picked[i]];
        m->starts[i + 1] = m->starts[i] + m->lengths[i];
        m->places[i] = i;
    }
    m->steps.n_rows = m->starts[n];
    m->steps.n_padded = rounded(m->starts[n]);
    if (is_recurrent(&model->config)) {
        wl_steps_plan(&m->steps, m->lengths, n);
        for (size_t place = 0; place < n; place++) {
            m->places[m->steps.order[place]] = place;
        }
    }
}

static wl_status lay_out(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                         const struct wl_sequences *sequences, const uint32_t *picked, size_t n,
                         wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n_in = wl_sequence_inputs(c);

    WL_TRY(check_batch(model, m, sequences, picked, n, error));
    lay_out_rows(model, m, sequences, picked, n);
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < m->lengths[i]; t++) {
            size_t row =
                is_recurrent(c) ? wl_steps_row(&m->steps, m->places[i], t) : m->starts[i] + t;
            size_t left = m->lengths[i] - 1 - t;
            WL_TRY(put_row(model, m, sequences, sequences->starts[picked[i]] + t, row, error));
            if (m->positions != NULL) {
                m->positions[row] = (int32_t)(left < c->n_positions ? left : c->n_positions - 1);
            }
        }
    }
    memset(m->x + m->steps.n_rows * n_in, 0,
           (m->steps.n_padded - m->steps.n_rows) * n_in * sizeof(*m->x));
    return WL_OK;
}

static struct wl_matrix floats(float *data, size_t n_rows, size_t n_columns)
{
    return wl_matrix_of(data, WL_F32, n_rows, n_columns);
}

/* ---- convolutions ---- */

// Columns of width i within rows of all widths.
static struct wl_matrix width_part(const struct wl_sequence_config *c, float *pooled, size_t i,
                                   size_t n)
{
    struct wl_matrix part = floats(pooled + i * c->n_hidden, n, c->n_hidden);
    part.stride = wl_sequence_pooled(c);
    return part;
}

static wl_status convolve(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                          struct wl_gemm *gemm, size_t n, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n_in = wl_sequence_inputs(c);
    struct wl_matrix x = floats(m->x, m->steps.n_padded, n_in);
    struct wl_matrix maps = floats(m->maps, m->steps.n_padded, c->n_hidden);

    for (size_t i = 0; i < c->n_widths; i++) {
        struct wl_matrix taps = floats(m->taps[i], m->steps.n_padded, c->widths[i] * n_in);
        struct wl_matrix part = width_part(c, m->pooled, i, n);
        WL_TRY(wl_convolution_forward(gemm, &model->tensors, &model->convolutions[i], m->starts, n,
                                      &x, &taps, &maps, error));
        wl_peaks_forward(m->starts, n, &maps, m->peaks[i], &part);
    }
    return WL_OK;
}

static wl_status convolve_back(struct wl_sequence_model *model, struct wl_sequence_memory *m,
                               struct wl_gemm *gemm, size_t n, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n_in = wl_sequence_inputs(c);
    struct wl_matrix dx = floats(m->dx, m->steps.n_padded, n_in);
    struct wl_matrix dmaps = floats(m->maps, m->steps.n_padded, c->n_hidden);

    memset(m->dx, 0, m->steps.n_padded * n_in * sizeof(*m->dx));
    for (size_t i = 0; i < c->n_widths; i++) {
        struct wl_matrix taps = floats(m->taps[i], m->steps.n_padded, c->widths[i] * n_in);
        struct wl_matrix part = width_part(c, m->dpooled, i, n);
        wl_peaks_backward(m->peaks[i], &part, &dmaps);
        WL_TRY(wl_convolution_backward(gemm, &model->tensors, &model->convolutions[i], m->starts, n,
                                       &dmaps, &taps, &dx, m->scratch, error));
    }
    return WL_OK;
}

/* ---- attention ---- */

static struct wl_pass pass_of(const struct wl_sequence_memory *m, size_t n)
{
    return (struct wl_pass){.n_rows = m->steps.n_padded, .starts = m->starts, .n_texts = n};
}

static wl_status attend(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                        struct wl_gemm *gemm, size_t n, wl_error *error)
{
    size_t c = model->config.n_hidden;
    struct wl_matrix x = floats(m->stack.x, m->steps.n_rows, c);
    const struct wl_pass pass = pass_of(m, n);

    memcpy(m->stack.x, m->x, m->steps.n_padded * c * sizeof(*m->x));
    wl_embedding_forward(model->tensors.weights + model->positions, m->positions, true, &x);
    WL_TRY(wl_transformer_forward(&m->stack, gemm, &model->tensors, &pass, error));
    for (size_t i = 0; i < n; i++) {
        memcpy(m->pooled + i * c, m->stack.x + (m->starts[i + 1] - 1) * c, c * sizeof(*m->pooled));
    }
    return WL_OK;
}

static wl_status attend_back(struct wl_sequence_model *model, struct wl_sequence_memory *m,
                             struct wl_gemm *gemm, size_t n, wl_error *error)
{
    size_t c = model->config.n_hidden;
    struct wl_matrix dx = floats(m->dx, m->steps.n_rows, c);
    const struct wl_pass pass = pass_of(m, n);

    memset(m->stack.dx, 0, m->steps.n_padded * c * sizeof(*m->stack.dx));
    for (size_t i = 0; i < n; i++) {
        memcpy(m->stack.dx + (m->starts[i + 1] - 1) * c, m->dpooled + i * c,
               c * sizeof(*m->dpooled));
    }
    WL_TRY(wl_transformer_backward(&m->stack, gemm, &model->tensors, &pass, error));
    memcpy(m->dx, m->stack.dx, m->steps.n_padded * c * sizeof(*m->dx));
    wl_embedding_backward(&dx, m->positions, model->tensors.gradients + model->positions);
    return WL_OK;
}

/* ---- a batch ---- */

static wl_status run_body(const struct wl_sequence_model *model, struct wl_sequence_memory *m,
                          struct wl_gemm *gemm, size_t n, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;

    if (c->body == WL_SEQUENCE_CNN) {
        return convolve(model, m, gemm, n, error);
    }
    if (c->body == WL_SEQUENCE_TRANSFORMER) {
        return attend(model, m, gemm, n, error);
    }
    WL_TRY(wl_recurrent_forward(gemm, &model->tensors, &model->recurrent, &m->steps, m->x,
                                &m->recurrent, error));
    wl_steps_pool(&m->steps, c->pooling, wl_recurrent_output(&model->recurrent, &m->recurrent),
                  c->n_hidden, m->pooled);
    return WL_OK;
}

wl_status wl_sequence_model_forward(const struct wl_sequence_model *model,
                                    struct wl_sequence_memory *memory, struct wl_gemm *gemm,
                                    const struct wl_sequences *sequences, const uint32_t *picked,
                                    size_t n, float *logits, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    struct wl_sequence_memory *m = memory;

    WL_TRY(lay_out(model, m, sequences, picked, n, error));
    struct wl_matrix x = floats(m->x, m->steps.n_rows, wl_sequence_inputs(c));
    for (size_t i = 0; wl_sequence_has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        wl_embedding_forward(model->tensors.weights + model->tables[i], m->ids[i], i > 0, &x);
    }
    WL_TRY(run_body(model, m, gemm, n, error));
    struct wl_matrix pooled = floats(m->pooled, n, wl_sequence_pooled(c));
    struct wl_matrix out = floats(m->logits, n, 1);
    WL_TRY(wl_dense_forward(gemm, &model->tensors, &model->head, &pooled, &out, error));
    for (size_t i = 0; i < n; i++) {
        logits[i] = m->logits[m->places[i]];
    }
    return WL_OK;
}

static wl_status run_body_back(struct wl_sequence_model *model, struct wl_sequence_memory *m,
                               struct wl_gemm *gemm, size_t n, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;

    if (c->body == WL_SEQUENCE_CNN) {
        return convolve_back(model, m, gemm, n, error);
    }
    if (c->body == WL_SEQUENCE_TRANSFORMER) {
        return attend_back(model, m, gemm, n, error);
    }
    wl_steps_pool_back(&m->steps, c->pooling, m->dpooled, c->n_hidden, m->drows);
    return wl_recurrent_backward(gemm, &model->tensors, &model->recurrent, &m->steps, m->x,
                                 m->drows, wl_sequence_has_ids(c) ? m->dx : NULL, &m->recurrent,
                                 error);
}

wl_status wl_sequence_model_backward(struct wl_sequence_model *model,
                                     struct wl_sequence_memory *memory, struct wl_gemm *gemm,
                                     const struct wl_sequences *sequences, const uint32_t *picked,
                                     size_t n, float positive_weight, double *loss, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    struct wl_sequence_memory *m = memory;
    struct wl_matrix out = floats(m->logits, n, 1);
    struct wl_matrix labels = floats(m->labels, n, 1);
    struct wl_matrix pooled = floats(m->pooled, n, wl_sequence_pooled(c));
    struct wl_matrix dpooled = floats(m->dpooled, n, wl_sequence_pooled(c));
    double sum = 0.0;

    WL_ASSERT(m->is_training && model->tensors.gradients != NULL && sequences->labels != NULL);
    for (size_t i = 0; i < n; i++) {
        m->labels[m->places[i]] = sequences->labels[picked[i]];
    }
    wl_binary_cross_entropy(&out, &labels, &positive_weight, 1.0F / (float)n, m->losses, &out);
    WL_TRY(wl_dense_backward(gemm, &model->tensors, &model->head, &pooled, &out, false, &dpooled,
                             m->scratch, error));
    WL_TRY(run_body_back(model, m, gemm, n, error));
    struct wl_matrix dx = floats(m->dx, m->steps.n_rows, wl_sequence_inputs(c));
    for (size_t i = 0; wl_sequence_has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        wl_embedding_backward(&dx, m->ids[i], model->tensors.gradients + model->tables[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += m->losses[i];
    }
    *loss = sum / (double)n;
    return WL_OK;
}
