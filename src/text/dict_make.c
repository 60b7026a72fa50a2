/* The word list becomes a double array (word_cells.h). The tables of the hidden Markov model are
 * Python literals; the reader below knows just what stands in them: quoted names, numbers, and
 * braces. The tables of tags are read by pos_make. */
#include "text/dict_make.h"

#include "base/bytes.h"
#include "text/hmm.h"
#include "text/pos_make.h"
#include "text/py_literal.h"
#include "text/word_dict.h"
#include "text/word_tree.h"

#include <string.h>

struct maker {
    const wl_alloc *alloc;
    struct wl_word_tree tree;
    size_t n_words;
    uint64_t total;
    struct wl_hmm hmm;
    struct wl_word_cells cells;
    struct wl_dict tags;
    struct wl_pos_model pos;
};

/* -- words -- */

// The ids of enum wl_word_tag.
static wl_status name_first_tags(struct maker *maker, wl_error *error)
{
    static const char *const names[WL_TAG_FIRST] = {
        [WL_TAG_X] = "x", [WL_TAG_M] = "m", [WL_TAG_ENG] = "eng"};
    uint32_t id;

    for (size_t i = 0; i < WL_TAG_FIRST; i++) {
        WL_TRY(wl_dict_intern(&maker->tags, wl_str_from(names[i]), &id, error));
    }
    return WL_OK;
}

static wl_status add_word(struct maker *maker, struct wl_str line, wl_error *error)
{
    struct wl_str word = wl_str_cut(&line, ' ');
    struct wl_str digits = wl_str_cut(&line, ' ');
    struct wl_str tag = line.n_bytes > 0 ? line : WL_STR("x");
    int64_t frequency;
    uint32_t id;

    if (!wl_str_to_i64(digits, &frequency) || frequency < 0 || frequency > UINT32_MAX) {
        return wl_fail(error, WL_EPARSE, "no frequency");
    }
    if (!wl_str_is_utf8(word)) {
        return wl_fail(error, WL_EPARSE, "not UTF-8");
    }
    WL_TRY(wl_dict_intern(&maker->tags, tag, &id, error));
    if (id >= WL_WORD_TAG_NONE) {
        return wl_fail(error, WL_ELIMIT, "more than %d tags", WL_WORD_TAG_NONE);
    }
    maker->total += (uint64_t)frequency;
    return wl_word_tree_put(&maker->tree, word, (uint32_t)frequency, (uint8_t)id, error);
}

static wl_status add_words(struct maker *maker, struct wl_str words, wl_error *error)
{
    for (size_t number = 1; words.n_bytes > 0; number++) {
        wl_status status = add_word(maker, wl_str_trim(wl_str_cut(&words, '\n')), error);
        if (status != WL_OK) {
            return wl_fail_at(error, status, "word list, line %zu", number);
        }
    }
    for (size_t i = 0; i < maker->tree.n_nodes; i++) {
        maker->n_words += maker->tree.nodes[i].is_word;
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
        uint32_t code = wl_py_code(name);
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

/* -- the file -- */

static void put_words(const struct maker *maker, struct wl_buf *body)
{
    const struct wl_word_tree *tree = &maker->tree;

    wl_put_u32(body, (uint32_t)maker->cells.n);
    wl_put_u32(body, (uint32_t)maker->n_words);
    wl_put_u64(body, maker->total);
    wl_word_cells_put(&maker->cells, body);
    for (uint32_t node = 0; node < tree->n_nodes; node++) {
        if (tree->nodes[node].is_word) {
            wl_put_u32(body, tree->nodes[node].frequency);
        }
    }
}

static void put_tags(const struct maker *maker, struct wl_buf *body)
{
    const struct wl_word_tree *tree = &maker->tree;

    wl_put_u32(body, (uint32_t)maker->tags.n_strings);
    for (uint32_t tag = 0; tag < maker->tags.n_strings; tag++) {
        wl_put_string(body, wl_dict_string(&maker->tags, tag));
    }
    for (uint32_t node = 0; node < tree->n_nodes; node++) {
        if (tree->nodes[node].is_word) {
            wl_put_u8(body, tree->nodes[node].tag);
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

    wl_buf_init(&body, maker->alloc, WL_DICT_BYTES_MAX);
    put_words(maker, &body);
    put_tables(&maker->hmm, &body);
    put_tags(maker, &body);
    wl_pos_model_put(&maker->pos, &body);
    WL_GO(wl_buf_check(&body, error));
    wl_buf_text(out, WL_DICT_MAGIC);
    wl_put_u32(out, WL_DICT_VERSION);
    wl_put_u64(out, wl_str_hash(wl_buf_view(&body), WL_DICT_VERSION));
    wl_buf_str(out, wl_buf_view(&body));
    status = wl_buf_check(out, error);
done:
    wl_buf_release(&body);
    return status;
}

wl_status wl_dict_make(const wl_alloc *alloc, const struct wl_dict_source *source,
                       struct wl_buf *out, wl_error *error)
{
    struct maker maker = {.alloc = alloc};
    wl_status status = WL_OK;

    wl_word_tree_init(&maker.tree, alloc);
    wl_dict_init(&maker.tags, alloc);
    maker.hmm.emission = wl_alloc_array(alloc, WL_HAN_COUNT, sizeof(*maker.hmm.emission));
    if (maker.hmm.emission == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the emission table");
    }
    WL_GO(read_start(&maker, source->start, error));
    WL_GO(read_transition(&maker, source->transition, error));
    WL_GO(read_emission(&maker, source->emission, error));
    WL_GO(name_first_tags(&maker, error));
    WL_GO(wl_pos_model_make(alloc, source, &maker.tags, &maker.pos, error));
    WL_GO(add_words(&maker, source->words, error));
    WL_GO(wl_word_cells_make(alloc, &maker.tree, &maker.cells, error));
    status = write_file(&maker, out, error);
done:
    wl_alloc_free(alloc, maker.hmm.emission);
    wl_pos_model_release(alloc, &maker.pos);
    wl_word_cells_release(alloc, &maker.cells);
    wl_dict_release(&maker.tags);
    wl_word_tree_release(&maker.tree);
    return status;
}
