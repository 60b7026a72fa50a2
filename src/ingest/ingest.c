/* One pass over one file. Memory holds one batch: records go to the flush callback as soon as there
 * are enough of them, so the size of a file does not matter. */
#include "ingest/ingest.h"

#include "base/file.h"
#include "ingest/run.h"

#define BATCH_RECORDS  ((size_t)1 << 18) // 256 K events are about 15 MiB and a second of work
#define PROGRESS_EVERY 65536             // rows between two progress lines

void wl_ingest_options_init(struct wl_ingest_options *options)
{
    *options = (struct wl_ingest_options){.reject_share_max = WL_REJECT_SHARE_MAX,
                                          .dedupe_window_us = WL_DEDUPE_WINDOW_US,
                                          .batch_records = BATCH_RECORDS};
}

static void start_dedupe(struct wl_run *run)
{
    int64_t window_us = run->options->dedupe_window_us;

    wl_dedupe_init(&run->events, run->alloc, window_us);
    wl_dedupe_init(&run->texts, run->alloc, window_us);
    wl_dedupe_init(&run->customers, run->alloc, window_us);
    run->n_spans = 0;
}

// What an earlier file left in the company counts as seen.
static wl_status seed_dedupe(struct wl_run *run, wl_error *error)
{
    const struct wl_events *events = &run->company->events;
    const struct wl_texts_log *texts = &run->company->texts;
    enum wl_verdict verdict;
    size_t i_known;

    for (size_t i = 0; i < events->n_events; i++) {
        struct wl_known_message message = {.key = events->message_key[i],
                                           .time_us = events->event_us[i],
                                           .received_us = events->received_us[i],
                                           .value_e4 = events->value_e4[i],
                                           .i_record = i};
        WL_TRY(wl_dedupe_see(&run->events, &message, &verdict, &i_known, error));
    }
    for (size_t i = 0; i < texts->n_texts; i++) {
        struct wl_known_message message = {.key = texts->texts[i].message_key,
                                           .time_us = texts->texts[i].text_us,
                                           .received_us = texts->texts[i].received_us,
                                           .value_e4 = WL_VALUE_NONE,
                                           .i_record = i};
        WL_TRY(wl_dedupe_see(&run->texts, &message, &verdict, &i_known, error));
    }
    return WL_OK;
}

static void stop_dedupe(struct wl_run *run)
{
    wl_dedupe_release(&run->events);
    wl_dedupe_release(&run->texts);
    wl_dedupe_release(&run->customers);
}

static void release_run(struct wl_run *run)
{
    stop_dedupe(run);
    wl_map64_release(&run->id_users);
    wl_dict_release(&run->cell_texts);
    wl_alloc_free(run->alloc, run->spans);
    wl_alloc_free(run->alloc, run->pending);
    wl_arena_release(&run->arena_file);
    wl_arena_release(&run->arena_row);
}

wl_status wl_run_flush(struct wl_run *run, wl_error *error)
{
    if (run->options->flush == NULL) {
        return WL_OK;
    }
    WL_TRY(run->options->flush(run->options->flush_context, run->company, error));
    wl_company_clear(run->company);
    stop_dedupe(run);
    start_dedupe(run);
    return WL_OK;
}

wl_status wl_run_flush_full(struct wl_run *run, wl_error *error)
{
    const struct wl_company *company = run->company;
    size_t n_records =
        company->events.n_events + company->texts.n_texts + company->attributes.n_attributes;
    return n_records >= run->options->batch_records ? wl_run_flush(run, error) : WL_OK;
}

static wl_status fail_rejects(const struct wl_run *run, wl_error *error)
{
    const struct wl_ingest_report *report = run->report;
    size_t most = WL_REJECT_NONE;

    for (size_t i = 0; i < WL_REJECT_COUNT; i++) {
        most = report->n_by_reason[i] > report->n_by_reason[most] ? i : most;
    }
    return wl_fail(
        error, WL_EREJECTS,
        "%s: %llu of %llu rows rejected (%.3g %%, at most %.3g %% may be); most often: %s "
        "(%llu, first at line %llu)",
        run->path, (unsigned long long)report->n_rejected, (unsigned long long)report->n_read,
        100.0 * (double)report->n_rejected / (double)report->n_read,
        100.0 * run->options->reject_share_max, wl_reject_text((enum wl_reject)most, "en"),
        (unsigned long long)report->n_by_reason[most],
        (unsigned long long)report->first_line[most]);
}

