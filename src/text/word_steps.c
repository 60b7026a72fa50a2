/* Cutting asks at every character which words begin there, and what that costs is memory: bytes in
 * cells of twelve bytes are three to six loads a character, all over 14 MB. Here a character is one
 * load out of 8 MB, and neither the load nor what is made of it waits for a branch.
 *
 * All is read off the cells: a cell that the last byte of a character leads to knows its parents.
 * The steps are grouped by the cell they come from; then each such cell gets a base, the cells with
 * most steps first, 64 bases looked at in one go. Words of jieba have 498,000 steps and 5,087
 * different frequencies. */
#include "text/word_steps.h"

#define LABELS    ((size_t)1 << WL_STEP_LABEL_BITS)
#define WORD_BITS 64
#define WINDOW    4 /* words of bits looked at again behind the last place found */

/* A step of a character between two cells. */
struct link {
    uint32_t from;
    uint32_t to;
    uint32_t label; /* number of its character, until labels are given */
};

struct making {
    const struct wl_alloc *alloc;
    const struct wl_word_dict *dict;
    struct wl_word_steps *steps;
    struct link *links; /* (n_links) in the order of from once grouped */
    size_t n_links;
    uint32_t *begin;                   /* (n_cells + 1) where the links of a cell begin */
    uint32_t *base;                    /* (n_cells) 0: nothing goes on from there */
    uint64_t *used_slots, *used_bases; /* (n_words) bits */
    size_t n_words;
    uint32_t *weight_of; /* (n_hashed) by hash of the frequency: number of its weight, 0: free */
    size_t n_hashed;
};

/* -- the steps that cells make -- */

// The byte that leads to a cell, and its parent; 0 when it has none.
static uint32_t byte_to(const struct wl_word_cells *cells, uint32_t cell, uint32_t *parent)
{
    *parent = cells->items[cell].parent;
    if (cell == 0 || *parent >= cells->n) {
        return 0;
    }
    uint32_t byte = cell - cells->items[*parent].base;
    return byte < 256 ? byte : 0;
}

// The character whose last byte leads to a cell; 0 when there is no such one.
static struct link link_to(const struct wl_word_cells *cells, uint32_t cell)
{
    struct link link = {.to = cell};
    uint32_t low = byte_to(cells, cell, &link.from);

    if (low < 0x80) {
        link.label = low;
        return link;
    }
    uint32_t middle = low < 0xC0 ? byte_to(cells, link.from, &link.from) : 0;
    uint32_t high = middle >= 0x80 && middle < 0xC0 ? byte_to(cells, link.from, &link.from) : 0;
    uint32_t code = (high & 0x0FU) << 12 | (middle & 0x3FU) << 6 | (low & 0x3FU);
    if (high >= 0xE0 && high < 0xF0 && code >= WL_HAN_FIRST && code <= WL_HAN_LAST) {
        link.label = code - WL_HAN_FIRST + 128U;
    }
    return link;
}

// All links, grouped by where they come from: counted, then put in their places.
static wl_status find_links(struct making *making, wl_error *error)
{
    const struct wl_word_cells *cells = &making->dict->cells;
    struct link *found = wl_alloc_array(making->alloc, cells->n, sizeof(*found));

    making->begin = wl_alloc_zeroed(making->alloc, cells->n + 1, sizeof(*making->begin));
    making->base = wl_alloc_zeroed(making->alloc, cells->n, sizeof(*making->base));
    making->links = wl_alloc_array(making->alloc, cells->n, sizeof(*making->links));
    if (found == NULL || making->begin == NULL || making->base == NULL || making->links == NULL) {
        wl_alloc_free(making->alloc, found);
        return wl_fail(error, WL_ENOMEM, "no memory for the steps of %zu cells", cells->n);
    }
    for (uint32_t cell = 1; cell < cells->n; cell++) {
        found[making->n_links] = link_to(cells, cell);
        if (found[making->n_links].label != 0) {
            making->begin[found[making->n_links++].from]++;
        }
    }
    for (size_t cell = 1; cell <= cells->n; cell++) {
        making->begin[cell] += making->begin[cell - 1];
    }
    for (size_t i = making->n_links; i-- > 0;) {
        making->links[--making->begin[found[i].from]] = found[i];
    }
    wl_alloc_free(making->alloc, found);
    return WL_OK;
}

