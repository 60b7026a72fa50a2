/* Many texts as sequences of words, Chinese and English mixed: what phrases and keywords of a
 * corpus are found in.
 *
 * Texts are cut by the analyser: what names a person is no word. Forms of an English word ("load",
 * "loads") are one term, shown in the form that occurs most. Punctuation, numbers and emoji end a
 * run of words: no phrase reaches across. */
#ifndef WL_TEXT_KEYWORD_CORPUS_H
#define WL_TEXT_KEYWORD_CORPUS_H
#include "base/dict.h"
#include "text/analyser.h"

#define WL_CORPUS_BREAK UINT32_MAX /* a place with no word */

/* What a word is good for. */
enum wl_word_kind {
    WL_WORD_CONTENT = 0, /* may be a keyword */
    WL_WORD_TURN = 1,    /* turns or strengthens what follows: "not", "too"; may begin a phrase */
    WL_WORD_GLUE = 2     /* "of", "的": only inside a phrase */
};

/* One form of a word as it occurs. */
struct wl_corpus_form {
    uint32_t term;
    uint32_t count;
};

struct wl_corpus_term {
    uint32_t form; /* the one that occurs most */
    uint8_t kind;  /* enum wl_word_kind */
    bool is_chinese;
};

struct wl_corpus {
    const wl_alloc *alloc;
    struct wl_analyser analyser;  /* what it points to is borrowed */
    struct wl_dict form_names;    /* forms, normalised */
    struct wl_corpus_form *forms; /* by id in form_names */
    size_t forms_capacity;
    struct wl_dict term_names;    /* stems */
    struct wl_corpus_term *terms; /* by id in term_names */
    size_t terms_capacity;
    uint32_t *places; /* (n_places) form at each place, or WL_CORPUS_BREAK */
    size_t n_places;
    size_t places_capacity;
    size_t *begin; /* (n_texts + 1) first place of each text; NULL while empty */
    size_t begin_capacity;
    size_t n_texts;
    struct wl_analysis analysis; /* of the text at hand */
};

/* wl_corpus_init - no texts. wl_corpus_release - give all back; zeroed is fine.
 *   analyser  (in) copied; its parts are borrowed. Without a dictionary Chinese characters stand
 *                  alone; a word of the user's is always a content word.
 * Errors:  WL_ENOMEM  the corpus is good for release only. */
WL_MUST_CHECK wl_status wl_corpus_init(struct wl_corpus *corpus, const wl_alloc *alloc,
                                       const struct wl_analyser *analyser, wl_error *error);
void wl_corpus_release(struct wl_corpus *corpus);

/* wl_corpus_add - one more text; any bytes; nothing of them is kept but their words.
 * Cost:    O(bytes); no allocation per word, but for forms never seen before.
 * Errors:  WL_ELIMIT  above WL_LINE_BYTES_MAX, or more than 2^31 forms.  WL_ENOMEM. The corpus is
 *          then good for release only. */
WL_MUST_CHECK wl_status wl_corpus_add(struct wl_corpus *corpus, struct wl_str text,
                                      wl_error *error);

/* wl_corpus_settle - all texts are there: find each term's form to show. */
void wl_corpus_settle(struct wl_corpus *corpus);

/* wl_corpus_rank - TextRank of every term over all texts.
 *   weights  (out) (terms) 0 for what may be no keyword.
 * Errors:  WL_ELIMIT, WL_ENOMEM.  Source: text/textrank.h. */
WL_MUST_CHECK wl_status wl_corpus_rank(const struct wl_corpus *corpus, double *weights,
                                       wl_error *error);

struct wl_rank;

/* One term of one text. */
struct wl_term_weight {
    uint32_t term;
    uint32_t count;
    double weight;
};

/* wl_corpus_rank_text - TextRank of the terms of one text; those without a neighbour weigh 0.
 *   rank   (in,out) initialised; scratch.
 *   items  (out)    given: free with wl_alloc_free of the corpus's alloc; by name.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_corpus_rank_text(const struct wl_corpus *corpus, size_t text,
                                            struct wl_rank *rank, struct wl_term_weight **items,
                                            size_t *n_items, wl_error *error);

#endif
