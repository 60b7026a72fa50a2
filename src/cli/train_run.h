/* What `train` prints, whatever was trained. */
#ifndef WL_CLI_TRAIN_RUN_H
#define WL_CLI_TRAIN_RUN_H
#include "cli/cli.h"
#include "learn/evaluate.h"
#include "model/event_model.h"

/* What there is to print. */
struct wl_cli_learned {
    const struct wl_evaluation *evaluation;
    const struct wl_event_epoch *epochs; /* (n_epochs) of a model of sequences, or none */
    size_t n_epochs;
};

/* wl_cli_learned_print - figures to standard output: with --json a line for each epoch, then one
 * for each figure; else pages for people. Epochs also go to --run-log and --mlflow.
 * Errors:  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_cli_learned_print(struct wl_cli *cli,
                                             const struct wl_cli_learned *learned, wl_error *error);

/* wl_cli_train_preset - `train --preset NAME TABLE`. */
WL_MUST_CHECK wl_status wl_cli_train_preset(struct wl_cli *cli, wl_error *error);

#endif
