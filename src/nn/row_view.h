/* Rows of a matrix as floats, whatever it is stored in: kernels compute in float and convert a tile
 * at a time, in the first-level cache. For kernels only. */
#ifndef WL_NN_ROW_VIEW_H
#define WL_NN_ROW_VIEW_H
#include "nn/gemm.h"
#include "nn/numbers.h"

#define WL_TILE 1024 /* columns handled at a time: 4 KiB of float */

/* Whether a loop over this many values is worth waking other threads (about 5 us). */
#define WL_WORTH(n_values) ((n_values) > 32768)

/* wl_tile_read - n columns of row i from begin on; float rows in place, others converted to buffer.
 */
static inline const float *wl_tile_read(const struct wl_matrix *x, size_t i, size_t begin, size_t n,
                                        float *buffer)
{
    size_t at = i * x->stride + begin;
    if (x->number == WL_F32) {
        return (const float *)x->data + at;
    }
    WL_DCHECK(x->number == WL_BF16);
    wl_bf16_to_floats((const uint16_t *)x->data + at, n, buffer);
    return buffer;
}

/* wl_tile_place - where to compute n columns of row i; wl_tile_write - put them into the matrix. */
static inline float *wl_tile_place(const struct wl_matrix *y, size_t i, size_t begin, float *buffer)
{
    return y->number == WL_F32 ? (float *)y->data + i * y->stride + begin : buffer;
}
static inline void wl_tile_write(const struct wl_matrix *y, size_t i, size_t begin, size_t n,
                                 const float *buffer)
{
    if (y->number != WL_F32) {
        wl_bf16_from_floats(buffer, n, (uint16_t *)y->data + i * y->stride + begin);
    }
}

#endif
