/* A walk through the days of a company as they became known. Nothing looks ahead: at T only what
 * had been received by T is in the scores, in the activity and in the texts. Days are worked off
 * a week at a time, because features of seven dates cost hardly more than those of one. */
#include "journey_alerts.h"

#include "base/file.h"
#include "decide/alert_json.h"
#include "journey_quote.h"
#include "math/drop.h"

#include <math.h>
#include <string.h>

#define WEEK_DAYS       7
#define LOOK_BACK_DAYS  (WEEK_DAYS * (WL_DROP_WEEKS_MAX + 2)) // history a drop is judged against
#define TENURE_DAYS_MIN 30.0 // a year's worth is not guessed from less

struct walk {
    struct wl_journey *journey;
    const struct wl_scorer *scorer;
    const struct wl_text_classifier *intent; /* NULL: nobody reads */
    const struct wl_alert_options *options;
    struct wl_alert_stream *stream;
    struct wl_alert_intake intake;
    struct wl_arena arena; /* of one week */
    struct wl_text_scratch *scratch;
    double *p; /* (most labels of a reader) */
    struct wl_quoter quoter;
    uint32_t *by_arrival; /* (n_events) */
    size_t i_event;       /* events before it are known */
    uint32_t *texts;      /* (n_texts) by arrival */
    size_t i_text;
    uint8_t *active; /* (n_users, n_days) */
    size_t n_days;
    int64_t day0_us;    /* when the first of those days begins */
    uint8_t *signs;     /* (event names) bit 0: a sign of life, bit 1: a payment */
    bool has_payments;  /* some event is a payment */
    double *paid;       /* (n_users) */
    int64_t *first_us;  /* (n_users) first event; INT64_MAX before */
    float *score;       /* (n_users) newest p; NaN before */
    uint8_t *is_fallen; /* (n_users) activity was low at the last look */
};

/* ---- preparation ---- */

static int compare_arrival(int64_t a, int64_t b, uint32_t i, uint32_t k)
{
    return a != b ? (a > b ? 1 : -1) : (i > k ? 1 : -1);
}

// Order by time of arrival: a bottom-up merge sort, since qsort takes no context.
static wl_status order_by_arrival(const wl_alloc *alloc, const int64_t *received_us, size_t n,
                                  uint32_t **order_out, wl_error *error)
{
    uint32_t *from = wl_alloc_array(alloc, n + 1, sizeof(*from));
    uint32_t *to = wl_alloc_array(alloc, n + 1, sizeof(*to));

    if (from == NULL || to == NULL) {
        wl_alloc_free(alloc, from);
        wl_alloc_free(alloc, to);
        return wl_fail(error, WL_ENOMEM, "no memory to sort %zu records", n);
    }
    for (size_t i = 0; i < n; i++) {
        from[i] = (uint32_t)i;
    }
    for (size_t run = 1; run < n; run *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * run) {
            size_t middle = begin + run < n ? begin + run : n;
            size_t end = middle + run < n ? middle + run : n;
            size_t a = begin;
            size_t b = middle;
            for (size_t i = begin; i < end; i++) {
                bool takes_a = a < middle && (b == end || compare_arrival(received_us[from[a]],
                                                                          received_us[from[b]],
                                                                          from[a], from[b]) < 0);
                to[i] = takes_a ? from[a++] : from[b++];
            }
        }
        uint32_t *swap = from;
        from = to;
        to = swap;
    }
    wl_alloc_free(alloc, to);
    *order_out = from;
    return WL_OK;
}

static wl_status order_texts(struct walk *walk, wl_error *error)
{
    const struct wl_texts_log *log = &walk->journey->company->texts;
    const wl_alloc *alloc = walk->journey->run.alloc;
    int64_t *received_us = wl_alloc_array(alloc, log->n_texts + 1, sizeof(*received_us));

    if (received_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to sort %zu texts", log->n_texts);
    }
    for (size_t i = 0; i < log->n_texts; i++) {
        received_us[i] = log->texts[i].received_us;
    }
    wl_status status = order_by_arrival(alloc, received_us, log->n_texts, &walk->texts, error);
    wl_alloc_free(alloc, received_us);
    return status;
}

