/* Words come from the tokenizer itself, so that learning and use see the same ones: with a
 * vocabulary of single characters it cuts every word into them, and the first of a word is the one
 * without "##". A symbol is a character or two symbols joined, numbered as they are made. */
#include "text/wordpiece_learn.h"

#include "base/arena.h"
#include "base/dict.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

#define N_SPECIAL 5

struct symbol {
    struct wl_str text; // "##" in front when it goes on
    uint64_t count;
    bool is_kept;
};

struct word {
    uint32_t *symbols; // (n) in the arena
    size_t n;
    uint64_t count;
};

struct learning {
    const wl_alloc *alloc;
    struct wl_arena arena; // texts of symbols, words
    struct symbol *symbols;
    size_t n_symbols;
    size_t symbols_capacity;
    struct wl_dict dict; // distinct words, as bytes of symbol numbers
    uint64_t *counts;    // of them
    size_t counts_capacity;
    struct word *words; // (dict.n_strings)
    struct wl_wordpiece *characters;
};

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
}

static wl_status add_symbol(struct learning *l, struct wl_str text, uint64_t count, wl_error *error)
{
    const char *copy = wl_arena_string(&l->arena, text);

    if (copy == NULL) {
        return no_memory(error);
    }
    WL_TRY(WL_GROW(l->alloc, l->symbols, l->symbols_capacity, l->n_symbols + 1, error));
    l->symbols[l->n_symbols++] =
        (struct symbol){.text = {.data = copy, .n_bytes = text.n_bytes}, .count = count};
    return WL_OK;
}

// -- characters --

static size_t put_utf8(uint32_t c, char *out)
{
    size_t n = c < 0x80 ? 1 : (c < 0x800 ? 2 : (c < 0x10000 ? 3 : 4));

    for (size_t i = n; i-- > 1; c >>= 6) {
        out[i] = (char)(0x80 | (c & 0x3F));
    }
    out[0] = (char)(n == 1 ? c : (c | (0xF00U >> n & 0xFFU)));
    return n;
}

// A character as it is and as a tokenizer may make it: small, without its marks.
static wl_status add_character(struct learning *l, struct wl_map64 *seen, uint32_t c,
                               wl_error *error)
{
    uint32_t forms[2 + 2 * WL_FOLD_MAX] = {c, wl_char_lower(c)};
    size_t n = 2;

    n += wl_char_decompose(c, forms + n);
    n += wl_char_decompose(forms[1], forms + n);
    for (size_t i = 0; i < n; i++) {
        char text[8] = "##";
        bool is_new = false;
        if (wl_map64_at(seen, forms[i], &is_new) == NULL) {
            return no_memory(error);
        }
        if (is_new && forms[i] > ' ') {
            size_t n_bytes = put_utf8(forms[i], text + 2);
            WL_TRY(add_symbol(l, (struct wl_str){text + 2, n_bytes}, 0, error));
            WL_TRY(add_symbol(l, (struct wl_str){text, n_bytes + 2}, 0, error));
        }
    }
    return WL_OK;
}

static wl_status add_characters(struct learning *l, const struct wl_str *texts, size_t n,
                                wl_error *error)
{
    struct wl_map64 seen;
    wl_status status = WL_OK;

    wl_map64_init(&seen, l->alloc);
    for (size_t t = 0; t < n && status == WL_OK; t++) {
        for (size_t i = 0; i < texts[t].n_bytes && status == WL_OK;) {
            size_t n_bytes = wl_utf8_length(texts[t], i);
            if (n_bytes > 0) {
                uint32_t c = wl_utf8_decode(texts[t], i, n_bytes);
                status = wl_map64_get(&seen, c) != NULL ? WL_OK : add_character(l, &seen, c, error);
            }
            i += n_bytes > 0 ? n_bytes : 1;
        }
    }
    wl_map64_release(&seen);
    return status;
}

// A tokenizer of single characters; symbol i is its piece i + 1, behind the unknown one.
static wl_status make_tokenizer(struct learning *l, const struct wl_wordpiece_options *options,
                                wl_error *error)
{
    struct wl_str *pieces = wl_alloc_array(l->alloc, l->n_symbols + 1, sizeof(*pieces));

    if (pieces == NULL) {
        return no_memory(error);
    }
    pieces[0] = options->unknown;
    for (size_t i = 0; i < l->n_symbols; i++) {
        pieces[i + 1] = l->symbols[i].text;
    }
    wl_status status =
        wl_wordpiece_new(l->alloc, pieces, l->n_symbols + 1, options, &l->characters, error);
    wl_alloc_free(l->alloc, pieces);
    return status;
}

