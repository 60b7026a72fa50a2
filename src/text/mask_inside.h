/* Parts of mask.c: matchers, each for one begin in the text. */
#ifndef WL_TEXT_MASK_INSIDE_H
#define WL_TEXT_MASK_INSIDE_H
#include "text/mask.h"

/* wl_mask_url - where the address that begins at i ends, 0 when none does. No letter or digit is
 * directly in front of i. wl_mask_email, wl_mask_handle - the same for theirs. */
size_t wl_mask_url(struct wl_str text, size_t i);
size_t wl_mask_email(struct wl_str text, size_t i);
size_t wl_mask_handle(struct wl_str text, size_t i);

/* wl_mask_digits - the same for what is made of digits, "+" and "(" too. */
size_t wl_mask_digits(struct wl_str text, size_t i, enum wl_mask_kind *kind);

/* wl_mask_account - the same for an id that a word in front of it announces. */
size_t wl_mask_account(struct wl_str text, size_t i, enum wl_mask_kind *kind);

/* wl_mask_has - an ASCII string stands at i. */
bool wl_mask_has(struct wl_str text, size_t i, const char *what);

/* wl_mask_is_digit - 0 to 9. */
static inline bool wl_mask_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* wl_mask_is_word - an ASCII letter or digit. */
static inline bool wl_mask_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || wl_mask_is_digit(c);
}

/* wl_mask_byte - the byte at i, 0 behind the end. */
static inline char wl_mask_byte(struct wl_str text, size_t i)
{
    return i < text.n_bytes ? text.data[i] : '\0';
}

#endif
