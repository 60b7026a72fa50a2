/* Aliases and their history. The alias is switched first and the history appended second; when the
 * append fails the alias is put back, so a reported failure changed nothing. Only a power cut
 * between the two can leave a move without its line, and then the next line's "from" shows the gap.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "model/registry_inside.h"

#include <string.h>

#define ALIASES "aliases.json"
#define HISTORY "history.ndjson"

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for the model registry");
}

const char *wl_registry_alias_name(size_t i)
{
    static const char *const names[WL_REGISTRY_ALIASES] = {WL_ALIAS_CHAMPION, WL_ALIAS_CHALLENGER,
                                                           WL_ALIAS_SHADOW};
    return names[i];
}

size_t wl_registry_alias_index(const char *text)
{
    size_t i = 0;

    while (i < WL_REGISTRY_ALIASES && strcmp(text, wl_registry_alias_name(i)) != 0) {
        i++;
    }
    return i;
}

wl_status wl_registry_read_json(struct wl_arena *arena, const char *path, struct wl_node **root,
                                wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, arena->alloc, WL_CONFIG_BYTES_MAX);
    WL_GO(wl_file_read(path, &buf, error));
    status = wl_json_parse(arena, wl_buf_view(&buf), root, error);
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "%s", path);
    }
done:
    wl_buf_release(&buf);
    return status;
}

wl_status wl_registry_read_aliases(struct wl_arena *arena, const char *model_folder,
                                   struct wl_registry_aliases *aliases, wl_error *error)
{
    struct wl_node *root = NULL;
    char *path = wl_path_join(arena, model_folder, ALIASES);

    *aliases = (struct wl_registry_aliases){0};
    if (path == NULL) {
        return fail_memory(error);
    }
    if (!wl_file_exists(path)) {
        return WL_OK;
    }
    WL_TRY(wl_registry_read_json(arena, path, &root, error));
    for (size_t i = 0; i < WL_REGISTRY_ALIASES; i++) {
        double number = wl_node_number(root, wl_registry_alias_name(i), 0.0);
        aliases->version[i] = number >= 1.0 && number < 9e15 ? (int64_t)number : 0;
    }
    return WL_OK;
}

static wl_status write_aliases(const wl_alloc *alloc, const char *path,
                               const struct wl_registry_aliases *aliases, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, alloc, 0);
    struct wl_json_writer json = wl_json_begin(&buf);
    wl_json_open(&json, '{');
    for (size_t i = 0; i < WL_REGISTRY_ALIASES; i++) {
        if (aliases->version[i] > 0) {
            wl_json_key(&json, wl_registry_alias_name(i));
            wl_json_i64(&json, aliases->version[i]);
        }
    }
    wl_json_close(&json, '}');
    wl_buf_char(&buf, '\n');
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_write(path, wl_buf_view(&buf), error));
done:
    wl_buf_release(&buf);
    return status;
}

static wl_status append_move(const wl_alloc *alloc, const char *path,
                             const struct wl_registry_move *move, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, alloc, 0);
    struct wl_json_writer json = wl_json_begin(&buf);
    wl_json_open(&json, '{');
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
    wl_buf_char(&buf, '\n');
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_append(path, wl_buf_view(&buf), error));
done:
    wl_buf_release(&buf);
    return status;
}

static wl_status check_version(struct wl_arena *arena, const char *folder, const char *model_folder,
                               const char *name, int64_t version, wl_error *error)
{
    if (!wl_file_exists(model_folder)) {
        return wl_registry_fail_name(arena, folder, name, error);
    }
    if (version == 0) {
        return WL_OK;
    }
    if (version < 0) {
        return wl_fail(error, WL_EINVAL, "version %lld is negative", (long long)version);
    }
    char *path = wl_registry_version_path(arena, model_folder, version);
    if (path == NULL) {
        return fail_memory(error);
    }
    if (!wl_file_exists(path)) {
        return wl_fail(error, WL_ENOTFOUND, "model %s has no version %lld", name,
                       (long long)version);
    }
    return WL_OK;
}

/* Switch and record; arena holds the paths. */
static wl_status move_alias(struct wl_arena *arena, const char *model_folder, size_t i_alias,
                            struct wl_registry_move *move, wl_error *error)
{
    struct wl_registry_aliases before;
    char *alias_path = wl_path_join(arena, model_folder, ALIASES);
    char *history_path = wl_path_join(arena, model_folder, HISTORY);

