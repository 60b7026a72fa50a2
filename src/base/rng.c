/* xoshiro256** and the few distributions we need. Logarithms and cosines come from libm, whose last
 * bit may differ between C libraries; within one machine image the bytes are the same. */
#include "base/rng.h"

#include "base/wide.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void wl_rng_init(struct wl_rng *rng, uint64_t seed, uint64_t stream)
{
    uint64_t state = seed;
    uint64_t other = stream ^ UINT64_C(0xd1b54a32d192ed03);
    state = splitmix64(&state) ^ splitmix64(&other);
    for (int i = 0; i < 4; i++) {
        rng->state[i] = splitmix64(&state);
    }
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t wl_rng_u64(struct wl_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double wl_rng_unit(struct wl_rng *rng)
{
    return (double)(wl_rng_u64(rng) >> 11) * 0x1.0p-53;
}

uint64_t wl_rng_below(struct wl_rng *rng, uint64_t n)
{
    wl_u128 product = (wl_u128)wl_rng_u64(rng) * n;
    uint64_t low = (uint64_t)product;

    if (low < n) {
        uint64_t threshold = (0 - n) % n;
        while (low < threshold) {
            product = (wl_u128)wl_rng_u64(rng) * n;
            low = (uint64_t)product;
        }
    }
    return (uint64_t)(product >> 64);
}

double wl_rng_normal(struct wl_rng *rng)
{
    double radius = sqrt(-2.0 * log(1.0 - wl_rng_unit(rng)));
    double angle = 6.283185307179586476925 * wl_rng_unit(rng);
    return radius * cos(angle);
}

double wl_rng_exponential(struct wl_rng *rng)
{
    return -log(1.0 - wl_rng_unit(rng));
}

uint32_t wl_rng_poisson(struct wl_rng *rng, double mean)
{
    double limit = exp(-mean);
    double product = wl_rng_unit(rng);
    uint32_t count = 0;

    while (product > limit) {
        product *= wl_rng_unit(rng);
        count++;
    }
    return count;
}

void wl_rng_shuffle(struct wl_rng *rng, uint32_t *items, size_t n_items)
{
    for (size_t i = n_items; i > 1; i--) {
        size_t j = (size_t)wl_rng_below(rng, i);
        uint32_t swap = items[i - 1];
        items[i - 1] = items[j];
        items[j] = swap;
    }
}
