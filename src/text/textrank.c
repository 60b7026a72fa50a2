/* Edges are counted in a hash table in order of first sight, then laid out by word in that order,
 * because sums are to be those of jieba to the last bit: an edge between two words is listed at
 * both, one from a word to itself twice; (a, b) and (b, a) are two edges. */
#include "text/textrank.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ROUNDS      10
#define DAMPING     0.85
#define SLOTS_MIN   ((size_t)64)
#define N_EDGES_MAX ((size_t)1 << 31)

struct wl_rank_edge {
    uint32_t from;
    uint32_t to;
    uint32_t count;
};

void wl_rank_init(struct wl_rank *rank, const wl_alloc *alloc)
{
    *rank = (struct wl_rank){.alloc = alloc};
}

void wl_rank_release(struct wl_rank *rank)
{
    if (rank->alloc != NULL) {
        wl_alloc_free(rank->alloc, rank->edges);
        wl_alloc_free(rank->alloc, rank->slots);
        wl_alloc_free(rank->alloc, rank->ends);
        wl_alloc_free(rank->alloc, rank->begin);
        wl_alloc_free(rank->alloc, rank->sum);
        wl_rank_init(rank, rank->alloc);
    }
}

/* -- edges -- */

// The slot of an edge, or the free one where it would go.
static size_t find_slot(const struct wl_rank *rank, uint32_t from, uint32_t to)
{
    uint64_t key = ((uint64_t)from << 32 | to) * UINT64_C(0x9e3779b97f4a7c15);
    size_t mask = rank->n_slots - 1;
    size_t slot = (size_t)(key >> 29) & mask;

    while (rank->slots[slot] != 0) {
        const struct wl_rank_edge *edge = &rank->edges[rank->slots[slot] - 1];
        if (edge->from == from && edge->to == to) {
            return slot;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

static wl_status grow_slots(struct wl_rank *rank, wl_error *error)
{
    size_t n_slots = rank->n_slots == 0 ? SLOTS_MIN : 2 * rank->n_slots;
    uint32_t *slots = wl_alloc_zeroed(rank->alloc, n_slots, sizeof(*slots));

    if (slots == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu edges between words", n_slots);
    }
    wl_alloc_free(rank->alloc, rank->slots);
    rank->slots = slots;
    rank->n_slots = n_slots;
    for (size_t i = 0; i < rank->n_edges; i++) {
        slots[find_slot(rank, rank->edges[i].from, rank->edges[i].to)] = (uint32_t)i + 1;
    }
    return WL_OK;
}

static wl_status add_edge(struct wl_rank *rank, uint32_t from, uint32_t to, wl_error *error)
{
    if (rank->n_edges * 10 >= rank->n_slots * 7) {
        WL_TRY(grow_slots(rank, error));
    }
    size_t slot = find_slot(rank, from, to);
    if (rank->slots[slot] != 0) {
        rank->edges[rank->slots[slot] - 1].count++;
        return WL_OK;
    }
    if (rank->n_edges >= N_EDGES_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %zu edges between words", N_EDGES_MAX);
    }
    WL_TRY(WL_GROW(rank->alloc, rank->edges, rank->edges_capacity, rank->n_edges + 1, error));
    rank->edges[rank->n_edges++] = (struct wl_rank_edge){.from = from, .to = to, .count = 1};
    rank->slots[slot] = (uint32_t)rank->n_edges;
    return WL_OK;
}

// A table that one long text made big is not wiped whole for each short one behind it.
static void forget_edges(struct wl_rank *rank)
{
    if (rank->n_edges * 8 > rank->n_slots) {
        memset(rank->slots, 0, rank->n_slots * sizeof(*rank->slots));
    } else {
        for (size_t i = rank->n_edges; i-- > 0;) { // backwards, so that no chain is cut in front
            rank->slots[find_slot(rank, rank->edges[i].from, rank->edges[i].to)] = 0;
        }
    }
    rank->n_edges = 0;
}

static wl_status find_edges(struct wl_rank *rank, const uint32_t *places, size_t n_places,
                            wl_error *error)
{
    for (size_t i = 0; i < n_places; i++) {
        size_t end = n_places - i > WL_RANK_WINDOW ? i + WL_RANK_WINDOW : n_places;
        for (size_t j = i + 1; places[i] != WL_RANK_NONE && j < end; j++) {
            if (places[j] != WL_RANK_NONE) {
                WL_TRY(add_edge(rank, places[i], places[j], error));
            }
        }
    }
    return WL_OK;
}

/* -- ranking -- */

// Edges by word, each at both of its ends, in their order.
static wl_status lay_out(struct wl_rank *rank, size_t n_words, wl_error *error)
{
    WL_TRY(WL_GROW(rank->alloc, rank->begin, rank->begin_capacity, n_words + 2, error));
    WL_TRY(WL_GROW(rank->alloc, rank->sum, rank->sum_capacity, n_words + 1, error));
    WL_TRY(WL_GROW(rank->alloc, rank->ends, rank->ends_capacity, 2 * rank->n_edges + 1, error));
    memset(rank->begin, 0, (n_words + 2) * sizeof(*rank->begin));
    memset(rank->sum, 0, n_words * sizeof(*rank->sum));
    for (size_t i = 0; i < rank->n_edges; i++) {
        const struct wl_rank_edge *edge = &rank->edges[i];
        rank->begin[edge->from + 2]++;
        rank->begin[edge->to + 2]++;
        rank->sum[edge->from] += edge->count; // whole numbers: exact in any order
        rank->sum[edge->to] += edge->count;
    }
    for (size_t i = 2; i < n_words + 2; i++) {
        rank->begin[i] += rank->begin[i - 1];
    }
    for (size_t i = 0; i < rank->n_edges; i++) { // begin[w + 1] runs from w's first end to its last
        rank->ends[rank->begin[rank->edges[i].from + 1]++] = (uint32_t)i;
        rank->ends[rank->begin[rank->edges[i].to + 1]++] = (uint32_t)i;
    }
    return WL_OK;
}

static double gather(const struct wl_rank *rank, uint32_t word, const double *weights)
{
    double sum = 0.0;

    for (size_t i = rank->begin[word]; i < rank->begin[word + 1]; i++) {
        const struct wl_rank_edge *edge = &rank->edges[rank->ends[i]];
        uint32_t other = edge->from == word ? edge->to : edge->from;
        sum += (double)edge->count / rank->sum[other] * weights[other];
    }
    return sum;
}

static bool has_edges(const struct wl_rank *rank, size_t word)
{
    return rank->begin[word + 1] > rank->begin[word];
}

static void iterate(const struct wl_rank *rank, const uint32_t *order, size_t n_words,
                    double *weights)
{
    size_t n_nodes = 0;

    for (size_t i = 0; i < n_words; i++) {
        n_nodes += has_edges(rank, i);
    }
    for (size_t i = 0; i < n_words; i++) {
        weights[i] = has_edges(rank, i) ? 1.0 / (double)n_nodes : 0.0;
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n_words; i++) {
            if (has_edges(rank, order[i])) {
                weights[order[i]] = (1 - DAMPING) + DAMPING * gather(rank, order[i], weights);
            }
        }
    }
}

static void scale(const struct wl_rank *rank, size_t n_words, double *weights)
{
    double low = DBL_MAX;
    double high = DBL_MIN;

    for (size_t i = 0; i < n_words; i++) {
        if (has_edges(rank, i)) {
            low = fmin(low, weights[i]);
            high = fmax(high, weights[i]);
        }
    }
    for (size_t i = 0; i < n_words; i++) {
        if (has_edges(rank, i)) {
            weights[i] = (weights[i] - low / 10.0) / (high - low / 10.0);
        }
    }
}

wl_status wl_rank_words(struct wl_rank *rank, const uint32_t *places, size_t n_places,
                        const uint32_t *order, size_t n_words, double *weights, wl_error *error)
{
    wl_status status = find_edges(rank, places, n_places, error);

    if (status == WL_OK) {
        status = lay_out(rank, n_words, error);
    }
    if (status == WL_OK) {
        iterate(rank, order, n_words, weights);
        scale(rank, n_words, weights);
    }
    forget_edges(rank);
    return status;
}

uint32_t wl_rank_sight(const struct wl_rank *rank, uint32_t word)
{
    uint32_t edge = rank->ends[rank->begin[word]];

    return 2 * edge + (rank->edges[edge].from != word);
}
