/* Runs a fuzz target without a fuzzer: every seed as it is, cut short, and with single bytes
 * changed. So the seeds stay alive in every build and compiler; the search is libFuzzer's work.
 *
 * usage: fuzz_<name> FILE_OR_FOLDER...   exit 0 when every input was survived. */
#include "base/arena.h"
#include "base/file.h"
#include "base/rng.h"

#include <stdio.h>
#include <string.h>

#define CUTS_MAX    128 // places where one seed is cut: enough to stop inside every token
#define CHANGES_MAX 256 // single-byte changes of one seed; keeps a target well under a second

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static size_t n_inputs;

// A block of exactly the right size, so that the sanitizer sees a read of one byte too many.
static void run_one(const char *data, size_t n_bytes)
{
    char *copy = wl_alloc_array(wl_alloc_default(), n_bytes > 0 ? n_bytes : 1, 1);

    WL_ASSERT(copy != NULL);
    memcpy(copy, data, n_bytes);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)copy, n_bytes);
    wl_alloc_free(wl_alloc_default(), copy);
    n_inputs++;
}

static void run_seed(char *data, size_t n_bytes)
{
    static const char spice[] = "\"\\{}[]:,-+.0e9\n\t #&*!'\x01\x7F\x80\xC3\xFF";
    size_t step = n_bytes / CUTS_MAX + 1;
    struct wl_rng rng;

    run_one(data, n_bytes);
    for (size_t n = 0; n < n_bytes; n += step) {
        run_one(data, n);
    }
    wl_rng_init(&rng, n_bytes, 0);
    for (size_t i = 0; i < CHANGES_MAX && n_bytes > 0; i++) {
        size_t at = (size_t)wl_rng_below(&rng, n_bytes);
        char before = data[at];
        data[at] = spice[wl_rng_below(&rng, sizeof(spice))];
        run_one(data, n_bytes);
        data[at] = before;
    }
}

static wl_status run_path(struct wl_arena *arena, const char *path, wl_error *error)
{
    char **names = NULL;
    size_t n_names = 0;
    struct wl_buf seed;

    if (wl_folder_list(path, arena, &names, &n_names, NULL) == WL_OK) {
        for (size_t i = 0; i < n_names; i++) {
            WL_TRY(run_path(arena, wl_path_join(arena, path, names[i]), error));
        }
        return WL_OK;
    }
    wl_buf_init(&seed, wl_alloc_default(), 0);
    wl_status status = wl_file_read(path, &seed, error);
    if (status == WL_OK) {
        wl_buf_add(&seed, "", 0);
        run_seed(seed.data, seed.n_bytes);
    }
    wl_buf_release(&seed);
    return status;
}

int main(int argc, char **argv)
{
    struct wl_arena arena;
    wl_error error = {0};
    wl_status status = WL_OK;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    for (int i = 1; i < argc && status == WL_OK; i++) {
        status = run_path(&arena, argv[i], &error);
    }
    wl_arena_release(&arena);
    if (status != WL_OK || n_inputs == 0) {
        (void)fprintf(stderr, "fuzz: %s\n", status != WL_OK ? error.message : "no seeds");
        return 1;
    }
    (void)fprintf(stderr, "fuzz: %zu inputs survived\n", n_inputs);
    return 0;
}
