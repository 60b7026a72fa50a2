/* Goal:   a feature set compiles to what it says, complaints name line and column, and a plan's
 *         definition compiles to the same plan again.
 * Method: the library, small sets with one mistake each, and round trips. */
#include "check.h"

#include "base/file.h"
#include "features/plan.h"

static wl_status compile(struct wl_arena *arena, const char *yaml,
                         const struct wl_plan_options *options, struct wl_plan **plan,
                         wl_error *error)
{
    struct wl_node *root = NULL;
    wl_status status = wl_yaml_parse(arena, wl_str_from(yaml), &root, error);

    return status == WL_OK ? wl_plan_compile(arena, root, options, plan, error) : status;
}

static void test_library_is_complete(void)
{
    static const char *const wanted[] = {
        "dwell_time",          "order_frequency_180d", "order_mean_all",
        "login_frequency_30d", "any_days_since_last",  "play_sum_30d",
        "renewal_rate",        "any_activity_30d",     "order_days_since_last"};
    struct wl_arena arena;
    struct wl_plan *plan = NULL;
    struct wl_plan_options options = {0};
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_plan_compile(&arena, NULL, &options, &plan, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK(plan->n_features >= 60 && plan->n_features <= 100);
    fprintf(stderr, "library: %zu features, %zu signals\n", plan->n_features, plan->n_signals);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        CHECK(wl_plan_find(plan, wl_str_from(wanted[i])) != SIZE_MAX);
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        const struct wl_feature *feature = wl_plan_feature(plan, i);
        bool is_ascii = true;
        for (const char *at = feature->zh; *at != '\0'; at++) {
            is_ascii = is_ascii && (unsigned char)*at < 0x80;
        }
        CHECK(!is_ascii); // every feature has its Chinese name
        CHECK(strchr(feature->en, '{') == NULL && strchr(feature->zh, '{') == NULL);
        CHECK(strchr(feature->formula, '{') == NULL && feature->formula[0] != '\0');
    }
    size_t activity = plan->i_activity;
    CHECK_STR(plan->features[activity].name, "any_activity_7d");
    size_t count = wl_plan_find(plan, WL_STR("login_count_30d"));
    CHECK_STR(plan->features[plan->features[count].i_baseline].name, "login_count_pace_30d");
    CHECK_STR(plan->features[count].zh, "近30天登录次数");
    CHECK_STR(plan->features[count].en, "number of logins, last 30 days");
    CHECK_STR(plan->features[count].formula, "count(login, 30d)");
    size_t since = wl_plan_find(plan, WL_STR("any_days_since_last"));
    CHECK_STR(plan->features[plan->features[since].i_baseline].name, "any_gap_mean_90d");
    CHECK_STR(plan->features[since].code, "inactive");
    wl_arena_release(&arena);
}

