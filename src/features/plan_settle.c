/* The second half of compiling: leave out what is dropped, collect what each signal's state must
 * keep, and tell every feature its window, its sketch and its baseline. */
#include "features/plan_inner.h"

#include <string.h>

// Leaves the named features out and moves the indices of the others.
wl_status wl_plan_drop_features(struct wl_plan_builder *builder, const struct wl_node *section,
                                const struct wl_texts *drop)
{
    struct wl_plan *plan = builder->plan;
    size_t *moved = wl_arena_zeroed(builder->arena, plan->n_features + 1, sizeof(*moved));
    size_t n_kept = 0;

    if (moved == NULL) {
        return wl_plan_fail_memory(builder);
    }
    for (size_t i = 0; i < drop->n_items; i++) {
        size_t found = wl_plan_find(plan, wl_str_from(drop->items[i]));
        if (found == SIZE_MAX) {
            return wl_fail_node(builder->error, wl_node_get(section, "drop"),
                                "features.drop: no feature \"%s\"", drop->items[i]);
        }
        moved[found] = SIZE_MAX;
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        struct wl_feature *feature = &plan->features[i];
        if (moved[i] == SIZE_MAX) {
            continue;
        }
        if (feature->aggregate == WL_AGGREGATE_RATIO) {
            size_t of = moved[feature->i_of];
            size_t over = feature->i_over != SIZE_MAX ? moved[feature->i_over] : 0;
            if (of == SIZE_MAX || over == SIZE_MAX) {
                return wl_fail_node(builder->error, wl_node_get(section, "drop"),
                                    "features.drop: ratio %s needs a feature that is left out",
                                    feature->name);
            }
            feature->i_of = of;
            feature->i_over = feature->i_over != SIZE_MAX ? over : SIZE_MAX;
        }
        moved[i] = n_kept;
        plan->features[n_kept++] = *feature;
    }
    plan->n_features = n_kept;
    return WL_OK;
}

static size_t add_sketch(struct wl_plan *plan, const struct wl_feature *feature)
{
    int64_t window_us = feature->window_us;

    for (size_t i = 0; i < plan->n_sketches; i++) {
        struct wl_plan_sketch *sketch = &plan->sketches[i];
        if (sketch->i_signal == feature->i_signal && strcmp(sketch->prop, feature->prop) == 0) {
            sketch->keep_us = window_us > sketch->keep_us ? window_us : sketch->keep_us;
            return i;
        }
    }
    plan->sketches[plan->n_sketches] = (struct wl_plan_sketch){
        .i_signal = feature->i_signal, .prop = feature->prop, .keep_us = window_us};
    return plan->n_sketches++;
}

// What the states must keep follows from the features that are left.
static void settle_needs(struct wl_plan *plan)
{
    for (size_t i = 0; i < plan->n_features; i++) {
        struct wl_feature *feature = &plan->features[i];
        if (feature->i_signal == SIZE_MAX) {
            continue;
        }
        struct wl_signal *signal = &plan->signals[feature->i_signal];
        const struct wl_aggregate_info *info = wl_aggregate_info_of(feature->aggregate);
        // Inside a finite window the tiles know the days; beyond it, only the bits do.
        bool is_beyond = info->windows != WL_WINDOW_USE_ANY || feature->window_us == WL_WINDOW_ALL;
        signal->needs_values = signal->needs_values || info->needs_values;
        signal->needs_all_days = signal->needs_all_days || (info->needs_all_days && is_beyond);
        if (feature->aggregate == WL_AGGREGATE_DISTINCT) {
            feature->i_sketch = add_sketch(plan, feature);
        }
        bool is_mood = signal->n_events == 0 && info->needs_values;
        plan->needs_readings = plan->needs_readings || signal->has_reads || is_mood;
    }
}

static bool comes_before(const struct wl_window *a, const struct wl_window *b)
{
    return a->is_hourly != b->is_hourly ? a->is_hourly : a->span_us < b->span_us;
}

static size_t find_window(const struct wl_signal *signal, struct wl_window window)
{
    for (size_t i = 0; i < signal->n_windows; i++) {
        if (signal->windows[i].span_us == window.span_us &&
            signal->windows[i].is_hourly == window.is_hourly) {
            return i;
        }
    }
    return SIZE_MAX;
}

