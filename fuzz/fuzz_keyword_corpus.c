/* Keywords of a corpus: the lines of any text, in two groups by turns, become words, phrases and a
 * contrast whose figures are finite; every phrase has a name and lies within a text. */
#include "fuzz.h"

#include "../tests/unit/text/text_dict.h"
#include "text/contrast.h"
#include "text/phrase.h"

#include <math.h>

static void check_phrases(const struct wl_phrases *phrases)
{
    struct wl_buf name;

    wl_buf_init(&name, wl_alloc_default(), 0);
    for (size_t i = 0; i < phrases->n; i++) {
        const struct wl_phrase *phrase = &phrases->items[i];
        WL_ASSERT(phrase->n_words >= 2 && phrase->n_words <= WL_PHRASE_WORDS_MAX);
        WL_ASSERT(phrase->place + phrase->n_words <= phrases->corpus->n_places);
        WL_ASSERT(isfinite(phrase->log_likelihood) && isfinite(phrase->closeness));
        wl_buf_clear(&name);
        wl_phrases_name(phrases, (uint32_t)(phrases->n_terms + i), &name);
        WL_ASSERT(name.n_bytes > 1 && wl_str_is_utf8(wl_buf_view(&name)));
    }
    wl_buf_release(&name);
}

static void check_contrast(const struct wl_term_matrix *matrix)
{
    struct wl_contrast_options options = {.min_df = 1, .prior = WL_CONTRAST_PRIOR};
    uint8_t *group = wl_alloc_zeroed(wl_alloc_default(), matrix->n_texts + 1, 1);
    struct wl_contrast *results = NULL;
    size_t n = 0;
    wl_error error;

    WL_ASSERT(group != NULL);
    for (size_t i = 0; i < matrix->n_texts; i++) {
        group[i] = i % 2;
    }
    fuzz_check_status(
        wl_contrast_rank(wl_alloc_default(), matrix, group, NULL, &options, &results, &n, &error),
        &error);
    for (size_t i = 0; i < n; i++) {
        WL_ASSERT(isfinite(results[i].z) && results[i].p >= 0.0 && results[i].p <= 1.0);
        WL_ASSERT(i == 0 || results[i].z <= results[i - 1].z);
    }
    wl_alloc_free(wl_alloc_default(), results);
    wl_alloc_free(wl_alloc_default(), group);
}

// Made once: it is the same for every input.
static const struct wl_segmenter *segmenter_once(void)
{
    static struct wl_segmenter *segmenter;
    struct wl_buf dictionary;

    if (segmenter == NULL) {
        WL_ASSERT(text_dict_make(&dictionary) == WL_OK);
        WL_ASSERT(wl_segmenter_from(wl_buf_view(&dictionary), wl_alloc_default(), &segmenter,
                                    NULL) == WL_OK);
        wl_buf_release(&dictionary);
    }
    return segmenter;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_phrase_options options = {
        .n_min = 2, .log_likelihood_min = 1.0, .closeness_min = 0.0};
    struct wl_corpus corpus;
    struct wl_phrases phrases = {0};
    struct wl_term_matrix matrix;

    struct wl_analyser analyser = {.segmenter = segmenter_once()};
    WL_ASSERT(wl_corpus_init(&corpus, wl_alloc_default(), &analyser, NULL) == WL_OK);
    wl_term_matrix_init(&matrix, wl_alloc_default());
    while (rest.n_bytes > 0) {
        WL_ASSERT(wl_corpus_add(&corpus, wl_str_cut(&rest, '\n'), NULL) == WL_OK);
    }
    wl_corpus_settle(&corpus);
    WL_ASSERT(wl_phrases_find(&corpus, &options, &phrases, NULL) == WL_OK);
    WL_ASSERT(wl_phrases_matrix(&phrases, &matrix, NULL) == WL_OK);
    WL_ASSERT(matrix.n_texts == corpus.n_texts);
    check_phrases(&phrases);
    check_contrast(&matrix);
    wl_term_matrix_release(&matrix);
    wl_phrases_release(&phrases);
    wl_corpus_release(&corpus);
    return 0;
}
