/* Goal:   whatever allocation fails, alerts stay as they were, nothing leaks, and the same signal
 *         can be given again; afterwards alerts and counts are those of a run without failures.
 * Method: a short stream; every signal is tried with a heap that fails after n requests, n rising
 *         until it succeeds; the result is compared, as JSON, with a run on a heap that never
 *         fails. Planted fault: the stream without its last signal gives another result. */
#include "check.h"

#include "decide/alert_json.h"
#include "decide/alert_options.h"

#define DAY0      (INT64_C(20000) * WL_DAY_US)
#define N_SIGNALS 120

static struct wl_alert_signal make(size_t i)
{
    static const char *const users[] = {"ann", "bo", "cai", "dan"};
    static const char *const reasons[] = {"cancel", "complaint", "refund"};
    int kind = (int)(i * 7 % WL_SIGNAL_KIND_COUNT);

    return (struct wl_alert_signal){
        .user = wl_str_from(users[i % COUNT(users)]),
        .time_us = DAY0 + (int64_t)i * 5 * WL_HOUR_US,
        .trace = i + 1,
        .kind = kind,
        .source = kind < 2 ? WL_SIGNAL_TEXT : WL_SIGNAL_BEHAVIOUR,
        .reason = wl_str_from(kind == WL_SIGNAL_INTENT ? reasons[i % COUNT(reasons)] : ""),
        .level = i % 5 < 2 ? 0.95 : 0.05,
        .p_churn = (double)NAN,
        .value = 10.0,
        .observed = (double)NAN,
        .baseline = (double)NAN,
        .text = WL_STR("quoted")};
}

static void write(const struct wl_alerts *alerts, struct wl_buf *text)
{
    for (size_t i = 0; i < wl_alerts_count(alerts); i++) {
        wl_alert_write(wl_alerts_get(alerts, i), "t", NULL, text);
    }
    wl_alert_counts_write(wl_alerts_counts(alerts), 0, text);
}

static void run_good(size_t n_signals, struct wl_buf *text)
{
    struct wl_alert_options options;
    struct wl_alerts *alerts = NULL;

    wl_alert_options_default(NULL, 0, &options);
    CHECK_INT(wl_alerts_new(wl_alloc_default(), &options, &alerts, NULL), WL_OK);
    for (size_t i = 0; i < n_signals; i++) {
        struct wl_alert_signal signal = make(i);
        CHECK_INT(wl_alerts_take(alerts, &signal, NULL), WL_OK);
    }
    write(alerts, text);
    wl_alerts_free(alerts);
}

static void test_failures_leave_no_trace(void)
{
    struct check_heap heap;
    struct wl_alert_options options;
    struct wl_alerts *alerts = NULL;
    struct wl_buf want;
    struct wl_buf got;
    size_t n_failures = 0;

    wl_buf_init(&want, wl_alloc_default(), 0);
    wl_buf_init(&got, wl_alloc_default(), 0);
    run_good(N_SIGNALS, &want);
    wl_alert_options_default(NULL, 0, &options);
    check_heap_init(&heap, SIZE_MAX);
    CHECK_INT(wl_alerts_new(&heap.alloc, &options, &alerts, NULL), WL_OK);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        struct wl_alert_signal signal = make(i);
        wl_status status = WL_ENOMEM;
        for (size_t n_good = 0; status != WL_OK; n_good++) {
            size_t n_before = wl_alerts_count(alerts);
            heap.n_until_failure = n_good;
            status = wl_alerts_take(alerts, &signal, NULL);
            n_failures += status != WL_OK;
            CHECK(status == WL_OK || status == WL_ENOMEM);
            CHECK(status == WL_OK || wl_alerts_count(alerts) == n_before);
        }
    }
    heap.n_until_failure = SIZE_MAX;
    write(alerts, &got);
    CHECK(wl_str_equal(wl_buf_view(&want), wl_buf_view(&got)));
    CHECK(n_failures > 10);
    wl_alerts_free(alerts);
    CHECK_INT(heap.live_blocks, 0);
    wl_buf_clear(&got);
    run_good(N_SIGNALS - 1, &got); // planted fault
    CHECK(!wl_str_equal(wl_buf_view(&want), wl_buf_view(&got)));
    wl_buf_release(&want);
    wl_buf_release(&got);
}

static void test_streams_and_lines_leak_nothing(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_alert_options options;
        struct wl_alerts *alerts = NULL;
        struct wl_alert_stream *stream = NULL;

        wl_alert_options_default(NULL, 0, &options);
        check_heap_init(&heap, n_good);
        wl_status status = wl_alerts_new(&heap.alloc, &options, &alerts, NULL);
        if (status == WL_OK) {
            status = wl_alert_stream_new(&heap.alloc, alerts, &stream, NULL);
        }
        for (size_t i = 0; i < 20 && status == WL_OK; i++) {
            struct wl_alert_signal signal = make(i);
            status = wl_alert_stream_push(stream, &signal, NULL);
        }
        if (status == WL_OK) {
            status = wl_alert_stream_flush(stream, WL_TIME_NONE, NULL);
        }
        wl_alert_stream_free(stream);
        wl_alerts_free(alerts);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 20);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_failures_leave_no_trace);
    RUN(test_streams_and_lines_leak_nothing);
    return check_report();
}
