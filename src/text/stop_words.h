/* Words that say nothing by themselves. Negations are never among them, whatever a list holds:
 * "不好" and "not good" must not become "good"; nor is "好" (good). */
#ifndef WL_TEXT_STOP_WORDS_H
#define WL_TEXT_STOP_WORDS_H
#include "base/dict.h"
#include "base/language.h"

struct wl_stop_words {
    struct wl_dict words[WL_LANGUAGE_COUNT]; /* owned; normalised (normalise.h) */
};

/* wl_stop_words_init - the built-in lists: share/text/stop_words_en.txt and _zh.txt. Release with
 * wl_stop_words_release; zeroed is fine.
 * Errors:  WL_ENOMEM  nothing is held then. */
WL_MUST_CHECK wl_status wl_stop_words_init(struct wl_stop_words *stop, const wl_alloc *alloc,
                                           wl_error *error);
void wl_stop_words_release(struct wl_stop_words *stop);

/* wl_stop_words_add - add a list: one normalised word a line, "#" in front of a comment. Negations
 * in it are passed over.
 * Errors:  WL_ENOMEM  some of the words may have been added. */
WL_MUST_CHECK wl_status wl_stop_words_add(struct wl_stop_words *stop, enum wl_language language,
                                          struct wl_str list, wl_error *error);

/* wl_stop_words_has - a word of the language is one. Any number of threads. Cost: one hash. */
bool wl_stop_words_has(const struct wl_stop_words *stop, enum wl_language language,
                       struct wl_str word);

/* wl_is_negation - the word turns around what follows it: "不", "没有", "not", "don't". */
bool wl_is_negation(enum wl_language language, struct wl_str word);

#endif
