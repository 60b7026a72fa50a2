/* From the `sources:` list to struct wl_source. One table says which keys there are, a second one
 * where each makes sense; a key in the wrong place is an error, because a setting that is silently
 * without effect is worse than none. */
#include "ingest/mapping.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

// What stands in the file, before conditions and lists are understood.
struct raw {
    const char *name;
    int kind;
    int format;
    const char *delimiter;
    struct wl_texts columns;
    struct wl_texts where;
    const char *user;
    const char *time;
    int time_format;
    const char *received;
    const struct wl_node *event;
    struct wl_texts value;
    const char *message_id;
    const struct wl_node *properties;
    const char *text;
    const char *channel;
    const char *label;
    const struct wl_node *attributes;
    struct wl_texts drop;
    struct wl_texts number;
    struct wl_texts category;
    struct wl_texts boolean;
    const char *known_at;
};

static const char *const kinds[] = {"events", "texts", "customers", NULL};
static const char *const formats[] = {"csv", "ndjson", "segment", NULL};
static const char *const time_formats[] = {"auto", "epoch_s", "epoch_ms", "epoch_us", "ymd", NULL};

#define FIELD(key_, kind_, member, doc_)                                                           \
    {                                                                                              \
        .key = (key_), .kind = (kind_), .offset = offsetof(struct raw, member), .doc = (doc_)      \
    }
#define CHOICE(key_, member, choices_, doc_)                                                       \
    {                                                                                              \
        .key = (key_), .kind = WL_FIELD_CHOICE, .offset = offsetof(struct raw, member),            \
        .choices = (choices_), .doc = (doc_)                                                       \
    }

static const struct wl_field fields[] = {
    {.key = "name",
     .kind = WL_FIELD_TEXT,
     .offset = offsetof(struct raw, name),
     .is_required = true,
     .doc = "name of the source, for --source and for the rejects"},
    CHOICE("kind", kind, kinds, "what a row is"),
    CHOICE("format", format, formats, "how the file is written"),
    FIELD("delimiter", WL_FIELD_TEXT, delimiter, ", ; tab or whitespace"),
    FIELD("columns", WL_FIELD_TEXTS, columns, "names of the columns of a file without a header"),
    FIELD("where", WL_FIELD_TEXTS, where, "conditions a row must meet; others are filtered"),
    FIELD("user", WL_FIELD_TEXT, user, "column of the user id"),
    FIELD("time", WL_FIELD_TEXT, time, "column of the time it happened"),
    CHOICE("time_format", time_format, time_formats, "how times are written"),
    FIELD("received", WL_FIELD_TEXT, received, "column of the time it became known"),
    FIELD("event", WL_FIELD_NODE, event, "column of the event's name, or rules"),
    FIELD("value", WL_FIELD_TEXTS, value, "column of the value, or columns that are multiplied"),
    FIELD("message_id", WL_FIELD_TEXT, message_id, "column that tells duplicates"),
    FIELD("properties", WL_FIELD_NODE, properties, "property: column, at most 8"),
    FIELD("text", WL_FIELD_TEXT, text, "column of the text"),
    FIELD("channel", WL_FIELD_TEXT, channel, "column of the channel; default: the source's name"),
    FIELD("label", WL_FIELD_TEXT, label, "column of the text's label"),
    FIELD("attributes", WL_FIELD_NODE, attributes, "all, or a list of columns"),
    FIELD("drop", WL_FIELD_TEXTS, drop, "columns that are no attributes"),
    FIELD("number", WL_FIELD_TEXTS, number, "attributes that are numbers"),
    FIELD("category", WL_FIELD_TEXTS, category, "attributes that are categories"),
    FIELD("bool", WL_FIELD_TEXTS, boolean, "attributes that are yes or no"),
    FIELD("known_at", WL_FIELD_TEXT, known_at,
          "date or column: when rows without a time became known"),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

// Where a key makes sense. Keys not listed are fine everywhere.
#define IN_EVENTS    1U
#define IN_TEXTS     2U
#define IN_CUSTOMERS 4U
#define IN_SEGMENT   8U
static const struct {
    const char *key;
    unsigned places;
    const char *where;
} places[] = {
    {"user", IN_EVENTS | IN_TEXTS | IN_CUSTOMERS, "formats csv and ndjson"},
    {"time", IN_EVENTS | IN_TEXTS | IN_CUSTOMERS, "formats csv and ndjson"},
    {"time_format", IN_EVENTS | IN_TEXTS | IN_CUSTOMERS, "formats csv and ndjson"},
    {"received", IN_EVENTS | IN_TEXTS | IN_CUSTOMERS, "formats csv and ndjson"},
    {"event", IN_EVENTS, "kind: events"},
    {"value", IN_EVENTS | IN_SEGMENT, "kind: events"},
    {"properties", IN_EVENTS | IN_SEGMENT, "kind: events"},
    {"message_id", IN_EVENTS | IN_TEXTS, "kinds events and texts"},
    {"text", IN_TEXTS, "kind: texts"},
    {"channel", IN_TEXTS, "kind: texts"},
    {"label", IN_TEXTS, "kind: texts"},
    {"attributes", IN_CUSTOMERS | IN_SEGMENT, "kind: customers"},
    {"drop", IN_CUSTOMERS | IN_SEGMENT, "kind: customers"},
    {"number", IN_CUSTOMERS | IN_SEGMENT, "kind: customers"},
    {"category", IN_CUSTOMERS | IN_SEGMENT, "kind: customers"},
    {"bool", IN_CUSTOMERS | IN_SEGMENT, "kind: customers"},
    {"known_at", IN_TEXTS | IN_CUSTOMERS, "kinds texts and customers"},
};

static unsigned place_of(const struct raw *raw)
{
    return raw->format == WL_FORMAT_SEGMENT ? IN_SEGMENT : 1U << raw->kind;
}

static wl_status check_places(const struct raw *raw, const struct wl_node *map, const char *where,
                              wl_error *error)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        const struct wl_node *node = wl_node_get(map, places[i].key);
        if (node != NULL && (places[i].places & place_of(raw)) == 0) {
            return wl_fail_node(error, node, "%s: the key \"%s\" belongs to %s", where,
                                places[i].key, places[i].where);
        }
    }
    if (raw->format != WL_FORMAT_CSV) {
        const char *key = raw->delimiter != NULL ? "delimiter" : "columns";
        if (wl_node_get(map, key) != NULL) {
            return wl_fail_node(error, wl_node_get(map, key),
                                "%s: the key \"%s\" belongs to format: csv", where, key);
        }
    }
    return WL_OK;
}

