/* What needs somebody now: alerts about customers, and surges of what customers complain about.
 * Plain data, filled by the caller, borrowed for the time of the call. */
#ifndef WL_REPORT_REPORT_WATCH_H
#define WL_REPORT_REPORT_WATCH_H
#include "base/buf.h"
#include "report/report_words.h"

#define WL_REPORT_ALERTS_MAX 50 /* rows: what a team works off in a day; all are in the command */
#define WL_REPORT_SEVERITIES 3
#define WL_WATCH_WEEKS_MAX   12 /* a quarter */
#define WL_WATCH_TOPICS_MAX  16 /* strips of a drawing that a person compares */
#define WL_WATCH_SURGES_MAX  12
#define WL_WATCH_QUOTES_MAX  3
#define WL_WATCH_RECENT_DAYS 30 /* a surge that ended longer ago is history */

struct wl_report_alert {
    int severity; /* 0 notice .. 2 critical */
    struct wl_str user;
    struct wl_label reason;
    struct wl_label source;   /* where the reason comes from, in words */
    struct wl_label state;    /* "open" */
    struct wl_label strategy; /* what to do */
    const char *since;        /* local day and time it was raised */
    double p_churn;           /* NaN: no score */
    double at_risk;           /* p_churn times what the customer is worth a year; NaN: not known */
    struct wl_str quote;      /* masked; "" none */
};

struct wl_report_alerts {
    const struct wl_report_alert *items; /* (n_items) the weightiest first; at most
                                            WL_REPORT_ALERTS_MAX are shown */
    size_t n_items;
    double n_by_severity[WL_REPORT_SEVERITIES]; /* alive */
    double n_waiting;                           /* of them, for want of capacity */
    double n_degraded;                          /* of them */
    double at_risk;                             /* their sum */
};

struct wl_watch_topic {
    struct wl_label name;
    double n_texts; /* in the weeks shown */
    double n_negative;
    double weeks[WL_WATCH_WEEKS_MAX]; /* (n_weeks) negative texts */
};

struct wl_watch_surge {
    struct wl_label topic;
    const char *begin; /* days */
    const char *end;   /* "": it goes on */
    double n_negative;
    double n_expected;
    double ratio; /* with its 95 % interval */
    double low;
    double high;
    double share_before; /* of the topic's texts that were negative; NaN: none */
    double share_during;
    struct wl_str quotes[WL_WATCH_QUOTES_MAX]; /* (n_quotes) masked */
    size_t n_quotes;
};

struct wl_report_trends {
    size_t n_days;        /* counted; 0: no texts */
    size_t n_days_needed; /* before a surge can be told from chance */
    size_t n_weeks;
    struct wl_label weeks[WL_WATCH_WEEKS_MAX];         /* first day of each, oldest first */
    struct wl_watch_topic topics[WL_WATCH_TOPICS_MAX]; /* by falling n_negative */
    size_t n_topics;
    struct wl_watch_surge surges[WL_WATCH_SURGES_MAX]; /* of the last WL_WATCH_RECENT_DAYS */
    size_t n_surges;
    size_t n_earlier; /* surges that ended before */
};

#endif
