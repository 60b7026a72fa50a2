/* Five half-open bands over [0, 100]: every percent falls into exactly one, by construction. */
#include "decide/tiers.h"

#include "data/schema.h"

#include <math.h>

void wl_tiers_default(struct wl_tiers *tiers)
{
    *tiers = (struct wl_tiers){.from = WL_TIER_FROM_PROBABILITY, .edges = {90.0, 60.0, 30.0, 10.0}};
}

struct section {
    int from;
    const struct wl_node *edges;
};

static wl_status read_edges(const struct wl_node *list, double *edges, wl_error *error)
{
    double above = 100.0;
    size_t i = 0;

    if (list->kind != WL_NODE_LIST || list->n_children != WL_TIER_COUNT - 1) {
        return wl_fail_node(error, list,
                            "tiers.edges: wants four falling percents like [90, 60, 30, 10]");
    }
    for (const struct wl_node *item = list->first; item != NULL; item = item->next, i++) {
        if (item->kind != WL_NODE_NUMBER || !(item->number > 0.0 && item->number < above)) {
            return wl_fail_node(error, item,
                                "tiers.edges: %.*s must be above 0 and below %g, or bands overlap",
                                WL_STR_ARG(item->text), above);
        }
        edges[i] = item->number;
        above = item->number;
    }
    return WL_OK;
}

wl_status wl_tiers_read(struct wl_arena *arena, const struct wl_node *node, struct wl_tiers *tiers,
                        wl_error *error)
{
    static const char *const sources[] = {"probability", "activity", "worse", NULL};
    static const struct wl_field fields[] = {
        {"from", WL_FIELD_CHOICE, offsetof(struct section, from), false, 0, 0, sources,
         "what decides the tier"},
        {"edges", WL_FIELD_NODE, offsetof(struct section, edges), false, 0, 0, NULL,
         "four falling percents"},
    };
    struct section section = {0};
    struct wl_tiers read;

    wl_tiers_default(&read);
    WL_TRY(wl_fields_read(arena, node, "tiers", fields, sizeof(fields) / sizeof(fields[0]),
                          &section, error));
    if (section.edges != NULL) {
        WL_TRY(read_edges(section.edges, read.edges, error));
    }
    read.from = section.from;
    *tiers = read;
    return WL_OK;
}

static enum wl_tier band_of(const struct wl_tiers *tiers, double percent)
{
    int tier = 0;
    while (tier < WL_TIER_COUNT - 1 && percent < tiers->edges[tier]) {
        tier++;
    }
    return (enum wl_tier)tier;
}

enum wl_tier wl_tier_of(const struct wl_tiers *tiers, double p_churn, double activity,
                        bool *is_fallback)
{
    enum wl_tier by_probability = band_of(tiers, 100.0 * (1.0 - p_churn));
    bool wants_activity = tiers->from != WL_TIER_FROM_PROBABILITY;

    *is_fallback = wants_activity && isnan(activity);
    if (!wants_activity || *is_fallback) {
        return by_probability;
    }
    enum wl_tier by_activity = band_of(tiers, activity);
    if (tiers->from == WL_TIER_FROM_WORSE && by_probability > by_activity) {
        return by_probability;
    }
    return by_activity;
}
