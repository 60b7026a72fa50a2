/* YAML through libfyaml; the only file that sees it. */
#define _GNU_SOURCE
#include "data/node.h"

#include "base/limits.h"

#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct copy {
    struct wl_arena *arena;
    size_t n_nodes;
    wl_error *error;
};

static wl_status copy_value(struct copy *copy, struct fy_node *value, int depth,
                            struct wl_node **node_out);

static void set_place(struct wl_node *node, struct fy_node *value)
{
    struct fy_token *token = fy_node_get_scalar_token(value);
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;

    if (mark != NULL) {
        node->line = (uint32_t)mark->line + 1;
        node->column = (uint32_t)mark->column + 1;
    }
}

static wl_status copy_string(struct copy *copy, struct wl_str text, struct wl_str *out)
{
    out->data = wl_arena_string(copy->arena, text);
    out->n_bytes = text.n_bytes;
    return out->data != NULL ? WL_OK : wl_fail(copy->error, WL_ENOMEM, "no memory for YAML");
}

// The core schema of YAML 1.2: null, true/false and decimal numbers; the rest are strings.
static void type_plain(struct wl_node *node)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {"true", "True", "TRUE"};
    static const char *const falses[] = {"false", "False", "FALSE"};

    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
        if (wl_str_is(node->text, nulls[i])) {
            node->kind = WL_NODE_NULL;
            return;
        }
    }
    for (size_t i = 0; i < sizeof(trues) / sizeof(trues[0]); i++) {
        if (wl_str_is(node->text, trues[i]) || wl_str_is(node->text, falses[i])) {
            node->kind = WL_NODE_BOOL;
            node->number = wl_str_is(node->text, trues[i]) ? 1.0 : 0.0;
            return;
        }
    }
    if (wl_str_to_double(node->text, &node->number)) {
        node->kind = WL_NODE_NUMBER;
    }
}

static wl_status copy_scalar(struct copy *copy, struct fy_node *value, struct wl_node *node)
{
    size_t n_bytes = 0;
    const char *data = fy_node_get_scalar(value, &n_bytes);
    struct wl_str text = {.data = data, .n_bytes = data != NULL ? n_bytes : 0};
    struct fy_token *token = fy_node_get_scalar_token(value);
    bool is_plain = fy_node_get_style(value) == FYNS_PLAIN || token == NULL;

    set_place(node, value);
    WL_TRY(copy_string(copy, text, &node->text));
    node->kind = WL_NODE_STRING;
    if (is_plain) {
        type_plain(node);
    }
    return WL_OK;
}

static wl_status add_child(struct copy *copy, struct fy_node *key, struct fy_node *value, int depth,
                           struct wl_node *parent, struct wl_node **last)
{
    struct wl_node *child = NULL;
    struct wl_node key_node = {0};

    if (key != NULL) {
        set_place(&key_node, key);
        if (!fy_node_is_scalar(key)) {
            return wl_fail(copy->error, WL_ECONFIG, "line %u: a key must be a plain word",
                           key_node.line);
        }
    }
    WL_TRY(copy_value(copy, value, depth + 1, &child));
    if (key != NULL) {
        size_t n_bytes = 0;
        const char *data = fy_node_get_scalar(key, &n_bytes);
        struct wl_str name = {.data = data, .n_bytes = data != NULL ? n_bytes : 0};
        if (parent->n_children > 0) {
            for (const struct wl_node *at = parent->first; at != NULL; at = at->next) {
                if (wl_str_equal(at->key, name)) {
                    return wl_fail(copy->error, WL_ECONFIG,
                                   "line %u, column %u: key %.*s is here twice", key_node.line,
                                   key_node.column, WL_STR_ARG(name));
                }
            }
        }
        WL_TRY(copy_string(copy, name, &child->key));
        child->line = key_node.line; // a complaint points at the key: that is what people look for
        child->column = key_node.column;
    }
    if (parent->first == NULL) {
        parent->first = child;
        parent->line = parent->line != 0 ? parent->line : child->line;
        parent->column = parent->column != 0 ? parent->column : child->column;
    } else {
        (*last)->next = child;
    }
    *last = child;
    parent->n_children++;
    return WL_OK;
}

static wl_status copy_children(struct copy *copy, struct fy_node *value, int depth,
                               struct wl_node *node)
{
    struct wl_node *last = NULL;
    void *at = NULL;

    if (fy_node_is_sequence(value)) {
        struct fy_node *item;
        node->kind = WL_NODE_LIST;
        while ((item = fy_node_sequence_iterate(value, &at)) != NULL) {
            WL_TRY(add_child(copy, NULL, item, depth, node, &last));
        }
        return WL_OK;
    }
    struct fy_node_pair *pair;
    node->kind = WL_NODE_MAP;
    while ((pair = fy_node_mapping_iterate(value, &at)) != NULL) {
        WL_TRY(
            add_child(copy, fy_node_pair_key(pair), fy_node_pair_value(pair), depth, node, &last));
    }
    return WL_OK;
}

