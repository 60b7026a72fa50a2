/* A small company with everything that makes features hard: late and back-filled events, several
 * things at one moment, values of both signs, missing values, texts, attributes that change. */
#ifndef WL_TESTS_PLAIN_FEATURES_RANDOM_COMPANY_H
#define WL_TESTS_PLAIN_FEATURES_RANDOM_COMPANY_H
#include "check.h"

#include "base/clock.h"
#include "data/company.h"

#define RANDOM_NAMES 4

struct random_shape {
    size_t n_users;
    size_t n_events;
    int64_t from_us;
    int64_t to_us;
    size_t n_items; /* different property values */
};

static inline uint32_t random_intern(struct wl_dict *dict, const char *prefix, uint64_t i)
{
    char text[40];
    uint32_t id = 0;

    (void)snprintf(text, sizeof(text), "%s%llu", prefix, (unsigned long long)i);
    CHECK_INT(wl_dict_intern(dict, wl_str_from(text), &id, NULL), WL_OK);
    return id;
}

// Half of all times lie on a full hour or day edge, where off-by-one errors live.
static inline int64_t random_time(const struct random_shape *shape, uint64_t *seed)
{
    int64_t span_us = shape->to_us - shape->from_us;
    int64_t time_us = shape->from_us + (int64_t)(check_rand(seed) % (uint64_t)span_us);

    switch (check_rand(seed) % 4) {
    case 0: return wl_time_floor(time_us, WL_DAY_US);
    case 1: return wl_time_floor(time_us, WL_HOUR_US);
    default: return time_us;
    }
}

// Most things are known at once, some minutes later, some weeks later.
static inline int64_t random_delay(uint64_t *seed)
{
    switch (check_rand(seed) % 8) {
    case 0: return (int64_t)(check_rand(seed) % (uint64_t)(40 * WL_DAY_US));
    case 1: return (int64_t)(check_rand(seed) % (uint64_t)WL_HOUR_US);
    default: return 0;
    }
}

static inline void random_events(struct wl_company *company, const struct random_shape *shape,
                                 uint64_t *seed)
{
    static const char *const names[RANDOM_NAMES] = {"Order Completed", "Signed In",
                                                    "Content Viewed", "Something Else"};
    uint32_t slot = 0;
    uint32_t other = 0;

    CHECK_INT(wl_company_prop_slot(company, WL_STR("item"), &slot, NULL), WL_OK);
    CHECK_INT(wl_company_prop_slot(company, WL_STR("shop"), &other, NULL), WL_OK);
    for (size_t i = 0; i < shape->n_events; i++) {
        struct wl_event event = {.message_key = check_rand(seed) | 1};
        CHECK_INT(wl_dict_intern(&company->event_names,
                                 wl_str_from(names[check_rand(seed) % RANDOM_NAMES]), &event.name,
                                 NULL),
                  WL_OK);
        event.user = random_intern(&company->users, "u", check_rand(seed) % shape->n_users);
        event.event_us = random_time(shape, seed);
        event.received_us = event.event_us + random_delay(seed);
        event.value_e4 = check_rand(seed) % 4 == 0 ? WL_VALUE_NONE
                                                   : (int64_t)(check_rand(seed) % 2000001) - 500000;
        memset(event.props, 0xFF, sizeof(event.props));
        if (check_rand(seed) % 8 != 0) {
            event.props[slot] =
                random_intern(&company->strings, "item", check_rand(seed) % shape->n_items);
        }
        event.props[other] = random_intern(&company->strings, "shop", check_rand(seed) % 3);
        CHECK_INT(wl_company_add_event(company, &event, NULL), WL_OK);
    }
}

// One text in five was not read; labels are missing now and then.
static inline struct wl_text_reading random_reading(struct wl_company *company, uint64_t *seed)
{
    struct wl_text_reading reading = {.is_read = check_rand(seed) % 5 != 0,
                                      .mood_e4 = (int32_t)(check_rand(seed) % 20001) - 10000};
    uint32_t *const labels[] = {&reading.sentiment, &reading.intent, &reading.emotion};

    for (size_t i = 0; i < 3; i++) {
        *labels[i] = check_rand(seed) % 4 == 0
                         ? WL_ID_NONE
                         : random_intern(&company->strings, "label", check_rand(seed) % 3);
    }
    reading.n_reasons = (uint32_t)(check_rand(seed) % (WL_READ_REASONS_MAX + 1));
    for (uint32_t i = 0; i < reading.n_reasons; i++) {
        reading.reasons[i] = random_intern(&company->strings, "reason", check_rand(seed) % 5);
    }
    return reading;
}

