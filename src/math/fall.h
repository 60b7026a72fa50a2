/* Has one customer's mood fallen? A few values in order of time are judged against the customer's
 * own earlier ones: a CUSUM says how far they have fallen, and shuffling the same values says how
 * often chance alone gets as far. No absolute level is involved: a customer who always grumbles
 * has not fallen. */
#ifndef WL_MATH_FALL_H
#define WL_MATH_FALL_H
#include <stddef.h>
#include <stdint.h>

#define WL_FALL_VALUES_MAX   32  /* values that are looked at: the customer's newest */
#define WL_FALL_BASELINE_MIN 4   /* values before anything can fall; fewer show no spread */
#define WL_FALL_SHUFFLES     499 /* p in steps of 0.002 */

/* wl_fall_cusum - how far the newest values lie below the earlier ones, in standard deviations
 * summed up beyond an allowance of half of one each; 0: not at all.
 *   values  (in) (n) by rising time, n <= WL_FALL_VALUES_MAX.
 *   level   (out) what was usual before the fall began (exponentially weighted mean); NaN when
 *                 n <= WL_FALL_BASELINE_MIN. May be NULL.
 * Cost:    O(n).
 * Source:  Page 1954 (CUSUM); reference value k = 1/2, the best against a shift of one standard
 *          deviation: Lucas & Saccucci 1990, Hawkins & Olwell 1998. One value counts 3 standard
 *          deviations at most, so that no single text reaches a limit of 4. */
double wl_fall_cusum(const double *values, size_t n, double *level);

/* wl_fall_p - share of the shuffled orders of the same values whose CUSUM ends as high: the chance
 * to see this when order meant nothing. Valid for any distribution of the values.
 *   seed  (in) of the shuffles; the same seed gives the same p.
 * Cost:    O(WL_FALL_SHUFFLES * n).
 * Source:  permutation test, Edgington 1987; (1 + hits) / (1 + shuffles), Phipson & Smyth 2010. */
double wl_fall_p(const double *values, size_t n, uint64_t seed);

#endif
