/* One face for every algorithm. Scoring many rows is cut into fixed pieces of rows; each row's
 * margin depends on that row alone, so pieces and threads cannot show in the result. */
#include "model/model.h"

#include "base/limits.h"
#include "base/thread.h"
#include "model/model_inside.h"

#include <string.h>

#define PIECE_ROWS 1024 /* 0.3 ms of work and more: hides the hand-over, spreads the end evenly */

const char *wl_algorithm_name(enum wl_algorithm algorithm)
{
    switch (algorithm) {
    case WL_ALGORITHM_XGBOOST: return "xgboost";
    case WL_ALGORITHM_LOGISTIC: return "logistic";
    case WL_ALGORITHM_RULE: return "rule";
    case WL_ALGORITHM_LSTM: return "lstm";
    case WL_ALGORITHM_GRU: return "gru";
    case WL_ALGORITHM_CNN: return "cnn";
    case WL_ALGORITHM_TRANSFORMER: return "transformer";
    }
    return "?";
}

bool wl_algorithm_is_sequence(enum wl_algorithm algorithm)
{
    return algorithm >= WL_ALGORITHM_LSTM;
}

wl_status wl_model_new(const wl_alloc *alloc, struct wl_model **model_out, wl_error *error)
{
    struct wl_model *model = wl_alloc_zeroed(alloc, 1, sizeof(*model));

    *model_out = model;
    if (model == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a model");
    }
    model->alloc = alloc;
    wl_arena_init(&model->arena, alloc, 0);
    model->about = (struct wl_model_about){.label = WL_STR(""),
                                           .metrics = WL_STR(""),
                                           .features = WL_STR(""),
                                           .text = WL_STR(""),
                                           .sequence = WL_STR("")};
    return WL_OK;
}

void wl_model_free(struct wl_model *model)
{
    if (model == NULL) {
        return;
    }
    wl_forest_free(model->forest);
    wl_walk_release(&model->walk);
    wl_arena_release(&model->arena);
    wl_alloc_free(model->alloc, model);
}

wl_status wl_schema_copy(struct wl_arena *arena, const struct wl_schema *from, struct wl_schema *to,
                         wl_error *error)
{
    struct wl_schema copy = *from;
    struct wl_feature_column *columns = wl_arena_zeroed(arena, from->n_features, sizeof(*columns));

    for (size_t f = 0; columns != NULL && f < from->n_features; f++) {
        columns[f].kind = from->columns[f].kind;
        columns[f].name = wl_arena_string(arena, wl_str_from(from->columns[f].name));
        if (columns[f].name == NULL) {
            columns = NULL;
        }
    }
    if (columns == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu feature names", from->n_features);
    }
    copy.columns = columns;
    *to = copy;
    return WL_OK;
}

wl_status wl_model_finish(struct wl_model *model, wl_error *error)
{
    WL_TRY(wl_encoder_check(&model->encoder, &model->schema, error));
    WL_TRY(wl_calibrator_check(&model->calibrator, error));
    switch (model->algorithm) {
    case WL_ALGORITHM_XGBOOST:
        WL_TRY(wl_forest_check(model->forest, error));
        return wl_walk_init(&model->walk, model->alloc, model->forest, &model->encoder, error);
    case WL_ALGORITHM_LOGISTIC: return wl_linear_check(&model->linear, &model->encoder, error);
    case WL_ALGORITHM_RULE: return wl_rule_check(&model->rule, model->schema.n_features, error);
    case WL_ALGORITHM_LSTM:
    case WL_ALGORITHM_GRU:
    case WL_ALGORITHM_CNN:
    case WL_ALGORITHM_TRANSFORMER:
        return wl_given_check(&model->given, model->schema.n_features, error);
    }
    return wl_fail(error, WL_EINTERNAL, "no algorithm %d", (int)model->algorithm);
}

