/* A BERT folder from memory: config.json, tokenizer.json, tokenizer_config.json, vocab.txt and
 * weights with NUL bytes between the first five. Any bytes are refused, or make a model that
 * encodes a text within its vocabulary, and whose saved bytes read back. */
#include "nn/bert_folder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void read_back(const struct wl_bert_folder *folder)
{
    const struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *again = NULL;
    struct wl_buf bytes[4];
    wl_error error;

    for (size_t i = 0; i < 4; i++) {
        wl_buf_init(&bytes[i], wl_alloc_default(), 0);
    }
    if (wl_bert_folder_put_config(folder, WL_SAFETENSOR_F32, &bytes[0], &error) != WL_OK ||
        wl_bert_folder_put_weights(folder, WL_SAFETENSOR_F32, &bytes[1], &error) != WL_OK ||
        wl_hf_wordpiece_put_tokenizer(&folder->tokenizer, &bytes[2], &error) != WL_OK ||
        wl_hf_wordpiece_put_settings(&folder->tokenizer, 8, &bytes[3], &error) != WL_OK) {
        abort();
    }
    const struct wl_bert_files files = {.config = wl_buf_view(&bytes[0]),
                                        .weights = wl_buf_view(&bytes[1]),
                                        .tokenizer = {.tokenizer = wl_buf_view(&bytes[2]),
                                                      .tokenizer_config = wl_buf_view(&bytes[3])}};
    if (wl_bert_folder_read(wl_alloc_default(), "again", &files, &options, &again, &error) !=
        WL_OK) {
        abort();
    }
    wl_bert_folder_free(again);
    for (size_t i = 0; i < 4; i++) {
        wl_buf_release(&bytes[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    const struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_bert_files files = {0};
    struct wl_bert_folder *folder = NULL;
    wl_error error;

    files.config = wl_str_cut(&rest, '\0');
    files.tokenizer.tokenizer = wl_str_cut(&rest, '\0');
    files.tokenizer.tokenizer_config = wl_str_cut(&rest, '\0');
    files.tokenizer.vocabulary = wl_str_cut(&rest, '\0');
    files.weights = rest;
    if (wl_bert_folder_read(wl_alloc_default(), "folder", &files, &options, &folder, &error) ==
        WL_OK) {
        int32_t tokens[8];
        size_t n_tokens = 0;
        struct wl_ids scratch;
        wl_ids_init(&scratch, wl_alloc_default());
        if (wl_bert_folder_encode(folder, WL_STR("want to leave, \xe9\x80\x80"), 8, &scratch,
                                  tokens, &n_tokens, &error) == WL_OK) {
            for (size_t i = 0; i < n_tokens; i++) {
                if ((size_t)tokens[i] >= folder->bert->config.n_vocabulary) {
                    abort();
                }
            }
            read_back(folder);
        }
        wl_ids_release(&scratch);
    }
    wl_bert_folder_free(folder);
    return 0;
}
