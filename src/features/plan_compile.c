/* From YAML to a plan. Two steps: read (strict tables, complaints with line and column), then
 * settle: which windows each signal needs, who is whose baseline, and the hash of it all.
 *
 * The library is an ordinary feature set that is read first; what the user declares comes behind
 * it, in the same terms. */
#include "features/plan.h"

#include "base/clock.h"
#include "features/plan_inner.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const reason_codes[] = {
    "activity_down", "spend_down", "inactive", "payment_failed", "support_issue",
    "performance",   "ads",        "content",  "price",          "contract",
    "new_customer",  "other",      NULL};

const char *const *wl_reason_codes(void)
{
    return reason_codes;
}

wl_status wl_plan_check_code(const struct wl_node *node, const char *code, wl_error *error)
{
    for (size_t i = 0; reason_codes[i] != NULL; i++) {
        if (strcmp(code, reason_codes[i]) == 0) {
            return WL_OK;
        }
    }
    const char *near = wl_closest(wl_str_from(code), reason_codes);
    return wl_fail_node(error, node, "no reason code \"%s\" (did you mean \"%s\"?)", code,
                        near != NULL ? near : "other");
}

const struct wl_feature *wl_plan_feature(const struct wl_plan *plan, size_t i_feature)
{
    WL_ASSERT(i_feature < plan->n_features);
    return &plan->features[i_feature];
}

