/* The waiting line of alerts, for alert.c alone: by expected value at risk, with a capacity a day
 * for each team and a part of it kept for critical alerts. */
#ifndef WL_DECIDE_ALERT_QUEUE_H
#define WL_DECIDE_ALERT_QUEUE_H
#include "decide/alert.h"

/* An alert in line. It holds only while the alert still waits with this value: a changed one is
 * put in line again. */
struct wl_alert_place {
    double at_risk;
    uint32_t i_alert;
};

struct wl_alert_heap {
    struct wl_alert_place *places; /* (n_places) a heap, the highest value first; owned */
    size_t n_places;
    size_t capacity;
};

struct wl_alert_line {
    struct wl_alert_heap ordinary;
    struct wl_alert_heap critical;
    int64_t day; /* the day that n_opened counts */
    int64_t n_opened;
};

/* wl_alert_line_add - put a waiting alert in its team's line. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_alert_line_add(struct wl_alert_line *line, const wl_alloc *alloc,
                                          const struct wl_alert *alerts, uint32_t i_alert,
                                          wl_error *error);

/* wl_alert_line_next - take the alert that should be opened now out of line.
 *   day  (in) number of the day that time_us lies in.
 * Returns its index, or UINT32_MAX: nobody waits, or the day's capacity is used. */
uint32_t wl_alert_line_next(struct wl_alert_line *line, const struct wl_alert_team *team,
                            double reserve_percent, const struct wl_alert *alerts, int64_t day);

/* wl_alert_line_release - give the memory back; zeroed is fine. */
void wl_alert_line_release(struct wl_alert_line *line, const wl_alloc *alloc);

#endif
