/* Four trainings for each fold of the churn model, side by side, one thread each: so the number of
 * threads never shows. Each holds a tenth of its customers out to see when to stop. Three and not
 * five folds of customers, because a training is dear and a third more data changes little. */
#include "journey_train_sequences.h"

#include "base/rng.h"
#include "base/thread.h"
#include "journey_train_column.h"
#include "nn/sequence_train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FOLDS         3
#define VALID_SHARE   0.1
#define NAME_USES_MIN 20 // events of a name in all sequences learned from; fewer teach nothing
#define SCORE_BATCH   64 // sequences, as in journey_sequences.c
#define STREAM_FOLD   1  // random streams of a seed: folds, customers held out for stopping
#define STREAM_STOP   2

void wl_sequence_lab_release(struct wl_sequence_lab *lab)
{
    wl_arena_release(&lab->arena);
    *lab = (struct wl_sequence_lab){0};
}

/* ---- sequences ---- */

// Two passes: how long each sequence is, then its tokens.
static wl_status put_all(struct wl_sequence_lab *lab, const struct wl_histories *histories,
                         const struct wl_rows *rows, const struct wl_labelled *labelled,
                         struct wl_sequence_event *events, wl_error *error)
{
    const struct wl_company *company = lab->company;
    size_t n_max = (size_t)lab->options.n_events;
    const struct wl_sequence_cut cut = {.n_events_max = n_max, .window_us = lab->options.window_us};
    size_t n_room = 0;

    for (size_t i = 0; i < lab->n_rows; i++) {
        struct wl_str id = wl_dict_string(&rows->users, labelled->user[i]);
        size_t n = wl_history_events(histories, wl_dict_find(&company->users, id),
                                     labelled->as_of_us[i], n_max, events);
        n_room += n + 1;
    }
    for (size_t t = 0; t < WL_SEQUENCE_TABLES; t++) {
        lab->ids[t] = wl_arena_alloc(&lab->arena, n_room * sizeof(*lab->ids[t]));
        if (lab->ids[t] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for sequences of %zu events", n_room);
        }
    }
    for (size_t i = 0; i < lab->n_rows; i++) {
        struct wl_str id = wl_dict_string(&rows->users, labelled->user[i]);
        size_t at = lab->starts[i];
        size_t n = wl_history_events(histories, wl_dict_find(&company->users, id),
                                     labelled->as_of_us[i], n_max + 1, events);
        lab->labels[i] = labelled->y[i] != 0 ? 1.0F : 0.0F;
        lab->starts[i + 1] = at + wl_sequence_tokens(events, n, company->event_names.n_strings,
                                                     labelled->as_of_us[i], &cut, lab->ids[0] + at,
                                                     lab->ids[1] + at, lab->ids[2] + at);
    }
    return WL_OK;
}

wl_status wl_sequence_lab_init(struct wl_sequence_lab *lab, const wl_alloc *alloc,
                               const struct wl_company *company, const struct wl_rows *rows,
                               const struct wl_labelled *labelled,
                               const struct wl_net_options *options, wl_error *error)
{
    struct wl_sequence_lab made = {
        .company = company, .options = *options, .n_rows = labelled->n_rows};
    struct wl_histories histories = {0};
    wl_status status = WL_OK;

    wl_arena_init(&made.arena, alloc, 0);
    made.starts = wl_arena_zeroed(&made.arena, made.n_rows + 1, sizeof(*made.starts));
    made.labels = wl_arena_zeroed(&made.arena, made.n_rows + 1, sizeof(*made.labels));
    struct wl_sequence_event *events =
        wl_alloc_array(alloc, (size_t)options->n_events + 1, sizeof(*events));
    if (made.starts == NULL || made.labels == NULL || events == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu sequences", made.n_rows);
        goto done;
    }
    WL_GO(wl_histories_init(&histories, alloc, company, error));
    WL_GO(put_all(&made, &histories, rows, labelled, events, error));
    *lab = made;
    made = (struct wl_sequence_lab){0};
done:
    wl_histories_release(&histories);
    wl_alloc_free(alloc, events);
    wl_sequence_lab_release(&made);
    return status;
}

/* ---- one fold ---- */

/* A training of one fold, and all its jobs share. */
struct lesson {
    const struct wl_sequence_lab *lab;
    const struct wl_labelled *labelled;
    const struct wl_fold *fold;
    uint64_t seed;
    const struct wl_sink *sink;
    struct wl_arena *arena;
    struct wl_event_model *model; // names; the refit's net and epochs
    struct wl_sequences sequences;
    float *values;
    double *held_p; // (n_fit)
};

