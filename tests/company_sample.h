/* A company made of a seed, with every kind of record and every kind of value. */
#ifndef WL_TESTS_COMPANY_SAMPLE_H
#define WL_TESTS_COMPANY_SAMPLE_H
#include "check.h"

#include "base/clock.h"
#include "data/company.h"

static inline uint32_t sample_word(struct wl_dict *dict, const char *prefix, uint64_t number)
{
    char text[64];
    uint32_t id = 0;

    (void)snprintf(text, sizeof(text), "%s-%" PRIu64, prefix, number);
    CHECK_INT(wl_dict_intern(dict, wl_str_from(text), &id, NULL), WL_OK);
    return id;
}

static inline void sample_event(struct wl_company *company, uint64_t *seed, uint64_t key)
{
    struct wl_event event = {.user = sample_word(&company->users, "user", check_rand(seed) % 50),
                             .name =
                                 sample_word(&company->event_names, "event", check_rand(seed) % 5),
                             .message_key = key};
    event.event_us = (int64_t)(check_rand(seed) % (uint64_t)(400 * WL_DAY_US));
    event.received_us = event.event_us + (int64_t)(check_rand(seed) % 3) * WL_HOUR_US;
    event.value_e4 =
        check_rand(seed) % 4 == 0 ? WL_VALUE_NONE : (int64_t)(check_rand(seed) % 2000000) - 1000000;
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        event.props[slot] = slot < 2 && check_rand(seed) % 3 != 0
                                ? sample_word(&company->strings, "prop", check_rand(seed) % 20)
                                : WL_ID_NONE;
    }
    CHECK_INT(wl_company_add_event(company, &event, NULL), WL_OK);
}

static inline void sample_text(struct wl_company *company, uint64_t *seed, uint64_t key)
{
    static const char *const bodies[] = {"太贵了，我想退订", "works fine", "\"quoted\",\nline"};
    struct wl_text text = {.user = sample_word(&company->users, "user", check_rand(seed) % 50),
                           .channel = sample_word(&company->strings, "channel", 1),
                           .message_key = key,
                           .body = wl_str_from(bodies[check_rand(seed) % 3])};
    text.label = check_rand(seed) % 2 ? WL_ID_NONE : sample_word(&company->strings, "label", 2);
    text.text_us = (int64_t)(check_rand(seed) % (uint64_t)(400 * WL_DAY_US));
    text.received_us = text.text_us + WL_MINUTE_US;
    CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
}

static inline void sample_attribute(struct wl_company *company, uint64_t *seed, uint64_t number)
{
    struct wl_attribute item = {.user = sample_word(&company->users, "user", number % 50),
                                .key = sample_word(&company->attribute_names, "attribute", number),
                                .known_us =
                                    (int64_t)(check_rand(seed) % (uint64_t)(400 * WL_DAY_US)),
                                .kind = (enum wl_value_kind)(1 + check_rand(seed) % 4),
                                .string = WL_ID_NONE};
    if (item.kind == WL_VALUE_STRING) {
        item.string = sample_word(&company->strings, "level", check_rand(seed) % 4);
    } else if (item.kind != WL_VALUE_MISSING) {
        item.number = (double)(check_rand(seed) % 2) * (item.kind == WL_VALUE_BOOL ? 1.0 : 12.25);
    }
    CHECK_INT(wl_company_add_attribute(company, &item, NULL), WL_OK);
}

/* Adds n events, n / 5 texts and n / 5 attributes; message keys count up from first_key. */
static inline void sample_fill(struct wl_company *company, uint64_t seed, size_t n,
                               uint64_t first_key)
{
    uint32_t slot;

    CHECK_INT(wl_company_prop_slot(company, WL_STR("item"), &slot, NULL), WL_OK);
    CHECK_INT(wl_company_prop_slot(company, WL_STR("invoice"), &slot, NULL), WL_OK);
    for (size_t i = 0; i < n; i++) {
        sample_event(company, &seed, first_key + i);
    }
    for (size_t i = 0; i < n / 5; i++) {
        sample_text(company, &seed, first_key + i);
        sample_attribute(company, &seed, first_key + i);
    }
}

static inline struct wl_company *sample_company(uint64_t seed, size_t n, uint64_t first_key)
{
    struct wl_company *company = NULL;

    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    sample_fill(company, seed, n, first_key);
    return company;
}

#endif
