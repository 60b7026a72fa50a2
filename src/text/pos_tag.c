/* The text is cut into blocks of Chinese characters, ASCII letters, digits and +#&._ ; all other
 * characters are tokens alone, tagged "x" ("\r\n" is one). Within a block the path of words is that
 * of the segmenter. A word of several characters has the tag of its dictionary. A run of single
 * characters that is no word itself is handed to the model where it is Chinese; the rest of it is
 * cut into numbers ("m"), Latin words ("eng") and other signs ("x"). */
#include "text/pos_tag.h"

#include "base/limits.h"
#include "text/segmenter_inside.h"

#include <string.h>

/* One call: the text and where its words go. */
struct cut {
    const struct wl_segmenter *segmenter;
    const char *text;
    struct wl_pos_tokens *tokens; /* room for all tokens of the block is there */
};

void wl_pos_tokens_init(struct wl_pos_tokens *tokens, const wl_alloc *alloc)
{
    *tokens = (struct wl_pos_tokens){.alloc = alloc};
}

void wl_pos_tokens_release(struct wl_pos_tokens *tokens)
{
    if (tokens->alloc != NULL) {
        wl_alloc_free(tokens->alloc, tokens->items);
        wl_alloc_free(tokens->alloc, tokens->route);
        wl_alloc_free(tokens->alloc, tokens->back);
        wl_pos_tokens_init(tokens, tokens->alloc);
    }
}

struct wl_str wl_pos_name(const struct wl_segmenter *segmenter, uint8_t tag)
{
    return wl_dict_string(&segmenter->dict.tags, tag);
}

uint8_t wl_pos_find(const struct wl_segmenter *segmenter, struct wl_str name)
{
    uint32_t id = wl_dict_find(&segmenter->dict.tags, name);

    return id < WL_WORD_TAG_NONE ? (uint8_t)id : WL_POS_NONE;
}

/* -- characters -- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// A character within a block is ASCII or has three bytes.
static size_t block_character(char c)
{
    return (unsigned char)c < 0x80 ? 1 : WL_HAN_BYTES;
}

// Bytes of the block character at i; 0 when there is none.
static size_t block_length(struct wl_str text, size_t i)
{
    char c = text.data[i];

    if (is_letter(c) || is_digit(c) || (c != '\0' && strchr("+#&._", c) != NULL)) {
        return 1;
    }
    bool is_han = text.n_bytes - i >= WL_HAN_BYTES && wl_han_code(text.data + i) != 0;
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

/* -- tokens -- */

static void add_token(struct cut *cut, size_t begin, size_t end, uint8_t tag)
{
    cut->tokens->items[cut->tokens->n_items++] = (struct wl_pos_token){
        .i_byte = (uint32_t)begin, .n_bytes = (uint32_t)(end - begin), .tag = tag};
}

static void add_word(struct cut *cut, size_t begin, size_t end)
{
    struct wl_word_entry entry =
        wl_segmenter_look_up(cut->segmenter, cut->text + begin, end - begin);

    add_token(cut, begin, end, entry.tag);
    cut->tokens->items[cut->tokens->n_items - 1].is_users = entry.is_users;
}

/* -- runs of single characters -- */

static void add_han_piece(struct cut *cut, size_t begin, size_t n)
{
    const struct wl_pos_model *model = &cut->segmenter->dict.pos;
    uint8_t *back = cut->tokens->back;
    uint8_t *states = back + n * WL_POS_STATES_MAX;
    size_t from = begin;

    wl_pos_decode(model, cut->text + begin, n, back, states);
    for (size_t i = 0; i < n; i++) {
        size_t to = begin + (i + 1) * WL_HAN_BYTES;
        uint8_t place = model->states[states[i]].place;
        if (place == WL_HMM_E || place == WL_HMM_S) {
            add_token(cut, from, to, model->states[states[i]].tag);
            from = to;
        }
    }
    if (from < begin + n * WL_HAN_BYTES) { // a word that is not finished has its first tag
        size_t i_first = (from - begin) / WL_HAN_BYTES;
        add_token(cut, from, begin + n * WL_HAN_BYTES, model->states[states[i_first]].tag);
    }
}

