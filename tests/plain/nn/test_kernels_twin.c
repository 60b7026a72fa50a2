/* Goal:   fast kernels equal the plain layers in double, in float and in bf16.
 * Method: random matrices with gaps behind their rows, widths that are no multiple of a vector,
 *         sequences of every kind of length. Tolerances: float 1e-5 of the largest value (sums of
 *         up to 1,100 terms at 6e-8 each, and exp within 2e-7); bf16 stores 8 bits, so 2^-8.
 *         Planted fault: a causal kernel against the twin that sees everything must differ. */
#include "nn_twin.h"

#include "nn/attention.h"
#include "nn/dense.h"
#include "nn/kernels.h"
#include "nn/plain.h"
#include "nn/vector_math.h"

static uint64_t state;
static wl_error fault;

static const enum wl_number numbers[] = {WL_F32, WL_BF16};
static const size_t widths[] = {1, 15, 16, 64, 100, 1100};

static double tolerance_of(enum wl_number number)
{
    return number == WL_F32 ? 1e-5 : 1.0 / 256.0;
}

static void test_vector_math(void)
{
    for (double x = -86.9; x < 87.9; x += 0.0137) {
        double exact = exp((double)(float)x);
        CHECK(fabs((double)wl_exp((float)x) - exact) < 2e-7 * exact);
        CHECK(fabs((double)wl_tanh((float)x) - tanh((double)(float)x)) < 2e-7);
        double share = 0.5 * erfc(-(double)(float)x / 1.41421356237309504880);
        CHECK(fabs((double)wl_normal_share((float)x) - share) < 2e-7);
    }
    CHECK(isnan(wl_exp(NAN)));
    CHECK(wl_exp(-1e30F) < 2e-38F && wl_exp(1e30F) > 1e38F);
}

static void check_gelu(enum wl_number number, size_t n, enum wl_gelu kind)
{
    struct twin x = twin_make(number, 7, n, 6.0, &state);
    struct twin y = twin_make(number, 7, n, 1.0, &state);
    struct twin dy = twin_make(number, 7, n, 1.0, &state);
    struct twin dx = twin_make(number, 7, n, 1.0, &state);

    wl_gelu_forward(kind, &x.matrix, &y.matrix);
    wl_gelu_backward(kind, &x.matrix, &dy.matrix, &dx.matrix);
    for (size_t i = 0; i < 7 * n; i++) {
        y.plain[i] = wl_plain_gelu(x.plain[i], kind == WL_GELU_TANH);
        dx.plain[i] = dy.plain[i] * wl_plain_gelu_slope(x.plain[i], kind == WL_GELU_TANH);
    }
    CHECK(twin_error(&y) < tolerance_of(number));
    CHECK(twin_error(&dx) < tolerance_of(number));
    twin_free(&x);
    twin_free(&y);
    twin_free(&dy);
    twin_free(&dx);
}

static void test_gelu(void)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        for (size_t k = 0; k < COUNT(widths); k++) {
            check_gelu(numbers[i], widths[k], WL_GELU_EXACT);
            check_gelu(numbers[i], widths[k], WL_GELU_TANH);
        }
    }
}

