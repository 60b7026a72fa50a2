/* N-grams of words and of characters as 64-bit keys, in one pass and without memory per token.
 *
 * The n-grams are those of scikit-learn's vectorisers: words are runs of two and more letters,
 * digits and underscores (token_pattern); characters go over the whole text with every run of white
 * space as one blank (analyzer "char"), or over each word between white space with a blank at
 * either end (analyzer "char_wb"). The lowest bit of a key tells words (0) from characters (1). */
#ifndef WL_TEXT_NGRAMS_H
#define WL_TEXT_NGRAMS_H
#include "base/alloc.h"
#include "base/str.h"

#define WL_NGRAM_MAX    8 /* words or characters of one n-gram */
#define WL_NGRAM_GROUPS 2 /* words, characters */
#define WL_NGRAM_BLOCK  ((size_t)512)

struct wl_ngram_options {
    uint32_t words_max; /* word n-grams of 1 .. this; 0 none */
    uint32_t chars_min; /* character n-grams of chars_min .. chars_max; 0 none */
    uint32_t chars_max;
    bool chars_within_words; /* analyzer "char_wb" instead of "char" */
};

/* Where an n-gram lies in the text. */
struct wl_ngram_place {
    uint32_t i_byte;
    uint32_t n_bytes;
};

struct wl_ngram_word {
    uint64_t hash;
    uint32_t i_byte;
};

/* A walk over one text; reused from text to text. */
struct wl_ngrams {
    const wl_alloc *alloc;
    struct wl_ngram_options options;
    uint32_t *chars;   /* (n_chars) code points and what they are; owned */
    uint32_t *offsets; /* (n_chars + 1) byte of each; owned */
    size_t n_chars;
    size_t chars_capacity;
    size_t offsets_capacity;
    size_t i_char;  /* where the walk over characters stands */
    size_t i_begin; /* padded word that it is in: begin and end */
    size_t i_end;
    size_t i_word;                             /* where the walk over words stands: a character */
    size_t n_words;                            /* words met so far */
    struct wl_ngram_word recent[WL_NGRAM_MAX]; /* the last ones, by n_words modulo WL_NGRAM_MAX */
    uint64_t keys[WL_NGRAM_BLOCK];             /* (n_keys) found by the last step */
    struct wl_ngram_place places[WL_NGRAM_BLOCK];
    size_t n_keys;
};

/* wl_ngram_options_check - sizes within WL_NGRAM_MAX, and something asked for.
 * Errors:  WL_EINVAL. */
WL_MUST_CHECK wl_status wl_ngram_options_check(const struct wl_ngram_options *options,
                                               wl_error *error);

/* wl_ngrams_init - empty; takes no memory yet. wl_ngrams_release - give it back; zeroed is fine. */
void wl_ngrams_init(struct wl_ngrams *ngrams, const wl_alloc *alloc);
void wl_ngrams_release(struct wl_ngrams *ngrams);

/* wl_ngrams_begin - start over with a text, which is borrowed for this call only.
 *   options  (in) checked.
 *   text     (in) normalised; a byte that is not UTF-8 is a character of its own.
 * Cost:    O(bytes); no allocation once grown to the longest text.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: one walk each. */
WL_MUST_CHECK wl_status wl_ngrams_begin(struct wl_ngrams *ngrams,
                                        const struct wl_ngram_options *options, struct wl_str text,
                                        wl_error *error);

/* wl_ngrams_next - the next n-grams of the text, each as often as it stands there, into keys and
 * places. False when there are none left.
 * Cost:    O(n-grams), no allocation. */
bool wl_ngrams_next(struct wl_ngrams *ngrams);

#endif
