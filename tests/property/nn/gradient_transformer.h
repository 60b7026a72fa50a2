/* Layers of transformers as functions of parameters, for gradient_check.h. */
#ifndef WL_TESTS_PROPERTY_NN_GRADIENT_TRANSFORMER_H
#define WL_TESTS_PROPERTY_NN_GRADIENT_TRANSFORMER_H
#include "gradient_check.h"

#include "nn/plain.h"

enum { N = 5, I = 4, O = 3, H = 2, D = 3, V = 6 };

static const size_t starts[] = {0, 1, 5}; // a sequence of one row and one of four
static const size_t whole[] = {0, 5};     // one of five
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

static void lora_dropping(const double *p, double *out)
{
    wl_plain_lora(p, p + N * I, p + N * I + R * I, 1.5, N, I, R, O, some_dropout, out);
}
static void lora_dropping_back(const double *p, const double *dout, double *dp)
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

static void gelu_erf(const double *p, double *out)
{
    for (size_t i = 0; i < N; i++) {
        out[i] = wl_plain_gelu(3.0 * p[i], false);
    }
}
static void gelu_erf_back(const double *p, const double *dout, double *dp)
{
    for (size_t i = 0; i < N; i++) {
        dp[i] += 3.0 * dout[i] * wl_plain_gelu_slope(3.0 * p[i], false);
    }
}
static void gelu_tanh(const double *p, double *out)
{
    for (size_t i = 0; i < N; i++) {
        out[i] = wl_plain_gelu(3.0 * p[i], true);
    }
}
static void gelu_tanh_back(const double *p, const double *dout, double *dp)
{
    for (size_t i = 0; i < N; i++) {
        dp[i] += 3.0 * dout[i] * wl_plain_gelu_slope(3.0 * p[i], true);
    }
}

static const int32_t ids[N] = {2, 0, 2, 1, 2}; // one row of the table several times

static void embedding(const double *p, double *out)
{
    wl_plain_embedding(p, ids, N, I, out);
}
static void embedding_back(const double *p, const double *dout, double *dp)
{
    (void)p;
    wl_plain_embedding_back(ids, dout, N, I, dp);
}

static void dropout(const double *p, double *out)
{
    wl_plain_dropout(some_dropout, p, N, I, out);
}
static void dropout_back(const double *p, const double *dout, double *dp)
{
    double slope[N * I];

    (void)p;
    wl_plain_dropout(some_dropout, dout, N, I, slope);
    for (size_t i = 0; i < (size_t)N * I; i++) {
        dp[i] += slope[i];
    }
}

static void full(const double *p, double *out)
{
    wl_plain_attention(p, whole, 1, H, D, false, no_dropout, out);
}
static void full_back(const double *p, const double *dout, double *dp)
{
    wl_plain_attention_back(p, whole, 1, H, D, false, no_dropout, dout, dp);
}
static void causal(const double *p, double *out)
{
    wl_plain_attention(p, whole, 1, H, D, true, no_dropout, out);
}
static void causal_back(const double *p, const double *dout, double *dp)
{
    wl_plain_attention_back(p, whole, 1, H, D, true, no_dropout, dout, dp);
}
static void lengths(const double *p, double *out)
{
    wl_plain_attention(p, starts, 2, H, D, false, no_dropout, out);
}
static void lengths_back(const double *p, const double *dout, double *dp)
{
    wl_plain_attention_back(p, starts, 2, H, D, false, no_dropout, dout, dp);
}
static void dropping(const double *p, double *out)
{
    wl_plain_attention(p, starts, 2, H, D, true, some_dropout, out);
}
static void dropping_back(const double *p, const double *dout, double *dp)
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

static const struct gradient_layer gradient_transformer[] = {
    {"embedding", (size_t)3 * I, N *I, embedding, embedding_back},
    {"linear", N *I + O *I + O, N *O, linear, linear_back},
    {"LoRA, with dropout", N *I + R *I + O *R, N *O, lora_dropping, lora_dropping_back},
    {"layer norm", N *I + 2 * I, N *I, norm, norm_back},
    {"GELU, erf", N, N, gelu_erf, gelu_erf_back},
    {"GELU, tanh", N, N, gelu_tanh, gelu_tanh_back},
    {"dropout", N *I, N *I, dropout, dropout_back},
    {"attention, full", N * 3 * H *D, N *H *D, full, full_back},
    {"attention, causal", N * 3 * H *D, N *H *D, causal, causal_back},
    {"attention, several lengths in a batch", N * 3 * H *D, N *H *D, lengths, lengths_back},
    {"attention, causal, lengths, dropout", N * 3 * H *D, N *H *D, dropping, dropping_back},
    {"softmax cross-entropy", N *V, N, cross_entropy, cross_entropy_back},
    {"binary cross-entropy with logits", N, N, binary, binary_back},
};

#endif
