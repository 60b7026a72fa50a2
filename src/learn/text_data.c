/* Rows go into columns as they come; labels and copies are numbered by dictionaries. What a set is
 * (one label a text or several) shows only when every file is read, so labels are kept as lists
 * until then. */
#include "learn/text_data.h"

#include "base/limits.h"
#include "text/normalise.h"

#include <stdlib.h>
#include <string.h>

#define TOLD_MAX 5 // bad rows told one by one; the rest is in the counts

void wl_text_data_init(struct wl_text_data *data, const wl_alloc *alloc)
{
    *data = (struct wl_text_data){.alloc = alloc};
    wl_arena_init(&data->arena, alloc, (size_t)1 << 20);
    wl_dict_init(&data->label_dict, alloc);
    wl_dict_init(&data->group_dict, alloc);
    wl_dict_init(&data->key_dict, alloc);
}

void wl_text_data_release(struct wl_text_data *data)
{
    if (data->alloc == NULL) {
        return;
    }
    wl_alloc_free(data->alloc, data->texts);
    wl_alloc_free(data->alloc, data->keys);
    wl_alloc_free(data->alloc, data->groups);
    wl_alloc_free(data->alloc, data->first);
    wl_alloc_free(data->alloc, data->items);
    wl_alloc_free(data->alloc, data->is_test);
    wl_alloc_free(data->alloc, data->lines);
    wl_alloc_free(data->alloc, data->files);
    wl_dict_release(&data->label_dict);
    wl_dict_release(&data->group_dict);
    wl_dict_release(&data->key_dict);
    wl_arena_release(&data->arena);
    *data = (struct wl_text_data){0};
}

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for labelled texts");
}

/* ---- reading ---- */

static void count_reject(struct wl_text_rejects *rejects, enum wl_reject reason, const char *file,
                         size_t i_line)
{
    rejects->n_rejected++;
    if (rejects->n_by_reason[reason]++ == 0) {
        rejects->first_line[reason] = i_line;
        rejects->first_file[reason] = file;
    }
}

// Columns that grow together: one item more in each.
static wl_status make_room(struct wl_text_data *data, wl_error *error)
{
    size_t n = data->n + 1;

    if (n >= UINT32_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %u texts", UINT32_MAX - 1);
    }
    WL_TRY(WL_GROW(data->alloc, data->first, data->first_capacity, n + 1, error));
    size_t capacity = data->capacity;
    WL_TRY(WL_GROW(data->alloc, data->texts, capacity, n, error));
    capacity = data->capacity;
    WL_TRY(WL_GROW(data->alloc, data->keys, capacity, n, error));
    capacity = data->capacity;
    WL_TRY(WL_GROW(data->alloc, data->groups, capacity, n, error));
    capacity = data->capacity;
    WL_TRY(WL_GROW(data->alloc, data->lines, capacity, n, error));
    capacity = data->capacity;
    WL_TRY(WL_GROW(data->alloc, data->files, capacity, n, error));
    WL_TRY(WL_GROW(data->alloc, data->is_test, data->capacity, n, error));
    return WL_OK;
}

static wl_status add_label(struct wl_text_data *data, struct wl_str name, wl_error *error)
{
    size_t begin = data->first[data->n];
    size_t end = data->first[data->n + 1];
    uint32_t id = 0;

    WL_TRY(wl_dict_intern(&data->label_dict, name, &id, error));
    if (data->label_dict.n_strings > WL_TEXT_LABELS_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %d labels; is this the column of the label?",
                       WL_TEXT_LABELS_MAX);
    }
    for (size_t i = begin; i < end; i++) {
        if (data->items[i] == id) {
            return WL_OK;
        }
    }
    WL_TRY(WL_GROW(data->alloc, data->items, data->items_capacity, end + 1, error));
    data->items[end] = id;
    data->first[data->n + 1] = (uint32_t)end + 1;
    return WL_OK;
}

