/* Random numbers from a seed: the same stream on every machine and for any number of threads,
 * because every independent piece of work gets a stream of its own. Not for secrets. */
#ifndef WL_BASE_RNG_H
#define WL_BASE_RNG_H
#include <stddef.h>
#include <stdint.h>

struct wl_rng {
    uint64_t state[4];
};

/* wl_rng_init - stream number `stream` of `seed`; streams do not overlap in practice.
 * Source: Blackman & Vigna 2018, xoshiro256**; seeded by splitmix64 (Steele et al. 2014). */
void wl_rng_init(struct wl_rng *rng, uint64_t seed, uint64_t stream);

/* wl_rng_u64 - 64 random bits. */
uint64_t wl_rng_u64(struct wl_rng *rng);

/* wl_rng_unit - uniform in [0, 1), 53 bits. */
double wl_rng_unit(struct wl_rng *rng);

/* wl_rng_below - uniform in 0..n-1, n > 0, unbiased (Lemire 2019). */
uint64_t wl_rng_below(struct wl_rng *rng, uint64_t n);

/* wl_rng_normal - standard normal (Box-Muller, one value per call, no hidden state). */
double wl_rng_normal(struct wl_rng *rng);

/* wl_rng_exponential - mean 1. */
double wl_rng_exponential(struct wl_rng *rng);

/* wl_rng_poisson - counts with this mean, 0 <= mean <= 700 (exp(-mean) must not vanish).
 * Cost: O(mean). Source: Knuth, TAOCP 2, 3.4.1. */
uint32_t wl_rng_poisson(struct wl_rng *rng, double mean);

/* wl_rng_shuffle - random order of an index array (Fisher-Yates). */
void wl_rng_shuffle(struct wl_rng *rng, uint32_t *items, size_t n_items);

#endif