static void test_text_library(void)
{
    struct wl_arena arena;
    struct wl_plan *plan = NULL;
    struct wl_plan_options options = {0};
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(compile(&arena, "library: standard\n", &options, &plan, &error), WL_OK);
    CHECK(!plan->needs_readings);
    CHECK_INT(compile(&arena, "library: text\n", &options, &plan, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK(plan->needs_readings);
    size_t shift = wl_plan_find(plan, WL_STR("mood_mean_shift_30d"));
    CHECK_STR(plan->features[shift].zh, "近30天留言平均情绪比以前的变化");
    CHECK_STR(plan->features[shift].en, "change of average mood of messages, last 30 days");
    size_t cancel = wl_plan_find(plan, WL_STR("cancel_talk_count_30d"));
    CHECK_STR(plan->features[cancel].en, "number of messages about leaving, last 30 days");
    CHECK_STR(plan->features[cancel].code, "contract");
    wl_arena_release(&arena);
}

static void test_definition_compiles_to_the_same_plan(void)
{
    static const char *const sets[] = {
        "library: standard\n",
        "library: standard\ndrop: [renewal_rate, order_std_all]\n"
        "signals: [{name: x, events: [A, B], channels: [call], where: {item: \"5\"}, unit_en: m}]\n"
        "sets: [{signal: [x, order], aggregates: [distinct(item), gap_std], windows: [2d, 14d, "
        "all]}]\n"
        "ratios: [{name: r, of: x_gap_std_14d, scale: 0.1}]\n"
        "attributes: [{name: Plan, kind: category, code: price}, {name: Since, kind: date}]\n"
        "utc_offset: \"-03:30\"\n",
        "library: [standard, text]\n"
        "signals: [{name: x, channels: [call], reads: {intent: cancel, reason: price}}]\n"
        "sets: [{signal: x, aggregates: [mean, mean_before, mean_shift], windows: [2d, 14d]}]\n"
        "given: [{name: text_churn, zh: 文字, en: texts, unit_en: \"%\", code: other}]\n"};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        struct wl_arena arena;
        struct wl_plan *plan = NULL;
        struct wl_plan *again = NULL;
        struct wl_plan_options options = {.utc_offset_us = 8 * WL_HOUR_US};
        struct wl_node *root = NULL;
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(compile(&arena, sets[i], &options, &plan, &error), WL_OK);
        CHECK_STR(error.message, "");
        options.utc_offset_us = 0; // the definition carries its own
        CHECK_INT(wl_json_parse(&arena, plan->definition, &root, &error), WL_OK);
        CHECK_INT(wl_plan_compile(&arena, root, &options, &again, &error), WL_OK);
        CHECK_STR(error.message, "");
        CHECK_STR(again->schema.hash, plan->schema.hash);
        CHECK(wl_str_equal(again->definition, plan->definition));
        CHECK_INT(again->n_sketches, plan->n_sketches);
        CHECK_INT(again->utc_offset_us, plan->utc_offset_us);
        for (size_t f = 0; f < plan->n_features; f++) {
            CHECK_STR(again->features[f].name, plan->features[f].name);
            CHECK_INT(again->features[f].i_baseline, plan->features[f].i_baseline);
        }
        wl_arena_release(&arena);
    }
}

static void test_complaints(void)
{
    static const struct {
        const char *yaml;
        const char *message;
    } cases[] = {
        {"signls: []\n",
         "line 1, column 1: features: no key \"signls\" here (did you mean \"signals\"?)"},
        {"library: standart\n", "line 1, column 1: features.library: no library \"standart\" (did "
                                "you mean \"standard\"?)"},
        {"signals:\n  - {name: a}\n",
         "line 2, column 6: signal a follows neither events nor channels"},
        {"signals:\n  - {name: A, events: x}\n",
         "line 2, column 6: signal name \"A\" is not of the form a-z, 0-9 and _"},
        {"signals: [{name: a, events: x, code: pice}]\n",
         "line 1, column 12: no reason code \"pice\" (did you mean \"price\"?)"},
        {"signals: [{name: a, events: x}]\nsets:\n  - {signal: b, aggregates: count}\n",
         "line 3, column 6: no signal \"b\""},
        {"signals: [{name: a, events: x}]\nsets:\n  - {signal: a, aggregates: cuont, windows: "
         "1d}\n",
         "line 3, column 17: no aggregate \"cuont\" (did you mean \"count\"?)"},
        {"signals: [{name: a, events: x}]\nsets:\n  - {signal: a, aggregates: count}\n",
         "line 3, column 17: aggregate count needs windows"},
        {"signals: [{name: a, events: x}]\nsets:\n  - {signal: a, aggregates: hours, windows: "
         "all}\n",
         "line 3, column 17: aggregate hours needs a window other than all"},
        {"signals: [{name: a, events: x}]\nsets:\n  - {signal: a, aggregates: count, windows: "
         "73h}\n",
         "line 3, column 36: windows: 73h is not made of whole hours (to 3d) or days (beyond)"},
        {"signals: [{name: a, events: x}]\nsets:\n  - {signal: a, aggregates: count, windows: [7d, "
         "1w]}\n",
         "line 3, column 17: feature a_count_7d is declared twice"},
        {"library: standard\nratios: [{name: r, of: nothing}]\n",
         "line 2, column 20: ratios.of: no feature \"nothing\" of a signal"},
        {"library: standard\ndrop: play_sum_30d\n",
         "line 2, column 1: features.drop: ratio dwell_time needs a feature that is left out"},
        {"library: standard\nattributes: [Churn]\n",
         "line 2, column 14: features.attributes: Churn is what is to be predicted"},
        {"signals: []\n", "line 1, column 1: features: no feature is declared"},
        {"library: [standard, texts]\n", "line 1, column 1: features.library: no library "
                                         "\"texts\" (did you mean \"text\"?)"},
        {"signals: [{name: a, channels: x, reads: {intnet: y}}]\n",
         "line 1, column 42: signals.reads: \"intnet\" is none of sentiment, intent, emotion, "
         "reason"},
        {"signals: [{name: a, events: x, channels: x, reads: {intent: y}}]\n",
         "line 1, column 45: signals.reads: wants a map like {intent: cancel}, in a signal of "
         "texts "
         "alone"},
        {"signals: [{name: a, channels: x, reads: {intent: [y]}}]\n",
         "line 1, column 42: signals.reads: wants one label for each"},
        {"given: [{name: a, code: pice}]\n",
         "line 1, column 10: no reason code \"pice\" (did you mean \"price\"?)"},
    };
    static const char *const exclude[] = {"Churn", NULL};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wl_arena arena;
        struct wl_plan *plan = NULL;
        struct wl_plan_options options = {.exclude = exclude};
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(compile(&arena, cases[i].yaml, &options, &plan, &error), WL_ECONFIG);
        CHECK_STR(error.message, cases[i].message);
        CHECK(plan == NULL);
        wl_arena_release(&arena);
    }
}

