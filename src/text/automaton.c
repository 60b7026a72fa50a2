/* Building the automaton: the words go into a tree and its double array (word_cells.h); a walk
 * level by level then finds for each cell where to go on when no word continues, because such links
 * lead to shallower cells only.
 *
 * Built once per process for each file of rules, walked for every byte of every text. */
#include "text/automaton.h"

struct builder {
    const wl_alloc *alloc;
    struct wl_word_tree tree;
    struct wl_automaton made;
    uint32_t *cell_of; // (nodes) cell of each node
    uint32_t *queue;   // (nodes) by rising depth
};

static wl_status put_words(struct builder *b, const struct wl_str *words, size_t n_words,
                           wl_error *error)
{
    if (n_words > WL_AUTOMATON_WORDS_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu words to look for, at most %zu", n_words,
                       WL_AUTOMATON_WORDS_MAX);
    }
    for (size_t i = 0; i < n_words; i++) {
        WL_TRY(wl_word_tree_put(&b->tree, words[i], (uint32_t)i + 1, 0, error));
    }
    if (n_words > 0) {
        return wl_word_cells_make(b->alloc, &b->tree, &b->made.cells, error);
    }
    b->made.cells.items = wl_alloc_zeroed(b->alloc, 1, sizeof(*b->made.cells.items));
    if (b->made.cells.items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to look for words");
    }
    b->made.cells.items[0].parent = WL_WORD_CELL_NONE; // a root that nothing leaves
    b->made.cells.n = 1;
    return WL_OK;
}

static wl_status take_memory(struct builder *b, wl_error *error)
{
    size_t n_cells = b->made.cells.n;
    size_t n_nodes = b->tree.n_nodes + 1; // at least the root

    b->made.fail = wl_alloc_zeroed(b->alloc, n_cells, sizeof(uint32_t));
    b->made.shorter = wl_alloc_zeroed(b->alloc, n_cells, sizeof(uint32_t));
    b->made.word = wl_alloc_zeroed(b->alloc, n_cells, sizeof(uint32_t));
    b->cell_of = wl_alloc_zeroed(b->alloc, n_nodes, sizeof(uint32_t));
    b->queue = wl_alloc_zeroed(b->alloc, n_nodes, sizeof(uint32_t));
    if (b->made.fail == NULL || b->made.shorter == NULL || b->made.word == NULL ||
        b->cell_of == NULL || b->queue == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to look for words in %zu cells", n_cells);
    }
    return WL_OK;
}

static void link_node(struct builder *b, uint32_t node)
{
    const struct wl_word_node *at = &b->tree.nodes[node];
    uint32_t above = b->cell_of[at->parent];
    uint32_t cell = above;
    bool is_there = wl_word_cells_step(&b->made.cells, &cell, at->label);

    WL_ASSERT(is_there); // the array holds the tree that it was made from
    b->cell_of[node] = cell;
    b->made.word[cell] = at->is_word ? at->frequency : 0;
    if (at->parent != 0) { // children of the root go back to the root
        uint32_t fail = wl_automaton_step(&b->made, b->made.fail[above], at->label);
        b->made.fail[cell] = fail;
        b->made.shorter[cell] = b->made.word[fail] != 0 ? fail : b->made.shorter[fail];
    }
}

static void link_all(struct builder *b)
{
    size_t n_queue = 1; // the root

    for (size_t i = 0; i < n_queue; i++) {
        const struct wl_word_node *nodes = b->tree.nodes;
        for (uint32_t child = nodes[b->queue[i]].child; child != 0; child = nodes[child].sibling) {
            link_node(b, child);
            b->queue[n_queue++] = child;
        }
    }
}

wl_status wl_automaton_build(const wl_alloc *alloc, const struct wl_str *words, size_t n_words,
                             struct wl_automaton *automaton, wl_error *error)
{
    struct builder b = {.alloc = alloc};
    wl_status status = WL_OK;

    wl_word_tree_init(&b.tree, alloc);
    WL_GO(put_words(&b, words, n_words, error));
    WL_GO(take_memory(&b, error));
    if (n_words > 0) {
        link_all(&b);
    }
    *automaton = b.made;
    b.made = (struct wl_automaton){0};
done:
    wl_automaton_release(alloc, &b.made);
    wl_alloc_free(alloc, b.queue);
    wl_alloc_free(alloc, b.cell_of);
    wl_word_tree_release(&b.tree);
    return status;
}

void wl_automaton_release(const wl_alloc *alloc, struct wl_automaton *automaton)
{
    wl_word_cells_release(alloc, &automaton->cells);
    wl_alloc_free(alloc, automaton->fail);
    wl_alloc_free(alloc, automaton->shorter);
    wl_alloc_free(alloc, automaton->word);
    *automaton = (struct wl_automaton){0};
}
