/* One customer's profile. Only what was known at the moment counts, as everywhere; the mood is an
 * average that forgets with a half-life of 30 days, and its direction needs a test, because people
 * who write three times a year have no trend. */
#define _GNU_SOURCE // qsort_r
#include "journey_profile.h"

#include "base/clock.h"
#include "journey_voice.h"
#include "math/fall.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RECENT_US        (90 * WL_DAY_US) /* interests change with the season */
#define HALF_LIFE_US     (30 * WL_DAY_US)
#define QUOTE_CHARACTERS 120
#define DIRECTION_P      0.05
#define VALUES_MAX       4096 /* different values of one property that are counted */

const char *wl_mood_direction_key(enum wl_mood_direction direction)
{
    static const char *const keys[] = {"unknown", "steady", "falling", "rising"};
    return keys[direction];
}

/* Events and texts of the customer. */
struct own {
    struct wl_journey *journey;
    const struct wl_company *company;
    struct wl_arena *arena;
    uint32_t user;
    int64_t as_of_us;
    uint32_t *events; /* (n_events) in company->events */
    size_t n_events;
    uint32_t *texts; /* (n_texts) in company->texts, rising time */
    size_t n_texts;
};

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a profile");
}

static bool is_known(const struct own *own, uint32_t user, int64_t event_us, int64_t received_us)
{
    return user == own->user && event_us <= own->as_of_us && received_us <= own->as_of_us;
}

static int by_text_time(const void *a, const void *b, void *context)
{
    const struct wl_text *texts = context;
    const struct wl_text *x = &texts[*(const uint32_t *)a];
    const struct wl_text *y = &texts[*(const uint32_t *)b];

    if (x->text_us != y->text_us) {
        return x->text_us < y->text_us ? -1 : 1;
    }
    return (x->message_key > y->message_key) - (x->message_key < y->message_key);
}

static wl_status collect(struct own *own, wl_error *error)
{
    const struct wl_events *events = &own->company->events;
    const struct wl_texts_log *log = &own->company->texts;

    for (int pass = 0; pass < 2; pass++) { // count, then fill
        own->n_events = own->n_texts = 0;
        for (size_t i = 0; i < events->n_events; i++) {
            if (is_known(own, events->user[i], events->event_us[i], events->received_us[i])) {
                own->n_events++;
                if (pass == 1) {
                    own->events[own->n_events - 1] = (uint32_t)i;
                }
            }
        }
        for (size_t i = 0; i < log->n_texts; i++) {
            const struct wl_text *text = &log->texts[i];
            if (is_known(own, text->user, text->text_us, text->received_us)) {
                own->n_texts++;
                if (pass == 1) {
                    own->texts[own->n_texts - 1] = (uint32_t)i;
                }
            }
        }
        if (pass == 0) {
            own->events = wl_arena_zeroed(own->arena, own->n_events + 1, sizeof(uint32_t));
            own->texts = wl_arena_zeroed(own->arena, own->n_texts + 1, sizeof(uint32_t));
        }
        if (own->events == NULL || own->texts == NULL) {
            return no_memory(error);
        }
    }
    qsort_r(own->texts, own->n_texts, sizeof(uint32_t), by_text_time, log->texts);
    return WL_OK;
}

/* ---- timeline ---- */

// The pair of labels of several ids, with commas between.
static wl_status join_labels(struct own *own, enum wl_text_read read, const uint32_t *ids, size_t n,
                             struct wl_label *label, wl_error *error)
{
    const struct wl_reader *reader = &own->journey->readers.items[read];
    struct wl_buf zh;
    struct wl_buf en;

    wl_buf_init(&zh, own->arena->alloc, 0);
    wl_buf_init(&en, own->arena->alloc, 0);
    for (size_t i = 0; i < n; i++) {
        struct wl_label one =
            wl_reader_label(reader, wl_dict_string(&own->company->strings, ids[i]));
        wl_buf_format(&zh, "%s%s", i > 0 ? "、" : "", one.zh);
        wl_buf_format(&en, "%s%s", i > 0 ? ", " : "", one.en);
    }
    label->zh = wl_arena_string(own->arena, wl_buf_view(&zh));
    label->en = wl_arena_string(own->arena, wl_buf_view(&en));
    wl_buf_release(&zh);
    wl_buf_release(&en);
    return label->zh != NULL && label->en != NULL ? WL_OK : no_memory(error);
}

