/* Encoding cuts the added words out of a text, longest first, and hands what lies between them to
 * the tokenizer of bytes or pieces. Added words have numbers of their own behind the vocabulary, or
 * in it: a file's special tokens keep their places, where the tokenizer of bytes has a gap. */
#include "nn/gpt_tokenizer.h"

#include "base/limits.h"

#include <string.h>

void wl_gpt_tokenizer_free(struct wl_gpt_tokenizer *t)
{
    if (t != NULL) {
        wl_bpe_free(t->bpe);
        wl_hf_wordpiece_release(&t->pieces);
        wl_alloc_free(t->alloc, t->added);
        wl_arena_release(&t->arena);
        wl_alloc_free(t->alloc, t);
    }
}

// -- added words --

static const struct wl_gpt_added *added_of(const struct wl_gpt_tokenizer *t, uint32_t id)
{
    for (size_t i = 0; i < t->n_added; i++) {
        if (t->added[i].id == id) {
            return &t->added[i];
        }
    }
    return NULL;
}

wl_status wl_gpt_tokenizer_add(struct wl_gpt_tokenizer *t, struct wl_str text, uint32_t *id,
                               wl_error *error)
{
    for (size_t i = 0; i < t->n_added; i++) {
        if (wl_str_equal(t->added[i].text, text)) {
            *id = t->added[i].id;
            return WL_OK;
        }
    }
    if (text.n_bytes == 0 || !wl_str_is_utf8(text)) {
        return wl_fail(error, WL_EINVAL, "an added word of %zu bytes: wants text", text.n_bytes);
    }
    if (t->n_tokens >= WL_VOCABULARY_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %d tokens", WL_VOCABULARY_MAX);
    }
    const char *copy = wl_arena_string(&t->arena, text);
    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a token");
    }
    WL_TRY(WL_GROW(t->alloc, t->added, t->added_capacity, t->n_added + 1, error));
    *id = (uint32_t)t->n_tokens++;
    t->added[t->n_added++] =
        (struct wl_gpt_added){.text = {.data = copy, .n_bytes = text.n_bytes}, .id = *id};
    return WL_OK;
}

// The longest added word that stands at the beginning of text; NULL when none does.
static const struct wl_gpt_added *find_added(const struct wl_gpt_tokenizer *t, struct wl_str text)
{
    const struct wl_gpt_added *best = NULL;

    for (size_t i = 0; i < t->n_added; i++) {
        const struct wl_gpt_added *word = &t->added[i];
        if (!word->is_special && word->text.n_bytes <= text.n_bytes &&
            memcmp(word->text.data, text.data, word->text.n_bytes) == 0 &&
            (best == NULL || word->text.n_bytes > best->text.n_bytes)) {
            best = word;
        }
    }
    return best;
}

// -- encoding --

static wl_status encode_plain(const struct wl_gpt_tokenizer *t, struct wl_str text,
                              struct wl_ids *ids, wl_error *error)
{
    if (text.n_bytes == 0) {
        return WL_OK;
    }
    return t->kind == WL_GPT_BYTES ? wl_bpe_encode(t->bpe, text, ids, error)
                                   : wl_wordpiece_encode(t->pieces.wordpiece, text, ids, error);
}

static wl_status encode_words(const struct wl_gpt_tokenizer *t, struct wl_str text,
                              struct wl_ids *ids, wl_error *error)
{
    size_t begin = 0;

    for (size_t i = 0; i < text.n_bytes;) {
        const struct wl_str rest = {.data = text.data + i, .n_bytes = text.n_bytes - i};
        const struct wl_gpt_added *word = find_added(t, rest);
        if (word == NULL) {
            i++;
            continue;
        }
        const struct wl_str plain = {.data = text.data + begin, .n_bytes = i - begin};
        WL_TRY(encode_plain(t, plain, ids, error));
        WL_TRY(wl_ids_reserve(ids, ids->n + 1, error));
        ids->items[ids->n++] = word->id;
        i += word->text.n_bytes;
        begin = i;
    }
    const struct wl_str plain = {.data = text.data + begin, .n_bytes = text.n_bytes - begin};
    return encode_plain(t, plain, ids, error);
}

wl_status wl_gpt_tokenizer_encode(const struct wl_gpt_tokenizer *t, struct wl_str text,
                                  struct wl_ids *ids, wl_error *error)
{
    size_t n_before = ids->n;
    wl_status status = WL_OK;

    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "text of %zu bytes, at most %zu", text.n_bytes,
                       (size_t)WL_LINE_BYTES_MAX);
    }
    status = encode_words(t, text, ids, error);
    if (status != WL_OK) {
        ids->n = n_before;
    }
    return status;
}