static wl_status check_share(const struct wl_run *run, bool is_end, wl_error *error)
{
    double allowed = run->options->reject_share_max * (double)run->report->n_read;
    bool is_due = is_end || run->report->n_read >= WL_REJECT_ROWS_MIN;

    return is_due && (double)run->report->n_rejected > allowed ? fail_rejects(run, error) : WL_OK;
}

static wl_status count_reject(struct wl_run *run, size_t i_line, wl_error *error)
{
    struct wl_ingest_report *report = run->report;
    enum wl_reject reason = run->rejected.reason;

    report->n_rejected++;
    report->n_by_reason[reason]++;
    if (report->first_line[reason] == 0) {
        report->first_line[reason] = i_line;
    }
    if (run->options->rejects != NULL) {
        run->rejected.file = run->path;
        run->rejected.i_line = i_line;
        WL_TRY(wl_rejects_add(run->options->rejects, &run->rejected, error));
    }
    return check_share(run, false, error);
}

static void begin_row(struct wl_run *run)
{
    run->rejected = (struct wl_rejected){.reason = WL_REJECT_NONE};
    run->is_filtered = false;
    run->is_duplicate = false;
}

static wl_status end_row(struct wl_run *run, size_t i_line, wl_error *error)
{
    struct wl_ingest_report *report = run->report;

    report->n_read++;
    if (run->rejected.reason != WL_REJECT_NONE) {
        return count_reject(run, i_line, error);
    }
    report->n_filtered += run->is_filtered;
    report->n_duplicates += run->is_duplicate;
    report->n_accepted += !run->is_filtered && !run->is_duplicate;
    return wl_run_flush_full(run, error);
}

static void note_progress(const struct wl_run *run, const struct wl_lines *lines)
{
    if (run->report->n_read % PROGRESS_EVERY == 0) {
        wl_progress(run->options->sink, run->path, wl_lines_share(lines));
    }
}

static wl_status next_line(void *context, struct wl_str *line, bool *got, wl_error *error)
{
    struct wl_lines *lines = context;
    return wl_lines_next(lines, line, got, error);
}

static wl_status fail_empty(const struct wl_run *run, wl_error *error)
{
    return wl_fail(error, WL_EPARSE, "%s: file is empty", run->path);
}

// The header, or the configured names of a file without one.
static wl_status read_header(struct wl_run *run, struct wl_csv *csv, size_t *n_columns,
                             wl_error *error)
{
    const struct wl_texts *names = &run->source->columns;
    struct wl_csv_row row;
    bool got = false;

    if (names->n_items > 0) {
        struct wl_str *header = wl_arena_zeroed(&run->arena_file, names->n_items, sizeof(*header));
        if (header == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu columns", names->n_items);
        }
        for (size_t i = 0; i < names->n_items; i++) {
            header[i] = wl_str_from(names->items[i]);
        }
        *n_columns = names->n_items;
        return wl_run_plan_csv(run, header, names->n_items, error);
    }
    WL_TRY(wl_csv_next(csv, &row, &got, error));
    if (!got) {
        return fail_empty(run, error);
    }
    if (row.problem != WL_CSV_GOOD) {
        return wl_fail(error, WL_EPARSE, "%s: line %zu is no header: %s; is this a CSV file?",
                       run->path, row.i_line, wl_reject_text(wl_reject_of_csv(row.problem), "en"));
    }
    struct wl_str *header = wl_arena_zeroed(&run->arena_file, row.n_cells, sizeof(*header));
    if (header == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu columns", row.n_cells);
    }
    for (size_t i = 0; i < row.n_cells; i++) {
        header[i] = wl_str_trim(row.cells[i]);
    }
    *n_columns = row.n_cells;
    return wl_run_plan_csv(run, header, row.n_cells, error);
}

static wl_status take_csv_row(struct wl_run *run, const struct wl_csv_row *csv_row,
                              size_t n_columns, wl_error *error)
{
    struct wl_run_row row = {.cells = csv_row->cells};

    begin_row(run);
    if (csv_row->problem != WL_CSV_GOOD) {
        (void)wl_run_reject(run, wl_reject_of_csv(csv_row->problem), NULL, NULL);
    } else if (csv_row->n_cells != n_columns) {
        (void)wl_run_reject(run, WL_REJECT_COLUMNS, NULL, NULL);
    } else {
        WL_TRY(wl_run_take_row(run, &row, error));
    }
    return end_row(run, csv_row->i_line, error);
}

