/* Which setting counts follows Hugging Face's own loader: tokenizer.json gives the vocabulary and
 * the settings, tokenizer_config.json changes the settings, and what neither says is as in
 * bert-base-uncased. Accents go where capitals go unless somebody says otherwise. */
#include "nn/hf_wordpiece.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"

#include <math.h>
#include <string.h>

struct reading {
    struct wl_arena *arena;
    const char *folder;
    const struct wl_sink *sink;
    struct wl_str *pieces; // (n) in the arena
    size_t n;
    struct wl_wordpiece_options options;
    bool accents_told; // some file said so; else accents follow capitals
};

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
}

// -- vocab.txt --

static wl_status read_vocabulary(struct reading *r, struct wl_str text, struct wl_str **pieces_out,
                                 size_t *n_out, wl_error *error)
{
    struct wl_str *pieces = NULL;
    size_t n = 0;

    for (size_t i = 0; i < text.n_bytes; i++) {
        n += text.data[i] == '\n';
    }
    pieces = wl_arena_zeroed(r->arena, n + 1, sizeof(*pieces));
    if (pieces == NULL) {
        return no_memory(error);
    }
    for (n = 0; text.n_bytes > 0; n++) {
        pieces[n] = wl_str_cut(&text, '\n');
        if (pieces[n].n_bytes > 0 && pieces[n].data[pieces[n].n_bytes - 1] == '\r') {
            pieces[n].n_bytes--;
        }
    }
    *pieces_out = pieces;
    *n_out = n;
    return WL_OK;
}

// -- tokenizer.json --

static wl_status wants(const struct reading *r, const struct wl_node *part, const char *where,
                       const char *type, wl_error *error)
{
    struct wl_str found = wl_node_text(part, "type", "nothing");

    return wl_str_is(found, type)
               ? WL_OK
               : wl_fail(error, WL_ESCHEMA, "%s/tokenizer.json: %s: expected %s, found %.*s",
                         r->folder, where, type, WL_STR_ARG(found));
}

static wl_status put_piece(const struct reading *r, struct wl_str *pieces, size_t n,
                           const struct wl_node *item, wl_error *error)
{
    if (item->kind != WL_NODE_NUMBER || !(item->number >= 0.0) || !(item->number < (double)n) ||
        item->number != floor(item->number)) {
        return wl_fail(error, WL_EPARSE,
                       "%s/tokenizer.json: piece \"%.*s\": expected an id of 0 to %zu, found %.*s",
                       r->folder, WL_STR_ARG(item->key), n - 1, WL_STR_ARG(item->text));
    }
    size_t id = (size_t)item->number;
    if (pieces[id].data != NULL) {
        return wl_fail(error, WL_EPARSE,
                       "%s/tokenizer.json: pieces \"%.*s\" and \"%.*s\" have one id, %zu",
                       r->folder, WL_STR_ARG(pieces[id]), WL_STR_ARG(item->key), id);
    }
    pieces[id] = item->key;
    return WL_OK;
}

// Longer words are unknown; what comes later counts.
static wl_status read_n_chars(struct reading *r, const struct wl_node *map, wl_error *error)
{
    double n_chars =
        wl_node_number(map, "max_input_chars_per_word", (double)r->options.n_chars_max);

    if (!(n_chars >= 1.0) || !(n_chars <= 256.0)) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: max_input_chars_per_word: expected 1 to 256, found %g", r->folder,
                       n_chars);
    }
    r->options.n_chars_max = (size_t)n_chars;
    return WL_OK;
}

static wl_status read_model(struct reading *r, const struct wl_node *model, wl_error *error)
{
    const struct wl_node *vocabulary = wl_node_get(model, "vocab");

    // Files of older versions leave the type out.
    if (wl_node_get(model, "type") != NULL || wl_node_get(model, "merges") != NULL) {
        WL_TRY(wants(r, model, "model", "WordPiece", error));
    }
    if (vocabulary == NULL || vocabulary->kind != WL_NODE_MAP || vocabulary->n_children == 0) {
        return wl_fail(error, WL_ESCHEMA, "%s/tokenizer.json: expected a vocabulary, found none",
                       r->folder);
    }
    struct wl_str prefix = wl_node_text(model, "continuing_subword_prefix", "##");
    if (!wl_str_equal(prefix, r->options.prefix)) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s/tokenizer.json: continuing_subword_prefix: expected ##, found %.*s",
                       r->folder, WL_STR_ARG(prefix));
    }
    WL_TRY(read_n_chars(r, model, error));
    r->options.unknown = wl_node_text(model, "unk_token", "[UNK]");
    r->n = vocabulary->n_children;
    r->pieces = wl_arena_zeroed(r->arena, r->n, sizeof(*r->pieces));
    if (r->pieces == NULL) {
        return no_memory(error);
    }
    for (const struct wl_node *item = vocabulary->first; item != NULL; item = item->next) {
        WL_TRY(put_piece(r, r->pieces, r->n, item, error));
    }
    return WL_OK;
}

