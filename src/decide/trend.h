/* What customers complain about, by day: counts of negative texts per topic, and surges in them. */
#ifndef WL_DECIDE_TREND_H
#define WL_DECIDE_TREND_H
#include "base/clock.h"
#include "math/surge.h"

#define WL_TREND_SURGES_MAX 16 /* surges of one topic that are kept; more are counted */
#define WL_TREND_TEXTS_MAX  3  /* texts quoted for a surge */

/* One topic in one text. */
struct wl_mention {
    int64_t time_us;
    uint32_t topic; /* 0 .. n_topics - 1 */
    uint32_t i_text;
    float mood; /* -1..1; below 0 counts as negative */
};

struct wl_trend_options {
    int64_t from_us; /* begin of the first local day */
    size_t n_days;
    struct wl_surge_options surge; /* weekday and n_series are set here */
};

struct wl_trend_surge {
    struct wl_surge surge;
    double share_before; /* of the topic's texts that were negative before it; NaN: none */
    double share_during;
    uint32_t texts[WL_TREND_TEXTS_MAX]; /* (n_texts) i_text of the worst moods in it */
    size_t n_texts;
};

struct wl_trend {
    size_t n_texts;
    size_t n_negative;
    const uint32_t *all;                               /* (n_windows) texts */
    const uint32_t *negative;                          /* (n_windows) of them negative */
    struct wl_trend_surge surges[WL_TREND_SURGES_MAX]; /* (n_surges, at most) */
    size_t n_surges;
};

struct wl_trends {
    const wl_alloc *alloc;
    size_t n_topics;
    size_t n_windows;
    struct wl_trend *items; /* (n_topics) owned */
    uint32_t *counts;       /* (n_topics, 2, n_windows) owned */
    struct wl_surge_options surge;
};

/* wl_trends_build - count and scan.
 *   mentions  (in)  (n_mentions) in any order; those outside the days are left out.
 *   trends    (out) release with wl_trends_release.
 * Cost:    O(mentions + topics * windows * baseline).
 * Errors:  WL_EINVAL  options of surge.h.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_trends_build(const wl_alloc *alloc, const struct wl_mention *mentions,
                                        size_t n_mentions, size_t n_topics,
                                        const struct wl_trend_options *options,
                                        struct wl_trends *trends, wl_error *error);
void wl_trends_release(struct wl_trends *trends);

/* How the detector does on these very series. */
struct wl_trend_check {
    size_t n_windows;       /* topic and window judged, over all shuffles */
    size_t n_false;         /* alarms where days were only shuffled */
    double n_false_allowed; /* by the budget */
    size_t n_planted;       /* surges planted into shuffled series */
    size_t n_found;
    double delay_windows; /* mean, of those found; NaN: none */
};

/* wl_trends_check - shuffle the days (within weekdays, one order for all topics), so that no surge
 * is left but chance, and count alarms; then plant in each shuffled series one rise of two weeks by
 * a factor and count what is found.
 *   factor  (in) above 1.
 * Cost:    n_shuffles times two scans of every topic.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_trends_check(const struct wl_trends *trends, size_t n_shuffles,
                                        double factor, uint64_t seed, struct wl_trend_check *check,
                                        wl_error *error);

#endif
