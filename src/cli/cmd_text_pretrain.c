/* text pretrain - teach a BERT the language of one's own texts by hidden words: one that exists, or
 * a small one of one's own. */
#include "cli/commands.h"
#include "cli/run_log.h"
#include "cli/text_source.h"

#include "base/file.h"
#include "base/json_write.h"
#include "nn/bert_pretrain.h"
#include "text/wordpiece_learn.h"

#include <stdio.h>
#include <string.h>

struct pretrain_run {
    struct wl_cli *cli;
    const char *out;
    struct wl_run_log log;
    const char *checkpoint;
    struct wl_bert_folder *folder;
    struct wl_arena arena;
    struct wl_str *texts; // (n_texts) in the arena
    size_t n_texts;
    size_t texts_capacity;
    struct wl_bert_corpus corpus;
    struct wl_pretrain_options options;
    size_t n_tokens_max;
};

static void tell_epoch(void *context, const struct wl_pretrain_result *result)
{
    const struct wl_run_log *log = context;
    struct wl_cli *cli = log->cli;

    wl_cli_say(cli,
               WL_SAY(cli,
                      "epoch %zu: loss %.4f; held out %.4f (by frequency %.4f), %.1f%% guessed",
                      "第 %zu 轮：损失 %.4f；留出文本 %.4f（按词频 %.4f），猜中 %.1f%%"),
               result->n_epochs, result->train_loss, result->valid_loss, result->unigram_loss,
               100.0 * result->valid_right);
}

static wl_status take_text(void *context, struct wl_str text, size_t number, wl_error *error)
{
    struct pretrain_run *run = context;
    const char *copy = wl_arena_string(&run->arena, text);

    (void)number;
    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a text");
    }
    WL_TRY(WL_GROW(run->cli->alloc, run->texts, run->texts_capacity, run->n_texts + 1, error));
    run->texts[run->n_texts++] = (struct wl_str){.data = copy, .n_bytes = text.n_bytes};
    return WL_OK;
}

// The vocabulary of --vocab, or one learnt from the texts.
static wl_status read_vocabulary(struct pretrain_run *run, struct wl_buf *bytes, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const char *path = wl_cli_text(cli, "vocab", NULL);
    struct wl_wordpiece_options options;
    int64_t n_pieces = 0;

    if (path != NULL) {
        return wl_file_read(path, bytes, error);
    }
    WL_TRY(wl_cli_int(cli, "pieces", 16, 200000, 8000, &n_pieces, error));
    wl_wordpiece_options_init(&options);
    options.is_lower = !wl_cli_has(cli, "cased");
    options.strips_accents = options.is_lower;
    return wl_wordpiece_learn(cli->alloc, run->texts, run->n_texts, &options, (size_t)n_pieces, 2,
                              bytes, error);
}

static wl_status open_own(struct pretrain_run *run, const struct wl_bert_folder_options *options,
                          wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const char *name = wl_cli_text(cli, "vocab", "vocabulary");
    const char *shape_name = wl_cli_text(cli, "shape", "tiny");
    const char *settings = "{\"do_lower_case\": false}";
    struct wl_hf_wordpiece_files files = {0};
    struct wl_bert_config shape;
    struct wl_buf bytes;
    wl_status status = WL_OK;

    if (!wl_bert_shape_named(shape_name, &shape)) {
        return wl_fail(error, WL_EINVAL,
                       "--shape wants tiny, mini, small, medium or base, not \"%s\"", shape_name);
    }
    wl_buf_init(&bytes, cli->alloc, (size_t)1 << 27);
    WL_GO(read_vocabulary(run, &bytes, error));
    files.vocabulary = wl_buf_view(&bytes);
    if (wl_cli_has(cli, "cased")) {
        files.tokenizer_config = wl_str_from(settings);
    }
    WL_GO(wl_bert_folder_new(cli->alloc, name, &files, &shape, options, &run->folder, error));
done:
    wl_buf_release(&bytes);
    return status;
}

static wl_status open_folder(struct pretrain_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    const char *base = wl_cli_text(cli, "base", NULL);

    options.n_labels = 0;
    options.has_mask_head = true;
    options.seed = cli->seed;
    options.sink = &cli->sink;
    bool is_own = wl_cli_has(cli, "vocab") != wl_cli_has(cli, "pieces");
    if ((base != NULL) == is_own || (wl_cli_has(cli, "vocab") && wl_cli_has(cli, "pieces"))) {
        return wl_fail(error, WL_EINVAL,
                       "text pretrain wants one of --base DIR, a BERT to go on from, --vocab FILE "
                       "or --pieces N for one of its own");
    }
    if (base != NULL && (wl_cli_has(cli, "shape") || wl_cli_has(cli, "cased"))) {
        return wl_fail(error, WL_EINVAL, "--shape and --cased do not go with --base");
    }
    return base != NULL ? wl_bert_folder_open(cli->alloc, base, &options, &run->folder, error)
                        : open_own(run, &options, error);
}

