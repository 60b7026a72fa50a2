/* Kernels: what layers do besides products. Every matrix may be float or bf16; sums and formulas
 * are in float. The plain twins in double stand in plain.h and are the specification; tolerances
 * stand in the tests (tests/property/nn).
 *
 * Loops run on the calling thread's libgomp team, whose size the products of wl_gemm set. Results
 * are the same for any number of threads: sums over rows are taken in WL_PIECES fixed pieces.
 * Outputs never overlap inputs, unless said. Nothing here allocates or fails. */
#ifndef WL_NN_KERNELS_H
#define WL_NN_KERNELS_H
#include "nn/dropout.h"
#include "nn/gemm.h"

#define WL_PIECES 16 /* parts of a sum over rows, each on one thread, added in order */

/* wl_gelu_forward - y = gelu(x). wl_gelu_backward - dx = dy gelu'(x). All (N, C). */
void wl_gelu_forward(enum wl_gelu kind, const struct wl_matrix *x, const struct wl_matrix *y);
void wl_gelu_backward(enum wl_gelu kind, const struct wl_matrix *x, const struct wl_matrix *dy,
                      const struct wl_matrix *dx);

/* wl_tanh_forward - y = tanh(x). wl_tanh_backward - dx = dy (1 - y^2), from the output. */
void wl_tanh_forward(const struct wl_matrix *x, const struct wl_matrix *y);
void wl_tanh_backward(const struct wl_matrix *y, const struct wl_matrix *dy,
                      const struct wl_matrix *dx);

/* wl_dropout_apply - y = x times the dropout's factors; forward and backward are the same call.
 * With p = 0 a copy, converted when the numbers differ. */
void wl_dropout_apply(struct wl_dropout dropout, const struct wl_matrix *x,
                      const struct wl_matrix *y);

/* wl_rows_quantize - rows as int8, each with a scale of its own: x[i][j] is about
 * scales[i] y[i][j], and scales[i] is the row's largest absolute value by 127.
 *   x (in) (N, C) finite.   y (out) (N, C) WL_S8.   scales (out) (N). */
void wl_rows_quantize(const struct wl_matrix *x, const struct wl_matrix *y, float *scales);

/* wl_residual_forward - y = x + dropout(branch). Its backward pass: dx = dy, and dbranch =
 * wl_dropout_apply(dy). */
void wl_residual_forward(const struct wl_matrix *x, struct wl_dropout dropout,
                         const struct wl_matrix *branch, const struct wl_matrix *y);

/* wl_norm_forward - layer norm of each row.
 *   x      (in)  (N, C), C <= WL_CHANNELS_MAX.
 *   gain, shift  (in) (C).
 *   y      (out) (N, C), x itself when it is float; or NULL.
 *   y_too  (out) (N, C) the same in another number, for the next product; or NULL.
 *   stats  (out) (N, 2) mean and 1 / sqrt(variance + eps), for the backward pass. */
void wl_norm_forward(const struct wl_matrix *x, const float *gain, const float *shift, float eps,
                     const struct wl_matrix *y, const struct wl_matrix *y_too, float *stats);

/* wl_residual_norm_forward - wl_residual_forward into sum and wl_norm_forward of it, row by row:
 * the same numbers in one pass over memory. y may be x. */
void wl_residual_norm_forward(const struct wl_matrix *x, struct wl_dropout dropout,
                              const struct wl_matrix *branch, const struct wl_matrix *sum,
                              const float *gain, const float *shift, float eps,
                              const struct wl_matrix *y, const struct wl_matrix *y_too,
                              float *stats);

/* wl_norm_backward - dx = or += the gradient of x; dgain, dshift += theirs, unless NULL.
 *   dx       (out) (N, C); added to when is_added.
 *   scratch  (out) (WL_PIECES, 2, C). */
void wl_norm_backward(const struct wl_matrix *x, const float *gain, const float *stats,
                      const struct wl_matrix *dy, bool is_added, const struct wl_matrix *dx,
                      float *dgain, float *dshift, float *scratch);

/* wl_columns_sum - sum (C) += the sum over rows of x (N, C): gradient of a bias.
 *   scratch  (out) (WL_PIECES, C). */
void wl_columns_sum(const struct wl_matrix *x, float *sum, float *scratch);

/* wl_embedding_forward - y[i] = or += table[ids[i]].
 *   table  (in) (V, C) float.  ids (in) (N), each in 0..V-1. */
void wl_embedding_forward(const float *table, const int32_t *ids, bool is_added,
                          const struct wl_matrix *y);
/* wl_embedding_backward - dtable[ids[i]] += dy[i], rows in order for any number of threads. */
void wl_embedding_backward(const struct wl_matrix *dy, const int32_t *ids, float *dtable);

/* wl_rows_gather - y[i] = x[rows[i]]. wl_rows_scatter - dx = 0, then dx[rows[i]] += dy[i]. */
void wl_rows_gather(const struct wl_matrix *x, const size_t *rows, const struct wl_matrix *y);
void wl_rows_scatter(const struct wl_matrix *dy, const size_t *rows, const struct wl_matrix *dx);

/* wl_cross_entropy - loss of every row and its gradient.
 *   x        (in)  (N, V) logits, float.
 *   targets  (in)  (N) class, or -1: the row does not count.
 *   weights  (in)  (V) of each class, or NULL: 1.
 *   scale    (in)  gradient of the whole loss by one row's loss, 1 / rows that count.
 *   losses   (out) (N) weight * -log softmax(x)[target]; 0 where it does not count.
 *   dx       (out) (N, V) scale * weight * (softmax(x) - one-hot), or NULL; may be x itself. */
void wl_cross_entropy(const struct wl_matrix *x, const int32_t *targets, const float *weights,
                      float scale, double *losses, const struct wl_matrix *dx);

/* wl_binary_cross_entropy - the same for K labels of a row that hold or not.
 *   targets  (in)  (N, K) float in [0, 1].  weights (in) (K) of a label's positive part, or NULL.
 *   losses   (out) (N) sum over labels, finite for any finite logit.
 *   dx       (out) (N, K) or NULL; may be x itself. */
void wl_binary_cross_entropy(const struct wl_matrix *x, const struct wl_matrix *targets,
                             const float *weights, float scale, double *losses,
                             const struct wl_matrix *dx);

/* wl_softmax_rows - y = softmax(x) of each row, float; y may be x. */
void wl_softmax_rows(const struct wl_matrix *x, const struct wl_matrix *y);

#endif
