/* Layer norm. One row at a time in the first-level cache: two passes for mean and variance (the
 * difference of squares loses digits), one for the result. Gradients of gain and shift are sums
 * over rows: each of WL_PIECES pieces of rows has its own, which are added in order. */
#include "base/limits.h"
#include "nn/kernels.h"
#include "nn/row_view.h"
#include "nn/vector_math.h"

#include <math.h>
#include <stdalign.h>

// Sum of (x - less) or, when is_square, of its squares.
static inline float row_sum(const float *x, size_t n, float less, bool is_square)
{
    wl_lanes sum = {0};
    size_t i = 0;
    float rest = 0.0F;

    for (; i + WL_LANES <= n; i += WL_LANES) {
        wl_lanes value = *(const wl_lanes *)(x + i) - less;
        if (is_square) {
            value *= value;
        }
        sum += value;
    }
    for (; i < n; i++) {
        float value = x[i] - less;
        rest += is_square ? value * value : value;
    }
    return wl_lanes_sum(&sum) + rest;
}

WL_CLONES static void norm_row(const float *restrict x, const float *restrict gain,
                               const float *restrict shift, float eps, size_t n, float *restrict y,
                               float *restrict stats)
{
    float mean = row_sum(x, n, 0.0F, false) / (float)n;
    float variance = row_sum(x, n, mean, true) / (float)n;
    float inverse = 1.0F / sqrtf(variance + eps);

    for (size_t i = 0; i < n; i++) {
        y[i] = (x[i] - mean) * inverse * gain[i] + shift[i];
    }
    stats[0] = mean;
    stats[1] = inverse;
}

// A normed row into the matrices that want it.
static void put_row(const float *row, size_t i, const struct wl_matrix *y,
                    const struct wl_matrix *y_too)
{
    for (int which = 0; which < 2; which++) {
        const struct wl_matrix *to = which == 0 ? y : y_too;
        if (to != NULL && to->number == WL_F32) {
            memcpy(wl_tile_place(to, i, 0, NULL), row, to->n_columns * sizeof(*row));
        } else if (to != NULL) {
            wl_tile_write(to, i, 0, to->n_columns, row);
        }
    }
}

void wl_norm_forward(const struct wl_matrix *x, const float *gain, const float *shift, float eps,
                     const struct wl_matrix *y, const struct wl_matrix *y_too, float *stats)
{
    size_t n = x->n_columns;

    WL_ASSERT(n <= WL_CHANNELS_MAX);
#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * n))
    for (size_t i = 0; i < x->n_rows; i++) {
        alignas(64) float in[WL_CHANNELS_MAX];
        alignas(64) float out[WL_CHANNELS_MAX];
        norm_row(wl_tile_read(x, i, 0, n, in), gain, shift, eps, n, out, stats + 2 * i);
        put_row(out, i, y, y_too);
    }
}

WL_CLONES static void residual_row(const float *restrict x, struct wl_dropout dropout, uint32_t row,
                                   const float *restrict branch, size_t n, float *restrict sum)
{
    uint32_t limit = wl_dropout_limit(dropout);
    float scale = wl_dropout_scale(dropout);

    if (dropout.p > 0.0F) {
        for (size_t i = 0; i < n; i++) {
            bool is_dropped = wl_dropout_bits(dropout.key, row, (uint32_t)i) < limit;
            sum[i] = x[i] + (is_dropped ? 0.0F : branch[i] * scale);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            sum[i] = x[i] + branch[i];
        }
    }
}

void wl_residual_norm_forward(const struct wl_matrix *x, struct wl_dropout dropout,
                              const struct wl_matrix *branch, const struct wl_matrix *sum,
                              const float *gain, const float *shift, float eps,
                              const struct wl_matrix *y, const struct wl_matrix *y_too,
                              float *stats)
{
    size_t n = x->n_columns;

    WL_ASSERT(n <= WL_CHANNELS_MAX && sum->number == WL_F32);
#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * n))
    for (size_t i = 0; i < x->n_rows; i++) {
        alignas(64) float in[WL_CHANNELS_MAX];
        alignas(64) float other[WL_CHANNELS_MAX];
        alignas(64) float out[WL_CHANNELS_MAX];
        float *sums = (float *)sum->data + i * sum->stride;
        residual_row(wl_tile_read(x, i, 0, n, in), dropout, (uint32_t)i,
                     wl_tile_read(branch, i, 0, n, other), n, sums);
        norm_row(sums, gain, shift, eps, n, out, stats + 2 * i);
        put_row(out, i, y, y_too);
    }
}