static wl_status add_window(struct wl_plan_builder *builder, struct wl_signal *signal,
                            struct wl_window window)
{
    if (find_window(signal, window) != SIZE_MAX) {
        return WL_OK;
    }
    if (signal->n_windows == WL_WINDOWS_MAX) {
        return wl_fail(builder->error, WL_ELIMIT, "signal %s has more than %d windows",
                       signal->name, WL_WINDOWS_MAX);
    }
    size_t at = signal->n_windows++;
    for (; at > 0 && comes_before(&window, &signal->windows[at - 1]); at--) {
        signal->windows[at] = signal->windows[at - 1];
    }
    signal->windows[at] = window;
    signal->n_hourly += window.is_hourly;
    int64_t *keep_us = window.is_hourly ? &signal->keep_hours_us : &signal->keep_days_us;
    *keep_us = window.span_us > *keep_us ? window.span_us : *keep_us;
    return WL_OK;
}

static bool is_trend(enum wl_aggregate aggregate)
{
    return aggregate == WL_AGGREGATE_COUNT_TREND || aggregate == WL_AGGREGATE_SUM_TREND ||
           aggregate == WL_AGGREGATE_DAYS_TREND;
}

static struct wl_window window_of(const struct wl_feature *feature)
{
    return (struct wl_window){.span_us = feature->window_us,
                              .is_hourly = feature->window_us <= WL_WINDOW_HOURLY_US};
}

static bool has_finite_window(const struct wl_feature *feature)
{
    return feature->i_signal != SIZE_MAX && feature->window_us != WL_WINDOW_NONE &&
           feature->window_us != WL_WINDOW_ALL && feature->aggregate != WL_AGGREGATE_DISTINCT;
}

// Collects the windows of every signal, then tells every feature which one is its own.
static wl_status settle_windows(struct wl_plan_builder *builder)
{
    struct wl_plan *plan = builder->plan;

    for (size_t s = 0; s < plan->n_signals; s++) {
        struct wl_signal *signal = &plan->signals[s];
        signal->windows = wl_arena_zeroed(builder->arena, WL_WINDOWS_MAX, sizeof(*signal->windows));
        signal->features =
            wl_arena_zeroed(builder->arena, plan->n_features, sizeof(*signal->features));
        if (signal->windows == NULL || signal->features == NULL) {
            return wl_plan_fail_memory(builder);
        }
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        const struct wl_feature *feature = &plan->features[i];
        if (feature->i_signal == SIZE_MAX) {
            continue;
        }
        struct wl_signal *signal = &plan->signals[feature->i_signal];
        signal->features[signal->n_features++] = i;
        if (has_finite_window(feature)) {
            struct wl_window window = window_of(feature);
            WL_TRY(add_window(builder, signal, window));
            window.span_us /= 2;
            if (is_trend(feature->aggregate)) {
                WL_TRY(add_window(builder, signal, window));
            }
        }
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        struct wl_feature *feature = &plan->features[i];
        if (has_finite_window(feature)) {
            const struct wl_signal *signal = &plan->signals[feature->i_signal];
            struct wl_window window = window_of(feature);
            feature->i_window = find_window(signal, window);
            window.span_us /= 2;
            feature->i_half_window =
                is_trend(feature->aggregate) ? find_window(signal, window) : SIZE_MAX;
        }
    }
    return WL_OK;
}

// The feature that says what is usual: same signal and window; a feature without a window takes the
// one that looks back farthest.
static size_t find_baseline(const struct wl_plan *plan, const struct wl_feature *feature)
{
    size_t best = SIZE_MAX;

    if (feature->i_signal == SIZE_MAX) {
        return SIZE_MAX;
    }
    int wanted = wl_aggregate_info_of(feature->aggregate)->baseline;
    for (size_t i = 0; wanted >= 0 && i < plan->n_features; i++) {
        const struct wl_feature *other = &plan->features[i];
        if (other->i_signal != feature->i_signal || (int)other->aggregate != wanted) {
            continue;
        }
        bool is_better = best == SIZE_MAX || other->window_us > plan->features[best].window_us;
        if (feature->window_us == WL_WINDOW_NONE ? is_better
                                                 : other->window_us == feature->window_us) {
            best = i;
        }
    }
    return best;
}

static void settle_baselines(struct wl_plan *plan)
{
    plan->i_activity = SIZE_MAX;
    for (size_t i = 0; i < plan->n_features; i++) {
        struct wl_feature *feature = &plan->features[i];
        feature->i_baseline = find_baseline(plan, feature);
        if (feature->aggregate == WL_AGGREGATE_ACTIVITY && plan->i_activity == SIZE_MAX) {
            plan->i_activity = i;
        }
    }
}

wl_status wl_plan_settle(struct wl_plan_builder *builder)
{
    settle_needs(builder->plan);
    WL_TRY(settle_windows(builder));
    settle_baselines(builder->plan);
    return WL_OK;
}
