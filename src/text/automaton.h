/* Finds every word of a fixed list in a text in one pass, however many words there are: the
 * automaton of Aho and Corasick, its tree in a double array. */
#ifndef WL_TEXT_AUTOMATON_H
#define WL_TEXT_AUTOMATON_H
#include "text/word_cells.h"

#define WL_AUTOMATON_WORDS_MAX ((size_t)1 << 20) /* a file of rules has some thousand */

struct wl_automaton {
    struct wl_word_cells cells;
    uint32_t *fail;    /* (cells.n) cell of the longest proper suffix that begins some word */
    uint32_t *shorter; /* (cells.n) nearest cell along fail where a word ends, 0: none */
    uint32_t *word;    /* (cells.n) 1-based number of the word that ends here, 0: none */
};

/* wl_automaton_build - from a list of words.
 *   words  (in) (n_words) distinct, 1 to WL_WORD_BYTES_MAX bytes; borrowed.
 * Cost:    about that of wl_word_cells_make; 24 bytes for each cell.
 * Errors:  WL_ELIMIT  too many or too long.  WL_EINVAL  an empty word.  WL_ENOMEM.
 * Release with wl_automaton_release; a zeroed automaton is fine there.
 * Source:  Aho & Corasick 1975, "Efficient string matching: an aid to bibliographic search". */
WL_MUST_CHECK wl_status wl_automaton_build(const wl_alloc *alloc, const struct wl_str *words,
                                           size_t n_words, struct wl_automaton *automaton,
                                           wl_error *error);
void wl_automaton_release(const wl_alloc *alloc, struct wl_automaton *automaton);

/* wl_automaton_step - the cell after one more byte; begin at 0. Words that end here: the cell's own
 * and those along `shorter`, longest first. */
static inline uint32_t wl_automaton_step(const struct wl_automaton *automaton, uint32_t cell,
                                         uint8_t byte)
{
    while (!wl_word_cells_step(&automaton->cells, &cell, byte)) {
        if (cell == 0) {
            return 0;
        }
        cell = automaton->fail[cell];
    }
    return cell;
}

#endif
