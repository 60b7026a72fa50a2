/* Goal:   scores and explanations survive the way to JSON lines and back, and a line that is none
 *         is refused with one clear message, leaving the output as it was.
 * Method: a full record, a sparse one and a degraded one, each written, read and written again; a
 *         table of lines with one mistake each; the five tiers by name. */
#include "check.h"

#include "base/clock.h"
#include "data/records.h"

static struct wl_score full_score(void)
{
    return (struct wl_score){.user = WL_STR("用户\"1\""),
                             .as_of_us = 1314835200 * WL_SECOND_US + 5,
                             .p_churn = 1.0 / 3.0,
                             .margin = -0.69314718055994529,
                             .activity = 42.5,
                             .tier = WL_TIER_HIGH,
                             .horizon_us = 90 * WL_DAY_US,
                             .lead_us = 72 * WL_HOUR_US,
                             .model_name = WL_STR("churn"),
                             .model_version = 12,
                             .degraded = true,
                             .why = WL_STR("no model")};
}

static void check_score(const struct wl_score *got, const struct wl_score *want)
{
    CHECK(wl_str_equal(got->user, want->user));
    CHECK_INT(got->as_of_us, want->as_of_us);
    CHECK(got->p_churn == want->p_churn);
    CHECK(got->margin == want->margin || (isnan(got->margin) && isnan(want->margin)));
    CHECK(got->activity == want->activity || (isnan(got->activity) && isnan(want->activity)));
    CHECK_INT(got->tier, want->tier);
    CHECK_INT(got->horizon_us, want->horizon_us);
    CHECK_INT(got->lead_us, want->lead_us);
    CHECK(wl_str_equal(got->model_name, want->model_name));
    CHECK_INT(got->model_version, want->model_version);
    CHECK_INT(got->degraded, want->degraded);
    CHECK(wl_str_equal(got->why, want->why));
}

static void test_score_round_trip(void)
{
    struct wl_score scores[] = {full_score(), full_score(), full_score()};
    struct wl_arena arena;
    struct wl_buf line;

    scores[1].activity = (double)NAN;
    scores[1].margin = (double)NAN;
    scores[1].degraded = false;
    scores[1].why = WL_STR("");
    scores[2].p_churn = 5e-324;
    scores[2].model_name = WL_STR("");
    scores[2].model_version = 0;
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&line, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(scores); i++) {
        struct wl_score got = {0};
        wl_buf_clear(&line);
        wl_score_write(&scores[i], NULL, 0, &line);
        CHECK_INT(wl_score_read(&arena, wl_buf_view(&line), &got, NULL), WL_OK);
        check_score(&got, &scores[i]);
    }
    wl_buf_release(&line);
    wl_arena_release(&arena);
}

static void test_field_names_are_the_contract(void)
{
    struct wl_score score = full_score();
    struct wl_buf line;

    score.degraded = false;
    wl_buf_init(&line, wl_alloc_default(), 0);
    wl_score_write(&score, NULL, 0, &line);
    CHECK_VIEW(wl_buf_view(&line),
               "{\"user\":\"用户\\\"1\\\"\",\"as_of\":\"2011-09-01T00:00:00.000005Z\","
               "\"p_churn\":0.3333333333333333,\"score_0_100\":33,\"activity\":42.5,"
               "\"tier\":\"high\",\"horizon_hours\":2160,\"lead_hours\":72,"
               "\"model\":{\"name\":\"churn\",\"version\":12},\"degraded\":false,"
               "\"margin\":-0.6931471805599453}");
    wl_buf_release(&line);
}

static void test_explanation_round_trip(void)
{
    struct wl_explanation put = {.score = full_score(), .base = -1.25, .rest = 0.1, .n_reasons = 3};
    struct wl_explanation got;
    struct wl_arena arena;
    struct wl_buf line;
    struct wl_buf again;

    put.top_code = WL_STR("price");
    put.reasons[0] =
        (struct wl_reason){WL_STR("orders_30d"), 0.7,          1.0,           {NULL, 0}, 4.5,
                           WL_STR("activity"),   WL_STR("少"), WL_STR("less")};
    put.reasons[1] =
        (struct wl_reason){WL_STR("contract"), -0.2,        (double)NAN, WL_STR("两年"),
                           (double)NAN,        WL_STR("c"), WL_STR(""),  WL_STR("")};
    put.reasons[2] = (struct wl_reason){WL_STR("gap"), 1e-9,       (double)NAN, {NULL, 0},
                                        0.0,           WL_STR(""), WL_STR(""),  WL_STR("")};
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&line, wl_alloc_default(), 0);
    wl_buf_init(&again, wl_alloc_default(), 0);
    wl_explanation_write(&put, NULL, 0, &line);
    CHECK_INT(wl_explanation_read(&arena, wl_buf_view(&line), &got, NULL), WL_OK);
    check_score(&got.score, &put.score);
    CHECK(got.base == put.base && got.rest == put.rest);
    CHECK_VIEW(got.top_code, "price");
    CHECK_INT(got.n_reasons, 3);
    CHECK(got.reasons[0].value == 1.0 && got.reasons[0].level.n_bytes == 0);
    CHECK_VIEW(got.reasons[1].level, "两年");
    CHECK(isnan(got.reasons[1].value) && isnan(got.reasons[1].baseline));
    CHECK(isnan(got.reasons[2].value) && got.reasons[2].contribution == 1e-9);
    wl_explanation_write(&got, NULL, 0, &again);
    CHECK(wl_str_equal(wl_buf_view(&line), wl_buf_view(&again)));
    struct wl_score score; // a stage that needs the score alone reads it from the same line
    CHECK_INT(wl_score_read(&arena, wl_buf_view(&line), &score, NULL), WL_OK);
    check_score(&score, &put.score);
    CHECK_INT(wl_explanation_read(&arena, WL_STR("{}"), &got, NULL), WL_ESCHEMA);
    CHECK_INT(got.n_reasons, 3); // untouched on failure
    wl_buf_release(&line);
    wl_buf_release(&again);
    wl_arena_release(&arena);
}

