/* The table of contents: which stage reads what, in order. Nothing clever happens here. */
#include "journey.h"

#include "base/clock.h"
#include "data/schema.h"
#include "features/build.h"
#include "journey_reasons.h"
#include "journey_sequences.h"
#include "journey_text_churn.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static wl_status read_sections(struct wl_journey *journey, wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    struct wl_arena *arena = &workspace->arena;

    WL_TRY(wl_tiers_read(arena, workspace->tiers, &journey->tiers, error));
    WL_TRY(wl_split_read(arena, workspace->split, &journey->split, error));
    WL_TRY(
        wl_dates_read(arena, workspace->dates, workspace->utc_offset_us, &journey->dates, error));
    WL_TRY(wl_text_settings_read(arena, workspace->texts, &journey->texts, error));
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
    if (status == WL_OK) {
        status = wl_taxonomy_open(&journey->workspace, run->alloc, &journey->taxonomy, error);
    }
    if (status != WL_OK) {
        wl_journey_close(journey);
    }
    return status;
}

void wl_journey_close(struct wl_journey *journey)
{
    wl_readers_release(&journey->readers);
    wl_text_classifier_free(journey->text_churn);
    wl_event_model_free(journey->sequences);
    wl_company_free(journey->company);
    wl_text_classifier_free(journey->taxonomy);
    wl_workspace_release(&journey->workspace);
    *journey = (struct wl_journey){0};
}

static bool are_open(const struct wl_readers *readers, const char *const *names)
{
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        const struct wl_reader *reader = &readers->items[i];
        if (reader->classifier == NULL || strcmp(reader->name, names[i]) != 0) {
            return false;
        }
    }
    return true;
}

wl_status wl_journey_read_texts(struct wl_journey *journey, wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    const struct wl_run *run = &journey->run;
    bool is_planned = journey->plan != NULL && journey->plan->needs_readings;
    const char *const *names = is_planned ? journey->plan->readers : journey->texts.readers;
    struct wl_readers readers;

    if (are_open(&journey->readers, names)) {
        return WL_OK;
    }
    WL_TRY(wl_readers_open(run->alloc, &workspace->arena, workspace, names, run->sink, &readers,
                           error));
    wl_status status =
        wl_readers_apply(&readers, journey->company, run->n_threads, run->sink, error);
    if (status != WL_OK) {
        wl_readers_release(&readers);
        return status;
    }
    wl_readers_release(&journey->readers);
    journey->readers = readers;
    return WL_OK;
}

// Records and plan may come in either order.
static wl_status read_when_needed(struct wl_journey *journey, wl_error *error)
{
    bool is_needed = journey->plan != NULL && journey->plan->needs_readings;
    return is_needed && journey->company != NULL ? wl_journey_read_texts(journey, error) : WL_OK;
}

wl_status wl_journey_load(struct wl_journey *journey, wl_error *error)
{
    const struct wl_run *run = &journey->run;
    struct wl_company *company = NULL;

    WL_TRY(wl_workspace_load(&journey->workspace, run->alloc, run->sink, &company, error));
    wl_company_free(journey->company);
    journey->company = company;
    wl_readers_release(&journey->readers);
    return read_when_needed(journey, error);
}

// The columns that other models fill, as a feature set would declare them.
static wl_status declare_given(struct wl_journey *journey, const struct wl_node **given,
                               wl_error *error)
{
    static const char text[] =
        "{\"name\":\"" WL_TEXT_CHURN_FEATURE "\",\"zh\":\"从留言读出的流失倾向\","
        "\"en\":\"tendency to leave, read from messages\",\"unit_zh\":\"%\",\"unit_en\":\"%\","
        "\"code\":\"support_issue\"}";
    static const char sequence[] =
        "{\"name\":\"" WL_SEQUENCE_FEATURE
        "\",\"zh\":\"从行为的先后顺序整体读出的流失倾向（不指明具体行为）\","
        "\"en\":\"tendency to leave, read from all events in their order (single ones are not "
        "explained)\",\"unit_zh\":\"%\",\"unit_en\":\"%\"}";
    bool has_both = journey->texts.has_churn && journey->has_sequences;
    struct wl_node *root = NULL;
    char list[1024];

    if (journey->texts.has_churn || journey->has_sequences) {
        (void)snprintf(list, sizeof(list), "[%s%s%s]", journey->texts.has_churn ? text : "",
                       has_both ? "," : "", journey->has_sequences ? sequence : "");
        WL_TRY(wl_json_parse(&journey->workspace.arena, wl_str_from(list), &root, error));
        *given = root;
    }
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
        const char **readers =
            wl_arena_zeroed(&workspace->arena, WL_READ_COUNT, sizeof(const char *));
        if (readers == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for names of readers");
        }
        WL_TRY(wl_text_readers_pin(&workspace->arena, workspace->models_path,
                                   journey->texts.readers, readers, error));
        options.readers = readers;
        WL_TRY(declare_given(journey, &options.given, error));
        wl_status status = wl_plan_compile(&workspace->arena, workspace->features, &options,
                                           &journey->plan, error);
        WL_TRY(wl_workspace_fail(workspace, status, error));
        return read_when_needed(journey, error);
    }
    WL_TRY(wl_json_parse(&workspace->arena, definition, &root, error));
    wl_status status = wl_plan_compile(&workspace->arena, root, &options, &journey->plan, error);
    if (status == WL_ECONFIG) {
        return wl_fail_at(error, WL_ESCHEMA, "the model's feature set no longer compiles");
    }
    WL_TRY(status);
    return read_when_needed(journey, error);
}

static bool is_in_audience(void *context, uint32_t user, int64_t as_of_us, const float *values)
{
    const struct wl_labels *labels = context;
    size_t i = wl_labels_find(labels, user, as_of_us);

    (void)values;
    return i != SIZE_MAX && labels->status[i] != WL_LABEL_NOT_ELIGIBLE;
}

static wl_status fill_given(const struct wl_journey *journey, struct wl_rows *rows, wl_error *error)
{
    size_t i_text = wl_plan_find(journey->plan, WL_STR(WL_TEXT_CHURN_FEATURE));
    size_t i_sequence = wl_plan_find(journey->plan, WL_STR(WL_SEQUENCE_FEATURE));
    size_t n_threads = journey->run.n_threads;

    if (i_text != SIZE_MAX && journey->text_churn != NULL) {
        WL_TRY(wl_text_churn_fill(journey->text_churn, journey->company, i_text, n_threads, rows,
                                  error));
    }
    if (i_sequence != SIZE_MAX && journey->sequences != NULL) {
        WL_TRY(wl_sequence_churn_fill(journey->sequences, journey->company, i_sequence, n_threads,
                                      rows, error));
    }
    return WL_OK;
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
    status = fill_given(journey, rows, error);
    if (status != WL_OK) {
        wl_rows_release(rows);
        goto done;
    }
    if (labels != NULL) {
        *labels = found;
        found = (struct wl_labels){0};
    }
done:
    wl_labels_release(&found);
    return status;
}
