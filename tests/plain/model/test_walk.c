/* Goal:   the compiled walk gives the bits of wl_forest_margin on encoded rows, for every number of
 *         rows, and so does a plain recursion written here.
 * Method: random trees over numbers and levels, thresholds that split levels off, split nothing or
 *         everything; rows with missing values and values equal to thresholds; planted fault at the
 *         end. SEED= replays. */
#include "check.h"

#include "model/walk.h"

#define F     5
#define C     8
#define TREES 30
#define NODES (TREES * 63)
#define ROWS  200

/* Features 0..2 are numbers; 3 has levels 10, 20; 4 has levels 10, 30, 40. */
static const struct wl_encoder_column columns[C] = {
    {.feature = 0},
    {.feature = 1},
    {.feature = 2},
    {.feature = 3, .is_level = true, .code = 10},
    {.feature = 3, .is_level = true, .code = 20},
    {.feature = 4, .is_level = true, .code = 10},
    {.feature = 4, .is_level = true, .code = 30},
    {.feature = 4, .is_level = true, .code = 40},
};
static const uint32_t first[F + 1] = {0, 1, 2, 3, 5, 8};
static const struct wl_encoder encoder = {
    .columns = columns, .first = first, .n_columns = C, .n_features = F};

static struct wl_tree_node nodes[NODES];
static float covers[NODES];
static uint32_t roots[TREES];
static struct wl_forest forest;

static uint64_t below(uint64_t *state, uint64_t n)
{
    return check_rand(state) % n;
}

static float threshold(uint64_t *state, uint32_t column)
{
    static const float flags[] = {-1.0F, 0.0F, 0.25F, 1.0F, 1.5F};
    return columns[column].is_level ? flags[below(state, 5)] : (float)below(state, 10) - 5.0F;
}

/* Breadth first: node i of a tree gets children at the end while there is room. */
static size_t grow(uint64_t *state, size_t begin)
{
    size_t n_placed = 1;

    for (size_t i = 0; i < n_placed; i++) {
        struct wl_tree_node *node = &nodes[begin + i];
        covers[begin + i] = 1.0F;
        if (n_placed + 2 > 63 || (i > 0 && below(state, 4) == 0)) {
            *node = (struct wl_tree_node){.column = WL_NODE_LEAF,
                                          .value = (float)below(state, 1000) / 997.0F - 0.5F};
            continue;
        }
        uint32_t column = (uint32_t)below(state, C);
        *node = (struct wl_tree_node){.column = column,
                                      .left = (uint32_t)(begin + n_placed),
                                      .value = threshold(state, column),
                                      .missing_left = (uint32_t)below(state, 2)};
        n_placed += 2;
    }
    return n_placed;
}

static double recurse(uint32_t i, const float *row)
{
    const struct wl_tree_node *node = &nodes[i];

    if (node->column == WL_NODE_LEAF) {
        return (double)node->value;
    }
    float value = row[node->column];
    if (isnan(value)) {
        return recurse(node->missing_left ? node->left : node->left + 1, row);
    }
    return recurse(value < node->value ? node->left : node->left + 1, row);
}

static double plain_margin(const float *row)
{
    double sum = forest.base_margin;
    for (size_t t = 0; t < TREES; t++) {
        sum += recurse(roots[t], row);
    }
    return sum;
}

static void make_row(uint64_t *state, float *values)
{
    static const float levels[] = {10, 20, 30, 40, 50};
    for (size_t f = 0; f < F; f++) {
        values[f] = f < 3 ? (float)below(state, 12) - 6.0F : levels[below(state, 5)];
        if (below(state, 5) == 0) {
            values[f] = NAN;
        }
    }
}

