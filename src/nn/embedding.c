/* Rows picked by number. The backward pass adds rows to a table at places that may repeat: threads
 * share the columns, not the rows, so each sum is taken in the order of the rows. */
#include "nn/kernels.h"
#include "nn/row_view.h"
#include "nn/vector_math.h"

#include <stdalign.h>

#define SLICE 128 /* columns of one thread's share: 512 bytes of a row, whole cache lines */

static size_t width_of(size_t n_columns, size_t begin, size_t piece)
{
    return n_columns - begin < piece ? n_columns - begin : piece;
}

void wl_embedding_forward(const float *table, const int32_t *ids, bool is_added,
                          const struct wl_matrix *y)
{
#pragma omp parallel for schedule(static) if (WL_WORTH(y->n_rows * y->n_columns))
    for (size_t i = 0; i < y->n_rows; i++) {
        for (size_t begin = 0; begin < y->n_columns; begin += WL_TILE) {
            alignas(64) float before[WL_TILE];
            alignas(64) float out[WL_TILE];
            size_t n = width_of(y->n_columns, begin, WL_TILE);
            const float *row = table + (size_t)ids[i] * y->n_columns + begin;
            const float *old = is_added ? wl_tile_read(y, i, begin, n, before) : NULL;
            for (size_t k = 0; k < n; k++) {
                out[k] = is_added ? old[k] + row[k] : row[k];
            }
            if (y->number == WL_F32) {
                memcpy(wl_tile_place(y, i, begin, NULL), out, n * sizeof(*out));
            }
            wl_tile_write(y, i, begin, n, out);
        }
    }
}

void wl_embedding_backward(const struct wl_matrix *dy, const int32_t *ids, float *dtable)
{
    size_t n_slices = (dy->n_columns + SLICE - 1) / SLICE;

#pragma omp parallel for schedule(static) if (WL_WORTH(dy->n_rows * dy->n_columns))
    for (size_t s = 0; s < n_slices; s++) {
        alignas(64) float in[SLICE];
        size_t begin = s * SLICE;
        size_t n = width_of(dy->n_columns, begin, SLICE);
        for (size_t i = 0; i < dy->n_rows; i++) {
            const float *from = wl_tile_read(dy, i, begin, n, in);
            float *to = dtable + (size_t)ids[i] * dy->n_columns + begin;
            for (size_t k = 0; k < n; k++) {
                to[k] += from[k];
            }
        }
    }
}

void wl_rows_gather(const struct wl_matrix *x, const size_t *rows, const struct wl_matrix *y)
{
    for (size_t i = 0; i < y->n_rows; i++) {
        for (size_t begin = 0; begin < y->n_columns; begin += WL_TILE) {
            float in[WL_TILE];
            float out[WL_TILE];
            size_t n = width_of(y->n_columns, begin, WL_TILE);
            float *to = wl_tile_place(y, i, begin, out);
            memcpy(to, wl_tile_read(x, rows[i], begin, n, in), n * sizeof(*to));
            wl_tile_write(y, i, begin, n, to);
        }
    }
}

void wl_rows_scatter(const struct wl_matrix *dy, const size_t *rows, const struct wl_matrix *dx)
{
    size_t value_bytes = dx->number == WL_F32 ? sizeof(float) : sizeof(uint16_t);

    for (size_t i = 0; i < dx->n_rows; i++) {
        memset((char *)dx->data + i * dx->stride * value_bytes, 0, dx->n_columns * value_bytes);
    }
    for (size_t i = 0; i < dy->n_rows; i++) {
        for (size_t begin = 0; begin < dx->n_columns; begin += WL_TILE) {
            float in[WL_TILE];
            float before[WL_TILE];
            float out[WL_TILE];
            size_t n = width_of(dx->n_columns, begin, WL_TILE);
            const float *from = wl_tile_read(dy, i, begin, n, in);
            const float *old = wl_tile_read(dx, rows[i], begin, n, before);
            for (size_t k = 0; k < n; k++) {
                out[k] = old[k] + from[k];
            }
            if (dx->number == WL_F32) {
                memcpy(wl_tile_place(dx, rows[i], begin, NULL), out, n * sizeof(*out));
            }
            wl_tile_write(dx, rows[i], begin, n, out);
        }
    }
}
