/* Inactivity and cancel: one scan over a user's few moments per date. The scan is the definition
 * almost word for word, which is worth more here than the last factor in speed. */
#include "learn/timeline.h"

// As far as is known at T: cancelled, and not back since.
static bool is_gone(struct wl_story story, int64_t as_of_us)
{
    bool is_cancelled = false;
    int64_t cancelled_us = 0;

    for (size_t i = 0; i < story.n && story.moments[i].event_us <= as_of_us; i++) {
        if (wl_moment_is_known(&story.moments[i], as_of_us) &&
            (story.moments[i].roles & WL_ROLE_CANCEL) != 0) {
            is_cancelled = true;
            cancelled_us = story.moments[i].event_us;
        }
    }
    for (size_t i = 0; is_cancelled && i < story.n; i++) {
        if (wl_moment_is_known(&story.moments[i], as_of_us) &&
            story.moments[i].event_us >= cancelled_us &&
            (story.moments[i].roles & WL_ROLE_RESTART) != 0) {
            return false;
        }
    }
    return is_cancelled;
}

// A cancellation nobody took back within the allowed gap. A restart at the same moment takes it
// back.
static bool is_final(const struct wl_churn *churn, struct wl_story story,
                     const struct wl_moment *cancel)
{
    return !wl_story_has(story, WL_ROLE_RESTART, cancel->event_us - 1,
                         cancel->event_us + churn->allowed_gap_us);
}

static enum wl_label_status judge_cancel(const struct wl_churn *churn, struct wl_story story,
                                         int64_t as_of_us)
{
    int64_t opens_us = as_of_us + churn->lead_us;
    int64_t ends_us = opens_us + churn->horizon_us;

    for (size_t i = 0; i < story.n && story.moments[i].event_us <= ends_us; i++) {
        const struct wl_moment *moment = &story.moments[i];
        if ((moment->roles & WL_ROLE_CANCEL) == 0 || wl_moment_is_known(moment, as_of_us) ||
            !is_final(churn, story, moment)) {
            continue;
        }
        // A cancellation before T that was not yet known at T is early too: nothing could be done.
        if (moment->event_us <= opens_us) {
            return WL_LABEL_EARLY;
        }
        bool is_involuntary =
            wl_story_has(story, WL_ROLE_INVOLUNTARY,
                         moment->event_us - churn->involuntary_within_us, moment->event_us);
        return is_involuntary ? WL_LABEL_INVOLUNTARY : WL_LABEL_POSITIVE;
    }
    return WL_LABEL_NEGATIVE;
}

static enum wl_label_status judge_inactivity(const struct wl_churn *churn, struct wl_story story,
                                             int64_t as_of_us)
{
    int64_t opens_us = as_of_us + churn->lead_us;
    int64_t ends_us = opens_us + churn->horizon_us;

    if (wl_story_has(story, WL_ROLE_ACTIVE, opens_us, ends_us)) {
        return WL_LABEL_NEGATIVE;
    }
    bool is_involuntary =
        wl_story_has(story, WL_ROLE_INVOLUNTARY, opens_us - churn->involuntary_within_us, ends_us);
    return is_involuntary ? WL_LABEL_INVOLUNTARY : WL_LABEL_POSITIVE;
}

static enum wl_label_status judge(const struct wl_churn *churn, const struct wl_timeline *timeline,
                                  size_t user, int64_t as_of_us)
{
    struct wl_story story = wl_timeline_story(timeline, user);

    if (!wl_story_in_audience(churn, story, as_of_us) || is_gone(story, as_of_us)) {
        return WL_LABEL_NOT_ELIGIBLE;
    }
    if (wl_churn_closes_us(churn, as_of_us) > timeline->newest_us) {
        return WL_LABEL_OPEN;
    }
    return churn->kind == WL_CHURN_CANCEL ? judge_cancel(churn, story, as_of_us)
                                          : judge_inactivity(churn, story, as_of_us);
}

wl_status wl_labels_from_events(const struct wl_churn *churn, const struct wl_company *company,
                                struct wl_labels *labels, wl_error *error)
{
    struct wl_timeline timeline;

    WL_TRY(wl_timeline_init(&timeline, churn, company, error));
    for (size_t i = 0; i < labels->n_labels; i++) {
        labels->status[i] =
            (uint8_t)judge(churn, &timeline, i % labels->n_users, labels->as_of_us[i]);
    }
    wl_timeline_release(&timeline);
    return WL_OK;
}
