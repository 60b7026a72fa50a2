/* Goal:   views of text split, compare and read numbers as the header says, whatever the bytes.
 * Method: tables of cases; fixed-point numbers against a reference in 128-bit integers, over random
 *         decimals with and without exponent; hashes against golden values, because they are on
 *         disk; the edit distance against its recursive definition. */
#include "check.h"

#include "base/limits.h"
#include "base/str.h"
#include "base/wide.h"

static void test_equal_and_compare(void)
{
    static const struct {
        const char *a;
        const char *b;
        int order;
    } cases[] = {{"", "", 0},     {"a", "", 1},        {"a", "b", -1},       {"ab", "a", 1},
                 {"ab", "ab", 0}, {"\xFF", "\x01", 1}, {"\xE6\x8C", "a", 1}, {"A", "a", -1}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str a = wl_str_from(cases[i].a);
        struct wl_str b = wl_str_from(cases[i].b);
        int order = wl_str_compare(a, b);
        CHECK_INT((order > 0) - (order < 0), cases[i].order);
        order = wl_str_compare(b, a);
        CHECK_INT((order < 0) - (order > 0), cases[i].order);
        CHECK_INT(wl_str_equal(a, b), cases[i].order == 0);
        CHECK_INT(wl_str_is(a, cases[i].b), cases[i].order == 0);
    }
    CHECK(wl_str_equal(wl_str_from(NULL), WL_STR("")));
    CHECK(!wl_str_equal(WL_STR("a\0b"), WL_STR("a\0c")));
}

static void test_trim_and_cut(void)
{
    CHECK_VIEW(wl_str_trim(WL_STR(" \t\r\n\v\fa b ")), "a b");
    CHECK_VIEW(wl_str_trim(WL_STR(" \t ")), "");
    CHECK_VIEW(wl_str_trim(wl_str_from(NULL)), "");
    CHECK_VIEW(wl_str_trim(WL_STR("\xC2\xA0x")), "\xC2\xA0x"); // only ASCII white space

    struct wl_str rest = WL_STR("a,,bc,");
    CHECK_VIEW(wl_str_cut(&rest, ','), "a");
    CHECK_VIEW(wl_str_cut(&rest, ','), "");
    CHECK_VIEW(wl_str_cut(&rest, ','), "bc");
    CHECK(rest.data != NULL && rest.n_bytes == 0); // an empty piece is still to come
    CHECK_VIEW(wl_str_cut(&rest, ','), "");
    CHECK(rest.data == NULL);
}

static void test_hash_is_what_is_on_disk(void)
{
    static const struct {
        const char *text;
        uint64_t seed;
        uint64_t hash;
    } cases[] = {
        {"", 0, UINT64_C(0xf52a15e9a9b5e89b)},
        {"a", 0, UINT64_C(0x02c0bdbf481420f8)},
        {"u1", 0, UINT64_C(0x715fdd7b59a9a19f)},
        {"Order Completed", 0, UINT64_C(0x031505864dc16641)},
        {"挽留", 0, UINT64_C(0xb72a04c60b4ae1c1)},
        {"a", 1, UINT64_C(0x270aeb36a95726cf)},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        uint64_t hash = wl_str_hash(wl_str_from(cases[i].text), cases[i].seed);
        CHECK(hash == cases[i].hash);
        if (hash != cases[i].hash) {
            fprintf(stderr, "    %s: 0x%016" PRIx64 "\n", cases[i].text, hash);
        }
    }
}

static void test_integers(void)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } cases[] = {{"0", true, 0},
                 {"-0", true, 0},
                 {"+7", true, 7},
                 {"0012", true, 12},
                 {"9223372036854775807", true, INT64_MAX},
                 {"-9223372036854775808", true, INT64_MIN},
                 {"9223372036854775808", false, 0},
                 {"-9223372036854775809", false, 0},
                 {"99999999999999999999999", false, 0},
                 {"", false, 0},
                 {"-", false, 0},
                 {"1.0", false, 0},
                 {" 1", false, 0},
                 {"1 ", false, 0},
                 {"0x10", false, 0},
                 {"1_000", false, 0},
                 {"--1", false, 0}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 77;
        CHECK_INT(wl_str_to_i64(wl_str_from(cases[i].text), &value), cases[i].good);
        CHECK_INT(value, cases[i].good ? cases[i].value : 77);
    }
}

static const char *const not_decimal[] = {"",    "-",        ".",    "e5",   "1e",  "1e+", "nan",
                                          "NaN", "inf",      "-inf", "0x1",  "1,5", "1 5", " 1",
                                          "1 ",  "1.2.3",    "1e5e", "--1",  "+-1", "1e.", "1e1.",
                                          "١",   "infinity", "1f",   "\x01", "1\n", "1d2"};

