/* Which n-grams a model knows, and what one is worth: a column for each, its inverse document
 * frequency, and the weights of a text's n-grams (sublinear TF-IDF, each group at length 1). */
#ifndef WL_TEXT_VOCABULARY_H
#define WL_TEXT_VOCABULARY_H
#include "text/ngrams.h"

#define WL_VOCABULARY_NONE UINT32_MAX

struct wl_vocabulary {
    const wl_alloc *alloc;
    uint64_t *keys; /* (n_columns) owned; no two are the same */
    float *idf;     /* (n_columns) owned */
    size_t n_columns;
    uint64_t *slots; /* (n_slots) half of a key and a column; owned */
    size_t n_slots;  /* a power of two */
};

/* What one text has of a vocabulary; reused from text to text. */
struct wl_text_row {
    const wl_alloc *alloc;
    uint32_t *counts; /* (counts_capacity) by column, all zero between texts; owned */
    size_t counts_capacity;
    uint32_t *columns; /* (n) in order of first sight; owned */
    float *values;     /* (n) owned */
    size_t n;
    size_t columns_capacity;
    size_t values_capacity;
};

/* wl_vocabulary_init - take keys and idf (both n_columns, of alloc) and make the lookup table.
 * Cost:    O(n_columns).
 * Errors:  WL_ECORRUPT  two keys are the same.  WL_ENOMEM. keys and idf then stay the caller's. */
WL_MUST_CHECK wl_status wl_vocabulary_init(struct wl_vocabulary *vocabulary, const wl_alloc *alloc,
                                           uint64_t *keys, float *idf, size_t n_columns,
                                           wl_error *error);
void wl_vocabulary_release(struct wl_vocabulary *vocabulary);

/* wl_vocabulary_find - column of a key, or WL_VOCABULARY_NONE. Another key answers to its name with
 * probability 2^-32 / (columns of the table), so seldom that no text will meet it. */
uint32_t wl_vocabulary_find(const struct wl_vocabulary *vocabulary, uint64_t key);

/* wl_idf - ln((1 + n_texts) / (1 + df)) + 1, as scikit-learn's smooth_idf. */
float wl_idf(size_t n_texts, size_t df);

/* wl_text_row_init - empty. wl_text_row_release - give the memory back; zeroed is fine. */
void wl_text_row_init(struct wl_text_row *row, const wl_alloc *alloc);
void wl_text_row_release(struct wl_text_row *row);

/* wl_text_row_reserve - room for columns below n_columns, and for n_more entries.
 * Errors:  WL_ENOMEM; nothing is lost. */
WL_MUST_CHECK wl_status wl_text_row_reserve(struct wl_text_row *row, size_t n_columns,
                                            size_t n_more, wl_error *error);

/* wl_text_row_add - count a column once more; room is there. */
static inline void wl_text_row_add(struct wl_text_row *row, uint32_t column)
{
    row->columns[row->n] = column;
    row->n += row->counts[column]++ == 0;
}

/* wl_text_row_take - the row is whole: counts move to values, and the next row may begin. */
void wl_text_row_take(struct wl_text_row *row);

/* wl_text_row_count - columns and counts of the text that ngrams has begun with.
 *   row  (in,out) gets columns, and counts in values.
 * Cost:    O(n-grams); no allocation once grown to the longest text and the largest vocabulary.
 * Errors:  WL_ENOMEM; row is empty then. */
WL_MUST_CHECK wl_status wl_text_row_count(struct wl_text_row *row,
                                          const struct wl_vocabulary *vocabulary,
                                          struct wl_ngrams *ngrams, wl_error *error);

/* wl_tfidf_weigh - counts become (1 + ln count) * idf, then each group (words, characters, pairs)
 * gets Euclidean length 1.
 *   keys, idf  (in)     by column; idf may be scaled.
 *   binary     (in)     how often does not matter: idf alone.
 *   values     (in,out) (n) counts, then weights. */
void wl_tfidf_weigh(const uint64_t *keys, const float *idf, bool binary, const uint32_t *columns,
                    size_t n, float *values);

#endif
