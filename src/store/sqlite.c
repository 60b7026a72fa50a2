/* The embedded store; the only file that sees SQLite.
 *
 *   meta(key, value)                        schema_version
 *   segment(id, kind, n_records, first_us, last_us, first_received_us, last_received_us,
 *           n_better, window_us, data)      one row for each kind of records in a batch
 *
 * SQLite gives what is hard: a transaction that survives kill -9 (write-ahead log, full sync). What
 * it does not get is one row per event: a segment is read as a block, twenty times faster and
 * smaller.
 *
 * Copies. An append leaves out records whose key is stored. When the copy that comes later is the
 * better one (known earlier), it is stored too and counted in n_better; a load that meets such a
 * count sorts out the copies. That happens when files are read out of order, so the common load
 * pays nothing. */
#include "store/store.h"

#include "base/clock.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define BUSY_WAIT_MS 2000 // a batch takes well under a second to write

struct wl_store {
    const wl_alloc *alloc;
    sqlite3 *db;
    char *path;
    bool has_keys; // the four below are in use
    int64_t window_us;
    struct wl_dedupe events;
    struct wl_dedupe texts;
    struct wl_dedupe attributes;
    struct wl_map64 seen_segments; // ids whose keys are remembered
};

static wl_status status_of(int code)
{
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return WL_EBUSY;
    case SQLITE_NOMEM: return WL_ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return WL_ECORRUPT;
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_READONLY: return WL_EIO;
    default: return WL_ELIBRARY;
    }
}

static wl_status fail_sql(const struct wl_store *store, wl_error *error)
{
    wl_status status = status_of(sqlite3_extended_errcode(store->db));

    if (status == WL_EBUSY) {
        return wl_fail(error, status, "%s: somebody else is writing to it; try again", store->path);
    }
    if (status == WL_ECORRUPT) {
        return wl_fail(error, status, "%s is not a wanliu store, or is damaged: %s", store->path,
                       sqlite3_errmsg(store->db));
    }
    return wl_fail(error, status, "%s: %s", store->path, sqlite3_errmsg(store->db));
}

static wl_status run_sql(struct wl_store *store, const char *sql, wl_error *error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? WL_OK
                                                                       : fail_sql(store, error);
}

static wl_status prepare(struct wl_store *store, const char *sql, sqlite3_stmt **statement,
                         wl_error *error)
{
    return sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK
               ? WL_OK
               : fail_sql(store, error);
}

// One step of a query: *got says whether there is a row.
static wl_status step(struct wl_store *store, sqlite3_stmt *statement, bool *got, wl_error *error)
{
    int code = sqlite3_step(statement);

    *got = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? WL_OK : fail_sql(store, error);
}

static wl_status query_number(struct wl_store *store, const char *sql, int64_t *number,
                              wl_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool got = false;
    wl_status status;

    WL_GO(prepare(store, sql, &statement, error));
    WL_GO(step(store, statement, &got, error));
    *number = got ? sqlite3_column_int64(statement, 0) : 0;
done:
    (void)sqlite3_finalize(statement);
    return status;
}

