/* Making a template comparable, and searching it. Every byte of the folded text knows where in the
 * source it came from, so that a finding points at what was written. */
#include "compose/lint_text.h"

#include "compose/sms.h"

#include <string.h>

struct maker {
    struct wl_lint_text *text;
    size_t last; /* source offset being read */
};

static void put(struct maker *m, char c)
{
    m->text->plain[m->text->n_plain] = c;
    m->text->origin[m->text->n_plain] = (uint32_t)m->last;
    m->text->n_plain++;
}

// Invisible: soft hyphen, zero-width space and joiners, byte-order mark.
static bool is_invisible(uint32_t code)
{
    return code == 0xAD || (code >= 0x200B && code <= 0x200F) || code == 0x2060 || code == 0xFEFF;
}

static bool is_blank(uint32_t code)
{
    return code == ' ' || code == '\t' || code == '\n' || code == '\r' || code == 0xA0 ||
           code == 0x3000;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Length of the mark-up at the front of rest, or 0: a mustache tag, or HTML when asked for.
static size_t markup_length(struct wl_str rest, bool drops_html)
{
    const char *end = NULL;

    if (rest.n_bytes >= 2 && memcmp(rest.data, "{{", 2) == 0) {
        for (size_t i = 2; i + 1 < rest.n_bytes; i++) {
            if (rest.data[i] == '}' && rest.data[i + 1] == '}') {
                return i + 2 < rest.n_bytes && rest.data[i + 2] == '}' ? i + 3 : i + 2;
            }
        }
    }
    if (drops_html && rest.n_bytes >= 2 && rest.data[0] == '<' &&
        (is_letter(rest.data[1]) || rest.data[1] == '/')) {
        end = memchr(rest.data, '>', rest.n_bytes);
    } else if (drops_html && rest.n_bytes >= 3 && rest.data[0] == '&') {
        size_t n = rest.n_bytes < 10 ? rest.n_bytes : 10; // the longest entity in use is &thetasym;
        end = memchr(rest.data, ';', n);
    }
    return end != NULL ? (size_t)(end - rest.data) + 1 : 0;
}

static void put_code(struct maker *m, uint32_t code, struct wl_str bytes)
{
    if (code >= 0xFF01 && code <= 0xFF5E) {
        code -= 0xFEE0; // full-width ASCII
        bytes.n_bytes = 0;
    }
    if (is_blank(code)) {
        put(m, ' ');
    } else if (code == 0x2019) {
        put(m, '\''); // haven’t
    } else if (code < 0x80) {
        put(m, code >= 'A' && code <= 'Z' ? (char)(code + 32) : (char)code);
    } else {
        for (size_t i = 0; i < bytes.n_bytes; i++) {
            put(m, bytes.data[i]);
        }
    }
}

// Blanks next to a Chinese character say nothing, and may hide a word from a search: drop them.
// Several blanks in a row count as one.
static void squeeze(struct wl_lint_text *text)
{
    size_t n = 0;

    for (size_t i = 0; i < text->n_plain; i++) {
        char c = text->plain[i];
        bool after_wide =
            n > 0 && ((unsigned char)text->plain[n - 1] >= 0x80 || text->plain[n - 1] == ' ');
        bool before_wide = i + 1 < text->n_plain && (unsigned char)text->plain[i + 1] >= 0x80;
        if (c == ' ' && (after_wide || before_wide)) {
            continue;
        }
        text->plain[n] = c;
        text->origin[n] = text->origin[i];
        n++;
    }
    text->n_plain = n;
}

wl_status wl_lint_text_make(const wl_alloc *alloc, struct wl_str source, bool drops_html,
                            struct wl_lint_text *text, wl_error *error)
{
    struct maker m = {.text = text};

    *text = (struct wl_lint_text){.source = source};
    text->plain = wl_alloc_array(alloc, source.n_bytes + 1, 1);
    text->origin = wl_alloc_array(alloc, source.n_bytes + 1, sizeof(*text->origin));
    if (text->plain == NULL || text->origin == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the linter");
    }
    for (size_t at = 0; at < source.n_bytes;) {
        struct wl_str rest = {.data = source.data + at, .n_bytes = source.n_bytes - at};
        size_t n_markup = markup_length(rest, drops_html);
        m.last = at;
        if (n_markup > 0) {
            put(&m, WL_LINT_GAP);
            at += n_markup;
            continue;
        }
        uint32_t code = wl_utf8_next(source, &at);
        if (!is_invisible(code)) {
            put_code(&m, code, (struct wl_str){.data = rest.data, .n_bytes = at - m.last});
        }
    }
    squeeze(text);
    return WL_OK;
}

void wl_lint_text_release(const wl_alloc *alloc, struct wl_lint_text *text)
{
    wl_alloc_free(alloc, text->plain);
    wl_alloc_free(alloc, text->origin);
    *text = (struct wl_lint_text){0};
}

struct wl_str wl_lint_found(const struct wl_lint_text *text, const struct wl_lint_hit *hit)
{
    size_t begin = text->origin[hit->begin];
    size_t end = hit->end < text->n_plain ? text->origin[hit->end] : text->source.n_bytes;
    return wl_str_trim((struct wl_str){.data = text->source.data + begin, .n_bytes = end - begin});
}

/* -- searching -- */

static bool is_word_byte(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

static bool matches_at(const struct wl_lint_text *text, size_t at, const char *word)
{
    size_t n = strlen(word);

    if (n > text->n_plain - at || memcmp(text->plain + at, word, n) != 0) {
        return false;
    }
    bool starts_inside = at > 0 && is_word_byte(word[0]) && is_word_byte(text->plain[at - 1]);
    bool ends_inside =
        at + n < text->n_plain && is_word_byte(word[n - 1]) && is_word_byte(text->plain[at + n]);
    return !starts_inside && !ends_inside;
}

// Length of the longest word of the list at a place, or 0.
static size_t longest_at(const struct wl_lint_text *text, size_t at, const char *const *words)
{
    size_t longest = 0;

    for (size_t i = 0; words[i] != NULL; i++) {
        if (matches_at(text, at, words[i])) {
            size_t n = strlen(words[i]);
            longest = n > longest ? n : longest;
        }
    }
    return longest;
}

bool wl_lint_find_word(const struct wl_lint_text *text, const char *const *words,
                       struct wl_lint_hit *hit)
{
    for (size_t at = hit->end; at < text->n_plain; at++) {
        size_t n = longest_at(text, at, words);
        if (n > 0) {
            *hit = (struct wl_lint_hit){.begin = at, .end = at + n};
            return true;
        }
    }
    return false;
}

static bool is_number_byte(char c)
{
    return (c >= '0' && c <= '9') || c == '%';
}

bool wl_lint_find_digit(const struct wl_lint_text *text, struct wl_lint_hit *hit)
{
    for (size_t at = hit->end; at < text->n_plain; at++) {
        if (is_number_byte(text->plain[at])) {
            size_t end = at;
            while (end < text->n_plain && is_number_byte(text->plain[end])) {
                end++;
            }
            *hit = (struct wl_lint_hit){.begin = at, .end = end};
            return true;
        }
    }
    return false;
}

// Longest run of words of a list from at on; returns where it ends.
static size_t run_of(const struct wl_lint_text *text, size_t at, const char *const *words)
{
    for (;;) {
        size_t n = at < text->n_plain ? longest_at(text, at, words) : 0;
        if (n == 0) {
            return at;
        }
        at += n;
    }
}

static const char *const zh_numerals[] = {"零", "一", "二", "三", "四", "五", "六", "七", "八",
                                          "九", "十", "百", "千", "万", "两", "半", "几", "壹",
                                          "贰", "叁", "伍", "柒", "捌", "玖", "数", NULL};
static const char *const zh_units[] = {"折",   "成", "倍",   "天",   "日",   "周",
                                       "月",   "年", "小时", "分钟", "元",   "块",
                                       "块钱", "次", "张",   "积分", "季度", NULL};
// "一天", "一次", "一块": everyday words, not amounts.
static const char *const zh_everyday[] = {"一天", "一次", "一块", "一成",   "一日",
                                          "半天", "一张", "万一", "第一次", NULL};
static const char *const en_numerals[] = {
    "one",    "two",    "three",  "four",    "five", "six",    "seven",   "eight",   "nine",
    "ten",    "twelve", "twenty", "fifteen", "half", "thirty", "forty",   "fifty",   "sixty",
    "ninety", "a",      "an",     "hundred", "few",  "eighty", "seventy", "another", NULL};
static const char *const en_units[] = {"percent", "per cent", "off",   "hour",  "hours",  "day",
                                       "days",    "week",     "weeks", "month", "months", "year",
                                       "years",   "usd",      "eur",   "yuan",  "points", "dollars",
                                       "pounds",  "euros",    "times", NULL};

static bool zh_amount_at(const struct wl_lint_text *text, size_t at, size_t *end)
{
    static const char *const counter[] = {"个", NULL};
    size_t behind = run_of(text, at, zh_numerals);

    if (behind == at || longest_at(text, at, zh_everyday) > 0) {
        return false;
    }
    behind = run_of(text, behind, counter);
    size_t n = behind < text->n_plain ? longest_at(text, behind, zh_units) : 0;
    *end = behind + n;
    return n > 0;
}

static bool en_amount_at(const struct wl_lint_text *text, size_t at, size_t *end)
{
    size_t n = longest_at(text, at, en_numerals);
    size_t behind = at + n;

    if (n == 0 || behind >= text->n_plain ||
        (text->plain[behind] != ' ' && text->plain[behind] != '-')) {
        return false;
    }
    n = behind + 1 < text->n_plain ? longest_at(text, behind + 1, en_units) : 0;
    *end = behind + 1 + n;
    return n > 0;
}

bool wl_lint_find_amount(const struct wl_lint_text *text, struct wl_lint_hit *hit)
{
    for (size_t at = hit->end; at < text->n_plain; at++) {
        size_t end = 0;
        if (zh_amount_at(text, at, &end) || en_amount_at(text, at, &end)) {
            *hit = (struct wl_lint_hit){.begin = at, .end = end};
            return true;
        }
    }
    return false;
}

/* -- languages -- */

// Chinese characters and Chinese punctuation: three bytes from E3 80 80 to E9 BF BF, or EF BC..BD.
static bool is_chinese_at(const struct wl_lint_text *text, size_t at)
{
    unsigned char c = (unsigned char)text->plain[at];
    unsigned char next = at + 1 < text->n_plain ? (unsigned char)text->plain[at + 1] : 0;
    return (c >= 0xE3 && c <= 0xE9 && next >= 0x80) ||
           (c == 0xEF && (next == 0xBC || next == 0xBD));
}

bool wl_lint_has_chinese(const struct wl_lint_text *text)
{
    for (size_t at = 0; at < text->n_plain; at++) {
        if (is_chinese_at(text, at)) {
            return true;
        }
    }
    return false;
}

static const char *const zh_loans[] = {"vip", "app", "sms", "wifi", "id", "ai", "ok", "td", NULL};

bool wl_lint_find_foreign(const struct wl_lint_text *text, enum wl_language language,
                          struct wl_lint_hit *hit)
{
    for (size_t at = hit->end; at < text->n_plain; at++) {
        size_t end = at;
        if (language == WL_LANGUAGE_EN) {
            while (end < text->n_plain && is_chinese_at(text, end)) {
                end += 3;
            }
            end = end < text->n_plain ? end : text->n_plain;
        } else {
            while (end < text->n_plain && is_letter(text->plain[end])) {
                end++;
            }
            bool is_loan = longest_at(text, at, zh_loans) > 0 || end < at + 2;
            if (end > at && is_loan) {
                at = end; // a letter such as the T of "回T退订", or a word everybody knows
                continue;
            }
        }
        if (end > at) {
            *hit = (struct wl_lint_hit){.begin = at, .end = end};
            return true;
        }
    }
    return false;
}
