/* script train: a corpus "[attributes] text" becomes a GPT-2 folder that writes drafts. */
#include "cli/commands.h"
#include "cli/lora_options.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "compose/script_train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct job {
    struct wl_cli *cli;
    struct wl_text_list allowed;
    struct wl_script_corpus train;
    struct wl_script_corpus valid;
    struct wl_script_corpus *reading;
    struct wl_gpt_folder *folder;
    struct wl_script_card card;
    struct wl_script_train_options options;
    struct wl_lora_order lora;
    struct wl_script_train_result result;
    struct wl_buf log;
    const char *log_path;
};

// -- the corpus --

static wl_status read_allowed(struct job *j, wl_error *error)
{
    const char *path = wl_cli_text(j->cli, "allow", NULL);
    struct wl_buf file;
    wl_status status = WL_OK;

    if (path == NULL) {
        return wl_attributes_builtin(&j->allowed, error);
    }
    wl_buf_init(&file, j->cli->alloc, WL_CONFIG_BYTES_MAX);
    WL_GO(wl_file_read(path, &file, error));
    status = wl_attributes_read(wl_buf_view(&file), &j->allowed, error);
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "%s", path);
    }
done:
    wl_buf_release(&file);
    return status;
}

static wl_status add_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct job *j = context;
    return wl_script_corpus_add(j->reading, line, number, &j->allowed, error);
}

static wl_status tell_rejected(const struct job *j, const struct wl_script_corpus *corpus,
                               const char *name, wl_error *error)
{
    if (corpus->n_rejected == 0) {
        return WL_OK;
    }
    wl_cli_say(j->cli,
               WL_SAY(j->cli, "%s: %zu lines left out; the first is line %zu: %s",
                      "%s：有 %zu 行未采用；第一处在第 %zu 行：%s"),
               name, corpus->n_rejected, corpus->first_rejected, corpus->why.message);
    // One line in ten that cannot be used is a wrong file or a wrong list of attributes.
    return corpus->n_rejected * 10 > corpus->n + corpus->n_rejected
               ? wl_fail(error, WL_EREJECTS, "%s: %zu of %zu lines cannot be used", name,
                         corpus->n_rejected, corpus->n + corpus->n_rejected)
               : WL_OK;
}

static wl_status read_corpora(struct job *j, wl_error *error)
{
    const char *held_out = wl_cli_text(j->cli, "held-out", NULL);

    j->reading = &j->train;
    WL_TRY(wl_cli_each_line(j->cli, add_line, j, error));
    if (held_out != NULL) {
        j->reading = &j->valid;
        WL_TRY(wl_cli_each_line_of(j->cli, held_out, add_line, j, error));
        WL_TRY(tell_rejected(j, &j->valid, held_out, error));
    }
    WL_TRY(
        tell_rejected(j, &j->train, j->cli->n_arguments > 0 ? j->cli->arguments[0] : "-", error));
    return j->train.n > 0 ? WL_OK : wl_fail(error, WL_EINVAL, "no lines to train on");
}

// -- the model --

static wl_status learn_vocabulary(struct job *j, struct wl_gpt_tokenizer **tokenizer,
                                  wl_error *error)
{
    struct wl_str *texts = NULL;
    struct wl_buf all;
    int64_t n_tokens = 0;
    wl_status status = WL_OK;

    WL_TRY(wl_cli_int(j->cli, "vocab-size", 257, 100000, 1000, &n_tokens, error));
    wl_buf_init(&all, j->cli->alloc, 0);
    texts = wl_alloc_zeroed(j->cli->alloc, 2 * j->train.n, sizeof(*texts));
    if (texts == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu texts", j->train.n);
        goto done;
    }
    for (size_t i = 0; i < j->train.n; i++) { // a place for every beginning
        size_t at = all.n_bytes;
        wl_script_prompt(&j->train.lines[i], &all);
        texts[2 * i].n_bytes = all.n_bytes - at;
        texts[2 * i + 1] = j->train.lines[i].text;
    }
    WL_GO(wl_buf_check(&all, error));
    for (size_t i = 0, at = 0; i < j->train.n; i++) {
        texts[2 * i].data = all.data + at;
        at += texts[2 * i].n_bytes;
    }
    WL_GO(wl_gpt_tokenizer_learn(j->cli->alloc, texts, 2 * j->train.n, (size_t)n_tokens, tokenizer,
                                 error));
done:
    wl_alloc_free(j->cli->alloc, texts);
    wl_buf_release(&all);
    return status;
}

