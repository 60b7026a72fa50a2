/* What customers say, as the report shows it: plain data, filled by the caller, borrowed for the
 * time of the call. */
#ifndef WL_REPORT_REPORT_VOICE_H
#define WL_REPORT_REPORT_VOICE_H
#include "base/buf.h"
#include "report/report_words.h"

#define WL_VOICE_WEEKS_MAX  26 /* half a year: more is no trend that anybody acts on */
#define WL_VOICE_TOPICS_MAX 24
#define WL_VOICE_DAYS       30 /* "recent"; compared with as many days before */

enum wl_voice_change { WL_VOICE_STEADY = 0, WL_VOICE_RISING = 1, WL_VOICE_FALLING = 2 };

/* A reason or an intent, over recent texts. */
struct wl_voice_topic {
    struct wl_label name;
    double n_recent; /* texts */
    double n_before;
    double n_people;             /* who wrote the recent ones */
    double mood;                 /* mean of the recent ones, -1 .. 1; NaN: none */
    enum wl_voice_change change; /* a test says so, wl_count_change_p */
    struct wl_str quote;         /* masked; "" none */
};

/* A word that leavers use and stayers do not, or the other way round. */
struct wl_voice_word {
    struct wl_str word;
    double n_leavers; /* texts with it */
    double n_stayers;
    double odds; /* ratio leavers to stayers, drawn towards 1 by the prior */
    double low;  /* 95 % interval */
    double high;
};

struct wl_report_voice {
    double n_texts; /* known at the moment */
    double n_recent;
    double n_before;
    double n_people;
    double share_positive; /* of recent texts; NaN without any */
    double share_negative;
    double share_without_reason;
    size_t n_weeks;
    struct wl_label weeks[WL_VOICE_WEEKS_MAX]; /* first day, oldest first; whole weeks */
    double week_count[WL_VOICE_WEEKS_MAX];
    double week_positive[WL_VOICE_WEEKS_MAX]; /* shares; NaN without texts */
    double week_negative[WL_VOICE_WEEKS_MAX];
    struct wl_voice_topic reasons[WL_VOICE_TOPICS_MAX]; /* by falling n_recent */
    size_t n_reasons;
    struct wl_voice_topic intents[WL_VOICE_TOPICS_MAX];
    size_t n_intents;
    const struct wl_voice_word *words; /* (n_words) those of leavers first */
    size_t n_words;
    struct wl_label readers;  /* who read the texts */
    struct wl_label degraded; /* empty: nobody stands in for a missing model */
};

#endif
