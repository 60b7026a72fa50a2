/* One loop for the three ways: scores of all going texts, what each may say next, who goes on. A
 * text ("line") owns its tokens; who goes on is copied into the other half of the memory, a few
 * hundred bytes a step, while the model's past is taken up by number.
 *
 * Beam search is transformers' to the letter: twice as many candidates as beams are looked at, an
 * end counts when it stands among the first n_beams of them, and scores are divided by the length
 * to the power of the penalty, the end token counted. */
#include "nn/generate.h"

#include <math.h>
#include <string.h>

#define TEXTS_MAX 64 // side by side; a model may have room for fewer

struct line {
    int32_t *tokens; // (n_all_max) beginning and text
    size_t n;
    double log_p;
    struct wl_slots_state slots;
    size_t i_text;  // number of a drawn text: its place among the results
    size_t i_model; // which of the model's texts it is; 0 for all at the beginning
    struct wl_rng rng;
};

// A text that may go on with a token.
struct candidate {
    double log_p;
    uint32_t from;
    int32_t token;
};

struct finished {
    int32_t *tokens; // (n_new_max)
    size_t n_tokens; // without the end
    double log_p;
    double score;
    enum wl_generate_end end;
    bool is_set;
};

struct run {
    const wl_alloc *alloc;
    const struct wl_next_tokens *next;
    const struct wl_generate_options *options;
    size_t n_prompt;
    size_t n_lines_max;
    size_t n_all_max;
    size_t n_vocabulary;
    struct line *lines; // (n_lines_max) going on
    struct line *lines_next;
    size_t n_lines;
    const float *scores;          // (n_lines, V) the model's
    float *row;                   // (V) after filtering
    bool *seen;                   // (V)
    struct wl_scored *space;      // (V) for drawing
    struct candidate *candidates; // (2 n_beams) best first
    size_t n_candidates;
    struct finished *done; // (n_done_max) a search's by falling score; drawn ones by number
    size_t n_done_max;
    int32_t *memory; // tokens of all lines and of all that is done
    struct wl_buf said;
};

struct wl_generate_options wl_generate_options_default(void)
{
    return (struct wl_generate_options){.n_best = 1,
                                        .n_beams = 1,
                                        .n_new_max = 128,
                                        .length_penalty = 1.0,
                                        .sampling = {.temperature = 1.0, .top_p = 1.0},
                                        .repetition_penalty = 1.0,
                                        .end = -1};
}

// -- stops --

// Where the first stop begins in a text, or its length.
static size_t find_stop(const struct wl_generate_options *options, struct wl_str text)
{
    size_t first = text.n_bytes;

    for (size_t s = 0; s < options->n_stops; s++) {
        struct wl_str stop = options->stops[s];
        for (size_t i = 0; stop.n_bytes > 0 && i + stop.n_bytes <= first; i++) {
            if (memcmp(text.data + i, stop.data, stop.n_bytes) == 0) {
                first = i;
            }
        }
    }
    return first;
}

void wl_generate_text(const struct wl_generate_options *options, const struct wl_token_text *text,
                      const struct wl_generated *generated, struct wl_buf *buf)
{
    size_t n_before = buf->n_bytes;

    text->decode(text->context, generated->tokens, generated->n_tokens, buf);
    struct wl_str said = wl_buf_view(buf);
    if (said.n_bytes > n_before) {
        said = (struct wl_str){.data = said.data + n_before, .n_bytes = said.n_bytes - n_before};
        buf->n_bytes = n_before + find_stop(options, said);
        buf->data[buf->n_bytes] = '\0';
    }
}

// The text with one more token holds a stop, which may begin in earlier tokens.
static bool hits_stop(struct run *r, const struct line *line, int32_t token)
{
    const struct wl_generate_options *o = r->options;

    if (o->n_stops == 0) {
        return false;
    }
    line->tokens[line->n] = token; // there is room, and it is not counted yet
    wl_buf_clear(&r->said);
    o->text->decode(o->text->context, line->tokens + r->n_prompt, line->n + 1 - r->n_prompt,
                    &r->said);
    struct wl_str said = wl_buf_view(&r->said);
    return find_stop(o, said) < said.n_bytes;
}

// -- what a text may say --

