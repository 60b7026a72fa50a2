/* Cuts every tree into groups of leaves and fills their tables.
 *
 * Contributions of a tree depend on a row only through the answers to its splits. Take a subtree
 * whose answers, together with "does the row pass the splits on column j above it", fit in 8 bits:
 * then 256 possible rows exist for it, and the contributions of all its leaves together can be
 * written down beforehand, one table row for each. Explaining is then one look-up per subtree. A
 * tree of depth 6 has 16 such subtrees (4 path columns + 3 splits = 7 bits, 8 KiB each).
 *
 * Why groups and not a table per leaf, as FastTreeSHAP v2: the four leaves of a group share their
 * path columns, so 7 additions do the work of 24, and the tables are smaller by a third. Why 8
 * bits: a mask is one byte, and a table of at most 16 KiB stays in a first-level cache while a
 * block of rows passes. With 10 bits additions fall by another 30 %, but tables grow six times.
 *
 * Made once per model; 0.3 ms per tree of depth 6. */
#include "explain/shap_plan.h"

#include <math.h>
#include <string.h>

#define TABLE_ROW_BYTES (WL_SHAP_STRIDE * sizeof(double))

/* What a row must do to pass all splits on one column on the way down. Inside a group a column
 * passes when all bits of ones are set and none of zeros is. */
struct path_column {
    uint32_t column;
    double share;
    uint8_t ones;
    uint8_t zeros;
};

struct path {
    size_t n_columns;
    size_t n_literals;
    struct path_column columns[WL_TREE_DEPTH_MAX];
    struct wl_shap_literal literals[WL_TREE_DEPTH_MAX];
};

struct builder {
    struct wl_shap *shap;
    const struct wl_forest *forest;
    struct wl_shap_tree *tree; /* the one being built */
    uint32_t *n_splits_below;  /* (n_nodes) splits of the subtree at each node */
    wl_error *error;
};

/* The group being filled: its table, and where each column's contributions go. */
struct group_fill {
    double *table;
    size_t n_masks;
    size_t n_columns;
    uint32_t columns[WL_SHAP_GROUP_BITS];
    size_t n_bits;
};

static bool is_leaf(const struct wl_tree_node *node)
{
    return node->column == WL_NODE_LEAF;
}

// Share of the training data of a node that its left child got. A node that no training row
// reached has no opinion: half each, so that the shares of two children always add up to one.
static double left_share(const struct wl_forest *forest, uint32_t i_node)
{
    uint32_t left = forest->nodes[i_node].left;
    double a = (double)forest->covers[left];
    double b = (double)forest->covers[left + 1];
    return a + b > 0.0 ? a / (a + b) : 0.5;
}

// Index of column in the path, appended with a share of 1 when it is new.
static size_t path_column_index(struct path *path, uint32_t column)
{
    size_t j = 0;
    while (j < path->n_columns && path->columns[j].column != column) {
        j++;
    }
    if (j == path->n_columns) {
        path->columns[path->n_columns++] = (struct path_column){.column = column, .share = 1.0};
    }
    return j;
}

static wl_status add_literal(struct builder *builder, struct wl_shap_literal literal)
{
    struct wl_shap *shap = builder->shap;

    WL_TRY(WL_GROW(shap->alloc, shap->literals, shap->literals_capacity, shap->n_literals + 1,
                   builder->error));
    shap->literals[shap->n_literals++] = literal;
    return WL_OK;
}

static wl_status add_column(struct builder *builder, uint32_t column, double share)
{
    struct wl_shap *shap = builder->shap;
    size_t n = shap->n_path_columns + 1;

    WL_TRY(WL_GROW(shap->alloc, shap->columns, shap->columns_capacity, n, builder->error));
    WL_TRY(WL_GROW(shap->alloc, shap->shares, shap->shares_capacity, n, builder->error));
    shap->columns[n - 1] = column;
    shap->shares[n - 1] = share;
    shap->n_path_columns = n;
    return WL_OK;
}

// Numbers a split of the current tree. Splits are numbered in the order they are met.
static wl_status add_split(struct builder *builder, uint32_t i_node, uint32_t *number)
{
    struct wl_shap *shap = builder->shap;
    const struct wl_tree_node *node = &builder->forest->nodes[i_node];

    WL_TRY(WL_GROW(shap->alloc, shap->splits, shap->splits_capacity, shap->n_splits + 1,
                   builder->error));
    shap->splits[shap->n_splits++] = (struct wl_shap_split){
        .column = node->column, .threshold = node->value, .missing_left = node->missing_left != 0};
    *number = (uint32_t)builder->tree->n_splits++;
    return WL_OK;
}

