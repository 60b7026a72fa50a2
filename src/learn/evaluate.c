/* Figures of an evaluation and their intervals.
 *
 * All figures that are resampled come from one bootstrap: rows are ranked once per score (margin,
 * p, each fold, each baseline), a resample is a vector of weights, and gains over baselines are
 * paired because both sides see the same resample. Shares at the threshold get Wilson intervals on
 * an effective number of rows, AUC gets DeLong's as long as every user has one row. */
#include "learn/evaluate.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct wl_field gate_fields[] = {
    {.key = "min_rows",
     .kind = WL_FIELD_INT,
     .offset = offsetof(struct wl_gates, min_rows),
     .low = 1,
     .high = 1e9,
     .doc = "rows below which nothing is published; 400"},
    {.key = "min_per_class",
     .kind = WL_FIELD_INT,
     .offset = offsetof(struct wl_gates, min_per_class),
     .low = 1,
     .high = 1e9,
     .doc = "the same for leavers and for stayers; 100"},
    {.key = "min_auc",
     .kind = WL_FIELD_NUMBER,
     .offset = offsetof(struct wl_gates, min_auc),
     .low = 0,
     .high = 1,
     .doc = "AUC below which evaluate says no"},
    {.key = "min_accuracy",
     .kind = WL_FIELD_NUMBER,
     .offset = offsetof(struct wl_gates, min_accuracy),
     .low = 0,
     .high = 1,
     .doc = "accuracy at the lead time below which evaluate says no"},
    {.key = "too_good_auc",
     .kind = WL_FIELD_NUMBER,
     .offset = offsetof(struct wl_gates, too_good_auc),
     .low = 0.5,
     .high = 1,
     .doc = "AUC above which a warning asks for leakage; 0.98"},
};

wl_status wl_gates_read(struct wl_arena *arena, const struct wl_node *node, struct wl_gates *gates,
                        wl_error *error)
{
    struct wl_gates made = {.min_rows = 400, .min_per_class = 100, .too_good_auc = 0.98};

    WL_TRY(wl_fields_read(arena, node, "gates", gate_fields, COUNT(gate_fields), &made, error));
    *gates = made;
    return WL_OK;
}

static bool has_enough(const struct wl_gates *gates, size_t n_rows, size_t n_positive)
{
    size_t n_class = (size_t)gates->min_per_class;
    return n_rows >= (size_t)gates->min_rows && n_positive >= n_class &&
           n_rows - n_positive >= n_class;
}

wl_status wl_gate_rows(const struct wl_gates *gates, size_t n_rows, size_t n_positive,
                       bool is_forced, wl_error *error)
{
    if (is_forced || has_enough(gates, n_rows, n_positive)) {
        return WL_OK;
    }
    return wl_fail(error, WL_EGATE,
                   "%zu rows, %zu left and %zu stayed: at least %lld rows and %lld of each are "
                   "needed, unless forced",
                   n_rows, n_positive, n_rows - n_positive, (long long)gates->min_rows,
                   (long long)gates->min_per_class);
}

const char *wl_metric_key(enum wl_metric_id id)
{
#define X(name, key, en, zh) key,
    static const char *const keys[] = {WL_METRIC_MAP(X)};
#undef X
    return keys[id];
}

const char *wl_metric_label(enum wl_metric_id id, const char *language)
{
#define X(name, key, en, zh) {en, zh},
    static const char *const labels[][2] = {WL_METRIC_MAP(X)};
#undef X
    return labels[id][strcmp(language, "zh") == 0 ? 1 : 0];
}

/* A score ranked as a whole, or within each fold. */
struct ranking {
    size_t n_parts;
    struct wl_ranked parts[WL_EVALUATION_FOLDS_MAX];
};

/* Everything held while evaluating. */
struct work {
    const wl_alloc *alloc;
    const struct wl_evaluate_input *input;
    struct wl_ranked p;        /* all rows by calibrated probability */
    struct ranking margin;     /* headline */
    struct ranking *baselines; /* (n_baselines) by fold, for AUC */
    struct wl_ranked *pooled;  /* (n_baselines) all rows, for PR-AUC and lift */
    struct wl_ranked order;    /* all rows by margin, for PR-AUC and lift */
    uint32_t *cluster;         /* (N) users numbered without holes */
    uint8_t *stratum;          /* (n_users) 1: left at least once */
    size_t n_clusters;
    double *scratch; /* (N) */
};

