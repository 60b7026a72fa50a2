/* Many rows through a forest.
 *
 * Walking one row is a chain of dependent loads and unpredictable branches: some 4 ns a node. Here
 * a node's question has no branch (two comparisons and a bit), leaves loop onto themselves so that
 * the number of steps is the tree's depth for every row, and LANES rows walk side by side, which
 * hides one row's load behind the others'. A block of rows goes through a tree before the next tree
 * is touched: block (64 rows of 80 features: 20 KiB) and tree (64 leaves: 2 KiB) both stay in the
 * first cache. Measured numbers stand in README.md.
 *
 * The margin of a row is base + leaf of tree 0 + leaf of tree 1 ..., in double and in this order,
 * whatever the block or the number of threads: same bits as wl_forest_margin. */
#include "model/walk.h"

#include "base/limits.h"

#include <math.h>

#define LANES         8  /* rows side by side: enough loads in flight, few enough for registers */
#define BLOCK_ROWS    64 /* see above */
#define MISSING_RIGHT UINT32_C(0x80000000)

/* One inner node: from "encoded column < threshold" to an interval of the feature. An indicator is
 * 0 or 1, so the threshold either splits the level off (0 < t <= 1) or splits nothing. */
static void set_interval(const struct wl_tree_node *from, const struct wl_encoder_column *column,
                         struct wl_walk_node *to)
{
    to->low = from->value;
    to->high = INFINITY;
    if (!column->is_level) {
        return;
    }
    if (from->value > 1.0F) { // everybody with a value goes left
        to->low = NAN;
    } else if (from->value > 0.0F) {
        to->low = column->code;
        to->high = column->code;
    } else { // everybody with a value goes right
        to->low = -INFINITY;
    }
}

static void compile_tree(const struct wl_forest *forest, const struct wl_encoder *encoder,
                         size_t begin, size_t end, struct wl_walk_node *nodes)
{
    for (size_t i = begin; i < end; i++) {
        const struct wl_tree_node *from = &forest->nodes[i];
        struct wl_walk_node *to = &nodes[i];
        if (from->column == WL_NODE_LEAF) {
            *to = (struct wl_walk_node){.low = NAN, .high = from->value, .left = (uint32_t)i};
            continue;
        }
        const struct wl_encoder_column *column = &encoder->columns[from->column];
        *to = (struct wl_walk_node){.left = from->left,
                                    .feature = column->feature |
                                               (from->missing_left != 0 ? 0 : MISSING_RIGHT)};
        set_interval(from, column, to);
    }
}

/* Longest path of one tree; depth_at is scratch, children stand behind their parents. */
static uint32_t depth_of(const struct wl_forest *forest, size_t begin, size_t end,
                         uint8_t *depth_at)
{
    uint32_t deepest = 0;

    depth_at[begin] = 0;
    for (size_t i = begin; i < end; i++) {
        const struct wl_tree_node *node = &forest->nodes[i];
        if (node->column != WL_NODE_LEAF) {
            depth_at[node->left] = (uint8_t)(depth_at[i] + 1);
            depth_at[node->left + 1] = (uint8_t)(depth_at[i] + 1);
            deepest = depth_at[i] + 1U > deepest ? depth_at[i] + 1U : deepest;
        }
    }
    return deepest;
}

wl_status wl_walk_init(struct wl_walk *walk, const wl_alloc *alloc, const struct wl_forest *forest,
                       const struct wl_encoder *encoder, wl_error *error)
{
    struct wl_walk built = {.alloc = alloc,
                            .n_trees = forest->n_trees,
                            .n_features = encoder->n_features,
                            .base_margin = forest->base_margin};
    wl_status status = WL_OK;
    uint8_t *depth_at = NULL;

    if (forest->n_columns != encoder->n_columns) {
        return wl_fail(error, WL_ESHAPE, "forest reads %zu columns, encoder makes %zu",
                       forest->n_columns, encoder->n_columns);
    }
    built.nodes = wl_alloc_zeroed(alloc, forest->n_nodes + 1, sizeof(*built.nodes));
    built.roots = wl_alloc_zeroed(alloc, forest->n_trees + 1, sizeof(*built.roots));
    built.depths = wl_alloc_zeroed(alloc, forest->n_trees + 1, sizeof(*built.depths));
    depth_at = wl_alloc_zeroed(alloc, forest->n_nodes + 1, sizeof(*depth_at));
    if (built.nodes == NULL || built.roots == NULL || built.depths == NULL || depth_at == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to compile %zu nodes", forest->n_nodes);
        goto done;
    }
    for (size_t t = 0; t < forest->n_trees; t++) {
        size_t begin = forest->roots[t];
        size_t end = t + 1 < forest->n_trees ? forest->roots[t + 1] : forest->n_nodes;
        built.roots[t] = forest->roots[t];
        built.depths[t] = depth_of(forest, begin, end, depth_at);
        compile_tree(forest, encoder, begin, end, built.nodes);
    }
    *walk = built;
    built = (struct wl_walk){0};
done:
    wl_alloc_free(alloc, depth_at);
    wl_walk_release(&built);
    return status;
}