static wl_status add_leaf(struct builder *builder, uint32_t i_node, const struct path *path)
{
    struct wl_shap *shap = builder->shap;
    struct wl_shap_leaf leaf = {.value = (double)builder->forest->nodes[i_node].value,
                                .literal = shap->n_literals,
                                .column = shap->n_path_columns,
                                .n_literals = (uint32_t)path->n_literals,
                                .n_columns = (uint32_t)path->n_columns};

    for (size_t i = 0; i < path->n_literals; i++) {
        WL_TRY(add_literal(builder, path->literals[i]));
    }
    for (size_t j = 0; j < path->n_columns; j++) {
        WL_TRY(add_column(builder, path->columns[j].column, path->columns[j].share));
    }
    WL_TRY(WL_GROW(shap->alloc, shap->leaves, shap->leaves_capacity, shap->n_leaves + 1,
                   builder->error));
    shap->leaves[shap->n_leaves++] = leaf;
    builder->tree->n_leaves++;
    return WL_OK;
}

// Bit j of the result: the row behind this group mask passes path column j.
static uint64_t satisfied_columns(const struct path *path, size_t mask)
{
    uint64_t satisfied = 0;
    for (size_t j = 0; j < path->n_columns; j++) {
        const struct path_column *column = &path->columns[j];
        bool passes = (mask & column->ones) == column->ones && (mask & column->zeros) == 0;
        satisfied |= (uint64_t)passes << j;
    }
    return satisfied;
}

static void fill_leaf(const struct builder *builder, struct group_fill *fill,
                      const struct path *path, double value)
{
    double shares[WL_SHAP_GROUP_BITS];
    double phi[1 << WL_SHAP_GROUP_BITS][WL_SHAP_GROUP_BITS];
    size_t place[WL_SHAP_GROUP_BITS];
    size_t n = path->n_columns;

    WL_ASSERT(n <= WL_SHAP_GROUP_BITS);
    for (size_t j = 0; j < n; j++) {
        shares[j] = path->columns[j].share;
        place[j] = 0;
        while (fill->columns[place[j]] != path->columns[j].column) {
            place[j]++;
        }
    }
    for (uint64_t satisfied = 0; satisfied < (uint64_t)1 << n; satisfied++) {
        wl_leaf_shapley(value, n, shares, satisfied, wl_shap_rule(builder->shap, n),
                        phi[satisfied]);
    }
    for (size_t mask = 0; mask < fill->n_masks; mask++) {
        uint64_t satisfied = satisfied_columns(path, mask);
        for (size_t j = 0; j < n; j++) {
            fill->table[mask * WL_SHAP_STRIDE + place[j]] += phi[satisfied][j];
        }
    }
}

// Walks the group's subtree; path carries each column's bits. Depth is bounded by the forest's.
static void fill_node(const struct builder *builder, struct group_fill *fill, uint32_t i_node,
                      const struct path *path)
{
    const struct wl_tree_node *node = &builder->forest->nodes[i_node];

    if (is_leaf(node)) {
        fill_leaf(builder, fill, path, (double)node->value);
        return;
    }
    double share = left_share(builder->forest, i_node);
    uint8_t bit = (uint8_t)(1U << fill->n_bits++);
    for (uint32_t side = 0; side < 2; side++) {
        struct path below = *path;
        struct path_column *column = &below.columns[path_column_index(&below, node->column)];
        column->share *= side == 0 ? share : 1.0 - share;
        if (side == 0) {
            column->ones |= bit;
        } else {
            column->zeros |= bit;
        }
        fill_node(builder, fill, node->left + side, &below);
    }
}

// Literals and columns of the splits inside a group, in the order in which fill_node meets them.
static wl_status collect(struct builder *builder, struct group_fill *fill, uint32_t i_node)
{
    const struct wl_tree_node *node = &builder->forest->nodes[i_node];
    struct wl_shap_literal literal = {.bit = (uint8_t)fill->n_bits, .wants_left = 1};
    size_t k = 0;

    if (is_leaf(node)) {
        return WL_OK;
    }
    WL_TRY(add_split(builder, i_node, &literal.split));
    WL_TRY(add_literal(builder, literal));
    fill->n_bits++;
    while (k < fill->n_columns && fill->columns[k] != node->column) {
        k++;
    }
    if (k == fill->n_columns) {
        fill->columns[fill->n_columns++] = node->column;
        WL_TRY(add_column(builder, node->column, 0.0));
    }
    WL_TRY(collect(builder, fill, node->left));
    return collect(builder, fill, node->left + 1);
}

