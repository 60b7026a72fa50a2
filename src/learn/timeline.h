/* What labels are made of, for this folder alone: the events that play a part in the declared
 * churn, grouped by user and sorted by time. */
#ifndef WL_LEARN_TIMELINE_H
#define WL_LEARN_TIMELINE_H
#include "learn/label.h"

/* The parts an event may play; a mask. */
enum wl_role {
    WL_ROLE_ACTIVE = 1,      /* inactivity: a sign of life */
    WL_ROLE_CANCEL = 2,      /* leaving: of kind cancel, or gone of kind inactivity */
    WL_ROLE_RESTART = 4,     /* coming back */
    WL_ROLE_AUDIENCE = 8,    /* makes a user eligible */
    WL_ROLE_INVOLUNTARY = 16 /* a failed payment */
};

struct wl_moment {
    int64_t event_us;
    int64_t received_us;
    uint32_t roles;
};

/* Moments of all users, grouped. */
struct wl_timeline {
    const wl_alloc *alloc;
    uint8_t *roles;            /* (event names) owned */
    size_t *ends;              /* (users) owned: where a user's moments end, the next one's begin */
    struct wl_moment *moments; /* (n) owned, rising event_us within a user */
    int64_t newest_us;         /* what happened up to here is known */
};

/* The moments of one user. */
struct wl_story {
    const struct wl_moment *moments; /* (n) rising event_us */
    size_t n;
};

/* wl_timeline_init - give event names their roles and collect the moments.
 * Cost:    O(events log events).
 * Errors:  WL_ECONFIG  a declared event that the data does not have.  WL_ENOMEM.
 * Release with wl_timeline_release (a zeroed one is fine). */
WL_MUST_CHECK wl_status wl_timeline_init(struct wl_timeline *timeline, const struct wl_churn *churn,
                                         const struct wl_company *company, wl_error *error);
void wl_timeline_release(struct wl_timeline *timeline);

/* wl_timeline_story - the moments of one user; borrowed. */
struct wl_story wl_timeline_story(const struct wl_timeline *timeline, size_t user);

/* wl_moment_is_known - it had happened and was known at T. */
bool wl_moment_is_known(const struct wl_moment *moment, int64_t as_of_us);

/* wl_story_has - something with this role happened in (after, until], whenever it became known. */
bool wl_story_has(struct wl_story story, enum wl_role role, int64_t after_us, int64_t until_us);

/* wl_story_in_audience - an event of the audience, recent enough, was known at T. */
bool wl_story_in_audience(const struct wl_churn *churn, struct wl_story story, int64_t as_of_us);

/* wl_fail_name - WL_ECONFIG: "where: the data has no "name" (did you mean ...?)". */
wl_status wl_fail_name(const struct wl_dict *names, const char *where, const char *name,
                       wl_error *error);

/* wl_labels_from_events - fill the statuses of inactivity and cancel. labels has its dates.
 * wl_labels_from_attribute - fill those of kind label, and without dates the dates too. Errors as
 * wl_labels_build. */
WL_MUST_CHECK wl_status wl_labels_from_events(const struct wl_churn *churn,
                                              const struct wl_company *company,
                                              struct wl_labels *labels, wl_error *error);
WL_MUST_CHECK wl_status wl_labels_from_attribute(const struct wl_churn *churn,
                                                 const struct wl_company *company, bool has_dates,
                                                 struct wl_labels *labels, wl_error *error);

#endif
