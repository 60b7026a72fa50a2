/* Goal:   every aggregate equals its definition, summed over the user's raw history.
 * Method: a slow twin that for each row collects what was known, walks it once per feature, and
 * never
 *         heard of tiles, bits or sketches; random companies with late events, at several offsets
 *         of
 *         the day edge and across 1970. A planted fault shows that the comparison can fail. */
#include "random_company.h"

#include "features/build.h"
#include "features/sketch.h"

#include <math.h>

#define MOMENTS_MAX 8192

/* One thing a signal counts. */
struct moment {
    int64_t time_us;
    double value;  /* NaN: none */
    uint64_t item; /* hash, 0: none */
};

struct history {
    struct moment moments[MOMENTS_MAX];
    size_t n;
    int64_t first_us; /* of the user, any event or text; INT64_MAX when none */
};

static bool names_match(const char *const *names, size_t n_names, struct wl_str name)
{
    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(names[i], "*") == 0 || wl_str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

static struct wl_str prop_text(const struct wl_company *company, const struct wl_event *event,
                               const char *prop)
{
    uint32_t slot = wl_dict_find(&company->prop_names, wl_str_from(prop));
    struct wl_str none = {.data = NULL, .n_bytes = 0};
    return slot == WL_DICT_NONE || event->props[slot] == WL_ID_NONE
               ? none
               : wl_dict_string(&company->strings, event->props[slot]);
}

static bool is_label(const struct wl_company *company, uint32_t label, const char *wanted)
{
    return wanted == NULL ||
           (label != WL_ID_NONE && wl_str_is(wl_dict_string(&company->strings, label), wanted));
}

static bool is_read_so(const struct wl_company *company, const struct wl_signal *signal,
                       const struct wl_text_reading *reading)
{
    bool has_reason = signal->reads[WL_READ_REASON] == NULL;

    if (!reading->is_read) {
        return !signal->has_reads;
    }
    for (uint32_t i = 0; i < reading->n_reasons; i++) {
        has_reason =
            has_reason || is_label(company, reading->reasons[i], signal->reads[WL_READ_REASON]);
    }
    return has_reason && is_label(company, reading->sentiment, signal->reads[WL_READ_SENTIMENT]) &&
           is_label(company, reading->intent, signal->reads[WL_READ_INTENT]) &&
           is_label(company, reading->emotion, signal->reads[WL_READ_EMOTION]);
}

static void collect(const struct wl_company *company, const struct wl_signal *signal, uint32_t user,
                    int64_t as_of_us, struct history *history)
{
    history->n = 0;
    history->first_us = INT64_MAX;
    for (size_t i = 0; i < company->events.n_events; i++) {
        struct wl_event event = wl_company_event(company, i);
        if (event.user != user || event.received_us > as_of_us) {
            continue;
        }
        history->first_us = event.event_us < history->first_us ? event.event_us : history->first_us;
        bool counts = names_match(signal->events, signal->n_events,
                                  wl_dict_string(&company->event_names, event.name));
        for (size_t w = 0; w < signal->n_where; w++) {
            struct wl_str text = prop_text(company, &event, signal->where[w].prop);
            counts = counts && wl_str_is(text, signal->where[w].value);
        }
        if (counts) {
            struct wl_str item = prop_text(company, &event, "item");
            bool has_value = event.value_e4 != WL_VALUE_NONE;
            history->moments[history->n++] = (struct moment){
                event.event_us, has_value ? (double)event.value_e4 / 1e4 : (double)NAN,
                item.data != NULL ? wl_str_hash(item, 0) : 0};
        }
    }
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        if (text->user != user || text->received_us > as_of_us) {
            continue;
        }
        history->first_us = text->text_us < history->first_us ? text->text_us : history->first_us;
        if (names_match(signal->channels, signal->n_channels,
                        wl_dict_string(&company->strings, text->channel)) &&
            is_read_so(company, signal, &text->reading)) {
            bool is_valued = signal->n_events == 0 && text->reading.is_read;
            history->moments[history->n++] = (struct moment){
                text->text_us, is_valued ? text->reading.mood_e4 / 1e4 : (double)NAN, 0};
        }
    }
}

/* What one stretch of time holds: [from_us, to_us]. */
struct twin {
    double n;
    double n_valued;
    double sum;
    double min;
    double max;
    double std;
    double weekend;
    double night;
    double days;
    double hours;
    double gap_mean;
    double gap_std;
    double gap_max;
    double distinct;
    double distinct_true;
};

