/* Signals a second through the whole of it: put in order, judged, queued; and read from JSON lines
 * first. 1,000,000 signals of 100,000 customers over 30 days, arriving out of order within the
 * lateness. No peer: there is no library that does this; the figure is there to be compared with
 * itself. One JSON line per case, median of three runs. */
#include "bench.h"

#include "base/rng.h"
#include "decide/alert_json.h"
#include "decide/alert_options.h"

#include <math.h>
#include <stdio.h>

#define N_SIGNALS 1000000
#define N_USERS   100000
#define N_LINES   200000
#define N_RUNS    3

static char names[N_USERS][12];

static struct wl_alert_signal make(size_t i)
{
    static const char *const reasons[] = {"cancel", "complaint", "how_to", "praise"};
    struct wl_rng rng;

    wl_rng_init(&rng, 42, i);
    double kind = wl_rng_unit(&rng);
    struct wl_alert_signal signal = {.user = wl_str_from(names[wl_rng_below(&rng, N_USERS)]),
                                     .time_us = 20000 * WL_DAY_US +
                                                (int64_t)i * (30 * WL_DAY_US / N_SIGNALS) -
                                                (int64_t)wl_rng_below(&rng, 10) * WL_MINUTE_US,
                                     .trace = i + 1,
                                     .level = wl_rng_unit(&rng),
                                     .p_churn = (double)NAN,
                                     .value = 100.0,
                                     .observed = (double)NAN,
                                     .baseline = (double)NAN};
    if (kind < 0.2) { // one in five is a text, which is an intent and a mood
        signal.kind = kind < 0.1 ? WL_SIGNAL_INTENT : WL_SIGNAL_SENTIMENT;
        signal.source = WL_SIGNAL_TEXT;
        signal.reason = wl_str_from(kind < 0.1 ? reasons[wl_rng_below(&rng, 4)] : "");
    } else {
        signal.kind = WL_SIGNAL_CHURN;
        signal.source = WL_SIGNAL_BEHAVIOUR;
    }
    return signal;
}

static void open_stream(struct wl_alerts **alerts, struct wl_alert_stream **stream)
{
    struct wl_alert_options options;

    wl_alert_options_default(NULL, 0, &options);
    WL_ASSERT(wl_alerts_new(wl_alloc_default(), &options, alerts, NULL) == WL_OK);
    WL_ASSERT(wl_alert_stream_new(wl_alloc_default(), *alerts, stream, NULL) == WL_OK);
}

static double push_all(const struct wl_alert_signal *signals, size_t *n_alerts)
{
    struct wl_alerts *alerts = NULL;
    struct wl_alert_stream *stream = NULL;
    double start = bench_seconds();

    open_stream(&alerts, &stream);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        WL_ASSERT(wl_alert_stream_push(stream, &signals[i], NULL) == WL_OK);
    }
    WL_ASSERT(wl_alert_stream_flush(stream, WL_TIME_NONE, NULL) == WL_OK);
    *n_alerts = wl_alerts_count(alerts);
    wl_alert_stream_free(stream);
    wl_alerts_free(alerts);
    return bench_seconds() - start;
}

static double read_all(struct wl_str lines)
{
    struct wl_alerts *alerts = NULL;
    struct wl_alert_stream *stream = NULL;
    struct wl_arena arena;
    double start = bench_seconds();

    open_stream(&alerts, &stream);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    while (lines.n_bytes > 0) {
        struct wl_alert_input input;
        wl_arena_reset(&arena);
        WL_ASSERT(wl_alert_input_read(&arena, wl_str_cut(&lines, '\n'), &input, NULL) == WL_OK);
        WL_ASSERT(wl_alert_stream_push(stream, &input.signal, NULL) == WL_OK);
    }
    WL_ASSERT(wl_alert_stream_flush(stream, WL_TIME_NONE, NULL) == WL_OK);
    wl_arena_release(&arena);
    wl_alert_stream_free(stream);
    wl_alerts_free(alerts);
    return bench_seconds() - start;
}

int main(void)
{
    struct wl_alert_signal *signals = malloc(N_SIGNALS * sizeof(*signals));
    double push_s[N_RUNS];
    double read_s[N_RUNS];
    size_t n_alerts = 0;
    struct wl_buf lines;

    WL_ASSERT(signals != NULL);
    wl_buf_init(&lines, wl_alloc_default(), 0);
    for (size_t i = 0; i < N_USERS; i++) {
        snprintf(names[i], sizeof(names[i]), "u%06zu", i);
    }
    for (size_t i = 0; i < N_SIGNALS; i++) {
        signals[i] = make(i);
        if (i < N_LINES) {
            wl_alert_signal_write(&signals[i], &lines);
            wl_buf_char(&lines, '\n');
        }
    }
    for (size_t k = 0; k < N_RUNS; k++) {
        push_s[k] = push_all(signals, &n_alerts);
        read_s[k] = read_all(wl_buf_view(&lines));
    }
    printf(
        "{\"bench\":\"alerts\",\"unit\":\"signals/s\",\"ours\":%.4g,\"alerts\":%zu,\"peer\":null,"
        "\"threads\":1}\n",
        N_SIGNALS / bench_median(push_s, N_RUNS), n_alerts);
    printf("{\"bench\":\"alerts_json\",\"unit\":\"signals/s\",\"ours\":%.4g,\"peer\":null,"
           "\"threads\":1}\n",
           N_LINES / bench_median(read_s, N_RUNS));
    wl_buf_release(&lines);
    free(signals);
    return EXIT_SUCCESS;
}
