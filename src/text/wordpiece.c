/* Problem: WordPiece is greedy: the longest piece that starts here, then on. Most words are a piece
 * themselves, so the first question asked is "the whole word?", and longer to shorter after that.
 *
 * All prefixes of what is left of a word are hashed in one run over its bytes, so each question is
 * one look into a table. A trie would ask from short to long and walk every word to its end too,
 * through more memory.
 *
 * What becomes of a character (dropped, space, lowered, ...) is one 16-bit entry of a table over
 * the basic plane, made when the vocabulary is opened; few characters need more. */
#include "text/wordpiece.h"

#include "base/dict.h"
#include "base/limits.h"
#include "text/unicode.h"

#include <string.h>

#define PLANE_CHARS 0x10000U

// Entries of the table above 0xD7FF cannot be characters alone (surrogates), so these are free.
enum action {
    ACTION_DROP = 0xD800,
    ACTION_SPACE = 0xD801,
    ACTION_SLOW = 0xD802 // several characters, or one beyond the plane
};

#define WORD_BYTES_MAX 1024 // what 256 characters take at most; BERT's longest word has 100

struct slot {
    uint64_t hash;
    uint32_t id_plus_1; // 0: free
};

struct wl_wordpiece {
    const wl_alloc *alloc;
    struct wl_wordpiece_options options;
    uint16_t *becomes;   // (PLANE_CHARS) a character or an enum action
    uint8_t *is_alone;   // (PLANE_CHARS) 1: punctuation or Han, a word by itself
    struct wl_dict dict; // pieces by number
    struct slot *slots;  // (n_slots) by hash of a piece without its prefix
    size_t n_slots;      // power of two
    uint32_t unknown;
};

// A word on its way: its bytes after lowering, and where characters end.
struct word {
    char bytes[WORD_BYTES_MAX + 4];
    size_t n_bytes;
    size_t n_chars;
    uint64_t hash;                       // of bytes, from the start state of whole words
    uint64_t hashes[WORD_BYTES_MAX + 4]; // scratch: prefix hashes of what is left
};

void wl_wordpiece_options_init(struct wl_wordpiece_options *options)
{
    *options = (struct wl_wordpiece_options){.is_lower = true,
                                             .strips_accents = true,
                                             .splits_han = true,
                                             .n_chars_max = 100,
                                             .unknown = WL_STR("[UNK]"),
                                             .prefix = WL_STR("##")};
}

#define HASH_START    UINT64_C(0xcbf29ce484222325)
#define HASH_GOING_ON UINT64_C(0x84222325cbf29ce4) // pieces that follow others live apart

static inline uint64_t hash_step(uint64_t hash, char byte)
{
    return (hash ^ (uint8_t)byte) * UINT64_C(0x9e3779b97f4a7c15);
}

static inline uint64_t hash_end(uint64_t hash)
{
    return hash ^ hash >> 32; // the product leaves the low bits poor
}

// -- what becomes of characters --

static bool is_punctuation(uint32_t c)
{
    if (c < 0x80) {
        return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
               (c >= 123 && c <= 126);
    }
    return wl_char_category(c) == WL_CATEGORY_PUNCTUATION;
}

// The ranges of the reference, which leave U+3007 and later extensions out.
static bool is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2CEAF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// What a character turns into: n_out characters, or an action with n_out 0.
static enum action fold(const struct wl_wordpiece_options *options, uint32_t c, uint32_t *out,
                        size_t *n_out)
{
    *n_out = 0;
    if (c == '\t' || c == '\n' || c == '\r') {
        return ACTION_SPACE;
    }
    enum wl_category category = wl_char_category(c);
    if (category == WL_CATEGORY_SPACE) {
        return ACTION_SPACE;
    }
    if (c == 0 || c == WL_UNICODE_INVALID || category == WL_CATEGORY_CONTROL) {
        return ACTION_DROP;
    }
    if (options->is_lower) {
        c = wl_char_lower(c);
    }
    if (!options->strips_accents) {
        out[0] = c;
        *n_out = 1;
        return ACTION_SLOW;
    }
    uint32_t parts[WL_FOLD_MAX];
    size_t n = wl_char_decompose(c, parts);
    for (size_t i = 0; i < n; i++) {
        if (wl_char_category(parts[i]) != WL_CATEGORY_MARK_NONSPACING) {
            out[(*n_out)++] = parts[i];
        }
    }
    return *n_out == 0 ? ACTION_DROP : ACTION_SLOW;
}

