/* A loop counter shared by workers; nothing else is shared. */
#define _GNU_SOURCE
#include "base/thread.h"

#include "base/limits.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

struct loop {
    size_t n_items;
    size_t piece_items;
    wl_work_fn work;
    void *context;
    atomic_size_t i_next; /* first item not handed out */
    atomic_bool stopped;
    pthread_mutex_t lock; /* guards the failure below */
    size_t i_failed;      /* begin of the lowest failing piece */
    wl_status status;
    wl_error error;
};

struct worker {
    struct loop *loop;
    size_t i_worker;
    pthread_t thread;
};

static void note_failure(struct loop *loop, size_t begin, wl_status status, const wl_error *error)
{
    (void)pthread_mutex_lock(&loop->lock);
    if (loop->status == WL_OK || begin < loop->i_failed) {
        loop->status = status;
        loop->i_failed = begin;
        loop->error = *error;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    atomic_store(&loop->stopped, true);
}

static void *run_worker(void *argument)
{
    const struct worker *worker = argument;
    struct loop *loop = worker->loop;

    while (!atomic_load(&loop->stopped)) {
        size_t begin = atomic_fetch_add(&loop->i_next, loop->piece_items);
        if (begin >= loop->n_items) {
            break;
        }
        size_t n_left = loop->n_items - begin;
        size_t end = begin + (n_left < loop->piece_items ? n_left : loop->piece_items);
        wl_error error = {0};
        wl_status status = loop->work(loop->context, begin, end, worker->i_worker, &error);
        if (status != WL_OK) {
            note_failure(loop, begin, status, &error);
        }
    }
    return NULL;
}

wl_status wl_parallel_for(size_t n_threads, size_t n_items, size_t piece_items, wl_work_fn work,
                          void *context, wl_error *error)
{
    struct worker workers[WL_THREADS_MAX];
    struct loop loop = {.n_items = n_items,
                        .piece_items = piece_items,
                        .work = work,
                        .context = context,
                        .lock = PTHREAD_MUTEX_INITIALIZER};
    size_t n_started = 1;

    WL_ASSERT(n_threads >= 1 && n_threads <= WL_THREADS_MAX && piece_items > 0);
    atomic_init(&loop.i_next, 0);
    atomic_init(&loop.stopped, false);
    workers[0] = (struct worker){.loop = &loop, .i_worker = 0};
    // A thread that cannot be started is no failure: the others do its share.
    while (n_started < n_threads && n_started * piece_items < n_items) {
        workers[n_started] = (struct worker){.loop = &loop, .i_worker = n_started};
        if (pthread_create(&workers[n_started].thread, NULL, run_worker, &workers[n_started]) !=
            0) {
            break;
        }
        n_started++;
    }
    (void)run_worker(&workers[0]);
    for (size_t i = 1; i < n_started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
    (void)pthread_mutex_destroy(&loop.lock);
    if (loop.status != WL_OK && error != NULL) {
        *error = loop.error;
    }
    return loop.status;
}

size_t wl_threads_default(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    if (n < 1) {
        return 1;
    }
    return n > WL_THREADS_MAX ? WL_THREADS_MAX : (size_t)n;
}

struct wl_deadline wl_deadline_in(int64_t wait_us)
{
    struct timespec now;

    WL_ASSERT(wait_us >= 0);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ns = now.tv_nsec + wait_us % 1000000 * 1000;
    return (struct wl_deadline){.s = now.tv_sec + wait_us / 1000000 + ns / 1000000000,
                                .ns = ns % 1000000000};
}

wl_status wl_condition_init(pthread_cond_t *condition, wl_error *error)
{
    pthread_condattr_t attributes;
    bool is_made = pthread_condattr_init(&attributes) == 0;
    bool is_ready = is_made && pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                    pthread_cond_init(condition, &attributes) == 0;

    if (is_made) {
        (void)pthread_condattr_destroy(&attributes);
    }
    return is_ready ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for a condition");
}

bool wl_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                       struct wl_deadline deadline)
{
    const struct timespec at = {.tv_sec = deadline.s, .tv_nsec = deadline.ns};
    return pthread_cond_timedwait(condition, lock, &at) != 0;
}
