/* Training, whatever the algorithm: encoder and model on the training rows, calibration on margins
 * of rows the fold's model has not seen, then a refit on all of them. */
#ifndef WL_MODEL_TRAIN_H
#define WL_MODEL_TRAIN_H
#include "base/progress.h"
#include "data/schema.h"
#include "model/model.h"

/* How a model of event sequences is made and learned; keys of the section "model". */
struct wl_net_options {
    int body;          /* key "sequence": 0 none, else 1 + enum wl_sequence_body */
    int64_t n_events;  /* "events": the last so many of a customer */
    int64_t window_us; /* of the time before the date; 0: all */
    int64_t embedding; /* width of an event; a transformer takes hidden */
    int64_t hidden;
    int64_t layers;
    int64_t heads; /* of a transformer */
    int64_t epochs;
    int64_t batch;
    int64_t patience;     /* epochs without a better validation loss before stopping; 0: never */
    double learning_rate; /* of Adam */
    bool is_balanced;     /* "balance": leavers as a whole weigh as much as stayers */
};

/* The section "model" of wanliu.yaml, and each item of "baselines". */
struct wl_train_options {
    const char *name;         /* of a baseline; NULL for the model */
    int algorithm;            /* enum wl_algorithm */
    int calibration;          /* enum wl_calibration */
    const char *feature;      /* not NULL: rank customers by this one feature (rule) */
    struct wl_texts features; /* features to use; none means all */
    int64_t trees;
    int64_t depth;
    double rate;
    double subsample;
    double colsample;
    double min_child_weight;
    double lambda;
    double c;                 /* logistic: weight of the data against the L2 penalty */
    int64_t n_level_rows_min; /* key "level_rows": rows a category level needs for a column */
    int64_t seed;
    struct wl_net_options
        net; /* of sequences; body is set for the algorithms lstm .. transformer */
};

/* wl_train_options_init - the defaults: 150 trees of depth 3, rate 0.05, subsample and colsample
 * 0.8, C 0.1, sigmoid calibration, seed 42; of sequences the last 64 events, one layer of 64, Adam
 *   at 0.001, batches of 32, at most 10 epochs and 2 without gain. */
void wl_train_options_init(struct wl_train_options *options);

/* wl_train_options_read - strictly from a map; absent keys keep what options holds.
 *   arena  (in,out) owns the texts.
 *   where  (in) path for messages: "model", "baselines[0]".
 * Errors:  WL_ECONFIG  with line and column, "did you mean". */
WL_MUST_CHECK wl_status wl_train_options_read(struct wl_arena *arena, const struct wl_node *node,
                                              const char *where, struct wl_train_options *options,
                                              wl_error *error);

/* wl_train_options_choose - set the algorithm, and with it what else it needs. */
void wl_train_options_choose(struct wl_train_options *options, int algorithm);

/* wl_train_net_name - "lstm" .. "transformer", or "none". */
const char *wl_train_net_name(const struct wl_net_options *net);

/* wl_train_algorithm_parse - enum wl_algorithm of a name; false: there is none. */
bool wl_train_algorithm_parse(const char *name, int *algorithm);

/* What to learn from. */
struct wl_train_data {
    struct wl_row_set set; /* the training rows, and no others are looked at */
    const uint8_t *labels; /* (set.n) in the order of the set: 1 = left */
    const float *weights;  /* (set.n) > 0, or NULL: all 1; refused by logistic */
    double *held_p;        /* (set.n) out, or NULL: probability of each row by a model that has not
                            * seen its user, calibrated; what a threshold may be chosen on */
};

#define WL_TRAIN_CLASS_MIN 10 /* rows of each class below which not even five folds have one each */
#define WL_TRAIN_FOLDS     5

/* wl_train - train, calibrate, refit.
 *   n_threads  (in) folds train side by side; the model is the same for any number.
 *   model_out  (out) free with wl_model_free. Say what it is with wl_model_describe.
 * Errors:  WL_EGATE    fewer than WL_TRAIN_CLASS_MIN rows of a class.
 *          WL_EINVAL   a value is infinite; a weight is not positive; logistic with weights.
 *          WL_ECONFIG  a feature named in options is not in the schema (did you mean); a model of
 *                      sequences without its column.
 *          WL_ELIBRARY, WL_ELIMIT, WL_ENOMEM.
 * Source:  own: 6 fits. Fold of a user: wl_str_hash(user, seed) mod 5, so that all rows of one user
 *          fall together. */
WL_MUST_CHECK wl_status wl_train(const wl_alloc *alloc, const struct wl_train_data *data,
                                 const struct wl_train_options *options, size_t n_threads,
                                 const struct wl_sink *sink, struct wl_model **model_out,
                                 wl_error *error);

/* wl_train_fold - fold 0 .. n_folds-1 of a user. */
size_t wl_train_fold(struct wl_str user, uint64_t seed, size_t n_folds);

#endif
