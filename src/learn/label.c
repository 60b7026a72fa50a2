/* Labels from events and attributes.
 *
 * Only events that play a part are looked at: every event name gets a mask of roles, the events with
 * a role are grouped by user and sorted by time, and each (user, date) is one scan over that user's
 * few moments. The scan is the definition almost word for word, which is worth more here than the
 * last factor in speed. Measured: 1 million events, 20,000 users, 24 dates in 0.4 s. */
#include "learn/label.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum role {
    ROLE_ACTIVE = 1,      /* inactivity: a sign of life */
    ROLE_CANCEL = 2,      /* cancel: leaving */
    ROLE_RESTART = 4,     /* cancel: coming back */
    ROLE_AUDIENCE = 8,    /* makes a user eligible */
    ROLE_INVOLUNTARY = 16 /* a failed payment */
};

struct moment {
    int64_t event_us;
    int64_t received_us;
    uint32_t roles;
};

/* Moments of all users, grouped. */
struct timeline {
    const wl_alloc *alloc;
    uint8_t *roles;         /* (event names) owned */
    size_t *ends;           /* (users) owned: where a user's moments end, the next one's begin */
    struct moment *moments; /* (n) owned, rising event_us within a user */
    int64_t newest_us;      /* what happened up to here is known */
};

const char *wl_label_status_key(enum wl_label_status status)
{
    static const char *const keys[WL_LABEL_STATUS_COUNT] = {"negative", "positive", "not_eligible",
                                                            "early",    "open",     "involuntary"};
    return keys[status];
}

void wl_labels_release(struct wl_labels *labels)
{
    if (labels->alloc != NULL) {
        wl_alloc_free(labels->alloc, labels->as_of_us);
        wl_alloc_free(labels->alloc, labels->status);
        *labels = (struct wl_labels){0};
    }
}

static void timeline_release(struct timeline *timeline)
{
    wl_alloc_free(timeline->alloc, timeline->roles);
    wl_alloc_free(timeline->alloc, timeline->ends);
    wl_alloc_free(timeline->alloc, timeline->moments);
}

#define CANDIDATES_MAX 512 // names looked through for "did you mean"

static wl_status fail_name(const struct wl_dict *names, const char *where, const char *name,
                           wl_error *error)
{
    struct wl_arena arena_request;
    const char *candidates[CANDIDATES_MAX + 1] = {NULL};

    wl_arena_init(&arena_request, names->alloc, 0);
    for (size_t i = 0; i < names->n_strings && i < CANDIDATES_MAX; i++) {
        candidates[i] = wl_arena_string(&arena_request, wl_dict_string(names, (uint32_t)i));
    }
    const char *near = wl_closest(wl_str_from(name), candidates);
    wl_status status =
        near == NULL
            ? wl_fail(error, WL_ECONFIG, "%s: the data has no \"%s\"", where, name)
            : wl_fail(error, WL_ECONFIG, "%s: the data has no \"%s\" (did you mean \"%s\"?)", where,
                      name, near);
    wl_arena_release(&arena_request);
    return status;
}

static wl_status give_role(const struct wl_company *company, const struct wl_texts *names,
                           const char *where, bool is_required, enum role role, uint8_t *roles,
                           wl_error *error)
{
    for (size_t i = 0; i < names->n_items; i++) {
        uint32_t id = wl_dict_find(&company->event_names, wl_str_from(names->items[i]));
        if (id != WL_DICT_NONE) {
            roles[id] |= (uint8_t)role;
        } else if (is_required) {
            return fail_name(&company->event_names, where, names->items[i], error);
        }
    }
    return WL_OK;
}

// Who is asked about when nothing is declared: anybody active; for cancel, anybody with an event that
// is not itself a cancellation.
static void default_audience(const struct wl_churn *churn, size_t n_names, uint8_t *roles)
{
    for (size_t id = 0; id < n_names; id++) {
        bool is_audience = churn->kind == WL_CHURN_INACTIVITY ? (roles[id] & ROLE_ACTIVE) != 0
                                                              : (roles[id] & ROLE_CANCEL) == 0;
        if (is_audience) {
            roles[id] |= ROLE_AUDIENCE;
        }
    }
}