static void test_doubles(void)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {{"1", 1.0},        {"-1.5", -1.5},  {".5", 0.5},          {"5.", 5.0},
                 {"1e3", 1000.0},   {"1E-3", 0.001}, {"+2.5e+1", 25.0},    {"1e-400", 0.0},
                 {"0.1", 0.1},      {"-0", -0.0},    {"1.7e308", 1.7e308}, {"000.5", 0.5},
                 {"5e-324", 5e-324}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        double value = 77.0;
        CHECK(wl_str_to_double(wl_str_from(cases[i].text), &value));
        CHECK(value == cases[i].value && signbit(value) == signbit(cases[i].value));
    }
    for (size_t i = 0; i < COUNT(not_decimal); i++) {
        double value = 77.0;
        CHECK(!wl_str_to_double(wl_str_from(not_decimal[i]), &value));
        CHECK(value == 77.0);
    }
    double value = 77.0;
    char digits[200];
    memset(digits, '1', sizeof(digits));
    CHECK(!wl_str_to_double(WL_STR("1e309"), &value));
    CHECK(!wl_str_to_double((struct wl_str){digits, sizeof(digits)}, &value));
    CHECK(value == 77.0);
}

static void test_fixed_cases(void)
{
    static const struct {
        const char *text;
        bool good;
        int64_t value_e4;
    } cases[] = {
        {"1.25", true, 12500},
        {"-3e2", true, -3000000},
        {"2.55", true, 25500},
        {"0.00005", true, 1},
        {"-0.00005", true, -1},
        {"0.000049999999999999999", true, 0},
        {"1.00005e0", true, 10001}, // in binary 1.00005 is a little less: only digits can tell
        {"1.00015e0", true, 10002},
        {"123456.78905e-1", true, 123456789},
        {"100005e-5", true, 10001},
        {"0e99999999999", true, 0},
        {"1e-99999999999", true, 0},
        {"1e99999999999", false, 0},
        {"0000000000000000000000001.5", true, 15000},
        {"100000000000", true, INT64_C(1000000000000000)},
        {"-1e11", true, INT64_C(-1000000000000000)},
        {"100000000000.0001", false, 0},
        {"100000000000.00004", true, INT64_C(1000000000000000)},
        {"100000000000.00005", false, 0},
        {"1e12", false, 0},
        {"99999999999999999999999999", false, 0},
        {"5.", true, 50000},
        {".5", true, 5000},
        {"+1", true, 10000},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value_e4 = 77;
        CHECK_INT(wl_str_to_fixed(wl_str_from(cases[i].text), &value_e4), cases[i].good);
        CHECK_INT(value_e4, cases[i].good ? cases[i].value_e4 : 77);
    }
    for (size_t i = 0; i < COUNT(not_decimal); i++) {
        int64_t value_e4 = 77;
        CHECK(!wl_str_to_fixed(wl_str_from(not_decimal[i]), &value_e4));
        CHECK_INT(value_e4, 77);
    }
}

// digits * 10^(4 - n_decimals + exponent), rounded half away from zero; |result| < 10^30.
static wl_i128 fixed_by_definition(int64_t digits, int n_decimals, int exponent)
{
    wl_i128 value = digits;
    int shift = 4 - n_decimals + exponent;

    for (; shift > 0; shift--) {
        value *= 10;
    }
    if (shift < 0) {
        wl_i128 unit = 1;
        for (; shift < 0; shift++) {
            unit *= 10;
        }
        wl_i128 half = value < 0 ? -(unit / 2) : unit / 2;
        value = (value + half) / unit;
    }
    return value;
}

static void test_fixed_against_definition(void)
{
    uint64_t seed = check_seed();
    size_t n_good = 0;
    size_t n_fault_seen = 0;

    for (int i = 0; i < 20000; i++) {
        char text[64];
        int64_t digits = (int64_t)(check_rand(&seed) >> (check_rand(&seed) % 60 + 4));
        int n_decimals = (int)(check_rand(&seed) % 10);
        int exponent = i % 2 == 0 ? 0 : (int)(check_rand(&seed) % 12) - 6;
        int64_t unit = 1;
        for (int k = 0; k < n_decimals; k++) {
            unit *= 10;
        }
        bool negative = check_rand(&seed) % 2 == 0;
        int n = snprintf(text, sizeof(text), "%s%" PRId64 ".%0*" PRId64, negative ? "-" : "",
                         digits / unit, n_decimals > 0 ? n_decimals : 1, digits % unit);
        if (exponent != 0) {
            (void)snprintf(text + n, sizeof(text) - (size_t)n, "e%d", exponent);
        }
        wl_i128 want = fixed_by_definition(negative ? -digits : digits, n_decimals, exponent);
        wl_i128 bound = (wl_i128)1000000000000000;
        int64_t got = 0;
        bool good = wl_str_to_fixed(wl_str_from(text), &got);
        CHECK_INT(good, want <= bound && want >= -bound);
        if (good) {
            CHECK_INT(got, (int64_t)want);
            n_good++;
            // Planted fault: going through a double must be seen to differ now and then.
            n_fault_seen += llround(strtod(text, NULL) * WL_VALUE_SCALE) != got;
        }
    }
    CHECK(n_good > 10000);
    CHECK(n_fault_seen > 0);
}

