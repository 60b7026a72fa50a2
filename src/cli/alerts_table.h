/* Alerts as a table for people; shared by the commands that show them. */
#ifndef WL_CLI_ALERTS_TABLE_H
#define WL_CLI_ALERTS_TABLE_H
#include "cli/cli.h"
#include "decide/alert.h"
#include "journey_advice.h"

/* Which alerts are shown. */
struct wl_alerts_view {
    bool has_closed;    /* resolved and expired ones too */
    int64_t from_us;    /* raised then or later; WL_TIME_NONE: any */
    int64_t to_us;      /* and before then; WL_TIME_NONE: any */
    size_t n_shown_max; /* the first so many */
};

/* wl_alerts_show - one line an alert to stdout, the weightiest first: by severity, then by value at
 * risk; as JSON lines with --json. Then, to stderr, where every signal went.
 *   advice  (in,out) names reasons and suggests what to do.
 *   n_held  (in) signals still held back.
 * Errors:  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_alerts_show(struct wl_cli *cli, const struct wl_alerts *alerts,
                                       struct wl_advice *advice, const struct wl_alerts_view *view,
                                       size_t n_held, wl_error *error);

/* wl_column - append text and blanks up to n_columns on a terminal, where a Chinese character takes
 * two. */
void wl_column(struct wl_buf *line, struct wl_str text, size_t n_columns);

#endif