static wl_status add_labels(struct wl_text_data *data, const struct wl_table_cell *cell,
                            wl_error *error)
{
    struct wl_str rest = cell->text;

    data->first[data->n] = data->n > 0 ? data->first[data->n] : 0;
    data->first[data->n + 1] = data->first[data->n];
    while (rest.n_bytes > 0) {
        struct wl_str name = wl_str_trim(wl_str_cut(&rest, ';'));
        if (name.n_bytes > 0) {
            WL_TRY(add_label(data, name, error));
        }
    }
    data->is_many |= cell->is_list || data->first[data->n + 1] - data->first[data->n] > 1;
    return WL_OK;
}

struct reader {
    struct wl_text_data *data;
    const struct wl_text_source *source;
    const char *path;
    bool is_test;
    struct wl_normal normal;
    size_t i_label; // of the cells; 0: none
    size_t i_group;
};

static wl_status add_row(struct reader *reader, const struct wl_table_row *row, wl_error *error)
{
    static const struct wl_table_cell none = {.text = {NULL, 0}};
    const struct wl_table_cell *cells = row->cells;
    struct wl_text_data *data = reader->data;

    WL_TRY(make_room(data, error));
    WL_TRY(add_labels(data, reader->i_label > 0 ? &cells[reader->i_label] : &none, error));
    WL_TRY(wl_normal_set(&reader->normal, cells[0].text, error));
    WL_TRY(wl_dict_intern(&data->key_dict, wl_buf_view(&reader->normal.text), &data->keys[data->n],
                          error));
    data->groups[data->n] = 0;
    if (reader->i_group > 0) {
        WL_TRY(wl_dict_intern(&data->group_dict, cells[reader->i_group].text,
                              &data->groups[data->n], error));
    }
    data->texts[data->n].n_bytes = cells[0].text.n_bytes;
    data->texts[data->n].data = wl_arena_string(&data->arena, cells[0].text);
    if (data->texts[data->n].data == NULL) {
        return fail_memory(error);
    }
    data->is_test[data->n] = reader->is_test;
    data->lines[data->n] = row->i_line < UINT32_MAX ? (uint32_t)row->i_line : UINT32_MAX;
    data->files[data->n] = reader->path;
    data->n++;
    return WL_OK;
}

static wl_status take_row(struct reader *reader, const struct wl_table_row *row,
                          const struct wl_sink *sink, wl_error *error)
{
    struct wl_text_rejects *rejects = &reader->data->rejects;
    enum wl_reject reason = row->reject;

    rejects->n_read++;
    if (reason == WL_REJECT_NONE && row->cells[0].text.n_bytes == 0) {
        reason = WL_REJECT_TEXT_MISSING;
    }
    if (reason == WL_REJECT_NONE && reader->i_group > 0 &&
        row->cells[reader->i_group].text.n_bytes == 0) {
        reason = WL_REJECT_GROUP_MISSING;
    }
    if (reason == WL_REJECT_NONE) {
        return add_row(reader, row, error);
    }
    count_reject(rejects, reason, reader->path, row->i_line);
    if (rejects->n_rejected <= TOLD_MAX) {
        wl_notice(sink, "%s:%zu: row left out: %s", reader->path, row->i_line,
                  wl_reject_text(reason, "en"));
    }
    return WL_OK;
}

static wl_status read_rows(struct reader *reader, struct wl_table *table,
                           const struct wl_sink *sink, wl_error *error)
{
    struct wl_table_row row;
    bool got = true;

    for (;;) {
        WL_TRY(wl_table_next(table, &row, &got, error));
        if (!got) {
            return WL_OK;
        }
        WL_TRY(take_row(reader, &row, sink, error));
        if (reader->data->rejects.n_read % 65536 == 0) {
            wl_progress(sink, reader->path, wl_table_share(table));
        }
    }
}

