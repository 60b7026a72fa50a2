/* The words of alerts in both languages, and their table. */
#include "cli/alerts_table.h"

#include "decide/alert_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct words {
    const char *key;
    const char *en;
    const char *zh;
};

static const struct words severities[] = {
    {"notice", "notice", "提示"}, {"warning", "warning", "警告"}, {"critical", "critical", "紧急"}};
static const struct words states[] = {{"waiting", "waiting", "排队"},
                                      {"open", "open", "待处理"},
                                      {"acknowledged", "at work", "处理中"},
                                      {"resolved", "resolved", "已解决"},
                                      {"expired", "expired", "已过期"}};
static const struct words sources[] = {
    {"stated", "said so", "明示"}, {"text", "text", "文本"}, {"behaviour", "behaviour", "行为"}};

#define N_WORDS(list) (sizeof(list) / sizeof((list)[0]))

static struct wl_str word_of(const struct wl_cli *cli, const struct words *list, size_t n,
                             struct wl_str key)
{
    for (size_t i = 0; i < n; i++) {
        if (wl_str_is(key, list[i].key)) {
            return wl_str_from(cli->is_zh ? list[i].zh : list[i].en);
        }
    }
    return key;
}

static size_t width_of(struct wl_str text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.n_bytes;) {
        size_t n = wl_utf8_length(text, i);
        width += n >= 3 ? 2 : 1;
        i += n > 0 ? n : 1;
    }
    return width;
}

void wl_column(struct wl_buf *line, struct wl_str text, size_t n_columns)
{
    wl_buf_str(line, text);
    for (size_t width = width_of(text); width < n_columns; width++) {
        wl_buf_char(line, ' ');
    }
    wl_buf_text(line, "  ");
}

/* A row: an alert and what is done about it. */
struct row {
    const struct wl_alert *alert;
    struct wl_alert_advice advice;
};

static bool is_shown(const struct wl_alert *alert, const struct wl_alerts_view *view)
{
    return (view->has_closed || wl_alert_is_live(alert)) &&
           (view->from_us == WL_TIME_NONE || alert->raised_us >= view->from_us) &&
           (view->to_us == WL_TIME_NONE || alert->raised_us < view->to_us);
}

static int compare(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;

    return wl_alert_compare(left->alert, right->alert);
}

/* Columns of the table, in order. */
enum column {
    COLUMN_ID,
    COLUMN_SEVERITY,
    COLUMN_USER,
    COLUMN_REASON,
    COLUMN_SOURCE,
    COLUMN_SINCE,
    COLUMN_RISK,
    COLUMN_STATE,
    COLUMN_ADVICE,
    COLUMN_COUNT
};

static const struct words heads[COLUMN_COUNT] = {
    {"id", "alert", "预警"},          {"severity", "severity", "级别"},
    {"user", "user", "用户"},         {"reason", "reason", "原因"},
    {"source", "source", "来源"},     {"since", "since", "时间"},
    {"risk", "at risk", "风险价值"},  {"state", "state", "状态"},
    {"advice", "suggestion", "建议"},
};

#define CELL_BYTES 96 // of a number, a time, or two names of reasons

// "leaving: price": what the alert is raised for, and the reason its texts give.
static struct wl_str reason_of(const struct wl_cli *cli, const struct wl_advice *advice,
                               const struct row *row, char cell[CELL_BYTES])
{
    struct wl_label name = wl_advice_name(advice, row->alert->reason);
    const char *text = cli->is_zh ? name.zh : name.en;
    const char *because = cli->is_zh ? row->advice.because.zh : row->advice.because.en;

    if (text == NULL || because == NULL) {
        return text != NULL ? wl_str_from(text) : row->alert->reason;
    }
    snprintf(cell, CELL_BYTES, WL_SAY(cli, "%s: %s", "%s：%s"), text, because);
    return wl_str_from(cell);
}

