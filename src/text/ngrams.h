/* N-grams of words and of characters, and pairs of words, as 64-bit keys; in one pass and without
 * memory per token.
 *
 * Words are, as for scikit-learn, runs of two and more letters, digits and underscores; or, with
 * words_all, single letters and punctuation marks too, with a sign for either end of the text in
 * n-grams of two and more. Characters go over the whole text with every run of white space as one
 * blank (analyzer "char"), or over each word between white space with a blank at either end
 * ("char_wb"). A pair is two words of one text in any order, each cut to its first characters: it
 * sees "card ... not ... arrived" whatever stands between. The lowest two bits of a key are its
 * group. */
#ifndef WL_TEXT_NGRAMS_H
#define WL_TEXT_NGRAMS_H
#include "base/alloc.h"
#include "base/str.h"

#define WL_NGRAM_MAX        8  /* words or characters of one n-gram */
#define WL_NGRAM_WINDOW_MAX 32 /* words that pairs look back; a power of two */
#define WL_NGRAM_BLOCK      ((size_t)512)

enum wl_ngram_group {
    WL_NGRAM_WORDS = 0,
    WL_NGRAM_CHARS = 1,
    WL_NGRAM_PAIRS = 2,
    WL_NGRAM_GROUPS = 4 /* a power of two */
};

struct wl_ngram_options {
    uint32_t words_max; /* word n-grams of 1 .. this; 0 none */
    uint32_t chars_min; /* character n-grams of chars_min .. chars_max; 0 none */
    uint32_t chars_max;
    uint32_t pair_chars;     /* characters of each word of a pair; 0 no pairs */
    uint32_t pair_window;    /* words that a pair spans at most, both included */
    bool chars_within_words; /* analyzer "char_wb" instead of "char" */
    bool words_all;          /* single letters, punctuation and the text's ends too */
};

/* Where an n-gram lies in the text; a pair lies in two places. */
struct wl_ngram_place {
    uint32_t i_byte;
    uint32_t n_bytes;
    uint32_t i_other;
    uint32_t n_other; /* 0: it is no pair */
};

struct wl_ngram_word {
    uint64_t hash;
    uint64_t prefix; /* hash of its first characters */
    uint32_t i_byte;
    uint32_t n_bytes;
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
    size_t i_word; /* where the walk over words stands: a character */
    bool words_done;
    size_t n_words; /* met so far, the sign of the text's begin included */
    struct wl_ngram_word recent[WL_NGRAM_WINDOW_MAX]; /* the last ones, by number modulo size */
    bool wants_places;
    size_t n_keys;
    uint64_t keys[WL_NGRAM_BLOCK];                /* (n_keys) found by the last step */
    struct wl_ngram_place places[WL_NGRAM_BLOCK]; /* (n_keys) if they are wanted */
};

/* wl_ngram_options_check - sizes within WL_NGRAM_MAX, and something asked for.
 * Errors:  WL_EINVAL. */
WL_MUST_CHECK wl_status wl_ngram_options_check(const struct wl_ngram_options *options,
                                               wl_error *error);

/* wl_ngrams_init - empty; takes no memory yet. wl_ngrams_release - give it back; zeroed is fine. */
void wl_ngrams_init(struct wl_ngrams *ngrams, const wl_alloc *alloc);
void wl_ngrams_release(struct wl_ngrams *ngrams);

/* wl_ngrams_begin - start over with a text, which is borrowed for this call only.
 *   options       (in) checked.
 *   wants_places  (in) also say where each n-gram lies.
 *   text          (in) normalised; a byte that is not UTF-8 is a character of its own.
 * Cost:    O(bytes); no allocation once grown to the longest text.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: one walk each. */
WL_MUST_CHECK wl_status wl_ngrams_begin(struct wl_ngrams *ngrams,
                                        const struct wl_ngram_options *options, struct wl_str text,
                                        bool wants_places, wl_error *error);

/* wl_ngrams_next - the next n-grams of the text, each as often as it stands there, into keys and
 * places, if wanted. False when there are none left.
 * Cost:    O(n-grams), no allocation. */
bool wl_ngrams_next(struct wl_ngrams *ngrams);

#endif
