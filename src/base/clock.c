/* Calendar and time texts. Own, because strptime depends on the locale and skips range checks. */
#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int64_t wl_days_from_civil(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void wl_civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month + (shifted_month < 10 ? 3 : -9));
    *year = year_of_era + era * 400 + (*month <= 2);
}

int64_t wl_time_floor(int64_t time_us, int64_t step_us)
{
    int64_t quotient = time_us / step_us;
    return (quotient - (time_us % step_us < 0)) * step_us;
}

// Exactly n digits at the front of rest, or -1.
static int64_t take_digits(struct wl_str *rest, size_t n)
{
    int64_t value = 0;
    if (rest->n_bytes < n) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        int digit = rest->data[i] - '0';
        if (digit < 0 || digit > 9) {
            return -1;
        }
        value = value * 10 + digit;
    }
    rest->data += n;
    rest->n_bytes -= n;
    return value;
}

static bool take_char(struct wl_str *rest, char c)
{
    if (rest->n_bytes == 0 || rest->data[0] != c) {
        return false;
    }
    rest->data++;
    rest->n_bytes--;
    return true;
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

#define TEXT_SHOWN_BYTES 40 // of a refused text: longer than any time, short enough for one line

static struct wl_str shown(struct wl_str text)
{
    text.n_bytes = text.n_bytes > TEXT_SHOWN_BYTES ? TEXT_SHOWN_BYTES : text.n_bytes;
    return text;
}

static wl_status make_date(struct wl_str text, int64_t year, int64_t month, int64_t day,
                           int64_t *time_us, wl_error *error)
{
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, (int)month)) {
        return wl_fail(error, WL_ERANGE, "\"%.*s\" is not a date of the calendar",
                       WL_STR_ARG(shown(text)));
    }
    *time_us = wl_days_from_civil(year, (int)month, (int)day) * WL_DAY_US;
    return WL_OK;
}

// Outputs are assigned here, last: a time that is not between 1900 and 2200 UTC is a wrong unit or
// a typo, and later sums of times and spans cannot overflow.
static wl_status give_time(struct wl_str text, int64_t parsed_us, int64_t *time_us, wl_error *error)
{
    if (parsed_us < wl_days_from_civil(1900, 1, 1) * WL_DAY_US ||
        parsed_us >= wl_days_from_civil(2201, 1, 1) * WL_DAY_US) {
        return wl_fail(error, WL_ERANGE, "time \"%.*s\" is not between the years 1900 and 2200",
                       WL_STR_ARG(shown(text)));
    }
    *time_us = parsed_us;
    return WL_OK;
}

static wl_status fail_format(wl_error *error, struct wl_str text)
{
    return wl_fail(error, WL_EPARSE, "\"%.*s\" is not a time like 2011-09-01T08:30:00Z",
                   WL_STR_ARG(shown(text)));
}

static bool take_offset(struct wl_str *rest, int64_t *offset_us)
{
    if (take_char(rest, 'Z')) {
        *offset_us = 0;
        return true;
    }
    bool east = take_char(rest, '+');
    if (!east && !take_char(rest, '-')) {
        return false;
    }
    int64_t hours = take_digits(rest, 2);
    bool has_minutes = take_char(rest, ':') || rest->n_bytes > 0;
    int64_t minutes = has_minutes ? take_digits(rest, 2) : 0;
    if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) {
        return false;
    }
    int64_t offset = hours * WL_HOUR_US + minutes * WL_MINUTE_US;
    *offset_us = east ? offset : -offset;
    return true;
}

wl_status wl_offset_parse(struct wl_str text, int64_t *offset_us, wl_error *error)
{
    struct wl_str rest = text;
    int64_t offset;

    if (!take_offset(&rest, &offset) || rest.n_bytes != 0) {
        return wl_fail(error, WL_EPARSE, "\"%.*s\" is not a UTC offset like +08:00",
                       WL_STR_ARG(shown(text)));
    }
    *offset_us = offset;
    return WL_OK;
}

