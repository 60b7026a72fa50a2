/* Which words say something and which only hold others together. */
#ifndef WL_TEXT_KEYWORD_KIND_H
#define WL_TEXT_KEYWORD_KIND_H
#include "text/keyword_corpus.h"

/* wl_keyword_kind - the kind of a word, normalised, as far as stop words and negations do not say.
 *   tag  (in) its part of speech in the dictionary; empty when it has none. */
enum wl_word_kind wl_keyword_kind(struct wl_str word, struct wl_str tag);

/* wl_keyword_is_leaving - a keyword that says that somebody leaves and not why: "退订", "cancel".
 *   is_certain  (in) only those that never go with a reason: "自动续费" (auto-renewal) may also be
 *                    about its price. */
bool wl_keyword_is_leaving(struct wl_str keyword, bool is_certain);

#endif
