/* Which cell is which: mapped names are looked up once per file, so that a row is only indexing. */
#include "ingest/run.h"

#include <stdio.h>
#include <string.h>

static void list_columns(const struct wl_str *header, size_t n_columns, char *list, size_t n_bytes)
{
    size_t n = 0;

    list[0] = '\0';
    for (size_t i = 0; i < n_columns && n < n_bytes; i++) {
        int more =
            snprintf(list + n, n_bytes - n, "%s%.*s", i > 0 ? ", " : "", WL_STR_ARG(header[i]));
        n += more > 0 ? (size_t)more : 0;
    }
}

static bool is_same_but_case(struct wl_str a, struct wl_str b)
{
    bool is_same = a.n_bytes == b.n_bytes;

    for (size_t i = 0; is_same && i < a.n_bytes; i++) {
        unsigned char x = (unsigned char)a.data[i];
        unsigned char y = (unsigned char)b.data[i];
        bool is_letter = (x | 0x20) >= 'a' && (x | 0x20) <= 'z';
        is_same = x == y || (is_letter && (x ^ y) == 0x20);
    }
    return is_same;
}

// The name in the header most like the wanted one, in the run's arena; NULL when none is near.
// Names of one or two letters are near to everything.
static const char *closest_column(struct wl_run *run, const struct wl_str *header, size_t n_columns,
                                  struct wl_str name)
{
    const char **names = wl_arena_zeroed(&run->arena_file, n_columns + 1, sizeof(*names));

    for (size_t i = 0; names != NULL && i < n_columns; i++) {
        names[i] = wl_arena_string(&run->arena_file, header[i]);
        if (names[i] == NULL || is_same_but_case(header[i], name)) {
            return names[i];
        }
    }
    return names != NULL && name.n_bytes > 2 ? wl_closest(name, names) : NULL;
}

static wl_status fail_column(struct wl_run *run, const struct wl_str *header, size_t n_columns,
                             const char *name, const char *role, wl_error *error)
{
    char list[120];
    char hint[80] = "";
    const char *near = closest_column(run, header, n_columns, wl_str_from(name));

    list_columns(header, n_columns, list, sizeof(list));
    if (near != NULL) {
        (void)snprintf(hint, sizeof(hint), " (did you mean \"%s\"?)", near);
    } else if (n_columns == 1) {
        (void)snprintf(hint, sizeof(hint), " (one column only: is the delimiter right?)");
    }
    return wl_fail(error, WL_ESCHEMA, "%s: no column \"%s\" for %s%s; there are %s", run->path,
                   name, role, hint, list);
}

struct finder {
    struct wl_run *run;
    const struct wl_str *header; /* NULL: names are paths */
    size_t n_columns;
    wl_error *error;
};

static wl_status find(const struct finder *finder, const char *name, const char *role,
                      struct wl_run_column *column)
{
    size_t n_found = 0;

    *column = (struct wl_run_column){.name = name};
    if (name == NULL || finder->header == NULL) {
        return WL_OK;
    }
    for (size_t i = 0; i < finder->n_columns; i++) {
        if (wl_str_is(finder->header[i], name)) {
            column->i_cell = i;
            n_found++;
        }
    }
    if (n_found > 1) {
        return wl_fail(finder->error, WL_ESCHEMA, "%s: column \"%s\" for %s is there %zu times",
                       finder->run->path, name, role, n_found);
    }
    return n_found == 1 ? WL_OK
                        : fail_column(finder->run, finder->header, finder->n_columns, name, role,
                                      finder->error);
}

static wl_status find_lists(const struct finder *finder, struct wl_run_plan *plan)
{
    const struct wl_source *source = finder->run->source;
    struct wl_arena *arena = &finder->run->arena_file;

    plan->value = wl_arena_zeroed(arena, source->value.n_items + 1, sizeof(*plan->value));
    plan->where = wl_arena_zeroed(arena, source->n_where + 1, sizeof(*plan->where));
    plan->rules = wl_arena_zeroed(arena, source->n_rules + 1, sizeof(*plan->rules));
    if (plan->value == NULL || plan->where == NULL || plan->rules == NULL) {
        return wl_fail(finder->error, WL_ENOMEM, "no memory for a mapping");
    }
    for (size_t i = 0; i < source->value.n_items; i++) {
        WL_TRY(find(finder, source->value.items[i], "value", &plan->value[i]));
    }
    for (size_t i = 0; i < source->n_where; i++) {
        WL_TRY(find(finder, source->where[i].column, "where", &plan->where[i]));
    }
    for (size_t i = 0; i < source->n_rules; i++) {
        const struct wl_event_rule *rule = &source->rules[i];
        WL_TRY(find(finder, rule->has_condition ? rule->condition.column : NULL, "event",
                    &plan->rules[i]));
    }
    for (size_t i = 0; i < source->n_props; i++) {
        WL_TRY(find(finder, source->props[i].column, "properties", &plan->props[i]));
    }
    return WL_OK;
}

