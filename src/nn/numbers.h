/* bf16: the upper half of a float. Half the memory and, where the processor multiplies it, several
 * times the speed; 8 bits of mantissa, so products take it and sums stay in float. */
#ifndef WL_NN_NUMBERS_H
#define WL_NN_NUMBERS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* wl_bf16_of - nearest bf16, ties to even; a NaN stays a NaN, what is too large becomes infinite.
 */
static inline uint16_t wl_bf16_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
    uint32_t quiet_nan = (bits >> 16) | 0x40U; // rounding could carry a NaN into infinity
    return (uint16_t)((bits & 0x7fffffffU) > 0x7f800000U ? quiet_nan : rounded);
}

/* wl_bf16_float - the float with this upper half; exact. */
static inline float wl_bf16_float(uint16_t value)
{
    uint32_t bits = (uint32_t)value << 16;
    float wide;
    memcpy(&wide, &bits, sizeof(wide));
    return wide;
}

/* wl_bf16_from_floats - n values, rounded as by wl_bf16_of. wl_bf16_to_floats - n values, exact.
 * Cost: the speed of memory. The arrays do not overlap. */
void wl_bf16_from_floats(const float *x, size_t n, uint16_t *y);
void wl_bf16_to_floats(const uint16_t *x, size_t n, float *y);

#endif
