/* A batch is laid out once (rows by step for recurrent bodies, by sequence for convolutions), then
 * every layer is one call. "Place" is where a sequence stands in the batch: longest first, or as
 * picked. */
#include "nn/sequence_model.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/rng.h"
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

#define MAGIC       "WLSQ"
#define VERSION     1U
#define SETTING_MAX 4096 /* embedding, hidden, numbers: far above what behaviour can fill */
#define WIDTH_MAX   64   /* taps of a filter */
#define N_SETTINGS  14   /* u32 of a configuration in a file */

// Memory of one batch, all within one block.
struct batch {
    size_t rows_max;
    size_t sequences_max;
    bool is_training;
    struct wl_steps steps;
    size_t *lengths;                  // (B) in the order of picked
    size_t *starts;                   // (B + 1) CNN: rows by sequence
    size_t *places;                   // (B) place of each picked sequence
    int32_t *ids[WL_SEQUENCE_TABLES]; // (N)
    float *x;                         // (N, C or F)
    float *pooled;                    // (B, P)
    float *logits;                    // (B) by place
    float *labels;                    // (B) by place
    double *losses;                   // (B)
    struct wl_recurrent_memory recurrent;
    float *taps[WL_SEQUENCE_WIDTHS_MAX];   // (N, K C) each
    float *maps;                           // (N, H) of the width at work
    size_t *peaks[WL_SEQUENCE_WIDTHS_MAX]; // (B, H)
    float *dx;                             // (N, C) training only, as all below
    float *dpooled;                        // (B, P)
    float *drows;                          // (N, H)
    float *scratch;                        // (WL_PIECES, H)
};

struct wl_sequence_model {
    const wl_alloc *alloc;
    struct wl_sequence_config config;
    struct wl_tensors tensors;
    size_t tables[WL_SEQUENCE_TABLES];
    struct wl_recurrent recurrent;
    struct wl_convolution convolutions[WL_SEQUENCE_WIDTHS_MAX];
    struct wl_dense head;
    struct batch batch;
    void *block; // of batch
};

static const char *const table_names[WL_SEQUENCE_TABLES] = {"types", "gaps", "values"};

struct wl_sequence_config wl_sequence_config_default(void)
{
    return (struct wl_sequence_config){.body = WL_SEQUENCE_LSTM,
                                       .n_embedding = 32,
                                       .n_hidden = 64,
                                       .n_layers = 1,
                                       .pooling = WL_POOL_LAST,
                                       .n_widths = 3,
                                       .widths = {2, 3, 5}};
}

static bool has_ids(const struct wl_sequence_config *config)
{
    return config->n_ids[0] > 0;
}

static bool is_cnn(const struct wl_sequence_config *config)
{
    return config->body == WL_SEQUENCE_CNN;
}

static size_t inputs_of(const struct wl_sequence_config *config)
{
    return has_ids(config) ? config->n_embedding : config->n_numbers;
}

static size_t pooled_of(const struct wl_sequence_config *config)
{
    return config->n_hidden * (is_cnn(config) ? config->n_widths : 1);
}

static wl_status check_size(size_t n, size_t most, const char *what, wl_error *error)
{
    return n > 0 && n <= most
               ? WL_OK
               : wl_fail(error, WL_EINVAL, "%s of a sequence model is %zu, not 1 to %zu", what, n,
                         most);
}