static void ranking_release(struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->n_parts; i++) {
        wl_ranked_release(&ranking->parts[i]);
    }
}

static void work_release(struct work *work)
{
    for (size_t b = 0; b < work->input->n_baselines; b++) {
        if (work->baselines != NULL) {
            ranking_release(&work->baselines[b]);
        }
        if (work->pooled != NULL) {
            wl_ranked_release(&work->pooled[b]);
        }
    }
    wl_ranked_release(&work->p);
    wl_ranked_release(&work->order);
    ranking_release(&work->margin);
    wl_alloc_free(work->alloc, work->baselines);
    wl_alloc_free(work->alloc, work->pooled);
    wl_alloc_free(work->alloc, work->cluster);
    wl_alloc_free(work->alloc, work->stratum);
    wl_alloc_free(work->alloc, work->scratch);
}

/* Rows of one fold, gathered for ranking. */
struct gathered {
    double *score; /* (N) */
    uint8_t *y;    /* (N) */
    uint32_t *row; /* (N) */
    size_t n;
};

static void gather(struct gathered *rows, const struct wl_evaluate_input *input,
                   const double *score, size_t fold)
{
    rows->n = 0;
    for (size_t i = 0; i < input->n_rows; i++) {
        if (input->fold[i] == fold) {
            rows->score[rows->n] = score[i];
            rows->y[rows->n] = input->y[i];
            rows->row[rows->n++] = (uint32_t)i;
        }
    }
}

static wl_status rank_folds(const struct work *work, const double *score, struct ranking *ranking,
                            wl_error *error)
{
    const struct wl_evaluate_input *input = work->input;
    const wl_alloc *alloc = work->alloc;
    struct gathered rows = {wl_alloc_array(alloc, input->n_rows, sizeof(double)),
                            wl_alloc_array(alloc, input->n_rows, 1),
                            wl_alloc_array(alloc, input->n_rows, sizeof(uint32_t)), 0};
    wl_status status = WL_OK;

    if (rows.score == NULL || rows.y == NULL || rows.row == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to evaluate %zu rows", input->n_rows);
        goto done;
    }
    for (size_t f = 0; f < input->n_folds; f++) {
        struct wl_ranked *part = &ranking->parts[f];
        gather(&rows, input, score, f);
        WL_GO(wl_ranked_init(part, alloc, rows.score, rows.y, rows.n, error));
        ranking->n_parts = f + 1;
        for (size_t i = 0; i < rows.n; i++) {
            part->row[i] = rows.row[part->row[i]]; // weights are by row of the whole
        }
    }
done:
    wl_alloc_free(alloc, rows.score);
    wl_alloc_free(alloc, rows.y);
    wl_alloc_free(alloc, rows.row);
    return status;
}

static wl_status rank(const struct work *work, const double *score, struct ranking *ranking,
                      wl_error *error)
{
    const struct wl_evaluate_input *input = work->input;

    if (input->fold != NULL) {
        return rank_folds(work, score, ranking, error);
    }
    WL_TRY(wl_ranked_init(&ranking->parts[0], work->alloc, score, input->y, input->n_rows, error));
    ranking->n_parts = 1;
    return WL_OK;
}

// Mean over the folds in which it is defined.
static double mean_auc(const struct ranking *ranking, const uint32_t *weight)
{
    double sum = 0.0;
    double n = 0.0;

    for (size_t f = 0; f < ranking->n_parts; f++) {
        double auc = wl_auc(&ranking->parts[f], weight);
        if (!isnan(auc)) {
            sum += auc;
            n += 1.0;
        }
    }
    return n > 0.0 ? sum / n : (double)NAN;
}

