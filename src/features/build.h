/* Rows for many customers at many moments, from a company's whole history in one pass. */
#ifndef WL_FEATURES_BUILD_H
#define WL_FEATURES_BUILD_H
#include "base/progress.h"
#include "features/plan.h"

/* Whether a row is wanted: the audience of a churn definition, for one. Called from several threads
 * at once; must not change anything.
 *   user    index into company->users.
 *   values  (n_features) of the row. */
typedef bool (*wl_keep_fn)(void *context, uint32_t user, int64_t as_of_us, const float *values);

struct wl_features_request {
    const struct wl_plan *plan;
    const struct wl_company *company;
    const int64_t *dates_us; /* (n_dates) moments, in any order; a repeated one counts once */
    size_t n_dates;
    wl_keep_fn keep; /* NULL keeps every row */
    void *keep_context;
    size_t n_threads;           /* 0: as many as there are processors */
    const struct wl_sink *sink; /* may be NULL */
};

/* wl_features_build - the rows of all customers of whom anything was known at each date.
 *   rows  (out) initialised here with plan->schema; sorted by bytes of the user id, then date;
 *   release
 *               with wl_rows_release. The same bytes for any number of threads and any order of
 *               arrival.
 * Only what has event_us <= T and received_us <= T counts in a row of T.
 * Cost:    O(events log(events per user) + rows * (F + tiles)); 4 bytes of memory per event, and
 *          one state per thread.
 * Errors:  WL_EINVAL  no date.  WL_ELIMIT  more than WL_DATES_MAX dates or 2^32 events.
 *          WL_ERANGE  an event with an impossible time or value; the message names the user.
 *          WL_ESCHEMA two category levels share a code.  WL_ENOMEM.  rows is zeroed then.
 * Threads: starts n_threads - 1 of its own. */
WL_MUST_CHECK wl_status wl_features_build(const struct wl_features_request *request,
                                          const wl_alloc *alloc, struct wl_rows *rows,
                                          wl_error *error);

/* wl_features_note_levels - remember the texts of all category levels a company has, so that rows
 * computed elsewhere (from states) can be written in words.
 * Errors:  WL_ESCHEMA  two levels share a code.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_features_note_levels(const struct wl_plan *plan,
                                                const struct wl_company *company,
                                                struct wl_rows *rows, wl_error *error);

#endif
