/* Mustache source -> a flat list of steps.
 *
 * One scan from tag to tag. The hard part of the format is white space: a tag that has its line to
 * itself takes the line with it, and a partial repeats the blanks in front of it before each of its
 * lines. Instead of re-indenting source text at render time (as mustache.js does, compiling
 * partials again for every indentation) each text step knows whether it begins a line, so that the
 * renderer can put blanks in front of lines while it writes.
 *
 * Invariants: a body follows its step and ends before i_end; bodies nest; every wl_str points into
 * the arena's copy of the source. Compiling happens once per template and process. */
#include "base/limits.h"
#include "compose/mustache.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct compiler {
    struct wl_arena *arena;
    const char *name;
    struct wl_str source;
    enum wl_mustache_mode mode;
    struct wl_str open; /* delimiters in force */
    struct wl_str close;
    struct wl_mustache_op *ops; /* (n_ops) on the heap until the end */
    size_t n_ops;
    size_t capacity;
    size_t stack[WL_TEMPLATE_DEPTH_MAX]; /* steps whose body is open */
    size_t n_stack;
    size_t text_begin;      /* source not yet made into steps starts here */
    size_t counted;         /* source up to here is counted in place */
    struct wl_place now;    /* of counted */
    struct wl_place *place; /* out, may be NULL */
    wl_error *error;
};

/* A tag as found in the source. */
struct tag {
    char sigil; /* one of # ^ / > < $ & { ! =, or 0 for a plain value */
    size_t begin;
    size_t end; /* behind the closing delimiter */
    struct wl_str content;
    bool is_dynamic;
    size_t line_begin; /* where the blanks in front of the tag begin */
    size_t line_end;   /* behind the line break that follows the blanks behind the tag */
    bool leads;        /* only blanks in front of it on its line */
    bool trails;       /* only blanks behind it on its line */
    struct wl_place place;
};

static struct wl_place place_of(struct compiler *c, size_t at)
{
    for (; c->counted < at; c->counted++) {
        unsigned char byte = (unsigned char)c->source.data[c->counted];
        if (byte == '\n') {
            c->now.line++;
            c->now.column = 1;
        } else if ((byte & 0xC0) != 0x80) { // not inside a UTF-8 character
            c->now.column++;
        }
    }
    return c->now;
}

