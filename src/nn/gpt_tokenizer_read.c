/* Files of a tokenizer into its tables. Of a byte-level vocabulary only bytes and results of joins
 * go to the encoder; every other entry is a word added to it, special or not, and keeps its number.
 *
 * The encoder joins by number, so the joins of the file must be in the order of their results'
 * numbers. That is how trainers number them; what is otherwise is refused, not encoded wrongly. */
#include "nn/gpt_tokenizer.h"

#include "base/dict.h"
#include "base/limits.h"
#include "nn/hf_config.h"
#include "text/bpe_learn.h"
#include "text/bpe_shown.h"

#include <math.h>
#include <string.h>

#define END_OF_TEXT "<|endoftext|>"

struct reading {
    struct wl_gpt_tokenizer *made;
    const char *name;
    struct wl_arena *scratch;
    struct wl_dict ids;    // shown text -> place in numbers
    uint32_t *numbers;     // (n) token of that entry
    bool *is_joined;       // (n) a byte, or the result of a join
    struct wl_str *tokens; // (n_tokens) bytes for the encoder; empty: a gap
};

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
}

// -- the vocabulary --

static wl_status read_number(const struct reading *r, const struct wl_node *item, uint32_t *number,
                             wl_error *error)
{
    if (item->kind != WL_NODE_NUMBER || !(item->number >= 0.0) ||
        !(item->number < (double)WL_VOCABULARY_MAX) || item->number != floor(item->number)) {
        return wl_fail(error, WL_EPARSE, "%s: token \"%.*s\": wants a number, found %.*s", r->name,
                       WL_STR_ARG(item->key), WL_STR_ARG(item->text));
    }
    *number = (uint32_t)item->number;
    return WL_OK;
}

static wl_status read_vocabulary(struct reading *r, const struct wl_node *map, wl_error *error)
{
    size_t n = map != NULL && map->kind == WL_NODE_MAP ? map->n_children : 0;

    if (n == 0) {
        return wl_fail(error, WL_EPARSE, "%s: wants a map from token to number", r->name);
    }
    r->numbers = wl_arena_zeroed(r->scratch, n, sizeof(*r->numbers));
    r->is_joined = wl_arena_zeroed(r->scratch, n, sizeof(*r->is_joined));
    if (r->numbers == NULL || r->is_joined == NULL) {
        return no_memory(error);
    }
    for (const struct wl_node *item = map->first; item != NULL; item = item->next) {
        uint32_t place = 0;
        WL_TRY(wl_dict_intern(&r->ids, item->key, &place, error)); // keys are distinct
        WL_TRY(read_number(r, item, &r->numbers[place], error));
        if (r->numbers[place] >= r->made->n_tokens) {
            r->made->n_tokens = r->numbers[place] + 1;
        }
    }
    r->tokens = wl_arena_zeroed(r->scratch, r->made->n_tokens, sizeof(*r->tokens));
    return r->tokens != NULL ? WL_OK : no_memory(error);
}

// Marks the entry with this text for the encoder. found is false when there is none.
static wl_status mark(struct reading *r, struct wl_str shown, bool *found, uint32_t *number,
                      wl_error *error)
{
    uint32_t place = wl_dict_find(&r->ids, shown);

    *found = place != WL_DICT_NONE;
    if (!*found) {
        return WL_OK;
    }
    *number = r->numbers[place];
    if (!r->is_joined[place]) {
        r->is_joined[place] = true;
        WL_TRY(wl_bpe_unshow(&r->made->arena, shown, &r->tokens[*number], error));
    }
    return WL_OK;
}

static wl_status mark_bytes(struct reading *r, wl_error *error)
{
    struct wl_buf shown;
    wl_status status = WL_OK;

    wl_buf_init(&shown, r->made->alloc, 0);
    for (int byte = 0; byte < 256; byte++) {
        char c = (char)byte;
        bool found = false;
        uint32_t number = 0;
        wl_buf_clear(&shown);
        wl_bpe_show((struct wl_str){.data = &c, .n_bytes = 1}, &shown);
        WL_GO(wl_buf_check(&shown, error));
        WL_GO(mark(r, wl_buf_view(&shown), &found, &number, error));
        if (!found) {
            status = wl_fail(error, WL_ESCHEMA, "%s: no token for the byte 0x%02x", r->name,
                             (unsigned)byte);
            goto done;
        }
    }
done:
    wl_buf_release(&shown);
    return status;
}

// -- joins --

