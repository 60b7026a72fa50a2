/* Explains blocks of rows against a prepared forest (shap_plan.h).
 *
 * Trees outside, rows inside: a group's table is read from memory once per block, then stays in a
 * first-level cache. Within a block everything is kept column by column (lane = row), so that
 * comparing with a threshold, and-ing bits and adding are plain loops over neighbouring memory.
 *
 *     columns (C, lanes) float32   the rows, turned
 *     left    (splits, lanes) u8   answers to the splits of one tree
 *     masks   (lanes) u8           of one group
 *     phi     (C, lanes) float64   turned back at the end
 *
 * A row's contributions are summed in tree order, group order, column order, whatever the block
 * or the thread: the same bits every time. */
#include "base/thread.h"
#include "explain/shap_plan.h"

#include <string.h>

// Inner loops run over whole chunks of this many rows, so that the compiler can use vectors
// without a remainder. One row alone costs one chunk.
#define LANES ((size_t)16)

struct scratch {
    void *block; /* owned; the rest points into it */
    double *phi;
    uint64_t *satisfied; /* (lanes) */
    float *columns;
    uint8_t *left;
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
    size_t row_bytes = shap->n_columns * (sizeof(double) + sizeof(float)) + sizeof(uint64_t) +
                       shap->n_splits_max + 1;

    scratch->block = wl_alloc_aligned(shap->alloc, n_lanes, row_bytes);
    if (scratch->block == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to explain %zu rows of %zu columns", n_lanes,
                       shap->n_columns);
    }
    // Widest items first keeps every part aligned.
    scratch->phi = scratch->block;
    scratch->satisfied = (uint64_t *)(void *)(scratch->phi + shap->n_columns * n_lanes);
    scratch->columns = (float *)(void *)(scratch->satisfied + n_lanes);
    scratch->left = (uint8_t *)(void *)(scratch->columns + shap->n_columns * n_lanes);
    scratch->masks = scratch->left + shap->n_splits_max * n_lanes;
    return WL_OK;
}

static void answer_split(const struct wl_shap_split *split, const float *x, size_t n_lanes,
                         uint8_t *left)
{
    float threshold = split->threshold;

    // Comparing with NaN is false, so the two forms differ only in where a missing value goes.
    for (size_t r = 0; r < n_lanes; r += LANES) {
        if (split->missing_left) {
            for (size_t i = 0; i < LANES; i++) {
                left[r + i] = !(x[r + i] >= threshold);
            }
        } else {
            for (size_t i = 0; i < LANES; i++) {
                left[r + i] = x[r + i] < threshold;
            }
        }
    }
}

static void add_group(const struct wl_shap *shap, const struct wl_shap_group *group,
                      const struct scratch *scratch, size_t n_lanes, size_t n_rows)
{
    const struct wl_shap_literal *literals = shap->literals + group->literal;
    const uint32_t *columns = shap->columns + group->column;
    uint8_t *masks = scratch->masks;

    memset(masks, group->full_mask, n_lanes);
    for (size_t i = 0; i < group->n_literals; i++) {
        const uint8_t *left = scratch->left + literals[i].split * n_lanes;
        uint8_t wants = literals[i].wants_left;
        uint8_t bit = literals[i].bit;
        for (size_t r = 0; r < n_lanes; r += LANES) {
            for (size_t l = 0; l < LANES; l++) {
                masks[r + l] &= (uint8_t) ~((left[r + l] ^ wants) << bit);
            }
        }
    }
    for (size_t k = 0; k < group->n_columns; k++) {
        double *phi = scratch->phi + columns[k] * n_lanes;
        const double *table = group->table + k;
        for (size_t r = 0; r < n_rows; r++) {
            phi[r] += table[(size_t)masks[r] << group->stride_shift];
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
        const uint8_t *left = scratch->left + literals[i].split * n_lanes;
        for (size_t r = 0; r < n_rows; r++) {
            uint64_t fails = (uint64_t)(left[r] ^ literals[i].wants_left);
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
        add_group(shap, &shap->groups[tree->group + g], scratch, n_lanes, n_rows);
    }
    for (size_t l = 0; l < tree->n_leaves; l++) {
        add_leaf(shap, &shap->leaves[tree->leaf + l], scratch, n_lanes, n_rows);
    }
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
            scratch->columns[c * n_lanes + r] = row[c];
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