static wl_status find_all(const struct finder *finder)
{
    struct wl_run *run = finder->run;
    const struct wl_source *source = run->source;
    struct wl_run_plan *plan = &run->plan;

    WL_TRY(find(finder, source->user, "user", &plan->user));
    WL_TRY(find(finder, source->time, "time", &plan->time));
    WL_TRY(find(finder, source->received, "received", &plan->received));
    WL_TRY(find(finder, source->event_column, "event", &plan->event));
    WL_TRY(find(finder, source->message_id, "message_id", &plan->message_id));
    WL_TRY(find(finder, source->text, "text", &plan->text));
    WL_TRY(find(finder, source->channel, "channel", &plan->channel));
    WL_TRY(find(finder, source->label, "label", &plan->label));
    WL_TRY(find_lists(finder, plan));
    for (size_t i = 0; i < source->n_props; i++) {
        WL_TRY(wl_company_prop_slot(run->company, wl_str_from(source->props[i].name),
                                    &run->slots[i], finder->error));
    }
    return WL_OK;
}

wl_status wl_run_plan_csv(struct wl_run *run, const struct wl_str *header, size_t n_columns,
                          wl_error *error)
{
    struct finder finder = {.run = run, .header = header, .n_columns = n_columns, .error = error};

    WL_TRY(find_all(&finder));
    if (run->source->kind != WL_SOURCE_CUSTOMERS) {
        return WL_OK;
    }
    const struct wl_texts *lists[] = {&run->source->attributes, &run->source->drop,
                                      &run->source->number, &run->source->category,
                                      &run->source->boolean};
    const char *const roles[] = {"attributes", "drop", "number", "category", "bool"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (size_t j = 0; j < lists[i]->n_items; j++) {
            struct wl_run_column column;
            WL_TRY(find(&finder, lists[i]->items[j], roles[i], &column));
        }
    }
    return wl_run_plan_attributes(run, header, n_columns, error);
}

wl_status wl_run_plan_json(struct wl_run *run, wl_error *error)
{
    struct finder finder = {.run = run, .header = NULL, .error = error};
    return find_all(&finder);
}

static const struct wl_node *child(const struct wl_node *map, struct wl_str key)
{
    if (map->kind != WL_NODE_MAP) {
        return NULL;
    }
    for (const struct wl_node *node = map->first; node != NULL; node = node->next) {
        if (wl_str_equal(node->key, key)) {
            return node;
        }
    }
    return NULL;
}

const struct wl_node *wl_run_path(const struct wl_node *root, struct wl_str path)
{
    const struct wl_node *node = child(root, path);

    while (node == NULL && path.n_bytes > 0) {
        root = child(root, wl_str_cut(&path, '.'));
        if (root == NULL || path.n_bytes == 0) {
            return root;
        }
        node = child(root, path);
    }
    return node;
}

struct wl_str wl_run_cell(const struct wl_run_row *row, const struct wl_run_column *column)
{
    struct wl_str none = {.data = NULL, .n_bytes = 0};

    if (column->name == NULL) {
        return none;
    }
    if (row->cells != NULL) {
        return wl_str_trim(row->cells[column->i_cell]);
    }
    const struct wl_node *node = wl_run_path(row->root, wl_str_from(column->name));
    if (node == NULL || node->kind == WL_NODE_NULL) {
        return none;
    }
    if (node->kind == WL_NODE_LIST || node->kind == WL_NODE_MAP) {
        return wl_str_from(wl_node_kind_name(node->kind)); // no number, no time: refused as such
    }
    return wl_str_trim(node->text);
}

bool wl_run_is_wanted(const struct wl_run *run, const struct wl_run_row *row)
{
    for (size_t i = 0; i < run->source->n_where; i++) {
        if (!wl_condition_holds(&run->source->where[i], wl_run_cell(row, &run->plan.where[i]))) {
            return false;
        }
    }
    return true;
}
