/* Alerts and surges, as the page shows them: sorted, named in both languages, quotes masked. */
#include "journey_watch.h"

#include "decide/alert_options.h"
#include "journey_advice.h"
#include "journey_alerts.h"
#include "journey_trends.h"
#include "journey_voice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define QUOTE_CHARACTERS 90 // what a row of a table holds in three lines
#define DAYS_A_WEEK      7

/* ---- alerts ---- */

/* While alerts are put together. */
struct watch {
    struct wl_journey *journey;
    struct wl_arena *arena;
    struct wl_alert_options options;
    struct wl_alerts *alerts;
    struct wl_alert_stream *stream;
    struct wl_advice advice;
    const struct wl_alert **live; /* (n_live) */
    size_t n_live;
};

static const enum wl_report_word source_words[WL_SIGNAL_SOURCE_COUNT] = {
    WL_WORD_ALERT_STATED, WL_WORD_ALERT_TEXT, WL_WORD_ALERT_BEHAVIOUR};
static const enum wl_report_word state_words[] = {WL_WORD_ALERT_QUEUED, WL_WORD_ALERT_OPEN,
                                                  WL_WORD_ALERT_AT_WORK};

static int compare(const void *a, const void *b)
{
    return wl_alert_compare(*(const struct wl_alert *const *)a, *(const struct wl_alert *const *)b);
}

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for the alerts of a report");
}

static wl_status run_alerts(struct watch *watch, const struct wl_scorer *scorer, int64_t as_of_us,
                            wl_error *error)
{
    struct wl_journey *journey = watch->journey;
    struct wl_workspace *workspace = &journey->workspace;
    const wl_alloc *alloc = journey->run.alloc;
    wl_status status = wl_alert_options_read(&workspace->arena, workspace->alerts, &journey->tiers,
                                             workspace->utc_offset_us, &watch->options, error);

    WL_TRY(wl_workspace_fail(workspace, status, error));
    WL_TRY(wl_advice_open(workspace, alloc, &watch->advice, error));
    WL_TRY(wl_alerts_new(alloc, &watch->options, &watch->alerts, error));
    WL_TRY(wl_alert_stream_new(alloc, watch->alerts, &watch->stream, error));
    WL_TRY(wl_journey_deeds(workspace, alloc, watch->stream, error));
    WL_TRY(wl_journey_alerts(journey, scorer, &watch->options,
                             wl_alert_walk_from(&watch->options, as_of_us), as_of_us, watch->stream,
                             NULL, error));
    return wl_alert_stream_flush(watch->stream, as_of_us, error);
}

static wl_status sort_live(struct watch *watch, struct wl_report_alerts *counts, wl_error *error)
{
    size_t n_alerts = wl_alerts_count(watch->alerts);

    watch->live = wl_arena_zeroed(watch->arena, n_alerts + 1, sizeof(const struct wl_alert *));
    if (watch->live == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < n_alerts; i++) {
        const struct wl_alert *alert = wl_alerts_get(watch->alerts, i);
        if (wl_alert_is_live(alert)) {
            watch->live[watch->n_live++] = alert;
            counts->n_by_severity[alert->severity] += 1.0;
            counts->n_waiting += alert->state == WL_ALERT_WAITING;
            counts->n_degraded += alert->is_degraded;
            counts->at_risk += isfinite(alert->at_risk) ? alert->at_risk : 0.0;
        }
    }
    qsort(watch->live, watch->n_live, sizeof(const struct wl_alert *), compare);
    return WL_OK;
}

// "leaving: price". Names live in the rule files, which are closed before the page is written.
static const char *reason_text(struct watch *watch, const char *name, const char *because,
                               const char *between)
{
    struct wl_buf text;

    wl_buf_init(&text, watch->arena->alloc, 0);
    wl_buf_text(&text, name);
    if (because != NULL) {
        wl_buf_text(&text, between);
        wl_buf_text(&text, because);
    }
    const char *kept = wl_arena_string(watch->arena, wl_buf_view(&text));
    wl_buf_release(&text);
    return kept;
}

static struct wl_label name_of(struct watch *watch, const struct wl_alert *alert,
                               const struct wl_alert_advice *advice)
{
    struct wl_label name = wl_advice_name(&watch->advice, alert->reason);

    if (name.zh == NULL) { // a reason that nobody knows stands for itself
        name.zh = wl_arena_string(watch->arena, alert->reason);
        name.en = name.zh;
        return name;
    }
    return (struct wl_label){.zh = reason_text(watch, name.zh, advice->because.zh, "："),
                             .en = reason_text(watch, name.en, advice->because.en, ": ")};
}

