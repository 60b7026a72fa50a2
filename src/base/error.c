/* Status table and failure texts. A failure is rare, so clarity beats speed everywhere here. */
#include "base/error.h"

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

// One line for a person: no control bytes, no half character at the cut.
static void tidy_message(char *message, size_t n_bytes, bool was_cut)
{
    if (was_cut) {
        while (n_bytes > 0 && ((unsigned char)message[n_bytes - 1] & 0xC0) == 0x80) {
            n_bytes--;
        }
        if (n_bytes > 0 && (unsigned char)message[n_bytes - 1] >= 0xC0) {
            n_bytes--;
        }
        message[n_bytes] = '\0';
    }
    for (size_t i = 0; i < n_bytes; i++) {
        unsigned char c = (unsigned char)message[i];
        if (c < 0x20 || c == 0x7F) {
            message[i] = ' ';
        }
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
