/* Reading `alerts:`. Each kind of signal has its section: each counts in units of its own. */
#include "decide/alert_options.h"

#include "data/schema.h"

#include <string.h>

#define N_FIELDS(list) (sizeof(list) / sizeof((list)[0]))

void wl_alert_options_default(const struct wl_tiers *tiers, int64_t utc_offset_us,
                              struct wl_alert_options *options)
{
    struct wl_tiers fallback;

    if (tiers == NULL) {
        wl_tiers_default(&fallback);
        tiers = &fallback;
    }
    *options = (struct wl_alert_options){
        .levels = {[WL_SIGNAL_INTENT] = {.raise = 0.6, .clear = 0.3},
                   // 4 standard deviations summed up: two texts at least, see math/fall.h
                   [WL_SIGNAL_SENTIMENT] = {.raise = 4.0, .clear = 1.0},
                   [WL_SIGNAL_CHURN] = {.raise = 1.0 - tiers->edges[3] / 100.0,
                                        .clear = 1.0 - tiers->edges[2] / 100.0},
                   // one chance in 316: at most 0.3 alarms a year on customers who do not change
                   [WL_SIGNAL_ACTIVITY] = {.raise = 2.5, .clear = 1.0}},
        .intents = {"cancel", "complaint", "refund"},
        .n_intents = 3,
        .critical = {"cancel"},
        .n_critical = 1,
        .paying = {"Order Completed", "Subscription Renewed"},
        .n_paying = 2,
        .half_life_us = 7 * WL_DAY_US,
        .fall_p = 0.02,
        .n_fall_texts = 6,
        .n_drop_weeks = 6,
        .cooldown_us = 7 * WL_DAY_US,
        .merge_us = WL_DAY_US,
        .lateness_us = 15 * WL_MINUTE_US,
        .dispatch_us = WL_HOUR_US,
        .wait_us = 3 * WL_DAY_US,
        .life_us = 14 * WL_DAY_US,
        .reserve_percent = 20.0,
        .utc_offset_us = utc_offset_us,
        .teams = {{.name = "retention", .capacity = 50}},
        .n_teams = 1};
}

/* The sections of the kinds, before they are read. */
struct section {
    const struct wl_node *intent;
    const struct wl_node *sentiment;
    const struct wl_node *churn;
    const struct wl_node *activity;
    const struct wl_node *teams;
};

struct names {
    struct wl_texts names;
    struct wl_texts critical;
};

static wl_status take_names(const struct wl_node *node, const char *where,
                            const struct wl_texts *texts, const char **names, size_t *n_names,
                            wl_error *error)
{
    if (texts->n_items == 0) {
        return WL_OK; // the default stays
    }
    if (texts->n_items > WL_ALERT_NAMES_MAX) {
        return wl_fail_node(error, node, "%s: %zu names, at most %d", where, texts->n_items,
                            WL_ALERT_NAMES_MAX);
    }
    memcpy(names, texts->items, texts->n_items * sizeof(*names));
    *n_names = texts->n_items;
    return WL_OK;
}

static wl_status check_levels(const struct wl_node *node, const char *where,
                              const struct wl_alert_levels *levels, wl_error *error)
{
    if (node != NULL && levels->clear >= levels->raise) {
        return wl_fail_node(error, node, "%s: clear %g must lie below raise %g", where,
                            levels->clear, levels->raise);
    }
    return WL_OK;
}

#define FIELD(name)       offsetof(struct wl_alert_options, name)
#define LEVEL(kind, name) offsetof(struct wl_alert_options, levels[kind].name)

static wl_status read_intent(struct wl_arena *arena, const struct wl_node *node,
                             struct wl_alert_options *options, wl_error *error)
{
    struct both {
        struct wl_alert_options options;
        struct names names;
    } both = {.options = *options};
    static const struct wl_field fields[] = {
        {"raise", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_INTENT, raise), false, 0.01, 1, NULL,
         "probability that raises an alert"},
        {"clear", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_INTENT, clear), false, 0, 1, NULL,
         "probability that ends it"},
        {"half_life", WL_FIELD_SPAN, FIELD(half_life_us), false, 0, 0, NULL,
         "in which what was said loses half its weight"},
        {"names", WL_FIELD_TEXTS, offsetof(struct both, names.names), false, 0, 0, NULL,
         "intents that raise alerts"},
        {"critical", WL_FIELD_TEXTS, offsetof(struct both, names.critical), false, 0, 0, NULL,
         "those that mean leaving"},
    };

    WL_TRY(wl_fields_read(arena, node, "alerts.intent", fields, N_FIELDS(fields), &both, error));
    *options = both.options;
    WL_TRY(take_names(node, "alerts.intent.names", &both.names.names, options->intents,
                      &options->n_intents, error));
    return take_names(node, "alerts.intent.critical", &both.names.critical, options->critical,
                      &options->n_critical, error);
}

