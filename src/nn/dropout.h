/* Dropout whose random numbers are a function of (key, place): the backward pass asks again instead
 * of remembering, and neither the number of threads nor the order of work can show. */
#ifndef WL_NN_DROPOUT_H
#define WL_NN_DROPOUT_H
#include <stdint.h>

struct wl_dropout {
    float p;      /* share of values set to zero, 0 <= p < 1; 0: none */
    uint64_t key; /* of this layer in this step */
};

/* wl_dropout_at - the dropout of a layer in a step: same p, another stream. */
static inline struct wl_dropout wl_dropout_at(float p, uint64_t seed, uint64_t step, uint64_t layer)
{
    uint64_t z = seed + step * UINT64_C(0x9e3779b97f4a7c15) + layer * UINT64_C(0xd1342543de82ef95);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (struct wl_dropout){.p = p, .key = z ^ (z >> 31)};
}

/* wl_dropout_bits - 32 random bits of a place in a row. Two rounds of a 32-bit mixer, which vector
 * units do 16 at a time; row and key enter between them.
 * Source: the finaliser "lowbias32" of C. Wellons, nullprogram.com/blog/2018/07/31. */
static inline uint32_t wl_dropout_bits(uint64_t key, uint32_t row, uint32_t column)
{
    uint32_t x = column + (uint32_t)key;
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    x ^= x >> 16;
    x += row * 0x9e3779b9U ^ (uint32_t)(key >> 32);
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    x ^= x >> 16;
    return x;
}

/* wl_dropout_limit - bits below this are dropped. wl_dropout_scale - what the rest is multiplied by
 * so that the mean stays. */
static inline uint32_t wl_dropout_limit(struct wl_dropout dropout)
{
    return (uint32_t)((double)dropout.p * 4294967296.0);
}
static inline float wl_dropout_scale(struct wl_dropout dropout)
{
    return 1.0F / (1.0F - dropout.p);
}

/* wl_dropout_factor - 0 or the scale, for one place. */
static inline float wl_dropout_factor(struct wl_dropout dropout, uint32_t row, uint32_t column)
{
    uint32_t bits = wl_dropout_bits(dropout.key, row, column);
    return bits < wl_dropout_limit(dropout) ? 0.0F : wl_dropout_scale(dropout);
}

#endif
