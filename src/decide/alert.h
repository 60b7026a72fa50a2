/* Early warning: signals about customers, in order of time, become alerts for people.
 *
 *   signal -> track (per customer and kind: raise level, clear level)
 *          -> cool-down (per customer and reason)
 *          -> alert, or merged into the customer's alert of the last day
 *          -> queue (per team: capacity a day, by expected value at risk) -> open
 *
 * A pure state machine: no clock, no randomness but a seeded test. What comes out depends on the
 * set of signals and actions alone, never on their order of arrival within the lateness allowed
 * (alert_stream.h puts them in order), and the same signal twice changes nothing. Every signal is
 * counted in exactly one place, see struct wl_alert_counts. */
#ifndef WL_DECIDE_ALERT_H
#define WL_DECIDE_ALERT_H
#include "base/arena.h"
#include "base/clock.h"

#define WL_ALERT_TEAMS_MAX    16 /* teams that work off alerts */
#define WL_ALERT_NAMES_MAX    32 /* reasons a team takes, intents that raise an alert */
#define WL_ALERT_EVIDENCE_MAX 8  /* pieces of evidence an alert keeps; more are only counted */

enum wl_alert_signal_kind {
    WL_SIGNAL_INTENT = 0,    /* a text says what its author wants; level: probability */
    WL_SIGNAL_SENTIMENT = 1, /* mood of a text; level: -1..1, judged against the author's own */
    WL_SIGNAL_CHURN = 2,     /* a score; level: probability to leave */
    WL_SIGNAL_ACTIVITY = 3   /* activity fell; level: -log10 of the chance to see as little */
};
#define WL_SIGNAL_KIND_COUNT 4

/* Where a reason comes from, the weightiest first. */
enum wl_alert_signal_source { WL_SIGNAL_STATED = 0, WL_SIGNAL_TEXT = 1, WL_SIGNAL_BEHAVIOUR = 2 };
#define WL_SIGNAL_SOURCE_COUNT 3

/* One thing noticed about one customer. Strings are borrowed. */
struct wl_alert_signal {
    struct wl_str user;
    int64_t time_us; /* when it became known */
    uint64_t trace;  /* key of the message behind it: equal user, kind, reason and trace are one
                             signal */
    int kind;        /* enum wl_alert_signal_kind */
    int source;      /* enum wl_alert_signal_source */
    struct wl_str reason; /* "cancel", "price"; empty: the kind's own name for it */
    double level;         /* see the kinds */
    double p_churn;       /* 0..1, NaN: not known */
    double value;         /* what the customer is worth a year, NaN: not known */
    double observed;      /* figure behind it, NaN: none */
    double baseline;      /* and what was usual, NaN: none */
    struct wl_str text;   /* masked quotation; empty: none */
    bool is_unsure;       /* the reader of the text abstains */
    bool is_degraded;     /* made without everything it should have been made with */
};

/* Levels of one kind. */
struct wl_alert_levels {
    double raise; /* an alert at or above */
    double clear; /* and the next one only after a fall to here or below */
};

struct wl_alert_team {
    const char *name;
    int64_t capacity;                        /* alerts a day */
    const char *reasons[WL_ALERT_NAMES_MAX]; /* (n_reasons); none: all that no other team takes */
    size_t n_reasons;
};

struct wl_alert_options {
    struct wl_alert_levels levels[WL_SIGNAL_KIND_COUNT];
    const char *intents[WL_ALERT_NAMES_MAX]; /* (n_intents) that raise alerts */
    size_t n_intents;
    const char *critical[WL_ALERT_NAMES_MAX]; /* (n_critical) of them that mean leaving */
    size_t n_critical;
    int64_t half_life_us; /* in which what was said loses half its weight; 0: never */
    const char *paying[WL_ALERT_NAMES_MAX]; /* (n_paying) events whose value a customer is worth */
    size_t n_paying;
    double fall_p;          /* a fall in mood must be less likely by chance */
    int64_t n_fall_texts;   /* texts of a customer before a fall is looked for */
    int64_t n_drop_weeks;   /* weeks of history before a fall of activity is looked for */
    int64_t cooldown_us;    /* between two alerts of one customer and reason */
    int64_t merge_us;       /* signals of one customer within it make one alert */
    int64_t lateness_us;    /* signals may come so late and change nothing */
    int64_t dispatch_us;    /* how often waiting alerts are given out */
    int64_t wait_us;        /* an alert waits so long for capacity, then expires */
    int64_t life_us;        /* an open alert that nobody resolves expires */
    double reserve_percent; /* of the capacity, for critical alerts only */
    int64_t utc_offset_us;  /* where the day begins that capacity counts by */
    struct wl_alert_team teams[WL_ALERT_TEAMS_MAX];
    size_t n_teams;
};