static wl_status check_config(const struct wl_sequence_config *c, wl_error *error)
{
    if ((unsigned)c->body > WL_SEQUENCE_CNN || (unsigned)c->pooling > WL_POOL_MEAN) {
        return wl_fail(error, WL_EINVAL, "no sequence model has body %u and pooling %u",
                       (unsigned)c->body, (unsigned)c->pooling);
    }
    if (has_ids(c) == (c->n_numbers > 0)) {
        return wl_fail(error, WL_EINVAL, "a sequence model takes either tokens or numbers");
    }
    for (size_t i = 0; has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        WL_TRY(check_size(c->n_ids[i], WL_VOCABULARY_MAX, table_names[i], error));
    }
    WL_TRY(check_size(inputs_of(c), SETTING_MAX, "width of a step", error));
    WL_TRY(check_size(c->n_hidden, SETTING_MAX, "hidden size", error));
    if (!is_cnn(c)) {
        return check_size(c->n_layers, WL_RECURRENT_LAYERS_MAX, "layers", error);
    }
    WL_TRY(check_size(c->n_widths, WL_SEQUENCE_WIDTHS_MAX, "number of widths", error));
    for (size_t i = 0; i < c->n_widths; i++) {
        WL_TRY(check_size(c->widths[i], WIDTH_MAX, "filter width", error));
    }
    return WL_OK;
}

static wl_status add_tensors(struct wl_sequence_model *model, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n_in = inputs_of(c);

    for (size_t i = 0; has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        const size_t dims[2] = {c->n_ids[i], c->n_embedding};
        WL_TRY(wl_tensors_add(&model->tensors, WL_TENSOR_TABLE, dims, 2, &model->tables[i], error,
                              "%s.weight", table_names[i]));
    }
    for (size_t i = 0; is_cnn(c) && i < c->n_widths; i++) {
        char name[] = "convolution.0";
        name[sizeof(name) - 2] = (char)('0' + i);
        WL_TRY(wl_convolution_add(&model->tensors, name, n_in, c->widths[i], c->n_hidden,
                                  &model->convolutions[i], error));
    }
    if (!is_cnn(c)) {
        WL_TRY(wl_recurrent_add(&model->tensors, "recurrent",
                                c->body == WL_SEQUENCE_LSTM ? WL_LSTM : WL_GRU, n_in, c->n_hidden,
                                c->n_layers, &model->recurrent, error));
    }
    return wl_dense_add(&model->tensors, "head", pooled_of(c), 1, true, &model->head, error);
}

// Uniform within +-1 / sqrt(inputs), weight and bias, as torch.nn.Linear and Conv1d start.
static void start_dense(struct wl_tensors *tensors, const struct wl_dense *dense, uint64_t seed)
{
    const size_t offsets[2] = {dense->weight, dense->bias};
    double bound = 1.0 / sqrt((double)dense->n_in);

    for (size_t k = 0; k < 2; k++) {
        const struct wl_tensor *tensor = wl_tensors_at(tensors, offsets[k]);
        struct wl_rng rng;
        wl_rng_init(&rng, seed, (uint64_t)(tensor - tensors->items));
        for (size_t i = 0; i < tensor->n_values; i++) {
            tensors->weights[tensor->offset + i] = (float)(bound * (2.0 * wl_rng_unit(&rng) - 1.0));
        }
    }
}

static void start(struct wl_sequence_model *model, uint64_t seed)
{
    wl_tensors_start(&model->tensors, seed, 1.0); // tables: standard normal, as torch.nn.Embedding
    if (is_cnn(&model->config)) {
        for (size_t i = 0; i < model->config.n_widths; i++) {
            start_dense(&model->tensors, &model->convolutions[i].dense, seed);
        }
    } else {
        wl_recurrent_start(&model->recurrent, &model->tensors, seed);
    }
    start_dense(&model->tensors, &model->head, seed);
}

// A model without weights.
static wl_status make(const wl_alloc *alloc, const struct wl_sequence_config *config,
                      struct wl_sequence_model **model_out, wl_error *error)
{
    struct wl_sequence_model *model = NULL;
    wl_status status = WL_OK;

    WL_TRY(check_config(config, error));
    model = wl_alloc_zeroed(alloc, 1, sizeof(*model));
    if (model == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a sequence model");
    }
    model->alloc = alloc;
    model->config = *config;
    wl_tensors_init(&model->tensors, alloc);
    WL_GO(add_tensors(model, error));
    *model_out = model;
    model = NULL;
done:
    wl_sequence_model_free(model);
    return status;
}

