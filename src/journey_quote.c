/* Normalise, mask, cut: masks are found before the cut, so that no half of a number is left. */
#include "journey_quote.h"

void wl_quoter_init(struct wl_quoter *quoter, const wl_alloc *alloc)
{
    wl_normal_init(&quoter->normal, alloc);
    wl_masks_init(&quoter->masks, alloc);
    wl_buf_init(&quoter->text, alloc, 0);
}

void wl_quoter_release(struct wl_quoter *quoter)
{
    wl_buf_release(&quoter->text);
    wl_masks_release(&quoter->masks);
    wl_normal_release(&quoter->normal);
}

wl_status wl_quoter_set(struct wl_quoter *quoter, struct wl_str body, struct wl_str *quote,
                        wl_error *error)
{
    size_t n_bytes = 0;

    WL_TRY(wl_normal_set(&quoter->normal, body, error));
    struct wl_str normal = wl_buf_view(&quoter->normal.text);
    WL_TRY(wl_masks_find(&quoter->masks, normal, error));
    while (n_bytes < normal.n_bytes && n_bytes < WL_QUOTE_BYTES_MAX) {
        n_bytes += wl_utf8_length(normal, n_bytes);
    }
    enum wl_language language =
        wl_language_detect(normal) == WL_TEXT_ZH ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;
    wl_buf_clear(&quoter->text);
    wl_masks_write(&quoter->masks, &quoter->normal, body, 0, n_bytes, language, NULL,
                   &quoter->text);
    WL_TRY(wl_buf_check(&quoter->text, error));
    *quote = wl_buf_view(&quoter->text);
    return WL_OK;
}
