/* Learning a linear text classifier: n-grams of words and of characters, TF-IDF, one linear model
 * for each label, probabilities from folds the model has not seen. Training only. */
#ifndef WL_TEXT_TEXT_TRAIN_H
#define WL_TEXT_TEXT_TRAIN_H
#include "base/progress.h"
#include "text/classifier.h"

/* Labelled texts; everything is borrowed. */
struct wl_text_set {
    const struct wl_str *texts; /* (n) */
    const uint32_t *labels;     /* (n) WL_TEXT_ONE: the label */
    const uint8_t *marks;       /* (n, n_labels) WL_TEXT_ANY: 1 where the label is right */
    const uint32_t *groups;     /* (n) texts of one group never straddle a fold; NULL: alone */
    size_t n;
    const char *const *names; /* (n_labels) */
    size_t n_labels;
    enum wl_text_task task;
};

struct wl_text_train_options {
    int64_t words_max; /* word n-grams of 1 .. this; 0 none */
    int64_t chars_min; /* character n-grams of chars_min .. chars_max; 0 none */
    int64_t chars_max;
    bool chars_within_words; /* padded with a space at the edges, as scikit-learn's char_wb */
    bool words_all;          /* words of one letter, punctuation, the text's ends too */
    int64_t pair_chars;      /* pairs of words, each cut to this many characters; 0 none */
    int64_t pair_window;     /* words that a pair spans at most */
    bool binary;             /* how often a text has an n-gram does not matter */
    int64_t min_df;          /* texts an n-gram must occur in */
    double label_power;      /* n-grams count more that tell labels apart; 0: all alike */
    double c;                /* weight of the data against the L2 penalty */
    double balance;   /* 0 .. 1: 1 weighs a label's texts and the others alike, 0 each text */
    int64_t folds;    /* for calibration: 5; 0: none, margins pass for log-odds */
    const char *none; /* label that stands for "none of the others", or NULL */
    double precision_wanted; /* the threshold to abstain is chosen for it on held-out texts */
    uint64_t seed;
};

/* wl_text_train_options_init - defaults for Chinese or for other texts. */
void wl_text_train_options_init(struct wl_text_train_options *options, bool is_chinese);

/* wl_text_train - learn, calibrate on folds, refit on all.
 *   held_p          (out) (n, n_labels) calibrated probabilities by models that have not seen the
 *                   text's group; NULL if not wanted or without folds.
 *   n_threads       (in)  same classifier for any number.
 *   classifier_out  (out) free with wl_text_classifier_free.
 * Errors:  WL_EGATE   fewer than 2 labels with texts, or fewer texts than folds.
 *          WL_EINVAL, WL_ELIMIT, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_train(const wl_alloc *alloc, const struct wl_text_set *set,
                                      const struct wl_text_train_options *options, size_t n_threads,
                                      const struct wl_sink *sink, double *held_p,
                                      struct wl_text_classifier **classifier_out, wl_error *error);

#endif