static void check_norm(enum wl_number number, size_t n, bool is_added)
{
    enum { ROWS = 37 };
    struct twin x = twin_make(WL_F32, ROWS, n, 3.0, &state);
    struct twin y = twin_make(WL_F32, ROWS, n, 1.0, &state);
    struct twin y_too = twin_make(number, ROWS, n, 1.0, &state);
    struct twin dy = twin_make(number, ROWS, n, 1.0, &state);
    struct twin dx = twin_make(WL_F32, ROWS, n, 1.0, &state);
    struct twin gain = twin_make(WL_F32, 1, n, 2.0, &state);
    struct twin shift = twin_make(WL_F32, 1, n, 1.0, &state);
    float *stats = calloc(2 * ROWS, sizeof(*stats));
    float *sums = calloc(2 * n + WL_PIECES * 2 * n, sizeof(*sums));
    double *want = calloc(2 * n, sizeof(*want));

    wl_norm_forward(&x.matrix, gain.data, shift.data, 1e-5F, &y.matrix, &y_too.matrix, stats);
    wl_norm_backward(&x.matrix, gain.data, stats, &dy.matrix, is_added, &dx.matrix, sums, sums + n,
                     sums + 2 * n);
    wl_plain_norm(x.plain, gain.plain, shift.plain, 1e-5, ROWS, n, y.plain);
    memcpy(y_too.plain, y.plain, ROWS * n * sizeof(double));
    if (!is_added) {
        memset(dx.plain, 0, ROWS * n * sizeof(double));
    }
    wl_plain_norm_back(x.plain, gain.plain, 1e-5, dy.plain, ROWS, n, dx.plain, want, want + n);
    CHECK(twin_error(&y) < 1e-5);
    CHECK(twin_error(&y_too) < tolerance_of(number));
    CHECK(twin_error(&dx) < 1e-4); // a variance near 0 divides what is lost by its root
    CHECK(twin_floats_error(sums, want, 2 * n) < 1e-5);
    free(want);
    free(sums);
    free(stats);
    twin_free(&x);
    twin_free(&y);
    twin_free(&y_too);
    twin_free(&dy);
    twin_free(&dx);
    twin_free(&gain);
    twin_free(&shift);
}

static void test_norm(void)
{
    for (size_t i = 0; i < COUNT(numbers); i++) {
        for (size_t k = 1; k < COUNT(widths); k++) { // one column has no variance
            check_norm(numbers[i], widths[k], false);
            check_norm(numbers[i], widths[k], true);
        }
    }
}

static void test_dropout(void)
{
    enum { ROWS = 50, COLUMNS = 1100 };
    const struct wl_dropout dropout = wl_dropout_at(0.1F, 42, 7, 3);
    struct twin x = twin_make(WL_F32, ROWS, COLUMNS, 1.0, &state);
    struct twin z = twin_make(WL_BF16, ROWS, COLUMNS, 1.0, &state);
    struct twin y = twin_make(WL_F32, ROWS, COLUMNS, 1.0, &state);
    struct twin kept = twin_make(WL_BF16, ROWS, COLUMNS, 1.0, &state);
    size_t n_dropped = 0;

    wl_residual_forward(&x.matrix, dropout, &z.matrix, &y.matrix);
    wl_dropout_apply(dropout, &z.matrix, &kept.matrix);
    wl_plain_dropout(dropout, z.plain, ROWS, COLUMNS, kept.plain);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < COLUMNS; k++) {
            size_t at = i * COLUMNS + k;
            double factor = (double)wl_dropout_factor(dropout, (uint32_t)i, (uint32_t)k);
            y.plain[at] = x.plain[at] + kept.plain[at];
            n_dropped += factor == 0.0;
        }
    }
    CHECK(twin_error(&y) < 1e-6);
    CHECK(twin_error(&kept) < 1.0 / 256.0);
    // 55,000 draws at 0.1: deviation 70, so 5 deviations are 350
    CHECK(n_dropped > 5500 - 350 && n_dropped < 5500 + 350);
    wl_dropout_apply((struct wl_dropout){0}, &z.matrix, &kept.matrix);
    memcpy(kept.plain, z.plain, sizeof(double) * ROWS * COLUMNS);
    CHECK(twin_error(&kept) <= 0.0); // p = 0 copies
    twin_free(&x);
    twin_free(&z);
    twin_free(&y);
    twin_free(&kept);
}

