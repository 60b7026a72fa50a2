/* Cross-fitted calibration.
 *
 * Why not calibrate on the training margins: boosted trees fit them too well, so probabilities come
 * out too extreme. Why not hold rows out: with some thousand customers every row counts. So each of
 * five folds is scored by a model that has not seen its users, all those margins calibrate
 * together, and the final model learns from every row. Six jobs run side by side, one thread each:
 * results cannot depend on the number of threads. */
#include "model/train.h"

#include "base/limits.h"
#include "base/thread.h"
#include "model/model_inside.h"
#include "model/train_linear.h"
#include "model/train_xgb.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

void wl_train_options_init(struct wl_train_options *options)
{
    *options = (struct wl_train_options){.algorithm = WL_ALGORITHM_XGBOOST,
                                         .calibration = WL_CALIBRATION_SIGMOID,
                                         .trees = 150,
                                         .depth = 3,
                                         .rate = 0.05,
                                         .subsample = 0.8,
                                         .colsample = 0.8,
                                         .min_child_weight = 1.0,
                                         .lambda = 1.0,
                                         .c = 0.1,
                                         .n_level_rows_min = 10,
                                         .seed = 42,
                                         .net = {.n_events = 64,
                                                 .embedding = 32,
                                                 .hidden = 64,
                                                 .layers = 1,
                                                 .heads = 4,
                                                 .epochs = 10,
                                                 .batch = 32,
                                                 .patience = 2,
                                                 .learning_rate = 0.001}};
}

static const char *const algorithms[] = {"xgboost", "logistic", "rule",        "lstm",
                                         "gru",     "cnn",      "transformer", NULL};
static const char *const bodies[] = {"none", "lstm", "gru", "cnn", "transformer", NULL};
static const char *const calibrations[] = {"none", "sigmoid", "isotonic", NULL};

#define AT(member) offsetof(struct wl_train_options, member)

static const struct wl_field fields[] = {
    {"name", WL_FIELD_TEXT, AT(name), false, 0, 0, NULL, "what a baseline is called"},
    {"algorithm", WL_FIELD_CHOICE, AT(algorithm), false, 0, 0, algorithms, "how to learn"},
    {"calibration", WL_FIELD_CHOICE, AT(calibration), false, 0, 0, calibrations,
     "how margins become probabilities"},
    {"feature", WL_FIELD_TEXT, AT(feature), false, 0, 0, NULL, "rank by this feature alone"},
    {"features", WL_FIELD_TEXTS, AT(features), false, 0, 0, NULL, "use only these features"},
    {"trees", WL_FIELD_INT, AT(trees), false, 1, WL_TREES_MAX, NULL, "boosting rounds"},
    {"depth", WL_FIELD_INT, AT(depth), false, 1, 16, NULL, "levels of a tree"},
    {"rate", WL_FIELD_NUMBER, AT(rate), false, 1e-4, 1, NULL, "shrinkage of each tree"},
    {"subsample", WL_FIELD_NUMBER, AT(subsample), false, 0.05, 1, NULL, "rows for each tree"},
    {"colsample", WL_FIELD_NUMBER, AT(colsample), false, 0.05, 1, NULL, "columns for each tree"},
    {"min_child_weight", WL_FIELD_NUMBER, AT(min_child_weight), false, 1e-3, 1e6, NULL,
     "least sum of hessians in a leaf"},
    {"lambda", WL_FIELD_NUMBER, AT(lambda), false, 0, 1e6, NULL, "L2 penalty on leaves"},
    {"C", WL_FIELD_NUMBER, AT(c), false, 1e-6, 1e6, NULL, "logistic: data against penalty"},
    {"level_rows", WL_FIELD_INT, AT(n_level_rows_min), false, 1, 1e9, NULL,
     "rows a category level needs for a column of its own"},
    {"seed", WL_FIELD_INT, AT(seed), false, 0, 1e15, NULL, "seed of every random choice"},
    {"sequence", WL_FIELD_CHOICE, AT(net.body), false, 0, 0, bodies,
     "also learn from events in their order, as a column"},
    {"events", WL_FIELD_INT, AT(net.n_events), false, 1, 4096, NULL, "last events of a customer"},
    {"window", WL_FIELD_SPAN, AT(net.window_us), false, 0, 0, NULL, "only events this recent"},
    {"embedding", WL_FIELD_INT, AT(net.embedding), false, 1, 1024, NULL, "width of an event"},
    {"hidden", WL_FIELD_INT, AT(net.hidden), false, 1, 1024, NULL, "width of the state"},
    {"layers", WL_FIELD_INT, AT(net.layers), false, 1, 4, NULL, "layers of a sequence model"},
    {"heads", WL_FIELD_INT, AT(net.heads), false, 1, 64, NULL, "heads of a transformer"},
    {"epochs", WL_FIELD_INT, AT(net.epochs), false, 1, 1000, NULL, "times through the data"},
    {"batch", WL_FIELD_INT, AT(net.batch), false, 1, 4096, NULL, "sequences of a step"},
    {"patience", WL_FIELD_INT, AT(net.patience), false, 0, 1000, NULL,
     "epochs without gain before stopping"},
    {"learning_rate", WL_FIELD_NUMBER, AT(net.learning_rate), false, 1e-6, 1, NULL,
     "of a sequence model"},
    {"balance", WL_FIELD_BOOL, AT(net.is_balanced), false, 0, 0, NULL,
     "leavers weigh as much as stayers"},
};

