/* Reading sets (signals x aggregates x windows) and ratios: what the columns are. */
#include "base/clock.h"
#include "features/plan_inner.h"

#include <stdio.h>
#include <string.h>

/* ---- sets: signals x aggregates x windows ---- */

static wl_status read_window(struct wl_plan_builder *builder, const struct wl_node *node,
                             const char *text, int64_t *window_us)
{
    wl_error inner = {0};

    if (strcmp(text, "all") == 0) {
        *window_us = WL_WINDOW_ALL;
        return WL_OK;
    }
    if (wl_span_parse(wl_str_from(text), window_us, &inner) != WL_OK) {
        return wl_fail_node(builder->error, node, "windows: %s, nor \"all\"", inner.message);
    }
    int64_t step_us = *window_us <= WL_WINDOW_HOURLY_US ? WL_HOUR_US : WL_DAY_US;
    if (*window_us < WL_HOUR_US || *window_us % step_us != 0) {
        return wl_fail_node(builder->error, node,
                            "windows: %s is not made of whole hours (to 3d) or days (beyond)",
                            text);
    }
    if (*window_us > WL_WINDOW_DAYS_MAX * WL_DAY_US) {
        return wl_fail_node(builder->error, node, "windows: %s is longer than %d days", text,
                            WL_WINDOW_DAYS_MAX);
    }
    return WL_OK;
}

static const char *feature_code(const struct wl_signal *signal, enum wl_aggregate aggregate)
{
    bool is_activity = strcmp(signal->code, "activity_down") == 0;

    if (is_activity && aggregate == WL_AGGREGATE_DAYS_SINCE_FIRST) {
        return "new_customer";
    }
    if (is_activity &&
        (aggregate == WL_AGGREGATE_DAYS_SINCE_LAST || aggregate == WL_AGGREGATE_OVERDUE)) {
        return "inactive";
    }
    return signal->code;
}

static const char *feature_name(struct wl_arena *arena, const char *signal, const char *key,
                                const char *prop, const char *window)
{
    char text[256];
    int n = snprintf(text, sizeof(text), "%s_%s%s%s%s%s", signal, key, prop[0] != '\0' ? "_" : "",
                     prop, window[0] != '\0' ? "_" : "", window);

    if (n < 0 || (size_t)n >= sizeof(text)) {
        text[sizeof(text) - 1] = '\0'; // so long a name is cut; a clash is then reported
    }
    return wl_arena_string(arena, wl_str_from(text));
}

static wl_status add_aggregate(struct wl_plan_builder *builder, const struct wl_node *node,
                               size_t i_signal, enum wl_aggregate aggregate, const char *prop,
                               int64_t window_us)
{
    struct wl_plan *plan = builder->plan;
    struct wl_signal *signal = &plan->signals[i_signal];
    const struct wl_aggregate_info *info = wl_aggregate_info_of(aggregate);
    struct wl_arena *arena = builder->arena;
    struct wl_plan_words words = {.signal = signal, .prop = prop, .window_us = window_us};
    struct wl_feature feature = {.kind = WL_FEATURE_NUMBER,
                                 .aggregate = aggregate,
                                 .prop = prop,
                                 .window_us = window_us,
                                 .i_signal = i_signal,
                                 .i_window = SIZE_MAX,
                                 .i_half_window = SIZE_MAX,
                                 .i_sketch = SIZE_MAX,
                                 .i_attribute = SIZE_MAX,
                                 .i_over = SIZE_MAX,
                                 .i_of = SIZE_MAX,
                                 .i_baseline = SIZE_MAX,
                                 .scale = 1.0};

    feature.window = wl_window_text(arena, window_us);
    if (feature.window == NULL) {
        return wl_plan_fail_memory(builder);
    }
    feature.name = feature_name(arena, signal->name, info->key, prop, feature.window);
    feature.en = wl_plan_fill(arena, info->en, &words);
    words.is_zh = true;
    feature.zh = wl_plan_fill(arena, info->zh, &words);
    words.is_zh = false;
    words.is_formula = true;
    feature.formula = wl_plan_fill(arena, info->formula, &words);
    bool is_value = info->unit == WL_UNIT_VALUE;
    feature.unit_zh = is_value ? signal->unit_zh : wl_unit_text(info->unit, true);
    feature.unit_en = is_value ? signal->unit_en : wl_unit_text(info->unit, false);
    feature.code = feature_code(signal, aggregate);
    return wl_plan_add_feature(builder, node, &feature);
}

struct set_fields {
    struct wl_texts signal;
    struct wl_texts aggregates;
    struct wl_texts windows;
};