static int compare_i64(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static size_t unique_i64(int64_t *items, size_t n)
{
    size_t n_unique = 0;
    qsort(items, n, sizeof(*items), compare_i64);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || items[i] != items[n_unique - 1]) {
            items[n_unique++] = items[i];
        }
    }
    return n_unique;
}

static void twin_gaps(struct twin *twin, const int64_t *days, size_t n)
{
    double total = 0.0;
    double squares = 0.0;

    twin->gap_mean = twin->gap_std = twin->gap_max = (double)NAN;
    if (n < 2) {
        return;
    }
    twin->gap_max = 0.0;
    for (size_t i = 1; i < n; i++) {
        double gap = (double)(days[i] - days[i - 1]);
        total += gap;
        twin->gap_max = fmax(twin->gap_max, gap);
    }
    twin->gap_mean = total / (double)(n - 1);
    for (size_t i = 1; i < n; i++) {
        double rest = (double)(days[i] - days[i - 1]) - twin->gap_mean;
        squares += rest * rest;
    }
    twin->gap_std = n < 3 ? (double)NAN : sqrt(squares / (double)(n - 2));
}

// A bottom-k sketch of the values in the window alone.
static double twin_distinct(uint64_t *items, size_t n, double *n_true)
{
    size_t n_unique = 0;

    qsort(items, n, sizeof(*items), compare_u64);
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || items[i] != items[n_unique - 1]) {
            items[n_unique++] = items[i];
        }
    }
    *n_true = (double)n_unique;
    if (n_unique <= 128) {
        return (double)n_unique;
    }
    return 128.0 / (((double)items[128] + 1.0) / 18446744073709551616.0);
}

static struct twin sum_up(const struct history *history, int64_t from_us, int64_t to_us,
                          int64_t offset_us)
{
    static int64_t days[MOMENTS_MAX];
    static int64_t hours[MOMENTS_MAX];
    static uint64_t items[MOMENTS_MAX];
    struct twin twin = {.min = (double)INFINITY, .max = -(double)INFINITY};
    size_t n = 0;
    size_t n_items = 0;
    double squares = 0.0;

    for (size_t i = 0; i < history->n; i++) {
        const struct moment *moment = &history->moments[i];
        if (moment->time_us < from_us || moment->time_us > to_us) {
            continue;
        }
        int64_t local_us = moment->time_us + offset_us;
        int64_t day = wl_time_floor(local_us, WL_DAY_US) / WL_DAY_US;
        int64_t hour = (local_us - day * WL_DAY_US) / WL_HOUR_US;
        int64_t weekday = ((day + 4) % 7 + 7) % 7; // 0 is Sunday
        days[n] = day;
        hours[n++] = day * 24 + hour;
        twin.night += hour >= 22 || hour < 6;
        twin.weekend += weekday == 0 || weekday == 6;
        if (!isnan(moment->value)) {
            twin.n_valued++;
            twin.sum += moment->value;
            twin.min = fmin(twin.min, moment->value);
            twin.max = fmax(twin.max, moment->value);
        }
        if (moment->item != 0) {
            items[n_items++] = moment->item;
        }
    }
    for (size_t i = 0; i < history->n; i++) {
        const struct moment *moment = &history->moments[i];
        if (moment->time_us >= from_us && moment->time_us <= to_us && !isnan(moment->value)) {
            double rest = moment->value - twin.sum / twin.n_valued;
            squares += rest * rest;
        }
    }
    twin.n = (double)n;
    twin.std = twin.n_valued < 2 ? (double)NAN : sqrt(squares / (twin.n_valued - 1));
    twin.hours = (double)unique_i64(hours, n);
    size_t n_days = unique_i64(days, n);
    twin.days = (double)n_days;
    twin_gaps(&twin, days, n_days);
    twin.distinct = twin_distinct(items, n_items, &twin.distinct_true);
    return twin;
}

static double over(double a, double b)
{
    return b != 0.0 ? a / b : (double)NAN;
}

static double in_days(int64_t span_us)
{
    return (double)span_us / (double)WL_DAY_US;
}

static int64_t edge_of(const struct wl_feature *feature, int64_t span_us, int64_t as_of_us,
                       int64_t offset_us)
{
    int64_t step_us = feature->window_us <= 3 * WL_DAY_US ? WL_HOUR_US : WL_DAY_US;
    return wl_time_floor(as_of_us - span_us + offset_us, step_us) - offset_us;
}