/* An encoder without columns: rules read features themselves. */
static wl_status empty_encoder(struct wl_model *model, wl_error *error)
{
    size_t n_features = model->schema.n_features;
    uint32_t *first = wl_arena_zeroed(&model->arena, n_features + 1, sizeof(*first));
    struct wl_encoder_column *columns = wl_arena_zeroed(&model->arena, 1, sizeof(*columns));

    if (first == NULL || columns == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a model");
    }
    model->encoder = (struct wl_encoder){
        .columns = columns, .first = first, .n_columns = 0, .n_features = n_features};
    return WL_OK;
}

wl_status wl_model_fallback(const wl_alloc *alloc, const struct wl_schema *schema,
                            struct wl_model **model_out, wl_error *error)
{
    struct wl_model *model = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_model_new(alloc, &model, error));
    model->algorithm = WL_ALGORITHM_RULE;
    WL_GO(wl_schema_copy(&model->arena, schema, &model->schema, error));
    WL_GO(empty_encoder(model, error));
    WL_GO(wl_rule_default(&model->arena, &model->schema, &model->rule, error));
    WL_GO(wl_model_finish(model, error));
    *model_out = model;
    model = NULL;
done:
    wl_model_free(model);
    return status;
}

enum wl_algorithm wl_model_algorithm(const struct wl_model *model)
{
    return model->algorithm;
}

const struct wl_schema *wl_model_schema(const struct wl_model *model)
{
    return &model->schema;
}

const struct wl_encoder *wl_model_encoder(const struct wl_model *model)
{
    return &model->encoder;
}

const struct wl_forest *wl_model_forest(const struct wl_model *model)
{
    return model->forest;
}

const struct wl_linear *wl_model_linear(const struct wl_model *model)
{
    return model->algorithm == WL_ALGORITHM_LOGISTIC ? &model->linear : NULL;
}

const struct wl_rule *wl_model_rule(const struct wl_model *model)
{
    return model->algorithm == WL_ALGORITHM_RULE ? &model->rule : NULL;
}

const struct wl_calibrator *wl_model_calibrator(const struct wl_model *model)
{
    return &model->calibrator;
}

const struct wl_model_about *wl_model_about(const struct wl_model *model)
{
    return &model->about;
}

wl_status wl_model_describe(struct wl_model *model, const struct wl_model_about *about,
                            wl_error *error)
{
    char *label = wl_arena_string(&model->arena, about->label);
    char *metrics = wl_arena_string(&model->arena, about->metrics);
    char *features = wl_arena_string(&model->arena, about->features);
    char *text = wl_arena_string(&model->arena, about->text);
    char *sequence = wl_arena_string(&model->arena, about->sequence);

    if (label == NULL || metrics == NULL || features == NULL || text == NULL || sequence == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to describe a model");
    }
    model->about = *about;
    model->about.label.data = label;
    model->about.metrics.data = metrics;
    model->about.features.data = features;
    model->about.text.data = text;
    model->about.sequence.data = sequence;
    return WL_OK;
}

wl_status wl_model_check_schema(const struct wl_model *model, const struct wl_schema *schema,
                                wl_error *error)
{
    if (schema->n_features != model->schema.n_features ||
        strcmp(schema->hash, model->schema.hash) != 0) {
        return wl_fail(error, WL_ESCHEMA,
                       "model wants features %.*s (%zu columns), rows have %.*s (%zu columns)",
                       WL_SCHEMA_DIGITS, model->schema.hash, model->schema.n_features,
                       WL_SCHEMA_DIGITS, schema->hash, schema->n_features);
    }
    return WL_OK;
}

