/* Who somebody is, from what they did and wrote: a timeline, what they are drawn to, what they talk
 * about, and their mood with its direction. */
#ifndef WL_JOURNEY_PROFILE_H
#define WL_JOURNEY_PROFILE_H
#include "journey.h"
#include "report/report_words.h"

#define WL_PROFILE_INTERESTS_MAX 3 /* of each property */

/* One line of the timeline: all events of one name on one day, or one text. */
struct wl_profile_line {
    int64_t time_us; /* of the latest of them */
    bool is_text;
    struct wl_str what; /* name of the event, or channel of the text */
    double n;
    double value;            /* sum over the events; NaN: none has one */
    double mood;             /* texts: -1 .. 1 */
    struct wl_label intent;  /* texts: "" when not certain */
    struct wl_label reasons; /* texts: with commas between; "" none */
    struct wl_str quote;     /* texts: masked */
};

/* A value of a property the customer's events often have. */
struct wl_profile_interest {
    struct wl_str property;
    struct wl_str value;
    double n;
    double share; /* of the events with the property, last 90 days */
};

struct wl_profile_topic {
    struct wl_label name;
    double n; /* texts */
};

enum wl_mood_direction {
    WL_MOOD_UNKNOWN = 0,
    WL_MOOD_STEADY = 1,
    WL_MOOD_FALLING = 2,
    WL_MOOD_RISING = 3
};

struct wl_profile {
    struct wl_str user;
    int64_t as_of_us;
    int64_t first_us; /* of what is known of events and texts; WL_TIME_NONE: nothing */
    int64_t last_us;
    double n_events;
    double n_texts;
    const struct wl_profile_line *timeline; /* (n_timeline) newest first */
    size_t n_timeline;
    size_t n_more; /* lines beyond the limit */
    const struct wl_profile_interest *interests;
    size_t n_interests;
    const struct wl_profile_topic *topics; /* by falling n */
    size_t n_topics;
    double mood; /* EWMA over texts, half-life 30 days; NaN: no text was read */
    enum wl_mood_direction direction;
    double direction_p; /* of the test behind it; NaN: unknown */
    bool degraded;      /* a reader stood in for a missing model */
};

/* wl_mood_direction_key - "unknown", "steady", "falling", "rising". */
const char *wl_mood_direction_key(enum wl_mood_direction direction);

/* wl_profile_fill - everything known of one customer at a moment.
 *   journey   (in,out) loaded; its texts are read when they have not been.
 *   n_lines   (in)     lines of the timeline at most.
 *   arena     (in,out) owns what profile points at, until the journey is closed.
 * Cost:    O(events of all customers) for a scan, then O(own).
 * Errors:  WL_ENOTFOUND  nothing was known of the customer then.  WL_ENOMEM.
 * Source:  direction: wl_fall_p of the moods by time, p < 0.05, and of the negated ones. */
WL_MUST_CHECK wl_status wl_profile_fill(struct wl_journey *journey, struct wl_str user,
                                        int64_t as_of_us, size_t n_lines, struct wl_arena *arena,
                                        struct wl_profile *profile, wl_error *error);

#endif
