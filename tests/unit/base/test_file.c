/* Goal:   files are read whole or by line whatever their ending and packing, damage is found after
 *         the last good line, and a write leaves the old file or the new one.
 * Method: files made in the build folder: plain, gzip, gzip cut at every byte, gzip with each byte
 *         changed; lines around the ceiling; a write that cannot succeed. */
#include "check.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/limits.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char folder[] = WL_BINARY_DIR "/tests/test_file"; // made anew or used again

static const char *in_folder(const char *name)
{
    static char path[sizeof(folder) + 40];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const char *data, size_t n_bytes)
{
    FILE *file = fopen(in_folder(name), "wb");
    CHECK(file != NULL);
    CHECK_INT(fwrite(data, 1, n_bytes, file), n_bytes);
    CHECK_INT(fclose(file), 0);
}

// Reads lines until the end or a failure; the lines are joined with '|'.
static wl_status join_lines(const char *name, struct wl_buf *joined, wl_error *error)
{
    struct wl_lines *lines = NULL;
    struct wl_str line;
    bool got = true;
    size_t n_lines = 0;
    wl_status status = wl_lines_open(in_folder(name), wl_alloc_default(), &lines, error);

    wl_buf_clear(joined);
    while (status == WL_OK && got) {
        status = wl_lines_next(lines, &line, &got, error);
        if (status == WL_OK && got) {
            CHECK_INT(wl_lines_number(lines), ++n_lines);
            wl_buf_str(joined, line);
            wl_buf_char(joined, '|');
        }
    }
    wl_lines_close(lines);
    return status;
}

static void test_line_endings(void)
{
    static const struct {
        struct wl_str text;
        struct wl_str want;
    } cases[] = {
        {{"", 0}, {"", 0}},
        {{"a\nb\n", 4}, {"a|b|", 4}},
        {{"a\nb", 3}, {"a|b|", 4}},
        {{"a\r\nb\r\n", 6}, {"a|b|", 4}},
        {{"a\r\nb\r", 5}, {"a|b|", 4}},
        {{"\n\n", 2}, {"||", 2}},
        {{"\r\n", 2}, {"|", 1}},
        {{"a\rb\n", 4}, {"a\rb|", 4}},
        {{"\xEF\xBB\xBF"
          "a\n\xEF\xBB\xBF\n",
          9},
         {"a|\xEF\xBB\xBF|", 6}}, // a mark in front is skipped, one inside is data
        {{"\xEF\xBB", 2}, {"\xEF\xBB|", 3}},
        {{"a\0b\n", 4}, {"a\0b|", 4}},
    };
    struct wl_buf joined;

    wl_buf_init(&joined, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        put_file("lines", cases[i].text.data, cases[i].text.n_bytes);
        CHECK_INT(join_lines("lines", &joined, NULL), WL_OK);
        CHECK(wl_str_equal(wl_buf_view(&joined), cases[i].want));
    }
    wl_buf_release(&joined);
}

// 20 lines as gzip, made by gzip -9 -n; so that the test needs no zlib of its own.
static const unsigned char packed[] = {
    0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x7D, 0x91, 0x49, 0x0E, 0x02, 0x31,
    0x0C, 0x04, 0xEF, 0xBC, 0x22, 0x4F, 0x70, 0xDB, 0xE3, 0xED, 0x39, 0x08, 0x32, 0x02, 0x31, 0x02,
    0x0E, 0xFC, 0x5F, 0x88, 0x3B, 0x9D, 0x73, 0xA9, 0xD4, 0x4E, 0xE5, 0xB8, 0x3F, 0xE7, 0x90, 0xF1,
    0xDA, 0xC7, 0xE7, 0x36, 0xC7, 0xFB, 0x7C, 0x79, 0xCC, 0xEB, 0xD8, 0xEF, 0xC7, 0x3C, 0x1D, 0x3F,
    0x92, 0x8D, 0xA6, 0xD0, 0x10, 0x19, 0x5C, 0x85, 0x26, 0x28, 0x85, 0x46, 0xCA, 0xC6, 0x71, 0x67,
    0xA7, 0x53, 0xAC, 0xE5, 0x52, 0xDC, 0xB6, 0x2A, 0x31, 0xBE, 0xED, 0x12, 0x05, 0x7E, 0x78, 0x6C,
    0xD8, 0xAC, 0x97, 0x49, 0x84, 0x17, 0x6B, 0x2F, 0x34, 0xB7, 0x81, 0x4D, 0xCC, 0xF8, 0x38, 0xCC,
    0xCA, 0xB0, 0xE8, 0xE6, 0xAE, 0xD0, 0x45, 0xB8, 0x2C, 0xE4, 0xAA, 0x9C, 0x68, 0x6A, 0x70, 0x5F,
    0xB5, 0xCA, 0x9B, 0xEF, 0xAB, 0x87, 0xA7, 0xC7, 0xEA, 0x67, 0x2A, 0xFD, 0xEF, 0xFB, 0xBF, 0xDF,
    0x51, 0x30, 0x2C, 0x6B, 0x02, 0x00, 0x00};

