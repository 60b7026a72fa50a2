/* Composing one message.
 *
 * What a template can read is built here, from nothing: the workspace's values at the top, the
 * allowed attributes under user, the chosen offer under offer. An attribute outside the allow-list
 * is not in the tree, so that no template can reach it, whatever it says. */
#include "compose/message.h"

#include "base/clock.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static const struct wl_field fields[] = {
    {.key = "language",
     .kind = WL_FIELD_CHOICE,
     .offset = offsetof(struct wl_message_options, language),
     .choices = wl_language_names,
     .doc = "zh or en"},
    {.key = "channel",
     .kind = WL_FIELD_CHOICE,
     .offset = offsetof(struct wl_message_options, channel),
     .choices = wl_channel_names,
     .doc = "email, push, sms or in_app"},
    {.key = "attributes",
     .kind = WL_FIELD_TEXTS,
     .offset = offsetof(struct wl_message_options, attributes),
     .doc = "attributes that templates may read"},
    {.key = "values",
     .kind = WL_FIELD_NODE,
     .offset = offsetof(struct wl_message_options, values),
     .doc = "brand, unsubscribe_url, ..."},
    {.key = "discount_first",
     .kind = WL_FIELD_BOOL,
     .offset = offsetof(struct wl_message_options, discount_first),
     .doc = "discounts go before a pause; default false"},
};

wl_status wl_message_options_read(struct wl_arena *arena, const struct wl_node *node,
                                  struct wl_message_options *options, wl_error *error)
{
    struct wl_message_options read = *options;

    WL_TRY(wl_fields_read(arena, node, "messages", fields, sizeof(fields) / sizeof(fields[0]),
                          &read, error));
    if (read.values != NULL && read.values->kind != WL_NODE_MAP) {
        return wl_fail_node(error, read.values, "messages.values: wants a map, found %s",
                            wl_node_kind_name(read.values->kind));
    }
    *options = read;
    return WL_OK;
}

/* -- what a template can read -- */

struct context {
    struct wl_arena *arena;
    struct wl_node *root;
    wl_error *error;
};

static wl_status add_child(struct context *c, struct wl_node *map, const struct wl_node *value,
                           struct wl_str key, struct wl_node **added)
{
    struct wl_node *copy = wl_arena_zeroed(c->arena, 1, sizeof(*copy));

    if (copy == NULL) {
        return wl_fail(c->error, WL_ENOMEM, "no memory for a message");
    }
    *copy = *value;
    copy->key = key;
    copy->next = map->first; // order does not matter: keys are unique
    map->first = copy;
    map->n_children++;
    if (added != NULL) {
        *added = copy;
    }
    return WL_OK;
}

static wl_status add_map(struct context *c, struct wl_node *map, const char *key,
                         struct wl_node **added)
{
    static const struct wl_node empty = {.kind = WL_NODE_MAP};
    return add_child(c, map, &empty, wl_str_from(key), added);
}

static wl_status add_text(struct context *c, struct wl_node *map, const char *key,
                          struct wl_str text)
{
    struct wl_node value = {.kind = WL_NODE_STRING, .text = text};
    return add_child(c, map, &value, wl_str_from(key), NULL);
}

// "2025年3月15日" or "15 March 2025", the last day in the workspace's zone.
static wl_status format_day(struct context *c, int64_t time_us, enum wl_language language,
                            struct wl_str *text)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    char buffer[48];
    int64_t year = 0;
    int month = 1;
    int day = 1;

    wl_civil_from_days(wl_time_floor(time_us, WL_DAY_US) / WL_DAY_US, &year, &month, &day);
    if (language == WL_LANGUAGE_ZH) {
        (void)snprintf(buffer, sizeof(buffer), "%lld年%d月%d日", (long long)year, month, day);
    } else {
        (void)snprintf(buffer, sizeof(buffer), "%d %s %lld", day, months[month - 1],
                       (long long)year);
    }
    text->n_bytes = strlen(buffer);
    text->data = wl_arena_string(c->arena, wl_str_from(buffer));
    return text->data != NULL ? WL_OK : wl_fail(c->error, WL_ENOMEM, "no memory for a message");
}

static wl_status add_offer(struct context *c, const struct wl_offer *offer, int64_t begin_us,
                           enum wl_language language)
{
    struct wl_node *map = NULL;
    struct wl_str expires = {0};
    int64_t end_us = begin_us + offer->valid_days * WL_DAY_US;

