/* Moments: only events with a part in the declared churn are kept. Every event name gets a mask of
 * roles, moments are counted into one block by user and sorted by time there. */
#include "learn/timeline.h"

#include "base/clock.h"

#include <stdlib.h>

void wl_timeline_release(struct wl_timeline *timeline)
{
    if (timeline->alloc != NULL) {
        wl_alloc_free(timeline->alloc, timeline->roles);
        wl_alloc_free(timeline->alloc, timeline->ends);
        wl_alloc_free(timeline->alloc, timeline->moments);
        *timeline = (struct wl_timeline){0};
    }
}

#define CANDIDATES_MAX 512 // names looked through for "did you mean"

wl_status wl_fail_name(const struct wl_dict *names, const char *where, const char *name,
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
                           const char *where, bool is_required, enum wl_role role, uint8_t *roles,
                           wl_error *error)
{
    for (size_t i = 0; i < names->n_items; i++) {
        uint32_t id = wl_dict_find(&company->event_names, wl_str_from(names->items[i]));
        if (id != WL_DICT_NONE) {
            roles[id] |= (uint8_t)role;
        } else if (is_required) {
            return wl_fail_name(&company->event_names, where, names->items[i], error);
        }
    }
    return WL_OK;
}

// Who is asked about when nothing is declared: anybody active; for cancel, anybody with an event
// that is not itself a cancellation.
static void default_audience(const struct wl_churn *churn, size_t n_names, uint8_t *roles)
{
    for (size_t id = 0; id < n_names; id++) {
        bool is_audience = churn->kind == WL_CHURN_INACTIVITY ? (roles[id] & WL_ROLE_ACTIVE) != 0
                                                              : (roles[id] & WL_ROLE_CANCEL) == 0;
        if (is_audience) {
            roles[id] |= WL_ROLE_AUDIENCE;
        }
    }
}

static wl_status give_roles(const struct wl_churn *churn, const struct wl_company *company,
                            uint8_t *roles, wl_error *error)
{
    size_t n_names = company->event_names.n_strings;
    bool is_cancel = churn->kind == WL_CHURN_CANCEL;

    WL_TRY(give_role(company, &churn->events, "churn.events", true,
                     is_cancel ? WL_ROLE_CANCEL : WL_ROLE_ACTIVE, roles, error));
    if (churn->kind == WL_CHURN_INACTIVITY && churn->events.n_items == 0) {
        for (size_t id = 0; id < n_names; id++) {
            roles[id] |= WL_ROLE_ACTIVE;
        }
    }
    WL_TRY(give_role(company, &churn->gone, "churn.gone", false, WL_ROLE_CANCEL, roles, error));
    // Coming back or failing to pay may simply not have happened yet: no complaint.
    WL_TRY(
        give_role(company, &churn->restart, "churn.restart", false, WL_ROLE_RESTART, roles, error));
    WL_TRY(give_role(company, &churn->involuntary, "churn.involuntary", false, WL_ROLE_INVOLUNTARY,
                     roles, error));
    WL_TRY(give_role(company, &churn->audience_events, "churn.audience.events", true,
                     WL_ROLE_AUDIENCE, roles, error));
    if (churn->audience_events.n_items == 0) {
        default_audience(churn, n_names, roles);
    }
    return WL_OK;
}

static int by_time(const void *left, const void *right)
{
    const struct wl_moment *a = left;
    const struct wl_moment *b = right;

    return a->event_us < b->event_us ? -1 : a->event_us > b->event_us;
}

struct wl_story wl_timeline_story(const struct wl_timeline *timeline, size_t user)
{
    size_t begin = user > 0 ? timeline->ends[user - 1] : 0;
    return (struct wl_story){timeline->moments + begin, timeline->ends[user] - begin};
}

static wl_status timeline_fill(struct wl_timeline *timeline, const struct wl_company *company,
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
                (struct wl_moment){events->event_us[i], events->received_us[i], roles};
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

wl_status wl_timeline_init(struct wl_timeline *timeline, const struct wl_churn *churn,
                           const struct wl_company *company, wl_error *error)
{
    const wl_alloc *alloc = company->alloc;
    wl_status status = WL_OK;

    *timeline = (struct wl_timeline){.alloc = alloc, .newest_us = WL_TIME_NONE};
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
        wl_timeline_release(timeline);
    }
    return status;
}

bool wl_moment_is_known(const struct wl_moment *moment, int64_t as_of_us)
{
    return moment->event_us <= as_of_us && moment->received_us <= as_of_us;
}

bool wl_story_has(struct wl_story story, enum wl_role role, int64_t after_us, int64_t until_us)
{
    for (size_t i = 0; i < story.n && story.moments[i].event_us <= until_us; i++) {
        if (story.moments[i].event_us > after_us && (story.moments[i].roles & role) != 0) {
            return true;
        }
    }
    return false;
}

bool wl_story_in_audience(const struct wl_churn *churn, struct wl_story story, int64_t as_of_us)
{
    int64_t within_us = churn->audience_within_us;

    for (size_t i = 0; i < story.n && story.moments[i].event_us <= as_of_us; i++) {
        bool is_recent = within_us == 0 || story.moments[i].event_us > as_of_us - within_us;
        if (is_recent && (story.moments[i].roles & WL_ROLE_AUDIENCE) != 0 &&
            wl_moment_is_known(&story.moments[i], as_of_us)) {
            return true;
        }
    }
    return false;
}
