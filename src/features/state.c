/* Applying what becomes known. An event first makes sure that there is room everywhere it goes,
 * then adds itself in steps that cannot fail: so a failure leaves nothing half done. */
#include "features/state.h"

#include "features/state_inner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NIGHT_FROM_HOUR 22
#define NIGHT_TO_HOUR   6

static void release_signal(const wl_alloc *alloc, struct wl_signal_state *signal)
{
    wl_alloc_free(alloc, signal->hours.items);
    wl_alloc_free(alloc, signal->days.items);
    wl_alloc_free(alloc, signal->active.items);
}

void wl_state_release(struct wl_state *state)
{
    const wl_alloc *alloc = state->alloc;

    if (alloc == NULL) {
        return;
    }
    for (size_t i = 0; state->signals != NULL && i < state->plan->n_signals; i++) {
        release_signal(alloc, &state->signals[i]);
    }
    for (size_t i = 0; state->sketches != NULL && i < state->plan->n_sketches; i++) {
        wl_alloc_free(alloc, state->sketches[i].items);
    }
    for (size_t i = 0; state->attributes != NULL && i < state->plan->n_attributes; i++) {
        wl_alloc_free(alloc, state->attributes[i].text);
    }
    wl_alloc_free(alloc, state->signals);
    wl_alloc_free(alloc, state->sketches);
    wl_alloc_free(alloc, state->attributes);
    *state = (struct wl_state){0};
}

void wl_state_reset(struct wl_state *state)
{
    const struct wl_plan *plan = state->plan;

    state->newest_us = WL_TIME_NONE;
    state->first_us = WL_TIME_NONE;
    for (size_t i = 0; i < plan->n_signals; i++) {
        struct wl_signal_state *signal = &state->signals[i];
        signal->totals = wl_sums_empty();
        signal->n_weekend = 0;
        signal->first_us = WL_TIME_NONE;
        signal->last_us = WL_TIME_NONE;
        signal->hours.n_items = 0;
        signal->days.n_items = 0;
        signal->active.n_items = 0;
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        state->sketches[i].n_items = 0;
        state->sketches[i].n_items_prune = 0;
    }
    for (size_t i = 0; i < plan->n_attributes; i++) {
        state->attributes[i].is_known = false;
        state->attributes[i].n_text_bytes = 0;
    }
}

wl_status wl_state_init(struct wl_state *state, const wl_alloc *alloc, const struct wl_plan *plan,
                        wl_error *error)
{
    struct wl_state made = {.alloc = alloc, .plan = plan, .read_from_us = WL_TIME_NONE};

    // One more than needed, because an empty array is no block.
    made.signals = wl_alloc_zeroed(alloc, plan->n_signals + 1, sizeof(*made.signals));
    made.sketches = wl_alloc_zeroed(alloc, plan->n_sketches + 1, sizeof(*made.sketches));
    made.attributes = wl_alloc_zeroed(alloc, plan->n_attributes + 1, sizeof(*made.attributes));
    if (made.signals == NULL || made.sketches == NULL || made.attributes == NULL) {
        wl_state_release(&made);
        return wl_fail(error, WL_ENOMEM, "no memory for a user's state");
    }
    wl_state_reset(&made);
    *state = made;
    return WL_OK;
}

/* One thing that happened, in local time. */
struct moment {
    int64_t time_us;
    int32_t hour;
    int32_t day;
    int64_t value_e4; /* or WL_VALUE_NONE */
};

static struct moment moment_of(const struct wl_plan *plan, int64_t time_us, int64_t value_e4)
{
    int32_t hour = wl_floor_div(time_us + plan->utc_offset_us, WL_HOUR_US);

    return (struct moment){.time_us = time_us,
                           .hour = hour,
                           .day = wl_floor_div(hour, WL_HOURS_PER_DAY),
                           .value_e4 = value_e4};
}

static bool is_out_of_range(int64_t time_us)
{
    return time_us < -WL_STATE_TIME_MAX_US || time_us > WL_STATE_TIME_MAX_US;
}

