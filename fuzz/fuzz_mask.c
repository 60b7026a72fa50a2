/* Masks: those of any text lie in order inside it, and any part of it can be written with them. */
#include "fuzz.h"

#include "text/mask.h"

static void check_masks(const struct wl_masks *masks, struct wl_str text)
{
    size_t end = 0;

    for (size_t i = 0; i < masks->n_items; i++) {
        WL_ASSERT(masks->items[i].i_byte >= end && masks->items[i].n_bytes > 0);
        end = masks->items[i].i_byte + (size_t)masks->items[i].n_bytes;
    }
    WL_ASSERT(end <= text.n_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str raw = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_buf out;
    wl_error error;

    wl_normal_init(&normal, wl_alloc_default());
    wl_masks_init(&masks, wl_alloc_default());
    wl_buf_init(&out, wl_alloc_default(), 0);
    WL_ASSERT(wl_masks_find(&masks, raw, &error) == WL_OK); // not normalised does no harm
    check_masks(&masks, raw);
    wl_status status = wl_normal_set(&normal, raw, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        struct wl_str text = wl_buf_view(&normal.text);
        WL_ASSERT(wl_masks_find(&masks, text, NULL) == WL_OK);
        check_masks(&masks, text);
        wl_masks_write(&masks, &normal, raw, 0, text.n_bytes, WL_LANGUAGE_ZH, NULL, &out);
        wl_masks_write(&masks, &normal, raw, text.n_bytes / 3, text.n_bytes / 3, WL_LANGUAGE_EN,
                       wl_mask_tokens, &out);
        WL_ASSERT(out.status == WL_OK);
    }
    wl_buf_release(&out);
    wl_masks_release(&masks);
    wl_normal_release(&normal);
    return 0;
}
