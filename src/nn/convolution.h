/* One-dimensional convolution over packed sequences (rows of a sequence end to end, starts says
 * where each begins), output as long as input; and the largest value of each channel over time. */
#ifndef WL_NN_CONVOLUTION_H
#define WL_NN_CONVOLUTION_H
#include "nn/dense.h"

struct wl_convolution {
    size_t n_in;
    size_t width;          /* K taps: steps t - (K - 1) / 2 to t + K / 2; 0 outside the sequence */
    struct wl_dense dense; /* of (O, K, I): torch's weight (O, I, K) with its last axes swapped */
};

/* wl_convolution_add - append "<name>.weight" (O, K, I) and "<name>.bias" (O). Errors: as
 * wl_tensors_add; WL_EINVAL for a width of 0. */
WL_MUST_CHECK wl_status wl_convolution_add(struct wl_tensors *tensors, const char *name,
                                           size_t n_in, size_t width, size_t n_out,
                                           struct wl_convolution *convolution, wl_error *error);

/* wl_convolution_forward - y = the convolution of x, within each sequence.
 *   starts  (in)  (B + 1).
 *   x       (in)  (N, I) float, N >= starts[B].
 *   taps    (out) (N, K I) what each row sees, kept for the way back; zero behind them.
 *   y       (out) (N, O); rows behind the last sequence hold the bias.
 * Cost:    one product; no allocation but a new shape. */
WL_MUST_CHECK wl_status wl_convolution_forward(struct wl_gemm *gemm,
                                               const struct wl_tensors *tensors,
                                               const struct wl_convolution *convolution,
                                               const size_t *starts, size_t n_sequences,
                                               const struct wl_matrix *x,
                                               const struct wl_matrix *taps,
                                               const struct wl_matrix *y, wl_error *error);

/* wl_convolution_backward - gradients += those of W and b; dx += dy through W.
 *   dy       (in)  (N, O), zero behind the last sequence.
 *   taps     (in,out) as left by the forward pass; becomes its gradient.
 *   dx       (in,out) (N, I).
 *   scratch  (out) (WL_PIECES, O). */
WL_MUST_CHECK wl_status wl_convolution_backward(
    struct wl_gemm *gemm, const struct wl_tensors *tensors,
    const struct wl_convolution *convolution, const size_t *starts, size_t n_sequences,
    const struct wl_matrix *dy, const struct wl_matrix *taps, const struct wl_matrix *dx,
    float *scratch, wl_error *error);

/* wl_peaks_forward - y = max(0, largest of the sequence's rows), per channel.
 *   x       (in)  (N, O) float.
 *   places  (out) (B, O) row of the first largest; SIZE_MAX where y is 0.
 *   y       (out) (B, O). */
void wl_peaks_forward(const size_t *starts, size_t n_sequences, const struct wl_matrix *x,
                      size_t *places, const struct wl_matrix *y);
/* wl_peaks_backward - dx (N, O) = 0, then dx[places] = dy (B, O). */
void wl_peaks_backward(const size_t *places, const struct wl_matrix *dy,
                       const struct wl_matrix *dx);

#endif
