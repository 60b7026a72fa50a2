/* Sequence models: any bytes are refused, or make a model whose settings are within their ceilings.
 * The checksum is set right, so that what stands behind it is reached. */
#include "base/bytes.h"
#include "nn/sequence_model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_sequence_model *model = NULL;
    struct wl_buf file;
    wl_error error;

    wl_buf_init(&file, wl_alloc_default(), 0);
    wl_buf_add(&file, data, n_bytes < 8 ? n_bytes : n_bytes - 8);
    wl_put_u64(&file, wl_str_hash(wl_buf_view(&file), 0));
    if (wl_sequence_model_parse(wl_alloc_default(), wl_buf_view(&file), &model, &error) == WL_OK) {
        if (wl_sequence_model_config(model)->n_hidden == 0 ||
            wl_sequence_model_tensors(model)->n_floats * sizeof(float) > n_bytes) {
            abort();
        }
    }
    wl_sequence_model_free(model);
    wl_buf_release(&file);
    return 0;
}
