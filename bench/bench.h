/* What every benchmark needs: a clock and the middle of several runs. The median counts, because
 * on a shared machine the slowest runs say more about the neighbours than about the program. */
#ifndef WL_BENCH_BENCH_H
#define WL_BENCH_BENCH_H
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

/* bench_seconds - a clock that only moves forward. */
static inline double bench_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline int bench_compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* bench_median - the middle of n > 0 values, which it sorts; for an even n the lower of the two. */
static inline double bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), bench_compare);
    return values[(n - 1) / 2];
}

#endif
