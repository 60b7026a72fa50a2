/* One step of a recurrent cell for many sequences: what stands between the products. For
 * recurrent.c only. All rows are whole, one after another; H hidden values, n rows. */
#ifndef WL_NN_RECURRENT_CELLS_H
#define WL_NN_RECURRENT_CELLS_H
#include <stddef.h>

/* wl_lstm_step - gates, cell and output of a step.
 *   gates     (in,out) (n, 4 H) the product with x; becomes i, f, g, o.
 *   s         (in)  (n, 4 H) the product with h before.
 *   c_before  (in)  (n, H).   c, h (out) (n, H). */
void wl_lstm_step(size_t n, size_t n_hidden, float *gates, const float *s, const float *c_before,
                  float *c, float *h);
/* wl_lstm_step_back - from dh (n, H) and dc (n, H).
 *   dc      (in,out) gradient of c; becomes that of c_before.
 *   dgates  (out) (n, 4 H) gradient of both products. */
void wl_lstm_step_back(size_t n, size_t n_hidden, const float *gates, const float *c_before,
                       const float *c, const float *dh, float *dc, float *dgates);

/* wl_gru_step - the same; gates becomes r, z, n. s (n, 3 H) is kept for the way back. */
void wl_gru_step(size_t n, size_t n_hidden, float *gates, const float *s, const float *h_before,
                 float *h);
/* wl_gru_step_back -
 *   dh   (in,out) gradient of h; becomes the part of h_before's that passes by the products.
 *   da, ds  (out) (n, 3 H) gradients of the products with x and with h before. */
void wl_gru_step_back(size_t n, size_t n_hidden, const float *gates, const float *s,
                      const float *h_before, float *dh, float *da, float *ds);

#endif
