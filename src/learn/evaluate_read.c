/* An evaluation read back from what wl_evaluation_json wrote, so that a report can be made from a
 * kept model without judging it again.
 *
 * The bytes come from a file that anybody may have changed: every map is read by a table of fields
 * that knows kinds and bounds, lists have exactly the length that the struct has, and what the
 * pages rely on (a figure or a reason, both ends of an interval or none) is checked here once.
 * Figures come back with the six digits that were written; the same bytes can be written again. */
#include "learn/evaluate.h"

#include "base/clock.h"
#include "base/limits.h"

#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIGURE_MAX   1e9               // a lift is at most the number of rows; nothing is larger
#define COUNT_MAX    9007199254740992. // 2^53: what a JSON number holds exactly

/* Keys of the outermost map, before they are put where they belong. */
struct facts {
    const char *set;
    const char *model;
    const char *split_en;
    const char *split_zh;
    const char *caution;
    int64_t n_rows;
    int64_t n_positive;
    int64_t n_users;
    int64_t n_folds;
    int64_t first_us;
    int64_t last_us;
    double horizon_days;
    double lead_hours;
    double threshold;
    bool is_random;
    bool is_below_minimum;
    bool is_too_good;
    const struct wl_node *metrics;
    const struct wl_node *baselines;
    const struct wl_node *confusion;
    const struct wl_node *decile_lift;
    const struct wl_node *histogram;
    const struct wl_node *curve;
    const struct wl_node *reliability;
};

#define FACT(name, what, member, needed, ...)                                                      \
    {                                                                                              \
        .key = (name), .kind = (what), .offset = offsetof(struct facts, member),                   \
        .is_required = (needed), __VA_ARGS__                                                       \
    }

static const struct wl_field fact_fields[] = {
    FACT("set", WL_FIELD_TEXT, set, true, .doc = "name of the data"),
    FACT("model", WL_FIELD_TEXT, model, true, .doc = "name of the model"),
    FACT("split", WL_FIELD_TEXT, split_en, false, .doc = "how rows were divided"),
    FACT("split_zh", WL_FIELD_TEXT, split_zh, false, .doc = "the same in Chinese"),
    FACT("caution", WL_FIELD_TEXT, caution, false, .doc = "what to keep in mind"),
    FACT("n", WL_FIELD_INT, n_rows, true, .low = 1, .high = COUNT_MAX),
    FACT("n_positive", WL_FIELD_INT, n_positive, true, .low = 0, .high = COUNT_MAX),
    FACT("n_users", WL_FIELD_INT, n_users, true, .low = 1, .high = COUNT_MAX),
    FACT("folds", WL_FIELD_INT, n_folds, true, .low = 1, .high = WL_EVALUATION_FOLDS_MAX),
    FACT("first_date", WL_FIELD_TIME, first_us, false, .doc = "first observation date"),
    FACT("last_date", WL_FIELD_TIME, last_us, false, .doc = "last observation date"),
    FACT("horizon_days", WL_FIELD_NUMBER, horizon_days, true, .high = WL_WINDOW_DAYS_MAX),
    FACT("lead_hours", WL_FIELD_NUMBER, lead_hours, true, .high = 24.0 * WL_WINDOW_DAYS_MAX),
    FACT("threshold", WL_FIELD_NUMBER, threshold, true, .low = 0, .high = 1),
    FACT("random_split", WL_FIELD_BOOL, is_random, true, .doc = "not divided by time"),
    FACT("below_minimum", WL_FIELD_BOOL, is_below_minimum, true, .doc = "published by force"),
    FACT("too_good", WL_FIELD_BOOL, is_too_good, true, .doc = "AUC beyond belief"),
    FACT("metrics", WL_FIELD_NODE, metrics, true, .doc = "figures of the model"),
    FACT("baselines", WL_FIELD_NODE, baselines, true, .doc = "figures of simpler ways"),
    FACT("confusion", WL_FIELD_NODE, confusion, true, .doc = "counts at the threshold"),
    FACT("decile_lift", WL_FIELD_NODE, decile_lift, true, .doc = "lift of each tenth"),
    FACT("histogram", WL_FIELD_NODE, histogram, true, .doc = "rows by probability"),
    FACT("curve", WL_FIELD_NODE, curve, true, .doc = "points of ROC and PR"),
    FACT("reliability", WL_FIELD_NODE, reliability, true, .doc = "said against seen"),
};

// A manifest is no configuration: what does not fit is a wrong schema.
static wl_status read_map(struct wl_arena *arena, const struct wl_node *map, const char *where,
                          const struct wl_field *fields, size_t n_fields, void *target,
                          wl_error *error)
{
    wl_status status = wl_fields_read(arena, map, where, fields, n_fields, target, error);

    if (status == WL_ECONFIG) {
        status = WL_ESCHEMA;
        if (error != NULL) {
            error->status = status;
        }
    }
    return status;
}

