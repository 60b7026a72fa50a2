/* The table of aggregates. Formulas speak of events e of signal s known at T; a window w means
 * [floor(T - w), T] with the floor on an hour edge up to 3 days and on a day edge beyond. */
#include "features/aggregate.h"

#include "base/error.h"

#define NONE   WL_WINDOW_USE_NONE
#define FINITE WL_WINDOW_USE_FINITE
#define ANY    WL_WINDOW_USE_ANY

static const struct wl_aggregate_info infos[WL_AGGREGATE_SIGNAL_COUNT] = {
    [WL_AGGREGATE_COUNT] = {"count", "{w}{s}次数", "number of {s}, {w}", "count({s}, {w})",
                            WL_UNIT_TIMES, ANY, false, false, WL_AGGREGATE_COUNT_PACE},
    [WL_AGGREGATE_SUM] = {"sum", "{w}{s}{v}合计", "total {v} of {s}, {w}", "sum({s}.value, {w})",
                          WL_UNIT_VALUE, ANY, true, false, WL_AGGREGATE_SUM_PACE},
    [WL_AGGREGATE_MEAN] = {"mean", "{w}{s}平均{v}", "average {v} of {s}, {w}",
                           "sum({s}.value, {w}) / count({s}.value, {w})", WL_UNIT_VALUE, ANY, true,
                           false, -1},
    [WL_AGGREGATE_STD] = {"std", "{w}{s}{v}波动", "spread of {v} of {s}, {w}",
                          "sample standard deviation of {s}.value over {w}", WL_UNIT_VALUE, ANY,
                          true, false, -1},
    [WL_AGGREGATE_MIN] = {"min", "{w}{s}最小{v}", "smallest {v} of {s}, {w}", "min({s}.value, {w})",
                          WL_UNIT_VALUE, ANY, true, false, -1},
    [WL_AGGREGATE_MAX] = {"max", "{w}{s}最大{v}", "largest {v} of {s}, {w}", "max({s}.value, {w})",
                          WL_UNIT_VALUE, ANY, true, false, -1},
    [WL_AGGREGATE_DAYS] = {"days", "{w}有{s}的天数", "days with {s}, {w}",
                           "distinct days(s) of {s} in {w}", WL_UNIT_DAYS, ANY, false, true,
                           WL_AGGREGATE_DAYS_PACE},
    [WL_AGGREGATE_HOURS] = {"hours", "{w}有{s}的小时数", "hours with {s}, {w}",
                            "distinct hours of {s} in {w}", WL_UNIT_HOURS, FINITE, false, false,
                            -1},
    [WL_AGGREGATE_DISTINCT] = {"distinct", "{w}{s}不同{p}数", "different {p} of {s}, {w}",
                               "distinct({s}.{p}, {w}); exact to 128, then within 27 % (3 sigma)",
                               WL_UNIT_KINDS, ANY, false, false, -1},
    [WL_AGGREGATE_DAYS_SINCE_LAST] = {"days_since_last", "距上次{s}天数", "days without {s}",
                                      "(T - last time({s})) / 1 day", WL_UNIT_DAYS, NONE, false,
                                      false, WL_AGGREGATE_GAP_MEAN},
    [WL_AGGREGATE_DAYS_SINCE_FIRST] = {"days_since_first", "首次{s}至今天数",
                                       "days since {s} began", "(T - first time({s})) / 1 day",
                                       WL_UNIT_DAYS, NONE, false, false, -1},
    [WL_AGGREGATE_GAP_MEAN] = {"gap_mean", "{w}{s}平均间隔天数", "average days between {s}, {w}",
                               "mean days between active days of {s} in {w}", WL_UNIT_DAYS, ANY,
                               false, true, -1},
    [WL_AGGREGATE_GAP_STD] = {"gap_std", "{w}{s}间隔波动", "spread of days between {s}, {w}",
                              "sample standard deviation of days between active days of {s} in {w}",
                              WL_UNIT_DAYS, ANY, false, true, -1},
    [WL_AGGREGATE_GAP_MAX] = {"gap_max", "{w}{s}最长间隔天数", "most days between {s}, {w}",
                              "max days between active days of {s} in {w}", WL_UNIT_DAYS, ANY,
                              false, true, -1},
    [WL_AGGREGATE_OVERDUE] = {"overdue", "{s}间隔相对以往倍数",
                              "days without {s} over the usual gap",
                              "days_since_last({s}) / gap_mean({s}, all)", WL_UNIT_FACTOR, NONE,
                              false, true, -1},
    [WL_AGGREGATE_WEEKEND_SHARE] = {"weekend_share", "{w}{s}周末占比", "weekend share of {s}, {w}",
                                    "count({s} on Saturday or Sunday, {w}) / count({s}, {w})",
                                    WL_UNIT_SHARE, ANY, false, false, -1},
    [WL_AGGREGATE_NIGHT_SHARE] = {"night_share", "{w}{s}夜间占比", "night share of {s}, {w}",
                                  "count({s} from 22:00 to 06:00, {w}) / count({s}, {w})",
                                  WL_UNIT_SHARE, ANY, false, false, -1},
    [WL_AGGREGATE_FREQUENCY] =
        {"frequency", "{w}{s}频率", "{s} per 30 days, {w}",
         "count({s}, {w}) * 30 days / max(1 day, min(length of {w}, tenure))", WL_UNIT_PER_MONTH,
         ANY, false, false, -1},
    [WL_AGGREGATE_COUNT_PACE] = {"count_pace", "按以往节奏{w}应有的{s}次数",
                                 "usual number of {s}, {w}",
                                 "count({s}, before {w}) * length of {w} / length before {w}",
                                 WL_UNIT_TIMES, FINITE, false, false, -1},
    [WL_AGGREGATE_SUM_PACE] = {"sum_pace", "按以往节奏{w}应有的{s}{v}合计",
                               "usual total {v} of {s}, {w}",
                               "sum({s}.value, before {w}) * length of {w} / length before {w}",
                               WL_UNIT_VALUE, FINITE, true, false, -1},
    [WL_AGGREGATE_DAYS_PACE] = {"days_pace", "按以往节奏{w}应有{s}的天数",
                                "usual days with {s}, {w}",
                                "days({s}, before {w}) * length of {w} / length before {w}",
                                WL_UNIT_DAYS, FINITE, false, true, -1},
    [WL_AGGREGATE_COUNT_CHANGE] = {"count_change", "{w}{s}次数相对以往倍数",
                                   "number of {s} over the usual, {w}",
                                   "count({s}, {w}) / count_pace({s}, {w})", WL_UNIT_FACTOR, FINITE,
                                   false, false, -1},
    [WL_AGGREGATE_SUM_CHANGE] = {"sum_change", "{w}{s}{v}相对以往倍数",
                                 "{v} of {s} over the usual, {w}",
                                 "sum({s}.value, {w}) / sum_pace({s}, {w})", WL_UNIT_FACTOR, FINITE,
                                 true, false, -1},
    [WL_AGGREGATE_DAYS_CHANGE] = {"days_change", "{w}有{s}的天数相对以往倍数",
                                  "days with {s} over the usual, {w}",
                                  "days({s}, {w}) / days_pace({s}, {w})", WL_UNIT_FACTOR, FINITE,
                                  false, true, -1},
    [WL_AGGREGATE_COUNT_TREND] = {"count_trend", "{w}{s}次数走势", "trend of {s}, {w}",
                                  "(r1 - r0) / (r1 + r0), r = count({s}) per day in the later and "
                                  "the earlier half of {w}",
                                  WL_UNIT_FACTOR, FINITE, false, false, -1},
    [WL_AGGREGATE_SUM_TREND] =
        {"sum_trend", "{w}{s}{v}走势", "trend of {v} of {s}, {w}",
         "(r1 - r0) / (r1 + r0), r = sum({s}.value) per day in the later and "
         "the earlier half of {w}",
         WL_UNIT_FACTOR, FINITE, true, false, -1},
    [WL_AGGREGATE_DAYS_TREND] =
        {"days_trend", "{w}有{s}的天数走势", "trend of days with {s}, {w}",
         "(r1 - r0) / (r1 + r0), r = days({s}) per day in the later and the "
         "earlier half of {w}",
         WL_UNIT_FACTOR, FINITE, false, false, -1},
    [WL_AGGREGATE_ACTIVITY] = {"activity", "{w}{s}活跃度", "activity by {s}, {w}",
                               "min(100, 100 * days({s}, {w}) / days_pace({s}, {w}))",
                               WL_UNIT_PERCENT, FINITE, false, true, WL_AGGREGATE_DAYS_PACE},
    [WL_AGGREGATE_MEAN_BEFORE] = {"mean_before", "{w}以前{s}平均{v}",
                                  "average {v} of {s} before, {w}",
                                  "sum({s}.value, before {w}) / count({s}.value, before {w})",
                                  WL_UNIT_VALUE, FINITE, true, false, -1},
    [WL_AGGREGATE_MEAN_SHIFT] = {"mean_shift", "{w}{s}平均{v}比以前的变化",
                                 "change of average {v} of {s}, {w}",
                                 "mean({s}, {w}) - mean_before({s}, {w})", WL_UNIT_VALUE, FINITE,
                                 true, false, -1},
};

