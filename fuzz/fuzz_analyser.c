/* Analyser, with everything below it: any bytes become terms that cover the normalised text, in
 * sentences that cover the terms, each leading back into the raw bytes. The first byte chooses
 * whether there is a dictionary. */
#include "fuzz.h"

#include "../tests/unit/text/text_dict.h"
#include "text/analyser.h"

static void check_analysis(const struct wl_analysis *analysis, struct wl_str raw)
{
    struct wl_str text = wl_buf_view(&analysis->normal.text);
    size_t n_terms = 0;
    size_t at = 0;

    for (size_t i = 0; i < analysis->n_terms; i++) {
        const struct wl_term *term = &analysis->terms[i];
        WL_ASSERT(term->n_bytes > 0 && term->i_byte >= at);
        for (; at < term->i_byte; at++) {
            WL_ASSERT(text.data[at] == ' ' || text.data[at] == '\n');
        }
        at += term->n_bytes;
        WL_ASSERT(at <= text.n_bytes);
        WL_ASSERT(wl_analysis_form(analysis, term).n_bytes > 0);
        struct wl_str source = wl_normal_raw(&analysis->normal, raw, term->i_byte, term->n_bytes);
        WL_ASSERT(source.n_bytes > 0 && source.data >= raw.data &&
                  source.data + source.n_bytes <= raw.data + raw.n_bytes);
    }
    WL_ASSERT(at == text.n_bytes);
    for (size_t i = 0; i < analysis->n_sentences; i++) {
        WL_ASSERT(analysis->sentences[i].i_term == n_terms && analysis->sentences[i].n_terms > 0);
        n_terms += analysis->sentences[i].n_terms;
    }
    WL_ASSERT(n_terms == analysis->n_terms);
}

// Made once: what changes from input to input is the text.
static const struct wl_analyser *with_dictionary(void)
{
    static struct wl_analyser analyser;
    static struct wl_stop_words stop;
    struct wl_segmenter *segmenter = NULL;
    struct wl_buf file;

    if (analyser.segmenter == NULL) {
        WL_ASSERT(text_dict_make(&file) == WL_OK);
        WL_ASSERT(wl_segmenter_from(wl_buf_view(&file), wl_alloc_default(), &segmenter, NULL) ==
                  WL_OK);
        WL_ASSERT(wl_stop_words_init(&stop, wl_alloc_default(), NULL) == WL_OK);
        wl_buf_release(&file);
        analyser = (struct wl_analyser){.segmenter = segmenter, .stop = &stop};
    }
    return &analyser;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_analyser analyser = *with_dictionary();
    struct wl_analysis analysis;
    wl_error error;

    if (n_bytes == 0) {
        return 0;
    }
    WL_ASSERT(wl_analysis_init(&analysis, wl_alloc_default(), NULL) == WL_OK);
    if (data[0] % 2 != 0) {
        analyser.segmenter = NULL;
    }
    struct wl_str raw = {.data = (const char *)data + 1, .n_bytes = n_bytes - 1};
    wl_status status = wl_analyse(&analyser, raw, &analysis, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        check_analysis(&analysis, raw);
    }
    wl_analysis_release(&analysis);
    return 0;
}
