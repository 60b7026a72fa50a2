/* Records as JSON lines. Writing and reading stand side by side, so that they stay in step. */
#include "data/records.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "data/node.h"

#include <math.h>

static const struct {
    const char *key;
    const char *zh;
    const char *en;
} tiers[WL_TIER_COUNT] = {{"very_low", "极低风险", "very low risk"},
                          {"low", "低风险", "low risk"},
                          {"medium", "中风险", "medium risk"},
                          {"high", "高风险", "high risk"},
                          {"very_high", "极高风险", "very high risk"}};

const char *wl_tier_key(enum wl_tier tier)
{
    WL_ASSERT((unsigned)tier < WL_TIER_COUNT);
    return tiers[tier].key;
}

const char *wl_tier_label(enum wl_tier tier, const char *language)
{
    WL_ASSERT((unsigned)tier < WL_TIER_COUNT);
    return language[0] == 'z' ? tiers[tier].zh : tiers[tier].en;
}

bool wl_tier_parse(struct wl_str key, enum wl_tier *tier)
{
    for (int i = 0; i < WL_TIER_COUNT; i++) {
        if (wl_str_is(key, tiers[i].key)) {
            *tier = (enum wl_tier)i;
            return true;
        }
    }
    return false;
}

static const char *const sources[] = {"behaviour", "text", "stated"};

const char *wl_reason_source_key(enum wl_reason_source source)
{
    WL_ASSERT((unsigned)source < sizeof(sources) / sizeof(sources[0]));
    return sources[source];
}

static enum wl_reason_source source_from(struct wl_str key)
{
    for (int i = WL_REASON_STATED; i > WL_REASON_BEHAVIOUR; i--) {
        if (wl_str_is(key, sources[i])) {
            return (enum wl_reason_source)i;
        }
    }
    return WL_REASON_BEHAVIOUR;
}

struct wl_str wl_explanation_code(const struct wl_explanation *explanation)
{
    const struct wl_said *said = &explanation->score.said;
    bool is_mapped = said->source != WL_REASON_BEHAVIOUR && said->code.n_bytes > 0;
    return is_mapped ? said->code : explanation->top_code;
}

enum wl_reason_source wl_explanation_source(const struct wl_explanation *explanation)
{
    const struct wl_said *said = &explanation->score.said;
    return said->code.n_bytes > 0 ? said->source : WL_REASON_BEHAVIOUR;
}

static void write_features(struct wl_json_writer *json, const struct wl_rows *rows, size_t i_row)
{
    const struct wl_schema *schema = rows->schema;
    const float *values = rows->values + i_row * schema->n_features;

    wl_json_key(json, "schema");
    wl_json_str(json, (struct wl_str){.data = schema->hash, .n_bytes = WL_SCHEMA_DIGITS});
    wl_json_key(json, "values");
    wl_row_values_write(rows, values, json);
}

static void write_said(const struct wl_said *said, struct wl_json_writer *json)
{
    wl_json_key(json, "said");
    wl_json_open(json, '{');
    wl_json_key(json, "source");
    wl_json_text(json, wl_reason_source_key(said->source));
    wl_json_key(json, "label");
    wl_json_str(json, said->label);
    wl_json_key(json, "code");
    if (said->code.n_bytes > 0) {
        wl_json_str(json, said->code);
    } else {
        wl_json_null(json);
    }
    wl_json_key(json, "time");
    wl_json_time(json, said->said_us);
    wl_json_close(json, '}');
}

static void write_score_keys(const struct wl_score *score, struct wl_json_writer *json)
{
    wl_json_key(json, "user");
    wl_json_str(json, score->user);
    wl_json_key(json, "as_of");
    wl_json_time(json, score->as_of_us);
    wl_json_key(json, "p_churn");
    wl_json_double(json, score->p_churn);
    wl_json_key(json, "score_0_100");
    wl_json_i64(json, llround(score->p_churn * 100.0));
    wl_json_key(json, "activity");
    wl_json_digits(json, score->activity, 4);
    wl_json_key(json, "tier");
    wl_json_text(json, wl_tier_key(score->tier));
    wl_json_key(json, "horizon_hours");
    wl_json_i64(json, score->horizon_us / WL_HOUR_US);
    wl_json_key(json, "lead_hours");
    wl_json_i64(json, score->lead_us / WL_HOUR_US);
    wl_json_key(json, "model");
    wl_json_open(json, '{');
    wl_json_key(json, "name");
    wl_json_str(json, score->model_name);
    wl_json_key(json, "version");
    wl_json_i64(json, score->model_version);
    wl_json_close(json, '}');
    wl_json_key(json, "degraded");
    wl_json_bool(json, score->degraded);
    if (score->degraded) {
        wl_json_key(json, "why");
        wl_json_str(json, score->why);
    }
    wl_json_key(json, "margin");
    wl_json_double(json, score->margin);
    if (score->said.source != WL_REASON_BEHAVIOUR) {
        write_said(&score->said, json);
    }
}

