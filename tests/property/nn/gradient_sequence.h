/* Layers of sequence models as functions of parameters, for gradient_check.h. */
#ifndef WL_TESTS_PROPERTY_NN_GRADIENT_SEQUENCE_H
#define WL_TESTS_PROPERTY_NN_GRADIENT_SEQUENCE_H
#include "gradient_check.h"

#include "nn/plain_sequence.h"

enum { T = 5, IN = 3, HIDDEN = 4, OUT = 3, WIDTH = 4 };

// Parameters of a cell: x, then the weights in the order of the struct.
static struct wl_plain_cell cell_of(const double *p, size_t n_gates)
{
    const double *w = p + T * IN;
    size_t n = n_gates * HIDDEN;
    return (struct wl_plain_cell){.n_in = IN,
                                  .n_hidden = HIDDEN,
                                  .w_in = w,
                                  .w_hidden = w + n * IN,
                                  .b_in = w + n * (IN + HIDDEN),
                                  .b_hidden = w + n * (IN + HIDDEN + 1)};
}
static struct wl_plain_cell_gradients gradients_of(double *dp, size_t n_gates)
{
    double *w = dp + T * IN;
    size_t n = n_gates * HIDDEN;
    return (struct wl_plain_cell_gradients){.w_in = w,
                                            .w_hidden = w + n * IN,
                                            .b_in = w + n * (IN + HIDDEN),
                                            .b_hidden = w + n * (IN + HIDDEN + 1)};
}

static void lstm(const double *p, double *out)
{
    struct wl_plain_cell cell = cell_of(p, 4);
    double states[T * 6 * HIDDEN];
    wl_plain_lstm(&cell, p, T, states);
    for (size_t t = 0; t < T; t++) {
        memcpy(out + t * HIDDEN, states + (t * 6 + 5) * HIDDEN, HIDDEN * sizeof(*out));
    }
}
static void lstm_back(const double *p, const double *dout, double *dp)
{
    struct wl_plain_cell cell = cell_of(p, 4);
    struct wl_plain_cell_gradients gradients = gradients_of(dp, 4);
    double states[T * 6 * HIDDEN];
    wl_plain_lstm(&cell, p, T, states);
    wl_plain_lstm_back(&cell, p, T, states, dout, dp, &gradients);
}

static void gru(const double *p, double *out)
{
    struct wl_plain_cell cell = cell_of(p, 3);
    double states[T * 5 * HIDDEN];
    wl_plain_gru(&cell, p, T, states);
    for (size_t t = 0; t < T; t++) {
        memcpy(out + t * HIDDEN, states + (t * 5 + 4) * HIDDEN, HIDDEN * sizeof(*out));
    }
}
static void gru_back(const double *p, const double *dout, double *dp)
{
    struct wl_plain_cell cell = cell_of(p, 3);
    struct wl_plain_cell_gradients gradients = gradients_of(dp, 3);
    double states[T * 5 * HIDDEN];
    wl_plain_gru(&cell, p, T, states);
    wl_plain_gru_back(&cell, p, T, states, dout, dp, &gradients);
}

static void convolution(const double *p, double *out)
{
    const double *w = p + T * IN;
    wl_plain_convolution(p, w, w + OUT * WIDTH * IN, T, IN, WIDTH, OUT, out);
}
static void convolution_back(const double *p, const double *dout, double *dp)
{
    double *dw = dp + T * IN;
    wl_plain_convolution_back(p, p + T * IN, dout, T, IN, WIDTH, OUT, dp, dw,
                              dw + OUT * WIDTH * IN);
}

static void peak(const double *p, double *out)
{
    wl_plain_peak(p, T, OUT, out);
}
static void peak_back(const double *p, const double *dout, double *dp)
{
    wl_plain_peak_back(p, T, OUT, dout, dp);
}

static const size_t steps_of[2] = {2, 3}; // lengths that pooling sees

static void mean(const double *p, double *out)
{
    wl_plain_mean(p, steps_of[0], OUT, out);
    wl_plain_mean(p + steps_of[0] * OUT, steps_of[1], OUT, out + OUT);
}
static void mean_back(const double *p, const double *dout, double *dp)
{
    (void)p;
    wl_plain_mean_back(steps_of[0], OUT, dout, dp);
    wl_plain_mean_back(steps_of[1], OUT, dout + OUT, dp + steps_of[0] * OUT);
}

static const struct gradient_layer gradient_sequence[] = {
    {"LSTM", T *IN + 4 * HIDDEN *(IN + HIDDEN + 2), T *HIDDEN, lstm, lstm_back},
    {"GRU", T *IN + 3 * HIDDEN *(IN + HIDDEN + 2), T *HIDDEN, gru, gru_back},
    {"convolution, one dimension", T *IN + OUT *WIDTH *IN + OUT, T *OUT, convolution,
     convolution_back},
    {"pooling, largest value of a rectified channel", T *OUT, OUT, peak, peak_back},
    {"pooling, mean of steps", T *OUT, 2 * OUT, mean, mean_back},
};

#endif
