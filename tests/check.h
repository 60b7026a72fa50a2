#ifndef WL_CHECK_H
#define WL_CHECK_H
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int check_failures;
#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #cond);                   \
        }                                                                                          \
    } while (0)
#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long g_ = (long long)(got), w_ = (long long)(want);                                   \
        if (g_ != w_) {                                                                            \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got %lld, want %lld\n", __FILE__, __LINE__, #got, g_, w_); \
        }                                                                                          \
    } while (0)
#define CHECK_CLOSE(got, want, rel)                                                                \
    do {                                                                                           \
        double g_ = (got), w_ = (want);                                                            \
        if (!(fabs(g_ - w_) <= (rel)*fmax(1.0, fabs(w_)))) {                                       \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got %.17g, want %.17g\n", __FILE__, __LINE__, #got, g_,    \
                    w_);                                                                           \
        }                                                                                          \
    } while (0)
#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        const char *g_ = (got), *w_ = (want);                                                      \
        if (strcmp(g_, w_)) {                                                                      \
            check_failures++;                                                                      \
            fprintf(stderr, "%s:%d: %s: got \"%s\", want \"%s\"\n", __FILE__, __LINE__, #got, g_,  \
                    w_);                                                                           \
        }                                                                                          \
    } while (0)
#define RUN(test)                                                                                  \
    do {                                                                                           \
        fprintf(stderr, "%s\n", #test);                                                            \
        test();                                                                                    \
    } while (0)
static inline int check_report(void)
{
    return check_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
/* splitmix64: public-domain mixing constants */
static inline uint64_t check_rand(uint64_t *s)
{
    uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
static inline uint64_t check_seed(void)
{
    const char *s = getenv("SEED");
    uint64_t v = s ? strtoull(s, NULL, 10) : 1;
    fprintf(stderr, "SEED=%" PRIu64 "\n", v);
    return v;
}
#include "base/alloc.h"
struct check_heap {
    wl_alloc alloc;
    size_t n_until_failure;
    size_t live_blocks;
};
static inline void *check_heap_resize(void *context, void *block, size_t bytes)
{
    struct check_heap *h = context;
    if (bytes == 0) {
        h->live_blocks--;
        free(block);
        return NULL;
    }
    if (h->n_until_failure == 0)
        return NULL;
    h->n_until_failure--;
    if (!block)
        h->live_blocks++;
    return realloc(block, bytes);
}
static inline void check_heap_init(struct check_heap *h, size_t n)
{
    h->n_until_failure = n;
    h->live_blocks = 0;
    h->alloc.resize = check_heap_resize;
    h->alloc.context = h;
}

#endif
