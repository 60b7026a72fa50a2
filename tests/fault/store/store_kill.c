/* Goal:   kill -9 at any moment leaves whole batches only, and reading the input again converges.
 * Method: a child appends batch after batch and is killed after a random time, many times over;
 *         after each kill the store must be sound and hold the first n batches exactly; in the end
 *         the whole input is appended once more and must be there once. SEED= replays the times. */
#include "check.h"

#include "base/rng.h"
#include "company_digest.h"
#include "company_sample.h"
#include "store/store.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_BATCHES    200
#define BATCH_EVENTS ((size_t)200)
#define N_KILLS      12

static const char path[] = WL_BINARY_DIR "/store_kill.db";

static struct wl_company *batch(size_t i_batch)
{
    return sample_company(1000 + i_batch, BATCH_EVENTS, i_batch * BATCH_EVENTS);
}

static wl_status append_all(struct wl_store *store, size_t n_batches)
{
    for (size_t i = 0; i < n_batches; i++) {
        struct wl_company *company = batch(i);
        wl_status status = wl_store_append(store, company, WL_DEDUPE_WINDOW_US, NULL, NULL);
        wl_company_free(company);
        WL_TRY(status);
    }
    return WL_OK;
}

static void run_child(void)
{
    struct wl_store *store = NULL;

    if (wl_store_open(path, wl_alloc_default(), &store, NULL) == WL_OK) {
        (void)append_all(store, N_BATCHES);
        wl_store_close(store);
    }
    _exit(0);
}

static uint64_t digest_of_batches(size_t n_batches)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n_batches; i++) {
        struct wl_company *company = batch(i);
        sum += company_digest(company);
        wl_company_free(company);
    }
    return sum;
}

// Sound, and exactly the first n batches. Returns n.
static size_t check_store(void)
{
    struct wl_store *store = NULL;
    struct wl_company *company = NULL;
    wl_error error = {0};

    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(wl_store_check(store, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    CHECK_INT(wl_store_load(store, company, NULL, NULL, &error), WL_OK);
    size_t n_events = company->events.n_events;
    CHECK_INT(n_events % BATCH_EVENTS, 0);
    CHECK_INT(company->texts.n_texts, n_events / 5);
    CHECK_INT(company->attributes.n_attributes, n_events / 5);
    CHECK(company_digest(company) == digest_of_batches(n_events / BATCH_EVENTS));
    wl_company_free(company);
    wl_store_close(store);
    return n_events / BATCH_EVENTS;
}

static void test_killed_at_any_moment(void)
{
    struct wl_rng rng;
    size_t n_before = 0;
    size_t n_grown = 0;

    wl_rng_init(&rng, check_seed(), 0);
    (void)unlink(path);
    (void)unlink(WL_BINARY_DIR "/store_kill.db-wal");
    (void)unlink(WL_BINARY_DIR "/store_kill.db-shm");
    for (int i = 0; i < N_KILLS; i++) {
        long wait_ns = (long)wl_rng_below(&rng, 120000000) + 5000000;
        struct timespec wait = {.tv_sec = 0, .tv_nsec = wait_ns};
        pid_t child = fork();
        if (child == 0) {
            run_child();
        }
        (void)nanosleep(&wait, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        size_t n = check_store();
        CHECK(n >= n_before); // what was there stays
        n_grown += n > n_before;
        n_before = n;
    }
    CHECK(n_grown > 1); // the kills fell while something was written
}

static void test_reading_again_converges(void)
{
    struct wl_store *store = NULL;

    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, NULL), WL_OK);
    CHECK_INT(append_all(store, N_BATCHES), WL_OK);
    wl_store_close(store);
    CHECK_INT(check_store(), N_BATCHES);
}

int main(void)
{
    RUN(test_killed_at_any_moment);
    RUN(test_reading_again_converges);
    return check_report();
}
