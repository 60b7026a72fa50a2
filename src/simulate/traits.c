/* Who a customer is. Attributes come first and pull weakly on the latent type (coupon hunters are
 * more often price-sensitive, small cities stall more), so attributes help a model, but only a
 * little; the rest shows in behaviour alone. */
#include "simulate/world.h"

#include <math.h>

// Shares of the latent types before attributes pull on them.
static const double type_share[WL_SIM_TYPE_COUNT] = {0.17, 0.12, 0.16, 0.16,
                                                     0.15, 0.13, 0.06, 0.05};

// The cause a type suffers from most.
static const enum wl_sim_cause type_cause[WL_SIM_TYPE_COUNT] = {
    WL_SIM_NO_CAUSE, WL_SIM_NO_CAUSE, WL_SIM_PRICE,   WL_SIM_ADS,
    WL_SIM_STALL,    WL_SIM_CONTENT,  WL_SIM_PAYMENT, WL_SIM_NO_CAUSE};

static size_t pick(struct wl_rng *rng, const double *weights, size_t n_weights)
{
    double sum = 0.0;
    for (size_t i = 0; i < n_weights; i++) {
        sum += weights[i];
    }
    double left = wl_rng_unit(rng) * sum;
    for (size_t i = 0; i + 1 < n_weights; i++) {
        left -= weights[i];
        if (left < 0.0) {
            return i;
        }
    }
    return n_weights - 1;
}

static double log_normal(struct wl_rng *rng, double median, double sigma)
{
    return median * exp(sigma * wl_rng_normal(rng));
}

static void draw_attributes(struct wl_rng *rng, const struct wl_world *world,
                            struct wl_sim_traits *traits)
{
    static const double device[WL_SIM_DEVICES] = {0.3, 0.45, 0.15, 0.1};
    static const double city[5] = {0.2, 0.25, 0.22, 0.18, 0.15};
    static const double age[WL_SIM_AGE_BANDS] = {0.24, 0.33, 0.22, 0.13, 0.08};
    static const double channel[WL_SIM_CHANNELS] = {0.34, 0.26, 0.14, 0.12, 0.14};
    static const double plan[WL_SIM_PLAN_COUNT] = {0.4, 0.35, 0.25};

    traits->is_zh = wl_rng_unit(rng) < world->share_zh;
    traits->device = (uint8_t)pick(rng, device, WL_SIM_DEVICES);
    traits->city_tier = (uint8_t)(1 + pick(rng, city, 5));
    traits->age_band = (uint8_t)pick(rng, age, WL_SIM_AGE_BANDS);
    traits->channel = (uint8_t)pick(rng, channel, WL_SIM_CHANNELS);
    traits->plan = (enum wl_sim_plan)pick(rng, plan, WL_SIM_PLAN_COUNT);
    traits->tastes[0] = (uint8_t)wl_rng_below(rng, WL_SIM_CATEGORIES);
    traits->tastes[1] = (uint8_t)wl_rng_below(rng, WL_SIM_CATEGORIES);
    traits->is_offline_device = wl_rng_unit(rng) < (traits->device == 3 ? 0.02 : 0.09);
}

static void draw_type(struct wl_rng *rng, struct wl_sim_traits *traits)
{
    double weights[WL_SIM_TYPE_COUNT];

    for (size_t i = 0; i < WL_SIM_TYPE_COUNT; i++) {
        weights[i] = type_share[i];
    }
    weights[WL_SIM_PRICE_SENSITIVE] *= traits->channel == 4 ? 2.2 : 0.85;
    weights[WL_SIM_STALL_SUFFERER] *= 0.6 + 0.14 * (double)traits->city_tier;
    weights[WL_SIM_ADS_ANNOYED] *= traits->age_band <= 1 ? 1.2 : 0.8;
    traits->type = (enum wl_sim_type)pick(rng, weights, WL_SIM_TYPE_COUNT);
    if (traits->type == WL_SIM_ADS_ANNOYED && traits->plan == WL_SIM_PREMIUM) {
        traits->plan = WL_SIM_BASIC; // premium shows no ads
    }
    if ((traits->type == WL_SIM_PRICE_SENSITIVE || traits->type == WL_SIM_PAYMENT_TROUBLE) &&
        traits->plan == WL_SIM_FREE) {
        traits->plan = WL_SIM_BASIC; // who pays nothing has no trouble with paying
    }
}

static void draw_life(struct wl_rng *rng, const struct wl_world *world,
                      struct wl_sim_traits *traits)
{
    double spread = traits->type == WL_SIM_CASUAL ? 0.62 : 1.0;

