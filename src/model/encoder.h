/* From features to the columns a model reads. Numbers and booleans pass through; a category becomes
 * one indicator column for each level that training saw often enough; NaN stays NaN in every column
 * of its feature. A level that training did not see (or saw too rarely) leaves all of them zero.
 *
 * Fitted on training rows only: no other row can change a single column. */
#ifndef WL_MODEL_ENCODER_H
#define WL_MODEL_ENCODER_H
#include "data/rows.h"

/* Some rows of a table, in this order. */
struct wl_row_set {
    const struct wl_rows *rows; /* borrowed */
    const uint32_t *index;      /* (n) row numbers, borrowed; NULL means rows 0 .. n-1 */
    size_t n;
};

struct wl_encoder_column {
    uint32_t feature;  /* index in the schema */
    bool is_level;     /* 1 when the feature has this level, 0 when it has another */
    float code;        /* wl_level_code of the level; 0 unless is_level */
    const char *level; /* its text; "" unless is_level or when the rows did not know it */
};

struct wl_encoder {
    const struct wl_encoder_column *columns; /* (n_columns) by feature, then by level text */
    const uint32_t *first; /* (n_features + 1): feature f has columns first[f] .. first[f+1]-1 */
    size_t n_columns;
    size_t n_features;
};

/* wl_row_set_at - values (F) of the i-th row of the set. */
const float *wl_row_set_at(const struct wl_row_set *set, size_t i);

/* wl_encoder_fit - decide the columns.
 *   arena            (in,out) owns the encoder's arrays and texts.
 *   set              (in) the training rows, nothing else.
 *   n_level_rows_min (in) a level gets a column when at least so many rows have it; at most
 *                    WL_LEVELS_MAX levels per feature, the most frequent, ties by text.
 *   is_used          (in) (F) false leaves a feature out; NULL uses all.
 * Cost:    O(N F) and O(N log N) for each category.
 * Errors:  WL_EINVAL  a value is infinite: names row and feature.  WL_ELIMIT, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_encoder_fit(struct wl_arena *arena, const struct wl_row_set *set,
                                       size_t n_level_rows_min, const bool *is_used,
                                       struct wl_encoder *encoder, wl_error *error);

/* wl_encoder_value - one encoded column of one row. */
static inline float wl_encoder_value(const struct wl_encoder_column *column, const float *values)
{
    float value = values[column->feature];

    if (!column->is_level || value != value) {
        return value;
    }
    return value == column->code ? 1.0F : 0.0F;
}

/* wl_encoder_apply - all encoded columns of one row.
 *   values   (in)  (n_features), NaN = missing.
 *   columns  (out) (n_columns).
 * Returns how many categories of this row hold a level without a column.
 * Cost:    O(n_columns), no allocation.
 * Threads: any number. */
size_t wl_encoder_apply(const struct wl_encoder *encoder, const float *values, float *columns);

/* wl_encoder_unseen - the same count without encoding; counts (n_features) grows by one where a
 * category holds a level without a column; may be NULL. */
size_t wl_encoder_unseen(const struct wl_encoder *encoder, const float *values, size_t *counts);

/* wl_encoder_column_name - "contract=Two year" or "order_count_30d", onto buf. */
void wl_encoder_column_name(const struct wl_encoder *encoder, const struct wl_schema *schema,
                            size_t i_column, struct wl_buf *buf);

/* wl_encoder_check - every feature and order is in range: called on what was read from outside.
 *   schema  (in) the schema it belongs to.
 * Errors:  WL_ECORRUPT  names the column. */
WL_MUST_CHECK wl_status wl_encoder_check(const struct wl_encoder *encoder,
                                         const struct wl_schema *schema, wl_error *error);

#endif
