/* Three tokens of 21 bits are one key of a map, so no run is mistaken for another. A context keeps
 * its count and the number of its different followers. */
#include "nn/token_ngrams.h"

#include "base/dict.h"

#include <math.h>

#define TOKEN_BITS 21

struct counts {
    struct wl_map64 runs;      // key of a run -> how often
    struct wl_map64 contexts;  // key of a context -> how often anything followed
    struct wl_map64 followers; // key of a context -> different tokens that did
    size_t n_vocabulary;
};

// A run of one to three tokens; each is kept + 1, so that lengths differ.
static uint64_t key_of(const int32_t *tokens, size_t n)
{
    uint64_t key = 0;
    for (size_t i = 0; i < n; i++) {
        key = key << TOKEN_BITS | ((uint64_t)(uint32_t)tokens[i] + 1);
    }
    return key;
}

static wl_status add(struct wl_map64 *map, uint64_t key, bool *is_new, wl_error *error)
{
    uint64_t *value = wl_map64_at(map, key, is_new);

    if (value == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for counts of tokens");
    }
    (*value)++;
    return WL_OK;
}

static wl_status count_text(struct counts *c, const int32_t *tokens, size_t n, wl_error *error)
{
    for (size_t i = 1; i < n; i++) {
        for (size_t before = 0; before <= 2 && before <= i; before++) {
            const int32_t *run = tokens + i - before;
            bool is_new = false;
            WL_TRY(add(&c->runs, key_of(run, before + 1), &is_new, error));
            WL_TRY(add(&c->contexts, key_of(run, before), NULL, error));
            if (is_new) {
                WL_TRY(add(&c->followers, key_of(run, before), NULL, error));
            }
        }
    }
    return WL_OK;
}

static double get(const struct wl_map64 *map, uint64_t key)
{
    const uint64_t *value = wl_map64_get(map, key);
    return value != NULL ? (double)*value : 0.0;
}

// Probability of tokens[i] after at most n_before tokens.
static double probability(const struct counts *c, const int32_t *tokens, size_t i, size_t n_before)
{
    double p = (get(&c->runs, key_of(tokens + i, 1)) + 1.0) /
               (get(&c->contexts, 0) + (double)c->n_vocabulary);

    for (size_t before = 1; before <= n_before && before <= i; before++) {
        const int32_t *run = tokens + i - before;
        double n = get(&c->contexts, key_of(run, before));
        double t = get(&c->followers, key_of(run, before));
        if (n > 0.0) {
            p = (get(&c->runs, key_of(run, before + 1)) + t * p) / (n + t);
        }
    }
    return p;
}

static void measure(const struct counts *c, const struct wl_gpt_examples *test,
                    struct wl_ngram_losses *losses)
{
    struct wl_ngram_losses sum = {0};

    for (size_t x = 0; x < test->n; x++) {
        const int32_t *tokens = test->tokens + test->starts[x];
        size_t n = test->starts[x + 1] - test->starts[x];
        size_t first = test->firsts != NULL && test->firsts[x] > 0 ? test->firsts[x] : 1;
        for (size_t i = first; i < n; i++) {
            sum.unigram -= log(probability(c, tokens, i, 0));
            sum.trigram -= log(probability(c, tokens, i, 2));
            sum.n_tokens++;
        }
    }
    sum.unigram /= (double)sum.n_tokens;
    sum.trigram /= (double)sum.n_tokens;
    *losses = sum;
}

wl_status wl_token_ngrams(const wl_alloc *alloc, const struct wl_gpt_examples *train,
                          const struct wl_gpt_examples *test, size_t n_vocabulary,
                          struct wl_ngram_losses *losses, wl_error *error)
{
    struct counts c = {.n_vocabulary = n_vocabulary};
    wl_status status = WL_OK;

    if (train->n == 0 || test->n == 0 || n_vocabulary + 1 >= (size_t)1 << TOKEN_BITS) {
        return wl_fail(error, WL_EINVAL, "%zu and %zu texts of %zu tokens", train->n, test->n,
                       n_vocabulary);
    }
    wl_map64_init(&c.runs, alloc);
    wl_map64_init(&c.contexts, alloc);
    wl_map64_init(&c.followers, alloc);
    for (size_t x = 0; x < train->n; x++) {
        WL_GO(count_text(&c, train->tokens + train->starts[x],
                         train->starts[x + 1] - train->starts[x], error));
    }
    measure(&c, test, losses);
done:
    wl_map64_release(&c.runs);
    wl_map64_release(&c.contexts);
    wl_map64_release(&c.followers);
    return status;
}
