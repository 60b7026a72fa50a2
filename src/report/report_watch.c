/* Who needs a call, and what customers complain about more than usual. Both say in words when there
 * is nothing: an empty table would leave open whether anybody looked. */
#include "report/report_parts.h"

#include <math.h>

static const enum wl_report_word severity_words[WL_REPORT_SEVERITIES] = {
    WL_WORD_ALERT_NOTICE, WL_WORD_ALERT_WARNING, WL_WORD_ALERT_CRITICAL};
static const char *const severity_styles[WL_REPORT_SEVERITIES] = {"tier-1", "tier-3", "tier-4"};

static void head_cell(struct wl_buf *html, enum wl_report_word word, bool is_number)
{
    wl_buf_format(html, "<th scope=\"col\"%s>", is_number ? " class=\"number\"" : "");
    wl_html_word(html, word);
    wl_buf_text(html, "</th>");
}

/* ---- alerts ---- */

static void write_key(struct wl_buf *html, enum wl_report_word word, double count)
{
    wl_buf_text(html, "<div class=\"key\"><dt>");
    wl_html_word(html, word);
    wl_buf_text(html, "</dt><dd><b>");
    wl_html_count(html, count);
    wl_buf_text(html, "</b></dd></div>\n");
}

static void write_keys(const struct wl_report_alerts *alerts, struct wl_buf *html)
{
    wl_buf_text(html, "<dl class=\"keys\">\n");
    for (int s = WL_REPORT_SEVERITIES - 1; s >= 0; s--) {
        write_key(html, severity_words[s], alerts->n_by_severity[s]);
    }
    write_key(html, WL_WORD_ALERT_AT_RISK, alerts->at_risk);
    wl_buf_text(html, "</dl>\n");
}

static void write_why(const struct wl_report_alert *alert, struct wl_buf *html)
{
    wl_buf_text(html, "<td class=\"why\">");
    wl_html_label(html, alert->reason);
    wl_buf_text(html, " <span class=\"quiet\">· ");
    wl_html_label(html, alert->source);
    wl_buf_text(html, "</span>");
    if (alert->quote.n_bytes > 0) {
        wl_buf_text(html, "<br><q class=\"quiet\">");
        wl_html_escape(html, alert->quote);
        wl_buf_text(html, "</q>");
    }
    wl_buf_text(html, "</td>");
}

static void write_alert(const struct wl_report_alert *alert, struct wl_buf *html)
{
    wl_buf_format(html, "<tr><td><span class=\"chip %s\">", severity_styles[alert->severity]);
    wl_html_word(html, severity_words[alert->severity]);
    wl_buf_text(html, "</span></td><th scope=\"row\" class=\"user\">");
    wl_html_escape(html, alert->user);
    wl_buf_text(html, "</th>");
    write_why(alert, html);
    wl_buf_text(html, "<td class=\"when\">");
    wl_html_text(html, alert->since);
    wl_buf_text(html, "<br><span class=\"quiet\">");
    wl_html_label(html, alert->state);
    wl_buf_text(html, "</span></td><td class=\"number\">");
    wl_html_percent(html, alert->p_churn);
    wl_buf_text(html, "</td><td class=\"number\">");
    wl_html_count(html, alert->at_risk);
    wl_buf_text(html, "</td><td>");
    wl_html_label(html, alert->strategy);
    wl_buf_text(html, "</td></tr>\n");
}

