/* Lines of signals come from other programs: every value is checked before it counts. */
#include "decide/alert_json.h"

#include "base/json_write.h"
#include "base/limits.h"
#include "data/node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define VALUE_MAX 1e12 // what a customer may be worth; beyond it is a mistake

/* ---- reading ---- */

static wl_status want_text(const struct wl_node *root, const char *key, size_t n_bytes_max,
                           struct wl_str *text, wl_error *error)
{
    const struct wl_node *node = wl_node_get(root, key);

    if (node == NULL || node->kind != WL_NODE_STRING || node->text.n_bytes == 0) {
        return wl_fail(error, WL_ESCHEMA, "key \"%s\" must be a text", key);
    }
    if (node->text.n_bytes > n_bytes_max) {
        return wl_fail(error, WL_ELIMIT, "\"%s\" has %zu bytes, at most %zu are kept", key,
                       node->text.n_bytes, n_bytes_max);
    }
    *text = node->text;
    return WL_OK;
}

// A number under key within [low, high]; fallback when there is none or it is null.
static wl_status number_within(const struct wl_node *root, const char *key, double low, double high,
                               double fallback, double *number, wl_error *error)
{
    const struct wl_node *node = wl_node_get(root, key);

    if (node == NULL || node->kind == WL_NODE_NULL) {
        *number = fallback;
        return WL_OK;
    }
    if (node->kind != WL_NODE_NUMBER) {
        return wl_fail(error, WL_ESCHEMA, "key \"%s\" must be a number, found %s", key,
                       wl_node_kind_name(node->kind));
    }
    if (!(node->number >= low && node->number <= high)) {
        return wl_fail(error, WL_ERANGE, "%s %g is not between %g and %g", key, node->number, low,
                       high);
    }
    *number = node->number;
    return WL_OK;
}

static wl_status choose(const struct wl_node *root, const char *key, const char *const *names,
                        int *choice, wl_error *error)
{
    struct wl_str text = {.data = NULL, .n_bytes = 0};

    WL_TRY(want_text(root, key, WL_CELL_BYTES_MAX, &text, error));
    for (int i = 0; names[i] != NULL; i++) {
        if (wl_str_is(text, names[i])) {
            *choice = i;
            return WL_OK;
        }
    }
    return wl_fail(error, WL_ESCHEMA, "%s \"%.*s\" is none that is known", key, WL_STR_ARG(text));
}

static wl_status read_time(const struct wl_node *root, const char *key, int64_t *time_us,
                           wl_error *error)
{
    struct wl_str text = {.data = NULL, .n_bytes = 0};

    WL_TRY(want_text(root, key, WL_CELL_BYTES_MAX, &text, error));
    return wl_time_parse(text, WL_TIME_AUTO, 0, time_us, error);
}

bool wl_alert_id_parse(struct wl_str text, uint64_t *id)
{
    uint64_t value = 0;

    if (text.n_bytes == 0 || text.n_bytes > 16) {
        return false;
    }
    for (size_t i = 0; i < text.n_bytes; i++) {
        char c = text.data[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10U
                                                : 16U;
        if (digit == 16U) {
            return false;
        }
        value = value << 4 | digit;
    }
    *id = value;
    return true;
}

static bool is_true(const struct wl_node *root, const char *key)
{
    const struct wl_node *node = wl_node_get(root, key);
    return node != NULL && node->kind == WL_NODE_BOOL && node->number != 0.0;
}

// Any text may be a trace; 16 hexadecimal digits are the message key itself.
static uint64_t trace_of(const struct wl_node *root)
{
    struct wl_str text = wl_node_text(root, "trace", "");
    uint64_t trace = 0;

    if (text.n_bytes == 16 && wl_alert_id_parse(text, &trace)) {
        return trace;
    }
    return text.n_bytes > 0 ? wl_str_hash(text, 0) : 0;
}

static wl_status read_level(const struct wl_node *root, struct wl_alert_signal *signal,
                            wl_error *error)
{
    static const double low[] = {0.0, -1.0, 0.0, 0.0};
    static const double high[] = {1.0, 1.0, 1.0, 400.0}; // 10^-400: nothing a double holds is less

    WL_TRY(number_within(root, "level", low[signal->kind], high[signal->kind], (double)NAN,
                         &signal->level, error));
    if (isnan(signal->level)) {
        return wl_fail(error, WL_ESCHEMA, "key \"level\" must be a number");
    }
    return WL_OK;
}

static wl_status read_signal(const struct wl_node *root, struct wl_alert_signal *signal,
                             wl_error *error)
{
    const struct wl_node *source = wl_node_get(root, "source");
    const struct wl_node *reason = wl_node_get(root, "reason");

    WL_TRY(want_text(root, "user", WL_USER_BYTES_MAX, &signal->user, error));
    WL_TRY(choose(root, "kind", wl_alert_signal_kind_names, &signal->kind, error));
    signal->source = signal->kind <= WL_SIGNAL_SENTIMENT ? WL_SIGNAL_TEXT : WL_SIGNAL_BEHAVIOUR;
    if (source != NULL) {
        WL_TRY(choose(root, "source", wl_alert_signal_source_names, &signal->source, error));
    }
    if (reason != NULL && reason->kind != WL_NODE_NULL) {
        WL_TRY(want_text(root, "reason", WL_USER_BYTES_MAX, &signal->reason, error));
    }
    WL_TRY(read_time(root, "time", &signal->time_us, error));
    WL_TRY(read_level(root, signal, error));
    WL_TRY(number_within(root, "p_churn", 0.0, 1.0, (double)NAN, &signal->p_churn, error));
    WL_TRY(number_within(root, "value", 0.0, VALUE_MAX, (double)NAN, &signal->value, error));
    signal->observed = wl_node_number(root, "observed", (double)NAN);
    signal->baseline = wl_node_number(root, "baseline", (double)NAN);
    signal->text = wl_node_text(root, "text", "");
    if (signal->text.n_bytes > WL_CELL_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "\"text\" has %zu bytes, at most %d are kept: quote less",
                       signal->text.n_bytes, WL_CELL_BYTES_MAX);
    }
    signal->trace = trace_of(root);
    signal->is_unsure = is_true(root, "unsure");
    signal->is_degraded = is_true(root, "degraded");
    return WL_OK;
}

