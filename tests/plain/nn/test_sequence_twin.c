/* Goal:   LSTM, GRU, convolution and peaks equal their plain twins, forward and backward, for many
 *         sequences of different lengths in one batch, one layer or several.
 * Method: random lengths, inputs, weights and gradients; the twins run in double, sequence by
 *         sequence, layer by layer. Measured 2e-7 of the largest value, three times float's eps;
 *         2e-6 leaves room. Planted fault: two places of the batch swapped is seen. Rows behind
 *         the last are checked to stay zero. */
#include "nn_twin.h"

#include "nn/convolution.h"
#include "nn/kernels.h"
#include "nn/plain_sequence.h"
#include "nn/recurrent.h"

#define TOLERANCE 2e-6

enum { B = 7, T_MAX = 12, I = 5, H = 19, ROWS = 112, LAYERS = 2, FLOATS = 20000 };

static wl_error fault;

static double uniform(uint64_t *state)
{
    return ldexp((double)(check_rand(state) >> 11), -52) - 1.0; // [-1, 1)
}

static void fill(float *x, size_t n, double scale, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(scale * uniform(state));
    }
}

struct batch {
    size_t lengths[B];
    uint32_t order[B];
    size_t lengths_placed[B];
    size_t first[T_MAX + 1];
    struct wl_steps steps;
};

static void make_batch(struct batch *batch, uint64_t *state)
{
    for (size_t b = 0; b < B; b++) {
        batch->lengths[b] = 1 + check_rand(state) % T_MAX;
    }
    batch->steps = (struct wl_steps){
        .order = batch->order, .lengths = batch->lengths_placed, .first = batch->first};
    wl_steps_plan(&batch->steps, batch->lengths, B);
}

static void test_steps_are_the_longest_first(void)
{
    static const size_t lengths[3] = {2, 4, 1};
    static const size_t first[5] = {0, 3, 5, 6, 7};
    struct batch batch;
    uint64_t state = check_seed();

    batch.steps = (struct wl_steps){
        .order = batch.order, .lengths = batch.lengths_placed, .first = batch.first};
    wl_steps_plan(&batch.steps, lengths, 3);
    CHECK_INT(batch.order[0], 1);
    CHECK_INT(batch.order[1], 0);
    CHECK_INT(batch.order[2], 2);
    CHECK_INT(batch.steps.n_steps, 4);
    CHECK_INT(batch.steps.n_padded, 16);
    for (size_t t = 0; t < 5; t++) {
        CHECK_INT(first[t], batch.first[t]);
    }
    for (int repeat = 0; repeat < 50; repeat++) {
        size_t n_rows = 0;
        make_batch(&batch, &state);
        for (size_t b = 0; b < B; b++) {
            n_rows += batch.lengths[b];
            CHECK_INT(batch.lengths_placed[b], batch.lengths[batch.order[b]]);
            if (b > 0) { // stable: equal lengths stay in their order
                size_t before = batch.lengths_placed[b - 1];
                CHECK(before > batch.lengths_placed[b] ||
                      (before == batch.lengths_placed[b] && batch.order[b - 1] < batch.order[b]));
            }
        }
        CHECK_INT(batch.steps.n_rows, n_rows);
    }
}

// Everything of one recurrent layer stack, fast and plain.
struct stack {
    struct wl_tensors tensors;
    struct wl_recurrent recurrent;
    struct wl_recurrent_memory memory;
    void *block;
    double *weights;   /* as tensors.weights */
    double *gradients; /* of the twins */
};

static void make_stack(struct stack *s, enum wl_recurrent_kind kind, uint64_t *state)
{
    struct wl_carve carve = {0};

    wl_tensors_init(&s->tensors, wl_alloc_default());
    CHECK_INT(wl_recurrent_add(&s->tensors, "r", kind, I, H, LAYERS, &s->recurrent, &fault), WL_OK);
    CHECK_INT(wl_tensors_allocate(&s->tensors, WL_BLOCK_WEIGHTS | WL_BLOCK_GRADIENTS, &fault),
              WL_OK);
    fill(s->tensors.weights, s->tensors.n_floats, 0.4, state);
    wl_recurrent_plan(&s->recurrent, ROWS, B, true, &carve, &s->memory);
    s->block = wl_alloc_aligned(wl_alloc_default(), carve.n_bytes, 1);
    memset(s->block, 0xff, carve.n_bytes); // NaN: what is not written must not be read
    carve = (struct wl_carve){.base = s->block};
    wl_recurrent_plan(&s->recurrent, ROWS, B, true, &carve, &s->memory);
    s->weights = calloc(s->tensors.n_floats, sizeof(double));
    s->gradients = calloc(s->tensors.n_floats, sizeof(double));
    for (size_t i = 0; i < s->tensors.n_floats; i++) {
        s->weights[i] = (double)s->tensors.weights[i];
    }
}

