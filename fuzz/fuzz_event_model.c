/* Models of sequences as they lie in a model file: any bytes are refused, or make a model that can
 * be written again to the same bytes and asked for names. The net's checksum is set right, so that
 * what stands behind it is reached: its bytes are the last ones. */
#include "base/bytes.h"
#include "fuzz.h"
#include "model/event_model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_event_model *model = NULL;
    struct wl_buf file;
    struct wl_buf again;
    wl_error error = {0};
    size_t net = 0; // where the net begins

    wl_buf_init(&file, wl_alloc_default(), 0);
    wl_buf_init(&again, wl_alloc_default(), 0);
    wl_buf_add(&file, data, n_bytes);
    for (size_t i = 0; i + 4 <= n_bytes && net == 0; i++) {
        net = memcmp(data + i, "WLSQ", 4) == 0 ? i : 0;
    }
    if (net > 0 && n_bytes - net >= 8) {
        file.n_bytes -= 8;
        struct wl_str body = {.data = file.data + net, .n_bytes = file.n_bytes - net};
        wl_put_u64(&file, wl_str_hash(body, 0));
    }
    wl_status status =
        wl_event_model_decode(wl_alloc_default(), wl_buf_view(&file), &model, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        (void)wl_event_model_type(model, WL_STR("open"));
        wl_event_model_encode(model, &again);
        if (again.status != WL_OK || again.n_bytes > file.n_bytes) { // varints may be longer
            abort();
        }
    }
    wl_event_model_free(model);
    wl_buf_release(&file);
    wl_buf_release(&again);
    return 0;
}
