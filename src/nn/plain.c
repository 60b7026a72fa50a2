/* Definitions, one loop per sum. They are compared with central differences of themselves, so that
 * neither side can be wrong alone, and then the kernels are compared with them. */
#include "nn/plain.h"

#include <math.h>

#define ROOT_2         1.41421356237309504880
#define ROOT_2_PI      2.50662827463100050242
#define ROOT_2_OVER_PI 0.79788456080286535588

void wl_plain_linear(const double *x, const double *w, const double *b, size_t n, size_t n_in,
                     size_t n_out, double *y)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < n_out; o++) {
            double sum = b != NULL ? b[o] : 0.0;
            for (size_t k = 0; k < n_in; k++) {
                sum += x[i * n_in + k] * w[o * n_in + k];
            }
            y[i * n_out + o] = sum;
        }
    }
}

void wl_plain_linear_back(const double *x, const double *w, const double *dy, size_t n, size_t n_in,
                          size_t n_out, double *dx, double *dw, double *db)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < n_out; o++) {
            double d = dy[i * n_out + o];
            db[o] += d;
            for (size_t k = 0; k < n_in; k++) {
                dx[i * n_in + k] += d * w[o * n_in + k];
                dw[o * n_in + k] += d * x[i * n_in + k];
            }
        }
    }
}

// What dropout makes of the value in row i, column k.
static double input_factor(struct wl_dropout dropout, size_t i, size_t k)
{
    return dropout.p > 0.0F ? (double)wl_dropout_factor(dropout, (uint32_t)i, (uint32_t)k) : 1.0;
}

// Element (i, k) of drop(x) A^T.
static double reduced(const double *x, const double *a, size_t n_in, struct wl_dropout dropout,
                      size_t i, size_t k)
{
    double sum = 0.0;

    for (size_t j = 0; j < n_in; j++) {
        sum += x[i * n_in + j] * input_factor(dropout, i, j) * a[k * n_in + j];
    }
    return sum;
}

void wl_plain_lora(const double *x, const double *a, const double *b, double scale, size_t n,
                   size_t n_in, size_t r, size_t n_out, struct wl_dropout dropout, double *y)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < r; k++) {
            double h = reduced(x, a, n_in, dropout, i, k);
            for (size_t o = 0; o < n_out; o++) {
                y[i * n_out + o] += scale * h * b[o * r + k];
            }
        }
    }
}

void wl_plain_lora_back(const double *x, const double *a, const double *b, double scale, size_t n,
                        size_t n_in, size_t r, size_t n_out, struct wl_dropout dropout,
                        const double *dy, double *dx, double *da, double *db)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < r; k++) {
            double h = reduced(x, a, n_in, dropout, i, k);
            double e = 0.0;
            for (size_t o = 0; o < n_out; o++) {
                db[o * r + k] += scale * dy[i * n_out + o] * h;
                e += scale * dy[i * n_out + o] * b[o * r + k];
            }
            for (size_t j = 0; j < n_in; j++) {
                double factor = input_factor(dropout, i, j);
                da[k * n_in + j] += e * factor * x[i * n_in + j];
                dx[i * n_in + j] += e * factor * a[k * n_in + j];
            }
        }
    }
}

void wl_plain_embedding(const double *table, const int32_t *ids, size_t n, size_t c, double *y)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < c; k++) {
            y[i * c + k] = table[(size_t)ids[i] * c + k];
        }
    }
}

void wl_plain_embedding_back(const int32_t *ids, const double *dy, size_t n, size_t c,
                             double *dtable)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < c; k++) {
            dtable[(size_t)ids[i] * c + k] += dy[i * c + k];
        }
    }
}

void wl_plain_dropout(struct wl_dropout dropout, const double *x, size_t n, size_t c, double *y)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < c; k++) {
            y[i * c + k] = x[i * c + k] * input_factor(dropout, i, k);
        }
    }
}

