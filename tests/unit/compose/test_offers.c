/* Goal:   the catalogue is read strictly, and the offer chosen is the one the rules name, whatever
 *         the order of the entries.
 * Method: a table of customers and wanted offers over one catalogue, forwards and backwards; a
 *         table of broken catalogues and their complaints. */
#include "check.h"

#include "compose/offers.h"

#define ENTRY(id, kind, cost, tiers, reasons, more)                                                \
    "- {id: " id ", kind: " kind ", name: {zh: 名, en: name}, terms: {zh: 款, en: terms}, "      \
    "cost_minor: " cost ", valid_days: 7, tiers: [" tiers "], reasons: [" reasons "]" more "}\n"

static const char *const entries[] = {
    ENTRY("care", "care", "0", "very_low, low, high", "any", ""),
    ENTRY("coupon", "coupon", "1000", "high, very_high", "price, spend_down", ""),
    ENTRY("pause_b", "pause", "0", "high", "price", ""),
    ENTRY("pause_a", "pause", "0", "high", "price", ""),
    ENTRY("points", "points", "300", "high", "spend_down", ""),
    ENTRY("trial", "trial_pack", "200", "high, very_high", "any", ""),
    ENTRY("vip", "vip_support", "1500", "very_high", "any", ", entitled: {vip: true, level: 3}"),
};
#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))

static const struct {
    enum wl_tier tier;
    enum wl_reason_code reason;
    const char *attributes;
    bool discount_first;
    const char *want; // NULL: nothing
} cases[] = {
    {WL_TIER_HIGH, WL_REASON_PRICE, "{}", false, "pause_a"},     // pause first; tie by id
    {WL_TIER_HIGH, WL_REASON_SPEND_DOWN, "{}", false, "points"}, // same tier, other reason
    {WL_TIER_HIGH, WL_REASON_PRICE, "{}", true, "coupon"},       // when the workspace says so
    {WL_TIER_HIGH, WL_REASON_CONTENT, "{}", false, "trial"},
    {WL_TIER_VERY_HIGH, WL_REASON_PRICE, "{}", false, "coupon"}, // no pause for this tier
    {WL_TIER_VERY_HIGH, WL_REASON_ADS, "{}", false, "trial"},
    {WL_TIER_VERY_HIGH, WL_REASON_ADS, "{\"vip\":true}", false, "trial"}, // half a condition
    {WL_TIER_VERY_HIGH, WL_REASON_ADS, "{\"vip\":true,\"level\":3}", false, "vip"},
    {WL_TIER_VERY_HIGH, WL_REASON_ADS, "{\"vip\":\"true\",\"level\":3.0}", false, "vip"},
    {WL_TIER_VERY_HIGH, WL_REASON_ADS, "{\"vip\":null,\"level\":3}", false, "trial"},
    {WL_TIER_VERY_HIGH, WL_REASON_ADS, "{\"vip\":[true],\"level\":3}", false, "trial"},
    {WL_TIER_LOW, WL_REASON_OTHER, "{}", false, "care"},
    {WL_TIER_MEDIUM, WL_REASON_OTHER, "{}", false, NULL},
};

static void check_cases(const char *yaml)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_offers offers = {0};
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(yaml), &root, &error), WL_OK);
    CHECK_INT(wl_offers_read(&arena, root, &offers, &error), WL_OK);
    CHECK_STR(error.message, "");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wl_node *attributes = NULL;
        CHECK_INT(wl_json_parse(&arena, wl_str_from(cases[i].attributes), &attributes, NULL), 0);
        const struct wl_offer *got = wl_offers_choose(&offers, cases[i].tier, cases[i].reason,
                                                      attributes, cases[i].discount_first);
        CHECK_STR(got != NULL ? got->id : "-", cases[i].want != NULL ? cases[i].want : "-");
    }
    wl_arena_release(&arena);
}

static void test_choice_does_not_depend_on_order(void)
{
    struct wl_buf yaml;

    wl_buf_init(&yaml, wl_alloc_default(), 0);
    for (size_t i = 0; i < N_ENTRIES; i++) {
        wl_buf_text(&yaml, entries[i]);
    }
    check_cases(yaml.data);
    wl_buf_clear(&yaml);
    for (size_t i = N_ENTRIES; i > 0; i--) {
        wl_buf_text(&yaml, entries[i - 1]);
    }
    check_cases(yaml.data);
    wl_buf_release(&yaml);
}

static const struct {
    const char *yaml;
    const char *error;
} broken[] = {
    {"a: 1", "line 1, column 1: offers: wants a list of at most 1024"},
    {ENTRY("a", "cupon", "0", "high", "any", ""),
     "line 1, column 11: offers[0].kind: \"cupon\" is none of none, coupon, points, trial_pack, "
     "vip_support, care, pause, feature_tip"},
    {ENTRY("a", "coupon", "-1", "high", "any", ""),
     "line 1, column 77: offers[0].cost_minor: -1 is not between 0 and 1e+12"},
    {ENTRY("a", "coupon", "1", "hihg", "any", ""),
     "line 1, column 115: offers[0].tiers: no tiers called \"hihg\" (did you mean \"high\"?)"},
    {ENTRY("a", "coupon", "1", "high", "prise", ""),
     "line 1, column 132: offers[0].reasons: no reasons called \"prise\" (did you mean "
     "\"price\"?)"},
    {ENTRY("a", "coupon", "1", "high", "any", ", entitled: {vip: [1]}"), NULL},
    {ENTRY("a", "coupon", "1", "high", "any", ", currency: yuan"), NULL},
    {ENTRY("a", "care", "0", "high", "any", "") ENTRY("a", "care", "0", "high", "any", ""), NULL},
    {"- {id: a, kind: care, name: {zh: 名}, terms: {zh: 款, en: t}, cost_minor: 0, valid_days: 7, "
     "tiers: [high], reasons: [any]}",
     "line 1, column 23: offers[0].name: wants a text for zh and one for en"},
};

static void test_broken_catalogues(void)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        struct wl_offers offers = {.n_items = 7};
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_yaml_parse(&arena, wl_str_from(broken[i].yaml), &root, &error), WL_OK);
        CHECK_INT(wl_offers_read(&arena, root, &offers, &error), WL_ECONFIG);
        if (broken[i].error != NULL) {
            CHECK_STR(error.message, broken[i].error);
        }
        CHECK_INT(offers.n_items, 7); // untouched
        wl_arena_release(&arena);
    }
}

static void test_builtin_catalogue(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_offers offers = {0};
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, wl_offers_builtin(), &root, &error), WL_OK);
    CHECK_INT(wl_offers_read(&arena, wl_node_get(root, "offers"), &offers, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(offers.n_items, 7);
    CHECK(wl_offer_find(&offers, WL_STR("vip_support")) != NULL);
    CHECK(wl_offer_find(&offers, WL_STR("none_such")) == NULL);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_choice_does_not_depend_on_order);
    RUN(test_broken_catalogues);
    RUN(test_builtin_catalogue);
    return check_report();
}
