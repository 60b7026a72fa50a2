/* Records that a command reads: JSON lines from the files it is given, or from standard input. */
#include "cli/cli.h"

#include "base/file.h"

#include <string.h>

wl_status wl_cli_each_line_of(struct wl_cli *cli, const char *path, wl_cli_lines_fn each,
                              void *context, wl_error *error)
{
    struct wl_lines *lines = NULL;
    struct wl_str line;
    bool got = true;

    WL_TRY(wl_lines_open(path, cli->alloc, &lines, error));
    wl_status status = WL_OK;
    while (status == WL_OK && got) {
        status = wl_lines_next(lines, &line, &got, error);
        if (status == WL_OK && got && wl_str_trim(line).n_bytes > 0) {
            status = each(context, line, wl_lines_number(lines), error);
            if (status != WL_OK) {
                (void)wl_fail_at(error, status, "%s:%zu",
                                 strcmp(path, "-") == 0 ? "standard input" : path,
                                 wl_lines_number(lines));
            }
        }
    }
    wl_lines_close(lines);
    return status;
}

wl_status wl_cli_each_line(struct wl_cli *cli, wl_cli_lines_fn each, void *context, wl_error *error)
{
    if (cli->n_arguments == 0) {
        return wl_cli_each_line_of(cli, "-", each, context, error);
    }
    for (size_t i = 0; i < cli->n_arguments; i++) {
        WL_TRY(wl_cli_each_line_of(cli, cli->arguments[i], each, context, error));
    }
    return WL_OK;
}
