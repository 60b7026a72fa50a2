/* text export: a kept BERT classifier as a Hugging Face folder, for other programs. */
#include "cli/commands.h"

#include "base/file.h"
#include "model/text_model.h"
#include "nn/bert_folder.h"
#include "nn/text_bert.h"

#include <string.h>

static wl_status read_type(const struct wl_cli *cli, enum wl_safetensor_type *type, wl_error *error)
{
    static const struct {
        const char *name;
        enum wl_safetensor_type type;
    } types[] = {
        {"f32", WL_SAFETENSOR_F32}, {"f16", WL_SAFETENSOR_F16}, {"bf16", WL_SAFETENSOR_BF16}};
    const char *given = wl_cli_text(cli, "number", "f32");

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(given, types[i].name) == 0) {
            *type = types[i].type;
            return WL_OK;
        }
    }
    return wl_fail(error, WL_EINVAL, "--number wants f32, f16 or bf16, not \"%s\"", given);
}

static wl_status export_model(struct wl_cli *cli, const struct wl_text_model *model,
                              const char *out, enum wl_safetensor_type type, wl_error *error)
{
    const struct wl_bert_folder *folder = wl_text_bert_folder(model->classifier);

    if (folder == NULL) {
        return wl_fail(error, WL_EINVAL,
                       "text model %s is of kind %s: only a BERT is a Hugging Face folder",
                       cli->arguments[0], wl_text_classifier_about(model->classifier)->algorithm);
    }
    WL_TRY(wl_bert_folder_save(folder, out, type, error));
    wl_cli_say(cli, WL_SAY(cli, "%s version %lld written to %s", "已将 %s 第 %lld 版写入 %s"),
               cli->arguments[0], (long long)model->entry.version, out);
    return WL_OK;
}

static wl_status run_text_export(struct wl_cli *cli, wl_error *error)
{
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, "models");
    const char *out = wl_cli_text(cli, "out", NULL);
    enum wl_safetensor_type type = WL_SAFETENSOR_F32;
    struct wl_text_model model = {.classifier = NULL};

    if (cli->n_arguments != 1 || out == NULL) {
        return wl_fail(error, WL_EINVAL, "text export wants the NAME of a model and --out DIR");
    }
    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    WL_TRY(read_type(cli, &type, error));
    WL_TRY(wl_text_model_open(&cli->arena_process, folder, cli->arguments[0],
                              wl_cli_text(cli, "model", NULL), &model, error));
    wl_status status = export_model(cli, &model, out, type, error);
    wl_text_model_close(&model);
    return status;
}

static const struct wl_option export_options[] = {
    {"out", 'o', "DIR", "the folder to write; it must not be there", "要写入的目录，必须尚不存在"},
    {"model", 0, "VERSION", "version or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"number", 0, "f32|f16|bf16", "of the weights (default: f32)", "权重的数值类型（默认：f32）"},
};

const struct wl_command wl_command_text_export = {
    .name = "text export",
    .summary_en = "write a fine-tuned BERT as a Hugging Face folder",
    .summary_zh = "把微调后的 BERT 写成 Hugging Face 目录",
    .arguments = "NAME",
    .example = "wanliu text export intent -o intent-bert",
    .options = export_options,
    .n_options = sizeof(export_options) / sizeof(export_options[0]),
    .run = run_text_export,
};
