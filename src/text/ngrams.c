/* A text is decoded once into code points, white space collapsed; then words and characters are
 * walked in turn, a block of keys at a time, so that neither a list of tokens nor strings exist.
 *
 * An n-gram's hash grows by one multiplication per character, so all n-grams that begin at a place
 * cost as much as the longest. Two n-grams share a key with probability 2^-63 for each pair: among
 * a million of them, once in twenty million vocabularies.
 *
 * Each code point carries in its top bits what it is; being a function of the code point, the bits
 * may take part in the hash. */
#include "text/ngrams.h"

#include "base/limits.h"
#include "text/unicode.h"

#include <string.h>

#define IS_WORD    (UINT32_C(1) << 31)
#define BLANK      ((uint32_t)' ')
#define NO_UTF8    UINT32_C(0x110000) /* + byte: above all code points */
#define SEED_WORD  UINT64_C(0x2545f4914f6cdd1d)
#define SEED_CHAR  UINT64_C(0x9fb21c651e98df25)
#define SEED_PAIR  UINT64_C(0xe7037ed1a0b428db)
#define EDGE       UINT64_C(0x8ebc6af09c88c6e3) /* stands for the begin or end of the text */
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* odd; 2^64 / golden ratio */
#define FINISHER   UINT64_C(0xd6e8feb86659fd93)
#define KEYS_MAX   (WL_NGRAM_MAX + WL_NGRAM_WINDOW_MAX) /* of one word or one character */

/* -- what a character is -- */

// Python's \w and \s.
static bool is_word(uint32_t point)
{
    if (point < 0x80) {
        return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') ||
               (point >= '0' && point <= '9') || point == '_';
    }
    return point < NO_UTF8 && wl_char_of(point).kind <= WL_CHAR_DIGIT;
}

static bool is_space(uint32_t point)
{
    if (point < 0x80) {
        return point == ' ' || (point >= 9 && point <= 13) || (point >= 0x1c && point <= 0x1f);
    }
    return point < NO_UTF8 && point < 0x3001 &&
           (wl_char_of(point).kind == WL_CHAR_SPACE || wl_char_of(point).kind == WL_CHAR_LINE);
}

/* -- life -- */

wl_status wl_ngram_options_check(const struct wl_ngram_options *options, wl_error *error)
{
    if (options->words_max > WL_NGRAM_MAX || options->chars_max > WL_NGRAM_MAX) {
        return wl_fail(error, WL_EINVAL, "n-grams of %u words and %u characters, at most %d",
                       options->words_max, options->chars_max, WL_NGRAM_MAX);
    }
    if (options->chars_max > 0 &&
        (options->chars_min == 0 || options->chars_min > options->chars_max)) {
        return wl_fail(error, WL_EINVAL, "n-grams of %u to %u characters", options->chars_min,
                       options->chars_max);
    }
    if (options->pair_chars > 0 &&
        (options->pair_window < 2 || options->pair_window > WL_NGRAM_WINDOW_MAX)) {
        return wl_fail(error, WL_EINVAL, "pairs within %u words, 2 to %d are possible",
                       options->pair_window, WL_NGRAM_WINDOW_MAX);
    }
    if (options->words_max == 0 && options->chars_max == 0 && options->pair_chars == 0) {
        return wl_fail(error, WL_EINVAL, "neither word nor character n-grams are wanted");
    }
    return WL_OK;
}

void wl_ngrams_init(struct wl_ngrams *ngrams, const wl_alloc *alloc)
{
    memset(ngrams, 0, sizeof(*ngrams));
    ngrams->alloc = alloc;
}

void wl_ngrams_release(struct wl_ngrams *ngrams)
{
    if (ngrams->alloc != NULL) {
        wl_alloc_free(ngrams->alloc, ngrams->chars);
        wl_alloc_free(ngrams->alloc, ngrams->offsets);
        wl_ngrams_init(ngrams, ngrams->alloc);
    }
}

/* -- decoding -- */

static uint32_t decode(struct wl_str text, size_t i_byte, size_t *n_bytes)
{
    unsigned char byte = (unsigned char)text.data[i_byte];

    if (byte < 0x80) {
        *n_bytes = 1;
        return byte;
    }
    *n_bytes = wl_utf8_length(text, i_byte);
    if (*n_bytes == 0) {
        *n_bytes = 1;
        return NO_UTF8 + byte;
    }
    return wl_char_decode(text.data + i_byte, *n_bytes);
}

static void add_char(struct wl_ngrams *ngrams, uint32_t c, size_t i_byte)
{
    ngrams->chars[ngrams->n_chars] = c;
    ngrams->offsets[ngrams->n_chars] = (uint32_t)i_byte;
    ngrams->n_chars++;
}

