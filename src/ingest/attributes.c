/* What is known of a customer. JSON says of each value what it is. CSV does not: a column is a
 * number when every cell of it that is not empty reads as one, whatever the order of rows, so cells
 * wait until the file is read. Their texts are interned, so a waiting cell costs 24 bytes. */
#include "ingest/run.h"

#include <stdio.h>
#include <string.h>

static bool has_name(const struct wl_texts *list, struct wl_str name)
{
    for (size_t i = 0; i < list->n_items; i++) {
        if (wl_str_is(name, list->items[i])) {
            return true;
        }
    }
    return false;
}

static enum wl_run_declared declared_of(const struct wl_source *source, struct wl_str name)
{
    if (has_name(&source->number, name)) {
        return WL_DECLARED_NUMBER;
    }
    if (has_name(&source->category, name)) {
        return WL_DECLARED_CATEGORY;
    }
    return has_name(&source->boolean, name) ? WL_DECLARED_BOOL : WL_DECLARED_NOT;
}

static bool is_mapped(const struct wl_source *source, struct wl_str name)
{
    const char *const mapped[] = {source->user, source->time, source->received, source->message_id};

    for (size_t i = 0; i < sizeof(mapped) / sizeof(mapped[0]); i++) {
        if (mapped[i] != NULL && wl_str_is(name, mapped[i])) {
            return true;
        }
    }
    return false;
}

static bool is_attribute(const struct wl_source *source, struct wl_str name)
{
    if (has_name(&source->drop, name)) {
        return false;
    }
    return source->all_attributes ? !is_mapped(source, name) : has_name(&source->attributes, name);
}

static bool read_bool(struct wl_str text, double *number)
{
    static const struct {
        const char *text;
        double number;
    } words[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0}, {"1", 1},    {"0", 0},
                 {"True", 1}, {"False", 0}, {"Yes", 1}, {"No", 0}, {"TRUE", 1}, {"FALSE", 0},
                 {"YES", 1},  {"NO", 0},    {"是", 1},  {"否", 0}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (wl_str_is(text, words[i].text)) {
            *number = words[i].number;
            return true;
        }
    }
    return false;
}

// Value of a declared kind; the text of a category is interned by the caller.
static bool read_declared(enum wl_run_declared declared, struct wl_str text,
                          struct wl_attribute *attribute)
{
    switch (declared) {
    case WL_DECLARED_NUMBER:
        attribute->kind = WL_VALUE_NUMBER;
        return wl_str_to_double(text, &attribute->number);
    case WL_DECLARED_BOOL:
        attribute->kind = WL_VALUE_BOOL;
        return read_bool(text, &attribute->number);
    case WL_DECLARED_NOT:
    case WL_DECLARED_CATEGORY: break;
    }
    attribute->kind = WL_VALUE_STRING;
    return true;
}

static wl_status add_attribute(struct wl_run *run, struct wl_str name, struct wl_str text,
                               struct wl_attribute *attribute, wl_error *error)
{
    struct wl_company *company = run->company;

    attribute->string = WL_ID_NONE;
    if (attribute->kind == WL_VALUE_STRING) {
        WL_TRY(wl_dict_intern(&company->strings, text, &attribute->string, error));
    }
    WL_TRY(wl_dict_intern(&company->attribute_names, name, &attribute->key, error));
    WL_TRY(wl_company_add_attribute(company, attribute, error));
    run->report->n_attributes++;
    return WL_OK;
}

// Is this customer row new? A copy known earlier takes its attributes back to that time.
static wl_status see_customer(struct wl_run *run, const struct wl_run_draft *draft,
                              uint64_t content, enum wl_verdict *verdict, wl_error *error)
{
    struct wl_str id = {.data = (const char *)&content, .n_bytes = sizeof(content)};
    bool has_id = draft->message_id.n_bytes > 0;
    struct wl_known_message message = {
        .key = wl_message_key(draft->user, has_id ? draft->message_id : id),
        .time_us = draft->received_us,
        .received_us = draft->received_us,
        .value_e4 = WL_VALUE_NONE,
        .i_record = run->n_spans};
    size_t i_known = 0;

    WL_TRY(wl_dedupe_see(&run->customers, &message, verdict, &i_known, error));
    run->is_duplicate = *verdict != WL_VERDICT_NEW;
    if (*verdict == WL_VERDICT_BETTER) {
        struct wl_run_span span = run->spans[i_known];
        for (size_t i = 0; i < span.n; i++) {
            run->company->attributes.items[span.first + i].known_us = draft->received_us;
        }
    }
    if (*verdict != WL_VERDICT_NEW) {
        return WL_OK;
    }
    WL_TRY(WL_GROW(run->alloc, run->spans, run->spans_capacity, run->n_spans + 1, error));
    run->spans[run->n_spans++] =
        (struct wl_run_span){.first = run->company->attributes.n_attributes};
    struct wl_ingest_report *report = run->report;
    if (report->first_us == WL_TIME_NONE || draft->received_us < report->first_us) {
        report->first_us = draft->received_us;
    }
    if (report->last_us == WL_TIME_NONE || draft->received_us > report->last_us) {
        report->last_us = draft->received_us;
    }
    return WL_OK;
}