// "08:30", "08:30:15" or "08:30:15.123456789" at the front of rest, added to *time_us.
static wl_status take_clock(struct wl_str *rest, struct wl_str text, int64_t *time_us,
                            wl_error *error)
{
    int64_t hour = take_digits(rest, 2);
    bool good = hour >= 0 && take_char(rest, ':');
    int64_t minute = good ? take_digits(rest, 2) : -1;
    int64_t second = 0;
    int64_t fraction_us = 0;

    if (minute < 0) {
        return fail_format(error, text);
    }
    if (take_char(rest, ':')) {
        second = take_digits(rest, 2);
        if (second < 0) {
            return fail_format(error, text);
        }
        if (take_char(rest, '.')) {
            int64_t unit = 100000;
            size_t n_digits = 0;
            for (; rest->n_bytes > 0 && rest->data[0] >= '0' && rest->data[0] <= '9'; n_digits++) {
                fraction_us += take_digits(rest, 1) * unit;
                unit /= 10;
            }
            if (n_digits == 0) {
                return fail_format(error, text);
            }
        }
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return wl_fail(error, WL_ERANGE, "\"%.*s\" is not a time of the day",
                       WL_STR_ARG(shown(text)));
    }
    *time_us += hour * WL_HOUR_US + minute * WL_MINUTE_US + second * WL_SECOND_US + fraction_us;
    return WL_OK;
}

static wl_status parse_iso(struct wl_str text, int64_t offset_us, int64_t *time_us, wl_error *error)
{
    struct wl_str rest = text;
    int64_t year = take_digits(&rest, 4);
    char separator = rest.n_bytes > 0 && rest.data[0] == '/' ? '/' : '-';
    bool good = year >= 0 && take_char(&rest, separator);
    int64_t month = good ? take_digits(&rest, 2) : -1;
    int64_t day = month >= 0 && take_char(&rest, separator) ? take_digits(&rest, 2) : -1;
    int64_t parsed_us = 0;

    if (day < 0) {
        return fail_format(error, text);
    }
    WL_TRY(make_date(text, year, month, day, &parsed_us, error));
    if (rest.n_bytes > 0) {
        if (!take_char(&rest, 'T') && !take_char(&rest, ' ')) {
            return fail_format(error, text);
        }
        WL_TRY(take_clock(&rest, text, &parsed_us, error));
        if (rest.n_bytes > 0 && (!take_offset(&rest, &offset_us) || rest.n_bytes > 0)) {
            return fail_format(error, text);
        }
    }
    return give_time(text, parsed_us - offset_us, time_us, error);
}

static wl_status parse_epoch(struct wl_str text, int64_t unit_us, int64_t *time_us, wl_error *error)
{
    int64_t count;
    double number;
    int64_t parsed_us;

    if (wl_str_to_i64(text, &count)) {
        if (__builtin_mul_overflow(count, unit_us, &parsed_us)) {
            parsed_us = INT64_MAX;
        }
    } else if (wl_str_to_double(text, &number)) {
        double product = number * (double)unit_us;
        parsed_us = fabs(product) < 9e18 ? llround(product) : INT64_MAX; // 9e18: inside int64
    } else {
        return wl_fail(error, WL_EPARSE, "\"%.*s\" is not a count of time units since 1970",
                       WL_STR_ARG(shown(text)));
    }
    return give_time(text, parsed_us, time_us, error);
}

static wl_status parse_ymd(struct wl_str text, int64_t offset_us, int64_t *time_us, wl_error *error)
{
    struct wl_str rest = text;
    int64_t year = take_digits(&rest, 4);
    int64_t month = year >= 0 ? take_digits(&rest, 2) : -1;
    int64_t day = month >= 0 ? take_digits(&rest, 2) : -1;
    int64_t parsed_us = 0;

    if (day < 0 || rest.n_bytes != 0) {
        return wl_fail(error, WL_EPARSE, "\"%.*s\" is not a date like 20110901",
                       WL_STR_ARG(shown(text)));
    }
    WL_TRY(make_date(text, year, month, day, &parsed_us, error));
    return give_time(text, parsed_us - offset_us, time_us, error);
}

