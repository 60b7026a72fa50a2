/* Problem: join, in each word of the text, the neighbours whose union has the lowest number, until
 * no union is a token. Whether a run of bytes is a token is asked about twice per byte, so it must
 * be cheap: prefix hashes of the word make the hash of any run two multiplications, and one look
 * into a table of (tag, number) answers it; for two bytes it is a table of its own. Bytes are
 * compared once, when a part has become a token.
 *
 * Words are short (median 5 bytes; a Chinese clause 30 to 90), and most are a token themselves.
 * For short ones the lowest number is found by looking at all of them, which no queue beats; a heap
 * takes over beyond SCAN_BYTES_MAX, so that a hostile word of a megabyte costs a second, not a day.
 *
 * The splitting patterns are regular expressions; they are written in bpe_split.c as the few loops
 * they mean, over one table that says what each character is. */
#include "text/bpe.h"

#include "base/limits.h"
#include "text/bpe_split.h"

#include <assert.h>
#include <string.h>

#define SCAN_BYTES_MAX 256

// One word of memory, so that a question costs one line of the cache: the upper 44 bits of the hash
// and number + 1 of the token in the lower 20; 0: free.
typedef uint64_t bpe_slot;

#define SLOT_ID_BITS 20
static_assert(WL_VOCABULARY_MAX < (1 << SLOT_ID_BITS), "a slot holds every number + 1");

struct wl_bpe {
    const wl_alloc *alloc;
    enum wl_bpe_pattern pattern;
    struct wl_bpe_chars *chars;
    uint32_t *offsets; // (n + 1) where each token starts in bytes
    char *bytes;       // tokens end to end
    size_t n;
    bpe_slot *slots;  // (n_slots)
    size_t n_slots;   // power of two
    uint64_t *filter; // (n_slots / 8) bits by hash: most runs are no token, and this says so from
                      // the second-level cache
    uint32_t n_token_bytes_max;
    uint32_t byte_ids[256];
    uint64_t powers[SCAN_BYTES_MAX + 1]; // STEP^i
    uint32_t *byte_pairs; // (256 * 256) number of the token that two bytes make, or WL_BPE_NONE
};

// -- hashes of runs of bytes --

#define STEP UINT64_C(0x9e3779b97f4a7c15) // odd, so its powers have no short period

static uint64_t hash_of(struct wl_str bytes)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < bytes.n_bytes; i++) {
        hash = hash * STEP + (uint8_t)bytes.data[i] + 1;
    }
    return hash;
}

static inline uint64_t mix(uint64_t hash)
{
    hash ^= hash >> 29;
    hash *= UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 32;
}

struct wl_str wl_bpe_token(const struct wl_bpe *bpe, uint32_t id)
{
    if (id >= bpe->n) {
        return (struct wl_str){0};
    }
    return (struct wl_str){.data = bpe->bytes + bpe->offsets[id],
                           .n_bytes = bpe->offsets[id + 1] - bpe->offsets[id]};
}

// The slot of a hash: of the token that has it, or free. Another run of bytes can have a token's
// hash, by a chance of one in 10^12 for each question.
static bpe_slot *find_slot(const struct wl_bpe *bpe, uint64_t hash)
{
    uint64_t mixed = mix(hash);
    uint64_t tag = mixed >> SLOT_ID_BITS;
    size_t i = (size_t)mixed & (bpe->n_slots - 1);

    while (bpe->slots[i] != 0 && bpe->slots[i] >> SLOT_ID_BITS != tag) {
        i = (i + 1) & (bpe->n_slots - 1);
    }
    return &bpe->slots[i];
}

static inline size_t filter_bit(const struct wl_bpe *bpe, uint64_t hash)
{
    return (size_t)(mix(hash) >> 24) & (8 * bpe->n_slots - 1);
}

// Number of the token that probably has these bytes, or WL_BPE_NONE.
static inline uint32_t probable_id(const struct wl_bpe *bpe, uint64_t hash)
{
    if ((bpe->filter[filter_bit(bpe, hash) / 64] >> filter_bit(bpe, hash) % 64 & 1U) == 0) {
        return WL_BPE_NONE;
    }
    return (uint32_t)(*find_slot(bpe, hash) & ((1U << SLOT_ID_BITS) - 1)) - 1; // 0 - 1 is NONE
}