static const struct wl_field set_table[] = {{.key = "signal",
                                             .kind = WL_FIELD_TEXTS,
                                             .offset = offsetof(struct set_fields, signal),
                                             .is_required = true,
                                             .doc = "one signal, or a list"},
                                            {.key = "aggregates",
                                             .kind = WL_FIELD_TEXTS,
                                             .offset = offsetof(struct set_fields, aggregates),
                                             .is_required = true,
                                             .doc = "what to compute: count, sum, days, ..."},
                                            {.key = "windows",
                                             .kind = WL_FIELD_TEXTS,
                                             .offset = offsetof(struct set_fields, windows),
                                             .doc = "lengths like 30d, and all"}};

// One aggregate of one signal over all windows of the set.
static wl_status add_windows(struct wl_plan_builder *builder, const struct wl_node *node,
                             const struct set_fields *set, size_t i_signal, const char *key)
{
    enum wl_aggregate aggregate = WL_AGGREGATE_COUNT;
    struct wl_str prop_view = {.data = NULL, .n_bytes = 0};
    const struct wl_node *where = wl_node_get(node, "aggregates");

    if (!wl_aggregate_parse(wl_str_from(key), &aggregate, &prop_view)) {
        const char *near = wl_closest(wl_str_from(key), wl_aggregate_keys());
        return wl_fail_node(builder->error, where, "no aggregate \"%s\"%s%s%s", key,
                            near != NULL ? " (did you mean \"" : "", near != NULL ? near : "",
                            near != NULL ? "\"?)" : "");
    }
    const char *prop = wl_arena_string(builder->arena, prop_view);
    if (prop == NULL) {
        return wl_plan_fail_memory(builder);
    }
    enum wl_window_use use = wl_aggregate_info_of(aggregate)->windows;
    if (use == WL_WINDOW_USE_NONE) {
        return add_aggregate(builder, where, i_signal, aggregate, prop, WL_WINDOW_NONE);
    }
    if (set->windows.n_items == 0) {
        return wl_fail_node(builder->error, where, "aggregate %s needs windows", key);
    }
    size_t n_added = 0;
    for (size_t i = 0; i < set->windows.n_items; i++) {
        int64_t window_us = 0;
        WL_TRY(
            read_window(builder, wl_node_get(node, "windows"), set->windows.items[i], &window_us));
        if (window_us == WL_WINDOW_ALL && use == WL_WINDOW_USE_FINITE) {
            continue; // "all" of a mixed list is for the aggregates that can
        }
        WL_TRY(add_aggregate(builder, where, i_signal, aggregate, prop, window_us));
        n_added++;
    }
    if (n_added == 0) {
        return wl_fail_node(builder->error, where, "aggregate %s needs a window other than all",
                            key);
    }
    return WL_OK;
}

wl_status wl_plan_read_set(struct wl_plan_builder *builder, const struct wl_node *node)
{
    struct set_fields set = {0};

    WL_TRY(wl_fields_read(builder->arena, node, "features.sets", set_table,
                          sizeof(set_table) / sizeof(set_table[0]), &set, builder->error));
    for (size_t s = 0; s < set.signal.n_items; s++) {
        const char *name = set.signal.items[s];
        size_t i_signal = wl_plan_find_signal(builder->plan, name);
        if (i_signal == SIZE_MAX) {
            return wl_fail_node(builder->error, wl_node_get(node, "signal"), "no signal \"%s\"",
                                name);
        }
        for (size_t a = 0; a < set.aggregates.n_items; a++) {
            WL_TRY(add_windows(builder, node, &set, i_signal, set.aggregates.items[a]));
        }
    }
    return WL_OK;
}

/* ---- ratios ---- */

struct ratio_fields {
    const char *name;
    const char *of;
    const char *over;
    double scale;
    const char *zh;
    const char *en;
    const char *unit_zh;
    const char *unit_en;
    const char *code;
};

#define RATIO_FIELD(member, field_kind, required, text)                                            \
    {                                                                                              \
        .key = #member, .kind = (field_kind), .offset = offsetof(struct ratio_fields, member),     \
        .is_required = (required), .doc = (text)                                                   \
    }

static const struct wl_field ratio_table[] = {
    RATIO_FIELD(name, WL_FIELD_TEXT, true, "name of the feature"),
    RATIO_FIELD(of, WL_FIELD_TEXT, true, "feature above the line"),
    RATIO_FIELD(over, WL_FIELD_TEXT, false, "feature below the line; absent: 1"),
    RATIO_FIELD(scale, WL_FIELD_NUMBER, false, "factor"),
    RATIO_FIELD(zh, WL_FIELD_TEXT, false, "name in Chinese"),
    RATIO_FIELD(en, WL_FIELD_TEXT, false, "name in English"),
    RATIO_FIELD(unit_zh, WL_FIELD_TEXT, false, "unit in Chinese"),
    RATIO_FIELD(unit_en, WL_FIELD_TEXT, false, "unit in English"),
    RATIO_FIELD(code, WL_FIELD_TEXT, false, "reason code")};