/* Order of the resampled figures; four more per baseline follow. */
enum figure {
    FIGURE_AUC,
    FIGURE_AUC_POOLED,
    FIGURE_PR_AUC,
    FIGURE_LIFT_10,
    FIGURE_F1,
    FIGURE_F1_MACRO,
    FIGURE_F1_WEIGHTED,
    FIGURE_ECE,
    FIGURE_BRIER,
    FIGURE_BRIER_SKILL,
    FIGURE_LOG_LOSS,
    FIGURE_COUNT
};
#define FIGURES_PER_BASELINE 4

static void figures(const void *data, const uint32_t *weight, double *values)
{
    const struct work *work = data;
    struct wl_confusion counts = wl_confusion_at(&work->p, weight, work->input->threshold);

    values[FIGURE_AUC] = mean_auc(&work->margin, weight);
    values[FIGURE_AUC_POOLED] = wl_auc(&work->p, weight);
    values[FIGURE_PR_AUC] = wl_average_precision(&work->order, weight);
    values[FIGURE_LIFT_10] = wl_lift(&work->order, weight, 0.1);
    values[FIGURE_F1] = wl_f1_positive(&counts);
    values[FIGURE_F1_MACRO] = wl_f1_macro(&counts);
    values[FIGURE_F1_WEIGHTED] = wl_f1_weighted(&counts);
    values[FIGURE_ECE] = wl_ece(&work->p, weight, WL_ECE_BINS);
    values[FIGURE_BRIER] = wl_brier(&work->p, weight);
    values[FIGURE_BRIER_SKILL] = wl_brier_skill(&work->p, weight);
    values[FIGURE_LOG_LOSS] = wl_log_loss(&work->p, weight);
    for (size_t b = 0; b < work->input->n_baselines; b++) {
        double *own = values + FIGURE_COUNT + b * FIGURES_PER_BASELINE;
        own[0] = mean_auc(&work->baselines[b], weight);
        own[1] = wl_average_precision(&work->pooled[b], weight);
        own[2] = wl_lift(&work->pooled[b], weight, 0.1);
        own[3] = values[FIGURE_AUC] - own[0];
    }
}

static wl_status check_input(const struct wl_evaluate_input *input, wl_error *error)
{
    WL_ASSERT(input->n_baselines <= WL_BASELINES_MAX && input->n_threads > 0);
    WL_ASSERT(input->fold == NULL ||
              (input->n_folds >= 2 && input->n_folds <= WL_EVALUATION_FOLDS_MAX));
    if (!(input->threshold >= 0.0 && input->threshold <= 1.0)) {
        return wl_fail(error, WL_EINVAL, "the threshold %g is not between 0 and 1",
                       input->threshold);
    }
    for (size_t i = 0; i < input->n_rows; i++) {
        if (!(input->p[i] >= 0.0 && input->p[i] <= 1.0)) {
            return wl_fail(error, WL_EINVAL,
                           "the probability of row %zu is %g, not between 0 and 1", i, input->p[i]);
        }
        if (input->user[i] >= input->n_users ||
            (input->fold != NULL && input->fold[i] >= input->n_folds)) {
            return wl_fail(error, WL_EINVAL, "the user or fold of row %zu is out of range", i);
        }
        if (input->y[i] > 1) {
            return wl_fail(error, WL_EINVAL, "the outcome of row %zu is %d, not 0 or 1", i,
                           input->y[i]);
        }
    }
    return WL_OK;
}

// Users get numbers in order of first sight, so that users without rows cost nothing.
static wl_status number_users(struct work *work, wl_error *error)
{
    const struct wl_evaluate_input *input = work->input;
    uint32_t *number = wl_alloc_zeroed(work->alloc, input->n_users, sizeof(*number));

    if (number == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to evaluate %zu users", input->n_users);
    }
    for (size_t i = 0; i < input->n_rows; i++) {
        uint32_t *known = &number[input->user[i]];
        if (*known == 0) {
            *known = (uint32_t)++work->n_clusters;
        }
        work->cluster[i] = *known - 1;
        work->stratum[*known - 1] |= input->y[i];
    }
    wl_alloc_free(work->alloc, number);
    return WL_OK;
}

