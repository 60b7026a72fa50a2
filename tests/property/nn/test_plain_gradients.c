/* Goal:   every backward pass of the plain layers is the derivative of its forward pass.
 * Method: a layer is a function from parameters to outputs; its loss is their sum with random
 *         weights. Central differences in double, step 1e-5: their error is about 1e-10 (third
 *         derivative) and 1e-11 (rounding), so 1e-6 leaves room and no wrong term fits in it.
 *         Then a planted fault: one gradient off by 1e-5 must be seen. */
#include "check.h"

#include "nn/plain.h"

#define P_MAX     400
#define STEP      1e-5
#define TOLERANCE 1e-6

enum { N = 5, I = 4, O = 3, H = 2, D = 3, V = 6 };

static const size_t starts[] = {0, 1, 5}; // a sequence of one row and one of four
static const struct wl_dropout no_dropout = {0};
static const struct wl_dropout some_dropout = {.p = 0.4F, .key = 99};

static void linear(const double *p, double *out)
{
    wl_plain_linear(p, p + N * I, p + N * I + O * I, N, I, O, out);
}
static void linear_back(const double *p, const double *dout, double *dp)
{
    wl_plain_linear_back(p, p + N * I, dout, N, I, O, dp, dp + N * I, dp + N * I + O * I);
}

enum { R = 2 };

static void lora(const double *p, double *out)
{
    wl_plain_lora(p, p + N * I, p + N * I + R * I, 1.5, N, I, R, O, some_dropout, out);
}
static void lora_back(const double *p, const double *dout, double *dp)
{
    wl_plain_lora_back(p, p + N * I, p + N * I + R * I, 1.5, N, I, R, O, some_dropout, dout, dp,
                       dp + N * I, dp + N * I + R * I);
}

static void norm(const double *p, double *out)
{
    wl_plain_norm(p, p + N * I, p + N * I + I, 1e-5, N, I, out);
}
static void norm_back(const double *p, const double *dout, double *dp)
{
    wl_plain_norm_back(p, p + N * I, 1e-5, dout, N, I, dp, dp + N * I, dp + N * I + I);
}

static void gelu(const double *p, double *out)
{
    for (size_t i = 0; i < 2 * N; i++) {
        out[i] = wl_plain_gelu(p[i], i >= N);
    }
}
static void gelu_back(const double *p, const double *dout, double *dp)
{
    for (size_t i = 0; i < 2 * N; i++) {
        dp[i] += dout[i] * wl_plain_gelu_slope(p[i], i >= N);
    }
}

static void attention(const double *p, double *out)
{
    wl_plain_attention(p, starts, 2, H, D, false, no_dropout, out);
}
static void attention_back(const double *p, const double *dout, double *dp)
{
    wl_plain_attention_back(p, starts, 2, H, D, false, no_dropout, dout, dp);
}
static void causal(const double *p, double *out)
{
    wl_plain_attention(p, starts, 2, H, D, true, some_dropout, out);
}
static void causal_back(const double *p, const double *dout, double *dp)
{
    wl_plain_attention_back(p, starts, 2, H, D, true, some_dropout, dout, dp);
}

static void cross_entropy(const double *p, double *out)
{
    for (size_t i = 0; i < N; i++) {
        out[i] = wl_plain_cross_entropy(p + i * V, V, i % V, 0.0, NULL);
    }
}
static void cross_entropy_back(const double *p, const double *dout, double *dp)
{
    for (size_t i = 0; i < N; i++) {
        (void)wl_plain_cross_entropy(p + i * V, V, i % V, dout[i], dp + i * V);
    }
}

static void binary(const double *p, double *out)
{
    for (size_t i = 0; i < N; i++) {
        out[i] = wl_plain_binary(3.0 * p[i], (double)i / N);
    }
}
static void binary_back(const double *p, const double *dout, double *dp)
{
    for (size_t i = 0; i < N; i++) {
        dp[i] += 3.0 * dout[i] * wl_plain_binary_slope(3.0 * p[i], (double)i / N);
    }
}

static const struct layer {
    const char *name;
    size_t n_parameters;
    size_t n_outputs;
    void (*forward)(const double *p, double *out);
    void (*backward)(const double *p, const double *dout, double *dp);
} layers[] = {
    {"linear", N *I + O *I + O, N *O, linear, linear_back},
    {"LoRA with dropout", N *I + R *I + O *R, N *O, lora, lora_back},
    {"norm", N *I + 2 * I, N *I, norm, norm_back},
    {"gelu", 2 * N, 2 * N, gelu, gelu_back},
    {"attention", N * 3 * H *D, N *H *D, attention, attention_back},
    {"causal attention with dropout", N * 3 * H *D, N *H *D, causal, causal_back},
    {"cross-entropy", N *V, N, cross_entropy, cross_entropy_back},
    {"binary cross-entropy", N, N, binary, binary_back},
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

static void test_losses_stay_finite(void)
{
    const double wide[2] = {1e3, -1e3};

    CHECK_CLOSE(wl_plain_binary(1e3, 0.0), 1e3, 1e-15);
    CHECK_CLOSE(wl_plain_binary(-1e3, 0.0), 0.0, 1e-15);
    CHECK_CLOSE(wl_plain_binary_slope(-1e3, 1.0), -1.0, 1e-15);
    CHECK_CLOSE(wl_plain_cross_entropy(wide, 2, 1, 0.0, NULL), 2e3, 1e-15);
}

int main(void)
{
    RUN(test_backward_is_the_derivative);
    RUN(test_losses_stay_finite);
    return check_report();
}
