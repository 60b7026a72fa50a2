/* Goal:   a parallel loop touches every item once, gives the same result for any number of threads,
 *         and reports the failure of the lowest failing piece.
 * Method: loops of awkward sizes under 1 to 8 threads; random failing items, many times over. */
#include "check.h"

#include "base/limits.h"
#include "base/thread.h"

#define N_ITEMS_MAX 1000

struct job {
    size_t n_threads;
    size_t i_fail_first; /* items from here on, in steps, fail */
    size_t fail_step;    /* 0: none fails */
    int touched[N_ITEMS_MAX];
};

static wl_status touch(void *context, size_t begin, size_t end, size_t i_worker, wl_error *error)
{
    struct job *job = context;

    WL_ASSERT(i_worker < job->n_threads && begin < end);
    for (size_t i = begin; i < end; i++) {
        job->touched[i]++;
        bool fails = job->fail_step > 0 && i >= job->i_fail_first &&
                     (i - job->i_fail_first) % job->fail_step == 0;
        if (fails) {
            return wl_fail(error, WL_ERANGE, "item %zu", i);
        }
    }
    return WL_OK;
}

static void test_every_item_once(void)
{
    static const size_t sizes[] = {0, 1, 2, 7, 64, 999, 1000};
    static const size_t pieces[] = {1, 3, 64, 1000, SIZE_MAX / 2};

    for (size_t n_threads = 1; n_threads <= 8; n_threads++) {
        for (size_t s = 0; s < COUNT(sizes); s++) {
            for (size_t p = 0; p < COUNT(pieces); p++) {
                struct job job = {.n_threads = n_threads};
                CHECK_INT(wl_parallel_for(n_threads, sizes[s], pieces[p], touch, &job, NULL), 0);
                for (size_t i = 0; i < N_ITEMS_MAX; i++) {
                    CHECK_INT(job.touched[i], i < sizes[s]);
                }
            }
        }
    }
}

static void test_lowest_failure_is_reported(void)
{
    uint64_t seed = check_seed();

    for (int round = 0; round < 300; round++) {
        struct job job = {.n_threads = 1 + check_rand(&seed) % 8,
                          .i_fail_first = check_rand(&seed) % N_ITEMS_MAX,
                          .fail_step = 1 + check_rand(&seed) % 50};
        char want[32];
        wl_error error = {0};
        (void)snprintf(want, sizeof(want), "item %zu", job.i_fail_first);
        CHECK_INT(wl_parallel_for(job.n_threads, N_ITEMS_MAX, 1 + check_rand(&seed) % 20, touch,
                                  &job, &error),
                  WL_ERANGE);
        CHECK_STR(error.message, want);
        CHECK_INT(error.status, WL_ERANGE);
        for (size_t i = 0; i < job.i_fail_first; i++) {
            CHECK_INT(job.touched[i], 1); // what lies below the failure was done
        }
    }
    struct job job = {.n_threads = 2, .i_fail_first = 3, .fail_step = 1};
    CHECK_INT(wl_parallel_for(2, 10, 1, touch, &job, NULL), WL_ERANGE);
}

static void test_default_threads(void)
{
    size_t n = wl_threads_default();
    CHECK(n >= 1 && n <= WL_THREADS_MAX);
}

int main(void)
{
    RUN(test_every_item_once);
    RUN(test_lowest_failure_is_reported);
    RUN(test_default_threads);
    return check_report();
}