wl_status wl_sequence_model_new(const wl_alloc *alloc, const struct wl_sequence_config *config,
                                uint64_t seed, struct wl_sequence_model **model_out,
                                wl_error *error)
{
    struct wl_sequence_model *model = NULL;
    wl_status status = WL_OK;

    WL_GO(make(alloc, config, &model, error));
    WL_GO(wl_tensors_allocate(&model->tensors, WL_BLOCK_WEIGHTS, error));
    start(model, seed);
    *model_out = model;
    model = NULL;
done:
    wl_sequence_model_free(model);
    return status;
}

void wl_sequence_model_free(struct wl_sequence_model *model)
{
    if (model == NULL) {
        return;
    }
    wl_tensors_release(&model->tensors);
    wl_alloc_aligned_free(model->alloc, model->block);
    wl_alloc_free(model->alloc, model);
}

const struct wl_sequence_config *wl_sequence_model_config(const struct wl_sequence_model *model)
{
    return &model->config;
}

struct wl_tensors *wl_sequence_model_tensors(struct wl_sequence_model *model)
{
    return &model->tensors;
}

static void *piece(struct wl_carve *carve, size_t n, size_t columns, size_t item_bytes)
{
    return wl_carve_bytes(carve, n * columns, item_bytes);
}

static void carve_body(const struct wl_sequence_model *model, struct wl_carve *carve,
                       struct batch *b)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n = b->rows_max + WL_NN_ROWS_ROUND;

    if (!is_cnn(c)) {
        wl_recurrent_plan(&model->recurrent, b->rows_max, b->sequences_max, b->is_training, carve,
                          &b->recurrent);
        b->drows = b->is_training ? piece(carve, n, c->n_hidden, sizeof(float)) : NULL;
        return;
    }
    b->maps = piece(carve, n, c->n_hidden, sizeof(float));
    for (size_t i = 0; i < c->n_widths; i++) {
        b->taps[i] = piece(carve, n, c->widths[i] * inputs_of(c), sizeof(float));
        b->peaks[i] = piece(carve, b->sequences_max, c->n_hidden, sizeof(size_t));
    }
}

static void carve_batch(const struct wl_sequence_model *model, struct wl_carve *carve,
                        struct batch *b)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n = b->rows_max + WL_NN_ROWS_ROUND;
    size_t n_sequences = b->sequences_max;

    b->steps.order = piece(carve, n_sequences, 1, sizeof(uint32_t));
    b->steps.lengths = piece(carve, n_sequences, 1, sizeof(size_t));
    b->steps.first = piece(carve, b->rows_max + 1, 1, sizeof(size_t));
    b->lengths = piece(carve, n_sequences, 1, sizeof(size_t));
    b->starts = piece(carve, n_sequences + 1, 1, sizeof(size_t));
    b->places = piece(carve, n_sequences, 1, sizeof(size_t));
    for (size_t i = 0; has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        b->ids[i] = piece(carve, n, 1, sizeof(int32_t));
    }
    b->x = piece(carve, n, inputs_of(c), sizeof(float));
    b->pooled = piece(carve, n_sequences, pooled_of(c), sizeof(float));
    b->logits = piece(carve, n_sequences, 1, sizeof(float));
    b->labels = piece(carve, n_sequences, 1, sizeof(float));
    b->losses = piece(carve, n_sequences, 1, sizeof(double));
    if (b->is_training) {
        b->dx = piece(carve, n, inputs_of(c), sizeof(float));
        b->dpooled = piece(carve, n_sequences, pooled_of(c), sizeof(float));
        b->scratch = piece(carve, WL_PIECES, c->n_hidden, sizeof(float));
    }
    carve_body(model, carve, b);
}

