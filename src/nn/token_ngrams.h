/* What counting reaches: the probability of a token after the two before it, from counts of runs
 * of three, two and one. The yardstick beside a network trained on the same tokens.
 *
 *     p3(w | u v) = (c(u v w) + t(u v) p2(w | v)) / (c(u v) + t(u v))     t: different followers
 *
 * and so on down to p1 = (c(w) + 1) / (n + V).
 * Source: Witten & Bell 1991, "The zero-frequency problem", method C, interpolated. */
#ifndef WL_NN_TOKEN_NGRAMS_H
#define WL_NN_TOKEN_NGRAMS_H
#include "nn/gpt_train.h"

/* Mean of -log p in nats over the tokens that are to be foretold. */
struct wl_ngram_losses {
    double unigram;
    double trigram;
    size_t n_tokens;
};

/* wl_token_ngrams - count in train, measure on test; the same tokens count as in wl_gpt_loss, but
 * all of train is counted.
 * Cost:    O(tokens), a map of the different runs.
 * Errors:  WL_EINVAL  no texts, or a vocabulary of 2^21 tokens or more.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_token_ngrams(const wl_alloc *alloc, const struct wl_gpt_examples *train,
                                        const struct wl_gpt_examples *test, size_t n_vocabulary,
                                        struct wl_ngram_losses *losses, wl_error *error);

#endif
