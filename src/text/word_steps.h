/* The dictionary's words once more, in steps of whole characters: one load per step where the bytes
 * of word_cells take three to six, and eight bytes hold all that a step tells. Characters are ASCII
 * and those of the model's range; words with others are not here. */
#ifndef WL_TEXT_WORD_STEPS_H
#define WL_TEXT_WORD_STEPS_H
#include "text/word_dict.h"

#include <math.h>

/* A step is a slot of a double array: slots[base + label] is the step from a slot with that base
 * under that label, if it has the label. No two slots have the same base, so that a label is enough
 * to tell whose child a slot is. From the lowest bit: label, number of the weight, base; 0 is "no
 * such step", and leads nowhere. */
#define WL_STEP_LABEL_BITS  16
#define WL_STEP_WEIGHT_BITS 20
#define WL_STEP_BASE_BITS   28
#define WL_STEP_CHARACTERS  (128U + WL_HAN_COUNT) /* ASCII, then those of the model's range */
#define WL_STEP_LABEL_NONE  0U                    /* no step has it */

struct wl_word_steps {
    uint64_t *slots; /* (n_slots); [label] are the first characters of words */
    size_t n_slots;
    uint16_t *labels; /* (WL_STEP_CHARACTERS) from 1 on, those in most words first */
    double *weights;  /* (n_weights) logs of the frequencies there are; [0] = -INFINITY: no word */
    size_t n_weights;
};

/* wl_word_steps_make - the steps of a dictionary. Release with wl_word_steps_release; zeroed is
 * fine there.
 * Cost:    50 ms and 9 MB for jieba's dictionary; 22 MB more while it is made.
 * Errors:  WL_ELIMIT  more slots, or more different frequencies, than a slot can name.
 *          WL_ENOMEM. Nothing is held.
 * Source:  Aoe 1989, "An efficient digital search algorithm by using a double-array structure". */
WL_MUST_CHECK wl_status wl_word_steps_make(const wl_alloc *alloc, const struct wl_word_dict *dict,
                                           struct wl_word_steps *steps, wl_error *error);
void wl_word_steps_release(const wl_alloc *alloc, struct wl_word_steps *steps);

/* wl_word_steps_character - number, below WL_STEP_CHARACTERS, of the character at text: ASCII, or
 * of the model's range. */
static inline uint32_t wl_word_steps_character(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        return at[0];
    }
    uint32_t code = (at[0] & 0x0FU) << 12 | (at[1] & 0x3FU) << 6 | (at[2] & 0x3FU);
    return code - WL_HAN_FIRST + 128U;
}

/* wl_word_steps_label - of the same. */
static inline uint32_t wl_word_steps_label(const struct wl_word_steps *steps, const char *text)
{
    return steps->labels[wl_word_steps_character(text)];
}

/* wl_word_steps_base - where the steps behind step are; 0 when there are none. */
static inline uint32_t wl_word_steps_base(uint64_t step)
{
    return (uint32_t)(step >> (WL_STEP_LABEL_BITS + WL_STEP_WEIGHT_BITS));
}

/* wl_word_steps_weight - log of the word's frequency, -INFINITY where no word ends. */
static inline double wl_word_steps_weight(const struct wl_word_steps *steps, uint64_t step)
{
    return steps->weights[step >> WL_STEP_LABEL_BITS & ((1U << WL_STEP_WEIGHT_BITS) - 1)];
}

/* wl_word_steps_at - the step in a slot if it has the label. No branch here and in what calls it:
 * whether two characters begin a word cannot be foreseen, and a wrong guess waits for the load. */
static inline uint64_t wl_word_steps_at(const struct wl_word_steps *steps, size_t slot,
                                        uint32_t label)
{
    uint64_t step = steps->slots[slot];
    bool is_there = (step & ((1U << WL_STEP_LABEL_BITS) - 1)) == label;
    return step & (0 - (uint64_t)is_there);
}

/* wl_word_steps_first - the step of a word's first character. */
static inline uint64_t wl_word_steps_first(const struct wl_word_steps *steps, uint32_t label)
{
    return wl_word_steps_at(steps, label, label);
}

/* wl_word_steps_next - the step behind step. */
static inline uint64_t wl_word_steps_next(const struct wl_word_steps *steps, uint64_t step,
                                          uint32_t label)
{
    size_t base = wl_word_steps_base(step);
    return wl_word_steps_at(steps, (base + label) & (0 - (size_t)(base != 0)), label);
}

/* wl_word_steps_fetch - have what wl_word_steps_next will look at brought near. */
static inline void wl_word_steps_fetch(const struct wl_word_steps *steps, uint64_t step,
                                       uint32_t label)
{
    __builtin_prefetch(steps->slots + wl_word_steps_base(step) + label);
}

#endif
