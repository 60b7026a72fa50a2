/* From lives to files, in four steps, each in parallel over fixed pieces:
 *
 *   live    customers in pieces of PIECE_USERS, each piece with its own log
 *   sift    choose the texts of the corpus: the wanted number, 30 % of them by churners
 *   sort    events by the day they arrived, then inside each day by arrival
 *   write   days formatted in parallel, written in order
 *
 * The order of the log is that of arrival, so event times in it jump back and forth as they do in
 * any real log. Ties are broken by customer and serial: the order is total, so the bytes are
 * fixed. */
#include "simulate/simulate.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/thread.h"
#include "data/schema.h"
#include "simulate/emit.h"
#include "simulate/life.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PIECE_USERS      128
#define DAYS_AT_ONCE     8 /* formatted before they are written: bounds memory to some 40 MB */
#define CHURNER_TEXT_PCT 30

// Everything of one run. Arrays are owned.
struct run {
    const struct wl_world *world;
    const wl_alloc *alloc;
    size_t n_users;
    size_t n_days;
    size_t n_weeks;
    size_t n_pieces;
    struct wl_sim_log *logs;     /* (n_pieces) */
    struct wl_sim_truth *truths; /* (n_users) */
    float *hazards;              /* (n_users, n_weeks) */
    struct wl_sim_event *events; /* (n_events) by day of arrival */
    size_t n_events;
    size_t *day_begin;         /* (n_days + 1) into events */
    struct wl_sim_text *texts; /* (n_texts) in order of customers */
    size_t n_texts;
    struct wl_buf lines[DAYS_AT_ONCE];
    size_t i_day; /* first day of the batch being formatted */
};

struct wl_world wl_world_default(void)
{
    return (struct wl_world){.n_users = 20000,
                             .n_days = 90,
                             .start_us = wl_days_from_civil(2025, 1, 1) * WL_DAY_US,
                             .seed = 42,
                             .share_zh = 0.8,
                             .share_campaign = 0.05};
}

wl_status wl_world_read(struct wl_arena *arena, const struct wl_node *map, const char *where,
                        struct wl_world *world, wl_error *error)
{
#define FIELD(name) offsetof(struct wl_world, name)
    static const struct wl_field fields[] = {
        {"users", WL_FIELD_INT, FIELD(n_users), false, 1, WL_SIM_USERS_MAX, NULL, "customers"},
        {"days", WL_FIELD_INT, FIELD(n_days), false, WL_SIM_DAYS_MIN, WL_SIM_DAYS_MAX, NULL,
         "days of history"},
        {"start", WL_FIELD_TIME, FIELD(start_us), false, 0, 0, NULL, "first day"},
        {"seed", WL_FIELD_INT, FIELD(seed), false, 0, 0, NULL, "same seed, same bytes"},
        {"share_zh", WL_FIELD_NUMBER, FIELD(share_zh), false, 0, 1, NULL,
         "share of customers who write Chinese"},
        {"texts", WL_FIELD_INT, FIELD(n_texts), false, 0, WL_SIM_USERS_MAX, NULL,
         "texts wanted; 0: one per two customers"},
        {"share_campaign", WL_FIELD_NUMBER, FIELD(share_campaign), false, 0, 1, NULL,
         "share of customers in the randomised campaign"},
    };
#undef FIELD
    struct wl_world read = *world;

    WL_TRY(wl_fields_read(arena, map, where, fields, sizeof(fields) / sizeof(fields[0]), &read,
                          error));
    *world = read;
    return WL_OK;
}

static wl_status check_world(const struct wl_world *world, wl_error *error)
{
    if (world->n_users < 1 || world->n_users > WL_SIM_USERS_MAX) {
        return wl_fail(error, WL_EINVAL, "%lld users are not between 1 and %d",
                       (long long)world->n_users, WL_SIM_USERS_MAX);
    }
    if (world->n_days < WL_SIM_DAYS_MIN || world->n_days > WL_SIM_DAYS_MAX) {
        return wl_fail(error, WL_EINVAL, "%lld days are not between %d and %d",
                       (long long)world->n_days, WL_SIM_DAYS_MIN, WL_SIM_DAYS_MAX);
    }
    if (world->start_us < 0 || world->start_us % WL_DAY_US != 0 ||
        world->start_us > wl_days_from_civil(2190, 1, 1) * WL_DAY_US) {
        return wl_fail(error, WL_EINVAL, "start is not 00:00 UTC of a day between 1970 and 2190");
    }
    if (world->n_texts < 0 || !(world->share_zh >= 0.0 && world->share_zh <= 1.0) ||
        !(world->share_campaign >= 0.0 && world->share_campaign <= 1.0)) {
        return wl_fail(error, WL_EINVAL, "a share is not between 0 and 1, or texts are negative");
    }
    return WL_OK;
}

