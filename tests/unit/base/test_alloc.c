/* Goal:   blocks have the size, alignment and content they promise; sizes that overflow are
 *         refused.
 * Method: the counting heap, which also shows that nothing is asked for when a size overflows. */
#include "check.h"

#include "base/alloc.h"

static void test_refused_sizes(void)
{
    static const struct {
        size_t count;
        size_t size;
    } cases[] = {
        {0, 8}, {8, 0}, {SIZE_MAX, 2}, {SIZE_MAX / 2 + 1, 2}, {(size_t)1 << 33, 1UL << 31}};
    struct check_heap heap;

    check_heap_init(&heap, SIZE_MAX);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK(wl_alloc_array(&heap.alloc, cases[i].count, cases[i].size) == NULL);
        CHECK(wl_alloc_zeroed(&heap.alloc, cases[i].count, cases[i].size) == NULL);
    }
    CHECK(wl_alloc_aligned(&heap.alloc, SIZE_MAX, 2) == NULL);
    CHECK(wl_alloc_aligned(&heap.alloc, SIZE_MAX - 8, 1) == NULL);
    CHECK_INT(heap.n_requests, 0);
}

static void test_aligned_blocks(void)
{
    struct check_heap heap;
    unsigned char *blocks[40];

    check_heap_init(&heap, SIZE_MAX);
    for (size_t i = 0; i < COUNT(blocks); i++) {
        size_t n_bytes = i * 7;
        blocks[i] = wl_alloc_aligned(&heap.alloc, n_bytes, 1);
        CHECK(((uintptr_t)blocks[i] & 63) == 0);
        for (size_t k = 0; k < n_bytes; k++) {
            CHECK_INT(blocks[i][k], 0);
        }
        memset(blocks[i], 0xFF, n_bytes); // the sanitizer sees a block that is too short
    }
    CHECK_INT(heap.live_blocks, COUNT(blocks));
    for (size_t i = 0; i < COUNT(blocks); i++) {
        wl_alloc_aligned_free(&heap.alloc, blocks[i]);
    }
    wl_alloc_aligned_free(&heap.alloc, NULL);
    wl_alloc_free(&heap.alloc, NULL);
    CHECK_INT(heap.live_blocks, 0);
}

static void test_growth(void)
{
    struct check_heap heap;
    uint32_t *items = NULL;
    size_t capacity = 0;

    check_heap_init(&heap, SIZE_MAX);
    for (uint32_t i = 0; i < 1000; i++) {
        CHECK_INT(WL_GROW(&heap.alloc, items, capacity, i + 1, NULL), WL_OK);
        items[i] = i;
    }
    CHECK_INT(capacity, 1024);
    CHECK_INT(heap.n_requests, 8); // 8, 16, .. 1024
    for (uint32_t i = 0; i < 1000; i++) {
        CHECK_INT(items[i], i);
    }
    uint32_t *before = items;
    CHECK_INT(WL_GROW(&heap.alloc, items, capacity, SIZE_MAX / 2, NULL), WL_ENOMEM);
    CHECK_INT(WL_GROW(&heap.alloc, items, capacity, SIZE_MAX, NULL), WL_ENOMEM);
    heap.n_until_failure = 0;
    CHECK_INT(WL_GROW(&heap.alloc, items, capacity, 1025, NULL), WL_ENOMEM);
    CHECK(items == before && capacity == 1024 && items[999] == 999);
    wl_alloc_free(&heap.alloc, items);
    CHECK_INT(heap.live_blocks, 0);
}

int main(void)
{
    RUN(test_refused_sizes);
    RUN(test_aligned_blocks);
    RUN(test_growth);
    return check_report();
}