#define SCORE(p, tier, more)                                                                       \
    "{\"user\":\"u\",\"as_of\":\"2011-09-01\",\"p_churn\":" p ",\"tier\":" tier more "}"

static void test_refused_lines(void)
{
    static const struct {
        const char *line;
        wl_status status;
        const char *message;
    } cases[] = {
        {"", WL_EPARSE, "not JSON"},
        {"[1]", WL_ESCHEMA, "key \"user\" must be a text, found no such key"},
        {"{\"user\":5}", WL_ESCHEMA, "key \"user\" must be a text, found a number"},
        {SCORE("\"0.5\"", "\"low\"", ""), WL_ESCHEMA,
         "key \"p_churn\" must be a number, found a text"},
        {SCORE("null", "\"low\"", ""), WL_ESCHEMA,
         "key \"p_churn\" must be a number, found nothing"},
        {SCORE("1.01", "\"low\"", ""), WL_ERANGE, "p_churn 1.01 is not between 0 and 1"},
        {SCORE("-0.01", "\"low\"", ""), WL_ERANGE, "p_churn -0.01 is not between 0 and 1"},
        {SCORE("0.5", "\"grim\"", ""), WL_ESCHEMA, "tier \"grim\" is none of the five"},
        {SCORE("0.5", "\"low\"", ",\"horizon_hours\":1e300"), WL_ERANGE,
         "horizon_hours 1e+300 is not a whole number from 0 to 87840"},
        {SCORE("0.5", "\"low\"", ",\"lead_hours\":-1"), WL_ERANGE, "lead_hours -1 is not a whole"},
        {SCORE("0.5", "\"low\"", ",\"lead_hours\":0.5"), WL_ERANGE,
         "lead_hours 0.5 is not a whole"},
        {SCORE("0.5", "\"low\"", ",\"model\":{\"version\":1e10}"), WL_ERANGE,
         "version 1e+10 is not"},
        {SCORE("0.5", "\"low\"", ",\"reasons\":{}"), WL_ESCHEMA,
         "key \"reasons\" must be a list, found a map"},
        {SCORE("0.5", "\"low\"", ",\"reasons\":[1]"), WL_ESCHEMA,
         "a reason must be a map, found a number"},
        {SCORE("0.5", "\"low\"", ",\"reasons\":[{},{},{},{},{},{},{},{},{},{},{}]"), WL_ELIMIT,
         "11 reasons, at most 10 are kept"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct wl_explanation explanation = {.base = 77.0};
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_explanation_read(&arena, wl_str_from(cases[i].line), &explanation, &error),
                  cases[i].status);
        error.message[strlen(cases[i].message)] = '\0';
        CHECK_STR(error.message, cases[i].message);
        CHECK(explanation.base == 77.0);
        wl_arena_release(&arena);
    }
}

static void test_tiers(void)
{
    for (int i = 0; i < WL_TIER_COUNT; i++) {
        enum wl_tier tier = WL_TIER_COUNT;
        CHECK(wl_tier_parse(wl_str_from(wl_tier_key((enum wl_tier)i)), &tier));
        CHECK_INT(tier, i);
    }
    enum wl_tier tier = WL_TIER_LOW;
    CHECK(!wl_tier_parse(WL_STR("High"), &tier));
    CHECK_INT(tier, WL_TIER_LOW);
    CHECK_STR(wl_tier_label(WL_TIER_VERY_HIGH, "zh"), "极高风险");
    CHECK_STR(wl_tier_label(WL_TIER_VERY_HIGH, "en"), "very high risk");
}

int main(void)
{
    RUN(test_score_round_trip);
    RUN(test_field_names_are_the_contract);
    RUN(test_explanation_round_trip);
    RUN(test_refused_lines);
    RUN(test_tiers);
    return check_report();
}