static wl_status text_line(struct own *own, const struct wl_text *text,
                           struct wl_profile_line *line, wl_error *error)
{
    const struct wl_text_reading *reading = &text->reading;
    bool is_zh = own->journey->workspace.language == 1;

    *line = (struct wl_profile_line){.time_us = text->text_us,
                                     .is_text = true,
                                     .what = wl_dict_string(&own->company->strings, text->channel),
                                     .n = 1,
                                     .value = (double)NAN,
                                     .mood = reading->mood_e4 / 1e4};
    WL_TRY(join_labels(own, WL_READ_INTENT, &reading->intent, reading->intent != WL_ID_NONE,
                       &line->intent, error));
    WL_TRY(join_labels(own, WL_READ_REASON, reading->reasons, reading->n_reasons, &line->reasons,
                       error));
    return wl_voice_quote(own->arena, text->body, QUOTE_CHARACTERS, is_zh, &line->quote, error);
}

// Latest first; on one day by name, so that the order is total.
static int by_time(const void *a, const void *b)
{
    const struct wl_profile_line *x = a;
    const struct wl_profile_line *y = b;

    if (x->time_us != y->time_us) {
        return x->time_us > y->time_us ? -1 : 1;
    }
    if (x->is_text != y->is_text) {
        return x->is_text ? -1 : 1;
    }
    return wl_str_compare(x->what, y->what);
}

static int64_t day_of(const struct own *own, int64_t time_us)
{
    return wl_time_floor(time_us + own->journey->workspace.utc_offset_us, WL_DAY_US);
}

// Adds an event to the line of its day and name; lines are few, a day's names fewer.
static void add_event(const struct own *own, size_t i_event, struct wl_profile_line *lines,
                      size_t *n_lines)
{
    const struct wl_events *events = &own->company->events;
    struct wl_str name = wl_dict_string(&own->company->event_names, events->name[i_event]);
    int64_t time_us = events->event_us[i_event];
    size_t at = *n_lines;

    // Events come by falling time: lines of the same day stand together at the end.
    while (at > 0 && day_of(own, lines[at - 1].time_us) == day_of(own, time_us) &&
           !wl_str_equal(lines[at - 1].what, name)) {
        at--;
    }
    if (at == 0 || day_of(own, lines[at - 1].time_us) != day_of(own, time_us)) {
        lines[(*n_lines)++] = (struct wl_profile_line){.time_us = time_us,
                                                       .what = name,
                                                       .value = (double)NAN,
                                                       .mood = (double)NAN,
                                                       .intent = {"", ""},
                                                       .reasons = {"", ""},
                                                       .quote = WL_STR("")};
        at = *n_lines;
    }
    struct wl_profile_line *line = &lines[at - 1];
    line->n += 1.0;
    line->time_us = time_us > line->time_us ? time_us : line->time_us;
    if (events->value_e4[i_event] != WL_VALUE_NONE) {
        double value = (double)events->value_e4[i_event] / WL_VALUE_SCALE;
        line->value = isnan(line->value) ? value : line->value + value;
    }
}

static int by_event_time(const void *a, const void *b, void *context)
{
    const struct wl_events *events = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    if (events->event_us[x] != events->event_us[y]) {
        return events->event_us[x] > events->event_us[y] ? -1 : 1;
    }
    return (events->message_key[x] > events->message_key[y]) -
           (events->message_key[x] < events->message_key[y]);
}

