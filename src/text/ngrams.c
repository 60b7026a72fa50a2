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

#include <string.h>

#define IS_WORD    (UINT32_C(1) << 31)
#define BLANK      ((uint32_t)' ')
#define NO_UTF8    UINT32_C(0x110000) /* + byte: above all code points */
#define SEED_WORD  UINT64_C(0x2545f4914f6cdd1d)
#define SEED_CHAR  UINT64_C(0x9fb21c651e98df25)
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* odd; 2^64 / golden ratio */
#define FINISHER   UINT64_C(0xd6e8feb86659fd93)

/* -- what a character is -- */

struct range {
    uint32_t first;
    uint32_t last;
};

// Beyond ASCII: what is neither letter nor digit, in rising order.
static const struct range not_words[] = {
    {0x80, 0xa9},     {0xab, 0xb1},       {0xb4, 0xb4},       {0xb6, 0xb8},       {0xbb, 0xbb},
    {0xbf, 0xbf},     {0xd7, 0xd7},       {0xf7, 0xf7},       {0x300, 0x36f},     {0x2000, 0x206f},
    {0x207a, 0x207e}, {0x208a, 0x208e},   {0x20a0, 0x20ff},   {0x2190, 0x245f},   {0x249c, 0x24e9},
    {0x2500, 0x2775}, {0x2794, 0x2bff},   {0x2e00, 0x2e2e},   {0x2e30, 0x3004},   {0x3008, 0x3020},
    {0x302a, 0x3030}, {0x303d, 0x3040},   {0x30a0, 0x30a0},   {0x30fb, 0x30fb},   {0xd800, 0xf8ff},
    {0xfe00, 0xfe6f}, {0xff00, 0xff0f},   {0xff1a, 0xff20},   {0xff3b, 0xff40},   {0xff5b, 0xff65},
    {0xffe0, 0xffff}, {0x1f000, 0x1f0ff}, {0x1f110, 0x1faff}, {0xe0000, 0x10ffff}};

static bool is_word_beyond_ascii(uint32_t point)
{
    size_t low = 0;
    size_t high = sizeof(not_words) / sizeof(not_words[0]);

    if (point >= 0x3400 && point <= 0x9fff) { // Han
        return true;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point > not_words[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == sizeof(not_words) / sizeof(not_words[0]) || point < not_words[low].first;
}

// Python's \w and \s.
static bool is_word(uint32_t point)
{
    if (point < 0x80) {
        return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') ||
               (point >= '0' && point <= '9') || point == '_';
    }
    return point < NO_UTF8 && is_word_beyond_ascii(point);
}

static bool is_space(uint32_t point)
{
    if (point < 0x80) {
        return point == ' ' || (point >= 9 && point <= 13) || (point >= 0x1c && point <= 0x1f);
    }
    return point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000;
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
    if (options->words_max == 0 && options->chars_max == 0) {
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
    const unsigned char *s = (const unsigned char *)text.data + i_byte;

    *n_bytes = wl_utf8_length(text, i_byte);
    switch (*n_bytes) {
    case 1: return s[0];
    case 2: return ((s[0] & 0x1fU) << 6) | (s[1] & 0x3fU);
    case 3: return ((s[0] & 0x0fU) << 12) | ((s[1] & 0x3fU) << 6) | (s[2] & 0x3fU);
    case 4:
        return ((s[0] & 0x07U) << 18) | ((s[1] & 0x3fU) << 12) | ((s[2] & 0x3fU) << 6) |
               (s[3] & 0x3fU);
    default: *n_bytes = 1; return NO_UTF8 + s[0];
    }
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
                          struct wl_str text, wl_error *error)
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
    ngrams->i_word = options->words_max > 0 ? 0 : ngrams->n_chars;
    ngrams->n_words = 0;
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
    return ((hash ^ (hash >> 29)) & ~UINT64_C(1)) | group;
}

// The first i_end - i_begin bytes of a place lie between two characters' offsets.
static void add_key(struct wl_ngrams *ngrams, uint64_t key, uint32_t i_byte, size_t i_end)
{
    ngrams->keys[ngrams->n_keys] = key;
    ngrams->places[ngrams->n_keys] =
        (struct wl_ngram_place){.i_byte = i_byte, .n_bytes = ngrams->offsets[i_end] - i_byte};
    ngrams->n_keys++;
}

static void add_words(struct wl_ngrams *ngrams, uint64_t hash, size_t i_begin, size_t i_end)
{
    size_t i = ngrams->n_words++;
    size_t n_most = ngrams->options.words_max < i + 1 ? ngrams->options.words_max : i + 1;

    ngrams->recent[i % WL_NGRAM_MAX] =
        (struct wl_ngram_word){.hash = hash, .i_byte = ngrams->offsets[i_begin]};
    for (size_t n = 1; n <= n_most; n++) {
        uint64_t all = SEED_WORD;
        for (size_t w = i + 1 - n; w <= i; w++) {
            all = extend(all, ngrams->recent[w % WL_NGRAM_MAX].hash);
        }
        add_key(ngrams, finish(all, 0), ngrams->recent[(i + 1 - n) % WL_NGRAM_MAX].i_byte, i_end);
    }
}

static void walk_words(struct wl_ngrams *ngrams)
{
    const uint32_t *chars = ngrams->chars;
    size_t i = ngrams->i_word;

    while (i < ngrams->n_chars && ngrams->n_keys + WL_NGRAM_MAX <= WL_NGRAM_BLOCK) {
        size_t i_begin = i;
        uint64_t hash = SEED_WORD;
        while (i < ngrams->n_chars && (chars[i] & IS_WORD) != 0) {
            hash = extend(hash, chars[i]);
            i++;
        }
        if (i - i_begin >= 2) { // shorter ones are not words for scikit-learn
            add_words(ngrams, hash, i_begin, i);
        }
        i += i == i_begin;
    }
    ngrams->i_word = i;
}

// N-grams of min and more characters that begin at i and end before i_end.
static void add_chars(struct wl_ngrams *ngrams, size_t i, size_t i_end, size_t n_min)
{
    size_t n_most = i_end - i < ngrams->options.chars_max ? i_end - i : ngrams->options.chars_max;
    uint64_t hash = SEED_CHAR;

    for (size_t n = 1; n <= n_most; n++) {
        hash = extend(hash, ngrams->chars[i + n - 1]);
        if (n >= n_min) {
            add_key(ngrams, finish(hash, 1), ngrams->offsets[i], i + n);
        }
    }
}

static void walk_chars(struct wl_ngrams *ngrams)
{
    size_t i = ngrams->i_char;

    while (i < ngrams->n_chars && ngrams->n_keys + WL_NGRAM_MAX <= WL_NGRAM_BLOCK) {
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

    while (ngrams->n_keys + WL_NGRAM_MAX <= WL_NGRAM_BLOCK) {
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
    if (ngrams->i_word < ngrams->n_chars) {
        walk_words(ngrams);
    }
    if (ngrams->i_word >= ngrams->n_chars && ngrams->options.chars_max > 0) {
        if (ngrams->options.chars_within_words) {
            walk_padded(ngrams);
        } else {
            walk_chars(ngrams);
        }
    }
    return ngrams->n_keys > 0;
}
