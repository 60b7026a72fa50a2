/* The smallest model of sequences, on a table without dates: every column of a customer is one step
 * (T, F) = (columns, 1) of an LSTM, GRU or CNN. It is a preset to start from and to compare with;
 * events in their order are what these models are for (journey_train_sequences.h).
 *
 *     text columns, and those called "active" or "monthly": one column for each of their values
 *     other columns: divided by 100, once; both learned on the customers to learn from, alone
 *     one layer of 64, last step, linear; Adam 0.001, binary cross-entropy on the logit, batches of
 *     32, 10 epochs; a fifth of the customers for the test, a fifth of the rest to watch epochs, to
 *     calibrate and to choose the threshold
 *
 * The same rows go to boosted trees and logistic regression, which stand beside it. */
#ifndef WL_JOURNEY_PRESET_H
#define WL_JOURNEY_PRESET_H
#include "base/progress.h"
#include "learn/evaluate.h"
#include "model/event_model.h"

struct wl_preset_options {
    const char *path;           /* CSV with a header; "-" is standard input */
    enum wl_sequence_body body; /* not a transformer */
    const char *label;          /* column; NULL: "churn", "churned", "label" or "target" */
    uint64_t seed;
    size_t n_threads;
    bool is_forced; /* go on below 400 rows, and mark it */
    const struct wl_sink *sink;
};

struct wl_preset_result {
    struct wl_evaluation
        evaluation;                /* of the test customers; its words are static or in the arena */
    struct wl_event_epoch *epochs; /* (n_epochs) in the arena */
    size_t n_epochs;
    size_t n_steps; /* T */
    size_t n_train;
    size_t n_valid;
};

/* wl_preset_train - read, learn, judge.
 *   arena  (in,out) owns what result points at.
 * Errors:  WL_ESCHEMA  no label column, or no other one.  WL_EPARSE  a damaged line, a label that
 *          is neither 0/1 nor yes/no.  WL_EGATE  too few rows.  WL_EIO, WL_ENOTFOUND, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_preset_train(struct wl_arena *arena,
                                        const struct wl_preset_options *options,
                                        struct wl_preset_result *result, wl_error *error);

#endif
