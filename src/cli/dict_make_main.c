/* Build-time program: makes zh.wldict from the files of python3-jieba.
 *   wanliu_dict_make dict.txt prob_start.py prob_trans.py prob_emit.py zh.wldict */
#include "base/file.h"
#include "text/dict_make.h"

#include <stdio.h>
#include <stdlib.h>

#define N_SOURCES 4

static wl_status make(char *const *paths, wl_error *error)
{
    struct wl_buf texts[N_SOURCES];
    struct wl_buf out;
    wl_status status = WL_OK;

    wl_buf_init(&out, wl_alloc_default(), 0);
    for (size_t i = 0; i < N_SOURCES; i++) {
        wl_buf_init(&texts[i], wl_alloc_default(), 0);
    }
    for (size_t i = 0; i < N_SOURCES; i++) {
        WL_GO(wl_file_read(paths[i], &texts[i], error));
    }
    struct wl_dict_source source = {.words = wl_buf_view(&texts[0]),
                                    .start = wl_buf_view(&texts[1]),
                                    .transition = wl_buf_view(&texts[2]),
                                    .emission = wl_buf_view(&texts[3])};
    WL_GO(wl_dict_make(wl_alloc_default(), &source, &out, error));
    status = wl_file_write(paths[N_SOURCES], wl_buf_view(&out), error);
done:
    for (size_t i = 0; i < N_SOURCES; i++) {
        wl_buf_release(&texts[i]);
    }
    wl_buf_release(&out);
    return status;
}

int main(int n_words, char **words)
{
    wl_error error;

    if (n_words != N_SOURCES + 2) {
        fprintf(stderr, "usage: %s WORDS START TRANSITION EMISSION OUT\n", words[0]);
        return EXIT_FAILURE;
    }
    if (make(words + 1, &error) != WL_OK) {
        fprintf(stderr, "%s: %s\n", words[0], error.message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
