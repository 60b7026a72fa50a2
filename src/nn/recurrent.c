/* What depends on x only is one product over all rows of a layer; what depends on the step before
 * is one small product per step. The same on the way back: steps from the last to the first, then
 * two products over all rows for the weights. For these the outputs are copied once more, each to
 * the row that used it: a copy of H floats against a product of 8 H^2 multiplications.
 *
 * cuDNN-like fusing of all steps would save the calls (5 us each), not the arithmetic. */
#include "nn/recurrent.h"

#include "base/limits.h"
#include "base/rng.h"
#include "nn/kernels.h"
#include "nn/recurrent_cells.h"

#include <math.h>
#include <string.h>

static size_t gates_of(const struct wl_recurrent *recurrent)
{
    return (recurrent->kind == WL_LSTM ? 4 : 3) * recurrent->n_hidden;
}

static size_t inputs_of(const struct wl_recurrent *recurrent, size_t layer)
{
    return layer == 0 ? recurrent->n_in : recurrent->n_hidden;
}

wl_status wl_recurrent_add(struct wl_tensors *tensors, const char *name,
                           enum wl_recurrent_kind kind, size_t n_in, size_t n_hidden,
                           size_t n_layers, struct wl_recurrent *recurrent, wl_error *error)
{
    struct wl_recurrent r = {
        .kind = kind, .n_in = n_in, .n_hidden = n_hidden, .n_layers = n_layers};

    if (n_layers == 0 || n_layers > WL_RECURRENT_LAYERS_MAX) {
        return wl_fail(error, WL_EINVAL, "%zu recurrent layers are not 1 to %d", n_layers,
                       WL_RECURRENT_LAYERS_MAX);
    }
    for (size_t l = 0; l < n_layers; l++) {
        const size_t in[2] = {gates_of(&r), inputs_of(&r, l)};
        const size_t hidden[2] = {gates_of(&r), n_hidden};
        WL_TRY(wl_tensors_add(tensors, WL_TENSOR_WEIGHT, in, 2, &r.layers[l].w_in, error,
                              "%s.weight_ih_l%zu", name, l));
        WL_TRY(wl_tensors_add(tensors, WL_TENSOR_WEIGHT, hidden, 2, &r.layers[l].w_hidden, error,
                              "%s.weight_hh_l%zu", name, l));
        WL_TRY(wl_tensors_add(tensors, WL_TENSOR_BIAS, in, 1, &r.layers[l].b_in, error,
                              "%s.bias_ih_l%zu", name, l));
        WL_TRY(wl_tensors_add(tensors, WL_TENSOR_BIAS, in, 1, &r.layers[l].b_hidden, error,
                              "%s.bias_hh_l%zu", name, l));
    }
    *recurrent = r;
    return WL_OK;
}

void wl_recurrent_start(const struct wl_recurrent *recurrent, struct wl_tensors *tensors,
                        uint64_t seed)
{
    double bound = 1.0 / sqrt((double)recurrent->n_hidden);

    for (size_t l = 0; l < recurrent->n_layers; l++) {
        const size_t offsets[4] = {recurrent->layers[l].w_in, recurrent->layers[l].w_hidden,
                                   recurrent->layers[l].b_in, recurrent->layers[l].b_hidden};
        for (size_t k = 0; k < 4; k++) {
            const struct wl_tensor *tensor = wl_tensors_at(tensors, offsets[k]);
            struct wl_rng rng;
            wl_rng_init(&rng, seed, (uint64_t)(tensor - tensors->items));
            for (size_t i = 0; i < tensor->n_values; i++) {
                tensors->weights[tensor->offset + i] =
                    (float)(bound * (2.0 * wl_rng_unit(&rng) - 1.0));
            }
        }
    }
}

static float *floats(struct wl_carve *carve, size_t n_rows, size_t n_columns)
{
    return wl_carve_bytes(carve, n_rows * n_columns, sizeof(float));
}