    WL_TRY(format_day(c, end_us, language, &expires));
    WL_TRY(add_map(c, c->root, "offer", &map));
    WL_TRY(add_text(c, map, "name", wl_str_from(offer->name[language])));
    WL_TRY(add_text(c, map, "terms", wl_str_from(offer->terms[language])));
    return add_text(c, map, "expires", expires);
}

// What a customer wrote about themselves may be anything: only a short text without control bytes
// and braces is spoken. Otherwise the customer has no such attribute, and templates know it.
static bool is_speakable(const struct wl_node *value)
{
    struct wl_str text = value->text;

    if (value->kind == WL_NODE_LIST || value->kind == WL_NODE_MAP) {
        return false;
    }
    if (value->kind != WL_NODE_STRING) {
        return true;
    }
    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte < 0x20 || byte == 0x7F || byte == '{' || byte == '}') {
            return false;
        }
    }
    return text.n_bytes <= WL_FACT_BYTES_MAX;
}

static wl_status add_attributes(struct context *c, const struct wl_node *attributes,
                                const struct wl_message_options *options)
{
    struct wl_node *map = NULL;

    WL_TRY(add_map(c, c->root, "user", &map));
    for (size_t i = 0; i < options->attributes.n_items; i++) {
        const struct wl_node *value = wl_node_get(attributes, options->attributes.items[i]);
        if (value != NULL && is_speakable(value)) {
            WL_TRY(add_child(c, map, value, value->key, NULL));
        }
    }
    return WL_OK;
}

static wl_status build_context(struct context *c, const struct wl_node *attributes,
                               const struct wl_offer *offer,
                               const struct wl_message_options *options, int64_t begin_us,
                               enum wl_language language)
{
    const struct wl_node *value = options->values != NULL ? options->values->first : NULL;

    c->root = wl_arena_zeroed(c->arena, 1, sizeof(*c->root));
    if (c->root == NULL) {
        return wl_fail(c->error, WL_ENOMEM, "no memory for a message");
    }
    c->root->kind = WL_NODE_MAP;
    for (; value != NULL; value = value->next) {
        bool is_ours = wl_str_is(value->key, "user") || wl_str_is(value->key, "offer");
        if (!is_ours) { // configuration may not pose as an offer or an attribute
            WL_TRY(add_child(c, c->root, value, value->key, NULL));
        }
    }
    WL_TRY(add_attributes(c, attributes, options));
    return offer != NULL ? add_offer(c, offer, begin_us, language) : WL_OK;
}

static struct wl_node *find_child(struct wl_node *map, struct wl_str key)
{
    for (struct wl_node *at = map->first; at != NULL; at = at->next) {
        if (wl_str_equal(at->key, key)) {
            return at;
        }
    }
    return NULL;
}

// Optional names without a value become false, so that their sections are left out. Null and ""
// count as no value.
static wl_status set_optional(struct context *c, const struct wl_texts *optional)
{
    static const struct wl_node off = {
        .kind = WL_NODE_BOOL, .text = {.data = "false", .n_bytes = 5}, .number = 0.0};

    for (size_t i = 0; i < optional->n_items; i++) {
        struct wl_str rest = wl_str_from(optional->items[i]);
        struct wl_node *map = c->root;
        while (map != NULL) {
            struct wl_str key = wl_str_cut(&rest, '.');
            struct wl_node *child = find_child(map, key);
            if (child == NULL) {
                WL_TRY(add_child(c, map, &off, key, NULL));
                break;
            }
            bool is_empty = child->kind == WL_NODE_NULL || (child->kind == WL_NODE_STRING &&
                                                            wl_str_trim(child->text).n_bytes == 0);
            if (is_empty) {
                struct wl_node *next = child->next;
                struct wl_str kept = child->key;
                *child = off;
                child->key = kept;
                child->next = next;
            }
            map = rest.n_bytes > 0 && child->kind == WL_NODE_MAP ? child : NULL;
        }
    }
    return WL_OK;
}

/* -- one attempt -- */

struct attempt {
    struct wl_arena *arena;
    struct wl_message *message;
    bool is_full; /* more facts than the record holds */
    bool no_memory;
};