// Mean and sqrt(variance + eps) of a row.
static void row_moments(const double *x, size_t c, double eps, double *mean, double *root)
{
    double sum = 0.0;
    double squares = 0.0;

    for (size_t k = 0; k < c; k++) {
        sum += x[k];
    }
    *mean = sum / (double)c;
    for (size_t k = 0; k < c; k++) {
        squares += (x[k] - *mean) * (x[k] - *mean);
    }
    *root = sqrt(squares / (double)c + eps);
}

void wl_plain_norm(const double *x, const double *gain, const double *shift, double eps, size_t n,
                   size_t c, double *y)
{
    for (size_t i = 0; i < n; i++) {
        double mean;
        double root;
        row_moments(x + i * c, c, eps, &mean, &root);
        for (size_t k = 0; k < c; k++) {
            y[i * c + k] = gain[k] * (x[i * c + k] - mean) / root + shift[k];
        }
    }
}

void wl_plain_norm_back(const double *x, const double *gain, double eps, const double *dy, size_t n,
                        size_t c, double *dx, double *dgain, double *dshift)
{
    for (size_t i = 0; i < n; i++) {
        const double *xi = x + i * c;
        const double *dyi = dy + i * c;
        double mean;
        double root;
        double mean_g = 0.0;
        double mean_gu = 0.0;
        row_moments(xi, c, eps, &mean, &root);
        for (size_t k = 0; k < c; k++) {
            double u = (xi[k] - mean) / root;
            mean_g += gain[k] * dyi[k] / (double)c;
            mean_gu += gain[k] * dyi[k] * u / (double)c;
            dgain[k] += dyi[k] * u;
            dshift[k] += dyi[k];
        }
        for (size_t k = 0; k < c; k++) {
            double u = (xi[k] - mean) / root;
            dx[i * c + k] += (gain[k] * dyi[k] - mean_g - u * mean_gu) / root;
        }
    }
}

double wl_plain_gelu(double x, bool is_tanh)
{
    if (is_tanh) {
        return 0.5 * x * (1.0 + tanh(ROOT_2_OVER_PI * (x + 0.044715 * x * x * x)));
    }
    return 0.5 * x * (1.0 + erf(x / ROOT_2));
}

double wl_plain_gelu_slope(double x, bool is_tanh)
{
    if (is_tanh) {
        double t = tanh(ROOT_2_OVER_PI * (x + 0.044715 * x * x * x));
        double inner = ROOT_2_OVER_PI * (1.0 + 3.0 * 0.044715 * x * x);
        return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner;
    }
    return 0.5 * (1.0 + erf(x / ROOT_2)) + x * exp(-0.5 * x * x) / ROOT_2_PI;
}

// One attention problem: where the parts of qkv lie.
struct problem {
    const double *qkv;
    size_t n_heads;
    size_t n_channels;
    bool is_causal;
};

// Row i of q (part 0), k (1) or v (2) of head h.
static size_t place(const struct problem *p, size_t i, size_t part, size_t h)
{
    return ((i * 3 + part) * p->n_heads + h) * p->n_channels;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t k = 0; k < n; k++) {
        sum += a[k] * b[k];
    }
    return sum;
}

// p_ij for one i, j by softmax over the rows of the sequence that i may see; j among them.
static double probability(const struct problem *p, size_t begin, size_t end, size_t i, size_t j,
                          size_t h)
{
    const double *q = p->qkv + place(p, i, 0, h);
    double scale = 1.0 / sqrt((double)p->n_channels);
    double mine = scale * dot(q, p->qkv + place(p, j, 1, h), p->n_channels);
    double total = 0.0;

    for (size_t k = begin; k < (p->is_causal ? i + 1 : end); k++) {
        total += exp(scale * dot(q, p->qkv + place(p, k, 1, h), p->n_channels) - mine);
    }
    return 1.0 / total;
}

static double kept(struct wl_dropout dropout, const struct problem *p, size_t i, size_t h, size_t j)
{
    return dropout.p > 0.0F
               ? (double)wl_dropout_factor(dropout, (uint32_t)(i * p->n_heads + h), (uint32_t)j)
               : 1.0;
}

