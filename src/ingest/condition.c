/* Conditions on cells: a grammar of three words, `column op literal`, because that is all a filter
 * on raw rows needs; everything richer belongs to the query that made the file. */
#include "base/clock.h"
#include "ingest/mapping.h"

#include <string.h>

static bool is_operator(char c)
{
    return c == '<' || c == '>' || c == '=' || c == '!';
}

// A quoted text at the front of *rest, without its quotes; false when there is none.
static bool take_quoted(struct wl_str *rest, struct wl_str *text)
{
    if (rest->n_bytes == 0 || (rest->data[0] != '\'' && rest->data[0] != '"')) {
        return false;
    }
    const char *end = memchr(rest->data + 1, rest->data[0], rest->n_bytes - 1);
    if (end == NULL) {
        return false;
    }
    text->data = rest->data + 1;
    text->n_bytes = (size_t)(end - text->data);
    rest->n_bytes -= text->n_bytes + 2;
    rest->data = end + 1;
    return true;
}

static struct wl_str take_column(struct wl_str *rest)
{
    struct wl_str column = {.data = rest->data, .n_bytes = 0};

    if (take_quoted(rest, &column)) {
        *rest = wl_str_trim(*rest);
        return column;
    }
    while (column.n_bytes < rest->n_bytes && !is_operator(rest->data[column.n_bytes])) {
        column.n_bytes++;
    }
    rest->data += column.n_bytes;
    rest->n_bytes -= column.n_bytes;
    return wl_str_trim(column);
}

static bool take_compare(struct wl_str *rest, enum wl_compare *compare)
{
    static const struct {
        const char *text; // longer ones first: "<=" also starts with "<"
        enum wl_compare compare;
    } table[] = {{"<=", WL_COMPARE_LESS_EQUAL}, {">=", WL_COMPARE_GREATER_EQUAL},
                 {"!=", WL_COMPARE_NOT_EQUAL},  {"==", WL_COMPARE_EQUAL},
                 {"<", WL_COMPARE_LESS},        {">", WL_COMPARE_GREATER},
                 {"=", WL_COMPARE_EQUAL}};

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t n = strlen(table[i].text);
        if (rest->n_bytes >= n && memcmp(rest->data, table[i].text, n) == 0) {
            *compare = table[i].compare;
            rest->data += n;
            rest->n_bytes -= n;
            *rest = wl_str_trim(*rest);
            return true;
        }
    }
    return false;
}

static wl_status fail_condition(wl_error *error, struct wl_str text, const char *wants)
{
    return wl_fail(error, WL_ECONFIG,
                   "condition \"%.*s\" wants %s; write it like Quantity < 0 or Country != 'UK'",
                   text.n_bytes > 60 ? 60 : (int)text.n_bytes, text.data, wants);
}

wl_status wl_condition_parse(struct wl_arena *arena, struct wl_str text,
                             struct wl_condition *condition, wl_error *error)
{
    struct wl_str rest = wl_str_trim(text);
    struct wl_condition parsed = {.is_number = false};
    struct wl_str column = take_column(&rest);
    struct wl_str literal = {.data = NULL, .n_bytes = 0};

    if (column.n_bytes == 0) {
        return fail_condition(error, text, "a column first");
    }
    if (!take_compare(&rest, &parsed.compare)) {
        return fail_condition(error, text, "one of < <= = != >= >");
    }
    if (take_quoted(&rest, &literal)) {
        if (rest.n_bytes != 0) {
            return fail_condition(error, text, "nothing behind the text");
        }
    } else if (wl_str_to_double(rest, &parsed.number)) {
        parsed.is_number = true;
    } else {
        return fail_condition(error, text, "a number or a text in quotes at the end");
    }
    parsed.column = wl_arena_string(arena, column);
    parsed.text =
        (struct wl_str){.data = wl_arena_string(arena, literal), .n_bytes = literal.n_bytes};
    if (parsed.column == NULL || parsed.text.data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for configuration");
    }
    *condition = parsed;
    return WL_OK;
}

static bool holds(enum wl_compare compare, int order)
{
    switch (compare) {
    case WL_COMPARE_LESS: return order < 0;
    case WL_COMPARE_LESS_EQUAL: return order <= 0;
    case WL_COMPARE_EQUAL: return order == 0;
    case WL_COMPARE_NOT_EQUAL: return order != 0;
    case WL_COMPARE_GREATER_EQUAL: return order >= 0;
    case WL_COMPARE_GREATER: return order > 0;
    }
    return false;
}

// Whole numbers are by far the most common cells of conditions, and strtod is slow.
static bool read_number(struct wl_str cell, double *number)
{
    int64_t whole;

    if (cell.n_bytes < 16 && wl_str_to_i64(cell, &whole)) {
        *number = (double)whole;
        return true;
    }
    return wl_str_to_double(cell, number);
}

bool wl_condition_holds(const struct wl_condition *condition, struct wl_str cell)
{
    double number;

    if (!condition->is_number) {
        return holds(condition->compare, wl_str_compare(cell, condition->text));
    }
    if (!read_number(wl_str_trim(cell), &number)) {
        return condition->compare == WL_COMPARE_NOT_EQUAL;
    }
    return holds(condition->compare, (number > condition->number) - (number < condition->number));
}