static wl_status fill_timeline(struct own *own, size_t n_max, struct wl_profile *profile,
                               wl_error *error)
{
    size_t n_all = own->n_events + own->n_texts + 1;
    struct wl_profile_line *lines = wl_arena_zeroed(own->arena, n_all, sizeof(*lines));
    struct wl_events events = own->company->events;
    size_t n = 0;

    if (lines == NULL) {
        return no_memory(error);
    }
    qsort_r(own->events, own->n_events, sizeof(uint32_t), by_event_time, &events);
    for (size_t i = 0; i < own->n_events; i++) {
        add_event(own, own->events[i], lines, &n);
    }
    for (size_t i = 0; i < own->n_texts; i++) {
        const struct wl_text *text = &own->company->texts.texts[own->texts[i]];
        WL_TRY(text_line(own, text, &lines[n++], error));
    }
    qsort(lines, n, sizeof(*lines), by_time);
    profile->timeline = lines;
    profile->n_timeline = n < n_max ? n : n_max;
    profile->n_more = n - profile->n_timeline;
    return WL_OK;
}

/* ---- interests and topics ---- */

/* How often one value of one property stood in events. */
struct tally {
    uint32_t value;
    uint32_t n;
};

static int by_n(const void *a, const void *b)
{
    const struct tally *x = a;
    const struct tally *y = b;

    if (x->n != y->n) {
        return x->n > y->n ? -1 : 1;
    }
    return (x->value > y->value) - (x->value < y->value);
}

static void count_value(struct tally *tallies, size_t *n_tallies, uint32_t value)
{
    size_t i = 0;

    while (i < *n_tallies && tallies[i].value != value) {
        i++;
    }
    if (i < *n_tallies) {
        tallies[i].n++;
    } else if (i < VALUES_MAX) {
        tallies[(*n_tallies)++] = (struct tally){.value = value, .n = 1};
    }
}

static wl_status fill_interests(struct own *own, struct wl_profile *profile, wl_error *error)
{
    const struct wl_company *company = own->company;
    size_t n_props = company->prop_names.n_strings;
    struct tally *tallies = wl_arena_zeroed(own->arena, VALUES_MAX, sizeof(*tallies));
    struct wl_profile_interest *interests =
        wl_arena_zeroed(own->arena, n_props * WL_PROFILE_INTERESTS_MAX + 1, sizeof(*interests));
    size_t n = 0;

    if (tallies == NULL || interests == NULL) {
        return no_memory(error);
    }
    for (uint32_t p = 0; p < n_props; p++) {
        size_t n_tallies = 0;
        double n_all = 0.0;
        for (size_t i = 0; i < own->n_events; i++) {
            uint32_t value = company->events.props[p][own->events[i]];
            bool is_recent = company->events.event_us[own->events[i]] > own->as_of_us - RECENT_US;
            if (value != WL_ID_NONE && is_recent) {
                count_value(tallies, &n_tallies, value);
                n_all += 1.0;
            }
        }
        qsort(tallies, n_tallies, sizeof(*tallies), by_n);
        for (size_t i = 0; i < n_tallies && i < WL_PROFILE_INTERESTS_MAX; i++) {
            interests[n++] = (struct wl_profile_interest){
                .property = wl_dict_string(&company->prop_names, p),
                .value = wl_dict_string(&company->strings, tallies[i].value),
                .n = tallies[i].n,
                .share = tallies[i].n / n_all};
        }
    }
    profile->interests = interests;
    profile->n_interests = n;
    return WL_OK;
}

static wl_status fill_topics(struct own *own, struct wl_profile *profile, wl_error *error)
{
    struct tally *tallies = wl_arena_zeroed(own->arena, VALUES_MAX, sizeof(*tallies));
    size_t n_tallies = 0;

    if (tallies == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < own->n_texts; i++) {
        const struct wl_text_reading *reading = &own->company->texts.texts[own->texts[i]].reading;
        for (uint32_t r = 0; r < reading->n_reasons; r++) {
            count_value(tallies, &n_tallies, reading->reasons[r]);
        }
    }
    qsort(tallies, n_tallies, sizeof(*tallies), by_n);
    struct wl_profile_topic *topics = wl_arena_zeroed(own->arena, n_tallies + 1, sizeof(*topics));
    if (topics == NULL) {
        return no_memory(error);
    }
    for (size_t i = 0; i < n_tallies; i++) {
        topics[i] = (struct wl_profile_topic){
            .name = wl_reader_label(&own->journey->readers.items[WL_READ_REASON],
                                    wl_dict_string(&own->company->strings, tallies[i].value)),
            .n = tallies[i].n};
    }
    profile->topics = topics;
    profile->n_topics = n_tallies;
    return WL_OK;
}

