/* alerts: who needs a call today, and why. From signals in files, or from a workspace. */
#include "cli/alerts_table.h"
#include "cli/commands.h"
#include "cli/journey_run.h"

#include "base/file.h"
#include "decide/alert_json.h"
#include "decide/alert_options.h"
#include "journey_alerts.h"

#include <string.h>

/* One run of the command. */
struct run {
    struct wl_cli *cli;
    struct wl_journey journey; /* zeroed without a workspace */
    bool has_workspace;
    struct wl_alert_options options;
    struct wl_alerts *alerts;
    struct wl_alert_stream *stream;
    struct wl_advice advice;
    struct wl_arena arena; /* of one line */
    int64_t from_us;       /* WL_TIME_NONE: not given */
    int64_t to_us;
};

static wl_status take_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct run *run = context;

    (void)number;
    return wl_alert_stream_line(run->stream, &run->arena, line, error);
}

static wl_status open_options(struct run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const char *path = wl_path_join(&cli->arena_process, cli->folder, WL_WORKSPACE_CONFIG);

    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    // Signals from a file need no workspace; with one, its settings hold.
    run->has_workspace = cli->n_arguments == 0 || wl_file_exists(path);
    if (!run->has_workspace) {
        wl_alert_options_default(NULL, 0, &run->options);
        return WL_OK;
    }
    WL_TRY(wl_cli_journey_open(cli, &run->journey, error));
    struct wl_workspace *workspace = &run->journey.workspace;
    return wl_workspace_fail(workspace,
                             wl_alert_options_read(&workspace->arena, workspace->alerts,
                                                   &run->journey.tiers, workspace->utc_offset_us,
                                                   &run->options, error),
                             error);
}

/* ---- a workspace ---- */

static wl_status take_workspace(struct run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_scorer scorer = {0};
    struct wl_alert_intake intake = {0};
    wl_status status = WL_OK;

    WL_GO(wl_journey_load(&run->journey, error));
    WL_GO(wl_scorer_open(&run->journey, wl_cli_text(cli, "model", NULL), &scorer, error));
    if (run->to_us == WL_TIME_NONE) {
        run->to_us = wl_cli_newest(cli, run->journey.company);
    }
    int64_t begin_us =
        wl_alert_walk_from(&run->options, run->from_us != WL_TIME_NONE ? run->from_us : run->to_us);
    WL_GO(wl_journey_alerts(&run->journey, &scorer, &run->options, begin_us, run->to_us,
                            run->stream, &intake, error));
    wl_cli_say(cli,
               WL_SAY(cli, "%zu scores, %zu looks at low activity, %zu texts (%zu not read)",
                      "%zu 次评分，%zu 次活跃度偏低，%zu 条文本（%zu 条未能读取）"),
               intake.n_scores, intake.n_activity, intake.n_texts, intake.n_unread);
done:
    wl_scorer_close(&scorer);
    return status;
}

/* ---- what people do, and what they see ---- */

static const struct wl_alert *find(const struct wl_alerts *alerts, uint64_t id)
{
    for (size_t i = 0; i < wl_alerts_count(alerts); i++) {
        if (wl_alerts_get(alerts, i)->id == id) {
            return wl_alerts_get(alerts, i);
        }
    }
    return NULL;
}

// Write down what somebody does about an alert: one line, on disk before anything is said.
static wl_status act(struct run *run, enum wl_alert_action action, const char *text,
                     wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_alert_deed deed = {.action = (int)action,
                                 .time_us = wl_alerts_clock(run->alerts), // what was looked at
                                 .by = wl_str_from(wl_cli_text(cli, "by", ""))};
    struct wl_buf line;

    if (!run->has_workspace) {
        return wl_fail(error, WL_EINVAL, "--ack and --resolve need a workspace to be kept in");
    }
    if (!wl_alert_id_parse(wl_str_from(text), &deed.id) || find(run->alerts, deed.id) == NULL) {
        return wl_fail(error, WL_ENOTFOUND, "no alert %s: wanliu alerts lists them", text);
    }
    wl_buf_init(&line, cli->alloc, 0);
    wl_alert_deed_write(&deed, &line);
    wl_buf_char(&line, '\n');
    wl_status status = wl_buf_check(&line, error);
    if (status == WL_OK) {
        status = wl_file_append(run->journey.workspace.alerts_path, wl_buf_view(&line), error);
    }
    wl_buf_release(&line);
    if (status == WL_OK) {
        wl_cli_say(cli,
                   action == WL_ALERT_RESOLVE ? WL_SAY(cli, "%s is resolved", "%s 已解决")
                                              : WL_SAY(cli, "%s is at work", "%s 处理中"),
                   text);
    }
    return status;
}