static void filter(struct run *r, struct line *line)
{
    const struct wl_generate_options *o = r->options;
    size_t n_new = line->n - r->n_prompt;

    memcpy(r->row, r->scores + line->i_model * r->n_vocabulary, r->n_vocabulary * sizeof(*r->row));
    if (o->method == WL_GENERATE_BEAMS) {
        wl_scores_log_softmax(r->row, r->n_vocabulary);
    }
    if (line->slots.n_open == 0) { // a slot that was begun must be written, often or not
        if (o->repetition_penalty > 1.0 || o->repetition_penalty < 1.0) {
            wl_scores_repeat(r->row, line->tokens, line->n, o->repetition_penalty, r->seen);
        }
        wl_scores_ban_ngrams(r->row, line->tokens, line->n, o->no_repeat_ngram);
    }
    if (o->end >= 0 && n_new < o->n_new_min) {
        r->row[o->end] = -INFINITY;
    }
    if (o->slots != NULL) {
        wl_slots_filter(o->slots, &line->slots, o->n_new_max - n_new, r->row);
    }
}

static bool may_end(const struct run *r, const struct line *line, int32_t token)
{
    struct wl_slots_state state = line->slots;

    if (r->options->slots == NULL) {
        return true;
    }
    if (token != r->options->end) {
        wl_slots_take(r->options->slots, &state, token);
    }
    return wl_slots_may_end(r->options->slots, &state);
}

// Whether a line ends with this token, and why.
static bool ends_with(struct run *r, const struct line *line, int32_t token,
                      enum wl_generate_end *why)
{
    if (r->options->end >= 0 && token == r->options->end) {
        *why = WL_ENDED_BY_TOKEN;
        return true;
    }
    if (hits_stop(r, line, token)) {
        *why = WL_ENDED_BY_STOP;
        return true;
    }
    *why = WL_ENDED_BY_LENGTH;
    return line->n + 1 - r->n_prompt >= r->options->n_new_max;
}

// -- finished texts --

static void finish(struct run *r, struct finished *to, const struct line *line,
                   const struct candidate *last, double score, enum wl_generate_end why)
{
    size_t n_new = line->n - r->n_prompt;

    if (n_new > 0) {
        memcpy(to->tokens, line->tokens + r->n_prompt, n_new * sizeof(*to->tokens));
    }
    if (why != WL_ENDED_BY_TOKEN) {
        to->tokens[n_new++] = last->token;
    }
    to->n_tokens = n_new;
    to->log_p = last->log_p;
    to->score = score;
    to->end = why;
    to->is_set = true;
}

static double score_of(const struct run *r, double log_p, size_t n_new)
{
    return log_p / pow((double)n_new, r->options->length_penalty);
}

// Into its place by score; the worst falls out when all places are taken.
static void offer(struct run *r, const struct line *line, const struct candidate *last,
                  enum wl_generate_end why)
{
    double score = score_of(r, last->log_p, line->n + 1 - r->n_prompt);
    size_t i = r->n_done_max;

    while (i > 0 && (!r->done[i - 1].is_set || r->done[i - 1].score < score)) {
        i--;
    }
    if (i == r->n_done_max) {
        return;
    }
    struct finished worst = r->done[r->n_done_max - 1];
    memmove(&r->done[i + 1], &r->done[i], (r->n_done_max - 1 - i) * sizeof(r->done[0]));
    r->done[i] = worst;
    finish(r, &r->done[i], line, last, score, why);
}

// -- going on --

static void copy_line(const struct run *r, struct line *to, const struct line *from,
                      const struct candidate *last)
{
    int32_t *tokens = to->tokens;

    memcpy(tokens, from->tokens, from->n * sizeof(*tokens));
    *to = *from;
    to->tokens = tokens;
    to->tokens[to->n++] = last->token;
    to->log_p = last->log_p;
    if (r->options->slots != NULL) {
        wl_slots_take(r->options->slots, &to->slots, last->token);
    }
}

// The model reads what the next lines have just said.
static wl_status go_on(struct run *r, const struct candidate *chosen, size_t n, wl_error *error)
{
    uint32_t from[TEXTS_MAX];
    int32_t tokens[TEXTS_MAX];
    struct line *lines = r->lines;

    WL_ASSERT(n <= TEXTS_MAX); // wl_generate holds n_lines_max to it
    for (size_t i = 0; i < n; i++) {
        copy_line(r, &r->lines_next[i], &r->lines[chosen[i].from], &chosen[i]);
        from[i] = (uint32_t)r->lines[chosen[i].from].i_model;
        tokens[i] = chosen[i].token;
        r->lines_next[i].i_model = i;
    }
    r->lines = r->lines_next;
    r->lines_next = lines;
    r->n_lines = n;
    return n == 0 ? WL_OK : r->next->step(r->next->context, from, tokens, n, &r->scores, error);
}