// A run of white space is one blank; padded, the text begins and ends with one.
static void decode_all(struct wl_ngrams *ngrams, struct wl_str text, bool padded)
{
    bool after_blank = padded;

    ngrams->n_chars = 0;
    if (padded) {
        add_char(ngrams, BLANK, 0);
    }
    for (size_t i = 0, n = 0; i < text.n_bytes; i += n) {
        uint32_t point = decode(text, i, &n);
        bool is_blank = is_space(point);
        if (is_blank && !after_blank) {
            add_char(ngrams, BLANK, i);
        } else if (!is_blank) {
            add_char(ngrams, is_word(point) ? point | IS_WORD : point, i);
        }
        after_blank = is_blank;
    }
    if (padded && !after_blank) {
        add_char(ngrams, BLANK, text.n_bytes);
    }
    ngrams->offsets[ngrams->n_chars] = (uint32_t)text.n_bytes;
}

wl_status wl_ngrams_begin(struct wl_ngrams *ngrams, const struct wl_ngram_options *options,
                          struct wl_str text, bool wants_places, wl_error *error)
{
    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a text of %zu bytes", text.n_bytes);
    }
    size_t n_most = text.n_bytes + 3; // two blanks and the end
    WL_TRY(WL_GROW(ngrams->alloc, ngrams->chars, ngrams->chars_capacity, n_most, error));
    WL_TRY(WL_GROW(ngrams->alloc, ngrams->offsets, ngrams->offsets_capacity, n_most, error));
    ngrams->options = *options;
    decode_all(ngrams, text, options->chars_max > 0 && options->chars_within_words);
    ngrams->i_char = 0;
    ngrams->i_begin = 0;
    ngrams->i_end = 0;
    ngrams->i_word = 0;
    ngrams->words_done = options->words_max == 0 && options->pair_chars == 0;
    ngrams->n_words = 0;
    ngrams->wants_places = wants_places;
    ngrams->n_keys = 0;
    return WL_OK;
}

/* -- walking -- */

static uint64_t extend(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * MULTIPLIER;
}

static uint64_t finish(uint64_t hash, uint64_t group)
{
    hash = (hash ^ (hash >> 32)) * FINISHER;
    return ((hash ^ (hash >> 29)) & ~(uint64_t)(WL_NGRAM_GROUPS - 1)) | group;
}

static void add_key(struct wl_ngrams *ngrams, uint64_t key, size_t i_byte, size_t i_end_byte)
{
    ngrams->keys[ngrams->n_keys] = key;
    if (ngrams->wants_places) {
        ngrams->places[ngrams->n_keys] = (struct wl_ngram_place){
            .i_byte = (uint32_t)i_byte, .n_bytes = (uint32_t)(i_end_byte - i_byte)};
    }
    ngrams->n_keys++;
}

static struct wl_ngram_word *word_at(struct wl_ngrams *ngrams, size_t i)
{
    return &ngrams->recent[i & (WL_NGRAM_WINDOW_MAX - 1)];
}

// Word n-grams that end with the last word; n_min 2 for the sign of the text's end.
static void add_words(struct wl_ngrams *ngrams, size_t n_min)
{
    size_t i = ngrams->n_words - 1;
    size_t n_most = ngrams->options.words_max < i + 1 ? ngrams->options.words_max : i + 1;
    const struct wl_ngram_word *last = word_at(ngrams, i);

    for (size_t n = n_min; n <= n_most; n++) {
        uint64_t hash = SEED_WORD;
        for (size_t w = i + 1 - n; w <= i; w++) {
            hash = extend(hash, word_at(ngrams, w)->hash);
        }
        add_key(ngrams, finish(hash, WL_NGRAM_WORDS), word_at(ngrams, i + 1 - n)->i_byte,
                last->i_byte + last->n_bytes);
    }
}

// Pairs of the last word with those before it, in one order whichever comes first.
static void add_pairs(struct wl_ngrams *ngrams, size_t i_first)
{
    size_t i = ngrams->n_words - 1;
    size_t n_back = ngrams->options.pair_window - 1;
    const struct wl_ngram_word *last = word_at(ngrams, i);

    for (size_t w = i > n_back + i_first ? i - n_back : i_first; w < i; w++) {
        const struct wl_ngram_word *other = word_at(ngrams, w);
        uint64_t low = last->prefix < other->prefix ? last->prefix : other->prefix;
        uint64_t hash = extend(extend(SEED_PAIR, low), last->prefix ^ other->prefix ^ low);
        add_key(ngrams, finish(hash, WL_NGRAM_PAIRS), last->i_byte, last->i_byte + last->n_bytes);
        if (ngrams->wants_places) {
            ngrams->places[ngrams->n_keys - 1].i_other = other->i_byte;
            ngrams->places[ngrams->n_keys - 1].n_other = other->n_bytes;
        }
    }
}

static void push_edge(struct wl_ngrams *ngrams, size_t i_byte)
{
    *word_at(ngrams, ngrams->n_words) =
        (struct wl_ngram_word){.hash = EDGE, .i_byte = (uint32_t)i_byte};
    ngrams->n_words++;
}

