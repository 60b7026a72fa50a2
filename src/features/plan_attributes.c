/* Attributes as columns. The kind comes from the data (numbers, categories, yes/no) unless the
 * configuration names it; "all" leaves out what has as many levels as customers. */
#include "features/plan_inner.h"

#include <stdio.h>
#include <string.h>

// Beyond this many levels a category is an identifier: it would be learnt by heart, and level codes
// (24 bits) would start to collide: 512 levels do so once in 128 data sets.
#define LEVELS_MAX 512

struct attribute_fields {
    const char *name;
    int kind;
    const char *zh;
    const char *en;
    const char *unit_zh;
    const char *unit_en;
    const char *code;
};

#define ATTRIBUTE_FIELD(member, field_kind, required, text)                                        \
    {                                                                                              \
        .key = #member, .kind = (field_kind), .offset = offsetof(struct attribute_fields, member), \
        .is_required = (required), .doc = (text)                                                   \
    }

static const char *const kinds[] = {"auto", "number", "category", "bool", "date", NULL};

static const struct wl_field attribute_table[] = {
    ATTRIBUTE_FIELD(name, WL_FIELD_TEXT, true, "attribute of the customers"),
    {.key = "kind",
     .kind = WL_FIELD_CHOICE,
     .offset = offsetof(struct attribute_fields, kind),
     .choices = kinds,
     .doc = "auto looks at the data; date becomes days since"},
    ATTRIBUTE_FIELD(zh, WL_FIELD_TEXT, false, "name in Chinese"),
    ATTRIBUTE_FIELD(en, WL_FIELD_TEXT, false, "name in English"),
    ATTRIBUTE_FIELD(unit_zh, WL_FIELD_TEXT, false, "unit in Chinese"),
    ATTRIBUTE_FIELD(unit_en, WL_FIELD_TEXT, false, "unit in English"),
    ATTRIBUTE_FIELD(code, WL_FIELD_TEXT, false, "reason code; default: contract")};

/* What the data says of one attribute. */
struct survey {
    bool has_number;
    bool has_string;
    bool has_bool;
    size_t n_levels;
};

// One pass over the attributes of all customers. Memory: one bit of scratch per (key, level).
static wl_status survey_company(struct wl_plan_builder *builder, struct survey *surveys)
{
    const struct wl_company *company = builder->options->company;
    struct wl_map64 seen;
    wl_status status = WL_OK;

    wl_map64_init(&seen, company->alloc);
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        const struct wl_attribute *attribute = &company->attributes.items[i];
        struct survey *survey = &surveys[attribute->key];
        survey->has_number = survey->has_number || attribute->kind == WL_VALUE_NUMBER;
        survey->has_bool = survey->has_bool || attribute->kind == WL_VALUE_BOOL;
        if (attribute->kind == WL_VALUE_STRING) {
            bool is_new = false;
            uint64_t pair = ((uint64_t)attribute->key << 32 | attribute->string) + 1;
            survey->has_string = true;
            if (wl_map64_at(&seen, pair, &is_new) == NULL) {
                status = wl_plan_fail_memory(builder);
                break;
            }
            survey->n_levels += is_new;
        }
    }
    wl_map64_release(&seen);
    return status;
}

static enum wl_attribute_use use_of(const struct survey *survey)
{
    if (survey == NULL || survey->has_string) {
        return survey == NULL ? WL_ATTRIBUTE_NUMBER : WL_ATTRIBUTE_CATEGORY;
    }
    return survey->has_bool && !survey->has_number ? WL_ATTRIBUTE_BOOL : WL_ATTRIBUTE_NUMBER;
}

