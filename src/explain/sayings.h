/* What customers have said of why they leave, and which of it counts at a moment: a reason stated
 * in a cancel flow goes before one read in a text, and both before what behaviour suggests. */
#ifndef WL_EXPLAIN_SAYINGS_H
#define WL_EXPLAIN_SAYINGS_H
#include "data/company.h"
#include "data/records.h"
#include "text/rules.h"

/* Where stated reasons stand: the event of a cancel flow and its property, and the channel of texts
 * whose label is one. Names as Segment's and the simulator's data have them. */
#define WL_SAID_EVENT   "Cancel Reason Given"
#define WL_SAID_PROP    "reason"
#define WL_SAID_CHANNEL "cancel"

/* A quarter: what is older has been answered, or is no longer why. */
#define WL_SAID_WINDOW_US (90 * 24 * 3600 * INT64_C(1000000))

/* One reason that was said. */
struct wl_saying {
    uint32_t user; /* in company->users */
    uint32_t label;
    enum wl_reason_source source;
    int64_t said_us;
    int64_t known_us;
};

/* A stated reason that no label of the taxonomy knows. */
struct wl_unmapped {
    struct wl_str stated; /* borrowed from the company */
    size_t n;
};
#define WL_UNMAPPED_MAX 64 /* distinct ones listed; more are counted only */

struct wl_sayings {
    const wl_alloc *alloc;
    const struct wl_rules_label *labels; /* borrowed from the taxonomy */
    struct wl_saying *items;             /* (n_items) by user, then newest first */
    size_t n_items;
    size_t capacity;
    size_t *first; /* (n_users + 1) where each user's begin */
    size_t n_users;
    struct wl_unmapped unmapped[WL_UNMAPPED_MAX]; /* (n_unmapped) by falling n */
    size_t n_unmapped;
    size_t n_unmapped_events; /* all stated reasons that were not understood */
};

/* wl_sayings_new - collect what was said in a company's texts and events.
 *   taxonomy  (in)  a classifier of rules, see share/text/reasons.yaml; kept until released.
 *   sayings   (out) release with wl_sayings_release; zeroed on failure.
 * A stated reason is a label's id or name, or words that its rules know. A text speaks for its
 * likeliest label; texts whose reading says that they please are no reason to leave. The label that
 * stands for none of the others says nothing.
 * Cost:    one look at every event's name; reads the texts nobody has read yet.
 * Errors:  WL_ELIMIT  a text above WL_LINE_BYTES_MAX.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sayings_new(const wl_alloc *alloc, const struct wl_company *company,
                                       const struct wl_text_classifier *taxonomy,
                                       struct wl_sayings *sayings, wl_error *error);
void wl_sayings_release(struct wl_sayings *sayings);

/* wl_sayings_find - what counts for a user at a moment: the newest stated reason that was known
 * then, without one the newest read in a text; within WL_SAID_WINDOW_US. Source
 * WL_REASON_BEHAVIOUR: nothing.
 * Cost:    O(sayings of the user). Threads: any number. */
struct wl_said wl_sayings_find(const struct wl_sayings *sayings, uint32_t user, int64_t as_of_us);

#endif
