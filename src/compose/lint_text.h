/* Looking for words in a template as a reader would see it: without tags, without tricks. Used by
 * the linter only. */
#ifndef WL_COMPOSE_LINT_TEXT_H
#define WL_COMPOSE_LINT_TEXT_H
#include "compose/lint.h"

/* A text made comparable: lower case, full-width letters folded, invisible characters and blanks
 * between Chinese characters dropped, tags and (for e-mail) HTML mark-up made WL_LINT_GAP. */
struct wl_lint_text {
    struct wl_str source; /* as written */
    char *plain;          /* (n_plain) owned */
    uint32_t *origin;     /* (n_plain) offset in source of each byte; owned */
    size_t n_plain;
};
#define WL_LINT_GAP '\1' /* stands where a tag was; part of no word */

/* wl_lint_text_make - release with wl_lint_text_release, also after a failure.
 *   drops_html  (in) HTML tags and entities become gaps too.
 * Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_lint_text_make(const wl_alloc *alloc, struct wl_str source,
                                          bool drops_html, struct wl_lint_text *text,
                                          wl_error *error);
void wl_lint_text_release(const wl_alloc *alloc, struct wl_lint_text *text);

/* Where something was found: bytes of plain. */
struct wl_lint_hit {
    size_t begin;
    size_t end;
};

/* wl_lint_find_word - first word of a NULL-terminated list at or behind hit->end. ASCII words match
 * whole words only; others anywhere. */
bool wl_lint_find_word(const struct wl_lint_text *text, const char *const *words,
                       struct wl_lint_hit *hit);

/* wl_lint_find_digit - next digit or per cent sign. */
bool wl_lint_find_digit(const struct wl_lint_text *text, struct wl_lint_hit *hit);

/* wl_lint_find_amount - next amount in words: 七折, 三个月, "three months", "half off". */
bool wl_lint_find_amount(const struct wl_lint_text *text, struct wl_lint_hit *hit);

/* wl_lint_find_foreign - next stretch that does not belong to the language: Chinese characters in
 * an English text, Latin words outside a short list (VIP, App, ...) in a Chinese one. */
bool wl_lint_find_foreign(const struct wl_lint_text *text, enum wl_language language,
                          struct wl_lint_hit *hit);

/* wl_lint_has_chinese - there is a Chinese character. */
bool wl_lint_has_chinese(const struct wl_lint_text *text);

/* wl_lint_found - the words of a hit as they are written in the source. */
struct wl_str wl_lint_found(const struct wl_lint_text *text, const struct wl_lint_hit *hit);

extern const char *const wl_lint_promises[];
extern const char *const wl_lint_dates[];
extern const char *const wl_lint_watching[];
extern const char *const wl_lint_vip[];
extern const char *const wl_lint_opt_out_zh[];
extern const char *const wl_lint_opt_out_en[];

#endif
