/* Looking things up in a document tree. Maps are short, so a walk beats a hash table. */
#include "data/node.h"

const struct wl_node *wl_node_get(const struct wl_node *map, const char *key)
{
    if (map == NULL || map->kind != WL_NODE_MAP) {
        return NULL;
    }
    for (const struct wl_node *child = map->first; child != NULL; child = child->next) {
        if (wl_str_is(child->key, key)) {
            return child;
        }
    }
    return NULL;
}

struct wl_str wl_node_text(const struct wl_node *map, const char *key, const char *fallback)
{
    const struct wl_node *node = wl_node_get(map, key);
    bool is_scalar = node != NULL && node->kind != WL_NODE_LIST && node->kind != WL_NODE_MAP &&
                     node->kind != WL_NODE_NULL;
    return is_scalar ? node->text : wl_str_from(fallback);
}

double wl_node_number(const struct wl_node *map, const char *key, double fallback)
{
    const struct wl_node *node = wl_node_get(map, key);
    return node != NULL && node->kind == WL_NODE_NUMBER ? node->number : fallback;
}

const char *wl_node_kind_name(enum wl_node_kind kind)
{
    switch (kind) {
    case WL_NODE_NULL: return "nothing";
    case WL_NODE_BOOL: return "true or false";
    case WL_NODE_NUMBER: return "a number";
    case WL_NODE_STRING: return "a text";
    case WL_NODE_LIST: return "a list";
    case WL_NODE_MAP: return "a map";
    }
    return "something unknown";
}
