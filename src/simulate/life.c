/* Days become events: sessions get hours, events get seconds inside them, and every event gets the
 * second clock, the moment the company learns of it. Most arrive within seconds; some devices send
 * hours later in one batch, a few sessions wait for days, and now and then a line is sent twice.
 *
 * What would arrive after the last day is left out: the files are what the company has then. */
#include "simulate/life.h"

#include "base/clock.h"

#include <math.h>

#define EVENT_STREAM    UINT64_C(0x6c6f6700000000)   /* "log" */
#define CAMPAIGN_STREAM UINT64_C(0x63616d7000000000) /* "camp" */
#define SESSIONS_MAX    24                           /* of one day that get hours of their own */
#define DUPLICATE_SHARE 0.006
#define DAYS_LATE_SHARE 0.004 /* of sessions that wait for days */
#define ANY_FEATURE     (WL_SIM_NO_DETAIL - 1)

struct session {
    int64_t start_us;
    int64_t flush_us; /* when a device without a network sends; 0: at once */
};

// Everything the functions below hand around for one customer.
struct life {
    const struct wl_world *world;
    struct wl_sim_log *log;
    struct wl_sim_truth *truth;
    const struct wl_sim_traits *traits;
    struct wl_sim_state state;
    struct wl_rng rng; /* of the events; restarted every day */
    size_t i_user;
    uint32_t serial;
    int64_t end_us;
    int64_t day_us; /* 00:00 of the current day */
    struct session sessions[SESSIONS_MAX];
    size_t n_sessions;
};

size_t wl_sim_weeks(const struct wl_world *world)
{
    return (size_t)((world->n_days + 6) / 7);
}

double wl_sim_propensity(enum wl_sim_action action)
{
    return action == WL_SIM_NO_ACTION ? 0.4 : 0.15;
}

void wl_sim_log_release(struct wl_sim_log *log)
{
    if (log->alloc != NULL) {
        wl_alloc_free(log->alloc, log->events);
        wl_alloc_free(log->alloc, log->texts);
    }
    *log = (struct wl_sim_log){0};
}

static int64_t seconds_us(double seconds)
{
    return (int64_t)(seconds * 1000.0) * 1000; // whole milliseconds, as devices report them
}

static wl_status append(struct wl_sim_log *log, const struct wl_sim_event *event, wl_error *error)
{
    WL_TRY(WL_GROW(log->alloc, log->events, log->events_capacity, log->n_events + 1, error));
    log->events[log->n_events++] = *event;
    return WL_OK;
}

// Give an event its second clock and its serial, and append it, sometimes twice.
static wl_status add(struct life *life, struct wl_sim_event event, int64_t flush_us,
                     wl_error *error)
{
    double delay_s = 0.2 + 1.6 * wl_rng_exponential(&life->rng);
    bool is_twice = wl_rng_unit(&life->rng) < DUPLICATE_SHARE;
    double again_s = 20.0 + 3600.0 * wl_rng_exponential(&life->rng);

    event.user = (uint32_t)life->i_user;
    event.serial = life->serial++;
    event.received_us = event.event_us + seconds_us(delay_s);
    if (flush_us > event.received_us) {
        event.received_us = flush_us + seconds_us(delay_s);
    }
    if (event.received_us >= life->end_us) {
        return WL_OK;
    }
    WL_TRY(append(life->log, &event, error));
    life->log->n_late += event.received_us - event.event_us > WL_HOUR_US;
    event.received_us += seconds_us(again_s);
    if (is_twice && event.received_us < life->end_us) {
        WL_TRY(append(life->log, &event, error));
        life->log->n_duplicates++;
    }
    return WL_OK;
}

static struct wl_sim_event event_of(enum wl_sim_kind kind, int64_t event_us)
{
    return (struct wl_sim_event){.event_us = event_us,
                                 .value_e2 = WL_SIM_NO_VALUE,
                                 .text = WL_SIM_NO_TEXT,
                                 .kind = (uint8_t)kind,
                                 .category = WL_SIM_NO_DETAIL,
                                 .feature = WL_SIM_NO_DETAIL,
                                 .detail = WL_SIM_NO_DETAIL};
}

// An event the company's own servers write: known at once.
static wl_status add_server_event(struct life *life, enum wl_sim_kind kind, double hour,
                                  double value, uint8_t detail, wl_error *error)
{
    struct wl_sim_event event = event_of(kind, life->day_us + seconds_us(3600.0 * hour));

    if (isfinite(value)) {
        event.value_e2 = (int32_t)lround(100.0 * value);
    }
    event.detail = detail;
    return add(life, event, 0, error);
}

