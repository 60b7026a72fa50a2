/* Lines are gathered and written at the end of an epoch: a write for each update would wait for the
 * disk as long as for the update. */
#include "cli/run_log.h"

#include "base/clock.h"
#include "base/file.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define PENDING_BYTES ((size_t)1 << 16)

double wl_run_log_seconds(void *context)
{
    struct timespec now = {0};

    (void)context;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int64_t now_us(const struct wl_run_log *log)
{
    return log->cli->now_us + (int64_t)((wl_run_log_seconds(NULL) - log->started) * 1e6);
}

static wl_status open_mlflow(struct wl_run_log *log, const char *folder, const char *experiment,
                             const char *name, wl_error *error)
{
    char here[WL_PATH_BYTES_MAX];
    const char *absolute = folder;

    if (folder[0] != '/' && getcwd(here, sizeof(here)) != NULL) {
        absolute = wl_path_join(&log->cli->arena_process, here, folder);
    }
    return wl_mlflow_open(log->cli->alloc, absolute != NULL ? absolute : folder, experiment, name,
                          log->cli->now_us, &log->mlflow, error);
}

wl_status wl_run_log_open(struct wl_cli *cli, const char *experiment, const char *name,
                          bool goes_on, struct wl_run_log *log, wl_error *error)
{
    const char *folder = wl_cli_text(cli, "mlflow", NULL);

    *log = (struct wl_run_log){
        .cli = cli, .path = wl_cli_text(cli, "run-log", NULL), .started = wl_run_log_seconds(NULL)};
    wl_buf_init(&log->pending, cli->alloc, 0);
    if (log->path != NULL && !goes_on) {
        WL_TRY(wl_file_write(log->path, WL_STR(""), error));
    }
    return folder != NULL ? open_mlflow(log, folder, experiment, name, error) : WL_OK;
}

static wl_status flush(struct wl_run_log *log, wl_error *error)
{
    WL_TRY(wl_buf_check(&log->pending, error));
    if (log->path != NULL && log->pending.n_bytes > 0) {
        WL_TRY(wl_file_append(log->path, wl_buf_view(&log->pending), error));
    }
    wl_buf_clear(&log->pending);
    return log->mlflow != NULL ? wl_mlflow_flush(log->mlflow, error) : WL_OK;
}

wl_status wl_run_log_line(void *context, struct wl_str line, wl_error *error)
{
    struct wl_run_log *log = context;
    bool is_update = line.n_bytes > 10 && memcmp(line.data, "{\"update\":", 10) == 0;

    wl_buf_str(&log->pending, line);
    wl_buf_char(&log->pending, '\n');
    if (log->mlflow != NULL) {
        WL_TRY(wl_mlflow_line(log->mlflow, line, now_us(log), error));
    }
    return is_update && log->pending.n_bytes < PENDING_BYTES ? WL_OK : flush(log, error);
}

wl_status wl_run_log_params(struct wl_run_log *log, struct wl_str list, wl_error *error)
{
    while (log->mlflow != NULL && list.n_bytes > 0) {
        struct wl_str value = wl_str_cut(&list, ',');
        struct wl_str key = wl_str_cut(&value, '=');
        const char *name = wl_arena_string(&log->cli->arena_process, key);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for a parameter");
        }
        WL_TRY(wl_mlflow_param(log->mlflow, name, value, error));
    }
    return WL_OK;
}

wl_status wl_run_log_metric(struct wl_run_log *log, const char *key, double value, wl_error *error)
{
    return log->mlflow != NULL ? wl_mlflow_metric(log->mlflow, key, value, 0, now_us(log), error)
                               : WL_OK;
}

wl_status wl_run_log_end(struct wl_run_log *log, bool is_finished, wl_error *error)
{
    WL_TRY(flush(log, error));
    return log->mlflow != NULL ? wl_mlflow_end(log->mlflow, is_finished, now_us(log), error)
                               : WL_OK;
}

void wl_run_log_close(struct wl_run_log *log)
{
    wl_mlflow_close(log->mlflow);
    log->mlflow = NULL;
    if (log->cli != NULL) {
        wl_buf_release(&log->pending);
    }
}