// What `wanliu score` prints.
static wl_status read_score(const struct wl_node *root, struct wl_alert_signal *signal,
                            wl_error *error)
{
    signal->kind = WL_SIGNAL_CHURN;
    signal->source = WL_SIGNAL_BEHAVIOUR;
    signal->value = (double)NAN;
    signal->observed = (double)NAN;
    signal->baseline = (double)NAN;
    WL_TRY(want_text(root, "user", WL_USER_BYTES_MAX, &signal->user, error));
    WL_TRY(read_time(root, "as_of", &signal->time_us, error));
    WL_TRY(number_within(root, "p_churn", 0.0, 1.0, (double)NAN, &signal->level, error));
    if (isnan(signal->level)) {
        return wl_fail(error, WL_ESCHEMA, "key \"p_churn\" must be a number");
    }
    signal->p_churn = signal->level;
    signal->is_degraded = is_true(root, "degraded");
    return WL_OK;
}

static wl_status read_deed(const struct wl_node *root, struct wl_alert_deed *deed, wl_error *error)
{
    struct wl_str id = {.data = NULL, .n_bytes = 0};

    WL_TRY(want_text(root, "alert", WL_CELL_BYTES_MAX, &id, error));
    if (!wl_alert_id_parse(id, &deed->id)) {
        return wl_fail(error, WL_ERANGE, "alert \"%.*s\" is no id of 16 hexadecimal digits",
                       WL_STR_ARG(id));
    }
    WL_TRY(choose(root, "action", wl_alert_action_names, &deed->action, error));
    WL_TRY(read_time(root, "time", &deed->time_us, error));
    deed->by = wl_node_text(root, "by", "");
    return WL_OK;
}

wl_status wl_alert_input_read(struct wl_arena *arena, struct wl_str line,
                              struct wl_alert_input *input, wl_error *error)
{
    struct wl_node *root = NULL;
    struct wl_alert_input read = {0};

    WL_TRY(wl_json_parse(arena, line, &root, error));
    if (root->kind != WL_NODE_MAP) {
        return wl_fail(error, WL_ESCHEMA, "a signal must be a map, found %s",
                       wl_node_kind_name(root->kind));
    }
    read.is_deed = wl_node_get(root, "action") != NULL;
    if (read.is_deed) {
        WL_TRY(read_deed(root, &read.deed, error));
    } else if (wl_node_get(root, "as_of") != NULL && wl_node_get(root, "kind") == NULL) {
        WL_TRY(read_score(root, &read.signal, error));
    } else {
        WL_TRY(read_signal(root, &read.signal, error));
    }
    *input = read;
    return WL_OK;
}

/* ---- writing ---- */

static void write_id(struct wl_json_writer *json, const char *key, uint64_t id)
{
    char digits[17];

    snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)id);
    wl_json_key(json, key);
    wl_json_text(json, digits);
}

static void write_text(struct wl_json_writer *json, const char *key, struct wl_str text)
{
    wl_json_key(json, key);
    wl_json_str(json, text);
}

static void write_number(struct wl_json_writer *json, const char *key, double number)
{
    if (!isnan(number)) {
        wl_json_key(json, key);
        wl_json_double(json, number);
    }
}

static void write_time(struct wl_json_writer *json, const char *key, int64_t time_us)
{
    wl_json_key(json, key);
    wl_json_time(json, time_us);
}

