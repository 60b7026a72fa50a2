/* Goal:   rows of RFC 4180 come out as they were meant, and a damaged row costs one line.
 * Method: a table of texts and what they read as: cells in [], rows ended by /, problems by their
 *         number. Then every failed allocation. */
#include "check.h"

#include "base/buf.h"
#include "base/limits.h"
#include "csv_memory.h"

static const struct {
    char delimiter;
    const char *text;
    const char *want; // [cell][cell]line/
} cases[] = {
    {',', "a,b\nc,d\n", "[a][b]1/[c][d]2/"},
    {',', "a,b", "[a][b]1/"},
    {',', "a,b\r\nc,d\r\n", "[a][b]1/[c][d]2/"},
    {',', ",,\n", "[][][]1/"},
    {',', "\n\na\n\n", "[a]3/"},
    {',', "\"a,b\",c\n", "[a,b][c]1/"},
    {',', "\"a\"\"b\",\"\"\n", "[a\"b][]1/"},
    {',', "\"\"\"\"\n", "[\"]1/"},
    {',', "\"a\nb\",c\nd,e\n", "[a\nb][c]1/[d][e]3/"},
    {',', "\"a\r\nb\",c\r\nd,e\r\n", "[a\nb][c]1/[d][e]3/"},
    {',', "\"a\n\n\nb\"\n", "[a\n\n\nb]1/"},
    {',', "a\"b,c\"\n", "[a\"b][c\"]1/"}, // a quote inside a plain cell is a letter
    {',', "x, \"y\"\n", "[x][ \"y\"]1/"},
    {',', "\"a\"b,c\nd,e\n", "!21/[d][e]2/"},
    {',', "\"a,b\nc,d\ne,f\n", "!11/[c][d]2/[e][f]3/"}, // one line is lost, not the file
    {',', "\"a\nb\"x\nc,d\n", "!21/[b\"x]2/[c][d]3/"},
    {',', "\"a\n\"b\n\"c\nd\n", "!21/!22/!13/[d]4/"},
    {';', "a;b,c\n", "[a][b,c]1/"},
    {'\t', "a\tb c\t\n", "[a][b c][]1/"},
    {' ', "  a  b\tc \nd\n", "[a][b][c]1/[d]2/"},
    {' ', "   \n \"a b\n", "[\"a][b]2/"},
    {',', "caf\xC3\xA9,x\n", "[caf\xC3\xA9][x]1/"},
    {',', "caf\xE9,x\ny,z\n", "!41/[y][z]2/"},
    {',', "\"a\nb\xE9\"\nc\n", "!41/!42/[c]3/"},
    {',', "\xE4\xB8\xAD\xE6\x96\x87,\"\xE4\xB8\xAD\"\n",
     "[\xE4\xB8\xAD\xE6\x96\x87][\xE4\xB8\xAD]1/"},
};

// All rows of a text in the notation of the table.
static wl_status read_all(struct wl_str text, char delimiter, const wl_alloc *alloc,
                          struct wl_buf *got_text)
{
    struct memory_lines lines = {.at = text.data, .n_left = text.n_bytes};
    struct wl_line_source source = {.next = memory_next, .context = &lines};
    struct wl_csv *csv = NULL;
    struct wl_csv_row row;
    bool got = true;
    wl_status status;

    WL_GO(wl_csv_open(source, delimiter, alloc, &csv, NULL));
    for (;;) {
        WL_GO(wl_csv_next(csv, &row, &got, NULL));
        if (!got) {
            break;
        }
        for (size_t i = 0; i < row.n_cells; i++) {
            wl_buf_format(got_text, "[%.*s]", WL_STR_ARG(row.cells[i]));
        }
        if (row.problem != WL_CSV_GOOD) {
            wl_buf_format(got_text, "!%d", (int)row.problem);
        }
        wl_buf_format(got_text, "%zu/", row.i_line);
    }
done:
    wl_csv_close(csv);
    return status;
}

static void check_text(struct wl_str text, char delimiter, const char *want)
{
    struct wl_buf got;

    wl_buf_init(&got, wl_alloc_default(), 0);
    wl_buf_text(&got, "");
    CHECK_INT(read_all(text, delimiter, wl_alloc_default(), &got), WL_OK);
    CHECK_STR(got.data, want);
    wl_buf_release(&got);
}

static void test_cases(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_text(wl_str_from(cases[i].text), cases[i].delimiter, cases[i].want);
    }
    check_text(WL_STR("a\0b,c\nd\n"), ',', "!31/[d]2/");
    check_text(WL_STR("\"a\nb\0\"\nd\n"), ',', "!31/!32/[d]3/");
}

// A quote that is never closed in a long file: each line after it is still read once.
static void test_an_open_quote_costs_one_row(void)
{
    struct wl_buf text;
    struct wl_buf got;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_init(&got, wl_alloc_default(), 0);
    wl_buf_text(&text, "\"open\n");
    for (size_t i = 2; i <= 5000; i++) {
        wl_buf_text(&text, "x\n");
    }
    CHECK_INT(read_all(wl_buf_view(&text), ',', wl_alloc_default(), &got), WL_OK);
    CHECK(got.n_bytes > 0 && memcmp(got.data, "!11/[x]2/[x]3/", 14) == 0);
    CHECK(strstr(got.data, "[x]5000/") != NULL);
    wl_buf_release(&text);
    wl_buf_release(&got);
}

static void test_too_many_columns(void)
{
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    for (size_t i = 0; i < WL_COLUMNS_MAX; i++) {
        wl_buf_char(&text, ',');
    }
    wl_buf_text(&text, "\n\"a\"");
    check_text(wl_buf_view(&text), ',', "!51/[a]2/");
    wl_buf_clear(&text);
    wl_buf_text(&text, "\"\"");
    for (size_t i = 0; i < WL_COLUMNS_MAX; i++) {
        wl_buf_char(&text, ',');
    }
    check_text(wl_buf_view(&text), ',', "!51/");
    wl_buf_release(&text);
}

static void test_survives_every_failed_allocation(void)
{
    static const char text[] = "a,b,c,d,e,f,g,h,i,j\n\"open\nx,\"y\"\"\"\n\"two\nlines\",z\n";

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_buf got;

        check_heap_init(&heap, n_good);
        wl_buf_init(&got, wl_alloc_default(), 0);
        wl_status status = read_all(wl_str_from(text), ',', &heap.alloc, &got);
        CHECK_INT(heap.live_blocks, 0);
        wl_buf_release(&got);
        if (status == WL_OK) {
            CHECK(n_good >= 5); // reader, cells twice, text, replay
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_cases);
    RUN(test_an_open_quote_costs_one_row);
    RUN(test_too_many_columns);
    RUN(test_survives_every_failed_allocation);
    return check_report();
}
