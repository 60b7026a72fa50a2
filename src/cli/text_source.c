/* Reading the options that several text commands share. */
#include "cli/text_source.h"

#include <string.h>

wl_status wl_text_table_options(const struct wl_cli *cli, struct wl_table_options *table,
                                wl_error *error)
{
    const char *format = wl_cli_text(cli, "format", NULL);
    const char *delimiter = wl_cli_text(cli, "delimiter", ",");

    if (format != NULL && strcmp(format, "csv") != 0 && strcmp(format, "ndjson") != 0) {
        return wl_fail(error, WL_EINVAL, "--format wants csv or ndjson, not \"%s\"", format);
    }
    table->format = format == NULL ? WL_TABLE_AUTO
                                   : (strcmp(format, "csv") == 0 ? WL_TABLE_CSV : WL_TABLE_NDJSON);
    bool is_tab = strcmp(delimiter, "tab") == 0;
    if (!is_tab && strcmp(delimiter, ",") != 0 && strcmp(delimiter, ";") != 0) {
        return wl_fail(error, WL_EINVAL, "--delimiter wants , ; or tab, not \"%s\"", delimiter);
    }
    table->delimiter = is_tab ? '\t' : delimiter[0];
    return WL_OK;
}

wl_status wl_text_source_options(const struct wl_cli *cli, bool has_label,
                                 struct wl_text_source *source, wl_error *error)
{
    *source =
        (struct wl_text_source){.text = wl_cli_text(cli, "text", "text"),
                                .label = has_label ? wl_cli_text(cli, "label", "label") : NULL,
                                .group = wl_cli_text(cli, "group", NULL),
                                .is_many = wl_cli_has(cli, "several")};
    return wl_text_table_options(cli, &source->table, error);
}

wl_status wl_text_evaluation_print(struct wl_cli *cli, const struct wl_text_evaluation *evaluation,
                                   const struct wl_text_data *data,
                                   const struct wl_text_want *wants, size_t n_wants,
                                   wl_error *error)
{
    struct wl_buf text;
    wl_status status = WL_OK;

    wl_buf_init(&text, cli->alloc, 0);
    if (cli->is_json) {
        wl_text_evaluation_lines(evaluation, wants, n_wants, &text);
    } else {
        WL_GO(wl_text_evaluation_text(evaluation, data, WL_SAY(cli, "en", "zh"), &text, error));
    }
    WL_GO(wl_buf_check(&text, error));
    status = wl_cli_out(cli, wl_buf_view(&text), error);
done:
    wl_buf_release(&text);
    return status;
}
