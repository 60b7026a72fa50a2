/* Losses, row by row. A vocabulary of 50,000 makes these rows long, so exponentials run in lanes
 * and the row's total is kept in float lanes, its logarithm in double. */
#include "nn/kernels.h"
#include "nn/row_view.h"
#include "nn/vector_math.h"

#include <math.h>

WL_CLONES static float row_largest(const float *x, size_t n)
{
    float largest[WL_LANES];
    float all = x[0];
    size_t i = 0;

    for (int l = 0; l < WL_LANES; l++) {
        largest[l] = x[0];
    }
    for (; i + WL_LANES <= n; i += WL_LANES) {
        for (size_t l = 0; l < WL_LANES; l++) {
            largest[l] = x[i + l] > largest[l] ? x[i + l] : largest[l];
        }
    }
    for (; i < n; i++) {
        all = x[i] > all ? x[i] : all;
    }
    for (int l = 0; l < WL_LANES; l++) {
        all = largest[l] > all ? largest[l] : all;
    }
    return all;
}

// Sum of exp(x - largest).
WL_CLONES static float row_total(const float *x, size_t n, float largest)
{
    float sum[WL_LANES] = {0};
    float all = 0.0F;
    size_t i = 0;

    for (; i + WL_LANES <= n; i += WL_LANES) {
        for (size_t l = 0; l < WL_LANES; l++) {
            sum[l] += wl_exp(x[i + l] - largest);
        }
    }
    for (; i < n; i++) {
        all += wl_exp(x[i] - largest);
    }
    for (int l = 0; l < WL_LANES; l++) {
        all += sum[l];
    }
    return all;
}

// y = factor exp(x - largest); y may be x.
WL_CLONES static void row_shares(const float *x, size_t n, float largest, float factor, float *y)
{
    for (size_t i = 0; i < n; i++) {
        y[i] = factor * wl_exp(x[i] - largest);
    }
}

static float *row_of(const struct wl_matrix *x, size_t i)
{
    return (float *)x->data + i * x->stride;
}

void wl_cross_entropy(const struct wl_matrix *x, const int32_t *targets, const float *weights,
                      float scale, double *losses, const struct wl_matrix *dx)
{
    size_t n = x->n_columns;

    WL_ASSERT(x->number == WL_F32 && (dx == NULL || dx->number == WL_F32));
#pragma omp parallel for schedule(static) if (WL_WORTH(x->n_rows * n))
    for (size_t i = 0; i < x->n_rows; i++) {
        const float *row = row_of(x, i);
        losses[i] = 0.0;
        if (targets[i] < 0) {
            if (dx != NULL) {
                memset(row_of(dx, i), 0, n * sizeof(float));
            }
            continue;
        }
        size_t target = (size_t)targets[i];
        float weight = weights != NULL ? weights[target] : 1.0F;
        float largest = row_largest(row, n);
        float total = row_total(row, n, largest);
        losses[i] = (double)weight * (log((double)total) + (double)largest - (double)row[target]);
        if (dx != NULL) {
            row_shares(row, n, largest, scale * weight / total, row_of(dx, i));
            row_of(dx, i)[target] -= scale * weight;
        }
    }
}

void wl_binary_cross_entropy(const struct wl_matrix *x, const struct wl_matrix *targets,
                             const float *weights, float scale, double *losses,
                             const struct wl_matrix *dx)
{
    WL_ASSERT(x->number == WL_F32 && targets->number == WL_F32 &&
              (dx == NULL || dx->number == WL_F32));
    for (size_t i = 0; i < x->n_rows; i++) {
        const float *row = row_of(x, i);
        const float *target = row_of(targets, i);
        double loss = 0.0;
        for (size_t k = 0; k < x->n_columns; k++) {
            double z = (double)row[k];
            double w = weights != NULL ? (double)weights[k] : 1.0;
            double y = (double)target[k];
            double tail = exp(-fabs(z)); // never overflows
            double share = (z >= 0.0 ? 1.0 : tail) / (1.0 + tail);
            double soft = log1p(tail);
            // -w y log(sigma(z)) - (1 - y) log(1 - sigma(z))
            loss += w * y * (soft + fmax(-z, 0.0)) + (1.0 - y) * (soft + fmax(z, 0.0));
            if (dx != NULL) {
                row_of(dx, i)[k] = scale * (float)((1.0 - y) * share - w * y * (1.0 - share));
            }
        }
        losses[i] = loss;
    }
}

void wl_softmax_rows(const struct wl_matrix *x, const struct wl_matrix *y)
{
    WL_ASSERT(x->number == WL_F32 && y->number == WL_F32);
    for (size_t i = 0; i < x->n_rows; i++) {
        float largest = row_largest(row_of(x, i), x->n_columns);
        float total = row_total(row_of(x, i), x->n_columns, largest);
        row_shares(row_of(x, i), x->n_columns, largest, 1.0F / total, row_of(y, i));
    }
}
