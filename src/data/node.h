/* A document as a tree: what YAML and JSON readers hand to the rest of the program. Values keep
 * their place in the file, so that every complaint can name line and column. */
#ifndef WL_DATA_NODE_H
#define WL_DATA_NODE_H
#include "base/arena.h"

enum wl_node_kind {
    WL_NODE_NULL = 0,
    WL_NODE_BOOL = 1,
    WL_NODE_NUMBER = 2,
    WL_NODE_STRING = 3,
    WL_NODE_LIST = 4,
    WL_NODE_MAP = 5
};

struct wl_node {
    enum wl_node_kind kind;
    uint32_t line;         /* 1-based; 0 when the reader does not know (JSON) */
    uint32_t column;       /* 1-based; 0 when unknown */
    struct wl_str key;     /* name inside the parent map; empty elsewhere */
    struct wl_str text;    /* scalars: the text as written (strings unescaped) */
    double number;         /* WL_NODE_NUMBER: value; WL_NODE_BOOL: 0 or 1 */
    struct wl_node *first; /* children of a list or map, in file order */
    struct wl_node *next;  /* next sibling */
    size_t n_children;
};

/* wl_json_parse - read one JSON value (RFC 8259, UTF-8, no duplicate keys).
 *   arena  (in,out) owns the tree; text is copied.
 * Errors:  WL_EPARSE  with line and column.  WL_ELIMIT  deeper than WL_NODE_DEPTH_MAX or more than
 *          WL_NODES_MAX values.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_json_parse(struct wl_arena *arena, struct wl_str text,
                                      struct wl_node **root_out, wl_error *error);

/* wl_json_parse_rounded - the same for files whose whole numbers may go beyond 64 bits (settings of
 * tokenizers write 10^30 for "no limit"): every number is read as a double, so whole ones are exact
 * up to 2^53. */
WL_MUST_CHECK wl_status wl_json_parse_rounded(struct wl_arena *arena, struct wl_str text,
                                              struct wl_node **root_out, wl_error *error);

/* wl_yaml_parse - read one YAML 1.2 document, core schema; quoted scalars are strings.
 *   No aliases, anchors, tags, directives, tab characters or duplicate keys: configuration is data,
 *   and what it says should be where it says it.
 * Errors:  WL_ECONFIG  "line 3, column 7: ..." .  WL_ELIMIT, WL_ENOMEM as above. */
WL_MUST_CHECK wl_status wl_yaml_parse(struct wl_arena *arena, struct wl_str text,
                                      struct wl_node **root_out, wl_error *error);

/* wl_node_get - value of key in a map; NULL when it is not there, not a map, or map is NULL. */
const struct wl_node *wl_node_get(const struct wl_node *map, const char *key);

/* wl_node_text - text of a scalar under key, or fallback. */
struct wl_str wl_node_text(const struct wl_node *map, const char *key, const char *fallback);

/* wl_node_number - number under key, or fallback when it is absent or not a number. */
double wl_node_number(const struct wl_node *map, const char *key, double fallback);

/* wl_node_kind_name - "a number", "a list", ... for messages. */
const char *wl_node_kind_name(enum wl_node_kind kind);

#endif
