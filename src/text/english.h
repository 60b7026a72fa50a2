/* English words: where one ends, and its stem, under which "paying", "pays" and "pay" are one. */
#ifndef WL_TEXT_ENGLISH_H
#define WL_TEXT_ENGLISH_H
#include "base/alloc.h"
#include "base/str.h"

#define WL_ENGLISH_WORD_BYTES_MAX 64 /* longer ones are no words; they are their own stem */

struct wl_english; /* a stemmer */

/* wl_english_end - where the word that begins at text[i_byte] ends: letters and digits, apostrophes
 * between them ("don't", "it\u2019s"), a hyphen behind one letter ("e-mail", "t-shirt"), "+" and
 * "#" behind one ("c++", "c#"). i_byte itself when no letter or digit stands there. */
size_t wl_english_end(struct wl_str text, size_t i_byte);

/* wl_english_new - a stemmer. Free with wl_english_free; NULL is fine there.
 * Errors:  WL_ENOMEM. The library takes a few hundred bytes of its own. */
WL_MUST_CHECK wl_status wl_english_new(const wl_alloc *alloc, struct wl_english **english_out,
                                       wl_error *error);
void wl_english_free(struct wl_english *english);

/* wl_english_stem - what a word is compared by. Negations keep their sense: every word in "n't" and
 * "cannot" become "not"; other contractions lose what is behind the apostrophe ("it's" is "it",
 * "we'll" is "we"); then the Snowball English stemmer.
 *   word  (in) normalised.
 * Returns the stem, borrowed until the next call on english.
 * Cost:    about 0.3 us; no allocation once the longest word was seen.
 * Threads: one at a time for each english.
 * Source:  Porter, Snowball English (Porter 2), libstemmer. */
struct wl_str wl_english_stem(struct wl_english *english, struct wl_str word);

#endif
