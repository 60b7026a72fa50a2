/* What tests are written with: checks that print both values, a seed, and a heap that can fail.
 * A program runs its tests with RUN and returns check_report(); 77 means skipped. */
#ifndef WL_TESTS_CHECK_H
#define WL_TESTS_CHECK_H
#include "base/alloc.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

/* CHECK - a condition that must hold. */
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);                   \
        }                                                                                          \
    } while (0)

/* CHECK_INT - two whole numbers are equal; a wl_status is one too. */
#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long g_ = (long long)(got), w_ = (long long)(want);                                   \
        if (g_ != w_) {                                                                            \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got %lld, want %lld\n", __FILE__, __LINE__, #got, g_, w_); \
        }                                                                                          \
    } while (0)

/* CHECK_CLOSE - two doubles differ by at most rel, relative above 1 and absolute below. */
#define CHECK_CLOSE(got, want, rel)                                                                \
    do {                                                                                           \
        double g_ = (got), w_ = (want);                                                            \
        if (!(fabs(g_ - w_) <= (rel)*fmax(1.0, fabs(w_)))) {                                       \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got %.17g, want %.17g\n", __FILE__, __LINE__, #got, g_,    \
                    w_);                                                                           \
        }                                                                                          \
    } while (0)

/* CHECK_STR - two NUL-terminated strings are the same. */
#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        const char *g_ = (got), *w_ = (want);                                                      \
        if (strcmp(g_, w_) != 0) {                                                                 \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got \"%s\", want \"%s\"\n", __FILE__, __LINE__, #got, g_,  \
                    w_);                                                                           \
        }                                                                                          \
    } while (0)

/* CHECK_VIEW - a wl_str holds exactly this NUL-terminated text. */
#define CHECK_VIEW(got, want)                                                                      \
    do {                                                                                           \
        struct wl_str v_ = (got);                                                                  \
        const char *w_ = (want);                                                                   \
        if (!wl_str_is(v_, w_)) {                                                                  \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got \"%.*s\", want \"%s\"\n", __FILE__, __LINE__, #got,    \
                    WL_STR_ARG(v_), w_);                                                           \
        }                                                                                          \
    } while (0)

/* RUN - call one test, saying its name first so that a crash has one. */
#define RUN(test)                                                                                  \
    do {                                                                                           \
        fprintf(stderr, "%s\n", #test);                                                            \
        test();                                                                                    \
    } while (0)

/* COUNT - items of an array. */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* check_report - exit status of the program. */
static inline int check_report(void)
{
    return check_failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* check_rand - 64 random bits, independent of the generator under test (splitmix64). */
static inline uint64_t check_rand(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* check_seed - the seed of this run, from SEED= or 1, printed so that it can be replayed. */
static inline uint64_t check_seed(void)
{
    const char *text = getenv("SEED");
    uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 1;
    fprintf(stderr, "SEED=%" PRIu64 "\n", seed);
    return seed;
}

/* A heap that fails after a given number of good requests, counts its blocks, and moves a block
 * whenever it grows, so that a stale pointer is used after free and not by luck. */
struct check_heap {
    wl_alloc alloc;
    size_t n_until_failure;
    size_t live_blocks;
    size_t n_requests; /* blocks asked for or grown, good ones only */
};

#define CHECK_HEADER_BYTES ((size_t)16) /* holds the block's size and keeps 16-byte alignment */

static inline void *check_heap_resize(void *context, void *block, size_t bytes)
{
    struct check_heap *heap = context;
    char *old = block != NULL ? (char *)block - CHECK_HEADER_BYTES : NULL;
    size_t old_bytes = 0;

    if (old != NULL) {
        memcpy(&old_bytes, old, sizeof(old_bytes));
    }
    if (bytes == 0) {
        heap->live_blocks -= old != NULL;
        free(old);
        return NULL;
    }
    char *fresh = heap->n_until_failure > 0 ? malloc(bytes + CHECK_HEADER_BYTES) : NULL;
    if (fresh == NULL) {
        return NULL;
    }
    heap->n_until_failure--;
    heap->n_requests++;
    heap->live_blocks += old == NULL;
    memcpy(fresh, &bytes, sizeof(bytes));
    if (old != NULL) {
        memcpy(fresh + CHECK_HEADER_BYTES, block, old_bytes < bytes ? old_bytes : bytes);
        free(old);
    }
    return fresh + CHECK_HEADER_BYTES;
}

/* check_heap_init - an empty heap whose request number n_good fails (counted from 0), and all
 * after it. */
static inline void check_heap_init(struct check_heap *heap, size_t n_good)
{
    *heap = (struct check_heap){.n_until_failure = n_good};
    heap->alloc = (wl_alloc){.resize = check_heap_resize, .context = heap};
}

#endif
