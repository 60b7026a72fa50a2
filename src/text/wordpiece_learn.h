/* A WordPiece vocabulary of one's own, from texts: every character that is not rare, and then, as
 * long as there is room, the two pieces that stand side by side in words most often become one.
 *
 * Source: Sennrich, Haddow, Birch 2016, arXiv:1508.07909 (joining the most frequent pair), as the
 *         trainers of BERT vocabularies in use do. */
#ifndef WL_TEXT_WORDPIECE_LEARN_H
#define WL_TEXT_WORDPIECE_LEARN_H
#include "base/buf.h"
#include "text/wordpiece.h"

/* wl_wordpiece_learn - the bytes of a vocab.txt, appended to vocabulary: [PAD], [UNK], [CLS],
 * [SEP], [MASK], characters by falling frequency, joined pieces in the order they were made.
 *   texts     (in) (n).
 *   options   (in) what happens to texts before; n_chars_max counts.
 *   n_pieces  (in) at most so many, 16 or more.
 *   n_least   (in) characters and pairs seen less often are left out; 1 or more.
 * Cost:    O(pieces joined * distinct words); Chinese characters are words of their own and cost
 *          nothing here.
 * Errors:  WL_EINVAL  n_pieces or n_least.  WL_ELIMIT  a text above WL_LINE_BYTES_MAX.
 *          WL_ENOMEM. vocabulary may have grown then. */
WL_MUST_CHECK wl_status wl_wordpiece_learn(const wl_alloc *alloc, const struct wl_str *texts,
                                           size_t n, const struct wl_wordpiece_options *options,
                                           size_t n_pieces, uint64_t n_least,
                                           struct wl_buf *vocabulary, wl_error *error);

#endif