// Texts outlive the tree they were read from.
static wl_status keep_text(struct wl_arena *arena, const char **text, wl_error *error)
{
    if (*text != NULL) {
        *text = wl_arena_string(arena, wl_str_from(*text));
        if (*text == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for an evaluation");
        }
    }
    return WL_OK;
}

/* A figure as it is written. */
struct figure {
    double value;
    double low;
    double high;
    int64_t n;
    int status;
    const char *why;
    const char *why_zh;
    const char *method;
};

static const char *const statuses[] = {"not_measurable_yet", NULL};

#define FIGURE(name, what, member, ...)                                                            \
    {                                                                                              \
        .key = (name), .kind = (what), .offset = offsetof(struct figure, member), __VA_ARGS__      \
    }

static const struct wl_field figure_fields[] = {
    FIGURE("value", WL_FIELD_NUMBER, value, .low = -FIGURE_MAX, .high = FIGURE_MAX),
    FIGURE("low", WL_FIELD_NUMBER, low, .low = -FIGURE_MAX, .high = FIGURE_MAX),
    FIGURE("high", WL_FIELD_NUMBER, high, .low = -FIGURE_MAX, .high = FIGURE_MAX),
    FIGURE("n", WL_FIELD_INT, n, .is_required = true, .low = 0, .high = COUNT_MAX),
    FIGURE("status", WL_FIELD_CHOICE, status, .choices = statuses),
    FIGURE("why", WL_FIELD_TEXT, why, .doc = "what is missing"),
    FIGURE("why_zh", WL_FIELD_TEXT, why_zh, .doc = "the same in Chinese"),
    FIGURE("interval", WL_FIELD_TEXT, method, .doc = "method of the interval"),
};

static wl_status read_figure(struct wl_arena *arena, const struct wl_node *map, const char *where,
                             struct wl_metric *metric, wl_error *error)
{
    struct figure read = {.value = (double)NAN, .low = (double)NAN, .high = (double)NAN};

    WL_TRY(read_map(arena, map, where, figure_fields, COUNT(figure_fields), &read, error));
    bool is_known = !isnan(read.value);
    if (is_known ? read.method == NULL : read.why == NULL) {
        return wl_fail(error, WL_ESCHEMA, "%s: the key \"%s\" is missing", where,
                       is_known ? "interval" : "why");
    }
    if ((isnan(read.low) != 0) != (isnan(read.high) != 0) || read.low > read.high) {
        return wl_fail(error, WL_ESCHEMA, "%s: %g to %g is not an interval", where, read.low,
                       read.high);
    }
    WL_TRY(keep_text(arena, &read.method, error));
    WL_TRY(keep_text(arena, &read.why, error));
    WL_TRY(keep_text(arena, &read.why_zh, error));
    *metric = (struct wl_metric){.value = read.value,
                                 .low = is_known ? read.low : (double)NAN,
                                 .high = is_known ? read.high : (double)NAN,
                                 .n = (double)read.n,
                                 .method = read.method,
                                 .why = is_known ? NULL : read.why,
                                 .why_zh = is_known ? NULL : read.why_zh};
    return WL_OK;
}

static wl_status read_metrics(struct wl_arena *arena, const struct wl_node *map,
                              struct wl_evaluation *evaluation, wl_error *error)
{
#define X(name, text, en, zh)                                                                      \
    {.key = text, .kind = WL_FIELD_NODE, .offset = WL_METRIC_##name * sizeof(struct wl_node *)},
    static const struct wl_field fields[] = {WL_METRIC_MAP(X)};
#undef X
    const struct wl_node *nodes[WL_METRIC_COUNT] = {NULL};

    WL_TRY(read_map(arena, map, "metrics", fields, COUNT(fields), nodes, error));
    for (size_t id = 0; id < WL_METRIC_COUNT; id++) {
        struct wl_metric *metric = &evaluation->metrics[id];
        if (nodes[id] == NULL && id == WL_METRIC_AUC_POOLED && evaluation->n_folds < 2) {
            *metric =
                (struct wl_metric){(double)NAN, (double)NAN, (double)NAN, 0, NULL, NULL, NULL};
            continue; // not written, because it is not shown
        }
        WL_TRY(read_figure(arena, nodes[id], wl_metric_key((enum wl_metric_id)id), metric, error));
    }
    return WL_OK;
}

struct baseline {
    const char *name;
    const struct wl_node *auc;
    const struct wl_node *pr_auc;
    const struct wl_node *lift_10;
    const struct wl_node *auc_gain;
};

#define PART(name, what, owner, member)                                                            \
    {                                                                                              \
        .key = (name), .kind = (what), .offset = offsetof(owner, member), .is_required = true      \
    }

static const struct wl_field baseline_fields[] = {
    PART("name", WL_FIELD_TEXT, struct baseline, name),
    PART("auc", WL_FIELD_NODE, struct baseline, auc),
    PART("pr_auc", WL_FIELD_NODE, struct baseline, pr_auc),
    PART("lift_10", WL_FIELD_NODE, struct baseline, lift_10),
    PART("auc_gain_of_model", WL_FIELD_NODE, struct baseline, auc_gain),
};

static wl_status read_baseline(struct wl_arena *arena, const struct wl_node *map,
                               struct wl_baseline_result *result, wl_error *error)
{
    struct baseline read = {0};

