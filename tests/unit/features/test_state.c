/* Goal:   the library's features have the values one finds by hand; a state has one canonical byte
 *         form, which survives storage and refuses damage; applying events allocates nothing once a
 *         user is warm.
 * Method: a worked example on paper (below); random orders of one log; every cut and many flips of
 *         an encoded state. */
#include "../../plain/features/random_company.h"

#include "base/rng.h"
#include "features/build.h"
#include "features/state.h"

static struct wl_plan *compile(struct wl_arena *arena, const char *yaml, int64_t utc_offset_us)
{
    struct wl_plan_options options = {.utc_offset_us = utc_offset_us};
    struct wl_node *root = NULL;
    struct wl_plan *plan = NULL;
    wl_error error = {0};

    CHECK_INT(wl_yaml_parse(arena, wl_str_from(yaml), &root, &error), WL_OK);
    CHECK_INT(wl_plan_compile(arena, root, &options, &plan, &error), WL_OK);
    CHECK_STR(error.message, "");
    return plan;
}

static void add(struct wl_company *company, const char *name, int64_t time_us, double value)
{
    struct wl_event event = {.event_us = time_us,
                             .received_us = time_us,
                             .value_e4 = isnan(value) ? WL_VALUE_NONE : (int64_t)(value * 1e4),
                             .message_key = company->events.n_events};

    memset(event.props, 0xFF, sizeof(event.props));
    CHECK_INT(wl_dict_intern(&company->users, WL_STR("u"), &event.user, NULL), WL_OK);
    CHECK_INT(wl_dict_intern(&company->event_names, wl_str_from(name), &event.name, NULL), WL_OK);
    CHECK_INT(wl_company_add_event(company, &event, NULL), WL_OK);
}

static void build_one(const struct wl_plan *plan, const struct wl_company *company,
                      int64_t as_of_us, struct wl_rows *rows)
{
    struct wl_features_request request = {
        .plan = plan, .company = company, .dates_us = &as_of_us, .n_dates = 1, .n_threads = 1};
    wl_error error = {0};

    CHECK_INT(wl_features_build(&request, wl_alloc_default(), rows, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(rows->n_rows, 1);
}

static double value_of(const struct wl_plan *plan, const struct wl_rows *rows, const char *name)
{
    size_t f = wl_plan_find(plan, wl_str_from(name));
    CHECK(f != SIZE_MAX);
    return (double)rows->values[f];
}

/* T is 2024-06-30. Logins every third day from T-90 to T-30 (21 of them), then on T-20 and T-10. In
 * the last 30 days: T-30, T-20, T-10. Before them 20 active days in 60 days, so 10 in 30 days are
 * usual. Orders of 100, 50 and 30 on T-84, T-60, T-20: gaps of 24 and 40 days. Plays of 40 and 20
 * minutes on T-20, T-10. Renewals on T-87, T-57, T-30, a cancellation on T-10. All on login days.
 * */
static void test_worked_example(void)
{
    static const struct {
        const char *feature;
        double value;
    } wanted[] = {
        {"login_count_30d", 3},
        {"login_count_pace_30d", 10},
        {"login_count_change_30d", 0.3},
        {"login_frequency_30d", 3},  // login frequency: 3 in 30 days
        {"any_days_since_last", 10}, // inactive days
        {"any_activity_30d", 30},    // activity: 3 active days of 10 expected
        {"play_sum_30d", 60},        // feature-use duration, minutes
        {"dwell_time", 20},          // 60 minutes over 3 logins
        {"order_frequency_180d", 1}, // purchase frequency: 3 in 90 days of tenure
        {"order_mean_all", 60},      // average order amount: 180 / 3
        {"renewal_rate", 75},        // 3 renewed of 4 due
        {"order_days_since_last", 20},
        {"order_gap_mean_all", 32},
        {"order_overdue", 0.625},
        {"order_sum_90d", 180},
        {"order_max_all", 100},
        {"order_std_all", 36.055512754639892}, // sqrt((40^2 + 10^2 + 30^2) / 2)
        {"any_days_since_first", 90},
    };
    struct wl_arena arena;
    struct wl_company *company = NULL;
    struct wl_rows rows;
    int64_t as_of_us = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_time_parse(WL_STR("2024-06-30"), WL_TIME_AUTO, 0, &as_of_us, NULL), WL_OK);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    for (int64_t day = 90; day >= 30; day -= 3) {
        add(company, "Signed In", as_of_us - day * WL_DAY_US, (double)NAN);
    }
    add(company, "Signed In", as_of_us - 20 * WL_DAY_US, (double)NAN);
    add(company, "Signed In", as_of_us - 10 * WL_DAY_US, (double)NAN);
    add(company, "Order Completed", as_of_us - 84 * WL_DAY_US, 100);
    add(company, "Order Completed", as_of_us - 60 * WL_DAY_US, 50);
    add(company, "Order Completed", as_of_us - 20 * WL_DAY_US, 30);
    add(company, "Video Played", as_of_us - 20 * WL_DAY_US, 40);
    add(company, "Video Played", as_of_us - 10 * WL_DAY_US, 20);
    add(company, "Subscription Renewed", as_of_us - 87 * WL_DAY_US, (double)NAN);
    add(company, "Subscription Renewed", as_of_us - 57 * WL_DAY_US, (double)NAN);
    add(company, "Subscription Renewed", as_of_us - 30 * WL_DAY_US, (double)NAN);
    add(company, "Subscription Cancelled", as_of_us - 10 * WL_DAY_US, (double)NAN);
    const struct wl_plan *plan = compile(&arena, "library: standard\n", 0);
    build_one(plan, company, as_of_us, &rows);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        CHECK_CLOSE(value_of(plan, &rows, wanted[i].feature), wanted[i].value, 1e-7);
    }
    CHECK(isnan(value_of(plan, &rows, "ticket_days_since_last")));
    wl_rows_release(&rows);
    wl_company_free(company);
    wl_arena_release(&arena);
}

