/* The state machine behind alerts.
 *
 * Three kinds of memory: a track per customer and kind (is the level up?), a time per customer and
 * reason (cool-down), and the alerts. Time moves only forward; between two signals the clock walks
 * over the moments at which waiting alerts are given out. On the way nothing is decided by arrival:
 * a signal's place is its time, and alert_stream.c puts signals of one time in a fixed order. */
#include "decide/alert.h"

#include "base/dict.h"
#include "base/limits.h"
#include "decide/alert_queue.h"
#include "math/fall.h"

#include <math.h>
#include <string.h>

#define NO_ALERT UINT32_MAX
#define NO_MOOD  UINT32_MAX

const char *const wl_alert_signal_kind_names[] = {"intent", "sentiment", "churn", "activity", NULL};
const char *const wl_alert_signal_source_names[] = {"stated", "text", "behaviour", NULL};
const char *const wl_alert_severity_names[] = {"notice", "warning", "critical", NULL};
const char *const wl_alert_state_names[] = {"waiting",  "open",    "acknowledged",
                                            "resolved", "expired", NULL};
const char *const wl_alert_quiet_names[] = {"below_level", "held",      "cooldown",
                                            "chance",      "few_texts", "intent",
                                            "unsure",      "duplicate", NULL};
const char *const wl_alert_action_names[] = {"acknowledge", "resolve", NULL};

/* Is a level up? One per customer and kind, for intents per label too. */
struct track {
    double level;
    int64_t level_us;
    bool is_up; /* an alert was raised, and the level has not cleared since */
};

struct customer {
    double p_churn; /* the newest known; NaN before */
    double value;
    uint32_t i_alert; /* the newest alert, or NO_ALERT */
    uint32_t i_mood;  /* or NO_MOOD */
};

/* The newest sentiments of one customer, by time. */
struct mood {
    float values[WL_FALL_VALUES_MAX];
    uint32_t n;
};

struct wl_alerts {
    const wl_alloc *alloc;
    struct wl_alert_options options;
    struct wl_arena arena; /* strings and evidence of alerts */
    struct wl_dict users;
    struct customer *customers; /* (users) */
    size_t customers_capacity;
    struct mood *moods; /* (n_moods) */
    size_t n_moods;
    size_t moods_capacity;
    struct track *tracks; /* (n_tracks) */
    size_t n_tracks;
    size_t tracks_capacity;
    struct wl_map64 track_of;  /* user, kind, label -> index + 1 */
    struct wl_map64 raised_at; /* user, reason -> time of the last alert */
    struct wl_map64 seen;      /* signals */
    struct wl_map64 alert_of;  /* id -> index + 1 */
    struct wl_alert *alerts;   /* (n_alerts) by rising raised_us */
    size_t n_alerts;
    size_t alerts_capacity;
    struct wl_alert_line lines[WL_ALERT_TEAMS_MAX];
    size_t n_waiting;
    size_t i_wait; /* alerts before this one wait no more */
    size_t i_life; /* alerts before this one are closed */
    int64_t clock_us;
    int64_t dispatch_us; /* the next moment alerts are given out */
    struct wl_alert_counts counts;
};

struct wl_str wl_alert_signal_reason(const struct wl_alert_signal *signal)
{
    static const char *const own[] = {"intent", "sentiment_down", "churn_risk", "activity_down"};
    return signal->reason.n_bytes > 0 ? signal->reason : wl_str_from(own[signal->kind]);
}

/* ---- life of the object ---- */

wl_status wl_alerts_new(const wl_alloc *alloc, const struct wl_alert_options *options,
                        struct wl_alerts **alerts_out, wl_error *error)
{
    struct wl_alerts *alerts = wl_alloc_zeroed(alloc, 1, sizeof(*alerts));

    if (alerts == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for alerts");
    }
    alerts->alloc = alloc;
    alerts->options = *options;
    alerts->clock_us = WL_TIME_NONE;
    wl_arena_init(&alerts->arena, alloc, 0);
    wl_dict_init(&alerts->users, alloc);
    wl_map64_init(&alerts->track_of, alloc);
    wl_map64_init(&alerts->raised_at, alloc);
    wl_map64_init(&alerts->seen, alloc);
    wl_map64_init(&alerts->alert_of, alloc);
    *alerts_out = alerts;
    return WL_OK;
}

