/* Out again, as transformers' AutoTokenizer loads it: bytes as vocab.json, merges.txt and
 * tokenizer.json, pieces as vocab.txt; tokenizer_config.json lists the added words for both. Added
 * words of a vocabulary of pieces also stand in vocab.txt, so that numbers have no gaps. */
#include "nn/gpt_tokenizer.h"

#include "base/json_write.h"
#include "text/bpe_shown.h"

#include <stdio.h>

static const char *const bytes_files[] = {"vocab.json", "merges.txt", "tokenizer_config.json",
                                          "tokenizer.json"};
static const char *const pieces_files[] = {"vocab.txt", "tokenizer_config.json"};

size_t wl_gpt_tokenizer_files_count(const struct wl_gpt_tokenizer *t)
{
    return t->kind == WL_GPT_BYTES ? sizeof(bytes_files) / sizeof(bytes_files[0])
                                   : sizeof(pieces_files) / sizeof(pieces_files[0]);
}

static const struct wl_gpt_added *added_of(const struct wl_gpt_tokenizer *t, uint32_t id)
{
    for (size_t i = 0; i < t->n_added; i++) {
        if (t->added[i].id == id) {
            return &t->added[i];
        }
    }
    return NULL;
}

// -- bytes --

// The map from token to number, special words with it; other added words stand elsewhere.
static wl_status put_vocabulary(const struct wl_gpt_tokenizer *t, struct wl_json_writer *json,
                                wl_error *error)
{
    struct wl_buf shown;
    wl_status status = WL_OK;

    wl_buf_init(&shown, t->alloc, 0);
    wl_json_open(json, '{');
    for (uint32_t id = 0; id < t->n_tokens; id++) {
        const struct wl_gpt_added *word = added_of(t, id);
        struct wl_str token = wl_bpe_token(t->bpe, id);
        if (word != NULL && word->is_special) {
            wl_json_key_str(json, word->text);
            wl_json_i64(json, (int64_t)id);
        } else if (word == NULL && token.n_bytes > 0) {
            wl_buf_clear(&shown);
            wl_bpe_show(token, &shown);
            WL_GO(wl_buf_check(&shown, error));
            wl_json_key_str(json, wl_buf_view(&shown));
            wl_json_i64(json, (int64_t)id);
        }
    }
    wl_json_close(json, '}');
done:
    wl_buf_release(&shown);
    return status;
}

static void put_merges(const struct wl_gpt_tokenizer *t, struct wl_buf *buf)
{
    wl_buf_text(buf, "#version: 0.2\n");
    for (size_t i = 0; i < t->n_merges; i++) {
        wl_buf_str(buf, t->merges[i]);
        wl_buf_char(buf, '\n');
    }
}

static void put_flag(struct wl_json_writer *json, const char *key, bool value)
{
    wl_json_key(json, key);
    wl_json_bool(json, value);
}

static void put_text(struct wl_json_writer *json, const char *key, const char *value)
{
    wl_json_key(json, key);
    wl_json_text(json, value);
}

static void put_word_facts(struct wl_json_writer *json, const struct wl_gpt_added *word)
{
    wl_json_key(json, "content");
    wl_json_str(json, word->text);
    put_flag(json, "single_word", false);
    put_flag(json, "lstrip", false);
    put_flag(json, "rstrip", false);
    put_flag(json, "normalized", false);
    put_flag(json, "special", word->is_special);
}

static void put_added_map(const struct wl_gpt_tokenizer *t, struct wl_json_writer *json)
{
    wl_json_key(json, "added_tokens_decoder");
    wl_json_open(json, '{');
    for (size_t i = 0; i < t->n_added; i++) {
        char id[32];
        (void)snprintf(id, sizeof(id), "%u", t->added[i].id);
        wl_json_key(json, id);
        wl_json_open(json, '{');
        put_word_facts(json, &t->added[i]);
        wl_json_close(json, '}');
    }
    wl_json_close(json, '}');
}

static void put_bytes_settings(const struct wl_gpt_tokenizer *t, size_t n_positions,
                               struct wl_buf *buf)
{
    static const char *const names[] = {"bos_token", "eos_token", "unk_token"};
    const struct wl_gpt_added *end = added_of(t, (uint32_t)t->end);
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    put_added_map(t, &json);
    put_text(&json, "tokenizer_class", "GPT2Tokenizer");
    put_flag(&json, "add_prefix_space", false);
    put_flag(&json, "clean_up_tokenization_spaces", false);
    wl_json_key(&json, "model_max_length");
    wl_json_i64(&json, (int64_t)n_positions);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct wl_gpt_added *begin = added_of(t, (uint32_t)t->begin);
        const struct wl_gpt_added *word = i == 0 && begin != NULL ? begin : end;
        wl_json_key(&json, names[i]);
        wl_json_str(&json, word != NULL ? word->text : WL_STR("<|endoftext|>"));
    }
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}

