/* Goal:   the `churn:` section is read strictly and explained back in both languages.
 * Method: tables of sections with what must come out: fields, messages, sentences, leaks. */
#include "check.h"

#include "learn/churn.h"

static wl_status read_churn(struct wl_arena *arena, const char *yaml, struct wl_churn *churn,
                            wl_error *error)
{
    struct wl_node *root = NULL;
    wl_status status = wl_yaml_parse(arena, wl_str_from(yaml), &root, error);
    return status != WL_OK ? status
                           : wl_churn_read(arena, wl_node_get(root, "churn"), churn, error);
}

static void test_fields_and_defaults(void)
{
    struct wl_arena arena;
    struct wl_churn churn;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(read_churn(&arena, "churn: {kind: inactivity, horizon: 90d}", &churn, NULL), WL_OK);
    CHECK_INT(churn.lead_us, 72 * WL_HOUR_US);
    CHECK_INT(churn.horizon_us, 90 * WL_DAY_US);
    CHECK_INT(churn.events.n_items, 0);
    CHECK_INT(wl_churn_closes_us(&churn, 5), 5 + 93 * WL_DAY_US);
    CHECK_INT(read_churn(&arena,
                         "churn: {kind: cancel, events: Cancelled, horizon: 30d, lead: 0h,\n"
                         "  restart: [Started], allowed_gap: 2w,\n"
                         "  involuntary: {events: Payment Failed}, audience: {within: 60d}}",
                         &churn, NULL),
              WL_OK);
    CHECK_INT(churn.lead_us, 0);
    CHECK_INT(churn.involuntary_within_us, 30 * WL_DAY_US);
    CHECK_INT(churn.audience_within_us, 60 * WL_DAY_US);
    CHECK_INT(wl_churn_closes_us(&churn, 0), 44 * WL_DAY_US);
    CHECK_INT(read_churn(&arena, "churn: {kind: label, attribute: Churn, positive: \"Yes\"}",
                         &churn, NULL),
              WL_OK);
    CHECK_STR(churn.positive, "Yes");
    CHECK_INT(wl_churn_closes_us(&churn, 7), 7);
    wl_arena_release(&arena);
}

static const struct {
    const char *yaml;
    const char *message;
} wrong[] = {
    {"a: 1", "the section \"churn\" is missing: say what leaving is"},
    {"churn: {horizon: 90d}", "line 1, column 1: churn: the key \"kind\" is missing"},
    {"churn: {kind: inactivity}",
     "line 1, column 1: churn: kind inactivity needs the key \"horizon\""},
    {"churn: {kind: inactivity, horizn: 90d}",
     "line 1, column 27: churn: no key \"horizn\" here (did you mean \"horizon\"?)"},
    {"churn: {kind: inactivity, horizon: 90d, allowed_gap: 3d}",
     "line 1, column 41: churn.allowed_gap: means nothing for kind inactivity"},
    {"churn: {kind: cancel, horizon: 90d, events: []}",
     "line 1, column 1: churn.events: kind cancel needs at least one event"},
    {"churn: {kind: cancel, horizon: 90d, events: [C], allowed_gap: 3d}",
     "line 1, column 50: churn.allowed_gap: needs restart, the events that mean coming back"},
    {"churn: {kind: label, attribute: Churn}",
     "line 1, column 1: churn: kind label needs the key \"positive\""},
    {"churn: {kind: cancel, horizon: 90d, events: [C], involuntary: {within: 3d}}",
     "line 1, column 50: churn.involuntary: the key \"events\" is missing"},
    {"churn: {kind: inactivity, horizon: 90d, lead: soon}", NULL},
    {"churn: {kind: inactivity, horizon: 90d, lead: [1]}",
     "line 1, column 41: churn.lead: wants a duration like 72h"},
    {"churn: {kind: guess, horizon: 90d}", NULL},
};

static void test_mistakes_are_named(void)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct wl_arena arena;
        struct wl_churn churn = {.horizon_us = 77};
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(read_churn(&arena, wrong[i].yaml, &churn, &error), WL_ECONFIG);
        if (wrong[i].message != NULL) {
            CHECK_STR(error.message, wrong[i].message);
        }
        CHECK_INT(churn.horizon_us, 77); // untouched
        wl_arena_release(&arena);
    }
}

