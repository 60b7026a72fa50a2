/* Viterbi over up to 256 states, of which a character has about ten and a state about twenty that
 * may stand before it. So both are kept as lists, and a step costs their product. Sums are added in
 * jieba's order ((score + step) + character) and a tie goes to the later state, because for rare
 * characters the last bit decides.
 *
 * The file has been checked when it was read, yet a forged one may hold a model without a path: a
 * character that no state leads to then follows the best state before it. */
#include "text/pos_model.h"

#include <math.h>
#include <string.h>

/* -- the file -- */

void wl_pos_model_release(const wl_alloc *alloc, struct wl_pos_model *model)
{
    wl_alloc_free(alloc, model->steps);
    wl_alloc_free(alloc, model->seen_begin);
    wl_alloc_free(alloc, model->seen);
    *model = (struct wl_pos_model){0};
}

void wl_pos_model_put(const struct wl_pos_model *model, struct wl_buf *body)
{
    size_t n_steps = model->step_begin[model->n_states];
    size_t n_seen = model->seen_begin[WL_HAN_COUNT];

    wl_put_u32(body, (uint32_t)model->n_states);
    for (size_t i = 0; i < model->n_states; i++) {
        wl_put_u8(body, model->states[i].place);
        wl_put_u8(body, model->states[i].tag);
        wl_put_f64(body, model->start[i]);
    }
    wl_put_varint(body, n_steps);
    for (size_t i = 0; i < model->n_states; i++) {
        wl_put_varint(body, model->step_begin[i + 1] - model->step_begin[i]);
    }
    for (size_t i = 0; i < n_steps; i++) {
        wl_put_u8(body, model->steps[i].from);
        wl_put_f64(body, model->steps[i].weight);
    }
    wl_put_varint(body, n_seen);
    for (size_t i = 0; i < WL_HAN_COUNT; i++) {
        wl_put_varint(body, model->seen_begin[i + 1] - model->seen_begin[i]);
    }
    for (size_t i = 0; i < n_seen; i++) {
        wl_put_u8(body, model->seen[i].state);
        wl_put_u8(body, model->seen[i].is_listed);
        wl_put_f64(body, model->seen[i].weight);
    }
}

static wl_status fail_corrupt(wl_error *error, const char *what)
{
    return wl_fail(error, WL_ECORRUPT, "the dictionary's tag model: %s", what);
}

static wl_status read_states(struct wl_reader *reader, size_t n_tags, struct wl_pos_model *model,
                             wl_error *error)
{
    model->n_states = wl_read_u32(reader);
    if (model->n_states == 0 || model->n_states > WL_POS_STATES_MAX) {
        return fail_corrupt(error, "its number of states");
    }
    for (size_t i = 0; i < model->n_states; i++) {
        model->states[i].place = wl_read_u8(reader);
        model->states[i].tag = wl_read_u8(reader);
        model->start[i] = wl_read_f64(reader);
        if (model->states[i].place >= WL_HMM_STATES || model->states[i].tag >= n_tags ||
            !isfinite(model->start[i])) {
            return fail_corrupt(error, "a state");
        }
    }
    return WL_OK;
}

// Lengths of n lists that must add up to n_items, as begins.
static wl_status read_begins(struct wl_reader *reader, size_t n, size_t n_items, uint32_t *begins,
                             wl_error *error)
{
    size_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t length = wl_read_varint(reader);
        begins[i] = (uint32_t)sum;
        if (length > n_items - sum) {
            return fail_corrupt(error, "the length of a list");
        }
        sum += (size_t)length;
    }
    begins[n] = (uint32_t)sum;
    return sum == n_items && sum <= UINT32_MAX ? WL_OK
                                               : fail_corrupt(error, "lists that do not add up");
}

static wl_status read_steps(const wl_alloc *alloc, struct wl_reader *reader,
                            struct wl_pos_model *model, wl_error *error)
{
    size_t n_steps = wl_reader_count(reader, 1 + sizeof(double));

    WL_TRY(read_begins(reader, model->n_states, n_steps, model->step_begin, error));
    model->steps = wl_alloc_array(alloc, n_steps + 1, sizeof(*model->steps));
    if (model->steps == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu steps of the tag model", n_steps);
    }
    for (size_t i = 0; i < n_steps; i++) {
        model->steps[i].from = wl_read_u8(reader);
        model->steps[i].weight = wl_read_f64(reader);
        if (model->steps[i].from >= model->n_states || !isfinite(model->steps[i].weight)) {
            return fail_corrupt(error, "a step");
        }
    }
    return WL_OK;
}

static wl_status read_seen(const wl_alloc *alloc, struct wl_reader *reader,
                           struct wl_pos_model *model, wl_error *error)
{
    size_t n_seen = wl_reader_count(reader, 2 + sizeof(double));

    model->seen_begin = wl_alloc_array(alloc, WL_HAN_COUNT + 1, sizeof(*model->seen_begin));
    model->seen = wl_alloc_array(alloc, n_seen + 1, sizeof(*model->seen));
    if (model->seen_begin == NULL || model->seen == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu characters of the tag model", n_seen);
    }
    WL_TRY(read_begins(reader, WL_HAN_COUNT, n_seen, model->seen_begin, error));
    for (size_t i = 0; i < n_seen; i++) {
        model->seen[i].state = wl_read_u8(reader);
        model->seen[i].is_listed = wl_read_u8(reader) != 0;
        model->seen[i].weight = wl_read_f64(reader);
        if (model->seen[i].state >= model->n_states || !isfinite(model->seen[i].weight)) {
            return fail_corrupt(error, "a character");
        }
    }
    return WL_OK;
}

