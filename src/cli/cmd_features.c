/* features: what is computed of every customer (list), for all (build) or one (get), and the proof
 * that batch and stream agree (diff). */
#include "base/json_write.h"
#include "cli/commands.h"
#include "cli/journey_run.h"
#include "features/build.h"
#include "features/diff.h"
#include "features/state.h"

#include <math.h>
#include <string.h>

static const struct wl_option build_options[] = {
    {"as-of", 0, "DATES", "dates, with commas between (default: those of wanliu.yaml)",
     "日期，以逗号分隔（默认：wanliu.yaml 中的日期）"},
    {"format", 0, "FORMAT", "jsonl or csv (default: jsonl)", "jsonl 或 csv（默认：jsonl）"},
};

static const struct wl_option get_options[] = {
    {"user", 'u', "ID", "the customer", "客户"},
    {"as-of", 0, "DATE", "the moment (default: when the newest record became known)",
     "时刻（默认：最新记录的到达时间）"},
};

static const struct wl_option diff_options[] = {
    {"as-of", 0, "DATES", "dates, with commas between (default: those of wanliu.yaml)",
     "日期，以逗号分隔（默认：wanliu.yaml 中的日期）"},
};

/* What one run of these commands works with. */
struct run {
    struct wl_cli *cli;
    struct wl_journey journey; /* its company is NULL while nothing is stored */
    int64_t *dates_us;         /* (n_dates) in an arena */
    size_t n_dates;
};

// Opens the workspace and loads its records; without any, only `list` goes on.
static wl_status open_run(struct run *run, bool needs_records, wl_error *error)
{
    WL_TRY(wl_cli_journey_open(run->cli, &run->journey, error));
    wl_status status = wl_journey_load(&run->journey, error);
    if (status != WL_OK && (needs_records || status != WL_ENOTFOUND)) {
        return status;
    }
    return wl_journey_plan(&run->journey, (struct wl_str){.data = NULL, .n_bytes = 0}, error);
}

// --as-of, else the dates of the configuration, else the newest moment.
static wl_status read_dates(struct run *run, wl_error *error)
{
    WL_TRY(wl_cli_observation_dates(run->cli, &run->journey, &run->dates_us, &run->n_dates, error));
    if (run->n_dates == 0) {
        run->dates_us = &run->journey.company->newest_us;
        run->n_dates = 1;
    }
    return WL_OK;
}

/* ---- list ---- */

static void put_pair(struct wl_json_writer *json, const char *key, const char *text)
{
    wl_json_key(json, key);
    wl_json_text(json, text);
}

static void put_feature(const struct run *run, const struct wl_feature *feature,
                        struct wl_buf *line)
{
    if (!run->cli->is_json) {
        const char *label = WL_SAY(run->cli, feature->en, feature->zh);
        const char *unit = WL_SAY(run->cli, feature->unit_en, feature->unit_zh);
        wl_buf_format(line, "%s\t%s\t%s\t%s\t%s\t%s", feature->name, label, unit, feature->window,
                      feature->code, feature->formula);
        return;
    }
    struct wl_json_writer json = wl_json_begin(line);
    wl_json_open(&json, '{');
    put_pair(&json, "name", feature->name);
    put_pair(&json, "zh", feature->zh);
    put_pair(&json, "en", feature->en);
    put_pair(&json, "unit_zh", feature->unit_zh);
    put_pair(&json, "unit_en", feature->unit_en);
    put_pair(&json, "window", feature->window);
    put_pair(&json, "code", feature->code);
    put_pair(&json, "formula", feature->formula);
    wl_json_key(&json, "baseline");
    if (feature->i_baseline != SIZE_MAX) {
        wl_json_text(&json, run->journey.plan->features[feature->i_baseline].name);
    } else {
        wl_json_null(&json);
    }
    wl_json_close(&json, '}');
}

static wl_status run_list(struct wl_cli *cli, wl_error *error)
{
    struct run run = {.cli = cli};
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    WL_GO(open_run(&run, false, error));
    for (size_t i = 0; i < run.journey.plan->n_features; i++) {
        put_feature(&run, wl_plan_feature(run.journey.plan, i), &line);
        WL_GO(wl_cli_line(cli, &line, error));
    }
    wl_cli_say(cli, WL_SAY(cli, "%zu features", "共 %zu 个特征"), run.journey.plan->n_features);
done:
    wl_buf_release(&line);
    wl_journey_close(&run.journey);
    return status;
}