static void check_embedding(enum wl_number number)
{
    enum { ROWS = 40, COLUMNS = 300, V = 9 };
    struct twin table = twin_make(WL_F32, 1, V * COLUMNS, 1.0, &state);
    struct twin y = twin_make(number, ROWS, COLUMNS, 1.0, &state);
    struct twin dy = twin_make(number, ROWS, COLUMNS, 1.0, &state);
    float *dtable = calloc((size_t)V * COLUMNS, sizeof(*dtable));
    double *want = calloc((size_t)V * COLUMNS, sizeof(*want));
    int32_t ids[ROWS];

    for (size_t i = 0; i < ROWS; i++) {
        ids[i] = (int32_t)(check_rand(&state) % V);
    }
    wl_plain_embedding(table.plain, ids, ROWS, COLUMNS, y.plain);
    wl_plain_embedding_back(ids, dy.plain, ROWS, COLUMNS, want);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
        y.plain[i] *= 2.0; // written, then added
    }
    wl_embedding_forward(table.data, ids, false, &y.matrix);
    wl_embedding_forward(table.data, ids, true, &y.matrix);
    wl_embedding_backward(&dy.matrix, ids, dtable);
    CHECK(twin_error(&y) < tolerance_of(number));
    CHECK(twin_floats_error(dtable, want, (size_t)V * COLUMNS) < 1e-6);
    free(dtable);
    free(want);
    twin_free(&table);
    twin_free(&y);
    twin_free(&dy);
}

static void test_embedding(void)
{
    check_embedding(WL_F32);
    check_embedding(WL_BF16);
}

static void test_rows(void)
{
    static const size_t rows[] = {4, 0, 4};
    struct twin x = twin_make(WL_F32, 6, 30, 1.0, &state);
    struct twin y = twin_make(WL_BF16, 3, 30, 1.0, &state);
    struct twin dx = twin_make(WL_F32, 6, 30, 1.0, &state);

    wl_rows_gather(&x.matrix, rows, &y.matrix);
    memset(dx.plain, 0, sizeof(double) * 6 * 30);
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 30; k++) {
            y.plain[i * 30 + k] = x.plain[rows[i] * 30 + k];
            dx.plain[rows[i] * 30 + k] += twin_get(&y, i, k);
        }
    }
    CHECK(twin_error(&y) < 1.0 / 256.0);
    wl_rows_scatter(&y.matrix, rows, &dx.matrix);
    CHECK(twin_error(&dx) < 1e-6);
    twin_free(&x);
    twin_free(&y);
    twin_free(&dx);
}

static void check_cross_entropy(size_t v, double scale)
{
    enum { ROWS = 9 };
    struct twin x = twin_make(WL_F32, ROWS, v, scale, &state);
    struct twin dx = twin_make(WL_F32, ROWS, v, 1.0, &state);
    float *weights = calloc(v, sizeof(*weights));
    double losses[ROWS];
    int32_t targets[ROWS];

    memset(dx.plain, 0, sizeof(double) * ROWS * v);
    for (size_t k = 0; k < v; k++) {
        weights[k] = 0.5F + (float)(k % 3);
    }
    for (size_t i = 0; i < ROWS; i++) {
        targets[i] = i == 4 ? -1 : (int32_t)(check_rand(&state) % v);
    }
    wl_cross_entropy(&x.matrix, targets, weights, 0.25F, losses, &dx.matrix);
    for (size_t i = 0; i < ROWS; i++) {
        double weight = i == 4 ? 0.0 : (double)weights[targets[i]];
        double want = i == 4
                          ? 0.0
                          : weight * wl_plain_cross_entropy(x.plain + i * v, v, (size_t)targets[i],
                                                            0.25 * weight, dx.plain + i * v);
        CHECK_CLOSE(losses[i], want, 1e-5);
    }
    CHECK(twin_error(&dx) < 1e-6);
    free(weights);
    twin_free(&x);
    twin_free(&dx);
}

static void test_losses(void)
{
    enum { ROWS = 4, K = 5 };
    check_cross_entropy(2, 1.0);
    check_cross_entropy(77, 20.0);
    check_cross_entropy(5000, 1000.0); // logits of a thousand: no infinity, no NaN

    struct twin x = twin_make(WL_F32, ROWS, K, 1000.0, &state);
    struct twin targets = twin_make(WL_F32, ROWS, K, 1.0, &state);
    struct twin dx = twin_make(WL_F32, ROWS, K, 1.0, &state);
    double losses[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < K; k++) {
            twin_set(&x, i, k, i % 2 == 0 ? x.plain[i * K + k] : x.plain[i * K + k] / 500.0);
            twin_set(&targets, i, k, fabs(targets.plain[i * K + k]));
        }
    }
    wl_binary_cross_entropy(&x.matrix, &targets.matrix, NULL, 2.0F, losses, &dx.matrix);
    for (size_t i = 0; i < ROWS; i++) {
        double want = 0.0;
        for (size_t k = 0; k < K; k++) {
            size_t at = i * K + k;
            want += wl_plain_binary(x.plain[at], targets.plain[at]);
            dx.plain[at] = 2.0 * wl_plain_binary_slope(x.plain[at], targets.plain[at]);
        }
        CHECK_CLOSE(losses[i], want, 1e-12);
    }
    CHECK(twin_error(&dx) < 1e-6);
    twin_free(&x);
    twin_free(&targets);
    twin_free(&dx);
}

