/* Numbers and English words: read from anywhere in any bytes, they stay inside and move on. */
#include "fuzz.h"

#include "text/english.h"
#include "text/numeral.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_english *english = NULL;

    WL_ASSERT(wl_english_new(wl_alloc_default(), &english, NULL) == WL_OK);
    for (size_t i = 0; i < n_bytes;) {
        struct wl_numeral numeral;
        size_t end = wl_english_end(text, i);
        WL_ASSERT(end >= i && end <= n_bytes);
        struct wl_str word = {.data = text.data + i, .n_bytes = end - i};
        WL_ASSERT(end == i || wl_english_stem(english, word).n_bytes > 0);
        if (wl_numeral_read(text, i, &numeral)) {
            WL_ASSERT(numeral.n_bytes > 0 && i + numeral.n_bytes <= n_bytes);
            WL_ASSERT(isfinite(numeral.value) && numeral.value >= 0.0);
            WL_ASSERT(wl_numeral_magnitude(&numeral) >= 0);
        }
        i += end > i ? end - i : 1;
    }
    wl_english_free(english);
    return 0;
}
