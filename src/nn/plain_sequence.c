/* Definitions, step by step. Each backward pass walks the steps from the last to the first and
 * carries what the next step's h_(t-1) (and c_(t-1)) asked for. */
#include "nn/plain_sequence.h"

#include "base/error.h"
#include "nn/plain.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define H_MAX WL_PLAIN_HIDDEN_MAX

static const double zeros[H_MAX];

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

// The products of a step: a from x, s from h before it; both (G, H).
static void products(const struct wl_plain_cell *cell, size_t n_gates, const double *x,
                     const double *h, double *a, double *s)
{
    size_t n_out = n_gates * cell->n_hidden;
    WL_ASSERT(cell->n_hidden <= H_MAX);
    wl_plain_linear(x, cell->w_in, cell->b_in, 1, cell->n_in, n_out, a);
    wl_plain_linear(h, cell->w_hidden, cell->b_hidden, 1, cell->n_hidden, n_out, s);
}

// Their backward pass; dh gets what h before the step is asked for.
static void products_back(const struct wl_plain_cell *cell, size_t n_gates, const double *x,
                          const double *h, const double *da, const double *ds, double *dx,
                          double *dh, const struct wl_plain_cell_gradients *d)
{
    size_t n_out = n_gates * cell->n_hidden;
    wl_plain_linear_back(x, cell->w_in, da, 1, cell->n_in, n_out, dx, d->w_in, d->b_in);
    wl_plain_linear_back(h, cell->w_hidden, ds, 1, cell->n_hidden, n_out, dh, d->w_hidden,
                         d->b_hidden);
}

void wl_plain_lstm(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                   double *states)
{
    size_t n = cell->n_hidden;
    const double *c_before = zeros;
    const double *h_before = zeros;

    for (size_t t = 0; t < n_steps; t++) {
        double *s = states + t * 6 * n;
        double a[4 * H_MAX];
        double b[4 * H_MAX];
        products(cell, 4, x + t * cell->n_in, h_before, a, b);
        for (size_t k = 0; k < n; k++) {
            s[k] = sigmoid(a[k] + b[k]);
            s[n + k] = sigmoid(a[n + k] + b[n + k]);
            s[2 * n + k] = tanh(a[2 * n + k] + b[2 * n + k]);
            s[3 * n + k] = sigmoid(a[3 * n + k] + b[3 * n + k]);
            s[4 * n + k] = s[n + k] * c_before[k] + s[k] * s[2 * n + k];
            s[5 * n + k] = s[3 * n + k] * tanh(s[4 * n + k]);
        }
        c_before = s + 4 * n;
        h_before = s + 5 * n;
    }
}

void wl_plain_lstm_back(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                        const double *states, const double *dh, double *dx,
                        const struct wl_plain_cell_gradients *gradients)
{
    size_t n = cell->n_hidden;
    double dh_carried[H_MAX] = {0};
    double dc_carried[H_MAX] = {0};

    for (size_t t = n_steps; t-- > 0;) {
        const double *s = states + t * 6 * n;
        const double *c_before = t > 0 ? s - 2 * n : zeros;
        const double *h_before = t > 0 ? s - n : zeros;
        double da[4 * H_MAX];
        for (size_t k = 0; k < n; k++) {
            double i = s[k];
            double f = s[n + k];
            double g = s[2 * n + k];
            double o = s[3 * n + k];
            double tanh_c = tanh(s[4 * n + k]);
            double dh_k = dh[t * n + k] + dh_carried[k];
            double dc = dc_carried[k] + dh_k * o * (1.0 - tanh_c * tanh_c);
            da[k] = dc * g * i * (1.0 - i);
            da[n + k] = dc * c_before[k] * f * (1.0 - f);
            da[2 * n + k] = dc * i * (1.0 - g * g);
            da[3 * n + k] = dh_k * tanh_c * o * (1.0 - o);
            dc_carried[k] = dc * f;
            dh_carried[k] = 0.0;
        }
        products_back(cell, 4, x + t * cell->n_in, h_before, da, da, dx + t * cell->n_in,
                      dh_carried, gradients);
    }
}

void wl_plain_gru(const struct wl_plain_cell *cell, const double *x, size_t n_steps, double *states)
{
    size_t n = cell->n_hidden;
    const double *h_before = zeros;

    for (size_t t = 0; t < n_steps; t++) {
        double *s = states + t * 5 * n;
        double a[3 * H_MAX];
        double b[3 * H_MAX];
        products(cell, 3, x + t * cell->n_in, h_before, a, b);
        for (size_t k = 0; k < n; k++) {
            s[k] = sigmoid(a[k] + b[k]);
            s[n + k] = sigmoid(a[n + k] + b[n + k]);
            s[2 * n + k] = tanh(a[2 * n + k] + s[k] * b[2 * n + k]);
            s[3 * n + k] = b[2 * n + k];
            s[4 * n + k] = (1.0 - s[n + k]) * s[2 * n + k] + s[n + k] * h_before[k];
        }
        h_before = s + 4 * n;
    }
}