static void mark_names(struct walk *walk, const char *const *names, size_t n_names, uint8_t bit)
{
    const struct wl_dict *dict = &walk->journey->company->event_names;

    for (size_t i = 0; i < n_names; i++) {
        uint32_t id = wl_dict_find(dict, wl_str_from(names[i]));
        if (id != WL_DICT_NONE) {
            walk->signs[id] |= bit;
            walk->has_payments = walk->has_payments || bit == 2;
        }
    }
}

static wl_status prepare(struct walk *walk, int64_t from_us, int64_t to_us, wl_error *error)
{
    const struct wl_journey *journey = walk->journey;
    const struct wl_company *company = journey->company;
    const wl_alloc *alloc = journey->run.alloc;
    const struct wl_texts *life = &journey->churn.events;
    size_t n_users = company->users.n_strings;
    int64_t offset_us = journey->workspace.utc_offset_us;

    walk->day0_us =
        wl_time_floor(from_us + offset_us, WL_DAY_US) - offset_us - LOOK_BACK_DAYS * WL_DAY_US;
    walk->n_days = (size_t)((to_us - walk->day0_us) / WL_DAY_US) + 1;
    walk->active = wl_alloc_zeroed(alloc, n_users * walk->n_days + 1, 1);
    walk->signs = wl_alloc_zeroed(alloc, company->event_names.n_strings + 1, 1);
    walk->paid = wl_alloc_zeroed(alloc, n_users + 1, sizeof(*walk->paid));
    walk->first_us = wl_alloc_array(alloc, n_users + 1, sizeof(*walk->first_us));
    walk->score = wl_alloc_array(alloc, n_users + 1, sizeof(*walk->score));
    walk->is_fallen = wl_alloc_zeroed(alloc, n_users + 1, 1);
    walk->p = wl_alloc_array(alloc, WL_TEXT_LABELS_MAX, sizeof(*walk->p));
    if (walk->active == NULL || walk->signs == NULL || walk->paid == NULL ||
        walk->first_us == NULL || walk->score == NULL || walk->is_fallen == NULL ||
        walk->p == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu customers and %zu days", n_users,
                       walk->n_days);
    }
    for (size_t i = 0; i < n_users; i++) {
        walk->first_us[i] = INT64_MAX;
        walk->score[i] = (float)NAN;
    }
    bool has_own =
        journey->has_churn && journey->churn.kind == WL_CHURN_INACTIVITY && life->n_items > 0;
    memset(walk->signs, has_own ? 0 : 1, company->event_names.n_strings);
    mark_names(walk, has_own ? life->items : NULL, has_own ? life->n_items : 0, 1);
    mark_names(walk, walk->options->paying, walk->options->n_paying, 2);
    WL_TRY(wl_text_scratch_new(alloc, &walk->scratch, error));
    WL_TRY(order_by_arrival(alloc, company->events.received_us, company->events.n_events,
                            &walk->by_arrival, error));
    return order_texts(walk, error);
}

static void release(struct walk *walk)
{
    const wl_alloc *alloc = walk->journey->run.alloc;

    wl_text_scratch_free(walk->scratch);
    wl_alloc_free(alloc, walk->active);
    wl_alloc_free(alloc, walk->signs);
    wl_alloc_free(alloc, walk->paid);
    wl_alloc_free(alloc, walk->first_us);
    wl_alloc_free(alloc, walk->score);
    wl_alloc_free(alloc, walk->is_fallen);
    wl_alloc_free(alloc, walk->p);
    wl_alloc_free(alloc, walk->by_arrival);
    wl_alloc_free(alloc, walk->texts);
    wl_quoter_release(&walk->quoter);
    wl_arena_release(&walk->arena);
}

/* ---- what is known at T ---- */

static void learn_event(struct walk *walk, uint32_t i)
{
    const struct wl_events *events = &walk->journey->company->events;
    uint8_t sign = walk->signs[events->name[i]];
    uint32_t user = events->user[i];
    int64_t event_us = events->event_us[i];

    walk->first_us[user] = event_us < walk->first_us[user] ? event_us : walk->first_us[user];
    if ((sign & 1) != 0 && event_us >= walk->day0_us) {
        size_t day = (size_t)((event_us - walk->day0_us) / WL_DAY_US);
        walk->active[user * walk->n_days + day] = 1;
    }
    if ((sign & 2) != 0 && events->value_e4[i] != WL_VALUE_NONE) {
        walk->paid[user] += (double)events->value_e4[i] / WL_VALUE_SCALE;
    }
}

