/* Learning a text classifier by fine-tuning a BERT. A part of the texts is held out, whole groups:
 * it chooses the epoch, calibrates the probabilities and sets the threshold to abstain. Training
 * only. */
#ifndef WL_NN_TEXT_BERT_TRAIN_H
#define WL_NN_TEXT_BERT_TRAIN_H
#include "nn/finetune.h"
#include "nn/lora_order.h"
#include "text/text_train.h"

/* Everything is borrowed. */
struct wl_text_bert_options {
    const char *base; /* Hugging Face folder of an encoder; NULL: a tiny one starts from nothing */
    enum wl_optimizer_kind kind;
    double rate;        /* at its peak */
    double decay;       /* of weights */
    size_t n_warm;      /* updates while the rate rises; 0: warm_share says */
    double warm_share;  /* the same as a share of all updates */
    double layer_decay; /* of the rate, from each layer to the one below: 1 all alike */
    size_t
        n_frozen; /* 1: embeddings stay as they are, 2: the lowest layer too, ...; 0: all learn */
    size_t n_epochs;
    size_t batch_texts; /* of one update */
    size_t max_length;  /* tokens of a text; what lies behind is not read */
    size_t patience;    /* epochs without a better one before stopping; 0: never */
    double held_share;  /* of the texts, held out in training: 0.1 */
    double balance;     /* 1: every label counts alike; 0: every text */
    bool watches_share; /* the best epoch has most texts right, not the smallest loss */
    const struct wl_lora_order *lora; /* adapters learn instead of the model, and are merged into it
                                         at the end; NULL: the whole model */
    const char *adapter_out;          /* PEFT folder to save them in, or NULL */
    const char *none;                 /* label that stands for "none of the others", or NULL */
    double precision_wanted;
    uint64_t seed;
    const char *checkpoint; /* path, or NULL */
    bool is_resumed;
    /* As in struct wl_finetune_options. */
    double (*seconds)(void *context);
    wl_status (*log)(void *context, struct wl_str line, wl_error *error);
    void *context;
};

/* A training as it went, for people. */
struct wl_text_bert_result {
    struct wl_finetune_result finetune;
    size_t n_train;   /* texts learned from */
    size_t n_held;    /* texts held out */
    size_t n_cut;     /* texts longer than max_length */
    size_t n_numbers; /* weights */
    bool is_bf16;
};

/* wl_text_bert_preset - the numbers of a name, which all read 512 tokens; false for another name.
 *   "bert", "bert-zh", "bert-en"  3 epochs, batches of 16, AdamW at 2e-5, 500 updates of warm-up,
 *                                 decay 0.01
 *   "bert-long"                   5 epochs, batches of 32, Adam at 2e-5
 *   "minilm"                      small encoders: 8 epochs, batches of 32, AdamW at 2e-4, a tenth
 *                                 of warm-up, decay 0.01, embeddings frozen: half the cost
 *   "own"                         without a base: 10 epochs, batches of 32, AdamW at 5e-4 */
bool wl_text_bert_preset(const char *name, struct wl_text_bert_options *options);

/* wl_text_bert_train - fine-tune, calibrate, set the threshold.
 *   n_threads       (in)  of products; the last bits of a model may depend on it.
 *   held_p          (out) (n, n_labels) probabilities of the texts held out; others are untouched.
 *   is_held         (out) (n) 1: held out.
 *   classifier_out  (out) free with wl_text_classifier_free.
 * Errors:  WL_EGATE   fewer texts or groups than holding some out takes.
 *          WL_EINVAL  no label `none`.
 *          Those of wl_bert_folder_open and of wl_finetune. */
WL_MUST_CHECK wl_status wl_text_bert_train(const wl_alloc *alloc, const struct wl_text_set *set,
                                           const struct wl_text_bert_options *options,
                                           size_t n_threads, const struct wl_sink *sink,
                                           double *held_p, uint8_t *is_held,
                                           struct wl_text_bert_result *result,
                                           struct wl_text_classifier **classifier_out,
                                           wl_error *error);

#endif
