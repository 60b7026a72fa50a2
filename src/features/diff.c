/* Four computations of one table. The streams share nothing with batch but the state functions; in
 * particular they hold all users' states at once and never group or sort by user. */
#include "features/diff.h"

#include "base/rng.h"
#include "features/build.h"
#include "features/grouping.h"
#include "features/state.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_USERS     20000 /* states held at once: some hundred megabytes */
#define ROUND_TRIP_ODDS 32    /* one state in so many is stored and loaded again */
#define TWICE_ODDS      3     /* one thing in so many is sent twice */

struct diff {
    const struct wl_diff_request *request;
    const wl_alloc *alloc;
    struct wl_diff_report *report;
    struct wl_rows rows;   /* batch */
    size_t *row_first;     /* (n_users + 1) first batch row of a user, SIZE_MAX without one */
    uint32_t *n_user_rows; /* (n_users) */
    int64_t *dates_us;     /* (n_dates) rising, each once */
    size_t n_dates;
    struct wl_binding binding;
    struct wl_known *log; /* (n_log) everything known by the last date, by received time */
    size_t n_log;
    struct wl_known *queue; /* what one stream sees between two dates */
    size_t queue_capacity;
    struct wl_state *states; /* (BLOCK_USERS) */
    size_t n_states;
    float *values; /* (n_features) one row of the stream */
    struct wl_buf bytes;
    double bytes_total;
};

static uint32_t user_of(const struct wl_company *company, const struct wl_known *known)
{
    switch ((enum wl_known_kind)known->kind) {
    case WL_KNOWN_EVENT: return company->events.user[known->index];
    case WL_KNOWN_TEXT: return company->texts.texts[known->index].user;
    case WL_KNOWN_ATTRIBUTE: break;
    }
    return company->attributes.items[known->index].user;
}

// The key under which a second sending is found: the record itself. Message ids will not do: an
// event and the text of the same call share one, and after the dedupe window an id may come again.
static uint64_t key_of(const struct wl_known *known)
{
    return ((uint64_t)known->kind + 1) << 32 | known->index;
}

static wl_status apply(struct diff *diff, struct wl_state *state, const struct wl_known *known,
                       wl_error *error)
{
    const struct wl_company *company = diff->request->company;

    switch ((enum wl_known_kind)known->kind) {
    case WL_KNOWN_EVENT: {
        struct wl_event event = wl_company_event(company, known->index);
        return wl_state_apply_event(state, &diff->binding, &event, error);
    }
    case WL_KNOWN_TEXT:
        return wl_state_apply_text(state, &diff->binding, &company->texts.texts[known->index],
                                   error);
    case WL_KNOWN_ATTRIBUTE: break;
    }
    return wl_state_apply_attribute(state, &diff->binding, &company->attributes.items[known->index],
                                    error);
}