wl_status wl_train_options_read(struct wl_arena *arena, const struct wl_node *node,
                                const char *where, struct wl_train_options *options,
                                wl_error *error)
{
    struct wl_train_options read = *options;

    WL_TRY(wl_fields_read(arena, node, where, fields, sizeof(fields) / sizeof(fields[0]), &read,
                          error));
    if (read.feature != NULL) {
        read.algorithm = WL_ALGORITHM_RULE;
    }
    *options = read;
    wl_train_options_choose(options, options->algorithm);
    return WL_OK;
}

void wl_train_options_choose(struct wl_train_options *options, int algorithm)
{
    options->algorithm = algorithm;
    if (wl_algorithm_is_sequence((enum wl_algorithm)algorithm)) {
        options->net.body = 1 + algorithm - WL_ALGORITHM_LSTM;
    }
}

const char *wl_train_net_name(const struct wl_net_options *net)
{
    return bodies[net->body];
}

bool wl_train_algorithm_parse(const char *name, int *algorithm)
{
    for (int i = 0; algorithms[i] != NULL; i++) {
        if (strcmp(algorithms[i], name) == 0) {
            *algorithm = i;
            return true;
        }
    }
    return false;
}

size_t wl_train_fold(struct wl_str user, uint64_t seed, size_t n_folds)
{
    return (size_t)(wl_str_hash(user, seed) % n_folds);
}

/* One training run, shared by its jobs. */
struct run {
    const wl_alloc *alloc;
    const struct wl_train_data *data;
    const struct wl_train_options *options;
    bool *is_used;          /* (F) features to use */
    uint8_t *fold;          /* (n) of each row */
    size_t first_fold;      /* 0, or WL_TRAIN_FOLDS: only the refit */
    double *margins;        /* (n) out of fold; each job writes the rows of its own fold */
    struct wl_model *model; /* the refit: written by the last job */
    size_t i_feature;       /* of a rank; SIZE_MAX otherwise */
};

/* Rows of one job, gathered: set, labels and weights in one order. */
struct part {
    const wl_alloc *alloc;
    struct wl_row_set set;
    uint32_t *index;
    uint8_t *labels;
    float *weights; /* NULL without weights */
};

static void release_part(struct part *part)
{
    wl_alloc_free(part->alloc, part->index);
    wl_alloc_free(part->alloc, part->labels);
    wl_alloc_free(part->alloc, part->weights);
}

static uint32_t row_of(const struct wl_row_set *set, size_t i)
{
    return set->index != NULL ? set->index[i] : (uint32_t)i;
}