static void put_byte_level(struct wl_json_writer *json, const char *key)
{
    wl_json_key(json, key);
    wl_json_open(json, '{');
    put_text(json, "type", "ByteLevel");
    put_flag(json, "add_prefix_space", false);
    put_flag(json, "trim_offsets", true);
    put_flag(json, "use_regex", true);
    wl_json_close(json, '}');
}

static void put_null(struct wl_json_writer *json, const char *key)
{
    wl_json_key(json, key);
    wl_json_null(json);
}

static wl_status put_model(const struct wl_gpt_tokenizer *t, struct wl_json_writer *json,
                           wl_error *error)
{
    wl_json_key(json, "model");
    wl_json_open(json, '{');
    put_text(json, "type", "BPE");
    put_null(json, "dropout");
    put_null(json, "unk_token");
    put_text(json, "continuing_subword_prefix", "");
    put_text(json, "end_of_word_suffix", "");
    put_flag(json, "fuse_unk", false);
    put_flag(json, "byte_fallback", false);
    wl_json_key(json, "vocab");
    WL_TRY(put_vocabulary(t, json, error));
    wl_json_key(json, "merges");
    wl_json_open(json, '[');
    for (size_t i = 0; i < t->n_merges; i++) {
        wl_json_str(json, t->merges[i]);
    }
    wl_json_close(json, ']');
    wl_json_close(json, '}');
    return WL_OK;
}

static wl_status put_tokenizer(const struct wl_gpt_tokenizer *t, struct wl_buf *buf,
                               wl_error *error)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    put_text(&json, "version", "1.0");
    put_null(&json, "truncation");
    put_null(&json, "padding");
    wl_json_key(&json, "added_tokens");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < t->n_added; i++) {
        wl_json_open(&json, '{');
        wl_json_key(&json, "id");
        wl_json_i64(&json, (int64_t)t->added[i].id);
        put_word_facts(&json, &t->added[i]);
        wl_json_close(&json, '}');
    }
    wl_json_close(&json, ']');
    put_null(&json, "normalizer");
    put_byte_level(&json, "pre_tokenizer");
    put_byte_level(&json, "post_processor");
    put_byte_level(&json, "decoder");
    WL_TRY(put_model(t, &json, error));
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
    return WL_OK;
}

static wl_status put_bytes_file(const struct wl_gpt_tokenizer *t, size_t i_file, size_t n_positions,
                                struct wl_buf *buf, wl_error *error)
{
    struct wl_json_writer json = wl_json_begin(buf);

    switch (i_file) {
    case 0:
        WL_TRY(put_vocabulary(t, &json, error));
        wl_buf_char(buf, '\n');
        break;
    case 1: put_merges(t, buf); break;
    case 2: put_bytes_settings(t, n_positions, buf); break;
    default: WL_TRY(put_tokenizer(t, buf, error)); break;
    }
    return wl_buf_check(buf, error);
}

// -- pieces --

static wl_status put_pieces_file(const struct wl_gpt_tokenizer *t, size_t i_file,
                                 size_t n_positions, struct wl_buf *buf, wl_error *error)
{
    if (i_file == 0) {
        WL_TRY(wl_hf_wordpiece_put_vocabulary(&t->pieces, buf, error));
        for (uint32_t id = (uint32_t)wl_wordpiece_count(t->pieces.wordpiece); id < t->n_tokens;
             id++) {
            const struct wl_gpt_added *word = added_of(t, id);
            wl_buf_str(buf, word != NULL ? word->text : WL_STR("[unused]"));
            wl_buf_char(buf, '\n');
        }
        return wl_buf_check(buf, error);
    }
    WL_TRY(wl_hf_wordpiece_put_settings(&t->pieces, n_positions, buf, error));
    if (t->n_added == 0) {
        return WL_OK;
    }
    // The settings end in "}\n": the words go in front of it.
    while (buf->n_bytes > 0 && buf->data[buf->n_bytes - 1] != '}') {
        buf->n_bytes--;
    }
    buf->n_bytes -= buf->n_bytes > 0;
    wl_buf_char(buf, ',');
    struct wl_json_writer json = wl_json_begin(buf);
    put_added_map(t, &json);
    wl_buf_text(buf, "}\n");
    return wl_buf_check(buf, error);
}

wl_status wl_gpt_tokenizer_put(const struct wl_gpt_tokenizer *t, size_t i_file, size_t n_positions,
                               const char **name, struct wl_buf *buf, wl_error *error)
{
    WL_ASSERT(i_file < wl_gpt_tokenizer_files_count(t));
    *name = t->kind == WL_GPT_BYTES ? bytes_files[i_file] : pieces_files[i_file];
    return t->kind == WL_GPT_BYTES ? put_bytes_file(t, i_file, n_positions, buf, error)
                                   : put_pieces_file(t, i_file, n_positions, buf, error);
}
