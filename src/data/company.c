/* Columns for a company's history. Appended to by the million, read in whole passes: so plain
 * arrays that double, one per column. */
#include "data/company.h"

#include "base/arena.h"
#include "base/clock.h"

#include <string.h>

wl_status wl_company_new(const wl_alloc *alloc, struct wl_company **company_out, wl_error *error)
{
    struct wl_company *company = wl_alloc_zeroed(alloc, 1, sizeof(*company));

    *company_out = NULL;
    if (company == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a company");
    }
    company->alloc = alloc;
    company->newest_us = WL_TIME_NONE;
    wl_dict_init(&company->users, alloc);
    wl_dict_init(&company->event_names, alloc);
    wl_dict_init(&company->prop_names, alloc);
    wl_dict_init(&company->attribute_names, alloc);
    wl_dict_init(&company->strings, alloc);
    company->arena = wl_alloc_zeroed(alloc, 1, sizeof(*company->arena));
    if (company->arena == NULL) {
        wl_company_free(company);
        return wl_fail(error, WL_ENOMEM, "no memory for a company");
    }
    wl_arena_init(company->arena, alloc, 0);
    *company_out = company;
    return WL_OK;
}

void wl_company_free(struct wl_company *company)
{
    if (company == NULL) {
        return;
    }
    const wl_alloc *alloc = company->alloc;
    struct wl_events *events = &company->events;
    wl_alloc_free(alloc, events->user);
    wl_alloc_free(alloc, events->name);
    wl_alloc_free(alloc, events->event_us);
    wl_alloc_free(alloc, events->received_us);
    wl_alloc_free(alloc, events->value_e4);
    wl_alloc_free(alloc, events->message_key);
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        wl_alloc_free(alloc, events->props[slot]);
    }
    wl_alloc_free(alloc, company->texts.texts);
    wl_alloc_free(alloc, company->attributes.items);
    wl_dict_release(&company->users);
    wl_dict_release(&company->event_names);
    wl_dict_release(&company->prop_names);
    wl_dict_release(&company->attribute_names);
    wl_dict_release(&company->strings);
    if (company->arena != NULL) {
        wl_arena_release(company->arena);
        wl_alloc_free(alloc, company->arena);
    }
    wl_alloc_free(alloc, company);
}

static wl_status grow_column(const wl_alloc *alloc, void **column, size_t n_wanted,
                             size_t item_bytes, wl_error *error)
{
    size_t bytes;
    void *grown = NULL;

    if (!__builtin_mul_overflow(n_wanted, item_bytes, &bytes)) {
        grown = alloc->resize(alloc->context, *column, bytes);
    }
    if (grown == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu events", n_wanted);
    }
    *column = grown;
    return WL_OK;
}

// All columns grow together; capacity changes last, so a failure half way only wastes room.
static wl_status grow_events(struct wl_company *company, wl_error *error)
{
    struct wl_events *events = &company->events;
    const wl_alloc *alloc = company->alloc;
    size_t n = events->capacity < 1024 ? 1024 : events->capacity * 2;

    WL_TRY(grow_column(alloc, (void **)&events->user, n, sizeof(*events->user), error));
    WL_TRY(grow_column(alloc, (void **)&events->name, n, sizeof(*events->name), error));
    WL_TRY(grow_column(alloc, (void **)&events->event_us, n, sizeof(*events->event_us), error));
    WL_TRY(
        grow_column(alloc, (void **)&events->received_us, n, sizeof(*events->received_us), error));
    WL_TRY(grow_column(alloc, (void **)&events->value_e4, n, sizeof(*events->value_e4), error));
    WL_TRY(
        grow_column(alloc, (void **)&events->message_key, n, sizeof(*events->message_key), error));
    for (size_t slot = 0; slot < company->prop_names.n_strings; slot++) {
        WL_TRY(grow_column(alloc, (void **)&events->props[slot], n, sizeof(uint32_t), error));
    }
    events->capacity = n;
    return WL_OK;
}

static void note_time(struct wl_company *company, int64_t known_us)
{
    if (known_us > company->newest_us) {
        company->newest_us = known_us;
    }
}

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

void wl_company_clear(struct wl_company *company)
{
    company->events.n_events = 0;
    company->texts.n_texts = 0;
    company->attributes.n_attributes = 0;
    wl_arena_reset(company->arena);
    company->newest_us = WL_TIME_NONE;
}

static void put_event(struct wl_company *company, size_t i, const struct wl_event *event)
{
    struct wl_events *events = &company->events;

    WL_DCHECK(event->user < company->users.n_strings);
    WL_DCHECK(event->name < company->event_names.n_strings);
    events->user[i] = event->user;
    events->name[i] = event->name;
    events->event_us[i] = earlier(event->event_us, event->received_us);
    events->received_us[i] = event->received_us;
    events->value_e4[i] = event->value_e4;
    events->message_key[i] = event->message_key;
    for (size_t slot = 0; slot < company->prop_names.n_strings; slot++) {
        events->props[slot][i] = event->props[slot];
    }
    note_time(company, event->received_us);
}

wl_status wl_company_add_event(struct wl_company *company, const struct wl_event *event,
                               wl_error *error)
{
    struct wl_events *events = &company->events;
    size_t i = events->n_events;

    if (i == events->capacity) {
        WL_TRY(grow_events(company, error));
    }
    put_event(company, i, event);
    events->n_events = i + 1;
    return WL_OK;
}