/* ---- mood ---- */

static void fill_mood(const struct own *own, struct wl_profile *profile)
{
    double values[WL_FALL_VALUES_MAX];
    double turned[WL_FALL_VALUES_MAX];
    size_t n_skip = own->n_texts > WL_FALL_VALUES_MAX ? own->n_texts - WL_FALL_VALUES_MAX : 0;
    size_t n = 0;
    double sum = 0.0;
    double weight = 0.0;

    for (size_t i = n_skip; i < own->n_texts; i++) {
        const struct wl_text *text = &own->company->texts.texts[own->texts[i]];
        double age = (double)(own->as_of_us - text->text_us) / (double)HALF_LIFE_US;
        double w = exp2(-age);
        values[n] = text->reading.mood_e4 / 1e4;
        turned[n] = -values[n];
        sum += w * values[n++];
        weight += w;
    }
    profile->mood = n > 0 ? sum / weight : (double)NAN;
    profile->direction_p = (double)NAN;
    if (n <= WL_FALL_BASELINE_MIN) {
        return;
    }
    double p_fall = wl_fall_p(values, n, own->journey->run.seed);
    double p_rise = wl_fall_p(turned, n, own->journey->run.seed);
    profile->direction = WL_MOOD_STEADY;
    profile->direction_p = p_fall < p_rise ? p_fall : p_rise;
    if (profile->direction_p < DIRECTION_P) {
        profile->direction = p_fall < p_rise ? WL_MOOD_FALLING : WL_MOOD_RISING;
    }
}

static void fill_span(const struct own *own, struct wl_profile *profile)
{
    profile->first_us = WL_TIME_NONE;
    profile->last_us = WL_TIME_NONE;
    for (size_t i = 0; i < own->n_events + own->n_texts; i++) {
        bool is_event = i < own->n_events;
        int64_t time_us = is_event
                              ? own->company->events.event_us[own->events[i]]
                              : own->company->texts.texts[own->texts[i - own->n_events]].text_us;
        if (i == 0 || time_us < profile->first_us) {
            profile->first_us = time_us;
        }
        if (i == 0 || time_us > profile->last_us) {
            profile->last_us = time_us;
        }
    }
}

wl_status wl_profile_fill(struct wl_journey *journey, struct wl_str user, int64_t as_of_us,
                          size_t n_lines, struct wl_arena *arena, struct wl_profile *profile,
                          wl_error *error)
{
    struct own own = {.journey = journey,
                      .company = journey->company,
                      .arena = arena,
                      .as_of_us = as_of_us,
                      .user = wl_dict_find(&journey->company->users, user)};

    *profile = (struct wl_profile){.user = user, .as_of_us = as_of_us, .mood = (double)NAN};
    WL_TRY(wl_journey_read_texts(journey, error));
    WL_TRY(collect(&own, error));
    if (own.n_events + own.n_texts == 0) {
        char text[WL_TIME_TEXT_BYTES];
        return wl_fail(error, WL_ENOTFOUND, "nothing was known of user %.*s at %s",
                       WL_STR_ARG(user), wl_time_format_iso(as_of_us, text));
    }
    profile->n_events = (double)own.n_events;
    profile->n_texts = (double)own.n_texts;
    profile->degraded = journey->readers.degraded;
    fill_span(&own, profile);
    WL_TRY(fill_timeline(&own, n_lines, profile, error));
    WL_TRY(fill_interests(&own, profile, error));
    WL_TRY(fill_topics(&own, profile, error));
    fill_mood(&own, profile);
    return WL_OK;
}