static const struct attention_case {
    size_t n_heads;
    size_t n_channels;
    float p;
    size_t n_sequences;
    size_t starts[6];
} attention_cases[] = {
    {1, 1, 0.0F, 1, {0, 1}},
    {2, 3, 0.0F, 2, {0, 2, 7}},
    {3, 16, 0.0F, 3, {0, 5, 5, 9}}, // an empty sequence
    {2, 8, 0.3F, 5, {0, 63, 127, 192, 193, 194}},
    {1, 8, 0.2F, 1, {0, 130}}, // three blocks of queries and keys
    {2, 64, 0.1F, 2, {0, 33, 50}},
    {1, 128, 0.0F, 1, {0, 9}},
};

static void check_attention(const struct attention_case *c, enum wl_number number, bool is_causal)
{
    const struct wl_attention attention = {.n_heads = c->n_heads,
                                           .n_channels = c->n_channels,
                                           .is_causal = is_causal,
                                           .dropout = wl_dropout_at(c->p, 5, 1, 2),
                                           .starts = c->starts,
                                           .n_sequences = c->n_sequences};
    size_t n = c->starts[c->n_sequences];
    size_t n_rows = n + 3; // rows behind the last sequence
    size_t width = c->n_heads * c->n_channels;
    struct twin qkv = twin_make(number, n_rows, 3 * width, 2.0, &state);
    struct twin y = twin_make(number, n_rows, width, 1.0, &state);
    struct twin dy = twin_make(number, n_rows, width, 1.0, &state);
    struct twin dqkv = twin_make(number, n_rows, 3 * width, 1.0, &state);
    float *log_totals = calloc(n_rows * c->n_heads, sizeof(*log_totals));
    float *scratch = calloc(n_rows * width, sizeof(*scratch));

    wl_attention_forward(&attention, &qkv.matrix, &y.matrix, log_totals);
    wl_attention_backward(&attention, &qkv.matrix, &y.matrix, log_totals, &dy.matrix, &dqkv.matrix,
                          scratch);
    memset(y.plain, 0, n_rows * width * sizeof(double));
    memset(dqkv.plain, 0, n_rows * 3 * width * sizeof(double));
    wl_plain_attention(qkv.plain, c->starts, c->n_sequences, c->n_heads, c->n_channels, is_causal,
                       attention.dropout, y.plain);
    wl_plain_attention_back(qkv.plain, c->starts, c->n_sequences, c->n_heads, c->n_channels,
                            is_causal, attention.dropout, dy.plain, dqkv.plain);
    CHECK(twin_error(&y) < tolerance_of(number));
    CHECK(twin_error(&dqkv) < 3.0 * tolerance_of(number)); // through the rounded y
    if (is_causal && n > c->n_sequences) {
        wl_plain_attention(qkv.plain, c->starts, c->n_sequences, c->n_heads, c->n_channels, false,
                           attention.dropout, y.plain);
        CHECK(twin_error(&y) > 10.0 * tolerance_of(number)); // planted fault
    }
    free(log_totals);
    free(scratch);
    twin_free(&qkv);
    twin_free(&y);
    twin_free(&dy);
    twin_free(&dqkv);
}

static void test_attention(void)
{
    for (size_t i = 0; i < COUNT(attention_cases); i++) {
        for (size_t k = 0; k < COUNT(numbers); k++) {
            check_attention(&attention_cases[i], numbers[k], false);
            check_attention(&attention_cases[i], numbers[k], true);
        }
    }
}