void wl_company_set_event(struct wl_company *company, size_t i_event, const struct wl_event *event)
{
    WL_ASSERT(i_event < company->events.n_events);
    put_event(company, i_event, event);
}

wl_status wl_company_add_text(struct wl_company *company, const struct wl_text *text,
                              wl_error *error)
{
    struct wl_texts_log *log = &company->texts;
    char *body = wl_arena_string(company->arena, text->body);

    if (body == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a text of %zu bytes", text->body.n_bytes);
    }
    WL_TRY(WL_GROW(company->alloc, log->texts, log->capacity, log->n_texts + 1, error));
    log->texts[log->n_texts] = *text;
    log->texts[log->n_texts].body.data = body;
    log->texts[log->n_texts].text_us = earlier(text->text_us, text->received_us);
    log->n_texts++;
    note_time(company, text->received_us);
    return WL_OK;
}

wl_status wl_company_set_text(struct wl_company *company, size_t i_text, const struct wl_text *text,
                              wl_error *error)
{
    WL_ASSERT(i_text < company->texts.n_texts);
    WL_TRY(wl_company_add_text(company, text, error));
    company->texts.n_texts--;
    company->texts.texts[i_text] = company->texts.texts[company->texts.n_texts];
    return WL_OK;
}

wl_status wl_company_add_attribute(struct wl_company *company, const struct wl_attribute *attribute,
                                   wl_error *error)
{
    struct wl_attributes *log = &company->attributes;

    WL_TRY(WL_GROW(company->alloc, log->items, log->capacity, log->n_attributes + 1, error));
    log->items[log->n_attributes++] = *attribute;
    note_time(company, attribute->known_us);
    return WL_OK;
}

wl_status wl_company_prop_slot(struct wl_company *company, struct wl_str name, uint32_t *slot,
                               wl_error *error)
{
    struct wl_events *events = &company->events;
    uint32_t found = wl_dict_find(&company->prop_names, name);
    size_t n_props = company->prop_names.n_strings;

    if (found != WL_DICT_NONE) {
        *slot = found;
        return WL_OK;
    }
    if (n_props == WL_PROPS_MAX) {
        return wl_fail(error, WL_ELIMIT, "property %.*s is one too many: events keep at most %d",
                       WL_STR_ARG(name), WL_PROPS_MAX);
    }
    if (events->capacity > 0) {
        void *column = wl_alloc_array(company->alloc, events->capacity, sizeof(uint32_t));
        if (column == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for property %.*s", WL_STR_ARG(name));
        }
        memset(column, 0xFF, events->capacity * sizeof(uint32_t)); // WL_ID_NONE
        wl_alloc_free(company->alloc, events->props[n_props]);
        events->props[n_props] = column;
    }
    return wl_dict_intern(&company->prop_names, name, slot, error);
}

struct wl_event wl_company_event(const struct wl_company *company, size_t i_event)
{
    const struct wl_events *events = &company->events;
    WL_ASSERT(i_event < events->n_events);
    struct wl_event event = {.user = events->user[i_event],
                             .name = events->name[i_event],
                             .event_us = events->event_us[i_event],
                             .received_us = events->received_us[i_event],
                             .value_e4 = events->value_e4[i_event],
                             .message_key = events->message_key[i_event]};
    for (size_t slot = 0; slot < WL_PROPS_MAX; slot++) {
        bool is_kept = slot < company->prop_names.n_strings;
        event.props[slot] = is_kept ? events->props[slot][i_event] : WL_ID_NONE;
    }
    return event;
}

uint64_t wl_attribute_key(const struct wl_company *company, const struct wl_attribute *attribute)
{
    bool has_string = attribute->kind == WL_VALUE_STRING;
    struct wl_str value = {.data = (const char *)&attribute->number,
                           .n_bytes = sizeof(attribute->number)};
    uint64_t seed = (uint64_t)attribute->known_us * 8 + (uint64_t)attribute->kind;

    if (has_string) {
        value = wl_dict_string(&company->strings, attribute->string);
    } else if (attribute->kind == WL_VALUE_MISSING) {
        value.n_bytes = 0;
    }
    seed = wl_str_hash(wl_dict_string(&company->users, attribute->user), seed);
    seed = wl_str_hash(wl_dict_string(&company->attribute_names, attribute->key), seed);
    return wl_str_hash(value, seed);
}

uint64_t wl_message_key(struct wl_str user, struct wl_str message_id)
{
    return wl_str_hash(message_id, wl_str_hash(user, UINT64_C(0x77616e6c6975)));
}

const char *wl_text_read_key(enum wl_text_read read)
{
    static const char *const keys[WL_READ_COUNT] = {"sentiment", "intent", "emotion", "reason"};

    WL_ASSERT((unsigned)read < WL_READ_COUNT);
    return keys[read];
}

bool wl_text_reading_has(const struct wl_text_reading *reading, enum wl_text_read read,
                         uint32_t label)
{
    if (!reading->is_read || label == WL_ID_NONE) {
        return false;
    }
    switch (read) {
    case WL_READ_SENTIMENT: return reading->sentiment == label;
    case WL_READ_INTENT: return reading->intent == label;
    case WL_READ_EMOTION: return reading->emotion == label;
    case WL_READ_REASON: break;
    }
    for (uint32_t i = 0; i < reading->n_reasons; i++) {
        if (reading->reasons[i] == label) {
            return true;
        }
    }
    return false;
}
