/* Shapley values of one leaf: the formula under TreeSHAP, used to fill tables and for leaves too
 * deep for one. */
#ifndef WL_EXPLAIN_SHAP_LEAF_H
#define WL_EXPLAIN_SHAP_LEAF_H
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

#define WL_SHAP_POINTS_MAX (WL_TREE_DEPTH_MAX / 2) /* D factors make degree D - 1 */

/* Points and weights that integrate polynomials up to degree 2 * n_points - 1 over [0, 1]. */
struct wl_quadrature {
    size_t n_points;
    double t[WL_SHAP_POINTS_MAX];
    double weight[WL_SHAP_POINTS_MAX];
};

/* wl_quadrature_init - Gauss-Legendre rule on [0, 1], exact to a few 1e-16.
 *   n_points  (in) 1..WL_SHAP_POINTS_MAX.
 * Cost:    O(n_points^2).
 * Source:  Abramowitz & Stegun 25.4.30; roots by Newton's method from 22.16.6. */
void wl_quadrature_init(struct wl_quadrature *rule, size_t n_points);

/* wl_leaf_shapley - contributions of the D columns above one leaf.
 *   value      (in)  output of the leaf.
 *   n_columns  (in)  D <= WL_TREE_DEPTH_MAX, distinct columns on the path.
 *   shares     (in)  (D) part of the training data each column lets through, 0..1.
 *   satisfied  (in)  bit j set: the row passes every split on column j.
 *   rule       (in)  with n_points >= D / 2.
 *   phi        (out) (D) their sum is value * (all satisfied - product of shares).
 * Cost:    O(D^2), no allocation.
 * Source:  Lundberg, Erion, Lee 2018, arXiv:1802.03888, eq. 5, with the weight
 *          s! (D - s - 1)! / D! as the integral of t^s (1 - t)^(D - s - 1) over [0, 1]; own. */
void wl_leaf_shapley(double value, size_t n_columns, const double *shares, uint64_t satisfied,
                     const struct wl_quadrature *rule, double *phi);

#endif
