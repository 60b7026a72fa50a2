/* Learning. The same folds and rows serve the model and every baseline, so their figures compare.
 *
 * A prediction that is judged was always made by a model that saw neither the row nor anything
 * later: by time, nothing at or after the test dates; by folds, no other row of the same user. */
#include "journey_train.h"

#include "journey_train_sequences.h"
#include "journey_train_texts.h"
#include "text/text_linear.h"

#include "base/clock.h"
#include "learn/leak.h"
#include "math/ranked.h"
#include "model/registry.h"

#include <stdio.h>
#include <string.h>

// A date whose outcomes the data does not reach gives no rows: say so instead of learning without.
static wl_status check_reach(const struct wl_journey *journey, const int64_t *dates_us,
                             size_t n_dates, wl_error *error)
{
    int64_t newest_us = journey->company->newest_us;
    int64_t zone_us = journey->workspace.utc_offset_us;
    char dates[3][WL_TIME_TEXT_BYTES];

    for (size_t i = 0; i < n_dates && journey->churn.kind != WL_CHURN_LABEL; i++) {
        int64_t closes_us = wl_churn_closes_us(&journey->churn, dates_us[i]);
        if (closes_us > newest_us) {
            return wl_fail(error, WL_ECONFIG,
                           "dates: outcomes of %s are certain on %s only, and the data ends on "
                           "%s: choose an earlier date, or ingest later data",
                           wl_date_format(dates_us[i] + zone_us, dates[0]),
                           wl_date_format(closes_us + zone_us, dates[1]),
                           wl_date_format(newest_us + zone_us, dates[2]));
        }
    }
    return WL_OK;
}

/* One run of learning: rows, labels, folds, and predictions of one candidate after the other. */
struct lab {
    struct wl_journey *journey;
    const struct wl_training *training;
    struct wl_labels labels;
    struct wl_rows rows;
    struct wl_labelled labelled;
    struct wl_folds folds;
    struct wl_arena arena; /* predictions and everything that is judged */
    size_t i_text;         /* column that a text model fills, or SIZE_MAX */
    struct wl_text_lab texts;
    float *text_values[WL_FOLDS_MAX + 1];       /* (labelled) of each fold, and of all rows; NULL
                                                * until it is asked for */
    struct wl_text_classifier *text_classifier; /* of the fold asked for last; owned */
    size_t i_sequence; /* column that a model of sequences fills, or SIZE_MAX */
    struct wl_sequence_lab sequences;
    float *sequence_values[WL_FOLDS_MAX + 1]; /* as text_values */
    struct wl_event_model *event_model;       /* of the fold asked for last; owned */
    size_t n_judged;                          /* rows held out by some fold */
    uint32_t *judged;                         /* (n_judged) index into labelled, fold by fold */
    uint32_t *fold;                           /* (n_judged) */
};

static void release_lab(struct lab *lab)
{
    wl_labels_release(&lab->labels);
    wl_rows_release(&lab->rows);
    wl_labelled_release(&lab->labelled);
    wl_folds_release(&lab->folds);
    wl_text_lab_release(&lab->texts);
    wl_text_classifier_free(lab->text_classifier);
    wl_sequence_lab_release(&lab->sequences);
    wl_event_model_free(lab->event_model);
    wl_arena_release(&lab->arena);
}

static bool joins_same_text(const struct wl_journey *journey)
{
    return journey->split.kind == WL_SPLIT_KFOLD &&
           journey->split.together == WL_TOGETHER_SAME_TEXT;
}

static wl_status prepare_texts(struct lab *lab, wl_error *error)
{
    const struct wl_journey *journey = lab->journey;

    lab->i_text = wl_plan_find(journey->plan, WL_STR(WL_TEXT_CHURN_FEATURE));
    if (lab->i_text == SIZE_MAX && !joins_same_text(journey)) {
        return WL_OK;
    }
    return wl_text_lab_init(&lab->texts, journey->run.alloc, journey->company, &lab->rows,
                            &lab->labelled, joins_same_text(journey), error);
}