static bool is_token(const struct wl_bpe *bpe, uint32_t id, struct wl_str bytes)
{
    return id != WL_BPE_NONE && wl_str_equal(wl_bpe_token(bpe, id), bytes);
}

// -- opening --

static wl_status copy_tokens(struct wl_bpe *bpe, const struct wl_str *tokens, wl_error *error)
{
    uint64_t total = 0;

    for (size_t i = 0; i < bpe->n; i++) {
        total += tokens[i].n_bytes;
    }
    if (total > UINT32_MAX) {
        return wl_fail(error, WL_ELIMIT, "vocabulary of %llu bytes", (unsigned long long)total);
    }
    bpe->offsets = wl_alloc_array(bpe->alloc, bpe->n + 1, sizeof(*bpe->offsets));
    bpe->bytes = wl_alloc_array(bpe->alloc, (size_t)total + 1, 1);
    if (bpe->offsets == NULL || bpe->bytes == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary of %zu tokens", bpe->n);
    }
    bpe->offsets[0] = 0;
    for (size_t i = 0; i < bpe->n; i++) {
        uint32_t n_bytes = (uint32_t)tokens[i].n_bytes;
        if (n_bytes > 0) {
            memcpy(bpe->bytes + bpe->offsets[i], tokens[i].data, n_bytes);
        }
        bpe->offsets[i + 1] = bpe->offsets[i] + n_bytes;
        bpe->n_token_bytes_max =
            n_bytes > bpe->n_token_bytes_max ? n_bytes : bpe->n_token_bytes_max;
    }
    return WL_OK;
}

static wl_status fill_slots(struct wl_bpe *bpe, wl_error *error)
{
    for (uint32_t id = 0; id < bpe->n; id++) {
        struct wl_str token = wl_bpe_token(bpe, id);
        if (token.n_bytes == 0) {
            continue;
        }
        uint64_t hash = hash_of(token);
        bpe_slot *slot = find_slot(bpe, hash);
        if (*slot != 0) {
            return wl_fail(error, WL_EPARSE, "vocabulary: tokens %u and %u are the same",
                           probable_id(bpe, hash), id);
        }
        bpe->filter[filter_bit(bpe, hash) / 64] |= UINT64_C(1) << filter_bit(bpe, hash) % 64;
        *slot = mix(hash) >> SLOT_ID_BITS << SLOT_ID_BITS | (id + 1);
    }
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        bpe->byte_ids[byte] = wl_bpe_find(bpe, (struct wl_str){.data = &text, .n_bytes = 1});
        if (bpe->byte_ids[byte] == WL_BPE_NONE) {
            return wl_fail(error, WL_EPARSE, "vocabulary has no token for the byte 0x%02x", byte);
        }
    }
    return WL_OK;
}

// The first question about every word, asked once for all.
static wl_status fill_byte_pairs(struct wl_bpe *bpe, wl_error *error)
{
    bpe->byte_pairs = wl_alloc_array(bpe->alloc, 256 * 256, sizeof(*bpe->byte_pairs));
    if (bpe->byte_pairs == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary of %zu tokens", bpe->n);
    }
    for (int i = 0; i < 256 * 256; i++) {
        const char pair[2] = {(char)(i >> 8), (char)(i & 255)};
        bpe->byte_pairs[i] = wl_bpe_find(bpe, (struct wl_str){.data = pair, .n_bytes = 2});
    }
    return WL_OK;
}

wl_status wl_bpe_new(const wl_alloc *alloc, const struct wl_str *tokens, size_t n,
                     enum wl_bpe_pattern pattern, struct wl_bpe **out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_bpe *bpe = NULL;

    *out = NULL;
    if (n > WL_VOCABULARY_MAX) {
        return wl_fail(error, WL_ELIMIT, "vocabulary of %zu tokens, at most %d", n,
                       WL_VOCABULARY_MAX);
    }
    bpe = wl_alloc_zeroed(alloc, 1, sizeof(*bpe));
    if (bpe == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
    }
    bpe->alloc = alloc;
    bpe->pattern = pattern;
    bpe->n = n;
    for (bpe->n_slots = 512; bpe->n_slots < 2 * n; bpe->n_slots *= 2) {
    }
    bpe->slots = wl_alloc_aligned(alloc, bpe->n_slots, sizeof(*bpe->slots));
    bpe->filter = wl_alloc_aligned(alloc, bpe->n_slots / 8, sizeof(*bpe->filter));
    if (bpe->slots == NULL || bpe->filter == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a vocabulary of %zu tokens", n);
        goto done;
    }
    bpe->powers[0] = 1;
    for (size_t i = 0; i < SCAN_BYTES_MAX; i++) {
        bpe->powers[i + 1] = bpe->powers[i] * STEP;
    }
    WL_GO(wl_bpe_chars_new(alloc, &bpe->chars, error));
    WL_GO(copy_tokens(bpe, tokens, error));
    WL_GO(fill_slots(bpe, error));
    WL_GO(fill_byte_pairs(bpe, error));
    *out = bpe;
    bpe = NULL;
done:
    wl_bpe_free(bpe);
    return status;
}