static bool flag_of(const struct wl_node *map, const char *key, bool *value)
{
    const struct wl_node *node = wl_node_get(map, key);

    if (node == NULL || node->kind != WL_NODE_BOOL) {
        return false;
    }
    *value = node->number != 0.0;
    return true;
}

// Words that must be found before texts are cut; we cut every text alike.
static void tell_added(const struct reading *r, const struct wl_node *added)
{
    size_t n = 0;

    for (const struct wl_node *item = added != NULL ? added->first : NULL; item != NULL;
         item = item->next) {
        bool is_special = false;
        n += flag_of(item, "special", &is_special) && !is_special;
    }
    if (n > 0) {
        wl_notice(r->sink, "%s/tokenizer.json: %zu added words are cut like other words", r->folder,
                  n);
    }
}

static wl_status read_tokenizer(struct reading *r, struct wl_str bytes, wl_error *error)
{
    struct wl_node *root = NULL;
    wl_status status = wl_json_parse_rounded(r->arena, bytes, &root, error);

    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s/tokenizer.json", r->folder);
    }
    const struct wl_node *normalizer = wl_node_get(root, "normalizer");
    bool cleans = true;
    WL_TRY(read_model(r, wl_node_get(root, "model"), error));
    WL_TRY(wants(r, normalizer, "normalizer", "BertNormalizer", error));
    WL_TRY(
        wants(r, wl_node_get(root, "pre_tokenizer"), "pre_tokenizer", "BertPreTokenizer", error));
    if (flag_of(normalizer, "clean_text", &cleans) && !cleans) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s/tokenizer.json: clean_text: expected true, found false", r->folder);
    }
    (void)flag_of(normalizer, "handle_chinese_chars", &r->options.splits_han);
    (void)flag_of(normalizer, "lowercase", &r->options.is_lower);
    r->accents_told = flag_of(normalizer, "strip_accents", &r->options.strips_accents);
    tell_added(r, wl_node_get(root, "added_tokens"));
    return WL_OK;
}

// -- both --

static wl_status read_settings(struct reading *r, const struct wl_node *settings, wl_error *error)
{
    (void)flag_of(settings, "do_lower_case", &r->options.is_lower);
    (void)flag_of(settings, "tokenize_chinese_chars", &r->options.splits_han);
    r->accents_told =
        flag_of(settings, "strip_accents", &r->options.strips_accents) || r->accents_told;
    if (!r->accents_told) {
        r->options.strips_accents = r->options.is_lower;
    }
    return read_n_chars(r, settings, error);
}

// A special piece by its name in the settings, which may be a text or a map with "content".
static wl_status find_special(const struct reading *r, const struct wl_wordpiece *wordpiece,
                              const struct wl_node *settings, const char *key, const char *usual,
                              bool is_needed, int32_t *id, wl_error *error)
{
    const struct wl_node *node = wl_node_get(settings, key);
    struct wl_str piece = node != NULL && node->kind == WL_NODE_STRING
                              ? node->text
                              : wl_node_text(node, "content", usual);
    uint32_t found = wl_wordpiece_find(wordpiece, piece);

    if (found == WL_WORDPIECE_NONE && is_needed) {
        return wl_fail(error, WL_ESCHEMA, "%s: vocabulary has no piece \"%.*s\" (%s)", r->folder,
                       WL_STR_ARG(piece), key);
    }
    *id = found == WL_WORDPIECE_NONE ? -1 : (int32_t)found;
    return WL_OK;
}

static wl_status find_specials(const struct reading *r, const struct wl_node *settings,
                               struct wl_hf_wordpiece *t, wl_error *error)
{
    const struct wl_wordpiece *wp = t->wordpiece;

    WL_TRY(find_special(r, wp, settings, "cls_token", "[CLS]", true, &t->cls, error));
    WL_TRY(find_special(r, wp, settings, "sep_token", "[SEP]", true, &t->sep, error));
    WL_TRY(find_special(r, wp, settings, "pad_token", "[PAD]", true, &t->pad, error));
    WL_TRY(find_special(r, wp, settings, "unk_token", "[UNK]", true, &t->unk, error));
    return find_special(r, wp, settings, "mask_token", "[MASK]", false, &t->mask, error);
}

