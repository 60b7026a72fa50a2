/* Training a sequence model: epochs in a random order, batches of whole sequences, validation on
 * customers held out, early stopping. The same seed and number of threads give the same bytes. */
#ifndef WL_NN_SEQUENCE_TRAIN_H
#define WL_NN_SEQUENCE_TRAIN_H
#include "nn/optimizer.h"
#include "nn/sequence_model.h"

/* What an epoch brought. */
struct wl_sequence_epoch {
    size_t i_epoch;        /* counted from 0 */
    double train_loss;     /* mean while learning, weighted by class */
    double valid_loss;     /* after it, not weighted; NaN without validation sequences */
    double valid_accuracy; /* share whose logit is on the right side of 0; NaN likewise */
};

struct wl_sequence_train_options {
    size_t n_epochs;
    size_t batch_sequences;
    size_t patience;        /* epochs without a better validation loss before stopping; 0: never */
    double positive_weight; /* of those who left; 0: as many as make both classes weigh the same */
    uint64_t seed;          /* order of sequences */
    struct wl_optimizer_options optimizer; /* n_steps is set here */
    wl_status (*on_epoch)(void *context, const struct wl_sequence_epoch *epoch,
                          wl_error *error); /* or NULL */
    void *context;
};

struct wl_sequence_train_result {
    size_t n_epochs;  /* run */
    size_t best;      /* epoch whose weights the model has now */
    bool is_stopped;  /* patience ran out */
    double best_loss; /* of validation; INFINITY when there is none */
};

/* wl_sequence_train_options_default - the preset: 10 epochs, batches of 32, Adam at 0.001, no
 * weights, no early stopping, seed 42. */
struct wl_sequence_train_options wl_sequence_train_options_default(void);

/* wl_sequence_hold_out - cut sequences in two by customer: all of a customer's fall on one side.
 *   keys    (in)  (n) hash of each sequence's customer.
 *   share   (in)  of customers held out, 0..1.
 *   kept, held  (out) (n) room each; indices in rising order. n_kept, n_held (out) how many. */
void wl_sequence_hold_out(const uint64_t *keys, size_t n, double share, uint64_t seed,
                          uint32_t *kept, size_t *n_kept, uint32_t *held, size_t *n_held);

/* wl_sequence_train - train the model on train, watching valid (which may be empty).
 * With patience the weights at the end are those of the best validation loss.
 * Errors:  WL_EINVAL  no sequences, an option of 0, or weights wanted while a class is missing.
 *          WL_ERANGE  as wl_sequence_model_forward, or gradients that are not finite.  WL_ENOMEM,
 *          and those of on_epoch. The model is then trained up to where it failed. */
WL_MUST_CHECK wl_status wl_sequence_train(struct wl_sequence_model *model, struct wl_gemm *gemm,
                                          const struct wl_sequences *sequences,
                                          const uint32_t *train, size_t n_train,
                                          const uint32_t *valid, size_t n_valid,
                                          const struct wl_sequence_train_options *options,
                                          struct wl_sequence_train_result *result, wl_error *error);

/* wl_sequence_scores - logits of many sequences, in batches. Threads: any number over one
 * model, a gemm each.
 *   logits  (out) (n) in the order of picked. */
WL_MUST_CHECK wl_status wl_sequence_scores(const struct wl_sequence_model *model,
                                           struct wl_gemm *gemm,
                                           const struct wl_sequences *sequences,
                                           const uint32_t *picked, size_t n, size_t batch_sequences,
                                           float *logits, wl_error *error);

#endif