static wl_status fail_missing(const struct wl_node *map, const char *where, const char *key,
                              wl_error *error)
{
    return wl_fail_node(error, map, "%s: the key \"%s\" is missing", where, key);
}

static wl_status check_needed(const struct raw *raw, const struct wl_node *map, const char *where,
                              wl_error *error)
{
    if (raw->format == WL_FORMAT_SEGMENT) {
        return raw->kind == WL_SOURCE_EVENTS
                   ? WL_OK
                   : wl_fail_node(error, wl_node_get(map, "kind"),
                                  "%s.kind: segment lines say themselves what they are", where);
    }
    if (raw->user == NULL) {
        return fail_missing(map, where, "user", error);
    }
    if (raw->kind == WL_SOURCE_EVENTS && raw->event == NULL) {
        return fail_missing(map, where, "event", error);
    }
    if (raw->kind == WL_SOURCE_TEXTS && raw->text == NULL) {
        return fail_missing(map, where, "text", error);
    }
    if (raw->kind == WL_SOURCE_CUSTOMERS || raw->known_at != NULL) {
        if ((raw->time == NULL) == (raw->known_at == NULL)) {
            return wl_fail_node(error, map, "%s: give one of \"time\" and \"known_at\"", where);
        }
        return WL_OK;
    }
    return raw->time != NULL ? WL_OK : fail_missing(map, where, "time", error);
}

static wl_status read_delimiter(const struct raw *raw, const struct wl_node *map, const char *where,
                                char *delimiter, wl_error *error)
{
    static const struct {
        const char *text;
        char delimiter;
    } table[] = {{",", ','}, {";", ';'}, {"tab", '\t'}, {"\t", '\t'}, {"whitespace", ' '}};

    *delimiter = ',';
    if (raw->delimiter == NULL) {
        return WL_OK;
    }
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(raw->delimiter, table[i].text) == 0) {
            *delimiter = table[i].delimiter;
            return WL_OK;
        }
    }
    return wl_fail_node(error, wl_node_get(map, "delimiter"),
                        "%s.delimiter: \"%s\" is none of \",\", \";\", tab, whitespace", where,
                        raw->delimiter);
}

static wl_status parse_at(struct wl_arena *arena, const struct wl_node *node, const char *where,
                          struct wl_str text, struct wl_condition *condition, wl_error *error)
{
    wl_error inner = {0};
    wl_status status = wl_condition_parse(arena, text, condition, &inner);

    if (status == WL_ECONFIG) {
        return wl_fail_node(error, node, "%s: %s", where, inner.message);
    }
    return status == WL_OK ? WL_OK : wl_fail(error, status, "%s", inner.message);
}