static int compare_names(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

// Names that the rows to learn from use often enough, and their ids in all sequences.
static wl_status learn_names(struct lesson *lesson, const wl_alloc *alloc, wl_error *error)
{
    const struct wl_sequence_lab *lab = lesson->lab;
    const struct wl_dict *dict = &lab->company->event_names;
    const struct wl_sequence_cut cut = {.n_events_max = (size_t)lab->options.n_events,
                                        .window_us = lab->options.window_us};
    size_t n_ids = lab->starts[lab->n_rows];
    size_t *uses = wl_arena_zeroed(lesson->arena, dict->n_strings + 1, sizeof(*uses));
    const char **names = wl_arena_zeroed(lesson->arena, dict->n_strings + 1, sizeof(*names));
    int32_t *types = wl_arena_zeroed(lesson->arena, n_ids + 1, sizeof(*types));
    size_t n_names = 0;

    if (uses == NULL || names == NULL || types == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu names of events", dict->n_strings);
    }
    for (size_t i = 0; i < lesson->fold->n_fit; i++) {
        uint32_t row = lesson->fold->fit[i];
        for (size_t k = lab->starts[row]; k < lab->starts[row + 1]; k++) {
            uses[lab->ids[0][k]]++;
        }
    }
    for (size_t i = 0; i < dict->n_strings && n_names < WL_EVENT_NAMES_MAX; i++) {
        struct wl_str name = wl_dict_string(dict, (uint32_t)i);
        if (uses[i] < NAME_USES_MIN || name.n_bytes == 0) {
            continue;
        }
        names[n_names] = wl_arena_string(lesson->arena, name);
        if (names[n_names++] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for names of events");
        }
    }
    qsort(names, n_names, sizeof(*names), compare_names);
    WL_TRY(wl_event_model_new(alloc, names, n_names, &cut, &lesson->model, error));
    int32_t *id_of = wl_arena_zeroed(lesson->arena, dict->n_strings + 1, sizeof(*id_of));
    if (id_of == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu names of events", dict->n_strings);
    }
    for (size_t i = 0; i < dict->n_strings; i++) {
        id_of[i] = (int32_t)wl_event_model_type(lesson->model, wl_dict_string(dict, (uint32_t)i));
    }
    id_of[dict->n_strings] = (int32_t)n_names + 1; // the date
    for (size_t k = 0; k < n_ids; k++) {
        types[k] = id_of[lab->ids[0][k]];
    }
    lesson->sequences = (struct wl_sequences){.n = lab->n_rows,
                                              .starts = lab->starts,
                                              .ids = {types, lab->ids[1], lab->ids[2]},
                                              .labels = lab->labels};
    return WL_OK;
}

static double draw(uint64_t seed, uint64_t stream, uint64_t user_key)
{
    struct wl_rng rng;

    wl_rng_init(&rng, seed * 4 + stream, user_key);
    return wl_rng_unit(&rng);
}

static size_t fold_of(const struct lesson *lesson, uint32_t row)
{
    return (size_t)(FOLDS * draw(lesson->seed, STREAM_FOLD, lesson->labelled->user_key[row]));
}

/* Rows of one job. */
struct part {
    uint32_t *train;
    uint32_t *stop; // to see when to stop
    uint32_t *scored;
    size_t n_train;
    size_t n_stop;
    size_t n_scored;
    float *logits; // (n_scored)
};

// Fold k: learns from the others and scores it. FOLDS: learns from all, scores what is held out.
static wl_status divide(const struct lesson *lesson, size_t k, struct wl_arena *arena,
                        struct part *part, wl_error *error)
{
    const struct wl_fold *fold = lesson->fold;
    size_t n = fold->n_fit + fold->n_held + 1;

    *part = (struct part){.train = wl_arena_zeroed(arena, n, sizeof(*part->train)),
                          .stop = wl_arena_zeroed(arena, n, sizeof(*part->stop)),
                          .scored = wl_arena_zeroed(arena, n, sizeof(*part->scored)),
                          .logits = wl_arena_zeroed(arena, n, sizeof(*part->logits))};
    if (part->train == NULL || part->stop == NULL || part->scored == NULL || part->logits == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to learn from %zu sequences", n);
    }
    for (size_t i = 0; i < fold->n_fit; i++) {
        uint32_t row = fold->fit[i];
        if (fold_of(lesson, row) == k) {
            part->scored[part->n_scored++] = row;
        } else if (draw(lesson->seed, STREAM_STOP, lesson->labelled->user_key[row]) < VALID_SHARE) {
            part->stop[part->n_stop++] = row;
        } else {
            part->train[part->n_train++] = row;
        }
    }
    for (size_t i = 0; k == FOLDS && i < fold->n_held; i++) {
        part->scored[part->n_scored++] = fold->held[i];
    }
    return WL_OK;
}

static struct wl_sequence_config config_of(const struct lesson *lesson)
{
    const struct wl_net_options *o = &lesson->lab->options;
    struct wl_sequence_config config = wl_sequence_config_default();

    config.body = (enum wl_sequence_body)(o->body - 1);
    config.n_ids[0] = lesson->model->n_names + 2;
    config.n_ids[1] = WL_GAP_BUCKETS;
    config.n_ids[2] = WL_VALUE_BUCKETS;
    config.n_hidden = (size_t)o->hidden;
    config.n_embedding =
        (size_t)(config.body == WL_SEQUENCE_TRANSFORMER ? o->hidden : o->embedding);
    config.n_layers = (size_t)o->layers;
    config.n_heads = (size_t)o->heads;
    config.n_positions = (size_t)o->n_events + 1;
    return config;
}

// Only the refit speaks: one voice at a time.
static wl_status note_epoch(void *context, const struct wl_sequence_epoch *epoch, wl_error *error)
{
    struct lesson *lesson = context;
    struct wl_event_model *model = lesson->model;

    (void)error;
    model->epochs[model->n_epochs++] = (struct wl_event_epoch){
        .train_loss = epoch->train_loss,
        .valid_loss = epoch->valid_loss,
        .valid_accuracy = epoch->valid_accuracy,
    };
    wl_progress(lesson->sink, "sequences",
                (double)model->n_epochs / (double)lesson->lab->options.epochs);
    return WL_OK;
}

static wl_status learn(struct lesson *lesson, size_t k, const struct part *part,
                       struct wl_gemm *gemm, struct wl_sequence_model *net, wl_error *error)
{
    const struct wl_net_options *o = &lesson->lab->options;
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct wl_sequence_train_result result;

    options.n_epochs = (size_t)o->epochs;
    options.batch_sequences = (size_t)o->batch;
    options.patience = (size_t)o->patience;
    options.positive_weight = o->is_balanced ? 0.0 : 1.0;
    options.optimizer.rate = o->learning_rate;
    options.seed = lesson->seed;
    if (k == FOLDS) {
        options.on_epoch = note_epoch;
        options.context = lesson;
    }
    return wl_sequence_train(net, gemm, &lesson->sequences, part->train, part->n_train, part->stop,
                             part->n_stop, &options, &result, error);
}

static double percent_of(float logit)
{
    return 100.0 / (1.0 + exp(-(double)logit));
}

// The refit first: it is the longest.
static wl_status run_job(void *context, size_t begin, size_t end, size_t i_worker, wl_error *error)
{
    struct lesson *lesson = context;
    size_t k = begin == 0 ? FOLDS : begin - 1;
    const wl_alloc *alloc = lesson->model->alloc;
    struct wl_sequence_model *net = NULL;
    struct wl_gemm *gemm = NULL;
    struct wl_arena arena;
    struct part part;
    wl_status status = WL_OK;

    (void)end;
    (void)i_worker;
    wl_arena_init(&arena, alloc, 0);
    struct wl_sequence_config config = config_of(lesson);
    WL_GO(divide(lesson, k, &arena, &part, error));
    if (part.n_train == 0) {
        status = wl_fail(error, WL_EGATE, "too few customers to learn from their events");
        goto done;
    }
    WL_GO(wl_gemm_open(alloc, 1, &gemm, error));
    WL_GO(wl_sequence_model_new(alloc, &config, lesson->seed, &net, error));
    WL_GO(learn(lesson, k, &part, gemm, net, error));
    if (part.n_scored > 0) {
        WL_GO(wl_sequence_scores(net, gemm, &lesson->sequences, part.scored, part.n_scored,
                                 SCORE_BATCH, part.logits, error));
    }
    for (size_t i = 0; i < part.n_scored; i++) {
        lesson->values[part.scored[i]] = (float)percent_of(part.logits[i]);
    }
    if (k == FOLDS) {
        lesson->model->net = net;
        net = NULL;
    }
done:
    wl_sequence_model_free(net);
    wl_gemm_close(gemm);
    wl_arena_release(&arena);
    return status;
}

static wl_status judge(const struct lesson *lesson, double *auc, double *low, wl_error *error)
{
    const struct wl_labelled *labelled = lesson->labelled;
    const struct wl_fold *fold = lesson->fold;
    double *p = wl_arena_zeroed(lesson->arena, fold->n_fit + 1, sizeof(*p));
    uint8_t *y = wl_arena_zeroed(lesson->arena, fold->n_fit + 1, sizeof(*y));
    uint32_t *group = wl_arena_zeroed(lesson->arena, fold->n_fit + 1, sizeof(*group));

    if (p == NULL || y == NULL || group == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to judge %zu sequences", fold->n_fit);
    }
    for (size_t i = 0; i < fold->n_fit; i++) {
        p[i] = (double)lesson->values[fold->fit[i]];
        y[i] = labelled->y[fold->fit[i]];
        group[i] = labelled->user[fold->fit[i]];
    }
    const struct wl_column_proof proof = {
        .p = p, .y = y, .group = group, .n = fold->n_fit, .n_groups = labelled->n_users};
    return wl_column_judge(labelled->alloc, &proof, auc, low, error);
}

static wl_status check_classes(const struct wl_labelled *labelled, const struct wl_fold *fold,
                               wl_error *error)
{
    size_t n[2] = {0};

    for (size_t i = 0; i < fold->n_fit; i++) {
        n[labelled->y[fold->fit[i]] != 0]++;
    }
    if (n[0] < WL_TRAIN_CLASS_MIN || n[1] < WL_TRAIN_CLASS_MIN) {
        return wl_fail(error, WL_EGATE,
                       "learning from events needs %d rows that stay and %d that leave, has %zu "
                       "and %zu",
                       WL_TRAIN_CLASS_MIN, WL_TRAIN_CLASS_MIN, n[0], n[1]);
    }
    return WL_OK;
}

// Learned; whether the column may stand.
static wl_status settle(const struct wl_sequence_lab *lab, struct lesson *lesson, bool *is_empty,
                        wl_error *error)
{
    double auc = 0.0;
    double low = 0.0;

    WL_TRY(judge(lesson, &auc, &low, error));
    *is_empty = lab->may_be_empty && !(low > 0.5);
    if (!(low > 0.5)) {
        wl_notice(lesson->sink,
                  "the order of events does not tell leavers from stayers (AUC %.3f on customers "
                  "not seen, at least %.3f)%s",
                  auc, low, *is_empty ? ": column " WL_SEQUENCE_FEATURE " stays empty" : "");
    }
    return WL_OK;
}

wl_status wl_sequence_lab_fold(const struct wl_sequence_lab *lab,
                               const struct wl_labelled *labelled, const struct wl_fold *fold,
                               uint64_t seed, size_t n_threads, const struct wl_sink *sink,
                               float *values, struct wl_event_model **model_out, wl_error *error)
{
    struct wl_arena arena_batch;
    struct lesson lesson = {.lab = lab,
                            .labelled = labelled,
                            .fold = fold,
                            .seed = seed,
                            .sink = sink,
                            .arena = &arena_batch,
                            .values = values};
    bool is_empty = true;
    wl_status status = WL_OK;

    wl_arena_init(&arena_batch, labelled->alloc, 0);
    for (size_t i = 0; i < lab->n_rows; i++) {
        values[i] = NAN;
    }
    WL_GO(check_classes(labelled, fold, error));
    WL_GO(learn_names(&lesson, labelled->alloc, error));
    lesson.model->epochs = wl_arena_zeroed(&lesson.model->arena, (size_t)lab->options.epochs,
                                           sizeof(*lesson.model->epochs));
    if (lesson.model->epochs == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for epochs");
        goto done;
    }
    WL_GO(wl_parallel_for(n_threads != 0 ? n_threads : wl_threads_default(), FOLDS + 1, 1, run_job,
                          &lesson, error));
    WL_GO(settle(lab, &lesson, &is_empty, error));
    for (size_t i = 0; is_empty && i < lab->n_rows; i++) {
        values[i] = NAN;
    }
    if (model_out != NULL && !is_empty) {
        *model_out = lesson.model;
        lesson.model = NULL;
    }
done:
    wl_event_model_free(lesson.model);
    wl_arena_release(&arena_batch);
    return status;
}
