/* What is done to the scores of next tokens before one is chosen: repetition, length, temperature,
 * the best k, the best p. The order and every formula are those of transformers' logits processors;
 * a score of -INFINITY is a token that cannot be chosen. */
#ifndef WL_NN_GENERATE_SCORES_H
#define WL_NN_GENERATE_SCORES_H
#include "base/rng.h"

#include <stdbool.h>

/* wl_scores_log_softmax - scores (V) become logarithms of probabilities. */
void wl_scores_log_softmax(float *scores, size_t n);

/* wl_scores_repeat - tokens that were said are divided by penalty when their score is positive,
 * else multiplied; once each, however often they were said.
 *   seen  (in,out) (V) all false before and after. */
void wl_scores_repeat(float *scores, const int32_t *tokens, size_t n_tokens, double penalty,
                      bool *seen);

/* wl_scores_ban_ngrams - tokens that would say n_gram tokens in a row for the second time. */
void wl_scores_ban_ngrams(float *scores, const int32_t *tokens, size_t n_tokens, size_t n_gram);

/* wl_scores_best - index of the highest score, the first of equal ones; n when none can be chosen.
 */
size_t wl_scores_best(const float *scores, size_t n);

/* How a token is drawn. */
struct wl_sampling {
    double temperature; /* scores are divided by it; > 0 */
    size_t top_k;       /* only the k best; 0: all */
    double top_p;       /* only the best that together have at least this probability; 1: all */
};

/* One token and what speaks for it, in the memory for drawing. */
struct wl_scored {
    float score;
    uint32_t token;
};

/* wl_scores_draw - a token drawn from exp(score / temperature) after top_k and top_p.
 *   space  (out) (n).
 *   log_p  (out) logarithm of the probability it was drawn with.
 * Cost:    O(n), and O(log n) for each token kept. One number is drawn from rng.
 * Gives n when no token can be chosen.
 * Source:  Fan, Lewis, Dauphin 2018 (top k); Holtzman et al. 2020, arXiv:1904.09751 (top p). */
size_t wl_scores_draw(const float *scores, size_t n, const struct wl_sampling *sampling,
                      struct wl_scored *space, struct wl_rng *rng, double *log_p);

#endif
