/* Everything known at one moment, on one page: scores, reasons, messages and figures. */
#ifndef WL_JOURNEY_REPORT_H
#define WL_JOURNEY_REPORT_H
#include "journey.h"

/* What a report was made from, for the person at the terminal. */
struct wl_report_summary {
    const char *path; /* in the workspace's arena */
    size_t n_scored;
    size_t n_by_tier[WL_TIER_COUNT];
};

/* wl_journey_report - score and explain everybody in the audience as of a moment, write the
 * messages the page shows, and the page.
 *   journey  (in,out) loaded.
 *   which    (in)  model version or alias, NULL for the champion.
 *   as_of_us (in)  moment of the scores; WL_TIME_NONE: the newest record.
 *   path     (in)  file to write; NULL: reports/report.html in the workspace.
 *   summary  (out) may be NULL.
 * Cost:    features, contributions and sentences of every customer.
 * Errors:  those of its stages; WL_EIO. */
WL_MUST_CHECK wl_status wl_journey_report(struct wl_journey *journey, const char *which,
                                          int64_t as_of_us, const char *path, bool is_zh,
                                          struct wl_report_summary *summary, wl_error *error);

#endif
