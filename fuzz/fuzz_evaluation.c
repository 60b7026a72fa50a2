/* Evaluations of a manifest: what is accepted is written, and that text gives the same bytes. */
#include "fuzz.h"

#include "learn/evaluate.h"

static wl_status copy_evaluation(struct wl_str text, struct wl_buf *copy, wl_error *error)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_evaluation evaluation;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_status status = wl_json_parse(&arena, text, &root, error);
    if (status == WL_OK) {
        status = wl_evaluation_read(&arena, root, &evaluation, error);
    }
    if (status == WL_OK) {
        wl_evaluation_json(&evaluation, copy);
        struct wl_buf page;
        wl_buf_init(&page, wl_alloc_default(), 0);
        wl_evaluation_text(&evaluation, "zh", &page);
        wl_evaluation_lines(&evaluation, &page);
        wl_buf_release(&page);
    }
    wl_arena_release(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_buf once;
    struct wl_buf twice;
    wl_error error = {0};

    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    wl_status status = copy_evaluation(text, &once, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        WL_ASSERT(copy_evaluation(wl_buf_view(&once), &twice, &error) == WL_OK);
        WL_ASSERT(wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice)));
    }
    wl_buf_release(&once);
    wl_buf_release(&twice);
    return 0;
}
