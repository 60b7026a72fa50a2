/* Lines of the Segment spec: track, identify, page, screen; group and alias are refused by name,
 * because a merge of users must never happen by accident. One line may become an event and a text.
 * Source: the Segment spec, "Common fields" and its calls. */
#include "ingest/run.h"

#include <string.h>

/* A line of text that belongs to an event is a record of its own. */
static const char *const text_events[] = {"Feedback Submitted", "Message Received",
                                          "Ticket Created", "NPS Submitted", "Cancel Reason Given"};

static struct wl_str scalar(const struct wl_node *root, const char *path)
{
    struct wl_run_row row = {.root = root};
    struct wl_run_column column = {.name = path};
    return wl_run_cell(&row, &column);
}

static bool read_user(struct wl_run *run, const struct wl_node *root, struct wl_run_draft *draft)
{
    struct wl_str user = scalar(root, "userId");

    if (user.n_bytes == 0) {
        user = scalar(root, "anonymousId");
    }
    return wl_run_read_user(run, user, "userId", &draft->user);
}

// A time under key, when there is one. Numbers are milliseconds, as Date.now() writes them.
static bool take_time(struct wl_run *run, const struct wl_node *root, const char *key,
                      int64_t *time_us)
{
    const struct wl_node *node = wl_node_get(root, key);
    bool is_number = node != NULL && node->kind == WL_NODE_NUMBER;

    *time_us = WL_TIME_NONE;
    if (node == NULL || node->kind == WL_NODE_NULL) {
        return true;
    }
    return wl_run_read_time(run, scalar(root, key), key,
                            is_number ? WL_TIME_EPOCH_MS : WL_TIME_AUTO, time_us);
}

// The device's clock may be wrong, but not its stopwatch: what lay between writing and sending is
// subtracted from the time at which the server got it.
static bool read_times(struct wl_run *run, const struct wl_node *root, struct wl_run_draft *draft)
{
    int64_t original_us;
    int64_t sent_us;
    int64_t received_us;
    int64_t stamp_us;

    if (!take_time(run, root, "originalTimestamp", &original_us) ||
        !take_time(run, root, "sentAt", &sent_us) ||
        !take_time(run, root, "receivedAt", &received_us) ||
        !take_time(run, root, "timestamp", &stamp_us)) {
        return false;
    }
    if (original_us != WL_TIME_NONE && sent_us != WL_TIME_NONE && received_us != WL_TIME_NONE) {
        draft->time_us = received_us - (sent_us - original_us);
    } else if (stamp_us != WL_TIME_NONE) {
        draft->time_us = stamp_us;
    } else {
        draft->time_us = original_us != WL_TIME_NONE ? original_us : received_us;
    }
    if (draft->time_us == WL_TIME_NONE) {
        return wl_run_reject(run, WL_REJECT_TIME_MISSING, "timestamp", NULL);
    }
    draft->received_us = received_us != WL_TIME_NONE ? received_us : draft->time_us;
    return true;
}

static bool read_value(struct wl_run *run, const struct wl_run_row *row, struct wl_run_draft *draft)
{
    static const char *const keys[] = {"properties.value", "properties.revenue"};

    if (run->source->value.n_items > 0) {
        return wl_run_read_value(run, row, &draft->value_e4);
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct wl_str cell = scalar(row->root, keys[i]);
        if (cell.n_bytes > 0) {
            return wl_run_read_number(run, cell, keys[i], &draft->value_e4);
        }
    }
    struct wl_str minor = scalar(row->root, "properties.amountMinor");
    if (minor.n_bytes == 0) {
        return true;
    }
    if (!wl_run_read_number(run, minor, "properties.amountMinor", &draft->value_e4)) {
        return false;
    }
    draft->value_e4 /= 100; // cents to units
    return true;
}

static bool is_text_event(struct wl_str name)
{
    for (size_t i = 0; i < sizeof(text_events) / sizeof(text_events[0]); i++) {
        if (wl_str_is(name, text_events[i])) {
            return true;
        }
    }
    return false;
}

// Only a copy of the event is a copy of its text, so both go the same way.
static wl_status add_with_text(struct wl_run *run, struct wl_run_draft *draft,
                               const struct wl_node *root, wl_error *error)
{
    struct wl_str body = scalar(root, "properties.text");

    WL_TRY(wl_run_add_event(run, draft, error));
    if (body.n_bytes == 0) {
        body = scalar(root, "properties.reason");
    }
    if (body.n_bytes == 0 || !is_text_event(draft->name)) {
        return WL_OK;
    }
    bool is_duplicate = run->is_duplicate;
    draft->body = body;
    WL_TRY(wl_run_add_text(run, draft, error));
    run->is_duplicate = is_duplicate;
    return WL_OK;
}

static wl_status add_event(struct wl_run *run, const struct wl_run_row *row,
                           struct wl_run_draft *draft, struct wl_str name, wl_error *error)
{
    draft->name = name;
    if (name.n_bytes == 0) {
        (void)wl_run_reject(run, WL_REJECT_EVENT_MISSING, "event", NULL);
        return WL_OK;
    }
    if (name.n_bytes > WL_CELL_BYTES_MAX) {
        (void)wl_run_reject(run, WL_REJECT_CELL_LONG, "event", NULL);
        return WL_OK;
    }
    if (!read_value(run, row, draft) || !wl_run_read_props(run, row, draft)) {
        return WL_OK;
    }
    return add_with_text(run, draft, row->root, error);
}

static wl_status add_traits(struct wl_run *run, const struct wl_run_row *row,
                            const struct wl_run_draft *draft, wl_error *error)
{
    const struct wl_node *traits = wl_node_get(row->root, "traits");

    if (traits == NULL || traits->kind != WL_NODE_MAP) {
        return WL_OK; // an identify call without traits only says that the user is there
    }
    return wl_run_add_tree(run, draft, traits, error);
}

wl_status wl_run_take_call(struct wl_run *run, const struct wl_run_row *row, wl_error *error)
{
    struct wl_str type = scalar(row->root, "type");
    struct wl_run_draft draft = {.value_e4 = WL_VALUE_NONE};

    if (!wl_run_is_wanted(run, row)) {
        run->is_filtered = true;
        return WL_OK;
    }
    if (wl_str_is(type, "group") || wl_str_is(type, "alias")) {
        (void)wl_run_reject(run, WL_REJECT_CALL_UNSUPPORTED, "type", &type);
        return WL_OK;
    }
    if (!read_user(run, row->root, &draft) || !read_times(run, row->root, &draft)) {
        return WL_OK;
    }
    draft.message_id = scalar(row->root, "messageId");
    if (wl_str_is(type, "track")) {
        return add_event(run, row, &draft, scalar(row->root, "event"), error);
    }
    if (wl_str_is(type, "page")) {
        return add_event(run, row, &draft, WL_STR("Page Viewed"), error);
    }
    if (wl_str_is(type, "screen")) {
        return add_event(run, row, &draft, WL_STR("Screen Viewed"), error);
    }
    if (wl_str_is(type, "identify")) {
        return add_traits(run, row, &draft, error);
    }
    (void)wl_run_reject(run, WL_REJECT_CALL_UNKNOWN, "type", &type);
    return WL_OK;
}
