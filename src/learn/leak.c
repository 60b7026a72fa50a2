/* Leak check. One feature at a time: a leak that needs two features to show is rare and the AUC of
 * the whole model warns of it ("too good", evaluate.h). */
#include "learn/leak.h"

#include "math/ranked.h"

#include <math.h>
#include <stdlib.h>

#define LEVEL_ROWS_MIN 5 // a level of four rows is all leavers by luck too often

static float value_of(const struct wl_rows *rows, const struct wl_labelled *labelled,
                      size_t i_feature, size_t i)
{
    return rows->values[(size_t)labelled->row[i] * rows->schema->n_features + i_feature];
}

static wl_status auc_of(const struct wl_labelled *labelled, const double *score, double *auc,
                        wl_error *error)
{
    struct wl_ranked ranked = {0};

    WL_TRY(wl_ranked_init(&ranked, labelled->alloc, score, labelled->y, labelled->n_rows, error));
    *auc = wl_auc(&ranked, NULL);
    *auc = fmax(*auc, 1.0 - *auc);
    wl_ranked_release(&ranked);
    return WL_OK;
}

static wl_status auc_of_number(const struct wl_rows *rows, const struct wl_labelled *labelled,
                               size_t i_feature, double *score, double *auc, wl_error *error)
{
    const double ends[2] = {-1e300, 1e300}; // beyond every float32
    double found[2];

    for (size_t e = 0; e < 2; e++) {
        for (size_t i = 0; i < labelled->n_rows; i++) {
            double value = (double)value_of(rows, labelled, i_feature, i);
            score[i] = isfinite(value) ? value : ends[e];
        }
        WL_TRY(auc_of(labelled, score, &found[e], error));
    }
    *auc = fmax(found[0], found[1]);
    return WL_OK;
}

struct level {
    float code;
    uint32_t i;
};

static int by_code(const void *left, const void *right)
{
    const struct level *a = left;
    const struct level *b = right;

    return a->code < b->code ? -1 : a->code > b->code;
}

// Rows sorted by level: every level of enough rows gets its rate of leavers as score.
static void score_levels(const struct wl_labelled *labelled, const struct level *levels,
                         double *score)
{
    size_t n = labelled->n_rows;
    double base_rate = (double)labelled->n_positive / (double)n;
    size_t end = 0;

    for (size_t begin = 0; begin < n; begin = end) {
        double n_left = 0.0;
        for (end = begin; end < n && levels[end].code == levels[begin].code; end++) {
            n_left += (double)labelled->y[levels[end].i];
        }
        bool is_small = end - begin < LEVEL_ROWS_MIN;
        for (size_t k = begin; k < end; k++) {
            score[levels[k].i] = is_small ? base_rate : n_left / (double)(end - begin);
        }
    }
}

static wl_status auc_of_category(const struct wl_rows *rows, const struct wl_labelled *labelled,
                                 size_t i_feature, double *score, double *auc, wl_error *error)
{
    struct level *levels = wl_alloc_array(labelled->alloc, labelled->n_rows, sizeof(*levels));

    if (levels == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the leak check");
    }
    for (size_t i = 0; i < labelled->n_rows; i++) {
        float code = value_of(rows, labelled, i_feature, i);
        levels[i] = (struct level){isnan(code) ? -1.0f : code, (uint32_t)i};
    }
    qsort(levels, labelled->n_rows, sizeof(*levels), by_code);
    score_levels(labelled, levels, score);
    wl_alloc_free(labelled->alloc, levels);
    return auc_of(labelled, score, auc, error);
}

wl_status wl_feature_auc(const struct wl_rows *rows, const struct wl_labelled *labelled,
                         size_t i_feature, double *auc, wl_error *error)
{
    size_t n_negative = labelled->n_rows - labelled->n_positive;
    double found = (double)NAN;

    if (labelled->n_positive < WL_LEAK_CLASS_MIN || n_negative < WL_LEAK_CLASS_MIN) {
        *auc = found;
        return WL_OK;
    }
    double *score = wl_alloc_array(labelled->alloc, labelled->n_rows, sizeof(*score));
    if (score == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the leak check");
    }
    wl_status status = rows->schema->columns[i_feature].kind == WL_FEATURE_CATEGORY
                           ? auc_of_category(rows, labelled, i_feature, score, &found, error)
                           : auc_of_number(rows, labelled, i_feature, score, &found, error);
    wl_alloc_free(labelled->alloc, score);
    if (status == WL_OK) {
        *auc = found;
    }
    return status;
}

wl_status wl_leaks_find(const struct wl_churn *churn, const struct wl_rows *rows,
                        const struct wl_labelled *labelled, struct wl_leak *leaks, size_t *n_leaks,
                        wl_error *error)
{
    size_t i_label = wl_churn_leaks(churn, rows->schema);
    size_t n = 0;

    for (size_t f = 0; f < rows->schema->n_features; f++) {
        double auc = 0.0;
        WL_TRY(wl_feature_auc(rows, labelled, f, &auc, error));
        if (f == i_label || auc > WL_LEAK_AUC) {
            leaks[n++] = (struct wl_leak){f, f == i_label, auc};
        }
    }
    *n_leaks = n;
    return WL_OK;
}

static wl_status fail_leak(const struct wl_schema *schema, const struct wl_leak *leak,
                           size_t n_leaks, wl_error *error)
{
    const char *name = schema->columns[leak->i_feature].name;

    if (leak->is_label_column) {
        return wl_fail(error, WL_EGATE, "feature %s is the label itself: drop it", name);
    }
    return wl_fail(error, WL_EGATE,
                   "feature %s alone ranks leavers with auc %.4f (%zu such): it knows the answer; "
                   "drop it, or force when it is honest",
                   name, leak->auc, n_leaks);
}

wl_status wl_leaks_check(const struct wl_churn *churn, const struct wl_rows *rows,
                         const struct wl_labelled *labelled, bool is_forced,
                         const struct wl_sink *sink, wl_error *error)
{
    size_t n_leaks = 0;
    wl_status status = WL_OK;
    struct wl_leak *leaks =
        wl_alloc_array(labelled->alloc, rows->schema->n_features + 1, sizeof(*leaks));

    if (leaks == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the leak check");
    }
    WL_GO(wl_leaks_find(churn, rows, labelled, leaks, &n_leaks, error));
    for (size_t i = 0; i < n_leaks; i++) {
        if (!is_forced || leaks[i].is_label_column) {
            status = fail_leak(rows->schema, &leaks[i], n_leaks, error);
            goto done;
        }
        wl_notice(sink,
                  "warning: feature %s alone ranks leavers with auc %.4f: it may know the answer",
                  rows->schema->columns[leaks[i].i_feature].name, leaks[i].auc);
    }
done:
    wl_alloc_free(labelled->alloc, leaks);
    return status;
}
