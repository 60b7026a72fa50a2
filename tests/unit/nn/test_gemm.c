/* Goal:   products equal the definition, for every flag, number kind, stride and batch.
 * Method: random small integers, whose products are exact in bf16 and float; the plain triple loop
 *         in double says what is right. Then refusals, then more shapes than are kept. */
#include "check.h"

#include "base/limits.h"
#include "base/rng.h"
#include "nn/gemm.h"

#include <math.h>

#define N_MAX 8192

static wl_error fault;

static float a_values[N_MAX];
static float b_values[N_MAX];
static float c_values[N_MAX];
static uint16_t a_bits[N_MAX];
static uint16_t b_bits[N_MAX];
static uint16_t c_bits[N_MAX];
static int8_t a_small[N_MAX];
static int8_t b_small[N_MAX];

static uint16_t to_bf16(float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    return (uint16_t)(bits >> 16); // exact for the integers used here
}

static float from_bf16(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float value = 0.0F;
    memcpy(&value, &wide, sizeof(value));
    return value;
}

static void fill(struct wl_rng *rng)
{
    for (size_t i = 0; i < N_MAX; i++) {
        a_small[i] = (int8_t)((int)wl_rng_below(rng, 5) - 2);
        b_small[i] = (int8_t)((int)wl_rng_below(rng, 5) - 2);
        a_values[i] = (float)a_small[i];
        b_values[i] = (float)b_small[i];
        c_values[i] = (float)wl_rng_below(rng, 3);
        a_bits[i] = to_bf16(a_values[i]);
        b_bits[i] = to_bf16(b_values[i]);
        c_bits[i] = to_bf16(c_values[i]);
    }
}

struct product {
    size_t m, n, k, n_batch, gap; // gap: unused elements at the end of each row
    unsigned flags;
};

static const struct product cases[] = {
    {1, 1, 1, 1, 0, WL_GEMM_PLAIN},
    {3, 5, 7, 1, 0, WL_GEMM_PLAIN},
    {3, 5, 7, 1, 0, WL_GEMM_B_TRANSPOSED},
    {3, 5, 7, 1, 0, WL_GEMM_A_TRANSPOSED},
    {3, 5, 7, 1, 2, WL_GEMM_A_TRANSPOSED | WL_GEMM_B_TRANSPOSED},
    {16, 33, 20, 1, 3, WL_GEMM_B_TRANSPOSED | WL_GEMM_ADD},
    {31, 17, 19, 4, 1, WL_GEMM_B_TRANSPOSED},
    {8, 16, 8, 5, 0, WL_GEMM_A_TRANSPOSED | WL_GEMM_ADD},
    // Shapes that suit the processor's tiles; rows beyond a block, beyond half of one, one alone.
    {33, 64, 96, 1, 0, WL_GEMM_B_TRANSPOSED},
    {17, 32, 64, 1, 3, WL_GEMM_PLAIN},
    {1, 64, 32, 1, 0, WL_GEMM_B_TRANSPOSED | WL_GEMM_ADD},
    {64, 96, 50, 1, 1, WL_GEMM_A_TRANSPOSED | WL_GEMM_ADD},
    {32, 32, 33, 1, 0, WL_GEMM_A_TRANSPOSED},
};

// Sum over k by the definition; strides as laid out by matrix_of.
static double want_at(const struct product *p, size_t batch, size_t i, size_t j)
{
    bool a_turned = (p->flags & WL_GEMM_A_TRANSPOSED) != 0;
    bool b_turned = (p->flags & WL_GEMM_B_TRANSPOSED) != 0;
    size_t a_stride = (a_turned ? p->m : p->k) + p->gap;
    size_t b_stride = (b_turned ? p->k : p->n) + p->gap;
    const float *a = a_values + batch * a_stride * (a_turned ? p->k : p->m);
    const float *b = b_values + batch * b_stride * (b_turned ? p->n : p->k);
    double sum = 0.0;

    for (size_t l = 0; l < p->k; l++) {
        double x = (double)a[a_turned ? l * a_stride + i : i * a_stride + l];
        double y = (double)b[b_turned ? j * b_stride + l : l * b_stride + j];
        sum += x * y;
    }
    return sum;
}

static struct wl_matrix matrix_of(void *data, enum wl_number number, size_t n_rows,
                                  size_t n_columns, const struct product *p)
{
    struct wl_matrix matrix = wl_matrix_of(data, number, n_rows, n_columns);
    matrix.stride += p->gap;
    matrix.n_batch = p->n_batch;
    matrix.batch_stride = matrix.stride * n_rows;
    return matrix;
}

