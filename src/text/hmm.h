/* Splits a run of Chinese characters that no dictionary joins into words: a hidden Markov model
 * with the states Begin, End, Middle of a word and Single. */
#ifndef WL_TEXT_HMM_H
#define WL_TEXT_HMM_H
#include "base/str.h"

/* In the order of their letters: a tie goes to the later one. */
enum wl_hmm_state { WL_HMM_B, WL_HMM_E, WL_HMM_M, WL_HMM_S, WL_HMM_STATES };

#define WL_HAN_FIRST    0x4E00U /* characters that the model and the dictionary know */
#define WL_HAN_LAST     0x9FD5U
#define WL_HAN_COUNT    (WL_HAN_LAST - WL_HAN_FIRST + 1U)
#define WL_HAN_BYTES    3         /* each of them in UTF-8 */
#define WL_HMM_UNLIKELY -3.14e100 /* log probability of what the tables do not name */

struct wl_hmm {
    double start[WL_HMM_STATES];                     /* log probabilities */
    double transition[WL_HMM_STATES][WL_HMM_STATES]; /* [from][to] */
    double (*emission)[WL_HMM_STATES];               /* (WL_HAN_COUNT) by character */
};

/* wl_han_code - code point of the three bytes at text when it is WL_HAN_FIRST..LAST, else 0. */
static inline uint32_t wl_han_code(const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t code = (bytes[0] & 0x0FU) << 12 | (bytes[1] & 0x3FU) << 6 | (bytes[2] & 0x3FU);
    bool is_three =
        (bytes[0] & 0xF0U) == 0xE0U && (bytes[1] & 0xC0U) == 0x80U && (bytes[2] & 0xC0U) == 0x80U;
    return is_three && code >= WL_HAN_FIRST && code <= WL_HAN_LAST ? code : 0;
}

/* wl_hmm_decode - the most likely state of each character.
 *   text    (in) n_characters > 0 characters, WL_HAN_FIRST..WL_HAN_LAST, three bytes each.
 *   states  (out) (n_characters) enum wl_hmm_state; the last one is E or S.
 * Cost:    O(n); no allocation.
 * Threads: any number.
 * Source:  Viterbi 1967; the four states: Xue 2003, "Chinese word segmentation as character
 *          tagging". */
void wl_hmm_decode(const struct wl_hmm *hmm, const char *text, size_t n_characters,
                   uint8_t *states);

#endif
