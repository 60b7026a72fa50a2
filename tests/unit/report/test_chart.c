/* Goal:   axes, numbers and CSV of charts are right, for odd data too.
 * Method: tables of cases for steps and numbers; one chart of each kind drawn with data that holds
 *         a NaN, a zero and a formula-like name, and looked at as text. */
#include "check.h"

#include "report/chart.h"

static void test_round_steps(void)
{
    static const struct {
        double range;
        double step;
    } cases[] = {{1.0, 0.2}, {100.0, 20.0}, {0.45, 0.1}, {7.0, 1.0}, {12000.0, 2000.0}, {0.0, 1.0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_CLOSE(wl_svg_step(cases[i].range, 5.0), cases[i].step, 1e-12);
    }
}

static void test_numbers(void)
{
    static const struct {
        double value;
        enum wl_svg_format format;
        const char *text;
    } cases[] = {{1234567.0, WL_SVG_COUNT, "1,234,567"}, {-1234.0, WL_SVG_COUNT, "-1,234"},
                 {999.0, WL_SVG_COUNT, "999"},           {-0.0, WL_SVG_COUNT, "0"},
                 {0.125, WL_SVG_PERCENT, "12.5 %"},      {0.2, WL_SVG_PERCENT, "20 %"},
                 {1.0, WL_SVG_PERCENT, "100 %"},         {5.25, WL_SVG_TIMES, "5.2×"},
                 {0.406, WL_SVG_DECIMAL, "0.406"},       {1e300, WL_SVG_COUNT, "1e+300"}};
    char text[32];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_STR(wl_svg_number(cases[i].value, cases[i].format, text), cases[i].text);
    }
}

static const struct wl_label names[] = {{"一", "=one"}, {"二", "two, \"2\""}, {"三", "three"}};
static const double values[] = {3.0, (double)NAN, 0.0};
static const double steps[] = {0.0, 0.5, 1.0};

static struct wl_chart chart_of(enum wl_chart_kind kind, const struct wl_chart_series *series)
{
    return (struct wl_chart){.kind = kind,
                             .id = "c",
                             .title = {"图", "chart"},
                             .about = {"说明", "about"},
                             .x_label = {"名", "name"},
                             .y_label = {"值", "value"},
                             .x_high = 1.0,
                             .names = names,
                             .series = series,
                             .n_series = 1};
}

static void test_csv(void)
{
    struct wl_chart_series series = {{"数", "count"}, "main", steps, values, 3, WL_SVG_COUNT};
    struct wl_chart chart = chart_of(WL_CHART_COLUMNS, &series);
    struct wl_buf csv;

    wl_buf_init(&csv, wl_alloc_default(), 0);
    wl_chart_csv(&chart, &csv);
    CHECK_STR(csv.data, "name,count\n'=one,3\n\"two, \"\"2\"\"\",\nthree,0\n");
    chart.kind = WL_CHART_LINES;
    wl_buf_clear(&csv);
    wl_chart_csv(&chart, &csv);
    CHECK_STR(csv.data, "series,name,value\ncount,0,3\ncount,0.5,\ncount,1,0\n");
    wl_buf_release(&csv);
}

static void test_every_kind_draws_odd_data(void)
{
    static const enum wl_chart_kind kinds[] = {WL_CHART_COLUMNS, WL_CHART_ROWS, WL_CHART_STACK,
                                               WL_CHART_LINES,   WL_CHART_DOTS, WL_CHART_HEAT};
    struct wl_chart_series series = {{"数", "count"}, "main", steps, values, 3, WL_SVG_COUNT};
    struct wl_buf first;
    struct wl_buf again;

    wl_buf_init(&first, wl_alloc_default(), 0);
    wl_buf_init(&again, wl_alloc_default(), 0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct wl_chart chart = chart_of(kinds[i], &series);
        wl_buf_clear(&first);
        wl_buf_clear(&again);
        wl_chart_figure(&chart, &first);
        wl_chart_figure(&chart, &again);
        CHECK_INT(wl_buf_check(&first, NULL), WL_OK);
        CHECK(strstr(first.data, "nan") == NULL && strstr(first.data, "inf") == NULL);
        CHECK(strstr(first.data, "<svg role=\"img\"") != NULL);
        CHECK(strstr(first.data, "</svg>") != NULL);
        CHECK_STR(first.data, again.data);
    }
    wl_buf_release(&first);
    wl_buf_release(&again);
}

int main(void)
{
    RUN(test_round_steps);
    RUN(test_numbers);
    RUN(test_csv);
    RUN(test_every_kind_draws_odd_data);
    return check_report();
}
