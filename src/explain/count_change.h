/* Did a customer's rate of events change? The one test behind "up" and "down". */
#ifndef WL_EXPLAIN_COUNT_CHANGE_H
#define WL_EXPLAIN_COUNT_CHANGE_H

#define WL_CHANGE_P 0.05 /* a verdict needs a p-value below it */

/* wl_count_change_p - two-sided p-value of "the rate in the window is the rate before it".
 *   count   (in) events in the window, >= 0; rounded to a whole number.
 *   before  (in) events before it, >= 0; likewise.
 *   share   (in) length of the window over the length of window and history, 0 < share < 1.
 * Returns twice the smaller tail, at most 1. If rates are equal then, given the total, count is
 * binomial(total, share): exact, whatever the rate.
 * Cost:    O(sqrt(count + before)) terms in practice.
 * Source:  Przyborowski & Wilenski 1940, Biometrika 31; doubling as in Fay 2010, R Journal 2(1). */
double wl_count_change_p(double count, double before, double share);

#endif