// A vocab.txt, or a folder with the files of a tokenizer.
static wl_status open_vocabulary(struct job *j, const char *path,
                                 struct wl_gpt_tokenizer **tokenizer, wl_error *error)
{
    size_t n = strlen(path);
    struct wl_gpt_tokenizer_files files = {0};
    struct wl_buf text;
    wl_status status = WL_OK;

    if (n < 4 || strcmp(path + n - 4, ".txt") != 0) {
        return wl_gpt_folder_tokenizer(j->cli->alloc, path, &j->cli->sink, tokenizer, error);
    }
    wl_buf_init(&text, j->cli->alloc, 0);
    WL_GO(wl_file_read(path, &text, error));
    files.vocab_txt = wl_buf_view(&text);
    WL_GO(wl_gpt_tokenizer_read(j->cli->alloc, path, &files, &j->cli->sink, tokenizer, error));
done:
    wl_buf_release(&text);
    return status;
}

// "4x256x4": layers, channels, heads.
static wl_status read_shape(const struct wl_cli *cli, struct wl_gpt_config *config, wl_error *error)
{
    struct wl_str rest = wl_str_from(wl_cli_text(cli, "shape", "4x256x4"));
    size_t *const targets[3] = {&config->shape.n_layers, &config->shape.n_channels,
                                &config->shape.n_heads};
    int64_t value = 0;

    for (size_t i = 0; i < 3; i++) {
        struct wl_str part = wl_str_cut(&rest, 'x');
        if (!wl_str_to_i64(part, &value) || value < 1 || value > 100000) {
            return wl_fail(error, WL_EINVAL,
                           "--shape wants layers, channels and heads, 4x256x4, not \"%s\"",
                           wl_cli_text(cli, "shape", ""));
        }
        *targets[i] = (size_t)value;
    }
    config->shape.n_inner = 4 * config->shape.n_channels;
    WL_TRY(wl_cli_int(cli, "positions", 8, 1 << 16, 256, &value, error));
    config->n_positions = (size_t)value;
    return WL_OK;
}

static wl_status open_model(struct job *j, wl_error *error)
{
    const char *base = wl_cli_text(j->cli, "base", NULL);
    const char *vocabulary = wl_cli_text(j->cli, "vocab", NULL);
    struct wl_gpt_config config = wl_gpt_shape_default();
    struct wl_gpt_tokenizer *tokenizer = NULL;

    if ((base != NULL) == wl_cli_has(j->cli, "new")) {
        return wl_fail(error, WL_EINVAL, "script train wants --base FOLDER or --new");
    }
    if (base != NULL) {
        return wl_gpt_folder_open(j->cli->alloc, base, &j->cli->sink, &j->folder, error);
    }
    WL_TRY(read_shape(j->cli, &config, error));
    WL_TRY(vocabulary != NULL ? open_vocabulary(j, vocabulary, &tokenizer, error)
                              : learn_vocabulary(j, &tokenizer, error));
    return wl_gpt_folder_new(j->cli->alloc, tokenizer, &config, j->cli->seed, &j->folder, error);
}

// -- options --