static wl_status read_sizes(struct pretrain_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_pretrain_options *o = &run->options;
    bool is_own = !wl_cli_has(cli, "base");
    int64_t n_epochs = 0;
    int64_t n_batch = 0;
    int64_t n_tokens = 0;
    int64_t patience = 0;

    WL_TRY(wl_cli_int(cli, "epochs", 1, 100000, 3, &n_epochs, error));
    WL_TRY(wl_cli_int(cli, "batch", 1, 4096, 32, &n_batch, error));
    WL_TRY(wl_cli_int(cli, "max-tokens", 3, 1 << 16, 128, &n_tokens, error));
    WL_TRY(wl_cli_int(cli, "patience", 0, 1000, 0, &patience, error));
    WL_TRY(wl_cli_number(cli, "rate", 1e-9, 1.0, is_own ? 5e-4 : 5e-5, &o->optimizer.rate, error));
    WL_TRY(wl_cli_number(cli, "share", 0.01, 0.9, 0.15, &o->share, error));
    o->n_epochs = (size_t)n_epochs;
    o->batch_texts = (size_t)n_batch;
    o->patience = (size_t)patience;
    run->n_tokens_max = (size_t)n_tokens;
    return WL_OK;
}

static wl_status read_options(struct pretrain_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    struct wl_pretrain_options *o = &run->options;
    const char *number = wl_cli_text(cli, "number", "f32");
    char path[WL_PATH_BYTES_MAX];

    *o = wl_pretrain_options_default();
    run->out = wl_cli_text(cli, "out", NULL);
    if (run->out == NULL) {
        return wl_fail(error, WL_EINVAL, "text pretrain wants -o DIR, the folder to be written");
    }
    if (wl_file_exists(run->out)) {
        return wl_fail(error, WL_EEXIST, "%s exists already", run->out);
    }
    if (strcmp(number, "f32") != 0 && strcmp(number, "bf16") != 0) {
        return wl_fail(error, WL_EINVAL, "--number wants f32 or bf16, not \"%s\"", number);
    }
    WL_TRY(read_sizes(run, error));
    o->number = strcmp(number, "bf16") == 0 ? WL_BF16 : WL_F32;
    o->seed = cli->seed;
    o->sink = &cli->sink;
    o->seconds = wl_run_log_seconds;
    o->log = wl_run_log_line;
    o->epoch = tell_epoch;
    o->context = &run->log;
    o->is_resumed = wl_cli_has(cli, "resume");
    (void)snprintf(path, sizeof(path), "%s.checkpoint", run->out);
    run->checkpoint = wl_arena_string(&cli->arena_process, wl_str_from(path));
    o->checkpoint = run->checkpoint;
    return run->checkpoint != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for a path");
}

static wl_status print_result(struct pretrain_run *run, const struct wl_pretrain_result *result,
                              wl_error *error)
{
    const struct {
        const char *key;
        double value;
    } facts[] = {{"texts", (double)run->corpus.n_texts},
                 {"train_pieces", (double)run->corpus.train.starts[run->corpus.train.n]},
                 {"held_out_texts", (double)run->corpus.valid.n},
                 {"parameters", (double)wl_tensors_count(&run->folder->bert->tensors)},
                 {"epochs", (double)result->n_epochs},
                 {"updates", (double)result->n_updates},
                 {"train_loss", result->train_loss},
                 {"held_out_loss_before", result->first_loss},
                 {"held_out_loss", result->valid_loss},
                 {"held_out_loss_best", result->best_loss},
                 {"held_out_guessed", result->valid_right},
                 {"by_frequency_loss", result->unigram_loss},
                 {"by_frequency_guessed", result->unigram_right}};
    struct wl_buf out;
    wl_status status = WL_OK;

    wl_buf_init(&out, run->cli->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&out);
    if (run->cli->is_json) {
        wl_json_open(&json, '{');
    }
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (run->cli->is_json) {
            wl_json_key(&json, facts[i].key);
            wl_json_digits(&json, facts[i].value, 6);
        } else {
            wl_buf_format(&out, "%-22s %.6g\n", facts[i].key, facts[i].value);
        }
    }
    if (run->cli->is_json) {
        wl_json_close(&json, '}');
        wl_buf_char(&out, '\n');
    }
    WL_GO(wl_buf_check(&out, error));
    WL_GO(wl_cli_out(run->cli, wl_buf_view(&out), error));
done:
    wl_buf_release(&out);
    return status;
}

static wl_status make_corpus(struct pretrain_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    size_t n_positions = run->folder->bert->config.n_positions;
    double share = 0.0;

    WL_TRY(wl_cli_number(cli, "holdout", 0.0, 0.5, 0.05, &share, error));
    wl_bert_corpus_init(&run->corpus, cli->alloc, share, cli->seed);
    run->n_tokens_max = run->n_tokens_max < n_positions ? run->n_tokens_max : n_positions;
    run->options.n_tokens_max = run->n_tokens_max;
    for (size_t i = 0; i < run->n_texts; i++) {
        WL_TRY(
            wl_bert_corpus_add(&run->corpus, run->folder, run->texts[i], run->n_tokens_max, error));
    }
    wl_cli_say(cli,
               WL_SAY(cli, "%zu texts: %zu pieces of text to learn from, %zu held out",
                      "%zu 条文本：%zu 段用于学习，%zu 段留出"),
               run->corpus.n_texts, run->corpus.train.n, run->corpus.valid.n);
    return WL_OK;
}

