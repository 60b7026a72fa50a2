/* Build-time program: makes zh.wldict and zh.wlidf from the files of python3-jieba.
 *   wanliu_dict_make FOLDER zh.wldict zh.wlidf      FOLDER is the package's, with dict.txt */
#include "base/arena.h"
#include "base/file.h"
#include "text/dict_make.h"
#include "text/keyword_idf.h"

#include <stdio.h>
#include <stdlib.h>

/* The package's files and where each belongs in the source. */
static const struct {
    const char *name;
    size_t offset;
} files[] = {
    {"dict.txt", offsetof(struct wl_dict_source, words)},
    {"finalseg/prob_start.py", offsetof(struct wl_dict_source, start)},
    {"finalseg/prob_trans.py", offsetof(struct wl_dict_source, transition)},
    {"finalseg/prob_emit.py", offsetof(struct wl_dict_source, emission)},
    {"posseg/prob_start.py", offsetof(struct wl_dict_source, tag_start)},
    {"posseg/prob_trans.py", offsetof(struct wl_dict_source, tag_transition)},
    {"posseg/prob_emit.py", offsetof(struct wl_dict_source, tag_emission)},
    {"posseg/char_state_tab.py", offsetof(struct wl_dict_source, tag_states)},
};

#define N_FILES (sizeof(files) / sizeof(files[0]))

static wl_status read_one(struct wl_arena *arena, const char *folder, const char *name,
                          struct wl_buf *text, wl_error *error)
{
    const char *path = wl_path_join(arena, folder, name);

    return path != NULL ? wl_file_read(path, text, error)
                        : wl_fail(error, WL_ENOMEM, "no memory for a path");
}

static wl_status make_dictionary(const char *folder, const char *out_path, wl_error *error)
{
    struct wl_dict_source source = {0};
    struct wl_buf texts[N_FILES];
    struct wl_buf out;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&out, wl_alloc_default(), 0);
    for (size_t i = 0; i < N_FILES; i++) {
        wl_buf_init(&texts[i], wl_alloc_default(), 0);
    }
    for (size_t i = 0; i < N_FILES; i++) {
        WL_GO(read_one(&arena, folder, files[i].name, &texts[i], error));
        *(struct wl_str *)(void *)((char *)&source + files[i].offset) = wl_buf_view(&texts[i]);
    }
    WL_GO(wl_dict_make(wl_alloc_default(), &source, &out, error));
    status = wl_file_write(out_path, wl_buf_view(&out), error);
done:
    for (size_t i = 0; i < N_FILES; i++) {
        wl_buf_release(&texts[i]);
    }
    wl_buf_release(&out);
    wl_arena_release(&arena);
    return status;
}

static wl_status make_idf(const char *folder, const char *out_path, wl_error *error)
{
    struct wl_buf text;
    struct wl_buf out;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_init(&out, wl_alloc_default(), 0);
    WL_GO(read_one(&arena, folder, "analyse/idf.txt", &text, error));
    WL_GO(wl_idf_make(wl_alloc_default(), wl_buf_view(&text), &out, error));
    status = wl_file_write(out_path, wl_buf_view(&out), error);
done:
    wl_buf_release(&text);
    wl_buf_release(&out);
    wl_arena_release(&arena);
    return status;
}

int main(int n_words, char **words)
{
    wl_error error;

    if (n_words != 4) {
        fprintf(stderr, "usage: %s FOLDER DICTIONARY IDF\n", words[0]);
        return EXIT_FAILURE;
    }
    if (make_dictionary(words[1], words[2], &error) != WL_OK ||
        make_idf(words[1], words[3], &error) != WL_OK) {
        fprintf(stderr, "%s: %s\n", words[0], error.message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
