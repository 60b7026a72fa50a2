/* Goal:   labels equal their definition on logs of any shape.
 * Method: random logs (late arrivals, equal times, repeated cancels and restarts) under random
 *         declarations; every label against the definition spelled out below, which looks through
 *         all events of the company for every question; a planted fault in the declaration must
 *         show. */
#include "learn_company.h"

#define N_USERS 12
#define N_DATES 5

static const char *const user_names[N_USERS] = {"a", "b", "c", "d", "e", "f",
                                                "g", "h", "i", "j", "k", "l"};
static const char *event_names[] = {"Order", "Cancel", "Start", "Failed", "View"};

static struct wl_texts one_name(size_t i)
{
    return (struct wl_texts){&event_names[i], 1};
}

static bool is_named(const struct wl_company *company, size_t i, const struct wl_texts *names)
{
    struct wl_str name = wl_dict_string(&company->event_names, company->events.name[i]);
    for (size_t k = 0; k < names->n_items; k++) {
        if (wl_str_is(name, names->items[k])) {
            return true;
        }
    }
    return false;
}

// Is there an event of this user and these names in [from, to], known at known_at?
static bool exists(const struct wl_company *company, uint32_t user, const struct wl_texts *names,
                   int64_t from_us, int64_t to_us, int64_t known_at_us)
{
    const struct wl_events *events = &company->events;
    for (size_t i = 0; i < events->n_events; i++) {
        if (events->user[i] == user && is_named(company, i, names) &&
            events->event_us[i] >= from_us && events->event_us[i] <= to_us &&
            events->received_us[i] <= known_at_us) {
            return true;
        }
    }
    return false;
}

static const struct wl_texts everything = {event_names, 5};
static const char *not_cancel_names[] = {"Order", "Start", "Failed", "View"};
static const struct wl_texts not_cancel = {not_cancel_names, 4};

static bool is_gone_by_definition(const struct wl_churn *churn, const struct wl_company *company,
                                  uint32_t user, int64_t t)
{
    const struct wl_events *events = &company->events;
    bool is_gone = false;
    for (size_t i = 0; i < events->n_events; i++) {
        int64_t at = events->event_us[i];
        bool is_cancel = events->user[i] == user && is_named(company, i, &churn->events);
        if (is_cancel && at <= t && events->received_us[i] <= t &&
            !exists(company, user, &churn->restart, at, t, t)) {
            is_gone = true;
        }
    }
    return is_gone;
}

static int cancel_by_definition(const struct wl_churn *churn, const struct wl_company *company,
                                uint32_t user, int64_t t)
{
    const struct wl_events *events = &company->events;
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < events->n_events; i++) {
        int64_t at = events->event_us[i];
        bool was_known = at <= t && events->received_us[i] <= t;
        if (events->user[i] == user && is_named(company, i, &churn->events) && !was_known &&
            at < first &&
            !exists(company, user, &churn->restart, at, at + churn->allowed_gap_us, INT64_MAX)) {
            first = at;
        }
    }
    if (first > t + churn->lead_us + churn->horizon_us) {
        return WL_LABEL_NEGATIVE;
    }
    if (first <= t + churn->lead_us) {
        return WL_LABEL_EARLY;
    }
    return exists(company, user, &churn->involuntary, first - churn->involuntary_within_us + 1,
                  first, INT64_MAX)
               ? WL_LABEL_INVOLUNTARY
               : WL_LABEL_POSITIVE;
}

static int by_definition(const struct wl_churn *churn, const struct wl_company *company,
                         uint32_t user, int64_t t)
{
    bool is_cancel = churn->kind == WL_CHURN_CANCEL;
    const struct wl_texts *audience = churn->audience_events.n_items > 0 ? &churn->audience_events
                                      : is_cancel                        ? &not_cancel
                                      : churn->events.n_items > 0        ? &churn->events
                                                                         : &everything;
    const struct wl_texts *active = churn->events.n_items > 0 ? &churn->events : &everything;
    int64_t since = churn->audience_within_us > 0 ? t - churn->audience_within_us + 1 : INT64_MIN;
    int64_t ends = t + churn->lead_us + churn->horizon_us;
    int64_t newest = INT64_MIN;

    for (size_t i = 0; i < company->events.n_events; i++) {
        int64_t received = company->events.received_us[i];
        newest = received > newest ? received : newest;
    }
    if (!exists(company, user, audience, since, t, t) ||
        (is_cancel && is_gone_by_definition(churn, company, user, t))) {
        return WL_LABEL_NOT_ELIGIBLE;
    }
    if (ends + (is_cancel ? churn->allowed_gap_us : 0) > newest) {
        return WL_LABEL_OPEN;
    }
    if (is_cancel) {
        return cancel_by_definition(churn, company, user, t);
    }
    if (exists(company, user, active, t + churn->lead_us + 1, ends, INT64_MAX)) {
        return WL_LABEL_NEGATIVE;
    }
    return exists(company, user, &churn->involuntary,
                  t + churn->lead_us - churn->involuntary_within_us + 1, ends, INT64_MAX)
               ? WL_LABEL_INVOLUNTARY
               : WL_LABEL_POSITIVE;
}

