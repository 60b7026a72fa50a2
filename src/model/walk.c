/* Many rows through a forest.
 *
 * Walking one row is a chain of dependent loads and unpredictable branches. Here a node's question
 * has no branch, leaves loop onto themselves so that the number of steps is the tree's depth for
 * every row, and LANES rows walk side by side, which hides one row's load behind the others'.
 *
 * Rows side by side ask a tile, not the row: the values the forest ever asks for (slots), encoded
 * once for each row, LANES rows next to each other, missing already turned into an infinity of the
 * right sign. A step is then one comparison instead of three, at a fixed distance from one base.
 * Filling the tile costs as much as a few dozen steps of hundreds.
 *
 * A block of rows goes through a tree before the next tree is touched: the block's tile (32 rows,
 * 160 slots: 20 KiB) and the tree (64 leaves: 2 KiB) both stay in the first cache.
 *
 * The margin of a row is base + leaf of tree 0 + leaf of tree 1 ..., in double and in this order,
 * whatever the block or the number of threads: same bits as wl_forest_margin. */
#include "model/walk.h"

#include "base/limits.h"

#include <math.h>

#define LANES         8  /* rows side by side: enough loads in flight, few enough for registers */
#define BLOCK_ROWS    32 /* see above */
#define TILE_FLOATS   16384 /* 64 KiB of stack; a forest that asks for more walks row by row */
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

/* The same for rows side by side. slot_of (2 C) gives the slot of column and way of missing. */
static void compile_lanes(const struct wl_forest *forest, const uint32_t *slot_of,
                          struct wl_walk_lane *lanes)
{
    for (size_t i = 0; i < forest->n_nodes; i++) {
        const struct wl_tree_node *from = &forest->nodes[i];
        if (from->column == WL_NODE_LEAF) {
            lanes[i] =
                (struct wl_walk_lane){.threshold = NAN, .output = from->value, .left = (uint32_t)i};
        } else {
            uint32_t slot = slot_of[2 * from->column + from->missing_left];
            lanes[i] = (struct wl_walk_lane){
                .threshold = from->value, .left = from->left, .slot = slot * LANES};
        }
    }
}

/* Number the slots in the order of columns. Returns how many. */
static size_t number_slots(const struct wl_forest *forest, const struct wl_encoder *encoder,
                           uint32_t *slot_of, struct wl_walk_slot *slots)
{
    size_t n_slots = 0;

    for (size_t i = 0; i < forest->n_nodes; i++) {
        const struct wl_tree_node *node = &forest->nodes[i];
        if (node->column != WL_NODE_LEAF) {
            slot_of[2 * node->column + node->missing_left] = 1; // asked for
        }
    }
    for (size_t k = 0; k < 2 * encoder->n_columns; k++) {
        if (slot_of[k] != 0) {
            slots[n_slots] = (struct wl_walk_slot){.column = encoder->columns[k / 2],
                                                   .missing = k % 2 != 0 ? -INFINITY : INFINITY};
            slot_of[k] = (uint32_t)n_slots++;
        }
    }
    return n_slots;
}