void wl_score_write(const struct wl_score *score, const struct wl_rows *rows, size_t i_row,
                    struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_score_keys(score, &json);
    if (rows != NULL) {
        write_features(&json, rows, i_row);
    }
    wl_json_close(&json, '}');
}

static wl_status want(const struct wl_node *root, const char *key, enum wl_node_kind kind,
                      const struct wl_node **node_out, wl_error *error)
{
    const struct wl_node *node = wl_node_get(root, key);

    if (node == NULL || node->kind != kind) {
        return wl_fail(error, WL_ESCHEMA, "key \"%s\" must be %s, found %s", key,
                       wl_node_kind_name(kind),
                       node == NULL ? "no such key" : wl_node_kind_name(node->kind));
    }
    *node_out = node;
    return WL_OK;
}

static double number_or_nan(const struct wl_node *root, const char *key)
{
    return wl_node_number(root, key, (double)NAN);
}

#define VERSION_MAX 1e9 // far more models than anybody trains, and exact in a double

// A whole number from 0 to max under key, or 0 when there is none.
static wl_status whole_or_zero(const struct wl_node *map, const char *key, double max,
                               int64_t *number, wl_error *error)
{
    double value = wl_node_number(map, key, 0.0);

    if (!(value >= 0.0 && value <= max) || value != floor(value)) {
        return wl_fail(error, WL_ERANGE, "%s %g is not a whole number from 0 to %.0f", key, value,
                       max);
    }
    *number = (int64_t)value;
    return WL_OK;
}

static bool is_true(const struct wl_node *root, const char *key)
{
    const struct wl_node *node = wl_node_get(root, key);
    return node != NULL && node->kind == WL_NODE_BOOL && node->number != 0.0;
}

static wl_status read_said(const struct wl_node *map, struct wl_said *said, wl_error *error)
{
    const struct wl_node *time;

    if (map == NULL) {
        return WL_OK;
    }
    if (map->kind != WL_NODE_MAP) {
        return wl_fail(error, WL_ESCHEMA, "key \"said\" must be a map, found %s",
                       wl_node_kind_name(map->kind));
    }
    struct wl_said read = {.source = source_from(wl_node_text(map, "source", "")),
                           .label = wl_node_text(map, "label", ""),
                           .code = wl_node_text(map, "code", "")};
    WL_TRY(want(map, "time", WL_NODE_STRING, &time, error));
    WL_TRY(wl_time_parse(time->text, WL_TIME_AUTO, 0, &read.said_us, error));
    *said = read.source != WL_REASON_BEHAVIOUR ? read : (struct wl_said){0};
    return WL_OK;
}

static wl_status read_score(const struct wl_node *root, struct wl_score *score, wl_error *error)
{
    const struct wl_node *user;
    const struct wl_node *as_of;
    const struct wl_node *p_churn;
    const struct wl_node *tier;
    const struct wl_node *model = wl_node_get(root, "model");
    int64_t horizon_hours = 0;
    int64_t lead_hours = 0;

    *score = (struct wl_score){0};
    WL_TRY(want(root, "user", WL_NODE_STRING, &user, error));
    WL_TRY(want(root, "as_of", WL_NODE_STRING, &as_of, error));
    WL_TRY(want(root, "p_churn", WL_NODE_NUMBER, &p_churn, error));
    WL_TRY(want(root, "tier", WL_NODE_STRING, &tier, error));
    WL_TRY(wl_time_parse(as_of->text, WL_TIME_AUTO, 0, &score->as_of_us, error));
    if (!wl_tier_parse(tier->text, &score->tier)) {
        return wl_fail(error, WL_ESCHEMA, "tier \"%.*s\" is none of the five",
                       WL_STR_ARG(tier->text));
    }
    if (!(p_churn->number >= 0.0 && p_churn->number <= 1.0)) {
        return wl_fail(error, WL_ERANGE, "p_churn %g is not between 0 and 1", p_churn->number);
    }
    score->user = user->text;
    score->p_churn = p_churn->number;
    score->margin = number_or_nan(root, "margin");
    score->activity = number_or_nan(root, "activity");
    WL_TRY(whole_or_zero(root, "horizon_hours", WL_WINDOW_DAYS_MAX * 24, &horizon_hours, error));
    WL_TRY(whole_or_zero(root, "lead_hours", WL_WINDOW_DAYS_MAX * 24, &lead_hours, error));
    WL_TRY(whole_or_zero(model, "version", VERSION_MAX, &score->model_version, error));
    score->horizon_us = horizon_hours * WL_HOUR_US;
    score->lead_us = lead_hours * WL_HOUR_US;
    score->model_name = wl_node_text(model, "name", "");
    score->degraded = is_true(root, "degraded");
    score->why = wl_node_text(root, "why", "");
    return read_said(wl_node_get(root, "said"), &score->said, error);
}

