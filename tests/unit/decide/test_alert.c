/* Goal:   signals become alerts by the rules of alert.h: levels with hysteresis, cool-down,
 *         merging, severity, capacity, expiry, acknowledgement; and every signal is counted once.
 * Method: short scripts of signals, one rule each, with the expected counts; the counts are
 *         reconciled after each script. */
#include "check.h"

#include "decide/alert.h"
#include "decide/alert_options.h"

#define DAY0 (INT64_C(20000) * WL_DAY_US) // a midnight in 2024

struct script {
    struct wl_alert_options options;
    struct wl_alerts *alerts;
    uint64_t trace;
};

static void start(struct script *script)
{
    wl_alert_options_default(NULL, 0, &script->options);
    script->alerts = NULL;
    script->trace = 0;
}

static void say(struct script *script, const char *user, double hours, int kind, const char *reason,
                double level)
{
    struct wl_alert_signal signal = {.user = wl_str_from(user),
                                     .time_us = DAY0 + (int64_t)(hours * 3600e6),
                                     .trace = ++script->trace,
                                     .kind = kind,
                                     .source = kind <= WL_SIGNAL_SENTIMENT ? WL_SIGNAL_TEXT
                                                                           : WL_SIGNAL_BEHAVIOUR,
                                     .reason = wl_str_from(reason),
                                     .level = level,
                                     .p_churn = (double)NAN,
                                     .value = (double)NAN,
                                     .observed = (double)NAN,
                                     .baseline = (double)NAN};
    if (script->alerts == NULL) {
        CHECK_INT(wl_alerts_new(wl_alloc_default(), &script->options, &script->alerts, NULL),
                  WL_OK);
    }
    CHECK_INT(wl_alerts_take(script->alerts, &signal, NULL), WL_OK);
}

static void intent(struct script *script, const char *user, double hours, const char *reason,
                   double p)
{
    say(script, user, hours, WL_SIGNAL_INTENT, reason, p);
}

static void churn(struct script *script, const char *user, double hours, double p)
{
    say(script, user, hours, WL_SIGNAL_CHURN, "", p);
}

static void wait_until(struct script *script, double hours)
{
    CHECK_INT(wl_alerts_advance(script->alerts, DAY0 + (int64_t)(hours * 3600e6), NULL), WL_OK);
}

static const struct wl_alert_counts *counts(const struct script *script)
{
    return wl_alerts_counts(script->alerts);
}

static size_t in_state(const struct script *script, enum wl_alert_state state)
{
    return counts(script)->n_by_state[state];
}

static void finish(struct script *script)
{
    const struct wl_alert_counts *c = counts(script);
    size_t n_signals = c->n_raised + c->n_merged;
    size_t n_alerts = 0;

    for (size_t i = 0; i < WL_QUIET_COUNT; i++) {
        n_signals += c->n_quiet[i];
    }
    for (size_t i = 0; i < WL_ALERT_STATE_COUNT; i++) {
        n_alerts += c->n_by_state[i];
    }
    CHECK_INT(n_signals, c->n_signals);
    CHECK_INT(n_alerts, c->n_raised);
    CHECK_INT(n_alerts, wl_alerts_count(script->alerts));
    wl_alerts_free(script->alerts);
}

static void test_an_oscillating_score_fires_once(void)
{
    struct script script;

    start(&script);
    for (int i = 0; i < 240; i++) { // 0.9 raises, 0.7 clears; swings between 0.88 and 0.92
        churn(&script, "u", i * 12.0, i % 2 == 0 ? 0.92 : 0.88);
    }
    CHECK_INT(counts(&script)->n_raised, 1);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_HELD], 119);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_LEVEL], 120);
    finish(&script);
}