static void check_case(struct wl_gemm *gemm, const struct product *p, enum wl_number in,
                       enum wl_number out)
{
    bool a_turned = (p->flags & WL_GEMM_A_TRANSPOSED) != 0;
    bool b_turned = (p->flags & WL_GEMM_B_TRANSPOSED) != 0;
    void *a = in == WL_F32 ? (void *)a_values : in == WL_BF16 ? (void *)a_bits : (void *)a_small;
    void *b = in == WL_F32 ? (void *)b_values : in == WL_BF16 ? (void *)b_bits : (void *)b_small;
    void *c = out == WL_F32 ? (void *)c_values : (void *)c_bits;
    struct wl_matrix ma =
        a_turned ? matrix_of(a, in, p->k, p->m, p) : matrix_of(a, in, p->m, p->k, p);
    struct wl_matrix mb =
        b_turned ? matrix_of(b, in, p->n, p->k, p) : matrix_of(b, in, p->k, p->n, p);
    struct wl_matrix mc = matrix_of(c, out, p->m, p->n, p);
    static float before[N_MAX];

    memcpy(before, c_values, sizeof(before));
    CHECK_INT(wl_gemm_run(gemm, p->flags, &ma, &mb, &mc, &fault), WL_OK);
    for (size_t batch = 0; batch < p->n_batch; batch++) {
        for (size_t i = 0; i < p->m; i++) {
            for (size_t j = 0; j < p->n; j++) {
                size_t at = batch * mc.batch_stride + i * mc.stride + j;
                double want = want_at(p, batch, i, j);
                if ((p->flags & WL_GEMM_ADD) != 0) {
                    want += (double)before[at];
                }
                float got = out == WL_F32 ? c_values[at] : from_bf16(c_bits[at]);
                CHECK_CLOSE((double)got, want, 0.0); // small integers: no rounding anywhere
            }
        }
    }
}

static void test_every_case(void)
{
    struct wl_gemm *gemm = NULL;
    struct wl_rng rng;

    wl_rng_init(&rng, 42, 0);
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 2, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fill(&rng);
        check_case(gemm, &cases[i], WL_F32, WL_F32);
        if (wl_gemm_has_bf16(gemm)) {
            fill(&rng);
            check_case(gemm, &cases[i], WL_BF16, WL_F32);
            fill(&rng);
            check_case(gemm, &cases[i], WL_BF16, WL_BF16);
        }
    }
    wl_gemm_close(gemm);
}

// One packed product of one number kind, and, for int8, the same with scales and bias.
static void check_packed(struct wl_gemm *gemm, const struct product *p, enum wl_number number)
{
    static const float scales[128] = {2.0F, 0.5F, 1.0F, 4.0F};
    static const float bias[128] = {1.0F, -2.0F, 3.0F};
    void *a = number == WL_F32    ? (void *)a_values
              : number == WL_BF16 ? (void *)a_bits
                                  : (void *)a_small;
    void *b = number == WL_F32    ? (void *)b_values
              : number == WL_BF16 ? (void *)b_bits
                                  : (void *)b_small;
    struct wl_matrix weights = wl_matrix_of(b, number, p->n, p->k);
    struct wl_matrix rows = wl_matrix_of(a, number, p->m, p->k);
    struct wl_matrix out = wl_matrix_of(c_values, WL_F32, p->m, p->n);
    struct wl_matrix out_bits = wl_matrix_of(c_bits, WL_BF16, p->m, p->n);
    struct wl_gemm_packed *packed = NULL;

    CHECK_INT(wl_gemm_pack(gemm, &weights, &packed, &fault), WL_OK);
    CHECK_INT(wl_gemm_run_packed(gemm, &rows, packed, NULL, &out, &fault), WL_OK);
    for (size_t j = 0; j < p->m * p->n; j++) {
        CHECK_CLOSE((double)c_values[j], want_at(p, 0, j / p->n, j % p->n), 0.0);
    }
    c_values[0] += 1.0F; // planted fault: the comparison can fail
    CHECK((double)c_values[0] != want_at(p, 0, 0, 0));
    for (int turn = 0; number == WL_S8 && turn < 2; turn++) {
        const struct wl_gemm_end end = {
            .row_scales = scales, .column_scales = scales + 1, .bias = bias};
        CHECK_INT(
            wl_gemm_run_packed_end(gemm, &rows, packed, &end, turn == 0 ? &out : &out_bits, &fault),
            WL_OK);
        for (size_t j = 0; j < p->m * p->n; j++) {
            double scale = (double)scales[j / p->n] * (double)scales[1 + j % p->n];
            double want = scale * want_at(p, 0, j / p->n, j % p->n) + (double)bias[j % p->n];
            double got = (double)(turn == 0 ? c_values[j] : from_bf16(c_bits[j]));
            CHECK(fabs(got - want) <= fabs(want) * ldexp(1.0, -8)); // bf16's rounding
        }
    }
    wl_gemm_packed_free(packed);
}

