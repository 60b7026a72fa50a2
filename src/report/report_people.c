/* Why, who, and what is said to them. */
#include "report/report_parts.h"

#include <math.h>
#include <string.h>

#define REASONS_SHOWN  10
#define FEATURES_SHOWN 12
#define REASONS_EACH   3
#define CODE_BYTES     64

// A code as a C string, cut between characters when it is too long to be one of ours.
static const char *code_text(struct wl_str code, char text[CODE_BYTES])
{
    struct wl_str cut = wl_utf8_cut(code, CODE_BYTES / 4 - 1);

    if (cut.n_bytes > 0) {
        memcpy(text, cut.data, cut.n_bytes);
    }
    text[cut.n_bytes] = '\0';
    return text;
}

static void write_reason_chart(const struct wl_report *report, struct wl_buf *html)
{
    struct wl_label names[REASONS_SHOWN];
    char codes[REASONS_SHOWN][CODE_BYTES];
    double shares[REASONS_SHOWN];
    double pushes[REASONS_SHOWN];
    size_t n = report->n_reasons < REASONS_SHOWN ? report->n_reasons : REASONS_SHOWN;
    struct wl_chart_series series[] = {{.name = wl_report_word(WL_WORD_REASONS_SHARE),
                                        .y = shares,
                                        .n_points = n,
                                        .format = WL_SVG_PERCENT},
                                       {.name = wl_report_word(WL_WORD_REASON_CONTRIBUTION),
                                        .y = pushes,
                                        .n_points = n,
                                        .format = WL_SVG_DECIMAL}};
    struct wl_chart chart = {.kind = WL_CHART_ROWS,
                             .id = "chart-reasons",
                             .title = wl_report_word(WL_WORD_REASONS),
                             .about = wl_report_word(WL_WORD_REASONS_ABOUT),
                             .x_label = wl_report_word(WL_WORD_REASON),
                             .y_format = WL_SVG_PERCENT,
                             .names = names,
                             .series = series,
                             .n_series = 2};

    for (size_t i = 0; i < n; i++) {
        names[i] = wl_report_reason_label(code_text(report->reasons[i].code, codes[i]));
        shares[i] = report->reasons[i].share;
        pushes[i] = report->reasons[i].contribution_mean;
    }
    wl_chart_figure(&chart, html);
}

// Which reason weighs in which tier: one strip of five cells per reason.
static void write_tier_chart(const struct wl_report *report, struct wl_buf *html)
{
    struct wl_label tiers[WL_TIER_COUNT];
    char codes[REASONS_SHOWN][CODE_BYTES];
    struct wl_chart_series series[REASONS_SHOWN];
    size_t n = report->n_reasons < REASONS_SHOWN ? report->n_reasons : REASONS_SHOWN;
    struct wl_chart chart = {.kind = WL_CHART_HEAT,
                             .id = "chart-reasons-tiers",
                             .title = wl_report_word(WL_WORD_BY_TIER),
                             .about = wl_report_word(WL_WORD_BY_TIER_ABOUT),
                             .x_label = wl_report_word(WL_WORD_TIER),
                             .is_wide = true,
                             .y_format = WL_SVG_PERCENT,
                             .names = tiers,
                             .series = series,
                             .n_series = n};

    for (size_t t = 0; t < WL_TIER_COUNT; t++) {
        tiers[t] = wl_report_tier_name((enum wl_tier)t);
    }
    for (size_t i = 0; i < n; i++) {
        series[i] = (struct wl_chart_series){
            .name = wl_report_reason_label(code_text(report->reasons[i].code, codes[i])),
            .y = report->reasons[i].share_by_tier,
            .n_points = WL_TIER_COUNT,
            .format = WL_SVG_PERCENT};
    }
    wl_chart_figure(&chart, html);
}

static void write_leaning_chart(const struct wl_report *report, struct wl_buf *html)
{
    struct wl_label names[FEATURES_SHOWN];
    double weights[FEATURES_SHOWN];
    size_t n = report->n_leaning < FEATURES_SHOWN ? report->n_leaning : FEATURES_SHOWN;
    struct wl_chart_series series = {.name = wl_report_word(WL_WORD_LEANS_AXIS),
                                     .y = weights,
                                     .n_points = n,
                                     .format = WL_SVG_DECIMAL};
    struct wl_chart chart = {.kind = WL_CHART_ROWS,
                             .id = "chart-leans",
                             .title = wl_report_word(WL_WORD_LEANS),
                             .about = wl_report_word(WL_WORD_LEANS_ABOUT),
                             .x_label = wl_report_word(WL_WORD_FEATURE),
                             .y_format = WL_SVG_DECIMAL,
                             .names = names,
                             .series = &series,
                             .n_series = 1};

    for (size_t i = 0; i < n; i++) {
        names[i] = report->features[i].name;
        weights[i] = report->features[i].contribution_abs;
    }
    wl_chart_figure(&chart, html);
}

