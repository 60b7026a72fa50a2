/* Goal:   a company gives back what was put in, knows clock skew and its newest moment, and keeps
 *         at most WL_PROPS_MAX properties.
 * Method: thousands of random events against a plain array, with properties that appear half way;
 *         texts and attributes beside them. */
#include "check.h"

#include "base/clock.h"
#include "data/company.h"

#define N_EVENTS 5000

static struct wl_event random_event(uint64_t *seed)
{
    struct wl_event event = {.user = (uint32_t)(check_rand(seed) % 3),
                             .name = (uint32_t)(check_rand(seed) % 2),
                             .event_us = (int64_t)(check_rand(seed) % 1000000),
                             .received_us = (int64_t)(check_rand(seed) % 1000000),
                             .value_e4 = (int64_t)check_rand(seed),
                             .message_key = check_rand(seed)};
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        event.props[slot] = (uint32_t)check_rand(seed);
    }
    return event;
}

static struct wl_company *new_company(const wl_alloc *alloc)
{
    struct wl_company *company = NULL;
    uint32_t id = 0;

    CHECK_INT(wl_company_new(alloc, &company, NULL), WL_OK);
    CHECK_INT(company->newest_us, WL_TIME_NONE);
    for (int i = 0; i < 3; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        CHECK_INT(wl_dict_intern(&company->users, wl_str_from(name), &id, NULL), WL_OK);
        CHECK_INT(wl_dict_intern(&company->event_names, wl_str_from(name), &id, NULL), WL_OK);
        CHECK_INT(wl_dict_intern(&company->attribute_names, wl_str_from(name), &id, NULL), WL_OK);
    }
    return company;
}

// What the company must answer: skew set back, and no property that came later than the event.
static void check_event(const struct wl_company *company, size_t i, const struct wl_event *put,
                        size_t n_props_then)
{
    struct wl_event got = wl_company_event(company, i);
    bool skewed = put->event_us > put->received_us;

    CHECK_INT(got.user, put->user);
    CHECK_INT(got.name, put->name);
    CHECK_INT(got.event_us, skewed ? put->received_us : put->event_us);
    CHECK_INT(got.received_us, put->received_us);
    CHECK_INT(got.value_e4, put->value_e4);
    CHECK(got.message_key == put->message_key);
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        CHECK_INT(got.props[slot], slot < n_props_then ? put->props[slot] : WL_ID_NONE);
    }
}

static void test_events(void)
{
    static struct wl_event put[N_EVENTS];
    static size_t n_props_then[N_EVENTS];
    struct check_heap heap;
    uint64_t seed = check_seed();
    uint32_t slot = 0;
    int64_t newest_us = WL_TIME_NONE;

    check_heap_init(&heap, SIZE_MAX);
    struct wl_company *company = new_company(&heap.alloc);
    for (size_t i = 0; i < N_EVENTS; i++) {
        if (i % 700 == 0) {
            char name[8];
            (void)snprintf(name, sizeof(name), "p%zu", i / 700);
            CHECK_INT(wl_company_prop_slot(company, wl_str_from(name), &slot, NULL), WL_OK);
            CHECK_INT(slot, i / 700);
        }
        put[i] = random_event(&seed);
        n_props_then[i] = i / 700 + 1;
        CHECK_INT(wl_company_add_event(company, &put[i], NULL), WL_OK);
        newest_us = put[i].received_us > newest_us ? put[i].received_us : newest_us;
    }
    CHECK_INT(company->events.n_events, N_EVENTS);
    CHECK_INT(company->newest_us, newest_us);
    for (size_t i = 0; i < N_EVENTS; i++) {
        check_event(company, i, &put[i], n_props_then[i]);
    }
    company->events.name[17] ^= 1; // planted fault
    CHECK(wl_company_event(company, 17).name != put[17].name);
    wl_company_free(company);
    wl_company_free(NULL);
    CHECK_INT(heap.live_blocks, 0);
}

static void test_property_slots_run_out(void)
{
    struct wl_company *company = new_company(wl_alloc_default());
    wl_error error = {0};
    uint32_t slot = 99;

    for (uint32_t i = 0; i < WL_PROPS_MAX; i++) {
        char name[2] = {(char)('a' + (int)i), '\0'};
        CHECK_INT(wl_company_prop_slot(company, wl_str_from(name), &slot, &error), WL_OK);
        CHECK_INT(slot, i);
    }
    CHECK_INT(wl_company_prop_slot(company, WL_STR("c"), &slot, &error), WL_OK);
    CHECK_INT(slot, 2);
    CHECK_INT(wl_company_prop_slot(company, WL_STR("one more"), &slot, &error), WL_ELIMIT);
    CHECK_STR(error.message, "property one more is one too many: events keep at most 8");
    CHECK_INT(slot, 2);
    wl_company_free(company);
}

static void test_texts_and_attributes(void)
{
    struct wl_company *company = new_company(wl_alloc_default());
    char body[] = "太贵了";
    struct wl_text text = {.user = 1,
                           .channel = 2,
                           .label = WL_ID_NONE,
                           .text_us = 50,
                           .received_us = 40,
                           .message_key = 7,
                           .body = {body, sizeof(body) - 1}};
    struct wl_attribute attribute = {
        .user = 2, .key = 1, .known_us = 90, .kind = WL_VALUE_NUMBER, .number = 1.5};

    CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
    body[0] = 'X'; // the body was copied
    CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
    CHECK_INT(company->texts.n_texts, 2);
    CHECK_VIEW(company->texts.texts[0].body, "太贵了");
    CHECK_INT(company->texts.texts[0].text_us, 40); // skew
    CHECK_INT(company->newest_us, 40);
    CHECK_INT(wl_company_add_attribute(company, &attribute, NULL), WL_OK);
    CHECK_INT(company->newest_us, 90);
    CHECK_CLOSE(company->attributes.items[0].number, 1.5, 0.0);
    wl_company_clear(company);
    CHECK_INT(company->texts.n_texts + company->attributes.n_attributes, 0);
    CHECK_INT(company->newest_us, WL_TIME_NONE);
    CHECK_INT(company->users.n_strings, 3); // names are kept
    wl_company_free(company);
}

static void test_message_keys(void)
{
    uint64_t key = wl_message_key(WL_STR("u1"), WL_STR("m1"));

    CHECK(key == wl_message_key(WL_STR("u1"), WL_STR("m1")));
    CHECK(key != wl_message_key(WL_STR("u2"), WL_STR("m1")));
    CHECK(key != wl_message_key(WL_STR("u1"), WL_STR("m2")));
    CHECK(key != wl_message_key(WL_STR("m1"), WL_STR("u1")));
    CHECK(key != wl_message_key(WL_STR("u1m"), WL_STR("1")));
}

int main(void)
{
    RUN(test_events);
    RUN(test_property_slots_run_out);
    RUN(test_texts_and_attributes);
    RUN(test_message_keys);
    return check_report();
}
