/* text reasons: why customers leave, as they say it, in a table; from the workspace's texts or from
 * a file of lines. */
#include "cli/commands.h"
#include "cli/journey_run.h"
#include "cli/text_source.h"

#include "base/clock.h"
#include "base/file.h"
#include "explain/voice_reasons.h"
#include "journey_reasons.h"

#include <stdio.h>

#define VALUE_FEATURE "order_sum_90d" // of the standard library: what was spent in 90 days

/* What the table is made from, and what it needs to live as long. */
struct reasons_run {
    struct wl_cli *cli;
    struct wl_journey journey;
    struct wl_scorer scorer;
    struct wl_rows rows;
    struct wl_score *scores; /* (n rows) */
    double *values;          /* likewise */
    struct wl_voice_input input;
};

/* -- a workspace -- */

static wl_status take_values(struct reasons_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const char *name = wl_cli_text(cli, "value", VALUE_FEATURE);
    const struct wl_schema *schema = run->rows.schema;
    size_t column = wl_schema_find(schema, wl_str_from(name));

    if (column == SIZE_MAX) {
        return wl_cli_has(cli, "value")
                   ? wl_fail(error, WL_EINVAL, "--value: the model has no feature %s", name)
                   : WL_OK;
    }
    run->values = wl_alloc_zeroed(cli->alloc, run->rows.n_rows + 1, sizeof(*run->values));
    if (run->values == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the values of customers");
    }
    for (size_t i = 0; i < run->rows.n_rows; i++) {
        run->values[i] = (double)run->rows.values[i * schema->n_features + column];
    }
    run->input.values = run->values;
    return WL_OK;
}

// Scores are welcome, not needed: without a model the table has no tiers.
static wl_status take_scores(struct reasons_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_journey *journey = &run->journey;
    wl_error inner = {0};
    wl_status status =
        wl_scorer_open(journey, wl_cli_text(cli, "model", NULL), &run->scorer, &inner);

    if (status == WL_ENOTFOUND && !wl_cli_has(cli, "model")) {
        wl_cli_say(cli, WL_SAY(cli, "no tiers: %s", "没有风险等级：%s"), inner.message);
        return WL_OK;
    }
    if (status != WL_OK) {
        return wl_fail(error, status, "%s", inner.message);
    }
    WL_TRY(wl_journey_rows(journey, &run->input.as_of_us, 1, NULL, &run->rows, error));
    run->scores = wl_alloc_zeroed(cli->alloc, run->rows.n_rows + 1, sizeof(*run->scores));
    if (run->scores == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu scores", run->rows.n_rows);
    }
    WL_TRY(wl_journey_score(journey, &run->scorer, &run->rows, run->scores, error));
    run->input.scores = run->scores;
    run->input.n_scores = run->rows.n_rows;
    return take_values(run, error);
}

static wl_status open_workspace(struct reasons_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_journey *journey = &run->journey;

    WL_TRY(wl_cli_journey_open(cli, journey, error));
    WL_TRY(wl_journey_load(journey, error));
    run->input.company = journey->company;
    run->input.taxonomy = journey->taxonomy;
    WL_TRY(wl_cli_date(cli, "as-of", WL_TIME_NONE, &run->input.as_of_us, error));
    if (run->input.as_of_us == WL_TIME_NONE) {
        run->input.as_of_us = wl_cli_newest(cli, journey->company);
    }
    return take_scores(run, error);
}

/* -- a file -- */

// Every line is a text of its own writer, written now.
static wl_status add_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct reasons_run *run = context;
    struct wl_company *company = run->journey.company;
    char name[32];
    struct wl_text text = {.label = WL_ID_NONE,
                           .text_us = run->cli->now_us,
                           .received_us = run->cli->now_us,
                           .message_key = number,
                           .body = line};

    (void)snprintf(name, sizeof(name), "line %zu", company->texts.n_texts + 1);
    WL_TRY(wl_dict_intern(&company->users, wl_str_from(name), &text.user, error));
    WL_TRY(wl_dict_intern(&company->strings, WL_STR("file"), &text.channel, error));
    return wl_company_add_text(company, &text, error);
}

static wl_status open_file(struct reasons_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_journey *journey = &run->journey;
    const char *path = wl_path_join(&cli->arena_process, cli->folder, "taxonomy/reasons.yaml");

    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    WL_TRY(wl_taxonomy_open_at(path, cli->alloc, &journey->taxonomy, error));
    WL_TRY(wl_company_new(cli->alloc, &journey->company, error));
    WL_TRY(wl_cli_each_text(cli, cli->arguments, cli->n_arguments, add_line, run, NULL, error));
    run->input.company = journey->company;
    run->input.taxonomy = journey->taxonomy;
    run->input.as_of_us = cli->now_us;
    return WL_OK;
}

/* -- both -- */

static void close_run(struct reasons_run *run)
{
    wl_alloc_free(run->cli->alloc, run->scores);
    wl_alloc_free(run->cli->alloc, run->values);
    wl_rows_release(&run->rows);
    wl_scorer_close(&run->scorer);
    wl_journey_close(&run->journey);
}

static wl_status run_reasons(struct wl_cli *cli, wl_error *error)
{
    struct reasons_run run = {.cli = cli};
    struct wl_voice_table table = {0};
    struct wl_buf out;
    wl_status status = WL_OK;

    wl_buf_init(&out, cli->alloc, 0);
    WL_GO(cli->n_arguments > 0 ? open_file(&run, error) : open_workspace(&run, error));
    WL_GO(wl_voice_table_new(cli->alloc, &run.input, &table, error));
    if (cli->is_json) {
        wl_voice_table_json(&table, &out);
    } else {
        wl_voice_table_write(&table, cli->is_zh ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN, &out);
    }
    WL_GO(wl_buf_check(&out, error));
    status = wl_cli_out(cli, wl_buf_view(&out), error);
done:
    wl_buf_release(&out);
    wl_voice_table_release(&table);
    close_run(&run);
    return status;
}

static const struct wl_option reasons_options[] = {
    WL_TEXTS_OPTIONS,
    {"as-of", 0, "DATE", "what was known at this moment (default: the newest record, at most now)",
     "截至该时刻已知的内容（默认：最新记录，不晚于当前）"},
    {"model", 0, "VERSION", "scores of a version number or alias (default: champion)",
     "评分所用的版本号或别名（默认：champion）"},
    {"value", 0, "FEATURE", "feature that says what a customer is worth (default: order_sum_90d)",
     "表示客户价值的特征（默认：order_sum_90d）"},
};

const struct wl_command wl_command_text_reasons = {
    .name = "text reasons",
    .summary_en = "why customers leave, as they say it: counts, trends, tiers, quotes",
    .summary_zh = "客户自述的流失原因：数量、趋势、风险等级与原话",
    .arguments = "[FILE...]",
    .example = "wanliu text reasons --as-of 2025-03-13",
    .options = reasons_options,
    .n_options = sizeof(reasons_options) / sizeof(reasons_options[0]),
    .run = run_reasons,
};
