/* One-hot encoding fitted on training rows.
 *
 * Levels are counted by sorting the codes of one feature (N log N, once per category and training)
 * rather than through a hash map: the result needs an order that does not depend on row order
 * anyway. Columns are kept by feature and then by level text, so that the same levels always make
 * the same columns. */
#include "model/encoder.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct level {
    uint32_t code;
    size_t n_rows;
    struct wl_str text;
};

const float *wl_row_set_at(const struct wl_row_set *set, size_t i)
{
    size_t i_row = set->index != NULL ? set->index[i] : i;
    return set->rows->values + i_row * set->rows->schema->n_features;
}

static int compare_codes(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return (*left > *right) - (*left < *right);
}

static int compare_texts(const void *a, const void *b)
{
    const struct level *left = a;
    const struct level *right = b;
    int order = wl_str_compare(left->text, right->text);
    return order != 0 ? order : (left->code > right->code) - (left->code < right->code);
}

static int compare_frequency(const void *a, const void *b)
{
    const struct level *left = a;
    const struct level *right = b;
    if (left->n_rows != right->n_rows) {
        return left->n_rows > right->n_rows ? -1 : 1;
    }
    return compare_texts(a, b);
}

/* Scratch of one fit, all in an arena of its own. */
struct fit {
    const struct wl_row_set *set;
    size_t n_level_rows_min;
    uint32_t *codes;      /* (N) */
    struct level *levels; /* (N) at most */
    struct wl_encoder_column *columns;
    size_t n_columns;
    size_t capacity;
    const wl_alloc *alloc;
};

static size_t count_levels(struct fit *fit, size_t feature)
{
    size_t n_codes = 0;
    size_t n_levels = 0;

    for (size_t i = 0; i < fit->set->n; i++) {
        float value = wl_row_set_at(fit->set, i)[feature];
        if (!isnan(value)) {
            fit->codes[n_codes++] = (uint32_t)value;
        }
    }
    qsort(fit->codes, n_codes, sizeof(*fit->codes), compare_codes);
    for (size_t i = 0; i < n_codes;) {
        size_t end = i + 1;
        while (end < n_codes && fit->codes[end] == fit->codes[i]) {
            end++;
        }
        if (end - i >= fit->n_level_rows_min) {
            fit->levels[n_levels++] = (struct level){.code = fit->codes[i], .n_rows = end - i};
        }
        i = end;
    }
    return n_levels;
}

static wl_status add_column(struct fit *fit, struct wl_encoder_column column, wl_error *error)
{
    if (fit->n_columns >= WL_ENCODED_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %zu encoded columns", WL_ENCODED_MAX);
    }
    WL_TRY(WL_GROW(fit->alloc, fit->columns, fit->capacity, fit->n_columns + 1, error));
    fit->columns[fit->n_columns++] = column;
    return WL_OK;
}

static wl_status add_category(struct fit *fit, struct wl_arena *arena, size_t feature,
                              wl_error *error)
{
    size_t n_levels = count_levels(fit, feature);

    for (size_t i = 0; i < n_levels; i++) {
        fit->levels[i].text = wl_rows_level(fit->set->rows, (float)fit->levels[i].code);
    }
    qsort(fit->levels, n_levels, sizeof(*fit->levels), compare_frequency);
    n_levels = n_levels > WL_LEVELS_MAX ? WL_LEVELS_MAX : n_levels;
    qsort(fit->levels, n_levels, sizeof(*fit->levels), compare_texts);
    for (size_t i = 0; i < n_levels; i++) {
        char *text = wl_arena_string(arena, fit->levels[i].text);
        if (text == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu levels", n_levels);
        }
        struct wl_encoder_column column = {.feature = (uint32_t)feature,
                                           .is_level = true,
                                           .code = (float)fit->levels[i].code,
                                           .level = text};
        WL_TRY(add_column(fit, column, error));
    }
    return WL_OK;
}

static wl_status check_values(const struct wl_row_set *set, wl_error *error)
{
    const struct wl_schema *schema = set->rows->schema;

    for (size_t i = 0; i < set->n; i++) {
        const float *values = wl_row_set_at(set, i);
        for (size_t f = 0; f < schema->n_features; f++) {
            bool is_code = schema->columns[f].kind == WL_FEATURE_CATEGORY;
            if (isinf(values[f]) || (is_code && (values[f] < 0 || values[f] >= 16777216.0F))) {
                return wl_fail(error, WL_EINVAL, "row %zu: feature %s is %g",
                               set->index != NULL ? set->index[i] : i, schema->columns[f].name,
                               (double)values[f]);
            }
        }
    }
    return WL_OK;
}

static wl_status add_features(struct fit *fit, struct wl_arena *arena, const bool *is_used,
                              uint32_t *first, wl_error *error)
{
    const struct wl_schema *schema = fit->set->rows->schema;

    for (size_t f = 0; f < schema->n_features; f++) {
        first[f] = (uint32_t)fit->n_columns;
        if (is_used != NULL && !is_used[f]) {
            continue;
        }
        if (schema->columns[f].kind == WL_FEATURE_CATEGORY) {
            WL_TRY(add_category(fit, arena, f, error));
        } else {
            struct wl_encoder_column column = {.feature = (uint32_t)f, .level = ""};
            WL_TRY(add_column(fit, column, error));
        }
    }
    first[schema->n_features] = (uint32_t)fit->n_columns;
    return WL_OK;
}