static wl_status make_folds(struct lab *lab, wl_error *error)
{
    const struct wl_split *split = &lab->journey->split;

    if (joins_same_text(lab->journey)) {
        return wl_folds_by_group(&lab->labelled, lab->texts.group_of_user, (size_t)split->folds,
                                 (uint64_t)split->seed, &lab->folds, error);
    }
    return wl_folds_make(split, &lab->journey->dates, &lab->labelled, &lab->folds, error);
}

// Memory for a column's values in fold f, and the fold; f = n_folds: all rows, for the model to
// keep.
static wl_status fold_at(struct lab *lab, size_t f, struct wl_fold *fold, float **values,
                         wl_error *error)
{
    size_t n = lab->labelled.n_rows;
    uint32_t *all = wl_arena_zeroed(&lab->arena, n + 1, sizeof(*all));

    *values = wl_arena_zeroed(&lab->arena, n + 1, sizeof(**values));
    if (all == NULL || *values == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a column of %zu rows", n);
    }
    for (size_t i = 0; i < n; i++) {
        all[i] = (uint32_t)i;
    }
    *fold = f < lab->folds.n_folds ? lab->folds.folds[f] : (struct wl_fold){.fit = all, .n_fit = n};
    return WL_OK;
}

static wl_status make_text_values(struct lab *lab, size_t f, wl_error *error)
{
    const struct wl_run *run = &lab->journey->run;
    struct wl_fold fold;
    float *values;

    WL_TRY(fold_at(lab, f, &fold, &values, error));
    wl_text_classifier_free(lab->text_classifier);
    lab->text_classifier = NULL;
    WL_TRY(wl_text_lab_fold(&lab->texts, &lab->labelled, &fold, run->seed, run->n_threads,
                            run->sink, values, &lab->text_classifier, error));
    lab->text_values[f] = values;
    return WL_OK;
}

static wl_status make_sequence_values(struct lab *lab, size_t f, wl_error *error)
{
    const struct wl_run *run = &lab->journey->run;
    struct wl_fold fold;
    float *values;

    WL_TRY(fold_at(lab, f, &fold, &values, error));
    wl_event_model_free(lab->event_model);
    lab->event_model = NULL;
    WL_TRY(wl_sequence_lab_fold(&lab->sequences, &lab->labelled, &fold,
                                (uint64_t)lab->training->options.seed, run->n_threads, run->sink,
                                values, &lab->event_model, error));
    lab->sequence_values[f] = values;
    return WL_OK;
}

static void put_values(struct lab *lab, size_t i_column, const float *values)
{
    for (size_t i = 0; i < lab->labelled.n_rows; i++) {
        size_t at = lab->labelled.row[i] * lab->rows.schema->n_features + i_column;
        lab->rows.values[at] = values[i];
    }
}

// Before rows are learned from or judged: the columns of other models as fold f has them.
static wl_status use_columns(struct lab *lab, size_t f, wl_error *error)
{
    if (lab->i_text != SIZE_MAX) {
        if (lab->text_values[f] == NULL) {
            WL_TRY(make_text_values(lab, f, error));
        }
        put_values(lab, lab->i_text, lab->text_values[f]);
    }
    if (lab->i_sequence != SIZE_MAX) {
        if (lab->sequence_values[f] == NULL) {
            WL_TRY(make_sequence_values(lab, f, error));
        }
        put_values(lab, lab->i_sequence, lab->sequence_values[f]);
    }
    return WL_OK;
}

static wl_status prepare_sequences(struct lab *lab, wl_error *error)
{
    const struct wl_journey *journey = lab->journey;
    const struct wl_training *training = lab->training;

    lab->i_sequence = wl_plan_find(journey->plan, WL_STR(WL_SEQUENCE_FEATURE));
    if (lab->i_sequence == SIZE_MAX) {
        return WL_OK;
    }
    WL_TRY(wl_sequence_lab_init(&lab->sequences, journey->run.alloc, journey->company, &lab->rows,
                                &lab->labelled, &training->net, error));
    lab->sequences.may_be_empty =
        !wl_algorithm_is_sequence((enum wl_algorithm)training->options.algorithm);
    return WL_OK;
}

