/* Reading the JSON that libxgboost saves. No library behind it: a model trained elsewhere can be
 * brought in where nothing can train. */
#ifndef WL_MODEL_XGB_JSON_H
#define WL_MODEL_XGB_JSON_H
#include "base/str.h"
#include "model/forest.h"

/* wl_forest_read_xgb - boosted trees with a logistic loss, from libxgboost's JSON model (1.x).
 *   forest_out  (out) checked; free with wl_forest_free.
 * Cost:    O(nodes); about 1.5 KiB of scratch for a node while it runs.
 * Errors:  WL_EPARSE   not JSON.  WL_ESCHEMA  another booster, objective or kind of split, or a key
 *          is missing; says which.  WL_ECORRUPT  the trees are damaged.  WL_ELIMIT, WL_ENOMEM.
 * Source:  xgboost doc/model.schema, 1.7. */
WL_MUST_CHECK wl_status wl_forest_read_xgb(const wl_alloc *alloc, struct wl_str json,
                                           struct wl_forest **forest_out, wl_error *error);

#endif
