/* Words in a double array of bytes: one step per byte, no comparison of texts. */
#ifndef WL_TEXT_WORD_CELLS_H
#define WL_TEXT_WORD_CELLS_H
#include "base/bytes.h"
#include "text/word_tree.h"

#define WL_WORD_CELLS_MAX  ((size_t)1 << 26) /* cells of an array; jieba's words take 1.2 M */
#define WL_WORD_CELL_NONE  UINT32_MAX        /* parent of a cell that is not used */
#define WL_WORD_CELL_BYTES 12                /* in the file */

/* The child of cell s under byte c is cell base[s] + c, if that cell's parent is s. */
struct wl_word_cell {
    uint32_t base;
    uint32_t parent;
    uint32_t word; /* 1-based number of the word that ends here, 0: none */
};

struct wl_word_cells {
    struct wl_word_cell *items; /* (n), [0] is the root */
    size_t n;
};

/* wl_word_cells_make - the words of a tree, numbered from 1 in the order of its nodes.
 * Cost:    0.3 s for the 349,046 words of jieba's list.
 * Errors:  WL_ELIMIT  they do not fit.  WL_ENOMEM. Release with wl_word_cells_release.
 * Source:  Aoe 1989, "An efficient digital search algorithm by using a double-array structure". */
WL_MUST_CHECK wl_status wl_word_cells_make(const wl_alloc *alloc, const struct wl_word_tree *tree,
                                           struct wl_word_cells *cells, wl_error *error);

/* wl_word_cells_put - their bytes. wl_word_cells_read - n cells from these bytes.
 * Errors:  WL_ELIMIT  more than WL_WORD_CELLS_MAX.  WL_ECORRUPT  the bytes are not there, or a
 *          number is above n_words.  WL_ENOMEM. */
void wl_word_cells_put(const struct wl_word_cells *cells, struct wl_buf *body);
WL_MUST_CHECK wl_status wl_word_cells_read(const wl_alloc *alloc, struct wl_reader *reader,
                                           size_t n, size_t n_words, struct wl_word_cells *cells,
                                           wl_error *error);

/* wl_word_cells_release - give the memory back; zeroed is fine. */
void wl_word_cells_release(const wl_alloc *alloc, struct wl_word_cells *cells);

/* wl_word_cells_step - move cell to its child under byte; false when there is none. */
static inline bool wl_word_cells_step(const struct wl_word_cells *cells, uint32_t *cell,
                                      uint8_t byte)
{
    size_t child = (size_t)cells->items[*cell].base + byte;
    if (child >= cells->n || cells->items[child].parent != *cell) {
        return false;
    }
    *cell = (uint32_t)child;
    return true;
}

/* wl_word_cells_find - number of a whole word; 0 when there is none. */
uint32_t wl_word_cells_find(const struct wl_word_cells *cells, struct wl_str word);

#endif
