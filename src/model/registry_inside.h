/* Shared by the files of the registry, nobody else. */
#ifndef WL_MODEL_REGISTRY_INSIDE_H
#define WL_MODEL_REGISTRY_INSIDE_H
#include "model/registry.h"

#define WL_REGISTRY_ALIASES 3

/* Where each alias points, in the order of wl_registry_alias_name; 0 nowhere. */
struct wl_registry_aliases {
    int64_t version[WL_REGISTRY_ALIASES];
};

/* wl_registry_alias_name - name of alias i. */
const char *wl_registry_alias_name(size_t i);

/* wl_registry_alias_index - its number, or WL_REGISTRY_ALIASES for another word. */
size_t wl_registry_alias_index(const char *text);

/* wl_registry_read_json - one JSON file of the registry; complaints begin with its path. */
WL_MUST_CHECK wl_status wl_registry_read_json(struct wl_arena *arena, const char *path,
                                              struct wl_node **root, wl_error *error);

/* wl_registry_read_aliases - of one model folder; all 0 when none was ever set. */
WL_MUST_CHECK wl_status wl_registry_read_aliases(struct wl_arena *arena, const char *model_folder,
                                                 struct wl_registry_aliases *aliases,
                                                 wl_error *error);

/* wl_registry_check_name - 1..64 of a-z, 0-9, '-', '_'. Errors: WL_EINVAL. */
WL_MUST_CHECK wl_status wl_registry_check_name(const char *name, wl_error *error);

/* wl_registry_fail_name - WL_ENOTFOUND: no such model, with the nearest name there is. */
WL_MUST_CHECK wl_status wl_registry_fail_name(struct wl_arena *arena, const char *folder,
                                              const char *name, wl_error *error);

/* wl_registry_before - which version an alias pointed at before it pointed at version; 0 none.
 *   moves  (in)  (n) oldest first.
 *   stack  (out) (2 n + 1) working memory. */
int64_t wl_registry_before(const struct wl_registry_move *moves, size_t n, const char *alias,
                           int64_t version, int64_t *stack);

/* wl_registry_version_path - "folder/12" in arena; NULL when memory is out. */
char *wl_registry_version_path(struct wl_arena *arena, const char *model_folder, int64_t version);

#endif
