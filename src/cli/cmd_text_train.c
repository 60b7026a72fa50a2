/* text train: a labelled file becomes a judged text model in the registry. */
#include "cli/commands.h"
#include "cli/lora_options.h"
#include "cli/run_log.h"
#include "cli/text_bert_options.h"
#include "cli/text_source.h"

#include "base/clock.h"
#include "base/file.h"
#include "journey_text_train.h"
#include "model/text_model.h"

#include <math.h>
#include <string.h>

// "20%" or "0.2".
static wl_status read_holdout(struct wl_cli *cli, double *share, wl_error *error)
{
    const char *given = wl_cli_text(cli, "holdout", "20%");
    struct wl_str text = wl_str_from(given);
    bool is_percent = text.n_bytes > 0 && text.data[text.n_bytes - 1] == '%';

    text.n_bytes -= is_percent;
    if (!wl_str_to_double(wl_str_trim(text), share)) {
        return wl_fail(error, WL_EINVAL, "--holdout wants a share such as 20%%, not \"%s\"", given);
    }
    *share = is_percent ? *share / 100.0 : *share;
    if (*share < 0.01 || *share > 0.9) {
        return wl_fail(error, WL_EINVAL, "--holdout wants 1%% to 90%%, not \"%s\"", given);
    }
    return WL_OK;
}

static wl_status read_language(struct wl_cli *cli, int *language, wl_error *error)
{
    const char *given = wl_cli_text(cli, "language", "auto");

    *language = strcmp(given, "zh") == 0 ? 1 : (strcmp(given, "auto") == 0 ? 0 : 2);
    if (*language == 2 && strcmp(given, "en") != 0) {
        return wl_fail(error, WL_EINVAL, "--language wants auto, zh or en, not \"%s\"", given);
    }
    return WL_OK;
}

static wl_status read_goal(struct wl_cli *cli, enum wl_text_goal *goal, wl_error *error)
{
    const char *given = wl_cli_text(cli, "for", "accuracy");

    *goal = strcmp(given, "macro_f1") == 0 ? WL_TEXT_FOR_MACRO_F1 : WL_TEXT_FOR_ACCURACY;
    if (*goal == WL_TEXT_FOR_ACCURACY && strcmp(given, "accuracy") != 0) {
        return wl_fail(error, WL_EINVAL, "--for wants accuracy or macro_f1, not \"%s\"", given);
    }
    return WL_OK;
}

static wl_status read_bert(struct wl_cli *cli, struct wl_text_bert_options *bert,
                           struct wl_lora_order *lora, struct wl_text_plan *plan, wl_error *error)
{
    bool is_bert = false;
    bool is_lora = false;

    WL_TRY(wl_text_bert_options_read(cli, &is_bert, bert, error));
    WL_TRY(wl_cli_lora(cli, lora, &is_lora, error));
    if (is_lora && !is_bert) {
        return wl_fail(error, WL_EINVAL, "--lora is for --model bert");
    }
    if (is_bert) {
        bert->lora = is_lora ? lora : NULL;
        bert->adapter_out = is_lora ? lora->folder : NULL;
    }
    plan->bert = is_bert ? bert : NULL;
    plan->wants_curve = plan->wants_curve && (!is_bert || wl_cli_has(cli, "curve"));
    return WL_OK;
}

static wl_status read_plan(struct wl_cli *cli, struct wl_text_plan *plan, wl_error *error)
{
    int64_t folds = 0;
    bool has_split = wl_cli_has(cli, "test") || wl_cli_has(cli, "holdout");

    *plan = (struct wl_text_plan){.files = cli->arguments,
                                  .n_files = cli->n_arguments,
                                  .test_file = wl_cli_text(cli, "test", NULL),
                                  .is_quick = wl_cli_has(cli, "quick"),
                                  .wants_curve = !wl_cli_has(cli, "quick") &&
                                                 !(cli->is_json && wl_cli_has(cli, "no-model")),
                                  .parameters = wl_cli_text(cli, "parameters", NULL),
                                  .none = wl_cli_text(cli, "none", NULL),
                                  .model = wl_cli_text(cli, "name", "text"),
                                  .seed = cli->seed,
                                  .n_threads = cli->n_threads,
                                  .alloc = cli->alloc,
                                  .sink = &cli->sink};
    if (cli->n_arguments == 0) {
        return wl_fail(error, WL_EINVAL, "text train wants at least one FILE");
    }
    plan->set = wl_cli_text(cli, "set", cli->arguments[0]);
    WL_TRY(wl_text_source_options(cli, true, &plan->source, error));
    WL_TRY(read_goal(cli, &plan->goal, error));
    WL_TRY(wl_cli_int(cli, "folds", 2, WL_TEXT_FOLDS_MAX, 0, &folds, error));
    plan->folds = (size_t)folds;
    if (folds > 0 && has_split) {
        return wl_fail(error, WL_EINVAL,
                       "--folds judges every text: leave --test and --holdout out");
    }
    if (plan->test_file != NULL && wl_cli_has(cli, "holdout")) {
        return wl_fail(error, WL_EINVAL, "--test and --holdout are two ways to the same: give one");
    }
    WL_TRY(read_holdout(cli, &plan->holdout, error));
    WL_TRY(wl_cli_number(cli, "precision", 0.5, 0.999, 0.9, &plan->precision, error));
    return read_language(cli, &plan->language, error);
}

