/* How many segments a text costs as a short message. */
#ifndef WL_COMPOSE_SMS_H
#define WL_COMPOSE_SMS_H
#include "base/str.h"

struct wl_sms_size {
    bool is_gsm7;      /* every character is in the GSM 7-bit alphabet */
    size_t n_units;    /* septets, or UTF-16 code units */
    size_t n_segments; /* 160/153 septets, or 70/67 units; 0 for an empty text */
};

/* wl_sms_measure - size of text, which is UTF-8; a byte that is not counts as one character.
 * Cost:    O(bytes), no allocation.
 * Source:  3GPP TS 23.038 section 6.2.1 (alphabet and extension table), TS 23.040 (joining). */
struct wl_sms_size wl_sms_measure(struct wl_str text);

/* wl_sms_segments - segments of n_units. */
size_t wl_sms_segments(size_t n_units, bool is_gsm7);

/* wl_utf8_next - code point at text[*at], moving *at behind it; a bad byte is itself. */
uint32_t wl_utf8_next(struct wl_str text, size_t *at);

#endif