static wl_status copy_value(struct copy *copy, struct fy_node *value, int depth,
                            struct wl_node **node_out)
{
    struct wl_node *node = wl_arena_zeroed(copy->arena, 1, sizeof(*node));

    if (node == NULL) {
        return wl_fail(copy->error, WL_ENOMEM, "no memory for YAML");
    }
    if (depth > WL_NODE_DEPTH_MAX || ++copy->n_nodes > WL_NODES_MAX) {
        return wl_fail(copy->error, WL_ELIMIT, "YAML is nested too deeply or has too many values");
    }
    *node_out = node;
    if (value == NULL) {
        node->kind = WL_NODE_NULL;
        return WL_OK;
    }
    if (fy_node_get_tag_token(value) != NULL || fy_node_is_alias(value)) {
        set_place(node, value);
        return wl_fail(copy->error, WL_ECONFIG, "line %u: tags and aliases are not accepted here",
                       node->line);
    }
    return fy_node_is_scalar(value) ? copy_scalar(copy, value, node)
                                    : copy_children(copy, value, depth, node);
}

// First problem libfyaml has collected, as one line for a person.
static wl_status report_problem(struct fy_diag *diag, wl_error *error)
{
    void *at = NULL;
    const struct fy_diag_error *first = diag != NULL ? fy_diag_errors_iterate(diag, &at) : NULL;

    if (first == NULL || first->msg == NULL) {
        return wl_fail(error, WL_ECONFIG, "not YAML");
    }
    return wl_fail(error, WL_ECONFIG, "line %d, column %d: %s", first->line, first->column,
                   first->msg);
}

// libfyaml 0.7 loops for ever on a malformed directive, crashes on some tabs, stops in silence at a
// second document, and reads text that is not UTF-8 as nothing. So all four are refused, line by
// line, before it looks.
static wl_status check_lines(struct wl_str text, wl_error *error)
{
    bool has_content = false;

    for (unsigned n_line = 1; text.n_bytes > 0; n_line++) {
        struct wl_str line = wl_str_cut(&text, '\n');
        struct wl_str word = wl_str_trim(line);
        struct wl_str mark = {.data = line.data, .n_bytes = line.n_bytes < 3 ? 0 : 3};
        bool is_mark = wl_str_is(mark, "---") || wl_str_is(mark, "...");

        if (!wl_str_is_utf8(line)) {
            return wl_fail(error, WL_ECONFIG, "line %u: not UTF-8", n_line);
        }
        if (line.n_bytes > 0 && memchr(line.data, '\t', line.n_bytes) != NULL) {
            return wl_fail(error, WL_ECONFIG, "line %u: a tab; write spaces, or \"\\t\" in quotes",
                           n_line);
        }
        if (line.n_bytes > 0 && line.data[0] == '%') {
            return wl_fail(error, WL_ECONFIG, "line %u: directives are not accepted here", n_line);
        }
        if (is_mark && has_content && text.n_bytes > 0) {
            return wl_fail(error, WL_ECONFIG, "line %u: a second document is not accepted here",
                           n_line);
        }
        bool is_blank = word.n_bytes == 0 || word.data[0] == '#' || wl_str_is(word, "---");
        has_content = has_content || !is_blank;
    }
    return has_content ? WL_OK : wl_fail(error, WL_ECONFIG, "the file is empty");
}

static wl_status check_anchors(struct fy_document *document, wl_error *error)
{
    struct wl_node place = {0};
    void *at = NULL;
    struct fy_anchor *anchor = fy_document_anchor_iterate(document, &at);

    if (anchor == NULL) {
        return WL_OK;
    }
    set_place(&place, fy_anchor_node(anchor));
    return wl_fail(error, WL_ECONFIG, "line %u: anchors are not accepted here", place.line);
}

static wl_status copy_document(struct copy *copy, struct fy_document *document,
                               struct wl_node **root_out)
{
    WL_TRY(check_anchors(document, copy->error));
    return copy_value(copy, fy_document_root(document), 0, root_out);
}

wl_status wl_yaml_parse(struct wl_arena *arena, struct wl_str text, struct wl_node **root_out,
                        wl_error *error)
{
    struct fy_diag_cfg diag_cfg;
    struct copy copy = {.arena = arena, .error = error};
    struct wl_node *root = NULL;
    wl_status status;

    WL_TRY(check_lines(text, error));
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    if (diag == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for YAML");
    }
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS, .diag = diag};
    struct fy_document *document = fy_document_build_from_string(&cfg, text.data, text.n_bytes);
    if (document == NULL) {
        status = report_problem(diag, error);
    } else {
        status = copy_document(&copy, document, &root);
        fy_document_destroy(document);
    }
    fy_diag_destroy(diag);
    if (status == WL_OK) {
        *root_out = root;
    }
    return status;
}