void wl_bpe_free(struct wl_bpe *bpe)
{
    if (bpe == NULL) {
        return;
    }
    wl_bpe_chars_free(bpe->chars);
    wl_alloc_free(bpe->alloc, bpe->offsets);
    wl_alloc_free(bpe->alloc, bpe->bytes);
    wl_alloc_aligned_free(bpe->alloc, bpe->slots);
    wl_alloc_aligned_free(bpe->alloc, bpe->filter);
    wl_alloc_free(bpe->alloc, bpe->byte_pairs);
    wl_alloc_free(bpe->alloc, bpe);
}

uint32_t wl_bpe_find(const struct wl_bpe *bpe, struct wl_str bytes)
{
    uint32_t id = probable_id(bpe, hash_of(bytes));
    return is_token(bpe, id, bytes) ? id : WL_BPE_NONE;
}

size_t wl_bpe_count(const struct wl_bpe *bpe)
{
    return bpe->n;
}

// -- joining --

// A word being joined: parts in order, as a list over byte positions.
struct join {
    const struct wl_bpe *bpe;
    struct wl_str word;
    uint64_t *prefix; // (n_bytes + 1) hash of the first i bytes
    uint64_t *powers; // (n_bytes + 1) STEP^i
    uint32_t *next;   // (n_bytes + 1) start of the part behind the one that starts at i
    uint32_t *before; // (n_bytes + 1) start of the part in front
    uint32_t *rank;   // (n_bytes) number of the token that this part and the next make, or NONE
};

static uint32_t rank_of(const struct join *join, uint32_t begin, uint32_t end)
{
    if (end - begin > join->bpe->n_token_bytes_max) {
        return WL_BPE_NONE;
    }
    return probable_id(join->bpe,
                       join->prefix[end] - join->prefix[begin] * join->powers[end - begin]);
}

// The number that the part at i and its neighbour make.
static uint32_t pair_rank(const struct join *join, uint32_t i)
{
    uint32_t next = join->next[i];
    return next == join->word.n_bytes ? WL_BPE_NONE : rank_of(join, i, join->next[next]);
}

static void join_begin(struct join *join)
{
    uint32_t n = (uint32_t)join->word.n_bytes;

    join->prefix[0] = 0;
    join->powers[0] = 1;
    for (uint32_t i = 0; i < n; i++) {
        join->prefix[i + 1] = join->prefix[i] * STEP + (uint8_t)join->word.data[i] + 1;
        join->powers[i + 1] = join->powers[i] * STEP;
        join->next[i] = i + 1;
        join->before[i + 1] = i;
    }
    join->next[n] = n;
    join->rank[n - 1] = WL_BPE_NONE;
    for (uint32_t i = 0; i + 1 < n; i++) {
        uint8_t byte = (uint8_t)join->word.data[i];
        join->rank[i] = join->bpe->byte_pairs[byte << 8 | (uint8_t)join->word.data[i + 1]];
    }
}

// Joins the part at i with the next one; ranks of the pair and of the one in front are new.
static void join_at(struct join *join, uint32_t i)
{
    uint32_t gone = join->next[i];
    uint32_t next = join->next[gone];

    join->next[i] = next;
    join->before[next] = i;
    join->rank[gone] = WL_BPE_NONE;
    join->rank[i] = pair_rank(join, i);
    if (i > 0) {
        join->rank[join->before[i]] = pair_rank(join, join->before[i]);
    }
}

// Heap of rank << 32 | position, lowest first. Entries go stale; the rank tells.
struct heap {
    uint64_t *items; // (capacity)
    size_t n;
};

