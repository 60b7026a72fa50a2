/* Goal:   every percent falls into exactly one tier, edges belong to the milder side, and edges
 *         that overlap or leave a gap are refused.
 * Method: a table of edges, a sweep with the definition as oracle, and wrong configurations with
 *         their messages. */
#include "check.h"

#include "decide/tiers.h"

static const struct {
    double percent;
    enum wl_tier tier;
} cases[] = {{100.0, WL_TIER_VERY_LOW}, {90.0, WL_TIER_VERY_LOW}, {89.999, WL_TIER_LOW},
             {60.0, WL_TIER_LOW},       {59.9, WL_TIER_MEDIUM},   {30.0, WL_TIER_MEDIUM},
             {29.9, WL_TIER_HIGH},      {10.0, WL_TIER_HIGH},     {9.99, WL_TIER_VERY_HIGH},
             {0.0, WL_TIER_VERY_HIGH}};

static void test_edges_are_half_open(void)
{
    struct wl_tiers tiers;
    bool is_fallback;

    wl_tiers_default(&tiers);
    tiers.from = WL_TIER_FROM_ACTIVITY;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_INT(wl_tier_of(&tiers, 0.5, cases[i].percent, &is_fallback), cases[i].tier);
        CHECK(!is_fallback);
    }
}

static void test_bands_cover_once(void)
{
    struct wl_tiers tiers;
    bool is_fallback;
    int changes = 0;
    enum wl_tier last = WL_TIER_VERY_HIGH;

    wl_tiers_default(&tiers);
    for (int i = 1000; i >= 0; i--) { // p from 1 to 0: risk may only fall, four times
        enum wl_tier tier = wl_tier_of(&tiers, i / 1000.0, (double)NAN, &is_fallback);
        CHECK(tier <= last);
        changes += tier != last;
        last = tier;
    }
    CHECK_INT(changes, 4);
    CHECK_INT(last, WL_TIER_VERY_LOW);
}

static void test_worse_and_fallback(void)
{
    struct wl_tiers tiers;
    bool is_fallback;

    wl_tiers_default(&tiers);
    tiers.from = WL_TIER_FROM_WORSE;
    CHECK_INT(wl_tier_of(&tiers, 0.95, 80.0, &is_fallback), WL_TIER_VERY_HIGH);
    CHECK_INT(wl_tier_of(&tiers, 0.05, 5.0, &is_fallback), WL_TIER_VERY_HIGH);
    CHECK(!is_fallback);
    CHECK_INT(wl_tier_of(&tiers, 0.05, (double)NAN, &is_fallback), WL_TIER_VERY_LOW);
    CHECK(is_fallback);
}

static void test_wrong_edges_are_refused(void)
{
    static const struct {
        const char *yaml;
        const char *message;
    } wrong[] = {
        {"edges: [90, 60, 30]",
         "line 1, column 1: tiers.edges: wants four falling percents like [90, 60, 30, 10]"},
        {"edges: [60, 90, 30, 10]",
         "line 1, column 13: tiers.edges: 90 must be above 0 and below 60, or bands overlap"},
        {"edges: [90, 60, 60, 10]",
         "line 1, column 17: tiers.edges: 60 must be above 0 and below 60, or bands overlap"},
        {"from: risk",
         "line 1, column 1: tiers.from: \"risk\" is none of probability, activity, worse"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        struct wl_tiers tiers;
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_yaml_parse(&arena, wl_str_from(wrong[i].yaml), &root, &error), WL_OK);
        CHECK_INT(wl_tiers_read(&arena, root, &tiers, &error), WL_ECONFIG);
        CHECK_STR(error.message, wrong[i].message);
        wl_arena_release(&arena);
    }
}

int main(void)
{
    RUN(test_edges_are_half_open);
    RUN(test_bands_cover_once);
    RUN(test_worse_and_fallback);
    RUN(test_wrong_edges_are_refused);
    return check_report();
}