static void plan_sessions(struct life *life, const struct wl_sim_day *today)
{
    struct wl_rng *rng = &life->rng;

    life->n_sessions = today->n_sessions < SESSIONS_MAX ? today->n_sessions : SESSIONS_MAX;
    for (size_t i = 0; i < life->n_sessions; i++) {
        struct session *session = &life->sessions[i];
        double hour = life->traits->hour_peak + 3.2 * wl_rng_normal(rng);
        double luck = wl_rng_unit(rng);
        double wait = wl_rng_unit(rng);

        hour -= 22.5 * floor(hour / 22.5); // a session ends on the day it began
        session->start_us = life->day_us + seconds_us(3600.0 * hour);
        session->flush_us = 0;
        if (luck < DAYS_LATE_SHARE) {
            session->flush_us = session->start_us + seconds_us(86400.0 * (1.0 + 4.0 * wait));
        } else if (life->traits->is_offline_device && luck < 0.35) {
            session->flush_us = session->start_us + seconds_us(3600.0 * (1.0 + 10.0 * wait));
        }
    }
}

static uint8_t draw_category(struct life *life)
{
    double luck = wl_rng_unit(&life->rng);
    if (luck < 0.75) {
        return life->traits->tastes[luck < 0.5 ? 0 : 1];
    }
    return (uint8_t)wl_rng_below(&life->rng, WL_SIM_CATEGORIES);
}

static double draw_value(struct life *life, enum wl_sim_kind kind, const struct wl_sim_day *today)
{
    struct wl_rng *rng = &life->rng;

    switch ((int)kind) {
    case WL_SIM_VIDEO_PLAYED: return fmax(0.3, today->minutes * exp(0.6 * wl_rng_normal(rng)));
    case WL_SIM_ERROR_SHOWN: return 2.0 + 9.0 * wl_rng_exponential(rng);
    case WL_SIM_AD_SHOWN: return 15.0 * (1.0 + (double)wl_rng_below(rng, 4));
    case WL_SIM_ORDER_COMPLETED: return 3.0 + 9.0 * wl_rng_exponential(rng);
    default: return (double)NAN;
    }
}

// Events of one kind, spread over the sessions of the day.
static wl_status add_items(struct life *life, const struct wl_sim_day *today, enum wl_sim_kind kind,
                           uint32_t n_items, bool has_category, uint8_t feature, wl_error *error)
{
    for (uint32_t i = 0; i < n_items && life->n_sessions > 0; i++) {
        const struct session *session = &life->sessions[i % life->n_sessions];
        double offset_s = 2.0 + 2700.0 * wl_rng_unit(&life->rng);
        struct wl_sim_event event = event_of(kind, session->start_us + seconds_us(offset_s));
        double value = draw_value(life, kind, today);

        if (isfinite(value)) {
            event.value_e2 = (int32_t)lround(100.0 * fmin(value, 1e6));
        }
        if (has_category) {
            event.category = draw_category(life);
        }
        event.feature = feature;
        if (feature == ANY_FEATURE) {
            event.feature = (uint8_t)wl_rng_below(&life->rng, WL_SIM_FEATURES - 1);
        }
        WL_TRY(add(life, event, session->flush_us, error));
    }
    return WL_OK;
}

static wl_status add_sessions(struct life *life, const struct wl_sim_day *today, wl_error *error)
{
    const uint8_t none = WL_SIM_NO_DETAIL;
    const uint8_t any = ANY_FEATURE;
    const uint8_t plan_page = WL_SIM_FEATURES - 1; // nobody watches a film there: never drawn

    for (size_t i = 0; i < life->n_sessions; i++) {
        const struct session *session = &life->sessions[i];
        WL_TRY(add(life, event_of(WL_SIM_SIGNED_IN, session->start_us), session->flush_us, error));
    }
    WL_TRY(add_items(life, today, WL_SIM_VIDEO_PLAYED, today->n_plays, true, any, error));
    WL_TRY(add_items(life, today, WL_SIM_AD_SHOWN, today->n_ads, false, none, error));
    WL_TRY(add_items(life, today, WL_SIM_ERROR_SHOWN, today->n_stalls, false, none, error));
    WL_TRY(add_items(life, today, WL_SIM_PRODUCTS_SEARCHED, today->n_searches, true, none, error));
    WL_TRY(add_items(life, today, WL_SIM_CONTENT_VIEWED, today->n_content_views, true, any, error));
    WL_TRY(add_items(life, today, WL_SIM_CONTENT_VIEWED, today->n_plan_views, false, plan_page,
                     error));
    WL_TRY(add_items(life, today, WL_SIM_COMMENT_POSTED, today->n_comments, true, none, error));
    WL_TRY(add_items(life, today, WL_SIM_CONTENT_SHARED, today->n_shares, true, none, error));
    return add_items(life, today, WL_SIM_ORDER_COMPLETED, today->n_orders, true, none, error);
}

