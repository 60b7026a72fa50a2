/* Batch is the stream run fast: the same states, the same apply, the same read-out. What is known
 * of one user is brought together by a counting sort, applied in the order it became known, and
 * read at each date on the way; so one worker holds one state, which stays in its cache.
 *
 *     company columns --(group by user)--> per user: events, texts, attributes by received time
 *     for each date T: apply what was received up to T, read the row
 *
 * The place of every row is known before the workers start (users in byte order, dates rising), so
 * they share nothing and the result does not depend on them. Rows the audience does not want leave
 * gaps, which are closed at the end. */
#include "features/build.h"

#include "base/thread.h"
#include "features/grouping.h"
#include "features/state.h"

#include <stdlib.h>
#include <string.h>

#define PIECE_USERS 64 /* one piece of work: some ten thousand events */

struct worker {
    struct wl_state state;
    struct wl_known *known; /* what became known of the user at hand; owned */
    size_t known_capacity;
};

struct build {
    const struct wl_features_request *request;
    const wl_alloc *alloc;
    const int64_t *dates_us; /* (n_dates) rising */
    size_t n_dates;
    struct wl_binding binding;
    struct wl_grouping grouping;
    bool needs_props;
    struct worker workers[WL_THREADS_MAX];
    size_t n_workers;
    struct wl_rows *rows;
    bool *is_kept; /* (n_rows) */
};

static wl_status apply_known(const struct build *build, struct wl_state *state,
                             const struct wl_known *known, wl_error *error)
{
    const struct wl_company *company = build->request->company;
    const struct wl_events *events = &company->events;
    size_t i = known->index;

    switch (known->kind) {
    case WL_KNOWN_EVENT: {
        struct wl_event event = {.user = events->user[i],
                                 .name = events->name[i],
                                 .event_us = events->event_us[i],
                                 .received_us = events->received_us[i],
                                 .value_e4 = events->value_e4[i]};
        if (build->needs_props) {
            event = wl_company_event(company, i);
        }
        return wl_state_apply_event(state, &build->binding, &event, error);
    }
    case WL_KNOWN_TEXT:
        return wl_state_apply_text(state, &build->binding, &company->texts.texts[i], error);
    case WL_KNOWN_ATTRIBUTE:
        return wl_state_apply_attribute(state, &build->binding, &company->attributes.items[i],
                                        error);
    }
    return WL_OK;
}

static wl_status build_user(struct build *build, struct worker *worker,
                            const struct wl_grouped_user *user, wl_error *error)
{
    const struct wl_plan *plan = build->request->plan;
    const struct wl_features_request *request = build->request;
    size_t i_row = user->i_row_first;
    size_t n_applied = 0;
    size_t n_known = 0;

    WL_TRY(wl_grouping_collect(&build->grouping, user->user, build->alloc, &worker->known,
                               &worker->known_capacity, &n_known, error));
    wl_state_reset(&worker->state);
    for (size_t d = build->n_dates - user->n_dates; d < build->n_dates; d++, i_row++) {
        int64_t as_of_us = build->dates_us[d];
        float *values = build->rows->values + i_row * plan->n_features;
        while (n_applied < n_known && worker->known[n_applied].received_us <= as_of_us) {
            WL_TRY(apply_known(build, &worker->state, &worker->known[n_applied], error));
            n_applied++;
        }
        WL_TRY(wl_state_row(plan, &worker->state, as_of_us, values, error));
        build->rows->as_of_us[i_row] = as_of_us;
        build->is_kept[i_row] = request->keep == NULL ||
                                request->keep(request->keep_context, user->user, as_of_us, values);
    }
    return WL_OK;
}

static wl_status build_piece(void *context, size_t begin, size_t end, size_t i_worker,
                             wl_error *error)
{
    struct build *build = context;
    const struct wl_grouping *grouping = &build->grouping;

    if (i_worker == 0) {
        wl_progress(build->request->sink, "features", (double)begin / (double)grouping->n_users);
    }
    for (size_t i = begin; i < end; i++) {
        wl_status status = build_user(build, &build->workers[i_worker], &grouping->users[i], error);
        if (status != WL_OK) {
            struct wl_str id =
                wl_dict_string(&build->request->company->users, grouping->users[i].user);
            return wl_fail_at(error, status, "user %.*s", WL_STR_ARG(id));
        }
    }
    return WL_OK;
}