// Everything before the first fit.
static wl_status prepare_lab(struct lab *lab, bool is_forced, struct wl_trained *trained,
                             wl_error *error)
{
    struct wl_journey *journey = lab->journey;
    struct wl_workspace *workspace = &journey->workspace;
    size_t n_dates = 0;

    if (!journey->has_churn) {
        return wl_fail(error, WL_ECONFIG, "%s: no churn section: say what counts as leaving",
                       workspace->config_path);
    }
    wl_status status = wl_dates_settle(&journey->split, &journey->churn, &journey->dates, error);
    WL_TRY(wl_workspace_fail(workspace, status, error));
    int64_t *dates_us = wl_dates_all(&journey->dates, &workspace->arena, &n_dates);
    if (dates_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for dates");
    }
    WL_TRY(wl_workspace_fail(workspace, check_reach(journey, dates_us, n_dates, error), error));
    WL_TRY(wl_journey_plan(journey, (struct wl_str){.data = NULL, .n_bytes = 0}, error));
    WL_TRY(wl_workspace_fail(workspace, wl_training_check(journey, error), error));
    WL_TRY(wl_journey_rows(journey, dates_us, n_dates, &lab->labels, &lab->rows, error));
    WL_TRY(wl_labels_attach(&lab->labels, journey->company, &lab->rows, &lab->labelled,
                            &trained->labels, error));
    status = wl_gate_rows(&lab->training->gates, lab->labelled.n_rows, lab->labelled.n_positive,
                          is_forced, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "to learn from and judge on");
    }
    WL_TRY(wl_leaks_check(&journey->churn, &lab->rows, &lab->labelled, is_forced, journey->run.sink,
                          error));
    WL_TRY(prepare_texts(lab, error));
    WL_TRY(prepare_sequences(lab, error));
    WL_TRY(make_folds(lab, error));
    return wl_folds_check(&lab->folds, &journey->churn, &lab->labelled, error);
}

static wl_status list_judged(struct lab *lab, wl_error *error)
{
    for (size_t f = 0; f < lab->folds.n_folds; f++) {
        lab->n_judged += lab->folds.folds[f].n_held;
    }
    lab->judged = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*lab->judged));
    lab->fold = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*lab->fold));
    if (lab->judged == NULL || lab->fold == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu predictions", lab->n_judged);
    }
    size_t n = 0;
    for (size_t f = 0; f < lab->folds.n_folds; f++) {
        for (size_t i = 0; i < lab->folds.folds[f].n_held; i++) {
            lab->judged[n] = lab->folds.folds[f].held[i];
            lab->fold[n++] = (uint32_t)f;
        }
    }
    return WL_OK;
}

/* Predictions of one candidate for all judged rows. */
struct predictions {
    double *margin;   /* (n_judged) */
    double *p;        /* (n_judged) */
    double threshold; /* on p, chosen on rows held out inside the fitting rows; mean over folds */
};

// Rows of labelled by index (NULL: all) as what wl_train wants.
static wl_status select_rows(struct lab *lab, const uint32_t *index, size_t n,
                             struct wl_train_data *data, wl_error *error)
{
    uint32_t *rows = wl_arena_zeroed(&lab->arena, n + 1, sizeof(*rows));
    uint8_t *y = wl_arena_zeroed(&lab->arena, n + 1, sizeof(*y));
    double *held_p = wl_arena_zeroed(&lab->arena, n + 1, sizeof(*held_p));

    if (rows == NULL || y == NULL || held_p == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to train on %zu rows", n);
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = index != NULL ? index[i] : i;
        rows[i] = lab->labelled.row[at];
        y[i] = lab->labelled.y[at];
    }
    *data = (struct wl_train_data){
        .set = {.rows = &lab->rows, .index = rows, .n = n}, .labels = y, .held_p = held_p};
    return WL_OK;
}

static wl_status best_threshold(const struct wl_train_data *data, const wl_alloc *alloc,
                                double *threshold, wl_error *error)
{
    struct wl_ranked ranked = {0};

    WL_TRY(wl_ranked_init(&ranked, alloc, data->held_p, data->labels, data->set.n, error));
    *threshold = wl_best_f1_threshold(&ranked);
    wl_ranked_release(&ranked);
    return WL_OK;
}

