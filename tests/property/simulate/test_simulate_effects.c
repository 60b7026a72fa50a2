/* Goal:   the planted effects are there, differ by latent type as the README says, and the world's
 *         churn has the stated size.
 * Method: live some thousand customers in memory and compare their potential outcomes. The
 *         same luck must give the same outcome under the same action: so the life that was lived
 *         must equal the potential outcome of its action, customer by customer. */
#include "check.h"

#include "base/clock.h"
#include "simulate/life.h"

#define N_USERS 6000

static struct wl_sim_truth truths[N_USERS];
static struct wl_world world;
static size_t n_events;
static size_t n_texts[2]; /* by stayers, by churners */

static void setup(void)
{
    struct wl_sim_log log = {.alloc = wl_alloc_default()};
    float hazards[32];

    world = wl_world_default();
    world.seed = (int64_t)check_seed();
    for (size_t i = 0; i < N_USERS; i++) {
        size_t n_before = log.n_texts;
        CHECK_INT(wl_sim_life_run(&world, i, &log, &truths[i], hazards, NULL), WL_OK);
        n_texts[truths[i].leave != WL_SIM_STAYS] += log.n_texts - n_before;
        n_events += log.n_events;
        log.n_events = 0;
    }
    wl_sim_log_release(&log);
}

// Mean change of the chance to leave that an action makes among a type's customers.
static double effect(enum wl_sim_type type, enum wl_sim_action action)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < N_USERS; i++) {
        if (truths[i].has_potential && truths[i].traits.type == type) {
            const double *p_leave = truths[i].potential.p_leave;
            sum += p_leave[action] - p_leave[WL_SIM_NO_ACTION];
            n++;
        }
    }
    CHECK(n > 50);
    return sum / (double)n;
}

static void test_actions_help_whom_they_should(void)
{
    static const struct {
        enum wl_sim_type type;
        enum wl_sim_action action;
        double low;
        double high;
    } cases[] = {
        {WL_SIM_PRICE_SENSITIVE, WL_SIM_COUPON, -1.0, -0.05},
        {WL_SIM_ADS_ANNOYED, WL_SIM_FEWER_ADS, -1.0, -0.05},
        {WL_SIM_CONTENT_STARVED, WL_SIM_CONTENT_PACK, -1.0, -0.05},
        {WL_SIM_STALL_SUFFERER, WL_SIM_VIP_SUPPORT, -1.0, -0.05},
        {WL_SIM_CASUAL, WL_SIM_COUPON, 0.0002, 0.1},               // do not disturb
        {WL_SIM_SEASONAL, WL_SIM_COUPON, 0.0002, 0.1},             // do not disturb
        {WL_SIM_ADS_ANNOYED, WL_SIM_COUPON, 0.005, 0.2},           // one more thing that pops up
        {WL_SIM_LOYAL, WL_SIM_COUPON, -0.01, 0.001},               // money for nothing
        {WL_SIM_CONTENT_STARVED, WL_SIM_VIP_SUPPORT, -0.02, 0.02}, // the wrong remedy
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double got = effect(cases[i].type, cases[i].action);
        fprintf(stderr, "%s, %s: %+.4f\n", wl_sim_type_key(cases[i].type),
                wl_sim_action_key(cases[i].action), got);
        CHECK(got > cases[i].low && got < cases[i].high);
    }
}

static void test_same_luck_same_outcome(void)
{
    size_t n_same = 0;

    for (size_t i = 0; i < N_USERS; i++) {
        const struct wl_sim_truth *truth = &truths[i];
        if (!truth->has_potential) {
            continue;
        }
        // Who was not in the campaign lives the life of "no action", day for day.
        int32_t end = wl_sim_campaign_day(&world) + WL_SIM_HORIZON_DAYS;
        bool has_left = truth->leave != WL_SIM_STAYS && truth->leave_day < end;
        enum wl_sim_action lived = truth->is_in_campaign ? truth->action : WL_SIM_NO_ACTION;
        CHECK_INT(truth->potential.leaves[lived], has_left);
        n_same++;
    }
    CHECK(n_same > N_USERS / 2);
}

static void test_the_size_of_churn(void)
{
    double user_days = 0.0;
    double n_left = 0.0;
    double n_early = 0.0;
    double n_users_early = 0.0;

    for (size_t i = 0; i < N_USERS; i++) {
        const struct wl_sim_truth *truth = &truths[i];
        bool has_left = truth->leave != WL_SIM_STAYS;
        int32_t first = truth->traits.signup_day > 0 ? truth->traits.signup_day : 0;
        user_days += (double)((has_left ? truth->leave_day + 1 : (int32_t)world.n_days) - first);
        n_left += has_left;
        n_users_early += first < 30;
        n_early += first < 30 && has_left && truth->leave_day < 30;
    }
    double monthly = 30.0 * n_left / user_days;
    fprintf(stderr, "monthly churn %.4f, first 30 days %.4f, events per customer %.1f\n", monthly,
            n_early / n_users_early, (double)n_events / N_USERS);
    CHECK(monthly > 0.076 && monthly < 0.12); // 8 to 12 %, and four standard errors
    CHECK(n_events > 75 * (size_t)N_USERS && n_events < 125 * (size_t)N_USERS);
    fprintf(stderr, "texts per customer: %.3f by stayers, %.3f by churners\n",
            (double)n_texts[0] / N_USERS, (double)n_texts[1] / N_USERS);
    CHECK(n_texts[0] * 20 > N_USERS * 7); // at least 7,000 and 3,000 of 20,000 customers
    CHECK(n_texts[1] * 20 > N_USERS * 3);
}

static void test_campaign_is_random(void)
{
    size_t n[WL_SIM_ACTION_COUNT] = {0};
    double n_campaign = 0.0;
    double n_alive = 0.0;

    for (size_t i = 0; i < N_USERS; i++) {
        n_alive += truths[i].has_potential;
        n_campaign += truths[i].is_in_campaign;
        n[truths[i].action] += truths[i].is_in_campaign;
    }
    CHECK(fabs(n_campaign / n_alive - 0.05) < 0.012); // 4 standard errors of 5,000 draws
    for (size_t a = 0; a < WL_SIM_ACTION_COUNT; a++) {
        double p = wl_sim_propensity((enum wl_sim_action)a);
        double error = 4.0 * sqrt(p * (1.0 - p) / n_campaign);
        CHECK(fabs((double)n[a] / n_campaign - p) < error);
    }
}

int main(void)
{
    setup();
    RUN(test_actions_help_whom_they_should);
    RUN(test_same_luck_same_outcome);
    RUN(test_the_size_of_churn);
    RUN(test_campaign_is_random);
    return check_report();
}