static double seconds_now(void *context)
{
    struct timespec now;

    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// The run log is written anew after every epoch, so that it can be watched.
static wl_status keep_log(void *context, struct wl_str line, wl_error *error)
{
    struct job *j = context;

    wl_buf_str(&j->log, line);
    wl_buf_char(&j->log, '\n');
    WL_TRY(wl_buf_check(&j->log, error));
    bool is_epoch = line.n_bytes > 8 && memcmp(line.data, "{\"epoch\"", 8) == 0;
    return is_epoch ? wl_file_write(j->log_path, wl_buf_view(&j->log), error) : WL_OK;
}

static wl_status read_precision(const struct wl_cli *cli, enum wl_number *number, wl_error *error)
{
    const char *given = wl_cli_text(cli, "precision", "auto");
    struct wl_gemm *gemm = NULL;

    if (strcmp(given, "f32") == 0 || strcmp(given, "bf16") == 0) {
        *number = given[0] == 'f' ? WL_F32 : WL_BF16;
        return WL_OK;
    }
    if (strcmp(given, "auto") != 0) {
        return wl_fail(error, WL_EINVAL, "--precision wants auto, f32 or bf16, not \"%s\"", given);
    }
    WL_TRY(wl_gemm_open(cli->alloc, 1, &gemm, error));
    *number = wl_gemm_has_bf16(gemm) ? WL_BF16 : WL_F32;
    wl_gemm_close(gemm);
    return WL_OK;
}

static wl_status read_options(struct job *j, wl_error *error)
{
    const struct wl_cli *cli = j->cli;
    struct wl_script_train_options *o = &j->options;
    const char *loss = wl_cli_text(cli, "loss", "text");
    int64_t n_epochs = 0;
    int64_t n_rows = 0;
    int64_t patience = 0;
    bool is_new = wl_cli_has(cli, "new");

    o->train = wl_gpt_train_options_default();
    WL_TRY(wl_cli_int(cli, "epochs", 1, 100000, is_new ? 30 : 5, &n_epochs, error));
    WL_TRY(wl_cli_int(cli, "batch", 16, 1 << 20, 1024, &n_rows, error));
    WL_TRY(wl_cli_int(cli, "patience", 0, 100000, 5, &patience, error));
    WL_TRY(wl_cli_number(cli, "rate", 1e-9, 1.0, is_new ? 1e-3 : 5e-5, &o->train.optimizer.rate,
                         error));
    WL_TRY(wl_cli_number(cli, "share", 0.0, 0.9, 0.1, &o->holdout, error));
    WL_TRY(read_precision(cli, &o->number, error));
    if (strcmp(loss, "text") != 0 && strcmp(loss, "all") != 0) {
        return wl_fail(error, WL_EINVAL, "--loss wants text or all, not \"%s\"", loss);
    }
    bool has_lora = false;
    WL_TRY(wl_cli_lora(j->cli, &j->lora, &has_lora, error));
    if (has_lora && is_new) {
        return wl_fail(error, WL_EINVAL, "--lora wants --base: a new model has nothing to adapt");
    }
    o->lora = has_lora ? &j->lora : NULL;
    o->base = wl_cli_text(cli, "base", "");
    o->is_loss_on_text = loss[0] == 't';
    o->adds_slots = !has_lora; // the vocabulary that adapters are of stays as it is
    o->n_threads = cli->n_threads;
    o->train.n_epochs = (size_t)n_epochs;
    o->train.batch_rows = (size_t)n_rows;
    o->train.patience = (size_t)patience;
    o->train.seed = cli->seed;
    o->train.checkpoint = wl_cli_text(cli, "checkpoint", NULL);
    o->train.is_resumed = o->train.checkpoint != NULL;
    o->train.sink = &cli->sink;
    o->train.seconds = seconds_now;
    j->log_path = wl_cli_text(cli, "log", NULL);
    o->train.log = j->log_path != NULL ? keep_log : NULL;
    o->train.context = j;
    return WL_OK;
}

// -- after training --

static wl_status save(struct job *j, const char *out, wl_error *error)
{
    struct wl_buf card;
    wl_status status = WL_OK;
    const char *path = wl_path_join(&j->cli->arena_process, out, "wanliu_script.json");

    wl_buf_init(&card, j->cli->alloc, 0);
    if (path == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a path");
        goto done;
    }
    wl_script_card_write(&j->card, &card);
    WL_GO(wl_buf_check(&card, error));
    WL_GO(wl_gpt_folder_save(j->folder, out, WL_SAFETENSOR_F32, error));
    WL_GO(wl_file_write(path, wl_buf_view(&card), error));
done:
    wl_buf_release(&card);
    return status;
}

static void put_digits(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_digits(json, value, 5);
}

static void put_count(struct wl_json_writer *json, const char *key, size_t value)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)value);
}

