/* Explains blocks of rows against a prepared forest (shap_plan.h).
 *
 * Trees outside, rows inside: a group's table is read from memory once per block, then stays in a
 * first-level cache. Within a block everything is kept column by column (lane = row), so that
 * comparing with a threshold, and-ing bits and adding are plain loops over neighbouring memory.
 *
 *     columns (C, lanes) float32   the rows, turned
 *     left    (splits, lanes) i8   answers to the splits of one tree: -1 (all bits) left, 0 right
 *     masks   (groups, lanes) u8   of one tree
 *     phi     (C + 1, lanes) f64   turned back at the end; the last column takes padding
 *
 * A row's contributions are summed in tree order, group order, column order, whatever the block
 * or the thread: the same bits every time. */
#include "base/thread.h"
#include "explain/shap_plan.h"

#include <string.h>

/* Vectors of the compiler, which it lowers to whatever the machine has. Rows are padded to whole
 * steps of LANES; one row alone costs one step. */
#define LANES ((size_t)16)
typedef float quad_f32 __attribute__((vector_size(16), may_alias));
typedef int32_t quad_i32 __attribute__((vector_size(16), may_alias));
typedef int8_t lanes_i8 __attribute__((vector_size(16), may_alias));
typedef double pair_f64 __attribute__((vector_size(16), may_alias));

struct scratch {
    void *block; /* owned; the rest points into it */
    double *phi;
    uint64_t *satisfied; /* (lanes) */
    float *columns;
    int8_t *left;
    uint8_t *masks;
};

struct work {
    const struct wl_shap *shap;
    const float *columns; /* (N, C) */
    double *phi;          /* (N, C) */
    size_t n_lanes;       /* rows of a block, a multiple of LANES */
    struct scratch *scratch;
};

// Rows of a block: as many as keep a block's columns and contributions within about 1 MiB, which
// second-level caches hold. A function of C alone: blocks must not depend on threads.
static size_t block_rows(size_t n_columns)
{
    size_t n = WL_SHAP_BLOCK_BYTES / ((n_columns + 1) * (sizeof(float) + sizeof(double)));
    n = n / LANES * LANES;
    if (n > WL_SHAP_BLOCK_ROWS_MAX) {
        return WL_SHAP_BLOCK_ROWS_MAX;
    }
    return n < LANES ? LANES : n;
}

static wl_status scratch_init(struct scratch *scratch, const struct wl_shap *shap, size_t n_lanes,
                              wl_error *error)
{
    size_t row_bytes = (shap->n_columns + 1) * sizeof(double) + sizeof(uint64_t) +
                       shap->n_columns * sizeof(float) + shap->n_splits_max + shap->n_groups_max;

    scratch->block = wl_alloc_aligned(shap->alloc, n_lanes, row_bytes);
    if (scratch->block == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to explain %zu rows of %zu columns", n_lanes,
                       shap->n_columns);
    }
    // Widest items first, and a multiple of 16 of each, keep every part on a vector's edge.
    scratch->phi = scratch->block;
    scratch->satisfied = (uint64_t *)(void *)(scratch->phi + (shap->n_columns + 1) * n_lanes);
    scratch->columns = (float *)(void *)(scratch->satisfied + n_lanes);
    scratch->left = (int8_t *)(void *)(scratch->columns + shap->n_columns * n_lanes);
    scratch->masks = (uint8_t *)(scratch->left + shap->n_splits_max * n_lanes);
    return WL_OK;
}

// Comparing with NaN is false, and only NaN differs from itself. All bits of an answer are alike.
static quad_i32 answer_four(quad_f32 x, float threshold, int32_t missing)
{
    return (x < threshold) | ((x != x) & missing);
}

