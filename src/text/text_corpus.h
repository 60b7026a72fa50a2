/* The n-grams of many texts, counted once; vocabularies of any part of the texts come from it. */
#ifndef WL_TEXT_TEXT_CORPUS_H
#define WL_TEXT_TEXT_CORPUS_H
#include "text/ngrams.h"
#include "text/sparse.h"

struct wl_text_corpus {
    const wl_alloc *alloc;
    struct wl_sparse counts; /* (n_texts, n_columns) how often each text has each n-gram */
    uint64_t *keys;          /* (n_columns) by falling df, then rising key; owned */
};

/* wl_text_corpus_init - count the n-grams of texts.
 *   texts   (in) (n) normalised; borrowed for this call.
 *   min_df  (in) an n-gram of fewer texts is left out.
 * Cost:    O(n-grams); memory for all of them while it counts.
 * Errors:  WL_ELIMIT  a text above WL_LINE_BYTES_MAX, or 2^32 n-grams.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_corpus_init(struct wl_text_corpus *corpus, const wl_alloc *alloc,
                                            const struct wl_ngram_options *options,
                                            const struct wl_str *texts, size_t n, size_t min_df,
                                            wl_error *error);
void wl_text_corpus_release(struct wl_text_corpus *corpus);

/* wl_text_corpus_df - texts of a part that have each n-gram.
 *   is_in  (in)  (n) 1: the text belongs to the part; NULL: all do.
 *   df     (out) (n_columns). */
void wl_text_corpus_df(const struct wl_text_corpus *corpus, const uint8_t *is_in, uint32_t *df);

/* wl_text_corpus_weigh - TF-IDF rows of all texts.
 *   idf     (in)  (n_columns) 0: this n-gram is not in the vocabulary.
 *   binary  (in)  as for wl_tfidf_weigh.
 *   rows    (out) initialised here; release with wl_sparse_release.
 * Errors:  WL_ENOMEM; nothing to release. */
WL_MUST_CHECK wl_status wl_text_corpus_weigh(const struct wl_text_corpus *corpus, const float *idf,
                                             bool binary, struct wl_sparse *rows, wl_error *error);

#endif