void wl_plain_gru_back(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                       const double *states, const double *dh, double *dx,
                       const struct wl_plain_cell_gradients *gradients)
{
    size_t n = cell->n_hidden;
    double dh_carried[H_MAX] = {0};

    for (size_t t = n_steps; t-- > 0;) {
        const double *s = states + t * 5 * n;
        const double *h_before = t > 0 ? s - n : zeros;
        double da[3 * H_MAX];
        double ds[3 * H_MAX];
        for (size_t k = 0; k < n; k++) {
            double r = s[k];
            double z = s[n + k];
            double tanh_n = s[2 * n + k];
            double dh_k = dh[t * n + k] + dh_carried[k];
            double dn = dh_k * (1.0 - z) * (1.0 - tanh_n * tanh_n);
            da[k] = dn * s[3 * n + k] * r * (1.0 - r);
            da[n + k] = dh_k * (h_before[k] - tanh_n) * z * (1.0 - z);
            da[2 * n + k] = dn;
            ds[k] = da[k];
            ds[n + k] = da[n + k];
            ds[2 * n + k] = dn * r;
            dh_carried[k] = dh_k * z;
        }
        products_back(cell, 3, x + t * cell->n_in, h_before, da, ds, dx + t * cell->n_in,
                      dh_carried, gradients);
    }
}

// Step that tap j of the filter at step t looks at; whether it is within the sequence.
static bool tap_at(size_t t, size_t j, size_t width, size_t n_steps, size_t *at)
{
    size_t before = (width - 1) / 2;
    *at = t + j - before;
    return t + j >= before && t + j - before < n_steps;
}

void wl_plain_convolution(const double *x, const double *w, const double *b, size_t n_steps,
                          size_t n_in, size_t width, size_t n_out, double *y)
{
    for (size_t t = 0; t < n_steps; t++) {
        for (size_t o = 0; o < n_out; o++) {
            double sum = b[o];
            for (size_t j = 0; j < width; j++) {
                size_t at;
                for (size_t k = 0; tap_at(t, j, width, n_steps, &at) && k < n_in; k++) {
                    sum += w[(o * width + j) * n_in + k] * x[at * n_in + k];
                }
            }
            y[t * n_out + o] = sum;
        }
    }
}

void wl_plain_convolution_back(const double *x, const double *w, const double *dy, size_t n_steps,
                               size_t n_in, size_t width, size_t n_out, double *dx, double *dw,
                               double *db)
{
    for (size_t t = 0; t < n_steps; t++) {
        for (size_t o = 0; o < n_out; o++) {
            double d = dy[t * n_out + o];
            db[o] += d;
            for (size_t j = 0; j < width; j++) {
                size_t at;
                for (size_t k = 0; tap_at(t, j, width, n_steps, &at) && k < n_in; k++) {
                    dw[(o * width + j) * n_in + k] += d * x[at * n_in + k];
                    dx[at * n_in + k] += d * w[(o * width + j) * n_in + k];
                }
            }
        }
    }
}

void wl_plain_peak(const double *x, size_t n_steps, size_t n_out, double *y)
{
    for (size_t o = 0; o < n_out; o++) {
        y[o] = 0.0;
        for (size_t t = 0; t < n_steps; t++) {
            y[o] = fmax(y[o], x[t * n_out + o]);
        }
    }
}

void wl_plain_peak_back(const double *x, size_t n_steps, size_t n_out, const double *dy, double *dx)
{
    for (size_t o = 0; o < n_out; o++) {
        double largest = 0.0;
        size_t at = n_steps;
        for (size_t t = 0; t < n_steps; t++) {
            if (x[t * n_out + o] > largest) {
                largest = x[t * n_out + o];
                at = t;
            }
        }
        if (at < n_steps) {
            dx[at * n_out + o] += dy[o];
        }
    }
}

void wl_plain_mean(const double *x, size_t n_steps, size_t n_out, double *y)
{
    for (size_t o = 0; o < n_out; o++) {
        double sum = 0.0;
        for (size_t t = 0; t < n_steps; t++) {
            sum += x[t * n_out + o];
        }
        y[o] = sum / (double)n_steps;
    }
}

void wl_plain_mean_back(size_t n_steps, size_t n_out, const double *dy, double *dx)
{
    for (size_t t = 0; t < n_steps; t++) {
        for (size_t o = 0; o < n_out; o++) {
            dx[t * n_out + o] += dy[o] / (double)n_steps;
        }
    }
}