static void heap_push(struct heap *heap, uint64_t item)
{
    size_t i = heap->n++;

    while (i > 0 && heap->items[(i - 1) / 2] > item) {
        heap->items[i] = heap->items[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->items[i] = item;
}

static uint64_t heap_pop(struct heap *heap)
{
    uint64_t top = heap->items[0];
    uint64_t last = heap->items[--heap->n];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= heap->n) {
            break;
        }
        child += child + 1 < heap->n && heap->items[child + 1] < heap->items[child];
        if (heap->items[child] >= last) {
            break;
        }
        heap->items[i] = heap->items[child];
        i = child;
    }
    heap->items[i] = last;
    return top;
}

static void heap_offer(struct heap *heap, const struct join *join, uint32_t i)
{
    if (join->rank[i] != WL_BPE_NONE) {
        heap_push(heap, (uint64_t)join->rank[i] << 32 | i);
    }
}

// Each join makes at most two offers, so 3 n items are enough.
static void join_by_heap(struct join *join, struct heap *heap)
{
    for (uint32_t i = 0; i < join->word.n_bytes; i++) {
        heap_offer(heap, join, i);
    }
    while (heap->n > 0) {
        uint64_t item = heap_pop(heap);
        uint32_t i = (uint32_t)item;
        if (join->rank[i] != (uint32_t)(item >> 32)) {
            continue;
        }
        join_at(join, i);
        heap_offer(heap, join, i);
        if (i > 0) {
            heap_offer(heap, join, join->before[i]);
        }
    }
}

// A part becomes its token. What only has a token's hash becomes bytes, so that the text comes back
// whatever happens.
static void add_part(const struct wl_bpe *bpe, struct wl_str part, uint32_t id, struct wl_ids *ids)
{
    if (is_token(bpe, id, part)) {
        ids->items[ids->n++] = id;
        return;
    }
    for (size_t i = 0; i < part.n_bytes; i++) {
        ids->items[ids->n++] = bpe->byte_ids[(uint8_t)part.data[i]];
    }
}

static void add_parts(const struct join *join, struct wl_ids *ids)
{
    for (uint32_t i = 0; i < join->word.n_bytes; i = join->next[i]) {
        struct wl_str part = {.data = join->word.data + i, .n_bytes = join->next[i] - i};
        uint32_t id = part.n_bytes == 1 ? join->bpe->byte_ids[(uint8_t)part.data[0]]
                                        : rank_of(join, i, join->next[i]);
        add_part(join->bpe, part, id, ids);
    }
}

// A short word: its parts stand side by side, so that looking at all of them is quick.
struct parts {
    uint64_t prefix[SCAN_BYTES_MAX + 1]; // hash of the first i bytes
    uint32_t begin[SCAN_BYTES_MAX + 2];  // of each part; behind the last the word's end
    uint32_t id[SCAN_BYTES_MAX];         // token of each part
    int32_t rank[SCAN_BYTES_MAX + 1];    // token that a part and the next make, or NO_RANK
    size_t n;
};

#define NO_RANK INT32_MAX

static int32_t rank_at(const struct wl_bpe *bpe, const struct parts *p, size_t i)
{
    if (i + 1 >= p->n) {
        return NO_RANK;
    }
    uint32_t begin = p->begin[i];
    uint32_t end = p->begin[i + 2];
    if (end - begin > bpe->n_token_bytes_max) {
        return NO_RANK;
    }
    uint32_t id = probable_id(bpe, p->prefix[end] - p->prefix[begin] * bpe->powers[end - begin]);
    return id == WL_BPE_NONE ? NO_RANK : (int32_t)id;
}

static void parts_begin(const struct wl_bpe *bpe, struct wl_str word, struct parts *p)
{
    const uint8_t *bytes = (const uint8_t *)word.data;

    p->n = word.n_bytes;
    p->prefix[0] = 0;
    for (uint32_t i = 0; i < p->n; i++) {
        p->prefix[i + 1] = p->prefix[i] * STEP + bytes[i] + 1;
        p->begin[i] = i;
        p->id[i] = bpe->byte_ids[bytes[i]];
        uint32_t pair = i + 1 < p->n ? bpe->byte_pairs[bytes[i] << 8 | bytes[i + 1]] : WL_BPE_NONE;
        p->rank[i] = pair == WL_BPE_NONE ? NO_RANK : (int32_t)pair;
    }
    p->begin[p->n] = (uint32_t)p->n;
}

