/* Events of a customer as tokens: what happened, how long after the one before, how much it was
 * worth. The last token is the date itself, so that a model sees how long nothing has happened, and
 * a customer without events in the window still has a sequence of one.
 *
 *     events   open 9:00    pay 9:05, 12.50    open 2 days later     as of 30 days later
 *     type     open         pay                open                  n_types
 *     gap      0 (first)    3 (2^2 min)        12 (2^11 min)         16 (2^15 min)
 *     value    0 (none)     10 (2^3)           0                     0 */
#ifndef WL_NN_SEQUENCE_TOKENS_H
#define WL_NN_SEQUENCE_TOKENS_H
#include <stddef.h>
#include <stdint.h>

#define WL_GAP_BUCKETS   24 /* 0: none before; g: 2^(g-1) - 1 minutes and more, up to 8 years */
#define WL_VALUE_BUCKETS 24 /* 0: none, 1: below 0, 2: 0; v: 2^(v-7) and more, up to 2^16 */

/* One event; sorted by time. */
struct wl_sequence_event {
    int64_t event_us;
    uint32_t type; /* below n_types */
    double value;  /* NaN: none */
};

/* Which events a sequence holds. */
struct wl_sequence_cut {
    size_t n_events_max; /* the last so many; 64 */
    int64_t window_us;   /* of the time before the date; 0: all */
};

/* wl_gap_bucket - of a time that passed, >= 0. wl_value_bucket - of a value, NaN: none. Powers of
 * two, from the exponent: exact on every machine. */
int32_t wl_gap_bucket(int64_t gap_us);
int32_t wl_value_bucket(double value);

/* wl_sequence_tokens - the tokens of one customer as of a date.
 *   events  (in)  (n) by rising time, all known at the date; those after it are left out.
 *   types, gaps, values  (out) (n_events_max + 1) ids for tables of n_types + 1, WL_GAP_BUCKETS,
 *           WL_VALUE_BUCKETS.
 * Returns how many, at least 1. Cost: O(n_events_max + log n). */
size_t wl_sequence_tokens(const struct wl_sequence_event *events, size_t n, size_t n_types,
                          int64_t as_of_us, const struct wl_sequence_cut *cut, int32_t *types,
                          int32_t *gaps, int32_t *values);

#endif
