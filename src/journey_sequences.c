/* Events by customer and what a model of sequences says of them. Batches are fixed runs of rows and
 * each worker multiplies on one thread of its own, so the number of workers never shows. */
#include "journey_sequences.h"

#include "base/thread.h"

#include <math.h>
#include <stdlib.h>

#define PIECE_ROWS 64 // sequences of a batch: products are long enough, and memory stays small

void wl_histories_release(struct wl_histories *histories)
{
    if (histories->alloc != NULL) {
        wl_alloc_free(histories->alloc, histories->first);
        wl_alloc_free(histories->alloc, histories->index);
    }
    *histories = (struct wl_histories){0};
}

/* An event while it is sorted. */
struct card {
    uint32_t user;
    uint32_t index;
    int64_t event_us;
    uint64_t name_key; // hash of the name: the same in every company
    uint64_t key;
};

static int compare_u64(uint64_t x, uint64_t y)
{
    return x < y ? -1 : x > y;
}

// What happened at one moment by its name and then its key, never by the order of arrival.
static int compare_cards(const void *a, const void *b)
{
    const struct card *x = a;
    const struct card *y = b;

    if (x->user != y->user) {
        return x->user < y->user ? -1 : 1;
    }
    if (x->event_us != y->event_us) {
        return x->event_us < y->event_us ? -1 : 1;
    }
    int order = compare_u64(x->name_key, y->name_key);
    return order != 0 ? order : compare_u64(x->key, y->key);
}

static void lay_cards(const struct wl_company *company, struct card *cards, size_t *first)
{
    const struct wl_events *events = &company->events;
    size_t n_users = company->users.n_strings;

    for (size_t i = 0; i < events->n_events; i++) {
        struct wl_str name = wl_dict_string(&company->event_names, events->name[i]);
        cards[i] = (struct card){.user = events->user[i],
                                 .index = (uint32_t)i,
                                 .event_us = events->event_us[i],
                                 .name_key = wl_str_hash(name, 0),
                                 .key = events->message_key[i]};
        first[events->user[i] + 1]++;
    }
    for (size_t user = 0; user < n_users; user++) {
        first[user + 1] += first[user];
    }
}

wl_status wl_histories_init(struct wl_histories *histories, const wl_alloc *alloc,
                            const struct wl_company *company, wl_error *error)
{
    size_t n_events = company->events.n_events;
    struct wl_histories made = {.alloc = alloc, .company = company};
    struct card *cards = wl_alloc_array(alloc, n_events + 1, sizeof(*cards));

    made.first = wl_alloc_zeroed(alloc, company->users.n_strings + 2, sizeof(*made.first));
    made.index = wl_alloc_array(alloc, n_events + 1, sizeof(*made.index));
    if (cards == NULL || made.first == NULL || made.index == NULL) {
        wl_alloc_free(alloc, cards);
        wl_histories_release(&made);
        return wl_fail(error, WL_ENOMEM, "no memory for %zu events", n_events);
    }
    lay_cards(company, cards, made.first);
    qsort(cards, n_events, sizeof(*cards), compare_cards);
    for (size_t i = 0; i < n_events; i++) {
        made.index[i] = cards[i].index;
    }
    wl_alloc_free(alloc, cards);
    *histories = made;
    return WL_OK;
}

