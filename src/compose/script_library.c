/* Loading templates and choosing among them. */
#include "compose/script_library.h"

#include "base/file.h"
#include "base/limits.h"
#include "compose/lists.h"

#include <string.h>

extern const unsigned char wl_embedded_scripts[];
extern const size_t wl_embedded_scripts_bytes;

struct raw {
    struct wl_script script;
    const char *title;
    const char *body;
    const struct wl_node *tiers;
    const struct wl_node *reasons;
    const struct wl_node *channels;
    const struct wl_node *offers;
};

#define FIELD(key_, kind_, member, ...)                                                            \
    {                                                                                              \
        .key = (key_), .kind = (kind_), .offset = offsetof(struct raw, member), __VA_ARGS__        \
    }

static const struct wl_field fields[] = {
    FIELD("id", WL_FIELD_TEXT, script.id, .is_required = true,
          .doc = "name, unique in the library"),
    FIELD("version", WL_FIELD_INT, script.version, .is_required = true, .low = 1, .high = 1e9,
          .doc = "counts up with every change of the text"),
    FIELD("tiers", WL_FIELD_NODE, tiers, .is_required = true, .doc = "risk tiers it is for"),
    FIELD("reasons", WL_FIELD_NODE, reasons, .is_required = true,
          .doc = "reason codes, groups of them, or generic"),
    FIELD("channels", WL_FIELD_NODE, channels, .is_required = true,
          .doc = "email, push, sms, in_app"),
    FIELD("language", WL_FIELD_CHOICE, script.language, .is_required = true,
          .choices = wl_language_names, .doc = "zh or en"),
    FIELD("title", WL_FIELD_TEXT, title, .doc = "subject or headline; none for sms"),
    FIELD("body", WL_FIELD_TEXT, body, .is_required = true, .doc = "the text; HTML for email"),
    FIELD("slots", WL_FIELD_TEXTS, script.slots, .doc = "names that must have a value"),
    FIELD("optional", WL_FIELD_TEXTS, script.optional, .doc = "names that are false without one"),
    FIELD("offers", WL_FIELD_NODE, offers, .doc = "kinds of offers it may carry, or all; [none]"),
    FIELD("approved_by", WL_FIELD_TEXT, script.approved_by, .doc = "who read and approved it"),
    FIELD("approved_at", WL_FIELD_TIME, script.approved_us, .doc = "when"),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

void wl_library_init(struct wl_library *library, const wl_alloc *alloc)
{
    *library = (struct wl_library){0};
    wl_arena_init(&library->arena, alloc, 0);
}

void wl_library_release(struct wl_library *library)
{
    if (library->arena.alloc != NULL) {
        wl_alloc_free(library->arena.alloc, library->items);
    }
    wl_arena_release(&library->arena);
    *library = (struct wl_library){0};
}

struct wl_str wl_library_builtin(void)
{
    return (struct wl_str){.data = (const char *)wl_embedded_scripts,
                           .n_bytes = wl_embedded_scripts_bytes};
}

/* -- reading -- */

// Reason codes, groups and "generic" stand in one list; each goes to its own mask.
static wl_status read_reasons(const struct wl_node *node, const char *where,
                              struct wl_script *script, wl_error *error)
{
    const char *names[WL_REASON_COUNT + WL_REASON_GROUP_COUNT + 2] = {NULL};
    uint32_t mask = 0;

    memcpy(names, wl_reason_names, WL_REASON_COUNT * sizeof(names[0]));
    memcpy(names + WL_REASON_COUNT, wl_reason_group_names,
           WL_REASON_GROUP_COUNT * sizeof(names[0]));
    names[WL_REASON_COUNT + WL_REASON_GROUP_COUNT] = "generic";
    WL_TRY(wl_mask_read(node, where, "reasons", names, &mask, error));
    script->reasons = mask & ((UINT32_C(1) << WL_REASON_COUNT) - 1);
    script->groups = (mask >> WL_REASON_COUNT) & ((UINT32_C(1) << WL_REASON_GROUP_COUNT) - 1);
    script->is_generic = (mask >> (WL_REASON_COUNT + WL_REASON_GROUP_COUNT)) != 0;
    return WL_OK;
}

static wl_status read_offers(const struct wl_node *node, const char *where, uint32_t *mask,
                             wl_error *error)
{
    const struct wl_node *one = node != NULL && node->kind == WL_NODE_LIST ? node->first : node;

    *mask = UINT32_C(1) << WL_OFFER_NONE;
    if (one == NULL) {
        return WL_OK;
    }
    if (one->kind == WL_NODE_STRING && wl_str_is(one->text, "all")) {
        *mask = (UINT32_C(1) << WL_OFFER_KIND_COUNT) - 1;
        return WL_OK;
    }
    return wl_mask_read(node, where, "offers", wl_offer_kind_names, mask, error);
}

// Compile one text. A syntax error is kept in part; only a lack of memory fails.
static wl_status make_part(struct wl_library *library, const struct wl_node *map, const char *key,
                           const char *id, const char *text, struct wl_script_part *part,
                           wl_error *error)
{
    const struct wl_node *node = wl_node_get(map, key);
    struct wl_mustache *made = NULL;
    wl_error problem = {0};

    *part = (struct wl_script_part){.text = text};
    if (text == NULL) {
        return WL_OK;
    }
    part->key = (struct wl_place){.line = node->line, .column = node->column};
    part->problem = (struct wl_place){.line = 1, .column = 1};
    wl_status status = wl_mustache_compile(&library->arena, id, wl_str_from(text),
                                           WL_MUSTACHE_STRICT, &made, &part->problem, &problem);
    if (status == WL_ENOMEM) {
        return wl_fail(error, status, "%s", problem.message);
    }
    part->made = made;
    if (status != WL_OK) {
        part->why = problem;
    }
    return WL_OK;
}

static wl_status read_script(struct wl_library *library, const struct wl_node *node,
                             const char *where, struct wl_script *script, wl_error *error)
{
    struct raw raw = {0};

    WL_TRY(wl_fields_read(&library->arena, node, where, fields, N_FIELDS, &raw, error));
    WL_TRY(wl_mask_read(raw.tiers, where, "tiers", wl_tier_names, &raw.script.tiers, error));
    WL_TRY(wl_mask_read(raw.channels, where, "channels", wl_channel_names, &raw.script.channels,
                        error));
    WL_TRY(read_reasons(raw.reasons, where, &raw.script, error));
    WL_TRY(read_offers(raw.offers, where, &raw.script.offers, error));
    WL_TRY(make_part(library, node, "title", raw.script.id, raw.title, &raw.script.title, error));
    WL_TRY(make_part(library, node, "body", raw.script.id, raw.body, &raw.script.body, error));
    raw.script.place = (struct wl_place){.line = node->line, .column = node->column};
    *script = raw.script;
    return WL_OK;
}

static struct wl_script *find_id(struct wl_script *items, size_t n_items, const char *id)
{
    for (size_t i = 0; i < n_items; i++) {
        if (strcmp(items[i].id, id) == 0) {
            return &items[i];
        }
    }
    return NULL;
}

static wl_status read_all(struct wl_library *library, const struct wl_node *list,
                          const struct wl_script *common, struct wl_script *made, wl_error *error)
{
    char where[32];
    size_t i = 0;

    for (const struct wl_node *at = list->first; at != NULL; at = at->next, i++) {
        wl_list_where(where, sizeof(where), "templates", i);
        WL_TRY(read_script(library, at, where, &made[i], error));
        made[i].file = common->file;
        made[i].source = common->source;
        made[i].is_builtin = common->is_builtin;
        if (find_id(made, i, made[i].id) != NULL) {
            return wl_fail_node(error, at, "%s: the id %s is here twice", where, made[i].id);
        }
    }
    return WL_OK;
}

static wl_status parse_file(struct wl_library *library, const struct wl_script *common,
                            struct wl_script **made, size_t *n_made, wl_error *error)
{
    static const struct wl_field file_fields[] = {{.key = "version",
                                                   .kind = WL_FIELD_INT,
                                                   .offset = 0,
                                                   .is_required = true,
                                                   .low = 1,
                                                   .high = 2},
                                                  {.key = "templates",
                                                   .kind = WL_FIELD_NODE,
                                                   .offset = sizeof(int64_t),
                                                   .is_required = true}};
    struct {
        int64_t version;
        const struct wl_node *templates;
    } file = {0};
    struct wl_node *root = NULL;

    WL_TRY(wl_yaml_parse(&library->arena, common->source, &root, error));
    WL_TRY(wl_fields_read(&library->arena, root, "templates", file_fields, 2, &file, error));
    if (file.version != 1) {
        return wl_fail_node(error, root, "version: this program reads version 1 of the format");
    }
    if (file.templates->kind != WL_NODE_LIST || file.templates->n_children > WL_SCRIPTS_MAX) {
        return wl_fail_node(error, file.templates, "templates: wants a list of at most %d",
                            WL_SCRIPTS_MAX);
    }
    *n_made = file.templates->n_children;
    *made = wl_arena_zeroed(&library->arena, *n_made, sizeof(**made));
    if (*made == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for templates");
    }
    return read_all(library, file.templates, common, *made, error);
}

wl_status wl_library_add(struct wl_library *library, const char *file, struct wl_str text,
                         bool is_builtin, wl_error *error)
{
    struct wl_script common = {.is_builtin = is_builtin};
    struct wl_script *made = NULL;
    size_t n_made = 0;

    common.file = wl_arena_string(&library->arena, wl_str_from(file));
    common.source =
        (struct wl_str){.data = wl_arena_string(&library->arena, text), .n_bytes = text.n_bytes};
    if (common.file == NULL || common.source.data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for templates");
    }
    wl_status status = parse_file(library, &common, &made, &n_made, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", file);
    }
    if (n_made == 0) {
        return WL_OK;
    }
    WL_TRY(WL_GROW(library->arena.alloc, library->items, library->capacity,
                   library->n_items + n_made, error));
    for (size_t i = 0; i < n_made; i++) {
        struct wl_script *old = find_id(library->items, library->n_items, made[i].id);
        if (old == NULL) {
            library->items[library->n_items++] = made[i];
        } else if (old->is_builtin != is_builtin ? old->is_builtin
                                                 : made[i].version > old->version) {
            *old = made[i];
        }
    }
    return WL_OK;
}

static bool ends_with_yaml(const char *name)
{
    size_t n = strlen(name);
    return (n > 5 && strcmp(name + n - 5, ".yaml") == 0) ||
           (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

static wl_status add_folder(struct wl_library *library, const char *folder, wl_error *error)
{
    struct wl_buf text;
    char **names = NULL;
    size_t n_names = 0;
    wl_status status = WL_OK;

    wl_buf_init(&text, library->arena.alloc, WL_CONFIG_BYTES_MAX);
    WL_GO(wl_folder_list(folder, &library->arena, &names, &n_names, error));
    for (size_t i = 0; i < n_names; i++) {
        const char *path = wl_path_join(&library->arena, folder, names[i]);
        if (path == NULL) {
            status = wl_fail(error, WL_ENOMEM, "no memory for templates");
            goto done;
        }
        if (ends_with_yaml(names[i])) {
            WL_GO(wl_file_read(path, &text, error));
            WL_GO(wl_library_add(library, path, wl_buf_view(&text), false, error));
        }
    }
done:
    wl_buf_release(&text);
    return status;
}

wl_status wl_library_open(const char *folder, const wl_alloc *alloc, struct wl_library *library,
                          wl_error *error)
{
    wl_library_init(library, alloc);
    wl_status status =
        wl_library_add(library, "built-in library", wl_library_builtin(), true, error);
    if (status == WL_OK && folder != NULL && wl_file_exists(folder)) {
        status = add_folder(library, folder, error);
    }
    if (status != WL_OK) {
        wl_library_release(library);
    }
    return status;
}

/* -- choosing -- */

const char *wl_match_name(enum wl_script_match match)
{
    static const char *const names[] = {"exact", "group", "generic", "none"};
    WL_ASSERT((unsigned)match <= WL_MATCH_NONE);
    return names[match];
}

static enum wl_script_match match_of(const struct wl_script *script, enum wl_reason_code reason)
{
    int group = wl_reason_group(reason);

    if ((script->reasons >> reason & 1) != 0) {
        return WL_MATCH_EXACT;
    }
    if (group != WL_REASON_GROUP_NONE && (script->groups >> group & 1) != 0) {
        return WL_MATCH_GROUP;
    }
    return script->is_generic ? WL_MATCH_GENERIC : WL_MATCH_NONE;
}

static bool is_sendable(const struct wl_script *script)
{
    return script->approved_by != NULL && script->approved_us != 0 && script->body.made != NULL &&
           (script->title.text == NULL || script->title.made != NULL);
}

static bool fits(const struct wl_script *script, const struct wl_script_query *query)
{
    return script->language == (int)query->language && (script->tiers >> query->tier & 1) != 0 &&
           (script->channels >> query->channel & 1) != 0 &&
           (script->offers >> query->offer & 1) != 0 && is_sendable(script);
}

static bool is_better(const struct wl_script *a, const struct wl_script *b)
{
    int n_a = __builtin_popcount(a->offers);
    int n_b = __builtin_popcount(b->offers);

    if (a->is_builtin != b->is_builtin) {
        return b->is_builtin;
    }
    return n_a != n_b ? n_a < n_b : strcmp(a->id, b->id) < 0;
}

const struct wl_script *wl_library_select(const struct wl_library *library,
                                          const struct wl_script_query *query,
                                          enum wl_script_match at_least,
                                          enum wl_script_match *match)
{
    const struct wl_script *best = NULL;
    enum wl_script_match best_match = WL_MATCH_NONE;

    for (size_t i = 0; i < library->n_items; i++) {
        const struct wl_script *script = &library->items[i];
        enum wl_script_match here = match_of(script, query->reason);
        if (script->is_generic && here < at_least) {
            here = WL_MATCH_GENERIC; // one text may be both
        }
        if (here < at_least || here == WL_MATCH_NONE || !fits(script, query)) {
            continue;
        }
        if (best == NULL || here < best_match || (here == best_match && is_better(script, best))) {
            best = script;
            best_match = here;
        }
    }
    *match = best_match;
    return best;
}

void wl_library_coverage(const struct wl_library *library, struct wl_coverage *coverage)
{
    *coverage = (struct wl_coverage){0};
    for (int tier = 0; tier < WL_TIER_COUNT; tier++) {
        for (int reason = 0; reason < WL_REASON_COUNT; reason++) {
            for (int language = 0; language < WL_LANGUAGE_COUNT; language++) {
                for (int channel = 0; channel < WL_CHANNEL_COUNT; channel++) {
                    struct wl_script_query query = {.tier = (enum wl_tier)tier,
                                                    .reason = (enum wl_reason_code)reason,
                                                    .channel = (enum wl_channel)channel,
                                                    .language = (enum wl_language)language};
                    enum wl_script_match match = WL_MATCH_NONE;
                    (void)wl_library_select(library, &query, WL_MATCH_EXACT, &match);
                    coverage->cells[tier][reason][language].match[channel] = match;
                    coverage->n_holes += match == WL_MATCH_NONE ? 1 : 0;
                    coverage->n_cells++;
                }
            }
        }
    }
}
