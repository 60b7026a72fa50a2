/* Goal:   attention over a long sequence never holds T x T numbers.
 * Method: 4,096 rows, causal, forward and backward, with OpenMP held to this thread. T x T floats
 *         would be 64 MiB; the process may grow by 8 MiB at most. Rows are checked against the
 *         definition: the first sees itself alone, the last the whole sequence. Planted fault: the
 *         last row must differ from the mean of all values. */
#include "check.h"

#include "nn/attention.h"

#include <sys/resource.h>

void omp_set_num_threads(int n_threads); // libgomp's; clang has another <omp.h>

enum { T = 4096, D = 16, GROWTH_KIB_MAX = 8 << 10 };

static float qkv[T * 3 * D];
static float dqkv[T * 3 * D];
static float y[T * D];
static float dy[T * D];
static float log_totals[T];
static float scratch[T * D];

static long peak_kib(void)
{
    struct rusage usage;
    CHECK_INT(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

// Row i by the definition, in double.
static void want_row(size_t i, double *want)
{
    double total = 0.0;

    memset(want, 0, D * sizeof(*want));
    for (size_t j = 0; j <= i; j++) {
        double score = 0.0;
        for (size_t c = 0; c < D; c++) {
            score += (double)qkv[i * 3 * D + c] * (double)qkv[j * 3 * D + D + c];
        }
        double share = exp(score / 4.0); // sqrt(D)
        total += share;
        for (size_t c = 0; c < D; c++) {
            want[c] += share * (double)qkv[j * 3 * D + 2 * D + c];
        }
    }
    for (size_t c = 0; c < D; c++) {
        want[c] /= total;
    }
}

static void test_long_sequence(void)
{
    static const size_t starts[] = {0, T};
    static const size_t rows[] = {0, 1, 63, 64, 1000, T - 1};
    const struct wl_attention attention = {
        .n_heads = 1, .n_channels = D, .is_causal = true, .starts = starts, .n_sequences = 1};
    struct wl_matrix in = wl_matrix_of(qkv, WL_F32, T, 3 * D);
    struct wl_matrix din = wl_matrix_of(dqkv, WL_F32, T, 3 * D);
    struct wl_matrix out = wl_matrix_of(y, WL_F32, T, D);
    struct wl_matrix dout = wl_matrix_of(dy, WL_F32, T, D);
    uint64_t state = check_seed();

    omp_set_num_threads(1);
    for (size_t i = 0; i < T * 3 * D; i++) {
        qkv[i] = (float)(ldexp((double)(check_rand(&state) >> 11), -52) - 1.0);
        dqkv[i] = 0.0F;
        y[i / 3] = dy[i / 3] = scratch[i / 3] = qkv[i]; // pages are there before we measure
    }
    memset(log_totals, 0, sizeof(log_totals));
    long before_kib = peak_kib();
    wl_attention_forward(&attention, &in, &out, log_totals);
    wl_attention_backward(&attention, &in, &out, log_totals, &dout, &din, scratch);
    CHECK(peak_kib() - before_kib < GROWTH_KIB_MAX);
    for (size_t k = 0; k < COUNT(rows); k++) {
        double want[D];
        want_row(rows[k], want);
        for (size_t c = 0; c < D; c++) {
            CHECK(fabs((double)y[rows[k] * D + c] - want[c]) < 1e-5);
        }
    }
    double mean = 0.0;
    for (size_t j = 0; j < T; j++) {
        mean += (double)qkv[j * 3 * D + 2 * D] / T;
    }
    CHECK(fabs((double)y[(T - 1) * D] - mean) > 1e-5);
}

int main(void)
{
    RUN(test_long_sequence);
    return check_report();
}
