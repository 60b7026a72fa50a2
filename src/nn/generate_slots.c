/* A slot list is walked byte by byte: `open` holds which slots what was begun may become, `n_open`
 * how far it got. Nothing else in a text may hold a brace. Outside a slot only the few tokens with
 * a brace are walked; inside one all of them, because any may or may not go on.
 *
 * Where the end may not stand yet, its score goes to the token that begins what is missing: a
 * search then weighs writing the slot as it would have weighed stopping. */
#include "nn/generate_slots.h"

#include <math.h>
#include <string.h>

#define NEXT_PART    UINT32_MAX // state.would_end: the next fixed text stands in for the end
#define FORCED_SCORE (-1e4F)    /* for a forced token that the model had excluded: low, but there */

struct run {
    int32_t *tokens; // (n)
    size_t n;
};

// Fixed text, then a hole, or the template's end.
struct part {
    struct run fixed;
    bool has_hole;
    bool wants_blank; // the hole begins with a blank, taken off the fixed text
    uint32_t own;     // bits of the slots in its fixed text
    uint32_t after;   // bits of the slots in all fixed text behind it
    size_t n_after;   // tokens of all fixed text behind it
    bool has_hole_after;
};

struct wl_slots {
    const wl_alloc *alloc;
    const struct wl_token_text *text;
    size_t n_vocabulary;
    int32_t end;
    size_t hole_tokens_max;
    size_t n_slots;
    char names[WL_SLOTS_MAX][WL_SLOT_BYTES_MAX + 1];
    struct run spelled[WL_SLOTS_MAX];
    uint32_t required;  // bits
    size_t n_longest;   // bytes of the longest slot
    struct part *parts; // (n_parts); one hole when there is no template
    size_t n_parts;
    int32_t *braced; // (n_braced) tokens with a brace in them
    size_t n_braced;
};

static struct wl_str name_of(const struct wl_slots *slots, size_t i)
{
    return wl_str_from(slots->names[i]);
}

// -- walking --

// One byte of text; false when it breaks the rules.
static bool walk_byte(const struct wl_slots *slots, struct wl_slots_state *state, char c)
{
    if (state->n_open == 0) {
        if (c == '}') {
            return false;
        }
        if (c != '{') {
            return true;
        }
        state->open = slots->n_slots >= 32 ? UINT32_MAX : (UINT32_C(1) << slots->n_slots) - 1;
    }
    uint32_t left = 0;
    uint32_t done = 0;
    for (size_t i = 0; i < slots->n_slots; i++) {
        struct wl_str name = name_of(slots, i);
        if ((state->open >> i & 1U) != 0 && name.data[state->n_open] == c) {
            left |= UINT32_C(1) << i;
            done |= state->n_open + 1 == name.n_bytes ? UINT32_C(1) << i : 0;
        }
    }
    state->seen |= done;
    state->open = done != 0 ? 0 : left;
    state->n_open = done != 0 ? 0 : state->n_open + 1;
    return left != 0;
}

static bool walk(const struct wl_slots *slots, struct wl_slots_state *state, struct wl_str bytes)
{
    for (size_t i = 0; i < bytes.n_bytes; i++) {
        if (!walk_byte(slots, state, bytes.data[i])) {
            return false;
        }
    }
    return true;
}

struct wl_str wl_slots_check(const struct wl_slots *slots, struct wl_str text)
{
    struct wl_slots_state state = {0};

    for (size_t i = 0; i < text.n_bytes; i++) {
        if (!walk_byte(slots, &state, text.data[i])) {
            size_t left = text.n_bytes - i;
            return (struct wl_str){.data = text.data + i, .n_bytes = left < 16 ? left : 16};
        }
    }
    if (state.n_open > 0) {
        return (struct wl_str){.data = text.data + text.n_bytes - state.n_open,
                               .n_bytes = state.n_open};
    }
    for (size_t i = 0; i < slots->n_slots; i++) {
        if ((slots->required & ~state.seen) >> i & 1U) {
            return name_of(slots, i);
        }
    }
    return (struct wl_str){0};
}

// -- compiling --

