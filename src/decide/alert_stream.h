/* Signals in any order become signals in order of time: held back until nothing earlier can come
 * any more, then handed to wl_alerts_take. Signals of one moment go by user, kind, reason and
 * content, so the order of arrival leaves no trace. */
#ifndef WL_DECIDE_ALERT_STREAM_H
#define WL_DECIDE_ALERT_STREAM_H
#include "decide/alert.h"

struct wl_alert_stream;

/* What somebody did about an alert. */
struct wl_alert_deed {
    uint64_t id;
    int action; /* enum wl_alert_action */
    int64_t time_us;
    struct wl_str by; /* who; may be empty */
};

/* wl_alert_stream_new - an empty stream into alerts (borrowed: outlives it).
 * Errors:  WL_ENOMEM. Free with wl_alert_stream_free, NULL is fine. */
WL_MUST_CHECK wl_status wl_alert_stream_new(const wl_alloc *alloc, struct wl_alerts *alerts,
                                            struct wl_alert_stream **stream_out, wl_error *error);
void wl_alert_stream_free(struct wl_alert_stream *stream);

/* wl_alert_stream_push - one signal; everything older than the newest by more than the lateness
 * allowed goes on. A signal behind that point goes on at once and is counted late.
 *   signal  (in) copied.
 * Cost:    O(log held), one allocation.
 * Errors:  WL_ENOMEM, WL_ELIMIT. */
WL_MUST_CHECK wl_status wl_alert_stream_push(struct wl_alert_stream *stream,
                                             const struct wl_alert_signal *signal, wl_error *error);

/* wl_alert_stream_act - the same for an action. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_alert_stream_act(struct wl_alert_stream *stream,
                                            const struct wl_alert_deed *deed, wl_error *error);

/* wl_alert_stream_flush - hand on what is held up to now_us, and let the clock go there; later
 * things stay. WL_TIME_NONE: hand on everything, and the clock stays with the last of it.
 * Errors: those of wl_alerts_take. */
WL_MUST_CHECK wl_status wl_alert_stream_flush(struct wl_alert_stream *stream, int64_t now_us,
                                              wl_error *error);

/* wl_alert_stream_held - signals and actions held back. */
size_t wl_alert_stream_held(const struct wl_alert_stream *stream);

#endif
