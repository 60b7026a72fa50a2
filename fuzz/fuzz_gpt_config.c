/* config.json of a GPT-2 folder: read with a small tokenizer and no weights, so nothing is ever
 * made of it; no size may be believed before it is checked. */
#include "nn/gpt_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_gpt_files files = {.config = {.data = (const char *)data, .n_bytes = n_bytes}};
    struct wl_gpt_folder *folder = NULL;
    wl_error error;

    files.tokenizer.vocab_txt = WL_STR("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
    if (wl_gpt_folder_read(wl_alloc_default(), "fuzz", &files, NULL, &folder, &error) == WL_OK) {
        wl_gpt_folder_free(folder);
    }
    return 0;
}
