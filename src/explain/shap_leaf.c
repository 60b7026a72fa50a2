/* One leaf is a game of D columns: coalition S earns value * product over S of o_j * product over
 * the others of z_j, where o_j is 1 when the row passes column j's splits and z_j is the share of
 * training data that does. The Shapley value of column i is
 *
 *     phi_i = value * (o_i - z_i) * sum over S without i of w(|S|) * prod_S o * prod_rest z
 *           = value * (o_i - z_i) * integral_0^1 of prod_{j != i} (o_j t + z_j (1 - t)) dt
 *
 * since w(s) = s! (D-s-1)! / D! is a beta integral. The integrand is a polynomial of degree D - 1,
 * so Gauss-Legendre with D / 2 points is exact. Why not EXTEND and UNWIND of the paper: UNWIND
 * divides by o or z and subtracts, which loses digits in deep trees and fails at z = 0; here every
 * factor is >= 0, nothing is divided and nothing cancels, and the products without i are running
 * products from both ends. */
#include "explain/shap_leaf.h"

#include "base/error.h"

#include <math.h>

#define PI 3.14159265358979323846

// Value and derivative of the Legendre polynomial of degree n at x, by its three-term recurrence.
static void legendre(size_t n, double x, double *value, double *slope)
{
    double before = 1.0;
    double now = x;

    for (size_t k = 2; k <= n; k++) {
        double next = ((2.0 * (double)k - 1.0) * x * now - ((double)k - 1.0) * before) / (double)k;
        before = now;
        now = next;
    }
    *value = now;
    *slope = (double)n * (x * now - before) / (x * x - 1.0);
}

void wl_quadrature_init(struct wl_quadrature *rule, size_t n_points)
{
    WL_ASSERT(n_points >= 1 && n_points <= WL_SHAP_POINTS_MAX);
    *rule = (struct wl_quadrature){.n_points = n_points};
    for (size_t i = 0; i < n_points; i++) {
        double x = cos(PI * ((double)i + 0.75) / ((double)n_points + 0.5));
        double value;
        double slope;
        // The start is within 1e-3 of the root and Newton squares the error: 5 steps are plenty.
        for (int step = 0; step < 5; step++) {
            legendre(n_points, x, &value, &slope);
            x -= value / slope;
        }
        legendre(n_points, x, &value, &slope);
        rule->t[i] = 0.5 * (1.0 - x);
        rule->weight[i] = 1.0 / ((1.0 - x * x) * slope * slope);
    }
}

// Products over two points at a time. A rule of an odd number of points is padded with a point of
// weight 0, which adds nothing.
typedef double pair_f64 __attribute__((vector_size(16)));
#define PAIRS_MAX (WL_SHAP_POINTS_MAX / 2)

void wl_leaf_shapley(double value, size_t n_columns, const double *shares, uint64_t satisfied,
                     const struct wl_quadrature *rule, double *phi)
{
    pair_f64 before[WL_TREE_DEPTH_MAX + 1][PAIRS_MAX]; // product of the factors of columns < j
    pair_f64 factor[WL_TREE_DEPTH_MAX][PAIRS_MAX];     // o_j t + z_j (1 - t)
    pair_f64 after[PAIRS_MAX];                         // weight * factors of columns > j
    size_t n_pairs = (rule->n_points + 1) / 2;

    WL_DCHECK(n_columns <= WL_TREE_DEPTH_MAX && 2 * rule->n_points >= n_columns);
    for (size_t q = 0; q < n_pairs; q++) {
        before[0][q] = (pair_f64){1.0, 1.0};
        after[q] = value * (pair_f64){rule->weight[2 * q], rule->weight[2 * q + 1]};
    }
    for (size_t j = 0; j < n_columns; j++) {
        double rise = (double)((satisfied >> j) & 1) - shares[j];
        for (size_t q = 0; q < n_pairs; q++) {
            pair_f64 t = {rule->t[2 * q], rule->t[2 * q + 1]};
            factor[j][q] = shares[j] + rise * t;
            before[j + 1][q] = before[j][q] * factor[j][q];
        }
    }
    for (size_t j = n_columns; j-- > 0;) {
        double rise = (double)((satisfied >> j) & 1) - shares[j];
        pair_f64 sum = {0.0, 0.0};
        for (size_t q = 0; q < n_pairs; q++) {
            sum += before[j][q] * after[q];
            after[q] *= factor[j][q];
        }
        phi[j] = rise * (sum[0] + sum[1]);
    }
}
