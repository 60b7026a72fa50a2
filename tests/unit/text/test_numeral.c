/* Goal:   numbers in both scripts get their value; words that look like numbers get none.
 * Method: a table; every number up to 20,000 and random ones up to 10^12 written in Chinese by a
 *         plain recursive writer, with formal digits too, and read back; random pieces, which stay
 *         inside the text. */
#include "check.h"

#include "base/buf.h"
#include "text/numeral.h"

static const struct {
    const char *text;
    const char *used; // the part that is the number; NULL: none begins here
    double value;
} cases[] = {
    {"299元", "299", 299},
    {"1,299.50元", "1,299.50", 1299.5},
    {"1,2,3", "1", 1},
    {"12,345,678", "12,345,678", 12345678},
    {"1234,567", "1234", 1234},
    {"20%", "20%", 0.2},
    {"3.5亿", "3.5亿", 3.5e8},
    {"1万2", "1万2", 12000},
    {"1.2万人", "1.2万", 12000},
    {"3千5百", "3千5百", 3500},
    {"1万25", "1万", 10000},
    {"0.5", "0.5", 0.5},
    {"5.", "5", 5},
    {".5", NULL, 0},
    {"abc", NULL, 0},
    {"", NULL, 0},
    {"五", "五", 5},
    {"零", "零", 0},
    {"十", "十", 10},
    {"十五天", "十五", 15},
    {"二十", "二十", 20},
    {"三百二十", "三百二十", 320},
    {"三百二", "三百二", 320},
    {"三百零二", "三百零二", 302},
    {"一百一十五", "一百一十五", 115},
    {"一百十五", "一百十五", 115},
    {"两千零五", "两千零五", 2005},
    {"两千五", "两千五", 2500},
    {"一万二", "一万二", 12000},
    {"一万零二", "一万零二", 10002},
    {"一万零二十", "一万零二十", 10020},
    {"三千五百万", "三千五百万", 3.5e7},
    {"一亿两千万", "一亿两千万", 1.2e8},
    {"一万亿", "一万亿", 1e12},
    {"壹仟贰佰元", "壹仟贰佰", 1200},
    {"柒万伍仟", "柒万伍仟", 75000},
    {"二〇二五年", "二〇二五", 2025},
    {"一二三", "一二三", 123},
    {"二零零八", "二零零八", 2008},
    {"三点五", "三点五", 3.5},
    {"三点五亿", "三点五亿", 3.5e8},
    {"十二点三十分", "十二", 12},
    {"三点五分", "三", 3},
    {"三点半", "三", 3},
    {"百分之二十", "百分之二十", 0.2},
    {"百分之99.5", "百分之99.5", 0.995},
    {"千分之五", "千分之五", 0.005},
    {"百分之百", NULL, 0},
    {"百分之", NULL, 0},
    {"万一", NULL, 0},
    {"千万别", NULL, 0},
    {"百货", NULL, 0},
    {"亿", NULL, 0},
    {"一一说明", NULL, 0},
    {"三五天", NULL, 0},
    {"点五", NULL, 0},
    {"三十五六", "三十五", 35},
    {"五百三百", "五百", 500},
};

static void test_table(void)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_numeral numeral = {0};
        struct wl_str text = wl_str_from(cases[i].text);
        bool is_number = wl_numeral_read(text, 0, &numeral);
        CHECK_INT(is_number, cases[i].used != NULL);
        struct wl_str used = {.data = text.data, .n_bytes = numeral.n_bytes};
        CHECK_VIEW(used, cases[i].used != NULL ? cases[i].used : "");
        CHECK_CLOSE(numeral.value, cases[i].value, 1e-12);
    }
}

static void test_long_runs_stay_finite(void)
{
    static char text[5000];
    struct wl_numeral numeral = {0};

    memset(text, '9', 4000);
    text[1000] = '.';
    CHECK(wl_numeral_read(wl_str_from(text), 0, &numeral) && isfinite(numeral.value));
    CHECK_INT(numeral.n_bytes, 4000);
    for (size_t i = 0; i < 100; i++) {
        memcpy(text + 2000 + 3 * i, i % 2 == 0 ? "万" : "亿", 3);
    }
    CHECK(wl_numeral_read(wl_str_from(text + 1001), 0, &numeral) && isfinite(numeral.value));
}

