/* Three products per layer: forward y = x W^T, backward dx = dy W and dW += dy^T x. The bias goes
 * in with the product; its gradient is a sum over rows. */
#include "nn/dense.h"

#include "nn/kernels.h"
#include "nn/lora.h"

wl_status wl_dense_add(struct wl_tensors *tensors, const char *name, size_t n_in, size_t n_out,
                       bool has_bias, struct wl_dense *dense, wl_error *error)
{
    struct wl_dense added = {.n_in = n_in, .n_out = n_out, .has_bias = has_bias};
    const size_t dims[2] = {n_out, n_in};

    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_WEIGHT, dims, 2, &added.weight, error, "%s.weight",
                          name));
    if (has_bias) {
        WL_TRY(
            wl_tensors_add(tensors, WL_TENSOR_BIAS, dims, 1, &added.bias, error, "%s.bias", name));
    }
    *dense = added;
    return WL_OK;
}

// The weights in a number.
static struct wl_matrix weights_for(const struct wl_tensors *tensors, const struct wl_dense *dense,
                                    enum wl_number number)
{
    WL_ASSERT(number == WL_F32 || tensors->operands != NULL);
    void *data = number == WL_F32 ? (void *)(tensors->weights + dense->weight)
                                  : (void *)(tensors->operands + dense->weight);
    return wl_matrix_of(data, number, dense->n_out, dense->n_in);
}

wl_status wl_dense_pack(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                        struct wl_dense *dense, enum wl_number number, wl_error *error)
{
    struct wl_matrix weights = weights_for(tensors, dense, number);

    wl_dense_unpack(dense);
    dense->packed_number = number;
    return wl_gemm_pack(gemm, &weights, &dense->packed, error);
}

void wl_dense_unpack(struct wl_dense *dense)
{
    wl_gemm_packed_free(dense->packed);
    dense->packed = NULL;
}

// y = x W^T + b, by the weights themselves.
static wl_status product(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                         const struct wl_dense *dense, const struct wl_matrix *x,
                         const struct wl_matrix *y, wl_error *error)
{
    const float *bias = dense->has_bias ? tensors->weights + dense->bias : NULL;

    if (dense->packed != NULL && dense->packed_number == x->number) {
        return wl_gemm_run_packed(gemm, x, dense->packed, bias, y, error);
    }
    struct wl_matrix weights = weights_for(tensors, dense, x->number);
    return wl_gemm_run_bias(gemm, WL_GEMM_B_TRANSPOSED, x, &weights, bias, y, error);
}

wl_status wl_dense_forward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                           const struct wl_dense *dense, const struct wl_matrix *x,
                           const struct wl_matrix *y, wl_error *error)
{
    WL_TRY(product(gemm, tensors, dense, x, y, error));
    return dense->lora == NULL ? WL_OK : wl_lora_forward(dense->lora, gemm, x, y, error);
}

wl_status wl_dense_backward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                            const struct wl_dense *dense, const struct wl_matrix *x,
                            const struct wl_matrix *dy, bool is_added, const struct wl_matrix *dx,
                            float *scratch, wl_error *error)
{
    struct wl_matrix weights = weights_for(tensors, dense, dy->number);
    float *dweight = wl_tensors_gradient(tensors, dense->weight);
    float *dbias = dense->has_bias ? wl_tensors_gradient(tensors, dense->bias) : NULL;
    struct wl_matrix dweights = wl_matrix_of(dweight, WL_F32, dense->n_out, dense->n_in);

    if (dx != NULL) {
        WL_TRY(wl_gemm_run(gemm, is_added ? WL_GEMM_ADD : WL_GEMM_PLAIN, dy, &weights, dx, error));
    }
    if (dweight != NULL) {
        WL_TRY(wl_gemm_run(gemm, WL_GEMM_A_TRANSPOSED | WL_GEMM_ADD, dy, x, &dweights, error));
    }
    if (dbias != NULL) {
        wl_columns_sum(dy, dbias, scratch);
    }
    return dense->lora == NULL ? WL_OK : wl_lora_backward(dense->lora, gemm, x, dy, dx, error);
}