static struct wl_company *random_company(uint64_t *seed)
{
    struct wl_company *company = company_make();
    size_t n = 5 + check_rand(seed) % 90;

    for (size_t i = 0; i < N_USERS; i++) { // every name and user exists, long before any date
        company_event(company, user_names[i], event_names[4], -1000);
    }
    for (size_t i = 0; i < 4; i++) {
        company_event(company, "nobody", event_names[i], -1000);
    }
    for (size_t i = 0; i < n; i++) {
        double day = (double)(check_rand(seed) % 400) / 4.0; // quarter days: many equal times
        double delay = check_rand(seed) % 3 == 0 ? (double)(check_rand(seed) % 40) : 0.0;
        company_late(company, user_names[check_rand(seed) % N_USERS],
                     event_names[check_rand(seed) % 5], day, day + delay);
    }
    return company;
}

static struct wl_churn random_churn(uint64_t *seed)
{
    struct wl_churn churn = {.kind = (int)(check_rand(seed) % 2),
                             .horizon_us = DAY(1 + check_rand(seed) % 40),
                             .lead_us = DAY(check_rand(seed) % 8),
                             .audience_within_us =
                                 check_rand(seed) % 2 == 0 ? DAY(1 + check_rand(seed) % 40) : 0};

    churn.events = churn.kind == WL_CHURN_CANCEL ? one_name(1)
                   : check_rand(seed) % 3 == 0   ? (struct wl_texts){0}
                                                 : one_name(0);
    if (churn.kind == WL_CHURN_CANCEL && check_rand(seed) % 2 == 0) {
        churn.restart = one_name(2);
        churn.allowed_gap_us = DAY(check_rand(seed) % 15);
    }
    if (check_rand(seed) % 2 == 0) {
        churn.involuntary = one_name(3);
        churn.involuntary_within_us = DAY(1 + check_rand(seed) % 10);
    }
    if (check_rand(seed) % 3 == 0) {
        churn.audience_events = one_name(4);
    }
    return churn;
}

static void random_dates(uint64_t *seed, int64_t *dates_us)
{
    int64_t day = 0;
    for (size_t d = 0; d < N_DATES; d++) {
        day += 1 + (int64_t)(check_rand(seed) % 20);
        dates_us[d] = DAY(day);
    }
}

// Labels that differ from the definition of `declared`.
static size_t count_differences(const struct wl_labels *labels, const struct wl_churn *declared,
                                const struct wl_company *company)
{
    size_t n = 0;
    for (size_t i = 0; i < labels->n_labels; i++) {
        uint32_t user = (uint32_t)(i % labels->n_users);
        n += labels->status[i] != by_definition(declared, company, user, labels->as_of_us[i]);
    }
    return n;
}

static void test_labels_equal_their_definition(void)
{
    uint64_t seed = check_seed();
    size_t n_planted_seen = 0;
    size_t seen[WL_LABEL_STATUS_COUNT] = {0};

    for (int round = 0; round < 400; round++) {
        struct wl_company *company = random_company(&seed);
        struct wl_churn churn = random_churn(&seed);
        struct wl_labels labels = {0};
        struct wl_label_report report = {0};
        int64_t dates_us[N_DATES];

        random_dates(&seed, dates_us);
        CHECK_INT(wl_labels_build(&churn, company, dates_us, N_DATES, &labels, &report, NULL),
                  WL_OK);
        CHECK_INT(count_differences(&labels, &churn, company), 0);
        struct wl_churn planted = churn;
        planted.lead_us += DAY(1); // the window opens a day late
        n_planted_seen += count_differences(&labels, &planted, company) > 0 ? 1 : 0;
        for (size_t s = 0; s < WL_LABEL_STATUS_COUNT; s++) {
            seen[s] += report.n[s];
        }
        wl_labels_release(&labels);
        wl_company_free(company);
    }
    CHECK(n_planted_seen > 100); // most logs tell one day from another
    for (size_t s = 0; s < WL_LABEL_STATUS_COUNT; s++) {
        CHECK(seen[s] > 20); // every status was met
    }
}

int main(void)
{
    RUN(test_labels_equal_their_definition);
    return check_report();
}
