/* Inside of ingest: the state of one run over one file, shared by the files of this folder.
 *
 *   line -> row (cells or a JSON tree) -> draft (checked texts and numbers) -> record (ids)
 *
 * A function that finds a row wrong notes why in run->rejected and returns false; a wl_status is
 * only for what ends the run. */
#ifndef WL_INGEST_RUN_H
#define WL_INGEST_RUN_H
#include "base/clock.h"
#include "data/dedupe.h"
#include "data/node.h"
#include "ingest/csv.h"
#include "ingest/ingest.h"

/* A mapped column: where its cell stands. name NULL: not mapped. */
struct wl_run_column {
    const char *name;
    size_t i_cell; /* CSV */
};

struct wl_run_plan {
    struct wl_run_column user;
    struct wl_run_column time;
    struct wl_run_column received;
    struct wl_run_column event;
    struct wl_run_column message_id;
    struct wl_run_column text;
    struct wl_run_column channel;
    struct wl_run_column label;
    struct wl_run_column *value; /* (source->value.n_items) */
    struct wl_run_column *where; /* (source->n_where) */
    struct wl_run_column *rules; /* (source->n_rules) */
    struct wl_run_column props[WL_PROPS_MAX];
};

/* One row of either kind. */
struct wl_run_row {
    const struct wl_str *cells; /* CSV; NULL otherwise */
    const struct wl_node *root; /* JSON; NULL otherwise */
};

/* A record before its words become ids. Strings are borrowed from the row. */
struct wl_run_draft {
    struct wl_str user;
    struct wl_str name;       /* of the event, or the channel of a text */
    struct wl_str message_id; /* empty: the content is the id */
    struct wl_str props[WL_PROPS_MAX];
    struct wl_str label;
    struct wl_str body;
    int64_t time_us;
    int64_t received_us;
    int64_t value_e4;
};

enum wl_run_declared {
    WL_DECLARED_NOT,
    WL_DECLARED_NUMBER,
    WL_DECLARED_CATEGORY,
    WL_DECLARED_BOOL
};

/* A CSV column that becomes an attribute. Its kind is known only when the file is read. */
struct wl_run_attribute {
    struct wl_str name;
    size_t i_cell;
    enum wl_run_declared declared;
    uint64_t n_numbers;
    uint64_t n_others;
};

/* A cell waiting for the kind of its column. */
struct wl_run_pending {
    uint32_t user;
    uint32_t i_column;
    uint32_t text; /* id in run->cell_texts */
    int64_t known_us;
};

/* Attributes of one customer row: company->attributes.items[first .. first + n - 1]. */
struct wl_run_span {
    size_t first;
    size_t n;
};

struct wl_run {
    const struct wl_source *source;
    const struct wl_ingest_options *options;
    struct wl_company *company;
    struct wl_ingest_report *report;
    const char *path;
    const wl_alloc *alloc;
    struct wl_run_plan plan;
    uint32_t slots[WL_PROPS_MAX]; /* of source->props in the company */
    struct wl_dedupe events;      /* i_record: index of the event */
    struct wl_dedupe texts;       /* i_record: index of the text */
    struct wl_dedupe customers;   /* i_record: index into spans */
    struct wl_map64 id_users;     /* hash of a message id -> user who used it first, + 1 */
    struct wl_run_span *spans;
    size_t n_spans;
    size_t spans_capacity;
    struct wl_run_attribute *attribute_columns;
    size_t n_attribute_columns;
    struct wl_run_pending *pending;
    size_t n_pending;
    size_t pending_capacity;
    struct wl_dict cell_texts;
    struct wl_arena arena_file; /* plan */
    struct wl_arena arena_row;  /* JSON trees; reset for each line */
    struct wl_rejected rejected;
    bool is_filtered;  /* of the row at hand */
    bool is_duplicate; /* of the row at hand */
};

/* wl_run_reject - note why the row at hand is refused; always false. value NULL leaves it out. */
bool wl_run_reject(struct wl_run *run, enum wl_reject reason, const char *column,
                   const struct wl_str *value);