static wl_status add_merge(struct reading *r, struct wl_str left, struct wl_str right,
                           size_t *capacity, uint32_t *last, wl_error *error)
{
    struct wl_gpt_tokenizer *t = r->made;
    char *text = wl_arena_alloc(&t->arena, left.n_bytes + right.n_bytes + 1);
    char *joined = wl_arena_alloc(r->scratch, left.n_bytes + right.n_bytes + 1);
    bool found = false;
    uint32_t number = 0;

    if (text == NULL || joined == NULL) {
        return no_memory(error);
    }
    memcpy(text, left.data, left.n_bytes);
    text[left.n_bytes] = ' ';
    memcpy(text + left.n_bytes + 1, right.data, right.n_bytes);
    memcpy(joined, left.data, left.n_bytes);
    memcpy(joined + left.n_bytes, right.data, right.n_bytes);
    const struct wl_str whole = {.data = joined, .n_bytes = left.n_bytes + right.n_bytes};
    WL_TRY(mark(r, whole, &found, &number, error));
    if (!found) {
        return wl_fail(error, WL_ESCHEMA, "%s: join %zu makes \"%.*s\", which is no token", r->name,
                       t->n_merges + 1, WL_STR_ARG(whole));
    }
    if (t->n_merges > 0 && number <= *last) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: join %zu makes token %u after token %u: wants rising numbers", r->name,
                       t->n_merges + 1, number, *last);
    }
    *last = number;
    if (t->n_merges == *capacity) {
        size_t n = *capacity > 0 ? 2 * *capacity : 1024;
        struct wl_str *merges = wl_arena_zeroed(&t->arena, n, sizeof(*merges));
        if (merges == NULL) {
            return no_memory(error);
        }
        if (t->n_merges > 0) {
            memcpy(merges, t->merges, t->n_merges * sizeof(*merges));
        }
        t->merges = merges;
        *capacity = n;
    }
    t->merges[t->n_merges++] = (struct wl_str){.data = text, .n_bytes = whole.n_bytes + 1};
    return WL_OK;
}

static wl_status add_line(struct reading *r, struct wl_str line, size_t *capacity, uint32_t *last,
                          wl_error *error)
{
    struct wl_str right = line;
    struct wl_str left = wl_str_cut(&right, ' ');

    if (left.n_bytes == 0 || right.n_bytes == 0 || memchr(right.data, ' ', right.n_bytes) != NULL) {
        return wl_fail(error, WL_EPARSE, "%s: join %zu: wants two tokens with a blank between",
                       r->name, r->made->n_merges + 1);
    }
    return add_merge(r, left, right, capacity, last, error);
}

static wl_status read_merges(struct reading *r, struct wl_str text, wl_error *error)
{
    size_t capacity = 0;
    uint32_t last = 0;
    bool is_first = true;

    while (text.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&text, '\n');
        if (line.n_bytes > 0 && line.data[line.n_bytes - 1] == '\r') {
            line.n_bytes--;
        }
        bool is_version = is_first && line.n_bytes >= 9 && memcmp(line.data, "#version:", 9) == 0;
        is_first = false;
        if (line.n_bytes > 0 && !is_version) {
            WL_TRY(add_line(r, line, &capacity, &last, error));
        }
    }
    return WL_OK;
}

// "a b", or ["a", "b"] as newer files have it.
static wl_status read_merge_nodes(struct reading *r, const struct wl_node *list, wl_error *error)
{
    size_t capacity = 0;
    uint32_t last = 0;

    for (const struct wl_node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        if (item->kind == WL_NODE_STRING) {
            WL_TRY(add_line(r, item->text, &capacity, &last, error));
        } else if (item->kind == WL_NODE_LIST && item->n_children == 2 &&
                   item->first->kind == WL_NODE_STRING &&
                   item->first->next->kind == WL_NODE_STRING) {
            WL_TRY(
                add_merge(r, item->first->text, item->first->next->text, &capacity, &last, error));
        } else {
            return wl_fail(error, WL_EPARSE, "%s: join %zu: wants two tokens", r->name,
                           r->made->n_merges + 1);
        }
    }
    return WL_OK;
}

// -- words added --