static void test_clear_level_comes_before_a_second_alert(void)
{
    struct script script;

    start(&script);
    churn(&script, "u", 0, 0.95);
    churn(&script, "u", 24.0 * 10, 0.71); // not low enough, and the cool-down is long over
    churn(&script, "u", 24.0 * 20, 0.95);
    CHECK_INT(counts(&script)->n_raised, 1);
    churn(&script, "u", 24.0 * 21, 0.70);
    churn(&script, "u", 24.0 * 22, 0.95);
    CHECK_INT(counts(&script)->n_raised, 2);
    finish(&script);
}

static void test_cooldown_is_kept_and_then_the_alert_comes(void)
{
    struct script script;

    start(&script);
    churn(&script, "u", 0, 0.95);
    churn(&script, "u", 24, 0.10);
    churn(&script, "u", 48, 0.95); // a new rise, within seven days
    CHECK_INT(counts(&script)->n_raised, 1);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_COOLDOWN], 1);
    churn(&script, "u", 24.0 * 7 - 0.001, 0.95);
    CHECK_INT(counts(&script)->n_raised, 1);
    churn(&script, "u", 24.0 * 7, 0.95); // still up when the time is over: not lost
    CHECK_INT(counts(&script)->n_raised, 2);
    churn(&script, "v", 24.0 * 7, 0.95); // another customer has a time of their own
    CHECK_INT(counts(&script)->n_raised, 3);
    finish(&script);
}

static void test_what_was_said_fades(void)
{
    struct script script;

    start(&script);
    intent(&script, "u", 0, "cancel", 0.9);
    intent(&script, "u", 24.0 * 8, "cancel", 0.9);  // 0.9 has faded to 0.41: still up
    intent(&script, "u", 24.0 * 30, "cancel", 0.9); // said anew after three weeks
    CHECK_INT(counts(&script)->n_raised, 2);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_HELD], 1);
    finish(&script);
}

static void test_signals_of_a_day_are_one_alert(void)
{
    struct script script;

    start(&script);
    churn(&script, "u", 0, 0.95);
    CHECK_INT(wl_alerts_get(script.alerts, 0)->severity, WL_ALERT_WARNING);
    intent(&script, "u", 5, "complaint", 0.8);
    say(&script, "u", 6, WL_SIGNAL_ACTIVITY, "", 4.5);
    intent(&script, "u", 7, "cancel", 0.99);
    CHECK_INT(counts(&script)->n_raised, 1);
    CHECK_INT(counts(&script)->n_merged, 3);
    const struct wl_alert *alert = wl_alerts_get(script.alerts, 0);
    CHECK_INT(alert->severity, WL_ALERT_CRITICAL);
    CHECK_INT(alert->source, WL_SIGNAL_TEXT);
    CHECK_VIEW(alert->reason, "complaint"); // text before behaviour; the first of its weight
    CHECK_INT(alert->n_signals, 4);
    CHECK_INT(alert->n_evidence, 4);
    CHECK_CLOSE(alert->p_churn, 0.99, 1e-12);
    intent(&script, "u", 25, "refund", 0.8); // a day later: another alert
    CHECK_INT(counts(&script)->n_raised, 2);
    finish(&script);
}

static void test_stated_reasons_go_first(void)
{
    struct script script;
    struct wl_alert_signal stated = {.user = WL_STR("u"),
                                     .time_us = DAY0 + WL_HOUR_US,
                                     .trace = 77,
                                     .kind = WL_SIGNAL_INTENT,
                                     .source = WL_SIGNAL_STATED,
                                     .reason = WL_STR("cancel"),
                                     .level = 1.0,
                                     .p_churn = 0.5,
                                     .value = 200.0,
                                     .observed = (double)NAN,
                                     .baseline = (double)NAN,
                                     .text = WL_STR("too many ads, goodbye")};

    start(&script);
    intent(&script, "u", 0, "complaint", 0.8);
    CHECK_INT(wl_alerts_take(script.alerts, &stated, NULL), WL_OK);
    const struct wl_alert *alert = wl_alerts_get(script.alerts, 0);
    CHECK_VIEW(alert->reason, "cancel");
    CHECK_INT(alert->source, WL_SIGNAL_STATED);
    CHECK_CLOSE(alert->at_risk, 200.0, 1e-12);
    CHECK_VIEW(alert->evidence->next->text, "too many ads, goodbye");
    CHECK_INT(wl_alerts_take(script.alerts, &stated, NULL), WL_OK); // the same message again
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_DUPLICATE], 1);
    finish(&script);
}

