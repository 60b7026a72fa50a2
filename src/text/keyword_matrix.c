/* Rows of (term, count) end to end. Ten thousand texts of thirty words take 2.4 MB. */
#include "text/keyword_matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void wl_term_matrix_init(struct wl_term_matrix *matrix, const wl_alloc *alloc)
{
    *matrix = (struct wl_term_matrix){.alloc = alloc};
}

void wl_term_matrix_release(struct wl_term_matrix *matrix)
{
    if (matrix->alloc != NULL) {
        wl_alloc_free(matrix->alloc, matrix->begin);
        wl_alloc_free(matrix->alloc, matrix->items);
        wl_term_matrix_init(matrix, matrix->alloc);
    }
}

static int compare_terms(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a;
    uint32_t other = *(const uint32_t *)b;

    return (one > other) - (one < other);
}

wl_status wl_term_matrix_add(struct wl_term_matrix *matrix, uint32_t *terms, size_t n,
                             wl_error *error)
{
    size_t from = matrix->n_texts > 0 ? matrix->begin[matrix->n_texts] : 0;
    size_t to = from;

    WL_TRY(
        WL_GROW(matrix->alloc, matrix->begin, matrix->begin_capacity, matrix->n_texts + 2, error));
    WL_TRY(WL_GROW(matrix->alloc, matrix->items, matrix->capacity, from + n + 1, error));
    if (n > 0) {
        qsort(terms, n, sizeof(*terms), compare_terms);
        matrix->n_terms =
            terms[n - 1] >= matrix->n_terms ? terms[n - 1] + (size_t)1 : matrix->n_terms;
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && terms[i] == terms[i - 1]) {
            matrix->items[to - 1].count++;
        } else {
            matrix->items[to++] = (struct wl_term_count){.term = terms[i], .count = 1};
        }
    }
    matrix->begin[matrix->n_texts] = from;
    matrix->begin[++matrix->n_texts] = to;
    return WL_OK;
}

void wl_term_matrix_texts(const struct wl_term_matrix *matrix, const uint8_t *group, uint8_t mark,
                          uint32_t *n)
{
    memset(n, 0, matrix->n_terms * sizeof(*n));
    for (size_t text = 0; text < matrix->n_texts; text++) {
        if (group != NULL && group[text] != mark) {
            continue;
        }
        for (size_t i = matrix->begin[text]; i < matrix->begin[text + 1]; i++) {
            n[matrix->items[i].term]++;
        }
    }
}

void wl_term_matrix_tfidf(const struct wl_term_matrix *matrix, const uint32_t *n_texts_of,
                          uint32_t min_df, double *weights)
{
    double n_texts = (double)matrix->n_texts;

    memset(weights, 0, matrix->n_terms * sizeof(*weights));
    for (size_t text = 0; text < matrix->n_texts; text++) {
        const struct wl_term_count *items = matrix->items + matrix->begin[text];
        size_t n = matrix->begin[text + 1] - matrix->begin[text];
        double length = 0.0;
        for (int pass = 0; pass < 2; pass++) { // the length first, then what is scaled by it
            for (size_t i = 0; i < n; i++) {
                uint32_t df = n_texts_of[items[i].term];
                double idf = log((1.0 + n_texts) / (1.0 + df)) + 1.0;
                double weight = df >= min_df ? items[i].count * idf : 0.0;
                if (pass == 0) {
                    length += weight * weight;
                } else if (length > 0.0) {
                    weights[items[i].term] += weight / sqrt(length);
                }
            }
        }
    }
    for (size_t term = 0; n_texts > 0.0 && term < matrix->n_terms; term++) {
        weights[term] /= n_texts;
    }
}