void wl_walk_release(struct wl_walk *walk)
{
    if (walk->alloc == NULL) {
        return;
    }
    wl_alloc_free(walk->alloc, walk->nodes);
    wl_alloc_free(walk->alloc, walk->roots);
    wl_alloc_free(walk->alloc, walk->depths);
    *walk = (struct wl_walk){0};
}

static inline uint32_t step(const struct wl_walk_node *nodes, uint32_t at, const float *row)
{
    const struct wl_walk_node *node = &nodes[at];
    float value = row[node->feature & ~MISSING_RIGHT];
    uint32_t goes_right = (uint32_t)(value >= node->low) & (uint32_t)(value <= node->high);
    uint32_t is_missing = (uint32_t)(value != value);
    return node->left + (goes_right | (is_missing & (node->feature >> 31)));
}

static void walk_lanes(const struct wl_walk *walk, size_t i_tree, const float *values,
                       double *margins)
{
    const struct wl_walk_node *nodes = walk->nodes;
    size_t F = walk->n_features;
    uint32_t root = walk->roots[i_tree];
    // Written out: eight numbers the compiler keeps in registers, which an array is not at -O2.
    uint32_t a = root, b = root, c = root, d = root, e = root, f = root, g = root, h = root;

    for (uint32_t depth = walk->depths[i_tree]; depth > 0; depth--) {
        a = step(nodes, a, values);
        b = step(nodes, b, values + F);
        c = step(nodes, c, values + 2 * F);
        d = step(nodes, d, values + 3 * F);
        e = step(nodes, e, values + 4 * F);
        f = step(nodes, f, values + 5 * F);
        g = step(nodes, g, values + 6 * F);
        h = step(nodes, h, values + 7 * F);
    }
    margins[0] += (double)nodes[a].high;
    margins[1] += (double)nodes[b].high;
    margins[2] += (double)nodes[c].high;
    margins[3] += (double)nodes[d].high;
    margins[4] += (double)nodes[e].high;
    margins[5] += (double)nodes[f].high;
    margins[6] += (double)nodes[g].high;
    margins[7] += (double)nodes[h].high;
}

static void walk_one(const struct wl_walk *walk, size_t i_tree, const float *row, double *margin)
{
    const struct wl_walk_node *nodes = walk->nodes;
    uint32_t at = walk->roots[i_tree];

    while (nodes[at].left != at) {
        at = step(nodes, at, row);
    }
    *margin += (double)nodes[at].high;
}

static void walk_block(const struct wl_walk *walk, const float *values, size_t n_rows,
                       double *margins)
{
    for (size_t i = 0; i < n_rows; i++) {
        margins[i] = walk->base_margin;
    }
    for (size_t t = 0; t < walk->n_trees; t++) {
        size_t i = 0;
        for (; i + LANES <= n_rows; i += LANES) {
            walk_lanes(walk, t, values + i * walk->n_features, margins + i);
        }
        for (; i < n_rows; i++) {
            walk_one(walk, t, values + i * walk->n_features, margins + i);
        }
    }
}

void wl_walk_margins(const struct wl_walk *walk, const float *values, size_t N, double *margins)
{
    for (size_t i = 0; i < N; i += BLOCK_ROWS) {
        size_t n_rows = N - i < BLOCK_ROWS ? N - i : BLOCK_ROWS;
        walk_block(walk, values + i * walk->n_features, n_rows, margins + i);
    }
}
