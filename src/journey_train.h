/* The half of the journey that learns: fit, judge on later dates or other users beside the
 * baselines, keep the version. Linked into the program only; serving never reaches it. */
#ifndef WL_JOURNEY_TRAIN_H
#define WL_JOURNEY_TRAIN_H
#include "journey.h"
#include "learn/evaluate.h"
#include "model/train.h"

struct wl_training {
    struct wl_train_options options;    /* the `model:` section */
    struct wl_train_options *baselines; /* (n_baselines) in the workspace's arena */
    struct wl_net_options net; /* of the column of sequences; body 0: nobody asks for one */
    size_t n_baselines;
    struct wl_gates gates;
};

/* wl_training_read - the sections `model`, `baselines` and `gates` of a workspace. A model of
 * sequences gets two baselines more: boosted trees over all other features ("boosted"), and the
 * same with what the model says as one of them ("fusion").
 * Errors:  WL_ECONFIG; two different models of sequences. */
WL_MUST_CHECK wl_status wl_training_read(struct wl_journey *journey, struct wl_training *training,
                                         wl_error *error);

/* wl_training_choose - set the model's algorithm, and of sequences the column, from the command
 * line; NULL leaves what `model` says.
 * Errors:  WL_EINVAL  no such name; says which there are. */
WL_MUST_CHECK wl_status wl_training_choose(struct wl_journey *journey, struct wl_training *training,
                                           const char *algorithm, const char *sequence,
                                           wl_error *error);

/* wl_training_check - features that `model` and `baselines` name are there.
 *   journey  (in,out) its plan is compiled, on data: attributes are features too.
 * Errors:  WL_ECONFIG  with line and column and the nearest name.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_training_check(struct wl_journey *journey, wl_error *error);

/* What learning gave. */
struct wl_trained {
    struct wl_model *model; /* NULL when only judged; owned */
    struct wl_evaluation evaluation;
    struct wl_label_report labels; /* rows by label status */
    size_t n_fit;                  /* rows the model was fitted on */
    size_t n_fit_positive;
    const struct wl_event_epoch *epochs; /* (n_epochs) of the model of sequences that is kept, or of
                                          * the last fold; in the workspace's arena */
    size_t n_epochs;
};

/* wl_journey_train - rows and labels of all dates, folds, the model and every baseline on them, the
 * evaluation; then, when wanted, the model to keep.
 *   journey    (in,out) loaded; its plan is compiled here.
 *   wants_model (in)    also fit the final model: by time, the one that was judged; by folds, one
 *   more
 *                       on all rows.
 *   is_forced  (in)     go on below the minimum of rows and with suspicious features, and mark it.
 *   trained    (out)    release with wl_trained_release. Its names live in the workspace's arena.
 * Cost:    six fits for each candidate and fold.
 * Errors:  WL_EGATE  too few rows, or a feature leaks.  WL_ECONFIG, WL_EINVAL, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_journey_train(struct wl_journey *journey,
                                         const struct wl_training *training, bool wants_model,
                                         bool is_forced, struct wl_trained *trained,
                                         wl_error *error);
void wl_trained_release(struct wl_trained *trained);

/* wl_journey_keep - save the trained model as the next version and make it champion.
 *   version  (out)
 * Errors:  those of the registry. */
WL_MUST_CHECK wl_status wl_journey_keep(struct wl_journey *journey,
                                        const struct wl_trained *trained, const char *author,
                                        int64_t *version, wl_error *error);

#endif
