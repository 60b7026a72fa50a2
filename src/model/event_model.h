/* A model of event sequences with everything it takes to read a company's events: which names it
 * knows, and how many events of which time it sees. So it scores a company whose dictionary has
 * another order, and a name it has never met is one event of its own, "something else".
 *
 *     id    0                1 .. n_names          n_names + 1
 *           something else   names, rising         the date (nn/sequence_tokens.h) */
#ifndef WL_MODEL_EVENT_MODEL_H
#define WL_MODEL_EVENT_MODEL_H
#include "base/arena.h"
#include "nn/sequence_model.h"
#include "nn/sequence_tokens.h"

#define WL_EVENT_NAMES_MAX  4096  /* names with an embedding; rarer ones say nothing reliable */
#define WL_EVENTS_SEEN_MAX  65536 /* of a customer in one sequence */
#define WL_EVENT_EPOCHS_MAX 10000

struct wl_event_model {
    const wl_alloc *alloc;
    struct wl_arena arena; /* owns names and epochs */
    const char **names;    /* (n_names) rising */
    size_t n_names;
    struct wl_sequence_cut cut;
    struct wl_sequence_model *net; /* owned; ids of n_names + 2, WL_GAP_BUCKETS, WL_VALUE_BUCKETS */
    struct wl_event_epoch *epochs; /* (n_epochs) how it was learned; not used in scoring */
    size_t n_epochs;
};

/* What an epoch brought, as nn/sequence_train.h has it. */
struct wl_event_epoch {
    double train_loss;
    double valid_loss;
    double valid_accuracy;
};

/* wl_event_model_new - names and cut, without a net and epochs; names are copied.
 *   names  (in) (n_names) rising, without repetition, not empty.
 * Errors:  WL_EINVAL, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_event_model_new(const wl_alloc *alloc, const char *const *names,
                                           size_t n_names, const struct wl_sequence_cut *cut,
                                           struct wl_event_model **model_out, wl_error *error);
void wl_event_model_free(struct wl_event_model *model);

/* wl_event_model_type - id of a name: 1 .. n_names, or 0. Cost: O(log n_names). */
uint32_t wl_event_model_type(const struct wl_event_model *model, struct wl_str name);

/* wl_event_model_encode - all of it as bytes: docs/formats/model.md. Failures stay in buf. */
void wl_event_model_encode(const struct wl_event_model *model, struct wl_buf *buf);

/* wl_event_model_decode - read and check; nothing in the bytes is trusted.
 * Errors:  WL_ECORRUPT  says what.  WL_EVERSION, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_event_model_decode(const wl_alloc *alloc, struct wl_str bytes,
                                              struct wl_event_model **model_out, wl_error *error);

#endif
