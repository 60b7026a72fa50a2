/* Numbers as people write them, Arabic and Chinese, into values: "1,299.50", "3.5亿", "1万2", "两千零五",
 * "壹仟贰佰", "二〇二五", "百分之二十". */
#ifndef WL_TEXT_NUMERAL_H
#define WL_TEXT_NUMERAL_H
#include "base/str.h"

struct wl_numeral {
    double value;    /* 20 % is 0.2 */
    size_t n_bytes;  /* what it takes up in the text */
    size_t n_digits; /* characters that are digits; the rest are units and signs */
    bool is_chinese; /* Chinese characters only */
    bool is_percent; /* a share: "%", "百分之", "千分之" */
};

/* wl_numeral_read - the number that begins at text[i_byte].
 *   text     (in)  normalised (normalise.h): full width would not be seen.
 *   numeral  (out) untouched when none begins there.
 * Returns whether one does. A Chinese unit alone is none ("万一", "千万别"), except for ten; two
 * Chinese digits side by side are none without a unit ("一一", "三五天").
 * Cost:    O(bytes of the number); no allocation.
 * Source:  own: sections of ten thousand; a last digit behind a unit counts a tenth of that unit
 *          ("三百二" is 320) unless a zero stands before it ("三百零二" is 302). */
bool wl_numeral_read(struct wl_str text, size_t i_byte, struct wl_numeral *numeral);

/* wl_numeral_magnitude - order of magnitude: 0 for 0 to 9, 1 for 10 to 99, ... at most 12; shares
 * count as 0. */
int wl_numeral_magnitude(const struct wl_numeral *numeral);

#endif
