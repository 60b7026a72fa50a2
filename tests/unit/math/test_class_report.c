/* Goal:   the classification report counts rightly and lines up in both languages.
 * Method: a two-class table worked out by hand, the Chinese page byte by byte, classes never said;
 *         tests/golden/metrics compares the English page with scikit-learn's. */
#include "check.h"

#include "math/class_report.h"

static void test_rates_by_hand(void)
{
    static const char *const names[] = {"stays", "leaves"};
    static const double counts[] = {6, 2, 1, 1};
    struct wl_class_counts table = {.n_classes = 2, .names = names, .counts = counts};
    struct wl_class_rates rates = wl_class_rates_of(&table, 0);

    CHECK_CLOSE(rates.precision, 6.0 / 7.0, 1e-15);
    CHECK_CLOSE(rates.recall, 0.75, 1e-15);
    CHECK_CLOSE(rates.f1, 12.0 / 15.0, 1e-15);
    CHECK_INT(rates.support, 8);
    CHECK_CLOSE(wl_class_rates_micro(&table).f1, 0.7, 1e-15);
    CHECK_CLOSE(wl_class_rates_macro(&table).f1, 0.5 * (0.8 + 0.4), 1e-15);
    CHECK_CLOSE(wl_class_rates_weighted(&table).f1, 0.8 * 0.8 + 0.2 * 0.4, 1e-15);
}

static void test_a_class_never_said_scores_zero(void)
{
    static const char *const names[] = {"stays", "leaves"};
    static const double counts[] = {8, 0, 2, 0};
    struct wl_class_counts table = {.n_classes = 2, .names = names, .counts = counts};
    struct wl_class_rates rates = wl_class_rates_of(&table, 1);

    CHECK_CLOSE(rates.precision, 0.0, 0.0);
    CHECK_CLOSE(rates.f1, 0.0, 0.0);
}

static void test_chinese_page_lines_up(void)
{
    static const char *const names[] = {"留下", "离开"};
    static const double counts[] = {6, 2, 1, 1};
    struct wl_class_counts table = {.n_classes = 2, .names = names, .counts = counts};
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_class_report_write(&table, "zh", &text);
    CHECK_STR(text.data, "                 精确率    召回率        F1    样本数\n"
                         "\n"
                         "        留下     0.8571    0.7500    0.8000         8\n"
                         "        离开     0.3333    0.5000    0.4000         2\n"
                         "\n"
                         "      微平均     0.7000    0.7000    0.7000        10\n"
                         "      宏平均     0.5952    0.6250    0.6000        10\n"
                         "    加权平均     0.7524    0.7000    0.7200        10\n");
    wl_buf_release(&text);
}

static void test_columns_of_text(void)
{
    CHECK_INT(wl_text_columns(""), 0);
    CHECK_INT(wl_text_columns("F1"), 2);
    CHECK_INT(wl_text_columns("挽留"), 4);
    CHECK_INT(wl_text_columns("é，x"), 4); // a full-width comma
    CHECK_INT(wl_text_columns("\xE2"), 1); // cut short: no read past the end
}

int main(void)
{
    RUN(test_rates_by_hand);
    RUN(test_a_class_never_said_scores_zero);
    RUN(test_chinese_page_lines_up);
    RUN(test_columns_of_text);
    return check_report();
}
