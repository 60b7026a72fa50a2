/* Goal:   what is written is JSON, holds the same values, and has the same bytes every time.
 * Method: one document with every call; escapes and broken UTF-8 by table; random doubles
 *         and floats read back bit by bit. */
#include "check.h"

#include "base/clock.h"
#include "base/json_write.h"

static void test_document(void)
{
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    struct wl_json_writer json = wl_json_begin(&buf);
    wl_json_open(&json, '{');
    wl_json_key(&json, "a");
    wl_json_open(&json, '[');
    wl_json_i64(&json, INT64_MIN);
    wl_json_bool(&json, true);
    wl_json_null(&json);
    wl_json_open(&json, '{');
    wl_json_close(&json, '}');
    wl_json_open(&json, '[');
    wl_json_close(&json, ']');
    wl_json_text(&json, "x");
    wl_json_close(&json, ']');
    wl_json_key_str(&json, WL_STR("k\"y"));
    wl_json_double(&json, 0.25);
    wl_json_key(&json, "t");
    wl_json_time(&json, 1500000);
    wl_json_key(&json, "none");
    wl_json_time(&json, WL_TIME_NONE);
    wl_json_key(&json, "d");
    wl_json_digits(&json, 0.84812345, 4);
    wl_json_key(&json, "z");
    wl_json_digits(&json, -0.0, 4);
    wl_json_close(&json, '}');
    CHECK_VIEW(wl_buf_view(&buf),
               "{\"a\":[-9223372036854775808,true,null,{},[],\"x\"],\"k\\\"y\":0.25,"
               "\"t\":\"1970-01-01T00:00:01.500000Z\",\"none\":null,\"d\":0.8481,\"z\":0}");
    wl_buf_release(&buf);
}

static void test_strings(void)
{
    static const struct {
        struct wl_str text;
        const char *want;
    } cases[] = {
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{"\"\\/\b\f\n\r\t", 8}, "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\""},
        {{"\0\x1F\x7F", 3}, "\"\\u0000\\u001f\\u007f\""},
        {{"挽留", 6}, "\"挽留\""},
        {{"\xF0\x9F\x98\x80", 4}, "\"\xF0\x9F\x98\x80\""},
        {{"a\xFFz", 3}, "\"a\xEF\xBF\xBDz\""},
        {{"\xE6\x8C", 2}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {{"\xED\xA0\x80", 3}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {{"\xC0\x80", 2}, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_buf buf;
        wl_buf_init(&buf, wl_alloc_default(), 0);
        struct wl_json_writer json = wl_json_begin(&buf);
        wl_json_str(&json, cases[i].text);
        CHECK_VIEW(wl_buf_view(&buf), cases[i].want);
        wl_buf_release(&buf);
    }
}

static void test_numbers(void)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {{0.0, "0"},
                 {-0.0, "-0.0"},
                 {1.0, "1"},
                 {0.1, "0.1"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {1e21, "1e+21"},
                 {1e-7, "1e-07"},
                 {123456789012345.0, "123456789012345"},
                 {0.1 + 0.2, "0.30000000000000004"}};
    static const double nothing[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_json_writer json = wl_json_begin(&buf);
        wl_buf_clear(&buf);
        wl_json_double(&json, cases[i].value);
        CHECK_VIEW(wl_buf_view(&buf), cases[i].want);
    }
    for (size_t i = 0; i < COUNT(nothing); i++) {
        struct wl_json_writer json = wl_json_begin(&buf);
        wl_buf_clear(&buf);
        wl_json_double(&json, nothing[i]);
        wl_json_float(&json, (float)nothing[i]);
        wl_json_digits(&json, nothing[i], 3);
        CHECK_VIEW(wl_buf_view(&buf), "null,null,null");
    }
    struct wl_json_writer json = wl_json_begin(&buf);
    wl_buf_clear(&buf);
    wl_json_float(&json, 0.1f);
    CHECK_VIEW(wl_buf_view(&buf), "0.1"); // not 0.10000000149011612
    wl_buf_release(&buf);
}

static void test_numbers_read_back(void)
{
    uint64_t seed = check_seed();
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    for (size_t i = 0; i < 100000; i++) {
        uint64_t bits = check_rand(&seed);
        uint32_t low = (uint32_t)bits;
        double value;
        float single;
        memcpy(&value, &bits, sizeof(value));
        memcpy(&single, &low, sizeof(single));
        struct wl_json_writer json = wl_json_begin(&buf);
        wl_buf_clear(&buf);
        wl_json_double(&json, isfinite(value) ? value : 1.0);
        double back = strtod(buf.data, NULL);
        CHECK(!isfinite(value) || memcmp(&back, &value, sizeof(value)) == 0);
        json = wl_json_begin(&buf);
        wl_buf_clear(&buf);
        wl_json_float(&json, isfinite(single) ? single : 1.0f);
        float back_single = strtof(buf.data, NULL);
        CHECK(!isfinite(single) || memcmp(&back_single, &single, sizeof(single)) == 0);
    }
    wl_buf_release(&buf);
}

int main(void)
{
    RUN(test_document);
    RUN(test_strings);
    RUN(test_numbers);
    RUN(test_numbers_read_back);
    return check_report();
}
