/* Linear probing on a power-of-two table; strings lie end to end in one block so that a dictionary
 * of a million user ids costs three allocations. */
#include "base/dict.h"

#include "base/limits.h"

#include <string.h>

#define SLOTS_MIN ((size_t)64)

void wl_dict_init(struct wl_dict *dict, const wl_alloc *alloc)
{
    *dict = (struct wl_dict){.alloc = alloc};
}

void wl_dict_release(struct wl_dict *dict)
{
    if (dict->alloc != NULL) {
        wl_alloc_free(dict->alloc, dict->slots);
        wl_alloc_free(dict->alloc, dict->hashes);
        wl_alloc_free(dict->alloc, dict->offsets);
        wl_alloc_free(dict->alloc, dict->bytes);
    }
    *dict = (struct wl_dict){.alloc = dict->alloc};
}

struct wl_str wl_dict_string(const struct wl_dict *dict, uint32_t id)
{
    WL_ASSERT(id < dict->n_strings);
    return (struct wl_str){.data = dict->bytes + dict->offsets[id],
                           .n_bytes = (size_t)(dict->offsets[id + 1] - dict->offsets[id])};
}

// The slot that holds text, or the free slot where it would go.
static size_t find_slot(const struct wl_dict *dict, struct wl_str text, uint64_t hash)
{
    size_t mask = dict->n_slots - 1;
    size_t slot = (size_t)hash & mask;

    while (dict->slots[slot] != 0) {
        uint32_t id = dict->slots[slot] - 1;
        if (dict->hashes[id] == hash && wl_str_equal(wl_dict_string(dict, id), text)) {
            return slot;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

uint32_t wl_dict_find(const struct wl_dict *dict, struct wl_str text)
{
    if (dict->n_slots == 0) {
        return WL_DICT_NONE;
    }
    uint32_t entry = dict->slots[find_slot(dict, text, wl_str_hash(text, 0))];
    return entry != 0 ? entry - 1 : WL_DICT_NONE;
}

static wl_status grow_slots(struct wl_dict *dict, wl_error *error)
{
    size_t n_slots = dict->n_slots == 0 ? SLOTS_MIN : dict->n_slots * 2;
    uint32_t *slots = wl_alloc_zeroed(dict->alloc, n_slots, sizeof(*slots));

    if (slots == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a dictionary of %zu slots", n_slots);
    }
    for (size_t id = 0; id < dict->n_strings; id++) {
        size_t slot = (size_t)dict->hashes[id] & (n_slots - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (n_slots - 1);
        }
        slots[slot] = (uint32_t)id + 1;
    }
    wl_alloc_free(dict->alloc, dict->slots);
    dict->slots = slots;
    dict->n_slots = n_slots;
    return WL_OK;
}

wl_status wl_dict_intern(struct wl_dict *dict, struct wl_str text, uint32_t *id, wl_error *error)
{
    uint64_t hash = wl_str_hash(text, 0);
    size_t n = dict->n_strings;
    size_t n_used = n > 0 ? (size_t)dict->offsets[n] : 0;

    if (dict->n_slots > 0) {
        uint32_t entry = dict->slots[find_slot(dict, text, hash)];
        if (entry != 0) {
            *id = entry - 1;
            return WL_OK;
        }
    }
    if (n >= WL_DICT_MAX - 1) {
        return wl_fail(error, WL_ELIMIT, "more than %zu distinct strings", n);
    }
    if (n * 10 >= dict->n_slots * 7) {
        WL_TRY(grow_slots(dict, error));
    }
    WL_TRY(WL_GROW(dict->alloc, dict->hashes, dict->hashes_capacity, n + 1, error));
    WL_TRY(WL_GROW(dict->alloc, dict->offsets, dict->offsets_capacity, n + 2, error));
    WL_TRY(
        WL_GROW(dict->alloc, dict->bytes, dict->bytes_capacity, n_used + text.n_bytes + 1, error));
    if (text.n_bytes > 0) {
        memcpy(dict->bytes + n_used, text.data, text.n_bytes);
    }
    dict->hashes[n] = hash;
    dict->offsets[n] = n_used;
    dict->offsets[n + 1] = n_used + text.n_bytes;
    dict->slots[find_slot(dict, text, hash)] = (uint32_t)n + 1;
    dict->n_strings = n + 1;
    *id = (uint32_t)n;
    return WL_OK;
}

void wl_map64_init(struct wl_map64 *map, const wl_alloc *alloc)
{
    *map = (struct wl_map64){.alloc = alloc};
}

void wl_map64_release(struct wl_map64 *map)
{
    if (map->alloc != NULL) {
        wl_alloc_free(map->alloc, map->keys);
        wl_alloc_free(map->alloc, map->values);
    }
    *map = (struct wl_map64){.alloc = map->alloc};
}

// Keys are often hashes already, but users may pass counters: mix before masking.
static size_t home_slot(uint64_t key, size_t n_slots)
{
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (n_slots - 1);
}

static size_t key_slot(const uint64_t *keys, size_t n_slots, uint64_t key)
{
    size_t slot = home_slot(key, n_slots);
    while (keys[slot] != 0 && keys[slot] != key) {
        slot = (slot + 1) & (n_slots - 1);
    }
    return slot;
}

static bool grow_map(struct wl_map64 *map)
{
    size_t n_slots = map->n_slots == 0 ? SLOTS_MIN : map->n_slots * 2;
    uint64_t *keys = wl_alloc_zeroed(map->alloc, n_slots, sizeof(*keys));
    uint64_t *values = wl_alloc_zeroed(map->alloc, n_slots, sizeof(*values));

    if (keys == NULL || values == NULL) {
        wl_alloc_free(map->alloc, keys);
        wl_alloc_free(map->alloc, values);
        return false;
    }
    for (size_t i = 0; i < map->n_slots; i++) {
        if (map->keys[i] != 0) {
            size_t slot = key_slot(keys, n_slots, map->keys[i]);
            keys[slot] = map->keys[i];
            values[slot] = map->values[i];
        }
    }
    wl_alloc_free(map->alloc, map->keys);
    wl_alloc_free(map->alloc, map->values);
    map->keys = keys;
    map->values = values;
    map->n_slots = n_slots;
    return true;
}

uint64_t *wl_map64_at(struct wl_map64 *map, uint64_t key, bool *is_new)
{
    bool added = false;
    uint64_t *value;

    if (key == 0) {
        added = !map->has_zero;
        map->has_zero = true;
        value = &map->zero_value;
    } else {
        if (map->n_keys * 10 >= map->n_slots * 7 && !grow_map(map)) {
            return NULL;
        }
        size_t slot = key_slot(map->keys, map->n_slots, key);
        added = map->keys[slot] == 0;
        map->keys[slot] = key;
        map->n_keys += added;
        value = &map->values[slot];
    }
    if (is_new != NULL) {
        *is_new = added;
    }
    return value;
}

const uint64_t *wl_map64_get(const struct wl_map64 *map, uint64_t key)
{
    if (key == 0) {
        return map->has_zero ? &map->zero_value : NULL;
    }
    if (map->n_slots == 0) {
        return NULL;
    }
    size_t slot = key_slot(map->keys, map->n_slots, key);
    return map->keys[slot] == key ? &map->values[slot] : NULL;
}
