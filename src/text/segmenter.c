/* The text is cut into blocks of Chinese characters, ASCII letters, digits and +#&._%-; all other
 * characters are tokens alone ("\r\n" is one). Within a block:
 *
 *   1. route: from the block's end to its begin, the best path of words from each character on.
 *      best[i] = max over words i..j of log(frequency / total) + best[j]; a tie goes to the longer
 *      word; a character without any word counts as one of frequency 1.
 *   2. walk the path. Words of several characters are tokens. A run of single characters is handed
 *      to the hidden Markov model, unless the run itself is a word.
 *
 * jieba keeps a hash of all prefixes; here the steps of characters (word_steps.h) find all words
 * that begin at a character. Where a word of the user begins with it, both dictionaries are walked
 * byte by byte, and the user's entries win. Sums and ties are in jieba's order, so that the same
 * doubles are compared. The search waits for memory and for branches guessed wrong: so a first pass
 * over the block has its steps brought near, and the first three characters take no branch. */
#include "text/segmenter_inside.h"

#include "base/file.h"
#include "base/limits.h"

#include <math.h>
#include <string.h>

/* One call: the text and where its words go. */
struct cut {
    const struct wl_segmenter *segmenter;
    const char *text;
    struct wl_tokens *tokens; /* room for all tokens of the block is there */
};

/* -- life -- */

void wl_tokens_init(struct wl_tokens *tokens, const wl_alloc *alloc)
{
    *tokens = (struct wl_tokens){.alloc = alloc};
}

void wl_tokens_release(struct wl_tokens *tokens)
{
    if (tokens->alloc != NULL) {
        wl_alloc_free(tokens->alloc, tokens->items);
        wl_alloc_free(tokens->alloc, tokens->route);
        wl_alloc_free(tokens->alloc, tokens->states);
        wl_tokens_init(tokens, tokens->alloc);
    }
}

wl_status wl_segmenter_from(struct wl_str bytes, const wl_alloc *alloc,
                            struct wl_segmenter **segmenter_out, wl_error *error)
{
    struct wl_segmenter *segmenter = wl_alloc_zeroed(alloc, 1, sizeof(*segmenter));

    if (segmenter == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a segmenter");
    }
    segmenter->alloc = alloc;
    wl_word_tree_init(&segmenter->user, alloc);
    wl_status status = wl_word_dict_read(alloc, bytes, &segmenter->dict, error);
    if (status != WL_OK) {
        wl_alloc_free(alloc, segmenter);
        return status;
    }
    status = wl_word_steps_make(alloc, &segmenter->dict, &segmenter->steps, error);
    if (status != WL_OK) {
        wl_segmenter_close(segmenter);
        return status;
    }
    segmenter->total = segmenter->dict.total;
    segmenter->log_total = log((double)segmenter->total);
    *segmenter_out = segmenter;
    return WL_OK;
}

wl_status wl_segmenter_open(const char *path, const wl_alloc *alloc,
                            struct wl_segmenter **segmenter_out, wl_error *error)
{
    struct wl_buf bytes;

    wl_buf_init(&bytes, alloc, WL_DICT_BYTES_MAX);
    wl_status status = wl_file_read(path, &bytes, error);
    if (status == WL_OK) {
        status = wl_segmenter_from(wl_buf_view(&bytes), alloc, segmenter_out, error);
        if (status != WL_OK) {
            status = wl_fail_at(error, status, "%s", path);
        }
    }
    wl_buf_release(&bytes);
    return status;
}

void wl_segmenter_close(struct wl_segmenter *segmenter)
{
    if (segmenter != NULL) {
        wl_word_dict_release(segmenter->alloc, &segmenter->dict);
        wl_word_steps_release(segmenter->alloc, &segmenter->steps);
        wl_word_tree_release(&segmenter->user);
        wl_alloc_free(segmenter->alloc, segmenter);
    }
}

/* -- walking down both dictionaries at once -- */

struct walk {
    uint32_t cell; /* in the dictionary */
    uint32_t node; /* in the user's tree */
    bool in_dict;
    bool in_user;
};

static struct walk walk_begin(const struct wl_segmenter *segmenter)
{
    return (struct walk){.in_dict = true, .in_user = segmenter->user.n_nodes > 0};
}

