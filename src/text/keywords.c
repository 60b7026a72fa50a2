/* Words of a text are told apart by a small hash table over places in the text itself, so that
 * nothing is copied and a text costs no allocation. Weights are computed in jieba's order of
 * operations, count * (idf / total), and so agree to the last bit. */
#include "text/keywords.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN ((size_t)64)

struct wl_keyword_word {
    uint64_t hash;
    uint32_t i_byte;
    uint32_t n_bytes;
    uint32_t count;
};

void wl_keywords_init(struct wl_keywords *keywords, const wl_alloc *alloc)
{
    *keywords = (struct wl_keywords){.alloc = alloc};
    wl_tokens_init(&keywords->tokens, alloc);
    wl_pos_tokens_init(&keywords->tagged, alloc);
    wl_rank_init(&keywords->rank, alloc);
}

void wl_keywords_release(struct wl_keywords *keywords)
{
    if (keywords->alloc != NULL) {
        wl_tokens_release(&keywords->tokens);
        wl_pos_tokens_release(&keywords->tagged);
        wl_rank_release(&keywords->rank);
        wl_alloc_free(keywords->alloc, keywords->items);
        wl_alloc_free(keywords->alloc, keywords->words);
        wl_alloc_free(keywords->alloc, keywords->slots);
        wl_alloc_free(keywords->alloc, keywords->places);
        wl_alloc_free(keywords->alloc, keywords->order);
        wl_alloc_free(keywords->alloc, keywords->sorted);
        wl_alloc_free(keywords->alloc, keywords->weights);
        wl_keywords_init(keywords, keywords->alloc);
    }
}

/* -- which words count -- */

wl_status wl_keyword_filter_set(struct wl_keyword_filter *filter,
                                const struct wl_segmenter *segmenter, struct wl_str names,
                                wl_error *error)
{
    struct wl_str rest = names;
    size_t n = 0;

    while (rest.n_bytes > 0) {
        uint8_t tag = wl_pos_find(segmenter, wl_str_trim(wl_str_cut(&rest, ',')));
        if (n >= WL_KEYWORD_TAGS_MAX) {
            return wl_fail(error, WL_EINVAL, "more than %d parts of speech", WL_KEYWORD_TAGS_MAX);
        }
        if (tag != WL_POS_NONE) {
            filter->tags[n++] = tag;
        }
    }
    if (n == 0) {
        return wl_fail(error, WL_EINVAL, "\"%.*s\" names no part of speech", WL_STR_ARG(names));
    }
    filter->n_tags = n;
    return WL_OK;
}

// jieba's stop words, sorted.
static const char *const stop_words[] = {
    "all",  "an",   "and",  "are",  "as", "at", "be",    "by",   "can", "for", "from",
    "has",  "have", "if",   "in",   "is", "it", "not",   "of",   "on",  "one", "or",
    "that", "the",  "then", "this", "to", "we", "which", "with", "you"};

#define STOP_BYTES_MAX 64 /* a longer word is no stop word */