static wl_status spell(struct wl_slots *slots, struct wl_str bytes, struct run *out,
                       wl_error *error)
{
    struct wl_ids ids;
    wl_status status = WL_OK;

    wl_ids_init(&ids, slots->alloc);
    WL_GO(slots->text->encode(slots->text->context, bytes, &ids, error));
    out->tokens = wl_alloc_zeroed(slots->alloc, ids.n + 1, sizeof(*out->tokens));
    if (out->tokens == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for fixed text");
        goto done;
    }
    out->n = ids.n;
    for (size_t i = 0; i < ids.n; i++) {
        out->tokens[i] = (int32_t)ids.items[i];
    }
done:
    wl_ids_release(&ids);
    return status;
}

// The bytes of a run's tokens are the bytes it was made from: the vocabulary has all letters.
static bool is_spelled(const struct wl_slots *slots, const struct run *run, struct wl_str bytes)
{
    size_t at = 0;

    for (size_t i = 0; i < run->n; i++) {
        struct wl_str piece = slots->text->piece(slots->text->context, run->tokens[i]);
        if (piece.n_bytes > bytes.n_bytes - at ||
            memcmp(bytes.data + at, piece.data, piece.n_bytes) != 0) {
            return false;
        }
        at += piece.n_bytes;
    }
    return at == bytes.n_bytes;
}

