/* Leaving, read from events in their order: what a customer did up to T as a sequence, and the
 * column "sequence_churn" that a model of sequences fills with its probability in percent. Serving
 * half; learning is journey_train_sequences.h.
 *
 *   sequence of (customer, T) = the last events with event_us <= T and received_us <= T, oldest
 *   first, then T itself
 *
 * What happens at one moment under one name is one event, its values added: an order of twenty
 * lines is one order. Everybody has a sequence: without events it is T alone. */
#ifndef WL_JOURNEY_SEQUENCES_H
#define WL_JOURNEY_SEQUENCES_H
#include "data/company.h"
#include "data/rows.h"
#include "model/event_model.h"

/* Events by customer, oldest first. */
struct wl_histories {
    const wl_alloc *alloc;
    const struct wl_company *company; /* borrowed: outlives the histories */
    size_t *first;                    /* (n_users + 1) owned */
    uint32_t *index;                  /* (n_events) owned */
};

/* wl_histories_init - sort a company's events. wl_histories_release - zeroed is fine.
 * Cost:    O(events log events of a customer).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_histories_init(struct wl_histories *histories, const wl_alloc *alloc,
                                          const struct wl_company *company, wl_error *error);
void wl_histories_release(struct wl_histories *histories);

/* wl_history_events - what was known of a customer's last events at a moment.
 *   user    (in)  of the company, or WL_ID_NONE.
 *   events  (out) (n_max) room, oldest first; type is the name's number in the company.
 * Returns how many. Cost: O(n_max + events that were not known yet + log events). */
size_t wl_history_events(const struct wl_histories *histories, uint32_t user, int64_t as_of_us,
                         size_t n_max, struct wl_sequence_event *events);

/* wl_sequence_churn_fill - set the column of every row.
 *   rows  (in,out) of a schema with the column, at i_feature.
 * Cost:    one pass of the net over each row's events. The same bytes for any number of threads.
 * Errors:  WL_ENOMEM, WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_sequence_churn_fill(const struct wl_event_model *model,
                                               const struct wl_company *company, size_t i_feature,
                                               size_t n_threads, struct wl_rows *rows,
                                               wl_error *error);

#endif
