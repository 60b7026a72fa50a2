/* What "to leave" means here is declared, never guessed: the `churn:` section of wanliu.yaml.
 *
 *     T            T + lead                 T + lead + horizon
 *   --|---------------(========================]------------->   half open, as what is known at T
 *   known           too late to act     outcome window
 *
 *   churn:
 *     kind: inactivity | cancel | label
 *     events: [Order Completed]            # inactivity: signs of life (default: any event)
 *                                          # cancel: what counts as leaving
 *     horizon: 90d
 *     lead: 72h                            # 0h: no lead
 *     audience: {events: [..], within: 180d}   # who is asked about; default: the active
 *     gone: [Subscription Cancelled]       # inactivity: left already, not asked about
 *     restart: [Subscription Started]      # coming back, from cancel or gone
 *     allowed_gap: 30d                     # cancel: back within this time means it was no churn
 *     involuntary: {events: [Payment Failed], within: 30d}    # leavers kept apart
 *     attribute: Churn                     # label: a column that already says it
 *     positive: "Yes" */
#ifndef WL_LEARN_CHURN_H
#define WL_LEARN_CHURN_H
#include "base/buf.h"
#include "base/clock.h"
#include "data/rows.h"
#include "data/schema.h"

enum wl_churn_kind {
    WL_CHURN_INACTIVITY = 0, /* no qualifying event in the outcome window */
    WL_CHURN_CANCEL = 1,     /* a cancel event in the outcome window that is not taken back */
    WL_CHURN_LABEL = 2       /* a given attribute has a given value */
};

/* Texts are borrowed from the configuration's arena. A struct made by hand needs kind, horizon and
 * lead at least. */
struct wl_churn {
    int kind; /* enum wl_churn_kind */
    struct wl_texts events;
    int64_t horizon_us; /* 0 for kind label without one */
    int64_t lead_us;
    struct wl_texts audience_events;
    int64_t audience_within_us; /* 0: ever */
    struct wl_texts gone;
    struct wl_texts restart;
    int64_t allowed_gap_us;
    struct wl_texts involuntary;
    int64_t involuntary_within_us;
    const char *attribute;
    const char *positive;
};

#define WL_LEAD_DEFAULT_US (72 * WL_HOUR_US) /* three days to act: LAB-3 */

/* wl_churn_read - the `churn:` section, strictly.
 *   node   (in)  the section; NULL is a missing one.
 *   churn  (out) texts live in arena; untouched on failure.
 * Errors:  WL_ECONFIG  missing or unknown keys with their line, a key that does not belong to the
 *          kind, allowed_gap without restart.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_churn_read(struct wl_arena *arena, const struct wl_node *node,
                                      struct wl_churn *churn, wl_error *error);

/* wl_churn_closes_us - first moment at which the outcome as of T is certain: the end of the outcome
 * window, and for cancel the time allowed for coming back. T itself for kind label. */
int64_t wl_churn_closes_us(const struct wl_churn *churn, int64_t as_of_us);

/* wl_churn_sentence - the declared prediction in one sentence: who, when, what, horizon.
 *   language  (in) "zh" or "en".
 *   text      (in,out) sticky buffer; no line end is written. */
void wl_churn_sentence(const struct wl_churn *churn, const char *language, struct wl_buf *text);

/* wl_churn_leaks - index of the feature that is the label attribute itself, or SIZE_MAX. Names are
 * compared without case, punctuation and the prefixes "attr" and "attribute".
 * Cost: O(features). */
size_t wl_churn_leaks(const struct wl_churn *churn, const struct wl_schema *schema);

#endif
