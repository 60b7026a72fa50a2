/* One function per kind of drawing. Widths are those of the page's columns, so that text in a
 * drawing has the size of text beside it. */
#include "report/chart_draw.h"

#include <math.h>
#include <stdio.h>

#define WIDTH        560.0
#define WIDE         1120.0
#define NAME_WIDTH   60.0 /* pixels that "95–100%" takes */
#define NUMBER_WIDTH 40.0 /* pixels that "12,345" takes */

// Largest finite value of all series, at least a trifle.
static double highest(const struct wl_chart *chart)
{
    double high = 1e-9;
    for (size_t s = 0; s < chart->n_series; s++) {
        for (size_t i = 0; i < chart->series[s].n_points; i++) {
            if (isfinite(chart->series[s].y[i]) && chart->series[s].y[i] > high) {
                high = chart->series[s].y[i];
            }
        }
    }
    return high;
}

static double round_up(double high)
{
    double step = wl_svg_step(high, 5.0);
    return step * ceil(high / step - 1e-9);
}

static const char *style_at(const struct wl_chart *chart, size_t i)
{
    return chart->styles != NULL ? chart->styles[i] : "main";
}

// "0-5 %: 123", shown when the pointer rests on a mark.
static const char *tip_of(const struct wl_chart *chart, struct wl_label name, double value,
                          char tip[160])
{
    char number[32];
    (void)snprintf(tip, 160, "%.100s: %s", name.en, wl_svg_number(value, chart->y_format, number));
    return tip;
}

void wl_chart_draw_columns(const struct wl_chart *chart, struct wl_buf *html)
{
    const struct wl_chart_series *series = &chart->series[0];
    double high = round_up(chart->y_high > 0.0 ? chart->y_high : highest(chart));
    struct wl_svg svg = {.html = html,
                         .width = chart->is_wide ? WIDE : WIDTH,
                         .height = 280,
                         .left = 56,
                         .right = 10,
                         .top = 24,
                         .bottom = 52,
                         .x_high = (double)series->n_points,
                         .y_high = high};
    double width = wl_svg_x(&svg, 1.0) - wl_svg_x(&svg, 0.0);
    size_t every = (size_t)ceil(NAME_WIDTH / width);
    char tip[160];
    char number[32];

    wl_svg_begin(&svg, chart->id, chart->title, chart->about);
    wl_svg_grid(&svg, chart->y_format);
    for (size_t i = 0; i < series->n_points; i++) {
        double y = wl_svg_y(&svg, isfinite(series->y[i]) ? series->y[i] : 0.0);
        wl_svg_rect(&svg, style_at(chart, i), wl_svg_x(&svg, (double)i) + 0.12 * width, y,
                    0.76 * width, wl_svg_y(&svg, 0.0) - y,
                    tip_of(chart, chart->names[i], series->y[i], tip));
        if (width > NUMBER_WIDTH) {
            wl_svg_text(&svg, "over", wl_svg_x(&svg, (double)i + 0.5), y - 6.0, "middle",
                        wl_svg_number(series->y[i], chart->y_format, number));
        }
        if (i % every == 0) {
            wl_svg_label(&svg, "tick", wl_svg_x(&svg, (double)i + 0.5),
                         svg.height - svg.bottom + 18.0, "middle", chart->names[i]);
        }
    }
    wl_svg_line(&svg, "axis", svg.left, wl_svg_y(&svg, 0.0), svg.width - svg.right,
                wl_svg_y(&svg, 0.0));
    wl_svg_label(&svg, "axis-name", 0.5 * (svg.left + svg.width - svg.right), svg.height - 8.0,
                 "middle", chart->x_label);
    wl_svg_end(&svg);
}

void wl_chart_draw_rows(const struct wl_chart *chart, struct wl_buf *html)
{
    const struct wl_chart_series *series = &chart->series[0];
    double n = (double)series->n_points;
    double high = chart->y_high > 0.0 ? chart->y_high : highest(chart);
    struct wl_svg svg = {.html = html,
                         .width = WIDTH,
                         .height = 10.0 + 42.0 * n,
                         .left = 0,
                         .right = 64,
                         .x_high = high};
    char tip[160];
    char number[32];

    wl_svg_begin(&svg, chart->id, chart->title, chart->about);
    for (size_t i = 0; i < series->n_points; i++) {
        double top = 42.0 * (double)i;
        double value = isfinite(series->y[i]) ? series->y[i] : 0.0;
        wl_svg_label(&svg, "row-name", 0.0, top + 15.0, "start", chart->names[i]);
        wl_svg_rect(&svg, "track", 0.0, top + 22.0, wl_svg_x(&svg, high), 10.0, NULL);
        wl_svg_rect(&svg, style_at(chart, i), 0.0, top + 22.0, wl_svg_x(&svg, value), 10.0,
                    tip_of(chart, chart->names[i], value, tip));
        wl_svg_text(&svg, "row-value", svg.width, top + 31.0, "end",
                    wl_svg_number(value, chart->y_format, number));
    }
    wl_svg_end(&svg);
}