static int compare_known(const void *a, const void *b)
{
    const struct wl_known *x = a;
    const struct wl_known *y = b;

    if (x->received_us != y->received_us) {
        return x->received_us < y->received_us ? -1 : 1;
    }
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

static wl_status collect_log(struct diff *diff, wl_error *error)
{
    const struct wl_company *company = diff->request->company;
    const struct wl_events *events = &company->events;
    size_t n_texts = company->texts.n_texts;
    size_t n_attributes = company->attributes.n_attributes;
    size_t n = events->n_events + n_texts + n_attributes;
    int64_t last_us = diff->dates_us[diff->n_dates - 1];
    size_t n_log = 0;

    diff->log = wl_alloc_array(diff->alloc, n + 1, sizeof(*diff->log));
    if (diff->log == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a log of %zu", n);
    }
    for (size_t i = 0; i < n; i++) {
        struct wl_known known = {.kind = WL_KNOWN_EVENT, .index = (uint32_t)i};
        if (i < events->n_events) {
            known.received_us = events->received_us[i];
        } else if (i < events->n_events + n_texts) {
            known.kind = WL_KNOWN_TEXT;
            known.index = (uint32_t)(i - events->n_events);
            known.received_us = company->texts.texts[known.index].received_us;
        } else {
            known.kind = WL_KNOWN_ATTRIBUTE;
            known.index = (uint32_t)(i - events->n_events - n_texts);
            known.received_us = company->attributes.items[known.index].known_us;
        }
        if (known.received_us <= last_us) {
            diff->log[n_log++] = known;
        }
    }
    qsort(diff->log, n_log, sizeof(*diff->log), compare_known);
    diff->n_log = n_log;
    return WL_OK;
}

static void note_difference(struct diff *diff, enum wl_diff_way way, size_t i_feature)
{
    diff->report->n_differences++;
    diff->report->n_by_way[way]++;
    diff->report->n_by_feature[i_feature]++;
}

// The rows of all users of a block as of one date, against the batch.
static wl_status compare_rows(struct diff *diff, enum wl_diff_way way, size_t i_date, size_t begin,
                              size_t end, wl_error *error)
{
    const struct wl_plan *plan = diff->request->plan;
    size_t n_features = plan->n_features;

    for (size_t user = begin; user < end; user++) {
        const struct wl_state *state = &diff->states[user - begin];
        size_t i_first_date = diff->n_dates - diff->n_user_rows[user];
        bool is_batch = diff->row_first[user] != SIZE_MAX && i_date >= i_first_date;
        bool is_stream = state->newest_us != WL_TIME_NONE;
        if (is_batch != is_stream) {
            note_difference(diff, way, 0);
        }
        if (!is_batch || !is_stream) {
            continue;
        }
        size_t i_row = diff->row_first[user] + (i_date - i_first_date);
        const float *batch = diff->rows.values + i_row * n_features;
        WL_TRY(wl_state_row(plan, state, diff->dates_us[i_date], diff->values, error));
        diff->report->n_values += n_features;
        for (size_t f = 0; f < n_features; f++) {
            if (memcmp(&batch[f], &diff->values[f], sizeof(float)) != 0) {
                note_difference(diff, way, f);
            }
        }
    }
    return WL_OK;
}

static wl_status round_trip(struct diff *diff, struct wl_state *state, wl_error *error)
{
    wl_buf_clear(&diff->bytes);
    wl_state_encode(state, &diff->bytes);
    WL_TRY(wl_buf_check(&diff->bytes, error));
    diff->report->n_round_trips++;
    diff->bytes_total += (double)diff->bytes.n_bytes;
    if (diff->bytes.n_bytes > diff->report->state_bytes_max) {
        diff->report->state_bytes_max = diff->bytes.n_bytes;
    }
    return wl_state_decode(state, wl_buf_view(&diff->bytes), error);
}

// What a stream sees from one date to the next: the block's share of the log, perhaps twice and in
// another order.
static wl_status fill_queue(struct diff *diff, enum wl_diff_way way, struct wl_rng *rng,
                            size_t log_begin, size_t log_end, size_t begin, size_t end,
                            size_t *n_queue, wl_error *error)
{
    size_t n = 0;

    for (size_t i = log_begin; i < log_end; i++) {
        uint32_t user = user_of(diff->request->company, &diff->log[i]);
        bool is_left_out = diff->request->has_fault && i == diff->n_log / 2;
        if (user < begin || user >= end || is_left_out) {
            continue;
        }
        bool is_twice = way == WL_DIFF_DUPLICATED && wl_rng_below(rng, TWICE_ODDS) == 0;
        WL_TRY(WL_GROW(diff->alloc, diff->queue, diff->queue_capacity, n + 2, error));
        diff->queue[n++] = diff->log[i];
        if (is_twice) {
            diff->queue[n++] = diff->log[i];
        }
    }
    for (size_t i = n; way != WL_DIFF_STREAM && i > 1; i--) {
        size_t j = (size_t)wl_rng_below(rng, i);
        struct wl_known swap = diff->queue[i - 1];
        diff->queue[i - 1] = diff->queue[j];
        diff->queue[j] = swap;
    }
    *n_queue = n;
    return WL_OK;
}

static wl_status run_queue(struct diff *diff, struct wl_rng *rng, struct wl_map64 *seen,
                           size_t n_queue, size_t begin, wl_error *error)
{
    const struct wl_company *company = diff->request->company;

    for (size_t i = 0; i < n_queue; i++) {
        const struct wl_known *known = &diff->queue[i];
        struct wl_state *state = &diff->states[user_of(company, known) - begin];
        bool is_new = true;
        if (known->kind != WL_KNOWN_ATTRIBUTE &&
            wl_map64_at(seen, key_of(known), &is_new) == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for message keys");
        }
        if (!is_new) {
            diff->report->n_duplicates++;
            continue;
        }
        WL_TRY(apply(diff, state, known, error));
        if (wl_rng_below(rng, ROUND_TRIP_ODDS) == 0) {
            WL_TRY(round_trip(diff, state, error));
        }
    }
    return WL_OK;
}

// One stream over the users begin .. end-1.
static wl_status run_block(struct diff *diff, enum wl_diff_way way, size_t begin, size_t end,
                           wl_error *error)
{
    struct wl_rng rng;
    struct wl_map64 seen;
    size_t log_begin = 0;
    size_t n_queue = 0;
    wl_status status = WL_OK;

    wl_rng_init(&rng, diff->request->seed, begin * WL_DIFF_WAYS + (size_t)way);
    wl_map64_init(&seen, diff->alloc);
    for (size_t i = 0; i < end - begin; i++) {
        wl_state_reset(&diff->states[i]);
    }
    for (size_t d = 0; d < diff->n_dates; d++) {
        size_t log_end = log_begin;
        while (log_end < diff->n_log && diff->log[log_end].received_us <= diff->dates_us[d]) {
            log_end++;
        }
        WL_GO(fill_queue(diff, way, &rng, log_begin, log_end, begin, end, &n_queue, error));
        WL_GO(run_queue(diff, &rng, &seen, n_queue, begin, error));
        WL_GO(compare_rows(diff, way, d, begin, end, error));
        log_begin = log_end;
    }
done:
    wl_map64_release(&seen);
    return status;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

// The batch, and where each user's rows lie in it.
static wl_status run_batch(struct diff *diff, wl_error *error)
{
    const struct wl_diff_request *request = diff->request;
    size_t n_users = request->company->users.n_strings;
    struct wl_features_request batch = {.plan = request->plan,
                                        .company = request->company,
                                        .dates_us = request->dates_us,
                                        .n_dates = request->n_dates,
                                        .n_threads = request->n_threads,
                                        .sink = request->sink};

    WL_TRY(wl_features_build(&batch, diff->alloc, &diff->rows, error));
    diff->row_first = wl_alloc_array(diff->alloc, n_users + 1, sizeof(*diff->row_first));
    diff->n_user_rows = wl_alloc_zeroed(diff->alloc, n_users + 1, sizeof(*diff->n_user_rows));
    diff->dates_us = wl_alloc_array(diff->alloc, request->n_dates, sizeof(*diff->dates_us));
    if (diff->row_first == NULL || diff->n_user_rows == NULL || diff->dates_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to compare features");
    }
    memset(diff->row_first, 0xFF, (n_users + 1) * sizeof(*diff->row_first)); // SIZE_MAX
    for (size_t i = diff->rows.n_rows; i-- > 0;) {
        struct wl_str id = wl_dict_string(&diff->rows.users, diff->rows.user[i]);
        uint32_t user = wl_dict_find(&request->company->users, id);
        WL_ASSERT(user != WL_DICT_NONE);
        diff->row_first[user] = i;
        diff->n_user_rows[user]++;
    }
    memcpy(diff->dates_us, request->dates_us, request->n_dates * sizeof(*diff->dates_us));
    qsort(diff->dates_us, request->n_dates, sizeof(*diff->dates_us), compare_times);
    for (size_t i = 0; i < request->n_dates; i++) {
        if (i == 0 || diff->dates_us[i] != diff->dates_us[diff->n_dates - 1]) {
            diff->dates_us[diff->n_dates++] = diff->dates_us[i];
        }
    }
    diff->report->n_rows = diff->rows.n_rows;
    return WL_OK;
}

static wl_status prepare(struct diff *diff, wl_error *error)
{
    const struct wl_plan *plan = diff->request->plan;
    const struct wl_company *company = diff->request->company;
    size_t n_users = company->users.n_strings;
    size_t n_states = n_users < BLOCK_USERS ? n_users : BLOCK_USERS;

    wl_buf_init(&diff->bytes, diff->alloc, 0);
    WL_TRY(wl_binding_init(&diff->binding, diff->alloc, plan, company, error));
    diff->report->n_by_feature =
        wl_alloc_zeroed(diff->alloc, plan->n_features, sizeof(*diff->report->n_by_feature));
    diff->values = wl_alloc_array(diff->alloc, plan->n_features, sizeof(*diff->values));
    diff->states = wl_alloc_zeroed(diff->alloc, n_states + 1, sizeof(*diff->states));
    if (diff->report->n_by_feature == NULL || diff->values == NULL || diff->states == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu states", n_states);
    }
    for (; diff->n_states < n_states; diff->n_states++) {
        WL_TRY(wl_state_init(&diff->states[diff->n_states], diff->alloc, plan, error));
    }
    return collect_log(diff, error);
}

static void release(struct diff *diff)
{
    for (size_t i = 0; i < diff->n_states; i++) {
        wl_state_release(&diff->states[i]);
    }
    wl_alloc_free(diff->alloc, diff->states);
    wl_alloc_free(diff->alloc, diff->values);
    wl_alloc_free(diff->alloc, diff->queue);
    wl_alloc_free(diff->alloc, diff->log);
    wl_alloc_free(diff->alloc, diff->row_first);
    wl_alloc_free(diff->alloc, diff->n_user_rows);
    wl_alloc_free(diff->alloc, diff->dates_us);
    wl_buf_release(&diff->bytes);
    wl_binding_release(&diff->binding);
    wl_rows_release(&diff->rows);
}

void wl_diff_report_release(struct wl_diff_report *report)
{
    if (report->alloc != NULL) {
        wl_alloc_free(report->alloc, report->n_by_feature);
    }
    *report = (struct wl_diff_report){0};
}

wl_status wl_features_diff(const struct wl_diff_request *request, const wl_alloc *alloc,
                           struct wl_diff_report *report, wl_error *error)
{
    struct wl_diff_report made = {.alloc = alloc};
    struct diff diff = {.request = request, .alloc = alloc, .report = &made};
    size_t n_users = request->company->users.n_strings;
    wl_status status;

    WL_GO(run_batch(&diff, error));
    WL_GO(prepare(&diff, error));
    for (size_t begin = 0; begin < n_users; begin += BLOCK_USERS) {
        size_t end = begin + BLOCK_USERS < n_users ? begin + BLOCK_USERS : n_users;
        wl_progress(request->sink, "features diff", (double)begin / (double)n_users);
        for (int way = 0; way < WL_DIFF_WAYS; way++) {
            WL_GO(run_block(&diff, (enum wl_diff_way)way, begin, end, error));
        }
    }
    wl_progress(request->sink, "features diff", 1.0);
    if (made.n_round_trips > 0) {
        made.state_bytes_mean = diff.bytes_total / (double)made.n_round_trips;
    }
    *report = made;
    made.n_by_feature = NULL;
done:
    release(&diff);
    wl_alloc_free(alloc, made.n_by_feature);
    return status;
}
