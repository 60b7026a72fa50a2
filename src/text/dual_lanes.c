/* With many labels nearly all visits of a row change nothing: most texts are far from most labels.
 * What a visit costs is then the walk over the row and the memory its weights lie in. So sixteen
 * outputs share the walk: a column's sixteen weights are one cache line, added up in four vectors,
 * and a row is left out when none of the sixteen needs it. Each output has its own alphas,
 * gradients and bounds, exactly as in dual_descent.c; only the order of rows is shared.
 *
 * Weights are float32 here. An output's weights are sums of some ten thousand steps; what rounding
 * adds to the objective is below 1e-5 of it, tests/golden/text allows 2e-4. */
#include "text/dual_lanes.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

typedef float quad_f32 __attribute__((vector_size(16)));
#define QUADS      (WL_DUAL_LANES / 4)
#define STEP_LEAST 1e-6F /* a smaller violation is rounding */

struct lanes {
    const struct wl_dual_problem *problem;
    size_t n_lanes;     /* outputs in use; the others stay at zero */
    quad_f32 *w;        /* (n_columns + 1, QUADS) the last row is the bias; on 64 bytes */
    float *alpha;       /* (n_rows, WL_DUAL_LANES) */
    float *norm;        /* (n_rows) x x + 1; what the loss adds stands in diagonal */
    uint32_t *positive; /* (n_rows) bit k: y of lane k is 1 */
    uint32_t *order;    /* (n_rows) active ones first */
    size_t n_active;
    float diagonal[2][WL_DUAL_LANES]; /* 1 / (2 C_i) of the rows with y -1 and 1 */
    float shrink_above[WL_DUAL_LANES];
    bool is_solved[WL_DUAL_LANES];      /* on its active rows; it rests until all lanes are */
    float violation_max[WL_DUAL_LANES]; /* of this pass */
    float violation_min[WL_DUAL_LANES];
};

// Four sums by name and not in an array: they then stay in registers.
static void multiply(const struct wl_sparse *x, size_t row, const quad_f32 *w, quad_f32 *margins)
{
    const quad_f32 *bias = w + x->n_columns * QUADS;
    quad_f32 a = bias[0];
    quad_f32 b = bias[1];
    quad_f32 c = bias[2];
    quad_f32 d = bias[3];

    for (uint64_t i = x->begin[row]; i < x->begin[row + 1]; i++) {
        const quad_f32 *weights = w + x->columns[i] * QUADS;
        float v = x->values[i];
        quad_f32 value = {v, v, v, v};
        a += value * weights[0];
        b += value * weights[1];
        c += value * weights[2];
        d += value * weights[3];
    }
    margins[0] = a;
    margins[1] = b;
    margins[2] = c;
    margins[3] = d;
}

static void add(const struct wl_sparse *x, size_t row, const quad_f32 *change, quad_f32 *w)
{
    quad_f32 *bias = w + x->n_columns * QUADS;
    quad_f32 a = change[0];
    quad_f32 b = change[1];
    quad_f32 c = change[2];
    quad_f32 d = change[3];

    for (uint64_t i = x->begin[row]; i < x->begin[row + 1]; i++) {
        quad_f32 *weights = w + x->columns[i] * QUADS;
        float v = x->values[i];
        quad_f32 value = {v, v, v, v};
        weights[0] += value * a;
        weights[1] += value * b;
        weights[2] += value * c;
        weights[3] += value * d;
    }
    bias[0] += a;
    bias[1] += b;
    bias[2] += c;
    bias[3] += d;
}

// What one visit does to lane k; returns the change of its weights per unit of x.
static float step_lane(struct lanes *lanes, size_t i, size_t k, float margin, bool *is_needed)
{
    float *alpha = &lanes->alpha[i * WL_DUAL_LANES + k];
    bool is_positive = (lanes->positive[i] >> k & 1U) != 0;
    float y = is_positive ? 1.0F : -1.0F;
    float diagonal = lanes->diagonal[is_positive][k];
    float gradient = y * margin - 1.0F + diagonal * *alpha;
    float violation = gradient;

    if (*alpha <= 0.0F) {
        if (gradient > lanes->shrink_above[k]) {
            return 0.0F;
        }
        violation = gradient < 0.0F ? gradient : 0.0F;
    }
    *is_needed = true;
    if (violation > lanes->violation_max[k]) {
        lanes->violation_max[k] = violation;
    }
    if (violation < lanes->violation_min[k]) {
        lanes->violation_min[k] = violation;
    }
    if (violation < STEP_LEAST && violation > -STEP_LEAST) {
        return 0.0F;
    }
    float before = *alpha;
    float after = before - gradient / (lanes->norm[i] + diagonal);
    *alpha = after > 0.0F ? after : 0.0F;
    return (*alpha - before) * y;
}

// Returns false when no lane needs to look at the row again.
static bool step(struct lanes *lanes, size_t i)
{
    const struct wl_sparse *x = lanes->problem->x;
    quad_f32 margins[QUADS];
    quad_f32 changes[QUADS] = {{0.0F}};
    bool is_needed = false;
    bool has_moved = false;

    multiply(x, lanes->problem->rows[i], lanes->w, margins);
    for (size_t k = 0; k < lanes->n_lanes; k++) {
        if (lanes->is_solved[k]) {
            continue;
        }
        float change = step_lane(lanes, i, k, margins[k / 4][k % 4], &is_needed);
        changes[k / 4][k % 4] = change;
        has_moved = has_moved || change < 0.0F || change > 0.0F;
    }
    if (has_moved) {
        add(x, lanes->problem->rows[i], changes, lanes->w);
    }
    return is_needed;
}

