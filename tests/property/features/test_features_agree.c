/* Goal:   rows do not depend on the order of arrival, on duplicates, on storing states in between,
 * on
 *         the number of threads, or on what became known later.
 * Method: random companies through wl_features_diff, with a planted fault to show that it can find
 * a
 *         difference; the same company appended in another order; back-fills after a date. */
#include "../../plain/features/random_company.h"

#include "features/build.h"
#include "features/diff.h"

static struct wl_plan *compile(struct wl_arena *arena, const char *yaml,
                               const struct wl_company *company, int64_t utc_offset_us)
{
    struct wl_plan_options options = {.utc_offset_us = utc_offset_us, .company = company};
    struct wl_node *root = NULL;
    struct wl_plan *plan = NULL;
    wl_error error = {0};

    CHECK_INT(wl_yaml_parse(arena, wl_str_from(yaml), &root, &error), WL_OK);
    CHECK_INT(wl_plan_compile(arena, root, &options, &plan, &error), WL_OK);
    CHECK_STR(error.message, "");
    return plan;
}

static const struct random_shape shape = {.n_users = 40,
                                          .n_events = 4000,
                                          .from_us = -30 * WL_DAY_US, // across 1970
                                          .to_us = 170 * WL_DAY_US,
                                          .n_items = 300};

static const int64_t dates_us[] = {160 * WL_DAY_US,           -40 * WL_DAY_US, 0,
                                   31 * WL_DAY_US + 12345678, 160 * WL_DAY_US, 200 * WL_DAY_US - 1};
#define N_DATES (sizeof(dates_us) / sizeof(dates_us[0]))

static void test_four_ways_agree(void)
{
    uint64_t seed = check_seed();

    for (int round = 0; round < 3; round++) {
        struct wl_arena arena;
        struct wl_company *company = random_company(&shape, &seed);
        wl_arena_init(&arena, wl_alloc_default(), 0);
        struct wl_diff_request request = {
            .plan = compile(&arena, random_set, company, (round * 11 - 11) * WL_HOUR_US / 2),
            .company = company,
            .dates_us = dates_us,
            .n_dates = N_DATES,
            .seed = seed,
            .n_threads = 2};
        struct wl_diff_report report = {0};
        wl_error error = {0};

        CHECK_INT(wl_features_diff(&request, wl_alloc_default(), &report, &error), WL_OK);
        CHECK_STR(error.message, "");
        CHECK_INT(report.n_differences, 0);
        for (size_t f = 0; f < request.plan->n_features && report.n_differences > 0; f++) {
            if (report.n_by_feature[f] > 0) {
                fprintf(stderr, "%s: %zu\n", request.plan->features[f].name,
                        report.n_by_feature[f]);
            }
        }
        CHECK(report.n_values > 3 * 100 * request.plan->n_features);
        CHECK(report.n_duplicates > 500 && report.n_round_trips > 100);
        fprintf(stderr, "%zu values, states %zu bytes at most, %.0f on average\n", report.n_values,
                report.state_bytes_max, report.state_bytes_mean);
        wl_diff_report_release(&report);
        request.has_fault = true;
        CHECK_INT(wl_features_diff(&request, wl_alloc_default(), &report, &error), WL_OK);
        CHECK(report.n_differences > 0); // the comparison can fail
        wl_diff_report_release(&report);
        wl_company_free(company);
        wl_arena_release(&arena);
    }
}

static void build_rows(const struct wl_plan *plan, const struct wl_company *company,
                       size_t n_threads, struct wl_rows *rows)
{
    wl_error error = {0};
    struct wl_features_request request = {.plan = plan,
                                          .company = company,
                                          .dates_us = dates_us,
                                          .n_dates = N_DATES,
                                          .n_threads = n_threads};

    CHECK_INT(wl_features_build(&request, wl_alloc_default(), rows, &error), WL_OK);
    CHECK_STR(error.message, "");
}

static void check_same_rows(const struct wl_rows *a, const struct wl_rows *b)
{
    size_t n_features = a->schema->n_features;

    CHECK_INT(a->n_rows, b->n_rows);
    for (size_t i = 0; i < a->n_rows && i < b->n_rows; i++) {
        CHECK(wl_str_equal(wl_dict_string(&a->users, a->user[i]),
                           wl_dict_string(&b->users, b->user[i])));
        CHECK_INT(a->as_of_us[i], b->as_of_us[i]);
        CHECK(memcmp(a->values + i * n_features, b->values + i * n_features,
                     n_features * sizeof(float)) == 0);
    }
}

// The same company, told backwards: all ids differ, all rows must not.
static struct wl_company *backwards(const struct wl_company *company)
{
    struct wl_company *other = NULL;
    uint32_t slot = 0;