const struct wl_aggregate_info *wl_aggregate_info_of(enum wl_aggregate aggregate)
{
    WL_ASSERT(aggregate < WL_AGGREGATE_SIGNAL_COUNT);
    return &infos[aggregate];
}

bool wl_aggregate_parse(struct wl_str key, enum wl_aggregate *aggregate, struct wl_str *prop)
{
    struct wl_str rest = key;
    struct wl_str head = wl_str_cut(&rest, '(');
    bool has_prop = head.n_bytes < key.n_bytes;

    if (has_prop && (rest.n_bytes < 2 || rest.data[rest.n_bytes - 1] != ')')) {
        return false;
    }
    for (size_t i = 0; i < WL_AGGREGATE_SIGNAL_COUNT; i++) {
        if (wl_str_is(head, infos[i].key) && has_prop == (i == WL_AGGREGATE_DISTINCT)) {
            *aggregate = (enum wl_aggregate)i;
            *prop = (struct wl_str){.data = rest.data, .n_bytes = has_prop ? rest.n_bytes - 1 : 0};
            return true;
        }
    }
    return false;
}

const char *const *wl_aggregate_keys(void)
{
    // Written out, because a constant table needs no lock; a test compares it with infos.
    static const char *const keys[WL_AGGREGATE_SIGNAL_COUNT + 1] = {"count",
                                                                    "sum",
                                                                    "mean",
                                                                    "std",
                                                                    "min",
                                                                    "max",
                                                                    "days",
                                                                    "hours",
                                                                    "distinct(property)",
                                                                    "days_since_last",
                                                                    "days_since_first",
                                                                    "gap_mean",
                                                                    "gap_std",
                                                                    "gap_max",
                                                                    "overdue",
                                                                    "weekend_share",
                                                                    "night_share",
                                                                    "frequency",
                                                                    "count_pace",
                                                                    "sum_pace",
                                                                    "days_pace",
                                                                    "count_change",
                                                                    "sum_change",
                                                                    "days_change",
                                                                    "count_trend",
                                                                    "sum_trend",
                                                                    "days_trend",
                                                                    "activity",
                                                                    "mean_before",
                                                                    "mean_shift",
                                                                    NULL};
    return keys;
}

const char *wl_unit_text(enum wl_unit unit, bool is_zh)
{
    switch (unit) {
    case WL_UNIT_TIMES: return is_zh ? "次" : "times";
    case WL_UNIT_VALUE: return "";
    case WL_UNIT_DAYS: return is_zh ? "天" : "days";
    case WL_UNIT_HOURS: return is_zh ? "小时" : "hours";
    case WL_UNIT_KINDS: return is_zh ? "种" : "kinds";
    case WL_UNIT_SHARE: return is_zh ? "占比" : "share";
    case WL_UNIT_FACTOR: return is_zh ? "倍" : "x";
    case WL_UNIT_PERCENT: return "%";
    case WL_UNIT_PER_MONTH: return is_zh ? "次/30天" : "per 30 days";
    }
    return "";
}
