/* Reading a map of the configuration into a struct, strictly: one table of fields says what may
 * stand there, and feeds the check, the "did you mean" and the documentation. */
#ifndef WL_DATA_SCHEMA_H
#define WL_DATA_SCHEMA_H
#include "data/node.h"

enum wl_field_kind {
    WL_FIELD_TEXT,   /* const char *: non-empty text, in the arena */
    WL_FIELD_INT,    /* int64_t within [low, high], and within 2^53 */
    WL_FIELD_NUMBER, /* double within [low, high] */
    WL_FIELD_BOOL,   /* bool */
    WL_FIELD_SPAN,   /* int64_t microseconds: "72h", "30d" */
    WL_FIELD_TIME,   /* int64_t microseconds UTC: ISO 8601 */
    WL_FIELD_CHOICE, /* int: index into choices */
    WL_FIELD_TEXTS,  /* struct wl_texts: list of texts, or one text */
    WL_FIELD_NODE    /* const struct wl_node *: any value, read by somebody else */
};

struct wl_texts {
    const char **items; /* (n_items) in the arena */
    size_t n_items;
};

struct wl_field {
    const char *key;
    enum wl_field_kind kind;
    size_t offset; /* offsetof the target in the struct */
    bool is_required;
    double low; /* WL_FIELD_INT and WL_FIELD_NUMBER; low == high means no bounds */
    double high;
    const char *const *choices; /* WL_FIELD_CHOICE: NULL-terminated */
    const char *doc;            /* one line for the reference page */
};

/* wl_fields_read - fill target from a map; fields that are absent keep the value target has, which
 * is how defaults are given.
 *   map     (in) the map; NULL or null counts as an empty one.
 *   where   (in) path of the map for messages: "churn", "sources[2]".
 * Errors:  WL_ECONFIG  "line 12, column 3: churn: no key \"horizn\" (did you mean \"horizon\"?)",
 *          wrong kinds, values outside their bounds, missing required keys. target may be half
 *          filled then. */
WL_MUST_CHECK wl_status wl_fields_read(struct wl_arena *arena, const struct wl_node *map,
                                       const char *where, const struct wl_field *fields,
                                       size_t n_fields, void *target, wl_error *error);

/* wl_fail_node - complain about a value: "line 12, column 3: <format>". */
wl_status wl_fail_node(wl_error *error, const struct wl_node *node, const char *format, ...)
    WL_PRINTF(3, 4);

/* wl_closest - the candidate most like word, or NULL when none is near.
 *   candidates  (in) NULL-terminated. */
const char *wl_closest(struct wl_str word, const char *const *candidates);

#endif
