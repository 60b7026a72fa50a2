/* text trends: what customers complain about, day by day, and surges in it. */
#include "cli/alerts_table.h"
#include "cli/commands.h"
#include "cli/journey_run.h"

#include "base/json_write.h"
#include "journey_quote.h"
#include "journey_trends.h"

#include <math.h>
#include <stdio.h>

#define SPARK_DAYS 56 // of the curve, two days a character

struct run {
    struct wl_cli *cli;
    struct wl_journey journey;
    struct wl_topic_trends topics;
    struct wl_quoter quoter;
    struct wl_buf line;
};

static wl_status build(struct run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_surge_options surge = wl_surge_defaults();
    int64_t from_us = 0;
    int64_t to_us = 0;

    surge.slots = wl_cli_has(cli, "hours") ? 24 : 1;
    WL_TRY(wl_cli_number(cli, "alarms", 0.01, 1000.0, surge.alarms_per_year_all,
                         &surge.alarms_per_year_all, error));
    WL_TRY(wl_cli_journey_open(cli, &run->journey, error));
    WL_TRY(wl_cli_date(cli, "from", WL_TIME_NONE, &from_us, error));
    WL_TRY(wl_cli_date(cli, "to", WL_TIME_NONE, &to_us, error));
    WL_TRY(wl_journey_load(&run->journey, error));
    to_us = to_us != WL_TIME_NONE ? to_us : wl_cli_newest(cli, run->journey.company);
    return wl_topic_trends_build(&run->journey, &surge, from_us, to_us, &run->topics, error);
}

/* ---- words ---- */

static struct wl_str topic_name(const struct run *run, uint32_t topic, bool is_zh)
{
    struct wl_label name = wl_topic_trends_name(&run->topics, &run->journey, topic);
    return wl_str_from(is_zh ? name.zh : name.en);
}

static void print_head(struct run *run)
{
    struct wl_cli *cli = run->cli;

    wl_column(&run->line, wl_str_from(WL_SAY(cli, "topic", "主题")), 24);
    wl_column(&run->line, wl_str_from(WL_SAY(cli, " texts", "文本数")), 6);
    wl_column(&run->line, wl_str_from(WL_SAY(cli, "negative", "负面占比")), 8);
    wl_buf_text(&run->line, WL_SAY(cli, "negative texts, two days a bar, to the last day",
                                   "负面文本数，每格两天，止于最后一天"));
}

static void write_spark(const struct run *run, const struct wl_trend *trend, struct wl_buf *line)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t slots = run->topics.options.surge.slots;
    size_t n_days =
        run->topics.options.n_days < SPARK_DAYS ? run->topics.options.n_days : SPARK_DAYS;
    size_t n_bars = n_days / 2;
    size_t first = run->topics.trends.n_windows - 2 * n_bars * slots;
    double highest = 1.0;
    double heights[SPARK_DAYS / 2] = {0};

    for (size_t i = 0; i < 2 * n_bars * slots; i++) {
        heights[i / (2 * slots)] += trend->negative[first + i];
    }
    for (size_t i = 0; i < n_bars; i++) {
        highest = fmax(highest, heights[i]);
    }
    for (size_t i = 0; i < n_bars; i++) {
        wl_buf_text(line, bars[(size_t)(7.0 * heights[i] / highest)]);
    }
}

static wl_status print_surge(struct run *run, const struct wl_trend_surge *item, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const struct wl_surge *surge = &item->surge;
    int64_t offset_us = run->journey.workspace.utc_offset_us;
    char begin[WL_TIME_TEXT_BYTES];
    char end[WL_TIME_TEXT_BYTES];

    wl_buf_format(
        &run->line,
        WL_SAY(cli, "    surge %s .. %s: x%.1f (%.1f to %.1f), %.0f negative texts",
               "    激增 %s .. %s：%.1f 倍（%.1f 至 %.1f），%.0f 条负面文本"),
        wl_date_format(wl_topic_trends_time(&run->topics, surge->begin) + offset_us, begin),
        wl_topic_trends_is_on(&run->topics, surge)
            ? WL_SAY(cli, "now", "至今")
            : wl_date_format(wl_topic_trends_time(&run->topics, surge->end - 1) + offset_us, end),
        surge->ratio, surge->low, surge->high, surge->count);
    WL_TRY(wl_cli_line(cli, &run->line, error));
    for (size_t k = 0; k < item->n_texts; k++) {
        struct wl_str quote = {.data = NULL, .n_bytes = 0};
        WL_TRY(wl_quoter_set(&run->quoter, run->journey.company->texts.texts[item->texts[k]].body,
                             &quote, error));
        wl_buf_format(&run->line, "      \"%.*s\"", WL_STR_ARG(quote));
        WL_TRY(wl_cli_line(cli, &run->line, error));
    }
    return WL_OK;
}

