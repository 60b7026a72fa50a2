/* The only file that sees libxgboost. Its buffers belong to the booster and last until the next
 * call, so everything is copied at once. Configuration goes in as text, as its API wants it. */
#include "model/train_xgb.h"

#include "base/json_write.h"
#include "model/xgb_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xgboost/c_api.h>

struct wl_xgb {
    const wl_alloc *alloc;
    BoosterHandle booster;
};

/* libxgboost's last error, without the stack trace that follows the first line. */
static wl_status fail_library(wl_error *error, const char *what)
{
    struct wl_str rest = wl_str_from(XGBGetLastError());
    struct wl_str line = wl_str_cut(&rest, '\n');

    return wl_fail(error, WL_ELIBRARY, "libxgboost cannot %s: %.*s", what, WL_STR_ARG(line));
}

char *wl_xgb_version(char *text)
{
    int major = 0;
    int minor = 0;
    int patch = 0;

    XGBoostVersion(&major, &minor, &patch);
    (void)snprintf(text, 32, "%d.%d.%d", major, minor, patch);
    return text;
}

static wl_status set_text(BoosterHandle booster, const char *name, const char *value,
                          wl_error *error)
{
    if (XGBoosterSetParam(booster, name, value) != 0) {
        return fail_library(error, name);
    }
    return WL_OK;
}

static wl_status set_number(BoosterHandle booster, const char *name, double value, wl_error *error)
{
    char text[40];
    (void)snprintf(text, sizeof(text), "%.9g", value);
    return set_text(booster, name, text, error);
}

/* Weighted share of positives, kept off 0 and 1: the forest starts from the base rate. */
static double base_score_of(const struct wl_xgb_data *data)
{
    double total = 0.0;
    double positive = 0.0;

    for (size_t i = 0; i < data->n_rows; i++) {
        double weight = data->weights != NULL ? (double)data->weights[i] : 1.0;
        total += weight;
        positive += data->labels[i] > 0.5F ? weight : 0.0;
    }
    double share = total > 0.0 ? positive / total : 0.5;
    return fmin(fmax(share, 1e-4), 1.0 - 1e-4);
}

static wl_status configure(BoosterHandle booster, const struct wl_xgb_data *data,
                           const struct wl_xgb_params *params, wl_error *error)
{
    WL_TRY(set_text(booster, "verbosity", "0", error));
    WL_TRY(set_text(booster, "objective", "binary:logistic", error));
    WL_TRY(set_text(booster, "tree_method", "hist", error));
    WL_TRY(set_number(booster, "nthread", (double)params->n_threads, error));
    WL_TRY(set_number(booster, "max_depth", (double)params->depth, error));
    WL_TRY(set_number(booster, "eta", params->rate, error));
    WL_TRY(set_number(booster, "subsample", params->subsample, error));
    WL_TRY(set_number(booster, "colsample_bytree", params->colsample, error));
    WL_TRY(set_number(booster, "min_child_weight", params->min_child_weight, error));
    WL_TRY(set_number(booster, "lambda", params->lambda, error));
    WL_TRY(set_number(booster, "base_score", base_score_of(data), error));
    WL_TRY(set_number(booster, "seed", (double)(params->seed & 0x3FFFFFFF), error));
    // The generator is per thread inside the library: seed it anew for every tree.
    return set_text(booster, "seed_per_iteration", "1", error);
}

static wl_status make_matrix(const struct wl_xgb_data *data, size_t n_threads,
                             DMatrixHandle *matrix_out, wl_error *error)
{
    DMatrixHandle matrix = NULL;

    if (XGDMatrixCreateFromMat_omp(data->columns, data->n_rows, data->n_columns, NAN, &matrix,
                                   (int)n_threads) != 0) {
        return fail_library(error, "take the rows");
    }
    if ((data->labels != NULL &&
         XGDMatrixSetFloatInfo(matrix, "label", data->labels, data->n_rows) != 0) ||
        (data->weights != NULL &&
         XGDMatrixSetFloatInfo(matrix, "weight", data->weights, data->n_rows) != 0)) {
        wl_status status = fail_library(error, "take labels and weights");
        (void)XGDMatrixFree(matrix);
        return status;
    }
    *matrix_out = matrix;
    return WL_OK;
}

wl_status wl_xgb_train(const wl_alloc *alloc, const struct wl_xgb_data *data,
                       const struct wl_xgb_params *params, struct wl_xgb **xgb_out, wl_error *error)
{
    DMatrixHandle matrix = NULL;
    struct wl_xgb *xgb = wl_alloc_zeroed(alloc, 1, sizeof(*xgb));
    wl_status status = WL_OK;

    if (xgb == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a booster");
    }
    xgb->alloc = alloc;
    WL_GO(make_matrix(data, params->n_threads, &matrix, error));
    if (XGBoosterCreate(&matrix, 1, &xgb->booster) != 0) {
        status = fail_library(error, "start");
        goto done;
    }
    WL_GO(configure(xgb->booster, data, params, error));
    for (int64_t i = 0; i < params->trees; i++) {
        if (XGBoosterUpdateOneIter(xgb->booster, (int)i, matrix) != 0) {
            status = fail_library(error, "grow a tree");
            goto done;
        }
    }
    *xgb_out = xgb;
    xgb = NULL;
done:
    if (matrix != NULL) {
        (void)XGDMatrixFree(matrix);
    }
    wl_xgb_free(xgb);
    return status;
}