static wl_status work_init(struct work *work, const wl_alloc *alloc,
                           const struct wl_evaluate_input *input, wl_error *error)
{
    const double *margin = input->margin != NULL ? input->margin : input->p;
    size_t n = input->n_rows;

    *work = (struct work){.alloc = alloc, .input = input};
    work->cluster = wl_alloc_array(alloc, n, sizeof(*work->cluster));
    work->stratum = wl_alloc_zeroed(alloc, n, 1);
    work->scratch = wl_alloc_array(alloc, n, sizeof(*work->scratch));
    work->baselines = wl_alloc_zeroed(alloc, input->n_baselines + 1, sizeof(*work->baselines));
    work->pooled = wl_alloc_zeroed(alloc, input->n_baselines + 1, sizeof(*work->pooled));
    if (work->cluster == NULL || work->stratum == NULL || work->scratch == NULL ||
        work->baselines == NULL || work->pooled == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to evaluate %zu rows", n);
    }
    WL_TRY(number_users(work, error));
    WL_TRY(wl_ranked_init(&work->p, alloc, input->p, input->y, n, error));
    WL_TRY(rank(work, margin, &work->margin, error));
    // Margins of models fitted apart are not one scale: pooled rows are ranked by probability.
    WL_TRY(wl_ranked_init(&work->order, alloc, input->fold != NULL ? input->p : margin, input->y, n,
                          error));
    for (size_t b = 0; b < input->n_baselines; b++) {
        const double *score = input->baselines[b].score;
        WL_TRY(rank(work, score, &work->baselines[b], error));
        WL_TRY(wl_ranked_init(&work->pooled[b], alloc, score, input->y, n, error));
    }
    return WL_OK;
}

enum interval_kind {
    KIND_PERCENTILE,
    KIND_BCA,    /* skewed: F1 */
    KIND_CENTRED /* a mean of distances, which resampling overstates: ECE */
};

static struct wl_metric from_interval(const struct wl_interval *interval, double n,
                                      enum interval_kind kind)
{
    struct wl_metric metric = {.value = interval->value, .n = n};

    switch (kind) {
    case KIND_PERCENTILE:
        metric.low = interval->low;
        metric.high = interval->high;
        metric.method = "user bootstrap";
        break;
    case KIND_BCA:
        metric.low = interval->bca_low;
        metric.high = interval->bca_high;
        metric.method = "user bootstrap (BCa)";
        break;
    case KIND_CENTRED:
        metric.low = interval->centred_low < 0.0 ? 0.0 : interval->centred_low; // NaN stays
        metric.high = interval->centred_high;
        metric.method = "user bootstrap (centred)";
        break;
    }
    return metric;
}

// DeLong's interval on the plain scale, cut at 0 and 1, as pROC has it.
static void delong_interval(const struct work *work, const struct ranking *ranking,
                            struct wl_metric *metric)
{
    const struct wl_evaluate_input *input = work->input;

    if (input->fold != NULL || work->n_clusters < input->n_rows || isnan(metric->value)) {
        return; // the bootstrap's interval stays
    }
    wl_delong_parts(&ranking->parts[0], work->scratch);
    double variance = wl_delong_covariance(work->scratch, work->scratch, input->y, input->n_rows);
    if (isnan(variance)) {
        return;
    }
    double half = WL_Z_95 * sqrt(variance);
    metric->low = fmax(0.0, metric->value - half);
    metric->high = fmin(1.0, metric->value + half);
    metric->method = "DeLong";
}

/* Rows a share is about. */
struct share {
    uint8_t *hit;  /* (N) */
    uint8_t *used; /* (N) */
};

static struct wl_metric share_metric(const struct work *work, const struct share *share)
{
    size_t n_rows = work->input->n_rows;
    struct wl_metric metric = {.value = (double)NAN, .low = (double)NAN, .high = (double)NAN};
    double hits = 0.0;

