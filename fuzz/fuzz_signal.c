/* Signal lines: what is accepted is written back and gives the same bytes again, and any sequence
 * of accepted signals and actions leaves every one of them counted. */
#include "fuzz.h"

#include "decide/alert_json.h"
#include "decide/alert_options.h"

static void check_line(const struct wl_alert_input *input)
{
    struct wl_arena arena;
    struct wl_alert_input copy;
    struct wl_buf once;
    struct wl_buf twice;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    if (input->is_deed) {
        wl_alert_deed_write(&input->deed, &once);
    } else {
        wl_alert_signal_write(&input->signal, &once);
    }
    WL_ASSERT(wl_alert_input_read(&arena, wl_buf_view(&once), &copy, NULL) == WL_OK);
    WL_ASSERT(copy.is_deed == input->is_deed);
    if (copy.is_deed) {
        wl_alert_deed_write(&copy.deed, &twice);
    } else {
        wl_alert_signal_write(&copy.signal, &twice);
    }
    WL_ASSERT(wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice)));
    wl_buf_release(&once);
    wl_buf_release(&twice);
    wl_arena_release(&arena);
}

static void check_counts(const struct wl_alerts *alerts, size_t n_signals)
{
    const struct wl_alert_counts *counts = wl_alerts_counts(alerts);
    size_t n = counts->n_raised + counts->n_merged;

    for (size_t i = 0; i < WL_QUIET_COUNT; i++) {
        n += counts->n_quiet[i];
    }
    WL_ASSERT(counts->n_signals == n_signals && n == n_signals);
    WL_ASSERT(counts->n_raised == wl_alerts_count(alerts));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_alert_options options;
    struct wl_alerts *alerts = NULL;
    struct wl_alert_stream *stream = NULL;
    struct wl_arena arena;
    size_t n_signals = 0;

    wl_alert_options_default(NULL, 0, &options);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    WL_ASSERT(wl_alerts_new(wl_alloc_default(), &options, &alerts, NULL) == WL_OK);
    WL_ASSERT(wl_alert_stream_new(wl_alloc_default(), alerts, &stream, NULL) == WL_OK);
    while (rest.n_bytes > 0) {
        struct wl_alert_input input;
        wl_error error = {0};
        wl_status status = wl_alert_input_read(&arena, wl_str_cut(&rest, '\n'), &input, &error);
        fuzz_check_status(status, &error);
        if (status == WL_OK) {
            check_line(&input);
            n_signals += !input.is_deed;
            WL_ASSERT((input.is_deed ? wl_alert_stream_act(stream, &input.deed, NULL)
                                     : wl_alert_stream_push(stream, &input.signal, NULL)) == WL_OK);
        }
        wl_arena_reset(&arena);
    }
    WL_ASSERT(wl_alert_stream_flush(stream, WL_TIME_NONE, NULL) == WL_OK);
    check_counts(alerts, n_signals);
    wl_alert_stream_free(stream);
    wl_alerts_free(alerts);
    wl_arena_release(&arena);
    return 0;
}