static wl_status put_added(struct wl_gpt_tokenizer *t, struct wl_str text, uint32_t id,
                           bool is_special, wl_error *error)
{
    for (size_t i = 0; i < t->n_added; i++) {
        if (t->added[i].id == id || wl_str_equal(t->added[i].text, text)) {
            t->added[i].is_special = t->added[i].is_special && is_special;
            return WL_OK;
        }
    }
    const char *copy = wl_arena_string(&t->arena, text);
    if (copy == NULL) {
        return no_memory(error);
    }
    WL_TRY(WL_GROW(t->alloc, t->added, t->added_capacity, t->n_added + 1, error));
    t->added[t->n_added++] = (struct wl_gpt_added){
        .text = {.data = copy, .n_bytes = text.n_bytes}, .id = id, .is_special = is_special};
    if (id >= t->n_tokens) {
        t->n_tokens = id + 1;
    }
    return WL_OK;
}

// Entries that no join makes: special until a file says otherwise.
static wl_status keep_rest(struct reading *r, wl_error *error)
{
    for (uint32_t i = 0; i < r->ids.n_strings; i++) {
        if (!r->is_joined[i]) {
            WL_TRY(put_added(r->made, wl_dict_string(&r->ids, i), r->numbers[i], true, error));
        }
    }
    return WL_OK;
}

// A word that a file adds: "{{name}}" is looked for in texts, "<|endoftext|>" is not.
static wl_status read_added_word(struct reading *r, const struct wl_node *item, double id,
                                 wl_error *error)
{
    const struct wl_node *special = wl_node_get(item, "special");
    struct wl_str text = wl_node_text(item, "content", "");
    bool is_special = special != NULL && special->kind == WL_NODE_BOOL && special->number != 0.0;

    if (text.n_bytes == 0 || !(id >= 0.0) || !(id < (double)WL_VOCABULARY_MAX) || id != floor(id)) {
        return wl_fail(error, WL_EPARSE, "%s: an added token without text or number", r->name);
    }
    for (size_t i = 0; i < r->made->n_added; i++) {
        if (wl_str_equal(r->made->added[i].text, text)) {
            r->made->added[i].is_special = is_special;
            return WL_OK;
        }
    }
    return put_added(r->made, text, (uint32_t)id, is_special, error);
}

static wl_status read_added_list(struct reading *r, const struct wl_node *list, wl_error *error)
{
    for (const struct wl_node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        WL_TRY(read_added_word(r, item, wl_node_number(item, "id", -1.0), error));
    }
    return WL_OK;
}

// tokenizer_config.json: {"added_tokens_decoder": {"50257": {"content": "{{name}}", ...}}}.
static wl_status read_added_map(struct reading *r, struct wl_str bytes, wl_error *error)
{
    struct wl_node *root = NULL;

    if (bytes.n_bytes == 0) {
        return WL_OK;
    }
    WL_TRY(wl_json_parse_rounded(r->scratch, bytes, &root, error));
    const struct wl_node *map = wl_node_get(root, "added_tokens_decoder");
    for (const struct wl_node *item = map != NULL ? map->first : NULL; item != NULL;
         item = item->next) {
        int64_t id = -1;
        (void)wl_str_to_i64(item->key, &id);
        WL_TRY(read_added_word(r, item, (double)id, error));
    }
    return WL_OK;
}

// -- bytes --

static wl_status check_parts(const struct reading *r, const struct wl_node *root, wl_error *error)
{
    const struct wl_node *model = wl_node_get(root, "model");
    const struct wl_node *before = wl_node_get(root, "pre_tokenizer");
    const struct wl_node *prefix = wl_node_get(before, "add_prefix_space");
    const struct wl_node *normalizer = wl_node_get(root, "normalizer");

    if (!wl_str_is(wl_node_text(model, "type", "BPE"), "BPE")) {
        return wl_fail(error, WL_ESCHEMA, "%s: model: wants BPE, found %.*s", r->name,
                       WL_STR_ARG(wl_node_text(model, "type", "")));
    }
    if (!wl_str_is(wl_node_text(before, "type", "nothing"), "ByteLevel")) {
        return wl_fail(error, WL_ESCHEMA, "%s: pre_tokenizer: wants ByteLevel, found %.*s", r->name,
                       WL_STR_ARG(wl_node_text(before, "type", "nothing")));
    }
    if (prefix != NULL && prefix->number != 0.0) {
        return wl_fail(error, WL_ESCHEMA, "%s: add_prefix_space: wants false, found true", r->name);
    }
    if (normalizer != NULL && normalizer->kind != WL_NODE_NULL) {
        return wl_fail(error, WL_ESCHEMA, "%s: normalizer: wants none, found %.*s", r->name,
                       WL_STR_ARG(wl_node_text(normalizer, "type", "one")));
    }
    return WL_OK;
}

