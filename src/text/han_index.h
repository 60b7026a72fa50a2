/* Shortcuts for Chinese characters into the dictionary's double array, where every character takes
 * three steps and every step may miss the cache: which words begin with one character and with
 * two, and whether any word goes on with a character at all. */
#ifndef WL_TEXT_HAN_INDEX_H
#define WL_TEXT_HAN_INDEX_H
#include "text/word_dict.h"

#define WL_HAN_NO_WORD (-1.0) /* weight of what only begins words; logs of frequencies are >= 0 */

struct wl_han_first {
    double weight; /* of the character as a word, or WL_HAN_NO_WORD */
    uint32_t cell; /* of the character, 0 when no word begins with it */
};

struct wl_han_pair {
    uint32_t key;  /* both characters, 0: free */
    uint32_t cell; /* of the pair */
    double weight; /* of the pair as a word, or WL_HAN_NO_WORD */
};

struct wl_han_index {
    struct wl_han_first *first; /* (WL_HAN_COUNT) */
    struct wl_han_pair *pairs;  /* (n_slots) open addressing, at most half full */
    size_t n_slots;             /* power of two */
    uint64_t *filter;           /* (2^WL_HAN_FILTER_BITS bits) of a cell and what may follow it */
};

#define WL_HAN_FILTER_BITS 22 /* 512 KiB fit a second-level cache; jieba has 600,000 such steps */

/* wl_han_index_make - the index of a dictionary. Release with wl_han_index_release; zeroed is fine.
 * Cost:    50 ms and 17 MB for jieba's dictionary.
 * Errors:  WL_ENOMEM  nothing is held. */
WL_MUST_CHECK wl_status wl_han_index_make(const wl_alloc *alloc, const struct wl_word_dict *dict,
                                          struct wl_han_index *index, wl_error *error);
void wl_han_index_release(const wl_alloc *alloc, struct wl_han_index *index);

/* wl_han_index_first - a character, WL_HAN_FIRST to WL_HAN_LAST. */
static inline const struct wl_han_first *wl_han_index_first(const struct wl_han_index *index,
                                                            uint32_t code)
{
    return &index->first[code - WL_HAN_FIRST];
}

/* wl_han_index_hash - spreads the key of a pair; its upper bits choose places. */
static inline uint64_t wl_han_index_hash(uint32_t key)
{
    return key * UINT64_C(0x9e3779b97f4a7c15); // Fibonacci hashing, Knuth volume 3, 6.4
}

/* wl_han_index_bit - the filter's bit for a character behind a cell. */
static inline uint64_t wl_han_index_bit(uint32_t cell, uint32_t code)
{
    return wl_han_index_hash(cell * UINT32_C(0x85ebca6b) + code) >> (64 - WL_HAN_FILTER_BITS);
}

/* wl_han_index_may - false: no word goes on from this cell with this character. */
static inline bool wl_han_index_may(const struct wl_han_index *index, uint32_t cell, uint32_t code)
{
    uint64_t bit = wl_han_index_bit(cell, code);
    return (index->filter[bit / 64] >> bit % 64 & 1) != 0;
}

/* wl_han_index_key - of a pair. */
static inline uint32_t wl_han_index_key(uint32_t code, uint32_t next)
{
    return (code - WL_HAN_FIRST) << 16 | (next - WL_HAN_FIRST + 1);
}

/* wl_han_index_pair - two characters, NULL when no word begins with them. */
static inline const struct wl_han_pair *wl_han_index_pair(const struct wl_han_index *index,
                                                          uint32_t code, uint32_t next)
{
    uint32_t key = wl_han_index_key(code, next);
    uint64_t hash = wl_han_index_hash(key);

    for (size_t at = (size_t)(hash >> 20); index->pairs[at &= index->n_slots - 1].key != 0; at++) {
        if (index->pairs[at].key == key) {
            return &index->pairs[at];
        }
    }
    return NULL;
}

#endif
