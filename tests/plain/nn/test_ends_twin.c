/* Goal:   what is done to a product on its way out equals doing it afterwards; int8 layers stay
 *         near the float ones; fused kernels give the bytes of their parts.
 * Method: a dense layer with each end against plain products and GELU in double, packed and not, in
 *         shapes that suit the processor's tiles and in ones that do not. Tolerances: float 1e-5,
 *         bf16 2^-7 (two roundings), int8 2 % of the largest value (127 steps each side, errors of
 *         64 to 128 terms partly cancel). Planted fault: a bias that is forgotten must be seen. */
#include "nn_twin.h"

#include "nn/dense.h"
#include "nn/kernels.h"
#include "nn/plain.h"

static uint64_t state;
static wl_error fault;

struct shape {
    size_t n_rows, n_in, n_out;
};
static const struct shape shapes[] = {{5, 7, 9}, {33, 64, 96}, {3, 128, 64}, {70, 64, 32}};

struct layer {
    struct wl_tensors tensors;
    struct wl_dense dense;
};

static void layer_make(struct layer *layer, const struct shape *s)
{
    wl_tensors_init(&layer->tensors, wl_alloc_default());
    CHECK_INT(
        wl_dense_add(&layer->tensors, "layer", s->n_in, s->n_out, true, &layer->dense, &fault),
        WL_OK);
    CHECK_INT(wl_tensors_allocate(&layer->tensors, WL_BLOCK_WEIGHTS | WL_BLOCK_OPERANDS, &fault),
              WL_OK);
    for (size_t i = 0; i < layer->tensors.n_floats; i++) {
        layer->tensors.weights[i] = (float)(ldexp((double)(check_rand(&state) >> 11), -52) - 1.0);
    }
    wl_tensors_refresh(&layer->tensors);
}

// y = x W^T + b in double.
static void product_by_definition(const struct layer *layer, const struct twin *x, double *y)
{
    const float *w = layer->tensors.weights;

    for (size_t i = 0; i < x->matrix.n_rows; i++) {
        for (size_t j = 0; j < layer->dense.n_out; j++) {
            double sum = (double)w[layer->dense.bias + j];
            for (size_t k = 0; k < layer->dense.n_in; k++) {
                sum += x->plain[i * layer->dense.n_in + k] *
                       (double)w[layer->dense.weight + j * layer->dense.n_in + k];
            }
            y[i * layer->dense.n_out + j] = sum;
        }
    }
}

// GELU at the end, with what it read; then adding to what was there.
static void check_ends(struct wl_gemm *gemm, const struct layer *layer, const struct shape *s,
                       enum wl_number number, double tolerance)
{
    struct twin x = twin_make(number, s->n_rows, s->n_in, 1.0, &state);
    struct twin before = twin_make(number, s->n_rows, s->n_out, 1.0, &state);
    struct twin y = twin_make(number, s->n_rows, s->n_out, 1.0, &state);
    struct twin sum = twin_make(WL_F32, s->n_rows, s->n_out, 1.0, &state);
    size_t n = s->n_rows * s->n_out;
    double *product = calloc(n + 1, sizeof(*product));

    product_by_definition(layer, &x, product);
    for (int kind = 0; kind < 2; kind++) {
        const struct wl_gemm_end end = {.has_gelu = true,
                                        .keeps_before = true,
                                        .gelu = (enum wl_gelu)kind,
                                        .before_gelu = &before.matrix};
        CHECK_INT(wl_dense_forward_end(gemm, &layer->tensors, &layer->dense, &x.matrix, &end,
                                       &y.matrix, &fault),
                  WL_OK);
        for (size_t i = 0; i < n; i++) {
            before.plain[i] = product[i];
            y.plain[i] = wl_plain_gelu(product[i], kind == WL_GELU_TANH);
        }
        CHECK(twin_error(&before) < tolerance);
        CHECK(twin_error(&y) < tolerance);
    }
    const struct wl_gemm_end added = {.is_added = true};
    for (size_t i = 0; i < n; i++) {
        sum.plain[i] += product[i];
    }
    CHECK_INT(wl_dense_forward_end(gemm, &layer->tensors, &layer->dense, &x.matrix, &added,
                                   &sum.matrix, &fault),
              WL_OK);
    CHECK(twin_error(&sum) < tolerance);
    for (size_t i = 0; i < n; i++) {
        sum.plain[i] -= (double)layer->tensors.weights[layer->dense.bias + i % s->n_out];
    }
    CHECK(twin_error(&sum) > tolerance); // planted fault
    free(product);
    twin_free(&x);
    twin_free(&before);
    twin_free(&y);
    twin_free(&sum);
}

