/* A text is analysed once. Its words are interned as forms; only a form never seen before is judged
 * and given a term, so that the work per word is one hash look-up. */
#include "text/keyword_corpus.h"

#include "text/keyword_kind.h"
#include "text/segmenter_inside.h"
#include "text/textrank.h"

#include <stdlib.h>
#include <string.h>

#define FORM_BYTES_MAX 256 /* a longer word is none: keys, hashes, noise */

wl_status wl_corpus_init(struct wl_corpus *corpus, const wl_alloc *alloc,
                         const struct wl_analyser *analyser, wl_error *error)
{
    *corpus = (struct wl_corpus){.alloc = alloc, .analyser = *analyser};
    wl_dict_init(&corpus->form_names, alloc);
    wl_dict_init(&corpus->term_names, alloc);
    return wl_analysis_init(&corpus->analysis, alloc, error);
}

void wl_corpus_release(struct wl_corpus *corpus)
{
    if (corpus->alloc != NULL) {
        wl_dict_release(&corpus->form_names);
        wl_dict_release(&corpus->term_names);
        wl_analysis_release(&corpus->analysis);
        wl_alloc_free(corpus->alloc, corpus->forms);
        wl_alloc_free(corpus->alloc, corpus->terms);
        wl_alloc_free(corpus->alloc, corpus->places);
        wl_alloc_free(corpus->alloc, corpus->begin);
    }
    *corpus = (struct wl_corpus){0};
}

/* -- forms and terms -- */

static bool is_chinese(const struct wl_term *term)
{
    return term->kind == WL_TERM_WORD_ZH;
}

// What the dictionary calls a Chinese word; empty for one it does not hold.
static struct wl_str tag_of(const struct wl_corpus *corpus, struct wl_str form, bool *is_users)
{
    const struct wl_segmenter *segmenter = corpus->analyser.segmenter;
    struct wl_word_entry entry = {0};

    if (segmenter != NULL) {
        entry = wl_segmenter_look_up(segmenter, form.data, form.n_bytes);
    }
    *is_users = entry.is_users;
    return entry.frequency > 0 ? wl_dict_string(&segmenter->dict.tags, entry.tag)
                               : (struct wl_str){0};
}