static bool walk_step(const struct wl_segmenter *segmenter, struct walk *walk, char c)
{
    uint8_t byte = (uint8_t)c;

    walk->in_dict = walk->in_dict && wl_word_cells_step(&segmenter->dict.cells, &walk->cell, byte);
    if (walk->in_user) {
        walk->node = wl_word_tree_step(&segmenter->user, walk->node, byte);
        walk->in_user = walk->node != 0;
    }
    return walk->in_dict || walk->in_user;
}

// Frequency of what was walked, 0 when it is no word, and the frequency's log.
static uint32_t walk_frequency(const struct wl_segmenter *segmenter, const struct walk *walk,
                               double *weight)
{
    if (walk->in_user && segmenter->user.nodes[walk->node].is_word) {
        uint32_t frequency = segmenter->user.nodes[walk->node].frequency;
        *weight = log(frequency > 0 ? (double)frequency : 1.0);
        return frequency;
    }
    uint32_t word = walk->in_dict ? segmenter->dict.cells.items[walk->cell].word : 0;
    *weight = segmenter->dict.weight[word];
    return segmenter->dict.frequency[word];
}

// Frequency of a whole string; otherwise 0 for the begin of a word, and absent for all else.
static uint32_t look_up(const struct wl_segmenter *segmenter, const char *text, size_t n_bytes,
                        uint32_t absent)
{
    struct walk walk = walk_begin(segmenter);
    double weight;

    if (n_bytes > WL_WORD_BYTES_MAX) {
        return absent;
    }
    for (size_t i = 0; i < n_bytes; i++) {
        if (!walk_step(segmenter, &walk, text[i])) {
            return absent;
        }
    }
    return walk_frequency(segmenter, &walk, &weight);
}

struct wl_word_entry wl_segmenter_look_up(const struct wl_segmenter *segmenter, const char *text,
                                          size_t n_bytes)
{
    struct walk walk = walk_begin(segmenter);
    struct wl_word_entry entry = {.tag = WL_TAG_X};
    double weight;

    for (size_t i = 0; i < n_bytes; i++) {
        if (n_bytes > WL_WORD_BYTES_MAX || !walk_step(segmenter, &walk, text[i])) {
            return entry;
        }
    }
    entry.frequency = walk_frequency(segmenter, &walk, &weight);
    uint32_t word = walk.in_dict ? segmenter->dict.cells.items[walk.cell].word : 0;
    entry.tag = segmenter->dict.tag[word];
    if (walk.in_user && segmenter->user.nodes[walk.node].is_word) {
        uint8_t tag = segmenter->user.nodes[walk.node].tag;
        entry.is_users = entry.frequency > 0;
        entry.tag = tag != WL_WORD_TAG_NONE ? tag : entry.tag;
    }
    return entry;
}

/* -- tokens -- */

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// A character within a block is ASCII or has three bytes.
static size_t block_character(char c)
{
    return (unsigned char)c < 0x80 ? 1 : WL_HAN_BYTES;
}

// Two block characters or more make a word.
static bool is_word(const struct wl_segmenter *segmenter, const char *text, size_t n_bytes)
{
    if (segmenter->user.n_nodes > 0) {
        return look_up(segmenter, text, n_bytes, 0) > 0;
    }
    const struct wl_word_steps *steps = &segmenter->steps;
    uint64_t step = wl_word_steps_first(steps, wl_word_steps_label(steps, text));
    for (size_t i = block_character(text[0]); i < n_bytes && step != 0;) {
        step = wl_word_steps_next(steps, step, wl_word_steps_label(steps, text + i));
        i += block_character(text[i]);
    }
    return wl_word_steps_weight(steps, step) >= 0.0;
}

static void add_token(struct cut *cut, size_t begin, size_t end)
{
    cut->tokens->items[cut->tokens->n_items++] =
        (struct wl_token){.i_byte = (uint32_t)begin, .n_bytes = (uint32_t)(end - begin)};
}

static void add_characters(struct cut *cut, size_t begin, size_t end)
{
    while (begin < end) {
        size_t next = begin + block_character(cut->text[begin]);
        add_token(cut, begin, next);
        begin = next;
    }
}

/* -- runs of single characters -- */

// A word the model made; the user may have forbidden it.
static void add_model_word(struct cut *cut, size_t begin, size_t end)
{
    const struct wl_segmenter *segmenter = cut->segmenter;
    bool is_split = false;

    if (segmenter->user.n_nodes > 0 && end - begin <= WL_WORD_BYTES_MAX) {
        uint32_t node = 0;
        size_t i = begin;
        do {
            node = wl_word_tree_step(&segmenter->user, node, (uint8_t)cut->text[i++]);
        } while (node != 0 && i < end);
        is_split = node != 0 && segmenter->user.nodes[node].is_word &&
                   segmenter->user.nodes[node].frequency == 0;
    }
    if (is_split) {
        add_characters(cut, begin, end);
    } else {
        add_token(cut, begin, end);
    }
}

