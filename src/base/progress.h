/* Where words for people go. The library never prints: it hands them to a sink that the CLI
 * fills. */
#ifndef WL_BASE_PROGRESS_H
#define WL_BASE_PROGRESS_H
#include "base/error.h"

/* A sink for notices and progress; every field may be NULL. Called from one thread at a time. */
struct wl_sink {
    void (*notice)(void *context, const char *line);                 /* one finished line */
    void (*progress)(void *context, const char *what, double share); /* 0..1, or < 0 unknown */
    void *context;
};

/* wl_notice - one line for the person, no line end. sink may be NULL. */
void wl_notice(const struct wl_sink *sink, const char *format, ...) WL_PRINTF(2, 3);

/* wl_progress - how far long work has come. sink may be NULL. */
void wl_progress(const struct wl_sink *sink, const char *what, double share);

#endif
