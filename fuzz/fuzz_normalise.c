/* Normaliser: any bytes become UTF-8 that normalises to itself and maps back into the input. */
#include "fuzz.h"

#include "text/normalise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str raw = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_normal once;
    struct wl_normal twice;
    wl_error error;

    wl_normal_init(&once, wl_alloc_default());
    wl_normal_init(&twice, wl_alloc_default());
    wl_status status = wl_normal_set(&once, raw, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        struct wl_str text = wl_buf_view(&once.text);
        WL_ASSERT(wl_str_is_utf8(text));
        WL_ASSERT(wl_normal_set(&twice, text, NULL) == WL_OK);
        WL_ASSERT(wl_str_equal(text, wl_buf_view(&twice.text)));
        for (size_t i = 0; i < text.n_bytes; i++) {
            struct wl_str part = wl_normal_raw(&once, raw, i, text.n_bytes - i);
            WL_ASSERT(part.n_bytes > 0 && part.data >= raw.data &&
                      part.data + part.n_bytes <= raw.data + raw.n_bytes);
        }
    }
    wl_normal_release(&once);
    wl_normal_release(&twice);
    return 0;
}
