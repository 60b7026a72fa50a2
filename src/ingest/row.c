/* From a row to a draft: every cell is checked before any word becomes an id, so a refused row
 * leaves no trace in the company. */
#include "base/wide.h"
#include "ingest/run.h"

#include <math.h>

bool wl_run_reject(struct wl_run *run, enum wl_reject reason, const char *column,
                   const struct wl_str *value)
{
    run->rejected.reason = reason;
    run->rejected.column = column;
    run->rejected.value = value != NULL ? *value : (struct wl_str){.data = NULL, .n_bytes = 0};
    return false;
}

bool wl_run_read_user(struct wl_run *run, struct wl_str cell, const char *column,
                      struct wl_str *user)
{
    if (cell.n_bytes == 0) {
        return wl_run_reject(run, WL_REJECT_USER_MISSING, column, NULL);
    }
    if (cell.n_bytes > WL_USER_BYTES_MAX) {
        return wl_run_reject(run, WL_REJECT_USER_LONG, column, NULL);
    }
    *user = cell;
    run->rejected.user = cell;
    return true;
}

bool wl_run_read_time(struct wl_run *run, struct wl_str cell, const char *column,
                      enum wl_time_format format, int64_t *time_us)
{
    if (cell.n_bytes == 0) {
        return wl_run_reject(run, WL_REJECT_TIME_MISSING, column, NULL);
    }
    wl_status status = wl_time_parse(cell, format, run->source->utc_offset_us, time_us, NULL);
    if (status == WL_OK) {
        return true;
    }
    return wl_run_reject(run, status == WL_ERANGE ? WL_REJECT_TIME_IMPOSSIBLE : WL_REJECT_TIME_BAD,
                         column, &cell);
}

bool wl_run_read_number(struct wl_run *run, struct wl_str cell, const char *column,
                        int64_t *value_e4)
{
    double number;

    if (wl_str_to_fixed(cell, value_e4)) {
        return true;
    }
    bool is_number = wl_str_to_double(cell, &number);
    return wl_run_reject(run, is_number ? WL_REJECT_VALUE_RANGE : WL_REJECT_VALUE_BAD, column,
                         &cell);
}

// a * b of fixed-point numbers, rounded half away from zero; false when it is too large.
static bool multiply_e4(int64_t a_e4, int64_t b_e4, int64_t *product_e4)
{
    wl_i128 product = (wl_i128)a_e4 * b_e4;
    wl_i128 half = WL_VALUE_SCALE / 2;
    wl_i128 rounded = (product + (product < 0 ? -half : half)) / WL_VALUE_SCALE;
    wl_i128 limit = (wl_i128)(int64_t)WL_VALUE_ABS_MAX * WL_VALUE_SCALE;

    if (rounded > limit || rounded < -limit) {
        return false;
    }
    *product_e4 = (int64_t)rounded;
    return true;
}

bool wl_run_read_value(struct wl_run *run, const struct wl_run_row *row, int64_t *value_e4)
{
    int64_t product_e4 = WL_VALUE_SCALE;
    size_t n_factors = run->source->value.n_items;

    *value_e4 = WL_VALUE_NONE;
    for (size_t i = 0; i < n_factors; i++) {
        const struct wl_run_column *column = &run->plan.value[i];
        struct wl_str cell = wl_run_cell(row, column);
        int64_t factor_e4;
        if (cell.n_bytes == 0) {
            return true; // no value is known, which is no mistake
        }
        if (!wl_run_read_number(run, cell, column->name, &factor_e4)) {
            return false;
        }
        if (!multiply_e4(product_e4, factor_e4, &product_e4)) {
            return wl_run_reject(run, WL_REJECT_VALUE_RANGE, column->name, &cell);
        }
    }
    *value_e4 = n_factors > 0 ? product_e4 : WL_VALUE_NONE;
    return true;
}

static bool is_short(struct wl_run *run, struct wl_str cell, const char *column)
{
    return cell.n_bytes <= WL_CELL_BYTES_MAX ||
           wl_run_reject(run, WL_REJECT_CELL_LONG, column, NULL);
}

