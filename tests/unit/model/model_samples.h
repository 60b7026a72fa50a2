/* Three small models, one per algorithm, made by hand: the same on every machine. */
#ifndef WL_TESTS_UNIT_MODEL_MODEL_SAMPLES_H
#define WL_TESTS_UNIT_MODEL_MODEL_SAMPLES_H
#include "check.h"

#include "model/model_inside.h"

static const struct wl_feature_column sample_columns[3] = {
    {"order_days_since_last", WL_FEATURE_NUMBER},
    {"plan", WL_FEATURE_CATEGORY},
    {"is_member", WL_FEATURE_BOOL},
};

static const struct wl_schema sample_schema = {
    .columns = sample_columns,
    .n_features = 3,
    .hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"};

static inline wl_status sample_encoder(struct wl_model *model)
{
    struct wl_encoder_column *columns = wl_arena_zeroed(&model->arena, 4, sizeof(*columns));
    uint32_t *first = wl_arena_zeroed(&model->arena, 4, sizeof(*first));

    if (columns == NULL || first == NULL) {
        return WL_ENOMEM;
    }
    columns[0] = (struct wl_encoder_column){.feature = 0, .level = ""};
    columns[1] = (struct wl_encoder_column){
        .feature = 1, .is_level = true, .code = wl_level_code(WL_STR("basic")), .level = "basic"};
    columns[2] = (struct wl_encoder_column){.feature = 1,
                                            .is_level = true,
                                            .code = wl_level_code(WL_STR("\xE4\xBC\x9A")),
                                            .level = "\xE4\xBC\x9A"};
    columns[3] = (struct wl_encoder_column){.feature = 2, .level = ""};
    first[1] = 1;
    first[2] = 3;
    first[3] = 4;
    model->encoder =
        (struct wl_encoder){.columns = columns, .first = first, .n_columns = 4, .n_features = 3};
    return WL_OK;
}

static inline wl_status sample_forest(struct wl_model *model)
{
    static const struct wl_tree_node nodes[8] = {{0, 1, 30.5F, 0},
                                                 {1, 3, 0.5F, 1},
                                                 {WL_NODE_LEAF, 0, 0.75F, 0},
                                                 {WL_NODE_LEAF, 0, -0.5F, 0},
                                                 {WL_NODE_LEAF, 0, 0.25F, 0},
                                                 {3, 6, 1.0F, 1},
                                                 {WL_NODE_LEAF, 0, 0.125F, 0},
                                                 {WL_NODE_LEAF, 0, -1.0F, 0}};
    static const float covers[8] = {10, 6, 4, 4, 2, 10, 7, 3};
    struct wl_forest *forest = wl_alloc_zeroed(model->alloc, 1, sizeof(*forest));

    model->forest = forest;
    if (forest == NULL) {
        return WL_ENOMEM;
    }
    *forest = (struct wl_forest){
        .alloc = model->alloc, .n_nodes = 8, .n_trees = 2, .n_columns = 4, .base_margin = -1.5};
    forest->nodes = wl_alloc_zeroed(model->alloc, 8, sizeof(*forest->nodes));
    forest->covers = wl_alloc_zeroed(model->alloc, 8, sizeof(*forest->covers));
    forest->roots = wl_alloc_zeroed(model->alloc, 2, sizeof(*forest->roots));
    if (forest->nodes == NULL || forest->covers == NULL || forest->roots == NULL) {
        return WL_ENOMEM;
    }
    memcpy(forest->nodes, nodes, sizeof(nodes));
    memcpy(forest->covers, covers, sizeof(covers));
    forest->roots[1] = 5;
    return WL_OK;
}

static inline wl_status sample_linear(struct wl_model *model)
{
    struct wl_linear_term *terms = wl_arena_zeroed(&model->arena, 3, sizeof(*terms));

    if (terms == NULL) {
        return WL_ENOMEM;
    }
    terms[0] = (struct wl_linear_term){.column = 0, .mean = 20, .deviation = 8, .weight = 0.5};
    terms[1] = (struct wl_linear_term){
        .column = 0, .is_missing_flag = true, .mean = 0.25, .deviation = 0.5, .weight = 0.25};
    terms[2] = (struct wl_linear_term){.column = 2, .mean = 0.5, .deviation = 0.5, .weight = -1};
    model->linear = (struct wl_linear){.terms = terms, .n_terms = 3, .bias = -0.75};
    return WL_OK;
}

static inline wl_status sample_parts(struct wl_model *model, enum wl_algorithm algorithm,
                                     wl_error *error)
{
    static const double margins[3] = {-2.0, 0.0, 1.5};
    static const double probabilities[3] = {0.0625, 0.25, 0.75};
    struct wl_model_about about = {.label = WL_STR("no order in 90d \xE6\xB5\x81\xE5\xA4\xB1"),
                                   .metrics = WL_STR("{\"auc\":0.75}"),
                                   .features = WL_STR("{\"library\":\"standard\"}"),
                                   .horizon_us = 90 * INT64_C(86400000000),
                                   .lead_us = 3 * INT64_C(86400000000)};

    if (wl_algorithm_is_sequence(algorithm)) {
        about.sequence = WL_STR("opaque\0here");
    }
    model->algorithm = algorithm;
    WL_TRY(wl_schema_copy(&model->arena, &sample_schema, &model->schema, error));
    WL_TRY(sample_encoder(model));
    WL_TRY(wl_model_describe(model, &about, error));
    model->calibrator =
        (struct wl_calibrator){.kind = WL_CALIBRATION_SIGMOID, .slope = 0.75, .intercept = -0.25};
    if (algorithm == WL_ALGORITHM_XGBOOST) {
        WL_TRY(sample_forest(model));
    } else if (algorithm == WL_ALGORITHM_LOGISTIC) {
        model->calibrator = (struct wl_calibrator){.kind = WL_CALIBRATION_ISOTONIC,
                                                   .margins = margins,
                                                   .probabilities = probabilities,
                                                   .n_knots = 3};
        WL_TRY(sample_linear(model));
    } else if (wl_algorithm_is_sequence(algorithm)) {
        model->given = (struct wl_given){.feature = 0, .base = 0.125};
    } else {
        WL_TRY(wl_rule_default(&model->arena, &model->schema, &model->rule, error));
    }
    return wl_model_finish(model, error);
}

/* The sample of one algorithm. Errors: WL_ENOMEM, with nothing left behind. */
static inline wl_status sample_make(const wl_alloc *alloc, enum wl_algorithm algorithm,
                                    struct wl_model **model_out, wl_error *error)
{
    struct wl_model *model = NULL;
    wl_status status = wl_model_new(alloc, &model, error);

    if (status == WL_OK) {
        status = sample_parts(model, algorithm, error);
    }
    if (status != WL_OK) {
        wl_model_free(model);
        return status;
    }
    *model_out = model;
    return WL_OK;
}

#define SAMPLE_ROWS 4

/* Rows that walk every path: values, a missing one, an unseen level. */
static inline void sample_row(size_t i, float values[3])
{
    static const float days[SAMPLE_ROWS] = {10, 45, NAN, 30.5F};
    static const char *const plans[SAMPLE_ROWS] = {"basic", "\xE4\xBC\x9A", NULL, "unseen"};
    static const float members[SAMPLE_ROWS] = {1, 0, NAN, 1};

    values[0] = days[i];
    values[1] = plans[i] != NULL ? wl_level_code(wl_str_from(plans[i])) : NAN;
    values[2] = members[i];
}

#endif