static void test_packed_equals_plain(void)
{
    static const struct product products[] = {{.m = 9, .n = 40, .k = 70, .n_batch = 1},
                                              {.m = 9, .n = 64, .k = 128, .n_batch = 1},
                                              {.m = 33, .n = 32, .k = 64, .n_batch = 1},
                                              {.m = 70, .n = 96, .k = 64, .n_batch = 1}};
    struct wl_gemm *gemm = NULL;
    struct wl_rng rng;

    wl_rng_init(&rng, 7, 0);
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < sizeof(products) / sizeof(*products); i++) {
        struct product p = products[i];
        p.flags = WL_GEMM_B_TRANSPOSED;
        fill(&rng);
        check_packed(gemm, &p, WL_F32);
        if (wl_gemm_has_s8(gemm)) {
            check_packed(gemm, &p, WL_S8);
        }
        if (wl_gemm_has_bf16(gemm)) {
            check_packed(gemm, &p, WL_BF16);
        }
    }
    wl_gemm_close(gemm);
}

// Numbers whose sums round, so that the order of adding would show.
static void test_threads_do_not_show(void)
{
    enum { M = 70, N = 96, K = 64 };
    static const unsigned flags[] = {WL_GEMM_PLAIN, WL_GEMM_B_TRANSPOSED,
                                     WL_GEMM_A_TRANSPOSED | WL_GEMM_ADD};
    static float results[3][N_MAX];
    struct wl_rng rng;

    wl_rng_init(&rng, 11, 0);
    for (size_t i = 0; i < N_MAX; i++) {
        a_bits[i] = to_bf16((float)wl_rng_unit(&rng) - 0.5F);
        b_bits[i] = to_bf16((float)wl_rng_unit(&rng) - 0.5F);
    }
    for (size_t f = 0; f < 3; f++) {
        bool a_turned = (flags[f] & WL_GEMM_A_TRANSPOSED) != 0;
        bool b_turned = (flags[f] & WL_GEMM_B_TRANSPOSED) != 0;
        size_t m = a_turned ? 64 : M;
        struct wl_matrix a = wl_matrix_of(a_bits, WL_BF16, a_turned ? K : m, a_turned ? m : K);
        struct wl_matrix b = wl_matrix_of(b_bits, WL_BF16, b_turned ? N : K, b_turned ? K : N);
        for (size_t t = 0; t < 3; t++) {
            struct wl_gemm *gemm = NULL;
            struct wl_matrix c = wl_matrix_of(results[t], WL_F32, m, N);
            CHECK_INT(wl_gemm_open(wl_alloc_default(), 1 + 2 * t, &gemm, &fault), WL_OK);
            memset(results[t], 0, sizeof(results[t]));
            if (wl_gemm_has_bf16(gemm)) {
                CHECK_INT(wl_gemm_run(gemm, flags[f], &a, &b, &c, &fault), WL_OK);
            }
            CHECK_INT(memcmp(results[t], results[0], sizeof(results[0])), 0);
            wl_gemm_close(gemm);
        }
    }
}

static void test_refusals(void)
{
    struct wl_gemm *gemm = NULL;
    struct wl_matrix a = wl_matrix_of(a_values, WL_F32, 3, 4);
    struct wl_matrix b = wl_matrix_of(b_values, WL_F32, 5, 6);
    struct wl_matrix c = wl_matrix_of(c_values, WL_F32, 3, 6);

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_gemm_run(gemm, WL_GEMM_PLAIN, &a, &b, &c, &fault), WL_EINVAL);
    CHECK_STR(fault.message, "product (3, 4) x (5, 6) into (3, 6)");
    b.n_rows = 4;
    b.number = WL_BF16;
    CHECK_INT(wl_gemm_run(gemm, WL_GEMM_PLAIN, &a, &b, &c, &fault), WL_EINVAL);
    wl_gemm_close(gemm);
    wl_gemm_close(NULL);
    wl_gemm_packed_free(NULL);
}

int main(void)
{
    RUN(test_every_case);
    RUN(test_packed_equals_plain);
    RUN(test_threads_do_not_show);
    RUN(test_refusals);
    return check_report();
}
