/* Words are found by bytes; which bytes are letters outside ASCII is asked of Unicode. libstemmer
 * keeps the last stem in the stemmer, hence one for each thread. */
#include "text/english.h"

#include "text/stop_words.h"
#include "text/unicode.h"

#include <libstemmer.h>
#include <string.h>

struct wl_english {
    const wl_alloc *alloc;
    struct sb_stemmer *stemmer;
};

// Bytes of the letter, mark or digit at i, 0 when something else stands there; Chinese is none.
static size_t letter_at(struct wl_str text, size_t i)
{
    if (i >= text.n_bytes) {
        return 0;
    }
    unsigned char c = (unsigned char)text.data[i];
    if (c < 0x80) {
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') ? 1 : 0;
    }
    size_t n = wl_utf8_length(text, i);
    if (n == 0) {
        return 0;
    }
    uint32_t code = wl_utf8_decode(text, i, n);
    enum wl_char_kind kind = (enum wl_char_kind)wl_char_of(code).kind;
    bool is_letter = kind == WL_CHAR_LETTER && !wl_char_is_han(code);
    return is_letter || kind == WL_CHAR_MARK ? n : 0;
}

static size_t apostrophe_at(struct wl_str text, size_t i)
{
    if (i < text.n_bytes && text.data[i] == '\'') {
        return 1;
    }
    return text.n_bytes - i >= 3 && memcmp(text.data + i, "\u2019", 3) == 0 ? 3 : 0;
}

size_t wl_english_end(struct wl_str text, size_t i_byte)
{
    size_t i = i_byte;
    size_t n = letter_at(text, i);

    while (n > 0) {
        i += n;
        n = letter_at(text, i);
        if (n > 0 || i >= text.n_bytes) {
            continue;
        }
        size_t mark = apostrophe_at(text, i);
        if (mark == 0 && text.data[i] == '-' && i - i_byte == 1) {
            mark = 1;
        }
        n = mark > 0 && letter_at(text, i + mark) > 0 ? mark : 0;
    }
    while (i - i_byte >= 1 && i - i_byte <= 2 && i < text.n_bytes &&
           (text.data[i] == '+' || text.data[i] == '#') && text.data[i_byte] > '9' &&
           (text.data[i - 1] == '+' || i - i_byte == 1)) {
        i++;
    }
    return i;
}

wl_status wl_english_new(const wl_alloc *alloc, struct wl_english **english_out, wl_error *error)
{
    struct wl_english *english = wl_alloc_zeroed(alloc, 1, sizeof(*english));

    if (english == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a stemmer");
    }
    english->alloc = alloc;
    english->stemmer = sb_stemmer_new("english", NULL);
    if (english->stemmer == NULL) {
        wl_english_free(english);
        return wl_fail(error, WL_ENOMEM, "no memory for a stemmer");
    }
    *english_out = english;
    return WL_OK;
}

void wl_english_free(struct wl_english *english)
{
    if (english != NULL) {
        if (english->stemmer != NULL) {
            sb_stemmer_delete(english->stemmer);
        }
        wl_alloc_free(english->alloc, english);
    }
}

// Without "'s", "'re", "'ll" and so on.
static struct wl_str without_contraction(struct wl_str word)
{
    for (size_t i = 1; i < word.n_bytes; i++) {
        if (apostrophe_at(word, i) > 0) {
            word.n_bytes = i;
        }
    }
    return word;
}

struct wl_str wl_english_stem(struct wl_english *english, struct wl_str word)
{
    if (word.n_bytes > 3 && wl_is_negation(WL_LANGUAGE_EN, word) &&
        (word.data[word.n_bytes - 1] == 't') && !wl_str_is(word, "without")) {
        return WL_STR("not");
    }
    word = without_contraction(word);
    if (word.n_bytes < 3 || word.n_bytes > WL_ENGLISH_WORD_BYTES_MAX) {
        return word;
    }
    const sb_symbol *stem =
        sb_stemmer_stem(english->stemmer, (const sb_symbol *)word.data, (int)word.n_bytes);
    if (stem == NULL) {
        return word; // no memory in the library: the word stands for itself
    }
    return (struct wl_str){.data = (const char *)stem,
                           .n_bytes = (size_t)sb_stemmer_length(english->stemmer)};
}
