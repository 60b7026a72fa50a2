/* Four tables become three arrays of lists: the start table names all states, which are sorted as
 * jieba compares them, by place and then by tag; steps are gathered by target; what is known of a
 * character, its probabilities and its list of states, is gathered by character. */
#include "text/pos_make.h"

#include "text/py_literal.h"
#include "text/word_dict.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MAX ((size_t)WL_POS_STATES_MAX * WL_POS_STATES_MAX)

struct named_state {
    struct wl_str tag;
    uint8_t place;
    double start;
};

/* One line of what a table says; sorted, they are the lists. */
struct fact {
    uint32_t of;   /* target state, or character */
    uint32_t with; /* state */
    double weight;
    bool is_list; /* from the table of lists: has no weight */
};

struct facts {
    const wl_alloc *alloc;
    struct fact *items; /* (n) */
    size_t n;
    size_t capacity;
};

struct making {
    struct named_state names[WL_POS_STATES_MAX]; /* (n_states) sorted */
    size_t n_states;
    struct facts steps;
    struct facts seen;
};

static wl_status fail_table(wl_error *error, const char *table)
{
    return wl_fail(error, WL_EPARSE, "the tags' %s table is not understood", table);
}

/* -- states -- */

static int compare_states(const void *a, const void *b)
{
    const struct named_state *one = a;
    const struct named_state *other = b;

    if (one->place != other->place) {
        return one->place < other->place ? -1 : 1;
    }
    return wl_str_compare(one->tag, other->tag);
}

// What stands behind an opening bracket of a state: 'B', 'n').
static bool read_pair(struct wl_str *rest, struct named_state *state)
{
    static const char letters[] = "BEMS";
    struct wl_py_piece place = wl_py_next(rest);
    struct wl_py_piece tag = wl_py_next(rest);
    struct wl_py_piece end = wl_py_next(rest);

    if (place.kind != WL_PY_TEXT || place.text.n_bytes != 1 || tag.kind != WL_PY_TEXT ||
        tag.text.n_bytes == 0 || end.kind != WL_PY_CLOSE) {
        return false;
    }
    const char *found = memchr(letters, place.text.data[0], WL_HMM_STATES);
    if (found == NULL) {
        return false;
    }
    *state = (struct named_state){.tag = tag.text, .place = (uint8_t)(found - letters)};
    return true;
}

// Reads a state behind its bracket and finds its number.
static bool read_state(const struct making *making, struct wl_str *rest, uint32_t *number)
{
    struct named_state wanted;

    if (!read_pair(rest, &wanted)) {
        return false;
    }
    const struct named_state *found =
        bsearch(&wanted, making->names, making->n_states, sizeof(wanted), compare_states);
    if (found == NULL) {
        return false;
    }
    *number = (uint32_t)(found - making->names);
    return true;
}

static wl_status read_start(struct making *making, struct wl_str rest, wl_error *error)
{
    struct wl_py_piece piece = wl_py_next(&rest);

    for (piece = wl_py_next(&rest); piece.kind == WL_PY_OPEN; piece = wl_py_next(&rest)) {
        struct named_state *state = &making->names[making->n_states];
        if (making->n_states >= WL_POS_STATES_MAX) {
            return wl_fail(error, WL_ELIMIT, "more than %d states of tags", WL_POS_STATES_MAX);
        }
        if (!read_pair(&rest, state)) {
            return fail_table(error, "start");
        }
        struct wl_py_piece number = wl_py_next(&rest);
        if (number.kind != WL_PY_NUMBER) {
            return fail_table(error, "start");
        }
        state->start = number.number;
        making->n_states++;
    }
    if (piece.kind != WL_PY_CLOSE || making->n_states == 0) {
        return fail_table(error, "start");
    }
    qsort(making->names, making->n_states, sizeof(making->names[0]), compare_states);
    return WL_OK;
}

/* -- facts -- */

static wl_status add_fact(struct facts *facts, struct fact fact, wl_error *error)
{
    WL_TRY(WL_GROW(facts->alloc, facts->items, facts->capacity, facts->n + 1, error));
    facts->items[facts->n++] = fact;
    return WL_OK;
}

