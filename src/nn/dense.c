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

// The weights as int8, packed, with a scale for each output.
static wl_status pack_small(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                            struct wl_dense *dense, wl_error *error)
{
    const wl_alloc *alloc = tensors->alloc;
    struct wl_matrix weights = weights_for(tensors, dense, WL_F32);
    struct wl_matrix small = weights;
    wl_status status = WL_OK;

    small.number = WL_S8;
    small.data = wl_alloc_aligned(alloc, dense->n_out, dense->n_in);
    dense->scales = wl_alloc_aligned(alloc, dense->n_out, sizeof(*dense->scales));
    if (small.data == NULL || dense->scales == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for (%zu, %zu) weights of a byte",
                         dense->n_out, dense->n_in);
        goto done;
    }
    wl_rows_quantize(&weights, &small, dense->scales);
    WL_GO(wl_gemm_pack(gemm, &small, &dense->packed, error));
done:
    wl_alloc_aligned_free(alloc, small.data);
    return status;
}

wl_status wl_dense_pack(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                        struct wl_dense *dense, enum wl_number number, wl_error *error)
{
    wl_dense_unpack(dense);
    dense->alloc = tensors->alloc;
    if (number == WL_S8 && wl_gemm_has_s8(gemm)) {
        dense->packed_number = WL_S8;
        return pack_small(gemm, tensors, dense, error);
    }
    if (number == WL_S8) {
        number = tensors->operands != NULL && wl_gemm_has_bf16(gemm) ? WL_BF16 : WL_F32;
    }
    dense->packed_number = number;
    struct wl_matrix weights = weights_for(tensors, dense, number);
    return wl_gemm_pack(gemm, &weights, &dense->packed, error);
}

void wl_dense_unpack(struct wl_dense *dense)
{
    wl_gemm_packed_free(dense->packed);
    wl_alloc_aligned_free(dense->alloc, dense->scales);
    dense->packed = NULL;
    dense->scales = NULL;
}

// The product of rows rounded to int8.
static wl_status product_small(struct wl_gemm *gemm, const struct wl_dense *dense,
                               const struct wl_matrix *x, struct wl_gemm_end end,
                               const struct wl_matrix *y, wl_error *error)
{
    size_t rows_bytes = (x->n_rows * x->n_columns + 63) / 64 * 64;
    size_t n_bytes = rows_bytes + x->n_rows * sizeof(float);
    char *scratch = wl_gemm_scratch(gemm, n_bytes);

    if (scratch == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows of a byte", x->n_rows);
    }
    struct wl_matrix small = wl_matrix_of(scratch, WL_S8, x->n_rows, x->n_columns);
    float *row_scales = (float *)(void *)(scratch + rows_bytes);
    wl_rows_quantize(x, &small, row_scales);
    end.row_scales = row_scales;
    end.column_scales = dense->scales;
    return wl_gemm_run_packed_end(gemm, &small, dense->packed, &end, y, error);
}

// y = x W^T + b, by the weights themselves.
static wl_status product(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                         const struct wl_dense *dense, const struct wl_matrix *x,
                         struct wl_gemm_end end, const struct wl_matrix *y, wl_error *error)
{
    end.bias = dense->has_bias ? tensors->weights + dense->bias : NULL;
    if (dense->packed != NULL && dense->packed_number == WL_S8) {
        return x->n_rows == 0 ? WL_OK : product_small(gemm, dense, x, end, y, error);
    }
    if (dense->packed != NULL && dense->packed_number == x->number) {
        return wl_gemm_run_packed_end(gemm, x, dense->packed, &end, y, error);
    }
    struct wl_matrix weights = weights_for(tensors, dense, x->number);
    return wl_gemm_run_end(gemm, WL_GEMM_B_TRANSPOSED, x, &weights, &end, y, error);
}

wl_status wl_dense_forward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                           const struct wl_dense *dense, const struct wl_matrix *x,
                           const struct wl_matrix *y, wl_error *error)
{
    const struct wl_gemm_end end = {0};
    return wl_dense_forward_end(gemm, tensors, dense, x, &end, y, error);
}

wl_status wl_dense_forward_end(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                               const struct wl_dense *dense, const struct wl_matrix *x,
                               const struct wl_gemm_end *end, const struct wl_matrix *y,
                               wl_error *error)
{
    if (dense->lora == NULL) {
        return product(gemm, tensors, dense, x, *end, y, error);
    }
    // Adapters add to the product, before GELU.
    struct wl_gemm_end plain = {.is_added = end->is_added};
    const struct wl_matrix *sum = end->has_gelu ? end->before_gelu : y;
    WL_TRY(product(gemm, tensors, dense, x, plain, sum, error));
    WL_TRY(wl_lora_forward(dense->lora, gemm, x, sum, error));
    if (end->has_gelu) {
        wl_gelu_forward(end->gelu, sum, y);
    }
    return WL_OK;
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
