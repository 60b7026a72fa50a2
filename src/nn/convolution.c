/* A row's K neighbours side by side make the convolution one product; the copy costs K I floats a
 * row against K I O multiplications. Filters here are narrow (K <= 8) and few, so neither
 * Winograd's nor Fourier's way would win. */
#include "nn/convolution.h"

#include <stdint.h>
#include <string.h>

wl_status wl_convolution_add(struct wl_tensors *tensors, const char *name, size_t n_in,
                             size_t width, size_t n_out, struct wl_convolution *convolution,
                             wl_error *error)
{
    struct wl_convolution made = {.n_in = n_in, .width = width};
    const size_t dims[3] = {n_out, width, n_in};

    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_WEIGHT, dims, 3, &made.dense.weight, error,
                          "%s.weight", name));
    WL_TRY(
        wl_tensors_add(tensors, WL_TENSOR_BIAS, dims, 1, &made.dense.bias, error, "%s.bias", name));
    made.dense.n_in = width * n_in;
    made.dense.n_out = n_out;
    made.dense.has_bias = true;
    *convolution = made;
    return WL_OK;
}

static float *row_of(const struct wl_matrix *x, size_t i)
{
    return (float *)x->data + i * x->stride;
}

// First tap of row i that lies within its sequence, and how many do.
struct window {
    size_t tap;
    size_t row;
    size_t n;
};

static struct window window_at(size_t i, size_t begin, size_t end, size_t width)
{
    size_t before = (width - 1) / 2;
    size_t row = i - begin < before ? begin : i - before;
    size_t tap = row + before - i;
    size_t n = width - tap < end - row ? width - tap : end - row;
    return (struct window){.tap = tap, .row = row, .n = n};
}

wl_status wl_convolution_forward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                 const struct wl_convolution *convolution, const size_t *starts,
                                 size_t n_sequences, const struct wl_matrix *x,
                                 const struct wl_matrix *taps, const struct wl_matrix *y,
                                 wl_error *error)
{
    size_t n_in = convolution->n_in;

    WL_ASSERT(x->number == WL_F32 && x->stride == n_in);
    for (size_t i = 0; i < taps->n_rows; i++) {
        memset(row_of(taps, i), 0, taps->n_columns * sizeof(float));
    }
    for (size_t b = 0; b < n_sequences; b++) {
        for (size_t i = starts[b]; i < starts[b + 1]; i++) {
            struct window w = window_at(i, starts[b], starts[b + 1], convolution->width);
            memcpy(row_of(taps, i) + w.tap * n_in, row_of(x, w.row), w.n * n_in * sizeof(float));
        }
    }
    return wl_dense_forward(gemm, tensors, &convolution->dense, taps, y, error);
}

wl_status wl_convolution_backward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                  const struct wl_convolution *convolution, const size_t *starts,
                                  size_t n_sequences, const struct wl_matrix *dy,
                                  const struct wl_matrix *taps, const struct wl_matrix *dx,
                                  float *scratch, wl_error *error)
{
    size_t n_in = convolution->n_in;

    WL_ASSERT(dx->number == WL_F32 && dx->stride == n_in);
    WL_TRY(wl_dense_backward(gemm, tensors, &convolution->dense, taps, dy, false, NULL, scratch,
                             error));
    struct wl_matrix weights = wl_matrix_of(tensors->weights + convolution->dense.weight, WL_F32,
                                            convolution->dense.n_out, convolution->dense.n_in);
    WL_TRY(wl_gemm_run(gemm, WL_GEMM_PLAIN, dy, &weights, taps, error));
    for (size_t b = 0; b < n_sequences; b++) {
        for (size_t i = starts[b]; i < starts[b + 1]; i++) {
            struct window w = window_at(i, starts[b], starts[b + 1], convolution->width);
            const float *from = row_of(taps, i) + w.tap * n_in;
            float *to = row_of(dx, w.row);
            for (size_t k = 0; k < w.n * n_in; k++) {
                to[k] += from[k];
            }
        }
    }
    return WL_OK;
}

void wl_peaks_forward(const size_t *starts, size_t n_sequences, const struct wl_matrix *x,
                      size_t *places, const struct wl_matrix *y)
{
    size_t n_out = x->n_columns;

    for (size_t b = 0; b < n_sequences; b++) {
        float *out = row_of(y, b);
        size_t *place = places + b * n_out;
        for (size_t o = 0; o < n_out; o++) {
            out[o] = 0.0F;
            place[o] = SIZE_MAX;
        }
        for (size_t i = starts[b]; i < starts[b + 1]; i++) {
            const float *row = row_of(x, i);
            for (size_t o = 0; o < n_out; o++) {
                place[o] = row[o] > out[o] ? i : place[o];
                out[o] = row[o] > out[o] ? row[o] : out[o];
            }
        }
    }
}

void wl_peaks_backward(const size_t *places, const struct wl_matrix *dy, const struct wl_matrix *dx)
{
    for (size_t i = 0; i < dx->n_rows; i++) {
        memset(row_of(dx, i), 0, dx->n_columns * sizeof(float));
    }
    for (size_t b = 0; b < dy->n_rows; b++) {
        for (size_t o = 0; o < dy->n_columns; o++) {
            size_t place = places[b * dy->n_columns + o];
            if (place != SIZE_MAX) {
                row_of(dx, place)[o] = row_of(dy, b)[o];
            }
        }
    }
}