wl_status wl_score_read(struct wl_arena *arena, struct wl_str line, struct wl_score *score,
                        wl_error *error)
{
    struct wl_node *root = NULL;
    struct wl_score read;

    WL_TRY(wl_json_parse(arena, line, &root, error));
    WL_TRY(read_score(root, &read, error));
    *score = read;
    return WL_OK;
}

static void write_reason(const struct wl_reason *reason, struct wl_json_writer *json)
{
    wl_json_open(json, '{');
    wl_json_key(json, "feature");
    wl_json_str(json, reason->feature);
    wl_json_key(json, "contribution");
    wl_json_double(json, reason->contribution);
    wl_json_key(json, "value");
    if (reason->level.n_bytes > 0) {
        wl_json_str(json, reason->level);
    } else {
        wl_json_float(json, (float)reason->value);
    }
    wl_json_key(json, "baseline");
    wl_json_digits(json, reason->baseline, 6);
    wl_json_key(json, "code");
    wl_json_str(json, reason->code);
    wl_json_key(json, "zh");
    wl_json_str(json, reason->zh);
    wl_json_key(json, "en");
    wl_json_str(json, reason->en);
    wl_json_close(json, '}');
}

void wl_explanation_write(const struct wl_explanation *explanation, const struct wl_rows *rows,
                          size_t i_row, struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_score_keys(&explanation->score, &json);
    wl_json_key(&json, "base");
    wl_json_double(&json, explanation->base);
    wl_json_key(&json, "rest");
    wl_json_double(&json, explanation->rest);
    wl_json_key(&json, "top_code");
    wl_json_str(&json, explanation->top_code);
    wl_json_key(&json, "reason_code");
    wl_json_str(&json, wl_explanation_code(explanation));
    wl_json_key(&json, "reason_source");
    wl_json_text(&json, wl_reason_source_key(wl_explanation_source(explanation)));
    wl_json_key(&json, "reasons");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < explanation->n_reasons; i++) {
        write_reason(&explanation->reasons[i], &json);
    }
    wl_json_close(&json, ']');
    if (rows != NULL) {
        write_features(&json, rows, i_row);
    }
    wl_json_close(&json, '}');
}

static struct wl_reason read_reason(const struct wl_node *node)
{
    const struct wl_node *value = wl_node_get(node, "value");
    bool is_level = value != NULL && value->kind == WL_NODE_STRING;

    return (struct wl_reason){.feature = wl_node_text(node, "feature", ""),
                              .contribution = number_or_nan(node, "contribution"),
                              .value = is_level ? (double)NAN : number_or_nan(node, "value"),
                              .level = is_level ? value->text
                                                : (struct wl_str){.data = NULL, .n_bytes = 0},
                              .baseline = number_or_nan(node, "baseline"),
                              .code = wl_node_text(node, "code", ""),
                              .zh = wl_node_text(node, "zh", ""),
                              .en = wl_node_text(node, "en", "")};
}

wl_status wl_explanation_read(struct wl_arena *arena, struct wl_str line,
                              struct wl_explanation *explanation, wl_error *error)
{
    struct wl_node *root = NULL;
    const struct wl_node *list;
    struct wl_explanation read = {0};

    WL_TRY(wl_json_parse(arena, line, &root, error));
    WL_TRY(read_score(root, &read.score, error));
    WL_TRY(want(root, "reasons", WL_NODE_LIST, &list, error));
    if (list->n_children > WL_REASONS_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu reasons, at most %d are kept", list->n_children,
                       WL_REASONS_MAX);
    }
    for (const struct wl_node *item = list->first; item != NULL; item = item->next) {
        if (item->kind != WL_NODE_MAP) {
            return wl_fail(error, WL_ESCHEMA, "a reason must be a map, found %s",
                           wl_node_kind_name(item->kind));
        }
        read.reasons[read.n_reasons++] = read_reason(item);
    }
    read.base = number_or_nan(root, "base");
    read.rest = number_or_nan(root, "rest");
    read.top_code = wl_node_text(root, "top_code", "");
    *explanation = read;
    return WL_OK;
}
