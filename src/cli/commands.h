/* Every command of the program, one per cmd_<verb>.c. */
#ifndef WL_CLI_COMMANDS_H
#define WL_CLI_COMMANDS_H
#include "cli/cli.h"

extern const struct wl_command wl_command_init;
extern const struct wl_command wl_command_config_check;
extern const struct wl_command wl_command_simulate;
extern const struct wl_command wl_command_ingest;
extern const struct wl_command wl_command_text_mask;
extern const struct wl_command wl_command_text_normalize;
extern const struct wl_command wl_command_text_segment;
extern const struct wl_command wl_command_text_keywords;
extern const struct wl_command wl_command_text_reasons;
extern const struct wl_command wl_command_text_trends;
extern const struct wl_command wl_command_text_train;
extern const struct wl_command wl_command_text_evaluate;
extern const struct wl_command wl_command_text_classify;
extern const struct wl_command wl_command_text_embed;
extern const struct wl_command wl_command_text_pretrain;
extern const struct wl_command wl_command_text_export;
extern const struct wl_command wl_command_features_list;
extern const struct wl_command wl_command_features_build;
extern const struct wl_command wl_command_features_get;
extern const struct wl_command wl_command_features_diff;
extern const struct wl_command wl_command_label;
extern const struct wl_command wl_command_train;
extern const struct wl_command wl_command_evaluate;
extern const struct wl_command wl_command_score;
extern const struct wl_command wl_command_explain;
extern const struct wl_command wl_command_alerts;
extern const struct wl_command wl_command_inspect;
extern const struct wl_command wl_command_template_lint;
extern const struct wl_command wl_command_template_render;
extern const struct wl_command wl_command_template_coverage;
extern const struct wl_command wl_command_script_corpus;
extern const struct wl_command wl_command_script_train;
extern const struct wl_command wl_command_script_generate;
extern const struct wl_command wl_command_script_tokens;
extern const struct wl_command wl_command_report;
extern const struct wl_command wl_command_model_list;
extern const struct wl_command wl_command_model_promote;
extern const struct wl_command wl_command_model_rollback;
extern const struct wl_command wl_command_model_history;
extern const struct wl_command wl_command_lora_info;
extern const struct wl_command wl_command_lora_export;
extern const struct wl_command wl_command_lora_merge;
extern const struct wl_command wl_command_demo;
extern const struct wl_command wl_command_help;
extern const struct wl_command wl_command_man;
extern const struct wl_command wl_command_completion;

/* wl_workspace_template - text of a built-in wanliu.yaml: "video", "ecommerce", "snapshot"; false
 * when there is none of that name. */
bool wl_workspace_template(const char *name, struct wl_str *text);

/* wl_cli_score_text - `wanliu score --text`: one JSON line with p_churn and tier. */
WL_MUST_CHECK wl_status wl_cli_score_text(struct wl_cli *cli, const char *text, wl_error *error);

#endif
