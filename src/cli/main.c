/* The program: its table of commands in the order of the journey. */
#include "cli/commands.h"

// clang-format off: one a line, in the order of the journey
static const struct wl_command *const commands[] = {
    &wl_command_init,
    &wl_command_config_check,
    &wl_command_simulate,
    &wl_command_ingest,
    &wl_command_text_mask,
    &wl_command_text_normalize,
    &wl_command_text_segment,
    &wl_command_text_keywords,
    &wl_command_text_reasons,
    &wl_command_text_trends,
    &wl_command_text_train,
    &wl_command_text_evaluate,
    &wl_command_text_classify,
    &wl_command_text_embed,
    &wl_command_text_pretrain,
    &wl_command_text_export,
    &wl_command_features_list,
    &wl_command_features_build,
    &wl_command_features_get,
    &wl_command_features_diff,
    &wl_command_label,
    &wl_command_train,
    &wl_command_evaluate,
    &wl_command_score,
    &wl_command_explain,
    &wl_command_alerts,
    &wl_command_inspect,
    &wl_command_template_lint,
    &wl_command_template_render,
    &wl_command_template_coverage,
    &wl_command_script_corpus,
    &wl_command_script_train,
    &wl_command_script_generate,
    &wl_command_script_tokens,
    &wl_command_report,
    &wl_command_model_list,
    &wl_command_model_promote,
    &wl_command_model_rollback,
    &wl_command_model_history,
    &wl_command_lora_info,
    &wl_command_lora_export,
    &wl_command_lora_merge,
    &wl_command_demo,
    &wl_command_help,
    &wl_command_man,
    &wl_command_completion,
};
// clang-format on

const struct wl_command *const *wl_cli_commands(size_t *n_commands)
{
    *n_commands = sizeof(commands) / sizeof(commands[0]);
    return commands;
}

int main(int argc, char **argv)
{
    size_t n_commands;
    const struct wl_command *const *table = wl_cli_commands(&n_commands);
    return wl_cli_main(table, n_commands, argc - 1, (const char *const *)(argv + 1));
}
