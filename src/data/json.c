/* JSON through jansson; the only file that sees it. Its tree is copied into ours so that one kind
 * of tree serves configuration, models and event lines alike. */
#include "data/node.h"

#include "base/limits.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    struct wl_arena *arena;
    size_t n_nodes;
    wl_error *error;
};

static wl_status copy_value(struct copy *copy, json_t *value, int depth, struct wl_node **node_out);

static wl_status copy_text(struct copy *copy, struct wl_node *node, struct wl_str text)
{
    node->text.data = wl_arena_string(copy->arena, text);
    node->text.n_bytes = text.n_bytes;
    return node->text.data != NULL ? WL_OK : wl_fail(copy->error, WL_ENOMEM, "no memory for JSON");
}

static wl_status copy_number(struct copy *copy, json_t *value, struct wl_node *node)
{
    char digits[40];

    node->kind = WL_NODE_NUMBER;
    node->number = json_number_value(value);
    if (json_is_integer(value)) {
        (void)snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
    } else {
        // The shortest digits that read back the same: people see this text in messages.
        for (int n_digits = 15; n_digits <= 17; n_digits++) {
            (void)snprintf(digits, sizeof(digits), "%.*g", n_digits, node->number);
            if (n_digits == 17 || strtod(digits, NULL) == node->number) {
                break;
            }
        }
    }
    return copy_text(copy, node, wl_str_from(digits));
}

static wl_status append_child(struct copy *copy, json_t *value, int depth, struct wl_str key,
                              struct wl_node *parent, struct wl_node **last)
{
    struct wl_node *child = NULL;

    WL_TRY(copy_value(copy, value, depth, &child));
    child->key.n_bytes = key.n_bytes;
    child->key.data = key.n_bytes > 0 ? wl_arena_string(copy->arena, key) : NULL;
    if (key.n_bytes > 0 && child->key.data == NULL) {
        return wl_fail(copy->error, WL_ENOMEM, "no memory for JSON");
    }
    if (*last == NULL) {
        parent->first = child;
    } else {
        (*last)->next = child;
    }
    *last = child;
    parent->n_children++;
    return WL_OK;
}

static wl_status copy_children(struct copy *copy, json_t *value, int depth, struct wl_node *node)
{
    struct wl_node *last = NULL;

    if (json_is_array(value)) {
        node->kind = WL_NODE_LIST;
        for (size_t i = 0; i < json_array_size(value); i++) {
            WL_TRY(
                append_child(copy, json_array_get(value, i), depth + 1, WL_STR(""), node, &last));
        }
        return WL_OK;
    }
    node->kind = WL_NODE_MAP;
    for (void *at = json_object_iter(value); at != NULL; at = json_object_iter_next(value, at)) {
        struct wl_str key = wl_str_from(json_object_iter_key(at));
        WL_TRY(append_child(copy, json_object_iter_value(at), depth + 1, key, node, &last));
    }
    return WL_OK;
}

static wl_status copy_value(struct copy *copy, json_t *value, int depth, struct wl_node **node_out)
{
    struct wl_node *node = wl_arena_zeroed(copy->arena, 1, sizeof(*node));

    if (node == NULL) {
        return wl_fail(copy->error, WL_ENOMEM, "no memory for JSON");
    }
    if (depth > WL_NODE_DEPTH_MAX || ++copy->n_nodes > WL_NODES_MAX) {
        return wl_fail(copy->error, WL_ELIMIT, "JSON is nested too deeply or has too many values");
    }
    *node_out = node;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
    case JSON_ARRAY: return copy_children(copy, value, depth, node);
    case JSON_STRING:
        node->kind = WL_NODE_STRING;
        return copy_text(copy, node,
                         (struct wl_str){.data = json_string_value(value),
                                         .n_bytes = json_string_length(value)});
    case JSON_INTEGER:
    case JSON_REAL: return copy_number(copy, value, node);
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = WL_NODE_BOOL;
        node->number = json_is_true(value) ? 1.0 : 0.0;
        return copy_text(copy, node, json_is_true(value) ? WL_STR("true") : WL_STR("false"));
    case JSON_NULL: node->kind = WL_NODE_NULL; return WL_OK;
    }
    return WL_OK;
}

static wl_status parse(struct wl_arena *arena, struct wl_str text, size_t flags,
                       struct wl_node **root_out, wl_error *error)
{
    json_error_t problem;
    struct copy copy = {.arena = arena, .error = error};
    struct wl_node *root = NULL;
    json_t *value =
        json_loadb(text.data != NULL ? text.data : "", text.n_bytes,
                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL | flags, &problem);

    if (value == NULL) {
        return wl_fail(error, WL_EPARSE, "not JSON: line %d, column %d: %s", problem.line,
                       problem.column, problem.text);
    }
    wl_status status = copy_value(&copy, value, 0, &root);
    json_decref(value);
    if (status == WL_OK) {
        *root_out = root;
    }
    return status;
}

wl_status wl_json_parse(struct wl_arena *arena, struct wl_str text, struct wl_node **root_out,
                        wl_error *error)
{
    return parse(arena, text, 0, root_out, error);
}

wl_status wl_json_parse_rounded(struct wl_arena *arena, struct wl_str text,
                                struct wl_node **root_out, wl_error *error)
{
    return parse(arena, text, JSON_DECODE_INT_AS_REAL, root_out, error);
}
