/* A GPT-2 folder's small files: the input, cut at NULs, is tokenizer.json, vocab.json, merges.txt,
 * vocab.txt and tokenizer_config.json, then a text. What is read must encode and, for bytes, give
 * the text back; what is saved must be read again. */
#include "nn/gpt_tokenizer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void round_trip(const struct wl_gpt_tokenizer *tokenizer, struct wl_str text)
{
    struct wl_ids ids;
    struct wl_buf back;
    wl_error error;

    wl_ids_init(&ids, wl_alloc_default());
    wl_buf_init(&back, wl_alloc_default(), (size_t)1 << 24);
    if (wl_gpt_tokenizer_encode(tokenizer, text, &ids, &error) == WL_OK) {
        for (size_t i = 0; i < ids.n; i++) {
            int32_t token = (int32_t)ids.items[i];
            wl_gpt_tokenizer_decode(tokenizer, &token, 1, &back);
        }
        if (tokenizer->kind == WL_GPT_BYTES && !wl_str_equal(wl_buf_view(&back), text)) {
            abort();
        }
    }
    wl_ids_release(&ids);
    wl_buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_gpt_tokenizer_files files = {.tokenizer = wl_str_cut(&rest, '\0')};
    struct wl_gpt_tokenizer *tokenizer = NULL;
    struct wl_buf file;
    wl_error error;

    files.vocab_json = wl_str_cut(&rest, '\0');
    files.merges = wl_str_cut(&rest, '\0');
    files.vocab_txt = wl_str_cut(&rest, '\0');
    files.tokenizer_config = wl_str_cut(&rest, '\0');
    if (wl_gpt_tokenizer_read(wl_alloc_default(), "fuzz", &files, NULL, &tokenizer, &error) !=
        WL_OK) {
        return 0;
    }
    round_trip(tokenizer, rest);
    wl_buf_init(&file, wl_alloc_default(), (size_t)1 << 26);
    for (size_t i = 0; i < wl_gpt_tokenizer_files_count(tokenizer); i++) {
        const char *name = NULL;
        wl_buf_clear(&file);
        (void)!wl_gpt_tokenizer_put(tokenizer, i, 64, &name, &file, &error);
    }
    wl_buf_release(&file);
    wl_gpt_tokenizer_free(tokenizer);
    return 0;
}
