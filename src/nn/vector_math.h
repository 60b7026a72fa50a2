/* exp, tanh and erf as straight arithmetic, so that loops over them become vector code; sums in
 * WL_LANES lanes. For kernels only; accuracy is stated and tested
 * (tests/plain/nn/test_kernels_twin.c). */
#ifndef WL_NN_VECTOR_MATH_H
#define WL_NN_VECTOR_MATH_H
#include "nn/simd.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sixteen floats anywhere in memory; one register, two or four, as the processor has them. */
typedef float wl_lanes __attribute__((vector_size(64), aligned(4), may_alias));

/* wl_exp - e^x, relative error below 2e-7; x is held within [-87, 88] (1.6e-38 to 1.7e38). A NaN
 * stays one. e^x = 2^n e^r with n = round(x / ln 2), |r| < 0.35.
 * Source: polynomial of the Cephes library (expf.c). */
static inline float wl_exp(float x)
{
    x = x > 88.0F ? 88.0F : x;
    x = x < -87.0F ? -87.0F : x;
    // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits of the sum.
    float shifted = x * 1.44269504088896341F + 12582912.0F;
    float n = shifted - 12582912.0F;
    float r = x - n * 0.693359375F + n * 2.12194440e-4F; // ln 2 in two parts
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    float y = p * r * r + r + 1.0F;
    uint32_t bits;
    float power;
    memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits << 23) + 0x3f800000U;
    memcpy(&power, &bits, sizeof(power));
    return y * power;
}

/* wl_tanh - absolute error below 2e-7. */
static inline float wl_tanh(float x)
{
    return 1.0F - 2.0F / (wl_exp(2.0F * x) + 1.0F);
}

/* wl_normal_share - P(Z < x) of a standard normal Z, absolute error below 2e-7.
 * Source: Abramowitz, Stegun 1964, 7.1.26, with erf's argument x / sqrt 2. */
static inline float wl_normal_share(float x)
{
    float a = x < 0.0F ? -x : x;
    float t = 1.0F / (1.0F + 0.3275911F * 0.70710678118654752F * a);
    float p = 1.061405429F;
    p = p * t - 1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t - 0.284496736F;
    p = p * t + 0.254829592F;
    float tail = 0.5F * p * t * wl_exp(-0.5F * a * a);
    return x < 0.0F ? tail : 1.0F - tail;
}

/* wl_gelu_exact - x P(Z < x). wl_gelu_tanh - its approximation by tanh, which GPT-2 learnt with. */
static inline float wl_gelu_exact(float x)
{
    return x * wl_normal_share(x);
}
static inline float wl_gelu_tanh(float x)
{
    return 0.5F * x * (1.0F + wl_tanh(0.7978845608028654F * (x + 0.044715F * x * x * x)));
}

/* wl_lanes_sum - sum of the lanes, halves added to halves. */
static inline float wl_lanes_sum(const wl_lanes *lanes)
{
    float x[WL_LANES];
    memcpy(x, lanes, sizeof(x));
    for (int half = WL_LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            x[i] += x[i + half];
        }
    }
    return x[0];
}

#endif