void wl_alert_signal_write(const struct wl_alert_signal *signal, struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_text(&json, "user", signal->user);
    write_time(&json, "time", signal->time_us);
    write_text(&json, "kind", wl_str_from(wl_alert_signal_kind_names[signal->kind]));
    write_text(&json, "source", wl_str_from(wl_alert_signal_source_names[signal->source]));
    if (signal->reason.n_bytes > 0) {
        write_text(&json, "reason", signal->reason);
    }
    write_number(&json, "level", signal->level);
    if (signal->trace != 0) {
        write_id(&json, "trace", signal->trace);
    }
    write_number(&json, "p_churn", signal->p_churn);
    write_number(&json, "value", signal->value);
    write_number(&json, "observed", signal->observed);
    write_number(&json, "baseline", signal->baseline);
    if (signal->text.n_bytes > 0) {
        write_text(&json, "text", signal->text);
    }
    if (signal->is_unsure) {
        wl_json_key(&json, "unsure");
        wl_json_bool(&json, true);
    }
    if (signal->is_degraded) {
        wl_json_key(&json, "degraded");
        wl_json_bool(&json, true);
    }
    wl_json_close(&json, '}');
}

void wl_alert_deed_write(const struct wl_alert_deed *deed, struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_id(&json, "alert", deed->id);
    write_text(&json, "action", wl_str_from(wl_alert_action_names[deed->action]));
    write_time(&json, "time", deed->time_us);
    if (deed->by.n_bytes > 0) {
        write_text(&json, "by", deed->by);
    }
    wl_json_close(&json, '}');
}

static void write_evidence(struct wl_json_writer *json, const struct wl_alert_evidence *item)
{
    wl_json_open(json, '{');
    write_time(json, "time", item->time_us);
    write_text(json, "kind", wl_str_from(wl_alert_signal_kind_names[item->kind]));
    write_text(json, "source", wl_str_from(wl_alert_signal_source_names[item->source]));
    write_text(json, "reason", item->reason);
    wl_json_key(json, "level");
    wl_json_digits(json, item->level, 4);
    wl_json_key(json, "raise");
    wl_json_digits(json, item->raise, 4);
    write_number(json, "chance", item->chance);
    write_number(json, "observed", item->observed);
    write_number(json, "baseline", item->baseline);
    write_id(json, "trace", item->trace);
    if (item->text.n_bytes > 0) {
        write_text(json, "text", item->text);
    }
    wl_json_close(json, '}');
}

void wl_alert_write(const struct wl_alert *alert, const char *team, const char *strategy,
                    struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_id(&json, "alert", alert->id);
    write_text(&json, "user", alert->user);
    write_text(&json, "state", wl_str_from(wl_alert_state_names[alert->state]));
    write_text(&json, "severity", wl_str_from(wl_alert_severity_names[alert->severity]));
    write_text(&json, "reason", alert->reason);
    write_text(&json, "source", wl_str_from(wl_alert_signal_source_names[alert->source]));
    write_text(&json, "team", wl_str_from(team));
    if (strategy != NULL) {
        write_text(&json, "strategy", wl_str_from(strategy));
    }
    write_time(&json, "raised", alert->raised_us);
    write_time(&json, "opened", alert->opened_us);
    write_time(&json, "acknowledged", alert->acknowledged_us);
    write_time(&json, "closed", alert->closed_us);
    wl_json_key(&json, "p_churn");
    wl_json_digits(&json, alert->p_churn, 4);
    wl_json_key(&json, "value");
    wl_json_digits(&json, alert->value, 6);
    wl_json_key(&json, "at_risk");
    wl_json_digits(&json, alert->at_risk, 6);
    wl_json_key(&json, "degraded");
    wl_json_bool(&json, alert->is_degraded);
    wl_json_key(&json, "signals");
    wl_json_i64(&json, (int64_t)alert->n_signals);
    wl_json_key(&json, "evidence");
    wl_json_open(&json, '[');
    for (const struct wl_alert_evidence *item = alert->evidence; item != NULL; item = item->next) {
        write_evidence(&json, item);
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
}

static void write_count(struct wl_json_writer *json, const char *key, size_t count)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)count);
}

void wl_alert_counts_write(const struct wl_alert_counts *counts, size_t n_held, struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_count(&json, "signals", counts->n_signals + n_held);
    write_count(&json, "raised", counts->n_raised);
    write_count(&json, "merged", counts->n_merged);
    write_count(&json, "held_back", n_held);
    wl_json_key(&json, "quiet");
    wl_json_open(&json, '{');
    for (size_t i = 0; i < WL_QUIET_COUNT; i++) {
        write_count(&json, wl_alert_quiet_names[i], counts->n_quiet[i]);
    }
    wl_json_close(&json, '}');
    wl_json_key(&json, "alerts");
    wl_json_open(&json, '{');
    for (size_t i = 0; i < WL_ALERT_STATE_COUNT; i++) {
        write_count(&json, wl_alert_state_names[i], counts->n_by_state[i]);
    }
    wl_json_close(&json, '}');
    write_count(&json, "expired_waiting", counts->n_expired_waiting);
    write_count(&json, "late", counts->n_late);
    write_count(&json, "orphans", counts->n_orphans);
    wl_json_close(&json, '}');
}
