/* Just what stands in jieba's tables is known here: quoted names without a quote inside, numbers,
 * brackets. Nesting is the caller's business, so there is no recursion and no depth to bound. */
#include "text/py_literal.h"

#include <string.h>

struct wl_str wl_py_begin(struct wl_str module)
{
    (void)wl_str_cut(&module, '=');
    return module;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static void drop(struct wl_str *rest, size_t n_bytes)
{
    rest->data += n_bytes;
    rest->n_bytes -= n_bytes;
}

static struct wl_py_piece next_text(struct wl_str *rest)
{
    struct wl_py_piece piece = {.kind = WL_PY_BAD};

    drop(rest, 1);
    const char *end = rest->n_bytes > 0 ? memchr(rest->data, '\'', rest->n_bytes) : NULL;
    if (end != NULL) {
        piece.kind = WL_PY_TEXT;
        piece.text = (struct wl_str){.data = rest->data, .n_bytes = (size_t)(end - rest->data)};
        drop(rest, piece.text.n_bytes + 1);
    }
    return piece;
}

static struct wl_py_piece next_number(struct wl_str *rest)
{
    struct wl_py_piece piece = {.kind = WL_PY_NUMBER};
    struct wl_str digits = {.data = rest->data};

    while (digits.n_bytes < rest->n_bytes &&
           is_one_of(rest->data[digits.n_bytes], "+-.0123456789eE")) {
        digits.n_bytes++;
    }
    if (!wl_str_to_double(digits, &piece.number)) {
        piece.kind = WL_PY_BAD;
    }
    drop(rest, digits.n_bytes);
    return piece;
}

struct wl_py_piece wl_py_next(struct wl_str *rest)
{
    while (rest->n_bytes > 0 && is_one_of(rest->data[0], " \t\r\n,:")) {
        drop(rest, 1);
    }
    if (rest->n_bytes == 0) {
        return (struct wl_py_piece){.kind = WL_PY_END};
    }
    char c = rest->data[0];
    if (c == '\'') {
        return next_text(rest);
    }
    if (is_one_of(c, "([{)]}")) {
        drop(rest, 1);
        return (struct wl_py_piece){.kind = is_one_of(c, "([{") ? WL_PY_OPEN : WL_PY_CLOSE,
                                    .bracket = c};
    }
    return is_one_of(c, "+-.0123456789") ? next_number(rest)
                                         : (struct wl_py_piece){.kind = WL_PY_BAD};
}

uint32_t wl_py_code(struct wl_str text)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t code = 0;

    if (text.n_bytes != 6 || text.data[0] != '\\' || text.data[1] != 'u') {
        return 0;
    }
    for (size_t i = 2; i < text.n_bytes; i++) {
        const char *found = memchr(digits, text.data[i], 16);
        if (found == NULL) {
            return 0;
        }
        code = code * 16 + (uint32_t)(found - digits);
    }
    return code;
}