// -- one token each --

// The best or a drawn token that may stand here; false when there is none.
static bool choose(struct run *r, size_t i_line, struct candidate *chosen,
                   enum wl_generate_end *why, bool *is_end)
{
    struct line *line = &r->lines[i_line];
    const struct wl_generate_options *o = r->options;

    filter(r, line);
    for (;;) {
        double log_p = 0.0;
        size_t token = o->method == WL_GENERATE_DRAWN
                           ? wl_scores_draw(r->row, r->n_vocabulary, &o->sampling, r->space,
                                            &line->rng, &log_p)
                           : wl_scores_best(r->row, r->n_vocabulary);
        if (token == r->n_vocabulary) {
            return false;
        }
        *is_end = ends_with(r, line, (int32_t)token, why);
        if (*is_end && !may_end(r, line, (int32_t)token)) {
            r->row[token] = -INFINITY; // a stop in the middle of what must come
            continue;
        }
        if (o->method == WL_GENERATE_GREEDY) {
            wl_scores_log_softmax(r->row, r->n_vocabulary);
            log_p = (double)r->row[token];
        }
        *chosen = (struct candidate){
            .log_p = line->log_p + log_p, .from = (uint32_t)i_line, .token = (int32_t)token};
        return true;
    }
}

static wl_status step_each(struct run *r, wl_error *error)
{
    struct candidate chosen[TEXTS_MAX];
    size_t n_going = 0;

    for (size_t i = 0; i < r->n_lines; i++) {
        enum wl_generate_end why = WL_ENDED_BY_LENGTH;
        const struct line *line = &r->lines[i];
        bool is_end = false;
        struct candidate *to = &chosen[n_going];

        if (!choose(r, i, to, &why, &is_end)) {
            return wl_fail(error, WL_ENOTFOUND, "no token may follow token %zu of the text",
                           line->n - r->n_prompt);
        }
        if (is_end) {
            double score = score_of(r, to->log_p, line->n + 1 - r->n_prompt);
            finish(r, &r->done[line->i_text], line, to, score, why);
        } else {
            n_going++;
        }
    }
    return go_on(r, chosen, n_going, error);
}

// -- beams --

static void add_candidate(struct run *r, size_t n_max, struct candidate item)
{
    size_t i = r->n_candidates;

    if (i == n_max && item.log_p <= r->candidates[i - 1].log_p) {
        return;
    }
    i -= i == n_max;
    r->n_candidates = i + 1;
    while (i > 0 && r->candidates[i - 1].log_p < item.log_p) {
        r->candidates[i] = r->candidates[i - 1];
        i--;
    }
    r->candidates[i] = item;
}

static void find_candidates(struct run *r)
{
    size_t n_max = 2 * r->options->n_beams;

    r->n_candidates = 0;
    for (size_t i = 0; i < r->n_lines; i++) {
        double log_p = r->lines[i].log_p;
        filter(r, &r->lines[i]);
        for (size_t v = 0; v < r->n_vocabulary; v++) {
            if (r->row[v] > -INFINITY) {
                add_candidate(r, n_max,
                              (struct candidate){.log_p = log_p + (double)r->row[v],
                                                 .from = (uint32_t)i,
                                                 .token = (int32_t)v});
            }
        }
    }
}

static bool is_full(const struct run *r)
{
    return r->done[r->n_done_max - 1].is_set;
}

// Whether texts that go on may still score better than the worst that is done.
static bool may_improve(const struct run *r)
{
    const struct wl_generate_options *o = r->options;
    size_t n_new = r->lines[0].n - r->n_prompt;

    if (r->n_lines == 0) {
        return false;
    }
    if (!is_full(r)) {
        return true;
    }
    if (o->early == WL_EARLY_AT_ONCE) {
        return false;
    }
    if (o->early == WL_EARLY_NEVER && o->length_penalty > 0.0) {
        n_new = o->n_new_max;
    }
    return score_of(r, r->lines[0].log_p, n_new) > r->done[r->n_done_max - 1].score;
}

