/* A matrix twice: as doubles for the plain layers and as float or bf16 for the kernels, with equal
 * values, in rows with a gap behind them. */
#ifndef WL_TESTS_PLAIN_NN_NN_TWIN_H
#define WL_TESTS_PLAIN_NN_NN_TWIN_H
#include "check.h"

#include "nn/gemm.h"
#include "nn/numbers.h"

#define TWIN_GAP 3 /* unused elements behind each row, so that strides are tested */

struct twin {
    double *plain; /* (n_rows, n_columns) */
    void *data;
    struct wl_matrix matrix;
};

static inline double twin_get(const struct twin *t, size_t i, size_t j)
{
    size_t at = i * t->matrix.stride + j;
    return t->matrix.number == WL_F32 ? (double)((const float *)t->data)[at]
                                      : (double)wl_bf16_float(((const uint16_t *)t->data)[at]);
}

static inline void twin_set(struct twin *t, size_t i, size_t j, double value)
{
    size_t at = i * t->matrix.stride + j;
    if (t->matrix.number == WL_F32) {
        ((float *)t->data)[at] = (float)value;
    } else {
        ((uint16_t *)t->data)[at] = wl_bf16_of((float)value);
    }
    t->plain[i * t->matrix.n_columns + j] = twin_get(t, i, j);
}

/* twin_make - random values in [-scale, scale). */
static inline struct twin twin_make(enum wl_number number, size_t n_rows, size_t n_columns,
                                    double scale, uint64_t *state)
{
    struct twin t = {0};
    t.plain = calloc(n_rows * n_columns + 1, sizeof(*t.plain));
    t.data = calloc(n_rows * (n_columns + TWIN_GAP) + 1, sizeof(float));
    t.matrix = wl_matrix_of(t.data, number, n_rows, n_columns);
    t.matrix.stride = n_columns + TWIN_GAP;
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j++) {
            double unit = ldexp((double)(check_rand(state) >> 11), -52) - 1.0;
            twin_set(&t, i, j, scale * unit);
        }
    }
    return t;
}

static inline void twin_free(struct twin *t)
{
    free(t->plain);
    free(t->data);
}

/* twin_error - largest difference between what the kernel wrote and plain, over the largest plain
 * value (at least 1). */
static inline double twin_error(const struct twin *t)
{
    double worst = 0.0;
    double largest = 1.0;
    for (size_t i = 0; i < t->matrix.n_rows; i++) {
        for (size_t j = 0; j < t->matrix.n_columns; j++) {
            double want = t->plain[i * t->matrix.n_columns + j];
            double off = fabs(twin_get(t, i, j) - want);
            worst = off > worst || isnan(off) ? off : worst;
            largest = fmax(largest, fabs(want));
        }
    }
    return worst / largest;
}

/* twin_floats_error - the same for a bare array of floats. */
static inline double twin_floats_error(const float *got, const double *want, size_t n)
{
    double worst = 0.0;
    double largest = 1.0;
    for (size_t i = 0; i < n; i++) {
        double off = fabs((double)got[i] - want[i]);
        worst = off > worst || isnan(off) ? off : worst;
        largest = fmax(largest, fabs(want[i]));
    }
    return worst / largest;
}

#endif