// One cell; cell: room for those that are made here.
static struct wl_str cell_of(const struct wl_cli *cli, const struct wl_advice *advice,
                             const struct row *row, enum column column, char cell[CELL_BYTES])
{
    const struct wl_alert *alert = row->alert;
    const struct wl_label *label = &row->advice.strategy->label;

    switch (column) {
    case COLUMN_ID:
        snprintf(cell, CELL_BYTES, "%016llx", (unsigned long long)alert->id);
        return wl_str_from(cell);
    case COLUMN_SEVERITY:
        return word_of(cli, severities, N_WORDS(severities),
                       wl_str_from(wl_alert_severity_names[alert->severity]));
    case COLUMN_USER: return alert->user;
    case COLUMN_REASON: return reason_of(cli, advice, row, cell);
    case COLUMN_SOURCE:
        return word_of(cli, sources, N_WORDS(sources),
                       wl_str_from(wl_alert_signal_source_names[alert->source]));
    case COLUMN_SINCE:
        return wl_str_from(wl_time_format_iso(wl_time_floor(alert->raised_us, WL_SECOND_US), cell));
    case COLUMN_RISK:
        snprintf(cell, CELL_BYTES, isnan(alert->p_churn) ? "?" : "%.4g", alert->at_risk);
        return wl_str_from(cell);
    case COLUMN_STATE:
        return word_of(cli, states, N_WORDS(states),
                       wl_str_from(wl_alert_state_names[alert->state]));
    case COLUMN_ADVICE: return wl_str_from(cli->is_zh ? label->zh : label->en);
    case COLUMN_COUNT: break;
    }
    return (struct wl_str){.data = NULL, .n_bytes = 0};
}