wl_status wl_sequence_model_plan(struct wl_sequence_model *model, size_t rows_max,
                                 size_t sequences_max, bool is_training, wl_error *error)
{
    struct batch batch = {
        .rows_max = rows_max, .sequences_max = sequences_max, .is_training = is_training};
    struct wl_carve carve = {0};

    WL_TRY(check_size(rows_max, (size_t)1 << 24, "rows of a batch", error));
    WL_TRY(check_size(sequences_max, rows_max, "sequences of a batch", error));
    if (is_training) {
        WL_TRY(wl_tensors_allocate(&model->tensors, WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS, error));
    }
    carve_batch(model, &carve, &batch);
    carve.base = wl_alloc_aligned(model->alloc, carve.n_bytes, 1);
    if (carve.base == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for batches of %zu rows: %zu bytes", rows_max,
                       carve.n_bytes);
    }
    wl_alloc_aligned_free(model->alloc, model->block);
    model->block = carve.base;
    carve.n_bytes = 0;
    carve_batch(model, &carve, &batch);
    model->batch = batch;
    return WL_OK;
}

// Lengths fit the plan, and the sequences are of the model's kind.
static wl_status check_batch(const struct wl_sequence_model *model,
                             const struct wl_sequences *sequences, const uint32_t *picked, size_t n,
                             wl_error *error)
{
    const struct batch *b = &model->batch;
    size_t n_rows = 0;

    if ((has_ids(&model->config) ? (const void *)sequences->ids[0] : sequences->numbers) == NULL) {
        return wl_fail(error, WL_ERANGE, "the sequence model wants %s",
                       has_ids(&model->config) ? "tokens" : "numbers");
    }
    for (size_t i = 0; i < n; i++) {
        size_t begin = sequences->starts[picked[i]];
        size_t end = sequences->starts[picked[i] + 1];
        if (begin >= end) {
            return wl_fail(error, WL_ERANGE, "sequence %u has no steps", picked[i]);
        }
        n_rows += end - begin;
    }
    if (n == 0 || n > b->sequences_max || n_rows > b->rows_max) {
        return wl_fail(error, WL_ELIMIT,
                       "batch of %zu sequences and %zu rows, planned are %zu and %zu", n, n_rows,
                       b->sequences_max, b->rows_max);
    }
    return WL_OK;
}

// Copy one step of a sequence into its row of the batch.
static wl_status put_row(const struct wl_sequence_model *model,
                         const struct wl_sequences *sequences, size_t from, size_t row,
                         wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    const struct batch *b = &model->batch;

    for (size_t i = 0; has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        int32_t id = sequences->ids[i][from];
        if (id < 0 || (size_t)id >= c->n_ids[i]) {
            return wl_fail(error, WL_ERANGE, "id %d of step %zu is not below %zu, the number of %s",
                           id, from, c->n_ids[i], table_names[i]);
        }
        b->ids[i][row] = id;
    }
    for (size_t k = 0; !has_ids(c) && k < c->n_numbers; k++) {
        float value = sequences->numbers[from * c->n_numbers + k];
        if (!isfinite(value)) {
            return wl_fail(error, WL_ERANGE, "number %zu of step %zu is not finite", k, from);
        }
        b->x[row * c->n_numbers + k] = value;
    }
    return WL_OK;
}

static size_t rounded(size_t n)
{
    return (n + WL_NN_ROWS_ROUND - 1) / WL_NN_ROWS_ROUND * WL_NN_ROWS_ROUND;
}

static wl_status lay_out(struct wl_sequence_model *model, const struct wl_sequences *sequences,
                         const uint32_t *picked, size_t n, wl_error *error)
{
    struct batch *b = &model->batch;
    bool by_sequence = is_cnn(&model->config);

    WL_TRY(check_batch(model, sequences, picked, n, error));
    b->starts[0] = 0;
    for (size_t i = 0; i < n; i++) {
        b->lengths[i] = sequences->starts[picked[i] + 1] - sequences->starts[picked[i]];
        b->starts[i + 1] = b->starts[i] + b->lengths[i];
        b->places[i] = i;
    }
    if (by_sequence) {
        b->steps.n_rows = b->starts[n];
        b->steps.n_padded = rounded(b->starts[n]);
    } else {
        wl_steps_plan(&b->steps, b->lengths, n);
        for (size_t place = 0; place < n; place++) {
            b->places[b->steps.order[place]] = place;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < b->lengths[i]; t++) {
            size_t row = by_sequence ? b->starts[i] + t : wl_steps_row(&b->steps, b->places[i], t);
            WL_TRY(put_row(model, sequences, sequences->starts[picked[i]] + t, row, error));
        }
    }
    size_t n_in = inputs_of(&model->config);
    memset(b->x + b->steps.n_rows * n_in, 0,
           (b->steps.n_padded - b->steps.n_rows) * n_in * sizeof(*b->x));
    return WL_OK;
}

