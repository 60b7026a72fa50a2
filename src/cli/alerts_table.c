/* The words of alerts in both languages, and their table. */
#include "cli/alerts_table.h"

#include "compose/taxonomy.h"
#include "decide/alert_json.h"

#include <math.h>
#include <stdio.h>

struct words {
    const char *key;
    const char *en;
    const char *zh;
};

static const struct words reasons[] = {
    {"cancel", "wants to leave", "要退订"},
    {"complaint", "complains", "投诉"},
    {"refund", "wants money back", "要退款"},
    {"sentiment_down", "mood has fallen", "情绪下滑"},
    {"churn_risk", "likely to leave", "流失概率高"},
    {"activity_down", "activity has fallen", "活跃度下降"},
    {"spend_down", "spends less", "消费下降"},
    {"inactive", "has gone quiet", "长期未活跃"},
    {"payment_failed", "payments fail", "支付失败"},
    {"support_issue", "support", "客服问题"},
    {"performance", "stalls and errors", "卡顿与报错"},
    {"ads", "ads", "广告"},
    {"content", "content", "内容"},
    {"price", "price", "价格"},
    {"contract", "contract ends", "合约到期"},
    {"new_customer", "new customer", "新客户"},
};

// What to offer, by the group of the reason; the last one when no group answers.
static const struct words strategies[] = {
    {"engagement", "bring back with what they like", "推荐喜欢的内容，唤回使用"},
    {"value", "an offer from the catalogue", "提供目录内的优惠"},
    {"billing", "help to pay, or a pause", "协助支付或暂停订阅"},
    {"service", "priority support", "优先客服跟进"},
    {"experience", "fewer ads, fresh content", "减少广告、补充内容"},
    {"onboarding", "show how it works", "新手引导"},
    {"contact", "call and ask why", "主动联系，了解原因"},
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

static const struct words *strategy_of(const struct wl_alert *alert)
{
    int group = wl_reason_group(wl_reason_from(alert->reason));
    // A reason stands behind what was said: whoever complains is helped, not paid.
    if (wl_str_is(alert->reason, "complaint")) {
        group = wl_reason_group(WL_REASON_SUPPORT_ISSUE);
    } else if (wl_str_is(alert->reason, "refund")) {
        group = wl_reason_group(WL_REASON_PAYMENT_FAILED);
    }
    return &strategies[group >= 0 ? (size_t)group : N_WORDS(strategies) - 1];
}

void wl_column(struct wl_buf *line, struct wl_str text, size_t n_columns)
{
    size_t width = 0;

    for (size_t i = 0; i < text.n_bytes;) {
        size_t n = wl_utf8_length(text, i);
        width += n >= 3 ? 2 : 1;
        i += n > 0 ? n : 1;
    }
    wl_buf_str(line, text);
    for (; width < n_columns; width++) {
        wl_buf_char(line, ' ');
    }
    wl_buf_text(line, "  ");
}

static bool is_shown(const struct wl_alert *alert, const struct wl_alerts_view *view)
{
    return (view->has_closed || alert->state <= WL_ALERT_ACKNOWLEDGED) &&
           (view->from_us == WL_TIME_NONE || alert->raised_us >= view->from_us) &&
           (view->to_us == WL_TIME_NONE || alert->raised_us < view->to_us);
}

static bool goes_before(const struct wl_alert *a, const struct wl_alert *b)
{
    if (a->severity != b->severity) {
        return a->severity > b->severity;
    }
    if (a->at_risk > b->at_risk || a->at_risk < b->at_risk) {
        return a->at_risk > b->at_risk;
    }
    return a->raised_us != b->raised_us ? a->raised_us < b->raised_us
                                        : wl_str_compare(a->user, b->user) < 0;
}

// Shell sort: no memory, no callback with a context, and a few thousand alerts at most are shown.
static void sort(const struct wl_alert **shown, size_t n)
{
    for (size_t gap = n / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < n; i++) {
            const struct wl_alert *kept = shown[i];
            size_t k = i;
            for (; k >= gap && goes_before(kept, shown[k - gap]); k -= gap) {
                shown[k] = shown[k - gap];
            }
            shown[k] = kept;
        }
    }
}