static wl_status read_json(struct reading *r, const struct wl_node *root, wl_error *error)
{
    const struct wl_node *model = wl_node_get(root, "model");

    WL_TRY(check_parts(r, root, error));
    WL_TRY(read_vocabulary(r, wl_node_get(model, "vocab"), error));
    WL_TRY(mark_bytes(r, error));
    WL_TRY(read_merge_nodes(r, wl_node_get(model, "merges"), error));
    WL_TRY(keep_rest(r, error));
    return read_added_list(r, wl_node_get(root, "added_tokens"), error);
}

static wl_status read_two_files(struct reading *r, const struct wl_gpt_tokenizer_files *files,
                                wl_error *error)
{
    struct wl_node *root = NULL;

    WL_TRY(wl_json_parse(r->scratch, files->vocab_json, &root, error));
    WL_TRY(read_vocabulary(r, root, error));
    WL_TRY(mark_bytes(r, error));
    WL_TRY(read_merges(r, files->merges, error));
    return keep_rest(r, error);
}

static int32_t id_of(const struct wl_gpt_tokenizer *t, const char *text)
{
    for (size_t i = 0; i < t->n_added; i++) {
        if (wl_str_is(t->added[i].text, text)) {
            return (int32_t)t->added[i].id;
        }
    }
    return -1;
}

static wl_status find_end(struct wl_gpt_tokenizer *t, const char *name, wl_error *error)
{
    static const char *const ends[] = {END_OF_TEXT, "</s>", "<eos>"};
    static const char *const begins[] = {END_OF_TEXT, "<s>", "<bos>"};

    t->begin = t->end = -1;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && t->end < 0; i++) {
        t->end = id_of(t, ends[i]);
    }
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]) && t->begin < 0; i++) {
        t->begin = id_of(t, begins[i]);
    }
    t->begin = t->begin < 0 ? t->end : t->begin;
    return t->end >= 0 ? WL_OK
                       : wl_fail(error, WL_ESCHEMA,
                                 "%s: no token ends a text: wants " END_OF_TEXT " or </s>", name);
}

static wl_status read_bytes(struct reading *r, const struct wl_gpt_tokenizer_files *files,
                            const struct wl_node *root, wl_error *error)
{
    WL_TRY(root != NULL ? read_json(r, root, error) : read_two_files(r, files, error));
    size_t n = r->made->n_tokens;
    // Added words may have numbers beyond the vocabulary's; the encoder knows none of them.
    struct wl_str *tokens = wl_arena_zeroed(r->scratch, n, sizeof(*tokens));
    if (tokens == NULL) {
        return no_memory(error);
    }
    for (uint32_t i = 0; i < r->ids.n_strings; i++) {
        if (r->is_joined[i]) {
            tokens[r->numbers[i]] = r->tokens[r->numbers[i]];
        }
    }
    WL_TRY(read_added_map(r, files->tokenizer_config, error));
    WL_TRY(wl_bpe_new(r->made->alloc, tokens, n, WL_BPE_GPT2, &r->made->bpe, error));
    return find_end(r->made, r->name, error);
}

// -- pieces --

static wl_status read_pieces(struct reading *r, const struct wl_gpt_tokenizer_files *files,
                             const struct wl_node *root, const struct wl_sink *sink,
                             wl_error *error)
{
    struct wl_gpt_tokenizer *t = r->made;
    const struct wl_hf_wordpiece_files pieces = {.vocabulary = files->vocab_txt,
                                                 .tokenizer = root != NULL ? files->tokenizer
                                                                           : (struct wl_str){0},
                                                 .tokenizer_config = files->tokenizer_config};

    t->kind = WL_GPT_PIECES;
    WL_TRY(wl_hf_wordpiece_read(&t->arena, r->name, &pieces, sink, &t->pieces, error));
    t->n_tokens = wl_wordpiece_count(t->pieces.wordpiece);
    t->begin = t->pieces.cls;
    t->end = t->pieces.sep;
    return read_added_map(r, files->tokenizer_config, error);
}

// -- both --

