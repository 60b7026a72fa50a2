/* Random forests and rows for the tests of explain, and the two plainest things one can do with
 * them: a margin, and Shapley values by their definition over all 2^F coalitions. */
#ifndef WL_TESTS_PLAIN_EXPLAIN_RANDOM_FOREST_H
#define WL_TESTS_PLAIN_EXPLAIN_RANDOM_FOREST_H
#include "check.h"

#include "model/forest.h"

struct forest_shape {
    const char *name;
    size_t n_trees;
    size_t n_columns;
    size_t depth;        /* longest path allowed */
    double p_leaf;       /* chance that a node above that depth is a leaf */
    double p_cover_zero; /* chance that a side got no training data */
    double p_missing;    /* chance that a value of a row is missing */
    size_t n_nodes_max;
};

static inline double random_unit(uint64_t *seed)
{
    return (double)(check_rand(seed) >> 11) * 0x1p-53;
}

static inline void random_node(struct wl_forest *forest, uint32_t i_node, float cover, size_t depth,
                               const struct forest_shape *shape, uint64_t *seed)
{
    struct wl_tree_node *node = &forest->nodes[i_node];

    forest->covers[i_node] = cover;
    if (depth == shape->depth || random_unit(seed) < shape->p_leaf ||
        forest->n_nodes + 2 > shape->n_nodes_max) {
        *node = (struct wl_tree_node){.column = WL_NODE_LEAF,
                                      .value = (float)(random_unit(seed) - 0.5)};
        if (depth > forest->depth_max) {
            forest->depth_max = depth;
        }
        return;
    }
    uint32_t left = (uint32_t)forest->n_nodes;
    // Few distinct values, so that a path can ask a column several times and ties are met.
    float threshold = (float)(check_rand(seed) % 9) / 8.0F;
    *node = (struct wl_tree_node){.column = (uint32_t)(check_rand(seed) % shape->n_columns),
                                  .left = left,
                                  .value = threshold,
                                  .missing_left = (uint32_t)(check_rand(seed) % 2)};
    forest->n_nodes += 2;
    float share = random_unit(seed) < shape->p_cover_zero ? 0.0F : (float)random_unit(seed);
    if (check_rand(seed) % 2 == 0) {
        share = 1.0F - share;
    }
    random_node(forest, left, cover * share, depth + 1, shape, seed);
    random_node(forest, left + 1, cover - cover * share, depth + 1, shape, seed);
}

static inline void random_forest_init(struct wl_forest *forest, const struct forest_shape *shape,
                                      uint64_t *seed)
{
    *forest = (struct wl_forest){.alloc = wl_alloc_default(), .n_columns = shape->n_columns};
    forest->nodes = calloc(shape->n_nodes_max + 1, sizeof(*forest->nodes));
    forest->covers = calloc(shape->n_nodes_max + 1, sizeof(*forest->covers));
    forest->roots = calloc(shape->n_trees + 1, sizeof(*forest->roots));
    if (forest->nodes == NULL || forest->covers == NULL || forest->roots == NULL) {
        abort();
    }
    forest->base_margin = random_unit(seed) - 0.5;
    while (forest->n_trees < shape->n_trees && forest->n_nodes < shape->n_nodes_max) {
        uint32_t root = (uint32_t)forest->n_nodes++;
        forest->roots[forest->n_trees++] = root;
        random_node(forest, root, 1000.0F, 0, shape, seed);
    }
}

static inline void random_forest_release(struct wl_forest *forest)
{
    free(forest->nodes);
    free(forest->covers);
    free(forest->roots);
}

static inline float *random_rows(size_t n_rows, const struct forest_shape *shape, uint64_t *seed)
{
    float *columns = malloc(n_rows * shape->n_columns * sizeof(float));
    if (columns == NULL) {
        abort();
    }
    for (size_t i = 0; i < n_rows * shape->n_columns; i++) {
        columns[i] = random_unit(seed) < shape->p_missing ? (float)NAN
                                                          : (float)(check_rand(seed) % 17) / 16.0F;
    }
    return columns;
}

static inline uint32_t plain_child(const struct wl_tree_node *node, float x)
{
    bool goes_left = isnan(x) ? node->missing_left != 0 : x < node->value;
    return node->left + (goes_left ? 0U : 1U);
}

/* Expected margin of a tree when only the columns of `known` are told (paper, algorithm 1). */
static inline double plain_expectation(const struct wl_forest *forest, uint32_t i_node,
                                       const float *row, uint64_t known)
{
    const struct wl_tree_node *node = &forest->nodes[i_node];

    if (node->column == WL_NODE_LEAF) {
        return (double)node->value;
    }
    if ((known >> node->column) & 1) {
        return plain_expectation(forest, plain_child(node, row[node->column]), row, known);
    }
    double a = (double)forest->covers[node->left];
    double b = (double)forest->covers[node->left + 1];
    double share = a + b > 0.0 ? a / (a + b) : 0.5;
    return share * plain_expectation(forest, node->left, row, known) +
           (1.0 - share) * plain_expectation(forest, node->left + 1, row, known);
}

static inline double plain_worth(const struct wl_forest *forest, const float *row, uint64_t known)
{
    double worth = forest->base_margin;
    for (size_t k = 0; k < forest->n_trees; k++) {
        worth += plain_expectation(forest, forest->roots[k], row, known);
    }
    return worth;
}

/* All columns known, however many there are. */
static inline double plain_margin(const struct wl_forest *forest, const float *row)
{
    double margin = forest->base_margin;
    for (size_t k = 0; k < forest->n_trees; k++) {
        uint32_t i = forest->roots[k];
        while (forest->nodes[i].column != WL_NODE_LEAF) {
            i = plain_child(&forest->nodes[i], row[forest->nodes[i].column]);
        }
        margin += (double)forest->nodes[i].value;
    }
    return margin;
}

/* Shapley values by definition: (F) phi and the base. F <= 16 or it takes for ever. */
static inline void plain_shapley(const struct wl_forest *forest, const float *row, double *phi,
                                 double *base)
{
    size_t n = forest->n_columns;
    size_t n_sets = (size_t)1 << n;
    double *worth = malloc(n_sets * sizeof(double));
    if (worth == NULL) {
        abort();
    }
    for (size_t set = 0; set < n_sets; set++) {
        worth[set] = plain_worth(forest, row, set);
    }
    for (size_t i = 0; i < n; i++) {
        phi[i] = 0.0;
        for (size_t set = 0; set < n_sets; set++) {
            if ((set >> i) & 1) {
                continue;
            }
            size_t s = (size_t)__builtin_popcountll(set);
            double weight =
                exp(lgamma((double)s + 1.0) + lgamma((double)(n - s)) - lgamma((double)n + 1.0));
            phi[i] += weight * (worth[set | ((size_t)1 << i)] - worth[set]);
        }
    }
    *base = worth[0];
    free(worth);
}

#endif