static struct wl_str column_blob(sqlite3_stmt *statement, int i_column)
{
    const void *data = sqlite3_column_blob(statement, i_column);
    return (struct wl_str){.data = data,
                           .n_bytes = (size_t)sqlite3_column_bytes(statement, i_column)};
}

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS segment(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL,"
    " n_records INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,"
    " first_received_us INTEGER NOT NULL, last_received_us INTEGER NOT NULL,"
    " n_better INTEGER NOT NULL, window_us INTEGER NOT NULL, data BLOB NOT NULL);"
    "INSERT OR IGNORE INTO meta VALUES('schema_version', 1);"
    "COMMIT;";

static wl_status check_schema(struct wl_store *store, wl_error *error)
{
    int64_t n_tables = 0;
    int64_t n_ours = 0;
    int64_t version = 0;

    WL_TRY(query_number(store, "SELECT count(*) FROM sqlite_master", &n_tables, error));
    WL_TRY(query_number(store,
                        "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'segment')",
                        &n_ours, error));
    if (n_tables > 0 && n_ours != 2) {
        return wl_fail(error, WL_ESCHEMA, "%s is a database of something else", store->path);
    }
    if (n_tables == 0) {
        WL_TRY(run_sql(store, schema, error));
    }
    WL_TRY(query_number(store, "SELECT value FROM meta WHERE key = 'schema_version'", &version,
                        error));
    if (version != WL_STORE_SCHEMA_VERSION) {
        return wl_fail(error, WL_EVERSION, "%s has schema version %lld, this program reads %d",
                       store->path, (long long)version, WL_STORE_SCHEMA_VERSION);
    }
    return WL_OK;
}

static wl_status connect(struct wl_store *store, wl_error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK) {
        return store->db != NULL ? fail_sql(store, error)
                                 : wl_fail(error, WL_ENOMEM, "no memory for %s", store->path);
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_WAIT_MS);
    WL_TRY(run_sql(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", error));
    return check_schema(store, error);
}

wl_status wl_store_open(const char *path, const wl_alloc *alloc, struct wl_store **store_out,
                        wl_error *error)
{
    struct wl_store *store = wl_alloc_zeroed(alloc, 1, sizeof(*store));
    size_t n = strlen(path) + 1;
    wl_status status;

    *store_out = NULL;
    if (store == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %s", path);
    }
    store->alloc = alloc;
    store->path = wl_alloc_array(alloc, 1, n);
    if (store->path == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %s", path);
        goto done;
    }
    memcpy(store->path, path, n);
    WL_GO(connect(store, error));
    *store_out = store;
    store = NULL;
done:
    wl_store_close(store);
    return status;
}

static void forget_keys(struct wl_store *store)
{
    if (store->has_keys) {
        wl_dedupe_release(&store->events);
        wl_dedupe_release(&store->texts);
        wl_dedupe_release(&store->attributes);
        wl_map64_release(&store->seen_segments);
        store->has_keys = false;
    }
}

void wl_store_close(struct wl_store *store)
{
    if (store == NULL) {
        return;
    }
    forget_keys(store);
    (void)sqlite3_close(store->db);
    wl_alloc_free(store->alloc, store->path);
    wl_alloc_free(store->alloc, store);
}

/* Keys of what is stored. */

static void start_keys(struct wl_store *store, int64_t window_us)
{
    if (store->has_keys && store->window_us == window_us) {
        return;
    }
    forget_keys(store);
    wl_dedupe_init(&store->events, store->alloc, window_us);
    wl_dedupe_init(&store->texts, store->alloc, window_us);
    wl_dedupe_init(&store->attributes, store->alloc, 0); // the time is a part of the key
    wl_map64_init(&store->seen_segments, store->alloc);
    store->window_us = window_us;
    store->has_keys = true;
}

static struct wl_known_message attribute_message(const struct wl_company *company, size_t i)
{
    const struct wl_attribute *item = &company->attributes.items[i];
    return (struct wl_known_message){.key = wl_attribute_key(company, item),
                                     .time_us = item->known_us,
                                     .received_us = item->known_us,
                                     .value_e4 = WL_VALUE_NONE};
}

static wl_status attribute_keys(struct wl_store *store, struct wl_str blob, wl_error *error)
{
    struct wl_company *company = NULL;
    struct wl_segment_info info;
    wl_status status;

    WL_GO(wl_company_new(store->alloc, &company, error));
    WL_GO(wl_segment_decode(blob, NULL, NULL, company, &info, error));
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        struct wl_known_message message = attribute_message(company, i);
        enum wl_verdict verdict;
        size_t i_known;
        WL_GO(wl_dedupe_see(&store->attributes, &message, &verdict, &i_known, error));
    }
done:
    wl_company_free(company);
    return status;
}

static struct wl_dedupe *keys_of(struct wl_store *store, enum wl_segment_kind kind)
{
    return kind == WL_SEGMENT_EVENTS  ? &store->events
           : kind == WL_SEGMENT_TEXTS ? &store->texts
                                      : &store->attributes;
}

static wl_status see_segment(struct wl_store *store, enum wl_segment_kind kind,
                             sqlite3_stmt *statement, wl_error *error)
{
    int64_t id = sqlite3_column_int64(statement, 0);
    bool is_new = false;

    if (wl_map64_at(&store->seen_segments, (uint64_t)id, &is_new) == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the keys of %s", store->path);
    }
    if (!is_new) {
        return WL_OK;
    }
    struct wl_str blob = column_blob(statement, 1);
    wl_status status = kind == WL_SEGMENT_ATTRIBUTES
                           ? attribute_keys(store, blob, error)
                           : wl_segment_keys(blob, keys_of(store, kind), error);
    return status == WL_OK
               ? WL_OK
               : wl_fail_at(error, status, "%s, segment %lld", store->path, (long long)id);
}

// time_us + shift_us, or the end of time.
static int64_t shifted(int64_t time_us, int64_t shift_us)
{
    int64_t sum_us;

    if (__builtin_add_overflow(time_us, shift_us, &sum_us)) {
        return shift_us < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum_us;
}

// Remember the keys of stored segments that may hold copies of records between two times.
static wl_status load_keys(struct wl_store *store, enum wl_segment_kind kind, int64_t first_us,
                           int64_t last_us, wl_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool got = true;
    wl_status status;

    WL_GO(prepare(store,
                  "SELECT id, data FROM segment WHERE kind = ?1 AND last_us >= ?2 AND"
                  " first_us <= ?3 ORDER BY id",
                  &statement, error));
    (void)sqlite3_bind_int(statement, 1, (int)kind);
    (void)sqlite3_bind_int64(statement, 2, shifted(first_us, -store->window_us));
    (void)sqlite3_bind_int64(statement, 3, shifted(last_us, store->window_us));
    for (;;) {
        WL_GO(step(store, statement, &got, error));
        if (!got) {
            break;
        }
        WL_GO(see_segment(store, kind, statement, error));
    }
done:
    (void)sqlite3_finalize(statement);
    return status;
}

/* Append. */

static size_t count_of(const struct wl_company *company, enum wl_segment_kind kind)
{
    return kind == WL_SEGMENT_EVENTS  ? company->events.n_events
           : kind == WL_SEGMENT_TEXTS ? company->texts.n_texts
                                      : company->attributes.n_attributes;
}

static struct wl_known_message message_of(const struct wl_company *company,
                                          enum wl_segment_kind kind, size_t i)
{
    const struct wl_events *events = &company->events;

    if (kind == WL_SEGMENT_ATTRIBUTES) {
        return attribute_message(company, i);
    }
    if (kind == WL_SEGMENT_TEXTS) {
        const struct wl_text *text = &company->texts.texts[i];
        return (struct wl_known_message){.key = text->message_key,
                                         .time_us = text->text_us,
                                         .received_us = text->received_us,
                                         .value_e4 = WL_VALUE_NONE};
    }
    return (struct wl_known_message){.key = events->message_key[i],
                                     .time_us = events->event_us[i],
                                     .received_us = events->received_us[i],
                                     .value_e4 = events->value_e4[i]};
}

/* What one append of one kind stores. */
struct batch {
    enum wl_segment_kind kind;
    size_t *records; // (n_records) those that are not there yet; owned
    size_t n_records;
    uint64_t n_duplicates;
    uint64_t n_better;
};

static wl_status choose_records(struct wl_store *store, const struct wl_company *company,
                                struct batch *batch, wl_error *error)
{
    size_t n = count_of(company, batch->kind);
    int64_t first_us = INT64_MAX;
    int64_t last_us = INT64_MIN;

    for (size_t i = 0; i < n; i++) {
        int64_t time_us = message_of(company, batch->kind, i).time_us;
        first_us = time_us < first_us ? time_us : first_us;
        last_us = time_us > last_us ? time_us : last_us;
    }
    WL_TRY(load_keys(store, batch->kind, first_us, last_us, error));
    batch->records = wl_alloc_array(store->alloc, n, sizeof(*batch->records));
    if (batch->records == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to store %zu records", n);
    }
    for (size_t i = 0; i < n; i++) {
        struct wl_known_message message = message_of(company, batch->kind, i);
        enum wl_verdict verdict;
        size_t i_known;
        WL_TRY(wl_dedupe_see(keys_of(store, batch->kind), &message, &verdict, &i_known, error));
        batch->n_better += verdict == WL_VERDICT_BETTER;
        batch->n_duplicates += verdict == WL_VERDICT_DUPLICATE;
        if (verdict != WL_VERDICT_DUPLICATE) {
            batch->records[batch->n_records++] = i;
        }
    }
    return WL_OK;
}

static wl_status insert_segment(struct wl_store *store, const struct wl_segment_info *info,
                                const struct batch *batch, struct wl_str blob, wl_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool got = false;
    bool is_new;
    wl_status status;

    WL_GO(prepare(store,
                  "INSERT INTO segment(kind, n_records, first_us, last_us, first_received_us,"
                  " last_received_us, n_better, window_us, data)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                  &statement, error));
    (void)sqlite3_bind_int(statement, 1, (int)info->kind);
    (void)sqlite3_bind_int64(statement, 2, (int64_t)info->n_records);
    (void)sqlite3_bind_int64(statement, 3, info->first_us);
    (void)sqlite3_bind_int64(statement, 4, info->last_us);
    (void)sqlite3_bind_int64(statement, 5, info->first_received_us);
    (void)sqlite3_bind_int64(statement, 6, info->last_received_us);
    (void)sqlite3_bind_int64(statement, 7, (int64_t)batch->n_better);
    (void)sqlite3_bind_int64(statement, 8, store->window_us);
    (void)sqlite3_bind_blob64(statement, 9, blob.data, blob.n_bytes, SQLITE_STATIC);
    WL_GO(step(store, statement, &got, error));
    uint64_t id = (uint64_t)sqlite3_last_insert_rowid(store->db);
    if (wl_map64_at(&store->seen_segments, id, &is_new) == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the keys of %s", store->path);
    }
done:
    (void)sqlite3_finalize(statement);
    return status;
}

static wl_status append_kind(struct wl_store *store, const struct wl_company *company,
                             struct batch *batch, wl_error *error)
{
    struct wl_segment_info info;
    struct wl_buf blob;
    wl_status status = WL_OK;

    if (count_of(company, batch->kind) == 0) {
        return WL_OK;
    }
    wl_buf_init(&blob, store->alloc, 0);
    WL_GO(choose_records(store, company, batch, error));
    if (batch->n_records > 0) {
        WL_GO(wl_segment_encode(company, batch->kind, batch->records, batch->n_records, &blob,
                                &info, error));
        WL_GO(insert_segment(store, &info, batch, wl_buf_view(&blob), error));
    }
done:
    wl_alloc_free(store->alloc, batch->records);
    batch->records = NULL;
    wl_buf_release(&blob);
    return status;
}

wl_status wl_store_append(struct wl_store *store, const struct wl_company *company,
                          int64_t window_us, struct wl_append_report *report, wl_error *error)
{
    struct batch batches[] = {
        {.kind = WL_SEGMENT_EVENTS}, {.kind = WL_SEGMENT_TEXTS}, {.kind = WL_SEGMENT_ATTRIBUTES}};
    struct wl_append_report made = {.n_events = 0};
    wl_status status;

    if (window_us < WL_DEDUPE_WINDOW_US_MIN) {
        return wl_fail(error, WL_EINVAL, "a dedupe window under 24 h loses to retries");
    }
    WL_TRY(run_sql(store, "BEGIN IMMEDIATE", error));
    start_keys(store, window_us);
    for (size_t i = 0; i < 3; i++) {
        WL_GO(append_kind(store, company, &batches[i], error));
        made.n_duplicates += batches[i].n_duplicates;
        made.n_replaced += batches[i].n_better;
    }
    made.n_events = batches[0].n_records;
    made.n_texts = batches[1].n_records;
    made.n_attributes = batches[2].n_records;
    WL_GO(run_sql(store, "COMMIT", error));
    if (report != NULL) {
        *report = made;
    }
done:
    if (status != WL_OK) {
        forget_keys(store); // they hold messages that were not stored
        (void)run_sql(store, "ROLLBACK", NULL);
    }
    return status;
}

/* Load. */

struct load {
    struct wl_store *store;
    struct wl_company *company;
    const struct wl_bounds *bounds; // given to segments; NULL while copies are sorted out
    struct wl_dedupe *events;       // NULL: no stored segment holds better copies
    struct wl_dedupe *texts;
    wl_error *error;
};

static wl_status load_segment(struct load *load, sqlite3_stmt *statement)
{
    int64_t id = sqlite3_column_int64(statement, 0);
    int kind = sqlite3_column_int(statement, 1);
    struct wl_dedupe *dedupe = kind == WL_SEGMENT_EVENTS  ? load->events
                               : kind == WL_SEGMENT_TEXTS ? load->texts
                                                          : NULL;
    struct wl_segment_info info;
    const struct wl_bounds *bounds = dedupe == NULL ? load->bounds : NULL;
    wl_status status = wl_segment_decode(column_blob(statement, 2), bounds, dedupe, load->company,
                                         &info, load->error);

    return status == WL_OK ? WL_OK
                           : wl_fail_at(load->error, status, "%s, segment %lld", load->store->path,
                                        (long long)id);
}

static wl_status load_segments(struct load *load, const struct wl_sink *sink)
{
    static const char sql[] = "SELECT id, kind, data FROM segment"
                              " WHERE last_us >= ?1 AND first_us <= ?2 ORDER BY id";
    struct wl_store *store = load->store;
    sqlite3_stmt *statement = NULL;
    int64_t n_segments = 0;
    int64_t n_done = 0;
    bool got = true;
    wl_status status;

    WL_GO(query_number(store, "SELECT count(*) FROM segment", &n_segments, load->error));
    WL_GO(prepare(store, sql, &statement, load->error));
    (void)sqlite3_bind_int64(statement, 1,
                             load->bounds != NULL ? load->bounds->from_us : INT64_MIN);
    (void)sqlite3_bind_int64(statement, 2, load->bounds != NULL ? load->bounds->to_us : INT64_MAX);
    for (;;) {
        WL_GO(step(store, statement, &got, load->error));
        if (!got) {
            break;
        }
        WL_GO(load_segment(load, statement));
        n_done++;
        wl_progress(sink, "load", (double)n_done / (double)n_segments);
    }
done:
    (void)sqlite3_finalize(statement);
    return status;
}

static bool is_inside(const struct wl_bounds *bounds, int64_t time_us)
{
    return time_us >= bounds->from_us && time_us <= bounds->to_us;
}

// Take out again what lies outside the bounds, behind the records the company held before.
static void cut_outside(struct wl_company *company, const struct wl_bounds *bounds,
                        size_t n_events_before, size_t n_texts_before)
{
    struct wl_texts_log *texts = &company->texts;
    size_t n_kept = n_events_before;

    for (size_t i = n_events_before; i < company->events.n_events; i++) {
        if (is_inside(bounds, company->events.event_us[i])) {
            struct wl_event event = wl_company_event(company, i);
            wl_company_set_event(company, n_kept++, &event);
        }
    }
    company->events.n_events = n_kept;
    n_kept = n_texts_before;
    for (size_t i = n_texts_before; i < texts->n_texts; i++) {
        if (is_inside(bounds, texts->texts[i].text_us)) {
            texts->texts[n_kept++] = texts->texts[i];
        }
    }
    texts->n_texts = n_kept;
}

// Stored batches hold copies of which the better came later: load all, keep the better ones. Bounds
// come last, because a copy inside them may give way to one outside.
static wl_status load_with_copies(struct load *load, int64_t window_us, const struct wl_sink *sink)
{
    const struct wl_bounds *bounds = load->bounds;
    size_t n_events = load->company->events.n_events;
    size_t n_texts = load->company->texts.n_texts;
    struct wl_dedupe events;
    struct wl_dedupe texts;

    wl_dedupe_init(&events, load->store->alloc, window_us);
    wl_dedupe_init(&texts, load->store->alloc, window_us);
    load->events = &events;
    load->texts = &texts;
    load->bounds = NULL;
    wl_status status = load_segments(load, sink);
    if (status == WL_OK && bounds != NULL) {
        cut_outside(load->company, bounds, n_events, n_texts);
    }
    wl_dedupe_release(&events);
    wl_dedupe_release(&texts);
    return status;
}

wl_status wl_store_load(struct wl_store *store, struct wl_company *company,
                        const struct wl_bounds *bounds, const struct wl_sink *sink, wl_error *error)
{
    struct load load = {.store = store, .company = company, .bounds = bounds, .error = error};
    int64_t n_better = 0;
    int64_t window_us = 0;
    wl_status status;

    WL_TRY(run_sql(store, "BEGIN", error)); // one view of the store for all queries
    WL_GO(query_number(store, "SELECT coalesce(sum(n_better), 0) FROM segment", &n_better, error));
    if (n_better > 0) {
        WL_GO(query_number(store, "SELECT max(window_us) FROM segment", &window_us, error));
        WL_GO(load_with_copies(&load, window_us, sink));
    } else {
        WL_GO(load_segments(&load, sink));
    }
done:
    (void)run_sql(store, "COMMIT", NULL);
    return status;
}

static wl_status info_of_kind(struct wl_store *store, enum wl_segment_kind kind, uint64_t *count,
                              wl_error *error)
{
    char sql[96];
    int64_t n = 0;

    (void)snprintf(sql, sizeof(sql),
                   "SELECT coalesce(sum(n_records), 0) FROM segment WHERE kind = %d", (int)kind);
    WL_TRY(query_number(store, sql, &n, error));
    *count = (uint64_t)n;
    return WL_OK;
}

wl_status wl_store_info(struct wl_store *store, struct wl_store_info *info, wl_error *error)
{
    struct wl_store_info read = {.schema_version = WL_STORE_SCHEMA_VERSION,
                                 .first_us = WL_TIME_NONE,
                                 .last_us = WL_TIME_NONE,
                                 .last_received_us = WL_TIME_NONE};
    sqlite3_stmt *statement = NULL;
    bool got = false;
    wl_status status;

    WL_GO(info_of_kind(store, WL_SEGMENT_EVENTS, &read.n_events, error));
    WL_GO(info_of_kind(store, WL_SEGMENT_TEXTS, &read.n_texts, error));
    WL_GO(info_of_kind(store, WL_SEGMENT_ATTRIBUTES, &read.n_attributes, error));
    WL_GO(prepare(store,
                  "SELECT count(*), coalesce(sum(length(data)), 0), min(first_us), max(last_us),"
                  " max(last_received_us) FROM segment",
                  &statement, error));
    WL_GO(step(store, statement, &got, error));
    read.n_segments = (uint64_t)sqlite3_column_int64(statement, 0);
    read.stored_bytes = (uint64_t)sqlite3_column_int64(statement, 1);
    if (read.n_segments > 0) {
        read.first_us = sqlite3_column_int64(statement, 2);
        read.last_us = sqlite3_column_int64(statement, 3);
        read.last_received_us = sqlite3_column_int64(statement, 4);
    }
    *info = read;
done:
    (void)sqlite3_finalize(statement);
    return status;
}

static wl_status check_pages(struct wl_store *store, wl_error *error)
{
    sqlite3_stmt *statement = NULL;
    bool got = false;
    wl_status status;

    WL_GO(prepare(store, "PRAGMA integrity_check(1)", &statement, error));
    WL_GO(step(store, statement, &got, error));
    const unsigned char *text = got ? sqlite3_column_text(statement, 0) : NULL;
    if (text == NULL || memcmp(text, "ok", 3) != 0) {
        status = wl_fail(error, WL_ECORRUPT, "%s is damaged: %s", store->path,
                         text != NULL ? (const char *)text : "no answer");
    }
done:
    (void)sqlite3_finalize(statement);
    return status;
}

wl_status wl_store_check(struct wl_store *store, wl_error *error)
{
    struct wl_company *company = NULL;
    wl_status status;

    WL_GO(check_pages(store, error));
    WL_GO(wl_company_new(store->alloc, &company, error));
    WL_GO(wl_store_load(store, company, NULL, NULL, error));
done:
    wl_company_free(company);
    return status;
}
