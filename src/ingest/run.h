/* Inside of ingest: the state of one run over one file, shared by the files of this folder.
 *
 *   line -> row (cells or a JSON tree) -> draft (checked texts and numbers) -> record (ids)
 *
 * A function that finds a row wrong notes why in run->rejected and returns false; a wl_status is only
 * for what ends the run. */
#ifndef WL_INGEST_RUN_H
#define WL_INGEST_RUN_H
#include "base/clock.h"
#include "data/dedupe.h"
#include "data/node.h"
#include "ingest/csv.h"
#include "ingest/ingest.h"

#define USER_BYTES_MAX ((size_t)256)  /* ids are uuids, mails, phone numbers; longer is a text */
#define CELL_BYTES_MAX ((size_t)4096) /* names, properties, attributes repeat; longer is a text */

/* A mapped column: where its cell stands. name NULL: not mapped. */
struct column {
    const char *name;
    size_t i_cell; /* CSV */
};

struct plan {
    struct column user;
    struct column time;
    struct column received;
    struct column event;
    struct column message_id;
    struct column text;
    struct column channel;
    struct column label;
    struct column *value; /* (source->value.n_items) */
    struct column *where; /* (source->n_where) */
    struct column *rules; /* (source->n_rules) */
    struct column props[WL_PROPS_MAX];
};

/* One row of either kind. */
struct row {
    const struct wl_str *cells; /* CSV; NULL otherwise */
    const struct wl_node *root; /* JSON; NULL otherwise */
};

/* A record before its words become ids. Strings are borrowed from the row. */
struct draft {
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

enum declared { DECLARED_NOT, DECLARED_NUMBER, DECLARED_CATEGORY, DECLARED_BOOL };

/* A CSV column that becomes an attribute. Its kind is known only when the file is read. */
struct attribute_column {
    struct wl_str name;
    size_t i_cell;
    enum declared declared;
    uint64_t n_numbers;
    uint64_t n_others;
};

/* A cell waiting for the kind of its column. */
struct pending {
    uint32_t user;
    uint32_t i_column;
    uint32_t text; /* id in run->cell_texts */
    int64_t known_us;
};

/* Attributes of one customer row: company->attributes.items[first .. first + n - 1]. */
struct span {
    size_t first;
    size_t n;
};

struct run {
    const struct wl_source *source;
    const struct wl_ingest_options *options;
    struct wl_company *company;
    struct wl_ingest_report *report;
    const char *path;
    const wl_alloc *alloc;
    struct plan plan;
    uint32_t slots[WL_PROPS_MAX]; /* of source->props in the company */
    struct wl_dedupe events;      /* i_record: index of the event */
    struct wl_dedupe texts;       /* i_record: index of the text */
    struct wl_dedupe customers;   /* i_record: index into spans */
    struct wl_map64 id_users;     /* hash of a message id -> user who used it first, + 1 */
    struct span *spans;
    size_t n_spans;
    size_t spans_capacity;
    struct attribute_column *attribute_columns;
    size_t n_attribute_columns;
    struct pending *pending;
    size_t n_pending;
    size_t pending_capacity;
    struct wl_dict cell_texts;
    struct wl_arena arena_file; /* plan */
    struct wl_arena arena_row;  /* JSON trees; reset for each line */
    struct wl_rejected rejected;
    bool is_filtered;  /* of the row at hand */
    bool is_duplicate; /* of the row at hand */
};

/* run_reject - note why the row at hand is refused; always false. value NULL leaves it out. */
bool run_reject(struct run *run, enum wl_reject reason, const char *column,
                const struct wl_str *value);

/* run_plan_csv - find all mapped columns in the header; run_plan_json - take names as paths.
 * Errors:  WL_ESCHEMA  a column is missing or there twice.  WL_ENOMEM. */
WL_MUST_CHECK wl_status run_plan_csv(struct run *run, const struct wl_str *header, size_t n_columns,
                                     wl_error *error);
WL_MUST_CHECK wl_status run_plan_json(struct run *run, wl_error *error);

/* run_cell - text of a mapped column without blanks around; empty when it is not mapped or absent. */
struct wl_str run_cell(const struct row *row, const struct column *column);

/* run_path - value at a dotted path of a JSON tree, or NULL; a key that itself holds dots wins. */
const struct wl_node *run_path(const struct wl_node *root, struct wl_str path);

/* run_is_wanted - all `where` conditions hold. */
bool run_is_wanted(const struct run *run, const struct row *row);

/* run_read_user .. run_read_value - check one cell; false notes the reject. */
bool run_read_user(struct run *run, struct wl_str cell, const char *column, struct wl_str *user);
bool run_read_time(struct run *run, struct wl_str cell, const char *column,
                   enum wl_time_format format, int64_t *time_us);
bool run_read_value(struct run *run, const struct row *row, int64_t *value_e4);
bool run_read_number(struct run *run, struct wl_str cell, const char *column, int64_t *value_e4);
bool run_read_props(struct run *run, const struct row *row, struct draft *draft);

/* run_row - one row of kind events, texts or customers. Errors: WL_ENOMEM, WL_ELIMIT. */
WL_MUST_CHECK wl_status run_row(struct run *run, const struct row *row, wl_error *error);

/* run_call - one line of the Segment spec. */
WL_MUST_CHECK wl_status run_call(struct run *run, const struct row *row, wl_error *error);

/* run_add_event, run_add_text - put a checked draft into the company, unless it is there already. */
WL_MUST_CHECK wl_status run_add_event(struct run *run, const struct draft *draft, wl_error *error);
WL_MUST_CHECK wl_status run_add_text(struct run *run, const struct draft *draft, wl_error *error);

/* run_add_tree - attributes of a customer from a JSON map; nested maps become dotted names. */
WL_MUST_CHECK wl_status run_add_tree(struct run *run, const struct draft *draft,
                                     const struct wl_node *tree, wl_error *error);

/* run_plan_attributes - which columns of a header become attributes. */
WL_MUST_CHECK wl_status run_plan_attributes(struct run *run, const struct wl_str *header,
                                            size_t n_columns, wl_error *error);

/* run_add_cells - attributes of a customer from a CSV row; they wait for run_settle_attributes. */
WL_MUST_CHECK wl_status run_add_cells(struct run *run, const struct draft *draft,
                                      const struct row *row, wl_error *error);

/* run_settle_attributes - the file is read: decide the kind of each column and make the records. */
WL_MUST_CHECK wl_status run_settle_attributes(struct run *run, wl_error *error);

/* run_flush - hand the records over and empty the company; nothing without a flush callback. */
WL_MUST_CHECK wl_status run_flush(struct run *run, wl_error *error);

/* run_flush_full - run_flush when a whole batch is waiting. */
WL_MUST_CHECK wl_status run_flush_full(struct run *run, wl_error *error);

#endif
