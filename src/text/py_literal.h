/* Pieces of a Python literal: quoted texts, numbers and brackets, as jieba's tables use them. */
#ifndef WL_TEXT_PY_LITERAL_H
#define WL_TEXT_PY_LITERAL_H
#include "base/str.h"

enum wl_py_kind {
    WL_PY_END,    /* nothing is left */
    WL_PY_TEXT,   /* 'text', escapes as they stand */
    WL_PY_NUMBER, /* number */
    WL_PY_OPEN,   /* one of ( [ { */
    WL_PY_CLOSE,  /* one of ) ] } */
    WL_PY_BAD     /* anything else; nothing is read beyond it */
};

struct wl_py_piece {
    enum wl_py_kind kind;
    char bracket;       /* WL_PY_OPEN, WL_PY_CLOSE */
    struct wl_str text; /* WL_PY_TEXT, borrowed */
    double number;      /* WL_PY_NUMBER */
};

/* wl_py_begin - what stands behind the first '=' of a module's text: its value. */
struct wl_str wl_py_begin(struct wl_str module);

/* wl_py_next - the next piece, taken off the front of rest; white space, commas and colons are
 * passed over. */
struct wl_py_piece wl_py_next(struct wl_str *rest);

/* wl_py_code - the code point of a text like "\u4e00"; 0 for another one. */
uint32_t wl_py_code(struct wl_str text);

#endif
