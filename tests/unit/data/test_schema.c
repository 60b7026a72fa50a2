/* Goal:   a configuration map fills a struct, keeps defaults, and each mistake gets one clear line
 *         with its place, word for word.
 * Method: one table of fields of every kind; a document with all of them; then a table of documents
 *         with one mistake each and the complaint it must give. */
#include "check.h"

#include "base/clock.h"
#include "data/schema.h"

struct settings {
    const char *name;
    int64_t trees;
    double rate;
    bool deep;
    int64_t horizon_us;
    int64_t from_us;
    int kind;
    struct wl_texts events;
    const struct wl_node *extra;
    int64_t seed;
};

static const char *const kinds[] = {"inactivity", "cancel", "label", NULL};

static const struct wl_field fields[] = {
    {"name", WL_FIELD_TEXT, offsetof(struct settings, name), true, 0, 0, NULL, "a name"},
    {"trees", WL_FIELD_INT, offsetof(struct settings, trees), false, 1, 1000, NULL, "trees"},
    {"rate", WL_FIELD_NUMBER, offsetof(struct settings, rate), false, 0.001, 1, NULL, "rate"},
    {"deep", WL_FIELD_BOOL, offsetof(struct settings, deep), false, 0, 0, NULL, "deep"},
    {"horizon", WL_FIELD_SPAN, offsetof(struct settings, horizon_us), false, 0, 0, NULL, "span"},
    {"from", WL_FIELD_TIME, offsetof(struct settings, from_us), false, 0, 0, NULL, "time"},
    {"kind", WL_FIELD_CHOICE, offsetof(struct settings, kind), false, 0, 0, kinds, "kind"},
    {"events", WL_FIELD_TEXTS, offsetof(struct settings, events), false, 0, 0, NULL, "events"},
    {"extra", WL_FIELD_NODE, offsetof(struct settings, extra), false, 0, 0, NULL, "extra"},
    {"seed", WL_FIELD_INT, offsetof(struct settings, seed), false, 0, 0, NULL, "seed"},
};

static wl_status read_settings(struct wl_arena *arena, const char *yaml, struct settings *settings,
                               wl_error *error)
{
    struct wl_node *root = NULL;
    WL_TRY(wl_yaml_parse(arena, wl_str_from(yaml), &root, error));
    return wl_fields_read(arena, root, "churn", fields, COUNT(fields), settings, error);
}

static void test_every_kind(void)
{
    struct wl_arena arena;
    struct settings settings = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(read_settings(&arena,
                            "name: 12\ntrees: 1e2\nrate: 0.05\ndeep: true\nhorizon: 90d\n"
                            "from: 2011-09-01\nkind: label\nevents: [a, 'b c', 3]\n"
                            "extra: {x: [1]}\nseed: 9007199254740992\n",
                            &settings, NULL),
              WL_OK);
    CHECK_STR(settings.name, "12"); // any scalar is a text
    CHECK_INT(settings.trees, 100);
    CHECK_CLOSE(settings.rate, 0.05, 0.0);
    CHECK(settings.deep);
    CHECK_INT(settings.horizon_us, 90 * WL_DAY_US);
    CHECK_INT(settings.from_us, wl_days_from_civil(2011, 9, 1) * WL_DAY_US);
    CHECK_INT(settings.kind, 2);
    CHECK_INT(settings.events.n_items, 3);
    CHECK_STR(settings.events.items[1], "b c");
    CHECK_STR(settings.events.items[2], "3");
    CHECK_INT(wl_node_get(settings.extra, "x")->n_children, 1);
    CHECK_INT(settings.seed, INT64_C(9007199254740992));
    CHECK_INT(read_settings(&arena, "name: x\nevents: one\n", &settings, NULL), WL_OK);
    CHECK_INT(settings.events.n_items, 1); // one text stands for a list of one
    CHECK_STR(settings.events.items[0], "one");
    wl_arena_release(&arena);
}

