/* Drawing: a plane in pixels with an axis frame, and the few marks our charts need. Coordinates are
 * written with one digit, so the same data gives the same bytes everywhere. Colours are classes of
 * the style sheet: the drawing follows light and dark. */
#ifndef WL_REPORT_SVG_H
#define WL_REPORT_SVG_H
#include "report/html.h"

/* How numbers on an axis and in tables are written. */
enum wl_svg_format {
    WL_SVG_COUNT = 0,   /* 12,345 */
    WL_SVG_PERCENT = 1, /* 0.12 as 12 % */
    WL_SVG_DECIMAL = 2, /* 1.25 */
    WL_SVG_TIMES = 3    /* 1.5x */
};

/* The plane: width * height pixels, the plot inside the margins, data ranges on both axes. */
struct wl_svg {
    struct wl_buf *html;
    double width;
    double height;
    double left;
    double right;
    double top;
    double bottom;
    double x_low;
    double x_high;
    double y_low;
    double y_high;
};

/* wl_svg_begin - <svg role="img"> with title and description, in both languages.
 *   id  (in) unique in the page; ASCII letters, digits and hyphens. */
void wl_svg_begin(struct wl_svg *svg, const char *id, struct wl_label title, struct wl_label about);

/* wl_svg_end - the closing tag. */
void wl_svg_end(struct wl_svg *svg);

/* wl_svg_x - pixel of a data value. wl_svg_y - likewise, upwards. */
double wl_svg_x(const struct wl_svg *svg, double value);
double wl_svg_y(const struct wl_svg *svg, double value);

/* wl_svg_line - a straight line in pixels. style: class. */
void wl_svg_line(struct wl_svg *svg, const char *style, double x1, double y1, double x2, double y2);

/* wl_svg_rect - a rectangle in pixels, nothing when it has no area; tip (NULL: none) is its
 * <title>, escaped. */
void wl_svg_rect(struct wl_svg *svg, const char *style, double x, double y, double width,
                 double height, const char *tip);

/* wl_svg_dot - a filled circle in pixels. */
void wl_svg_dot(struct wl_svg *svg, const char *style, double x, double y, double radius);

/* wl_svg_path - a line through data points; points that are not finite are left out. */
void wl_svg_path(struct wl_svg *svg, const char *style, const double *x, const double *y,
                 size_t n_points);

/* wl_svg_text - a plain text in pixels; anchor: "start", "middle" or "end". */
void wl_svg_text(struct wl_svg *svg, const char *style, double x, double y, const char *anchor,
                 const char *text);

/* wl_svg_label - a text in both languages. */
void wl_svg_label(struct wl_svg *svg, const char *style, double x, double y, const char *anchor,
                  struct wl_label label);

/* wl_svg_grid - horizontal lines and numbers at about five round values of y. */
void wl_svg_grid(struct wl_svg *svg, enum wl_svg_format format);

/* wl_svg_ticks - numbers under the plot at about five round values of x. */
void wl_svg_ticks(struct wl_svg *svg, enum wl_svg_format format);

/* wl_svg_number - a number as an axis shows it. text: at least 32 bytes. Returns text. */
char *wl_svg_number(double value, enum wl_svg_format format, char text[32]);

/* wl_html_count - a whole number, 12,345; NaN as a dash. */
void wl_html_count(struct wl_buf *html, double count);

/* wl_svg_step - a round distance (1, 2 or 5 times a power of ten) of about range / n_steps. */
double wl_svg_step(double range, double n_steps);

#endif
