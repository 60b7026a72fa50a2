/* What a source means: which column is the user, which the time, and what the rest becomes. Read
 * from the `sources:` list of wanliu.yaml; README.md in this folder lists the keys. */
#ifndef WL_INGEST_MAPPING_H
#define WL_INGEST_MAPPING_H
#include "base/limits.h"
#include "data/schema.h"

enum wl_source_kind { WL_SOURCE_EVENTS = 0, WL_SOURCE_TEXTS = 1, WL_SOURCE_CUSTOMERS = 2 };
enum wl_source_format { WL_FORMAT_CSV = 0, WL_FORMAT_NDJSON = 1, WL_FORMAT_SEGMENT = 2 };

enum wl_compare {
    WL_COMPARE_LESS = 0,
    WL_COMPARE_LESS_EQUAL = 1,
    WL_COMPARE_EQUAL = 2,
    WL_COMPARE_NOT_EQUAL = 3,
    WL_COMPARE_GREATER_EQUAL = 4,
    WL_COMPARE_GREATER = 5
};

/* One test of one cell: `Quantity < 0`, `CustomerID != ''`. */
struct wl_condition {
    const char *column;
    enum wl_compare compare;
    bool is_number; /* compare with number; otherwise with text, byte by byte */
    double number;
    struct wl_str text;
};

/* The name an event gets when its condition holds. */
struct wl_event_rule {
    const char *name;
    bool has_condition; /* false: always */
    struct wl_condition condition;
};

struct wl_source_prop {
    const char *name;   /* of the property, shared by all sources of a company */
    const char *column; /* or dotted path */
};

/* One source. Strings live in the arena given to wl_sources_read; NULL means not given. A column of
 * NDJSON and Segment lines is a key or a dotted path: "properties.plan". */
struct wl_source {
    const char *name;
    int kind;   /* enum wl_source_kind; Segment lines hold all kinds */
    int format; /* enum wl_source_format */
    char delimiter;
    struct wl_texts columns; /* names of a CSV file without a header */
    const struct wl_condition *where;
    size_t n_where;
    const char *user;
    const char *time;
    int time_format; /* enum wl_time_format */
    const char *received;
    const char *event_column; /* the name of the event stands here; or rules */
    const struct wl_event_rule *rules;
    size_t n_rules;
    struct wl_texts value; /* columns that are multiplied */
    const char *message_id;
    struct wl_source_prop props[WL_PROPS_MAX];
    size_t n_props;
    const char *text;
    const char *channel; /* NULL: the name of the source */
    const char *label;
    bool all_attributes;
    struct wl_texts attributes;
    struct wl_texts drop;
    struct wl_texts number;   /* attributes that are numbers: other cells are rejected */
    struct wl_texts category; /* attributes that are categories, though they look like numbers */
    struct wl_texts boolean;  /* attributes that are yes or no */
    int64_t known_us;      /* texts, customers without a time column; WL_TIME_NONE when not given */
    int64_t utc_offset_us; /* of times that name none */
};

/* wl_sources_read - read the `sources:` list.
 *   arena          (in,out) owns what the sources point to.
 *   sources        (in) the list.
 *   utc_offset_us  (in) of the workspace.
 *   sources_out    (out) (n_sources) in arena.
 * Errors:  WL_ECONFIG  with line and column: unknown keys (did you mean), keys of another kind,
 *          wrong conditions, names used twice.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sources_read(struct wl_arena *arena, const struct wl_node *sources,
                                        int64_t utc_offset_us, struct wl_source **sources_out,
                                        size_t *n_sources, wl_error *error);

/* wl_sources_find - the source of this name; without a name the only one there is.
 * Errors:  WL_EINVAL  no such source, or several and no name; names those there are. */
WL_MUST_CHECK wl_status wl_sources_find(const struct wl_source *sources, size_t n_sources,
                                        const char *name, const struct wl_source **source_out,
                                        wl_error *error);

/* wl_condition_parse - read `column op literal`; op is < <= = != >= or >, the literal a number or a
 * text in quotes. A column whose name holds an operator stands in quotes too.
 *   condition  (out) points into arena.
 * Errors:  WL_ECONFIG  what is missing, without a place.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_condition_parse(struct wl_arena *arena, struct wl_str text,
                                           struct wl_condition *condition, wl_error *error);

/* wl_condition_holds - test one cell. A cell that is no number is unequal to every number, and
 * neither less nor greater. Cost: O(bytes); no allocation. */
bool wl_condition_holds(const struct wl_condition *condition, struct wl_str cell);

#endif