/* wl_run_plan_csv - find all mapped columns in the header; wl_run_plan_json - take names as paths.
 * Errors:  WL_ESCHEMA  a column is missing or there twice.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_run_plan_csv(struct wl_run *run, const struct wl_str *header,
                                        size_t n_columns, wl_error *error);
WL_MUST_CHECK wl_status wl_run_plan_json(struct wl_run *run, wl_error *error);

/* wl_run_cell - text of a mapped column without blanks around; empty when it is not mapped or
 * absent. */
struct wl_str wl_run_cell(const struct wl_run_row *row, const struct wl_run_column *column);

/* wl_run_path - value at a dotted path of a JSON tree, or NULL; a key that itself holds dots wins.
 * */
const struct wl_node *wl_run_path(const struct wl_node *root, struct wl_str path);

/* wl_run_is_wanted - all `where` conditions hold. */
bool wl_run_is_wanted(const struct wl_run *run, const struct wl_run_row *row);

/* wl_run_read_user .. wl_run_read_value - check one cell; false notes the reject. */
bool wl_run_read_user(struct wl_run *run, struct wl_str cell, const char *column,
                      struct wl_str *user);
bool wl_run_read_time(struct wl_run *run, struct wl_str cell, const char *column,
                      enum wl_time_format format, int64_t *time_us);
bool wl_run_read_value(struct wl_run *run, const struct wl_run_row *row, int64_t *value_e4);
bool wl_run_read_number(struct wl_run *run, struct wl_str cell, const char *column,
                        int64_t *value_e4);
bool wl_run_read_props(struct wl_run *run, const struct wl_run_row *row,
                       struct wl_run_draft *draft);

/* wl_run_take_row - one row of kind events, texts or customers. Errors: WL_ENOMEM, WL_ELIMIT. */
WL_MUST_CHECK wl_status wl_run_take_row(struct wl_run *run, const struct wl_run_row *row,
                                        wl_error *error);

/* wl_run_take_call - one line of the Segment spec. */
WL_MUST_CHECK wl_status wl_run_take_call(struct wl_run *run, const struct wl_run_row *row,
                                         wl_error *error);

/* wl_run_add_event - put a checked draft into the company, unless it is there already;
 * wl_run_add_text - the same for a text. */
WL_MUST_CHECK wl_status wl_run_add_event(struct wl_run *run, const struct wl_run_draft *draft,
                                         wl_error *error);
WL_MUST_CHECK wl_status wl_run_add_text(struct wl_run *run, const struct wl_run_draft *draft,
                                        wl_error *error);

/* wl_run_add_tree - attributes of a customer from a JSON map; nested maps become dotted names. */
WL_MUST_CHECK wl_status wl_run_add_tree(struct wl_run *run, const struct wl_run_draft *draft,
                                        const struct wl_node *tree, wl_error *error);

/* wl_run_plan_attributes - which columns of a header become attributes. */
WL_MUST_CHECK wl_status wl_run_plan_attributes(struct wl_run *run, const struct wl_str *header,
                                               size_t n_columns, wl_error *error);

/* wl_run_add_cells - attributes of a customer from a CSV row; they wait for
 * wl_run_settle_attributes. */
WL_MUST_CHECK wl_status wl_run_add_cells(struct wl_run *run, const struct wl_run_draft *draft,
                                         const struct wl_run_row *row, wl_error *error);

/* wl_run_settle_attributes - the file is read: decide the kind of each column and make the records.
 * */
WL_MUST_CHECK wl_status wl_run_settle_attributes(struct wl_run *run, wl_error *error);

/* wl_run_flush - hand the records over and empty the company; nothing without a flush callback. */
WL_MUST_CHECK wl_status wl_run_flush(struct wl_run *run, wl_error *error);

/* wl_run_flush_full - wl_run_flush when a whole batch is waiting. */
WL_MUST_CHECK wl_status wl_run_flush_full(struct wl_run *run, wl_error *error);

#endif
