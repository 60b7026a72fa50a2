/* Words, with how often they occur, as runs of token numbers end to end. Counts of pairs are kept
 * up to date: a join changes only its neighbours. Finding the words with a pair walks all of them,
 * which is memory read in order: 4,000 joins over a megabyte of distinct words take seconds. */
#include "text/bpe_learn.h"

#include "base/buf.h"
#include "base/dict.h"
#include "base/limits.h"
#include "text/bpe_split.h"

#include <string.h>

enum { N_BYTES = 256 };

struct learner {
    const wl_alloc *alloc;
    struct wl_dict words;
    uint64_t *counts; // (n words)
    size_t counts_capacity;
    uint32_t *symbols;     // words end to end
    size_t *starts;        // (n words + 1)
    size_t *lengths;       // (n words) symbols left of each word
    struct wl_map64 pairs; // pair + 1 -> how often
    struct wl_dict tokens; // bytes of each token; ids are its numbers
};

static uint64_t key_of(uint32_t a, uint32_t b)
{
    return ((uint64_t)a << 32 | b) + 1; // 0 is not a key of the map's table
}

// -- words --

static wl_status add_words(struct learner *l, const struct wl_bpe_chars *chars,
                           enum wl_bpe_pattern pattern, struct wl_str text, wl_error *error)
{
    for (size_t begin = 0; begin < text.n_bytes;) {
        size_t end = wl_bpe_split(chars, pattern, text, begin);
        const struct wl_str word = {.data = text.data + begin, .n_bytes = end - begin};
        size_t n_before = l->words.n_strings;
        uint32_t id = 0;
        WL_TRY(wl_dict_intern(&l->words, word, &id, error));
        if (l->words.n_strings > n_before) {
            WL_TRY(WL_GROW(l->alloc, l->counts, l->counts_capacity, n_before + 1, error));
            l->counts[id] = 0;
        }
        l->counts[id]++;
        begin = end;
    }
    return WL_OK;
}

static wl_status change(struct learner *l, uint32_t a, uint32_t b, uint64_t by, wl_error *error)
{
    uint64_t *count = wl_map64_at(&l->pairs, key_of(a, b), NULL);

    if (count == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for pairs of tokens");
    }
    *count += by; // a negative change wraps round
    return WL_OK;
}

static wl_status lay_out(struct learner *l, wl_error *error)
{
    size_t n = l->words.n_strings;
    size_t n_bytes = n > 0 ? (size_t)l->words.offsets[n] : 0;

    l->symbols = wl_alloc_array(l->alloc, n_bytes + 1, sizeof(*l->symbols));
    l->starts = wl_alloc_zeroed(l->alloc, n + 1, sizeof(*l->starts));
    l->lengths = wl_alloc_zeroed(l->alloc, n + 1, sizeof(*l->lengths));
    if (l->symbols == NULL || l->starts == NULL || l->lengths == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu words", n);
    }
    for (uint32_t w = 0; w < n; w++) {
        struct wl_str word = wl_dict_string(&l->words, w);
        uint32_t *symbols = l->symbols + l->starts[w];
        for (size_t i = 0; i < word.n_bytes; i++) {
            symbols[i] = (uint8_t)word.data[i];
        }
        for (size_t i = 0; i + 1 < word.n_bytes; i++) {
            WL_TRY(change(l, symbols[i], symbols[i + 1], l->counts[w], error));
        }
        l->lengths[w] = word.n_bytes;
        l->starts[w + 1] = l->starts[w] + word.n_bytes;
    }
    return WL_OK;
}

// -- joining --

// The pair that occurs most often; false when none occurs twice.
static bool find_best(const struct learner *l, uint32_t *a, uint32_t *b)
{
    uint64_t best = 1;
    uint64_t best_key = 0;

    for (size_t i = 0; i < l->pairs.n_slots; i++) {
        uint64_t key = l->pairs.keys[i];
        uint64_t count = key != 0 ? l->pairs.values[i] : 0;
        if (count > best || (count == best && best > 1 && key < best_key)) {
            best = count;
            best_key = key;
        }
    }
    *a = (uint32_t)((best_key - 1) >> 32);
    *b = (uint32_t)(best_key - 1);
    return best > 1;
}

// Joins a and b in one word from its symbol i on; the counts of neighbours follow.
static wl_status join_word(struct learner *l, size_t w, uint32_t a, uint32_t b, uint32_t joined,
                           wl_error *error)
{
    uint32_t *s = l->symbols + l->starts[w];
    size_t n = l->lengths[w];
    uint64_t count = l->counts[w];
    size_t to = 0;

    for (size_t i = 0; i < n; i++) {
        if (i + 1 == n || s[i] != a || s[i + 1] != b) {
            s[to++] = s[i];
            continue;
        }
        WL_TRY(change(l, a, b, 0 - count, error));
        if (to > 0) {
            WL_TRY(change(l, s[to - 1], a, 0 - count, error));
            WL_TRY(change(l, s[to - 1], joined, count, error));
        }
        if (i + 2 < n) {
            WL_TRY(change(l, b, s[i + 2], 0 - count, error));
            WL_TRY(change(l, joined, s[i + 2], count, error));
        }
        s[to++] = joined;
        i++;
    }
    l->lengths[w] = to;
    return WL_OK;
}

static wl_status join_all(struct learner *l, uint32_t a, uint32_t b, uint32_t joined,
                          wl_error *error)
{
    for (size_t w = 0; w < l->words.n_strings; w++) {
        const uint32_t *s = l->symbols + l->starts[w];
        for (size_t i = 0; i + 1 < l->lengths[w]; i++) {
            if (s[i] == a && s[i + 1] == b) {
                WL_TRY(join_word(l, w, a, b, joined, error));
                break;
            }
        }
    }
    return WL_OK;
}

