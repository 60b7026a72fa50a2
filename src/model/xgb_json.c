/* libxgboost keeps a tree as parallel arrays with children anywhere; ours wants right = left + 1
 * and children behind parents. A breadth-first copy gives both, drops deleted nodes, and counts the
 * nodes it places, so a cycle in a hostile file ends as "more nodes than the tree has". Covers are
 * sum_hessian: what TreeSHAP weighs paths with. */
#include "model/xgb_json.h"

#include "base/limits.h"
#include "data/node.h"

#include <math.h>

/* One source tree. */
struct source {
    size_t n_nodes;
    const double *left;
    const double *right;
    const double *column;
    const double *value;
    const double *default_left;
    const double *hessian;
    const double *kind;
};

struct build {
    struct wl_arena *arena; /* of the document */
    struct wl_forest *forest;
    size_t capacity; /* nodes that fit */
    uint32_t
        *queue; /* (nodes of the largest tree so far) source ids in the order they are placed */
    wl_error *error;
};

static wl_status read_list(struct build *build, const struct wl_node *tree, const char *key,
                           size_t n_nodes, const double **list_out)
{
    const struct wl_node *list = wl_node_get(tree, key);

    if (list == NULL || list->kind != WL_NODE_LIST || list->n_children != n_nodes) {
        return wl_fail(build->error, WL_ESCHEMA, "tree has no list %s of %zu values", key, n_nodes);
    }
    double *values = wl_arena_zeroed(build->arena, n_nodes, sizeof(*values));
    if (values == NULL) {
        return wl_fail(build->error, WL_ENOMEM, "no memory for a tree of %zu nodes", n_nodes);
    }
    size_t i = 0;
    for (const struct wl_node *item = list->first; item != NULL; item = item->next) {
        values[i++] = item->number;
    }
    *list_out = values;
    return WL_OK;
}

static wl_status read_source(struct build *build, const struct wl_node *tree, struct source *source)
{
    const struct wl_node *left = wl_node_get(tree, "left_children");
    size_t n = left != NULL ? left->n_children : 0;

    if (n == 0 || n > WL_TREE_NODES_MAX) {
        return wl_fail(build->error, WL_ESCHEMA, "tree has %zu nodes", n);
    }
    source->n_nodes = n;
    WL_TRY(read_list(build, tree, "left_children", n, &source->left));
    WL_TRY(read_list(build, tree, "right_children", n, &source->right));
    WL_TRY(read_list(build, tree, "split_indices", n, &source->column));
    WL_TRY(read_list(build, tree, "split_conditions", n, &source->value));
    WL_TRY(read_list(build, tree, "default_left", n, &source->default_left));
    WL_TRY(read_list(build, tree, "sum_hessian", n, &source->hessian));
    return read_list(build, tree, "split_type", n, &source->kind);
}

/* A number from the file as an index below limit; false when it is none. */
static bool to_index(double number, size_t limit, uint32_t *index)
{
    if (!(number >= 0.0 && number < (double)limit)) {
        return false;
    }
    *index = (uint32_t)number;
    return (double)*index == number;
}

static wl_status place_node(struct build *build, const struct source *source, size_t begin,
                            size_t i_placed, size_t *n_placed)
{
    struct wl_forest *forest = build->forest;
    uint32_t id = build->queue[i_placed];
    struct wl_tree_node *node = &forest->nodes[begin + i_placed];
    uint32_t left = 0;
    uint32_t right = 0;
    uint32_t column = 0;

    forest->covers[begin + i_placed] = (float)source->hessian[id];
    *node = (struct wl_tree_node){.column = WL_NODE_LEAF, .value = (float)source->value[id]};
    if (source->left[id] < 0.0) {
        return WL_OK;
    }
    if (source->kind[id] > 0.0) {
        return wl_fail(build->error, WL_ESCHEMA, "node %u splits by category; encode it instead",
                       id);
    }
    if (!to_index(source->left[id], source->n_nodes, &left) ||
        !to_index(source->right[id], source->n_nodes, &right) ||
        !to_index(source->column[id], forest->n_columns, &column) ||
        *n_placed + 2 > source->n_nodes) {
        return wl_fail(build->error, WL_ECORRUPT,
                       "node %u of a tree has children or column out of "
                       "range",
                       id);
    }
    *node = (struct wl_tree_node){.column = column,
                                  .left = (uint32_t)(begin + *n_placed),
                                  .value = (float)source->value[id],
                                  .missing_left = source->default_left[id] > 0.0};
    build->queue[(*n_placed)++] = left;
    build->queue[(*n_placed)++] = right;
    return WL_OK;
}

