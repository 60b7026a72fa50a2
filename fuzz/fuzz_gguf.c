/* GGUF: any bytes are refused, or every tensor lies within the file. */
#include "nn/gguf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str file = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_gguf gguf = {0};
    struct wl_arena arena;
    wl_error error;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    if (wl_gguf_read(&arena, file, &gguf, &error) == WL_OK) {
        for (size_t i = 0; i < gguf.n_tensors; i++) {
            struct wl_str bytes = gguf.tensors[i].bytes;
            if (bytes.n_bytes > 0 &&
                (bytes.data < file.data || bytes.data + bytes.n_bytes > file.data + n_bytes)) {
                abort();
            }
        }
    }
    wl_arena_release(&arena);
    return 0;
}