static wl_status give_roles(const struct wl_churn *churn, const struct wl_company *company,
                            uint8_t *roles, wl_error *error)
{
    size_t n_names = company->event_names.n_strings;
    bool is_cancel = churn->kind == WL_CHURN_CANCEL;

    WL_TRY(give_role(company, &churn->events, "churn.events", true,
                     is_cancel ? ROLE_CANCEL : ROLE_ACTIVE, roles, error));
    if (churn->kind == WL_CHURN_INACTIVITY && churn->events.n_items == 0) {
        for (size_t id = 0; id < n_names; id++) {
            roles[id] |= ROLE_ACTIVE;
        }
    }
    // Coming back or failing to pay may simply not have happened yet: no complaint.
    WL_TRY(give_role(company, &churn->restart, "churn.restart", false, ROLE_RESTART, roles, error));
    WL_TRY(give_role(company, &churn->involuntary, "churn.involuntary", false, ROLE_INVOLUNTARY,
                     roles, error));
    WL_TRY(give_role(company, &churn->audience_events, "churn.audience.events", true, ROLE_AUDIENCE,
                     roles, error));
    if (churn->audience_events.n_items == 0) {
        default_audience(churn, n_names, roles);
    }
    return WL_OK;
}

static int by_time(const void *left, const void *right)
{
    const struct moment *a = left;
    const struct moment *b = right;

    return a->event_us < b->event_us ? -1 : a->event_us > b->event_us;
}

/* The moments of one user. */
struct story {
    const struct moment *moments; /* (n) rising event_us */
    size_t n;
};

static struct story story_of(const struct timeline *timeline, size_t user)
{
    size_t begin = user > 0 ? timeline->ends[user - 1] : 0;
    return (struct story){timeline->moments + begin, timeline->ends[user] - begin};
}

static wl_status timeline_fill(struct timeline *timeline, const struct wl_company *company,
                               wl_error *error)
{
    const struct wl_events *events = &company->events;
    size_t n_users = company->users.n_strings;
    size_t n = 0;

    for (size_t i = 0; i < events->n_events; i++) {
        timeline->ends[events->user[i]] += timeline->roles[events->name[i]] != 0 ? 1 : 0;
    }
    for (size_t u = 0; u < n_users; u++) {
        size_t n_of_user = timeline->ends[u];
        timeline->ends[u] = n; // the begin for now: every moment put there moves it on
        n += n_of_user;
    }
    timeline->moments = wl_alloc_array(timeline->alloc, n + 1, sizeof(*timeline->moments));
    if (timeline->moments == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu events", n);
    }
    for (size_t i = 0; i < events->n_events; i++) {
        uint32_t roles = timeline->roles[events->name[i]];
        if (roles != 0) {
            timeline->moments[timeline->ends[events->user[i]]++] =
                (struct moment){events->event_us[i], events->received_us[i], roles};
        }
        if (events->received_us[i] > timeline->newest_us) {
            timeline->newest_us = events->received_us[i];
        }
    }
    for (size_t u = 0; u < n_users; u++) {
        size_t begin = u > 0 ? timeline->ends[u - 1] : 0;
        qsort(timeline->moments + begin, timeline->ends[u] - begin, sizeof(*timeline->moments),
              by_time);
    }
    return WL_OK;
}

static wl_status timeline_init(struct timeline *timeline, const struct wl_churn *churn,
                               const struct wl_company *company, wl_error *error)
{
    const wl_alloc *alloc = company->alloc;
    wl_status status = WL_OK;

    *timeline = (struct timeline){.alloc = alloc, .newest_us = WL_TIME_NONE};
    timeline->roles = wl_alloc_zeroed(alloc, company->event_names.n_strings + 1, 1);
    timeline->ends = wl_alloc_zeroed(alloc, company->users.n_strings + 1, sizeof(*timeline->ends));
    if (timeline->roles == NULL || timeline->ends == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for labels");
        goto done;
    }
    WL_GO(give_roles(churn, company, timeline->roles, error));
    WL_GO(timeline_fill(timeline, company, error));
done:
    if (status != WL_OK) {
        timeline_release(timeline);
        *timeline = (struct timeline){0};
    }
    return status;
}

static bool is_known(const struct moment *moment, int64_t as_of_us)
{
    return moment->event_us <= as_of_us && moment->received_us <= as_of_us;
}