static void note_fact(void *context, struct wl_str name, struct wl_str value)
{
    struct attempt *a = context;
    struct wl_message *m = a->message;

    for (size_t i = 0; i < m->n_facts; i++) {
        if (wl_str_equal(m->facts[i].slot, name)) {
            return;
        }
    }
    if (m->n_facts == WL_FACTS_MAX) {
        a->is_full = true;
        return;
    }
    const char *slot = wl_arena_string(a->arena, name);
    const char *copy = wl_arena_string(a->arena, value);
    if (slot == NULL || copy == NULL) {
        a->no_memory = true;
        return;
    }
    m->facts[m->n_facts++] = (struct wl_fact){.slot = {.data = slot, .n_bytes = name.n_bytes},
                                              .value = {.data = copy, .n_bytes = value.n_bytes}};
}

static wl_status render_part(struct attempt *a, const struct wl_script_part *part,
                             const struct wl_node *root, enum wl_escape escape, struct wl_str *text,
                             wl_error *error)
{
    struct wl_mustache_input input = {
        .root = root, .escape = escape, .used = note_fact, .used_context = a};
    struct wl_buf buf;
    wl_status status = WL_OK;

    *text = (struct wl_str){0};
    if (part->made == NULL) {
        return WL_OK;
    }
    wl_buf_init(&buf, a->arena->alloc, WL_MESSAGE_BYTES_MAX);
    WL_GO(wl_mustache_render(part->made, &input, &buf, error));
    struct wl_str trimmed = wl_str_trim(wl_buf_view(&buf));
    const char *copy = wl_arena_string(a->arena, trimmed);
    if (copy == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a message");
        goto done;
    }
    *text = (struct wl_str){.data = copy, .n_bytes = trimmed.n_bytes};
done:
    wl_buf_release(&buf);
    return status;
}

static enum wl_escape body_escape(enum wl_channel channel)
{
    return channel == WL_CHANNEL_EMAIL ? WL_ESCAPE_HTML : WL_ESCAPE_TEXT;
}

struct request {
    const struct wl_library *library;
    const struct wl_explanation *explanation;
    const struct wl_node *attributes;
    const struct wl_message_options *options;
    struct wl_arena *arena;
};

static wl_status try_script(const struct request *r, const struct wl_script *script,
                            enum wl_script_match match, const struct wl_offer *offer,
                            struct wl_message *message, wl_error *error)
{
    struct context context = {.arena = r->arena, .error = error};
    struct wl_message made = *message;
    struct attempt attempt = {.arena = r->arena, .message = &made};

    int64_t now_us = r->options->now_us != WL_TIME_NONE ? r->options->now_us : made.as_of_us;

    WL_TRY(build_context(&context, r->attributes, offer, r->options,
                         now_us + r->options->utc_offset_us, made.language));
    WL_TRY(set_optional(&context, &script->optional));
    made.n_facts = 0;
    WL_TRY(render_part(&attempt, &script->title, context.root, WL_ESCAPE_TEXT, &made.title, error));
    WL_TRY(render_part(&attempt, &script->body, context.root, body_escape(made.channel), &made.body,
                       error));
    if (attempt.no_memory) {
        return wl_fail(error, WL_ENOMEM, "no memory for a message");
    }
    if (attempt.is_full) {
        return wl_fail(error, WL_ESCHEMA, "template %s shows more than %d values", script->id,
                       WL_FACTS_MAX);
    }
    if (made.body.n_bytes == 0) {
        return wl_fail(error, WL_ESCHEMA, "template %s came out empty", script->id);
    }
    made.template_id = wl_str_from(script->id);
    made.template_version = script->version;
    made.match = wl_str_from(wl_match_name(match));
    made.offer = offer != NULL ? wl_str_from(offer->id) : (struct wl_str){0};
    *message = made;
    return WL_OK;
}

/* -- the ladder: closest text, generic text, generic text without the offer -- */

static wl_status note_why(struct wl_arena *arena, struct wl_message *message, const char *what,
                          wl_error *error)
{
    struct wl_str sep = message->why.n_bytes > 0 ? WL_STR("; ") : WL_STR("");
    char text[512];

    (void)snprintf(text, sizeof(text), "%.*s%.*s%s", WL_STR_ARG(message->why), WL_STR_ARG(sep),
                   what);
    message->degraded = true;
    message->why.data = wl_arena_string(arena, wl_str_from(text));
    message->why.n_bytes = strlen(text);
    return message->why.data != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for a message");
}

