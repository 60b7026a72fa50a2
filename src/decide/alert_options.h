/* The `alerts:` section of wanliu.yaml; every key has a default.
 *
 *   alerts:
 *     intent: {raise: 0.6, clear: 0.3, half_life: 7d, names: [cancel, complaint, refund],
 *              critical: [cancel]}
 *     sentiment: {raise: 4, clear: 1, texts: 6, chance: 0.02}
 *     churn: {raise: 0.9, clear: 0.7}     # default: the lower edges of very_high and of high
 *     activity: {raise: 2.5, clear: 1, weeks: 6}
 *     cooldown: 7d      # between alerts of one customer and reason
 *     merge: 24h        # signals of one customer within it are one alert
 *     lateness: 15m     # signals may come so late and change nothing
 *     dispatch: 1h      # how often waiting alerts are given out; critical ones at once
 *     wait: 72h         # an alert that finds no capacity expires
 *     life: 14d         # an alert that nobody resolves expires
 *     value: [Order Completed, Subscription Renewed]    # events whose value a customer is worth
 *     reserve: 20       # percent of the capacity, for critical alerts only
 *     teams:
 *       - {name: billing, capacity: 20, reasons: [refund, payment]}
 *       - {name: retention, capacity: 50}                  # no reasons: all others */
#ifndef WL_DECIDE_ALERT_OPTIONS_H
#define WL_DECIDE_ALERT_OPTIONS_H
#include "data/node.h"
#include "decide/alert.h"
#include "decide/tiers.h"

/* wl_alert_options_default - what an empty section means.
 *   tiers  (in) give the levels of churn; NULL: the default tiers. */
void wl_alert_options_default(const struct wl_tiers *tiers, int64_t utc_offset_us,
                              struct wl_alert_options *options);

/* wl_alert_options_read - the section, strictly; NULL gives the defaults. Names live in arena.
 * Errors:  WL_ECONFIG  with line and column: unknown keys, a clear level that is not below its
 *          raise level, two teams of one name or for one reason, no team without reasons.
 *          WL_ENOMEM. options is untouched. */
WL_MUST_CHECK wl_status wl_alert_options_read(struct wl_arena *arena, const struct wl_node *node,
                                              const struct wl_tiers *tiers, int64_t utc_offset_us,
                                              struct wl_alert_options *options, wl_error *error);

#endif