// -- words --

static bool goes_on(const struct symbol *symbol)
{
    return symbol->text.n_bytes > 2 && memcmp(symbol->text.data, "##", 2) == 0;
}

static wl_status count_word(struct learning *l, const uint32_t *ids, size_t n, wl_error *error)
{
    const struct wl_str bytes = {.data = (const char *)(const void *)ids,
                                 .n_bytes = n * sizeof(*ids)};
    uint32_t word = 0;

    if (n == 0 || ids[0] == 0) { // 0: longer than words may be
        return WL_OK;
    }
    WL_TRY(WL_GROW(l->alloc, l->counts, l->counts_capacity, l->dict.n_strings + 1, error));
    size_t n_before = l->dict.n_strings;
    WL_TRY(wl_dict_intern(&l->dict, bytes, &word, error));
    l->counts[word] = word == n_before ? 1 : l->counts[word] + 1;
    for (size_t i = 0; i < n; i++) {
        l->symbols[ids[i] - 1].count++;
    }
    return WL_OK;
}

static wl_status count_words(struct learning *l, const struct wl_str *texts, size_t n,
                             wl_error *error)
{
    struct wl_ids ids;
    wl_status status = WL_OK;

    wl_ids_init(&ids, l->alloc);
    for (size_t t = 0; t < n; t++) {
        size_t begin = 0;
        ids.n = 0;
        WL_GO(wl_wordpiece_encode(l->characters, texts[t], &ids, error));
        for (size_t i = 1; i <= ids.n; i++) {
            bool is_end =
                i == ids.n || ids.items[i] == 0 || !goes_on(&l->symbols[ids.items[i] - 1]);
            if (is_end) {
                WL_GO(count_word(l, ids.items + begin, i - begin, error));
                begin = i;
            }
        }
    }
done:
    wl_ids_release(&ids);
    return status;
}

static wl_status spell_words(struct learning *l, wl_error *error)
{
    l->words = wl_arena_zeroed(&l->arena, l->dict.n_strings, sizeof(*l->words));
    for (size_t w = 0; w < l->dict.n_strings; w++) {
        struct wl_str bytes = wl_dict_string(&l->dict, (uint32_t)w);
        uint32_t *symbols = wl_arena_alloc(&l->arena, bytes.n_bytes);
        if (l->words == NULL || symbols == NULL) {
            return no_memory(error);
        }
        memcpy(symbols, bytes.data, bytes.n_bytes);
        size_t n = bytes.n_bytes / sizeof(*symbols);
        for (size_t i = 0; i < n; i++) {
            symbols[i]--; // from pieces to symbols
        }
        l->words[w] = (struct word){.symbols = symbols, .n = n, .count = l->counts[w]};
    }
    return l->words != NULL ? WL_OK : no_memory(error);
}

// -- pieces --

static int by_count(const void *left, const void *right)
{
    const struct symbol *a = *(const struct symbol *const *)left;
    const struct symbol *b = *(const struct symbol *const *)right;

    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    return wl_str_compare(a->text, b->text);
}

// Characters into the vocabulary, the most frequent first; how many.
static wl_status put_characters(struct learning *l, size_t n_room, uint64_t n_least,
                                struct wl_buf *out, size_t *n_put, wl_error *error)
{
    struct symbol **order = wl_alloc_array(l->alloc, l->n_symbols + 1, sizeof(struct symbol *));

    if (order == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < l->n_symbols; i++) {
        order[i] = &l->symbols[i];
    }
    qsort(order, l->n_symbols, sizeof(struct symbol *), by_count);
    *n_put = 0;
    while (*n_put < n_room && *n_put < l->n_symbols && order[*n_put]->count >= n_least) {
        order[*n_put]->is_kept = true;
        wl_buf_str(out, order[*n_put]->text);
        wl_buf_char(out, '\n');
        (*n_put)++;
    }
    wl_alloc_free(l->alloc, order);
    return WL_OK;
}

