/* The patterns, in the order their alternatives are tried, with the classes of this file:
 *
 *   GPT-2   's|'t|'re|'ve|'m|'ll|'d | ?L+ | ?N+ | ?[^sLN]+ | s+(?!S) | s+
 *   o200k   [^rnLN]? U* W+ ('s|...)? | [^rnLN]? U+ W* ('s|...)? | N{1,3}
 *           | ?[^sLN]+[rn/]* | s*[rn]+ | s+(?!S) | s+
 *
 *   L letters, N numbers, s white space, r n carriage return and line feed,
 *   U letters but lower case, and marks; W letters but upper and title case, and marks.
 *
 * A byte that is no UTF-8 is a character of its own of kind OTHER: it cannot be in the text of the
 * programs that the patterns come from. */
#include "text/bpe_split.h"

#include "text/unicode.h"

#include <string.h>

enum char_kind {
    KIND_OTHER = 0,
    KIND_UPPER = 1, // Lu, Lt
    KIND_LOWER = 2, // Ll
    KIND_BOTH = 3,  // Lm, Lo: letters in U and in W
    KIND_MARK = 4,  // M*: in U and in W, but no letter
    KIND_NUMBER = 5,
    KIND_SPACE = 6,
    KIND_LINE = 7 // \r and \n: white space too
};

#define CHARS_ALL 0x110000U

struct wl_bpe_chars {
    const wl_alloc *alloc;
    uint8_t kind[CHARS_ALL];
};

static bool is_white_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == 0x85 || wl_char_category(c) == WL_CATEGORY_SPACE;
}

static enum char_kind kind_of(uint32_t c)
{
    enum wl_category category = wl_char_category(c);

    if (c == '\r' || c == '\n') {
        return KIND_LINE;
    }
    if (is_white_space(c)) {
        return KIND_SPACE;
    }
    if (category == WL_CATEGORY_LETTER) {
        enum wl_case letter = wl_char_case(c);
        return letter == WL_CASE_UPPER   ? KIND_UPPER
               : letter == WL_CASE_LOWER ? KIND_LOWER
                                         : KIND_BOTH;
    }
    if (category == WL_CATEGORY_NUMBER) {
        return KIND_NUMBER;
    }
    return category == WL_CATEGORY_MARK || category == WL_CATEGORY_MARK_NONSPACING ? KIND_MARK
                                                                                   : KIND_OTHER;
}

wl_status wl_bpe_chars_new(const wl_alloc *alloc, struct wl_bpe_chars **out, wl_error *error)
{
    struct wl_bpe_chars *chars = wl_alloc_array(alloc, 1, sizeof(*chars));

    *out = NULL;
    if (chars == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a table of characters");
    }
    chars->alloc = alloc;
    for (uint32_t c = 0; c < CHARS_ALL; c++) {
        chars->kind[c] = (uint8_t)kind_of(c);
    }
    *out = chars;
    return WL_OK;
}

void wl_bpe_chars_free(struct wl_bpe_chars *chars)
{
    if (chars != NULL) {
        wl_alloc_free(chars->alloc, chars);
    }
}

// A place in the text, and what stands there.
struct cursor {
    const struct wl_bpe_chars *chars;
    struct wl_str text;
};

struct step {
    size_t end;   // behind the character; the place itself at the end of the text
    uint32_t c;   // 0 at the end
    uint8_t kind; // of c
    bool is_there;
};

static inline struct step look(const struct cursor *cursor, size_t at)
{
    if (at >= cursor->text.n_bytes) {
        return (struct step){.end = at};
    }
    uint8_t byte = (uint8_t)cursor->text.data[at];
    if (byte < 0x80) {
        return (struct step){
            .end = at + 1, .c = byte, .kind = cursor->chars->kind[byte], .is_there = true};
    }
    size_t n = wl_utf8_length(cursor->text, at);
    if (n == 0) {
        return (struct step){
            .end = at + 1, .c = WL_UNICODE_INVALID, .kind = KIND_OTHER, .is_there = true};
    }
    uint32_t c = wl_char_decode(cursor->text.data + at, n);
    return (struct step){.end = at + n, .c = c, .kind = cursor->chars->kind[c], .is_there = true};
}

#define BIT(kind) (1U << (kind))

static const unsigned letters = BIT(KIND_UPPER) | BIT(KIND_LOWER) | BIT(KIND_BOTH);
static const unsigned numbers = BIT(KIND_NUMBER);
static const unsigned spaces = BIT(KIND_SPACE) | BIT(KIND_LINE);
static const unsigned lines = BIT(KIND_LINE);
static const unsigned marks_and_others = BIT(KIND_MARK) | BIT(KIND_OTHER);
static const unsigned not_lower = BIT(KIND_UPPER) | BIT(KIND_BOTH) | BIT(KIND_MARK);
static const unsigned not_upper = BIT(KIND_LOWER) | BIT(KIND_BOTH) | BIT(KIND_MARK);

// End of the run of these classes that begins at `at`; at when there is none.
static size_t run_of(const struct cursor *cursor, size_t at, unsigned classes)
{
    for (;;) {
        struct step step = look(cursor, at);
        if (!step.is_there || (BIT(step.kind) & classes) == 0) {
            return at;
        }
        at = step.end;
    }
}

