/* From a corpus to a model of scripts: lines become tokens, a model learns to write the text after
 * the attributes, and what it has learnt is measured on lines it has not seen, beside counting. */
#ifndef WL_COMPOSE_SCRIPT_TRAIN_H
#define WL_COMPOSE_SCRIPT_TRAIN_H
#include "compose/script_model.h"
#include "nn/gpt_train.h"
#include "nn/lora_order.h"
#include "nn/token_ngrams.h"

/* A corpus as texts; lines are kept as they were read. */
struct wl_script_corpus {
    const wl_alloc *alloc;
    struct wl_arena arena;
    struct wl_script_line *lines; /* (n) */
    size_t n;
    size_t capacity;
    size_t n_rejected;     /* lines that could not be read */
    size_t first_rejected; /* number of the first of them */
    wl_error why;          /* what was wrong with it */
};

/* wl_script_corpus_init - empty. wl_script_corpus_release - give all back; zeroed is fine. */
void wl_script_corpus_init(struct wl_script_corpus *corpus, const wl_alloc *alloc);
void wl_script_corpus_release(struct wl_script_corpus *corpus);

/* wl_script_corpus_add - one line of a file; empty lines do not count. A line that cannot be read,
 * or has an attribute that is not allowed, is counted and left out.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_script_corpus_add(struct wl_script_corpus *corpus, struct wl_str line,
                                             size_t number, const struct wl_text_list *allowed,
                                             wl_error *error);

struct wl_script_train_options {
    struct wl_gpt_train_options train;
    enum wl_number number;
    size_t n_threads;
    double holdout;       /* share of different texts held out when there is no corpus of them */
    bool is_loss_on_text; /* only the text is foretold, not the attributes */
    bool adds_slots;      /* slots that the vocabulary writes in several tokens become one each */
    const struct wl_lora_order *lora; /* adapters learn instead of the model and are merged into it;
                                         or NULL */
    const char *base; /* what adapters are of: their folder's base_model_name_or_path */
};

struct wl_script_train_result {
    struct wl_gpt_train_result train;
    struct wl_ngram_losses counted; /* on the held-out lines; n_tokens 0 without them */
    double loss;                    /* of the model on them, nats per token */
    size_t n_train;                 /* lines */
    size_t n_valid;
    size_t n_long; /* lines cut to the model's positions */
    size_t n_parameters;
};

/* wl_script_train - train folder's model on a corpus.
 *   folder  (in,out) trained in place; grown when slots are added.
 *   valid   (in) lines held out; empty: a share of train's different texts.
 *   card    (in,out) what attributes and slots there were is added.
 * Errors:  WL_EINVAL  no lines to train on.  As wl_gpt_train_texts. */
WL_MUST_CHECK wl_status wl_script_train(struct wl_gpt_folder *folder,
                                        const struct wl_script_corpus *train,
                                        const struct wl_script_corpus *valid,
                                        const struct wl_script_train_options *options,
                                        struct wl_script_card *card,
                                        struct wl_script_train_result *result, wl_error *error);

#endif
