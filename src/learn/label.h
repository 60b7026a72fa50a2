/* Who left: one label per customer and observation date, from the declared churn.
 *
 * Two clocks. Who is asked about (audience, cancelled already) is judged by what was known at T:
 * event_us <= T and received_us <= T. What happened is judged by event_us alone, within the outcome
 * window; a label may arrive late, a feature may not. */
#ifndef WL_LEARN_LABEL_H
#define WL_LEARN_LABEL_H
#include "data/company.h"
#include "learn/churn.h"

enum wl_label_status {
    WL_LABEL_NEGATIVE = 0,     /* stayed */
    WL_LABEL_POSITIVE = 1,     /* left within the outcome window */
    WL_LABEL_NOT_ELIGIBLE = 2, /* not in the audience at T, or gone already */
    WL_LABEL_EARLY = 3,        /* left before T + lead: too late to act, so no row */
    WL_LABEL_OPEN = 4,         /* not certain: the data ends before, or nobody knows the label */
    WL_LABEL_INVOLUNTARY = 5   /* left after a failed payment: a path of its own, so no row */
};
#define WL_LABEL_STATUS_COUNT 6

/* wl_label_status_key - "positive", "negative", "not_eligible", "early", "open", "involuntary". */
const char *wl_label_status_key(enum wl_label_status status);

/* A grid of D dates by U users: label i belongs to user i % n_users (an index into company->users)
 * and to date i / n_users. */
struct wl_labels {
    const wl_alloc *alloc;
    size_t n_users;
    size_t n_dates;
    size_t n_labels;   /* n_users * n_dates */
    int64_t *as_of_us; /* (D, U) owned; rising along D for every user */
    uint8_t *status;   /* (D, U) owned: enum wl_label_status */
};

struct wl_label_report {
    size_t n[WL_LABEL_STATUS_COUNT]; /* labels by status */
    size_t n_unmatched;              /* attach only: rows that no label speaks of */
};

/* wl_labels_build - label every user of the company at every date.
 *   churn      (in)  borrowed.
 *   dates_us   (in)  (n_dates) strictly rising. Kind label may do without (n_dates 0): each user's
 *                    date is then when the attribute became known.
 *   labels     (out) release with wl_labels_release; untouched on failure.
 *   report     (out) counts; may be NULL.
 * Cost:    O(events log events + users * dates * events of the user), memory of the company's
 *          alloc.
 * Errors:  WL_ECONFIG  an event or attribute that the data does not have (with the nearest name),
 *                      or a positive value nobody has.
 *          WL_EINVAL   dates do not rise, or none where they are needed.
 *          WL_ELIMIT   more than WL_DATES_MAX dates.  WL_ENOMEM.
 * Source:  own; tests/plain/learn_label_twin.c is the definition spelled out. */
WL_MUST_CHECK wl_status wl_labels_build(const struct wl_churn *churn,
                                        const struct wl_company *company, const int64_t *dates_us,
                                        size_t n_dates, struct wl_labels *labels,
                                        struct wl_label_report *report, wl_error *error);

/* wl_labels_release - give the memory back; zeroed is fine. */
void wl_labels_release(struct wl_labels *labels);

/* wl_labels_find - index of the label of this user and moment, or SIZE_MAX. O(log dates). */
size_t wl_labels_find(const struct wl_labels *labels, uint32_t user, int64_t as_of_us);

/* Rows that have a label, in the order of the rows: what training and evaluation read. */
struct wl_labelled {
    const wl_alloc *alloc;
    size_t n_rows;
    size_t n_positive;
    size_t n_users;     /* users of the wl_rows, not all of them labelled */
    uint32_t *row;      /* (n_rows) owned: index into the wl_rows */
    uint32_t *user;     /* (n_rows) owned: index into rows->users */
    uint64_t *user_key; /* (n_rows) owned: hash of the user id, the same in every run and order */
    int64_t *as_of_us;  /* (n_rows) owned */
    uint8_t *y;         /* (n_rows) owned: 1 left, 0 stayed */
};

/* wl_labels_attach - keep the rows that are positive or negative; count the others by status.
 *   labelled  (out) release with wl_labelled_release; untouched on failure.
 *   report    (out) counts of rows; may be NULL.
 * Cost:    O(rows log dates).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_labels_attach(const struct wl_labels *labels,
                                         const struct wl_company *company,
                                         const struct wl_rows *rows, struct wl_labelled *labelled,
                                         struct wl_label_report *report, wl_error *error);

/* wl_labelled_release - give the memory back; zeroed is fine. */
void wl_labelled_release(struct wl_labelled *labelled);

/* wl_label_report_text - the counts in one sentence, zh or en, no line end. */
void wl_label_report_text(const struct wl_label_report *report, const char *language,
                          struct wl_buf *text);

#endif
