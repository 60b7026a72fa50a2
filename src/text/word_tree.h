/* Words with frequencies that may still grow: the user's dictionary, and what a dictionary file is
 * made from. A tree of bytes; the children of a node are a chain. */
#ifndef WL_TEXT_WORD_TREE_H
#define WL_TEXT_WORD_TREE_H
#include "base/alloc.h"
#include "base/str.h"

#define WL_WORD_BYTES_MAX 256 /* the longest word of jieba's dictionary has 48 */
#define WL_WORD_TAG_NONE  255

struct wl_word_node {
    uint32_t child;   /* first child, 0: none */
    uint32_t sibling; /* next child of the same parent, 0: none; always an older node */
    uint32_t parent;  /* always an older node */
    uint32_t frequency;
    uint8_t label; /* byte that leads here */
    uint8_t tag;   /* part of speech, an id of who keeps the tree; WL_WORD_TAG_NONE: not said */
    bool is_word;
};

struct wl_word_tree {
    const wl_alloc *alloc;
    struct wl_word_node *nodes; /* (n_nodes), [0] is the root; NULL while empty */
    size_t n_nodes;
    size_t capacity;
};

/* wl_word_tree_init - an empty tree; takes no memory yet. */
void wl_word_tree_init(struct wl_word_tree *tree, const wl_alloc *alloc);

/* wl_word_tree_release - give the memory back; a zeroed tree is fine. */
void wl_word_tree_release(struct wl_word_tree *tree);

/* wl_word_tree_put - add a word of 1 to WL_WORD_BYTES_MAX bytes, or change its frequency and tag.
 * Errors:  WL_ELIMIT  too long, or too many nodes.  WL_EINVAL  empty.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_word_tree_put(struct wl_word_tree *tree, struct wl_str word,
                                         uint32_t frequency, uint8_t tag, wl_error *error);

/* wl_word_tree_step - the child of node (0: the root) under byte; 0 when there is none. */
uint32_t wl_word_tree_step(const struct wl_word_tree *tree, uint32_t node, uint8_t byte);

#endif