static void learn_until(struct walk *walk, int64_t now_us)
{
    const struct wl_events *events = &walk->journey->company->events;

    while (walk->i_event < events->n_events &&
           events->received_us[walk->by_arrival[walk->i_event]] <= now_us) {
        learn_event(walk, walk->by_arrival[walk->i_event++]);
    }
}

// What the customer pays a year, from what they have paid so far; NaN when nobody pays here.
static double value_of(const struct walk *walk, uint32_t user, int64_t now_us)
{
    if (!walk->has_payments || walk->first_us[user] == INT64_MAX) {
        return (double)NAN;
    }
    double days = (double)(now_us - walk->first_us[user]) / (double)WL_DAY_US;
    return fmax(walk->paid[user], 0.0) / fmax(days, TENURE_DAYS_MIN) * 365.0;
}

static struct wl_alert_signal signal_of(const struct walk *walk, uint32_t user, int64_t time_us,
                                        int kind)
{
    double p = (double)walk->score[user];
    return (struct wl_alert_signal){.user = wl_dict_string(&walk->journey->company->users, user),
                                    .time_us = time_us,
                                    .kind = kind,
                                    .source = kind <= WL_SIGNAL_SENTIMENT ? WL_SIGNAL_TEXT
                                                                          : WL_SIGNAL_BEHAVIOUR,
                                    .p_churn = p,
                                    .is_degraded = walk->scorer->degraded,
                                    .value = value_of(walk, user, time_us),
                                    .observed = (double)NAN,
                                    .baseline = (double)NAN};
}

/* ---- scores and activity ---- */

static wl_status push_score(struct walk *walk, const struct wl_rows *rows,
                            const struct wl_score *scores, size_t i, uint32_t user, wl_error *error)
{
    struct wl_alert_signal signal = signal_of(walk, user, scores[i].as_of_us, WL_SIGNAL_CHURN);
    struct wl_explanation explanation = {0};

    signal.level = scores[i].p_churn;
    signal.p_churn = scores[i].p_churn;
    signal.is_degraded = scores[i].degraded;
    if (signal.level >= walk->options->levels[WL_SIGNAL_CHURN].raise) { // only these say why
        WL_TRY(wl_journey_explain(walk->scorer, rows, scores, i, i + 1, &walk->arena, &explanation,
                                  NULL, error));
        signal.reason = wl_str_is(explanation.top_code, "other")
                            ? (struct wl_str){.data = NULL, .n_bytes = 0}
                            : explanation.top_code;
    }
    walk->score[user] = (float)scores[i].p_churn;
    walk->intake.n_scores++;
    return wl_alert_stream_push(walk->stream, &signal, error);
}

// Whole days up to now; pushed only where something is up or was at the last look.
static wl_status push_activity(struct walk *walk, uint32_t user, int64_t now_us, wl_error *error)
{
    size_t n_days = (size_t)((now_us - walk->day0_us) / WL_DAY_US);
    const struct wl_drop drop = wl_drop_test(walk->active + user * walk->n_days, n_days,
                                             (size_t)walk->options->n_drop_weeks);
    struct wl_alert_signal signal = signal_of(walk, user, now_us, WL_SIGNAL_ACTIVITY);

    if (isnan(drop.chance)) {
        return WL_OK;
    }
    signal.level = fmax(-log10(drop.chance), 0.0);
    signal.observed = drop.observed;
    signal.baseline = drop.baseline;
    bool is_low = signal.level > walk->options->levels[WL_SIGNAL_ACTIVITY].clear;
    bool was_low = walk->is_fallen[user] != 0;
    walk->is_fallen[user] = is_low;
    if (!is_low && !was_low) {
        return WL_OK;
    }
    walk->intake.n_activity++;
    return wl_alert_stream_push(walk->stream, &signal, error);
}

static wl_status push_day(struct walk *walk, const struct wl_rows *rows,
                          const struct wl_score *scores, int64_t now_us, wl_error *error)
{
    learn_until(walk, now_us);
    for (size_t i = 0; i < rows->n_rows; i++) {
        if (rows->as_of_us[i] == now_us) {
            uint32_t user = wl_dict_find(&walk->journey->company->users, scores[i].user);
            WL_TRY(push_score(walk, rows, scores, i, user, error));
            WL_TRY(push_activity(walk, user, now_us, error));
        }
    }
    return WL_OK;
}

