/* Viterbi over four states. Of the sixteen transitions eight exist: E and S lead to B and S, B and
 * M lead to E and M; so each state has two that may stand before it. The sums are added in one
 * fixed order and a tie goes to the later letter: both decide what is printed for rare characters,
 * whose missing probabilities (-3.14e100) drown all others.
 *
 * The output array holds the pointers back first: two bits per state, the state before it; the walk
 * back then puts the states in their place. */
#include "text/hmm.h"

static const double *emission_at(const struct wl_hmm *hmm, const char *text, size_t i)
{
    return hmm->emission[wl_han_code(text + i * WL_HAN_BYTES) - WL_HAN_FIRST];
}

// The better way to a state from two that may stand before it, the later letter second.
static double better(const struct wl_hmm *hmm, const double *emission, const double *score,
                     unsigned early, unsigned late, unsigned to, unsigned *pointers)
{
    double by_early = score[early] + hmm->transition[early][to] + emission[to];
    double by_late = score[late] + hmm->transition[late][to] + emission[to];
    unsigned is_late = by_late >= by_early;

    *pointers |= (early + (late - early) * is_late) << (2 * to);
    return by_early > by_late ? by_early : by_late;
}

static uint8_t step(const struct wl_hmm *hmm, const double *emission, double *score)
{
    unsigned pointers = 0;
    double next_b = better(hmm, emission, score, WL_HMM_E, WL_HMM_S, WL_HMM_B, &pointers);
    double next_e = better(hmm, emission, score, WL_HMM_B, WL_HMM_M, WL_HMM_E, &pointers);
    double next_m = better(hmm, emission, score, WL_HMM_B, WL_HMM_M, WL_HMM_M, &pointers);
    double next_s = better(hmm, emission, score, WL_HMM_E, WL_HMM_S, WL_HMM_S, &pointers);

    score[WL_HMM_B] = next_b;
    score[WL_HMM_E] = next_e;
    score[WL_HMM_M] = next_m;
    score[WL_HMM_S] = next_s;
    return (uint8_t)pointers;
}

void wl_hmm_decode(const struct wl_hmm *hmm, const char *text, size_t n_characters, uint8_t *states)
{
    double score[WL_HMM_STATES];
    const double *emission = emission_at(hmm, text, 0);

    for (unsigned state = 0; state < WL_HMM_STATES; state++) {
        score[state] = hmm->start[state] + emission[state];
    }
    for (size_t i = 1; i < n_characters; i++) {
        states[i] = step(hmm, emission_at(hmm, text, i), score);
    }
    unsigned state = score[WL_HMM_S] >= score[WL_HMM_E] ? WL_HMM_S : WL_HMM_E;
    for (size_t i = n_characters - 1; i > 0; i--) {
        unsigned earlier = ((unsigned)states[i] >> (2 * state)) & 3U;
        states[i] = (uint8_t)state;
        state = earlier;
    }
    states[0] = (uint8_t)state;
}
