/* Joining names and ids. */
#include "features/binding.h"

#include <string.h>

void wl_binding_release(struct wl_binding *binding)
{
    if (binding->alloc != NULL) {
        wl_alloc_free(binding->alloc, binding->signals_of_name);
        wl_alloc_free(binding->alloc, binding->attribute_of_key);
        wl_alloc_free(binding->alloc, binding->where_slots);
        wl_alloc_free(binding->alloc, binding->where_values);
        wl_alloc_free(binding->alloc, binding->sketch_slots);
        wl_alloc_free(binding->alloc, binding->read_values);
    }
    *binding = (struct wl_binding){0};
}

static bool is_star(const char *const *items, size_t n_items)
{
    return n_items == 1 && strcmp(items[0], "*") == 0;
}

static void join_names(struct wl_binding *binding)
{
    const struct wl_plan *plan = binding->plan;

    for (size_t s = 0; s < plan->n_signals; s++) {
        const struct wl_signal *signal = &plan->signals[s];
        uint64_t bit = UINT64_C(1) << s;
        if (is_star(signal->events, signal->n_events)) {
            for (size_t i = 0; i < binding->n_names; i++) {
                binding->signals_of_name[i] |= bit;
            }
            continue;
        }
        for (size_t i = 0; i < signal->n_events; i++) {
            uint32_t name =
                wl_dict_find(&binding->company->event_names, wl_str_from(signal->events[i]));
            if (name != WL_DICT_NONE) {
                binding->signals_of_name[name] |= bit;
            }
        }
    }
}

static void join_properties(struct wl_binding *binding)
{
    const struct wl_plan *plan = binding->plan;
    const struct wl_company *company = binding->company;

    for (size_t s = 0; s < plan->n_signals; s++) {
        const struct wl_signal *signal = &plan->signals[s];
        for (size_t i = 0; i < signal->n_where; i++) {
            size_t at = s * WL_PROPS_MAX + i;
            binding->where_slots[at] =
                wl_dict_find(&company->prop_names, wl_str_from(signal->where[i].prop));
            binding->where_values[at] =
                wl_dict_find(&company->strings, wl_str_from(signal->where[i].value));
        }
        for (size_t i = 0; i < WL_READ_COUNT && signal->has_reads; i++) {
            binding->read_values[s * WL_READ_COUNT + i] =
                signal->reads[i] != NULL
                    ? wl_dict_find(&company->strings, wl_str_from(signal->reads[i]))
                    : WL_ID_NONE;
        }
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        binding->sketch_slots[i] =
            wl_dict_find(&company->prop_names, wl_str_from(plan->sketches[i].prop));
    }
}

static void join_attributes(struct wl_binding *binding)
{
    const struct wl_plan *plan = binding->plan;

    memset(binding->attribute_of_key, 0xFF, binding->n_keys * sizeof(uint32_t)); // WL_ID_NONE
    for (size_t i = 0; i < plan->n_attributes; i++) {
        uint32_t key =
            wl_dict_find(&binding->company->attribute_names, wl_str_from(plan->attributes[i].name));
        if (key != WL_DICT_NONE) {
            binding->attribute_of_key[key] = (uint32_t)i;
        }
    }
}

wl_status wl_binding_init(struct wl_binding *binding, const wl_alloc *alloc,
                          const struct wl_plan *plan, const struct wl_company *company,
                          wl_error *error)
{
    size_t n_where = plan->n_signals * WL_PROPS_MAX + 1;
    struct wl_binding made = {.alloc = alloc,
                              .plan = plan,
                              .company = company,
                              .n_names = company->event_names.n_strings,
                              .n_keys = company->attribute_names.n_strings,
                              .n_props = company->prop_names.n_strings,
                              .n_strings = company->strings.n_strings};

    made.signals_of_name = wl_alloc_zeroed(alloc, made.n_names + 1, sizeof(uint64_t));
    made.attribute_of_key = wl_alloc_zeroed(alloc, made.n_keys + 1, sizeof(uint32_t));
    made.where_slots = wl_alloc_zeroed(alloc, n_where, sizeof(uint32_t));
    made.where_values = wl_alloc_zeroed(alloc, n_where, sizeof(uint32_t));
    made.sketch_slots = wl_alloc_zeroed(alloc, plan->n_sketches + 1, sizeof(uint32_t));
    made.read_values =
        wl_alloc_zeroed(alloc, plan->n_signals * WL_READ_COUNT + 1, sizeof(uint32_t));
    if (made.read_values == NULL || made.signals_of_name == NULL || made.attribute_of_key == NULL ||
        made.where_slots == NULL || made.where_values == NULL || made.sketch_slots == NULL) {
        wl_binding_release(&made);
        return wl_fail(error, WL_ENOMEM, "no memory to join features and events");
    }
    join_names(&made);
    join_properties(&made);
    join_attributes(&made);
    *binding = made;
    return WL_OK;
}

