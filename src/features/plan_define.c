/* A plan as text: JSON that compiles to the same plan again, anywhere, without the library and
 * without a company. A trained model carries it, so that serving computes what training saw.
 *
 * The hash is taken over the same text without the words for people: a better translation must not
 * make a model useless. */
#include "base/json_write.h"
#include "features/plan_inner.h"

#include <stdio.h>
#include <string.h>

static void write_pair(struct wl_json_writer *json, const char *key, const char *text)
{
    wl_json_key(json, key);
    wl_json_text(json, text);
}

static void write_list(struct wl_json_writer *json, const char *key, const char *const *items,
                       size_t n_items)
{
    if (n_items > 0) {
        wl_json_key(json, key);
        wl_json_open(json, '[');
        for (size_t i = 0; i < n_items; i++) {
            wl_json_text(json, items[i]);
        }
        wl_json_close(json, ']');
    }
}

static void write_signal(struct wl_json_writer *json, const struct wl_signal *signal,
                         bool has_words)
{
    wl_json_open(json, '{');
    write_pair(json, "name", signal->name);
    write_list(json, "events", signal->events, signal->n_events);
    write_list(json, "channels", signal->channels, signal->n_channels);
    if (signal->n_where > 0) {
        wl_json_key(json, "where");
        wl_json_open(json, '{');
        for (size_t i = 0; i < signal->n_where; i++) {
            write_pair(json, signal->where[i].prop, signal->where[i].value);
        }
        wl_json_close(json, '}');
    }
    if (signal->has_reads) {
        wl_json_key(json, "reads");
        wl_json_open(json, '{');
        for (size_t i = 0; i < WL_READ_COUNT; i++) {
            if (signal->reads[i] != NULL) {
                write_pair(json, wl_text_read_key((enum wl_text_read)i), signal->reads[i]);
            }
        }
        wl_json_close(json, '}');
    }
    if (has_words) {
        const char *const words[][2] = {{"zh", signal->zh},
                                        {"en", signal->en},
                                        {"value_zh", signal->value_zh},
                                        {"value_en", signal->value_en},
                                        {"unit_zh", signal->unit_zh},
                                        {"unit_en", signal->unit_en},
                                        {"code", signal->code}};
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
            if (words[i][1][0] != '\0') {
                write_pair(json, words[i][0], words[i][1]);
            }
        }
    }
    wl_json_close(json, '}');
}

static void write_set(struct wl_json_writer *json, const struct wl_plan *plan,
                      const struct wl_feature *feature)
{
    const struct wl_aggregate_info *info = wl_aggregate_info_of(feature->aggregate);
    char key[128];

    (void)snprintf(key, sizeof(key), feature->prop[0] != '\0' ? "%s(%s)" : "%s%s", info->key,
                   feature->prop);
    wl_json_open(json, '{');
    write_pair(json, "signal", plan->signals[feature->i_signal].name);
    write_pair(json, "aggregates", key);
    if (feature->window[0] != '\0') {
        write_pair(json, "windows", feature->window);
    }
    wl_json_close(json, '}');
}

static void write_words(struct wl_json_writer *json, const struct wl_feature *feature)
{
    write_pair(json, "zh", feature->zh);
    write_pair(json, "en", feature->en);
    if (feature->unit_zh[0] != '\0') {
        write_pair(json, "unit_zh", feature->unit_zh);
    }
    if (feature->unit_en[0] != '\0') {
        write_pair(json, "unit_en", feature->unit_en);
    }
    write_pair(json, "code", feature->code);
}

static void write_ratio(struct wl_json_writer *json, const struct wl_plan *plan,
                        const struct wl_feature *feature, bool has_words)
{
    wl_json_open(json, '{');
    write_pair(json, "name", feature->name);
    write_pair(json, "of", plan->features[feature->i_of].name);
    if (feature->i_over != SIZE_MAX) {
        write_pair(json, "over", plan->features[feature->i_over].name);
    }
    wl_json_key(json, "scale");
    wl_json_double(json, feature->scale);
    if (has_words) {
        write_words(json, feature);
    }
    wl_json_close(json, '}');
}

static void write_attribute(struct wl_json_writer *json, const struct wl_plan *plan,
                            const struct wl_feature *feature, bool has_words)
{
    static const char *const kinds[] = {[WL_ATTRIBUTE_NUMBER] = "number",
                                        [WL_ATTRIBUTE_CATEGORY] = "category",
                                        [WL_ATTRIBUTE_BOOL] = "bool",
                                        [WL_ATTRIBUTE_DATE] = "date"};
    const struct wl_plan_attribute *attribute = &plan->attributes[feature->i_attribute];

    wl_json_open(json, '{');
    write_pair(json, "name", attribute->name);
    write_pair(json, "kind", kinds[attribute->use]);
    if (has_words) {
        write_words(json, feature);
    }
    wl_json_close(json, '}');
}

static void write_given(struct wl_json_writer *json, const struct wl_feature *feature,
                        bool has_words)
{
    wl_json_open(json, '{');
    write_pair(json, "name", feature->name);
    if (has_words) {
        write_words(json, feature);
    }
    wl_json_close(json, '}');
}

