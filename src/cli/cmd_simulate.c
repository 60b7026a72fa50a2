/* simulate: write the files of a simulated company, and say what is in them. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "simulate/simulate.h"

#include <string.h>

static const struct wl_option options[] = {
    {"users", 'n', "N", "customers (20000)", "客户数（20000）"},
    {"days", 'd', "N", "days of history (90)", "历史天数（90）"},
    {"start", 0, "DATE", "first day (2025-01-01)", "第一天（2025-01-01）"},
    {"share-zh", 0, "SHARE", "share of customers who write Chinese (0.8)",
     "使用中文的客户占比（0.8）"},
    {"texts", 0, "N", "texts wanted (one per two customers)", "文本数量（每两位客户一条）"},
    {"out", 'o', "DIR", "folder to write to (data)", "输出文件夹（data）"},
};

static wl_status read_world(struct wl_cli *cli, struct wl_world *world, wl_error *error)
{
    *world = wl_world_default();
    world->seed = (int64_t)cli->seed;
    WL_TRY(wl_cli_int(cli, "users", 1, WL_SIM_USERS_MAX, world->n_users, &world->n_users, error));
    WL_TRY(wl_cli_int(cli, "days", WL_SIM_DAYS_MIN, WL_SIM_DAYS_MAX, world->n_days, &world->n_days,
                      error));
    WL_TRY(wl_cli_int(cli, "texts", 0, WL_SIM_USERS_MAX, 0, &world->n_texts, error));
    WL_TRY(wl_cli_number(cli, "share-zh", 0.0, 1.0, world->share_zh, &world->share_zh, error));
    return wl_cli_date(cli, "start", world->start_us, &world->start_us, error);
}

static wl_status print_summary(struct wl_cli *cli, const struct wl_simulation *made,
                               const char *folder, wl_error *error)
{
    struct wl_buf line;

    wl_buf_init(&line, cli->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&line);
    wl_json_open(&json, '{');
    wl_json_key(&json, "folder");
    wl_json_text(&json, folder);
    const struct {
        const char *key;
        size_t value;
    } counts[] = {{"users", made->n_users},
                  {"events", made->n_events},
                  {"duplicates", made->n_duplicates},
                  {"late", made->n_late},
                  {"texts", made->n_texts},
                  {"texts_churners", made->n_texts_churners},
                  {"left", made->n_left},
                  {"campaign", made->n_campaign}};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        wl_json_key(&json, counts[i].key);
        wl_json_i64(&json, (int64_t)counts[i].value);
    }
    wl_json_key(&json, "churn_monthly");
    wl_json_digits(&json, made->churn_monthly, 4);
    wl_json_close(&json, '}');
    wl_buf_char(&line, '\n');
    wl_status status = wl_buf_check(&line, error);
    if (status == WL_OK) {
        status = wl_cli_out(cli, wl_buf_view(&line), error);
    }
    wl_buf_release(&line);
    return status;
}

static wl_status run_simulate(struct wl_cli *cli, wl_error *error)
{
    struct wl_simulation made = {0};
    struct wl_world world;
    const char *name = wl_cli_text(cli, "out", "data");
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, name);

    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    WL_TRY(read_world(cli, &world, error));
    WL_TRY(wl_simulate(&world, folder, cli->n_threads, cli->alloc, &cli->sink, &made, error));
    if (cli->is_json) {
        return print_summary(cli, &made, folder, error);
    }
    wl_cli_say(
        cli,
        WL_SAY(cli,
               "%s: %zu customers, %zu events, %zu texts; %zu customers left (%.1f %% a "
               "month); %zu in the randomised campaign",
               "%s：%zu 位客户，%zu 个事件，%zu 条文本；%zu 位客户已流失（每月 %.1f %%）；%zu "
               "位参加随机试验"),
        folder, made.n_users, made.n_events, made.n_texts, made.n_left, 100.0 * made.churn_monthly,
        made.n_campaign);
    return WL_OK;
}

const struct wl_command wl_command_simulate = {
    .name = "simulate",
    .summary_en = "write the data of a simulated video site, with known causes and effects",
    .summary_zh = "生成一家模拟视频网站的数据，因果关系已知",
    .arguments = "",
    .example = "wanliu simulate --users 1000 --days 60 --out data",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_simulate,
};
