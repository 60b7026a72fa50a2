/* Reading a row. All sums are integers until here; each value becomes a double in one place and is
 * rounded once to float32, so that equal states give equal bits.
 *
 * One walk over the tiles, newest first, serves all windows of a signal: they are nested, so the
 * sums at each tail edge are a snapshot of the running sums. */
#include "features/state.h"

#include "features/state_inner.h"

#include <math.h>
#include <string.h>

#define DAY_SECONDS 86400.0

/* What one window holds. */
struct window_sums {
    struct wl_sums sums;
    uint32_t n_weekend;
    uint32_t n_hours;
    uint32_t n_days;
    int32_t newest_day; /* meaningless while n_days is 0 */
    int32_t oldest_day;
    int64_t gap_squares; /* sum over gaps between active days, days^2 */
    int32_t gap_max;
    int64_t edge_us; /* where the window begins; WL_TIME_NONE for the whole history */
};

// Days come newest first; a gap is known when its older end is met.
static void add_day(struct window_sums *run, int32_t day)
{
    if (run->n_days > 0 && run->oldest_day == day) {
        return;
    }
    if (run->n_days > 0) {
        int64_t gap = (int64_t)run->oldest_day - day;
        run->gap_squares += gap * gap;
        run->gap_max = gap > run->gap_max ? (int32_t)gap : run->gap_max;
    } else {
        run->newest_day = day;
    }
    run->oldest_day = day;
    run->n_days++;
}

static void add_tile(struct window_sums *run, const struct wl_tile *tile, bool is_hourly)
{
    int32_t day = is_hourly ? wl_floor_div(tile->index, WL_HOURS_PER_DAY) : tile->index;

    wl_sums_add(&run->sums, &tile->sums);
    run->n_weekend += wl_day_is_weekend(day) ? tile->sums.n : 0;
    run->n_hours += is_hourly ? 1U : (uint32_t)__builtin_popcount(tile->hour_mask);
    add_day(run, day);
}

static void read_windows(const struct wl_plan *plan, const struct wl_signal *signal,
                         const struct wl_signal_state *own, int64_t as_of_us,
                         struct window_sums *windows)
{
    struct window_sums run = {.sums = wl_sums_empty()};
    size_t n_left = own->hours.n_items;

    for (size_t w = 0; w < signal->n_windows; w++) {
        bool is_hourly = signal->windows[w].is_hourly;
        const struct wl_tiles *tiles = is_hourly ? &own->hours : &own->days;
        int64_t tile_us = is_hourly ? WL_HOUR_US : WL_DAY_US;
        int64_t local_us = as_of_us + plan->utc_offset_us;
        int32_t edge = wl_floor_div(local_us - signal->windows[w].span_us, tile_us);

        if (w == signal->n_hourly) { // the daily windows start over
            run = (struct window_sums){.sums = wl_sums_empty()};
            n_left = own->days.n_items;
        }
        while (n_left > 0 && tiles->items[n_left - 1].index >= edge) {
            add_tile(&run, &tiles->items[--n_left], is_hourly);
        }
        windows[w] = run;
        windows[w].edge_us = edge * tile_us - plan->utc_offset_us;
    }
}

static struct window_sums read_all(const struct wl_plan *plan, const struct wl_signal_state *own,
                                   int64_t as_of_us)
{
    struct window_sums all = {
        .sums = own->totals, .n_weekend = own->n_weekend, .edge_us = WL_TIME_NONE};
    int32_t oldest_word = wl_oldest_word(plan, as_of_us);

    for (size_t i = own->active.n_items; i-- > 0;) {
        const struct wl_day_word *word = &own->active.items[i];
        if (word->word < oldest_word) {
            break;
        }
        for (uint64_t left = word->bits; left != 0;) {
            int bit = 63 - __builtin_clzll(left);
            add_day(&all, word->word * 64 + bit);
            left &= ~(UINT64_C(1) << bit);
        }
    }
    return all;
}

/* ---- one value ---- */

/* What a signal's features are computed from. */
struct reading {
    const struct wl_plan *plan;
    const struct wl_state *state;
    const struct wl_signal_state *own;
    int64_t as_of_us;
    struct window_sums all;
    struct window_sums windows[WL_WINDOWS_MAX];
};

static double divide(double a, double b)
{
    return b != 0.0 ? a / b : (double)NAN;
}

static double days_between(int64_t from_us, int64_t to_us)
{
    return (double)(to_us - from_us) / 1e6 / DAY_SECONDS;
}

