/* What may be computed from a signal: one table gives every aggregate its key, its words in Chinese
 * and English, its unit, its formula and what a state must keep for it. */
#ifndef WL_FEATURES_AGGREGATE_H
#define WL_FEATURES_AGGREGATE_H
#include "base/str.h"

enum wl_aggregate {
    WL_AGGREGATE_COUNT,
    WL_AGGREGATE_SUM,
    WL_AGGREGATE_MEAN,
    WL_AGGREGATE_STD,
    WL_AGGREGATE_MIN,
    WL_AGGREGATE_MAX,
    WL_AGGREGATE_DAYS,
    WL_AGGREGATE_HOURS,
    WL_AGGREGATE_DISTINCT,
    WL_AGGREGATE_DAYS_SINCE_LAST,
    WL_AGGREGATE_DAYS_SINCE_FIRST,
    WL_AGGREGATE_GAP_MEAN,
    WL_AGGREGATE_GAP_STD,
    WL_AGGREGATE_GAP_MAX,
    WL_AGGREGATE_OVERDUE,
    WL_AGGREGATE_WEEKEND_SHARE,
    WL_AGGREGATE_NIGHT_SHARE,
    WL_AGGREGATE_FREQUENCY,
    WL_AGGREGATE_COUNT_PACE,
    WL_AGGREGATE_SUM_PACE,
    WL_AGGREGATE_DAYS_PACE,
    WL_AGGREGATE_COUNT_CHANGE,
    WL_AGGREGATE_SUM_CHANGE,
    WL_AGGREGATE_DAYS_CHANGE,
    WL_AGGREGATE_COUNT_TREND,
    WL_AGGREGATE_SUM_TREND,
    WL_AGGREGATE_DAYS_TREND,
    WL_AGGREGATE_ACTIVITY,
    WL_AGGREGATE_MEAN_BEFORE,
    WL_AGGREGATE_MEAN_SHIFT,
    WL_AGGREGATE_RATIO,     /* one feature over another; declared under ratios */
    WL_AGGREGATE_ATTRIBUTE, /* what is known of the customer; declared under attributes */
    WL_AGGREGATE_GIVEN /* what another model says; declared under given, filled in by the journey */
};
#define WL_AGGREGATE_SIGNAL_COUNT WL_AGGREGATE_RATIO /* those computed from a signal */

/* Which windows an aggregate takes. */
enum wl_window_use {
    WL_WINDOW_USE_NONE,   /* looks at the whole history; its name carries no window */
    WL_WINDOW_USE_FINITE, /* any window but "all" */
    WL_WINDOW_USE_ANY
};

enum wl_unit {
    WL_UNIT_TIMES,
    WL_UNIT_VALUE, /* the signal's own: yuan, minutes */
    WL_UNIT_DAYS,
    WL_UNIT_HOURS,
    WL_UNIT_KINDS,
    WL_UNIT_SHARE, /* 0..1 */
    WL_UNIT_FACTOR,
    WL_UNIT_PERCENT,
    WL_UNIT_PER_MONTH
};

/* In zh, en and formula: {s} the signal, {v} what its value measures, {w} the window, {p} the
 * property of a distinct count. */
struct wl_aggregate_info {
    const char *key; /* as written in YAML: "days_since_last" */
    const char *zh;
    const char *en;
    const char *formula;
    enum wl_unit unit;
    enum wl_window_use windows;
    bool needs_values;   /* the state keeps sums of values */
    bool needs_all_days; /* the state keeps every active day, not only those inside the windows */
    int baseline;        /* the wl_aggregate that says what is usual for this one, or -1 */
};

/* wl_aggregate_info_of - the table's entry; aggregate < WL_AGGREGATE_SIGNAL_COUNT. */
const struct wl_aggregate_info *wl_aggregate_info_of(enum wl_aggregate aggregate);

/* wl_aggregate_parse - aggregate of a key; "distinct(item)" sets prop to "item", others empty it.
 * False when there is no such aggregate. */
bool wl_aggregate_parse(struct wl_str key, enum wl_aggregate *aggregate, struct wl_str *prop);

/* wl_aggregate_keys - all keys, NULL-terminated, for "did you mean". */
const char *const *wl_aggregate_keys(void);

/* wl_unit_text - "天" or "days"; empty for WL_UNIT_VALUE, which the signal names. */
const char *wl_unit_text(enum wl_unit unit, bool is_zh);

#endif
