/* Signals, actions and alerts as JSON lines; docs/formats/alerts.md lists the keys.
 *
 *   {"user":"u1","time":"2025-03-01T10:00:00Z","kind":"intent","source":"text","reason":"cancel",
 *    "level":0.93,"trace":"00f1...","p_churn":0.4,"value":120,"text":"..."}
 *   {"alert":"9c3e...","action":"acknowledge","time":"...","by":"li"} */
#ifndef WL_DECIDE_ALERT_JSON_H
#define WL_DECIDE_ALERT_JSON_H
#include "base/buf.h"
#include "decide/alert_stream.h"

/* One line of input: a signal or an action. */
struct wl_alert_input {
    bool is_deed;
    struct wl_alert_signal signal;
    struct wl_alert_deed deed;
};

/* wl_alert_input_read - read one line, ignoring keys it does not know. A score line of
 * wl_score_write is a signal of kind churn.
 *   arena  (in,out) owns the strings.
 * Errors:  WL_EPARSE  not JSON.  WL_ESCHEMA  a key is missing or of the wrong kind.
 *          WL_ERANGE  a level, probability, value or id that cannot be.  WL_ELIMIT  a user or
 *          reason that is too long.  WL_ENOMEM. input is untouched. */
WL_MUST_CHECK wl_status wl_alert_input_read(struct wl_arena *arena, struct wl_str line,
                                            struct wl_alert_input *input, wl_error *error);

/* wl_alert_signal_write - a line that wl_alert_input_read reads (no line end).
 * wl_alert_deed_write - the same for an action. */
void wl_alert_signal_write(const struct wl_alert_signal *signal, struct wl_buf *line);
void wl_alert_deed_write(const struct wl_alert_deed *deed, struct wl_buf *line);

/* wl_alert_write - an alert as one JSON line.
 *   team      (in) its name.
 *   strategy  (in) suggested, or NULL. */
void wl_alert_write(const struct wl_alert *alert, const char *team, const char *strategy,
                    struct wl_buf *line);

/* wl_alert_counts_write - where every signal and alert went, as one JSON line. */
void wl_alert_counts_write(const struct wl_alert_counts *counts, size_t n_held,
                           struct wl_buf *line);

/* wl_alert_id_parse - an id as it is written: 16 hexadecimal digits, or fewer. */
bool wl_alert_id_parse(struct wl_str text, uint64_t *id);

#endif