// A zeroed table on a cache line's edge: arena blocks are only 16-byte aligned.
static wl_status new_table(struct builder *builder, size_t n_bytes, double **table)
{
    struct wl_shap *shap = builder->shap;
    unsigned char *block = wl_arena_zeroed(&shap->arena_tables, n_bytes + 64, 1);

    if (block == NULL) {
        return wl_fail(builder->error, WL_ENOMEM, "no memory for a table of %zu bytes", n_bytes);
    }
    block += (64 - ((uintptr_t)block & 63)) & 63;
    *table = (double *)(void *)block;
    shap->table_bytes += n_bytes;
    return WL_OK;
}

static wl_status add_group(struct builder *builder, uint32_t i_node, const struct path *path)
{
    struct wl_shap *shap = builder->shap;
    struct wl_shap_group group = {.literal = shap->n_literals, .column = shap->n_path_columns};
    struct group_fill fill = {.n_columns = path->n_columns, .n_bits = path->n_columns};
    struct path inside = *path;

    for (size_t i = 0; i < path->n_literals; i++) {
        WL_TRY(add_literal(builder, path->literals[i]));
    }
    for (size_t j = 0; j < path->n_columns; j++) {
        WL_TRY(add_column(builder, path->columns[j].column, 0.0));
        fill.columns[j] = path->columns[j].column;
        inside.columns[j].ones = (uint8_t)(1U << j);
        inside.columns[j].zeros = 0;
    }
    WL_TRY(collect(builder, &fill, i_node));
    group.n_literals = (uint32_t)(shap->n_literals - group.literal);
    group.n_columns = (uint8_t)fill.n_columns;
    if (fill.n_columns % 2 == 1) {
        WL_TRY(add_column(builder, (uint32_t)shap->n_columns, 0.0));
        group.n_columns++;
    }
    group.full_mask = (uint8_t)((1U << fill.n_bits) - 1);
    fill.n_masks = (size_t)1 << fill.n_bits;
    WL_TRY(new_table(builder, fill.n_masks * TABLE_ROW_BYTES, &fill.table));
    fill.n_bits = path->n_columns;
    fill_node(builder, &fill, i_node, &inside);
    group.table = fill.table;
    WL_TRY(WL_GROW(shap->alloc, shap->groups, shap->groups_capacity, shap->n_groups + 1,
                   builder->error));
    shap->groups[shap->n_groups++] = group;
    builder->tree->n_groups++;
    return WL_OK;
}

static bool fits_in_group(const struct builder *builder, uint32_t i_node, const struct path *path)
{
    const struct wl_shap *shap = builder->shap;
    size_t n_bits = path->n_columns + builder->n_splits_below[i_node];

    if (n_bits > WL_SHAP_GROUP_BITS) {
        return false;
    }
    return shap->table_bytes + (TABLE_ROW_BYTES << n_bits) <= shap->table_bytes_max;
}

static wl_status build_node(struct builder *builder, uint32_t i_node, const struct path *path)
{
    const struct wl_tree_node *node = &builder->forest->nodes[i_node];
    uint32_t number;

    if (path->n_columns == 0 && is_leaf(node)) {
        return WL_OK; // a tree of one leaf moves the base and nothing else
    }
    if (fits_in_group(builder, i_node, path)) {
        return add_group(builder, i_node, path);
    }
    if (is_leaf(node)) {
        return add_leaf(builder, i_node, path);
    }
    double share = left_share(builder->forest, i_node);
    WL_TRY(add_split(builder, i_node, &number));
    for (uint32_t side = 0; side < 2; side++) {
        struct path below = *path;
        size_t j = path_column_index(&below, node->column);
        below.columns[j].share *= side == 0 ? share : 1.0 - share;
        below.literals[below.n_literals++] = (struct wl_shap_literal){
            .split = number, .bit = (uint8_t)j, .wants_left = (uint8_t)(side == 0)};
        WL_TRY(build_node(builder, node->left + side, &below));
    }
    return WL_OK;
}

static uint32_t count_splits(const struct builder *builder, uint32_t i_node)
{
    const struct wl_tree_node *node = &builder->forest->nodes[i_node];
    uint32_t n = 0;

    if (!is_leaf(node)) {
        n = 1 + count_splits(builder, node->left) + count_splits(builder, node->left + 1);
    }
    builder->n_splits_below[i_node] = n;
    return n;
}

