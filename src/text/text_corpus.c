/* Counting goes over the texts once. Most n-grams stand in one text only; they are dropped as soon
 * as all are counted, and the rest get columns by falling document frequency: what is touched most
 * then lies together, in the matrix and in the weights. */
#include "text/text_corpus.h"

#include "base/dict.h"
#include "text/vocabulary.h"

#include <stdlib.h>
#include <string.h>

/* While counting: columns in order of first sight. */
struct counting {
    const wl_alloc *alloc;
    struct wl_map64 map; /* key -> first column */
    uint64_t *keys;      /* (map.n_keys) by first column */
    size_t keys_capacity;
    uint32_t *df;
    size_t df_capacity;
    size_t n_seen;
    struct wl_ngrams ngrams;
    struct wl_text_row row;
};

static void counting_init(struct counting *counting, const wl_alloc *alloc)
{
    memset(counting, 0, sizeof(*counting));
    counting->alloc = alloc;
    wl_map64_init(&counting->map, alloc);
    wl_ngrams_init(&counting->ngrams, alloc);
    wl_text_row_init(&counting->row, alloc);
}

static void counting_release(struct counting *counting)
{
    wl_map64_release(&counting->map);
    wl_alloc_free(counting->alloc, counting->keys);
    wl_alloc_free(counting->alloc, counting->df);
    wl_ngrams_release(&counting->ngrams);
    wl_text_row_release(&counting->row);
}

static wl_status column_of(struct counting *counting, uint64_t key, uint32_t *column,
                           wl_error *error)
{
    bool is_new = false;
    uint64_t *value = wl_map64_at(&counting->map, key, &is_new);
    size_t n = counting->n_seen;

    if (value == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for more than %zu n-grams", n);
    }
    if (is_new) {
        if (n >= UINT32_MAX) {
            return wl_fail(error, WL_ELIMIT, "more than %zu n-grams", n);
        }
        *value = n;
        WL_TRY(WL_GROW(counting->alloc, counting->keys, counting->keys_capacity, n + 1, error));
        WL_TRY(WL_GROW(counting->alloc, counting->df, counting->df_capacity, n + 1, error));
        counting->keys[n] = key;
        counting->df[n] = 0;
        counting->n_seen++;
    }
    *column = (uint32_t)*value;
    return WL_OK;
}

static wl_status count_text(struct counting *counting, const struct wl_ngram_options *options,
                            struct wl_str text, struct wl_sparse *counts, wl_error *error)
{
    struct wl_text_row *row = &counting->row;
    struct wl_ngrams *ngrams = &counting->ngrams;
    uint32_t column = 0;

    row->n = 0;
    WL_TRY(wl_ngrams_begin(ngrams, options, text, false, error));
    while (wl_ngrams_next(ngrams)) {
        WL_TRY(wl_text_row_reserve(row, counting->n_seen + ngrams->n_keys, ngrams->n_keys, error));
        for (size_t i = 0; i < ngrams->n_keys; i++) {
            WL_TRY(column_of(counting, ngrams->keys[i], &column, error));
            wl_text_row_add(row, column);
        }
    }
    wl_text_row_take(row);
    if (row->n == 0) {
        return wl_sparse_row(counts, 0, error);
    }
    WL_TRY(wl_sparse_reserve(counts, row->n, error));
    size_t begin = wl_sparse_count(counts);
    memcpy(counts->columns + begin, row->columns, row->n * sizeof(*row->columns));
    memcpy(counts->values + begin, row->values, row->n * sizeof(*row->values));
    for (size_t i = 0; i < row->n; i++) {
        counting->df[row->columns[i]]++;
    }
    return wl_sparse_row(counts, row->n, error);
}

/* -- final columns -- */

struct column {
    uint64_t key;
    uint32_t df;
    uint32_t first; /* column while counting */
};

static int compare_columns(const void *left, const void *right)
{
    const struct column *a = left;
    const struct column *b = right;

    if (a->df != b->df) {
        return a->df < b->df ? 1 : -1;
    }
    return (a->key > b->key) - (a->key < b->key);
}

static void renumber(struct wl_sparse *counts, const uint32_t *renamed)
{
    size_t n = 0;

    for (size_t r = 0; r < counts->n_rows; r++) {
        size_t begin = r == 0 ? 0 : n;
        size_t old_begin = (size_t)counts->begin[r];
        size_t old_end = (size_t)counts->begin[r + 1];
        for (size_t i = old_begin; i < old_end; i++) {
            uint32_t column = renamed[counts->columns[i]];
            counts->columns[n] = column;
            counts->values[n] = counts->values[i];
            n += column != WL_VOCABULARY_NONE;
        }
        counts->begin[r] = begin;
    }
    counts->begin[counts->n_rows] = n;
}

