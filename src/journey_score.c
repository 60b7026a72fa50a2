/* Scoring and explaining: the part of the journey that serves. Links no training library. */
#include "journey.h"
#include "journey_reasons.h"

#include "model/registry.h"
#include "nn/text_file.h"

#include <math.h>
#include <string.h>

#define EXPLAIN_BLOCK_ROWS 256 // encoded columns and contributions of a block stay in the cache

/* ---- words: what the plan knows of a feature, as explain wants it ---- */

static enum wl_words_kind attribute_kind(const struct wl_plan *plan,
                                         const struct wl_feature *feature)
{
    switch (plan->attributes[feature->i_attribute].use) {
    case WL_ATTRIBUTE_CATEGORY: return WL_WORDS_CATEGORY;
    case WL_ATTRIBUTE_BOOL: return WL_WORDS_BOOL;
    case WL_ATTRIBUTE_DATE: return WL_WORDS_DATE;
    case WL_ATTRIBUTE_NUMBER: break;
    }
    return WL_WORDS_NUMBER;
}

// The feature that says how long this signal has been seen, or SIZE_MAX.
static size_t find_tenure(const struct wl_plan *plan, size_t i_signal)
{
    for (size_t i = 0; i < plan->n_features; i++) {
        if (plan->features[i].aggregate == WL_AGGREGATE_DAYS_SINCE_FIRST &&
            plan->features[i].i_signal == i_signal) {
            return i;
        }
    }
    return SIZE_MAX;
}

static void fill_words(const struct wl_plan *plan, size_t i_feature, struct wl_feature_words *words)
{
    const struct wl_feature *feature = wl_plan_feature(plan, i_feature);

    *words = (struct wl_feature_words){.name = feature->name,
                                       .label_zh = feature->zh,
                                       .label_en = feature->en,
                                       .value_zh = "",
                                       .value_en = "",
                                       .unit_zh = feature->unit_zh,
                                       .unit_en = feature->unit_en,
                                       .prop = "",
                                       .code = feature->code,
                                       .kind = WL_WORDS_RATIO,
                                       .window_us = feature->window_us,
                                       .i_baseline = feature->i_baseline,
                                       .i_tenure = SIZE_MAX};
    if (feature->i_attribute != SIZE_MAX) {
        words->kind = attribute_kind(plan, feature);
    } else if (feature->i_signal != SIZE_MAX) {
        const struct wl_signal *signal = &plan->signals[feature->i_signal];
        const char *key = wl_aggregate_info_of(feature->aggregate)->key;
        bool is_known = wl_words_kind_parse(wl_str_from(key), &words->kind);
        WL_ASSERT(is_known); // every aggregate has its sentence
        words->label_zh = signal->zh;
        words->label_en = signal->en;
        words->value_zh = signal->value_zh;
        words->value_en = signal->value_en;
        words->i_tenure = find_tenure(plan, feature->i_signal);
        if (feature->i_sketch != SIZE_MAX) {
            words->prop = plan->sketches[feature->i_sketch].prop;
        }
    }
}

/* ---- the scorer ---- */

// The text model travels inside the model's file, so that the two can never be of two versions.
static wl_status open_text_model(struct wl_journey *journey, const struct wl_model *model,
                                 wl_error *error)
{
    struct wl_str bytes = wl_model_about(model)->text;
    struct wl_text_classifier *classifier = NULL;

    if (bytes.n_bytes > 0) {
        wl_status status = wl_text_classifier_decode(journey->run.alloc, bytes, &classifier, error);
        if (status != WL_OK) {
            return wl_fail_at(error, status, "text model of the churn model");
        }
        if (wl_text_classifier_about(classifier)->n_labels != 2) {
            wl_text_classifier_free(classifier);
            return wl_fail(error, WL_ECORRUPT, "text model of the churn model: not 2 labels");
        }
    }
    wl_text_classifier_free(journey->text_churn);
    journey->text_churn = classifier;
    return WL_OK;
}

// So does the model of sequences.
static wl_status open_sequences(struct wl_journey *journey, const struct wl_model *model,
                                wl_error *error)
{
    struct wl_str bytes = wl_model_about(model)->sequence;
    struct wl_event_model *sequences = NULL;

    if (bytes.n_bytes > 0) {
        WL_TRY(wl_event_model_decode(journey->run.alloc, bytes, &sequences, error));
    }
    wl_event_model_free(journey->sequences);
    journey->sequences = sequences;
    return WL_OK;
}

