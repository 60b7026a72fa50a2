/* A text model with any payload: the frame and its digest are made right, so that the search
 * reaches the parts behind them; an input with the magic goes in as it is. An accepted model is
 * asked. */
#include "base/bytes.h"
#include "base/sha256.h"
#include "fuzz.h"
#include "nn/text_file.h"
#include "text/text_linear.h"

static void use(const struct wl_text_classifier *classifier)
{
    static double p[WL_TEXT_LABELS_MAX];
    struct wl_str text = WL_STR("Refund my ORDER, \xe9\x80\x80\xe6\xac\xbe please");
    const struct wl_text_about *about = wl_text_classifier_about(classifier);
    struct wl_text_scratch *scratch = NULL;
    struct wl_text_span spans[4];
    size_t n_spans = 0;

    if (wl_text_scratch_new(wl_alloc_default(), &scratch, NULL) != WL_OK) {
        return;
    }
    if (wl_text_classify(classifier, text, scratch, p, NULL) == WL_OK) {
        struct wl_text_answer answer = wl_text_answer_of(classifier, p);
        WL_ASSERT(answer.label < about->n_labels);
        WL_ASSERT(answer.p >= 0.0 && answer.p <= 1.0);
        WL_ASSERT(wl_text_why(classifier, text, answer.label, scratch, spans, 4, &n_spans, NULL) ==
                  WL_OK);
    }
    wl_text_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_text_classifier *classifier = NULL;
    struct wl_str input = {.data = (const char *)data, .n_bytes = n_bytes};
    bool is_whole = n_bytes >= 8 && memcmp(data, "WLTEXT\r\n", 8) == 0;
    struct wl_buf file;
    wl_error error = {0};

    wl_buf_init(&file, wl_alloc_default(), 0);
    if (!is_whole) {
        wl_buf_text(&file, "WLTEXT\r\n");
        wl_put_u32(&file, 1);
        wl_put_u64(&file, n_bytes);
    }
    wl_buf_str(&file, input);
    if (!is_whole) {
        wl_buf_text(&file, wl_sha256_text(wl_buf_view(&file), digest));
    }
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