    for (size_t i = 0; i < n_rows; i++) {
        metric.n += share->used[i] != 0 ? 1.0 : 0.0;
        hits += share->used[i] != 0 && share->hit[i] != 0 ? 1.0 : 0.0;
    }
    bool is_clustered = work->n_clusters < n_rows;
    metric.method = is_clustered ? "Wilson, by user" : "Wilson";
    if (metric.n > 0.0) {
        double effect = is_clustered ? wl_cluster_effect(share->hit, share->used, work->cluster,
                                                         n_rows, work->scratch, work->n_clusters)
                                     : 1.0;
        metric.value = hits / metric.n;
        wl_wilson(hits / effect, metric.n / effect, &metric.low, &metric.high);
    }
    return metric;
}

static wl_status fill_shares(const struct work *work, struct wl_evaluation *evaluation,
                             wl_error *error)
{
    const struct wl_evaluate_input *input = work->input;
    size_t n = input->n_rows;
    struct share share = {wl_alloc_array(work->alloc, n, 1), wl_alloc_array(work->alloc, n, 1)};
    static const enum wl_metric_id ids[] = {WL_METRIC_PRECISION, WL_METRIC_RECALL,
                                            WL_METRIC_ACCURACY, WL_METRIC_BASE_RATE};
    wl_status status = WL_OK;

    if (share.hit == NULL || share.used == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to evaluate %zu rows", n);
        goto done;
    }
    for (size_t k = 0; k < COUNT(ids); k++) {
        for (size_t i = 0; i < n; i++) {
            bool is_flagged = input->p[i] >= input->threshold;
            bool has_left = input->y[i] != 0;
            share.used[i] = ids[k] == WL_METRIC_PRECISION ? is_flagged
                            : ids[k] == WL_METRIC_RECALL  ? has_left
                                                          : 1;
            share.hit[i] = ids[k] == WL_METRIC_ACCURACY ? is_flagged == has_left
                           : ids[k] == WL_METRIC_RECALL ? is_flagged
                                                        : has_left;
        }
        evaluation->metrics[ids[k]] = share_metric(work, &share);
    }
done:
    wl_alloc_free(work->alloc, share.hit);
    wl_alloc_free(work->alloc, share.used);
    return status;
}

// Always saying what most rows are: right as often as the larger class.
static void fill_majority(struct wl_metric *metrics)
{
    const struct wl_metric *base = &metrics[WL_METRIC_BASE_RATE];
    struct wl_metric *majority = &metrics[WL_METRIC_MAJORITY];
    bool is_left = base->value > 0.5;

    *majority = *base;
    if (!is_left) {
        majority->value = 1.0 - base->value;
        majority->low = 1.0 - base->high;
        majority->high = 1.0 - base->low;
    }
}

static void not_measurable(struct wl_metric *metric, const char *why, const char *why_zh)
{
    metric->value = (double)NAN;
    metric->low = (double)NAN;
    metric->high = (double)NAN;
    metric->why = why;
    metric->why_zh = why_zh;
}

static void name_what_is_missing(struct wl_evaluation *evaluation)
{
    struct wl_metric *metrics = evaluation->metrics;

    if (evaluation->n_folds < 2) {
        not_measurable(&metrics[WL_METRIC_AUC_POOLED], "one held-out period, nothing to pool",
                       "只有一个留出期，无需合并");
    }
    for (size_t id = 0; id < WL_METRIC_COUNT; id++) {
        if (isnan(metrics[id].value) && metrics[id].why == NULL) {
            bool is_precision = id == WL_METRIC_PRECISION;
            not_measurable(&metrics[id],
                           is_precision ? "nobody is flagged at the threshold"
                                        : "a class has no rows",
                           is_precision ? "没有用户超过阈值" : "某一类没有样本");
        }
    }
}