static double last_time(const struct history *history, bool is_first)
{
    double best = (double)NAN;
    for (size_t i = 0; i < history->n; i++) {
        double time = (double)history->moments[i].time_us;
        best = isnan(best) || (is_first ? time < best : time > best) ? time : best;
    }
    return best;
}

static double twin_trend(const struct wl_feature *feature, const struct history *history,
                         int64_t as_of_us, int64_t offset_us)
{
    int64_t whole_us = edge_of(feature, feature->window_us, as_of_us, offset_us);
    int64_t half_us = edge_of(feature, feature->window_us / 2, as_of_us, offset_us);
    struct twin late = sum_up(history, half_us, as_of_us, offset_us);
    struct twin early = sum_up(history, whole_us, half_us - 1, offset_us);
    double a = late.days;
    double b = early.days;

    if (feature->aggregate == WL_AGGREGATE_COUNT_TREND) {
        a = late.n;
        b = early.n;
    } else if (feature->aggregate == WL_AGGREGATE_SUM_TREND) {
        a = late.sum;
        b = early.sum;
    } else if (feature->window_us <= 3 * WL_DAY_US) {
        // a day cut in two by an hour edge counts once, for the later half
        b = sum_up(history, whole_us, as_of_us, offset_us).days - a;
    }
    double rate_a = over(a, in_days(as_of_us - half_us));
    double rate_b = over(b, in_days(half_us - whole_us));
    // Values of both signs can cancel: what is left is then a matter of rounding.
    return fabs(rate_a + rate_b) < 1e-6 * (fabs(rate_a) + fabs(rate_b))
               ? (double)INFINITY
               : over(rate_a - rate_b, rate_a + rate_b);
}

static double twin_pace(const struct wl_feature *feature, const struct history *history,
                        int64_t as_of_us, int64_t offset_us, double *actual)
{
    int64_t edge_us = edge_of(feature, feature->window_us, as_of_us, offset_us);
    struct twin before = sum_up(history, INT64_MIN / 4, edge_us - 1, offset_us);
    struct twin inside = sum_up(history, edge_us, as_of_us, offset_us);
    double amount = 0.0;

    switch ((int)feature->aggregate) {
    case WL_AGGREGATE_COUNT_PACE:
    case WL_AGGREGATE_COUNT_CHANGE:
        amount = before.n;
        *actual = inside.n;
        break;
    case WL_AGGREGATE_SUM_PACE:
    case WL_AGGREGATE_SUM_CHANGE:
        amount = before.sum;
        *actual = inside.sum;
        break;
    default: {
        // Days are those of the whole history less those inside, which matters where an hour edge
        // cuts a day in two.
        struct twin all = sum_up(history, INT64_MIN / 4, as_of_us, offset_us);
        amount = all.days - inside.days;
        *actual = inside.days;
    }
    }
    if (history->first_us == INT64_MAX || edge_us - history->first_us < feature->window_us) {
        return (double)NAN;
    }
    return amount * in_days(as_of_us - edge_us) / in_days(edge_us - history->first_us);
}

