/* ingest: files -> records -> wanliu.db, batch by batch, so that what was good stays when a later
 * row or file is not. */
#include "base/file.h"
#include "base/json_write.h"
#include "cli/commands.h"
#include "ingest/ingest.h"
#include "store/store.h"
#include "workspace.h"

static const struct wl_option options[] = {
    {"source", 's', "NAME", "which source of wanliu.yaml the files belong to",
     "文件属于 wanliu.yaml 中的哪个来源"},
    {"rejects", 0, "FILE", "where bad rows are written (default: rejects.jsonl in the workspace)",
     "坏行写入的文件（默认：工作区中的 rejects.jsonl）"},
    {"max-rejects", 0, "PCT", "stop when more rows than this are bad (default: 1)",
     "坏行超过此百分比时停止（默认 1）"},
};

/* What one run of the command works with. */
struct intake {
    struct wl_cli *cli;
    const struct wl_source *source;
    struct wl_store *store;
    struct wl_company *company;
    struct wl_ingest_options options;
    struct wl_rejects rejects;
    struct wl_ingest_report total;
    struct wl_append_report stored;
    bool is_stopped; /* a failure ended the reading */
};

static wl_status store_batch(void *context, struct wl_company *company, wl_error *error)
{
    struct intake *intake = context;
    struct wl_append_report report;

    WL_TRY(
        wl_store_append(intake->store, company, intake->options.dedupe_window_us, &report, error));
    intake->stored.n_events += report.n_events;
    intake->stored.n_texts += report.n_texts;
    intake->stored.n_attributes += report.n_attributes;
    intake->stored.n_duplicates += report.n_duplicates;
    intake->stored.n_replaced += report.n_replaced;
    return WL_OK;
}

static wl_status read_files(struct intake *intake, wl_error *error)
{
    const struct wl_cli *cli = intake->cli;

    for (size_t i = 0; i < cli->n_arguments; i++) {
        struct wl_ingest_report report;
        wl_status status = wl_ingest_file(intake->source, cli->arguments[i], &intake->options,
                                          intake->company, &report, error);
        wl_ingest_report_add(&intake->total, &report);
        WL_TRY(status);
    }
    return WL_OK;
}

static void put_count(struct wl_json_writer *json, const char *key, uint64_t count)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)count);
}

static void write_json(const struct intake *intake, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "source");
    wl_json_text(&json, intake->source->name);
    put_count(&json, "files", intake->cli->n_arguments);
    wl_json_key(&json, "stopped");
    wl_json_bool(&json, intake->is_stopped);
    wl_json_key(&json, "stored");
    wl_json_open(&json, '{');
    put_count(&json, "events", intake->stored.n_events);
    put_count(&json, "texts", intake->stored.n_texts);
    put_count(&json, "attributes", intake->stored.n_attributes);
    put_count(&json, "there_already", intake->stored.n_duplicates);
    wl_json_close(&json, '}');
    wl_json_key(&json, "rows");
    wl_ingest_report_json(&intake->total, buf);
    json.needs_comma = true; // the report closed a value of this object
    wl_json_close(&json, '}');
}

static void put_stored(const struct intake *intake, struct wl_buf *buf)
{
    const struct wl_cli *cli = intake->cli;
    const struct wl_append_report *stored = &intake->stored;
    bool is_empty =
        stored->n_events + stored->n_texts + stored->n_attributes + stored->n_duplicates == 0;

    if (intake->is_stopped && is_empty) {
        wl_buf_text(buf, WL_SAY(cli, "stopped: nothing was stored, not even accepted rows",
                                "已中止：什么都没有存入，已接受的行也没有"));
        return;
    }
    if (intake->is_stopped) {
        wl_buf_text(buf, WL_SAY(cli, "stopped before the end: ", "中途停止："));
    }
    wl_buf_format(
        buf,
        WL_SAY(cli, "stored %llu events, %llu texts, %llu attribute values; %llu were there",
               "已存入 %llu 条事件、%llu 条文本、%llu 个属性值；%llu 条此前已有"),
        (unsigned long long)stored->n_events, (unsigned long long)stored->n_texts,
        (unsigned long long)stored->n_attributes, (unsigned long long)stored->n_duplicates);
}