static void check_dense(struct wl_gemm *gemm, enum wl_number number, bool has_bias)
{
    enum { ROWS = 21, IN = 37, OUT = 50 };
    struct wl_tensors tensors;
    struct wl_dense dense;
    struct twin x = twin_make(number, ROWS, IN, 1.0, &state);
    struct twin y = twin_make(WL_F32, ROWS, OUT, 1.0, &state);
    struct twin dy = twin_make(number, ROWS, OUT, 1.0, &state);
    struct twin dx = twin_make(WL_F32, ROWS, IN, 1.0, &state);
    struct twin w = twin_make(number, OUT, IN, 1.0, &state);
    struct twin b = twin_make(WL_F32, 1, OUT, 1.0, &state);
    float *scratch = calloc((size_t)WL_PIECES * OUT, sizeof(*scratch));
    double *want = calloc((size_t)OUT * IN + OUT, sizeof(*want));

    wl_tensors_init(&tensors, wl_alloc_default());
    CHECK_INT(wl_dense_add(&tensors, "d", IN, OUT, has_bias, &dense, &fault), WL_OK);
    CHECK_INT(wl_tensors_allocate(
                  &tensors, WL_BLOCK_WEIGHTS | WL_BLOCK_GRADIENTS | WL_BLOCK_OPERANDS, &fault),
              WL_OK);
    for (size_t i = 0; i < (size_t)OUT * IN; i++) {
        tensors.weights[dense.weight + i] = (float)w.plain[i];
    }
    for (size_t i = 0; has_bias && i < OUT; i++) {
        tensors.weights[dense.bias + i] = (float)b.plain[i];
    }
    wl_tensors_refresh(&tensors);
    CHECK_INT(wl_dense_forward(gemm, &tensors, &dense, &x.matrix, &y.matrix, &fault), WL_OK);
    CHECK_INT(wl_dense_backward(gemm, &tensors, &dense, &x.matrix, &dy.matrix, false, &dx.matrix,
                                scratch, &fault),
              WL_OK);
    wl_plain_linear(x.plain, w.plain, has_bias ? b.plain : NULL, ROWS, IN, OUT, y.plain);
    memset(dx.plain, 0, sizeof(double) * ROWS * IN);
    wl_plain_linear_back(x.plain, w.plain, dy.plain, ROWS, IN, OUT, dx.plain, want,
                         want + (size_t)OUT * IN);
    CHECK(twin_error(&y) < 1e-6);
    CHECK_INT(wl_dense_pack(gemm, &tensors, &dense, number, &fault), WL_OK);
    memset(y.data, 0, sizeof(float) * ROWS * (OUT + TWIN_GAP));
    CHECK_INT(wl_dense_forward(gemm, &tensors, &dense, &x.matrix, &y.matrix, &fault), WL_OK);
    CHECK(twin_error(&y) < 1e-6); // packed
    wl_dense_unpack(&dense);
    CHECK(twin_error(&dx) < 1e-6);
    CHECK(twin_floats_error(tensors.gradients + dense.weight, want, (size_t)OUT * IN) < 1e-6);
    if (has_bias) {
        CHECK(twin_floats_error(tensors.gradients + dense.bias, want + (size_t)OUT * IN, OUT) <
              1e-6);
    }
    wl_tensors_release(&tensors);
    free(want);
    free(scratch);
    twin_free(&x);
    twin_free(&y);
    twin_free(&dy);
    twin_free(&dx);
    twin_free(&w);
    twin_free(&b);
}

static void test_dense(void)
{
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 2, &gemm, &fault), WL_OK);
    check_dense(gemm, WL_F32, true);
    check_dense(gemm, WL_F32, false);
    if (wl_gemm_has_bf16(gemm)) {
        check_dense(gemm, WL_BF16, true);
    }
    wl_gemm_close(gemm);
}

int main(void)
{
    state = check_seed();
    RUN(test_vector_math);
    RUN(test_gelu);
    RUN(test_norm);
    RUN(test_dropout);
    RUN(test_embedding);
    RUN(test_rows);
    RUN(test_losses);
    RUN(test_attention);
    RUN(test_dense);
    return check_report();
}
