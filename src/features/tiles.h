/* What a state is made of: tiles (what happened in one hour or one day) and the bits of active
 * days. Everything in them is a sum, a minimum, a maximum or a set, so that the order in which
 * events arrive leaves no trace. */
#ifndef WL_FEATURES_TILES_H
#define WL_FEATURES_TILES_H
#include "base/alloc.h"
#include "base/wide.h"

#define WL_HOURS_PER_DAY 24

/* Sums of events. 128 bits hold 10^8 squares of the largest value (10^15 in units of 10^-4). */
struct wl_sums {
    uint32_t n;        /* events */
    uint32_t n_valued; /* those with a value */
    uint32_t n_night;  /* those from 22:00 to 06:00 local time */
    int64_t min_e4;    /* INT64_MAX when n_valued is 0 */
    int64_t max_e4;    /* INT64_MIN when n_valued is 0 */
    wl_i128 sum_e4;
    wl_i128 squares_e8;
};

struct wl_tile {
    int32_t index;      /* local day or local hour since 1970 */
    uint32_t hour_mask; /* day tiles: bit h is set when hour h was active; hour tiles: 0 */
    struct wl_sums sums;
};

struct wl_tiles {
    struct wl_tile *items; /* (n_items) by rising index, owned */
    size_t n_items;
    size_t capacity;
};

/* 64 days, one bit each. */
struct wl_day_word {
    int32_t word; /* day / 64, rounded down */
    uint64_t bits;
};

struct wl_day_words {
    struct wl_day_word *items; /* (n_items) by rising word, bits never 0; owned */
    size_t n_items;
    size_t capacity;
};

/* wl_sums_empty - sums of nothing. */
struct wl_sums wl_sums_empty(void);

/* wl_sums_add - sums of both. */
void wl_sums_add(struct wl_sums *sums, const struct wl_sums *more);

/* wl_tiles_reserve - room for one more tile. Errors: WL_ENOMEM. */
static inline WL_MUST_CHECK wl_status wl_tiles_reserve(const wl_alloc *alloc,
                                                       struct wl_tiles *tiles, wl_error *error)
{
    return tiles->n_items < tiles->capacity
               ? WL_OK
               : WL_GROW(alloc, tiles->items, tiles->capacity, tiles->n_items + 1, error);
}

/* wl_tiles_at - the tile of an index, made when it is not there; room must be reserved.
 * Cost:    O(1) for the newest tiles, which is where nearly all events go; O(tiles) else. */
struct wl_tile *wl_tiles_at(struct wl_tiles *tiles, int32_t index);

/* wl_tiles_drop - forget tiles before index_min. */
void wl_tiles_drop(struct wl_tiles *tiles, int32_t index_min);

/* wl_day_words_reserve - room for one more word. wl_day_words_add - a day was active.
 * wl_day_words_drop - forget words before word_min. */
WL_MUST_CHECK wl_status wl_day_words_reserve(const wl_alloc *alloc, struct wl_day_words *words,
                                             wl_error *error);
void wl_day_words_add(struct wl_day_words *words, int32_t day);
void wl_day_words_drop(struct wl_day_words *words, int32_t word_min);

/* wl_floor_div - quotient rounded down, also for negative values; step > 0. */
int32_t wl_floor_div(int64_t value, int64_t step);

#endif