void wl_plain_attention(const double *qkv, const size_t *starts, size_t n_sequences, size_t n_heads,
                        size_t n_channels, bool is_causal, struct wl_dropout dropout, double *y)
{
    const struct problem p = {qkv, n_heads, n_channels, is_causal};

    for (size_t b = 0; b < n_sequences; b++) {
        size_t begin = starts[b];
        size_t end = starts[b + 1];
        for (size_t i = begin; i < end; i++) {
            for (size_t h = 0; h < n_heads; h++) {
                double *out = y + (i * n_heads + h) * n_channels;
                for (size_t c = 0; c < n_channels; c++) {
                    out[c] = 0.0;
                }
                for (size_t j = begin; j < (is_causal ? i + 1 : end); j++) {
                    double weight =
                        probability(&p, begin, end, i, j, h) * kept(dropout, &p, i, h, j - begin);
                    for (size_t c = 0; c < n_channels; c++) {
                        out[c] += weight * qkv[place(&p, j, 2, h) + c];
                    }
                }
            }
        }
    }
}

// The backward pass of one query row of one head.
static void query_back(const struct problem *p, size_t begin, size_t end, size_t i, size_t h,
                       struct wl_dropout dropout, const double *dy, double *dqkv)
{
    size_t d = p->n_channels;
    const double *dyi = dy + (i * p->n_heads + h) * d;
    double scale = 1.0 / sqrt((double)d);
    double mean = 0.0; // sum of p_ik e_ik
    size_t last = p->is_causal ? i + 1 : end;

    for (size_t j = begin; j < last; j++) {
        mean += probability(p, begin, end, i, j, h) * kept(dropout, p, i, h, j - begin) *
                dot(dyi, p->qkv + place(p, j, 2, h), d);
    }
    for (size_t j = begin; j < last; j++) {
        double pij = probability(p, begin, end, i, j, h);
        double factor = kept(dropout, p, i, h, j - begin);
        double ds = pij * (factor * dot(dyi, p->qkv + place(p, j, 2, h), d) - mean) * scale;
        for (size_t c = 0; c < d; c++) {
            dqkv[place(p, i, 0, h) + c] += ds * p->qkv[place(p, j, 1, h) + c];
            dqkv[place(p, j, 1, h) + c] += ds * p->qkv[place(p, i, 0, h) + c];
            dqkv[place(p, j, 2, h) + c] += pij * factor * dyi[c];
        }
    }
}

void wl_plain_attention_back(const double *qkv, const size_t *starts, size_t n_sequences,
                             size_t n_heads, size_t n_channels, bool is_causal,
                             struct wl_dropout dropout, const double *dy, double *dqkv)
{
    const struct problem p = {qkv, n_heads, n_channels, is_causal};

    for (size_t b = 0; b < n_sequences; b++) {
        for (size_t i = starts[b]; i < starts[b + 1]; i++) {
            for (size_t h = 0; h < n_heads; h++) {
                query_back(&p, starts[b], starts[b + 1], i, h, dropout, dy, dqkv);
            }
        }
    }
}

double wl_plain_cross_entropy(const double *x, size_t v, size_t target, double scale, double *dx)
{
    double largest = x[0];
    double total = 0.0;

    for (size_t k = 1; k < v; k++) {
        largest = fmax(largest, x[k]);
    }
    for (size_t k = 0; k < v; k++) {
        total += exp(x[k] - largest);
    }
    for (size_t k = 0; dx != NULL && k < v; k++) {
        dx[k] += scale * (exp(x[k] - largest) / total - (k == target ? 1.0 : 0.0));
    }
    return log(total) + largest - x[target];
}

double wl_plain_binary(double x, double target)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x))) - target * x;
}

double wl_plain_binary_slope(double x, double target)
{
    double e = exp(-fabs(x)); // never overflows
    return (x >= 0.0 ? 1.0 : e) / (1.0 + e) - target;
}
