/* Which terms stand in which texts, and how often: what keywords of a corpus are computed from. */
#ifndef WL_TEXT_KEYWORD_MATRIX_H
#define WL_TEXT_KEYWORD_MATRIX_H
#include "base/alloc.h"

#include <stdint.h>

/* One term of one text. */
struct wl_term_count {
    uint32_t term;
    uint32_t count;
};

struct wl_term_matrix {
    const wl_alloc *alloc;
    size_t n_texts;
    size_t *begin; /* (n_texts + 1) where a text's terms begin in items; NULL while empty */
    size_t begin_capacity;
    struct wl_term_count *items; /* by text, then by term */
    size_t capacity;
    size_t n_terms; /* highest term + 1 */
};

/* wl_term_matrix_init - no texts; takes no memory yet. wl_term_matrix_release - give it back;
 * zeroed is fine. */
void wl_term_matrix_init(struct wl_term_matrix *matrix, const wl_alloc *alloc);
void wl_term_matrix_release(struct wl_term_matrix *matrix);

/* wl_term_matrix_add - one more text.
 *   terms  (in,out) (n) its terms in any order, repeated as they occur; sorted on return.
 * Cost:    O(n log n). Errors:  WL_ENOMEM; nothing is added. */
WL_MUST_CHECK wl_status wl_term_matrix_add(struct wl_term_matrix *matrix, uint32_t *terms, size_t n,
                                           wl_error *error);

/* wl_term_matrix_texts - in how many texts each term stands.
 *   group  (in)  (n_texts) only texts with this mark count; NULL: all.
 *   mark   (in)  see group.
 *   n      (out) (n_terms). */
void wl_term_matrix_texts(const struct wl_term_matrix *matrix, const uint8_t *group, uint8_t mark,
                          uint32_t *n);

/* wl_term_matrix_tfidf - mean over texts of each term's weight: count * (ln((1 + N) / (1 + df)) +
 * 1), each text scaled to length 1.
 *   n_texts_of  (in)  (n_terms) from wl_term_matrix_texts over all texts.
 *   min_df      (in)  terms in fewer texts do not count at all; 1: all.
 *   weights     (out) (n_terms) 0 for terms that do not count.
 * Cost:    O(items).
 * Source:  scikit-learn 1.2 TfidfVectorizer with its defaults (smooth_idf, norm l2). */
void wl_term_matrix_tfidf(const struct wl_term_matrix *matrix, const uint32_t *n_texts_of,
                          uint32_t min_df, double *weights);

#endif
