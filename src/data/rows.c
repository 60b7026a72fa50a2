/* Feature rows in memory and as JSON lines. */
#include "data/rows.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "data/node.h"

#include <float.h>
#include <math.h>
#include <string.h>

void wl_rows_init(struct wl_rows *rows, const wl_alloc *alloc, const struct wl_schema *schema)
{
    *rows = (struct wl_rows){.alloc = alloc, .schema = schema};
    wl_dict_init(&rows->users, alloc);
    wl_dict_init(&rows->levels, alloc);
}

void wl_rows_release(struct wl_rows *rows)
{
    if (rows->alloc == NULL) {
        return;
    }
    wl_alloc_free(rows->alloc, rows->user);
    wl_alloc_free(rows->alloc, rows->as_of_us);
    wl_alloc_free(rows->alloc, rows->values);
    wl_dict_release(&rows->users);
    wl_dict_release(&rows->levels);
    *rows = (struct wl_rows){0};
}

wl_status wl_rows_reserve(struct wl_rows *rows, size_t n_rows, wl_error *error)
{
    size_t n = n_rows;
    size_t n_features = rows->schema->n_features > 0 ? rows->schema->n_features : 1;
    size_t row_bytes;
    size_t bytes;
    const wl_alloc *alloc = rows->alloc;

    if (n_rows <= rows->capacity) {
        return WL_OK;
    }
    if (__builtin_mul_overflow(n_features, sizeof(float), &row_bytes) ||
        __builtin_mul_overflow(n, row_bytes, &bytes)) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows", n);
    }
    uint32_t *user = alloc->resize(alloc->context, rows->user, n * sizeof(*user));
    rows->user = user != NULL ? user : rows->user;
    int64_t *as_of_us = alloc->resize(alloc->context, rows->as_of_us, n * sizeof(*as_of_us));
    rows->as_of_us = as_of_us != NULL ? as_of_us : rows->as_of_us;
    float *values = alloc->resize(alloc->context, rows->values, bytes);
    rows->values = values != NULL ? values : rows->values;
    if (user == NULL || as_of_us == NULL || values == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows of %zu features", n, n_features);
    }
    rows->capacity = n;
    return WL_OK;
}

wl_status wl_rows_add(struct wl_rows *rows, struct wl_str user, int64_t as_of_us,
                      float **values_out, wl_error *error)
{
    size_t n_features = rows->schema->n_features;
    size_t i = rows->n_rows;
    uint32_t id;

    if (i == rows->capacity) {
        WL_TRY(wl_rows_reserve(rows, i < 64 ? 64 : i * 2, error));
    }
    WL_TRY(wl_dict_intern(&rows->users, user, &id, error));
    rows->user[i] = id;
    rows->as_of_us[i] = as_of_us;
    *values_out = rows->values + i * n_features;
    for (size_t f = 0; f < n_features; f++) {
        (*values_out)[f] = NAN;
    }
    rows->n_rows = i + 1;
    return WL_OK;
}

float wl_level_code(struct wl_str level)
{
    return (float)(wl_str_hash(level, 0) & 0xFFFFFF);
}

struct wl_str wl_rows_level(const struct wl_rows *rows, float code)
{
    for (size_t id = 0; id < rows->levels.n_strings; id++) {
        struct wl_str level = wl_dict_string(&rows->levels, (uint32_t)id);
        if (wl_level_code(level) == code) {
            return level;
        }
    }
    return (struct wl_str){.data = NULL, .n_bytes = 0};
}

wl_status wl_rows_note_level(struct wl_rows *rows, struct wl_str level, float *code,
                             wl_error *error)
{
    uint32_t id = wl_dict_find(&rows->levels, level);

    if (id == WL_DICT_NONE) {
        struct wl_str other = wl_rows_level(rows, wl_level_code(level));
        if (other.data != NULL) {
            return wl_fail(error, WL_ESCHEMA,
                           "categories \"%.*s\" and \"%.*s\" share a code: rename one",
                           WL_STR_ARG(level), WL_STR_ARG(other));
        }
        WL_TRY(wl_dict_intern(&rows->levels, level, &id, error));
    }
    *code = wl_level_code(level);
    return WL_OK;
}

size_t wl_schema_find(const struct wl_schema *schema, struct wl_str name)
{
    for (size_t f = 0; f < schema->n_features; f++) {
        if (wl_str_is(name, schema->columns[f].name)) {
            return f;
        }
    }
    return SIZE_MAX;
}

