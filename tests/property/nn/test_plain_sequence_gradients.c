/* Goal:   every backward pass of the plain recurrent and convolutional layers is the derivative of
 *         its forward pass.
 * Method: as test_plain_gradients: a layer is a function from parameters to outputs, its loss their
 *         sum with random weights; central differences in double with step 1e-5, whose error is
 *         about 1e-10, against 1e-6. Then a planted fault: one gradient off by 1e-5 is seen. */
#include "check.h"

#include "nn/plain_sequence.h"

#define P_MAX     400
#define STEP      1e-5
#define TOLERANCE 1e-6

enum { T = 5, I = 3, H = 4, O = 3, W = 4 };

// Parameters of a cell: x, then the weights in the order of the struct.
static struct wl_plain_cell cell_of(const double *p, size_t n_gates)
{
    const double *w = p + T * I;
    size_t n = n_gates * H;
    return (struct wl_plain_cell){.n_in = I,
                                  .n_hidden = H,
                                  .w_in = w,
                                  .w_hidden = w + n * I,
                                  .b_in = w + n * (I + H),
                                  .b_hidden = w + n * (I + H + 1)};
}
static struct wl_plain_cell_gradients gradients_of(double *dp, size_t n_gates)
{
    double *w = dp + T * I;
    size_t n = n_gates * H;
    return (struct wl_plain_cell_gradients){
        .w_in = w, .w_hidden = w + n * I, .b_in = w + n * (I + H), .b_hidden = w + n * (I + H + 1)};
}

static void lstm(const double *p, double *out)
{
    struct wl_plain_cell cell = cell_of(p, 4);
    double states[T * 6 * H];
    wl_plain_lstm(&cell, p, T, states);
    for (size_t t = 0; t < T; t++) {
        memcpy(out + t * H, states + (t * 6 + 5) * H, H * sizeof(*out));
    }
}
static void lstm_back(const double *p, const double *dout, double *dp)
{
    struct wl_plain_cell cell = cell_of(p, 4);
    struct wl_plain_cell_gradients gradients = gradients_of(dp, 4);
    double states[T * 6 * H];
    wl_plain_lstm(&cell, p, T, states);
    wl_plain_lstm_back(&cell, p, T, states, dout, dp, &gradients);
}

static void gru(const double *p, double *out)
{
    struct wl_plain_cell cell = cell_of(p, 3);
    double states[T * 5 * H];
    wl_plain_gru(&cell, p, T, states);
    for (size_t t = 0; t < T; t++) {
        memcpy(out + t * H, states + (t * 5 + 4) * H, H * sizeof(*out));
    }
}
static void gru_back(const double *p, const double *dout, double *dp)
{
    struct wl_plain_cell cell = cell_of(p, 3);
    struct wl_plain_cell_gradients gradients = gradients_of(dp, 3);
    double states[T * 5 * H];
    wl_plain_gru(&cell, p, T, states);
    wl_plain_gru_back(&cell, p, T, states, dout, dp, &gradients);
}

static void convolution(const double *p, double *out)
{
    const double *w = p + T * I;
    wl_plain_convolution(p, w, w + O * W * I, T, I, W, O, out);
}
static void convolution_back(const double *p, const double *dout, double *dp)
{
    double *dw = dp + T * I;
    wl_plain_convolution_back(p, p + T * I, dout, T, I, W, O, dp, dw, dw + O * W * I);
}

static void peak(const double *p, double *out)
{
    wl_plain_peak(p, T, O, out);
}
static void peak_back(const double *p, const double *dout, double *dp)
{
    wl_plain_peak_back(p, T, O, dout, dp);
}

static const struct layer {
    const char *name;
    size_t n_parameters;
    size_t n_outputs;
    void (*forward)(const double *p, double *out);
    void (*backward)(const double *p, const double *dout, double *dp);
} layers[] = {
    {"lstm", T *I + 4 * H *(I + H + 2), T *H, lstm, lstm_back},
    {"gru", T *I + 3 * H *(I + H + 2), T *H, gru, gru_back},
    {"convolution", T *I + O *W *I + O, T *O, convolution, convolution_back},
    {"peak", T *O, O, peak, peak_back},
};

static double uniform(uint64_t *state)
{
    return ldexp((double)(check_rand(state) >> 11), -52) - 1.0; // [-1, 1)
}

static double loss(const struct layer *layer, const double *p, const double *weights)
{
    double out[P_MAX] = {0};
    double sum = 0.0;

    layer->forward(p, out);
    for (size_t k = 0; k < layer->n_outputs; k++) {
        sum += weights[k] * out[k];
    }
    return sum;
}

static double difference(const struct layer *layer, double *p, size_t i, const double *weights)
{
    double before = p[i];
    p[i] = before + STEP;
    double above = loss(layer, p, weights);
    p[i] = before - STEP;
    double below = loss(layer, p, weights);
    p[i] = before;
    return (above - below) / (2.0 * STEP);
}

static void test_backward_is_the_derivative(void)
{
    uint64_t state = check_seed();

    for (size_t l = 0; l < COUNT(layers); l++) {
        const struct layer *layer = &layers[l];
        double p[P_MAX];
        double weights[P_MAX];
        double dp[P_MAX] = {0};
        double largest = 0.0;
        for (size_t i = 0; i < P_MAX; i++) {
            p[i] = uniform(&state);
            weights[i] = uniform(&state);
        }
        layer->backward(p, weights, dp);
        for (size_t i = 0; i < layer->n_parameters; i++) {
            double want = difference(layer, p, i, weights);
            CHECK_CLOSE(dp[i], want, TOLERANCE);
            CHECK(fabs(dp[i] + 1e-5 - want) > TOLERANCE * fmax(1.0, fabs(want))); // planted fault
            largest = fmax(largest, fabs(dp[i] - want));
        }
        fprintf(stderr, "%s: largest difference %.1e\n", layer->name, largest);
    }
}

int main(void)
{
    RUN(test_backward_is_the_derivative);
    return check_report();
}