// Joins part i with the next one.
static void parts_join(const struct wl_bpe *bpe, struct parts *p, size_t i)
{
    size_t n_behind = p->n - i - 2;

    p->id[i] = (uint32_t)p->rank[i];
    memmove(p->begin + i + 1, p->begin + i + 2, (n_behind + 1) * sizeof(*p->begin));
    memmove(p->id + i + 1, p->id + i + 2, n_behind * sizeof(*p->id));
    memmove(p->rank + i + 1, p->rank + i + 2, n_behind * sizeof(*p->rank));
    p->n--;
    p->rank[i] = rank_at(bpe, p, i);
    if (i > 0) {
        p->rank[i - 1] = rank_at(bpe, p, i - 1);
    }
}

static int32_t lowest(const int32_t *rank, size_t n)
{
    int32_t best = NO_RANK;
    for (size_t i = 0; i < n; i++) {
        best = rank[i] < best ? rank[i] : best;
    }
    return best;
}

static void encode_short(const struct wl_bpe *bpe, struct wl_str word, struct wl_ids *ids)
{
    struct parts p; // 6 KiB; filled as far as the word goes

    parts_begin(bpe, word, &p);
    for (int32_t best = lowest(p.rank, p.n); best != NO_RANK; best = lowest(p.rank, p.n)) {
        size_t i = 0;
        while (p.rank[i] != best) {
            i++;
        }
        parts_join(bpe, &p, i);
    }
    for (size_t i = 0; i < p.n; i++) {
        struct wl_str part = {.data = word.data + p.begin[i],
                              .n_bytes = p.begin[i + 1] - p.begin[i]};
        add_part(bpe, part, p.id[i], ids);
    }
}

static wl_status encode_long(const struct wl_bpe *bpe, struct wl_str word, struct wl_ids *ids,
                             wl_error *error)
{
    size_t n = word.n_bytes + 1;
    uint64_t *wide = wl_alloc_array(bpe->alloc, n, 5 * sizeof(*wide));
    uint32_t *narrow = wl_alloc_array(bpe->alloc, n, 3 * sizeof(*narrow));
    wl_status status = WL_OK;

    if (wide == NULL || narrow == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a word of %zu bytes", word.n_bytes);
        goto done;
    }
    struct join join = {.bpe = bpe,
                        .word = word,
                        .prefix = wide,
                        .powers = wide + n,
                        .next = narrow,
                        .before = narrow + n,
                        .rank = narrow + 2 * n};
    struct heap heap = {.items = wide + 2 * n};

    join_begin(&join);
    join_by_heap(&join, &heap);
    add_parts(&join, ids);
done:
    wl_alloc_free(bpe->alloc, wide);
    wl_alloc_free(bpe->alloc, narrow);
    return status;
}

wl_status wl_bpe_encode(const struct wl_bpe *bpe, struct wl_str text, struct wl_ids *ids,
                        wl_error *error)
{
    size_t n_before = ids->n;

    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "text of %zu bytes, at most %zu", text.n_bytes,
                       (size_t)WL_LINE_BYTES_MAX);
    }
    WL_TRY(wl_ids_reserve(ids, ids->n + text.n_bytes, error));
    for (size_t begin = 0; begin < text.n_bytes;) {
        size_t end = wl_bpe_split(bpe->chars, bpe->pattern, text, begin);
        struct wl_str word = {.data = text.data + begin, .n_bytes = end - begin};
        uint32_t id = wl_bpe_find(bpe, word);

        if (id != WL_BPE_NONE) {
            ids->items[ids->n++] = id;
        } else if (word.n_bytes <= SCAN_BYTES_MAX) {
            encode_short(bpe, word, ids);
        } else {
            wl_status status = encode_long(bpe, word, ids, error);
            if (status != WL_OK) {
                ids->n = n_before;
                return status;
            }
        }
        begin = end;
    }
    return WL_OK;
}

void wl_bpe_decode(const struct wl_bpe *bpe, const uint32_t *ids, size_t n, struct wl_buf *text)
{
    for (size_t i = 0; i < n; i++) {
        wl_buf_str(text, wl_bpe_token(bpe, ids[i]));
    }
}