static void free_stack(struct stack *s)
{
    wl_tensors_release(&s->tensors);
    wl_alloc_aligned_free(wl_alloc_default(), s->block);
    free(s->weights);
    free(s->gradients);
}

static struct wl_plain_cell cell_of(const struct stack *s, size_t l)
{
    const double *w = s->weights;
    return (struct wl_plain_cell){.n_in = l == 0 ? I : H,
                                  .n_hidden = H,
                                  .w_in = w + s->recurrent.layers[l].w_in,
                                  .w_hidden = w + s->recurrent.layers[l].w_hidden,
                                  .b_in = w + s->recurrent.layers[l].b_in,
                                  .b_hidden = w + s->recurrent.layers[l].b_hidden};
}

static struct wl_plain_cell_gradients gradients_of(const struct stack *s, size_t l)
{
    double *w = s->gradients;
    return (struct wl_plain_cell_gradients){.w_in = w + s->recurrent.layers[l].w_in,
                                            .w_hidden = w + s->recurrent.layers[l].w_hidden,
                                            .b_in = w + s->recurrent.layers[l].b_in,
                                            .b_hidden = w + s->recurrent.layers[l].b_hidden};
}

// One sequence through the twins: h (T, H) of the top layer, dx (T, I) from dy (T, H).
static void plain_sequence(const struct stack *s, const double *x, size_t n_steps, const double *dy,
                           double *h, double *dx)
{
    double states[LAYERS][T_MAX * 6 * H];
    double inputs[LAYERS][T_MAX * H] = {{0}};
    double dout[T_MAX * H];
    size_t width = s->recurrent.kind == WL_LSTM ? 6 : 5;

    memcpy(inputs[0], x, n_steps * I * sizeof(*x));
    for (size_t l = 0; l < LAYERS; l++) {
        struct wl_plain_cell cell = cell_of(s, l);
        double *out = l + 1 < LAYERS ? inputs[l + 1] : h;
        if (s->recurrent.kind == WL_LSTM) {
            wl_plain_lstm(&cell, inputs[l], n_steps, states[l]);
        } else {
            wl_plain_gru(&cell, inputs[l], n_steps, states[l]);
        }
        for (size_t t = 0; t < n_steps; t++) {
            memcpy(out + t * H, states[l] + (t * width + width - 1) * H, H * sizeof(*out));
        }
    }
    memcpy(dout, dy, n_steps * H * sizeof(*dy));
    for (size_t l = LAYERS; l-- > 0;) {
        struct wl_plain_cell cell = cell_of(s, l);
        struct wl_plain_cell_gradients gradients = gradients_of(s, l);
        double din[T_MAX * H] = {0};
        if (s->recurrent.kind == WL_LSTM) {
            wl_plain_lstm_back(&cell, inputs[l], n_steps, states[l], dout, din, &gradients);
        } else {
            wl_plain_gru_back(&cell, inputs[l], n_steps, states[l], dout, din, &gradients);
        }
        memcpy(dout, din, sizeof(dout));
    }
    memcpy(dx, dout, n_steps * I * sizeof(*dx));
}

// Rows of a place as doubles, and how far the twin is from them.
static void take_rows(const struct batch *batch, size_t place, const float *x, size_t c,
                      double *out)
{
    for (size_t t = 0; t < batch->steps.lengths[place]; t++) {
        for (size_t k = 0; k < c; k++) {
            out[t * c + k] = (double)x[wl_steps_row(&batch->steps, place, t) * c + k];
        }
    }
}

static double rows_error(const struct batch *batch, size_t place, const float *x, size_t c,
                         const double *want)
{
    double got[T_MAX * H] = {0};
    double worst = 0.0;

    take_rows(batch, place, x, c, got);
    for (size_t i = 0; i < batch->steps.lengths[place] * c; i++) {
        double off = fabs(got[i] - want[i]);
        worst = off > worst || isnan(off) ? off : worst;
    }
    return worst;
}