static void test_utf8(void)
{
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {{"a", 1},
                 {"\xC3\xA9", 2},
                 {"挽", 3},
                 {"\xF0\x9F\x98\x80", 4},
                 {"\xC0\x80", 0},
                 {"\xC1\xBF", 0},
                 {"\xE0\x9F\xBF", 0},
                 {"\xED\xA0\x80", 0},
                 {"\xF0\x8F\xBF\xBF", 0},
                 {"\xF4\x90\x80\x80", 0},
                 {"\xF5\x80\x80\x80", 0},
                 {"\x80", 0},
                 {"\xE6\x8C", 0},
                 {"\xE6\x8Cx", 0}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str text = wl_str_from(cases[i].text);
        CHECK_INT(wl_utf8_length(text, 0), cases[i].length);
        CHECK_INT(wl_str_is_utf8(text), cases[i].length == text.n_bytes);
    }
    CHECK(wl_str_is_utf8(WL_STR("")));
    CHECK(wl_str_is_utf8(WL_STR("0123456789 挽留 0123456789")));
    CHECK(!wl_str_is_utf8(WL_STR("0123456789\xFF")));
}

// The definition: the cheapest way to change, drop, insert or swap, tried in all ways.
static size_t distance_by_definition(struct wl_str a, struct wl_str b)
{
    if (a.n_bytes == 0 || b.n_bytes == 0) {
        return a.n_bytes + b.n_bytes;
    }
    struct wl_str a1 = {a.data + 1, a.n_bytes - 1};
    struct wl_str b1 = {b.data + 1, b.n_bytes - 1};
    size_t best = distance_by_definition(a1, b1) + (a.data[0] != b.data[0]);
    size_t dropped = distance_by_definition(a1, b) + 1;
    size_t inserted = distance_by_definition(a, b1) + 1;
    best = dropped < best ? dropped : best;
    best = inserted < best ? inserted : best;
    if (a.n_bytes > 1 && b.n_bytes > 1 && a.data[0] == b.data[1] && a.data[1] == b.data[0]) {
        struct wl_str a2 = {a.data + 2, a.n_bytes - 2};
        struct wl_str b2 = {b.data + 2, b.n_bytes - 2};
        size_t swapped = distance_by_definition(a2, b2) + 1;
        best = swapped < best ? swapped : best;
    }
    return best;
}

static void test_distance(void)
{
    uint64_t seed = check_seed();
    char long_a[100];
    char long_b[100];

    CHECK_INT(wl_str_distance(WL_STR("horizn"), WL_STR("horizon")), 1);
    CHECK_INT(wl_str_distance(WL_STR("laed"), WL_STR("lead")), 1);
    CHECK_INT(wl_str_distance(WL_STR(""), WL_STR("abc")), 3);
    CHECK_INT(wl_str_distance(WL_STR("ca"), WL_STR("abc")), 3); // no edit inside a swapped pair
    for (int i = 0; i < 2000; i++) {
        char a[6];
        char b[6];
        size_t n_a = check_rand(&seed) % (sizeof(a) + 1);
        size_t n_b = check_rand(&seed) % (sizeof(b) + 1);
        for (size_t k = 0; k < sizeof(a); k++) {
            a[k] = (char)('a' + check_rand(&seed) % 3);
            b[k] = (char)('a' + check_rand(&seed) % 3);
        }
        CHECK_INT(wl_str_distance((struct wl_str){a, n_a}, (struct wl_str){b, n_b}),
                  distance_by_definition((struct wl_str){a, n_a}, (struct wl_str){b, n_b}));
    }
    memset(long_a, 'a', sizeof(long_a));
    memset(long_b, 'b', sizeof(long_b));
    CHECK_INT(wl_str_distance((struct wl_str){long_a, 100}, (struct wl_str){long_b, 100}), 64);
}

int main(void)
{
    RUN(test_equal_and_compare);
    RUN(test_trim_and_cut);
    RUN(test_hash_is_what_is_on_disk);
    RUN(test_integers);
    RUN(test_doubles);
    RUN(test_fixed_cases);
    RUN(test_fixed_against_definition);
    RUN(test_utf8);
    RUN(test_distance);
    return check_report();
}
