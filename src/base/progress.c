/* Formatting for the sink. */
#include "base/progress.h"

#include <stdarg.h>
#include <stdio.h>

void wl_notice(const struct wl_sink *sink, const char *format, ...)
{
    char line[1024];
    va_list args;

    if (sink == NULL || sink->notice == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    sink->notice(sink->context, line);
}

void wl_progress(const struct wl_sink *sink, const char *what, double share)
{
    if (sink != NULL && sink->progress != NULL) {
        sink->progress(sink->context, what, share);
    }
}