static void test_quiet_signals_say_why(void)
{
    struct script script;
    struct wl_alert_signal unsure = {.user = WL_STR("u"),
                                     .time_us = DAY0 + 3 * WL_HOUR_US,
                                     .trace = 99,
                                     .kind = WL_SIGNAL_INTENT,
                                     .reason = WL_STR("cancel"),
                                     .level = 0.99,
                                     .is_unsure = true};

    start(&script);
    intent(&script, "u", 0, "how_to", 0.99);
    intent(&script, "u", 1, "cancel", 0.59);
    CHECK_INT(wl_alerts_take(script.alerts, &unsure, NULL), WL_OK);
    CHECK_INT(counts(&script)->n_raised, 0);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_INTENT], 1);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_LEVEL], 1);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_UNSURE], 1);
    finish(&script);
}

static void test_a_mood_falls_against_its_own_past(void)
{
    static const double cheerful[] = {0.8, 0.7, 0.9, 0.8, 0.75, 0.85, -0.8, -0.7, -0.9};
    static const double grumbler[] = {-0.8, -0.7, -0.9, -0.8, -0.75, -0.85, -0.8, -0.7, -0.9};
    static const double brief[] = {0.8, -0.9, -0.9};
    struct script script;

    start(&script);
    for (size_t i = 0; i < COUNT(cheerful); i++) {
        say(&script, "cheerful", (double)i, WL_SIGNAL_SENTIMENT, "", cheerful[i]);
    }
    CHECK_INT(counts(&script)->n_raised, 1);
    const struct wl_alert *alert = wl_alerts_get(script.alerts, 0);
    CHECK_VIEW(alert->reason, "sentiment_down");
    CHECK(alert->evidence->chance <= 0.02);
    CHECK(alert->evidence->baseline > 0.5);
    for (size_t i = 0; i < COUNT(grumbler); i++) {
        say(&script, "grumbler", 10.0 + (double)i, WL_SIGNAL_SENTIMENT, "", grumbler[i]);
    }
    for (size_t i = 0; i < COUNT(brief); i++) {
        say(&script, "brief", 20.0 + (double)i, WL_SIGNAL_SENTIMENT, "", brief[i]);
    }
    CHECK_INT(counts(&script)->n_raised, 1);
    CHECK_INT(counts(&script)->n_quiet[WL_QUIET_FEW], 5 + 5 + 3);
    finish(&script);
}

static void test_capacity_goes_by_value_and_what_waits_expires(void)
{
    struct script script;
    char user[16];

    start(&script);
    script.options.teams[0].capacity = 3;
    script.options.reserve_percent = 0.0;
    for (int i = 0; i < 10; i++) {
        snprintf(user, sizeof(user), "u%d", i);
        churn(&script, user, 0.1, 0.90 + 0.01 * i);
    }
    CHECK_INT(in_state(&script, WL_ALERT_WAITING), 10); // given out at the full hour
    wait_until(&script, 1);
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 3);
    for (size_t i = 0; i < 10; i++) {
        const struct wl_alert *alert = wl_alerts_get(script.alerts, i);
        CHECK_INT(alert->state, i >= 7 ? WL_ALERT_OPEN : WL_ALERT_WAITING); // the three highest
    }
    wait_until(&script, 23.9);
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 3);
    wait_until(&script, 71.9); // three each on the second and the third day
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 9);
    wait_until(&script, 72.1); // wait: 72h, and the fourth day's round comes at 72:00
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 10);
    wait_until(&script, 24.0 * 15);
    CHECK_INT(in_state(&script, WL_ALERT_EXPIRED), 10); // life: 14d, nobody resolved them
    CHECK_INT(counts(&script)->n_expired_waiting, 0);
    finish(&script);
}

