/* Strict reading of configuration maps. */
#include "data/schema.h"

#include "base/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

wl_status wl_fail_node(wl_error *error, const struct wl_node *node, const char *format, ...)
{
    char text[200];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (node == NULL || node->line == 0) {
        return wl_fail(error, WL_ECONFIG, "%s", text);
    }
    return wl_fail(error, WL_ECONFIG, "line %u, column %u: %s", node->line, node->column, text);
}

const char *wl_closest(struct wl_str word, const char *const *candidates)
{
    const char *best = NULL;
    size_t best_distance = word.n_bytes / 3 + 2; // a third of the letters wrong is still a typo

    for (size_t i = 0; candidates[i] != NULL; i++) {
        size_t distance = wl_str_distance(word, wl_str_from(candidates[i]));
        if (distance < best_distance) {
            best_distance = distance;
            best = candidates[i];
        }
    }
    return best;
}

static const struct wl_field *find_field(const struct wl_field *fields, size_t n_fields,
                                         struct wl_str key)
{
    for (size_t i = 0; i < n_fields; i++) {
        if (wl_str_is(key, fields[i].key)) {
            return &fields[i];
        }
    }
    return NULL;
}

#define FIELDS_MAX 64 // keys of one map; the largest of ours has about twenty

static wl_status fail_unknown(const struct wl_field *fields, size_t n_fields, const char *where,
                              const struct wl_node *node, wl_error *error)
{
    const char *names[FIELDS_MAX + 1] = {NULL};

    WL_ASSERT(n_fields <= FIELDS_MAX);
    for (size_t i = 0; i < n_fields; i++) {
        names[i] = fields[i].key;
    }
    const char *near = wl_closest(node->key, names);
    if (near != NULL) {
        return wl_fail_node(error, node, "%s: no key \"%.*s\" here (did you mean \"%s\"?)", where,
                            WL_STR_ARG(node->key), near);
    }
    return wl_fail_node(error, node, "%s: no key \"%.*s\" here", where, WL_STR_ARG(node->key));
}

static wl_status fail_kind(const char *where, const struct wl_field *field,
                           const struct wl_node *node, const char *wanted, wl_error *error)
{
    return wl_fail_node(error, node, "%s.%s: wants %s, found %s", where, field->key, wanted,
                        wl_node_kind_name(node->kind));
}

static bool is_scalar(const struct wl_node *node)
{
    return node->kind == WL_NODE_STRING || node->kind == WL_NODE_NUMBER ||
           node->kind == WL_NODE_BOOL;
}

#define EXACT_MAX 9007199254740992.0 // 2^53: whole numbers up to here are exact in a double

static wl_status read_number(const char *where, const struct wl_field *field,
                             const struct wl_node *node, double *number, wl_error *error)
{
    bool is_int = field->kind == WL_FIELD_INT;

    bool is_whole = node->number == floor(node->number) && fabs(node->number) <= EXACT_MAX;
    if (node->kind != WL_NODE_NUMBER || (is_int && !is_whole)) {
        return fail_kind(where, field, node, is_int ? "a whole number" : "a number", error);
    }
    if (field->low < field->high && (node->number < field->low || node->number > field->high)) {
        return wl_fail_node(error, node, "%s.%s: %.*s is not between %g and %g", where, field->key,
                            WL_STR_ARG(node->text), field->low, field->high);
    }
    *number = node->number;
    return WL_OK;
}

static wl_status read_choice(const char *where, const struct wl_field *field,
                             const struct wl_node *node, int *choice, wl_error *error)
{
    char list[160] = "";
    size_t n = 0;

    for (int i = 0; field->choices[i] != NULL; i++) {
        if (is_scalar(node) && wl_str_is(node->text, field->choices[i])) {
            *choice = i;
            return WL_OK;
        }
        if (n < sizeof(list)) {
            n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "",
                                  field->choices[i]);
        }
    }
    return wl_fail_node(error, node, "%s.%s: \"%.*s\" is none of %s", where, field->key,
                        WL_STR_ARG(node->text), list);
}

