/* Marks and axes. */
#include "report/svg.h"

#include <math.h>
#include <stdio.h>

#define TICKS 5.0 /* about as many numbers as an axis of this size can carry */

void wl_svg_begin(struct wl_svg *svg, const char *id, struct wl_label title, struct wl_label about)
{
    struct wl_buf *html = svg->html;

    wl_buf_format(html,
                  "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" aria-labelledby=\"%s-t %s-d\">"
                  "<title id=\"%s-t\">",
                  svg->width, svg->height, id, id, id);
    wl_html_text(html, title.zh);
    wl_buf_text(html, " / ");
    wl_html_text(html, title.en);
    wl_buf_format(html, "</title><desc id=\"%s-d\">", id);
    wl_html_text(html, about.zh);
    wl_buf_text(html, " / ");
    wl_html_text(html, about.en);
    wl_buf_text(html, "</desc>\n");
}

void wl_svg_end(struct wl_svg *svg)
{
    wl_buf_text(svg->html, "</svg>\n");
}

double wl_svg_x(const struct wl_svg *svg, double value)
{
    double share = (value - svg->x_low) / (svg->x_high - svg->x_low);
    return svg->left + share * (svg->width - svg->left - svg->right);
}

double wl_svg_y(const struct wl_svg *svg, double value)
{
    double share = (value - svg->y_low) / (svg->y_high - svg->y_low);
    return svg->height - svg->bottom - share * (svg->height - svg->top - svg->bottom);
}

void wl_svg_line(struct wl_svg *svg, const char *style, double x1, double y1, double x2, double y2)
{
    wl_buf_format(svg->html,
                  "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", style,
                  x1, y1, x2, y2);
}

void wl_svg_rect(struct wl_svg *svg, const char *style, double x, double y, double width,
                 double height, const char *tip)
{
    if (!(width > 0.0) || !(height > 0.0)) {
        return;
    }
    wl_buf_format(svg->html,
                  "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                  "rx=\"2\">",
                  style, x, y, width, height);
    if (tip != NULL) {
        wl_buf_text(svg->html, "<title>");
        wl_html_text(svg->html, tip);
        wl_buf_text(svg->html, "</title>");
    }
    wl_buf_text(svg->html, "</rect>\n");
}

void wl_svg_dot(struct wl_svg *svg, const char *style, double x, double y, double radius)
{
    wl_buf_format(svg->html, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>\n", style,
                  x, y, radius);
}

void wl_svg_path(struct wl_svg *svg, const char *style, const double *x, const double *y,
                 size_t n_points)
{
    char verb = 'M';

    wl_buf_format(svg->html, "<path class=\"%s\" d=\"", style);
    for (size_t i = 0; i < n_points; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) {
            wl_buf_format(svg->html, "%c%.1f %.1f", verb, wl_svg_x(svg, x[i]), wl_svg_y(svg, y[i]));
            verb = 'L';
        }
    }
    wl_buf_text(svg->html, "\"/>\n");
}

static void begin_text(struct wl_svg *svg, const char *style, const char *language, double x,
                       double y, const char *anchor)
{
    wl_buf_format(svg->html, "<text%s class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
                  language, style, x, y, anchor);
}

void wl_svg_text(struct wl_svg *svg, const char *style, double x, double y, const char *anchor,
                 const char *text)
{
    begin_text(svg, style, "", x, y, anchor);
    wl_html_text(svg->html, text);
    wl_buf_text(svg->html, "</text>\n");
}

void wl_svg_label(struct wl_svg *svg, const char *style, double x, double y, const char *anchor,
                  struct wl_label label)
{
    begin_text(svg, style, " lang=\"zh\"", x, y, anchor);
    wl_html_text(svg->html, label.zh);
    wl_buf_text(svg->html, "</text>");
    begin_text(svg, style, " lang=\"en\"", x, y, anchor);
    wl_html_text(svg->html, label.en);
    wl_buf_text(svg->html, "</text>\n");
}

// Whole numbers with a comma at every thousand; those beyond 10^15 rounded.
static void write_count(double value, char text[32])
{
    char digits[32];
    int n_digits = snprintf(digits, sizeof(digits), "%.0f", value);
    int n = 0;

    if (n_digits > 16) {
        (void)snprintf(text, 32, "%.3g", value);
        return;
    }
    for (int i = 0; i < n_digits; i++) {
        if (i > 0 && (n_digits - i) % 3 == 0 && digits[i - 1] != '-') {
            text[n++] = ',';
        }
        text[n++] = digits[i];
    }
    text[n] = '\0';
}

char *wl_svg_number(double value, enum wl_svg_format format, char text[32])
{
    double shown = fabs(value) < 1e-9 ? 0.0 : value; // no "-0"

    if (!isfinite(value)) {
        (void)snprintf(text, 32, "–");
        return text;
    }
    switch (format) {
    case WL_SVG_COUNT: write_count(shown, text); break;
    case WL_SVG_PERCENT: (void)snprintf(text, 32, "%.4g %%", round(1e3 * shown) / 10.0); break;
    case WL_SVG_DECIMAL: (void)snprintf(text, 32, "%.3g", shown); break;
    case WL_SVG_TIMES: (void)snprintf(text, 32, "%.2g×", shown); break;
    }
    return text;
}

void wl_html_count(struct wl_buf *html, double count)
{
    char text[32];
    wl_buf_text(html, wl_svg_number(count, WL_SVG_COUNT, text));
}

double wl_svg_step(double range, double n_steps)
{
    double rough = range / n_steps;

    if (!(rough > 0.0) || !isfinite(rough)) {
        return 1.0;
    }
    double power = pow(10.0, floor(log10(rough)));
    double lead = rough / power;
    return power * (lead < 1.5 ? 1.0 : (lead < 3.5 ? 2.0 : (lead < 7.5 ? 5.0 : 10.0)));
}

void wl_svg_grid(struct wl_svg *svg, enum wl_svg_format format)
{
    double step = wl_svg_step(svg->y_high - svg->y_low, TICKS);
    char text[32];

    for (double i = ceil(svg->y_low / step); i * step <= svg->y_high + 1e-9 * step; i += 1.0) {
        double y = wl_svg_y(svg, i * step);
        wl_svg_line(svg, "grid", svg->left, y, svg->width - svg->right, y);
        wl_svg_text(svg, "tick", svg->left - 8.0, y + 4.0, "end",
                    wl_svg_number(i * step, format, text));
    }
}

void wl_svg_ticks(struct wl_svg *svg, enum wl_svg_format format)
{
    double step = wl_svg_step(svg->x_high - svg->x_low, TICKS);
    char text[32];

    for (double i = ceil(svg->x_low / step); i * step <= svg->x_high + 1e-9 * step; i += 1.0) {
        wl_svg_text(svg, "tick", wl_svg_x(svg, i * step), svg->height - svg->bottom + 18.0,
                    "middle", wl_svg_number(i * step, format, text));
    }
}