void wl_chart_draw_stack(const struct wl_chart *chart, struct wl_buf *html)
{
    const struct wl_chart_series *series = &chart->series[0];
    struct wl_svg svg = {.html = html, .width = WIDE, .height = 34};
    double sum = 0.0;
    double x = 0.0;
    char tip[160];

    for (size_t i = 0; i < series->n_points; i++) {
        sum += isfinite(series->y[i]) ? series->y[i] : 0.0;
    }
    wl_svg_begin(&svg, chart->id, chart->title, chart->about);
    for (size_t i = 0; i < series->n_points && sum > 0.0; i++) {
        double width = svg.width * series->y[i] / sum;
        wl_svg_rect(&svg, style_at(chart, i), x + 1.0, 2.0,
                    fmax(width - 2.0, series->y[i] > 0.0 ? 2.0 : 0.0), 30.0,
                    tip_of(chart, chart->names[i], series->y[i], tip));
        x += width;
    }
    wl_svg_end(&svg);
}

void wl_chart_draw_curves(const struct wl_chart *chart, struct wl_buf *html)
{
    double y_high = chart->y_high > 0.0 ? chart->y_high : round_up(highest(chart));
    struct wl_svg svg = {.html = html,
                         .width = WIDTH,
                         .height = 340,
                         .left = 60,
                         .right = 16,
                         .top = 16,
                         .bottom = 54,
                         .x_high = chart->x_high,
                         .y_high = y_high};

    wl_svg_begin(&svg, chart->id, chart->title, chart->about);
    wl_svg_grid(&svg, chart->y_format);
    wl_svg_ticks(&svg, chart->x_format);
    wl_svg_line(&svg, "axis", svg.left, wl_svg_y(&svg, 0.0), svg.width - svg.right,
                wl_svg_y(&svg, 0.0));
    for (size_t s = 0; s < chart->n_series; s++) {
        const struct wl_chart_series *series = &chart->series[s];
        char style[48];
        (void)snprintf(style, sizeof(style), "curve %s", series->style);
        wl_svg_path(&svg, style, series->x, series->y, series->n_points);
        for (size_t i = 0; chart->kind == WL_CHART_DOTS && s == 0 && i < series->n_points; i++) {
            if (isfinite(series->x[i]) && isfinite(series->y[i])) {
                wl_svg_dot(&svg, series->style, wl_svg_x(&svg, series->x[i]),
                           wl_svg_y(&svg, series->y[i]), 4.0);
            }
        }
    }
    wl_svg_label(&svg, "axis-name", 0.5 * (svg.left + svg.width - svg.right), svg.height - 8.0,
                 "middle", chart->x_label);
    wl_svg_end(&svg);
}

void wl_chart_draw_heat(const struct wl_chart *chart, struct wl_buf *html)
{
    double high = chart->y_high > 0.0 ? chart->y_high : highest(chart);
    struct wl_svg svg = {.html = html,
                         .width = chart->is_wide ? WIDE : WIDTH,
                         .height = 26.0 + 34.0 * (double)chart->n_series,
                         .left = 230};
    char number[32];
    char style[32];
    char tip[160];

    wl_svg_begin(&svg, chart->id, chart->title, chart->about);
    for (size_t s = 0; s < chart->n_series; s++) {
        const struct wl_chart_series *series = &chart->series[s];
        double width = (svg.width - svg.left) / (double)series->n_points;
        double top = 34.0 * (double)s;
        wl_svg_label(&svg, "row-name", 0.0, top + 20.0, "start", series->name);
        for (size_t i = 0; i < series->n_points; i++) {
            double value = isfinite(series->y[i]) ? series->y[i] : 0.0;
            int shade = (int)lround(8.0 * fmin(1.0, fmax(0.0, value / high)));
            double x = svg.left + width * (double)i;
            (void)snprintf(style, sizeof(style), "heat heat-%d", shade);
            wl_svg_rect(&svg, style, x + 1.0, top + 1.0, width - 2.0, 30.0,
                        tip_of(chart, chart->names[i], value, tip));
            wl_svg_text(&svg, "over", x + 0.5 * width, top + 20.0, "middle",
                        wl_svg_number(series->y[i], chart->y_format, number));
            if (s + 1 == chart->n_series) {
                wl_svg_label(&svg, "tick", x + 0.5 * width, svg.height - 6.0, "middle",
                             chart->names[i]);
            }
        }
    }
    wl_svg_end(&svg);
}
