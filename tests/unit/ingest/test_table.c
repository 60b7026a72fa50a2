/* Goal:   the wanted columns of CSV and NDJSON come out in the order asked, bad rows as rejects
 *         with their line, and a column that is not there is named with the nearest one.
 * Method: a table of files and what they read as: cells in [], lists marked *, "line/" behind each
 *         row, rejects as !key; then refusals. */
#include "check.h"

#include "base/file.h"
#include "ingest/table.h"

static const char *const text_label[] = {"text", "label"};

static const struct {
    const char *text;
    const char *want;
} cases[] = {
    {"label,text\na,hello\nb,\"x, y\"\n", "[hello][a]2/[x, y][b]3/"},
    {"text,label,more\n你好,问候,1\nlone\n", "[你好][问候]2/!column_count3/"},
    {"text,label\n\"open,a\nb,c\n", "!quote_unclosed2/[b][c]3/"},
    {"{\"text\":\"hi\",\"label\":\"a\"}\n\n{\"label\":3,\"text\":null}\n", "[hi][a]1/[][3]3/"},
    {"{\"label\":[\"b\",\"a\"],\"text\":\"t\"}\nnot json\n[1]\n",
     "[t]*[b;a]1/!not_json2/!not_object3/"},
    {"text,label\n", ""},
};

static const char *write_file(const char *text)
{
    static char path[] = "test_table.tmp";
    CHECK_INT(wl_file_write(path, wl_str_from(text), NULL), WL_OK);
    return path;
}

static void read_all(const char *text, struct wl_buf *got_text)
{
    struct wl_table_options options = {.delimiter = ',', .columns = text_label, .n_columns = 2};
    struct wl_table *table = NULL;
    struct wl_table_row row;
    bool got = true;

    CHECK_INT(wl_table_open(write_file(text), &options, wl_alloc_default(), &table, NULL), WL_OK);
    while (table != NULL && wl_table_next(table, &row, &got, NULL) == WL_OK && got) {
        if (row.reject != WL_REJECT_NONE) {
            wl_buf_format(got_text, "!%s", wl_reject_key(row.reject));
        }
        for (size_t i = 0; row.cells != NULL && i < 2; i++) {
            wl_buf_format(got_text, "%s[%.*s]", row.cells[i].is_list ? "*" : "",
                          WL_STR_ARG(row.cells[i].text));
        }
        wl_buf_format(got_text, "%zu/", row.i_line);
    }
    wl_table_close(table);
}

static void test_cases(void)
{
    struct wl_buf got;

    wl_buf_init(&got, wl_alloc_default(), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wl_buf_clear(&got);
        wl_buf_text(&got, "");
        read_all(cases[i].text, &got);
        CHECK_STR(got.data != NULL ? got.data : "", cases[i].want);
    }
    wl_buf_release(&got);
}

static void test_missing_columns(void)
{
    static const struct {
        const char *text;
        wl_status want;
        const char *message;
    } refusals[] = {
        {"text,lable\na,b\n", WL_ESCHEMA,
         "test_table.tmp: no column \"label\" (did you mean \"lable\"?)"},
        {"text,label,label\na,b,c\n", WL_ESCHEMA,
         "test_table.tmp: column \"label\" is there 2 times"},
        {"{\"text\":\"a\",\"labels\":\"b\"}\n", WL_ESCHEMA,
         "test_table.tmp: no column \"label\" (did you mean \"labels\"?)"},
        {"", WL_EPARSE, "test_table.tmp: file is empty"},
    };
    struct wl_table_options options = {.delimiter = ',', .columns = text_label, .n_columns = 2};

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        wl_error error = {0};
        struct wl_table *table = NULL;
        struct wl_table_row row;
        bool got = true;
        wl_status status = wl_table_open(write_file(refusals[i].text), &options, wl_alloc_default(),
                                         &table, &error);
        while (status == WL_OK && got) {
            status = wl_table_next(table, &row, &got, &error);
        }
        wl_table_close(table);
        CHECK_INT(status, refusals[i].want);
        CHECK_STR(error.message, refusals[i].message);
    }
}

static void test_every_failed_allocation(void)
{
    struct wl_table_options options = {.delimiter = ',', .columns = text_label, .n_columns = 2};
    const char *path = write_file(cases[4].text);

    for (size_t n_good = 0; n_good < 1000; n_good++) {
        struct check_heap heap;
        struct wl_table *table = NULL;
        struct wl_table_row row;
        bool got = true;

        check_heap_init(&heap, n_good);
        wl_status status = wl_table_open(path, &options, &heap.alloc, &table, NULL);
        while (status == WL_OK && got) {
            status = wl_table_next(table, &row, &got, NULL);
        }
        wl_table_close(table);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 3);
            return;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    CHECK(false);
}

int main(void)
{
    RUN(test_cases);
    RUN(test_missing_columns);
    RUN(test_every_failed_allocation);
    (void)remove("test_table.tmp");
    return check_report();
}
