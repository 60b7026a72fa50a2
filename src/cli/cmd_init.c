/* init: a workspace from a built-in template. */
#include "cli/commands.h"

#include "base/file.h"
#include "compose/script_library.h"
#include "workspace.h"

#include <string.h>

extern const unsigned char wl_workspace_video[];
extern const size_t wl_workspace_video_bytes;
extern const unsigned char wl_workspace_ecommerce[];
extern const size_t wl_workspace_ecommerce_bytes;
extern const unsigned char wl_workspace_snapshot[];
extern const size_t wl_workspace_snapshot_bytes;

bool wl_workspace_template(const char *name, struct wl_str *text)
{
    const struct {
        const char *name;
        const unsigned char *data;
        size_t n_bytes;
    } templates[] = {
        {"video", wl_workspace_video, wl_workspace_video_bytes},
        {"ecommerce", wl_workspace_ecommerce, wl_workspace_ecommerce_bytes},
        {"snapshot", wl_workspace_snapshot, wl_workspace_snapshot_bytes},
    };
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
        if (strcmp(name, templates[i].name) == 0) {
            *text = (struct wl_str){.data = (const char *)templates[i].data,
                                    .n_bytes = templates[i].n_bytes};
            return true;
        }
    }
    return false;
}

// The message templates, to read and to change: the workspace's own go before the built-in ones.
static wl_status copy_scripts(struct wl_cli *cli, wl_error *error)
{
    struct wl_arena *arena = &cli->arena_process;
    const char *folder = wl_path_join(arena, cli->folder, "templates");
    const char *path = folder != NULL ? wl_path_join(arena, folder, "scripts.yaml") : NULL;

    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    if (wl_file_exists(path)) {
        return WL_OK; // somebody's work
    }
    WL_TRY(wl_folder_make(folder, error));
    return wl_file_write(path, wl_library_builtin(), error);
}

static wl_status run_init(struct wl_cli *cli, wl_error *error)
{
    const char *name = wl_cli_text(cli, "template", "video");
    const char *path = wl_path_join(&cli->arena_process, cli->folder, WL_WORKSPACE_CONFIG);
    struct wl_str text;

    if (!wl_workspace_template(name, &text)) {
        return wl_fail(error, WL_EINVAL,
                       "no template \"%s\"; there are video, ecommerce and snapshot", name);
    }
    if (path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    if (wl_file_exists(path)) {
        return wl_fail(error, WL_EEXIST, "%s is there already and stays as it is", path);
    }
    WL_TRY(wl_folder_make(cli->folder, error));
    WL_TRY(wl_file_write(path, text, error));
    WL_TRY(copy_scripts(cli, error));
    wl_cli_say(cli,
               WL_SAY(cli, "wrote %s; edit its sources, then: wanliu ingest FILE",
                      "已写入 %s；请修改其中的 sources，然后运行：wanliu ingest FILE"),
               path);
    return WL_OK;
}

static const struct wl_option options[] = {
    {"template", 't', "NAME", "video (default), ecommerce, or snapshot (one table of customers)",
     "video（默认）、ecommerce，或 snapshot（单张客户表）"},
};

const struct wl_command wl_command_init = {
    .name = "init",
    .summary_en = "make a workspace: a folder with wanliu.yaml",
    .summary_zh = "新建工作区：带 wanliu.yaml 的目录",
    .arguments = "",
    .example = "wanliu init --template ecommerce -C shop",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_init,
};