static wl_status show(struct run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    bool is_replay = wl_cli_has(cli, "replay");
    struct wl_alerts_view view = {.has_closed = is_replay || wl_cli_has(cli, "all"),
                                  .from_us = run->from_us,
                                  .to_us = WL_TIME_NONE};
    int64_t limit = 0;

    WL_TRY(wl_cli_int(cli, "limit", 1, INT32_MAX, INT32_MAX, &limit, error));
    view.n_shown_max = (size_t)limit;
    return wl_alerts_show(cli, run->alerts, &run->advice, &view, wl_alert_stream_held(run->stream),
                          error);
}

static wl_status answer(struct run *run, wl_error *error)
{
    const char *ack = wl_cli_text(run->cli, "ack", NULL);
    const char *resolve = wl_cli_text(run->cli, "resolve", NULL);

    if (ack == NULL && resolve == NULL) {
        return show(run, error);
    }
    if (ack != NULL) {
        WL_TRY(act(run, WL_ALERT_ACKNOWLEDGE, ack, error));
    }
    return resolve != NULL ? act(run, WL_ALERT_RESOLVE, resolve, error) : WL_OK;
}

static wl_status run_alerts(struct wl_cli *cli, wl_error *error)
{
    struct run run = {.cli = cli};
    wl_status status = WL_OK;

    wl_arena_init(&run.arena, cli->alloc, 0);
    WL_GO(open_options(&run, error));
    WL_GO(wl_advice_open(run.has_workspace ? &run.journey.workspace : NULL, cli->alloc, &run.advice,
                         error));
    WL_GO(wl_cli_date(cli, "from", WL_TIME_NONE, &run.from_us, error));
    WL_GO(wl_cli_date(cli, "to", WL_TIME_NONE, &run.to_us, error));
    WL_GO(wl_alerts_new(cli->alloc, &run.options, &run.alerts, error));
    WL_GO(wl_alert_stream_new(cli->alloc, run.alerts, &run.stream, error));
    if (run.has_workspace) {
        WL_GO(wl_journey_deeds(&run.journey.workspace, cli->alloc, run.stream, error));
    }
    WL_GO(cli->n_arguments > 0 ? wl_cli_each_line(cli, take_line, &run, error)
                               : take_workspace(&run, error));
    WL_GO(wl_alert_stream_flush(run.stream, run.to_us, error));
    WL_GO(answer(&run, error));
done:
    wl_alert_stream_free(run.stream);
    wl_alerts_free(run.alerts);
    wl_advice_release(&run.advice);
    wl_arena_release(&run.arena);
    wl_journey_close(&run.journey);
    return status;
}

static const struct wl_option options[] = {
    {"from", 0, "DATE", "show alerts raised then or later", "只显示该时刻起的预警"},
    {"to", 0, "DATE", "the last moment (default: the newest record)",
     "截至该时刻（默认：最新记录）"},
    {"model", 0, "VERSION", "a version number or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"replay", 0, NULL, "all alerts of the time, closed ones too",
     "回放：显示期间全部预警，含已关闭"},
    {"all", 0, NULL, "resolved and expired alerts too", "同时显示已解决和已过期的预警"},
    {"limit", 0, "N", "the first N", "只显示前 N 条"},
    {"ack", 0, "ALERT", "somebody is at it now; kept in alerts.ndjson",
     "标记处理中，写入 alerts.ndjson"},
    {"resolve", 0, "ALERT", "it is settled; kept in alerts.ndjson",
     "标记已解决，写入 alerts.ndjson"},
    {"by", 0, "NAME", "who acknowledges or resolves", "处理人"},
};

const struct wl_command wl_command_alerts = {
    .name = "alerts",
    .summary_en = "who needs a call now, and why: alerts from signals, by value at risk",
    .summary_zh = "谁需要马上跟进及原因：由信号生成预警，按风险价值排序",
    .arguments = "[FILE...]",
    .example = "wanliu alerts --limit 20",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_alerts,
};
