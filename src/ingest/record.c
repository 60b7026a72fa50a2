/* From a draft to a record: words become ids, copies of a message are found, and of two copies the
 * better one stays (data/dedupe.h). Without a message id of its own a record is identified by what
 * it says, not by when it became known: the same row exported twice is one event. */
#include "ingest/run.h"

static uint64_t content_hash(const struct wl_run_draft *draft, size_t n_props)
{
    uint64_t hash = wl_str_hash(draft->name, (uint64_t)draft->time_us);

    hash = wl_str_hash(draft->body, hash + (uint64_t)draft->value_e4);
    for (size_t i = 0; i < n_props; i++) {
        hash = wl_str_hash(draft->props[i], hash + i);
    }
    return hash;
}

// Property names differ between sources, so only the columns of this source count.
static uint64_t key_of(const struct wl_run *run, const struct wl_run_draft *draft)
{
    if (draft->message_id.n_bytes > 0) {
        return wl_message_key(draft->user, draft->message_id);
    }
    uint64_t hash = content_hash(draft, run->source->n_props);
    struct wl_str id = {.data = (const char *)&hash, .n_bytes = sizeof(hash)};
    return wl_message_key(draft->user, id);
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static struct wl_known_message message_of(const struct wl_run_draft *draft, uint64_t key,
                                          size_t i_record)
{
    return (struct wl_known_message){.key = key,
                                     .time_us = earlier(draft->time_us, draft->received_us),
                                     .received_us = draft->received_us,
                                     .value_e4 = draft->value_e4,
                                     .i_record = i_record};
}

static void note_time(struct wl_ingest_report *report, const struct wl_run_draft *draft)
{
    int64_t time_us = earlier(draft->time_us, draft->received_us);

    report->n_skewed += draft->time_us > draft->received_us;
    if (report->first_us == WL_TIME_NONE || time_us < report->first_us) {
        report->first_us = time_us;
    }
    if (report->last_us == WL_TIME_NONE || time_us > report->last_us) {
        report->last_us = time_us;
    }
}

// A new record: was its message id seen with another user?
static wl_status note_conflict(struct wl_run *run, const struct wl_run_draft *draft, uint32_t user,
                               wl_error *error)
{
    bool is_new = false;

    if (draft->message_id.n_bytes == 0) {
        return WL_OK;
    }
    uint64_t *first = wl_map64_at(&run->id_users, wl_str_hash(draft->message_id, 0), &is_new);
    if (first == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for message ids");
    }
    if (is_new) {
        *first = user;
    } else if (*first != user) {
        run->report->n_conflicts++;
    }
    return WL_OK;
}

static wl_status intern_event(struct wl_run *run, const struct wl_run_draft *draft,
                              struct wl_event *event, wl_error *error)
{
    struct wl_company *company = run->company;

    WL_TRY(wl_dict_intern(&company->users, draft->user, &event->user, error));
    WL_TRY(wl_dict_intern(&company->event_names, draft->name, &event->name, error));
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        event->props[slot] = WL_ID_NONE;
    }
    for (size_t i = 0; i < run->source->n_props; i++) {
        if (draft->props[i].n_bytes > 0) {
            WL_TRY(wl_dict_intern(&company->strings, draft->props[i], &event->props[run->slots[i]],
                                  error));
        }
    }
    return WL_OK;
}

wl_status wl_run_add_event(struct wl_run *run, const struct wl_run_draft *draft, wl_error *error)
{
    struct wl_company *company = run->company;
    uint64_t key = key_of(run, draft);
    struct wl_known_message message = message_of(draft, key, company->events.n_events);
    struct wl_event event = {.event_us = draft->time_us,
                             .received_us = draft->received_us,
                             .value_e4 = draft->value_e4,
                             .message_key = key};
    enum wl_verdict verdict;
    size_t i_known = 0;

    WL_TRY(wl_dedupe_see(&run->events, &message, &verdict, &i_known, error));
    run->is_duplicate = verdict != WL_VERDICT_NEW;
    if (verdict == WL_VERDICT_DUPLICATE) {
        return WL_OK;
    }
    WL_TRY(intern_event(run, draft, &event, error));
    if (verdict == WL_VERDICT_BETTER) {
        wl_company_set_event(company, i_known, &event);
        return WL_OK;
    }
    WL_TRY(note_conflict(run, draft, event.user, error));
    WL_TRY(wl_company_add_event(company, &event, error));
    run->report->n_events++;
    note_time(run->report, draft);
    return WL_OK;
}

wl_status wl_run_add_text(struct wl_run *run, const struct wl_run_draft *draft, wl_error *error)
{
    struct wl_company *company = run->company;
    uint64_t key = key_of(run, draft);
    struct wl_known_message message = message_of(draft, key, company->texts.n_texts);
    struct wl_text text = {.label = WL_ID_NONE,
                           .text_us = draft->time_us,
                           .received_us = draft->received_us,
                           .message_key = key,
                           .body = draft->body};
    enum wl_verdict verdict;
    size_t i_known = 0;

    WL_TRY(wl_dedupe_see(&run->texts, &message, &verdict, &i_known, error));
    run->is_duplicate = verdict != WL_VERDICT_NEW;
    if (verdict == WL_VERDICT_DUPLICATE) {
        return WL_OK;
    }
    WL_TRY(wl_dict_intern(&company->users, draft->user, &text.user, error));
    WL_TRY(wl_dict_intern(&company->strings, draft->name, &text.channel, error));
    if (draft->label.n_bytes > 0) {
        WL_TRY(wl_dict_intern(&company->strings, draft->label, &text.label, error));
    }
    if (verdict == WL_VERDICT_BETTER) {
        return wl_company_set_text(company, i_known, &text, error);
    }
    WL_TRY(note_conflict(run, draft, text.user, error));
    WL_TRY(wl_company_add_text(company, &text, error));
    run->report->n_texts++;
    note_time(run->report, draft);
    return WL_OK;
}
