/* A thin coat over the two readers of this folder: which cells are wanted, and bad rows as rejects.
 * The first line decides the format, so it is kept and handed out again. */
#include "ingest/table.h"

#include "base/file.h"
#include "base/limits.h"
#include "data/schema.h"
#include "ingest/run.h"

#include <string.h>

struct wl_table {
    const wl_alloc *alloc;
    const char *path;
    const struct wl_table_options *options;
    struct wl_lines *lines;
    struct wl_csv *csv;  // NULL: NDJSON
    struct wl_buf first; // the first line
    bool has_first;      // and it waits to be read
    size_t n_header;
    size_t i_cell[WL_TABLE_COLUMNS_MAX]; // CSV: where each wanted column stands
    bool is_seen[WL_TABLE_COLUMNS_MAX];  // NDJSON: some line had it
    struct wl_buf keys;                  // NDJSON: keys of the first object, each with a NUL
    struct wl_buf joined[WL_TABLE_COLUMNS_MAX];
    struct wl_table_cell cells[WL_TABLE_COLUMNS_MAX];
    struct wl_arena arena_row;
};

static wl_status next_line(void *context, struct wl_str *line, bool *got, wl_error *error)
{
    struct wl_table *table = context;

    if (table->has_first) {
        table->has_first = false;
        *line = wl_buf_view(&table->first);
        *got = true;
        return WL_OK;
    }
    return wl_lines_next(table->lines, line, got, error);
}

// "no column "labl" (did you mean "label"?)" among NUL-ended names.
static wl_status fail_column(const struct wl_table *table, const char *column,
                             const char *const *names, wl_error *error)
{
    const char *near = wl_closest(wl_str_from(column), names);

    if (near != NULL) {
        return wl_fail(error, WL_ESCHEMA, "%s: no column \"%s\" (did you mean \"%s\"?)",
                       table->path, column, near);
    }
    return wl_fail(error, WL_ESCHEMA, "%s: no column \"%s\"; the first one is \"%s\"", table->path,
                   column, names[0] != NULL ? names[0] : "");
}

static wl_status find_columns(struct wl_table *table, const char *const *names, size_t n_names,
                              wl_error *error)
{
    const struct wl_table_options *options = table->options;

    for (size_t i = 0; i < options->n_columns; i++) {
        size_t n_found = 0;
        for (size_t k = 0; k < n_names; k++) {
            if (strcmp(options->columns[i], names[k]) == 0) {
                table->i_cell[i] = k;
                n_found++;
            }
        }
        if (n_found == 0) {
            return fail_column(table, options->columns[i], names, error);
        }
        if (n_found > 1) {
            return wl_fail(error, WL_ESCHEMA, "%s: column \"%s\" is there %zu times", table->path,
                           options->columns[i], n_found);
        }
    }
    table->n_header = n_names;
    return WL_OK;
}

static wl_status fail_empty(const struct wl_table *table, wl_error *error)
{
    return wl_fail(error, WL_EPARSE, "%s: file is empty", table->path);
}

static wl_status read_header(struct wl_table *table, wl_error *error)
{
    struct wl_csv_row row;
    bool got = false;

    WL_TRY(wl_csv_next(table->csv, &row, &got, error));
    if (!got) {
        return fail_empty(table, error);
    }
    if (row.problem != WL_CSV_GOOD) {
        return wl_fail(error, WL_EPARSE, "%s: line %zu is no header: %s; is this a CSV file?",
                       table->path, row.i_line,
                       wl_reject_text(wl_reject_of_csv(row.problem), "en"));
    }
    const char **names = wl_arena_zeroed(&table->arena_row, row.n_cells + 1, sizeof(*names));
    if (names == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu columns", row.n_cells);
    }
    for (size_t i = 0; i < row.n_cells; i++) {
        names[i] = wl_arena_string(&table->arena_row, wl_str_trim(row.cells[i]));
        if (names[i] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu columns", row.n_cells);
        }
    }
    return find_columns(table, names, row.n_cells, error);
}

static wl_status read_start(struct wl_table *table, wl_error *error)
{
    struct wl_line_source source = {.next = next_line, .context = table};
    const struct wl_table_options *options = table->options;
    struct wl_str line = {NULL, 0};

    WL_TRY(wl_lines_next(table->lines, &line, &table->has_first, error));
    if (!table->has_first) {
        return fail_empty(table, error);
    }
    wl_buf_str(&table->first, line);
    WL_TRY(wl_buf_check(&table->first, error));
    struct wl_str start = wl_str_trim(line);
    bool looks_json = start.n_bytes > 0 && start.data[0] == '{';
    if (options->format == WL_TABLE_NDJSON || (options->format == WL_TABLE_AUTO && looks_json)) {
        return WL_OK;
    }
    WL_TRY(wl_csv_open(source, options->delimiter, table->alloc, &table->csv, error));
    return options->header != NULL ? find_columns(table, options->header, options->n_header, error)
                                   : read_header(table, error);
}

wl_status wl_table_open(const char *path, const struct wl_table_options *options,
                        const wl_alloc *alloc, struct wl_table **table_out, wl_error *error)
{
    struct wl_table *table = wl_alloc_zeroed(alloc, 1, sizeof(*table));

    WL_ASSERT(options->n_columns > 0 && options->n_columns <= WL_TABLE_COLUMNS_MAX);
    if (table == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read %s", path);
    }
    table->alloc = alloc;
    table->path = path;
    table->options = options;
    wl_buf_init(&table->first, alloc, 0);
    wl_buf_init(&table->keys, alloc, 0);
    for (size_t i = 0; i < WL_TABLE_COLUMNS_MAX; i++) {
        wl_buf_init(&table->joined[i], alloc, 0);
    }
    wl_arena_init(&table->arena_row, alloc, 0);
    wl_status status = wl_lines_open(path, alloc, &table->lines, error);
    if (status == WL_OK) {
        status = read_start(table, error);
    }
    if (status != WL_OK) {
        wl_table_close(table);
        return status;
    }
    *table_out = table;
    return WL_OK;
}