static void add_han_run(struct cut *cut, size_t begin, size_t end)
{
    size_t n = (end - begin) / WL_HAN_BYTES;
    uint8_t *states = cut->tokens->states;
    size_t from = begin;

    wl_hmm_decode(&cut->segmenter->dict.hmm, cut->text + begin, n, states);
    for (size_t i = 0; i < n; i++) {
        size_t to = begin + (i + 1) * WL_HAN_BYTES;
        if (states[i] == WL_HMM_E || states[i] == WL_HMM_S) {
            add_model_word(cut, from, to);
            from = to;
        }
    }
}

// letters and digits, then ".digits", then "%"; returns where that ends.
static size_t number_end(const char *text, size_t i, size_t end)
{
    while (i < end && is_letter_or_digit(text[i])) {
        i++;
    }
    if (i + 1 < end && text[i] == '.' && is_digit(text[i + 1])) {
        i++;
        while (i < end && is_digit(text[i])) {
            i++;
        }
    }
    return i < end && text[i] == '%' ? i + 1 : i;
}

static void add_run(struct cut *cut, size_t begin, size_t end)
{
    const char *text = cut->text;

    if (end - begin == block_character(text[begin]) ||
        is_word(cut->segmenter, text + begin, end - begin)) {
        add_characters(cut, begin, end);
        return;
    }
    while (begin < end) {
        size_t next = begin;
        if (block_character(text[begin]) > 1) {
            while (next < end && block_character(text[next]) > 1) {
                next += WL_HAN_BYTES;
            }
            add_han_run(cut, begin, next);
        } else if (is_letter_or_digit(text[begin])) {
            next = number_end(text, begin, end);
            add_token(cut, begin, next);
        } else {
            while (next < end && block_character(text[next]) == 1 &&
                   !is_letter_or_digit(text[next])) {
                next++;
            }
            add_token(cut, begin, next);
        }
        begin = next;
    }
}

/* -- a block -- */

// The best word of both dictionaries that begins at i, byte by byte.
static struct wl_route best_of_both(const struct wl_segmenter *segmenter, const char *text,
                                    size_t begin, size_t i, size_t end,
                                    const struct wl_route *route)
{
    struct wl_route best = {.score = -(double)INFINITY};
    struct walk walk = walk_begin(segmenter);
    double weight;

    for (size_t j = i; j < end && walk_step(segmenter, &walk, text[j]); j++) {
        bool is_inside = j + 1 < end && ((unsigned char)text[j + 1] & 0xC0U) == 0x80U;
        if (is_inside || walk_frequency(segmenter, &walk, &weight) == 0) {
            continue;
        }
        double score = weight - segmenter->log_total + route[j + 1 - begin].score;
        if (score >= best.score) {
            best = (struct wl_route){.score = score, .n_next = (uint32_t)(j + 1 - i)};
        }
    }
    return best;
}

// Takes a word when it is as good as what is known; -INFINITY, no word, never counts in the end.
static void take_word(struct wl_route *best, double score, size_t n_bytes)
{
    uint32_t is_better = 0U - (uint32_t)(score >= best->score);
    best->n_next = ((uint32_t)n_bytes & is_better) | (best->n_next & ~is_better);
    best->score = score > best->score ? score : best->score;
}

// Words of four characters and more: the third one's step ends before text[j].
static void take_long_words(const struct wl_segmenter *segmenter, uint64_t step, const char *text,
                            size_t begin, size_t i, size_t j, size_t end,
                            const struct wl_route *route, struct wl_route *best)
{
    const struct wl_word_steps *steps = &segmenter->steps;

    while (j < end && wl_word_steps_base(step) != 0) {
        step = wl_word_steps_next(steps, step, wl_word_steps_label(steps, text + j));
        j += block_character(text[j]);
        double weight = wl_word_steps_weight(steps, step);
        take_word(best, weight - segmenter->log_total + route[j - begin].score, j - i);
    }
}