static void margins_of(const struct wl_model *model, const float *values, size_t N, double *margins)
{
    size_t F = model->schema.n_features;

    switch (model->algorithm) {
    case WL_ALGORITHM_XGBOOST: wl_walk_margins(&model->walk, values, N, margins); return;
    case WL_ALGORITHM_LOGISTIC:
        for (size_t i = 0; i < N; i++) {
            margins[i] = wl_linear_margin(&model->linear, &model->encoder, values + i * F);
        }
        return;
    case WL_ALGORITHM_RULE:
        for (size_t i = 0; i < N; i++) {
            margins[i] = wl_rule_margin(&model->rule, values + i * F);
        }
        return;
    case WL_ALGORITHM_LSTM:
    case WL_ALGORITHM_GRU:
    case WL_ALGORITHM_CNN:
    case WL_ALGORITHM_TRANSFORMER:
        for (size_t i = 0; i < N; i++) {
            margins[i] = wl_given_margin(&model->given, values + i * F);
        }
        return;
    }
}

double wl_model_margin(const struct wl_model *model, const float *values)
{
    double margin = 0.0;
    margins_of(model, values, 1, &margin);
    return margin;
}

double wl_model_probability(const struct wl_model *model, double margin)
{
    return wl_calibrator_apply(&model->calibrator, margin);
}

struct score_job {
    const struct wl_model *model;
    const struct wl_rows *rows;
    double *margin;
    double *p_churn;
};

static wl_status score_piece(void *context, size_t begin, size_t end, size_t i_worker,
                             wl_error *error)
{
    const struct score_job *job = context;
    size_t F = job->model->schema.n_features;
    double margins[PIECE_ROWS];

    (void)i_worker;
    (void)error;
    margins_of(job->model, job->rows->values + begin * F, end - begin, margins);
    for (size_t i = begin; i < end; i++) {
        if (job->margin != NULL) {
            job->margin[i] = margins[i - begin];
        }
        if (job->p_churn != NULL) {
            job->p_churn[i] = wl_model_probability(job->model, margins[i - begin]);
        }
    }
    return WL_OK;
}

wl_status wl_model_score_rows(const struct wl_model *model, const struct wl_rows *rows,
                              size_t n_threads, double *margin, double *p_churn, wl_error *error)
{
    struct score_job job = {.model = model, .rows = rows, .margin = margin, .p_churn = p_churn};

    WL_TRY(wl_model_check_schema(model, rows->schema, error));
    return wl_parallel_for(n_threads, rows->n_rows, PIECE_ROWS, score_piece, &job, error);
}

static void add_linear_parts(const struct wl_model *model, const float *values,
                             double *contributions)
{
    for (size_t i = 0; i < model->linear.n_terms; i++) {
        const struct wl_linear_term *term = &model->linear.terms[i];
        uint32_t feature = model->encoder.columns[term->column].feature;
        contributions[feature] += term->weight * wl_linear_z(term, &model->encoder, values);
    }
}

static double add_rule_parts(const struct wl_model *model, const float *values,
                             double *contributions)
{
    const struct wl_rule *rule = &model->rule;

    if (rule->n_knots > 0) {
        contributions[rule->rank_feature] = wl_rule_margin(rule, values);
        return 0.0;
    }
    for (size_t i = 0; i < rule->n_lines; i++) {
        if (wl_rule_holds(&rule->lines[i], values)) {
            contributions[rule->lines[i].feature] += rule->lines[i].points;
        }
    }
    return rule->base;
}

bool wl_model_additive(const struct wl_model *model, const float *values, double *contributions,
                       double *base)
{
    if (model->algorithm == WL_ALGORITHM_XGBOOST) {
        return false;
    }
    memset(contributions, 0, model->schema.n_features * sizeof(*contributions));
    if (model->algorithm == WL_ALGORITHM_LOGISTIC) {
        *base = model->linear.bias;
        add_linear_parts(model, values, contributions);
    } else if (wl_algorithm_is_sequence(model->algorithm)) {
        *base = model->given.base;
        contributions[model->given.feature] = wl_given_margin(&model->given, values) - *base;
    } else {
        *base = add_rule_parts(model, values, contributions);
    }
    return true;
}
