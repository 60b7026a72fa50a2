/* Teaching a BERT the language of one's own texts: they are cut into pieces, some are held out, and
 * the model guesses hidden words epoch after epoch. What is hidden changes with every epoch; in the
 * held-out texts it stays, so that their losses can be compared, with each other and with guessing
 * by frequency alone. */
#ifndef WL_NN_BERT_PRETRAIN_H
#define WL_NN_BERT_PRETRAIN_H
#include "base/progress.h"
#include "nn/bert_folder.h"
#include "nn/optimizer.h"

/* Texts as pieces, end to end; a long one is several. */
struct wl_bert_texts {
    const wl_alloc *alloc;
    int32_t *tokens; /* (starts[n]) */
    size_t *starts;  /* (n + 1), NULL while empty */
    size_t n;
    size_t tokens_capacity;
    size_t starts_capacity;
};

/* A corpus and what of it is held out. */
struct wl_bert_corpus {
    struct wl_bert_texts train;
    struct wl_bert_texts valid;
    struct wl_ids scratch;
    double valid_share;
    uint64_t seed; /* chooses what is held out */
    size_t n_texts;
};

/* wl_bert_corpus_init - an empty corpus. wl_bert_corpus_release - give its memory back. */
void wl_bert_corpus_init(struct wl_bert_corpus *corpus, const wl_alloc *alloc, double valid_share,
                         uint64_t seed);
void wl_bert_corpus_release(struct wl_bert_corpus *corpus);

/* wl_bert_corpus_add - a text, cut every n_max pieces ([CLS] and [SEP] counted). The text itself
 * decides whether it is held out, so copies of it stay together.
 *   n_max  (in) 3 or more; at most the model's positions.
 * Errors:  as wl_wordpiece_encode. The corpus is as before. */
WL_MUST_CHECK wl_status wl_bert_corpus_add(struct wl_bert_corpus *corpus,
                                           const struct wl_bert_folder *folder, struct wl_str text,
                                           size_t n_max, wl_error *error);

struct wl_pretrain_result {
    size_t n_epochs; /* done in all, resumed ones too */
    size_t n_updates;
    size_t n_skipped;     /* updates left out because a gradient was not finite */
    double train_loss;    /* per hidden piece, mean over the last epoch */
    double valid_loss;    /* after it; NaN without held-out texts, like all below */
    double valid_right;   /* share of hidden pieces guessed */
    double first_loss;    /* of held-out texts before this run */
    double unigram_loss;  /* of guessing by the frequencies in the training texts */
    double unigram_right; /* always the most frequent piece */
    double best_loss;
    bool is_stopped; /* patience ran out */
};

struct wl_pretrain_options {
    size_t n_epochs;
    size_t batch_texts;
    size_t n_tokens_max; /* of a text: rows of a batch are planned for it */
    double share;        /* of pieces hidden: 0.15 */
    size_t patience;     /* epochs without a better held-out loss; 0: never stop */
    uint64_t seed;
    struct wl_optimizer_options optimizer; /* n_steps is set here */
    enum wl_number number;
    const char *checkpoint; /* path, or NULL */
    bool is_resumed;
    size_t n_epochs_now; /* stop after so many epochs of this run; 0: all */
    const struct wl_sink *sink;
    double (*seconds)(void *context);                                      /* a clock, or NULL */
    wl_status (*log)(void *context, struct wl_str line, wl_error *error);  /* JSON; or NULL */
    void (*epoch)(void *context, const struct wl_pretrain_result *result); /* or NULL */
    void *context;                                                         /* of all three */
};

/* wl_pretrain_options_default - 3 epochs, batches of 32 texts of 128 pieces, 15 % hidden, AdamW at
 * 5e-4 with 6 % warm-up, which suits small encoders that know nothing; large ones that know the
 * language want 5e-5. */
struct wl_pretrain_options wl_pretrain_options_default(void);

/* wl_bert_pretrain - teach the folder's model, which has a head of masked words. Weights at the end
 * are the last ones, or with patience those of the best epoch.
 * Errors:  WL_EINVAL  no texts, an option of 0, or no [MASK] in the vocabulary.
 *          WL_ERANGE  five updates in a row whose gradients are not finite.
 *          WL_ECONFIG  no such head.  Those of the checkpoint and of log.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_bert_pretrain(struct wl_bert_folder *folder, struct wl_gemm *gemm,
                                         const struct wl_bert_corpus *corpus,
                                         const struct wl_pretrain_options *options,
                                         struct wl_pretrain_result *result, wl_error *error);

#endif
