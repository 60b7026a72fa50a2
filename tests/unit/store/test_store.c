/* Goal:   what is appended comes back, whole, once, and in any grouping; other files are refused.
 * Method: companies made of a seed, compared by a digest that does not look at order; a planted
 *         fault shows that the digest sees one changed record. */
#include "check.h"

#include "base/file.h"
#include "company_digest.h"
#include "company_sample.h"
#include "store/store.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *fresh_path(const char *name)
{
    static char path[512];
    char side[560];

    (void)snprintf(path, sizeof(path), "%s/%s", WL_BINARY_DIR, name);
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(side, sizeof(side), "%s%s", path, endings[i]);
        (void)unlink(side);
    }
    return path;
}

static struct wl_store *open_store(const char *path)
{
    struct wl_store *store = NULL;
    wl_error error = {0};

    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, &error), WL_OK);
    CHECK_STR(error.message, "");
    return store;
}

static uint64_t stored_digest(struct wl_store *store, const struct wl_bounds *bounds)
{
    struct wl_company *company = NULL;
    wl_error error = {0};

    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    CHECK_INT(wl_store_load(store, company, bounds, NULL, &error), WL_OK);
    CHECK_STR(error.message, "");
    uint64_t digest = company_digest(company);
    wl_company_free(company);
    return digest;
}

static struct wl_append_report append(struct wl_store *store, const struct wl_company *company)
{
    struct wl_append_report report = {.n_events = 0};
    wl_error error = {0};

    CHECK_INT(wl_store_append(store, company, WL_DEDUPE_WINDOW_US, &report, &error), WL_OK);
    CHECK_STR(error.message, "");
    return report;
}

static void test_append_and_load(void)
{
    struct wl_company *first = sample_company(1, 1000, 0);
    struct wl_company *second = sample_company(2, 500, 5000);
    const char *path = fresh_path("test_store_append.db");
    struct wl_store *store = open_store(path);
    struct wl_store_info info;

    CHECK_INT(wl_store_info(store, &info, NULL), WL_OK);
    CHECK_INT(info.n_segments, 0);
    CHECK_INT(info.first_us, WL_TIME_NONE);
    CHECK_INT(append(store, first).n_events, 1000);
    CHECK_INT(append(store, second).n_texts, 100);
    uint64_t want = company_digest(first) + company_digest(second);
    CHECK(stored_digest(store, NULL) == want);
    wl_store_close(store);
    store = open_store(path); // and after opening it again
    CHECK(stored_digest(store, NULL) == want);
    first->events.value_e4[7] += 1;
    CHECK(company_digest(first) + company_digest(second) != want); // planted fault is seen
    CHECK_INT(wl_store_info(store, &info, NULL), WL_OK);
    CHECK_INT(info.n_events, 1500);
    CHECK_INT(info.n_attributes, 300);
    CHECK_INT(info.n_segments, 6);
    CHECK_INT(info.schema_version, 1);
    CHECK_INT(wl_store_check(store, NULL), WL_OK);
    wl_store_close(store);
    wl_company_free(first);
    wl_company_free(second);
}

static void test_same_batch_twice(void)
{
    struct wl_company *company = sample_company(3, 1000, 0);
    const char *path = fresh_path("test_store_twice.db");
    struct wl_store *store = open_store(path);

    (void)append(store, company);
    struct wl_append_report again = append(store, company);
    CHECK_INT(again.n_events + again.n_texts + again.n_attributes, 0);
    CHECK_INT(again.n_duplicates, 1400);
    wl_store_close(store);
    store = open_store(path); // keys are read from disk now
    again = append(store, company);
    CHECK_INT(again.n_duplicates, 1400);
    CHECK(stored_digest(store, NULL) == company_digest(company));
    wl_store_close(store);
    wl_company_free(company);
}

// Copies of one message, the better one stored last: what is loaded does not depend on that.
static void test_better_copies_win_in_any_order(void)
{
    struct wl_company *early = sample_company(4, 200, 0);
    struct wl_company *late = sample_company(4, 200, 0);
    struct wl_bounds bounds = {.from_us = 100 * WL_DAY_US, .to_us = 200 * WL_DAY_US};

    early->attributes.n_attributes = 0; // attributes carry no message id
    late->attributes.n_attributes = 0;
    for (size_t i = 0; i < late->events.n_events; i++) {
        late->events.received_us[i] += WL_HOUR_US;
    }
    for (size_t i = 0; i < late->texts.n_texts; i++) {
        late->texts.texts[i].received_us += WL_HOUR_US;
    }
    struct wl_store *a = open_store(fresh_path("test_store_early.db"));
    CHECK_INT(append(a, early).n_replaced, 0);
    CHECK_INT(append(a, late).n_duplicates, 240);
    struct wl_store *b = open_store(fresh_path("test_store_late.db"));
    (void)append(b, late);
    CHECK_INT(append(b, early).n_replaced, 240);
    CHECK(stored_digest(a, NULL) == company_digest(early));
    CHECK(stored_digest(b, NULL) == company_digest(early));
    CHECK(stored_digest(a, &bounds) == stored_digest(b, &bounds));
    CHECK(stored_digest(a, &bounds) != stored_digest(a, NULL));
    wl_store_close(a);
    wl_store_close(b);
    wl_company_free(early);
    wl_company_free(late);
}