    // Three in four were customers before the first day, the others join along the way.
    if (wl_rng_unit(rng) < 0.75) {
        traits->signup_day = -1 - (int32_t)(220.0 * wl_rng_exponential(rng));
    } else {
        traits->signup_day = (int32_t)wl_rng_below(rng, (uint64_t)world->n_days * 5 / 6);
    }
    int32_t phase = (int32_t)wl_rng_below(rng, 30);
    traits->billing_day = traits->signup_day >= 0 ? traits->signup_day + 30 : phase;
    traits->is_vip = traits->plan == WL_SIM_PREMIUM && traits->signup_day < -120;
    // No slower than a session in four days: else two weeks without one would say nothing.
    traits->pace = fmax(0.26, spread * log_normal(rng, 0.56, 0.36));
    traits->weekend = log_normal(rng, 1.25, 0.15);
    traits->hour_peak = 12.0 + 1.5 * wl_rng_normal(rng); // 20:00 in China
    traits->talk = log_normal(rng, 1.0, 0.5);
    if (traits->type == WL_SIM_SEASONAL) {
        traits->season_days = 24.0 + 16.0 * wl_rng_unit(rng);
        traits->season_phase = wl_rng_unit(rng);
    }
}

static void draw_episodes(struct wl_rng *rng, const struct wl_world *world,
                          struct wl_sim_traits *traits)
{
    // Days between two episodes of a cause: short for the cause a type suffers from.
    for (size_t c = 0; c < WL_SIM_CAUSE_COUNT; c++) {
        bool is_own = type_cause[traits->type] == (enum wl_sim_cause)c;
        double gap_days = (is_own ? 0.2 : 5.0) * (double)world->n_days;
        double first = wl_rng_exponential(rng) * gap_days - 20.0;
        double n_days = log_normal(rng, is_own ? 50.0 : 22.0, 0.45);
        double strength = log_normal(rng, is_own ? 1.0 : 0.75, 0.25);
        bool happens = first < (double)world->n_days;
        struct wl_sim_episode *episode = &traits->episodes[c];

        episode->first_day = happens ? (int32_t)floor(first) : 0;
        episode->end_day = happens ? (int32_t)floor(first + n_days) : 0;
        episode->strength = strength;
    }
}

static void draw_feelings(struct wl_rng *rng, struct wl_sim_traits *traits)
{
    static const double calm[WL_SIM_TYPE_COUNT] = {0.5, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8};
    static const double contact[WL_SIM_TYPE_COUNT] = {-0.05, 1.4, 0.0, 0.45, 0.1, 0.05, 0.0, 1.5};
    static const double base[WL_SIM_TYPE_COUNT] = {6e-5,   3e-4,   1.5e-4, 1.5e-4,
                                                   1.5e-4, 1.5e-4, 1.5e-4, 2e-4};
    // Who comes rarely meets a cause rarely: weigh each meeting more, so that paces are comparable.
    double rarity = pow(0.56 / traits->pace, 0.7);

    for (size_t c = 0; c < WL_SIM_CAUSE_COUNT; c++) {
        bool is_own = type_cause[traits->type] == (enum wl_sim_cause)c;
        traits->sensitivity[c] =
            log_normal(rng, is_own ? 0.33 : 0.16 * calm[traits->type], 0.3) * rarity;
    }
    traits->base_hazard = base[traits->type];
    traits->contact_load = contact[traits->type];
    traits->threshold = log_normal(rng, traits->type == WL_SIM_LOYAL ? 2.6 : 2.0, 0.12);
}

static void draw_service(struct wl_rng *rng, struct wl_sim_traits *traits)
{
    static const double ads[WL_SIM_PLAN_COUNT] = {0.6, 0.3, 0.0};

    traits->ad_load = ads[traits->plan] * log_normal(rng, 1.0, 0.25);
    traits->stall_rate = (0.02 + 0.012 * (double)traits->city_tier) *
                         (traits->device == 1 ? 1.3 : 1.0) * log_normal(rng, 1.0, 0.3);
}

struct wl_sim_traits wl_sim_traits_draw(const struct wl_world *world, size_t i_user)
{
    struct wl_sim_traits traits = {0};
    struct wl_rng rng;

    wl_rng_init(&rng, (uint64_t)world->seed, (uint64_t)i_user);
    draw_attributes(&rng, world, &traits);
    draw_type(&rng, &traits);
    draw_life(&rng, world, &traits);
    draw_episodes(&rng, world, &traits);
    draw_feelings(&rng, &traits);
    draw_service(&rng, &traits);
    return traits;
}
