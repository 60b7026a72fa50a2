/* How far to trust the prediction: warnings first, then figures with intervals beside simple
 * methods, then the curves. */
#include "report/report_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CALIBRATION_POOR 0.05 /* five points: a tier edge is easily crossed by that much */

static void write_warning(struct wl_buf *html, bool *is_open, enum wl_report_word word)
{
    if (!*is_open) {
        wl_buf_text(html, "<div class=\"warnings\" role=\"note\"><h3>");
        wl_html_word(html, WL_WORD_WARNINGS);
        wl_buf_text(html, "</h3><ul>");
        *is_open = true;
    }
    wl_html_element(html, "li", NULL, word);
}

static bool is_gain_doubtful(const struct wl_evaluation *evaluation)
{
    for (size_t i = 0; i < evaluation->n_baselines; i++) {
        const struct wl_metric *gain = &evaluation->baselines[i].auc_gain;
        bool is_rival = !wl_baseline_is_ablation(evaluation->baselines[i].name);
        if (is_rival && isfinite(gain->low) && gain->low <= 0.0) {
            return true;
        }
    }
    return false;
}

static void write_warnings(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    bool is_open = false;

    if (evaluation->is_too_good) {
        write_warning(html, &is_open, WL_WORD_WARN_TOO_GOOD);
    }
    if (evaluation->is_below_minimum) {
        write_warning(html, &is_open, WL_WORD_WARN_MINIMUM);
    }
    if (evaluation->is_random) {
        write_warning(html, &is_open, WL_WORD_WARN_RANDOM);
    }
    if (is_gain_doubtful(evaluation)) {
        write_warning(html, &is_open, WL_WORD_WARN_NO_GAIN);
    }
    if (evaluation->metrics[WL_METRIC_ECE].value > CALIBRATION_POOR) {
        write_warning(html, &is_open, WL_WORD_WARN_CALIBRATION);
    }
    if (evaluation->caution != NULL) {
        if (!is_open) {
            wl_buf_text(html, "<div class=\"warnings\" role=\"note\"><ul>");
            is_open = true;
        }
        wl_buf_text(html, "<li>");
        wl_html_text(html, evaluation->caution);
        wl_buf_text(html, "</li>");
    }
    wl_buf_text(html, is_open ? "</ul></div>\n" : "");
}

static void write_interval(const struct wl_metric *metric, int n_digits, struct wl_buf *html)
{
    wl_buf_text(html, "<td class=\"number\">");
    wl_html_number(html, metric->value, n_digits);
    wl_buf_text(html, "</td><td class=\"number quiet\">");
    if (isfinite(metric->low) && isfinite(metric->high)) {
        wl_html_number(html, metric->low, n_digits);
        wl_buf_text(html, " – ");
        wl_html_number(html, metric->high, n_digits);
    } else if (!isfinite(metric->value)) {
        wl_html_label(html, metric->why != NULL
                                ? (struct wl_label){.zh = metric->why_zh, .en = metric->why}
                                : wl_report_word(WL_WORD_NOT_MEASURABLE));
    }
    wl_buf_text(html, "</td>");
}