static void check_kind(struct wl_gemm *gemm, enum wl_recurrent_kind kind, uint64_t *state)
{
    struct stack s;
    struct batch batch;
    float x[ROWS * I] = {0};
    float dy[ROWS * H] = {0};
    float dx[ROWS * I];
    double worst = 0.0;

    make_stack(&s, kind, state);
    make_batch(&batch, state);
    fill(x, batch.steps.n_rows * I, 1.0, state);
    fill(dy, batch.steps.n_rows * H, 1.0, state);
    CHECK_INT(
        wl_recurrent_forward(gemm, &s.tensors, &s.recurrent, &batch.steps, x, &s.memory, &fault),
        WL_OK);
    CHECK_INT(wl_recurrent_backward(gemm, &s.tensors, &s.recurrent, &batch.steps, x, dy, dx,
                                    &s.memory, &fault),
              WL_OK);
    const float *h = wl_recurrent_output(&s.recurrent, &s.memory);
    for (size_t place = 0; place < B; place++) {
        double in[T_MAX * I];
        double din[T_MAX * I];
        double dout[T_MAX * H];
        double out[T_MAX * H];
        take_rows(&batch, place, x, I, in);
        take_rows(&batch, place, dy, H, dout);
        plain_sequence(&s, in, batch.steps.lengths[place], dout, out, din);
        worst = fmax(worst, rows_error(&batch, place, h, H, out));
        worst = fmax(worst, rows_error(&batch, place, dx, I, din));
        if (place + 1 < B && batch.steps.lengths[place] == batch.steps.lengths[place + 1]) {
            CHECK(rows_error(&batch, place + 1, h, H, out) > 1e-3); // planted fault
        }
    }
    for (size_t i = batch.steps.n_rows * H; i < batch.steps.n_padded * H; i++) {
        CHECK(h[i] == 0.0F);
    }
    double off = twin_floats_error(s.tensors.gradients, s.gradients, s.tensors.n_floats);
    fprintf(stderr, "%s: rows off by %.1e, weights by %.1e\n", kind == WL_LSTM ? "lstm" : "gru",
            worst, off);
    CHECK(worst < TOLERANCE);
    CHECK(off < TOLERANCE);
    free_stack(&s);
}

static void test_recurrent_equals_its_twin(void)
{
    struct wl_gemm *gemm = NULL;
    uint64_t state = check_seed();

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (int repeat = 0; repeat < 5; repeat++) {
        check_kind(gemm, WL_LSTM, &state);
        check_kind(gemm, WL_GRU, &state);
    }
    wl_gemm_close(gemm);
}

static void test_pooling(void)
{
    uint64_t state = check_seed();
    struct batch batch;
    float x[ROWS * H];
    float y[B * H];
    float dx[ROWS * H];

    make_batch(&batch, &state);
    fill(x, batch.steps.n_rows * H, 1.0, &state);
    for (int pooling = WL_POOL_LAST; pooling <= WL_POOL_MEAN; pooling++) {
        wl_steps_pool(&batch.steps, (enum wl_pooling)pooling, x, H, y);
        wl_steps_pool_back(&batch.steps, (enum wl_pooling)pooling, y, H, dx);
        for (size_t place = 0; place < B; place++) {
            size_t n = batch.steps.lengths[place];
            double rows[T_MAX * H];
            double drows[T_MAX * H];
            take_rows(&batch, place, x, H, rows);
            take_rows(&batch, place, dx, H, drows);
            double mean[H];
            wl_plain_mean(rows, n, H, mean);
            for (size_t k = 0; k < H; k++) {
                double sum = 0.0; // of the gradient: all of y's arrives
                for (size_t t = 0; t < n; t++) {
                    sum += drows[t * H + k];
                }
                double want = pooling == WL_POOL_LAST ? rows[(n - 1) * H + k] : mean[k];
                CHECK_CLOSE((double)y[place * H + k], want, 1e-6);
                CHECK_CLOSE(sum, want, 1e-6);
            }
        }
    }
}

