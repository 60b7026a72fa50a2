/* The causal world: who a customer is, and how one day follows from the day before.
 *
 * A day depends on traits, state, day number and the day's own random stream, never on what was
 * drawn on earlier days. So the same life can be run again under another action with the same luck:
 * that is what makes the individual effects in the truth file exact. */
#ifndef WL_SIMULATE_WORLD_H
#define WL_SIMULATE_WORLD_H
#include "base/limits.h"
#include "base/rng.h"
#include "simulate/simulate.h"

enum wl_sim_type {
    WL_SIM_LOYAL,
    WL_SIM_CASUAL,
    WL_SIM_PRICE_SENSITIVE,
    WL_SIM_ADS_ANNOYED,
    WL_SIM_STALL_SUFFERER,
    WL_SIM_CONTENT_STARVED,
    WL_SIM_PAYMENT_TROUBLE,
    WL_SIM_SEASONAL,
    WL_SIM_TYPE_COUNT
};

/* What can go wrong for a customer; each has a hidden load that builds up and fades. */
enum wl_sim_cause {
    WL_SIM_ADS,
    WL_SIM_STALL,
    WL_SIM_CONTENT,
    WL_SIM_PRICE,
    WL_SIM_PAYMENT,
    WL_SIM_CAUSE_COUNT,
    WL_SIM_NO_CAUSE = WL_SIM_CAUSE_COUNT
};

enum wl_sim_action {
    WL_SIM_NO_ACTION,
    WL_SIM_COUPON,
    WL_SIM_FEWER_ADS,
    WL_SIM_CONTENT_PACK,
    WL_SIM_VIP_SUPPORT,
    WL_SIM_ACTION_COUNT
};

enum wl_sim_plan { WL_SIM_FREE, WL_SIM_BASIC, WL_SIM_PREMIUM, WL_SIM_PLAN_COUNT };

enum wl_sim_leave {
    WL_SIM_STAYS,
    WL_SIM_SILENT,     /* just stops coming */
    WL_SIM_CANCELS,    /* says so */
    WL_SIM_INVOLUNTARY /* the payment could not be collected */
};

/* A stretch of days on which a cause is at work. */
struct wl_sim_episode {
    int32_t first_day;
    int32_t end_day; /* one behind the last; equal to first_day when there is none */
    double strength;
};

struct wl_sim_traits {
    enum wl_sim_type type;
    enum wl_sim_plan plan;
    bool is_zh;
    bool is_vip;
    bool is_offline_device; /* sends in batches, hours later */
    uint8_t device;         /* indices into the tables of texts behind wl_sim_device_key etc. */
    uint8_t city_tier;      /* 1 (largest cities) .. 5 */
    uint8_t age_band;
    uint8_t channel;
    uint8_t tastes[2];   /* favourite categories */
    int32_t signup_day;  /* negative: before the first day */
    int32_t billing_day; /* first renewal on or after day 0 */
    double pace;         /* sessions per day in a good week */
    double weekend;      /* factor on Saturday and Sunday */
    double hour_peak;    /* UTC hour of most sessions */
    double ad_load;      /* ads per play */
    double stall_rate;   /* stalls per play */
    double base_hazard;  /* daily chance to leave that nothing announces */
    double threshold;    /* dissatisfaction at which leaving becomes likely */
    double contact_load; /* what being contacted without need does */
    double talk;         /* factor on texts */
    double season_days;  /* length of the on-off rhythm; 0 for none */
    double season_phase; /* 0..1 */
    double sensitivity[WL_SIM_CAUSE_COUNT];
    struct wl_sim_episode episodes[WL_SIM_CAUSE_COUNT];
};

struct wl_sim_state {
    double load[WL_SIM_CAUSE_COUNT]; /* hidden dissatisfaction by cause */
    double contact;                  /* annoyance about being contacted */
    double mood;                     /* slow noise in how much somebody feels like watching */
    enum wl_sim_action action;       /* last action received */
    int32_t action_day;
    int32_t n_failed; /* payments failed in a row */
    bool is_resolved; /* has made up their mind to leave */
};

/* What one customer did on one day. */
struct wl_sim_day {
    uint32_t n_sessions;
    uint32_t n_plays;
    uint32_t n_ads;
    uint32_t n_stalls;
    uint32_t n_searches;
    uint32_t n_content_views;
    uint32_t n_plan_views;
    uint32_t n_comments;
    uint32_t n_shares;
    uint32_t n_orders;
    uint32_t n_tickets;
    uint32_t n_feedbacks;
    bool is_renewed;
    bool is_payment_failed;
    double price;   /* of the renewal or the failed payment */
    double minutes; /* mean length of a play */
    double dissatisfaction;
    double p_resolve;     /* chance to make up one's mind on this day, when not done before */
    bool is_calmed;       /* too content to stick to such a decision */
    double hazard_before; /* chance to leave at the end of the day without the decision */
    double hazard_after;  /* and with it */
    double hazard;        /* the one that holds for this customer */
    double luck_leave;    /* leaves when below hazard */
};

/* wl_sim_traits_draw - customer i_user, from their own stream. */
struct wl_sim_traits wl_sim_traits_draw(const struct wl_world *world, size_t i_user);

/* wl_sim_day_run - one day: what happens, and the state it leaves behind. */
struct wl_sim_day wl_sim_day_run(const struct wl_world *world, const struct wl_sim_traits *traits,
                                 struct wl_sim_state *state, size_t i_user, int32_t day);

/* wl_sim_act - the customer receives an action on this day, before wl_sim_day_run. */
void wl_sim_act(const struct wl_sim_traits *traits, struct wl_sim_state *state,
                enum wl_sim_action action, int32_t day);

/* wl_sim_campaign_day - the day in the middle on which the campaign runs. */
int32_t wl_sim_campaign_day(const struct wl_world *world);

#define WL_SIM_HORIZON_DAYS 30 /* over which potential outcomes are judged, or to the end */

/* What would have happened from the campaign day on, under each action, with the same luck. */
struct wl_sim_potential {
    double p_leave[WL_SIM_ACTION_COUNT]; /* given what happens; luck in deciding averaged out */
    bool leaves[WL_SIM_ACTION_COUNT];    /* with this customer's luck */
};

/* wl_sim_potential_run - state is that of the campaign day's morning; it is left alone. */
struct wl_sim_potential wl_sim_potential_run(const struct wl_world *world,
                                             const struct wl_sim_traits *traits,
                                             const struct wl_sim_state *state, size_t i_user);

/* wl_sim_main_cause - the heaviest load, or WL_SIM_NO_CAUSE when none weighs much. */
enum wl_sim_cause wl_sim_main_cause(const struct wl_sim_state *state);

#define WL_SIM_DEVICES    4
#define WL_SIM_AGE_BANDS  5
#define WL_SIM_CHANNELS   5
#define WL_SIM_CATEGORIES 8

/* wl_sim_type_key .. wl_sim_category_key - the words that stand in the files. */
const char *wl_sim_type_key(enum wl_sim_type type);
const char *wl_sim_cause_key(enum wl_sim_cause cause);
const char *wl_sim_action_key(enum wl_sim_action action);
const char *wl_sim_plan_key(enum wl_sim_plan plan);
const char *wl_sim_leave_key(enum wl_sim_leave leave);
const char *wl_sim_device_key(size_t i_device);
const char *wl_sim_age_key(size_t i_age);
const char *wl_sim_channel_key(size_t i_channel);
const char *wl_sim_category_key(size_t i_category);

#endif
