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

    /* The same for tags, where a state is a pair like ('B', 'n'), from the folder posseg. */
    struct wl_str tag_start;      /* prob_start.py: {state: number, ...} */
    struct wl_str tag_transition; /* prob_trans.py: {state: {state: number, ...}, ...} */
    struct wl_str tag_emission;   /* prob_emit.py: {state: {'\u4e00': number, ...}, ...} */
    struct wl_str tag_states;     /* char_state_tab.py: {'\u4e00': (state, ...), ...} */
};

/* wl_dict_make - the bytes of a dictionary file, appended to out.
 * Cost:    0.7 s and 85 MB for the 349,046 lines of jieba's list.
 * Errors:  WL_EPARSE  a line or table is not as above; the message says which.
 *          WL_ELIMIT  a word is too long, or more than 255 tags.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_dict_make(const wl_alloc *alloc, const struct wl_dict_source *source,
                                     struct wl_buf *out, wl_error *error);

#endif
