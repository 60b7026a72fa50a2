/* Checkpoints: any bytes are refused and change nothing, or are taken whole. */
#include "nn/checkpoint.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

#define N_VALUES ((size_t)16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    static const size_t dims[1] = {N_VALUES};
    struct wl_str file = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_train_state state = {.n_epochs = 77};
    struct wl_tensors tensors;
    wl_error error;
    size_t at;

    wl_tensors_init(&tensors, wl_alloc_default());
    if (wl_tensors_add(&tensors, WL_TENSOR_WEIGHT, dims, 1, &at, &error, "w") != WL_OK ||
        wl_tensors_allocate(&tensors, WL_BLOCK_WEIGHTS | WL_BLOCK_MOMENTS, &error) != WL_OK) {
        abort();
    }
    tensors.weights[0] = 1.0F;
    wl_status status = wl_checkpoint_parse("checkpoint", file, &tensors, &state, &error);
    if (status == WL_OK && memcmp(tensors.weights, data + 80, sizeof(float)) != 0) {
        abort();
    }
    if (status != WL_OK && (tensors.weights[0] != 1.0F || state.n_epochs != 77)) {
        abort();
    }
    wl_tensors_release(&tensors);
    return 0;
}
