/* How one day follows from the day before.
 *
 *     ads, stalls, thin catalogue, prices, failed payments       (what happens to the customer)
 *        -> load per cause, building up and fading               (hidden)
 *        -> fewer and shorter sessions; tickets and feedback     (what a company can see)
 *        -> the decision to leave, a logistic curve in the sum   (hidden; texts change their tone)
 *        -> leaving, some days later
 *
 * Every number a model could learn from is a consequence of the hidden loads or of luck; nothing in
 * the visible data is made from the outcome. Actions change exposures and loads, never the outcome
 * directly, so their effects differ by customer for the same reason as in life. */
#include "simulate/world.h"

#include "base/clock.h"

#include <math.h>

#define RESOLVE_MAX    0.065 /* daily chance to decide when thoroughly fed up */
#define RESOLVE_WIDTH  0.2   /* of the logistic curve, in units of dissatisfaction */
#define HAZARD_FED_UP  0.004 /* daily chance to leave in a temper */
#define HAZARD_DECIDED 0.17  /* daily chance to leave once decided: six days on average */
#define CALM_BELOW     0.8   /* a decision is dropped this far below the threshold */
#define ACTION_DAYS    30    /* how long an action works */
#define DAY_STREAM     UINT64_C(0x64617900000000) /* "day": apart from the streams of the traits */

