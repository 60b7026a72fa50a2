/* Has a customer become less active than they themselves usually are? The active days of the last
 * one and two weeks are compared with the customer's own weeks before. Somebody whose weeks have
 * always been uneven (a seasonal customer) must fall further than somebody regular. */
#ifndef WL_MATH_DROP_H
#define WL_MATH_DROP_H
#include <stddef.h>
#include <stdint.h>

#define WL_DROP_WEEKS_MAX 26 /* half a year back: older habits are no baseline */

/* What was found. */
struct wl_drop {
    double chance;   /* to see as few active days when nothing changed; NaN: too little history */
    double observed; /* active days of the window that says it clearest */
    double baseline; /* and how many were to be expected in it */
    size_t window_days; /* 7 or 14 */
};

/* wl_drop_test - judge one customer at the end of a day.
 *   active       (in) (n_days) 1 where the customer was active; the last is today.
 *   n_weeks_min  (in) whole weeks of history before the window that are needed.
 * History begins with the first active day.
 * Cost:    O(n_days), no allocation.
 * Source:  posterior predictive beta-binomial, Gelman et al. 2013, BDA3 ch. 2; scatter between
 *          weeks by moments, Kleinman 1973, JASA 68. The smaller chance of both windows counts
 *          twice (Bonferroni). */
struct wl_drop wl_drop_test(const uint8_t *active, size_t n_days, size_t n_weeks_min);

#endif
