/* Sorted sparse arrays. Most users are active on few days, and most events belong to the newest
 * tile, so a search from the end beats a tree. */
#include "features/tiles.h"

#include <string.h>

int32_t wl_floor_div(int64_t value, int64_t step)
{
    int64_t quotient = value / step;

    return (int32_t)(quotient - (value % step < 0));
}

struct wl_sums wl_sums_empty(void)
{
    return (struct wl_sums){.min_e4 = INT64_MAX, .max_e4 = INT64_MIN};
}

void wl_sums_add(struct wl_sums *sums, const struct wl_sums *more)
{
    sums->n += more->n;
    sums->n_valued += more->n_valued;
    sums->n_night += more->n_night;
    sums->min_e4 = more->min_e4 < sums->min_e4 ? more->min_e4 : sums->min_e4;
    sums->max_e4 = more->max_e4 > sums->max_e4 ? more->max_e4 : sums->max_e4;
    sums->sum_e4 += more->sum_e4;
    sums->squares_e8 += more->squares_e8;
}

// Where index stands or would stand: a few steps from the end, then halving.
static size_t find_tile(const struct wl_tiles *tiles, int32_t index)
{
    size_t high = tiles->n_items;
    size_t low = 0;

    for (int steps = 0; steps < 4 && high > 0; steps++, high--) {
        if (tiles->items[high - 1].index < index) {
            return high;
        }
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tiles->items[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct wl_tile *wl_tiles_at(struct wl_tiles *tiles, int32_t index)
{
    size_t n = tiles->n_items;

    if (n > 0 && tiles->items[n - 1].index == index) {
        return &tiles->items[n - 1];
    }
    size_t at = find_tile(tiles, index);
    struct wl_tile *tile = &tiles->items[at];
    if (at < n && tile->index == index) {
        return tile;
    }
    WL_DCHECK(n < tiles->capacity);
    if (at < n) {
        memmove(tile + 1, tile, (n - at) * sizeof(*tile));
    }
    tiles->n_items = n + 1;
    *tile = (struct wl_tile){.index = index, .sums = wl_sums_empty()};
    return tile;
}

void wl_tiles_drop(struct wl_tiles *tiles, int32_t index_min)
{
    size_t n_old = 0;

    while (n_old < tiles->n_items && tiles->items[n_old].index < index_min) {
        n_old++;
    }
    if (n_old > 0) {
        tiles->n_items -= n_old;
        memmove(tiles->items, tiles->items + n_old, tiles->n_items * sizeof(*tiles->items));
    }
}

wl_status wl_day_words_reserve(const wl_alloc *alloc, struct wl_day_words *words, wl_error *error)
{
    return WL_GROW(alloc, words->items, words->capacity, words->n_items + 1, error);
}

void wl_day_words_add(struct wl_day_words *words, int32_t day)
{
    int32_t word = wl_floor_div(day, 64);
    uint64_t bit = UINT64_C(1) << (day - word * 64);
    size_t at = words->n_items;

    while (at > 0 && words->items[at - 1].word > word) {
        at--;
    }
    if (at > 0 && words->items[at - 1].word == word) {
        words->items[at - 1].bits |= bit;
        return;
    }
    WL_DCHECK(words->n_items < words->capacity);
    if (at < words->n_items) {
        memmove(words->items + at + 1, words->items + at,
                (words->n_items - at) * sizeof(*words->items));
    }
    words->items[at] = (struct wl_day_word){.word = word, .bits = bit};
    words->n_items++;
}

void wl_day_words_drop(struct wl_day_words *words, int32_t word_min)
{
    size_t n_old = 0;

    while (n_old < words->n_items && words->items[n_old].word < word_min) {
        n_old++;
    }
    if (n_old > 0) {
        words->n_items -= n_old;
        memmove(words->items, words->items + n_old, words->n_items * sizeof(*words->items));
    }
}