static wl_status print_topic(struct run *run, uint32_t topic, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const struct wl_trend *trend = &run->topics.trends.items[topic];
    char number[32];

    wl_column(&run->line, topic_name(run, topic, cli->is_zh), 24);
    snprintf(number, sizeof(number), "%6zu", trend->n_texts);
    wl_column(&run->line, wl_str_from(number), 6);
    snprintf(number, sizeof(number), "%5.1f %%",
             trend->n_texts > 0 ? 100.0 * (double)trend->n_negative / (double)trend->n_texts : 0.0);
    wl_column(&run->line, wl_str_from(number), 8);
    write_spark(run, trend, &run->line);
    WL_TRY(wl_cli_line(cli, &run->line, error));
    for (size_t k = 0; k < trend->n_surges && k < WL_TREND_SURGES_MAX; k++) {
        WL_TRY(print_surge(run, &trend->surges[k], error));
    }
    return WL_OK;
}

static wl_status write_surge(struct run *run, const struct wl_trend_surge *item,
                             struct wl_json_writer *json, wl_error *error)
{
    const struct wl_surge *surge = &item->surge;
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"count", surge->count},
                   {"expected", surge->expected},
                   {"ratio", surge->ratio},
                   {"low", surge->low},
                   {"high", surge->high},
                   {"share_before", item->share_before},
                   {"share_during", item->share_during}};

    wl_json_open(json, '{');
    wl_json_key(json, "begin");
    wl_json_time(json, wl_topic_trends_time(&run->topics, surge->begin));
    wl_json_key(json, "alarm");
    wl_json_time(json, wl_topic_trends_time(&run->topics, surge->alarm));
    wl_json_key(json, "end");
    wl_json_time(json, wl_topic_trends_is_on(&run->topics, surge)
                           ? WL_TIME_NONE
                           : wl_topic_trends_time(&run->topics, surge->end));
    for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
        wl_json_key(json, numbers[k].key);
        wl_json_digits(json, numbers[k].value, 4);
    }
    wl_json_key(json, "texts");
    wl_json_open(json, '[');
    for (size_t k = 0; k < item->n_texts; k++) {
        struct wl_str quote = {.data = NULL, .n_bytes = 0};
        WL_TRY(wl_quoter_set(&run->quoter, run->journey.company->texts.texts[item->texts[k]].body,
                             &quote, error));
        wl_json_str(json, quote);
    }
    wl_json_close(json, ']');
    wl_json_close(json, '}');
    return WL_OK;
}

static wl_status print_json(struct run *run, uint32_t topic, wl_error *error)
{
    const struct wl_trend *trend = &run->topics.trends.items[topic];
    struct wl_json_writer json = wl_json_begin(&run->line);

    wl_json_open(&json, '{');
    wl_json_key(&json, "topic");
    wl_json_str(&json, wl_dict_string(&run->topics.topics, topic));
    wl_json_key(&json, "zh");
    wl_json_str(&json, topic_name(run, topic, true));
    wl_json_key(&json, "en");
    wl_json_str(&json, topic_name(run, topic, false));
    wl_json_key(&json, "texts");
    wl_json_i64(&json, (int64_t)trend->n_texts);
    wl_json_key(&json, "negative");
    wl_json_i64(&json, (int64_t)trend->n_negative);
    wl_json_key(&json, "from");
    wl_json_time(&json, run->topics.options.from_us);
    wl_json_key(&json, "windows");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < run->topics.trends.n_windows; i++) {
        wl_json_i64(&json, trend->negative[i]);
    }
    wl_json_close(&json, ']');
    wl_json_key(&json, "surges");
    wl_json_open(&json, '[');
    for (size_t k = 0; k < trend->n_surges && k < WL_TREND_SURGES_MAX; k++) {
        WL_TRY(write_surge(run, &trend->surges[k], &json, error));
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
    return wl_cli_line(run->cli, &run->line, error);
}

/* ---- the check ---- */