static wl_status open_model(struct wl_journey *journey, const char *which, struct wl_scorer *scorer,
                            wl_error *error)
{
    struct wl_registry_entry entry = {0};
    wl_error inner = {0};
    wl_status status = wl_registry_open(&journey->workspace.arena, journey->workspace.models_path,
                                        WL_MODEL_NAME, which, NULL, &entry, &scorer->model, &inner);

    if (status == WL_OK) {
        scorer->version = entry.version;
        WL_TRY(open_text_model(journey, scorer->model, error));
        WL_TRY(open_sequences(journey, scorer->model, error));
        return wl_journey_plan(journey, wl_model_about(scorer->model)->features, error);
    }
    if (status != WL_ENOTFOUND || which != NULL) {
        return wl_fail(error, status, "%s", inner.message);
    }
    if (journey->company == NULL) { // attributes are features, and only the data knows them
        WL_TRY(wl_journey_load(journey, error));
    }
    WL_TRY(wl_journey_plan(journey, (struct wl_str){.data = NULL, .n_bytes = 0}, error));
    WL_TRY(wl_model_fallback(scorer->alloc, &journey->plan->schema, &scorer->model, error));
    if (wl_model_rule(scorer->model)->n_lines == 0) {
        return wl_fail(error, WL_ENOTFOUND, "no model yet: run wanliu train");
    }
    scorer->degraded = true;
    scorer->why = "no model yet, the rule baseline scored";
    return WL_OK;
}

static wl_status prepare(const struct wl_plan *plan, struct wl_scorer *scorer, wl_error *error)
{
    const struct wl_encoder *encoder = wl_model_encoder(scorer->model);
    const struct wl_forest *forest = wl_model_forest(scorer->model);

    WL_TRY(wl_model_check_schema(scorer->model, &plan->schema, error));
    scorer->n_features = plan->n_features;
    scorer->n_columns = encoder->n_columns;
    scorer->i_activity = plan->i_activity;
    scorer->words = wl_alloc_zeroed(scorer->alloc, plan->n_features, sizeof(*scorer->words));
    scorer->feature = wl_alloc_zeroed(scorer->alloc, encoder->n_columns + 1, sizeof(uint32_t));
    if (scorer->words == NULL || scorer->feature == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu features", plan->n_features);
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        fill_words(plan, i, &scorer->words[i]);
    }
    for (size_t c = 0; c < encoder->n_columns; c++) {
        scorer->feature[c] = encoder->columns[c].feature;
    }
    return forest != NULL ? wl_shap_new(scorer->alloc, forest, &scorer->shap, error) : WL_OK;
}

wl_status wl_scorer_open(struct wl_journey *journey, const char *which, struct wl_scorer *scorer,
                         wl_error *error)
{
    *scorer = (struct wl_scorer){.alloc = journey->run.alloc, .why = ""};
    wl_status status = open_model(journey, which, scorer, error);
    if (status == WL_OK) {
        status = prepare(journey->plan, scorer, error);
    }
    if (status != WL_OK) {
        wl_scorer_close(scorer);
    }
    return status;
}

void wl_scorer_close(struct wl_scorer *scorer)
{
    if (scorer->alloc == NULL) {
        return;
    }
    wl_shap_free(scorer->shap);
    wl_model_free(scorer->model);
    wl_alloc_free(scorer->alloc, scorer->words);
    wl_alloc_free(scorer->alloc, scorer->feature);
    *scorer = (struct wl_scorer){0};
}

/* ---- scores ---- */

static void set_tier(const struct wl_tiers *tiers, struct wl_score *score)
{
    bool is_fallback = false;

    score->tier = wl_tier_of(tiers, score->p_churn, score->activity, &is_fallback);
    if (is_fallback && !score->degraded) {
        score->degraded = true;
        score->why = WL_STR("no own baseline of activity yet, the probability decided the tier");
    }
}

wl_status wl_journey_score(const struct wl_journey *journey, const struct wl_scorer *scorer,
                           const struct wl_rows *rows, struct wl_score *scores, wl_error *error)
{
    const struct wl_model_about *about = wl_model_about(scorer->model);
    const wl_alloc *alloc = journey->run.alloc;
    bool is_learned = scorer->version > 0; // the rule baseline takes over what is declared
    bool is_misread = journey->plan->needs_readings && journey->readers.degraded;
    const char *why = scorer->degraded || !is_misread ? scorer->why : journey->readers.why;
    int64_t horizon_us = is_learned ? about->horizon_us : journey->churn.horizon_us;
    int64_t lead_us = is_learned ? about->lead_us : journey->churn.lead_us;
    double *margin = wl_alloc_array(alloc, rows->n_rows + 1, sizeof(*margin));
    double *p_churn = wl_alloc_array(alloc, rows->n_rows + 1, sizeof(*p_churn));
    wl_status status = WL_OK;

    if (margin == NULL || p_churn == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu scores", rows->n_rows);
        goto done;
    }
    WL_GO(wl_model_score_rows(scorer->model, rows, journey->run.n_threads, margin, p_churn, error));
    for (size_t i = 0; i < rows->n_rows; i++) {
        const float *values = rows->values + i * scorer->n_features;
        bool has_activity = scorer->i_activity != SIZE_MAX;
        scores[i] = (struct wl_score){.user = wl_dict_string(&rows->users, rows->user[i]),
                                      .as_of_us = rows->as_of_us[i],
                                      .p_churn = p_churn[i],
                                      .margin = margin[i],
                                      .activity = has_activity ? (double)values[scorer->i_activity]
                                                               : (double)NAN,
                                      .horizon_us = horizon_us,
                                      .lead_us = lead_us,
                                      .model_name = WL_STR(WL_MODEL_NAME),
                                      .model_version = scorer->version,
                                      .degraded = scorer->degraded || is_misread,
                                      .why = wl_str_from(why)};
        set_tier(&journey->tiers, &scores[i]);
    }
    if (journey->company != NULL) {
        WL_GO(wl_taxonomy_said(alloc, journey->company, journey->taxonomy, scores, rows->n_rows,
                               error));
    }
done:
    wl_alloc_free(alloc, margin);
    wl_alloc_free(alloc, p_churn);
    return status;
}

