/* train and evaluate: learn, judge beside the baselines, keep the version. */
#include "cli/commands.h"
#include "cli/journey_run.h"
#include "cli/run_log.h"
#include "cli/train_run.h"

#include "journey_train.h"

static wl_status open_training(struct wl_cli *cli, struct wl_journey *journey,
                               struct wl_training *training, wl_error *error)
{
    WL_TRY(wl_cli_journey_open(cli, journey, error));
    wl_status status = wl_training_read(journey, training, error);
    WL_TRY(wl_workspace_fail(&journey->workspace, status, error));
    WL_TRY(wl_training_choose(journey, training, wl_cli_text(cli, "model", NULL),
                              wl_cli_text(cli, "sequence", NULL), error));
    return wl_journey_load(journey, error);
}

// Gates are asked last, so that a person sees the figures behind a no.
static wl_status learn(struct wl_cli *cli, bool wants_model, wl_error *error)
{
    struct wl_journey journey = {0};
    struct wl_training training;
    struct wl_trained trained = {0};
    int64_t version = 0;
    wl_status status = WL_OK;

    WL_GO(open_training(cli, &journey, &training, error));
    WL_GO(wl_journey_train(&journey, &training, wants_model, wl_cli_has(cli, "force"), &trained,
                           error));
    const struct wl_cli_learned learned = {
        .evaluation = &trained.evaluation, .epochs = trained.epochs, .n_epochs = trained.n_epochs};
    WL_GO(wl_cli_learned_print(cli, &learned, error));
    WL_GO(wl_evaluation_gate(&trained.evaluation, &training.gates, error));
    if (wants_model) {
        WL_GO(wl_journey_keep(&journey, &trained, wl_cli_text(cli, "author", "wanliu train"),
                              &version, error));
        wl_cli_say(cli,
                   WL_SAY(cli, "kept as version %lld, now champion: %s/%s/%lld",
                          "已保存为第 %lld 版并设为 champion：%s/%s/%lld"),
                   (long long)version, journey.workspace.models_path, WL_MODEL_NAME,
                   (long long)version);
    }
done:
    wl_trained_release(&trained);
    wl_journey_close(&journey);
    return status;
}

static wl_status run_train(struct wl_cli *cli, wl_error *error)
{
    if (wl_cli_has(cli, "preset")) {
        return wl_cli_train_preset(cli, error);
    }
    if (cli->n_arguments > 0) {
        return wl_fail(error, WL_EINVAL, "train reads the workspace; a table goes with --preset");
    }
    return learn(cli, true, error);
}

static wl_status run_evaluate(struct wl_cli *cli, wl_error *error)
{
    return learn(cli, false, error);
}

static const struct wl_option train_options[] = {
    {"force", 0, NULL, "go on with too few rows or suspicious features, and mark the model",
     "样本过少或特征可疑时仍继续，并在模型上注明"},
    {"model", 0, "NAME",
     "xgboost, logistic, rule, lstm, gru, cnn or transformer (default: wanliu.yaml)",
     "xgboost、logistic、rule、lstm、gru、cnn 或 transformer（默认：wanliu.yaml）"},
    {"sequence", 0, "NAME",
     "give the model what lstm, gru, cnn or transformer reads from events, as a column",
     "把 lstm、gru、cnn 或 transformer 从行为序列读出的结果作为一列加入模型"},
    WL_RUN_LOG_OPTIONS,
    {"preset", 0, "NAME", "lstm, gru or cnn on a table without dates: every column is one step",
     "在没有日期的表上训练 lstm、gru 或 cnn：每一列是一步"},
    {"label", 0, "COLUMN",
     "with --preset: who left, 0 or 1 (default: churn, churned, label or target)",
     "与 --preset 合用：谁流失了，0 或 1（默认：churn、churned、label 或 target）"},
    {"author", 0, "NAME", "who is written into the history (default: wanliu train)",
     "写入历史的作者（默认：wanliu train）"},
};

const struct wl_command wl_command_train = {
    .name = "train",
    .summary_en = "fit, calibrate, judge beside baselines, keep the version",
    .summary_zh = "训练、校准、与基线对比评估，并保存版本",
    .arguments = "[TABLE]",
    .example = "wanliu train",
    .options = train_options,
    .n_options = sizeof(train_options) / sizeof(train_options[0]),
    .run = run_train,
};

const struct wl_command wl_command_evaluate = {
    .name = "evaluate",
    .summary_en = "every figure with its interval, beside simple baselines",
    .summary_zh = "输出每项指标及其区间，并与简单基线对比",
    .arguments = "",
    .example = "wanliu evaluate --json",
    .options = train_options,
    .n_options = 5, // up to --mlflow
    .run = run_evaluate,
};