// 0 of signals, 1 ratios, 2 attributes, 3 given: the order of columns.
static int group_of(const struct wl_feature *feature)
{
    switch ((int)feature->aggregate) {
    case WL_AGGREGATE_RATIO: return 1;
    case WL_AGGREGATE_ATTRIBUTE: return 2;
    case WL_AGGREGATE_GIVEN: return 3;
    default: return 0;
    }
}

static bool has_given(const struct wl_plan *plan)
{
    for (size_t i = 0; i < plan->n_features; i++) {
        if (group_of(&plan->features[i]) == 3) {
            return true;
        }
    }
    return false;
}

static void write_offset(struct wl_json_writer *json, int64_t offset_us)
{
    char text[16];
    int64_t minutes = (offset_us < 0 ? -offset_us : offset_us) / WL_MINUTE_US;

    (void)snprintf(text, sizeof(text), "%c%02d:%02d", offset_us < 0 ? '-' : '+',
                   (int)(minutes / 60 % 100), (int)(minutes % 60));
    write_pair(json, "utc_offset", text);
}

static void write_definition(const struct wl_plan *plan, bool has_words, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    write_offset(&json, plan->utc_offset_us);
    if (plan->needs_readings) {
        wl_json_key(&json, "readers");
        wl_json_open(&json, '{');
        for (size_t i = 0; i < WL_READ_COUNT; i++) {
            write_pair(&json, wl_text_read_key((enum wl_text_read)i), plan->readers[i]);
        }
        wl_json_close(&json, '}');
    }
    wl_json_key(&json, "signals");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < plan->n_signals; i++) {
        write_signal(&json, &plan->signals[i], has_words);
    }
    wl_json_close(&json, ']');
    static const char *const lists[] = {"sets", "ratios", "attributes", "given"};
    for (size_t l = 0; l < (has_given(plan) ? 4U : 3U); l++) {
        wl_json_key(&json, lists[l]);
        wl_json_open(&json, '[');
        for (size_t i = 0; i < plan->n_features; i++) {
            const struct wl_feature *feature = &plan->features[i];
            if (group_of(feature) != (int)l) {
                continue;
            }
            switch (l) {
            case 0: write_set(&json, plan, feature); break;
            case 1: write_ratio(&json, plan, feature, has_words); break;
            case 2: write_attribute(&json, plan, feature, has_words); break;
            default: write_given(&json, feature, has_words); break;
            }
        }
        wl_json_close(&json, ']');
    }
    wl_json_close(&json, '}');
}

// The first 16 hex digits as a number.
static uint64_t hash_bits(const char *hex)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < 16; i++) {
        unsigned digit = (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        bits = bits << 4 | digit;
    }
    return bits;
}

// Reading back a definition must give the same order of columns: signals' features, then ratios,
// attributes and what is given. A library followed by sets of the user has ratios in between.
wl_status wl_plan_sort(struct wl_plan_builder *builder)
{
    struct wl_plan *plan = builder->plan;
    size_t n = plan->n_features;
    struct wl_feature *sorted = wl_arena_zeroed(builder->arena, n + 1, sizeof(*sorted));
    size_t *moved = wl_arena_zeroed(builder->arena, n + 1, sizeof(*moved));
    size_t n_sorted = 0;

    if (sorted == NULL || moved == NULL) {
        return wl_plan_fail_memory(builder);
    }
    for (int group = 0; group < 4; group++) {
        for (size_t i = 0; i < n; i++) {
            if (group_of(&plan->features[i]) == group) {
                moved[i] = n_sorted;
                sorted[n_sorted++] = plan->features[i];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (sorted[i].aggregate == WL_AGGREGATE_RATIO) {
            sorted[i].i_of = moved[sorted[i].i_of];
            sorted[i].i_over = sorted[i].i_over != SIZE_MAX ? moved[sorted[i].i_over] : SIZE_MAX;
        }
    }
    if (n > 0) {
        memcpy(plan->features, sorted, n * sizeof(*sorted));
    }
    return WL_OK;
}

wl_status wl_plan_define(struct wl_plan_builder *builder)
{
    struct wl_plan *plan = builder->plan;
    struct wl_arena *arena = builder->arena;
    struct wl_feature_column *columns = wl_arena_zeroed(arena, plan->n_features, sizeof(*columns));
    struct wl_buf buf;

    if (columns == NULL) {
        return wl_plan_fail_memory(builder);
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        columns[i].name = plan->features[i].name;
        columns[i].kind = plan->features[i].kind;
    }
    plan->schema.columns = columns;
    plan->schema.n_features = plan->n_features;
    wl_buf_init(&buf, arena->alloc, WL_CONFIG_BYTES_MAX);
    write_definition(plan, false, &buf);
    if (wl_buf_check(&buf, NULL) == WL_OK) {
        (void)wl_sha256_text(wl_buf_view(&buf), plan->schema.hash);
        plan->state_hash = hash_bits(plan->schema.hash);
        wl_buf_clear(&buf);
        write_definition(plan, true, &buf);
    }
    wl_status status = wl_buf_check(&buf, builder->error);
    if (status == WL_OK) {
        plan->definition.data = wl_arena_string(arena, wl_buf_view(&buf));
        plan->definition.n_bytes = buf.n_bytes;
        status = plan->definition.data != NULL ? WL_OK : wl_plan_fail_memory(builder);
    }
    wl_buf_release(&buf);
    return status;
}