static void fill_tables(struct wl_wordpiece *wp)
{
    for (uint32_t c = 0; c < PLANE_CHARS; c++) {
        uint32_t out[WL_FOLD_MAX];
        size_t n = 0;
        enum action action = fold(&wp->options, c, out, &n);

        wp->becomes[c] = n == 1 && out[0] < PLANE_CHARS ? (uint16_t)out[0] : (uint16_t)action;
        wp->is_alone[c] = is_punctuation(c) || (wp->options.splits_han && is_han(c));
    }
}

// -- vocabulary --

static struct slot *find_slot(const struct wl_wordpiece *wp, uint64_t hash)
{
    size_t i = hash & (wp->n_slots - 1);

    while (wp->slots[i].id_plus_1 != 0 && wp->slots[i].hash != hash) {
        i = (i + 1) & (wp->n_slots - 1);
    }
    return &wp->slots[i];
}

static bool has_prefix(struct wl_str text, struct wl_str prefix)
{
    return prefix.n_bytes > 0 && text.n_bytes > prefix.n_bytes &&
           memcmp(text.data, prefix.data, prefix.n_bytes) == 0;
}

static wl_status put_piece(struct wl_wordpiece *wp, struct wl_str piece, uint32_t id,
                           wl_error *error)
{
    bool goes_on = has_prefix(piece, wp->options.prefix);
    size_t begin = goes_on ? wp->options.prefix.n_bytes : 0;
    uint64_t hash = goes_on ? HASH_GOING_ON : HASH_START;

    for (size_t i = begin; i < piece.n_bytes; i++) {
        hash = hash_step(hash, piece.data[i]);
    }
    hash = hash_end(hash);
    struct slot *slot = find_slot(wp, hash);
    if (slot->id_plus_1 != 0) { // chance of one in 10^9 for a vocabulary of 100,000
        return wl_fail(error, WL_EPARSE, "vocabulary, pieces %u and %u: hashes collide",
                       slot->id_plus_1, id + 1);
    }
    *slot = (struct slot){.hash = hash, .id_plus_1 = id + 1};
    return WL_OK;
}

static wl_status add_pieces(struct wl_wordpiece *wp, const struct wl_str *pieces, size_t n,
                            wl_error *error)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t id = 0;
        if (pieces[i].n_bytes == 0 || !wl_str_is_utf8(pieces[i])) {
            return wl_fail(error, WL_EPARSE, "vocabulary, piece %zu: %s", i + 1,
                           pieces[i].n_bytes == 0 ? "empty" : "not UTF-8");
        }
        WL_TRY(wl_dict_intern(&wp->dict, pieces[i], &id, error));
        if (id != i) {
            return wl_fail(error, WL_EPARSE, "vocabulary, piece %zu: the same as piece %u", i + 1,
                           id + 1);
        }
        WL_TRY(put_piece(wp, pieces[i], id, error));
    }
    wp->unknown = wl_dict_find(&wp->dict, wp->options.unknown);
    if (wp->unknown == WL_DICT_NONE) {
        return wl_fail(error, WL_EPARSE, "vocabulary has no piece \"%.*s\"",
                       WL_STR_ARG(wp->options.unknown));
    }
    return WL_OK;
}

