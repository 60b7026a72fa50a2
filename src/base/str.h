/* Borrowed text: a pointer and a length, no NUL needed, any bytes allowed. */
#ifndef WL_BASE_STR_H
#define WL_BASE_STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wl_str {
    const char *data; /* (n_bytes), borrowed; may be NULL when n_bytes is 0 */
    size_t n_bytes;
};

/* WL_STR - a literal as wl_str; WL_STR_ARG - its two printf arguments for "%.*s". */
#define WL_STR(literal) ((struct wl_str){.data = "" literal, .n_bytes = sizeof(literal) - 1})
#define WL_STR_ARG(s)   (int)(s).n_bytes, ((s).data != NULL ? (s).data : "")

/* wl_str_from - view of a NUL-terminated string; NULL becomes the empty view. */
struct wl_str wl_str_from(const char *text);

/* wl_str_equal - same bytes. */
bool wl_str_equal(struct wl_str a, struct wl_str b);

/* wl_str_is - same bytes as a NUL-terminated string. */
bool wl_str_is(struct wl_str a, const char *text);

/* wl_str_compare - byte order, shorter first on a tie: <0, 0, >0. */
int wl_str_compare(struct wl_str a, struct wl_str b);

/* wl_str_trim - without ASCII white space at both ends. */
struct wl_str wl_str_trim(struct wl_str text);

/* wl_str_cut - split at the first separator: returns what stands before it and moves rest behind
 * it; without a separator returns everything and empties rest. */
struct wl_str wl_str_cut(struct wl_str *rest, char separator);

/* wl_utf8_length - bytes of the UTF-8 character that starts at text[i_byte], 1..4; 0 when none
 * does. i_byte < n_bytes. Source: RFC 3629, section 4; surrogates and overlong forms are none. */
size_t wl_utf8_length(struct wl_str text, size_t i_byte);

/* wl_utf8_decode - the character at text[i_byte], of n_bytes that wl_utf8_length gave (not 0). */
static inline uint32_t wl_utf8_decode(struct wl_str text, size_t i_byte, size_t n_bytes)
{
    const unsigned char *at = (const unsigned char *)text.data + i_byte;

    switch (n_bytes) {
    case 1: return at[0];
    case 2: return (at[0] & 0x1FU) << 6 | (at[1] & 0x3FU);
    case 3: return (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
    default:
        return (at[0] & 0x07U) << 18 | (at[1] & 0x3FU) << 12 | (at[2] & 0x3FU) << 6 |
               (at[3] & 0x3FU);
    }
}

/* wl_str_is_utf8 - whole text is UTF-8. Cost: O(bytes), eight ASCII bytes at a time. */
bool wl_str_is_utf8(struct wl_str text);

/* wl_str_hash - 64-bit FNV-1a with a final mix; stable across versions and machines, because
 * feature states and message ids carry it on disk. Not for keys an attacker may choose freely.
 * Source: Fowler, Noll, Vo, draft-eastlake-fnv; mix from splitmix64 (Steele et al. 2014). */
uint64_t wl_str_hash(struct wl_str text, uint64_t seed);

/* wl_str_to_i64 - whole text as a decimal integer; false when it is not one or overflows. */
bool wl_str_to_i64(struct wl_str text, int64_t *value);

/* wl_str_to_double - whole text as a decimal number (C locale); false for anything else,
 * "nan", "inf" and hex included. */
bool wl_str_to_double(struct wl_str text, double *value);

/* wl_str_to_fixed - whole text as a decimal number times 10^4, exactly; digits beyond the fourth
 * are rounded half away from zero. False when it is not a number or |value| > 1e11.
 * "1.25" -> 12500, "-3e2" -> -3000000. */
bool wl_str_to_fixed(struct wl_str text, int64_t *value_e4);

/* wl_str_distance - Damerau-Levenshtein distance (adjacent swaps count 1) between two short texts,
 * capped at 64 bytes each; for "did you mean". */
size_t wl_str_distance(struct wl_str a, struct wl_str b);

#endif