static wl_status read_texts(struct wl_arena *arena, const char *where, const struct wl_field *field,
                            const struct wl_node *node, struct wl_texts *texts, wl_error *error)
{
    bool is_list = node->kind == WL_NODE_LIST;
    size_t n = is_list ? node->n_children : 1;
    const struct wl_node *item = is_list ? node->first : node;

    texts->items = wl_arena_zeroed(arena, n + 1, sizeof(*texts->items));
    if (texts->items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for configuration");
    }
    texts->n_items = n;
    for (size_t i = 0; i < n; i++, item = item->next) {
        if (!is_scalar(item)) {
            return fail_kind(where, field, item, "texts", error);
        }
        texts->items[i] = item->text.data;
    }
    return WL_OK;
}

static wl_status read_time_or_span(const char *where, const struct wl_field *field,
                                   const struct wl_node *node, int64_t *target, wl_error *error)
{
    wl_error inner = {0};
    wl_status status = WL_EPARSE;

    if (!is_scalar(node)) {
        return fail_kind(where, field, node,
                         field->kind == WL_FIELD_SPAN ? "a duration like 30d" : "a date", error);
    }
    status = field->kind == WL_FIELD_SPAN
                 ? wl_span_parse(node->text, target, &inner)
                 : wl_time_parse(node->text, WL_TIME_AUTO, 0, target, &inner);
    if (status != WL_OK) {
        return wl_fail_node(error, node, "%s.%s: %s", where, field->key, inner.message);
    }
    return WL_OK;
}

static wl_status read_field(struct wl_arena *arena, const char *where, const struct wl_field *field,
                            const struct wl_node *node, void *target, wl_error *error)
{
    void *at = (char *)target + field->offset;
    double number = 0.0;

    switch (field->kind) {
    case WL_FIELD_TEXT:
        if (!is_scalar(node) || node->text.n_bytes == 0) {
            return fail_kind(where, field, node, "a text", error);
        }
        *(const char **)at = node->text.data;
        return WL_OK;
    case WL_FIELD_INT:
        WL_TRY(read_number(where, field, node, &number, error));
        *(int64_t *)at = (int64_t)number;
        return WL_OK;
    case WL_FIELD_NUMBER: return read_number(where, field, node, at, error);
    case WL_FIELD_BOOL:
        if (node->kind != WL_NODE_BOOL) {
            return fail_kind(where, field, node, "true or false", error);
        }
        *(bool *)at = node->number != 0.0;
        return WL_OK;
    case WL_FIELD_SPAN:
    case WL_FIELD_TIME: return read_time_or_span(where, field, node, at, error);
    case WL_FIELD_CHOICE: return read_choice(where, field, node, at, error);
    case WL_FIELD_TEXTS: return read_texts(arena, where, field, node, at, error);
    case WL_FIELD_NODE: *(const struct wl_node **)at = node; return WL_OK;
    }
    return WL_OK;
}

wl_status wl_fields_read(struct wl_arena *arena, const struct wl_node *map, const char *where,
                         const struct wl_field *fields, size_t n_fields, void *target,
                         wl_error *error)
{
    bool is_absent = map == NULL || map->kind == WL_NODE_NULL;

    if (!is_absent && map->kind != WL_NODE_MAP) {
        return wl_fail_node(error, map, "%s: wants a map, found %s", where,
                            wl_node_kind_name(map->kind));
    }
    for (const struct wl_node *node = is_absent ? NULL : map->first; node != NULL;
         node = node->next) {
        const struct wl_field *field = find_field(fields, n_fields, node->key);
        if (field == NULL) {
            return fail_unknown(fields, n_fields, where, node, error);
        }
        if (node->kind != WL_NODE_NULL) {
            WL_TRY(read_field(arena, where, field, node, target, error));
        }
    }
    for (size_t i = 0; i < n_fields; i++) {
        const struct wl_node *node = is_absent ? NULL : wl_node_get(map, fields[i].key);
        if (fields[i].is_required && (node == NULL || node->kind == WL_NODE_NULL)) {
            return wl_fail_node(error, map, "%s: the key \"%s\" is missing", where, fields[i].key);
        }
    }
    return WL_OK;
}