wl_status wl_wordpiece_new(const wl_alloc *alloc, const struct wl_str *pieces, size_t n,
                           const struct wl_wordpiece_options *options, struct wl_wordpiece **out,
                           wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_wordpiece *wp = NULL;

    *out = NULL;
    if (n == 0 || n > WL_VOCABULARY_MAX) {
        return wl_fail(error, n == 0 ? WL_EPARSE : WL_ELIMIT,
                       "vocabulary of %zu pieces, wants 1 to %d", n, WL_VOCABULARY_MAX);
    }
    if (options->n_chars_max > WORD_BYTES_MAX / 4) {
        return wl_fail(error, WL_EINVAL, "words of up to %zu characters, at most %d",
                       options->n_chars_max, WORD_BYTES_MAX / 4);
    }
    wp = wl_alloc_zeroed(alloc, 1, sizeof(*wp));
    if (wp == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
    }
    wp->alloc = alloc;
    wp->options = *options;
    wl_dict_init(&wp->dict, alloc);
    for (wp->n_slots = 16; wp->n_slots < 2 * n; wp->n_slots *= 2) {
    }
    wp->becomes = wl_alloc_array(alloc, PLANE_CHARS, sizeof(*wp->becomes));
    wp->is_alone = wl_alloc_array(alloc, PLANE_CHARS, sizeof(*wp->is_alone));
    wp->slots = wl_alloc_zeroed(alloc, wp->n_slots, sizeof(*wp->slots));
    if (wp->becomes == NULL || wp->is_alone == NULL || wp->slots == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a vocabulary of %zu pieces", n);
        goto done;
    }
    WL_GO(add_pieces(wp, pieces, n, error));
    fill_tables(wp);
    wp->options.unknown = wl_dict_string(&wp->dict, wp->unknown); // ours, not the caller's
    wp->options.prefix = (struct wl_str){0};
    *out = wp;
    wp = NULL;
done:
    wl_wordpiece_free(wp);
    return status;
}

void wl_wordpiece_free(struct wl_wordpiece *wordpiece)
{
    if (wordpiece == NULL) {
        return;
    }
    wl_alloc_free(wordpiece->alloc, wordpiece->becomes);
    wl_alloc_free(wordpiece->alloc, wordpiece->is_alone);
    wl_alloc_free(wordpiece->alloc, wordpiece->slots);
    wl_dict_release(&wordpiece->dict);
    wl_alloc_free(wordpiece->alloc, wordpiece);
}

wl_status wl_wordpiece_from(const wl_alloc *alloc, struct wl_str vocabulary,
                            const struct wl_wordpiece_options *options, struct wl_wordpiece **out,
                            wl_error *error)
{
    struct wl_str *pieces = NULL;
    size_t n = 0;
    size_t capacity = 0;
    wl_status status = WL_OK;

    *out = NULL;
    while (vocabulary.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&vocabulary, '\n');
        if (line.n_bytes > 0 && line.data[line.n_bytes - 1] == '\r') {
            line.n_bytes--;
        }
        WL_GO(WL_GROW(alloc, pieces, capacity, n + 1, error));
        pieces[n++] = line;
    }
    WL_GO(wl_wordpiece_new(alloc, pieces, n, options, out, error));
done:
    wl_alloc_free(alloc, pieces);
    return status;
}

// -- cutting --

// Pieces of the rest of a word from byte `begin` on, longest first. False: it cannot be cut.
static bool cut_rest(const struct wl_wordpiece *wp, struct word *word, size_t begin, uint32_t *ids,
                     size_t *n_ids)
{
    while (begin < word->n_bytes) {
        uint64_t hash = begin == 0 ? HASH_START : HASH_GOING_ON;
        size_t end = word->n_bytes;
        const struct slot *slot = NULL;

        for (size_t i = begin; i < word->n_bytes; i++) {
            hash = hash_step(hash, word->bytes[i]);
            word->hashes[i + 1] = hash_end(hash);
        }
        while (end > begin) {
            slot = find_slot(wp, word->hashes[end]);
            if (slot->id_plus_1 != 0) {
                break;
            }
            do { // back to where a character ends
                end--;
            } while (end > begin && ((unsigned char)word->bytes[end] & 0xC0U) == 0x80U);
        }
        if (end == begin) {
            return false;
        }
        ids[(*n_ids)++] = slot->id_plus_1 - 1;
        begin = end;
    }
    return true;
}