static void test_gzip(void)
{
    struct wl_buf joined;
    struct wl_buf want;
    wl_error error = {0};

    wl_buf_init(&joined, wl_alloc_default(), 0);
    wl_buf_init(&want, wl_alloc_default(), 0);
    for (int i = 0; i < 20; i++) {
        wl_buf_format(&want, "line %d of the packed file|", i * i * 7919);
    }
    put_file("whole.txt", (const char *)packed, sizeof(packed)); // the name does not matter
    CHECK_INT(join_lines("whole.txt", &joined, &error), WL_OK);
    CHECK(wl_str_equal(wl_buf_view(&joined), wl_buf_view(&want)));

    // Cut anywhere: what comes out is a beginning in whole lines, and the cut is reported.
    size_t n_some = 0;
    for (size_t n = 2; n < sizeof(packed); n++) {
        put_file("cut", (const char *)packed, n);
        CHECK_INT(join_lines("cut", &joined, &error), WL_ECORRUPT);
        CHECK(strstr(error.message, "compressed data is cut off after line") != NULL);
        CHECK(memcmp(joined.n_bytes > 0 ? joined.data : "", want.data, joined.n_bytes) == 0);
        CHECK(joined.n_bytes == 0 || joined.data[joined.n_bytes - 1] == '|');
        n_some += joined.n_bytes > 0;
    }
    CHECK(n_some > 20); // good lines in front of a cut are not lost

    // Each byte of the deflate stream and its checksum changed: never taken for good.
    for (size_t i = 10; i < sizeof(packed); i++) {
        unsigned char broken[sizeof(packed)];
        memcpy(broken, packed, sizeof(packed));
        broken[i] ^= 0x41;
        put_file("broken", (const char *)broken, sizeof(broken));
        CHECK_INT(join_lines("broken", &joined, &error), WL_ECORRUPT);
    }
    wl_buf_release(&joined);
    wl_buf_release(&want);
}

static void test_line_ceiling(void)
{
    char *text = wl_alloc_array(wl_alloc_default(), WL_LINE_BYTES_MAX + 8, 1);
    struct wl_buf joined;
    wl_error error = {0};

    memset(text, 'x', WL_LINE_BYTES_MAX + 8);
    memcpy(text, "a\n", 2);
    wl_buf_init(&joined, wl_alloc_default(), 0);
    text[2 + WL_LINE_BYTES_MAX] = '\n';
    put_file("long", text, 2 + WL_LINE_BYTES_MAX + 1);
    CHECK_INT(join_lines("long", &joined, &error), WL_OK);
    CHECK_INT(joined.n_bytes, 2 + WL_LINE_BYTES_MAX + 1);
    text[2 + WL_LINE_BYTES_MAX] = 'x';
    text[3 + WL_LINE_BYTES_MAX] = '\n';
    put_file("long", text, 2 + WL_LINE_BYTES_MAX + 2);
    CHECK_INT(join_lines("long", &joined, &error), WL_ELIMIT);
    CHECK(strstr(error.message, "line 2 is longer than 16777216 bytes") != NULL);
    CHECK_VIEW(wl_buf_view(&joined), "a|");
    wl_buf_release(&joined);
    wl_alloc_free(wl_alloc_default(), text);
}

