/* Fine-tuning a BERT on labelled texts: epochs in a random order, accumulated batches, validation,
 * early stopping, a run log, and a checkpoint after every epoch from which a broken training goes
 * on with the same losses. */
#ifndef WL_NN_FINETUNE_H
#define WL_NN_FINETUNE_H
#include "base/progress.h"
#include "nn/bert.h"
#include "nn/optimizer.h"

/* Labelled texts, tokens end to end; borrowed. */
struct wl_examples {
    const int32_t *tokens;
    const size_t *starts;   /* (n + 1) */
    const int32_t *classes; /* (n), or NULL for a multi-label model */
    const float *labels;    /* (n, K), or NULL */
    size_t n;
};

struct wl_finetune_options {
    size_t n_epochs;
    size_t batch_texts;        /* of a batch; packed, so no padding is saved by sorting */
    size_t batches_per_update; /* gradients of so many are added up; 0 means 1 */
    size_t patience;           /* epochs that do not better validation before stopping; 0: never */
    bool keeps_best;           /* at the end the weights of the best epoch; patience does so, too */
    bool watches_share;   /* better: a larger share of classes right, and then a smaller loss */
    uint64_t seed;        /* order of texts, dropout */
    const float *weights; /* (K) of classes or labels, or NULL */
    struct wl_optimizer_options optimizer; /* n_steps is set here */
    const char *checkpoint;                /* path, or NULL: none is written */
    bool is_resumed;                       /* go on from the checkpoint if there is one */
    uint64_t key;        /* of texts and options, so that a checkpoint of others is refused */
    size_t n_epochs_now; /* stop after so many epochs of this run; 0: all. Resume continues */
    const struct wl_sink *sink;       /* progress "loss 0.412, 5231 tokens/s, 0:02:10"; or NULL */
    double (*seconds)(void *context); /* a clock for rate and time left; NULL: neither is told */
    wl_status (*log)(void *context, struct wl_str line, wl_error *error); /* JSON lines; or NULL */
    void *context;                                                        /* of seconds and log */
};

struct wl_finetune_result {
    size_t n_epochs; /* done in all, resumed ones too */
    size_t n_updates;
    size_t n_skipped;  /* updates left out because a gradient was not finite */
    double train_loss; /* mean over the last epoch; NaN when none was run */
    double valid_loss; /* after it; NaN without validation texts */
    double best_loss;  /* of validation at the best epoch, INFINITY when there is none */
    double best_share; /* right at the best epoch; NaN for a multi-label model */
    bool is_stopped;   /* patience ran out */
};

/* wl_finetune_options_default - 3 epochs, batches of 16, AdamW at 2e-5 with 10 % warm-up, seed 1.
 */
struct wl_finetune_options wl_finetune_options_default(void);

/* wl_finetune - train bert, which is planned for training with rows and texts for a batch.
 *   train, valid  (in) valid may have no texts.
 * With patience, or when it keeps the best, the weights at the end are those of the best epoch. A
 * training that goes on from its checkpoint ends with the same bytes.
 * Errors:  WL_EINVAL  no texts, or an option of 0.  WL_ERANGE  ids or classes the model does not
 *          have, or five updates in a row whose gradients are not finite.
 *          WL_ELIMIT  a batch larger than the plan.  Those of the checkpoint and of log. */
WL_MUST_CHECK wl_status wl_finetune(struct wl_bert *bert, struct wl_gemm *gemm,
                                    const struct wl_examples *train,
                                    const struct wl_examples *valid,
                                    const struct wl_finetune_options *options,
                                    struct wl_finetune_result *result, wl_error *error);

/* wl_finetune_loss - mean loss of texts without dropout, and the share whose highest class is right
 * (NaN for a multi-label model). */
WL_MUST_CHECK wl_status wl_finetune_loss(struct wl_bert *bert, struct wl_gemm *gemm,
                                         const struct wl_examples *examples, size_t batch_texts,
                                         const float *weights, double *loss, double *share_right,
                                         wl_error *error);

#endif
