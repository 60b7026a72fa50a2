/* Cutting asks at every character which words begin there. Most begin none of two characters, which
 * the filter (512 KiB) says without touching the dictionary (14 MB); the others are found in one
 * slot of the table of pairs. Longer words go on in the double array, if the filter lets them.
 *
 * All is read off the cells: a cell that the last byte of a character leads to knows its parents.
 * Measured: 55 MB/s of hotel reviews a core instead of 37. */
#include "text/han_index.h"

static double weight_of(const struct wl_word_dict *dict, uint32_t cell)
{
    uint32_t word = dict->cells.items[cell].word;
    return dict->frequency[word] > 0 ? dict->weight[word] : WL_HAN_NO_WORD;
}

/* One step of a whole character, found from its last byte's cell. */
struct step {
    uint32_t from; /* cell */
    uint32_t code; /* 0: the cell is none of the dictionary's range */
};

static struct step step_to(const struct wl_word_cells *cells, uint32_t cell)
{
    uint32_t code = 0;
    struct step none = {0};

    for (uint32_t shift = 0; shift < 18; shift += 6) {
        uint32_t parent = cells->items[cell].parent;
        if (parent == WL_WORD_CELL_NONE || parent >= cells->n || cell == 0) {
            return none;
        }
        uint32_t byte = cell - cells->items[parent].base;
        bool is_good = shift < 12 ? byte >= 0x80 && byte <= 0xBF : byte >= 0xE4 && byte <= 0xE9;
        if (!is_good) {
            return none;
        }
        code |= (byte & (shift < 12 ? 0x3FU : 0x0FU)) << shift;
        cell = parent;
    }
    bool is_known = code >= WL_HAN_FIRST && code <= WL_HAN_LAST;
    return is_known ? (struct step){.from = cell, .code = code} : none;
}

static void put_pair(struct wl_han_index *index, uint32_t code, uint32_t next, uint32_t cell,
                     double weight)
{
    uint32_t key = wl_han_index_key(code, next);
    size_t at = (size_t)(wl_han_index_hash(key) >> 20) & (index->n_slots - 1);

    while (index->pairs[at].key != 0) {
        at = (at + 1) & (index->n_slots - 1);
    }
    index->pairs[at] = (struct wl_han_pair){.key = key, .cell = cell, .weight = weight};
}

// First characters and the filter; returns the number of pairs.
static size_t put_steps(const struct wl_word_dict *dict, struct wl_han_index *index)
{
    size_t n_pairs = 0;

    for (uint32_t cell = 1; cell < dict->cells.n; cell++) {
        struct step step = step_to(&dict->cells, cell);
        if (step.code == 0) {
            continue;
        }
        if (step.from == 0) {
            index->first[step.code - WL_HAN_FIRST] =
                (struct wl_han_first){.weight = weight_of(dict, cell), .cell = cell};
            continue;
        }
        uint64_t bit = wl_han_index_bit(step.from, step.code);
        index->filter[bit / 64] |= UINT64_C(1) << bit % 64;
        n_pairs++; // at most: longer steps are counted, too
    }
    return n_pairs;
}

static void put_pairs(const struct wl_word_dict *dict, struct wl_han_index *index)
{
    for (uint32_t cell = 1; cell < dict->cells.n; cell++) {
        struct step step = step_to(&dict->cells, cell);
        struct step before = step.from != 0 ? step_to(&dict->cells, step.from) : (struct step){0};
        if (step.code != 0 && before.code != 0 && before.from == 0) {
            put_pair(index, before.code, step.code, cell, weight_of(dict, cell));
        }
    }
}

wl_status wl_han_index_make(const wl_alloc *alloc, const struct wl_word_dict *dict,
                            struct wl_han_index *index, wl_error *error)
{
    *index = (struct wl_han_index){.n_slots = 2};
    index->first = wl_alloc_zeroed(alloc, WL_HAN_COUNT, sizeof(*index->first));
    index->filter =
        wl_alloc_zeroed(alloc, ((size_t)1 << WL_HAN_FILTER_BITS) / 64, sizeof(*index->filter));
    if (index->first != NULL && index->filter != NULL) {
        size_t n_pairs = put_steps(dict, index);
        while (index->n_slots <= n_pairs) {
            index->n_slots *= 2;
        }
        index->pairs = wl_alloc_zeroed(alloc, index->n_slots, sizeof(*index->pairs));
    }
    if (index->pairs == NULL) {
        wl_han_index_release(alloc, index);
        return wl_fail(error, WL_ENOMEM, "no memory for the index of a dictionary");
    }
    put_pairs(dict, index);
    return WL_OK;
}

void wl_han_index_release(const wl_alloc *alloc, struct wl_han_index *index)
{
    wl_alloc_free(alloc, index->first);
    wl_alloc_free(alloc, index->pairs);
    wl_alloc_free(alloc, index->filter);
    *index = (struct wl_han_index){0};
}
