/* Drawing looks at few tokens: those kept by top k and top p come off a heap, best first, so that a
 * vocabulary of 50,000 is gone through once and not sorted. Sums of probabilities are in double. */
#include "nn/generate_scores.h"

#include <math.h>
#include <string.h>

// -- whole rows --

static float highest(const float *scores, size_t n)
{
    float best = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        best = scores[i] > best ? scores[i] : best;
    }
    return best;
}

void wl_scores_log_softmax(float *scores, size_t n)
{
    double best = (double)highest(scores, n);
    double total = 0.0;

    for (size_t i = 0; i < n; i++) {
        total += exp((double)scores[i] - best);
    }
    double shift = best + log(total);
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)((double)scores[i] - shift);
    }
}

void wl_scores_repeat(float *scores, const int32_t *tokens, size_t n_tokens, double penalty,
                      bool *seen)
{
    float factor = (float)penalty;

    for (size_t i = 0; i < n_tokens; i++) {
        float *score = &scores[tokens[i]];
        if (!seen[tokens[i]]) {
            seen[tokens[i]] = true;
            *score = *score < 0.0F ? *score * factor : *score / factor;
        }
    }
    for (size_t i = 0; i < n_tokens; i++) {
        seen[tokens[i]] = false;
    }
}

void wl_scores_ban_ngrams(float *scores, const int32_t *tokens, size_t n_tokens, size_t n_gram)
{
    if (n_gram == 0 || n_tokens + 1 < n_gram) {
        return;
    }
    size_t n_before = n_gram - 1;
    const int32_t *last = tokens + n_tokens - n_before;
    for (size_t i = 0; i + n_before < n_tokens; i++) {
        if (memcmp(tokens + i, last, n_before * sizeof(*tokens)) == 0) {
            scores[tokens[i + n_before]] = -INFINITY;
        }
    }
}

size_t wl_scores_best(const float *scores, size_t n)
{
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (scores[i] > (best < n ? scores[best] : -INFINITY)) {
            best = i;
        }
    }
    return best;
}

// -- drawing --

// a stands before b: higher, or as high and a smaller number.
static bool is_before(struct wl_scored a, struct wl_scored b)
{
    return a.score > b.score || (a.score >= b.score && a.token < b.token);
}

static void sift_down(struct wl_scored *heap, size_t n, size_t i)
{
    struct wl_scored item = heap[i];

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= n) {
            break;
        }
        child += child + 1 < n && is_before(heap[child + 1], heap[child]);
        if (!is_before(heap[child], item)) {
            break;
        }
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = item;
}

// Tokens that can be chosen, as a heap with the best on top; how many.
static size_t make_heap(const float *scores, size_t n, struct wl_scored *heap)
{
    size_t n_heap = 0;

    for (size_t i = 0; i < n; i++) {
        if (scores[i] > -INFINITY) {
            heap[n_heap++] = (struct wl_scored){.score = scores[i], .token = (uint32_t)i};
        }
    }
    for (size_t i = n_heap / 2; i > 0; i--) {
        sift_down(heap, n_heap, i - 1);
    }
    return n_heap;
}

// Puts the next best behind the heap, which shrinks.
static void pop(struct wl_scored *heap, size_t *n_heap)
{
    struct wl_scored top = heap[0];

    heap[0] = heap[--*n_heap];
    sift_down(heap, *n_heap, 0);
    heap[*n_heap] = top;
}

// exp of (score - best) / temperature: not more than 1.
static double weight_of(struct wl_scored item, float best, double temperature)
{
    return exp(((double)item.score - (double)best) / temperature);
}

size_t wl_scores_draw(const float *scores, size_t n, const struct wl_sampling *sampling,
                      struct wl_scored *space, struct wl_rng *rng, double *log_p)
{
    size_t n_all = make_heap(scores, n, space);
    size_t n_heap = n_all;
    double unit = wl_rng_unit(rng);
    double t = sampling->temperature;
    double total = 0.0;
    double kept = 0.0;

    if (n_all == 0) {
        return n;
    }
    float best = space[0].score;
    size_t n_most = sampling->top_k > 0 && sampling->top_k < n_all ? sampling->top_k : n_all;
    if (n_most < n_all) { // the k best now stand at the end, best last
        while (n_heap > n_all - n_most) {
            pop(space, &n_heap);
        }
    }
    for (size_t i = n_all - n_most; i < n_all; i++) {
        total += weight_of(space[i], best, t);
    }
    size_t n_kept = 0;
    while (n_kept < n_most && (n_kept == 0 || kept < sampling->top_p * total)) {
        if (n_most == n_all) {
            pop(space, &n_heap);
        }
        kept += weight_of(space[n_all - 1 - n_kept], best, t);
        n_kept++;
    }
    double left = unit * kept;
    size_t i = n_all - 1;
    for (; i > n_all - n_kept; i--) {
        left -= weight_of(space[i], best, t);
        if (left < 0.0) {
            break;
        }
    }
    *log_p = log(weight_of(space[i], best, t) / kept);
    return space[i].token;
}
