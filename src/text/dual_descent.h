/* Linear models one against the rest: L2-regularised squared hinge loss, solved in the dual.
 *
 *   min over w, b:  1/2 (|w|^2 + b^2) + sum over rows of C_i * max(0, 1 - y (w x + b))^2
 *
 * where C_i = C * (n / (2 n_side))^balance and n_side is how many of the n rows have the same y.
 * With balance 1 both sides weigh alike however rare one is, with 0 every row does. */
#ifndef WL_TEXT_DUAL_DESCENT_H
#define WL_TEXT_DUAL_DESCENT_H
#include "text/sparse.h"

struct wl_dual_problem {
    const struct wl_sparse *x;
    const uint32_t *rows; /* (n_rows) rows of x to learn from */
    size_t n_rows;
    const uint32_t *labels; /* (x->n_rows) the right label of each row; NULL when marks say it */
    const uint8_t *marks;   /* (x->n_rows, n_labels) 1 where the label is right; NULL with labels */
    size_t n_labels;
    double c;         /* C above */
    double balance;   /* 0 .. 1, above */
    double tolerance; /* largest violation of the optimality conditions, projected gradient */
    size_t n_passes_max;
    uint64_t seed;
};

/* wl_dual_outputs - models to learn: one for two labels of which one is right (for label 1), else
 * one for each label. */
size_t wl_dual_outputs(const struct wl_dual_problem *problem);

/* wl_dual_is_positive - whether a row of x has the label of an output. */
bool wl_dual_is_positive(const struct wl_dual_problem *problem, size_t row, size_t output);

/* wl_dual_diagonal - 1 / (2 C_i) of the rows of either side of an output: all that C_i changes in
 *   the dual of this loss.
 *   diagonal  (out) [0] of the rows without the label, [1] of those with it.
 * Cost:    O(n_rows) with balance, else O(1). */
void wl_dual_diagonal(const struct wl_dual_problem *problem, size_t output, double diagonal[2]);

/* wl_dual_train - the weights of all outputs.
 *   n_threads  (in)  same weights for any number.
 *   weights    (out) (n_columns, n_outputs) a column's weights lie together.
 *   bias       (out) (n_outputs).
 * Cost:    O(passes * entries * outputs); per thread one double a column and two a row.
 * Errors:  WL_ENOMEM; weights are not defined then.
 * Source:  Hsieh, Chang, Lin, Keerthi, Sundararajan 2008, ICML, algorithm 3 (shrinking). */
WL_MUST_CHECK wl_status wl_dual_train(const wl_alloc *alloc, const struct wl_dual_problem *problem,
                                      size_t n_threads, float *weights, double *bias,
                                      wl_error *error);

#endif
