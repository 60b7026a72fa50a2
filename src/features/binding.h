/* A plan speaks of names, a company of numbers: the binding joins them, so that an event finds its
 * signals by one array access. */
#ifndef WL_FEATURES_BINDING_H
#define WL_FEATURES_BINDING_H
#include "features/plan.h"

struct wl_binding {
    const wl_alloc *alloc;
    const struct wl_plan *plan;       /* borrowed: outlives the binding */
    const struct wl_company *company; /* borrowed: outlives the binding */
    uint64_t *signals_of_name;        /* (n_names) bit s: signal s follows this event name */
    size_t n_names;
    uint32_t *attribute_of_key; /* (n_keys) index into plan->attributes, or WL_ID_NONE */
    size_t n_keys;
    uint32_t *where_slots;  /* (n_signals, WL_PROPS_MAX) property slot, or WL_ID_NONE */
    uint32_t *where_values; /* (n_signals, WL_PROPS_MAX) id in company->strings, or WL_ID_NONE */
    uint32_t *sketch_slots; /* (n_sketches) property slot, or WL_ID_NONE */
    uint32_t *read_values;  /* (n_signals, WL_READ_COUNT) id in company->strings, or WL_ID_NONE */
    size_t n_props;         /* of the company when this was made */
    size_t n_strings;
};

/* wl_binding_init - join a plan and a company. wl_binding_release - give memory back; zeroed is
 * fine. Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_binding_init(struct wl_binding *binding, const wl_alloc *alloc,
                                        const struct wl_plan *plan,
                                        const struct wl_company *company, wl_error *error);
void wl_binding_release(struct wl_binding *binding);

/* wl_binding_refresh - catch up with names and values the company has met since; call it after
 * adding events and before applying them.
 * Cost:    O(1) when nothing is new; O(conditions) after new property values.
 * Errors:  WL_ENOMEM; the binding is as before. */
WL_MUST_CHECK wl_status wl_binding_refresh(struct wl_binding *binding, wl_error *error);

/* wl_binding_signals - signals an event counts for, as bits. The event's name must be known. */
uint64_t wl_binding_signals(const struct wl_binding *binding, const struct wl_event *event);

/* wl_binding_text_signals - signals a text counts for, by its channel and by what was read in it.
 *   valued  (out) those of them that follow texts alone: only there a text's mood is its value,
 *                 because no event's value can be added to it. */
uint64_t wl_binding_text_signals(const struct wl_binding *binding, const struct wl_text *text,
                                 uint64_t *valued);

#endif