size_t wl_plan_find(const struct wl_plan *plan, struct wl_str name)
{
    for (size_t i = 0; i < plan->n_features; i++) {
        if (wl_str_is(name, plan->features[i].name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

bool wl_plan_is_text(const struct wl_plan *plan, size_t i_feature)
{
    const struct wl_feature *feature = wl_plan_feature(plan, i_feature);

    switch ((int)feature->aggregate) {
    case WL_AGGREGATE_RATIO: return wl_plan_is_text(plan, feature->i_of);
    case WL_AGGREGATE_GIVEN: return strncmp(feature->name, "text_", 5) == 0;
    case WL_AGGREGATE_ATTRIBUTE: return false;
    default: return plan->signals[feature->i_signal].n_events == 0;
    }
}

wl_status wl_plan_add_feature(struct wl_plan_builder *builder, const struct wl_node *node,
                              const struct wl_feature *feature)
{
    struct wl_plan *plan = builder->plan;

    if (feature->name == NULL || feature->zh == NULL || feature->en == NULL ||
        feature->formula == NULL || feature->window == NULL) {
        return wl_plan_fail_memory(builder);
    }
    if (wl_plan_find(plan, wl_str_from(feature->name)) != SIZE_MAX) {
        return feature->i_attribute != SIZE_MAX
                   ? wl_fail_node(builder->error, node,
                                  "features.attributes: attribute %s has the name of a feature: "
                                  "list the attributes that are wanted, without it",
                                  feature->name)
                   : wl_fail_node(builder->error, node, "feature %s is declared twice",
                                  feature->name);
    }
    if (plan->n_features == WL_FEATURES_MAX) {
        return wl_fail(builder->error, WL_ELIMIT, "feature %s is one too many: at most %d",
                       feature->name, WL_FEATURES_MAX);
    }
    plan->features[plan->n_features++] = *feature;
    return WL_OK;
}

wl_status wl_plan_fail_memory(const struct wl_plan_builder *builder)
{
    return wl_fail(builder->error, WL_ENOMEM, "no memory for a feature set");
}

/* ---- the section ---- */

struct section_fields {
    struct wl_texts library;
    const char *utc_offset;
    const struct wl_node *signals;
    const struct wl_node *sets;
    const struct wl_node *ratios;
    const struct wl_node *attributes;
    const struct wl_node *given;
    const struct wl_node *readers;
    struct wl_texts drop;
};

#define SECTION_FIELD(member, field_kind, text)                                                    \
    {                                                                                              \
        .key = #member, .kind = (field_kind), .offset = offsetof(struct section_fields, member),   \
        .doc = (text)                                                                              \
    }

static const struct wl_field section_table[] = {
    SECTION_FIELD(library, WL_FIELD_TEXTS,
                  "built-in feature sets to start from: standard, text, or none"),
    SECTION_FIELD(utc_offset, WL_FIELD_TEXT, "day edge of this set; default: the workspace's"),
    SECTION_FIELD(signals, WL_FIELD_NODE, "list of signals"),
    SECTION_FIELD(sets, WL_FIELD_NODE, "list of signal x aggregates x windows"),
    SECTION_FIELD(ratios, WL_FIELD_NODE, "list of ratios of two features"),
    SECTION_FIELD(attributes, WL_FIELD_NODE, "all, or a list"),
    SECTION_FIELD(given, WL_FIELD_NODE, "list of columns that other models fill in"),
    SECTION_FIELD(readers, WL_FIELD_NODE, "who reads texts; default: the section texts"),
    SECTION_FIELD(drop, WL_FIELD_TEXTS, "names of features of the library to leave out")};

typedef wl_status (*read_item_fn)(struct wl_plan_builder *builder, const struct wl_node *node);

static wl_status read_list(struct wl_plan_builder *builder, const struct wl_node *list,
                           const char *where, read_item_fn read_item)
{
    if (list == NULL) {
        return WL_OK;
    }
    if (list->kind != WL_NODE_LIST) {
        return wl_fail_node(builder->error, list, "features.%s: wants a list, found %s", where,
                            wl_node_kind_name(list->kind));
    }
    for (const struct wl_node *node = list->first; node != NULL; node = node->next) {
        WL_TRY(read_item(builder, node));
    }
    return WL_OK;
}

// A definition names the readers of its readings, because other readers give other columns.
static wl_status read_readers(struct wl_plan_builder *builder, const struct wl_node *readers)
{
    if (readers == NULL) {
        return WL_OK;
    }
    if (readers->kind != WL_NODE_MAP) {
        return wl_fail_node(builder->error, readers, "features.readers: wants a map, found %s",
                            wl_node_kind_name(readers->kind));
    }
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        const struct wl_node *node = wl_node_get(readers, wl_text_read_key((enum wl_text_read)i));
        if (node != NULL && node->kind == WL_NODE_STRING) {
            builder->plan->readers[i] = node->text.data;
        }
    }
    return WL_OK;
}

static wl_status read_section(struct wl_plan_builder *builder, const struct wl_node *section,
                              struct section_fields *fields)
{
    WL_TRY(wl_fields_read(builder->arena, section, "features", section_table,
                          sizeof(section_table) / sizeof(section_table[0]), fields,
                          builder->error));
    if (fields->utc_offset != NULL) {
        WL_TRY(wl_offset_parse(wl_str_from(fields->utc_offset), &builder->plan->utc_offset_us,
                               builder->error));
    }
    WL_TRY(read_readers(builder, fields->readers));
    WL_TRY(read_list(builder, fields->signals, "signals", wl_plan_read_signal));
    WL_TRY(read_list(builder, fields->sets, "sets", wl_plan_read_set));
    WL_TRY(read_list(builder, fields->ratios, "ratios", wl_plan_read_ratio));
    return read_list(builder, fields->given, "given", wl_plan_read_given);
}

static wl_status read_library(struct wl_plan_builder *builder, const char *name,
                              const struct wl_node *section)
{
    struct wl_str text = wl_library_text(name);
    struct section_fields fields = {0};
    struct wl_node *root = NULL;
    wl_error inner = {0};

    if (text.data == NULL) {
        const char *near = wl_closest(wl_str_from(name), wl_library_names());
        return wl_fail_node(builder->error, wl_node_get(section, "library"),
                            "features.library: no library \"%s\" (did you mean \"%s\"?)", name,
                            near != NULL ? near : wl_library_names()[0]);
    }
    wl_status status = wl_yaml_parse(builder->arena, text, &root, &inner);
    if (status == WL_OK) {
        status = read_section(builder, root, &fields);
    }
    return status == WL_OK ? WL_OK
                           : wl_fail_at(builder->error, status, "built-in library %s", name);
}

// No section at all means the standard library; a section without the key means none.
static wl_status read_libraries(struct wl_plan_builder *builder, const struct wl_node *section,
                                bool *is_any)
{
    if (section == NULL || section->kind == WL_NODE_NULL) {
        *is_any = true;
        return read_library(builder, "standard", section);
    }
    const struct wl_node *node = wl_node_get(section, "library");
    bool is_list = node != NULL && node->kind == WL_NODE_LIST;
    const struct wl_node *item = is_list ? node->first : node;
    for (; item != NULL; item = is_list ? item->next : NULL) {
        if (item->kind == WL_NODE_STRING && !wl_str_is(item->text, "none")) {
            WL_TRY(read_library(builder, item->text.data, section));
            *is_any = true;
        }
    }
    return WL_OK;
}

static wl_status make_plan(struct wl_plan_builder *builder)
{
    struct wl_arena *arena = builder->arena;
    struct wl_plan *plan = wl_arena_zeroed(arena, 1, sizeof(*plan));

    if (plan == NULL) {
        return wl_plan_fail_memory(builder);
    }
    plan->signals = wl_arena_zeroed(arena, WL_SIGNALS_MAX, sizeof(*plan->signals));
    plan->features = wl_arena_zeroed(arena, WL_FEATURES_MAX, sizeof(*plan->features));
    plan->sketches = wl_arena_zeroed(arena, WL_FEATURES_MAX, sizeof(*plan->sketches));
    plan->attributes = wl_arena_zeroed(arena, WL_FEATURES_MAX, sizeof(*plan->attributes));
    if (plan->signals == NULL || plan->features == NULL || plan->sketches == NULL ||
        plan->attributes == NULL) {
        return wl_plan_fail_memory(builder);
    }
    plan->utc_offset_us = builder->options->utc_offset_us;
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        plan->readers[i] =
            builder->options->readers != NULL ? builder->options->readers[i] : "rules";
    }
    builder->plan = plan;
    return WL_OK;
}

wl_status wl_plan_compile(struct wl_arena *arena, const struct wl_node *features,
                          const struct wl_plan_options *options, struct wl_plan **plan,
                          wl_error *error)
{
    wl_error ignored = {0};
    struct wl_plan_builder builder = {
        .arena = arena, .options = options, .error = error != NULL ? error : &ignored};
    struct section_fields fields = {0};
    bool is_library = false;

    WL_TRY(make_plan(&builder));
    WL_TRY(read_libraries(&builder, features, &is_library));
    WL_TRY(read_section(&builder, features, &fields));
    WL_TRY(read_list(&builder, options->given, "given", wl_plan_read_given));
    WL_TRY(wl_plan_drop_features(&builder, features, &fields.drop));
    // A library without a word about attributes takes what there is.
    static const struct wl_node all = {.kind = WL_NODE_STRING, .text = {"all", 3}};
    WL_TRY(wl_plan_read_attributes(
        &builder, fields.attributes == NULL && is_library ? &all : fields.attributes));
    // Attributes alone are a feature set too, of which nothing is known before there is data.
    bool awaits_data = fields.attributes != NULL && options->company == NULL;
    if (builder.plan->n_features == 0 && !awaits_data) {
        return wl_fail_node(error, features, "features: no feature is declared");
    }
    WL_TRY(wl_plan_sort(&builder));
    WL_TRY(wl_plan_settle(&builder));
    WL_TRY(wl_plan_define(&builder));
    *plan = builder.plan;
    return WL_OK;
}