void wl_recurrent_plan(const struct wl_recurrent *recurrent, size_t rows_max, size_t sequences_max,
                       bool is_training, struct wl_carve *carve, struct wl_recurrent_memory *memory)
{
    size_t n = rows_max + WL_NN_ROWS_ROUND;
    size_t h = recurrent->n_hidden;
    size_t g = gates_of(recurrent);
    bool is_lstm = recurrent->kind == WL_LSTM;
    struct wl_recurrent_memory m = {0};

    for (size_t l = 0; l < recurrent->n_layers; l++) {
        m.layers[l].gates = floats(carve, n, g);
        m.layers[l].s = floats(carve, n, g);
        m.layers[l].c = is_lstm ? floats(carve, n, h) : NULL;
        m.layers[l].h = floats(carve, n, h);
        m.layers[l].h_before = floats(carve, n, h);
    }
    m.zeros = floats(carve, sequences_max, h);
    if (is_training) {
        m.da = floats(carve, n, g);
        m.ds = is_lstm ? m.da : floats(carve, n, g);
        m.dh = floats(carve, n, h);
        m.carried = floats(carve, sequences_max, h);
        m.dc = is_lstm ? floats(carve, sequences_max, h) : NULL;
        m.scratch = floats(carve, WL_PIECES, g);
    }
    *memory = m;
}

const float *wl_recurrent_output(const struct wl_recurrent *recurrent,
                                 const struct wl_recurrent_memory *memory)
{
    return memory->layers[recurrent->n_layers - 1].h;
}

// A wl_matrix serves reading and writing; what is made here is only read.
static struct wl_matrix matrix(const float *data, size_t n_rows, size_t n_columns)
{
    union {
        const float *read;
        void *plain;
    } view = {.read = data};

    return wl_matrix_of(view.plain, WL_F32, n_rows, n_columns);
}

static void clear_rows(float *x, size_t begin, size_t end, size_t n_columns)
{
    memset(x + begin * n_columns, 0, (end - begin) * n_columns * sizeof(*x));
}

// Steps of one layer, whose products with x stand in gates.
static wl_status run_steps(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                           const struct wl_recurrent *recurrent, size_t l,
                           const struct wl_steps *steps, const struct wl_recurrent_memory *memory,
                           wl_error *error)
{
    size_t n = recurrent->n_hidden;
    size_t g = gates_of(recurrent);
    struct wl_matrix w = matrix(tensors->weights + recurrent->layers[l].w_hidden, g, n);
    const float *bias = tensors->weights + recurrent->layers[l].b_hidden;
    float *h = memory->layers[l].h;
    float *h_before = memory->layers[l].h_before;

    clear_rows(h_before, 0, steps->first[1], n);
    clear_rows(h_before, steps->n_rows, steps->n_padded, n);
    clear_rows(h, steps->n_rows, steps->n_padded, n);
    for (size_t t = 0; t < steps->n_steps; t++) {
        size_t row = steps->first[t];
        size_t count = steps->first[t + 1] - row;
        float *gates = memory->layers[l].gates + row * g;
        float *s = memory->layers[l].s + row * g;
        struct wl_matrix before = matrix(h_before + row * n, count, n);
        struct wl_matrix product = matrix(s, count, g);
        WL_TRY(wl_gemm_run_bias(gemm, WL_GEMM_B_TRANSPOSED, &before, &w, bias, &product, error));
        if (recurrent->kind == WL_LSTM) {
            float *c = memory->layers[l].c;
            const float *c_before = t > 0 ? c + steps->first[t - 1] * n : memory->zeros;
            wl_lstm_step(count, n, gates, s, c_before, c + row * n, h + row * n);
        } else {
            wl_gru_step(count, n, gates, s, h_before + row * n, h + row * n);
        }
        if (t + 1 < steps->n_steps) {
            size_t next = steps->first[t + 1];
            memcpy(h_before + next * n, h + row * n, (steps->first[t + 2] - next) * n * sizeof(*h));
        }
    }
    return WL_OK;
}

wl_status wl_recurrent_forward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                               const struct wl_recurrent *recurrent, const struct wl_steps *steps,
                               const float *x, const struct wl_recurrent_memory *memory,
                               wl_error *error)
{
    size_t g = gates_of(recurrent);

    clear_rows(memory->zeros, 0, steps->n_sequences, recurrent->n_hidden);
    for (size_t l = 0; l < recurrent->n_layers; l++) {
        size_t n_in = inputs_of(recurrent, l);
        struct wl_matrix in = matrix(l == 0 ? x : memory->layers[l - 1].h, steps->n_padded, n_in);
        struct wl_matrix w = matrix(tensors->weights + recurrent->layers[l].w_in, g, n_in);
        struct wl_matrix gates = matrix(memory->layers[l].gates, steps->n_padded, g);
        WL_TRY(wl_gemm_run_bias(gemm, WL_GEMM_B_TRANSPOSED, &in, &w,
                                tensors->weights + recurrent->layers[l].b_in, &gates, error));
        WL_TRY(run_steps(gemm, tensors, recurrent, l, steps, memory, error));
    }
    return WL_OK;
}