static wl_status WL_PRINTF(3, 4)
    fail_at(struct compiler *c, struct wl_place place, const char *format, ...)
{
    char what[200];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    if (c->place != NULL) {
        *c->place = place;
    }
    return wl_fail(c->error, WL_EPARSE, "template %s, line %u, column %u: %s", c->name, place.line,
                   place.column, what);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct wl_str slice(const struct compiler *c, size_t begin, size_t end)
{
    return (struct wl_str){.data = c->source.data + begin, .n_bytes = end - begin};
}

static bool starts_with(const struct compiler *c, size_t at, struct wl_str what)
{
    return c->source.n_bytes - at >= what.n_bytes &&
           memcmp(c->source.data + at, what.data, what.n_bytes) == 0;
}

// Position of what at or behind at, or SIZE_MAX.
static size_t find(const struct compiler *c, size_t at, struct wl_str what)
{
    while (at < c->source.n_bytes) {
        const char *hit = memchr(c->source.data + at, what.data[0], c->source.n_bytes - at);
        if (hit == NULL) {
            break;
        }
        at = (size_t)(hit - c->source.data);
        if (starts_with(c, at, what)) {
            return at;
        }
        at++;
    }
    return SIZE_MAX;
}

static wl_status add_op(struct compiler *c, const struct wl_mustache_op *op)
{
    WL_TRY(WL_GROW(c->arena->alloc, c->ops, c->capacity, c->n_ops + 1, c->error));
    c->ops[c->n_ops] = *op;
    c->ops[c->n_ops].i_end = c->n_ops + 1;
    c->n_ops++;
    return WL_OK;
}

// The source between the last tag and end. opens_line: a tag stands next, not alone on its line.
static wl_status add_text(struct compiler *c, size_t end, bool opens_line)
{
    size_t begin = c->text_begin;
    bool at_line_start = begin == 0 || c->source.data[begin - 1] == '\n';
    bool is_fresh = end > begin ? c->source.data[end - 1] == '\n' : at_line_start;

    if (end == begin && !(opens_line && is_fresh)) {
        return WL_OK;
    }
    return add_op(c, &(struct wl_mustache_op){.kind = WL_MUSTACHE_TEXT,
                                              .at_line_start = at_line_start,
                                              .opens_line = opens_line && is_fresh,
                                              .text = slice(c, begin, end)});
}

// Is the tag alone on its line, blanks aside?
static void look_around(const struct compiler *c, struct tag *tag)
{
    const char *data = c->source.data;
    size_t begin = tag->begin;
    size_t end = tag->end;

    while (begin > c->text_begin && is_blank(data[begin - 1])) {
        begin--;
    }
    tag->line_begin = begin;
    tag->leads = begin == 0 || data[begin - 1] == '\n';
    while (end < c->source.n_bytes && is_blank(data[end])) {
        end++;
    }
    if (end + 1 < c->source.n_bytes && data[end] == '\r' && data[end + 1] == '\n') {
        end++;
    }
    tag->trails = end == c->source.n_bytes || data[end] == '\n';
    tag->line_end = end == c->source.n_bytes ? end : end + 1;
}

// Read the tag that begins at tag->begin, where the opening delimiter stands.
static wl_status read_tag(struct compiler *c, struct tag *tag)
{
    size_t at = tag->begin + c->open.n_bytes;
    char first = at < c->source.n_bytes ? c->source.data[at] : '\0';
    bool has_twin = first == '{' || first == '='; // these also stand before the closing delimiter
    size_t end = at;

    tag->place = place_of(c, tag->begin);
    tag->sigil = first != '\0' && strchr("#^/><$&{!=", first) != NULL ? first : '\0';
    at += tag->sigil != '\0' ? 1 : 0;
    for (end = at; (end = find(c, end, c->close)) != SIZE_MAX; end++) {
        if (!has_twin) {
            break;
        }
        // "{{{a}}}": the closing delimiter is the last two of the three.
        char twin = first == '{' ? '}' : '=';
        if (end > at && c->source.data[end - 1] == twin) {
            break;
        }
    }
    if (end == SIZE_MAX) {
        return fail_at(c, tag->place, "this tag is never closed with %.*s", WL_STR_ARG(c->close));
    }
    tag->end = end + c->close.n_bytes;
    tag->content = wl_str_trim(slice(c, at, has_twin ? end - 1 : end));
    if ((tag->sigil == '>' || tag->sigil == '<' || tag->sigil == '/') && tag->content.n_bytes > 1 &&
        tag->content.data[0] == '*') {
        tag->is_dynamic = true;
        tag->content.data++;
        tag->content.n_bytes--;
        tag->content = wl_str_trim(tag->content);
    }
    look_around(c, tag);
    return WL_OK;
}

static wl_status set_delimiters(struct compiler *c, const struct tag *tag)
{
    struct wl_str rest = tag->content;
    size_t n = 0;

    if (c->mode == WL_MUSTACHE_STRICT) {
        return fail_at(c, tag->place, "a reviewed template may not change its delimiters");
    }
    while (n < rest.n_bytes && !is_blank(rest.data[n]) && rest.data[n] != '\n') {
        n++;
    }
    struct wl_str open = {.data = rest.data, .n_bytes = n};
    struct wl_str close =
        wl_str_trim((struct wl_str){.data = rest.data + n, .n_bytes = rest.n_bytes - n});
    bool is_one_word = memchr(close.data, ' ', close.n_bytes) == NULL &&
                       memchr(close.data, '\t', close.n_bytes) == NULL &&
                       memchr(close.data, '\n', close.n_bytes) == NULL;
    if (open.n_bytes == 0 || close.n_bytes == 0 || !is_one_word) {
        return fail_at(c, tag->place, "new delimiters are two words, as in {{=<%% %%>=}}");
    }
    c->open = open;
    c->close = close;
    return WL_OK;
}

static bool is_name_byte(char byte)
{
    unsigned char u = (unsigned char)byte;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u == '_' ||
           u == '.' || u >= 0x80;
}

static wl_status check_name(struct compiler *c, const struct tag *tag)
{
    struct wl_str name = tag->content;

    if (name.n_bytes == 0) {
        return fail_at(c, tag->place, "a tag without a name");
    }
    for (size_t i = 0; c->mode == WL_MUSTACHE_STRICT && i < name.n_bytes; i++) {
        bool is_empty_part = name.data[i] == '.' && name.n_bytes > 1 &&
                             (i == 0 || i + 1 == name.n_bytes || name.data[i - 1] == '.');
        if (!is_name_byte(name.data[i]) || is_empty_part) {
            return fail_at(c, tag->place, "\"%.*s\" is no name: letters, digits, _ and single dots",
                           WL_STR_ARG(name));
        }
    }
    return WL_OK;
}

static wl_status split_name(struct compiler *c, struct wl_mustache_op *op)
{
    struct wl_str rest = op->text;
    size_t n = 1;

    if (wl_str_is(op->text, ".")) {
        return WL_OK;
    }
    for (size_t i = 0; i < rest.n_bytes; i++) {
        n += rest.data[i] == '.' ? 1 : 0;
    }
    op->keys = wl_arena_zeroed(c->arena, n, sizeof(*op->keys));
    if (op->keys == NULL) {
        return wl_fail(c->error, WL_ENOMEM, "no memory for template %s", c->name);
    }
    op->n_keys = n;
    for (size_t i = 0; i < n; i++) {
        op->keys[i] = wl_str_cut(&rest, '.');
    }
    return WL_OK;
}

static wl_status push_open(struct compiler *c, const struct tag *tag)
{
    if (c->n_stack == WL_TEMPLATE_DEPTH_MAX) {
        return wl_fail(c->error, WL_ELIMIT,
                       "template %s, line %u: sections are nested deeper than %d", c->name,
                       tag->place.line, WL_TEMPLATE_DEPTH_MAX);
    }
    c->stack[c->n_stack++] = c->n_ops; // the step that is added next
    return WL_OK;
}

static enum wl_mustache_kind kind_of(char sigil)
{
    switch (sigil) {
    case '&':
    case '{': return WL_MUSTACHE_RAW;
    case '#': return WL_MUSTACHE_SECTION;
    case '^': return WL_MUSTACHE_INVERTED;
    case '>': return WL_MUSTACHE_PARTIAL;
    case '<': return WL_MUSTACHE_PARENT;
    case '$': return WL_MUSTACHE_BLOCK;
    default: return WL_MUSTACHE_VALUE;
    }
}

static bool is_inside_parent(const struct compiler *c)
{
    return c->n_stack > 0 && c->ops[c->stack[c->n_stack - 1]].kind == WL_MUSTACHE_PARENT;
}

// Blanks that the block's own content has in front of its first line.
static size_t body_indent(const struct compiler *c, size_t at)
{
    size_t n = 0;

    while (at + n < c->source.n_bytes && is_blank(c->source.data[at + n])) {
        n++;
    }
    return n;
}

// {{$x}}: a place that can be filled from outside, or what fills it.
static wl_status open_block(struct compiler *c, const struct tag *tag, struct wl_mustache_op *op)
{
    bool skips_line = tag->trails && (tag->leads || is_inside_parent(c));

    WL_TRY(add_text(c, tag->leads ? tag->line_begin : tag->begin, !tag->leads));
    op->at_line_start = tag->leads;
    op->indent = slice(c, tag->line_begin, tag->begin);
    op->is_standalone = tag->leads && tag->trails;
    op->is_body_inline = !skips_line;
    c->text_begin = skips_line ? tag->line_end : tag->end;
    if (skips_line) {
        size_t n = body_indent(c, c->text_begin);
        size_t first = c->text_begin + n;
        bool is_closed_at_once = starts_with(c, first, c->open) &&
                                 first + c->open.n_bytes < c->source.n_bytes &&
                                 c->source.data[first + c->open.n_bytes] == '/';
        op->n_strip = n;
        if (!is_closed_at_once) {
            op->indent = slice(c, c->text_begin, first);
        }
    }
    WL_TRY(push_open(c, tag));
    return add_op(c, op);
}

static wl_status open_tag(struct compiler *c, const struct tag *tag)
{
    struct wl_mustache_op op = {.kind = kind_of(tag->sigil),
                                .is_dynamic = tag->is_dynamic,
                                .line = tag->place.line,
                                .column = tag->place.column,
                                .text = tag->content};
    bool has_body = op.kind == WL_MUSTACHE_SECTION || op.kind == WL_MUSTACHE_INVERTED;
    bool is_template = op.kind == WL_MUSTACHE_PARTIAL || op.kind == WL_MUSTACHE_PARENT;
    bool is_alone = tag->leads && tag->trails && (has_body || op.kind == WL_MUSTACHE_PARTIAL);

    WL_TRY(check_name(c, tag));
    if (c->mode == WL_MUSTACHE_STRICT && (is_template || op.kind == WL_MUSTACHE_BLOCK)) {
        return fail_at(c, tag->place,
                       "a reviewed template stands alone: no partials and no blocks");
    }
    if (op.is_dynamic || !(is_template || op.kind == WL_MUSTACHE_BLOCK)) {
        WL_TRY(split_name(c, &op));
    }
    if (op.kind == WL_MUSTACHE_BLOCK) {
        return open_block(c, tag, &op);
    }
    if (op.kind == WL_MUSTACHE_PARENT) {
        op.at_line_start = tag->leads; // its closing tag decides whether it is standalone
        op.indent = slice(c, tag->line_begin, tag->begin);
        WL_TRY(add_text(c, tag->leads ? tag->line_begin : tag->begin, false));
    } else {
        WL_TRY(add_text(c, is_alone ? tag->line_begin : tag->begin, !is_alone));
        op.is_standalone = is_alone;
        op.indent = is_alone ? slice(c, tag->line_begin, tag->begin) : op.indent;
    }
    c->text_begin = is_alone ? tag->line_end : tag->end;
    if (has_body || op.kind == WL_MUSTACHE_PARENT) {
        WL_TRY(push_open(c, tag));
    }
    return add_op(c, &op);
}

static wl_status close_tag(struct compiler *c, const struct tag *tag)
{
    if (c->n_stack == 0) {
        return fail_at(c, tag->place, "{{/%.*s}} closes nothing", WL_STR_ARG(tag->content));
    }
    struct wl_mustache_op *op = &c->ops[c->stack[c->n_stack - 1]];
    if (!wl_str_equal(op->text, tag->content) || op->is_dynamic != tag->is_dynamic) {
        return fail_at(c, tag->place, "{{/%.*s}} stands where {{/%.*s}} should (opened in line %u)",
                       WL_STR_ARG(tag->content), WL_STR_ARG(op->text), op->line);
    }
    enum wl_mustache_kind kind = op->kind;
    bool is_alone = tag->leads && tag->trails;
    size_t i_op = c->stack[--c->n_stack];

    if (kind == WL_MUSTACHE_PARENT) {
        is_alone = op->at_line_start && tag->trails;
        op->is_standalone = is_alone;
        c->ops[i_op].i_end = c->n_ops; // text inside a parent means nothing
    } else {
        bool drops_blanks = is_alone || (kind == WL_MUSTACHE_BLOCK && tag->leads);
        WL_TRY(add_text(c, drops_blanks ? tag->line_begin : tag->begin, !drops_blanks));
        c->ops[i_op].i_end = c->n_ops;
    }
    c->text_begin = is_alone ? tag->line_end : tag->end;
    return WL_OK;
}

// A comment or a change of delimiters leaves no step behind.
static wl_status silent_tag(struct compiler *c, const struct tag *tag)
{
    bool is_alone = tag->leads && tag->trails;

    WL_TRY(add_text(c, is_alone ? tag->line_begin : tag->begin, !is_alone));
    c->text_begin = is_alone ? tag->line_end : tag->end;
    return tag->sigil == '=' ? set_delimiters(c, tag) : WL_OK;
}

static wl_status compile_source(struct compiler *c)
{
    size_t at = 0;

    while ((at = find(c, at, c->open)) != SIZE_MAX) {
        struct tag tag = {.begin = at};
        WL_TRY(read_tag(c, &tag));
        at = tag.end;
        if (tag.sigil == '!' || tag.sigil == '=') {
            WL_TRY(silent_tag(c, &tag));
        } else if (tag.sigil == '/') {
            WL_TRY(close_tag(c, &tag));
        } else {
            WL_TRY(open_tag(c, &tag));
        }
    }
    if (c->n_stack > 0) {
        const struct wl_mustache_op *op = &c->ops[c->stack[c->n_stack - 1]];
        return fail_at(c, (struct wl_place){.line = op->line, .column = op->column},
                       "\"%.*s\" is opened here and never closed", WL_STR_ARG(op->text));
    }
    return add_text(c, c->source.n_bytes, false);
}

static wl_status keep(struct compiler *c, struct wl_mustache **template_out)
{
    struct wl_mustache *made = wl_arena_zeroed(c->arena, 1, sizeof(*made));
    struct wl_mustache_op *ops = wl_arena_zeroed(c->arena, c->n_ops, sizeof(*ops));

    if (made == NULL || ops == NULL) {
        return wl_fail(c->error, WL_ENOMEM, "no memory for template %s", c->name);
    }
    if (c->n_ops > 0) {
        memcpy(ops, c->ops, c->n_ops * sizeof(*ops));
    }
    *made = (struct wl_mustache){.name = c->name, .ops = ops, .n_ops = c->n_ops, .mode = c->mode};
    *template_out = made;
    return WL_OK;
}

wl_status wl_mustache_compile(struct wl_arena *arena, const char *name, struct wl_str source,
                              enum wl_mustache_mode mode, struct wl_mustache **template_out,
                              struct wl_place *place, wl_error *error)
{
    struct compiler c = {.arena = arena,
                         .mode = mode,
                         .open = WL_STR("{{"),
                         .close = WL_STR("}}"),
                         .now = {.line = 1, .column = 1},
                         .place = place,
                         .error = error};
    wl_status status = WL_OK;

    if (source.n_bytes > WL_TEMPLATE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "template %s has %zu bytes, more than %zu", name,
                       source.n_bytes, WL_TEMPLATE_BYTES_MAX);
    }
    c.name = wl_arena_string(arena, wl_str_from(name));
    c.source.data = wl_arena_string(arena, source);
    c.source.n_bytes = source.n_bytes;
    if (c.name == NULL || c.source.data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for template %s", name);
    }
    WL_GO(compile_source(&c));
    WL_GO(keep(&c, template_out));
done:
    wl_alloc_free(arena->alloc, c.ops);
    return status;
}
