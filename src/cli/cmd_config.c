/* config check: read every section the way the stages do, and say in words what was understood. */
#include "cli/commands.h"
#include "workspace.h"

static wl_status run_config_check(struct wl_cli *cli, wl_error *error)
{
    struct wl_workspace workspace = {0};

    WL_TRY(wl_workspace_open(cli->folder, cli->alloc, &workspace, error));
    wl_cli_say(cli, WL_SAY(cli, "%s is fine", "%s 没有问题"), workspace.config_path);
    wl_workspace_release(&workspace);
    return WL_OK;
}

const struct wl_command wl_command_config_check = {
    .name = "config check",
    .summary_en = "check wanliu.yaml and say what it means",
    .summary_zh = "检查 wanliu.yaml 并说明其含义",
    .arguments = "",
    .example = "wanliu config check",
    .run = run_config_check,
};