static double fixed(wl_i128 value_e4)
{
    return (double)value_e4 / WL_VALUE_SCALE;
}

// Sample standard deviation, exact until the last division: with m the whole part of the mean and r
// what it leaves, sum (x - m)^2 = squares - m * (sum + r), and r^2 / n corrects for the rest.
static double deviation(const struct wl_sums *sums)
{
    if (sums->n_valued < 2) {
        return (double)NAN;
    }
    wl_i128 n = sums->n_valued;
    wl_i128 mean = sums->sum_e4 / n;
    wl_i128 rest = sums->sum_e4 - mean * n;
    wl_i128 about_mean = sums->squares_e8 - mean * (sums->sum_e4 + rest);
    double square = (double)about_mean - (double)rest * (double)rest / (double)n;
    return sqrt(fmax(square, 0.0) / ((double)n - 1.0)) / WL_VALUE_SCALE;
}

static double gap_mean(const struct window_sums *window)
{
    if (window->n_days < 2) {
        return (double)NAN;
    }
    return (double)(window->newest_day - window->oldest_day) / (window->n_days - 1.0);
}

static double gap_deviation(const struct window_sums *window)
{
    if (window->n_days < 3) {
        return (double)NAN;
    }
    int64_t n = window->n_days - 1;
    int64_t total = (int64_t)window->newest_day - window->oldest_day;
    // n * squares < 2^62 for ten years of days: 3660 * 3660^2.
    double square = (double)(n * window->gap_squares - total * total) / (double)n;
    return sqrt(square / ((double)n - 1.0));
}

// What the history before the window makes us expect inside it, from at least one window's length.
static double pace(const struct reading *reading, const struct wl_feature *feature,
                   double before_amount)
{
    const struct window_sums *window = &reading->windows[feature->i_window];
    int64_t before_us = window->edge_us - reading->state->first_us;

    if (reading->state->first_us == WL_TIME_NONE || before_us < feature->window_us) {
        return (double)NAN;
    }
    return before_amount / (double)before_us * (double)(reading->as_of_us - window->edge_us);
}

static double count_pace(const struct reading *reading, const struct wl_feature *feature)
{
    uint32_t inside = reading->windows[feature->i_window].sums.n;
    return pace(reading, feature, (double)(reading->all.sums.n - inside));
}

static double sum_pace(const struct reading *reading, const struct wl_feature *feature)
{
    wl_i128 inside = reading->windows[feature->i_window].sums.sum_e4;
    return pace(reading, feature, fixed(reading->all.sums.sum_e4 - inside));
}

static double days_pace(const struct reading *reading, const struct wl_feature *feature)
{
    double inside = reading->windows[feature->i_window].n_days;
    return pace(reading, feature, fmax(reading->all.n_days - inside, 0.0));
}

static double frequency(const struct reading *reading, const struct window_sums *window)
{
    int64_t first_us = reading->state->first_us;

    if (first_us == WL_TIME_NONE) {
        return (double)NAN;
    }
    int64_t from_us = window->edge_us > first_us ? window->edge_us : first_us;
    double days = fmax(days_between(from_us, reading->as_of_us), 1.0);
    return window->sums.n / days * 30.0;
}

// Mean of the values before the window: the user's own usual.
static double mean_before(const struct reading *reading, const struct window_sums *window)
{
    const struct wl_sums *all = &reading->all.sums;
    wl_i128 sum_e4 = all->sum_e4 - window->sums.sum_e4;
    return divide(fixed(sum_e4), all->n_valued - window->sums.n_valued);
}

static double days_since_last(const struct reading *reading)
{
    int64_t last_us = reading->own->last_us;
    return last_us == WL_TIME_NONE ? (double)NAN : days_between(last_us, reading->as_of_us);
}

static double trend_amount(enum wl_aggregate aggregate, const struct window_sums *window)
{
    if (aggregate == WL_AGGREGATE_COUNT_TREND) {
        return window->sums.n;
    }
    return aggregate == WL_AGGREGATE_SUM_TREND ? fixed(window->sums.sum_e4) : window->n_days;
}