// The word that begins at character i; returns where it ends, i when there is none.
static size_t read_word(const struct wl_ngrams *ngrams, size_t i, struct wl_ngram_word *word)
{
    const uint32_t *chars = ngrams->chars;
    size_t i_begin = i;
    uint64_t hash = SEED_WORD;
    uint64_t prefix = SEED_WORD;

    while (i < ngrams->n_chars && (chars[i] & IS_WORD) != 0) {
        hash = extend(hash, chars[i]);
        i++;
        prefix = i - i_begin <= ngrams->options.pair_chars ? hash : prefix;
    }
    if (i == i_begin && ngrams->options.words_all && chars[i] != BLANK) {
        hash = extend(hash, chars[i]);
        prefix = hash;
        i++;
    }
    *word = (struct wl_ngram_word){.hash = hash,
                                   .prefix = prefix,
                                   .i_byte = ngrams->offsets[i_begin],
                                   .n_bytes = ngrams->offsets[i] - ngrams->offsets[i_begin]};
    return i;
}

static void walk_words(struct wl_ngrams *ngrams)
{
    bool all = ngrams->options.words_all;
    size_t n_least = all ? 1 : 2; // shorter ones are not words for scikit-learn

    if (all && ngrams->n_words == 0) {
        push_edge(ngrams, 0);
    }
    while (ngrams->i_word < ngrams->n_chars && ngrams->n_keys + KEYS_MAX <= WL_NGRAM_BLOCK) {
        struct wl_ngram_word word;
        size_t i_end = read_word(ngrams, ngrams->i_word, &word);
        if (i_end - ngrams->i_word >= n_least) {
            *word_at(ngrams, ngrams->n_words) = word;
            ngrams->n_words++;
            add_words(ngrams, 1);
            if (ngrams->options.pair_chars > 0) {
                add_pairs(ngrams, all ? 1 : 0);
            }
        }
        ngrams->i_word = i_end > ngrams->i_word ? i_end : i_end + 1;
    }
    if (ngrams->i_word >= ngrams->n_chars && ngrams->n_keys + KEYS_MAX <= WL_NGRAM_BLOCK) {
        if (all && ngrams->n_words > 1) {
            push_edge(ngrams, ngrams->offsets[ngrams->n_chars]);
            add_words(ngrams, 2);
        }
        ngrams->words_done = true;
    }
}

// N-grams of min and more characters that begin at i and end before i_end.
static void add_chars(struct wl_ngrams *ngrams, size_t i, size_t i_end, size_t n_min)
{
    size_t n_most = i_end - i < ngrams->options.chars_max ? i_end - i : ngrams->options.chars_max;
    uint64_t hash = SEED_CHAR;

    for (size_t n = 1; n <= n_most; n++) {
        hash = extend(hash, ngrams->chars[i + n - 1]);
        if (n >= n_min) {
            add_key(ngrams, finish(hash, WL_NGRAM_CHARS), ngrams->offsets[i],
                    ngrams->offsets[i + n]);
        }
    }
}

static void walk_chars(struct wl_ngrams *ngrams)
{
    size_t i = ngrams->i_char;

    while (i < ngrams->n_chars && ngrams->n_keys + KEYS_MAX <= WL_NGRAM_BLOCK) {
        add_chars(ngrams, i, ngrams->n_chars, ngrams->options.chars_min);
        i++;
    }
    ngrams->i_char = i;
}

// The next padded word: from one blank to the next, both included.
static bool next_padded(struct wl_ngrams *ngrams)
{
    size_t i = ngrams->i_end > 0 ? ngrams->i_end - 1 : 0;

    if (i + 1 >= ngrams->n_chars) {
        return false;
    }
    ngrams->i_begin = i;
    ngrams->i_char = i;
    for (i++; ngrams->chars[i] != BLANK; i++) { // the last character is a blank
    }
    ngrams->i_end = i + 1;
    return true;
}

static void walk_padded(struct wl_ngrams *ngrams)
{
    size_t n_min = ngrams->options.chars_min;

    while (ngrams->n_keys + KEYS_MAX <= WL_NGRAM_BLOCK) {
        if (ngrams->i_char >= ngrams->i_end && !next_padded(ngrams)) {
            return;
        }
        size_t i = ngrams->i_char;
        size_t n_word = ngrams->i_end - ngrams->i_begin;
        // A word shorter than the shortest n-gram counts once, whole.
        bool is_short = n_word < n_min && i == ngrams->i_begin;
        add_chars(ngrams, i, ngrams->i_end, is_short ? n_word : n_min);
        ngrams->i_char = i + 1;
    }
}

bool wl_ngrams_next(struct wl_ngrams *ngrams)
{
    ngrams->n_keys = 0;
    if (!ngrams->words_done) {
        walk_words(ngrams);
    }
    if (ngrams->words_done && ngrams->options.chars_max > 0) {
        if (ngrams->options.chars_within_words) {
            walk_padded(ngrams);
        } else {
            walk_chars(ngrams);
        }
    }
    return ngrams->n_keys > 0;
}
