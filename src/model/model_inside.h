/* The inside of a model: for the files that make one (model.c, model_file.c, train.c), nobody else.
 */
#ifndef WL_MODEL_MODEL_INSIDE_H
#define WL_MODEL_MODEL_INSIDE_H
#include "model/given.h"
#include "model/model.h"
#include "model/walk.h"

struct wl_model {
    const wl_alloc *alloc;
    struct wl_arena arena; /* owns every text and table below but forest and walk */
    enum wl_algorithm algorithm;
    struct wl_schema schema;
    struct wl_encoder encoder;
    struct wl_forest *forest; /* owned; NULL unless xgboost */
    struct wl_walk walk;      /* compiled from forest */
    struct wl_linear linear;
    struct wl_rule rule;
    struct wl_given given; /* of sequences */
    struct wl_calibrator calibrator;
    struct wl_model_about about;
};

/* wl_model_new - an empty model; every part is filled in by the caller. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_model_new(const wl_alloc *alloc, struct wl_model **model_out,
                                     wl_error *error);

/* wl_schema_copy - a schema with texts of its own. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_schema_copy(struct wl_arena *arena, const struct wl_schema *from,
                                       struct wl_schema *to, wl_error *error);

/* wl_model_finish - check all parts and compile what scoring walks.
 * Errors:  WL_ECORRUPT  a part is out of range.  WL_ESHAPE, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_model_finish(struct wl_model *model, wl_error *error);

#endif