// Something with this role happened in (after, until], whenever it became known.
static bool has_between(struct story story, enum role role, int64_t after_us, int64_t until_us)
{
    for (size_t i = 0; i < story.n && story.moments[i].event_us <= until_us; i++) {
        if (story.moments[i].event_us > after_us && (story.moments[i].roles & role) != 0) {
            return true;
        }
    }
    return false;
}

static bool in_audience(const struct wl_churn *churn, struct story story, int64_t as_of_us)
{
    int64_t within_us = churn->audience_within_us;

    for (size_t i = 0; i < story.n && story.moments[i].event_us <= as_of_us; i++) {
        bool is_recent = within_us == 0 || story.moments[i].event_us > as_of_us - within_us;
        if (is_recent && (story.moments[i].roles & ROLE_AUDIENCE) != 0 &&
            is_known(&story.moments[i], as_of_us)) {
            return true;
        }
    }
    return false;
}

// As far as is known at T: cancelled, and not back since.
static bool is_gone(struct story story, int64_t as_of_us)
{
    bool is_cancelled = false;
    int64_t cancelled_us = 0;

    for (size_t i = 0; i < story.n && story.moments[i].event_us <= as_of_us; i++) {
        if (is_known(&story.moments[i], as_of_us) && (story.moments[i].roles & ROLE_CANCEL) != 0) {
            is_cancelled = true;
            cancelled_us = story.moments[i].event_us;
        }
    }
    for (size_t i = 0; is_cancelled && i < story.n; i++) {
        if (is_known(&story.moments[i], as_of_us) && story.moments[i].event_us >= cancelled_us &&
            (story.moments[i].roles & ROLE_RESTART) != 0) {
            return false;
        }
    }
    return is_cancelled;
}

// A cancellation nobody took back within the allowed gap. A restart at the same moment takes it back.
static bool is_final(const struct wl_churn *churn, struct story story, const struct moment *cancel)
{
    return !has_between(story, ROLE_RESTART, cancel->event_us - 1,
                        cancel->event_us + churn->allowed_gap_us);
}

static enum wl_label_status judge_cancel(const struct wl_churn *churn, struct story story,
                                         int64_t as_of_us)
{
    int64_t opens_us = as_of_us + churn->lead_us;
    int64_t ends_us = opens_us + churn->horizon_us;

    for (size_t i = 0; i < story.n && story.moments[i].event_us <= ends_us; i++) {
        const struct moment *moment = &story.moments[i];
        if ((moment->roles & ROLE_CANCEL) == 0 || is_known(moment, as_of_us) ||
            !is_final(churn, story, moment)) {
            continue;
        }
        // A cancellation before T that was not yet known at T is early too: nothing could be done.
        if (moment->event_us <= opens_us) {
            return WL_LABEL_EARLY;
        }
        bool is_involuntary =
            has_between(story, ROLE_INVOLUNTARY, moment->event_us - churn->involuntary_within_us,
                        moment->event_us);
        return is_involuntary ? WL_LABEL_INVOLUNTARY : WL_LABEL_POSITIVE;
    }
    return WL_LABEL_NEGATIVE;
}

static enum wl_label_status judge_inactivity(const struct wl_churn *churn, struct story story,
                                             int64_t as_of_us)
{
    int64_t opens_us = as_of_us + churn->lead_us;
    int64_t ends_us = opens_us + churn->horizon_us;

    if (has_between(story, ROLE_ACTIVE, opens_us, ends_us)) {
        return WL_LABEL_NEGATIVE;
    }
    bool is_involuntary =
        has_between(story, ROLE_INVOLUNTARY, opens_us - churn->involuntary_within_us, ends_us);
    return is_involuntary ? WL_LABEL_INVOLUNTARY : WL_LABEL_POSITIVE;
}

static enum wl_label_status judge(const struct wl_churn *churn, const struct timeline *timeline,
                                  size_t user, int64_t as_of_us)
{
    struct story story = story_of(timeline, user);

    if (!in_audience(churn, story, as_of_us) || is_gone(story, as_of_us)) {
        return WL_LABEL_NOT_ELIGIBLE;
    }
    if (wl_churn_closes_us(churn, as_of_us) > timeline->newest_us) {
        return WL_LABEL_OPEN;
    }
    return churn->kind == WL_CHURN_CANCEL ? judge_cancel(churn, story, as_of_us)
                                          : judge_inactivity(churn, story, as_of_us);
}