static wl_status step_beams(struct run *r, wl_error *error)
{
    struct candidate chosen[TEXTS_MAX];
    size_t n_beams = r->options->n_beams;
    size_t n_going = 0;

    find_candidates(r);
    for (size_t i = 0; i < r->n_candidates; i++) {
        const struct candidate *item = &r->candidates[i];
        const struct line *line = &r->lines[item->from];
        enum wl_generate_end why = WL_ENDED_BY_LENGTH;
        if (!ends_with(r, line, item->token, &why)) {
            if (n_going < n_beams) {
                chosen[n_going++] = *item;
            }
        } else if (i < n_beams && may_end(r, line, item->token)) {
            offer(r, line, item, why);
        }
    }
    WL_TRY(go_on(r, chosen, n_going, error));
    if (!may_improve(r)) {
        r->n_lines = 0;
    }
    return WL_OK;
}

// -- the whole --

static wl_status check_options(const struct wl_next_tokens *next,
                               const struct wl_generate_options *o, size_t n_prompt,
                               wl_error *error)
{
    size_t n_side = o->method == WL_GENERATE_BEAMS ? o->n_beams : o->n_best;

    if (n_prompt == 0 || o->n_new_max == 0 || n_side == 0 || o->n_best == 0) {
        return wl_fail(error, WL_EINVAL, "%zu texts of %zu tokens after %zu", n_side, o->n_new_max,
                       n_prompt);
    }
    if (n_side > next->n_texts_max || n_side > TEXTS_MAX ||
        (o->method == WL_GENERATE_GREEDY && o->n_best > 1) ||
        (o->method == WL_GENERATE_BEAMS && o->n_best > o->n_beams)) {
        return wl_fail(error, WL_EINVAL, "%zu texts wanted, %zu side by side, room for %zu",
                       o->n_best, n_side, next->n_texts_max);
    }
    if (!(o->sampling.temperature > 0.0) || !(o->sampling.top_p > 0.0) ||
        !(o->repetition_penalty > 0.0) || o->n_new_min > o->n_new_max) {
        return wl_fail(error, WL_EINVAL,
                       "temperature %g, top p %g, repetition penalty %g, %zu to %zu tokens",
                       o->sampling.temperature, o->sampling.top_p, o->repetition_penalty,
                       o->n_new_min, o->n_new_max);
    }
    if (o->end >= 0 && (size_t)o->end >= next->n_vocabulary) {
        return wl_fail(error, WL_EINVAL, "token %d ends a text, of %zu tokens", o->end,
                       next->n_vocabulary);
    }
    if (o->slots != NULL && wl_slots_tokens_min(o->slots) > o->n_new_max) {
        return wl_fail(error, WL_ELIMIT, "fixed text and slots take %zu tokens, at most %zu",
                       wl_slots_tokens_min(o->slots), o->n_new_max);
    }
    return WL_OK;
}

static wl_status prepare(struct run *r, wl_error *error)
{
    const wl_alloc *alloc = r->alloc;
    size_t n_lines = r->n_lines_max;
    size_t n_tokens = 2 * n_lines * r->n_all_max + r->n_done_max * r->options->n_new_max;

    wl_buf_init(&r->said, alloc, 0);
    r->lines = wl_alloc_zeroed(alloc, n_lines, sizeof(*r->lines));
    r->lines_next = wl_alloc_zeroed(alloc, n_lines, sizeof(*r->lines));
    r->row = wl_alloc_zeroed(alloc, r->n_vocabulary, sizeof(*r->row));
    r->seen = wl_alloc_zeroed(alloc, r->n_vocabulary, sizeof(*r->seen));
    r->space = wl_alloc_zeroed(alloc, r->n_vocabulary, sizeof(*r->space));
    r->candidates = wl_alloc_zeroed(alloc, 2 * n_lines, sizeof(*r->candidates));
    r->done = wl_alloc_zeroed(alloc, r->n_done_max, sizeof(*r->done));
    r->memory = wl_alloc_zeroed(alloc, n_tokens, sizeof(*r->memory));
    if (r->lines == NULL || r->lines_next == NULL || r->row == NULL || r->seen == NULL ||
        r->space == NULL || r->candidates == NULL || r->done == NULL || r->memory == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", n_lines);
    }
    for (size_t i = 0; i < n_lines; i++) {
        r->lines[i].tokens = r->memory + i * r->n_all_max;
        r->lines_next[i].tokens = r->memory + (n_lines + i) * r->n_all_max;
    }
    for (size_t i = 0; i < r->n_done_max; i++) {
        r->done[i].tokens = r->memory + 2 * n_lines * r->n_all_max + i * r->options->n_new_max;
    }
    return WL_OK;
}