void wl_report_reasons(const struct wl_report *report, struct wl_buf *html)
{
    wl_report_section(html, "reasons", WL_WORD_NAV_REASONS, WL_WORD_LEANS_CAUTION);
    wl_buf_text(html, "<div class=\"pair\">\n");
    if (report->n_reasons > 0) {
        write_reason_chart(report, html);
    }
    if (report->n_leaning > 0) {
        write_leaning_chart(report, html);
    }
    wl_buf_text(html, "</div>\n");
    if (report->n_reasons > 0) {
        write_tier_chart(report, html);
    }
    wl_buf_text(html, "</section>\n");
}

static void write_controls(size_t n_shown, struct wl_buf *html)
{
    wl_buf_text(html, "<form class=\"controls\" hidden><label>");
    wl_html_word(html, WL_WORD_FILTER);
    wl_buf_text(html, " <input type=\"search\" id=\"filter\" autocomplete=\"off\"></label>"
                      "<span class=\"hint\">");
    wl_html_word(html, WL_WORD_FILTER_HINT);
    wl_buf_text(html, "</span><fieldset><legend>");
    wl_html_word(html, WL_WORD_TIER);
    wl_buf_text(html, "</legend><label><input type=\"radio\" name=\"tier\" value=\"\" checked>");
    wl_html_word(html, WL_WORD_FILTER_ALL);
    wl_buf_text(html, "</label>");
    for (int t = WL_TIER_COUNT - 1; t >= 0; t--) {
        wl_buf_format(html, "<label><input type=\"radio\" name=\"tier\" value=\"%d\">", t);
        wl_html_label(html, wl_report_tier_name((enum wl_tier)t));
        wl_buf_text(html, "</label>");
    }
    wl_buf_text(html, "</fieldset><span>");
    wl_html_word(html, WL_WORD_SORT_BY);
    wl_buf_text(html, " <button type=\"button\" data-sort=\"rank\" aria-pressed=\"true\">");
    wl_html_word(html, WL_WORD_SORT_RISK);
    wl_buf_text(html,
                "</button><button type=\"button\" data-sort=\"user\" aria-pressed=\"false\">");
    wl_html_word(html, WL_WORD_SORT_USER);
    wl_buf_format(
        html,
        "</button></span><output id=\"shown\" aria-live=\"polite\">%zu / %zu</output></form>\n",
        n_shown, n_shown);
}

static void write_reason_list(const struct wl_explanation *explanation, struct wl_buf *html)
{
    size_t n = 0;

    wl_buf_text(html, "<ul>");
    for (size_t i = 0; i < explanation->n_reasons && n < REASONS_EACH; i++) {
        const struct wl_reason *reason = &explanation->reasons[i];
        if (!(reason->contribution > 0.0)) {
            continue; // what keeps somebody is no reason to leave
        }
        wl_buf_text(html, "<li><span lang=\"zh\">");
        wl_html_escape(html, reason->zh);
        wl_buf_text(html, "</span><span lang=\"en\">");
        wl_html_escape(html, reason->en);
        wl_buf_text(html, "</span></li>");
        n++;
    }
    if (n == 0) {
        wl_html_element(html, "li", "quiet", WL_WORD_NO_REASONS);
    }
    wl_buf_text(html, "</ul>");
}

static void write_message(struct wl_str title, struct wl_str body, struct wl_buf *html)
{
    if (title.n_bytes > 0) {
        wl_buf_text(html, "<strong>");
        wl_html_escape(html, title);
        wl_buf_text(html, "</strong>");
    }
    wl_buf_text(html, "<p class=\"body\">");
    wl_html_escape(html, body);
    wl_buf_text(html, "</p>");
}

static void write_customer(const struct wl_report_customer *customer, size_t rank,
                           struct wl_buf *html)
{
    const struct wl_score *score = &customer->explanation->score;
    enum wl_tier tier = score->tier;

