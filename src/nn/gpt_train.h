/* Training a GPT on texts: epochs in a random order, lines packed end to end into batches of so
 * many tokens, loss on all of a line or only on what follows its beginning, a held-out loss, early
 * stopping, a run log, and a checkpoint after every epoch from which a broken training goes on with
 * the same bytes. */
#ifndef WL_NN_GPT_TRAIN_H
#define WL_NN_GPT_TRAIN_H
#include "base/progress.h"
#include "nn/gpt.h"
#include "nn/optimizer.h"

/* Texts as tokens, end to end; borrowed. */
struct wl_gpt_examples {
    const int32_t *tokens;
    const size_t *starts; /* (n + 1) */
    const size_t
        *firsts; /* (n) first token of each, counted in it, that is to be foretold; or NULL:
                             1, all but the beginning token */
    size_t n;
};

struct wl_gpt_train_options {
    size_t n_epochs;
    size_t batch_rows;         /* tokens of a batch; a longer line is a batch of its own */
    size_t batches_per_update; /* gradients of so many are added up; 0 means 1 */
    size_t patience;           /* epochs without a better held-out loss before stopping; 0: never */
    uint64_t seed;             /* order of lines, dropout */
    struct wl_optimizer_options optimizer; /* n_steps is set here */
    const char *checkpoint;                /* path, or NULL: none is written */
    bool is_resumed;                       /* go on from the checkpoint if there is one */
    size_t n_epochs_now; /* stop after so many epochs of this run; 0: all. Resume continues */
    struct wl_tensors *trained; /* the block that learns, as wl_lora_trained gives it; NULL: the
                                   model's own */
    const struct wl_sink *sink; /* progress "loss 3.412, 5231 tokens/s, 0:02:10"; or NULL */
    double (*seconds)(void *context); /* a clock for rate and time left; NULL: neither is told */
    wl_status (*log)(void *context, struct wl_str line, wl_error *error); /* JSON lines; or NULL */
    void *context;                                                        /* of seconds and log */
};

struct wl_gpt_train_result {
    size_t n_epochs; /* done in all, resumed ones too */
    size_t n_updates;
    size_t n_skipped;  /* updates left out because a gradient was not finite */
    double train_loss; /* nats per token over the last epoch, with dropout; NaN when none was run */
    double valid_loss; /* after it, without; NaN without held-out texts */
    double best_loss;  /* of the held-out ones, INFINITY when there is none */
    size_t best_epoch; /* 0: none */
    bool is_stopped;   /* patience ran out */
};

/* wl_gpt_train_options_default - 10 epochs, batches of 1,024 tokens, AdamW at 5e-4 with 5 % warm-up
 * and half a cosine, seed 1. */
struct wl_gpt_train_options wl_gpt_train_options_default(void);

/* wl_gpt_train_rows - rows a plan needs for these texts in batches of batch_rows. */
size_t wl_gpt_train_rows(const struct wl_gpt_examples *examples, size_t batch_rows);

/* wl_gpt_train_texts - train gpt, which is planned for training with wl_gpt_train_rows of both.
 *   train, valid  (in) valid may have no texts.
 * With patience the weights at the end are those of the epoch with the best held-out loss.
 * Errors:  WL_EINVAL  no texts, or an option of 0.  WL_ERANGE  ids the model does not have, or five
 *          updates in a row whose gradients are not finite.  WL_ELIMIT  a text longer than the
 *          model's positions, or than the plan.  Those of the checkpoint (WL_ESCHEMA: it is of
 *          other texts or options) and of log. */
WL_MUST_CHECK wl_status wl_gpt_train_texts(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                           const struct wl_gpt_examples *train,
                                           const struct wl_gpt_examples *valid,
                                           const struct wl_gpt_train_options *options,
                                           struct wl_gpt_train_result *result, wl_error *error);

/* wl_gpt_loss - mean of -log p over the tokens that are to be foretold, in nats, without dropout;
 * its exponential is the perplexity.
 *   n_tokens  (out) how many these are. */
WL_MUST_CHECK wl_status wl_gpt_loss(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                    const struct wl_gpt_examples *examples, size_t batch_rows,
                                    double *loss, size_t *n_tokens, wl_error *error);

#endif
