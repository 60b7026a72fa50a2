/* The hidden Markov model of part-of-speech tags: like the one of words (text/hmm.h), but a state
 * is a place in a word and a tag. */
#ifndef WL_TEXT_POS_MODEL_H
#define WL_TEXT_POS_MODEL_H
#include "base/bytes.h"
#include "text/hmm.h"

#define WL_POS_STATES_MAX 256 /* a state is a byte; jieba's model has exactly these */

/* Sorted by place, then by the tag's text: a tie goes to the later one. */
struct wl_pos_state {
    uint8_t place; /* enum wl_hmm_state */
    uint8_t tag;   /* id among the dictionary's tags */
};

struct wl_pos_step {
    double weight; /* log probability of this state, then the target */
    uint8_t from;
};

/* What is known of a character in a state. */
struct wl_pos_seen {
    double weight; /* log probability of the character in the state */
    uint8_t state;
    bool is_listed; /* the character's list of states holds it */
};

struct wl_pos_model {
    size_t n_states;
    struct wl_pos_state states[WL_POS_STATES_MAX];
    double start[WL_POS_STATES_MAX];
    uint32_t step_begin[WL_POS_STATES_MAX + 1]; /* by target: its steps, sorted by from */
    struct wl_pos_step *steps;
    uint32_t *seen_begin; /* (WL_HAN_COUNT + 1) by character, sorted by state */
    struct wl_pos_seen *seen;
};

/* wl_pos_model_read - the model from its part of a dictionary file; n_tags bounds its tags.
 * Errors:  WL_ECORRUPT  numbers that cannot be.  WL_ENOMEM. model is untouched.
 * Release with wl_pos_model_release; a zeroed model is fine there. */
WL_MUST_CHECK wl_status wl_pos_model_read(const wl_alloc *alloc, struct wl_reader *reader,
                                          size_t n_tags, struct wl_pos_model *model,
                                          wl_error *error);
void wl_pos_model_release(const wl_alloc *alloc, struct wl_pos_model *model);

/* wl_pos_model_put - the bytes that wl_pos_model_read reads. */
void wl_pos_model_put(const struct wl_pos_model *model, struct wl_buf *body);

/* wl_pos_decode - the most likely state of each character.
 *   text    (in) n_characters > 0 characters, WL_HAN_FIRST..WL_HAN_LAST, three bytes each.
 *   back    (scratch) (n_characters, WL_POS_STATES_MAX).
 *   states  (out) (n_characters).
 * Cost:    O(n * states of a character * steps to a state), about 1 us a character; characters that
 *          the model does not know cost 10 us. No allocation.
 * Threads: any number.
 * Source:  jieba 0.42.1: Viterbi 1967 over the states listed for each character that the states
 *          before can reach; where there is none of these, over all that can be reached. */
void wl_pos_decode(const struct wl_pos_model *model, const char *text, size_t n_characters,
                   uint8_t *back, uint8_t *states);

#endif