static double twin_value(const struct wl_feature *feature, const struct history *history,
                         int64_t as_of_us, int64_t offset_us)
{
    bool is_all = feature->window_us == WL_WINDOW_ALL || feature->window_us == WL_WINDOW_NONE;
    int64_t from_us =
        is_all ? INT64_MIN / 4 : edge_of(feature, feature->window_us, as_of_us, offset_us);
    struct twin twin = sum_up(history, from_us, as_of_us, offset_us);
    double now = (double)as_of_us;
    double day = (double)WL_DAY_US;
    double actual = 0.0;

    switch ((int)feature->aggregate) {
    case WL_AGGREGATE_COUNT: return twin.n;
    case WL_AGGREGATE_SUM: return twin.sum;
    case WL_AGGREGATE_MEAN: return over(twin.sum, twin.n_valued);
    case WL_AGGREGATE_STD: return twin.std;
    case WL_AGGREGATE_MIN: return twin.n_valued > 0 ? twin.min : (double)NAN;
    case WL_AGGREGATE_MAX: return twin.n_valued > 0 ? twin.max : (double)NAN;
    case WL_AGGREGATE_DAYS: return twin.days;
    case WL_AGGREGATE_HOURS: return twin.hours;
    case WL_AGGREGATE_DISTINCT: return twin.distinct;
    case WL_AGGREGATE_DAYS_SINCE_LAST: return (now - last_time(history, false)) / day;
    case WL_AGGREGATE_DAYS_SINCE_FIRST: return (now - last_time(history, true)) / day;
    case WL_AGGREGATE_GAP_MEAN: return twin.gap_mean;
    case WL_AGGREGATE_GAP_STD: return twin.gap_std;
    case WL_AGGREGATE_GAP_MAX: return twin.gap_max;
    case WL_AGGREGATE_OVERDUE: return over((now - last_time(history, false)) / day, twin.gap_mean);
    case WL_AGGREGATE_WEEKEND_SHARE: return over(twin.weekend, twin.n);
    case WL_AGGREGATE_NIGHT_SHARE: return over(twin.night, twin.n);
    case WL_AGGREGATE_FREQUENCY: {
        int64_t begin_us = from_us > history->first_us ? from_us : history->first_us;
        return history->first_us == INT64_MAX
                   ? (double)NAN
                   : twin.n * 30.0 / fmax(in_days(as_of_us - begin_us), 1.0);
    }
    case WL_AGGREGATE_COUNT_PACE:
    case WL_AGGREGATE_SUM_PACE:
    case WL_AGGREGATE_DAYS_PACE: return twin_pace(feature, history, as_of_us, offset_us, &actual);
    case WL_AGGREGATE_COUNT_CHANGE:
    case WL_AGGREGATE_SUM_CHANGE:
    case WL_AGGREGATE_DAYS_CHANGE: {
        double pace = twin_pace(feature, history, as_of_us, offset_us, &actual);
        return fabs(pace) < 1e-9 ? (double)NAN : actual / pace;
    }
    case WL_AGGREGATE_ACTIVITY: {
        double pace = twin_pace(feature, history, as_of_us, offset_us, &actual);
        return pace == 0.0 ? (double)NAN : fmin(100.0, 100.0 * actual / pace);
    }
    case WL_AGGREGATE_MEAN_BEFORE:
    case WL_AGGREGATE_MEAN_SHIFT: {
        struct twin before = sum_up(history, INT64_MIN / 4, from_us - 1, offset_us);
        double usual = over(before.sum, before.n_valued);
        return feature->aggregate == WL_AGGREGATE_MEAN_BEFORE
                   ? usual
                   : over(twin.sum, twin.n_valued) - usual;
    }
    default: return twin_trend(feature, history, as_of_us, offset_us);
    }
}

static size_t n_compared;
static size_t n_wrong;

static void compare(const struct wl_feature *feature, float got, double want, int64_t as_of_us)
{
    bool is_same =
        isnan(got) ? isnan(want) : fabs((double)got - want) <= 2e-6 * fmax(1.0, fabs(want));
    n_compared++;
    if (!is_same && !isinf(want)) {
        n_wrong++;
        if (n_wrong < 20 && feature != NULL) {
            fprintf(stderr, "%s as of %lld: got %.9g, want %.9g\n", feature->name,
                    (long long)as_of_us, (double)got, want);
        }
    }
}

static double attribute_twin(const struct wl_company *company, uint32_t user, const char *name,
                             int64_t as_of_us)
{
    const struct wl_attribute *best = NULL;

    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *item = &company->attributes.items[i];
        if (item->user != user || item->known_us > as_of_us ||
            !wl_str_is(wl_dict_string(&company->attribute_names, item->key), name)) {
            continue;
        }
        bool is_tie = best != NULL && best->known_us == item->known_us;
        bool is_better = best == NULL || item->known_us > best->known_us;
        if (is_tie && item->kind != best->kind) {
            is_better = item->kind > best->kind;
        } else if (is_tie && item->kind == WL_VALUE_STRING) {
            is_better = wl_str_compare(wl_dict_string(&company->strings, item->string),
                                       wl_dict_string(&company->strings, best->string)) > 0;
        } else if (is_tie) {
            is_better = item->number > best->number;
        }
        best = is_better ? item : best;
    }
    if (best == NULL || best->kind == WL_VALUE_MISSING) {
        return (double)NAN;
    }
    return best->kind == WL_VALUE_STRING
               ? (double)wl_level_code(wl_dict_string(&company->strings, best->string))
               : best->number;
}

