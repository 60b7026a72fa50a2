/* The dictionary of the segmenter in memory: words with frequencies in a double array, and the
 * tables of the hidden Markov model. File format: docs/formats/wldict.md. */
#ifndef WL_TEXT_WORD_DICT_H
#define WL_TEXT_WORD_DICT_H
#include "text/hmm.h"

#include "base/alloc.h"

#define WL_DICT_MAGIC      "WLDICT\r\n" /* 8 bytes; line ends show a file sent as text */
#define WL_DICT_VERSION    1U
#define WL_DICT_CELLS_MAX  ((size_t)1 << 26) /* cells of a dictionary; jieba's takes 1.2 M */
#define WL_DICT_BYTES_MAX  ((size_t)1 << 30) /* 1 GiB: 64 M cells of 12 bytes and their words */
#define WL_WORD_CELL_NONE  UINT32_MAX        /* parent of a cell that is not used */
#define WL_WORD_CELL_BYTES 12                /* in the file */

/* The child of cell s under byte c is cell base[s] + c, if that cell's parent is s. */
struct wl_word_cell {
    uint32_t base;
    uint32_t parent;
    uint32_t word; /* 1-based number of the word that ends here, 0: none */
};

struct wl_word_dict {
    struct wl_word_cell *cells; /* (n_cells), [0] is the root */
    size_t n_cells;
    uint32_t *frequency; /* (n_words + 1), [0] is no word */
    double *weight;      /* (n_words + 1) natural log of the frequency */
    size_t n_words;
    uint64_t total; /* sum of the frequencies of all lines of the word list */
    struct wl_hmm hmm;
};

/* wl_word_dict_read - a dictionary from the bytes of its file; nothing of bytes is kept.
 * Errors:  WL_ECORRUPT  wrong magic, length, checksum or content.  WL_EVERSION  another format.
 *          WL_ELIMIT    more cells than WL_DICT_CELLS_MAX.  WL_ENOMEM.
 * Release with wl_word_dict_release; a zeroed dictionary is fine there. */
WL_MUST_CHECK wl_status wl_word_dict_read(const wl_alloc *alloc, struct wl_str bytes,
                                          struct wl_word_dict *dict, wl_error *error);
void wl_word_dict_release(const wl_alloc *alloc, struct wl_word_dict *dict);

/* wl_word_dict_step - move cell to its child under byte; false when there is none. */
static inline bool wl_word_dict_step(const struct wl_word_dict *dict, uint32_t *cell, uint8_t byte)
{
    size_t child = (size_t)dict->cells[*cell].base + byte;
    if (child >= dict->n_cells || dict->cells[child].parent != *cell) {
        return false;
    }
    *cell = (uint32_t)child;
    return true;
}

#endif
