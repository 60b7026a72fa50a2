/* Steps of a template -> text.
 *
 * A walk over the flat list; only a body, a partial and a filled block recurse, and every recursion
 * passes enter(), which holds the depth down. Names are looked up in a stack of maps by comparing
 * bytes: maps here have a dozen keys, where a walk beats hashing.
 *
 * Indentation: a partial that has its line to itself repeats its blanks before each of its own
 * lines, not before lines that come out of values. The blanks in force are a chain of slices on the
 * C stack, written when a text step begins a line; nothing is copied. Ordinary messages have no
 * indentation and take the short path: one copy per text.
 *
 * Work is bounded by steps, one per step done and per key compared, because sections over lists can
 * multiply without writing a byte. */
#include "base/limits.h"
#include "compose/mustache.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Blanks in front of every line, innermost last. */
struct indent {
    const struct indent *outer;
    struct wl_str blanks;
};

/* What a parent tag fills blocks with; outer ones win. */
struct fill {
    const struct fill *outer;
    const struct wl_mustache *template_;
    size_t i_parent;
};

/* What changes when another template or block is entered. */
struct frame {
    const struct wl_mustache *template_;
    const struct indent *indent;
    size_t n_strip; /* blanks to take off the front of every line */
    const struct fill *fill;
};

struct render {
    const struct wl_mustache_input *input;
    struct wl_buf *buf;
    const struct wl_node *stack[WL_TEMPLATE_DEPTH_MAX + 1];
    size_t n_stack;
    size_t depth;
    size_t n_steps;
    wl_error *error;
};

static wl_status render_ops(struct render *r, const struct frame *frame, size_t i, size_t i_end);

static wl_status WL_PRINTF(5, 6)
    fail_op(const struct render *r, const struct frame *frame, const struct wl_mustache_op *op,
            wl_status code, const char *format, ...)
{
    char what[200];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    return wl_fail(r->error, code, "template %s, line %u, column %u: %s", frame->template_->name,
                   op->line, op->column, what);
}

// wl_buf_str without the call where there is room, which is nearly always: a rendering appends some
// twenty short pieces, and two calls each would be a third of its time.
static void append(struct wl_buf *buf, struct wl_str text)
{
    size_t n_after = buf->n_bytes + text.n_bytes; // both are far below SIZE_MAX
    bool has_room = n_after < buf->capacity && n_after <= buf->n_bytes_max;

    if (has_room && text.n_bytes > 0 && buf->status == WL_OK) {
        memcpy(buf->data + buf->n_bytes, text.data, text.n_bytes);
        buf->data[n_after] = '\0';
        buf->n_bytes = n_after;
    } else {
        wl_buf_str(buf, text);
    }
}

/* -- names -- */

static const struct wl_node *find_key(struct render *r, const struct wl_node *map,
                                      struct wl_str key)
{
    if (map == NULL || map->kind != WL_NODE_MAP) {
        return NULL;
    }
    for (const struct wl_node *child = map->first; child != NULL; child = child->next) {
        r->n_steps++;
        bool may_be = child->key.n_bytes == key.n_bytes &&
                      (key.n_bytes == 0 || child->key.data[0] == key.data[0]);
        if (may_be && (key.n_bytes == 0 ||
                       memcmp(child->key.data, key.data, key.n_bytes) == 0)) { // a call: rarely
            return child;
        }
    }
    return NULL;
}

// The first part is searched from the innermost section outwards; the others only in what it gave.
static const struct wl_node *look_up(struct render *r, const struct wl_mustache_op *op)
{
    const struct wl_node *node = NULL;

    if (op->n_keys == 0) {
        return r->stack[r->n_stack - 1];
    }
    for (size_t i = r->n_stack; i > 0 && node == NULL; i--) {
        node = find_key(r, r->stack[i - 1], op->keys[0]);
    }
    for (size_t i = 1; i < op->n_keys && node != NULL; i++) {
        node = find_key(r, node, op->keys[i]);
    }
    return node;
}