// End of 's, 't, 're, 've, 'm, 'll or 'd at `at`; at when there is none.
static size_t contraction(const struct cursor *cursor, size_t at, bool any_case)
{
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    struct step quote = look(cursor, at);

    if (quote.c != '\'') {
        return at;
    }
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t end = quote.end;
        const char *letter = endings[i];
        for (; *letter != '\0'; letter++) {
            struct step step = look(cursor, end);
            uint32_t c = step.c;
            if (any_case) {
                c = c == 0x17F ? 's' : c >= 'A' && c <= 'Z' ? c + 32 : c; // long s folds to s
            }
            if (c != (uint32_t)*letter) {
                break;
            }
            end = step.end;
        }
        if (*letter == '\0') {
            return end;
        }
    }
    return at;
}

// White space from begin on, which no alternative before took: s+(?!S) | s+.
static size_t space_run(const struct cursor *cursor, size_t begin)
{
    size_t end = run_of(cursor, begin, spaces);
    size_t last = begin; // where the last space of the run begins

    if (end == cursor->text.n_bytes) {
        return end;
    }
    for (size_t at = begin; at < end; at = look(cursor, at).end) {
        last = at;
    }
    return last > begin ? last : end;
}

static size_t split_gpt2(const struct cursor *cursor, size_t begin)
{
    static const unsigned *const kinds[] = {&letters, &numbers, &marks_and_others};
    size_t end = contraction(cursor, begin, false);

    if (end > begin) {
        return end;
    }
    struct step first = look(cursor, begin);
    size_t inner = first.c == ' ' ? first.end : begin;
    for (size_t i = 0; i < 3; i++) {
        end = run_of(cursor, inner, *kinds[i]);
        if (end > inner) {
            return end;
        }
    }
    return space_run(cursor, begin);
}

// U* W+ from `at`: greedy, giving back to the last character that is in W. at when it fails.
static size_t mixed_word(const struct cursor *cursor, size_t at)
{
    size_t upper_end = at;
    size_t last_both_end = at; // behind the last character of the U run that is in W too

    for (;;) {
        struct step step = look(cursor, upper_end);
        if (!step.is_there || (BIT(step.kind) & not_lower) == 0) {
            break;
        }
        upper_end = step.end;
        if ((BIT(step.kind) & not_upper) != 0) {
            last_both_end = upper_end;
        }
    }
    size_t end = run_of(cursor, upper_end, not_upper);
    return end > upper_end ? end : last_both_end;
}

// U+ W* from `at`; at when it fails.
static size_t upper_word(const struct cursor *cursor, size_t at)
{
    size_t upper_end = run_of(cursor, at, not_lower);
    return upper_end > at ? run_of(cursor, upper_end, not_upper) : at;
}

typedef size_t (*word_fn)(const struct cursor *cursor, size_t at);

// [^rnLN]? word ('s|...)?; begin when it fails.
static size_t word_with_prefix(const struct cursor *cursor, size_t begin, word_fn word)
{
    struct step first = look(cursor, begin);
    size_t end = begin;

    if ((BIT(first.kind) & (letters | numbers | lines)) == 0) {
        end = word(cursor, first.end);
        end = end > first.end ? end : begin;
    }
    if (end == begin) {
        end = word(cursor, begin);
    }
    return end > begin ? contraction(cursor, end, true) : begin;
}

// s*[rn]+: up to the last line end of the run of white space; begin when there is none.
static size_t line_run(const struct cursor *cursor, size_t begin)
{
    size_t end = begin;

    for (size_t at = begin;;) {
        struct step step = look(cursor, at);
        if (!step.is_there || (BIT(step.kind) & spaces) == 0) {
            return end;
        }
        at = step.end;
        if (step.kind == KIND_LINE) {
            end = at;
        }
    }
}

static size_t split_o200k(const struct cursor *cursor, size_t begin)
{
    struct step first = look(cursor, begin);
    size_t end = word_with_prefix(cursor, begin, mixed_word);

    if (end == begin) {
        end = word_with_prefix(cursor, begin, upper_word);
    }
    if (end > begin) {
        return end;
    }
    if (first.kind == KIND_NUMBER) {
        end = first.end;
        for (int i = 0; i < 2 && look(cursor, end).kind == KIND_NUMBER; i++) {
            end = look(cursor, end).end;
        }
        return end;
    }
    size_t inner = first.c == ' ' ? first.end : begin;
    end = run_of(cursor, inner, marks_and_others);
    if (end > inner) {
        while (look(cursor, end).kind == KIND_LINE || look(cursor, end).c == '/') {
            end = look(cursor, end).end;
        }
        return end;
    }
    end = line_run(cursor, begin);
    return end > begin ? end : space_run(cursor, begin);
}

size_t wl_bpe_split(const struct wl_bpe_chars *chars, enum wl_bpe_pattern pattern,
                    struct wl_str text, size_t begin)
{
    struct cursor cursor = {.chars = chars, .text = text};

    return pattern == WL_BPE_GPT2 ? split_gpt2(&cursor, begin) : split_o200k(&cursor, begin);
}
