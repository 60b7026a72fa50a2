/* Viterbi over four states. Of the sixteen transitions eight exist: E and S lead to B and S, B and
 * M lead to E and M; so each state has two that may stand before it. The sums are added in one
 * fixed order and a tie goes to the later letter: both decide what is printed for rare characters,
 * whose missing probabilities (-3.14e100) drown all others.
 *
 * The output array holds the pointers back first: two bits per state, the state before it; the walk
 * back then puts the states in their place. */
#include "text/hmm.h"

// The two states that may stand before a state, the later letter second.
static const uint8_t before[WL_HMM_STATES][2] = {
    [WL_HMM_B] = {WL_HMM_E, WL_HMM_S},
    [WL_HMM_E] = {WL_HMM_B, WL_HMM_M},
    [WL_HMM_M] = {WL_HMM_B, WL_HMM_M},
    [WL_HMM_S] = {WL_HMM_E, WL_HMM_S},
};

uint32_t wl_han_code(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t code = ((bytes[0] & 0x0FU) << 12) | ((bytes[1] & 0x3FU) << 6) | (bytes[2] & 0x3FU);
    bool is_three =
        (bytes[0] & 0xF0U) == 0xE0U && (bytes[1] & 0xC0U) == 0x80U && (bytes[2] & 0xC0U) == 0x80U;
    return is_three && code >= WL_HAN_FIRST && code <= WL_HAN_LAST ? code : 0;
}

static const double *emission_at(const struct wl_hmm *hmm, const char *text, size_t i)
{
    return hmm->emission[wl_han_code(text + i * WL_HAN_BYTES) - WL_HAN_FIRST];
}

static uint8_t step(const struct wl_hmm *hmm, const double *emission, double *score)
{
    double next[WL_HMM_STATES];
    unsigned pointers = 0;

    for (unsigned to = 0; to < WL_HMM_STATES; to++) {
        unsigned early = before[to][0];
        unsigned late = before[to][1];
        double by_early = score[early] + hmm->transition[early][to] + emission[to];
        double by_late = score[late] + hmm->transition[late][to] + emission[to];
        bool is_late = by_late >= by_early;
        next[to] = is_late ? by_late : by_early;
        pointers |= (is_late ? late : early) << (2 * to);
    }
    for (unsigned to = 0; to < WL_HMM_STATES; to++) {
        score[to] = next[to];
    }
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
