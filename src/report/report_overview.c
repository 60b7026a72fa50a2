/* What a manager wants to know in ten seconds: how many, how bad, how sure. */
#include "report/report_parts.h"

#include <math.h>
#include <stdio.h>

static const enum wl_report_word strategies[WL_TIER_COUNT] = {
    WL_WORD_STRATEGY_VERY_LOW, WL_WORD_STRATEGY_LOW, WL_WORD_STRATEGY_MEDIUM, WL_WORD_STRATEGY_HIGH,
    WL_WORD_STRATEGY_VERY_HIGH};

static void begin_figure(struct wl_buf *html, enum wl_report_word word)
{
    wl_buf_text(html, "<div class=\"key\"><dt>");
    wl_html_word(html, word);
    wl_buf_text(html, "</dt><dd><b>");
}

static const struct wl_baseline_result *best_baseline(const struct wl_evaluation *evaluation)
{
    const struct wl_baseline_result *best = NULL;
    for (size_t i = 0; i < evaluation->n_baselines; i++) {
        const struct wl_baseline_result *one = &evaluation->baselines[i];
        bool is_rival = !wl_baseline_is_ablation(one->name) && isfinite(one->auc.value);
        if (is_rival && (best == NULL || one->auc.value > best->auc.value)) {
            best = one;
        }
    }
    return best;
}

static void write_auc(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    const struct wl_metric *auc = &evaluation->metrics[WL_METRIC_AUC];
    const struct wl_baseline_result *best = best_baseline(evaluation);

    begin_figure(html, WL_WORD_KPI_AUC);
    wl_html_number(html, auc->value, 3);
    wl_buf_text(html, "</b><small>");
    wl_html_word(html, WL_WORD_CI_95);
    wl_buf_text(html, " ");
    wl_html_number(html, auc->low, 3);
    wl_buf_text(html, "–");
    wl_html_number(html, auc->high, 3);
    if (best != NULL) {
        wl_buf_text(html, "<br>");
        wl_html_word(html, WL_WORD_KPI_BEST_BASELINE);
        wl_buf_text(html, " (");
        wl_html_text(html, best->name);
        wl_buf_text(html, ") ");
        wl_html_number(html, best->auc.value, 3);
    }
    wl_buf_text(html, "</small></dd></div>\n");
}

static void write_keys(const struct wl_report *report, struct wl_buf *html)
{
    double n_at_risk =
        report->tiers[WL_TIER_HIGH].n_customers + report->tiers[WL_TIER_VERY_HIGH].n_customers;

    wl_buf_text(html, "<dl class=\"keys\">\n");
    begin_figure(html, WL_WORD_KPI_SCORED);
    wl_html_count(html, report->n_scored);
    wl_buf_text(html, "</b><small>");
    wl_html_word(html, WL_WORD_AS_OF);
    wl_buf_text(html, " ");
    wl_report_date(html, report->as_of_us);
    wl_buf_text(html, "</small></dd></div>\n");
    begin_figure(html, WL_WORD_KPI_EXPECTED);
    wl_html_count(html, report->n_expected);
    wl_buf_text(html, "</b><small>");
    wl_html_word(html, WL_WORD_KPI_EXPECTED_NOTE);
    wl_buf_text(html, " · ");
    wl_html_percent(html, report->n_expected / report->n_scored);
    wl_buf_text(html, "</small></dd></div>\n");
    begin_figure(html, WL_WORD_KPI_AT_RISK);
    wl_html_count(html, n_at_risk);
    wl_buf_text(html, "</b><small>");
    wl_html_percent(html, n_at_risk / report->n_scored);
    wl_buf_text(html, " ");
    wl_html_word(html, WL_WORD_OF_SCORED);
    wl_buf_text(html, "</small></dd></div>\n");
    if (report->evaluation != NULL) {
        write_auc(report->evaluation, html);
    }
    wl_buf_text(html, "</dl>\n");
}

