/* A training's parameters, curves and tags in the layout of MLflow's file store, so that
 * `mlflow ui --backend-store-uri DIR` shows it beside others:
 *
 *   DIR/<experiment id>/meta.yaml
 *   DIR/<experiment id>/<run id>/meta.yaml
 *   DIR/<experiment id>/<run id>/params/<key>     the value
 *   DIR/<experiment id>/<run id>/metrics/<key>    lines "milliseconds value step"
 *   DIR/<experiment id>/<run id>/tags/<key>       the value
 *
 * Curves are kept in memory and written by wl_mlflow_flush; a run that broke off is shown as
 * running, with what was flushed. */
#ifndef WL_LEARN_MLFLOW_H
#define WL_LEARN_MLFLOW_H
#include "base/buf.h"

struct wl_mlflow;

/* wl_mlflow_open - begin a run.
 *   folder      (in) DIR; made when it is not there. An absolute path makes artifacts findable.
 *   experiment  (in) its name; found by name, or made.
 *   name        (in) of the run, for people.
 *   at_us       (in) now.
 * Errors:  WL_EINVAL  a name with a line end.  WL_EIO, WL_ENOTFOUND (the folder's parent),
 *          WL_ENOMEM. Close with wl_mlflow_close. */
WL_MUST_CHECK wl_status wl_mlflow_open(const wl_alloc *alloc, const char *folder,
                                       const char *experiment, const char *name, int64_t at_us,
                                       struct wl_mlflow **mlflow_out, wl_error *error);

/* wl_mlflow_param - a value that the run has once; wl_mlflow_tag - the same as a tag. Keys have
 * letters, digits, '_', '-' and '.'. Errors: WL_EINVAL, WL_EIO. */
WL_MUST_CHECK wl_status wl_mlflow_param(struct wl_mlflow *mlflow, const char *key,
                                        struct wl_str value, wl_error *error);
WL_MUST_CHECK wl_status wl_mlflow_tag(struct wl_mlflow *mlflow, const char *key,
                                      struct wl_str value, wl_error *error);

/* wl_mlflow_metric - a point of a curve; what is not finite is left out.
 * Errors:  WL_EINVAL  a key like that.  WL_ELIMIT  more than 64 curves.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_mlflow_metric(struct wl_mlflow *mlflow, const char *key, double value,
                                         int64_t step, int64_t at_us, wl_error *error);

/* wl_mlflow_line - every number of a JSON line of a run log as a metric; "update", or else "epoch",
 * is the step. Errors: those of wl_json_parse and wl_mlflow_metric. */
WL_MUST_CHECK wl_status wl_mlflow_line(struct wl_mlflow *mlflow, struct wl_str line, int64_t at_us,
                                       wl_error *error);

/* wl_mlflow_flush - write what curves gathered. Errors: WL_EIO. */
WL_MUST_CHECK wl_status wl_mlflow_flush(struct wl_mlflow *mlflow, wl_error *error);

/* wl_mlflow_end - flush and say how the run ended: finished, or failed. Errors: WL_EIO. */
WL_MUST_CHECK wl_status wl_mlflow_end(struct wl_mlflow *mlflow, bool is_finished, int64_t at_us,
                                      wl_error *error);

/* wl_mlflow_close - give the memory back; NULL is fine. */
void wl_mlflow_close(struct wl_mlflow *mlflow);

#endif
