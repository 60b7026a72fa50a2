/* Keywords: any text has keywords that lie within it, best first; a forged file of rarities is
 * refused or weighs without harm. Inputs that start with 'I' are laid over a good file's body, with
 * the checksum made right, so that what lies behind it is reached; others are texts. */
#include "fuzz.h"

#include "../tests/unit/text/text_dict.h"
#include "base/bytes.h"
#include "text/keywords.h"

#include <math.h>

#define BODY 20 /* magic, version and checksum come before it */

static void lay_over(struct wl_buf *file, const uint8_t *data, size_t n_bytes)
{
    struct wl_buf sum;

    for (size_t i = 0; i < n_bytes && BODY + i < file->n_bytes; i++) {
        file->data[BODY + i] = (char)((uint8_t)file->data[BODY + i] ^ data[i]);
    }
    struct wl_str body = {.data = file->data + BODY, .n_bytes = file->n_bytes - BODY};
    wl_buf_init(&sum, wl_alloc_default(), 0);
    wl_put_u64(&sum, wl_str_hash(body, WL_IDF_VERSION));
    memcpy(file->data + BODY - sum.n_bytes, sum.data, sum.n_bytes);
    wl_buf_release(&sum);
}

static void check_items(const struct wl_keywords *keywords, struct wl_str text)
{
    for (size_t i = 0; i < keywords->n_items; i++) {
        const struct wl_keyword *item = &keywords->items[i];
        WL_ASSERT(item->n_bytes > 0 && item->i_byte + (size_t)item->n_bytes <= text.n_bytes);
        WL_ASSERT(item->count > 0 && !isnan(item->weight));
        WL_ASSERT(i == 0 || item->weight <= keywords->items[i - 1].weight);
    }
}

static void check_text(const struct wl_segmenter *segmenter, const struct wl_idf *idf,
                       struct wl_str text)
{
    struct wl_keyword_filter filter = {0};
    struct wl_keywords keywords;

    wl_keywords_init(&keywords, wl_alloc_default());
    WL_ASSERT(wl_keywords_tfidf(segmenter, idf, &filter, text, 0, &keywords, NULL) == WL_OK);
    check_items(&keywords, text);
    WL_ASSERT(wl_keyword_filter_set(&filter, segmenter, WL_STR(WL_RANK_TAGS), NULL) == WL_OK);
    WL_ASSERT(wl_keywords_rank(segmenter, &filter, text, 5, &keywords, NULL) == WL_OK);
    check_items(&keywords, text);
    wl_keywords_release(&keywords);
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
    struct wl_buf file;
    struct wl_idf idf = {0};
    wl_error error;
    struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
    bool is_file = n_bytes > 0 && data[0] == 'I';

    wl_buf_init(&file, wl_alloc_default(), 0);
    WL_ASSERT(wl_idf_make(wl_alloc_default(), WL_STR("会员 6\n北京 2\n取消会员 8\n"), &file,
                          NULL) == WL_OK);
    if (is_file) {
        lay_over(&file, data + 1, n_bytes - 1);
    }
    wl_status status = wl_idf_from(wl_buf_view(&file), wl_alloc_default(), &idf, &error);
    WL_ASSERT(is_file || status == WL_OK);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        fuzz_check_status(wl_idf_make(wl_alloc_default(), text, &file, &error), &error);
        check_text(segmenter_once(), &idf,
                   is_file ? WL_STR("北京会员，北京的取消会员 of 小明小明") : text);
    }
    wl_idf_release(&idf);
    wl_buf_release(&file);
    return 0;
}