static bool is_true(const struct wl_node *node)
{
    if (node == NULL) {
        return false;
    }
    switch (node->kind) {
    case WL_NODE_NULL: return false;
    case WL_NODE_BOOL:
    case WL_NODE_NUMBER: return node->number != 0.0;
    case WL_NODE_STRING: return node->text.n_bytes > 0;
    case WL_NODE_LIST: return node->n_children > 0;
    case WL_NODE_MAP: return true;
    }
    return false;
}

// Strict mode knows no unknown names; a section that is off says so with false or an empty list.
static wl_status look_up_known(struct render *r, const struct frame *frame,
                               const struct wl_mustache_op *op, const struct wl_node **node)
{
    *node = look_up(r, op);
    if (frame->template_->mode == WL_MUSTACHE_STRICT) {
        if (*node == NULL) {
            return fail_op(r, frame, op, WL_ESCHEMA, "no value for \"%.*s\"", WL_STR_ARG(op->text));
        }
        if ((*node)->kind == WL_NODE_NULL) {
            return fail_op(r, frame, op, WL_ESCHEMA, "\"%.*s\" is null", WL_STR_ARG(op->text));
        }
    }
    return WL_OK;
}

/* -- lines -- */

static void write_indent(struct render *r, const struct indent *indent)
{
    if (indent != NULL) {
        write_indent(r, indent->outer);
        wl_buf_str(r->buf, indent->blanks);
    }
}

// text without up to n_strip blanks in front.
static struct wl_str strip_blanks(struct wl_str text, size_t n_strip)
{
    while (n_strip > 0 && text.n_bytes > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.n_bytes--;
        n_strip--;
    }
    return text;
}

static bool is_line_break(struct wl_str line)
{
    return wl_str_is(line, "\n") || wl_str_is(line, "\r\n");
}

static void write_lines(struct render *r, const struct frame *frame,
                        const struct wl_mustache_op *op)
{
    struct wl_str rest = op->text;
    bool at_line_start = op->at_line_start;

    while (rest.n_bytes > 0) {
        const char *end = memchr(rest.data, '\n', rest.n_bytes);
        size_t n = end != NULL ? (size_t)(end - rest.data) + 1 : rest.n_bytes;
        struct wl_str line = {.data = rest.data, .n_bytes = n};
        if (at_line_start && !is_line_break(line)) {
            write_indent(r, frame->indent);
            line = strip_blanks(line, frame->n_strip);
        }
        wl_buf_str(r->buf, line);
        at_line_start = end != NULL;
        rest.data += n;
        rest.n_bytes -= n;
    }
    if (op->opens_line) {
        write_indent(r, frame->indent);
    }
}

static void write_text(struct render *r, const struct frame *frame, const struct wl_mustache_op *op)
{
    if (frame->indent == NULL && frame->n_strip == 0) {
        append(r->buf, op->text);
    } else {
        write_lines(r, frame, op);
    }
}

/* -- steps -- */

static wl_status check_value(const struct render *r, const struct frame *frame,
                             const struct wl_mustache_op *op, const struct wl_node *node)
{
    if (node->kind != WL_NODE_STRING && node->kind != WL_NODE_NUMBER) {
        return fail_op(r, frame, op, WL_ESCHEMA, "\"%.*s\" is %s, not a text", WL_STR_ARG(op->text),
                       wl_node_kind_name(node->kind));
    }
    bool begins_well = node->text.n_bytes > 0 && (unsigned char)node->text.data[0] > ' ';
    if (!begins_well && wl_str_trim(node->text).n_bytes == 0) {
        return fail_op(r, frame, op, WL_ESCHEMA, "\"%.*s\" is empty", WL_STR_ARG(op->text));
    }
    return WL_OK;
}

static wl_status write_value(struct render *r, const struct frame *frame,
                             const struct wl_mustache_op *op)
{
    const struct wl_node *node = NULL;

    WL_TRY(look_up_known(r, frame, op, &node));
    if (frame->template_->mode == WL_MUSTACHE_STRICT) {
        WL_TRY(check_value(r, frame, op, node));
    }
    if (node == NULL || node->kind == WL_NODE_LIST || node->kind == WL_NODE_MAP) {
        return WL_OK;
    }
    if (op->kind == WL_MUSTACHE_RAW) {
        append(r->buf, node->text);
    } else {
        wl_escape_add(r->buf, node->text, r->input->escape);
    }
    if (r->input->used != NULL) {
        r->input->used(r->input->used_context, op->text, node->text);
    }
    return WL_OK;
}

