/* Feature rows: what a model reads. A schema names the columns; a row is one customer at one
 * moment.
 *
 * Categories are carried as a code, the low 24 bits of the hash of the level's text, exact in a
 * float32. So a code depends on the text alone, never on which level was seen first, and a row
 * needs no dictionary to be scored. The table keeps the texts of the levels it has met, for
 * people. */
#ifndef WL_DATA_ROWS_H
#define WL_DATA_ROWS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/dict.h"
#include "base/sha256.h"

enum wl_feature_kind {
    WL_FEATURE_NUMBER = 0,   /* any real number; NaN is missing */
    WL_FEATURE_CATEGORY = 1, /* a level code; NaN is missing */
    WL_FEATURE_BOOL = 2      /* 0 or 1; NaN is missing */
};

struct wl_feature_column {
    const char *name; /* "order_count_30d"; NUL-terminated, kept by the schema's owner */
    enum wl_feature_kind kind;
};

struct wl_schema {
    const struct wl_feature_column *columns; /* (n_features) */
    size_t n_features;
    char
        hash[WL_SHA256_TEXT_BYTES]; /* of names, kinds and definitions: equal hash, equal meaning */
};

struct wl_rows {
    const wl_alloc *alloc;
    const struct wl_schema *schema; /* borrowed: outlives the rows */
    size_t n_rows;
    size_t capacity;
    uint32_t *user;        /* (n_rows) index into users */
    int64_t *as_of_us;     /* (n_rows) the moment the row speaks of */
    float *values;         /* (n_rows, n_features) row-major, NaN = missing */
    struct wl_dict users;  /* user ids of these rows */
    struct wl_dict levels; /* texts of category levels met */
};

/* wl_rows_init - no rows of this schema. wl_rows_release - give memory back; zeroed is fine. */
void wl_rows_init(struct wl_rows *rows, const wl_alloc *alloc, const struct wl_schema *schema);
void wl_rows_release(struct wl_rows *rows);

/* wl_rows_reserve - room for n_rows rows in all, so that adding up to there cannot fail for them.
 * Errors:  WL_ENOMEM; the rows are as before. */
WL_MUST_CHECK wl_status wl_rows_reserve(struct wl_rows *rows, size_t n_rows, wl_error *error);

/* wl_rows_add - one more row; its values are NaN until set.
 *   values_out  (out) (n_features) of the new row; valid until the next add.
 * Errors:  WL_ENOMEM; nothing is added. */
WL_MUST_CHECK wl_status wl_rows_add(struct wl_rows *rows, struct wl_str user, int64_t as_of_us,
                                    float **values_out, wl_error *error);

/* wl_level_code - the code of a category level: 0 .. 2^24 - 1. */
float wl_level_code(struct wl_str level);

/* wl_rows_level - text of a level code, or the empty view when these rows never met it.
 * Cost: O(levels). */
struct wl_str wl_rows_level(const struct wl_rows *rows, float code);

/* wl_rows_note_level - remember the text of a level, and return its code in *code.
 * Errors:  WL_ESCHEMA  two different texts share a code (24 bits; one in 16 million pairs): rename
 *          one of them.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_rows_note_level(struct wl_rows *rows, struct wl_str level, float *code,
                                           wl_error *error);

/* wl_schema_find - index of the named column, or SIZE_MAX. */
size_t wl_schema_find(const struct wl_schema *schema, struct wl_str name);

#define WL_SCHEMA_DIGITS 12 /* digits of the schema hash in records: 48 bits catch any mix-up */

/* wl_row_values_write - the values of one row as a JSON list: missing is null, a category its
 * text. */
struct wl_json_writer;
void wl_row_values_write(const struct wl_rows *rows, const float *values,
                         struct wl_json_writer *json);

/* wl_row_write - one row as a JSON line: {"user":..,"as_of":..,"schema":<first 12 digits of the
 * hash>,"values":[..]}; missing is null, a category is its text. Shortest digits that read back. */
void wl_row_write(const struct wl_rows *rows, size_t i_row, struct wl_buf *line);

/* wl_row_read - append a row from a line of wl_row_write, or from any record that carries the
 * same keys (a score line does).
 * Errors:  WL_EPARSE, WL_ESCHEMA (other schema hash, wrong count), WL_ERANGE (a
 *          number beyond float32), WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_row_read(struct wl_rows *rows, struct wl_str line,
                                    struct wl_arena *arena, wl_error *error);

#endif
