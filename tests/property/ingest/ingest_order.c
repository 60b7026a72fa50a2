/* Goal:   rows in any order, twice, or over several batches leave the same company; cells survive
 *         writing and reading; and no byte of a file can break the reader.
 * Method: rows made of a seed with retries of messages; every shuffle must give the digest of the
 *         first, in memory and through the store. Random cells are written as CSV and read back.
 *         Planted faults: a row changed by one cent must change the digest. SEED= replays. */
#include "check.h"

#include "base/file.h"
#include "base/rng.h"
#include "company_digest.h"
#include "csv_memory.h"
#include "ingest/ingest.h"
#include "store/store.h"

#include <unistd.h>

#define N_ROWS ((size_t)2000)

static const char yaml[] =
    "- {name: e, user: u, time: t, time_format: epoch_s, received: r, event: n, value: v, "
    "message_id: m, properties: {p: p}}\n";

struct rows {
    char text[N_ROWS][96];
    uint32_t order[N_ROWS];
};

// A third of the rows are retries of a message: same content, received at another time.
static void make_rows(struct rows *rows, struct wl_rng *rng)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        uint64_t id = wl_rng_below(rng, N_ROWS * 2 / 3);
        uint64_t time_s = 1700000000 + id * 977 % 2000000;
        (void)snprintf(rows->text[i], sizeof(rows->text[i]), "u%u,%u,%u,e%u,%u.%02u,m%u,p%u\n",
                       (unsigned)(id % 50), (unsigned)time_s,
                       (unsigned)(time_s + wl_rng_below(rng, 5000)), (unsigned)(id % 7),
                       (unsigned)(id % 900), (unsigned)(id % 100), (unsigned)id,
                       (unsigned)(id % 11));
        rows->order[i] = (uint32_t)i;
    }
}

static void write_rows(const struct rows *rows, const char *path)
{
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_text(&text, "u,t,r,n,v,m,p\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        wl_buf_text(&text, rows->text[rows->order[i]]);
    }
    CHECK_INT(wl_file_write(path, wl_buf_view(&text), NULL), WL_OK);
    wl_buf_release(&text);
}

static wl_status into_store(void *context, struct wl_company *company, wl_error *error)
{
    return wl_store_append(context, company, WL_DEDUPE_WINDOW_US, NULL, error);
}

// The digest of a file, in memory, or in batches through a store.
static uint64_t digest_of(const char *path, struct wl_store *store, size_t batch_records)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_source *sources = NULL;
    struct wl_company *company = NULL;
    struct wl_ingest_options options;
    struct wl_ingest_report report;
    size_t n = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_ingest_options_init(&options);
    options.batch_records = batch_records;
    options.flush = store != NULL ? into_store : NULL;
    options.flush_context = store;
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(yaml), &root, NULL), WL_OK);
    CHECK_INT(wl_sources_read(&arena, root, 0, &sources, &n, NULL), WL_OK);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    CHECK_INT(wl_ingest_file(sources, path, &options, company, &report, NULL), WL_OK);
    CHECK_INT(report.n_accepted + report.n_duplicates, N_ROWS);
    if (store != NULL) {
        CHECK_INT(wl_store_load(store, company, NULL, NULL, NULL), WL_OK);
    }
    uint64_t digest = company_digest(company);
    wl_company_free(company);
    wl_arena_release(&arena);
    return digest;
}

static struct wl_store *new_store(void)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    struct wl_store *store = NULL;
    char path[512];

    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof(path), "%s/ingest_order.db%s", WL_BINARY_DIR, endings[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof(path), "%s/ingest_order.db", WL_BINARY_DIR);
    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, NULL), WL_OK);
    return store;
}

static void test_order_does_not_matter(void)
{
    static struct rows rows;
    const char *path = WL_BINARY_DIR "/ingest_order.csv";
    struct wl_rng rng;

    wl_rng_init(&rng, check_seed(), 0);
    make_rows(&rows, &rng);
    write_rows(&rows, path);
    uint64_t want = digest_of(path, NULL, N_ROWS);
    for (int i = 0; i < 8; i++) {
        wl_rng_shuffle(&rng, rows.order, N_ROWS);
        write_rows(&rows, path);
        CHECK(digest_of(path, NULL, N_ROWS) == want);
        struct wl_store *store = new_store();
        CHECK(digest_of(path, store, 50 + 100 * (size_t)i) == want); // retries across batches
        CHECK(digest_of(path, store, 333) == want);                  // the same file again
        wl_store_close(store);
    }
    rows.text[0][1] ^= 1; // planted fault: another user
    write_rows(&rows, path);
    CHECK(digest_of(path, NULL, N_ROWS) != want);
}

static size_t random_cell(struct wl_rng *rng, char *cell)
{
    static const char *const pieces[] = {"a", "\"", ",", "\n", " ", "中", "é", "\"\"", "x\ny", "'"};
    size_t n = 0;

    cell[0] = '\0';
    for (uint64_t i = wl_rng_below(rng, 6); i > 0; i--) {
        const char *piece = pieces[wl_rng_below(rng, 10)];
        memcpy(cell + n, piece, strlen(piece) + 1);
        n += strlen(piece);
    }
    return n;
}

static void put_quoted(struct wl_buf *text, const char *cell)
{
    wl_buf_char(text, '"');
    for (; *cell != '\0'; cell++) {
        if (*cell == '"') {
            wl_buf_char(text, '"');
        }
        wl_buf_char(text, *cell);
    }
    wl_buf_char(text, '"');
}

static void test_cells_survive(void)
{
    struct wl_rng rng;

    wl_rng_init(&rng, check_seed(), 1);
    for (int round = 0; round < 300; round++) {
        static char cells[20][3][64];
        struct wl_buf text;
        wl_buf_init(&text, wl_alloc_default(), 0);
        for (size_t i = 0; i < 20; i++) {
            for (size_t j = 0; j < 3; j++) {
                bool plain = random_cell(&rng, cells[i][j]) > 0 &&
                             strpbrk(cells[i][j], "\",\n") == NULL && wl_rng_below(&rng, 2) == 0;
                if (plain) {
                    wl_buf_text(&text, cells[i][j]);
                } else {
                    put_quoted(&text, cells[i][j]);
                }
                wl_buf_text(&text, j < 2 ? "," : round % 2 ? "\r\n" : "\n");
            }
        }
        struct memory_lines lines = {.at = text.data, .n_left = text.n_bytes};
        struct wl_line_source source = {.next = memory_next, .context = &lines};
        struct wl_csv *csv = NULL;
        struct wl_csv_row row;
        bool got = false;
        CHECK_INT(wl_csv_open(source, ',', wl_alloc_default(), &csv, NULL), WL_OK);
        for (size_t i = 0; i < 20; i++) {
            CHECK_INT(wl_csv_next(csv, &row, &got, NULL), WL_OK);
            CHECK(got);
            CHECK_INT(row.n_cells, 3);
            for (size_t j = 0; j < row.n_cells; j++) {
                CHECK(wl_str_is(row.cells[j], cells[i][j]));
            }
        }
        CHECK_INT(wl_csv_next(csv, &row, &got, NULL), WL_OK);
        CHECK(!got);
        wl_csv_close(csv);
        wl_buf_release(&text);
    }
}

int main(void)
{
    RUN(test_order_does_not_matter);
    RUN(test_cells_survive);
    return check_report();
}
