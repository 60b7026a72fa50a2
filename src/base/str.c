/* Views of text. Numbers are read here and nowhere else, independent of the locale. */
#include "base/str.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct wl_str wl_str_from(const char *text)
{
    return (struct wl_str){.data = text, .n_bytes = text != NULL ? strlen(text) : 0};
}

bool wl_str_equal(struct wl_str a, struct wl_str b)
{
    return a.n_bytes == b.n_bytes && (a.n_bytes == 0 || memcmp(a.data, b.data, a.n_bytes) == 0);
}

bool wl_str_is(struct wl_str a, const char *text)
{
    return wl_str_equal(a, wl_str_from(text));
}

int wl_str_compare(struct wl_str a, struct wl_str b)
{
    size_t n = a.n_bytes < b.n_bytes ? a.n_bytes : b.n_bytes;
    int order = n > 0 ? memcmp(a.data, b.data, n) : 0;
    if (order != 0) {
        return order;
    }
    return (a.n_bytes > b.n_bytes) - (a.n_bytes < b.n_bytes);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct wl_str wl_str_trim(struct wl_str text)
{
    while (text.n_bytes > 0 && is_space(text.data[0])) {
        text.data++;
        text.n_bytes--;
    }
    while (text.n_bytes > 0 && is_space(text.data[text.n_bytes - 1])) {
        text.n_bytes--;
    }
    return text;
}

struct wl_str wl_str_cut(struct wl_str *rest, char separator)
{
    const char *at = rest->n_bytes > 0 ? memchr(rest->data, separator, rest->n_bytes) : NULL;
    struct wl_str head = *rest;

    if (at == NULL) {
        *rest = (struct wl_str){.data = NULL, .n_bytes = 0};
        return head;
    }
    head.n_bytes = (size_t)(at - rest->data);
    rest->data = at + 1;
    rest->n_bytes -= head.n_bytes + 1;
    return head;
}

size_t wl_utf8_length(struct wl_str text, size_t i_byte)
{
    const unsigned char *at = (const unsigned char *)text.data + i_byte;
    unsigned char c = at[0];
    size_t length = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;

    if (length == 0 || length > text.n_bytes - i_byte) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((c == 0xE0 && at[1] < 0xA0) || (c == 0xED && at[1] > 0x9F) || (c == 0xF0 && at[1] < 0x90) ||
        (c == 0xF4 && at[1] > 0x8F)) {
        return 0;
    }
    return length;
}

bool wl_str_is_utf8(struct wl_str text)
{
    size_t i = 0;

    while (i < text.n_bytes) {
        uint64_t word = 0;
        if (text.n_bytes - i >= sizeof(word)) {
            memcpy(&word, text.data + i, sizeof(word));
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof(word);
                continue;
            }
        }
        size_t length = wl_utf8_length(text, i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

uint64_t wl_str_hash(struct wl_str text, uint64_t seed)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;

    for (size_t i = 0; i < text.n_bytes; i++) {
        hash = (hash ^ (unsigned char)text.data[i]) * UINT64_C(0x100000001b3);
    }
    // FNV leaves the high bits of short keys weak; the mix spreads them.
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    return hash ^ (hash >> 31);
}

bool wl_str_to_i64(struct wl_str text, int64_t *value)
{
    size_t i = 0;
    bool negative = false;
    int64_t sum = 0;

    if (text.n_bytes > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        negative = text.data[0] == '-';
        i = 1;
    }
    if (i == text.n_bytes) {
        return false;
    }
    for (; i < text.n_bytes; i++) {
        int digit = text.data[i] - '0';
        if (digit < 0 || digit > 9 || __builtin_mul_overflow(sum, (int64_t)10, &sum) ||
            __builtin_add_overflow(sum, negative ? -digit : digit, &sum)) {
            return false;
        }
    }
    *value = sum;
    return true;
}

// A decimal number and nothing else: [+-] digits [. digits] [e [+-] digits].
static bool is_decimal(struct wl_str text)
{
    size_t i = 0;
    size_t n_digits = 0;

    if (i < text.n_bytes && (text.data[i] == '-' || text.data[i] == '+')) {
        i++;
    }
    for (; i < text.n_bytes && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        n_digits++;
    }
    if (i < text.n_bytes && text.data[i] == '.') {
        for (i++; i < text.n_bytes && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
            n_digits++;
        }
    }
    if (n_digits == 0) {
        return false;
    }
    if (i < text.n_bytes && (text.data[i] == 'e' || text.data[i] == 'E')) {
        size_t n_exponent = 0;
        i++;
        if (i < text.n_bytes && (text.data[i] == '-' || text.data[i] == '+')) {
            i++;
        }
        for (; i < text.n_bytes && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
            n_exponent++;
        }
        if (n_exponent == 0) {
            return false;
        }
    }
    return i == text.n_bytes;
}

bool wl_str_to_double(struct wl_str text, double *value)
{
    char copy[128]; // longer than any number a person or a program writes

    if (text.n_bytes >= sizeof(copy) || !is_decimal(text)) {
        return false;
    }
    memcpy(copy, text.data, text.n_bytes);
    copy[text.n_bytes] = '\0';
    // The process never calls setlocale for LC_NUMERIC, so strtod reads "1.5" everywhere.
    double number = strtod(copy, NULL);
    if (!isfinite(number)) {
        return false;
    }
    *value = number;
    return true;
}

// Decimal digits as they stand in a text, and where the point of their value times 10^4 lies.
struct decimal {
    struct wl_str mantissa; // digits and at most one point
    int64_t n_whole;        // digits, from the first, in front of the shifted point
    bool negative;
};

#define EXPONENT_MAX 10000 // beyond it every number but 0 is out of range or rounds to 0

static struct decimal split_decimal(struct wl_str text)
{
    struct decimal decimal = {.negative = text.data[0] == '-'};
    size_t n_sign = text.data[0] == '-' || text.data[0] == '+';
    size_t n = n_sign;
    int64_t exponent = 0;
    size_t n_before_point = 0;

    while (n < text.n_bytes && text.data[n] != 'e' && text.data[n] != 'E') {
        n++;
    }
    decimal.mantissa = (struct wl_str){.data = text.data + n_sign, .n_bytes = n - n_sign};
    if (n < text.n_bytes) {
        bool negative = text.data[n + 1] == '-';
        for (size_t i = n + 1; i < text.n_bytes; i++) {
            bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
            exponent = is_digit ? exponent * 10 + (text.data[i] - '0') : exponent;
            exponent = exponent > EXPONENT_MAX ? EXPONENT_MAX : exponent;
        }
        exponent = negative ? -exponent : exponent;
    }
    while (n_before_point < decimal.mantissa.n_bytes &&
           decimal.mantissa.data[n_before_point] != '.') {
        n_before_point++;
    }
    decimal.n_whole = (int64_t)n_before_point + exponent + 4; // 4: WL_VALUE_SCALE is 10^4
    return decimal;
}

bool wl_str_to_fixed(struct wl_str text, int64_t *value_e4)
{
    const int64_t fixed_max = (int64_t)(WL_VALUE_ABS_MAX * WL_VALUE_SCALE);
    int64_t sum = 0;
    int64_t i_digit = 0;
    bool round_up = false;

    if (!is_decimal(text)) {
        return false;
    }
    struct decimal decimal = split_decimal(text);
    for (size_t i = 0; i < decimal.mantissa.n_bytes; i++) {
        if (decimal.mantissa.data[i] == '.') {
            continue;
        }
        int digit = decimal.mantissa.data[i] - '0';
        if (i_digit < decimal.n_whole) {
            sum = sum * 10 + digit;
        } else if (i_digit == decimal.n_whole) {
            round_up = digit >= 5; // half away from zero: later digits cannot change it
        }
        if (sum > fixed_max) {
            return false;
        }
        i_digit++;
    }
    for (; i_digit < decimal.n_whole && sum != 0; i_digit++) {
        sum *= 10;
        if (sum > fixed_max) {
            return false;
        }
    }
    sum += round_up;
    if (sum > fixed_max) {
        return false;
    }
    *value_e4 = decimal.negative ? -sum : sum;
    return true;
}

#define DISTANCE_MAX 64

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t wl_str_distance(struct wl_str a, struct wl_str b)
{
    size_t rows[3][DISTANCE_MAX + 1];
    size_t n_a = min_size(a.n_bytes, DISTANCE_MAX);
    size_t n_b = min_size(b.n_bytes, DISTANCE_MAX);

    for (size_t j = 0; j <= n_b; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= n_a; i++) {
        size_t *now = rows[i % 3];
        const size_t *before = rows[(i + 2) % 3];
        const size_t *two_before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = before[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            now[j] = min_size(change, min_size(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
                a.data[i - 2] == b.data[j - 1]) {
                now[j] = min_size(now[j], two_before[j - 2] + 1);
            }
        }
    }
    return rows[n_a % 3][n_b];
}