void wl_alerts_free(struct wl_alerts *alerts)
{
    if (alerts == NULL) {
        return;
    }
    const wl_alloc *alloc = alerts->alloc;
    for (size_t i = 0; i < WL_ALERT_TEAMS_MAX; i++) {
        wl_alert_line_release(&alerts->lines[i], alloc);
    }
    wl_map64_release(&alerts->track_of);
    wl_map64_release(&alerts->raised_at);
    wl_map64_release(&alerts->seen);
    wl_map64_release(&alerts->alert_of);
    wl_dict_release(&alerts->users);
    wl_arena_release(&alerts->arena);
    wl_alloc_free(alloc, alerts->customers);
    wl_alloc_free(alloc, alerts->moods);
    wl_alloc_free(alloc, alerts->tracks);
    wl_alloc_free(alloc, alerts->alerts);
    wl_alloc_free(alloc, alerts);
}

size_t wl_alerts_count(const struct wl_alerts *alerts)
{
    return alerts->n_alerts;
}

const struct wl_alert *wl_alerts_get(const struct wl_alerts *alerts, size_t i_alert)
{
    WL_ASSERT(i_alert < alerts->n_alerts);
    return &alerts->alerts[i_alert];
}

const struct wl_alert_counts *wl_alerts_counts(const struct wl_alerts *alerts)
{
    return &alerts->counts;
}

int64_t wl_alerts_clock(const struct wl_alerts *alerts)
{
    return alerts->clock_us;
}

const struct wl_alert_options *wl_alerts_options(const struct wl_alerts *alerts)
{
    return &alerts->options;
}

/* ---- the clock ---- */

static void set_state(struct wl_alerts *alerts, struct wl_alert *alert, enum wl_alert_state state)
{
    alerts->counts.n_by_state[alert->state]--;
    alerts->counts.n_by_state[state]++;
    alerts->n_waiting -= alert->state == WL_ALERT_WAITING;
    alert->state = (int)state;
}

static void expire(struct wl_alerts *alerts, int64_t now_us)
{
    const struct wl_alert_options *options = &alerts->options;

    for (; alerts->i_wait < alerts->n_alerts; alerts->i_wait++) {
        struct wl_alert *alert = &alerts->alerts[alerts->i_wait];
        if (alert->raised_us + options->wait_us > now_us) {
            break;
        }
        if (alert->state == WL_ALERT_WAITING) {
            set_state(alerts, alert, WL_ALERT_EXPIRED);
            alert->closed_us = alert->raised_us + options->wait_us;
            alerts->counts.n_expired_waiting++;
        }
    }
    for (; alerts->i_life < alerts->n_alerts; alerts->i_life++) {
        struct wl_alert *alert = &alerts->alerts[alerts->i_life];
        if (alert->raised_us + options->life_us > now_us) {
            break;
        }
        if (alert->state == WL_ALERT_OPEN || alert->state == WL_ALERT_ACKNOWLEDGED) {
            set_state(alerts, alert, WL_ALERT_EXPIRED);
            alert->closed_us = alert->raised_us + options->life_us;
        }
    }
}

static int64_t day_of(const struct wl_alerts *alerts, int64_t time_us)
{
    return wl_time_floor(time_us + alerts->options.utc_offset_us, WL_DAY_US);
}

// Open what a team may open now. Keeping the whole capacity for critical alerts opens only these.
static void dispatch_team(struct wl_alerts *alerts, size_t i_team, bool critical_only,
                          int64_t now_us)
{
    const struct wl_alert_options *options = &alerts->options;
    int64_t day = day_of(alerts, now_us);

    for (;;) {
        uint32_t i = wl_alert_line_next(&alerts->lines[i_team], &options->teams[i_team],
                                        critical_only ? 100.0 : options->reserve_percent,
                                        alerts->alerts, day);
        if (i == UINT32_MAX) {
            return;
        }
        set_state(alerts, &alerts->alerts[i], WL_ALERT_OPEN);
        alerts->alerts[i].opened_us = now_us;
    }
}

static int64_t dispatch_after(const struct wl_alerts *alerts, int64_t time_us)
{
    int64_t offset_us = alerts->options.utc_offset_us;
    int64_t step_us = alerts->options.dispatch_us;
    return wl_time_floor(time_us + offset_us, step_us) + step_us - offset_us;
}