static int compare_facts(const void *a, const void *b)
{
    const struct fact *one = a;
    const struct fact *other = b;

    if (one->of != other->of) {
        return one->of < other->of ? -1 : 1;
    }
    if (one->with != other->with) {
        return one->with < other->with ? -1 : 1;
    }
    return (int)one->is_list - (int)other->is_list;
}

// {state: {state: number, ...}, ...}
static wl_status read_steps(struct making *making, struct wl_str rest, wl_error *error)
{
    struct wl_py_piece piece = wl_py_next(&rest);
    uint32_t from;
    uint32_t to;

    for (piece = wl_py_next(&rest); piece.kind == WL_PY_OPEN; piece = wl_py_next(&rest)) {
        if (!read_state(making, &rest, &from) || wl_py_next(&rest).kind != WL_PY_OPEN) {
            return fail_table(error, "step");
        }
        for (piece = wl_py_next(&rest); piece.kind == WL_PY_OPEN; piece = wl_py_next(&rest)) {
            struct wl_py_piece number;
            if (!read_state(making, &rest, &to) ||
                (number = wl_py_next(&rest)).kind != WL_PY_NUMBER || making->steps.n >= STEPS_MAX) {
                return fail_table(error, "step");
            }
            struct fact fact = {.of = to, .with = from, .weight = number.number};
            WL_TRY(add_fact(&making->steps, fact, error));
        }
        if (piece.kind != WL_PY_CLOSE) {
            return fail_table(error, "step");
        }
    }
    return piece.kind == WL_PY_CLOSE ? WL_OK : fail_table(error, "step");
}

static wl_status add_seen(struct making *making, struct wl_str character, struct fact fact,
                          wl_error *error)
{
    uint32_t code = wl_py_code(character);

    if (code < WL_HAN_FIRST || code > WL_HAN_LAST) {
        return WL_OK; // never asked for
    }
    fact.of = code - WL_HAN_FIRST;
    return add_fact(&making->seen, fact, error);
}

// {state: {'\u4e00': number, ...}, ...}
static wl_status read_emission(struct making *making, struct wl_str rest, wl_error *error)
{
    struct wl_py_piece piece = wl_py_next(&rest);
    uint32_t state;

    for (piece = wl_py_next(&rest); piece.kind == WL_PY_OPEN; piece = wl_py_next(&rest)) {
        if (!read_state(making, &rest, &state) || wl_py_next(&rest).kind != WL_PY_OPEN) {
            return fail_table(error, "emission");
        }
        for (piece = wl_py_next(&rest); piece.kind == WL_PY_TEXT; piece = wl_py_next(&rest)) {
            struct wl_py_piece number = wl_py_next(&rest);
            if (number.kind != WL_PY_NUMBER) {
                return fail_table(error, "emission");
            }
            WL_TRY(add_seen(making, piece.text,
                            (struct fact){.with = state, .weight = number.number}, error));
        }
        if (piece.kind != WL_PY_CLOSE) {
            return fail_table(error, "emission");
        }
    }
    return piece.kind == WL_PY_CLOSE ? WL_OK : fail_table(error, "emission");
}

// {'\u4e00': (state, state, ...), ...}
static wl_status read_lists(struct making *making, struct wl_str rest, wl_error *error)
{
    struct wl_py_piece piece = wl_py_next(&rest);
    uint32_t state;

    for (piece = wl_py_next(&rest); piece.kind == WL_PY_TEXT; piece = wl_py_next(&rest)) {
        struct wl_str character = piece.text;
        if (wl_py_next(&rest).kind != WL_PY_OPEN) {
            return fail_table(error, "state");
        }
        for (piece = wl_py_next(&rest); piece.kind == WL_PY_OPEN; piece = wl_py_next(&rest)) {
            if (!read_state(making, &rest, &state)) {
                return fail_table(error, "state");
            }
            WL_TRY(add_seen(
                making, character,
                (struct fact){.with = state, .weight = WL_HMM_UNLIKELY, .is_list = true}, error));
        }
        if (piece.kind != WL_PY_CLOSE) {
            return fail_table(error, "state");
        }
    }
    return piece.kind == WL_PY_CLOSE ? WL_OK : fail_table(error, "state");
}

/* -- the model -- */

