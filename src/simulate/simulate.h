/* A company that never was: events, Chinese and English texts, attributes, and the truth behind
 * them.
 *
 * The truth (who would leave, why, and what each action would change) is known here and nowhere
 * else: it goes into truth.ndjson, which no stage reads; a test searches the sources for its
 * name. What stands in the other files is what a real company could export on the last day. */
#ifndef WL_SIMULATE_SIMULATE_H
#define WL_SIMULATE_SIMULATE_H
#include "base/alloc.h"
#include "base/progress.h"
#include "data/node.h"

/* What to simulate. Same options, same bytes. */
struct wl_world {
    int64_t n_users;       /* 1..WL_SIM_USERS_MAX */
    int64_t n_days;        /* 14..WL_SIM_DAYS_MAX days of history */
    int64_t start_us;      /* first day, 00:00 UTC */
    int64_t seed;          /* any number */
    double share_zh;       /* share of customers who write Chinese, 0..1 */
    int64_t n_texts;       /* texts wanted, 30 % of them by churners; 0: one per two users */
    double share_campaign; /* share of customers in the randomised campaign, 0..1 */
};

/* What came out, for the person at the terminal. */
struct wl_simulation {
    size_t n_users;
    size_t n_events;     /* lines of events.ndjson, duplicates included */
    size_t n_duplicates; /* lines whose message id stands on an earlier line too */
    size_t n_late;       /* events that became known more than an hour after they happened */
    size_t n_texts;
    size_t n_texts_churners; /* texts by customers who have left by the end */
    size_t n_left;           /* customers who have left by the end */
    size_t n_campaign;       /* customers in the randomised campaign */
    double churn_monthly;    /* leavers per customer and 30 days */
};

/* wl_world_default - 20,000 customers, 90 days from 2025-01-01, seed 42, 80 % Chinese, a campaign
 * over 5 % of them. */
struct wl_world wl_world_default(void);

/* wl_world_read - options from a map: users, days, start, seed, share_zh, texts, share_campaign.
 * Keys that are absent keep the value world has.
 *   map    (in)     NULL counts as an empty map; where names it in messages.
 * Errors:  WL_ECONFIG  unknown key, wrong kind, out of bounds; world is unchanged. */
WL_MUST_CHECK wl_status wl_world_read(struct wl_arena *arena, const struct wl_node *map,
                                      const char *where, struct wl_world *world, wl_error *error);

/* wl_simulate - write events.ndjson, texts.csv, customers.csv and truth.ndjson into a folder.
 *   folder     (in)  made when it is not there; files of these names are replaced.
 *   n_threads  (in)  1..WL_THREADS_MAX; the bytes do not depend on it.
 *   sink       (in)  progress; may be NULL.
 *   summary    (out) may be NULL.
 * Cost:    O(users * days + events log events); about 100 bytes per event at the peak.
 * Errors:  WL_EINVAL  an option is out of bounds.  WL_EIO  the folder cannot be written; files
 *          already finished stay.  WL_ENOMEM.
 * Threads: one call per folder.
 * Source:  own; the world's rules stand in src/simulate/README.md. */
WL_MUST_CHECK wl_status wl_simulate(const struct wl_world *world, const char *folder,
                                    size_t n_threads, const wl_alloc *alloc,
                                    const struct wl_sink *sink, struct wl_simulation *summary,
                                    wl_error *error);

#endif