    WL_TRY(
        read_map(arena, map, "baselines", baseline_fields, COUNT(baseline_fields), &read, error));
    result->name = read.name;
    WL_TRY(keep_text(arena, &result->name, error));
    WL_TRY(read_figure(arena, read.auc, "baselines.auc", &result->auc, error));
    WL_TRY(read_figure(arena, read.pr_auc, "baselines.pr_auc", &result->pr_auc, error));
    WL_TRY(read_figure(arena, read.lift_10, "baselines.lift_10", &result->lift_10, error));
    return read_figure(arena, read.auc_gain, "baselines.auc_gain_of_model", &result->auc_gain,
                       error);
}

// A list of n_min to n_max values.
static wl_status want_list(const struct wl_node *list, const char *where, size_t n_min,
                           size_t n_max, wl_error *error)
{
    if (list->kind != WL_NODE_LIST) {
        return wl_fail(error, WL_ESCHEMA, "%s: wants a list, found %s", where,
                       wl_node_kind_name(list->kind));
    }
    if (list->n_children < n_min || list->n_children > n_max) {
        return wl_fail(error, WL_ESCHEMA, "%s: %zu values, wants %zu to %zu", where,
                       list->n_children, n_min, n_max);
    }
    return WL_OK;
}

static wl_status read_baselines(struct wl_arena *arena, const struct wl_node *list,
                                struct wl_evaluation *evaluation, wl_error *error)
{
    WL_TRY(want_list(list, "baselines", 0, WL_BASELINES_MAX, error));
    for (const struct wl_node *item = list->first; item != NULL; item = item->next) {
        WL_TRY(
            read_baseline(arena, item, &evaluation->baselines[evaluation->n_baselines++], error));
    }
    return WL_OK;
}

// Exactly n numbers.
static wl_status read_numbers(const struct wl_node *list, const char *where, size_t n,
                              double *values, wl_error *error)
{
    WL_TRY(want_list(list, where, n, n, error));
    for (const struct wl_node *item = list->first; item != NULL; item = item->next) {
        if (item->kind != WL_NODE_NUMBER || !isfinite(item->number)) {
            return wl_fail(error, WL_ESCHEMA, "%s: wants numbers, found %s", where,
                           wl_node_kind_name(item->kind));
        }
        *values++ = item->number;
    }
    return WL_OK;
}

static bool is_share(double value)
{
    return value >= 0.0 && value <= 1.0;
}

static wl_status read_curve(const struct wl_node *list, struct wl_evaluation *evaluation,
                            wl_error *error)
{
    double v[4] = {0.0};

    WL_TRY(want_list(list, "curve", 0, WL_EVALUATION_POINTS_MAX, error));
    for (const struct wl_node *item = list->first; item != NULL; item = item->next) {
        WL_TRY(read_numbers(item, "curve", COUNT(v), v, error));
        if (!is_share(v[1]) || !is_share(v[2]) || !is_share(v[3])) {
            return wl_fail(error, WL_ESCHEMA, "curve: %g, %g, %g are not all between 0 and 1", v[1],
                           v[2], v[3]);
        }
        evaluation->points[evaluation->n_points++] = (struct wl_curve_point){
            .threshold = v[0], .recall = v[1], .false_positive_rate = v[2], .precision = v[3]};
    }
    return WL_OK;
}

static wl_status read_reliability(struct wl_arena *arena, const struct wl_node *list,
                                  struct wl_reliability *bins, wl_error *error)
{
    static const struct wl_field fields[] = {
        {.key = "n",
         .kind = WL_FIELD_NUMBER,
         .offset = offsetof(struct wl_reliability, n),
         .is_required = true,
         .high = COUNT_MAX},
        {.key = "p_mean",
         .kind = WL_FIELD_NUMBER,
         .offset = offsetof(struct wl_reliability, p_mean),
         .high = 1},
        {.key = "rate",
         .kind = WL_FIELD_NUMBER,
         .offset = offsetof(struct wl_reliability, rate),
         .high = 1},
    };

