/* Safetensors: any bytes are refused, or every tensor lies within the file. */
#include "nn/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str file = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_safetensors tensors = {0};
    struct wl_arena arena;
    wl_error error;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    if (wl_safetensors_read(&arena, file, &tensors, &error) == WL_OK) {
        for (size_t i = 0; i < tensors.n; i++) {
            const struct wl_safetensor *tensor = &tensors.items[i];
            float *values = calloc(tensor->n_values + 1, sizeof(*values));
            if (values == NULL || tensor->bytes.n_bytes > n_bytes) {
                abort();
            }
            if (wl_safetensor_values(tensor, values, &error) == WL_OK && values[0] != values[0]) {
                abort(); // NaN is no weight
            }
            free(values);
        }
    }
    wl_arena_release(&arena);
    return 0;
}
