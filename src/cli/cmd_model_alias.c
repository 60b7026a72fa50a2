/* model promote, model rollback, model history: which version is in charge, since when, and why.
 * The commands look at aliases alone, so they are the same for every kind of model. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "cli/commands.h"
#include "model/registry.h"

#include <stdio.h>
#include <string.h>

static wl_status models_folder(struct wl_cli *cli, const char **folder, wl_error *error)
{
    *folder = wl_path_join(&cli->arena_process, cli->folder, "models");
    return *folder != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for a path");
}

/* ---- one move ---- */

static void put_move_json(const struct wl_registry_move *move, struct wl_str model,
                          struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    wl_json_key(&json, "model");
    wl_json_str(&json, model);
    wl_json_key(&json, "at");
    wl_json_time(&json, move->at_us);
    wl_json_key(&json, "alias");
    wl_json_str(&json, move->alias);
    wl_json_key(&json, "from");
    wl_json_i64(&json, move->from);
    wl_json_key(&json, "to");
    wl_json_i64(&json, move->to);
    wl_json_key(&json, "author");
    wl_json_str(&json, move->author);
    wl_json_key(&json, "reason");
    wl_json_str(&json, move->reason);
    wl_json_close(&json, '}');
}

// Text in a field of n_places and a blank; a character beyond Latin takes two places.
static void put_cell(struct wl_buf *line, struct wl_str text, size_t n_places)
{
    size_t n_used = 0;

    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        n_used += c < 0x80 ? 1 : (c >= 0xE0 ? 2 : (c >= 0xC0 ? 1 : 0));
    }
    wl_buf_str(line, text);
    do {
        wl_buf_char(line, ' ');
    } while (n_used++ < n_places);
}

static void put_version(struct wl_buf *line, int64_t version)
{
    char text[24] = "-";

    if (version > 0) {
        (void)snprintf(text, sizeof(text), "%lld", (long long)version);
    }
    put_cell(line, wl_str_from(text), 5);
}

static void put_head(const struct wl_cli *cli, struct wl_buf *line)
{
    put_cell(line, wl_str_from(WL_SAY(cli, "time", "时间")), 20);
    put_cell(line, wl_str_from(WL_SAY(cli, "alias", "别名")), 10);
    put_cell(line, wl_str_from(WL_SAY(cli, "from", "从")), 5);
    put_cell(line, wl_str_from(WL_SAY(cli, "to", "到")), 5);
    put_cell(line, wl_str_from(WL_SAY(cli, "author", "操作者")), 20);
    wl_buf_text(line, WL_SAY(cli, "reason", "原因"));
}

static void put_move(const struct wl_registry_move *move, struct wl_buf *line)
{
    char time[WL_TIME_TEXT_BYTES];
    int64_t at_us = wl_time_floor(move->at_us, WL_SECOND_US);

    put_cell(line, wl_str_from(wl_time_format_iso(at_us, time)), 20);
    put_cell(line, move->alias, 10);
    put_version(line, move->from);
    put_version(line, move->to);
    put_cell(line, move->author, 20);
    wl_buf_str(line, move->reason);
}

static wl_status print_moves(struct wl_cli *cli, const char *model,
                             const struct wl_registry_move *moves, size_t n, wl_error *error)
{
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    if (!cli->is_json) {
        put_head(cli, &line);
        WL_GO(wl_cli_line(cli, &line, error));
    }
    for (size_t i = 0; i < n; i++) {
        if (cli->is_json) {
            put_move_json(&moves[i], wl_str_from(model), &line);
        } else {
            put_move(&moves[i], &line);
        }
        WL_GO(wl_cli_line(cli, &line, error));
    }
done:
    wl_buf_release(&line);
    return status;
}

/* ---- promote and rollback ---- */

static wl_status read_reason(struct wl_cli *cli, struct wl_str *reason, wl_error *error)
{
    *reason = wl_str_trim(wl_str_from(wl_cli_text(cli, "reason", "")));
    if (reason->n_bytes == 0) {
        return wl_fail(error, WL_EINVAL, "%s wants --reason TEXT for the history",
                       cli->command->name);
    }
    return WL_OK;
}

// What was just recorded: the last move.
static wl_status print_last(struct wl_cli *cli, const char *folder, const char *name,
                            wl_error *error)
{
    struct wl_registry_move *moves = NULL;
    size_t n = 0;

    WL_TRY(wl_registry_history(&cli->arena_process, folder, name, &moves, &n, error));
    return print_moves(cli, name, moves + (n > 0 ? n - 1 : 0), n > 0 ? 1 : 0, error);
}

static wl_status run_promote(struct wl_cli *cli, wl_error *error)
{
    const char *alias = wl_cli_text(cli, "alias", WL_ALIAS_CHAMPION);
    const char *author = wl_cli_text(cli, "author", "wanliu model promote");
    const char *folder = NULL;
    struct wl_str reason;
    int64_t version = 0;

    if (cli->n_arguments != 2) {
        return wl_fail(error, WL_EINVAL, "model promote wants NAME and VERSION");
    }
    if (!wl_str_to_i64(wl_str_from(cli->arguments[1]), &version) || version < 1) {
        return wl_fail(error, WL_EINVAL, "\"%s\" is no version such as 3", cli->arguments[1]);
    }
    WL_TRY(read_reason(cli, &reason, error));
    WL_TRY(models_folder(cli, &folder, error));
    WL_TRY(wl_registry_set_alias(cli->alloc, folder, cli->arguments[0], alias, version,
                                 wl_str_from(author), reason, cli->now_us, error));
    return print_last(cli, folder, cli->arguments[0], error);
}