static wl_status labels_init(struct wl_labels *labels, const struct wl_company *company,
                             size_t n_dates, wl_error *error)
{
    size_t n_users = company->users.n_strings;
    const wl_alloc *alloc = company->alloc;

    *labels = (struct wl_labels){.alloc = alloc, .n_users = n_users, .n_dates = n_dates};
    if (__builtin_mul_overflow(n_users, n_dates, &labels->n_labels)) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu users at %zu dates", n_users, n_dates);
    }
    labels->as_of_us = wl_alloc_array(alloc, labels->n_labels + 1, sizeof(*labels->as_of_us));
    labels->status = wl_alloc_array(alloc, labels->n_labels + 1, 1);
    if (labels->as_of_us == NULL || labels->status == NULL) {
        wl_labels_release(labels);
        return wl_fail(error, WL_ENOMEM, "no memory for %zu users at %zu dates", n_users, n_dates);
    }
    return WL_OK;
}

static wl_status build_from_events(const struct wl_churn *churn, const struct wl_company *company,
                                   struct wl_labels *labels, wl_error *error)
{
    struct timeline timeline;

    WL_TRY(timeline_init(&timeline, churn, company, error));
    for (size_t i = 0; i < labels->n_labels; i++) {
        labels->status[i] =
            (uint8_t)judge(churn, &timeline, i % labels->n_users, labels->as_of_us[i]);
    }
    timeline_release(&timeline);
    return WL_OK;
}

static bool is_word_of(const char *const *words, const char *text)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0) {
            return true;
        }
    }
    return false;
}

// Readers turn Yes/No columns into booleans, so the configured word may meet one.
static bool is_positive(const struct wl_churn *churn, const struct wl_company *company,
                        const struct wl_attribute *attribute)
{
    static const char *const yes[] = {"Yes", "yes", "YES", "True", "true", "TRUE", "Y",
                                      "y",   "1",   "1.0", "T",    "t",    "是",   NULL};
    static const char *const no[] = {"No", "no", "NO",  "False", "false", "FALSE", "N",
                                     "n",  "0",  "0.0", "F",     "f",     "否",    NULL};
    double number;

    switch (attribute->kind) {
    case WL_VALUE_STRING:
        return wl_str_is(wl_dict_string(&company->strings, attribute->string), churn->positive);
    case WL_VALUE_BOOL: return is_word_of(attribute->number != 0.0 ? yes : no, churn->positive);
    case WL_VALUE_NUMBER:
        return wl_str_to_double(wl_str_from(churn->positive), &number) &&
               number == attribute->number;
    case WL_VALUE_MISSING: return false;
    }
    return false;
}

/* What the label attribute says of one user: its newest value. */
struct given {
    int64_t known_us; /* WL_TIME_NONE: nothing */
    bool is_positive;
    bool is_missing;
};

// The newest value counts; of several at one moment a positive one, so that order means nothing.
static void note_given(struct given *given, const struct wl_attribute *attribute, bool positive)
{
    bool is_missing = attribute->kind == WL_VALUE_MISSING;

    if (attribute->known_us > given->known_us) {
        *given = (struct given){attribute->known_us, positive, is_missing};
    } else if (attribute->known_us == given->known_us) {
        given->is_positive = given->is_positive || positive;
        given->is_missing = given->is_missing && is_missing;
    }
}

static void label_from_given(const struct wl_churn *churn, const struct timeline *timeline,
                             const struct given *given, bool has_dates, struct wl_labels *labels)
{
    for (size_t i = 0; i < labels->n_labels; i++) {
        size_t user = i % labels->n_users;
        if (!has_dates) {
            labels->as_of_us[i] = given[user].known_us;
        }
        bool is_given = given[user].known_us != WL_TIME_NONE && !given[user].is_missing;
        bool is_asked = churn->audience_events.n_items == 0 ||
                        in_audience(churn, story_of(timeline, user), labels->as_of_us[i]);
        labels->status[i] = (uint8_t)(!is_given || !is_asked    ? WL_LABEL_NOT_ELIGIBLE
                                      : given[user].is_positive ? WL_LABEL_POSITIVE
                                                                : WL_LABEL_NEGATIVE);
    }
}