static wl_status read_all(struct reading *r, const struct wl_gpt_tokenizer_files *files,
                          const struct wl_sink *sink, wl_error *error)
{
    struct wl_node *root = NULL;

    if (files->tokenizer.n_bytes > 0) {
        wl_status status = wl_json_parse_rounded(r->scratch, files->tokenizer, &root, error);
        if (status != WL_OK) {
            return wl_fail_at(error, status, "%s/tokenizer.json", r->name);
        }
        const struct wl_node *model = wl_node_get(root, "model");
        bool is_pieces = wl_str_is(wl_node_text(model, "type", ""), "WordPiece") ||
                         wl_node_get(model, "merges") == NULL;
        return is_pieces ? read_pieces(r, files, root, sink, error)
                         : read_bytes(r, files, root, error);
    }
    if (files->vocab_json.n_bytes > 0 && files->merges.n_bytes > 0) {
        return read_bytes(r, files, NULL, error);
    }
    if (files->vocab_txt.n_bytes > 0) {
        return read_pieces(r, files, NULL, sink, error);
    }
    return wl_fail(error, WL_ENOTFOUND,
                   "%s: no tokenizer.json, no vocab.json with merges.txt, no vocab.txt", r->name);
}

static struct wl_gpt_tokenizer *start(const wl_alloc *alloc)
{
    struct wl_gpt_tokenizer *t = wl_alloc_zeroed(alloc, 1, sizeof(*t));

    if (t != NULL) {
        t->alloc = alloc;
        wl_arena_init(&t->arena, alloc, 0);
    }
    return t;
}

wl_status wl_gpt_tokenizer_read(const wl_alloc *alloc, const char *name,
                                const struct wl_gpt_tokenizer_files *files,
                                const struct wl_sink *sink, struct wl_gpt_tokenizer **out,
                                wl_error *error)
{
    struct wl_arena scratch;
    struct reading r = {.made = start(alloc), .name = name, .scratch = &scratch};
    wl_status status = WL_OK;

    *out = NULL;
    wl_arena_init(&scratch, alloc, 0);
    wl_dict_init(&r.ids, alloc);
    if (r.made == NULL) {
        status = no_memory(error);
        goto done;
    }
    WL_GO(read_all(&r, files, sink, error));
    *out = r.made;
    r.made = NULL;
done:
    wl_gpt_tokenizer_free(r.made);
    wl_dict_release(&r.ids);
    wl_arena_release(&scratch);
    return status;
}

// -- learning --

static wl_status keep_merges(struct wl_gpt_tokenizer *t, const struct wl_bpe_learnt *learnt,
                             wl_error *error)
{
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, t->alloc, 0);
    t->merges = wl_arena_zeroed(&t->arena, learnt->n_merges, sizeof(*t->merges));
    if (t->merges == NULL) {
        status = no_memory(error);
        goto done;
    }
    for (size_t i = 0; i < learnt->n_merges; i++) {
        wl_buf_clear(&line);
        wl_bpe_show(learnt->tokens[learnt->pairs[i][0]], &line);
        wl_buf_char(&line, ' ');
        wl_bpe_show(learnt->tokens[learnt->pairs[i][1]], &line);
        WL_GO(wl_buf_check(&line, error));
        const char *copy = wl_arena_string(&t->arena, wl_buf_view(&line));
        if (copy == NULL) {
            status = no_memory(error);
            goto done;
        }
        t->merges[t->n_merges++] = (struct wl_str){.data = copy, .n_bytes = line.n_bytes};
    }
done:
    wl_buf_release(&line);
    return status;
}

wl_status wl_gpt_tokenizer_learn(const wl_alloc *alloc, const struct wl_str *texts, size_t n,
                                 size_t n_tokens_max, struct wl_gpt_tokenizer **out,
                                 wl_error *error)
{
    struct wl_bpe_learnt learnt = {0};
    struct wl_gpt_tokenizer *t = start(alloc);
    wl_status status = WL_OK;
    uint32_t end = 0;

    *out = NULL;
    if (t == NULL) {
        return no_memory(error);
    }
    // One number is for the end of texts.
    WL_GO(wl_bpe_learn(alloc, texts, n, n_tokens_max > 0 ? n_tokens_max - 1 : 0, WL_BPE_GPT2,
                       &learnt, error));
    t->n_tokens = 256 + learnt.n_merges;
    WL_GO(wl_bpe_new(alloc, learnt.tokens, t->n_tokens, WL_BPE_GPT2, &t->bpe, error));
    WL_GO(keep_merges(t, &learnt, error));
    WL_GO(wl_gpt_tokenizer_add(t, WL_STR(END_OF_TEXT), &end, error));
    t->added[0].is_special = true;
    t->begin = t->end = (int32_t)end;
    *out = t;
    t = NULL;
done:
    wl_bpe_learnt_release(&learnt);
    wl_gpt_tokenizer_free(t);
    return status;
}