static void advance(struct wl_alerts *alerts, int64_t now_us)
{
    if (alerts->clock_us == WL_TIME_NONE) {
        alerts->dispatch_us = dispatch_after(alerts, now_us);
    }
    while (alerts->dispatch_us <= now_us && alerts->n_waiting > 0) {
        int64_t at_us = alerts->dispatch_us;
        expire(alerts, at_us);
        for (size_t i = 0; i < alerts->options.n_teams; i++) {
            dispatch_team(alerts, i, false, at_us);
        }
        alerts->dispatch_us = at_us + alerts->options.dispatch_us;
    }
    if (alerts->dispatch_us <= now_us) { // nobody waits: nothing happens on the way
        alerts->dispatch_us = dispatch_after(alerts, now_us);
    }
    expire(alerts, now_us);
    alerts->clock_us = now_us;
}

wl_status wl_alerts_advance(struct wl_alerts *alerts, int64_t time_us, wl_error *error)
{
    (void)error; // the clock takes no memory; the signature leaves it the right to
    if (time_us > alerts->clock_us) {
        advance(alerts, time_us);
    }
    return WL_OK;
}

wl_status wl_alerts_act(struct wl_alerts *alerts, uint64_t id, enum wl_alert_action action,
                        int64_t time_us, wl_error *error)
{
    WL_TRY(wl_alerts_advance(alerts, time_us, error));
    const uint64_t *place = wl_map64_get(&alerts->alert_of, id);
    struct wl_alert *alert = place != NULL ? &alerts->alerts[*place - 1] : NULL;

    if (alert == NULL || alert->state == WL_ALERT_RESOLVED || alert->state == WL_ALERT_EXPIRED) {
        alerts->counts.n_orphans++;
        return WL_OK;
    }
    if (action == WL_ALERT_RESOLVE) {
        set_state(alerts, alert, WL_ALERT_RESOLVED);
        alert->closed_us = alerts->clock_us;
    } else if (alert->state != WL_ALERT_ACKNOWLEDGED) {
        set_state(alerts, alert, WL_ALERT_ACKNOWLEDGED);
        alert->acknowledged_us = alerts->clock_us;
    }
    return WL_OK;
}

/* ---- customers and tracks ---- */

static wl_status find_customer(struct wl_alerts *alerts, struct wl_str user, uint32_t *i_user,
                               wl_error *error)
{
    size_t n_before = alerts->users.n_strings;

    WL_TRY(
        WL_GROW(alerts->alloc, alerts->customers, alerts->customers_capacity, n_before + 1, error));
    WL_TRY(wl_dict_intern(&alerts->users, user, i_user, error));
    if (*i_user == n_before) {
        alerts->customers[n_before] = (struct customer){
            .p_churn = (double)NAN, .value = (double)NAN, .i_alert = NO_ALERT, .i_mood = NO_MOOD};
    }
    return WL_OK;
}

static wl_status find_track(struct wl_alerts *alerts, const struct wl_alert_signal *signal,
                            struct track **track, wl_error *error)
{
    uint64_t key = wl_str_hash(signal->user, (uint64_t)signal->kind + 1);

    if (signal->kind == WL_SIGNAL_INTENT) {
        key = wl_str_hash(wl_alert_signal_reason(signal), key);
    }
    WL_TRY(WL_GROW(alerts->alloc, alerts->tracks, alerts->tracks_capacity, alerts->n_tracks + 1,
                   error));
    uint64_t *place = wl_map64_at(&alerts->track_of, key, NULL);
    if (place == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a customer's levels");
    }
    if (*place == 0) {
        alerts->tracks[alerts->n_tracks] = (struct track){.level = 0.0};
        *place = ++alerts->n_tracks;
    }
    *track = &alerts->tracks[*place - 1];
    return WL_OK;
}

static wl_status find_mood(struct wl_alerts *alerts, struct customer *customer, struct mood **mood,
                           wl_error *error)
{
    if (customer->i_mood == NO_MOOD) {
        WL_TRY(WL_GROW(alerts->alloc, alerts->moods, alerts->moods_capacity, alerts->n_moods + 1,
                       error));
        alerts->moods[alerts->n_moods].n = 0;
        customer->i_mood = (uint32_t)alerts->n_moods++;
    }
    *mood = &alerts->moods[customer->i_mood];
    return WL_OK;
}

/* ---- from a signal to a verdict ---- */