// The column of sequences is for candidates that ask for it, and for no other.
static wl_status own_features(struct lab *lab, struct wl_train_options *options, wl_error *error)
{
    const struct wl_schema *schema = lab->rows.schema;
    struct wl_texts *own = &options->features;
    bool wants = options->net.body != 0;

    if (lab->i_sequence == SIZE_MAX || options->feature != NULL || wants == (own->n_items == 0)) {
        return WL_OK; // all features, or those that were named
    }
    size_t n = wants ? own->n_items : schema->n_features;
    const char **items = wl_arena_zeroed(&lab->arena, n + 1, sizeof(*items));
    if (items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu names", n);
    }
    size_t n_items = 0;
    for (size_t i = 0; i < n; i++) {
        const char *name = wants ? own->items[i] : schema->columns[i].name;
        if (strcmp(name, WL_SEQUENCE_FEATURE) != 0) {
            items[n_items++] = name;
        }
    }
    if (wants) {
        items[n_items++] = WL_SEQUENCE_FEATURE;
    }
    *own = (struct wl_texts){.items = items, .n_items = n_items};
    return WL_OK;
}

// threshold NULL: nobody asks, so no rows need to be held out for it.
static wl_status fit(struct lab *lab, const struct wl_train_options *candidate,
                     const uint32_t *index, size_t n, struct wl_model **model, double *threshold,
                     wl_error *error)
{
    const struct wl_run *run = &lab->journey->run;
    struct wl_train_options options = *candidate;
    struct wl_train_data data;

    WL_TRY(own_features(lab, &options, error));
    WL_TRY(select_rows(lab, index, n, &data, error));
    if (threshold == NULL) {
        data.held_p = NULL;
        return wl_train(run->alloc, &data, &options, run->n_threads, run->sink, model, error);
    }
    WL_TRY(wl_train(run->alloc, &data, &options, run->n_threads, run->sink, model, error));
    wl_status status = best_threshold(&data, run->alloc, threshold, error);
    if (status != WL_OK) {
        wl_model_free(*model);
        *model = NULL;
    }
    return status;
}

// Fit a candidate on every fold and predict what the fold held out. A baseline is only ranked: its
// options say no calibration, and it has no threshold. The last model is given when keep is not
// NULL.
static wl_status predict(struct lab *lab, const struct wl_train_options *options, bool is_baseline,
                         struct predictions *out, struct wl_model **keep, wl_error *error)
{
    size_t n = 0;

    *out = (struct predictions){
        .margin = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*out->margin)),
        .p = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*out->p))};
    if (out->margin == NULL || out->p == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu predictions", lab->n_judged);
    }
    for (size_t f = 0; f < lab->folds.n_folds; f++) {
        const struct wl_fold *fold = &lab->folds.folds[f];
        struct wl_model *model = NULL;
        double threshold = 0.0;
        WL_TRY(use_columns(lab, f, error));
        WL_TRY(fit(lab, options, fold->fit, fold->n_fit, &model, is_baseline ? NULL : &threshold,
                   error));
        out->threshold += threshold / (double)lab->folds.n_folds;
        for (size_t i = 0; i < fold->n_held; i++, n++) {
            size_t row = lab->labelled.row[fold->held[i]];
            const float *values = lab->rows.values + row * lab->rows.schema->n_features;
            out->margin[n] = wl_model_margin(model, values);
            out->p[n] = wl_model_probability(model, out->margin[n]);
        }
        if (keep != NULL) {
            wl_model_free(*keep);
            *keep = model;
        } else {
            wl_model_free(model);
        }
    }
    return WL_OK;
}

static const char *sentence(struct lab *lab, const char *language)
{
    struct wl_journey *journey = lab->journey;
    struct wl_buf text;

    wl_buf_init(&text, journey->run.alloc, 0);
    wl_split_text(&journey->split, &journey->dates, language, &text);
    // The evaluation outlives the lab: its words live in the workspace.
    const char *kept = wl_arena_string(&journey->workspace.arena, wl_buf_view(&text));
    wl_buf_release(&text);
    return kept;
}

