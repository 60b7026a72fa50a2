/* Numbers that name somebody. Digits are collected in groups with one separator between, and looked
 * up in a table of shapes (lengths of groups, how it begins). What has no shape is decided by its
 * length alone. Amounts are recognised by what stands around them. */
#include "text/mask_inside.h"

#include <string.h>

#define GROUPS_MAX 6
#define DIGITS_MAX 24

/* Digits from one place on: "138-1234 5678" is 3, 4, 4. */
struct digits {
    char all[DIGITS_MAX];
    size_t n_all;
    size_t n[GROUPS_MAX];    /* digits of each group */
    size_t end[GROUPS_MAX];  /* where each ends in the text */
    char before[GROUPS_MAX]; /* separator in front of it, 0 for the first */
    size_t n_groups;
};

static void collect(struct wl_str text, size_t i, struct digits *digits)
{
    digits->n_all = 0;
    digits->n_groups = 0;
    while (digits->n_groups < GROUPS_MAX && wl_mask_is_digit(wl_mask_byte(text, i))) {
        size_t begin = i;
        size_t g = digits->n_groups;
        while (wl_mask_is_digit(wl_mask_byte(text, i))) {
            if (digits->n_all < DIGITS_MAX) {
                digits->all[digits->n_all++] = text.data[i];
            }
            i++;
        }
        digits->n[g] = i - begin;
        digits->end[g] = i;
        digits->before[g] = g > 0 ? text.data[begin - 1] : '\0';
        digits->n_groups++;
        char next = wl_mask_byte(text, i);
        i += next == ' ' || next == '-' || next == '.';
    }
}

/* -- check digits -- */

// GB 11643: weights 2^(17 - i) mod 11; the date of birth must be one, too.
static bool is_identity(const char *digits, char last)
{
    static const char checks[] = "10x98765432";
    unsigned sum = 0;

    for (size_t i = 0; i < 17; i++) {
        sum += (unsigned)(digits[i] - '0') * ((1U << (17 - i)) % 11);
    }
    int month = (digits[10] - '0') * 10 + digits[11] - '0';
    int day = (digits[12] - '0') * 10 + digits[13] - '0';
    bool is_date = (memcmp(digits + 6, "19", 2) == 0 || memcmp(digits + 6, "20", 2) == 0) &&
                   month >= 1 && month <= 12 && day >= 1 && day <= 31;
    return is_date && digits[0] != '0' && checks[sum % 11] == last;
}

