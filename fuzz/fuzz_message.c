/* Message lines: what is accepted is written back, and that line gives the same bytes again. */
#include "fuzz.h"

#include "compose/message.h"

static wl_status copy_line(struct wl_str line, struct wl_buf *copy, wl_error *error)
{
    struct wl_arena arena;
    struct wl_message message;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_status status = wl_message_read(&arena, line, &message, error);
    if (status == WL_OK) {
        wl_message_write(&message, copy);
    }
    wl_arena_release(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str line = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_buf once;
    struct wl_buf twice;
    wl_error error = {0};

    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    wl_status status = copy_line(line, &once, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        WL_ASSERT(copy_line(wl_buf_view(&once), &twice, &error) == WL_OK);
        WL_ASSERT(wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice)));
    }
    wl_buf_release(&once);
    wl_buf_release(&twice);
    return 0;
}
