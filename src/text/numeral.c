/* A Chinese number is a sum of digit times unit below ten thousand, such sums times 万, and those
 * times 亿. One reader takes both scripts, because people mix them: "1万2", "3千5百". It goes on as
 * long as units fall; where the grammar ends, the number ends. */
#include "text/numeral.h"

#include <math.h>
#include <string.h>

#define VALUE_MAX 1e100 /* of a run of digits, so that units keep it finite */

enum sort { NOTHING, DIGIT, SMALL, BIG, POINT };

/* One character of a Chinese number. */
struct letter {
    enum sort sort;
    double value;
};

// Nearly every character of a text is asked here, hence a switch.
static struct letter letter_of(uint32_t c)
{
    switch (c) {
    case 0x96F6:                                      // 零
    case 0x3007: return (struct letter){DIGIT, 0};    // 〇
    case 0x4E00:                                      // 一
    case 0x58F9: return (struct letter){DIGIT, 1};    // 壹
    case 0x4E8C:                                      // 二
    case 0x4E24:                                      // 两
    case 0x5169:                                      // 兩
    case 0x8D30:                                      // 贰
    case 0x8CB3: return (struct letter){DIGIT, 2};    // 貳
    case 0x4E09:                                      // 三
    case 0x53C1: return (struct letter){DIGIT, 3};    // 叁
    case 0x56DB:                                      // 四
    case 0x8086: return (struct letter){DIGIT, 4};    // 肆
    case 0x4E94:                                      // 五
    case 0x4F0D: return (struct letter){DIGIT, 5};    // 伍
    case 0x516D:                                      // 六
    case 0x9646: return (struct letter){DIGIT, 6};    // 陆
    case 0x4E03:                                      // 七
    case 0x67D2: return (struct letter){DIGIT, 7};    // 柒
    case 0x516B:                                      // 八
    case 0x634C: return (struct letter){DIGIT, 8};    // 捌
    case 0x4E5D:                                      // 九
    case 0x7396: return (struct letter){DIGIT, 9};    // 玖
    case 0x5341:                                      // 十
    case 0x62FE: return (struct letter){SMALL, 10};   // 拾
    case 0x767E:                                      // 百
    case 0x4F70: return (struct letter){SMALL, 100};  // 佰
    case 0x5343:                                      // 千
    case 0x4EDF: return (struct letter){SMALL, 1000}; // 仟
    case 0x4E07:                                      // 万
    case 0x842C: return (struct letter){BIG, 1e4};    // 萬
    case 0x4EBF:                                      // 亿
    case 0x5104: return (struct letter){BIG, 1e8};    // 億
    case 0x70B9: return (struct letter){POINT, 0};    // 点
    default: return (struct letter){NOTHING, 0};
    }
}

static struct letter letter_at(struct wl_str text, size_t i)
{
    bool is_three = text.n_bytes - i >= 3 && ((unsigned char)text.data[i] & 0xF0U) == 0xE0U;

    return is_three ? letter_of(wl_utf8_decode(text, i, 3)) : (struct letter){NOTHING, 0};
}

static bool is_digit_at(struct wl_str text, size_t i)
{
    return i < text.n_bytes && text.data[i] >= '0' && text.data[i] <= '9';
}

/* -- Arabic digits -- */

// "1299", "1,299.50"; where it ends, i when there is none. A comma needs three digits behind
// it and at most three in front.
static size_t read_arabic(struct wl_str text, size_t i, double *value, size_t *n_digits)
{
    size_t begin = i;
    size_t group = i;
    double sum = 0.0;
    double scale = 1.0;

    while (is_digit_at(text, i)) {
        sum = fmin(sum * 10.0 + (text.data[i++] - '0'), VALUE_MAX);
        (*n_digits)++;
        bool is_comma = i < text.n_bytes && text.data[i] == ',' && i - group <= 3;
        if (is_comma && is_digit_at(text, i + 1) && is_digit_at(text, i + 2) &&
            is_digit_at(text, i + 3) && !is_digit_at(text, i + 4)) {
            group = ++i;
        }
    }
    if (i > begin && i < text.n_bytes && text.data[i] == '.' && is_digit_at(text, i + 1)) {
        for (i++; is_digit_at(text, i); i++, (*n_digits)++) {
            if (sum < 1e15) { // further digits are beyond a double
                sum = sum * 10.0 + (text.data[i] - '0');
                scale *= 10.0;
            }
        }
    }
    *value = sum / scale;
    return i;
}