static struct wl_matrix floats(float *data, size_t n_rows, size_t n_columns)
{
    return wl_matrix_of(data, WL_F32, n_rows, n_columns);
}

// Columns of width i within rows of all widths.
static struct wl_matrix width_part(const struct wl_sequence_config *c, float *pooled, size_t i,
                                   size_t n)
{
    struct wl_matrix part = floats(pooled + i * c->n_hidden, n, c->n_hidden);
    part.stride = pooled_of(c);
    return part;
}

static wl_status convolve(struct wl_sequence_model *model, struct wl_gemm *gemm, size_t n,
                          wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    struct batch *b = &model->batch;
    struct wl_matrix x = floats(b->x, b->steps.n_padded, inputs_of(c));
    struct wl_matrix maps = floats(b->maps, b->steps.n_padded, c->n_hidden);

    for (size_t i = 0; i < c->n_widths; i++) {
        struct wl_matrix taps = floats(b->taps[i], b->steps.n_padded, c->widths[i] * inputs_of(c));
        struct wl_matrix part = width_part(c, b->pooled, i, n);
        WL_TRY(wl_convolution_forward(gemm, &model->tensors, &model->convolutions[i], b->starts, n,
                                      &x, &taps, &maps, error));
        wl_peaks_forward(b->starts, n, &maps, b->peaks[i], &part);
    }
    return WL_OK;
}

static wl_status convolve_back(struct wl_sequence_model *model, struct wl_gemm *gemm, size_t n,
                               wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    struct batch *b = &model->batch;
    struct wl_matrix dx = floats(b->dx, b->steps.n_padded, inputs_of(c));
    struct wl_matrix dmaps = floats(b->maps, b->steps.n_padded, c->n_hidden);

    memset(b->dx, 0, b->steps.n_padded * inputs_of(c) * sizeof(*b->dx));
    for (size_t i = 0; i < c->n_widths; i++) {
        struct wl_matrix taps = floats(b->taps[i], b->steps.n_padded, c->widths[i] * inputs_of(c));
        struct wl_matrix part = width_part(c, b->dpooled, i, n);
        wl_peaks_backward(b->peaks[i], &part, &dmaps);
        WL_TRY(wl_convolution_backward(gemm, &model->tensors, &model->convolutions[i], b->starts, n,
                                       &dmaps, &taps, &dx, b->scratch, error));
    }
    return WL_OK;
}

wl_status wl_sequence_model_forward(struct wl_sequence_model *model, struct wl_gemm *gemm,
                                    const struct wl_sequences *sequences, const uint32_t *picked,
                                    size_t n, float *logits, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    struct batch *b = &model->batch;

    WL_TRY(lay_out(model, sequences, picked, n, error));
    struct wl_matrix x = floats(b->x, b->steps.n_rows, inputs_of(c));
    for (size_t i = 0; has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        wl_embedding_forward(model->tensors.weights + model->tables[i], b->ids[i], i > 0, &x);
    }
    if (is_cnn(c)) {
        WL_TRY(convolve(model, gemm, n, error));
    } else {
        WL_TRY(wl_recurrent_forward(gemm, &model->tensors, &model->recurrent, &b->steps, b->x,
                                    &b->recurrent, error));
        wl_steps_pool(&b->steps, c->pooling, wl_recurrent_output(&model->recurrent, &b->recurrent),
                      c->n_hidden, b->pooled);
    }
    struct wl_matrix pooled = floats(b->pooled, n, pooled_of(c));
    struct wl_matrix out = floats(b->logits, n, 1);
    WL_TRY(wl_dense_forward(gemm, &model->tensors, &model->head, &pooled, &out, error));
    for (size_t i = 0; i < n; i++) {
        logits[i] = b->logits[b->places[i]];
    }
    return WL_OK;
}

