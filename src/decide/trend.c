/* Counting, scanning, and the check on shuffled days. */
#include "decide/trend.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

#define PLANT_DAYS 14 // a planted surge lasts two weeks

static uint32_t *negative_of(const struct wl_trends *trends, size_t topic)
{
    return trends->counts + (2 * topic + 1) * trends->n_windows;
}

static size_t window_of(const struct wl_trend_options *options, int64_t time_us)
{
    int64_t step_us = WL_DAY_US / (int64_t)options->surge.slots;
    if (time_us < options->from_us) {
        return SIZE_MAX;
    }
    size_t window = (size_t)((time_us - options->from_us) / step_us);
    return window < options->n_days * options->surge.slots ? window : SIZE_MAX;
}

static double share(const uint32_t *negative, const uint32_t *all, size_t begin, size_t end)
{
    double n = 0.0;
    double n_negative = 0.0;

    for (size_t i = begin; i < end; i++) {
        n += all[i];
        n_negative += negative[i];
    }
    return n > 0.0 ? n_negative / n : (double)NAN;
}

// Keep the worst moods; of equal ones the text that comes first in the log.
static void offer_text(struct wl_trend_surge *surge, const struct wl_mention *mentions,
                       size_t *places, size_t i)
{
    size_t k = surge->n_texts;

    while (k > 0 && mentions[i].mood < mentions[places[k - 1]].mood) {
        k--;
    }
    if (k == WL_TREND_TEXTS_MAX) {
        return;
    }
    size_t n_kept = surge->n_texts < WL_TREND_TEXTS_MAX ? surge->n_texts : WL_TREND_TEXTS_MAX - 1;
    memmove(places + k + 1, places + k, (n_kept - k) * sizeof(*places));
    places[k] = i;
    surge->n_texts = n_kept + 1;
}

static void pick_texts(const struct wl_mention *mentions, size_t n_mentions, size_t topic,
                       const struct wl_trend_options *options, struct wl_trend_surge *surge)
{
    size_t places[WL_TREND_TEXTS_MAX];

    for (size_t i = 0; i < n_mentions; i++) {
        size_t window = window_of(options, mentions[i].time_us);
        if (mentions[i].topic == topic && mentions[i].mood < 0.0F && window != SIZE_MAX &&
            window >= surge->surge.begin && window < surge->surge.end) {
            offer_text(surge, mentions, places, i);
        }
    }
    for (size_t k = 0; k < surge->n_texts; k++) {
        surge->texts[k] = mentions[places[k]].i_text;
    }
}

static wl_status scan_topic(struct wl_trends *trends, size_t topic,
                            const struct wl_mention *mentions, size_t n_mentions,
                            const struct wl_trend_options *options, wl_error *error)
{
    struct wl_trend *trend = &trends->items[topic];
    struct wl_surge surges[WL_TREND_SURGES_MAX];

    WL_TRY(wl_surge_scan(trends->alloc, &trends->surge, trend->negative, trends->n_windows, NULL,
                         surges, WL_TREND_SURGES_MAX, &trend->n_surges, error));
    for (size_t k = 0; k < trend->n_surges && k < WL_TREND_SURGES_MAX; k++) {
        struct wl_trend_surge *surge = &trend->surges[k];
        *surge = (struct wl_trend_surge){
            .surge = surges[k],
            .share_before = share(trend->negative, trend->all, 0, surges[k].begin),
            .share_during = share(trend->negative, trend->all, surges[k].begin, surges[k].end)};
        pick_texts(mentions, n_mentions, topic, options, surge);
    }
    return WL_OK;
}

static void count(struct wl_trends *trends, const struct wl_mention *mentions, size_t n_mentions,
                  const struct wl_trend_options *options)
{
    for (size_t i = 0; i < n_mentions; i++) {
        size_t window = window_of(options, mentions[i].time_us);
        WL_ASSERT(mentions[i].topic < trends->n_topics);
        if (window == SIZE_MAX) {
            continue;
        }
        bool is_negative = mentions[i].mood < 0.0F;
        struct wl_trend *trend = &trends->items[mentions[i].topic];
        trend->n_texts++;
        trend->n_negative += is_negative;
        negative_of(trends, mentions[i].topic)[window] += is_negative;
        (negative_of(trends, mentions[i].topic) - trends->n_windows)[window]++;
    }
}

wl_status wl_trends_build(const wl_alloc *alloc, const struct wl_mention *mentions,
                          size_t n_mentions, size_t n_topics,
                          const struct wl_trend_options *options, struct wl_trends *trends_out,
                          wl_error *error)
{
    struct wl_trends trends = {.alloc = alloc,
                               .n_topics = n_topics,
                               .n_windows = options->n_days * options->surge.slots,
                               .surge = options->surge};
    wl_status status = WL_OK;

    trends.surge.weekday = (size_t)(((options->from_us / WL_DAY_US) % 7 + 7) % 7);
    trends.surge.n_series = n_topics > 0 ? n_topics : 1;
    trends.items = wl_alloc_zeroed(alloc, n_topics + 1, sizeof(*trends.items));
    trends.counts = wl_alloc_zeroed(alloc, 2 * n_topics * trends.n_windows + 1, sizeof(uint32_t));
    if (trends.items == NULL || trends.counts == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu topics and %zu windows", n_topics,
                         trends.n_windows);
        goto done;
    }
    for (size_t i = 0; i < n_topics; i++) {
        trends.items[i].negative = negative_of(&trends, i);
        trends.items[i].all = negative_of(&trends, i) - trends.n_windows;
    }
    count(&trends, mentions, n_mentions, options);
    for (size_t i = 0; i < n_topics; i++) {
        WL_GO(scan_topic(&trends, i, mentions, n_mentions, options, error));
    }
    *trends_out = trends;
    trends = (struct wl_trends){0};
