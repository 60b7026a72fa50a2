/* From the word list to a double array. The words go into a tree of bytes first; then each node
 * gets a base such that the cells base + byte of all its children are free. Nodes with several
 * children choose first, moving upward through the array; the many with a single child then fill
 * the holes. With jieba's list all but 219 of 1.2 M cells are used.
 *
 * The tables of the hidden Markov model are Python literals. The reader below knows just what
 * stands in them: quoted names, numbers, and braces. */
#include "text/dict_make.h"

#include "base/bytes.h"
#include "text/hmm.h"
#include "text/word_dict.h"
#include "text/word_tree.h"

#include <string.h>

#define WINDOW     1024 /* cells looked at again behind the last place found */
#define FIRST_CELL 257U /* a base stays above 0: cell 0 is the root */

struct maker {
    const wl_alloc *alloc;
    struct wl_word_tree tree;
    uint64_t total;
    struct wl_hmm hmm;
    uint32_t *base;   /* (n_nodes) by node */
    uint8_t *is_used; /* (n_used_max) by cell */
    size_t n_used_max;
    size_t n_cells;
};

/* -- words -- */

static wl_status add_words(struct maker *maker, struct wl_str words, wl_error *error)
{
    size_t number = 0;

    while (words.n_bytes > 0) {
        struct wl_str rest = wl_str_trim(wl_str_cut(&words, '\n'));
        struct wl_str word = wl_str_cut(&rest, ' ');
        struct wl_str digits = wl_str_cut(&rest, ' ');
        int64_t frequency;
        number++;
        if (!wl_str_to_i64(digits, &frequency) || frequency < 0 || frequency > UINT32_MAX) {
            return wl_fail(error, WL_EPARSE, "word list, line %zu: no frequency", number);
        }
        if (!wl_str_is_utf8(word)) {
            return wl_fail(error, WL_EPARSE, "word list, line %zu: not UTF-8", number);
        }
        wl_status status = wl_word_tree_put(&maker->tree, word, (uint32_t)frequency, error);
        if (status != WL_OK) {
            return wl_fail_at(error, status, "word list, line %zu", number);
        }
        maker->total += (uint64_t)frequency;
    }
    return maker->total > 0 ? WL_OK : wl_fail(error, WL_EPARSE, "the word list is empty");
}

/* -- tables -- */

static int state_named(struct wl_str name)
{
    static const char letters[] = "BEMS";
    const char *found = name.n_bytes == 1 ? memchr(letters, name.data[0], WL_HMM_STATES) : NULL;

    return found != NULL ? (int)(found - letters) : -1;
}

// The next 'name' of a literal and what stands between its colon and the next comma or brace.
static bool next_entry(struct wl_str *rest, struct wl_str *name, struct wl_str *value)
{
    (void)wl_str_cut(rest, '\'');
    if (rest->n_bytes == 0) {
        return false;
    }
    *name = wl_str_cut(rest, '\'');
    (void)wl_str_cut(rest, ':');
    *rest = wl_str_trim(*rest);
    size_t n = 0;
    while (n < rest->n_bytes && memchr(",}\n{", rest->data[n], 4) == NULL) {
        n++;
    }
    *value = (struct wl_str){.data = rest->data, .n_bytes = n};
    return true;
}

// The code point of a name like "\u4e00"; 0 for another one.
static uint32_t escaped_code(struct wl_str name)
{
    uint32_t code = 0;

    if (name.n_bytes != 6 || name.data[0] != '\\' || name.data[1] != 'u') {
        return 0;
    }
    for (size_t i = 2; i < name.n_bytes; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *found = memchr(digits, name.data[i], 16);
        if (found == NULL) {
            return 0;
        }
        code = code * 16 + (uint32_t)(found - digits);
    }
    return code;
}

static wl_status read_start(struct maker *maker, struct wl_str text, wl_error *error)
{
    struct wl_str name;
    struct wl_str value;

    for (int state = 0; state < WL_HMM_STATES; state++) {
        maker->hmm.start[state] = WL_HMM_UNLIKELY;
    }
    while (next_entry(&text, &name, &value)) {
        int state = state_named(name);
        if (state < 0 || !wl_str_to_double(value, &maker->hmm.start[state])) {
            return wl_fail(error, WL_EPARSE, "start table: \"%.*s\"", WL_STR_ARG(name));
        }
    }
    return WL_OK;
}