static wl_status enter(struct render *r, const struct frame *frame, const struct wl_mustache_op *op)
{
    if (r->depth == WL_TEMPLATE_DEPTH_MAX) {
        return fail_op(r, frame, op, WL_ELIMIT, "nested deeper than %d", WL_TEMPLATE_DEPTH_MAX);
    }
    r->depth++;
    return WL_OK;
}

static wl_status render_with(struct render *r, const struct frame *frame, size_t i_op,
                             const struct wl_node *top)
{
    const struct wl_mustache_op *op = &frame->template_->ops[i_op];

    WL_TRY(enter(r, frame, op));
    r->stack[r->n_stack++] = top; // never more than depth + 1
    wl_status status = render_ops(r, frame, i_op + 1, op->i_end);
    r->n_stack--;
    r->depth--;
    return status;
}

static wl_status render_section(struct render *r, const struct frame *frame, size_t i_op)
{
    const struct wl_mustache_op *op = &frame->template_->ops[i_op];
    const struct wl_node *node = NULL;

    WL_TRY(look_up_known(r, frame, op, &node));
    if ((op->kind == WL_MUSTACHE_INVERTED) == is_true(node)) {
        return WL_OK;
    }
    if (op->kind == WL_MUSTACHE_INVERTED) {
        return render_with(r, frame, i_op, r->stack[r->n_stack - 1]);
    }
    if (node->kind != WL_NODE_LIST) {
        return render_with(r, frame, i_op, node);
    }
    for (const struct wl_node *item = node->first; item != NULL; item = item->next) {
        WL_TRY(render_with(r, frame, i_op, item));
    }
    return WL_OK;
}

// The template that a partial or parent tag names; NULL when there is none.
static const struct wl_mustache *find_template(struct render *r, const struct wl_mustache_op *op)
{
    struct wl_str name = op->text;

    if (op->is_dynamic) {
        const struct wl_node *node = look_up(r, op);
        if (node == NULL || node->kind != WL_NODE_STRING) {
            return NULL;
        }
        name = node->text;
    }
    for (size_t i = 0; i < r->input->n_partials; i++) {
        if (wl_str_is(name, r->input->partials[i]->name)) {
            return r->input->partials[i];
        }
    }
    return NULL;
}

static wl_status render_template(struct render *r, const struct frame *frame, size_t i_op)
{
    const struct wl_mustache_op *op = &frame->template_->ops[i_op];
    const struct wl_mustache *inner = find_template(r, op);
    bool is_parent = op->kind == WL_MUSTACHE_PARENT;
    struct indent indent = {.outer = frame->indent,
                            .blanks = strip_blanks(op->indent, frame->n_strip)};
    struct fill fill = {.outer = frame->fill, .template_ = frame->template_, .i_parent = i_op};
    struct frame next = {.template_ = inner,
                         .indent = op->is_standalone ? &indent : NULL,
                         .fill = is_parent ? &fill : frame->fill};

    if (is_parent && op->at_line_start && !op->is_standalone) {
        write_indent(r, &indent);
    }
    if (inner == NULL) {
        return WL_OK;
    }
    WL_TRY(enter(r, frame, op));
    wl_status status = render_ops(r, &next, 0, inner->n_ops);
    r->depth--;
    return status;
}

// The block of that name among what a parent tag was given; NULL when it is not there.
static const struct wl_mustache_op *find_in_fill(const struct fill *fill, struct wl_str name,
                                                 size_t *i_found)
{
    const struct wl_mustache_op *ops = fill->template_->ops;

    for (size_t i = fill->i_parent + 1; i < ops[fill->i_parent].i_end; i = ops[i].i_end) {
        if (ops[i].kind == WL_MUSTACHE_BLOCK && wl_str_equal(ops[i].text, name)) {
            *i_found = i;
            return &ops[i];
        }
    }
    return NULL;
}

