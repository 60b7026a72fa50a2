/* A BERT classifier with any payload: the frame and its digest are made right, so that the search
 * reaches the parts behind them. An accepted model is asked. */
#include "base/bytes.h"
#include "fuzz.h"
#include "nn/text_file.h"
#include "text/text_frame.h"

static void use(const struct wl_text_classifier *classifier)
{
    static double p[2 * WL_TEXT_LABELS_MAX];
    const struct wl_str texts[2] = {WL_STR("love my MONEY, \xe9\x80\x80\xe6\xac\xbe please"),
                                    WL_STR("\xff how")};
    size_t n_labels = wl_text_classifier_about(classifier)->n_labels;

    if (wl_text_classify_all(classifier, wl_alloc_default(), texts, 2, 1, p, NULL) == WL_OK) {
        for (size_t i = 0; i < 2 * n_labels; i++) {
            WL_ASSERT(p[i] >= 0.0 && p[i] <= 1.0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_text_classifier *classifier = NULL;
    struct wl_buf file;
    wl_error error = {0};

    wl_buf_init(&file, wl_alloc_default(), 0);
    size_t begin = wl_text_frame_begin(&file);
    wl_buf_add(&file, data, n_bytes);
    wl_text_frame_end(&file, begin);
    wl_status status =
        wl_text_classifier_decode(wl_alloc_default(), wl_buf_view(&file), &classifier, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        use(classifier);
    }
    wl_text_classifier_free(classifier);
    wl_buf_release(&file);
    return 0;
}
