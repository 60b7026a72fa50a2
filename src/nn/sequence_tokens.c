/* Buckets are powers of two because people notice ratios: a minute or an hour, a day or a month. */
#include "nn/sequence_tokens.h"

#include "base/error.h"

#include <math.h>

#define MINUTE_US INT64_C(60000000)

int32_t wl_gap_bucket(int64_t gap_us)
{
    WL_ASSERT(gap_us >= 0);
    int32_t bucket = 1;
    for (int64_t minutes = 1 + gap_us / MINUTE_US; minutes > 1; minutes /= 2) {
        bucket++;
    }
    return bucket < WL_GAP_BUCKETS ? bucket : WL_GAP_BUCKETS - 1;
}

int32_t wl_value_bucket(double value)
{
    if (isnan(value)) {
        return 0;
    }
    if (value <= 0.0) {
        return value < 0.0 ? 1 : 2;
    }
    int32_t bucket = 7 + (value < 1e6 ? ilogb(value) : 20); // ilogb of infinity has no bucket
    bucket = bucket > 3 ? bucket : 3;
    return bucket < WL_VALUE_BUCKETS ? bucket : WL_VALUE_BUCKETS - 1;
}

// Number of events at or before a time.
static size_t events_until(const struct wl_sequence_event *events, size_t n, int64_t us)
{
    size_t begin = 0;

    while (begin < n) {
        size_t middle = begin + (n - begin) / 2;
        if (events[middle].event_us <= us) {
            begin = middle + 1;
        } else {
            n = middle;
        }
    }
    return begin;
}

size_t wl_sequence_tokens(const struct wl_sequence_event *events, size_t n, size_t n_types,
                          int64_t as_of_us, const struct wl_sequence_cut *cut, int32_t *types,
                          int32_t *gaps, int32_t *values)
{
    size_t end = events_until(events, n, as_of_us);
    size_t begin = cut->window_us > 0 ? events_until(events, end, as_of_us - cut->window_us) : 0;
    size_t n_tokens = 0;

    begin = end - begin > cut->n_events_max ? end - cut->n_events_max : begin;
    for (size_t i = begin; i < end; i++) {
        WL_ASSERT(events[i].type < n_types);
        types[n_tokens] = (int32_t)events[i].type;
        gaps[n_tokens] = i > 0 ? wl_gap_bucket(events[i].event_us - events[i - 1].event_us) : 0;
        values[n_tokens++] = wl_value_bucket(events[i].value);
    }
    types[n_tokens] = (int32_t)n_types;
    gaps[n_tokens] = end > 0 ? wl_gap_bucket(as_of_us - events[end - 1].event_us) : 0;
    values[n_tokens++] = 0;
    return n_tokens;
}