    WL_TRY(want_list(list, "reliability", WL_ECE_BINS, WL_ECE_BINS, error));
    for (const struct wl_node *item = list->first; item != NULL; item = item->next, bins++) {
        *bins = (struct wl_reliability){0.0, (double)NAN, (double)NAN}; // an empty bin has no mean
        WL_TRY(read_map(arena, item, "reliability", fields, COUNT(fields), bins, error));
    }
    return WL_OK;
}

static wl_status read_confusion(struct wl_arena *arena, const struct wl_node *map,
                                struct wl_confusion *counts, wl_error *error)
{
    int64_t read[4] = {0};
    static const struct wl_field fields[] = {
#define CELL(name, at)                                                                             \
    {.key = (name),                                                                                \
     .kind = WL_FIELD_INT,                                                                         \
     .offset = (at) * sizeof(int64_t),                                                             \
     .is_required = true,                                                                          \
     .high = COUNT_MAX}
        CELL("tp", 0), CELL("fp", 1), CELL("fn", 2), CELL("tn", 3)
#undef CELL
    };

    WL_TRY(read_map(arena, map, "confusion", fields, COUNT(fields), read, error));
    *counts = (struct wl_confusion){
        .tp = (double)read[0], .fp = (double)read[1], .fn = (double)read[2], .tn = (double)read[3]};
    return WL_OK;
}

static wl_status read_facts(struct wl_arena *arena, const struct wl_node *root, struct facts *facts,
                            wl_error *error)
{
    *facts = (struct facts){.first_us = WL_TIME_NONE, .last_us = WL_TIME_NONE};
    WL_TRY(read_map(arena, root, "evaluation", fact_fields, COUNT(fact_fields), facts, error));
    if (facts->n_positive > facts->n_rows || facts->n_users > facts->n_rows) {
        return wl_fail(error, WL_ESCHEMA, "evaluation: %lld left and %lld users among %lld rows",
                       (long long)facts->n_positive, (long long)facts->n_users,
                       (long long)facts->n_rows);
    }
    WL_TRY(keep_text(arena, &facts->set, error));
    WL_TRY(keep_text(arena, &facts->model, error));
    WL_TRY(keep_text(arena, &facts->split_en, error));
    WL_TRY(keep_text(arena, &facts->split_zh, error));
    return keep_text(arena, &facts->caution, error);
}

static int64_t microseconds(double n, int64_t unit_us)
{
    return (int64_t)llround(n * (double)unit_us);
}

static struct wl_evaluation from_facts(const struct facts *facts)
{
    return (struct wl_evaluation){.set = facts->set,
                                  .model = facts->model,
                                  .n_rows = (size_t)facts->n_rows,
                                  .n_positive = (size_t)facts->n_positive,
                                  .n_users = (size_t)facts->n_users,
                                  .n_folds = (size_t)facts->n_folds,
                                  .first_us = facts->first_us,
                                  .last_us = facts->last_us,
                                  .horizon_us = microseconds(facts->horizon_days, WL_DAY_US),
                                  .lead_us = microseconds(facts->lead_hours, WL_HOUR_US),
                                  .threshold = facts->threshold,
                                  .split_en = facts->split_en,
                                  .split_zh = facts->split_zh,
                                  .caution = facts->caution,
                                  .is_random = facts->is_random,
                                  .is_below_minimum = facts->is_below_minimum,
                                  .is_too_good = facts->is_too_good,
                                  .users_repeat = facts->n_users < facts->n_rows};
}

wl_status wl_evaluation_read(struct wl_arena *arena, const struct wl_node *root,
                             struct wl_evaluation *evaluation, wl_error *error)
{
    struct facts facts;

    WL_TRY(read_facts(arena, root, &facts, error));
    struct wl_evaluation read = from_facts(&facts);
    WL_TRY(read_metrics(arena, facts.metrics, &read, error));
    WL_TRY(read_baselines(arena, facts.baselines, &read, error));
    WL_TRY(read_confusion(arena, facts.confusion, &read.confusion, error));
    WL_TRY(read_numbers(facts.decile_lift, "decile_lift", WL_EVALUATION_DECILES, read.decile_lift,
                        error));
    WL_TRY(
        read_numbers(facts.histogram, "histogram", WL_EVALUATION_BUCKETS, read.histogram, error));
    WL_TRY(read_curve(facts.curve, &read, error));
    WL_TRY(read_reliability(arena, facts.reliability, read.reliability, error));
    *evaluation = read;
    return WL_OK;
}