static int64_t later(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

// The earliest moment a row may be asked for, once this much is known.
static int64_t read_from(const struct wl_state *state)
{
    return later(state->newest_us, state->read_from_us);
}

static wl_status reserve(struct wl_state *state, uint64_t signals, wl_error *error)
{
    const struct wl_plan *plan = state->plan;

    for (uint64_t left = signals; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        struct wl_signal_state *signal = &state->signals[i];
        if (signal->totals.n >= WL_STATE_EVENTS_MAX) {
            return wl_fail(error, WL_ELIMIT, "more than %u events of signal %s of one user",
                           WL_STATE_EVENTS_MAX, plan->signals[i].name);
        }
        if (plan->signals[i].keep_hours_us > 0) {
            WL_TRY(wl_tiles_reserve(state->alloc, &signal->hours, error));
        }
        if (plan->signals[i].keep_days_us > 0) {
            WL_TRY(wl_tiles_reserve(state->alloc, &signal->days, error));
        }
        if (plan->signals[i].needs_all_days) {
            WL_TRY(wl_day_words_reserve(state->alloc, &signal->active, error));
        }
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        if ((signals >> plan->sketches[i].i_signal & 1) != 0) {
            WL_TRY(wl_sketch_reserve(state->alloc, &state->sketches[i], error));
        }
    }
    return WL_OK;
}

static void add_to_sums(struct wl_sums *sums, const struct moment *moment, bool is_night,
                        bool needs_values)
{
    sums->n++;
    sums->n_night += is_night;
    if (needs_values && moment->value_e4 != WL_VALUE_NONE) {
        int64_t value_e4 = moment->value_e4;
        sums->n_valued++;
        sums->min_e4 = value_e4 < sums->min_e4 ? value_e4 : sums->min_e4;
        sums->max_e4 = value_e4 > sums->max_e4 ? value_e4 : sums->max_e4;
        sums->sum_e4 += value_e4;
        sums->squares_e8 += (wl_i128)value_e4 * value_e4;
    }
}

// Old hour tiles are forgotten when they are many; encoding forgets all of them.
#define HOURS_DROP_COUNT 128

static void add_to_hours(struct wl_state *state, const struct wl_signal *signal,
                         struct wl_tiles *hours, const struct moment *moment, bool is_night)
{
    int64_t edge_us = read_from(state) - signal->keep_hours_us + state->plan->utc_offset_us;
    int32_t hour_min = wl_floor_div(edge_us, WL_HOUR_US);

    if (moment->hour < hour_min) {
        return;
    }
    if (hours->n_items >= HOURS_DROP_COUNT) {
        wl_tiles_drop(hours, hour_min);
    }
    struct wl_tile *tile = wl_tiles_at(hours, moment->hour);
    add_to_sums(&tile->sums, moment, is_night, signal->needs_values);
}

static void add_to_signal(struct wl_state *state, size_t i_signal, const struct moment *moment)
{
    const struct wl_signal *signal = &state->plan->signals[i_signal];
    struct wl_signal_state *own = &state->signals[i_signal];
    int32_t hour_of_day = moment->hour - moment->day * WL_HOURS_PER_DAY;
    bool is_night = hour_of_day >= NIGHT_FROM_HOUR || hour_of_day < NIGHT_TO_HOUR;

    add_to_sums(&own->totals, moment, is_night, signal->needs_values);
    own->n_weekend += wl_day_is_weekend(moment->day);
    if (own->first_us == WL_TIME_NONE || moment->time_us < own->first_us) {
        own->first_us = moment->time_us;
    }
    own->last_us = later(own->last_us, moment->time_us);
    if (signal->keep_hours_us > 0) {
        add_to_hours(state, signal, &own->hours, moment, is_night);
    }
    if (signal->keep_days_us > 0) {
        int64_t edge_us = read_from(state) - signal->keep_days_us + state->plan->utc_offset_us;
        if (moment->day >= wl_floor_div(edge_us, WL_DAY_US)) {
            struct wl_tile *tile = wl_tiles_at(&own->days, moment->day);
            tile->hour_mask |= UINT32_C(1) << hour_of_day;
            add_to_sums(&tile->sums, moment, is_night, signal->needs_values);
        }
    }
    if (signal->needs_all_days) {
        wl_day_words_add(&own->active, moment->day);
    }
}

static void add_moment(struct wl_state *state, uint64_t signals, const struct moment *moment,
                       int64_t received_us)
{
    state->newest_us = later(state->newest_us, received_us);
    if (state->first_us == WL_TIME_NONE || moment->time_us < state->first_us) {
        state->first_us = moment->time_us;
    }
    for (uint64_t left = signals; left != 0; left &= left - 1) {
        add_to_signal(state, (size_t)__builtin_ctzll(left), moment);
    }
}

wl_status wl_state_apply_event(struct wl_state *state, const struct wl_binding *binding,
                               const struct wl_event *event, wl_error *error)
{
    const struct wl_plan *plan = state->plan;
    bool has_value = event->value_e4 != WL_VALUE_NONE;

    WL_ASSERT(binding->plan == plan);
    if (is_out_of_range(event->event_us) || is_out_of_range(event->received_us)) {
        return wl_fail(error, WL_ERANGE, "event time %lld us is outside the years 1653 to 2286",
                       (long long)event->event_us);
    }
    if (has_value &&
        (event->value_e4 < -WL_STATE_VALUE_MAX_E4 || event->value_e4 > WL_STATE_VALUE_MAX_E4)) {
        return wl_fail(error, WL_ERANGE, "event value %lld e-4 is beyond 1e11",
                       (long long)event->value_e4);
    }
    uint64_t signals = wl_binding_signals(binding, event);
    int64_t time_us = event->event_us < event->received_us ? event->event_us : event->received_us;
    struct moment moment = moment_of(plan, time_us, event->value_e4);

    WL_TRY(reserve(state, signals, error));
    add_moment(state, signals, &moment, event->received_us);
    for (size_t i = 0; i < plan->n_sketches; i++) {
        uint32_t slot = binding->sketch_slots[i];
        if ((signals >> plan->sketches[i].i_signal & 1) != 0 && slot != WL_DICT_NONE &&
            event->props[slot] != WL_ID_NONE) {
            wl_sketch_add(&state->sketches[i], binding->company->strings.hashes[event->props[slot]],
                          moment.hour);
        }
    }
    return WL_OK;
}

wl_status wl_state_apply_text(struct wl_state *state, const struct wl_binding *binding,
                              const struct wl_text *text, wl_error *error)
{
    WL_ASSERT(binding->plan == state->plan);
    if (is_out_of_range(text->text_us) || is_out_of_range(text->received_us)) {
        return wl_fail(error, WL_ERANGE, "text time %lld us is outside the years 1653 to 2286",
                       (long long)text->text_us);
    }
    uint64_t valued = 0;
    uint64_t signals = wl_binding_text_signals(binding, text, &valued);
    int64_t time_us = text->text_us < text->received_us ? text->text_us : text->received_us;
    struct moment moment = moment_of(state->plan, time_us, WL_VALUE_NONE);

    WL_TRY(reserve(state, signals, error));
    add_moment(state, signals & ~valued, &moment, text->received_us);
    moment.value_e4 = text->reading.is_read ? text->reading.mood_e4 : WL_VALUE_NONE;
    add_moment(state, valued, &moment, text->received_us);
    return WL_OK;
}

/* ---- attributes ---- */

// Bytes of a category that are kept: all, or as many whole characters as fit.
static struct wl_str cut_level(struct wl_str level)
{
    if (level.n_bytes > WL_STATE_LEVEL_BYTES) {
        level.n_bytes = WL_STATE_LEVEL_BYTES;
        while (level.n_bytes > 0 && ((unsigned char)level.data[level.n_bytes] & 0xC0) == 0x80) {
            level.n_bytes--;
        }
    }
    return level;
}

#define NUMBER_TEXT_BYTES 40

/* A value as it is kept. */
struct kept_value {
    enum wl_value_kind kind;
    double number;
    struct wl_str text;
    char digits[NUMBER_TEXT_BYTES]; /* behind text when a number is kept as a category */
};

// In a column of categories a number is its text, "1" and not "1.000000"; what is not finite is
// missing; -0 and 0 are one number.
static void keep_value(const struct wl_attribute *attribute, const struct wl_company *company,
                       enum wl_attribute_use use, struct kept_value *kept)
{
    bool is_number = attribute->kind == WL_VALUE_NUMBER || attribute->kind == WL_VALUE_BOOL;

    *kept = (struct kept_value){.kind = attribute->kind};
    if (attribute->kind == WL_VALUE_STRING) {
        kept->text = cut_level(wl_dict_string(&company->strings, attribute->string));
    } else if (!is_number || !isfinite(attribute->number)) {
        kept->kind = WL_VALUE_MISSING;
    } else if (use == WL_ATTRIBUTE_CATEGORY) {
        bool is_true = attribute->kind == WL_VALUE_BOOL && attribute->number != 0.0;
        const char *word = is_true ? "true" : "false";
        (void)snprintf(kept->digits, sizeof(kept->digits), "%.15g", attribute->number + 0.0);
        kept->kind = WL_VALUE_STRING;
        kept->text = wl_str_from(attribute->kind == WL_VALUE_BOOL ? word : kept->digits);
    } else {
        kept->number = attribute->number + 0.0;
    }
}

static int compare_values(const struct wl_attribute_state *own, const struct kept_value *kept)
{
    struct wl_str own_text = {.data = own->text, .n_bytes = own->n_text_bytes};

    if (own->kind != kept->kind) {
        return own->kind < kept->kind ? -1 : 1;
    }
    if (own->number < kept->number || own->number > kept->number) {
        return own->number < kept->number ? -1 : 1;
    }
    return wl_str_compare(own_text, kept->text);
}

wl_status wl_state_apply_attribute(struct wl_state *state, const struct wl_binding *binding,
                                   const struct wl_attribute *attribute, wl_error *error)
{
    const struct wl_plan *plan = state->plan;
    struct kept_value kept;

    WL_ASSERT(binding->plan == plan && attribute->key < binding->n_keys);
    if (is_out_of_range(attribute->known_us)) {
        return wl_fail(error, WL_ERANGE, "attribute time %lld us is outside the years 1653 to 2286",
                       (long long)attribute->known_us);
    }
    uint32_t at = binding->attribute_of_key[attribute->key];
    if (at != WL_ID_NONE) {
        struct wl_attribute_state *own = &state->attributes[at];
        keep_value(attribute, binding->company, plan->attributes[at].use, &kept);
        if (!own->is_known || own->known_us < attribute->known_us ||
            (own->known_us == attribute->known_us && compare_values(own, &kept) < 0)) {
            WL_TRY(wl_attribute_state_set(state->alloc, own, kept.text, error));
            own->kind = kept.kind;
            own->known_us = attribute->known_us;
            own->number = kept.number;
        }
    }
    state->newest_us = later(state->newest_us, attribute->known_us);
    return WL_OK;
}

wl_status wl_attribute_state_set(const wl_alloc *alloc, struct wl_attribute_state *own,
                                 struct wl_str text, wl_error *error)
{
    if (text.n_bytes > 0) {
        WL_TRY(WL_GROW(alloc, own->text, own->text_capacity, text.n_bytes, error));
        memcpy(own->text, text.data, text.n_bytes);
    }
    own->n_text_bytes = text.n_bytes;
    own->is_known = true;
    return WL_OK;
}

/* ---- forgetting ---- */

static int32_t sketch_hour_min(const struct wl_state *state, const struct wl_plan_sketch *sketch)
{
    if (sketch->keep_us == WL_WINDOW_ALL || state->newest_us == WL_TIME_NONE) {
        return INT32_MIN;
    }
    int64_t edge_us = state->newest_us - sketch->keep_us + state->plan->utc_offset_us;
    return wl_floor_div(edge_us, WL_DAY_US) * WL_HOURS_PER_DAY;
}

void wl_state_prune(struct wl_state *state)
{
    const struct wl_plan *plan = state->plan;
    int64_t newest_us = state->newest_us + plan->utc_offset_us;

    if (state->newest_us == WL_TIME_NONE) {
        return;
    }
    for (size_t i = 0; i < plan->n_signals; i++) {
        const struct wl_signal *signal = &plan->signals[i];
        struct wl_signal_state *own = &state->signals[i];
        wl_tiles_drop(&own->hours, wl_floor_div(newest_us - signal->keep_hours_us, WL_HOUR_US));
        wl_tiles_drop(&own->days, wl_floor_div(newest_us - signal->keep_days_us, WL_DAY_US));
        wl_day_words_drop(&own->active, wl_oldest_word(plan, state->newest_us));
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        wl_sketch_prune(&state->sketches[i], sketch_hour_min(state, &plan->sketches[i]));
    }
}

int32_t wl_oldest_word(const struct wl_plan *plan, int64_t as_of_us)
{
    int64_t day = wl_floor_div(as_of_us + plan->utc_offset_us, WL_DAY_US);

    return wl_floor_div(day - WL_STATE_DAYS_KEPT, 64);
}

size_t wl_state_bytes(const struct wl_state *state)
{
    const struct wl_plan *plan = state->plan;
    size_t n_bytes = sizeof(*state);

    for (size_t i = 0; i < plan->n_signals; i++) {
        const struct wl_signal_state *own = &state->signals[i];
        n_bytes += sizeof(*own);
        n_bytes += (own->hours.capacity + own->days.capacity) * sizeof(struct wl_tile);
        n_bytes += own->active.capacity * sizeof(struct wl_day_word);
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        n_bytes += sizeof(struct wl_sketch);
        n_bytes += state->sketches[i].capacity * sizeof(struct wl_sketch_item);
    }
    for (size_t i = 0; i < plan->n_attributes; i++) {
        n_bytes += sizeof(struct wl_attribute_state) + state->attributes[i].text_capacity;
    }
    return n_bytes;
}
