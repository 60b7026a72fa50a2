/* Element by element: GELU, tanh, dropout, residual. Tiles of rows are handed to the threads; a
 * tile is converted, computed and stored within the first-level cache. Memory is the limit for
 * most. */
#include "nn/kernels.h"
#include "nn/row_view.h"
#include "nn/vector_math.h"

#include <math.h>
#include <stdalign.h>

static inline float gelu_exact_slope(float x)
{
    return wl_normal_share(x) + x * 0.3989422804014327F * wl_exp(-0.5F * x * x);
}

static inline float gelu_tanh_slope(float x)
{
    float t = wl_tanh(0.7978845608028654F * (x + 0.044715F * x * x * x));
    float inner = 0.7978845608028654F * (1.0F + 0.134145F * x * x);
    return 0.5F * (1.0F + t) + 0.5F * x * (1.0F - t * t) * inner;
}

WL_CLONES static void gelu_tile(enum wl_gelu kind, const float *restrict x, size_t n,
                                float *restrict y)
{
    if (kind == WL_GELU_EXACT) {
        for (size_t i = 0; i < n; i++) {
            y[i] = wl_gelu_exact(x[i]);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            y[i] = wl_gelu_tanh(x[i]);
        }
    }
}

WL_CLONES static void gelu_slope_tile(enum wl_gelu kind, const float *restrict x,
                                      const float *restrict dy, size_t n, float *restrict dx)
{
    if (kind == WL_GELU_EXACT) {
        for (size_t i = 0; i < n; i++) {
            dx[i] = dy[i] * gelu_exact_slope(x[i]);
        }
    } else {
        for (size_t i = 0; i < n; i++) {
            dx[i] = dy[i] * gelu_tanh_slope(x[i]);
        }
    }
}

WL_CLONES static void dropout_tile(struct wl_dropout dropout, uint32_t row, uint32_t column,
                                   const float *restrict x, size_t n, float *restrict y)
{
    uint32_t limit = wl_dropout_limit(dropout);
    float scale = wl_dropout_scale(dropout);

    for (size_t i = 0; i < n; i++) {
        uint32_t bits = wl_dropout_bits(dropout.key, row, column + (uint32_t)i);
        y[i] = bits < limit ? 0.0F : x[i] * scale;
    }
}

WL_CLONES static void add_tile(const float *restrict a, const float *restrict b, size_t n,
                               float *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = a[i] + b[i];
    }
}

// Tile t of a matrix: its row, first column and width.
struct tile {
    size_t i;
    size_t begin;
    size_t n;
};

static size_t tile_count(const struct wl_matrix *x)
{
    return x->n_rows * ((x->n_columns + WL_TILE - 1) / WL_TILE);
}

static struct tile tile_at(const struct wl_matrix *x, size_t t)
{
    size_t per_row = (x->n_columns + WL_TILE - 1) / WL_TILE;
    size_t begin = t % per_row * WL_TILE;
    size_t left = x->n_columns - begin;
    return (struct tile){.i = t / per_row, .begin = begin, .n = left < WL_TILE ? left : WL_TILE};
}

void wl_gelu_forward(enum wl_gelu kind, const struct wl_matrix *x, const struct wl_matrix *y)
{
    size_t n_tiles = tile_count(x);

#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * x->n_columns))
    for (size_t t = 0; t < n_tiles; t++) {
        alignas(64) float in[WL_TILE];
        alignas(64) float out[WL_TILE];
        struct tile at = tile_at(x, t);
        gelu_tile(kind, wl_tile_read(x, at.i, at.begin, at.n, in), at.n,
                  wl_tile_place(y, at.i, at.begin, out));
        wl_tile_write(y, at.i, at.begin, at.n, out);
    }
}

void wl_gelu_backward(enum wl_gelu kind, const struct wl_matrix *x, const struct wl_matrix *dy,
                      const struct wl_matrix *dx)
{
    size_t n_tiles = tile_count(x);

#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * x->n_columns))
    for (size_t t = 0; t < n_tiles; t++) {
        alignas(64) float in[WL_TILE];
        alignas(64) float slope[WL_TILE];
        alignas(64) float out[WL_TILE];
        struct tile at = tile_at(x, t);
        gelu_slope_tile(kind, wl_tile_read(x, at.i, at.begin, at.n, in),
                        wl_tile_read(dy, at.i, at.begin, at.n, slope), at.n,
                        wl_tile_place(dx, at.i, at.begin, out));
        wl_tile_write(dx, at.i, at.begin, at.n, out);
    }
}