static void write_metrics(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    wl_buf_text(html, "<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">");
    wl_html_word(html, WL_WORD_METRIC);
    wl_buf_text(html, "</th><th scope=\"col\" class=\"number\">");
    wl_html_word(html, WL_WORD_VALUE);
    wl_buf_text(html, "</th><th scope=\"col\" class=\"number\">");
    wl_html_word(html, WL_WORD_CI_95);
    wl_buf_text(html, "</th></tr></thead><tbody>\n");
    for (int m = 0; m < WL_METRIC_COUNT; m++) {
        enum wl_metric_id id = (enum wl_metric_id)m;
        if (id == WL_METRIC_AUC_POOLED && evaluation->n_folds < 2) {
            continue; // says nothing that AUC does not
        }
        wl_buf_text(html, "<tr><th scope=\"row\">");
        wl_html_label(html, (struct wl_label){.zh = wl_metric_label(id, "zh"),
                                              .en = wl_metric_label(id, "en")});
        wl_buf_text(html, "</th>");
        write_interval(&evaluation->metrics[m], 3, html);
        wl_buf_text(html, "</tr>\n");
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

static void write_baseline(const char *name, const struct wl_metric *const *metrics,
                           size_t n_metrics, struct wl_buf *html)
{
    wl_buf_text(html, "<tr><th scope=\"row\">");
    if (name == NULL) {
        wl_html_word(html, WL_WORD_THE_MODEL);
    } else {
        wl_html_text(html, name);
    }
    wl_buf_text(html, "</th>");
    for (size_t i = 0; i < n_metrics; i++) {
        if (metrics[i] != NULL) {
            write_interval(metrics[i], 3, html);
        } else {
            wl_buf_text(html, "<td></td><td></td>");
        }
    }
    wl_buf_text(html, "</tr>\n");
}

static void write_baselines(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    const struct wl_metric *of_model[] = {&evaluation->metrics[WL_METRIC_AUC],
                                          &evaluation->metrics[WL_METRIC_PR_AUC],
                                          &evaluation->metrics[WL_METRIC_LIFT_10], NULL};

    wl_buf_text(html, "<div class=\"card scroll\"><h3>");
    wl_html_word(html, WL_WORD_BASELINES);
    wl_buf_text(html, "</h3><table><thead><tr><th scope=\"col\">");
    wl_html_word(html, WL_WORD_METHOD);
    for (int i = 0; i < 3; i++) {
        static const enum wl_metric_id ids[] = {WL_METRIC_AUC, WL_METRIC_PR_AUC, WL_METRIC_LIFT_10};
        wl_buf_text(html, "</th><th scope=\"colgroup\" colspan=\"2\" class=\"number\">");
        wl_html_label(html, (struct wl_label){.zh = wl_metric_label(ids[i], "zh"),
                                              .en = wl_metric_label(ids[i], "en")});
    }
    wl_buf_text(html, "</th><th scope=\"colgroup\" colspan=\"2\" class=\"number\">");
    wl_html_word(html, WL_WORD_GAIN);
    wl_buf_text(html, "</th></tr></thead><tbody>\n");
    write_baseline(NULL, of_model, 4, html);
    for (size_t i = 0; i < evaluation->n_baselines; i++) {
        const struct wl_baseline_result *one = &evaluation->baselines[i];
        const struct wl_metric *metrics[] = {&one->auc, &one->pr_auc, &one->lift_10,
                                             &one->auc_gain};
        write_baseline(one->name, metrics, 4, html);
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

// Curve of one axis over another, with a dashed guide.
static void write_curve(const struct wl_evaluation *evaluation, bool is_roc, struct wl_buf *html)
{
    double x[WL_EVALUATION_POINTS_MAX + 1];
    double y[WL_EVALUATION_POINTS_MAX + 1];
    double base = evaluation->metrics[WL_METRIC_BASE_RATE].value;
    double guide_x[] = {0.0, 1.0};
    double guide_y[] = {is_roc ? 0.0 : base, is_roc ? 1.0 : base};
    size_t n = 0;
    struct wl_chart_series series[2] = {
        {.name = wl_report_word(WL_WORD_THE_MODEL),
         .style = "main",
         .x = x,
         .y = y,
         .format = WL_SVG_PERCENT},
        {.name = wl_report_word(is_roc ? WL_WORD_GUESSING : WL_WORD_BASE_RATE),
         .style = "guide",
         .x = guide_x,
         .y = guide_y,
         .n_points = 2}};
    struct wl_chart chart = {.kind = WL_CHART_LINES,
                             .id = is_roc ? "chart-roc" : "chart-pr",
                             .title = wl_report_word(is_roc ? WL_WORD_ROC : WL_WORD_PR),
                             .about = wl_report_word(is_roc ? WL_WORD_ROC_ABOUT : WL_WORD_PR_ABOUT),
                             .x_label = wl_report_word(is_roc ? WL_WORD_FPR : WL_WORD_RECALL),
                             .y_label = wl_report_word(is_roc ? WL_WORD_RECALL : WL_WORD_PRECISION),
                             .x_format = WL_SVG_PERCENT,
                             .y_format = WL_SVG_PERCENT,
                             .x_high = 1.0,
                             .y_high = 1.0,
                             .series = series,
                             .n_series = 2};

    if (is_roc) {
        x[n] = 0.0;
        y[n++] = 0.0; // flagging nobody
    }
    for (size_t i = 0; i < evaluation->n_points; i++, n++) {
        const struct wl_curve_point *point = &evaluation->points[i];
        x[n] = is_roc ? point->false_positive_rate : point->recall;
        y[n] = is_roc ? point->recall : point->precision;
    }
    series[0].n_points = n;
    wl_chart_figure(&chart, html);
}

static void write_lift(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    static const char *const texts[WL_EVALUATION_DECILES] = {"1", "2", "3", "4", "5",
                                                             "6", "7", "8", "9", "10"};
    struct wl_label names[WL_EVALUATION_DECILES];
    struct wl_chart_series series = {.name = wl_report_word(WL_WORD_LIFT_AXIS),
                                     .y = evaluation->decile_lift,
                                     .n_points = WL_EVALUATION_DECILES,
                                     .format = WL_SVG_TIMES};
    struct wl_chart chart = {.kind = WL_CHART_COLUMNS,
                             .id = "chart-lift",
                             .title = wl_report_word(WL_WORD_LIFT),
                             .about = wl_report_word(WL_WORD_LIFT_ABOUT),
                             .x_label = wl_report_word(WL_WORD_TENTH),
                             .y_label = wl_report_word(WL_WORD_LIFT_AXIS),
                             .y_format = WL_SVG_TIMES,
                             .names = names,
                             .series = &series,
                             .n_series = 1};

    for (size_t i = 0; i < WL_EVALUATION_DECILES; i++) {
        names[i] = (struct wl_label){.zh = texts[i], .en = texts[i]};
    }
    wl_chart_figure(&chart, html);
}

static void write_reliability(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    double said[WL_ECE_BINS];
    double happened[WL_ECE_BINS];
    double high = 0.05;
    struct wl_chart_series series[2] = {
        {.name = wl_report_word(WL_WORD_THE_MODEL),
         .style = "main",
         .x = said,
         .y = happened,
         .n_points = WL_ECE_BINS,
         .format = WL_SVG_PERCENT},
        {.name = wl_report_word(WL_WORD_PERFECT), .style = "guide", .n_points = 2}};

    for (size_t i = 0; i < WL_ECE_BINS; i++) {
        said[i] = evaluation->reliability[i].p_mean;
        happened[i] = evaluation->reliability[i].rate;
        high = fmax(high, fmax(isfinite(said[i]) ? said[i] : 0.0,
                               isfinite(happened[i]) ? happened[i] : 0.0));
    }
    double step = wl_svg_step(high, 5.0);
    double end = fmin(1.0, step * ceil(high / step - 1e-9));
    double guide[] = {0.0, end};
    series[1].x = guide;
    series[1].y = guide;
    struct wl_chart chart = {.kind = WL_CHART_DOTS,
                             .id = "chart-calibration",
                             .title = wl_report_word(WL_WORD_RELIABILITY),
                             .about = wl_report_word(WL_WORD_RELIABILITY_ABOUT),
                             .x_label = wl_report_word(WL_WORD_SAID),
                             .y_label = wl_report_word(WL_WORD_HAPPENED),
                             .x_format = WL_SVG_PERCENT,
                             .y_format = WL_SVG_PERCENT,
                             .x_high = end,
                             .y_high = end,
                             .series = series,
                             .n_series = 2};
    wl_chart_figure(&chart, html);
}

static void write_epochs(const struct wl_report_epochs *epochs, struct wl_buf *html)
{
    const struct wl_chart_series series[3] = {{.name = wl_report_word(WL_WORD_EPOCH_VALID),
                                               .style = "main",
                                               .x = epochs->number,
                                               .y = epochs->valid_loss,
                                               .n_points = epochs->n,
                                               .format = WL_SVG_DECIMAL},
                                              {.name = wl_report_word(WL_WORD_EPOCH_TRAIN),
                                               .style = "guide",
                                               .x = epochs->number,
                                               .y = epochs->train_loss,
                                               .n_points = epochs->n,
                                               .format = WL_SVG_DECIMAL},
                                              {.name = wl_report_word(WL_WORD_EPOCH_RIGHT),
                                               .style = "second",
                                               .x = epochs->number,
                                               .y = epochs->valid_accuracy,
                                               .n_points = epochs->n,
                                               .format = WL_SVG_PERCENT}};
    const struct wl_chart chart = {.kind = WL_CHART_LINES,
                                   .id = "chart-epochs",
                                   .title = wl_report_word(WL_WORD_EPOCHS),
                                   .about = wl_report_word(WL_WORD_EPOCHS_ABOUT),
                                   .x_label = wl_report_word(WL_WORD_EPOCH),
                                   .y_label = wl_report_word(WL_WORD_EPOCH_AXIS),
                                   .x_format = WL_SVG_COUNT,
                                   .y_format = WL_SVG_DECIMAL,
                                   .x_high = (double)epochs->n,
                                   .series = series,
                                   .n_series = 3};
    wl_chart_figure(&chart, html);
}

// What the order of events adds to a model that also has other features.
static void write_gain(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    struct wl_buf zh;
    struct wl_buf en;

    wl_buf_init(&zh, html->alloc, 0);
    wl_buf_init(&en, html->alloc, 0);
    wl_evaluation_sequence_gain(evaluation, "zh", &zh);
    wl_evaluation_sequence_gain(evaluation, "en", &en);
    if (zh.n_bytes > 0 && en.n_bytes > 0) {
        wl_buf_text(html, "<p>");
        wl_html_label(html, (struct wl_label){.zh = zh.data, .en = en.data});
        wl_buf_text(html, "</p>\n");
    }
    wl_buf_release(&zh);
    wl_buf_release(&en);
}

static void write_confusion_row(struct wl_buf *html, enum wl_report_word word, double left,
                                double stayed)
{
    wl_buf_text(html, "<tr><th scope=\"row\">");
    wl_html_word(html, word);
    wl_buf_text(html, "</th><td class=\"number\">");
    wl_html_count(html, left);
    wl_buf_text(html, "</td><td class=\"number\">");
    wl_html_count(html, stayed);
    wl_buf_text(html, "</td></tr>\n");
}

static void write_confusion(const struct wl_evaluation *evaluation, struct wl_buf *html)
{
    const struct wl_confusion *counts = &evaluation->confusion;

    wl_buf_text(html, "<div class=\"card scroll\"><h3>");
    wl_html_word(html, WL_WORD_CONFUSION);
    wl_buf_text(html, "</h3><p>");
    wl_html_word(html, WL_WORD_THRESHOLD);
    wl_buf_text(html, " ");
    wl_html_percent(html, evaluation->threshold);
    wl_buf_text(html, "</p><table><thead><tr><td></td><th scope=\"col\" class=\"number\">");
    wl_html_word(html, WL_WORD_LEFT);
    wl_buf_text(html, "</th><th scope=\"col\" class=\"number\">");
    wl_html_word(html, WL_WORD_STAYED);
    wl_buf_text(html, "</th></tr></thead><tbody>\n");
    write_confusion_row(html, WL_WORD_FLAGGED, counts->tp, counts->fp);
    write_confusion_row(html, WL_WORD_NOT_FLAGGED, counts->fn, counts->tn);
    wl_buf_text(html, "</tbody></table></div>\n");
}

void wl_report_quality(const struct wl_report *report, struct wl_buf *html)
{
    const struct wl_evaluation *evaluation = report->evaluation;

    wl_report_section(html, "quality", WL_WORD_QUALITY, WL_WORD_QUALITY_ABOUT);
    if (evaluation == NULL) {
        wl_html_element(html, "p", "notice", WL_WORD_QUALITY_NONE);
        wl_buf_text(html, "</section>\n");
        return;
    }
    write_warnings(evaluation, html);
    write_baselines(evaluation, html);
    write_gain(evaluation, html);
    wl_buf_text(html, "<div class=\"pair\">\n");
    write_curve(evaluation, true, html);
    write_curve(evaluation, false, html);
    write_lift(evaluation, html);
    write_reliability(evaluation, html);
    if (report->epochs != NULL) {
        write_epochs(report->epochs, html);
    }
    write_metrics(evaluation, html);
    write_confusion(evaluation, html);
    wl_buf_text(html, "</div></section>\n");
}