// Does a word of the user begin with this character?
static bool user_begins(const struct wl_segmenter *segmenter, const char *character, size_t n_bytes)
{
    uint32_t node = 0;

    for (size_t i = 0; i < n_bytes; i++) {
        node = wl_word_tree_step(&segmenter->user, node, (uint8_t)character[i]);
        if (node == 0) {
            return false;
        }
    }
    return true;
}

/* What stands behind the character looked at: the two characters there, and the best scores from
 * them on and from the third one on. */
struct ahead {
    uint32_t label[2]; /* WL_STEP_LABEL_NONE behind the end */
    double score[3];
    size_t n_bytes[2];
};

// The best word of the dictionary that begins at i, n bytes for its first character.
static struct wl_route best_word(const struct wl_segmenter *segmenter, const char *text,
                                 size_t begin, size_t i, size_t n, uint32_t label, size_t end,
                                 const struct ahead *ahead, const struct wl_route *route)
{
    const struct wl_word_steps *steps = &segmenter->steps;
    double log_total = segmenter->log_total;
    uint64_t one = wl_word_steps_first(steps, label);
    uint64_t two = wl_word_steps_next(steps, one, ahead->label[0]);
    uint64_t three = wl_word_steps_next(steps, two, ahead->label[1]);
    struct wl_route best = {.score = wl_word_steps_weight(steps, one) - log_total + ahead->score[0],
                            .n_next = (uint32_t)n};

    n += ahead->n_bytes[0];
    take_word(&best, wl_word_steps_weight(steps, two) - log_total + ahead->score[1], n);
    n += ahead->n_bytes[1];
    take_word(&best, wl_word_steps_weight(steps, three) - log_total + ahead->score[2], n);
    if (wl_word_steps_base(three) != 0) {
        take_long_words(segmenter, three, text, begin, i, i + n, end, route, &best);
    }
    return best;
}

// Labels of all characters, kept in n_next; what the search will load is then on its way.
static void label_all(const struct wl_segmenter *segmenter, const char *text, size_t begin,
                      size_t end, struct wl_route *route)
{
    const struct wl_word_steps *steps = &segmenter->steps;
    uint64_t one = 0;
    uint64_t two = 0;

    for (size_t i = begin; i < end; i += block_character(text[i])) {
        uint32_t label = wl_word_steps_label(steps, text + i);
        route[i - begin].n_next = label;
        wl_word_steps_fetch(steps, two, label);
        two = wl_word_steps_next(steps, one, label);
        one = wl_word_steps_first(steps, label);
    }
}

void wl_segmenter_route(const struct wl_segmenter *segmenter, const char *text, size_t begin,
                        size_t end, struct wl_route *route)
{
    bool has_user = segmenter->user.n_nodes > 0;
    struct ahead ahead = {{0}, {0.0}, {0}};
    size_t n;

    label_all(segmenter, text, begin, end, route);
    route[end - begin] = (struct wl_route){0};
    for (size_t i = end; i > begin;) {
        struct wl_route best;
        n = (unsigned char)text[i - 1] < 0x80 ? 1 : WL_HAN_BYTES;
        i -= n;
        uint32_t label = route[i - begin].n_next;
        if (has_user && user_begins(segmenter, text + i, n)) {
            best = best_of_both(segmenter, text, begin, i, end, route);
        } else {
            best = best_word(segmenter, text, begin, i, n, label, end, &ahead, route);
        }
        if (best.score == -(double)INFINITY) {
            best.score = 0.0 - segmenter->log_total + ahead.score[0];
            best.n_next = (uint32_t)n;
        }
        route[i - begin] = best;
        ahead = (struct ahead){.label = {label, ahead.label[0]},
                               .score = {best.score, ahead.score[0], ahead.score[1]},
                               .n_bytes = {n, ahead.n_bytes[0]}};
    }
}

static void cut_block(struct cut *cut, size_t begin, size_t end, bool hmm)
{
    size_t run = begin; // where the open run of single characters began
    size_t next;

    wl_segmenter_route(cut->segmenter, cut->text, begin, end, cut->tokens->route);
    for (size_t i = begin; i < end; i = next) {
        bool is_single;
        next = i + cut->tokens->route[i - begin].n_next;
        is_single = next - i == block_character(cut->text[i]);
        if (is_single && (hmm || is_letter_or_digit(cut->text[i]))) {
            continue;
        }
        if (run < i && hmm) {
            add_run(cut, run, i);
        } else if (run < i) {
            add_token(cut, run, i);
        }
        add_token(cut, i, next);
        run = next;
    }
    if (run < end && hmm) {
        add_run(cut, run, end);
    } else if (run < end) {
        add_token(cut, run, end);
    }
}

