/* score and explain: who, how likely, and why. Each writes one JSON line per customer. */
#include "cli/commands.h"
#include "cli/journey_run.h"

#include "base/clock.h"

#define EXPLAIN_BATCH_ROWS 1024 // lines read before they are explained together

static const char *const tier_names[WL_TIER_COUNT] = {"very low", "low", "medium", "high",
                                                      "very high"};

static void say_tiers(struct wl_cli *cli, const struct wl_score *scores, size_t n, int64_t as_of_us)
{
    size_t counts[WL_TIER_COUNT] = {0};
    char date[WL_TIME_TEXT_BYTES];

    for (size_t i = 0; i < n; i++) {
        counts[scores[i].tier]++;
    }
    wl_cli_say(cli, WL_SAY(cli, "%zu customers as of %s", "%zu 位客户，截至 %s"), n,
               wl_time_format_iso(as_of_us, date));
    for (int tier = WL_TIER_VERY_HIGH; tier >= 0; tier--) {
        wl_cli_say(cli, "  %-9s %6zu",
                   WL_SAY(cli, tier_names[tier], wl_tier_label((enum wl_tier)tier, "zh")),
                   counts[tier]);
    }
}

static wl_status print_scores(struct wl_cli *cli, const struct wl_rows *rows,
                              const struct wl_score *scores, wl_error *error)
{
    bool has_values = !wl_cli_has(cli, "no-values");
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    for (size_t i = 0; i < rows->n_rows && status == WL_OK; i++) {
        wl_score_write(&scores[i], has_values ? rows : NULL, i, &line);
        status = wl_cli_line(cli, &line, error);
    }
    wl_buf_release(&line);
    return status;
}

static wl_status run_score(struct wl_cli *cli, wl_error *error)
{
    struct wl_journey journey = {0};
    struct wl_scorer scorer = {0};
    struct wl_rows rows = {0};
    struct wl_score *scores = NULL;
    int64_t *dates_us = NULL;
    size_t n_dates = 0;
    const char *text = wl_cli_text(cli, "text", NULL);
    wl_status status = WL_OK;

    if (text != NULL) {
        return wl_cli_score_text(cli, text, error);
    }
    WL_GO(wl_cli_journey_open(cli, &journey, error));
    WL_GO(wl_cli_dates(cli, "as-of", &dates_us, &n_dates, error));
    WL_GO(wl_journey_load(&journey, error));
    WL_GO(wl_scorer_open(&journey, wl_cli_text(cli, "model", NULL), &scorer, error));
    if (n_dates == 0) { // all that is known by now
        dates_us[n_dates++] = wl_cli_newest(cli, journey.company);
    }
    WL_GO(wl_journey_rows(&journey, dates_us, n_dates, NULL, &rows, error));
    scores = wl_alloc_zeroed(cli->alloc, rows.n_rows + 1, sizeof(*scores));
    if (scores == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu scores", rows.n_rows);
        goto done;
    }
    WL_GO(wl_journey_score(&journey, &scorer, &rows, scores, error));
    WL_GO(print_scores(cli, &rows, scores, error));
    say_tiers(cli, scores, rows.n_rows, dates_us[n_dates - 1]);
    if (scorer.degraded) {
        wl_cli_say(cli, WL_SAY(cli, "degraded: %s", "降级：%s"), scorer.why);
    }
done:
    wl_alloc_free(cli->alloc, scores);
    wl_rows_release(&rows);
    wl_scorer_close(&scorer);
    wl_journey_close(&journey);
    return status;
}

/* Lines waiting to be explained together. */
struct batch {
    struct wl_cli *cli;
    const struct wl_scorer *scorer;
    const struct wl_schema *schema;
    struct wl_rows rows;
    struct wl_arena arena;               /* strings of the lines and sentences; reset per batch */
    struct wl_score *scores;             /* (EXPLAIN_BATCH_ROWS) in arena_process */
    struct wl_explanation *explanations; /* likewise */
    struct wl_buf line;
    bool has_values;
};

static wl_status flush_batch(struct batch *batch, wl_error *error)
{
    size_t n = batch->rows.n_rows;

    if (n == 0) {
        return WL_OK;
    }
    WL_TRY(wl_journey_explain(batch->scorer, &batch->rows, batch->scores, 0, n, &batch->arena,
                              batch->explanations, NULL, error));
    for (size_t i = 0; i < n; i++) {
        wl_explanation_write(&batch->explanations[i], batch->has_values ? &batch->rows : NULL, i,
                             &batch->line);
        WL_TRY(wl_cli_line(batch->cli, &batch->line, error));
    }
    wl_rows_release(&batch->rows);
    wl_rows_init(&batch->rows, batch->cli->alloc, batch->schema);
    wl_arena_reset(&batch->arena);
    return WL_OK;
}