    CHECK_INT(wl_company_new(wl_alloc_default(), &other, NULL), WL_OK);
    for (size_t i = company->prop_names.n_strings; i-- > 0;) {
        CHECK_INT(wl_company_prop_slot(other, wl_dict_string(&company->prop_names, (uint32_t)i),
                                       &slot, NULL),
                  WL_OK);
    }
#define MOVE(dict, id)                                                                             \
    CHECK_INT(wl_dict_intern(&other->dict, wl_dict_string(&company->dict, (id)), &(id), NULL),     \
              WL_OK)
    for (size_t i = company->events.n_events; i-- > 0;) {
        struct wl_event event = wl_company_event(company, i);
        uint32_t props[WL_PROPS_MAX];
        memset(props, 0xFF, sizeof(props));
        for (uint32_t p = 0; p < company->prop_names.n_strings; p++) {
            uint32_t at = wl_dict_find(&other->prop_names, wl_dict_string(&company->prop_names, p));
            props[at] = event.props[p];
            if (props[at] != WL_ID_NONE) {
                MOVE(strings, props[at]);
            }
        }
        memcpy(event.props, props, sizeof(props));
        MOVE(users, event.user);
        MOVE(event_names, event.name);
        CHECK_INT(wl_company_add_event(other, &event, NULL), WL_OK);
    }
    for (size_t i = company->texts.n_texts; i-- > 0;) {
        struct wl_text text = company->texts.texts[i];
        MOVE(users, text.user);
        MOVE(strings, text.channel);
        uint32_t *const labels[] = {&text.reading.sentiment, &text.reading.intent,
                                    &text.reading.emotion};
        for (size_t l = 0; l < 3; l++) {
            if (*labels[l] != WL_ID_NONE) {
                MOVE(strings, *labels[l]);
            }
        }
        for (uint32_t r = 0; r < text.reading.n_reasons; r++) {
            MOVE(strings, text.reading.reasons[r]);
        }
        CHECK_INT(wl_company_add_text(other, &text, NULL), WL_OK);
    }
    for (size_t i = company->attributes.n_attributes; i-- > 0;) {
        struct wl_attribute attribute = company->attributes.items[i];
        MOVE(users, attribute.user);
        MOVE(attribute_names, attribute.key);
        if (attribute.kind == WL_VALUE_STRING) {
            MOVE(strings, attribute.string);
        }
        CHECK_INT(wl_company_add_attribute(other, &attribute, NULL), WL_OK);
    }
#undef MOVE
    return other;
}

static void test_order_and_threads_leave_no_trace(void)
{
    uint64_t seed = check_seed() + 7;
    struct wl_arena arena;
    struct wl_company *company = random_company(&shape, &seed);
    struct wl_company *other = backwards(company);
    struct wl_rows rows;
    struct wl_rows again;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    const struct wl_plan *plan = compile(&arena, random_set, company, 8 * WL_HOUR_US);
    const struct wl_plan *other_plan = compile(&arena, random_set, other, 8 * WL_HOUR_US);
    CHECK_STR(other_plan->schema.hash, plan->schema.hash);
    build_rows(plan, company, 1, &rows);
    CHECK(rows.n_rows > 100);
    for (size_t i = 1; i < rows.n_rows; i++) {
        int order = wl_str_compare(wl_dict_string(&rows.users, rows.user[i - 1]),
                                   wl_dict_string(&rows.users, rows.user[i]));
        CHECK(order < 0 || (order == 0 && rows.as_of_us[i - 1] < rows.as_of_us[i]));
    }
    build_rows(plan, company, 3, &again);
    check_same_rows(&rows, &again);
    wl_rows_release(&again);
    build_rows(other_plan, other, 2, &again);
    check_same_rows(&rows, &again);
    wl_rows_release(&again);
    wl_rows_release(&rows);
    wl_company_free(company);
    wl_company_free(other);
    wl_arena_release(&arena);
}

// Things that happened before a date but became known after it.
static void test_back_fill_changes_no_earlier_row(void)
{
    uint64_t seed = check_seed() + 13;
    struct wl_arena arena;
    struct wl_company *company = random_company(&shape, &seed);
    struct wl_rows rows;
    struct wl_rows again;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    const struct wl_plan *plan = compile(&arena, random_set, company, 0);
    build_rows(plan, company, 2, &rows);
    for (size_t i = 0; i < 500; i++) {
        struct wl_event event = wl_company_event(company, i);
        event.message_key = check_rand(&seed);
        event.received_us = 200 * WL_DAY_US + (int64_t)i; // after the last date
        CHECK_INT(wl_company_add_event(company, &event, NULL), WL_OK);
        struct wl_attribute attribute = company->attributes.items[i % 100];
        attribute.known_us = 200 * WL_DAY_US;
        CHECK_INT(wl_company_add_attribute(company, &attribute, NULL), WL_OK);
    }
    build_rows(plan, company, 2, &again);
    check_same_rows(&rows, &again);
    wl_rows_release(&again);
    struct wl_event leak = wl_company_event(company, 0); // planted fault: known before the date
    leak.received_us = dates_us[0] - 1;
    leak.event_us = leak.received_us;
    CHECK_INT(wl_company_add_event(company, &leak, NULL), WL_OK);
    build_rows(plan, company, 2, &again);
    CHECK(memcmp(rows.values, again.values, rows.n_rows * plan->n_features * sizeof(float)) != 0);
    wl_rows_release(&again);
    wl_rows_release(&rows);
    wl_company_free(company);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_four_ways_agree);
    RUN(test_order_and_threads_leave_no_trace);
    RUN(test_back_fill_changes_no_earlier_row);
    return check_report();
}