static double share_below(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static bool is_acting(const struct wl_sim_state *state, enum wl_sim_action action, int32_t day)
{
    return state->action == action && day >= state->action_day &&
           day < state->action_day + ACTION_DAYS;
}

// How much of a cause is at work today: 0 outside an episode.
static double exposure(const struct wl_sim_traits *traits, const struct wl_sim_state *state,
                       enum wl_sim_cause cause, int32_t day)
{
    static const enum wl_sim_action remedy[WL_SIM_CAUSE_COUNT] = {
        WL_SIM_FEWER_ADS, WL_SIM_VIP_SUPPORT, WL_SIM_CONTENT_PACK, WL_SIM_COUPON,
        WL_SIM_VIP_SUPPORT};
    const struct wl_sim_episode *episode = &traits->episodes[cause];

    if (day < episode->first_day || day >= episode->end_day) {
        return 0.0;
    }
    return episode->strength * (is_acting(state, remedy[cause], day) ? 0.25 : 1.0);
}

static double season(const struct wl_sim_traits *traits, int32_t day)
{
    if (traits->season_days <= 0.0) {
        return 1.0;
    }
    double turn = 6.283185307179586 * ((double)day / traits->season_days + traits->season_phase);
    return 0.85 + 0.65 * sin(turn);
}

static double weekday(const struct wl_world *world, const struct wl_sim_traits *traits, int32_t day)
{
    int64_t days = world->start_us / WL_DAY_US + day;
    int64_t from_monday = ((days + 3) % 7 + 7) % 7; // 1970-01-01 was a Thursday
    return from_monday >= 5 ? traits->weekend : 0.92;
}

static double dissatisfaction(const struct wl_sim_state *state)
{
    double sum = state->contact;
    for (size_t c = 0; c < WL_SIM_CAUSE_COUNT; c++) {
        sum += state->load[c];
    }
    return sum;
}

// What happens in the sessions of a day, given how many there are.
static void run_sessions(struct wl_rng *rng, const struct wl_sim_traits *traits,
                         const struct wl_sim_state *state, const double *exposed, double fed_up,
                         struct wl_sim_day *today)
{
    double n = (double)today->n_sessions;
    double content = exposed[WL_SIM_CONTENT];
    bool is_spared = state->action == WL_SIM_FEWER_ADS && exposed[WL_SIM_ADS] > 0.0;
    double ads = traits->ad_load * (is_spared ? 0.5 : 1.0) * (1.0 + 1.3 * exposed[WL_SIM_ADS]);

    today->n_plays = today->n_sessions + wl_rng_poisson(rng, 0.15 * n * exp(-0.3 * content));
    today->minutes = 24.0 * exp(-0.1 * fed_up - 0.25 * content + 0.1 * wl_rng_normal(rng));
    today->n_ads = wl_rng_poisson(rng, (double)today->n_plays * ads);
    today->n_stalls = wl_rng_poisson(rng, (double)today->n_plays * traits->stall_rate *
                                              (1.0 + 5.0 * exposed[WL_SIM_STALL]));
    today->n_searches = wl_rng_poisson(rng, n * (0.14 + 0.5 * content));
    today->n_content_views = wl_rng_poisson(rng, 0.2 * n);
    today->n_plan_views = wl_rng_poisson(rng, n * (0.02 + 0.22 * exposed[WL_SIM_PRICE]));
    today->n_comments = wl_rng_poisson(rng, 0.06 * traits->talk * n);
    today->n_shares = wl_rng_poisson(rng, 0.04 * traits->talk * n * exp(-0.5 * fed_up));
    today->n_orders = wl_rng_poisson(rng, 0.018 * n);
}

// Renewal every 30 days; a failed payment is tried again on the next days, three times at most.
static void run_billing(struct wl_rng *rng, const struct wl_sim_traits *traits,
                        struct wl_sim_state *state, const double *exposed, int32_t day,
                        struct wl_sim_day *today)
{
    static const double price[WL_SIM_PLAN_COUNT] = {0.0, 15.0, 30.0};
    double luck = wl_rng_unit(rng);

    if (traits->plan == WL_SIM_FREE || day < traits->billing_day) {
        return;
    }
    if ((day - traits->billing_day) % 30 != 0 && state->n_failed == 0) {
        return;
    }
    double p_fail = 0.02 + 0.6 * fmin(1.0, exposed[WL_SIM_PAYMENT]);
    today->price = price[traits->plan] * (exposed[WL_SIM_PRICE] > 0.0 ? 1.3 : 1.0);
    today->is_payment_failed = luck < p_fail;
    today->is_renewed = !today->is_payment_failed;
    state->n_failed = today->is_renewed ? 0 : state->n_failed + 1;
}

// Loads build up when a cause is met, and fade slowly, faster on days with a visit.
static void run_loads(const struct wl_sim_traits *traits, struct wl_sim_state *state,
                      const double *exposed, const struct wl_sim_day *today)
{
    double keep = today->n_sessions > 0 ? 0.95 : 0.975;
    double met = sqrt((double)today->n_sessions);

    for (size_t c = 0; c < WL_SIM_CAUSE_COUNT; c++) {
        double meets = exposed[c] * met;
        if (c == WL_SIM_ADS && traits->ad_load <= 0.0) {
            meets = 0.0;
        }
        if (c == WL_SIM_PRICE && traits->plan == WL_SIM_FREE) {
            meets = 0.0;
        }
        if (c == WL_SIM_PAYMENT) {
            meets = today->is_payment_failed ? 2.5 : 0.0;
        }
        state->load[c] = keep * state->load[c] + traits->sensitivity[c] * meets;
    }
    state->contact *= 0.96;
}

// Two steps to the door: the decision, then leaving. Luck decides both.
static void run_decision(const struct wl_sim_traits *traits, struct wl_sim_state *state,
                         double luck_resolve, struct wl_sim_day *today)
{
    double over = today->dissatisfaction - traits->threshold;
    double anger = share_below(over / RESOLVE_WIDTH);
    bool is_unpaid = state->n_failed >= 3;

    today->p_resolve = RESOLVE_MAX * anger;
    today->is_calmed = over < -CALM_BELOW;
    today->hazard_before = is_unpaid ? 0.6 : traits->base_hazard + HAZARD_FED_UP * anger;
    today->hazard_after = is_unpaid ? 0.6 : HAZARD_DECIDED;
    if (today->is_calmed) {
        state->is_resolved = false;
    }
    state->is_resolved = state->is_resolved || luck_resolve < today->p_resolve;
    today->hazard = state->is_resolved ? today->hazard_after : today->hazard_before;
}

// Tickets and feedback: few in calm times, more when something is wrong, many once decided.
static void run_words(struct wl_rng *rng, const struct wl_sim_traits *traits,
                      const struct wl_sim_state *state, struct wl_sim_day *today)
{
    double anger = share_below((today->dissatisfaction - 0.8 * traits->threshold) / 0.25);
    double angry = state->is_resolved ? 0.07 : 0.001 * anger;
    // Before they decide, the dissatisfied mostly say nothing.
    double calm = 0.0049 * traits->talk * exp(-1.2 * today->dissatisfaction);

    today->n_feedbacks = wl_rng_poisson(rng, calm + traits->talk * angry);
    today->n_tickets = wl_rng_poisson(rng, 0.6 * calm + traits->talk * angry);
}

struct wl_sim_day wl_sim_day_run(const struct wl_world *world, const struct wl_sim_traits *traits,
                                 struct wl_sim_state *state, size_t i_user, int32_t day)
{
    struct wl_sim_day today = {0};
    struct wl_rng rng;
    double exposed[WL_SIM_CAUSE_COUNT];
    double fed_up = dissatisfaction(state);

    wl_rng_init(&rng, (uint64_t)world->seed,
                DAY_STREAM + (uint64_t)i_user * WL_SIM_DAYS_MAX + (uint64_t)day);
    today.luck_leave = wl_rng_unit(&rng); // first, so that the luck is the same under any action
    double luck_resolve = wl_rng_unit(&rng);
    state->mood = 0.9 * state->mood + 0.08 * wl_rng_normal(&rng);
    for (size_t c = 0; c < WL_SIM_CAUSE_COUNT; c++) {
        exposed[c] = exposure(traits, state, (enum wl_sim_cause)c, day);
    }
    double fresh = exp(-(double)(day - traits->signup_day) / 12.0); // the first weeks are keen
    double rate = traits->pace * weekday(world, traits, day) * season(traits, day) *
                  exp(state->mood - 0.75 * fed_up) * (1.0 + 0.6 * fresh);
    today.n_sessions = wl_rng_poisson(&rng, rate);
    if (today.n_sessions > 0) {
        run_sessions(&rng, traits, state, exposed, fed_up, &today);
    }
    run_billing(&rng, traits, state, exposed, day, &today);
    run_loads(traits, state, exposed, &today);
    today.dissatisfaction = dissatisfaction(state);
    run_decision(traits, state, luck_resolve, &today);
    run_words(&rng, traits, state, &today);
    return today;
}

void wl_sim_act(const struct wl_sim_traits *traits, struct wl_sim_state *state,
                enum wl_sim_action action, int32_t day)
{
    state->action = action;
    state->action_day = day;
    switch (action) {
    case WL_SIM_NO_ACTION: return; // nobody is contacted
    case WL_SIM_COUPON: state->load[WL_SIM_PRICE] *= 0.4; break;
    case WL_SIM_FEWER_ADS: state->load[WL_SIM_ADS] *= 0.5; break;
    case WL_SIM_CONTENT_PACK: state->load[WL_SIM_CONTENT] *= 0.5; break;
    case WL_SIM_VIP_SUPPORT:
        state->load[WL_SIM_STALL] *= 0.5;
        state->load[WL_SIM_PAYMENT] *= 0.4;
        state->n_failed = 0;
        break;
    case WL_SIM_ACTION_COUNT: break;
    }
    bool is_wanted = traits->type == WL_SIM_ADS_ANNOYED && action == WL_SIM_FEWER_ADS;
    state->contact += is_wanted ? 0.0 : traits->contact_load;
}

int32_t wl_sim_campaign_day(const struct wl_world *world)
{
    return (int32_t)(world->n_days / 2);
}

// One life under one action. What happens to the customer does not depend on the decision, so the
// chances of the two states, undecided and decided, can be carried along exactly.
static void run_potential(const struct wl_world *world, const struct wl_sim_traits *traits,
                          struct wl_sim_state life, size_t i_user, int32_t end,
                          enum wl_sim_action action, struct wl_sim_potential *potential)
{
    int32_t first = wl_sim_campaign_day(world);
    double p_before = life.is_resolved ? 0.0 : 1.0;
    double p_after = 1.0 - p_before;

    wl_sim_act(traits, &life, action, first);
    for (int32_t day = first; day < end; day++) {
        struct wl_sim_day today = wl_sim_day_run(world, traits, &life, i_user, day);
        if (today.is_calmed) {
            p_before += p_after;
            p_after = 0.0;
        }
        p_after = (p_after + p_before * today.p_resolve) * (1.0 - today.hazard_after);
        p_before = p_before * (1.0 - today.p_resolve) * (1.0 - today.hazard_before);
        potential->leaves[action] = potential->leaves[action] || today.luck_leave < today.hazard;
    }
    potential->p_leave[action] = 1.0 - p_before - p_after;
}

struct wl_sim_potential wl_sim_potential_run(const struct wl_world *world,
                                             const struct wl_sim_traits *traits,
                                             const struct wl_sim_state *state, size_t i_user)
{
    struct wl_sim_potential potential = {0};
    int32_t first = wl_sim_campaign_day(world);
    int32_t end = first + WL_SIM_HORIZON_DAYS;

    end = end < (int32_t)world->n_days ? end : (int32_t)world->n_days;
    for (size_t a = 0; a < WL_SIM_ACTION_COUNT; a++) {
        run_potential(world, traits, *state, i_user, end, (enum wl_sim_action)a, &potential);
    }
    return potential;
}

enum wl_sim_cause wl_sim_main_cause(const struct wl_sim_state *state)
{
    enum wl_sim_cause cause = WL_SIM_NO_CAUSE;
    double heaviest = 0.3; // below this a load is no reason anybody would name

    for (size_t c = 0; c < WL_SIM_CAUSE_COUNT; c++) {
        if (state->load[c] > heaviest) {
            heaviest = state->load[c];
            cause = (enum wl_sim_cause)c;
        }
    }
    return cause;
}