static struct wl_str quote_of(const struct wl_alert *alert)
{
    struct wl_str quote = WL_STR("");

    for (const struct wl_alert_evidence *item = alert->evidence; item != NULL; item = item->next) {
        quote = item->text.n_bytes > 0 ? item->text : quote; // the newest speaks
    }
    return quote;
}

// A local day and minute: "2025-03-20 11:56".
static const char *moment(struct watch *watch, int64_t time_us)
{
    char text[WL_TIME_TEXT_BYTES];
    int64_t local_us = time_us + watch->journey->workspace.utc_offset_us;

    wl_time_format_iso(wl_time_floor(local_us, WL_SECOND_US), text);
    text[10] = ' ';
    return wl_arena_string(watch->arena, (struct wl_str){.data = text, .n_bytes = 16});
}

static wl_status copy_alert(struct watch *watch, const struct wl_alert *alert,
                            struct wl_report_alert *item, wl_error *error)
{
    const char *user = wl_arena_string(watch->arena, alert->user);
    const char *quote = wl_arena_string(watch->arena, quote_of(alert));
    bool is_known = isfinite(alert->p_churn);
    struct wl_alert_advice advice;

    WL_TRY(wl_advice_alert(&watch->advice, alert, &advice, error));
    struct wl_label name = name_of(watch, alert, &advice);
    *item = (struct wl_report_alert){.severity = alert->severity,
                                     .reason = name,
                                     .source = wl_report_word(source_words[alert->source]),
                                     .state = wl_report_word(state_words[alert->state]),
                                     .strategy = advice.strategy->label,
                                     .since = moment(watch, alert->raised_us),
                                     .p_churn = alert->p_churn,
                                     .at_risk = is_known && isfinite(alert->value) ? alert->at_risk
                                                                                   : (double)NAN};
    if (user == NULL || quote == NULL || name.zh == NULL || name.en == NULL ||
        item->since == NULL) {
        return no_memory(error);
    }
    item->user = wl_str_from(user);
    item->quote = wl_str_from(quote);
    return WL_OK;
}

static wl_status copy_alerts(struct watch *watch, struct wl_report_alerts *alerts, wl_error *error)
{
    size_t n = watch->n_live < WL_REPORT_ALERTS_MAX ? watch->n_live : WL_REPORT_ALERTS_MAX;
    struct wl_report_alert *items = wl_arena_zeroed(watch->arena, n + 1, sizeof(*items));

    if (items == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        WL_TRY(copy_alert(watch, watch->live[i], &items[i], error));
    }
    alerts->items = items;
    alerts->n_items = n;
    return WL_OK;
}

wl_status wl_watch_alerts(struct wl_journey *journey, const struct wl_scorer *scorer,
                          int64_t as_of_us, struct wl_arena *arena, struct wl_report_alerts *alerts,
                          wl_error *error)
{
    struct watch watch = {.journey = journey, .arena = arena};
    wl_status status = WL_OK;

    *alerts = (struct wl_report_alerts){0};
    WL_GO(run_alerts(&watch, scorer, as_of_us, error));
    WL_GO(sort_live(&watch, alerts, error));
    status = copy_alerts(&watch, alerts, error);
done:
    wl_alert_stream_free(watch.stream);
    wl_alerts_free(watch.alerts);
    wl_advice_release(&watch.advice);
    return status;
}

/* ---- surges ---- */

static const char *day_name(struct wl_arena *arena, const struct wl_journey *journey,
                            int64_t time_us, size_t i_first)
{
    char text[WL_TIME_TEXT_BYTES];
    const char *day = wl_date_format(time_us + journey->workspace.utc_offset_us, text);
    return wl_arena_string(arena, wl_str_from(day + i_first));
}

