/* Row lines: what is accepted is written back, and that line gives the same bytes again. */
#include "fuzz.h"

#include "data/rows.h"

static const struct wl_feature_column columns[] = {{"orders_30d", WL_FEATURE_NUMBER},
                                                   {"contract", WL_FEATURE_CATEGORY},
                                                   {"paid", WL_FEATURE_BOOL}};
static const struct wl_schema schema = {columns, 3,
                                        "00112233445566778899aabbccddeeff"
                                        "00112233445566778899aabbccddeeff"};

static wl_status copy_line(struct wl_str line, struct wl_buf *copy, wl_error *error)
{
    struct wl_arena arena;
    struct wl_rows rows;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_rows_init(&rows, wl_alloc_default(), &schema);
    wl_status status = wl_row_read(&rows, line, &arena, error);
    WL_ASSERT(rows.n_rows == (status == WL_OK ? 1 : 0));
    if (status == WL_OK) {
        wl_row_write(&rows, 0, copy);
    }
    wl_rows_release(&rows);
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