/* All rows but those of fold left_out (WL_TRAIN_FOLDS leaves none out). */
static wl_status gather(const struct run *run, size_t left_out, struct part *part, wl_error *error)
{
    const struct wl_train_data *data = run->data;
    size_t n_all = data->set.n;
    size_t n = 0;

    *part = (struct part){.alloc = run->alloc};
    part->index = wl_alloc_array(run->alloc, n_all, sizeof(*part->index));
    part->labels = wl_alloc_array(run->alloc, n_all, sizeof(*part->labels));
    if (data->weights != NULL) {
        part->weights = wl_alloc_array(run->alloc, n_all, sizeof(*part->weights));
    }
    if (part->index == NULL || part->labels == NULL ||
        (data->weights != NULL && part->weights == NULL)) {
        release_part(part);
        return wl_fail(error, WL_ENOMEM, "no memory for %zu training rows", n_all);
    }
    for (size_t i = 0; i < n_all; i++) {
        if (run->fold[i] == left_out) {
            continue;
        }
        part->index[n] = row_of(&data->set, i);
        part->labels[n] = data->labels[i] != 0;
        if (part->weights != NULL) {
            part->weights[n] = data->weights[i];
        }
        n++;
    }
    if (n == 0) {
        release_part(part);
        return wl_fail(error, WL_EINVAL, "all %zu training rows belong to one fold of users",
                       n_all);
    }
    part->set = (struct wl_row_set){.rows = data->set.rows, .index = part->index, .n = n};
    return WL_OK;
}

static struct wl_xgb_params xgb_params(const struct wl_train_options *options)
{
    return (struct wl_xgb_params){.trees = options->trees,
                                  .depth = options->depth,
                                  .rate = options->rate,
                                  .subsample = options->subsample,
                                  .colsample = options->colsample,
                                  .min_child_weight = options->min_child_weight,
                                  .lambda = options->lambda,
                                  .seed = (uint64_t)options->seed,
                                  .n_threads = 1}; // see the top of the file
}

static wl_status fit_forest(const struct run *run, const struct part *part, struct wl_model *model,
                            wl_error *error)
{
    const wl_alloc *alloc = run->alloc;
    struct wl_xgb_params params = xgb_params(run->options);
    size_t C = model->encoder.n_columns;
    size_t n = part->set.n;
    size_t n_values = 0;
    struct wl_xgb *xgb = NULL;
    wl_status status = WL_OK;

    if (C == 0) {
        return wl_fail(error, WL_EINVAL, "no feature to learn from: no level is in %lld rows",
                       (long long)run->options->n_level_rows_min);
    }
    if (__builtin_mul_overflow(n, C, &n_values)) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows of %zu columns", n, C);
    }
    float *columns = wl_alloc_array(alloc, n_values, sizeof(*columns));
    float *labels = wl_alloc_array(alloc, n, sizeof(*labels));
    if (columns == NULL || labels == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu rows of %zu columns", n, C);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        (void)wl_encoder_apply(&model->encoder, wl_row_set_at(&part->set, i), columns + i * C);
        labels[i] = part->labels[i] != 0 ? 1.0F : 0.0F;
    }
    struct wl_xgb_data data = {.columns = columns,
                               .n_rows = n,
                               .n_columns = C,
                               .labels = labels,
                               .weights = part->weights};
    WL_GO(wl_xgb_train(alloc, &data, &params, &xgb, error));
    WL_GO(wl_xgb_forest(xgb, alloc, &model->forest, error));
done:
    wl_xgb_free(xgb);
    wl_alloc_free(alloc, columns);
    wl_alloc_free(alloc, labels);
    return status;
}

static wl_status fit_rule(const struct run *run, const struct part *part, struct wl_model *model,
                          wl_error *error)
{
    if (run->i_feature != SIZE_MAX) {
        return wl_rule_rank(&model->arena, &part->set, part->labels, run->i_feature, &model->rule,
                            error);
    }
    return wl_rule_default(&model->arena, &model->schema, &model->rule, error);
}

static wl_status fit_given(const struct part *part, struct wl_model *model, wl_error *error)
{
    size_t i_feature = wl_schema_find(&model->schema, WL_STR(WL_SEQUENCE_FEATURE));

    if (i_feature == SIZE_MAX) {
        return wl_fail(error, WL_ECONFIG,
                       "a model of sequences wants the column " WL_SEQUENCE_FEATURE);
    }
    wl_given_fit(&part->set, i_feature, &model->given);
    return WL_OK;
}

