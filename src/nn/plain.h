/* The layers as formulas in double: the specification that the fast kernels are held against. Loops
 * as the definitions read, no care for speed. Arrays are whole, row by row; gradients (d...) are
 * added to, so that a value used twice collects both parts. */
#ifndef WL_NN_PLAIN_H
#define WL_NN_PLAIN_H
#include "nn/dropout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* wl_plain_linear - y = x W^T + b.  x (N, I), w (O, I), b (O) or NULL, y (N, O). */
void wl_plain_linear(const double *x, const double *w, const double *b, size_t n, size_t n_in,
                     size_t n_out, double *y);
/* wl_plain_linear_back - dx += dy W, dW += dy^T x, db += sum of dy over rows. */
void wl_plain_linear_back(const double *x, const double *w, const double *dy, size_t n, size_t n_in,
                          size_t n_out, double *dx, double *dw, double *db);

/* wl_plain_lora - y += scale (drop(x) A^T) B^T.  x (N, I), a (R, I), b (O, R), y (N, O); the factor
 * of x[i][k] is wl_dropout_factor(row = i, column = k).
 * Source: Hu et al. 2021, arXiv:2106.09685, eq. 3. */
void wl_plain_lora(const double *x, const double *a, const double *b, double scale, size_t n,
                   size_t n_in, size_t r, size_t n_out, struct wl_dropout dropout, double *y);
/* wl_plain_lora_back - with h = drop(x) A^T and e = scale dy B: db += scale dy^T h, da += e^T
 * drop(x), dx += drop'(e A). */
void wl_plain_lora_back(const double *x, const double *a, const double *b, double scale, size_t n,
                        size_t n_in, size_t r, size_t n_out, struct wl_dropout dropout,
                        const double *dy, double *dx, double *da, double *db);

/* wl_plain_embedding - y_i = table[ids[i]].  table (V, C), y (N, C). wl_plain_embedding_back -
 * dtable[ids[i]] += dy_i. */
void wl_plain_embedding(const double *table, const int32_t *ids, size_t n, size_t c, double *y);
void wl_plain_embedding_back(const int32_t *ids, const double *dy, size_t n, size_t c,
                             double *dtable);

/* wl_plain_dropout - y = x times the factors, wl_dropout_factor(row = i, column = k); its own
 * backward pass. x, y (N, C). */
void wl_plain_dropout(struct wl_dropout dropout, const double *x, size_t n, size_t c, double *y);

/* wl_plain_norm - y = gain (x - mean) / sqrt(variance + eps) + shift, over each row; variance with
 * divisor C. x, y (N, C). Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, eq. 3-4. */
void wl_plain_norm(const double *x, const double *gain, const double *shift, double eps, size_t n,
                   size_t c, double *y);
/* wl_plain_norm_back - with u = (x - mean) / s and g = gain dy:
 * dx += (g - mean(g) - u mean(g u)) / s, dgain += dy u, dshift += dy. */
void wl_plain_norm_back(const double *x, const double *gain, double eps, const double *dy, size_t n,
                        size_t c, double *dx, double *dgain, double *dshift);

/* wl_plain_gelu - x P(Z < x): exact, or GPT-2's tanh form. wl_plain_gelu_slope - its derivative.
 * Source: Hendrycks, Gimpel 2016, arXiv:1606.08415. */
double wl_plain_gelu(double x, bool is_tanh);
double wl_plain_gelu_slope(double x, bool is_tanh);

/* wl_plain_attention - y_i = sum_j p_ij v_j, p_i = softmax_j(q_i . k_j / sqrt(D)) within a sequence
 * and head; is_causal keeps j <= i. Dropout multiplies p_ij by 0 or 1/(1-p): the factor of head h,
 * row i of the batch, j-th row of its sequence is wl_dropout_factor(row = i H + h, column = j).
 *   qkv     (in)  (N, 3, H, D).   starts (in) (B + 1) first row of each sequence.
 *   y       (out) (N, H, D); rows of no sequence are left alone.
 * Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1. */
void wl_plain_attention(const double *qkv, const size_t *starts, size_t n_sequences, size_t n_heads,
                        size_t n_channels, bool is_causal, struct wl_dropout dropout, double *y);
/* wl_plain_attention_back - with e = dy_i . v_j times the dropout factor: ds_ij = p_ij (e_ij -
 * sum_k p_ik e_ik), dq_i += ds_ij k_j / sqrt(D), dk_j += ds_ij q_i / sqrt(D), dv_j += p_ij dy_i. */
void wl_plain_attention_back(const double *qkv, const size_t *starts, size_t n_sequences,
                             size_t n_heads, size_t n_channels, bool is_causal,
                             struct wl_dropout dropout, const double *dy, double *dqkv);

/* wl_plain_cross_entropy - -log softmax(x)[target] of one row of V logits. dx += scale (softmax(x)
 * - one-hot(target)) when dx is not NULL. */
double wl_plain_cross_entropy(const double *x, size_t v, size_t target, double scale, double *dx);

/* wl_plain_binary - log(1 + e^x) - y x, the cross-entropy of logit x and target y in [0, 1], finite
 * for any x. Its derivative is sigma(x) - y. */
double wl_plain_binary(double x, double target);
double wl_plain_binary_slope(double x, double target);

#endif