// The outermost parent tag that fills the block, as a later template overrides an earlier one.
static const struct wl_mustache_op *find_filling(const struct fill *fill, struct wl_str name,
                                                 const struct fill **from, size_t *i_found)
{
    const struct wl_mustache_op *best = NULL;

    for (; fill != NULL; fill = fill->outer) {
        size_t i = 0;
        const struct wl_mustache_op *op = find_in_fill(fill, name, &i);
        if (op != NULL) {
            best = op;
            *from = fill;
            *i_found = i;
        }
    }
    return best;
}

static wl_status render_block(struct render *r, const struct frame *frame, size_t i_op)
{
    const struct wl_mustache_op *op = &frame->template_->ops[i_op];
    const struct fill *from = NULL;
    size_t i_filling = 0;
    const struct wl_mustache_op *filling = find_filling(frame->fill, op->text, &from, &i_filling);
    struct indent indent = {.outer = frame->indent,
                            .blanks = strip_blanks(op->indent, frame->n_strip)};

    WL_TRY(enter(r, frame, op));
    wl_status status;
    if (filling == NULL) {
        if (op->at_line_start && !op->is_standalone) {
            write_indent(r, &indent);
        }
        status = render_ops(r, frame, i_op + 1, op->i_end);
    } else {
        struct frame next = {.template_ = from->template_,
                             .indent = op->at_line_start ? &indent : NULL,
                             .n_strip = filling->n_strip,
                             .fill = from->outer};
        if (op->at_line_start && filling->is_body_inline) {
            write_indent(r, &indent);
        }
        status = render_ops(r, &next, i_filling + 1, filling->i_end);
    }
    r->depth--;
    return status;
}

static wl_status render_op(struct render *r, const struct frame *frame, size_t i_op)
{
    const struct wl_mustache_op *op = &frame->template_->ops[i_op];

    switch (op->kind) {
    case WL_MUSTACHE_TEXT: write_text(r, frame, op); return WL_OK;
    case WL_MUSTACHE_VALUE:
    case WL_MUSTACHE_RAW: return write_value(r, frame, op);
    case WL_MUSTACHE_SECTION:
    case WL_MUSTACHE_INVERTED: return render_section(r, frame, i_op);
    case WL_MUSTACHE_PARTIAL:
    case WL_MUSTACHE_PARENT: return render_template(r, frame, i_op);
    case WL_MUSTACHE_BLOCK: return render_block(r, frame, i_op);
    }
    return WL_OK;
}

static wl_status render_ops(struct render *r, const struct frame *frame, size_t i, size_t i_end)
{
    const struct wl_mustache_op *ops = frame->template_->ops;

    for (; i < i_end; i = ops[i].i_end) {
        if (++r->n_steps > WL_TEMPLATE_STEPS_MAX) {
            return fail_op(r, frame, &ops[i], WL_ELIMIT, "more than %d steps to render",
                           WL_TEMPLATE_STEPS_MAX);
        }
        WL_TRY(render_op(r, frame, i));
    }
    return WL_OK;
}

wl_status wl_mustache_render(const struct wl_mustache *template_,
                             const struct wl_mustache_input *input, struct wl_buf *buf,
                             wl_error *error)
{
    static const struct wl_node empty = {.kind = WL_NODE_MAP};
    struct render r;
    struct frame frame = {.template_ = template_};
    size_t n_before = buf->n_bytes;

    WL_TRY(wl_buf_check(buf, error));
    r.input = input;
    r.buf = buf;
    r.stack[0] = input->root != NULL ? input->root : &empty;
    r.n_stack = 1;
    r.depth = 0;
    r.n_steps = 0;
    r.error = error;
    wl_status status = render_ops(&r, &frame, 0, template_->n_ops);
    if (status == WL_OK) {
        status = wl_buf_check(buf, error);
    }
    if (status != WL_OK && buf->data != NULL) {
        buf->n_bytes = n_before; // a message is whole or not there
        buf->data[n_before] = '\0';
        buf->status = WL_OK;
    }
    return status;
}
