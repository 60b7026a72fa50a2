/* A forest laid out for explaining: private to shap_plan.c (makes it) and shap.c (walks it).
 *
 *     tree -> splits    asked once per row: 1 = goes left
 *          -> groups    subtrees with at most 8 bits: table row [mask of the row] is added to phi
 *          -> leaves    those in no group: explained one by one
 *
 * A group's mask has one bit per distinct column on the path to its subtree ("the row passes") and
 * one per split inside ("goes left"). Literals say how bits follow from splits. */
#ifndef WL_EXPLAIN_SHAP_PLAN_H
#define WL_EXPLAIN_SHAP_PLAN_H
#include "base/arena.h"
#include "explain/shap.h"
#include "explain/shap_leaf.h"

#include <stdbool.h>

struct wl_shap_split {
    uint32_t column;
    float threshold;
    bool missing_left;
};

#define WL_SHAP_GROUP_BITS 8 /* a mask is one byte */
#define WL_SHAP_STRIDE     8 /* a table row is one cache line: at most as many columns as bits */

/* The mask loses `bit` unless the split's answer is wants_left. */
struct wl_shap_literal {
    uint32_t split; /* number within its tree */
    uint8_t bit;
    uint8_t wants_left; /* 1 or 0 */
};

struct wl_shap_group {
    const double *table; /* (2^bits, WL_SHAP_STRIDE), in arena_tables */
    size_t literal;      /* first of n_literals */
    size_t column;       /* first of n_columns */
    uint32_t n_literals;
    uint8_t n_columns; /* even: an odd one is padded with column C, which nobody reads */
    uint8_t full_mask; /* all bits set */
};

struct wl_shap_leaf {
    double value;
    size_t literal;
    size_t column; /* first of n_columns, in columns and in shares */
    uint32_t n_literals;
    uint32_t n_columns;
};

struct wl_shap_tree {
    size_t split; /* first of n_splits; likewise below */
    size_t n_splits;
    size_t group;
    size_t n_groups;
    size_t leaf;
    size_t n_leaves;
};

struct wl_shap {
    const wl_alloc *alloc;
    size_t n_columns;
    double base;
    struct wl_shap_tree *trees; /* (n_trees) owned, as all below */
    size_t n_trees;
    struct wl_shap_split *splits;
    size_t n_splits;
    size_t splits_capacity;
    size_t n_splits_max; /* of one tree */
    size_t n_groups_max; /* of one tree */
    struct wl_shap_group *groups;
    size_t n_groups;
    size_t groups_capacity;
    struct wl_shap_leaf *leaves;
    size_t n_leaves;
    size_t leaves_capacity;
    struct wl_shap_literal *literals;
    size_t n_literals;
    size_t literals_capacity;
    uint32_t *columns;
    size_t n_path_columns;
    size_t columns_capacity;
    double *shares; /* beside columns; 0 for those of groups */
    size_t shares_capacity;
    struct wl_arena arena_tables;
    size_t table_bytes;
    size_t table_bytes_max;
    struct wl_quadrature rules[WL_SHAP_POINTS_MAX]; /* rules[n - 1] has n points */
};

/* wl_shap_new_limited - wl_shap_new with another ceiling for the tables; 0 means no tables. */
WL_MUST_CHECK wl_status wl_shap_new_limited(const wl_alloc *alloc, const struct wl_forest *forest,
                                            size_t table_bytes_max, struct wl_shap **shap_out,
                                            wl_error *error);

/* wl_shap_rule - the rule that is exact for D columns. */
static inline const struct wl_quadrature *wl_shap_rule(const struct wl_shap *shap, size_t n_columns)
{
    return &shap->rules[n_columns < 2 ? 0 : (n_columns + 1) / 2 - 1];
}

#endif
