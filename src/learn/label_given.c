/* Kind label: an attribute that already says who left. */
#include "base/clock.h"
#include "learn/timeline.h"

#include <string.h>

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
    int64_t seen_us;  /* when anything at all was first known of the user's attributes */
    int64_t known_us; /* WL_TIME_NONE: nothing */
    bool is_positive;
    bool is_missing;
};

// The newest value counts; of several at one moment a positive one, so that order means nothing.
static void note_given(struct given *given, const struct wl_attribute *attribute, bool positive)
{
    bool is_missing = attribute->kind == WL_VALUE_MISSING;

    if (attribute->known_us > given->known_us) {
        given->known_us = attribute->known_us;
        given->is_positive = positive;
        given->is_missing = is_missing;
    } else if (attribute->known_us == given->known_us) {
        given->is_positive = given->is_positive || positive;
        given->is_missing = given->is_missing && is_missing;
    }
}

// A customer without the label has an open outcome: nothing to learn from, but somebody to score,
// as soon as anything is known of them.
static enum wl_label_status judge_given(const struct wl_churn *churn, struct wl_story story,
                                        const struct given *given, bool has_dates, int64_t as_of_us)
{
    bool is_given = given->known_us != WL_TIME_NONE && !given->is_missing;
    bool is_active = wl_story_in_audience(churn, story, as_of_us);

    if (churn->audience_events.n_items > 0 && !is_active) {
        return WL_LABEL_NOT_ELIGIBLE;
    }
    if (is_given) {
        return given->is_positive ? WL_LABEL_POSITIVE : WL_LABEL_NEGATIVE;
    }
    bool is_seen = has_dates && (is_active || given->seen_us <= as_of_us);
    return is_seen ? WL_LABEL_OPEN : WL_LABEL_NOT_ELIGIBLE;
}

static wl_status collect_given(const struct wl_churn *churn, const struct wl_company *company,
                               struct given *given, wl_error *error)
{
    uint32_t key = wl_dict_find(&company->attribute_names, wl_str_from(churn->attribute));
    size_t n_positive = 0;

    if (key == WL_DICT_NONE) {
        return wl_fail_name(&company->attribute_names, "churn.attribute", churn->attribute, error);
    }
    for (size_t u = 0; u < company->users.n_strings; u++) {
        given[u] = (struct given){.seen_us = INT64_MAX, .known_us = WL_TIME_NONE};
    }
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *attribute = &company->attributes.items[i];
        struct given *user = &given[attribute->user];
        if (attribute->known_us < user->seen_us) {
            user->seen_us = attribute->known_us;
        }
        if (attribute->key == key) {
            bool positive = is_positive(churn, company, attribute);
            note_given(user, attribute, positive);
            n_positive += positive ? 1 : 0;
        }
    }
    if (n_positive == 0) {
        return wl_fail(error, WL_ECONFIG, "churn.positive: no customer has %s = \"%s\"",
                       churn->attribute, churn->positive);
    }
    return WL_OK;
}

wl_status wl_labels_from_attribute(const struct wl_churn *churn, const struct wl_company *company,
                                   bool has_dates, struct wl_labels *labels, wl_error *error)
{
    struct wl_timeline timeline = {0};
    struct given *given = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_timeline_init(&timeline, churn, company, error));
    given = wl_alloc_array(company->alloc, labels->n_users + 1, sizeof(*given));
    if (given == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu labels", labels->n_users);
        goto done;
    }
    WL_GO(collect_given(churn, company, given, error));
    for (size_t i = 0; i < labels->n_labels; i++) {
        size_t user = i % labels->n_users;
        if (!has_dates) {
            labels->as_of_us[i] = given[user].known_us;
        }
        labels->status[i] = (uint8_t)judge_given(churn, wl_timeline_story(&timeline, user),
                                                 &given[user], has_dates, labels->as_of_us[i]);
    }
done:
    wl_alloc_free(company->alloc, given);
    wl_timeline_release(&timeline);
    return status;
}
