/* What every fuzz target checks beside not crashing. */
#ifndef WL_FUZZ_FUZZ_H
#define WL_FUZZ_FUZZ_H
#include "data/node.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

/* fuzz_check_status - a failure says why in one line, and is never called our own defect. */
static inline void fuzz_check_status(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        WL_ASSERT(wl_status_class(status) != WL_CLASS_OURS);
        WL_ASSERT(error->message[0] != '\0');
        WL_ASSERT(memchr(error->message, '\0', sizeof(error->message)) != NULL);
        WL_ASSERT(strchr(error->message, '\n') == NULL);
    }
}

/* fuzz_check_tree - children are counted right and nothing but maps has keys. NULL is fine. */
static inline void fuzz_check_tree(const struct wl_node *node)
{
    size_t n_children = 0;

    if (node == NULL) {
        return;
    }
    for (const struct wl_node *child = node->first; child != NULL; child = child->next) {
        WL_ASSERT(node->kind == WL_NODE_MAP || child->key.n_bytes == 0);
        fuzz_check_tree(child);
        n_children++;
    }
    WL_ASSERT(n_children == node->n_children);
}

#endif