static void run_release(struct run *r)
{
    wl_alloc_free(r->alloc, r->lines);
    wl_alloc_free(r->alloc, r->lines_next);
    wl_alloc_free(r->alloc, r->row);
    wl_alloc_free(r->alloc, r->seen);
    wl_alloc_free(r->alloc, r->space);
    wl_alloc_free(r->alloc, r->candidates);
    wl_alloc_free(r->alloc, r->done);
    wl_alloc_free(r->alloc, r->memory);
    wl_buf_release(&r->said);
}

// Texts drawn by lot all begin with the one row of scores after the beginning.
static wl_status begin(struct run *r, const int32_t *prompt, wl_error *error)
{
    WL_TRY(r->next->start(r->next->context, prompt, r->n_prompt, &r->scores, error));
    r->n_lines = r->options->method == WL_GENERATE_DRAWN ? r->options->n_best : 1;
    for (size_t i = 0; i < r->n_lines; i++) {
        struct line *line = &r->lines[i];
        line->n = r->n_prompt;
        line->i_text = i;
        memcpy(line->tokens, prompt, r->n_prompt * sizeof(*prompt));
        wl_rng_init(&line->rng, r->options->seed, i);
    }
    return WL_OK;
}

static wl_status take_texts(const struct run *r, struct wl_generated_texts *texts, wl_error *error)
{
    struct wl_generated_texts made = {.alloc = r->alloc};
    size_t n_max = r->options->n_new_max;

    made.items = wl_alloc_zeroed(r->alloc, r->options->n_best, sizeof(*made.items));
    made.tokens = wl_alloc_zeroed(r->alloc, r->options->n_best * n_max, sizeof(*made.tokens));
    if (made.items == NULL || made.tokens == NULL) {
        wl_generated_texts_release(&made);
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", r->options->n_best);
    }
    for (size_t i = 0; i < r->n_done_max && made.n < r->options->n_best; i++) {
        const struct finished *done = &r->done[i];
        if (done->is_set) {
            struct wl_generated *to = &made.items[made.n];
            to->tokens = made.tokens + made.n * n_max;
            memcpy(to->tokens, done->tokens, done->n_tokens * sizeof(*to->tokens));
            to->n_tokens = done->n_tokens;
            to->log_p = done->log_p;
            to->score = done->score;
            to->end = done->end;
            made.n++;
        }
    }
    *texts = made;
    return WL_OK;
}

wl_status wl_generate(const wl_alloc *alloc, const struct wl_next_tokens *next,
                      const int32_t *prompt, size_t n_prompt,
                      const struct wl_generate_options *options, struct wl_generated_texts *texts,
                      wl_error *error)
{
    bool is_search = options->method == WL_GENERATE_BEAMS;
    size_t n_lines = is_search ? options->n_beams : options->n_best;
    wl_status status = WL_OK;
    struct run r = {.alloc = alloc,
                    .next = next,
                    .options = options,
                    .n_prompt = n_prompt,
                    .n_lines_max = n_lines,
                    .n_done_max = n_lines,
                    .n_all_max = n_prompt + options->n_new_max,
                    .n_vocabulary = next->n_vocabulary};

    WL_TRY(check_options(next, options, n_prompt, error));
    WL_GO(prepare(&r, error));
    WL_GO(begin(&r, prompt, error));
    while (r.n_lines > 0) {
        WL_GO(is_search ? step_beams(&r, error) : step_each(&r, error));
        WL_GO(wl_buf_check(&r.said, error));
    }
    if (!r.done[0].is_set) {
        status = wl_fail(error, WL_ENOTFOUND, "no text of at most %zu tokens may end",
                         options->n_new_max);
        goto done;
    }
    WL_GO(take_texts(&r, texts, error));
done:
    run_release(&r);
    return status;
}

void wl_generated_texts_release(struct wl_generated_texts *texts)
{
    if (texts != NULL && texts->alloc != NULL) {
        wl_alloc_free(texts->alloc, texts->items);
        wl_alloc_free(texts->alloc, texts->tokens);
        *texts = (struct wl_generated_texts){0};
    }
}