static void answer_split(const struct wl_shap_split *split, const float *columns, size_t n_lanes,
                         int8_t *answers)
{
    const quad_f32 *x = (const void *)columns;
    quad_i32 *left = (void *)answers;
    int32_t missing = split->missing_left ? -1 : 0;

    // Sixteen answers of 32 bits become sixteen bytes by taking a different byte of each four:
    // lane_of_row() has put the rows where that makes their natural order.
    for (size_t i = 0; i < n_lanes / LANES; i++) {
        quad_i32 a = answer_four(x[4 * i], split->threshold, missing);
        quad_i32 b = answer_four(x[4 * i + 1], split->threshold, missing);
        quad_i32 c = answer_four(x[4 * i + 2], split->threshold, missing);
        quad_i32 d = answer_four(x[4 * i + 3], split->threshold, missing);
        left[i] = (a & 0xff) | (b & 0xff00) | (c & 0xff0000) | (d & ~0xffffff);
    }
}

// The mask of each row: all bits, less those whose literals fail.
static void make_masks(const struct wl_shap *shap, const struct wl_shap_group *group,
                       const struct scratch *scratch, size_t n_lanes, uint8_t *masks_out)
{
    const struct wl_shap_literal *literals = shap->literals + group->literal;

    memset(masks_out, group->full_mask, n_lanes);
    for (size_t i = 0; i < group->n_literals; i++) {
        const lanes_i8 *left = (const void *)(scratch->left + literals[i].split * n_lanes);
        lanes_i8 *masks = (void *)masks_out;
        int8_t fails = literals[i].wants_left ? -1 : 0; // xor: all bits where the answer differs
        int8_t bit = (int8_t)(1U << literals[i].bit);
        for (size_t r = 0; r < n_lanes / LANES; r++) {
            masks[r] &= ~((left[r] ^ fails) & bit);
        }
    }
}

// Two rows by two columns at a time: a table row holds the columns of a row side by side, phi the
// rows of a column, so each step turns a square of 2 x 2.
static void add_group(const struct wl_shap *shap, const struct wl_shap_group *group,
                      const struct scratch *scratch, const uint8_t *masks, size_t n_lanes,
                      size_t n_rows)
{
    const uint32_t *columns = shap->columns + group->column;

    for (size_t k = 0; k < group->n_columns; k += 2) {
        pair_f64 *phi_a = (void *)(scratch->phi + columns[k] * n_lanes);
        pair_f64 *phi_b = (void *)(scratch->phi + columns[k + 1] * n_lanes);
        const double *table = group->table + k;
        for (size_t r = 0; r < n_rows; r += 2) {
            pair_f64 first = *(const pair_f64 *)(const void *)(table + masks[r] * WL_SHAP_STRIDE);
            pair_f64 second =
                *(const pair_f64 *)(const void *)(table + masks[r + 1] * WL_SHAP_STRIDE);
            phi_a[r / 2] += __builtin_shufflevector(first, second, 0, 2);
            phi_b[r / 2] += __builtin_shufflevector(first, second, 1, 3);
        }
    }
}

static void add_leaf(const struct wl_shap *shap, const struct wl_shap_leaf *leaf,
                     const struct scratch *scratch, size_t n_lanes, size_t n_rows)
{
    const struct wl_shap_literal *literals = shap->literals + leaf->literal;
    const uint32_t *columns = shap->columns + leaf->column;
    const struct wl_quadrature *rule = wl_shap_rule(shap, leaf->n_columns);
    double phi[WL_TREE_DEPTH_MAX];

    for (size_t r = 0; r < n_rows; r++) {
        scratch->satisfied[r] = UINT64_MAX;
    }
    for (size_t i = 0; i < leaf->n_literals; i++) {
        const int8_t *left = scratch->left + literals[i].split * n_lanes;
        for (size_t r = 0; r < n_rows; r++) {
            uint64_t fails = (uint64_t)((left[r] & 1) ^ literals[i].wants_left);
            scratch->satisfied[r] &= ~(fails << literals[i].bit);
        }
    }
    for (size_t r = 0; r < n_rows; r++) {
        wl_leaf_shapley(leaf->value, leaf->n_columns, shap->shares + leaf->column,
                        scratch->satisfied[r], rule, phi);
        for (size_t j = 0; j < leaf->n_columns; j++) {
            scratch->phi[columns[j] * n_lanes + r] += phi[j];
        }
    }
}

