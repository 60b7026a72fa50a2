/* Goal:   nothing but the simulator knows of the truth file.
 * Method: search every source file outside src/simulate for its name; src/simulate itself, which
 *         writes it, must be found by the same search: the planted fault. */
#include "check.h"

#include "base/arena.h"
#include "base/file.h"

#include <sys/stat.h>

static size_t n_files;

// Files under folder whose text contains the name, folders of that name in skip left out.
static size_t count_mentions(struct wl_arena *arena, const char *folder, const char *skip)
{
    char **names = NULL;
    size_t n_names = 0;
    size_t n_found = 0;

    CHECK_INT(wl_folder_list(folder, arena, &names, &n_names, NULL), WL_OK);
    for (size_t i = 0; i < n_names; i++) {
        const char *path = wl_path_join(arena, folder, names[i]);
        struct stat info;
        struct wl_buf text;
        if (strcmp(names[i], skip) == 0 || stat(path, &info) != 0) {
            continue;
        }
        if (S_ISDIR(info.st_mode)) {
            n_found += count_mentions(arena, path, skip);
            continue;
        }
        wl_buf_init(&text, wl_alloc_default(), 0);
        CHECK_INT(wl_file_read(path, &text, NULL), WL_OK);
        if (text.data != NULL && strstr(text.data, "truth.ndjson") != NULL) {
            n_found++;
            fprintf(stderr, "mentions the truth: %s\n", path);
        }
        n_files++;
        wl_buf_release(&text);
    }
    return n_found;
}

static void test_only_the_simulator_knows(void)
{
    struct wl_arena arena;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(count_mentions(&arena, WL_SOURCE_DIR "/src", "simulate"), 0);
    CHECK(n_files > 40);
    CHECK(count_mentions(&arena, WL_SOURCE_DIR "/src/simulate", "") > 0);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_only_the_simulator_knows);
    return check_report();
}