wl_status wl_time_parse(struct wl_str text, enum wl_time_format format, int64_t offset_us,
                        int64_t *time_us, wl_error *error)
{
    switch (format) {
    case WL_TIME_AUTO: return parse_iso(text, offset_us, time_us, error);
    case WL_TIME_EPOCH_S: return parse_epoch(text, WL_SECOND_US, time_us, error);
    case WL_TIME_EPOCH_MS: return parse_epoch(text, 1000, time_us, error);
    case WL_TIME_EPOCH_US: return parse_epoch(text, 1, time_us, error);
    case WL_TIME_YMD: return parse_ymd(text, offset_us, time_us, error);
    }
    return wl_fail(error, WL_EINVAL, "unknown time format %d", (int)format);
}

char *wl_date_format(int64_t time_us, char *text)
{
    int64_t year;
    int month;
    int day;
    wl_civil_from_days(wl_time_floor(time_us, WL_DAY_US) / WL_DAY_US, &year, &month, &day);
    (void)snprintf(text, WL_TIME_TEXT_BYTES, "%04d-%02d-%02d", (int)year, month, day);
    return text;
}

char *wl_time_format_iso(int64_t time_us, char *text)
{
    int64_t in_day_us = time_us - wl_time_floor(time_us, WL_DAY_US);
    int seconds = (int)(in_day_us / WL_SECOND_US);
    int fraction_us = (int)(in_day_us % WL_SECOND_US);
    size_t n = strlen(wl_date_format(time_us, text));

    n += (size_t)snprintf(text + n, WL_TIME_TEXT_BYTES - n, "T%02d:%02d:%02d", seconds / 3600,
                          seconds / 60 % 60, seconds % 60);
    if (fraction_us != 0) {
        n += (size_t)snprintf(text + n, WL_TIME_TEXT_BYTES - n, ".%06d", fraction_us);
    }
    (void)snprintf(text + n, WL_TIME_TEXT_BYTES - n, "Z");
    return text;
}

static int64_t unit_of(char letter)
{
    switch (letter) {
    case 's': return WL_SECOND_US;
    case 'm': return WL_MINUTE_US;
    case 'h': return WL_HOUR_US;
    case 'd': return WL_DAY_US;
    case 'w': return 7 * WL_DAY_US;
    default: return 0;
    }
}

wl_status wl_span_parse(struct wl_str text, int64_t *span_us, wl_error *error)
{
    int64_t count = 0;
    int64_t unit_us = text.n_bytes > 1 ? unit_of(text.data[text.n_bytes - 1]) : 0;
    struct wl_str digits = {.data = text.data, .n_bytes = text.n_bytes > 0 ? text.n_bytes - 1 : 0};
    int64_t parsed_us;

    bool is_plain = unit_us != 0 && digits.data[0] >= '0' && digits.data[0] <= '9';
    if (!is_plain || !wl_str_to_i64(digits, &count)) {
        return wl_fail(error, WL_EPARSE, "\"%.*s\" is not a duration like 72h, 30d or 2w",
                       WL_STR_ARG(shown(text)));
    }
    if (__builtin_mul_overflow(count, unit_us, &parsed_us) || parsed_us > 3660 * WL_DAY_US) {
        return wl_fail(error, WL_ERANGE, "duration %.*s is longer than ten years",
                       WL_STR_ARG(shown(text)));
    }
    *span_us = parsed_us;
    return WL_OK;
}

char *wl_span_format(int64_t span_us, char *text)
{
    static const struct {
        int64_t unit_us;
        char letter;
    } units[] = {{WL_DAY_US, 'd'}, {WL_HOUR_US, 'h'}, {WL_MINUTE_US, 'm'}, {WL_SECOND_US, 's'}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (span_us % units[i].unit_us == 0) {
            (void)snprintf(text, 32, "%lld%c", (long long)(span_us / units[i].unit_us),
                           units[i].letter);
            return text;
        }
    }
    (void)snprintf(text, 32, "%lldus", (long long)span_us);
    return text;
}