/* ---- build ---- */

static void put_csv_text(struct wl_buf *line, struct wl_str text)
{
    bool is_plain = true;

    for (size_t i = 0; i < text.n_bytes; i++) {
        is_plain = is_plain && strchr(",\"\r\n", text.data[i]) == NULL;
    }
    if (is_plain) {
        wl_buf_str(line, text);
        return;
    }
    wl_buf_char(line, '"');
    for (size_t i = 0; i < text.n_bytes; i++) {
        wl_buf_text(line, text.data[i] == '"' ? "\"" : "");
        wl_buf_char(line, text.data[i]);
    }
    wl_buf_char(line, '"');
}

static void put_csv_head(const struct wl_schema *schema, struct wl_buf *line)
{
    wl_buf_text(line, "user,as_of");
    for (size_t f = 0; f < schema->n_features; f++) {
        wl_buf_char(line, ',');
        put_csv_text(line, wl_str_from(schema->columns[f].name));
    }
}

static void put_csv_row(const struct wl_rows *rows, size_t i_row, struct wl_buf *line)
{
    const struct wl_schema *schema = rows->schema;
    const float *values = rows->values + i_row * schema->n_features;
    char as_of[WL_TIME_TEXT_BYTES];

    put_csv_text(line, wl_dict_string(&rows->users, rows->user[i_row]));
    wl_buf_format(line, ",%s", wl_time_format_iso(rows->as_of_us[i_row], as_of));
    for (size_t f = 0; f < schema->n_features; f++) {
        wl_buf_char(line, ',');
        if (isnan(values[f])) {
            continue; // an empty cell is a missing value
        }
        if (schema->columns[f].kind == WL_FEATURE_CATEGORY) {
            put_csv_text(line, wl_rows_level(rows, values[f]));
        } else {
            struct wl_json_writer json = wl_json_begin(line);
            wl_json_float(&json, values[f]);
        }
    }
}

static wl_status write_rows(struct run *run, const struct wl_rows *rows, bool is_csv,
                            wl_error *error)
{
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, run->cli->alloc, 0);
    if (is_csv) {
        put_csv_head(rows->schema, &line);
        WL_GO(wl_cli_line(run->cli, &line, error));
    }
    for (size_t i = 0; i < rows->n_rows; i++) {
        if (is_csv) {
            put_csv_row(rows, i, &line);
        } else {
            wl_row_write(rows, i, &line);
        }
        WL_GO(wl_cli_line(run->cli, &line, error));
    }
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_build(struct wl_cli *cli, wl_error *error)
{
    struct run run = {.cli = cli};
    struct wl_rows rows = {0};
    const char *format = wl_cli_text(cli, "format", "jsonl");
    bool is_csv = strcmp(format, "csv") == 0;
    wl_status status = WL_OK;

    if (!is_csv && strcmp(format, "jsonl") != 0) {
        return wl_fail(error, WL_EINVAL, "--format %s is neither jsonl nor csv", format);
    }
    WL_GO(open_run(&run, true, error));
    WL_GO(read_dates(&run, error));
    struct wl_features_request request = {.plan = run.journey.plan,
                                          .company = run.journey.company,
                                          .dates_us = run.dates_us,
                                          .n_dates = run.n_dates,
                                          .n_threads = cli->n_threads,
                                          .sink = &cli->sink};
    WL_GO(wl_features_build(&request, cli->alloc, &rows, error));
    WL_GO(write_rows(&run, &rows, is_csv, error));
    wl_cli_say(cli, WL_SAY(cli, "%zu rows of %zu features", "共 %zu 行，每行 %zu 个特征"),
               rows.n_rows, run.journey.plan->n_features);
done:
    wl_rows_release(&rows);
    wl_journey_close(&run.journey);
    return status;
}

/* ---- get ---- */

// The state of one user as of a moment; *is_known is false when there was nothing.
static wl_status replay(const struct run *run, uint32_t user, int64_t as_of_us,
                        struct wl_state *state, bool *is_known, wl_error *error)
{
    const struct wl_company *company = run->journey.company;
    struct wl_binding binding = {0};
    wl_status status = WL_OK;