// Rows the audience did not want are closed over; the others get their user.
static wl_status close_gaps(struct build *build, wl_error *error)
{
    struct wl_rows *rows = build->rows;
    const struct wl_grouping *grouping = &build->grouping;
    size_t n_features = build->request->plan->n_features;
    size_t n_kept = 0;

    for (size_t i = 0; i < grouping->n_users; i++) {
        const struct wl_grouped_user *user = &grouping->users[i];
        struct wl_str id = wl_dict_string(&build->request->company->users, user->user);
        for (size_t d = 0; d < user->n_dates; d++) {
            size_t i_row = user->i_row_first + d;
            if (!build->is_kept[i_row]) {
                continue;
            }
            WL_TRY(wl_dict_intern(&rows->users, id, &rows->user[n_kept], error));
            rows->as_of_us[n_kept] = rows->as_of_us[i_row];
            if (n_kept < i_row) {
                memcpy(rows->values + n_kept * n_features, rows->values + i_row * n_features,
                       n_features * sizeof(float));
            }
            n_kept++;
        }
    }
    rows->n_rows = n_kept;
    return WL_OK;
}

// Notes the level an attribute's value becomes; the state knows how.
static wl_status note_level(struct wl_state *state, const struct wl_binding *binding,
                            const struct wl_attribute *attribute, size_t i_feature,
                            struct wl_rows *rows, wl_error *error)
{
    float code;

    wl_state_reset(state);
    WL_TRY(wl_state_apply_attribute(state, binding, attribute, error));
    struct wl_str level = wl_state_level(state, i_feature);
    return level.data != NULL ? wl_rows_note_level(rows, level, &code, error) : WL_OK;
}

// Column of a category by key of the company, SIZE_MAX for others; the caller frees
// it.
static size_t *columns_of_keys(const struct wl_binding *binding)
{
    size_t *columns = wl_alloc_array(binding->alloc, binding->n_keys + 1, sizeof(*columns));

    for (size_t key = 0; columns != NULL && key < binding->n_keys; key++) {
        columns[key] = SIZE_MAX;
        for (size_t f = 0; f < binding->plan->n_features; f++) {
            const struct wl_feature *feature = &binding->plan->features[f];
            if (feature->kind == WL_FEATURE_CATEGORY &&
                feature->i_attribute == binding->attribute_of_key[key]) {
                columns[key] = f;
            }
        }
    }
    return columns;
}

wl_status wl_features_note_levels(const struct wl_plan *plan, const struct wl_company *company,
                                  struct wl_rows *rows, wl_error *error)
{
    struct wl_state state = {0};
    struct wl_binding binding = {0};
    struct wl_map64 seen;
    size_t *columns = NULL;
    wl_status status;

    wl_map64_init(&seen, rows->alloc);
    WL_GO(wl_binding_init(&binding, rows->alloc, plan, company, error));
    WL_GO(wl_state_init(&state, rows->alloc, plan, error));
    columns = columns_of_keys(&binding);
    if (columns == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for category levels");
        goto done;
    }
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *attribute = &company->attributes.items[i];
        uint64_t pair = ((uint64_t)attribute->key << 32 | attribute->string) + 1;
        bool is_new = true;
        if (columns[attribute->key] == SIZE_MAX) {
            continue;
        }
        if (attribute->kind == WL_VALUE_STRING && wl_map64_at(&seen, pair, &is_new) == NULL) {
            status = wl_fail(error, WL_ENOMEM, "no memory for category levels");
            goto done;
        }
        if (is_new) {
            WL_GO(note_level(&state, &binding, attribute, columns[attribute->key], rows, error));
        }
    }
    status = WL_OK;
done:
    wl_alloc_free(rows->alloc, columns);
    wl_map64_release(&seen);
    wl_state_release(&state);
    wl_binding_release(&binding);
    return status;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

