/* Memory is the limit: a BERT-base step moves 3 GB. So clearing the gradient and rounding the
 * weight to bf16 ride along with the update. Pieces of fixed length are shared out; a piece's
 * numbers depend on no other, and squares are added up piece by piece in order. */
#include "nn/optimizer.h"

#include "nn/numbers.h"
#include "nn/simd.h"
#include "nn/vector_math.h"

#include <math.h>
#include <string.h>

#define PIECE ((size_t)1 << 15) /* floats: 128 KiB of each block, which a core's cache holds */

struct wl_optimizer_options wl_optimizer_options_default(void)
{
    return (struct wl_optimizer_options){.kind = WL_ADAMW,
                                         .rate = 2e-5,
                                         .beta1 = 0.9,
                                         .beta2 = 0.999,
                                         .eps = 1e-8,
                                         .decay = 0.01,
                                         .norm_max = 1.0,
                                         .shape = WL_RATE_LINEAR};
}

double wl_optimizer_rate(const struct wl_optimizer_options *options, size_t n_done)
{
    const double pi = 3.14159265358979323846;
    double n_warm = options->n_warm > 0 ? (double)options->n_warm
                                        : ceil(options->warm_share * (double)options->n_steps);
    double done = (double)n_done;

    if (done < n_warm) {
        return options->rate * done / n_warm;
    }
    double progress = fmin(1.0, (done - n_warm) / fmax(1.0, (double)options->n_steps - n_warm));
    switch (options->shape) {
    case WL_RATE_LINEAR: return options->rate * (1.0 - progress);
    case WL_RATE_COSINE: return options->rate * 0.5 * (1.0 + cos(pi * progress));
    case WL_RATE_CONSTANT: break;
    }
    return options->rate;
}

// Factors of one tensor's update, as float.
struct update {
    enum wl_optimizer_kind kind;
    float clip;  // multiplies gradients
    float keep;  // AdamW: 1 - rate * decay multiplies weights
    float decay; // Adam, SGD: added to the gradient
    float beta1;
    float rest1; // 1 - beta1, from double
    float beta2;
    float rest2;
    float rate; // Adam: rate / (1 - beta1^t)
    float root; // Adam: 1 / sqrt(1 - beta2^t)
    float eps;
};

WL_CLONES static void adam_piece(const struct update *u, size_t n, float *restrict w,
                                 float *restrict g, float *restrict m, float *restrict v)
{
    const struct update s = *u;

    for (size_t i = 0; i < n; i++) {
        float gradient = g[i] * s.clip + s.decay * w[i];
        float m_new = s.beta1 * m[i] + s.rest1 * gradient;
        float v_new = s.beta2 * v[i] + s.rest2 * gradient * gradient;
        m[i] = m_new;
        v[i] = v_new;
        w[i] = w[i] * s.keep - s.rate * m_new / (sqrtf(v_new) * s.root + s.eps);
        g[i] = 0.0F;
    }
}

WL_CLONES static void sgd_piece(const struct update *u, size_t n, float *restrict w,
                                float *restrict g, float *restrict m)
{
    const struct update s = *u;

    for (size_t i = 0; i < n; i++) {
        m[i] = s.beta1 * m[i] + g[i] * s.clip + s.decay * w[i];
        w[i] -= s.rate * m[i];
        g[i] = 0.0F;
    }
}

WL_CLONES static double squares(const float *x, size_t n)
{
    double sum[WL_LANES] = {0};
    double all = 0.0;
    size_t i = 0;

    for (; i + WL_LANES <= n; i += WL_LANES) {
        for (size_t l = 0; l < WL_LANES; l++) {
            sum[l] += (double)x[i + l] * (double)x[i + l];
        }
    }
    for (size_t l = 0; l < WL_LANES; l++) {
        all += sum[l];
    }
    return all;
}