/* ---- texts ---- */

static wl_status push_mood(struct walk *walk, const struct wl_text *text,
                           struct wl_alert_signal *signal, wl_error *error)
{
    signal->kind = WL_SIGNAL_SENTIMENT;
    signal->reason = (struct wl_str){.data = NULL, .n_bytes = 0};
    signal->level = (double)text->reading.mood_e4 / 1e4;
    signal->is_unsure = text->reading.sentiment == WL_ID_NONE;
    return wl_alert_stream_push(walk->stream, signal, error);
}

static wl_status push_intent(struct walk *walk, const struct wl_text *text,
                             struct wl_alert_signal *signal, wl_error *error)
{
    const struct wl_text_classifier *reader = walk->intent;
    const struct wl_text_about *about = wl_text_classifier_about(reader);

    WL_TRY(wl_text_classify(reader, text->body, walk->scratch, walk->p, error));
    struct wl_text_answer answer = wl_text_answer_of(reader, walk->p);
    if (answer.label == about->none) {
        return WL_OK;
    }
    signal->kind = WL_SIGNAL_INTENT;
    signal->reason = wl_str_from(about->labels[answer.label]);
    signal->level = fmin(fmax(answer.p, 0.0), 1.0);
    signal->is_unsure = answer.abstains;
    return wl_alert_stream_push(walk->stream, signal, error);
}

// The intent, the mood and the level of one message, under its key. A reader that fails costs its
// own answer only.
static wl_status push_text(struct walk *walk, const struct wl_text *text, wl_error *error)
{
    struct wl_alert_signal signal =
        signal_of(walk, text->user, text->received_us, WL_SIGNAL_INTENT);
    bool is_read = walk->intent != NULL && text->reading.is_read;
    wl_status status = WL_OK;

    signal.trace = text->message_key;
    if (is_read) {
        status = wl_quoter_set(&walk->quoter, text->body, &signal.text, error);
        status = status == WL_OK ? push_intent(walk, text, &signal, error) : status;
        status = status == WL_OK ? push_mood(walk, text, &signal, error) : status;
        if (status != WL_OK && status != WL_ELIMIT) {
            return status;
        }
    }
    is_read = is_read && status == WL_OK;
    walk->intake.n_texts++;
    walk->intake.n_unread += !is_read;
    if (isnan(walk->score[text->user])) {
        return WL_OK; // never in the audience: there is no score to tell
    }
    struct wl_alert_signal level = signal_of(walk, text->user, text->received_us, WL_SIGNAL_CHURN);
    level.trace = text->message_key;
    level.level = (double)walk->score[text->user];
    level.is_degraded = level.is_degraded || !is_read;
    return wl_alert_stream_push(walk->stream, &level, error);
}

static wl_status push_texts(struct walk *walk, int64_t from_us, int64_t to_us, wl_error *error)
{
    const struct wl_texts_log *log = &walk->journey->company->texts;

    for (; walk->i_text < log->n_texts; walk->i_text++) {
        const struct wl_text *text = &log->texts[walk->texts[walk->i_text]];
        if (text->received_us > to_us) {
            break;
        }
        if (text->received_us > from_us) {
            WL_TRY(push_text(walk, text, error));
        }
    }
    return WL_OK;
}

/* ---- the walk ---- */

static wl_status walk_week(struct walk *walk, const int64_t *dates_us, size_t n_dates,
                           int64_t end_us, wl_error *error)
{
    struct wl_journey *journey = walk->journey;
    struct wl_rows rows = {0};
    struct wl_score *scores = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_journey_rows(journey, dates_us, n_dates, NULL, &rows, error));
    scores = wl_alloc_zeroed(journey->run.alloc, rows.n_rows + 1, sizeof(*scores));
    if (scores == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu scores", rows.n_rows);
        goto done;
    }
    WL_GO(wl_journey_score(journey, walk->scorer, &rows, scores, error));
    for (size_t d = 0; d < n_dates; d++) {
        int64_t next_us = d + 1 < n_dates ? dates_us[d + 1] : end_us;
        WL_GO(push_day(walk, &rows, scores, dates_us[d], error));
        WL_GO(push_texts(walk, dates_us[d], next_us, error));
        WL_GO(wl_alert_stream_flush(walk->stream, next_us, error));
    }