static bool is_slot(struct wl_str s)
{
    if (s.n_bytes < 5 || memcmp(s.data, "{{", 2) != 0 ||
        memcmp(s.data + s.n_bytes - 2, "}}", 2) != 0) {
        return false;
    }
    for (size_t i = 2; i < s.n_bytes - 2; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c <= ' ' || c == '{' || c == '}' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static wl_status add_slot(struct wl_slots *slots, struct wl_str name, size_t *i_out,
                          wl_error *error)
{
    size_t i = 0;

    while (i < slots->n_slots && !wl_str_equal(name_of(slots, i), name)) {
        i++;
    }
    *i_out = i;
    if (i < slots->n_slots) {
        return WL_OK;
    }
    if (!is_slot(name)) {
        return wl_fail(error, WL_ECONFIG, "\"%.*s\" is no slot: wants {{name}}", WL_STR_ARG(name));
    }
    if (i == WL_SLOTS_MAX || name.n_bytes > WL_SLOT_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "slot %.*s: at most %d slots of %d bytes",
                       WL_STR_ARG(name), WL_SLOTS_MAX, WL_SLOT_BYTES_MAX);
    }
    WL_TRY(spell(slots, name, &slots->spelled[i], error));
    memcpy(slots->names[i], name.data, name.n_bytes);
    slots->n_slots++; // from here on wl_slots_free knows it
    slots->n_longest = name.n_bytes > slots->n_longest ? name.n_bytes : slots->n_longest;
    return is_spelled(slots, &slots->spelled[i], name)
               ? WL_OK
               : wl_fail(error, WL_ECONFIG, "the model's vocabulary cannot write %.*s",
                         WL_STR_ARG(name));
}

static wl_status add_slots(struct wl_slots *slots, const struct wl_slots_options *options,
                           wl_error *error)
{
    size_t i_slot = 0;

    for (size_t i = 0; i < options->n_allowed; i++) {
        WL_TRY(add_slot(slots, options->allowed[i], &i_slot, error));
    }
    for (size_t i = 0; i < options->n_required; i++) {
        WL_TRY(add_slot(slots, options->required[i], &i_slot, error));
        slots->required |= UINT32_C(1) << i_slot;
    }
    return WL_OK;
}

// Slots that stand in the template are allowed.
static wl_status add_template_slots(struct wl_slots *slots, struct wl_str text, wl_error *error)
{
    size_t i_slot = 0;

    for (size_t i = 0; i + 1 < text.n_bytes; i++) {
        if (memcmp(text.data + i, "{{", 2) != 0) {
            continue;
        }
        size_t end = i + 2;
        while (end + 1 < text.n_bytes && memcmp(text.data + end, "}}", 2) != 0) {
            end++;
        }
        size_t n_bytes = (end + 2 <= text.n_bytes ? end + 2 : text.n_bytes) - i;
        WL_TRY(add_slot(slots, (struct wl_str){.data = text.data + i, .n_bytes = n_bytes}, &i_slot,
                        error));
        i += n_bytes - 1;
    }
    return WL_OK;
}

// Cuts the text in front of the next hole, three underscores or more, off the rest.
static struct wl_str cut_fixed(struct wl_str *rest, bool *has_hole)
{
    struct wl_str fixed = *rest;

    *has_hole = false;
    for (size_t i = 0; i + 3 <= rest->n_bytes; i++) {
        if (memcmp(rest->data + i, "___", 3) == 0) {
            size_t end = i + 3;
            while (end < rest->n_bytes && rest->data[end] == '_') {
                end++;
            }
            fixed.n_bytes = i;
            *rest = (struct wl_str){.data = rest->data + end, .n_bytes = rest->n_bytes - end};
            *has_hole = true;
            return fixed;
        }
    }
    rest->n_bytes = 0;
    return fixed;
}

static wl_status add_part(struct wl_slots *slots, struct wl_str fixed, bool has_hole,
                          size_t *capacity, wl_error *error)
{
    struct part part = {.has_hole = has_hole};
    struct wl_slots_state state = {0};

    (void)walk(slots, &state, fixed);
    part.own = state.seen;
    if (has_hole && fixed.n_bytes > 0 && fixed.data[fixed.n_bytes - 1] == ' ') {
        fixed.n_bytes--;
        part.wants_blank = slots->text->has_blanks;
    }
    WL_TRY(WL_GROW(slots->alloc, slots->parts, *capacity, slots->n_parts + 1, error));
    WL_TRY(spell(slots, fixed, &part.fixed, error));
    slots->parts[slots->n_parts++] = part;
    return !slots->text->has_blanks || is_spelled(slots, &part.fixed, fixed)
               ? WL_OK
               : wl_fail(error, WL_ECONFIG, "the model's vocabulary cannot write \"%.*s\"",
                         WL_STR_ARG(fixed));
}

static wl_status add_parts(struct wl_slots *slots, struct wl_str template_, wl_error *error)
{
    struct wl_str rest = template_;
    struct wl_slots_state state = {0};
    size_t capacity = 0;
    bool has_hole = false;

    WL_TRY(add_template_slots(slots, template_, error));
    if (!walk(slots, &state, template_) || state.n_open > 0) {
        return wl_fail(error, WL_ECONFIG, "a brace in the template begins no slot");
    }
    if (template_.n_bytes == 0) {
        return add_part(slots, template_, true, &capacity, error);
    }
    while (rest.n_bytes > 0) {
        struct wl_str fixed = cut_fixed(&rest, &has_hole);
        WL_TRY(add_part(slots, fixed, has_hole, &capacity, error));
    }
    for (size_t i = slots->n_parts - 1; i > 0; i--) {
        const struct part *part = &slots->parts[i];
        slots->parts[i - 1].n_after = part->n_after + part->fixed.n;
        slots->parts[i - 1].after = part->after | part->own;
        slots->parts[i - 1].has_hole_after = part->has_hole_after || part->has_hole;
    }
    return WL_OK;
}

static wl_status find_braced(struct wl_slots *slots, wl_error *error)
{
    size_t capacity = 0;

    for (size_t v = 0; v < slots->n_vocabulary; v++) {
        struct wl_str piece = slots->text->piece(slots->text->context, (int32_t)v);
        if (piece.n_bytes > 0 && (memchr(piece.data, '{', piece.n_bytes) != NULL ||
                                  memchr(piece.data, '}', piece.n_bytes) != NULL)) {
            WL_TRY(WL_GROW(slots->alloc, slots->braced, capacity, slots->n_braced + 1, error));
            slots->braced[slots->n_braced++] = (int32_t)v;
        }
    }
    return WL_OK;
}

wl_status wl_slots_new(const wl_alloc *alloc, const struct wl_token_text *text, size_t n_vocabulary,
                       int32_t end, const struct wl_slots_options *options, struct wl_slots **out,
                       wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_slots *slots = wl_alloc_zeroed(alloc, 1, sizeof(*slots));

    *out = NULL;
    if (slots == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for slots");
    }
    slots->alloc = alloc;
    slots->text = text;
    slots->n_vocabulary = n_vocabulary;
    slots->end = end;
    slots->hole_tokens_max = options->hole_tokens_max;
    WL_GO(add_slots(slots, options, error));
    WL_GO(add_parts(slots, options->template_, error));
    WL_GO(find_braced(slots, error));
    *out = slots;
    slots = NULL;
done:
    wl_slots_free(slots);
    return status;
}

void wl_slots_free(struct wl_slots *slots)
{
    if (slots == NULL) {
        return;
    }
    for (size_t i = 0; i < WL_SLOTS_MAX; i++) {
        wl_alloc_free(slots->alloc, slots->spelled[i].tokens);
    }
    for (size_t i = 0; i < slots->n_parts; i++) {
        wl_alloc_free(slots->alloc, slots->parts[i].fixed.tokens);
    }
    wl_alloc_free(slots->alloc, slots->parts);
    wl_alloc_free(slots->alloc, slots->braced);
    wl_alloc_free(slots->alloc, slots);
}

// -- what is missing --

static bool is_in_fixed(const struct wl_slots *slots, const struct wl_slots_state *state)
{
    return state->place < slots->parts[state->part].fixed.n;
}

// Required slots that neither are there nor will come with fixed text; as bits.
static uint32_t missing_of(const struct wl_slots *slots, const struct wl_slots_state *state)
{
    const struct part *part = &slots->parts[state->part];
    uint32_t coming = part->after | (is_in_fixed(slots, state) ? part->own : 0);

    return slots->required & ~state->seen & ~coming;
}

static size_t tokens_missing(const struct wl_slots *slots, const struct wl_slots_state *state)
{
    uint32_t missing = missing_of(slots, state);
    size_t n = 0;

    for (size_t i = 0; missing != 0; i++, missing >>= 1) {
        n += (missing & 1U) != 0 ? slots->spelled[i].n : 0;
    }
    return n;
}

size_t wl_slots_tokens_min(const struct wl_slots *slots)
{
    const struct wl_slots_state state = {0};
    return tokens_missing(slots, &state) + slots->parts[0].n_after + slots->parts[0].fixed.n;
}

// The first slot that is missing, + 1; 0: none.
static uint32_t first_missing(const struct wl_slots *slots, const struct wl_slots_state *state)
{
    uint32_t missing = missing_of(slots, state);
    uint32_t i = 1;

    for (; missing != 0 && (missing & 1U) == 0; i++) {
        missing >>= 1;
    }
    return missing != 0 ? i : 0;
}

static bool is_last(const struct wl_slots *slots, const struct wl_slots_state *state)
{
    return state->part + 1 == slots->n_parts;
}

bool wl_slots_may_end(const struct wl_slots *slots, const struct wl_slots_state *state)
{
    return state->n_open == 0 && state->forced == 0 && !is_in_fixed(slots, state) &&
           is_last(slots, state) && (slots->required & ~state->seen) == 0;
}

// -- filtering --

// Only this token.
static void force(const struct wl_slots *slots, int32_t token, float *scores)
{
    float score = scores[token];

    for (size_t v = 0; v < slots->n_vocabulary; v++) {
        scores[v] = -INFINITY;
    }
    scores[token] = score > FORCED_SCORE ? score : FORCED_SCORE;
}

static bool is_allowed(const struct wl_slots *slots, const struct wl_slots_state *state,
                       int32_t token)
{
    struct wl_slots_state after = *state;
    return walk(slots, &after, slots->text->piece(slots->text->context, token));
}

// Inside a slot: tokens that go on with it.
static void filter_open(const struct wl_slots *slots, const struct wl_slots_state *state,
                        float *scores)
{
    for (size_t v = 0; v < slots->n_vocabulary; v++) {
        struct wl_str piece = slots->text->piece(slots->text->context, (int32_t)v);
        if (piece.n_bytes == 0 || !is_allowed(slots, state, (int32_t)v)) {
            scores[v] = -INFINITY;
        }
    }
}

// What must come when the text may not end here, or -1: it may. Slots that no fixed text brings are
// written in the last hole.
static int32_t instead_of_end(const struct wl_slots *slots, struct wl_slots_state *state)
{
    uint32_t missing = first_missing(slots, state);

    if (missing != 0 && !slots->parts[state->part].has_hole_after) {
        state->would_end = missing;
        return slots->spelled[missing - 1].tokens[0];
    }
    for (size_t i = state->part + 1; i < slots->n_parts; i++) {
        if (slots->parts[i].fixed.n > 0) {
            state->would_end = NEXT_PART;
            return slots->parts[i].fixed.tokens[0];
        }
    }
    return -1;
}

// Outside: braces begin slots of the list and nothing else; blanks where a hole wants one.
static void filter_free(const struct wl_slots *slots, const struct wl_slots_state *state,
                        size_t n_spare, float *scores)
{
    const struct part *part = &slots->parts[state->part];
    bool has_room = n_spare > slots->n_longest;

    for (size_t i = 0; i < slots->n_braced; i++) {
        if (!has_room || !is_allowed(slots, state, slots->braced[i])) {
            scores[slots->braced[i]] = -INFINITY;
        }
    }
    if (part->wants_blank && state->place == part->fixed.n) {
        for (size_t v = 0; v < slots->n_vocabulary; v++) {
            struct wl_str piece = slots->text->piece(slots->text->context, (int32_t)v);
            if ((int32_t)v != slots->end && (piece.n_bytes == 0 || piece.data[0] != ' ')) {
                scores[v] = -INFINITY;
            }
        }
    }
}

// Gives the end's score to a token; whether that was the higher one.
static bool move_end(const struct wl_slots *slots, int32_t to, float *scores)
{
    float end = scores[slots->end];

    scores[slots->end] = -INFINITY;
    if (end <= scores[to]) {
        return false;
    }
    scores[to] = end;
    return true;
}

void wl_slots_filter(const struct wl_slots *slots, struct wl_slots_state *state, size_t n_left,
                     float *scores)
{
    const struct part *part = &slots->parts[state->part];
    size_t n_need = tokens_missing(slots, state) + part->n_after;
    size_t n_spare = n_left > n_need ? n_left - n_need : 0;

    state->would_end = 0;
    if (state->forced > 0) {
        force(slots, slots->spelled[state->forced - 1].tokens[state->forced_place], scores);
        return;
    }
    if (is_in_fixed(slots, state)) {
        force(slots, part->fixed.tokens[state->place], scores);
        return;
    }
    if (state->n_open > 0) {
        filter_open(slots, state, scores);
        return;
    }
    if (!part->has_hole) {
        force(slots, slots->end, scores);
        return;
    }
    int32_t instead = instead_of_end(slots, state);
    bool is_full =
        slots->hole_tokens_max > 0 && state->place - part->fixed.n >= slots->hole_tokens_max;
    if (n_spare == 0 || is_full) {
        force(slots, instead >= 0 ? instead : slots->end, scores);
        return;
    }
    filter_free(slots, state, n_spare, scores);
    if (instead >= 0 && !move_end(slots, instead, scores)) {
        state->would_end = 0; // the token is the model's own choice, not the end's stand-in
    }
}

// -- taking --

static void take_forced(const struct wl_slots *slots, struct wl_slots_state *state)
{
    state->forced_place++;
    if (state->forced_place == slots->spelled[state->forced - 1].n) {
        state->forced = 0;
        state->forced_place = 0;
    }
}

static bool is_blank(struct wl_str piece)
{
    return wl_str_trim(piece).n_bytes == 0;
}

// The next fixed text begins when the model says its first token, unless that is a mere blank, as
// any word may be followed by; or when that token stood in for the end.
static void begin_next_part(const struct wl_slots *slots, struct wl_slots_state *state,
                            int32_t token)
{
    bool is_meant =
        state->would_end == NEXT_PART || !is_blank(slots->text->piece(slots->text->context, token));
    uint32_t next = state->part + 1;

    while (next + 1 < slots->n_parts && slots->parts[next].fixed.n == 0) {
        next++;
    }
    if (is_meant && slots->parts[next].fixed.n > 0 && token == slots->parts[next].fixed.tokens[0]) {
        state->part = next;
        state->place = 1;
    }
}

void wl_slots_take(const struct wl_slots *slots, struct wl_slots_state *state, int32_t token)
{
    const struct part *part = &slots->parts[state->part];
    bool was_inside = state->n_open > 0 || state->forced > 0;

    (void)walk(slots, state, slots->text->piece(slots->text->context, token));
    state->place++;
    if (state->forced > 0) {
        take_forced(slots, state);
    } else if (state->place <= part->fixed.n || was_inside) {
        // fixed text, or a slot going on
    } else if (state->would_end > 0 && state->would_end != NEXT_PART &&
               token == slots->spelled[state->would_end - 1].tokens[0]) {
        state->forced = state->would_end;
        take_forced(slots, state);
    } else if (part->has_hole_after || (!is_last(slots, state) && missing_of(slots, state) == 0)) {
        begin_next_part(slots, state, token);
    }
    state->would_end = 0;
}
