/* How rare words are: inverse document frequencies from a list, in a file of ours beside the
 * dictionary. File format: docs/formats/wlidf.md. */
#ifndef WL_TEXT_KEYWORD_IDF_H
#define WL_TEXT_KEYWORD_IDF_H
#include "text/word_cells.h"

#define WL_IDF_MAGIC   "WLZHIDF\n"
#define WL_IDF_VERSION 1U

struct wl_idf {
    const wl_alloc *alloc;
    struct wl_word_cells cells;
    double *weight; /* (n_words + 1) by number of the word; [0] is the median, for unknown words */
    size_t n_words;
};

/* wl_idf_make - the bytes of a file, appended to out.
 *   list  (in) lines "word number".
 * Cost:    0.4 s for the 270,131 lines of jieba's list.
 * Errors:  WL_EPARSE  a line is not as above; names it.  WL_ELIMIT  a word is too long.
 *          WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_idf_make(const wl_alloc *alloc, struct wl_str list, struct wl_buf *out,
                                    wl_error *error);

/* wl_idf_open - read such a file. wl_idf_from - from its bytes, of which nothing is kept.
 * Errors:  WL_ENOTFOUND, WL_EIO.  WL_ECORRUPT, WL_EVERSION, WL_ELIMIT  it is none of ours.
 *          WL_ENOMEM. idf is untouched. Release with wl_idf_release; zeroed is fine there. */
WL_MUST_CHECK wl_status wl_idf_open(const char *path, const wl_alloc *alloc, struct wl_idf *idf,
                                    wl_error *error);
WL_MUST_CHECK wl_status wl_idf_from(struct wl_str bytes, const wl_alloc *alloc, struct wl_idf *idf,
                                    wl_error *error);
void wl_idf_release(struct wl_idf *idf);

/* wl_idf_of - of a word; the median of all for a word that is not in the list. O(bytes). */
double wl_idf_of(const struct wl_idf *idf, struct wl_str word);

#endif