static void write_row(const struct wl_cli *cli, const struct wl_alert *alert, struct wl_buf *line)
{
    char since[WL_TIME_TEXT_BYTES];
    char risk[48];
    char id[24];
    const struct words *strategy = strategy_of(alert);

    snprintf(id, sizeof(id), "%016llx", (unsigned long long)alert->id);
    snprintf(risk, sizeof(risk), isnan(alert->p_churn) ? "?" : "%.4g", alert->at_risk);
    wl_time_format_iso(wl_time_floor(alert->raised_us, WL_SECOND_US), since);
    wl_column(line, wl_str_from(id), 16);
    wl_column(line,
              word_of(cli, severities, N_WORDS(severities),
                      wl_str_from(wl_alert_severity_names[alert->severity])),
              8);
    wl_column(line, alert->user, 10);
    wl_column(line, word_of(cli, reasons, N_WORDS(reasons), alert->reason), 19);
    wl_column(line,
              word_of(cli, sources, N_WORDS(sources),
                      wl_str_from(wl_alert_signal_source_names[alert->source])),
              9);
    wl_column(line, wl_str_from(since), 20);
    wl_column(line, wl_str_from(risk), 8);
    wl_column(
        line,
        word_of(cli, states, N_WORDS(states), wl_str_from(wl_alert_state_names[alert->state])), 8);
    wl_buf_text(line, cli->is_zh ? strategy->zh : strategy->en);
}

static void write_head(const struct wl_cli *cli, struct wl_buf *line)
{
    wl_column(line, wl_str_from(WL_SAY(cli, "alert", "预警")), 16);
    wl_column(line, wl_str_from(WL_SAY(cli, "severity", "级别")), 8);
    wl_column(line, wl_str_from(WL_SAY(cli, "user", "用户")), 10);
    wl_column(line, wl_str_from(WL_SAY(cli, "reason", "原因")), 19);
    wl_column(line, wl_str_from(WL_SAY(cli, "source", "来源")), 9);
    wl_column(line, wl_str_from(WL_SAY(cli, "since", "时间")), 20);
    wl_column(line, wl_str_from(WL_SAY(cli, "at risk", "风险价值")), 8);
    wl_column(line, wl_str_from(WL_SAY(cli, "state", "状态")), 8);
    wl_buf_text(line, WL_SAY(cli, "suggestion", "建议"));
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
    wl_cli_say(cli,
               WL_SAY(cli,
                      "gave none: %zu below the level, %zu held, %zu cool-down, %zu within chance, "
                      "%zu too few texts, %zu other intents, %zu unsure, %zu twice",
                      "未触发：%zu 低于阈值，%zu 已预警未回落，%zu 冷却期内，%zu 属随机波动，"
                      "%zu 文本太少，%zu 其他意图，%zu 不确定，%zu 重复"),
               counts->n_quiet[WL_QUIET_LEVEL], counts->n_quiet[WL_QUIET_HELD],
               counts->n_quiet[WL_QUIET_COOLDOWN], counts->n_quiet[WL_QUIET_CHANCE],
               counts->n_quiet[WL_QUIET_FEW], counts->n_quiet[WL_QUIET_INTENT],
               counts->n_quiet[WL_QUIET_UNSURE], counts->n_quiet[WL_QUIET_DUPLICATE]);
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
                              const struct wl_alert *const *shown, size_t n_shown, wl_error *error)
{
    const struct wl_alert_options *options = wl_alerts_options(alerts);
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    if (!cli->is_json && n_shown > 0) {
        write_head(cli, &line);
        status = wl_cli_line(cli, &line, error);
    }
    for (size_t i = 0; i < n_shown && status == WL_OK; i++) {
        if (cli->is_json) {
            wl_alert_write(shown[i], options->teams[shown[i]->team].name,
                           strategy_of(shown[i])->key, &line);
        } else {
            write_row(cli, shown[i], &line);
        }
        status = wl_cli_line(cli, &line, error);
    }
    wl_buf_release(&line);
    return status;
}

wl_status wl_alerts_show(struct wl_cli *cli, const struct wl_alerts *alerts,
                         const struct wl_alerts_view *view, size_t n_held, wl_error *error)
{
    size_t n_alerts = wl_alerts_count(alerts);
    size_t n_shown = 0;
    const struct wl_alert **shown = wl_alloc_array(cli->alloc, n_alerts + 1, sizeof(*shown));

    if (shown == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu alerts", n_alerts);
    }
    for (size_t i = 0; i < n_alerts; i++) {
        const struct wl_alert *alert = wl_alerts_get(alerts, i);
        if (is_shown(alert, view)) {
            shown[n_shown++] = alert;
        }
    }
    sort(shown, n_shown);
    n_shown = n_shown < view->n_shown_max ? n_shown : view->n_shown_max;
    wl_status status = print_alerts(cli, alerts, shown, n_shown, error);
    if (status == WL_OK) {
        say_counts(cli, wl_alerts_counts(alerts), n_held);
    }
    wl_alloc_free(cli->alloc, shown);
    return status;
}
