/* Lists of names in configuration. */
#include "compose/lists.h"

#include "compose/taxonomy.h"
#include "data/schema.h"

#include <stdio.h>

const char *const wl_tier_names[] = {"very_low", "low", "medium", "high", "very_high", NULL};

void wl_list_where(char *text, size_t n_bytes, const char *name, size_t i)
{
    (void)snprintf(text, n_bytes, "%s[%zu]", name, i);
}

wl_status wl_mask_read(const struct wl_node *node, const char *where, const char *key,
                       const char *const *names, uint32_t *mask, wl_error *error)
{
    bool is_list = node->kind == WL_NODE_LIST;
    const struct wl_node *at = is_list ? node->first : node;
    uint32_t made = 0;

    if (at == NULL) {
        return wl_fail_node(error, node, "%s.%s: wants at least one of %s, ...", where, key,
                            names[0]);
    }
    for (; at != NULL; at = is_list ? at->next : NULL) {
        int i = at->kind == WL_NODE_STRING ? wl_name_find(names, at->text) : -1;
        if (i < 0) {
            const char *near = wl_closest(at->text, names);
            return wl_fail_node(error, at, "%s.%s: no %s called \"%.*s\"%s%s%s", where, key, key,
                                WL_STR_ARG(at->text), near != NULL ? " (did you mean \"" : "",
                                near != NULL ? near : "", near != NULL ? "\"?)" : "");
        }
        made |= UINT32_C(1) << i;
    }
    *mask = made;
    return WL_OK;
}