enum wl_alert_severity { WL_ALERT_NOTICE = 0, WL_ALERT_WARNING = 1, WL_ALERT_CRITICAL = 2 };
#define WL_ALERT_SEVERITY_COUNT 3

enum wl_alert_state {
    WL_ALERT_WAITING = 0,      /* raised; no capacity yet */
    WL_ALERT_OPEN = 1,         /* given to its team */
    WL_ALERT_ACKNOWLEDGED = 2, /* somebody is at it */
    WL_ALERT_RESOLVED = 3,
    WL_ALERT_EXPIRED = 4 /* waited, or was left open, too long */
};
#define WL_ALERT_STATE_COUNT 5

/* One signal that an alert rests on; strings live as long as the alerts. */
struct wl_alert_evidence {
    struct wl_alert_evidence *next; /* NULL: the last */
    int64_t time_us;
    uint64_t trace;
    int kind;
    int source;
    struct wl_str reason;
    double level;    /* probability, CUSUM of the mood, -log10 of a chance */
    double raise;    /* the level that had to be reached */
    double chance;   /* of a fall in mood: p; NaN for other kinds */
    double observed; /* NaN: none */
    double baseline;
    struct wl_str text;
};

struct wl_alert {
    uint64_t id; /* of user, reason and moment: the same in every replay */
    struct wl_str user;
    struct wl_str reason; /* the weightiest: stated before text before behaviour */
    int source;           /* of that reason */
    int severity;         /* enum wl_alert_severity */
    int state;            /* enum wl_alert_state */
    uint32_t team;        /* index into options.teams */
    int64_t raised_us;
    int64_t opened_us;                  /* WL_TIME_NONE: not yet */
    int64_t acknowledged_us;            /* likewise */
    int64_t closed_us;                  /* resolved or expired; likewise */
    double p_churn;                     /* NaN: nobody has said */
    double value;                       /* NaN: not known, counts 1 */
    double at_risk;                     /* p_churn * value: what the queue goes by */
    bool is_degraded;                   /* a signal was, or there is no score */
    size_t n_signals;                   /* that it rests on, merged ones included */
    size_t n_evidence;                  /* of them kept */
    struct wl_alert_evidence *evidence; /* (n_evidence) linked, in order of time */
};

/* Why a signal made no alert. */
enum wl_alert_quiet {
    WL_QUIET_LEVEL = 0,     /* below the raise level */
    WL_QUIET_HELD = 1,      /* an alert was raised and the level has not cleared since */
    WL_QUIET_COOLDOWN = 2,  /* an alert for this customer and reason was raised a short time ago */
    WL_QUIET_CHANCE = 3,    /* a fall in mood, but not beyond chance */
    WL_QUIET_FEW = 4,       /* too few texts to know what is usual */
    WL_QUIET_INTENT = 5,    /* an intent that is nothing to warn of */
    WL_QUIET_UNSURE = 6,    /* the reader of the text abstains */
    WL_QUIET_DUPLICATE = 7, /* seen before */
};
#define WL_QUIET_COUNT 8

/* n_signals = n_raised + n_merged + all of n_quiet; n_raised = all of n_by_state. Signals that
 * alert_stream.h still holds back are in none of them. */