static void add_rows(float *restrict x, const float *restrict y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] += y[i];
    }
}

// Gradients of both products of all steps, from dy: the layer's own rows.
static wl_status run_steps_back(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                const struct wl_recurrent *recurrent, size_t l,
                                const struct wl_steps *steps, const float *dy,
                                const struct wl_recurrent_memory *memory, wl_error *error)
{
    size_t n = recurrent->n_hidden;
    size_t g = gates_of(recurrent);
    bool is_lstm = recurrent->kind == WL_LSTM;
    struct wl_matrix w = matrix(tensors->weights + recurrent->layers[l].w_hidden, g, n);
    float *carried = memory->carried;

    clear_rows(carried, 0, steps->n_sequences, n);
    if (is_lstm) {
        clear_rows(memory->dc, 0, steps->n_sequences, n);
    }
    for (size_t t = steps->n_steps; t-- > 0;) {
        size_t row = steps->first[t];
        size_t count = steps->first[t + 1] - row;
        const float *gates = memory->layers[l].gates + row * g;
        struct wl_matrix ds = matrix(memory->ds + row * g, count, g);
        struct wl_matrix before = matrix(carried, count, n);
        add_rows(carried, dy + row * n, count * n);
        if (is_lstm) {
            const float *c = memory->layers[l].c;
            const float *c_before = t > 0 ? c + steps->first[t - 1] * n : memory->zeros;
            wl_lstm_step_back(count, n, gates, c_before, c + row * n, carried, memory->dc,
                              memory->da + row * g);
        } else {
            wl_gru_step_back(count, n, gates, memory->layers[l].s + row * g,
                             memory->layers[l].h_before + row * n, carried, memory->da + row * g,
                             memory->ds + row * g);
        }
        WL_TRY(wl_gemm_run(gemm, is_lstm ? WL_GEMM_PLAIN : WL_GEMM_ADD, &ds, &w, &before, error));
    }
    clear_rows(memory->da, steps->n_rows, steps->n_padded, g);
    clear_rows(memory->ds, steps->n_rows, steps->n_padded, g);
    return WL_OK;
}

// gradients of a weight and a bias from those of their product.
static wl_status weights_back(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                              const struct wl_matrix *dy, const struct wl_matrix *x, size_t weight,
                              size_t bias, float *scratch, wl_error *error)
{
    struct wl_matrix dw = matrix(tensors->gradients + weight, dy->n_columns, x->n_columns);

    WL_TRY(wl_gemm_run(gemm, WL_GEMM_A_TRANSPOSED | WL_GEMM_ADD, dy, x, &dw, error));
    wl_columns_sum(dy, tensors->gradients + bias, scratch);
    return WL_OK;
}

wl_status wl_recurrent_backward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                const struct wl_recurrent *recurrent, const struct wl_steps *steps,
                                const float *x, const float *dy, float *dx,
                                const struct wl_recurrent_memory *memory, wl_error *error)
{
    size_t g = gates_of(recurrent);
    size_t n = steps->n_padded;
    struct wl_matrix da = matrix(memory->da, n, g);
    struct wl_matrix ds = matrix(memory->ds, n, g);

    for (size_t l = recurrent->n_layers; l-- > 0;) {
        size_t n_in = inputs_of(recurrent, l);
        struct wl_matrix in = matrix(l == 0 ? x : memory->layers[l - 1].h, n, n_in);
        struct wl_matrix before = matrix(memory->layers[l].h_before, n, recurrent->n_hidden);
        struct wl_matrix w = matrix(tensors->weights + recurrent->layers[l].w_in, g, n_in);
        float *below = l == 0 ? dx : memory->dh;
        WL_TRY(run_steps_back(gemm, tensors, recurrent, l, steps, dy, memory, error));
        WL_TRY(weights_back(gemm, tensors, &da, &in, recurrent->layers[l].w_in,
                            recurrent->layers[l].b_in, memory->scratch, error));
        WL_TRY(weights_back(gemm, tensors, &ds, &before, recurrent->layers[l].w_hidden,
                            recurrent->layers[l].b_hidden, memory->scratch, error));
        if (below != NULL) {
            struct wl_matrix din = matrix(below, n, n_in);
            WL_TRY(wl_gemm_run(gemm, WL_GEMM_PLAIN, &da, &w, &din, error));
        }
        dy = memory->dh;
    }
    return WL_OK;
}