static wl_status judge(struct lab *lab, const struct predictions *own,
                       const struct wl_baseline_scores *baselines, size_t n_baselines,
                       bool is_forced, struct wl_evaluation *evaluation, wl_error *error)
{
    const struct wl_journey *journey = lab->journey;
    uint8_t *y = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*y));
    uint32_t *user = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*user));
    int64_t *as_of_us = wl_arena_zeroed(&lab->arena, lab->n_judged + 1, sizeof(*as_of_us));

    if (y == NULL || user == NULL || as_of_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to judge %zu predictions", lab->n_judged);
    }
    for (size_t i = 0; i < lab->n_judged; i++) {
        y[i] = lab->labelled.y[lab->judged[i]];
        user[i] = lab->labelled.user[lab->judged[i]];
        as_of_us[i] = lab->labelled.as_of_us[lab->judged[i]];
    }
    struct wl_evaluate_input input = {
        .set = journey->workspace.name,
        .model = wl_algorithm_name((enum wl_algorithm)lab->training->options.algorithm),
        .n_rows = lab->n_judged,
        .y = y,
        .p = own->p,
        .margin = own->margin,
        .user = user,
        .n_users = lab->labelled.n_users,
        .as_of_us = as_of_us,
        .fold = lab->folds.n_folds > 1 ? lab->fold : NULL,
        .n_folds = lab->folds.n_folds > 1 ? lab->folds.n_folds : 0,
        .threshold = own->threshold,
        .horizon_us = journey->churn.horizon_us,
        .lead_us = journey->churn.lead_us,
        .split_en = sentence(lab, "en"),
        .split_zh = sentence(lab, "zh"),
        .is_random = lab->folds.is_random,
        .is_forced = is_forced,
        .caution = journey->workspace.caution,
        .n_baselines = n_baselines,
        .baselines = baselines,
        .gates = lab->training->gates,
        .seed = journey->run.seed,
        .n_threads = journey->run.n_threads};
    return wl_evaluate(journey->run.alloc, &input, evaluation, error);
}

static const char *baseline_name(const struct wl_train_options *options)
{
    if (options->name != NULL) {
        return options->name;
    }
    return options->feature != NULL ? options->feature
                                    : wl_algorithm_name((enum wl_algorithm)options->algorithm);
}

// What the kept model says about itself.
static wl_status describe(struct lab *lab, const struct wl_trained *trained, wl_error *error)
{
    const struct wl_journey *journey = lab->journey;
    struct wl_buf metrics;
    struct wl_buf label;
    struct wl_buf text;
    struct wl_buf sequence;
    wl_status status = WL_OK;

    wl_buf_init(&metrics, journey->run.alloc, 0);
    wl_buf_init(&label, journey->run.alloc, 0);
    wl_buf_init(&text, journey->run.alloc, 0);
    wl_buf_init(&sequence, journey->run.alloc, 0);
    if (lab->event_model != NULL && lab->training->options.net.body != 0) {
        wl_event_model_encode(lab->event_model, &sequence);
    }
    WL_GO(wl_buf_check(&sequence, error));
    if (lab->text_classifier != NULL) {
        WL_GO(wl_text_classifier_encode(lab->text_classifier, &text, error));
    }
    WL_GO(wl_buf_check(&text, error));
    wl_evaluation_json(&trained->evaluation, &metrics);
    wl_churn_sentence(&journey->churn, "en", &label);
    WL_GO(wl_buf_check(&metrics, error));
    WL_GO(wl_buf_check(&label, error));
    struct wl_model_about about = {.label = wl_buf_view(&label),
                                   .metrics = wl_buf_view(&metrics),
                                   .features = journey->plan->definition,
                                   .text = wl_buf_view(&text),
                                   .sequence = wl_buf_view(&sequence),
                                   .horizon_us = journey->churn.horizon_us,
                                   .lead_us = journey->churn.lead_us};
    status = wl_model_describe(trained->model, &about, error);
done:
    wl_buf_release(&metrics);
    wl_buf_release(&label);
    wl_buf_release(&text);
    wl_buf_release(&sequence);
    return status;
}

