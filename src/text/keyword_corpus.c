/* A text is walked once. Its words are interned as forms; only a form never seen before is judged,
 * stemmed and given a term, so that the work per word is one hash look-up. */
#include "text/keyword_corpus.h"

#include "text/keyword_kind.h"
#include "text/segmenter_inside.h"
#include "text/textrank.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

#define FORM_BYTES_MAX 256 /* a longer "word" is no word: keys, hashes, noise */

void wl_corpus_init(struct wl_corpus *corpus, const wl_alloc *alloc,
                    const struct wl_segmenter *segmenter)
{
    *corpus = (struct wl_corpus){.alloc = alloc, .segmenter = segmenter};
    wl_dict_init(&corpus->form_names, alloc);
    wl_dict_init(&corpus->term_names, alloc);
    wl_normal_init(&corpus->normal, alloc);
    wl_tokens_init(&corpus->tokens, alloc);
}

void wl_corpus_release(struct wl_corpus *corpus)
{
    if (corpus->alloc != NULL) {
        wl_dict_release(&corpus->form_names);
        wl_dict_release(&corpus->term_names);
        wl_normal_release(&corpus->normal);
        wl_tokens_release(&corpus->tokens);
        wl_alloc_free(corpus->alloc, corpus->forms);
        wl_alloc_free(corpus->alloc, corpus->terms);
        wl_alloc_free(corpus->alloc, corpus->places);
        wl_alloc_free(corpus->alloc, corpus->begin);
        wl_corpus_init(corpus, corpus->alloc, corpus->segmenter);
    }
}

/* -- forms and terms -- */

static bool is_han(struct wl_str text, size_t i_byte)
{
    return text.n_bytes - i_byte >= WL_HAN_BYTES && wl_han_code(text.data + i_byte) != 0;
}

static wl_status add_term(struct wl_corpus *corpus, struct wl_str form, uint32_t *term,
                          wl_error *error)
{
    char stem[FORM_BYTES_MAX];
    struct wl_word_entry entry = {.tag = WL_TAG_X};
    bool is_chinese = is_han(form, 0);
    struct wl_str tag = {0};

    memcpy(stem, form.data, form.n_bytes);
    size_t n_bytes = is_chinese ? form.n_bytes : wl_keyword_stem(stem, form.n_bytes);
    struct wl_str name = {.data = stem, .n_bytes = n_bytes};
    WL_TRY(wl_dict_intern(&corpus->term_names, name, term, error));
    WL_TRY(WL_GROW(corpus->alloc, corpus->terms, corpus->terms_capacity,
                   corpus->term_names.n_strings, error));
    if (corpus->segmenter != NULL) {
        entry = wl_segmenter_look_up(corpus->segmenter, form.data, form.n_bytes);
        tag = entry.frequency > 0 ? wl_dict_string(&corpus->segmenter->dict.tags, entry.tag) : tag;
    }
    enum wl_word_kind kind = entry.is_users ? WL_WORD_CONTENT : wl_keyword_kind(form, tag);
    corpus->terms[*term] = (struct wl_corpus_term){
        .kind = (uint8_t)kind, .is_users = entry.is_users, .is_chinese = is_chinese};
    return WL_OK;
}

static wl_status add_place(struct wl_corpus *corpus, uint32_t form, wl_error *error)
{
    WL_TRY(WL_GROW(corpus->alloc, corpus->places, corpus->places_capacity, corpus->n_places + 1,
                   error));
    corpus->places[corpus->n_places++] = form;
    return WL_OK;
}

static wl_status add_break(struct wl_corpus *corpus, wl_error *error)
{
    size_t n = corpus->n_places;

    return n > 0 && corpus->places[n - 1] == WL_CORPUS_BREAK
               ? WL_OK
               : add_place(corpus, WL_CORPUS_BREAK, error);
}

static wl_status add_form(struct wl_corpus *corpus, struct wl_str form, wl_error *error)
{
    size_t n_forms = corpus->form_names.n_strings;
    uint32_t id;

    if (form.n_bytes > FORM_BYTES_MAX) {
        return add_break(corpus, error);
    }
    WL_TRY(wl_dict_intern(&corpus->form_names, form, &id, error));
    if (id == n_forms) {
        uint32_t term;
        WL_TRY(WL_GROW(corpus->alloc, corpus->forms, corpus->forms_capacity, n_forms + 1, error));
        WL_TRY(add_term(corpus, form, &term, error));
        corpus->forms[id] = (struct wl_corpus_form){.term = term};
    }
    corpus->forms[id].count++;
    return add_place(corpus, id, error);
}

/* -- words of a text -- */

enum piece { PIECE_WORD, PIECE_BLANK, PIECE_BREAK };