wl_status wl_sequence_model_backward(struct wl_sequence_model *model, struct wl_gemm *gemm,
                                     const struct wl_sequences *sequences, const uint32_t *picked,
                                     size_t n, float positive_weight, double *loss, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    struct batch *b = &model->batch;
    struct wl_matrix out = floats(b->logits, n, 1);
    struct wl_matrix labels = floats(b->labels, n, 1);
    struct wl_matrix pooled = floats(b->pooled, n, pooled_of(c));
    struct wl_matrix dpooled = floats(b->dpooled, n, pooled_of(c));
    double sum = 0.0;

    WL_ASSERT(b->is_training && sequences->labels != NULL);
    for (size_t i = 0; i < n; i++) {
        b->labels[b->places[i]] = sequences->labels[picked[i]];
    }
    wl_binary_cross_entropy(&out, &labels, &positive_weight, 1.0F / (float)n, b->losses, &out);
    WL_TRY(wl_dense_backward(gemm, &model->tensors, &model->head, &pooled, &out, false, &dpooled,
                             b->scratch, error));
    if (is_cnn(c)) {
        WL_TRY(convolve_back(model, gemm, n, error));
    } else {
        wl_steps_pool_back(&b->steps, c->pooling, b->dpooled, c->n_hidden, b->drows);
        WL_TRY(wl_recurrent_backward(gemm, &model->tensors, &model->recurrent, &b->steps, b->x,
                                     b->drows, has_ids(c) ? b->dx : NULL, &b->recurrent, error));
    }
    struct wl_matrix dx = floats(b->dx, b->steps.n_rows, inputs_of(c));
    for (size_t i = 0; has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        wl_embedding_backward(&dx, b->ids[i], model->tensors.gradients + model->tables[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sum += b->losses[i];
    }
    *loss = sum / (double)n;
    return WL_OK;
}

// The configuration as it stands in a file.
static void settings_of(const struct wl_sequence_config *c, uint32_t *settings)
{
    size_t n = 0;

    settings[n++] = (uint32_t)c->body;
    for (size_t i = 0; i < WL_SEQUENCE_TABLES; i++) {
        settings[n++] = (uint32_t)c->n_ids[i];
    }
    settings[n++] = (uint32_t)c->n_numbers;
    settings[n++] = (uint32_t)c->n_embedding;
    settings[n++] = (uint32_t)c->n_hidden;
    settings[n++] = (uint32_t)c->n_layers;
    settings[n++] = (uint32_t)c->pooling;
    settings[n++] = (uint32_t)c->n_widths;
    for (size_t i = 0; i < WL_SEQUENCE_WIDTHS_MAX; i++) {
        settings[n++] = (uint32_t)c->widths[i];
    }
    WL_ASSERT(n == N_SETTINGS);
}

static struct wl_sequence_config config_from(const uint32_t *s)
{
    return (struct wl_sequence_config){.body = (enum wl_sequence_body)s[0],
                                       .n_ids = {s[1], s[2], s[3]},
                                       .n_numbers = s[4],
                                       .n_embedding = s[5],
                                       .n_hidden = s[6],
                                       .n_layers = s[7],
                                       .pooling = (enum wl_pooling)s[8],
                                       .n_widths = s[9],
                                       .widths = {s[10], s[11], s[12], s[13]}};
}

wl_status wl_sequence_model_write(const struct wl_sequence_model *model, const char *path,
                                  wl_error *error)
{
    uint32_t settings[N_SETTINGS];
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, model->alloc, 0);
    settings_of(&model->config, settings);
    wl_buf_text(&buf, MAGIC);
    wl_put_u32(&buf, VERSION);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        wl_put_u32(&buf, settings[i]);
    }
    wl_put_u64(&buf, model->tensors.n_floats);
    for (size_t i = 0; i < model->tensors.n_floats; i++) {
        wl_put_f32(&buf, model->tensors.weights[i]);
    }
    wl_put_u64(&buf, wl_str_hash(wl_buf_view(&buf), 0));
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_write(path, wl_buf_view(&buf), error));
done:
    wl_buf_release(&buf);
    return status;
}