// A name with braces behind it is a state and opens its rows; the others are rows.
static wl_status read_transition(struct maker *maker, struct wl_str text, wl_error *error)
{
    struct wl_str name;
    struct wl_str value;
    int from = -1;

    for (size_t i = 0; i < (size_t)WL_HMM_STATES * WL_HMM_STATES; i++) {
        maker->hmm.transition[i / WL_HMM_STATES][i % WL_HMM_STATES] = WL_HMM_UNLIKELY;
    }
    while (next_entry(&text, &name, &value)) {
        int state = state_named(name);
        if (state >= 0 && value.n_bytes == 0) {
            from = state;
        } else if (state < 0 || from < 0 ||
                   !wl_str_to_double(value, &maker->hmm.transition[from][state])) {
            return wl_fail(error, WL_EPARSE, "transition table: \"%.*s\"", WL_STR_ARG(name));
        }
    }
    return from >= 0 ? WL_OK : wl_fail(error, WL_EPARSE, "the transition table is empty");
}

static wl_status read_emission(struct maker *maker, struct wl_str text, wl_error *error)
{
    struct wl_str name;
    struct wl_str value;
    int state = -1;

    for (size_t i = 0; i < (size_t)WL_HAN_COUNT * WL_HMM_STATES; i++) {
        maker->hmm.emission[i / WL_HMM_STATES][i % WL_HMM_STATES] = WL_HMM_UNLIKELY;
    }
    while (next_entry(&text, &name, &value)) {
        double number;
        uint32_t code = escaped_code(name);
        if (value.n_bytes == 0 && state_named(name) >= 0) {
            state = state_named(name);
        } else if (state < 0 || !wl_str_to_double(value, &number)) {
            return wl_fail(error, WL_EPARSE, "emission table: \"%.*s\"", WL_STR_ARG(name));
        } else if (code >= WL_HAN_FIRST && code <= WL_HAN_LAST) {
            maker->hmm.emission[code - WL_HAN_FIRST][state] = number;
        }
    }
    return state >= 0 ? WL_OK : wl_fail(error, WL_EPARSE, "the emission table is empty");
}

/* -- the double array -- */

static bool fits(const struct maker *maker, uint32_t node, size_t base)
{
    const struct wl_word_node *nodes = maker->tree.nodes;

    for (uint32_t child = nodes[node].child; child != 0; child = nodes[child].sibling) {
        if (maker->is_used[base + nodes[child].label]) {
            return false;
        }
    }
    return true;
}

static void take(struct maker *maker, uint32_t node, size_t base)
{
    const struct wl_word_node *nodes = maker->tree.nodes;

    maker->base[node] = (uint32_t)base;
    for (uint32_t child = nodes[node].child; child != 0; child = nodes[child].sibling) {
        size_t cell = base + nodes[child].label;
        maker->is_used[cell] = 1;
        maker->n_cells = cell >= maker->n_cells ? cell + 1 : maker->n_cells;
    }
}

// Bases for the nodes with several children, or for those with one.
static wl_status place(struct maker *maker, bool is_several, wl_error *error)
{
    const struct wl_word_node *nodes = maker->tree.nodes;
    size_t from = FIRST_CELL;

    for (uint32_t node = 0; node < maker->tree.n_nodes; node++) {
        uint32_t child = nodes[node].child;
        if (child == 0 || (nodes[child].sibling != 0) != is_several) {
            continue;
        }
        size_t cell = from;
        while (cell + 256 < maker->n_used_max &&
               (maker->is_used[cell] || !fits(maker, node, cell - nodes[child].label))) {
            cell++;
        }
        if (cell + 256 >= maker->n_used_max) {
            return wl_fail(error, WL_ELIMIT, "the words do not fit into %zu cells",
                           maker->n_used_max);
        }
        take(maker, node, cell - nodes[child].label);
        if (!is_several) {
            from = cell;
        } else if (cell > from + WINDOW) {
            from = cell - WINDOW;
        }
    }
    return WL_OK;
}

static wl_status place_all(struct maker *maker, wl_error *error)
{
    size_t n_nodes = maker->tree.n_nodes;

    // Twice the nodes is more than was ever needed; 1024 is for lists of a few words.
    maker->n_used_max = 2 * n_nodes + 1024;
    maker->base = wl_alloc_zeroed(maker->alloc, n_nodes, sizeof(*maker->base));
    maker->is_used = wl_alloc_zeroed(maker->alloc, maker->n_used_max, 1);
    if (maker->base == NULL || maker->is_used == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to place %zu nodes", n_nodes);
    }
    maker->n_cells = 1;
    WL_TRY(place(maker, true, error));
    return place(maker, false, error);
}

