/* Sequences of different lengths, step by step: the longest first, rows of step 0 of all, then of
 * step 1 of those that have one, and so on. The sequences of a step are always the first few, rows
 * of a step lie together, and no row is padding.
 *
 *     lengths 2 4 1:  order 1 0 2    rows | 1.0 0.0 2.0 | 1.1 0.1 | 1.2 | 1.3 |
 *                                    first  0             3         5     6     7
 *
 * Source: the layout of torch's PackedSequence. */
#ifndef WL_NN_STEPS_H
#define WL_NN_STEPS_H
#include <stddef.h>
#include <stdint.h>

struct wl_steps {
    size_t n_sequences;
    size_t n_steps;  /* of the longest */
    size_t n_rows;   /* in use: first[n_steps] */
    size_t n_padded; /* n_rows rounded up to a multiple of WL_NN_ROWS_ROUND: few shapes of products;
                        the rows behind are zero and take part in nothing */
    uint32_t *order; /* (B) sequence at each place, longest first; equal lengths in their order */
    size_t *lengths; /* (B) length at each place */
    size_t *first;   /* (n_steps + 1) first row of each step */
};

/* wl_steps_plan - lay out sequences of these lengths, each > 0.
 *   steps    (in,out) with memory: order and lengths (B), first (longest + 1); borrowed.
 * Cost:    O(B + T), no allocation: lengths are sorted by counting. */
void wl_steps_plan(struct wl_steps *steps, const size_t *lengths, size_t n_sequences);

/* wl_steps_row - row of step t of the sequence at this place. */
static inline size_t wl_steps_row(const struct wl_steps *steps, size_t place, size_t t)
{
    return steps->first[t] + place;
}

/* What of a sequence's rows stands for all of it. */
enum wl_pooling {
    WL_POOL_LAST = 0, /* the last step */
    WL_POOL_MEAN = 1  /* the mean of all steps */
};

/* wl_steps_pool - y (B, C), by place, from rows x (n_rows, C). wl_steps_pool_back - dx (n_padded,
 * C) = the gradient of x. */
void wl_steps_pool(const struct wl_steps *steps, enum wl_pooling pooling, const float *x, size_t c,
                   float *y);
void wl_steps_pool_back(const struct wl_steps *steps, enum wl_pooling pooling, const float *dy,
                        size_t c, float *dx);

#endif