static wl_status keep(struct wl_cli *cli, const struct wl_text_plan *plan,
                      const struct wl_text_trained *trained, wl_error *error)
{
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, "models");
    const char *author = wl_cli_text(cli, "author", "wanliu text train");
    struct wl_text_model_facts facts = {.registry = {.created_us = cli->now_us,
                                                     .train_from_us = WL_TIME_NONE,
                                                     .train_to_us = WL_TIME_NONE,
                                                     .n_train = trained->evaluation.n_train,
                                                     .n_test = trained->evaluation.n_test,
                                                     .parents = WL_STR("")},
                                        .parameters = trained->parameters,
                                        .positive = wl_cli_text(cli, "positive", NULL),
                                        .oos_threshold = trained->evaluation.oos_threshold};
    struct wl_buf metrics;
    int64_t version = 0;
    wl_status status = WL_OK;

    wl_buf_init(&metrics, cli->alloc, 0);
    wl_text_evaluation_json(&trained->evaluation, &metrics);
    WL_GO(wl_buf_check(&metrics, error));
    facts.metrics = wl_buf_view(&metrics);
    if (folder == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a path");
        goto done;
    }
    WL_GO(wl_text_model_keep(cli->alloc, folder, plan->model, trained->classifier, &facts, &version,
                             error));
    WL_GO(wl_registry_set_alias(cli->alloc, folder, plan->model, WL_ALIAS_CHAMPION, version,
                                wl_str_from(author), WL_STR("trained"), cli->now_us, error));
    wl_cli_say(cli,
               WL_SAY(cli, "kept as version %lld, now champion: %s/%s/%lld",
                      "已保存为第 %lld 版并设为 champion：%s/%s/%lld"),
               (long long)version, folder, plan->model, (long long)version);
done:
    wl_buf_release(&metrics);
    return status;
}

static wl_status check_positive(const struct wl_cli *cli, const struct wl_text_trained *trained,
                                wl_error *error)
{
    const char *positive = wl_cli_text(cli, "positive", NULL);

    if (positive == NULL ||
        wl_text_classifier_label(trained->classifier, wl_str_from(positive)) != WL_TEXT_NO_LABEL) {
        return WL_OK;
    }
    return wl_fail(error, WL_EINVAL, "--positive: no text has the label \"%s\"", positive);
}

// What MLflow shows of the finished model.
static wl_status log_figures(struct wl_run_log *log, const struct wl_text_trained *trained,
                             wl_error *error)
{
    WL_TRY(wl_run_log_params(log, wl_str_from(trained->parameters), error));
    for (enum wl_text_metric_id id = 0; id < WL_TEXT_METRIC_COUNT; id++) {
        WL_TRY(wl_run_log_metric(log, wl_text_metric_key(id), trained->evaluation.metrics[id].value,
                                 error));
    }
    return WL_OK;
}

// Gates are asked last, so that a person sees the figures behind a no.
static wl_status judge(struct wl_cli *cli, const struct wl_text_plan *plan,
                       const struct wl_text_trained *trained, wl_error *error)
{
    struct wl_text_want wants[WL_TEXT_WANTS_MAX];
    size_t n_wants = 0;

    WL_TRY(wl_text_wants_read(wl_str_from(wl_cli_text(cli, "want", NULL)), wants, &n_wants, error));
    WL_TRY(check_positive(cli, trained, error));
    WL_TRY(
        wl_text_evaluation_print(cli, &trained->evaluation, &trained->data, wants, n_wants, error));
    WL_TRY(wl_text_evaluation_gate(&trained->evaluation, wants, n_wants, error));
    return wl_cli_has(cli, "no-model") ? WL_OK : keep(cli, plan, trained, error);
}

