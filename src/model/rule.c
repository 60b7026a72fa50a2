/* Points and ranks.
 *
 * The built-in table speaks of endings of feature names ("order_days_since_last" has the recency of
 * orders), so it fits every feature set that follows the naming rule. Where several features fit a
 * pattern the first one in the schema speaks for all: three recencies are one fact, not three. The
 * points are log-odds chosen by hand, coarse on purpose; nothing here was fitted. */
#include "model/rule.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>

struct template_line {
    const char *pattern; /* '*' stands for any text; ASCII case does not matter */
    enum wl_rule_op op;
    double threshold;
    double points;
};

#define BASE (-2.0) /* 12 % leave when nothing speaks for it */

static const struct template_line templates[] = {
    {"*_days_since_last", WL_RULE_AT_LEAST, 7, 0.3}, // days without the main signal
    {"*_days_since_last", WL_RULE_AT_LEAST, 14, 0.4},
    {"*_days_since_last", WL_RULE_AT_LEAST, 30, 0.6},
    {"*_days_since_last", WL_RULE_AT_LEAST, 60, 0.6},
    {"*_days_since_last", WL_RULE_AT_LEAST, 120, 0.6},
    {"*_days_since_last", WL_RULE_MISSING, 0, 1.5}, // never seen at all
    {"*_overdue", WL_RULE_AT_LEAST, 1.5, 0.4},      // times the user's own usual gap
    {"*_overdue", WL_RULE_AT_LEAST, 3, 0.6},
    {"*activity*", WL_RULE_BELOW, 60, 0.3}, // percent of the user's own expected days
    {"*activity*", WL_RULE_BELOW, 30, 0.4},
    {"*activity*", WL_RULE_BELOW, 10, 0.5},
    {"*_count_change_*", WL_RULE_BELOW, 0.5, 0.4},  // half of the usual
    {"*_count_trend_*", WL_RULE_BELOW, -0.5, 0.2},  // a third of what it was
    {"*_days_since_first", WL_RULE_BELOW, 30, 0.3}, // newcomers leave more
    {"*fail*_count_*", WL_RULE_AT_LEAST, 1, 0.8},   // a payment failed
    {"*fail*_count_*", WL_RULE_AT_LEAST, 2, 0.5},
    {"*ticket*_count_*", WL_RULE_AT_LEAST, 1, 0.2}, // asked for help
    {"*ticket*_count_*", WL_RULE_AT_LEAST, 3, 0.4},
    {"*complain*_count_*", WL_RULE_AT_LEAST, 1, 0.5},
    {"*refund*_count_*", WL_RULE_AT_LEAST, 1, 0.2},
    {"tenure*", WL_RULE_BELOW, 24, 0.4}, // months, in customer tables
    {"tenure*", WL_RULE_BELOW, 12, 0.4},
    {"tenure*", WL_RULE_BELOW, 6, 0.6},
    {"*month*charge*", WL_RULE_AT_LEAST, 70, 0.4},
    {"*service*calls*", WL_RULE_AT_LEAST, 3, 0.3},
    {"*service*calls*", WL_RULE_AT_LEAST, 4, 1.0},
};

#define N_TEMPLATES (sizeof(templates) / sizeof(templates[0]))

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Does name match pattern? Greedy with one point to come back to: O(name * pattern) at worst. */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL;
    const char *resume = NULL;

    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (lower(*pattern) == lower(*name)) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

static size_t find_feature(const struct wl_schema *schema, const char *pattern)
{
    for (size_t f = 0; f < schema->n_features; f++) {
        if (schema->columns[f].kind != WL_FEATURE_CATEGORY &&
            matches(pattern, schema->columns[f].name)) {
            return f;
        }
    }
    return SIZE_MAX;
}

wl_status wl_rule_default(struct wl_arena *arena, const struct wl_schema *schema,
                          struct wl_rule *rule, wl_error *error)
{
    struct wl_rule built = {.base = BASE};

    built.lines = wl_arena_zeroed(arena, N_TEMPLATES, sizeof(*built.lines));
    if (built.lines == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rules", N_TEMPLATES);
    }
    for (size_t i = 0; i < N_TEMPLATES; i++) {
        size_t feature = find_feature(schema, templates[i].pattern);
        if (feature != SIZE_MAX) {
            built.lines[built.n_lines++] =
                (struct wl_rule_line){.feature = (uint32_t)feature,
                                      .op = templates[i].op,
                                      .threshold = templates[i].threshold,
                                      .points = templates[i].points};
        }
    }
    *rule = built;
    return WL_OK;
}