wl_status wl_pos_model_read(const wl_alloc *alloc, struct wl_reader *reader, size_t n_tags,
                            struct wl_pos_model *model_out, wl_error *error)
{
    struct wl_pos_model model = {0};
    wl_status status = WL_OK;

    WL_GO(read_states(reader, n_tags, &model, error));
    WL_GO(read_steps(alloc, reader, &model, error));
    WL_GO(read_seen(alloc, reader, &model, error));
    *model_out = model;
    model = (struct wl_pos_model){0};
done:
    wl_pos_model_release(alloc, &model);
    return status;
}

/* -- decoding -- */

/* The states that a character may be in, with the score of the best path to each. */
struct column {
    double score[WL_POS_STATES_MAX];
    bool is_active[WL_POS_STATES_MAX];
    uint8_t active[WL_POS_STATES_MAX]; /* (n_active) */
    size_t n_active;
};

struct decoding {
    const struct wl_pos_model *model;
    double emission[WL_POS_STATES_MAX]; /* of the character at hand */
    const struct wl_pos_seen *seen;     /* (n_seen) */
    size_t n_seen;
    struct column columns[2];
    struct column *now;
    struct column *then; /* of the character before */
};

static void look_at(struct decoding *decoding, const char *character)
{
    const struct wl_pos_model *model = decoding->model;
    size_t han = wl_han_code(character) - WL_HAN_FIRST;

    for (size_t i = 0; i < decoding->n_seen; i++) {
        decoding->emission[decoding->seen[i].state] = WL_HMM_UNLIKELY;
    }
    decoding->seen = model->seen + model->seen_begin[han];
    decoding->n_seen = model->seen_begin[han + 1] - model->seen_begin[han];
    for (size_t i = 0; i < decoding->n_seen; i++) {
        decoding->emission[decoding->seen[i].state] = decoding->seen[i].weight;
    }
}

static void activate(struct column *column, size_t state, double score)
{
    column->score[state] = score;
    column->is_active[state] = true;
    column->active[column->n_active++] = (uint8_t)state;
}

static void clear(struct column *column)
{
    for (size_t i = 0; i < column->n_active; i++) {
        column->is_active[column->active[i]] = false;
    }
    column->n_active = 0;
}

static void begin_in(struct decoding *decoding, size_t state)
{
    if (!decoding->now->is_active[state]) {
        activate(decoding->now, state, decoding->model->start[state] + decoding->emission[state]);
    }
}

static void begin(struct decoding *decoding)
{
    for (size_t i = 0; i < decoding->n_seen; i++) {
        if (decoding->seen[i].is_listed) {
            begin_in(decoding, decoding->seen[i].state);
        }
    }
    if (decoding->now->n_active == 0) {
        for (size_t state = 0; state < decoding->model->n_states; state++) {
            begin_in(decoding, state);
        }
    }
}

// Makes a state active if one of the states before leads to it.
static void reach(struct decoding *decoding, size_t state, uint8_t *back)
{
    const struct wl_pos_model *model = decoding->model;
    const struct column *then = decoding->then;
    double emission = decoding->emission[state];
    double best = 0.0;
    bool is_reached = false;

    if (decoding->now->is_active[state]) {
        return;
    }
    for (size_t i = model->step_begin[state]; i < model->step_begin[state + 1]; i++) {
        size_t from = model->steps[i].from;
        if (then->is_active[from]) {
            double score = then->score[from] + model->steps[i].weight + emission;
            if (!is_reached || score >= best) {
                best = score;
                back[state] = (uint8_t)from;
                is_reached = true;
            }
        }
    }
    if (is_reached) {
        activate(decoding->now, state, best);
    }
}

static size_t best_of(const struct column *column)
{
    size_t best = column->active[0];

    for (size_t i = 1; i < column->n_active; i++) {
        size_t state = column->active[i];
        if (column->score[state] > column->score[best] ||
            (column->score[state] == column->score[best] && state > best)) {
            best = state;
        }
    }
    return best;
}

static void step(struct decoding *decoding, uint8_t *back)
{
    size_t n_states = decoding->model->n_states;
    struct column *spare = decoding->then;

    decoding->then = decoding->now;
    decoding->now = spare;
    clear(spare);
    for (size_t i = 0; i < decoding->n_seen; i++) {
        if (decoding->seen[i].is_listed) {
            reach(decoding, decoding->seen[i].state, back);
        }
    }
    if (spare->n_active == 0) {
        for (size_t state = 0; state < n_states; state++) {
            reach(decoding, state, back);
        }
    }
    if (spare->n_active == 0) {
        size_t best = best_of(decoding->then);
        for (size_t state = 0; state < n_states; state++) {
            back[state] = (uint8_t)best;
            activate(spare, state, decoding->then->score[best]);
        }
    }
}

void wl_pos_decode(const struct wl_pos_model *model, const char *text, size_t n_characters,
                   uint8_t *back, uint8_t *states)
{
    struct decoding decoding = {.model = model};

    decoding.now = &decoding.columns[0];
    decoding.then = &decoding.columns[1];
    for (size_t i = 0; i < WL_POS_STATES_MAX; i++) {
        decoding.emission[i] = WL_HMM_UNLIKELY;
    }
    look_at(&decoding, text);
    begin(&decoding);
    for (size_t i = 1; i < n_characters; i++) {
        look_at(&decoding, text + i * WL_HAN_BYTES);
        step(&decoding, back + i * WL_POS_STATES_MAX);
    }
    size_t state = best_of(decoding.now);
    for (size_t i = n_characters - 1; i > 0; i--) {
        states[i] = (uint8_t)state;
        state = back[i * WL_POS_STATES_MAX + state];
    }
    states[0] = (uint8_t)state;
}