// Of the character at i, n_bytes long.
static enum piece piece_at(struct wl_str text, size_t i, size_t n_bytes)
{
    uint32_t c = wl_char_decode(text.data + i, n_bytes);
    uint8_t kind = wl_char_of(c).kind;

    if (kind == WL_CHAR_LETTER || kind == WL_CHAR_DIGIT || kind == WL_CHAR_MARK) {
        return PIECE_WORD;
    }
    return kind == WL_CHAR_SPACE ? PIECE_BLANK : PIECE_BREAK;
}

static bool is_apostrophe(struct wl_str text, size_t i, size_t n_bytes)
{
    return text.data[i] == '\'' || (n_bytes == 3 && memcmp(text.data + i, "\u2019", 3) == 0);
}

// Where the word that begins at i ends: letters, digits, and single ' or - between them.
static size_t word_end(struct wl_str text, size_t i)
{
    while (i < text.n_bytes) {
        size_t n = wl_utf8_length(text, i);
        if (n == 0 || is_han(text, i)) {
            return i;
        }
        if (piece_at(text, i, n) != PIECE_WORD) {
            size_t next = i + n;
            size_t n_next = next < text.n_bytes ? wl_utf8_length(text, next) : 0;
            bool joins = is_apostrophe(text, i, n) || text.data[i] == '-';
            if (!joins || n_next == 0 || is_han(text, next) ||
                piece_at(text, next, n_next) != PIECE_WORD) {
                return i;
            }
        }
        i += n;
    }
    return i;
}

static bool has_letter(struct wl_str word)
{
    for (size_t i = 0; i < word.n_bytes; i++) {
        unsigned char c = (unsigned char)word.data[i];
        if (c >= 0x80 || (c >= 'a' && c <= 'z')) {
            return true;
        }
    }
    return false;
}

// A typographic apostrophe is written as the plain one, so that both are one form.
static wl_status add_latin(struct wl_corpus *corpus, struct wl_str word, wl_error *error)
{
    char plain[FORM_BYTES_MAX];
    size_t n = 0;

    if (word.n_bytes > FORM_BYTES_MAX || !has_letter(word)) {
        return add_break(corpus, error); // a number, or noise
    }
    for (size_t i = 0; i < word.n_bytes; i++) {
        bool is_curly = word.n_bytes - i >= 3 && memcmp(word.data + i, "\u2019", 3) == 0;
        plain[n++] = is_curly ? '\'' : word.data[i];
        i += is_curly ? 2 : 0;
    }
    return add_form(corpus, (struct wl_str){.data = plain, .n_bytes = n}, error);
}

static wl_status add_latin_run(struct wl_corpus *corpus, struct wl_str text, size_t i, size_t end,
                               wl_error *error)
{
    text.n_bytes = end;
    while (i < end) {
        size_t n = wl_utf8_length(text, i);
        size_t word = word_end(text, i);
        if (word > i && n > 0 && piece_at(text, i, n) == PIECE_WORD) {
            WL_TRY(add_latin(corpus, (struct wl_str){.data = text.data + i, .n_bytes = word - i},
                             error));
            i = word;
            continue;
        }
        if (n == 0 || piece_at(text, i, n) == PIECE_BREAK) {
            WL_TRY(add_break(corpus, error));
        }
        i += n > 0 ? n : 1;
    }
    return WL_OK;
}

static wl_status add_han_run(struct wl_corpus *corpus, struct wl_str run, wl_error *error)
{
    for (size_t i = 0; corpus->segmenter == NULL && i < run.n_bytes; i += WL_HAN_BYTES) {
        WL_TRY(add_form(corpus, (struct wl_str){.data = run.data + i, .n_bytes = WL_HAN_BYTES},
                        error));
    }
    if (corpus->segmenter == NULL) {
        return WL_OK;
    }
    WL_TRY(wl_segmenter_cut(corpus->segmenter, run, true, &corpus->tokens, error));
    for (size_t i = 0; i < corpus->tokens.n_items; i++) {
        struct wl_token token = corpus->tokens.items[i];
        struct wl_str word = {.data = run.data + token.i_byte, .n_bytes = token.n_bytes};
        WL_TRY(is_han(word, 0) ? add_form(corpus, word, error)
                               : add_latin_run(corpus, word, 0, word.n_bytes, error));
    }
    return WL_OK;
}

// Runs that hold Chinese up to the next blank or sign are cut by the segmenter, as a dictionary may
// hold words like "T恤".
static size_t mixed_end(struct wl_str text, size_t i, bool *has_han)
{
    *has_han = false;
    while (i < text.n_bytes) {
        size_t n = wl_utf8_length(text, i);
        if (n == 0 || (piece_at(text, i, n) != PIECE_WORD && !is_apostrophe(text, i, n) &&
                       text.data[i] != '-')) {
            return i;
        }
        *has_han = *has_han || is_han(text, i);
        i += n;
    }
    return i;
}