static wl_status fail_no_script(const struct request *r, const struct wl_message *message,
                                enum wl_offer_kind offer, wl_error *error)
{
    return wl_fail(error, WL_ENOTFOUND,
                   "no approved template for tier %s, channel %s, language %s%s%s",
                   wl_tier_key(r->explanation->score.tier), wl_channel_names[message->channel],
                   wl_language_names[message->language], offer != WL_OFFER_NONE ? ", offer " : "",
                   offer != WL_OFFER_NONE ? wl_offer_kind_names[offer] : "");
}

// One rung: choose and render. WL_ENOTFOUND and WL_ESCHEMA let the next rung try.
static wl_status try_rung(const struct request *r, enum wl_script_match at_least,
                          const struct wl_offer *offer, struct wl_message *message, wl_error *error)
{
    struct wl_script_query query = {.tier = r->explanation->score.tier,
                                    .reason = wl_reason_from(wl_explanation_code(r->explanation)),
                                    .channel = message->channel,
                                    .language = message->language,
                                    .offer = offer != NULL ? (enum wl_offer_kind)offer->kind
                                                           : WL_OFFER_NONE};
    enum wl_script_match match = WL_MATCH_NONE;
    const struct wl_script *script = wl_library_select(r->library, &query, at_least, &match);

    if (script == NULL) {
        return fail_no_script(r, message, query.offer, error);
    }
    return try_script(r, script, match, offer, message, error);
}

static wl_status compose(const struct request *r, const struct wl_offer *offer,
                         struct wl_message *message, wl_error *error)
{
    const struct {
        enum wl_script_match at_least;
        const struct wl_offer *offer;
    } rungs[] = {{WL_MATCH_EXACT, offer}, {WL_MATCH_GENERIC, offer}, {WL_MATCH_GENERIC, NULL}};
    size_t n_rungs = offer != NULL ? 3 : 2; // without an offer the last two are the same
    wl_error before = {0};

    for (size_t i = 0; i < n_rungs; i++) {
        wl_error why = {0};
        wl_status status = try_rung(r, rungs[i].at_least, rungs[i].offer, message, &why);
        if (status != WL_ESCHEMA && status != WL_ENOTFOUND) {
            return status == WL_OK ? WL_OK : wl_fail(error, status, "%s", why.message);
        }
        if (i == 0 ||
            strcmp(why.message, before.message) != 0) { // the same text again says nothing
            WL_TRY(note_why(r->arena, message, why.message, error));
            before = why;
        }
    }
    return wl_fail(error, (wl_status)before.status, "%s", before.message);
}

wl_status wl_message_compose(const struct wl_library *library, const struct wl_offers *offers,
                             const struct wl_explanation *explanation,
                             const struct wl_node *attributes,
                             const struct wl_message_options *options, struct wl_arena *arena,
                             struct wl_message *message, wl_error *error)
{
    const struct wl_score *score = &explanation->score;
    enum wl_reason_code reason = wl_reason_from(wl_explanation_code(explanation));
    struct request request = {.library = library,
                              .explanation = explanation,
                              .attributes = attributes,
                              .options = options,
                              .arena = arena};
    struct wl_message made = {.as_of_us = score->as_of_us,
                              .tier = score->tier,
                              .reason = wl_str_from(wl_reason_names[reason]),
                              .reason_source = wl_explanation_source(explanation),
                              .channel = (enum wl_channel)options->channel,
                              .language = (enum wl_language)options->language};
    const struct wl_offer *offer =
        wl_offers_choose(offers, score->tier, reason, attributes, options->discount_first);

    made.user.data = wl_arena_string(arena, score->user);
    made.user.n_bytes = score->user.n_bytes;
    if (made.user.data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a message");
    }
    if (offer != NULL && offer->kind == WL_OFFER_NONE) {
        offer = NULL; // a catalogue may say in words that nothing is offered
    }
    if (score->degraded) {
        char text[256];
        (void)snprintf(text, sizeof(text), "score: %.*s", WL_STR_ARG(score->why));
        WL_TRY(note_why(arena, &made, text, error));
    }
    WL_TRY(compose(&request, offer, &made, error));
    *message = made;
    return WL_OK;
}
