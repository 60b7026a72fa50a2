/* CSV: rows keep their order, cells hold what was written: good rows are written back, quoted, and
 * read again as the same cells. The first byte picks the delimiter. */
#include "fuzz.h"

#include "../tests/csv_memory.h"
#include "base/buf.h"
#include "base/limits.h"

// Without carriage returns: before a line end they belong to it, so they do not survive.
static void put_cell(struct wl_buf *text, struct wl_str cell)
{
    wl_buf_char(text, '"');
    for (size_t i = 0; i < cell.n_bytes; i++) {
        if (cell.data[i] == '"') {
            wl_buf_char(text, '"');
        }
        if (cell.data[i] != '\r') {
            wl_buf_char(text, cell.data[i]);
        }
    }
    wl_buf_char(text, '"');
}

static void put_row(struct wl_buf *text, const struct wl_csv_row *row)
{
    for (size_t i = 0; i < row->n_cells; i++) {
        if (i > 0) {
            wl_buf_char(text, ',');
        }
        put_cell(text, row->cells[i]);
    }
    wl_buf_char(text, '\n');
}

// Reads all rows; good ones are written to copy with quotes around every cell.
static size_t read_all(struct wl_str text, char delimiter, struct wl_buf *copy)
{
    struct memory_lines lines = {.at = text.data, .n_left = text.n_bytes};
    struct wl_line_source source = {.next = memory_next, .context = &lines};
    struct wl_csv *csv = NULL;
    struct wl_csv_row row;
    bool got = true;
    size_t i_line = 0;
    size_t n_good = 0;

    WL_ASSERT(wl_csv_open(source, delimiter, wl_alloc_default(), &csv, NULL) == WL_OK);
    for (;;) {
        WL_ASSERT(wl_csv_next(csv, &row, &got, NULL) == WL_OK);
        if (!got) {
            break;
        }
        WL_ASSERT(row.i_line > i_line && row.n_cells <= WL_COLUMNS_MAX);
        WL_ASSERT((row.n_cells > 0) == (row.problem == WL_CSV_GOOD));
        i_line = row.i_line;
        if (row.n_cells > 0) {
            put_row(copy, &row);
            n_good++;
        }
    }
    wl_csv_close(csv);
    return n_good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    static const char delimiters[] = {',', ';', '\t', ' '};
    struct wl_buf once;
    struct wl_buf twice;

    if (n_bytes == 0) {
        return 0;
    }
    struct wl_str text = {.data = (const char *)data + 1, .n_bytes = n_bytes - 1};
    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    size_t n_good = read_all(text, delimiters[data[0] % 4], &once);
    WL_ASSERT(read_all(wl_buf_view(&once), ',', &twice) == n_good);
    WL_ASSERT(wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice)));
    wl_buf_release(&once);
    wl_buf_release(&twice);
    return 0;
}
