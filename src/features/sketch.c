/* Windowed bottom-k; the idea stands in the header. */
#include "features/sketch.h"

#include <string.h>

wl_status wl_sketch_reserve(const wl_alloc *alloc, struct wl_sketch *sketch, wl_error *error)
{
    return WL_GROW(alloc, sketch->items, sketch->capacity, sketch->n_items + 1, error);
}

static size_t find_item(const struct wl_sketch *sketch, uint64_t hash)
{
    size_t low = 0;
    size_t high = sketch->n_items;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sketch->items[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void wl_sketch_add(struct wl_sketch *sketch, uint64_t hash, int32_t hour)
{
    size_t at = find_item(sketch, hash);
    struct wl_sketch_item *item = &sketch->items[at];

    if (at < sketch->n_items && item->hash == hash) {
        item->hour = hour > item->hour ? hour : item->hour;
        return;
    }
    WL_DCHECK(sketch->n_items < sketch->capacity);
    memmove(item + 1, item, (sketch->n_items - at) * sizeof(*item));
    *item = (struct wl_sketch_item){.hash = hash, .hour = hour};
    sketch->n_items++;
    // Pruning at double size keeps its cost to a constant per value.
    if (sketch->n_items_prune == 0) {
        sketch->n_items_prune = (size_t)4 * WL_SKETCH_K;
    }
    if (sketch->n_items >= sketch->n_items_prune) {
        wl_sketch_prune(sketch, INT32_MIN);
        sketch->n_items_prune = 2 * sketch->n_items + (size_t)2 * WL_SKETCH_K;
    }
}

/* The WL_SKETCH_K latest hours among smaller hashes, smallest on top. */
struct latest {
    int32_t hours[WL_SKETCH_K];
    size_t n_hours;
};

static void sift_down(struct latest *latest)
{
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= latest->n_hours) {
            return;
        }
        if (child + 1 < latest->n_hours && latest->hours[child + 1] < latest->hours[child]) {
            child++;
        }
        if (latest->hours[at] <= latest->hours[child]) {
            return;
        }
        int32_t swap = latest->hours[at];
        latest->hours[at] = latest->hours[child];
        latest->hours[child] = swap;
        at = child;
    }
}

static void push_hour(struct latest *latest, int32_t hour)
{
    if (latest->n_hours == WL_SKETCH_K) {
        latest->hours[0] = hour;
        sift_down(latest);
        return;
    }
    size_t at = latest->n_hours++;
    for (; at > 0 && latest->hours[(at - 1) / 2] > hour; at = (at - 1) / 2) {
        latest->hours[at] = latest->hours[(at - 1) / 2];
    }
    latest->hours[at] = hour;
}

void wl_sketch_prune(struct wl_sketch *sketch, int32_t hour_min)
{
    struct latest latest = {.n_hours = 0};
    size_t n_kept = 0;

    for (size_t i = 0; i < sketch->n_items; i++) {
        struct wl_sketch_item item = sketch->items[i];
        bool is_wanted = latest.n_hours < WL_SKETCH_K || latest.hours[0] < item.hour;
        if (item.hour >= hour_min && is_wanted) {
            push_hour(&latest, item.hour);
            sketch->items[n_kept++] = item;
        }
    }
    sketch->n_items = n_kept;
}

double wl_sketch_count(const struct wl_sketch *sketch, int32_t hour_min)
{
    size_t n = 0;

    for (size_t i = 0; i < sketch->n_items; i++) {
        if (sketch->items[i].hour >= hour_min && ++n == WL_SKETCH_K) {
            double share = ((double)sketch->items[i].hash + 1.0) * 0x1.0p-64;
            return (WL_SKETCH_K - 1) / share;
        }
    }
    return (double)n;
}