/* -- a text -- */

static bool is_block_ascii(char c)
{
    return is_letter_or_digit(c) || c == '+' || c == '#' || c == '&' || c == '.' || c == '_' ||
           c == '%' || c == '-';
}

// Bytes of the block character at i; 0 when there is none.
static size_t block_length(struct wl_str text, size_t i)
{
    if (is_block_ascii(text.data[i])) {
        return 1;
    }
    bool is_han = (unsigned char)text.data[i] >= 0xE4 && text.n_bytes - i >= WL_HAN_BYTES &&
                  wl_han_code(text.data + i) != 0;
    return is_han ? WL_HAN_BYTES : 0;
}

static size_t other_length(struct wl_str text, size_t i)
{
    if (text.data[i] == '\r' && i + 1 < text.n_bytes && text.data[i + 1] == '\n') {
        return 2;
    }
    size_t n = wl_utf8_length(text, i);
    return n > 0 ? n : 1;
}

static wl_status make_room(struct wl_tokens *tokens, size_t n_bytes, wl_error *error)
{
    WL_TRY(
        WL_GROW(tokens->alloc, tokens->items, tokens->capacity, tokens->n_items + n_bytes, error));
    WL_TRY(WL_GROW(tokens->alloc, tokens->route, tokens->n_route, n_bytes + 1, error));
    return WL_GROW(tokens->alloc, tokens->states, tokens->n_states, n_bytes, error);
}

wl_status wl_segmenter_cut(const struct wl_segmenter *segmenter, struct wl_str text, bool hmm,
                           struct wl_tokens *tokens, wl_error *error)
{
    struct cut cut = {.segmenter = segmenter, .text = text.data, .tokens = tokens};
    wl_status status = WL_OK;
    size_t i = 0;

    tokens->n_items = 0;
    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a text of %zu bytes, %zu at most", text.n_bytes,
                       WL_LINE_BYTES_MAX);
    }
    while (i < text.n_bytes) {
        size_t end = i;
        for (size_t n = 1; end < text.n_bytes && n > 0; end += n) {
            n = block_length(text, end);
        }
        size_t n_bytes = end > i ? end - i : other_length(text, i);
        status = make_room(tokens, n_bytes, error);
        if (status != WL_OK) {
            tokens->n_items = 0;
            return status;
        }
        if (end > i) {
            cut_block(&cut, i, end, hmm);
        } else {
            add_token(&cut, i, i + n_bytes);
        }
        i += n_bytes;
    }
    return WL_OK;
}

/* -- search mode -- */

// Words of n characters within a longer token; written to at when that is not NULL. In a token of
// one character that is no block character the first step already leads past its end.
static size_t inner_words(const struct cut *cut, struct wl_token token, size_t n,
                          struct wl_token *at)
{
    size_t from = token.i_byte;
    size_t end = from + token.n_bytes;
    size_t to = from;
    size_t n_found = 0;

    for (size_t i = 0; i < n && to < end; i++) {
        to += block_character(cut->text[to]);
    }
    if (to >= end) {
        return 0;
    }
    for (;;) {
        if (is_word(cut->segmenter, cut->text + from, to - from)) {
            if (at != NULL) {
                at[n_found] = (struct wl_token){(uint32_t)from, (uint32_t)(to - from)};
            }
            n_found++;
        }
        if (to >= end) {
            return n_found;
        }
        from += block_character(cut->text[from]);
        to += block_character(cut->text[to]);
    }
}

wl_status wl_segmenter_cut_search(const struct wl_segmenter *segmenter, struct wl_str text,
                                  bool hmm, struct wl_tokens *tokens, wl_error *error)
{
    struct cut cut = {.segmenter = segmenter, .text = text.data, .tokens = tokens};
    size_t n_all;

    WL_TRY(wl_segmenter_cut(segmenter, text, hmm, tokens, error));
    n_all = tokens->n_items;
    for (size_t i = 0; i < tokens->n_items; i++) {
        n_all += inner_words(&cut, tokens->items[i], 2, NULL);
        n_all += inner_words(&cut, tokens->items[i], 3, NULL);
    }
    wl_status status = make_room(tokens, n_all - tokens->n_items, error);
    if (status != WL_OK) {
        tokens->n_items = 0;
        return status;
    }
    // From the back, so that the tokens move to their places within the one array.
    size_t to = n_all;
    for (size_t i = tokens->n_items; i-- > 0;) {
        struct wl_token token = tokens->items[i];
        size_t n_two = inner_words(&cut, token, 2, NULL);
        size_t n_three = inner_words(&cut, token, 3, NULL);
        tokens->items[--to] = token;
        to -= n_two + n_three;
        (void)inner_words(&cut, token, 2, tokens->items + to);
        (void)inner_words(&cut, token, 3, tokens->items + to + n_two);
    }
    tokens->n_items = n_all;
    return WL_OK;
}