static wl_status read_csv(struct wl_run *run, struct wl_lines *lines, wl_error *error)
{
    struct wl_line_source source = {.next = next_line, .context = lines};
    struct wl_csv *csv = NULL;
    struct wl_csv_row row;
    size_t n_columns = 0;
    bool got = true;
    wl_status status;

    WL_GO(wl_csv_open(source, run->source->delimiter, run->alloc, &csv, error));
    WL_GO(read_header(run, csv, &n_columns, error));
    for (;;) {
        WL_GO(wl_csv_next(csv, &row, &got, error));
        if (!got) {
            break;
        }
        WL_GO(take_csv_row(run, &row, n_columns, error));
        note_progress(run, lines);
    }
    if (wl_lines_number(lines) == 0) {
        status = fail_empty(run, error);
    }
done:
    wl_csv_close(csv);
    return status;
}

static wl_status take_json_line(struct wl_run *run, struct wl_str line, size_t i_line,
                                wl_error *error)
{
    struct wl_node *root = NULL;

    begin_row(run);
    wl_arena_reset(&run->arena_row);
    wl_error inner = {0}; // a line that is not JSON is a reject, not a failure
    wl_status status = wl_json_parse(&run->arena_row, line, &root, &inner);
    if (status == WL_ENOMEM) {
        return wl_fail(error, status, "%s", inner.message);
    }
    if (status != WL_OK) {
        (void)wl_run_reject(run, WL_REJECT_NOT_JSON, NULL, NULL);
    } else if (root->kind != WL_NODE_MAP) {
        (void)wl_run_reject(run, WL_REJECT_NOT_OBJECT, NULL, NULL);
    } else {
        struct wl_run_row row = {.root = root};
        WL_TRY(run->source->format == WL_FORMAT_SEGMENT ? wl_run_take_call(run, &row, error)
                                                        : wl_run_take_row(run, &row, error));
    }
    return end_row(run, i_line, error);
}

static wl_status read_json(struct wl_run *run, struct wl_lines *lines, wl_error *error)
{
    struct wl_str line;
    bool got = true;

    WL_TRY(wl_run_plan_json(run, error));
    for (;;) {
        WL_TRY(wl_lines_next(lines, &line, &got, error));
        if (!got) {
            break;
        }
        if (wl_str_trim(line).n_bytes > 0) {
            WL_TRY(take_json_line(run, line, wl_lines_number(lines), error));
            note_progress(run, lines);
        }
    }
    return wl_lines_number(lines) > 0 ? WL_OK : fail_empty(run, error);
}

static wl_status settle(struct wl_run *run, wl_error *error)
{
    WL_TRY(check_share(run, true, error));
    WL_TRY(wl_run_settle_attributes(run, error));
    return wl_run_flush(run, error);
}

static wl_status read_file(struct wl_run *run, wl_error *error)
{
    struct wl_lines *lines = NULL;
    wl_status status;

    WL_GO(seed_dedupe(run, error));
    WL_GO(wl_lines_open(run->path, run->alloc, &lines, error));
    status = run->source->format == WL_FORMAT_CSV ? read_csv(run, lines, error)
                                                  : read_json(run, lines, error);
    if (status == WL_ECORRUPT) { // the rows before the damage are whole: keep them
        (void)settle(run, NULL); // a second failure would only hide the first; counts stay true
    }
    WL_GO(status);
    WL_GO(settle(run, error));
    if (run->report->n_read == 0) {
        wl_notice(run->options->sink, "%s: a header and no rows", run->path);
    }
done:
    wl_lines_close(lines);
    return status;
}

wl_status wl_ingest_file(const struct wl_source *source, const char *path,
                         const struct wl_ingest_options *options, struct wl_company *company,
                         struct wl_ingest_report *report, wl_error *error)
{
    struct wl_run run = {.source = source,
                         .options = options,
                         .company = company,
                         .report = report,
                         .path = path,
                         .alloc = company->alloc};

    if (options->dedupe_window_us < WL_DEDUPE_WINDOW_US_MIN) {
        return wl_fail(error, WL_EINVAL, "a dedupe window under 24 h loses to retries");
    }
    wl_ingest_report_init(report);
    wl_map64_init(&run.id_users, run.alloc);
    wl_dict_init(&run.cell_texts, run.alloc);
    wl_arena_init(&run.arena_file, run.alloc, 0);
    wl_arena_init(&run.arena_row, run.alloc, 0);
    start_dedupe(&run);
    wl_status status = read_file(&run, error);
    report->n_users = company->users.n_strings;
    release_run(&run);
    if (options->rejects != NULL) {
        wl_status flushed = wl_rejects_flush(options->rejects, status == WL_OK ? error : NULL);
        status = status == WL_OK ? flushed : status;
    }
    return status;
}
