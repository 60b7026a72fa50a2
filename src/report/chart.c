/* A chart's three forms. */
#include "report/chart.h"

#include "report/chart_draw.h"

#include <math.h>
#include <string.h>

static bool has_x(const struct wl_chart *chart)
{
    return chart->kind == WL_CHART_LINES || chart->kind == WL_CHART_DOTS;
}

void wl_chart_svg(const struct wl_chart *chart, struct wl_buf *html)
{
    switch (chart->kind) {
    case WL_CHART_COLUMNS: wl_chart_draw_columns(chart, html); break;
    case WL_CHART_ROWS: wl_chart_draw_rows(chart, html); break;
    case WL_CHART_STACK: wl_chart_draw_stack(chart, html); break;
    case WL_CHART_LINES:
    case WL_CHART_DOTS: wl_chart_draw_curves(chart, html); break;
    case WL_CHART_HEAT: wl_chart_draw_heat(chart, html); break;
    }
}

static void csv_cell(struct wl_buf *csv, const char *text)
{
    bool is_formula = text[0] != '\0' && strchr("=+-@", text[0]) != NULL;
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;

    if (is_quoted) {
        wl_buf_char(csv, '"');
    }
    if (is_formula) {
        wl_buf_char(csv, '\'');
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') {
            wl_buf_char(csv, '"');
        }
        wl_buf_char(csv, *c);
    }
    if (is_quoted) {
        wl_buf_char(csv, '"');
    }
}

static void csv_number(struct wl_buf *csv, double value)
{
    wl_buf_char(csv, ',');
    if (isfinite(value)) {
        wl_buf_format(csv, "%.6g", value);
    }
}

static void csv_curve(const struct wl_chart_series *series, struct wl_buf *csv)
{
    for (size_t i = 0; i < series->n_points; i++) {
        csv_cell(csv, series->name.en);
        csv_number(csv, series->x[i]);
        csv_number(csv, series->y[i]);
        wl_buf_char(csv, '\n');
    }
}

static void csv_names(const struct wl_chart *chart, struct wl_buf *csv)
{
    csv_cell(csv, chart->x_label.en);
    for (size_t s = 0; s < chart->n_series; s++) {
        wl_buf_char(csv, ',');
        csv_cell(csv, chart->series[s].name.en);
    }
    wl_buf_char(csv, '\n');
    for (size_t i = 0; chart->n_series > 0 && i < chart->series[0].n_points; i++) {
        csv_cell(csv, chart->names[i].en);
        for (size_t s = 0; s < chart->n_series; s++) {
            csv_number(csv, chart->series[s].y[i]);
        }
        wl_buf_char(csv, '\n');
    }
}

void wl_chart_csv(const struct wl_chart *chart, struct wl_buf *csv)
{
    if (!has_x(chart)) {
        csv_names(chart, csv);
        return;
    }
    wl_buf_text(csv, "series,");
    csv_cell(csv, chart->x_label.en);
    wl_buf_char(csv, ',');
    csv_cell(csv, chart->y_label.en);
    wl_buf_char(csv, '\n');
    for (size_t s = 0; s < chart->n_series; s++) {
        csv_curve(&chart->series[s], csv);
    }
}

static void table_number(struct wl_buf *html, double value, enum wl_svg_format format)
{
    char text[32];
    wl_buf_text(html, "<td class=\"number\">");
    wl_buf_text(html, wl_svg_number(value, format, text));
    wl_buf_text(html, "</td>");
}

#define CURVE_ROWS_MAX 21 /* a table is for reading; every point is in the CSV */

static void table_curves(const struct wl_chart *chart, struct wl_buf *html)
{
    const struct wl_chart_series *series = &chart->series[0];
    size_t every = 1 + (series->n_points > 0 ? (series->n_points - 1) / (CURVE_ROWS_MAX - 1) : 0);

    wl_buf_text(html, "<tr><th scope=\"col\">");
    wl_html_label(html, chart->x_label);
    wl_buf_text(html, "</th><th scope=\"col\">");
    wl_html_label(html, chart->y_label);
    wl_buf_text(html, "</th></tr>\n");
    for (size_t i = 0; i < series->n_points; i++) {
        if (i % every == 0 || i + 1 == series->n_points) {
            wl_buf_text(html, "<tr>");
            table_number(html, series->x[i], chart->x_format);
            table_number(html, series->y[i], series->format);
            wl_buf_text(html, "</tr>\n");
        }
    }
}

static void table_names(const struct wl_chart *chart, struct wl_buf *html)
{
    wl_buf_text(html, "<tr><th scope=\"col\">");
    wl_html_label(html, chart->x_label);
    wl_buf_text(html, "</th>");
    for (size_t s = 0; s < chart->n_series; s++) {
        wl_buf_text(html, "<th scope=\"col\">");
        wl_html_label(html, chart->series[s].name);
        wl_buf_text(html, "</th>");
    }
    wl_buf_text(html, "</tr>\n");
    for (size_t i = 0; chart->n_series > 0 && i < chart->series[0].n_points; i++) {
        wl_buf_text(html, "<tr><th scope=\"row\">");
        wl_html_label(html, chart->names[i]);
        wl_buf_text(html, "</th>");
        for (size_t s = 0; s < chart->n_series; s++) {
            table_number(html, chart->series[s].y[i], chart->series[s].format);
        }
        wl_buf_text(html, "</tr>\n");
    }
}

void wl_chart_figure(const struct wl_chart *chart, struct wl_buf *html)
{
    struct wl_buf csv;

    wl_buf_text(html, "<figure><figcaption><h3>");
    wl_html_label(html, chart->title);
    wl_buf_text(html, "</h3><p>");
    wl_html_label(html, chart->about);
    wl_buf_text(html, "</p></figcaption>\n");
    wl_chart_svg(chart, html);
    wl_buf_text(html, "<details class=\"figures\"><summary>");
    wl_html_word(html, WL_WORD_SHOW_DATA);
    wl_buf_text(html, "</summary><div class=\"scroll\"><table>\n");
    if (has_x(chart)) {
        table_curves(chart, html);
    } else {
        table_names(chart, html);
    }
    wl_buf_text(html, "</table></div><details><summary>");
    wl_html_word(html, WL_WORD_CSV);
    wl_buf_text(html, "</summary><pre tabindex=\"0\">");
    wl_buf_init(&csv, html->alloc, 0);
    wl_chart_csv(chart, &csv);
    wl_html_escape(html, wl_buf_view(&csv));
    if (csv.status != WL_OK && html->status == WL_OK) {
        html->status = csv.status;
    }
    wl_buf_release(&csv);
    wl_buf_text(html, "</pre></details></details></figure>\n");
}