void wl_xgb_free(struct wl_xgb *xgb)
{
    if (xgb == NULL) {
        return;
    }
    if (xgb->booster != NULL) {
        (void)XGBoosterFree(xgb->booster);
    }
    wl_alloc_free(xgb->alloc, xgb);
}

wl_status wl_xgb_load(const wl_alloc *alloc, struct wl_str json, struct wl_xgb **xgb_out,
                      wl_error *error)
{
    struct wl_xgb *xgb = wl_alloc_zeroed(alloc, 1, sizeof(*xgb));
    wl_status status = WL_OK;

    if (xgb == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a booster");
    }
    xgb->alloc = alloc;
    if (XGBoosterCreate(NULL, 0, &xgb->booster) != 0 ||
        XGBoosterLoadModelFromBuffer(xgb->booster, json.data, json.n_bytes) != 0) {
        status = fail_library(error, "load a model");
        goto done;
    }
    *xgb_out = xgb;
    xgb = NULL;
done:
    wl_xgb_free(xgb);
    return status;
}

static wl_status model_text(const struct wl_xgb *xgb, struct wl_str *json, wl_error *error)
{
    bst_ulong n_bytes = 0;
    const char *data = NULL;

    if (XGBoosterSaveModelToBuffer(xgb->booster, "{\"format\":\"json\"}", &n_bytes, &data) != 0) {
        return fail_library(error, "save a model");
    }
    *json = (struct wl_str){.data = data, .n_bytes = (size_t)n_bytes};
    return WL_OK;
}

wl_status wl_xgb_save(const struct wl_xgb *xgb, struct wl_buf *buf, wl_error *error)
{
    struct wl_str json;
    WL_TRY(model_text(xgb, &json, error));
    wl_buf_str(buf, json);
    return wl_buf_check(buf, error);
}

wl_status wl_xgb_forest(const struct wl_xgb *xgb, const wl_alloc *alloc,
                        struct wl_forest **forest_out, wl_error *error)
{
    struct wl_str json;
    WL_TRY(model_text(xgb, &json, error));
    return wl_forest_read_xgb(alloc, json, forest_out, error);
}

static wl_status copy_result(const bst_ulong *shape, bst_ulong n_dims, const float *result,
                             size_t n_wanted, float *values, wl_error *error)
{
    bst_ulong n = 1;

    for (bst_ulong i = 0; i < n_dims; i++) {
        n *= shape[i];
    }
    if (n != n_wanted) {
        return wl_fail(error, WL_ELIBRARY, "libxgboost gives %llu values, %zu wanted",
                       (unsigned long long)n, n_wanted);
    }
    memcpy(values, result, n_wanted * sizeof(*values));
    return WL_OK;
}

wl_status wl_xgb_margins(struct wl_xgb *xgb, const struct wl_xgb_data *data, size_t n_threads,
                         float *margins, wl_error *error)
{
    static const char config[] = "{\"type\":1,\"training\":false,\"iteration_begin\":0,"
                                 "\"iteration_end\":0,\"strict_shape\":false,\"missing\":NaN,"
                                 "\"cache_id\":0}";
    char array[160];
    const bst_ulong *shape = NULL;
    bst_ulong n_dims = 0;
    const float *result = NULL;

    (void)snprintf(array, sizeof(array),
                   "{\"data\":[%llu,true],\"shape\":[%zu,%zu],\"typestr\":\"<f4\",\"version\":3}",
                   (unsigned long long)(uintptr_t)data->columns, data->n_rows, data->n_columns);
    WL_TRY(set_number(xgb->booster, "nthread", (double)n_threads, error));
    if (XGBoosterPredictFromDense(xgb->booster, array, config, NULL, &shape, &n_dims, &result) !=
        0) {
        return fail_library(error, "score rows");
    }
    return copy_result(shape, n_dims, result, data->n_rows, margins, error);
}

wl_status wl_xgb_contributions(struct wl_xgb *xgb, const struct wl_xgb_data *data, size_t n_threads,
                               float *contributions, wl_error *error)
{
    static const char config[] = "{\"type\":2,\"training\":false,\"iteration_begin\":0,"
                                 "\"iteration_end\":0,\"strict_shape\":false}";
    struct wl_xgb_data unlabelled = *data;
    DMatrixHandle matrix = NULL;
    const bst_ulong *shape = NULL;
    bst_ulong n_dims = 0;
    const float *result = NULL;
    wl_status status = WL_OK;

    unlabelled.labels = NULL;
    unlabelled.weights = NULL;
    WL_GO(set_number(xgb->booster, "nthread", (double)n_threads, error));
    WL_GO(make_matrix(&unlabelled, n_threads, &matrix, error));
    if (XGBoosterPredictFromDMatrix(xgb->booster, matrix, config, &shape, &n_dims, &result) != 0) {
        status = fail_library(error, "explain rows");
        goto done;
    }
    WL_GO(copy_result(shape, n_dims, result, data->n_rows * (data->n_columns + 1), contributions,
                      error));
done:
    if (matrix != NULL) {
        (void)XGDMatrixFree(matrix);
    }
    return status;
}