// Whole weeks that end with the last day, each topic's negative texts in them.
static wl_status fill_weeks(const struct wl_journey *journey, const struct wl_topic_trends *topics,
                            struct wl_arena *arena, struct wl_report_trends *trends,
                            wl_error *error)
{
    size_t n_weeks = topics->options.n_days / DAYS_A_WEEK;

    trends->n_weeks = n_weeks < WL_WATCH_WEEKS_MAX ? n_weeks : WL_WATCH_WEEKS_MAX;
    size_t first = topics->options.n_days - trends->n_weeks * DAYS_A_WEEK;
    for (size_t w = 0; w < trends->n_weeks; w++) {
        int64_t begin_us = wl_topic_trends_time(topics, first + w * DAYS_A_WEEK);
        const char *name = day_name(arena, journey, begin_us, 5); // month and day
        if (name == NULL) {
            return no_memory(error);
        }
        trends->weeks[w] = (struct wl_label){.zh = name, .en = name};
    }
    for (size_t i = 0; i < topics->trends.n_topics && i < WL_WATCH_TOPICS_MAX; i++) {
        const struct wl_trend *trend = &topics->trends.items[topics->order[i]];
        struct wl_watch_topic *topic = &trends->topics[trends->n_topics++];
        topic->name = wl_topic_trends_name(topics, journey, topics->order[i]);
        for (size_t day = first; day < topics->options.n_days; day++) {
            topic->weeks[(day - first) / DAYS_A_WEEK] += trend->negative[day];
            topic->n_negative += trend->negative[day];
            topic->n_texts += trend->all[day];
        }
    }
    return WL_OK;
}

static wl_status copy_surge(const struct wl_journey *journey, const struct wl_topic_trends *topics,
                            uint32_t topic, const struct wl_trend_surge *from,
                            struct wl_arena *arena, struct wl_watch_surge *surge, wl_error *error)
{
    const struct wl_surge *found = &from->surge;
    bool is_on = wl_topic_trends_is_on(topics, found);
    bool is_zh = journey->workspace.language == 1;

    *surge = (struct wl_watch_surge){
        .topic = wl_topic_trends_name(topics, journey, topic),
        .begin = day_name(arena, journey, wl_topic_trends_time(topics, found->begin), 0),
        .end =
            is_on ? "" : day_name(arena, journey, wl_topic_trends_time(topics, found->end - 1), 0),
        .n_negative = found->count,
        .n_expected = found->expected,
        .ratio = found->ratio,
        .low = found->low,
        .high = found->high,
        .share_before = from->share_before,
        .share_during = from->share_during};
    if (surge->begin == NULL || surge->end == NULL) {
        return no_memory(error);
    }
    for (size_t k = 0; k < from->n_texts && k < WL_WATCH_QUOTES_MAX; k++) {
        struct wl_str body = journey->company->texts.texts[from->texts[k]].body;
        WL_TRY(wl_voice_quote(arena, body, QUOTE_CHARACTERS, is_zh, &surge->quotes[k], error));
        surge->n_quotes++;
    }
    return WL_OK;
}

static wl_status fill_surges(const struct wl_journey *journey, const struct wl_topic_trends *topics,
                             struct wl_arena *arena, struct wl_report_trends *trends,
                             wl_error *error)
{
    size_t n_days = topics->options.n_days;
    size_t recent = n_days > WL_WATCH_RECENT_DAYS ? n_days - WL_WATCH_RECENT_DAYS : 0;

    for (size_t i = 0; i < topics->trends.n_topics; i++) {
        uint32_t topic = topics->order[i];
        const struct wl_trend *trend = &topics->trends.items[topic];
        for (size_t k = 0; k < trend->n_surges && k < WL_TREND_SURGES_MAX; k++) {
            const struct wl_trend_surge *surge = &trend->surges[k];
            if (surge->surge.end <= recent) {
                trends->n_earlier++;
            } else if (trends->n_surges < WL_WATCH_SURGES_MAX) {
                WL_TRY(copy_surge(journey, topics, topic, surge, arena,
                                  &trends->surges[trends->n_surges], error));
                trends->n_surges++;
            }
        }
    }
    return WL_OK;
}

wl_status wl_watch_trends(struct wl_journey *journey, int64_t as_of_us, struct wl_arena *arena,
                          struct wl_report_trends *trends, wl_error *error)
{
    const struct wl_surge_options surge = wl_surge_defaults();
    struct wl_topic_trends topics = {0};

    *trends =
        (struct wl_report_trends){.n_days_needed = surge.baseline_days_min + surge.guard_days};
    wl_status status =
        wl_topic_trends_build(journey, &surge, WL_TIME_NONE, as_of_us, &topics, error);
    if (status == WL_ENOTFOUND || status == WL_EINVAL) {
        return WL_OK; // no texts, or less than a day of them: nothing to say
    }
    if (status == WL_OK) {
        trends->n_days = topics.options.n_days;
        status = fill_weeks(journey, &topics, arena, trends, error);
    }
    if (status == WL_OK) {
        status = fill_surges(journey, &topics, arena, trends, error);
    }
    wl_topic_trends_release(&topics);
    return status;
}