// Adds dy u to dgain and dy to dshift and gives the two means that dx needs.
static inline void norm_row_sums(const float *restrict x, const float *restrict gain,
                                 const float *restrict stats, const float *restrict dy, size_t n,
                                 float *restrict dgain, float *restrict dshift, float *mean_g,
                                 float *mean_gu)
{
    wl_lanes sum_g = {0};
    wl_lanes sum_gu = {0};
    float rest_g = 0.0F;
    float rest_gu = 0.0F;
    size_t i = 0;

    for (; i + WL_LANES <= n; i += WL_LANES) {
        wl_lanes d = *(const wl_lanes *)(dy + i);
        wl_lanes u = (*(const wl_lanes *)(x + i) - stats[0]) * stats[1];
        wl_lanes g = d * *(const wl_lanes *)(gain + i);
        sum_g += g;
        sum_gu += g * u;
        *(wl_lanes *)(dgain + i) += d * u;
        *(wl_lanes *)(dshift + i) += d;
    }
    for (; i < n; i++) {
        float u = (x[i] - stats[0]) * stats[1];
        rest_g += dy[i] * gain[i];
        rest_gu += dy[i] * gain[i] * u;
        dgain[i] += dy[i] * u;
        dshift[i] += dy[i];
    }
    *mean_g = (wl_lanes_sum(&sum_g) + rest_g) / (float)n;
    *mean_gu = (wl_lanes_sum(&sum_gu) + rest_gu) / (float)n;
}

WL_CLONES static void norm_row_back(const float *restrict x, const float *restrict gain,
                                    const float *restrict stats, const float *restrict dy, size_t n,
                                    float *restrict dx, float *restrict dgain,
                                    float *restrict dshift)
{
    float mean_g;
    float mean_gu;

    norm_row_sums(x, gain, stats, dy, n, dgain, dshift, &mean_g, &mean_gu);
    for (size_t i = 0; i < n; i++) {
        float u = (x[i] - stats[0]) * stats[1];
        dx[i] = (gain[i] * dy[i] - mean_g - u * mean_gu) * stats[1];
    }
}

WL_CLONES static void add_row(const float *restrict x, size_t n, float *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += x[i];
    }
}

static size_t piece_begin(size_t n_rows, size_t piece)
{
    return n_rows * piece / WL_PIECES;
}

// sum += the pieces' sums, in order; row p of parts starts at p * stride.
static void add_pieces(const float *parts, size_t stride, size_t n, float *sum)
{
    for (size_t p = 0; sum != NULL && p < WL_PIECES; p++) {
        add_row(parts + p * stride, n, sum);
    }
}

void wl_norm_backward(const struct wl_matrix *x, const float *gain, const float *stats,
                      const struct wl_matrix *dy, bool is_added, const struct wl_matrix *dx,
                      float *dgain, float *dshift, float *scratch)
{
    size_t n = x->n_columns;

    WL_ASSERT(n <= WL_CHANNELS_MAX);
#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * n))
    for (size_t p = 0; p < WL_PIECES; p++) {
        alignas(64) float in[WL_CHANNELS_MAX];
        alignas(64) float slope[WL_CHANNELS_MAX];
        alignas(64) float out[WL_CHANNELS_MAX];
        float *part = scratch + p * 2 * n;
        memset(part, 0, 2 * n * sizeof(*part));
        for (size_t i = piece_begin(x->n_rows, p); i < piece_begin(x->n_rows, p + 1); i++) {
            norm_row_back(wl_tile_read(x, i, 0, n, in), gain, stats + 2 * i,
                          wl_tile_read(dy, i, 0, n, slope), n, out, part, part + n);
            if (is_added) {
                add_row(wl_tile_read(dx, i, 0, n, in), n, out);
            }
            if (dx->number == WL_F32) {
                memcpy(wl_tile_place(dx, i, 0, NULL), out, n * sizeof(*out));
            }
            wl_tile_write(dx, i, 0, n, out);
        }
    }
    add_pieces(scratch, 2 * n, n, dgain);
    add_pieces(scratch + n, 2 * n, n, dshift);
}

void wl_columns_sum(const struct wl_matrix *x, float *sum, float *scratch)
{
    size_t n = x->n_columns;

#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * n))
    for (size_t p = 0; p < WL_PIECES; p++) {
        alignas(64) float in[WL_TILE];
        float *part = scratch + p * n;
        memset(part, 0, n * sizeof(*part));
        for (size_t i = piece_begin(x->n_rows, p); i < piece_begin(x->n_rows, p + 1); i++) {
            for (size_t begin = 0; begin < n; begin += WL_TILE) {
                size_t width = n - begin < WL_TILE ? n - begin : WL_TILE;
                add_row(wl_tile_read(x, i, begin, width, in), width, part + begin);
            }
        }
    }
    add_pieces(scratch, n, n, sum);
}
