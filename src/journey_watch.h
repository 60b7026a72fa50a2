/* What the report says needs somebody now: alerts alive at its moment, and surges of topics. The
 * pages are report/report_watch.c. */
#ifndef WL_JOURNEY_WATCH_H
#define WL_JOURNEY_WATCH_H
#include "journey.h"
#include "report/report_watch.h"

/* wl_watch_alerts - the same alerts as `wanliu alerts` at that moment.
 *   journey   (in,out) loaded; its texts are read here.
 *   scorer    (in)     its model's plan is journey->plan.
 *   arena     (in,out) owns what alerts points at.
 *   alerts    (out)    at most WL_REPORT_ALERTS_MAX items; counts are of all.
 * Cost:    features and scores of the audience for a life of alerts, see wl_journey_alerts.
 * Errors:  those of the `alerts:` section, of the taxonomy, and of wl_journey_alerts. */
WL_MUST_CHECK wl_status wl_watch_alerts(struct wl_journey *journey, const struct wl_scorer *scorer,
                                        int64_t as_of_us, struct wl_arena *arena,
                                        struct wl_report_alerts *alerts, wl_error *error);

/* wl_watch_trends - topics by week, and surges of the last WL_WATCH_RECENT_DAYS.
 *   trends  (out) n_days 0: there are no texts, or less than a day of them.
 * Errors:  those of wl_topic_trends_build; WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_watch_trends(struct wl_journey *journey, int64_t as_of_us,
                                        struct wl_arena *arena, struct wl_report_trends *trends,
                                        wl_error *error);

#endif