static wl_status read_pieces(struct reading *r, const struct wl_hf_wordpiece_files *files,
                             wl_error *error)
{
    struct wl_str *lines = NULL;
    size_t n_lines = 0;

    if (files->vocabulary.n_bytes > 0) {
        WL_TRY(read_vocabulary(r, files->vocabulary, &lines, &n_lines, error));
    }
    if (files->tokenizer.n_bytes == 0) {
        r->pieces = lines;
        r->n = n_lines;
        return n_lines > 0
                   ? WL_OK
                   : wl_fail(error, WL_ENOTFOUND,
                             "%s: expected vocab.txt or tokenizer.json, found neither", r->folder);
    }
    WL_TRY(read_tokenizer(r, files->tokenizer, error));
    for (size_t i = 0; i < n_lines; i++) {
        if (i >= r->n || !wl_str_equal(lines[i], r->pieces[i])) {
            wl_notice(r->sink,
                      "%s: vocab.txt differs from tokenizer.json at piece %zu; "
                      "tokenizer.json counts",
                      r->folder, i + 1);
            break;
        }
    }
    return WL_OK;
}

// The texts of options live as long as the arena.
static wl_status keep_options(struct reading *r, wl_error *error)
{
    const char *unknown = wl_arena_string(r->arena, r->options.unknown);
    const char *prefix = wl_arena_string(r->arena, r->options.prefix);

    if (unknown == NULL || prefix == NULL) {
        return no_memory(error);
    }
    r->options.unknown.data = unknown;
    r->options.prefix.data = prefix;
    return WL_OK;
}

wl_status wl_hf_wordpiece_read(struct wl_arena *arena, const char *folder,
                               const struct wl_hf_wordpiece_files *files,
                               const struct wl_sink *sink, struct wl_hf_wordpiece *tokenizer,
                               wl_error *error)
{
    struct wl_arena scratch;
    struct reading r = {.arena = &scratch, .folder = folder, .sink = sink};
    struct wl_hf_wordpiece found = {0};
    struct wl_hf_config settings = {0};
    wl_status status = WL_OK;

    wl_arena_init(&scratch, arena->alloc, 0);
    wl_wordpiece_options_init(&r.options);
    if (files->tokenizer_config.n_bytes > 0) {
        const char *path = wl_path_join(&scratch, folder, "tokenizer_config.json");
        status = path == NULL
                     ? no_memory(error)
                     : wl_hf_config_read(&scratch, path, files->tokenizer_config, &settings, error);
        WL_GO(status);
    }
    WL_GO(read_pieces(&r, files, error));
    WL_GO(read_settings(&r, settings.root, error));
    r.arena = arena;
    WL_GO(keep_options(&r, error));
    status = wl_wordpiece_new(arena->alloc, r.pieces, r.n, &r.options, &found.wordpiece, error);
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "%s", folder);
        goto done;
    }
    found.options = r.options;
    WL_GO(find_specials(&r, settings.root, &found, error));
    *tokenizer = found;
    found.wordpiece = NULL;
done:
    wl_hf_wordpiece_release(&found);
    wl_arena_release(&scratch);
    return status;
}

void wl_hf_wordpiece_release(struct wl_hf_wordpiece *tokenizer)
{
    wl_wordpiece_free(tokenizer->wordpiece);
    *tokenizer = (struct wl_hf_wordpiece){0};
}

// -- writing --

static void put_special(struct wl_json_writer *json, const struct wl_hf_wordpiece *tokenizer,
                        const char *key, int32_t id)
{
    if (id >= 0) {
        wl_json_key(json, key);
        wl_json_str(json, wl_wordpiece_piece(tokenizer->wordpiece, (uint32_t)id));
    }
}

wl_status wl_hf_wordpiece_put_vocabulary(const struct wl_hf_wordpiece *tokenizer,
                                         struct wl_buf *buf, wl_error *error)
{
    for (size_t i = 0; i < wl_wordpiece_count(tokenizer->wordpiece); i++) {
        wl_buf_str(buf, wl_wordpiece_piece(tokenizer->wordpiece, (uint32_t)i));
        wl_buf_char(buf, '\n');
    }
    return wl_buf_check(buf, error);
}

static void put_flag(struct wl_json_writer *json, const char *key, bool value)
{
    wl_json_key(json, key);
    wl_json_bool(json, value);
}

static void put_count(struct wl_json_writer *json, const char *key, size_t value)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)value);
}

static void put_text(struct wl_json_writer *json, const char *key, const char *value)
{
    wl_json_key(json, key);
    wl_json_text(json, value);
}

