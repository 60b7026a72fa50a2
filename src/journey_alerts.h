/* Signals from everything a workspace knows: every day the scores and the activity of the audience,
 * and every text as it comes, in the order in which they became known. What they lead to is
 * decided in decide/alert.h. */
#ifndef WL_JOURNEY_ALERTS_H
#define WL_JOURNEY_ALERTS_H
#include "decide/alert_stream.h"
#include "journey.h"

/* What was put into the stream. */
struct wl_alert_intake {
    size_t n_scores;
    size_t n_activity;
    size_t n_texts;
    size_t n_unread; /* texts that no reader could read */
};

/* wl_journey_alerts - push the signals of from_us .. to_us, day by day, each handed on before the
 * next day begins. A text gives an intent, a mood and the newest score of its author, all with the
 * text's message key as trace; when it cannot be read the score still comes, marked degraded.
 *   journey  (in,out) loaded; its texts are read here.
 *   scorer   (in)     its model's plan is journey->plan.
 *   stream   (in,out) its clock ends at to_us.
 *   intake   (out)    may be NULL.
 * Cost:    features and scores of the audience for every day; a byte per customer and day.
 * Errors:  those of features and scores; WL_EINVAL to_us before from_us; WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_journey_alerts(struct wl_journey *journey,
                                          const struct wl_scorer *scorer,
                                          const struct wl_alert_options *options, int64_t from_us,
                                          int64_t to_us, struct wl_alert_stream *stream,
                                          struct wl_alert_intake *intake, wl_error *error);

/* wl_journey_deeds - push what people did about alerts, from the workspace's alerts.ndjson; nothing
 * when it is not there.
 * Errors:  WL_EPARSE, WL_ESCHEMA, WL_ERANGE  with file and line.  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_journey_deeds(const struct wl_workspace *workspace,
                                         const wl_alloc *alloc, struct wl_alert_stream *stream,
                                         wl_error *error);

/* wl_alert_stream_line - push one line of JSON: a signal or an action.
 *   arena  (in,out) scratch, reset here.
 * Errors:  those of wl_alert_input_read and of the stream. */
WL_MUST_CHECK wl_status wl_alert_stream_line(struct wl_alert_stream *stream, struct wl_arena *arena,
                                             struct wl_str line, wl_error *error);

/* wl_alert_walk_from - the day to begin with so that what was raised before shown_us, and what is
 * cooling down then, is known: a life of alerts earlier. */
int64_t wl_alert_walk_from(const struct wl_alert_options *options, int64_t shown_us);

#endif
