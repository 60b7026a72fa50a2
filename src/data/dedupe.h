/* Finding the same message twice. Two records are one when they carry the same message key and
 * their times lie within a window; of the two the better one stays: known earlier, then happened
 * earlier, then the smaller value. That rule does not look at arrival, so any order gives the same
 * records. */
#ifndef WL_DATA_DEDUPE_H
#define WL_DATA_DEDUPE_H
#include "base/dict.h"

#define WL_DEDUPE_WINDOW_US     (7 * 24 * 3600 * INT64_C(1000000)) /* as Segment keeps ids */
#define WL_DEDUPE_WINDOW_US_MIN (24 * 3600 * INT64_C(1000000))     /* retries go on for a day */

/* What is remembered of one message. */
struct wl_known_message {
    uint64_t key; /* of user and message id */
    int64_t time_us;
    int64_t received_us;
    int64_t value_e4; /* or WL_VALUE_NONE; breaks the last tie */
    size_t i_record;  /* the caller's own index of the record */
};

enum wl_verdict {
    WL_VERDICT_NEW = 0,       /* not seen; now remembered */
    WL_VERDICT_DUPLICATE = 1, /* seen, and what was seen is at least as good */
    WL_VERDICT_BETTER = 2     /* seen, but this one is better and takes its place */
};

struct wl_dedupe {
    const wl_alloc *alloc;
    struct wl_map64 by_key; /* key -> index into messages of the latest with that key */
    struct wl_known_message *messages;
    size_t n_messages;
    size_t capacity;
    int64_t window_us;
};

/* wl_dedupe_init - nothing seen yet. wl_dedupe_release - give memory back; zeroed is fine.
 *   window_us  (in) how far apart two times of one key may lie and still be one message. */
void wl_dedupe_init(struct wl_dedupe *dedupe, const wl_alloc *alloc, int64_t window_us);
void wl_dedupe_release(struct wl_dedupe *dedupe);

/* wl_dedupe_see - is this message new?
 *   message    (in)  copied when new or better.
 *   verdict    (out)
 *   i_known    (out) i_record of the message seen before; only for DUPLICATE and BETTER. For BETTER
 *                    the remembered message keeps that index: the record is replaced in place.
 * Cost:    O(1) amortised.
 * Errors:  WL_ENOMEM; nothing is remembered. */
WL_MUST_CHECK wl_status wl_dedupe_see(struct wl_dedupe *dedupe,
                                      const struct wl_known_message *message,
                                      enum wl_verdict *verdict, size_t *i_known, wl_error *error);

#endif
