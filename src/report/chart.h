/* Charts: what is shown, apart from how. One description is drawn as SVG, written as a table for
 * readers who do not see the drawing, and as CSV for those who want the figures. */
#ifndef WL_REPORT_CHART_H
#define WL_REPORT_CHART_H
#include "report/svg.h"

enum wl_chart_kind {
    WL_CHART_COLUMNS, /* one value per name, upright: histogram, lift */
    WL_CHART_ROWS,    /* one value per name, lying, with long names: reasons */
    WL_CHART_STACK,   /* parts of a whole in one bar: tiers */
    WL_CHART_LINES,   /* y over x: ROC, precision and recall */
    WL_CHART_DOTS,    /* y over x as points on a line: calibration */
    WL_CHART_HEAT     /* one strip of cells per series, shaded by value */
};

struct wl_chart_series {
    struct wl_label name;
    const char *style; /* class of the marks: "main", "second", "guide" */
    const double *x;   /* (n_points) LINES and DOTS only; borrowed */
    const double *y;   /* (n_points) NaN: not there; borrowed */
    size_t n_points;
    enum wl_svg_format format; /* of y in the table */
};

struct wl_chart {
    enum wl_chart_kind kind;
    const char *id; /* unique in the page: ASCII letters, digits and hyphens */
    struct wl_label title;
    struct wl_label about; /* what to see in it: caption and description */
    struct wl_label x_label;
    struct wl_label y_label;
    enum wl_svg_format x_format;
    enum wl_svg_format y_format;
    bool is_wide;                 /* COLUMNS, HEAT: as wide as the page; otherwise half of it */
    double x_high;                /* LINES and DOTS: end of the axis; both begin at 0 */
    double y_high;                /* 0: from the data */
    const struct wl_label *names; /* (n_points of the series) COLUMNS, ROWS, STACK, HEAT */
    const char *const *styles;    /* (n_points) class per mark, or NULL: "main" */
    const struct wl_chart_series *series; /* (n_series) */
    size_t n_series;
};

/* wl_chart_svg - the drawing alone. Deterministic bytes. */
void wl_chart_svg(const struct wl_chart *chart, struct wl_buf *html);

/* wl_chart_csv - the figures: a header in English, one line per point; empty where NaN. Names with
 * commas or quotes are quoted, and one that a spreadsheet would take for a formula gets a ' in
 * front. */
void wl_chart_csv(const struct wl_chart *chart, struct wl_buf *csv);

/* wl_chart_figure - <figure> with caption, drawing, and behind <details> the table and the CSV. */
void wl_chart_figure(const struct wl_chart *chart, struct wl_buf *html);

#endif