/* -- the file -- */

// Cells by node: a parent is older than its children, so its base is there.
static void put_cells(const struct maker *maker, struct wl_word_cell *cells, struct wl_buf *body)
{
    const struct wl_word_tree *tree = &maker->tree;
    uint32_t n_words = 0;

    for (size_t i = 0; i < maker->n_cells; i++) {
        cells[i] = (struct wl_word_cell){.parent = WL_WORD_CELL_NONE};
    }
    for (uint32_t node = 0; node < tree->n_nodes; node++) {
        const struct wl_word_node *of = &tree->nodes[node];
        uint32_t cell = node == 0 ? 0 : maker->base[of->parent] + of->label;
        cells[cell].base = maker->base[node];
        cells[cell].word = of->is_word ? ++n_words : 0;
        for (uint32_t child = of->child; child != 0; child = tree->nodes[child].sibling) {
            cells[maker->base[node] + tree->nodes[child].label].parent = cell;
        }
    }
    wl_put_u32(body, (uint32_t)maker->n_cells);
    wl_put_u32(body, n_words);
    wl_put_u64(body, maker->total);
    for (size_t i = 0; i < maker->n_cells; i++) {
        wl_put_u32(body, cells[i].base);
        wl_put_u32(body, cells[i].parent);
        wl_put_u32(body, cells[i].word);
    }
    for (uint32_t node = 0; node < tree->n_nodes; node++) {
        if (tree->nodes[node].is_word) {
            wl_put_u32(body, tree->nodes[node].frequency);
        }
    }
}

static void put_tables(const struct wl_hmm *hmm, struct wl_buf *body)
{
    for (size_t i = 0; i < WL_HMM_STATES; i++) {
        wl_put_f64(body, hmm->start[i]);
    }
    for (size_t i = 0; i < (size_t)WL_HMM_STATES * WL_HMM_STATES; i++) {
        wl_put_f64(body, hmm->transition[i / WL_HMM_STATES][i % WL_HMM_STATES]);
    }
    for (size_t i = 0; i < (size_t)WL_HAN_COUNT * WL_HMM_STATES; i++) {
        wl_put_f64(body, hmm->emission[i / WL_HMM_STATES][i % WL_HMM_STATES]);
    }
}

static wl_status write_file(const struct maker *maker, struct wl_buf *out, wl_error *error)
{
    struct wl_buf body;
    wl_status status = WL_OK;
    struct wl_word_cell *cells = wl_alloc_array(maker->alloc, maker->n_cells, sizeof(*cells));

    wl_buf_init(&body, maker->alloc, WL_DICT_BYTES_MAX);
    if (cells == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu cells", maker->n_cells);
        goto done;
    }
    put_cells(maker, cells, &body);
    put_tables(&maker->hmm, &body);
    WL_GO(wl_buf_check(&body, error));
    wl_buf_text(out, WL_DICT_MAGIC);
    wl_put_u32(out, WL_DICT_VERSION);
    wl_put_u64(out, wl_str_hash(wl_buf_view(&body), WL_DICT_VERSION));
    wl_buf_str(out, wl_buf_view(&body));
    status = wl_buf_check(out, error);
done:
    wl_alloc_free(maker->alloc, cells);
    wl_buf_release(&body);
    return status;
}

wl_status wl_dict_make(const wl_alloc *alloc, const struct wl_dict_source *source,
                       struct wl_buf *out, wl_error *error)
{
    struct maker maker = {.alloc = alloc};
    wl_status status = WL_OK;

    wl_word_tree_init(&maker.tree, alloc);
    maker.hmm.emission = wl_alloc_array(alloc, WL_HAN_COUNT, sizeof(*maker.hmm.emission));
    if (maker.hmm.emission == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the emission table");
    }
    WL_GO(read_start(&maker, source->start, error));
    WL_GO(read_transition(&maker, source->transition, error));
    WL_GO(read_emission(&maker, source->emission, error));
    WL_GO(add_words(&maker, source->words, error));
    WL_GO(place_all(&maker, error));
    status = write_file(&maker, out, error);
done:
    wl_alloc_free(alloc, maker.hmm.emission);
    wl_alloc_free(alloc, maker.base);
    wl_alloc_free(alloc, maker.is_used);
    wl_word_tree_release(&maker.tree);
    return status;
}
