/* WordPiece: the first line of the input is a vocabulary with blanks for line ends, the rest a
 * text. */
#include "text/wordpiece.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_str line = wl_str_cut(&rest, '\n');
    struct wl_wordpiece_options options;
    struct wl_wordpiece *wp = NULL;
    struct wl_ids ids;
    wl_error error;
    char *vocabulary = malloc(line.n_bytes + 1);

    if (vocabulary == NULL) {
        return 0;
    }
    for (size_t i = 0; i < line.n_bytes; i++) {
        vocabulary[i] = line.data[i] == ' ' ? '\n' : line.data[i];
    }
    wl_wordpiece_options_init(&options);
    wl_ids_init(&ids, wl_alloc_default());
    struct wl_str pieces = {.data = vocabulary, .n_bytes = line.n_bytes};
    if (wl_wordpiece_from(wl_alloc_default(), pieces, &options, &wp, &error) == WL_OK &&
        wl_wordpiece_encode(wp, rest, &ids, &error) == WL_OK) {
        for (size_t i = 0; i < ids.n; i++) {
            if (wl_wordpiece_piece(wp, ids.items[i]).n_bytes == 0) {
                abort(); // every number is a piece
            }
        }
    }
    wl_ids_release(&ids);
    wl_wordpiece_free(wp);
    free(vocabulary);
    return 0;
}
