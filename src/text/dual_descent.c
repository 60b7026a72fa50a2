/* Dual coordinate descent: for each row in turn the best alpha, all others fixed; w follows. Rows
 * whose alpha stays at 0 are left out for a while (shrinking) and looked at once more in the end.
 *
 * liblinear holds 16 bytes for each entry of the matrix and draws from rand(), one stream for the
 * whole process; here an entry takes 8 bytes and every output has a stream of its own, so outputs
 * may be learnt side by side with the same result. */
#include "text/dual_descent.h"

#include "base/rng.h"
#include "base/thread.h"
#include "text/dual_lanes.h"

#include <math.h>

#define LANES_FROM ((size_t)4) /* outputs; fewer leave too many lanes empty */

/* One output. Everything by place in problem->rows. */
struct solver {
    const struct wl_dual_problem *problem;
    double *w;       /* (n_columns + 1) the last is the bias */
    double *alpha;   /* (n_rows) >= 0 */
    double *norm;    /* (n_rows) x x + 1, plus the diagonal of the loss */
    int8_t *sign;    /* (n_rows) y */
    uint32_t *order; /* (n_rows) active ones first */
    size_t n_active;
    double diagonal[2]; /* 1 / (2 C_i) of the rows with y -1 and 1 */
    double shrink_above;
    double violation_max; /* of this pass */
    double violation_min;
};

size_t wl_dual_outputs(const struct wl_dual_problem *problem)
{
    return problem->labels != NULL && problem->n_labels == 2 ? 1 : problem->n_labels;
}

static double dot(const struct wl_sparse *x, size_t row, const double *w)
{
    double sum = 0.0;

    for (uint64_t i = x->begin[row]; i < x->begin[row + 1]; i++) {
        sum += w[x->columns[i]] * (double)x->values[i];
    }
    return sum;
}

static void add(const struct wl_sparse *x, size_t row, double factor, double *w)
{
    for (uint64_t i = x->begin[row]; i < x->begin[row + 1]; i++) {
        w[x->columns[i]] += factor * (double)x->values[i];
    }
}

bool wl_dual_is_positive(const struct wl_dual_problem *problem, size_t row, size_t output)
{
    if (problem->labels == NULL) {
        return problem->marks[row * problem->n_labels + output] != 0;
    }
    return problem->labels[row] == (wl_dual_outputs(problem) == 1 ? 1 : output);
}

void wl_dual_diagonal(const struct wl_dual_problem *problem, size_t output, double diagonal[2])
{
    size_t n_side[2] = {0, 0};

    diagonal[0] = diagonal[1] = 0.5 / problem->c;
    if (!(problem->balance > 0.0)) {
        return;
    }
    for (size_t i = 0; i < problem->n_rows; i++) {
        n_side[wl_dual_is_positive(problem, problem->rows[i], output)]++;
    }
    for (size_t side = 0; side < 2 && n_side[0] > 0 && n_side[1] > 0; side++) {
        double share = 2.0 * (double)n_side[side] / (double)problem->n_rows;
        diagonal[side] *= pow(share, problem->balance);
    }
}

static void solver_begin(struct solver *solver, size_t output)
{
    const struct wl_dual_problem *problem = solver->problem;
    const struct wl_sparse *x = problem->x;

    for (size_t c = 0; c <= x->n_columns; c++) {
        solver->w[c] = 0.0;
    }
    wl_dual_diagonal(problem, output, solver->diagonal);
    for (size_t i = 0; i < problem->n_rows; i++) {
        size_t row = problem->rows[i];
        bool is_positive = wl_dual_is_positive(problem, row, output);
        double norm = 1.0 + solver->diagonal[is_positive]; // 1 is the bias
        for (uint64_t k = x->begin[row]; k < x->begin[row + 1]; k++) {
            norm += (double)x->values[k] * (double)x->values[k];
        }
        solver->norm[i] = norm;
        solver->alpha[i] = 0.0;
        solver->sign[i] = is_positive ? 1 : -1;
        solver->order[i] = (uint32_t)i;
    }
    solver->n_active = problem->n_rows;
    solver->shrink_above = (double)INFINITY;
}

// Returns false when the row need not be looked at again.
static bool step(struct solver *solver, size_t i)
{
    const struct wl_sparse *x = solver->problem->x;
    size_t row = solver->problem->rows[i];
    double y = (double)solver->sign[i];
    double diagonal = solver->diagonal[solver->sign[i] > 0];
    double margin = dot(x, row, solver->w) + solver->w[x->n_columns];
    double gradient = y * margin - 1.0 + diagonal * solver->alpha[i];
    double violation = gradient;

    if (solver->alpha[i] <= 0.0) {
        if (gradient > solver->shrink_above) {
            return false;
        }
        violation = fmin(gradient, 0.0);
    }
    solver->violation_max = fmax(solver->violation_max, violation);
    solver->violation_min = fmin(solver->violation_min, violation);
    if (fabs(violation) > 1e-12) { // as liblinear: below, the step changes nothing
        double before = solver->alpha[i];
        solver->alpha[i] = fmax(before - gradient / solver->norm[i], 0.0);
        double change = (solver->alpha[i] - before) * y;
        add(x, row, change, solver->w);
        solver->w[x->n_columns] += change;
    }
    return true;
}

