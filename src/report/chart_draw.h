/* The drawings of the chart kinds; see chart.h. */
#ifndef WL_REPORT_CHART_DRAW_H
#define WL_REPORT_CHART_DRAW_H
#include "report/chart.h"

/* wl_chart_draw_columns - COLUMNS. wl_chart_draw_rows - ROWS. wl_chart_draw_stack - STACK.
 * wl_chart_draw_curves - LINES and DOTS. wl_chart_draw_heat - HEAT. */
void wl_chart_draw_columns(const struct wl_chart *chart, struct wl_buf *html);
void wl_chart_draw_rows(const struct wl_chart *chart, struct wl_buf *html);
void wl_chart_draw_stack(const struct wl_chart *chart, struct wl_buf *html);
void wl_chart_draw_curves(const struct wl_chart *chart, struct wl_buf *html);
void wl_chart_draw_heat(const struct wl_chart *chart, struct wl_buf *html);

#endif
