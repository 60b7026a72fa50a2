/* Goal:   arena blocks are aligned, apart from each other, and all given back at once.
 * Method: random sizes, each block filled with its own byte and read again at the end. */
#include "check.h"

#include "base/arena.h"

#define N_BLOCKS 500

static void test_blocks_stay_apart(void)
{
    struct check_heap heap;
    struct wl_arena arena;
    unsigned char *blocks[N_BLOCKS];
    size_t bytes[N_BLOCKS];
    uint64_t seed = check_seed();

    check_heap_init(&heap, SIZE_MAX);
    wl_arena_init(&arena, &heap.alloc, 256);
    for (size_t i = 0; i < N_BLOCKS; i++) {
        bytes[i] = check_rand(&seed) % (i % 50 == 0 ? 2000 : 40); // some larger than a block
        blocks[i] = wl_arena_alloc(&arena, bytes[i]);
        CHECK(((uintptr_t)blocks[i] & 15) == 0);
        memset(blocks[i], (int)(i & 0xFF), bytes[i]);
    }
    for (size_t i = 0; i < N_BLOCKS; i++) {
        for (size_t k = 0; k < bytes[i]; k++) {
            CHECK_INT(blocks[i][k], i & 0xFF);
        }
    }
    wl_arena_release(&arena);
    CHECK_INT(heap.live_blocks, 0);
}

static void test_reset_keeps_one_block(void)
{
    struct check_heap heap;
    struct wl_arena arena;

    check_heap_init(&heap, SIZE_MAX);
    wl_arena_init(&arena, &heap.alloc, 1024);
    CHECK_INT(heap.live_blocks, 0); // nothing before the first use
    wl_arena_reset(&arena);
    for (int i = 0; i < 10; i++) {
        CHECK(wl_arena_alloc(&arena, 1000) != NULL);
    }
    CHECK_INT(heap.live_blocks, 10);
    wl_arena_reset(&arena);
    CHECK_INT(heap.live_blocks, 1);
    size_t n_requests = heap.n_requests;
    CHECK(wl_arena_alloc(&arena, 1000) != NULL);
    CHECK_INT(heap.n_requests, n_requests); // the kept block is used again
    wl_arena_release(&arena);
    wl_arena_release(&arena);
    CHECK_INT(heap.live_blocks, 0);
}

static void test_zeroed_and_strings(void)
{
    struct check_heap heap;
    struct wl_arena arena;

    check_heap_init(&heap, SIZE_MAX);
    wl_arena_init(&arena, &heap.alloc, 0);
    memset(wl_arena_alloc(&arena, 64), 0xFF, 64);
    wl_arena_reset(&arena);
    const unsigned char *zeros = wl_arena_zeroed(&arena, 8, 8);
    for (size_t i = 0; i < 64; i++) {
        CHECK_INT(zeros[i], 0);
    }
    CHECK(wl_arena_zeroed(&arena, 0, 8) != NULL);
    CHECK(wl_arena_zeroed(&arena, SIZE_MAX, 2) == NULL);
    CHECK(wl_arena_alloc(&arena, SIZE_MAX) == NULL);
    CHECK(wl_arena_alloc(&arena, SIZE_MAX - 40) == NULL);
    CHECK_STR(wl_arena_string(&arena, WL_STR("挽留")), "挽留");
    CHECK_STR(wl_arena_string(&arena, wl_str_from(NULL)), "");
    heap.n_until_failure = 0;
    CHECK(wl_arena_alloc(&arena, 100000) == NULL);
    CHECK(wl_arena_alloc(&arena, 16) != NULL); // what is left of the block still serves
    wl_arena_release(&arena);
    CHECK_INT(heap.live_blocks, 0);
}

int main(void)
{
    RUN(test_blocks_stay_apart);
    RUN(test_reset_keeps_one_block);
    RUN(test_zeroed_and_strings);
    return check_report();
}