static wl_status add_term(struct wl_corpus *corpus, const struct wl_term *word, uint32_t *term,
                          wl_error *error)
{
    size_t n_terms = corpus->term_names.n_strings;
    struct wl_str form = wl_analysis_text(&corpus->analysis, word);
    struct wl_str name = wl_analysis_form(&corpus->analysis, word);
    bool is_users = false;

    WL_TRY(WL_GROW(corpus->alloc, corpus->terms, corpus->terms_capacity, n_terms + 1, error));
    WL_TRY(wl_dict_intern(&corpus->term_names, name, term, error));
    if (*term == n_terms) { // otherwise another form of it was here first
        struct wl_str tag = tag_of(corpus, form, &is_users);
        enum wl_word_kind kind = wl_keyword_kind(form, tag);
        if (is_users) {
            kind = WL_WORD_CONTENT;
        } else if (word->is_negation) {
            kind = WL_WORD_TURN;
        } else if (word->is_stop && kind != WL_WORD_TURN) { // "too" turns, and is a stop word
            kind = WL_WORD_GLUE;
        }
        corpus->terms[*term] =
            (struct wl_corpus_term){.kind = (uint8_t)kind, .is_chinese = is_chinese(word)};
    }
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

static wl_status add_word(struct wl_corpus *corpus, const struct wl_term *word, wl_error *error)
{
    struct wl_str form = wl_analysis_text(&corpus->analysis, word);
    size_t n_forms = corpus->form_names.n_strings;
    uint32_t id;

    if (form.n_bytes > FORM_BYTES_MAX) {
        return add_break(corpus, error);
    }
    WL_TRY(WL_GROW(corpus->alloc, corpus->forms, corpus->forms_capacity, n_forms + 1, error));
    WL_TRY(wl_dict_intern(&corpus->form_names, form, &id, error));
    if (id == n_forms) {
        corpus->forms[id] = (struct wl_corpus_form){0};
        WL_TRY(add_term(corpus, word, &corpus->forms[id].term, error));
    }
    corpus->forms[id].count++;
    return add_place(corpus, id, error);
}

static wl_status add_piece(struct wl_corpus *corpus, const struct wl_term *piece, wl_error *error)
{
    switch ((enum wl_term_kind)piece->kind) {
    case WL_TERM_WORD_ZH:
    case WL_TERM_WORD_EN:
    case WL_TERM_WORD_OTHER: return add_word(corpus, piece, error);
    case WL_TERM_PUNCTUATION:
        if (wl_str_is(wl_analysis_text(&corpus->analysis, piece), "-")) {
            return WL_OK; // "auto-renewal" is two words side by side
        }
        break;
    case WL_TERM_NUMBER:
    case WL_TERM_MASK:
    case WL_TERM_EMOJI:
    case WL_TERM_SYMBOL: break;
    }
    return add_break(corpus, error);
}

wl_status wl_corpus_add(struct wl_corpus *corpus, struct wl_str raw, wl_error *error)
{
    WL_TRY(
        WL_GROW(corpus->alloc, corpus->begin, corpus->begin_capacity, corpus->n_texts + 2, error));
    WL_TRY(wl_analyse(&corpus->analyser, raw, &corpus->analysis, error));
    corpus->begin[corpus->n_texts] = corpus->n_places;
    for (size_t i = 0; i < corpus->analysis.n_terms; i++) {
        WL_TRY(add_piece(corpus, &corpus->analysis.terms[i], error));
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

// The term at a place that may be a keyword, or WL_RANK_NONE.
static uint32_t content_at(const struct wl_corpus *corpus, size_t place)
{
    uint32_t form = corpus->places[place];

    if (form == WL_CORPUS_BREAK) {
        return WL_RANK_NONE;
    }
    uint32_t term = corpus->forms[form].term;
    return corpus->terms[term].kind == WL_WORD_CONTENT ? term : WL_RANK_NONE;
}

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
            places[n_put++] = content_at(corpus, i);
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

/* -- one text -- */

// The distinct content terms of a text, sorted by name. Returns how many.
static size_t distinct_terms(const struct wl_corpus *corpus, size_t text, struct named_term *named)
{
    size_t n_all = 0;
    size_t n = 0;

    for (size_t i = corpus->begin[text]; i < corpus->begin[text + 1]; i++) {
        uint32_t term = content_at(corpus, i);
        if (term != WL_RANK_NONE) {
            named[n_all++] = (struct named_term){.name = wl_dict_string(&corpus->term_names, term),
                                                 .term = term};
        }
    }
    qsort(named, n_all, sizeof(*named), compare_names);
    for (size_t i = 0; i < n_all; i++) {
        if (n == 0 || named[n - 1].term != named[i].term) {
            named[n++] = named[i];
        }
    }
    return n;
}

// Places of a text by the index of their term in named, which is sorted: the order of updates too.
static void place_terms(const struct wl_corpus *corpus, size_t text, const struct named_term *named,
                        size_t n, uint32_t *places, struct wl_term_weight *items)
{
    size_t from = corpus->begin[text];

    for (size_t i = from; i < corpus->begin[text + 1]; i++) {
        uint32_t term = content_at(corpus, i);
        places[i - from] = WL_RANK_NONE;
        if (term != WL_RANK_NONE) {
            struct named_term key = {.name = wl_dict_string(&corpus->term_names, term)};
            const struct named_term *found = bsearch(&key, named, n, sizeof(key), compare_names);
            places[i - from] = (uint32_t)(found - named);
            items[found - named].count++;
        }
    }
}

wl_status wl_corpus_rank_text(const struct wl_corpus *corpus, size_t text, struct wl_rank *rank,
                              struct wl_term_weight **items_out, size_t *n_items, wl_error *error)
{
    size_t n_places = corpus->begin[text + 1] - corpus->begin[text];
    struct named_term *named = wl_alloc_array(corpus->alloc, n_places + 1, sizeof(*named));
    uint32_t *places = wl_alloc_array(corpus->alloc, n_places + 1, sizeof(*places));
    uint32_t *order = wl_alloc_array(corpus->alloc, n_places + 1, sizeof(*order));
    double *weights = wl_alloc_array(corpus->alloc, n_places + 1, sizeof(*weights));
    struct wl_term_weight *items = wl_alloc_zeroed(corpus->alloc, n_places + 1, sizeof(*items));
    wl_status status = WL_OK;

    if (named == NULL || places == NULL || order == NULL || weights == NULL || items == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to rank %zu words", n_places);
        goto done;
    }
    size_t n = distinct_terms(corpus, text, named);
    place_terms(corpus, text, named, n, places, items);
    for (uint32_t i = 0; i < n; i++) {
        order[i] = i;
    }
    WL_GO(wl_rank_words(rank, places, n_places, order, n, weights, error));
    for (size_t i = 0; i < n; i++) {
        items[i].term = named[i].term;
        items[i].weight = weights[i];
    }
    *items_out = items;
    *n_items = n;
    items = NULL;
done:
    wl_alloc_free(corpus->alloc, named);
    wl_alloc_free(corpus->alloc, places);
    wl_alloc_free(corpus->alloc, order);
    wl_alloc_free(corpus->alloc, weights);
    wl_alloc_free(corpus->alloc, items);
    return status;
}