static wl_status open_run(struct run *run, const struct wl_world *world, const wl_alloc *alloc,
                          wl_error *error)
{
    *run = (struct run){.world = world, .alloc = alloc};
    run->n_users = (size_t)world->n_users;
    run->n_days = (size_t)world->n_days;
    run->n_weeks = wl_sim_weeks(world);
    run->n_pieces = (run->n_users + PIECE_USERS - 1) / PIECE_USERS;
    run->logs = wl_alloc_zeroed(alloc, run->n_pieces, sizeof(*run->logs));
    run->truths = wl_alloc_zeroed(alloc, run->n_users, sizeof(*run->truths));
    run->hazards = wl_alloc_zeroed(alloc, run->n_users * run->n_weeks, sizeof(*run->hazards));
    run->day_begin = wl_alloc_zeroed(alloc, run->n_days + 1, sizeof(*run->day_begin));
    if (run->logs == NULL || run->truths == NULL || run->hazards == NULL ||
        run->day_begin == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu customers", run->n_users);
    }
    for (size_t i = 0; i < run->n_pieces; i++) {
        run->logs[i].alloc = alloc;
    }
    for (size_t i = 0; i < DAYS_AT_ONCE; i++) {
        wl_buf_init(&run->lines[i], alloc, 0);
    }
    return WL_OK;
}

static void close_run(struct run *run)
{
    for (size_t i = 0; run->logs != NULL && i < run->n_pieces; i++) {
        wl_sim_log_release(&run->logs[i]);
    }
    for (size_t i = 0; i < DAYS_AT_ONCE; i++) {
        wl_buf_release(&run->lines[i]);
    }
    wl_alloc_free(run->alloc, run->logs);
    wl_alloc_free(run->alloc, run->truths);
    wl_alloc_free(run->alloc, run->hazards);
    wl_alloc_free(run->alloc, run->day_begin);
    wl_alloc_free(run->alloc, run->events);
    wl_alloc_free(run->alloc, run->texts);
}

static wl_status live_piece(void *context, size_t begin, size_t end, size_t i_worker,
                            wl_error *error)
{
    struct run *run = context;

    (void)i_worker;
    for (size_t i = begin; i < end; i++) {
        WL_TRY(wl_sim_life_run(run->world, i, &run->logs[begin / PIECE_USERS], &run->truths[i],
                               &run->hazards[i * run->n_weeks], error));
    }
    return WL_OK;
}

static size_t arrival_day(const struct run *run, const struct wl_sim_event *event)
{
    return (size_t)((event->received_us - run->world->start_us) / WL_DAY_US);
}

// Move the pieces' texts and events into one array each, events by day of arrival.
static wl_status gather(struct run *run, wl_error *error)
{
    for (size_t p = 0; p < run->n_pieces; p++) {
        const struct wl_sim_log *log = &run->logs[p];
        run->n_texts += log->n_texts;
        run->n_events += log->n_events;
        for (size_t i = 0; i < log->n_events; i++) {
            run->day_begin[arrival_day(run, &log->events[i]) + 1]++;
        }
    }
    for (size_t day = 0; day < run->n_days; day++) {
        run->day_begin[day + 1] += run->day_begin[day];
    }
    run->texts = wl_alloc_array(run->alloc, run->n_texts + 1, sizeof(*run->texts));
    run->events = wl_alloc_array(run->alloc, run->n_events + 1, sizeof(*run->events));
    size_t *next = wl_alloc_array(run->alloc, run->n_days + 1, sizeof(*next));
    if (run->texts == NULL || run->events == NULL || next == NULL) {
        wl_alloc_free(run->alloc, next);
        return wl_fail(error, WL_ENOMEM, "no memory for %zu events", run->n_events);
    }
    memcpy(next, run->day_begin, (run->n_days + 1) * sizeof(*next));
    size_t n_texts = 0;
    for (size_t p = 0; p < run->n_pieces; p++) {
        struct wl_sim_log *log = &run->logs[p];
        for (size_t i = 0; i < log->n_events; i++) {
            struct wl_sim_event event = log->events[i];
            event.text += event.text != WL_SIM_NO_TEXT ? (uint32_t)n_texts : 0;
            run->events[next[arrival_day(run, &event)]++] = event;
        }
        if (log->n_texts > 0) {
            memcpy(run->texts + n_texts, log->texts, log->n_texts * sizeof(*log->texts));
        }
        n_texts += log->n_texts;
        wl_alloc_free(run->alloc, log->events);
        log->events = NULL;
    }
    wl_alloc_free(run->alloc, next);
    return WL_OK;
}