static void pass(struct lanes *lanes, struct wl_rng *rng)
{
    wl_rng_shuffle(rng, lanes->order, lanes->n_active);
    for (size_t k = 0; k < WL_DUAL_LANES; k++) {
        lanes->violation_max[k] = -INFINITY;
        lanes->violation_min[k] = INFINITY;
    }
    for (size_t k = 0; k < lanes->n_active; k++) {
        uint32_t i = lanes->order[k];
        if (!step(lanes, i)) {
            lanes->n_active--;
            lanes->order[k] = lanes->order[lanes->n_active];
            lanes->order[lanes->n_active] = i;
            k--; // the one that was swapped in comes next
        }
    }
}

static bool note_solved(struct lanes *lanes)
{
    float tolerance = (float)lanes->problem->tolerance;

    bool all = true;

    for (size_t k = 0; k < lanes->n_lanes; k++) {
        float spread = lanes->violation_max[k] - lanes->violation_min[k];
        // A lane that rested in this pass has no spread: its bounds are still infinite.
        lanes->is_solved[k] = lanes->is_solved[k] || !(spread > tolerance);
        all = all && lanes->is_solved[k];
    }
    return all;
}

// The largest violation of a pass bounds what the next one may leave out; infinite: nothing.
static void bound(struct lanes *lanes, bool may_shrink)
{
    for (size_t k = 0; k < WL_DUAL_LANES; k++) {
        bool is_bound = may_shrink && lanes->violation_max[k] > 0.0F;
        lanes->shrink_above[k] = is_bound ? lanes->violation_max[k] : INFINITY;
    }
}

static void begin(struct lanes *lanes, size_t first_output)
{
    const struct wl_dual_problem *problem = lanes->problem;
    const struct wl_sparse *x = problem->x;

    for (size_t i = 0; i < problem->n_rows; i++) {
        size_t row = problem->rows[i];
        float norm = 1.0F; // the bias
        for (uint64_t k = x->begin[row]; k < x->begin[row + 1]; k++) {
            norm += x->values[k] * x->values[k];
        }
        lanes->norm[i] = norm;
        lanes->order[i] = (uint32_t)i;
        for (size_t k = 0; k < lanes->n_lanes; k++) {
            bool is_positive = wl_dual_is_positive(problem, row, first_output + k);
            lanes->positive[i] |= (uint32_t)is_positive << k;
        }
    }
    for (size_t k = 0; k < lanes->n_lanes; k++) {
        double diagonal[2];
        wl_dual_diagonal(problem, first_output + k, diagonal);
        lanes->diagonal[0][k] = (float)diagonal[0];
        lanes->diagonal[1][k] = (float)diagonal[1];
    }
    lanes->n_active = problem->n_rows;
    bound(lanes, false);
}

static void solve(struct lanes *lanes, size_t first_output)
{
    const struct wl_dual_problem *problem = lanes->problem;
    struct wl_rng rng;

    begin(lanes, first_output);
    wl_rng_init(&rng, problem->seed, first_output);
    for (size_t n = 0; n < problem->n_passes_max; n++) {
        pass(lanes, &rng);
        if (note_solved(lanes)) {
            if (lanes->n_active == problem->n_rows) {
                break;
            }
            lanes->n_active = problem->n_rows; // once more with all rows and lanes
            memset(lanes->is_solved, 0, sizeof(lanes->is_solved));
            bound(lanes, false);
        } else {
            bound(lanes, true);
        }
    }
}

wl_status wl_dual_lanes_train(const wl_alloc *alloc, const struct wl_dual_problem *problem,
                              size_t first_output, float *weights, double *bias, wl_error *error)
{
    size_t n_outputs = wl_dual_outputs(problem);
    size_t n_left = n_outputs - first_output;
    size_t n_columns = problem->x->n_columns;
    size_t n_rows = problem->n_rows;
    struct lanes lanes = {.problem = problem,
                          .n_lanes = n_left < WL_DUAL_LANES ? n_left : WL_DUAL_LANES};
    wl_status status = WL_OK;

    lanes.w = wl_alloc_aligned(alloc, (n_columns + 1) * QUADS, sizeof(*lanes.w));
    lanes.alpha = wl_alloc_zeroed(alloc, (n_rows + 1) * WL_DUAL_LANES, sizeof(*lanes.alpha));
    lanes.norm = wl_alloc_array(alloc, n_rows + 1, sizeof(*lanes.norm));
    lanes.positive = wl_alloc_zeroed(alloc, n_rows + 1, sizeof(*lanes.positive));
    lanes.order = wl_alloc_array(alloc, n_rows + 1, sizeof(*lanes.order));
    if (lanes.w == NULL || lanes.alpha == NULL || lanes.norm == NULL || lanes.positive == NULL ||
        lanes.order == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to learn from %zu texts", n_rows);
        goto done;
    }
    solve(&lanes, first_output);
    for (size_t c = 0; c < n_columns; c++) {
        for (size_t k = 0; k < lanes.n_lanes; k++) {
            weights[c * n_outputs + first_output + k] = lanes.w[c * QUADS + k / 4][k % 4];
        }
    }
    for (size_t k = 0; k < lanes.n_lanes; k++) {
        bias[first_output + k] = (double)lanes.w[n_columns * QUADS + k / 4][k % 4];
    }
done:
    wl_alloc_aligned_free(alloc, lanes.w);
    wl_alloc_free(alloc, lanes.alpha);
    wl_alloc_free(alloc, lanes.norm);
    wl_alloc_free(alloc, lanes.positive);
    wl_alloc_free(alloc, lanes.order);
    return status;
}
