/* From readings to mentions: a reason found in a text counts for the day it was written. */
#define _GNU_SOURCE // qsort_r
#include "journey_trends.h"

#include "journey_voice.h"

#include <stdlib.h>

/* Mentions while they are collected. */
struct mentions {
    struct wl_mention *items;
    size_t n_items;
    size_t capacity;
};

static wl_status add_text(struct wl_topic_trends *topics, const struct wl_company *company,
                          uint32_t i_text, struct mentions *mentions, wl_error *error)
{
    const struct wl_text *text = &company->texts.texts[i_text];

    for (uint32_t k = 0; text->reading.is_read && k < text->reading.n_reasons; k++) {
        struct wl_mention mention = {.time_us = text->text_us,
                                     .i_text = i_text,
                                     .mood = (float)text->reading.mood_e4 / 1e4F};
        WL_TRY(wl_dict_intern(&topics->topics,
                              wl_dict_string(&company->strings, text->reading.reasons[k]),
                              &mention.topic, error));
        WL_TRY(WL_GROW(topics->alloc, mentions->items, mentions->capacity, mentions->n_items + 1,
                       error));
        mentions->items[mentions->n_items++] = mention;
    }
    return WL_OK;
}

static wl_status settle_days(struct wl_topic_trends *topics, const struct wl_journey *journey,
                             int64_t from_us, int64_t to_us, wl_error *error)
{
    const struct wl_texts_log *log = &journey->company->texts;
    int64_t offset_us = journey->workspace.utc_offset_us;
    int64_t first_us = INT64_MAX;

    for (size_t i = 0; i < log->n_texts; i++) {
        first_us = log->texts[i].text_us < first_us ? log->texts[i].text_us : first_us;
    }
    if (log->n_texts == 0) {
        return wl_fail(error, WL_ENOTFOUND, "there are no texts here: run wanliu ingest FILE");
    }
    from_us = from_us != WL_TIME_NONE ? from_us : first_us;
    topics->options.from_us = wl_time_floor(from_us + offset_us, WL_DAY_US) - offset_us;
    int64_t end_us = wl_time_floor(to_us + offset_us, WL_DAY_US) - offset_us;
    if (end_us <= topics->options.from_us) {
        return wl_fail(error, WL_EINVAL,
                       "topics are counted by whole days: less than a day lies "
                       "between the first text and the moment asked for");
    }
    topics->options.n_days = (size_t)((end_us - topics->options.from_us) / WL_DAY_US);
    return WL_OK;
}

static int by_negative(const void *a, const void *b, void *context)
{
    const struct wl_topic_trends *topics = context;
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    size_t n_left = topics->trends.items[left].n_negative;
    size_t n_right = topics->trends.items[right].n_negative;

    if (n_left != n_right) {
        return n_left < n_right ? 1 : -1;
    }
    return wl_str_compare(wl_dict_string(&topics->topics, left),
                          wl_dict_string(&topics->topics, right));
}

static wl_status order_topics(struct wl_topic_trends *topics, wl_error *error)
{
    size_t n_topics = topics->trends.n_topics;

    topics->order = wl_alloc_array(topics->alloc, n_topics + 1, sizeof(*topics->order));
    if (topics->order == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu topics", n_topics);
    }
    for (size_t i = 0; i < n_topics; i++) {
        topics->order[i] = (uint32_t)i;
    }
    qsort_r(topics->order, n_topics, sizeof(*topics->order), by_negative, topics);
    return WL_OK;
}

wl_status wl_topic_trends_build(struct wl_journey *journey, const struct wl_surge_options *surge,
                                int64_t from_us, int64_t to_us, struct wl_topic_trends *topics,
                                wl_error *error)
{
    const struct wl_company *company = journey->company;
    struct mentions mentions = {0};
    wl_status status = WL_OK;

    *topics = (struct wl_topic_trends){.alloc = journey->run.alloc, .options = {.surge = *surge}};
    wl_dict_init(&topics->topics, topics->alloc);
    WL_GO(settle_days(topics, journey, from_us, to_us, error));
    WL_GO(wl_journey_read_texts(journey, error));
    for (uint32_t i = 0; i < company->texts.n_texts; i++) {
        if (company->texts.texts[i].received_us <= to_us) {
            WL_GO(add_text(topics, company, i, &mentions, error));
        }
    }
    WL_GO(wl_trends_build(topics->alloc, mentions.items, mentions.n_items, topics->topics.n_strings,
                          &topics->options, &topics->trends, error));
    status = order_topics(topics, error);
done:
    wl_alloc_free(journey->run.alloc, mentions.items);
    if (status != WL_OK) {
        wl_topic_trends_release(topics);
    }
    return status;
}

void wl_topic_trends_release(struct wl_topic_trends *topics)
{
    if (topics->alloc != NULL) {
        wl_trends_release(&topics->trends);
        wl_dict_release(&topics->topics);
        wl_alloc_free(topics->alloc, topics->order);
    }
    *topics = (struct wl_topic_trends){0};
}

struct wl_label wl_topic_trends_name(const struct wl_topic_trends *topics,
                                     const struct wl_journey *journey, uint32_t topic)
{
    return wl_reader_label(&journey->readers.items[WL_READ_REASON],
                           wl_dict_string(&topics->topics, topic));
}

int64_t wl_topic_trends_time(const struct wl_topic_trends *topics, size_t window)
{
    int64_t window_us = WL_DAY_US / (int64_t)topics->options.surge.slots;
    return topics->options.from_us + (int64_t)window * window_us;
}

bool wl_topic_trends_is_on(const struct wl_topic_trends *topics, const struct wl_surge *surge)
{
    return surge->end == topics->trends.n_windows;
}