static int compare_doubles(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

/* Which way the feature points, and where a missing value stands: told by the labels. */
static void orient(const struct wl_row_set *set, const uint8_t *labels, size_t feature,
                   struct wl_rule *rule)
{
    double n[2] = {0};       /* with a value, by label */
    double sum[2] = {0};     /* of the values, by label */
    double missing[2] = {0}; /* by label */

    rule->rank_sign = 1.0;
    rule->rank_missing = 0.5;
    for (size_t i = 0; labels != NULL && i < set->n; i++) {
        double x = (double)wl_row_set_at(set, i)[feature];
        size_t label = labels[i] != 0;
        if (isnan(x)) {
            missing[label] += 1.0;
        } else {
            n[label] += 1.0;
            sum[label] += x;
        }
    }
    if (n[0] > 0.0 && n[1] > 0.0 && sum[1] / n[1] < sum[0] / n[0]) {
        rule->rank_sign = -1.0;
    }
    double n_missing = missing[0] + missing[1];
    double n_values = n[0] + n[1];
    if (n_missing > 0.0 && n_values > 0.0) {
        double edge = 0.5 / ((double)set->n + 1.0);
        bool leaves_more = missing[1] / n_missing > n[1] / n_values;
        rule->rank_missing = leaves_more ? 1.0 - edge : edge;
    }
}

wl_status wl_rule_rank(struct wl_arena *arena, const struct wl_row_set *set, const uint8_t *labels,
                       size_t feature, struct wl_rule *rule, wl_error *error)
{
    const char *name = set->rows->schema->columns[feature].name;
    size_t n_values = 0;
    double *values = wl_alloc_array(arena->alloc, set->n + 1, sizeof(*values));
    double *knots = wl_arena_zeroed(arena, WL_RULE_KNOTS_MAX, sizeof(*knots));
    wl_status status = WL_OK;

    if (values == NULL || knots == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to rank %zu rows", set->n);
        goto done;
    }
    for (size_t i = 0; i < set->n; i++) {
        double x = (double)wl_row_set_at(set, i)[feature];
        if (isfinite(x)) {
            values[n_values++] = x;
        }
    }
    if (n_values == 0) {
        status = wl_fail(error, WL_EINVAL, "feature %s has no value in %zu rows", name, set->n);
        goto done;
    }
    qsort(values, n_values, sizeof(*values), compare_doubles);
    size_t n_knots = 0;
    size_t n_wanted = n_values < WL_RULE_KNOTS_MAX ? n_values : WL_RULE_KNOTS_MAX;
    for (size_t k = 0; k < n_wanted; k++) {
        double x = values[n_wanted > 1 ? k * (n_values - 1) / (n_wanted - 1) : 0];
        if (n_knots == 0 || x > knots[n_knots - 1]) {
            knots[n_knots++] = x;
        }
    }
    struct wl_rule built = {.rank_feature = (uint32_t)feature, .knots = knots, .n_knots = n_knots};
    orient(set, labels, feature, &built);
    *rule = built;
done:
    wl_alloc_free(arena->alloc, values);
    return status;
}

/* Share of the training distribution below x: rises strictly, also beyond both ends, so that only
 * equal values tie. Distinct knots are spaced evenly: that keeps the order, which is all a rank
 * says. */
static double rank_of(const struct wl_rule *rule, double x)
{
    const double *knots = rule->knots;
    size_t n = rule->n_knots;
    double step = 1.0 / ((double)n + 1.0);
    double span = fmax(knots[n - 1] - knots[0], 1.0);
    size_t low = 0;
    size_t high = n - 1;

    if (x <= knots[0]) {
        double d = knots[0] - x;
        return step * span / (span + d);
    }
    if (x >= knots[n - 1]) {
        double d = x - knots[n - 1];
        return 1.0 - step * span / (span + d);
    }
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (knots[middle] <= x) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double share = (x - knots[low]) / (knots[high] - knots[low]);
    return step * ((double)low + 1.0 + share);
}

static double rank_margin(const struct wl_rule *rule, const float *values)
{
    double x = (double)values[rule->rank_feature];
    double rank = isnan(x) ? rule->rank_missing : rank_of(rule, x);

    if (!isnan(x) && rule->rank_sign < 0.0) {
        rank = 1.0 - rank;
    }
    // A value astronomically far out must not become an infinite margin.
    rank = fmin(fmax(rank, 1e-12), 1.0 - 1e-12);
    return log(rank / (1.0 - rank));
}

bool wl_rule_holds(const struct wl_rule_line *line, const float *values)
{
    double x = (double)values[line->feature];

    if (line->op == WL_RULE_MISSING) {
        return isnan(x);
    }
    return line->op == WL_RULE_BELOW ? x < line->threshold : x >= line->threshold;
}

double wl_rule_margin(const struct wl_rule *rule, const float *values)
{
    double margin = rule->base;

    if (rule->n_knots > 0) {
        return rank_margin(rule, values);
    }
    for (size_t i = 0; i < rule->n_lines; i++) {
        if (wl_rule_holds(&rule->lines[i], values)) {
            margin += rule->lines[i].points;
        }
    }
    return margin;
}

static wl_status check_rank(const struct wl_rule *rule, size_t n_features, wl_error *error)
{
    bool is_fine = rule->rank_feature < n_features && rule->n_knots <= WL_RULE_KNOTS_MAX &&
                   fabs(rule->rank_sign) == 1.0 && rule->rank_missing > 0.0 &&
                   rule->rank_missing < 1.0;
    for (size_t k = 0; is_fine && k < rule->n_knots; k++) {
        is_fine = isfinite(rule->knots[k]) && (k == 0 || rule->knots[k] > rule->knots[k - 1]);
    }
    if (!is_fine) {
        return wl_fail(error, WL_ECORRUPT, "rank of feature %u is out of range",
                       rule->rank_feature);
    }
    return WL_OK;
}

wl_status wl_rule_check(const struct wl_rule *rule, size_t n_features, wl_error *error)
{
    if (rule->n_knots > 0) {
        return check_rank(rule, n_features, error);
    }
    if (!isfinite(rule->base) || rule->n_lines > WL_RULES_MAX) {
        return wl_fail(error, WL_ECORRUPT, "rule table of %zu lines is out of range",
                       rule->n_lines);
    }
    for (size_t i = 0; i < rule->n_lines; i++) {
        const struct wl_rule_line *line = &rule->lines[i];
        if (line->feature >= n_features || line->op > WL_RULE_MISSING ||
            !isfinite(line->threshold) || !isfinite(line->points)) {
            return wl_fail(error, WL_ECORRUPT, "rule line %zu is out of range", i);
        }
    }
    return WL_OK;
}
