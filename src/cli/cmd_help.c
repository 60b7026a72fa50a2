/* help, man, completion: what the table of commands can say of itself. */
#include "cli/commands.h"

#include <string.h>

static wl_status print(struct wl_cli *cli, struct wl_buf *buf, wl_error *error)
{
    wl_status status = wl_buf_check(buf, error);
    if (status == WL_OK) {
        status = wl_cli_out(cli, wl_buf_view(buf), error);
    }
    wl_buf_release(buf);
    return status;
}

static wl_status run_help(struct wl_cli *cli, wl_error *error)
{
    size_t n_commands;
    const struct wl_command *const *commands = wl_cli_commands(&n_commands);
    const struct wl_command *found = NULL;
    struct wl_buf name;
    struct wl_buf buf;

    wl_buf_init(&name, cli->alloc, 256);
    wl_buf_init(&buf, cli->alloc, 0);
    for (size_t i = 0; i < cli->n_arguments; i++) {
        wl_buf_format(&name, "%s%s", i > 0 ? " " : "", cli->arguments[i]);
    }
    for (size_t i = 0; i < n_commands && cli->n_arguments > 0; i++) {
        if (wl_str_is(wl_buf_view(&name), commands[i]->name)) {
            found = commands[i];
        }
    }
    wl_status status = WL_OK;
    if (found != NULL) {
        wl_help_command(&buf, found, cli->is_zh);
    } else if (cli->n_arguments == 0) {
        wl_help_overview(&buf, NULL, cli->is_zh);
    } else {
        status = wl_fail(error, WL_EINVAL, "no command \"%s\"; see wanliu --help", name.data);
    }
    wl_buf_release(&name);
    if (status != WL_OK) {
        wl_buf_release(&buf);
        return status;
    }
    return print(cli, &buf, error);
}

static wl_status run_man(struct wl_cli *cli, wl_error *error)
{
    struct wl_buf buf;
    wl_buf_init(&buf, cli->alloc, 0);
    wl_help_man(&buf);
    return print(cli, &buf, error);
}

static wl_status run_completion(struct wl_cli *cli, wl_error *error)
{
    struct wl_buf buf;

    wl_buf_init(&buf, cli->alloc, 0);
    if (cli->n_arguments != 1 || !wl_help_completion(&buf, cli->arguments[0])) {
        return wl_fail(error, WL_EINVAL, "completion wants one of bash, zsh, fish");
    }
    return print(cli, &buf, error);
}

const struct wl_command wl_command_help = {
    .name = "help",
    .summary_en = "what a command does and how to call it",
    .summary_zh = "查看某个命令的说明",
    .arguments = "[COMMAND]",
    .example = "wanliu help score",
    .run = run_help,
};

const struct wl_command wl_command_man = {
    .name = "man",
    .summary_en = "the man page, for man -l -",
    .summary_zh = "输出 man 手册页",
    .arguments = "",
    .example = "wanliu man | man -l -",
    .run = run_man,
};

const struct wl_command wl_command_completion = {
    .name = "completion",
    .summary_en = "completion script for a shell",
    .summary_zh = "输出命令补全脚本",
    .arguments = "bash|zsh|fish",
    .example = "source <(wanliu completion bash)",
    .run = run_completion,
};