wl_status wl_corpus_add(struct wl_corpus *corpus, struct wl_str raw, wl_error *error)
{
    WL_TRY(
        WL_GROW(corpus->alloc, corpus->begin, corpus->begin_capacity, corpus->n_texts + 2, error));
    WL_TRY(wl_normal_set(&corpus->normal, raw, error));
    struct wl_str text = wl_buf_view(&corpus->normal.text);
    corpus->begin[corpus->n_texts] = corpus->n_places;
    for (size_t i = 0; i < text.n_bytes;) {
        bool has_han;
        size_t end = mixed_end(text, i, &has_han);
        if (end == i) { // a blank or a sign
            size_t n = wl_utf8_length(text, i);
            end = i + (n > 0 ? n : 1);
        }
        if (has_han) {
            WL_TRY(add_han_run(corpus, (struct wl_str){.data = text.data + i, .n_bytes = end - i},
                               error));
        } else {
            WL_TRY(add_latin_run(corpus, text, i, end, error));
        }
        i = end;
    }
    WL_TRY(add_break(corpus, error)); // no phrase reaches into the next text
    corpus->begin[++corpus->n_texts] = corpus->n_places;
    return WL_OK;
}

void wl_corpus_settle(struct wl_corpus *corpus)
{
    for (uint32_t i = 0; i < corpus->term_names.n_strings; i++) {
        corpus->terms[i].form = WL_CORPUS_BREAK;
    }
    for (uint32_t form = 0; form < corpus->form_names.n_strings; form++) {
        struct wl_corpus_term *term = &corpus->terms[corpus->forms[form].term];
        if (term->form == WL_CORPUS_BREAK ||
            corpus->forms[form].count > corpus->forms[term->form].count) {
            term->form = form;
        }
    }
}

/* -- TextRank -- */

struct named_term {
    struct wl_str name;
    uint32_t term;
};

static int compare_names(const void *a, const void *b)
{
    return wl_str_compare(((const struct named_term *)a)->name,
                          ((const struct named_term *)b)->name);
}

static wl_status sort_terms(const struct wl_corpus *corpus, uint32_t *order, wl_error *error)
{
    size_t n = corpus->term_names.n_strings;
    struct named_term *named = wl_alloc_array(corpus->alloc, n + 1, sizeof(*named));

    if (named == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to sort %zu words", n);
    }
    for (uint32_t i = 0; i < n; i++) {
        named[i] = (struct named_term){.name = wl_dict_string(&corpus->term_names, i), .term = i};
    }
    qsort(named, n, sizeof(*named), compare_names);
    for (size_t i = 0; i < n; i++) {
        order[i] = named[i].term;
    }
    wl_alloc_free(corpus->alloc, named);
    return WL_OK;
}

wl_status wl_corpus_rank(const struct wl_corpus *corpus, double *weights, wl_error *error)
{
    size_t n_terms = corpus->term_names.n_strings;
    size_t n = corpus->n_places + corpus->n_texts * (WL_RANK_WINDOW - 1);
    uint32_t *places = wl_alloc_array(corpus->alloc, n + 1, sizeof(*places));
    uint32_t *order = wl_alloc_array(corpus->alloc, n_terms + 1, sizeof(*order));
    struct wl_rank rank;
    wl_status status = WL_OK;
    size_t n_put = 0;

    wl_rank_init(&rank, corpus->alloc);
    if (places == NULL || order == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to rank %zu words", n_terms);
        goto done;
    }
    for (size_t text = 0; text < corpus->n_texts; text++) {
        for (size_t i = corpus->begin[text]; i < corpus->begin[text + 1]; i++) {
            uint32_t form = corpus->places[i];
            uint32_t term = form != WL_CORPUS_BREAK ? corpus->forms[form].term : 0;
            bool counts = form != WL_CORPUS_BREAK && corpus->terms[term].kind == WL_WORD_CONTENT;
            places[n_put++] = counts ? term : WL_RANK_NONE;
        }
        for (int i = 0; i < WL_RANK_WINDOW - 1; i++) { // texts are not near each other
            places[n_put++] = WL_RANK_NONE;
        }
    }
    WL_GO(sort_terms(corpus, order, error));
    status = wl_rank_words(&rank, places, n_put, order, n_terms, weights, error);
done:
    wl_rank_release(&rank);
    wl_alloc_free(corpus->alloc, places);
    wl_alloc_free(corpus->alloc, order);
    return status;
}