/* A model of one part, not calibrated yet. */
static wl_status fit(const struct run *run, const struct part *part, struct wl_model **model_out,
                     wl_error *error)
{
    const struct wl_train_options *options = run->options;
    struct wl_model *model = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_model_new(run->alloc, &model, error));
    model->algorithm = (enum wl_algorithm)options->algorithm;
    WL_GO(wl_schema_copy(&model->arena, part->set.rows->schema, &model->schema, error));
    WL_GO(wl_encoder_fit(&model->arena, &part->set, (size_t)options->n_level_rows_min, run->is_used,
                         &model->encoder, error));
    switch (model->algorithm) {
    case WL_ALGORITHM_XGBOOST: WL_GO(fit_forest(run, part, model, error)); break;
    case WL_ALGORITHM_LOGISTIC:
        WL_GO(
            wl_linear_fit_terms(&model->arena, &model->encoder, &part->set, &model->linear, error));
        WL_GO(wl_linear_train(run->alloc, &model->encoder, &part->set, part->labels, options->c,
                              &model->linear, error));
        break;
    case WL_ALGORITHM_RULE: WL_GO(fit_rule(run, part, model, error)); break;
    case WL_ALGORITHM_LSTM:
    case WL_ALGORITHM_GRU:
    case WL_ALGORITHM_CNN:
    case WL_ALGORITHM_TRANSFORMER: WL_GO(fit_given(part, model, error)); break;
    }
    WL_GO(wl_model_finish(model, error));
    *model_out = model;
    model = NULL;
done:
    wl_model_free(model);
    return status;
}

/* Fold k < WL_TRAIN_FOLDS: margins of fold k by a model of the others. The last job: the refit. */
static wl_status run_job(void *context, size_t begin, size_t end, size_t i_worker, wl_error *error)
{
    struct run *run = context;
    const struct wl_row_set *set = &run->data->set;
    struct wl_model *model = NULL;
    struct part part;
    size_t fold = run->first_fold + begin;
    wl_status status = gather(run, fold, &part, error);

    (void)end;
    (void)i_worker;
    if (status != WL_OK) {
        return status;
    }
    WL_GO(fit(run, &part, &model, error));
    if (fold == WL_TRAIN_FOLDS) {
        run->model = model;
        model = NULL;
    } else {
        for (size_t i = 0; i < set->n; i++) {
            if (run->fold[i] == fold) {
                run->margins[i] = wl_model_margin(model, wl_row_set_at(set, i));
            }
        }
    }
done:
    wl_model_free(model);
    release_part(&part);
    return status;
}

static wl_status calibrate(struct run *run, wl_error *error)
{
    struct wl_calibration_data data = {.margins = run->margins,
                                       .labels = run->data->labels,
                                       .weights = run->data->weights,
                                       .n = run->data->set.n};
    struct wl_calibrator *calibrator = &run->model->calibrator;

    switch ((enum wl_calibration)run->options->calibration) {
    case WL_CALIBRATION_NONE: return WL_OK;
    case WL_CALIBRATION_SIGMOID: return wl_calibrate_sigmoid(&data, calibrator, error);
    case WL_CALIBRATION_ISOTONIC:
        return wl_calibrate_isotonic(&run->model->arena, &data, calibrator, error);
    }
    return wl_fail(error, WL_EINVAL, "no calibration %d", run->options->calibration);
}

static wl_status check_data(const struct wl_train_data *data,
                            const struct wl_train_options *options, wl_error *error)
{
    size_t n[2] = {0};

    if (data->weights != NULL && options->algorithm == WL_ALGORITHM_LOGISTIC) {
        return wl_fail(error, WL_EINVAL, "logistic regression takes no row weights");
    }
    for (size_t i = 0; i < data->set.n; i++) {
        n[data->labels[i] != 0]++;
        if (data->weights != NULL && !(data->weights[i] > 0.0F && isfinite(data->weights[i]))) {
            return wl_fail(error, WL_EINVAL, "weight of training row %zu is %g", i,
                           (double)data->weights[i]);
        }
    }
    if (n[0] < WL_TRAIN_CLASS_MIN || n[1] < WL_TRAIN_CLASS_MIN) {
        return wl_fail(error, WL_EGATE,
                       "training needs %d rows that stay and %d that leave, has %zu and %zu",
                       WL_TRAIN_CLASS_MIN, WL_TRAIN_CLASS_MIN, n[0], n[1]);
    }
    return WL_OK;
}