static void write_alert_table(const struct wl_report_alerts *alerts, size_t n, struct wl_buf *html)
{
    wl_buf_text(html, "<div class=\"scroll card\"><table class=\"alerts\"><thead><tr>");
    head_cell(html, WL_WORD_ALERT_SEVERITY, false);
    head_cell(html, WL_WORD_CUSTOMER, false);
    head_cell(html, WL_WORD_ALERT_WHY, false);
    head_cell(html, WL_WORD_ALERT_SINCE, false);
    head_cell(html, WL_WORD_PROBABILITY, true);
    head_cell(html, WL_WORD_ALERT_AT_RISK, true);
    head_cell(html, WL_WORD_ALERT_DO, false);
    wl_buf_text(html, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        write_alert(&alerts->items[i], html);
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

static void write_foot(const struct wl_report_alerts *alerts, double n_all, size_t n,
                       struct wl_buf *html)
{
    wl_buf_text(html, "<p class=\"lead\">");
    if ((double)n < n_all) {
        wl_html_word(html, WL_WORD_ALERT_FIRST);
        wl_buf_format(html, " %zu / ", n);
        wl_html_count(html, n_all);
        wl_buf_text(html, " · ");
    }
    wl_html_count(html, alerts->n_waiting);
    wl_buf_text(html, " ");
    wl_html_word(html, WL_WORD_ALERT_WAITING);
    if (alerts->n_degraded > 0.0) {
        wl_buf_text(html, " · ");
        wl_html_count(html, alerts->n_degraded);
        wl_buf_text(html, " ");
        wl_html_word(html, WL_WORD_ALERT_DEGRADED);
    }
    wl_buf_text(html, " · <code>wanliu alerts</code></p>\n");
}

void wl_report_alerts(const struct wl_report *report, struct wl_buf *html)
{
    const struct wl_report_alerts *alerts = report->alerts;
    double n_all = 0.0;

    if (alerts == NULL) {
        return;
    }
    wl_report_section(html, "alerts", WL_WORD_ALERTS, WL_WORD_ALERTS_LEAD);
    for (int s = 0; s < WL_REPORT_SEVERITIES; s++) {
        n_all += alerts->n_by_severity[s];
    }
    size_t n = alerts->n_items < WL_REPORT_ALERTS_MAX ? alerts->n_items : WL_REPORT_ALERTS_MAX;
    if (n == 0) {
        wl_html_element(html, "p", "notice", WL_WORD_ALERTS_NONE);
    } else {
        write_keys(alerts, html);
        write_alert_table(alerts, n, html);
        write_foot(alerts, n_all, n, html);
    }
    wl_buf_text(html, "</section>\n");
}

/* ---- surges ---- */

static void write_heat(const struct wl_report_trends *trends, struct wl_buf *html)
{
    struct wl_chart_series series[WL_WATCH_TOPICS_MAX];
    struct wl_chart chart = {.kind = WL_CHART_HEAT,
                             .id = "chart-topics",
                             .title = wl_report_word(WL_WORD_TOPICS_WEEKS),
                             .about = wl_report_word(WL_WORD_TOPICS_WEEKS_ABOUT),
                             .x_label = wl_report_word(WL_WORD_VOICE_WEEK),
                             .is_wide = true,
                             .y_format = WL_SVG_COUNT,
                             .names = trends->weeks,
                             .series = series,
                             .n_series = trends->n_topics};

    for (size_t i = 0; i < trends->n_topics; i++) {
        series[i] = (struct wl_chart_series){.name = trends->topics[i].name,
                                             .y = trends->topics[i].weeks,
                                             .n_points = trends->n_weeks,
                                             .format = WL_SVG_COUNT};
    }
    wl_chart_figure(&chart, html);
}

static void write_topics(const struct wl_report_trends *trends, struct wl_buf *html)
{
    wl_buf_text(html, "<div class=\"card scroll\">");
    wl_html_element(html, "h3", NULL, WL_WORD_TOPICS_MOOD);
    wl_buf_text(html, "<table><thead><tr>");
    head_cell(html, WL_WORD_VOICE_TOPIC, false);
    head_cell(html, WL_WORD_TOPIC_TEXTS, true);
    head_cell(html, WL_WORD_TOPIC_NEGATIVE, true);
    head_cell(html, WL_WORD_VOICE_NEGATIVE, true);
    wl_buf_text(html, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < trends->n_topics; i++) {
        const struct wl_watch_topic *topic = &trends->topics[i];
        wl_buf_text(html, "<tr><th scope=\"row\">");
        wl_html_label(html, topic->name);
        wl_buf_text(html, "</th><td class=\"number\">");
        wl_html_count(html, topic->n_texts);
        wl_buf_text(html, "</td><td class=\"number\">");
        wl_html_count(html, topic->n_negative);
        wl_buf_text(html, "</td><td class=\"number\">");
        wl_html_percent(html,
                        topic->n_texts > 0.0 ? topic->n_negative / topic->n_texts : (double)NAN);
        wl_buf_text(html, "</td></tr>\n");
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

static void write_quotes(const struct wl_watch_surge *surge, struct wl_buf *html)
{
    wl_buf_text(html, "<ul class=\"quiet\">");
    for (size_t i = 0; i < surge->n_quotes; i++) {
        wl_buf_text(html, "<li><q>");
        wl_html_escape(html, surge->quotes[i]);
        wl_buf_text(html, "</q></li>");
    }
    wl_buf_text(html, "</ul>");
}

static void write_surge(const struct wl_watch_surge *surge, struct wl_buf *html)
{
    wl_buf_text(html, "<article class=\"letter\"><h3>");
    wl_html_label(html, surge->topic);
    wl_buf_format(html, " × %.1f</h3>\n<p>%s – ", surge->ratio, surge->begin);
    if (surge->end[0] != '\0') {
        wl_html_text(html, surge->end);
    } else {
        wl_html_word(html, WL_WORD_SURGE_ON);
    }
    wl_buf_text(html, "<br>");
    wl_html_word(html, WL_WORD_TOPIC_NEGATIVE);
    wl_buf_text(html, " ");
    wl_html_count(html, surge->n_negative);
    wl_buf_text(html, ", ");
    wl_html_word(html, WL_WORD_SURGE_EXPECTED);
    wl_buf_text(html, " ");
    wl_html_count(html, surge->n_expected);
    wl_buf_text(html, "<br>");
    wl_html_word(html, WL_WORD_CI_95);
    wl_buf_format(html, " × %.1f – %.1f<br>", surge->low, surge->high);
    wl_html_word(html, WL_WORD_VOICE_NEGATIVE);
    wl_buf_text(html, " ");
    wl_html_percent(html, surge->share_before);
    wl_buf_text(html, " → ");
    wl_html_percent(html, surge->share_during);
    wl_buf_text(html, "</p>");
    write_quotes(surge, html);
    wl_buf_text(html, "</article>\n");
}

static void write_none(const struct wl_report_trends *trends, struct wl_buf *html)
{
    bool is_short = trends->n_days < trends->n_days_needed;
    struct wl_label before = wl_report_word(is_short ? WL_WORD_SURGE_SHORT : WL_WORD_SURGE_NONE);
    struct wl_label after =
        wl_report_word(is_short ? WL_WORD_SURGE_SHORT_END : WL_WORD_SURGE_NONE_END);
    size_t n_days = is_short ? trends->n_days_needed : (size_t)WL_WATCH_RECENT_DAYS;

    wl_buf_text(html, "<p class=\"notice\">");
    wl_buf_format(html, "<span lang=\"zh\">%s%zu%s</span><span lang=\"en\">%s%zu%s</span></p>\n",
                  before.zh, n_days, after.zh, before.en, n_days, after.en);
}

void wl_report_surges(const struct wl_report *report, struct wl_buf *html)
{
    const struct wl_report_trends *trends = report->trends;

    if (trends == NULL || trends->n_days == 0) {
        return; // the voice section says that there are no texts
    }
    wl_report_section(html, "surges", WL_WORD_SURGES, WL_WORD_SURGES_LEAD);
    if (trends->n_surges == 0) {
        write_none(trends, html);
    } else {
        wl_buf_text(html, "<div class=\"letters\">\n");
        for (size_t i = 0; i < trends->n_surges; i++) {
            write_surge(&trends->surges[i], html);
        }
        wl_buf_text(html, "</div>\n");
    }
    if (trends->n_earlier > 0) {
        wl_buf_format(html, "<p class=\"lead\">%zu ", trends->n_earlier);
        wl_html_word(html, WL_WORD_SURGE_EARLIER);
        wl_buf_text(html, " · <code>wanliu text trends</code></p>\n");
    }
    if (trends->n_topics > 0 && trends->n_weeks > 1) {
        write_heat(trends, html);
    }
    if (trends->n_topics > 0) {
        write_topics(trends, html);
    }
    wl_buf_text(html, "</section>\n");
}