wl_status wl_text_data_read(struct wl_text_data *data, const char *path,
                            const struct wl_text_source *source, bool is_test,
                            const struct wl_sink *sink, wl_error *error)
{
    const char *columns[3] = {source->text, NULL, NULL};
    struct wl_table_options options = source->table;
    struct reader reader = {.data = data, .source = source, .path = path, .is_test = is_test};
    struct wl_table *table = NULL;
    wl_status status = WL_OK;

    options.columns = columns;
    options.n_columns = 1;
    if (source->label != NULL) {
        reader.i_label = options.n_columns;
        columns[options.n_columns++] = source->label;
    }
    if (source->group != NULL) {
        reader.i_group = options.n_columns;
        columns[options.n_columns++] = source->group;
    }
    data->has_groups = source->group != NULL;
    data->is_many |= source->is_many;
    wl_normal_init(&reader.normal, data->alloc);
    WL_GO(wl_table_open(path, &options, data->alloc, &table, error));
    status = read_rows(&reader, table, sink, error);
done:
    wl_table_close(table);
    wl_normal_release(&reader.normal);
    return status;
}

void wl_text_rejects_tell(const struct wl_text_rejects *rejects, const struct wl_sink *sink)
{
    for (size_t i = 0; i < WL_REJECT_COUNT; i++) {
        if (rejects->n_by_reason[i] > 0) {
            wl_notice(sink, "%zu of %zu rows left out: %s (first at %s:%zu)",
                      rejects->n_by_reason[i], rejects->n_read,
                      wl_reject_text((enum wl_reject)i, "en"), rejects->first_file[i],
                      rejects->first_line[i]);
        }
    }
}

/* ---- settling ---- */

static int compare_items(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return (*left > *right) - (*left < *right);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Number of a name among sorted or given names, or WL_TEXT_NO_LABEL.
static uint32_t number_of(const char *const *names, size_t n_labels, struct wl_str name)
{
    for (size_t i = 0; i < n_labels; i++) {
        if (wl_str_is(name, names[i])) {
            return (uint32_t)i;
        }
    }
    return WL_TEXT_NO_LABEL;
}

static wl_status fail_no_rows(const struct wl_text_data *data, wl_error *error)
{
    const struct wl_text_rejects *rejects = &data->rejects;
    size_t most = 0;

    for (size_t i = 0; i < WL_REJECT_COUNT; i++) {
        most = rejects->n_by_reason[i] > rejects->n_by_reason[most] ? i : most;
    }
    if (rejects->n_rejected == 0) {
        return wl_fail(error, WL_EREJECTS, "no texts: the files have no rows");
    }
    return wl_fail(error, WL_EREJECTS,
                   "no texts left of %zu rows; most often: %s (first at %s:%zu)", rejects->n_read,
                   wl_reject_text((enum wl_reject)most, "en"), rejects->first_file[most],
                   rejects->first_line[most]);
}

static void move_row(struct wl_text_data *data, size_t from, size_t to)
{
    data->texts[to] = data->texts[from];
    data->keys[to] = data->keys[from];
    data->groups[to] = data->groups[from];
    data->is_test[to] = data->is_test[from];
    data->lines[to] = data->lines[from];
    data->files[to] = data->files[from];
}

static enum wl_reject reject_of_row(const struct wl_text_data *data, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        if (data->items[i] == WL_TEXT_NO_LABEL) {
            return WL_REJECT_LABEL_UNKNOWN;
        }
    }
    return begin == end && data->task == WL_TEXT_ONE ? WL_REJECT_LABEL_MISSING : WL_REJECT_NONE;
}

// Renumber the labels of every row and close the gaps of rows that then cannot stay.
static void renumber(struct wl_text_data *data, const uint32_t *number)
{
    size_t n_kept = 0;
    uint32_t n_items = 0;
    uint32_t begin = 0;

    for (size_t i = 0; i < data->n; i++) {
        uint32_t end = data->first[i + 1];
        for (uint32_t k = begin; k < end; k++) {
            data->items[k] = number[data->items[k]];
        }
        enum wl_reject reason = reject_of_row(data, begin, end);
        if (reason != WL_REJECT_NONE) {
            count_reject(&data->rejects, reason, data->files[i], data->lines[i]);
        } else {
            move_row(data, i, n_kept);
            for (uint32_t k = begin; k < end; k++) {
                data->items[n_items + k - begin] = data->items[k];
            }
            n_items += end - begin;
            data->first[++n_kept] = n_items;
            qsort(data->items + n_items - (end - begin), end - begin, sizeof(*data->items),
                  compare_items);
        }
        begin = end;
    }
    data->n = n_kept;
}

