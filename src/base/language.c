/* Scripts tell Chinese from English without any model: one pass, a few comparisons a character.
 * Which script a character belongs to is decided by Unicode's blocks; those that customers of ours
 * do not write in are all "other". */
#include "base/language.h"

const char *const wl_language_names[] = {"en", "zh", NULL};
const char *const wl_text_language_names[] = {"en", "zh", "other", "none", NULL};

enum script { NO_LETTER, LATIN, HAN, KANA, OTHER };

struct block {
    uint32_t low;
    uint32_t high;
    enum script script;
};

// In order. Between them lie marks, punctuation, symbols and emoji.
static const struct block blocks[] = {
    {0xAA, 0xAA, LATIN},       {0xB5, 0xB5, OTHER},     {0xBA, 0xBA, LATIN},
    {0xC0, 0xD6, LATIN},       {0xD8, 0xF6, LATIN},     {0xF8, 0x24F, LATIN},
    {0x250, 0x2AF, OTHER},     {0x370, 0x1DFF, OTHER},  {0x1E00, 0x1EFF, LATIN},
    {0x1F00, 0x1FFF, OTHER},   {0x2C00, 0x2DFF, OTHER}, {0x3005, 0x3005, HAN},
    {0x3007, 0x3007, HAN},     {0x3041, 0x30FA, KANA},  {0x30FC, 0x30FF, KANA},
    {0x3105, 0x312F, OTHER},   {0x3131, 0x318E, KANA},  {0x31F0, 0x31FF, KANA},
    {0x3400, 0x4DBF, HAN},     {0x4E00, 0x9FFF, HAN},   {0xA000, 0xABFF, OTHER},
    {0xAC00, 0xD7FF, KANA},    {0xF900, 0xFAFF, HAN},   {0xFB00, 0xFB06, LATIN},
    {0xFB07, 0xFDFB, OTHER},   {0xFE70, 0xFEFC, OTHER}, {0xFF21, 0xFF3A, LATIN},
    {0xFF41, 0xFF5A, LATIN},   {0xFF66, 0xFFDC, KANA},  {0x10000, 0x1BFFF, OTHER},
    {0x1E000, 0x1EFFF, OTHER}, {0x20000, 0x323AF, HAN},
};

static enum script script_of(uint32_t c)
{
    size_t low = 0;
    size_t high = sizeof(blocks) / sizeof(blocks[0]);

    if (c < 0x80) {
        uint32_t letter = (c | 0x20U) - 'a';
        return letter < 26 ? LATIN : NO_LETTER;
    }
    if (c >= 0x4E00 && c <= 0x9FFF) {
        return HAN; // nearly all that is not ASCII
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c > blocks[middle].high) {
            low = middle + 1;
        } else if (c < blocks[middle].low) {
            high = middle;
        } else {
            return blocks[middle].script;
        }
    }
    return NO_LETTER;
}

struct wl_letters wl_letters_count(struct wl_str text)
{
    struct wl_letters letters = {0};
    enum script before = NO_LETTER;

    for (size_t i = 0; i < text.n_bytes;) {
        size_t n = wl_utf8_length(text, i);
        enum script script = n > 0 ? script_of(wl_utf8_decode(text, i, n)) : NO_LETTER;
        letters.n_han += script == HAN;
        letters.n_kana += script == KANA;
        letters.n_latin += script == LATIN;
        letters.n_latin_words += script == LATIN && before != LATIN;
        letters.n_other += script == OTHER;
        // "don't" is one word
        before = n == 1 && text.data[i] == '\'' ? before : script;
        i += n > 0 ? n : 1;
    }
    return letters;
}

enum wl_text_language wl_letters_language(struct wl_letters letters)
{
    size_t n_asian = letters.n_han + letters.n_kana;
    size_t n_others = letters.n_other + letters.n_kana;

    if (n_asian + letters.n_latin + letters.n_other == 0) {
        return WL_TEXT_NONE;
    }
    if ((letters.n_kana > 0 && letters.n_kana * 5 >= n_asian && n_others * 2 > letters.n_latin) ||
        letters.n_other > letters.n_latin + n_asian) {
        return WL_TEXT_OTHER;
    }
    if (letters.n_han == 0) {
        return WL_TEXT_EN;
    }
    return letters.n_han * 5 >= letters.n_latin_words * 8 ? WL_TEXT_ZH : WL_TEXT_EN;
}

enum wl_text_language wl_language_detect(struct wl_str text)
{
    return wl_letters_language(wl_letters_count(text));
}
