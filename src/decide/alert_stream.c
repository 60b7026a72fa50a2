/* A heap of what is held back. The watermark is the newest time seen less the lateness allowed:
 * what lies before it can be handed on, because whatever still comes lies behind it. */
#include "decide/alert_stream.h"

#include <string.h>

/* One thing held back, in one block with its texts. */
struct held {
    int64_t time_us;
    bool is_deed;
    struct wl_alert_signal signal;
    struct wl_alert_deed deed;
    char bytes[]; /* user, reason, text */
};

struct wl_alert_stream {
    const wl_alloc *alloc;
    struct wl_alerts *alerts;
    struct held **heap; /* (n_held) the earliest first; owned */
    size_t n_held;
    size_t capacity;
    int64_t newest_us; /* WL_TIME_NONE before the first */
};

wl_status wl_alert_stream_new(const wl_alloc *alloc, struct wl_alerts *alerts,
                              struct wl_alert_stream **stream_out, wl_error *error)
{
    struct wl_alert_stream *stream = wl_alloc_zeroed(alloc, 1, sizeof(*stream));

    if (stream == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a stream of signals");
    }
    stream->alloc = alloc;
    stream->alerts = alerts;
    stream->newest_us = WL_TIME_NONE;
    *stream_out = stream;
    return WL_OK;
}

void wl_alert_stream_free(struct wl_alert_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    for (size_t i = 0; i < stream->n_held; i++) {
        wl_alloc_free(stream->alloc, stream->heap[i]);
    }
    wl_alloc_free(stream->alloc, stream->heap);
    wl_alloc_free(stream->alloc, stream);
}

size_t wl_alert_stream_held(const struct wl_alert_stream *stream)
{
    return stream->n_held;
}

/* ---- a total order ---- */

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_double(double a, double b)
{
    return (a > b) - (a < b);
}

static int compare_signals(const struct wl_alert_signal *a, const struct wl_alert_signal *b)
{
    int order = wl_str_compare(a->user, b->user);
    order = order != 0 ? order : compare_i64(a->kind, b->kind);
    order = order != 0 ? order : wl_str_compare(a->reason, b->reason);
    order = order != 0 ? order : (a->trace > b->trace) - (a->trace < b->trace);
    // Equal so far: one signal told twice. The higher level is the one that counts.
    order = order != 0 ? order : compare_double(b->level, a->level);
    order = order != 0 ? order : compare_i64(a->source, b->source);
    return order != 0 ? order : wl_str_compare(a->text, b->text);
}

// Actions go behind the signals of their moment: people act on what they have seen.
static bool is_before(const struct held *a, const struct held *b)
{
    int order = compare_i64(a->time_us, b->time_us);

    order = order != 0 ? order : (int)a->is_deed - (int)b->is_deed;
    if (order == 0 && a->is_deed) {
        order = (a->deed.id > b->deed.id) - (a->deed.id < b->deed.id);
        order = order != 0 ? order : compare_i64(a->deed.action, b->deed.action);
    } else if (order == 0) {
        order = compare_signals(&a->signal, &b->signal);
    }
    return order < 0;
}

/* ---- the heap ---- */

static void swap(struct held **a, struct held **b)
{
    struct held *kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(struct wl_alert_stream *stream, size_t i)
{
    struct held **heap = stream->heap;

    while (i > 0 && is_before(heap[i], heap[(i - 1) / 2])) {
        swap(&heap[i], &heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static struct held *take_first(struct wl_alert_stream *stream)
{
    struct held **heap = stream->heap;
    struct held *first = heap[0];
    size_t i = 0;

    heap[0] = heap[--stream->n_held];
    for (;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < stream->n_held; child++) {
            best = is_before(heap[child], heap[best]) ? child : best;
        }
        if (best == i) {
            return first;
        }
        swap(&heap[i], &heap[best]);
        i = best;
    }
}

static wl_status hand_on(struct wl_alert_stream *stream, struct held *held, wl_error *error)
{
    wl_status status =
        held->is_deed ? wl_alerts_act(stream->alerts, held->deed.id,
                                      (enum wl_alert_action)held->deed.action, held->time_us, error)
                      : wl_alerts_take(stream->alerts, &held->signal, error);
    wl_alloc_free(stream->alloc, held);
    return status;
}

static wl_status release_before(struct wl_alert_stream *stream, int64_t watermark_us,
                                wl_error *error)
{
    while (stream->n_held > 0 && stream->heap[0]->time_us < watermark_us) {
        WL_TRY(hand_on(stream, take_first(stream), error));
    }
    return WL_OK;
}

static struct wl_str put(char **at, struct wl_str text)
{
    struct wl_str copy = {.data = *at, .n_bytes = text.n_bytes};

    if (text.n_bytes > 0) {
        memcpy(*at, text.data, text.n_bytes);
    }
    *at += text.n_bytes;
    return copy;
}

static wl_status hold(struct wl_alert_stream *stream, const struct held *what, wl_error *error)
{
    const struct wl_alert_signal *signal = &what->signal;
    int64_t lateness_us = wl_alerts_options(stream->alerts)->lateness_us;
    size_t n_bytes = signal->user.n_bytes + signal->reason.n_bytes + signal->text.n_bytes;

    WL_TRY(wl_alloc_grow(stream->alloc, (void **)&stream->heap, &stream->capacity,
                         stream->n_held + 1, sizeof(struct held *), error));
    struct held *held = wl_alloc_array(stream->alloc, 1, sizeof(*held) + n_bytes);
    if (held == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a signal");
    }
    *held = *what;
    char *at = held->bytes;
    held->signal.user = put(&at, signal->user);
    held->signal.reason = put(&at, signal->reason);
    held->signal.text = put(&at, signal->text);
    stream->heap[stream->n_held++] = held;
    rise(stream, stream->n_held - 1);
    // Signals tell how far the stream has come; an action says only when somebody looked.
    if (!held->is_deed &&
        (stream->newest_us == WL_TIME_NONE || held->time_us > stream->newest_us)) {
        stream->newest_us = held->time_us;
    }
    if (stream->newest_us == WL_TIME_NONE) {
        return WL_OK;
    }
    return release_before(stream, stream->newest_us - lateness_us, error);
}

wl_status wl_alert_stream_push(struct wl_alert_stream *stream, const struct wl_alert_signal *signal,
                               wl_error *error)
{
    struct held what = {.time_us = signal->time_us, .signal = *signal};
    return hold(stream, &what, error);
}

wl_status wl_alert_stream_act(struct wl_alert_stream *stream, const struct wl_alert_deed *deed,
                              wl_error *error)
{
    struct held what = {.time_us = deed->time_us, .is_deed = true, .deed = *deed};
    return hold(stream, &what, error);
}

wl_status wl_alert_stream_flush(struct wl_alert_stream *stream, int64_t now_us, wl_error *error)
{
    if (now_us == WL_TIME_NONE) {
        return release_before(stream, INT64_MAX, error);
    }
    WL_TRY(release_before(stream, now_us + 1, error));
    return wl_alerts_advance(stream->alerts, now_us, error);
}
