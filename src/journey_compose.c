/* Attributes decide what a customer is entitled to, and a template may show the allowed ones.
 * They are looked up as of the score, so that a message never knows more than the score did. */
#include "journey_compose.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* ---- attributes by customer ---- */

// Counting sort by user; the few values of one user are then put in order of key and time.
static wl_status index_attributes(struct wl_writer *writer, wl_error *error)
{
    const struct wl_attributes *log = &writer->company->attributes;
    size_t n_users = writer->company->users.n_strings;

    writer->order = wl_alloc_zeroed(writer->alloc, log->n_attributes + 1, sizeof(*writer->order));
    writer->first = wl_alloc_zeroed(writer->alloc, n_users + 2, sizeof(*writer->first));
    if (writer->order == NULL || writer->first == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the attributes of %zu users", n_users);
    }
    for (size_t i = 0; i < log->n_attributes; i++) {
        writer->first[log->items[i].user + 2]++;
    }
    for (size_t u = 0; u < n_users; u++) {
        writer->first[u + 2] += writer->first[u + 1];
    }
    for (size_t i = 0; i < log->n_attributes; i++) {
        writer->order[writer->first[log->items[i].user + 1]++] = (uint32_t)i;
    }
    return WL_OK;
}

static wl_status add_value(const struct wl_writer *writer, const struct wl_attribute *attribute,
                           struct wl_arena *arena, struct wl_node *map, wl_error *error)
{
    const struct wl_company *company = writer->company;
    struct wl_node *node = wl_arena_zeroed(arena, 1, sizeof(*node));

    if (node == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for attributes");
    }
    node->key = wl_dict_string(&company->attribute_names, attribute->key);
    node->number = attribute->number;
    switch (attribute->kind) {
    case WL_VALUE_NUMBER: node->kind = WL_NODE_NUMBER; break;
    case WL_VALUE_STRING: node->kind = WL_NODE_STRING; break;
    case WL_VALUE_BOOL:
        node->kind = WL_NODE_BOOL;
        node->text = attribute->number != 0.0 ? WL_STR("true") : WL_STR("false");
        break;
    case WL_VALUE_MISSING: node->kind = WL_NODE_NULL; break;
    }
    if (attribute->string != WL_ID_NONE) { // numbers keep the text they were written in
        node->text = wl_dict_string(&company->strings, attribute->string);
    }
    node->next = map->first;
    map->first = node;
    map->n_children++;
    return WL_OK;
}

// The newest value of a key that was known; later entries of equal time win by their text, so that
// the order of arrival does not show.
static bool replaces(const struct wl_company *company, const struct wl_attribute *now,
                     const struct wl_attribute *before)
{
    if (now->known_us != before->known_us) {
        return now->known_us > before->known_us;
    }
    if (now->string != WL_ID_NONE && before->string != WL_ID_NONE) {
        return wl_str_compare(wl_dict_string(&company->strings, now->string),
                              wl_dict_string(&company->strings, before->string)) > 0;
    }
    return now->number > before->number;
}

wl_status wl_writer_attributes(const struct wl_writer *writer, struct wl_str user, int64_t as_of_us,
                               struct wl_arena *arena, const struct wl_node **map_out,
                               wl_error *error)
{
    const struct wl_company *company = writer->company;
    uint32_t id = company != NULL ? wl_dict_find(&company->users, user) : WL_DICT_NONE;

    *map_out = NULL;
    if (id == WL_DICT_NONE) {
        return WL_OK;
    }
    size_t n_keys = company->attribute_names.n_strings;
    const size_t pointer_bytes = sizeof(const struct wl_attribute *);
    const struct wl_attribute **newest = wl_arena_zeroed(arena, n_keys + 1, pointer_bytes);
    struct wl_node *map = wl_arena_zeroed(arena, 1, sizeof(*map));
    if (newest == NULL || map == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for attributes");
    }
    map->kind = WL_NODE_MAP;
    for (size_t i = writer->first[id]; i < writer->first[id + 1]; i++) {
        const struct wl_attribute *now = &company->attributes.items[writer->order[i]];
        const struct wl_attribute *before = newest[now->key];
        if (now->known_us <= as_of_us && (before == NULL || replaces(company, now, before))) {
            newest[now->key] = now;
        }
    }
    for (size_t key = n_keys; key-- > 0;) {
        if (newest[key] != NULL) {
            WL_TRY(add_value(writer, newest[key], arena, map, error));
        }
    }
    *map_out = map;
    return WL_OK;
}

/* ---- the writer ---- */

wl_status wl_writer_open(struct wl_workspace *workspace, const struct wl_company *company,
                         const wl_alloc *alloc, struct wl_writer *writer, wl_error *error)
{
    wl_status status = WL_OK;

    *writer = (struct wl_writer){
        .alloc = alloc,
        .company = company,
        .options = {.language = workspace->language == 1 ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN,
                    .channel = WL_CHANNEL_PUSH,
                    .now_us = WL_TIME_NONE, // offers run from the score's moment
                    .utc_offset_us = workspace->utc_offset_us}};
    status =
        wl_message_options_read(&workspace->arena, workspace->messages, &writer->options, error);
    WL_GO(wl_workspace_fail(workspace, status, error));
    status = wl_offers_read(&workspace->arena, workspace->offers, &writer->offers, error);
    WL_GO(wl_workspace_fail(workspace, status, error));
    WL_GO(wl_library_open(workspace->templates_path, alloc, &writer->library, error));
    if (company != NULL) {
        WL_GO(index_attributes(writer, error));
    }
done:
    if (status != WL_OK) {
        wl_writer_close(writer);
    }
    return status;
}

void wl_writer_close(struct wl_writer *writer)
{
    if (writer->alloc == NULL) {
        return;
    }
    wl_library_release(&writer->library);
    wl_alloc_free(writer->alloc, writer->order);
    wl_alloc_free(writer->alloc, writer->first);
    *writer = (struct wl_writer){0};
}

wl_status wl_writer_write(const struct wl_writer *writer, const struct wl_explanation *explanation,
                          const struct wl_node *attributes, struct wl_arena *arena,
                          struct wl_message *message, wl_error *error)
{
    struct wl_message_options options = writer->options;

    if (attributes == NULL) {
        WL_TRY(wl_writer_attributes(writer, explanation->score.user, explanation->score.as_of_us,
                                    arena, &attributes, error));
    }
    // A customer who says which language they read is written to in it.
    struct wl_str said = wl_node_text(attributes, "language", "");
    int language = wl_name_find(
        wl_language_names,
        (struct wl_str){.data = said.data, .n_bytes = said.n_bytes < 2 ? said.n_bytes : 2});
    if (language >= 0 && !writer->is_language_fixed) {
        options.language = language;
    }
    return wl_message_compose(&writer->library, &writer->offers, explanation, attributes, &options,
                              arena, message, error);
}