static void fill_metrics(const struct work *work, const struct wl_interval *intervals,
                         struct wl_evaluation *evaluation)
{
    static const struct {
        enum wl_metric_id id;
        enum figure figure;
        enum interval_kind kind;
    } table[] = {{WL_METRIC_AUC, FIGURE_AUC, KIND_PERCENTILE},
                 {WL_METRIC_AUC_POOLED, FIGURE_AUC_POOLED, KIND_PERCENTILE},
                 {WL_METRIC_PR_AUC, FIGURE_PR_AUC, KIND_PERCENTILE},
                 {WL_METRIC_LIFT_10, FIGURE_LIFT_10, KIND_PERCENTILE},
                 {WL_METRIC_F1, FIGURE_F1, KIND_BCA},
                 {WL_METRIC_F1_MACRO, FIGURE_F1_MACRO, KIND_BCA},
                 {WL_METRIC_F1_WEIGHTED, FIGURE_F1_WEIGHTED, KIND_BCA},
                 {WL_METRIC_ECE, FIGURE_ECE, KIND_CENTRED},
                 {WL_METRIC_BRIER, FIGURE_BRIER, KIND_PERCENTILE},
                 {WL_METRIC_BRIER_SKILL, FIGURE_BRIER_SKILL, KIND_PERCENTILE},
                 {WL_METRIC_LOG_LOSS, FIGURE_LOG_LOSS, KIND_PERCENTILE}};
    double n = (double)evaluation->n_rows;

    for (size_t i = 0; i < COUNT(table); i++) {
        evaluation->metrics[table[i].id] =
            from_interval(&intervals[table[i].figure], n, table[i].kind);
    }
    evaluation->metrics[WL_METRIC_PR_AUC].n = (double)evaluation->n_positive;
    evaluation->metrics[WL_METRIC_LIFT_10].n = ceil(0.1 * n);
    delong_interval(work, &work->margin, &evaluation->metrics[WL_METRIC_AUC]);
    fill_majority(evaluation->metrics);
    name_what_is_missing(evaluation);
}

static void fill_baselines(const struct work *work, const struct wl_interval *intervals,
                           struct wl_evaluation *evaluation)
{
    double n = (double)evaluation->n_rows;
    double n_left = (double)evaluation->n_positive; // what a precision-recall curve rests on

    evaluation->n_baselines = work->input->n_baselines;
    for (size_t b = 0; b < work->input->n_baselines; b++) {
        const struct wl_interval *own = intervals + FIGURE_COUNT + b * FIGURES_PER_BASELINE;
        struct wl_baseline_result *result = &evaluation->baselines[b];
        *result = (struct wl_baseline_result){
            .name = work->input->baselines[b].name,
            .auc = from_interval(&own[0], n, KIND_PERCENTILE),
            .pr_auc = from_interval(&own[1], n_left, KIND_PERCENTILE),
            .lift_10 = from_interval(&own[2], ceil(0.1 * n), KIND_PERCENTILE),
            .auc_gain = from_interval(&own[3], n, KIND_PERCENTILE)};
        delong_interval(work, &work->baselines[b], &result->auc);
    }
}

// Lift of each tenth alone, from the lifts of the tenths down to it.
static void fill_deciles(const struct work *work, struct wl_evaluation *evaluation)
{
    double before = 0.0;

    for (size_t d = 0; d < WL_EVALUATION_DECILES; d++) {
        double share = (double)(d + 1) / WL_EVALUATION_DECILES;
        double sum = wl_lift(&work->order, NULL, share) * (double)(d + 1);
        evaluation->decile_lift[d] = sum > before ? sum - before : 0.0; // no "-0.00" of rounding
        before = sum;
    }
}

static void fill_pictures(const struct work *work, struct wl_evaluation *evaluation)
{
    const struct wl_evaluate_input *input = work->input;

    evaluation->confusion = wl_confusion_at(&work->p, NULL, input->threshold);
    evaluation->n_points = wl_curve(&work->order, evaluation->points, WL_EVALUATION_POINTS_MAX);
    wl_reliability(&work->p, NULL, WL_ECE_BINS, evaluation->reliability);
    fill_deciles(work, evaluation);
    for (size_t i = 0; i < input->n_rows; i++) {
        size_t bucket = (size_t)(input->p[i] * WL_EVALUATION_BUCKETS);
        bucket = bucket < WL_EVALUATION_BUCKETS ? bucket : WL_EVALUATION_BUCKETS - 1;
        evaluation->histogram[bucket] += 1.0;
    }
}

