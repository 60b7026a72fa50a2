/* One map from key to the latest message with that key. A key that returns after the window is a
 * new message (producers reuse ids), and takes the place of the old one in the map. */
#include "data/dedupe.h"

void wl_dedupe_init(struct wl_dedupe *dedupe, const wl_alloc *alloc, int64_t window_us)
{
    *dedupe = (struct wl_dedupe){.alloc = alloc, .window_us = window_us};
    wl_map64_init(&dedupe->by_key, alloc);
}

void wl_dedupe_release(struct wl_dedupe *dedupe)
{
    wl_map64_release(&dedupe->by_key);
    if (dedupe->alloc != NULL) {
        wl_alloc_free(dedupe->alloc, dedupe->messages);
    }
    dedupe->messages = NULL;
    dedupe->n_messages = 0;
    dedupe->capacity = 0;
}

static bool within(int64_t a_us, int64_t b_us, int64_t window_us)
{
    uint64_t apart =
        a_us > b_us ? (uint64_t)a_us - (uint64_t)b_us : (uint64_t)b_us - (uint64_t)a_us;
    return apart <= (uint64_t)window_us;
}

static bool is_better(const struct wl_known_message *a, const struct wl_known_message *b)
{
    if (a->received_us != b->received_us) {
        return a->received_us < b->received_us;
    }
    if (a->time_us != b->time_us) {
        return a->time_us < b->time_us;
    }
    return a->value_e4 < b->value_e4;
}

wl_status wl_dedupe_see(struct wl_dedupe *dedupe, const struct wl_known_message *message,
                        enum wl_verdict *verdict, size_t *i_known, wl_error *error)
{
    bool is_new = false;

    WL_TRY(
        WL_GROW(dedupe->alloc, dedupe->messages, dedupe->capacity, dedupe->n_messages + 1, error));
    uint64_t *slot = wl_map64_at(&dedupe->by_key, message->key, &is_new);
    if (slot == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to remember %zu messages",
                       dedupe->n_messages + 1);
    }
    struct wl_known_message *known = is_new ? NULL : &dedupe->messages[*slot];
    if (known == NULL || !within(known->time_us, message->time_us, dedupe->window_us)) {
        *slot = dedupe->n_messages;
        dedupe->messages[dedupe->n_messages++] = *message;
        *verdict = WL_VERDICT_NEW;
        return WL_OK;
    }
    *i_known = known->i_record;
    *verdict = WL_VERDICT_DUPLICATE;
    if (is_better(message, known)) {
        size_t i_record = known->i_record;
        *known = *message;
        known->i_record = i_record;
        *verdict = WL_VERDICT_BETTER;
    }
    return WL_OK;
}