wl_status wl_binding_refresh(struct wl_binding *binding, wl_error *error)
{
    const struct wl_company *company = binding->company;
    struct wl_binding fresh;

    if (binding->n_names == company->event_names.n_strings &&
        binding->n_keys == company->attribute_names.n_strings &&
        binding->n_props == company->prop_names.n_strings) {
        if (binding->n_strings != company->strings.n_strings) {
            join_properties(binding); // a value that a condition waits for may have come
            binding->n_strings = company->strings.n_strings;
        }
        return WL_OK;
    }
    WL_TRY(wl_binding_init(&fresh, binding->alloc, binding->plan, company, error));
    wl_binding_release(binding);
    *binding = fresh;
    return WL_OK;
}

static bool holds(const struct wl_binding *binding, size_t i_signal, const struct wl_event *event)
{
    const struct wl_signal *signal = &binding->plan->signals[i_signal];

    for (size_t i = 0; i < signal->n_where; i++) {
        uint32_t slot = binding->where_slots[i_signal * WL_PROPS_MAX + i];
        uint32_t value = binding->where_values[i_signal * WL_PROPS_MAX + i];
        if (slot == WL_DICT_NONE || value == WL_DICT_NONE || event->props[slot] != value) {
            return false;
        }
    }
    return true;
}

uint64_t wl_binding_signals(const struct wl_binding *binding, const struct wl_event *event)
{
    WL_ASSERT(event->name < binding->n_names);
    uint64_t signals = binding->signals_of_name[event->name];

    for (uint64_t left = signals; left != 0; left &= left - 1) {
        size_t i_signal = (size_t)__builtin_ctzll(left);
        if (binding->plan->signals[i_signal].n_where > 0 && !holds(binding, i_signal, event)) {
            signals &= ~(UINT64_C(1) << i_signal);
        }
    }
    return signals;
}

// Whether a text's reading has all that a signal asks for.
static bool is_read_so(const struct wl_binding *binding, size_t i_signal,
                       const struct wl_text_reading *reading)
{
    const struct wl_signal *signal = &binding->plan->signals[i_signal];

    for (size_t i = 0; i < WL_READ_COUNT && signal->has_reads; i++) {
        if (signal->reads[i] != NULL &&
            !wl_text_reading_has(reading, (enum wl_text_read)i,
                                 binding->read_values[i_signal * WL_READ_COUNT + i])) {
            return false;
        }
    }
    return true;
}

uint64_t wl_binding_text_signals(const struct wl_binding *binding, const struct wl_text *text,
                                 uint64_t *valued)
{
    const struct wl_plan *plan = binding->plan;
    uint32_t channel = text->channel;
    uint64_t signals = 0;

    *valued = 0;
    for (size_t s = 0; s < plan->n_signals; s++) {
        const struct wl_signal *signal = &plan->signals[s];
        bool follows = is_star(signal->channels, signal->n_channels);
        for (size_t i = 0; i < signal->n_channels && !follows && channel != WL_ID_NONE; i++) {
            follows =
                wl_str_is(wl_dict_string(&binding->company->strings, channel), signal->channels[i]);
        }
        if (follows && is_read_so(binding, s, &text->reading)) {
            signals |= UINT64_C(1) << s;
            *valued |= signal->n_events == 0 ? UINT64_C(1) << s : 0;
        }
    }
    return signals;
}