static void add_tree(const struct wl_shap *shap, const struct wl_shap_tree *tree,
                     const struct scratch *scratch, size_t n_lanes, size_t n_rows)
{
    for (size_t s = 0; s < tree->n_splits; s++) {
        const struct wl_shap_split *split = &shap->splits[tree->split + s];
        answer_split(split, scratch->columns + split->column * n_lanes, n_lanes,
                     scratch->left + s * n_lanes);
    }
    for (size_t g = 0; g < tree->n_groups; g++) {
        const struct wl_shap_group *group = &shap->groups[tree->group + g];
        uint8_t *masks = scratch->masks + g * n_lanes;
        make_masks(shap, group, scratch, n_lanes, masks);
        // One row alone meets every table cold: ask for all of a tree's before the first is used.
        __builtin_prefetch(group->table + masks[0] * WL_SHAP_STRIDE);
    }
    for (size_t g = 0; g < tree->n_groups; g++) {
        add_group(shap, &shap->groups[tree->group + g], scratch, scratch->masks + g * n_lanes,
                  n_lanes, n_rows);
    }
    for (size_t l = 0; l < tree->n_leaves; l++) {
        add_leaf(shap, &shap->leaves[tree->leaf + l], scratch, n_lanes, n_rows);
    }
}

// Where a row's values stand among the lanes of a column; see answer_split.
static size_t lane_of_row(size_t r)
{
    return r / LANES * LANES + r % 4 * 4 + r % LANES / 4;
}

static wl_status explain_block(void *context, size_t begin, size_t end, size_t i_worker,
                               wl_error *error)
{
    const struct work *work = context;
    const struct wl_shap *shap = work->shap;
    const struct scratch *scratch = &work->scratch[i_worker];
    size_t n_columns = shap->n_columns;
    size_t n_rows = end - begin;
    size_t n_lanes = (n_rows + LANES - 1) / LANES * LANES;

    (void)error;
    memset(scratch->phi, 0, n_columns * n_lanes * sizeof(double));
    for (size_t r = 0; r < n_rows; r++) {
        const float *row = work->columns + (begin + r) * n_columns;
        for (size_t c = 0; c < n_columns; c++) {
            scratch->columns[c * n_lanes + lane_of_row(r)] = row[c];
        }
    }
    for (size_t k = 0; k < shap->n_trees; k++) {
        add_tree(shap, &shap->trees[k], scratch, n_lanes, n_rows);
    }
    for (size_t r = 0; r < n_rows; r++) {
        double *row = work->phi + (begin + r) * n_columns;
        for (size_t c = 0; c < n_columns; c++) {
            row[c] = scratch->phi[c * n_lanes + r];
        }
    }
    return WL_OK;
}

wl_status wl_shap_rows(const struct wl_shap *shap, const float *columns, size_t n_rows,
                       size_t n_threads, double *phi, double *base, wl_error *error)
{
    size_t n_block = block_rows(shap->n_columns);
    size_t n_lanes = n_rows < n_block ? (n_rows + LANES - 1) / LANES * LANES : n_block;
    struct scratch scratch[WL_THREADS_MAX];
    struct work work = {
        .shap = shap, .columns = columns, .phi = phi, .n_lanes = n_lanes, .scratch = scratch};
    size_t n_workers = 0;
    wl_status status = WL_OK;

    WL_ASSERT(n_threads >= 1 && n_threads <= WL_THREADS_MAX);
    // No more workers than blocks, and memory for each before the first result is written.
    while (n_workers < n_threads && n_workers * n_block < n_rows) {
        WL_GO(scratch_init(&scratch[n_workers], shap, n_lanes, error));
        n_workers++;
    }
    if (n_rows > 0) {
        WL_GO(wl_parallel_for(n_workers, n_rows, n_block, explain_block, &work, error));
    }
    if (base != NULL) {
        *base = shap->base;
    }
done:
    for (size_t i = 0; i < n_workers; i++) {
        wl_alloc_aligned_free(shap->alloc, scratch[i].block);
    }
    return status;
}