/* -- both scripts -- */

struct reader {
    struct wl_str text;
    size_t i;
    double total;   /* of whole big units */
    double section; /* below the next big unit */
    double digit;   /* read, its unit not yet known; negative: none */
    double small;   /* smallest small unit of this section */
    double big;     /* last big unit */
    double unit;    /* last unit of any sort */
    bool after_zero;
    bool is_single; /* digit is one digit */
    size_t i_digit; /* where it begins */
    size_t n_digits;
    size_t n_units;
    size_t n_arabic;
};

static bool take_digit(struct reader *reader, double value)
{
    if (value == 0.0 && reader->n_units > 0 && reader->digit < 0.0) {
        reader->after_zero = true;
        return true;
    }
    if (reader->digit >= 0.0) {
        return false;
    }
    reader->digit = value;
    reader->is_single = true;
    reader->i_digit = reader->i;
    return true;
}

static bool take_small(struct reader *reader, double unit)
{
    bool is_bare_ten = unit == 10.0 && reader->digit < 0.0;

    if (unit >= reader->small || (reader->digit < 0.0 && !is_bare_ten)) {
        return false;
    }
    reader->section += (is_bare_ten ? 1.0 : reader->digit) * unit;
    reader->digit = -1.0;
    reader->small = unit;
    reader->unit = unit;
    reader->after_zero = false;
    return true;
}

static bool take_big(struct reader *reader, double unit)
{
    double below = reader->section + fmax(reader->digit, 0.0);

    if (unit == reader->big || (below == 0.0 && !(reader->total > 0.0 && unit > reader->big))) {
        return false;
    }
    if (unit > reader->big) {
        reader->total = (reader->total + below) * unit;
    } else {
        reader->total += below * unit;
    }
    reader->big = unit;
    reader->section = 0.0;
    reader->digit = -1.0;
    reader->small = 1e4;
    reader->unit = unit;
    reader->after_zero = false;
    return true;
}

// One step; false where the number ends.
static bool step(struct reader *reader)
{
    double value = 0.0;
    size_t n_digits = 0;
    size_t end = read_arabic(reader->text, reader->i, &value, &n_digits);

    if (end > reader->i) {
        bool is_single = end - reader->i == 1;
        bool fits = reader->digit < 0.0 && (reader->n_units == 0 || is_single);
        if (!fits) {
            return false;
        }
        reader->digit = value;
        reader->is_single = is_single;
        reader->i_digit = reader->i;
        reader->n_digits += n_digits;
        reader->n_arabic += end - reader->i;
        reader->i = end;
        return true;
    }
    struct letter letter = letter_at(reader->text, reader->i);
    bool took = (letter.sort == DIGIT && take_digit(reader, letter.value)) ||
                (letter.sort == SMALL && take_small(reader, letter.value)) ||
                (letter.sort == BIG && take_big(reader, letter.value));
    if (took) {
        reader->n_digits += letter.sort == DIGIT;
        reader->n_units += letter.sort != DIGIT;
        reader->i += 3;
    }
    return took;
}

static double finish(struct reader *reader)
{
    double last = fmax(reader->digit, 0.0);
    enum sort next = letter_at(reader->text, reader->i).sort;

    if (reader->digit >= 0.0 && reader->n_units > 0 && (next == SMALL || next == BIG)) {
        reader->i = reader->i_digit; // its unit begins another number: "五百三百"
        last = 0.0;
    }
    if (reader->is_single && !reader->after_zero && reader->unit >= 100.0) {
        last *= reader->unit / 10.0;
    }
    return reader->total + reader->section + last;
}

