/* text embed - texts as vectors, from a BERT folder: NDJSON or plain numbers to stdout, or a file
 * of NumPy. */
#include "cli/commands.h"
#include "cli/text_source.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "nn/bert_embed.h"

#include <stdio.h>
#include <string.h>

enum { CHUNK = 512 }; // texts embedded at a time

struct embed_run {
    struct wl_cli *cli;
    struct wl_bert_embedder *embedder;
    size_t width;
    const char *out;       // a file of all vectors, or NULL: stdout
    struct wl_buf vectors; // for out: floats
    struct wl_arena texts; // of the chunk
    struct wl_str chunk[CHUNK];
    size_t numbers[CHUNK];
    size_t n_chunk;
    size_t n_texts;
    float *chunk_vectors; // (CHUNK, width)
    struct wl_buf line;
};

static wl_status write_vector(struct embed_run *run, size_t number, const float *vector,
                              wl_error *error)
{
    if (run->out != NULL) {
        for (size_t j = 0; j < run->width; j++) {
            wl_put_f32(&run->vectors, vector[j]);
        }
        return wl_buf_check(&run->vectors, error);
    }
    struct wl_json_writer json = wl_json_begin(&run->line);
    if (!run->cli->is_json) {
        for (size_t j = 0; j < run->width; j++) {
            wl_buf_format(&run->line, "%s%.6g", j > 0 ? " " : "", (double)vector[j]);
        }
        return wl_cli_line(run->cli, &run->line, error);
    }
    wl_json_open(&json, '{');
    wl_json_key(&json, "line");
    wl_json_i64(&json, (int64_t)number);
    wl_json_key(&json, "vector");
    wl_json_open(&json, '[');
    for (size_t j = 0; j < run->width; j++) {
        wl_json_float(&json, vector[j]);
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
    return wl_cli_line(run->cli, &run->line, error);
}

static wl_status flush(struct embed_run *run, wl_error *error)
{
    WL_TRY(wl_bert_embed(run->embedder, run->chunk, run->n_chunk, run->chunk_vectors, error));
    for (size_t i = 0; i < run->n_chunk; i++) {
        WL_TRY(write_vector(run, run->numbers[i], run->chunk_vectors + i * run->width, error));
    }
    run->n_chunk = 0;
    wl_arena_reset(&run->texts);
    return WL_OK;
}

static wl_status take_text(void *context, struct wl_str text, size_t number, wl_error *error)
{
    struct embed_run *run = context;
    const char *copy = wl_arena_string(&run->texts, text);

    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a text");
    }
    run->chunk[run->n_chunk] = (struct wl_str){.data = copy, .n_bytes = text.n_bytes};
    run->numbers[run->n_chunk++] = number;
    run->n_texts++;
    return run->n_chunk == CHUNK ? flush(run, error) : WL_OK;
}

// NumPy's format 1.0: magic, version, length of a header that is padded to an edge of 64 bytes.
static void put_npy_header(struct wl_buf *buf, size_t n_rows, size_t n_columns)
{
    char text[128];
    int n = snprintf(text, sizeof(text),
                     "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", n_rows,
                     n_columns);

    wl_buf_add(buf, "\x93NUMPY\x01\x00", 8);
    wl_buf_char(buf, 118); // 128 bytes in all, less these ten
    wl_buf_char(buf, 0);
    wl_buf_format(buf, "%-117.*s\n", n, text);
}

static wl_status write_file(struct embed_run *run, wl_error *error)
{
    size_t n = strlen(run->out);
    bool is_npy = n > 4 && strcmp(run->out + n - 4, ".npy") == 0;
    struct wl_file_writer writer;
    struct wl_buf header;
    wl_status status = WL_OK;

    WL_TRY(wl_file_writer_open(&writer, run->out, error));
    wl_buf_init(&header, run->cli->alloc, 256);
    if (is_npy) {
        put_npy_header(&header, run->n_texts, run->width);
        WL_GO(wl_buf_check(&header, error));
        WL_GO(wl_file_writer_add(&writer, wl_buf_view(&header), error));
    }
    WL_GO(wl_file_writer_add(&writer, wl_buf_view(&run->vectors), error));
    WL_GO(wl_file_writer_commit(&writer, error));
    wl_cli_say(run->cli,
               WL_SAY(run->cli, "%s: %zu vectors of %zu numbers (float32)",
                      "%s：%zu 个向量，每个 %zu 维（float32）"),
               run->out, run->n_texts, run->width);
done:
    wl_buf_release(&header);
    wl_file_writer_close(&writer);
    return status;
}

