/* Goal:   no allocation that fails loses memory or leaves a structure half changed.
 * Method: for n = 0, 1, 2 .. the n-th allocation and all later ones fail, until the job succeeds.
 *         After each failure the status says so, what was there before is still there, and after
 *         release no block is alive. A planted leak shows that the count would see one. */
#include "check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/dict.h"
#include "base/file.h"

#define N_FAULTS_MAX 500 // more than any job here needs; a job that never succeeds is a failure

static wl_status intern_many(struct check_heap *heap)
{
    struct wl_dict dict;
    char text[16];
    uint32_t id = 0;
    wl_status status = WL_OK;

    wl_dict_init(&dict, &heap->alloc);
    for (uint32_t i = 0; i < 300 && status == WL_OK; i++) {
        (void)snprintf(text, sizeof(text), "user-%u", i);
        status = wl_dict_intern(&dict, wl_str_from(text), &id, NULL);
        CHECK_INT(dict.n_strings, status == WL_OK ? i + 1 : i);
    }
    for (uint32_t i = 0; i < dict.n_strings; i++) {
        (void)snprintf(text, sizeof(text), "user-%u", i);
        CHECK_INT(wl_dict_find(&dict, wl_str_from(text)), i);
    }
    wl_dict_release(&dict);
    return status;
}

static wl_status map_many(struct check_heap *heap)
{
    struct wl_map64 map;
    uint64_t n_good = 0;
    wl_status status = WL_OK;

    wl_map64_init(&map, &heap->alloc);
    for (uint64_t key = 0; key < 300 && status == WL_OK; key++) {
        uint64_t *value = wl_map64_at(&map, key, NULL);
        status = value != NULL ? WL_OK : WL_ENOMEM;
        if (value != NULL) {
            *value = key * key;
            n_good++;
        }
    }
    for (uint64_t key = 0; key < 300; key++) {
        const uint64_t *value = wl_map64_get(&map, key);
        CHECK(key < n_good ? value != NULL && *value == key * key : value == NULL);
    }
    wl_map64_release(&map);
    return status;
}

static wl_status fill_arena(struct check_heap *heap)
{
    struct wl_arena arena;
    char *last = NULL;
    wl_status status = WL_OK;

    wl_arena_init(&arena, &heap->alloc, 128);
    for (size_t i = 0; i < 40 && status == WL_OK; i++) {
        char *text = wl_arena_string(&arena, WL_STR("thirty bytes of text, or nearly"));
        status = text != NULL ? WL_OK : WL_ENOMEM;
        last = text != NULL ? text : last;
        CHECK(last == NULL || strcmp(last, "thirty bytes of text, or nearly") == 0);
    }
    wl_arena_release(&arena);
    return status;
}

static wl_status write_document(struct check_heap *heap)
{
    struct wl_buf buf;

    wl_buf_init(&buf, &heap->alloc, 0);
    for (int i = 0; i < 200; i++) {
        wl_buf_text(&buf, "piece ");
        wl_buf_format(&buf, "%d;", i);
    }
    wl_status status = wl_buf_check(&buf, NULL);
    CHECK_INT(buf.n_bytes == 1890, status == WL_OK); // nothing is added after a failure
    wl_buf_release(&buf);
    return status;
}

static wl_status read_lines(struct check_heap *heap)
{
    struct wl_lines *lines = NULL;
    struct wl_str line;
    bool got = true;
    wl_status status = wl_lines_open(WL_SOURCE_DIR "/LICENSE", &heap->alloc, &lines, NULL);

    CHECK_INT(lines != NULL, status == WL_OK);
    while (status == WL_OK && got) {
        status = wl_lines_next(lines, &line, &got, NULL);
    }
    wl_lines_close(lines);
    return status;
}

static wl_status list_folder(struct check_heap *heap)
{
    struct wl_arena arena;
    char **names = NULL;
    size_t n_names = 0;

    wl_arena_init(&arena, &heap->alloc, 64);
    wl_status status = wl_folder_list(WL_SOURCE_DIR "/src/base", &arena, &names, &n_names, NULL);
    CHECK_INT(names != NULL, status == WL_OK);
    wl_arena_release(&arena);
    return status;
}

static char *lost; // given back at the end, so that the sanitizer has nothing to add

static wl_status leak_one(struct check_heap *heap)
{
    lost = wl_alloc_array(&heap->alloc, 1, 8);
    return lost != NULL ? WL_OK : WL_ENOMEM;
}

// Walks all failures of a job; returns the number of blocks that were left alive by any of them.
static size_t walk(wl_status (*job)(struct check_heap *), size_t n_faults_min)
{
    size_t n_left = 0;

    for (size_t n_good = 0; n_good < N_FAULTS_MAX; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = job(&heap);
        n_left += heap.live_blocks;
        if (status == WL_OK) {
            CHECK(n_good >= n_faults_min); // so the failures were really walked
            return n_left;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    CHECK_INT(n_left, SIZE_MAX); // the job never succeeds
    return n_left;
}

int main(void)
{
    CHECK_INT(walk(intern_many, 10), 0);
    CHECK_INT(walk(map_many, 6), 0);
    CHECK_INT(walk(fill_arena, 10), 0);
    CHECK_INT(walk(write_document, 5), 0);
    CHECK_INT(walk(read_lines, 3), 0);
    CHECK_INT(walk(list_folder, 5), 0);
    CHECK_INT(walk(leak_one, 1), 1); // planted fault
    free(lost - CHECK_HEADER_BYTES);
    return check_report();
}
