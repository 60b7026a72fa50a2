/* A WordPiece vocabulary from one's own texts, for an encoder that starts from nothing. */
#ifndef WL_NN_OWN_VOCABULARY_H
#define WL_NN_OWN_VOCABULARY_H
#include "base/buf.h"

#define WL_OWN_WORDS_MAX 12000 /* words as pieces of their own; rarer ones are spelt */

/* wl_own_vocabulary - the bytes of a vocab.txt: special pieces, every character that occurs (alone
 * and as a going-on), and words that occur in three texts or more, the most frequent first. Lower
 * case, no accents, each Chinese character by itself, as bert-base-uncased cuts texts.
 *   texts  (in)     (n) any bytes.
 *   buf    (in,out) appended to.
 * Cost:    O(bytes + words log words).
 * Errors:  WL_ENOMEM, WL_ELIMIT.
 * Source:  own; characters make every word spellable, whole words make texts short. */
WL_MUST_CHECK wl_status wl_own_vocabulary(const wl_alloc *alloc, const struct wl_str *texts,
                                          size_t n, struct wl_buf *buf, wl_error *error);

#endif