static wl_status read_options(struct wl_cli *cli, struct wl_bert_embed_options *options,
                              wl_error *error)
{
    static const char *const pools[] = {"mean", "cls", "pooled"};
    static const char *const numbers[] = {"f32", "bf16"};
    const char *pool = wl_cli_text(cli, "pool", "mean");
    const char *number = wl_cli_text(cli, "number", "f32");
    int64_t n_tokens = 0;
    size_t i = 0;

    *options = wl_bert_embed_options_default();
    while (i < 3 && strcmp(pools[i], pool) != 0) {
        i++;
    }
    if (i == 3) {
        return wl_fail(error, WL_EINVAL, "--pool wants mean, cls or pooled, not \"%s\"", pool);
    }
    options->pool = (enum wl_bert_pool)i;
    if (strcmp(number, numbers[0]) != 0 && strcmp(number, numbers[1]) != 0) {
        return wl_fail(error, WL_EINVAL, "--number wants f32 or bf16, not \"%s\"", number);
    }
    options->number = strcmp(number, "bf16") == 0 ? WL_BF16 : WL_F32;
    WL_TRY(wl_cli_int(cli, "max-tokens", 2, 1 << 20, 512, &n_tokens, error));
    options->n_tokens_max = (size_t)n_tokens;
    options->is_raw = wl_cli_has(cli, "raw");
    options->n_threads = cli->n_threads;
    return WL_OK;
}

static wl_status embed_all(struct embed_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;

    run->chunk_vectors = wl_alloc_array(cli->alloc, CHUNK * run->width, sizeof(float));
    if (run->chunk_vectors == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %d vectors", CHUNK);
    }
    WL_TRY(wl_cli_each_text(cli, cli->arguments, cli->n_arguments, take_text, run, NULL, error));
    WL_TRY(flush(run, error));
    return run->out != NULL ? write_file(run, error) : WL_OK;
}

static wl_status run_embed(struct wl_cli *cli, wl_error *error)
{
    struct wl_bert_folder_options folder_options = wl_bert_folder_options_default();
    const char *base = wl_cli_text(cli, "base", NULL);
    struct embed_run run = {.cli = cli, .out = wl_cli_text(cli, "out", NULL)};
    struct wl_bert_folder *folder = NULL;
    struct wl_bert_embed_options options;
    wl_status status = WL_OK;

    if (base == NULL) {
        return wl_fail(error, WL_EINVAL,
                       "text embed wants --base DIR, a folder with config.json, "
                       "model.safetensors and vocab.txt");
    }
    WL_TRY(read_options(cli, &options, error));
    wl_arena_init(&run.texts, cli->alloc, 0);
    wl_buf_init(&run.line, cli->alloc, 0);
    wl_buf_init(&run.vectors, cli->alloc, (size_t)WL_WEIGHT_BYTES_MAX);
    folder_options.n_labels = 0;
    folder_options.sink = &cli->sink;
    WL_GO(wl_bert_folder_open(cli->alloc, base, &folder_options, &folder, error));
    WL_GO(wl_bert_embedder_new(cli->alloc, folder, &options, &run.embedder, error));
    run.width = folder->bert->config.shape.n_channels;
    status = embed_all(&run, error);
done:
    wl_bert_embedder_free(run.embedder);
    wl_bert_folder_free(folder);
    wl_alloc_free(cli->alloc, run.chunk_vectors);
    wl_arena_release(&run.texts);
    wl_buf_release(&run.line);
    wl_buf_release(&run.vectors);
    return status;
}

static const struct wl_option embed_options[] = {
    WL_TEXTS_OPTIONS,
    {"base", 0, "DIR", "BERT folder: config.json, model.safetensors, vocab.txt",
     "BERT 目录：config.json、model.safetensors、vocab.txt"},
    {"pool", 0, "mean|cls|pooled", "which vector stands for a text (default: mean)",
     "以哪个向量代表文本（默认：mean）"},
    {"raw", 0, NULL, "leave lengths as they are (default: every vector has length 1)",
     "不做归一化（默认：向量长度为 1）"},
    {"max-tokens", 0, "N", "cut texts to so many pieces (default: 512)",
     "文本截断到的词元数（默认：512）"},
    {"number", 0, "f32|bf16", "of the products (default: f32)", "矩阵乘法的精度（默认：f32）"},
    {"out", 'o', "FILE", "write all vectors here: .npy, or else bare float32",
     "把全部向量写入文件：.npy，或纯 float32"},
};

const struct wl_command wl_command_text_embed = {
    .name = "text embed",
    .summary_en = "texts as vectors, from a BERT folder",
    .summary_zh = "用 BERT 目录把文本转换为向量",
    .arguments = "[FILE...]",
    .example = "wanliu text embed --base minilm --json reviews.txt",
    .options = embed_options,
    .n_options = sizeof(embed_options) / sizeof(embed_options[0]),
    .run = run_embed,
};