/* -- the user's words -- */

// The smallest frequency with which word is cut out whole, by the words it is cut into now.
static wl_status suggest(const struct wl_segmenter *segmenter, struct wl_str word,
                         uint32_t *frequency, wl_error *error)
{
    struct wl_tokens parts;
    double share = 1.0;
    double total = (double)segmenter->total;

    wl_tokens_init(&parts, segmenter->alloc);
    wl_status status = wl_segmenter_cut(segmenter, word, false, &parts, error);
    for (size_t i = 0; i < parts.n_items; i++) {
        const char *part = word.data + parts.items[i].i_byte;
        share *= (double)look_up(segmenter, part, parts.items[i].n_bytes, 1) / total;
    }
    wl_tokens_release(&parts);
    if (status == WL_OK) {
        double wanted = floor(share * total) + 1.0;
        uint32_t now = look_up(segmenter, word.data, word.n_bytes, 1);
        *frequency = wanted > (double)now ? (uint32_t)fmin(wanted, (double)UINT32_MAX) : now;
    }
    return status;
}

// Cuts " letters" or " digits" off the end of a line that has something in front of it.
static struct wl_str cut_field(struct wl_str *line, char low, char high)
{
    size_t i = line->n_bytes;

    while (i > 0 && line->data[i - 1] >= low && line->data[i - 1] <= high) {
        i--;
    }
    if (i == line->n_bytes || i < 2 || line->data[i - 1] != ' ') {
        return (struct wl_str){0};
    }
    struct wl_str field = {.data = line->data + i, .n_bytes = line->n_bytes - i};
    line->n_bytes = i - 1;
    return field;
}

// The id of a tag the user names; WL_WORD_TAG_NONE for none.
static wl_status find_tag(struct wl_segmenter *segmenter, struct wl_str name, uint8_t *tag,
                          wl_error *error)
{
    uint32_t id = WL_WORD_TAG_NONE;

    if (name.n_bytes > 0) {
        id = wl_dict_find(&segmenter->dict.tags, name);
        if (id == WL_DICT_NONE && segmenter->dict.tags.n_strings >= WL_WORD_TAG_NONE) {
            return wl_fail(error, WL_ELIMIT, "user dictionary: more than %d tags",
                           WL_WORD_TAG_NONE);
        }
        if (id == WL_DICT_NONE) {
            WL_TRY(wl_dict_intern(&segmenter->dict.tags, name, &id, error));
        }
    }
    *tag = (uint8_t)id;
    return WL_OK;
}

wl_status wl_segmenter_add(struct wl_segmenter *segmenter, struct wl_str line, wl_error *error)
{
    struct wl_str word = wl_str_trim(line);
    uint32_t frequency = 0;
    int64_t given;
    uint8_t tag = WL_WORD_TAG_NONE;

    if (word.n_bytes == 0) {
        return WL_OK;
    }
    if (!wl_str_is_utf8(word)) {
        return wl_fail(error, WL_EPARSE, "user dictionary: a line is not UTF-8");
    }
    struct wl_str tag_name = cut_field(&word, 'a', 'z');
    struct wl_str digits = cut_field(&word, '0', '9');
    if (digits.n_bytes == 0) {
        WL_TRY(suggest(segmenter, word, &frequency, error));
    } else if (!wl_str_to_i64(digits, &given) || given > UINT32_MAX) {
        return wl_fail(error, WL_ERANGE, "user dictionary: frequency %.*s of \"%.*s\"",
                       WL_STR_ARG(digits), WL_STR_ARG(word));
    } else {
        frequency = (uint32_t)given;
    }
    WL_TRY(find_tag(segmenter, tag_name, &tag, error));
    WL_TRY(wl_word_tree_put(&segmenter->user, word, frequency, tag, error));
    segmenter->total += frequency;
    segmenter->log_total = log((double)segmenter->total);
    return WL_OK;
}