static wl_status read_behaviour(struct wl_arena *arena, const struct section *section,
                                struct wl_alert_options *options, wl_error *error)
{
    static const struct wl_field sentiment[] = {
        {"raise", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_SENTIMENT, raise), false, 0.1, 50, NULL,
         "fall in standard deviations, summed up, that raises an alert"},
        {"clear", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_SENTIMENT, clear), false, 0, 50, NULL,
         "and that ends it"},
        {"texts", WL_FIELD_INT, FIELD(n_fall_texts), false, 5, 32, NULL,
         "texts of a customer before a fall is looked for"},
        {"chance", WL_FIELD_NUMBER, FIELD(fall_p), false, 0.002, 1, NULL,
         "a fall must be less likely by chance"},
    };
    static const struct wl_field churn[] = {
        {"raise", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_CHURN, raise), false, 0.001, 1, NULL,
         "probability to leave that raises an alert"},
        {"clear", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_CHURN, clear), false, 0, 1, NULL,
         "and that ends it"},
    };
    static const struct wl_field activity[] = {
        {"raise", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_ACTIVITY, raise), false, 1, 15, NULL,
         "one chance in 10^raise raises an alert"},
        {"clear", WL_FIELD_NUMBER, LEVEL(WL_SIGNAL_ACTIVITY, clear), false, 0, 15, NULL,
         "and one in 10^clear ends it"},
        {"weeks", WL_FIELD_INT, FIELD(n_drop_weeks), false, 4, 52, NULL,
         "weeks of history before a fall is looked for"},
    };

    WL_TRY(wl_fields_read(arena, section->sentiment, "alerts.sentiment", sentiment,
                          N_FIELDS(sentiment), options, error));
    WL_TRY(wl_fields_read(arena, section->churn, "alerts.churn", churn, N_FIELDS(churn), options,
                          error));
    return wl_fields_read(arena, section->activity, "alerts.activity", activity, N_FIELDS(activity),
                          options, error);
}

/* ---- teams ---- */

struct team_section {
    const char *name;
    int64_t capacity;
    struct wl_texts reasons;
};

static wl_status check_team(const struct wl_node *node, const struct wl_alert_options *options,
                            const struct wl_alert_team *team, wl_error *error)
{
    for (size_t i = 0; i < options->n_teams; i++) {
        const struct wl_alert_team *other = &options->teams[i];
        if (strcmp(other->name, team->name) == 0) {
            return wl_fail_node(error, node, "alerts.teams: two teams are called %s", team->name);
        }
        if (other->n_reasons == 0 && team->n_reasons == 0) {
            return wl_fail_node(error, node, "alerts.teams: %s and %s both take all other reasons",
                                other->name, team->name);
        }
        for (size_t k = 0; k < team->n_reasons * other->n_reasons; k++) {
            const char *reason = team->reasons[k / other->n_reasons];
            if (strcmp(reason, other->reasons[k % other->n_reasons]) == 0) {
                return wl_fail_node(error, node, "alerts.teams: %s and %s both take \"%s\"",
                                    other->name, team->name, reason);
            }
        }
    }
    return WL_OK;
}

static wl_status read_team(struct wl_arena *arena, const struct wl_node *node,
                           struct wl_alert_options *options, wl_error *error)
{
    static const struct wl_field fields[] = {
        {"name", WL_FIELD_TEXT, offsetof(struct team_section, name), true, 0, 0, NULL,
         "name of the team"},
        {"capacity", WL_FIELD_INT, offsetof(struct team_section, capacity), true, 0, 1000000, NULL,
         "alerts a day"},
        {"reasons", WL_FIELD_TEXTS, offsetof(struct team_section, reasons), false, 0, 0, NULL,
         "reasons it takes; none: all that no other team takes"},
    };
    struct team_section section = {0};
    struct wl_alert_team team = {0};

    WL_TRY(wl_fields_read(arena, node, "alerts.teams", fields, N_FIELDS(fields), &section, error));
    team.name = section.name;
    team.capacity = section.capacity;
    WL_TRY(take_names(node, "alerts.teams.reasons", &section.reasons, team.reasons, &team.n_reasons,
                      error));
    WL_TRY(check_team(node, options, &team, error));
    options->teams[options->n_teams++] = team;
    return WL_OK;
}

static wl_status read_teams(struct wl_arena *arena, const struct wl_node *list,
                            struct wl_alert_options *options, wl_error *error)
{
    bool has_other = false;