/* -- labels -- */

// Labels by the number of steps that characters have, most first: what is met often is then near.
static wl_status give_labels(struct making *making, wl_error *error)
{
    uint32_t *n_of = wl_alloc_zeroed(making->alloc, WL_STEP_CHARACTERS, sizeof(*n_of));
    uint32_t *n_above = wl_alloc_zeroed(making->alloc, LABELS + 1, sizeof(*n_above));
    wl_status status = WL_OK;

    making->steps->labels = wl_alloc_zeroed(making->alloc, WL_STEP_CHARACTERS, sizeof(uint16_t));
    if (n_of == NULL || n_above == NULL || making->steps->labels == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the labels of characters");
        goto done;
    }
    for (size_t i = 0; i < making->n_links; i++) {
        n_of[making->links[i].label] += n_of[making->links[i].label] < LABELS - 1;
    }
    for (size_t i = 0; i < WL_STEP_CHARACTERS; i++) {
        n_above[n_of[i]]++;
    }
    for (size_t n = LABELS; n-- > 0;) {
        n_above[n] += n_above[n + 1];
    }
    for (size_t i = WL_STEP_CHARACTERS; i-- > 0;) {
        making->steps->labels[i] = (uint16_t)n_above[n_of[i]]--;
    }
    for (size_t i = 0; i < making->n_links; i++) {
        making->links[i].label = making->steps->labels[making->links[i].label];
    }
done:
    wl_alloc_free(making->alloc, n_of);
    wl_alloc_free(making->alloc, n_above);
    return status;
}

/* -- bases -- */

// 64 bits from a place on.
static uint64_t bits_from(const uint64_t *bits, size_t at)
{
    size_t shift = at % WORD_BITS;
    uint64_t low = bits[at / WORD_BITS] >> shift;
    return shift == 0 ? low : low | bits[at / WORD_BITS + 1] << (WORD_BITS - shift);
}

static void set_bit(uint64_t *bits, size_t at)
{
    bits[at / WORD_BITS] |= UINT64_C(1) << at % WORD_BITS;
}

static void take_base(struct making *making, size_t cell, size_t base)
{
    making->base[cell] = (uint32_t)base;
    set_bit(making->used_bases, base);
    for (size_t i = making->begin[cell]; i < making->begin[cell + 1]; i++) {
        set_bit(making->used_slots, base + making->links[i].label);
    }
}

// The first base for a cell from word w of the bits on; 0 when there is none.
static size_t find_base(const struct making *making, size_t cell, size_t w)
{
    for (; (w + 1) * WORD_BITS + LABELS < making->n_words * WORD_BITS; w++) {
        uint64_t taken = making->used_bases[w];
        for (size_t i = making->begin[cell]; i < making->begin[cell + 1] && ~taken != 0; i++) {
            taken |= bits_from(making->used_slots, w * WORD_BITS + making->links[i].label);
        }
        if (~taken != 0) {
            return w * WORD_BITS + (size_t)__builtin_ctzll(~taken);
        }
    }
    return 0;
}

// Bases of the cells with n_min to n_max steps.
static wl_status place(struct making *making, size_t n_min, size_t n_max, wl_error *error)
{
    size_t w = 0;

    for (size_t cell = 1; cell < making->dict->cells.n; cell++) {
        size_t n = making->begin[cell + 1] - making->begin[cell];
        if (n < n_min || n > n_max) {
            continue;
        }
        size_t base = find_base(making, cell, w);
        if (base == 0 || base >> WL_STEP_BASE_BITS != 0) {
            return wl_fail(error, WL_ELIMIT, "the steps of words do not fit into %zu slots",
                           making->n_words * WORD_BITS);
        }
        take_base(making, cell, base);
        w = base / WORD_BITS > w + WINDOW ? base / WORD_BITS - WINDOW : w;
    }
    return WL_OK;
}

static wl_status place_all(struct making *making, wl_error *error)
{
    // Three times the links was the most ever needed; labels reach that far behind a base.
    making->n_words = (8 * making->n_links + 2 * LABELS) / WORD_BITS + 2;
    making->used_slots = wl_alloc_zeroed(making->alloc, making->n_words, sizeof(uint64_t));
    making->used_bases = wl_alloc_zeroed(making->alloc, making->n_words, sizeof(uint64_t));
    if (making->used_slots == NULL || making->used_bases == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the steps of words");
    }
    set_bit(making->used_slots, 0); // of no step
    take_base(making, 0, 0);
    for (size_t n_max = LABELS; n_max > 0; n_max /= 8) {
        WL_TRY(place(making, n_max / 8 + 1, n_max, error));
    }
    return WL_OK;
}

