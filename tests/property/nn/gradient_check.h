/* A plain layer's backward pass against central differences of its forward pass.
 *
 * A layer is a function from parameters (inputs among them) to outputs; its loss is their sum with
 * random weights. Differences are taken in double with a step of 1e-5: their error is about 1e-10
 * (third derivative) and 1e-11 (rounding), so 1e-6 leaves room and no wrong term fits in it. */
#ifndef WL_TESTS_PROPERTY_NN_GRADIENT_CHECK_H
#define WL_TESTS_PROPERTY_NN_GRADIENT_CHECK_H
#include "check.h"

#define GRADIENT_P_MAX     400
#define GRADIENT_STEP      1e-5
#define GRADIENT_TOLERANCE 1e-6

struct gradient_layer {
    const char *name;
    size_t n_parameters;
    size_t n_outputs;
    void (*forward)(const double *p, double *out);
    void (*backward)(const double *p, const double *dout, double *dp); /* adds to dp */
};

static inline double gradient_uniform(uint64_t *state)
{
    return ldexp((double)(check_rand(state) >> 11), -52) - 1.0; // [-1, 1)
}

static inline double gradient_loss(const struct gradient_layer *layer, const double *p,
                                   const double *weights)
{
    double out[GRADIENT_P_MAX] = {0};
    double sum = 0.0;

    layer->forward(p, out);
    for (size_t k = 0; k < layer->n_outputs; k++) {
        sum += weights[k] * out[k];
    }
    return sum;
}

static inline double gradient_difference(const struct gradient_layer *layer, double *p, size_t i,
                                         const double *weights)
{
    double before = p[i];
    p[i] = before + GRADIENT_STEP;
    double above = gradient_loss(layer, p, weights);
    p[i] = before - GRADIENT_STEP;
    double below = gradient_loss(layer, p, weights);
    p[i] = before;
    return (above - below) / (2.0 * GRADIENT_STEP);
}

/* gradient_worst - largest difference over the larger of 1 and the derivative; a planted fault of
 * 1e-5 in each gradient must be seen, too. */
static inline double gradient_worst(const struct gradient_layer *layer, uint64_t *state)
{
    double p[GRADIENT_P_MAX];
    double weights[GRADIENT_P_MAX];
    double dp[GRADIENT_P_MAX] = {0};
    double worst = 0.0;

    for (size_t i = 0; i < GRADIENT_P_MAX; i++) {
        p[i] = gradient_uniform(state);
        weights[i] = gradient_uniform(state);
    }
    layer->backward(p, weights, dp);
    for (size_t i = 0; i < layer->n_parameters; i++) {
        double want = gradient_difference(layer, p, i, weights);
        double size = fmax(1.0, fabs(want));
        CHECK_CLOSE(dp[i], want, GRADIENT_TOLERANCE);
        CHECK(fabs(dp[i] + 1e-5 * size - want) > GRADIENT_TOLERANCE * size);
        worst = fmax(worst, fabs(dp[i] - want) / size);
    }
    return worst;
}

#endif