    if (list->kind != WL_NODE_LIST || list->n_children == 0 ||
        list->n_children > WL_ALERT_TEAMS_MAX) {
        return wl_fail_node(error, list, "alerts.teams: wants a list of 1 to %d teams",
                            WL_ALERT_TEAMS_MAX);
    }
    options->n_teams = 0;
    for (const struct wl_node *item = list->first; item != NULL; item = item->next) {
        WL_TRY(read_team(arena, item, options, error));
        has_other = has_other || options->teams[options->n_teams - 1].n_reasons == 0;
    }
    if (!has_other) {
        return wl_fail_node(error, list,
                            "alerts.teams: one team must have no reasons, to take all others");
    }
    return WL_OK;
}

/* ---- the section ---- */

struct whole {
    struct wl_alert_options options;
    struct section section;
    struct wl_texts paying;
};

#define PART(name) offsetof(struct whole, section.name)

static const struct wl_field section_fields[] = {
    {"intent", WL_FIELD_NODE, PART(intent), false, 0, 0, NULL, "what texts say"},
    {"sentiment", WL_FIELD_NODE, PART(sentiment), false, 0, 0, NULL, "moods that fall"},
    {"churn", WL_FIELD_NODE, PART(churn), false, 0, 0, NULL, "scores"},
    {"activity", WL_FIELD_NODE, PART(activity), false, 0, 0, NULL, "activity that falls"},
    {"cooldown", WL_FIELD_SPAN, FIELD(cooldown_us), false, 0, 0, NULL,
     "between two alerts of one customer and reason"},
    {"merge", WL_FIELD_SPAN, FIELD(merge_us), false, 0, 0, NULL,
     "signals of one customer within it are one alert"},
    {"lateness", WL_FIELD_SPAN, FIELD(lateness_us), false, 0, 0, NULL,
     "signals may come so late and change nothing"},
    {"dispatch", WL_FIELD_SPAN, FIELD(dispatch_us), false, 0, 0, NULL,
     "how often waiting alerts are given out"},
    {"wait", WL_FIELD_SPAN, FIELD(wait_us), false, 0, 0, NULL,
     "an alert waits so long for capacity"},
    {"life", WL_FIELD_SPAN, FIELD(life_us), false, 0, 0, NULL,
     "an alert that nobody resolves expires"},
    {"reserve", WL_FIELD_NUMBER, FIELD(reserve_percent), false, 0, 100, NULL,
     "percent of the capacity for critical alerts only"},
    {"value", WL_FIELD_TEXTS, offsetof(struct whole, paying), false, 0, 0, NULL,
     "events whose value a customer is worth"},
    {"teams", WL_FIELD_NODE, PART(teams), false, 0, 0, NULL, "who works off alerts"},
};

// Every round of giving out costs a look at the line, so rounds are no shorter than a minute.
static wl_status check_spans(const struct wl_node *node, const struct wl_alert_options *options,
                             wl_error *error)
{
    if (options->dispatch_us < WL_MINUTE_US || options->dispatch_us > WL_DAY_US) {
        return wl_fail_node(error, node, "alerts.dispatch: wants 1m to 24h");
    }
    if (options->wait_us > options->life_us) {
        return wl_fail_node(error, node, "alerts.wait must not be longer than alerts.life");
    }
    return WL_OK;
}

wl_status wl_alert_options_read(struct wl_arena *arena, const struct wl_node *node,
                                const struct wl_tiers *tiers, int64_t utc_offset_us,
                                struct wl_alert_options *options_out, wl_error *error)
{
    struct whole whole = {0};
    struct wl_alert_options *options = &whole.options;
    const struct section *section = &whole.section;

    wl_alert_options_default(tiers, utc_offset_us, options);
    WL_TRY(wl_fields_read(arena, node, "alerts", section_fields, N_FIELDS(section_fields), &whole,
                          error));
    if (node == NULL) {
        *options_out = *options;
        return WL_OK;
    }
    WL_TRY(check_spans(node, options, error));
    WL_TRY(take_names(node, "alerts.value", &whole.paying, options->paying, &options->n_paying,
                      error));
    WL_TRY(read_intent(arena, section->intent, options, error));
    WL_TRY(read_behaviour(arena, section, options, error));
    WL_TRY(
        check_levels(section->intent, "alerts.intent", &options->levels[WL_SIGNAL_INTENT], error));
    WL_TRY(check_levels(section->sentiment, "alerts.sentiment",
                        &options->levels[WL_SIGNAL_SENTIMENT], error));
    WL_TRY(check_levels(section->churn, "alerts.churn", &options->levels[WL_SIGNAL_CHURN], error));
    WL_TRY(check_levels(section->activity, "alerts.activity", &options->levels[WL_SIGNAL_ACTIVITY],
                        error));
    if (section->teams != NULL) {
        WL_TRY(read_teams(arena, section->teams, options, error));
    }
    *options_out = *options;
    return WL_OK;
}