static wl_status run_pretrain(struct wl_cli *cli, wl_error *error)
{
    struct pretrain_run run = {.cli = cli};
    struct wl_pretrain_result result;
    struct wl_gemm *gemm = NULL;
    wl_status status = WL_OK;

    WL_TRY(read_options(&run, error));
    wl_arena_init(&run.arena, cli->alloc, 0);
    WL_GO(wl_cli_each_text(cli, cli->arguments, cli->n_arguments, take_text, &run, NULL, error));
    WL_GO(open_folder(&run, error));
    WL_GO(make_corpus(&run, error));
    WL_GO(wl_gemm_open(cli->alloc, cli->n_threads, &gemm, error));
    WL_GO(wl_run_log_open(cli, "wanliu text pretrain", run.out, run.options.is_resumed, &run.log,
                          error));
    WL_GO(wl_bert_pretrain(run.folder, gemm, &run.corpus, &run.options, &result, error));
    WL_GO(wl_run_log_metric(&run.log, "held_out_loss", result.valid_loss, error));
    WL_GO(wl_bert_folder_save(run.folder, run.out, WL_SAFETENSOR_F32, error));
    (void)remove(run.checkpoint); // the folder stands in its place
    wl_cli_say(cli, WL_SAY(cli, "written: %s", "已写入：%s"), run.out);
    WL_GO(print_result(&run, &result, error));
done:
    if (run.log.cli != NULL) {
        wl_status ended = wl_run_log_end(&run.log, status == WL_OK, status == WL_OK ? error : NULL);
        status = status == WL_OK ? ended : status;
    }
    wl_run_log_close(&run.log);
    wl_gemm_close(gemm);
    wl_bert_corpus_release(&run.corpus);
    wl_arena_release(&run.arena);
    wl_alloc_free(cli->alloc, run.texts);
    wl_bert_folder_free(run.folder);
    return status;
}

static const struct wl_option pretrain_options[] = {
    WL_TEXTS_OPTIONS,
    {"base", 0, "DIR", "BERT folder to go on from", "从该 BERT 目录继续训练"},
    {"vocab", 0, "FILE", "vocab.txt of an encoder of one's own", "自有编码器的 vocab.txt"},
    {"pieces", 0, "N", "learn a vocabulary of so many pieces from the texts",
     "从文本中学习这么多词元的词表"},
    {"shape", 0, "NAME", "of one's own: tiny, mini, small, medium, base (default: tiny)",
     "自有编码器的大小：tiny、mini、small、medium、base（默认：tiny）"},
    {"cased", 0, NULL, "keep capitals and accents (not with --base)",
     "保留大小写和重音（不与 --base 合用）"},
    {"out", 'o', "DIR", "folder to be written; must not exist", "写入的目录，不能已存在"},
    {"epochs", 0, "N", "times through the texts (default: 3)", "训练轮数（默认：3）"},
    {"batch", 0, "N", "texts of an update (default: 32)", "每次更新的文本数（默认：32）"},
    {"rate", 0, "X", "learning rate (default: 5e-4, with --base 5e-5)",
     "学习率（默认：5e-4，配合 --base 为 5e-5）"},
    {"max-tokens", 0, "N", "longer texts are cut into several (default: 128)",
     "更长的文本切成几段（默认：128）"},
    {"share", 0, "X", "of pieces that are hidden (default: 0.15)", "遮盖的比例（默认：0.15）"},
    {"holdout", 0, "X", "share of texts held out (default: 0.05)", "留出文本的比例（默认：0.05）"},
    {"patience", 0, "N", "stop after so many epochs without a better held-out loss",
     "留出损失连续多少轮未改善即停止"},
    {"number", 0, "f32|bf16", "of the products (default: f32)", "矩阵乘法的精度（默认：f32）"},
    WL_RUN_LOG_OPTIONS,
    {"resume", 0, NULL, "go on from DIR.checkpoint", "从 DIR.checkpoint 继续"},
};

const struct wl_command wl_command_text_pretrain = {
    .name = "text pretrain",
    .summary_en = "teach a BERT the language of your own texts, by hidden words",
    .summary_zh = "用自己的文本以遮盖词的方式训练 BERT",
    .arguments = "[FILE...]",
    .example = "wanliu text pretrain --pieces 8000 --shape tiny reviews.txt -o own-bert",
    .options = pretrain_options,
    .n_options = sizeof(pretrain_options) / sizeof(pretrain_options[0]),
    .run = run_pretrain,
};
