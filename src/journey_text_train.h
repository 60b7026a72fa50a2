/* Learning a text model from labelled files, start to end: read, divide, choose parameters, learn,
 * judge beside the simplest baselines. Linked into the program only; serving never reaches it. */
#ifndef WL_JOURNEY_TEXT_TRAIN_H
#define WL_JOURNEY_TEXT_TRAIN_H
#include "learn/text_evaluate.h"
#include "learn/text_split.h"
#include "nn/text_bert_train.h"

enum wl_text_split_kind {
    WL_TEXT_SPLIT_HOLDOUT = 0, /* a share, stratified */
    WL_TEXT_SPLIT_FILE = 1,    /* a test file of its own */
    WL_TEXT_SPLIT_FOLDS = 2    /* every text is judged once, by a model of the other folds */
};

/* The figure that parameters are chosen for and answers are given for. */
enum wl_text_goal {
    WL_TEXT_FOR_ACCURACY = 0, /* texts answered right */
    WL_TEXT_FOR_MACRO_F1 = 1  /* rare labels count as much as frequent ones */
};

/* What is asked for. Everything is borrowed. */
struct wl_text_plan {
    struct wl_text_source source;
    const char *const *files; /* (n_files) */
    size_t n_files;
    const char *test_file; /* NULL: divide the files */
    double holdout;        /* share to test on, 0 < .. < 1; without test_file and folds */
    size_t folds;          /* 0: no folds; else 2 .. WL_TEXT_FOLDS_MAX */
    enum wl_text_goal goal;
    bool is_quick;          /* default parameters, no search */
    bool wants_curve;       /* a learning curve, where there are no folds */
    const char *parameters; /* instead of a search, as reports show them: "c=2,words=2"; or NULL */
    /* A network instead of the linear classifier, which then is one of the baselines; NULL: none.
     * Goal, none, precision and seed are taken from here. */
    const struct wl_text_bert_options *bert;
    int language;     /* 0: by the texts, 1 Chinese, 2 other */
    const char *none; /* label that stands for "none of the others", or NULL */
    double precision; /* of answers that are given: the threshold to abstain is set for it */
    const char *set;  /* names for the report */
    const char *model;
    uint64_t seed;
    size_t n_threads;
    const wl_alloc *alloc;
    const struct wl_sink *sink;
};

#define WL_TEXT_PARAMETERS_BYTES 256

struct wl_text_trained {
    struct wl_text_data data;
    struct wl_arena arena;                 /* what evaluation points to */
    struct wl_text_classifier *classifier; /* to keep; judged itself, by folds one more on all */
    struct wl_text_evaluation evaluation;
    struct wl_text_bert_result bert; /* of the model to keep, when plan asked for one */
    char parameters[WL_TEXT_PARAMETERS_BYTES];
    char split_en[192];
    char split_zh[192];
};

/* wl_journey_text_train - do it.
 *   trained  (out) release with wl_text_trained_release, on failure too.
 * Cost:    per candidate of the grid three fits on at most 12,000 texts, six for the model, as many
 *          for each point of the learning curve.
 * Errors:  WL_EREJECTS, WL_EGATE, WL_ESCHEMA and those of files; WL_EINVAL  no label `none`. */
WL_MUST_CHECK wl_status wl_journey_text_train(const struct wl_text_plan *plan,
                                              struct wl_text_trained *trained, wl_error *error);
void wl_text_trained_release(struct wl_text_trained *trained);

#endif
