/* WordPiece: the tokenizer of BERT. Text is cleaned, split at spaces, punctuation and Chinese
 * characters, and each word is cut into the longest pieces of a vocabulary, from the left.
 *
 * Caveats: text is never taken for a special token: "[SEP]" in a customer's text is five pieces.
 * Equal to the reference on letters outside the vocabulary's scripts except for the final sigma,
 * which Python lowers by context. */
#ifndef WL_TEXT_WORDPIECE_H
#define WL_TEXT_WORDPIECE_H
#include "base/str.h"
#include "text/ids.h"

struct wl_wordpiece;

#define WL_WORDPIECE_NONE UINT32_MAX /* no such piece */

struct wl_wordpiece_options {
    bool is_lower;         /* lower case first */
    bool strips_accents;   /* and take accents away */
    bool splits_han;       /* each Chinese character is a word */
    size_t n_chars_max;    /* longer words are unknown; at most 256 */
    struct wl_str unknown; /* piece for words that cannot be cut: "[UNK]" */
    struct wl_str prefix;  /* of pieces that go on: "##" */
};

/* wl_wordpiece_options_init - those of bert-base-uncased. */
void wl_wordpiece_options_init(struct wl_wordpiece_options *options);

/* wl_wordpiece_new - from a vocabulary; a piece's number is its place.
 *   pieces  (in) (n) UTF-8; copied.
 * Cost:    two tables of 64 KiB and one of 32 bytes a piece.
 * Errors:  WL_EINVAL  n_chars_max.
 *          WL_EPARSE  a piece is empty, twice there or not UTF-8, or the unknown piece is missing;
 *          names the line.  WL_ELIMIT  more than WL_VOCABULARY_MAX.  WL_ENOMEM.
 * Free with wl_wordpiece_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_wordpiece_new(const wl_alloc *alloc, const struct wl_str *pieces,
                                         size_t n, const struct wl_wordpiece_options *options,
                                         struct wl_wordpiece **out, wl_error *error);
void wl_wordpiece_free(struct wl_wordpiece *wordpiece);

/* wl_wordpiece_from - from the bytes of a vocab.txt, one piece a line. */
WL_MUST_CHECK wl_status wl_wordpiece_from(const wl_alloc *alloc, struct wl_str vocabulary,
                                          const struct wl_wordpiece_options *options,
                                          struct wl_wordpiece **out, wl_error *error);

/* wl_wordpiece_encode - add the pieces of a text to ids.
 *   text  (in) any bytes; what is not UTF-8 is dropped like the character U+FFFD.
 * Cost:    O(bytes) where words are in the vocabulary, O(bytes * longest word) at worst; no
 *          allocation once ids has grown.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM. ids is as before.
 * Threads: any number, each with its own ids.
 * Source:  Devlin et al. 2019; Wu et al. 2016, longest match first. */
WL_MUST_CHECK wl_status wl_wordpiece_encode(const struct wl_wordpiece *wordpiece,
                                            struct wl_str text, struct wl_ids *ids,
                                            wl_error *error);

/* wl_wordpiece_find - number of a piece, or WL_WORDPIECE_NONE: for "[CLS]" and its like. */
uint32_t wl_wordpiece_find(const struct wl_wordpiece *wordpiece, struct wl_str piece);

/* wl_wordpiece_piece - text of a piece, valid as long as wordpiece; empty when there is none. */
struct wl_str wl_wordpiece_piece(const struct wl_wordpiece *wordpiece, uint32_t id);

/* wl_wordpiece_count - pieces in the vocabulary. */
size_t wl_wordpiece_count(const struct wl_wordpiece *wordpiece);

#endif
