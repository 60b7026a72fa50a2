/* Goal:   the files of a simulated company are the same bytes every time, and what they promise.
 * Method: write a small company twice with one thread and with two and compare digests; another
 *         seed must differ; then read the files line by line and count. Options outside their
 *         bounds are refused with nothing written. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/sha256.h"
#include "simulate/simulate.h"

#include <unistd.h>

static const char *const names[] = {"events.ndjson", "texts.csv", "customers.csv", "truth.ndjson"};
#define N_NAMES 4

static char folder[64];

static struct wl_world small_world(void)
{
    struct wl_world world = wl_world_default();
    world.n_users = 400;
    world.n_days = 45;
    return world;
}

static void read_whole(const char *name, struct wl_buf *bytes)
{
    char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_INT(wl_file_read(path, bytes, NULL), WL_OK);
}

static void digests(const struct wl_world *world, size_t n_threads, struct wl_simulation *made,
                    char digest[N_NAMES][WL_SHA256_TEXT_BYTES])
{
    struct wl_buf bytes;

    CHECK_INT(wl_simulate(world, folder, n_threads, wl_alloc_default(), NULL, made, NULL), WL_OK);
    wl_buf_init(&bytes, wl_alloc_default(), 0);
    for (size_t i = 0; i < N_NAMES; i++) {
        read_whole(names[i], &bytes);
        (void)wl_sha256_text(wl_buf_view(&bytes), digest[i]);
    }
    wl_buf_release(&bytes);
}

static void test_same_seed_same_bytes(void)
{
    char first[N_NAMES][WL_SHA256_TEXT_BYTES];
    char again[N_NAMES][WL_SHA256_TEXT_BYTES];
    char threads[N_NAMES][WL_SHA256_TEXT_BYTES];
    char other[N_NAMES][WL_SHA256_TEXT_BYTES];
    struct wl_world world = small_world();
    struct wl_simulation made;

    digests(&world, 1, &made, first);
    digests(&world, 1, &made, again);
    digests(&world, 2, &made, threads);
    world.seed = 43;
    digests(&world, 2, &made, other);
    for (size_t i = 0; i < N_NAMES; i++) {
        CHECK_STR(again[i], first[i]);
        CHECK_STR(threads[i], first[i]);
        CHECK(strcmp(other[i], first[i]) != 0); // so the comparison can fail
    }
}

static size_t count_lines(struct wl_str rest, const char *needle)
{
    size_t n = 0;
    while (rest.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        char text[2048];
        (void)snprintf(text, sizeof(text), "%.*s", WL_STR_ARG(line));
        n += strstr(text, needle) != NULL;
    }
    return n;
}

static struct wl_str time_after(struct wl_str line, const char *key)
{
    char text[2048];
    (void)snprintf(text, sizeof(text), "%.*s", WL_STR_ARG(line));
    const char *at = strstr(text, key);
    CHECK(at != NULL);
    size_t offset = at == NULL ? 0 : (size_t)(at - text) + strlen(key);
    return (struct wl_str){.data = line.data + offset, .n_bytes = 24};
}

static void test_arrival_orders_the_log(void)
{
    struct wl_world world = small_world();
    struct wl_simulation made;
    struct wl_buf bytes;
    char digest[N_NAMES][WL_SHA256_TEXT_BYTES];
    int64_t newest_us = 0;
    int64_t newest_event_us = 0;
    size_t n_backwards = 0;
    size_t n_lines = 0;

    digests(&world, 2, &made, digest);
    wl_buf_init(&bytes, wl_alloc_default(), 0);
    read_whole("events.ndjson", &bytes);
    for (struct wl_str rest = wl_buf_view(&bytes); rest.n_bytes > 0; n_lines++) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        int64_t event_us = 0;
        int64_t received_us = 0;
        CHECK_INT(
            wl_time_parse(time_after(line, "\"timestamp\":\""), WL_TIME_AUTO, 0, &event_us, NULL),
            WL_OK);
        CHECK_INT(wl_time_parse(time_after(line, "\"receivedAt\":\""), WL_TIME_AUTO, 0,
                                &received_us, NULL),
                  WL_OK);
        CHECK(event_us < received_us);
        CHECK(received_us >= newest_us);
        newest_us = received_us;
        n_backwards += event_us < newest_event_us;
        newest_event_us = event_us > newest_event_us ? event_us : newest_event_us;
    }
    CHECK_INT(n_lines, made.n_events);
    CHECK(newest_us < world.start_us + world.n_days * WL_DAY_US);
    CHECK(n_backwards > n_lines / 50); // out of order, as in any real log
    CHECK(made.n_duplicates > n_lines / 500);
    CHECK(made.n_late > n_lines / 200);
    wl_buf_release(&bytes);
}

static void test_counts_agree_with_the_files(void)
{
    struct wl_world world = small_world();
    struct wl_simulation made;
    struct wl_buf bytes;
    char digest[N_NAMES][WL_SHA256_TEXT_BYTES];

    world.n_texts = 60;
    digests(&world, 1, &made, digest);
    wl_buf_init(&bytes, wl_alloc_default(), 0);
    read_whole("texts.csv", &bytes);
    CHECK_INT(count_lines(wl_buf_view(&bytes), "u0"), made.n_texts);
    CHECK(made.n_texts_churners <= 18 && made.n_texts <= 60 && made.n_texts > 40);
    read_whole("customers.csv", &bytes);
    CHECK_INT(count_lines(wl_buf_view(&bytes), "u0"), 400);
    read_whole("truth.ndjson", &bytes);
    CHECK_INT(count_lines(wl_buf_view(&bytes), "\"user\""), 400);
    CHECK_INT(count_lines(wl_buf_view(&bytes), "\"left_at\":null"), 400 - made.n_left);
    read_whole("events.ndjson", &bytes);
    CHECK_INT(count_lines(wl_buf_view(&bytes), "Offer Decided"), made.n_campaign);
    wl_buf_release(&bytes);
}

static void test_options_outside_their_bounds_are_refused(void)
{
    static const struct {
        int64_t n_users;
        int64_t n_days;
        double share_zh;
    } cases[] = {{0, 90, 0.5}, {10, 3, 0.5}, {10, 90, 1.5}, {10, 90, (double)NAN}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wl_world world = wl_world_default();
        world.n_users = cases[i].n_users;
        world.n_days = cases[i].n_days;
        world.share_zh = cases[i].share_zh;
        CHECK_INT(
            wl_simulate(&world, "/tmp/wl_never_made", 1, wl_alloc_default(), NULL, NULL, NULL),
            WL_EINVAL);
    }
    CHECK(!wl_file_exists("/tmp/wl_never_made"));
}

static void test_options_from_yaml(void)
{
    struct wl_world world = wl_world_default();
    struct wl_arena arena;
    struct wl_node *root = NULL;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("users: 50\nshare_zh: 0.25\nstart: 2024-03-01\n"), &root,
                            NULL),
              WL_OK);
    CHECK_INT(wl_world_read(&arena, root, "simulate", &world, NULL), WL_OK);
    CHECK_INT(world.n_users, 50);
    CHECK_INT(world.n_days, 90);
    CHECK_CLOSE(world.share_zh, 0.25, 0.0);
    CHECK_INT(wl_yaml_parse(&arena, WL_STR("users: 50\nday: 7\n"), &root, NULL), WL_OK);
    CHECK_INT(wl_world_read(&arena, root, "simulate", &world, &error), WL_ECONFIG);
    CHECK(strstr(error.message, "did you mean \"days\"") != NULL);
    wl_arena_release(&arena);
}

static void test_no_memory_is_reported(void)
{
    struct wl_world world = wl_world_default();

    world.n_users = 3;
    world.n_days = 14;
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = wl_simulate(&world, folder, 1, &heap.alloc, NULL, NULL, NULL);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 10);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/wl_simulate_XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    RUN(test_same_seed_same_bytes);
    RUN(test_arrival_orders_the_log);
    RUN(test_counts_agree_with_the_files);
    RUN(test_options_outside_their_bounds_are_refused);
    RUN(test_options_from_yaml);
    RUN(test_no_memory_is_reported);
    for (size_t i = 0; i < N_NAMES; i++) {
        char path[256];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    return check_report();
}
