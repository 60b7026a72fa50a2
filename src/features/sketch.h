/* How many different values a property had inside any window, in bounded memory.
 *
 * Bottom-k (KMV): of all 64-bit hashes seen, the k smallest tell how many there were. To answer for
 * every window at once, each hash carries the hour it was last seen, and a hash is dropped only
 * when WL_SKETCH_K smaller hashes were last seen no earlier: then no window can want it. What is
 * left is the "k-skyband" of the set of (hash, last hour), which depends on that set alone:
 *
 *     dropped items never matter: of the items that dominate e, the k with the smallest hashes have
 *     fewer than k dominators each, so they are all kept, and e stays dominated for ever.
 *
 * Expected size: k * (1 + ln(n / k)) items for n values in random order of hashes.
 * Source: Bar-Yossef et al. 2002 (bottom-k); the windowed form is own, after the k-skyband of
 * Papadias et al. 2005, ACM TODS 30(1), section 5. */
#ifndef WL_FEATURES_SKETCH_H
#define WL_FEATURES_SKETCH_H
#include "base/alloc.h"

#define WL_SKETCH_EXACT 128                   /* counts up to here are exact */
#define WL_SKETCH_K     (WL_SKETCH_EXACT + 1) /* one more, to know that there are more */

struct wl_sketch_item {
    uint64_t hash;
    int32_t hour; /* local hour it was last seen */
};

struct wl_sketch {
    struct wl_sketch_item *items; /* (n_items) by rising hash, owned */
    size_t n_items;
    size_t capacity;
    size_t n_items_prune; /* next pruning happens at this size */
};

/* wl_sketch_reserve - room for one more value. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sketch_reserve(const wl_alloc *alloc, struct wl_sketch *sketch,
                                          wl_error *error);

/* wl_sketch_add - a value was seen in this hour; room must be reserved.
 * Cost:    O(log items) when it is known, O(items) when new; pruning amortised. */
void wl_sketch_add(struct wl_sketch *sketch, uint64_t hash, int32_t hour);

/* wl_sketch_prune - drop items last seen before hour_min and those that no window can want.
 * Afterwards the items depend on the set of values added alone. */
void wl_sketch_prune(struct wl_sketch *sketch, int32_t hour_min);

/* wl_sketch_count - different values last seen at hour_min or later: exact up to WL_SKETCH_EXACT,
 * beyond that an unbiased estimate with a relative standard error of 1 / sqrt(127) = 8.9 %. */
double wl_sketch_count(const struct wl_sketch *sketch, int32_t hour_min);

#endif