// Mean output of a subtree over the training data.
static double mean_value(const struct wl_forest *forest, uint32_t i_node)
{
    const struct wl_tree_node *node = &forest->nodes[i_node];

    if (is_leaf(node)) {
        return (double)node->value;
    }
    double share = left_share(forest, i_node);
    return share * mean_value(forest, node->left) +
           (1.0 - share) * mean_value(forest, node->left + 1);
}

static wl_status build_trees(struct builder *builder)
{
    struct wl_shap *shap = builder->shap;
    const struct wl_forest *forest = builder->forest;

    for (size_t k = 0; k < forest->n_trees; k++) {
        const struct path top = {.n_columns = 0};
        uint32_t root = forest->roots[k];

        builder->tree = &shap->trees[k];
        *builder->tree = (struct wl_shap_tree){
            .split = shap->n_splits, .group = shap->n_groups, .leaf = shap->n_leaves};
        (void)count_splits(builder, root);
        WL_TRY(build_node(builder, root, &top));
        shap->base += mean_value(forest, root);
        if (builder->tree->n_splits > shap->n_splits_max) {
            shap->n_splits_max = builder->tree->n_splits;
        }
        if (builder->tree->n_groups > shap->n_groups_max) {
            shap->n_groups_max = builder->tree->n_groups;
        }
        shap->n_trees++;
    }
    return WL_OK;
}

static wl_status build(struct wl_shap *shap, const struct wl_forest *forest, wl_error *error)
{
    struct builder builder = {.shap = shap, .forest = forest, .error = error};

    if (forest->n_trees == 0) {
        return WL_OK;
    }
    shap->trees = wl_alloc_array(shap->alloc, forest->n_trees, sizeof(*shap->trees));
    builder.n_splits_below = wl_alloc_array(shap->alloc, forest->n_nodes, sizeof(uint32_t));
    wl_status status = WL_ENOMEM;
    if (shap->trees != NULL && builder.n_splits_below != NULL) {
        status = build_trees(&builder);
    } else {
        (void)wl_fail(error, WL_ENOMEM, "no memory to explain %zu trees", forest->n_trees);
    }
    wl_alloc_free(shap->alloc, builder.n_splits_below);
    return status;
}

wl_status wl_shap_new_limited(const wl_alloc *alloc, const struct wl_forest *forest,
                              size_t table_bytes_max, struct wl_shap **shap_out, wl_error *error)
{
    wl_status status;

    WL_ASSERT(forest->depth_max <= WL_TREE_DEPTH_MAX);
    *shap_out = NULL;
    struct wl_shap *shap = wl_alloc_zeroed(alloc, 1, sizeof(*shap));
    if (shap == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to explain a forest");
    }
    shap->alloc = alloc;
    shap->n_columns = forest->n_columns;
    shap->base = forest->base_margin;
    shap->table_bytes_max = table_bytes_max;
    wl_arena_init(&shap->arena_tables, alloc, (size_t)1 << 20);
    for (size_t n = 1; n <= WL_SHAP_POINTS_MAX; n++) {
        wl_quadrature_init(&shap->rules[n - 1], n);
    }
    WL_GO(build(shap, forest, error));
    *shap_out = shap;
    shap = NULL;
done:
    wl_shap_free(shap);
    return status;
}

wl_status wl_shap_new(const wl_alloc *alloc, const struct wl_forest *forest,
                      struct wl_shap **shap_out, wl_error *error)
{
    return wl_shap_new_limited(alloc, forest, WL_SHAP_TABLE_BYTES_MAX, shap_out, error);
}

void wl_shap_free(struct wl_shap *shap)
{
    if (shap == NULL) {
        return;
    }
    wl_alloc_free(shap->alloc, shap->trees);
    wl_alloc_free(shap->alloc, shap->splits);
    wl_alloc_free(shap->alloc, shap->groups);
    wl_alloc_free(shap->alloc, shap->leaves);
    wl_alloc_free(shap->alloc, shap->literals);
    wl_alloc_free(shap->alloc, shap->columns);
    wl_alloc_free(shap->alloc, shap->shares);
    wl_arena_release(&shap->arena_tables);
    wl_alloc_free(shap->alloc, shap);
}

double wl_shap_base(const struct wl_shap *shap)
{
    return shap->base;
}
