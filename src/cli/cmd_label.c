/* label: who left, as one JSON line per customer and observation date. */
#include "base/json_write.h"
#include "cli/commands.h"
#include "cli/journey_run.h"

static const struct wl_option options[] = {
    {"as-of", 0, "DATES", "observation dates, with commas between (default: those of wanliu.yaml)",
     "观察日，以逗号分隔（默认：wanliu.yaml 中的日期）"},
};

/* What one run of the command works with. */
struct labelling {
    struct wl_cli *cli;
    struct wl_journey journey;
    int64_t *dates_us; /* (n_dates) in an arena */
    size_t n_dates;
    struct wl_labels labels;
    struct wl_label_report report;
};

static wl_status open_labelling(struct labelling *run, wl_error *error)
{
    const struct wl_journey *journey = &run->journey;

    WL_TRY(wl_cli_journey_open(run->cli, &run->journey, error));
    if (!journey->has_churn) {
        return wl_fail(error, WL_ECONFIG, "%s: no churn section: say what counts as leaving",
                       journey->workspace.config_path);
    }
    WL_TRY(wl_cli_observation_dates(run->cli, journey, &run->dates_us, &run->n_dates, error));
    if (run->n_dates == 0 && journey->churn.kind != WL_CHURN_LABEL) {
        return wl_fail(error, WL_EINVAL,
                       "no observation dates: give --as-of or a section \"dates\"");
    }
    return wl_journey_load(&run->journey, error);
}

static void put_label(const struct labelling *run, size_t i, struct wl_buf *line)
{
    const struct wl_labels *labels = &run->labels;
    enum wl_label_status status = labels->status[i];
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    wl_json_key(&json, "user");
    wl_json_str(&json,
                wl_dict_string(&run->journey.company->users, (uint32_t)(i % labels->n_users)));
    wl_json_key(&json, "as_of");
    if (labels->as_of_us[i] == WL_TIME_NONE) {
        wl_json_null(&json);
    } else {
        wl_json_time(&json, labels->as_of_us[i]);
    }
    wl_json_key(&json, "label");
    if (status == WL_LABEL_POSITIVE || status == WL_LABEL_NEGATIVE) {
        wl_json_i64(&json, status == WL_LABEL_POSITIVE ? 1 : 0);
    } else {
        wl_json_null(&json);
    }
    wl_json_key(&json, "status");
    wl_json_text(&json, wl_label_status_key(status));
    wl_json_close(&json, '}');
}

static wl_status write_labels(struct labelling *run, wl_error *error)
{
    const char *language = WL_SAY(run->cli, "en", "zh");
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, run->cli->alloc, 0);
    for (size_t i = 0; i < run->labels.n_labels; i++) {
        put_label(run, i, &line);
        WL_GO(wl_cli_line(run->cli, &line, error));
    }
    wl_churn_sentence(&run->journey.churn, language, &line);
    wl_buf_char(&line, '\n');
    wl_label_report_text(&run->report, language, &line);
    WL_GO(wl_buf_check(&line, error));
    wl_cli_say(run->cli, "%s", line.data);
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_label(struct wl_cli *cli, wl_error *error)
{
    struct labelling run = {.cli = cli};
    wl_status status = WL_OK;

    WL_GO(open_labelling(&run, error));
    status = wl_labels_build(&run.journey.churn, run.journey.company, run.dates_us, run.n_dates,
                             &run.labels, &run.report, error);
    WL_GO(wl_workspace_fail(&run.journey.workspace, status, error));
    WL_GO(write_labels(&run, error));
done:
    wl_labels_release(&run.labels);
    wl_journey_close(&run.journey);
    return status;
}

const struct wl_command wl_command_label = {
    .name = "label",
    .summary_en = "say who left, for every customer and observation date",
    .summary_zh = "为每位客户和观察日标注是否流失",
    .arguments = "",
    .example = "wanliu label --as-of 2024-03-01",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_label,
};
