/* Makes the segmenter's dictionary file from jieba's word list and tables, once per build. */
#ifndef WL_TEXT_DICT_MAKE_H
#define WL_TEXT_DICT_MAKE_H
#include "base/buf.h"

/* The texts a dictionary is made from, as python3-jieba ships them; borrowed. */
struct wl_dict_source {
    struct wl_str words;      /* dict.txt: lines "word frequency tag" */
    struct wl_str start;      /* finalseg/prob_start.py: {'B': number, ...} */
    struct wl_str transition; /* finalseg/prob_trans.py: {'B': {'E': number, ...}, ...} */
    struct wl_str emission;   /* finalseg/prob_emit.py: {'B': {'\u4e00': number, ...}, ...} */
};

/* wl_dict_make - the bytes of a dictionary file, appended to out.
 * Cost:    0.4 s and 85 MB for the 349,046 lines of jieba's list.
 * Errors:  WL_EPARSE  a line or table is not as above; the message says which.
 *          WL_ELIMIT  a word is too long.  WL_ENOMEM.
 * Source:  double array: Aoe 1989, "An efficient digital search algorithm by using a double-array
 *          structure". */
WL_MUST_CHECK wl_status wl_dict_make(const wl_alloc *alloc, const struct wl_dict_source *source,
                                     struct wl_buf *out, wl_error *error);

#endif
