/* Keywords of one Chinese text, as jieba 0.42.1 finds them: by TF-IDF (jieba.analyse.extract_tags)
 * and by TextRank (jieba.analyse.textrank).
 *
 * Words of equal weight are in the order in which they first stand in the text; by TextRank, in
 * which they first stand near another word that counts. One thing differs from jieba, on purpose: a
 * filter by part of speech never drops one of the user's own words. */
#ifndef WL_TEXT_KEYWORDS_H
#define WL_TEXT_KEYWORDS_H
#include "base/dict.h"
#include "text/keyword_idf.h"
#include "text/pos_tag.h"
#include "text/textrank.h"

#define WL_KEYWORD_TAGS_MAX 32 /* tags a filter names */

struct wl_keyword {
    uint32_t i_byte; /* where it stands first in the text */
    uint32_t n_bytes;
    uint32_t count; /* how often it stands there */
    uint32_t order; /* among words of equal weight */
    double weight;
};

/* Which words count. */
struct wl_keyword_filter {
    uint8_t
        tags[WL_KEYWORD_TAGS_MAX]; /* (n_tags) parts of speech that count; 0: all, TF-IDF only */
    size_t n_tags;
    const struct wl_dict *stop_words; /* besides jieba's own; in lower case; NULL: none */
};

/* Keywords of one text and what finding them needs; reused from text to text. */
struct wl_keywords {
    const wl_alloc *alloc;
    struct wl_keyword *items; /* (n_items) best first */
    size_t n_items;
    size_t capacity;
    struct wl_tokens tokens; /* scratch from here on */
    struct wl_pos_tokens tagged;
    struct wl_rank rank;
    struct wl_keyword_word *words; /* (n_words) distinct words in order of first sight */
    size_t n_words;
    size_t words_capacity;
    uint32_t *slots; /* (n_slots) word + 1, 0: free */
    size_t n_slots;
    uint32_t *places; /* (n_places) word at each token */
    size_t places_capacity;
    uint32_t *order; /* (n_words) */
    size_t order_capacity;
    struct wl_keyword_order *sorted; /* (n_words) */
    size_t sorted_capacity;
    double *weights; /* (n_words) */
    size_t weights_capacity;
};

/* wl_keywords_init - empty; takes no memory yet. wl_keywords_release - give it back; zeroed is
 * fine. */
void wl_keywords_init(struct wl_keywords *keywords, const wl_alloc *alloc);
void wl_keywords_release(struct wl_keywords *keywords);

/* wl_keyword_filter_set - a filter from names of tags: "ns,n,vn,v". Names that the dictionary does
 * not know can match nothing and are passed over; none at all is an error.
 * Errors:  WL_EINVAL  no name is known, or more than WL_KEYWORD_TAGS_MAX. */
WL_MUST_CHECK wl_status wl_keyword_filter_set(struct wl_keyword_filter *filter,
                                              const struct wl_segmenter *segmenter,
                                              struct wl_str names, wl_error *error);

#define WL_RANK_TAGS "ns,n,vn,v" /* parts of speech that jieba's TextRank looks at */

/* wl_keywords_tfidf - count / number of words * idf.
 *   n_top     (in) how many; 0: all.
 *   keywords  (in,out) initialised; gets the words, empty on failure.
 * Cost:    O(bytes); no allocation once keywords has grown to the longest text.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: any number, each with its own keywords.
 * Source:  jieba 0.42.1; Sparck Jones 1972. */
WL_MUST_CHECK wl_status wl_keywords_tfidf(const struct wl_segmenter *segmenter,
                                          const struct wl_idf *idf,
                                          const struct wl_keyword_filter *filter,
                                          struct wl_str text, size_t n_top,
                                          struct wl_keywords *keywords, wl_error *error);

/* wl_keywords_rank - TextRank over the words that the filter lets through; as wl_keywords_tfidf.
 * Source:  text/textrank.h. */
WL_MUST_CHECK wl_status wl_keywords_rank(const struct wl_segmenter *segmenter,
                                         const struct wl_keyword_filter *filter, struct wl_str text,
                                         size_t n_top, struct wl_keywords *keywords,
                                         wl_error *error);

#endif