static void check_row(const struct wl_plan *plan, const struct wl_company *company,
                      const struct wl_rows *rows, size_t i_row)
{
    static struct history history;
    const float *values = rows->values + i_row * plan->n_features;
    int64_t as_of_us = rows->as_of_us[i_row];
    uint32_t user = wl_dict_find(&company->users, wl_dict_string(&rows->users, rows->user[i_row]));

    for (size_t f = 0; f < plan->n_features; f++) {
        const struct wl_feature *feature = &plan->features[f];
        if (feature->aggregate == WL_AGGREGATE_RATIO) {
            double below = feature->i_over != SIZE_MAX ? (double)values[feature->i_over] : 1.0;
            compare(feature, values[f], over((double)values[feature->i_of], below) * feature->scale,
                    as_of_us);
        } else if (feature->aggregate == WL_AGGREGATE_ATTRIBUTE) {
            compare(feature, values[f], attribute_twin(company, user, feature->name, as_of_us),
                    as_of_us);
        } else {
            collect(company, &plan->signals[feature->i_signal], user, as_of_us, &history);
            compare(feature, values[f],
                    twin_value(feature, &history, as_of_us, plan->utc_offset_us), as_of_us);
        }
    }
}

static void check_company(const struct random_shape *shape, int64_t offset_us,
                          const int64_t *dates_us, size_t n_dates, uint64_t *seed)
{
    struct wl_arena arena;
    struct wl_company *company = random_company(shape, seed);
    struct wl_plan_options options = {.utc_offset_us = offset_us, .company = company};
    struct wl_node *root = NULL;
    struct wl_plan *plan = NULL;
    struct wl_rows rows;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(random_set), &root, &error), WL_OK);
    CHECK_INT(wl_plan_compile(&arena, root, &options, &plan, &error), WL_OK);
    CHECK_STR(error.message, "");
    struct wl_features_request request = {
        .plan = plan, .company = company, .dates_us = dates_us, .n_dates = n_dates, .n_threads = 2};
    CHECK_INT(wl_features_build(&request, wl_alloc_default(), &rows, &error), WL_OK);
    for (size_t i = 0; i < rows.n_rows; i++) {
        check_row(plan, company, &rows, i);
    }
    CHECK_INT(n_wrong, 0);
    // planted fault: a value changed by one part in ten thousand is seen
    size_t n_before = n_wrong;
    compare(NULL, 1.0001F, 1.0, 0);
    CHECK_INT(n_wrong, n_before + 1);
    n_wrong = n_before;
    wl_rows_release(&rows);
    wl_company_free(company);
    wl_arena_release(&arena);
}

static void test_every_aggregate_against_its_twin(void)
{
    static const int64_t offsets_us[] = {0, 8 * WL_HOUR_US, -(3 * WL_HOUR_US + 30 * WL_MINUTE_US)};
    static const int64_t dates_us[] = {0, 45 * WL_DAY_US, 100 * WL_DAY_US + 54321987654,
                                       170 * WL_DAY_US};
    uint64_t seed = check_seed();

    for (size_t i = 0; i < 3; i++) {
        const struct random_shape shape = {.n_users = 8,
                                           .n_events = 2500,
                                           .from_us = -50 * WL_DAY_US,
                                           .to_us = 150 * WL_DAY_US,
                                           .n_items = 40};
        check_company(&shape, offsets_us[i], dates_us, 4, &seed);
    }
    fprintf(stderr, "%zu values compared\n", n_compared);
    CHECK(n_compared > 30000);
}

// Many values of one property: the sketch must equal a bottom-k of the window alone, and be near
// the truth.
static void test_distinct_beyond_exact(void)
{
    static const int64_t dates_us[] = {100 * WL_DAY_US};
    static struct history history;
    uint64_t seed = check_seed() + 5;
    const struct random_shape shape = {
        .n_users = 1, .n_events = 6000, .from_us = 0, .to_us = 100 * WL_DAY_US, .n_items = 100000};
    struct wl_company *company = random_company(&shape, &seed);
    const char *const star = "*";
    struct wl_signal any = {.events = &star, .n_events = 1};
    double worst = 0.0;

    collect(company, &any, 0, dates_us[0], &history);
    for (int64_t days = 1; days <= 100; days++) {
        struct twin twin = sum_up(&history, dates_us[0] - days * WL_DAY_US, dates_us[0], 0);
        worst = fmax(worst, fabs(twin.distinct / twin.distinct_true - 1.0));
    }
    wl_company_free(company);
    fprintf(stderr, "worst relative error %.3f\n", worst);
    CHECK(worst > 0.0 && worst < 0.27); // three standard errors of 1 / sqrt(127)
    seed = check_seed() + 6;
    check_company(&shape, 0, dates_us, 1, &seed);
}

int main(void)
{
    RUN(test_every_aggregate_against_its_twin);
    RUN(test_distinct_beyond_exact);
    return check_report();
}