static void test_refusals(void)
{
    struct wl_buf joined;
    wl_error error = {0};

    wl_buf_init(&joined, wl_alloc_default(), 0);
    CHECK_INT(join_lines("missing", &joined, &error), WL_ENOTFOUND);
    CHECK(strstr(error.message, "cannot read") != NULL && strstr(error.message, "missing") != NULL);
    CHECK_INT(join_lines(".", &joined, &error), WL_EIO);
    CHECK(strstr(error.message, "it is a folder") != NULL);
    CHECK_INT(wl_file_read(in_folder("missing"), &joined, &error), WL_ENOTFOUND);
    CHECK_INT(wl_file_read(folder, &joined, &error), WL_EIO);
    wl_lines_close(NULL);
    wl_buf_release(&joined);
}

static void test_whole_read_stops_at_the_ceiling(void)
{
    struct wl_buf buf;
    wl_error error = {0};

    wl_buf_init(&buf, wl_alloc_default(), 200000);
    CHECK_INT(wl_file_read("/dev/zero", &buf, &error), WL_ELIMIT); // has no end
    CHECK_STR(error.message, "/dev/zero: output is larger than its limit of 200000 bytes");
    put_file("small", "abc", 3);
    CHECK_INT(wl_file_read(in_folder("small"), &buf, &error), WL_OK);
    CHECK_VIEW(wl_buf_view(&buf), "abc");
    wl_buf_release(&buf);
}

static void test_write_and_append(void)
{
    struct wl_arena arena;
    struct wl_buf buf;
    char **names = NULL;
    size_t n_names = 0;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_folder_make(in_folder("a/b/c"), NULL), WL_OK);
    CHECK_INT(wl_folder_make(in_folder("a/b/c"), NULL), WL_OK);
    CHECK_INT(wl_file_write(in_folder("a/b/c/f"), WL_STR("old"), NULL), WL_OK);
    CHECK_INT(wl_file_write(in_folder("a/b/c/f"), WL_STR("new\0"), NULL), WL_OK);
    CHECK_INT(wl_file_append(in_folder("a/b/c/f"), WL_STR("er"), NULL), WL_OK);
    CHECK_INT(wl_file_append(in_folder("a/b/c/g"), WL_STR(""), NULL), WL_OK);
    CHECK_INT(wl_file_read(in_folder("a/b/c/f"), &buf, NULL), WL_OK);
    CHECK(wl_str_equal(wl_buf_view(&buf), WL_STR("new\0er")));
    CHECK_INT(wl_file_write(in_folder("a/b/c"), WL_STR("x"), &error), WL_EIO); // it is a folder
    CHECK_INT(wl_file_write(in_folder("no/f"), WL_STR("x"), &error), WL_ENOTFOUND);
    CHECK_INT(wl_folder_make(in_folder("a/b/c/f"), &error), WL_EIO);
    CHECK_INT(wl_folder_list(in_folder("a/b/c"), &arena, &names, &n_names, NULL), WL_OK);
    CHECK_INT(n_names, 2); // no temporary file is left behind
    CHECK_STR(names[0], "f");
    CHECK_STR(names[1], "g");
    CHECK(wl_file_exists(in_folder("a/b/c/f")) && !wl_file_exists(in_folder("a/b/c/h")));
    CHECK_INT(wl_folder_list(in_folder("no"), &arena, &names, &n_names, NULL), WL_ENOTFOUND);
    wl_buf_release(&buf);
    wl_arena_release(&arena);
}

static void test_many_names_are_sorted(void)
{
    struct wl_arena arena;
    char **names = NULL;
    size_t n_names = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_folder_make(in_folder("many"), NULL), WL_OK);
    for (int i = 0; i < 200; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "many/%d", (i * 37) % 200);
        put_file(name, "", 0);
    }
    CHECK_INT(wl_folder_list(in_folder("many"), &arena, &names, &n_names, NULL), WL_OK);
    CHECK_INT(n_names, 200);
    for (size_t i = 1; i < n_names; i++) {
        CHECK(strcmp(names[i - 1], names[i]) < 0);
    }
    wl_arena_release(&arena);
}

