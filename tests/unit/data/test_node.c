/* Goal:   YAML and JSON readers give one kind of tree, and complaints carry line and column.
 * Method: documents with every kind of value; tables of refused documents and their messages; the
 *         depth ceiling met and passed. */
#include "check.h"

#include "base/buf.h"
#include "base/limits.h"
#include "data/node.h"

static void test_yaml_values_and_places(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("a: 1\nb: {c: [x, \"2\", true]}\n"), &root, NULL), 0);
    CHECK_CLOSE(wl_node_number(root, "a", 0), 1.0, 0);
    const struct wl_node *list = wl_node_get(wl_node_get(root, "b"), "c");
    CHECK_INT(list->n_children, 3);
    CHECK_INT(list->line, 2);
    CHECK_INT(list->first->next->kind, WL_NODE_STRING);
    CHECK_INT(list->first->next->next->kind, WL_NODE_BOOL);
    CHECK_INT(wl_node_get(root, "b")->line, 2);
    CHECK_INT(wl_node_get(root, "b")->column, 1);
    wl_arena_release(&arena);
}

static void test_yaml_scalars(void)
{
    static const struct {
        const char *text;
        enum wl_node_kind kind;
        const char *value;
    } cases[] = {
        {"1", WL_NODE_NUMBER, "1"},
        {"-.5", WL_NODE_NUMBER, "-.5"},
        {"1e3", WL_NODE_NUMBER, "1e3"},
        {"0x10", WL_NODE_STRING, "0x10"},
        {"1_000", WL_NODE_STRING, "1_000"},
        {".inf", WL_NODE_STRING, ".inf"},
        {"'1'", WL_NODE_STRING, "1"},
        {"\"a\\tb\"", WL_NODE_STRING, "a\tb"},
        {"true", WL_NODE_BOOL, "true"},
        {"False", WL_NODE_BOOL, "False"},
        {"yes", WL_NODE_STRING, "yes"},
        {"null", WL_NODE_NULL, "null"},
        {"~", WL_NODE_NULL, "~"},
        {"", WL_NODE_NULL, ""},
        {"挽留", WL_NODE_STRING, "挽留"},
        {"2011-09-01", WL_NODE_STRING, "2011-09-01"},
        {"+08:00", WL_NODE_STRING, "+08:00"},
        {"a # b", WL_NODE_STRING, "a"},
        {"|\n  two\n  lines\n", WL_NODE_STRING, "two\nlines\n"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        char text[64];
        wl_arena_init(&arena, wl_alloc_default(), 0);
        (void)snprintf(text, sizeof(text), "k: %s\n", cases[i].text);
        CHECK_INT(wl_yaml_parse(&arena, wl_str_from(text), &root, NULL), WL_OK);
        CHECK_INT(wl_node_get(root, "k")->kind, cases[i].kind);
        CHECK_VIEW(wl_node_get(root, "k")->text, cases[i].value);
        wl_arena_release(&arena);
    }
}

static void test_yaml_refusals(void)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "the file is empty"},
        {" \n\n", "the file is empty"},
        {"# a comment\n", "the file is empty"},
        {"a: 1\nb: c: d\n", "line 2, column 5: invalid nested block mapping on the same line"},
        {"a: 1\na: 2\n", "line 2, column 1: key a is here twice"},
        {"a: {b: 1, b: 2}\n", "line 1, column 11: key b is here twice"},
        {"a: &x 1\n", "line 1: anchors are not accepted here"},
        {"a: 1\nb: *a\n", "line 2: tags and aliases are not accepted here"},
        {"a: !!str 1\n", "line 1: tags and aliases are not accepted here"},
        {"%YAML 1.2\n---\na: 1\n", "line 1: directives are not accepted here"},
        {"a: 1\n---\nb: 2\n", "line 2: a second document is not accepted here"},
        {"a: 1\n...\nb: 2\n", "line 2: a second document is not accepted here"},
        {"a: 1\nb:\t2\n", "line 2: a tab; write spaces, or \"\\t\" in quotes"},
        {"a: 1\nb: \xFF\n", "line 2: not UTF-8"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_yaml_parse(&arena, wl_str_from(cases[i].text), &root, &error), WL_ECONFIG);
        CHECK_STR(error.message, cases[i].message);
        CHECK(root == NULL);
        wl_arena_release(&arena);
    }
}

