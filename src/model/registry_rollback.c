/* Going back. What an alias pointed at before is read from its history as from a stack: a move to a
 * new version lays it on top, a move to the version right below the top takes the top away. So two
 * rollbacks in a row go two versions back, and not back and forth. History is only appended: a
 * rollback is one more line of it. */
#include "base/file.h"
#include "model/registry_inside.h"

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for the model registry");
}

static bool is_top(const int64_t *stack, size_t n, int64_t version)
{
    return n > 0 && stack[n - 1] == version;
}

int64_t wl_registry_before(const struct wl_registry_move *moves, size_t n, const char *alias,
                           int64_t version, int64_t *stack)
{
    size_t n_stack = 0;

    for (size_t i = 0; i < n; i++) {
        if (!wl_str_is(moves[i].alias, alias)) {
            continue;
        }
        if (moves[i].from > 0 && !is_top(stack, n_stack, moves[i].from)) {
            stack[n_stack++] = moves[i].from; // a move that was never written down
        }
        if (n_stack > 1 && stack[n_stack - 2] == moves[i].to) {
            n_stack--;
        } else if (moves[i].to > 0 && !is_top(stack, n_stack, moves[i].to)) {
            stack[n_stack++] = moves[i].to;
        }
    }
    n_stack -= is_top(stack, n_stack, version);
    return n_stack > 0 ? stack[n_stack - 1] : 0;
}

static wl_status find_before(struct wl_arena *arena, const char *folder, const char *name,
                             const char *alias, int64_t *version, wl_error *error)
{
    struct wl_registry_aliases aliases;
    struct wl_registry_move *moves = NULL;
    size_t i_alias = wl_registry_alias_index(alias);
    size_t n = 0;

    WL_TRY(wl_registry_check_name(name, error));
    if (i_alias == WL_REGISTRY_ALIASES) {
        return wl_fail(error, WL_EINVAL, "alias \"%s\" is not champion, challenger or shadow",
                       alias);
    }
    const char *model_folder = wl_path_join(arena, folder, name);
    if (model_folder == NULL) {
        return fail_memory(error);
    }
    if (!wl_file_exists(model_folder)) {
        return wl_registry_fail_name(arena, folder, name, error);
    }
    WL_TRY(wl_registry_read_aliases(arena, model_folder, &aliases, error));
    WL_TRY(wl_registry_history(arena, folder, name, &moves, &n, error));
    int64_t *stack = wl_arena_zeroed(arena, 2 * n + 1, sizeof(*stack));
    if (stack == NULL) {
        return fail_memory(error);
    }
    *version = wl_registry_before(moves, n, alias, aliases.version[i_alias], stack);
    if (*version == 0) {
        return wl_fail(error, WL_ENOTFOUND, "model %s: no version was %s before", name, alias);
    }
    return WL_OK;
}

wl_status wl_registry_rollback(const wl_alloc *alloc, const char *folder, const char *name,
                               const char *alias, struct wl_str author, struct wl_str reason,
                               int64_t now_us, wl_error *error)
{
    struct wl_arena arena;
    int64_t version = 0;

    wl_arena_init(&arena, alloc, 0);
    wl_status status = find_before(&arena, folder, name, alias, &version, error);
    wl_arena_release(&arena);
    WL_TRY(status);
    return wl_registry_set_alias(alloc, folder, name, alias, version, author, reason, now_us,
                                 error);
}