static bool is_excluded(const struct wl_plan_builder *builder, const char *name)
{
    const char *const *exclude = builder->options->exclude;

    for (size_t i = 0; exclude != NULL && exclude[i] != NULL; i++) {
        if (strcmp(exclude[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_taken(const struct wl_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_attributes; i++) {
        if (strcmp(plan->attributes[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static wl_status add_attribute(struct wl_plan_builder *builder, const struct wl_node *node,
                               const struct attribute_fields *fields, enum wl_attribute_use use)
{
    static const enum wl_feature_kind feature_kinds[] = {[WL_ATTRIBUTE_NUMBER] = WL_FEATURE_NUMBER,
                                                         [WL_ATTRIBUTE_CATEGORY] =
                                                             WL_FEATURE_CATEGORY,
                                                         [WL_ATTRIBUTE_BOOL] = WL_FEATURE_BOOL,
                                                         [WL_ATTRIBUTE_DATE] = WL_FEATURE_NUMBER};
    struct wl_plan *plan = builder->plan;
    bool is_date = use == WL_ATTRIBUTE_DATE;
    char text[256];

    (void)snprintf(text, sizeof(text), is_date ? "%s_days" : "%s", fields->name);
    const char *name = wl_arena_string(builder->arena, wl_str_from(text));
    (void)snprintf(text, sizeof(text), is_date ? "(T - %s) / 1 day" : "latest %s known at T",
                   fields->name);
    struct wl_feature feature = {.name = name,
                                 .zh = fields->zh != NULL ? fields->zh : name,
                                 .en = fields->en != NULL ? fields->en : name,
                                 .unit_zh = is_date ? "天" : fields->unit_zh,
                                 .unit_en = is_date ? "days" : fields->unit_en,
                                 .formula = wl_arena_string(builder->arena, wl_str_from(text)),
                                 .code = fields->code,
                                 .kind = feature_kinds[use],
                                 .aggregate = WL_AGGREGATE_ATTRIBUTE,
                                 .prop = "",
                                 .window = "",
                                 .i_signal = SIZE_MAX,
                                 .i_window = SIZE_MAX,
                                 .i_half_window = SIZE_MAX,
                                 .i_sketch = SIZE_MAX,
                                 .i_attribute = plan->n_attributes,
                                 .i_over = SIZE_MAX,
                                 .i_of = SIZE_MAX,
                                 .scale = 1.0,
                                 .i_baseline = SIZE_MAX};
    WL_TRY(wl_plan_check_code(node, fields->code, builder->error));
    WL_TRY(wl_plan_add_feature(builder, node, &feature));
    plan->attributes[plan->n_attributes++] =
        (struct wl_plan_attribute){.name = fields->name, .use = use};
    return WL_OK;
}

static const struct attribute_fields defaults = {.unit_zh = "", .unit_en = "", .code = "contract"};

// Attributes that the list does not name, in byte order of their names: the order of columns must
// not depend on the order of the data.
static wl_status add_all(struct wl_plan_builder *builder, const struct wl_node *node,
                         const struct survey *surveys)
{
    const struct wl_company *company = builder->options->company;
    struct wl_plan *plan = builder->plan;
    size_t n_keys = company->attribute_names.n_strings;
    const char **names = wl_arena_zeroed(builder->arena, n_keys + 1, sizeof(*names));

    plan->skipped = wl_arena_zeroed(builder->arena, n_keys + 1, sizeof(*plan->skipped));
    if (names == NULL || plan->skipped == NULL) {
        return wl_plan_fail_memory(builder);
    }
    for (size_t i = 0; i < n_keys; i++) {
        const char *name =
            wl_arena_string(builder->arena, wl_dict_string(&company->attribute_names, (uint32_t)i));
        if (name == NULL) {
            return wl_plan_fail_memory(builder);
        }
        size_t at = i; // insertion sort: a table has some dozen columns
        for (; at > 0 && strcmp(name, names[at - 1]) < 0; at--) {
            names[at] = names[at - 1];
        }
        names[at] = name;
    }
    for (size_t i = 0; i < n_keys; i++) {
        uint32_t key = wl_dict_find(&company->attribute_names, wl_str_from(names[i]));
        struct attribute_fields fields = defaults;
        fields.name = names[i];
        if (key == WL_DICT_NONE || is_excluded(builder, names[i]) || is_taken(plan, names[i])) {
            continue;
        }
        if (surveys[key].n_levels > LEVELS_MAX) {
            plan->skipped[plan->n_skipped++] = names[i];
            continue;
        }
        WL_TRY(add_attribute(builder, node, &fields, use_of(&surveys[key])));
    }
    return WL_OK;
}

static wl_status add_named(struct wl_plan_builder *builder, const struct wl_node *node,
                           const struct survey *surveys)
{
    const struct wl_company *company = builder->options->company;
    struct attribute_fields fields = defaults;

    if (node->kind == WL_NODE_MAP) {
        WL_TRY(wl_fields_read(builder->arena, node, "features.attributes", attribute_table,
                              sizeof(attribute_table) / sizeof(attribute_table[0]), &fields,
                              builder->error));
    } else if (node->kind == WL_NODE_LIST || node->kind == WL_NODE_NULL) {
        return wl_fail_node(builder->error, node, "features.attributes: wants names or maps");
    } else {
        fields.name = node->text.data;
    }
    if (is_excluded(builder, fields.name)) {
        return wl_fail_node(builder->error, node,
                            "features.attributes: %s is what is to be predicted", fields.name);
    }
    if (is_taken(builder->plan, fields.name)) {
        return wl_fail_node(builder->error, node, "features.attributes: %s is here twice",
                            fields.name);
    }
    const struct survey *survey = NULL;
    if (surveys != NULL) {
        uint32_t key = wl_dict_find(&company->attribute_names, wl_str_from(fields.name));
        survey = key != WL_DICT_NONE ? &surveys[key] : NULL;
    }
    enum wl_attribute_use use =
        fields.kind == 0 ? use_of(survey) : (enum wl_attribute_use)(fields.kind - 1);
    return add_attribute(builder, node, &fields, use);
}

static bool is_all(const struct wl_node *node)
{
    return node->kind == WL_NODE_STRING && wl_str_is(node->text, "all");
}

wl_status wl_plan_read_attributes(struct wl_plan_builder *builder, const struct wl_node *attributes)
{
    const struct wl_company *company = builder->options->company;
    struct survey *surveys = NULL;
    const struct wl_node *all = NULL;

    if (attributes == NULL) {
        return WL_OK;
    }
    if (company != NULL) {
        size_t n_keys = company->attribute_names.n_strings;
        surveys = wl_arena_zeroed(builder->arena, n_keys + 1, sizeof(*surveys));
        if (surveys == NULL) {
            return wl_plan_fail_memory(builder);
        }
        WL_TRY(survey_company(builder, surveys));
    }
    if (attributes->kind == WL_NODE_LIST) {
        for (const struct wl_node *node = attributes->first; node != NULL; node = node->next) {
            if (is_all(node)) {
                all = node;
            } else {
                WL_TRY(add_named(builder, node, surveys));
            }
        }
    } else if (is_all(attributes)) {
        all = attributes;
    } else {
        return wl_fail_node(builder->error, attributes,
                            "features.attributes: wants all or a list of names");
    }
    if (all == NULL) {
        return WL_OK;
    }
    // Without data "all" is nobody: a plan that is saved lists its attributes by name.
    return company != NULL ? add_all(builder, all, surveys) : WL_OK;
}
