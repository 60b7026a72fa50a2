/* Goal:   a source is read strictly: what is wrong is told with its place and a guess.
 * Method: tables of YAML and the exact complaint; of conditions and cells. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "ingest/mapping.h"
#include "workspace.h"

static wl_status read_yaml(struct wl_arena *arena, const char *yaml, struct wl_source **sources,
                           size_t *n, wl_error *error)
{
    struct wl_node *root = NULL;

    CHECK_INT(wl_yaml_parse(arena, wl_str_from(yaml), &root, error), WL_OK);
    return wl_sources_read(arena, root, 8 * WL_HOUR_US, sources, n, error);
}

static const struct {
    const char *yaml;
    const char *message;
} wrong[] = {
    {"{}", "sources: wants a list of at least one source"},
    {"- user: u", "line 1, column 3: sources[0]: the key \"name\" is missing"},
    {"- {name: a, usr: u}",
     "line 1, column 13: sources[0]: no key \"usr\" here (did you mean \"user\"?)"},
    {"- {name: a, time: t, event: e}", "line 1, column 4: sources[0]: the key \"user\" is missing"},
    {"- {name: a, user: u, event: e}", "line 1, column 4: sources[0]: the key \"time\" is missing"},
    {"- {name: a, user: u, time: t}", "line 1, column 4: sources[0]: the key \"event\" is missing"},
    {"- {name: a, user: u, time: t, event: e, text: x}",
     "line 1, column 41: sources[0]: the key \"text\" belongs to kind: texts"},
    {"- {name: a, format: segment, user: u}",
     "line 1, column 30: sources[0]: the key \"user\" belongs to formats csv and ndjson"},
    {"- {name: a, format: segment, kind: texts}",
     "line 1, column 30: sources[0].kind: segment lines say themselves what they are"},
    {"- {name: a, format: ndjson, columns: [a], user: u, time: t, event: e}",
     "line 1, column 29: sources[0]: the key \"columns\" belongs to format: csv"},
    {"- {name: a, user: u, time: t, event: e, delimiter: \"|\"}",
     "line 1, column 41: sources[0].delimiter: \"|\" is none of \",\", \";\", tab, whitespace"},
    {"- {name: a, user: u, time: t, event: e, format: cvs}",
     "line 1, column 41: sources[0].format: \"cvs\" is none of csv, ndjson, segment"},
    {"- {name: a, kind: customers, user: u}",
     "line 1, column 4: sources[0]: give one of \"time\" and \"known_at\""},
    {"- {name: a, kind: customers, user: u, known_at: 2018-13-01}",
     "line 1, column 39: sources[0].known_at: \"2018-13-01\" is not a date of the calendar"},
    {"- {name: a, user: u, time: t, event: []}",
     "line 1, column 31: sources[0].event: wants a column or a list of rules {if, name}"},
    {"- {name: a, user: u, time: t, event: [{name: A}, {name: B}]}",
     "line 1, column 51: sources[0].event: no row reaches this rule: the one before has no \"if\""},
    {"- {name: a, user: u, time: t, event: [{iff: \"q < 0\", name: A}]}",
     "line 1, column 40: sources[0].event: no key \"iff\" here (did you mean \"if\"?)"},
    {"- {name: a, user: u, time: t, event: e, where: \"q < many\"}",
     "line 1, column 41: sources[0]: condition \"q < many\" wants a number or a text in quotes at "
     "the end; write it like Quantity < 0 or Country != 'UK'"},
    {"- {name: a, user: u, time: t, event: e, where: [\"x = 1\", \"q\"]}",
     "line 1, column 59: sources[0]: condition \"q\" wants one of < <= = != >= >; write it like "
     "Quantity < 0 or Country != 'UK'"},
    {"- {name: a, user: u, time: t, event: e, properties: {a: a, b: b, c: c, d: d, e: e, f: f, g: "
     "g, h: h, i: i}}",
     "line 1, column 102: sources[0].properties: at most 8 properties are kept"},
    {"- {name: a, user: u, time: t, event: e}\n- {name: a, user: u, time: t, event: e}",
     "line 2, column 4: sources[1]: the name \"a\" is taken by sources[0]"},
};

static void test_what_is_wrong_is_told(void)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct wl_arena arena;
        struct wl_source *sources = NULL;
        size_t n = 0;
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(read_yaml(&arena, wrong[i].yaml, &sources, &n, &error), WL_ECONFIG);
        CHECK_STR(error.message, wrong[i].message);
        CHECK(sources == NULL);
        wl_arena_release(&arena);
    }
}

static void test_a_whole_source(void)
{
    struct wl_arena arena;
    struct wl_source *sources = NULL;
    const struct wl_source *found = NULL;
    size_t n = 0;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(read_yaml(&arena,
                        "- name: orders\n  delimiter: tab\n  user: id\n  time: at\n"
                        "  time_format: epoch_ms\n  event: [{if: 'q < 0', name: R}, {name: C}]\n"
                        "  value: [q, p]\n  where: \"c != ''\"\n  properties: {item: sku}\n"
                        "- name: people\n  kind: customers\n  user: id\n  known_at: 2018-01-01\n"
                        "  attributes: [age, plan]\n  bool: member\n",
                        &sources, &n, &error),
              WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(n, 2);
    CHECK_INT(sources[0].delimiter, '\t');
    CHECK_INT(sources[0].time_format, WL_TIME_EPOCH_MS);
    CHECK_INT(sources[0].n_rules, 2);
    CHECK(sources[0].rules[0].has_condition && !sources[0].rules[1].has_condition);
    CHECK_INT(sources[0].value.n_items, 2);
    CHECK_INT(sources[0].n_where, 1);
    CHECK_STR(sources[0].props[0].column, "sku");
    CHECK_INT(sources[1].known_us,
              wl_days_from_civil(2018, 1, 1) * WL_DAY_US - 8 * WL_HOUR_US); // in the given offset
    CHECK_INT(sources[1].attributes.n_items, 2);
    CHECK(!sources[1].all_attributes);
    CHECK_INT(wl_sources_find(sources, n, "people", &found, &error), WL_OK);
    CHECK(found == &sources[1]);
    CHECK_INT(wl_sources_find(sources, n, NULL, &found, &error), WL_EINVAL);
    CHECK_STR(error.message, "say with --source which one this is: one of orders, people");
    CHECK_INT(wl_sources_find(sources, n, "order", &found, &error), WL_EINVAL);
    CHECK_STR(error.message, "no source \"order\" is declared: there are orders, people");
    wl_arena_release(&arena);
}

static const struct {
    const char *condition;
    const char *cell;
    bool holds;
} conditions[] = {
    {"q < 0", "-1", true},        {"q < 0", "0", false},      {"q<0", "-0.5", true},
    {"q <= 0", "0", true},        {"q >= 2", "10", true},     {"q > 2", "2", false},
    {"q = 2", "2.0", true},       {"q == 2", " 2 ", true},    {"q != 2", "2", false},
    {"q != 2", "x", true},        {"q = 2", "x", false},      {"q < 5", "", false},
    {"q > -5", "", false},        {"q != ''", "", false},     {"q != ''", "a", true},
    {"q = \"a b\"", "a b", true}, {"q < 'b'", "a", true},     {"q > '9'", "10", false},
    {"a b != 'x'", "y", true},    {"'a<b' = 1", "1", true},   {"q = 1e3", "1000", true},
    {"q = 'it''", NULL, false},   {"", NULL, false},          {"< 3", NULL, false},
    {"q < ", NULL, false},        {"q ~ 3", NULL, false},     {"q = 'a' b", NULL, false},
    {"q = nan", NULL, false},     {"q = 'open", NULL, false},
};

static void test_conditions(void)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
        struct wl_arena arena;
        struct wl_condition condition;
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        wl_status status =
            wl_condition_parse(&arena, wl_str_from(conditions[i].condition), &condition, &error);
        CHECK_INT(status, conditions[i].cell != NULL ? WL_OK : WL_ECONFIG);
        if (status == WL_OK) {
            bool holds = wl_condition_holds(&condition, wl_str_from(conditions[i].cell));
            if (holds != conditions[i].holds) {
                fprintf(stderr, "%s with \"%s\"\n", conditions[i].condition, conditions[i].cell);
            }
            CHECK_INT(holds, conditions[i].holds);
        }
        wl_arena_release(&arena);
    }
}

// The workspaces that `wanliu init` makes must be readable by the stage they configure.
static void test_shipped_workspaces(void)
{
    struct wl_arena arena;
    char **names = NULL;
    size_t n_names = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_folder_list(WL_SOURCE_DIR "/share/workspaces", &arena, &names, &n_names, NULL),
              WL_OK);
    for (size_t i = 0; i < n_names; i++) {
        char path[512];
        struct wl_buf text;
        struct wl_node *root = NULL;
        struct wl_source *sources = NULL;
        size_t n = 0;
        wl_error error = {0};

        (void)snprintf(path, sizeof(path), WL_SOURCE_DIR "/share/workspaces/%s", names[i]);
        wl_buf_init(&text, wl_alloc_default(), 0);
        CHECK_INT(wl_file_read(path, &text, &error), WL_OK);
        CHECK_INT(wl_yaml_parse(&arena, wl_buf_view(&text), &root, &error), WL_OK);
        CHECK_INT(wl_sources_read(&arena, wl_node_get(root, "sources"), 0, &sources, &n, &error),
                  WL_OK);
        CHECK_STR(error.message, "");
        wl_buf_release(&text);
    }
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_what_is_wrong_is_told);
    RUN(test_a_whole_source);
    RUN(test_conditions);
    RUN(test_shipped_workspaces);
    return check_report();
}
