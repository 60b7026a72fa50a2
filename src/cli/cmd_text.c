/* text: segment - what can be done with customers' texts from the command line. */
#include "cli/commands.h"
#include "cli/text_run.h"
#include "cli/text_source.h"

#include "base/json_write.h"
#include "text/pos_tag.h"

/* -- text segment -- */

struct segment_run {
    struct wl_cli *cli;
    struct wl_segmenter *segmenter;
    struct wl_tokens tokens;
    struct wl_pos_tokens tagged;
    struct wl_buf out;
    bool hmm;
    bool is_search;
    bool is_tagged;
};

static struct wl_str token_text(struct wl_str line, struct wl_token token)
{
    return (struct wl_str){.data = line.data + token.i_byte, .n_bytes = token.n_bytes};
}

// ASCII white space and the wide space of Chinese texts: no words.
static bool is_space(struct wl_str word)
{
    return wl_str_trim(word).n_bytes == 0 || wl_str_is(word, "\u3000") || wl_str_is(word, "\u00a0");
}

static void write_words(struct segment_run *run, struct wl_str line)
{
    bool is_first = true;

    for (size_t i = 0; i < run->tokens.n_items; i++) {
        struct wl_str word = token_text(line, run->tokens.items[i]);
        if (!is_space(word)) {
            wl_buf_text(&run->out, is_first ? "" : " ");
            wl_buf_str(&run->out, word);
            if (run->is_tagged) {
                wl_buf_char(&run->out, '/');
                wl_buf_str(&run->out, wl_pos_name(run->segmenter, run->tagged.items[i].tag));
            }
            is_first = false;
        }
    }
}

static void write_token(struct segment_run *run, struct wl_str line, size_t i,
                        struct wl_json_writer *json)
{
    struct wl_token token = run->tokens.items[i];

    wl_json_open(json, '{');
    wl_json_key(json, "text");
    wl_json_str(json, token_text(line, token));
    wl_json_key(json, "begin");
    wl_json_i64(json, (int64_t)token.i_byte);
    wl_json_key(json, "end");
    wl_json_i64(json, (int64_t)token.i_byte + (int64_t)token.n_bytes);
    if (run->is_tagged) {
        wl_json_key(json, "tag");
        wl_json_str(json, wl_pos_name(run->segmenter, run->tagged.items[i].tag));
    }
    wl_json_close(json, '}');
}

static void write_json(struct segment_run *run, struct wl_str line, size_t number)
{
    struct wl_json_writer json = wl_json_begin(&run->out);

    wl_json_open(&json, '{');
    wl_json_key(&json, "line");
    wl_json_i64(&json, (int64_t)number);
    wl_json_key(&json, "tokens");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < run->tokens.n_items; i++) {
        write_token(run, line, i, &json);
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
}

// Tagged words cut by the tagger's rules; their places stand in tokens as those of plain ones do.
static wl_status cut_tagged(struct segment_run *run, struct wl_str line, wl_error *error)
{
    struct wl_tokens *tokens = &run->tokens;

    tokens->n_items = 0;
    WL_TRY(wl_pos_cut(run->segmenter, line, &run->tagged, error));
    WL_TRY(WL_GROW(tokens->alloc, tokens->items, tokens->capacity, run->tagged.n_items, error));
    for (size_t i = 0; i < run->tagged.n_items; i++) {
        tokens->items[i] = (struct wl_token){.i_byte = run->tagged.items[i].i_byte,
                                             .n_bytes = run->tagged.items[i].n_bytes};
    }
    tokens->n_items = run->tagged.n_items;
    return WL_OK;
}

static wl_status segment_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct segment_run *run = context;

    if (run->is_tagged) {
        WL_TRY(cut_tagged(run, line, error));
    } else if (run->is_search) {
        WL_TRY(wl_segmenter_cut_search(run->segmenter, line, run->hmm, &run->tokens, error));
    } else {
        WL_TRY(wl_segmenter_cut(run->segmenter, line, run->hmm, &run->tokens, error));
    }
    if (run->cli->is_json) {
        write_json(run, line, number);
    } else {
        write_words(run, line);
    }
    return wl_cli_line(run->cli, &run->out, error);
}

static wl_status run_segment(struct wl_cli *cli, wl_error *error)
{
    struct segment_run run = {.cli = cli,
                              .hmm = !wl_cli_has(cli, "no-hmm"),
                              .is_search = wl_cli_has(cli, "search"),
                              .is_tagged = wl_cli_has(cli, "tags")};
    wl_status status = WL_OK;

    if (run.is_tagged && (run.is_search || !run.hmm)) {
        return wl_fail(error, WL_EINVAL, "--tags goes neither with --search nor with --no-hmm");
    }
    wl_tokens_init(&run.tokens, cli->alloc);
    wl_pos_tokens_init(&run.tagged, cli->alloc);
    wl_buf_init(&run.out, cli->alloc, 0);
    WL_GO(wl_cli_segmenter_open(cli, &run.segmenter, error));
    status =
        wl_cli_each_text(cli, cli->arguments, cli->n_arguments, segment_line, &run, NULL, error);
done:
    wl_buf_release(&run.out);
    wl_tokens_release(&run.tokens);
    wl_pos_tokens_release(&run.tagged);
    wl_segmenter_close(run.segmenter);
    return status;
}

static const struct wl_option segment_options[] = {
    WL_TEXTS_OPTIONS,
    WL_CLI_DICT_OPTION,
    WL_CLI_WORDS_OPTION,
    {"no-hmm", 0, NULL, "do not look for words outside the dictionaries", "不识别词典以外的新词"},
    {"search", 0, NULL, "also the shorter words within long ones", "同时输出长词中的短词"},
    {"tags", 0, NULL, "with parts of speech: n noun, v verb, a adjective, ...",
     "附词性标注：n 名词、v 动词、a 形容词……"},
};

const struct wl_command wl_command_text_segment = {
    .name = "text segment",
    .summary_en = "cut Chinese text into words, text by text",
    .summary_zh = "中文分词，逐条处理",
    .arguments = "[FILE...]",
    .example = "wanliu text segment reviews.txt",
    .options = segment_options,
    .n_options = sizeof(segment_options) / sizeof(segment_options[0]),
    .run = run_segment,
};
