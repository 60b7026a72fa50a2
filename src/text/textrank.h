/* TextRank: words that stand near many words that matter, matter. */
#ifndef WL_TEXT_TEXTRANK_H
#define WL_TEXT_TEXTRANK_H
#include "base/alloc.h"

#include <stdint.h>

#define WL_RANK_NONE   UINT32_MAX /* a place whose word does not take part */
#define WL_RANK_WINDOW 5          /* words that are near each other: this one and four more */

struct wl_rank_edge;

/* What ranking needs; reused from text to text. */
struct wl_rank {
    const wl_alloc *alloc;
    struct wl_rank_edge *edges; /* (n_edges) in order of first sight */
    size_t n_edges;
    size_t edges_capacity;
    uint32_t *slots; /* (n_slots) edge + 1, 0: free; a power of two */
    size_t n_slots;
    uint32_t *ends; /* edge ends by node */
    size_t ends_capacity;
    uint32_t *begin; /* (n_words + 1) first of a word's ends */
    size_t begin_capacity;
    double *sum; /* (n_words) weights of a word's edges */
    size_t sum_capacity;
};

/* wl_rank_init - empty; takes no memory yet. wl_rank_release - give it back; zeroed is fine. */
void wl_rank_init(struct wl_rank *rank, const wl_alloc *alloc);
void wl_rank_release(struct wl_rank *rank);

/* wl_rank_words - the weight of each word of a sequence.
 *   places   (in)  (n_places) word at each place, or WL_RANK_NONE: it counts for distance alone.
 *   order    (in)  (n_words) the words as they are to be updated: jieba takes them sorted by text.
 *   weights  (out) (n_words) 1 for the best, above 0; 0 for a word without neighbours.
 * Cost:    O(places * window + 10 * edges); no allocation once grown to the longest sequence.
 * Errors:  WL_ELIMIT  more than 2^31 edges.  WL_ENOMEM.
 * Source:  Mihalcea & Tarau 2004, "TextRank: bringing order into texts"; damping 0.85, ten rounds,
 *          a new weight used at once, and weights divided by the best as jieba 0.42.1 does. */
WL_MUST_CHECK wl_status wl_rank_words(struct wl_rank *rank, const uint32_t *places, size_t n_places,
                                      const uint32_t *order, size_t n_words, double *weights,
                                      wl_error *error);

/* wl_rank_sight - when a word with neighbours was first seen beside another: jieba lists words of
 * equal weight in this order. For the last ranking, which gave it a weight above 0. */
uint32_t wl_rank_sight(const struct wl_rank *rank, uint32_t word);

#endif