done:
    wl_trends_release(&trends);
    return status;
}

void wl_trends_release(struct wl_trends *trends)
{
    if (trends->alloc != NULL) {
        wl_alloc_free(trends->alloc, trends->items);
        wl_alloc_free(trends->alloc, trends->counts);
    }
    *trends = (struct wl_trends){0};
}

/* ---- the check ---- */

// An order of days in which every day keeps its weekday.
static void shuffle_days(struct wl_rng *rng, size_t n_days, uint32_t *order)
{
    for (size_t i = 0; i < n_days; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t i = n_days; i-- > 7;) {
        size_t k = i % 7 + 7 * (size_t)wl_rng_below(rng, i / 7 + 1);
        uint32_t swap = order[i];
        order[i] = order[k];
        order[k] = swap;
    }
}

// Add what a rise by factor would add, from day begin on.
static void plant(const struct wl_trends *trends, struct wl_rng *rng, double factor, size_t begin,
                  uint32_t *counts)
{
    size_t slots = trends->surge.slots;
    double sum = 0.0;

    for (size_t i = 0; i < trends->n_windows; i++) {
        sum += counts[i];
    }
    double extra = (factor - 1.0) * sum / (double)trends->n_windows;
    for (size_t i = begin * slots; i < (begin + PLANT_DAYS) * slots; i++) {
        counts[i] += wl_rng_poisson(rng, fmin(extra, 700.0));
    }
}

static wl_status check_series(const struct wl_trends *trends, struct wl_rng *rng, double factor,
                              uint32_t *counts, struct wl_trend_check *check, wl_error *error)
{
    const struct wl_surge_options *options = &trends->surge;
    struct wl_surge surges[WL_TREND_SURGES_MAX];
    size_t n_days = trends->n_windows / options->slots;
    size_t first = options->baseline_days_min + options->guard_days;
    size_t n = 0;

    WL_TRY(wl_surge_scan(trends->alloc, options, counts, trends->n_windows, NULL, surges,
                         WL_TREND_SURGES_MAX, &n, error));
    check->n_false += n;
    check->n_windows += n_days > first ? (n_days - first) * options->slots : 0;
    if (n_days < first + PLANT_DAYS) {
        return WL_OK;
    }
    size_t begin = first + (size_t)wl_rng_below(rng, n_days - first - PLANT_DAYS + 1);
    plant(trends, rng, factor, begin, counts);
    WL_TRY(wl_surge_scan(trends->alloc, options, counts, trends->n_windows, NULL, surges,
                         WL_TREND_SURGES_MAX, &n, error));
    check->n_planted++;
    for (size_t k = 0; k < n && k < WL_TREND_SURGES_MAX; k++) {
        size_t from = begin * options->slots;
        if (surges[k].end > from && surges[k].alarm < from + PLANT_DAYS * options->slots) {
            check->n_found++;
            check->delay_windows += surges[k].alarm > from ? (double)(surges[k].alarm - from) : 0.0;
            break;
        }
    }
    return WL_OK;
}

wl_status wl_trends_check(const struct wl_trends *trends, size_t n_shuffles, double factor,
                          uint64_t seed, struct wl_trend_check *check_out, wl_error *error)
{
    size_t slots = trends->surge.slots;
    size_t n_days = trends->n_windows / slots;
    uint32_t *order = wl_alloc_array(trends->alloc, n_days + trends->n_windows + 1, sizeof(*order));
    struct wl_trend_check check = {.n_windows = 0};
    wl_status status = WL_OK;

    if (order == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to shuffle %zu days", n_days);
    }
    uint32_t *counts = order + n_days;
    for (size_t k = 0; k < n_shuffles; k++) {
        struct wl_rng rng;
        wl_rng_init(&rng, seed, k);
        shuffle_days(&rng, n_days, order);
        for (size_t topic = 0; topic < trends->n_topics; topic++) {
            for (size_t i = 0; i < trends->n_windows; i++) {
                counts[i] = trends->items[topic].negative[order[i / slots] * slots + i % slots];
            }
            WL_GO(check_series(trends, &rng, factor, counts, &check, error));
        }
    }
    double a_year = fmin(trends->surge.alarms_per_year,
                         trends->surge.alarms_per_year_all / (double)trends->surge.n_series);
    check.n_false_allowed = a_year * (double)check.n_windows / (365.0 * (double)slots);
    check.delay_windows /= (double)check.n_found;
    *check_out = check;
done:
    wl_alloc_free(trends->alloc, order);
    return status;
}