static wl_status read_where(struct wl_arena *arena, const struct raw *raw,
                            const struct wl_node *map, const char *where, struct wl_source *source,
                            wl_error *error)
{
    const struct wl_node *node = wl_node_get(map, "where");
    const struct wl_node *item = node != NULL && node->kind == WL_NODE_LIST ? node->first : node;
    struct wl_condition *conditions =
        wl_arena_zeroed(arena, raw->where.n_items + 1, sizeof(*conditions));

    if (conditions == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for configuration");
    }
    for (size_t i = 0; i < raw->where.n_items; i++) {
        WL_TRY(
            parse_at(arena, item, where, wl_str_from(raw->where.items[i]), &conditions[i], error));
        item = item != NULL ? item->next : NULL;
    }
    source->where = conditions;
    source->n_where = raw->where.n_items;
    return WL_OK;
}

struct raw_rule {
    const char *condition;
    const char *name;
};

static const struct wl_field rule_fields[] = {
    {.key = "if", .kind = WL_FIELD_TEXT, .offset = offsetof(struct raw_rule, condition)},
    {.key = "name",
     .kind = WL_FIELD_TEXT,
     .offset = offsetof(struct raw_rule, name),
     .is_required = true},
};

static wl_status read_rules(struct wl_arena *arena, const struct wl_node *list, const char *where,
                            struct wl_source *source, wl_error *error)
{
    struct wl_event_rule *rules = wl_arena_zeroed(arena, list->n_children + 1, sizeof(*rules));
    size_t n = 0;

    if (rules == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for configuration");
    }
    for (const struct wl_node *item = list->first; item != NULL; item = item->next, n++) {
        struct raw_rule raw = {.condition = NULL};
        WL_TRY(wl_fields_read(arena, item, where, rule_fields, 2, &raw, error));
        if (n > 0 && !rules[n - 1].has_condition) {
            return wl_fail_node(
                error, item, "%s: no row reaches this rule: the one before has no \"if\"", where);
        }
        rules[n].name = raw.name;
        rules[n].has_condition = raw.condition != NULL;
        if (raw.condition != NULL) {
            WL_TRY(parse_at(arena, item, where, wl_str_from(raw.condition), &rules[n].condition,
                            error));
        }
    }
    source->rules = rules;
    source->n_rules = n;
    return WL_OK;
}

static wl_status read_event(struct wl_arena *arena, const struct wl_node *node, const char *where,
                            struct wl_source *source, wl_error *error)
{
    char place[96];

    (void)snprintf(place, sizeof(place), "%s.event", where);
    if (node == NULL) {
        return WL_OK;
    }
    if (node->kind == WL_NODE_STRING && node->text.n_bytes > 0) {
        source->event_column = node->text.data;
        return WL_OK;
    }
    if (node->kind == WL_NODE_LIST && node->n_children > 0) {
        return read_rules(arena, node, place, source, error);
    }
    return wl_fail_node(error, node, "%s: wants a column or a list of rules {if, name}", place);
}

static wl_status read_props(const struct wl_node *map, const char *where, struct wl_source *source,
                            wl_error *error)
{
    if (map == NULL) {
        return WL_OK;
    }
    if (map->kind != WL_NODE_MAP) {
        return wl_fail_node(error, map, "%s.properties: wants a map of property: column", where);
    }
    for (const struct wl_node *node = map->first; node != NULL; node = node->next) {
        if (node->kind != WL_NODE_STRING || node->text.n_bytes == 0) {
            return wl_fail_node(error, node, "%s.properties.%.*s: wants a column", where,
                                WL_STR_ARG(node->key));
        }
        if (source->n_props == WL_PROPS_MAX) {
            return wl_fail_node(error, node, "%s.properties: at most %d properties are kept", where,
                                WL_PROPS_MAX);
        }
        source->props[source->n_props++] =
            (struct wl_source_prop){.name = node->key.data, .column = node->text.data};
    }
    return WL_OK;
}

static wl_status read_attributes(struct wl_arena *arena, const struct wl_node *map,
                                 const char *where, struct wl_source *source, wl_error *error)
{
    const struct wl_node *node = wl_node_get(map, "attributes");
    static const struct wl_field list_fields[] = {
        {.key = "attributes", .kind = WL_FIELD_TEXTS, .offset = 0, .is_required = true}};
    struct wl_node copy;
    struct wl_node shell = {.kind = WL_NODE_MAP, .n_children = 1};

    source->all_attributes = node == NULL || wl_str_is(node->text, "all");
    if (source->all_attributes) {
        return WL_OK;
    }
    copy = *node;
    copy.next = NULL;
    shell.first = &copy;
    shell.line = node->line;
    shell.column = node->column;
    return wl_fields_read(arena, &shell, where, list_fields, 1, &source->attributes, error);
}