// What somebody writes about, and how, follows from how they feel.
static void draw_matter(struct life *life, struct wl_sim_text *text)
{
    enum wl_sim_cause cause = wl_sim_main_cause(&life->state);
    double luck = wl_rng_unit(&life->rng);

    if (text->channel == WL_SIM_CANCEL || life->state.is_resolved) {
        text->tone = WL_SIM_TONE_LEAVING;
        text->topic = (uint8_t)cause; // no cause is WL_SIM_TOPIC_OTHER
        return;
    }
    if (cause != WL_SIM_NO_CAUSE && luck < 0.8) {
        text->tone = WL_SIM_TONE_ANNOYED;
        text->topic = (uint8_t)cause;
        return;
    }
    text->tone = WL_SIM_TONE_CALM;
    if (text->channel == WL_SIM_TICKET) {
        text->topic = WL_SIM_TOPIC_QUESTION;
    } else {
        text->topic = luck < 0.45 ? WL_SIM_TOPIC_PRAISE
                                  : (luck < 0.65 ? WL_SIM_TOPIC_QUESTION : WL_SIM_TOPIC_NEUTRAL);
    }
}

static double draw_rating(struct life *life, const struct wl_sim_text *text)
{
    double luck = wl_rng_unit(&life->rng);
    switch ((enum wl_sim_tone)text->tone) {
    case WL_SIM_TONE_LEAVING: return luck < 0.75 ? 1.0 : 2.0;
    case WL_SIM_TONE_ANNOYED: return luck < 0.3 ? 1.0 : (luck < 0.75 ? 2.0 : 3.0);
    case WL_SIM_TONE_CALM: break;
    }
    return text->topic == WL_SIM_TOPIC_PRAISE ? (luck < 0.7 ? 5.0 : 4.0) : (luck < 0.6 ? 4.0 : 3.0);
}

static wl_status add_words(struct life *life, enum wl_sim_text_channel channel, wl_error *error)
{
    static const enum wl_sim_kind kinds[] = {WL_SIM_TICKET_CREATED, WL_SIM_FEEDBACK_SUBMITTED,
                                             WL_SIM_CANCEL_REASON_GIVEN};
    double hour = channel == WL_SIM_CANCEL ? 23.4 : 1.0 + 21.0 * wl_rng_unit(&life->rng);
    struct wl_sim_event event = event_of(kinds[channel], life->day_us + seconds_us(3600.0 * hour));
    struct wl_sim_text text = {.seed = wl_rng_u64(&life->rng),
                               .text_us = event.event_us,
                               .user = (uint32_t)life->i_user,
                               .channel = (uint8_t)channel,
                               .is_zh = life->traits->is_zh};
    struct wl_sim_log *log = life->log;

    draw_matter(life, &text);
    if (channel == WL_SIM_FEEDBACK) {
        event.value_e2 = (int32_t)lround(100.0 * draw_rating(life, &text));
    }
    if (channel == WL_SIM_CANCEL) {
        event.detail = text.topic; // what is ticked in the list, sometimes carelessly
        if (wl_rng_unit(&life->rng) < 0.12) {
            event.detail = (uint8_t)wl_rng_below(&life->rng, WL_SIM_CAUSE_COUNT + 1);
        }
    }
    text.received_us = text.text_us + seconds_us(2.0);
    if (text.received_us < life->end_us) {
        WL_TRY(WL_GROW(log->alloc, log->texts, log->texts_capacity, log->n_texts + 1, error));
        event.text = (uint32_t)log->n_texts;
        log->texts[log->n_texts++] = text;
    }
    return add(life, event, 0, error);
}

static wl_status add_billing(struct life *life, const struct wl_sim_day *today, wl_error *error)
{
    double hour = 1.0 + 2.0 * wl_rng_unit(&life->rng);

    if (today->is_renewed) {
        return add_server_event(life, WL_SIM_SUBSCRIPTION_RENEWED, hour, today->price,
                                WL_SIM_NO_DETAIL, error);
    }
    if (today->is_payment_failed) {
        return add_server_event(life, WL_SIM_PAYMENT_FAILED, hour, today->price, WL_SIM_NO_DETAIL,
                                error);
    }
    return WL_OK;
}

static wl_status add_signup(struct life *life, wl_error *error)
{
    static const double price[WL_SIM_PLAN_COUNT] = {0.0, 15.0, 30.0};

    WL_TRY(add_server_event(life, WL_SIM_SIGNED_UP, 0.2, (double)NAN, WL_SIM_NO_DETAIL, error));
    if (life->traits->plan == WL_SIM_FREE) {
        return WL_OK;
    }
    return add_server_event(life, WL_SIM_SUBSCRIPTION_STARTED, 0.3, price[life->traits->plan],
                            WL_SIM_NO_DETAIL, error);
}