/* JSON. The tree is walked twice: once to check and hash it, once to make records. */

struct walk {
    struct wl_run *run;
    struct wl_attribute attribute; // user and known_us
    bool is_making;
    uint64_t content;
    wl_error *error;
};

static wl_status walk_value(struct walk *walk, struct wl_str name, const struct wl_node *node)
{
    struct wl_run *run = walk->run;
    enum wl_run_declared declared = declared_of(run->source, name);
    struct wl_attribute attribute = walk->attribute;
    bool is_good = true;

    if (node->kind == WL_NODE_NULL || wl_str_trim(node->text).n_bytes == 0) {
        attribute.kind = WL_VALUE_MISSING;
    } else if (declared != WL_DECLARED_NOT || node->kind == WL_NODE_STRING) {
        is_good = node->text.n_bytes <= WL_CELL_BYTES_MAX &&
                  read_declared(declared, wl_str_trim(node->text), &attribute);
    } else {
        attribute.kind = node->kind == WL_NODE_BOOL ? WL_VALUE_BOOL : WL_VALUE_NUMBER;
        attribute.number = node->number;
    }
    if (walk->is_making) {
        return add_attribute(run, name, wl_str_trim(node->text), &attribute, walk->error);
    }
    if (!is_good) {
        (void)wl_run_reject(run, WL_REJECT_ATTRIBUTE_BAD, NULL, &node->text);
    }
    walk->content = wl_str_hash(node->text, wl_str_hash(name, walk->content));
    return WL_OK;
}

static wl_status join_name(struct walk *walk, struct wl_str prefix, struct wl_str key,
                           struct wl_str *name)
{
    size_t n = prefix.n_bytes + 1 + key.n_bytes;
    char *text = wl_arena_alloc(&walk->run->arena_row, n);

    if (text == NULL) {
        return wl_fail(walk->error, WL_ENOMEM, "no memory for an attribute");
    }
    memcpy(text, prefix.data, prefix.n_bytes);
    text[prefix.n_bytes] = '.';
    memcpy(text + prefix.n_bytes + 1, key.data, key.n_bytes);
    *name = (struct wl_str){.data = text, .n_bytes = n};
    return WL_OK;
}

static wl_status walk_map(struct walk *walk, struct wl_str prefix, const struct wl_node *map)
{
    for (const struct wl_node *node = map->first; node != NULL; node = node->next) {
        struct wl_str name = node->key;
        if (name.n_bytes == 0) {
            continue; // an attribute without a name cannot be asked for
        }
        if (prefix.n_bytes > 0) {
            WL_TRY(join_name(walk, prefix, node->key, &name));
        }
        if (node->kind == WL_NODE_MAP) {
            WL_TRY(walk_map(walk, name, node)); // depth is bounded by WL_NODE_DEPTH_MAX
        } else if (!is_attribute(walk->run->source, name)) {
            continue;
        } else if (node->kind == WL_NODE_LIST) {
            walk->run->report->n_skipped_values += walk->is_making;
        } else {
            WL_TRY(walk_value(walk, name, node));
        }
    }
    return WL_OK;
}

wl_status wl_run_add_tree(struct wl_run *run, const struct wl_run_draft *draft,
                          const struct wl_node *tree, wl_error *error)
{
    struct walk walk = {.run = run, .error = error};
    struct wl_str no_prefix = {.data = NULL, .n_bytes = 0};
    enum wl_verdict verdict;

    WL_TRY(walk_map(&walk, no_prefix, tree));
    if (run->rejected.reason != WL_REJECT_NONE) {
        return WL_OK;
    }
    WL_TRY(see_customer(run, draft, walk.content, &verdict, error));
    if (verdict != WL_VERDICT_NEW) {
        return WL_OK;
    }
    walk.attribute.known_us = draft->received_us;
    walk.is_making = true;
    WL_TRY(wl_dict_intern(&run->company->users, draft->user, &walk.attribute.user, error));
    WL_TRY(walk_map(&walk, no_prefix, tree));
    struct wl_run_span *span = &run->spans[run->n_spans - 1];
    span->n = run->company->attributes.n_attributes - span->first;
    return WL_OK;
}

/* CSV. */

