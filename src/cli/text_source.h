/* Options of commands that read texts from files. */
#ifndef WL_CLI_TEXT_SOURCE_H
#define WL_CLI_TEXT_SOURCE_H
#include "cli/cli.h"
#include "learn/text_evaluate.h"

#define WL_TEXTS_OPTIONS                                                                           \
    {"text", 0, "COLUMN", "column of the text in CSV and NDJSON files (default: text)",            \
     "CSV、NDJSON 文件中文本所在列（默认：text）"},                                                \
        {"format", 0, "csv|ndjson", "of the files (default: by their first line)",                 \
         "文件格式（默认：看第一行）"},                                                            \
    {                                                                                              \
        "delimiter", 0, "CHAR", "of CSV: , ; or tab (default: ,)",                                 \
            "CSV 分隔符：, ; 或 tab（默认：,）"                                          \
    }

#define WL_TEXT_SOURCE_OPTIONS                                                                     \
    WL_TEXTS_OPTIONS,                                                                              \
        {"label", 0, "COLUMN", "column of the label; several with ; between (default: label)",     \
         "标签所在列；多个标签以 ; 分隔（默认：label）"},                                          \
        {"group", 0, "COLUMN", "texts of one group (dialogue, user) are never divided",            \
         "同组（会话、用户）的文本不会被拆开"},                                                    \
    {                                                                                              \
        "several", 0, NULL, "a text may have several labels, or none of them",                     \
            "一条文本可有多个标签或没有标签"                                        \
    }

/* wl_cli_is_table - the file's name says CSV or NDJSON, or --text was given. */
bool wl_cli_is_table(const struct wl_cli *cli, const char *path);

/* wl_cli_each_text - every text of files: of a table the column that WL_TEXTS_OPTIONS say, of any
 * other file each line that is not empty. Rows without a text are told and counted.
 *   paths       (in)  (n_paths) or none: standard input.
 *   n_rejected  (out) rows left out; may be NULL.
 * Errors:  those of wl_table_open and wl_table_next; those of each get "file:line: " in front. */
WL_MUST_CHECK wl_status wl_cli_each_text(struct wl_cli *cli, const char *const *paths,
                                         size_t n_paths, wl_cli_lines_fn each, void *context,
                                         size_t *n_rejected, wl_error *error);

/* wl_text_source_options - what WL_TEXT_SOURCE_OPTIONS say.
 *   has_label  (in) the label column is wanted.
 * Errors:  WL_EINVAL. */
WL_MUST_CHECK wl_status wl_text_source_options(const struct wl_cli *cli, bool has_label,
                                               struct wl_text_source *source, wl_error *error);

/* wl_text_table_options - format and delimiter alone. Errors: WL_EINVAL. */
WL_MUST_CHECK wl_status wl_text_table_options(const struct wl_cli *cli,
                                              struct wl_table_options *table, wl_error *error);

/* wl_text_evaluation_print - the report to stdout: words, or JSON lines with --json. */
WL_MUST_CHECK wl_status wl_text_evaluation_print(struct wl_cli *cli,
                                                 const struct wl_text_evaluation *evaluation,
                                                 const struct wl_text_data *data,
                                                 const struct wl_text_want *wants, size_t n_wants,
                                                 wl_error *error);

#endif