static void test_json_values(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_json_parse(&arena,
                            WL_STR("{\"a\":[1,2.5,null,\"x\\u4e2d\",true],\"\":-1,"
                                   "\"big\":9223372036854775807,\"z\":\"a\\u0000b\"}"),
                            &root, NULL),
              WL_OK);
    const struct wl_node *list = wl_node_get(root, "a");
    CHECK_INT(list->n_children, 5);
    CHECK_CLOSE(list->first->next->number, 2.5, 0);
    CHECK_INT(list->first->next->next->kind, WL_NODE_NULL);
    CHECK_VIEW(list->first->next->next->next->text, "x中");
    CHECK_CLOSE(wl_node_number(root, "", 0.0), -1.0, 0.0);
    CHECK_VIEW(wl_node_text(root, "big", ""), "9223372036854775807"); // digits are kept
    CHECK_INT(wl_node_text(root, "z", "").n_bytes, 3);
    CHECK_VIEW(wl_node_text(root, "a", "fallback"), "fallback"); // a list is no text
    CHECK_CLOSE(wl_node_number(root, "z", 7.0), 7.0, 0.0);
    CHECK(wl_node_get(root, "none") == NULL && wl_node_get(list, "a") == NULL);
    CHECK(wl_node_get(NULL, "a") == NULL);
    wl_arena_release(&arena);
}

static void test_json_rounded(void)
{
    static const char text[] = "{\"n\": 1000000000000000019884624838656, \"m\": 9007199254740992}";
    struct wl_arena arena;
    struct wl_node *root = NULL;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_json_parse(&arena, wl_str_from(text), &root, NULL), WL_EPARSE);
    CHECK_INT(wl_json_parse_rounded(&arena, wl_str_from(text), &root, NULL), WL_OK);
    CHECK_CLOSE(wl_node_number(root, "n", 0), 1e30, 1e-15);
    CHECK_CLOSE(wl_node_number(root, "m", 0), 9007199254740992.0, 0);
    wl_arena_release(&arena);
}

static void test_json_refusals(void)
{
    static const char *const cases[] = {"",
                                        "{\"a\":",
                                        "{\"a\":1,}",
                                        "[1 2]",
                                        "{\"a\":1,\"a\":2}",
                                        "nul",
                                        "\"\\x\"",
                                        "\"\xFF\"",
                                        "01",
                                        "1e999",
                                        "[1]x",
                                        "NaN",
                                        "'a'",
                                        "\"\\ud800\"",
                                        "{\"\\u0000\":1}",
                                        "99999999999999999999"};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_json_parse(&arena, wl_str_from(cases[i]), &root, &error), WL_EPARSE);
        CHECK(strncmp(error.message, "not JSON: line ", 15) == 0);
        CHECK(root == NULL);
        wl_arena_release(&arena);
    }
}

static void test_json_depth(void)
{
    static const struct {
        size_t depth;
        wl_status status;
    } cases[] = {{WL_NODE_DEPTH_MAX, WL_OK},
                 {WL_NODE_DEPTH_MAX + 2, WL_ELIMIT},
                 {100000, WL_EPARSE}}; // the library's own ceiling comes first

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        struct wl_buf text;
        wl_arena_init(&arena, wl_alloc_default(), 0);
        wl_buf_init(&text, wl_alloc_default(), 0);
        for (size_t k = 0; k < 2 * cases[i].depth; k++) {
            wl_buf_char(&text, k < cases[i].depth ? '[' : ']');
        }
        CHECK_INT(wl_json_parse(&arena, wl_buf_view(&text), &root, NULL), cases[i].status);
        wl_buf_release(&text);
        wl_arena_release(&arena);
    }
}

int main(void)
{
    RUN(test_yaml_values_and_places);
    RUN(test_yaml_scalars);
    RUN(test_yaml_refusals);
    RUN(test_json_values);
    RUN(test_json_rounded);
    RUN(test_json_refusals);
    RUN(test_json_depth);
    return check_report();
}