// The model's own features that are (or are not) made of texts. n_items stays 0 when that leaves
// none or all of them: then there is nothing to compare.
static wl_status split_features(const struct lab *lab, bool wants_text, struct wl_texts *names,
                                wl_error *error)
{
    const struct wl_plan *plan = lab->journey->plan;
    const struct wl_texts *own = &lab->training->options.features;
    struct wl_arena *arena = &lab->journey->workspace.arena;
    const char **items = wl_arena_zeroed(arena, plan->n_features + 1, sizeof(*items));
    size_t n_own = 0;
    size_t n = 0;

    if (items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu names", plan->n_features);
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        const char *name = plan->features[i].name;
        bool is_own = own->n_items == 0;
        for (size_t f = 0; f < own->n_items && !is_own; f++) {
            is_own = strcmp(own->items[f], name) == 0;
        }
        is_own = is_own && (i != lab->i_sequence || lab->training->options.net.body != 0);
        n_own += is_own;
        if (is_own && wl_plan_is_text(plan, i) == wants_text) {
            items[n++] = name;
        }
    }
    *names = (struct wl_texts){.items = items, .n_items = n < n_own ? n : 0};
    return WL_OK;
}

static wl_status judge_part(struct lab *lab, const char *name, struct wl_train_options *options,
                            struct wl_baseline_scores *baselines, size_t *n_baselines,
                            wl_error *error)
{
    struct predictions other;

    if (*n_baselines == WL_BASELINES_MAX) {
        wl_notice(lab->journey->run.sink, "no room to compare with %s: at most %d baselines", name,
                  WL_BASELINES_MAX);
        return WL_OK;
    }
    options->calibration = WL_CALIBRATION_NONE;
    WL_TRY(predict(lab, options, true, &other, NULL, error));
    baselines[(*n_baselines)++] = (struct wl_baseline_scores){.name = name, .score = other.margin};
    return WL_OK;
}

// The model without its text columns, and with those alone, beside the other baselines.
static wl_status judge_texts(struct lab *lab, struct wl_baseline_scores *baselines,
                             size_t *n_baselines, wl_error *error)
{
    static const char *const names[2] = {WL_BASELINE_NO_TEXT, WL_BASELINE_TEXT_ONLY};

    if (wl_algorithm_is_sequence((enum wl_algorithm)lab->training->options.algorithm)) {
        return WL_OK; // it reads no texts
    }
    for (size_t i = 0; i < 2; i++) {
        struct wl_train_options options = lab->training->options;
        WL_TRY(split_features(lab, i == 1, &options.features, error));
        if (options.features.n_items == 0) {
            return WL_OK;
        }
        WL_TRY(judge_part(lab, names[i], &options, baselines, n_baselines, error));
    }
    return WL_OK;
}

// Likewise of events in their order.
static wl_status judge_sequences(struct lab *lab, struct wl_baseline_scores *baselines,
                                 size_t *n_baselines, wl_error *error)
{
    struct wl_train_options options = lab->training->options;
    int body = options.net.body;

    if (body == 0 || wl_algorithm_is_sequence((enum wl_algorithm)options.algorithm)) {
        return WL_OK;
    }
    options.net.body = 0;
    WL_TRY(judge_part(lab, WL_BASELINE_NO_SEQUENCE, &options, baselines, n_baselines, error));
    wl_train_options_choose(&options, WL_ALGORITHM_LSTM + body - 1);
    return judge_part(lab, WL_BASELINE_SEQUENCE_ONLY, &options, baselines, n_baselines, error);
}

static wl_status keep_epochs(struct lab *lab, struct wl_trained *trained, wl_error *error)
{
    const struct wl_event_model *model = lab->event_model;

    if (model == NULL || model->n_epochs == 0) {
        return WL_OK;
    }
    struct wl_event_epoch *epochs =
        wl_arena_zeroed(&lab->journey->workspace.arena, model->n_epochs, sizeof(*epochs));
    if (epochs == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu epochs", model->n_epochs);
    }
    memcpy(epochs, model->epochs, model->n_epochs * sizeof(*epochs));
    trained->epochs = epochs;
    trained->n_epochs = model->n_epochs;
    return WL_OK;
}

