/* Parallel loops. Results never depend on the number of threads: work is cut into fixed pieces and
 * each piece writes its own place. */
#ifndef WL_BASE_THREAD_H
#define WL_BASE_THREAD_H
#include "base/error.h"

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

/* wl_threads_default - online processors, at most WL_THREADS_MAX. */
size_t wl_threads_default(void);

#endif