static wl_status tell_json(struct job *j, wl_error *error)
{
    const struct wl_script_train_result *r = &j->result;
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, j->cli->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&line);
    wl_json_open(&json, '{');
    put_count(&json, "lines", r->n_train);
    put_count(&json, "held_out_lines", r->n_valid);
    put_count(&json, "cut_lines", r->n_long);
    put_count(&json, "parameters", r->n_parameters);
    put_count(&json, "vocabulary", j->folder->gpt->config.n_vocabulary);
    put_count(&json, "epochs", r->train.n_epochs);
    put_count(&json, "best_epoch", r->train.best_epoch);
    put_digits(&json, "train_loss", r->train.train_loss);
    if (r->n_valid > 0) {
        put_count(&json, "held_out_tokens", r->counted.n_tokens);
        put_digits(&json, "perplexity", exp(r->loss));
        put_digits(&json, "perplexity_trigram", exp(r->counted.trigram));
        put_digits(&json, "perplexity_unigram", exp(r->counted.unigram));
    }
    wl_json_close(&json, '}');
    status = wl_cli_line(j->cli, &line, error);
    wl_buf_release(&line);
    return status;
}

static wl_status tell(struct job *j, const char *out, wl_error *error)
{
    const struct wl_script_train_result *r = &j->result;
    struct wl_cli *cli = j->cli;
    struct wl_buf line;
    wl_status status = WL_OK;

    if (cli->is_json) {
        return tell_json(j, error);
    }
    wl_buf_init(&line, cli->alloc, 0);
    wl_buf_format(&line,
                  WL_SAY(cli, "%s: %zu parameters, %zu lines, %zu epochs, loss %.3f",
                         "%s：%zu 个参数，%zu 行，%zu 轮，损失 %.3f"),
                  out, r->n_parameters, r->n_train, r->train.n_epochs, r->train.train_loss);
    WL_GO(wl_cli_line(cli, &line, error));
    if (r->n_valid > 0) {
        wl_buf_format(
            &line,
            WL_SAY(cli,
                   "held-out perplexity a token: model %.2f (epoch %zu), counts of three "
                   "tokens %.2f, of one %.1f; %zu lines, %zu tokens",
                   "留出集每词元困惑度：模型 %.2f（第 %zu 轮），三元计数 %.2f，一元计数 "
                   "%.1f；%zu 行，%zu 个词元"),
            exp(r->loss), j->options.train.patience > 0 ? r->train.best_epoch : r->train.n_epochs,
            exp(r->counted.trigram), exp(r->counted.unigram), r->n_valid, r->counted.n_tokens);
        WL_GO(wl_cli_line(cli, &line, error));
        if (r->loss >= r->counted.trigram) {
            wl_cli_say(cli,
                       WL_SAY(cli, "counting does as well: this corpus taught the model little",
                              "计数模型同样好：该语料几乎没有教会模型什么"));
        }
    } else {
        wl_cli_say(cli, WL_SAY(cli, "nothing was held out: how good the model is was not measured",
                               "没有留出数据：未评估模型好坏"));
    }
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_job(struct job *j, const char *out, wl_error *error)
{
    WL_TRY(read_options(j, error));
    WL_TRY(read_allowed(j, error));
    WL_TRY(read_corpora(j, error));
    WL_TRY(open_model(j, error));
    WL_TRY(
        wl_script_train(j->folder, &j->train, &j->valid, &j->options, &j->card, &j->result, error));
    if (j->result.n_long > 0) {
        wl_cli_say(j->cli,
                   WL_SAY(j->cli, "%zu lines were cut to the model's %zu positions",
                          "%zu 行被截断到模型的 %zu 个位置"),
                   j->result.n_long, j->folder->gpt->config.n_positions);
    }
    WL_TRY(save(j, out, error));
    return tell(j, out, error);
}

static wl_status run_train(struct wl_cli *cli, wl_error *error)
{
    const char *out = wl_cli_text(cli, "out", NULL);
    struct job j = {.cli = cli};

    if (out == NULL) {
        return wl_fail(error, WL_EINVAL, "script train wants --out FOLDER");
    }
    if (wl_file_exists(out)) {
        return wl_fail(error, WL_EEXIST, "%s exists already", out);
    }
    wl_text_list_init(&j.allowed, cli->alloc);
    wl_script_corpus_init(&j.train, cli->alloc);
    wl_script_corpus_init(&j.valid, cli->alloc);
    wl_script_card_init(&j.card, cli->alloc);
    wl_buf_init(&j.log, cli->alloc, 0);
    wl_status status = run_job(&j, out, error);
    wl_text_list_release(&j.allowed);
    wl_script_corpus_release(&j.train);
    wl_script_corpus_release(&j.valid);
    wl_script_card_release(&j.card);
    wl_gpt_folder_free(j.folder);
    wl_buf_release(&j.log);
    return status;
}

static const struct wl_option train_options[] = {
    {"out", 'o', "FOLDER", "write the model here; must not exist", "模型写入此目录（须不存在）"},
    {"base", 0, "FOLDER", "go on from this GPT-2 folder", "在此 GPT-2 目录的基础上继续训练"},
    {"new", 0, NULL, "a small model of one's own, from nothing", "从零训练一个小模型"},
    {"vocab", 0, "PATH", "with --new: a tokenizer's folder or a vocab.txt (default: learnt)",
     "配合 --new：分词器目录或 vocab.txt（默认由语料学习）"},
    {"vocab-size", 0, "N", "tokens of a learnt vocabulary (default: 1000)",
     "所学词表的大小（默认 1000）"},
    {"shape", 0, "LxCxH", "with --new: layers, channels, heads (default: 4x256x4)",
     "配合 --new：层数、宽度、头数（默认 4x256x4）"},
    {"positions", 0, "N", "with --new: tokens it reads (default: 256)",
     "配合 --new：最多读取的词元数（默认 256）"},
    {"allow", 0, "FILE", "allowed attributes, one a line (default: a list of usual ones)",
     "允许的属性，每行一个（默认：内置常用属性）"},
    {"held-out", 0, "FILE", "lines to measure on", "用于评估的语料"},
    {"share", 0, "SHARE", "without it: share of texts held out (default: 0.1)",
     "未指定时留出文案的比例（默认 0.1）"},
    {"loss", 0, "WHAT", "learn to write the text, or all with the attributes (default: text)",
     "学习内容：text 仅文案，all 含属性（默认 text）"},
    {"epochs", 0, "N", "at most (default: 30 for a new model, else 5)",
     "最多轮数（默认：新模型 30，否则 5）"},
    {"rate", 0, "R", "learning rate at its peak (default: 1e-3, with --base 5e-5)",
     "学习率峰值（默认 1e-3，配合 --base 为 5e-5）"},
    {"batch", 0, "N", "tokens of a batch (default: 1024)", "每批词元数（默认 1024）"},
    {"patience", 0, "N", "epochs without a better held-out loss before it stops (default: 5)",
     "留出损失连续多少轮未改善即停止（默认 5）"},
    {"precision", 0, "NAME", "auto, f32 or bf16", "auto、f32 或 bf16"},
    {"checkpoint", 0, "FILE", "where it stands after each epoch; goes on from it if it is there",
     "每轮后的检查点；已存在则从中继续"},
    WL_LORA_OPTIONS,
    {"log", 0, "FILE", "run log, one JSON object a line", "训练日志，每行一个 JSON 对象"},
};

const struct wl_command wl_command_script_train = {
    .name = "script train",
    .summary_en = "train a GPT-2 on lines \"[attributes] text\"; measured on lines held out",
    .summary_zh = "用“[属性] 文案”语料训练 GPT-2，并在留出数据上评估",
    .arguments = "[FILE...]",
    .example = "wanliu script train --new --held-out held.txt --out writer scripts.txt",
    .options = train_options,
    .n_options = sizeof(train_options) / sizeof(train_options[0]),
    .run = run_train,
};