static wl_status grow_nodes(struct build *build, size_t n_needed)
{
    struct wl_forest *forest = build->forest;
    size_t capacity = build->capacity;

    if (n_needed > WL_TREE_NODES_MAX) {
        return wl_fail(build->error, WL_ELIMIT, "forest has more than %zu nodes",
                       WL_TREE_NODES_MAX);
    }
    WL_TRY(WL_GROW(forest->alloc, forest->covers, capacity, n_needed, build->error));
    return WL_GROW(forest->alloc, forest->nodes, build->capacity, n_needed, build->error);
}

static wl_status add_tree(struct build *build, const struct wl_node *tree)
{
    struct wl_forest *forest = build->forest;
    struct source source;
    size_t begin = forest->n_nodes;
    size_t n_placed = 1;

    WL_TRY(read_source(build, tree, &source));
    WL_TRY(grow_nodes(build, begin + source.n_nodes));
    build->queue = wl_arena_zeroed(build->arena, source.n_nodes, sizeof(*build->queue));
    if (build->queue == NULL) {
        return wl_fail(build->error, WL_ENOMEM, "no memory for a tree of %zu nodes",
                       source.n_nodes);
    }
    for (size_t i = 0; i < n_placed; i++) {
        WL_TRY(place_node(build, &source, begin, i, &n_placed));
    }
    forest->roots[forest->n_trees++] = (uint32_t)begin;
    forest->n_nodes = begin + n_placed;
    return WL_OK;
}

static wl_status read_head(struct build *build, const struct wl_node *learner)
{
    const struct wl_node *params = wl_node_get(learner, "learner_model_param");
    struct wl_str objective = wl_node_text(wl_node_get(learner, "objective"), "name", "none");
    struct wl_str booster = wl_node_text(wl_node_get(learner, "gradient_booster"), "name", "none");
    double base_score = (double)NAN;
    double n_columns = -1.0;
    uint32_t n = 0;

    if (!wl_str_is(booster, "gbtree") ||
        !(wl_str_is(objective, "binary:logistic") || wl_str_is(objective, "reg:logistic"))) {
        return wl_fail(build->error, WL_ESCHEMA,
                       "model is %.*s with %.*s, wants gbtree with binary:logistic",
                       WL_STR_ARG(booster), WL_STR_ARG(objective));
    }
    if (!wl_str_to_double(wl_node_text(params, "base_score", ""), &base_score) ||
        !wl_str_to_double(wl_node_text(params, "num_feature", ""), &n_columns) ||
        !(base_score > 0.0 && base_score < 1.0) || !to_index(n_columns, WL_ENCODED_MAX + 1, &n)) {
        return wl_fail(build->error, WL_ESCHEMA,
                       "model has no base_score in (0, 1) or num_feature");
    }
    double p = (double)(float)base_score; // as the library keeps it
    build->forest->base_margin = log(p / (1.0 - p));
    build->forest->n_columns = n;
    return WL_OK;
}

static wl_status read_model(struct build *build, const struct wl_node *root)
{
    const struct wl_node *learner = wl_node_get(root, "learner");
    const struct wl_node *model = wl_node_get(wl_node_get(learner, "gradient_booster"), "model");
    const struct wl_node *trees = wl_node_get(model, "trees");
    struct wl_forest *forest = build->forest;

    WL_TRY(read_head(build, learner));
    if (trees == NULL || trees->kind != WL_NODE_LIST || trees->n_children > WL_TREES_MAX) {
        return wl_fail(build->error, WL_ESCHEMA, "model has no list of at most %d trees",
                       WL_TREES_MAX);
    }
    forest->roots = wl_alloc_zeroed(forest->alloc, trees->n_children + 1, sizeof(*forest->roots));
    if (forest->roots == NULL) {
        return wl_fail(build->error, WL_ENOMEM, "no memory for %zu trees", trees->n_children);
    }
    for (const struct wl_node *tree = trees->first; tree != NULL; tree = tree->next) {
        wl_status status = add_tree(build, tree);
        if (status != WL_OK) {
            return wl_fail_at(build->error, status, "tree %zu", forest->n_trees);
        }
    }
    return wl_forest_check(forest, build->error);
}

wl_status wl_forest_read_xgb(const wl_alloc *alloc, struct wl_str json,
                             struct wl_forest **forest_out, wl_error *error)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct build build = {.arena = &arena, .error = error};
    wl_status status = WL_OK;

    wl_arena_init(&arena, alloc, 0);
    build.forest = wl_alloc_zeroed(alloc, 1, sizeof(*build.forest));
    if (build.forest == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a forest");
        goto done;
    }
    build.forest->alloc = alloc;
    WL_GO(wl_json_parse(&arena, json, &root, error));
    WL_GO(read_model(&build, root));
    *forest_out = build.forest;
    build.forest = NULL;
done:
    wl_forest_free(build.forest);
    wl_arena_release(&arena);
    return status;
}