// Norm of all gradients: groups of pieces on threads, their sums in order.
static double gradient_norm(const struct wl_tensors *tensors)
{
    enum { GROUPS = 256 };
    double sums[GROUPS];
    double all = 0.0;
    size_t n_blocks = tensors->n_floats / WL_LANES; // n_floats is a multiple

#pragma omp parallel for schedule(static) if (tensors->n_floats > PIECE)
    for (size_t i = 0; i < GROUPS; i++) {
        size_t begin = n_blocks * i / GROUPS * WL_LANES;
        size_t end = n_blocks * (i + 1) / GROUPS * WL_LANES;
        sums[i] = squares(tensors->gradients + begin, end - begin);
    }
    for (size_t i = 0; i < GROUPS; i++) {
        all += sums[i];
    }
    return sqrt(all);
}

static void update_tensor(const struct update *u, struct wl_tensors *tensors,
                          const struct wl_tensor *tensor)
{
    size_t n_pieces = (tensor->n_values + PIECE - 1) / PIECE;

#pragma omp parallel for schedule(static) if (n_pieces > 1)
    for (size_t i = 0; i < n_pieces; i++) {
        size_t at = tensor->offset + i * PIECE;
        size_t left = tensor->n_values - i * PIECE;
        size_t n = left < PIECE ? left : PIECE;
        float *w = tensors->weights + at;
        float *g = tensors->gradients + at;
        if (u->kind == WL_SGD) {
            sgd_piece(u, n, w, g, tensors->moments[0] + at);
        } else {
            adam_piece(u, n, w, g, tensors->moments[0] + at, tensors->moments[1] + at);
        }
        if (tensors->operands != NULL) {
            wl_bf16_from_floats(w, n, tensors->operands + at);
        }
    }
}

static struct update update_of(const struct wl_optimizer_options *o, const struct wl_tensor *tensor,
                               double rate, double clip, size_t t)
{
    bool decays = tensor->kind == WL_TENSOR_WEIGHT || tensor->kind == WL_TENSOR_TABLE;
    double decay = decays ? o->decay : 0.0;
    bool is_sgd = o->kind == WL_SGD;

    return (struct update){
        .kind = o->kind,
        .clip = (float)clip,
        .keep = (float)(o->kind == WL_ADAMW ? 1.0 - rate * decay : 1.0),
        .decay = (float)(o->kind == WL_ADAMW ? 0.0 : decay),
        .beta1 = (float)o->beta1,
        .rest1 = (float)(1.0 - o->beta1),
        .beta2 = (float)o->beta2,
        .rest2 = (float)(1.0 - o->beta2),
        .rate = (float)(is_sgd ? rate : rate / (1.0 - pow(o->beta1, (double)t))),
        .root = (float)(is_sgd ? 1.0 : 1.0 / sqrt(1.0 - pow(o->beta2, (double)t))),
        .eps = (float)o->eps,
    };
}

wl_status wl_optimizer_step(struct wl_optimizer *optimizer, struct wl_tensors *tensors,
                            double *norm_out, wl_error *error)
{
    const struct wl_optimizer_options *o = &optimizer->options;
    double norm = gradient_norm(tensors);
    double rate = wl_optimizer_rate(o, optimizer->n_done);
    double clip = o->norm_max > 0.0 ? fmin(1.0, o->norm_max / (norm + 1e-6)) : 1.0;

    if (norm_out != NULL) {
        *norm_out = norm;
    }
    if (!isfinite(norm)) {
        memset(tensors->gradients, 0, tensors->n_floats * sizeof(*tensors->gradients));
        return wl_fail(error, WL_ERANGE, "gradients of update %zu are not finite",
                       optimizer->n_done + 1);
    }
    for (size_t i = 0; i < tensors->n_tensors; i++) {
        const struct wl_tensor *tensor = &tensors->items[i];
        WL_ASSERT(tensor->group == 0 || tensor->group < o->n_groups);
        double factor = o->n_groups > 0 ? o->group_factors[tensor->group] : 1.0;
        if (factor > 0.0) {
            struct update u = update_of(o, tensor, rate * factor, clip, optimizer->n_done + 1);
            update_tensor(&u, tensors, tensor);
        } else {
            memset(tensors->gradients + tensor->offset, 0, tensor->n_values * sizeof(float));
        }
    }
    optimizer->n_done++;
    return WL_OK;
}