static wl_status run_lab(struct lab *lab, bool wants_model, bool is_forced,
                         struct wl_trained *trained, wl_error *error)
{
    const struct wl_training *training = lab->training;
    struct wl_baseline_scores baselines[WL_BASELINES_MAX];
    struct predictions own;
    struct predictions other;
    bool is_by_time = lab->folds.n_folds == 1;
    size_t n_baselines = training->n_baselines;
    double threshold = 0.0;

    WL_TRY(list_judged(lab, error));
    WL_TRY(predict(lab, &training->options, false, &own,
                   wants_model && is_by_time ? &trained->model : NULL, error));
    for (size_t b = 0; b < training->n_baselines; b++) {
        struct wl_train_options options = training->baselines[b];
        options.calibration = WL_CALIBRATION_NONE;
        WL_TRY(predict(lab, &options, true, &other, NULL, error));
        baselines[b] = (struct wl_baseline_scores){.name = baseline_name(&training->baselines[b]),
                                                   .score = other.margin};
    }
    WL_TRY(judge_texts(lab, baselines, &n_baselines, error));
    WL_TRY(judge_sequences(lab, baselines, &n_baselines, error));
    WL_TRY(judge(lab, &own, baselines, n_baselines, is_forced, &trained->evaluation, error));
    trained->n_fit = is_by_time ? lab->folds.folds[0].n_fit : lab->labelled.n_rows;
    if (wants_model && !is_by_time) {
        WL_TRY(use_columns(lab, lab->folds.n_folds, error));
        WL_TRY(fit(lab, &training->options, NULL, lab->labelled.n_rows, &trained->model, &threshold,
                   error));
    }
    for (size_t i = 0; i < trained->n_fit; i++) {
        size_t at = is_by_time ? lab->folds.folds[0].fit[i] : i;
        trained->n_fit_positive += lab->labelled.y[at];
    }
    WL_TRY(keep_epochs(lab, trained, error));
    return wants_model ? describe(lab, trained, error) : WL_OK;
}

wl_status wl_journey_train(struct wl_journey *journey, const struct wl_training *training,
                           bool wants_model, bool is_forced, struct wl_trained *trained,
                           wl_error *error)
{
    struct lab lab = {
        .journey = journey, .training = training, .i_text = SIZE_MAX, .i_sequence = SIZE_MAX};

    *trained = (struct wl_trained){0};
    wl_arena_init(&lab.arena, journey->run.alloc, 0);
    wl_status status = prepare_lab(&lab, is_forced, trained, error);
    if (status == WL_OK) {
        status = run_lab(&lab, wants_model, is_forced, trained, error);
    }
    release_lab(&lab);
    if (status != WL_OK) {
        wl_trained_release(trained);
    }
    return status;
}

void wl_trained_release(struct wl_trained *trained)
{
    wl_model_free(trained->model);
    *trained = (struct wl_trained){0};
}

wl_status wl_journey_keep(struct wl_journey *journey, const struct wl_trained *trained,
                          const char *author, int64_t *version, wl_error *error)
{
    const struct wl_dates *dates = &journey->dates;
    bool has_train = dates->n_train > 0;
    const char *folder = journey->workspace.models_path;
    struct wl_registry_facts facts = {.created_us = journey->run.now_us,
                                      .train_from_us = has_train ? dates->train_us[0]
                                                                 : trained->evaluation.first_us,
                                      .train_to_us = has_train ? dates->train_us[dates->n_train - 1]
                                                               : trained->evaluation.last_us,
                                      .n_train = trained->n_fit,
                                      .n_train_churned = trained->n_fit_positive,
                                      .n_test = trained->evaluation.n_rows,
                                      .n_test_churned = trained->evaluation.n_positive,
                                      .parents = WL_STR("")};

    WL_TRY(wl_registry_save(journey->run.alloc, folder, WL_MODEL_NAME, trained->model, &facts,
                            version, error));
    return wl_registry_set_alias(journey->run.alloc, folder, WL_MODEL_NAME, WL_ALIAS_CHAMPION,
                                 *version, wl_str_from(author), WL_STR("trained"),
                                 journey->run.now_us, error);
}
