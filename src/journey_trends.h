/* Topics of a workspace's texts by day: what readers found, counted and searched for surges by
 * decide/trend.h. */
#ifndef WL_JOURNEY_TRENDS_H
#define WL_JOURNEY_TRENDS_H
#include "decide/trend.h"
#include "journey.h"
#include "report/report_words.h"

struct wl_topic_trends {
    const wl_alloc *alloc;
    struct wl_trend_options options;
    struct wl_dict topics; /* ids of reasons */
    struct wl_trends trends;
    uint32_t *order; /* (n_topics) by falling number of negative texts */
};

/* wl_topic_trends_build - count the texts of whole local days and look for surges.
 *   journey  (in,out) loaded; its texts are read here.
 *   surge    (in)     how; begin and number of days are settled here.
 *   from_us  (in)     in the first day; WL_TIME_NONE: the first text.
 *   to_us    (in)     the day it lies in is not whole and left out; texts received later are not
 *                     known yet.
 *   topics   (out)    release with wl_topic_trends_release.
 * Cost:    O(texts + topics * days * baseline).
 * Errors:  WL_ENOTFOUND  no texts.  WL_EINVAL  less than a day.  Those of the readers. */
WL_MUST_CHECK wl_status wl_topic_trends_build(struct wl_journey *journey,
                                              const struct wl_surge_options *surge, int64_t from_us,
                                              int64_t to_us, struct wl_topic_trends *topics,
                                              wl_error *error);

/* wl_topic_trends_release - give the memory back; zeroed is fine. */
void wl_topic_trends_release(struct wl_topic_trends *topics);

/* wl_topic_trends_name - a topic in both languages; borrowed from journey and topics. */
struct wl_label wl_topic_trends_name(const struct wl_topic_trends *topics,
                                     const struct wl_journey *journey, uint32_t topic);

/* wl_topic_trends_time - when a window begins. */
int64_t wl_topic_trends_time(const struct wl_topic_trends *topics, size_t window);

/* wl_topic_trends_is_on - a surge that had not ended with the last day. */
bool wl_topic_trends_is_on(const struct wl_topic_trends *topics, const struct wl_surge *surge);

#endif
