/* Mustache templates (mustache/spec 1.4.2): compiled once to a flat list of steps.
 *
 * Two modes. Strict is for messages to customers: no partial, parent or block, no change of
 * delimiters, and whatever has no value is an error, so that nothing is ever sent with a hole.
 * Compat is the specification as written, for files that come from elsewhere.
 *
 * Caveats:
 *   - Lambdas do not exist: a template is data, and so are its values.
 *   - Values are JSON kinds (data/node.h). False, null, "", 0, an empty list and a missing name
 *     make a section false, as in mustache.js; the specification leaves "" and 0 open.
 *   - Every template has a ceiling on size, depth and work (base/limits.h). */
#ifndef WL_COMPOSE_MUSTACHE_H
#define WL_COMPOSE_MUSTACHE_H
#include "base/arena.h"
#include "base/buf.h"
#include "data/node.h"

enum wl_mustache_mode { WL_MUSTACHE_STRICT = 0, WL_MUSTACHE_COMPAT = 1 };

enum wl_mustache_kind {
    WL_MUSTACHE_TEXT = 0,
    WL_MUSTACHE_VALUE = 1,    /* {{x}} */
    WL_MUSTACHE_RAW = 2,      /* {{{x}}} or {{&x}} */
    WL_MUSTACHE_SECTION = 3,  /* {{#x}} .. */
    WL_MUSTACHE_INVERTED = 4, /* {{^x}} .. */
    WL_MUSTACHE_PARTIAL = 5,  /* {{>x}} */
    WL_MUSTACHE_PARENT = 6,   /* {{<x}} .. */
    WL_MUSTACHE_BLOCK = 7     /* {{$x}} .. */
};

/* One step. A step with a body is followed by it; the body ends before the step i_end. */
struct wl_mustache_op {
    enum wl_mustache_kind kind;
    bool at_line_start;  /* a text begins a line; a block or parent has only blanks before it */
    bool opens_line;     /* a text: a tag follows as the first thing on a fresh line */
    bool is_standalone;  /* a partial, parent or block that has its line to itself */
    bool is_dynamic;     /* {{>*x}}: the name of the template is the value of x */
    bool is_body_inline; /* a block: its content begins on the tag's own line */
    size_t i_end;        /* step behind the body */
    uint32_t line;       /* 1-based place in the source */
    uint32_t column;
    struct wl_str text;   /* a text: its bytes; otherwise the tag's name */
    struct wl_str indent; /* a partial, parent or block: blanks in front of it */
    size_t n_strip;       /* a block: blanks that its content has in front of every line */
    struct wl_str *keys;  /* (n_keys) the name cut at its dots; none for "." */
    size_t n_keys;
};

struct wl_mustache {
    const char *name;           /* for messages, and what partials are found by */
    struct wl_mustache_op *ops; /* (n_ops) in the arena */
    size_t n_ops;
    enum wl_mustache_mode mode;
};

/* Where in a source something is wrong: 1-based line, and column in characters. */
struct wl_place {
    uint32_t line;
    uint32_t column;
};

/* How values are made safe for where they go. */
enum wl_escape {
    WL_ESCAPE_HTML = 0, /* & < > " ' become entities */
    WL_ESCAPE_TEXT = 1, /* sms, push: a control character or line break becomes a space, so that a
                           value cannot forge a line */
    WL_ESCAPE_JSON = 2  /* the inside of a JSON string */
};

/* wl_mustache_compile - make a template ready to render.
 *   arena   (in,out) owns the template; source is copied.
 *   name    (in) shown in messages; copied.
 *   place   (out) where the first problem is; NULL allowed; written only on WL_EPARSE.
 * Cost:    O(bytes), two passes.
 * Errors:  WL_EPARSE  "template care, line 3, column 7: ..."; also what strict mode refuses.
 *          WL_ELIMIT  longer than WL_TEMPLATE_BYTES_MAX or nested deeper than
 *                     WL_TEMPLATE_DEPTH_MAX.  WL_ENOMEM.
 * Source:  github.com/mustache/spec 1.4.2, with ~inheritance and ~dynamic-names. */
WL_MUST_CHECK wl_status wl_mustache_compile(struct wl_arena *arena, const char *name,
                                            struct wl_str source, enum wl_mustache_mode mode,
                                            struct wl_mustache **template_out,
                                            struct wl_place *place, wl_error *error);

/* What a rendering needs beside the template. */
struct wl_mustache_input {
    const struct wl_node *root;                /* the values; NULL counts as an empty map */
    enum wl_escape escape;                     /* for {{x}}; {{{x}}} is never escaped */
    const struct wl_mustache *const *partials; /* (n_partials) found by name; compat mode only */
    size_t n_partials;
    /* Told each value that is written; may be NULL. */
    void (*used)(void *context, struct wl_str name, struct wl_str value);
    void *used_context;
};

/* wl_mustache_render - append the rendered template to buf.
 * Cost:    O(output + lookups); no allocation but buf's; at most WL_TEMPLATE_STEPS_MAX steps.
 * Errors:  WL_ESCHEMA  strict mode: a name without a value, null, empty, or of a kind that is no
 *                      text; the message names template, line, column and variable.
 *          WL_ELIMIT   sections or partials nested too deeply, too many steps, or buf's ceiling.
 *          WL_ENOMEM.  On failure buf holds what it held before.
 * Threads: any number may render one template at once. */
WL_MUST_CHECK wl_status wl_mustache_render(const struct wl_mustache *template_,
                                           const struct wl_mustache_input *input,
                                           struct wl_buf *buf, wl_error *error);

/* wl_escape_add - append text to buf, made safe for escape. */
void wl_escape_add(struct wl_buf *buf, struct wl_str text, enum wl_escape escape);

#endif
