/* Finding and opening what the text commands need. */
#include "cli/text_run.h"

#include "base/file.h"

#include <string.h>
#include <unistd.h>

wl_status wl_cli_beside(struct wl_cli *cli, const char *name, const char **path_out,
                        wl_error *error)
{
    char program[WL_PATH_BYTES_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

    if (n <= 0) {
        return wl_fail(error, WL_EIO, "cannot tell where the program lies");
    }
    program[n] = '\0';
    char *slash = strrchr(program, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    *path_out = wl_path_join(&cli->arena_process, program, name);
    return *path_out != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for a path");
}

static wl_status add_user_words(struct wl_cli *cli, struct wl_segmenter *segmenter,
                                const char *path, wl_error *error)
{
    struct wl_lines *lines = NULL;
    struct wl_str line;
    bool got = true;

    WL_TRY(wl_lines_open(path, cli->alloc, &lines, error));
    wl_status status = wl_lines_next(lines, &line, &got, error);
    while (status == WL_OK && got) {
        status = wl_segmenter_add(segmenter, line, error);
        if (status != WL_OK) {
            (void)wl_fail_at(error, status, "%s:%zu", path, wl_lines_number(lines));
        } else {
            status = wl_lines_next(lines, &line, &got, error);
        }
    }
    wl_lines_close(lines);
    return status;
}

wl_status wl_cli_segmenter_open(struct wl_cli *cli, struct wl_segmenter **segmenter,
                                wl_error *error)
{
    const char *path = wl_cli_text(cli, "dict", NULL);
    const char *words = wl_cli_text(cli, "words", NULL);

    if (path == NULL) {
        WL_TRY(wl_cli_beside(cli, "zh.wldict", &path, error));
    }
    if (!wl_file_exists(path)) {
        return wl_fail(error, WL_ENOTFOUND,
                       "no Chinese dictionary at %s: install python3-jieba and build again, or "
                       "give --dict FILE",
                       path);
    }
    WL_TRY(wl_segmenter_open(path, cli->alloc, segmenter, error));
    return words != NULL ? add_user_words(cli, *segmenter, words, error) : WL_OK;
}