// Convolution and peaks of one width, over the sequences of a batch laid end to end.
static void check_width(struct wl_gemm *gemm, size_t width, uint64_t *state)
{
    struct wl_tensors tensors;
    struct wl_convolution convolution;
    struct batch batch;
    size_t starts[B + 1] = {0};
    size_t places[B * H];
    struct twin x = twin_make(WL_F32, ROWS, I, 1.0, state);
    struct twin y = twin_make(WL_F32, ROWS, H, 1.0, state);
    struct twin dx = twin_make(WL_F32, ROWS, I, 0.0, state);
    struct twin peaks = twin_make(WL_F32, B, H, 1.0, state);
    struct twin dpeaks = twin_make(WL_F32, B, H, 1.0, state);
    struct twin taps = twin_make(WL_F32, ROWS, width * I, 1.0, state);
    double *weights = calloc(FLOATS, sizeof(double));
    double *gradients = calloc(FLOATS, sizeof(double));
    float *scratch = calloc((size_t)WL_PIECES * H, sizeof(float));

    x.matrix.stride = dx.matrix.stride = I;
    for (size_t i = 0; i < ROWS * I; i++) {
        twin_set(&x, i / I, i % I, uniform(state));
        twin_set(&dx, i / I, i % I, 0.0);
    }
    make_batch(&batch, state);
    for (size_t b = 0; b < B; b++) {
        starts[b + 1] = starts[b] + batch.lengths[b];
    }
    wl_tensors_init(&tensors, wl_alloc_default());
    CHECK_INT(wl_convolution_add(&tensors, "c", I, width, H, &convolution, &fault), WL_OK);
    CHECK_INT(wl_tensors_allocate(&tensors, WL_BLOCK_WEIGHTS | WL_BLOCK_GRADIENTS, &fault), WL_OK);
    CHECK(tensors.n_floats <= FLOATS);
    fill(tensors.weights, tensors.n_floats, 0.5, state);
    for (size_t i = 0; i < tensors.n_floats; i++) {
        weights[i] = (double)tensors.weights[i];
    }
    CHECK_INT(wl_convolution_forward(gemm, &tensors, &convolution, starts, B, &x.matrix,
                                     &taps.matrix, &y.matrix, &fault),
              WL_OK);
    wl_peaks_forward(starts, B, &y.matrix, places, &peaks.matrix);
    const double *w = weights + convolution.dense.weight;
    const double *bias = weights + convolution.dense.bias;
    double *dy = calloc(ROWS * H, sizeof(double));
    for (size_t b = 0; b < B; b++) {
        size_t at = starts[b];
        size_t n = starts[b + 1] - at;
        wl_plain_convolution(x.plain + at * I, w, bias, n, I, width, H, y.plain + at * H);
        wl_plain_peak(y.plain + at * H, n, H, peaks.plain + b * H);
        wl_plain_peak_back(y.plain + at * H, n, H, dpeaks.plain + b * H, dy + at * H);
        wl_plain_convolution_back(x.plain + at * I, w, dy + at * H, n, I, width, H,
                                  dx.plain + at * I, gradients + convolution.dense.weight,
                                  gradients + convolution.dense.bias);
    }
    CHECK(twin_error(&peaks) < TOLERANCE);
    wl_peaks_backward(places, &dpeaks.matrix, &y.matrix);
    CHECK_INT(wl_convolution_backward(gemm, &tensors, &convolution, starts, B, &y.matrix,
                                      &taps.matrix, &dx.matrix, scratch, &fault),
              WL_OK);
    CHECK(twin_error(&dx) < TOLERANCE);
    CHECK(twin_floats_error(tensors.gradients, gradients, tensors.n_floats) < TOLERANCE);
    CHECK(twin_floats_error(tensors.gradients + 1, gradients, tensors.n_floats - 1) > TOLERANCE);
    wl_tensors_release(&tensors);
    twin_free(&x);
    twin_free(&y);
    twin_free(&dx);
    twin_free(&peaks);
    twin_free(&dpeaks);
    twin_free(&taps);
    free(dy);
    free(weights);
    free(gradients);
    free(scratch);
}

static void test_convolution_equals_its_twin(void)
{
    struct wl_gemm *gemm = NULL;
    uint64_t state = check_seed();

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t width = 1; width <= 8; width++) {
        check_width(gemm, width, &state);
    }
    wl_gemm_close(gemm);
}

int main(void)
{
    RUN(test_steps_are_the_longest_first);
    RUN(test_recurrent_equals_its_twin);
    RUN(test_pooling);
    RUN(test_convolution_equals_its_twin);
    return check_report();
}
