/* Small companies for the tests of labels: one line per event, times in days. */
#ifndef WL_TESTS_LEARN_COMPANY_H
#define WL_TESTS_LEARN_COMPANY_H
#include "check.h"

#include "base/clock.h"
#include "data/company.h"
#include "learn/label.h"

#define DAY(n) ((int64_t)((double)(n) * (double)WL_DAY_US))

static inline uint32_t intern_text(struct wl_dict *dict, const char *text)
{
    uint32_t id = 0;
    CHECK_INT(wl_dict_intern(dict, wl_str_from(text), &id, NULL), WL_OK);
    return id;
}

static inline struct wl_company *company_make(void)
{
    struct wl_company *company = NULL;
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    return company;
}

static inline void company_late(struct wl_company *company, const char *user, const char *name,
                                double day, double received_day)
{
    struct wl_event event = {.user = intern_text(&company->users, user),
                             .name = intern_text(&company->event_names, name),
                             .event_us = (int64_t)(day * (double)WL_DAY_US),
                             .received_us = (int64_t)(received_day * (double)WL_DAY_US),
                             .value_e4 = WL_VALUE_NONE,
                             .message_key = company->events.n_events};
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        event.props[slot] = WL_ID_NONE;
    }
    CHECK_INT(wl_company_add_event(company, &event, NULL), WL_OK);
}

static inline void company_event(struct wl_company *company, const char *user, const char *name,
                                 double day)
{
    company_late(company, user, name, day, day);
}

static inline void company_text_attribute(struct wl_company *company, const char *user,
                                          const char *key, const char *value, double known_day)
{
    struct wl_attribute attribute = {.user = intern_text(&company->users, user),
                                     .key = intern_text(&company->attribute_names, key),
                                     .known_us = (int64_t)(known_day * (double)WL_DAY_US),
                                     .kind = value != NULL ? WL_VALUE_STRING : WL_VALUE_MISSING,
                                     .string = WL_ID_NONE,
                                     .number = (double)NAN};
    if (value != NULL) {
        attribute.string = intern_text(&company->strings, value);
    }
    CHECK_INT(wl_company_add_attribute(company, &attribute, NULL), WL_OK);
}

static inline int status_at(const struct wl_labels *labels, const struct wl_company *company,
                            const char *user, int64_t as_of_us)
{
    uint32_t id = wl_dict_find(&company->users, wl_str_from(user));
    size_t i = wl_labels_find(labels, id, as_of_us);
    return i == SIZE_MAX ? -1 : labels->status[i];
}

#endif