static int compare_arrival(const void *a, const void *b)
{
    const struct wl_sim_event *x = a;
    const struct wl_sim_event *y = b;

    if (x->received_us != y->received_us) {
        return x->received_us < y->received_us ? -1 : 1;
    }
    if (x->user != y->user) {
        return x->user < y->user ? -1 : 1;
    }
    return x->serial < y->serial ? -1 : x->serial > y->serial;
}

static wl_status format_day(void *context, size_t begin, size_t end, size_t i_worker,
                            wl_error *error)
{
    struct run *run = context;
    struct wl_sim_emitter emitter = {.world = run->world, .texts = run->texts};

    (void)i_worker;
    for (size_t i = begin; i < end; i++) {
        size_t day = run->i_day + i;
        struct wl_sim_event *events = run->events + run->day_begin[day];
        size_t n_events = run->day_begin[day + 1] - run->day_begin[day];

        wl_buf_clear(&run->lines[i]);
        qsort(events, n_events, sizeof(*events), compare_arrival);
        for (size_t e = 0; e < n_events; e++) {
            wl_sim_event_write(&emitter, &events[e], &run->lines[i]);
        }
        WL_TRY(wl_buf_check(&run->lines[i], error));
    }
    return WL_OK;
}

static wl_status write_events(struct run *run, const char *path, size_t n_threads,
                              const struct wl_sink *sink, wl_error *error)
{
    struct wl_file_writer writer;
    wl_status status = WL_OK;

    WL_TRY(wl_file_writer_open(&writer, path, error));
    for (run->i_day = 0; run->i_day < run->n_days; run->i_day += DAYS_AT_ONCE) {
        size_t n_left = run->n_days - run->i_day;
        size_t n_days = n_left < DAYS_AT_ONCE ? n_left : DAYS_AT_ONCE;

        WL_GO(wl_parallel_for(n_threads, n_days, 1, format_day, run, error));
        for (size_t i = 0; i < n_days; i++) {
            WL_GO(wl_file_writer_add(&writer, wl_buf_view(&run->lines[i]), error));
        }
        wl_progress(sink, "simulate: writing events",
                    (double)(run->i_day + n_days) / (double)run->n_days);
    }
    status = wl_file_writer_commit(&writer, error);
done:
    wl_file_writer_close(&writer);
    return status;
}

static bool is_churner(const struct run *run, const struct wl_sim_text *text)
{
    return run->truths[text->user].leave != WL_SIM_STAYS;
}

static int compare_seed(const void *a, const void *b)
{
    const struct wl_sim_text *x = *(const struct wl_sim_text *const *)a;
    const struct wl_sim_text *y = *(const struct wl_sim_text *const *)b;

    if (x->seed != y->seed) {
        return x->seed < y->seed ? -1 : 1;
    }
    return x < y ? -1 : x > y; // equal seeds are as good as impossible; the order is total anyway
}

// Keep at most n_wanted of the texts of one group, chosen by their random seed.
static size_t keep_texts(struct run *run, bool of_churners, size_t n_wanted,
                         struct wl_sim_text **group)
{
    size_t n_group = 0;

    for (size_t i = 0; i < run->n_texts; i++) {
        if (is_churner(run, &run->texts[i]) == of_churners) {
            group[n_group++] = &run->texts[i];
        }
    }
    qsort(group, n_group, sizeof(struct wl_sim_text *), compare_seed);
    size_t n_kept = n_group < n_wanted ? n_group : n_wanted;
    for (size_t i = 0; i < n_group; i++) {
        group[i]->is_kept = i < n_kept;
    }
    return n_kept;
}

