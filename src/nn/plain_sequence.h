/* Recurrent and convolutional layers as formulas in double, one sequence at a time: the
 * specification of recurrent.h and convolution.h. As in plain.h, gradients (d...) are added to. */
#ifndef WL_NN_PLAIN_SEQUENCE_H
#define WL_NN_PLAIN_SEQUENCE_H
#include <stddef.h>

#define WL_PLAIN_HIDDEN_MAX 64 /* H of the twins; arrays of one step lie on the stack */

/* Weights of a cell, G gates: 4 of an LSTM (i, f, g, o), 3 of a GRU (r, z, n), in PyTorch's order,
 * block after block of H rows. */
struct wl_plain_cell {
    size_t n_in;
    size_t n_hidden;
    const double *w_in;     /* (G H, I) weight_ih */
    const double *w_hidden; /* (G H, H) weight_hh */
    const double *b_in;     /* (G H) bias_ih */
    const double *b_hidden; /* (G H) bias_hh */
};

/* Gradients of those, in the same shapes. */
struct wl_plain_cell_gradients {
    double *w_in;
    double *w_hidden;
    double *b_in;
    double *b_hidden;
};

/* wl_plain_lstm - with a = W_in x_t + b_in + W_hidden h_(t-1) + b_hidden, h and c 0 before the
 * first step: i, f, o = sigmoid(a_i, a_f, a_o), g = tanh(a_g), c_t = f c_(t-1) + i g,
 * h_t = o tanh(c_t).
 *   x       (in)  (T, I).
 *   states  (out) (T, 6, H): i, f, g, o, c, h.
 * Source: Hochreiter, Schmidhuber 1997; Gers et al. 2000; torch.nn.LSTM. */
void wl_plain_lstm(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                   double *states);
/* wl_plain_lstm_back - from dh (T, H), the loss's own gradient of every h_t. dx (T, I). */
void wl_plain_lstm_back(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                        const double *states, const double *dh, double *dx,
                        const struct wl_plain_cell_gradients *gradients);

/* wl_plain_gru - with a = W_in x_t + b_in, s = W_hidden h_(t-1) + b_hidden: r, z = sigmoid(a + s),
 * n = tanh(a_n + r s_n), h_t = (1 - z) n + z h_(t-1).
 *   states  (out) (T, 5, H): r, z, n, s_n, h.
 * Source: Cho et al. 2014, arXiv:1406.1078, as torch.nn.GRU has it (r after the product). */
void wl_plain_gru(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                  double *states);
void wl_plain_gru_back(const struct wl_plain_cell *cell, const double *x, size_t n_steps,
                       const double *states, const double *dh, double *dx,
                       const struct wl_plain_cell_gradients *gradients);

/* wl_plain_convolution - y_t = b + sum over j of W_j x_(t + j - (K - 1) / 2), 0 outside the
 * sequence: as long as x, like torch's padding "same".
 *   x (T, I), w (O, K, I) (torch's, last two axes swapped), b (O), y (T, O). */
void wl_plain_convolution(const double *x, const double *w, const double *b, size_t n_steps,
                          size_t n_in, size_t width, size_t n_out, double *y);
void wl_plain_convolution_back(const double *x, const double *w, const double *dy, size_t n_steps,
                               size_t n_in, size_t width, size_t n_out, double *dx, double *dw,
                               double *db);

/* wl_plain_peak - y_o = max(0, max_t x_to): rectified, then the largest of a sequence. x (T, O), y
 * (O). wl_plain_peak_back - dx at the first place of the maximum += dy; nowhere when y is 0. */
void wl_plain_peak(const double *x, size_t n_steps, size_t n_out, double *y);
void wl_plain_peak_back(const double *x, size_t n_steps, size_t n_out, const double *dy,
                        double *dx);

/* wl_plain_mean - y_o = the mean of x_to over the steps. x (T, O), y (O). wl_plain_mean_back -
 * dx_to += dy_o / T. */
void wl_plain_mean(const double *x, size_t n_steps, size_t n_out, double *y);
void wl_plain_mean_back(size_t n_steps, size_t n_out, const double *dy, double *dx);

#endif
