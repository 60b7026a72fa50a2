/* Who has what: a company's columns, brought together by user. Inner part of build. */
#ifndef WL_FEATURES_GROUPING_H
#define WL_FEATURES_GROUPING_H
#include "data/company.h"

enum wl_known_kind { WL_KNOWN_EVENT = 0, WL_KNOWN_TEXT = 1, WL_KNOWN_ATTRIBUTE = 2 };
#define WL_KNOWN_KINDS 3

/* One thing that became known of a user. */
struct wl_known {
    int64_t received_us;
    uint32_t index; /* in the company's events, texts or attributes */
    uint32_t kind;  /* enum wl_known_kind */
};

struct wl_grouped_user {
    uint32_t user;
    uint32_t n_dates;   /* the last n_dates dates have a row */
    size_t i_row_first; /* where its rows begin */
};

struct wl_group {
    size_t *first;   /* (n_users + 1) where a user's indices begin; owned */
    uint32_t *index; /* what was known by the last date, user by user, in arrival order; owned */
};

struct wl_grouping {
    const wl_alloc *alloc;
    const struct wl_company *company;
    struct wl_group groups[WL_KNOWN_KINDS];
    struct wl_grouped_user *users; /* (n_users) those with rows, by bytes of their ids; owned */
    size_t n_users;
};

/* wl_grouping_init - group what was known by the last date, and give each user's rows a place.
 *   dates_us  (in)  (n_dates) rising.
 *   n_rows    (out) of all users.
 * Cost:    O(events + users log users).
 * Errors:  WL_ENOMEM, WL_ELIMIT (2^32 of anything). Release also after a failure. */
WL_MUST_CHECK wl_status wl_grouping_init(struct wl_grouping *grouping, const wl_alloc *alloc,
                                         const struct wl_company *company, const int64_t *dates_us,
                                         size_t n_dates, size_t *n_rows, wl_error *error);
void wl_grouping_release(struct wl_grouping *grouping);

/* wl_grouping_collect - everything of one user by rising received_us; known has room for twice as
 * many, the upper half is scratch.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_grouping_collect(const struct wl_grouping *grouping, uint32_t user,
                                            const wl_alloc *alloc, struct wl_known **known,
                                            size_t *capacity, size_t *n_known, wl_error *error);

#endif
