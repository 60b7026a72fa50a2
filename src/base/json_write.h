/* Writing JSON onto a sticky buffer: commas and escapes are kept right here and nowhere else.
 * Same values, same bytes: numbers are written in their shortest form that reads back the same. */
#ifndef WL_BASE_JSON_WRITE_H
#define WL_BASE_JSON_WRITE_H
#include "base/buf.h"

struct wl_json_writer {
    struct wl_buf *buf; /* borrowed */
    bool needs_comma;
};

/* wl_json_begin - start one JSON value on buf. */
struct wl_json_writer wl_json_begin(struct wl_buf *buf);

/* wl_json_open - '{' or '['; wl_json_close - '}' or ']'. */
void wl_json_open(struct wl_json_writer *json, char bracket);
void wl_json_close(struct wl_json_writer *json, char bracket);

/* wl_json_key - name of the next value inside an object. */
void wl_json_key(struct wl_json_writer *json, const char *key);
void wl_json_key_str(struct wl_json_writer *json, struct wl_str key);

/* wl_json_str .. wl_json_null - one value. Bytes that are not UTF-8 become U+FFFD. A number that is
 * not finite becomes null: JSON has no other word for it. */
void wl_json_str(struct wl_json_writer *json, struct wl_str text);
void wl_json_text(struct wl_json_writer *json, const char *text);
void wl_json_i64(struct wl_json_writer *json, int64_t value);
void wl_json_double(struct wl_json_writer *json, double value);
void wl_json_float(struct wl_json_writer *json, float value);
void wl_json_bool(struct wl_json_writer *json, bool value);
void wl_json_null(struct wl_json_writer *json);

/* wl_json_time - an ISO 8601 string; WL_TIME_NONE becomes null. */
void wl_json_time(struct wl_json_writer *json, int64_t time_us);

/* wl_json_digits - a number rounded to n_digits significant digits, for people: 0.8481. Minus
 * zero is 0. */
void wl_json_digits(struct wl_json_writer *json, double value, int n_digits);

#endif