static void test_magnitude(void)
{
    static const double values[] = {0, 0.2, 9.99, 10, 99, 100, 1e6, 1e15};
    static const int want[] = {0, 0, 0, 1, 1, 2, 6, 12};

    for (size_t i = 0; i < COUNT(values); i++) {
        struct wl_numeral numeral = {.value = values[i]};
        CHECK_INT(wl_numeral_magnitude(&numeral), want[i]);
    }
}

// Plain writer, appending.
static void write_zh(struct wl_buf *out, uint64_t n, const char *const *digits,
                     const char *const *units)
{
    static const uint64_t sizes[] = {100000000, 10000, 1000, 100, 10};

    if (n == 0) {
        return;
    }
    for (size_t k = 0; k < 5; k++) {
        if (n >= sizes[k]) {
            write_zh(out, n / sizes[k], digits, units);
            wl_buf_text(out, units[k]);
            uint64_t rest = n % sizes[k];
            if (rest > 0 && rest < sizes[k] / 10) {
                wl_buf_text(out, digits[0]);
            }
            write_zh(out, rest, digits, units);
            return;
        }
    }
    wl_buf_text(out, digits[n]);
}

static const char *const plain_digits[] = {"零", "一", "二", "三", "四",
                                           "五", "六", "七", "八", "九"};
static const char *const plain_units[] = {"亿", "万", "千", "百", "十"};
static const char *const formal_digits[] = {"零", "壹", "贰", "叁", "肆",
                                            "伍", "陆", "柒", "捌", "玖"};
static const char *const formal_units[] = {"亿", "万", "仟", "佰", "拾"};

static void check_round(uint64_t n, bool is_formal)
{
    struct wl_buf buf;
    struct wl_numeral numeral = {0};

    wl_buf_init(&buf, wl_alloc_default(), 0);
    write_zh(&buf, n, is_formal ? formal_digits : plain_digits,
             is_formal ? formal_units : plain_units);
    bool is_number = wl_numeral_read(wl_buf_view(&buf), 0, &numeral);
    if (!is_number || numeral.n_bytes != buf.n_bytes || numeral.value != (double)n) {
        fprintf(stderr, "%s is %" PRIu64 "\n", buf.data, n);
        CHECK_INT(numeral.n_bytes, buf.n_bytes);
        CHECK_CLOSE(numeral.value, (double)n, 0.0);
    }
    wl_buf_release(&buf);
}

static void test_round_trip(void)
{
    uint64_t seed = check_seed();

    for (uint64_t n = 1; n <= 20000; n++) {
        check_round(n, n % 2 == 1);
    }
    for (size_t round = 0; round < 20000; round++) {
        check_round(1 + check_rand(&seed) % UINT64_C(1000000000000), round % 2 == 0);
    }
    struct wl_numeral numeral = {0};
    CHECK(wl_numeral_read(WL_STR("三百二十一"), 0, &numeral) && numeral.value != 320.0);
}

static void test_random_pieces_stay_inside(void)
{
    static const char *const pieces[] = {"一", "十",     "百",   "千", "万",      "亿",
                                         "零", "点",     "五",   "1",  "2.",      ",3",
                                         "%",  "百分之", "\xe4", "分", "\xe4\xb8"};
    uint64_t seed = check_seed();
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    for (size_t round = 0; round < 50000; round++) {
        wl_buf_clear(&text);
        for (size_t i = check_rand(&seed) % 12; i > 0; i--) {
            wl_buf_text(&text, pieces[check_rand(&seed) % COUNT(pieces)]);
        }
        struct wl_str view = wl_buf_view(&text);
        for (size_t i = 0; i < view.n_bytes; i++) {
            struct wl_numeral numeral = {0};
            if (wl_numeral_read(view, i, &numeral)) {
                CHECK(numeral.n_bytes > 0 && i + numeral.n_bytes <= view.n_bytes);
                CHECK(isfinite(numeral.value) && numeral.value >= 0.0);
            }
        }
    }
    wl_buf_release(&text);
}

int main(void)
{
    RUN(test_table);
    RUN(test_long_runs_stay_finite);
    RUN(test_magnitude);
    RUN(test_round_trip);
    RUN(test_random_pieces_stay_inside);
    return check_report();
}