// A pooler's tanh sees one row per text, so the library's exact one is quick enough.
void wl_tanh_forward(const struct wl_matrix *x, const struct wl_matrix *y)
{
    for (size_t t = 0; t < tile_count(x); t++) {
        float in[WL_TILE];
        float out[WL_TILE];
        struct tile at = tile_at(x, t);
        const float *from = wl_tile_read(x, at.i, at.begin, at.n, in);
        float *to = wl_tile_place(y, at.i, at.begin, out);
        for (size_t k = 0; k < at.n; k++) {
            to[k] = tanhf(from[k]);
        }
        wl_tile_write(y, at.i, at.begin, at.n, out);
    }
}

void wl_tanh_backward(const struct wl_matrix *y, const struct wl_matrix *dy,
                      const struct wl_matrix *dx)
{
    for (size_t t = 0; t < tile_count(y); t++) {
        float in[WL_TILE];
        float slope[WL_TILE];
        float out[WL_TILE];
        struct tile at = tile_at(y, t);
        const float *value = wl_tile_read(y, at.i, at.begin, at.n, in);
        const float *from = wl_tile_read(dy, at.i, at.begin, at.n, slope);
        float *to = wl_tile_place(dx, at.i, at.begin, out);
        for (size_t k = 0; k < at.n; k++) {
            to[k] = from[k] * (1.0F - value[k] * value[k]);
        }
        wl_tile_write(dx, at.i, at.begin, at.n, out);
    }
}

void wl_dropout_apply(struct wl_dropout dropout, const struct wl_matrix *x,
                      const struct wl_matrix *y)
{
    size_t n_tiles = tile_count(x);

#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * x->n_columns))
    for (size_t t = 0; t < n_tiles; t++) {
        alignas(64) float in[WL_TILE];
        alignas(64) float out[WL_TILE];
        struct tile at = tile_at(x, t);
        const float *from = wl_tile_read(x, at.i, at.begin, at.n, in);
        float *to = wl_tile_place(y, at.i, at.begin, out);
        if (dropout.p > 0.0F) {
            dropout_tile(dropout, (uint32_t)at.i, (uint32_t)at.begin, from, at.n, to);
        } else {
            memcpy(to, from, at.n * sizeof(*to));
        }
        wl_tile_write(y, at.i, at.begin, at.n, out);
    }
}

// Largest absolute value. Without their signs floats are ordered as their bits are, and the largest
// of integers is a loop for vector code.
WL_CLONES static float row_reach(const float *x, size_t n)
{
    int32_t largest = 0;
    float reach = 0.0F;

    for (size_t i = 0; i < n; i++) {
        int32_t bits = 0;
        memcpy(&bits, x + i, sizeof(bits));
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    memcpy(&reach, &largest, sizeof(reach));
    return reach;
}

WL_CLONES static void quantize_tile(const float *restrict x, float factor, size_t n,
                                    int8_t *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        // Adding and taking away 1.5 * 2^23 rounds to a whole number, ties to even.
        float whole = x[i] * factor + 12582912.0F - 12582912.0F;
        y[i] = (int8_t)(int32_t)whole;
    }
}

void wl_rows_quantize(const struct wl_matrix *x, const struct wl_matrix *y, float *scales)
{
    size_t n = x->n_columns;

    WL_ASSERT(y->number == WL_S8);
#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * n))
    for (size_t i = 0; i < x->n_rows; i++) {
        alignas(64) float in[WL_TILE];
        float reach = 0.0F;
        for (size_t begin = 0; begin < n; begin += WL_TILE) {
            size_t width = n - begin < WL_TILE ? n - begin : WL_TILE;
            reach = fmaxf(reach, row_reach(wl_tile_read(x, i, begin, width, in), width));
        }
        scales[i] = reach / 127.0F;
        for (size_t begin = 0; begin < n; begin += WL_TILE) {
            size_t width = n - begin < WL_TILE ? n - begin : WL_TILE;
            quantize_tile(wl_tile_read(x, i, begin, width, in),
                          reach > 0.0F ? 127.0F / reach : 0.0F, width,
                          (int8_t *)y->data + i * y->stride + begin);
        }
    }
}

void wl_residual_forward(const struct wl_matrix *x, struct wl_dropout dropout,
                         const struct wl_matrix *branch, const struct wl_matrix *y)
{
    size_t n_tiles = tile_count(x);

#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * x->n_columns))
    for (size_t t = 0; t < n_tiles; t++) {
        alignas(64) float in[WL_TILE];
        alignas(64) float other[WL_TILE];
        alignas(64) float kept[WL_TILE];
        alignas(64) float out[WL_TILE];
        struct tile at = tile_at(x, t);
        const float *added = wl_tile_read(branch, at.i, at.begin, at.n, other);
        if (dropout.p > 0.0F) {
            dropout_tile(dropout, (uint32_t)at.i, (uint32_t)at.begin, added, at.n, kept);
            added = kept;
        }
        add_tile(wl_tile_read(x, at.i, at.begin, at.n, in), added, at.n,
                 wl_tile_place(y, at.i, at.begin, out));
        wl_tile_write(y, at.i, at.begin, at.n, out);
    }
}
