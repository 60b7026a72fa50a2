/* report: one HTML page for the team. */
#include "cli/commands.h"
#include "cli/journey_run.h"
#include "journey_report.h"

#include "base/clock.h"
#include "base/json_write.h"

static wl_status print_summary(struct wl_cli *cli, const struct wl_report_summary *summary,
                               wl_error *error)
{
    struct wl_buf line;
    struct wl_json_writer json;

    if (!cli->is_json) {
        wl_cli_say(cli,
                   WL_SAY(cli, "%zu customers; the report is in %s", "共 %zu 位客户；报告见 %s"),
                   summary->n_scored, summary->path);
        return WL_OK;
    }
    wl_buf_init(&line, cli->alloc, 0);
    json = wl_json_begin(&line);
    wl_json_open(&json, '{');
    wl_json_key(&json, "report");
    wl_json_text(&json, summary->path);
    wl_json_key(&json, "customers");
    wl_json_i64(&json, (int64_t)summary->n_scored);
    for (int tier = 0; tier < WL_TIER_COUNT; tier++) {
        wl_json_key(&json, wl_tier_key((enum wl_tier)tier));
        wl_json_i64(&json, (int64_t)summary->n_by_tier[tier]);
    }
    wl_json_close(&json, '}');
    wl_status status = wl_cli_line(cli, &line, error);
    wl_buf_release(&line);
    return status;
}

static wl_status run_report(struct wl_cli *cli, wl_error *error)
{
    struct wl_journey journey = {0};
    struct wl_report_summary summary;
    int64_t *dates_us = NULL;
    size_t n_dates = 0;
    wl_status status = WL_OK;

    WL_GO(wl_cli_journey_open(cli, &journey, error));
    WL_GO(wl_cli_dates(cli, "as-of", &dates_us, &n_dates, error));
    if (n_dates > 1) {
        status =
            wl_fail(error, WL_EINVAL, "--as-of: a report speaks of one moment, not %zu", n_dates);
        goto done;
    }
    WL_GO(wl_journey_load(&journey, error));
    int64_t as_of_us = n_dates == 1 ? dates_us[0] : wl_cli_newest(cli, journey.company);
    WL_GO(wl_journey_report(&journey, wl_cli_text(cli, "model", NULL), as_of_us,
                            wl_cli_text(cli, "out", NULL), journey.workspace.language == 1,
                            &summary, error));
    status = print_summary(cli, &summary, error);
done:
    wl_journey_close(&journey);
    return status;
}

static const struct wl_option options[] = {
    {"as-of", 0, "DATE", "the moment the scores speak of (default: the newest record, at most now)",
     "评分所指的时刻（默认：最新记录，不晚于当前）"},
    {"model", 0, "VERSION", "a version number or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"out", 'o', "FILE", "file to write (default: reports/report.html in the workspace)",
     "输出文件（默认：工作区的 reports/report.html）"},
};

const struct wl_command wl_command_report = {
    .name = "report",
    .summary_en = "one HTML page: risk, reasons, messages, quality; needs no network",
    .summary_zh = "生成一个离线 HTML 报告：风险、原因、话术、质量",
    .arguments = "",
    .example = "wanliu report --out report.html",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_report,
};
