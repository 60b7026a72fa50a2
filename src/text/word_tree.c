/* A tree of bytes that grows. Chains of children are slow to walk and simple to extend: it serves a
 * user's dictionary of some thousand words and, once per build, the making of the big one: 0.4 s
 * for 349,046 lines. */
#include "text/word_tree.h"

#define NODES_MAX ((size_t)1 << 27)

void wl_word_tree_init(struct wl_word_tree *tree, const wl_alloc *alloc)
{
    *tree = (struct wl_word_tree){.alloc = alloc};
}

void wl_word_tree_release(struct wl_word_tree *tree)
{
    if (tree->alloc != NULL) {
        wl_alloc_free(tree->alloc, tree->nodes);
        wl_word_tree_init(tree, tree->alloc);
    }
}

uint32_t wl_word_tree_step(const struct wl_word_tree *tree, uint32_t node, uint8_t byte)
{
    if (tree->n_nodes == 0) {
        return 0;
    }
    uint32_t child = tree->nodes[node].child;
    while (child != 0 && tree->nodes[child].label != byte) {
        child = tree->nodes[child].sibling;
    }
    return child;
}

static uint32_t add_child(struct wl_word_tree *tree, uint32_t parent, uint8_t byte)
{
    uint32_t child = (uint32_t)tree->n_nodes++;

    tree->nodes[child] = (struct wl_word_node){
        .sibling = tree->nodes[parent].child, .parent = parent, .label = byte};
    tree->nodes[parent].child = child;
    return child;
}

wl_status wl_word_tree_put(struct wl_word_tree *tree, struct wl_str word, uint32_t frequency,
                           uint8_t tag, wl_error *error)
{
    uint32_t node = 0;

    if (word.n_bytes == 0) {
        return wl_fail(error, WL_EINVAL, "a word is empty");
    }
    if (word.n_bytes > WL_WORD_BYTES_MAX || tree->n_nodes > NODES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a word of %zu bytes, %d at most", word.n_bytes,
                       WL_WORD_BYTES_MAX);
    }
    // Room for all at once, so that a failure leaves no half of a word.
    WL_TRY(
        WL_GROW(tree->alloc, tree->nodes, tree->capacity, tree->n_nodes + word.n_bytes + 1, error));
    if (tree->n_nodes == 0) {
        tree->nodes[tree->n_nodes++] = (struct wl_word_node){0};
    }
    for (size_t i = 0; i < word.n_bytes; i++) {
        uint8_t byte = (uint8_t)word.data[i];
        uint32_t child = wl_word_tree_step(tree, node, byte);
        node = child != 0 ? child : add_child(tree, node, byte);
    }
    tree->nodes[node].is_word = true;
    tree->nodes[node].frequency = frequency;
    tree->nodes[node].tag = tag;
    return WL_OK;
}
