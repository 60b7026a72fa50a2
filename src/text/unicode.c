/* Facts come from utf8proc's tables; nothing else in the tree includes its header. Decomposition is
 * asked for one character at a time, because texts come in pieces between which characters are
 * dropped, and because a whole-string call would allocate. */
#include "text/unicode.h"

#include <utf8proc.h>

static enum wl_char_kind kind_of(uint32_t c, const utf8proc_property_t *property)
{
    if (c == '\n' || c == '\r' || c == 0x0B || c == 0x0C || c == 0x85) {
        return WL_CHAR_LINE;
    }
    if (c == '\t') {
        return WL_CHAR_SPACE;
    }
    if (property->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC) {
        return WL_CHAR_PICTOGRAPH;
    }
    if (property->ignorable) {
        return WL_CHAR_HIDDEN;
    }
    switch (property->category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return WL_CHAR_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return WL_CHAR_MARK;
    case UTF8PROC_CATEGORY_ND: return WL_CHAR_DIGIT;
    case UTF8PROC_CATEGORY_NL: return c == 0x3007 ? WL_CHAR_LETTER : WL_CHAR_SYMBOL;
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO: return WL_CHAR_SYMBOL;
    case UTF8PROC_CATEGORY_ZS: return WL_CHAR_SPACE;
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return WL_CHAR_LINE;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF: return WL_CHAR_HIDDEN;
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO: return WL_CHAR_OTHER;
    default: return WL_CHAR_PUNCTUATION;
    }
}

// Composition never crosses the edge of a grapheme cluster, so its classes tell what may join.
static bool may_join(const utf8proc_property_t *property)
{
    switch (property->boundclass) {
    case UTF8PROC_BOUNDCLASS_EXTEND:
    case UTF8PROC_BOUNDCLASS_SPACINGMARK:
    case UTF8PROC_BOUNDCLASS_V:
    case UTF8PROC_BOUNDCLASS_T: return true;
    default: return property->combining_class != 0;
    }
}

static bool is_syllable(const utf8proc_property_t *property) // of Hangul: decomposes by arithmetic
{
    return property->boundclass == UTF8PROC_BOUNDCLASS_LV ||
           property->boundclass == UTF8PROC_BOUNDCLASS_LVT;
}

struct wl_char wl_char_of(uint32_t c)
{
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)c);

    return (struct wl_char){
        .kind = (uint8_t)kind_of(c, property),
        .joins = may_join(property),
        .is_stable = property->decomp_seqindex == UINT16_MAX &&
                     property->casefold_seqindex == UINT16_MAX && !is_syllable(property),
    };
}

bool wl_char_is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || c == 0x3007 ||
           (c >= 0x20000 && c <= 0x323AF) || (c >= 0xF900 && c <= 0xFAFF);
}

static size_t decompose(uint32_t c, int options, uint32_t *parts)
{
    utf8proc_int32_t chars[WL_FOLD_MAX] = {0};
    int boundclass = UTF8PROC_BOUNDCLASS_START;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, chars, WL_FOLD_MAX,
                                                 (utf8proc_option_t)options, &boundclass);

    if (n < 1 || n > WL_FOLD_MAX) {
        parts[0] = c; // no Unicode character: stays as it is
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        parts[i] = (uint32_t)chars[i];
    }
    return (size_t)n;
}

size_t wl_char_fold(uint32_t c, uint32_t *folded)
{
    return decompose(c, UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD, folded);
}

size_t wl_char_decompose(uint32_t c, uint32_t *parts)
{
    return decompose(c, UTF8PROC_DECOMPOSE, parts);
}

enum wl_case wl_char_case(uint32_t c)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);

    if (category == UTF8PROC_CATEGORY_LL) {
        return WL_CASE_LOWER;
    }
    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT ? WL_CASE_UPPER
                                                                                : WL_CASE_NONE;
}

uint32_t wl_char_lower(uint32_t c)
{
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

enum wl_category wl_char_category(uint32_t c)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);

    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) {
        return WL_CATEGORY_LETTER;
    }
    if (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO) {
        return WL_CATEGORY_NUMBER;
    }
    if (category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO) {
        return WL_CATEGORY_PUNCTUATION;
    }
    if (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) {
        return category == UTF8PROC_CATEGORY_MN ? WL_CATEGORY_MARK_NONSPACING : WL_CATEGORY_MARK;
    }
    if (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP) {
        return WL_CATEGORY_SPACE;
    }
    return category == UTF8PROC_CATEGORY_CN || category >= UTF8PROC_CATEGORY_CC
               ? WL_CATEGORY_CONTROL
               : WL_CATEGORY_OTHER;
}

static utf8proc_propval_t class_of(utf8proc_int32_t c)
{
    return utf8proc_get_property(c)->combining_class;
}

size_t wl_chars_compose(uint32_t *chars, size_t n)
{
    utf8proc_int32_t *at = (utf8proc_int32_t *)chars; // same size; values stay below 2^21

    for (size_t i = 1; i < n; i++) {
        utf8proc_int32_t c = at[i];
        utf8proc_propval_t order = class_of(c);
        size_t j = i;
        while (order > 0 && j > 0 && class_of(at[j - 1]) > order) {
            at[j] = at[j - 1];
            j--;
        }
        at[j] = c;
    }
    utf8proc_ssize_t left = utf8proc_normalize_utf32(
        at, (utf8proc_ssize_t)n, (utf8proc_option_t)(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    return left > 0 ? (size_t)left : n;
}