static wl_status compile_slots(struct wl_walk *walk, const struct wl_forest *forest,
                               const struct wl_encoder *encoder, wl_error *error)
{
    size_t n_max = 2 * encoder->n_columns + 1;
    uint32_t *slot_of = wl_alloc_zeroed(walk->alloc, n_max, sizeof(*slot_of));

    walk->slots = wl_alloc_zeroed(walk->alloc, n_max, sizeof(*walk->slots));
    if (slot_of == NULL || walk->slots == NULL) {
        wl_alloc_free(walk->alloc, slot_of);
        return wl_fail(error, WL_ENOMEM, "no memory to compile %zu columns", encoder->n_columns);
    }
    walk->n_slots = number_slots(forest, encoder, slot_of, walk->slots);
    compile_lanes(forest, slot_of, walk->lanes);
    wl_alloc_free(walk->alloc, slot_of);
    return WL_OK;
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
    built.lanes = wl_alloc_zeroed(alloc, forest->n_nodes + 1, sizeof(*built.lanes));
    built.roots = wl_alloc_zeroed(alloc, forest->n_trees + 1, sizeof(*built.roots));
    built.depths = wl_alloc_zeroed(alloc, forest->n_trees + 1, sizeof(*built.depths));
    depth_at = wl_alloc_zeroed(alloc, forest->n_nodes + 1, sizeof(*depth_at));
    if (built.nodes == NULL || built.lanes == NULL || built.roots == NULL || built.depths == NULL ||
        depth_at == NULL) {
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
    WL_GO(compile_slots(&built, forest, encoder, error));
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
    wl_alloc_free(walk->alloc, walk->lanes);
    wl_alloc_free(walk->alloc, walk->slots);
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

static void walk_one(const struct wl_walk *walk, const float *row, double *margin)
{
    const struct wl_walk_node *nodes = walk->nodes;

    *margin = walk->base_margin;
    for (size_t t = 0; t < walk->n_trees; t++) {
        uint32_t at = walk->roots[t];
        while (nodes[at].left != at) {
            at = step(nodes, at, row);
        }
        *margin += (double)nodes[at].high;
    }
}

/* tile (n_slots, LANES): the slots of LANES rows. */
static void fill_tile(const struct wl_walk *walk, const float *values, float *tile)
{
    for (size_t s = 0; s < walk->n_slots; s++) {
        const struct wl_walk_slot *slot = &walk->slots[s];
        for (size_t lane = 0; lane < LANES; lane++) {
            float value = wl_encoder_value(&slot->column, values + lane * walk->n_features);
            tile[s * LANES + lane] = value != value ? slot->missing : value;
        }
    }
}

static inline uint32_t lane_step(const struct wl_walk_lane *lanes, uint32_t at, const float *tile)
{
    const struct wl_walk_lane *node = &lanes[at];
    return node->left + (uint32_t)(tile[node->slot] >= node->threshold);
}

static void walk_lanes(const struct wl_walk *walk, size_t i_tree, const float *tile,
                       double *margins)
{
    const struct wl_walk_lane *lanes = walk->lanes;
    uint32_t root = walk->roots[i_tree];
    // Written out: eight numbers the compiler keeps in registers, which an array is not at -O2.
    uint32_t a = root, b = root, c = root, d = root, e = root, f = root, g = root, h = root;

    for (uint32_t depth = walk->depths[i_tree]; depth > 0; depth--) {
        a = lane_step(lanes, a, tile);
        b = lane_step(lanes, b, tile + 1);
        c = lane_step(lanes, c, tile + 2);
        d = lane_step(lanes, d, tile + 3);
        e = lane_step(lanes, e, tile + 4);
        f = lane_step(lanes, f, tile + 5);
        g = lane_step(lanes, g, tile + 6);
        h = lane_step(lanes, h, tile + 7);
    }
    margins[0] += (double)lanes[a].output;
    margins[1] += (double)lanes[b].output;
    margins[2] += (double)lanes[c].output;
    margins[3] += (double)lanes[d].output;
    margins[4] += (double)lanes[e].output;
    margins[5] += (double)lanes[f].output;
    margins[6] += (double)lanes[g].output;
    margins[7] += (double)lanes[h].output;
}

/* n_rows is a multiple of LANES whose tile fits. */
static void walk_block(const struct wl_walk *walk, const float *values, size_t n_rows,
                       double *margins)
{
    float tile[TILE_FLOATS];
    size_t group_floats = walk->n_slots * LANES;

    for (size_t i = 0; i < n_rows; i += LANES) {
        fill_tile(walk, values + i * walk->n_features, tile + i / LANES * group_floats);
    }
    for (size_t i = 0; i < n_rows; i++) {
        margins[i] = walk->base_margin;
    }
    for (size_t t = 0; t < walk->n_trees; t++) {
        for (size_t i = 0; i < n_rows; i += LANES) {
            walk_lanes(walk, t, tile + i / LANES * group_floats, margins + i);
        }
    }
}

void wl_walk_margins(const struct wl_walk *walk, const float *values, size_t N, double *margins)
{
    size_t n_fit = TILE_FLOATS / (walk->n_slots + 1) / LANES * LANES; // rows whose tile fits
    size_t n_block = n_fit < BLOCK_ROWS ? n_fit : BLOCK_ROWS;
    size_t i = 0;

    while (n_block > 0 && i + LANES <= N) {
        size_t n_left = (N - i) / LANES * LANES;
        size_t n_rows = n_left < n_block ? n_left : n_block;
        walk_block(walk, values + i * walk->n_features, n_rows, margins + i);
        i += n_rows;
    }
    for (; i < N; i++) {
        walk_one(walk, values + i * walk->n_features, &margins[i]);
    }
}