static void test_no_capacity_expires_visibly(void)
{
    struct script script;

    start(&script);
    script.options.teams[0].capacity = 0;
    churn(&script, "u", 0.5, 0.95);
    wait_until(&script, 72.4);
    CHECK_INT(in_state(&script, WL_ALERT_WAITING), 1);
    wait_until(&script, 72.5);
    CHECK_INT(in_state(&script, WL_ALERT_EXPIRED), 1);
    CHECK_INT(counts(&script)->n_expired_waiting, 1);
    CHECK_INT(wl_alerts_get(script.alerts, 0)->closed_us,
              DAY0 + 5 * WL_HOUR_US / 10 + 3 * WL_DAY_US);
    finish(&script);
}

static void test_critical_alerts_open_at_once_from_the_reserve(void)
{
    struct script script;
    char user[16];

    start(&script);
    script.options.teams[0].capacity = 10;
    script.options.reserve_percent = 20.0;
    for (int i = 0; i < 20; i++) {
        snprintf(user, sizeof(user), "u%d", i);
        churn(&script, user, 0.1, 0.95);
    }
    wait_until(&script, 2);
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 8);
    intent(&script, "a", 3.3, "cancel", 0.9);
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 9);
    const struct wl_alert *alert = wl_alerts_get(script.alerts, 20);
    CHECK_INT(alert->opened_us, alert->raised_us);
    intent(&script, "b", 4, "cancel", 0.9);
    intent(&script, "c", 5, "cancel", 0.9);
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 10); // and no more today
    wait_until(&script, 25);
    CHECK_INT(in_state(&script, WL_ALERT_OPEN), 18 + 1); // eight more, and c from the reserve
    finish(&script);
}

static void test_teams_take_their_reasons(void)
{
    struct script script;

    start(&script);
    script.options.n_teams = 2;
    script.options.teams[1] = (struct wl_alert_team){
        .name = "billing", .capacity = 1, .reasons = {"refund"}, .n_reasons = 1};
    intent(&script, "u", 0, "refund", 0.9);
    intent(&script, "v", 0, "complaint", 0.9);
    CHECK_INT(wl_alerts_get(script.alerts, 0)->team, 1);
    CHECK_INT(wl_alerts_get(script.alerts, 1)->team, 0);
    finish(&script);
}

static void test_people_acknowledge_and_resolve(void)
{
    struct script script;

    start(&script);
    intent(&script, "u", 0, "cancel", 0.9);
    uint64_t id = wl_alerts_get(script.alerts, 0)->id;
    CHECK_INT(wl_alerts_act(script.alerts, id, WL_ALERT_ACKNOWLEDGE, DAY0 + WL_HOUR_US, NULL),
              WL_OK);
    CHECK_INT(in_state(&script, WL_ALERT_ACKNOWLEDGED), 1);
    CHECK_INT(wl_alerts_act(script.alerts, id, WL_ALERT_RESOLVE, DAY0 + 2 * WL_HOUR_US, NULL),
              WL_OK);
    CHECK_INT(in_state(&script, WL_ALERT_RESOLVED), 1);
    CHECK_INT(wl_alerts_get(script.alerts, 0)->closed_us, DAY0 + 2 * WL_HOUR_US);
    CHECK_INT(wl_alerts_act(script.alerts, id, WL_ALERT_RESOLVE, DAY0 + 3 * WL_HOUR_US, NULL),
              WL_OK);
    CHECK_INT(wl_alerts_act(script.alerts, 12345, WL_ALERT_RESOLVE, DAY0 + 3 * WL_HOUR_US, NULL),
              WL_OK);
    CHECK_INT(counts(&script)->n_orphans, 2);
    intent(&script, "u", 4, "complaint", 0.9); // a resolved alert takes nothing in any more
    CHECK_INT(counts(&script)->n_raised, 2);
    finish(&script);
}