/* -- weights -- */

// Number of a frequency's weight; 0 for frequency 0.
static wl_status find_weight(struct making *making, uint32_t word, uint64_t *number,
                             wl_error *error)
{
    struct wl_word_steps *steps = making->steps;
    double weight = making->dict->weight[word];
    uint32_t frequency = making->dict->frequency[word];
    // Fibonacci hashing, Knuth volume 3, 6.4
    size_t at = (size_t)(frequency * UINT64_C(0x9e3779b97f4a7c15) >> 32);

    *number = 0;
    if (frequency == 0) {
        return WL_OK;
    }
    for (;; at++) {
        uint32_t *known = &making->weight_of[at &= making->n_hashed - 1];
        if (*known == 0 && steps->n_weights >> WL_STEP_WEIGHT_BITS != 0) {
            return wl_fail(error, WL_ELIMIT, "words of more than %zu frequencies",
                           steps->n_weights);
        }
        if (*known == 0) {
            *known = (uint32_t)steps->n_weights;
            steps->weights[steps->n_weights++] = weight;
        }
        if (steps->weights[*known] == weight) {
            *number = *known;
            return WL_OK;
        }
    }
}

static wl_status fill(struct making *making, wl_error *error)
{
    struct wl_word_steps *steps = making->steps;
    size_t base_max = 0;

    for (size_t cell = 0; cell < making->dict->cells.n; cell++) {
        base_max = making->base[cell] > base_max ? making->base[cell] : base_max;
    }
    making->n_hashed = 2;
    while (making->n_hashed / 2 <= making->dict->n_words) {
        making->n_hashed *= 2;
    }
    steps->n_slots = base_max + LABELS;
    steps->slots = wl_alloc_zeroed(making->alloc, steps->n_slots, sizeof(*steps->slots));
    steps->weights = wl_alloc_array(making->alloc, making->dict->n_words + 1, sizeof(double));
    making->weight_of = wl_alloc_zeroed(making->alloc, making->n_hashed, sizeof(uint32_t));
    if (steps->slots == NULL || steps->weights == NULL || making->weight_of == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the steps of words");
    }
    steps->weights[steps->n_weights++] = -(double)INFINITY;
    for (size_t i = 0; i < making->n_links; i++) {
        struct link link = making->links[i];
        uint64_t weight;
        WL_TRY(find_weight(making, making->dict->cells.items[link.to].word, &weight, error));
        steps->slots[making->base[link.from] + link.label] =
            ((uint64_t)making->base[link.to] << WL_STEP_WEIGHT_BITS | weight)
                << WL_STEP_LABEL_BITS |
            link.label;
    }
    return WL_OK;
}

/* -- life -- */

wl_status wl_word_steps_make(const wl_alloc *alloc, const struct wl_word_dict *dict,
                             struct wl_word_steps *steps, wl_error *error)
{
    struct making making = {.alloc = alloc, .dict = dict, .steps = steps};
    wl_status status;

    *steps = (struct wl_word_steps){0};
    WL_GO(find_links(&making, error));
    WL_GO(give_labels(&making, error));
    WL_GO(place_all(&making, error));
    WL_GO(fill(&making, error));
done:
    wl_alloc_free(alloc, making.links);
    wl_alloc_free(alloc, making.begin);
    wl_alloc_free(alloc, making.base);
    wl_alloc_free(alloc, making.used_slots);
    wl_alloc_free(alloc, making.used_bases);
    wl_alloc_free(alloc, making.weight_of);
    if (status != WL_OK) {
        wl_word_steps_release(alloc, steps);
    }
    return status;
}

void wl_word_steps_release(const wl_alloc *alloc, struct wl_word_steps *steps)
{
    wl_alloc_free(alloc, steps->slots);
    wl_alloc_free(alloc, steps->labels);
    wl_alloc_free(alloc, steps->weights);
    *steps = (struct wl_word_steps){0};
}
