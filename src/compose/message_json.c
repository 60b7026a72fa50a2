/* Messages as JSON lines; writing and reading side by side, so that they stay in step. */
#include "base/clock.h"
#include "base/json_write.h"
#include "compose/message.h"

static void write_text(struct wl_json_writer *json, const char *key, struct wl_str text)
{
    wl_json_key(json, key);
    wl_json_str(json, text);
}

void wl_message_write(const struct wl_message *message, struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    write_text(&json, "user", message->user);
    wl_json_key(&json, "as_of");
    wl_json_time(&json, message->as_of_us);
    wl_json_key(&json, "tier");
    wl_json_text(&json, wl_tier_key(message->tier));
    write_text(&json, "reason", message->reason);
    wl_json_key(&json, "reason_source");
    wl_json_text(&json, wl_reason_source_key(message->reason_source));
    write_text(&json, "template", message->template_id);
    wl_json_key(&json, "template_version");
    wl_json_i64(&json, message->template_version);
    write_text(&json, "match", message->match);
    wl_json_key(&json, "channel");
    wl_json_text(&json, wl_channel_names[message->channel]);
    wl_json_key(&json, "language");
    wl_json_text(&json, wl_language_names[message->language]);
    if (message->title.n_bytes > 0) {
        write_text(&json, "title", message->title);
    }
    write_text(&json, "body", message->body);
    if (message->offer.n_bytes > 0) {
        write_text(&json, "offer", message->offer);
    }
    wl_json_key(&json, "facts");
    wl_json_open(&json, '{');
    for (size_t i = 0; i < message->n_facts; i++) {
        wl_json_key_str(&json, message->facts[i].slot);
        wl_json_str(&json, message->facts[i].value);
    }
    wl_json_close(&json, '}');
    wl_json_key(&json, "degraded");
    wl_json_bool(&json, message->degraded);
    if (message->degraded) {
        write_text(&json, "why", message->why);
    }
    wl_json_close(&json, '}');
}

static wl_status want_text(const struct wl_node *root, const char *key, struct wl_str *text,
                           wl_error *error)
{
    const struct wl_node *node = wl_node_get(root, key);

    if (node == NULL || node->kind != WL_NODE_STRING) {
        return wl_fail(error, WL_ESCHEMA, "key \"%s\" must be a text, found %s", key,
                       node == NULL ? "no such key" : wl_node_kind_name(node->kind));
    }
    *text = node->text;
    return WL_OK;
}

static wl_status want_name(const struct wl_node *root, const char *key, const char *const *names,
                           int *value, wl_error *error)
{
    struct wl_str text;

    WL_TRY(want_text(root, key, &text, error));
    *value = wl_name_find(names, text);
    return *value >= 0 ? WL_OK
                       : wl_fail(error, WL_ESCHEMA, "key \"%s\": no %s called \"%.*s\"", key, key,
                                 WL_STR_ARG(text));
}

static wl_status read_facts(const struct wl_node *root, struct wl_message *message, wl_error *error)
{
    const struct wl_node *facts = wl_node_get(root, "facts");

    if (facts == NULL || facts->kind != WL_NODE_MAP) {
        return wl_fail(error, WL_ESCHEMA, "key \"facts\" must be a map");
    }
    if (facts->n_children > WL_FACTS_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu facts, at most %d are kept", facts->n_children,
                       WL_FACTS_MAX);
    }
    for (const struct wl_node *at = facts->first; at != NULL; at = at->next) {
        if (at->kind != WL_NODE_STRING) {
            return wl_fail(error, WL_ESCHEMA, "fact \"%.*s\" must be a text", WL_STR_ARG(at->key));
        }
        message->facts[message->n_facts++] = (struct wl_fact){.slot = at->key, .value = at->text};
    }
    return WL_OK;
}

static wl_status read_root(const struct wl_node *root, struct wl_message *m, wl_error *error)
{
    const struct wl_node *degraded = wl_node_get(root, "degraded");
    struct wl_str as_of;
    struct wl_str tier;
    int channel = 0;
    int language = 0;

    WL_TRY(want_text(root, "user", &m->user, error));
    WL_TRY(want_text(root, "as_of", &as_of, error));
    WL_TRY(wl_time_parse(as_of, WL_TIME_AUTO, 0, &m->as_of_us, error));
    WL_TRY(want_text(root, "tier", &tier, error));
    if (!wl_tier_parse(tier, &m->tier)) {
        return wl_fail(error, WL_ESCHEMA, "tier \"%.*s\" is none of the five", WL_STR_ARG(tier));
    }
    WL_TRY(want_text(root, "template", &m->template_id, error));
    WL_TRY(want_text(root, "body", &m->body, error));
    WL_TRY(want_name(root, "channel", wl_channel_names, &channel, error));
    WL_TRY(want_name(root, "language", wl_language_names, &language, error));
    double version = wl_node_number(root, "template_version", 0.0);
    if (!(version >= 0.0 && version <= 1e9)) {
        return wl_fail(error, WL_ERANGE, "template_version %g is no version", version);
    }
    m->channel = (enum wl_channel)channel;
    m->language = (enum wl_language)language;
    m->template_version = (int64_t)version;
    m->reason = wl_node_text(root, "reason", "other");
    for (int i = WL_REASON_BEHAVIOUR; i <= WL_REASON_STATED; i++) {
        enum wl_reason_source source = (enum wl_reason_source)i;
        if (wl_str_is(wl_node_text(root, "reason_source", ""), wl_reason_source_key(source))) {
            m->reason_source = source;
        }
    }
    m->match = wl_node_text(root, "match", "");
    m->title = wl_node_text(root, "title", "");
    m->offer = wl_node_text(root, "offer", "");
    m->degraded = degraded != NULL && degraded->kind == WL_NODE_BOOL && degraded->number != 0.0;
    m->why = wl_node_text(root, "why", "");
    return read_facts(root, m, error);
}

wl_status wl_message_read(struct wl_arena *arena, struct wl_str line, struct wl_message *message,
                          wl_error *error)
{
    struct wl_node *root = NULL;
    struct wl_message read = {0};

    WL_TRY(wl_json_parse(arena, line, &root, error));
    WL_TRY(read_root(root, &read, error));
    *message = read;
    return WL_OK;
}