static bool is_luhn(const char *digits, size_t n)
{
    int sum = 0;

    for (size_t i = 0; i < n; i++) {
        int d = digits[n - 1 - i] - '0';
        d *= i % 2 == 1 ? 2 : 1;
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

/* -- what stands around -- */

static bool has_one_of(struct wl_str text, size_t i, const char *const *words, size_t n_words)
{
    for (size_t k = 0; k < n_words; k++) {
        if (wl_mask_has(text, i, words[k])) {
            return true;
        }
    }
    return false;
}

static bool is_amount(struct wl_str text, size_t begin, size_t end)
{
    static const char *const units[] = {
        "元",     "块",    "圆",   "万",    "亿",   "%",    "人民币", "rmb",   "yuan",  "usd",
        "dollar", "美元",  "美金", "港币",  "欧元", "日元", "人",     "次",    "个",    "条",
        "分",     "积分",  "金币", "步",    "字",   "粉丝", "points", "coins", "users", "people",
        "times",  "views", "eur",  "pound", "kb",   "mb",   "gb"};
    static const char *const signs[] = {"$", "¥", "€", "£", "rmb", "usd"};

    end += wl_mask_byte(text, end) == ' ';
    if (has_one_of(text, end, units, sizeof(units) / sizeof(units[0]))) {
        return true;
    }
    while (begin > 0 && text.data[begin - 1] == ' ') {
        begin--;
    }
    for (size_t k = 0; k < sizeof(signs) / sizeof(signs[0]); k++) {
        size_t n = strlen(signs[k]);
        if (begin >= n && wl_mask_has(text, begin - n, signs[k])) {
            return true;
        }
    }
    return false;
}

static bool is_date(const char *d) // yyyymmdd
{
    int month = (d[4] - '0') * 10 + d[5] - '0';
    int day = (d[6] - '0') * 10 + d[7] - '0';
    return (memcmp(d, "19", 2) == 0 || memcmp(d, "20", 2) == 0) && month >= 1 && month <= 12 &&
           day >= 1 && day <= 31;
}

/* -- shapes -- */

enum lead { MOBILE, CHINA, AREA, FREE, ONE, ABROAD, IDENTITY, CARD, SOCIAL };

struct shape {
    const char *lengths; /* of the groups, one letter each: 1..9, a = 10, b = 11 ... */
    const char *between; /* separators that may stand between them */
    enum lead lead;
    enum wl_mask_kind kind;
};

// Longer ones first where one is the begin of another.
static const struct shape shapes[] = {
    {"b", "", MOBILE, WL_MASK_PHONE},
    {"344", " -.", MOBILE, WL_MASK_PHONE},
    {"434", " -", MOBILE, WL_MASK_PHONE},
    {"d", "", CHINA, WL_MASK_PHONE},
    {"2b", " -", CHINA, WL_MASK_PHONE},
    {"2344", " -", CHINA, WL_MASK_PHONE},
    {"344", " -", AREA, WL_MASK_PHONE},
    {"444", " -", AREA, WL_MASK_PHONE},
    {"434", " -", AREA, WL_MASK_PHONE},
    {"334", " -", AREA, WL_MASK_PHONE},
    {"38", " -", AREA, WL_MASK_PHONE},
    {"37", " -", AREA, WL_MASK_PHONE},
    {"48", " -", AREA, WL_MASK_PHONE},
    {"47", " -", AREA, WL_MASK_PHONE},
    {"56", " ", AREA, WL_MASK_PHONE},
    {"533", " ", AREA, WL_MASK_PHONE},
    {"a", "", AREA, WL_MASK_PHONE},
    {"b", "", AREA, WL_MASK_PHONE},
    {"c", "", AREA, WL_MASK_PHONE},
    {"334", " -", FREE, WL_MASK_PHONE},
    {"343", " -", FREE, WL_MASK_PHONE},
    {"37", " -", FREE, WL_MASK_PHONE},
    {"a", "", FREE, WL_MASK_PHONE},
    {"1334", "-. ", ONE, WL_MASK_PHONE},
    {"334", "-.", ABROAD, WL_MASK_PHONE},
    {"i", "", IDENTITY, WL_MASK_IDENTITY},
    {"684", " -", IDENTITY, WL_MASK_IDENTITY},
    {"6444", " -", IDENTITY, WL_MASK_IDENTITY},
    {"324", "-", SOCIAL, WL_MASK_IDENTITY},
    {"44443", " -", CARD, WL_MASK_CARD},
    {"4444", " -", CARD, WL_MASK_CARD},
};

static size_t length_of(char letter)
{
    return (size_t)(letter <= '9' ? letter - '0' : letter - 'a' + 10);
}

static bool has_lead(const struct digits *digits, const struct shape *shape, size_t n_all)
{
    const char *d = digits->all;

    switch (shape->lead) {
    case MOBILE: return d[0] == '1' && d[1] >= '3';
    case CHINA: return d[0] == '8' && d[1] == '6' && d[2] == '1' && d[3] >= '3';
    case AREA: return d[0] == '0' && d[1] >= '1';
    case FREE: return (d[0] == '4' || d[0] == '8') && d[1] == '0' && d[2] == '0';
    case ONE: return d[0] == '1' && d[1] >= '2';
    case ABROAD: return d[0] >= '2' && d[3] >= '2';
    case IDENTITY: return is_identity(d, d[17]);
    case SOCIAL: return d[0] != '9' && memcmp(d, "000", 3) != 0;
    case CARD: return d[0] >= '3' && d[0] <= '6' && is_luhn(d, n_all);
    }
    return false;
}

// Number of groups the shape takes up, 0 when it does not fit.
static size_t fits(const struct digits *digits, const struct shape *shape)
{
    size_t n = strlen(shape->lengths);
    size_t n_all = 0;

    if (n > digits->n_groups) {
        return 0;
    }
    for (size_t g = 0; g < n; g++) {
        if (digits->n[g] != length_of(shape->lengths[g]) ||
            (g > 0 && strchr(shape->between, digits->before[g]) == NULL)) {
            return 0;
        }
        n_all += digits->n[g];
    }
    return has_lead(digits, shape, n_all) ? n : 0;
}

static size_t shape_end(struct wl_str text, size_t i, const struct digits *digits,
                        enum wl_mask_kind *kind)
{
    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        size_t n = fits(digits, &shapes[s]);
        if (n == 0 || wl_mask_is_word(wl_mask_byte(text, digits->end[n - 1]))) {
            continue;
        }
        bool is_sure = shapes[s].lead == MOBILE || shapes[s].lead == IDENTITY;
        if (!is_sure && is_amount(text, i, digits->end[n - 1])) {
            continue;
        }
        *kind = shapes[s].kind;
        bool has_extension = shapes[s].lead == AREA && n < digits->n_groups &&
                             digits->before[n] == '-' && digits->n[n] <= 6;
        return digits->end[has_extension ? n : n - 1];
    }
    return 0;
}

/* -- other forms -- */

// "+44 20 7946 0958": 8 to 15 digits, ITU E.164.
static size_t plus_end(struct wl_str text, size_t i)
{
    size_t n_digits = 0;
    size_t n_wanted = 15;
    size_t end = 0;

    if (i > 0 && wl_mask_is_word(text.data[i - 1])) {
        return 0;
    }
    if (wl_mask_has(text, i, "+86") || wl_mask_has(text, i, "+1")) {
        n_wanted = text.data[i + 1] == '1' ? 11 : 13;
    }
    for (size_t at = i + 1; at < text.n_bytes && n_digits < n_wanted;) {
        if (wl_mask_is_digit(text.data[at])) {
            n_digits++;
            end = ++at;
            continue;
        }
        size_t next = at;
        while (next < at + 2 && next < text.n_bytes && strchr(" -.()", text.data[next]) != NULL &&
               text.data[next] != '\0') {
            next++;
        }
        if (next == at || !wl_mask_is_digit(wl_mask_byte(text, next)) || n_digits == 0) {
            break;
        }
        at = next;
    }
    bool is_long = wl_mask_is_word(wl_mask_byte(text, end));
    return n_digits >= 8 && !is_long && !is_amount(text, i, end) ? end : 0;
}

// "(010) 8234-5678", "(415) 555-2671".
static size_t bracket_end(struct wl_str text, size_t i)
{
    struct digits area;
    struct digits rest;

    collect(text, i + 1, &area);
    if (area.n_groups == 0 || (area.n[0] != 3 && area.n[0] != 4) ||
        wl_mask_byte(text, area.end[0]) != ')') {
        return 0;
    }
    size_t from = area.end[0] + 1;
    from += wl_mask_byte(text, from) == ' ' || wl_mask_byte(text, from) == '-';
    collect(text, from, &rest);
    size_t n = 0;
    if (rest.n_groups > 0 && area.all[0] == '0' && (rest.n[0] == 7 || rest.n[0] == 8)) {
        n = 1;
    } else if (rest.n_groups > 1 && rest.n[1] == 4 && rest.before[1] != '.' &&
               (rest.n[0] == 3 || (rest.n[0] == 4 && area.all[0] == '0')) && area.all[0] != '1') {
        n = 2;
    }
    bool is_good = n > 0 && !wl_mask_is_word(wl_mask_byte(text, rest.end[n - 1]));
    return is_good ? rest.end[n - 1] : 0;
}

static size_t ip_end(struct wl_str text, const struct digits *digits)
{
    const char *at = digits->all;

    if (digits->n_groups < 4) {
        return 0;
    }
    for (size_t g = 0; g < 4; g++) {
        int value = 0;
        if (digits->n[g] > 3 || (g > 0 && digits->before[g] != '.')) {
            return 0;
        }
        for (size_t k = 0; k < digits->n[g]; k++) {
            value = value * 10 + *at++ - '0';
        }
        if (value > 255) {
            return 0;
        }
    }
    bool goes_on = digits->n_groups > 4 && digits->before[4] == '.';
    return goes_on || wl_mask_is_word(wl_mask_byte(text, digits->end[3])) ? 0 : digits->end[3];
}

// A run of digits without any shape.
static size_t run_end(struct wl_str text, size_t i, const struct digits *digits,
                      enum wl_mask_kind *kind)
{
    size_t n = digits->n[0];
    size_t end = digits->end[0];
    bool is_fraction = digits->n_groups > 1 && digits->before[1] == '.';

    if (n == 17 && wl_mask_byte(text, end) == 'x' && is_identity(digits->all, 'x') &&
        !wl_mask_is_word(wl_mask_byte(text, end + 1))) {
        *kind = WL_MASK_IDENTITY;
        return end + 1;
    }
    if (n < 8 || is_fraction || wl_mask_is_word(wl_mask_byte(text, end)) ||
        is_amount(text, i, end)) {
        return 0;
    }
    size_t n_kept = n < DIGITS_MAX ? n : DIGITS_MAX;
    bool is_round = n < 13 && memcmp(digits->all + n_kept - 5, "00000", 5) == 0;
    if (is_round || (n == 8 && is_date(digits->all))) {
        return 0;
    }
    bool is_card = n >= 13 && n <= 19 && digits->all[0] >= '3' && digits->all[0] <= '6';
    *kind = is_card && is_luhn(digits->all, n) ? WL_MASK_CARD : WL_MASK_NUMBER;
    return end;
}

size_t wl_mask_digits(struct wl_str text, size_t i, enum wl_mask_kind *kind)
{
    struct digits digits;

    *kind = WL_MASK_PHONE;
    if (text.data[i] == '+') {
        return plus_end(text, i);
    }
    if (text.data[i] == '(') {
        return bracket_end(text, i);
    }
    if (!wl_mask_is_digit(text.data[i]) ||
        (i >= 2 && text.data[i - 1] == '.' && wl_mask_is_digit(text.data[i - 2]))) {
        return 0; // digits behind a decimal point
    }
    collect(text, i, &digits);
    size_t end = ip_end(text, &digits);
    if (end > 0) {
        *kind = WL_MASK_IP;
        return end;
    }
    end = shape_end(text, i, &digits, kind);
    return end > 0 ? end : run_end(text, i, &digits, kind);
}