// Rising dates, each once.
static wl_status sort_dates(struct build *build, int64_t *dates_us, wl_error *error)
{
    const struct wl_features_request *request = build->request;
    size_t n = 0;

    if (request->n_dates == 0) {
        return wl_fail(error, WL_EINVAL, "no date to compute features for");
    }
    if (request->n_dates > WL_DATES_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu dates are more than %d", request->n_dates,
                       WL_DATES_MAX);
    }
    memcpy(dates_us, request->dates_us, request->n_dates * sizeof(*dates_us));
    qsort(dates_us, request->n_dates, sizeof(*dates_us), compare_times);
    for (size_t i = 0; i < request->n_dates; i++) {
        if (i == 0 || dates_us[i] != dates_us[n - 1]) {
            dates_us[n++] = dates_us[i];
        }
    }
    build->dates_us = dates_us;
    build->n_dates = n;
    return WL_OK;
}

static wl_status prepare(struct build *build, wl_error *error)
{
    const struct wl_features_request *request = build->request;
    const struct wl_plan *plan = request->plan;
    size_t n_rows;

    WL_TRY(wl_binding_init(&build->binding, build->alloc, plan, request->company, error));
    WL_TRY(wl_grouping_init(&build->grouping, build->alloc, request->company, build->dates_us,
                            build->n_dates, &n_rows, error));
    build->needs_props = plan->n_sketches > 0;
    for (size_t s = 0; s < plan->n_signals; s++) {
        build->needs_props = build->needs_props || plan->signals[s].n_where > 0;
    }
    WL_TRY(wl_rows_reserve(build->rows, n_rows, error));
    build->is_kept = wl_alloc_zeroed(build->alloc, n_rows + 1, sizeof(*build->is_kept));
    if (build->is_kept == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows", n_rows);
    }
    size_t n_threads = request->n_threads != 0 ? request->n_threads : wl_threads_default();
    for (; build->n_workers < n_threads; build->n_workers++) {
        struct wl_state *state = &build->workers[build->n_workers].state;
        WL_TRY(wl_state_init(state, build->alloc, plan, error));
        state->read_from_us = build->dates_us[0];
    }
    return WL_OK;
}

static void release(struct build *build)
{
    for (size_t i = 0; i < build->n_workers; i++) {
        wl_state_release(&build->workers[i].state);
        wl_alloc_free(build->alloc, build->workers[i].known);
    }
    wl_alloc_free(build->alloc, build->is_kept);
    wl_grouping_release(&build->grouping);
    wl_binding_release(&build->binding);
}

static void note_skipped(const struct wl_features_request *request)
{
    for (size_t i = 0; i < request->plan->n_skipped; i++) {
        wl_notice(request->sink, "attribute %s has too many levels to be a feature: left out",
                  request->plan->skipped[i]);
    }
}

wl_status wl_features_build(const struct wl_features_request *request, const wl_alloc *alloc,
                            struct wl_rows *rows, wl_error *error)
{
    struct wl_rows made = {0};
    struct build *build = wl_alloc_zeroed(alloc, 1, sizeof(*build));
    int64_t *dates_us = wl_alloc_array(alloc, request->n_dates + 1, sizeof(*dates_us));
    wl_status status = WL_OK;

    WL_ASSERT(request->n_threads <= WL_THREADS_MAX);
    wl_rows_init(&made, alloc, &request->plan->schema);
    if (build == NULL || dates_us == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to build features");
        goto done;
    }
    build->request = request;
    build->alloc = alloc;
    build->rows = &made;
    WL_GO(sort_dates(build, dates_us, error));
    WL_GO(prepare(build, error));
    note_skipped(request);
    WL_GO(wl_parallel_for(build->n_workers, build->grouping.n_users, PIECE_USERS, build_piece,
                          build, error));
    WL_GO(close_gaps(build, error));
    WL_GO(wl_features_note_levels(request->plan, request->company, &made, error));
    wl_progress(request->sink, "features", 1.0);
done:
    if (build != NULL) {
        release(build);
    }
    wl_alloc_free(alloc, build);
    wl_alloc_free(alloc, dates_us);
    if (status != WL_OK) {
        wl_rows_release(&made);
    }
    *rows = made;
    return status;
}
