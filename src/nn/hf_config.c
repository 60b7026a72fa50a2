/* Bounds are checked here once, so that what comes out can be multiplied and allocated. */
#include "nn/hf_config.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

wl_status wl_hf_file_read(struct wl_arena *arena, const char *folder, const char *name,
                          struct wl_buf *buf, const char **path_out, wl_error *error)
{
    const char *path = wl_path_join(arena, folder, name);

    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    *path_out = path;
    return wl_file_read(path, buf, error);
}

wl_status wl_hf_config_read(struct wl_arena *arena, const char *file, struct wl_str bytes,
                            struct wl_hf_config *config, wl_error *error)
{
    struct wl_node *root = NULL;
    wl_status status = wl_json_parse_rounded(arena, bytes, &root, error);

    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", file);
    }
    if (root->kind != WL_NODE_MAP) {
        return wl_fail(error, WL_EPARSE, "%s: expected a map, found %s", file,
                       wl_node_kind_name(root->kind));
    }
    *config = (struct wl_hf_config){.file = file, .root = root};
    return WL_OK;
}

// The value under key; NULL when absent or null, which Hugging Face takes for the same.
static const struct wl_node *value_of(const struct wl_hf_config *config, const char *key)
{
    const struct wl_node *node = wl_node_get(config->root, key);

    return node == NULL || node->kind == WL_NODE_NULL ? NULL : node;
}

// A value as it stands in the file, or the name of its kind, into room.
static const char *as_written(const struct wl_node *node, char *room, size_t room_bytes)
{
    const char *quote = node->kind == WL_NODE_STRING ? "\"" : "";

    if (node->kind == WL_NODE_LIST || node->kind == WL_NODE_MAP) {
        return wl_node_kind_name(node->kind);
    }
    (void)snprintf(room, room_bytes, "%s%.*s%s", quote, WL_STR_ARG(node->text), quote);
    return room;
}

wl_status wl_hf_config_count(const struct wl_hf_config *config, const char *key, size_t fallback,
                             size_t most, size_t *value, wl_error *error)
{
    const struct wl_node *node = value_of(config, key);
    char room[64];

    if (node == NULL) {
        *value = fallback;
        return fallback > 0 ? WL_OK
                            : wl_fail(error, WL_ECONFIG,
                                      "%s: %s is missing, expected a whole number of 1 to %zu",
                                      config->file, key, most);
    }
    if (node->kind != WL_NODE_NUMBER || !(node->number >= 1.0) || node->number > (double)most ||
        node->number != floor(node->number)) {
        return wl_fail(error, WL_ECONFIG, "%s: %s: expected a whole number of 1 to %zu, found %s",
                       config->file, key, most, as_written(node, room, sizeof(room)));
    }
    *value = (size_t)node->number;
    return WL_OK;
}

wl_status wl_hf_config_real(const struct wl_hf_config *config, const char *key, double fallback,
                            double low, double high, double *value, wl_error *error)
{
    const struct wl_node *node = value_of(config, key);
    char room[64];

    if (node == NULL) {
        *value = fallback;
        return WL_OK;
    }
    if (node->kind != WL_NODE_NUMBER || !(node->number >= low) || !(node->number <= high)) {
        return wl_fail(error, WL_ECONFIG, "%s: %s: expected a number of %g to %g, found %s",
                       config->file, key, low, high, as_written(node, room, sizeof(room)));
    }
    *value = node->number;
    return WL_OK;
}

bool wl_hf_config_flag(const struct wl_hf_config *config, const char *key, bool fallback)
{
    const struct wl_node *node = value_of(config, key);

    return node != NULL && node->kind == WL_NODE_BOOL ? node->number != 0.0 : fallback;
}

wl_status wl_hf_config_word(const struct wl_hf_config *config, const char *key,
                            const char *const *words, size_t *i_word, wl_error *error)
{
    const struct wl_node *node = value_of(config, key);
    char room[64];
    char all[128] = "";
    size_t n_bytes = 0;

    *i_word = 0;
    if (node == NULL) {
        return WL_OK;
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        if (node->kind == WL_NODE_STRING && wl_str_is(node->text, words[i])) {
            *i_word = i;
            return WL_OK;
        }
        int n = snprintf(all + n_bytes, sizeof(all) - n_bytes, "%s%s", i > 0 ? ", " : "", words[i]);
        n_bytes += n > 0 && (size_t)n < sizeof(all) - n_bytes ? (size_t)n : 0;
    }
    return wl_fail(error, WL_ECONFIG, "%s: %s: expected %s, found %s", config->file, key, all,
                   as_written(node, room, sizeof(room)));
}

wl_status wl_hf_config_labels(struct wl_arena *arena, const struct wl_hf_config *config,
                              struct wl_str **labels, size_t *n_labels, wl_error *error)
{
    const struct wl_node *map = value_of(config, "id2label");
    struct wl_str *found = NULL;

    *labels = NULL;
    *n_labels = 0;
    if (map == NULL || map->n_children == 0) {
        return WL_OK;
    }
    found = wl_arena_zeroed(arena, map->n_children, sizeof(*found));
    if (found == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", map->n_children);
    }
    for (const struct wl_node *item = map->first; item != NULL; item = item->next) {
        int64_t id = -1;
        if (map->kind != WL_NODE_MAP || !wl_str_to_i64(item->key, &id) || id < 0 ||
            (size_t)id >= map->n_children || found[id].data != NULL ||
            item->kind != WL_NODE_STRING) {
            return wl_fail(error, WL_ECONFIG,
                           "%s: id2label: expected names for the ids 0 to %zu, found id \"%.*s\"",
                           config->file, map->n_children - 1, WL_STR_ARG(item->key));
        }
        const char *name = wl_arena_string(arena, item->text);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", map->n_children);
        }
        found[id] = (struct wl_str){.data = name, .n_bytes = item->text.n_bytes};
    }
    *labels = found;
    *n_labels = map->n_children;
    return WL_OK;
}