// A date, or the column that holds one. What starts with a digit is meant to be a date.
static wl_status read_known_at(const struct raw *raw, const struct wl_node *map, const char *where,
                               struct wl_source *source, wl_error *error)
{
    wl_error inner = {0};

    source->known_us = WL_TIME_NONE;
    if (raw->known_at == NULL) {
        return WL_OK;
    }
    if (raw->known_at[0] < '0' || raw->known_at[0] > '9') {
        source->time = raw->known_at;
        return WL_OK;
    }
    if (wl_time_parse(wl_str_from(raw->known_at), WL_TIME_AUTO, source->utc_offset_us,
                      &source->known_us, &inner) != WL_OK) {
        return wl_fail_node(error, wl_node_get(map, "known_at"), "%s.known_at: %s", where,
                            inner.message);
    }
    return WL_OK;
}

static void copy_plain(const struct raw *raw, struct wl_source *source)
{
    source->name = raw->name;
    source->kind = raw->kind;
    source->format = raw->format;
    source->columns = raw->columns;
    source->user = raw->user;
    source->time = raw->time;
    source->time_format = raw->time_format;
    source->received = raw->received;
    source->value = raw->value;
    source->message_id = raw->message_id;
    source->text = raw->text;
    source->channel = raw->channel;
    source->label = raw->label;
    source->drop = raw->drop;
    source->number = raw->number;
    source->category = raw->category;
    source->boolean = raw->boolean;
}

static wl_status read_source(struct wl_arena *arena, const struct wl_node *map, const char *where,
                             struct wl_source *source, wl_error *error)
{
    struct raw raw = {.name = NULL};

    WL_TRY(wl_fields_read(arena, map, where, fields, N_FIELDS, &raw, error));
    WL_TRY(check_places(&raw, map, where, error));
    WL_TRY(check_needed(&raw, map, where, error));
    copy_plain(&raw, source);
    WL_TRY(read_delimiter(&raw, map, where, &source->delimiter, error));
    WL_TRY(read_where(arena, &raw, map, where, source, error));
    WL_TRY(read_event(arena, raw.event, where, source, error));
    WL_TRY(read_props(raw.properties, where, source, error));
    WL_TRY(read_attributes(arena, map, where, source, error));
    return read_known_at(&raw, map, where, source, error);
}

wl_status wl_sources_read(struct wl_arena *arena, const struct wl_node *sources,
                          int64_t utc_offset_us, struct wl_source **sources_out, size_t *n_sources,
                          wl_error *error)
{
    if (sources == NULL || sources->kind != WL_NODE_LIST || sources->n_children == 0) {
        return wl_fail_node(error, sources, "sources: wants a list of at least one source");
    }
    struct wl_source *list = wl_arena_zeroed(arena, sources->n_children, sizeof(*list));
    size_t n = 0;
    if (list == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for configuration");
    }
    for (const struct wl_node *map = sources->first; map != NULL; map = map->next, n++) {
        char where[32];
        (void)snprintf(where, sizeof(where), "sources[%zu]", n);
        list[n].utc_offset_us = utc_offset_us;
        WL_TRY(read_source(arena, map, where, &list[n], error));
        for (size_t i = 0; i < n; i++) {
            if (strcmp(list[i].name, list[n].name) == 0) {
                return wl_fail_node(error, map, "%s: the name \"%s\" is taken by sources[%zu]",
                                    where, list[n].name, i);
            }
        }
    }
    *sources_out = list;
    *n_sources = n;
    return WL_OK;
}

static void list_names(const struct wl_source *sources, size_t n_sources, char *names,
                       size_t n_bytes)
{
    size_t n = 0;

    names[0] = '\0';
    for (size_t i = 0; i < n_sources && n < n_bytes; i++) {
        int more = snprintf(names + n, n_bytes - n, "%s%s", i > 0 ? ", " : "", sources[i].name);
        n += more > 0 ? (size_t)more : 0;
    }
}

wl_status wl_sources_find(const struct wl_source *sources, size_t n_sources, const char *name,
                          const struct wl_source **source_out, wl_error *error)
{
    char names[160];

    list_names(sources, n_sources, names, sizeof(names));
    if (name == NULL) {
        if (n_sources != 1) {
            return wl_fail(error, WL_EINVAL, "say with --source which one this is: one of %s",
                           names);
        }
        *source_out = &sources[0];
        return WL_OK;
    }
    for (size_t i = 0; i < n_sources; i++) {
        if (strcmp(sources[i].name, name) == 0) {
            *source_out = &sources[i];
            return WL_OK;
        }
    }
    return wl_fail(error, WL_EINVAL, "no source \"%s\" is declared: there are %s", name, names);
}