static inline void random_rest(struct wl_company *company, const struct random_shape *shape,
                               uint64_t *seed)
{
    for (size_t i = 0; i < shape->n_events / 10; i++) {
        struct wl_text text = {
            .label = WL_ID_NONE, .message_key = check_rand(seed) | 1, .body = WL_STR("too slow")};
        text.user = random_intern(&company->users, "u", check_rand(seed) % shape->n_users);
        text.channel = random_intern(&company->strings, "channel", check_rand(seed) % 3);
        text.text_us = random_time(shape, seed);
        text.received_us = text.text_us + random_delay(seed);
        text.reading = random_reading(company, seed);
        CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
    }
    for (size_t i = 0; i < shape->n_users * 6; i++) {
        struct wl_attribute attribute = {.string = WL_ID_NONE};
        attribute.user = random_intern(&company->users, "u", check_rand(seed) % shape->n_users);
        attribute.key = random_intern(&company->attribute_names, "attribute", check_rand(seed) % 3);
        // Few moments, so that two values often become known at the same one.
        attribute.known_us = wl_time_floor(random_time(shape, seed), 20 * WL_DAY_US);
        attribute.kind = attribute.key == 0 ? WL_VALUE_STRING : WL_VALUE_NUMBER;
        if (check_rand(seed) % 5 == 0) {
            attribute.kind = WL_VALUE_MISSING;
        } else if (attribute.kind == WL_VALUE_STRING) {
            attribute.string = random_intern(&company->strings, "level", check_rand(seed) % 4);
        } else {
            attribute.number = (double)(check_rand(seed) % 100) / 8.0;
        }
        CHECK_INT(wl_company_add_attribute(company, &attribute, NULL), WL_OK);
    }
}

static inline struct wl_company *random_company(const struct random_shape *shape, uint64_t *seed)
{
    struct wl_company *company = NULL;

    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    random_events(company, shape, seed);
    random_rest(company, shape, seed);
    return company;
}

// A feature set that asks for everything at once.
static const char random_set[] =
    "signals:\n"
    "  - {name: any, events: \"*\", channels: \"*\"}\n"
    "  - {name: order, events: [Order Completed, Nobody Knows]}\n"
    "  - {name: login, events: Signed In}\n"
    "  - {name: shop, events: [Order Completed, Content Viewed], where: {shop: shop1}}\n"
    "  - {name: call, channels: [channel1, channel2]}\n"
    "  - {name: mood, channels: \"*\"}\n"
    "  - {name: angry, channels: \"*\", reads: {intent: label1, reason: reason2}}\n"
    "sets:\n"
    "  - {signal: [any, order, shop], aggregates: [count, sum, mean, std, min, max, days, hours,\n"
    "       distinct(item), gap_mean, gap_std, gap_max, weekend_share, night_share, frequency,\n"
    "       count_pace, sum_pace, days_pace, count_change, sum_change, days_change, count_trend,\n"
    "       sum_trend, days_trend, activity, mean_before, mean_shift], windows: [1h, 1d, 36h, 3d,\n"
    "       7d, 30d, 60d, all]}\n"
    "  - {signal: mood, aggregates: [mean, std, min, max, mean_before, mean_shift], windows: [3d,\n"
    "       30d, all]}\n"
    "  - {signal: angry, aggregates: [count, mean], windows: [7d, 90d, all]}\n"
    "  - {signal: [any, order, login, call], aggregates: [days_since_last, days_since_first,\n"
    "       overdue]}\n"
    "  - {signal: [login, call], aggregates: [count, days], windows: [2d, 14d, 90d]}\n"
    "ratios:\n"
    "  - {name: r, of: order_count_30d, over: any_count_30d, scale: 100}\n"
    "  - {name: s, of: order_sum_all, scale: 0.01}\n"
    "attributes: all\n";

#endif
