/* Reading what make_torch.py wrote. */
#ifndef WL_TESTS_GOLDEN_NN_TORCH_JSON_H
#define WL_TESTS_GOLDEN_NN_TORCH_JSON_H
#include "check.h"

#include "base/file.h"
#include "data/node.h"

/* torch_json - the tree of a file of tests/golden/nn; stops the program when it cannot be read. */
static inline const struct wl_node *torch_json(struct wl_arena *arena, const char *path)
{
    struct wl_buf text;
    struct wl_node *root = NULL;
    wl_error error = {0};

    wl_arena_init(arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), (size_t)1 << 24);
    if (wl_file_read(path, &text, &error) != WL_OK ||
        wl_json_parse(arena, wl_buf_view(&text), &root, &error) != WL_OK) {
        fprintf(stderr, "%s: %s\n", path, error.message);
        exit(EXIT_FAILURE);
    }
    wl_buf_release(&text);
    return root;
}

/* torch_error - largest difference of floats and a list of numbers, over the largest of these or
 * floor; a list of another length is an error of 1. */
static inline double torch_error(const float *got, size_t n, const struct wl_node *list,
                                 double floor)
{
    double worst = 0.0;
    double largest = floor;
    size_t i = 0;

    if (list == NULL || list->n_children != n) {
        fprintf(stderr, "%zu values, stored are %zu\n", n, list != NULL ? list->n_children : 0);
        return 1.0;
    }
    for (const struct wl_node *node = list->first; node != NULL; node = node->next) {
        double off = fabs((double)got[i++] - node->number);
        worst = off > worst || isnan(off) ? off : worst;
        largest = fmax(largest, fabs(node->number));
    }
    return worst / largest;
}

#endif
