/* A model file with any payload: the frame and its digest are made right, so that the search
 * reaches the parts behind them; an input with the magic goes in as it is. An accepted model is
 * used. */
#include "base/bytes.h"
#include "base/sha256.h"
#include "fuzz.h"
#include "model/model.h"

#include <math.h>

static void use(const struct wl_model *model)
{
    static float values[1024];

    for (size_t f = 0; f < wl_model_schema(model)->n_features; f++) {
        values[f] = f % 3 == 0 ? NAN : (float)f;
    }
    (void)wl_model_probability(model, wl_model_margin(model, values));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_model *model = NULL;
    struct wl_str input = {.data = (const char *)data, .n_bytes = n_bytes};
    bool is_whole = n_bytes >= 8 && memcmp(data, "WLMODEL\n", 8) == 0;
    struct wl_buf file;
    wl_error error = {0};

    wl_buf_init(&file, wl_alloc_default(), 0);
    if (!is_whole) {
        wl_buf_text(&file, "WLMODEL\n");
        wl_put_u32(&file, 1);
        wl_put_u64(&file, n_bytes);
    }
    wl_buf_str(&file, input);
    if (!is_whole) {
        wl_buf_text(&file, wl_sha256_text(wl_buf_view(&file), digest));
    }
    wl_status status = wl_model_decode(wl_alloc_default(), wl_buf_view(&file), &model, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        use(model);
    }
    wl_model_free(model);
    wl_buf_release(&file);
    return 0;
}