// Everything before the weights; the reader stands at them then.
static wl_status parse_header(struct wl_str bytes, struct wl_reader *reader,
                              struct wl_sequence_config *config, size_t *n_floats, wl_error *error)
{
    uint32_t settings[N_SETTINGS];

    wl_reader_init(reader, bytes);
    struct wl_str magic = wl_read_bytes(reader, 4);
    if (!wl_str_is(magic, MAGIC) || bytes.n_bytes < sizeof(uint64_t)) {
        return wl_fail(error, WL_ECORRUPT, "no sequence model: it does not start with " MAGIC);
    }
    uint32_t version = wl_read_u32(reader);
    if (!reader->failed && version != VERSION) {
        return wl_fail(error, WL_EVERSION, "sequence model of version %u, known is %u", version,
                       VERSION);
    }
    for (size_t i = 0; i < N_SETTINGS; i++) {
        settings[i] = wl_read_u32(reader);
    }
    uint64_t n = wl_read_u64(reader);
    struct wl_reader end;
    struct wl_str body = {.data = bytes.data, .n_bytes = bytes.n_bytes - sizeof(uint64_t)};
    wl_reader_init(&end, (struct wl_str){.data = bytes.data + body.n_bytes, .n_bytes = 8});
    if (reader->failed || wl_read_u64(&end) != wl_str_hash(body, 0) ||
        wl_reader_left(reader) < sizeof(uint64_t) ||
        (wl_reader_left(reader) - sizeof(uint64_t)) / sizeof(float) != n) {
        return wl_fail(error, WL_ECORRUPT, "sequence model of %zu bytes is cut or damaged",
                       bytes.n_bytes);
    }
    *config = config_from(settings);
    *n_floats = n;
    return WL_OK;
}

wl_status wl_sequence_model_parse(const wl_alloc *alloc, struct wl_str bytes,
                                  struct wl_sequence_model **model_out, wl_error *error)
{
    struct wl_sequence_model *model = NULL;
    struct wl_sequence_config config;
    struct wl_reader reader;
    size_t n_floats = 0;
    wl_status status = WL_OK;

    WL_TRY(parse_header(bytes, &reader, &config, &n_floats, error));
    status = make(alloc, &config, &model, error);
    if (status == WL_ENOMEM) {
        goto done;
    }
    // No memory is taken for weights that the file does not hold.
    if (status != WL_OK || model->tensors.n_floats != n_floats) {
        status = wl_fail(error, WL_ECORRUPT, "sequence model's settings do not fit its %zu values",
                         n_floats);
        goto done;
    }
    WL_GO(wl_tensors_allocate(&model->tensors, WL_BLOCK_WEIGHTS, error));
    for (size_t i = 0; i < n_floats; i++) {
        model->tensors.weights[i] = wl_read_f32(&reader);
        if (!isfinite(model->tensors.weights[i])) {
            status =
                wl_fail(error, WL_ECORRUPT, "value %zu of the sequence model is not finite", i);
            goto done;
        }
    }
    *model_out = model;
    model = NULL;
done:
    wl_sequence_model_free(model);
    return status;
}

wl_status wl_sequence_model_read(const wl_alloc *alloc, const char *path,
                                 struct wl_sequence_model **model_out, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, alloc, 0);
    WL_GO(wl_file_read(path, &buf, error));
    WL_GO(wl_sequence_model_parse(alloc, wl_buf_view(&buf), model_out, error));
done:
    wl_buf_release(&buf);
    return status;
}
