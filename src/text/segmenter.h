/* Chinese text into words, as jieba 0.42 does it in its precise mode, and in its search mode.
 *
 * Caveats: every byte of the text belongs to exactly one token (search mode adds words within
 * words); white space and punctuation are tokens too; a byte that is not UTF-8 is a token alone. */
#ifndef WL_TEXT_SEGMENTER_H
#define WL_TEXT_SEGMENTER_H
#include "base/alloc.h"
#include "base/str.h"

struct wl_segmenter;

struct wl_token {
    uint32_t i_byte; /* where it begins in the text */
    uint32_t n_bytes;
};

/* Words of one text and what finding them needs; reused from text to text. */
struct wl_tokens {
    const wl_alloc *alloc;
    struct wl_token *items; /* (n_items) */
    size_t n_items;
    size_t capacity;
    struct wl_route *route; /* scratch, (n_route) */
    size_t n_route;
    uint8_t *states; /* scratch, (n_states) */
    size_t n_states;
};

/* wl_tokens_init - empty; takes no memory yet. wl_tokens_release - give it back; zeroed is fine. */
void wl_tokens_init(struct wl_tokens *tokens, const wl_alloc *alloc);
void wl_tokens_release(struct wl_tokens *tokens);

/* wl_segmenter_open - read a dictionary file, zh.wldict. Close with wl_segmenter_close; NULL is
 * fine there.
 * Cost:    120 ms; 70 MB while it reads and 28 MB then, for jieba's dictionary.
 * Errors:  WL_ENOTFOUND  there is no such file.  WL_ECORRUPT, WL_EVERSION, WL_ELIMIT  it is not a
 *          dictionary of ours.  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_segmenter_open(const char *path, const wl_alloc *alloc,
                                          struct wl_segmenter **segmenter_out, wl_error *error);
void wl_segmenter_close(struct wl_segmenter *segmenter);

/* wl_segmenter_from - the same from the file's bytes; borrowed. */
WL_MUST_CHECK wl_status wl_segmenter_from(struct wl_str bytes, const wl_alloc *alloc,
                                          struct wl_segmenter **segmenter_out, wl_error *error);

/* wl_segmenter_add - add one line of a user dictionary: "word", "word frequency",
 * "word frequency tag" or "word tag"; an empty line is fine. Without a frequency the word gets the
 * smallest one that wins over its parts. Frequency 0 takes the word out and splits it where the
 * model would make it. Without a tag the word keeps the dictionary's (text/pos_tag.h).
 * Errors:  WL_EPARSE  not UTF-8.  WL_ERANGE  frequency above 2^32 - 1.  WL_ELIMIT  word above 256
 *          bytes, or more than 255 tags.  WL_ENOMEM. The segmenter is as before.
 * Threads: nobody may cut meanwhile. */
WL_MUST_CHECK wl_status wl_segmenter_add(struct wl_segmenter *segmenter, struct wl_str line,
                                         wl_error *error);

/* wl_segmenter_cut - the words of text, in its order.
 *   text    (in) any bytes.
 *   hmm     (in) also look for words that are not in the dictionary.
 *   tokens  (in,out) initialised; gets the words, empty on failure.
 * Cost:    O(bytes * longest word); no allocation once tokens has grown to the longest text.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: any number, each with its own tokens.
 * Source:  jieba 0.42.1: the most likely path through all words of the dictionary, then a hidden
 *          Markov model for runs of single characters. */
WL_MUST_CHECK wl_status wl_segmenter_cut(const struct wl_segmenter *segmenter, struct wl_str text,
                                         bool hmm, struct wl_tokens *tokens, wl_error *error);

/* wl_segmenter_cut_search - the same for a search index: in front of a word of more than two
 * characters its parts of two characters that are words, then of more than three those of three. */
WL_MUST_CHECK wl_status wl_segmenter_cut_search(const struct wl_segmenter *segmenter,
                                                struct wl_str text, bool hmm,
                                                struct wl_tokens *tokens, wl_error *error);

#endif
