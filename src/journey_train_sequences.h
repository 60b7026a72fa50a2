/* Learning to read leaving from events in their order, without leaking: the value a row is trained
 * on comes from a model that has not seen its customer, the value a held-out row is judged on from
 * one that has seen none of the held-out rows. Linked into the program only. */
#ifndef WL_JOURNEY_TRAIN_SEQUENCES_H
#define WL_JOURNEY_TRAIN_SEQUENCES_H
#include "base/progress.h"
#include "journey_sequences.h"
#include "learn/label.h"
#include "learn/split.h"
#include "model/train.h"

/* Sequences of labelled rows. */
struct wl_sequence_lab {
    struct wl_arena arena; /* owns all below */
    const struct wl_company *company;
    struct wl_net_options options;
    bool may_be_empty;                /* the column is one of many: without gain it stays empty */
    size_t n_rows;                    /* labelled */
    size_t *starts;                   /* (n_rows + 1) */
    int32_t *ids[WL_SEQUENCE_TABLES]; /* types are the company's names, and behind them the date */
    float *labels;                    /* (n_rows) */
};

/* wl_sequence_lab_init - sequences of all labelled rows as of their dates.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sequence_lab_init(struct wl_sequence_lab *lab, const wl_alloc *alloc,
                                             const struct wl_company *company,
                                             const struct wl_rows *rows,
                                             const struct wl_labelled *labelled,
                                             const struct wl_net_options *options, wl_error *error);
void wl_sequence_lab_release(struct wl_sequence_lab *lab);

/* wl_sequence_lab_fold - values of the column for one fold.
 *   fold    (in)  rows to learn from and rows held out.
 *   values  (out) (n_rows) percent; NaN for rows of neither kind, and for all where the column may
 *                 be empty and on customers not seen ranks no better than chance; that is noticed.
 *   model   (out) learned on all rows to learn from; NULL where values are empty.  May be NULL.
 * Cost:    four trainings: three on two thirds of the rows each, and one on all. The same bytes for
 *          any n_threads.
 * Errors:  WL_EGATE  too few customers.  WL_ELIBRARY, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sequence_lab_fold(const struct wl_sequence_lab *lab,
                                             const struct wl_labelled *labelled,
                                             const struct wl_fold *fold, uint64_t seed,
                                             size_t n_threads, const struct wl_sink *sink,
                                             float *values, struct wl_event_model **model,
                                             wl_error *error);

#endif
