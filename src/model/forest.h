/* A trained forest as plain arrays: read-only, no locks, no training library. Scoring walks the
 * nodes; explaining also reads the covers. */
#ifndef WL_MODEL_FOREST_H
#define WL_MODEL_FOREST_H
#include "base/alloc.h"

#define WL_NODE_LEAF UINT32_MAX

/* 16 bytes, four to a cache line. The right child is left + 1. A row goes left when
 * value < threshold, and where missing_left says when the value is NaN. */
struct wl_tree_node {
    uint32_t column;       /* encoded column the node asks about, or WL_NODE_LEAF */
    uint32_t left;         /* index of the left child in forest->nodes; 0 for a leaf */
    float value;           /* threshold of an inner node; output (log-odds) of a leaf */
    uint32_t missing_left; /* 1: NaN goes left, 0: NaN goes right */
};

struct wl_forest {
    const wl_alloc *alloc;
    struct wl_tree_node *nodes; /* (n_nodes) owned; each tree's root first */
    float *covers;   /* (n_nodes) owned: training weight (sum of hessians) that reached it */
    uint32_t *roots; /* (n_trees) owned: index of each root */
    size_t n_nodes;
    size_t n_trees;
    size_t n_columns;   /* columns of a row */
    size_t depth_max;   /* edges on the longest path, <= WL_TREE_DEPTH_MAX */
    double base_margin; /* log-odds added to the sum of the leaves */
};

/* wl_forest_margin - log-odds of one encoded row: base_margin + the sum over trees, in tree order,
 * in double, so that it is the same everywhere.
 *   columns  (in) (n_columns) float32, NaN = missing.
 * Cost:    O(trees * depth), no allocation.
 * Threads: any number; the forest is read-only.
 * Source:  Chen & Guestrin 2016, arXiv:1603.02754, eq. 1. */
double wl_forest_margin(const struct wl_forest *forest, const float *columns);

/* wl_forest_check - every child, column, cover and depth is in range and every node has one parent:
 * called on anything read from outside, so that walking needs no checks.
 * Errors:  WL_ECORRUPT  names the node. */
WL_MUST_CHECK wl_status wl_forest_check(struct wl_forest *forest, wl_error *error);

/* wl_forest_free - give all back; NULL is fine. */
void wl_forest_free(struct wl_forest *forest);

#endif