static void write_tier_rows(const struct wl_report *report, struct wl_buf *html)
{
    static const enum wl_report_word heads[] = {WL_WORD_TIER, WL_WORD_TIER_CUSTOMERS,
                                                WL_WORD_TIER_SHARE, WL_WORD_TIER_MEAN,
                                                WL_WORD_TIER_STRATEGY};

    wl_buf_text(html, "<div class=\"scroll\"><table class=\"tiers\"><thead><tr>");
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        wl_buf_format(html, "<th scope=\"col\"%s>", i > 0 && i < 4 ? " class=\"number\"" : "");
        wl_html_word(html, heads[i]);
        wl_buf_text(html, "</th>");
    }
    wl_buf_text(html, "</tr></thead><tbody>\n");
    for (int t = WL_TIER_COUNT - 1; t >= 0; t--) {
        const struct wl_report_tier *tier = &report->tiers[t];
        wl_buf_format(html, "<tr><th scope=\"row\"><span class=\"chip %s\">",
                      wl_report_tier_style((enum wl_tier)t));
        wl_html_label(html, wl_report_tier_name((enum wl_tier)t));
        wl_buf_text(html, "</span></th><td class=\"number\">");
        wl_html_count(html, tier->n_customers);
        wl_buf_text(html, "</td><td class=\"number\">");
        wl_html_percent(html, tier->n_customers / report->n_scored);
        wl_buf_text(html, "</td><td class=\"number\">");
        wl_html_percent(html, tier->p_mean);
        wl_buf_text(html, "</td><td>");
        wl_html_word(html, strategies[t]);
        wl_buf_text(html, "</td></tr>\n");
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

static void write_tiers(const struct wl_report *report, struct wl_buf *html)
{
    struct wl_label names[WL_TIER_COUNT];
    const char *styles[WL_TIER_COUNT];
    double counts[WL_TIER_COUNT];
    struct wl_chart_series series = {
        .name = wl_report_word(WL_WORD_TIER_CUSTOMERS), .y = counts, .n_points = WL_TIER_COUNT};
    struct wl_chart chart = {.kind = WL_CHART_STACK,
                             .id = "chart-tiers",
                             .title = wl_report_word(WL_WORD_TIERS),
                             .about = wl_report_word(WL_WORD_TIERS_ABOUT),
                             .names = names,
                             .styles = styles,
                             .series = &series,
                             .n_series = 1};

    for (size_t t = 0; t < WL_TIER_COUNT; t++) {
        size_t riskiest_first = WL_TIER_COUNT - 1 - t;
        names[t] = wl_report_tier_name((enum wl_tier)riskiest_first);
        styles[t] = wl_report_tier_style((enum wl_tier)riskiest_first);
        counts[t] = report->tiers[riskiest_first].n_customers;
    }
    wl_buf_text(html, "<div class=\"card\"><h3>");
    wl_html_word(html, WL_WORD_TIERS);
    wl_buf_text(html, "</h3><p>");
    wl_html_word(html, WL_WORD_TIERS_ABOUT);
    wl_buf_text(html, "</p>\n");
    wl_chart_svg(&chart, html);
    write_tier_rows(report, html);
    wl_buf_text(html, "</div>\n");
}

static void write_histogram(const struct wl_report *report, struct wl_buf *html)
{
    char texts[WL_REPORT_BUCKETS][16];
    struct wl_label names[WL_REPORT_BUCKETS];
    struct wl_chart_series series = {.name = wl_report_word(WL_WORD_CUSTOMERS),
                                     .y = report->histogram,
                                     .n_points = WL_REPORT_BUCKETS};
    struct wl_chart chart = {.kind = WL_CHART_COLUMNS,
                             .id = "chart-histogram",
                             .title = wl_report_word(WL_WORD_HISTOGRAM),
                             .about = wl_report_word(WL_WORD_HISTOGRAM_ABOUT),
                             .x_label = wl_report_word(WL_WORD_PROBABILITY),
                             .y_label = wl_report_word(WL_WORD_CUSTOMERS),
                             .y_format = WL_SVG_COUNT,
                             .is_wide = true,
                             .names = names,
                             .series = &series,
                             .n_series = 1};

    for (size_t i = 0; i < WL_REPORT_BUCKETS; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%zu–%zu%%", 5 * i, 5 * i + 5);
        names[i] = (struct wl_label){.zh = texts[i], .en = texts[i]};
    }
    wl_chart_figure(&chart, html);
}

void wl_report_overview(const struct wl_report *report, struct wl_buf *html)
{
    wl_buf_text(html, "<section id=\"overview\" class=\"cover\"><p class=\"kicker\">");
    wl_html_word(html, WL_WORD_TITLE);
    wl_buf_text(html, "</p><h1>");
    wl_html_text(html, report->name);
    wl_buf_text(html, "</h1>\n<p class=\"prediction\"><em>");
    wl_html_word(html, WL_WORD_PREDICTION);
    wl_buf_text(html, "</em> ");
    wl_html_label(html, report->prediction);
    wl_buf_text(html, "</p>\n");
    if (report->is_simulated) {
        wl_html_element(html, "p", "notice", WL_WORD_SIMULATED);
    }
    write_keys(report, html);
    write_tiers(report, html);
    write_histogram(report, html);
    wl_buf_text(html, "</section>\n");
}
