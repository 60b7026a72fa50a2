/* From a number to one of five tiers. Activity is the percent of the user's own expected active
 * days; a probability p speaks on the same scale as 100 * (1 - p), the percent chance to stay. */
#ifndef WL_DECIDE_TIERS_H
#define WL_DECIDE_TIERS_H
#include "data/node.h"
#include "data/records.h"

enum wl_tier_source {
    WL_TIER_FROM_PROBABILITY = 0,
    WL_TIER_FROM_ACTIVITY = 1,
    WL_TIER_FROM_WORSE = 2 /* the riskier of both */
};

struct wl_tiers {
    int from;                        /* enum wl_tier_source */
    double edges[WL_TIER_COUNT - 1]; /* falling percents; default 90, 60, 30, 10 */
};

/* wl_tiers_default - from the probability, with the bands [90,100] [60,90) [30,60) [10,30)
 * [0,10). */
void wl_tiers_default(struct wl_tiers *tiers);

/* wl_tiers_read - the `tiers:` section; NULL gives the defaults.
 * Errors:  WL_ECONFIG  edges that do not fall, lie outside 0..100 or are not four: the bands would
 *          overlap or leave a gap. */
WL_MUST_CHECK wl_status wl_tiers_read(struct wl_arena *arena, const struct wl_node *node,
                                      struct wl_tiers *tiers, wl_error *error);

/* wl_tier_of - tier of one customer.
 *   p_churn      (in)  0..1.
 *   activity     (in)  0..100, or NaN when the user has no baseline yet.
 *   is_fallback  (out) true when activity was wanted but unknown and the probability decided.
 * Cost: O(1). Threads: any. */
enum wl_tier wl_tier_of(const struct wl_tiers *tiers, double p_churn, double activity,
                        bool *is_fallback);

#endif