static void test_aggregate_keys_agree(void)
{
    for (size_t i = 0; i < WL_AGGREGATE_SIGNAL_COUNT; i++) {
        enum wl_aggregate aggregate = WL_AGGREGATE_RATIO;
        struct wl_str prop;
        CHECK(wl_aggregate_parse(wl_str_from(wl_aggregate_keys()[i]), &aggregate, &prop));
        CHECK_INT(aggregate, i);
    }
}

// The configurations people start from must compile, with and without data.
static void test_shipped_configurations_compile(void)
{
    static const char *const files[] = {
        "share/workspaces/video.yaml",        "share/workspaces/ecommerce.yaml",
        "share/workspaces/snapshot.yaml",     "examples/cdnow/wanliu.yaml",
        "examples/online_retail/wanliu.yaml", "examples/ibm_telco_churn/wanliu.yaml"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct wl_arena arena;
        struct wl_buf text;
        struct wl_node *root = NULL;
        struct wl_plan *plan = NULL;
        struct wl_plan_options options = {0};
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        wl_buf_init(&text, wl_alloc_default(), 0);
        CHECK_INT(wl_file_read(wl_path_join(&arena, WL_SOURCE_DIR, files[i]), &text, &error),
                  WL_OK);
        CHECK_INT(wl_yaml_parse(&arena, wl_buf_view(&text), &root, &error), WL_OK);
        CHECK_INT(wl_plan_compile(&arena, wl_node_get(root, "features"), &options, &plan, &error),
                  WL_OK);
        CHECK_STR(error.message, "");
        wl_buf_release(&text);
        wl_arena_release(&arena);
    }
}

int main(void)
{
    RUN(test_library_is_complete);
    RUN(test_text_library);
    RUN(test_definition_compiles_to_the_same_plan);
    RUN(test_complaints);
    RUN(test_shipped_configurations_compile);
    RUN(test_aggregate_keys_agree);
    return check_report();
}