static wl_status check_wants(const struct wl_cli *cli, wl_error *error)
{
    struct wl_text_want wants[WL_TEXT_WANTS_MAX];
    size_t n_wants = 0;

    return wl_text_wants_read(wl_str_from(wl_cli_text(cli, "want", NULL)), wants, &n_wants, error);
}

static wl_status run_text_train(struct wl_cli *cli, wl_error *error)
{
    struct wl_text_trained trained = {.classifier = NULL};
    struct wl_text_bert_options bert;
    struct wl_lora_order lora;
    struct wl_run_log log = {.cli = NULL};
    struct wl_text_plan plan;
    wl_status status = WL_OK;

    WL_TRY(read_plan(cli, &plan, error));
    WL_TRY(read_bert(cli, &bert, &lora, &plan, error));
    WL_TRY(check_wants(cli, error));
    if (plan.bert != NULL) {
        WL_GO(wl_run_log_open(cli, "wanliu text", plan.model, bert.is_resumed, &log, error));
        bert.seconds = wl_run_log_seconds;
        bert.log = wl_run_log_line;
        bert.context = &log;
    }
    WL_GO(wl_journey_text_train(&plan, &trained, error));
    if (plan.bert != NULL) {
        WL_GO(log_figures(&log, &trained, error));
    }
    status = judge(cli, &plan, &trained, error);
done:
    if (log.cli != NULL) {
        wl_status ended = wl_run_log_end(&log, status == WL_OK, status == WL_OK ? error : NULL);
        status = status == WL_OK ? ended : status;
    }
    wl_run_log_close(&log);
    wl_text_trained_release(&trained);
    return status;
}

static const struct wl_option train_options[] = {
    WL_TEXT_SOURCE_OPTIONS,
    {"name", 0, "NAME", "name of the model in models/ (default: text)",
     "models/ 中的模型名（默认：text）"},
    {"test", 0, "FILE", "judge on this file (an official split)", "用该文件评估（官方划分）"},
    {"holdout", 0, "SHARE", "hold out this share, stratified by label (default: 20%)",
     "按标签分层留出的比例（默认：20%）"},
    {"folds", 0, "K", "judge every text once, by a model of the other folds",
     "K 折评估，每条文本评估一次"},
    {"none", 0, "LABEL", "the label that stands for \"none of the others\"", "表示“都不是”的标签"},
    {"positive", 0, "LABEL", "the label that means the customer leaves (for score --text)",
     "表示流失的标签（供 score --text 使用）"},
    {"precision", 0, "SHARE", "wanted among answers given; unsure ones abstain (default: 0.9)",
     "作答时期望的精确率，否则不作答（默认：0.9）"},
    {"for", 0, "accuracy|macro_f1",
     "figure to choose parameters and answers for (default: accuracy)",
     "为哪个指标选择参数和作答（默认：accuracy）"},
    {"quick", 0, NULL, "default parameters, no search, no learning curve",
     "使用默认参数，不搜索，不画学习曲线"},
    {"parameters", 0, "LIST", "instead of a search, as reports show them: c=2,words=2,...",
     "不搜索，直接指定（写法同报告）：c=2,words=2,..."},
    {"want", 0, "FIGURES", "exit 3 when missed: accuracy=0.92,macro_f1=0.9",
     "未达到时以 3 退出：accuracy=0.92,macro_f1=0.9"},
    {"set", 0, "NAME", "name of the data in the report (default: the file)",
     "报告中的数据名（默认：文件名）"},
    {"language", 0, "auto|zh|en", "of the texts (default: auto)", "文本语言（默认：auto）"},
    {"no-model", 0, NULL, "judge only, keep no model", "只评估，不保存模型"},
    {"author", 0, "NAME", "who is written into the history", "写入历史的作者"},
    WL_TEXT_BERT_OPTIONS,
    WL_LORA_OPTIONS,
    WL_RUN_LOG_OPTIONS,
};

const struct wl_command wl_command_text_train = {
    .name = "text train",
    .summary_en = "learn a text classifier from labelled texts, judge it, keep the version",
    .summary_zh = "用带标签的文本训练分类器，评估并保存版本",
    .arguments = "FILE...",
    .example = "wanliu text train tickets.csv --text body --label intent --name intent",
    .options = train_options,
    .n_options = sizeof(train_options) / sizeof(train_options[0]),
    .run = run_text_train,
};
