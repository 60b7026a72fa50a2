/* Walking and checking a forest.
 *
 * Why plain arrays: a trained forest is read millions of times and written once, so it is laid out
 * for the reader: nodes of a tree together, root first, every child behind its parent, right = left
 * + 1. The last two make the check below one forward pass and rule out cycles by construction.
 * wl_forest_margin is the plain reference; many rows at a time go through walk.c. */
#include "model/forest.h"

#include "base/limits.h"

#include <math.h>

static double leaf_of(const struct wl_forest *forest, uint32_t root, const float *columns)
{
    const struct wl_tree_node *node = &forest->nodes[root];

    while (node->column != WL_NODE_LEAF) {
        float value = columns[node->column];
        bool goes_left = isnan(value) ? node->missing_left != 0 : value < node->value;
        node = &forest->nodes[node->left + !goes_left];
    }
    return (double)node->value;
}

double wl_forest_margin(const struct wl_forest *forest, const float *columns)
{
    double margin = forest->base_margin;

    for (size_t t = 0; t < forest->n_trees; t++) {
        margin += leaf_of(forest, forest->roots[t], columns);
    }
    return margin;
}

static wl_status check_sizes(const struct wl_forest *forest, wl_error *error)
{
    if (forest->n_trees > WL_TREES_MAX || forest->n_nodes > WL_TREE_NODES_MAX ||
        forest->n_columns > WL_ENCODED_MAX) {
        return wl_fail(error, WL_ECORRUPT,
                       "forest of %zu trees, %zu nodes, %zu columns is too large", forest->n_trees,
                       forest->n_nodes, forest->n_columns);
    }
    if (!isfinite(forest->base_margin)) {
        return wl_fail(error, WL_ECORRUPT, "base margin of the forest is not finite");
    }
    if ((forest->n_trees == 0) != (forest->n_nodes == 0)) {
        return wl_fail(error, WL_ECORRUPT, "forest has %zu trees but %zu nodes", forest->n_trees,
                       forest->n_nodes);
    }
    for (size_t t = 0; t < forest->n_trees; t++) {
        size_t low = t == 0 ? 0 : (size_t)forest->roots[t - 1] + 1;
        bool is_first = t > 0 || forest->roots[0] == 0;
        if (forest->roots[t] < low || forest->roots[t] >= forest->n_nodes || !is_first) {
            return wl_fail(error, WL_ECORRUPT, "root of tree %zu is at node %u, out of order", t,
                           forest->roots[t]);
        }
    }
    return WL_OK;
}

static wl_status check_node(const struct wl_forest *forest, size_t i, size_t end, wl_error *error)
{
    const struct wl_tree_node *node = &forest->nodes[i];
    float cover = forest->covers[i];

    if (node->missing_left > 1) {
        return wl_fail(error, WL_ECORRUPT, "node %zu sends missing values to side %u", i,
                       node->missing_left);
    }
    if (!isfinite(node->value)) {
        return wl_fail(error, WL_ECORRUPT, "value of node %zu is not finite", i);
    }
    if (!isfinite(cover) || cover < 0.0F) {
        return wl_fail(error, WL_ECORRUPT, "cover of node %zu is %g", i, (double)cover);
    }
    if (node->column == WL_NODE_LEAF) {
        if (node->left != 0) {
            return wl_fail(error, WL_ECORRUPT, "leaf %zu has child %u", i, node->left);
        }
        return WL_OK;
    }
    if (node->column >= forest->n_columns) {
        return wl_fail(error, WL_ECORRUPT, "node %zu asks for column %u of %zu", i, node->column,
                       forest->n_columns);
    }
    if (cover <= 0.0F) { // explaining divides by it
        return wl_fail(error, WL_ECORRUPT, "inner node %zu has no cover", i);
    }
    if (node->left <= i || (size_t)node->left + 1 >= end) {
        return wl_fail(error, WL_ECORRUPT, "child %u of node %zu is outside its tree", node->left,
                       i);
    }
    return WL_OK;
}

/* One forward pass over a tree. level[i] is 1 + depth of node i, 0 while no parent has named it:
 * children stand behind their parents, so at node i its own entry is final. */
static wl_status check_tree(const struct wl_forest *forest, size_t begin, size_t end,
                            uint8_t *level, size_t *depth_max, wl_error *error)
{
    level[begin] = 1;
    for (size_t i = begin; i < end; i++) {
        const struct wl_tree_node *node = &forest->nodes[i];
        WL_TRY(check_node(forest, i, end, error));
        if (level[i] == 0) {
            return wl_fail(error, WL_ECORRUPT, "node %zu has no parent", i);
        }
        if (node->column == WL_NODE_LEAF) {
            continue;
        }
        if (level[i] > WL_TREE_DEPTH_MAX) {
            return wl_fail(error, WL_ECORRUPT, "node %zu is deeper than %d levels", i,
                           WL_TREE_DEPTH_MAX);
        }
        for (size_t child = node->left; child <= (size_t)node->left + 1; child++) {
            if (level[child] != 0) {
                return wl_fail(error, WL_ECORRUPT, "node %zu has two parents", child);
            }
            level[child] = (uint8_t)(level[i] + 1);
        }
        *depth_max = *depth_max < level[i] ? level[i] : *depth_max;
    }
    return WL_OK;
}

wl_status wl_forest_check(struct wl_forest *forest, wl_error *error)
{
    wl_status status = WL_OK;
    size_t depth_max = 0;

    WL_TRY(check_sizes(forest, error));
    uint8_t *level = wl_alloc_zeroed(forest->alloc, forest->n_nodes + 1, sizeof(*level));
    if (level == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to check %zu nodes", forest->n_nodes);
    }
    for (size_t t = 0; t < forest->n_trees; t++) {
        size_t end = t + 1 < forest->n_trees ? forest->roots[t + 1] : forest->n_nodes;
        WL_GO(check_tree(forest, forest->roots[t], end, level, &depth_max, error));
    }
    forest->depth_max = depth_max;
done:
    wl_alloc_free(forest->alloc, level);
    return status;
}

void wl_forest_free(struct wl_forest *forest)
{
    if (forest == NULL) {
        return;
    }
    wl_alloc_free(forest->alloc, forest->nodes);
    wl_alloc_free(forest->alloc, forest->covers);
    wl_alloc_free(forest->alloc, forest->roots);
    wl_alloc_free(forest->alloc, forest);
}