wl_status wl_run_plan_attributes(struct wl_run *run, const struct wl_str *header, size_t n_columns,
                                 wl_error *error)
{
    struct wl_run_attribute *columns =
        wl_arena_zeroed(&run->arena_file, n_columns + 1, sizeof(*columns));
    size_t n = 0;

    if (columns == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu attributes", n_columns);
    }
    for (size_t i = 0; i < n_columns; i++) {
        if (header[i].n_bytes == 0 || !is_attribute(run->source, header[i])) {
            continue;
        }
        const char *name = wl_arena_string(&run->arena_file, header[i]);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu attributes", n_columns);
        }
        columns[n++] = (struct wl_run_attribute){.name = wl_str_from(name),
                                                 .i_cell = i,
                                                 .declared = declared_of(run->source, header[i])};
    }
    run->attribute_columns = columns;
    run->n_attribute_columns = n;
    return WL_OK;
}

static bool check_cell(struct wl_run *run, const struct wl_run_attribute *column,
                       struct wl_str cell)
{
    struct wl_attribute ignored;

    if (cell.n_bytes > WL_CELL_BYTES_MAX) {
        return wl_run_reject(run, WL_REJECT_CELL_LONG, column->name.data, NULL);
    }
    if (cell.n_bytes > 0 && !read_declared(column->declared, cell, &ignored)) {
        return wl_run_reject(run, WL_REJECT_ATTRIBUTE_BAD, column->name.data, &cell);
    }
    return true;
}

static wl_status add_pending(struct wl_run *run, uint32_t user, size_t i_column, struct wl_str cell,
                             int64_t known_us, wl_error *error)
{
    struct wl_run_attribute *column = &run->attribute_columns[i_column];
    struct wl_run_pending pending = {
        .user = user, .i_column = (uint32_t)i_column, .known_us = known_us};
    double number;

    if (cell.n_bytes > 0) {
        bool is_number = wl_str_to_double(cell, &number);
        column->n_numbers += is_number;
        column->n_others += !is_number;
    }
    WL_TRY(wl_dict_intern(&run->cell_texts, cell, &pending.text, error));
    WL_TRY(WL_GROW(run->alloc, run->pending, run->pending_capacity, run->n_pending + 1, error));
    run->pending[run->n_pending++] = pending;
    return WL_OK;
}

wl_status wl_run_add_cells(struct wl_run *run, const struct wl_run_draft *draft,
                           const struct wl_run_row *row, wl_error *error)
{
    uint64_t content = (uint64_t)draft->received_us;
    enum wl_verdict verdict;
    uint32_t user;

    for (size_t i = 0; i < run->n_attribute_columns; i++) {
        struct wl_str cell = wl_str_trim(row->cells[run->attribute_columns[i].i_cell]);
        if (!check_cell(run, &run->attribute_columns[i], cell)) {
            return WL_OK;
        }
        content = wl_str_hash(cell, content);
    }
    WL_TRY(see_customer(run, draft, content, &verdict, error));
    if (verdict != WL_VERDICT_NEW) {
        return WL_OK;
    }
    WL_TRY(wl_dict_intern(&run->company->users, draft->user, &user, error));
    for (size_t i = 0; i < run->n_attribute_columns; i++) {
        struct wl_str cell = wl_str_trim(row->cells[run->attribute_columns[i].i_cell]);
        WL_TRY(add_pending(run, user, i, cell, draft->received_us, error));
    }
    return WL_OK;
}

static void note_mixed(struct wl_ingest_report *report, const struct wl_run_attribute *column)
{
    size_t n = strlen(report->mixed);

    report->n_mixed++;
    (void)snprintf(report->mixed + n, sizeof(report->mixed) - n, "%s%.*s", n > 0 ? ", " : "",
                   WL_STR_ARG(column->name));
}

// A column that was not declared is a number when all its cells are; otherwise a category.
static void settle_columns(struct wl_run *run)
{
    for (size_t i = 0; i < run->n_attribute_columns; i++) {
        struct wl_run_attribute *column = &run->attribute_columns[i];
        if (column->declared == WL_DECLARED_NOT) {
            bool is_number = column->n_others == 0 && column->n_numbers > 0;
            column->declared = is_number ? WL_DECLARED_NUMBER : WL_DECLARED_CATEGORY;
            if (column->n_others > 0 && column->n_numbers > 0) {
                note_mixed(run->report, column);
            }
        }
    }
}

wl_status wl_run_settle_attributes(struct wl_run *run, wl_error *error)
{
    settle_columns(run);
    for (size_t i = 0; i < run->n_pending; i++) {
        const struct wl_run_pending *pending = &run->pending[i];
        const struct wl_run_attribute *column = &run->attribute_columns[pending->i_column];
        struct wl_attribute attribute = {
            .user = pending->user, .known_us = pending->known_us, .kind = WL_VALUE_MISSING};
        struct wl_str text = wl_dict_string(&run->cell_texts, pending->text);
        if (text.n_bytes > 0) {
            (void)read_declared(column->declared, text, &attribute); // checked when it was read
        }
        WL_TRY(add_attribute(run, column->name, text, &attribute, error));
        WL_TRY(wl_run_flush_full(run, error));
    }
    run->n_pending = 0;
    return WL_OK;
}
