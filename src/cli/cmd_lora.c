/* lora: info, export - adapters of language models, from PEFT's folders to llama.cpp's files. */
#include "cli/commands.h"

#include "base/json_write.h"
#include "nn/peft.h"

static wl_status open_adapter(struct wl_cli *cli, struct wl_peft *peft, wl_error *error)
{
    if (cli->n_arguments != 1) {
        return wl_fail(error, WL_EINVAL, "wants one folder with adapter_config.json");
    }
    wl_status status = wl_peft_open(&cli->arena_process, cli->arguments[0], peft, error);
    return status == WL_OK ? WL_OK : wl_fail_at(error, status, "%s", cli->arguments[0]);
}

static void write_facts(struct wl_json_writer *json, const struct wl_peft *peft)
{
    wl_json_open(json, '{');
    wl_json_key(json, "base");
    wl_json_str(json, peft->base);
    wl_json_key(json, "r");
    wl_json_i64(json, peft->r);
    wl_json_key(json, "alpha");
    wl_json_double(json, peft->alpha);
    wl_json_key(json, "dropout");
    wl_json_double(json, peft->dropout);
    wl_json_key(json, "rank_stabilised");
    wl_json_bool(json, peft->is_rank_stabilised);
    wl_json_key(json, "parameters");
    wl_json_i64(json, (int64_t)peft->n_parameters);
    wl_json_key(json, "modules");
    wl_json_open(json, '[');
    for (size_t i = 0; i < peft->n_pairs; i++) {
        const struct wl_lora_pair *pair = &peft->pairs[i];
        wl_json_open(json, '{');
        wl_json_key(json, "module");
        wl_json_str(json, pair->module);
        wl_json_key(json, "r");
        wl_json_i64(json, (int64_t)pair->r);
        wl_json_key(json, "in");
        wl_json_i64(json, (int64_t)pair->n_in);
        wl_json_key(json, "out");
        wl_json_i64(json, (int64_t)pair->n_out);
        wl_json_key(json, "scale");
        wl_json_double(json, pair->scale);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
    wl_json_close(json, '}');
}

static void write_table(struct wl_cli *cli, const struct wl_peft *peft, struct wl_buf *out)
{
    wl_buf_format(out,
                  WL_SAY(cli, "base %.*s, r %lld, alpha %g, %zu modules, %zu trained parameters\n",
                         "基础模型 %.*s，r %lld，alpha %g，%zu 个模块，可训练参数 %zu 个\n"),
                  WL_STR_ARG(peft->base), (long long)peft->r, peft->alpha, peft->n_pairs,
                  peft->n_parameters);
    for (size_t i = 0; i < peft->n_pairs; i++) {
        const struct wl_lora_pair *pair = &peft->pairs[i];
        wl_buf_format(out, "  %-52.*s r %-4zu %zu x %zu\n", WL_STR_ARG(pair->module), pair->r,
                      pair->n_out, pair->n_in);
    }
}

static wl_status run_info(struct wl_cli *cli, wl_error *error)
{
    struct wl_peft peft = {0};
    struct wl_buf out;
    wl_status status = WL_OK;

    WL_TRY(open_adapter(cli, &peft, error));
    wl_buf_init(&out, cli->alloc, (size_t)1 << 26);
    if (cli->is_json) {
        struct wl_json_writer json = wl_json_begin(&out);
        write_facts(&json, &peft);
        wl_buf_char(&out, '\n');
    } else {
        write_table(cli, &peft, &out);
    }
    WL_GO(wl_buf_check(&out, error));
    WL_GO(wl_cli_out(cli, wl_buf_view(&out), error));
done:
    wl_buf_release(&out);
    return status;
}

static wl_status run_export(struct wl_cli *cli, wl_error *error)
{
    const char *path = wl_cli_text(cli, "out", "adapter.gguf");
    const char *architecture = wl_cli_text(cli, "architecture", "gpt-oss");
    struct wl_str names = wl_str_from(wl_cli_text(cli, "names", ""));
    struct wl_peft peft = {0};
    struct wl_gguf gguf = {0};

    WL_TRY(open_adapter(cli, &peft, error));
    WL_TRY(wl_peft_to_gguf(&cli->arena_process, &peft, architecture, names, &gguf, error));
    WL_TRY(wl_gguf_write(path, cli->alloc, &gguf, error));
    wl_cli_say(cli,
               WL_SAY(cli, "%s: %zu modules, %zu parameters, for a %s model",
                      "%s：%zu 个模块，%zu 个参数，用于 %s 模型"),
               path, peft.n_pairs, peft.n_parameters, architecture);
    return WL_OK;
}

const struct wl_command wl_command_lora_info = {
    .name = "lora info",
    .summary_en = "what a LoRA adapter changes: modules, rank, trained parameters",
    .summary_zh = "查看 LoRA 适配器：模块、秩、可训练参数",
    .arguments = "FOLDER",
    .example = "wanliu lora info my-adapter",
    .run = run_info,
};

static const struct wl_option export_options[] = {
    {"out", 'o', "FILE", "write here (default: adapter.gguf)", "写入此文件（默认 adapter.gguf）"},
    {"architecture", 0, "NAME", "of the base model: gpt-oss, qwen2, gpt2 (default: gpt-oss)",
     "基础模型的架构：gpt-oss、qwen2、gpt2（默认 gpt-oss）"},
    {"names", 0, "LIST", "names of other modules: q_proj=attn_q,o_proj=attn_output",
     "其他模块的名称：q_proj=attn_q,o_proj=attn_output"},
};

const struct wl_command wl_command_lora_export = {
    .name = "lora export",
    .summary_en = "turn a PEFT adapter folder into a GGUF file for llama.cpp",
    .summary_zh = "把 PEFT 适配器目录转换为 llama.cpp 的 GGUF 文件",
    .arguments = "FOLDER",
    .example = "wanliu lora export my-adapter --architecture gpt-oss --out scripts.gguf",
    .options = export_options,
    .n_options = sizeof(export_options) / sizeof(export_options[0]),
    .run = run_export,
};