static void fill_facts(const struct work *work, struct wl_evaluation *evaluation)
{
    const struct wl_evaluate_input *input = work->input;

    *evaluation = (struct wl_evaluation){
        .set = input->set,
        .model = input->model,
        .n_rows = input->n_rows,
        .n_positive = work->p.n_positive,
        .n_users = work->n_clusters,
        .n_folds = input->fold != NULL ? input->n_folds : 1,
        .first_us = WL_TIME_NONE,
        .last_us = WL_TIME_NONE,
        .horizon_us = input->horizon_us,
        .lead_us = input->lead_us,
        .threshold = input->threshold,
        .split_en = input->split_en,
        .split_zh = input->split_zh,
        .caution = input->caution,
        .is_random = input->is_random,
        .is_below_minimum = !has_enough(&input->gates, input->n_rows, work->p.n_positive),
        .users_repeat = work->n_clusters < input->n_rows};
    for (size_t i = 0; input->as_of_us != NULL && i < input->n_rows; i++) {
        int64_t at_us = input->as_of_us[i];
        bool is_first = evaluation->first_us == WL_TIME_NONE || at_us < evaluation->first_us;
        evaluation->first_us = is_first ? at_us : evaluation->first_us;
        evaluation->last_us = at_us > evaluation->last_us ? at_us : evaluation->last_us;
    }
}

wl_status wl_evaluate(const wl_alloc *alloc, const struct wl_evaluate_input *input,
                      struct wl_evaluation *evaluation, wl_error *error)
{
    struct wl_interval intervals[WL_FIGURES_MAX];
    struct work work = {.alloc = alloc, .input = input};
    struct wl_evaluation made;
    size_t n_positive = 0;
    wl_status status = WL_OK;

    WL_TRY(check_input(input, error));
    for (size_t i = 0; i < input->n_rows; i++) {
        n_positive += input->y[i];
    }
    if (input->n_rows == 0) {
        return wl_fail(error, WL_EGATE, "no rows to judge on");
    }
    wl_status enough =
        wl_gate_rows(&input->gates, input->n_rows, n_positive, input->is_forced, error);
    if (enough != WL_OK) {
        return wl_fail_at(error, enough, "to judge on");
    }
    WL_GO(work_init(&work, alloc, input, error));
    fill_facts(&work, &made);
    struct wl_bootstrap plan = {.n_rows = input->n_rows,
                                .cluster = work.cluster,
                                .n_clusters = work.n_clusters,
                                .stratum = work.stratum,
                                .n_resamples = input->n_resamples > 0 ? input->n_resamples : 1000,
                                .seed = input->seed,
                                .n_threads = input->n_threads,
                                .figures = figures,
                                .data = &work,
                                .n_values =
                                    FIGURE_COUNT + input->n_baselines * FIGURES_PER_BASELINE};
    WL_GO(wl_bootstrap_run(&plan, alloc, intervals, error));
    WL_GO(fill_shares(&work, &made, error));
    fill_metrics(&work, intervals, &made);
    fill_baselines(&work, intervals, &made);
    fill_pictures(&work, &made);
    made.is_too_good = made.metrics[WL_METRIC_AUC].value > input->gates.too_good_auc;
    *evaluation = made;
done:
    work_release(&work);
    return status;
}

wl_status wl_evaluation_gate(const struct wl_evaluation *evaluation, const struct wl_gates *gates,
                             wl_error *error)
{
    const struct wl_metric *metrics = evaluation->metrics;
    double base_rate = metrics[WL_METRIC_BASE_RATE].value;
    double majority = metrics[WL_METRIC_MAJORITY].value;

    if (gates->min_auc > 0.0 && !(metrics[WL_METRIC_AUC].value >= gates->min_auc)) {
        return wl_fail(error, WL_EGATE, "auc %.4f is below the gate %g (base rate %.4f)",
                       metrics[WL_METRIC_AUC].value, gates->min_auc, base_rate);
    }
    if (gates->min_accuracy > 0.0 && !(metrics[WL_METRIC_ACCURACY].value >= gates->min_accuracy)) {
        return wl_fail(error, WL_EGATE,
                       "accuracy %.4f at the lead time is below the gate %g (base rate %.4f, "
                       "majority %.4f)",
                       metrics[WL_METRIC_ACCURACY].value, gates->min_accuracy, base_rate, majority);
    }
    return WL_OK;
}