/* ---- explanations ---- */

// Contributions of features for one block of rows, forest or not.
static wl_status contributions(const struct wl_scorer *scorer, const float *values, size_t n_rows,
                               struct wl_arena *scratch, double *folded, double *base,
                               wl_error *error)
{
    const struct wl_encoder *encoder = wl_model_encoder(scorer->model);
    size_t n_features = scorer->n_features;

    if (scorer->shap == NULL) {
        for (size_t i = 0; i < n_rows; i++) {
            bool is_additive = wl_model_additive(scorer->model, values + i * n_features,
                                                 folded + i * n_features, base);
            WL_ASSERT(is_additive); // every model but a forest is
        }
        return WL_OK;
    }
    float *columns = wl_arena_alloc(scratch, n_rows * scorer->n_columns * sizeof(*columns));
    double *phi = wl_arena_alloc(scratch, n_rows * scorer->n_columns * sizeof(*phi));
    if (columns == NULL || phi == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the contributions of %zu rows", n_rows);
    }
    for (size_t i = 0; i < n_rows; i++) {
        (void)wl_encoder_apply(encoder, values + i * n_features, columns + i * scorer->n_columns);
    }
    WL_TRY(wl_shap_rows(scorer->shap, columns, n_rows, 1, phi, base, error));
    wl_phi_fold(phi, n_rows, scorer->n_columns, scorer->feature, n_features, folded);
    return WL_OK;
}

static wl_status explain_block(const struct wl_scorer *scorer, const struct wl_rows *rows,
                               const struct wl_score *scores, size_t begin, size_t end,
                               struct wl_arena *scratch, struct wl_arena *arena,
                               struct wl_explanation *explanations, double *leaning,
                               wl_error *error)
{
    size_t n_features = scorer->n_features;
    double *folded = wl_arena_alloc(scratch, (end - begin) * n_features * sizeof(*folded));
    double base = 0.0;

    if (folded == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the contributions of %zu rows",
                       end - begin);
    }
    WL_TRY(contributions(scorer, rows->values + begin * n_features, end - begin, scratch, folded,
                         &base, error));
    for (size_t i = begin; i < end; i++) {
        struct wl_explanation *explanation = &explanations[i - begin];
        WL_TRY(wl_reasons_fill(arena, scorer->words, rows, i, folded + (i - begin) * n_features,
                               base, explanation, error));
        explanation->score = scores[i];
        for (size_t f = 0; leaning != NULL && f < n_features; f++) {
            leaning[f] += fabs(folded[(i - begin) * n_features + f]);
        }
    }
    return WL_OK;
}

wl_status wl_journey_explain(const struct wl_scorer *scorer, const struct wl_rows *rows,
                             const struct wl_score *scores, size_t begin, size_t end,
                             struct wl_arena *arena, struct wl_explanation *explanations,
                             double *leaning, wl_error *error)
{
    struct wl_arena scratch;
    wl_status status = WL_OK;

    WL_TRY(wl_model_check_schema(scorer->model, rows->schema, error));
    wl_arena_init(&scratch, scorer->alloc, 0);
    for (size_t at = begin; at < end && status == WL_OK; at += EXPLAIN_BLOCK_ROWS) {
        size_t n_left = end - at;
        size_t block_end = at + (n_left < EXPLAIN_BLOCK_ROWS ? n_left : EXPLAIN_BLOCK_ROWS);
        status = explain_block(scorer, rows, scores, at, block_end, &scratch, arena,
                               explanations + (at - begin), leaning, error);
        wl_arena_reset(&scratch);
    }
    wl_arena_release(&scratch);
    return status;
}
