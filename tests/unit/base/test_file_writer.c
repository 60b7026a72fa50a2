/* Goal:   a file written piece by piece appears whole or not at all.
 * Method: write in pieces and look before and after the commit; drop one half-way; ask for a folder
 *         that is not there. */
#include "check.h"

#include "base/file.h"

#include <unistd.h>

static char folder[64];
static char path[128];

static void setup(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/wl_file_writer_XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof(path), "%s/events.ndjson", folder);
}

static void test_nothing_is_seen_before_the_commit(void)
{
    struct wl_file_writer writer;
    struct wl_buf buf;

    CHECK_INT(wl_file_writer_open(&writer, path, NULL), WL_OK);
    CHECK_INT(wl_file_writer_add(&writer, WL_STR("one\n"), NULL), WL_OK);
    CHECK(!wl_file_exists(path));
    CHECK_INT(wl_file_writer_add(&writer, WL_STR("two\n"), NULL), WL_OK);
    CHECK_INT(wl_file_writer_commit(&writer, NULL), WL_OK);
    wl_file_writer_close(&writer);
    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(path, &buf, NULL), WL_OK);
    CHECK_STR(buf.data, "one\ntwo\n");
    wl_buf_release(&buf);
}

static void test_a_dropped_file_leaves_the_old_one(void)
{
    struct wl_file_writer writer;
    struct wl_buf buf;

    CHECK_INT(wl_file_writer_open(&writer, path, NULL), WL_OK);
    CHECK_INT(wl_file_writer_add(&writer, WL_STR("half"), NULL), WL_OK);
    wl_file_writer_close(&writer);
    CHECK(!wl_file_exists(writer.temporary));
    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(path, &buf, NULL), WL_OK);
    CHECK_STR(buf.data, "one\ntwo\n");
    wl_buf_release(&buf);
}

static void test_a_missing_folder_is_named(void)
{
    struct wl_file_writer writer;
    wl_error error = {0};

    CHECK_INT(wl_file_writer_open(&writer, "/nowhere/at/all", &error), WL_ENOTFOUND);
    CHECK(strstr(error.message, "/nowhere/at/all") != NULL);
    wl_file_writer_close(&writer);
}

int main(void)
{
    setup();
    RUN(test_nothing_is_seen_before_the_commit);
    RUN(test_a_dropped_file_leaves_the_old_one);
    RUN(test_a_missing_folder_is_named);
    (void)unlink(path);
    (void)rmdir(folder);
    return check_report();
}
