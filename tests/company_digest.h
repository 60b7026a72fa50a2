/* What a company says, whatever the order of its records and ids: a sum of hashes over their texts.
 * Two companies with equal digests hold the same events, texts and attributes. */
#ifndef WL_TESTS_COMPANY_DIGEST_H
#define WL_TESTS_COMPANY_DIGEST_H
#include "data/company.h"

static inline uint64_t digest_mix(uint64_t hash, int64_t number)
{
    struct wl_str bytes = {.data = (const char *)&number, .n_bytes = sizeof(number)};
    return wl_str_hash(bytes, hash);
}

static inline uint64_t digest_id(const struct wl_dict *dict, uint32_t id, uint64_t hash)
{
    return id == WL_ID_NONE ? digest_mix(hash, -1) : wl_str_hash(wl_dict_string(dict, id), hash);
}

static inline uint64_t digest_event(const struct wl_company *company, size_t i)
{
    struct wl_event event = wl_company_event(company, i);
    uint64_t hash = digest_id(&company->users, event.user, 1);
    uint64_t props = 0;

    hash = digest_id(&company->event_names, event.name, hash);
    hash = digest_mix(hash, event.event_us);
    hash = digest_mix(hash, event.received_us);
    hash = digest_mix(hash, event.value_e4);
    hash = digest_mix(hash, (int64_t)event.message_key);
    for (uint32_t slot = 0; slot < company->prop_names.n_strings; slot++) {
        if (event.props[slot] != WL_ID_NONE) { // slots may stand in another order
            props += digest_id(&company->strings, event.props[slot],
                               digest_id(&company->prop_names, slot, 7));
        }
    }
    return digest_mix(hash, (int64_t)props);
}

static inline uint64_t digest_text(const struct wl_company *company, size_t i)
{
    const struct wl_text *text = &company->texts.texts[i];
    uint64_t hash = digest_id(&company->users, text->user, 2);

    hash = digest_id(&company->strings, text->channel, hash);
    hash = digest_id(&company->strings, text->label, hash);
    hash = digest_mix(hash, text->text_us);
    hash = digest_mix(hash, text->received_us);
    hash = digest_mix(hash, (int64_t)text->message_key);
    return wl_str_hash(text->body, hash);
}

static inline uint64_t company_digest(const struct wl_company *company)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < company->events.n_events; i++) {
        sum += digest_event(company, i);
    }
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        sum += digest_text(company, i);
    }
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        sum += wl_attribute_key(company, &company->attributes.items[i]);
    }
    return sum;
}

#endif
