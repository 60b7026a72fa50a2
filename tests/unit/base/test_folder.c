/* Goal:   a folder is published whole or not at all, and never over another.
 * Method: the steps by hand in a temporary folder. */
#include "check.h"

#include "base/arena.h"
#include "base/file.h"

static void test_publish_once(void)
{
    struct wl_arena arena;
    char *base = NULL;
    char *first = NULL;
    char *second = NULL;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_folder_temporary(WL_BINARY_DIR, &arena, &base, &error), WL_OK);
    CHECK_INT(wl_folder_temporary(base, &arena, &first, &error), WL_OK);
    CHECK_INT(wl_folder_temporary(base, &arena, &second, &error), WL_OK);
    CHECK(strcmp(first, second) != 0);
    char *target = wl_path_join(&arena, base, "1");
    CHECK_INT(wl_file_write(wl_path_join(&arena, first, "a"), WL_STR("one"), NULL), WL_OK);
    CHECK_INT(wl_file_write(wl_path_join(&arena, second, "a"), WL_STR("two"), NULL), WL_OK);
    CHECK_INT(wl_folder_publish(first, target, &error), WL_OK);
    CHECK(!wl_file_exists(first));
    CHECK_INT(wl_folder_publish(second, target, &error), WL_EEXIST);
    CHECK(wl_file_exists(wl_path_join(&arena, second, "a")));
    wl_folder_remove(second);
    CHECK(!wl_file_exists(second));
    wl_folder_remove(target);
    wl_folder_remove(base);
    CHECK(!wl_file_exists(base));
    CHECK_INT(wl_folder_temporary(base, &arena, &first, &error), WL_ENOTFOUND);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_publish_once);
    return check_report();
}