// Rate in the later half against the rate in the earlier half: -1 (stopped) .. 1 (began).
static double trend(const struct reading *reading, const struct wl_feature *feature)
{
    const struct window_sums *whole = &reading->windows[feature->i_window];
    const struct window_sums *half = &reading->windows[feature->i_half_window];
    double late = trend_amount(feature->aggregate, half);
    double early = trend_amount(feature->aggregate, whole) - late;
    double late_rate = divide(late, days_between(half->edge_us, reading->as_of_us));
    double early_rate = divide(early, days_between(whole->edge_us, half->edge_us));

    return divide(late_rate - early_rate, late_rate + early_rate);
}

static double distinct(const struct reading *reading, const struct wl_feature *feature)
{
    const struct wl_sketch *sketch = &reading->state->sketches[feature->i_sketch];
    bool is_hourly = feature->window_us <= WL_WINDOW_HOURLY_US;

    if (feature->window_us == WL_WINDOW_ALL) {
        return wl_sketch_count(sketch, INT32_MIN);
    }
    int64_t edge_us = reading->as_of_us + reading->plan->utc_offset_us - feature->window_us;
    int32_t hour_min = is_hourly ? wl_floor_div(edge_us, WL_HOUR_US)
                                 : wl_floor_div(edge_us, WL_DAY_US) * WL_HOURS_PER_DAY;
    return wl_sketch_count(sketch, hour_min);
}

static double activity(const struct reading *reading, const struct wl_feature *feature)
{
    double days = reading->windows[feature->i_window].n_days;
    return fmin(100.0, 100.0 * divide(days, days_pace(reading, feature)));
}

static double read_signal_feature(const struct reading *reading, const struct wl_feature *feature)
{
    const struct window_sums *window =
        feature->i_window != SIZE_MAX ? &reading->windows[feature->i_window] : &reading->all;
    const struct wl_sums *sums = &window->sums;
    bool has_values = sums->n_valued > 0;

    switch (feature->aggregate) {
    case WL_AGGREGATE_COUNT: return sums->n;
    case WL_AGGREGATE_SUM: return fixed(sums->sum_e4);
    case WL_AGGREGATE_MEAN: return divide(fixed(sums->sum_e4), sums->n_valued);
    case WL_AGGREGATE_STD: return deviation(sums);
    case WL_AGGREGATE_MIN: return has_values ? fixed(sums->min_e4) : (double)NAN;
    case WL_AGGREGATE_MAX: return has_values ? fixed(sums->max_e4) : (double)NAN;
    case WL_AGGREGATE_DAYS: return window->n_days;
    case WL_AGGREGATE_HOURS: return window->n_hours;
    case WL_AGGREGATE_DISTINCT: return distinct(reading, feature);
    case WL_AGGREGATE_DAYS_SINCE_LAST: return days_since_last(reading);
    case WL_AGGREGATE_DAYS_SINCE_FIRST:
        return reading->own->first_us == WL_TIME_NONE
                   ? (double)NAN
                   : days_between(reading->own->first_us, reading->as_of_us);
    case WL_AGGREGATE_GAP_MEAN: return gap_mean(window);
    case WL_AGGREGATE_GAP_STD: return gap_deviation(window);
    case WL_AGGREGATE_GAP_MAX: return window->n_days < 2 ? (double)NAN : window->gap_max;
    case WL_AGGREGATE_OVERDUE: return divide(days_since_last(reading), gap_mean(&reading->all));
    case WL_AGGREGATE_WEEKEND_SHARE: return divide(window->n_weekend, sums->n);
    case WL_AGGREGATE_NIGHT_SHARE: return divide(sums->n_night, sums->n);
    case WL_AGGREGATE_FREQUENCY: return frequency(reading, window);
    case WL_AGGREGATE_COUNT_PACE: return count_pace(reading, feature);
    case WL_AGGREGATE_SUM_PACE: return sum_pace(reading, feature);
    case WL_AGGREGATE_DAYS_PACE: return days_pace(reading, feature);
    case WL_AGGREGATE_COUNT_CHANGE: return divide(sums->n, count_pace(reading, feature));
    case WL_AGGREGATE_SUM_CHANGE: return divide(fixed(sums->sum_e4), sum_pace(reading, feature));
    case WL_AGGREGATE_DAYS_CHANGE: return divide(window->n_days, days_pace(reading, feature));
    case WL_AGGREGATE_COUNT_TREND:
    case WL_AGGREGATE_SUM_TREND:
    case WL_AGGREGATE_DAYS_TREND: return trend(reading, feature);
    case WL_AGGREGATE_ACTIVITY: return activity(reading, feature);
    case WL_AGGREGATE_MEAN_BEFORE: return mean_before(reading, window);
    case WL_AGGREGATE_MEAN_SHIFT:
        return divide(fixed(sums->sum_e4), sums->n_valued) - mean_before(reading, window);
    case WL_AGGREGATE_RATIO:
    case WL_AGGREGATE_ATTRIBUTE:
    case WL_AGGREGATE_GIVEN: break;
    }
    return (double)NAN;
}