static void test_absent_keys_keep_defaults(void)
{
    struct wl_arena arena;
    struct settings settings = {.trees = 150, .rate = 0.1, .kind = 1, .deep = true};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(read_settings(&arena, "name: x\ntrees:\nrate: ~\n", &settings, NULL), WL_OK);
    CHECK_INT(settings.trees, 150); // null is as good as absent
    CHECK_CLOSE(settings.rate, 0.1, 0.0);
    CHECK(settings.kind == 1 && settings.deep);
    CHECK_INT(wl_fields_read(&arena, NULL, "x", fields + 1, COUNT(fields) - 1, &settings, NULL),
              WL_OK); // a section that is not there is an empty one
    wl_arena_release(&arena);
}

static void test_complaints(void)
{
    static const struct {
        const char *yaml;
        const char *complaint;
    } cases[] = {
        {"name: x\nhorizn: 90d\n",
         "line 2, column 1: churn: no key \"horizn\" here (did you mean \"horizon\"?)"},
        {"name: x\nzzzzzzzz: 1\n", "line 2, column 1: churn: no key \"zzzzzzzz\" here"},
        {"trees: 5\n", "line 1, column 1: churn: the key \"name\" is missing"},
        {"name: ~\ntrees: 5\n", "line 1, column 1: churn: the key \"name\" is missing"},
        {"[a, b]\n", "line 1, column 2: churn: wants a map, found a list"},
        {"name: [a]\n", "line 1, column 1: churn.name: wants a text, found a list"},
        {"name: ''\n", "line 1, column 1: churn.name: wants a text, found a text"},
        {"name: x\ntrees: 1.5\n",
         "line 2, column 1: churn.trees: wants a whole number, found a number"},
        {"name: x\ntrees: '5'\n",
         "line 2, column 1: churn.trees: wants a whole number, found a text"},
        {"name: x\nseed: 1e300\n",
         "line 2, column 1: churn.seed: wants a whole number, found a number"},
        {"name: x\ntrees: 0\n", "line 2, column 1: churn.trees: 0 is not between 1 and 1000"},
        {"name: x\nrate: 1.01\n", "line 2, column 1: churn.rate: 1.01 is not between 0.001 and 1"},
        {"name: x\nrate: .inf\n", "line 2, column 1: churn.rate: wants a number, found a text"},
        {"name: x\ndeep: yes\n", "line 2, column 1: churn.deep: wants true or false, found a text"},
        {"name: x\nhorizon: 90\n",
         "line 2, column 1: churn.horizon: \"90\" is not a duration like 72h, 30d or 2w"},
        {"name: x\nhorizon: {a: 1}\n",
         "line 2, column 1: churn.horizon: wants a duration like 30d, found a map"},
        {"name: x\nfrom: 2011-02-30\n",
         "line 2, column 1: churn.from: \"2011-02-30\" is not a date of the calendar"},
        {"name: x\nfrom: []\n", "line 2, column 1: churn.from: wants a date, found a list"},
        {"name: x\nkind: lapse\n",
         "line 2, column 1: churn.kind: \"lapse\" is none of inactivity, cancel, label"},
        {"name: x\nevents: [a, [b]]\n",
         "line 2, column 14: churn.events: wants texts, found a list"},
        {"name: x\nevents: {a: 1}\n", "line 2, column 1: churn.events: wants texts, found a map"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct settings settings = {0};
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(read_settings(&arena, cases[i].yaml, &settings, &error), WL_ECONFIG);
        CHECK_STR(error.message, cases[i].complaint);
        wl_arena_release(&arena);
    }
}

static void test_closest(void)
{
    static const char *const words[] = {"horizon", "lead", "events", NULL};
    static const char *const nothing[] = {NULL};

    CHECK_STR(wl_closest(WL_STR("horizon"), words), "horizon");
    CHECK_STR(wl_closest(WL_STR("evnets"), words), "events");
    CHECK_STR(wl_closest(WL_STR("Lead"), words), "lead");
    CHECK(wl_closest(WL_STR("zzzzzzz"), words) == NULL);
    CHECK(wl_closest(WL_STR("x"), nothing) == NULL);
}

int main(void)
{
    RUN(test_every_kind);
    RUN(test_absent_keys_keep_defaults);
    RUN(test_complaints);
    RUN(test_closest);
    return check_report();
}