// The pair of kept symbols that stand side by side most often; the lower numbers on a tie.
static wl_status best_pair(const struct learning *l, uint64_t *pair, uint64_t *count,
                           wl_error *error)
{
    struct wl_map64 pairs;
    wl_status status = WL_OK;

    *count = 0;
    wl_map64_init(&pairs, l->alloc);
    for (size_t w = 0; w < l->dict.n_strings; w++) {
        const struct word *word = &l->words[w];
        for (size_t i = 0; i + 1 < word->n; i++) {
            uint64_t key = (uint64_t)word->symbols[i] << 32 | word->symbols[i + 1];
            if (!l->symbols[word->symbols[i]].is_kept ||
                !l->symbols[word->symbols[i + 1]].is_kept) {
                continue;
            }
            uint64_t *at = wl_map64_at(&pairs, key, NULL);
            if (at == NULL) {
                status = no_memory(error);
                goto done;
            }
            *at += word->count;
            if (*at > *count || (*at == *count && key < *pair)) {
                *count = *at;
                *pair = key;
            }
        }
    }
done:
    wl_map64_release(&pairs);
    return status;
}

static wl_status join(struct learning *l, uint64_t pair, uint64_t count, struct wl_buf *out,
                      wl_error *error)
{
    uint32_t left = (uint32_t)(pair >> 32);
    uint32_t right = (uint32_t)pair;
    struct wl_buf text;
    struct wl_str end = l->symbols[right].text;

    wl_buf_init(&text, l->alloc, 4096);
    wl_buf_str(&text, l->symbols[left].text);
    wl_buf_str(&text, (struct wl_str){end.data + 2, end.n_bytes - 2});
    wl_status status = wl_buf_check(&text, error);
    if (status == WL_OK) {
        status = add_symbol(l, wl_buf_view(&text), count, error);
    }
    wl_buf_release(&text);
    WL_TRY(status);
    uint32_t joined = (uint32_t)(l->n_symbols - 1);
    l->symbols[joined].is_kept = true;
    wl_buf_str(out, l->symbols[joined].text);
    wl_buf_char(out, '\n');
    for (size_t w = 0; w < l->dict.n_strings; w++) {
        struct word *word = &l->words[w];
        size_t n = 0;
        for (size_t i = 0; i < word->n; i++) {
            bool is_pair =
                i + 1 < word->n && word->symbols[i] == left && word->symbols[i + 1] == right;
            word->symbols[n++] = is_pair ? joined : word->symbols[i];
            i += is_pair;
        }
        word->n = n;
    }
    return WL_OK;
}

static wl_status learn(struct learning *l, const struct wl_str *texts, size_t n,
                       const struct wl_wordpiece_options *options, size_t n_pieces,
                       uint64_t n_least, struct wl_buf *out, wl_error *error)
{
    size_t n_put = 0;
    uint64_t pair = 0;
    uint64_t count = 0;

    WL_TRY(add_characters(l, texts, n, error));
    WL_TRY(make_tokenizer(l, options, error));
    WL_TRY(count_words(l, texts, n, error));
    WL_TRY(spell_words(l, error));
    wl_buf_text(out, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    WL_TRY(put_characters(l, n_pieces - N_SPECIAL, n_least, out, &n_put, error));
    for (n_put += N_SPECIAL; n_put < n_pieces; n_put++) {
        WL_TRY(best_pair(l, &pair, &count, error));
        if (count == 0 || count < n_least) {
            break;
        }
        WL_TRY(join(l, pair, count, out, error));
    }
    return wl_buf_check(out, error);
}

wl_status wl_wordpiece_learn(const wl_alloc *alloc, const struct wl_str *texts, size_t n,
                             const struct wl_wordpiece_options *options, size_t n_pieces,
                             uint64_t n_least, struct wl_buf *vocabulary, wl_error *error)
{
    struct learning l = {.alloc = alloc};

    if (n_pieces < 16 || n_least == 0) {
        return wl_fail(error, WL_EINVAL, "a vocabulary of %zu pieces, each seen %llu times",
                       n_pieces, (unsigned long long)n_least);
    }
    wl_arena_init(&l.arena, alloc, 0);
    wl_dict_init(&l.dict, alloc);
    wl_status status = learn(&l, texts, n, options, n_pieces, n_least, vocabulary, error);
    wl_wordpiece_free(l.characters);
    wl_dict_release(&l.dict);
    wl_alloc_free(alloc, l.counts);
    wl_alloc_free(alloc, l.symbols);
    wl_arena_release(&l.arena);
    return status;
}