static wl_status explain_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct batch *batch = context;
    size_t n = batch->rows.n_rows;

    (void)number;
    WL_TRY(wl_score_read(&batch->arena, line, &batch->scores[n], error));
    WL_TRY(wl_row_read(&batch->rows, line, &batch->arena, error));
    return n + 1 == EXPLAIN_BATCH_ROWS ? flush_batch(batch, error) : WL_OK;
}

static wl_status explain_lines(struct wl_cli *cli, const struct wl_journey *journey,
                               const struct wl_scorer *scorer, wl_error *error)
{
    struct batch batch = {
        .cli = cli,
        .scorer = scorer,
        .schema = &journey->plan->schema,
        .scores = wl_arena_zeroed(&cli->arena_process, EXPLAIN_BATCH_ROWS, sizeof(*batch.scores)),
        .explanations =
            wl_arena_zeroed(&cli->arena_process, EXPLAIN_BATCH_ROWS, sizeof(*batch.explanations)),
        .has_values = !wl_cli_has(cli, "no-values")};

    if (batch.scores == NULL || batch.explanations == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a batch of explanations");
    }
    wl_arena_init(&batch.arena, cli->alloc, 0);
    wl_rows_init(&batch.rows, cli->alloc, batch.schema);
    wl_buf_init(&batch.line, cli->alloc, 0);
    wl_status status = wl_cli_each_line(cli, explain_line, &batch, error);
    // A bad line does not cost the good ones before it.
    wl_status flushed = flush_batch(&batch, status == WL_OK ? error : NULL);
    status = status == WL_OK ? flushed : status;
    wl_buf_release(&batch.line);
    wl_rows_release(&batch.rows);
    wl_arena_release(&batch.arena);
    return status;
}

static wl_status run_explain(struct wl_cli *cli, wl_error *error)
{
    struct wl_journey journey = {0};
    struct wl_scorer scorer = {0};
    wl_status status = WL_OK;

    WL_GO(wl_cli_journey_open(cli, &journey, error));
    WL_GO(wl_scorer_open(&journey, wl_cli_text(cli, "model", NULL), &scorer, error));
    WL_GO(explain_lines(cli, &journey, &scorer, error));
done:
    wl_scorer_close(&scorer);
    wl_journey_close(&journey);
    return status;
}

static const struct wl_option score_options[] = {
    {"as-of", 0, "DATE", "score as of this moment (default: the newest record, at most now)",
     "截至该时刻评分（默认：最新记录，不晚于当前）"},
    {"model", 0, "VERSION", "a version number or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"no-values", 0, NULL, "leave the features out of the lines; explain then cannot read them",
     "不输出特征值；之后 explain 无法读取"},
    {"text", 0, "TEXT", "instead of customers: how likely the writer of this text leaves",
     "不评客户，只评这段文本的作者流失的可能性"},
    {"text-model", 0, "NAME", "text model for --text (default: text_churn)",
     "--text 使用的文本模型（默认：text_churn）"},
};

static const struct wl_option explain_options[] = {
    {"model", 0, "VERSION", "a version number or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"no-values", 0, NULL, "leave the features out of the lines", "不输出特征值"},
};

const struct wl_command wl_command_score = {
    .name = "score",
    .summary_en = "probability and risk tier of every customer, as JSON lines",
    .summary_zh = "输出每位客户的流失概率和风险等级（每行一个 JSON）",
    .arguments = "",
    .example = "wanliu score --as-of 2025-03-13 > scores.jsonl",
    .options = score_options,
    .n_options = sizeof(score_options) / sizeof(score_options[0]),
    .run = run_score,
};

const struct wl_command wl_command_explain = {
    .name = "explain",
    .summary_en = "reasons for each score line, in Chinese and English",
    .summary_zh = "为每行评分给出中英文原因",
    .arguments = "[FILE...]",
    .example = "wanliu score | wanliu explain > reasons.jsonl",
    .options = explain_options,
    .n_options = sizeof(explain_options) / sizeof(explain_options[0]),
    .run = run_explain,
};
