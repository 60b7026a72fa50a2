/* JSON reader: any bytes give a tree or one clear line; the tree is well formed. */
#include "fuzz.h"

#include "data/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_arena arena;
    struct wl_node *root = NULL;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_status status = wl_json_parse(&arena, text, &root, &error);
    fuzz_check_status(status, &error);
    fuzz_check_tree(status == WL_OK ? root : NULL);
    WL_ASSERT(status == WL_OK || root == NULL);
    wl_arena_release(&arena);
    return 0;
}