/* ---- attributes and ratios ---- */

static double read_date(const struct reading *reading, const struct wl_attribute_state *own)
{
    struct wl_str text = {.data = own->text, .n_bytes = own->n_text_bytes};
    int64_t date_us = 0;

    if (own->kind != WL_VALUE_STRING ||
        wl_time_parse(text, WL_TIME_AUTO, reading->plan->utc_offset_us, &date_us, NULL) != WL_OK) {
        return (double)NAN;
    }
    return days_between(date_us, reading->as_of_us);
}

static double read_attribute(const struct reading *reading, const struct wl_feature *feature)
{
    const struct wl_attribute_state *own = &reading->state->attributes[feature->i_attribute];
    struct wl_str text = {.data = own->text, .n_bytes = own->n_text_bytes};

    if (!own->is_known || own->kind == WL_VALUE_MISSING) {
        return (double)NAN;
    }
    switch (reading->plan->attributes[feature->i_attribute].use) {
    case WL_ATTRIBUTE_CATEGORY: return (double)wl_level_code(text);
    case WL_ATTRIBUTE_DATE: return read_date(reading, own);
    case WL_ATTRIBUTE_BOOL:
    case WL_ATTRIBUTE_NUMBER: break;
    }
    return own->kind == WL_VALUE_STRING ? (double)NAN : own->number;
}

static float rounded(double value)
{
    float single = (float)value;
    return isfinite(single) ? single : NAN; // beyond float32 is as good as unknown
}

wl_status wl_state_row(const struct wl_plan *plan, const struct wl_state *state, int64_t as_of_us,
                       float *values, wl_error *error)
{
    struct reading reading; // large: its windows are filled as far as the signal has some

    WL_ASSERT(state->plan == plan);
    if (as_of_us < state->newest_us || as_of_us > WL_STATE_TIME_MAX_US) {
        char as_of[WL_TIME_TEXT_BYTES];
        return wl_fail(error, WL_EINVAL, "the state knows more than was known at %s",
                       wl_time_format_iso(as_of_us, as_of));
    }
    reading.plan = plan;
    reading.state = state;
    reading.as_of_us = as_of_us;
    for (size_t s = 0; s < plan->n_signals; s++) {
        const struct wl_signal *signal = &plan->signals[s];
        if (signal->n_features == 0) {
            continue;
        }
        reading.own = &state->signals[s];
        reading.all = read_all(plan, reading.own, as_of_us);
        read_windows(plan, signal, reading.own, as_of_us, reading.windows);
        for (size_t i = 0; i < signal->n_features; i++) {
            const struct wl_feature *feature = &plan->features[signal->features[i]];
            values[signal->features[i]] = rounded(read_signal_feature(&reading, feature));
        }
    }
    for (size_t f = 0; f < plan->n_features; f++) {
        const struct wl_feature *feature = &plan->features[f];
        if (feature->aggregate == WL_AGGREGATE_ATTRIBUTE) {
            values[f] = rounded(read_attribute(&reading, feature));
        } else if (feature->aggregate == WL_AGGREGATE_RATIO) {
            double over = feature->i_over != SIZE_MAX ? (double)values[feature->i_over] : 1.0;
            values[f] = rounded(divide((double)values[feature->i_of], over) * feature->scale);
        } else if (feature->aggregate == WL_AGGREGATE_GIVEN) {
            values[f] = NAN; // whoever knows fills it in
        }
    }
    return WL_OK;
}

struct wl_str wl_state_level(const struct wl_state *state, size_t i_feature)
{
    const struct wl_feature *feature = wl_plan_feature(state->plan, i_feature);
    struct wl_str none = {.data = NULL, .n_bytes = 0};

    if (feature->kind != WL_FEATURE_CATEGORY) {
        return none;
    }
    const struct wl_attribute_state *own = &state->attributes[feature->i_attribute];
    bool is_text = own->is_known && own->kind == WL_VALUE_STRING;
    return is_text ? (struct wl_str){.data = own->text, .n_bytes = own->n_text_bytes} : none;
}
