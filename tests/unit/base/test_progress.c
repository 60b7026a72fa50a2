/* Goal:   notices and progress reach the sink, and no sink at all is fine.
 * Method: a sink that keeps the last call; sinks with either function missing. */
#include "check.h"

#include "base/progress.h"

struct last {
    char line[1100];
    double share;
};

static void keep_notice(void *context, const char *line)
{
    struct last *last = context;
    (void)snprintf(last->line, sizeof(last->line), "%s", line);
}

static void keep_progress(void *context, const char *what, double share)
{
    struct last *last = context;
    (void)snprintf(last->line, sizeof(last->line), "%s", what);
    last->share = share;
}

int main(void)
{
    struct last last = {.share = -2.0};
    struct wl_sink sink = {.notice = keep_notice, .progress = keep_progress, .context = &last};
    struct wl_sink empty = {.notice = NULL};
    char text[3000];

    wl_notice(&sink, "%d rows, %s", 7, "挽留");
    CHECK_STR(last.line, "7 rows, 挽留");
    wl_progress(&sink, "reading", 0.5);
    CHECK_STR(last.line, "reading");
    CHECK(last.share == 0.5);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    wl_notice(&sink, "%s", text); // cut, not overrun
    CHECK_INT(strlen(last.line), 1023);
    wl_notice(NULL, "nobody");
    wl_progress(NULL, "nobody", 1.0);
    wl_notice(&empty, "nobody");
    wl_progress(&empty, "nobody", 1.0);
    return check_report();
}
