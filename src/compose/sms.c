/* Short message segments. */
#include "compose/sms.h"

// Characters of the basic table that are not ASCII.
static const uint16_t basic[] = {0x00A3, 0x00A5, 0x00E8, 0x00E9, 0x00F9, 0x00EC, 0x00F2, 0x00C7,
                                 0x00D8, 0x00F8, 0x00C5, 0x00E5, 0x0394, 0x03A6, 0x0393, 0x039B,
                                 0x03A9, 0x03A0, 0x03A8, 0x03A3, 0x0398, 0x039E, 0x00C6, 0x00E6,
                                 0x00DF, 0x00C9, 0x00A4, 0x00A1, 0x00C4, 0x00D6, 0x00D1, 0x00DC,
                                 0x00A7, 0x00BF, 0x00E4, 0x00F6, 0x00F1, 0x00FC, 0x00E0};

uint32_t wl_utf8_next(struct wl_str text, size_t *at)
{
    const unsigned char *data = (const unsigned char *)text.data;
    unsigned char c = data[*at];
    size_t n = c < 0xC2 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 1;
    uint32_t code = n == 1 ? c : (uint32_t)c & (0xFFU >> (n + 1));

    if (n > text.n_bytes - *at) {
        n = 1;
        code = c;
    }
    for (size_t i = 1; i < n; i++) {
        if ((data[*at + i] & 0xC0) != 0x80) {
            (*at)++;
            return c;
        }
        code = code << 6 | (data[*at + i] & 0x3F);
    }
    *at += n;
    return code;
}

// Septets of a character, or 0 when the alphabet lacks it.
static size_t septets(uint32_t code)
{
    if (code < 0x80) {
        switch (code) {
        case '^':
        case '{':
        case '}':
        case '\\':
        case '[':
        case ']':
        case '~':
        case '|': return 2; // escape and a second septet
        case '`': return 0;
        default: return code >= 0x20 || code == '\n' || code == '\r' ? 1 : 0;
        }
    }
    for (size_t i = 0; i < sizeof(basic) / sizeof(basic[0]); i++) {
        if (basic[i] == code) {
            return 1;
        }
    }
    return code == 0x20AC ? 2 : 0; // the euro sign
}

size_t wl_sms_segments(size_t n_units, bool is_gsm7)
{
    size_t n_single = is_gsm7 ? 160 : 70;
    size_t n_part = is_gsm7 ? 153 : 67; // the rest carries the header of a joined message

    if (n_units == 0) {
        return 0;
    }
    return n_units <= n_single ? 1 : (n_units + n_part - 1) / n_part;
}

struct wl_sms_size wl_sms_measure(struct wl_str text)
{
    struct wl_sms_size size = {.is_gsm7 = true};
    size_t n_septets = 0;
    size_t n_utf16 = 0;

    for (size_t at = 0; at < text.n_bytes;) {
        uint32_t code = wl_utf8_next(text, &at);
        size_t n = septets(code);
        size.is_gsm7 = size.is_gsm7 && n > 0;
        n_septets += n;
        n_utf16 += code > 0xFFFF ? 2 : 1;
    }
    size.n_units = size.is_gsm7 ? n_septets : n_utf16;
    size.n_segments = wl_sms_segments(size.n_units, size.is_gsm7);
    return size;
}
