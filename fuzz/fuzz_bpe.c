/* Byte-pair encoding: the input up to the first NUL is a .tiktoken file or a vocab.json, the rest a
 * text for a vocabulary of bytes and a few joins, whose tokens must give the text back. */
#include "text/bpe.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static struct wl_bpe *small[2]; // one for each pattern

static void open_small(void)
{
    static char bytes[256];
    static const char *const joins[] = {"ab", "aa", "aaaa", " a", "\xe6\x88", "\xe6\x88\x91", "12"};
    enum { N_JOINS = sizeof(joins) / sizeof(joins[0]) };
    struct wl_str tokens[256 + N_JOINS];
    wl_error error;

    for (size_t i = 0; i < 256; i++) {
        bytes[i] = (char)i;
        tokens[i] = (struct wl_str){.data = bytes + i, .n_bytes = 1};
    }
    for (size_t i = 0; i < N_JOINS; i++) {
        tokens[256 + i] = wl_str_from(joins[i]);
    }
    for (int pattern = 0; pattern < 2; pattern++) {
        if (wl_bpe_new(wl_alloc_default(), tokens, 256 + N_JOINS, (enum wl_bpe_pattern)pattern,
                       &small[pattern], &error) != WL_OK) {
            abort();
        }
    }
}

static void round_trip(struct wl_str text)
{
    for (int pattern = 0; pattern < 2; pattern++) {
        struct wl_ids ids;
        struct wl_buf back;
        wl_error error;

        wl_ids_init(&ids, wl_alloc_default());
        wl_buf_init(&back, wl_alloc_default(), (size_t)1 << 26);
        if (wl_bpe_encode(small[pattern], text, &ids, &error) == WL_OK) {
            wl_bpe_decode(small[pattern], ids.items, ids.n, &back);
            if (!wl_str_equal(wl_buf_view(&back), text)) {
                abort();
            }
        }
        wl_ids_release(&ids);
        wl_buf_release(&back);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_str file = wl_str_cut(&rest, '\0');
    struct wl_bpe *bpe = NULL;
    wl_error error;

    if (small[0] == NULL) {
        open_small();
    }
    if (wl_bpe_from_ranks(wl_alloc_default(), file, WL_BPE_O200K, &bpe, &error) == WL_OK) {
        wl_bpe_free(bpe);
    }
    if (wl_bpe_from_vocabulary(wl_alloc_default(), file, &bpe, &error) == WL_OK) {
        wl_bpe_free(bpe);
    }
    round_trip(rest);
    return 0;
}