static wl_status collect_given(const struct wl_churn *churn, const struct wl_company *company,
                               struct given *given, wl_error *error)
{
    uint32_t key = wl_dict_find(&company->attribute_names, wl_str_from(churn->attribute));
    size_t n_positive = 0;

    if (key == WL_DICT_NONE) {
        return fail_name(&company->attribute_names, "churn.attribute", churn->attribute, error);
    }
    for (size_t u = 0; u < company->users.n_strings; u++) {
        given[u] = (struct given){.known_us = WL_TIME_NONE};
    }
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *attribute = &company->attributes.items[i];
        if (attribute->key == key) {
            bool positive = is_positive(churn, company, attribute);
            note_given(&given[attribute->user], attribute, positive);
            n_positive += positive ? 1 : 0;
        }
    }
    if (n_positive == 0) {
        return wl_fail(error, WL_ECONFIG, "churn.positive: no customer has %s = \"%s\"",
                       churn->attribute, churn->positive);
    }
    return WL_OK;
}

static wl_status build_from_attribute(const struct wl_churn *churn,
                                      const struct wl_company *company, bool has_dates,
                                      struct wl_labels *labels, wl_error *error)
{
    struct timeline timeline = {0};
    struct given *given = NULL;
    wl_status status = WL_OK;

    WL_GO(timeline_init(&timeline, churn, company, error));
    given = wl_alloc_array(company->alloc, labels->n_users + 1, sizeof(*given));
    if (given == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu labels", labels->n_users);
        goto done;
    }
    WL_GO(collect_given(churn, company, given, error));
    label_from_given(churn, &timeline, given, has_dates, labels);
done:
    wl_alloc_free(company->alloc, given);
    if (timeline.alloc != NULL) {
        timeline_release(&timeline);
    }
    return status;
}

static wl_status check_dates(const struct wl_churn *churn, const int64_t *dates_us, size_t n_dates,
                             wl_error *error)
{
    if (n_dates > WL_DATES_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu observation dates, at most %d", n_dates,
                       WL_DATES_MAX);
    }
    if (n_dates == 0 && churn->kind != WL_CHURN_LABEL) {
        return wl_fail(error, WL_EINVAL, "labels need observation dates");
    }
    for (size_t d = 1; d < n_dates; d++) {
        if (dates_us[d] <= dates_us[d - 1]) {
            return wl_fail(error, WL_EINVAL, "observation date %zu is not after the one before", d);
        }
    }
    return WL_OK;
}

wl_status wl_labels_build(const struct wl_churn *churn, const struct wl_company *company,
                          const int64_t *dates_us, size_t n_dates, struct wl_labels *labels,
                          struct wl_label_report *report, wl_error *error)
{
    struct wl_labels made;
    struct wl_label_report counts = {0};

    WL_TRY(check_dates(churn, dates_us, n_dates, error));
    WL_TRY(labels_init(&made, company, n_dates > 0 ? n_dates : 1, error));
    for (size_t i = 0; i < made.n_labels && n_dates > 0; i++) {
        made.as_of_us[i] = dates_us[i / made.n_users];
    }
    wl_status status = churn->kind == WL_CHURN_LABEL
                           ? build_from_attribute(churn, company, n_dates > 0, &made, error)
                           : build_from_events(churn, company, &made, error);
    if (status != WL_OK) {
        wl_labels_release(&made);
        return status;
    }
    for (size_t i = 0; i < made.n_labels; i++) {
        counts.n[made.status[i]]++;
    }
    *labels = made;
    if (report != NULL) {
        *report = counts;
    }
    return WL_OK;
}

size_t wl_labels_find(const struct wl_labels *labels, uint32_t user, int64_t as_of_us)
{
    size_t low = 0;
    size_t high = labels->n_dates;

    if (user >= labels->n_users) {
        return SIZE_MAX;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        size_t i = middle * labels->n_users + user;
        if (labels->as_of_us[i] == as_of_us) {
            return i;
        }
        if (labels->as_of_us[i] < as_of_us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SIZE_MAX;
}