static void test_wrong_sections_are_refused(void)
{
    static const struct {
        const char *yaml;
        const char *message;
    } wrong[] = {
        {"intnet: {}",
         "line 1, column 1: alerts: no key \"intnet\" here (did you mean \"intent\"?)"},
        {"churn: {raise: 0.5, clear: 0.6}",
         "line 1, column 1: alerts.churn: clear 0.6 must lie below raise 0.5"},
        {"intent: {raise: 2}",
         "line 1, column 10: alerts.intent.raise: 2 is not between 0.01 and 1"},
        {"dispatch: 5s", "line 1, column 1: alerts.dispatch: wants 1m to 24h"},
        {"wait: 30d", "line 1, column 1: alerts.wait must not be longer than alerts.life"},
        {"teams: []", "line 1, column 1: alerts.teams: wants a list of 1 to 16 teams"},
        {"teams: [{name: a, capacity: 1, reasons: [x]}]",
         "line 1, column 1: alerts.teams: one team must have no reasons, to take all others"},
        {"teams: [{name: a, capacity: 1}, {name: b, capacity: 1}]",
         "line 1, column 34: alerts.teams: a and b both take all other reasons"},
        {"teams: [{name: a, capacity: 1}, {name: a, capacity: 1, reasons: [x]}]",
         "line 1, column 34: alerts.teams: two teams are called a"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        struct wl_alert_options options;
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_yaml_parse(&arena, wl_str_from(wrong[i].yaml), &root, &error), WL_OK);
        CHECK_INT(wl_alert_options_read(&arena, root, NULL, 0, &options, &error), WL_ECONFIG);
        CHECK_STR(error.message, wrong[i].message);
        wl_arena_release(&arena);
    }
}

static void test_a_section_is_read(void)
{
    const char *yaml = "cooldown: 3d\nintent: {names: [quit], raise: 0.7}\nteams:\n"
                       "  - {name: money, capacity: 5, reasons: [refund, payment]}\n"
                       "  - {name: rest, capacity: 9}\n";
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_alert_options options;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(yaml), &root, NULL), WL_OK);
    CHECK_INT(wl_alert_options_read(&arena, root, NULL, 0, &options, NULL), WL_OK);
    CHECK_INT(options.cooldown_us, 3 * WL_DAY_US);
    CHECK_INT(options.n_intents, 1);
    CHECK_STR(options.intents[0], "quit");
    CHECK_CLOSE(options.levels[WL_SIGNAL_INTENT].raise, 0.7, 1e-12);
    CHECK_CLOSE(options.levels[WL_SIGNAL_INTENT].clear, 0.3, 1e-12);
    CHECK_CLOSE(options.levels[WL_SIGNAL_CHURN].raise, 0.9, 1e-12);
    CHECK_INT(options.n_teams, 2);
    CHECK_STR(options.teams[0].reasons[1], "payment");
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_an_oscillating_score_fires_once);
    RUN(test_clear_level_comes_before_a_second_alert);
    RUN(test_cooldown_is_kept_and_then_the_alert_comes);
    RUN(test_what_was_said_fades);
    RUN(test_signals_of_a_day_are_one_alert);
    RUN(test_stated_reasons_go_first);
    RUN(test_quiet_signals_say_why);
    RUN(test_a_mood_falls_against_its_own_past);
    RUN(test_capacity_goes_by_value_and_what_waits_expires);
    RUN(test_no_capacity_expires_visibly);
    RUN(test_critical_alerts_open_at_once_from_the_reserve);
    RUN(test_teams_take_their_reasons);
    RUN(test_people_acknowledge_and_resolve);
    RUN(test_wrong_sections_are_refused);
    RUN(test_a_section_is_read);
    return check_report();
}