// 1969-12-31T17:30Z is 01:30 of the next day at +08:00, at night, on a Thursday.
static void test_day_edges_are_local(void)
{
    static const char set[] = "signals: [{name: a, events: X}]\n"
                              "sets:\n  - {signal: a, aggregates: [days, night_share], "
                              "windows: [7d]}\n";
    static const struct {
        int64_t utc_offset_us;
        double days;
        double night_share;
    } cases[] = {{0, 1, 0}, {8 * WL_HOUR_US, 2, 0.5}};

    for (size_t i = 0; i < 2; i++) {
        struct wl_arena arena;
        struct wl_company *company = NULL;
        struct wl_rows rows;

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
        add(company, "X", -(6 * WL_HOUR_US + 30 * WL_MINUTE_US), (double)NAN);
        add(company, "X", -12 * WL_HOUR_US, (double)NAN); // 12:00Z is 20:00 of the day before
        const struct wl_plan *plan = compile(&arena, set, cases[i].utc_offset_us);
        build_one(plan, company, 0, &rows);
        CHECK_CLOSE(value_of(plan, &rows, "a_days_7d"), cases[i].days, 0);
        CHECK_CLOSE(value_of(plan, &rows, "a_night_share_7d"), cases[i].night_share, 0);
        wl_rows_release(&rows);
        wl_company_free(company);
        wl_arena_release(&arena);
    }
}

static const struct random_shape shape = {.n_users = 1,
                                          .n_events = 1500,
                                          .from_us = -100 * WL_DAY_US,
                                          .to_us = 300 * WL_DAY_US,
                                          .n_items = 900};

static void fill_state(struct wl_state *state, const struct wl_binding *binding,
                       const uint32_t *order)
{
    const struct wl_company *company = binding->company;
    size_t n_events = company->events.n_events;

    wl_state_reset(state);
    for (size_t i = 0; i < n_events + company->attributes.n_attributes; i++) {
        size_t at = order[i];
        if (at < n_events) {
            struct wl_event event = wl_company_event(company, at);
            CHECK_INT(wl_state_apply_event(state, binding, &event, NULL), WL_OK);
        } else {
            CHECK_INT(wl_state_apply_attribute(state, binding,
                                               &company->attributes.items[at - n_events], NULL),
                      WL_OK);
        }
    }
}

static void check_damage(struct wl_state *state, struct wl_buf *bytes)
{
    size_t n_refused = 0;
    wl_error error = {0};

    for (size_t n = 0; n < bytes->n_bytes; n++) {
        struct wl_str cut = {.data = bytes->data, .n_bytes = n};
        CHECK(wl_state_decode(state, cut, &error) != WL_OK);
        bytes->data[n] = (char)(bytes->data[n] ^ (1 << n % 8));
        n_refused += wl_state_decode(state, wl_buf_view(bytes), &error) != WL_OK;
        bytes->data[n] = (char)(bytes->data[n] ^ (1 << n % 8));
    }
    CHECK_INT(n_refused, bytes->n_bytes); // a checksum of 32 bits sees every single bit
    bytes->data[4] = 99;
    CHECK_INT(wl_state_decode(state, wl_buf_view(bytes), &error), WL_EVERSION);
    bytes->data[4] = 1;
}

