/* What Unicode says of a character: kind, folding, composing. The only door to utf8proc. */
#ifndef WL_TEXT_UNICODE_H
#define WL_TEXT_UNICODE_H
#include "base/str.h"

#define WL_UNICODE_JOINER  0x200DU /* zero width joiner: makes one emoji of several */
#define WL_UNICODE_INVALID 0xFFFDU /* stands for bytes that are not UTF-8 */
#define WL_FOLD_MAX        32      /* characters one folds to; U+FDFA is the longest with 18 */

enum wl_char_kind {
    WL_CHAR_LETTER = 0, /* of any script, Han too */
    WL_CHAR_DIGIT = 1,
    WL_CHAR_MARK = 2, /* belongs to the character before it */
    WL_CHAR_PICTOGRAPH = 3,
    WL_CHAR_PUNCTUATION = 4,
    WL_CHAR_SYMBOL = 5,
    WL_CHAR_SPACE = 6,
    WL_CHAR_LINE = 7,   /* ends a line */
    WL_CHAR_HIDDEN = 8, /* controls, bidi marks, zero widths, variation selectors */
    WL_CHAR_OTHER = 9   /* not assigned, private */
};

struct wl_char {
    uint8_t kind;   /* enum wl_char_kind */
    bool joins;     /* may compose or trade places with what stands before it */
    bool is_stable; /* folds to itself */
};

/* wl_char_of - facts about a code point. Any value is fine.
 * Cost:    O(1), two table look-ups.  Source: Unicode Character Database by utf8proc. */
struct wl_char wl_char_of(uint32_t c);

/* wl_char_is_han - a Chinese character: the unified ideographs and their extensions, U+3007 too. */
bool wl_char_is_han(uint32_t c);

/* wl_char_fold - compatibility decomposition with case folding.
 *   folded  (out) (WL_FOLD_MAX).
 * Returns how many characters there are, at least 1. Source: UAX #15, NFKC; Unicode 3.13. */
size_t wl_char_fold(uint32_t c, uint32_t *folded);

/* wl_chars_compose - bring marks into canonical order and compose, in place.
 * Returns how many are left. Cost: O(n^2) for marks out of order; callers keep n short. */
size_t wl_chars_compose(uint32_t *chars, size_t n);

/* General categories, as far as anybody here asks. */
enum wl_category {
    WL_CATEGORY_OTHER = 0,
    WL_CATEGORY_LETTER = 1,          /* L* */
    WL_CATEGORY_NUMBER = 2,          /* N* */
    WL_CATEGORY_PUNCTUATION = 3,     /* P* */
    WL_CATEGORY_MARK_NONSPACING = 4, /* Mn */
    WL_CATEGORY_SPACE = 5,           /* Z*: spaces, line and paragraph separators */
    WL_CATEGORY_CONTROL = 6,         /* C*: controls, formats, surrogates, private, unassigned */
    WL_CATEGORY_MARK = 7             /* Mc, Me */
};

/* wl_char_category - general category of a code point. Any value is fine. */
enum wl_category wl_char_category(uint32_t c);

/* wl_char_case - case of a letter by its general category. */
enum wl_case { WL_CASE_NONE = 0, WL_CASE_LOWER = 1, WL_CASE_UPPER = 2 }; /* upper: Lt too */
enum wl_case wl_char_case(uint32_t c);

/* wl_char_lower - simple lower case: one character for one. */
uint32_t wl_char_lower(uint32_t c);

/* wl_char_decompose - canonical decomposition of one character (NFD but for the order of marks).
 *   parts  (out) (WL_FOLD_MAX).  Returns how many, at least 1. */
size_t wl_char_decompose(uint32_t c, uint32_t *parts);

/* wl_char_decode - the character that starts at text, of n_bytes that wl_utf8_length gave. */
static inline uint32_t wl_char_decode(const char *text, size_t n_bytes)
{
    return wl_utf8_decode((struct wl_str){.data = text, .n_bytes = n_bytes}, 0, n_bytes);
}

/* wl_char_encode - a character as UTF-8, 1 to 4 bytes; returns their number. */
static inline size_t wl_char_encode(uint32_t c, char *bytes)
{
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        bytes[0] = (char)(0xC0U | c >> 6);
        bytes[1] = (char)(0x80U | (c & 0x3FU));
        return 2;
    }
    if (c < 0x10000) {
        bytes[0] = (char)(0xE0U | c >> 12);
        bytes[1] = (char)(0x80U | (c >> 6 & 0x3FU));
        bytes[2] = (char)(0x80U | (c & 0x3FU));
        return 3;
    }
    bytes[0] = (char)(0xF0U | c >> 18);
    bytes[1] = (char)(0x80U | (c >> 12 & 0x3FU));
    bytes[2] = (char)(0x80U | (c >> 6 & 0x3FU));
    bytes[3] = (char)(0x80U | (c & 0x3FU));
    return 4;
}

#endif