// Note the potential outcomes, and for the randomised slice draw, log and apply an action.
static wl_status run_campaign(struct life *life, int32_t day, wl_error *error)
{
    struct wl_sim_truth *truth = life->truth;
    struct wl_rng rng;

    truth->has_potential = true;
    truth->potential = wl_sim_potential_run(life->world, life->traits, &life->state, life->i_user);
    wl_rng_init(&rng, (uint64_t)life->world->seed, CAMPAIGN_STREAM + (uint64_t)life->i_user);
    if (wl_rng_unit(&rng) >= life->world->share_campaign) {
        return WL_OK;
    }
    double luck = wl_rng_unit(&rng);
    enum wl_sim_action action = WL_SIM_NO_ACTION;
    for (double sum = wl_sim_propensity(action); luck >= sum && action < WL_SIM_VIP_SUPPORT;
         sum += wl_sim_propensity(action)) {
        action++;
    }
    truth->is_in_campaign = true;
    truth->action = action;
    wl_sim_act(life->traits, &life->state, action, day);
    return add_server_event(life, WL_SIM_OFFER_DECIDED, 0.5, (double)NAN, (uint8_t)action, error);
}

static wl_status leave(struct life *life, int32_t day, wl_error *error)
{
    struct wl_sim_truth *truth = life->truth;
    bool is_subscriber = life->traits->plan != WL_SIM_FREE;

    truth->leave_day = day;
    truth->reason = wl_sim_main_cause(&life->state);
    truth->leave = WL_SIM_SILENT;
    if (life->state.n_failed >= 3) {
        truth->leave = WL_SIM_INVOLUNTARY;
        return add_server_event(life, WL_SIM_SUBSCRIPTION_CANCELLED, 23.3, (double)NAN,
                                WL_SIM_PAYMENT, error);
    }
    if (!is_subscriber || wl_rng_unit(&life->rng) >= 0.7) {
        return WL_OK;
    }
    truth->leave = WL_SIM_CANCELS;
    WL_TRY(add_server_event(life, WL_SIM_SUBSCRIPTION_CANCELLED, 23.3, (double)NAN,
                            WL_SIM_NO_DETAIL, error));
    return wl_rng_unit(&life->rng) < 0.6 ? add_words(life, WL_SIM_CANCEL, error) : WL_OK;
}

static wl_status live_day(struct life *life, int32_t day, float *hazards, wl_error *error)
{
    struct wl_sim_day today;

    life->day_us = life->world->start_us + day * WL_DAY_US;
    wl_rng_init(&life->rng, (uint64_t)life->world->seed,
                EVENT_STREAM + (uint64_t)life->i_user * WL_SIM_DAYS_MAX + (uint64_t)day);
    if (day == life->traits->signup_day) {
        WL_TRY(add_signup(life, error));
    }
    if (day == wl_sim_campaign_day(life->world)) {
        WL_TRY(run_campaign(life, day, error));
    }
    today = wl_sim_day_run(life->world, life->traits, &life->state, life->i_user, day);
    plan_sessions(life, &today);
    WL_TRY(add_sessions(life, &today, error));
    WL_TRY(add_billing(life, &today, error));
    for (uint32_t i = 0; i < today.n_feedbacks; i++) {
        WL_TRY(add_words(life, WL_SIM_FEEDBACK, error));
    }
    for (uint32_t i = 0; i < today.n_tickets; i++) {
        WL_TRY(add_words(life, WL_SIM_TICKET, error));
    }
    if (day % 7 == 0 || isnan(hazards[day / 7])) {
        hazards[day / 7] = (float)today.hazard;
    }
    return today.luck_leave < today.hazard ? leave(life, day, error) : WL_OK;
}

wl_status wl_sim_life_run(const struct wl_world *world, size_t i_user, struct wl_sim_log *log,
                          struct wl_sim_truth *truth, float *hazards, wl_error *error)
{
    struct life life = {.world = world, .log = log, .truth = truth, .i_user = i_user};

    *truth = (struct wl_sim_truth){.traits = wl_sim_traits_draw(world, i_user),
                                   .reason = WL_SIM_NO_CAUSE};
    life.traits = &truth->traits;
    life.end_us = world->start_us + world->n_days * WL_DAY_US;
    for (size_t i = 0; i < wl_sim_weeks(world); i++) {
        hazards[i] = NAN;
    }
    int32_t first = life.traits->signup_day > 0 ? life.traits->signup_day : 0;
    for (int32_t day = first; day < (int32_t)world->n_days && truth->leave == WL_SIM_STAYS; day++) {
        WL_TRY(live_day(&life, day, hazards, error));
    }
    return WL_OK;
}
