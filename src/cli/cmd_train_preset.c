/* train --preset: the smallest model of sequences on a table, without a workspace. Nothing is kept:
 * it is there to start from and to compare with. */
#include "cli/train_run.h"

#include "journey_preset.h"

#include <string.h>

static wl_status body_of(const char *name, enum wl_sequence_body *body, wl_error *error)
{
    static const char *const names[] = {"lstm", "gru", "cnn"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *body = (enum wl_sequence_body)i;
            return WL_OK;
        }
    }
    return wl_fail(error, WL_EINVAL, "no preset \"%s\"; there are lstm, gru and cnn", name);
}

wl_status wl_cli_train_preset(struct wl_cli *cli, wl_error *error)
{
    struct wl_preset_options options = {.label = wl_cli_text(cli, "label", NULL),
                                        .seed = cli->seed,
                                        .n_threads = cli->n_threads,
                                        .is_forced = wl_cli_has(cli, "force"),
                                        .sink = &cli->sink};
    struct wl_preset_result result;

    WL_TRY(body_of(wl_cli_text(cli, "preset", ""), &options.body, error));
    if (cli->n_arguments != 1) {
        return wl_fail(error, WL_EINVAL, "--preset wants one table, has %zu", cli->n_arguments);
    }
    options.path = cli->arguments[0];
    WL_TRY(wl_preset_train(&cli->arena_process, &options, &result, error));
    wl_cli_say(cli,
               WL_SAY(cli,
                      "sequences of %zu steps of one number; %zu rows to learn from, %zu to watch "
                      "epochs, calibrate and choose the threshold",
                      "每个客户为 %zu 步、每步一个数的序列；%zu 行用于训练，%zu "
                      "行用于观察轮次、校准和选择阈值"),
               result.n_steps, result.n_train, result.n_valid);
    const struct wl_cli_learned learned = {
        .evaluation = &result.evaluation, .epochs = result.epochs, .n_epochs = result.n_epochs};
    return wl_cli_learned_print(cli, &learned, error);
}