    WL_GO(wl_binding_init(&binding, run->cli->alloc, run->journey.plan, company, error));
    WL_GO(wl_state_init(state, run->cli->alloc, run->journey.plan, error));
    for (size_t i = 0; i < company->events.n_events; i++) {
        if (company->events.user[i] == user && company->events.received_us[i] <= as_of_us) {
            struct wl_event event = wl_company_event(company, i);
            WL_GO(wl_state_apply_event(state, &binding, &event, error));
        }
    }
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        if (text->user == user && text->received_us <= as_of_us) {
            WL_GO(wl_state_apply_text(state, &binding, text, error));
        }
    }
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *attribute = &company->attributes.items[i];
        if (attribute->user == user && attribute->known_us <= as_of_us) {
            WL_GO(wl_state_apply_attribute(state, &binding, attribute, error));
        }
    }
    *is_known = state->newest_us != WL_TIME_NONE;
done:
    wl_binding_release(&binding);
    return status;
}

static void put_value(struct wl_json_writer *json, const struct wl_state *state, size_t i_feature,
                      float value)
{
    if (state->plan->features[i_feature].kind == WL_FEATURE_CATEGORY && !isnan(value)) {
        wl_json_str(json, wl_state_level(state, i_feature));
    } else {
        wl_json_float(json, value);
    }
}

static wl_status write_values(const struct run *run, const struct wl_state *state,
                              struct wl_str user, int64_t as_of_us, const float *values,
                              wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&line);
    if (cli->is_json) {
        wl_json_open(&json, '{');
        wl_json_key(&json, "user");
        wl_json_str(&json, user);
        wl_json_key(&json, "as_of");
        wl_json_time(&json, as_of_us);
        wl_json_key(&json, "features");
        wl_json_open(&json, '{');
    }
    for (size_t f = 0; f < run->journey.plan->n_features; f++) {
        const struct wl_feature *feature = &run->journey.plan->features[f];
        if (cli->is_json) {
            wl_json_key(&json, feature->name);
            put_value(&json, state, f, values[f]);
            continue;
        }
        wl_buf_format(&line, "%s\t", feature->name);
        json = wl_json_begin(&line);
        put_value(&json, state, f, values[f]);
        wl_buf_format(&line, "\t%s\t%s", WL_SAY(cli, feature->unit_en, feature->unit_zh),
                      WL_SAY(cli, feature->en, feature->zh));
        WL_GO(wl_cli_line(cli, &line, error));
    }
    if (cli->is_json) {
        wl_json_close(&json, '}');
        wl_json_close(&json, '}');
        WL_GO(wl_cli_line(cli, &line, error));
    }
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_get(struct wl_cli *cli, wl_error *error)
{
    struct run run = {.cli = cli};
    struct wl_state state = {0};
    struct wl_str user = wl_str_from(wl_cli_text(cli, "user", ""));
    bool is_known = false;
    wl_status status = WL_OK;

    if (user.n_bytes == 0) {
        return wl_fail(error, WL_EINVAL, "features get needs --user ID");
    }
    WL_GO(open_run(&run, true, error));
    WL_GO(wl_cli_dates(cli, "as-of", &run.dates_us, &run.n_dates, error));
    int64_t as_of_us = run.n_dates > 0 ? run.dates_us[0] : run.journey.company->newest_us;
    uint32_t id = wl_dict_find(&run.journey.company->users, user);
    float *values =
        wl_arena_zeroed(&cli->arena_process, run.journey.plan->n_features, sizeof(*values));
    if (values == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a row");
        goto done;
    }
    if (id != WL_DICT_NONE) {
        WL_GO(replay(&run, id, as_of_us, &state, &is_known, error));
    }
    if (!is_known) {
        char text[WL_TIME_TEXT_BYTES];
        status = wl_fail(error, WL_ENOTFOUND, "nothing was known of user %.*s at %s",
                         WL_STR_ARG(user), wl_time_format_iso(as_of_us, text));
        goto done;
    }
    WL_GO(wl_state_row(run.journey.plan, &state, as_of_us, values, error));
    WL_GO(write_values(&run, &state, user, as_of_us, values, error));
done:
    wl_state_release(&state);
    wl_journey_close(&run.journey);
    return status;
}

/* ---- diff ---- */