// -- decoding --

static bool is_special_piece(const struct wl_gpt_tokenizer *t, int32_t token)
{
    const struct wl_hf_wordpiece *p = &t->pieces;
    return token == p->cls || token == p->sep || token == p->pad || token == p->mask;
}

struct wl_str wl_gpt_tokenizer_piece(const struct wl_gpt_tokenizer *t, int32_t token)
{
    const struct wl_gpt_added *word = NULL;

    if (token < 0 || (size_t)token >= t->n_tokens) {
        return (struct wl_str){0};
    }
    word = added_of(t, (uint32_t)token);
    if (word != NULL) {
        return word->is_special ? (struct wl_str){0} : word->text;
    }
    if (t->kind == WL_GPT_BYTES) {
        return wl_bpe_token(t->bpe, (uint32_t)token);
    }
    if (is_special_piece(t, token)) {
        return (struct wl_str){0};
    }
    struct wl_str piece = wl_wordpiece_piece(t->pieces.wordpiece, (uint32_t)token);
    if (piece.n_bytes > 2 && memcmp(piece.data, "##", 2) == 0) {
        piece = (struct wl_str){.data = piece.data + 2, .n_bytes = piece.n_bytes - 2};
    }
    return piece;
}

static bool goes_on(const struct wl_gpt_tokenizer *t, int32_t token)
{
    struct wl_str piece = wl_wordpiece_piece(t->pieces.wordpiece, (uint32_t)token);
    return piece.n_bytes > 2 && memcmp(piece.data, "##", 2) == 0;
}

// A byte of a word that is written with blanks: Latin letters and digits, and what is beyond ASCII
// but below the Chinese characters and their punctuation (two bytes of UTF-8 at most).
static bool is_letter(char c)
{
    unsigned char byte = (unsigned char)c;
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || (byte >= 0xC2 && byte <= 0xDF);
}

// Within "{{...": the text has braces that are not closed.
static bool is_in_braces(struct wl_str text)
{
    for (size_t i = text.n_bytes; i > 0; i--) {
        char c = text.data[i - 1];
        if (c == '{' || c == '}') {
            return c == '{';
        }
        if (text.n_bytes - i > WL_SLOT_BYTES_MAX) {
            break;
        }
    }
    return false;
}

// Whether a blank stands between the text so far and a piece that begins a word.
static bool wants_blank(struct wl_str text, struct wl_str piece)
{
    if (text.n_bytes == 0 || piece.n_bytes == 0 || !is_letter(piece.data[0])) {
        return false;
    }
    char last = text.data[text.n_bytes - 1];
    bool is_behind_word = is_letter(last) || ((unsigned char)last >= 0x80 && text.n_bytes >= 2 &&
                                              is_letter(text.data[text.n_bytes - 2]));
    return (is_behind_word || strchr(".,!?;:)}", last) != NULL) && !is_in_braces(text);
}

void wl_gpt_tokenizer_decode(const struct wl_gpt_tokenizer *t, const int32_t *tokens, size_t n,
                             struct wl_buf *buf)
{
    size_t n_before = buf->n_bytes;

    for (size_t i = 0; i < n; i++) {
        struct wl_str piece = wl_gpt_tokenizer_piece(t, tokens[i]);
        if (t->kind == WL_GPT_PIECES) {
            struct wl_str text = wl_buf_view(buf);
            text.data = text.n_bytes > n_before ? text.data + n_before : NULL;
            text.n_bytes -= n_before;
            if (!goes_on(t, tokens[i]) && wants_blank(text, piece)) {
                wl_buf_char(buf, ' ');
            }
        }
        wl_buf_str(buf, piece);
    }
}

// -- as an interface --

static void decode_of(void *context, const int32_t *tokens, size_t n, struct wl_buf *text)
{
    wl_gpt_tokenizer_decode(context, tokens, n, text);
}

static struct wl_str piece_of(void *context, int32_t token)
{
    return wl_gpt_tokenizer_piece(context, token);
}

static wl_status encode_of(void *context, struct wl_str text, struct wl_ids *ids, wl_error *error)
{
    return wl_gpt_tokenizer_encode(context, text, ids, error);
}

struct wl_token_text wl_gpt_tokenizer_text(struct wl_gpt_tokenizer *tokenizer)
{
    return (struct wl_token_text){.decode = decode_of,
                                  .piece = piece_of,
                                  .encode = encode_of,
                                  .context = tokenizer,
                                  .has_blanks = tokenizer->kind == WL_GPT_BYTES};
}
