/* The table holds eight bytes per slot, upper half of the key and column, so that a lookup touches
 * one cache line; it is at most half full. An n-gram nobody knows ends at the first free slot. */
#include "text/vocabulary.h"

#include <math.h>
#include <string.h>

#define FREE_SLOT UINT64_MAX

/* -- lookup -- */

static size_t home_of(uint64_t key, size_t n_slots)
{
    return (size_t)(key >> 2) & (n_slots - 1); // the lowest bits are the group, the same for many
}

static uint64_t slot_of(uint64_t key, uint32_t column)
{
    return (key & ~(uint64_t)UINT32_MAX) | column;
}

uint32_t wl_vocabulary_find(const struct wl_vocabulary *vocabulary, uint64_t key)
{
    size_t mask = vocabulary->n_slots - 1;

    for (size_t i = home_of(key, vocabulary->n_slots);; i = (i + 1) & mask) {
        uint64_t slot = vocabulary->slots[i];
        if (slot == FREE_SLOT) {
            return WL_VOCABULARY_NONE;
        }
        if ((slot ^ key) >> 32 == 0) {
            return (uint32_t)slot;
        }
    }
}

static wl_status fill_slots(struct wl_vocabulary *vocabulary, wl_error *error)
{
    size_t mask = vocabulary->n_slots - 1;

    memset(vocabulary->slots, 0xff, vocabulary->n_slots * sizeof(*vocabulary->slots));
    for (size_t c = 0; c < vocabulary->n_columns; c++) {
        uint64_t key = vocabulary->keys[c];
        size_t i = home_of(key, vocabulary->n_slots);
        while (vocabulary->slots[i] != FREE_SLOT) {
            if (vocabulary->keys[(uint32_t)vocabulary->slots[i]] == key) {
                return wl_fail(error, WL_ECORRUPT, "two columns have the same n-gram");
            }
            i = (i + 1) & mask;
        }
        vocabulary->slots[i] = slot_of(key, (uint32_t)c);
    }
    return WL_OK;
}

wl_status wl_vocabulary_init(struct wl_vocabulary *vocabulary, const wl_alloc *alloc,
                             uint64_t *keys, float *idf, size_t n_columns, wl_error *error)
{
    struct wl_vocabulary made = {
        .alloc = alloc, .keys = keys, .idf = idf, .n_columns = n_columns, .n_slots = 16};

    while (made.n_slots < 2 * n_columns) {
        made.n_slots *= 2;
    }
    made.slots = wl_alloc_array(alloc, made.n_slots, sizeof(*made.slots));
    if (made.slots == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary of %zu n-grams", n_columns);
    }
    wl_status status = fill_slots(&made, error);
    if (status != WL_OK) {
        wl_alloc_free(alloc, made.slots);
        return status;
    }
    *vocabulary = made;
    return WL_OK;
}

void wl_vocabulary_release(struct wl_vocabulary *vocabulary)
{
    if (vocabulary->alloc != NULL) {
        wl_alloc_free(vocabulary->alloc, vocabulary->keys);
        wl_alloc_free(vocabulary->alloc, vocabulary->idf);
        wl_alloc_free(vocabulary->alloc, vocabulary->slots);
    }
    *vocabulary = (struct wl_vocabulary){0};
}

/* -- one text -- */

void wl_text_row_init(struct wl_text_row *row, const wl_alloc *alloc)
{
    *row = (struct wl_text_row){.alloc = alloc};
}

void wl_text_row_release(struct wl_text_row *row)
{
    if (row->alloc != NULL) {
        wl_alloc_free(row->alloc, row->counts);
        wl_alloc_free(row->alloc, row->columns);
        wl_alloc_free(row->alloc, row->values);
        wl_text_row_init(row, row->alloc);
    }
}

wl_status wl_text_row_reserve(struct wl_text_row *row, size_t n_columns, size_t n_more,
                              wl_error *error)
{
    size_t n_before = row->counts_capacity;

    WL_TRY(WL_GROW(row->alloc, row->counts, row->counts_capacity, n_columns, error));
    if (row->counts_capacity > n_before) {
        memset(row->counts + n_before, 0, (row->counts_capacity - n_before) * sizeof(uint32_t));
    }
    // One more, because wl_text_row_add writes a column before it knows whether it is new.
    size_t n_most = row->n + n_more + 1;
    WL_TRY(WL_GROW(row->alloc, row->columns, row->columns_capacity, n_most, error));
    return WL_GROW(row->alloc, row->values, row->values_capacity, n_most, error);
}

void wl_text_row_take(struct wl_text_row *row)
{
    for (size_t i = 0; i < row->n; i++) {
        row->values[i] = (float)row->counts[row->columns[i]];
        row->counts[row->columns[i]] = 0;
    }
}

wl_status wl_text_row_count(struct wl_text_row *row, const struct wl_vocabulary *vocabulary,
                            struct wl_ngrams *ngrams, wl_error *error)
{
    wl_status status = WL_OK;

    row->n = 0;
    while (status == WL_OK && wl_ngrams_next(ngrams)) {
        status = wl_text_row_reserve(row, vocabulary->n_columns, ngrams->n_keys, error);
        for (size_t i = 0; i < ngrams->n_keys && status == WL_OK; i++) {
            uint32_t column = wl_vocabulary_find(vocabulary, ngrams->keys[i]);
            if (column != WL_VOCABULARY_NONE) {
                wl_text_row_add(row, column);
            }
        }
    }
    wl_text_row_take(row);
    row->n = status == WL_OK ? row->n : 0;
    return status;
}

/* -- weights -- */

float wl_idf(size_t n_texts, size_t df)
{
    return (float)(log((1.0 + (double)n_texts) / (1.0 + (double)df)) + 1.0);
}

void wl_tfidf_weigh(const uint64_t *keys, const float *idf, bool binary, const uint32_t *columns,
                    size_t n, float *values)
{
    double squares[WL_NGRAM_GROUPS] = {0.0};
    float scale[WL_NGRAM_GROUPS];

    for (size_t i = 0; i < n; i++) {
        double count = (double)values[i];
        double weight = (count > 1.0 && !binary ? 1.0 + log(count) : 1.0) * (double)idf[columns[i]];
        values[i] = (float)weight;
        squares[keys[columns[i]] & (WL_NGRAM_GROUPS - 1)] += weight * weight;
    }
    for (size_t g = 0; g < WL_NGRAM_GROUPS; g++) {
        scale[g] = squares[g] > 0.0 ? (float)(1.0 / sqrt(squares[g])) : 0.0F;
    }
    for (size_t i = 0; i < n; i++) {
        values[i] *= scale[keys[columns[i]] & (WL_NGRAM_GROUPS - 1)];
    }
}