// "二〇二五": at least three digits, or a zero among them; i when it is none.
static size_t read_row(struct wl_str text, size_t i, double *value, size_t *n_digits)
{
    size_t begin = i;
    bool has_zero = false;
    double sum = 0.0;
    size_t n = 0;

    for (struct letter at = letter_at(text, i); at.sort == DIGIT; at = letter_at(text, i)) {
        sum = sum * 10.0 + at.value;
        has_zero |= at.value == 0.0;
        n++;
        i += 3;
    }
    if (n < 2 || (n < 3 && !has_zero) || letter_at(text, i).sort > DIGIT) {
        return begin;
    }
    *value = sum;
    *n_digits = n;
    return i;
}

// ".五" behind a Chinese number: "三点五", not "三点五十分", which is a time.
static size_t read_point(struct wl_str text, size_t i, double *value, size_t *n_digits)
{
    double scale = 0.1;
    double part = 0.0;
    size_t at = i + 3;

    if (letter_at(text, i).sort != POINT) {
        return i;
    }
    struct letter letter = letter_at(text, at);
    for (; letter.sort == DIGIT; letter = letter_at(text, at)) {
        part += scale * letter.value;
        scale /= 10.0;
        at += 3;
        (*n_digits)++;
    }
    bool is_time =
        letter.sort == SMALL || (text.n_bytes - at >= 3 && memcmp(text.data + at, "分", 3) == 0);
    if (at == i + 3 || is_time) {
        return i;
    }
    *value += part;
    return letter.sort == BIG ? at + 3 : at;
}

static size_t share_prefix(struct wl_str text, size_t i, double *scale)
{
    static const char *const prefixes[] = {"百分之", "千分之", "万分之"};
    static const double scales[] = {1e-2, 1e-3, 1e-4};

    for (size_t k = 0; k < 3; k++) {
        if (text.n_bytes - i >= 9 && memcmp(text.data + i, prefixes[k], 9) == 0) {
            *scale = scales[k];
            return i + 9;
        }
    }
    *scale = 1.0;
    return i;
}

bool wl_numeral_read(struct wl_str text, size_t i_byte, struct wl_numeral *numeral)
{
    double scale;
    double value = 0.0;
    if (!is_digit_at(text, i_byte) && letter_at(text, i_byte).sort == NOTHING) {
        return false;
    }
    size_t from = share_prefix(text, i_byte, &scale);
    struct reader reader = {
        .text = text, .i = from, .digit = -1.0, .small = 1e4, .big = 0.0, .unit = 0.0};
    size_t n_digits = 0;
    size_t end = read_row(text, from, &value, &n_digits);

    if (end == from) {
        while (reader.i < text.n_bytes && step(&reader)) {
        }
        value = finish(&reader);
        n_digits = reader.n_digits;
        end = reader.i;
        // A lone unit that is not ten took nothing; two digits side by side stop after the first.
        bool is_pair =
            reader.n_units == 0 && reader.n_arabic == 0 && letter_at(text, end).sort == DIGIT;
        if (end == from || is_pair) {
            return false;
        }
    }
    bool is_chinese = reader.n_arabic == 0;
    if (is_chinese) {
        size_t at = read_point(text, end, &value, &n_digits);
        double big =
            at > end && letter_at(text, at - 3).sort == BIG ? letter_at(text, at - 3).value : 1.0;
        value *= big;
        end = at;
    }
    bool is_percent = scale < 1.0;
    if (!is_chinese && end < text.n_bytes && text.data[end] == '%') {
        scale = 1e-2;
        is_percent = true;
        end++;
    }
    *numeral = (struct wl_numeral){.value = value * scale,
                                   .n_bytes = end - i_byte,
                                   .n_digits = n_digits,
                                   .is_chinese = is_chinese,
                                   .is_percent = is_percent};
    return true;
}

int wl_numeral_magnitude(const struct wl_numeral *numeral)
{
    int magnitude = 0;

    for (double v = fabs(numeral->value); v >= 10.0 && magnitude < 12; v /= 10.0) {
        magnitude++;
    }
    return magnitude;
}
