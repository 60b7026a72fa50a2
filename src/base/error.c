/* Status table and failure texts. A failure is rare, so clarity beats speed everywhere here. */
#include "base/error.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct status_row {
    wl_status status;
    int class;
    const char *name;
    const char *text;
};

static const struct status_row status_rows[] = {
#define X(name, number, class, text) {name, class, #name, text},
    WL_STATUS_MAP(X)
#undef X
};

static const struct status_row *find_row(wl_status status)
{
    for (size_t i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
        if (status_rows[i].status == status) {
            return &status_rows[i];
        }
    }
    return NULL;
}

const char *wl_status_name(wl_status status)
{
    const struct status_row *row = find_row(status);
    return row != NULL ? row->name : "WL_?";
}

const char *wl_status_text(wl_status status)
{
    const struct status_row *row = find_row(status);
    return row != NULL ? row->text : "unknown status";
}

int wl_status_class(wl_status status)
{
    const struct status_row *row = find_row(status);
    return row != NULL ? row->class : WL_CLASS_OURS;
}

const char *wl_version(void)
{
    return WL_VERSION;
}

// One line for a person: no control bytes, no half character at the cut, nothing but UTF-8.
static void tidy_message(char *message, size_t n_bytes, bool was_cut)
{
    struct wl_str text = {.data = message, .n_bytes = n_bytes};
    size_t i = 0;

    while (i < n_bytes) {
        unsigned char c = (unsigned char)message[i];
        size_t length = wl_utf8_length(text, i);
        if (length == 0 && was_cut && n_bytes - i < 4 && c >= 0xC0) {
            message[i] = '\0';
            return;
        }
        if (length == 0) {
            message[i] = '?';
        } else if (c < 0x20 || c == 0x7F) {
            message[i] = ' ';
        }
        i += length > 0 ? length : 1;
    }
}

static void set_message(wl_error *error, wl_status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void set_message(wl_error *error, wl_status status, const char *format, va_list args)
{
    int n = vsnprintf(error->message, sizeof(error->message), format, args);
    bool was_cut = n >= (int)sizeof(error->message);
    size_t n_bytes = was_cut ? sizeof(error->message) - 1 : (size_t)(n < 0 ? 0 : n);

    error->status = status;
    error->message[n_bytes] = '\0';
    tidy_message(error->message, n_bytes, was_cut);
}

wl_status wl_fail(wl_error *error, wl_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list args;
        va_start(args, format);
        set_message(error, status, format, args);
        va_end(args);
    }
    return status;
}

wl_status wl_fail_at(wl_error *error, wl_status status, const char *format, ...)
{
    if (error != NULL) {
        wl_error where;
        char inner[sizeof(error->message)];
        va_list args;
        memcpy(inner, error->message, sizeof(inner));
        va_start(args, format);
        set_message(&where, status, format, args);
        va_end(args);
        (void)wl_fail(error, status, "%s: %s", where.message, inner);
    }
    return status;
}

void wl_panic(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}