bool wl_run_read_props(struct wl_run *run, const struct wl_run_row *row, struct wl_run_draft *draft)
{
    for (size_t i = 0; i < run->source->n_props; i++) {
        draft->props[i] = wl_run_cell(row, &run->plan.props[i]);
        if (!is_short(run, draft->props[i], run->plan.props[i].name)) {
            return false;
        }
    }
    return true;
}

static bool read_event_name(struct wl_run *run, const struct wl_run_row *row,
                            struct wl_run_draft *draft)
{
    const struct wl_source *source = run->source;

    if (source->event_column != NULL) {
        draft->name = wl_run_cell(row, &run->plan.event);
        if (draft->name.n_bytes == 0) {
            return wl_run_reject(run, WL_REJECT_EVENT_MISSING, source->event_column, NULL);
        }
        return is_short(run, draft->name, source->event_column);
    }
    for (size_t i = 0; i < source->n_rules; i++) {
        const struct wl_event_rule *rule = &source->rules[i];
        if (!rule->has_condition ||
            wl_condition_holds(&rule->condition, wl_run_cell(row, &run->plan.rules[i]))) {
            draft->name = wl_str_from(rule->name);
            return true;
        }
    }
    return wl_run_reject(run, WL_REJECT_EVENT_UNMATCHED, NULL, NULL);
}

static bool read_times(struct wl_run *run, const struct wl_run_row *row, struct wl_run_draft *draft)
{
    const struct wl_run_plan *plan = &run->plan;
    enum wl_time_format format = (enum wl_time_format)run->source->time_format;

    if (plan->time.name != NULL) {
        if (!wl_run_read_time(run, wl_run_cell(row, &plan->time), plan->time.name, format,
                              &draft->time_us)) {
            return false;
        }
    } else {
        draft->time_us = run->source->known_us;
    }
    draft->received_us = draft->time_us;
    return plan->received.name == NULL ||
           wl_run_read_time(run, wl_run_cell(row, &plan->received), plan->received.name, format,
                            &draft->received_us);
}

static bool read_text(struct wl_run *run, const struct wl_run_row *row, struct wl_run_draft *draft)
{
    const struct wl_run_plan *plan = &run->plan;
    bool has_channel = plan->channel.name != NULL;

    draft->body = wl_run_cell(row, &plan->text);
    draft->name = has_channel ? wl_run_cell(row, &plan->channel) : wl_str_from(run->source->name);
    draft->label = wl_run_cell(row, &plan->label);
    if (draft->body.n_bytes == 0) {
        return wl_run_reject(run, WL_REJECT_TEXT_MISSING, plan->text.name, NULL);
    }
    if (draft->name.n_bytes == 0) {
        draft->name = wl_str_from(run->source->name);
    }
    return is_short(run, draft->name, plan->channel.name) &&
           is_short(run, draft->label, plan->label.name);
}

wl_status wl_run_take_row(struct wl_run *run, const struct wl_run_row *row, wl_error *error)
{
    struct wl_run_draft draft = {.value_e4 = WL_VALUE_NONE};
    int kind = run->source->kind;

    if (!wl_run_is_wanted(run, row)) {
        run->is_filtered = true;
        return WL_OK;
    }
    if (!wl_run_read_user(run, wl_run_cell(row, &run->plan.user), run->source->user, &draft.user) ||
        !read_times(run, row, &draft)) {
        return WL_OK;
    }
    draft.message_id = wl_run_cell(row, &run->plan.message_id);
    if (kind == WL_SOURCE_CUSTOMERS) {
        return row->cells != NULL ? wl_run_add_cells(run, &draft, row, error)
                                  : wl_run_add_tree(run, &draft, row->root, error);
    }
    if (kind == WL_SOURCE_TEXTS) {
        return read_text(run, row, &draft) ? wl_run_add_text(run, &draft, error) : WL_OK;
    }
    if (!read_event_name(run, row, &draft) || !wl_run_read_value(run, row, &draft.value_e4) ||
        !wl_run_read_props(run, row, &draft)) {
        return WL_OK;
    }
    return wl_run_add_event(run, &draft, error);
}