static wl_status print_check(struct run *run, int64_t n_shuffles, double factor, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_trend_check check;

    WL_TRY(
        wl_trends_check(&run->topics.trends, (size_t)n_shuffles, factor, cli->seed, &check, error));
    if (!cli->is_json) {
        wl_cli_say(
            cli,
            WL_SAY(cli,
                   "days shuffled %lld times: %zu false alarms in %zu windows, %.1f allowed; "
                   "planted x%.1f: %.1f %% found, after %.1f windows",
                   "按日打乱 %lld 次：%zu 次误报（%zu 个窗口，允许 %.1f 次）；"
                   "植入 %.1f 倍：发现 %.1f %%，平均 %.1f 个窗口后"),
            (long long)n_shuffles, check.n_false, check.n_windows, check.n_false_allowed, factor,
            100.0 * (double)check.n_found / (double)check.n_planted, check.delay_windows);
        return WL_OK;
    }
    const struct {
        const char *key;
        double value;
    } numbers[] = {{"shuffles", (double)n_shuffles},     {"factor", factor},
                   {"windows", (double)check.n_windows}, {"false_alarms", (double)check.n_false},
                   {"allowed", check.n_false_allowed},   {"planted", (double)check.n_planted},
                   {"found", (double)check.n_found},     {"delay_windows", check.delay_windows}};
    struct wl_json_writer json = wl_json_begin(&run->line);
    wl_json_open(&json, '{');
    for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
        wl_json_key(&json, numbers[k].key);
        wl_json_digits(&json, numbers[k].value, 6);
    }
    wl_json_close(&json, '}');
    return wl_cli_line(cli, &run->line, error);
}

static wl_status print_all(struct run *run, wl_error *error)
{
    static const double factors[] = {1.5, 2.0, 3.0};
    struct wl_cli *cli = run->cli;
    int64_t n_shuffles = 0;
    size_t n_surges = 0;

    WL_TRY(wl_cli_int(cli, "shuffle", 1, 100000, 0, &n_shuffles, error));
    if (!cli->is_json && run->topics.trends.n_topics > 0) {
        print_head(run);
        WL_TRY(wl_cli_line(cli, &run->line, error));
    }
    for (size_t i = 0; i < run->topics.trends.n_topics; i++) {
        uint32_t topic = run->topics.order[i];
        WL_TRY(cli->is_json ? print_json(run, topic, error) : print_topic(run, topic, error));
        n_surges += run->topics.trends.items[topic].n_surges;
    }
    wl_cli_say(cli,
               WL_SAY(cli, "topics: %zu, days: %zu, surges: %zu", "%zu 个主题，%zu 天，%zu 次激增"),
               run->topics.trends.n_topics, run->topics.options.n_days, n_surges);
    for (size_t k = 0; n_shuffles > 0 && k < sizeof(factors) / sizeof(factors[0]); k++) {
        WL_TRY(print_check(run, n_shuffles, factors[k], error));
    }
    return WL_OK;
}

static wl_status run_trends(struct wl_cli *cli, wl_error *error)
{
    struct run run = {.cli = cli};

    wl_quoter_init(&run.quoter, cli->alloc);
    wl_buf_init(&run.line, cli->alloc, 0);
    wl_status status = build(&run, error);
    if (status == WL_OK) {
        status = print_all(&run, error);
    }
    wl_topic_trends_release(&run.topics);
    wl_buf_release(&run.line);
    wl_quoter_release(&run.quoter);
    wl_journey_close(&run.journey);
    return status;
}

static const struct wl_option options[] = {
    {"from", 0, "DATE", "first day (default: the first text)", "第一天（默认：第一条文本）"},
    {"to", 0, "DATE", "the day after the last (default: the newest record's)",
     "最后一天的次日（默认：最新记录当天）"},
    {"hours", 0, NULL, "by hours instead of days", "按小时而不是按天"},
    {"alarms", 0, "N", "false alarms a year over all topics (12)",
     "全部主题每年允许的误报次数（12）"},
    {"shuffle", 0, "N", "also shuffle the days N times and count false alarms and planted surges",
     "另将日期打乱 N 次，统计误报并检验植入的激增"},
};

const struct wl_command wl_command_text_trends = {
    .name = "text trends",
    .summary_en = "negative texts per topic and day, and surges in them",
    .summary_zh = "各主题每日负面文本数及其激增",
    .arguments = "",
    .example = "wanliu text trends --shuffle 100",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_trends,
};