    if (alias_path == NULL || history_path == NULL) {
        return fail_memory(error);
    }
    WL_TRY(wl_registry_read_aliases(arena, model_folder, &before, error));
    struct wl_registry_aliases after = before;
    after.version[i_alias] = move->to;
    move->from = before.version[i_alias];
    WL_TRY(write_aliases(arena->alloc, alias_path, &after, error));
    wl_status status = append_move(arena->alloc, history_path, move, error);
    if (status != WL_OK) {
        (void)write_aliases(arena->alloc, alias_path, &before, NULL);
    }
    return status;
}

wl_status wl_registry_set_alias(const wl_alloc *alloc, const char *folder, const char *name,
                                const char *alias, int64_t version, struct wl_str author,
                                struct wl_str reason, int64_t now_us, wl_error *error)
{
    struct wl_arena arena;
    struct wl_registry_move move = {.at_us = now_us,
                                    .alias = wl_str_from(alias),
                                    .to = version,
                                    .author = author,
                                    .reason = reason};
    size_t i_alias = wl_registry_alias_index(alias);
    wl_status status = wl_registry_check_name(name, error);

    if (status != WL_OK) {
        return status;
    }
    if (i_alias == WL_REGISTRY_ALIASES) {
        return wl_fail(error, WL_EINVAL, "alias \"%s\" is not champion, challenger or shadow",
                       alias);
    }
    wl_arena_init(&arena, alloc, 0);
    char *model_folder = wl_path_join(&arena, folder, name);
    if (model_folder == NULL) {
        status = fail_memory(error);
        goto done;
    }
    WL_GO(check_version(&arena, folder, model_folder, name, version, error));
    WL_GO(move_alias(&arena, model_folder, i_alias, &move, error));
done:
    wl_arena_release(&arena);
    return status;
}

static wl_status read_move(struct wl_arena *arena, struct wl_str line,
                           struct wl_registry_move *move, wl_error *error)
{
    struct wl_node *root = NULL;

    WL_TRY(wl_json_parse(arena, line, &root, error));
    *move = (struct wl_registry_move){.alias = wl_node_text(root, "alias", ""),
                                      .from = (int64_t)wl_node_number(root, "from", 0.0),
                                      .to = (int64_t)wl_node_number(root, "to", 0.0),
                                      .author = wl_node_text(root, "author", ""),
                                      .reason = wl_node_text(root, "reason", "")};
    return wl_time_parse(wl_node_text(root, "at", ""), WL_TIME_AUTO, 0, &move->at_us, error);
}

static wl_status read_moves(struct wl_arena *arena, struct wl_str text,
                            struct wl_registry_move **moves_out, size_t *n_out, wl_error *error)
{
    struct wl_str rest = text;
    size_t n = 0;
    size_t n_lines = 1;

    for (size_t i = 0; i < text.n_bytes; i++) {
        n_lines += text.data[i] == '\n';
    }
    struct wl_registry_move *moves = wl_arena_zeroed(arena, n_lines, sizeof(*moves));
    if (moves == NULL) {
        return fail_memory(error);
    }
    for (size_t i_line = 1; rest.n_bytes > 0; i_line++) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        if (line.n_bytes == 0) {
            continue;
        }
        wl_status status = read_move(arena, line, &moves[n], error);
        if (status != WL_OK) {
            return wl_fail_at(error, status, HISTORY ", line %zu", i_line);
        }
        n++;
    }
    *moves_out = moves;
    *n_out = n;
    return WL_OK;
}

wl_status wl_registry_history(struct wl_arena *arena, const char *folder, const char *name,
                              struct wl_registry_move **moves, size_t *n, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = wl_registry_check_name(name, error);

    if (status != WL_OK) {
        return status;
    }
    wl_buf_init(&buf, arena->alloc, 0);
    char *model_folder = wl_path_join(arena, folder, name);
    char *path = model_folder != NULL ? wl_path_join(arena, model_folder, HISTORY) : NULL;
    if (path == NULL) {
        status = fail_memory(error);
        goto done;
    }
    if (!wl_file_exists(model_folder)) {
        WL_GO(wl_registry_fail_name(arena, folder, name, error));
    }
    if (wl_file_exists(path)) {
        WL_GO(wl_file_read(path, &buf, error));
    }
    WL_GO(read_moves(arena, wl_buf_view(&buf), moves, n, error));
done:
    wl_buf_release(&buf);
    return status;
}

int64_t wl_registry_live_at(const struct wl_registry_move *moves, size_t n, const char *alias,
                            int64_t time_us)
{
    int64_t version = 0;

    for (size_t i = 0; i < n; i++) {
        if (moves[i].at_us <= time_us && wl_str_is(moves[i].alias, alias)) {
            version = moves[i].to;
        }
    }
    return version;
}