static void test_same_bits_as_recursion(void)
{
    static float values[ROWS * F];
    static double margins[ROWS];
    uint64_t state = check_seed();
    float encoded[C];
    struct wl_walk walk = {0};
    size_t n_planted = 0;

    for (int round = 0; round < 50; round++) {
        size_t n_nodes = 0;
        for (size_t t = 0; t < TREES; t++) {
            roots[t] = (uint32_t)n_nodes;
            n_nodes += grow(&state, n_nodes);
        }
        forest = (struct wl_forest){.alloc = wl_alloc_default(),
                                    .nodes = nodes,
                                    .covers = covers,
                                    .roots = roots,
                                    .n_nodes = n_nodes,
                                    .n_trees = TREES,
                                    .n_columns = C,
                                    .base_margin = -0.3};
        CHECK_INT(wl_forest_check(&forest, NULL), WL_OK);
        CHECK_INT(wl_walk_init(&walk, wl_alloc_default(), &forest, &encoder, NULL), WL_OK);
        size_t n_rows = 1 + below(&state, ROWS);
        for (size_t i = 0; i < n_rows; i++) {
            make_row(&state, values + i * F);
        }
        wl_walk_margins(&walk, values, n_rows, margins);
        for (size_t i = 0; i < n_rows; i++) {
            (void)wl_encoder_apply(&encoder, values + i * F, encoded);
            double want = plain_margin(encoded);
            CHECK(margins[i] == want);
            CHECK(wl_forest_margin(&forest, encoded) == want);
        }
        walk.nodes[0].feature ^= 0x80000000U; // planted: missing values of one root turn round
        wl_walk_margins(&walk, values, n_rows, margins);
        for (size_t i = 0; i < n_rows; i++) {
            (void)wl_encoder_apply(&encoder, values + i * F, encoded);
            n_planted += margins[i] != plain_margin(encoded);
        }
        wl_walk_release(&walk);
    }
    CHECK(n_planted > 0);
}

#define WIDE 3000

/* Forests that ask for so many values that few rows fit a block, or none: a stump per feature. */
static void test_wide_forests(void)
{
    static struct wl_encoder_column wide_columns[WIDE];
    static uint32_t wide_first[WIDE + 1];
    static struct wl_tree_node stumps[3 * WIDE];
    static float stump_covers[3 * WIDE];
    static uint32_t stump_roots[WIDE];
    static float values[20 * WIDE];
    static const size_t widths[] = {100, 600, 1400, WIDE};
    uint64_t state = 5;
    double margins[20];

    for (uint32_t f = 0; f < WIDE; f++) {
        wide_columns[f].feature = f;
        wide_first[f + 1] = f + 1;
        stump_roots[f] = 3 * f;
        stumps[3 * f] = (struct wl_tree_node){f, 3 * f + 1, 0.0F, f % 2};
        stumps[3 * f + 1] = (struct wl_tree_node){WL_NODE_LEAF, 0, 0.25F, 0};
        stumps[3 * f + 2] = (struct wl_tree_node){WL_NODE_LEAF, 0, (float)f, 0};
    }
    for (size_t k = 0; k < sizeof(widths) / sizeof(widths[0]); k++) {
        size_t n = widths[k];
        struct wl_walk walk = {0};
        struct wl_encoder wide = {
            .columns = wide_columns, .first = wide_first, .n_columns = n, .n_features = n};
        struct wl_forest stump_forest = {.alloc = wl_alloc_default(),
                                         .nodes = stumps,
                                         .covers = stump_covers,
                                         .roots = stump_roots,
                                         .n_nodes = 3 * n,
                                         .n_trees = n,
                                         .n_columns = n};
        for (size_t i = 0; i < 20 * n; i++) {
            values[i] = below(&state, 4) == 0 ? NAN : (float)below(&state, 3) - 1.0F;
        }
        CHECK_INT(wl_walk_init(&walk, wl_alloc_default(), &stump_forest, &wide, NULL), WL_OK);
        wl_walk_margins(&walk, values, 20, margins);
        for (size_t i = 0; i < 20; i++) {
            CHECK(margins[i] == wl_forest_margin(&stump_forest, values + i * n));
        }
        wl_walk_release(&walk);
    }
}

int main(void)
{
    RUN(test_same_bits_as_recursion);
    RUN(test_wide_forests);
    return check_report();
}
