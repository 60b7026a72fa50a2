/* lora merge: an adapter into the weights of its base model. */
#include "cli/commands.h"

#include "base/json_write.h"
#include "nn/lora_folder.h"

#include <string.h>

static wl_status read_type(struct wl_cli *cli, enum wl_safetensor_type *type, wl_error *error)
{
    const char *given = wl_cli_text(cli, "type", "f32");

    if (strcmp(given, "f32") == 0) {
        *type = WL_SAFETENSOR_F32;
    } else if (strcmp(given, "f16") == 0) {
        *type = WL_SAFETENSOR_F16;
    } else if (strcmp(given, "bf16") == 0) {
        *type = WL_SAFETENSOR_BF16;
    } else {
        return wl_fail(error, WL_EINVAL, "--type wants f32, f16 or bf16, not \"%s\"", given);
    }
    return WL_OK;
}

static wl_status write_json(struct wl_cli *cli, const struct wl_lora_merge_order *order,
                            const struct wl_lora_merged *merged, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_buf out;

    wl_buf_init(&out, cli->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&out);
    wl_json_open(&json, '{');
    wl_json_key(&json, "model");
    wl_json_text(&json, merged->kind);
    wl_json_key(&json, "modules");
    wl_json_i64(&json, (int64_t)merged->n_modules);
    wl_json_key(&json, "whole_tensors");
    wl_json_i64(&json, (int64_t)merged->n_wholes);
    wl_json_key(&json, "parameters");
    wl_json_i64(&json, (int64_t)merged->n_values);
    wl_json_key(&json, "out");
    wl_json_text(&json, order->out);
    wl_json_close(&json, '}');
    WL_GO(wl_cli_line(cli, &out, error));
done:
    wl_buf_release(&out);
    return status;
}

static wl_status run_merge(struct wl_cli *cli, wl_error *error)
{
    struct wl_lora_merge_order order = {.base = wl_cli_text(cli, "base", NULL),
                                        .adapter = wl_cli_text(cli, "adapter", NULL),
                                        .out = wl_cli_text(cli, "out", NULL),
                                        .sink = &cli->sink};
    struct wl_lora_merged merged = {0};

    if (order.base == NULL || order.adapter == NULL || order.out == NULL || cli->n_arguments != 0) {
        return wl_fail(error, WL_EINVAL, "lora merge wants --base, --adapter and --out");
    }
    WL_TRY(read_type(cli, &order.type, error));
    WL_TRY(wl_lora_merge_folder(cli->alloc, &order, &merged, error));
    wl_cli_say(cli,
               WL_SAY(cli, "%s: %zu modules of the adapter are in the weights of the %s model",
                      "%s：已把适配器的 %zu 个模块并入 %s 模型的权重"),
               order.out, merged.n_modules, merged.kind);
    return cli->is_json ? write_json(cli, &order, &merged, error) : WL_OK;
}

static const struct wl_option merge_options[] = {
    {"base", 0, "DIR", "Hugging Face folder of the base model (BERT or GPT-2)",
     "基础模型的 Hugging Face 目录（BERT 或 GPT-2）"},
    {"adapter", 0, "DIR", "PEFT folder of the adapter", "适配器的 PEFT 目录"},
    {"out", 'o', "DIR", "make this folder", "写入此新目录"},
    {"type", 0, "f32|f16|bf16", "of the weights written (default: f32)",
     "写出权重的类型（默认 f32）"},
};

const struct wl_command wl_command_lora_merge = {
    .name = "lora merge",
    .summary_en = "put a LoRA adapter into the weights of its base model",
    .summary_zh = "把 LoRA 适配器并入基础模型的权重",
    .arguments = "",
    .example = "wanliu lora merge --base bert-base-chinese --adapter my-adapter -o merged",
    .options = merge_options,
    .n_options = sizeof(merge_options) / sizeof(merge_options[0]),
    .run = run_merge,
};
