/* Does a count rise beyond its season and its usual scatter? Counts per day or hour are compared
 * with a baseline made of their own past, and departures are summed up until chance no longer
 * explains them. How often that may happen by chance is stated beforehand.
 *
 * The method and its sources: docs/internals/surge.md. */
#ifndef WL_MATH_SURGE_H
#define WL_MATH_SURGE_H
#include "base/alloc.h"

#include <stdint.h>

struct wl_surge_options {
    size_t slots;             /* windows a day: 1 (days) or 24 (hours) */
    size_t weekday;           /* of the first day, 0..6; only that it repeats matters */
    size_t baseline_days;     /* days the baseline looks back */
    size_t baseline_days_min; /* fewer give no verdict */
    size_t guard_days;        /* newest days left out of it, so that a surge does not hide itself */
    double alarms_per_year;   /* false alarms a year that one series may give */
    double alarms_per_year_all; /* and all n_series together */
    size_t n_series;
};

/* What one window looked like from the windows before it. */
struct wl_surge_point {
    double expected;   /* NaN: not enough past */
    double dispersion; /* variance over mean of the counts, >= 1 */
    double z;          /* how unusual the count is: normal score of its place in the distribution */
    double cusum;      /* unusual counts summed up */
};

/* One surge. Windows begin .. end - 1; end is the number of windows when it still goes on. */
struct wl_surge {
    size_t begin; /* first window of the rise */
    size_t alarm; /* window at which it was certain enough */
    size_t end;
    double count; /* in windows begin .. end - 1 */
    double expected;
    double ratio; /* count / expected with its 95 % interval */
    double low;
    double high;
};

/* wl_surge_defaults - days, eight weeks of baseline with one week of guard, one false alarm per
 * series and year, twelve over all. */
struct wl_surge_options wl_surge_defaults(void);

/* wl_surge_limit - the CUSUM at which an alarm is raised: its mean time to a false alarm is the
 * budget's. Source: Siegmund 1985, Sequential Analysis, eq. 2.57 (corrected diffusion). */
double wl_surge_limit(const struct wl_surge_options *options);

/* wl_surge_scan - all windows of one series, each judged from the past alone.
 *   counts  (in)  (n_windows) whole days from the first on.
 *   points  (out) (n_windows), or NULL.
 *   surges  (out) (n_surges_max) in order of time; those beyond are counted only.
 * Returns the number of alarms in *n_surges.
 * Cost:    O(n_windows * baseline_days), one block of memory for the baseline.
 * Errors:  WL_EINVAL  slots that do not divide 24, or a baseline that is too short.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_surge_scan(const wl_alloc *alloc, const struct wl_surge_options *options,
                                      const uint32_t *counts, size_t n_windows,
                                      struct wl_surge_point *points, struct wl_surge *surges,
                                      size_t n_surges_max, size_t *n_surges, wl_error *error);

/* wl_negative_binomial_mid - P(Y < y) + P(Y = y) / 2 of a count with this mean and variance
 * (variance <= mean: Poisson). */
double wl_negative_binomial_mid(double y, double mean, double variance);

#endif