static int compare_to_stop_word(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_stop_word(const struct wl_keyword_filter *filter, struct wl_str word)
{
    char lower[STOP_BYTES_MAX + 1];

    if (word.n_bytes > STOP_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < word.n_bytes; i++) {
        char c = word.data[i];
        lower[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    lower[word.n_bytes] = '\0';
    if (bsearch(lower, stop_words, sizeof(stop_words) / sizeof(stop_words[0]),
                sizeof(stop_words[0]), compare_to_stop_word) != NULL) {
        return true;
    }
    struct wl_str folded = {.data = lower, .n_bytes = word.n_bytes};
    return filter->stop_words != NULL && wl_dict_find(filter->stop_words, folded) != WL_DICT_NONE;
}

// Two characters at least that are no white space at an end; of the tokens only "\r\n" has such.
static bool is_long(struct wl_str word)
{
    word = wl_str_trim(word);
    return word.n_bytes > 0 && wl_utf8_length(word, 0) > 0 &&
           wl_utf8_length(word, 0) < word.n_bytes;
}

static bool is_wanted(const struct wl_keyword_filter *filter, struct wl_str word,
                      const struct wl_pos_token *token)
{
    bool has_tag = filter->n_tags == 0 || token->is_users ||
                   memchr(filter->tags, token->tag, filter->n_tags) != NULL;

    return has_tag && is_long(word) && !is_stop_word(filter, word);
}

/* -- distinct words -- */

static size_t find_slot(const struct wl_keywords *keywords, const char *text, uint64_t hash,
                        struct wl_str word)
{
    size_t mask = keywords->n_slots - 1;
    size_t slot = (size_t)hash & mask;

    while (keywords->slots[slot] != 0) {
        const struct wl_keyword_word *known = &keywords->words[keywords->slots[slot] - 1];
        if (known->hash == hash && known->n_bytes == word.n_bytes &&
            memcmp(text + known->i_byte, word.data, word.n_bytes) == 0) {
            return slot;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

static wl_status grow_slots(struct wl_keywords *keywords, wl_error *error)
{
    size_t n_slots = keywords->n_slots == 0 ? SLOTS_MIN : 2 * keywords->n_slots;
    uint32_t *slots = wl_alloc_zeroed(keywords->alloc, n_slots, sizeof(*slots));

    if (slots == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu words of a text", n_slots);
    }
    for (size_t i = 0; i < keywords->n_words; i++) {
        size_t slot = (size_t)keywords->words[i].hash & (n_slots - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (n_slots - 1);
        }
        slots[slot] = (uint32_t)i + 1;
    }
    wl_alloc_free(keywords->alloc, keywords->slots);
    keywords->slots = slots;
    keywords->n_slots = n_slots;
    return WL_OK;
}

static wl_status add_word(struct wl_keywords *keywords, struct wl_str text, struct wl_str word,
                          uint32_t *number, wl_error *error)
{
    uint64_t hash = wl_str_hash(word, 0);

    if (keywords->n_words * 10 >= keywords->n_slots * 7) {
        WL_TRY(grow_slots(keywords, error));
    }
    size_t slot = find_slot(keywords, text.data, hash, word);
    if (keywords->slots[slot] == 0) {
        WL_TRY(WL_GROW(keywords->alloc, keywords->words, keywords->words_capacity,
                       keywords->n_words + 1, error));
        keywords->words[keywords->n_words++] =
            (struct wl_keyword_word){.hash = hash,
                                     .i_byte = (uint32_t)(word.data - text.data),
                                     .n_bytes = (uint32_t)word.n_bytes};
        keywords->slots[slot] = (uint32_t)keywords->n_words;
    }
    *number = keywords->slots[slot] - 1;
    keywords->words[*number].count++;
    return WL_OK;
}

// A table that one long text made big is not wiped whole for each short one behind it.
static void forget_words(struct wl_keywords *keywords)
{
    size_t mask = keywords->n_slots - 1;

    for (size_t i = keywords->n_words; i-- > 0;) { // backwards, so that no chain is cut in front
        size_t slot = (size_t)keywords->words[i].hash & mask;
        while (keywords->slots[slot] != i + 1) {
            slot = (slot + 1) & mask;
        }
        keywords->slots[slot] = 0;
    }
    keywords->n_words = 0;
}

/* -- the best -- */

static int compare_keywords(const void *a, const void *b)
{
    const struct wl_keyword *one = a;
    const struct wl_keyword *other = b;

    if (one->weight != other->weight) {
        return one->weight > other->weight ? -1 : 1;
    }
    return (one->order > other->order) - (one->order < other->order);
}

// Ranked words are those with a weight above 0.
static wl_status take_best(struct wl_keywords *keywords, size_t n_top, bool is_ranked,
                           wl_error *error)
{
    size_t n = 0;

    WL_TRY(WL_GROW(keywords->alloc, keywords->items, keywords->capacity, keywords->n_words + 1,
                   error));
    for (uint32_t i = 0; i < keywords->n_words; i++) {
        const struct wl_keyword_word *word = &keywords->words[i];
        if (keywords->weights[i] > 0.0 || !is_ranked) {
            keywords->items[n++] =
                (struct wl_keyword){.i_byte = word->i_byte,
                                    .n_bytes = word->n_bytes,
                                    .count = word->count,
                                    .order = is_ranked ? wl_rank_sight(&keywords->rank, i) : i,
                                    .weight = keywords->weights[i]};
        }
    }
    qsort(keywords->items, n, sizeof(keywords->items[0]), compare_keywords);
    keywords->n_items = n_top > 0 && n > n_top ? n_top : n;
    return WL_OK;
}

static struct wl_str part(struct wl_str text, size_t i_byte, size_t n_bytes)
{
    return (struct wl_str){.data = text.data + i_byte, .n_bytes = n_bytes};
}

/* -- TF-IDF -- */

static wl_status count_plain(const struct wl_segmenter *segmenter,
                             const struct wl_keyword_filter *filter, struct wl_str text,
                             struct wl_keywords *keywords, wl_error *error)
{
    static const struct wl_pos_token untagged = {0};
    uint32_t number;

    WL_TRY(wl_segmenter_cut(segmenter, text, true, &keywords->tokens, error));
    for (size_t i = 0; i < keywords->tokens.n_items; i++) {
        struct wl_token token = keywords->tokens.items[i];
        struct wl_str word = part(text, token.i_byte, token.n_bytes);
        if (is_wanted(filter, word, &untagged)) {
            WL_TRY(add_word(keywords, text, word, &number, error));
        }
    }
    return WL_OK;
}

// Also notes which word stands at which place.
static wl_status count_tagged(const struct wl_segmenter *segmenter,
                              const struct wl_keyword_filter *filter, struct wl_str text,
                              struct wl_keywords *keywords, wl_error *error)
{
    struct wl_pos_tokens *tagged = &keywords->tagged;

    WL_TRY(wl_pos_cut(segmenter, text, tagged, error));
    WL_TRY(WL_GROW(keywords->alloc, keywords->places, keywords->places_capacity,
                   tagged->n_items + 1, error));
    for (size_t i = 0; i < tagged->n_items; i++) {
        struct wl_str word = part(text, tagged->items[i].i_byte, tagged->items[i].n_bytes);
        keywords->places[i] = WL_RANK_NONE;
        if (is_wanted(filter, word, &tagged->items[i])) {
            WL_TRY(add_word(keywords, text, word, &keywords->places[i], error));
        }
    }
    return WL_OK;
}

static wl_status weigh(const struct wl_idf *idf, struct wl_str text, struct wl_keywords *keywords,
                       wl_error *error)
{
    double total = 0.0;

    WL_TRY(WL_GROW(keywords->alloc, keywords->weights, keywords->weights_capacity,
                   keywords->n_words + 1, error));
    for (size_t i = 0; i < keywords->n_words; i++) {
        total += keywords->words[i].count;
    }
    for (size_t i = 0; i < keywords->n_words; i++) {
        const struct wl_keyword_word *word = &keywords->words[i];
        double rarity = wl_idf_of(idf, part(text, word->i_byte, word->n_bytes));
        keywords->weights[i] = (double)word->count * (rarity / total);
    }
    return WL_OK;
}

wl_status wl_keywords_tfidf(const struct wl_segmenter *segmenter, const struct wl_idf *idf,
                            const struct wl_keyword_filter *filter, struct wl_str text,
                            size_t n_top, struct wl_keywords *keywords, wl_error *error)
{
    keywords->n_items = 0;
    wl_status status = filter->n_tags > 0 ? count_tagged(segmenter, filter, text, keywords, error)
                                          : count_plain(segmenter, filter, text, keywords, error);
    if (status == WL_OK) {
        status = weigh(idf, text, keywords, error);
    }
    if (status == WL_OK) {
        status = take_best(keywords, n_top, false, error);
    }
    forget_words(keywords);
    return status;
}

/* -- TextRank -- */

struct wl_keyword_order {
    struct wl_str word;
    uint32_t number;
};

static int compare_orders(const void *a, const void *b)
{
    const struct wl_keyword_order *one = a;
    const struct wl_keyword_order *other = b;

    return wl_str_compare(one->word, other->word);
}

// The words' numbers by byte order of their texts, which for UTF-8 is that of code points.
static wl_status sort_words(struct wl_keywords *keywords, struct wl_str text, wl_error *error)
{
    size_t n = keywords->n_words;

    WL_TRY(WL_GROW(keywords->alloc, keywords->weights, keywords->weights_capacity, n + 1, error));
    WL_TRY(WL_GROW(keywords->alloc, keywords->order, keywords->order_capacity, n + 1, error));
    WL_TRY(WL_GROW(keywords->alloc, keywords->sorted, keywords->sorted_capacity, n + 1, error));
    for (size_t i = 0; i < n; i++) {
        const struct wl_keyword_word *word = &keywords->words[i];
        keywords->sorted[i] = (struct wl_keyword_order){
            .word = part(text, word->i_byte, word->n_bytes), .number = (uint32_t)i};
    }
    qsort(keywords->sorted, n, sizeof(keywords->sorted[0]), compare_orders);
    for (size_t i = 0; i < n; i++) {
        keywords->order[i] = keywords->sorted[i].number;
    }
    return WL_OK;
}

wl_status wl_keywords_rank(const struct wl_segmenter *segmenter,
                           const struct wl_keyword_filter *filter, struct wl_str text, size_t n_top,
                           struct wl_keywords *keywords, wl_error *error)
{
    keywords->n_items = 0;
    wl_status status = count_tagged(segmenter, filter, text, keywords, error);
    if (status == WL_OK) {
        status = sort_words(keywords, text, error);
    }
    if (status == WL_OK) {
        status = wl_rank_words(&keywords->rank, keywords->places, keywords->tagged.n_items,
                               keywords->order, keywords->n_words, keywords->weights, error);
    }
    if (status == WL_OK) {
        status = take_best(keywords, n_top, true, error);
    }
    forget_words(keywords);
    return status;
}