/* What a signal amounts to: made beside the state and put in its place only when nothing can fail
 * any more. */
struct verdict {
    struct track track; /* as it will be */
    struct mood mood;   /* likewise; of sentiments */
    double level;       /* in the units of wl_alert_levels */
    double chance;      /* NaN: no test was made */
    double observed;
    double baseline;
    int quiet; /* enum wl_alert_quiet, or WL_QUIET_COUNT: it raises an alert */
};

static bool has_name(const char *const *names, size_t n_names, struct wl_str name)
{
    for (size_t i = 0; i < n_names; i++) {
        if (wl_str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

static void judge_mood(const struct wl_alert_options *options, const struct wl_alert_signal *signal,
                       struct verdict *verdict)
{
    struct mood *mood = &verdict->mood;
    double values[WL_FALL_VALUES_MAX];

    if (mood->n == WL_FALL_VALUES_MAX) {
        memmove(mood->values, mood->values + 1, (--mood->n) * sizeof(*mood->values));
    }
    mood->values[mood->n++] = (float)signal->level;
    for (size_t i = 0; i < mood->n; i++) {
        values[i] = (double)mood->values[i];
    }
    verdict->level = wl_fall_cusum(values, mood->n, &verdict->baseline);
    verdict->observed = signal->level;
    if ((int64_t)mood->n < options->n_fall_texts) {
        verdict->quiet = WL_QUIET_FEW;
    } else if (verdict->level >= options->levels[WL_SIGNAL_SENTIMENT].raise) {
        verdict->chance = wl_fall_p(values, mood->n, wl_str_hash(signal->user, mood->n));
        verdict->quiet = verdict->chance <= options->fall_p ? WL_QUIET_COUNT : WL_QUIET_CHANCE;
    }
}

// What was said loses weight with time; without this nobody could ever be warned of it twice.
static void fade(const struct wl_alert_options *options, const struct wl_alert_signal *signal,
                 int64_t now_us, struct track *track)
{
    if (signal->kind == WL_SIGNAL_INTENT && options->half_life_us > 0) {
        double n_half_lives = (double)(now_us - track->level_us) / (double)options->half_life_us;
        double left = track->level * exp2(-n_half_lives);
        track->is_up = track->is_up && left > options->levels[signal->kind].clear;
    }
}

/* ---- alerts ---- */

/* A signal on its way in: what it belongs to, and what it amounts to. */
struct arrival {
    const struct wl_alert_signal *signal;
    int64_t now_us;
    struct customer *customer;
    struct track *track;
    struct mood *mood;   /* NULL unless a sentiment */
    uint64_t *raised_at; /* of this customer and reason; see to_mark */
    struct verdict verdict;
};

// Times as values of a map whose empty value is 0.
static uint64_t to_mark(int64_t time_us)
{
    return (uint64_t)time_us ^ (UINT64_C(1) << 63);
}

static bool is_cooling(const struct wl_alerts *alerts, const struct arrival *arrival)
{
    int64_t last_us = (int64_t)(*arrival->raised_at ^ (UINT64_C(1) << 63));
    return *arrival->raised_at != 0 && arrival->now_us - last_us < alerts->options.cooldown_us;
}

static void judge(const struct wl_alerts *alerts, struct arrival *arrival)
{
    const struct wl_alert_options *options = &alerts->options;
    const struct wl_alert_signal *signal = arrival->signal;
    const struct wl_alert_levels *levels = &options->levels[signal->kind];
    struct verdict *verdict = &arrival->verdict;

    *verdict = (struct verdict){.track = *arrival->track,
                                .level = signal->level,
                                .chance = (double)NAN,
                                .observed = signal->observed,
                                .baseline = signal->baseline,
                                .quiet = WL_QUIET_LEVEL};
    if (signal->is_unsure) { // neither raises nor clears anything
        verdict->quiet = WL_QUIET_UNSURE;
        return;
    }
    if (signal->kind == WL_SIGNAL_INTENT &&
        !has_name(options->intents, options->n_intents, wl_alert_signal_reason(signal))) {
        verdict->quiet = WL_QUIET_INTENT;
        return;
    }
    if (signal->kind == WL_SIGNAL_SENTIMENT) {
        verdict->mood = *arrival->mood;
        judge_mood(options, signal, verdict);
    } else if (verdict->level >= levels->raise) {
        verdict->quiet = WL_QUIET_COUNT;
    }
    fade(options, signal, arrival->now_us, &verdict->track);
    verdict->track.level = verdict->level;
    verdict->track.level_us = arrival->now_us;
    verdict->track.is_up = verdict->track.is_up && verdict->level > levels->clear;
    if (verdict->quiet == WL_QUIET_COUNT && verdict->track.is_up) {
        verdict->quiet = WL_QUIET_HELD;
    } else if (verdict->quiet == WL_QUIET_COUNT && is_cooling(alerts, arrival)) {
        verdict->quiet = WL_QUIET_COOLDOWN;
    }
    verdict->track.is_up = verdict->track.is_up || verdict->quiet == WL_QUIET_COUNT;
}

static struct wl_str keep(struct wl_arena *arena, struct wl_str text, bool *ok)
{
    const char *copy = text.n_bytes > 0 ? wl_arena_string(arena, text) : "";
    *ok = *ok && copy != NULL;
    return (struct wl_str){.data = copy, .n_bytes = copy != NULL ? text.n_bytes : 0};
}

static struct wl_alert_evidence *make_evidence(struct wl_alerts *alerts,
                                               const struct arrival *arrival, wl_error *error)
{
    const struct wl_alert_signal *signal = arrival->signal;
    struct wl_alert_evidence *made = wl_arena_zeroed(&alerts->arena, 1, sizeof(*made));
    bool ok = made != NULL;

    if (ok) {
        *made = (struct wl_alert_evidence){
            .time_us = signal->time_us,
            .trace = signal->trace,
            .kind = signal->kind,
            .source = signal->source,
            .reason = keep(&alerts->arena, wl_alert_signal_reason(signal), &ok),
            .level = arrival->verdict.level,
            .raise = alerts->options.levels[signal->kind].raise,
            .chance = arrival->verdict.chance,
            .observed = arrival->verdict.observed,
            .baseline = arrival->verdict.baseline,
            .text = keep(&alerts->arena, signal->text, &ok)};
    }
    if (!ok) {
        (void)wl_fail(error, WL_ENOMEM, "no memory for an alert");
        return NULL;
    }
    return made;
}

// One signal alone: leaving said aloud is critical, a drop in activity a notice, the rest between.
static int severity_of(const struct wl_alert_options *options, const struct wl_alert_signal *signal)
{
    if (signal->kind == WL_SIGNAL_INTENT &&
        (signal->source == WL_SIGNAL_STATED ||
         has_name(options->critical, options->n_critical, wl_alert_signal_reason(signal)))) {
        return WL_ALERT_CRITICAL;
    }
    return signal->kind == WL_SIGNAL_ACTIVITY ? WL_ALERT_NOTICE : WL_ALERT_WARNING;
}

static uint32_t team_of(const struct wl_alert_options *options, struct wl_str reason)
{
    uint32_t other = 0;

    for (uint32_t i = 0; i < options->n_teams; i++) {
        if (has_name(options->teams[i].reasons, options->teams[i].n_reasons, reason)) {
            return i;
        }
        other = options->teams[i].n_reasons == 0 ? i : other;
    }
    return other;
}

// The chance to leave that the alert goes by: the score, and for leaving said aloud at least what
// the reader of the text is sure of.
static void weigh(struct wl_alert *alert, const struct arrival *arrival, bool is_critical)
{
    double p = arrival->customer->p_churn;

    if (is_critical && arrival->signal->kind == WL_SIGNAL_INTENT) {
        p = isnan(p) ? arrival->signal->level : fmax(p, arrival->signal->level);
    }
    if (isnan(alert->p_churn) || p > alert->p_churn) {
        alert->p_churn = p;
    }
    alert->value = arrival->customer->value;
    alert->at_risk =
        (isnan(alert->p_churn) ? 0.0 : alert->p_churn) * (isnan(alert->value) ? 1.0 : alert->value);
    alert->is_degraded = alert->is_degraded || arrival->signal->is_degraded || isnan(p);
}

static bool has_source(const struct wl_alert *alert, int source)
{
    const struct wl_alert_evidence *item = alert->evidence;
    while (item != NULL && item->source != source) {
        item = item->next;
    }
    return item != NULL;
}

static void add_evidence(struct wl_alert *alert, struct wl_alert_evidence *made)
{
    struct wl_alert_evidence **link = &alert->evidence;

    alert->n_signals++;
    if (alert->n_evidence == WL_ALERT_EVIDENCE_MAX) {
        return;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = made;
    alert->n_evidence++;
}

// Put a changed or new alert in line while it waits.
static wl_status line_up(struct wl_alerts *alerts, uint32_t i_alert, wl_error *error)
{
    const struct wl_alert *alert = &alerts->alerts[i_alert];

    if (alert->state != WL_ALERT_WAITING) {
        return WL_OK;
    }
    return wl_alert_line_add(&alerts->lines[alert->team], alerts->alloc, alerts->alerts, i_alert,
                             error);
}

static wl_status merge(struct wl_alerts *alerts, const struct arrival *arrival, wl_error *error)
{
    const struct wl_alert_signal *signal = arrival->signal;
    struct wl_alert *alert = &alerts->alerts[arrival->customer->i_alert];
    struct wl_alert before = *alert;
    int severity = severity_of(&alerts->options, signal);
    struct wl_alert_evidence *made = make_evidence(alerts, arrival, error);

    if (made == NULL) {
        return WL_ENOMEM;
    }
    // Words and behaviour that agree weigh more than either; score and activity are one behaviour.
    if (!has_source(alert, signal->source) && alert->severity < WL_ALERT_CRITICAL) {
        alert->severity++;
    }
    alert->severity = severity > alert->severity ? severity : alert->severity;
    weigh(alert, arrival, severity == WL_ALERT_CRITICAL);
    wl_status status = line_up(alerts, arrival->customer->i_alert, error);
    if (status != WL_OK) {
        *alert = before;
        return status;
    }
    add_evidence(alert, made);
    if (signal->source < alert->source) {
        alert->source = signal->source;
        alert->reason = made->reason;
    }
    alerts->counts.n_merged++;
    return WL_OK;
}

static wl_status raise(struct wl_alerts *alerts, const struct arrival *arrival, wl_error *error)
{
    const struct wl_alert_signal *signal = arrival->signal;
    struct wl_alert *alert = &alerts->alerts[alerts->n_alerts];
    struct wl_alert_evidence *made = make_evidence(alerts, arrival, error);
    int severity = severity_of(&alerts->options, signal);
    bool ok = made != NULL;

    if (!ok) {
        return WL_ENOMEM;
    }
    if (alerts->n_alerts >= WL_ALERTS_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %zu alerts", (size_t)WL_ALERTS_MAX);
    }
    *alert = (struct wl_alert){
        .id = wl_str_hash(made->reason, wl_str_hash(signal->user, (uint64_t)arrival->now_us)),
        .user = keep(&alerts->arena, signal->user, &ok),
        .reason = made->reason,
        .source = signal->source,
        .severity = severity,
        .state = WL_ALERT_WAITING,
        .team = team_of(&alerts->options, made->reason),
        .raised_us = arrival->now_us,
        .opened_us = WL_TIME_NONE,
        .acknowledged_us = WL_TIME_NONE,
        .closed_us = WL_TIME_NONE,
        .p_churn = (double)NAN};
    weigh(alert, arrival, severity == WL_ALERT_CRITICAL);
    add_evidence(alert, made);
    uint64_t *place = wl_map64_at(&alerts->alert_of, alert->id, NULL);
    if (!ok || place == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an alert");
    }
    WL_TRY(line_up(alerts, (uint32_t)alerts->n_alerts, error));
    arrival->customer->i_alert = (uint32_t)alerts->n_alerts;
    *place = ++alerts->n_alerts;
    alerts->counts.n_raised++;
    alerts->counts.n_by_state[WL_ALERT_WAITING]++;
    alerts->n_waiting++;
    return WL_OK;
}

static bool joins(const struct wl_alerts *alerts, const struct arrival *arrival)
{
    if (arrival->customer->i_alert == NO_ALERT) {
        return false;
    }
    const struct wl_alert *last = &alerts->alerts[arrival->customer->i_alert];
    return last->state <= WL_ALERT_ACKNOWLEDGED &&
           arrival->now_us - last->raised_us <= alerts->options.merge_us;
}

// Who says that they leave does not wait for the next round, if the team has capacity left. The
// line decides: another critical alert may be worth more.
static void open_critical(struct wl_alerts *alerts, uint32_t i_alert)
{
    const struct wl_alert *alert = &alerts->alerts[i_alert];

    if (alert->severity == WL_ALERT_CRITICAL && alert->state == WL_ALERT_WAITING) {
        dispatch_team(alerts, alert->team, true, alerts->clock_us);
    }
}

/* ---- a signal comes in ---- */

// All memory a signal may need but that of an alert; what is found here was there or is empty.
static wl_status find_places(struct wl_alerts *alerts, struct arrival *arrival, uint64_t **seen,
                             wl_error *error)
{
    const struct wl_alert_signal *signal = arrival->signal;
    struct wl_str reason = wl_alert_signal_reason(signal);
    uint64_t user_key = wl_str_hash(signal->user, 0);
    uint64_t trace = signal->trace != 0 ? signal->trace : (uint64_t)signal->time_us;
    uint64_t signal_key = wl_str_hash(reason, user_key ^ (trace + (uint64_t)signal->kind));
    uint32_t i_user = 0;

    WL_TRY(WL_GROW(alerts->alloc, alerts->alerts, alerts->alerts_capacity, alerts->n_alerts + 1,
                   error));
    WL_TRY(find_customer(alerts, signal->user, &i_user, error));
    arrival->customer = &alerts->customers[i_user];
    WL_TRY(find_track(alerts, signal, &arrival->track, error));
    if (signal->kind == WL_SIGNAL_SENTIMENT) {
        WL_TRY(find_mood(alerts, arrival->customer, &arrival->mood, error));
    }
    arrival->raised_at = wl_map64_at(&alerts->raised_at, wl_str_hash(reason, user_key), NULL);
    *seen = wl_map64_at(&alerts->seen, signal_key, NULL);
    if (arrival->raised_at == NULL || *seen == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a signal");
    }
    return WL_OK;
}

static void learn_facts(struct customer *customer, const struct wl_alert_signal *signal)
{
    double p = signal->kind == WL_SIGNAL_CHURN ? signal->level : signal->p_churn;

    customer->p_churn = isnan(p) ? customer->p_churn : p;
    customer->value = isnan(signal->value) ? customer->value : signal->value;
}

wl_status wl_alerts_take(struct wl_alerts *alerts, const struct wl_alert_signal *signal,
                         wl_error *error)
{
    struct arrival arrival = {.signal = signal, .now_us = signal->time_us};
    bool is_late = signal->time_us < alerts->clock_us;
    uint64_t *seen = NULL;

    if (is_late) {
        arrival.now_us = alerts->clock_us;
    }
    WL_TRY(wl_alerts_advance(alerts, arrival.now_us, error));
    WL_TRY(find_places(alerts, &arrival, &seen, error));
    if (*seen != 0) {
        alerts->counts.n_signals++;
        alerts->counts.n_quiet[WL_QUIET_DUPLICATE]++;
        return WL_OK;
    }
    judge(alerts, &arrival);
    struct customer before = *arrival.customer;
    learn_facts(arrival.customer, signal);
    if (arrival.verdict.quiet == WL_QUIET_COUNT) {
        bool is_merged = joins(alerts, &arrival);
        wl_status status =
            is_merged ? merge(alerts, &arrival, error) : raise(alerts, &arrival, error);
        if (status != WL_OK) {
            *arrival.customer = before;
            return status;
        }
        *arrival.raised_at = to_mark(arrival.now_us);
        open_critical(alerts, arrival.customer->i_alert);
    } else {
        alerts->counts.n_quiet[arrival.verdict.quiet]++;
    }
    *seen = 1;
    *arrival.track = arrival.verdict.track;
    if (arrival.mood != NULL && arrival.verdict.quiet != WL_QUIET_UNSURE) {
        *arrival.mood = arrival.verdict.mood;
    }
    alerts->counts.n_signals++;
    alerts->counts.n_late += is_late;
    return WL_OK;
}

int wl_alert_compare(const struct wl_alert *a, const struct wl_alert *b)
{
    if (a->severity != b->severity) {
        return b->severity - a->severity;
    }
    if (a->at_risk > b->at_risk || a->at_risk < b->at_risk) {
        return a->at_risk > b->at_risk ? -1 : 1;
    }
    if (a->raised_us != b->raised_us) {
        return a->raised_us < b->raised_us ? -1 : 1;
    }
    return wl_str_compare(a->user, b->user);
}

bool wl_alert_is_live(const struct wl_alert *alert)
{
    return alert->state <= WL_ALERT_ACKNOWLEDGED;
}