static void pass(struct solver *solver, struct wl_rng *rng)
{
    wl_rng_shuffle(rng, solver->order, solver->n_active);
    solver->violation_max = -(double)INFINITY;
    solver->violation_min = (double)INFINITY;
    for (size_t k = 0; k < solver->n_active; k++) {
        uint32_t i = solver->order[k];
        if (!step(solver, i)) {
            solver->n_active--;
            solver->order[k] = solver->order[solver->n_active];
            solver->order[solver->n_active] = i;
            k--; // the one that was swapped in comes next
        }
    }
}

static void solve(struct solver *solver, size_t output)
{
    const struct wl_dual_problem *problem = solver->problem;
    struct wl_rng rng;

    solver_begin(solver, output);
    wl_rng_init(&rng, problem->seed, output);
    for (size_t n = 0; n < problem->n_passes_max; n++) {
        pass(solver, &rng);
        if (solver->violation_max - solver->violation_min <= problem->tolerance) {
            if (solver->n_active == problem->n_rows) {
                break;
            }
            solver->n_active = problem->n_rows; // once more with all rows
            solver->shrink_above = (double)INFINITY;
            continue;
        }
        solver->shrink_above =
            solver->violation_max > 0.0 ? solver->violation_max : (double)INFINITY;
    }
}

/* -- all outputs -- */

struct training {
    const wl_alloc *alloc;
    const struct wl_dual_problem *problem;
    size_t n_outputs;
    float *weights;
    double *bias;
};

static wl_status train_output(const struct training *training, size_t output, wl_error *error)
{
    const struct wl_dual_problem *problem = training->problem;
    const wl_alloc *alloc = training->alloc;
    size_t n_columns = problem->x->n_columns;
    struct solver solver = {.problem = problem};
    wl_status status = WL_OK;

    solver.w = wl_alloc_array(alloc, n_columns + 1, sizeof(*solver.w));
    solver.alpha = wl_alloc_array(alloc, problem->n_rows + 1, sizeof(*solver.alpha));
    solver.norm = wl_alloc_array(alloc, problem->n_rows + 1, sizeof(*solver.norm));
    solver.sign = wl_alloc_array(alloc, problem->n_rows + 1, sizeof(*solver.sign));
    solver.order = wl_alloc_array(alloc, problem->n_rows + 1, sizeof(*solver.order));
    if (solver.w == NULL || solver.alpha == NULL || solver.norm == NULL || solver.sign == NULL ||
        solver.order == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to learn from %zu texts", problem->n_rows);
        goto done;
    }
    solve(&solver, output);
    for (size_t c = 0; c < n_columns; c++) {
        training->weights[c * training->n_outputs + output] = (float)solver.w[c];
    }
    training->bias[output] = solver.w[n_columns];
done:
    wl_alloc_free(alloc, solver.w);
    wl_alloc_free(alloc, solver.alpha);
    wl_alloc_free(alloc, solver.norm);
    wl_alloc_free(alloc, solver.sign);
    wl_alloc_free(alloc, solver.order);
    return status;
}

static wl_status train_outputs(void *context, size_t begin, size_t end, size_t i_worker,
                               wl_error *error)
{
    (void)i_worker;
    for (size_t output = begin; output < end; output++) {
        WL_TRY(train_output(context, output, error));
    }
    return WL_OK;
}

// One piece is one set of lanes.
static wl_status train_lanes(void *context, size_t begin, size_t end, size_t i_worker,
                             wl_error *error)
{
    const struct training *training = context;

    (void)end;
    (void)i_worker;
    return wl_dual_lanes_train(training->alloc, training->problem, begin, training->weights,
                               training->bias, error);
}

wl_status wl_dual_train(const wl_alloc *alloc, const struct wl_dual_problem *problem,
                        size_t n_threads, float *weights, double *bias, wl_error *error)
{
    struct training training = {.alloc = alloc,
                                .problem = problem,
                                .n_outputs = wl_dual_outputs(problem),
                                .weights = weights,
                                .bias = bias};

    if (training.n_outputs >= LANES_FROM) {
        return wl_parallel_for(n_threads, training.n_outputs, WL_DUAL_LANES, train_lanes, &training,
                               error);
    }
    return wl_parallel_for(n_threads, training.n_outputs, 1, train_outputs, &training, error);
}
