/* Two hash maps: a string dictionary (bytes -> dense id, in order of first sight) and a map from
 * 64-bit keys to 64-bit values. Open addressing, at most 70 % full. */
#ifndef WL_BASE_DICT_H
#define WL_BASE_DICT_H
#include "base/alloc.h"
#include "base/str.h"

#define WL_DICT_NONE UINT32_MAX /* "no such string" */

struct wl_dict {
    const wl_alloc *alloc;
    uint32_t *slots;   /* (n_slots) id + 1, 0 = free; owned */
    uint64_t *hashes;  /* (n_strings) owned */
    uint64_t *offsets; /* (n_strings + 1) where each string starts in bytes; owned */
    char *bytes;       /* all strings end to end; owned */
    size_t n_slots;    /* power of two, or 0 */
    size_t n_strings;
    size_t hashes_capacity;
    size_t offsets_capacity;
    size_t bytes_capacity;
};

/* wl_dict_init - empty dictionary, takes no memory yet. wl_dict_release - give all back. */
void wl_dict_init(struct wl_dict *dict, const wl_alloc *alloc);
void wl_dict_release(struct wl_dict *dict);

/* wl_dict_intern - id of text, adding it when new; ids count up from 0.
 * Cost:    O(bytes), amortised.
 * Errors:  WL_ENOMEM, WL_ELIMIT (2^31 strings); the dictionary is unchanged. */
WL_MUST_CHECK wl_status wl_dict_intern(struct wl_dict *dict, struct wl_str text, uint32_t *id,
                                       wl_error *error);

/* wl_dict_find - id of text, or WL_DICT_NONE. Any number of readers. */
uint32_t wl_dict_find(const struct wl_dict *dict, struct wl_str text);

/* wl_dict_string - text of an id; borrowed until the next intern. id must exist. */
struct wl_str wl_dict_string(const struct wl_dict *dict, uint32_t id);

struct wl_map64 {
    const wl_alloc *alloc;
    uint64_t *keys;   /* (n_slots), owned; key 0 is kept apart */
    uint64_t *values; /* (n_slots), owned */
    size_t n_slots;
    size_t n_keys; /* without key 0 */
    bool has_zero;
    uint64_t zero_value;
};

/* wl_map64_init - empty map. wl_map64_release - give all back. */
void wl_map64_init(struct wl_map64 *map, const wl_alloc *alloc);
void wl_map64_release(struct wl_map64 *map);

/* wl_map64_at - pointer to the value of key, adding it with value 0 when new (*is_new, may be
 * NULL). NULL when memory is out. The pointer lives until the next wl_map64_at. */
uint64_t *wl_map64_at(struct wl_map64 *map, uint64_t key, bool *is_new);

/* wl_map64_get - pointer to the value of key, or NULL. */
const uint64_t *wl_map64_get(const struct wl_map64 *map, uint64_t key);

#endif
