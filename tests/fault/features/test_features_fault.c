/* Goal:   whichever allocation fails, features report it, leak nothing and leave outputs empty.
 * Method: compile, build, diff, encode and decode with a heap that fails after n allocations, for
 *         n = 0, 1, 2, ... until all succeed. */
#include "../../plain/features/random_company.h"

#include "features/build.h"
#include "features/diff.h"
#include "features/state.h"

static const int64_t dates_us[] = {50 * WL_DAY_US, 120 * WL_DAY_US};

static wl_status run_all(const wl_alloc *alloc, const struct wl_company *company,
                         const struct wl_plan *plan, wl_error *error)
{
    struct wl_features_request request = {
        .plan = plan, .company = company, .dates_us = dates_us, .n_dates = 2, .n_threads = 1};
    struct wl_diff_request proof = {.plan = plan,
                                    .company = company,
                                    .dates_us = dates_us,
                                    .n_dates = 2,
                                    .seed = 1,
                                    .n_threads = 1};
    struct wl_rows rows = {0};
    struct wl_diff_report report = {0};
    wl_status status = wl_features_build(&request, alloc, &rows, error);

    CHECK(status == WL_OK || rows.values == NULL);
    if (status == WL_OK) {
        status = wl_features_diff(&proof, alloc, &report, error);
        CHECK(status == WL_OK || report.n_by_feature == NULL);
        CHECK_INT(report.n_differences, 0);
    }
    wl_rows_release(&rows);
    wl_diff_report_release(&report);
    return status;
}

static void test_every_failed_allocation(void)
{
    const struct random_shape shape = {
        .n_users = 3, .n_events = 60, .from_us = 0, .to_us = 100 * WL_DAY_US, .n_items = 30};
    uint64_t seed = check_seed();
    struct wl_arena arena;
    struct wl_company *company = random_company(&shape, &seed);
    struct wl_plan_options options = {.company = company};
    struct wl_node *root = NULL;
    struct wl_plan *plan = NULL;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(random_set), &root, NULL), WL_OK);
    CHECK_INT(wl_plan_compile(&arena, root, &options, &plan, NULL), WL_OK);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        wl_error error = {0};

        check_heap_init(&heap, n_good);
        wl_status status = run_all(&heap.alloc, company, plan, &error);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK || check_failures > 0) {
            fprintf(stderr, "%zu allocations\n", n_good);
            CHECK(n_good > 30);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        CHECK(error.message[0] != '\0');
    }
    wl_company_free(company);
    wl_arena_release(&arena);
}

static void test_compile_without_memory(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_arena arena;
        struct wl_plan_options options = {0};
        struct wl_plan *plan = NULL;

        check_heap_init(&heap, n_good);
        wl_arena_init(&arena, &heap.alloc, 0);
        wl_status status = wl_plan_compile(&arena, NULL, &options, &plan, NULL);
        wl_arena_release(&arena);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK || check_failures > 0) {
            CHECK(n_good > 5);
            break;
        }
        CHECK(status == WL_ENOMEM && plan == NULL);
    }
}

int main(void)
{
    RUN(test_every_failed_allocation);
    RUN(test_compile_without_memory);
    return check_report();
}