static wl_status write_diff(struct wl_cli *cli, const struct wl_plan *plan,
                            const struct wl_diff_report *report, wl_error *error)
{
    static const char *const ways[] = {"stream", "shuffled", "duplicated"};
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    if (cli->is_json) {
        struct wl_json_writer json = wl_json_begin(&line);
        wl_json_open(&json, '{');
        wl_json_key(&json, "differences");
        wl_json_i64(&json, (int64_t)report->n_differences);
        for (size_t i = 0; i < WL_DIFF_WAYS; i++) {
            wl_json_key(&json, ways[i]);
            wl_json_i64(&json, (int64_t)report->n_by_way[i]);
        }
        wl_json_key(&json, "rows");
        wl_json_i64(&json, (int64_t)report->n_rows);
        wl_json_key(&json, "values");
        wl_json_i64(&json, (int64_t)report->n_values);
        wl_json_key(&json, "state_bytes_mean");
        wl_json_digits(&json, report->state_bytes_mean, 6);
        wl_json_key(&json, "state_bytes_max");
        wl_json_i64(&json, (int64_t)report->state_bytes_max);
        wl_json_close(&json, '}');
    } else {
        wl_buf_format(&line, "%zu", report->n_differences);
    }
    WL_GO(wl_cli_line(cli, &line, error));
    for (size_t f = 0; f < plan->n_features; f++) {
        if (report->n_by_feature[f] > 0) {
            wl_cli_say(cli, "%s: %zu", plan->features[f].name, report->n_by_feature[f]);
        }
    }
    wl_cli_say(cli,
               WL_SAY(cli,
                      "%zu values of %zu rows compared: batch with stream, shuffled, duplicated; "
                      "%zu states stored and loaded on the way, %.0f bytes each",
                      "已逐位比较 %zu 个值（%zu 行）：批量与流式、乱序、重复；"
                      "其间存取状态 %zu 次，平均 %.0f 字节"),
               report->n_values, report->n_rows, report->n_round_trips, report->state_bytes_mean);
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_diff(struct wl_cli *cli, wl_error *error)
{
    struct run run = {.cli = cli};
    struct wl_diff_report report = {0};
    wl_status status = WL_OK;

    WL_GO(open_run(&run, true, error));
    WL_GO(read_dates(&run, error));
    struct wl_diff_request request = {.plan = run.journey.plan,
                                      .company = run.journey.company,
                                      .dates_us = run.dates_us,
                                      .n_dates = run.n_dates,
                                      .seed = cli->seed,
                                      .n_threads = cli->n_threads,
                                      .sink = &cli->sink};
    WL_GO(wl_features_diff(&request, cli->alloc, &report, error));
    WL_GO(write_diff(cli, run.journey.plan, &report, error));
    if (report.n_differences > 0) {
        status = wl_fail(error, WL_EGATE, "batch and stream differ in %zu of %zu values",
                         report.n_differences, report.n_values);
    }
done:
    wl_diff_report_release(&report);
    wl_journey_close(&run.journey);
    return status;
}

const struct wl_command wl_command_features_list = {
    .name = "features list",
    .summary_en = "say what is computed of every customer",
    .summary_zh = "列出为每位客户计算的特征",
    .arguments = "",
    .example = "wanliu features list",
    .run = run_list,
};

const struct wl_command wl_command_features_build = {
    .name = "features build",
    .summary_en = "compute the features of all customers as of some dates",
    .summary_zh = "计算全部客户在指定日期的特征",
    .arguments = "",
    .example = "wanliu features build --as-of 2024-03-01 --format csv",
    .options = build_options,
    .n_options = sizeof(build_options) / sizeof(build_options[0]),
    .run = run_build,
};

const struct wl_command wl_command_features_get = {
    .name = "features get",
    .summary_en = "show the features of one customer",
    .summary_zh = "查看一位客户的特征",
    .arguments = "",
    .example = "wanliu features get --user u0000001",
    .options = get_options,
    .n_options = sizeof(get_options) / sizeof(get_options[0]),
    .run = run_get,
};

const struct wl_command wl_command_features_diff = {
    .name = "features diff",
    .summary_en = "prove that batch and stream give the same features; prints the differences",
    .summary_zh = "验证批量与流式特征逐位一致；输出差异数",
    .arguments = "",
    .example = "wanliu features diff",
    .options = diff_options,
    .n_options = sizeof(diff_options) / sizeof(diff_options[0]),
    .run = run_diff,
};