static wl_status find_feature(const struct wl_schema *schema, const char *name, size_t *i_feature,
                              wl_error *error)
{
    const char *nearest = "";
    size_t distance_min = SIZE_MAX;

    *i_feature = wl_schema_find(schema, wl_str_from(name));
    if (*i_feature != SIZE_MAX) {
        return WL_OK;
    }
    for (size_t f = 0; f < schema->n_features; f++) {
        size_t distance = wl_str_distance(wl_str_from(name), wl_str_from(schema->columns[f].name));
        if (distance < distance_min) {
            distance_min = distance;
            nearest = schema->columns[f].name;
        }
    }
    return wl_fail(error, WL_ECONFIG, "no feature \"%s\" (did you mean \"%s\"?)", name, nearest);
}

static wl_status choose_features(struct run *run, wl_error *error)
{
    const struct wl_schema *schema = run->data->set.rows->schema;
    const struct wl_train_options *options = run->options;
    size_t i_feature = SIZE_MAX;

    run->i_feature = SIZE_MAX;
    if (options->feature != NULL) {
        WL_TRY(find_feature(schema, options->feature, &run->i_feature, error));
    }
    for (size_t f = 0; f < schema->n_features; f++) {
        run->is_used[f] = options->features.n_items == 0;
    }
    if (wl_algorithm_is_sequence((enum wl_algorithm)options->algorithm)) {
        memset(run->is_used, 0, schema->n_features * sizeof(*run->is_used));
        return WL_OK; // it reads its one column without an encoder
    }
    for (size_t i = 0; i < options->features.n_items; i++) {
        WL_TRY(find_feature(schema, options->features.items[i], &i_feature, error));
        run->is_used[i_feature] = true;
    }
    return WL_OK;
}

wl_status wl_train(const wl_alloc *alloc, const struct wl_train_data *data,
                   const struct wl_train_options *options, size_t n_threads,
                   const struct wl_sink *sink, struct wl_model **model_out, wl_error *error)
{
    const struct wl_rows *rows = data->set.rows;
    struct run run = {.alloc = alloc, .data = data, .options = options};
    wl_status status = check_data(data, options, error);

    if (status != WL_OK) {
        return status;
    }
    run.is_used = wl_alloc_zeroed(alloc, rows->schema->n_features + 1, sizeof(*run.is_used));
    run.fold = wl_alloc_zeroed(alloc, data->set.n, sizeof(*run.fold));
    run.margins = wl_alloc_zeroed(alloc, data->set.n, sizeof(*run.margins));
    if (run.is_used == NULL || run.fold == NULL || run.margins == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to train on %zu rows", data->set.n);
        goto done;
    }
    WL_GO(choose_features(&run, error));
    for (size_t i = 0; i < data->set.n; i++) {
        struct wl_str user = wl_dict_string(&rows->users, rows->user[row_of(&data->set, i)]);
        run.fold[i] = (uint8_t)wl_train_fold(user, (uint64_t)options->seed, WL_TRAIN_FOLDS);
    }
    wl_progress(sink, "train", -1.0);
    // Held-out margins serve calibration and thresholds; who wants neither is spared five fits.
    bool wants_held = options->calibration != WL_CALIBRATION_NONE || data->held_p != NULL;
    run.first_fold = wants_held ? 0 : WL_TRAIN_FOLDS;
    WL_GO(wl_parallel_for(n_threads, WL_TRAIN_FOLDS + 1 - run.first_fold, 1, run_job, &run, error));
    WL_GO(calibrate(&run, error));
    for (size_t i = 0; data->held_p != NULL && i < data->set.n; i++) {
        data->held_p[i] = wl_model_probability(run.model, run.margins[i]);
    }
    *model_out = run.model;
    run.model = NULL;
done:
    wl_model_free(run.model);
    wl_alloc_free(alloc, run.is_used);
    wl_alloc_free(alloc, run.fold);
    wl_alloc_free(alloc, run.margins);
    return status;
}