static wl_status sift_texts(struct run *run, struct wl_simulation *summary, wl_error *error)
{
    int64_t wanted = run->world->n_texts > 0 ? run->world->n_texts : run->world->n_users / 2;
    size_t n_churners = (size_t)(wanted * CHURNER_TEXT_PCT / 100);
    struct wl_sim_text **group =
        wl_alloc_array(run->alloc, run->n_texts + 1, sizeof(struct wl_sim_text *));

    if (group == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", run->n_texts);
    }
    summary->n_texts_churners = keep_texts(run, true, n_churners, group);
    summary->n_texts = keep_texts(run, false, (size_t)wanted - n_churners, group);
    summary->n_texts += summary->n_texts_churners;
    wl_alloc_free(run->alloc, group);
    return WL_OK;
}

static wl_status write_lines(const char *path, struct wl_buf *lines, wl_error *error)
{
    WL_TRY(wl_buf_check(lines, error));
    return wl_file_write(path, wl_buf_view(lines), error);
}

// The three small files.
static wl_status write_tables(struct run *run, struct wl_arena *arena, const char *folder,
                              wl_error *error)
{
    struct wl_buf *lines = &run->lines[0];

    wl_buf_clear(lines);
    wl_sim_texts_header(lines);
    for (size_t i = 0; i < run->n_texts; i++) {
        if (run->texts[i].is_kept) {
            wl_sim_text_write(&run->texts[i], is_churner(run, &run->texts[i]), lines);
        }
    }
    WL_TRY(write_lines(wl_path_join(arena, folder, "texts.csv"), lines, error));
    wl_buf_clear(lines);
    wl_sim_customers_header(lines);
    for (size_t i = 0; i < run->n_users; i++) {
        wl_sim_customer_write(run->world, &run->truths[i].traits, i, lines);
    }
    WL_TRY(write_lines(wl_path_join(arena, folder, "customers.csv"), lines, error));
    wl_buf_clear(lines);
    for (size_t i = 0; i < run->n_users; i++) {
        wl_sim_truth_write(run->world, &run->truths[i], &run->hazards[i * run->n_weeks], i, lines);
    }
    return write_lines(wl_path_join(arena, folder, "truth.ndjson"), lines, error);
}

static void sum_up(const struct run *run, struct wl_simulation *summary)
{
    double user_days = 0.0;

    summary->n_users = run->n_users;
    summary->n_events = run->n_events;
    for (size_t p = 0; p < run->n_pieces; p++) {
        summary->n_duplicates += run->logs[p].n_duplicates;
        summary->n_late += run->logs[p].n_late;
    }
    for (size_t i = 0; i < run->n_users; i++) {
        const struct wl_sim_truth *truth = &run->truths[i];
        int32_t first = truth->traits.signup_day > 0 ? truth->traits.signup_day : 0;
        bool has_left = truth->leave != WL_SIM_STAYS;
        user_days += (double)((has_left ? truth->leave_day + 1 : (int32_t)run->n_days) - first);
        summary->n_left += has_left;
        summary->n_campaign += truth->is_in_campaign;
    }
    summary->churn_monthly = user_days > 0.0 ? (double)summary->n_left / user_days * 30.0 : 0.0;
}

wl_status wl_simulate(const struct wl_world *world, const char *folder, size_t n_threads,
                      const wl_alloc *alloc, const struct wl_sink *sink,
                      struct wl_simulation *summary, wl_error *error)
{
    struct wl_simulation done_so_far = {0};
    struct run run = {0};
    struct wl_arena arena_batch;
    wl_status status;

    WL_TRY(check_world(world, error));
    WL_TRY(wl_folder_make(folder, error));
    wl_arena_init(&arena_batch, alloc, 0);
    WL_GO(open_run(&run, world, alloc, error));
    wl_progress(sink, "simulate: living", 0.0);
    WL_GO(wl_parallel_for(n_threads, run.n_users, PIECE_USERS, live_piece, &run, error));
    WL_GO(gather(&run, error));
    WL_GO(sift_texts(&run, &done_so_far, error));
    char *events = wl_path_join(&arena_batch, folder, "events.ndjson");
    if (events == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a path");
        goto done;
    }
    WL_GO(write_events(&run, events, n_threads, sink, error));
    WL_GO(write_tables(&run, &arena_batch, folder, error));
    sum_up(&run, &done_so_far);
    if (summary != NULL) {
        *summary = done_so_far;
    }
done:
    close_run(&run);
    wl_arena_release(&arena_batch);
    return status;
}