done:
    wl_alloc_free(journey->run.alloc, scores);
    wl_rows_release(&rows);
    wl_arena_reset(&walk->arena);
    return status;
}

static wl_status walk_all(struct walk *walk, int64_t from_us, int64_t to_us, wl_error *error)
{
    for (int64_t at_us = from_us; at_us <= to_us; at_us += WEEK_DAYS * WL_DAY_US) {
        int64_t dates_us[WEEK_DAYS];
        size_t n = 0;
        for (; n < WEEK_DAYS && at_us + (int64_t)n * WL_DAY_US <= to_us; n++) {
            dates_us[n] = at_us + (int64_t)n * WL_DAY_US;
        }
        int64_t end_us = at_us + WEEK_DAYS * WL_DAY_US;
        WL_TRY(walk_week(walk, dates_us, n, end_us < to_us ? end_us : to_us, error));
        wl_progress(walk->journey->run.sink, "alerts",
                    (double)(at_us - from_us) / (double)(to_us - from_us + 1));
    }
    return WL_OK;
}

wl_status wl_journey_alerts(struct wl_journey *journey, const struct wl_scorer *scorer,
                            const struct wl_alert_options *options, int64_t from_us, int64_t to_us,
                            struct wl_alert_stream *stream, struct wl_alert_intake *intake,
                            wl_error *error)
{
    struct walk walk = {.journey = journey, .scorer = scorer, .options = options, .stream = stream};
    wl_status status = WL_OK;

    if (to_us < from_us) {
        return wl_fail(error, WL_EINVAL, "alerts end before they begin");
    }
    wl_arena_init(&walk.arena, journey->run.alloc, 0);
    wl_quoter_init(&walk.quoter, journey->run.alloc);
    status = wl_journey_read_texts(journey, error);
    if (status == WL_ENOMEM) {
        goto done;
    }
    // Without readers scores are told all the same, marked degraded.
    walk.intent = status == WL_OK ? journey->readers.items[WL_READ_INTENT].classifier : NULL;
    WL_GO(prepare(&walk, from_us, to_us, error));
    WL_GO(walk_all(&walk, from_us, to_us, error));
    if (intake != NULL) {
        *intake = walk.intake;
    }
done:
    release(&walk);
    return status;
}

/* ---- what people did ---- */

wl_status wl_alert_stream_line(struct wl_alert_stream *stream, struct wl_arena *arena,
                               struct wl_str line, wl_error *error)
{
    struct wl_alert_input input;

    wl_arena_reset(arena);
    WL_TRY(wl_alert_input_read(arena, line, &input, error));
    return input.is_deed ? wl_alert_stream_act(stream, &input.deed, error)
                         : wl_alert_stream_push(stream, &input.signal, error);
}

wl_status wl_journey_deeds(const struct wl_workspace *workspace, const wl_alloc *alloc,
                           struct wl_alert_stream *stream, wl_error *error)
{
    const char *path = workspace->alerts_path;
    struct wl_lines *lines = NULL;
    struct wl_arena arena;
    struct wl_str line;
    bool got = true;
    wl_status status = WL_OK;

    if (!wl_file_exists(path)) {
        return WL_OK;
    }
    WL_TRY(wl_lines_open(path, alloc, &lines, error));
    wl_arena_init(&arena, alloc, 0);
    while (status == WL_OK && got) {
        status = wl_lines_next(lines, &line, &got, error);
        if (status == WL_OK && got && wl_str_trim(line).n_bytes > 0) {
            status = wl_alert_stream_line(stream, &arena, line, error);
            if (status != WL_OK) {
                (void)wl_fail_at(error, status, "%s:%zu", path, wl_lines_number(lines));
            }
        }
    }
    wl_arena_release(&arena);
    wl_lines_close(lines);
    return status;
}

int64_t wl_alert_walk_from(const struct wl_alert_options *options, int64_t shown_us)
{
    int64_t offset_us = options->utc_offset_us;
    return wl_time_floor(shown_us - options->life_us + offset_us, WL_DAY_US) - offset_us;
}
