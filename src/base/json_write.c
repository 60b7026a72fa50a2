/* JSON text (RFC 8259). */
#include "base/json_write.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wl_json_writer wl_json_begin(struct wl_buf *buf)
{
    return (struct wl_json_writer){.buf = buf, .needs_comma = false};
}

static void before_value(struct wl_json_writer *json)
{
    if (json->needs_comma) {
        wl_buf_char(json->buf, ',');
    }
    json->needs_comma = true;
}

void wl_json_open(struct wl_json_writer *json, char bracket)
{
    before_value(json);
    wl_buf_char(json->buf, bracket);
    json->needs_comma = false;
}

void wl_json_close(struct wl_json_writer *json, char bracket)
{
    wl_buf_char(json->buf, bracket);
    json->needs_comma = true;
}

static void put_escaped(struct wl_buf *buf, unsigned char c)
{
    switch (c) {
    case '"': wl_buf_text(buf, "\\\""); break;
    case '\\': wl_buf_text(buf, "\\\\"); break;
    case '\n': wl_buf_text(buf, "\\n"); break;
    case '\r': wl_buf_text(buf, "\\r"); break;
    case '\t': wl_buf_text(buf, "\\t"); break;
    default: wl_buf_format(buf, "\\u%04x", c); break;
    }
}

static void put_quoted(struct wl_buf *buf, struct wl_str text)
{
    const unsigned char *data = (const unsigned char *)text.data;
    size_t begin = 0;
    size_t i = 0;

    wl_buf_char(buf, '"');
    while (i < text.n_bytes) {
        size_t length = wl_utf8_length(text, i);
        bool plain = length > 1 || (length == 1 && data[i] >= 0x20 && data[i] != '"' &&
                                    data[i] != '\\' && data[i] != 0x7F);
        if (plain) {
            i += length;
            continue;
        }
        wl_buf_add(buf, text.data + begin, i - begin);
        if (length == 0) {
            wl_buf_text(buf, "\xEF\xBF\xBD");
        } else {
            put_escaped(buf, data[i]);
        }
        i++;
        begin = i;
    }
    if (i > begin) {
        wl_buf_add(buf, text.data + begin, i - begin);
    }
    wl_buf_char(buf, '"');
}

void wl_json_key_str(struct wl_json_writer *json, struct wl_str key)
{
    before_value(json);
    put_quoted(json->buf, key);
    wl_buf_char(json->buf, ':');
    json->needs_comma = false;
}

void wl_json_key(struct wl_json_writer *json, const char *key)
{
    wl_json_key_str(json, wl_str_from(key));
}

void wl_json_str(struct wl_json_writer *json, struct wl_str text)
{
    before_value(json);
    put_quoted(json->buf, text);
}

void wl_json_text(struct wl_json_writer *json, const char *text)
{
    wl_json_str(json, wl_str_from(text));
}

void wl_json_i64(struct wl_json_writer *json, int64_t value)
{
    before_value(json);
    wl_buf_format(json->buf, "%lld", (long long)value);
}

void wl_json_null(struct wl_json_writer *json)
{
    before_value(json);
    wl_buf_text(json->buf, "null");
}

void wl_json_bool(struct wl_json_writer *json, bool value)
{
    before_value(json);
    wl_buf_text(json->buf, value ? "true" : "false");
}

// Shortest %g form that reads back as the same number: most need few digits.
static void put_number(struct wl_json_writer *json, double value, int digits_max, bool is_float)
{
    char text[40];

    if (!isfinite(value)) {
        wl_json_null(json);
        return;
    }
    before_value(json);
    if (value == 0.0) {
        wl_buf_text(json->buf, signbit(value) ? "-0.0" : "0"); // "-0" would be read as an integer
        return;
    }
    for (int digits = is_float ? 6 : 15; digits <= digits_max; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        bool same = is_float ? strtof(text, NULL) == (float)value : strtod(text, NULL) == value;
        if (same) {
            break;
        }
    }
    wl_buf_text(json->buf, text);
}

void wl_json_double(struct wl_json_writer *json, double value)
{
    put_number(json, value, 17, false);
}

void wl_json_float(struct wl_json_writer *json, float value)
{
    put_number(json, (double)value, 9, true);
}

void wl_json_digits(struct wl_json_writer *json, double value, int n_digits)
{
    if (!isfinite(value)) {
        wl_json_null(json);
        return;
    }
    before_value(json);
    wl_buf_format(json->buf, "%.*g", n_digits, value == 0.0 ? 0.0 : value); // people have no -0
}

void wl_json_time(struct wl_json_writer *json, int64_t time_us)
{
    char text[WL_TIME_TEXT_BYTES];
    if (time_us == WL_TIME_NONE) {
        wl_json_null(json);
    } else {
        wl_json_text(json, wl_time_format_iso(time_us, text));
    }
}
