/* Which words say something and which only hold others together. */
#ifndef WL_TEXT_KEYWORD_KIND_H
#define WL_TEXT_KEYWORD_KIND_H
#include "text/keyword_corpus.h"

/* wl_keyword_kind - the kind of a word, normalised.
 *   tag  (in) its part of speech in the dictionary; empty when it has none. */
enum wl_word_kind wl_keyword_kind(struct wl_str word, struct wl_str tag);

/* wl_keyword_stem - what an English word is counted under, written over the word: "loads" and
 * "load" are one. Returns its bytes, at most n_bytes. Other words stay.
 * Source:  Harman 1991, "How effective is suffixing?", the S stemmer. */
size_t wl_keyword_stem(char *word, size_t n_bytes);

/* wl_keyword_is_leaving - a keyword that says that somebody leaves and not why: "取消会员",
 * "cancel". */
bool wl_keyword_is_leaving(struct wl_str keyword);

#endif