static void test_ends(void)
{
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct layer layer;
        layer_make(&layer, &shapes[i]);
        check_ends(gemm, &layer, &shapes[i], WL_F32, 1e-5);
        CHECK_INT(wl_dense_pack(gemm, &layer.tensors, &layer.dense, WL_F32, &fault), WL_OK);
        check_ends(gemm, &layer, &shapes[i], WL_F32, 1e-5);
        CHECK_INT(wl_dense_pack(gemm, &layer.tensors, &layer.dense, WL_S8, &fault), WL_OK);
        check_ends(gemm, &layer, &shapes[i], WL_F32, 0.02);
        if (wl_gemm_has_bf16(gemm)) {
            check_ends(gemm, &layer, &shapes[i], WL_BF16, 0.02);
            wl_dense_unpack(&layer.dense);
            check_ends(gemm, &layer, &shapes[i], WL_BF16, 1.0 / 128.0);
            CHECK_INT(wl_dense_pack(gemm, &layer.tensors, &layer.dense, WL_BF16, &fault), WL_OK);
            check_ends(gemm, &layer, &shapes[i], WL_BF16, 1.0 / 128.0);
        }
        wl_dense_unpack(&layer.dense);
        wl_tensors_release(&layer.tensors);
    }
    wl_gemm_close(gemm);
}

static void test_quantize(void)
{
    enum { ROWS = 5, WIDTH = 1100 };
    static int8_t small[ROWS * WIDTH];
    struct wl_matrix y = wl_matrix_of(small, WL_S8, ROWS, WIDTH);
    float scales[ROWS];
    struct twin x = twin_make(WL_BF16, ROWS, WIDTH, 3.0, &state);

    for (size_t j = 0; j < WIDTH; j++) {
        twin_set(&x, 2, j, 0.0); // a row of nothing
    }
    wl_rows_quantize(&x.matrix, &y, scales);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < WIDTH; j++) {
            double got = (double)scales[i] * (double)small[i * WIDTH + j];
            CHECK(fabs(got - x.plain[i * WIDTH + j]) <= 0.5001 * (double)scales[i]);
        }
    }
    CHECK_CLOSE((double)scales[2], 0.0, 0.0);
    twin_free(&x);
}

static void test_residual_norm(void)
{
    enum { ROWS = 9, WIDTH = 100 };
    static float gain[WIDTH];
    static float shift[WIDTH];
    float stats[2][2 * ROWS];
    const struct wl_dropout dropout = wl_dropout_at(0.1F, 1, 2, 3);
    struct twin x = twin_make(WL_F32, ROWS, WIDTH, 1.0, &state);
    struct twin branch = twin_make(WL_F32, ROWS, WIDTH, 1.0, &state);
    struct twin sum[2] = {twin_make(WL_F32, ROWS, WIDTH, 1.0, &state),
                          twin_make(WL_F32, ROWS, WIDTH, 1.0, &state)};
    struct twin y[2] = {twin_make(WL_F32, ROWS, WIDTH, 1.0, &state),
                        twin_make(WL_F32, ROWS, WIDTH, 1.0, &state)};

    for (size_t i = 0; i < WIDTH; i++) {
        gain[i] = 1.0F + 0.01F * (float)i;
        shift[i] = 0.1F * (float)i;
    }
    wl_residual_forward(&x.matrix, dropout, &branch.matrix, &sum[0].matrix);
    wl_norm_forward(&sum[0].matrix, gain, shift, 1e-5F, &y[0].matrix, NULL, stats[0]);
    wl_residual_norm_forward(&x.matrix, dropout, &branch.matrix, &sum[1].matrix, gain, shift, 1e-5F,
                             &y[1].matrix, NULL, stats[1]);
    CHECK(memcmp(stats[0], stats[1], sizeof(stats[0])) == 0);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < WIDTH; j++) {
            CHECK_CLOSE(twin_get(&sum[1], i, j), twin_get(&sum[0], i, j), 0.0);
            CHECK_CLOSE(twin_get(&y[1], i, j), twin_get(&y[0], i, j), 0.0);
        }
    }
    twin_free(&x);
    twin_free(&branch);
    for (size_t i = 0; i < 2; i++) {
        twin_free(&sum[i]);
        twin_free(&y[i]);
    }
}

int main(void)
{
    state = check_seed();
    RUN(test_ends);
    RUN(test_quantize);
    RUN(test_residual_norm);
    return check_report();
}