void wl_table_close(struct wl_table *table)
{
    if (table == NULL) {
        return;
    }
    wl_csv_close(table->csv);
    wl_lines_close(table->lines);
    wl_arena_release(&table->arena_row);
    for (size_t i = 0; i < WL_TABLE_COLUMNS_MAX; i++) {
        wl_buf_release(&table->joined[i]);
    }
    wl_buf_release(&table->keys);
    wl_buf_release(&table->first);
    wl_alloc_free(table->alloc, table);
}

static wl_status next_csv(struct wl_table *table, struct wl_table_row *row, bool *got,
                          wl_error *error)
{
    struct wl_csv_row csv_row;

    WL_TRY(wl_csv_next(table->csv, &csv_row, got, error));
    if (!*got) {
        return WL_OK;
    }
    *row = (struct wl_table_row){.i_line = csv_row.i_line};
    if (csv_row.problem != WL_CSV_GOOD) {
        row->reject = wl_reject_of_csv(csv_row.problem);
    } else if (csv_row.n_cells != table->n_header) {
        row->reject = WL_REJECT_COLUMNS;
    } else {
        for (size_t i = 0; i < table->options->n_columns; i++) {
            table->cells[i] =
                (struct wl_table_cell){.text = wl_str_trim(csv_row.cells[table->i_cell[i]])};
        }
        row->cells = table->cells;
    }
    return WL_OK;
}

static struct wl_table_cell json_cell(struct wl_table *table, const struct wl_node *root, size_t i)
{
    struct wl_buf *joined = &table->joined[i];
    const struct wl_node *node = wl_run_path(root, wl_str_from(table->options->columns[i]));

    if (node == NULL) {
        return (struct wl_table_cell){.text = WL_STR("")};
    }
    table->is_seen[i] = true;
    if (node->kind != WL_NODE_LIST) {
        bool is_text = node->kind != WL_NODE_NULL && node->kind != WL_NODE_MAP;
        return (struct wl_table_cell){.text = is_text ? wl_str_trim(node->text) : WL_STR("")};
    }
    wl_buf_clear(joined);
    for (const struct wl_node *item = node->first; item != NULL; item = item->next) {
        wl_buf_text(joined, joined->n_bytes > 0 ? ";" : "");
        wl_buf_str(joined, wl_str_trim(item->text));
    }
    return (struct wl_table_cell){.text = wl_buf_view(joined), .is_list = true};
}

// Names to choose from when a column turns out to be in no line.
static void keep_keys(struct wl_table *table, const struct wl_node *root)
{
    for (const struct wl_node *item = root->first; item != NULL && table->keys.n_bytes < 4096;
         item = item->next) {
        wl_buf_str(&table->keys, item->key);
        wl_buf_char(&table->keys, '\0');
    }
}

static wl_status check_seen(struct wl_table *table, wl_error *error)
{
    const char *names[WL_COLUMNS_MAX + 1] = {NULL};
    size_t n = 0;

    for (size_t at = 0; at < table->keys.n_bytes; at += strlen(table->keys.data + at) + 1) {
        names[n++] = table->keys.data + at;
    }
    for (size_t i = 0; i < table->options->n_columns && n > 0; i++) {
        if (!table->is_seen[i]) {
            return fail_column(table, table->options->columns[i], names, error);
        }
    }
    return WL_OK;
}

static wl_status take_json(struct wl_table *table, struct wl_str line, struct wl_table_row *row,
                           wl_error *error)
{
    struct wl_node *root = NULL;
    wl_error inner = {0}; // a line that is not JSON is a bad row, not a failure

    wl_arena_reset(&table->arena_row);
    wl_status status = wl_json_parse(&table->arena_row, line, &root, &inner);
    if (status == WL_ENOMEM) {
        return wl_fail(error, status, "%s", inner.message);
    }
    if (status != WL_OK || root->kind != WL_NODE_MAP) {
        row->reject = status != WL_OK ? WL_REJECT_NOT_JSON : WL_REJECT_NOT_OBJECT;
        return WL_OK;
    }
    if (table->keys.n_bytes == 0) {
        keep_keys(table, root);
    }
    for (size_t i = 0; i < table->options->n_columns; i++) {
        table->cells[i] = json_cell(table, root, i);
        WL_TRY(wl_buf_check(&table->joined[i], error));
    }
    row->cells = table->cells;
    return wl_buf_check(&table->keys, error);
}

static wl_status next_json(struct wl_table *table, struct wl_table_row *row, bool *got,
                           wl_error *error)
{
    struct wl_str line;

    do {
        WL_TRY(next_line(table, &line, got, error));
        if (!*got) {
            return check_seen(table, error);
        }
    } while (wl_str_trim(line).n_bytes == 0);
    *row = (struct wl_table_row){.i_line = wl_lines_number(table->lines)};
    return take_json(table, line, row, error);
}

wl_status wl_table_next(struct wl_table *table, struct wl_table_row *row, bool *got,
                        wl_error *error)
{
    return table->csv != NULL ? next_csv(table, row, got, error)
                              : next_json(table, row, got, error);
}

double wl_table_share(const struct wl_table *table)
{
    return wl_lines_share(table->lines);
}