static void say_report(const struct intake *intake, struct wl_buf *buf)
{
    struct wl_cli *cli = intake->cli;

    wl_ingest_report_text(&intake->total, WL_SAY(cli, "en", "zh"), buf);
    put_stored(intake, buf);
    if (intake->rejects.n_rejects > 0) {
        wl_buf_format(buf, WL_SAY(cli, "\nbad rows are in %s", "\n坏行见 %s"),
                      intake->rejects.path);
    }
    if (buf->status == WL_OK) {
        wl_cli_say(cli, "%s", buf->data);
    }
}

// Every intake leaves a line in the workspace: the report shows what became of the rows.
static wl_status report(struct intake *intake, const char *intake_path, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, intake->cli->alloc, 0);
    write_json(intake, &buf);
    wl_buf_char(&buf, '\n');
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_append(intake_path, wl_buf_view(&buf), error));
    if (intake->cli->is_json) {
        WL_GO(wl_cli_out(intake->cli, wl_buf_view(&buf), error));
    } else {
        wl_buf_clear(&buf);
        say_report(intake, &buf);
    }
done:
    wl_buf_release(&buf);
    return status;
}

static wl_status prepare(struct intake *intake, struct wl_workspace *workspace, wl_error *error)
{
    struct wl_cli *cli = intake->cli;
    struct wl_source *sources = NULL;
    size_t n_sources = 0;
    double percent = workspace->max_rejects_percent;

    WL_TRY(wl_workspace_fail(workspace,
                             wl_sources_read(&workspace->arena, workspace->sources,
                                             workspace->utc_offset_us, &sources, &n_sources, error),
                             error));
    WL_TRY(wl_sources_find(sources, n_sources, wl_cli_text(cli, "source", NULL), &intake->source,
                           error));
    WL_TRY(wl_cli_number(cli, "max-rejects", 0.0, 100.0, percent, &percent, error));
    const char *path = wl_path_join(&workspace->arena, cli->folder, "rejects.jsonl");
    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    intake->rejects.path = wl_cli_text(cli, "rejects", path);
    intake->options.reject_share_max = percent / 100.0;
    WL_TRY(wl_company_new(cli->alloc, &intake->company, error));
    return wl_store_open(workspace->store_path, cli->alloc, &intake->store, error);
}

static wl_status run_ingest(struct wl_cli *cli, wl_error *error)
{
    struct wl_workspace workspace = {0};
    struct intake intake = {.cli = cli};
    wl_status status;

    if (cli->n_arguments == 0) {
        return wl_fail(error, WL_EINVAL, "say which files to read, or - for standard input");
    }
    wl_ingest_options_init(&intake.options);
    wl_ingest_report_init(&intake.total);
    wl_rejects_init(&intake.rejects, cli->alloc, NULL);
    intake.options.rejects = &intake.rejects;
    intake.options.sink = &cli->sink;
    intake.options.flush = store_batch;
    intake.options.flush_context = &intake;
    WL_GO(wl_workspace_open(cli->folder, cli->alloc, &workspace, error));
    WL_GO(prepare(&intake, &workspace, error));
    status = read_files(&intake, error);
    intake.is_stopped = status != WL_OK;
    if (status == WL_OK || intake.total.n_read > 0) { // counts of nothing would hide why
        wl_status reported = report(&intake, workspace.intake_path, status == WL_OK ? error : NULL);
        status = status == WL_OK ? reported : status;
    }
done:
    wl_rejects_release(&intake.rejects);
    wl_store_close(intake.store);
    wl_company_free(intake.company);
    wl_workspace_release(&workspace);
    return status;
}

const struct wl_command wl_command_ingest = {
    .name = "ingest",
    .summary_en = "read events, texts and customers into the workspace",
    .summary_zh = "将事件、文本和客户属性读入工作区",
    .arguments = "FILE...",
    .example = "wanliu ingest --source app events.ndjson.gz",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_ingest,
};
