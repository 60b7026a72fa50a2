/* A dense layer, y = x W^T + b, on weights that lie in a wl_tensors. Products run in the number of
 * the operands: float weights for float rows, their bf16 copy for bf16 rows. */
#ifndef WL_NN_DENSE_H
#define WL_NN_DENSE_H
#include "nn/gemm.h"
#include "nn/tensors.h"

struct wl_lora_layer;

struct wl_dense {
    size_t weight; /* offset of (n_out, n_in) */
    size_t bias;   /* offset of (n_out), when has_bias */
    size_t n_in;
    size_t n_out;
    bool has_bias;
    struct wl_gemm_packed
        *packed; /* weights as the processor likes them, by wl_dense_pack; or NULL */
    enum wl_number packed_number;
    const wl_alloc *alloc; /* of scales */
    float *scales;         /* (n_out) of packed int8; or NULL */
    const struct wl_lora_layer
        *lora; /* adapters added to the output (nn/lora.h), or NULL; borrowed */
};

/* wl_dense_add - append "<name>.weight" and, when wanted, "<name>.bias" to the table. Errors: as
 * wl_tensors_add. */
WL_MUST_CHECK wl_status wl_dense_add(struct wl_tensors *tensors, const char *name, size_t n_in,
                                     size_t n_out, bool has_bias, struct wl_dense *dense,
                                     wl_error *error);

/* wl_dense_pack - keep a copy of the weights for quicker forward passes on rows of this number;
 * with WL_S8 on any rows, which are rounded to int8 on their way: a scale for each row and output.
 * Where the processor has no int8, in the number that it likes best instead. Give it back with
 * wl_dense_unpack. The copy does not follow the weights: not for training.
 * Errors: WL_ENOMEM, WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_dense_pack(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                      struct wl_dense *dense, enum wl_number number,
                                      wl_error *error);
void wl_dense_unpack(struct wl_dense *dense);

/* wl_dense_forward - y = x W^T + b.
 *   x  (in)  (N, n_in) float or bf16.   y (out) (N, n_out) float, or bf16 when x is. */
WL_MUST_CHECK wl_status wl_dense_forward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                         const struct wl_dense *dense, const struct wl_matrix *x,
                                         const struct wl_matrix *y, wl_error *error);

/* wl_dense_forward_end - wl_dense_forward with an end, whose bias and scales are the layer's. */
WL_MUST_CHECK wl_status wl_dense_forward_end(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                             const struct wl_dense *dense,
                                             const struct wl_matrix *x,
                                             const struct wl_gemm_end *end,
                                             const struct wl_matrix *y, wl_error *error);

/* wl_dense_backward - gradients += those of W and b, unless they are frozen; dx = dy W.
 *   dy  (in)  (N, n_out) the number of x.
 *   dx  (out) (N, n_in) like y above, or NULL: not wanted; added to when is_added.
 *   scratch  (out) (WL_PIECES, n_out), for the bias. */
WL_MUST_CHECK wl_status wl_dense_backward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                          const struct wl_dense *dense, const struct wl_matrix *x,
                                          const struct wl_matrix *dy, bool is_added,
                                          const struct wl_matrix *dx, float *scratch,
                                          wl_error *error);

#endif