static wl_status settle_rows(struct wl_text_data *data, const char *const *names, wl_error *error)
{
    size_t n_seen = data->label_dict.n_strings;
    uint32_t *number = wl_arena_zeroed(&data->arena, n_seen, sizeof(*number));

    if (number == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n_seen; i++) {
        number[i] =
            number_of(names, data->n_labels, wl_dict_string(&data->label_dict, (uint32_t)i));
    }
    if (data->n > 0) {
        renumber(data, number);
    }
    return data->n > 0 ? WL_OK : fail_no_rows(data, error);
}

wl_status wl_text_data_settle(struct wl_text_data *data, wl_error *error)
{
    size_t n = data->label_dict.n_strings;

    data->names = wl_arena_zeroed(&data->arena, n, sizeof(*data->names));
    if (data->names == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        data->names[i] =
            wl_arena_string(&data->arena, wl_dict_string(&data->label_dict, (uint32_t)i));
        if (data->names[i] == NULL) {
            return fail_memory(error);
        }
    }
    if (n > 0) {
        qsort(data->names, n, sizeof(*data->names), compare_names);
    }
    data->n_labels = n;
    data->task = data->is_many ? WL_TEXT_ANY : WL_TEXT_ONE;
    WL_TRY(settle_rows(data, data->names, error));
    if (data->n_labels < 2) {
        return wl_fail(error, WL_EGATE,
                       "all %zu texts have the label \"%s\": nothing to tell apart", data->n,
                       data->n_labels == 1 ? data->names[0] : "");
    }
    return WL_OK;
}

wl_status wl_text_data_fit(struct wl_text_data *data, const char *const *names, size_t n_labels,
                           enum wl_text_task task, wl_error *error)
{
    data->names = wl_arena_zeroed(&data->arena, n_labels, sizeof(*data->names));
    if (data->names == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n_labels; i++) {
        data->names[i] = names[i];
    }
    data->n_labels = n_labels;
    data->task = task;
    return settle_rows(data, names, error);
}

/* ---- reading out ---- */

uint32_t wl_text_data_label(const struct wl_text_data *data, size_t i)
{
    WL_DCHECK(data->task == WL_TEXT_ONE);
    return data->items[data->first[i]];
}

bool wl_text_data_has(const struct wl_text_data *data, size_t i, uint32_t label)
{
    for (uint32_t k = data->first[i]; k < data->first[i + 1]; k++) {
        if (data->items[k] == label) {
            return true;
        }
    }
    return false;
}

wl_status wl_text_data_set(const struct wl_text_data *data, const uint32_t *rows, size_t n_rows,
                           const uint32_t *units, struct wl_arena *arena, struct wl_text_set *set,
                           wl_error *error)
{
    bool is_any = data->task == WL_TEXT_ANY;
    struct wl_str *texts = wl_arena_zeroed(arena, n_rows, sizeof(*texts));
    uint32_t *labels = wl_arena_zeroed(arena, n_rows, sizeof(*labels));
    uint32_t *groups = wl_arena_zeroed(arena, n_rows, sizeof(*groups));
    uint8_t *marks = wl_arena_zeroed(arena, is_any ? n_rows : 1, data->n_labels);

    if (texts == NULL || labels == NULL || groups == NULL || marks == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n_rows; i++) {
        size_t row = rows[i];
        texts[i] = data->texts[row];
        groups[i] = units != NULL ? units[row] : 0;
        for (uint32_t k = data->first[row]; k < data->first[row + 1]; k++) {
            labels[i] = data->items[k];
            if (is_any) {
                marks[i * data->n_labels + data->items[k]] = 1;
            }
        }
    }
    *set = (struct wl_text_set){.texts = texts,
                                .labels = is_any ? NULL : labels,
                                .marks = is_any ? marks : NULL,
                                .groups = units != NULL ? groups : NULL,
                                .n = n_rows,
                                .names = (const char *const *)data->names,
                                .n_labels = data->n_labels,
                                .task = data->task};
    return WL_OK;
}
