/* Counting sort: how many sequences have a step t is what first needs, and where a length's
 * sequences begin is the number of longer ones. */
#include "nn/steps.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static size_t longest_of(const size_t *lengths, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < n; i++) {
        WL_ASSERT(lengths[i] > 0);
        longest = lengths[i] > longest ? lengths[i] : longest;
    }
    return longest;
}

void wl_steps_plan(struct wl_steps *steps, const size_t *lengths, size_t n_sequences)
{
    size_t longest = longest_of(lengths, n_sequences);
    size_t *first = steps->first;

    // first[t] serves as the place of the next sequence of length t: after all longer ones.
    memset(first, 0, (longest + 1) * sizeof(*first));
    for (size_t i = 0; i < n_sequences; i++) {
        first[lengths[i] - 1]++; // for now: sequences longer than t that are not longer than t + 1
    }
    for (size_t t = longest; t-- > 0;) {
        first[t] += first[t + 1]; // sequences longer than t
    }
    for (size_t i = n_sequences; i-- > 0;) {
        size_t place = --first[lengths[i] - 1];
        steps->order[place] = (uint32_t)i;
        steps->lengths[place] = lengths[i];
    }
    // Taking places away left in first[t] the sequences longer than t + 1; sums of them are rows.
    size_t row = 0;
    size_t n_left = n_sequences;
    for (size_t t = 0; t < longest; t++) {
        size_t n_longer = first[t];
        first[t] = row;
        row += n_left;
        n_left = n_longer;
    }
    first[longest] = row;
    steps->n_sequences = n_sequences;
    steps->n_steps = longest;
    steps->n_rows = row;
    steps->n_padded = (row + WL_NN_ROWS_ROUND - 1) / WL_NN_ROWS_ROUND * WL_NN_ROWS_ROUND;
}

void wl_steps_pool(const struct wl_steps *steps, enum wl_pooling pooling, const float *x, size_t c,
                   float *y)
{
    for (size_t b = 0; b < steps->n_sequences; b++) {
        size_t n = steps->lengths[b];
        float *out = y + b * c;
        if (pooling == WL_POOL_LAST) {
            memcpy(out, x + wl_steps_row(steps, b, n - 1) * c, c * sizeof(*out));
            continue;
        }
        memset(out, 0, c * sizeof(*out));
        for (size_t t = 0; t < n; t++) {
            const float *row = x + wl_steps_row(steps, b, t) * c;
            for (size_t k = 0; k < c; k++) {
                out[k] += row[k] / (float)n;
            }
        }
    }
}

void wl_steps_pool_back(const struct wl_steps *steps, enum wl_pooling pooling, const float *dy,
                        size_t c, float *dx)
{
    memset(dx, 0, steps->n_padded * c * sizeof(*dx));
    for (size_t b = 0; b < steps->n_sequences; b++) {
        size_t n = steps->lengths[b];
        const float *from = dy + b * c;
        if (pooling == WL_POOL_LAST) {
            memcpy(dx + wl_steps_row(steps, b, n - 1) * c, from, c * sizeof(*dx));
            continue;
        }
        for (size_t t = 0; t < n; t++) {
            float *row = dx + wl_steps_row(steps, b, t) * c;
            for (size_t k = 0; k < c; k++) {
                row[k] = from[k] / (float)n;
            }
        }
    }
}