// The word is complete: its pieces go to ids, which has room for one per byte.
static void flush(const struct wl_wordpiece *wp, struct word *word, struct wl_ids *ids)
{
    if (word->n_chars == 0) {
        return;
    }
    const struct slot *slot = find_slot(wp, hash_end(word->hash));
    bool is_short = word->n_chars <= wp->options.n_chars_max;
    size_t n = ids->n;

    if (is_short && slot->id_plus_1 != 0) {
        ids->items[ids->n++] = slot->id_plus_1 - 1;
    } else if (is_short && cut_rest(wp, word, 0, ids->items, &n)) {
        ids->n = n;
    } else {
        ids->items[ids->n++] = wp->unknown;
    }
    word->n_bytes = 0;
    word->n_chars = 0;
    word->hash = HASH_START;
}

static inline void add_char(struct word *word, uint32_t c)
{
    word->n_chars++;
    if (word->n_bytes > WORD_BYTES_MAX - 4) {
        return; // too long for any vocabulary: counted only
    }
    size_t n = wl_char_encode(c, word->bytes + word->n_bytes);
    for (size_t i = 0; i < n; i++) {
        word->hash = hash_step(word->hash, word->bytes[word->n_bytes + i]);
    }
    word->n_bytes += n;
}

// One folded character: part of the word, or a word alone.
static void take(const struct wl_wordpiece *wp, struct word *word, uint32_t c, struct wl_ids *ids)
{
    bool is_alone = c < PLANE_CHARS ? wp->is_alone[c] != 0
                                    : is_punctuation(c) || (wp->options.splits_han && is_han(c));

    if (is_alone) {
        flush(wp, word, ids);
    }
    add_char(word, c);
    if (is_alone) {
        flush(wp, word, ids);
    }
}

static void take_slowly(const struct wl_wordpiece *wp, struct word *word, uint32_t c,
                        struct wl_ids *ids)
{
    uint32_t out[WL_FOLD_MAX];
    size_t n = 0;
    enum action action = fold(&wp->options, c, out, &n);
    bool is_apart = wp->options.splits_han && is_han(c); // by the character as it was written

    if (action == ACTION_SPACE || is_apart) {
        flush(wp, word, ids);
    }
    for (size_t i = 0; i < n; i++) {
        take(wp, word, out[i], ids);
    }
    if (is_apart) {
        flush(wp, word, ids);
    }
}

wl_status wl_wordpiece_encode(const struct wl_wordpiece *wordpiece, struct wl_str text,
                              struct wl_ids *ids, wl_error *error)
{
    struct word word; // 9 KiB; filled as it grows
    size_t n_before = ids->n;

    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "text of %zu bytes, at most %zu", text.n_bytes,
                       (size_t)WL_LINE_BYTES_MAX);
    }
    word.n_bytes = 0;
    word.n_chars = 0;
    word.hash = HASH_START;
    // A character is at most one piece, except where folding makes several of it (Hangul: 3).
    WL_TRY(wl_ids_reserve(ids, n_before + 3 * text.n_bytes + WL_FOLD_MAX, error));
    for (size_t i = 0; i < text.n_bytes;) {
        size_t n_bytes = wl_utf8_length(text, i);
        uint32_t c = n_bytes == 0 ? WL_UNICODE_INVALID : wl_char_decode(text.data + i, n_bytes);
        uint16_t becomes = c < PLANE_CHARS ? wordpiece->becomes[c] : ACTION_SLOW;

        i += n_bytes == 0 ? 1 : n_bytes;
        if (becomes == ACTION_SPACE) {
            flush(wordpiece, &word, ids);
        } else if (becomes == ACTION_SLOW) {
            take_slowly(wordpiece, &word, c, ids);
        } else if (becomes != ACTION_DROP) {
            take(wordpiece, &word, becomes, ids);
        }
    }
    flush(wordpiece, &word, ids);
    return WL_OK;
}

uint32_t wl_wordpiece_find(const struct wl_wordpiece *wordpiece, struct wl_str piece)
{
    return wl_dict_find(&wordpiece->dict, piece);
}

struct wl_str wl_wordpiece_piece(const struct wl_wordpiece *wordpiece, uint32_t id)
{
    return id < wordpiece->dict.n_strings ? wl_dict_string(&wordpiece->dict, id)
                                          : (struct wl_str){0};
}

size_t wl_wordpiece_count(const struct wl_wordpiece *wordpiece)
{
    return wordpiece->dict.n_strings;
}
