/* The proof that batch and stream agree: the same rows, computed four ways, compared bit by bit.
 *
 *   batch       wl_features_build
 *   stream      one table of states, what became known in the order it came
 *   shuffled    the same in random order (between two dates, for a row must not know the future)
 *   duplicated  shuffled, with a third of everything sent twice and found by its message key
 *
 * In the three streams states are encoded and decoded at random moments, as a store would do. */
#ifndef WL_FEATURES_DIFF_H
#define WL_FEATURES_DIFF_H
#include "base/progress.h"
#include "features/plan.h"

enum wl_diff_way { WL_DIFF_STREAM = 0, WL_DIFF_SHUFFLED = 1, WL_DIFF_DUPLICATED = 2 };
#define WL_DIFF_WAYS 3

struct wl_diff_request {
    const struct wl_plan *plan;
    const struct wl_company *company; /* message keys differ */
    const int64_t *dates_us;          /* (n_dates) as for wl_features_build */
    size_t n_dates;
    uint64_t seed;
    size_t n_threads; /* of the batch; the streams run in the caller */
    bool has_fault;   /* leave one event out of the streams: shows that a difference is seen */
    const struct wl_sink *sink;
};

struct wl_diff_report {
    const wl_alloc *alloc;
    size_t n_rows;                 /* of the batch */
    size_t n_values;               /* compared in all three streams */
    size_t n_differences;          /* values whose bits differ, and rows only one side has */
    size_t n_by_way[WL_DIFF_WAYS]; /* the same, by stream */
    size_t *n_by_feature;          /* (n_features) the same, by column; owned */
    size_t n_round_trips;          /* states encoded and decoded on the way */
    size_t n_duplicates;           /* things sent twice and recognised */
    size_t state_bytes_max;        /* largest encoded state met */
    double state_bytes_mean;       /* of the states encoded */
};

/* wl_features_diff - compute rows four ways and count differences.
 *   report  (out) release with wl_diff_report_release.
 * Cost:    four times the batch, one thread for the streams; states of 20,000 users at a time.
 * Errors:  those of wl_features_build and the state functions. A difference is no error. */
WL_MUST_CHECK wl_status wl_features_diff(const struct wl_diff_request *request,
                                         const wl_alloc *alloc, struct wl_diff_report *report,
                                         wl_error *error);

/* wl_diff_report_release - give memory back; zeroed is fine. */
void wl_diff_report_release(struct wl_diff_report *report);

#endif