static void test_a_folder_is_held_by_one_at_a_time(void)
{
    int first = -1;
    int status = 0;
    int ends[2];
    char said = 0;

    CHECK_INT(wl_folder_lock("/nowhere/at/all", &first, NULL), WL_ENOTFOUND);
    CHECK_INT(first, -1);
    wl_folder_unlock(first); // nothing is held
    CHECK_INT(wl_folder_lock(folder, &first, NULL), WL_OK);
    CHECK_INT(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) { // waits for the folder, says so, and dies with it
        int second = -1;
        (void)close(first); // a child shares the parent's hold: let go of its copy
        bool is_held = wl_folder_lock(folder, &second, NULL) == WL_OK;
        bool is_said = write(ends[1], "x", 1) == 1;
        _exit(is_held && is_said ? 0 : 1);
    }
    (void)close(ends[1]);
    struct pollfd soon = {.fd = ends[0], .events = POLLIN};
    CHECK_INT(poll(&soon, 1, 50), 0); // the child waits
    wl_folder_unlock(first);
    CHECK_INT(read(ends[0], &said, 1), 1);
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK_INT(status, 0);
    CHECK_INT(wl_folder_lock(folder, &first, NULL), WL_OK); // the dead hold nothing
    wl_folder_unlock(first);
    (void)close(ends[0]);
}

static void test_path_join(void)
{
    static const struct {
        const char *folder;
        const char *name;
        const char *want;
    } cases[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"},
                 {".", "b", "b"},   {"a", "/b", "/b"},  {"/", "b", "/b"}};
    struct wl_arena arena;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_STR(wl_path_join(&arena, cases[i].folder, cases[i].name), cases[i].want);
    }
    wl_arena_release(&arena);
}

static void test_path_parent(void)
{
    static const char *const cases[][2] = {{"a/b", "a"},   {"a/b/", "a"}, {"b", "."},
                                           {"b//", "."},   {"/b", "/"},   {"a//b", "a"},
                                           {"/x/y", "/x"}, {"/", "/"},    {"", "."}};
    struct wl_arena arena;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_STR(wl_path_parent(&arena, cases[i][0]), cases[i][1]);
    }
    wl_arena_release(&arena);
}

static void test_share(void)
{
    struct wl_lines *lines = NULL;
    struct wl_str line;
    bool got = true;

    put_file("lines", "a\nb\n", 4);
    CHECK_INT(wl_lines_open(in_folder("lines"), wl_alloc_default(), &lines, NULL), WL_OK);
    CHECK_INT(wl_lines_number(lines), 0);
    while (got) {
        CHECK_INT(wl_lines_next(lines, &line, &got, NULL), WL_OK);
        CHECK(wl_lines_share(lines) >= 0.0 && wl_lines_share(lines) <= 1.0);
    }
    CHECK_CLOSE(wl_lines_share(lines), 1.0, 0.0);
    wl_lines_close(lines);
}

// A disk that is full in the middle of a record: a limit on the size of files stands in for it.
static void test_append_leaves_no_half_record(void)
{
    struct rlimit before;
    struct rlimit small;
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_file_write(in_folder("log"), WL_STR("whole\n"), NULL), WL_OK);
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 10;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
    CHECK_INT(wl_file_append(in_folder("log"), WL_STR("too long\n"), NULL), WL_EIO);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, old);
    CHECK_INT(wl_file_read(in_folder("log"), &buf, NULL), WL_OK);
    CHECK(wl_str_equal(wl_buf_view(&buf), WL_STR("whole\n")));
    wl_buf_release(&buf);
}

int main(void)
{
    CHECK_INT(wl_folder_make(folder, NULL), WL_OK);
    RUN(test_line_endings);
    RUN(test_gzip);
    RUN(test_line_ceiling);
    RUN(test_refusals);
    RUN(test_whole_read_stops_at_the_ceiling);
    RUN(test_write_and_append);
    RUN(test_many_names_are_sorted);
    RUN(test_a_folder_is_held_by_one_at_a_time);
    RUN(test_path_join);
    RUN(test_path_parent);
    RUN(test_share);
    RUN(test_append_leaves_no_half_record);
    return check_report();
}
