/* What the files of a state share; nobody else includes this. */
#ifndef WL_FEATURES_STATE_INNER_H
#define WL_FEATURES_STATE_INNER_H
#include "features/state.h"

/* wl_day_is_weekend - Saturday or Sunday. Day 0, 1970-01-01, was a Thursday. */
static inline bool wl_day_is_weekend(int32_t day)
{
    int32_t weekday = ((day % 7) + 10) % 7; // 0 is Monday
    return weekday >= 5;
}

/* wl_oldest_word - active days before this word count for nothing at this moment. */
int32_t wl_oldest_word(const struct wl_plan *plan, int64_t as_of_us);

/* wl_attribute_state_set - the text of an attribute's value, and that it is known.
 * Errors:  WL_ENOMEM; the value is as before. */
WL_MUST_CHECK wl_status wl_attribute_state_set(const wl_alloc *alloc,
                                               struct wl_attribute_state *own, struct wl_str text,
                                               wl_error *error);

#endif
