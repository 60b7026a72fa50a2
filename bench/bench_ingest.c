/* How fast files come in: 2 million generated rows, about 120 MB, read from the page cache. Two
 * lines: cutting rows and cells alone, and the whole of ingest with times, values, dictionaries and
 * duplicates. The peer is pandas.read_csv (its C parser), without and with times read. */
#define _GNU_SOURCE
#include "bench.h"

#include "base/file.h"
#include "base/rng.h"
#include "ingest/csv.h"
#include "ingest/ingest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_ROWS 2000000
#define N_RUNS 3

static const char yaml[] = "- {name: b, user: user, time: time, event: event, value: amount, "
                           "message_id: id, properties: {item: item}}\n";

static void write_rows(const char *path)
{
    static const char *const events[] = {"Order Completed", "Page Viewed", "Order Refunded"};
    struct wl_rng rng;
    FILE *file = fopen(path, "w");

    WL_ASSERT(file != NULL);
    wl_rng_init(&rng, 42, 0);
    (void)fprintf(file, "id,user,time,event,amount,item\n");
    for (int i = 0; i < N_ROWS; i++) {
        unsigned second = (unsigned)wl_rng_below(&rng, 86400);
        (void)fprintf(file, "m%d,u%05u,2024-%02u-%02uT%02u:%02u:%02uZ,%s,%u.%02u,sku-%u\n", i,
                      (unsigned)wl_rng_below(&rng, 50000), 1 + (unsigned)wl_rng_below(&rng, 12),
                      1 + (unsigned)wl_rng_below(&rng, 28), second / 3600, second / 60 % 60,
                      second % 60, events[wl_rng_below(&rng, 3)], (unsigned)wl_rng_below(&rng, 500),
                      (unsigned)wl_rng_below(&rng, 100), (unsigned)wl_rng_below(&rng, 2000));
    }
    WL_ASSERT(fclose(file) == 0);
}

static wl_status next_line(void *context, struct wl_str *line, bool *got, wl_error *error)
{
    struct wl_lines *lines = context;
    return wl_lines_next(lines, line, got, error);
}

static double time_csv(const char *path)
{
    struct wl_lines *lines = NULL;
    struct wl_csv *csv = NULL;
    struct wl_csv_row row;
    bool got = true;
    size_t n_rows = 0;
    double start_s = bench_seconds();

    WL_ASSERT(wl_lines_open(path, wl_alloc_default(), &lines, NULL) == WL_OK);
    struct wl_line_source source = {.next = next_line, .context = lines};
    WL_ASSERT(wl_csv_open(source, ',', wl_alloc_default(), &csv, NULL) == WL_OK);
    for (;;) {
        WL_ASSERT(wl_csv_next(csv, &row, &got, NULL) == WL_OK);
        if (!got) {
            break;
        }
        n_rows += row.n_cells == 6;
    }
    WL_ASSERT(n_rows == N_ROWS + 1);
    wl_csv_close(csv);
    wl_lines_close(lines);
    return bench_seconds() - start_s;
}

static wl_status drop_batch(void *context, struct wl_company *company, wl_error *error)
{
    (void)context;
    (void)company;
    (void)error;
    return WL_OK;
}

static double time_ingest(const char *path)
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
    options.flush = drop_batch;
    WL_ASSERT(wl_yaml_parse(&arena, wl_str_from(yaml), &root, NULL) == WL_OK);
    WL_ASSERT(wl_sources_read(&arena, root, 0, &sources, &n, NULL) == WL_OK);
    WL_ASSERT(wl_company_new(wl_alloc_default(), &company, NULL) == WL_OK);
    double start_s = bench_seconds();
    WL_ASSERT(wl_ingest_file(sources, path, &options, company, &report, NULL) == WL_OK);
    double taken_s = bench_seconds() - start_s;
    WL_ASSERT(report.n_accepted == N_ROWS);
    wl_company_free(company);
    wl_arena_release(&arena);
    return taken_s;
}

// Seconds pandas takes, or < 0 without it.
static double time_pandas(const char *path, const char *times, char *version, size_t n_bytes)
{
    char command[1024];
    double taken_s = -1.0;

    (void)snprintf(command, sizeof(command),
                   "/usr/bin/python3 -c \"import pandas, time\ns = time.perf_counter()\n"
                   "pandas.read_csv('%s'%s)\n"
                   "print(time.perf_counter() - s, pandas.__version__)\" 2>/dev/null",
                   path, times);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return -1.0;
    }
    char line[128] = "";
    char *rest = NULL;
    if (fgets(line, sizeof(line), pipe) != NULL) {
        taken_s = strtod(line, &rest);
        (void)snprintf(version, n_bytes, "pandas%.*s", (int)strcspn(rest, "\n"), rest);
    }
    (void)pclose(pipe);
    return taken_s > 0.0 ? taken_s : -1.0;
}

static void print_line(const char *bench, double ours_s, double peer_s, const char *peer,
                       double megabytes)
{
    double ours = N_ROWS / ours_s;

    (void)printf("{\"bench\":\"%s\",\"unit\":\"rows/s\",\"ours\":%.0f,", bench, ours);
    if (peer_s > 0.0) {
        double theirs = N_ROWS / peer_s;
        (void)printf("\"peer\":\"%s\",\"peer_value\":%.0f,\"ratio\":%.3f,", peer, theirs,
                     ours / theirs);
    } else {
        (void)printf("\"peer\":null,\"peer_value\":null,\"ratio\":null,");
    }
    (void)printf("\"threads\":1,\"rows\":%d,\"mb_per_s\":%.0f}\n", N_ROWS, megabytes / ours_s);
}

int main(void)
{
    char path[] = "/tmp/wanliu_bench_XXXXXX";
    char peer[64] = "";
    struct stat info;
    int fd = mkstemp(path);

    WL_ASSERT(fd >= 0);
    (void)close(fd);
    write_rows(path);
    WL_ASSERT(stat(path, &info) == 0);
    double megabytes = 1e-6 * (double)info.st_size;
    (void)time_csv(path); // warm the page cache
    double ours_s[2][N_RUNS];
    double peer_s[2][N_RUNS];
    for (size_t i = 0; i < N_RUNS; i++) { // in turns, so that a busy machine is busy for both
        ours_s[0][i] = time_csv(path);
        peer_s[0][i] = time_pandas(path, ", dtype=str", peer, sizeof(peer));
        ours_s[1][i] = time_ingest(path);
        peer_s[1][i] = time_pandas(path, ", parse_dates=['time']", peer, sizeof(peer));
    }
    print_line("csv_cells", bench_median(ours_s[0], N_RUNS), bench_median(peer_s[0], N_RUNS), peer,
               megabytes);
    print_line("ingest_csv", bench_median(ours_s[1], N_RUNS), bench_median(peer_s[1], N_RUNS), peer,
               megabytes);
    (void)unlink(path);
    return 0;
}
