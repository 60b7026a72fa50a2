/* Segmenter, tagger: any text is cut into tokens that add up to it, a forged dictionary is refused
 * or cuts without harm. Inputs that start with 'D' are laid over a good file's body, with the
 * checksum made right, so that what lies behind it is reached; others are texts. */
#include "fuzz.h"

#include "../tests/unit/text/text_dict.h"
#include "base/bytes.h"
#include "text/pos_tag.h"
#include "text/word_dict.h"

#define BODY 20 /* magic, version and checksum come before it */

static void check_text(const struct wl_segmenter *segmenter, struct wl_str text)
{
    struct wl_tokens tokens;
    size_t at = 0;

    wl_tokens_init(&tokens, wl_alloc_default());
    WL_ASSERT(wl_segmenter_cut(segmenter, text, true, &tokens, NULL) == WL_OK);
    for (size_t i = 0; i < tokens.n_items; i++) {
        WL_ASSERT(tokens.items[i].i_byte == at && tokens.items[i].n_bytes > 0);
        at += tokens.items[i].n_bytes;
    }
    WL_ASSERT(at == text.n_bytes);
    WL_ASSERT(wl_segmenter_cut_search(segmenter, text, false, &tokens, NULL) == WL_OK);
    for (size_t i = 0; i < tokens.n_items; i++) {
        WL_ASSERT(tokens.items[i].i_byte + (size_t)tokens.items[i].n_bytes <= text.n_bytes);
    }
    wl_tokens_release(&tokens);
}

static void check_tags(const struct wl_segmenter *segmenter, struct wl_str text)
{
    struct wl_pos_tokens tokens;
    size_t at = 0;

    wl_pos_tokens_init(&tokens, wl_alloc_default());
    WL_ASSERT(wl_pos_cut(segmenter, text, &tokens, NULL) == WL_OK);
    for (size_t i = 0; i < tokens.n_items; i++) {
        WL_ASSERT(tokens.items[i].i_byte == at && tokens.items[i].n_bytes > 0);
        WL_ASSERT(wl_pos_name(segmenter, tokens.items[i].tag).n_bytes < text.n_bytes + 256);
        at += tokens.items[i].n_bytes;
    }
    WL_ASSERT(at == text.n_bytes);
    wl_pos_tokens_release(&tokens);
}

static void lay_over(struct wl_buf *file, const uint8_t *data, size_t n_bytes)
{
    struct wl_buf sum;

    for (size_t i = 0; i < n_bytes && BODY + i < file->n_bytes; i++) {
        file->data[BODY + i] = (char)((uint8_t)file->data[BODY + i] ^ data[i]);
    }
    struct wl_str body = {.data = file->data + BODY, .n_bytes = file->n_bytes - BODY};
    wl_buf_init(&sum, wl_alloc_default(), 0);
    wl_put_u64(&sum, wl_str_hash(body, WL_DICT_VERSION));
    memcpy(file->data + BODY - sum.n_bytes, sum.data, sum.n_bytes);
    wl_buf_release(&sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_buf file;
    struct wl_segmenter *segmenter = NULL;
    wl_error error;
    bool is_dictionary = n_bytes > 0 && data[0] == 'D';

    WL_ASSERT(text_dict_make(&file) == WL_OK);
    if (is_dictionary) {
        lay_over(&file, data + 1, n_bytes - 1);
    }
    wl_status status =
        wl_segmenter_from(wl_buf_view(&file), wl_alloc_default(), &segmenter, &error);
    WL_ASSERT(is_dictionary || status == WL_OK);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
        fuzz_check_status(wl_segmenter_add(segmenter, text, &error), &error);
        text = is_dictionary ? WL_STR("我取消会员，北京大学的学生小明小龘C++a1.5%") : text;
        check_text(segmenter, text);
        check_tags(segmenter, text);
    }
    wl_segmenter_close(segmenter);
    wl_buf_release(&file);
    return 0;
}