    wl_buf_format(html,
                  "<tr data-tier=\"%d\" data-rank=\"%zu\"><td class=\"number rank\">%zu</td>"
                  "<th scope=\"row\" class=\"user\">",
                  (int)tier, rank, rank);
    wl_html_escape(html, score->user);
    wl_buf_format(html, "</th><td><span class=\"chip %s\">", wl_report_tier_style(tier));
    wl_html_label(html, wl_report_tier_name(tier));
    wl_buf_text(html, "</span>");
    if (score->degraded) {
        wl_buf_text(html, "<br>");
        wl_html_element(html, "small", "quiet", WL_WORD_DEGRADED);
    }
    wl_buf_format(html,
                  "</td><td class=\"number p\"><span class=\"%s meter\" style=\"--p:%.3f\">"
                  "</span>",
                  wl_report_tier_style(tier), isfinite(score->p_churn) ? score->p_churn : 0.0);
    wl_html_percent(html, score->p_churn);
    wl_buf_text(html, "</td><td class=\"why\">");
    write_reason_list(customer->explanation, html);
    wl_buf_text(html, "</td><td class=\"said\">");
    if (customer->message_body.n_bytes > 0) {
        wl_buf_text(html, "<details><summary>");
        wl_html_word(html, WL_WORD_READ_MESSAGE);
        wl_buf_text(html, "</summary>");
        write_message(customer->message_title, customer->message_body, html);
        wl_buf_text(html, "</details>");
    } else {
        wl_html_element(html, "span", "quiet", WL_WORD_NO_MESSAGE);
    }
    wl_buf_text(html, "</td></tr>\n");
}

void wl_report_customers(const struct wl_report *report, struct wl_buf *html)
{
    static const enum wl_report_word heads[] = {WL_WORD_CUSTOMER, WL_WORD_TIER, WL_WORD_PROBABILITY,
                                                WL_WORD_TOP_REASONS, WL_WORD_MESSAGE};
    size_t n = report->n_customers < WL_REPORT_CUSTOMERS_MAX ? report->n_customers
                                                             : WL_REPORT_CUSTOMERS_MAX;

    wl_report_section(html, "customers", WL_WORD_RISKIEST, WL_WORD_RISKIEST_ABOUT);
    write_controls(n, html);
    wl_buf_text(html, "<div class=\"scroll card\"><table class=\"customers\"><thead><tr>"
                      "<th scope=\"col\" class=\"number\">#</th>");
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        wl_buf_format(html, "<th scope=\"col\"%s>", i == 2 ? " class=\"number\"" : "");
        wl_html_word(html, heads[i]);
        wl_buf_text(html, "</th>");
    }
    wl_buf_text(html, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        write_customer(&report->customers[i], i + 1, html);
    }
    wl_buf_text(html, "</tbody></table></div></section>\n");
}

static void write_tier_message(const struct wl_report_tier *tier, enum wl_tier name,
                               struct wl_buf *html)
{
    wl_buf_format(html, "<article class=\"letter\"><h3><span class=\"chip %s\">",
                  wl_report_tier_style(name));
    wl_html_label(html, wl_report_tier_name(name));
    wl_buf_text(html, "</span></h3>\n");
    write_message(tier->message_title, tier->message_body, html);
    wl_buf_text(html, "<p class=\"small\">");
    wl_html_word(html, WL_WORD_TEMPLATE);
    wl_buf_text(html, " <code>");
    wl_html_escape(html, tier->template_id);
    wl_buf_text(html, "</code>");
    if (tier->offer.n_bytes > 0) {
        wl_buf_text(html, " · ");
        wl_html_word(html, WL_WORD_OFFER);
        wl_buf_text(html, " ");
        wl_html_escape(html, tier->offer);
    }
    wl_buf_text(html, "</p></article>\n");
}

void wl_report_messages(const struct wl_report *report, struct wl_buf *html)
{
    wl_report_section(html, "messages", WL_WORD_MESSAGES, WL_WORD_MESSAGES_ABOUT);
    wl_buf_text(html, "<div class=\"letters\">\n");
    for (int t = WL_TIER_COUNT - 1; t >= 0; t--) {
        if (report->tiers[t].message_body.n_bytes > 0) {
            write_tier_message(&report->tiers[t], (enum wl_tier)t, html);
        }
    }
    wl_buf_text(html, "</div></section>\n");
}