static void test_bounds(void)
{
    struct wl_company *company = sample_company(5, 1000, 0);
    struct wl_store *store = open_store(fresh_path("test_store_bounds.db"));
    uint64_t sum = 0;

    (void)append(store, company);
    for (int64_t day = 0; day < 400; day += 100) {
        struct wl_bounds bounds = {.from_us = day * WL_DAY_US,
                                   .to_us = (day + 100) * WL_DAY_US - 1};
        sum += stored_digest(store, &bounds);
    }
    CHECK(sum == company_digest(company)); // four quarters make the whole
    wl_store_close(store);
    wl_company_free(company);
}

static void test_other_files_are_refused(void)
{
    const char *path = fresh_path("test_store_garbage.db");
    struct wl_store *store = NULL;
    wl_error error = {0};
    char garbage[4096];

    memset(garbage, 'x', sizeof(garbage));
    CHECK_INT(
        wl_file_write(path, (struct wl_str){.data = garbage, .n_bytes = sizeof(garbage)}, NULL),
        WL_OK);
    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, &error), WL_ECORRUPT);
    CHECK(strstr(error.message, "is not a wanliu store, or is damaged") != NULL);
    CHECK(store == NULL);
    CHECK_INT(wl_store_open("/nowhere/wanliu.db", wl_alloc_default(), &store, &error), WL_EIO);
}

// Changes the first place in a file where `what` stands.
static void patch_file(const char *path, const char *what, const char *with)
{
    struct wl_buf file;
    size_t n = strlen(what);

    wl_buf_init(&file, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(path, &file, NULL), WL_OK);
    for (size_t i = 0; i + n <= file.n_bytes; i++) {
        if (memcmp(file.data + i, what, n) == 0) {
            memcpy(file.data + i, with, n);
            break;
        }
    }
    CHECK_INT(wl_file_write(path, wl_buf_view(&file), NULL), WL_OK);
    wl_buf_release(&file);
}

static void copy_golden(const char *name, const char *path)
{
    char from[512];
    struct wl_buf file;

    (void)snprintf(from, sizeof(from), WL_SOURCE_DIR "/tests/golden/store/%s", name);
    wl_buf_init(&file, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(from, &file, NULL), WL_OK);
    CHECK_INT(wl_file_write(path, wl_buf_view(&file), NULL), WL_OK);
    wl_buf_release(&file);
}

static void test_versions_and_damage_are_told(void)
{
    struct wl_company *company = sample_company(7, 100, 0);
    const char *path = fresh_path("test_store_version.db");
    struct wl_store *store = open_store(path);
    wl_error error = {0};

    (void)append(store, company);
    wl_store_close(store);
    patch_file(path, "WLSG", "WLSX");
    store = open_store(path);
    CHECK_INT(wl_store_check(store, &error), WL_ECORRUPT);
    CHECK(strstr(error.message, "segment ") != NULL);
    CHECK_INT(wl_store_append(store, company, WL_DEDUPE_WINDOW_US, NULL, &error), WL_ECORRUPT);
    wl_store_close(store);
    path = fresh_path("test_store_newer.db");
    copy_golden("newer_v2.db", path);
    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, &error), WL_EVERSION);
    CHECK(strstr(error.message, "has schema version 2, this program reads 1") != NULL);
    path = fresh_path("test_store_other.db");
    copy_golden("other.db", path);
    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, &error), WL_ESCHEMA);
    CHECK(strstr(error.message, "is a database of something else") != NULL);
    wl_company_free(company);
}

// SQLite's write lock in WAL mode: byte 120 of the -shm file (sqlite.org/walformat.html, 2.3.1).
static bool take_write_lock(const char *path)
{
    char side[560];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 120, .l_len = 1};

    (void)snprintf(side, sizeof(side), "%s-shm", path);
    int fd = open(side, O_RDWR);
    return fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0;
}

static void test_a_second_writer_waits_and_is_told(void)
{
    struct wl_company *company = sample_company(6, 100, 0);
    const char *path = fresh_path("test_store_busy.db");
    struct wl_store *store = open_store(path);
    int ready[2];
    int done[2];
    wl_error error = {0};

    CHECK(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) { // holds the write lock, as a long append would
        char byte = 0;
        CHECK(take_write_lock(path));
        (void)!write(ready[1], "x", 1);
        (void)!read(done[0], &byte, 1);
        _exit(0);
    }
    char byte = 0;
    (void)!read(ready[0], &byte, 1);
    CHECK_INT(wl_store_append(store, company, WL_DEDUPE_WINDOW_US, NULL, &error), WL_EBUSY);
    CHECK(strstr(error.message, "somebody else is writing to it; try again") != NULL);
    (void)!write(done[1], "x", 1);
    (void)waitpid(child, NULL, 0);
    CHECK_INT(append(store, company).n_events, 100);
    wl_store_close(store);
    wl_company_free(company);
}

int main(void)
{
    RUN(test_append_and_load);
    RUN(test_same_batch_twice);
    RUN(test_better_copies_win_in_any_order);
    RUN(test_bounds);
    RUN(test_other_files_are_refused);
    RUN(test_versions_and_damage_are_told);
    RUN(test_a_second_writer_waits_and_is_told);
    return check_report();
}