static wl_status put_states(const struct making *making, struct wl_dict *tags,
                            struct wl_pos_model *model, wl_error *error)
{
    model->n_states = making->n_states;
    for (size_t i = 0; i < making->n_states; i++) {
        uint32_t tag;
        WL_TRY(wl_dict_intern(tags, making->names[i].tag, &tag, error));
        if (tag >= WL_WORD_TAG_NONE) {
            return wl_fail(error, WL_ELIMIT, "more than %d tags", WL_WORD_TAG_NONE);
        }
        model->states[i] =
            (struct wl_pos_state){.place = making->names[i].place, .tag = (uint8_t)tag};
        model->start[i] = making->names[i].start;
    }
    return WL_OK;
}

static wl_status put_steps(struct making *making, const wl_alloc *alloc, struct wl_pos_model *model,
                           wl_error *error)
{
    struct facts *facts = &making->steps;
    size_t i = 0;

    model->steps = wl_alloc_array(alloc, facts->n + 1, sizeof(*model->steps));
    if (model->steps == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the tag model");
    }
    if (facts->n > 0) {
        qsort(facts->items, facts->n, sizeof(facts->items[0]), compare_facts);
    }
    for (size_t state = 0; state < making->n_states; state++) {
        model->step_begin[state] = (uint32_t)i;
        for (; i < facts->n && facts->items[i].of == state; i++) {
            model->steps[i] = (struct wl_pos_step){.weight = facts->items[i].weight,
                                                   .from = (uint8_t)facts->items[i].with};
        }
    }
    model->step_begin[making->n_states] = (uint32_t)i;
    return WL_OK;
}

// A state with a probability and a place in the list of its character becomes one entry.
static wl_status put_seen(struct making *making, const wl_alloc *alloc, struct wl_pos_model *model,
                          wl_error *error)
{
    struct facts *facts = &making->seen;
    size_t n = 0;

    model->seen_begin = wl_alloc_array(alloc, WL_HAN_COUNT + 1, sizeof(*model->seen_begin));
    model->seen = wl_alloc_array(alloc, facts->n + 1, sizeof(*model->seen));
    if (model->seen_begin == NULL || model->seen == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the tag model");
    }
    if (facts->n > 0) {
        qsort(facts->items, facts->n, sizeof(facts->items[0]), compare_facts);
    }
    for (size_t han = 0, i = 0; han < WL_HAN_COUNT; han++) {
        model->seen_begin[han] = (uint32_t)n;
        for (; i < facts->n && facts->items[i].of == han; i++) {
            const struct fact *fact = &facts->items[i];
            if (n > model->seen_begin[han] && model->seen[n - 1].state == fact->with) {
                model->seen[n - 1].is_listed = model->seen[n - 1].is_listed || fact->is_list;
                continue;
            }
            model->seen[n++] = (struct wl_pos_seen){
                .weight = fact->weight, .state = (uint8_t)fact->with, .is_listed = fact->is_list};
        }
    }
    model->seen_begin[WL_HAN_COUNT] = (uint32_t)n;
    return WL_OK;
}

wl_status wl_pos_model_make(const wl_alloc *alloc, const struct wl_dict_source *source,
                            struct wl_dict *tags, struct wl_pos_model *model_out, wl_error *error)
{
    struct wl_pos_model model = {0};
    wl_status status = WL_OK;
    struct making *making = wl_alloc_zeroed(alloc, 1, sizeof(*making));

    if (making == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the tag tables");
    }
    making->steps.alloc = alloc;
    making->seen.alloc = alloc;
    WL_GO(read_start(making, wl_py_begin(source->tag_start), error));
    WL_GO(read_steps(making, wl_py_begin(source->tag_transition), error));
    WL_GO(read_emission(making, wl_py_begin(source->tag_emission), error));
    WL_GO(read_lists(making, wl_py_begin(source->tag_states), error));
    WL_GO(put_states(making, tags, &model, error));
    WL_GO(put_steps(making, alloc, &model, error));
    WL_GO(put_seen(making, alloc, &model, error));
    *model_out = model;
    model = (struct wl_pos_model){0};
done:
    wl_pos_model_release(alloc, &model);
    wl_alloc_free(alloc, making->steps.items);
    wl_alloc_free(alloc, making->seen.items);
    wl_alloc_free(alloc, making);
    return status;
}