static wl_status run_rollback(struct wl_cli *cli, wl_error *error)
{
    const char *alias = wl_cli_text(cli, "alias", WL_ALIAS_CHAMPION);
    const char *author = wl_cli_text(cli, "author", "wanliu model rollback");
    const char *folder = NULL;
    struct wl_str reason;

    if (cli->n_arguments != 1) {
        return wl_fail(error, WL_EINVAL, "model rollback wants one NAME");
    }
    WL_TRY(read_reason(cli, &reason, error));
    WL_TRY(models_folder(cli, &folder, error));
    WL_TRY(wl_registry_rollback(cli->alloc, folder, cli->arguments[0], alias, wl_str_from(author),
                                reason, cli->now_us, error));
    return print_last(cli, folder, cli->arguments[0], error);
}

/* ---- history ---- */

// Every alias that pointed at something at that time, as the move that made it so.
static size_t keep_live(struct wl_registry_move *moves, size_t n, int64_t time_us)
{
    static const char *const aliases[] = {WL_ALIAS_CHAMPION, WL_ALIAS_CHALLENGER, WL_ALIAS_SHADOW};
    struct wl_registry_move live[3];
    size_t n_live = 0;

    for (size_t a = 0; a < 3; a++) {
        const struct wl_registry_move *last = NULL;
        for (size_t i = 0; i < n; i++) {
            bool is_it = moves[i].at_us <= time_us && wl_str_is(moves[i].alias, aliases[a]);
            last = is_it ? &moves[i] : last;
        }
        if (last != NULL && last->to > 0) {
            live[n_live++] = *last;
        }
    }
    memcpy(moves, live, n_live * sizeof(*moves));
    return n_live;
}

static wl_status run_history(struct wl_cli *cli, wl_error *error)
{
    struct wl_registry_move *moves = NULL;
    const char *folder = NULL;
    int64_t at_us = 0;
    size_t n = 0;

    if (cli->n_arguments != 1) {
        return wl_fail(error, WL_EINVAL, "model history wants one NAME");
    }
    WL_TRY(wl_cli_date(cli, "at", WL_TIME_NONE, &at_us, error));
    WL_TRY(models_folder(cli, &folder, error));
    WL_TRY(wl_registry_history(&cli->arena_process, folder, cli->arguments[0], &moves, &n, error));
    if (wl_cli_has(cli, "at") && n > 0) {
        n = keep_live(moves, n, at_us);
    }
    if (n == 0) {
        wl_cli_say(cli, "%s",
                   wl_cli_has(cli, "at")
                       ? WL_SAY(cli, "no version was in charge then", "当时没有任何版本在用")
                       : WL_SAY(cli, "no alias was ever moved", "还没有移动过别名"));
        return WL_OK;
    }
    return print_moves(cli, cli->arguments[0], moves, n, error);
}

static const struct wl_option promote_options[] = {
    {"alias", 0, "champion|challenger|shadow", "which alias to move (default: champion)",
     "要移动的别名（默认：champion）"},
    {"reason", 0, "TEXT", "why; kept in the history (required)", "原因，写入历史（必填）"},
    {"author", 0, "NAME", "who is written into the history", "写入历史的操作者"},
};

static const struct wl_option history_options[] = {
    {"at", 0, "TIME", "only what was in charge at that time", "只显示该时刻在用的版本"},
};

const struct wl_command wl_command_model_promote = {
    .name = "model promote",
    .summary_en = "put a version in charge: champion, challenger or shadow",
    .summary_zh = "把某个版本设为 champion、challenger 或 shadow",
    .arguments = "NAME VERSION",
    .example = "wanliu model promote churn 1 --reason \"better on the last quarter\"",
    .options = promote_options,
    .n_options = sizeof(promote_options) / sizeof(promote_options[0]),
    .run = run_promote,
};

const struct wl_command wl_command_model_rollback = {
    .name = "model rollback",
    .summary_en = "back to the version that was in charge before",
    .summary_zh = "回退到之前在用的版本",
    .arguments = "NAME",
    .example = "wanliu model rollback churn --reason \"scores jumped\"",
    .options = promote_options,
    .n_options = sizeof(promote_options) / sizeof(promote_options[0]),
    .run = run_rollback,
};

const struct wl_command wl_command_model_history = {
    .name = "model history",
    .summary_en = "who put which version in charge, when and why",
    .summary_zh = "谁在何时因何启用了哪个版本",
    .arguments = "NAME",
    .example = "wanliu model history churn",
    .options = history_options,
    .n_options = sizeof(history_options) / sizeof(history_options[0]),
    .run = run_history,
};
