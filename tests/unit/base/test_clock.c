/* Goal:   every day from 1900 to 2200 survives the way to text and back, and every text that is no
 *         time is refused with the right status, leaving the output as it was.
 * Method: a walk over all days with a calendar counted by hand beside it; tables of good and bad
 *         texts for times, spans and offsets. */
#include "check.h"

#include "base/clock.h"

static bool is_leap(int64_t year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

static void test_every_day(void)
{
    static const int days_of[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -25567; // 1900-01-01
    size_t n_days = 0;

    for (int64_t year = 1900; year <= 2200; year++) {
        for (int month = 1; month <= 12; month++) {
            int n = days_of[month - 1] + (month == 2 && is_leap(year));
            for (int day = 1; day <= n; day++, days++, n_days++) {
                char text[WL_TIME_TEXT_BYTES];
                char want[40];
                int64_t y = 0;
                int m = 0;
                int d = 0;
                int64_t time_us = 0;
                (void)snprintf(want, sizeof(want), "%04d-%02d-%02d", (int)year, month, day);
                CHECK_INT(wl_days_from_civil(year, month, day), days);
                wl_civil_from_days(days, &y, &m, &d);
                CHECK(y == year && m == month && d == day);
                CHECK_STR(wl_date_format(days * WL_DAY_US + WL_DAY_US - 1, text), want);
                CHECK_INT(wl_time_parse(wl_str_from(want), WL_TIME_AUTO, 0, &time_us, NULL), 0);
                CHECK_INT(time_us, days * WL_DAY_US);
            }
        }
    }
    CHECK_INT(n_days, 109938); // 301 * 365 + 73 leap days
}

static void test_good_times(void)
{
    static const struct {
        const char *text;
        enum wl_time_format format;
        int64_t offset_us;
        const char *iso;
    } cases[] = {
        {"2011-09-01", WL_TIME_AUTO, 0, "2011-09-01T00:00:00Z"},
        {"2011/09/01", WL_TIME_AUTO, 8 * WL_HOUR_US, "2011-08-31T16:00:00Z"},
        {"2011-09-01T08:30", WL_TIME_AUTO, 0, "2011-09-01T08:30:00Z"},
        {"2011-09-01 08:30:15", WL_TIME_AUTO, -5 * WL_HOUR_US, "2011-09-01T13:30:15Z"},
        {"2011-09-01T08:30:15Z", WL_TIME_AUTO, 8 * WL_HOUR_US, "2011-09-01T08:30:15Z"},
        {"2011-09-01T08:30:15+08:00", WL_TIME_AUTO, 0, "2011-09-01T00:30:15Z"},
        {"2011-09-01T08:30:15-0530", WL_TIME_AUTO, 0, "2011-09-01T14:00:15Z"},
        {"2011-09-01T08:30:15+08", WL_TIME_AUTO, 0, "2011-09-01T00:30:15Z"},
        {"2011-09-01T08:30:15.5Z", WL_TIME_AUTO, 0, "2011-09-01T08:30:15.500000Z"},
        {"2011-09-01T08:30:15.1234569", WL_TIME_AUTO, 0, "2011-09-01T08:30:15.123456Z"},
        {"1969-12-31T23:59:59.999999Z", WL_TIME_AUTO, 0, "1969-12-31T23:59:59.999999Z"},
        {"2012-02-29", WL_TIME_AUTO, 0, "2012-02-29T00:00:00Z"},
        {"2000-02-29", WL_TIME_AUTO, 0, "2000-02-29T00:00:00Z"},
        {"1900-01-01T00:00:00Z", WL_TIME_AUTO, 0, "1900-01-01T00:00:00Z"},
        {"2200-12-31T23:59:59.999999Z", WL_TIME_AUTO, 0, "2200-12-31T23:59:59.999999Z"},
        {"0", WL_TIME_EPOCH_S, 8 * WL_HOUR_US, "1970-01-01T00:00:00Z"},
        {"1314864000", WL_TIME_EPOCH_S, 0, "2011-09-01T08:00:00Z"},
        {"1314864000.123456", WL_TIME_EPOCH_S, 0, "2011-09-01T08:00:00.123456Z"},
        {"-1", WL_TIME_EPOCH_S, 0, "1969-12-31T23:59:59Z"},
        {"1.314864e9", WL_TIME_EPOCH_S, 0, "2011-09-01T08:00:00Z"},
        {"1314864000123", WL_TIME_EPOCH_MS, 0, "2011-09-01T08:00:00.123000Z"},
        {"1314864000123456", WL_TIME_EPOCH_US, 0, "2011-09-01T08:00:00.123456Z"},
        {"20110901", WL_TIME_YMD, 8 * WL_HOUR_US, "2011-08-31T16:00:00Z"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[WL_TIME_TEXT_BYTES];
        int64_t time_us = 0;
        wl_error error = {0};
        CHECK_INT(wl_time_parse(wl_str_from(cases[i].text), cases[i].format, cases[i].offset_us,
                                &time_us, &error),
                  WL_OK);
        CHECK_STR(error.message, "");
        CHECK_STR(wl_time_format_iso(time_us, text), cases[i].iso);
    }
}

static const struct {
    const char *text;
    enum wl_time_format format;
    wl_status status;
} refused[] = {
    {"", WL_TIME_AUTO, WL_EPARSE},
    {"1314864000", WL_TIME_AUTO, WL_EPARSE}, // digits alone could be any unit
    {"20110901", WL_TIME_AUTO, WL_EPARSE},
    {"2011-9-1", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09/01", WL_TIME_AUTO, WL_EPARSE},
    {"01/09/2011", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:3", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:1", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15.", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15,5", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15z", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15ZZ", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15+08:", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15+8", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01T08:30:15+15:00", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01x08:30", WL_TIME_AUTO, WL_EPARSE},
    {" 2011-09-01", WL_TIME_AUTO, WL_EPARSE},
    {"2011-09-01 ", WL_TIME_AUTO, WL_EPARSE},
    {"挽留挽留挽留挽留挽留挽留挽留挽留", WL_TIME_AUTO, WL_EPARSE},
    {"2011-02-29", WL_TIME_AUTO, WL_ERANGE},
    {"2100-02-29", WL_TIME_AUTO, WL_ERANGE},
    {"2011-02-30", WL_TIME_AUTO, WL_ERANGE},
    {"2011-04-31", WL_TIME_AUTO, WL_ERANGE},
    {"2011-00-01", WL_TIME_AUTO, WL_ERANGE},
    {"2011-13-01", WL_TIME_AUTO, WL_ERANGE},
    {"2011-01-00", WL_TIME_AUTO, WL_ERANGE},
    {"2011-01-32", WL_TIME_AUTO, WL_ERANGE},
    {"2011-09-01T24:00", WL_TIME_AUTO, WL_ERANGE},
    {"2011-09-01T25:61", WL_TIME_AUTO, WL_ERANGE},
    {"2011-09-01T08:60", WL_TIME_AUTO, WL_ERANGE},
    {"2011-09-01T08:30:60", WL_TIME_AUTO, WL_ERANGE},
    {"1899-12-31", WL_TIME_AUTO, WL_ERANGE},
    {"2201-01-01", WL_TIME_AUTO, WL_ERANGE},
    {"0000-01-01", WL_TIME_AUTO, WL_ERANGE},
    {"1900-01-01T00:00:00+08:00", WL_TIME_AUTO, WL_ERANGE}, // 1899 in UTC
    {"2200-12-31T23:00:00-08:00", WL_TIME_AUTO, WL_ERANGE},
    {"abc", WL_TIME_EPOCH_S, WL_EPARSE},
    {"", WL_TIME_EPOCH_S, WL_EPARSE},
    {"nan", WL_TIME_EPOCH_S, WL_EPARSE},
    {"1314864000000", WL_TIME_EPOCH_S, WL_ERANGE}, // milliseconds by mistake
    {"9223372036854775807", WL_TIME_EPOCH_S, WL_ERANGE},
    {"-9223372036854775808", WL_TIME_EPOCH_MS, WL_ERANGE},
    {"1e300", WL_TIME_EPOCH_S, WL_ERANGE},
    {"1e16", WL_TIME_EPOCH_S, WL_ERANGE},
    {"-1e300", WL_TIME_EPOCH_US, WL_ERANGE},
    {"2011-09-01", WL_TIME_YMD, WL_EPARSE},
    {"2011090", WL_TIME_YMD, WL_EPARSE},
    {"201109011", WL_TIME_YMD, WL_EPARSE},
    {"20110231", WL_TIME_YMD, WL_ERANGE},
    {"2011-09-01", (enum wl_time_format)99, WL_EINVAL},
};

static void test_refused_times(void)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        int64_t time_us = 77;
        wl_error error = {0};
        wl_status status =
            wl_time_parse(wl_str_from(refused[i].text), refused[i].format, 0, &time_us, &error);
        if (status != refused[i].status) {
            fprintf(stderr, "    \"%s\": %s\n", refused[i].text, wl_status_name(status));
        }
        CHECK_INT(status, refused[i].status);
        CHECK_INT(time_us, 77);
        CHECK(error.message[0] != '\0');
        CHECK(wl_str_is_utf8(wl_str_from(error.message)));
    }
}

static void test_spans(void)
{
    static const struct {
        const char *text;
        wl_status status;
        int64_t span_us;
        const char *back;
    } cases[] = {{"72h", WL_OK, 72 * WL_HOUR_US, "3d"},
                 {"30d", WL_OK, 30 * WL_DAY_US, "30d"},
                 {"15m", WL_OK, 15 * WL_MINUTE_US, "15m"},
                 {"90s", WL_OK, 90 * WL_SECOND_US, "90s"},
                 {"2w", WL_OK, 14 * WL_DAY_US, "14d"},
                 {"25h", WL_OK, 25 * WL_HOUR_US, "25h"},
                 {"0h", WL_OK, 0, "0d"},
                 {"3660d", WL_OK, 3660 * WL_DAY_US, "3660d"},
                 {"3661d", WL_ERANGE, 0, ""},
                 {"9223372036854775807w", WL_ERANGE, 0, ""},
                 {"", WL_EPARSE, 0, ""},
                 {"d", WL_EPARSE, 0, ""},
                 {"30", WL_EPARSE, 0, ""},
                 {"-1d", WL_EPARSE, 0, ""},
                 {"+1d", WL_EPARSE, 0, ""},
                 {"1.5h", WL_EPARSE, 0, ""},
                 {"1 d", WL_EPARSE, 0, ""},
                 {"1D", WL_EPARSE, 0, ""},
                 {"1mo", WL_EPARSE, 0, ""},
                 {"99999999999999999999d", WL_EPARSE, 0, ""}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        int64_t span_us = 77;
        bool good = cases[i].status == WL_OK;
        CHECK_INT(wl_span_parse(wl_str_from(cases[i].text), &span_us, NULL), cases[i].status);
        CHECK_INT(span_us, good ? cases[i].span_us : 77);
        CHECK_STR(good ? wl_span_format(span_us, text) : "", cases[i].back);
    }
    char text[32];
    CHECK_STR(wl_span_format(1500000, text), "1500000us");
}

static void test_offsets(void)
{
    static const struct {
        const char *text;
        bool good;
        int64_t offset_us;
    } cases[] = {{"Z", true, 0},
                 {"+00:00", true, 0},
                 {"+08:00", true, 8 * WL_HOUR_US},
                 {"-05:30", true, -5 * WL_HOUR_US - 30 * WL_MINUTE_US},
                 {"+0545", true, 5 * WL_HOUR_US + 45 * WL_MINUTE_US},
                 {"-03", true, -3 * WL_HOUR_US},
                 {"+14:00", true, 14 * WL_HOUR_US},
                 {"+15:00", false, 0},
                 {"+08:60", false, 0},
                 {"08:00", false, 0},
                 {"+8", false, 0},
                 {"+08:", false, 0},
                 {"+08:0", false, 0},
                 {"+08:000", false, 0},
                 {"UTC", false, 0},
                 {"", false, 0},
                 {"+", false, 0}};

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t offset_us = 77;
        CHECK_INT(wl_offset_parse(wl_str_from(cases[i].text), &offset_us, NULL),
                  cases[i].good ? WL_OK : WL_EPARSE);
        CHECK_INT(offset_us, cases[i].good ? cases[i].offset_us : 77);
    }
}

static void test_floor(void)
{
    CHECK_INT(wl_time_floor(0, WL_DAY_US), 0);
    CHECK_INT(wl_time_floor(WL_DAY_US - 1, WL_DAY_US), 0);
    CHECK_INT(wl_time_floor(WL_DAY_US, WL_DAY_US), WL_DAY_US);
    CHECK_INT(wl_time_floor(-1, WL_DAY_US), -WL_DAY_US);
    CHECK_INT(wl_time_floor(-WL_DAY_US, WL_DAY_US), -WL_DAY_US);
    CHECK_INT(wl_time_floor(-WL_DAY_US - 1, WL_DAY_US), -2 * WL_DAY_US);
}

int main(void)
{
    RUN(test_every_day);
    RUN(test_good_times);
    RUN(test_refused_times);
    RUN(test_spans);
    RUN(test_offsets);
    RUN(test_floor);
    return check_report();
}