static void add_han_run(struct cut *cut, size_t begin, size_t end)
{
    while (begin < end) {
        size_t n = (end - begin) / WL_HAN_BYTES;
        n = n < WL_POS_RUN_MAX ? n : WL_POS_RUN_MAX;
        add_han_piece(cut, begin, n);
        begin += n * WL_HAN_BYTES;
    }
}

static bool is_number_part(char c)
{
    return is_digit(c) || c == '.';
}

static bool is_latin_part(char c)
{
    return is_digit(c) || is_letter(c);
}

// Where the number, the Latin word or the other signs that begin at i end; *tag says which.
static size_t ascii_end(const char *text, size_t i, size_t end, uint8_t *tag)
{
    bool (*is_part)(char) = is_number_part(text[i])  ? is_number_part
                            : is_latin_part(text[i]) ? is_latin_part
                                                     : NULL;
    *tag = is_part == is_number_part ? WL_TAG_M : is_part == is_latin_part ? WL_TAG_ENG : WL_TAG_X;
    while (i < end && block_character(text[i]) == 1 &&
           (is_part != NULL ? is_part(text[i])
                            : !is_number_part(text[i]) && !is_latin_part(text[i]))) {
        i++;
    }
    return i;
}

static void add_run(struct cut *cut, size_t begin, size_t end)
{
    const char *text = cut->text;

    if (end - begin == block_character(text[begin]) ||
        wl_segmenter_look_up(cut->segmenter, text + begin, end - begin).frequency > 0) {
        for (size_t next; begin < end; begin = next) {
            next = begin + block_character(text[begin]);
            add_word(cut, begin, next);
        }
        return;
    }
    while (begin < end) {
        size_t next = begin;
        uint8_t tag;
        if (block_character(text[begin]) > 1) {
            while (next < end && block_character(text[next]) > 1) {
                next += WL_HAN_BYTES;
            }
            add_han_run(cut, begin, next);
        } else {
            next = ascii_end(text, begin, end, &tag);
            add_token(cut, begin, next, tag);
        }
        begin = next;
    }
}

static void cut_block(struct cut *cut, size_t begin, size_t end)
{
    size_t run = begin; // where the open run of single characters began
    size_t next;

    wl_segmenter_route(cut->segmenter, cut->text, begin, end, cut->tokens->route);
    for (size_t i = begin; i < end; i = next) {
        next = i + cut->tokens->route[i - begin].n_next;
        if (next - i == block_character(cut->text[i])) {
            continue;
        }
        if (run < i) {
            add_run(cut, run, i);
        }
        add_word(cut, i, next);
        run = next;
    }
    if (run < end) {
        add_run(cut, run, end);
    }
}

/* -- a text -- */

static wl_status make_room(struct wl_pos_tokens *tokens, size_t n_bytes, wl_error *error)
{
    size_t n_run = n_bytes / WL_HAN_BYTES + 1;

    n_run = n_run < WL_POS_RUN_MAX ? n_run : WL_POS_RUN_MAX;
    WL_TRY(
        WL_GROW(tokens->alloc, tokens->items, tokens->capacity, tokens->n_items + n_bytes, error));
    WL_TRY(WL_GROW(tokens->alloc, tokens->route, tokens->n_route, n_bytes + 1, error));
    return WL_GROW(tokens->alloc, tokens->back, tokens->n_back, n_run * (WL_POS_STATES_MAX + 1),
                   error);
}

wl_status wl_pos_cut(const struct wl_segmenter *segmenter, struct wl_str text,
                     struct wl_pos_tokens *tokens, wl_error *error)
{
    struct cut cut = {.segmenter = segmenter, .text = text.data, .tokens = tokens};
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
        wl_status status = make_room(tokens, n_bytes, error);
        if (status != WL_OK) {
            tokens->n_items = 0;
            return status;
        }
        if (end > i) {
            cut_block(&cut, i, end);
        } else {
            add_token(&cut, i, i + n_bytes, WL_TAG_X);
        }
        i += n_bytes;
    }
    return WL_OK;
}
