/* Time is int64 microseconds since 1970-01-01T00:00:00Z. The proleptic Gregorian calendar, no leap
 * seconds. The wall clock itself is read by the CLI and passed in. */
#ifndef WL_BASE_CLOCK_H
#define WL_BASE_CLOCK_H
#include "base/error.h"
#include "base/str.h"

#define WL_SECOND_US INT64_C(1000000)
#define WL_MINUTE_US (60 * WL_SECOND_US)
#define WL_HOUR_US   (60 * WL_MINUTE_US)
#define WL_DAY_US    (24 * WL_HOUR_US)
#define WL_TIME_NONE INT64_MIN /* "no time" */

/* How the text of a time is written. */
enum wl_time_format {
    WL_TIME_AUTO = 0,     /* ISO 8601 forms below; digits alone are refused as ambiguous */
    WL_TIME_EPOCH_S = 1,  /* seconds since 1970, a fraction allowed */
    WL_TIME_EPOCH_MS = 2, /* milliseconds since 1970 */
    WL_TIME_EPOCH_US = 3, /* microseconds since 1970 */
    WL_TIME_YMD = 4       /* 20110901 */
};

/* wl_time_parse - read one time.
 *   text       (in)  ISO 8601: 2011-09-01, 2011-09-01T08:30[:15[.123456]][Z|+08:00], or with a
 *                    space for the T, or with slashes; other formats as named.
 *   offset_us  (in)  UTC offset of a text that names none, e.g. 8 h for Asia/Shanghai.
 *   time_us    (out) microseconds since 1970 UTC, in 1900 .. 2200 also after the offset.
 * Errors:  WL_EPARSE  not in the format.  WL_ERANGE  30 February, 25:61, or a year outside. */
WL_MUST_CHECK wl_status wl_time_parse(struct wl_str text, enum wl_time_format format,
                                      int64_t offset_us, int64_t *time_us, wl_error *error);

#define WL_TIME_TEXT_BYTES 32

/* wl_time_format_iso - "2011-09-01T08:30:15Z", with ".123456" only when there is a fraction.
 *   text  (out) at least WL_TIME_TEXT_BYTES. Returns text. */
char *wl_time_format_iso(int64_t time_us, char *text);

/* wl_date_format - "2011-09-01" of the UTC day. Returns text. */
char *wl_date_format(int64_t time_us, char *text);

/* wl_span_parse - a duration: "72h", "30d", "15m", "90s", "2w"; whole numbers without a sign;
 * 0 is one too, and refused by who cannot use it.
 * Errors:  WL_EPARSE  anything else.  WL_ERANGE  more than ten years. */
WL_MUST_CHECK wl_status wl_span_parse(struct wl_str text, int64_t *span_us, wl_error *error);

/* wl_span_format - "72h", "30d", the largest unit that divides. Returns text (32 bytes). */
char *wl_span_format(int64_t span_us, char *text);

/* wl_offset_parse - "+08:00", "-05:30", "Z": microseconds east of UTC. */
WL_MUST_CHECK wl_status wl_offset_parse(struct wl_str text, int64_t *offset_us, wl_error *error);

/* wl_time_floor - largest multiple of step_us not after time_us, also before 1970. */
int64_t wl_time_floor(int64_t time_us, int64_t step_us);

/* wl_days_from_civil - days since 1970-01-01 of a date. Source: Hinnant, "chrono-compatible
 * low-level date algorithms". */
int64_t wl_days_from_civil(int64_t year, int month, int day);
void wl_civil_from_days(int64_t days, int64_t *year, int *month, int *day);

#endif