static void test_bytes_are_canonical(void)
{
    uint64_t seed = check_seed();
    struct wl_arena arena;
    struct wl_company *company = random_company(&shape, &seed);
    struct wl_binding binding = {0};
    struct wl_state state = {0};
    struct wl_state other = {0};
    struct wl_buf first;
    struct wl_buf again;
    struct wl_rng rng;
    uint32_t order[4000];
    size_t n = company->events.n_events + company->attributes.n_attributes;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_rng_init(&rng, seed, 0);
    wl_buf_init(&first, wl_alloc_default(), 0);
    wl_buf_init(&again, wl_alloc_default(), 0);
    const struct wl_plan *plan = compile(&arena, random_set, 2 * WL_HOUR_US);
    const struct wl_plan *strange = compile(&arena, "library: standard\n", 0);
    CHECK_INT(wl_binding_init(&binding, wl_alloc_default(), plan, company, NULL), WL_OK);
    CHECK_INT(wl_state_init(&state, wl_alloc_default(), plan, NULL), WL_OK);
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (int round = 0; round < 5; round++) {
        fill_state(&state, &binding, order);
        wl_buf_clear(&again);
        wl_state_encode(&state, round == 0 ? &first : &again);
        CHECK(round == 0 || wl_str_equal(wl_buf_view(&first), wl_buf_view(&again)));
        wl_rng_shuffle(&rng, order, n);
    }
    CHECK_INT(wl_state_decode(&state, wl_buf_view(&first), &error), WL_OK);
    CHECK_STR(error.message, "");
    wl_buf_clear(&again);
    wl_state_encode(&state, &again);
    CHECK(wl_str_equal(wl_buf_view(&first), wl_buf_view(&again)));
    fprintf(stderr, "%zu events: %zu bytes encoded, %zu in memory\n", company->events.n_events,
            first.n_bytes, wl_state_bytes(&state));
    check_damage(&state, &first);
    wl_buf_clear(&again);
    wl_state_encode(&state, &again); // refusals have left it as it was
    CHECK(wl_str_equal(wl_buf_view(&first), wl_buf_view(&again)));
    CHECK_INT(wl_state_init(&other, wl_alloc_default(), strange, NULL), WL_OK);
    CHECK_INT(wl_state_decode(&other, wl_buf_view(&first), &error), WL_ESCHEMA);
    CHECK_INT(wl_state_row(plan, &state, state.newest_us - 1, NULL, &error), WL_EINVAL);
    wl_state_release(&other);
    wl_state_release(&state);
    wl_binding_release(&binding);
    wl_buf_release(&first);
    wl_buf_release(&again);
    wl_company_free(company);
    wl_arena_release(&arena);
}

static void test_impossible_events_are_refused(void)
{
    struct wl_arena arena;
    struct wl_company *company = NULL;
    struct wl_binding binding = {0};
    struct wl_state state = {0};
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    add(company, "Signed In", 0, 1.0);
    const struct wl_plan *plan = compile(&arena, "library: standard\n", 0);
    CHECK_INT(wl_binding_init(&binding, wl_alloc_default(), plan, company, NULL), WL_OK);
    CHECK_INT(wl_state_init(&state, wl_alloc_default(), plan, NULL), WL_OK);
    struct wl_event event = wl_company_event(company, 0);
    event.value_e4 = WL_STATE_VALUE_MAX_E4 + 1;
    CHECK_INT(wl_state_apply_event(&state, &binding, &event, &error), WL_ERANGE);
    event.value_e4 = 0;
    event.event_us = WL_STATE_TIME_MAX_US + 1;
    CHECK_INT(wl_state_apply_event(&state, &binding, &event, &error), WL_ERANGE);
    CHECK_INT(state.newest_us, WL_TIME_NONE);
    wl_state_release(&state);
    wl_binding_release(&binding);
    wl_company_free(company);
    wl_arena_release(&arena);
}

// Ten thousand events of a warm user, and a row after each: not one allocation.
static void test_hot_path_allocates_nothing(void)
{
    struct wl_arena arena;
    struct check_heap heap;
    struct wl_company *company = NULL;
    struct wl_binding binding = {0};
    struct wl_state state = {0};
    float values[WL_FEATURES_MAX];

    wl_arena_init(&arena, wl_alloc_default(), 0);
    check_heap_init(&heap, 1000000);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    add(company, "Order Completed", 0, 1.0);
    const struct wl_plan *plan = compile(&arena, "library: standard\n", 0);
    CHECK_INT(wl_binding_init(&binding, wl_alloc_default(), plan, company, NULL), WL_OK);
    CHECK_INT(wl_state_init(&state, &heap.alloc, plan, NULL), WL_OK);
    struct wl_event event = wl_company_event(company, 0);
    size_t n_left = 0;
    for (int64_t i = 0; i < 11000; i++) {
        event.event_us = event.received_us = i * WL_SECOND_US;
        n_left = i == 1000 ? heap.n_until_failure : n_left;
        CHECK_INT(wl_state_apply_event(&state, &binding, &event, NULL), WL_OK);
        CHECK_INT(wl_state_row(plan, &state, event.received_us, values, NULL), WL_OK);
    }
    CHECK_INT(heap.n_until_failure, n_left);
    wl_state_release(&state);
    CHECK_INT(heap.live_blocks, 0);
    wl_binding_release(&binding);
    wl_company_free(company);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_worked_example);
    RUN(test_day_edges_are_local);
    RUN(test_bytes_are_canonical);
    RUN(test_impossible_events_are_refused);
    RUN(test_hot_path_allocates_nothing);
    return check_report();
}