wl_status wl_hf_wordpiece_put_settings(const struct wl_hf_wordpiece *tokenizer, size_t n_positions,
                                       struct wl_buf *buf, wl_error *error)
{
    const struct wl_wordpiece_options *options = &tokenizer->options;
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    put_text(&json, "tokenizer_class", "BertTokenizer");
    put_flag(&json, "do_lower_case", options->is_lower);
    put_flag(&json, "strip_accents", options->strips_accents);
    put_flag(&json, "tokenize_chinese_chars", options->splits_han);
    put_count(&json, "max_input_chars_per_word", options->n_chars_max);
    put_count(&json, "model_max_length", n_positions);
    put_special(&json, tokenizer, "cls_token", tokenizer->cls);
    put_special(&json, tokenizer, "sep_token", tokenizer->sep);
    put_special(&json, tokenizer, "pad_token", tokenizer->pad);
    put_special(&json, tokenizer, "unk_token", tokenizer->unk);
    put_special(&json, tokenizer, "mask_token", tokenizer->mask);
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
    return wl_buf_check(buf, error);
}

static void put_added(struct wl_json_writer *json, const struct wl_hf_wordpiece *tokenizer)
{
    const int32_t ids[] = {tokenizer->pad, tokenizer->unk, tokenizer->cls, tokenizer->sep,
                           tokenizer->mask};

    wl_json_key(json, "added_tokens");
    wl_json_open(json, '[');
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        if (ids[i] >= 0) {
            wl_json_open(json, '{');
            put_count(json, "id", (size_t)ids[i]);
            put_special(json, tokenizer, "content", ids[i]);
            put_flag(json, "single_word", false);
            put_flag(json, "lstrip", false);
            put_flag(json, "rstrip", false);
            put_flag(json, "normalized", false);
            put_flag(json, "special", true);
            wl_json_close(json, '}');
        }
    }
    wl_json_close(json, ']');
}

static void put_pair(struct wl_json_writer *json, const struct wl_hf_wordpiece *tokenizer,
                     const char *key, int32_t id)
{
    wl_json_key(json, key);
    wl_json_open(json, '[');
    wl_json_str(json, wl_wordpiece_piece(tokenizer->wordpiece, (uint32_t)id));
    wl_json_i64(json, id);
    wl_json_close(json, ']');
}

static void put_stages(struct wl_json_writer *json, const struct wl_hf_wordpiece *tokenizer)
{
    wl_json_key(json, "normalizer");
    wl_json_open(json, '{');
    put_text(json, "type", "BertNormalizer");
    put_flag(json, "clean_text", true);
    put_flag(json, "handle_chinese_chars", tokenizer->options.splits_han);
    put_flag(json, "strip_accents", tokenizer->options.strips_accents);
    put_flag(json, "lowercase", tokenizer->options.is_lower);
    wl_json_close(json, '}');
    wl_json_key(json, "pre_tokenizer");
    wl_json_open(json, '{');
    put_text(json, "type", "BertPreTokenizer");
    wl_json_close(json, '}');
    wl_json_key(json, "post_processor");
    wl_json_open(json, '{');
    put_text(json, "type", "BertProcessing");
    put_pair(json, tokenizer, "sep", tokenizer->sep);
    put_pair(json, tokenizer, "cls", tokenizer->cls);
    wl_json_close(json, '}');
    wl_json_key(json, "decoder");
    wl_json_open(json, '{');
    put_text(json, "type", "WordPiece");
    put_text(json, "prefix", "##");
    put_flag(json, "cleanup", true);
    wl_json_close(json, '}');
}

static void put_model(struct wl_json_writer *json, const struct wl_hf_wordpiece *tokenizer)
{
    wl_json_key(json, "model");
    wl_json_open(json, '{');
    put_text(json, "type", "WordPiece");
    put_special(json, tokenizer, "unk_token", tokenizer->unk);
    put_text(json, "continuing_subword_prefix", "##");
    put_count(json, "max_input_chars_per_word", tokenizer->options.n_chars_max);
    wl_json_key(json, "vocab");
    wl_json_open(json, '{');
    for (size_t i = 0; i < wl_wordpiece_count(tokenizer->wordpiece); i++) {
        wl_json_key_str(json, wl_wordpiece_piece(tokenizer->wordpiece, (uint32_t)i));
        wl_json_i64(json, (int64_t)i);
    }
    wl_json_close(json, '}');
    wl_json_close(json, '}');
}

wl_status wl_hf_wordpiece_put_tokenizer(const struct wl_hf_wordpiece *tokenizer, struct wl_buf *buf,
                                        wl_error *error)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    put_text(&json, "version", "1.0");
    wl_json_key(&json, "truncation");
    wl_json_null(&json);
    wl_json_key(&json, "padding");
    wl_json_null(&json);
    put_added(&json, tokenizer);
    put_stages(&json, tokenizer);
    put_model(&json, tokenizer);
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
    return wl_buf_check(buf, error);
}