static wl_status add_byte_tokens(struct learner *l, wl_error *error)
{
    for (int byte = 0; byte < N_BYTES; byte++) {
        char c = (char)byte;
        uint32_t id = 0;
        WL_TRY(wl_dict_intern(&l->tokens, (struct wl_str){.data = &c, .n_bytes = 1}, &id, error));
    }
    return WL_OK;
}

// The number of the token with the bytes of both. "aa" + "a" may be there as "a" + "aa" already:
// then it is the same token, and no new join.
static wl_status number_of(struct learner *l, uint32_t a, uint32_t b, struct wl_buf *bytes,
                           uint32_t *joined, wl_error *error)
{
    wl_buf_clear(bytes);
    wl_buf_str(bytes, wl_dict_string(&l->tokens, a));
    wl_buf_str(bytes, wl_dict_string(&l->tokens, b));
    WL_TRY(wl_buf_check(bytes, error));
    return wl_dict_intern(&l->tokens, wl_buf_view(bytes), joined, error);
}

static wl_status join_pairs(struct learner *l, size_t n_max, struct wl_bpe_learnt *made,
                            wl_error *error)
{
    struct wl_buf bytes;
    size_t capacity = 0;
    uint32_t a = 0;
    uint32_t b = 0;
    uint32_t joined = 0;
    wl_status status = WL_OK;

    wl_buf_init(&bytes, l->alloc, 0);
    WL_GO(add_byte_tokens(l, error));
    while (made->n_merges < n_max && find_best(l, &a, &b)) {
        WL_GO(WL_GROW(l->alloc, made->pairs, capacity, made->n_merges + 1, error));
        WL_GO(number_of(l, a, b, &bytes, &joined, error));
        if (joined == N_BYTES + made->n_merges) {
            made->pairs[made->n_merges][0] = a;
            made->pairs[made->n_merges][1] = b;
            made->n_merges++;
        }
        WL_GO(join_all(l, a, b, joined, error));
    }
done:
    wl_buf_release(&bytes);
    return status;
}

// -- the result --

static wl_status spell(struct wl_bpe_learnt *made, wl_error *error)
{
    size_t n = N_BYTES + made->n_merges;
    size_t n_bytes = N_BYTES;
    char *at = NULL;

    made->tokens = wl_alloc_zeroed(made->alloc, n, sizeof(*made->tokens));
    if (made->tokens == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu tokens", n);
    }
    for (size_t i = 0; i < n; i++) {
        made->tokens[i].n_bytes = 1;
        if (i >= N_BYTES) {
            const uint32_t *pair = made->pairs[i - N_BYTES];
            made->tokens[i].n_bytes = made->tokens[pair[0]].n_bytes + made->tokens[pair[1]].n_bytes;
            n_bytes += made->tokens[i].n_bytes;
        }
    }
    made->bytes = wl_alloc_zeroed(made->alloc, n_bytes, 1);
    if (made->bytes == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu tokens", n);
    }
    at = made->bytes;
    for (size_t i = 0; i < n; i++) {
        made->tokens[i].data = at;
        *at = (char)(i & 255U);
        if (i >= N_BYTES) {
            const uint32_t *pair = made->pairs[i - N_BYTES];
            struct wl_str left = made->tokens[pair[0]];
            struct wl_str right = made->tokens[pair[1]];
            memcpy(at, left.data, left.n_bytes);
            memcpy(at + left.n_bytes, right.data, right.n_bytes);
        }
        at += made->tokens[i].n_bytes;
    }
    return WL_OK;
}

wl_status wl_bpe_learn(const wl_alloc *alloc, const struct wl_str *texts, size_t n,
                       size_t n_tokens_max, enum wl_bpe_pattern pattern,
                       struct wl_bpe_learnt *learnt, wl_error *error)
{
    struct wl_bpe_chars *chars = NULL;
    struct learner l = {.alloc = alloc};
    struct wl_bpe_learnt made = {.alloc = alloc};
    wl_status status = WL_OK;

    if (n_tokens_max < N_BYTES || n_tokens_max > WL_VOCABULARY_MAX) {
        return wl_fail(error, WL_EINVAL, "a vocabulary of %zu tokens: wants %d to %d", n_tokens_max,
                       N_BYTES, WL_VOCABULARY_MAX);
    }
    wl_dict_init(&l.words, alloc);
    wl_map64_init(&l.pairs, alloc);
    wl_dict_init(&l.tokens, alloc);
    WL_GO(wl_bpe_chars_new(alloc, &chars, error));
    for (size_t i = 0; i < n; i++) {
        WL_GO(add_words(&l, chars, pattern, texts[i], error));
    }
    WL_GO(lay_out(&l, error));
    WL_GO(join_pairs(&l, n_tokens_max - N_BYTES, &made, error));
    WL_GO(spell(&made, error));
    *learnt = made;
    made = (struct wl_bpe_learnt){.alloc = alloc};
done:
    wl_bpe_learnt_release(&made);
    wl_dict_release(&l.words);
    wl_map64_release(&l.pairs);
    wl_dict_release(&l.tokens);
    wl_bpe_chars_free(chars);
    wl_alloc_free(alloc, l.counts);
    wl_alloc_free(alloc, l.symbols);
    wl_alloc_free(alloc, l.starts);
    wl_alloc_free(alloc, l.lengths);
    return status;
}

void wl_bpe_learnt_release(struct wl_bpe_learnt *learnt)
{
    if (learnt != NULL && learnt->alloc != NULL) {
        wl_alloc_free(learnt->alloc, learnt->pairs);
        wl_alloc_free(learnt->alloc, learnt->tokens);
        wl_alloc_free(learnt->alloc, learnt->bytes);
        *learnt = (struct wl_bpe_learnt){0};
    }
}
