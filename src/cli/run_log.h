/* The run log of a training: JSON lines into a file (--run-log) and MLflow's file store (--mlflow).
 * Trainings hand their lines to wl_run_log_line and ask wl_run_log_seconds for the time. */
#ifndef WL_CLI_RUN_LOG_H
#define WL_CLI_RUN_LOG_H
#include "cli/cli.h"
#include "learn/mlflow.h"

struct wl_run_log {
    struct wl_cli *cli;
    const char *path;         /* of the file, or NULL */
    struct wl_mlflow *mlflow; /* or NULL; owned */
    struct wl_buf pending;    /* lines not yet written */
    double started;           /* seconds */
};

/* Options, for the tables of commands. */
#define WL_RUN_LOG_OPTIONS                                                                         \
    {"run-log", 0, "FILE", "JSON lines of every update and epoch",                                 \
     "逐步、逐轮记录训练过程的 JSON 行文件"},                                                      \
    {                                                                                              \
        "mlflow", 0, "DIR", "the run in MLflow's file store, for mlflow ui",                       \
            "把本次训练写入 MLflow 的文件存储，供 mlflow ui 查看"                  \
    }

/* wl_run_log_open - what --run-log and --mlflow ask for.
 *   name       (in) of the run.
 *   goes_on    (in) lines are added to the file of an earlier, broken training.
 * Errors:  those of files and of wl_mlflow_open. Close with wl_run_log_close, on failure too. */
WL_MUST_CHECK wl_status wl_run_log_open(struct wl_cli *cli, const char *experiment,
                                        const char *name, bool goes_on, struct wl_run_log *log,
                                        wl_error *error);

/* wl_run_log_line - one JSON line; the context is a struct wl_run_log. wl_run_log_seconds - seconds
 * since some moment. */
wl_status wl_run_log_line(void *context, struct wl_str line, wl_error *error);
double wl_run_log_seconds(void *context);

/* wl_run_log_params - "a=1,b=2" as parameters of the run. Errors: WL_EINVAL, WL_EIO. */
WL_MUST_CHECK wl_status wl_run_log_params(struct wl_run_log *log, struct wl_str list,
                                          wl_error *error);

/* wl_run_log_metric - one figure of the finished model, such as its accuracy.
 * Errors:  as wl_mlflow_metric. */
WL_MUST_CHECK wl_status wl_run_log_metric(struct wl_run_log *log, const char *key, double value,
                                          wl_error *error);

/* wl_run_log_end - write what is pending, and how it ended. Errors: WL_EIO.
 * wl_run_log_close - give all back; zeroed is fine. */
WL_MUST_CHECK wl_status wl_run_log_end(struct wl_run_log *log, bool is_finished, wl_error *error);
void wl_run_log_close(struct wl_run_log *log);

#endif