static const struct {
    const char *yaml;
    const char *en;
    const char *zh;
} sentences[] = {
    {"churn: {kind: inactivity, events: [Order Completed], horizon: 90d}",
     "For every customer with \"Order Completed\" before the observation date, predict the "
     "probability of no \"Order Completed\" in the 90 days that begin 72 hours after that date.",
     "对观察日之前有过“Order Completed”的每位客户，预测其在观察日 72 小时之后的 90 "
     "天内没有“Order Completed”的概率。"},
    {"churn: {kind: cancel, events: [Cancelled, Refunded], horizon: 30d, lead: 0h,\n"
     " restart: [Started], allowed_gap: 14d, involuntary: {events: [Payment Failed]},\n"
     " audience: {events: [Played], within: 28d}}",
     "For every customer with \"Played\" in the 28 days before the observation date who has not "
     "cancelled, predict the probability of \"Cancelled\" or \"Refunded\" in the 30 days after "
     "that "
     "date, unless \"Started\" follows within 14 days; those who leave after \"Payment Failed\" "
     "are "
     "kept apart as involuntary.",
     "对观察日之前 28 "
     "天内有过“Played”且尚未退订的每位客户，预测其在观察日之后的 30 "
     "天内发生“Cancelled”或“Refunded”的概率，其后 14 "
     "天内又有“Started”的不算流失；因“Payment "
     "Failed”而流失的单列为非自愿流失。"},
    {"churn: {kind: label, attribute: Churn, positive: \"Yes\"}",
     "For every customer whose \"Churn\" is known, predict the probability of \"Churn\" being "
     "\"Yes\" "
     "at the date of the data, without a declared horizon.",
     "对“Churn”已知的每位客户，预测其在数据日期（未声明预测期）“Churn”为“Yes”的概率。"},
    {"churn: {kind: inactivity, horizon: 36h, lead: 1d}",
     "For every customer with any event before the observation date, predict the probability of no "
     "event of any kind in the 36 hours that begin 24 hours after that date.",
     "对观察日之前有过任何事件的每位客户，预测其在观察日 24 小时之后的 36 "
     "小时内没有任何事件的概率。"},
};

static void test_sentences(void)
{
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        struct wl_arena arena;
        struct wl_churn churn;
        struct wl_buf text;
        wl_arena_init(&arena, wl_alloc_default(), 0);
        wl_buf_init(&text, wl_alloc_default(), 0);
        CHECK_INT(read_churn(&arena, sentences[i].yaml, &churn, NULL), WL_OK);
        wl_churn_sentence(&churn, "en", &text);
        CHECK_STR(text.data, sentences[i].en);
        wl_buf_clear(&text);
        wl_churn_sentence(&churn, "zh", &text);
        CHECK_STR(text.data, sentences[i].zh);
        wl_buf_release(&text);
        wl_arena_release(&arena);
    }
}

static void test_label_column_is_found_among_features(void)
{
    static const struct {
        const char *feature;
        bool is_leak;
    } names[] = {{"Churn Label", true},       {"churn_label", true},
                 {"attr_Churn_Label", true},  {"attribute.churnlabel", true},
                 {"churn_label_days", false}, {"churn", false},
                 {"Contract", false}};
    struct wl_churn churn = {.kind = WL_CHURN_LABEL, .attribute = "Churn Label"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct wl_feature_column columns[2] = {{"Tenure", WL_FEATURE_NUMBER},
                                               {names[i].feature, WL_FEATURE_BOOL}};
        struct wl_schema schema = {.columns = columns, .n_features = 2};
        CHECK_INT(wl_churn_leaks(&churn, &schema), names[i].is_leak ? 1 : SIZE_MAX);
    }
    churn.kind = WL_CHURN_INACTIVITY;
    struct wl_feature_column column = {"Churn Label", WL_FEATURE_BOOL};
    struct wl_schema schema = {.columns = &column, .n_features = 1};
    CHECK_INT(wl_churn_leaks(&churn, &schema), SIZE_MAX);
}

int main(void)
{
    RUN(test_fields_and_defaults);
    RUN(test_mistakes_are_named);
    RUN(test_sentences);
    RUN(test_label_column_is_found_among_features);
    return check_report();
}
