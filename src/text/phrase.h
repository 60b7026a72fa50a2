/* Phrases: words that stand side by side much more often than chance would have it, so that "loads
 * too slow" and "没有会员" are found as one. */
#ifndef WL_TEXT_PHRASE_H
#define WL_TEXT_PHRASE_H
#include "text/keyword_corpus.h"
#include "text/keyword_matrix.h"

#define WL_PHRASE_WORDS_MAX 4

/* A phrase joins two units; a unit is a term of the corpus or, from n_terms on, a phrase. */
struct wl_phrase {
    uint32_t left;
    uint32_t right;
    uint32_t n_words;
    size_t place;          /* an example of it in the corpus, in its most usual form */
    uint32_t votes;        /* for that form, while it is being found */
    double log_likelihood; /* Dunning's G^2 */
    double closeness;      /* normalised pointwise mutual information, -1 .. 1 */
};

struct wl_phrases {
    const wl_alloc *alloc;
    const struct wl_corpus *corpus; /* borrowed */
    struct wl_phrase *items;        /* (n) by unit - n_terms; parts before wholes */
    size_t n;
    size_t capacity;
    size_t n_terms;
    struct wl_map64 pairs; /* left unit << 32 | right unit -> phrase + 1 */
};

struct wl_phrase_options {
    uint32_t n_min;            /* a phrase must occur so often */
    double log_likelihood_min; /* 15.14: chance would do it once in ten thousand pairs */
    double closeness_min;      /* 0.2: keeps out pairs of frequent words */
};

/* wl_phrase_options_init - the defaults above, n_min 5. */
void wl_phrase_options_init(struct wl_phrase_options *options);

/* wl_phrases_find - the phrases of a settled corpus, of up to WL_PHRASE_WORDS_MAX words.
 *   phrases  (out) release with wl_phrases_release; zeroed is fine there.
 * Cost:    O(places), three passes; memory for each distinct pair of neighbours.
 * Errors:  WL_ENOMEM.
 * Source:  Dunning 1993, "Accurate methods for the statistics of surprise and coincidence"; Bouma
 *          2009, "Normalized (pointwise) mutual information". Joined in two rounds as Mikolov et
 *          al. 2013, arXiv:1310.4546, section 4. */
WL_MUST_CHECK wl_status wl_phrases_find(const struct wl_corpus *corpus,
                                        const struct wl_phrase_options *options,
                                        struct wl_phrases *phrases, wl_error *error);
void wl_phrases_release(struct wl_phrases *phrases);

/* wl_phrases_matrix - texts by units: every content word, and every phrase, those within longer
 * ones too.
 *   matrix  (out) initialised and empty.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_phrases_matrix(const struct wl_phrases *phrases,
                                          struct wl_term_matrix *matrix, wl_error *error);

/* wl_phrases_absorb - units that hardly occur outside a longer one, which is shown in their place.
 *   n_texts_of  (in)  (n_units) texts that hold each.
 *   share       (in)  of its texts in which the longer one must stand: 0.7.
 *   skip        (out) (n_units). */
void wl_phrases_absorb(const struct wl_phrases *phrases, const uint32_t *n_texts_of, double share,
                       size_t n_units, bool *skip);

/* wl_phrases_name - what a unit is shown as: the usual form of a word, words of a phrase with
 * blanks between, Chinese ones without. Appended to out. */
void wl_phrases_name(const struct wl_phrases *phrases, uint32_t unit, struct wl_buf *out);

#endif