void wl_row_values_write(const struct wl_rows *rows, const float *values,
                         struct wl_json_writer *json)
{
    const struct wl_schema *schema = rows->schema;

    wl_json_open(json, '[');
    for (size_t f = 0; f < schema->n_features; f++) {
        if (schema->columns[f].kind == WL_FEATURE_CATEGORY && !isnan(values[f])) {
            wl_json_str(json, wl_rows_level(rows, values[f]));
        } else {
            wl_json_float(json, values[f]);
        }
    }
    wl_json_close(json, ']');
}

void wl_row_write(const struct wl_rows *rows, size_t i_row, struct wl_buf *line)
{
    const struct wl_schema *schema = rows->schema;
    const float *values = rows->values + i_row * schema->n_features;
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    wl_json_key(&json, "user");
    wl_json_str(&json, wl_dict_string(&rows->users, rows->user[i_row]));
    wl_json_key(&json, "as_of");
    wl_json_time(&json, rows->as_of_us[i_row]);
    wl_json_key(&json, "schema");
    wl_json_str(&json, (struct wl_str){.data = schema->hash, .n_bytes = WL_SCHEMA_DIGITS});
    wl_json_key(&json, "values");
    wl_row_values_write(rows, values, &json);
    wl_json_close(&json, '}');
}

static wl_status read_number(double number, const char *name, float *value, wl_error *error)
{
    if (!(fabs(number) <= (double)FLT_MAX)) {
        return wl_fail(error, WL_ERANGE, "feature %s: %g is too large for a row", name, number);
    }
    *value = (float)number;
    return WL_OK;
}

static wl_status read_values(struct wl_rows *rows, const struct wl_node *list, float *values,
                             wl_error *error)
{
    const struct wl_schema *schema = rows->schema;
    const struct wl_node *item = list->first;

    for (size_t f = 0; f < schema->n_features; f++, item = item->next) {
        bool is_category = schema->columns[f].kind == WL_FEATURE_CATEGORY;
        if (item->kind == WL_NODE_NULL) {
            values[f] = NAN;
        } else if (is_category && item->kind == WL_NODE_STRING) {
            WL_TRY(wl_rows_note_level(rows, item->text, &values[f], error));
        } else if (!is_category && item->kind == WL_NODE_NUMBER) {
            WL_TRY(read_number(item->number, schema->columns[f].name, &values[f], error));
        } else {
            return wl_fail(error, WL_ESCHEMA, "feature %s wants %s, found %s",
                           schema->columns[f].name, is_category ? "a text" : "a number",
                           wl_node_kind_name(item->kind));
        }
    }
    return WL_OK;
}

wl_status wl_row_read(struct wl_rows *rows, struct wl_str line, struct wl_arena *arena,
                      wl_error *error)
{
    const struct wl_schema *schema = rows->schema;
    struct wl_node *root = NULL;
    int64_t as_of_us;
    float *values;

    WL_TRY(wl_json_parse(arena, line, &root, error));
    struct wl_str user = wl_node_text(root, "user", "");
    struct wl_str hash = wl_node_text(root, "schema", "");
    const struct wl_node *list = wl_node_get(root, "values");
    if (user.n_bytes == 0 || list == NULL || list->kind != WL_NODE_LIST) {
        return wl_fail(error, WL_ESCHEMA, "a row needs the keys user, as_of, schema and values");
    }
    if (hash.n_bytes != WL_SCHEMA_DIGITS ||
        memcmp(hash.data, schema->hash, WL_SCHEMA_DIGITS) != 0) {
        return wl_fail(error, WL_ESCHEMA, "row has feature schema %.*s, expected %.*s",
                       WL_STR_ARG(hash), WL_SCHEMA_DIGITS, schema->hash);
    }
    if (list->n_children != schema->n_features) {
        return wl_fail(error, WL_ESCHEMA, "row has %zu values, the schema has %zu features",
                       list->n_children, schema->n_features);
    }
    WL_TRY(wl_time_parse(wl_node_text(root, "as_of", ""), WL_TIME_AUTO, 0, &as_of_us, error));
    WL_TRY(wl_rows_add(rows, user, as_of_us, &values, error));
    wl_status status = read_values(rows, list, values, error);
    if (status != WL_OK) {
        rows->n_rows--; // the half-read row is forgotten
    }
    return status;
}
