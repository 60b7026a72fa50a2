/* Parallel loops. Results never depend on the number of threads: work is cut into fixed pieces and
 * each piece writes its own place. */
#ifndef WL_BASE_THREAD_H
#define WL_BASE_THREAD_H
#include "base/error.h"

#include <pthread.h>

/* One piece of a parallel loop: items begin .. end-1. i_worker < n_threads picks scratch memory. */
typedef wl_status (*wl_work_fn)(void *context, size_t begin, size_t end, size_t i_worker,
                                wl_error *error);

/* wl_parallel_for - run work over n_items in pieces of piece_items.
 *   n_threads  (in) workers, 1..WL_THREADS_MAX; 1 runs in the caller.
 * Cost:    starts n_threads - 1 threads per call; use for work of a millisecond and more.
 * Errors:  the failure of the lowest failing piece, so that the report is the same every time;
 *          pieces not yet started are skipped. */
WL_MUST_CHECK wl_status wl_parallel_for(size_t n_threads, size_t n_items, size_t piece_items,
                                        wl_work_fn work, void *context, wl_error *error);

/* A moment to wait for, on a clock that nobody sets. */
struct wl_deadline {
    int64_t s;
    int64_t ns;
};

/* wl_deadline_in - the moment wait_us from now, wait_us >= 0. */
struct wl_deadline wl_deadline_in(int64_t wait_us);

/* wl_condition_init - a condition for wl_condition_wait; destroy it with pthread_cond_destroy.
 * wl_condition_wait - wait for a signal, or until the deadline: then true. As with
 * pthread_cond_wait the lock is held before and after, and waking up proves nothing. */
wl_status wl_condition_init(pthread_cond_t *condition, wl_error *error);
bool wl_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                       struct wl_deadline deadline);

/* wl_threads_default - online processors, at most WL_THREADS_MAX. */
size_t wl_threads_default(void);

#endif