struct wl_alert_counts {
    size_t n_signals;
    size_t n_raised; /* signals that made an alert, and alerts */
    size_t n_merged; /* signals that joined one */
    size_t n_quiet[WL_QUIET_COUNT];
    size_t n_by_state[WL_ALERT_STATE_COUNT];
    size_t n_expired_waiting; /* of the expired: for want of capacity */
    size_t n_late;            /* signals behind the lateness allowed; taken at the clock's time */
    size_t n_orphans;         /* actions on alerts that there are not */
};

/* Words of the enums above: "intent", "stated", "critical", "open", "cooldown". */
extern const char *const wl_alert_signal_kind_names[WL_SIGNAL_KIND_COUNT + 1];
extern const char *const wl_alert_signal_source_names[WL_SIGNAL_SOURCE_COUNT + 1];
extern const char *const wl_alert_severity_names[WL_ALERT_SEVERITY_COUNT + 1];
extern const char *const wl_alert_state_names[WL_ALERT_STATE_COUNT + 1];
extern const char *const wl_alert_quiet_names[WL_QUIET_COUNT + 1];

/* wl_alert_signal_reason - the signal's reason, or its kind's own: "sentiment_down", "churn_risk",
 * "activity_down", "intent". */
struct wl_str wl_alert_signal_reason(const struct wl_alert_signal *signal);

struct wl_alerts;

/* wl_alerts_new - nothing seen yet.
 *   options  (in)  copied; its names are borrowed as long as the alerts live.
 * Errors:  WL_ENOMEM. Free with wl_alerts_free, NULL is fine. */
WL_MUST_CHECK wl_status wl_alerts_new(const wl_alloc *alloc, const struct wl_alert_options *options,
                                      struct wl_alerts **alerts_out, wl_error *error);
void wl_alerts_free(struct wl_alerts *alerts);

/* wl_alerts_take - the next signal. Its time must not lie before the clock (the last signal or
 * wl_alerts_advance); one that does is counted late and taken at the clock's time.
 *   signal  (in) borrowed; level finite, see wl_alert_input_read.
 * Cost:    O(log waiting alerts), amortised; memory per customer, track, and message seen.
 * Errors:  WL_ENOMEM, WL_ELIMIT (WL_ALERTS_MAX); the signal is not counted then.
 * Threads: one at a time. */
WL_MUST_CHECK wl_status wl_alerts_take(struct wl_alerts *alerts,
                                       const struct wl_alert_signal *signal, wl_error *error);

enum wl_alert_action { WL_ALERT_ACKNOWLEDGE = 0, WL_ALERT_RESOLVE = 1 };
extern const char *const wl_alert_action_names[3];

/* wl_alerts_act - somebody acknowledges or resolves an alert at a time; the clock goes there.
 * An unknown id, or an alert that is closed already, is counted as an orphan.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_alerts_act(struct wl_alerts *alerts, uint64_t id,
                                      enum wl_alert_action action, int64_t time_us,
                                      wl_error *error);

/* wl_alerts_advance - the clock goes on to time_us: waiting alerts are given out, old ones expire.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_alerts_advance(struct wl_alerts *alerts, int64_t time_us,
                                          wl_error *error);

/* wl_alerts_count - alerts so far; wl_alerts_get - one of them, by rising raised_us; borrowed
 * until the next call. wl_alerts_counts - where every signal went. */
size_t wl_alerts_count(const struct wl_alerts *alerts);
const struct wl_alert *wl_alerts_get(const struct wl_alerts *alerts, size_t i_alert);
const struct wl_alert_counts *wl_alerts_counts(const struct wl_alerts *alerts);

/* wl_alert_compare - which of two alerts goes before the other for somebody who reads a list: the
 * severer, then the one with more value at risk, then the older; < 0: a does. */
int wl_alert_compare(const struct wl_alert *a, const struct wl_alert *b);

/* wl_alert_is_live - neither resolved nor expired. */
bool wl_alert_is_live(const struct wl_alert *alert);

/* wl_alerts_clock - the moment it has come to; WL_TIME_NONE before the first. */
int64_t wl_alerts_clock(const struct wl_alerts *alerts);

/* wl_alerts_options - as given to wl_alerts_new. */
const struct wl_alert_options *wl_alerts_options(const struct wl_alerts *alerts);

#endif
