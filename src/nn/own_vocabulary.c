/* Counted once per training. A word counts once per text, so that a text that repeats itself makes
 * no piece. */
#include "nn/own_vocabulary.h"

#include "base/dict.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS_MIN      3  // a word of fewer texts is spelt
#define WORD_CHARS_MAX 32 // longer runs are links and numbers

struct counter {
    const wl_alloc *alloc;
    struct wl_dict dict;
    uint32_t *n_texts; // (capacity) texts that have each string
    uint32_t *latest;  // (capacity) the last of them, counted from 1
    size_t n_texts_capacity;
    size_t latest_capacity;
};

static wl_status count(struct counter *c, struct wl_str word, uint32_t text, wl_error *error)
{
    uint32_t id = 0;
    size_t n_before = c->dict.n_strings;

    WL_TRY(WL_GROW(c->alloc, c->n_texts, c->n_texts_capacity, n_before + 1, error));
    WL_TRY(WL_GROW(c->alloc, c->latest, c->latest_capacity, n_before + 1, error));
    WL_TRY(wl_dict_intern(&c->dict, word, &id, error));
    if (id == n_before) {
        c->n_texts[id] = 0;
        c->latest[id] = 0;
    }
    if (c->latest[id] != text) {
        c->latest[id] = text;
        c->n_texts[id]++;
    }
    return WL_OK;
}

struct counting {
    struct counter chars;
    struct counter words;
    char word[4 * WORD_CHARS_MAX]; // the run of letters and digits at hand
    size_t n_bytes;
    size_t n_chars;
    uint32_t text; // counted from 1
};

static wl_status end_word(struct counting *c, wl_error *error)
{
    struct wl_str word = {.data = c->word, .n_bytes = c->n_bytes};
    bool is_word = c->n_chars > 1 && c->n_chars <= WORD_CHARS_MAX;

    c->n_bytes = 0;
    c->n_chars = 0;
    return is_word ? count(&c->words, word, c->text, error) : WL_OK;
}

static wl_status take_char(struct counting *c, uint32_t code, wl_error *error)
{
    enum wl_category category = wl_char_category(code);
    bool is_inner =
        (category == WL_CATEGORY_LETTER || category == WL_CATEGORY_NUMBER) && !wl_char_is_han(code);
    char bytes[4];

    if (category == WL_CATEGORY_MARK_NONSPACING) {
        return WL_OK; // an accent
    }
    if (!is_inner) {
        WL_TRY(end_word(c, error));
    }
    if (category == WL_CATEGORY_SPACE || category == WL_CATEGORY_CONTROL) {
        return WL_OK;
    }
    size_t n = wl_char_encode(code, bytes);
    WL_TRY(count(&c->chars, (struct wl_str){.data = bytes, .n_bytes = n}, c->text, error));
    if (is_inner && c->n_chars++ < WORD_CHARS_MAX) {
        memcpy(c->word + c->n_bytes, bytes, n);
        c->n_bytes += n;
    }
    return WL_OK;
}

static wl_status take_text(struct counting *c, struct wl_str text, wl_error *error)
{
    for (size_t i = 0; i < text.n_bytes;) {
        size_t n = wl_utf8_length(text, i);
        uint32_t parts[WL_FOLD_MAX];
        if (n == 0) { // no UTF-8
            i++;
            continue;
        }
        size_t n_parts = wl_char_decompose(wl_char_decode(text.data + i, n), parts);
        for (size_t k = 0; k < n_parts; k++) {
            WL_TRY(take_char(c, wl_char_lower(parts[k]), error));
        }
        i += n;
    }
    return end_word(c, error);
}

struct word {
    struct wl_str text;
    uint32_t n_texts;
};

static int by_frequency(const void *left, const void *right)
{
    const struct word *a = left;
    const struct word *b = right;

    if (a->n_texts != b->n_texts) {
        return a->n_texts > b->n_texts ? -1 : 1;
    }
    return wl_str_compare(a->text, b->text);
}

static void put_chars(const struct counter *chars, struct wl_buf *buf)
{
    for (size_t i = 0; i < 2 * chars->dict.n_strings; i++) {
        wl_buf_text(buf, i % 2 == 1 ? "##" : "");
        wl_buf_str(buf, wl_dict_string(&chars->dict, (uint32_t)(i / 2)));
        wl_buf_char(buf, '\n');
    }
}

static wl_status put_words(const struct counter *words, struct wl_buf *buf, wl_error *error)
{
    size_t n = words->dict.n_strings;
    struct word *sorted = wl_alloc_array(words->alloc, n + 1, sizeof(*sorted));

    if (sorted == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu words", n);
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = (struct word){.text = wl_dict_string(&words->dict, (uint32_t)i),
                                  .n_texts = words->n_texts[i]};
    }
    qsort(sorted, n, sizeof(*sorted), by_frequency);
    for (size_t i = 0; i < n && i < WL_OWN_WORDS_MAX && sorted[i].n_texts >= TEXTS_MIN; i++) {
        wl_buf_str(buf, sorted[i].text);
        wl_buf_char(buf, '\n');
    }
    wl_alloc_free(words->alloc, sorted);
    return wl_buf_check(buf, error);
}

static void counter_release(struct counter *counter)
{
    wl_dict_release(&counter->dict);
    wl_alloc_free(counter->alloc, counter->n_texts);
    wl_alloc_free(counter->alloc, counter->latest);
}

wl_status wl_own_vocabulary(const wl_alloc *alloc, const struct wl_str *texts, size_t n,
                            struct wl_buf *buf, wl_error *error)
{
    struct counting c = {.chars = {.alloc = alloc}, .words = {.alloc = alloc}};
    wl_status status = WL_OK;

    wl_dict_init(&c.chars.dict, alloc);
    wl_dict_init(&c.words.dict, alloc);
    for (size_t i = 0; i < n && status == WL_OK; i++) {
        c.text = (uint32_t)(i + 1);
        status = take_text(&c, texts[i], error);
    }
    if (status == WL_OK) {
        wl_buf_text(buf, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
        put_chars(&c.chars, buf);
        status = put_words(&c.words, buf, error);
    }
    counter_release(&c.chars);
    counter_release(&c.words);
    return status;
}
