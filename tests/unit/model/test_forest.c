/* Goal:   a forest gives the sum of its leaves, and wl_forest_check refuses every kind of damage.
 * Method: one small tree walked by hand; then a table of planted faults, each refused with the
 *         expected words, while the same forest without the fault passes. */
#include "check.h"

#include "base/limits.h"
#include "model/forest.h"

#define N_NODES 8

/* Tree 0: x0 < 0.5 ? (x1 < 2, missing right ? -1 : 1) : 3.  Tree 1: x1 < 1, missing left ? 10 : 20.
 */
static struct wl_tree_node nodes[N_NODES];
static float covers[N_NODES];
static uint32_t roots[2];
static struct wl_forest forest;

static void reset(void)
{
    static const struct wl_tree_node clean[N_NODES] = {
        {0, 1, 0.5F, 1},
        {1, 3, 2.0F, 0},
        {WL_NODE_LEAF, 0, 3.0F, 0},
        {WL_NODE_LEAF, 0, -1.0F, 0},
        {WL_NODE_LEAF, 0, 1.0F, 0},
        {1, 6, 1.0F, 1},
        {WL_NODE_LEAF, 0, 10.0F, 0},
        {WL_NODE_LEAF, 0, 20.0F, 0},
    };
    static const float clean_covers[N_NODES] = {10, 6, 4, 2, 4, 10, 5, 5};

    memcpy(nodes, clean, sizeof(nodes));
    memcpy(covers, clean_covers, sizeof(covers));
    roots[0] = 0;
    roots[1] = 5;
    forest = (struct wl_forest){.alloc = wl_alloc_default(),
                                .nodes = nodes,
                                .covers = covers,
                                .roots = roots,
                                .n_nodes = N_NODES,
                                .n_trees = 2,
                                .n_columns = 2,
                                .base_margin = 0.25};
}

static void test_margin_by_hand(void)
{
    static const struct {
        float columns[2];
        double want;
    } cases[] = {
        {{0.0F, 0.0F}, 0.25 - 1 + 10}, {{0.0F, 2.0F}, 0.25 + 1 + 20}, {{0.5F, 0.0F}, 0.25 + 3 + 10},
        {{NAN, NAN}, 0.25 + 1 + 10},   {{NAN, 1.0F}, 0.25 - 1 + 20},
    };
    reset();
    CHECK_INT(wl_forest_check(&forest, NULL), WL_OK);
    CHECK_INT(forest.depth_max, 2);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_CLOSE(wl_forest_margin(&forest, cases[i].columns), cases[i].want, 0);
    }
}

#define REFUSED(fault, words)                                                                      \
    do {                                                                                           \
        wl_error error_ = {0};                                                                     \
        reset();                                                                                   \
        CHECK_INT(wl_forest_check(&forest, NULL), WL_OK);                                          \
        fault;                                                                                     \
        CHECK_INT(wl_forest_check(&forest, &error_), WL_ECORRUPT);                                 \
        CHECK_STR(error_.message, words);                                                          \
    } while (0)

static void test_damage_is_refused(void)
{
    REFUSED(nodes[1].left = 0, "child 0 of node 1 is outside its tree");
    REFUSED(nodes[1].left = 4, "child 4 of node 1 is outside its tree");
    REFUSED(nodes[1].left = UINT32_MAX, "child 4294967295 of node 1 is outside its tree");
    REFUSED(nodes[1].left = 2, "node 2 has two parents");
    REFUSED(nodes[0].column = WL_NODE_LEAF, "leaf 0 has child 1");
    REFUSED((nodes[0].column = WL_NODE_LEAF, nodes[0].left = 0), "node 1 has no parent");
    REFUSED(nodes[5].column = 2, "node 5 asks for column 2 of 2");
    REFUSED(nodes[5].missing_left = 2, "node 5 sends missing values to side 2");
    REFUSED(nodes[5].value = NAN, "value of node 5 is not finite");
    REFUSED(nodes[7].value = INFINITY, "value of node 7 is not finite");
    REFUSED(covers[3] = -1.0F, "cover of node 3 is -1");
    REFUSED(covers[0] = 0.0F, "inner node 0 has no cover");
    REFUSED(covers[2] = NAN, "cover of node 2 is nan");
    REFUSED(roots[0] = 1, "root of tree 0 is at node 1, out of order");
    REFUSED(roots[1] = 0, "root of tree 1 is at node 0, out of order");
    REFUSED(roots[1] = 8, "root of tree 1 is at node 8, out of order");
    REFUSED(forest.n_trees = 0, "forest has 0 trees but 8 nodes");
    REFUSED(forest.base_margin = (double)NAN, "base margin of the forest is not finite");
    REFUSED(forest.n_columns = WL_ENCODED_MAX + 1,
            "forest of 2 trees, 8 nodes, 65537 columns is too large");
}

/* A chain of one inner node per level, as deep as allowed and one level deeper. */
static void test_depth_has_a_ceiling(void)
{
    static struct wl_tree_node chain[2 * WL_TREE_DEPTH_MAX + 3];
    static float cover[2 * WL_TREE_DEPTH_MAX + 3];
    uint32_t root = 0;

    for (size_t depth = WL_TREE_DEPTH_MAX; depth <= WL_TREE_DEPTH_MAX + 1; depth++) {
        size_t n = 2 * depth + 1;
        struct wl_forest deep = {.alloc = wl_alloc_default(),
                                 .nodes = chain,
                                 .covers = cover,
                                 .roots = &root,
                                 .n_nodes = n,
                                 .n_trees = 1,
                                 .n_columns = 1};
        for (size_t i = 0; i < n; i++) {
            bool is_inner = i % 2 == 0 && i + 1 < n; // node 0, 2, 4 ...: left is a leaf
            chain[i] = (struct wl_tree_node){.column = is_inner ? 0 : WL_NODE_LEAF,
                                             .left = is_inner ? (uint32_t)i + 1 : 0};
            cover[i] = 1.0F;
        }
        CHECK_INT(wl_forest_check(&deep, NULL), depth <= WL_TREE_DEPTH_MAX ? WL_OK : WL_ECORRUPT);
        CHECK_INT(deep.depth_max, depth <= WL_TREE_DEPTH_MAX ? depth : 0);
    }
}

int main(void)
{
    RUN(test_margin_by_hand);
    RUN(test_damage_is_refused);
    RUN(test_depth_has_a_ceiling);
    return check_report();
}