wl_status wl_encoder_fit(struct wl_arena *arena, const struct wl_row_set *set,
                         size_t n_level_rows_min, const bool *is_used, struct wl_encoder *encoder,
                         wl_error *error)
{
    const wl_alloc *alloc = arena->alloc;
    size_t n_features = set->rows->schema->n_features;
    struct fit fit = {.set = set,
                      .n_level_rows_min = n_level_rows_min > 0 ? n_level_rows_min : 1,
                      .alloc = alloc};
    wl_status status = check_values(set, error);

    if (status != WL_OK) {
        return status;
    }
    uint32_t *first = wl_arena_zeroed(arena, n_features + 1, sizeof(*first));
    fit.codes = wl_alloc_array(alloc, set->n + 1, sizeof(*fit.codes));
    fit.levels = wl_alloc_array(alloc, set->n + 1, sizeof(*fit.levels));
    if (first == NULL || fit.codes == NULL || fit.levels == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to encode %zu rows", set->n);
        goto done;
    }
    WL_GO(add_features(&fit, arena, is_used, first, error));
    struct wl_encoder_column *columns = wl_arena_zeroed(arena, fit.n_columns + 1, sizeof(*columns));
    if (columns == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu columns", fit.n_columns);
        goto done;
    }
    if (fit.n_columns > 0) {
        memcpy(columns, fit.columns, fit.n_columns * sizeof(*columns));
    }
    *encoder = (struct wl_encoder){
        .columns = columns, .first = first, .n_columns = fit.n_columns, .n_features = n_features};
done:
    wl_alloc_free(alloc, fit.codes);
    wl_alloc_free(alloc, fit.levels);
    wl_alloc_free(alloc, fit.columns);
    return status;
}

static bool is_unseen(const struct wl_encoder *encoder, size_t feature, const float *values)
{
    uint32_t begin = encoder->first[feature];
    uint32_t end = encoder->first[feature + 1];

    if (begin == end || !encoder->columns[begin].is_level || isnan(values[feature])) {
        return false;
    }
    for (uint32_t c = begin; c < end; c++) {
        if (values[feature] == encoder->columns[c].code) {
            return false;
        }
    }
    return true;
}

size_t wl_encoder_unseen(const struct wl_encoder *encoder, const float *values, size_t *counts)
{
    size_t n_unseen = 0;

    for (size_t f = 0; f < encoder->n_features; f++) {
        if (is_unseen(encoder, f, values)) {
            n_unseen++;
            if (counts != NULL) {
                counts[f]++;
            }
        }
    }
    return n_unseen;
}

size_t wl_encoder_apply(const struct wl_encoder *encoder, const float *values, float *columns)
{
    for (size_t c = 0; c < encoder->n_columns; c++) {
        columns[c] = wl_encoder_value(&encoder->columns[c], values);
    }
    return wl_encoder_unseen(encoder, values, NULL);
}

void wl_encoder_column_name(const struct wl_encoder *encoder, const struct wl_schema *schema,
                            size_t i_column, struct wl_buf *buf)
{
    const struct wl_encoder_column *column = &encoder->columns[i_column];

    wl_buf_text(buf, schema->columns[column->feature].name);
    if (column->is_level) {
        wl_buf_char(buf, '=');
        wl_buf_text(buf, column->level);
    }
}

static bool is_column_right(const struct wl_encoder_column *column, size_t feature, bool is_level)
{
    bool is_code = column->code >= 0.0F && column->code < 16777216.0F;
    return column->feature == feature && column->is_level == is_level && is_code;
}

wl_status wl_encoder_check(const struct wl_encoder *encoder, const struct wl_schema *schema,
                           wl_error *error)
{
    if (encoder->n_features != schema->n_features || encoder->n_columns > WL_ENCODED_MAX ||
        encoder->first[0] != 0 || encoder->first[encoder->n_features] != encoder->n_columns) {
        return wl_fail(error, WL_ECORRUPT, "encoder does not fit %zu features", schema->n_features);
    }
    for (size_t f = 0; f < encoder->n_features; f++) {
        bool is_level = schema->columns[f].kind == WL_FEATURE_CATEGORY;
        uint32_t begin = encoder->first[f];
        uint32_t end = encoder->first[f + 1];
        if (end < begin || end > encoder->n_columns || end - begin > WL_LEVELS_MAX ||
            (!is_level && end - begin > 1)) {
            return wl_fail(error, WL_ECORRUPT, "feature %zu has columns %u to %u", f, begin, end);
        }
        for (uint32_t c = begin; c < end; c++) {
            if (!is_column_right(&encoder->columns[c], f, is_level)) {
                return wl_fail(error, WL_ECORRUPT, "column %u does not belong to feature %zu", c,
                               f);
            }
        }
    }
    return WL_OK;
}
