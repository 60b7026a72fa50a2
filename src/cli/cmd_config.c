/* config check: read every section the way the stages do, and say in words what was understood.
 * What only data can tell (whether an event or a column exists) the commands say that meet the
 * data. */
#include "cli/commands.h"
#include "cli/journey_run.h"

#include "base/file.h"
#include "base/json_write.h"
#include "decide/alert_options.h"
#include "ingest/mapping.h"
#include "journey_train.h"

/* Everything a workspace declares. */
struct declared {
    struct wl_journey journey;
    struct wl_training training;
    struct wl_source *sources;
    size_t n_sources;
    struct wl_offers offers;
    struct wl_message_options messages;
    struct wl_alert_options alerts;
};

static wl_status read_sections(struct declared *all, wl_error *error)
{
    struct wl_journey *journey = &all->journey;
    struct wl_workspace *workspace = &journey->workspace;
    struct wl_arena *arena = &workspace->arena;

    if (workspace->sources != NULL) {
        WL_TRY(wl_sources_read(arena, workspace->sources, workspace->utc_offset_us, &all->sources,
                               &all->n_sources, error));
    }
    WL_TRY(wl_training_read(journey, &all->training, error));
    WL_TRY(wl_offers_read(arena, workspace->offers, &all->offers, error));
    WL_TRY(wl_message_options_read(arena, workspace->messages, &all->messages, error));
    WL_TRY(wl_alert_options_read(arena, workspace->alerts, &journey->tiers,
                                 workspace->utc_offset_us, &all->alerts, error));
    if (journey->has_churn && journey->dates.n_train + journey->dates.n_test > 0) {
        WL_TRY(wl_dates_settle(&journey->split, &journey->churn, &journey->dates, error));
    }
    return WL_OK;
}

static wl_status say_sentence(struct wl_cli *cli, const struct wl_buf *text, wl_error *error)
{
    WL_TRY(wl_buf_check(text, error));
    wl_cli_say(cli, "%.*s", WL_STR_ARG(wl_buf_view(text)));
    return WL_OK;
}

static wl_status say_learning(struct wl_cli *cli, const struct wl_journey *journey, wl_error *error)
{
    const char *language = WL_SAY(cli, "en", "zh");
    struct wl_buf text;
    wl_status status = WL_OK;

    wl_buf_init(&text, cli->alloc, 0);
    if (journey->has_churn) {
        // In both languages: a team that reads both checks both.
        for (int i = 0; i < 2; i++) {
            wl_buf_clear(&text);
            wl_churn_sentence(&journey->churn, i == 0 ? "en" : "zh", &text);
            WL_GO(say_sentence(cli, &text, error));
        }
        wl_buf_clear(&text);
        wl_split_text(&journey->split, &journey->dates, language, &text);
        WL_GO(say_sentence(cli, &text, error));
    }
done:
    wl_buf_release(&text);
    return status;
}

static wl_status say_declared(struct wl_cli *cli, const struct declared *all, wl_error *error)
{
    const struct wl_journey *journey = &all->journey;
    const struct wl_train_options *options = &all->training.options;

    wl_cli_say(cli, WL_SAY(cli, "%s is fine", "%s 没有问题"), journey->workspace.config_path);
    for (size_t i = 0; i < all->n_sources; i++) {
        wl_cli_say(cli, WL_SAY(cli, "source %s", "数据来源 %s"), all->sources[i].name);
    }
    WL_TRY(say_learning(cli, journey, error));
    wl_cli_say(cli,
               WL_SAY(cli, "%zu features, and those of attributes; %s beside %zu baselines",
                      "%zu 个特征，另加客户属性；%s 与 %zu 个基线对比"),
               journey->plan->n_features, wl_algorithm_name((enum wl_algorithm)options->algorithm),
               all->training.n_baselines);
    wl_cli_say(cli, WL_SAY(cli, "%zu offers", "%zu 项优惠"), all->offers.n_items);
    return WL_OK;
}

static wl_status print_json(struct wl_cli *cli, const struct declared *all, wl_error *error)
{
    const struct wl_journey *journey = &all->journey;
    struct wl_buf line;
    struct wl_buf sentence;
    struct wl_json_writer json;

    wl_buf_init(&line, cli->alloc, 0);
    wl_buf_init(&sentence, cli->alloc, 0);
    json = wl_json_begin(&line);
    wl_json_open(&json, '{');
    wl_json_key(&json, "config");
    wl_json_text(&json, journey->workspace.config_path);
    wl_json_key(&json, "sources");
    wl_json_i64(&json, (int64_t)all->n_sources);
    wl_json_key(&json, "features");
    wl_json_i64(&json, (int64_t)journey->plan->n_features);
    wl_json_key(&json, "offers");
    wl_json_i64(&json, (int64_t)all->offers.n_items);
    for (int i = 0; i < 2 && journey->has_churn; i++) {
        wl_buf_clear(&sentence);
        wl_churn_sentence(&journey->churn, i == 0 ? "en" : "zh", &sentence);
        wl_json_key(&json, i == 0 ? "en" : "zh");
        wl_json_str(&json, wl_buf_view(&sentence));
    }
    wl_json_close(&json, '}');
    wl_status status = wl_buf_check(&sentence, error);
    if (status == WL_OK) {
        status = wl_cli_line(cli, &line, error);
    }
    wl_buf_release(&sentence);
    wl_buf_release(&line);
    return status;
}

// With data at hand names of features are checked too.
static wl_status compile(struct wl_journey *journey, wl_error *error)
{
    const struct wl_str own = {.data = NULL, .n_bytes = 0};

    if (wl_file_exists(journey->workspace.store_path)) {
        wl_error inner = {0};
        wl_status status = wl_journey_load(journey, &inner);
        if (status != WL_OK && status != WL_ENOTFOUND) { // nothing ingested yet is fine here
            return wl_fail(error, status, "%s", inner.message);
        }
    }
    WL_TRY(wl_journey_plan(journey, own, error));
    if (journey->company == NULL) {
        return WL_OK;
    }
    return wl_workspace_fail(&journey->workspace, wl_training_check(journey, error), error);
}

static wl_status run_config_check(struct wl_cli *cli, wl_error *error)
{
    struct declared all = {.messages = {.now_us = WL_TIME_NONE}};
    wl_status status = WL_OK;

    WL_GO(wl_cli_journey_open(cli, &all.journey, error));
    status = read_sections(&all, error);
    WL_GO(wl_workspace_fail(&all.journey.workspace, status, error));
    WL_GO(compile(&all.journey, error));
    WL_GO(cli->is_json ? print_json(cli, &all, error) : say_declared(cli, &all, error));
done:
    wl_journey_close(&all.journey);
    return status;
}

const struct wl_command wl_command_config_check = {
    .name = "config check",
    .summary_en = "check wanliu.yaml and say what it means",
    .summary_zh = "检查 wanliu.yaml 并说明其含义",
    .arguments = "",
    .example = "wanliu config check",
    .run = run_config_check,
};