// Place behind the last event of a user that had happened at a moment.
static size_t end_of(const struct wl_histories *histories, uint32_t user, int64_t as_of_us)
{
    const int64_t *event_us = histories->company->events.event_us;
    size_t begin = histories->first[user];
    size_t end = histories->first[user + 1];

    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (event_us[histories->index[middle]] <= as_of_us) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

static double value_of(int64_t value_e4)
{
    return value_e4 == WL_VALUE_NONE ? (double)NAN : (double)value_e4 / WL_VALUE_SCALE;
}

static double sum_of(double a, double b)
{
    return isnan(a) ? b : isnan(b) ? a : a + b;
}

size_t wl_history_events(const struct wl_histories *histories, uint32_t user, int64_t as_of_us,
                         size_t n_max, struct wl_sequence_event *events)
{
    const struct wl_events *all = &histories->company->events;
    size_t n = 0;

    if (user == WL_ID_NONE) {
        return 0;
    }
    for (size_t at = end_of(histories, user, as_of_us); at-- > histories->first[user];) {
        uint32_t i = histories->index[at];
        struct wl_sequence_event *last = n > 0 ? &events[n - 1] : NULL;
        if (all->received_us[i] > as_of_us) {
            continue;
        }
        if (last != NULL && last->event_us == all->event_us[i] && last->type == all->name[i]) {
            last->value = sum_of(last->value, value_of(all->value_e4[i]));
            continue;
        }
        if (n == n_max) {
            break;
        }
        events[n++] = (struct wl_sequence_event){.event_us = all->event_us[i],
                                                 .type = all->name[i],
                                                 .value = value_of(all->value_e4[i])};
    }
    for (size_t k = 0; k < n / 2; k++) {
        struct wl_sequence_event other = events[k];
        events[k] = events[n - 1 - k];
        events[n - 1 - k] = other;
    }
    return n;
}

/* ---- the column ---- */

/* What one worker needs. */
struct bench {
    struct wl_gemm *gemm;
    struct wl_sequence_memory *memory;
    struct wl_sequence_event *events; // (n_events_max + 1)
    int32_t *ids[WL_SEQUENCE_TABLES]; // (PIECE_ROWS, n_events_max + 1)
    size_t starts[PIECE_ROWS + 1];
    float logits[PIECE_ROWS];
};

struct fill {
    const struct wl_event_model *model;
    struct wl_histories histories;
    struct wl_rows *rows;
    size_t i_feature;
    uint32_t *types; // (event names) id of each of the company's names
    struct bench *benches[WL_THREADS_MAX];
};

static void free_bench(const wl_alloc *alloc, struct bench *bench)
{
    if (bench == NULL) {
        return;
    }
    wl_gemm_close(bench->gemm);
    wl_sequence_memory_free(bench->memory);
    wl_alloc_free(alloc, bench->events);
    for (size_t t = 0; t < WL_SEQUENCE_TABLES; t++) {
        wl_alloc_free(alloc, bench->ids[t]);
    }
    wl_alloc_free(alloc, bench);
}

static wl_status make_bench(const struct wl_event_model *model, const wl_alloc *alloc,
                            struct bench **bench_out, wl_error *error)
{
    size_t n_steps = model->cut.n_events_max + 1;
    struct bench *bench = wl_alloc_zeroed(alloc, 1, sizeof(*bench));

    *bench_out = bench; // freed with the others, whatever happens below
    if (bench == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read sequences");
    }
    bench->events = wl_alloc_array(alloc, n_steps, sizeof(*bench->events));
    bool is_short = bench->events == NULL;
    for (size_t t = 0; t < WL_SEQUENCE_TABLES; t++) {
        bench->ids[t] = wl_alloc_array(alloc, n_steps * PIECE_ROWS, sizeof(*bench->ids[t]));
        is_short = is_short || bench->ids[t] == NULL;
    }
    if (is_short) {
        return wl_fail(error, WL_ENOMEM, "no memory to read sequences of %zu events", n_steps);
    }
    WL_TRY(wl_gemm_open(alloc, 1, &bench->gemm, error));
    return wl_sequence_memory_new(model->net, n_steps * PIECE_ROWS, PIECE_ROWS, false,
                                  &bench->memory, error);
}

// Tokens of one row behind those that are there; returns how many.
static size_t put_tokens(const struct fill *fill, struct bench *bench, size_t i_row, size_t at)
{
    const struct wl_event_model *model = fill->model;
    const struct wl_rows *rows = fill->rows;
    uint32_t user = wl_dict_find(&fill->histories.company->users,
                                 wl_dict_string(&rows->users, rows->user[i_row]));
    size_t n = wl_history_events(&fill->histories, user, rows->as_of_us[i_row],
                                 model->cut.n_events_max + 1, bench->events);

    for (size_t k = 0; k < n; k++) {
        bench->events[k].type = fill->types[bench->events[k].type];
    }
    return wl_sequence_tokens(bench->events, n, model->n_names + 1, rows->as_of_us[i_row],
                              &model->cut, bench->ids[0] + at, bench->ids[1] + at,
                              bench->ids[2] + at);
}

static wl_status fill_piece(void *context, size_t begin, size_t end, size_t i_worker,
                            wl_error *error)
{
    struct fill *fill = context;
    struct bench *bench = fill->benches[i_worker];
    uint32_t picked[PIECE_ROWS];
    size_t n = end - begin;

    for (size_t i = 0; i < n; i++) {
        bench->starts[i + 1] =
            bench->starts[i] + put_tokens(fill, bench, begin + i, bench->starts[i]);
        picked[i] = (uint32_t)i;
    }
    const struct wl_sequences sequences = {
        .n = n, .starts = bench->starts, .ids = {bench->ids[0], bench->ids[1], bench->ids[2]}};
    WL_TRY(wl_sequence_model_forward(fill->model->net, bench->memory, bench->gemm, &sequences,
                                     picked, n, bench->logits, error));
    for (size_t i = 0; i < n; i++) {
        float *values = fill->rows->values + (begin + i) * fill->rows->schema->n_features;
        values[fill->i_feature] = (float)(100.0 / (1.0 + exp(-(double)bench->logits[i])));
    }
    return WL_OK;
}

wl_status wl_sequence_churn_fill(const struct wl_event_model *model,
                                 const struct wl_company *company, size_t i_feature,
                                 size_t n_threads, struct wl_rows *rows, wl_error *error)
{
    const wl_alloc *alloc = rows->alloc;
    size_t n_names = company->event_names.n_strings;
    size_t n_pieces = (rows->n_rows + PIECE_ROWS - 1) / PIECE_ROWS;
    size_t n_workers = n_threads != 0 ? n_threads : wl_threads_default();
    struct fill *fill = wl_alloc_zeroed(alloc, 1, sizeof(*fill));
    wl_status status = WL_OK;

    n_workers = n_workers < n_pieces ? n_workers : n_pieces;
    if (fill == NULL || n_pieces == 0) {
        wl_alloc_free(alloc, fill);
        return n_pieces == 0
                   ? WL_OK
                   : wl_fail(error, WL_ENOMEM, "no memory to read %zu sequences", rows->n_rows);
    }
    fill->model = model;
    fill->rows = rows;
    fill->i_feature = i_feature;
    fill->types = wl_alloc_array(alloc, n_names + 1, sizeof(*fill->types));
    if (fill->types == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu names of events", n_names);
        goto done;
    }
    for (size_t i = 0; i < n_names; i++) {
        fill->types[i] =
            wl_event_model_type(model, wl_dict_string(&company->event_names, (uint32_t)i));
    }
    WL_GO(wl_histories_init(&fill->histories, alloc, company, error));
    for (size_t i = 0; i < n_workers; i++) {
        WL_GO(make_bench(model, alloc, &fill->benches[i], error));
    }
    WL_GO(wl_parallel_for(n_workers, rows->n_rows, PIECE_ROWS, fill_piece, fill, error));
done:
    for (size_t i = 0; i < n_workers; i++) {
        free_bench(alloc, fill->benches[i]);
    }
    wl_histories_release(&fill->histories);
    wl_alloc_free(alloc, fill->types);
    wl_alloc_free(alloc, fill);
    return status;
}
