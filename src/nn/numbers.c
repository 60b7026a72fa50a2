/* Loops that the compiler turns into vector code; converting a matrix moves 6 bytes per value, so
 * memory is the limit. */
#include "nn/numbers.h"

#include "nn/simd.h"

WL_CLONES void wl_bf16_from_floats(const float *restrict x, size_t n, uint16_t *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = wl_bf16_of(x[i]);
    }
}

WL_CLONES void wl_bf16_to_floats(const uint16_t *restrict x, size_t n, float *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = wl_bf16_float(x[i]);
    }
}
