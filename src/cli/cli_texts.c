/* Texts that a command reads: a column of a table, or every line of plain files. One convention for
 * all text commands, so that a CSV file is never read as lines by one and as a table by another. */
#include "cli/text_source.h"

#include <string.h>

static bool ends_in(const char *path, const char *end)
{
    size_t n = strlen(path);
    size_t n_end = strlen(end);

    return n >= n_end && strcmp(path + n - n_end, end) == 0;
}

bool wl_cli_is_table(const struct wl_cli *cli, const char *path)
{
    static const char *const ends[] = {".csv",       ".csv.gz", ".ndjson",
                                       ".ndjson.gz", ".jsonl",  ".jsonl.gz"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends_in(path, ends[i])) {
            return true;
        }
    }
    return wl_cli_has(cli, "text");
}

struct texts {
    struct wl_cli *cli;
    wl_cli_lines_fn each;
    void *context;
    size_t n_rejected;
};

static wl_status take_row(struct texts *texts, const char *path, const struct wl_table_row *row,
                          wl_error *error)
{
    enum wl_reject reason = row->reject;

    if (reason == WL_REJECT_NONE && row->cells[0].text.n_bytes == 0) {
        reason = WL_REJECT_TEXT_MISSING;
    }
    if (reason == WL_REJECT_NONE) {
        wl_status status = texts->each(texts->context, row->cells[0].text, row->i_line, error);
        return status == WL_OK ? WL_OK : wl_fail_at(error, status, "%s:%zu", path, row->i_line);
    }
    if (texts->n_rejected++ < 5) { // the rest is in the count
        wl_cli_say(texts->cli,
                   WL_SAY(texts->cli, "%s:%zu: row left out: %s", "%s:%zu：跳过该行：%s"), path,
                   row->i_line, wl_reject_text(reason, WL_SAY(texts->cli, "en", "zh")));
    }
    return WL_OK;
}

static wl_status read_table(struct texts *texts, const char *path, wl_error *error)
{
    const char *column = wl_cli_text(texts->cli, "text", "text");
    struct wl_table_options options = {.columns = &column, .n_columns = 1};
    struct wl_table *table = NULL;
    struct wl_table_row row;
    bool got = true;

    WL_TRY(wl_text_table_options(texts->cli, &options, error));
    wl_status status = wl_table_open(path, &options, texts->cli->alloc, &table, error);
    while (status == WL_OK && got) {
        status = wl_table_next(table, &row, &got, error);
        if (status == WL_OK && got) {
            status = take_row(texts, strcmp(path, "-") == 0 ? "standard input" : path, &row, error);
        }
    }
    wl_table_close(table);
    return status;
}

wl_status wl_cli_each_text(struct wl_cli *cli, const char *const *paths, size_t n_paths,
                           wl_cli_lines_fn each, void *context, size_t *n_rejected, wl_error *error)
{
    static const char *const input[] = {"-"};
    struct texts texts = {.cli = cli, .each = each, .context = context};
    wl_status status = WL_OK;

    if (n_paths == 0) {
        paths = input;
        n_paths = 1;
    }
    for (size_t i = 0; status == WL_OK && i < n_paths; i++) {
        status = wl_cli_is_table(cli, paths[i])
                     ? read_table(&texts, paths[i], error)
                     : wl_cli_each_line_of(cli, paths[i], each, context, error);
    }
    if (texts.n_rejected > 5) {
        wl_cli_say(cli, WL_SAY(cli, "%zu rows left out in all", "共跳过 %zu 行"), texts.n_rejected);
    }
    if (n_rejected != NULL) {
        *n_rejected = texts.n_rejected;
    }
    return status;
}
