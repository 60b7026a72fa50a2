/* script: corpus | tokens - lines to train a model of scripts on, and counting the tokens of
 * prompts. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/json_write.h"
#include "compose/script_corpus.h"
#include "nn/gpt_folder.h"

#include <string.h>

/* -- script corpus -- */

// "push,sms" into bits; all without the option.
static wl_status read_bits(const struct wl_cli *cli, const char *option, const char *const *names,
                           uint32_t all, uint32_t *bits, wl_error *error)
{
    struct wl_str rest = wl_str_from(wl_cli_text(cli, option, ""));

    *bits = rest.n_bytes == 0 ? all : 0;
    while (rest.n_bytes > 0) {
        struct wl_str name = wl_str_trim(wl_str_cut(&rest, ','));
        int i = wl_name_find(names, name);
        if (i < 0) {
            return wl_fail(error, WL_EINVAL, "--%s: no %s called \"%.*s\"", option, option,
                           WL_STR_ARG(name));
        }
        *bits |= UINT32_C(1) << i;
    }
    return WL_OK;
}

static wl_status write_corpus(struct wl_cli *cli, const struct wl_buf *lines,
                              const struct wl_buf *held_out, wl_error *error)
{
    const char *out = wl_cli_text(cli, "out", NULL);
    const char *out_held = wl_cli_text(cli, "held-out", NULL);

    if (out_held != NULL) {
        WL_TRY(wl_file_write(out_held, wl_buf_view(held_out), error));
    }
    return out != NULL ? wl_file_write(out, wl_buf_view(lines), error)
                       : wl_cli_out(cli, wl_buf_view(lines), error);
}

static wl_status run_corpus(struct wl_cli *cli, wl_error *error)
{
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, "templates");
    struct wl_corpus_options options = {.seed = cli->seed};
    struct wl_corpus_facts facts = {0};
    struct wl_library library = {0};
    struct wl_buf lines;
    struct wl_buf held_out;
    bool has_held = wl_cli_has(cli, "held-out");
    wl_status status = WL_OK;

    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    wl_buf_init(&lines, cli->alloc, 0);
    wl_buf_init(&held_out, cli->alloc, 0);
    // Mail is pages of markup; who wants it says so.
    WL_GO(read_bits(cli, "channel", wl_channel_names, 0xEU, &options.channels, error));
    WL_GO(read_bits(cli, "language", wl_language_names, 3U, &options.languages, error));
    WL_GO(wl_cli_number(cli, "share", 0.01, 0.9, 0.2, &options.holdout, error));
    options.holdout = has_held ? options.holdout : 0.0;
    WL_GO(wl_library_open(folder, cli->alloc, &library, error));
    WL_GO(wl_script_corpus(&library, cli->alloc, &options, &lines, &held_out, &facts, error));
    WL_GO(write_corpus(cli, &lines, &held_out, error));
    wl_cli_say(cli,
               WL_SAY(cli, "%zu templates: %zu different texts, %zu lines, %zu of them held out",
                      "%zu 个模板：%zu 条不同文案，%zu 行，其中留出 %zu 行"),
               facts.n_templates, facts.n_texts, facts.n_lines, facts.n_held_out);
done:
    wl_library_release(&library);
    wl_buf_release(&lines);
    wl_buf_release(&held_out);
    return status;
}

static const struct wl_option corpus_options[] = {
    {"out", 'o', "FILE", "write here (default: standard output)", "写入此文件（默认标准输出）"},
    {"held-out", 0, "FILE", "keep whole templates apart in this file, for measuring",
     "把部分模板整体留出到此文件，用于评估"},
    {"share", 0, "SHARE", "share of templates held out (default: 0.2)",
     "留出模板的比例（默认 0.2）"},
    {"channel", 0, "LIST", "push, sms, in_app, email (default: all but email)",
     "push、sms、in_app、email（默认除邮件外全部）"},
    {"language", 0, "LIST", "zh, en (default: both)", "zh、en（默认两者）"},
};

const struct wl_command wl_command_script_corpus = {
    .name = "script corpus",
    .summary_en = "lines \"[attributes] text\" from the script library, to train a model on",
    .summary_zh = "由话术库生成“[属性] 文案”语料，用于训练模型",
    .arguments = "",
    .example = "wanliu script corpus --out scripts.txt --held-out held.txt",
    .options = corpus_options,
    .n_options = sizeof(corpus_options) / sizeof(corpus_options[0]),
    .run = run_corpus,
};

/* -- script tokens -- */

struct counter {
    struct wl_cli *cli;
    struct wl_bpe *bpe;                 // of --vocab
    struct wl_gpt_tokenizer *tokenizer; // of --model
    struct wl_ids ids;
    struct wl_buf out;
    size_t n_most; // 0: only count
    size_t n_all;
    size_t n_cut;
};

static wl_status open_ranks(struct wl_cli *cli, const char *path, struct wl_bpe **bpe,
                            wl_error *error)
{
    const char *pattern = wl_cli_text(cli, "pattern", "o200k");
    struct wl_lines *lines = NULL;
    struct wl_str line;
    struct wl_buf text;
    bool got = true;
    wl_status status = WL_OK;

    if (strcmp(pattern, "o200k") != 0 && strcmp(pattern, "gpt2") != 0) {
        return wl_fail(error, WL_EINVAL, "--pattern wants o200k or gpt2, not \"%s\"", pattern);
    }
    wl_buf_init(&text, cli->alloc, 0);
    WL_GO(wl_lines_open(path, cli->alloc, &lines, error)); // sees through gzip
    while (got) {
        WL_GO(wl_lines_next(lines, &line, &got, error));
        if (got) {
            wl_buf_str(&text, line);
            wl_buf_char(&text, '\n');
        }
    }
    WL_GO(wl_buf_check(&text, error));
    WL_GO(wl_bpe_from_ranks(cli->alloc, wl_buf_view(&text),
                            pattern[0] == 'o' ? WL_BPE_O200K : WL_BPE_GPT2, bpe, error));
done:
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "%s", path);
    }
    wl_lines_close(lines);
    wl_buf_release(&text);
    return status;
}

