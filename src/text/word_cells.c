/* From a tree of words to a double array. Each node gets a base such that the cells base + byte of
 * all its children are free. Nodes with several children choose first, moving upward through the
 * array; the many with a single child then fill the holes. With jieba's list all but 219 of 1.2 M
 * cells are used.
 *
 * What is not checked when cells are read is that they make a tree: a walk takes one byte per step
 * and looks at the bounds of each, so the worst that a forged array can do is give wrong words. */
#include "text/word_cells.h"

#define WINDOW     1024 /* cells looked at again behind the last place found */
#define FIRST_CELL 257U /* a base stays above 0: cell 0 is the root */

struct placing {
    const struct wl_word_tree *tree;
    uint32_t *base;   /* (n_nodes) by node */
    uint8_t *is_used; /* (n_used_max) by cell */
    size_t n_used_max;
    size_t n_cells;
};

void wl_word_cells_release(const wl_alloc *alloc, struct wl_word_cells *cells)
{
    wl_alloc_free(alloc, cells->items);
    *cells = (struct wl_word_cells){0};
}

uint32_t wl_word_cells_find(const struct wl_word_cells *cells, struct wl_str word)
{
    uint32_t cell = 0;

    for (size_t i = 0; i < word.n_bytes; i++) {
        if (!wl_word_cells_step(cells, &cell, (uint8_t)word.data[i])) {
            return 0;
        }
    }
    return cells->items[cell].word;
}

/* -- bytes -- */

void wl_word_cells_put(const struct wl_word_cells *cells, struct wl_buf *body)
{
    for (size_t i = 0; i < cells->n; i++) {
        wl_put_u32(body, cells->items[i].base);
        wl_put_u32(body, cells->items[i].parent);
        wl_put_u32(body, cells->items[i].word);
    }
}

wl_status wl_word_cells_read(const wl_alloc *alloc, struct wl_reader *reader, size_t n,
                             size_t n_words, struct wl_word_cells *cells, wl_error *error)
{
    if (n > WL_WORD_CELLS_MAX || n_words > n) {
        return wl_fail(error, WL_ELIMIT, "an array of %zu cells and %zu words", n, n_words);
    }
    if (n == 0 || wl_reader_left(reader) / WL_WORD_CELL_BYTES < n) {
        return wl_fail(error, WL_ECORRUPT, "%zu bytes for %zu cells", wl_reader_left(reader), n);
    }
    struct wl_word_cell *items = wl_alloc_array(alloc, n, sizeof(*items));
    if (items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu cells", n);
    }
    for (size_t i = 0; i < n; i++) {
        items[i].base = wl_read_u32(reader);
        items[i].parent = wl_read_u32(reader);
        items[i].word = wl_read_u32(reader);
        if (items[i].word > n_words) {
            wl_status status = wl_fail(error, WL_ECORRUPT, "cell %zu names word %u of %zu", i,
                                       items[i].word, n_words);
            wl_alloc_free(alloc, items);
            return status;
        }
    }
    *cells = (struct wl_word_cells){.items = items, .n = n};
    return WL_OK;
}

/* -- placing -- */

static bool fits(const struct placing *placing, uint32_t node, size_t base)
{
    const struct wl_word_node *nodes = placing->tree->nodes;

    for (uint32_t child = nodes[node].child; child != 0; child = nodes[child].sibling) {
        if (placing->is_used[base + nodes[child].label]) {
            return false;
        }
    }
    return true;
}

static void take(struct placing *placing, uint32_t node, size_t base)
{
    const struct wl_word_node *nodes = placing->tree->nodes;

    placing->base[node] = (uint32_t)base;
    for (uint32_t child = nodes[node].child; child != 0; child = nodes[child].sibling) {
        size_t cell = base + nodes[child].label;
        placing->is_used[cell] = 1;
        placing->n_cells = cell >= placing->n_cells ? cell + 1 : placing->n_cells;
    }
}

// Bases for the nodes with several children, or for those with one.
static wl_status place(struct placing *placing, bool is_several, wl_error *error)
{
    const struct wl_word_node *nodes = placing->tree->nodes;
    size_t from = FIRST_CELL;

    for (uint32_t node = 0; node < placing->tree->n_nodes; node++) {
        uint32_t child = nodes[node].child;
        if (child == 0 || (nodes[child].sibling != 0) != is_several) {
            continue;
        }
        size_t cell = from;
        while (cell + 256 < placing->n_used_max &&
               (placing->is_used[cell] || !fits(placing, node, cell - nodes[child].label))) {
            cell++;
        }
        if (cell + 256 >= placing->n_used_max) {
            return wl_fail(error, WL_ELIMIT, "the words do not fit into %zu cells",
                           placing->n_used_max);
        }
        take(placing, node, cell - nodes[child].label);
        if (!is_several) {
            from = cell;
        } else if (cell > from + WINDOW) {
            from = cell - WINDOW;
        }
    }
    return WL_OK;
}

// A parent is older than its children, so its base is there.
static void fill(const struct placing *placing, struct wl_word_cells *cells)
{
    const struct wl_word_tree *tree = placing->tree;
    uint32_t n_words = 0;

    for (size_t i = 0; i < cells->n; i++) {
        cells->items[i] = (struct wl_word_cell){.parent = WL_WORD_CELL_NONE};
    }
    for (uint32_t node = 0; node < tree->n_nodes; node++) {
        const struct wl_word_node *of = &tree->nodes[node];
        uint32_t cell = node == 0 ? 0 : placing->base[of->parent] + of->label;
        cells->items[cell].base = placing->base[node];
        cells->items[cell].word = of->is_word ? ++n_words : 0;
        for (uint32_t child = of->child; child != 0; child = tree->nodes[child].sibling) {
            cells->items[placing->base[node] + tree->nodes[child].label].parent = cell;
        }
    }
}

wl_status wl_word_cells_make(const wl_alloc *alloc, const struct wl_word_tree *tree,
                             struct wl_word_cells *cells, wl_error *error)
{
    // Twice the nodes is more than was ever needed; 1024 is for lists of a few words.
    struct placing placing = {.tree = tree, .n_used_max = 2 * tree->n_nodes + 1024, .n_cells = 1};
    wl_status status = WL_OK;

    placing.base = wl_alloc_zeroed(alloc, tree->n_nodes, sizeof(*placing.base));
    placing.is_used = wl_alloc_zeroed(alloc, placing.n_used_max, 1);
    if (placing.base == NULL || placing.is_used == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to place %zu nodes", tree->n_nodes);
        goto done;
    }
    WL_GO(place(&placing, true, error));
    WL_GO(place(&placing, false, error));
    struct wl_word_cell *items = wl_alloc_array(alloc, placing.n_cells, sizeof(*items));
    if (items == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu cells", placing.n_cells);
        goto done;
    }
    *cells = (struct wl_word_cells){.items = items, .n = placing.n_cells};
    fill(&placing, cells);
done:
    wl_alloc_free(alloc, placing.base);
    wl_alloc_free(alloc, placing.is_used);
    return status;
}