static wl_status choose_columns(struct counting *counting, size_t min_df,
                                struct wl_text_corpus *corpus, wl_error *error)
{
    size_t n = counting->n_seen;
    size_t n_kept = 0;
    struct column *columns = wl_alloc_array(counting->alloc, n + 1, sizeof(*columns));
    uint32_t *renamed = wl_alloc_array(counting->alloc, n + 1, sizeof(*renamed));
    wl_status status = WL_OK;

    if (columns == NULL || renamed == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu n-grams", n);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        renamed[i] = WL_VOCABULARY_NONE;
        if (counting->df[i] >= min_df) {
            columns[n_kept++] = (struct column){
                .key = counting->keys[i], .df = counting->df[i], .first = (uint32_t)i};
        }
    }
    corpus->keys = wl_alloc_array(counting->alloc, n_kept + 1, sizeof(*corpus->keys));
    if (corpus->keys == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu n-grams", n_kept);
        goto done;
    }
    qsort(columns, n_kept, sizeof(*columns), compare_columns);
    for (size_t c = 0; c < n_kept; c++) {
        renamed[columns[c].first] = (uint32_t)c;
        corpus->keys[c] = columns[c].key;
    }
    corpus->counts.n_columns = n_kept;
    renumber(&corpus->counts, renamed);
done:
    wl_alloc_free(counting->alloc, columns);
    wl_alloc_free(counting->alloc, renamed);
    return status;
}

wl_status wl_text_corpus_init(struct wl_text_corpus *corpus, const wl_alloc *alloc,
                              const struct wl_ngram_options *options, const struct wl_str *texts,
                              size_t n, size_t min_df, wl_error *error)
{
    struct wl_text_corpus made = {.alloc = alloc};
    struct counting counting;
    wl_status status = WL_OK;

    counting_init(&counting, alloc);
    wl_sparse_init(&made.counts, alloc, 0);
    for (size_t i = 0; i < n && status == WL_OK; i++) {
        status = count_text(&counting, options, texts[i], &made.counts, error);
    }
    if (status == WL_OK) {
        status = choose_columns(&counting, min_df, &made, error);
    }
    counting_release(&counting);
    if (status == WL_OK) {
        *corpus = made;
    } else {
        wl_text_corpus_release(&made);
    }
    return status;
}

void wl_text_corpus_release(struct wl_text_corpus *corpus)
{
    if (corpus->alloc != NULL) {
        wl_sparse_release(&corpus->counts);
        wl_alloc_free(corpus->alloc, corpus->keys);
    }
    *corpus = (struct wl_text_corpus){0};
}

/* -- parts -- */

void wl_text_corpus_df(const struct wl_text_corpus *corpus, const uint8_t *is_in, uint32_t *df)
{
    const struct wl_sparse *counts = &corpus->counts;

    for (size_t c = 0; c < counts->n_columns; c++) {
        df[c] = 0;
    }
    for (size_t r = 0; r < counts->n_rows; r++) {
        if (is_in != NULL && is_in[r] == 0) {
            continue;
        }
        for (uint64_t i = counts->begin[r]; i < counts->begin[r + 1]; i++) {
            df[counts->columns[i]]++;
        }
    }
}

wl_status wl_text_corpus_weigh(const struct wl_text_corpus *corpus, const float *idf, bool binary,
                               struct wl_sparse *rows, wl_error *error)
{
    const struct wl_sparse *counts = &corpus->counts;
    struct wl_sparse made;
    wl_status status = WL_OK;

    wl_sparse_init(&made, corpus->alloc, counts->n_columns);
    status = wl_sparse_reserve(&made, wl_sparse_count(counts), error);
    for (size_t r = 0; r < counts->n_rows && status == WL_OK; r++) {
        size_t begin = wl_sparse_count(&made);
        size_t n = 0;
        for (uint64_t i = counts->begin[r]; i < counts->begin[r + 1]; i++) {
            made.columns[begin + n] = counts->columns[i];
            made.values[begin + n] = counts->values[i];
            n += idf[counts->columns[i]] > 0.0F;
        }
        wl_tfidf_weigh(corpus->keys, idf, binary, made.columns + begin, n, made.values + begin);
        status = wl_sparse_row(&made, n, error);
    }
    if (status == WL_OK) {
        *rows = made;
    } else {
        wl_sparse_release(&made);
    }
    return status;
}
