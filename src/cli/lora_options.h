/* Options of every training that takes adapters. */
#ifndef WL_CLI_LORA_OPTIONS_H
#define WL_CLI_LORA_OPTIONS_H
#include "cli/cli.h"
#include "nn/lora_order.h"

// clang-format off
#define WL_LORA_OPTIONS                                                                            \
    {"lora", 0, "SETTINGS", "train adapters, not the model: r=16,alpha=32,dropout=0.1,rslora or "  \
     "default", "只训练 LoRA 适配器：r=16,alpha=32,dropout=0.1,rslora 或 default"},                \
    {"targets", 0, "LIST", "layers with adapters: query,value (default: all of a block)",         \
     "加适配器的层：query,value（默认：各层全部线性层）"},                                          \
    {"adapter-rate", 0, "RATE", "learning rate of adapters (default: 1e-4)",                       \
     "适配器的学习率（默认 1e-4）"},                                                               \
    {"unfreeze", 0, "LIST", "parts of the model that learn, too: head,embeddings",                 \
     "同时训练的模型部分：head,embeddings"},                                                       \
    {"base-rate", 0, "RATE", "learning rate of unfrozen parts (default: 1e-6)",                    \
     "解冻部分的学习率（默认 1e-6）"},                                                             \
    {"adapter-out", 0, "DIR", "save the adapters as a PEFT folder, too", "另存适配器为 PEFT 目录"}
// clang-format on

/* wl_cli_lora - what these options say.
 *   order  (out) when --lora was given; texts in the arena of the process.
 *   given  (out) whether it was.
 * Errors:  WL_EINVAL  a setting that does not read, or one of the others without --lora. */
WL_MUST_CHECK wl_status wl_cli_lora(struct wl_cli *cli, struct wl_lora_order *order, bool *given,
                                    wl_error *error);

#endif
