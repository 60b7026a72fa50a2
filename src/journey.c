/* The table of contents: which stage reads what, in order. Nothing clever happens here. */
#include "journey.h"

#include "base/clock.h"
#include "data/schema.h"
#include "features/build.h"

#include <math.h>
#include <string.h>

static wl_status read_sections(struct wl_journey *journey, wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    struct wl_arena *arena = &workspace->arena;

    WL_TRY(wl_tiers_read(arena, workspace->tiers, &journey->tiers, error));
    WL_TRY(wl_split_read(arena, workspace->split, &journey->split, error));
    WL_TRY(
        wl_dates_read(arena, workspace->dates, workspace->utc_offset_us, &journey->dates, error));
    journey->has_churn = workspace->churn != NULL;
    if (journey->has_churn) {
        WL_TRY(wl_churn_read(arena, workspace->churn, &journey->churn, error));
    }
    return WL_OK;
}

wl_status wl_journey_open(const char *folder, const struct wl_run *run, struct wl_journey *journey,
                          wl_error *error)
{
    *journey = (struct wl_journey){.run = *run};
    wl_status status = wl_workspace_open(folder, run->alloc, &journey->workspace, error);
    if (status == WL_OK) {
        status = wl_workspace_fail(&journey->workspace, read_sections(journey, error), error);
    }
    if (status != WL_OK) {
        wl_journey_close(journey);
    }
    return status;
}

void wl_journey_close(struct wl_journey *journey)
{
    wl_company_free(journey->company);
    wl_workspace_release(&journey->workspace);
    *journey = (struct wl_journey){0};
}

wl_status wl_journey_load(struct wl_journey *journey, wl_error *error)
{
    const struct wl_run *run = &journey->run;
    struct wl_company *company = NULL;

    WL_TRY(wl_workspace_load(&journey->workspace, run->alloc, run->sink, &company, error));
    wl_company_free(journey->company);
    journey->company = company;
    return WL_OK;
}

wl_status wl_journey_plan(struct wl_journey *journey, struct wl_str definition, wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    const char *exclude[] = {journey->churn.attribute, NULL}; // the label is never a feature
    struct wl_plan_options options = {
        .utc_offset_us = workspace->utc_offset_us, .company = journey->company, .exclude = exclude};
    struct wl_node *root = NULL;

    if (definition.n_bytes == 0) {
        wl_status status = wl_plan_compile(&workspace->arena, workspace->features, &options,
                                           &journey->plan, error);
        return wl_workspace_fail(workspace, status, error);
    }
    WL_TRY(wl_json_parse(&workspace->arena, definition, &root, error));
    wl_status status = wl_plan_compile(&workspace->arena, root, &options, &journey->plan, error);
    if (status == WL_ECONFIG) {
        return wl_fail_at(error, WL_ESCHEMA, "the model's feature set no longer compiles");
    }
    return status;
}

static bool is_in_audience(void *context, uint32_t user, int64_t as_of_us, const float *values)
{
    const struct wl_labels *labels = context;
    size_t i = wl_labels_find(labels, user, as_of_us);

    (void)values;
    return i != SIZE_MAX && labels->status[i] != WL_LABEL_NOT_ELIGIBLE;
}

wl_status wl_journey_rows(struct wl_journey *journey, const int64_t *dates_us, size_t n_dates,
                          struct wl_labels *labels, struct wl_rows *rows, wl_error *error)
{
    struct wl_labels found = {0};
    struct wl_features_request request = {.plan = journey->plan,
                                          .company = journey->company,
                                          .dates_us = dates_us,
                                          .n_dates = n_dates,
                                          .n_threads = journey->run.n_threads,
                                          .sink = journey->run.sink};
    wl_status status = WL_OK;

    if (journey->has_churn) {
        status = wl_labels_build(&journey->churn, journey->company, dates_us, n_dates, &found, NULL,
                                 error);
        WL_GO(wl_workspace_fail(&journey->workspace, status, error));
        request.keep = is_in_audience;
        request.keep_context = &found;
    }
    WL_GO(wl_features_build(&request, journey->run.alloc, rows, error));
    if (labels != NULL) {
        *labels = found;
        found = (struct wl_labels){0};
    }
done:
    wl_labels_release(&found);
    return status;
}