static wl_status find_part(struct wl_plan_builder *builder, const struct wl_node *node,
                           const char *key, const char *name, size_t *index)
{
    *index = wl_plan_find(builder->plan, wl_str_from(name));
    if (*index == SIZE_MAX || builder->plan->features[*index].i_signal == SIZE_MAX) {
        return wl_fail_node(builder->error, wl_node_get(node, key),
                            "ratios.%s: no feature \"%s\" of a signal", key, name);
    }
    return WL_OK;
}

wl_status wl_plan_read_ratio(struct wl_plan_builder *builder, const struct wl_node *node)
{
    struct ratio_fields fields = {.scale = 1.0, .unit_zh = "倍", .unit_en = "x"};
    struct wl_feature ratio = {.kind = WL_FEATURE_NUMBER,
                               .aggregate = WL_AGGREGATE_RATIO,
                               .window = "",
                               .i_signal = SIZE_MAX,
                               .i_window = SIZE_MAX,
                               .i_half_window = SIZE_MAX,
                               .i_sketch = SIZE_MAX,
                               .i_attribute = SIZE_MAX,
                               .i_over = SIZE_MAX,
                               .i_baseline = SIZE_MAX};
    char formula[640];

    WL_TRY(wl_fields_read(builder->arena, node, "features.ratios", ratio_table,
                          sizeof(ratio_table) / sizeof(ratio_table[0]), &fields, builder->error));
    WL_TRY(find_part(builder, node, "of", fields.of, &ratio.i_of));
    if (fields.over != NULL) {
        WL_TRY(find_part(builder, node, "over", fields.over, &ratio.i_over));
    }
    const struct wl_feature *of = &builder->plan->features[ratio.i_of];
    (void)snprintf(formula, sizeof(formula), "%s%s%s * %.17g", fields.of,
                   fields.over != NULL ? " / " : "", fields.over != NULL ? fields.over : "",
                   fields.scale);
    ratio.name = fields.name;
    ratio.zh = fields.zh != NULL ? fields.zh : fields.name;
    ratio.en = fields.en != NULL ? fields.en : fields.name;
    ratio.unit_zh = fields.unit_zh;
    ratio.unit_en = fields.unit_en;
    ratio.formula = wl_arena_string(builder->arena, wl_str_from(formula));
    ratio.window = of->window;
    ratio.window_us = of->window_us;
    ratio.scale = fields.scale;
    ratio.code = fields.code != NULL ? fields.code : of->code;
    WL_TRY(wl_plan_check_code(node, ratio.code, builder->error));
    return wl_plan_add_feature(builder, node, &ratio);
}

/* ---- given ---- */

struct given_fields {
    const char *name;
    const char *zh;
    const char *en;
    const char *unit_zh;
    const char *unit_en;
    const char *code;
};

#define GIVEN_FIELD(member, required, text)                                                        \
    {                                                                                              \
        .key = #member, .kind = WL_FIELD_TEXT, .offset = offsetof(struct given_fields, member),    \
        .is_required = (required), .doc = (text)                                                   \
    }

static const struct wl_field given_table[] = {
    GIVEN_FIELD(name, true, "name of the feature"), GIVEN_FIELD(zh, false, "name in Chinese"),
    GIVEN_FIELD(en, false, "name in English"),      GIVEN_FIELD(unit_zh, false, "unit in Chinese"),
    GIVEN_FIELD(unit_en, false, "unit in English"), GIVEN_FIELD(code, false, "reason code")};

wl_status wl_plan_read_given(struct wl_plan_builder *builder, const struct wl_node *node)
{
    struct given_fields fields = {.unit_zh = "", .unit_en = "", .code = "other"};

    WL_TRY(wl_fields_read(builder->arena, node, "features.given", given_table,
                          sizeof(given_table) / sizeof(given_table[0]), &fields, builder->error));
    WL_TRY(wl_plan_check_code(node, fields.code, builder->error));
    struct wl_feature given = {.name = fields.name,
                               .zh = fields.zh != NULL ? fields.zh : fields.name,
                               .en = fields.en != NULL ? fields.en : fields.name,
                               .unit_zh = fields.unit_zh,
                               .unit_en = fields.unit_en,
                               .code = fields.code,
                               .formula = "what another model says",
                               .kind = WL_FEATURE_NUMBER,
                               .aggregate = WL_AGGREGATE_GIVEN,
                               .prop = "",
                               .window = "",
                               .i_signal = SIZE_MAX,
                               .i_window = SIZE_MAX,
                               .i_half_window = SIZE_MAX,
                               .i_sketch = SIZE_MAX,
                               .i_attribute = SIZE_MAX,
                               .i_over = SIZE_MAX,
                               .i_of = SIZE_MAX,
                               .i_baseline = SIZE_MAX,
                               .scale = 1.0};
    return wl_plan_add_feature(builder, node, &given);
}
