/* The dictionary of the segmenter in memory: words with frequencies and tags in a double array,
 * and the tables of the two hidden Markov models. File format: docs/formats/wldict.md. */
#ifndef WL_TEXT_WORD_DICT_H
#define WL_TEXT_WORD_DICT_H
#include "base/dict.h"
#include "text/hmm.h"
#include "text/pos_model.h"
#include "text/word_cells.h"

#define WL_DICT_MAGIC     "WLDICT\r\n" /* 8 bytes; line ends show a file sent as text */
#define WL_DICT_VERSION   2U
#define WL_DICT_BYTES_MAX ((size_t)1 << 30) /* 1 GiB: 64 M cells of 12 bytes and their words */

/* Tags of what no dictionary holds; they are the first of every dictionary. */
enum wl_word_tag { WL_TAG_X, WL_TAG_M, WL_TAG_ENG, WL_TAG_FIRST }; /* other, number, Latin word */

struct wl_word_dict {
    struct wl_word_cells cells;
    uint32_t *frequency; /* (n_words + 1), [0] is no word */
    double *weight;      /* (n_words + 1) natural log of the frequency */
    uint8_t *tag;        /* (n_words + 1) id in tags; WL_TAG_X for [0] */
    size_t n_words;
    uint64_t total;      /* sum of the frequencies of all lines of the word list */
    struct wl_dict tags; /* "n", "vn", ...; at most WL_WORD_TAG_NONE */
    struct wl_hmm hmm;
    struct wl_pos_model pos;
};

/* wl_word_dict_read - a dictionary from the bytes of its file; nothing of bytes is kept.
 * Errors:  WL_ECORRUPT  wrong magic, length, checksum or content.  WL_EVERSION  another format.
 *          WL_ELIMIT    more cells than WL_WORD_CELLS_MAX.  WL_ENOMEM.
 * Release with wl_word_dict_release; a zeroed dictionary is fine there. */
WL_MUST_CHECK wl_status wl_word_dict_read(const wl_alloc *alloc, struct wl_str bytes,
                                          struct wl_word_dict *dict, wl_error *error);
void wl_word_dict_release(const wl_alloc *alloc, struct wl_word_dict *dict);

#endif
