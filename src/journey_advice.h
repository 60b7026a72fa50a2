/* What a reason is called, and what is done about it. One way for everything that suggests:
 *
 *   reason -> label of reasons.yaml or intents.yaml -> its `answer` -> group (compose/taxonomy.h)
 *
 * A code of the taxonomy ("price") is its own answer; what has none is a reason to call and ask. */
#ifndef WL_JOURNEY_ADVICE_H
#define WL_JOURNEY_ADVICE_H
#include "decide/alert.h"
#include "report/report_words.h"
#include "text/classifier.h"
#include "workspace.h"

/* The files of rules, opened. */
struct wl_advice {
    const wl_alloc *alloc;
    struct wl_text_classifier *reasons; /* a workspace's taxonomy extends the built-in one */
    struct wl_text_classifier *intents;
    struct wl_text_scratch *scratch;
    double *points; /* (labels of reasons) */
};

/* A way to answer. */
struct wl_strategy {
    const char *key; /* a group of reasons, or "contact" */
    struct wl_label label;
};

/* wl_advice_open - open both files.
 *   workspace  (in)  NULL: the built-in taxonomy alone.
 *   advice     (out) release with wl_advice_release; zeroed on failure.
 * Cost:    4 ms.
 * Errors:  those of wl_taxonomy_open. */
WL_MUST_CHECK wl_status wl_advice_open(const struct wl_workspace *workspace, const wl_alloc *alloc,
                                       struct wl_advice *advice, wl_error *error);

/* wl_advice_release - give both back; zeroed is fine. */
void wl_advice_release(struct wl_advice *advice);

/* wl_advice_strategy - what a reason is answered with; never NULL.
 *   reason  (in) an intent, a reason of texts, or a code of the taxonomy. */
const struct wl_strategy *wl_advice_strategy(const struct wl_advice *advice, struct wl_str reason);

/* What is done about an alert. */
struct wl_alert_advice {
    const struct wl_strategy *strategy;
    struct wl_label because; /* the reason its texts give; both NULL: none. Borrowed from advice. */
};

/* wl_advice_alert - what its reason is answered with; where a reason has no answer of its own
 * (somebody is leaving), the reason that the texts behind it give decides.
 *   advice  (in,out) its scratch is used.
 *   found   (out)
 * Cost:    a reading of at most WL_ALERT_EVIDENCE_MAX quotes.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_advice_alert(struct wl_advice *advice, const struct wl_alert *alert,
                                        struct wl_alert_advice *found, wl_error *error);

/* wl_advice_name - a reason in words; both texts NULL when it is unknown. Borrowed from advice. */
struct wl_label wl_advice_name(const struct wl_advice *advice, struct wl_str reason);

#endif
