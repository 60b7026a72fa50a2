/* Goal:   YAML and JSON readers give one kind of tree, and complaints carry line and column.
 * Method: small documents and their expected values and messages. */
#include "check.h"

#include "data/node.h"

static void test_yaml_values_and_places(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("a: 1\nb: {c: [x, \"2\", true]}\n"), &root, &error), 0);
    CHECK_CLOSE(wl_node_number(root, "a", 0), 1.0, 0);
    const struct wl_node *list = wl_node_get(wl_node_get(root, "b"), "c");
    CHECK_INT(list->n_children, 3);
    CHECK_INT(list->line, 2);
    CHECK_INT(list->first->next->kind, WL_NODE_STRING);
    CHECK_INT(list->first->next->next->kind, WL_NODE_BOOL);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("a: 1\nb: c: d\n"), &root, &error), WL_ECONFIG);
    CHECK_STR(error.message, "line 2, column 5: invalid nested block mapping on the same line");
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("a: 1\na: 2\n"), &root, &error), WL_ECONFIG);
    CHECK_STR(error.message, "line 2, column 1: key a is here twice");
    CHECK_INT(wl_yaml_parse(&arena, WL_STR(""), &root, &error), WL_ECONFIG);
    CHECK_STR(error.message, "the file is empty");
    wl_arena_release(&arena);
}

static void test_json_values(void)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_json_parse(&arena, WL_STR("{\"a\":[1,2.5,null,\"x\\u4e2d\"]}"), &root, &error), 0);
    const struct wl_node *list = wl_node_get(root, "a");
    CHECK_INT(list->n_children, 4);
    CHECK_CLOSE(list->first->next->number, 2.5, 0);
    CHECK_INT(wl_json_parse(&arena, WL_STR("[3.3, 1e3, 0.1]"), &root, &error), 0);
    CHECK_STR(root->first->text.data, "3.3"); // not 3.2999999999999998
    CHECK_STR(root->first->next->text.data, "1000");
    CHECK_STR(root->first->next->next->text.data, "0.1");
    CHECK_INT(wl_json_parse(&arena, WL_STR("{\"a\":"), &root, &error), WL_EPARSE);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_yaml_values_and_places);
    RUN(test_json_values);
    return check_report();
}