static wl_status open_counter(struct wl_cli *cli, struct counter *c, wl_error *error)
{
    const char *vocabulary = wl_cli_text(cli, "vocab", NULL);
    const char *model = wl_cli_text(cli, "model", NULL);
    int64_t n_most = 0;

    WL_TRY(wl_cli_int(cli, "cut", 1, 1 << 24, 0, &n_most, error));
    c->n_most = (size_t)n_most;
    if ((vocabulary == NULL) == (model == NULL)) {
        return wl_fail(error, WL_EINVAL,
                       "script tokens wants --vocab FILE.tiktoken or --model FOLDER");
    }
    return model != NULL
               ? wl_gpt_folder_tokenizer(cli->alloc, model, &cli->sink, &c->tokenizer, error)
               : open_ranks(cli, vocabulary, &c->bpe, error);
}

// Bytes of the first n tokens, not cut within a character.
static size_t bytes_of(const struct counter *c, size_t n, struct wl_str text)
{
    size_t n_bytes = 0;

    for (size_t i = 0; i < n; i++) {
        n_bytes += c->bpe != NULL
                       ? wl_bpe_token(c->bpe, c->ids.items[i]).n_bytes
                       : wl_gpt_tokenizer_piece(c->tokenizer, (int32_t)c->ids.items[i]).n_bytes;
    }
    while (n_bytes > 0 && n_bytes < text.n_bytes &&
           ((unsigned char)text.data[n_bytes] & 0xC0U) == 0x80U) {
        n_bytes--;
    }
    return n_bytes < text.n_bytes ? n_bytes : text.n_bytes;
}

static wl_status count_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct counter *c = context;

    (void)number;
    c->ids.n = 0;
    WL_TRY(c->bpe != NULL ? wl_bpe_encode(c->bpe, line, &c->ids, error)
                          : wl_gpt_tokenizer_encode(c->tokenizer, line, &c->ids, error));
    bool is_cut = c->n_most > 0 && c->ids.n > c->n_most;
    struct wl_str kept = line;
    kept.n_bytes = is_cut ? bytes_of(c, c->n_most, line) : line.n_bytes;
    c->n_all += c->ids.n;
    c->n_cut += is_cut;
    if (c->cli->is_json) {
        struct wl_json_writer json = wl_json_begin(&c->out);
        wl_json_open(&json, '{');
        wl_json_key(&json, "tokens");
        wl_json_i64(&json, (int64_t)c->ids.n);
        wl_json_key(&json, "cut");
        wl_json_bool(&json, is_cut);
        if (c->n_most > 0) {
            wl_json_key(&json, "text");
            wl_json_str(&json, kept);
        }
        wl_json_close(&json, '}');
    } else if (c->n_most > 0) {
        wl_buf_str(&c->out, kept);
    } else {
        wl_buf_format(&c->out, "%zu", c->ids.n);
    }
    return wl_cli_line(c->cli, &c->out, error);
}

static wl_status run_tokens(struct wl_cli *cli, wl_error *error)
{
    struct counter c = {.cli = cli};
    wl_status status = WL_OK;

    wl_ids_init(&c.ids, cli->alloc);
    wl_buf_init(&c.out, cli->alloc, 0);
    WL_GO(open_counter(cli, &c, error));
    if (c.n_most > 0 && c.tokenizer != NULL && c.tokenizer->kind == WL_GPT_PIECES) {
        status = wl_fail(error, WL_EINVAL,
                         "--cut wants byte-level tokens: pieces of BERT do not say where they end");
        goto done;
    }
    WL_GO(wl_cli_each_line(cli, count_line, &c, error));
    wl_cli_say(cli, WL_SAY(cli, "%zu tokens in all, %zu lines cut", "共 %zu 个词元，截断 %zu 行"),
               c.n_all, c.n_cut);
done:
    wl_bpe_free(c.bpe);
    wl_gpt_tokenizer_free(c.tokenizer);
    wl_ids_release(&c.ids);
    wl_buf_release(&c.out);
    return status;
}

static const struct wl_option tokens_options[] = {
    {"vocab", 0, "FILE", "a .tiktoken file, o200k_base for gpt-oss; may be gzipped",
     ".tiktoken 词表文件，gpt-oss 用 o200k_base；可为 gzip"},
    {"pattern", 0, "NAME", "how it splits: o200k or gpt2 (default: o200k)",
     "切分方式：o200k 或 gpt2（默认 o200k）"},
    {"model", 0, "FOLDER", "a GPT-2 folder's tokens instead", "改用 GPT-2 目录的词元"},
    {"cut", 0, "N", "print each line cut to N tokens, at a whole character",
     "输出每行截断到 N 个词元的文本（不切断字符）"},
};

const struct wl_command wl_command_script_tokens = {
    .name = "script tokens",
    .summary_en = "count the tokens of prompts, line by line, or cut them to a length",
    .summary_zh = "逐行统计提示词的词元数，或按长度截断",
    .arguments = "[FILE...]",
    .example = "wanliu script tokens --vocab o200k_base.tiktoken --cut 512 prompts.txt",
    .options = tokens_options,
    .n_options = sizeof(tokens_options) / sizeof(tokens_options[0]),
    .run = run_tokens,
};
