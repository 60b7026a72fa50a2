/* Named columns of a file, as CSV or as JSON lines: a row has all the cells that were asked for or
 * is a reject, lines rise, and reading once more says the same. Rows of CSV are written back,
 * quoted, and read again as the same cells. The first byte picks format, delimiter and header. */
#define _GNU_SOURCE // memfd_create
#include "fuzz.h"

#include "base/buf.h"
#include "ingest/table.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define N_COLUMNS 3

static const char *const columns[N_COLUMNS] = {"text", "id", "deep.label"};
static const char *const header[] = {"id", "deep.label", "more", "text"};

// Without carriage returns: before a line end they belong to it, so they do not survive.
static void put_cell(struct wl_buf *copy, struct wl_str cell)
{
    struct wl_buf plain;

    wl_buf_init(&plain, wl_alloc_default(), 0);
    for (size_t i = 0; i < cell.n_bytes; i++) {
        if (cell.data[i] != '\r') {
            wl_buf_char(&plain, cell.data[i]);
        }
    }
    struct wl_str text = wl_str_trim(wl_buf_view(&plain));
    wl_buf_char(copy, '"');
    for (size_t i = 0; i < text.n_bytes; i++) {
        wl_buf_text(copy, text.data[i] == '"' ? "\"" : "");
        wl_buf_char(copy, text.data[i]);
    }
    wl_buf_char(copy, '"');
    wl_buf_release(&plain);
}

static void check_row(const struct wl_table *table, const struct wl_table_row *row, size_t i_line)
{
    double share = wl_table_share(table);

    WL_ASSERT(row->i_line > i_line);
    WL_ASSERT((row->cells != NULL) == (row->reject == WL_REJECT_NONE));
    WL_ASSERT(share <= 1.0 && (share >= 0.0 || share == -1.0));
    for (size_t i = 0; row->cells != NULL && i < N_COLUMNS; i++) {
        struct wl_str text = row->cells[i].text;
        WL_ASSERT(row->cells[i].is_list || wl_str_equal(wl_str_trim(text), text));
    }
}

// Reads everything there is; good rows are written to copy with quotes around every cell.
static wl_status read_all(const char *path, const struct wl_table_options *options,
                          struct wl_buf *copy)
{
    struct wl_table *table = NULL;
    struct wl_table_row row = {0};
    wl_error error = {0};
    size_t i_line = 0;
    bool got = false;
    wl_status status = wl_table_open(path, options, wl_alloc_default(), &table, &error);

    WL_ASSERT((table != NULL) == (status == WL_OK));
    wl_buf_text(copy, "text,id,deep.label\n");
    while (status == WL_OK) {
        status = wl_table_next(table, &row, &got, &error);
        if (status != WL_OK || !got) {
            break;
        }
        check_row(table, &row, i_line);
        i_line = row.i_line;
        for (size_t i = 0; row.cells != NULL && i < N_COLUMNS; i++) {
            put_cell(copy, row.cells[i].text);
            wl_buf_char(copy, i + 1 < N_COLUMNS ? ',' : '\n');
        }
    }
    fuzz_check_status(status, &error);
    wl_table_close(table);
    return status;
}

static int open_bytes(const char *bytes, size_t n_bytes, char path[64])
{
    int fd = memfd_create("fuzz", 0); // a file without a disk

    WL_ASSERT(fd >= 0 && write(fd, bytes, n_bytes) == (ssize_t)n_bytes);
    (void)snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

// What was written must be read as what it was written from.
static void check_copy(const struct wl_buf *copy)
{
    struct wl_table_options options = {
        .format = WL_TABLE_CSV, .delimiter = ',', .columns = columns, .n_columns = N_COLUMNS};
    struct wl_buf twice;
    char path[64];
    int fd = open_bytes(copy->data, copy->n_bytes, path);

    wl_buf_init(&twice, wl_alloc_default(), 0);
    WL_ASSERT(read_all(path, &options, &twice) == WL_OK);
    WL_ASSERT(wl_str_equal(wl_buf_view(copy), wl_buf_view(&twice)));
    wl_buf_release(&twice);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    static const char delimiters[] = {',', ';', '\t', ' '};
    struct wl_buf once;
    struct wl_buf again;
    char path[64];

    if (n_bytes == 0) {
        return 0;
    }
    bool has_header = (data[0] & 16U) == 0;
    struct wl_table_options options = {.format = (enum wl_table_format)(data[0] % 4 % 3),
                                       .delimiter = delimiters[data[0] / 4 % 4],
                                       .columns = columns,
                                       .n_columns = N_COLUMNS,
                                       .header = has_header ? NULL : header,
                                       .n_header = has_header ? 0 : 4};
    int fd = open_bytes((const char *)data + 1, n_bytes - 1, path);
    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&again, wl_alloc_default(), 0);
    wl_status status = read_all(path, &options, &once);
    WL_ASSERT(read_all(path, &options, &again) == status);
    WL_ASSERT(wl_str_equal(wl_buf_view(&once), wl_buf_view(&again)));
    if (status == WL_OK && options.format == WL_TABLE_CSV) {
        check_copy(&once);
    }
    wl_buf_release(&once);
    wl_buf_release(&again);
    (void)close(fd);
    return 0;
}