static void measure(const struct wl_cli *cli, const struct wl_advice *advice,
                    const struct row *shown, size_t n_shown, size_t *widths)
{
    char cell[CELL_BYTES];

    for (int c = 0; c < COLUMN_ADVICE; c++) { // the last one may be as long as it likes
        widths[c] = width_of(wl_str_from(cli->is_zh ? heads[c].zh : heads[c].en));
        for (size_t i = 0; i < n_shown; i++) {
            size_t width = width_of(cell_of(cli, advice, &shown[i], (enum column)c, cell));
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
}

static void write_row(const struct wl_cli *cli, const struct wl_advice *advice,
                      const struct row *row, const size_t *widths, struct wl_buf *line)
{
    char cell[CELL_BYTES];

    for (int c = 0; c < COLUMN_COUNT; c++) {
        struct wl_str text = row != NULL ? cell_of(cli, advice, row, (enum column)c, cell)
                                         : wl_str_from(cli->is_zh ? heads[c].zh : heads[c].en);
        if (c == COLUMN_ADVICE) {
            wl_buf_str(line, text);
        } else {
            wl_column(line, text, widths[c]);
        }
    }
}

// Why signals gave no alert: only what happened is said.
static void say_quiet(struct wl_cli *cli, const struct wl_alert_counts *counts)
{
    static const struct words whys[WL_QUIET_COUNT] = {
        {"level", "below the level", "低于阈值"},
        {"held", "of an alert already raised", "已预警未回落"},
        {"cooldown", "soon after the last alert", "距上次预警太近"},
        {"chance", "may be chance", "属随机波动"},
        {"few", "too few texts to know what is usual", "该客户文本太少，无从比较"},
        {"intent", "wants nothing to warn of", "意图无需预警"},
        {"unsure", "not sure what the text wants", "意图不确定"},
        {"duplicate", "seen before", "重复"}};
    struct wl_buf line;

    wl_buf_init(&line, cli->alloc, 0);
    for (size_t i = 0; i < WL_QUIET_COUNT; i++) {
        if (counts->n_quiet[i] > 0) {
            wl_buf_format(&line, "%s%zu %s", line.n_bytes > 0 ? WL_SAY(cli, ", ", "，") : "",
                          counts->n_quiet[i], cli->is_zh ? whys[i].zh : whys[i].en);
        }
    }
    if (line.n_bytes > 0) {
        wl_cli_say(cli, WL_SAY(cli, "gave none: %s", "未触发：%s"), line.data);
    }
    wl_buf_release(&line);
}

static void say_counts(struct wl_cli *cli, const struct wl_alert_counts *counts, size_t n_held)
{
    size_t n_quiet = 0;

    for (size_t i = 0; i < WL_QUIET_COUNT; i++) {
        n_quiet += counts->n_quiet[i];
    }
    wl_cli_say(
        cli,
        WL_SAY(cli,
               "%zu signals: %zu raised an alert, %zu joined one, %zu gave none, %zu held back",
               "%zu 条信号：%zu 条触发预警，%zu 条并入已有预警，%zu 条未触发，%zu 条暂存"),
        counts->n_signals + n_held, counts->n_raised, counts->n_merged, n_quiet, n_held);
    say_quiet(cli, counts);
    wl_cli_say(cli,
               WL_SAY(cli,
                      "%zu alerts: %zu waiting, %zu open, %zu at work, %zu resolved, %zu expired "
                      "(%zu of them for want of capacity)",
                      "%zu 条预警：%zu 排队，%zu 待处理，%zu 处理中，%zu 已解决，%zu 已过期"
                      "（其中 %zu 条因处理能力不足）"),
               counts->n_raised, counts->n_by_state[WL_ALERT_WAITING],
               counts->n_by_state[WL_ALERT_OPEN], counts->n_by_state[WL_ALERT_ACKNOWLEDGED],
               counts->n_by_state[WL_ALERT_RESOLVED], counts->n_by_state[WL_ALERT_EXPIRED],
               counts->n_expired_waiting);
    if (counts->n_orphans > 0) {
        wl_cli_say(cli,
                   WL_SAY(cli, "%zu actions speak of alerts that there are not (any more)",
                          "%zu 条处理记录找不到对应的预警"),
                   counts->n_orphans);
    }
    if (counts->n_late > 0) {
        wl_cli_say(cli,
                   WL_SAY(cli, "%zu signals came later than allowed", "%zu 条信号迟到超过允许时间"),
                   counts->n_late);
    }
}

static wl_status print_alerts(struct wl_cli *cli, const struct wl_alerts *alerts,
                              const struct wl_advice *advice, const struct row *shown,
                              size_t n_shown, wl_error *error)
{
    const struct wl_alert_options *options = wl_alerts_options(alerts);
    size_t widths[COLUMN_COUNT] = {0};
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    if (!cli->is_json && n_shown > 0) {
        measure(cli, advice, shown, n_shown, widths);
        write_row(cli, advice, NULL, widths, &line); // the head
        status = wl_cli_line(cli, &line, error);
    }
    for (size_t i = 0; i < n_shown && status == WL_OK; i++) {
        if (cli->is_json) {
            wl_alert_write(shown[i].alert, options->teams[shown[i].alert->team].name,
                           shown[i].advice.strategy->key, &line);
        } else {
            write_row(cli, advice, &shown[i], widths, &line);
        }
        status = wl_cli_line(cli, &line, error);
    }
    wl_buf_release(&line);
    return status;
}

wl_status wl_alerts_show(struct wl_cli *cli, const struct wl_alerts *alerts,
                         struct wl_advice *advice, const struct wl_alerts_view *view, size_t n_held,
                         wl_error *error)
{
    size_t n_alerts = wl_alerts_count(alerts);
    size_t n_shown = 0;
    struct row *shown = wl_alloc_zeroed(cli->alloc, n_alerts + 1, sizeof(*shown));
    wl_status status = WL_OK;

    if (shown == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu alerts", n_alerts);
    }
    for (size_t i = 0; i < n_alerts; i++) {
        const struct wl_alert *alert = wl_alerts_get(alerts, i);
        if (is_shown(alert, view)) {
            shown[n_shown++].alert = alert;
        }
    }
    qsort(shown, n_shown, sizeof(*shown), compare);
    n_shown = n_shown < view->n_shown_max ? n_shown : view->n_shown_max;
    for (size_t i = 0; i < n_shown; i++) {
        WL_GO(wl_advice_alert(advice, shown[i].alert, &shown[i].advice, error));
    }
    WL_GO(print_alerts(cli, alerts, advice, shown, n_shown, error));
    say_counts(cli, wl_alerts_counts(alerts), n_held);
done:
    wl_alloc_free(cli->alloc, shown);
    return status;
}
